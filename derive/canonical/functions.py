"""The laws of the known scalar functions in canonical forms."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import factorial, gcd
from typing import Any

import sympy as sp

from derive.canonical.atoms import (
    ConstAtom,
    CosAtom,
    FunctionAtom,
    IntAtom,
    Monomial,
    Polynomial,
    exact,
)
from derive.canonical.log_parts import log_size
from derive.canonical.verbs import Verbs

MAX_SHIFTS = 12  # steps down in the argument of Γ and of its derivatives
MAX_ANGLES = 4  # terms to which sin and cos of a sum are taken apart
MAX_ANGLES_AGAIN = 6  # the same of a multiple of a sum


Law = Callable[..., Polynomial]


def _stated(statement: str, law: Law) -> Law:
    """A law with its statement, and where it holds, as its docstring."""
    law.__doc__ = statement
    return law


def _odd(name: str) -> Callable[[Verbs, Polynomial], Polynomial]:
    def law(n: Verbs, x: Polynomial) -> Polynomial:
        if not x:
            return {}
        _, scale = n.primitive(x)
        sign = 1 if scale > 0 else -1
        return n.scale(n.of_atom(n.atom(FunctionAtom, name, n.key(n.scale(x, sign)))), sign)

    return _stated(
        f"{name}(−x) = −{name}(x), wherever one of them has a value",
        lambda n, x: n.split(x, lambda part: law(n, part)),
    )


def _plain(name: str) -> Callable[[Verbs, Polynomial], Polynomial]:
    return _stated(
        f"{name} of equal arguments is equal, always",
        lambda n, x: n.split(x, lambda p: n.of_atom(n.atom(FunctionAtom, name, n.key(p)))),
    )


def _cos(n: Verbs, x: Polynomial) -> Polynomial:
    if not x:
        return {(): 1}
    _, scale = n.primitive(x)
    return n.of_atom(n.atom(CosAtom, n.key(n.scale(x, 1 if scale > 0 else -1))))


def _circular(name: str) -> Callable[[Verbs, Polynomial], Polynomial]:
    """sin and cos of a sum by the addition theorems, down to one term with factor 1, or with the
    least fraction of it that has been seen.
    """
    plain_sin = _odd("sin")

    def law(n: Verbs, x: Polynomial) -> Polynomial:
        quarters, x = _quarter_turns(x)
        turned = (0 if name == "sin" else 1) + quarters
        made = upright(n, ("sin", "cos")[turned % 2], x)
        return n.scale(made, -1 if turned % 4 > 1 else 1)

    def upright(n: Verbs, name: str, x: Polynomial) -> Polynomial:
        known = _known_angle(n, name, x)
        if known is not None:
            return known
        part, others = _part_of_pi(x)
        if _is_known(part):
            return together(n, name, others, {m: c for m, c in x.items() if m not in others})
        parts = {m: abs(Fraction(c)) * n.angle_unit(m, Fraction(c)) for m, c in x.items()}
        whole = all(part.denominator == 1 for part in parts.values())
        times = gcd(*(int(part) for part in parts.values())) if whole else 1
        most = MAX_ANGLES_AGAIN if times > 1 else MAX_ANGLES
        if not whole or not 1 < sum(parts.values()) <= most:
            return plain_sin(n, x) if name == "sin" else _cos(n, x)
        monomial, coefficient = next(iter(x.items()))
        first: Polynomial = {monomial: exact(Fraction(coefficient) / parts[monomial])}
        if times > 1:
            first = n.scale(x, Fraction(1, times))
        return together(n, name, first, n.subtract(x, first))

    def together(n: Verbs, name: str, first: Polynomial, rest: Polynomial) -> Polynomial:
        sines = [n.function("sin", [p]) for p in (first, rest)]
        cosines = [n.function("cos", [p]) for p in (first, rest)]
        if name == "sin":
            return n.add(n.multiply(sines[0], cosines[1]), n.multiply(cosines[0], sines[1]))
        return n.subtract(n.multiply(*cosines), n.multiply(*sines))

    statement = {
        "sin": "sin(a + b) = sin a·cos b + cos a·sin b, sin(−x) = −sin x, for all reals; "
        "sin(asin x) = x, sin(atan x) = x/√(1 + x²), wherever they have a value; sin(k·π/4), "
        "sin(k·π/6)",
        "cos": "cos(a + b) = cos a·cos b − sin a·sin b, cos(−x) = cos x, for all reals; "
        "cos(asin x) = √(1 − x²), cos(atan x) = 1/√(1 + x²), wherever they have a value; "
        "cos(k·π/4), cos(k·π/6)",
    }[name]
    return _stated(statement, lambda n, x: n.split(x, lambda part: law(n, part)))


def _part_of_pi(x: Polynomial) -> tuple[Fraction, Polynomial]:
    """Which multiple of π is added in an angle, and what is left of it."""
    for monomial, coefficient in x.items():
        if len(monomial) == 1 and monomial[0][1] == 1:
            atom = monomial[0][0]
            if isinstance(atom, ConstAtom) and atom.value is sp.pi:
                return Fraction(coefficient), {m: c for m, c in x.items() if m != monomial}
    return Fraction(0), x


def _quarter_turns(x: Polynomial) -> tuple[int, Polynomial]:
    """How often a whole π/2 is added in an angle, and what is left of it."""
    part, rest = _part_of_pi(x)
    return (int(2 * part), rest) if (2 * part).denominator == 1 else (0, x)


def _is_known(part: Fraction) -> bool:
    """Whether sin and cos of a multiple of π that is no quarter turn are roots of rationals: of
    one of π/4 or π/6.
    """
    return part.denominator in (3, 4, 6)


def _known_angle(n: Verbs, name: str, x: Polynomial) -> Polynomial | None:
    """sin or cos of 0, of parts of π, of ±asin u and of ±atan u; None of any other angle."""
    if len(x) != 1:
        return None if x else {(): 1} if name == "cos" else {}
    ((monomial, coefficient),) = x.items()
    if len(monomial) != 1 or monomial[0][1] != 1:
        return None
    ((atom, _),) = monomial
    part, _ = _part_of_pi(x)
    if _is_known(part):
        return _of_part_of_pi(n, name, part)
    if not isinstance(atom, FunctionAtom) or atom.name not in ("asin", "atan"):
        return None
    if coefficient not in (1, -1):
        return None
    u = dict(atom.args[0])
    square = n.multiply(u, u)
    one: Polynomial = {(): 1}
    sine = n.scale(u, coefficient)
    if atom.name == "asin":
        return sine if name == "sin" else n.power(n.subtract(one, square), Fraction(1, 2))
    hypotenuse = n.power(n.add(one, square), Fraction(-1, 2))
    return n.multiply(sine, hypotenuse) if name == "sin" else hypotenuse


def _of_part_of_pi(n: Verbs, name: str, part: Fraction) -> Polynomial:
    value = getattr(sp, name)(sp.pi * sp.Rational(part.numerator, part.denominator))
    square = value**2
    root = n.power({(): Fraction(int(square.p), int(square.q))}, Fraction(1, 2))
    return n.scale(root, 1 if value.is_positive else -1)


def _hyperbolic(name: str) -> Callable[[Verbs, Polynomial], Polynomial]:
    def law(n: Verbs, x: Polynomial) -> Polynomial:
        up, down = n.exp(x), n.exp(n.scale(x, -1))
        sinh, cosh = n.subtract(up, down), n.add(up, down)
        if name == "tanh":
            return n.multiply(sinh, n.power(cosh, -1))
        return n.scale(sinh if name == "sinh" else cosh, Fraction(1, 2))

    opaque = _odd(name)
    return _stated(
        f"{name} in exponentials, for all reals",
        lambda n, x: law(n, x) if n.exponentials or name != "tanh" else opaque(n, x),
    )


def _half_pi(n: Verbs) -> Polynomial:
    return {n.monomial({n.atom(ConstAtom, sp.pi): 1}): Fraction(1, 2)}


def _atan(n: Verbs, x: Polynomial) -> Polynomial:
    """atan(1/x) = π/2·sign x − atan x, where x ≠ 0, as it is wherever 1/x has a value"""
    if len(x) == 1 and all(e < 0 for m in x for _, e in m) and () not in x:
        other = n.power(x, -1)
        angle = n.multiply(_half_pi(n), n.function("sign", [other]))
        return n.subtract(angle, n.function("atan", [other]))
    return _odd("atan")(n, x)


def _inverse_hyperbolic(name: str) -> Callable[[Verbs, Polynomial], Polynomial]:
    """asinh x = log(x + √(x² + 1)), acosh x = log(x + √(x² − 1)), atanh x = log((1 + x)/(1 − x))/2
    where hyperbolic functions are written in exponentials.
    """

    def law(n: Verbs, x: Polynomial) -> Polynomial:
        one: Polynomial = {(): 1}
        if name == "atanh":
            ratio = n.multiply(n.add(one, x), n.power(n.subtract(one, x), -1))
            return n.scale(n.log(ratio), Fraction(1, 2))
        square = n.add(n.multiply(x, x), one if name == "asinh" else {(): -1})
        return n.log(n.add(x, n.power(square, Fraction(1, 2))))

    opaque = _plain(name) if name == "acosh" else _odd(name)
    where = {"asinh": "for all reals", "acosh": "where x ≥ 1", "atanh": "where −1 < x < 1"}[name]
    return _stated(
        f"{name} x as a logarithm, {where}, as it is wherever it has a value",
        lambda n, x: law(n, x) if n.exponentials else opaque(n, x),
    )


def _several(name: str) -> Callable[..., Polynomial]:
    """A function of several arguments of which no law is used."""
    return _stated(
        f"{name} of equal arguments is equal, always",
        lambda n, *args: n.of_atom(n.atom(FunctionAtom, name, *(n.key(a) for a in args))),
    )


def _apart(law: Law) -> Law:
    """A law on either side of each bracket in its last argument."""
    return _stated(
        law.__doc__ or "",
        lambda n, *args: n.split(args[-1], lambda p: law(n, *args[:-1], p)),
    )


def _shifted_down(
    n: Verbs, x: Polynomial, positive: bool = False
) -> tuple[Polynomial, list[Polynomial]]:
    """x − k and the factors x − 1, …, x − k, as long as none of them is 0, or each is positive.

    Where Γ(x) has a value x is no whole number ≤ 0; where x − 1 is not 0 either, Γ(x − 1) has one.
    """
    below: list[Polynomial] = []
    while len(below) < MAX_SHIFTS:
        lower = n.subtract(x, {(): 1})
        sign = n.sign(lower)
        if sign != "+" and (positive or not (sign == "-" or _nonzero(n, lower))):
            break
        below.append(lower)
        x = lower
    return x, below


def _nonzero(n: Verbs, x: Polynomial) -> bool:
    return bool(x) and n.known(n.primitive(x)[0], "!=")


def _lgamma(n: Verbs, x: Polynomial) -> Polynomial:
    """log Γ(x) = log Γ(x − 1) + log(x − 1) where x > 1; log Γ(1) = 0, always"""
    x, below = _shifted_down(n, x, positive=True)
    logs = [n.log(p) for p in below]
    if x == {(): 1}:
        return n.add({}, *logs)
    return n.add(n.of_atom(n.atom(FunctionAtom, "lgamma", n.key(x))), *logs)


def _gamma(n: Verbs, x: Polynomial) -> Polynomial:
    """Γ(x) = exp(log Γ(x)) where x > 0; Γ(x) = (x − 1)·Γ(x − 1) where x ≠ 1"""
    if n.sign(x) == "+":
        return n.exp(n.function("lgamma", [x]))
    x, below = _shifted_down(n, x)
    return n.multiply(n.of_atom(n.atom(FunctionAtom, "gamma", n.key(x))), *below)


def _polygamma(n: Verbs, order: Polynomial, x: Polynomial) -> Polynomial:
    """ψₘ(x) = ψₘ(x − 1) + (−1)ᵐ·m!/(x − 1)^(m + 1) where x ≠ 1, for a number m ≥ 0"""
    m = int(order.get((), 0))
    x, below = _shifted_down(n, x)
    scale = (-1) ** m * factorial(m)
    steps = [n.scale(n.power(p, -m - 1), scale) for p in below]
    return n.add(n.of_atom(n.atom(FunctionAtom, "polygamma", n.key(order), n.key(x))), *steps)


def _tan(n: Verbs, x: Polynomial) -> Polynomial:
    """tan x = sin x/cos x, where cos x ≠ 0, as it is wherever tan x has a value"""
    return n.multiply(n.function("sin", [x]), n.power(n.function("cos", [x]), -1))


def _remainder(n: Verbs, a: Polynomial, b: Polynomial) -> Polynomial:
    """Mod(x + k, 1) = Mod(x, 1) and Mod(k, 1) = 0 for whole k, sizes and indices among them, and
    Mod(k·Mod(x, 1), 1) = Mod(k·x, 1); of another b, Mod of equal arguments is equal, always
    """
    opaque = _several("Mod")
    if b != {(): 1}:
        return opaque(n, a, b)

    def by_one(x: Polynomial) -> Polynomial:
        left: Polynomial = {}
        for monomial, coefficient in x.items():
            inside = _remainder_by_one(n, monomial)
            if coefficient % 1 == 0 and inside is not None:
                left = n.add(left, n.scale(inside, coefficient))
            elif coefficient % 1 != 0 or not all(_counts(atom, e) for atom, e in monomial):
                left = n.add(left, {monomial: coefficient if monomial else coefficient % 1})
        if left != x:
            return by_one(left)
        return opaque(n, x, b) if x else {}

    return n.split(a, by_one)


def _remainder_by_one(n: Verbs, monomial: Monomial) -> Polynomial | None:
    """k·x of a product k·Mod(x, 1) with a whole k; None of any other."""
    found = [(a, e) for a, e in monomial if not _counts(a, e)]
    if len(found) != 1:
        return None
    ((atom, exponent),) = found
    if exponent != 1 or not isinstance(atom, FunctionAtom) or atom.name != "Mod":
        return None
    inside, by = map(dict, atom.args)
    count = n.monomial({a: e for a, e in monomial if a is not atom})
    return n.multiply(inside, {count: 1}) if by == {(): 1} else None


def _counts(atom: Any, exponent: Any) -> bool:
    """Whether a factor is a whole number: a size or an index, to a whole power."""
    if not isinstance(atom, IntAtom) or not isinstance(exponent, int) or exponent < 0:
        return False
    return all(c % 1 == 0 for c in atom.poly.terms.values())


def _sign_law(n: Verbs, x: Polynomial) -> Polynomial:
    """sign x = [x > 0] − [−x > 0], for all reals"""
    return n.subtract(n.real_bracket(">", x), n.real_bracket(">", n.scale(x, -1)))


def _max(n: Verbs, a: Polynomial, b: Polynomial) -> Polynomial:
    """max(a, b) = b + (a − b)·[a > b] = a + (b − a)·[b > a], for all reals"""
    difference = n.subtract(a, b)
    taken, above = n.above_zero(difference)
    return n.add(b if taken == difference else a, n.multiply(taken, above))


_FUNCTIONS: dict[str, Callable[..., Polynomial]] = {
    "exp": _stated(
        "exp(c·log u) = u^c where u > 0; exp(a + b) = exp a·exp b for all reals",
        lambda n, x: n.exp(x),
    ),
    "log": _stated(
        "log(a·b) = log a + log b where both are positive, or |b| for b in an even power",
        lambda n, x: n.log(x),
    ),
    "log size": log_size,
    "sin": _circular("sin"),
    "cos": _circular("cos"),
    "tan": _tan,
    "asin": _odd("asin"),
    "acos": _stated(
        "acos x = π/2 − asin x, where −1 ≤ x ≤ 1, as it is wherever one of them has a value",
        lambda n, x: n.subtract(_half_pi(n), n.function("asin", [x])),
    ),
    "atan": _atan,
    "sinh": _hyperbolic("sinh"),
    "cosh": _hyperbolic("cosh"),
    "tanh": _hyperbolic("tanh"),
    "asinh": _inverse_hyperbolic("asinh"),
    "acosh": _inverse_hyperbolic("acosh"),
    "atanh": _inverse_hyperbolic("atanh"),
    "erf": _odd("erf"),
    "erfc": _stated(
        "erfc x = 1 − erf x, for all reals",
        lambda n, x: n.subtract({(): 1}, n.function("erf", [x])),
    ),
    "erfinv": _odd("erfinv"),
    "gamma": _apart(_gamma),
    "lgamma": _apart(_lgamma),
    "polygamma": _apart(_polygamma),
    "atan2": _several("atan2"),
    "Mod": _remainder,
    "Abs": _stated(
        "|x| = x·(2·[x > 0] − 1) for all reals, and ±x where the sign is known",
        lambda n, x: n.absolute(x),
    ),
    "sign": _sign_law,
    "Max": _max,
}  # fmt: skip


def function_laws() -> dict[str, Callable[..., Polynomial]]:
    """The law of every known scalar function."""
    return _FUNCTIONS
