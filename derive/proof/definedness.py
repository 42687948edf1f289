"""Where both sides of a claim are defined: what that says about the signs in them.

A claim is made for the real values at which both sides are defined. Where log u or log Γ(u) stands
in one of them, u is positive there; where Γ(u) does, u is not 0; where a root of u does, u is
not negative; and what they divide by is not zero.
"""

from __future__ import annotations

from fractions import Fraction

from derive.canonical.atoms import BaseAtom, EntryAtom, IntAtom, Polynomial, exact
from derive.canonical.forms import Normaliser
from derive.core.integers import SIZE, is_nonnegative
from derive.core.terms import (
    Add,
    Apply,
    Array,
    Entry,
    IndexBracket,
    Int,
    Mul,
    Num,
    Pow,
    RealBracket,
    Ref,
    Sum,
    Term,
    Unknown,
    bounds,
)
from derive.proof.inequality.squares import is_sum_of_squares

Trait = tuple[str, Array]  # a property that is assumed of an array
FEW = 3  # terms of an argument of which something is taken
MAX_SQUARED = 12  # terms of what is looked at as squares and a number
SHARES = (Fraction(1, 2), Fraction(1, 16))  # of its number, that are left beside the squares
PLAIN = (EntryAtom, IntAtom)


def assume_defined(normaliser: Normaliser, *sides: Term) -> None:
    """Let a normaliser assume the signs without which the sides have no value.

    Nothing is taken from a factor of a bracket, which may be zero where the factor has no
    value, nor from under a sum, whose index is not fixed; of sizes it is, where its range is not
    empty.
    """
    seen: set[Term] = set()
    brackets: dict[Term, bool] = {}
    stack = list(sides)
    facts: list[tuple[Term, str]] = []
    while stack:
        term = stack.pop()
        if term in seen:
            continue
        seen.add(term)
        if isinstance(term, Mul) and any(may_switch_off(a, brackets) for a in term.args):
            continue
        if isinstance(term, Apply) and term.data[0] in ("log", "lgamma"):
            facts.append((term.args[0], "+"))
        elif isinstance(term, Apply) and term.data[0] in ("gamma", "polygamma"):
            facts.append((term.args[-1], "!="))  # 0 is a pole
        elif isinstance(term, Pow) and isinstance(term.args[1], Num):
            exponent = term.args[1].data[0]
            if exponent != int(exponent):
                facts.append((term.args[0], "+" if exponent < 0 else "0+"))
            elif exponent < 0:
                base = term.args[0]
                if isinstance(base, Apply) and base.data[0] == "Abs":
                    base = base.args[0]
                if isinstance(base, (Entry, Int)) or _is_size(base):
                    facts.append((base, "!="))
        if isinstance(term, Ref):
            if not term.data[1]:
                stack.append(term.data[0].body)
        elif isinstance(term, (Add, Mul, Pow, Apply, Unknown)):
            stack.extend(term.args)
    facts.extend((size, "!=") for size in _sizes_below(sides))
    for term, sign in facts:
        poly = normaliser.of(term)
        atoms = [a for m in poly for a, _ in m]
        product = len(poly) == 1 and not any(isinstance(a, BaseAtom) for a in atoms)
        if product or (len(poly) <= FEW and all(isinstance(a, PLAIN) for a in atoms)):
            normaliser.assume(poly, sign, frozenset(), None)
    if facts:
        normaliser.forget()


def _is_size(term: Term) -> bool:
    """Whether a term is a number less than a size, such as n − 1."""
    return isinstance(term, Add) and all(isinstance(a, (Int, Num)) for a in term.args)


def _sizes_below(sides: tuple[Term, ...]) -> list[Term]:
    """What the sides divide by that has sizes alone in it, wherever they have a value: not beside
    a bracket, nor under a sum whose range may be empty. The verdict lists it.
    """
    found: dict[Term, None] = {}
    seen: set[Term] = set()
    stack = list(sides)
    while stack:
        term = stack.pop()
        if term in seen or (isinstance(term, Mul) and any(_is_bracket(a) for a in term.args)):
            continue
        seen.add(term)
        if isinstance(term, Ref):
            stack.append(term.data[0].body)
        elif isinstance(term, Sum):
            low, high = bounds(term.data[0])
            stack.extend(term.args if is_nonnegative(high - low) else ())
        elif isinstance(term, (Add, Mul, Pow, Apply, Unknown)):
            stack.extend(term.args)
        if isinstance(term, Pow) and isinstance(term.args[1], Num) and term.args[1].data[0] < 0:
            base = term.args[0]
            if _is_size(base) and all(v.kind == SIZE for v in base.free):
                found[base] = None
    return list(found)


def denominators(*sides: Term) -> tuple[list[Term], list[Trait]]:
    """What the sides divide by and is not positive as it is written; and the traits of arrays that
    make the rest of it positive.

    A factor of a bracket is left out, as above: it may have been put there for a zero.
    """
    signs = PlainSigns()
    found: dict[Term, None] = {}
    seen: set[Term] = set()
    stack = list(sides)
    while stack:
        term = stack.pop()
        if term in seen:
            continue
        if isinstance(term, Mul) and any(_is_bracket(a) for a in term.args):
            continue
        seen.add(term)
        if isinstance(term, Ref):
            stack.append(term.data[0].body)
        stack.extend(term.args)
        if isinstance(term, Pow) and isinstance(term.args[1], Num) and term.args[1].data[0] < 0:
            found[term.args[0]] = None
    return [term for term in found if signs.of(term) != "+"], list(signs.used)


class PlainSigns:
    """Signs that the outermost operations of a term show, whatever is inside of them: no canonical
    form is worked out.
    """

    def __init__(self) -> None:
        self.used: dict[Trait, None] = {}
        self._signs: dict[Term, str | None] = {}

    def of(self, term: Term) -> str | None:
        """``"+"`` (positive), ``"0+"`` (not negative) or None (not known)."""
        if term not in self._signs:
            self._signs[term] = None  # of an array that refers to itself nothing is known
            self._signs[term] = self._of(term)
        return self._signs[term]

    def _of(self, term: Term) -> str | None:
        match term:
            case Num():
                return None if term.data[0] < 0 else "+" if term.data[0] else "0+"
            case Int():
                return "+" if is_nonnegative(term.data[0] - 1) else None
            case Apply():
                return "+" if term.data[0] in ("exp", "cosh") else None
            case Entry():
                return self._of_entry(term.data[0])
            case Ref():
                return self.of(term.data[0].body)
            case Sum():
                inner = self.of(term.args[0])
                low, high = bounds(term.data[0])
                return inner if inner is None or is_nonnegative(high - low) else "0+"
            case Pow():
                base, exponent = term.args
                even = isinstance(exponent, Num) and exponent.data[0] % 2 == 0
                return self.of(base) or ("0+" if even else None)
            case Add() | Mul():
                parts = {self.of(a) for a in term.args}
                if None in parts:
                    return None
                strict = "+" in parts if isinstance(term, Add) else parts == {"+"}
                return "+" if strict else "0+"
        return None

    def _of_entry(self, array: Array) -> str | None:
        for trait, sign in (("positive", "+"), ("nonnegative", "0+")):
            if trait in array.traits:
                self.used[trait, array] = None
                return sign
        return None


def may_vanish(normaliser: Normaliser, term: Term) -> bool:
    """Whether a term is not known to differ from zero."""
    poly = normaliser.of(term)
    if not poly or normaliser.sign(poly) in ("+", "-"):
        return not poly
    if normaliser.known(normaliser.primitive(poly)[0], "!="):
        return False
    return not has_a_number_beside_squares(normaliser, poly)


def has_a_number_beside_squares(normaliser: Normaliser, poly: Polynomial) -> bool:
    """p ≥ c > 0 where p − c is a sum of squares, or −p where −p − c is."""
    number = poly.get((), 0)
    if not number or len(poly) > MAX_SQUARED:
        return False
    p = normaliser.scale(poly, 1 if number > 0 else -1)
    parts: list[Polynomial] = [{(): exact(abs(Fraction(number)) * share)} for share in SHARES]
    return any(is_sum_of_squares(normaliser, normaliser.subtract(p, part)) for part in parts)


def _is_bracket(term: Term) -> bool:
    """Whether a term is a bracket, or 1 less one."""
    if isinstance(term, (Add, Mul)):
        return any(_is_bracket(a) for a in term.args)
    return isinstance(term, (IndexBracket, RealBracket))


def may_switch_off(term: Term, known: dict[Term, bool]) -> bool:
    """Whether a factor may be zero for a bracket in it: a bracket, 1 less one, or an array, such as
    the adjoint of what stands in a branch, that is computed from one.
    """
    if isinstance(term, Ref):
        inside: tuple[Term, ...] = (term.data[0].body,)
    elif isinstance(term, (Add, Mul, Sum)):
        inside = term.args
    else:
        return isinstance(term, (IndexBracket, RealBracket))
    if term not in known:
        known[term] = False  # what refers to itself is looked at once
        known[term] = any(may_switch_off(a, known) for a in inside)
    return known[term]
