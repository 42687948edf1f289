"""Powers of matrices in sums: Aᵖ·A^q is A^(p + q), A·Aᵖ is A^(p + 1), and Aⁿ·x is λⁿ·x for an
eigenvector x.
"""

from __future__ import annotations

from itertools import permutations
from typing import TypeGuard

from derive.canonical.atoms import Atom, EntryAtom, Monomial, Polynomial, RefAtom
from derive.canonical.laws import law
from derive.canonical.verbs import Verbs
from derive.core.integers import FREE, Var, as_poly, is_nonnegative
from derive.core.terms import Factors, substitute


@law("joined powers of a matrix")
def joined_powers(n: Verbs, variables: list[Var], monomial: Monomial) -> Polynomial | None:
    """Σ_k Aᵖ[i, k]·A^q[k, j] = A^(p + q)[i, j]; None where none is summed so.

    Where p, q ≥ 0, and k runs along the whole axis and stands in nothing else.
    """
    powers = [a for a, e in monomial if e == 1 and _is_power(a, n)]
    for first, second in permutations(powers, 2):
        name, (*own, low, high, i, k) = first.name, first.indices
        other, (*same, start, end, l, j) = second.name, second.indices
        index = next((v for v in variables if as_poly(v) == k), None)
        if index is None or name != other or own != same or low != start or k != l:
            continue
        alone = not any(index in p.variables for p in (*own, low, high, end, i, j))
        rest = {a: e for a, e in monomial if a not in (first, second)}
        if not alone or any(index in a.free for a in rest):
            continue
        size = n.recursion.heads[name].params[-1].high
        counted = all(is_nonnegative(e - low + 1) for e in (high, end))
        if not counted or index.high != size:
            continue
        whole = n.recursion.entry(name, (*own, low, high + end - low + 1, i, j))
        product = n.multiply(whole, n.settled(rest, 1))
        others = [v for v in variables if v is not index]
        return n.sum_all(others, product) if others else product
    return None


@law("matrix joined to its power")
def matrix_joined(n: Verbs, variables: list[Var], monomial: Monomial) -> Polynomial | None:
    """Σ_k A[i, k]·Aᵖ[k, j] = A^(p + 1)[i, j] = Σ_k Aᵖ[i, k]·A[k, j]; None where none is summed so.

    Where p ≥ 0, and k runs along the whole axis and stands in nothing else.
    """
    for power, exponent in monomial:
        if exponent != 1 or not _is_power(power, n):
            continue
        name, (*own, low, high, row, column) = power.name, power.indices
        factors = n.recursion.heads[name].factors
        if own or factors is None or not is_nonnegative(high - low + 1):
            continue
        size = n.recursion.heads[name].params[-1].high
        for met, far, left in ((row, column, True), (column, row, False)):
            index = next((v for v in variables if as_poly(v) == met), None)
            if index is None or index.high != size:
                continue
            beside = [(a, e) for a, e in monomial if index in a.free and a is not power]
            alone = not any(index in p.variables for p in (low, high, far))
            atom = beside[0][0] if len(beside) == 1 else None
            if not alone or not isinstance(atom, EntryAtom):
                continue
            for place in atom.indices:
                at = (place, met) if left else (met, place)
                entry = substitute(
                    factors.body, dict(zip((factors.row, factors.column), at, strict=True))
                )
                if index in place.variables or n.of(entry) != {tuple(beside): 1}:
                    continue
                ends = (place, far) if left else (far, place)
                whole = n.recursion.entry(name, (low, high + 1, *ends))
                rest = {a: e for a, e in monomial if a is not power and a is not atom}
                product = n.multiply(whole, n.settled(rest, 1))
                others = [v for v in variables if v is not index]
                return n.sum_all(others, product) if others else product
    return None


@law("power of an eigenvalue")
def power_of_eigenvalue(n: Verbs, variables: list[Var], monomial: Monomial) -> Polynomial | None:
    """Σ_k Aⁿ[i, k]·x[k] = λⁿ·x[i]; and Σ_k x[k]·Aⁿ[k, i] in the same way. None where none is
    summed so.

    Where n ≥ 1, and Σ_k A[i, k]·x[k] = λ·x[i] for all i by what is given.
    """
    for power, exponent in monomial if n.given.contractions else ():
        if exponent != 1 or not _is_power(power, n):
            continue
        name, (*own, low, high, row, column) = power.name, power.indices
        factors = n.recursion.heads[name].factors
        count = high - low + 1
        if own or factors is None or not is_nonnegative(count - 1):
            continue
        for met, other, left in ((column, row, False), (row, column, True)):
            index = next((v for v in variables if as_poly(v) == met), None)
            beside = [(a, e) for a, e in monomial if index in a.free and a is not power]
            if index is None or index in other.variables or len(beside) != 1:
                continue
            vector: Polynomial = {tuple(beside): 1}
            size = n.recursion.heads[name].params[-1].high
            found = _eigenvalue(n, factors, index, vector, left)
            if found is None or index.high != size:
                continue
            rest = {p: e for p, e in monomial if p is not power and p is not beside[0][0]}
            whole = n.integer_power(found, n.of_integer(count)) if found else found
            product = n.multiply(whole, n.substitute(vector, {index: other}), n.settled(rest, 1))
            others = [v for v in variables if v is not index]
            return n.sum_all(others, product) if others else product
    return None


def _eigenvalue(
    n: Verbs, factors: Factors, index: Var, vector: Polynomial, left: bool
) -> Polynomial | None:
    """The λ with Σ_k A[i, k]·x[k] = λ·x[i], the same for all i; None where there is none."""
    i = Var("i", FREE, index.low, index.high)
    at = (as_poly(index), as_poly(i)) if left else (as_poly(i), as_poly(index))
    entry = n.of(
        substitute(factors.body, dict(zip((factors.row, factors.column), at, strict=True)))
    )
    image = n.sum_over(index, n.multiply(entry, vector))
    ((here, _),) = n.substitute(vector, {index: as_poly(i)}).items()
    result: Polynomial = {}
    for monomial, coefficient in image.items():
        exponents = dict(monomial)
        for atom, exponent in here:
            exponents[atom] = exponents.get(atom, 0) - exponent
        quotient = n.monomial(exponents)
        if any(e < 0 for _, e in quotient) or any(i in a.free for a, _ in quotient):
            return None
        result[quotient] = coefficient
    return result


def _is_power(atom: Atom, n: Verbs) -> TypeGuard[RefAtom]:
    """Whether an atom is an entry of a power of a matrix of more than one row."""
    head = n.recursion.heads.get(atom.name) if isinstance(atom, RefAtom) else None
    if head is None or head.factors is None or head.factors.place is not None:
        return False
    if n.recursion.is_replaced(head):
        return False
    return len(head.params) == head.unfoldings[0].axis + 3
