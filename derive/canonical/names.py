"""Names: the arrays that stay opaque, by their contents, and what a name stands for.

Arrays with the same body, up to the order of axes and a rational factor, have one name; so do sums
over what a function has made of other sums.
"""

from __future__ import annotations

import weakref
from itertools import permutations
from typing import Any

from derive.canonical.atoms import Atom, Key, Polynomial, RefAtom, SumAtom
from derive.canonical.state import Body
from derive.canonical.verbs import Verbs
from derive.core.integers import FREE, PARAM, Poly, Var, as_poly
from derive.core.terms import Shared

MAX_SIZE = 80  # atoms in a shared array that is unfolded


class Names:
    """The names of one normaliser: ``contents`` says what each stands for, ``extents`` gives its
    parameters with the ends of their ranges, ``kept`` the arrays that are opaque by themselves.
    """

    def __init__(self, normaliser: Verbs) -> None:
        # Weakly: what one decision has made is then gone when it ends, without a search for cycles.
        self._normaliser: Verbs = weakref.proxy(normaliser)
        self.kept: dict[int, Shared] = {}
        self.contents: dict[int, Polynomial] = {}
        self.extents: dict[int, tuple[tuple[Var, Poly | None], ...]] = {}
        self._numbers: dict[Any, int] = {}
        self._bodies: dict[Shared, Body] = {}
        self._params: dict[Any, Var] = {}
        self._naming = False

    def forget(self) -> None:
        """Drop the bodies that were worked out; what has a name keeps it."""
        self._bodies.clear()

    def number(self, content: Any) -> int:
        """The name of a content, whatever it is: a number."""
        return self._numbers.setdefault(content, len(self._numbers))

    def param(self, position: int, low: Poly | None, high: Poly | None) -> Var:
        """The canonical parameter with that place and range."""
        key = (position, low, high)
        found = self._params.get(key)
        if found is None:
            number = len(self._params)
            found = self._params[key] = Var(f"p{position}", PARAM, low, high, number=number)
        return found

    def parameters(self, shared: Shared, order: tuple[int, ...]) -> dict[Var, Var]:
        """Canonical parameters for those of an array, taken in the given order."""
        result: dict[Var, Var] = {}
        for position, place in enumerate(order):
            own = shared.params[place]
            ends = [
                None if e is None else e.substitute({v: as_poly(p) for v, p in result.items()})
                for e in (own.low, own.high)
            ]
            result[own] = self.param(position, *ends)
        return result

    def body(self, shared: Shared) -> Body:
        """The canonical body of a shared array."""
        found = self._bodies.get(shared)
        if found is None:
            self._normaliser.check()
            found = self._bodies[shared] = self._body(shared)
        return found

    def _body(self, shared: Shared) -> Body:
        n = self._normaliser
        plain = tuple(range(len(shared.params)))
        if shared.unfoldings or shared in n.recursion.replaced:
            name = n.recursion.name(shared)
            return Body((), {}, name, plain)
        if n.keep(shared):
            name = self.number(("kept", shared))
            self.kept[name] = shared
            return Body((), {}, name, plain)
        own = n.of(shared.body)
        if self._is_small(own) or any(v.kind == FREE for m in own for a, _ in m for v in a.free):
            return Body(shared.params, own)
        best: tuple[Any, ...] | None = None
        for order in self._axis_orders(shared):
            renaming = self.parameters(shared, order)
            named = n.substitute(own, {v: as_poly(p) for v, p in renaming.items()})
            key, scale = n.primitive(named)
            rank = rank_of(key, tuple(renaming.values()))
            if best is None or rank < best[0]:
                best = (rank, key, scale, order, tuple(renaming.values()))
        assert best is not None
        _, key, scale, order, axes = best
        name = self.number((axes, key))
        self.contents[name] = dict(key)
        self.extents[name] = tuple((axis, axis.high) for axis in axes)
        return Body(shared.params, own, name, order, scale)

    def unfolded(self, poly: Polynomial) -> Polynomial:
        """A polynomial with the names that are terms of their own replaced by their contents.

        Two sides may add up the same terms under different names: A + B as one array, and A and
        B apart.
        """
        n = self._normaliser
        result: Polynomial = {}
        for monomial, coefficient in poly.items():
            ((atom, exponent), *others) = monomial or ((None, 0),)
            if atom is None or others or exponent != 1 or not isinstance(atom, RefAtom):
                part: Polynomial = {monomial: coefficient}
            elif atom.name not in self.contents:
                part = {monomial: coefficient}
            else:
                name, indices = atom.name, atom.indices
                places = (place for place, _ in self.extents[name])
                values = dict(zip(places, indices, strict=True))
                part = n.scale(n.substitute(self.contents[name], values), coefficient)
            result = n.add(result, part)
        return result

    def _is_small(self, poly: Polynomial) -> bool:
        """Whether a body is unfolded: few terms, and not much inside them."""
        n = self._normaliser
        if n.inline is None:
            return True
        return len(poly) <= n.inline and sum(a.size for m in poly for a, _ in m) <= MAX_SIZE

    def of_sum(self, atom: SumAtom) -> Polynomial:
        """A sum over what a function has made of other sums: it starts a new layer of a network
        and becomes a name, the same wherever and however it was written.
        """
        n = self._normaliser
        if n.inline is None or self._naming or not _is_second_layer(atom):
            return n.of_atom(atom)
        self._naming = True  # what is looked at on the way to a name is not named itself
        try:
            name, order = self._name_of(atom)
        finally:
            self._naming = False
        return n.of_atom(n.atom(RefAtom, name, tuple(as_poly(v) for v in order)))

    def _name_of(self, atom: Atom) -> tuple[int, tuple[Var, ...]]:
        """The name of a sum, and its free indices in the order of the name's."""
        n = self._normaliser
        best: tuple[Any, ...] | None = None
        free = sorted(atom.free, key=lambda v: v.key)
        for order in permutations(free) if len(free) <= 3 else (tuple(free),):
            values = {v: as_poly(self.param(k, None, None)) for k, v in enumerate(order)}
            key = n.key(n.substituted_atom(atom, values))
            rank = rank_of(key, ())
            if best is None or rank < best[0]:
                best = (rank, key, order)
        assert best is not None
        _, key, order = best
        name = self.number(("sum", key))
        self.contents[name] = dict(key)
        ranges = ((self.param(k, None, None), v.high) for k, v in enumerate(order))
        self.extents.setdefault(name, tuple(ranges))
        return name, order

    def _axis_orders(self, shared: Shared) -> list[tuple[int, ...]]:
        plain = tuple(range(len(shared.params)))
        independent = not any(
            set(e.variables) & set(shared.params)
            for p in shared.params
            for e in (p.low, p.high)
            if e is not None
        )
        return list(permutations(plain)) if independent and len(plain) <= 3 else [plain]

    def of_array(self, shared: Shared) -> int:
        """A number for a whole array: one for all that have the same entries."""
        n = self._normaliser
        renaming = self.parameters(shared, tuple(range(len(shared.params))))
        named = n.substitute(n.of(shared.body), {v: as_poly(p) for v, p in renaming.items()})
        content = (tuple(renaming.values()), n.key(named))
        return self.number(content)


def _is_second_layer(atom: Atom) -> bool:
    """Whether an atom applies a function to a sum, directly or under a sum of its own."""
    if isinstance(atom, SumAtom):
        return any(_is_second_layer(a) for a, _ in atom.body)
    return atom.has_sum


def rank_of(key: Key, params: tuple[Var, ...]) -> Any:
    """An order of canonical bodies that depends on them alone."""
    return (
        tuple((tuple((a.id, e) for a, e in m), c) for m, c in key),
        tuple(p.key for p in params),
    )
