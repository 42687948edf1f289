"""How a layer is called: a class that is built, gets its parameters, runs forward and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from derive.base.errors import ClaimError
from derive.frontends.code.arrays import FLOAT, Array
from derive.frontends.code.calling import (
    AT_OUTPUT,
    OF_LOSSES,
    OF_UPSTREAM,
    SUM,
    Asked,
    NoLoss,
    Performed,
    listed,
    parameters_of,
    spelt,
)
from derive.frontends.code.method_names import takes_no_upstream
from derive.frontends.code.shapes import make_array
from derive.frontends.code.signatures import predictions
from derive.frontends.code.trace import current, tracing

_OUTPUTS = ("output", "outputs", "out", "y", "Y")
_MISSING = (AttributeError, KeyError, TypeError, ClaimError)  # of what a layer has not made yet
_GRADIENTS = ("grads", "gradients", "grad", "gradient", "d_params", "dparams")


def performed(
    asked: Asked,
    kind: Any,
    values: Mapping[str, Any],
    fixed: Mapping[str, Any],
    init: Mapping[str, Any],
) -> Performed:
    """Call the forward of a class.

    :raises ClaimError: where it is not understood.
    """
    call = _Call(asked, kind, values, fixed, init)
    call.run()
    return call.performed()


class _Call:
    """One layer and how it is called."""

    def __init__(
        self,
        asked: Asked,
        kind: Any,
        values: Mapping[str, Any],
        fixed: Mapping[str, Any],
        init: Mapping[str, Any],
    ) -> None:
        self.asked, self.kind, self.values, self.fixed = asked, kind, values, fixed
        forward, backward = asked.methods or (
            "forward" if hasattr(kind, "forward") else "__call__", "backward"
        )  # fmt: skip
        self.forward, self.backward = forward, backward
        self.layer: Any = None
        self.result: Any = None
        self.places: dict[str, str] = {}
        taken = [p.name for p in _own_parameters(kind, forward)]
        parameters = parameters_of(kind.__init__)[1:]
        built = {p.name for p in parameters}
        switches = {p.name for p in parameters if isinstance(p.default, bool)}
        own = built - switches - set(taken)
        params = dict(asked.params) or {n: n for n in values if n in own}
        called = asked.call
        if called is None:
            rest = [n for n in values if n not in params.values()]
            called = tuple(n for n in rest if n in taken) or tuple(rest[: len(taken)])
        self.called = called
        self.built = {**{n: v for n, v in fixed.items() if n in built and n not in taken}, **init}
        self.built.update({a: values[n] for a, n in params.items()})
        self.held = [n for n in values if n not in params.values() and n not in called]
        self.extra = {n: v for n, v in fixed.items() if n in taken and n not in called}

    # ---- forward

    def run(self) -> None:
        """Run the forward with the parameters that are given; of a layer that makes its own when it
        is run first, after such a run.
        """
        try:
            self._run(first=False)
        except _MISSING:
            if not self.held:
                raise
            with suppress(*_MISSING):
                self._run(first=True)
                return
            raise
        if self._lost():
            before = self.layer, self.result, self.places
            with suppress(*_MISSING):
                self._run(first=True)
                if not self._lost():
                    return
            self.layer, self.result, self.places = before  # it is what the layer keeps

    def _run(self, first: bool) -> None:
        self.layer = layer = self.kind(**self.built)
        before_lists = [v for v in _lists_of(layer) if not v]
        if first:
            self._forward(
                layer, {n: _stand_in(n, self.values[n]) for n in self.called if n in self.values}
            )
            _empty(before_lists)
        self.places = {n: place_in(self.kind, layer, n, self.asked.name) for n in self.held}
        for name, place in self.places.items():
            _put(layer, place, self.values[name])
        before = dict(getattr(layer, "__dict__", {}))
        result = self._forward(layer)
        if result is None:
            known = {**self.values, **self.fixed}
            result = _output(layer, before, [known[n] for n in self.called], self.asked)
        self.result = result

    def _forward(self, layer: Any, others: Mapping[str, Any] | None = None) -> Any:
        known = {**self.values, **self.fixed, **(others or {})}
        return getattr(layer, self.forward)(*(known[n] for n in self.called), **self.extra)

    def _lost(self) -> bool:
        """Whether the forward has put something else where a parameter was."""
        return any(
            held_at(self.layer, place) is not self.values[name]
            for name, place in self.places.items()
        )

    # ---- backward

    def performed(self) -> Performed:
        if not self.backward:
            return self._with_gradients()
        back = _own_parameters(self.kind, self.backward)
        parts = list(self.result) if isinstance(self.result, (tuple, list)) else [self.result]
        known = {**self.values, **self.fixed}
        names = [p.name for p in back if p.name not in known]
        own = [p.name for p in back if p.name in self.called]
        slopes = takes_no_upstream(self.backward)
        whole = getattr(parts[0], "ndim", 0) == 0
        if self.asked.reading in OF_LOSSES:
            return self._of_predictions(parts[0], [p.name for p in back if p.default is p.empty])
        if self.asked.reading:
            return self._entry_by_entry(parts[0], names, own)
        if slopes and names and not OF_UPSTREAM.fullmatch(names[0]):
            raise NoLoss(f"{self.asked.name}.{self.backward} takes no upstream")
        if not names and not slopes and len(back) == len(own) == 1 and not whole:
            names = own  # the upstream has the name of the input
        outputs = parts[: len(names)] if names else parts[:1]
        names = names[: len(outputs)]

        def call(upstreams: list[Any]) -> dict[str, Any]:
            return self._given(self._back(dict(zip(names, upstreams, strict=True))))

        return Performed(outputs, names, call)

    def _with_gradients(self) -> Performed:
        """A loss that returns its gradients itself."""
        if not isinstance(self.result, (tuple, list)) or len(self.result) < 2:
            raise ClaimError(f"{self.asked.name} does not return (loss, gradients)")
        loss, *rest = self.result
        given = rest[0] if len(rest) == 1 else tuple(rest)
        return Performed([loss], [], lambda _: self._given(given))

    def _entry_by_entry(self, output: Any, names: list[str], own: list[str]) -> Performed:
        """f and f′ of numbers: the gradient is the upstream times what the method returns."""
        takes = names[:1] or own
        if len(takes) > 1 or len(self.called) != 1 or not takes_no_upstream(self.backward):
            raise ClaimError(
                f"{self.asked.name} and its derivative take and return more than an array each"
            )
        if any(map(OF_UPSTREAM.fullmatch, names[:1])):
            raise ClaimError(f"{names[0]} is called as an upstream is")
        at = output if self.asked.reading == "output" else self.values[self.called[0]]

        def call(upstreams: list[Any]) -> dict[str, Any]:
            found = self._given(self._back(dict.fromkeys(takes, at)))
            return {name: upstreams[0] * slope for name, slope in found.items()}

        return Performed([output], ["upstream"], call)

    def _of_predictions(self, losses: Any, takes: list[str]) -> Performed:
        """A loss of each sample, or of all, whose backward is called with the predictions again, by
        whatever name, and gives the gradient of the mean of the losses, or of their sum.
        """
        reading = self.asked.reading
        if reading.endswith(SUM) and self._takes_the_mean():
            raise ClaimError(f"{self.asked.name} takes the mean of its losses")
        first, *others = self.called or ("",)
        own = takes == list(self.called) and others != []  # by the same name
        again = takes[1:] == others != [] and takes[0] not in (*self.values, *self.fixed)
        upstream = not again or OF_UPSTREAM.fullmatch(takes[0]) is not None
        at = self.values.get(first)
        rank = getattr(at, "ndim", 0) + self._takes_the_mean()  # perhaps one for each entry
        if (upstream and not own) or losses.ndim >= rank:
            raise ClaimError(f"the backward of {self.asked.name} takes an upstream")
        if reading.startswith(AT_OUTPUT):
            held = getattr(self.layer, "__dict__", {})
            at = next((held[n] for n in _OUTPUTS if n in held and held[n] is not losses), None)
            if own or getattr(at, "ndim", 0) != self.values[first].ndim:
                raise ClaimError(f"{self.asked.name} keeps no output of the shape of its input")
        loss = losses.sum() if reading.endswith(SUM) else losses.mean()

        def call(_: list[Any]) -> dict[str, Any]:
            return self._given(self._back({takes[0]: at}))

        return Performed([loss], [], call)

    def _takes_the_mean(self) -> bool:
        """Whether another method of the class, or of a base, says what the loss of all samples is:
        the mean of those that its forward gives.
        """
        return any(
            {self.forward, "mean"} <= set(method.__code__.co_names)
            for owner in self.kind.__mro__
            for name, method in vars(owner).items()
            if hasattr(method, "__code__") and name != self.forward
        )

    def _back(self, at: Mapping[str, Any]) -> Any:
        known = {**self.values, **self.fixed, **at}
        args: list[Any] = []
        options: dict[str, Any] = {}
        skipped = False
        for p in _own_parameters(self.kind, self.backward):
            if p.name not in known:
                if p.default is p.empty:
                    raise ClaimError(
                        f"{self.asked.name}.{self.backward} takes {p.name}, which is not declared"
                    )
                skipped = True
            elif skipped or p.kind is p.KEYWORD_ONLY:
                options[p.name] = known[p.name]
            else:
                args.append(known[p.name])
        return getattr(self.layer, self.backward)(*args, **options)

    def _given(self, returned: Any) -> dict[str, Any]:
        """The gradients that are returned, or left in the layer."""
        asked = self.asked
        inputs = [n for n in asked.expected if n in self.called and n in asked.floats]
        found: dict[str, Any] = {}
        if isinstance(returned, Mapping):
            found.update(
                {n: returned[k] for n in asked.expected for k in spelt(n) if k in returned}
            )
        elif returned is not None:
            given = list(returned) if isinstance(returned, (tuple, list)) else [returned]
            wanted = inputs if len(given) == len(inputs) else list(asked.expected)
            if len(given) == 1:
                wanted = predictions(wanted) or wanted
            if len(given) != len(wanted):
                raise ClaimError(
                    f"the backward of {asked.name} returns {len(given)} gradients for "
                    f"{listed(inputs)}"
                )
            found.update(dict(zip(wanted, given, strict=True)))
        for name in asked.expected:
            if name not in found or name in asked.grads:
                left = _left(self.layer, name, asked, self.places.get(name, name))
                if left is not None:
                    found[name] = left
        lost = [n for n in asked.wrt or () if n not in found]
        if lost or not found:
            raise ClaimError(
                f"where {asked.name} leaves the gradient of {listed(lost or asked.expected)} "
                "is not seen; say it with grads"
            )
        return {n: found[n] for n in asked.expected if n in found}


def _stand_in(name: str, value: Any) -> Any:
    """Another input of the same shape, for a run that makes a layer's parameters: what the layer
    keeps of it is seen by it.
    """
    if not tracing() or not isinstance(value, Array) or value.kind != FLOAT:
        return value
    trace = current()
    found, symbols = make_array(trace, trace.name(f"earlier_{name}"), list(value.axes))
    trace.earlier |= set(symbols.values())
    return found


def _lists_of(layer: Any) -> list[Any]:
    """The lists that a layer holds, and those in its dictionaries."""
    held = list(getattr(layer, "__dict__", {}).values())
    held += [v for one in held if isinstance(one, Mapping) for v in one.values()]
    return [v for v in held if isinstance(v, list)]


def _empty(lists: list[Any]) -> None:
    """Take out of lists what a run has put into them."""
    for one in lists:
        one.clear()


def _own_parameters(kind: Any, method: str) -> list[Any]:
    """What a method takes, without ``self``, and without what may be anything."""
    static = isinstance(_attribute(kind, method), staticmethod)
    every = parameters_of(getattr(kind, method))
    free = (every[0].VAR_KEYWORD, every[0].VAR_POSITIONAL) if every else ()
    return [p for p in every[0 if static else 1 :] if p.kind not in free]


def _attribute(kind: Any, name: str) -> Any:
    return next((vars(c)[name] for c in kind.__mro__ if name in vars(c)), None)


# ---- what a layer holds


def place_in(kind: Any, layer: Any, name: str, shown: str) -> str:
    """Where a layer holds a parameter: an attribute, or an entry of a dictionary.

    :raises ClaimError: where it holds none of this name.
    """
    if hasattr(layer, name):
        return name
    for attribute, value in getattr(layer, "__dict__", {}).items():
        if isinstance(value, Mapping) and name in value and attribute not in _GRADIENTS:
            return f"{attribute}[{name}]"
    codes = [
        method.__code__
        for owner in kind.__mro__
        for method in vars(owner).values()
        if hasattr(method, "__code__")
    ]
    # It reads what somebody else is to put there.
    if any(name in code.co_names for code in codes):
        return name
    empty = [n for n, v in vars(layer).items() if v == {} and n not in _GRADIENTS]
    if len(empty) == 1 and any(name in code.co_consts for code in codes):
        return f"{empty[0]}[{name}]"
    raise ClaimError(f"{shown} has no argument and no attribute {name}")


def _steps(place: str) -> list[str]:
    return [part.strip("'\"") for part in re.findall(r"[^.\[\]]+", place)]


def _step(holder: Any, part: str) -> Any:
    if isinstance(holder, Mapping):
        return holder[part]
    if isinstance(holder, (list, tuple)) and part.lstrip("-").isdigit():
        return holder[int(part)]
    return getattr(holder, part)


def _boxed(value: Any) -> bool:
    """Whether an attribute is an object of the user's that holds an array, and its gradient."""
    return "data" in getattr(value, "__dict__", {}) and not hasattr(value, "ndim")


def _put(layer: Any, place: str, value: Any) -> None:
    *before, last = _steps(place)
    holder = layer
    for part in before:
        holder = _step(holder, part)
    if isinstance(holder, dict):
        holder[last] = value
    elif _boxed(getattr(holder, last, None)):
        getattr(holder, last).data = value
    else:
        setattr(holder, last, value)


def held_at(layer: Any, place: str) -> Any:
    """The array that a layer holds at a place."""
    found = layer
    for part in _steps(place):
        found = _step(found, part)
    return found.data if _boxed(found) else found


def _output(layer: Any, before: Mapping[str, Any], inputs: Sequence[Any], asked: Asked) -> Any:
    """What a forward that returns nothing leaves in its layer.

    :raises ClaimError: where it cannot be told.
    """
    held = getattr(layer, "__dict__", {})
    written = [
        name
        for name, value in held.items()
        if value is not None
        and value is not before.get(name)
        and (name in _OUTPUTS or not any(value is one for one in inputs))
    ]
    named = [name for name in _OUTPUTS if name in written] or written
    if not named or (len(named) > 1 and named[0] not in _OUTPUTS):
        raise ClaimError(
            f"the forward of {asked.name} returns nothing, and which attribute is its output is "
            "not seen"
        )
    return held[named[0]]


def _left(layer: Any, name: str, asked: Asked, place: str) -> Any:
    """The gradient that a layer leaves in an attribute, or in an entry of one."""
    if name in asked.grads:
        try:
            found = layer
            for part in _steps(asked.grads[name]):
                found = _step(found, part)
        except (KeyError, AttributeError, IndexError):
            raise ClaimError(f"{asked.name} leaves nothing in {asked.grads[name]}") from None
        return found
    held = getattr(layer, "__dict__", {})
    if place == name and _boxed(held.get(name)):
        return getattr(held[name], "grad", None)
    for one in spelt(name)[1:]:
        if one in held:
            return held[one]
    for holder in _GRADIENTS:
        if isinstance(held.get(holder), Mapping):
            for one in spelt(name):
                if one in held[holder]:
                    return held[holder][one]
    return None
