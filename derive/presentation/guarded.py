"""Entries that are read outside of their arrays count for nothing in a canonical form; what people
read says so.
"""

from __future__ import annotations

from derive.core.integers import Poly, is_nonnegative
from derive.core.terms import Entry, IndexBracket, Mul, Term, mul


def guarded(term: Term, known: tuple[Poly, ...] = ()) -> Term:
    """A term in which an entry of a given array stands under the conditions on its indices that
    neither their ranges tell nor what stands beside it.

    :param known: what is not negative where the term is read.
    """
    if isinstance(term, Entry):
        array, indices = term.data
        missing = [
            gap
            for index, size in zip(indices, array.axes, strict=False)
            for gap in (index, size - 1 - index)
            if not is_nonnegative(gap, known)
        ]
        return mul(*(IndexBracket((), (">=", gap)) for gap in missing), term) if missing else term
    if not term.args:
        return term
    if isinstance(term, Mul):
        for factor in term.args:
            if isinstance(factor, IndexBracket):
                relation, poly = factor.data
                known += (poly,) if relation == ">=" else (poly, -poly)
    args = tuple(guarded(a, known) for a in term.args)
    if args == term.args:
        return term
    return mul(*args) if isinstance(term, Mul) else type(term)(args, term.data)
