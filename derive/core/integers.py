"""Integer polynomials in sizes and indices: what stands between the brackets of an entry.

An index such as ``s*j + q`` or a range end such as ``n - 1`` is a polynomial with rational
coefficients in integer variables. Polynomials are hash-consed, so equal ones are one object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import count
from typing import Any, ClassVar

from derive.base.budget import spend

Number = int | Fraction
Monomial = tuple["Var", ...]

SIZE, FREE, PARAM, BOUND, FRESH, LABEL = range(6)
POLYNOMIAL = 50  # units of work for one that is new

_serial = count()


class Var:
    """An integer variable: a size (at least 1), a free index, or a bound index.

    ``low`` and ``high`` are its range, both ends included, where one is known; they may mention
    variables made earlier. ``lows`` and ``highs`` are further ends, none of which is seen to
    follow from the others, as of i ≤ n − 1 and i ≤ m − 1. A size that is ``unbounded`` may be any
    integer, as ⌊(n − k)/s⌋; ``facts`` are polynomials with it that are never negative.
    """

    __slots__ = (
        "_poly", "facts", "high", "highs", "key", "kind", "low", "lows", "name", "symbol",
        "unbounded",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        kind: int,
        low: Poly | None = None,
        high: Poly | None = None,
        symbol: Any = None,
        number: int | None = None,
        unbounded: bool = False,
    ) -> None:
        self.name = name
        self.kind = kind
        self.low = low
        self.high = high
        self.symbol = symbol
        self.unbounded = unbounded
        self.facts: tuple[Poly, ...] = ()
        self.lows: tuple[Poly, ...] = ()
        self.highs: tuple[Poly, ...] = ()
        self.key = (kind, next(_serial) if number is None else number)
        self._poly: Poly | None = None

    def bounded_by(
        self, facts: Iterable[Poly] = (), lows: Iterable[Poly] = (), highs: Iterable[Poly] = ()
    ) -> None:
        """Take more to be known of the variable: facts, and further ends of its range."""
        self.facts = (*self.facts, *facts)
        self.lows = (*self.lows, *lows)
        self.highs = (*self.highs, *highs)
        Poly.forget_signs()

    def __repr__(self) -> str:
        return self.name

    def __lt__(self, other: Var) -> bool:
        return self.key < other.key


class Label(Var):
    """A whole number that an array holds, y[i]: an integer that moves with the indices at which it
    is read, and of which nothing is known but its range. Equal ones are one object.

    :param array: the array in index notation, with a ``serial``.
    """

    __slots__ = ("array", "indices", "places", "variables")

    array: Any
    places: tuple[Poly, ...]
    variables: frozenset[Var]  # those of the places
    indices: frozenset[Var]  # those that are no sizes
    _labels: ClassVar[dict[Any, Label]] = {}

    def __new__(
        cls, array: Any, places: tuple[Poly, ...], low: Poly | None, high: Poly | None
    ) -> Label:
        key = (array, places)
        found = cls._labels.get(key)
        if found is None:
            found = cls._labels[key] = super().__new__(cls)
        return found

    def __init__(
        self, array: Any, places: tuple[Poly, ...], low: Poly | None, high: Poly | None
    ) -> None:
        super().__init__(f"{array}{list(places)}", LABEL, low, high, number=array.serial)
        self.array, self.places = array, places
        self.variables = frozenset(v for place in places for v in place.variables)
        self.indices = frozenset(v for v in self.variables if v.kind != SIZE)
        self.key = (LABEL, array.serial, *(place.sort_key() for place in places))

    def moved(self, values: Mapping[Var, Poly]) -> Label:
        """The label that is read where indices have other values."""
        places = tuple(place.substitute(values) for place in self.places)
        return Label(self.array, places, self.low, self.high)


class Poly:
    """A polynomial in :class:`Var`, immutable and hash-consed: ``terms`` maps monomials.

    ``letters`` are what stands in the monomials; ``variables`` are, in the place of a
    :class:`Label` there, those that it moves with.
    """

    __slots__ = ("_hash", "indices", "key", "labels", "letters", "terms", "variables")

    terms: dict[Monomial, Number]
    key: tuple[Any, ...]
    letters: frozenset[Var]
    labels: tuple[Label, ...]
    variables: frozenset[Var]
    indices: frozenset[Var]  # the variables that are no sizes
    _hash: int
    _table: ClassVar[dict[frozenset[Any], Poly]] = {}
    _numbers: ClassVar[dict[Number, Poly]] = {}
    _differences: ClassVar[dict[tuple[Poly, Poly], Poly]] = {}
    _nonnegative: ClassVar[dict[Poly, bool]] = {}  # whether their ranges show it

    @classmethod
    def forget(cls) -> None:
        """Empty the table of polynomials, and what was found of them."""
        cls._table.clear()
        cls._numbers.clear()
        cls._differences.clear()
        cls.forget_signs()

    @classmethod
    def forget_signs(cls) -> None:
        """Forget what was found of the signs of polynomials."""
        cls._nonnegative.clear()

    def __new__(cls, terms: Mapping[Monomial, Number]) -> Poly:
        known = frozenset(terms.items())
        found = cls._table.get(known)
        if found is None and 0 in terms.values():
            known = frozenset(item for item in known if item[1])
            found = cls._table.get(known)
        if found is None:
            spend(POLYNOMIAL)
            found = super().__new__(cls)
            items = tuple(sorted(known, key=lambda item: tuple(v.key for v in item[0])))
            found.terms = dict(items)
            found.key = items
            found.letters = found.variables = frozenset(v for m, _ in items for v in m)
            found.labels = tuple(v for v in found.letters if isinstance(v, Label))
            if found.labels:
                found.variables = found.letters.difference(found.labels).union(
                    *(label.variables for label in found.labels)
                )
            found.indices = frozenset(v for v in found.variables if v.kind != SIZE)
            found._hash = hash(items)
            cls._table[known] = found
        return found

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Poly) and self.key == other.key)

    def sort_key(self) -> tuple[Any, ...]:
        """A total order on polynomials that does not depend on when they were made."""
        return tuple((tuple(v.key for v in m), c) for m, c in self.key)

    @property
    def constant(self) -> Number | None:
        """The value, when there is no variable in it."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and () in self.terms:
            return self.terms[()]
        return None

    def __add__(self, other: Poly | int) -> Poly:
        other = as_poly(other)
        terms = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            terms[monomial] = terms.get(monomial, 0) + coefficient
        return Poly(terms)

    __radd__ = __add__

    def __neg__(self) -> Poly:
        return Poly({m: -c for m, c in self.terms.items()})

    def __sub__(self, other: Poly | int) -> Poly:
        if type(other) is not Poly:
            other = as_poly(other)
        found = Poly._differences.get((self, other))
        if found is None:
            terms = dict(self.terms)
            for monomial, coefficient in other.terms.items():
                terms[monomial] = terms.get(monomial, 0) - coefficient
            found = Poly._differences[self, other] = Poly(terms)
        return found

    def __rsub__(self, other: Poly | int) -> Poly:
        return as_poly(other) - self

    def __mul__(self, other: Poly | Number) -> Poly:
        if not isinstance(other, Poly):
            return Poly({m: c * other for m, c in self.terms.items()})
        terms: dict[Monomial, Number] = {}
        for m1, c1 in self.terms.items():
            for m2, c2 in other.terms.items():
                monomial = tuple(sorted(m1 + m2, key=lambda v: v.key))
                terms[monomial] = terms.get(monomial, 0) + c1 * c2
        return Poly(terms)

    __rmul__ = __mul__

    def coefficient(self, variable: Var) -> Poly | None:
        """The factor of ``variable`` where the polynomial is linear in it, else None: in an index
        that a label is read at it is not.
        """
        if variable not in self.letters:
            if self.labels and any(variable in label.variables for label in self.labels):
                return None
            return ZERO
        if self.labels and any(variable in label.variables for label in self.labels):
            return None
        if len(self.terms) == 1 and self.key == (((variable,), 1),):
            return ONE
        terms: dict[Monomial, Number] = {}
        for monomial, coefficient in self.terms.items():
            times = monomial.count(variable)
            if times > 1:
                return None
            if times:
                rest = list(monomial)
                rest.remove(variable)
                terms[tuple(rest)] = coefficient
        return Poly(terms)

    def substitute(self, values: Mapping[Var, Poly]) -> Poly:
        """The polynomial with variables replaced, all at once."""
        if self.variables.isdisjoint(values) and not (
            self.labels and any(label in values for label in self.labels)
        ):
            return self
        moving = [v for v in self.labels if not v.variables.isdisjoint(values)]
        if moving:
            values = {**{label: as_poly(label.moved(values)) for label in moving}, **values}
        if len(self.terms) == 1:
            ((monomial, coefficient),) = self.key
            if coefficient == 1 and len(monomial) == 1:
                return values[monomial[0]]
        result: dict[Monomial, Number] = {}
        for monomial, coefficient in self.terms.items():
            product: Mapping[Monomial, Number] = {monomial: 1}
            if len(monomial) == 1 and monomial[0] in values:
                product = values[monomial[0]].terms
            elif not values.keys().isdisjoint(monomial):
                whole = Poly({tuple(v for v in monomial if v not in values): 1})
                for variable in monomial:
                    if variable in values:
                        whole = whole * values[variable]
                product = whole.terms
            for m, c in product.items():
                result[m] = result.get(m, 0) + c * coefficient
        return Poly(result)

    def __repr__(self) -> str:
        parts = []
        for monomial, coefficient in self.key:
            names = "*".join(v.name for v in monomial)
            parts.append(
                names if coefficient == 1 and names else f"{coefficient}*{names}".rstrip("*")
            )
        return " + ".join(parts) or "0"


def as_poly(value: Poly | Var | Number) -> Poly:
    """A number or a variable as a polynomial."""
    if isinstance(value, Poly):
        return value
    if isinstance(value, Var):
        if value._poly is None:
            value._poly = Poly({(value,): 1})
        return value._poly
    found = Poly._numbers.get(value)
    if found is None:
        found = Poly._numbers[value] = Poly({(): value})
    return found


ZERO = as_poly(0)
ONE = as_poly(1)


def is_nonnegative(poly: Poly, facts: Iterable[Poly] = (), depth: int = 4) -> bool:
    """Whether ``poly`` ≥ 0 can be shown for all values in range: sound, not complete.

    Each index is replaced by the end of its range that makes the polynomial smallest, innermost
    ranges first; a polynomial in sizes alone (each at least 1) is nonnegative when, written in
    the sizes less one, no coefficient is negative. ``facts`` are polynomials known to be
    nonnegative, which may be subtracted.
    """
    if _by_ranges(poly):
        return True
    known = list(facts)
    return any(_less_facts(poly, known, count) for count in range(1, min(depth, len(known)) + 1))


def _less_facts(poly: Poly, facts: list[Poly], count: int) -> bool:
    """Whether a polynomial less so many of the facts is nonnegative by its ranges."""
    if not count:
        return _by_ranges(poly)
    return any(
        _less_facts(poly - fact, [other for other in facts if other is not fact], count - 1)
        for fact in facts
        if not fact.variables.isdisjoint(poly.variables)
    )


def _least(size: Var) -> Poly:
    """The smallest value of a size: 1, or what is given."""
    return ONE if size.low is None else size.low


MOST_DIFFERENCES = 200  # polynomials less facts that are looked at


def _in_sizes(poly: Poly) -> bool:
    """Whether a polynomial in sizes is nonnegative: no coefficient of it in the sizes less one
    is negative, or none is once facts of its sizes are taken off, each so often as it takes.
    """
    if not any(v.facts for v in poly.variables):
        return _without_facts(poly)
    seen = {poly}
    waiting: list[tuple[Poly, tuple[Poly, ...]]] = [(poly, ())]
    for rest, used in waiting:
        if _without_facts(rest):
            return True
        sizes = sorted(rest.variables, key=lambda v: v.key)
        for fact in dict.fromkeys(f for v in sizes for f in v.facts if f not in used):
            for times in sorted(_multiples(rest, fact)):
                less = rest - fact * times
                # In whichever order the facts are taken off, the rest is the same.
                if less not in seen and len(seen) < MOST_DIFFERENCES:
                    seen.add(less)
                    waiting.append((less, (*used, fact)))
    return False


def _without_facts(poly: Poly) -> bool:
    """Whether no coefficient of a polynomial in the sizes less one is negative."""
    if any(v.unbounded for v in poly.variables):
        return False
    shifted = poly.substitute({v: as_poly(v) + _least(v) for v in poly.variables})
    return all(c >= 0 for c in shifted.terms.values())


def _multiples(poly: Poly, fact: Poly) -> set[Number]:
    """How often a fact is taken off: once, or until a negative term of the polynomial is gone.
    Any number that is not negative may be.
    """
    found: set[Number] = {1}
    for monomial, coefficient in fact.terms.items():
        negative = poly.terms.get(monomial, 0)
        if monomial and coefficient < 0 and negative < 0:
            found.add(Fraction(negative) / coefficient)
    return found


def _by_ranges(poly: Poly) -> bool:
    value = poly.constant
    if value is not None:
        return value >= 0
    found = Poly._nonnegative.get(poly)
    if found is None:
        found = Poly._nonnegative[poly] = _at_ends(poly)
    return found


def _at_ends(poly: Poly, steps: int = 32) -> bool:
    """Whether a polynomial is nonnegative at the ends of the ranges that make it smallest."""
    value = poly.constant
    if value is not None:
        return value >= 0
    ranged = [v for v in poly.letters if v.kind != SIZE]
    if not ranged:
        return _in_sizes(poly)
    # Ranges mention only variables made earlier, so the latest goes first.
    variable = max(ranged, key=lambda v: v.key)
    slope = poly.coefficient(variable)
    if slope is None or not steps:
        return False
    if variable.low is not None and _by_ranges(slope):
        ends = (variable.low, *variable.lows)
    elif variable.high is not None and _by_ranges(-slope):
        ends = (variable.high, *variable.highs)
    else:
        return False
    return any(_at_ends(poly.substitute({variable: end}), steps - 1) for end in ends)
