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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any, TypeVar

from derive.errors import BudgetExceeded, UnsupportedError
from derive.integers import BOUND, SIZE, Number, Poly, Var, as_poly, is_nonnegative

Exponent = int | Fraction
Result = TypeVar("Result")


class Atom:
    """An indivisible factor. ``kind`` says what ``data`` means.

    ``height`` is one more than the greatest number of a bound index inside, ``size`` the number
    of atoms in it. Atoms that differ in the names of indices alone have one ``form``.
    """

    __slots__ = (
        "_form",
        "_forms",
        "data",
        "free",
        "has_sum",
        "height",
        "id",
        "kind",
        "size",
        "special",
    )

    def __init__(
        self,
        kind: str,
        data: tuple[Any, ...],
        number: int,
        free: frozenset[Var],
        height: int,
        size: int,
        has_sum: bool,
        forms: dict[Any, int],
    ) -> None:
        self.kind = kind
        self.data = data
        self.id = number
        self.free = free
        self.height = height
        self.size = size
        self._forms = forms
        self._form: int | None = None
        self.special = kind in SPECIAL
        self.has_sum = has_sum or kind == "sum"

    @property
    def form(self) -> int:
        """The number of the form, worked out when it is first asked for."""
        if self._form is None:
            outline = (self.kind, _outline(self.data))
            self._form = self._forms.setdefault(outline, len(self._forms))
        return self._form

    def __repr__(self) -> str:
        return f"{self.kind}{self.data}"


# Kinds whose powers or products have laws beyond adding exponents.
SPECIAL = frozenset({"index", "real", "base", "prime", "cos"})

Monomial = tuple[tuple[Atom, Exponent], ...]
Polynomial = dict[Monomial, Number]
Key = tuple[tuple[Monomial, Number], ...]


@dataclass(frozen=True)
class Fact:
    """A sign that is assumed of a primitive polynomial, whatever its ``open`` indices are."""

    key: Key
    sign: str
    open: frozenset[Var]
    label: Any


MAX_ATOMS = 200_000
MAX_SPLITS = 2  # brackets on either side of which a sign is looked for
MAX_TERMS = 20_000
MAX_EXPANDED_POWER = 24


class UndefinedValue(UnsupportedError):
    """A formula that has no value anywhere, such as a division by zero."""


def exact(value: Number) -> Number:
    """A rational, as an int where it is whole."""
    # type() and not isinstance(): Fraction is an abstract base class, and asking those is slow.
    return value.numerator if type(value) is Fraction and value.denominator == 1 else value


def monomial_order(monomial: Monomial) -> tuple[Any, ...]:
    """Graded lexicographic order: what a leading term is."""
    pairs = sorted((-a.form, -a.id, e) for a, e in monomial)
    return (sum(e for _, e in monomial), tuple(reversed(pairs)))


def formal_order(monomial: Monomial) -> tuple[Any, ...]:
    """The same order, blind to the names of indices."""
    pairs = sorted((-a.form, e) for a, e in monomial)
    return (sum(e for _, e in monomial), tuple(reversed(pairs)))


def leading(poly: Polynomial) -> Monomial | None:
    """The leading term, if it leads whatever its indices are called."""
    lead = max(poly, key=monomial_order)
    order = formal_order(lead)
    return lead if sum(formal_order(m) == order for m in poly) == 1 else None


class Algebra:
    """The atoms of one decision and the operations on polynomials over them.

    :param exponentials: whether hyperbolic functions are written in exponentials.

    ``facts`` are the signs that are assumed; ``used`` collects the labels of those relied on.
    """

    def __init__(self, exponentials: bool = False) -> None:
        self.exponentials = exponentials
        self.facts: list[Fact] = []
        self._supposed: list[Fact] = []  # on one side of a bracket, while that side is looked at
        self.used: dict[Any, None] = {}
        self._atoms: dict[tuple[str, tuple[Any, ...]], Atom] = {}
        self._forms: dict[Any, int] = {}
        self._bound: list[Var] = []
        self._substituted: dict[Any, Polynomial] = {}
        self._signs: dict[Atom, str | None] = {}
        self.replacements: dict[Atom, tuple[Polynomial, Any]] = {}

    def check(self) -> None:
        """Called at the start of every expensive step; a subclass may stop the work here."""

    # ---- atoms

    def atom(self, kind: str, *data: Any) -> Atom:
        """The atom of that kind and data, made once."""
        key = (kind, data)
        found = self._atoms.get(key)
        if found is None:
            self.check()
            if len(self._atoms) > MAX_ATOMS:
                raise BudgetExceeded("the canonical form grows too large")
            free: set[Var] = set()
            height, size, has_sum = _scan(data, free)
            if kind in ("sum", "prod", "max"):
                count = len(data[0])
                bound = {self.bound(n) for n in range(height, height + count)}
                free -= bound
                height += count
            number = len(self._atoms)
            names = frozenset(free)
            found = Atom(kind, data, number, names, height, size + 1, has_sum, self._forms)
            self._atoms[key] = found
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
                atom = self.atom("int", as_poly(variable))
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
                key=lambda pair: pair[0].id,
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
        result: Polynomial = {}
        self.check()
        for m1, c1 in a.items():
            for m2, c2 in b.items():
                coefficient = exact(c1 * c2)
                if any(x.special for x, _ in m1) or any(x.special for x, _ in m2):
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

    def settled(self, exponents: dict[Atom, Exponent], coefficient: Number) -> Polynomial:
        """A product of powers, the laws of its special atoms applied."""
        exponents = {a: exact(e) for a, e in exponents.items() if e}
        extra: list[Polynomial] = []
        for atom, exponent in list(exponents.items()):
            if atom.kind in ("index", "real"):
                exponents[atom] = 1
            elif atom.kind == "prime":
                whole = math.floor(exponent)
                coefficient = coefficient * Fraction(atom.data[0]) ** whole
                exponents[atom] = exponent - whole
            elif atom.kind == "base" and exponent >= 1:
                whole = math.floor(exponent)
                if whole <= MAX_EXPANDED_POWER:
                    exponents[atom] = exponent - whole
                    extra.append(self._whole_power(dict(atom.data[0]), whole))
            elif atom.kind == "cos" and exponent >= 2 and isinstance(exponent, int):
                # cos² = 1 − sin²
                exponents[atom] = exponent % 2
                sine = self.of_atom(self.atom("fn", "sin", *atom.data), 2)
                extra.append(self._whole_power(self.subtract({(): 1}, sine), exponent // 2))
        exponents = {a: e for a, e in exponents.items() if e}
        result = self._brackets_used(exponents, coefficient)
        for poly in extra:
            result = self.multiply(result, poly)
        return result

    def _brackets_used(self, exponents: dict[Atom, Exponent], coefficient: Number) -> Polynomial:
        for atom in exponents:
            if atom.kind == "index" and atom.data[0] == "=":
                solved = self._eliminate(atom, exponents)
                if solved is not None:
                    return self.scale(solved, coefficient)
            elif atom.kind == "index":
                opposite = self.atom("index", ">=", -atom.data[1])
                stronger = any(
                    other.kind == "index"
                    and other.data[0] == ">="
                    and other is not atom
                    and (atom.data[1] - other.data[1]).constant is not None
                    and (atom.data[1] - other.data[1]).constant >= 0
                    for other in exponents
                )
                if stronger:  # [p + c ≥ 0]·[p ≥ 0] = [p ≥ 0]
                    rest = {a: e for a, e in exponents.items() if a is not atom}
                    return self.settled(rest, coefficient)
                if opposite in exponents:  # [p ≥ 0]·[−p ≥ 0] = [p = 0]
                    rest = {a: e for a, e in exponents.items() if a not in (atom, opposite)}
                    equal = self.index_bracket("=", atom.data[1])
                    return self.multiply(equal, self.settled(rest, coefficient))
            elif atom.kind == "real" and atom.data[0] == "=":
                key = atom.data[1]
                if (
                    len(key) == 1
                    and any(exponents.get(a, 0) > 0 for a, _ in key[0][0])
                    and len(key[0][0]) == 1
                ):  # x·[x = 0] = 0
                    return {}
                if self.atom("real", ">", key) in exponents:
                    return {}
                replaced = self._on_zero(dict(key), exponents)
                if replaced is not None:
                    return self.scale(replaced, coefficient)
        return self._reduced(exponents, coefficient)

    def _on_zero(self, poly: Polynomial, exponents: dict[Atom, Exponent]) -> Polynomial | None:
        """[p = 0]·f: the leading term of p is minus the rest of it."""
        lead = leading(poly)
        if not lead or any(exponents.get(a, 0) < e for a, e in lead):
            return None
        rest = {a: e - dict(lead).get(a, 0) for a, e in exponents.items()}
        tail = {m: c for m, c in poly.items() if m != lead}
        return self.multiply(self.settled(rest, exact(-1 / Fraction(poly[lead]))), tail)

    def _eliminate(self, atom: Atom, exponents: dict[Atom, Exponent]) -> Polynomial | None:
        """[i = e]·f(i) = [i = e]·f(e): the latest variable goes, where the rest mentions it."""
        equation = atom.data[1]
        for variable in sorted(equation.variables, key=lambda v: v.key, reverse=True):
            slope = equation.coefficient(variable)
            if variable.kind == SIZE or slope is None or slope.constant not in (1, -1):
                continue
            rest = {a: e for a, e in exponents.items() if a is not atom}
            if not any(variable in a.free for a in rest):
                return None
            value = (as_poly(variable) * slope - equation) * slope
            product = self.substitute(self._unsettled(rest), {variable: value})
            return self.multiply(product, {((atom, 1),): 1})
        return None

    def _unsettled(self, exponents: Mapping[Atom, Exponent]) -> Polynomial:
        return {self.monomial(exponents): 1}

    def _reduced(self, exponents: dict[Atom, Exponent], coefficient: Number) -> Polynomial:
        """Numerators reduced by denominators: q·lead(P)/P = q − q·(P − lead(P))/P."""
        for atom, exponent in exponents.items():
            if atom.kind != "base" or exponent >= 0:
                continue
            terms = dict(atom.data[0])
            lead = leading(terms)
            if lead is not None and all(exponents.get(a, 0) >= e for a, e in lead):
                rest = dict(exponents)
                for a, e in lead:
                    rest[a] = rest[a] - e
                tail = {m: c for m, c in terms.items() if m != lead}
                head = dict(rest)
                head[atom] = exponent + 1
                scale = Fraction(coefficient) / Fraction(terms[lead])
                minus = self.multiply(tail, self.settled(rest, -scale))
                return self.add(self.settled(head, exact(scale)), minus)
            split = self._split_exponential(exponents, atom, terms, coefficient)
            if split is not None:
                return split
        return {self.monomial(exponents): exact(coefficient)}

    def _split_exponential(
        self,
        exponents: dict[Atom, Exponent],
        base: Atom,
        terms: Polynomial,
        coefficient: Number,
    ) -> Polynomial | None:
        """1/(E·P) in partial fractions, where P = c + E·Q: (1/E − Q/P)/c."""
        free = terms.get(())
        if free is None:
            return None
        others = {m: c for m, c in terms.items() if m}
        for atom, exponent in exponents.items():
            if atom.kind != "exp" or exponent >= 0:
                continue
            if all(any(a is atom for a, _ in m) for m in others):
                head = dict(exponents)
                head[base] = head[base] + 1
                scale = Fraction(coefficient) / Fraction(free)
                product: list[Polynomial] = []
                for m, c in others.items():
                    merged = dict(exponents)
                    for a, e in m:
                        merged[a] = merged.get(a, 0) + e
                    product.append(self.settled(merged, exact(-scale * c)))
                return self.add(self.settled(head, exact(scale)), *product)
        return None

    def _whole_power(self, poly: Polynomial, exponent: int) -> Polynomial:
        result: Polynomial = {(): 1}
        for _ in range(exponent):
            result = self.multiply(result, poly)
        return result

    # ---- powers, exponentials, logarithms

    def content(self, poly: Polynomial) -> tuple[Number, dict[Atom, Exponent]]:
        """The positive rational and the monomial that divide every term."""
        coefficients = [Fraction(c) for c in poly.values()]
        numerator = reduce(math.gcd, (abs(c.numerator) for c in coefficients))
        denominator = reduce(math.lcm, (c.denominator for c in coefficients))
        common: dict[Atom, Exponent] | None = None
        for monomial in poly:
            here = dict(monomial)
            if common is None:
                common = here
                continue
            for atom in set(common) | set(here):
                common[atom] = min(common.get(atom, 0), here.get(atom, 0))
        shared = {a: e for a, e in (common or {}).items() if e and a.kind not in ("index", "real")}
        return exact(Fraction(numerator, denominator)), shared

    def cleared(self, poly: Polynomial, signed: bool) -> tuple[Polynomial, dict[Atom, Exponent]]:
        """A polynomial times its denominators, and these; only positive ones unless signed."""
        below: dict[Atom, Exponent] = {}
        for monomial in poly:
            for atom, exponent in monomial:
                if atom.kind == "base" and exponent < 0 and (signed or self.atom_sign(atom) == "+"):
                    below[atom] = max(below.get(atom, 0), math.ceil(-exponent))
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
            result[self.monomial(rest)] = exact(Fraction(coefficient) / Fraction(factor))
        return result

    def power(self, poly: Polynomial, exponent: Exponent) -> Polynomial:
        """A polynomial to a rational power.

        :raises UndefinedValue: for zero to a negative power.
        """
        exponent = exact(exponent)
        if exponent == 0:
            return {(): 1}
        if exponent == 1:
            return poly
        if not poly:
            if exponent < 0:
                raise UndefinedValue("a division by zero")
            return {}
        if isinstance(exponent, int) and exponent > 0 and len(poly) > 1:
            if exponent <= MAX_EXPANDED_POWER:
                return self._whole_power(poly, exponent)
            raise BudgetExceeded(f"a sum to the power {exponent}")
        return self.split(poly, lambda part: self._power(part, exponent))

    def _power(self, poly: Polynomial, exponent: Exponent) -> Polynomial:
        if not poly:
            if exponent < 0:
                raise UndefinedValue("a division by zero")
            return {}
        if isinstance(exponent, int) and len(poly) == 1:
            ((monomial, coefficient),) = poly.items()
            return self.settled(
                {a: e * exponent for a, e in monomial}, exact(Fraction(coefficient) ** exponent)
            )
        return self._base_power(poly, exponent, signed=isinstance(exponent, int))

    def _base_power(self, poly: Polynomial, exponent: Exponent, signed: bool) -> Polynomial:
        """Outside the power: the rational content and, of the common factors, what may leave.

        A whole power lets every common factor and the sign out. A fractional one is real where
        its argument is nonnegative; there a positive factor leaves, and a square leaves as an
        absolute value.
        """
        poly, below = self.cleared(poly, signed)
        if below:
            result = self.power(poly, exponent)
            for atom, e in below.items():
                result = self.multiply(result, self.of_atom(atom, -e * exponent))
            return result
        factor, common = self.content(poly)
        result = self.rational_power(factor, exponent)
        leaving: dict[Atom, Exponent] = {}
        for atom, e in common.items():
            if signed or self.atom_sign(atom) in ("+", "0+"):
                leaving[atom] = e
                result = self.multiply(result, self.of_atom(atom, e * exponent))
            else:
                square = 2 * math.floor(e / 2)
                if square:
                    leaving[atom] = square
                    size = self.absolute(self.of_atom(atom))
                    result = self.multiply(result, self.power(size, square * exponent))
        rest = self.divided(poly, factor, leaving)
        if len(rest) == 1 and () in rest:
            sign = rest[()]
            if sign == 1:
                return result
            if signed:
                return self.scale(result, (-1) ** int(exponent))
            raise UndefinedValue("a fractional power of a negative number")
        if signed:
            lead = max(rest, key=monomial_order)
            if rest[lead] < 0:
                rest = self.scale(rest, -1)
                result = self.scale(result, (-1) ** int(exponent))
        elif len(rest) == 1:
            ((monomial, coefficient),) = rest.items()
            if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1:
                return self.multiply(result, self.of_atom(monomial[0][0], exponent))
        base = self.atom("base", self.key(rest))
        return self.multiply(result, self.of_atom(base, exponent))

    def rational_power(self, value: Number, exponent: Exponent) -> Polynomial:
        """A positive rational to a rational power, primes under the fractional part."""
        if isinstance(exponent, int):
            return {(): exact(Fraction(value) ** exponent)}
        result: Polynomial = {(): 1}
        for prime, times in _factorised(Fraction(value)).items():
            result = self.multiply(
                result, self.of_atom(self.atom("prime", prime), times * exponent)
            )
        return result

    def absolute(self, poly: Polynomial) -> Polynomial:
        """|p| = p·(2[p > 0] − 1), or ±p where the sign is known."""
        sign = self.sign(poly)
        if sign is not None:
            return poly if "+" in sign else self.scale(poly, -1)
        above = self.real_bracket(">", poly)
        return self.multiply(poly, self.subtract(self.scale(above, 2), {(): 1}))

    def split(self, poly: Polynomial, function: Callable[[Polynomial], Polynomial]) -> Polynomial:
        """f(p) where a bracket B occurs in p: B·f(p with B = 1) + (1 − B)·f(p with B = 0)."""
        atom = next((a for m in poly for a, _ in m if a.kind in ("real", "index")), None)
        if atom is None:
            return function(poly)
        on: Polynomial = {((atom, 1),): 1}
        with_it, without = self.sides_of(poly, atom)
        inside = self.multiply(on, self.split(with_it, function))
        outside = self.multiply(self.subtract({(): 1}, on), self.split(without, function))
        return self.add(inside, outside)

    def sides_of(self, poly: Polynomial, bracket: Atom) -> tuple[Polynomial, Polynomial]:
        """A polynomial where a bracket in it is 1, and where it is 0."""
        with_it = self.add(
            {}, *({tuple(p for p in m if p[0] is not bracket): c} for m, c in poly.items())
        )
        return with_it, {m: c for m, c in poly.items() if all(a is not bracket for a, _ in m)}

    def exp(self, poly: Polynomial) -> Polynomial:
        """exp(a + b) = exp a · exp b; exp(c·x) = exp(x)^c; exp(c·log u) = u^c."""
        return self.split(poly, self._exp)

    def _exp(self, poly: Polynomial) -> Polynomial:
        result: Polynomial = {(): 1}
        for monomial, coefficient in poly.items():
            inner = monomial[0][0] if len(monomial) == 1 and monomial[0][1] == 1 else None
            if inner is not None and inner.kind == "fn" and inner.data[0] == "log":
                factor = self.power(dict(inner.data[1]), coefficient)
            else:
                factor = self.of_atom(self.atom("exp", monomial), coefficient)
            result = self.multiply(result, factor)
        return result

    def log(self, poly: Polynomial) -> Polynomial:
        """log of products and powers as sums; real where the argument is positive.

        :raises UndefinedValue: for the logarithm of a number that is not positive.
        """
        return self.split(poly, self._log)

    def _log(self, poly: Polynomial) -> Polynomial:
        if not poly:
            raise UndefinedValue("the logarithm of zero")
        poly, below = self.cleared(poly, False)
        if below:
            logs = (self.scale(self._log_of_positive(a), -e) for a, e in below.items())
            return self.add(self.log(poly), *logs)
        factor, common = self.content(poly)
        parts: list[Polynomial] = [
            self.scale(self._log_atom({(): prime}), times)
            for prime, times in _factorised(Fraction(factor)).items()
        ]
        leaving: dict[Atom, Exponent] = {}
        for atom, e in common.items():
            if self.atom_sign(atom) == "+":
                leaving[atom] = e
                parts.append(self.scale(self._log_of_positive(atom), e))
            elif e % 2 == 0:
                leaving[atom] = e
                parts.append(self.scale(self.log(self.absolute(self.of_atom(atom))), e))
        rest = self.divided(poly, factor, leaving)
        if len(rest) == 1:
            ((monomial, coefficient),) = rest.items()
            if not monomial:
                if coefficient != 1:
                    raise UndefinedValue("the logarithm of a negative number")
                return self.add(*parts) if parts else {}
            if coefficient == 1 and len(monomial) == 1:
                # log(xᵉ) for an odd e is real only where x > 0
                atom, e = monomial[0]
                parts.append(self.scale(self._log_of_positive(atom), e))
                return self.add(*parts)
        parts.append(self._log_atom(rest))
        return self.add(*parts)

    def _log_of_positive(self, atom: Atom) -> Polynomial:
        if atom.kind == "exp":
            return {atom.data[0]: 1}
        if atom.kind == "base":
            return self._log_atom(dict(atom.data[0]))
        return self._log_atom(self.of_atom(atom))

    def _log_atom(self, poly: Polynomial) -> Polynomial:
        return self.of_atom(self.atom("fn", "log", self.key(poly)))

    # ---- brackets

    def index_bracket(self, relation: str, poly: Poly) -> Polynomial:
        """[poly ≥ 0] or [poly = 0], decided by the ranges where they decide it."""
        if relation == "=":
            if poly.constant is not None:
                return {} if poly.constant else {(): 1}
            lead = max(poly.key, key=lambda term: [v.key for v in reversed(term[0])])
            if lead[1] < 0:
                poly = -poly
            if is_nonnegative(poly - 1) or is_nonnegative(-poly - 1):
                return {}
            digits = _digits(poly)
            if digits is not None:
                return self.multiply(*(self.index_bracket("=", digit) for digit in digits))
        elif is_nonnegative(poly):
            return {(): 1}
        elif is_nonnegative(-poly - 1):
            return {}
        else:
            upper = _upper_digit(poly)
            if upper is not None:
                return self.index_bracket(">=", upper)
        return self.of_atom(self.atom("index", relation, poly))

    def real_bracket(self, relation: str, poly: Polynomial) -> Polynomial:
        """[poly > 0] or [poly = 0], decided by sign where it is known, else up to a factor."""
        if any(a.kind in ("real", "index") for m in poly for a, _ in m):
            return self.split(poly, lambda part: self.real_bracket(relation, part))
        sign = self.sign(poly)
        if not poly or sign is not None:
            true = {">": sign == "+", "=": not poly}[relation]
            false = {">": not poly or sign in ("-", "0-"), "=": sign in ("+", "-")}[relation]
            if true:
                return {(): 1}
            if false:
                return {}
        poly, _ = self.cleared(poly, False)
        factor, common = self.content(poly)
        leaving = {a: e for a, e in common.items() if self.atom_sign(a) == "+"}
        poly = self.divided(poly, factor, leaving)
        if len(poly) == 1:
            factored = self._bracket_of_product(relation, poly)
            if factored is not None:
                return factored
        lead = max(poly, key=monomial_order)
        flipped = poly[lead] < 0
        key = self.key(self.scale(poly, -1 if flipped else 1))
        if self.known(key, "!=") or self.known(key, "+") or self.known(key, "-"):
            zero: Polynomial = {}
        else:
            zero = self.of_atom(self.atom("real", "=", key))
        if relation == "=":
            return zero
        above = self.of_atom(self.atom("real", ">", key))
        if not flipped:
            return above
        return self.subtract(
            self.subtract({(): 1}, above), zero
        )  # [−p > 0] = 1 − [p > 0] − [p = 0]

    def _bracket_of_product(self, relation: str, poly: Polynomial) -> Polynomial | None:
        """[a·b > 0] = [a > 0]·[b > 0] + [−a > 0]·[−b > 0]; [a·b = 0] = 1 − [a ≠ 0]·[b ≠ 0]."""
        ((monomial, coefficient),) = poly.items()
        if any(not isinstance(e, int) for _, e in monomial):
            return None
        if len(monomial) == 1:
            atom, exponent = monomial[0]
            if exponent == 1:
                return None
            base = self.of_atom(atom)
            zero = self.real_bracket("=", base) if exponent > 0 else {}
            if relation == "=":
                return zero
            if exponent % 2:
                return self.real_bracket(">", self.scale(base, coefficient))
            return self.subtract({(): 1}, zero) if coefficient > 0 else {}
        first: Polynomial = {monomial[:1]: 1}
        rest: Polynomial = {monomial[1:]: coefficient}
        if relation == "=":
            nonzero = (self.subtract({(): 1}, self.real_bracket("=", p)) for p in (first, rest))
            return self.subtract({(): 1}, self.multiply(*nonzero))
        both = self.multiply(self.real_bracket(">", first), self.real_bracket(">", rest))
        neither = self.multiply(
            self.real_bracket(">", self.scale(first, -1)),
            self.real_bracket(">", self.scale(rest, -1)),
        )
        return self.add(both, neither)

    # ---- signs

    def sign(self, poly: Polynomial) -> str | None:
        """``"+"`` (positive), ``"0+"`` (nonnegative), ``"-"``, ``"0-"`` or None (not known)."""
        if not poly:
            return "0+"
        signs = {_sign_times(self.monomial_sign(m), c) for m, c in poly.items()}
        if signs <= {"+", "0+"}:
            return "+" if "+" in signs else "0+"
        if signs <= {"-", "0-"}:
            return "-" if "-" in signs else "0-"
        return self._known_sign(poly) or self._split_sign(poly)

    def _split_sign(self, poly: Polynomial) -> str | None:
        """The sign on either side of a bracket [p > 0], p positive on the one."""
        bracket = next(
            (a for m in poly for a, _ in m if a.kind == "real" and a.data[0] == ">"), None
        )
        if bracket is None or len(self._supposed) >= MAX_SPLITS:
            return None
        if any(f.key == bracket.data[1] for f in (*self.facts, *self._supposed)):
            return None
        with_it, without = self.sides_of(poly, bracket)
        above = self._assuming(bracket.data[1], "+", with_it)
        below = self._assuming(bracket.data[1], "0-", without)
        if above is None or below is None or above[-1] != below[-1]:
            return None
        return above if above == below else "0" + above[-1]

    def _assuming(self, key: Key, sign: str, poly: Polynomial) -> str | None:
        """The sign of a polynomial where one more sign is known."""
        return self.supposing(key, sign, lambda: self.sign(poly))

    def supposing(self, key: Key, sign: str, compute: Callable[[], Result]) -> Result:
        """What is computed while one more sign is known."""
        saved, self._signs = self._signs, {}
        self._supposed.append(Fact(key, sign, frozenset(), None))
        try:
            return compute()
        finally:
            self._supposed.pop()
            self._signs = saved

    def _known_sign(self, poly: Polynomial) -> str | None:
        if not (self.facts or self._supposed):
            return None
        key, factor = self.primitive(poly)
        for sign in ("+", "-", "0+", "0-"):
            if self.known(key, sign):
                return _sign_times(sign, factor)
        return None

    def assume(self, poly: Polynomial, sign: str, open_: frozenset[Var], label: Any) -> None:
        """Assume a sign of a polynomial, for all values of its ``open_`` indices.

        ``sign`` is ``"+"``, ``"0+"``, ``"-"``, ``"0-"`` or ``"!="`` (not zero).
        """
        if not poly:
            return
        key, factor = self.primitive(poly)
        if sign != "!=":
            sign = str(_sign_times(sign, factor))
        self.facts.append(Fact(key, sign, open_, label))
        self._signs.clear()

    def known(self, key: Key, sign: str) -> bool:
        """Whether an assumption gives a primitive polynomial that sign."""
        for fact in (*self.facts, *self._supposed):
            if fact.sign == sign and self.matches(fact.key, key, fact.open):
                if fact.label is not None:
                    self.used[fact.label] = None
                return True
        return False

    def matches(self, pattern: Key, key: Key, open_: frozenset[Var]) -> bool:
        """Whether a key is a pattern with its open indices replaced."""
        return pattern == key

    def primitive(self, poly: Polynomial) -> tuple[Key, Number]:
        """A polynomial without its rational factor and sign, and that factor."""
        if not poly:
            return (), 1
        factor, _ = self.content(poly)
        if poly[max(poly, key=monomial_order)] < 0:
            factor = -factor
        if factor == 1:
            return self.key(poly), 1
        return self.key(self.scale(poly, 1 / Fraction(factor))), exact(Fraction(factor))

    def monomial_sign(self, monomial: Monomial) -> str | None:
        sign: str | None = "+"
        for atom, exponent in monomial:
            here = self.atom_sign(atom)
            if isinstance(exponent, int) and exponent % 2 == 0:
                here = "+" if here in ("+", "-") or (exponent < 0) else "0+"
            elif not isinstance(exponent, int) and here is None:
                # A fractional power is real only where it is nonnegative.
                here = "0+" if exponent > 0 else "+"
            elif exponent < 0 and here in ("0+", "0-"):
                here = here[1]
            sign = _sign_product(sign, here)
        return sign

    def atom_sign(self, atom: Atom) -> str | None:
        """The sign of an atom wherever it is defined."""
        if atom not in self._signs:
            self._signs[atom] = None  # a sign that depends on itself is not known
            self._signs[atom] = self._find_sign(atom)
        return self._signs[atom]

    def _find_sign(self, atom: Atom) -> str | None:
        kind = atom.kind
        if kind in ("exp", "prime", "const"):
            return "+"
        if kind in ("index", "real"):
            return "0+"
        if kind == "int":
            poly = atom.data[0]
            if is_nonnegative(poly - 1):
                return "+"
            return "0+" if is_nonnegative(poly) else None
        if kind == "base":
            return self.sign(dict(atom.data[0]))
        if kind == "sum":
            highs, monomial = atom.data
            inner = self.monomial_sign(monomial)
            if inner in ("+", "-") and not all(is_nonnegative(h) for h in highs):
                inner = "0" + inner
            return inner if inner else self._known_sign({((atom, 1),): 1})
        if kind == "max":
            return self.sign(dict(atom.data[1]))
        if kind == "fn" and atom.data[0] == "cosh":
            return "+"
        if kind == "entry":
            traits = atom.data[0].traits
            for trait, sign in (("positive", "+"), ("nonnegative", "0+"), ("negative", "-"),
                                ("nonpositive", "0-")):  # fmt: skip
                if trait in traits:
                    self.used[(trait, atom.data[0])] = None
                    return sign
        return self._known_sign({((atom, 1),): 1})

    # ---- substitution

    def substitute(self, poly: Polynomial, values: Mapping[Var, Poly]) -> Polynomial:
        """Integer variables replaced in a polynomial, everything rebuilt by its own laws."""
        touched = False
        parts: list[Polynomial] = []
        for monomial, coefficient in poly.items():
            if all(a.free.isdisjoint(values) for a, _ in monomial):
                parts.append({monomial: coefficient})
                continue
            touched = True
            kept = {a: e for a, e in monomial if a.free.isdisjoint(values)}
            product = self.settled(kept, coefficient)
            for atom, exponent in monomial:
                if not atom.free.isdisjoint(values):
                    value = self.substituted_atom(atom, values)
                    product = self.multiply(product, self.power(value, exponent))
            parts.append(product)
        return self.add(*parts) if touched and parts else poly

    def substituted_atom(self, atom: Atom, values: Mapping[Var, Poly]) -> Polynomial:
        relevant = {v: p for v, p in values.items() if v in atom.free}
        key = (atom, tuple(sorted(relevant.items(), key=lambda item: item[0].key)))
        found = self._substituted.get(key)
        if found is None:
            found = self._substituted[key] = self.rebuilt(atom, relevant)
        return found

    def rebuilt(self, atom: Atom, values: Mapping[Var, Poly]) -> Polynomial:
        """An atom with variables replaced in its data, by the constructor of its kind."""
        raise NotImplementedError


def _upper_digit(poly: Poly) -> Poly | None:
    """s·u + v ≥ 0 with 0 ≤ v < s means u ≥ 0."""
    for step, u, v in _radix_splits(poly):
        for carry in (0, 1, -1):
            digit = v + step * carry
            if is_nonnegative(digit) and is_nonnegative(step - 1 - digit):
                return u - carry
    return None


def _digits(poly: Poly) -> tuple[Poly, Poly] | None:
    """s·u + v = 0 with |v| < s means u = 0 and v = 0: the digits of a mixed-radix number."""
    for step, u, v in _radix_splits(poly):
        if v.terms and is_nonnegative(step - 1 - v) and is_nonnegative(step - 1 + v):
            return u, v
    return None


def _radix_splits(poly: Poly) -> Iterator[tuple[Poly, Poly, Poly]]:
    """The ways to write an integer polynomial as s·u + v, s a product of sizes in it."""
    for monomial in poly.terms:
        sizes = tuple(v for v in monomial if v.kind == SIZE)
        if not sizes or len(sizes) == len(monomial):
            continue
        upper: dict[Any, Number] = {}
        lower: dict[Any, Number] = {}
        for m, c in poly.terms.items():
            rest = list(m)
            try:
                for v in sizes:
                    rest.remove(v)
            except ValueError:
                lower[m] = c
            else:
                upper[tuple(rest)] = c
        if all(c == int(c) for c in upper.values()):
            yield Poly({sizes: 1}), Poly(upper), Poly(lower)


def _merged(a: Monomial, b: Monomial) -> Monomial:
    if not a:
        return b
    if not b:
        return a
    exponents = dict(a)
    for atom, exponent in b:
        exponents[atom] = exponents.get(atom, 0) + exponent
    return Algebra.monomial(exponents)


def _scan(data: tuple[Any, ...], free: set[Var]) -> tuple[int, int, bool]:
    """Of what is in an atom's data: the greatest height, the number of atoms, whether it sums.

    The integer variables in it are added to ``free``.
    """
    height = size = 0
    has_sum = False
    for part in data:
        if isinstance(part, Atom):
            free |= part.free
            height, size = max(height, part.height), size + part.size
            has_sum = has_sum or part.has_sum
        elif isinstance(part, Poly):
            free |= part.indices
        elif isinstance(part, tuple):
            inner, number, sums = _scan(part, free)
            height, size, has_sum = max(height, inner), size + number, has_sum or sums
    return height, size, has_sum


def _outline(data: Any) -> Any:
    """An atom's data without the names of indices and without the order of commuting parts."""
    if isinstance(data, Atom):
        return data.form
    if isinstance(data, Poly):
        return tuple(
            sorted((tuple(v.key if v.kind == SIZE else (-1, 0) for v in m), c) for m, c in data.key)
        )
    if isinstance(data, tuple):
        parts = [_outline(part) for part in data]
        commuting = data and all(
            isinstance(p, tuple) and len(p) == 2 and isinstance(p[1], (int, Fraction)) for p in data
        )
        return tuple(sorted(parts, key=repr) if commuting else parts)
    return data


def _sign_times(sign: str | None, coefficient: Number) -> str | None:
    if sign is None or coefficient > 0:
        return sign
    return sign.replace("+", "-") if "+" in sign else sign.replace("-", "+")


def _sign_product(a: str | None, b: str | None) -> str | None:
    if a is None or b is None:
        return None
    zero = "0" if "0" in a or "0" in b else ""
    return zero + ("+" if a[-1] == b[-1] else "-")


def _factorised(value: Fraction) -> dict[int, int]:
    """The prime factors of a positive rational, with their exponents."""
    result: dict[int, int] = {}
    for number, direction in ((value.numerator, 1), (value.denominator, -1)):
        divisor = 2
        while number > 1:
            if divisor * divisor > number:
                divisor = number
            while number % divisor == 0:
                result[divisor] = result.get(divisor, 0) + direction
                number //= divisor
            divisor += 1
    return result
