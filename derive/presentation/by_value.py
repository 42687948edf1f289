"""Derivatives of scalar functions by the value of the function: σ′ = σ(1 − σ), tanh′ = 1 − tanh².

For showing only. Where a document has f(Z) by a name or as an expression, a function of Z that is
seen to be one of a few polynomials of f(Z), by canonical forms, is written as that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from derive.base.budget import Budget
from derive.base.errors import BudgetExceeded, UnsupportedError
from derive.canonical.forms import Normaliser
from derive.core.integers import Poly, Var, as_poly
from derive.core.terms import (
    Add,
    Apply,
    Entry,
    Mul,
    Pow,
    Ref,
    Shared,
    Term,
    add,
    mul,
    neg,
    num,
    power,
    ref,
)

# Of the value y: each is a list of factors, for the answer to be y ⊙ (1 − y).
_POLYNOMIALS: tuple[Callable[[Term], list[Term]], ...] = (
    lambda y: [y],
    lambda y: [y, add(num(1), neg(y))],
    lambda y: [add(num(1), neg(power(y, 2)))],
    lambda y: [power(y, 2)],
    lambda y: [add(num(1), neg(y))],
    lambda y: [add(num(1), power(y, 2))],
)


class Values:
    """The functions of arrays that a document writes, to express others by.

    :param arrays: those in which they are looked for.
    """

    def __init__(self, arrays: Iterable[Shared], budget: Budget) -> None:
        self._known: dict[Any, list[tuple[Shared, tuple[Poly, ...]]]] = {}
        self._memo: dict[tuple[Term, ...], list[Term] | None] = {}
        self._names: dict[Shared, Shared] = {}
        for shared in arrays:
            body = shared.body
            if shared.named and isinstance(body, Ref):
                if body.data[1] == tuple(map(as_poly, shared.params)):  # a name for another array
                    self._names[body.data[0]] = shared
                continue
            leaf = leaf_of(shared.body, set(shared.params))
            if leaf is not None and leaf is not shared.body:
                self._known.setdefault(leaf.data[0], []).append((shared, leaf.data[1]))
        found = {shared for group in self._known.values() for shared, _ in group}
        found |= {name for array, name in self._names.items() if array in found}
        self._functions = found
        self._normaliser = Normaliser(None, False, budget, lambda s: s not in found)

    def factors(self, term: Term, indices: set[Var]) -> list[Term] | None:
        """A function of one entry as a product of polynomials of another function of it."""
        leaf = leaf_of(term, indices)
        if leaf is None or leaf is term:
            return None
        if leaf.data[0] not in self._known and leaf.data[0] not in self._functions:
            return None
        key = (term, leaf)
        if key not in self._memo:
            self._memo[key] = self._found(term, leaf)
        return self._memo[key]

    def _found(self, term: Term, leaf: Term) -> list[Term] | None:
        if leaf.data[0] in self._functions:
            found = self._polynomial(term, leaf)
            if found is not None:
                return found
        for shared, places in self._known.get(leaf.data[0], ()):
            at = {next(iter(p.variables)): i for p, i in zip(places, leaf.data[1], strict=True)}
            if set(at) != set(shared.params):
                continue
            value = ref(self._names.get(shared, shared), *(at[p] for p in shared.params))
            found = self._polynomial(term, value)
            if found is not None:
                return found
        return None

    def _polynomial(self, term: Term, value: Term) -> list[Term] | None:
        for polynomial in _POLYNOMIALS:
            factors = polynomial(value)
            try:
                if not self._normaliser.of(add(term, neg(mul(*factors)))):
                    return factors
            except (BudgetExceeded, UnsupportedError):
                return None
        return None


def leaf_of(term: Term, indices: set[Var]) -> Term | None:
    """The one entry, at plain indices, that a scalar function of entries depends on."""
    leaves: set[Term] = set()

    def visit(node: Term) -> bool:
        if node.free.isdisjoint(indices):
            return not node.free - indices
        if isinstance(node, (Entry, Ref)):
            leaves.add(node)
            return True
        return isinstance(node, (Add, Mul, Pow, Apply)) and all(visit(a) for a in node.args)

    if not visit(term) or len(leaves) != 1:
        return None
    (leaf,) = leaves
    plain = all(len(p.variables) == 1 and p == as_poly(next(iter(p.variables)))
                for p in leaf.data[1])  # fmt: skip
    return leaf if plain and leaf.free >= indices else None
