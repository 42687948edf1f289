"""What guards a factor: a bracket or a range that is 0 or empty where the factor has no value.

Σ_{k<l} 1/l is 0 at l = 0, and l·(1/l) is not. So a law that uses a bracket up, or takes a factor
out of a range, asks here whether the factor still has a value without it.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    Exponent,
    FunctionAtom,
    IndexBracketAtom,
    Polynomial,
)
from derive.canonical.verbs import Verbs
from derive.core.integers import ONE, ZERO, Poly, Var, as_poly, is_nonnegative


def is_guarded(n: Verbs, guard: Poly, atom: Atom, exponent: Exponent) -> bool:
    """Whether a factor may have no value where [guard ≥ 0] beside it is 0."""
    if isinstance(atom, FunctionAtom):
        return not atom.free.isdisjoint(guard.variables)
    if (isinstance(exponent, int) and exponent > 0) or not _speaks_of(atom, guard):
        return False
    base: Polynomial = dict(atom.key) if isinstance(atom, BaseAtom) else {((atom, 1),): 1}
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
