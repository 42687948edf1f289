"""Bounds by calculus: a function is at least its value at one end of a segment where it does not
fall from there on, and at least the smaller of both ends where it is concave.

A function is a polynomial over atoms in one entry that it speaks of, all else being fixed. What
is assumed is used along a segment only where it holds all along it.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

import sympy as sp

from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    ConstAtom,
    CosAtom,
    DeterminantAtom,
    EntryAtom,
    ExpAtom,
    Exponent,
    FunctionAtom,
    InverseAtom,
    Polynomial,
    RefAtom,
    SumAtom,
    UndefinedValue,
    WholeAtom,
    WholePowerAtom,
    atoms_in,
)
from derive.canonical.forms import Normaliser
from derive.canonical.function_values import is_value
from derive.canonical.state import Fact
from derive.core.integers import Var
from derive.proof.definedness import has_a_number_beside_squares

MAX_TERMS = 16  # of a function that is differentiated
MAX_VARIABLES = 4
# Atoms that may depend on anything.
OPAQUE = (RefAtom, WholeAtom, WholePowerAtom, DeterminantAtom, InverseAtom)
SEEN_THROUGH = (ExpAtom, FunctionAtom, BaseAtom, CosAtom, SumAtom)

SIGN_TRAITS = {"positive": 1, "nonnegative": 1, "negative": -1, "nonpositive": -1}

Test = Callable[[Polynomial], bool]


class End(NamedTuple):
    """A value at which a segment to x may begin.

    :param inward: what is known to be nonnegative because it is a bound of x, if it is one.
    """

    value: Polynomial
    inward: Polynomial | None = None
    label: Any = None


def bounded_along(
    n: Normaliser, poly: Polynomial, start: Test, further: Callable[[Atom], Test], of: Atom | None
) -> bool:
    """Whether f ≥ 0, by the value at one end and the sign of f′, or by both ends and of f″.

    f(x) ≥ f(a) where f′ ≥ 0 between a and x ≥ a, and where f′ ≤ 0 between a and x ≤ a.
    f(x) ≥ min(f(a), f(b)) for x between a and b where f″ ≤ 0 there.

    :param start: whether a value at an end is nonnegative.
    :param further: the same of derivatives in an entry.
    :param of: the only entry in which to differentiate, if there is one.
    """
    if len(poly) > MAX_TERMS:
        return False
    used = dict(n.used)
    along: list[tuple[EntryAtom, Polynomial, list[End]]] = []
    for x in _variables(n, poly):
        if of is not None and x is not of:
            continue
        n.check()
        slope = derivative(n, poly, x)
        if slope is not None:
            ends = [end for end in _ends(n, poly, x) if _keeps_traits(n, x, end.value)]
            along.append((x, slope, ends))
    # Between two ends first: what is concave there needs no look at the other entries.
    for x, slope, ends in along:
        given = [end for end in ends if end.inward is not None]
        if _concave(n, poly, slope, x, given, start, further(x)):
            return True
    for x, slope, ends in along:
        n.check()
        ordered = sorted(ends, key=lambda end: end.inward is None)
        ordered += _stationary(n, slope, x)
        if any(_not_falling(n, poly, slope, x, end, start, further(x)) for end in ordered):
            return True
    n.did_not_use(used)
    return False


def _not_falling(
    n: Normaliser,
    poly: Polynomial,
    slope: Polynomial,
    x: EntryAtom,
    end: End,
    at_end: Test,
    test: Test,
) -> bool:
    """Whether f(a) ≥ 0, and f does not fall from a on, on either side that x may be on."""
    start = put_in(n, poly, x, end.value)
    if start is None or not at_end(start):
        return False
    gap = n.subtract({((x, 1),): 1}, end.value)
    known = n.sign(gap)
    for direction in (1, -1):
        if known is not None and ("+" in known) != (direction > 0):
            continue
        side = End(end.value, n.scale(gap, direction), end.label)
        if not _throughout(n, poly, x, [side], n.scale(slope, direction), test):
            return False
    return True


def _concave(
    n: Normaliser,
    poly: Polynomial,
    slope: Polynomial,
    x: EntryAtom,
    given: list[End],
    at_end: Test,
    test: Test,
) -> bool:
    """Whether f(a) ≥ 0, f(b) ≥ 0 and f″ ≤ 0 between the two ends that are given for x."""
    directions = {end.inward[((x, 1),)] > 0 for end in given if end.inward is not None}
    if len(given) != 2 or len(directions) != 2:
        return False
    curvature = derivative(n, slope, x)
    if curvature is None:
        return False
    for end in given:
        value = put_in(n, poly, x, end.value)
        if value is None or not at_end(value):
            return False
        n.used[end.label] = None
    return _throughout(n, poly, x, given, n.scale(curvature, -1), test)


def bounded_at_both_ends(n: Normaliser, poly: Polynomial, test: Test) -> bool:
    """Whether a polynomial is linear in an entry for which two ends are given, and nonnegative at
    both: between them it is a mean of the two.
    """
    used = dict(n.used)
    entries = {a: None for m in poly for a, e in m if isinstance(a, EntryAtom) and not a.height}
    for x in sorted(entries, key=lambda a: a.id):
        slope: Polynomial = {}
        rest: Polynomial = {}
        for monomial, coefficient in poly.items():
            if (x, 1) in monomial:
                slope[tuple(pair for pair in monomial if pair[0] is not x)] = coefficient
            else:
                rest[monomial] = coefficient
        given = [end for end in _ends(n, poly, x) if end.inward is not None]
        sides = {end.inward[((x, 1),)] > 0 for end in given if end.inward is not None}
        if len(given) != 2 or len(sides) != 2 or _speaks_of(slope, x) or _speaks_of(rest, x):
            continue
        if all(test(n.add(rest, n.multiply(slope, end.value))) for end in given):
            n.used |= {end.label: None for end in given}
            return True
    n.did_not_use(used)
    return False


def _throughout(
    n: Normaliser, poly: Polynomial, x: EntryAtom, ends: list[End], bound: Polynomial, test: Test
) -> bool:
    """Whether a function is smooth in x, and another nonnegative, strictly between the ends and
    x, by what is known there.
    """
    facts = _along(n, x, ends, test)
    return n.given_only(facts, lambda: is_smooth(n, poly, x) and test(bound))


def _along(n: Normaliser, x: EntryAtom, ends: list[End], test: Test) -> list[Fact]:
    """What is known strictly between the ends and x: the facts without x, those that are linear
    in it and hold at every end, and on which side of the ends the points are.
    """
    facts = []
    for fact in n.known_facts():
        if not _speaks_of(dict(fact.key), x):
            facts.append(fact)
        elif fact.sign != "!=" and not fact.open and _is_linear(n, dict(fact.key), x):
            there = [put_in(n, _oriented(n, fact), x, end.value) for end in ends]
            if all(value is not None and test(value) for value in there):
                # What is linear, ≥ 0 at both ends and > 0 at one is > 0 between them.
                strict = any(n.sign(value) == "+" for value in there if value)
                facts.append(fact._replace(sign=fact.sign[-1]) if strict else fact)
    for end in ends:
        if end.inward is not None:
            key, factor = n.primitive(end.inward)
            facts.append(Fact(key, "+" if factor > 0 else "-", frozenset(), end.label))
    return facts


def _variables(n: Normaliser, poly: Polynomial) -> list[EntryAtom]:
    """Entries in which a polynomial may be differentiated: no other entry of theirs is in it,
    nothing that may hide one, and no equation that restricts them.
    """
    found: dict[EntryAtom, None] = {}
    for monomial in poly:
        for atom, _ in monomial:
            for inner in atoms_in(atom):
                if isinstance(inner, OPAQUE) or is_value(inner):
                    return []
                if isinstance(inner, EntryAtom):
                    found[inner] = None
    ruled = set()
    for rule in n.given.contractions:
        terms = (rule.factors, *rule.value)
        ruled |= {
            a.array for t in terms for b, _ in t for a in atoms_in(b) if isinstance(a, EntryAtom)
        }
    arrays = [atom.array for atom in found]
    return [
        atom
        for atom in sorted(found, key=lambda a: a.id)
        if arrays.count(atom.array) == 1 and atom.array not in ruled and not atom.height
    ][:MAX_VARIABLES]


def _ends(n: Normaliser, poly: Polynomial, x: EntryAtom) -> list[End]:
    """Where a segment to x may begin: a bound that is given for x, and the middle between two;
    0, 1, and another entry if f is 0 where x is that.
    """
    found: dict[Any, End] = {}
    for fact in n.known_facts():
        slope = _slope_in(dict(fact.key), x)
        if slope is not None and fact.sign != "!=" and not fact.open:
            rest = {m: c for m, c in fact.key if m != ((x, 1),)}
            end = End(n.scale(rest, -1 / Fraction(slope)), _oriented(n, fact), fact.label)
            found.setdefault((n.key(end.value), "+" in fact.sign, slope > 0), end)
    array = x.array
    trait = next((t for t in sorted(array.traits) if t in SIGN_TRAITS), None)
    if trait is not None:
        sign = SIGN_TRAITS[trait]
        end = End({}, {((x, 1),): sign}, (trait, array))
        found.setdefault(((), True, sign > 0), end)
    given = list(found.values())
    values: list[Polynomial] = []
    if len(given) == 2:
        values.append(n.scale(n.add(given[0].value, given[1].value), Fraction(1, 2)))
    values += [{}, {(): 1}]
    others = {a for m in poly for b, _ in m for a in atoms_in(b) if isinstance(a, EntryAtom)} - {x}
    for other in sorted(others, key=lambda a: a.id) if len(others) < MAX_VARIABLES else ():
        if not other.height and put_in(n, poly, x, n.of_atom(other)) == {}:
            values.append(n.of_atom(other))
    known = [end.value for end in given]
    return given + [End(value) for value in values if value not in known]


def _stationary(n: Normaliser, slope: Polynomial, x: EntryAtom) -> list[End]:
    """Where a slope a·log x + b or a·exp x + b is 0: at exp(−b/a) and log(−b/a)."""
    for monomial, factor in slope.items():
        rest = {m: c for m, c in slope.items() if m != monomial}
        if len(monomial) != 1 or monomial[0][1] != 1 or _speaks_of(rest, x):
            continue
        ((atom, _),) = monomial
        value = n.scale(rest, -1 / Fraction(factor))
        is_log = isinstance(atom, FunctionAtom) and atom.name == "log"
        if is_log and _argument(atom) == {((x, 1),): 1}:
            return [End(n.exp(value))]
        if isinstance(atom, ExpAtom) and atom.argument == ((x, 1),) and n.sign(value) == "+":
            return [End(n.log(value))]
    return []


def _keeps_traits(n: Normaliser, x: EntryAtom, value: Polynomial) -> bool:
    """Whether the signs that are declared of x hold between a value and x."""
    signs = {SIGN_TRAITS[t] for t in x.array.traits if t in SIGN_TRAITS}
    return not signs or n.sign(value) in (("+", "0+") if signs == {1} else ("-", "0-"))


def _slope_in(poly: Polynomial, x: EntryAtom) -> int | Fraction | None:
    """c where a polynomial is c·x + d with a number c and no x in d; None where it is not."""
    slope = poly.get(((x, 1),))
    rest = {m: c for m, c in poly.items() if m != ((x, 1),)}
    return None if slope is None or _speaks_of(rest, x) else slope


def _is_linear(n: Normaliser, poly: Polynomial, x: EntryAtom) -> bool:
    slope = derivative(n, poly, x)
    return slope is not None and not _speaks_of(slope, x)


def _oriented(n: Normaliser, fact: Fact) -> Polynomial:
    """What a fact says to be nonnegative."""
    return n.scale(dict(fact.key), 1 if "+" in fact.sign else -1)


def _speaks_of(poly: Polynomial, x: EntryAtom) -> bool:
    """Whether x, or any entry of its array, is in a polynomial or may be."""
    atoms = {inner for m in poly for a, _ in m for inner in atoms_in(a)}
    return any(_is_entry_of(a, x.array) or isinstance(a, OPAQUE) or is_value(a) for a in atoms)


def _has(atom: Atom, array: object) -> bool:
    return any(_is_entry_of(inner, array) for inner in atoms_in(atom))


def _is_entry_of(atom: Atom, array: object) -> bool:
    return isinstance(atom, EntryAtom) and atom.array is array


# ---- one polynomial as a function of one entry


def derivative(n: Normaliser, poly: Polynomial, x: EntryAtom) -> Polynomial | None:
    """∂/∂x of a polynomial over atoms; None where an atom in it has no rule."""
    total: Polynomial = {}
    for monomial, coefficient in poly.items():
        for atom, exponent in monomial:
            if not _has(atom, x.array):
                continue
            inner = _derivative_of(n, atom, x)
            if inner is None:
                return None
            rest: dict[Atom, Exponent] = dict(monomial)
            rest[atom] = exponent - 1
            outer = n.settled({a: e for a, e in rest.items() if e}, 1)
            total = n.add(total, n.scale(n.multiply(outer, inner), coefficient * exponent))
    return total


def _derivative_of(n: Normaliser, atom: Atom, x: EntryAtom) -> Polynomial | None:
    if atom is x:
        return {(): 1}
    if not isinstance(atom, SEEN_THROUGH):
        return None
    if isinstance(atom, SumAtom):
        opened, inside = n.opened(atom)
        return _summed(n, opened, derivative(n, inside, x))
    argument = _argument(atom)
    inner = derivative(n, argument, x)
    if inner is None or isinstance(atom, BaseAtom):
        return inner
    name = atom.name if isinstance(atom, FunctionAtom) else atom.kind
    outer = _SLOPES.get(name)
    return None if outer is None else n.multiply(outer(n, argument, n.of_atom(atom)), inner)


def _summed(n: Normaliser, variables: list[Var], body: Polynomial | None) -> Polynomial | None:
    if body is None:
        return None
    return reduce(lambda total, variable: n.sum_over(variable, total), variables, body)


def _argument(atom: Atom) -> Polynomial:
    """What a function is taken of, or what is raised to a power."""
    return {atom.argument: 1} if isinstance(atom, ExpAtom) else dict(atom.data[-1])


def _inverse_square(n: Normaliser, p: Polynomial, exponent: Exponent) -> Polynomial:
    return n.power(n.add({(): 1}, n.multiply(p, p)), exponent)


def _gaussian(n: Normaliser, p: Polynomial) -> Polynomial:
    """2/√π·exp(−p²)"""
    bell = n.exp(n.scale(n.multiply(p, p), -1))
    return n.scale(n.multiply(n.of_atom(n.atom(ConstAtom, sp.pi), Fraction(-1, 2)), bell), 2)


# f′(p), of f's name, from p and f(p).
_SLOPES: dict[str, Callable[[Normaliser, Polynomial, Polynomial], Polynomial]] = {
    "exp": lambda n, p, f: f,
    "log": lambda n, p, f: n.power(p, -1),
    "sin": lambda n, p, f: n.function("cos", [p]),
    "cos": lambda n, p, f: n.scale(n.function("sin", [p]), -1),
    "tanh": lambda n, p, f: n.subtract({(): 1}, n.multiply(f, f)),
    "atan": lambda n, p, f: _inverse_square(n, p, -1),
    "asinh": lambda n, p, f: _inverse_square(n, p, Fraction(-1, 2)),
    "erf": lambda n, p, f: _gaussian(n, p),
}


def is_smooth(n: Normaliser, poly: Polynomial, x: EntryAtom) -> bool:
    """Whether a polynomial has derivatives in x of all orders wherever the facts hold."""
    for monomial in poly:
        for atom, exponent in monomial:
            if not _has(atom, x.array):
                continue
            if not _is_whole(exponent):
                signs = ("+", "-") if isinstance(exponent, int) else ("+",)
                base = _argument(atom) if isinstance(atom, BaseAtom) else n.of_atom(atom)
                positive = base.get((), 0) > 0 and has_a_number_beside_squares(n, base)
                if n.sign(base) not in signs and not positive:
                    return False
            if atom is x:
                continue
            if (
                isinstance(atom, FunctionAtom)
                and atom.name == "log"
                and n.sign(_argument(atom)) != "+"
            ):
                return False
            inside = n.opened(atom)[1] if isinstance(atom, SumAtom) else _argument(atom)
            if not is_smooth(n, inside, x):
                return False
    return True


def _is_whole(exponent: Exponent) -> bool:
    return isinstance(exponent, int) and exponent >= 0


def put_in(n: Normaliser, poly: Polynomial, x: EntryAtom, value: Polynomial) -> Polynomial | None:
    """A polynomial at a value of x; None where it is not seen to have one there."""
    total: Polynomial = {}
    for monomial, coefficient in poly.items():
        product: Polynomial = {(): coefficient}
        for atom, exponent in monomial:
            factor = _power_at(n, atom, exponent, x, value)
            if factor is None:
                return None
            product = n.multiply(product, factor)
        total = n.add(total, product)
    return total


def _power_at(
    n: Normaliser, atom: Atom, exponent: Exponent, x: EntryAtom, value: Polynomial
) -> Polynomial | None:
    if not _has(atom, x.array):
        return n.of_atom(atom, exponent)
    base = _value_at(n, atom, x, value)
    if base is None:
        return None
    if not _is_whole(exponent):
        fine = ("+", "-") if exponent < 0 else ("+", "0+")
        sign = n.sign(base)
        if sign not in fine or (sign == "-" and not isinstance(exponent, int)):
            return None
    return n.power(base, exponent)


def _value_at(n: Normaliser, atom: Atom, x: EntryAtom, value: Polynomial) -> Polynomial | None:
    if atom is x:
        return value
    if not isinstance(atom, SEEN_THROUGH):
        return None
    if isinstance(atom, SumAtom):
        opened, inside = n.opened(atom)
        return _summed(n, opened, put_in(n, inside, x, value))
    argument = put_in(n, _argument(atom), x, value)
    if argument is None or isinstance(atom, BaseAtom):
        return argument
    name = atom.name if isinstance(atom, FunctionAtom) else atom.kind
    if name not in _SLOPES or (name == "log" and n.sign(argument) != "+"):
        return None
    try:
        return n.function(name, [argument])
    except UndefinedValue:
        return None
