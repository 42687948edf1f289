"""Functions of a square matrix in numbers: Cholesky factors, square roots and exponentials.

In rationals as long as those last, in balls that enclose the values, or in floats; with their
first and second derivatives. Part of the evaluator: nothing here knows how a claim is proved.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import flint
import numpy as np
from flint import arb, arb_mat, fmpq

from derive.evaluation.fields import BALL, Field, Inconclusive, NotExact, Undefined
from derive.evaluation.jets import Jet, Jets

NEAR = 1e-9  # of floats that are equal up to rounding
TERMS = 24  # of the series of exp, of a matrix of norm up to 1/2
STEPS = 60  # of Newton's iteration for a square root
NOT_SYMMETRIC = "a matrix that is not symmetric has neither a Cholesky factor nor this root"
NOT_DEFINITE = "a matrix that is not positive definite"


def of_matrix(jets: Jets, name: str, a: Jet) -> Jet:
    """A function of a square matrix, by its name.

    :raises Undefined: for a root or a factor of a matrix that is not symmetric and positive
        definite, or of one that does not stay symmetric as it moves.
    """
    if name == "matrix_exp":
        return _exponential(jets, a)
    parts = (a.v, *(() if a.g is None else a.g))
    if a.h is not None:
        parts += tuple(one for row in a.h for one in row)
    for part in parts:
        _check_symmetric(jets.field, part)
    return _cholesky(jets, a) if name == "cholesky" else _square_root(jets, a)


def _check_symmetric(field: Field, a: np.ndarray) -> None:
    if field.dtype is float:
        if not np.allclose(a, a.T, rtol=NEAR, atol=NEAR * (np.abs(a).max() + 1e-300)):
            raise Undefined(NOT_SYMMETRIC)
        return
    for i, j in zip(*np.triu_indices(len(a), 1), strict=True):
        if field.sign(a[i, j] - a[j, i]) != 0:
            raise Undefined(NOT_SYMMETRIC)


# ---- L Lᵀ = A


def _factor(field: Field, a: np.ndarray) -> np.ndarray:
    if field.dtype is float:
        try:
            return np.linalg.cholesky(a)
        except np.linalg.LinAlgError as problem:
            raise Undefined(NOT_DEFINITE) from problem
    result = field.array(np.zeros(a.shape, dtype=int))
    for j in range(len(a)):
        square = a[j, j] - result[j, :j] @ result[j, :j] if j else a[j, j]
        if field.sign(square) <= 0:
            raise Undefined(NOT_DEFINITE)
        result[j, j] = field.function("sqrt", square)
        for i in range(j + 1, len(a)):
            rest = a[i, j] - result[i, :j] @ result[j, :j] if j else a[i, j]
            result[i, j] = rest * field.reciprocal(result[j, j])
    return result


def _cholesky(jets: Jets, a: Jet) -> Jet:
    """L′ = L·Φ(L⁻¹ A′ L⁻ᵀ), from L′Lᵀ + L L′ᵀ = A′; and so on for the second derivatives."""
    field = jets.field
    factor = _factor(field, a.v)
    if a.g is None:
        return Jet(factor)
    below = field.inverse(factor)
    weights = np.tril(np.ones(factor.shape, dtype=int), -1) + np.eye(len(factor), dtype=int) / 2
    half = field.array(np.vectorize(Fraction, otypes=[object])(weights))

    def moved(change: np.ndarray) -> np.ndarray:
        return factor @ (half * (below @ change @ below.T))

    return _with_derivatives(jets, a, factor, moved, lambda x, y: x @ y.T + y @ x.T)


def _with_derivatives(
    jets: Jets,
    a: Jet,
    value: np.ndarray,
    moved: Callable[[np.ndarray], np.ndarray],
    crossed: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Jet:
    """The jet of f(A) for an f with f·fᵀ = A or f·f = A.

    :param moved: f′ where A moves by so much.
    :param crossed: what the products of first derivatives add to the second one of f·f.
    """
    first = np.stack([moved(change) for change in a.g])
    if jets.order < 2:
        return Jet(value, first)
    width = len(first)
    second = np.empty((width, width, *value.shape), dtype=value.dtype)
    for p in range(width):
        for q in range(width):
            cross = crossed(first[p], first[q])
            second[p, q] = moved(-cross if a.h is None else a.h[p, q] - cross)
    return Jet(value, first, second)


# ---- S S = A


def _square_root(jets: Jets, a: Jet) -> Jet:
    """S′S + S S′ = A′, a linear equation for the entries of S′."""
    field = jets.field
    root = _root(field, a.v)
    if a.g is None:
        return Jet(root)
    size = len(root)
    identity = field.array(np.eye(size, dtype=int))
    solved = field.inverse(_kronecker(root, identity) + _kronecker(identity, root))

    def moved(change: np.ndarray) -> np.ndarray:
        return (solved @ change.reshape(-1)).reshape(size, size)

    return _with_derivatives(jets, a, root, moved, lambda x, y: x @ y + y @ x)


def _kronecker(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    size = len(a) * len(b)
    return np.einsum("ij,kl->ikjl", a, b).reshape(size, size)


def _root(field: Field, a: np.ndarray) -> np.ndarray:
    if field.dtype is float:
        values, vectors = np.linalg.eigh((a + a.T) / 2)
        if values[0] <= 0:
            raise Undefined(NOT_DEFINITE)
        return (vectors * np.sqrt(values)) @ vectors.T
    _factor_exists(field, a)
    if _is_diagonal(field, a):
        result = field.array(np.zeros(a.shape, dtype=int))
        for k in range(len(a)):
            result[k, k] = field.function("sqrt", a[k, k])
        return result
    if field.name == "exact":
        raise NotExact("the square root of a matrix")
    return _enclosed_root(a)


def _factor_exists(field: Field, a: np.ndarray) -> None:
    """Insist on a positive definite matrix, by elimination without any root."""
    rest = a.copy()
    for k in range(len(rest)):
        if field.sign(rest[k, k]) <= 0:
            raise Undefined(NOT_DEFINITE)
        for i in range(k + 1, len(rest)):
            rest[i] = rest[i] - rest[k] * (rest[i, k] * field.reciprocal(rest[k, k]))


def _is_diagonal(field: Field, a: np.ndarray) -> bool:
    return all(isinstance(x, fmpq) and x == 0 for x in a[~np.eye(len(a), dtype=bool)])


def _enclosed_root(a: np.ndarray) -> np.ndarray:
    """A ball for each entry of S.

    Let S₀ be near S, symmetric, with all eigenvalues above m > 0, and ρ = ‖A − S₀²‖ (Frobenius).
    S = S₀ + E where E S₀ + S₀ E = A − S₀² − E². The solution X of X S₀ + S₀ X = R has
    ‖X‖ ≤ ‖R‖/(2m), so that for ρ < m² the right-hand side maps ‖E‖ ≤ ρ/m into itself and brings any
    two such E nearer: there is one solution, symmetric as A is, and S₀ + E has only positive
    eigenvalues, as ρ/m < m.
    """
    size = len(a)
    matrix = arb_mat(size, size, [arb(x) for x in a.reshape(-1)])
    middle = _symmetric_middle(matrix)
    near = _newton(middle)
    residual = matrix - near * near
    rho = sum((abs(x) ** 2 for x in residual.entries()), arb(0)).sqrt()
    least = _below_all_eigenvalues(near)
    radius = rho / least
    if not (rho < least * least and radius.is_finite()):
        raise Inconclusive("a square root that is not separated from others")
    bound = arb(0, radius.abs_upper())
    result = np.empty((size, size), dtype=object)
    for i in range(size):
        for j in range(size):
            result[i, j] = near[i, j] + bound
    return result


def _symmetric_middle(matrix: arb_mat) -> arb_mat:
    size = matrix.nrows()
    entries = [matrix[min(i, j), max(i, j)].mid() for i in range(size) for j in range(size)]
    return arb_mat(size, size, entries)


def _newton(matrix: arb_mat) -> arb_mat:
    """Numbers near the square root, by Denman's and Beavers' iteration; no enclosure."""
    size = matrix.nrows()
    here = matrix
    other = arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
    for _ in range(STEPS):
        try:
            after = (here + other.inv()) * arb(0.5), (other + here.inv()) * arb(0.5)
        except ZeroDivisionError as problem:
            raise Inconclusive("a square root of a matrix near a singular one") from problem
        change = max((float(abs(x).mid()) for x in (after[0] - here).entries()), default=0.0)
        here, other = (_symmetric_middle(x) for x in after)
        if change <= 2.0 ** (8 - flint.ctx.prec):
            break
    return here


def _below_all_eigenvalues(matrix: arb_mat) -> arb:
    """m > 0 below all eigenvalues of a symmetric matrix: m = 1/(the largest row sum of |A⁻¹|), of a
    matrix that is positive definite.
    """
    size = matrix.nrows()
    entries = np.empty((size, size), dtype=object)
    entries.reshape(-1)[:] = matrix.entries()
    try:
        _factor_exists(BALL, entries)
        inverse = matrix.inv()
    except (Undefined, ZeroDivisionError) as problem:  # it is only near the root
        raise Inconclusive("a matrix near a singular one") from problem
    rows = [sum((abs(inverse[i, j]) for j in range(size)), arb(0)) for i in range(size)]
    largest = max((row.abs_upper() for row in rows), key=float)
    return (1 / arb(largest)).abs_lower()


# ---- exp A


def _exponential(jets: Jets, a: Jet) -> Jet:
    """exp of a block matrix: ((A, D), (0, A)) has the derivative of exp A along D beside exp A on
    its diagonal, and of four blocks each way the second one.
    """
    field, size = jets.field, len(a.v)
    value = _exp(field, a.v)
    if a.g is None:
        return Jet(value)
    zero = field.array(np.zeros((size, size), dtype=int))

    def corner(rows: list[list[np.ndarray]]) -> np.ndarray:
        return _exp(field, np.block(rows))[:size, -size:]

    def moved(change: np.ndarray) -> np.ndarray:
        return corner([[a.v, change], [zero, a.v]])

    first = np.stack([moved(change) for change in a.g])
    if jets.order < 2:
        return Jet(value, first)
    width = len(first)
    second = np.empty((width, width, size, size), dtype=value.dtype)
    for p in range(width):
        for q in range(width):
            one, two = a.g[p], a.g[q]
            both = zero if a.h is None else a.h[p, q]
            second[p, q] = corner(
                [
                    [a.v, one, two, both],
                    [zero, a.v, zero, two],
                    [zero, zero, a.v, one],
                    [zero, zero, zero, a.v],
                ]
            )
    return Jet(value, first, second)


def _exp(field: Field, a: np.ndarray) -> np.ndarray:
    if field.dtype is float:
        return _exp_of_floats(a)
    if _is_diagonal(field, a):
        result = field.array(np.zeros(a.shape, dtype=int))
        for k in range(len(a)):
            result[k, k] = field.function("exp", a[k, k])
        return result
    if field.name == "exact":
        raise NotExact("the exponential of a matrix")
    matrix = arb_mat(len(a), len(a), [arb(x) for x in a.reshape(-1)]).exp()
    if not all(x.is_finite() for x in matrix.entries()):
        raise Inconclusive("a ball without bounds")
    result = np.empty(a.shape, dtype=object)
    result.reshape(-1)[:] = matrix.entries()
    return result


def _exp_of_floats(a: np.ndarray) -> np.ndarray:
    norm = float(np.abs(a).sum(axis=-1).max())
    if not norm < 700:
        raise Inconclusive("the exponential of a large matrix")
    halvings = max(0, int(np.ceil(np.log2(norm))) + 1) if norm else 0
    part = a / 2.0**halvings
    term = result = np.eye(len(a))
    for k in range(1, TERMS):
        term = term @ part / k
        result = result + term
    for _ in range(halvings):
        result = result @ result
    return result
