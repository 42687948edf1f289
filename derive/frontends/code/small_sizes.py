"""Pairs at small sizes, where the code is not read for all of them: to find that they are wrong.

A loop over numbers runs as Python runs it, so that writes which overlap, or places that no formula
has, are read there. A gradient that is wrong at some sizes is wrong; nothing is proved by one that
is right at them.
"""

from __future__ import annotations

import math
import os
import random
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import sympy as sp

from derive.frontends.code import native
from derive.frontends.code.pairs import Failed, Pair, Traced, symbols_of, trace_pair
from derive.frontends.code.shapes import Labels, size_of, sizes_of
from derive.frontends.code.witnessed import shown_wrong

CANDIDATES = 150  # sizes at which the code is run
LARGEST = 3  # of them, where no number is declared
WIDEST = 5  # number, as the width of a window, than which the largest is larger by two
ENTRIES = 60  # of all inputs together
UNTRIED = 2  # sizes that are tried where the code cannot be run


def wrong_sizes(pair: Pair) -> Iterator[dict[Any, int]]:
    """Small sizes at which a run shows a gradient to be wrong, the smallest first; of code that is
    not read for every size and cannot be run, some sizes.
    """
    rng = random.Random(11)
    try:
        traced = native.untraced(pair)
        run = native.Run(traced)
    except native.NotRun:
        symbols = [] if _is_read(pair) else sorted(symbols_of(pair), key=str)
        for first in range(UNTRIED if symbols else 0):
            yield {symbol: sp.Integer(2 + (first + k) % 2) for k, symbol in enumerate(symbols)}
        return
    for at in _candidates(traced, rng):
        try:
            numbers = {n: native.drawn(i, at, rng, native.MIXED) for n, i in traced.inputs.items()}
            upstreams = run.upstreams(numbers, at, rng)
        except Exception:  # whatever the user's code raises at these sizes
            continue
        if shown_wrong(run, traced.asked.expected, numbers, upstreams, at, rng):
            yield at


def leaving(pair: Pair) -> str | None:
    """Where a run at sizes that differ ends at an index beyond its array: the line, and the sizes.

    None where none is seen to.
    """
    rng = random.Random(7)
    try:
        traced = trace_pair(pair)  # which tells at what sizes all arrays have entries
        run = native.Run(traced)
    except (Failed, native.NotRun):
        return None
    for at in islice(native.assignments(traced, rng, distinct=True), native.MISFITS):
        numbers = {n: native.drawn(i, at, rng, native.MIXED) for n, i in traced.inputs.items()}
        try:
            if not all(o.size for o in run.outputs(numbers, at)):
                continue
            run.both(numbers, run.upstreams(numbers, at, rng), at)
        except IndexError as problem:
            frames = traceback.extract_tb(problem.__traceback__)
            path = os.path.abspath(pair.path or "")
            own = [f.lineno for f in frames if os.path.abspath(f.filename) == path]
            line = f"{pair.path}:{own[-1]}: " if own else ""
            told = ", ".join(f"{s} = {n}" for s, n in at.items())
            return f"{line}{problem}, for {told}"
        except Exception:  # whatever else the user's code raises at these sizes
            continue
    return None


def at_sizes(pair: Pair, at: Mapping[Any, int]) -> Pair:
    """A pair with numbers for its sizes."""
    numbers = {str(symbol): int(number) for symbol, number in at.items()}

    def size(text: Any) -> str:
        return str(size_of(text).xreplace(dict(at)))

    def shape(given: Any) -> Any:
        if isinstance(given, Labels):
            return replace(given, shape=shape(given.shape), of=size(given.of))
        return " ".join(str(s.xreplace(dict(at))) for s in sizes_of(given))

    def fixed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fixed(one) for key, one in value.items()}
        return numbers.get(value, value) if isinstance(value, str) else value

    return replace(
        pair,
        shapes={name: shape(given) for name, given in pair.shapes.items()},
        fixed={name: fixed(value) for name, value in pair.fixed.items()},
        init={name: fixed(value) for name, value in pair.init.items()},
        counted=False,
    )


def _is_read(pair: Pair) -> bool:
    try:
        trace_pair(pair)
    except Failed:
        return False
    return True


def _candidates(traced: Traced, rng: random.Random) -> list[dict[Any, int]]:
    symbols = native.size_symbols(traced)
    if not symbols:
        return []
    largest = max([LARGEST, *(number + 2 for number in _numbers(traced) if number <= WIDEST)])
    drawn = {tuple(rng.randint(1, largest) for _ in symbols) for _ in range(4 * CANDIDATES)}
    found = [dict(zip(symbols, map(sp.Integer, numbers), strict=True)) for numbers in drawn]
    found = [at for at in found if 0 < _entries(traced, at) <= ENTRIES]
    found.sort(key=lambda at: (_entries(traced, at), str(at)))
    return found[:: max(1, len(found) // CANDIDATES)]


def _numbers(traced: Traced) -> Iterator[int]:
    """The whole numbers that are declared, as values and in shapes."""
    waiting: list[Any] = [*traced.fixed.values(), *traced.init.values()]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (Mapping, tuple)):
            waiting.extend(value.values() if isinstance(value, Mapping) else value)
        elif isinstance(value, int) and not isinstance(value, bool):
            yield value
    yield from (int(s) for one in traced.inputs.values() for s in one.sizes if s.is_Integer)


def _entries(traced: Traced, at: Mapping[Any, int]) -> int:
    return sum(
        math.prod(int(size.xreplace(dict(at))) for size in one.sizes)
        for one in traced.inputs.values()
    )
