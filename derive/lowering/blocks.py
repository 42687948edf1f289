"""Matrices of two by two blocks: the inverse and the determinant by a Schur complement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import sympy as sp

Blocks = tuple[Any, Any, Any, Any]


class Eliminated(NamedTuple):
    """A matrix [[A, B], [C, D]] with one of its diagonal blocks, the pivot, eliminated.

    ``complement`` is what is left of the other diagonal block, D − C A⁻¹ B of the first pivot and
    A − B D⁻¹ C of the second. The matrix is invertible where both are.
    """

    blocks: Blocks
    first: bool

    @property
    def pivot(self) -> Any:
        return self.blocks[0 if self.first else 3]

    @property
    def complement(self) -> Any:
        a, b, c, d = self.blocks
        other, left, right = (d, c, b) if self.first else (a, b, c)
        if is_zero(b) or is_zero(c):
            return other
        return other - left * inverse(self.pivot) * right

    def determinant(self) -> Any:
        """det M = det(pivot)·det(complement)"""
        return sp.Determinant(self.pivot) * sp.Determinant(self.complement)

    def inverse(self) -> Any:
        """The blocks of M⁻¹: S⁻¹ of the complement S and, for the first pivot,
        [[A⁻¹ + A⁻¹ B S⁻¹ C A⁻¹, −A⁻¹ B S⁻¹], [−S⁻¹ C A⁻¹, S⁻¹]].
        """
        _, b, c, _ = self.blocks
        p, s = inverse(self.pivot), inverse(self.complement)
        if self.first:
            return sp.BlockMatrix([[p + p * b * s * c * p, -p * b * s], [-s * c * p, s]])
        return sp.BlockMatrix([[s, -s * b * p], [-p * c * s, p + p * c * s * b * p]])


def inverse(block: Any) -> Any:
    return block if isinstance(block, sp.Identity) else sp.Inverse(block)


def is_zero(block: Any) -> bool:
    return isinstance(block, sp.ZeroMatrix)


def eliminated(
    matrix: Any, square: Callable[[Any], bool], known: Callable[[Any], bool]
) -> Eliminated | None:
    """A matrix of two by two blocks with a diagonal block eliminated that is known to be
    invertible, or is wherever the matrix itself is; None for any other matrix.

    Of two such, the one whose complement the claim speaks of.

    :param square: whether a block is square.
    :param known: whether the claim takes a block, or a complement, to be invertible.
    """
    if not isinstance(matrix, sp.BlockMatrix) or matrix.blocks.shape != (2, 2):
        return None
    blocks: Blocks = tuple(matrix.blocks)
    if not (square(blocks[0]) and square(blocks[3])):
        return None
    found = list(_possible(blocks, known))
    spoken = (e for e in found if known(e.complement))
    return next(spoken, found[0] if found else None)


def _possible(blocks: Blocks, known: Callable[[Any], bool]) -> Iterator[Eliminated]:
    """The ways to eliminate a block; with a block of zeros, the matrix is invertible where both
    diagonal blocks are, and has the determinant of their product in any case.
    """
    for first, pivot in ((True, blocks[0]), (False, blocks[3])):
        triangular = is_zero(blocks[1]) or is_zero(blocks[2])
        if triangular or isinstance(pivot, sp.Identity) or known(pivot):
            yield Eliminated(blocks, first)
