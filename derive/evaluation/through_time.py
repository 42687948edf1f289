"""Sequences that are defined step by step, unrolled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from derive.base.errors import ShapeError
from derive.evaluation.fields import Field, OutOfRange
from derive.evaluation.jets import Jet, Jets
from derive.language.sequences import At, direction_of


class Walk(Protocol):
    """A walk over expressions, as what is unrolled sees it: what each verb does is told where it is
    defined, in :mod:`derive.evaluation.interpreter`.
    """

    jets: Jets
    field: Field
    unfinished: dict[Any, dict[int, Jet]]

    def integer(self, expr: Any, env: dict[Any, Any]) -> int: ...
    def number(self, value: Any) -> Jet: ...
    def value(self, expr: Any, env: dict[Any, Any]) -> Jet: ...
    def seed_position(self, symbol: Any, t: int, shape: tuple[int, ...], jet: Jet) -> Jet: ...


def position_of(walk: Walk, expr: At, whole: Jet, env: dict[Any, Any]) -> Jet:
    """One position of the value of a sequence, a matrix."""
    time = walk.integer(expr.index, env)
    rank = len(whole.shape)
    if rank not in (2, 3):
        raise ShapeError(f"{expr} reads an array of shape {whole.shape}, which is no sequence")
    if not 0 <= time < whole.shape[0]:
        raise OutOfRange(f"{expr.array} of shape {whole.shape} has no position {time}")
    if rank == 2:
        return walk.jets.linear(lambda x: x[..., time : time + 1, :], whole)
    return walk.jets.linear(lambda x: x[..., time, :, :], whole)


def unrolled(
    walk: Walk, symbols: tuple[Any, ...], definitions: Mapping[Any, Any]
) -> dict[Any, Jet]:
    """The values of sequences that refer to one another, worked out position by position."""
    shapes = {s: tuple(walk.integer(size, {}) for size in s.shape) for s in symbols}
    direction = direction_of(symbols, definitions)
    first = definitions[symbols[0]]
    low, high = walk.integer(first.low, {}), walk.integer(first.high, {})
    steps = range(low, high + 1) if direction > 0 else range(high, low - 1, -1)
    origin = low - 1 if direction > 0 else high + 1

    def store(symbol: Any, time: int, jet: Jet) -> None:
        shape = shapes[symbol][1:]
        if math.prod(jet.shape) != math.prod(shape):
            raise ShapeError(f"{symbol} at {time} has shape {jet.shape} where {shape} is declared")
        jet = reshaped(walk, jet, shape)
        walk.unfinished[symbol][time] = walk.seed_position(symbol, time, shapes[symbol], jet)

    outer = walk.unfinished
    walk.unfinished = {**outer, **{s: {} for s in symbols}}
    try:
        for symbol in symbols:
            nothing = Jet(walk.field.array(np.zeros(shapes[symbol][1:], dtype=int)))
            if not shapes[symbol][1:]:
                nothing = walk.number(0)
            initial = definitions[symbol].initial
            for time in range(shapes[symbol][0]):
                if not low <= time <= high:
                    start = initial is not None and time == origin
                    store(symbol, time, walk.value(initial, {}) if start else nothing)
        for time in steps:
            for symbol in symbols:
                definition = definitions[symbol]
                store(symbol, time, walk.value(definition.step, {definition.index: time}))
        return {s: _joined(walk, walk.unfinished[s], shapes[s]) for s in symbols}
    finally:
        walk.unfinished = outer


def _joined(walk: Walk, positions: Mapping[int, Jet], shape: tuple[int, ...]) -> Jet:
    ordered = [positions[time] for time in range(shape[0])]
    if len(shape) == 1:
        return walk.jets.stack(ordered, shape)
    parts = [reshaped(walk, jet, (1, *shape[1:])) for jet in ordered]
    return walk.jets.concatenate(parts, axis=-len(shape))


def reshaped(walk: Walk, jet: Jet, shape: tuple[int, ...]) -> Jet:
    """The same entries in another shape."""
    if jet.shape == shape:
        return jet
    if shape == ():
        return walk.jets.squeezed(jet)
    if jet.shape == ():
        jet = walk.jets.as_matrix(jet)
    rank = len(jet.shape)
    return walk.jets.linear(lambda x: x.reshape(x.shape[: x.ndim - rank] + shape), jet)
