"""Atoms, and the monomials and polynomials over them: what canonical forms are made of."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, ClassVar

from derive.base.errors import UnsupportedError
from derive.core.integers import SIZE, Label, Number, Poly, Var
from derive.core.terms import Array

Exponent = int | Fraction


class Atom:
    """An indivisible factor: one class for each kind, with named fields.

    ``data`` holds the fields in order, for what goes through all of them whatever the kind.
    ``height`` is one more than the greatest number of a bound index inside, ``size`` the number
    of atoms in it. Atoms that differ in the names of indices alone have one ``form``.
    """

    __slots__ = ("_form", "_forms", "_reads", "data", "free", "has_sum", "height", "id", "size")

    kind: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]
    special: ClassVar[bool] = False  # whether powers or products have laws beyond exponents

    def __init__(
        self,
        data: tuple[Any, ...],
        number: int,
        free: frozenset[Var],
        height: int,
        size: int,
        has_sum: bool,
        forms: dict[Any, int],
    ) -> None:
        self.data = data
        self.id = number
        self.free = free
        self.height = height
        self.size = size
        self._forms = forms
        self._form: int | None = None
        self._reads: tuple[tuple[Array, tuple[Poly, ...]], ...] | None = None
        self.has_sum = has_sum or self.kind == "sum"
        self._name_fields(*data)

    def _name_fields(self, *data: Any) -> None:
        """Give the fields in ``data`` their names."""
        for name, value in zip(self.fields, data, strict=True):
            setattr(self, name, value)

    @property
    def form(self) -> int:
        """The number of the form, worked out when it is first asked for."""
        if self._form is None:
            outline = (self.kind, _outline(self.data))
            self._form = self._forms.setdefault(outline, len(self._forms))
        return self._form

    @property
    def reads(self) -> tuple[tuple[Array, tuple[Poly, ...]], ...]:
        """The given arrays that are read in the atom and where, the last ones first; found when
        they are first asked for.
        """
        if self._reads is None:
            self._reads = tuple(dict.fromkeys(_reads_in(self.data)))
        return self._reads

    def may_read(self, label: Label) -> bool:
        """Whether the label may be in the atom: an atom moves with all that a label in it does."""
        return label.indices <= self.free

    def __repr__(self) -> str:
        return f"{self.kind}{self.data}"


# ---- numbers and integers


class ConstAtom(Atom):
    """A positive constant, such as π."""

    fields = ("value",)
    __slots__ = fields
    kind = "const"
    value: Any


class PrimeAtom(Atom):
    """A prime number under a fractional power."""

    fields = ("number",)
    __slots__ = fields
    kind, special = "prime", True
    number: int


class IntAtom(Atom):
    """An integer: a size, an index or a label."""

    fields = ("poly",)
    __slots__ = fields
    kind = "int"
    poly: Poly


# ---- arrays


class EntryAtom(Atom):
    """An entry of a given array."""

    fields = ("array", "indices")
    __slots__ = fields
    kind = "entry"
    array: Array
    indices: tuple[Poly, ...]

    @property
    def reads(self) -> tuple[tuple[Array, tuple[Poly, ...]], ...]:
        """Itself."""
        return ((self.array, self.indices),)


class RefAtom(Atom):
    """An entry of a shared array that stays opaque: the number of its class."""

    fields = ("name", "indices")
    __slots__ = fields
    kind = "ref"
    name: int
    indices: tuple[Poly, ...]


class InverseAtom(Atom):
    """An entry of the inverse of a class of matrices."""

    fields = ("name", "row", "column")
    __slots__ = fields
    kind = "inverse"
    name: int
    row: Poly
    column: Poly


class DeterminantAtom(Atom):
    """The determinant of a class of matrices."""

    fields = ("name",)
    __slots__ = fields
    kind = "det"
    name: int


class WholeAtom(Atom):
    """A function of whole arrays, given by their names, and the path of a derivative of it."""

    fields = ("function", "names", "path")
    __slots__ = fields
    kind = "whole"
    function: Any
    names: tuple[int, ...]
    path: Any


# ---- brackets: 1 where a relation to 0 holds, and else 0


class BracketAtom(Atom):
    """A bracket."""

    __slots__ = ()
    special = True
    relation: str


class IndexBracketAtom(BracketAtom):
    """[p ≥ 0] or [p = 0] for an integer p."""

    fields = ("relation", "poly")
    __slots__ = fields
    kind = "index"
    poly: Poly


class RealBracketAtom(BracketAtom):
    """[p > 0] or [p = 0] for a primitive polynomial p over atoms."""

    fields = ("relation", "key")
    __slots__ = fields
    kind = "real"
    key: Key


# ---- powers and functions


class BaseAtom(Atom):
    """A polynomial of several terms under a power that is not multiplied out."""

    fields = ("key",)
    __slots__ = fields
    kind, special = "base", True
    key: Key


class WholePowerAtom(Atom):
    """A power whose exponent, one product, takes whole values only."""

    fields = ("base", "exponent")
    __slots__ = fields
    kind = "whole power"
    base: Key
    exponent: Monomial


class ExpAtom(Atom):
    """The exponential of one product."""

    fields = ("argument",)
    __slots__ = fields
    kind = "exp"
    argument: Monomial


class CosAtom(Atom):
    """A cosine, whose square is 1 less that of a sine."""

    fields = ("argument",)
    __slots__ = fields
    kind, special = "cos", True
    argument: Key


class FunctionAtom(Atom):
    """A known function of polynomials."""

    fields = ("name", "args")
    __slots__ = fields
    kind = "fn"
    name: str
    args: tuple[Key, ...]

    def _name_fields(self, *data: Any) -> None:
        self.name, *args = data
        self.args = tuple(args)


class UnknownAtom(Atom):
    """An undefined function, or a derivative of one, of polynomials."""

    fields = ("function", "orders", "args")
    __slots__ = fields
    kind = "unknown"
    function: Any
    orders: Any
    args: tuple[Key, ...]

    def _name_fields(self, *data: Any) -> None:
        self.function, self.orders, *args = data
        self.args = tuple(args)


# ---- over ranges from 0


class RangeAtom(Atom):
    """What binds canonical indices: they run from 0 to ``highs``."""

    __slots__ = ()
    highs: tuple[Poly, ...]


class SumAtom(RangeAtom):
    """A sum of one connected product."""

    fields = ("highs", "body")
    __slots__ = fields
    kind = "sum"
    body: Monomial


class OneRangeAtom(RangeAtom):
    """What runs over one range and is no sum."""

    __slots__ = ()
    body: Key

    @property
    def high(self) -> Poly:
        """The end of the range."""
        return self.highs[0]


class ProductAtom(OneRangeAtom):
    """A product over a range."""

    fields = ("highs", "body")
    __slots__ = fields
    kind = "prod"


class MaximumAtom(OneRangeAtom):
    """A maximum over a range."""

    fields = ("highs", "body")
    __slots__ = fields
    kind = "max"


Monomial = tuple[tuple[Atom, Exponent], ...]
Polynomial = dict[Monomial, Number]
Key = tuple[tuple[Monomial, Number], ...]


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


def is_turned(poly: Polynomial) -> bool:
    """Whether, of a polynomial and its negative, it is the second: by its leading terms that are
    not the same but for their sign and the names of their indices, as in x[i] − x[j] + 1; by the
    names only where there are none.
    """
    lead = max(poly, key=monomial_order)
    if len(poly) > 1:
        order = formal_order(lead)
        if sum(formal_order(m) == order for m in poly) > 1:
            terms = [(formal_order(m), c) for m, c in poly.items()]
            one = sorted(terms, reverse=True)
            other = sorted(((order, -c) for order, c in terms), reverse=True)
            if one != other:
                return one < other
    return poly[lead] < 0


def scan(data: tuple[Any, ...], free: set[Var]) -> tuple[int, int, bool]:
    """Of what is in an atom's data: the greatest height, the number of atoms, whether it sums.

    The integer variables in it are added to ``free``.
    """
    height = size = 0
    has_sum = False
    waiting = [data]
    while waiting:
        for part in waiting.pop():
            # type() first: nearly all are tuples and indices, and each new atom is gone through.
            kind = type(part)
            if kind is tuple:
                waiting.append(part)
            elif kind is Poly:
                free |= part.indices
            elif kind is not int and isinstance(part, Atom):
                free |= part.free
                size += part.size
                if part.height > height:
                    height = part.height
                has_sum = has_sum or part.has_sum
    return height, size, has_sum


def atoms_in(atom: Atom) -> Iterator[Atom]:
    """An atom and all atoms in its data."""
    yield atom
    stack: list[Any] = list(atom.data)
    while stack:
        part = stack.pop()
        if isinstance(part, Atom):
            yield part
            stack.extend(part.data)
        elif isinstance(part, tuple):
            stack.extend(part)


def _reads_in(part: Any) -> Iterator[tuple[Array, tuple[Poly, ...]]]:
    if isinstance(part, Atom):
        yield from part.reads
    elif isinstance(part, tuple):
        for inner in reversed(part):
            yield from _reads_in(inner)


_NUMBERS = (int, Fraction)


def _nameless(variable: Var) -> Any:
    """What an integer is without the names of indices: a size, a label of an array, any index."""
    if isinstance(variable, Label):
        return (-1, variable.array.serial, *map(_outline, variable.places))
    return variable.key if variable.kind == SIZE else (-1, -1)


def _outline(data: Any) -> Any:
    """An atom's data without the names of indices and without the order of commuting parts."""
    kind = type(data)
    if kind is tuple:
        parts = [_outline(part) for part in data]
        if len(data) > 1 and all(
            type(p) is tuple and len(p) == 2 and type(p[1]) in _NUMBERS for p in data
        ):
            # Of the factors of a product the forms are numbers, and quickly put in order.
            parts.sort(key=None if all(type(p[0]) is int for p in parts) else repr)
        return tuple(parts)
    if kind is Poly:
        return tuple(sorted((tuple(map(_nameless, m)), c) for m, c in data.key))
    return data.form if isinstance(data, Atom) else data
