"""Products of a document's own arrays, with their numbers, and how sums of them are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from derive.diagnosis.claimed import times, transposed
from derive.language.dims import Dims, is_unit, same_shape

CLOSE = 1e-8


class Piece(NamedTuple):
    """A matrix that a form may be made of, with its values at the points.

    :param write: gives its expression: most are never written.
    :param factors: the pieces that it is the product of, entry by entry; none for another one.
    """

    write: Callable[[], Any]
    shape: Dims
    values: tuple[np.ndarray, ...]
    factors: tuple[Piece, ...] = ()

    @property
    def expr(self) -> Any:
        return self.write()

    def times(self, other: Piece) -> Piece | None:
        """The matrix product; None where the shapes do not fit or it is a number."""
        if not same_shape(self.shape[1:], other.shape[:1]):
            return None
        shape = (self.shape[0], other.shape[1])
        if is_unit(shape):
            return None
        values = tuple(a @ b for a, b in zip(self.values, other.values, strict=True))
        return Piece(lambda: _product(self.expr, other.expr), shape, values)

    def is_multiple(self, other: Piece) -> bool:
        """Whether it is a number times another piece, at every point."""
        return same_shape(self.shape, other.shape) and all(
            _parallel(a, b) for a, b in zip(self.values, other.values, strict=True)
        )

    def by_entry(self, other: Piece) -> Piece:
        """The product entry by entry of two of the same shape."""
        values = tuple(a * b for a, b in zip(self.values, other.values, strict=True))
        factors = (*(self.factors or (self,)), *(other.factors or (other,)))
        return Piece(partial(_by_entry, factors), self.shape, values, factors)

    def summed(self, axis: int) -> Piece:
        """The sum over an axis, in every place of it."""
        size = self.shape[axis]
        values = tuple(
            np.broadcast_to(v.sum(axis=axis, keepdims=True), v.shape) for v in self.values
        )
        ones = sp.OneMatrix(size, size)

        def write() -> Any:
            return _product(self.expr, ones) if axis == 1 else _product(ones, self.expr)

        return Piece(write, self.shape, values)

    def turned(self) -> Piece:
        values = tuple(v.T for v in self.values)
        return Piece(lambda: transposed(self.expr), self.shape[::-1], values)


def _parallel(a: np.ndarray, b: np.ndarray) -> bool:
    sizes = np.linalg.norm(a) * np.linalg.norm(b)
    return bool(abs(abs((a * b).sum()) - sizes) <= CLOSE * sizes)


def _by_entry(factors: Sequence[Piece]) -> Any:
    return sp.HadamardProduct(*(p.expr for p in factors), evaluate=False)


def _product(*factors: Any) -> Any:
    flat: list[Any] = []
    for factor in factors:
        flat += factor.args if isinstance(factor, sp.MatMul) else (factor,)
    return sp.MatMul(*flat, evaluate=False)


def sum_of(terms: Sequence[tuple[Any, Piece]]) -> Any:
    """Σ c·T, what all terms have in common once: c·a∘(b − d) for c·a∘b − c·a∘d."""
    terms = sorted(terms, key=lambda term: term[0].could_extract_minus_sign())
    common = _common([number for number, _ in terms])
    numbers = [number / common for number, _ in terms]
    shared = reduce(_both, (p.factors for _, p in terms))
    if len(terms) > 1 and shared:
        factor = shared[0]
        rest = [_without(p, factor) for _, p in terms]
        inner = _sum(numbers, rest)
        return times(common, sp.HadamardProduct(factor.expr, inner, evaluate=False))
    return times(common, _sum(numbers, [p.expr for _, p in terms]))


def _both(some: tuple[Piece, ...], others: tuple[Piece, ...]) -> tuple[Piece, ...]:
    return tuple(p for p in some if any(p is q for q in others))


def _without(piece: Piece, factor: Piece) -> Any:
    rest = list(piece.factors)
    rest.remove(next(p for p in rest if p is factor))
    return rest[0].expr if len(rest) == 1 else _by_entry(rest)


def _common(numbers: Sequence[Any]) -> Any:
    """What all numbers have in common, but for a sign and rationals that are not in all."""
    if len(numbers) == 1:
        return numbers[0]
    powers = [dict(n.as_powers_dict()) for n in numbers]
    result: Any = sp.S.One
    for base, exponent in powers[0].items():
        if not base.is_Rational and all(p.get(base) == exponent for p in powers):
            result *= base**exponent
    rationals = {abs(n.as_coeff_Mul()[0]) for n in numbers}
    return result * rationals.pop() if len(rationals) == 1 else result


def _sum(numbers: Sequence[Any], terms: Sequence[Any]) -> Any:
    parts_ = [times(n, t) for n, t in zip(numbers, terms, strict=True)]
    return parts_[0] if len(parts_) == 1 else sp.MatAdd(*parts_, evaluate=False)


def around(inner: Any, factor: Piece | None, before: bool) -> Any:
    if factor is None:
        return inner
    if not isinstance(inner, sp.MatMul):
        return _product(factor.expr, inner) if before else _product(inner, factor.expr)
    numbers = [f for f in inner.args if not isinstance(f, MatrixExpr)]
    matrices = [f for f in inner.args if isinstance(f, MatrixExpr)]
    ordered = (factor.expr, *matrices) if before else (*matrices, factor.expr)
    return sp.MatMul(*numbers, *ordered, evaluate=False)
