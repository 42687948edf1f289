"""Polynomials over atoms: the commutative algebra in which two sides are compared.

A polynomial is a dict from monomials to rational coefficients; a monomial is a tuple of
(atom, exponent) pairs in the order in which the atoms were made. Exponents are rational:
``exp(2x)`` is the square of the atom ``exp(x)``, a square root has exponent ½ and a
denominator is an atom (a whole polynomial) with a negative exponent. Atoms are interned, so
equal ones are one object; every operation returns a polynomial in which

* like terms are collected, brackets are idempotent, deltas are used up;
* a polynomial never stands under a positive whole exponent (it is multiplied out), and a
  numerator is reduced by each denominator that its terms are divisible by;
* exponentials of sums are products, logarithms of products are sums, and a fractional power
  is taken of what is left once squares and positive factors are outside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from derive.base import bounded
from derive.base.budget import spend
from derive.base.errors import BudgetExceeded
from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    BracketAtom,
    CosAtom,
    Exponent,
    FunctionAtom,
    IndexBracketAtom,
    IntAtom,
    Polynomial,
    PrimeAtom,
    RealBracketAtom,
    exact,
)
from derive.canonical.brackets import brackets_used
from derive.canonical.laws import law
from derive.canonical.polynomials import merged
from derive.canonical.verbs import Verbs
from derive.core.integers import Label, Number, Poly, Var, as_poly

MAX_TERMS = 20_000
MAX_EXPANDED_POWER = 24
PRODUCT, SETTLED, ATOM = 60, 65, 7  # units of work: of two monomials, of one, an atom asked for


Kind = TypeVar("Kind", bound=Atom)


# ---- atoms


def atom(n: Verbs, kind: type[Kind], *data: Any) -> Kind:
    """The atom of that kind with those fields, made once.

    :raises BudgetExceeded: when there are too many, or when there is no work left to do.
    """
    found: Kind | None = n.table.made.get((kind, data))
    spend(ATOM)
    if found is None:
        n.check()
        found = n.table.make(kind, data)
    return found


def bound(n: Verbs, number: int) -> Var:
    """The canonical bound variable of that number."""
    return n.table.bound(number)


def of_atom(n: Verbs, atom: Atom, exponent: Exponent = 1) -> Polynomial:
    """An atom as a polynomial, or what a given equation says it equals."""
    replacement = n.given.replacements.get(atom)
    if replacement is not None:
        n.used[replacement[1]] = None
        return n.power(replacement[0], exponent)
    if atom.special:
        return n.settled({atom: exponent}, 1)
    return {((atom, exponent),): 1}


def of_integer(n: Verbs, poly: Poly) -> Polynomial:
    """An integer polynomial as a polynomial over the atoms of its variables."""
    result: Polynomial = {}
    for monomial, coefficient in poly.terms.items():
        exponents: dict[Atom, Exponent] = {}
        for variable in monomial:
            own = n.atom(IntAtom, as_poly(variable))
            exponents[own] = exponents.get(own, 0) + 1
        result[n.monomial(exponents)] = coefficient
    return result


# ---- sums and products


def multiply(n: Verbs, *polys: Polynomial) -> Polynomial:
    """The product, multiplied out."""
    if not polys:
        return {(): 1}
    result = polys[0]
    for poly in polys[1:]:
        result = _times(n, result, poly)
    return result


def _times(n: Verbs, a: Polynomial, b: Polynomial) -> Polynomial:
    if len(a) > len(b):
        a, b = b, a
    if not a:
        return {}
    if len(a) == 1 and () in a:
        return n.scale(b, a[()])
    if len(a) * len(b) > MAX_TERMS:
        raise BudgetExceeded(f"a product of {len(a)} by {len(b)} terms")
    spend(PRODUCT * len(a) * len(b))
    n.check()
    if len(b) == 1:
        (((m1, c1),), ((m2, c2),)) = a.items(), b.items()
        if not (_is_special(m1) or _is_special(m2)):
            return {merged(m1, m2): exact(c1 * c2)}
    result: Polynomial = {}
    special = {m for p in (a, b) for m in p if _is_special(m)}
    for m1, c1 in a.items():
        for m2, c2 in b.items():
            coefficient = exact(c1 * c2)
            if special and (m1 in special or m2 in special):
                exponents: dict[Atom, Exponent] = dict(m1)
                for atom, exponent in m2:
                    exponents[atom] = exponents.get(atom, 0) + exponent
                part = n.settled(exponents, coefficient)
            else:
                part = {merged(m1, m2): coefficient}
            for monomial, value in part.items():
                value = result.get(monomial, 0) + value
                if value:
                    result[monomial] = exact(value)
                else:
                    result.pop(monomial, None)
    return result


def _is_special(monomial: Iterable[tuple[Atom, Exponent]]) -> bool:
    """Whether a law has a say in what a monomial is multiplied by: a loop takes less long here
    than a generator.
    """
    for atom, _ in monomial:  # noqa: SIM110
        if atom.special:
            return True
    return False


@law("product")
def settled(n: Verbs, exponents: dict[Atom, Exponent], coefficient: Number) -> Polynomial:
    """Powers and brackets in a product, multiplied out, used up or made one.

    Where each factor has a value, or stands beside a bracket that is 0.
    """
    spend(SETTLED)
    exponents = {a: exact(e) for a, e in exponents.items() if e}
    extra: list[Polynomial] = []
    for atom, exponent in list(exponents.items()):
        if atom.special:
            exponents[atom], factor = _POWER_LAWS[type(atom)](n, atom, exponent)
            if factor is not None:
                extra.append(factor)
    exponents = {a: e for a, e in exponents.items() if e}
    result = brackets_used(n, exponents, coefficient)
    for poly in extra:
        result = n.multiply(result, poly)
    return result


# ---- powers: what stays as a power of the atom, and what is multiplied out


@law("power of a bracket")
def _bracket_power(
    n: Verbs, atom: BracketAtom, exponent: Exponent
) -> tuple[Exponent, Polynomial | None]:
    """[p]² = [p]

    Where the power is positive: [p]⁰ is 1.
    """
    return 1, None


@law("power of a prime")
def _prime_power(
    n: Verbs, atom: PrimeAtom, exponent: Exponent
) -> tuple[Exponent, Polynomial | None]:
    """p^(w + f) = pʷ·p^f for a whole w

    For all reals: a prime is positive.
    """
    whole = math.floor(exponent)
    factor = n.constant(bounded.power(atom.number, whole)) if whole else None
    return exponent - whole, factor


@law("power of a sum")
def _sum_power(n: Verbs, atom: BaseAtom, exponent: Exponent) -> tuple[Exponent, Polynomial | None]:
    """(a + b)^(w + f) = (a + b)ʷ·(a + b)^f, multiplied out for a whole w ≥ 1

    Where the power has a value: its parts have one there as well.
    """
    whole = math.floor(exponent)
    if not 1 <= whole <= MAX_EXPANDED_POWER:
        return exponent, None
    return exponent - whole, whole_power(n, dict(atom.key), whole)


@law("power of a cosine")
def _cosine_power(
    n: Verbs, atom: CosAtom, exponent: Exponent
) -> tuple[Exponent, Polynomial | None]:
    """cos² = 1 − sin²

    For all reals; an odd power keeps one cosine.
    """
    if exponent < 2 or not isinstance(exponent, int):
        return exponent, None
    sine = n.of_atom(n.atom(FunctionAtom, "sin", atom.argument), 2)
    return exponent % 2, whole_power(n, n.subtract({(): 1}, sine), exponent // 2)


# The law of powers of each kind of special atom.
_POWER_LAWS: dict[type[Atom], Callable[..., tuple[Exponent, Polynomial | None]]] = {
    IndexBracketAtom: _bracket_power,
    RealBracketAtom: _bracket_power,
    PrimeAtom: _prime_power,
    BaseAtom: _sum_power,
    CosAtom: _cosine_power,
}


def whole_power(n: Verbs, poly: Polynomial, exponent: int) -> Polynomial:
    """A polynomial to a whole power, multiplied out."""
    result: Polynomial = {(): 1}
    for _ in range(exponent):
        result = n.multiply(result, poly)
    return result


def cleared(n: Verbs, poly: Polynomial, signed: bool) -> tuple[Polynomial, dict[Atom, Exponent]]:
    """A polynomial times its denominators, and these; only positive ones unless signed.

    A denominator that is not negative is positive wherever there is a value; one that stands
    beside a bracket only stays, where it may be 0 and the bracket too.
    """
    below: dict[Atom, Exponent] = {}
    for monomial in poly:
        for atom, exponent in monomial:
            if (
                isinstance(atom, BaseAtom)
                and exponent < 0
                and (signed or n.atom_sign(atom) in ("+", "0+"))
            ):
                below[atom] = max(below.get(atom, 0), math.ceil(-exponent))
    below = {atom: exponent for atom, exponent in below.items() if n.lasts(poly, atom)}
    for atom, exponent in below.items():
        poly = n.multiply(poly, {((atom, exponent),): 1})
    return poly, below


# ---- substitution


def substitute(n: Verbs, poly: Polynomial, values: Mapping[Var, Poly]) -> Polynomial:
    """Integer variables replaced in a polynomial, everything rebuilt by its own laws."""
    touched = False
    parts: list[Polynomial] = []
    labels = [v for v in values if isinstance(v, Label)]
    for monomial, coefficient in poly.items():
        moved = [p for p in monomial if not p[0].free.isdisjoint(values)]
        if labels and len(moved) < len(monomial):
            moved = [p for p in monomial if p in moved or any(map(p[0].may_read, labels))]
        if not moved:
            parts.append({monomial: coefficient})
            continue
        touched = True
        kept = tuple(p for p in monomial if p not in moved)
        product = n.settled(dict(kept), coefficient) if _is_special(kept) else {kept: coefficient}
        for atom, exponent in moved:
            value = n.substituted_atom(atom, values)
            if exponent != 1:
                value = n.power(value, exponent)
            product = _times(n, product, value)
        parts.append(product)
    return n.add(*parts) if touched and parts else poly


def substituted_atom(n: Verbs, atom: Atom, values: Mapping[Var, Poly]) -> Polynomial:
    """What an atom becomes where integer variables are replaced, worked out once."""
    free = atom.free
    relevant: Mapping[Var, Poly] = values
    if len(values) > 1:
        relevant = {
            v: p for v, p in values.items()
            if v in free or (isinstance(v, Label) and atom.may_read(v))
        }  # fmt: skip
    if len(relevant) == 1:
        key: tuple[Any, ...] = (atom, *next(iter(relevant.items())))
    else:
        key = (atom, frozenset(relevant.items()))
    found = n.substituted.get(key)
    if found is None:
        found = n.substituted[key] = n.rebuilt(atom, relevant)
    return found
