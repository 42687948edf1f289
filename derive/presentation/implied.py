"""Assumptions in as few words as say them: of matrices that are not singular."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp

from derive.language.predicates import says

STRONGER = ("orthogonal", "positive_definite")  # than invertible


def without_implied(assumptions: Iterable[Any]) -> tuple[Any, ...]:
    """The assumptions without those that others imply: |A|·|B| ≠ 0 says that A and B are
    invertible, and then AᵀB, A⁻¹ and A ⊗ B are; what is orthogonal or positive definite is.
    """
    listed = list(dict.fromkeys(part for a in assumptions for part in _of_determinants(a)))
    known = {fact.arguments[0] for fact in listed if says(fact, "invertible", *STRONGER)}
    stronger = {fact.arguments[0] for fact in listed if says(fact, *STRONGER)}
    return tuple(
        fact
        for fact in listed
        if not says(fact, "invertible")
        or not (
            _is_one_of(fact.arguments[0], stronger)
            or _follows(fact.arguments[0], known - {fact.arguments[0]})
        )
    )


def _of_determinants(fact: Any) -> list[Any]:
    """|A|ᵖ·|B|^q ≠ 0 for each of the matrices."""
    if not isinstance(fact, sp.Ne) or fact.rhs != 0:
        return [fact]
    bases = [f.base if isinstance(f, sp.Pow) else f for f in sp.Mul.make_args(fact.lhs)]
    if not all(isinstance(base, sp.Determinant) for base in bases):
        return [fact]
    return [sp.Q.invertible(base.arg) for base in bases]


def _follows(matrix: Any, known: set[Any]) -> bool:
    """Whether a matrix is a product of others that are known to be invertible, or the inverse."""
    if isinstance(matrix, sp.Inverse):
        return _is_one_of(matrix, known)
    if not isinstance(matrix, (sp.MatMul, sp.KroneckerProduct)):
        return False
    return all(_is_one_of(factor, known) for factor in matrix.args)


def _is_one_of(factor: Any, known: set[Any]) -> bool:
    while isinstance(factor, (sp.Transpose, sp.Inverse)):
        factor = factor.arg
    return factor in known or sp.Transpose(factor) in known
