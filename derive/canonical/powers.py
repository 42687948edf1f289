"""Powers, exponentials, logarithms and brackets of polynomials over atoms, by their laws."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

from derive.base import bounded
from derive.base.errors import BudgetExceeded
from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    BracketAtom,
    ExpAtom,
    Exponent,
    FunctionAtom,
    IndexBracketAtom,
    Polynomial,
    PrimeAtom,
    ProductAtom,
    RealBracketAtom,
    UndefinedValue,
    exact,
    is_turned,
    monomial_order,
)
from derive.canonical.digits import digits, upper_digit
from derive.canonical.laws import law
from derive.canonical.perfect_squares import root_of_square
from derive.canonical.ring import MAX_EXPANDED_POWER, whole_power
from derive.canonical.signs import ODD_AND_GROWING
from derive.canonical.verbs import Verbs
from derive.core.functions import FUNCTIONS
from derive.core.integers import FRESH, ZERO, Number, Poly, Var, as_poly, is_nonnegative

GROWING = frozenset(name for name, f in FUNCTIONS.items() if f.growing)


def power(n: Verbs, poly: Polynomial, exponent: Exponent) -> Polynomial:
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
            return whole_power(n, poly, exponent)
        raise BudgetExceeded(f"a sum to the power {exponent}")
    return n.split(poly, lambda part: _power(n, part, exponent))


def _power(n: Verbs, poly: Polynomial, exponent: Exponent) -> Polynomial:
    if not poly:
        if exponent < 0:
            raise UndefinedValue("a division by zero")
        return {}
    if isinstance(exponent, int) and len(poly) == 1:
        ((monomial, coefficient),) = poly.items()
        return n.settled(
            {a: e * exponent for a, e in monomial}, exact(bounded.power(coefficient, exponent))
        )
    return _base_power(n, poly, exponent, isinstance(exponent, int))


@law("power")
def _base_power(n: Verbs, poly: Polynomial, exponent: Exponent, signed: bool) -> Polynomial:
    """(c·a·b)^e = c^e·a^e·b^e, of the rational content and of the factors that may leave.

    A whole power lets every common factor and the sign out. A fractional one is real where
    its argument is nonnegative; there a positive factor leaves, and a square leaves as an
    absolute value, one of a sum as well. A factor that may be 0 leaves a root only if what it
    leaves behind is known not to be negative: √(x²·y) has a value at x = 0 whatever y is.
    """
    poly, below = n.cleared(poly, signed)
    if below:
        result = n.power(poly, exponent)
        for atom, e in below.items():
            result = n.multiply(result, n.of_atom(atom, -e * exponent))
        return result
    factor, common = n.content(poly)
    result = n.rational_power(factor, exponent)
    if not signed and exponent > 0:
        common = _leaving_a_root(n, poly, factor, common)
    leaving: dict[Atom, Exponent] = {}
    for atom, e in common.items():
        if signed or n.atom_sign(atom) in ("+", "0+"):
            leaving[atom] = e
            result = n.multiply(result, n.of_atom(atom, e * exponent))
        else:
            square = 2 * math.floor(e / 2)
            if square:
                leaving[atom] = square
                size = n.absolute(n.of_atom(atom))
                result = n.multiply(result, n.power(size, square * exponent))
    rest = n.divided(poly, factor, leaving)
    if len(rest) == 1 and () in rest:
        sign = rest[()]
        if sign == 1:
            return result
        if signed:
            return n.scale(result, -1 if exponent % 2 else 1)
        raise UndefinedValue("a fractional power of a negative number")
    if signed:
        lead = max(rest, key=monomial_order)
        if rest[lead] < 0:
            rest = n.scale(rest, -1)
            result = n.scale(result, -1 if exponent % 2 else 1)
    elif len(rest) == 1:
        ((monomial, coefficient),) = rest.items()
        if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1:
            return n.multiply(result, n.of_atom(monomial[0][0], exponent))
    else:
        root = root_of_square(n, rest)
        if root is not None:
            return n.multiply(result, n.power(n.absolute(root), 2 * exponent))
    base = n.atom(BaseAtom, n.key(rest))
    return n.multiply(result, n.of_atom(base, exponent))


def _leaving_a_root(
    n: Verbs, poly: Polynomial, factor: Number, common: dict[Atom, Exponent]
) -> dict[Atom, Exponent]:
    """Of the common factors of a polynomial those that may leave a root of it: all of them if
    what they leave behind is not negative, else those that are not 0.
    """
    squares = {
        a: e if n.atom_sign(a) in ("+", "0+") else 2 * math.floor(e / 2) for a, e in common.items()
    }
    rest = n.divided(poly, factor, squares)
    if n.sign(rest) in ("+", "0+"):
        return common
    return {
        a: e
        for a, e in common.items()
        if e < 0 or n.atom_sign(a) in ("+", "-") or n.known(n.key({((a, 1),): 1}), "!=")
    }


@law("power of a rational")
def rational_power(n: Verbs, value: Number, exponent: Exponent) -> Polynomial:
    """A rational to a rational power: (pʷ·q)^e = p^(w·e)·q^e, prime by prime.

    Where the rational is positive, or the power a whole one.
    """
    if isinstance(exponent, int):
        return {(): exact(bounded.power(value, exponent))}
    result: Polynomial = {(): 1}
    for prime, times in _factorised(Fraction(value)).items():
        result = n.multiply(result, n.of_atom(n.atom(PrimeAtom, prime), times * exponent))
    return result


@law("absolute value")
def absolute(n: Verbs, poly: Polynomial) -> Polynomial:
    """|p| = p·(2[p > 0] − 1), or ±p where the sign is known."""
    sign = n.sign(poly)
    if sign is not None:
        return poly if "+" in sign else n.scale(poly, -1)
    poly, above = n.above_zero(poly)
    return n.multiply(poly, n.subtract(n.scale(above, 2), {(): 1}))


def above_zero(n: Verbs, poly: Polynomial) -> tuple[Polynomial, Polynomial]:
    """p and [p > 0], or −p and [−p > 0]: of the two that with the shorter bracket."""
    above = n.real_bracket(">", poly)
    if len(above) > 1:
        opposite = n.scale(poly, -1)
        other = n.real_bracket(">", opposite)
        if len(other) == 1:
            return opposite, other
    return poly, above


@law("either side of a bracket")
def split(n: Verbs, poly: Polynomial, function: Callable[[Polynomial], Polynomial]) -> Polynomial:
    """f(p) where a bracket B occurs in p: B·f(p with B = 1) + (1 − B)·f(p with B = 0).

    Where f has a value on the side that is taken; what it has on the other does not count.
    """
    atom = next((a for m in poly for a, _ in m if isinstance(a, BracketAtom)), None)
    if atom is None:
        return function(poly)
    on: Polynomial = {((atom, 1),): 1}
    with_it, without = n.sides_of(poly, atom)
    inside = n.multiply(on, n.split(with_it, function))
    outside = n.multiply(n.subtract({(): 1}, on), n.split(without, function))
    return n.add(inside, outside)


def exp(n: Verbs, poly: Polynomial) -> Polynomial:
    """exp(a + b) = exp a · exp b; exp(c·x) = exp(x)^c; exp(c·log u) = u^c."""
    return n.split(poly, partial(_exp, n))


@law("exponential")
def _exp(n: Verbs, poly: Polynomial) -> Polynomial:
    """exp(a + b) = exp a · exp b; exp(c·x) = exp(x)^c; exp(c·log u) = u^c

    Where u is positive, as it is wherever its logarithm has a value.
    """
    result: Polynomial = {(): 1}
    for monomial, coefficient in poly.items():
        inner = monomial[0][0] if len(monomial) == 1 and monomial[0][1] == 1 else None
        if inner is not None and isinstance(inner, FunctionAtom) and inner.name == "log":
            factor = n.power(dict(inner.args[0]), coefficient)
        else:
            factor = n.of_atom(n.atom(ExpAtom, monomial), coefficient)
        result = n.multiply(result, factor)
    return result


def log(n: Verbs, poly: Polynomial) -> Polynomial:
    """log of products and powers as sums; real where the argument is positive.

    :raises UndefinedValue: for the logarithm of a number that is not positive.
    """
    return n.split(poly, partial(_log, n))


@law("logarithm")
def _log(n: Verbs, poly: Polynomial) -> Polynomial:
    """log(a·bᵉ) = log a + e·log b, of the factors that are positive or an even power

    Where the product is positive; the logarithm of an even power is that of |b|.
    """
    if not poly:
        raise UndefinedValue("the logarithm of zero")
    poly, below = n.cleared(poly, False)
    if below:
        logs = (n.scale(_log_of_positive(n, a), -e) for a, e in below.items())
        return n.add(n.log(poly), *logs)
    negative = next(
        (
            a
            for m in poly
            for a, e in m
            if isinstance(a, BaseAtom) and e < 0 and n.atom_sign(a) in ("-", "0-")
        ),
        None,
    )
    if negative is not None:  # log(p/q) = log(−p) − log(−q)
        opposite = n.scale(n.of_atom(negative), -1)
        product = n.multiply(poly, opposite)
        return n.subtract(n.log(product), n.log(opposite))
    factor, common = n.content(poly)
    parts: list[Polynomial] = [
        n.scale(_log_atom(n, {(): prime}), times)
        for prime, times in _factorised(Fraction(factor)).items()
    ]
    leaving: dict[Atom, Exponent] = {}
    for atom, e in common.items():
        if n.atom_sign(atom) == "+":
            leaving[atom] = e
            parts.append(n.scale(_log_of_positive(n, atom), e))
        elif e % 2 == 0:
            leaving[atom] = e
            parts.append(n.scale(n.log(n.absolute(n.of_atom(atom))), e))
    rest = n.divided(poly, factor, leaving)
    if len(rest) == 1:
        ((monomial, coefficient),) = rest.items()
        if not monomial:
            if coefficient != 1:
                raise UndefinedValue("the logarithm of a negative number")
            return n.add(*parts) if parts else {}
        if coefficient == 1 and len(monomial) == 1:
            # log(xᵉ) for an odd e is real only where x > 0
            atom, e = monomial[0]
            parts.append(n.scale(_log_of_positive(n, atom), e))
            return n.add(*parts)
    root = root_of_square(n, rest)
    if root is not None:
        parts.append(n.scale(n.log(n.absolute(root)), 2))
    else:
        parts.append(_log_atom(n, rest))
    return n.add(*parts)


def _log_of_positive(n: Verbs, atom: Atom) -> Polynomial:
    """log Π_k p_k = Σ_k log p_k where every p_k is positive"""
    if isinstance(atom, ExpAtom):
        return {atom.argument: 1}
    if isinstance(atom, BaseAtom):
        return _log_atom(n, dict(atom.key))
    if isinstance(atom, ProductAtom) and n.sign(dict(atom.body)) == "+":
        k = Var("k", FRESH, ZERO, atom.high)
        body = n.substitute(dict(atom.body), {n.bound(atom.height - 1): as_poly(k)})
        return n.sum_over(k, n.log(body))
    return _log_atom(n, n.of_atom(atom))


def _log_atom(n: Verbs, poly: Polynomial) -> Polynomial:
    return n.of_atom(n.atom(FunctionAtom, "log", n.key(poly)))


# ---- brackets


@law("integer bracket")
def index_bracket(n: Verbs, relation: str, poly: Poly) -> Polynomial:
    """[p ≥ 0] or [p = 0], the first relative to the time of an induction; without one, by
    [p ≥ 0] = 1 − [p = −1] where p ≥ −1, and [p ≥ 0] = [p = 0] where p ≤ 0.
    """
    if relation == ">=" and not n.recursion.begun and not is_nonnegative(poly):
        if is_nonnegative(poly + 1):
            return n.subtract({(): 1}, bracket_by_range(n, "=", poly + 1))
        if is_nonnegative(-poly):
            return bracket_by_range(n, "=", poly)
    moving = relation == ">=" and len(poly.indices) > 1 and not n.clears_offsets
    steps = n.recursion.steps_past(poly) if moving else 0
    if not steps:
        return bracket_by_range(n, relation, poly)
    # [p ≥ 0] = [p − 1 ≥ 0] + [p = 0], and the other way round.
    passed = [poly - k for k in range(steps)] or [poly + k for k in range(1, 1 - steps)]
    equal = n.add({}, *(bracket_by_range(n, "=", p) for p in passed))
    sign = 1 if steps > 0 else -1
    return n.add(bracket_by_range(n, relation, poly - steps), n.scale(equal, sign))


def bracket_by_range(n: Verbs, relation: str, poly: Poly) -> Polynomial:
    """[p ≥ 0] and [p = 0] of an integer p, decided by the ranges where they decide it, that of the
    time of an induction among them.
    """
    there = n.recursion.there
    if relation == "=":
        if poly.constant is not None:
            return {} if poly.constant else {(): 1}
        lead = max(poly.key, key=lambda term: [v.key for v in reversed(term[0])])
        if lead[1] < 0:
            poly = -poly
        if is_nonnegative(poly - 1, there) or is_nonnegative(-poly - 1, there):
            return {}
        if poly in n.given.apart:
            n.used[n.given.apart[poly]] = None
            return {}
        split = digits(poly)
        if split is not None:
            return n.multiply(*(n.index_bracket("=", digit) for digit in split))
    elif is_nonnegative(poly, there):
        return {(): 1}
    elif is_nonnegative(-poly - 1, there):
        return {}
    else:
        upper = upper_digit(poly)
        if upper is not None:
            return n.index_bracket(">=", upper)
    return n.of_atom(n.atom(IndexBracketAtom, relation, poly))


@law("bracket")
def real_bracket(n: Verbs, relation: str, poly: Polynomial) -> Polynomial:
    """[c·p > 0] = [p > 0] for c > 0; [−p > 0] = 1 − [p > 0] − [p = 0]; known signs decide.

    For all reals; a sign is known where it follows from what is assumed.
    """
    if any(isinstance(a, BracketAtom) for m in poly for a, _ in m):
        key, factor = n.primitive(poly)
        if n.known(key, "!="):  # [−p > 0] = 1 − [p > 0]
            if relation == "=":
                return {}
            if factor < 0:
                above = n.real_bracket(">", n.scale(poly, -1))
                return n.subtract({(): 1}, above)
        return n.split(poly, lambda part: n.real_bracket(relation, part))
    sign = n.sign(poly)
    if not poly or sign is not None:
        true = {">": sign == "+", "=": not poly}[relation]
        false = {">": not poly or sign in ("-", "0-"), "=": sign in ("+", "-")}[relation]
        if true:
            return {(): 1}
        if false:
            return {}
    reduced = n.without_positive(poly)
    if reduced != poly:
        return n.real_bracket(relation, reduced)
    compared = _compared_arguments(n, poly)
    if compared is not None:
        return n.real_bracket(relation, compared)
    factored = _bracket_of_product(n, relation, poly)
    if factored is not None:
        return factored
    flipped = is_turned(poly)
    key = n.key(n.scale(poly, -1 if flipped else 1))
    if n.known(key, "!=") or n.known(key, "+") or n.known(key, "-"):
        zero: Polynomial = {}
    else:
        zero = n.of_atom(n.atom(RealBracketAtom, "=", key))
    if relation == "=":
        return zero
    above = n.of_atom(n.atom(RealBracketAtom, ">", key))
    if not flipped:
        return above
    return n.subtract(n.subtract({(): 1}, above), zero)  # [−p > 0] = 1 − [p > 0] − [p = 0]


def _compared_arguments(n: Verbs, poly: Polynomial) -> Polynomial | None:
    """A polynomial of the same sign as f(a) − f(b) or f(a), for an f that grows: a − b, or a
    less where f is zero.
    """
    if len(poly) > 2:
        return None
    if len(poly) == 2 and all(isinstance(a, (ExpAtom, PrimeAtom)) for m in poly for a, _ in m):
        # c·exp a > d·exp b where a + log c > b + log d
        parts = [(c, n.log({m: abs(Fraction(c))})) for m, c in poly.items()]
        above = [part for c, part in parts if c > 0]
        below = [part for c, part in parts if c < 0]
        return n.subtract(*above, *below) if len(above) == len(below) else None
    if len(poly) == 2 and sum(poly.values()) != 0:
        return None
    arguments = []
    for monomial, coefficient in poly.items():
        if len(monomial) != 1:
            return None
        ((atom, exponent),) = monomial
        arguments.append((_growing(atom, exponent), atom, exponent, coefficient))
    (name, first, exponent, coefficient), *others = arguments
    if name is None or any(other != name for other, *_ in others):
        return None
    compared = _argument(n, first)
    if others:
        compared = n.subtract(compared, _argument(n, others[0][1]))
    elif name == "log":
        compared = n.subtract(compared, {(): 1})
    elif name not in ODD_AND_GROWING:
        return None
    return n.scale(compared, coefficient)


def _argument(n: Verbs, atom: Atom) -> Polynomial:
    """What a function is taken of, or a power."""
    if isinstance(atom, FunctionAtom):
        return dict(atom.args[0])
    return dict(atom.key) if isinstance(atom, BaseAtom) else n.of_atom(atom)


@law("bracket of a product")
def _bracket_of_product(n: Verbs, relation: str, poly: Polynomial) -> Polynomial | None:
    """[a·b > 0] = [a > 0]·[b > 0] + [−a > 0]·[−b > 0]; [a·b = 0] = 1 − [a ≠ 0]·[b ≠ 0].

    For all reals a and b.
    """
    if n.hides_a_power(poly):
        return None
    factor, common = n.content(poly)
    if not common or any(not isinstance(e, int) for e in common.values()):
        return None
    if len(poly) == 1 and len(common) == 1:
        ((monomial, coefficient),) = poly.items()
        atom, exponent = monomial[0]
        if exponent == 1:
            return None
        base = n.of_atom(atom)
        zero = n.real_bracket("=", base) if exponent > 0 else {}
        if relation == "=":
            return zero
        if exponent % 2:
            return n.real_bracket(">", n.scale(base, coefficient))
        return n.subtract({(): 1}, zero) if coefficient > 0 else {}
    leaving = dict(list(common.items())[:1]) if len(poly) == 1 else common
    first: Polynomial = {n.monomial(leaving): 1}
    rest = n.divided(poly, factor, leaving)
    if relation == "=":
        nonzero = (n.subtract({(): 1}, n.real_bracket("=", p)) for p in (first, rest))
        return n.subtract({(): 1}, n.multiply(*nonzero))
    both = n.multiply(n.real_bracket(">", first), n.real_bracket(">", rest))
    neither = n.multiply(
        n.real_bracket(">", n.scale(first, -1)),
        n.real_bracket(">", n.scale(rest, -1)),
    )
    return n.add(both, neither)


def _growing(atom: Atom, exponent: Exponent) -> Any:
    """What a factor is of its argument, if it is a function that grows where it is defined: a
    name, or the exponent of an odd or a fractional power; None if not.
    """
    if isinstance(atom, FunctionAtom):
        return atom.name if exponent == 1 and atom.name in GROWING else None
    if isinstance(atom, PrimeAtom) or exponent < 0 or exponent == 1:
        return None
    return None if exponent % 2 == 0 else exponent


_LARGEST = 1 << 16  # of what is divided by on trial


def _factorised(value: Fraction) -> dict[int, int]:
    """The prime factors of a positive rational, with their exponents; a product of primes above a
    bound is one of them, as 1 − 2⁻⁵² has one of thirty digits.
    """
    result: dict[int, int] = {}
    for number, direction in ((value.numerator, 1), (value.denominator, -1)):
        divisor = 2
        while number > 1:
            if divisor * divisor > number or divisor > _LARGEST:
                divisor = number
            while number % divisor == 0:
                result[divisor] = result.get(divisor, 0) + direction
                number //= divisor
            divisor += 1
    return result
