"""A matrix in which inverses stand, multiplied by one invertible matrix after the other, as long as
less and simpler inverses are left.

Each product is zero only where what was multiplied is: every step is one by a matrix whose inverse
stands in it, which has an inverse where both sides are defined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from derive.base.errors import BudgetExceeded
from derive.canonical.atoms import Atom, InverseAtom, Polynomial, SumAtom
from derive.core.integers import Poly

if TYPE_CHECKING:
    from derive.canonical.forms import Normaliser

WORK = 2e6
STEPS = 6  # multiplications, one after the other
BEAM = 2  # products that are gone on with
LARGEST = 40  # terms of a product
NESTED = 3  # inverses within inverses that are counted

Place = tuple[Poly, ...]
Multiplied = Callable[["Normaliser", Polynomial, Place], Iterator[tuple[Polynomial, Place]]]


def vanishes_by_descent(
    n: Normaliser,
    poly: Polynomial,
    place: Place,
    multiplied: Multiplied,
    vanishes: Callable[[Normaliser, Polynomial], bool],
) -> bool:
    """Whether a polynomial is zero for one of its products is, in a limited time."""
    saved = n.budget
    n.budget = saved.share(WORK)
    try:
        level = [(weight(n, poly), poly, place)]
        for _ in range(STEPS):
            lighter: list[tuple[int, Polynomial, Place]] = []
            for heavy, outer, indices in level:
                for product, free in multiplied(n, outer, indices):
                    n.check()
                    weighs = weight(n, product)
                    if weighs < heavy and len(product) <= LARGEST:
                        lighter.append((weighs, product, free))
            lighter.sort(key=lambda found: (found[0], len(found[1])))
            level = lighter[:BEAM]
            if any(vanishes(n, product) for _, product, _ in level):
                return True
        return False
    except BudgetExceeded:
        saved.check()
        return False
    finally:
        n.budget = saved


def weight(n: Normaliser, poly: Polynomial, depth: int = NESTED) -> int:
    """How many inverses stand in a polynomial; one of a matrix of inverses counts for more than
    those that it is made of.
    """
    return sum(
        abs(exponent) * _weight(n, atom, depth)
        for monomial in poly
        for atom, exponent in monomial
        if isinstance(exponent, int)
    )


def _weight(n: Normaliser, atom: Atom, depth: int) -> int:
    if isinstance(atom, SumAtom):
        return sum(_weight(n, inner, depth) for inner, _ in atom.body)
    if not isinstance(atom, InverseAtom):
        return 0
    if depth == 0:
        return 1
    shared, _ = n.matrices.met[atom.name]
    return 1 + 2 * weight(n, n.of(shared.body), depth - 1)
