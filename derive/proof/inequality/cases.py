"""Case analysis: a polynomial with brackets vanishes if it does on every side of all of them.

Each bracket [p > 0] or [p = 0] splits the reals into p > 0, p = 0 and p < 0. Combinations that
cannot occur together are left out, by linear arithmetic in which every monomial counts as a
variable of its own: what is infeasible there is infeasible for sure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations_with_replacement, product

from derive.canonical.atoms import (
    Atom,
    Key,
    Monomial,
    Polynomial,
    RealBracketAtom,
    WholePowerAtom,
    leading,
    monomial_order,
)
from derive.canonical.brackets import divides_by_some_of
from derive.canonical.forms import Normaliser
from derive.canonical.state import Fact

MAX_BRACKETS = 5
MAX_CONSTRAINTS = 400
MAX_FACTS_IN_CASES = 12
MAX_FACTS = 4  # given signs of which one after the other is tried to be done without
MAX_FACTORS = 5  # what is nonnegative that is multiplied in pairs

Linear = tuple[dict[Monomial, Fraction], str]  # a linear form, and its relation to 0: > >= =


_TRUE: dict[str, Callable[[Fraction], bool]] = {
    ">": lambda value: value > 0,
    ">=": lambda value: value >= 0,
    "=": lambda value: value == 0,
}


def nonnegative_by_cases(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial is ≥ 0 in every case that its brackets allow, by linear arithmetic,
    from as few of the given signs as will do.
    """
    facts = [f for f in n.signs.facts if f.sign in ("+", "0+", "-", "0-") and not f.open]
    if _nonnegative_given(n, poly, []):
        return True
    if not facts or not _nonnegative_given(n, poly, facts):
        return False
    for fact in tuple(facts) if len(facts) <= MAX_FACTS else ():
        fewer = [f for f in facts if f is not fact]
        if _nonnegative_given(n, poly, fewer):
            facts = fewer
    n.used |= dict.fromkeys(f.label for f in facts)
    return True


def contradictory(n: Normaliser) -> bool:
    """Whether the given signs cannot hold together: −1 ≥ 0 follows from them."""
    return nonnegative_by_cases(n, {(): -1})


def _nonnegative_given(n: Normaliser, poly: Polynomial, facts: list[Fact]) -> bool:
    keys = list(dict.fromkeys(a.key for m in poly for a, _ in m if isinstance(a, RealBracketAtom)))
    if len(keys) > MAX_BRACKETS:
        return False
    given = [
        ({m: Fraction(c) * (1 if "+" in f.sign else -1) for m, c in f.key}, _STRICT[f.sign])
        for f in facts
    ]
    for signs in product((1, 0, -1), repeat=len(keys)):
        case = dict(zip(keys, signs, strict=True))
        here = _in_case(n, poly, case)
        known: list[Linear] = [
            _constraint(key, sign) for key, sign in case.items() if _has_value(n, poly, case, key)
        ]
        known += given
        negative: Linear = ({m: -Fraction(c) for m, c in here.items()}, ">")
        if _is_possible(n, [negative, *known]) and _is_possible(
            n, [negative, *known, *_products(n, known)]
        ):
            return False
    return True


def _is_possible(n: Normaliser, known: list[Linear]) -> bool:
    """Whether constraints can hold together, by linear arithmetic and the signs of monomials."""
    monomials = dict.fromkeys(m for form, _ in known for m in form if m)
    signs = [({m: Fraction(1)}, _STRICT[s]) for m in monomials if (s := _sign(n, m))]
    return is_possible([*known, *signs])


_STRICT = {"+": ">", "0+": ">=", "-": ">", "0-": ">="}


def _products(n: Normaliser, known: list[Linear]) -> list[Linear]:
    """What is known to be nonnegative, multiplied in pairs: p·q ≥ 0."""
    forms = [form for form, relation in known if relation != "="]
    factors = dict.fromkeys(m for form in forms for m in form if len(m) == 1)
    polys: list[Polynomial] = [dict(form) for form in forms]
    polys += [{m: 1} for m in factors if _sign(n, m)]
    once = {n.key(n.scale(p, 1 / abs(Fraction(n.primitive(p)[1])))): p for p in polys}
    polys = [p for p in once.values() if p.keys() != {()}]
    if not 0 < len(polys) <= MAX_FACTORS:
        return []
    products = (n.multiply(p, q) for p, q in combinations_with_replacement(polys, 2))
    return [({m: Fraction(c) for m, c in p.items()}, ">=") for p in products]


def _sign(n: Normaliser, monomial: Monomial) -> str | None:
    sign = n.monomial_sign(monomial)
    return sign if sign in ("+", "0+") else None


def vanishes_by_cases(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial is zero in every case that its brackets allow."""
    keys = list(dict.fromkeys(a.key for m in poly for a, _ in m if isinstance(a, RealBracketAtom)))
    if not keys or len(keys) > MAX_BRACKETS:
        return False
    left = []  # the cases that only what is given can rule out
    for signs in product((1, 0, -1), repeat=len(keys)):
        case = dict(zip(keys, signs, strict=True))
        if _vanishes_in(n, poly, case):
            continue
        here = [key for key in keys if _has_value(n, poly, case, key)]
        constraints: list[Linear] = [_constraint(key, case[key]) for key in here]
        constraints += [
            ({m: Fraction(1)}, ">") for key in here for m, _ in key if _is_positive(n, m)
        ]
        if is_possible(constraints):
            left.append((case, constraints))
    return not left or _given_rules_out(n, left)


def _has_value(n: Normaliser, poly: Polynomial, case: dict[Key, int], key: Key) -> bool:
    """Whether what a bracket compares has a value in a case: for sure if it has one everywhere, and
    if the bracket is left of the polynomial when all others are settled.

    [√y > 1] in the branch a > 0 says nothing of y in the other branch.
    """
    if n.has_value(key):
        return True
    left: Polynomial = {}
    for monomial, coefficient in poly.items():
        if all(
            (isinstance(a, RealBracketAtom) and a.key == key) or _truth(a, case)
            for a, _ in monomial
        ):
            kept = tuple(
                p for p in monomial if not isinstance(p[0], RealBracketAtom) or p[0].key == key
            )
            left = n.add(left, {kept: coefficient})
    return any(isinstance(a, RealBracketAtom) for m in left for a, _ in m)


def _given_rules_out(n: Normaliser, cases: list[tuple[dict[Key, int], list[Linear]]]) -> bool:
    """Whether none of some cases can occur by what is given, as much of it as that takes."""
    facts = [f for f in n.signs.facts if not f.open and f.sign in ("+", "0+", "-", "0-", "!=")]
    if not 0 < len(facts) <= MAX_FACTS_IN_CASES:
        return False

    def are_impossible(some: list[Fact]) -> bool:
        return not any(
            is_possible([*constraints, *_of_facts(n, some, case)])
            for case, constraints in cases
            if not any(f.sign == "!=" and _is_zero_in(n, f, case) for f in some)
        )

    if not are_impossible(facts):
        return False
    for fact in list(facts):
        fewer = [f for f in facts if f is not fact]
        if are_impossible(fewer):
            facts = fewer
    n.used |= dict.fromkeys(f.label for f in facts)
    return True


def _of_facts(n: Normaliser, facts: list[Fact], case: dict[Key, int]) -> Iterator[Linear]:
    """The given signs as linear constraints in a case."""
    for fact in facts:
        if fact.sign != "!=" and _is_decided(fact, case):
            form = n.scale(_in_case(n, dict(fact.key), case), 1 if "+" in fact.sign else -1)
            yield {m: Fraction(c) for m, c in form.items()}, ">=" if "0" in fact.sign else ">"
            yield from (({m: Fraction(1)}, ">") for m in form if _is_positive(n, m))


def _is_zero_in(n: Normaliser, fact: Fact, case: dict[Key, int]) -> bool:
    return _is_decided(fact, case) and not _in_case(n, dict(fact.key), case)


def _is_decided(fact: Fact, case: dict[Key, int]) -> bool:
    """Whether a case settles all brackets of a given fact."""
    return all(a.key in case for m, _ in fact.key for a, _ in m if isinstance(a, RealBracketAtom))


def _is_positive(n: Normaliser, monomial: Monomial) -> bool:
    return bool(monomial) and n.monomial_sign(monomial) == "+"


def _vanishes_in(n: Normaliser, poly: Polynomial, case: dict[Key, int]) -> bool:
    """Whether a polynomial is zero where each p has the given sign."""
    return not _in_case(n, poly, case)


def _in_case(n: Normaliser, poly: Polynomial, case: dict[Key, int]) -> Polynomial:
    """A polynomial where each p has the given sign."""
    result: Polynomial = {}
    for monomial, coefficient in poly.items():
        if all(_truth(a, case) for a, _ in monomial):
            plain = tuple(p for p in monomial if not isinstance(p[0], RealBracketAtom))
            result = n.add(result, {plain: coefficient})
    zeros = [dict(key) for key, sign in case.items() if sign == 0]
    for zero in zeros * len(zeros):  # what one of them leaves another may take
        if not result:
            break
        result = _reduced(n, result, zero)
    return result


def _truth(atom: Atom, case: dict[Key, int]) -> bool:
    if not isinstance(atom, RealBracketAtom):
        return True
    sign = case[atom.key]
    return sign > 0 if atom.relation == ">" else sign == 0


def on_each_side(
    n: Normaliser, poly: Polynomial, bracket: RealBracketAtom
) -> list[tuple[str, Polynomial]]:
    """A polynomial where p > 0 and where p ≤ 0 for a bracket [p > 0] in it; where [p = 0] is in it
    too, where p < 0 and where p = 0 instead.
    """
    key = bracket.key
    at = (a for m in poly for a, _ in m if isinstance(a, RealBracketAtom) and a.relation == "=")
    zero = next((a for a in at if a.key == key), None)
    above, rest = n.sides_of(poly, bracket)
    if zero is None:
        return [("+", above), ("0-", rest)]
    at_zero, below = n.sides_of(rest, zero)
    return [
        ("+", n.sides_of(above, zero)[1]),
        ("-", below),
        ("0-", _reduced(n, at_zero, dict(key))),
    ]


def _reduced(n: Normaliser, poly: Polynomial, zero: Polynomial) -> Polynomial:
    """A polynomial where another is zero: the other's leading term replaced by the rest, but not
    above a power with a varying exponent, for x·x⁻ⁿ may be x⁰.
    """
    lead = leading(zero) or max(zero, key=monomial_order)
    if not lead:
        return poly
    tail = n.scale({m: c for m, c in zero.items() if m != lead}, -1 / Fraction(zero[lead]))
    for _ in range(20):
        for monomial, coefficient in poly.items():
            exponents = dict(monomial)
            if divides_by_some_of(exponents, zero, WholePowerAtom):
                continue
            if all(exponents.get(a, 0) >= e for a, e in lead):
                for a, e in lead:
                    exponents[a] = exponents.get(a, 0) - e
                replaced = n.multiply(n.settled(exponents, coefficient), tail)
                rest = {m: c for m, c in poly.items() if m != monomial}
                poly = n.add(rest, replaced)
                break
        else:
            return poly
    return poly


def _constraint(key: Key, sign: int) -> Linear:
    form = {m: Fraction(c) * (sign or 1) for m, c in key}
    return form, ">" if sign else "="


def is_possible(constraints: list[Linear]) -> bool:
    """Whether linear constraints over monomials can hold together (Fourier and Motzkin)."""
    constraints = [(dict(form), relation) for form, relation in constraints]
    while True:
        variables = {m for form, _ in constraints for m in form if m}
        for form, relation in constraints:
            if not any(m for m in form):
                value = form.get((), Fraction(0))
                if not _TRUE[relation](value):
                    return False
        if not variables or len(constraints) > MAX_CONSTRAINTS:
            return True
        constraints = _without(min(variables, key=lambda m: [a.id for a, _ in m]), constraints)


def _without(variable: Monomial, constraints: list[Linear]) -> list[Linear]:
    """The constraints with one variable eliminated."""
    equal = next((c for c in constraints if c[1] == "=" and variable in c[0]), None)
    involved = [c for c in constraints if variable in c[0]]
    result = [c for c in constraints if variable not in c[0]]
    if equal is not None:
        for form, relation in involved:
            if form is not equal[0]:
                ratio = -form[variable] / equal[0][variable]
                result.append((_combined(form, equal[0], ratio, variable), relation))
        return result
    above = [c for c in involved if c[0][variable] > 0]
    below = [c for c in involved if c[0][variable] < 0]
    for a in above:
        for b in below:
            strict = ">" in (a[1], b[1])
            form = _combined(a[0], b[0], -a[0][variable] / b[0][variable], variable)
            result.append((form, ">" if strict else ">="))
    return result


def _combined(
    a: dict[Monomial, Fraction], b: dict[Monomial, Fraction], factor: Fraction, gone: Monomial
) -> dict[Monomial, Fraction]:
    """a + factor·b, in which one variable cancels."""
    result = dict(a)
    for monomial, value in b.items():
        result[monomial] = result.get(monomial, Fraction(0)) + factor * value
    return {m: c for m, c in result.items() if c and m != gone}
