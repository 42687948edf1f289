"""Inequalities in the basis of the eigenvectors of a symmetric matrix: A is diagonal there.

For a symmetric A there is an orthogonal U with UAUᵀ = diag(λ). A claim that is made of products,
sums, transposes, inverses, traces and determinants alone says the same of UAUᵀ, UBUᵀ and Ux as of
A, B and x. So it is true of every symmetric A if it is true of every diagonal one; and A is
positive definite where every λ is positive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import sympy as sp
from sympy.assumptions.assume import AppliedPredicate
from sympy.core.relational import Relational
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.claims.kinds import Claim
from derive.language.operators import entry
from derive.language.predicates import says

ALIKE = (sp.MatMul, sp.MatAdd, sp.Transpose, sp.Inverse, sp.MatPow, sp.Identity, sp.ZeroMatrix)
OF_WHOLES = (sp.Trace, sp.Determinant)
SCALARS = (sp.Add, sp.Mul, sp.Pow, sp.exp, sp.log, sp.Abs, sp.Max, sp.Min)
SYMMETRIC = ("symmetric", "positive_definite")
KEPT = (*SYMMETRIC, "orthogonal", "invertible")
MOST_DEGREE = 4  # of an equation for eigenvalues that is solved
INDEX = "lambda_index"


@dataclass(frozen=True)
class Diagonal:
    """A claim with the diagonal matrix of its eigenvalues in the place of one matrix.

    :param facts: what is given of the eigenvalues, each with what it is given as.
    :param symmetric: by what the matrix is symmetric.
    """

    claim: Claim
    matrix: Any
    eigenvalues: Any
    facts: Mapping[Any, Any]
    symmetric: Any

    def given_back(self, fact: Any) -> Any:
        """A fact about the eigenvalues as one about the matrix; None where it is none."""
        if fact in self.facts:
            return self.facts[fact]
        back = fact.xreplace({sp.DiagMatrix(self.eigenvalues): self.matrix})
        return None if back.has(self.eigenvalues) else back


def diagonals(claim: Any) -> Iterator[Diagonal]:
    """A claim with each of its symmetric matrices as a diagonal one, where that says the same."""
    sides = tuple(getattr(claim, name) for name in claim.expression_fields)
    # Entry by entry a matrix is at most another one in one basis, and not in all.
    if any(isinstance(s, sp.MatrixExpr) and tuple(s.shape) != (1, 1) for s in sides):
        return
    if not all(map(_says_the_same, (*sides, *claim.where.values()))):
        return
    facts = [part for fact in claim.assumed for part in sp.And.make_args(fact)]
    if not all(map(_is_said_alike, facts)):
        return
    chosen = (fact.arg for fact in facts if says(fact, *SYMMETRIC))
    for matrix in dict.fromkeys(chosen):
        if not isinstance(matrix, sp.MatrixSymbol) or matrix in claim.where:
            continue
        found = _diagonal(claim, matrix, facts)
        if found is not None:
            yield found


def _diagonal(claim: Any, matrix: Any, facts: list[Any]) -> Diagonal | None:
    size, name = matrix.shape[0], f"lambda_{matrix}"
    taken = {str(s) for part in (*claim.said, *facts) for s in part.free_symbols}
    if size == 1 or matrix.shape[1] != size or not taken.isdisjoint((name, INDEX)):
        return None
    eigenvalues = sp.MatrixSymbol(name, size, 1)
    diagonal = {matrix: sp.DiagMatrix(eigenvalues)}
    index = sp.Symbol(INDEX, integer=True)
    own: dict[Any, Any] = {}
    for fact in facts:
        said = _of_eigenvalues(fact, matrix, entry(eigenvalues, index, 0))
        if said is None:
            said = (fact.xreplace(diagonal),)
        own |= {part: fact for part in said if part not in (sp.true, sp.false)}
    fields = {name: getattr(claim, name).xreplace(diagonal) for name in claim.expression_fields}
    where = {symbol: value.xreplace(diagonal) for symbol, value in claim.where.items()}
    made = replace(claim, **fields, where=where, given=tuple(own))
    why = next(fact for fact in facts if says(fact, *SYMMETRIC) and fact.arg == matrix)
    return Diagonal(made, matrix, eigenvalues, own, why)


def _of_eigenvalues(fact: Any, matrix: Any, value: Any) -> tuple[Any, ...] | None:
    """What a fact says of each eigenvalue; None where it is about anything else."""
    if isinstance(fact, AppliedPredicate):
        if fact.arg != matrix:
            return None
        return {
            sp.Q.symmetric: (),
            sp.Q.positive_definite: (sp.Q.positive(value),),
            sp.Q.invertible: (sp.Q.nonzero(value),),
            sp.Q.orthogonal: (sp.Eq(value**2, 1), sp.Ge(value, -1), sp.Le(value, 1)),
        }[fact.function]
    sides = [_polynomial(side, matrix, value) for side in fact.args]
    if not isinstance(fact, sp.Eq) or None in sides or not fact.has(matrix):
        return None
    left, right = sides
    return (sp.Eq(left, right, evaluate=False), *_between_roots(sp.expand(left - right), value))


def _between_roots(poly: Any, value: Any) -> tuple[Any, ...]:
    """That a number is between the roots of a polynomial that vanishes there, where they are known
    to be all of them.
    """
    if not poly.has(value):
        return ()
    whole = sp.Poly(poly, value)
    roots = sp.roots(whole) if whole.degree() <= MOST_DEGREE else {}
    if sum(roots.values()) != whole.degree() or not all(root.is_Rational for root in roots):
        return ()
    return sp.Ge(value, min(roots)), sp.Le(value, max(roots))


def _polynomial(expr: Any, matrix: Any, value: Any) -> Any:
    """A polynomial in a matrix at one of its eigenvalues; None where it is none."""
    if expr == matrix:
        return value
    if isinstance(expr, sp.Identity):
        return sp.S.One
    if isinstance(expr, sp.ZeroMatrix):
        return sp.S.Zero
    if isinstance(expr, sp.Transpose):
        return _polynomial(expr.arg, matrix, value)
    if isinstance(expr, sp.MatPow) and expr.exp.is_Integer and expr.exp > 0:
        base = _polynomial(expr.base, matrix, value)
        return None if base is None else base**expr.exp
    if isinstance(expr, (sp.MatAdd, sp.MatMul)):
        parts = [p if p.is_number else _polynomial(p, matrix, value) for p in expr.args]
        if None in parts:
            return None
        return sp.Add(*parts) if isinstance(expr, sp.MatAdd) else sp.Mul(*parts)
    return None


# ---- what says the same in every orthogonal basis


def _says_the_same(expr: Any) -> bool:
    """Whether a scalar stays as it is, and a matrix turns, when all of its matrices are turned."""
    if isinstance(expr, sp.MatrixSymbol):
        return True
    if isinstance(expr, sp.MatrixExpr):
        if not isinstance(expr, ALIKE) or not _fits(expr):
            return False
        return all(_says_the_same(arg) for arg in expr.args if not _is_size(expr, arg))
    if isinstance(expr, OF_WHOLES):
        return _says_the_same(expr.arg)
    if isinstance(expr, MatrixElement):  # of a 1×1 matrix
        return tuple(expr.parent.shape) == (1, 1) and _says_the_same(expr.parent)
    if isinstance(expr, SCALARS):
        return all(map(_says_the_same, expr.args))
    return isinstance(expr, sp.Expr) and not expr.atoms(sp.MatrixExpr, sp.MatrixBase)


def _is_size(expr: Any, arg: Any) -> bool:
    return isinstance(expr, (sp.Identity, sp.ZeroMatrix)) or (
        isinstance(expr, sp.MatPow) and arg == expr.exp and not arg.atoms(sp.MatrixExpr)
    )


def _fits(expr: Any) -> bool:
    """Whether the sizes of a product or a sum are equal as they are written: each axis is then
    turned as the one that it meets.
    """
    matrices = [arg for arg in expr.args if isinstance(arg, sp.MatrixExpr)]
    if isinstance(expr, sp.MatAdd):
        return len({tuple(m.shape) for m in matrices}) == 1
    if isinstance(expr, sp.MatMul):
        return all(a.shape[1] == b.shape[0] for a, b in pairwise(matrices))
    return True


def _is_said_alike(fact: Any) -> bool:
    """Whether a fact says the same when all matrices in it are turned."""
    if isinstance(fact, AppliedPredicate):
        if isinstance(fact.arg, sp.MatrixExpr):
            return says(fact, *KEPT) and isinstance(fact.arg, sp.MatrixSymbol)
        return _says_the_same(fact.arg)
    return isinstance(fact, Relational) and all(map(_says_the_same, fact.args))
