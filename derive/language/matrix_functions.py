"""Functions of a square matrix that are known by their defining equations: Cholesky, √ and exp.

- ``cholesky(A)`` is the lower triangular L with a positive diagonal and L Lᵀ = A.
- ``sqrtm(A)`` is the symmetric positive definite S with S S = A.
- ``matrix_exp(A)`` is Σ_k Aᵏ/k!.

The first two have a value where A is symmetric and positive definite, and nowhere else: a claim
that speaks of them is made for such A, and a derivative in A is the one within the symmetric
matrices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, ClassVar

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from derive.language.dims import Dims
from derive.language.operators import entry
from derive.language.predicates import says
from derive.language.shape_rules import Shaping, shape_rule


class MatrixFunction(MatrixExpr):
    """Base of the functions: the one argument is the matrix.

    ``function`` is the name that the core and the evaluator know it by, ``of_scalar`` what it is
    of a 1×1 matrix, and ``definite`` whether the matrix has to be positive definite.
    """

    function: ClassVar[str]
    of_scalar: ClassVar[Any]
    definite: ClassVar[bool] = True
    is_commutative = False

    def __new__(cls, matrix: Any) -> Any:
        return super().__new__(cls, sp.sympify(matrix))

    @property
    def operand(self) -> Any:
        return self.args[0]

    @property
    def shape(self) -> Any:
        return self.operand.shape

    def _entry(self, i: Any, j: Any, **_: Any) -> sp.Expr:
        return entry(self, i, j)

    def doit(self, **hints: Any) -> Any:
        return self.func(self.operand.doit(**hints)) if hints.get("deep", True) else self

    def _sympystr(self, printer: Any) -> str:
        return f"{self.function}({printer._print(self.operand)})"

    def _latex(self, printer: Any) -> str:
        name = self.function.replace("_", r"\_")
        return rf"\operatorname{{{name}}}\left({printer._print(self.operand)}\right)"

    def _numpycode(self, printer: Any) -> str:
        return numpy_text(self.function, printer._print(self.operand))


class Cholesky(MatrixFunction):
    """The lower triangular L with a positive diagonal and L Lᵀ = A."""

    function = "cholesky"
    of_scalar = staticmethod(sp.sqrt)


class SquareRoot(MatrixFunction):
    """The symmetric positive definite S with S S = A."""

    function = "sqrtm"
    of_scalar = staticmethod(sp.sqrt)


class MatrixExp(MatrixFunction):
    """Σ_k Aᵏ/k!, of any square matrix."""

    function = "matrix_exp"
    of_scalar = sp.exp
    definite = False


NAMED: dict[str, type[MatrixFunction]] = {
    kind.function: kind for kind in (Cholesky, SquareRoot, MatrixExp)
}


def named(function: str, matrix: Any) -> Any:
    """A function of a matrix by its name; None for a matrix that has none itself."""
    return None if matrix is None else NAMED[function](matrix)


def cholesky(matrix: Any) -> Cholesky:
    """The lower triangular L with a positive diagonal and L Lᵀ = A, of a symmetric positive
    definite A.
    """
    return Cholesky(matrix)


def sqrtm(matrix: Any) -> SquareRoot:
    """The symmetric positive definite S with S S = A, of a symmetric positive definite A."""
    return SquareRoot(matrix)


def matrix_exp(matrix: Any) -> MatrixExp:
    """exp(A) = Σ_k Aᵏ/k! of a square matrix, which is not exp entry by entry."""
    return MatrixExp(matrix)


@shape_rule(MatrixFunction)
def _matrix_function_shape(shapes: Shaping, expr: Any) -> Dims:
    """Square, as its argument."""
    size = shapes.square(expr.operand, expr)
    return (size, size)


# exp by 2ˢ equal steps, each by a series of 20 terms of a matrix whose entries add up to less than
# 1 in each row; NumPy has neither it nor √.
NUMPY = {
    "cholesky": "{np}.linalg.cholesky({a})",
    "sqrtm": "(lambda w, q: (q*{np}.sqrt(w)) @ q.T)(*{np}.linalg.eigh({a}))",
    "matrix_exp": (
        "(lambda a: (lambda s: {np}.linalg.matrix_power({np}.sum([{np}.linalg.matrix_power(a/2**s, "
        "k)/{np}.prod({np}.arange(1.0, k + 1)) for k in range(20)], axis=0), 2**s))"
        "(int(abs(a).sum(axis=1).max()).bit_length()))({np}.asarray({a}, dtype=float))"
    ),
}


def numpy_text(function: str, operand: str, module: str = "numpy") -> str:
    """A function of a matrix in NumPy."""
    return NUMPY[function].replace("{np}", module).replace("{a}", operand)


def is_surely_definite(matrix: Any, known: Collection[Any]) -> bool:
    """Whether a matrix is positive definite by some assumptions: it is the sum of matrices that
    are, each with a positive factor, transposed or inverted.
    """
    if sp.Q.positive_definite(matrix) in known or isinstance(matrix, sp.Identity):
        return True
    if isinstance(matrix, (sp.Transpose, sp.Inverse)):
        return is_surely_definite(matrix.arg, known)
    if isinstance(matrix, sp.MatAdd):
        return all(is_surely_definite(part, known) for part in matrix.args)
    if isinstance(matrix, sp.MatMul):
        factor, parts = matrix.as_coeff_matrices()
        alone = len(parts) == 1 and bool(factor.is_positive)
        return alone and is_surely_definite(parts[0], known)
    return False


def implied(said: Iterable[Any], where: Mapping[Any, Any], given: Iterable[Any]) -> tuple[Any, ...]:
    """What has to hold of the matrices of which a factor or a root is taken, that it has a value:
    they are symmetric and positive definite; and that what is positive definite is symmetric.

    :param where: what the claim defines; of that itself nothing is assumed.
    """
    expressions = (expr for expr in said if isinstance(expr, sp.Basic))
    operands = {n.operand for expr in expressions for n in _functions(expr) if n.definite}
    if not operands:
        return ()
    facts = (part for fact in given for part in sp.And.make_args(fact))
    definite = {fact.arguments[0] for fact in facts if says(fact, "positive_definite")}
    inside = {m for a in operands for m in a.atoms(sp.MatrixSymbol)}
    for symbol in reversed(where):  # a definition uses those before it
        if symbol in inside:
            inside |= where[symbol].atoms(sp.MatrixSymbol)
    found = (operands & inside) | (inside & definite)
    square = (m for m in found if isinstance(m, sp.MatrixSymbol) and m.shape[0] == m.shape[1])
    symbols = sorted(set(square) - set(where), key=str)
    return tuple(p(m) for m in symbols for p in (sp.Q.symmetric, sp.Q.positive_definite))


@lru_cache(maxsize=4096)
def _functions(expr: sp.Basic) -> frozenset[MatrixFunction]:
    """The functions of matrices in an expression. Kept, since claims have definitions in common."""
    stack = [expr]
    seen = {expr}
    while stack:
        for part in stack.pop().args:
            if isinstance(part, sp.Basic) and part not in seen:
                seen.add(part)
                stack.append(part)
    return frozenset(node for node in seen if isinstance(node, MatrixFunction))
