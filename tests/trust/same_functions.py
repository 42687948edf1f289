"""Functions and numbers written in other ways: one law of the real numbers each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp
from sympy import Abs, Add, Heaviside, Max, Mul, Piecewise, Pow, S, cosh, exp, log, sign, sinh, tanh

from derive.language import operators as ops

from .same import fresh, is_never_empty, law
from .truth import KAPPA
from .variants import Around

HALF = S.Half


@law(tanh)
def tanh_by_exponentials(node: Any, around: Around) -> Iterator[Any]:
    """tanh x = (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ) = 2/(1 + e⁻²ˣ) − 1 = sinh x/cosh x"""
    (x,) = node.args
    yield (exp(x) - exp(-x)) / (exp(x) + exp(-x))
    yield 2 / (1 + exp(-2 * x)) - 1
    yield sinh(x) / cosh(x)


@law(cosh, sinh)
def hyperbolic_by_exponentials(node: Any, around: Around) -> Iterator[Any]:
    """cosh x = (eˣ + e⁻ˣ)/2, sinh x = (eˣ − e⁻ˣ)/2"""
    (x,) = node.args
    yield (exp(x) + (exp(-x) if isinstance(node, cosh) else -exp(-x))) / 2


@law(Add)
def hyperbolic_squares(node: Any, around: Around) -> Iterator[Any]:
    """1 − tanh² x = 1/cosh² x; cosh² − sinh² = 1"""
    for term in node.args:
        squared = term / -1
        is_square = isinstance(squared, Pow) and squared.exp == 2
        if is_square and isinstance(squared.base, tanh) and S.One in node.args:
            yield node - term - 1 + cosh(squared.base.args[0]) ** -2
    if around.whole:
        yield node + cosh(KAPPA) ** 2 - sinh(KAPPA) ** 2 - 1


def _exponential_above_one(node: Any) -> Any:
    """u where the node is 1/(1 + exp(u)), else None."""
    if not (isinstance(node, Pow) and node.exp == -1 and isinstance(node.base, Add)):
        return None
    one, *others = node.base.args
    return others[0].args[0] if one == 1 and len(others) == 1 and others[0].func == exp else None


@law(Pow)
def sigmoid_forms(node: Any, around: Around) -> Iterator[Any]:
    """1/(1 + eᵘ) = e⁻ᵘ/(1 + e⁻ᵘ) = 1 − 1/(1 + e⁻ᵘ) = (1 − tanh(u/2))/2"""
    u = _exponential_above_one(node)
    if u is not None:
        yield exp(-u) / (1 + exp(-u))
        yield 1 - 1 / (1 + exp(-u))
        yield (1 - tanh(u / 2)) / 2


@law(exp)
def exponential_apart(node: Any, around: Around) -> Iterator[Any]:
    """eˣ⁺ʸ = eˣ eʸ; eˣ = cosh x + sinh x"""
    (x,) = node.args
    if isinstance(x, Add):
        yield Mul(*(exp(term) for term in x.args))
    yield cosh(x) + sinh(x)


@law(log)
def logarithm_apart(node: Any, around: Around) -> Iterator[Any]:
    """log(a b) = log a + log b, log(aᵖ) = p log a, where these are defined"""
    (x,) = node.args
    if isinstance(x, Mul) and not x.could_extract_minus_sign():
        yield Add(*(_logarithm(part) for part in x.args))
    if isinstance(x, Pow):
        yield _logarithm(x)


def _logarithm(x: Any) -> Any:
    return x.exp * log(x.base) if isinstance(x, Pow) and not x.exp.is_even else log(x)


@law(log)
def softplus_reflected(node: Any, around: Around) -> Iterator[Any]:
    """log(1 + eᵘ) = u + log(1 + e⁻ᵘ)"""
    (x,) = node.args
    u = _exponential_above_one(1 / x)
    if u is not None:
        yield u + log(1 + exp(-u))


@law(Max)
def maximum_forms(node: Any, around: Around) -> Iterator[Any]:
    """max(a, b) = a where a > b, else b; = (a + b + |a − b|)/2 = −min(−a, −b)"""
    if len(node.args) == 2:
        a, b = node.args
        yield Piecewise((b, b > a), (a, True))
        yield (a + b + Abs(b - a)) / 2
        yield -sp.Min(-a, -b)


@law(sp.Min)
def minimum_forms(node: Any, around: Around) -> Iterator[Any]:
    """min(a, b) = a + b − max(a, b)"""
    if len(node.args) == 2:
        yield Add(*node.args) - Max(*node.args)


@law(Max)
def relu_gated(node: Any, around: Around) -> Iterator[Any]:
    """max(0, x) = x·[x > 0] = (x + |x|)/2"""
    if len(node.args) == 2 and S.Zero in node.args:
        (x,) = set(node.args) - {S.Zero}
        yield x * Piecewise((1, x > 0), (0, True))
        yield x * Heaviside(x, 0)
        yield (x + Abs(x)) / 2


@law(Abs)
def absolute_value_forms(node: Any, around: Around) -> Iterator[Any]:
    """|x| = max(x, −x) = x·sign x = x where x ≥ 0, else −x"""
    (x,) = node.args
    yield Max(x, -x)
    yield x * sign(x)
    yield Piecewise((x, x >= 0), (-x, True))


@law(sign)
def sign_by_cases(node: Any, around: Around) -> Iterator[Any]:
    """sign x = 1 where x > 0, −1 where x < 0, else 0"""
    (x,) = node.args
    yield Piecewise((1, x > 0), (-1, x < 0), (0, True))


@law(Piecewise)
def cases_exchanged(node: Any, around: Around) -> Iterator[Any]:
    """a where c, else b: b where not c, else a"""
    if len(node.args) == 2 and node.args[1][1] == sp.true:
        (first, test), (second, _) = node.args
        yield Piecewise((second, sp.Not(test)), (first, True))


@law(Piecewise)
def step_function(node: Any, around: Around) -> Iterator[Any]:
    """1 where x > 0, else 0: Heaviside's step"""
    if len(node.args) == 2 and (node.args[0][0], node.args[1][0]) == (1, 0):
        test = node.args[0][1]
        if isinstance(test, (sp.Gt, sp.Lt)):
            yield Heaviside(test.gts - test.lts, 0)


@law(sp.sin, sp.cos)
def half_angles(node: Any, around: Around) -> Iterator[Any]:
    """sin x = 2 sin(x/2) cos(x/2), cos x = 1 − 2 sin²(x/2)"""
    (x,) = node.args
    if isinstance(node, sp.sin):
        yield 2 * sp.sin(x / 2) * sp.cos(x / 2)
    else:
        yield 1 - 2 * sp.sin(x / 2) ** 2


@law(Pow)
def circle(node: Any, around: Around) -> Iterator[Any]:
    """sin² = 1 − cos², cos² = 1 − sin², tan = sin/cos"""
    if node.exp == 2 and isinstance(node.base, (sp.sin, sp.cos)):
        (x,) = node.base.args
        yield 1 - (sp.cos(x) if isinstance(node.base, sp.sin) else sp.sin(x)) ** 2


@law(sp.erf)
def complementary_error_function(node: Any, around: Around) -> Iterator[Any]:
    """erf x = 1 − erfc x"""
    yield 1 - sp.erfc(*node.args)


@law(Pow)
def power_by_logarithm(node: Any, around: Around) -> Iterator[Any]:
    """bᵉ = exp(e log b), where b > 0"""
    if not node.exp.is_integer:
        yield exp(node.exp * log(node.base))


@law(Pow)
def square_of_absolute_value(node: Any, around: Around) -> Iterator[Any]:
    """x² = |x|²; √x = x/√x, where this is defined"""
    if node.exp == 2:
        yield Abs(node.base) ** 2
    if node.exp == HALF:
        yield Mul(node.base, Pow(node.base, -HALF), evaluate=False)


@law(Mul, Pow, Add)
def expanded(node: Any, around: Around) -> Iterator[Any]:
    """products expanded over sums"""
    yield sp.expand_mul(node)
    yield sp.expand_power_base(sp.expand_multinomial(node))


@law(Add)
def factored(node: Any, around: Around) -> Iterator[Any]:
    """sums factored, fractions on one denominator"""
    yield sp.factor_terms(node)
    yield sp.together(node)
    if node.is_polynomial() and len(node.args) <= 4:
        yield sp.factor(node)


@law(sp.Expr)
def times_one(node: Any, around: Around) -> Iterator[Any]:
    """s = (s + κ s)/(1 + κ) = κ s/κ for κ > 0"""
    if around.whole and not node.is_number and not isinstance(node, ops.Tensor):
        yield (node + KAPPA * node) / (1 + KAPPA)


@law(Mul)
def ratio_times_one(node: Any, around: Around) -> Iterator[Any]:
    """a/b = (κ a)/(κ b) for κ > 0, the denominator written out"""
    above, below = node.as_numer_denom()
    if isinstance(below, Add):
        yield KAPPA * above / sp.expand_mul(KAPPA * below)


@law(sp.KroneckerDelta)
def delta_by_cases(node: Any, around: Around) -> Iterator[Any]:
    """a delta is 1 where its indices are equal, else 0"""
    i, j = node.args[:2]
    yield Piecewise((1, sp.Eq(i, j)), (0, True))


@law(sp.Product)
def product_of_exponentials(node: Any, around: Around) -> Iterator[Any]:
    """Π eᵃ = exp(Σ a); Π a = a₀ · Π of the rest"""
    if isinstance(node.function, exp):
        yield exp(sp.Sum(node.function.args[0], *node.limits))
    if len(node.limits) == 1:
        variable, low, high = node.limits[0]
        if is_never_empty(low, high):
            first = node.function.xreplace({variable: low})
            yield first * sp.Product(node.function, (variable, low + 1, high))


@law(ops.MaxOver)
def maximum_shifted(node: Any, around: Around) -> Iterator[Any]:
    """max(a) over k, with another name for k"""
    variable, low, high = node.limits
    other = fresh("peak", node)
    yield ops.max_over(node.body.xreplace({variable: other}), (other, low, high))
