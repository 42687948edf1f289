"""The user's functions at a witness: a refutation is run before it is said."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from derive.frontends.code import axes as ax
from derive.frontends.code.arrays import Array, keys
from derive.frontends.code.native import (
    MIXED,
    POINTS,
    STEP,
    Run,
    chosen,
    drawn,
    drawn_array,
    floats,
    size_symbols,
    symbols_in,
)
from derive.frontends.code.not_installed import NotRun
from derive.frontends.code.pairs import Traced
from derive.frontends.code.shapes import Input


@dataclass(frozen=True)
class Point:
    """A witness as the arrays that the user's functions take.

    :param sizes: what each size is.
    :param position: the entry of the input at which the gradients are compared.
    """

    sizes: dict[Any, Any]
    inputs: dict[str, np.ndarray]
    upstreams: list[np.ndarray]
    position: tuple[int, ...]


def point_of(traced: Traced, name: str, witness: Any, key: tuple[int, ...] = ()) -> Point:
    """The point of a witness against the gradient of an input.

    :param key: the segments of the input that the witness is about; none for the first.
    """
    symbols = size_symbols(traced)
    at = {s: sp.Integer(witness.sizes.get(str(s), 1)) for s in symbols}
    return Point(
        at,
        {n: _witnessed(i, witness, at) for n, i in traced.inputs.items()},
        [_witnessed_array(u, witness, at) for u in traced.upstreams],
        _position(traced, name, key or (0,) * len(traced.inputs[name].sizes), witness, at),
    )


def refuted(traced: Traced, name: str, witness: Any, key: tuple[int, ...]) -> bool | None:
    """Whether the user's own functions show at a witness that a gradient is wrong, by finite
    differences; None where they cannot be run there.
    """
    try:
        run = Run(traced)
        point = point_of(traced, name, witness, key)
        at, numbers = point.sizes, point.inputs
        run.drawn = [(n, _witnessed_array(a, witness, at)) for n, a in traced.trace.drawn]
        seen = _differs(run, name, numbers, point.upstreams, at, point.position, witness)
        if seen and any(n == "binomial" for n, _ in traced.trace.drawn):
            seen = _shown_elsewhere(traced, run, name) or None  # its masks are of 0 and 1
        return _shown_elsewhere(traced, run, name) or None if seen is None else seen
    except NotRun:
        return None
    except Exception:
        return None


def _shown_elsewhere(traced: Traced, run: Run, name: str) -> bool:
    """Whether a gradient is seen to be wrong at points of moderate numbers: those of a witness may
    differ by less than floats show.
    """
    rng = random.Random(5)
    for at in chosen(traced, rng)[: 2 * POINTS]:
        numbers = {n: drawn(i, at, rng, MIXED) for n, i in traced.inputs.items()}
        run.drawn = [(n, _possible(n, drawn_array(a, at, rng))) for n, a in traced.trace.drawn]
        upstreams = [2 * drawn_array(u, at, rng) - 1 for u in traced.upstreams]
        if shown_wrong(run, [name], numbers, upstreams, at, rng):
            return True
    return False


def _possible(name: str, numbers: np.ndarray) -> np.ndarray:
    """Numbers that are drawn, as they can be."""
    return np.round(numbers) if name == "binomial" else numbers


def shown_wrong(
    run: Run,
    names: Iterable[str],
    numbers: Mapping[str, np.ndarray],
    upstreams: list[np.ndarray],
    at: Mapping[Any, int],
    rng: random.Random,
) -> set[str]:
    """The inputs whose gradients are not what differences along a drawn direction tell; none where
    the functions do not run.
    """
    wrong: set[str] = set()
    try:
        _, gradients = run.both(numbers, upstreams, at)
    except Exception:
        return wrong
    for name in names:
        try:
            way = np.array([rng.uniform(-1, 1) for _ in range(numbers[name].size)])
            way = way.reshape(numbers[name].shape)
            found = []
            for step in (STEP, STEP / 3):
                ends = []
                for sign in (1, -1):
                    moved = {**numbers, name: numbers[name] + sign * step * way}
                    outputs = run.outputs(moved, at)
                    weights = upstreams or [np.ones(outputs[0].shape)]
                    ends.append(
                        sum(float(np.sum(o * u)) for o, u in zip(outputs, weights, strict=False))
                    )
                found.append((ends[0] - ends[1]) / (2 * step))
            own = float(np.sum(gradients[name] * way))
        except Exception:
            continue
        scale = 1 + abs(own) + abs(found[0])
        error = abs(found[0] - found[1]) + 1e-8 * scale
        if math.isfinite(own + found[0]) and abs(found[1] - own) > 20 * error + 1e-6 * scale:
            wrong.add(name)
    return wrong


def _position(
    traced: Traced, name: str, key: tuple[int, ...], witness: Any, at: Mapping[Any, int]
) -> tuple[int, ...]:
    """The entry of an input at which a witness compares the sides."""
    entry = list(witness.entry)
    found = []
    for axis, k in zip(traced.inputs[name].array.axes, key, strict=True):
        position = int(sp.sympify(ax.offsets(axis)[k]).xreplace(dict(at)))
        inside = 0
        for _, size in axis[k]:
            inside = inside * int(sp.sympify(size).xreplace(dict(at))) + entry.pop(0)
        found.append(position + inside)
    return tuple(found)


def _differs(
    run: Run, name: str, numbers: dict[str, np.ndarray], upstreams: list[np.ndarray], at: Any,
    position: tuple[int, ...], witness: Any,
) -> bool | None:  # fmt: skip
    _, gradients = run.both(numbers, upstreams, at)
    stated = gradients[name]
    base = numbers[name]
    if stated.shape != base.shape:
        return True

    def objective(step: float) -> float:
        moved = base.copy()
        moved[position] += step
        outputs = run.outputs({**numbers, name: moved}, at)
        weights = upstreams or [np.ones(outputs[0].shape)]
        return sum(float(np.sum(o * u)) for o, u in zip(outputs, weights, strict=True))

    wide, narrow = ((objective(step) - objective(-step)) / (2 * step) for step in (STEP, STEP / 3))
    own = float(stated[position])
    if not (math.isfinite(wide) and math.isfinite(narrow) and math.isfinite(own)):
        return None
    scale = 1 + abs(narrow) + abs(own)
    error = abs(wide - narrow) + 1e-8 * scale
    if abs(narrow - own) > 20 * error + 1e-6 * scale:
        return True
    try:
        left, right = float(witness.left), float(witness.right)
    except (TypeError, ValueError):
        return None
    # A small difference: both numbers are to be those of the witness, which are exact.
    close = 20 * error + 1e-6 * scale
    if abs(right - own) < 1e-9 * scale and abs(left - narrow) < close:
        return True if abs(left - right) > 1e-9 * scale else None
    return False if max(abs(left - narrow), abs(right - own)) > close else None


def _witnessed(given: Input, witness: Any, at: Mapping[Any, int]) -> np.ndarray:
    shape = tuple(int(size.xreplace(dict(at))) for size in given.sizes)
    shape = shape[: len(given.symbol_axes)]
    whole = np.zeros(shape, dtype=int if given.is_labels else float)
    _fill(whole, given.symbol_axes, given.symbols, witness, at)
    return given.labelled(whole, int(given.of.xreplace(dict(at)))) if given.is_labels else whole


def _witnessed_array(array: Array, witness: Any, at: Mapping[Any, int]) -> np.ndarray:
    shape = tuple(int(sp.sympify(ax.size_of(axis)).xreplace(dict(at))) for axis in array.axes)
    whole = np.zeros(shape)
    _fill(whole, array.axes, symbols_in(array), witness, at)
    return whole


def _fill(whole: np.ndarray, axes: Any, symbols: Any, witness: Any, at: Mapping[Any, int]) -> None:
    for key in keys(axes):
        value = witness.values.get(str(symbols[key]))
        if value is None:
            continue
        if hasattr(value, "tolist"):
            value = value.tolist()
        cut, wide = [], []
        for axis, k in zip(axes, key, strict=True):
            start = int(sp.sympify(ax.offsets(axis)[k]).xreplace(dict(at)))
            length = int(ax.segment_size(axis[k]).xreplace(dict(at)))
            cut.append(slice(start, start + length))
            wide.append(length)
        numbers = np.array(floats(value), dtype=float).reshape(wide)
        whole[tuple(cut)] = numbers
