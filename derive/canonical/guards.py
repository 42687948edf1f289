"""What guards a factor: a bracket or a range that is 0 or empty where the factor has no value.

Σ_{k<l} 1/l is 0 at l = 0, and l·(1/l) is not. So a law that uses a bracket up, or takes a factor
out of a range, asks here whether the factor still has a value without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    Exponent,
    FunctionAtom,
    IndexBracketAtom,
    IntAtom,
    Polynomial,
    UndefinedValue,
)
from derive.canonical.verbs import Verbs
from derive.core.integers import ONE, ZERO, Poly, Var, as_poly, is_nonnegative

MOST_DIVISORS = 1_000  # the greatest last coefficient whose divisors are tried as roots


def is_guarded(n: Verbs, guard: Poly, atom: Atom, exponent: Exponent) -> bool:
    """Whether a factor may have no value where [guard ≥ 0] beside it is 0."""
    if isinstance(atom, FunctionAtom):
        return not atom.free.isdisjoint(guard.variables)
    if (isinstance(exponent, int) and exponent > 0) or not _speaks_of(atom, guard):
        return False
    base = _base(atom)
    return n.sign(base) not in ("+", "-") and not n.known(n.primitive(base)[0], "!=")


def _speaks_of(atom: Atom, guard: Poly) -> bool:
    """Whether an atom has an index or a size of a guard in it; its free variables are no sizes."""
    if not atom.free.isdisjoint(guard.variables):
        return True
    parts = list(atom.data)
    for part in parts:
        if isinstance(part, Poly):
            if not part.variables.isdisjoint(guard.variables):
                return True
        elif isinstance(part, (tuple, Atom)):
            parts.extend(part if isinstance(part, tuple) else part.data)
    return False


def may_lack_value(n: Verbs, guard: Poly, beside: Polynomial) -> bool:
    """Whether one of the factors may have no value where [guard ≥ 0] beside them is 0."""
    return any(is_guarded(n, guard, atom, e) for monomial in beside for atom, e in monomial)


def guarded_by_range(
    n: Verbs, variable: Var, monomial: Iterable[tuple[Atom, Exponent]]
) -> list[tuple[Atom, Exponent]]:
    """Those factors of a product under a sum, without its index, that may have no value where
    nothing is summed: where its range is empty, or cut to nothing by brackets beside them.
    """
    factors = list(monomial)
    brackets = [a for a, _ in factors if isinstance(a, IndexBracketAtom) and variable in a.free]
    guards = _may_be_negative(variable, brackets)
    return [
        (a, e)
        for a, e in factors
        if variable not in a.free and any(is_guarded(n, guard, a, e) for guard in guards)
    ]


def _may_be_negative(variable: Var, brackets: list[IndexBracketAtom]) -> list[Poly]:
    """What is not negative where something is summed, and is not seen to be so everywhere."""
    assert variable.high is not None
    starts, ends, others = [ZERO], [variable.high], []
    for bracket in brackets:
        slope = bracket.poly.coefficient(variable)
        if bracket.relation != ">=" or slope is None or slope.constant not in (1, -1):
            others.append(bracket.poly)
        elif slope == ONE:
            starts.append(as_poly(variable) - bracket.poly)
        else:
            ends.append(as_poly(variable) + bracket.poly)
    gaps = [end - start for end in ends for start in starts]
    return [gap for gap in gaps if not is_nonnegative(gap)] + others


def guarded_beside_brackets(
    n: Verbs, poly: Polynomial, poles: list[Atom], total: Callable[[Polynomial], Polynomial]
) -> Polynomial:
    """What is to be summed, with [p ≠ 0] beside 1/p where its ``total`` without 1/p is 0 with p.

    :raises UndefinedValue: for a pole p whose roots are not found.
    """
    for pole in poles:
        beside = {m: c for m, c in poly.items() if _below(m, pole)}
        apart = n.add(
            {},
            *(n.settled({a: e for a, e in m if a is not pole}, c) for m, c in beside.items()),
        )
        above = _numerator(n, total(apart))
        roots = _roots(pole)
        if roots is None and _is_multiple(n, above, _base(pole)):
            raise UndefinedValue("a division by what may be zero")
        for variable, root in roots or ():
            gap = as_poly(variable) - root
            if _is_multiple(n, above, n.of_integer(gap)):
                rest = {m: c for m, c in poly.items() if m not in beside}
                greater, less = n.index_bracket(">=", gap - 1), n.index_bracket(">=", -gap - 1)
                beside = n.multiply(n.add(greater, less), beside)
                poly = n.add(rest, beside)
    return poly


def _numerator(n: Verbs, poly: Polynomial) -> Polynomial:
    """A polynomial times all that it is divided by."""
    below: dict[Atom, Exponent] = {}
    for monomial in poly:
        for atom, exponent in monomial:
            if exponent < 0:
                below[atom] = max(-exponent, below.get(atom, 0))
    parts = ({**below, **{a: e + below.get(a, 0) for a, e in m}} for m in poly)
    return n.add({}, *(n.settled(p, c) for p, c in zip(parts, poly.values(), strict=True)))


def _is_multiple(n: Verbs, poly: Polynomial, factor: Polynomial) -> bool:
    """Whether a polynomial without a quotient has a factor that is a polynomial in integers."""
    quotient = n.multiply(poly, n.power(factor, -1))
    return not any(e < 0 for monomial in quotient for _, e in monomial)


def _below(monomial: Iterable[tuple[Atom, Exponent]], pole: Atom) -> bool:
    """Whether a product is divided by an atom."""
    return any(a is pole and e < 0 for a, e in monomial)


def poles_beside_brackets(n: Verbs, variables: list[Var], poly: Polynomial) -> list[Atom]:
    """What is divided by that has integers alone in it, none of them a summed one, and may be 0,
    beside brackets [k = …] of what is summed.
    """
    poles: dict[Atom, None] = {}
    compared = False
    for monomial in poly:
        for atom, exponent in monomial:
            if isinstance(atom, IndexBracketAtom):
                compared |= atom.relation == "=" and not atom.free.isdisjoint(variables)
            elif exponent < 0 and isinstance(atom, (BaseAtom, IntAtom)):
                poles[atom] = None
    if not compared:
        return []
    return [a for a in poles if a.free.isdisjoint(variables) and _may_be_zero(n, a)]


def _may_be_zero(n: Verbs, atom: Atom) -> bool:
    """Whether an atom has integers alone in it, and is not seen to differ from 0."""
    base = _base(atom)
    if not all(isinstance(a, IntAtom) for m in base for a, _ in m):
        return False
    return n.sign(base) not in ("+", "-") and not n.known(n.primitive(base)[0], "!=")


def _base(atom: Atom) -> Polynomial:
    return dict(atom.key) if isinstance(atom, BaseAtom) else {((atom, 1),): 1}


def _roots(pole: Atom) -> list[tuple[Var, Poly]] | None:
    """The whole numbers at which a polynomial in integers is 0: of one variable, or linear with
    the factor 1 or −1 in one of them; nothing where they are not found.
    """
    value = ZERO
    for monomial, coefficient in _base(pole).items():
        term = ONE
        for atom, exponent in monomial:
            assert isinstance(atom, IntAtom) and isinstance(exponent, int)
            for _ in range(exponent):
                term = term * atom.poly
        value = value + term * coefficient
    for variable in value.variables:
        slope = value.coefficient(variable)
        if slope is not None and slope.constant in (1, -1):
            return [(variable, as_poly(variable) - value * slope)]
    if len(value.variables) == 1:
        (variable,) = value.variables
        last = value.substitute({variable: ZERO}).constant
        if isinstance(last, int) and 0 < abs(last) <= MOST_DIVISORS:
            divisors = [as_poly(d) for d in range(1, abs(last) + 1) if last % d == 0]
            places = [r for d in divisors for r in (d, -d)]
            return [(variable, r) for r in places if value.substitute({variable: r}) == ZERO]
    return None
