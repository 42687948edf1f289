"""A function by itself: its trace compared with native runs, and with the same function in another
library.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from derive import engine
from derive.base.errors import UnsupportedError
from derive.claims.kinds import Identity
from derive.claims.verdict import HOLDS
from derive.evaluation.evaluate import Point, Values
from derive.frontends.code import axes as ax
from derive.frontends.code.alignment import rearranged
from derive.frontends.code.arrays import Array, as_array
from derive.frontends.code.calls import arguments
from derive.frontends.code.library_arrays import in_double, library_of, of_library, plain
from derive.frontends.code.loader import Loader
from derive.frontends.code.native import (
    MIXED,
    POINTS,
    POSITIVE,
    SINGLE,
    TOLERANCE,
    UNIT,
    chosen,
    concrete,
    drawn,
    native_module,
    traced_value,
    values_of,
)
from derive.frontends.code.not_installed import NotInstalled, NotRun
from derive.frontends.code.pairs import Traced, objective, reachable, whole
from derive.frontends.code.sizes import same
from derive.frontends.code.torch_autograd import Context
from derive.frontends.code.trace import opened

Given = Mapping[str, np.ndarray]
Ran = Callable[[Given, Mapping[Any, int]], np.ndarray]  # a function, run at numbers and sizes


def compare_forward(traced: Traced) -> str:
    """Compare the trace of a function with native runs; why that was not done, ``""`` where it was.

    :raises UnsupportedError: where they differ, or where it does not run.
    """
    if traced.trace.drawn:
        return "it draws random numbers"  # others in each run
    assert traced.pair.path is not None
    try:
        run = _runner(traced, traced.pair.path, str(traced.pair.forward), traced.fixed)
        _compare(traced, run, traced.trace.library, partial(_traced_output, traced))
    except NotInstalled as problem:
        return str(problem)
    except NotRun as problem:
        raise UnsupportedError(f"the code does not run: {problem}") from problem
    return ""


def same_function(traced: Traced, path: str, target: str, library: str) -> str:
    """Prove that what was written in another library is the function that was traced; why the two
    were not run besides, ``""`` where they were.

    :raises UnsupportedError: where it is not seen to be.
    """
    assert traced.pair.path is not None
    missing = compare_forward(traced)
    _prove(traced, _written(traced, path, target, library))
    try:
        own: Ran = partial(_traced_output, traced)
        if not missing:
            own = _runner(traced, traced.pair.path, str(traced.pair.forward), traced.fixed)
        written = _runner(traced, path, target, {})
        _compare(traced, written, library, own)
    except NotInstalled as problem:
        return str(problem)
    except NotRun as problem:
        raise UnsupportedError(f"what was written does not run: {problem}") from problem
    return missing


def _written(traced: Traced, path: str, target: str, library: str) -> Array:
    """What was written, in the trace of the function that it is to be."""
    trace = traced.trace
    before, trace.library = trace.library, library
    try:
        with opened(trace):
            loader = Loader(trace)
            found: Any = getattr(loader.module(path), target)
            function = getattr(found, "fun", found)
            if isinstance(function, type):
                function = partial(function.forward, Context(len(traced.inputs)))  # type: ignore[attr-defined]
            values = {name: given.array for name, given in traced.inputs.items()}
            args, options = arguments(function, values, {}, target)
            return as_array(function(*args, **options))
    finally:
        trace.library = before


def _prove(traced: Traced, written: Array) -> None:
    (output,) = traced.outputs
    trace = traced.trace
    fits = len(output.axes) == len(written.axes) and all(
        same(ax.size_of(a), ax.size_of(b)) for a, b in zip(output.axes, written.axes, strict=True)
    )
    if not fits:
        raise UnsupportedError("the code that was written returns another shape")
    (key,) = output.bodies
    factors = [f for axis, k in zip(output.axes, key, strict=True) for f in axis[k]]
    with opened(trace):
        of, _ = objective(traced, dict(trace.where))
        other = whole(rearranged(written, output.axes)[key], factors)
    where = reachable(trace.where, [of, other])
    verdict = engine.verify(
        Identity(of, other, where=where, given=(*trace.given, *trace.assumed), title="the function")
    )
    if verdict.status != HOLDS:
        raise UnsupportedError(
            f"the code that was written is not proved to be the function ({verdict.reason})"
        )


# ---- runs


def _traced_output(traced: Traced, numbers: Given, at: Mapping[Any, int]) -> np.ndarray:
    values: dict[Any, Any] = {}
    for name, one in traced.inputs.items():
        values.update(values_of(one, numbers[name], at))
    point = Point(sizes={s: int(n) for s, n in at.items()}, values=values)
    return traced_value(Values(point, traced.trace.where), traced.outputs[0], at)


def _runner(traced: Traced, path: str, target: str, fixed: Mapping[str, Any]) -> Ran:
    """A function of a file as Python runs it.

    :raises NotRun: where its file does not import.
    """
    module = native_module(path)
    function: Any = module
    for part in target.split("."):
        function = getattr(function, part)
    library = library_of(module)
    of_torch = isinstance(function, type)

    def run(numbers: Given, at: Mapping[Any, int]) -> np.ndarray:
        given = {name: of_library(library, value) for name, value in numbers.items()}
        numbers_only = {name: concrete(value, at) for name, value in fixed.items()}
        with in_double(library), np.errstate(all="ignore"):
            inner = partial(function.forward, None) if of_torch else function
            args, options = arguments(inner, given, numbers_only, target)
            if of_torch:  # all by position
                result = function.apply(*args, *options.values())
            else:
                result = function(*args, **options)
            return plain(result[0] if isinstance(result, (tuple, list)) else result)

    return run


def _compare(traced: Traced, run: Ran, library: str, expected: Ran) -> None:
    """Run a function at several points, at which another one tells what is to come.

    :raises UnsupportedError: where it is something else.
    :raises NotRun: where none of them could be run.
    """
    rng = random.Random(20)
    done = 0
    problem: Exception | None = None
    for at in chosen(traced, rng) * POINTS:
        for choices in (MIXED, POSITIVE, UNIT):
            numbers = {n: drawn(i, at, rng, choices) for n, i in traced.inputs.items()}
            try:
                wanted, found = expected(numbers, at), run(numbers, at)
            except Exception as failed:
                problem = failed
                continue
            if not (np.isfinite(wanted).all() and np.isfinite(found).all()):
                continue
            scale = 1 + float(np.max(np.abs(wanted), initial=0.0))
            fits = wanted.shape == found.shape or wanted.size == found.size == 1
            apart = float(np.max(np.abs(wanted - found), initial=0.0)) / scale if fits else math.inf
            if TOLERANCE < apart < SINGLE and library != "numpy":
                continue  # as small as single precision makes it
            if apart > TOLERANCE:
                sizes = ", ".join(f"{s} = {n}" for s, n in at.items())
                raise UnsupportedError(
                    f"internal error: for {sizes} the code in {library} gives {found.tolist()}, "
                    f"and what is read of the function is {wanted.tolist()}"
                )
            done += 1
            break
        if done == POINTS:
            return
    if not done:
        raise NotRun(f"no point was found at which it could be run: {problem}")
