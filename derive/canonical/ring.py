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
from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
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
    Key,
    Monomial,
    Polynomial,
    PrimeAtom,
    RangeAtom,
    RealBracketAtom,
    exact,
    is_turned,
    scan,
)
from derive.canonical.brackets import brackets_used
from derive.canonical.laws import Listener, law
from derive.core.integers import BOUND, Label, Number, Poly, Var, as_poly

MAX_ATOMS = 200_000
MAX_TERMS = 20_000
MAX_EXPANDED_POWER = 24
PRODUCT, SETTLED, ATOM = 60, 65, 7  # units of work: of two monomials, of one, an atom asked for

# The law of powers of each kind of special atom.
_POWER_LAWS: dict[type[Atom], str] = {
    IndexBracketAtom: "_bracket_power",
    RealBracketAtom: "_bracket_power",
    PrimeAtom: "_prime_power",
    BaseAtom: "_sum_power",
    CosAtom: "_cosine_power",
}


Kind = TypeVar("Kind", bound=Atom)


class Ring:
    """The atoms of one decision, and sums, products and substitutions of polynomials over them.

    :param exponentials: whether hyperbolic functions are written in exponentials.

    ``used`` collects the labels of the assumptions relied on.
    """

    def __init__(self, exponentials: bool = False) -> None:
        self.exponentials = exponentials
        self.used: dict[Any, None] = {}
        self.listener: Listener | None = None  # told of each law that is used
        self.kinds: set[type[Atom]] = set()  # of all atoms that were made
        self._atoms: dict[tuple[type[Atom], tuple[Any, ...]], Any] = {}
        self._forms: dict[Any, int] = {}
        self._bound: list[Var] = []
        self._substituted: dict[Any, Polynomial] = {}
        self.following: dict[tuple[Atom, Atom], bool] = {}  # whether the first bracket does
        # What numerators are reduced by, of each denominator: see derive.canonical.quotients.
        self.denominators: dict[Atom, tuple[Polynomial, Any, Monomial | None]] = {}
        self.replacements: dict[Atom, tuple[Polynomial, Any]] = {}

    def check(self) -> None:
        """Called at the start of every expensive step; a subclass may stop the work here."""

    # ---- what the layers above add

    def power(self, poly: Polynomial, exponent: Exponent) -> Polynomial:
        """A polynomial to a rational power."""
        raise NotImplementedError

    def index_bracket(self, relation: str, poly: Poly) -> Polynomial:
        """[poly ≥ 0] or [poly = 0] for an integer polynomial."""
        raise NotImplementedError

    def atom_sign(self, atom: Atom) -> str | None:
        """The sign of an atom wherever it is defined."""
        raise NotImplementedError

    def lasts(self, poly: Polynomial, atom: Atom) -> bool:
        """Whether the roots and the quotients of an atom in a polynomial have a value wherever the
        polynomial does.
        """
        raise NotImplementedError

    # ---- atoms

    def atom(self, kind: type[Kind], *data: Any) -> Kind:
        """The atom of that kind with those fields, made once."""
        key = (kind, data)
        found: Kind | None = self._atoms.get(key)
        spend(ATOM)
        if found is None:
            self.check()
            if len(self._atoms) > MAX_ATOMS:
                raise BudgetExceeded("the canonical form grows too large")
            free: set[Var] = set()
            height, size, has_sum = scan(data, free)
            if issubclass(kind, RangeAtom):
                count = len(data[0])
                bound = {self.bound(n) for n in range(height, height + count)}
                free -= bound
                height += count
            number = len(self._atoms)
            names = frozenset(free)
            found = kind(data, number, names, height, size + 1, has_sum, self._forms)
            self._atoms[key] = found
            self.kinds.add(kind)
        return found

    def bound(self, number: int) -> Var:
        """The canonical bound variable of that number."""
        while len(self._bound) <= number:
            self._bound.append(Var(f"b{len(self._bound)}", BOUND, number=len(self._bound)))
        return self._bound[number]

    def of_atom(self, atom: Atom, exponent: Exponent = 1) -> Polynomial:
        """An atom as a polynomial, or what a given equation says it equals."""
        replacement = self.replacements.get(atom)
        if replacement is not None:
            self.used[replacement[1]] = None
            return self.power(replacement[0], exponent)
        if atom.special:
            return self.settled({atom: exponent}, 1)
        return {((atom, exponent),): 1}

    def of_integer(self, poly: Poly) -> Polynomial:
        """An integer polynomial as a polynomial over the atoms of its variables."""
        result: Polynomial = {}
        for monomial, coefficient in poly.terms.items():
            exponents: dict[Atom, Exponent] = {}
            for variable in monomial:
                atom = self.atom(IntAtom, as_poly(variable))
                exponents[atom] = exponents.get(atom, 0) + 1
            result[self.monomial(exponents)] = coefficient
        return result

    @staticmethod
    def constant(value: Number) -> Polynomial:
        return {(): exact(value)} if value else {}

    @staticmethod
    def monomial(exponents: Mapping[Atom, Exponent]) -> Monomial:
        return tuple(
            sorted(
                ((a, exact(e)) for a, e in exponents.items() if e),
                key=_by_number,
            )
        )

    @staticmethod
    def key(poly: Polynomial) -> Key:
        """A polynomial as a hashable value, the same however it was built."""
        return tuple(sorted(poly.items(), key=lambda item: [(a.id, e) for a, e in item[0]]))

    # ---- sums and products

    def add(self, *polys: Polynomial) -> Polynomial:
        """The sum, like terms collected."""
        if len(polys) == 1:
            return polys[0]
        result = dict(polys[0]) if polys else {}
        for poly in polys[1:]:
            for monomial, coefficient in poly.items():
                value = result.get(monomial, 0) + coefficient
                if value:
                    result[monomial] = exact(value)
                else:
                    del result[monomial]
        return result

    def scale(self, poly: Polynomial, factor: Number) -> Polynomial:
        """A rational multiple."""
        if factor == 1:
            return poly
        return {m: exact(c * factor) for m, c in poly.items()} if factor else {}

    def subtract(self, a: Polynomial, b: Polynomial) -> Polynomial:
        return self.add(a, self.scale(b, -1))

    def multiply(self, *polys: Polynomial) -> Polynomial:
        """The product, multiplied out."""
        return reduce(self._times, polys) if polys else {(): 1}

    def _times(self, a: Polynomial, b: Polynomial) -> Polynomial:
        if len(a) > len(b):
            a, b = b, a
        if not a:
            return {}
        if len(a) == 1 and () in a:
            return self.scale(b, a[()])
        if len(a) * len(b) > MAX_TERMS:
            raise BudgetExceeded(f"a product of {len(a)} by {len(b)} terms")
        spend(PRODUCT * len(a) * len(b))
        self.check()
        if len(b) == 1:
            (((m1, c1),), ((m2, c2),)) = a.items(), b.items()
            if not any(x.special for x, _ in (*m1, *m2)):
                return {_merged(m1, m2): exact(c1 * c2)}
        result: Polynomial = {}
        special = {m for p in (a, b) for m in p if any(x.special for x, _ in m)}
        for m1, c1 in a.items():
            for m2, c2 in b.items():
                coefficient = exact(c1 * c2)
                if special and (m1 in special or m2 in special):
                    exponents: dict[Atom, Exponent] = dict(m1)
                    for atom, exponent in m2:
                        exponents[atom] = exponents.get(atom, 0) + exponent
                    part = self.settled(exponents, coefficient)
                else:
                    part = {_merged(m1, m2): coefficient}
                for monomial, value in part.items():
                    value = result.get(monomial, 0) + value
                    if value:
                        result[monomial] = exact(value)
                    else:
                        result.pop(monomial, None)
        return result

    @law("product")
    def settled(self, exponents: dict[Atom, Exponent], coefficient: Number) -> Polynomial:
        """Powers and brackets in a product, multiplied out, used up or made one.

        Where each factor has a value, or stands beside a bracket that is 0.
        """
        spend(SETTLED)
        exponents = {a: exact(e) for a, e in exponents.items() if e}
        extra: list[Polynomial] = []
        for atom, exponent in list(exponents.items()):
            if atom.special:
                law = getattr(self, _POWER_LAWS[type(atom)])
                exponents[atom], factor = law(atom, exponent)
                if factor is not None:
                    extra.append(factor)
        exponents = {a: e for a, e in exponents.items() if e}
        result = brackets_used(self, exponents, coefficient)
        for poly in extra:
            result = self.multiply(result, poly)
        return result

    # ---- powers: what stays as a power of the atom, and what is multiplied out

    @law("power of a bracket")
    def _bracket_power(
        self, atom: BracketAtom, exponent: Exponent
    ) -> tuple[Exponent, Polynomial | None]:
        """[p]² = [p]

        Where the power is positive: [p]⁰ is 1.
        """
        return 1, None

    @law("power of a prime")
    def _prime_power(
        self, atom: PrimeAtom, exponent: Exponent
    ) -> tuple[Exponent, Polynomial | None]:
        """p^(w + f) = pʷ·p^f for a whole w

        For all reals: a prime is positive.
        """
        whole = math.floor(exponent)
        factor = self.constant(bounded.power(atom.number, whole)) if whole else None
        return exponent - whole, factor

    @law("power of a sum")
    def _sum_power(self, atom: BaseAtom, exponent: Exponent) -> tuple[Exponent, Polynomial | None]:
        """(a + b)^(w + f) = (a + b)ʷ·(a + b)^f, multiplied out for a whole w ≥ 1

        Where the power has a value: its parts have one there as well.
        """
        whole = math.floor(exponent)
        if not 1 <= whole <= MAX_EXPANDED_POWER:
            return exponent, None
        return exponent - whole, self._whole_power(dict(atom.key), whole)

    @law("power of a cosine")
    def _cosine_power(
        self, atom: CosAtom, exponent: Exponent
    ) -> tuple[Exponent, Polynomial | None]:
        """cos² = 1 − sin²

        For all reals; an odd power keeps one cosine.
        """
        if exponent < 2 or not isinstance(exponent, int):
            return exponent, None
        sine = self.of_atom(self.atom(FunctionAtom, "sin", atom.argument), 2)
        return exponent % 2, self._whole_power(self.subtract({(): 1}, sine), exponent // 2)

    def known(self, key: Key, sign: str) -> bool:
        """Whether an assumption gives a primitive polynomial that sign."""
        raise NotImplementedError

    def as_product(self, exponents: Mapping[Atom, Exponent]) -> Polynomial:
        """A product as it is, nothing in it used up."""
        return {self.monomial(exponents): 1}

    def _whole_power(self, poly: Polynomial, exponent: int) -> Polynomial:
        result: Polynomial = {(): 1}
        for _ in range(exponent):
            result = self.multiply(result, poly)
        return result

    # ---- what divides every term

    def content(self, poly: Polynomial) -> tuple[Number, dict[Atom, Exponent]]:
        """The positive rational and the monomial that divide every term."""
        common: dict[Atom, Exponent] | None = None
        for monomial in poly:
            here = dict(monomial)
            if common is None:
                common = here
                continue
            for atom in (*common, *(a for a in here if a not in common)):
                common[atom] = min(common.get(atom, 0), here.get(atom, 0))
        shared = {a: e for a, e in (common or {}).items() if e and not isinstance(a, BracketAtom)}
        return _rational_content(poly), shared

    def cleared(self, poly: Polynomial, signed: bool) -> tuple[Polynomial, dict[Atom, Exponent]]:
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
                    and (signed or self.atom_sign(atom) in ("+", "0+"))
                ):
                    below[atom] = max(below.get(atom, 0), math.ceil(-exponent))
        below = {atom: exponent for atom, exponent in below.items() if self.lasts(poly, atom)}
        for atom, exponent in below.items():
            poly = self.multiply(poly, {((atom, exponent),): 1})
        return poly, below

    def divided(
        self, poly: Polynomial, factor: Number, exponents: Mapping[Atom, Exponent]
    ) -> Polynomial:
        """A polynomial over a content of it."""
        result: Polynomial = {}
        for monomial, coefficient in poly.items():
            rest = dict(monomial)
            for atom, exponent in exponents.items():
                rest[atom] = rest.get(atom, 0) - exponent
            if factor != 1:
                coefficient = exact(Fraction(coefficient) / Fraction(factor))
            result[self.monomial(rest)] = coefficient
        return result

    def primitive(self, poly: Polynomial) -> tuple[Key, Number]:
        """A polynomial without its rational factor and sign, and that factor."""
        if not poly:
            return (), 1
        factor = _rational_content(poly)
        if is_turned(poly):
            factor = -factor
        if factor == 1:
            return self.key(poly), 1
        return self.key(self.scale(poly, 1 / Fraction(factor))), exact(Fraction(factor))

    def sides_of(self, poly: Polynomial, bracket: Atom) -> tuple[Polynomial, Polynomial]:
        """A polynomial where a bracket in it is 1, and where it is 0."""
        with_it = self.add(
            {}, *({tuple(p for p in m if p[0] is not bracket): c} for m, c in poly.items())
        )
        return with_it, {m: c for m, c in poly.items() if all(a is not bracket for a, _ in m)}

    # ---- substitution

    def substitute(self, poly: Polynomial, values: Mapping[Var, Poly]) -> Polynomial:
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
            if any(a.special for a, _ in kept):
                product = self.settled(dict(kept), coefficient)
            else:
                product = {kept: coefficient}
            for atom, exponent in moved:
                value = self.substituted_atom(atom, values)
                if exponent != 1:
                    value = self.power(value, exponent)
                product = self._times(product, value)
            parts.append(product)
        return self.add(*parts) if touched and parts else poly

    def substituted_atom(self, atom: Atom, values: Mapping[Var, Poly]) -> Polynomial:
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
        found = self._substituted.get(key)
        if found is None:
            found = self._substituted[key] = self.rebuilt(atom, relevant)
        return found

    def rebuilt(self, atom: Atom, values: Mapping[Var, Poly]) -> Polynomial:
        """An atom with variables replaced in its data, by the constructor of its kind.

        Where the new indices are in the ranges of the old ones.
        """
        raise NotImplementedError


def _rational_content(poly: Polynomial) -> Number:
    """The positive rational that divides every coefficient."""
    numerator, denominator = 0, 1
    for coefficient in poly.values():
        numerator = math.gcd(numerator, coefficient.numerator)
        denominator = math.lcm(denominator, coefficient.denominator)
    return numerator if denominator == 1 else Fraction(numerator, denominator)


def _merged(a: Monomial, b: Monomial) -> Monomial:
    if not a:
        return b
    if not b:
        return a
    exponents: dict[Atom, Exponent] = dict(a)
    if exponents.keys().isdisjoint(atom for atom, _ in b):
        return tuple(sorted((*a, *b), key=_by_number))
    for atom, exponent in b:
        exponents[atom] = exponents.get(atom, 0) + exponent
    return Ring.monomial(exponents)


def _by_number(pair: tuple[Atom, Exponent]) -> int:
    return pair[0].id
