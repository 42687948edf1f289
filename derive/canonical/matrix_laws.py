"""Functions of a matrix in canonical forms: the value is an array, of which its laws are given.

Each function is defined by equations, and nothing else of it is used. The value is taken to be an
array of its own (:mod:`derive.canonical.function_values`), one for every class of equal matrices:

- ``cholesky(A)``: L[i, j] = 0 for i < j, L[i, i] > 0, L Lᵀ = A; so that A⁻¹ = L⁻ᵀ L⁻¹,
  L⁻¹ A = Lᵀ and det A = (Π L[i, i])².
- ``sqrtm(A)``: S = Sᵀ, positive definite, S S = A; so that A⁻¹ = S⁻¹ S⁻¹, S⁻¹ A = S and
  det A = (det S)². A given A of which no more is assumed than that is S S wherever it stands.
- ``matrix_exp(A)``: exp(−A) = exp(A)⁻¹, exp(Aᵀ) = exp(A)ᵀ, exp(0) = I, det exp(A) = exp tr A,
  exp(A) is symmetric and positive definite where A is symmetric, orthogonal where Aᵀ = −A, and
  else exp(f·A) A = A exp(f·A) for a scalar f.

They hold wherever the value exists: for the first two, where A is symmetric and positive definite.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from derive.base.slot import Slot
from derive.canonical.atoms import Atom, DeterminantAtom, EntryAtom, Polynomial, monomial_order
from derive.canonical.determinants import entries_of, is_small
from derive.canonical.exponential_products import add_product_laws
from derive.canonical.function_values import Value, is_value
from derive.canonical.verbs import Verbs
from derive.core.integers import FREE, FRESH, ZERO, Poly, Var, as_poly
from derive.core.terms import (
    Entry,
    FunctionEntry,
    Shared,
    entry,
    function_of,
    mul,
    num,
    total,
)

# A polynomial over atoms as a term.
AS_TERM = Slot("derive.engine")

SQUARES = frozenset({"cholesky", "sqrtm"})  # f(A) with f(A) f(A)ᵀ = A
TRAITS = {
    "cholesky": frozenset({"lower_triangular", "positive_diagonal"}),
    "sqrtm": frozenset({"symmetric", "positive_definite"}),
}
# What is assumed of a matrix that has a root: it is no more than the square of one.
OF_ROOTS = frozenset({"symmetric", "positive_definite"})


def is_positive(n: Verbs, atom: Atom) -> bool:
    """Whether an atom is a diagonal entry of a Cholesky factor, or the determinant of a function
    of a matrix that is positive definite.
    """
    return _is_on_positive_diagonal(atom) or _is_determinant_of_definite(n, atom)


def _is_on_positive_diagonal(atom: Atom) -> bool:
    """Whether an atom is a diagonal entry of a Cholesky factor."""
    if not isinstance(atom, EntryAtom) or "positive_diagonal" not in atom.array.traits:
        return False
    return atom.indices[0] == atom.indices[1]


def function_entry(
    n: Verbs, function: str, matrix: Shared, size: Poly, i: Poly, j: Poly
) -> Polynomial:
    """An entry of a function of a matrix.

    Of a diagonal matrix, entry by entry; √(c A) = √c √A for a factor c > 0 of all entries, and the
    same of Cholesky factors; exp(−A) = exp(A)⁻¹, the sign by the leading term.
    """
    own = n.of(matrix.body)
    name, transposed, _ = n.matrix_name(matrix)
    if not own or len(n.sides_of_class(name)) == 2:
        on = n.index_bracket("=", i - j)
        diagonal = n.of(matrix.at((i, i))) if on else {}
        of_entry = n.exp(diagonal) if function == "matrix_exp" else _root(n, diagonal)
        return n.multiply(on, of_entry) if on else {}
    n.matrices.meets_small |= is_small(matrix)
    if function == "cholesky" and n.matrices.writes_out and is_small(matrix):
        return _written_out(n, matrix, i, j)
    if function in SQUARES:
        scaled = _without_factor(n, own, matrix)
        if scaled is not None:
            factor, rest = scaled
            return n.multiply(_root(n, factor), function_entry(n, function, rest, size, i, j))
        return n.entry(_value(n, function, matrix, size), (i, j))
    if _is_negative(n, own, matrix):
        opposite = Shared(matrix.params, mul(num(-1), matrix.body), _opposite(matrix.label))
        return n.inverse_entry(function_of(opposite, function, size), i, j)
    value = _value(n, function, matrix, size)
    return n.entry(value, (j, i) if transposed else (i, j))


def _written_out(n: Verbs, matrix: Shared, i: Poly, j: Poly) -> Polynomial:
    """L[a, b] = (A[a, b] − Σ_c L[a, c]·L[b, c])/L[b, b] for a > b, with c < b, and the root of that
    numerator for a = b, of a matrix of few rows.
    """
    entries = entries_of(n, matrix) or []
    rows = len(entries)
    found: dict[tuple[int, int], Polynomial] = {}
    result: Polynomial = {}
    for b in range(rows):
        for a in range(b, rows):
            used = (n.multiply(found[a, c], found[b, c]) for c in range(b))
            rest = n.subtract(entries[a][b], n.add({}, *used))
            root = _root(n, rest) if a == b else {}
            found[a, b] = root if a == b else n.multiply(rest, n.power(found[b, b], -1))
            here = n.multiply(n.index_bracket("=", i - a), n.index_bracket("=", j - b))
            result = n.add(result, n.multiply(here, found[a, b]))
    return result


def _opposite(label: Any) -> Any:
    return None if label is None else -label


def _root(n: Verbs, poly: Polynomial) -> Polynomial:
    return n.power(poly, Fraction(1, 2))


def _is_negative(n: Verbs, own: Polynomial, matrix: Shared) -> bool:
    """Whether the leading term of a matrix has a negative coefficient, in the parameters that all
    matrices have in common.
    """
    renaming = n.names.parameters(matrix, (0, 1))
    named = n.substitute(own, {v: as_poly(p) for v, p in renaming.items()})
    return bool(named) and named[max(named, key=monomial_order)] < 0


def _without_factor(n: Verbs, own: Polynomial, matrix: Shared) -> tuple[Polynomial, Shared] | None:
    """A factor c > 0 that all entries of A share, the same for all, and A/c; None without one."""
    if not own:
        return None
    factor, common = n.content(own)
    shared = {
        a: e for a, e in common.items() if isinstance(e, int) and a.free.isdisjoint(matrix.params)
    }
    while shared and n.monomial_sign(n.monomial(shared)) != "+":
        known = {a: e for a, e in shared.items() if n.monomial_sign(((a, e),)) == "+"}
        if known == shared:
            return None
        shared = known
    if factor == 1 and not shared:
        return None
    rest = n.divided(own, factor, shared)
    return {n.monomial(shared): factor}, Shared(matrix.params, AS_TERM(n, rest))


def _value(n: Verbs, function: str, matrix: Shared, size: Poly) -> Value:
    """The value of a function of the class of a matrix, with its laws from the first time on."""
    name, transposed, symmetric = n.matrix_name(matrix)
    found = n.matrices.values.get((function, name))
    if found is not None:
        return found
    traits = TRAITS.get(function, frozenset())
    if function == "matrix_exp":
        if symmetric:
            traits = OF_ROOTS
        if transposed:
            i, j = matrix.params
            matrix = Shared((j, i), matrix.body, None if matrix.label is None else matrix.label.T)
    found = n.matrices.values[function, name] = Value(function, matrix, size, traits)
    if function in SQUARES:
        _square_laws(n, found, name)
    else:
        if not symmetric:
            _exponential_laws(n, found)
        add_product_laws(n, found)
    return found


def inverse_of_square(n: Verbs, value: Value, i: Poly, j: Poly) -> Polynomial:
    """A⁻¹[i, j] = Σ_k L⁻¹[k, i]·L⁻¹[k, j]"""
    k = Var("k", FRESH, ZERO, value.axes[0] - 1)
    below = value.whole
    product = n.multiply(
        n.inverse_entry(below, as_poly(k), i), n.inverse_entry(below, as_poly(k), j)
    )
    return n.sum_over(k, product)


def _exponential_laws(n: Verbs, value: Value) -> None:
    """Σ_k E[k, i]·E[k, j] = Σ_k E[i, k]·E[j, k] = [i = j] where Aᵀ = −A, and else
    Σ_k E[i, k]·A[k, j] = Σ_k A[i, k]·E[k, j], where a factor of all entries of A is left out.

    Where A is symmetric the second law says what its own mirror image does, and leads nowhere.
    """
    size = value.axes[0]
    i, j = (Var(v, FREE, ZERO, size - 1) for v in "ij")
    k = Var("k", FRESH, ZERO, size - 1)
    row, column, inner = as_poly(i), as_poly(j), as_poly(k)
    matrix = value.matrix
    here, mirror = (n.of(matrix.at(place)) for place in ((row, column), (column, row)))
    laws = []
    if not n.add(here, mirror):
        same = n.index_bracket("=", row - column)
        for one, two in (((inner, row), (inner, column)), ((row, inner), (column, inner))):
            product = n.multiply(n.entry(value, one), n.entry(value, two))
            laws.append(n.subtract(n.sum_over(k, product), same))
    else:
        factor, common = n.content(here)
        common = {a: e for a, e in common.items() if a.free.isdisjoint((i, j))}
        rest = n.divided(here, factor, common)
        left, right = (n.substitute(rest, {v: inner}) for v in (i, j))
        after = n.sum_over(k, n.multiply(n.entry(value, (row, inner)), left))
        before = n.sum_over(k, n.multiply(right, n.entry(value, (inner, column))))
        laws.append(n.subtract(after, before))
    for law in laws:
        n.add_equation(law, frozenset((i, j)), (value.function, value))
    n.forget()


def _is_determinant_of_definite(n: Verbs, atom: Atom) -> bool:
    """Whether an atom is the determinant of a function of a matrix that is positive definite."""
    if not isinstance(atom, DeterminantAtom):
        return False
    body = n.matrices.met[atom.name][0].body
    own = n.of(body) if isinstance(body, FunctionEntry) else {}
    return len(own) == 1 and any(
        is_value(a) and "positive_definite" in a.array.traits
        for m, c in own.items()
        for a, e in m
        if len(m) == e == c == 1
    )


def _square_laws(n: Verbs, value: Value, name: int) -> None:
    """Σ_k L[i, k]·L[j, k] = A[i, j] and Σ_k L⁻¹[i, k]·A[k, j] = L[j, i]."""
    matrix, size = value.matrix, value.axes[0]
    i, j = (Var(v, FREE, ZERO, size - 1) for v in "ij")
    k = Var("k", FRESH, ZERO, size - 1)
    row, column, inner = as_poly(i), as_poly(j), as_poly(k)
    n.matrices.factors[name] = value
    if value.function == "sqrtm" and _is_square_of_root(n, value, matrix):
        # Its matrix is another from here on, of which this is the root.
        name, _, _ = n.matrix_name(matrix)
        n.matrices.values[value.function, name] = n.matrices.factors[name] = value
        return
    open_ = frozenset((i, j))
    label = (value.function, value)
    square = n.sum_over(
        k, n.multiply(n.entry(value, (row, inner)), n.entry(value, (column, inner)))
    )
    n.add_equation(n.subtract(square, n.of(matrix.at((row, column)))), open_, label)
    below = n.inverse_entry(value.whole, row, inner)
    cancelled = n.sum_over(k, n.multiply(below, n.of(matrix.at((inner, column)))))
    n.add_equation(n.subtract(cancelled, n.entry(value, (column, row))), open_, label)
    n.forget()


def _is_square_of_root(n: Verbs, value: Value, matrix: Shared) -> bool:
    """Take A[i, j] = Σ_k S[i, k]·S[k, j] as what a given A is, of which no more is assumed than
    that it has a root; whether that is so.
    """
    body, (i, j) = matrix.body, matrix.params
    if not isinstance(body, Entry) or body.data[1] != (as_poly(i), as_poly(j)):
        return False
    array = body.data[0]
    if not array.traits <= OF_ROOTS:
        return False
    k = Var("k", FRESH, ZERO, value.axes[0] - 1)
    inner = as_poly(k)
    product = total(k, mul(entry(value, as_poly(i), inner), entry(value, inner, as_poly(j))))
    return n.replace(array, Shared((i, j), product), (value.function, value))
