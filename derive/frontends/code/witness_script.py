"""A NumPy script that imports the user's file and shows at a witness what it returns.

The calls are those of the native run: a forward and its backward are called once with the point's
arrays, and what is passed and returned is told apart by what it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from derive.claims.verdict import Verdict
from derive.frontends.code.calling import Performed
from derive.frontends.code.calls import perform
from derive.frontends.code.native import concrete, native_function
from derive.frontends.code.not_installed import NotRun
from derive.frontends.code.pairs import Traced
from derive.frontends.code.witnessed import Point, point_of

_SCRIPT = """\
import sys
import numpy as np
sys.path.insert(0, {folder!r})
from {module} import {names}

{arrays}

def at({name}):
    {run}
    return {objective}

{run}
{backward}
step = 1e-5
{ends}
print("returned:      ", {returned})
print("by differences:", (high - low) / (2 * step))
"""


def script(traced: Traced, name: str, verdict: Verdict) -> str | None:
    """The script for one input; None where there is no witness, for classes, for other libraries,
    and where the code draws numbers.
    """
    pair = traced.pair
    plain = pair.path is not None and traced.trace.library == "numpy" and not traced.trace.drawn
    whole = len(traced.inputs[name].symbols) == 1
    plain = plain and not pair.flag
    if verdict.witness is None or not (plain and whole) or not isinstance(pair.forward, str):
        return None
    assert pair.path is not None
    try:
        point = point_of(traced, name, verdict.witness)
        forward = native_function(pair, pair.forward)
        backward = None if pair.backward is None else native_function(pair, pair.backward)
        if isinstance(forward, type):
            return None
        recorded = _Recorded(traced, point, forward, backward)
    except (NotRun, ValueError, TypeError, KeyError):
        return None
    returned = recorded.returned(name)
    if returned is None:
        return None
    at = ", ".join(str(k) for k in point.position)
    rank = len(point.position)
    moved = (
        f"high, low = at({name} + step), at({name} - step)"
        if not rank
        else f"move = np.zeros({name}.shape)\nmove[{at}] = step\n"
        f"high, low = at({name} + move), at({name} - move)"
    )
    arrays = [f"{n} = {_text(value)}" for n, value in {**point.inputs, **recorded.named}.items()]
    weighted = " + ".join(
        f"np.sum({place} * {upstream})" for place, upstream in recorded.outputs.items()
    )
    module = Path(pair.path).stem
    names = [n for n in (pair.forward, pair.backward) if isinstance(n, str)]
    return _SCRIPT.format(
        folder=os.path.dirname(os.path.abspath(pair.path)), module=module,
        names=", ".join(names), arrays="\n".join(arrays), name=name,
        run=f"result = {recorded.forward}",
        objective=weighted or "result[0]",
        backward=f"gradients = {recorded.backward}" if recorded.backward else "gradients = result",
        ends=moved, returned=f"{returned}[{at}]" if rank else returned,
    )  # fmt: skip


class _Recorded:
    """The calls of a pair at a point, as text."""

    def __init__(self, traced: Traced, point: Point, forward: Any, backward: Any) -> None:
        self.known: list[tuple[Any, str]] = []
        self.forward = self.backward = ""
        self.reading = traced.asked.reading
        self.result: Any = None
        self.gradients: Any = None
        values = {n: v.copy() if v.ndim else v.item() for n, v in point.inputs.items()}
        self.known += [(value, name) for name, value in values.items()]
        fixed = {n: concrete(v, point.sizes) for n, v in traced.fixed.items()}
        with np.errstate(all="ignore"):
            done: Performed = perform(
                traced.asked, self._wrapped(forward, "forward"),
                None if backward is None else self._wrapped(backward, "backward"),
                values, fixed, {},
            )  # fmt: skip
            upstreams = [u.copy() if u.ndim else u.item() for u in point.upstreams]
            self.named = dict(zip(done.names, point.upstreams, strict=True))
            self.known += list(zip(upstreams, done.names, strict=True))
            outputs = [_place(o, self.result, "result") or "result" for o in done.outputs]
            self.outputs = dict(zip(outputs, done.names, strict=False))
            self.found = done.backward(upstreams)

    def _wrapped(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        import functools

        @functools.wraps(function)
        def called(*args: Any, **options: Any) -> Any:
            shown = [self._shown(a) for a in args]
            shown += [f"{key}={self._shown(a)}" for key, a in options.items()]
            setattr(self, part, f"{function.__name__}({', '.join(shown)})")
            returned = function(*args, **options)
            setattr(self, "result" if part == "forward" else "gradients", returned)
            return returned

        return called

    def _shown(self, value: Any) -> str:
        for own, text in self.known:
            if value is own:
                return f"{text}.copy()" if isinstance(own, np.ndarray) else text
        place = _place(value, self.result, "result")
        if place is not None:
            return place
        if isinstance(value, dict):
            return f"{{{', '.join(f'{k!r}: {self._shown(v)}' for k, v in value.items())}}}"
        several = isinstance(self.result, tuple) and isinstance(value, tuple)
        if several and value and len(value) == len(self.result) - 1:
            return "result[1:]"
        return repr(value)

    def returned(self, name: str) -> str | None:
        """Where the gradient of an input is in what is returned."""
        if name not in self.found:
            return None
        if self.reading and not isinstance(self.gradients, (tuple, list, Mapping)):
            return f"({next(iter(self.named))} * gradients)"
        whole = self.gradients if self.backward else self.result
        return _place(self.found[name], whole, "gradients")


def _place(value: Any, whole: Any, text: str) -> str | None:
    """Where a value is within tuples, lists and dictionaries."""
    if value is whole:
        return text
    items: list[tuple[Any, Any]] = []
    if isinstance(whole, (tuple, list)):
        items = list(enumerate(whole))
    elif isinstance(whole, Mapping):
        items = list(whole.items())
    for key, part in items:
        found = _place(value, part, f"{text}[{key!r}]")
        if found is not None:
            return found
    return None


def _text(value: np.ndarray) -> str:
    if not value.ndim:
        return repr(value.item())
    return f"np.array({value.tolist()!r})"
