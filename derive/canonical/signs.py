"""The sign of a polynomial wherever it is defined: from its terms, and from what is assumed."""

from __future__ import annotations

from collections.abc import Callable
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
    SumAtom,
    WholePowerAtom,
)
from derive.canonical.enclosures import closed_sign
from derive.canonical.instances import is_instance
from derive.canonical.polynomials import sides_of
from derive.canonical.state import Fact
from derive.canonical.verbs import Verbs
from derive.core.functions import FUNCTIONS
from derive.core.integers import ZERO, Number, Var, as_poly, is_nonnegative

Result = TypeVar("Result")

ODD_AND_GROWING = frozenset(name for name, f in FUNCTIONS.items() if f.odd and f.growing)
TOTAL = frozenset(name for name, f in FUNCTIONS.items() if f.total)
# Atoms that have a value whatever the entries in them are.
ALWAYS_TOTAL = (EntryAtom, IntAtom, ConstAtom, PrimeAtom, BracketAtom, DeterminantAtom)
MAX_GUARDS = 6  # brackets on either side of which a term is looked for
MAX_SPLITS = 2  # brackets on either side of which a sign is looked for


def hides_a_power(n: Verbs, poly: Polynomial) -> bool:
    """Whether x^(n − 1) may stand in a polynomial as xⁿ·x⁻¹ for an x that may be zero.

    There both have the same value except where x = 0 and n = 1, where the one is 1 and the
    other is none: no factor of such a polynomial says anything of its sign or its zeros.
    """
    if WholePowerAtom not in n.table.kinds:
        return False
    found = [n.signs.look_inside(atom, e) for m in poly for atom, e in m]
    return any(power for power, _ in found) and any(below for _, below in found)


def sign(n: Verbs, poly: Polynomial) -> str | None:
    """``"+"`` (positive), ``"0+"`` (nonnegative), ``"-"``, ``"0-"`` or None (not known)."""
    if not poly:
        return "0+"
    signs = {_sign_times(n.monomial_sign(m), c) for m, c in poly.items()}
    if signs <= {"+", "0+"}:
        return "+" if "+" in signs else "0+"
    if signs <= {"-", "0-"}:
        return "-" if "-" in signs else "0-"
    return _known_sign(n, poly) or closed_sign(poly) or _integer_sign(poly) or _split_sign(n, poly)


def _split_sign(n: Verbs, poly: Polynomial) -> str | None:
    """The sign on either side of a bracket [p > 0], p positive on the one."""
    bracket = next(
        (a for m in poly for a, _ in m if isinstance(a, RealBracketAtom) and a.relation == ">"),
        None,
    )
    if bracket is None or len(n.signs.supposed) >= MAX_SPLITS:
        return None
    if any(f.key == bracket.key for f in (*n.signs.facts, *n.signs.supposed)):
        return None
    with_it, without = n.sides_of(poly, bracket)
    above = _assuming(n, bracket.key, "+", with_it)
    below = _assuming(n, bracket.key, "0-", without)
    if above is None or below is None or above[-1] != below[-1]:
        return None
    return above if above == below else "0" + above[-1]


def _assuming(n: Verbs, key: Key, sign: str, poly: Polynomial) -> str | None:
    """The sign of a polynomial where one more sign is known."""
    return n.supposing(key, sign, lambda: n.sign(poly))


def supposing(n: Verbs, key: Key, sign: str, compute: Callable[[], Result]) -> Result:
    """What is computed while one more sign is known."""
    saved, n.signs.found = n.signs.found, {}
    n.signs.supposed.append(Fact(key, sign, frozenset(), None))
    try:
        return compute()
    finally:
        n.signs.supposed.pop()
        n.signs.found = saved


def known_facts(n: Verbs) -> tuple[Fact, ...]:
    """What is assumed, and what is supposed for the time being."""
    return (*n.signs.facts, *n.signs.supposed)


def given_only(n: Verbs, facts: list[Fact], compute: Callable[[], Result]) -> Result:
    """What is computed while some signs are known and no others."""
    saved = n.signs.facts, n.signs.supposed, n.signs.found
    n.signs.facts, n.signs.supposed, n.signs.found = facts, [], {}
    n.signs.file()
    try:
        return compute()
    finally:
        n.signs.facts, n.signs.supposed, n.signs.found = saved
        n.signs.file()


def _known_sign(n: Verbs, poly: Polynomial) -> str | None:
    if not (n.signs.facts or n.signs.supposed):
        return None
    key, factor = n.primitive(poly)
    for sign in ("+", "-", "0+", "0-"):
        if n.known(key, sign):
            return _sign_times(sign, factor)
    return None


def assume(n: Verbs, poly: Polynomial, sign: str, open_: frozenset[Var], label: Any) -> None:
    """Assume a sign of a polynomial, for all values of its ``open_`` indices.

    ``sign`` is ``"+"``, ``"0+"``, ``"-"``, ``"0-"`` or ``"!="`` (not zero).
    """
    if not poly:
        return
    if n.hides_a_power(poly):
        key, factor = n.primitive(poly)
        n.signs.facts.append(Fact(key, str(_sign_times(sign, factor)), open_, label))
    elif sign == "!=":
        # A product is not zero where none of its factors is.
        factor, common = n.content(poly)
        common = {a: e for a, e in common.items() if n.lasts(poly, a)}
        rest = n.divided(poly, factor, common)
        parts: list[Polynomial] = [{((atom, 1),): 1} for atom in common]
        parts += [rest] if rest.keys() != {()} else []
        for part in parts:
            n.signs.facts.append(Fact(n.primitive(part)[0], sign, open_, label))
    else:
        for form in (poly, n.without_positive(poly)):
            key, factor = n.primitive(form)
            fact = Fact(key, str(_sign_times(sign, factor)), open_, label)
            if fact not in n.signs.facts[-1:]:
                n.signs.facts.append(fact)
        for part in _parts_of_minimum(n, poly, sign):
            n.assume(part, sign, open_, label)
    n.signs.found.clear()


def _parts_of_minimum(n: Verbs, poly: Polynomial, sign: str) -> tuple[Polynomial, ...]:
    """a and b of min(a, b), positive where it is, or of max(a, b), negative where it is."""
    bracket = next((a for m in poly for a, _ in m if isinstance(a, RealBracketAtom)), None)
    if bracket is None or bracket.relation != ">":
        return ()
    above, below = n.sides_of(poly, bracket)
    key, slope = n.primitive(n.subtract(above, below))
    chosen = slope < 0 if "+" in sign else slope > 0
    return (above, below) if key == bracket.key and chosen else ()


def known(n: Verbs, key: Key, sign: str) -> bool:
    """Whether an assumption gives a primitive polynomial that sign."""
    for fact in n.signs.candidates(key):
        if fact.sign == sign and is_instance(fact.key, key, fact.open):
            if fact.label is not None:
                n.used[fact.label] = None
            return True
    return False


def without_positive(n: Verbs, poly: Polynomial) -> Polynomial:
    """A polynomial of the same sign, without positive denominators and factors.

    Only those leave that have a value wherever the polynomial has one.
    """
    if n.hides_a_power(poly):
        return poly
    poly, _ = n.cleared(poly, False)
    factor, common = n.content(poly)
    leaving = {
        a: e for a, e in common.items() if n.monomial_sign(((a, e),)) == "+" and n.lasts(poly, a)
    }
    return n.divided(poly, factor, leaving)


def lasts(n: Verbs, poly: Polynomial, atom: Atom) -> bool:
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
    if not parts or _stands(parts):
        return True
    sign = n.atom_sign(atom) if n.is_total(atom) else None
    if sign is None or ("0" in sign and min(exponents) < 0):
        return False
    return "+" in sign or all(isinstance(e, int) for e in exponents)


def _stands(poly: Polynomial, depth: int = MAX_GUARDS) -> bool:
    """Whether terms of a polynomial are left whichever of its brackets are 0."""
    bracket = next((a for m in poly for a, _ in m if isinstance(a, BracketAtom)), None)
    if bracket is None or not poly:
        return bool(poly)
    return depth > 0 and all(_stands(side, depth - 1) for side in sides_of(poly, bracket))


def is_total(n: Verbs, atom: Atom) -> bool:
    """Whether an atom has a value for all real values of the entries in it."""
    if isinstance(atom, ALWAYS_TOTAL):
        return True
    if isinstance(atom, ExpAtom):
        return n.has_value(((atom.argument, 1),))
    if isinstance(atom, BaseAtom):
        return n.has_value(atom.key)
    if isinstance(atom, CosAtom):
        return n.has_value(atom.argument)
    if isinstance(atom, FunctionAtom):
        return atom.name in TOTAL and n.has_value(atom.args[0])
    if isinstance(atom, SumAtom):
        return n.has_value(((atom.body, 1),))
    return isinstance(atom, OneRangeAtom) and n.has_value(atom.body)


def has_value(n: Verbs, key: Key) -> bool:
    """Whether a polynomial has a value for all real values of the entries in it."""
    return all(isinstance(e, int) and e > 0 and n.is_total(a) for m, _ in key for a, e in m)


def monomial_sign(n: Verbs, monomial: Monomial) -> str | None:
    """The sign of a product of powers of atoms wherever it is defined."""
    sign: str | None = "+"
    for atom, exponent in monomial:
        here = n.atom_sign(atom)
        if isinstance(exponent, int) and exponent % 2 == 0:
            here = "+" if here in ("+", "-") or (exponent < 0) else "0+"
        elif not isinstance(exponent, int) and here is None:
            # A fractional power is real only where it is nonnegative.
            here = "0+" if exponent > 0 else "+"
        elif exponent < 0 and here in ("0+", "0-"):
            here = here[1]
        sign = _sign_product(sign, here)
    return sign


def atom_sign(n: Verbs, atom: Atom) -> str | None:
    """The sign of an atom wherever it is defined."""
    if atom not in n.signs.found:
        n.signs.found[atom] = None  # a sign that depends on itself is not known
        found = n.find_sign(atom)
        if found in ("0+", "0-") and n.known(n.key({((atom, 1),): 1}), "!="):
            found = found[1]
        n.signs.found[atom] = found
    return n.signs.found[atom]


def sign_by_kind(n: Verbs, atom: Atom) -> str | None:
    """The sign of an atom by what it is made of, and by what is assumed."""
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
        return n.sign(dict(atom.key))
    if isinstance(atom, SumAtom):
        inner = n.monomial_sign(atom.body)
        if inner in ("+", "-") and not all(is_nonnegative(h) for h in atom.highs):
            inner = "0" + inner
        return inner if inner else _known_sign(n, {((atom, 1),): 1})
    if isinstance(atom, MaximumAtom):
        return n.sign(dict(atom.body))
    if isinstance(atom, ProductAtom):
        inner = n.sign(dict(atom.body))
        return inner if inner in ("+", "0+") else _known_sign(n, {((atom, 1),): 1})
    if isinstance(atom, FunctionAtom) and atom.name == "cosh":
        return "+"
    if isinstance(atom, FunctionAtom) and atom.name == "log":  # of x as of x − 1, for x > 0
        found = n.sign(n.subtract(dict(atom.args[0]), {(): 1}))
        return found or _known_sign(n, {((atom, 1),): 1}) or closed_sign({((atom, 1),): 1})
    if isinstance(atom, FunctionAtom) and atom.name == "Mod":  # 0 ≤ Mod(x, b) < b for b > 0
        by = n.sign(dict(atom.args[1]))
        return f"0{by}" if by in ("+", "-") else _known_sign(n, {((atom, 1),): 1})
    if isinstance(atom, FunctionAtom) and atom.name in ODD_AND_GROWING:
        return n.sign(dict(atom.args[0]))
    if isinstance(atom, EntryAtom):
        traits = atom.array.traits
        for trait, sign in (("positive", "+"), ("nonnegative", "0+"), ("negative", "-"),
                            ("nonpositive", "0-")):  # fmt: skip
            if trait in traits:
                n.used[(trait, atom.array)] = None
                return sign
    return _known_sign(n, {((atom, 1),): 1}) or closed_sign({((atom, 1),): 1})


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


def _sign_times(sign: str | None, coefficient: Number) -> str | None:
    if sign is None or coefficient > 0:
        return sign
    return sign.replace("+", "-") if "+" in sign else sign.replace("-", "+")


def _sign_product(a: str | None, b: str | None) -> str | None:
    if a is None or b is None:
        return None
    zero = "0" if "0" in a or "0" in b else ""
    return zero + ("+" if a[-1] == b[-1] else "-")
