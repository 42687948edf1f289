"""Which kinks a derivation has to keep away from, of those that it came across.

The chain rule through max, |·|, sign or a bracket asks that a difference p is not zero. That is
more than the derivative needs in two cases. Where p is zero throughout a region, nothing changes
from one side to the other: max(a, b) has no kink where a and b are equal everywhere. And p cannot
be zero at all where something else rules it out: what is given, or the branch that the kink is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, islice

from derive.canonical.atoms import (
    BracketAtom,
    EntryAtom,
    Key,
    Polynomial,
    RealBracketAtom,
    UndefinedValue,
)
from derive.canonical.forms import Normaliser
from derive.core.integers import SIZE, ZERO, Var, as_poly
from derive.core.terms import Add, Apply, Mul, Pow, RealBracket, Ref, Shared, Term
from derive.proof.decide import vanishes

BENT = ("Abs", "Max", "sign")
MAX_REGIONS = 16


def is_bent(term: Term, known: dict[Shared, bool]) -> bool:
    """Whether a term may be given by different formulas in different regions."""
    if isinstance(term, RealBracket) or (isinstance(term, Apply) and term.data[0] in BENT):
        return True
    if isinstance(term, Ref):
        shared = term.data[0]
        if shared not in known:
            known[shared] = False  # what refers to itself is looked at once
            known[shared] = is_bent(shared.body, known)
        return known[shared]
    return isinstance(term, (Add, Mul, Pow, Apply)) and any(is_bent(a, known) for a in term.args)


def not_zero(n: Normaliser, difference: Term, branch: Term | None) -> list[Polynomial] | None:
    """What must not be zero for a kink at ``difference`` = 0 to be avoided; None where that is the
    difference as it stands.

    :param n: a normaliser that knows the signs that the claim gives, and nothing else: an equation
        holds at a point, and not around it.
    :param branch: a factor that is zero wherever the kink is of no influence.
    """
    poly = n.of(difference)
    here: Polynomial = {(): 1} if branch is None else n.of(branch)
    regions = list(islice(_regions(n, poly, here), MAX_REGIONS + 1))
    if len(regions) > MAX_REGIONS:
        return None
    regions = [(region, inside) for region, inside in regions if not vanishes(n, inside)]
    # At its end a region meets another, so that a zero there counts whichever the end belongs to.
    pieces = [factor for region, _ in regions if region for factor in _factors(n, region)]
    if len(regions) > 1 and all(region for region, _ in regions):
        # The same zeros as in one of the regions, and else the difference as it stands.
        zeros = n.real_bracket("=", poly)
        alike = (p for p in pieces if vanishes(n, n.subtract(zeros, n.real_bracket("=", p))))
        pieces = [next(alike, poly)]
    left: dict[Key, Polynomial] = {}
    for piece in pieces:
        zeros = n.real_bracket("=", piece)
        if not vanishes(n, n.multiply(here, zeros)):
            key = _only_zeros(zeros) or n.primitive(piece)[0]
            left[key] = dict(key)
    return None if list(left) == [n.primitive(poly)[0]] else list(left.values())


def _only_zeros(bracket: Polynomial) -> Key | None:
    """The key of p where a polynomial is nothing but [p = 0]."""
    if len(bracket) == 1:
        ((monomial, coefficient),) = bracket.items()
        atom = monomial[0][0] if coefficient == 1 and len(monomial) == 1 else None
        return atom.key if isinstance(atom, RealBracketAtom) else None
    return None


def _regions(
    n: Normaliser, poly: Polynomial, inside: Polynomial
) -> Iterator[tuple[Polynomial, Polynomial]]:
    """The polynomials that a polynomial with brackets is, region by region, each with what is 0
    outside of its region.
    """
    bracket = next((a for m in poly for a, _ in m if isinstance(a, BracketAtom)), None)
    if bracket is None:
        yield poly, inside
        return
    on = n.of_atom(bracket)
    for side, here in zip(n.sides_of(poly, bracket), (on, n.subtract({(): 1}, on)), strict=True):
        yield from _regions(n, side, n.multiply(inside, here))


def _factors(n: Normaliser, poly: Polynomial) -> Iterator[Polynomial]:
    """The factors of a polynomial: a product is not zero where none of them is."""
    factor, common = n.content(poly)
    yield from (n.of_atom(a) for a, e in common.items() if e > 0)
    rest = n.divided(poly, factor, common)
    if rest.keys() != {()}:
        yield rest


def vanishes_somewhere(n: Normaliser, poly: Polynomial, indices: Iterable[Var]) -> bool:
    """Whether a polynomial is 0 at some values of its indices, as x[k] − x[j] is for k = j: there
    |x[k] − x[j]| has a derivative, and that x[k] − x[j] is not 0 cannot be assumed for all k and j.
    """
    moving = sorted(v for v in indices if v.kind != SIZE)
    values = [{v: as_poly(w)} for v, w in combinations(moving, 2)]
    entries = dict.fromkeys(a for m in poly for a, _ in m if isinstance(a, EntryAtom))
    for one, other in combinations(entries, 2):
        gaps = (p - q for p, q in zip(one.indices, other.indices, strict=False))
        for gap in gaps if one.array is other.array else ():
            for v in moving:
                slope = gap.coefficient(v)
                if slope is None or slope.constant not in (-1, 0, 1):
                    return True  # the two may be one, and it is not seen where
                if slope != ZERO:
                    values.append({v: as_poly(v) - gap * slope})
    try:
        return any(not n.substitute(poly, value) for value in values)
    except UndefinedValue:
        return True
