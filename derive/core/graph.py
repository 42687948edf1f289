"""Terms and arrays as a graph: what refers to what, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from derive.core.terms import (
    OF_MATRICES,
    Array,
    Entry,
    FunctionEntry,
    InverseEntry,
    Ref,
    Shared,
    Term,
    Whole,
    referred,
)


def parts_of(term: Term) -> Iterator[Term]:
    """Every part of a term, each once."""
    seen: set[Term] = set()
    stack = [term]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            yield node
            stack.extend(node.args)


def references(term: Term) -> tuple[Shared, ...]:
    """The shared arrays that occur in a term, each once."""
    known = referred.get(term)
    if known is None:
        known = referred[term] = tuple(_referred_to(term))
    return known


def _referred_to(term: Term) -> Iterator[Shared]:
    found: dict[Shared, None] = {}
    for node in parts_of(term):
        if isinstance(node, (Ref, *OF_MATRICES)):
            found[node.data[0]] = None
        elif isinstance(node, Whole):
            found.update(dict.fromkeys(node.data[1]))
    yield from found


def nodes_below(roots: Iterable[Term]) -> Iterator[Term]:
    """The nodes of some terms and of the shared arrays below them, each once."""
    roots = list(roots)
    seen: set[Term] = set()
    stack = [*(shared.body for shared in in_order(roots)), *roots]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            yield node
            stack.extend(node.args)


def arrays_in(root: Term) -> set[Array]:
    """The given arrays whose entries occur in a term, or in a shared array below it."""
    return {node.data[0] for node in nodes_below([root]) if isinstance(node, Entry)}


def inverted_in(roots: Iterable[Term]) -> list[Shared]:
    """The matrices that are inverted in some terms, or in a shared array below them, without the
    functions of matrices, which are invertible.
    """
    found = (node.data[0] for node in nodes_below(roots) if isinstance(node, InverseEntry))
    return [m for m in dict.fromkeys(found) if not isinstance(m.body, FunctionEntry)]


def in_order(
    roots: Iterable[Term], cut: Callable[[Shared], bool] = lambda _: False
) -> list[Shared]:
    """All shared arrays below some terms, each after those that its body refers to.

    The bodies of the arrays for which ``cut`` is true are not unfolded.
    """
    order: list[Shared] = []
    state: dict[Shared, bool] = {}
    stack: list[tuple[Shared, bool]] = [(s, False) for root in roots for s in references(root)]
    while stack:
        shared, leaving = stack.pop()
        if leaving:
            order.append(shared)
        elif shared not in state:
            state[shared] = True
            stack.append((shared, True))
            if not cut(shared):
                stack.extend((s, False) for s in references(shared.body) if s not in state)
    return order


def components(order: list[Shared]) -> list[list[Shared]]:
    """The arrays of :func:`in_order` in groups that refer to one another, each after those that
    its bodies refer to.
    """
    known = set(order)
    number: dict[Shared, int] = {}
    lowest: dict[Shared, int] = {}
    open_: list[Shared] = []
    groups: list[list[Shared]] = []
    for root in order:
        if root in number:
            continue
        stack = [(root, iter([s for s in references(root.body) if s in known]))]
        number[root] = lowest[root] = len(number)
        open_.append(root)
        while stack:
            shared, below = stack[-1]
            other = next(below, None)
            if other is None:
                stack.pop()
                if stack:
                    above = stack[-1][0]
                    lowest[above] = min(lowest[above], lowest[shared])
                if lowest[shared] == number[shared]:
                    start = open_.index(shared)
                    groups.append(open_[start:])
                    del open_[start:]
            elif other not in number:
                number[other] = lowest[other] = len(number)
                open_.append(other)
                stack.append((other, iter([s for s in references(other.body) if s in known])))
            elif other in open_:
                lowest[shared] = min(lowest[shared], number[other])
    return groups
