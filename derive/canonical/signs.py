"""The sign of a polynomial wherever it is defined: from its terms, and from what is assumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any, TypeVar

from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    BracketAtom,
    ConstAtom,
    CosAtom,
    DeterminantAtom,
    EntryAtom,
    ExpAtom,
    Exponent,
    FunctionAtom,
    IntAtom,
    Key,
    MaximumAtom,
    Monomial,
    OneRangeAtom,
    Polynomial,
    PrimeAtom,
    ProductAtom,
    RealBracketAtom,
    RefAtom,
    SumAtom,
    WholePowerAtom,
)
from derive.canonical.enclosures import closed_sign
from derive.canonical.ring import Ring
from derive.core.functions import FUNCTIONS
from derive.core.integers import ZERO, Number, Var, as_poly, is_nonnegative

Result = TypeVar("Result")

ODD_AND_GROWING = frozenset(name for name, f in FUNCTIONS.items() if f.odd and f.growing)
TOTAL = frozenset(name for name, f in FUNCTIONS.items() if f.total)
# Atoms that have a value whatever the entries in them are.
ALWAYS_TOTAL = (EntryAtom, IntAtom, ConstAtom, PrimeAtom, BracketAtom, DeterminantAtom)
MAX_GUARDS = 6  # brackets on either side of which a term is looked for
MAX_SPLITS = 2  # brackets on either side of which a sign is looked for


@dataclass(frozen=True)
class Fact:
    """A sign that is assumed of a primitive polynomial, whatever its ``open`` indices are."""

    key: Key
    sign: str
    open: frozenset[Var]
    label: Any


class Signs(Ring):
    """Adds signs: ``facts`` are those that are assumed."""

    def __init__(self, exponentials: bool = False) -> None:
        super().__init__(exponentials)
        self.facts: list[Fact] = []
        self._supposed: list[Fact] = []  # on one side of a bracket, while that side is looked at
        self._signs: dict[Atom, str | None] = {}
        self._filed: list[Fact] = []
        self._by_look: dict[Any, list[Fact]] = {}
        self._inside: dict[Atom, tuple[bool, bool]] = {}

    def hides_a_power(self, poly: Polynomial) -> bool:
        """Whether x^(n − 1) may stand in a polynomial as xⁿ·x⁻¹ for an x that may be zero.

        There both have the same value except where x = 0 and n = 1, where the one is 1 and the
        other is none: no factor of such a polynomial says anything of its sign or its zeros.
        """
        if WholePowerAtom not in self.kinds:
            return False
        found = [self._look_inside(atom, e) for m in poly for atom, e in m]
        return any(power for power, _ in found) and any(below for _, below in found)

    def _look_inside(self, atom: Atom, exponent: Any) -> tuple[bool, bool]:
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
                    deeper = self._look_inside(*part)
                    power, below = power or deeper[0], below or deeper[1]
                else:
                    waiting.extend(part)
            inside = self._inside[atom] = power, below
        power, below = inside
        return power, below or (exponent < 0 and not _is_positive_anywhere(atom))

    def sign(self, poly: Polynomial) -> str | None:
        """``"+"`` (positive), ``"0+"`` (nonnegative), ``"-"``, ``"0-"`` or None (not known)."""
        if not poly:
            return "0+"
        signs = {_sign_times(self.monomial_sign(m), c) for m, c in poly.items()}
        if signs <= {"+", "0+"}:
            return "+" if "+" in signs else "0+"
        if signs <= {"-", "0-"}:
            return "-" if "-" in signs else "0-"
        return (
            self._known_sign(poly)
            or closed_sign(poly)
            or _integer_sign(poly)
            or self._split_sign(poly)
        )

    def _split_sign(self, poly: Polynomial) -> str | None:
        """The sign on either side of a bracket [p > 0], p positive on the one."""
        bracket = next(
            (a for m in poly for a, _ in m if isinstance(a, RealBracketAtom) and a.relation == ">"),
            None,
        )
        if bracket is None or len(self._supposed) >= MAX_SPLITS:
            return None
        if any(f.key == bracket.key for f in (*self.facts, *self._supposed)):
            return None
        with_it, without = self.sides_of(poly, bracket)
        above = self._assuming(bracket.key, "+", with_it)
        below = self._assuming(bracket.key, "0-", without)
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

    def known_facts(self) -> tuple[Fact, ...]:
        """What is assumed, and what is supposed for the time being."""
        return (*self.facts, *self._supposed)

    def given_only(self, facts: list[Fact], compute: Callable[[], Result]) -> Result:
        """What is computed while some signs are known and no others."""
        saved = self.facts, self._supposed, self._signs
        self.facts, self._supposed, self._signs = facts, [], {}
        self._file_facts()
        try:
            return compute()
        finally:
            self.facts, self._supposed, self._signs = saved
            self._file_facts()

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
        if self.hides_a_power(poly):
            key, factor = self.primitive(poly)
            self.facts.append(Fact(key, str(_sign_times(sign, factor)), open_, label))
        elif sign == "!=":
            # A product is not zero where none of its factors is.
            factor, common = self.content(poly)
            common = {a: e for a, e in common.items() if self.lasts(poly, a)}
            rest = self.divided(poly, factor, common)
            parts: list[Polynomial] = [{((atom, 1),): 1} for atom in common]
            parts += [rest] if rest.keys() != {()} else []
            for part in parts:
                self.facts.append(Fact(self.primitive(part)[0], sign, open_, label))
        else:
            for form in (poly, self.without_positive(poly)):
                key, factor = self.primitive(form)
                fact = Fact(key, str(_sign_times(sign, factor)), open_, label)
                if fact not in self.facts[-1:]:
                    self.facts.append(fact)
            for part in self._parts_of_minimum(poly, sign):
                self.assume(part, sign, open_, label)
        self._signs.clear()

    def _parts_of_minimum(self, poly: Polynomial, sign: str) -> tuple[Polynomial, ...]:
        """a and b of min(a, b), positive where it is, or of max(a, b), negative where it is."""
        bracket = next((a for m in poly for a, _ in m if isinstance(a, RealBracketAtom)), None)
        if bracket is None or bracket.relation != ">":
            return ()
        above, below = self.sides_of(poly, bracket)
        key, slope = self.primitive(self.subtract(above, below))
        chosen = slope < 0 if "+" in sign else slope > 0
        return (above, below) if key == bracket.key and chosen else ()

    def known(self, key: Key, sign: str) -> bool:
        """Whether an assumption gives a primitive polynomial that sign."""
        if len(self._filed) != len(self.facts):
            self._file_facts()
        candidates = self._by_look.get(_look(key), ())
        for fact in (*candidates, *self._supposed):
            if fact.sign == sign and self.matches(fact.key, key, fact.open):
                if fact.label is not None:
                    self.used[fact.label] = None
                return True
        return False

    def _file_facts(self) -> None:
        """Facts by what they look like: with one for each layer, few of them are worth a match."""
        self._filed = list(self.facts)
        self._by_look = {}
        for fact in self._filed:
            self._by_look.setdefault(_look(fact.key), []).append(fact)

    def matches(self, pattern: Key, key: Key, open_: frozenset[Var]) -> bool:
        """Whether a key is a pattern with its open indices replaced."""
        return pattern == key

    def without_positive(self, poly: Polynomial) -> Polynomial:
        """A polynomial of the same sign, without positive denominators and factors.

        Only those leave that have a value wherever the polynomial has one.
        """
        if self.hides_a_power(poly):
            return poly
        poly, _ = self.cleared(poly, False)
        factor, common = self.content(poly)
        leaving = {
            a: e
            for a, e in common.items()
            if self.monomial_sign(((a, e),)) == "+" and self.lasts(poly, a)
        }
        return self.divided(poly, factor, leaving)

    def lasts(self, poly: Polynomial, atom: Atom) -> bool:
        """Whether the roots and the quotients of an atom in a polynomial have a value wherever the
        polynomial does.

        Where all of them stand beside a bracket that may be 0, nothing says that they have one: a
        factor that is taken out of all terms, or multiplied into them, has to last. They do where
        some of them are left whichever brackets are 0, and where the sign of the atom is known.
        """
        parts: Polynomial = {}
        exponents: set[Exponent] = set()
        for monomial, coefficient in poly.items():
            for a, e in monomial:
                if a is atom and (e < 0 or not isinstance(e, int)):
                    parts[monomial] = coefficient
                    exponents.add(e)
        if not parts or self._stands(parts):
            return True
        sign = self.atom_sign(atom) if self.is_total(atom) else None
        if sign is None or ("0" in sign and min(exponents) < 0):
            return False
        return "+" in sign or all(isinstance(e, int) for e in exponents)

    def _stands(self, poly: Polynomial, depth: int = MAX_GUARDS) -> bool:
        """Whether terms of a polynomial are left whichever of its brackets are 0."""
        bracket = next((a for m in poly for a, _ in m if isinstance(a, BracketAtom)), None)
        if bracket is None or not poly:
            return bool(poly)
        return depth > 0 and all(
            self._stands(side, depth - 1) for side in self.sides_of(poly, bracket)
        )

    def is_total(self, atom: Atom) -> bool:
        """Whether an atom has a value for all real values of the entries in it."""
        if isinstance(atom, ALWAYS_TOTAL):
            return True
        if isinstance(atom, ExpAtom):
            return self.has_value(((atom.argument, 1),))
        if isinstance(atom, BaseAtom):
            return self.has_value(atom.key)
        if isinstance(atom, CosAtom):
            return self.has_value(atom.argument)
        if isinstance(atom, FunctionAtom):
            return atom.name in TOTAL and self.has_value(atom.args[0])
        if isinstance(atom, SumAtom):
            return self.has_value(((atom.body, 1),))
        return isinstance(atom, OneRangeAtom) and self.has_value(atom.body)

    def has_value(self, key: Key) -> bool:
        """Whether a polynomial has a value for all real values of the entries in it."""
        return all(isinstance(e, int) and e > 0 and self.is_total(a) for m, _ in key for a, e in m)

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
            found = self._find_sign(atom)
            if found in ("0+", "0-") and self.known(self.key({((atom, 1),): 1}), "!="):
                found = found[1]
            self._signs[atom] = found
        return self._signs[atom]

    def _find_sign(self, atom: Atom) -> str | None:
        if isinstance(atom, (ExpAtom, PrimeAtom, ConstAtom)):
            return "+"
        if isinstance(atom, BracketAtom):
            return "0+"
        if isinstance(atom, IntAtom):
            poly = atom.poly
            if is_nonnegative(poly - 1):
                return "+"
            return "0+" if is_nonnegative(poly) else None
        if isinstance(atom, BaseAtom):
            return self.sign(dict(atom.key))
        if isinstance(atom, SumAtom):
            inner = self.monomial_sign(atom.body)
            if inner in ("+", "-") and not all(is_nonnegative(h) for h in atom.highs):
                inner = "0" + inner
            return inner if inner else self._known_sign({((atom, 1),): 1})
        if isinstance(atom, MaximumAtom):
            return self.sign(dict(atom.body))
        if isinstance(atom, ProductAtom):
            inner = self.sign(dict(atom.body))
            return inner if inner in ("+", "0+") else self._known_sign({((atom, 1),): 1})
        if isinstance(atom, FunctionAtom) and atom.name == "cosh":
            return "+"
        if isinstance(atom, FunctionAtom) and atom.name in ODD_AND_GROWING:
            return self.sign(dict(atom.args[0]))
        if isinstance(atom, EntryAtom):
            traits = atom.array.traits
            for trait, sign in (("positive", "+"), ("nonnegative", "0+"), ("negative", "-"),
                                ("nonpositive", "0-")):  # fmt: skip
                if trait in traits:
                    self.used[(trait, atom.array)] = None
                    return sign
        return self._known_sign({((atom, 1),): 1}) or closed_sign({((atom, 1),): 1})


def _integer_sign(poly: Polynomial) -> str | None:
    """The sign of a polynomial in sizes and indices, by their ranges."""
    if any(not isinstance(a, IntAtom) or e != abs(int(e)) for m in poly for a, e in m):
        return None
    scale = lcm(*(Fraction(c).denominator for c in poly.values()))
    total = ZERO
    for monomial, coefficient in poly.items():
        product = as_poly(int(coefficient * scale))
        for atom, exponent in monomial:
            assert isinstance(atom, IntAtom)
            for _ in range(int(exponent)):
                product = product * atom.poly
        total = total + product
    for sign, value in (("+", total - 1), ("-", -total - 1), ("0+", total), ("0-", -total)):
        if is_nonnegative(value):
            return sign
    return None


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


def _sign_times(sign: str | None, coefficient: Number) -> str | None:
    if sign is None or coefficient > 0:
        return sign
    return sign.replace("+", "-") if "+" in sign else sign.replace("-", "+")


def _sign_product(a: str | None, b: str | None) -> str | None:
    if a is None or b is None:
        return None
    zero = "0" if "0" in a or "0" in b else ""
    return zero + ("+" if a[-1] == b[-1] else "-")
