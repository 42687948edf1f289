"""Sums of squares: why a polynomial that has terms of both signs is nonnegative all the same.

A polynomial of even degree in its atoms is written as a quadratic form in half-monomials. If the
matrix of that form is positive semidefinite, found by exact elimination, the polynomial is a sum
of squares. Where a product can be written in two ways the form is not unique and only one is
tried: a polynomial may be missed, never wrongly accepted.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import isqrt, lcm

from derive.canonical.atoms import Atom, Exponent, Monomial, Polynomial, SumAtom, monomial_order
from derive.canonical.forms import Normaliser
from derive.core.integers import as_poly, is_nonnegative

MAX_BASIS = 30
MAX_ABOVE = 10  # terms of a polynomial of which one is turned
MAX_MEANS = 6  # terms that are weighed against another
MAX_ROOT_TERMS = 12  # of a polynomial whose square is looked for
MAX_ROOT = 60  # the root that is taken of them


def is_sum_of_squares(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial over atoms is seen to be a sum of squares, times positive factors."""
    if not poly:
        return True
    factor, common = n.content(poly)
    outside = {a: e for a, e in common.items() if n.atom_sign(a) == "+" and n.lasts(poly, a)}
    poly = n.divided(poly, factor, outside)
    reduced = _mean_squares(n, poly)
    if _by_gram(n, poly) or (reduced is not None and (not reduced or _by_gram(n, reduced))):
        return True
    return _by_means(n, poly) or _is_square(n, poly)


def is_above_squares(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial is a sum of squares and twice a term that is seen not to be negative, as
    −λ·u + (λ² + u²)/2 = (λ + u)²/2 − 2·λ·u for u ≤ 0 ≤ λ.
    """
    if len(poly) > MAX_ABOVE:
        return False
    for monomial, coefficient in poly.items():
        if all(isinstance(e, int) and e % 2 == 0 for _, e in monomial):
            continue
        sign = n.monomial_sign(monomial)
        if sign is None or ("+" in sign) != (coefficient > 0):
            continue
        turned = {m: -c if m == monomial else c for m, c in poly.items()}
        if is_sum_of_squares(n, turned):
            return True
    return False


def _is_square(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial is q²: the terms of q one by one, the greatest first."""
    lead = max(poly, key=monomial_order)
    first = _root(Fraction(poly[lead]))
    if first is None or any(not isinstance(e, int) or e % 2 for _, e in lead):
        return False
    top = n.monomial({a: e // 2 for a, e in lead})
    root: Polynomial = {top: first}
    for _ in range(MAX_ROOT_TERMS):
        left = n.subtract(poly, n.multiply(root, root))
        if not left:
            return True
        greatest = max(left, key=monomial_order)
        quotient = dict(greatest)
        for atom, exponent in top:
            quotient[atom] = quotient.get(atom, 0) - exponent
        if any(e < 0 or not isinstance(e, int) for e in quotient.values()):
            return False
        root = n.add(root, {n.monomial(quotient): Fraction(left[greatest]) / (2 * first)})
    return False


def _root(value: Fraction) -> Fraction | None:
    """The square root of a rational that is the square of one."""
    root = Fraction(isqrt(abs(value.numerator)), isqrt(value.denominator))
    return root if root * root == value else None


def _by_means(n: Normaliser, poly: Polynomial) -> bool:
    """Whether the one negative term is outweighed by others: Σ λ·a ≥ Π a^λ for weights λ with the
    sum 1, and so Σ c·m ≥ Π (c/λ)^λ·Π m^λ.
    """
    negative = [(m, c) for m, c in poly.items() if c < 0]
    positive = [(m, c) for m, c in poly.items() if c > 0]
    if len(negative) != 1 or not 1 < len(positive) <= MAX_MEANS:
        return False
    if any(n.monomial_sign(m) not in ("+", "0+") for m, _ in positive):
        return False
    ((target, c),) = negative
    for number in range(2, len(positive) + 1):
        for chosen in combinations(positive, number):
            weights = _weights([m for m, _ in chosen], target)
            if weights is None:
                continue
            whole = lcm(*(w.denominator for w in weights))
            if whole > MAX_ROOT:
                continue
            product = Fraction(1)
            for (_, own), weight in zip(chosen, weights, strict=True):
                product *= (Fraction(own) / weight) ** int(weight * whole)
            if product >= Fraction(-c) ** whole:
                return True
    return False


def _weights(monomials: list[Monomial], target: Monomial) -> list[Fraction] | None:
    """Positive weights with the sum 1 with which monomials have another as their mean, where
    there is just one choice of them.
    """
    atoms = dict.fromkeys(a for m in (*monomials, target) for a, _ in m)
    rows = [[Fraction(1)] * (len(monomials) + 1)]
    rows += [[Fraction(dict(m).get(a, 0)) for m in (*monomials, target)] for a in atoms]
    size = len(monomials)
    for k in range(size):
        pivot = next((row for row in rows[k:] if row[k]), None)
        if pivot is None:
            return None
        rows.remove(pivot)
        pivot = [value / pivot[k] for value in pivot]
        rows = [[v - row[k] * p for v, p in zip(row, pivot, strict=True)] for row in rows]
        rows.insert(k, pivot)
    if any(row[size] for row in rows[size:]):
        return None
    weights = [row[size] for row in rows[:size]]
    return weights if all(w > 0 for w in weights) else None


def _by_gram(n: Normaliser, poly: Polynomial) -> bool:
    basis = _half_monomials(n, poly)
    if basis is None or len(basis) > MAX_BASIS:
        return False
    left = {m: Fraction(c) for m, c in poly.items()}
    size = len(basis)
    gram = [[Fraction(0)] * size for _ in range(size)]
    for i, m in enumerate(basis):
        gram[i][i] = left.pop(_product(n, m, m), Fraction(0))
    for i, j in combinations(range(size), 2):
        value = left.pop(_product(n, basis[i], basis[j]), Fraction(0))
        gram[i][j] = gram[j][i] = value / 2
    # What is left over must be nonnegative term by term.
    for monomial, coefficient in left.items():
        if coefficient < 0 or n.monomial_sign(monomial) not in ("+", "0+"):
            return False
    return is_semidefinite(gram)


def _half_monomials(n: Normaliser, poly: Polynomial) -> list[Monomial] | None:
    """The square roots of the terms that are squares."""
    result = []
    for monomial, coefficient in poly.items():
        if coefficient > 0:
            root: dict[Atom, Exponent] = {}
            for atom, e in monomial:
                half = Fraction(e) / 2
                if half.denominator != 1 and n.atom_sign(atom) not in ("+", "0+"):
                    break
                root[atom] = half
            else:
                result.append(n.monomial(root))
    return result or None


def _product(n: Normaliser, a: Monomial, b: Monomial) -> Monomial:
    exponents: dict[Atom, Exponent] = dict(a)
    for atom, e in b:
        exponents[atom] = exponents.get(atom, 0) + e
    return n.monomial(exponents)


def is_semidefinite(gram: list[list[Fraction]]) -> bool:
    """By symmetric elimination in exact rationals."""
    size = len(gram)
    rows = [list(row) for row in gram]
    for k in range(size):
        pivot = rows[k][k]
        if pivot < 0:
            return False
        if pivot == 0:
            if any(rows[k][j] for j in range(k, size)):
                return False
            continue
        for i in range(k + 1, size):
            ratio = rows[i][k] / pivot
            for j in range(k, size):
                rows[i][j] -= ratio * rows[k][j]
    return True


def _mean_squares(n: Normaliser, poly: Polynomial) -> Polynomial | None:
    """A lower bound: Σ_k f² over n values replaced by (Σ_k f)²/n, by Cauchy and Schwarz.

    None where no term has that form.
    """
    result: Polynomial = {}
    replaced = False
    for monomial, coefficient in poly.items():
        bound = None
        squares = [(a, e) for a, e in monomial if isinstance(a, SumAtom) and e == 1]
        rest = {a: e for a, e in monomial if (a, e) not in squares}
        positive = coefficient > 0 and n.monomial_sign(n.monomial(rest)) in ("+", "0+")
        if positive and len(squares) == 1:
            bound = _lower_bound(n, squares[0][0])
        if bound is None:
            result = n.add(result, {monomial: coefficient})
        else:
            replaced = True
            result = n.add(result, n.multiply({n.monomial(rest): coefficient}, bound))
    return result if replaced else None


def _lower_bound(n: Normaliser, atom: SumAtom) -> Polynomial | None:
    """(Σ_k f)²/n for an atom Σ_k f²."""
    highs, monomial = atom.highs, atom.body
    if len(highs) != 1 or not is_nonnegative(highs[0]):
        return None
    if any(not isinstance(e, int) or e % 2 for _, e in monomial):
        return None
    (variable,), _ = n.opened(atom)
    root = n.monomial({a: e // 2 for a, e in monomial})
    bound = n.bound(atom.height - 1)
    inside = n.substitute({root: 1}, {bound: as_poly(variable)})
    total = n.sum_over(variable, inside)
    length = n.of_integer(highs[0] + 1)
    return n.multiply(n.multiply(total, total), n.power(length, -1))
