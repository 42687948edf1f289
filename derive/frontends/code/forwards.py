"""A forward by itself: traced, with the shape of every assignment, and its derivative."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from functools import partial
from typing import Any

import sympy as sp

from derive import engine
from derive.backends.array_code import ArrayCode
from derive.base.errors import ClaimError, DeriveError, UnsupportedError
from derive.claims.verdict import HOLDS
from derive.frontends.code import axes as ax
from derive.frontends.code.answers import declared_shapes
from derive.frontends.code.arrays import Array, as_array
from derive.frontends.code.calls import Asked, Context, arguments
from derive.frontends.code.check import decide, pair_of
from derive.frontends.code.finding import AUTOGRAD, FORWARD, LAYER
from derive.frontends.code.finding import Pair as Found
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
    trace_pair,
)
from derive.frontends.code.request import Request, request
from derive.frontends.code.shapes import make_array, make_input
from derive.frontends.code.trace import Trace, opened, place
from derive.language.operators import Tensor

IMPORTS = {
    "numpy": "import math\nimport numpy as np",
    "torch": "import math\nimport torch",
    "jax": "import math\nimport jax\nimport jax.numpy as jnp",
}


@dataclass(frozen=True)
class Assignment:
    """A definition of the trace.

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
    traced = traced_forward(found) if found.kind == FORWARD else trace_pair(_pair(request(found)))
    path = os.path.abspath(found.path)
    rows = []
    for symbol in traced.trace.where:
        file, line = traced.trace.lines.get(symbol, ("", 0))
        if line and os.path.abspath(file) == path:
            rows.append(Assignment(line, str(symbol), tuple(getattr(symbol, "shape", ()) or ())))
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
            output = as_array(result[0] if isinstance(result, (tuple, list)) else result).copy()
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
    return Traced(pair, trace, inputs, fixed, {}, own, [output], upstreams, {})


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
    if wrt not in traced.inputs or traced.inputs[wrt].is_labels:
        raise ClaimError(
            f"{found.name} has no input {wrt} to derive in; it has "
            f"{', '.join(n for n, i in traced.inputs.items() if not i.is_labels)}"
        )
    symbols = list(traced.inputs[wrt].symbols.values())
    if len(symbols) != 1:
        raise UnsupportedError(f"{wrt} has an axis of several parts; write its size as one name")
    with opened(traced.trace):
        where = dict(traced.trace.where)
        of, upstream = objective(traced, where)
    used = reachable(where, [of])
    if upstream is None:
        return engine.gradient(of, symbols[0], used), traced
    return engine.backward(of, symbols[0], upstream, used), traced


def code(found: Found, wrt: str, library: str) -> str:
    """The backward of a function in one input as a function in its library, proved to be right.

    :raises ClaimError: where the file is in another library, or there is no such input.
    :raises DeriveError: where it cannot be derived, written down or proved.
    """
    answer, traced = derivative(found, wrt)
    if library != traced.trace.library:
        raise ClaimError(
            f"{found.path} is in {traced.trace.library}: code in {library} could not be checked "
            "against it"
        )
    text = _written(found, traced, wrt, answer, library)
    _prove(found, wrt, text, library)
    return text


def _written(found: Found, traced: Traced, wrt: str, answer: Any, library: str) -> str:
    names = {s: str(s) for i in traced.inputs.values() for s in i.symbols.values()}
    arguments_ = [name for name in found.arguments if name in traced.inputs]
    upstream = [
        str(next(iter(u.bodies.values())).atoms(sp.IndexedBase).pop()) for u in traced.upstreams
    ]
    for u, name in zip(traced.upstreams, upstream, strict=True):
        for body in u.bodies.values():
            names.update({base: name for base in body.atoms(sp.IndexedBase)})
    sizes: dict[str, str] = {}
    for name, given in traced.inputs.items():
        for k, size in enumerate(given.sizes):
            if size.is_Symbol:
                sizes.setdefault(str(size), f"{name}.shape[{k}]")
    used: set[str] = set()

    def size_text(size: Any) -> str:
        size = sp.sympify(size)
        if size.atoms(sp.Function) or any(str(s) not in sizes for s in size.free_symbols):
            raise UnsupportedError(f"the size {size} is not known where the code is")
        used.update(str(s) for s in size.free_symbols)
        return str(size)

    writer = ArrayCode(library, names, size_text)
    lines = []
    for symbol, value in reachable(traced.trace.where, [answer]).items():
        names[symbol] = str(symbol)
        lines.append(f"{symbol} = {_array(writer, value)}")
    lines.append(f"return {_array(writer, answer)}")
    lines[:0] = [f"{name} = {sizes[name]}" for name in sizes if name in used]
    own = f"{found.name.removesuffix('_forward')}_backward_{wrt}"
    head = f"def {own}({', '.join([*upstream, *arguments_])}):"
    return "\n".join([head, *(f"    {line}" for line in lines)]) + "\n"


def _array(writer: ArrayCode, value: Any) -> str:
    if isinstance(value, Tensor):
        return writer.array(value.body, [tuple(axis) for axis in value.axes])
    if isinstance(value, sp.FunctionMatrix):
        i, j = (sp.Dummy(n, integer=True) for n in "ij")
        return writer.array(value.lamda(i, j), list(zip((i, j), value.shape, strict=True)))
    if getattr(value, "shape", ()):
        indices = [sp.Dummy("i", integer=True) for _ in value.shape]
        entry = value[tuple(indices)]
        return writer.array(entry, list(zip(indices, value.shape, strict=True)))
    return writer.array(value, [])


def _prove(found: Found, wrt: str, text: str, library: str) -> None:
    """Decide the written backward as any other, in a copy of the user's file beside it.

    :raises UnsupportedError: where it does not hold, or is not seen to.
    """
    assert found.declared is not None
    own = text.partition("(")[0].removeprefix("def ")
    source = found.path.read_text(encoding="utf-8")
    forward = found.forward
    if found.kind == AUTOGRAD:
        forward = "applied_forward"
        inputs = ", ".join(found.arguments)
        source += f"\n\ndef {forward}({inputs}):\n    return {found.forward}.apply({inputs})\n"
    asked = Request(found, found.declared.shapes, found.declared.fixed, (wrt,))
    handle, path = tempfile.mkstemp(
        ".py", f"derive_{found.path.stem}_", os.path.dirname(found.path) or "."
    )
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{source}\n\n{IMPORTS[library]}\n\n{text}")
        pair = pair_of(
            f"{path}::{forward}", own,
            shapes=declared_shapes(asked), fixed=asked.fixed, wrt=(wrt,),
        )  # fmt: skip
        (verdict,) = decide(pair).values()
    finally:
        os.unlink(path)
    if verdict.status != HOLDS:
        raise UnsupportedError(
            f"the code that was written is not proved to be right ({verdict.reason})"
        )
