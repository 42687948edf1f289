"""The derivative of each core node, by one rule; its docstring is the law."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

from derive.base.errors import UnsupportedError
from derive.base.tables import Table
from derive.core.attained import is_largest, is_one_of, largest_of, maxima_in
from derive.core.functions import FUNCTIONS
from derive.core.integers import Poly, Var, as_poly
from derive.core.names import FUNCTION_OF_A_MATRIX
from derive.core.terms import (
    Add,
    Apply,
    Array,
    Const,
    Determinant,
    Entry,
    FunctionEntry,
    FunctionTrace,
    IndexBracket,
    Int,
    InverseEntry,
    Maximum,
    Mul,
    Num,
    Pow,
    Product,
    RealBracket,
    Ref,
    Shared,
    Sum,
    Term,
    Unknown,
    Whole,
    add,
    apply,
    at_least,
    axis_variable,
    delta,
    function_of,
    mul,
    neg,
    num,
    power,
    renewed,
    substitute,
    total,
)

# The derivative of each scalar function in each of its arguments: inside of the domain of the
# function, always; where it has a kink or a jump, only away from it, which KINKS says.
SCALAR_DERIVATIVES = {name: known.slopes for name, known in FUNCTIONS.items()}


# Where a function has a kink, the difference that must not vanish for it to be differentiable.
KINKS = {name: known.kink for name, known in FUNCTIONS.items() if known.kink is not None}


def branch_of(cotangent: Term) -> Term | None:
    """The brackets of a cotangent: 0 where what it is multiplied by is in a branch not taken."""
    factors = cotangent.args if isinstance(cotangent, Mul) else (cotangent,)
    brackets = [f for f in factors if not isinstance(f, Num) and _is_bracket(f)]
    return mul(*brackets) if brackets else None


def _is_bracket(term: Term) -> bool:
    if isinstance(term, (Add, Mul)):
        return all(_is_bracket(arg) for arg in term.args)
    return isinstance(term, (Num, RealBracket, IndexBracket))


Target = Array | Shared


class Run(Protocol):
    """A reverse accumulation, as the rules see it: what each verb does is told where it is defined,
    in :mod:`derive.core.differentiate`.
    """

    target: Target
    conditions: dict[tuple[Term, str, Term | None], None]
    weights: dict[Term, list[Term]]

    def depends(self, term: Term) -> bool: ...
    def is_active(self, target: Target) -> bool: ...
    def renamed(self, params: tuple[Var, ...]) -> tuple[Var, ...]: ...
    def pull(self, term: Term, cotangent: Term, binders: tuple[Var, ...]) -> None: ...
    def emit(
        self, target: Target, place: tuple[Poly, ...], cotangent: Term, binders: tuple[Var, ...]
    ) -> None: ...


Rule = Callable[[Run, Any, Term, tuple[Var, ...]], None]


# The docstring of each is the law.
DERIVATIVES: Table[Rule] = Table()


rule = DERIVATIVES.on


@rule(Num, Const, Int, IndexBracket)
def _constant(run: Run, term: Term, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """A constant contributes nothing.

    Always.
    """


@rule(Add)
def _add(run: Run, term: Add, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """Linearity: d(a + b) = da + db

    For all reals.
    """
    for arg in term.args:
        run.pull(arg, cotangent, binders)


@rule(Mul)
def _mul(run: Run, term: Mul, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """The product rule: d(a·b) = b·da + a·db

    Where both factors have a derivative.
    """
    for position, arg in enumerate(term.args):
        others = term.args[:position] + term.args[position + 1 :]
        run.pull(arg, mul(cotangent, *others), binders)


@rule(Pow)
def _pow(run: Run, term: Pow, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """d(b^e) = e·b^(e−1)·db + b^e·log b·de

    Where b is not 0 or e − 1 is a whole number ≥ 0; b > 0 for a varying e.
    """
    base, exponent = term.args
    if run.depends(base):
        if isinstance(exponent, Num):
            lowered = power(base, exponent.data[0] - 1)
        else:
            lowered = Pow((base, add(exponent, num(-1))))
        if not (isinstance(exponent, Num) and exponent.data[0] == 0):
            run.pull(base, mul(cotangent, exponent, lowered), binders)
    run.pull(exponent, mul(cotangent, term, apply("log", base)), binders)


@rule(Apply)
def _apply(run: Run, term: Apply, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """The chain rule: d f(a) = f′(a)·da

    Where f has no kink at a; where it may have one, that is listed.
    """
    name = term.data[0]
    partials = SCALAR_DERIVATIVES.get(name)
    if partials is None:
        raise UnsupportedError(f"the function {name} has no derivative in the table")
    if name in KINKS:
        run.conditions[KINKS[name](*term.args), "!=", branch_of(cotangent)] = None
    for arg, derivative in zip(term.args, partials, strict=True):
        run.pull(arg, mul(cotangent, derivative(*term.args)), binders)


@rule(Unknown)
def _unknown(run: Run, term: Unknown, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """The chain rule for an undefined function: d f(a) = f′(a)·da

    Always: an undefined function is taken to have all derivatives.
    """
    function, orders = term.data
    for position, arg in enumerate(term.args):
        raised = tuple(o + (k == position) for k, o in enumerate(orders))
        run.pull(arg, mul(cotangent, Unknown(term.args, (function, raised))), binders)


@rule(Sum)
def _sum(run: Run, term: Sum, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """d Σ_k a_k = Σ_k da_k

    Always: the sum is finite.
    """
    new = renewed(term.variable, {})
    body = substitute(term.args[0], {term.variable: as_poly(new)})
    run.pull(body, cotangent, (*binders, new))


@rule(Product)
def _product(run: Run, term: Product, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """d Π_k a_k = Σ_k da_k · Π_{j ≠ k} a_j

    Always: the product is finite.
    """
    new, other = renewed(term.variable, {}), renewed(term.variable, {})
    body = substitute(term.args[0], {term.variable: as_poly(new)})
    rest = substitute(term.args[0], {term.variable: as_poly(other)})
    here = delta(as_poly(other), as_poly(new))
    others = Product((add(rest, mul(here, add(num(1), neg(rest)))),), (other,))
    run.pull(body, mul(cotangent, others), (*binders, new))


@rule(Maximum)
def _maximum(run: Run, term: Maximum, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """d max_k a_k = Σ_k [a_k = max]·da_k, where the maximum is unique, over all its indices"""
    body, over = largest_of(term)
    over = tuple(v for v in over if v in body.free)  # of equal numbers any is the largest
    if over:
        own = [b for b in binders if b not in term.free]
        weight = cotangent
        for binder in reversed(own):
            weight = total(binder, weight)
        run.weights.setdefault(term, []).append(weight)
        cotangent = mul(cotangent, is_largest(body, term))
    run.pull(body, cotangent, (*binders, *over))


@rule(RealBracket)
def _bracket(run: Run, term: RealBracket, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """d[a > 0] = d[a = 0] = 0 wherever a ≠ 0; of a = a_i − max_k a_k where the maximum is unique

    The difference of a maximum and what it is taken of is 0 at some index of every point: that it
    is not would rule out all.
    """
    (difference,) = term.args
    maxima = maxima_in(difference)
    for maximum, value in maxima:
        if is_one_of(value, maximum):
            run.conditions[maximum, "unique", num(1)] = None
            return
    if maxima and term.data[0] == "=":
        raise UnsupportedError("the derivative of a bracket that compares with a maximum")
    run.conditions[difference, "!=", branch_of(cotangent)] = None


@rule(Entry, Ref)
def _entry(run: Run, term: Term, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """dA[i]/dA[j] = [i = j]

    Always, of an array with independent entries; of a symmetric one see the adjoint.
    """
    run.emit(term.data[0], term.data[1], cotangent, binders)


@rule(Whole)
def _whole(run: Run, term: Whole, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """dL(A, …) = Σ_ij (∂L/∂A)[i, j]·dA[i, j] + …

    Always: an undefined function is taken to have all derivatives.
    """
    name, arguments, path = term.data
    for position, argument in enumerate(arguments):
        if not run.is_active(argument):
            continue
        axes = run.renamed(argument.params)
        place = tuple(as_poly(v) for v in axes)
        # Mixed derivatives commute, so the path is kept in one order.
        longer = tuple(sorted((*path, (position, place)), key=_path_key))
        slope = Whole((), (name, arguments, longer))
        run.emit(argument, place, mul(cotangent, slope), (*binders, *axes))


def _path_key(step: tuple[int, tuple[Poly, ...]]) -> Any:
    return (step[0], tuple(index.sort_key() for index in step[1]))


@rule(InverseEntry)
def _inverse(run: Run, term: InverseEntry, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """dA⁻¹ = −A⁻¹·dA·A⁻¹

    Where A is invertible.
    """
    shared, size, i, j = term.data
    p, q = axis_variable(size), axis_variable(size)
    left = InverseEntry((), (shared, size, i, as_poly(p)))
    right = InverseEntry((), (shared, size, as_poly(q), j))
    run.emit(
        shared, (as_poly(p), as_poly(q)), mul(num(-1), cotangent, left, right), (*binders, p, q)
    )


@rule(Determinant)
def _determinant(run: Run, term: Determinant, cotangent: Term, binders: tuple[Var, ...]) -> None:
    """d det A = det A · tr(A⁻¹·dA)

    Where A is invertible, which is then listed.
    """
    shared, size = term.data
    p, q = axis_variable(size), axis_variable(size)
    transposed = InverseEntry((), (shared, size, as_poly(q), as_poly(p)))
    run.emit(shared, (as_poly(p), as_poly(q)), mul(cotangent, term, transposed), (*binders, p, q))


@rule(FunctionEntry)
def _function_entry(
    run: Run, term: FunctionEntry, cotangent: Term, binders: tuple[Var, ...]
) -> None:
    """dL = L·Φ(L⁻¹·dA·L⁻ᵀ) of a Cholesky factor, for a symmetric dA, where Φ takes the lower
    triangle and half of the diagonal (Smith, 1995; Murray, arXiv:1602.07527);
    d exp(f·A) = df·A·exp(f·A) for a scalar f and a constant A.

    Where A of a Cholesky factor is positive definite; always for the exponential.
    """
    shared, name, size, i, j = term.data
    if name == "cholesky":
        k, p, q = (axis_variable(size) for _ in range(3))
        row, left, right = map(as_poly, (k, p, q))
        factor = function_of(shared, name, size, FUNCTION_OF_A_MATRIX(name, shared.label))
        below = (
            InverseEntry((), (factor, size, row, left)),
            InverseEntry((), (factor, size, j, right)),
        )
        half = add(at_least(row, j), mul(num(Fraction(-1, 2)), delta(row, j)))
        value = mul(cotangent, factor.at((i, row)), half, *below)
        run.emit(shared, (left, right), value, (*binders, k, p, q))
        return
    scaled = _scalar_times_constant(run, shared) if name == "matrix_exp" else None
    if scaled is None:
        raise UnsupportedError(
            f"the derivative of {name} of a matrix, but of its trace, is no matrix formula"
        )
    scalar, constant = scaled
    k = axis_variable(size)
    here = constant(i, as_poly(k))
    value = mul(cotangent, here, FunctionEntry((), (shared, name, size, as_poly(k), j)))
    run.pull(scalar, value, (*binders, k))


def _scalar_times_constant(
    run: Run, shared: Shared
) -> tuple[Term, Callable[[Poly, Poly], Term]] | None:
    """The f and the A where a matrix is f·A, entry by entry, and A does not depend on the target
    while f is the same in all entries; None for another matrix.
    """
    params, body = shared.params, shared.body
    while isinstance(body, Ref) and body.data[0] is not run.target:
        body = body.data[0].at(body.data[1])
    factors = body.args if isinstance(body, Mul) else (body,)
    moving = [f for f in factors if run.depends(f)]
    if any(not f.free.isdisjoint(params) for f in moving):
        return None
    constant = mul(*(f for f in factors if f not in moving))

    def at(i: Poly, j: Poly) -> Term:
        return substitute(constant, dict(zip(params, (i, j), strict=True)))

    return mul(*moving), at


@rule(FunctionTrace)
def _function_trace(
    run: Run, term: FunctionTrace, cotangent: Term, binders: tuple[Var, ...]
) -> None:
    """d tr exp(A) = tr(exp(A)·dA) and d tr √A = tr((√A)⁻¹·dA)/2

    Always in the first; where A is positive definite in the second.
    """
    shared, name, size = term.data
    p, q = axis_variable(size), axis_variable(size)
    row, column = as_poly(p), as_poly(q)
    if name == "matrix_exp":
        slope: Term = FunctionEntry((), (shared, name, size, column, row))
    else:
        root = function_of(shared, name, size, FUNCTION_OF_A_MATRIX(name, shared.label))
        below = InverseEntry((), (root, size, column, row))
        slope = mul(num(Fraction(1, 2)), below)
    run.emit(shared, (row, column), mul(cotangent, slope), (*binders, p, q))
