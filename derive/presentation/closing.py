"""Shared arrays that read an index of the statement that they stand in get it as an axis.

The Jacobian of s·b, s a scalar, has the adjoint b[i] of s, an array without axes whose body reads
the i of the answer. As long as i stands for one thing, that is no harm. On paper it is: what is
written as an expression of its own must say what i is.
"""

from __future__ import annotations

from collections.abc import Collection

from derive.core.graph import in_order, references
from derive.core.integers import Var, as_poly
from derive.core.terms import (
    Determinant,
    InverseEntry,
    Ref,
    Shared,
    Term,
    Whole,
    renewed,
    substitute,
)


class StaysOpen(Exception):
    """An array that reads an index, and that cannot have another axis; not seen outside."""


def closed(term: Term, indices: Collection[Var]) -> tuple[Term, dict[Shared, Shared]]:
    """A term in which every array that reads one of the indices has it as a further axis, and what
    each such array has become.

    :raises StaysOpen: where one is inverted, refers to itself, or is the argument of a function.
    """
    reads: dict[Shared, tuple[Var, ...]] = {}
    closed_as: dict[Shared, Shared] = {}
    for shared in in_order([term]):
        below = references(shared.body)
        seen = shared.body.free.union(*(reads[s] for s in below if s in reads))
        own = tuple(v for v in indices if v in seen and v not in shared.params)
        if not own:
            continue
        if shared.recursive or any(s not in closed_as for s in below if reads.get(s)):
            raise StaysOpen
        reads[shared] = own
        fresh = {v: renewed(v, {}) for v in own}
        places = {v: as_poly(new) for v, new in fresh.items()}
        body = substitute(_rewritten(shared.body, reads, closed_as), places)
        closed_as[shared] = Shared((*fresh.values(), *shared.params), body)
    return (_rewritten(term, reads, closed_as), closed_as) if closed_as else (term, {})


def _rewritten(
    term: Term, reads: dict[Shared, tuple[Var, ...]], closed_as: dict[Shared, Shared]
) -> Term:
    memo: dict[Term, Term] = {}

    def visit(node: Term) -> Term:
        done = memo.get(node)
        if done is None:
            done = memo[node] = made(node)
        return done

    def made(node: Term) -> Term:
        if isinstance(node, Ref) and node.data[0] in closed_as:
            shared, places = node.data
            return Ref((), (closed_as[shared], (*map(as_poly, reads[shared]), *places)))
        if isinstance(node, (InverseEntry, Determinant)) and node.data[0] in closed_as:
            raise StaysOpen
        if isinstance(node, Whole) and any(a in closed_as for a in node.data[1]):
            raise StaysOpen
        args = tuple(visit(a) for a in node.args)
        return node if args == node.args else type(node)(args, node.data)

    return visit(term)
