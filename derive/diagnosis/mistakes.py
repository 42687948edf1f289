"""The mistakes that people make, each undone: a documented side, changed in one place.

A mistake is a generator of repairs: sides that differ from the documented one by that mistake, with
the words for it. Nothing here decides whether a repair is right; :mod:`derive.diagnosis.trial`
does, and most are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import combinations, pairwise, permutations, product
from types import NoneType
from typing import Any, NamedTuple

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr

from derive.base.errors import DeriveError
from derive.diagnosis.claimed import (
    Application,
    Documented,
    Repair,
    applications,
    times,
    transposed,
)
from derive.diagnosis.places import Site, made_of, sites, with_limits, without_part
from derive.diagnosis.quoting import quoted
from derive.diagnosis.spans import Span, fitted, spans
from derive.diagnosis.wrong_indices import ENTRIES, entry_like, superfluous_sum, wrong_index
from derive.language.conditions import Cases
from derive.language.dims import is_unit, same_shape
from derive.language.operators import MaxOver
from derive.language.printing import text_of
from derive.language.sequences import MatrixSum
from derive.refutation.symbols import fields_of

SUMS = (sp.Add, sp.MatAdd)
PRODUCTS = (sp.Mul, sp.MatMul, sp.HadamardProduct)
RANGES = (sp.Sum, sp.Product, MaxOver, MatrixSum)
TURNED = {sp.Gt: sp.Lt, sp.Lt: sp.Gt, sp.Ge: sp.Le, sp.Le: sp.Ge}
STRICTER = {sp.Gt: sp.Ge, sp.Ge: sp.Gt, sp.Lt: sp.Le, sp.Le: sp.Lt}
AXES = ("rows", "columns")
CHOKES = (
    DeriveError, ArithmeticError, NotImplementedError, TypeError, ValueError, AttributeError,
)  # fmt: skip


class Scaling(NamedTuple):
    """A part that may lack a factor: the side with that part doubled, and the repair for a
    factor; None where the factor says no more than what the part is to be.

    Where a term is ``added`` that is not there, ``by`` takes the multiple of it that is meant.
    """

    doubled: Any
    by: Callable[[Any], Repair | None]
    added: bool = False


Mistake = Callable[[Documented], Iterator[Repair | Scaling]]
MISTAKES: list[Mistake] = []  # the likelier ones first


def mistake(generator: Mistake) -> Mistake:
    MISTAKES.append(generator)
    return generator


def each(kind: Mistake, documented: Documented) -> Iterator[Repair | Scaling]:
    """The repairs of one kind, up to one that SymPy chokes on."""
    with suppress(*CHOKES):
        yield from kind(documented)


@mistake
def transposed_as_a_whole(d: Documented) -> Iterator[Repair]:
    """The transpose of what is meant."""
    if d.is_matrix(d.side) and d.is_whole:
        words = "the documented side is the transpose of what is derived"
        yield Repair(transposed(d.side), lambda: words)


@mistake
def wrong_factor(d: Documented) -> Iterator[Scaling]:
    """The whole lacks a factor: -1, a number, a size, a scalar."""
    doubled = times(2, d.side)
    if doubled is not None:
        yield Scaling(doubled, partial(_side_by, d))


def _side_by(d: Documented, factor: Any) -> Repair | None:
    side = times(factor, d.side)
    if factor == 0:
        zero = f"{'the left side' if d.claim.states_both else 'what is derived'} is 0"
        return Repair(side, lambda: zero)
    # That a number is to be the other side of an identity says nothing.
    restated = d.claim.states_both and d.side.is_number and not factor.is_number
    if restated or _is_cancelled(d.side, side):
        return None
    return Repair(side, partial(factor_words, d, factor))


def _is_cancelled(part: Any, multiple: Any) -> bool:
    """Whether a factor leaves nothing but a number of a part."""
    return multiple.is_number and not part.is_number


def factor_words(d: Documented, factor: Any) -> str:
    """What it says of a claim that it holds with a factor."""
    words = f"it holds with a factor {text_of(factor)}"
    if factor == -1:
        return f"the sign is wrong: {words}"
    size = next((s for s in sorted(factor.free_symbols, key=str) if s.is_integer), None)
    if factor == size and d.side.has(1 / size):
        return f"a mean over {size} where the sum is meant: {words}"
    if size is not None and factor == 1 / size and not d.side.has(1 / size):
        others = (expr for expr in fields_of(d.claim) if expr != d.side)
        if any(expr.has(1 / size) for expr in others):
            return f"a sum where the mean over {size} is meant: {words}"
    return words


@mistake
def superfluous_factor(d: Documented) -> Iterator[Repair]:
    """A product has a factor too many."""
    for site in d.sites:
        node = site.node
        if not isinstance(node, PRODUCTS):
            continue
        for position, factor in enumerate(node.args):
            if factor.is_number:
                continue
            rest = node.args[:position] + node.args[position + 1 :]
            if type(node) is sp.Mul or (
                d.fits(rest, node) if isinstance(node, sp.MatMul) else d.alike(rest[0], node)
            ):
                words = partial(quoted, "the factor {} is superfluous", factor)
                yield d.put(site, made_of(type(node), rest), words)
        if type(node) in (sp.Mul, sp.HadamardProduct):  # a MatMul is a Mul as well
            yield from _pairs_left_out(d, site)


def _pairs_left_out(d: Documented, site: Site) -> Iterator[Repair]:
    """A derivative such as p·(1 − p) is one too many."""
    factors = site.node.args
    for p, q in combinations(range(len(factors)), 2):
        rest = [factor for k, factor in enumerate(factors) if k not in (p, q)]
        if not rest or factors[p].is_number or factors[q].is_number:
            continue
        both = made_of(type(site.node), (factors[p], factors[q]))
        words = partial(quoted, "the factor {} is superfluous", both)
        yield d.put(site, made_of(type(site.node), rest), words)


@mistake
def wrong_term(d: Documented) -> Iterator[Repair | Scaling]:
    """One term has the wrong sign, lacks a factor, or is one too many."""
    for site in d.sites:
        value = isinstance(site.parent, ExprCondPair)
        if not value and not isinstance(site.parent, SUMS):
            continue
        if site.affine and site.node != 0:
            doubled = times(2, site.node)
            if doubled is not None:
                yield Scaling(site.put(doubled), partial(_term_by, d, site))
        elif not value:
            for factor in (sp.S.NegativeOne, sp.S.Zero):
                repair = _term_by(d, site, factor)
                if repair is not None:
                    yield repair


def _term_by(d: Documented, site: Site, factor: Any) -> Repair | None:
    """The repair that multiplies a term; by 0, that leaves it out."""
    term = site.node
    kind = "term" if isinstance(site.parent, SUMS) else "value"
    if factor == 0:
        rest = without_part(site.parent, site.path[-1])
        side = site.outer.put(rest) if kind == "term" else site.put(sp.S.Zero)
        inner = term.is_number and len(site.around) > 1
        within = quoted("in {} ", site.parent) if inner and kind == "term" else ""
        return Repair(side, partial(_of_term, kind, f"{within}is superfluous", term))
    part = times(factor, term)
    if _is_cancelled(term, part):
        return None
    if factor == -1:
        return d.put(site, part, partial(_sign_words, kind, term))
    if factor.is_Rational and not factor.is_Integer:
        return d.put(site, part)
    lacks = f"lacks a factor {text_of(factor)}"
    return d.put(site, part, partial(_of_term, kind, lacks, term))


def _of_term(kind: str, words: str, term: Any) -> str:
    """What is said of a term, which is quoted unless it is long."""
    return quoted(f"the {kind} {{}} {words}", term) or f"a {kind} {words}"


def _sign_words(kind: str, term: Any) -> str:
    return quoted(f"the sign of the {kind} {{}} is wrong", term) or f"the sign of a {kind} is wrong"


@mistake
def untransposed_factor(d: Documented) -> Iterator[Repair]:
    """A factor is to be transposed, or is not to be."""
    for site in d.sites:
        node, parent = site.node, site.parent
        turned_there = isinstance(parent, (sp.Transpose, MatrixElement))
        if parent is None or turned_there or not d.is_matrix(node):
            continue
        if isinstance(node, (sp.MatMul, sp.Identity, sp.OneMatrix, DiagMatrix)):
            continue
        turned = transposed(node)
        if isinstance(parent, sp.MatMul):
            p = site.path[-1]
            fits = d.fits((*parent.args[:p], turned, *parent.args[p + 1 :]), parent)
        else:
            fits = d.alike(turned, node) and not isinstance(parent, (sp.Trace, sp.Determinant))
        if fits:
            yield d.put(site, turned)
    for symbol in d.symbols:
        occurrences = sum(site.node == symbol for site in d.sites)
        if occurrences > 1 and d.is_matrix(symbol):
            turned = sp.Transpose(symbol)
            side = d.side.xreplace({symbol: turned, turned: symbol})
            words = partial(quoted, "it holds with {0}.T for every {0}", symbol)
            yield Repair(side, words)


@mistake
def swapped_factors(d: Documented) -> Iterator[Repair]:
    """Two factors are swapped, and perhaps transposed with that."""
    for site in d.sites:
        node = site.node
        if isinstance(node, sp.KroneckerProduct) and len(node.args) == 2:
            turned = sp.KroneckerProduct(*node.args[::-1])
            if d.alike(turned, node):
                yield d.put(site, turned)
            several = [s.node for s in d.sites if isinstance(s.node, sp.KroneckerProduct)]
            if several[1:] and node == several[0]:
                turns = {each: sp.KroneckerProduct(*each.args[::-1]) for each in several}
                words = "it holds with the factors of each Kronecker product swapped"
                yield Repair(d.side.xreplace(turns), partial(str, words))
        if not isinstance(node, sp.MatMul):
            continue
        matrices = [p for p, factor in enumerate(node.args) if d.is_matrix(factor)]
        for p, q in combinations(matrices, 2):
            first, second = node.args[p], node.args[q]
            if isinstance(first, sp.OneMatrix) or isinstance(second, sp.OneMatrix):
                continue  # a sum over the other axis
            for a, b in product((second, transposed(second)), (first, transposed(first))):
                if q > p + 1 and (a, b) != (second, first):
                    continue
                factors = [*node.args[:p], a, *node.args[p + 1 : q], b, *node.args[q + 1 :]]
                if not d.fits(factors, node):
                    continue
                part = made_of(sp.MatMul, factors)
                if (a, b) == (second, first):
                    words = "it holds with the factors {} and {} swapped"
                    yield d.put(site, part, partial(quoted, words, first, second))
                else:
                    yield d.put(site, part)


@mistake
def wrong_product(d: Documented) -> Iterator[Repair]:
    """A matrix product where the product entry by entry is meant, or the other way round."""
    for site in d.sites:
        node = site.node
        if isinstance(node, sp.HadamardProduct) and len(node.args) == 2:
            for factors in permutations(node.args):
                if d.fits(factors, node):
                    part = made_of(sp.MatMul, factors)
                    words = "the matrix product is meant: it holds with {} for {}"
                    yield d.put(site, part, partial(quoted, words, part, node))
        elif isinstance(node, sp.MatMul):
            matrices = [p for p, factor in enumerate(node.args) if d.is_matrix(factor)]
            for p, q in pairwise(matrices):
                if d.alike(node.args[p], node.args[q]):
                    entrywise = sp.HadamardProduct(node.args[p], node.args[q], evaluate=False)
                    part = made_of(sp.MatMul, (*node.args[:p], entrywise, *node.args[q + 1 :]))
                    words = "the product entry by entry is meant: it holds with {} for {}"
                    yield d.put(site, part, partial(quoted, words, part, node))


@mistake
def wrong_point(d: Documented) -> Iterator[Repair]:
    """A function is evaluated at another argument than is meant."""
    seen: set[Any] = set()
    for site in d.sites:
        for application in applications(site.node):
            argument = application.argument
            for other in d.others(argument):
                told = partial(_point_words, application, other)
                yield d.put(site, application.at(other), told)
            negative = times(-1, argument)
            if negative is not None:
                yield d.put(site, application.at(negative))
        # Everywhere: the variable itself is another one.
        node = site.node
        if (
            isinstance(node, (sp.MatrixSymbol, sp.Symbol))
            and node in d.symbols
            and node not in seen
        ):
            seen.add(node)
            for other in d.others(node):
                side = d.side.xreplace({node: other})
                yield Repair(side, partial(quoted, "it holds with {} for {}", other, node))


def _point_words(application: Application, other: Any) -> str:
    argument = application.argument
    name = application.name
    if not name:  # (t ↦ exp(t) + 1)(z) is written at both
        return quoted("it holds with {} for {}", application.at(other), application.expr)
    return quoted("it holds with {} evaluated at {} instead of {}", name, other, argument)


@mistake
def wrong_function(d: Documented) -> Iterator[Repair]:
    """A function is left out, or another one or its derivative is meant, or it is one too many."""
    for site in d.sites:
        node = site.node
        for application in d.all_applications:
            argument, value = application.argument, application.expr
            if not d.means_something(argument, site):
                continue
            if node == argument and d.alike(value, node):
                yield d.put(site, value)
            elif (
                d.is_matrix(argument) and node == transposed(argument) and d.alike(value, argument)
            ):
                yield d.put(site, transposed(value))
        if d.is_matrix(node) and not isinstance(site.parent, ElementwiseApplyFunction):
            for application in d.functions:  # of numbers, as in a sum over entries
                if isinstance(application.expr, sp.Function):
                    t = sp.Symbol("t", real=True)
                    function = sp.Lambda(t, application.at(t))
                    yield d.put(site, ElementwiseApplyFunction(function, node))
        for own in applications(node):
            for application in d.functions:
                if type(application.expr) is not type(own.expr) and not (
                    isinstance(application.expr, sp.Function) and isinstance(node, sp.Function)
                ):
                    continue
                other = application.at(own.argument)
                if other != node and d.alike(other, node):
                    yield d.put(site, other)
                slope = application.slope_at(own.argument)
                if slope is not None and slope not in (node, other):
                    yield d.put(site, slope, partial(_slope_words, application, own))
            if d.alike(own.argument, node):
                yield d.put(site, own.argument)


def _slope_words(application: Application, own: Application) -> str:
    slope = application.slope_text(own.argument)
    return quoted("the derivative {} is meant, and not {}", slope, own.expr)


@mistake
def missing_derivative(d: Documented) -> Iterator[Repair]:
    """The derivative of a function inside is left out: the chain rule."""
    for application in d.all_applications:
        slope = application.slope
        shape = None if slope is None or slope.is_number else d.shape(slope)
        if shape is None:
            continue
        for span in spans(d):
            if not d.means_something(application.argument, span.site):
                continue
            factor = fitted(slope, shape, span.shape)
            if factor is not None:
                part = span.times(factor)
                if part is not None:
                    words = partial(_missing_words, d, application, span)
                    yield d.put(span.site, part, words)


def _missing_words(d: Documented, application: Application, span: Span) -> str:
    """``the derivative tanh'(z) is missing``, with the factor that it belongs to."""
    whole = span.first is None and not span.site.around
    part = "the documented side" if whole else text_of(span.node)
    how = "multiplied by" if is_unit(span.shape) else "multiplied elementwise by"
    slope = application.slope_text(application.argument)
    if not application.name:
        return quoted("it holds with {} {} {}", part, how, slope)
    derived = d.claim.derivatives and application.slope != application.expr
    what = "derivative" if derived else "factor"
    missing = quoted(f"the {what} {{}} is missing", slope)
    told = quoted("it holds with {} {} it", part, how)
    return f"{missing}: {told}" if missing and told else missing


@mistake
def wrong_range(d: Documented) -> Iterator[Repair]:
    """A range starts or ends one too early or too late."""
    for site in d.sites:
        node = site.node
        if not isinstance(node, RANGES):
            continue
        limits = [node.limits] if isinstance(node, (MaxOver, MatrixSum)) else list(node.limits)
        for position, (k, low, high) in enumerate(limits):
            shifts = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1))
            others = [sp.Tuple(k, low + a, high + b) for a, b in shifts]
            for other in (*others, *_opposite(d, node, k, low, high)):
                changed = [*limits[:position], other, *limits[position + 1 :]]
                words = "it holds with the range {} = {} … {}"
                yield d.put(site, with_limits(node, changed), partial(quoted, words, *other))


def _opposite(d: Documented, node: Any, k: Any, low: Any, high: Any) -> Iterator[Any]:
    """The ranges from an index to the end of an axis for those from its start to the index, and
    the other way round.
    """
    for size in axes_along(d, node, k):
        if low == 0 and not (high - size).is_number:
            yield from (sp.Tuple(k, high + a, size - 1) for a in (0, 1))
        elif high == size - 1 and not low.is_number:
            yield from (sp.Tuple(k, sp.S.Zero, low - a) for a in (0, 1))


def axes_along(d: Documented, node: Any, k: Any) -> dict[Any, None]:
    """The sizes of the axes along which what is summed reads at an index."""
    sizes: dict[Any, None] = {}
    for found in sorted(node.args[0].atoms(sp.Indexed, MatrixElement), key=str):
        shape = d.shape(found.args[0]) or ()
        sizes |= {n: None for i, n in zip(found.args[1:], shape, strict=False) if i == k}
    return sizes


mistake(wrong_index)
mistake(superfluous_sum)


@mistake
def wrong_axis(d: Documented) -> Iterator[Repair]:
    """A sum over the rows where one over the columns is meant, or the other way round."""
    for site in d.sites:
        node = site.node
        if isinstance(node, sp.Sum) and len(node.limits) == 1:
            k, low, _ = node.limits[0]
            for inner in sites(node.function):
                found = inner.node
                if not isinstance(found, ENTRIES) or len(found.args) != 3 or low != 0:
                    continue
                shape = d.shape(found.args[0])
                if shape is None or found.args[1:].count(k) != 1:
                    continue
                axis = found.args[1:].index(k)
                for other in d.indices_at(site):
                    indices = [k, other] if axis == 1 else [other, k]
                    body = inner.put(entry_like(found, indices))
                    part = with_limits(node, [sp.Tuple(k, low, shape[1 - axis] - 1)], body)
                    words = (
                        f"the sum runs over the {AXES[axis]}; it holds over the {AXES[1 - axis]}"
                    )
                    yield d.put(site, part, partial(str, words))
        elif isinstance(node, sp.MatMul) and len(node.args) >= 2:
            yield from _sums_turned(d, site)


def _sums_turned(d: Documented, site: Site) -> Iterator[Repair]:
    """1·A, the sums of the columns in every row, for A·1, and the other way round."""
    node = site.node
    numbers = [f for f in node.args if not isinstance(f, MatrixExpr)]
    factors = [f for f in node.args if isinstance(f, MatrixExpr)]
    for axis in (0, 1):
        ones, rest = (factors[0], factors[1:]) if axis == 0 else (factors[-1], factors[:-1])
        if not isinstance(ones, sp.OneMatrix) or not rest or ones.shape[0] != ones.shape[1]:
            continue
        shape = d.product_shape(rest)
        if shape is None or len(shape) != 2:
            continue
        size = shape[1 - axis]
        turned = (
            [*rest, sp.OneMatrix(size, size)] if axis == 0 else [sp.OneMatrix(size, size), *rest]
        )
        words = f"the sum runs over the {AXES[axis]}; it holds over the {AXES[1 - axis]}"
        own = sp.Mul(*numbers)  # a mean divides by the other size then
        for number in dict.fromkeys((own, own.subs(ones.shape[0], size))):
            if d.fits(turned, node):
                part = times(number, made_of(sp.MatMul, turned))
                yield d.put(site, part, partial(str, words))


@mistake
def wrong_power(d: Documented) -> Iterator[Repair]:
    """An exponent is one too large or small, has the wrong sign, or is twice or half as large."""
    for site in d.sites:
        node, parent = site.node, site.parent
        if isinstance(node, (sp.Pow, sp.HadamardPower, sp.MatPow)):
            base, e = node.args
            if isinstance(base, sp.Expr) and base.is_integer:
                continue
            others = (e + 1, e - 1, -e, 2 * e, e / 2) if e.is_number else (e + 1, e - 1)
            if not e.is_number:
                others = (*others, *(e + sign * k for k in d.indices_at(site) for sign in (-1, 1)))
            if isinstance(base, (sp.Sum, sp.Add, sp.Trace)) and e.is_number:  # of a length
                others = (*others, e - sp.S.Half, e + sp.S.Half)
            for other in dict.fromkeys(others):
                if other != 0 and (other.is_integer or not isinstance(node, sp.MatPow)):
                    part = base if other == 1 else type(node)(base, other)
                    yield d.put(site, part)
        elif isinstance(node, (sp.Function, sp.Determinant, sp.Trace, sp.Sum, sp.Symbol)):
            number = not isinstance(node, sp.Symbol) or node in d.symbols
            if (
                number
                and not isinstance(parent, sp.Pow)
                and not isinstance(node, sp.KroneckerDelta)
            ):
                for other in (2, -1, sp.S.Half):
                    yield d.put(site, sp.Pow(node, other, evaluate=False))


@mistake
def missing_factor(d: Documented) -> Iterator[Repair]:
    """A product lacks a matrix that the claim has elsewhere."""
    for site in d.sites:
        node = site.node
        if isinstance(node, sp.MatMul) or (site.parent is None and d.is_matrix(node)):
            factors = node.args if isinstance(node, sp.MatMul) else (node,)
            first = sum(not isinstance(factor, MatrixExpr) for factor in factors)
            for position in range(first, len(factors) + 1):
                for square in d.squares:
                    new = [*factors[:position], square, *factors[position:]]
                    if d.fits(new, node):
                        part = made_of(sp.MatMul, new)
                        yield d.put(site, part, partial(_lacks, d, site, square, part))
    matrices = [symbol for symbol in d.symbols if d.is_matrix(symbol)]
    squares = [a for a in matrices if same_shape(a.shape[:1], a.shape[1:])]
    whole = [p for p in d.all_parts if isinstance(p, sp.Determinant)]
    for site in d.sites:  # a product or a term of a sum of determinants lacks one
        term = (
            bool(whole) and isinstance(site.parent, (*SUMS, NoneType)) and d.shape(site.node) == ()
        )
        if term or (isinstance(site.node, sp.Determinant) and not isinstance(site.parent, sp.Pow)):
            for det, power in product(
                dict.fromkeys((*map(sp.Determinant, squares), *whole)), (1, -1)
            ):
                part = sp.Mul(det**power, site.node, evaluate=False)
                yield d.put(site, part, partial(_of_determinant, site, det**power))
    for span in spans(d):
        for other in matrices:
            shape = d.shape(other) or ()
            factor = None if is_unit(shape) else fitted(other, shape, span.shape)
            if factor is not None:
                part = span.times(factor)
                yield d.put(span.site, part, partial(_lacks, d, span.site, factor, part))


def _of_determinant(site: Site, factor: Any) -> str:
    if isinstance(site.parent, SUMS):
        return _of_term("term", f"lacks a factor {text_of(factor)}", site.node)
    return quoted("the factor {} is missing", factor)


def _lacks(d: Documented, site: Site, factor: Any, part: Any) -> str:
    words = quoted("the factor {} is missing", factor)
    return f"{words}: {told}" if (told := d.instead(site, part)) else words


@mistake
def wrong_condition(d: Documented) -> Iterator[Repair]:
    """A condition is the wrong way round, or includes the boundary where it must not."""
    for site in d.sites:
        if isinstance(site.node, (sp.Piecewise, Cases)):
            for relation in sorted(site.node.atoms(*TURNED), key=str):
                for kind in (TURNED[type(relation)], STRICTER[type(relation)]):
                    other = kind(*relation.args)
                    told = partial(quoted, "it holds with {} for {}", other, relation)
                    yield d.put(site, site.node.xreplace({relation: other}), told)
