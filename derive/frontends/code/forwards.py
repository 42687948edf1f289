"""A forward by itself: traced, with the shape of every assignment, and its derivative."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from derive import engine
from derive.base.errors import ClaimError, DeriveError, UnsupportedError
from derive.frontends.code import axes as ax
from derive.frontends.code.answers import declared_shapes
from derive.frontends.code.arrays import Array, as_array
from derive.frontends.code.calling import Asked
from derive.frontends.code.calls import arguments
from derive.frontends.code.check import pair_of
from derive.frontends.code.finding import AUTOGRAD, FORWARD, LAYER
from derive.frontends.code.finding import Pair as Found
from derive.frontends.code.forward_runs import compare_forward
from derive.frontends.code.loader import Loader
from derive.frontends.code.pairs import (
    Failed,
    Pair,
    Traced,
    _symbols_of,
    fixed_values,
    objective,
    reachable,
    resolve,
)
from derive.frontends.code.pointwise import likeliest
from derive.frontends.code.request import Request, request
from derive.frontends.code.reshaping import single_factor
from derive.frontends.code.shapes import make_array, make_input
from derive.frontends.code.torch_autograd import Context
from derive.frontends.code.trace import Trace, opened, place

IMPORTS = {
    "numpy": "import math\nimport numpy as np",
    "torch": "import math\nimport torch",
    "jax": "import math\nimport jax\nimport jax.numpy as jnp",
}


@dataclass(frozen=True)
class Assignment:
    """A name that is given to an array.

    :param shape: its sizes; ``()`` for a scalar.
    """

    line: int
    name: str
    shape: tuple[Any, ...]


def assignments(found: Found) -> list[Assignment]:
    """What is assigned in a function and its backward, in order, each with its shape.

    :raises Failed: where a line is refused, or does not fit.
    :raises ClaimError: where the pair itself is not understood.
    """
    traced = traced_forward(found) if found.kind == FORWARD else likeliest(_pair(request(found)))
    path = os.path.abspath(found.path)
    rows = []
    for symbol in traced.trace.where:
        file, line = traced.trace.lines.get(symbol, ("", 0))
        if line and os.path.abspath(file) == path:
            rows.append(Assignment(line, str(symbol), tuple(getattr(symbol, "shape", ()) or ())))
    told = {(row.line, re.sub(r"_\d+$", "", row.name)) for row in rows}
    for ((file, line), name), shape in traced.trace.assigned.items():
        if os.path.abspath(file) == path and (line, name) not in told:
            rows.append(Assignment(line, name, shape))
    return sorted(rows, key=lambda row: row.line)


def _pair(asked: Request) -> Pair:
    found = asked.pair
    options: dict[str, Any] = {}
    if found.kind == LAYER:
        options = {"params": asked.params, "init": asked.init, "call": asked.call}
        options["grads"] = asked.grads
    return pair_of(
        f"{found.path}::{found.forward}",
        found.backward or None,
        shapes=declared_shapes(asked),
        fixed=asked.fixed,
        wrt=asked.wrt,
        packed=asked.packed,
        **options,
    )


def traced_forward(found: Found) -> Traced:
    """A function, traced; its first result is the output, what else it returns is left alone.

    :raises Failed: where a line is refused, or does not fit.
    :raises ClaimError: where it is no function, or an argument is not declared.
    """
    assert found.declared is not None
    if found.kind == LAYER or found.built_with:
        raise ClaimError(f"{found.name} is a class; functions are derived")
    if found.declared.holders:
        held = ", ".join(sorted(set(found.declared.holders.values())))
        raise ClaimError(
            f"{found.name} takes a dictionary of arrays, {held}, which is not derived in"
        )
    asked = Request(found, found.declared.shapes, found.declared.fixed, ())
    pair = pair_of(
        f"{found.path}::{found.forward}", shapes=declared_shapes(asked), fixed=asked.fixed
    )
    sizes = {str(s) for shape in pair.shapes.values() for s in _symbols_of(shape)}
    trace = Trace(sizes | set(pair.shapes))
    loader = Loader(trace)
    with opened(trace):
        try:
            inputs = {n: make_input(trace, n, s) for n, s in pair.shapes.items()}
            forward = _callable(resolve(loader, pair, pair.forward), found)
            fixed = fixed_values(pair.fixed, sizes, forward)
            values = {name: given.array for name, given in inputs.items()}
            args, options = arguments(forward, values, fixed, pair.name)
            result = forward(*args, **options)
            several = isinstance(result, (tuple, list))
            output = as_array(result[0] if several else result).copy()
            for axis in range(output.ndim):
                if len(output.axes[axis]) > 1:  # one upstream, not one for each part
                    output = single_factor(output, axis)
            upstreams: list[Array] = []
            if any(not ax.is_unit(axis) for axis in output.axes):
                fresh = [ax.fresh(axis) for axis in output.axes]
                upstreams = [make_array(trace, trace.name("upstream"), fresh)[0]]
        except (Failed, ClaimError):
            raise
        except DeriveError as problem:
            at = place(problem, trace.files)
            raise Failed("undecided", str(problem), at) from problem
        except Exception as problem:
            at = place(problem, trace.files)
            raise Failed("undecided", f"{type(problem).__name__}: {problem}", at) from problem
    own = Asked(pair.name, None, tuple(inputs), {}, None, {})
    return Traced(pair, trace, inputs, fixed, {}, own, [output], upstreams, {}, several=several)


def _callable(target: Any, found: Found) -> Any:
    """The forward as a function of the inputs."""
    if found.kind == AUTOGRAD:
        return partial(target.forward, Context(len(found.arguments)))
    return getattr(target, "fun", target)


def derivative(found: Found, wrt: str) -> tuple[Any, Traced]:
    """The backward of a function in one input, as the engine derives it.

    :raises ClaimError: where there is no such input.
    :raises DeriveError: where the engine has no rule for it.
    """
    traced = traced_forward(found)
    compare_forward(traced)
    return derived(traced, wrt), traced


def derived(traced: Traced, wrt: str) -> Any:
    """The same of what was traced before.

    :raises ClaimError: where there is no such input.
    :raises DeriveError: where the engine has no rule for it.
    """
    if wrt not in traced.inputs or not traced.inputs[wrt].is_float:
        raise ClaimError(
            f"{traced.pair.name} has no input {wrt} to derive in; it has "
            f"{', '.join(n for n, i in traced.inputs.items() if i.is_float)}"
        )
    symbols = list(traced.inputs[wrt].symbols.values())
    if len(symbols) != 1:
        raise UnsupportedError(f"{wrt} has an axis of several parts; write its size as one name")
    with opened(traced.trace):
        where = dict(traced.trace.where)
        of, upstream = objective(traced, where)
    used = reachable(where, [of])
    if upstream is None:
        return engine.gradient(of, symbols[0], used)
    return engine.backward(of, symbols[0], upstream, used)
