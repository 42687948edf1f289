"""What a claim says, entry by entry: its shapes checked, its left side derived.

One function per kind of claim. The result is two terms with a free index for each axis: what is
derived, and what is documented.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import sympy as sp

from derive.base.errors import ClaimError, ShapeError
from derive.base.tables import Table
from derive.claims.kinds import (
    Backward,
    Claim,
    Gradient,
    Hessian,
    Identity,
    Inequality,
    Jacobian,
    Shape,
)
from derive.core.integers import ZERO, Poly, as_poly
from derive.core.terms import Shared, Term, axis_variable, delta, mul, num, ref, total
from derive.language.arrays import stacked
from derive.language.dims import condition, is_unit, same_shape, shown
from derive.language.printing import text_of
from derive.lowering.problem import Problem

Dims = tuple[Any, ...]


class Statement(NamedTuple):
    """``left`` (derived) against ``right`` (documented), at the entry ``place`` of ``shape``."""

    left: Term
    right: Term
    place: tuple[Poly, ...]
    shape: Dims


def state(problem: Problem, claim: Claim, derive_only: bool = False) -> Statement | None:
    """The two sides of a claim; None for a claim about a shape, which is then true.

    :param derive_only: leave the documented side out.
    :raises ShapeError: when a side, or what it is compared with, does not fit.
    """
    rule = STATEMENTS.find(type(claim))
    if rule is None:
        raise ClaimError(f"a {type(claim).__name__} is no kind of claim")
    return rule(problem, claim, derive_only)


STATEMENTS: Table[Callable[..., Statement | None]] = Table()


def _documented(problem: Problem, claim: Any, shape: Dims, what: str) -> None:
    """Insist on the documented side's shape; ``what`` has it, in terms of the claim's fields."""
    own = problem.shapes.of(claim.equals)
    if not same_shape(own, shape):
        named = what.format(of=text_of(claim.of), wrt=text_of(claim.wrt))
        raise ShapeError(
            f"{named} has shape {shown(shape)}, and the documented {text_of(claim.equals)} has "
            f"shape {shown(own)}" + _fits(own, shape)
        )


def _fits(a: Dims, b: Dims) -> str:
    if len(a) != len(b):
        return ""
    hint = condition(list(zip(a, b, strict=True)))
    if len(a) == 2 and same_shape((a[1], a[0]), b):
        return " (its transpose would fit)"
    return f" (it fits {hint})" if hint else ""


def _right(problem: Problem, equals: Any, place: tuple[Poly, ...], derive_only: bool) -> Term:
    return num(0) if derive_only else right_side(problem, equals, place)


def right_side(problem: Problem, equals: Any, place: tuple[Poly, ...]) -> Term:
    """A documented side at an entry."""
    rank = len(problem.shapes.of(equals))
    # A scalar may stand for a 1×1 matrix and the other way round.
    at = place if rank == len(place) else (ZERO,) * rank
    return problem.lowering.element(equals, at, {})


def _vector_length(shape: Dims) -> Any:
    """The length of a row, a column or an array of one axis; None for anything else."""
    if len(shape) == 1:
        return shape[0]
    if len(shape) == 2 and 1 in shape:
        return shape[1] if shape[0] == 1 else shape[0]
    return None


def _along(shape: Dims, index: Poly) -> tuple[Poly, ...]:
    """The place of a vector's entry: ``index`` on the axis that is not of size 1."""
    if len(shape) == 1:
        return (index,)
    return (ZERO, index) if shape[0] == 1 else (index, ZERO)


def _scalar(problem: Problem, of: Any, claim: Claim) -> Term:
    shape = problem.shapes.of(of)
    if not is_unit(shape):
        hint = condition([(size, sp.S.One) for size in shape])
        raise ShapeError(
            f"a {claim.kind} is of a scalar, and {text_of(of)} has shape {shown(shape)}"
            + (f" (it fits {hint})" if hint else "")
        )
    return problem.lowering.scalar(of, {})


@STATEMENTS.on(Gradient)
def _gradient(problem: Problem, claim: Gradient, derive_only: bool) -> Statement:
    of = _scalar(problem, claim.of, claim)
    shape = problem.shapes.of(claim.wrt)
    if not derive_only:
        _documented(problem, claim, shape, "∂({of})/∂{wrt}")
    target, indices = problem.target(claim.wrt)
    adjoint, outer = problem.adjoint(of, target)
    place = problem.place(shape)
    left = _slope(problem, adjoint, (*outer, *indices), claim.wrt, place)
    return Statement(left, _right(problem, claim.equals, place, derive_only), place, shape)


@STATEMENTS.on(Jacobian)
def _jacobian(problem: Problem, claim: Jacobian, derive_only: bool) -> Statement:
    of_shape, wrt_shape = problem.shapes.of(claim.of), problem.shapes.of(claim.wrt)
    rows, cols = _vector_length(of_shape), _vector_length(wrt_shape)
    if rows is not None and cols is not None:
        shape: Dims = (rows, cols)
        place = problem.place(shape)
        of_place, wrt_place = _along(of_shape, place[0]), _along(wrt_shape, place[1])
    else:
        shape = of_shape + wrt_shape
        place = problem.place(shape)
        of_place, wrt_place = place[: len(of_shape)], place[len(of_shape) :]
    if not derive_only:
        _documented(problem, claim, shape, "∂({of})/∂{wrt}")
    target, indices = problem.target(claim.wrt)
    adjoint, outer = problem.adjoint(problem.lowering.element(claim.of, of_place, {}), target)
    left = _slope(problem, adjoint, (*outer, *indices), claim.wrt, wrt_place)
    return Statement(left, _right(problem, claim.equals, place, derive_only), place, shape)


@STATEMENTS.on(Backward)
def _backward(problem: Problem, claim: Backward, derive_only: bool) -> Statement:
    of_shape, up_shape = problem.shapes.of(claim.of), problem.shapes.of(claim.upstream)
    if not same_shape(of_shape, up_shape):
        raise ShapeError(
            f"the upstream {text_of(claim.upstream)} has shape {shown(up_shape)}, and "
            f"{text_of(claim.of)} has shape {shown(of_shape)}" + _fits(up_shape, of_shape)
        )
    shape = problem.shapes.of(claim.wrt)
    if not derive_only:
        _documented(problem, claim, shape, "the gradient in {wrt}")
    low = problem.lowering
    binders = tuple(axis_variable(low.size(s)) for s in of_shape if s != 1)
    of_place = low.spread(of_shape, [as_poly(b) for b in binders])
    up_place = of_place if len(up_shape) == len(of_shape) else (ZERO,) * len(up_shape)
    target, indices = problem.target(claim.wrt)
    cotangent = low.element(claim.upstream, up_place, {})
    adjoint, outer = problem.adjoint(
        low.element(claim.of, of_place, {}), target, cotangent, binders
    )
    place = problem.place(shape)
    left = _slope(problem, adjoint, (*outer, *indices), claim.wrt, place)
    return Statement(left, _right(problem, claim.equals, place, derive_only), place, shape)


@STATEMENTS.on(Hessian)
def _hessian(problem: Problem, claim: Hessian, derive_only: bool) -> Statement:
    of = _scalar(problem, claim.of, claim)
    wrt_shape = problem.shapes.of(claim.wrt)
    length = _vector_length(wrt_shape)
    if length is not None:
        shape: Dims = (length, length)
        place = problem.place(shape)
        first, second = (_along(wrt_shape, index) for index in place)
    else:
        shape = wrt_shape + wrt_shape
        place = problem.place(shape)
        first, second = place[: len(wrt_shape)], place[len(wrt_shape) :]
    if not derive_only:
        _documented(problem, claim, shape, "the Hessian of {of}")
    target, indices = problem.target(claim.wrt)
    adjoint, outer = problem.adjoint(of, target)
    slope = _slope(problem, adjoint, (*outer, *indices), claim.wrt, first)
    again, outer = problem.adjoint(slope, target)
    left = _slope(problem, again, (*outer, *indices), claim.wrt, second)
    return Statement(left, _right(problem, claim.equals, place, derive_only), place, shape)


@STATEMENTS.on(Identity)
def _identity(problem: Problem, claim: Identity, derive_only: bool) -> Statement:
    left_shape, right_shape = problem.shapes.of(claim.left), problem.shapes.of(claim.right)
    if not same_shape(left_shape, right_shape):
        raise ShapeError(
            f"{text_of(claim.left)} has shape {shown(left_shape)}, and {text_of(claim.right)} has "
            f"shape {shown(right_shape)}" + _fits(right_shape, left_shape)
        )
    place = problem.place(left_shape)
    left = problem.lowering.element(claim.left, place, {})
    return Statement(left, _right(problem, claim.right, place, False), place, left_shape)


@STATEMENTS.on(Inequality)
def _inequality(problem: Problem, claim: Inequality, derive_only: bool) -> Statement:
    left_shape, right_shape = problem.shapes.of(claim.left), problem.shapes.of(claim.right)
    if left_shape and right_shape and not same_shape(left_shape, right_shape):
        raise ShapeError(
            f"{text_of(claim.left)} has shape {shown(left_shape)}, and {text_of(claim.right)} has "
            f"shape {shown(right_shape)}" + _fits(right_shape, left_shape)
        )
    shape = left_shape or right_shape
    place = problem.place(shape)
    left = problem.lowering.element(claim.left, place, {})
    right = problem.lowering.element(claim.right, place, {})
    return Statement(left, right, place, shape)


@STATEMENTS.on(Shape)
def _shape(problem: Problem, claim: Shape, derive_only: bool) -> None:
    problem.shapes.wanted[claim.of] = tuple(claim.equals)
    shape = problem.shapes.of(claim.of)
    if not same_shape(shape, claim.equals):
        raise ShapeError(
            f"{text_of(claim.of)} has shape {shown(shape)}, and {shown(claim.equals)} is documented"
            + _fits(claim.equals, shape).replace(
                " (its transpose would fit)", " (the transpose has)"
            )
        )


def _slope(
    problem: Problem, adjoint: Shared, leading: tuple[Poly, ...], wrt: Any, place: tuple[Poly, ...]
) -> Term:
    """An adjoint at a place of ``wrt``: of vec(X) at k, the entry (i, j) of that of X with
    i + n·j = k, where X has n rows.

    :param leading: the indices of the adjoint that stand before those of ``wrt``.
    """
    matrix = stacked(wrt)
    if matrix is None:
        return ref(adjoint, *leading, *problem.kept(wrt, place))
    rows, columns = problem.shapes.of(matrix)
    if rows == 1 or columns == 1:
        return _slope(problem, adjoint, leading, matrix, place[::-1] if rows == 1 else place)
    i, j = (axis_variable(problem.lowering.size(size)) for size in (rows, columns))
    entry = _slope(problem, adjoint, leading, matrix, (as_poly(i), as_poly(j)))
    here = delta(as_poly(i) + problem.lowering.size(rows) * as_poly(j), place[0])
    return total(j, total(i, mul(entry, here)))
