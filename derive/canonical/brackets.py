"""Products in which brackets stand: what [p = 0], [p > 0] and [p ≥ 0] make of the other factors."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import permutations

from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    Exponent,
    IndexBracketAtom,
    Polynomial,
    RealBracketAtom,
    SumAtom,
    WholePowerAtom,
    exact,
    leading,
)
from derive.canonical.digits import quotient
from derive.canonical.laws import law
from derive.canonical.quotients import reduced
from derive.canonical.verbs import Verbs
from derive.core.integers import SIZE, Label, Number, Poly, as_poly, is_nonnegative


def brackets_used(n: Verbs, exponents: dict[Atom, Exponent], coefficient: Number) -> Polynomial:
    for atom in exponents:
        if isinstance(atom, IndexBracketAtom) and atom.relation == "=":
            used = eliminate(n, atom, exponents)
        elif isinstance(atom, IndexBracketAtom):
            used = stronger(n, atom, exponents)
            if used is None:
                used = opposite(n, atom, exponents)
            if used is None:
                used = same_digit(n, atom, exponents)
        elif isinstance(atom, RealBracketAtom) and atom.relation == "=":
            used = on_zero(n, atom, exponents)
        else:
            continue
        if used is not None:
            return n.scale(used, coefficient)
    return reduced(n, exponents, coefficient)


@law("stronger bracket")
def stronger(
    n: Verbs, atom: IndexBracketAtom, exponents: dict[Atom, Exponent]
) -> Polynomial | None:
    """[p + c ≥ 0]·[p ≥ 0] = [p ≥ 0] for a number c ≥ 0; [p ≥ 0]·[e = 0] = [e = 0] where p + e
    or p − e is never negative.
    """
    poly = atom.poly
    for other in exponents:
        if not isinstance(other, IndexBracketAtom) or other is atom:
            continue
        follows = n.following.get((atom, other))
        if follows is None:
            if other.relation == ">=":
                gap = (poly - other.poly).constant
                follows = gap is not None and gap >= 0
            else:
                ends = (other.poly, -other.poly)
                follows = any(is_nonnegative(poly + e) for e in ends)
            n.following[atom, other] = follows
        if follows:
            return n.settled({a: e for a, e in exponents.items() if a is not atom}, 1)
    return None


@law("opposite brackets")
def opposite(
    n: Verbs, atom: IndexBracketAtom, exponents: dict[Atom, Exponent]
) -> Polynomial | None:
    """[p ≥ 0]·[−p ≥ 0] = [p = 0]

    Always, for an integer p.
    """
    opposite = n.atom(IndexBracketAtom, ">=", -atom.poly)
    if opposite not in exponents:
        return None
    rest = {a: e for a, e in exponents.items() if a not in (atom, opposite)}
    return n.multiply(n.index_bracket("=", atom.poly), n.settled(rest, 1))


@law("same digit")
def same_digit(
    n: Verbs, atom: IndexBracketAtom, exponents: dict[Atom, Exponent]
) -> Polynomial | None:
    """[0 ≤ p < s]·[0 ≤ p + s·w < s] = [0 ≤ p < s]·[w = 0]

    Always, for integers: two numbers from 0 to s − 1 that differ by a multiple of s are equal.
    """
    bounds = [a for a in exponents if isinstance(a, IndexBracketAtom) and a.relation == ">="]
    if len(bounds) < 4:
        return None
    others = [a for a in bounds if a is not atom]
    for end, low, high in permutations(others, 3):
        span = atom.poly + end.poly
        if low.poly + high.poly != span:
            continue
        apart = quotient(low.poly - atom.poly, span + 1)
        if apart is not None:
            rest = {a: e for a, e in exponents.items() if a not in (low, high)}
            return n.multiply(n.index_bracket("=", apart), n.settled(rest, 1))
    return None


@law("zero bracket")
def on_zero(n: Verbs, atom: RealBracketAtom, exponents: dict[Atom, Exponent]) -> Polynomial | None:
    """[p = 0]·[p > 0] = 0, and in [p = 0]·f the leading term of p is minus the rest of it,
    where f has no quotient that p = 0 may leave without a value.

    In (1 − [p = 0])·x/p, of which [p = 0]·x/p is a part, p/p is 1: it is not 0/p as well.
    """
    key = atom.key
    if n.atom(RealBracketAtom, ">", key) in exponents:
        return {}
    poly = dict(key)
    lead = leading(poly)
    if not lead or any(e < 0 for m in poly for _, e in m):
        return None  # the rest may have a multiple of the leading term again
    if len(poly) == 1 and len(lead) == 1 and exponents.get(lead[0][0], 0) > 0:
        # x·[x = 0] = 0, whatever the powers of x; but x·x⁻ⁿ may be x⁰
        return None if divides_by_some_of(exponents, poly, WholePowerAtom) else {}
    if any(exponents.get(a, 0) < e for a, e in lead):
        return None
    if divides_by_some_of(exponents, poly, BaseAtom, WholePowerAtom):
        return None
    rest = {a: e - dict(lead).get(a, 0) for a, e in exponents.items()}
    tail = {m: c for m, c in poly.items() if m != lead}
    return n.multiply(n.settled(rest, exact(-1 / Fraction(poly[lead]))), tail)


@law("delta")
def eliminate(
    n: Verbs, atom: IndexBracketAtom, exponents: dict[Atom, Exponent]
) -> Polynomial | None:
    """[i = e]·f(i) = [i = e]·f(e): a label goes, else the latest variable, where the rest
    mentions it.
    """
    # A label would move with its indices: Σ_i [t[i] = k]·f(k) is f(k)·Σ_i [t[i] = k].
    equation = atom.poly
    for label in sorted(equation.labels, key=lambda v: v.key, reverse=True):
        slope = equation.coefficient(label)
        if slope is None or slope.constant not in (1, -1):
            continue
        beside = n.as_product({a: e for a, e in exponents.items() if a is not atom})
        value = (as_poly(label) * slope - equation) * slope
        if any(is_ruled_out(n, other, label, value) for other in exponents):
            return {}
        product = n.substitute(beside, {label: value})
        return None if product == beside else n.multiply(product, {((atom, 1),): 1})
    for variable in sorted(equation.variables, key=lambda v: v.key, reverse=True):
        slope = equation.coefficient(variable)
        if variable.kind == SIZE or slope is None or slope.constant not in (1, -1):
            continue
        rest = {a: e for a, e in exponents.items() if a is not atom}
        if not any(variable in a.free for a in rest):
            return None
        value = (as_poly(variable) * slope - equation) * slope
        product = n.substitute(n.as_product(rest), {variable: value})
        return n.multiply(product, {((atom, 1),): 1})
    return None


def is_ruled_out(n: Verbs, atom: Atom, label: Label, value: Poly) -> bool:
    """Whether [t = j]·[p(j) = 0] is 0 since p(t) is known not to be zero, as also within a sum
    of which that is a factor.
    """
    # What is known of entries at labels is not seen to be known of p(j) once t has gone.
    variable = next(iter(value.letters), None)
    if variable is None or isinstance(variable, Label) or value != as_poly(variable):
        return False
    if variable in label.variables or variable.kind == SIZE or variable not in atom.free:
        return False
    if isinstance(atom, SumAtom):
        inner = atom.body
        return any(is_ruled_out(n, factor, label, value) for factor, e in inner if e > 0)
    if not isinstance(atom, RealBracketAtom) or atom.relation != "=":
        return False
    back = n.substitute(dict(atom.key), {variable: as_poly(label)})
    return bool(back) and n.known(n.primitive(back)[0], "!=")


def divides_by_some_of(
    exponents: Mapping[Atom, Exponent], poly: Polynomial, *kinds: type[BaseAtom | WholePowerAtom]
) -> bool:
    """Whether a product has an atom of these kinds, made of a polynomial, below the line that
    shares an atom with another polynomial.
    """
    below = (a for a, e in exponents.items() if isinstance(a, kinds) and e < 0)
    keys = (a.key if isinstance(a, BaseAtom) else a.base for a in below)
    inside = {a for key in keys for m, _ in key for a, _ in m}
    return not inside.isdisjoint(a for m in poly for a, _ in m)
