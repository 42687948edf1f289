"""Variants of a claim: one of its subexpressions, anywhere, replaced by another."""

from __future__ import annotations

import contextlib
import dataclasses
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import oracle
import sympy as sp

from derive.claims.kinds import Claim, Identity, Inequality, Shape

from .trees import ARRAYS, Place, is_index, is_size, is_variable, places, put, symbols

# What SymPy makes of some changes, and of which no real number comes.
UNREAL = (sp.I, sp.zoo, sp.nan, sp.oo, -sp.oo, sp.re, sp.im, sp.arg, sp.conjugate)


class Around:
    """What stands around a subexpression: the claim, what is bound there, whether it is all."""

    def __init__(self, claim: Claim, place: Place) -> None:
        self.claim = claim
        self.bound = place.bound
        self.whole = not place.path

    def others(self, symbol: Any) -> Iterator[Any]:
        """The other variables of the claim that have the shape of this one."""
        if symbol not in self.bound:
            for other in variables(self.claim):
                if other != symbol and _sort(other) == _sort(symbol):
                    yield other

    def indices(self) -> list[Any]:
        """The indices that may be spoken of here: the free ones and those that are bound."""
        known = {*self.bound, *variables(self.claim)}
        return sorted((s for s in known if is_index(s)), key=str)


def variables(claim: Claim) -> list[Any]:
    """Everything that a claim speaks of or defines, in alphabetical order."""
    defined = {s for s in claim.where if is_variable(s)}
    return sorted(symbols(*oracle.expressions(claim)) | defined, key=str)


def _sort(symbol: Any) -> tuple[Any, ...]:
    """Numbers, sizes, indices, arrays of one kind and shape: what may be mistaken for another."""
    if isinstance(symbol, ARRAYS):
        return (type(symbol), *(symbol.shape or ()))
    return (is_size(symbol), is_index(symbol))


Replacements = Callable[[Any, Around], Iterable[Any]]


@dataclass(frozen=True)
class Change:
    """A way to change an expression.

    :param name: what it is called.
    :param words: what it does, in words.
    :param nodes: the SymPy nodes that it applies to.
    :param replacements: what it puts in the place of one.
    """

    name: str
    words: str
    nodes: tuple[type, ...]
    replacements: Replacements


Changes = dict[str, Change]


def entry_in(registry: Changes, *nodes: type) -> Callable[[Replacements], Replacements]:
    """Enter a change under the name of its function, with the docstring as its words."""

    def enter(function: Replacements) -> Replacements:
        name = function.__name__.replace("_", "-")
        assert name not in registry, f"there are two changes {name}"
        registry[name] = Change(name, function.__doc__ or "", nodes, function)
        return function

    return enter


Restate = Callable[[Claim], Iterable[Claim]]


@dataclass(frozen=True)
class Variant:
    """A changed claim, and the names of the changes; ``defined`` where a definition changed."""

    claim: Claim
    changes: tuple[str, ...]
    defined: bool = False


def variants(
    claim: Claim,
    registry: Iterable[Change],
    restatements: Mapping[str, Restate],
    count: int,
    rng: random.Random,
) -> list[Variant]:
    """At most ``count`` variants, all different: single changes of every kind, then pairs."""
    registry = list(registry)
    seen = {content(claim)}
    singles = _new(_changed(Variant(claim, ()), registry, restatements), seen)
    found = list(_in_turn(singles, rng))[:count]
    in_vain = 0
    while len(found) < count and singles and in_vain < 20:
        pairs = list(_changed(rng.choice(singles), registry, restatements))
        fresh = _new(rng.sample(pairs, min(len(pairs), 4)), seen)
        in_vain = 0 if fresh else in_vain + 1
        found += fresh[: count - len(found)]
    return found


def content(claim: Claim) -> tuple[Any, ...]:
    """What a claim says, without its names."""
    fields = tuple(getattr(claim, name) for name in claim.expression_fields)
    return (claim.kind, fields, getattr(claim, "equals", None), tuple(claim.where.items()))


def _changed(
    variant: Variant, registry: list[Change], restatements: Mapping[str, Restate]
) -> Iterator[Variant]:
    claim, changes = variant.claim, variant.changes
    for write, side, defined in _sides(claim):
        for place in places(side):
            around = Around(claim, place)
            for change in registry:
                if isinstance(place.node, change.nodes):
                    for new in _written(side, place, change, around):
                        yield Variant(write(new), (*changes, change.name), defined)
    for name, restate in restatements.items():
        for restated in _as_far_as_sympy(restate(claim)):
            yield Variant(restated, (*changes, name))


def _written(side: Any, place: Place, change: Change, around: Around) -> Iterator[Any]:
    """The side with each replacement, wherever SymPy's constructors let it be written."""
    for new in _as_far_as_sympy(change.replacements(place.node, around)):
        try:
            written = put(side, place.path, new)
        except Exception:
            continue
        if not written.has(*UNREAL):
            yield written


def _as_far_as_sympy(found: Iterable[Any]) -> Iterator[Any]:
    """What is found until SymPy refuses one: it does so with exceptions of many kinds."""
    with contextlib.suppress(Exception):
        yield from found


Write = Callable[[Any], Claim]


def _sides(claim: Claim) -> Iterator[tuple[Write, Any, bool]]:
    """What a document states, each part with the claim that says something else there."""
    fields = ("equals", "of")
    if isinstance(claim, (Identity, Inequality)):
        fields = ("right", "left")
    elif isinstance(claim, Shape):
        fields = ("of",)
    for name in fields:
        yield partial(_with_field, claim, name), getattr(claim, name), False
    for symbol, definition in claim.where.items():
        yield partial(_with_definition, claim, symbol), definition, True


def _with_field(claim: Claim, name: str, new: Any) -> Claim:
    return dataclasses.replace(claim, **{name: new})


def _with_definition(claim: Claim, symbol: Any, new: Any) -> Claim:
    return dataclasses.replace(claim, where={**claim.where, symbol: new})


def _new(candidates: Iterable[Variant], seen: set[Any]) -> list[Variant]:
    """Those that were not seen before."""
    found = []
    for variant in candidates:
        if content(variant.claim) not in seen:
            seen.add(content(variant.claim))
            found.append(variant)
    return found


def _in_turn(found: list[Variant], rng: random.Random) -> Iterator[Variant]:
    """In random order, one of each kind after the other: a few are of many kinds."""
    by_kind: dict[Any, list[Variant]] = {}
    for variant in rng.sample(found, len(found)):
        by_kind.setdefault((variant.changes[-1], variant.defined), []).append(variant)
    kinds = rng.sample(list(by_kind), len(by_kind))
    while kinds:
        for kind in list(kinds):
            yield by_kind[kind].pop()
            if not by_kind[kind]:
                kinds.remove(kind)
