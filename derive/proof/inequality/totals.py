"""Sums within sums that read none of their indices, as numbers of their own: a mean under a sum of
squares.

What holds with any number in their place holds with them. Multiplied out, Σ (x − Σ x/n)² would no
longer be seen to be a sum of squares.
"""

from __future__ import annotations

from derive.core.integers import FREE, SIZE
from derive.core.terms import Binder, Shared, Sum, Term, ref


def with_totals(terms: tuple[Term, Term]) -> tuple[Term, Term] | None:
    """The terms with an array without indices for each such sum; None where there are none."""
    made: dict[tuple[Term, bool], Term] = {}
    left, right = terms
    found = _named(left, False, made), _named(right, False, made)
    return None if found == terms else found


def _named(term: Term, within: bool, made: dict[tuple[Term, bool], Term]) -> Term:
    """A term with its totals as arrays.

    :param within: whether it stands under a sum.
    """
    key = term, within
    if key not in made:
        if within and isinstance(term, Sum) and all(v.kind in (SIZE, FREE) for v in term.free):
            made[key] = ref(Shared((), term))
        elif term.args:
            below = within or isinstance(term, Binder)
            args = tuple(_named(arg, below, made) for arg in term.args)
            made[key] = term if args == term.args else type(term)(args, term.data)
        else:
            made[key] = term
    return made[key]
