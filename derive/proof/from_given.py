"""Why a difference vanishes by what is given, where no equation can be put in for a part of it.

A given equation need not be solved for anything: of a·b = a·c with a ≠ 0, b = c is left, of
a² = b² with positive a and b, a = b, and of A·x = 0 with an invertible A, x = 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from derive.canonical.atoms import Atom, EntryAtom, Exponent, Polynomial, atoms_in
from derive.canonical.forms import Normaliser
from derive.core.integers import FREE, FRESH, ZERO, Poly, Var, as_poly
from derive.proof.factored import quotient
from derive.proof.inequality.cases import nonnegative_by_cases

Test = Callable[[Normaliser, Polynomial], bool]


def vanishes_by_given(
    n: Normaliser, poly: Polynomial, place: tuple[Poly, ...], vanishes: Test
) -> bool:
    """Whether a polynomial is zero by the equations and the bounds that are given."""
    if any("0" in f.sign and not f.open for f in n.signs.facts) and _is_bounded(n, poly):
        return True
    if not n.given.contractions and not any(f.sign == "!=" for f in n.signs.facts):
        return False
    whole = _without_denominators(n, poly)
    if whole != poly and vanishes(n, whole):
        return True
    return _divides_an_equation(n, whole) or _vanishes_multiplied(n, poly, place, vanishes)


def _is_bounded(n: Normaliser, poly: Polynomial) -> bool:
    """p = 0 for p ≥ 0 and −p ≥ 0, by linear arithmetic."""
    return nonnegative_by_cases(n, poly) and nonnegative_by_cases(n, n.scale(poly, -1))


def _without_denominators(n: Normaliser, poly: Polynomial) -> Polynomial:
    """A polynomial times the atoms below its lines, none of which is 0 where it has a value."""
    below: dict[Atom, Exponent] = {}
    for atom, exponent in ((a, e) for m in poly for a, e in m if isinstance(e, int) and e < 0):
        below[atom] = min(below.get(atom, 0), exponent)
    for atom, most in below.items():
        if n.lasts(poly, atom):
            poly = n.multiply(poly, n.of_atom(atom, -most))
    return poly


def _divides_an_equation(n: Normaliser, poly: Polynomial) -> bool:
    """p = 0 where p·f = 0 is given for an f that is not 0."""
    for rule in n.given.contractions:
        if rule.bound:
            continue
        equation = n.subtract({rule.factors: 1}, rule.value)
        factor = quotient(n, equation, poly)
        if factor is not None and _is_not_zero(n, factor):
            n.used[rule.label] = None
            return True
    return False


def _is_not_zero(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial has no zero: by its sign, or as a product of what has none."""
    if n.sign(poly) in ("+", "-") or n.known(n.primitive(poly)[0], "!="):
        return True
    factor, common = n.content(poly)
    rest = n.divided(poly, factor, common)
    if not common or any(e < 0 for e in common.values()):
        return False
    parts = [n.of_atom(atom) for atom in common]
    parts += [] if rest.keys() == {()} else [rest]
    return all(n.sign(p) in ("+", "-") or n.known(n.primitive(p)[0], "!=") for p in parts)


def _vanishes_multiplied(
    n: Normaliser, poly: Polynomial, place: tuple[Poly, ...], vanishes: Test
) -> bool:
    """x = 0 where A·x = 0 or x·A = 0 for a matrix A that is given to be invertible and stands in a
    given equation.
    """
    read = {a.array for a in _entries(n) if a.array in n.given.regular}
    for array in (array for array in n.given.regular if array in read):
        for index in place:
            variable = next(iter(index.variables), None)
            if variable is None or len(array.axes) != 2 or index != as_poly(variable):
                continue
            if (variable.low, variable.high) != (ZERO, array.axes[0] - 1):
                continue
            k = Var("k", FRESH, variable.low, variable.high)
            other = Var(variable.name, FREE, variable.low, variable.high)
            moved = n.substitute(poly, {variable: as_poly(k)})
            for at in ((as_poly(other), as_poly(k)), (as_poly(k), as_poly(other))):
                product = n.sum_over(k, n.multiply(n.entry(array, at), moved))
                if vanishes(n, product):
                    n.used[n.given.regular[array]] = None
                    return True
    return False


def _entries(n: Normaliser) -> Iterator[EntryAtom]:
    """The entries of arrays in the products that given equations replace."""
    for rule in n.given.contractions:
        for atom in (a for factor, _ in rule.factors for a in atoms_in(factor)):
            if isinstance(atom, EntryAtom):
                yield atom
