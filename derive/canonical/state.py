"""What one decision has made, is given, and has met on the way: records that verbs read and write.

They know nothing of the normaliser; what is done with them is told where it is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from derive.base.errors import BudgetExceeded
from derive.canonical.atoms import (
    Atom,
    ConstAtom,
    EntryAtom,
    ExpAtom,
    IntAtom,
    Key,
    Monomial,
    Polynomial,
    PrimeAtom,
    RangeAtom,
    RefAtom,
    WholePowerAtom,
    scan,
)
from derive.canonical.function_values import Value
from derive.core.integers import BOUND, FREE, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import Shared, Term, mul, num, ref

MAX_ATOMS = 200_000

Kind = TypeVar("Kind", bound=Atom)


class AtomTable:
    """The atoms of one decision, each made once, and the canonical bound variables.

    ``kinds`` are those of all atoms that were made.
    """

    def __init__(self) -> None:
        self.kinds: set[type[Atom]] = set()
        self.made: dict[tuple[type[Atom], tuple[Any, ...]], Any] = {}
        self._forms: dict[Any, int] = {}
        self._bound: list[Var] = []

    def make(self, kind: type[Kind], data: tuple[Any, ...]) -> Kind:
        """A new atom, numbered in the order in which atoms are made.

        :raises BudgetExceeded: when there are too many.
        """
        if len(self.made) > MAX_ATOMS:
            raise BudgetExceeded("the canonical form grows too large")
        free: set[Var] = set()
        height, size, has_sum = scan(data, free)
        if issubclass(kind, RangeAtom):
            count = len(data[0])
            free -= {self.bound(n) for n in range(height, height + count)}
            height += count
        number = len(self.made)
        made = kind(data, number, frozenset(free), height, size + 1, has_sum, self._forms)
        self.made[kind, data] = made
        self.kinds.add(kind)
        return made

    def bound(self, number: int) -> Var:
        """The canonical bound variable of that number."""
        while len(self._bound) <= number:
            self._bound.append(Var(f"b{len(self._bound)}", BOUND, number=len(self._bound)))
        return self._bound[number]


class Fact(NamedTuple):
    """A sign that is assumed of a primitive polynomial, whatever its ``open`` indices are."""

    key: Key
    sign: str
    open: frozenset[Var]
    label: Any


@dataclass
class Signs:
    """What is assumed and known of signs: ``facts`` are those that are assumed.

    :param supposed: those of one side of a bracket, while that side is looked at.
    :param found: the signs of atoms that were looked for.
    :param of_names: the signs of what names stand for.
    """

    facts: list[Fact] = field(default_factory=list)
    supposed: list[Fact] = field(default_factory=list)
    found: dict[Atom, str | None] = field(default_factory=dict)
    of_names: dict[int, str | None] = field(default_factory=dict)
    _inside: dict[Atom, tuple[bool, bool]] = field(default_factory=dict)
    _filed: list[Fact] = field(default_factory=list)
    _by_look: dict[Any, list[Fact]] = field(default_factory=dict)

    def look_inside(self, atom: Atom, exponent: Any) -> tuple[bool, bool]:
        """Whether there is a whole power in a factor, and what may be zero below a line."""
        inside = self._inside.get(atom)
        if inside is None:
            power, below = isinstance(atom, WholePowerAtom), False
            waiting: list[Any] = [] if power else list(atom.data)
            while waiting:
                part = waiting.pop()
                if not isinstance(part, tuple):
                    continue
                if len(part) == 2 and isinstance(part[0], Atom):
                    deeper = self.look_inside(*part)
                    power, below = power or deeper[0], below or deeper[1]
                else:
                    waiting.extend(part)
            inside = self._inside[atom] = power, below
        power, below = inside
        return power, below or (exponent < 0 and not _is_positive_anywhere(atom))

    def candidates(self, key: Key) -> tuple[Fact, ...]:
        """The facts that may be about a primitive polynomial: with one for each layer, few of them
        are worth a match.
        """
        if len(self._filed) != len(self.facts):
            self.file()
        return (*self._by_look.get(_look(key), ()), *self.supposed)

    def file(self) -> None:
        """Order the facts by what they look like."""
        self._filed = list(self.facts)
        self._by_look = {}
        for fact in self._filed:
            self._by_look.setdefault(_look(fact.key), []).append(fact)


@dataclass
class Contraction:
    """An equation Σ (factors) = value, used from left to right wherever the factors occur.

    ``bound`` are the summation indices of the pattern with the ends of their ranges, ``open``
    the indices that stand for anything.
    """

    bound: tuple[Var, ...]
    highs: tuple[Poly, ...]
    factors: Monomial
    open: frozenset[Var]
    value: Polynomial
    label: Any = None

    @cached_property
    def at_fixed_indices(self) -> bool:
        """Whether a free index of the claim stands in the factors for itself alone."""
        named = {v for atom, _ in self.factors for v in atom.free if v.kind == FREE}
        return not named <= {*self.open, *self.bound}


@dataclass
class Given:
    """What is given of arrays and entries besides their signs.

    :param contractions: equations, used from left to right.
    :param replacements: what atoms equal, and by which assumption.
    :param definitions: the arrays that are known as a whole.
    :param mirrors: the matrices with A[i, j] = ±A[j, i], with that sign.
    :param apart: integers that are not zero.
    :param regular: the matrices that are invertible.
    :param unsolved: what is zero by equations that replace nothing, for all values of some indices.
    """

    contractions: list[Contraction] = field(default_factory=list)
    replacements: dict[Atom, tuple[Polynomial, Any]] = field(default_factory=dict)
    definitions: dict[Any, tuple[Shared, Any]] = field(default_factory=dict)
    mirrors: dict[Any, tuple[int, Any]] = field(default_factory=dict)
    apart: dict[Poly, Any] = field(default_factory=dict)
    regular: dict[Any, Any] = field(default_factory=dict)
    unsolved: list[tuple[Polynomial, frozenset[Var], Any]] = field(default_factory=list)


class Body(NamedTuple):
    """The canonical body of a shared array: ``poly`` in its parameters.

    ``name`` is the number of its class where the array stays opaque: then the array is
    ``scale`` times that class at the indices in the order ``axes``.
    """

    params: tuple[Var, ...]
    poly: Polynomial
    name: int | None = None
    axes: tuple[int, ...] = ()
    scale: Fraction | int = 1


class Merge(NamedTuple):
    """``array`` is ``scale`` times the array ``other`` at the indices in the order ``axes``, by a
    proof or, where it is ``plain``, by its definition.
    """

    array: Shared
    other: Shared
    axes: tuple[int, ...]
    scale: Fraction | int = 1
    plain: bool = False

    def at(self, indices: tuple[Poly, ...]) -> Term:
        """What the array is at some indices."""
        return mul(num(self.scale), ref(self.other, *(indices[axis] for axis in self.axes)))

    @property
    def inverse(self) -> tuple[int, ...]:
        """The axis of ``other`` that each axis of ``array`` is."""
        return tuple(self.axes.index(k) for k in range(len(self.axes)))

    def sides(self) -> tuple[Term, Term]:
        """Both sides of the equation, at the parameters of the array."""
        return self.array.body, self.at(tuple(as_poly(p) for p in self.array.params))


NO_MERGES: Mapping[Shared, Merge] = MappingProxyType({})


@dataclass
class Matrices:
    """Whole square matrices, by class: those that are equal, or one another's transpose.

    :param met: the matrix that each class was met as first, and whether transposed.
    :param names: of each matrix its class, whether transposed, and whether symmetric.
    :param symmetric: the classes whose matrices are.
    :param inverted: the classes that are inverted, each with the labels of what is.
    :param sides: on which sides of the diagonal the matrix of a class is zero.
    :param values: functions of matrices, by the function and the class.
    :param factors: what A⁻¹ is made of, by class.
    :param meets_small: whether one of few rows is inverted, or its determinant taken.
    :param writes_out: whether determinants and inverses of such matrices are written out.
    """

    met: dict[int, tuple[Shared, bool]] = field(default_factory=dict)
    names: dict[Shared, tuple[int, bool, bool]] = field(default_factory=dict)
    symmetric: set[int] = field(default_factory=set)
    inverted: dict[int, dict[Any, None]] = field(default_factory=dict)
    sides: dict[int, Any] = field(default_factory=dict)
    values: dict[tuple[str, int], Value] = field(default_factory=dict)
    factors: dict[int, Value] = field(default_factory=dict)
    meets_small: bool = False
    writes_out: bool = False


def _is_positive_anywhere(atom: Atom) -> bool:
    """Whether an atom is positive whatever is assumed."""
    if isinstance(atom, IntAtom):
        return is_nonnegative(atom.poly - 1)
    return isinstance(atom, (ExpAtom, PrimeAtom, ConstAtom))


def _look(key: Key) -> Any:
    """What stays of a key when the indices in it are replaced: the kinds of its atoms, and whose
    entries they are.
    """
    return tuple(sorted(tuple(sorted((*_whose(a), e) for a, e in m)) for m, _ in key))


def _whose(atom: Atom) -> tuple[str, int]:
    if isinstance(atom, EntryAtom):
        return atom.kind, id(atom.array)
    return atom.kind, atom.name if isinstance(atom, RefAtom) else 0
