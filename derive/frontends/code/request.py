"""What is asked of a pair that was found: which inputs are where, and where their gradients are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from derive.frontends.code.declared import Labels
from derive.frontends.code.finding import (
    AUTOGRAD,
    FUNCTIONS,
    LAYER,
    LOSS,
    VJP,
    Pair,
    SourceError,
)
from derive.frontends.code.signatures import NOTHING, gradient_of, predictions

_SPELT = ("d{0}", "d_{0}", "grad_{0}", "{0}_grad", "D{0}", "g{0}", "{0}grad", "grad{0}", "del{0}")
_IN_DICTIONARIES = ("{0}", *_SPELT)


# The gradient in what a layer is called with, whatever that is called in its forward.
OF_THE_INPUT = ("dinputs", "dinput", "d_inputs", "d_input", "grad_input", "input_grad")


@dataclass(frozen=True)
class Request:
    """A pair with everything that it is verified with.

    :param wrt: the inputs whose gradients are compared, in the order in which they are given.
    :param ordered: whether the backward gives them in the order of the inputs and says nothing.
    :param params: arguments of a class's constructor, each with the input that is passed.
    :param attributes: inputs that are put into a layer after it was built.
    :param call: the inputs with which a layer is called.
    :param grads: where a layer leaves the gradients of inputs.
    :param packed: the argument that is a dictionary with an input in it.
    """

    pair: Pair
    shapes: dict[str, str | Labels]
    fixed: dict[str, Any]
    wrt: tuple[str, ...]
    params: dict[str, str] = field(default_factory=dict)
    init: dict[str, Any] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    call: tuple[str, ...] = ()
    grads: dict[str, str] = field(default_factory=dict)
    packed: dict[str, str] = field(default_factory=dict)

    def id(self, name: str) -> str:
        """The id of the claim about the gradient in one input."""
        return f"{self.pair.path.stem}.{self.pair.name}.{name}"


def request(pair: Pair) -> Request:
    """What is asked of a declared pair.

    :raises SourceError: where a shape is missing, or it cannot be told which gradient is which.
    """
    declared = pair.declared
    assert declared is not None
    needed = (*pair.built_with, *pair.arguments)
    told = pair.built_with if any(name not in needed for name in declared.shapes) else ()
    for name in declared.unsized:
        if name not in declared.shapes:
            raise _wrong(
                pair,
                f"how many labels {name} has is not declared; "
                f"`# derive: {name} (…) labels of C` says it",
            )
    packed = {name: one for name, one in declared.holders.items() if one in needed}
    missing = [
        name
        for name in needed
        if name not in packed.values() and name not in declared.shapes
        and name not in declared.fixed and name not in pair.defaults
        and name not in told  # by the shapes of what the layer holds, or refused then
    ]  # fmt: skip
    if missing:
        why = "".join(f" ({declared.unread[n]})" for n in missing if n in declared.unread)
        raise _wrong(pair, f"the shape of {_listed(missing)} is not declared{why}")
    if pair.kind != LAYER:
        given = (*declared.shapes, *declared.fixed)
        unknown = [n for n in given if n not in needed and n not in packed]
        if unknown:
            raise _wrong(
                pair, f"{_listed(unknown)} is declared, and {pair.name} has no such argument"
            )
    floats = [name for name, shape in declared.shapes.items() if isinstance(shape, str)]
    floats.sort(key=lambda name: needed.index(name) if name in needed else len(needed))
    for name in declared.wrt or ():
        if name not in floats:
            raise _wrong(pair, f"`wrt {name}` names no input that has a shape")
    if pair.kind == LAYER and not packed:
        return _of_layer(pair, floats)
    holders = sorted(set(packed.values()))
    if packed and pair.kind not in (FUNCTIONS, LOSS):
        raise _wrong(
            pair, f"{_listed(holders)} is a dictionary of arrays, which functions may take"
        )
    if any(holder in declared.fixed for holder in holders):
        raise _wrong(pair, f"{_listed(holders)} has arrays and numbers in it, which is not read")
    # names in a dictionary of gradients are seen when it is run
    wrt = declared.wrt or (floats if packed else _order(pair, floats))
    return Request(pair, declared.shapes, declared.fixed, tuple(wrt), packed=packed)


def _wrong(pair: Pair, message: str) -> SourceError:
    return SourceError(f"{pair.path}, line {pair.line}: of {pair.name}, {message}")


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _order(pair: Pair, floats: list[str]) -> list[str]:
    """The inputs whose gradients are returned, in order, as far as it is written down.

    By position where there are as many as inputs; by their names otherwise.
    """
    if pair.kind in (AUTOGRAD, VJP):
        return _by_position(pair, floats)
    named = [_input_of(name, floats) for name in pair.returned]
    if pair.kind == LOSS:
        if all(named) and len(set(named)) == len(named):
            return [name for name in named if name]
        if len(named) == len(floats) and all(
            n in (None, own) for n, own in zip(named, floats, strict=True)
        ):
            return floats
    elif len(pair.returned) == len(floats):
        return floats
    elif all(named) and len(set(named)) == len(named):
        return [name for name in named if name]
    if len(pair.returned) == 1 and (len(floats) == 1 or predictions(floats)):
        return predictions(floats) or floats
    if pair.kind == FUNCTIONS and (not named or list(pair.returned) == [""]):
        return floats  # in their order, if they are as many: that is seen when it is run
    raise _wrong(
        pair,
        f"it cannot be told which gradients of {_listed(floats)} are returned; "
        "`# derive: wrt …` says it",
    )


def _by_position(pair: Pair, floats: list[str]) -> list[str]:
    """The inputs of which a library's rule returns a gradient, in the library's own order."""
    declared = pair.declared
    assert declared is not None
    for names in (pair.arguments, tuple(n for n in pair.arguments if n in declared.shapes)):
        if len(names) == len(pair.returned):
            nothing = {n for n, r in zip(names, pair.returned, strict=True) if r == NOTHING}
            return [name for name in floats if name not in nothing]
    return floats


def _input_of(returned: str, floats: list[str]) -> str | None:
    """The input whose gradient a returned name is."""
    name = gradient_of(returned)
    for candidate in (name, returned):
        if candidate in floats:
            return candidate
    matches = [f for f in floats if name and name.rstrip("_").lower() == f.rstrip("_").lower()]
    return matches[0] if len(matches) == 1 else None


def _of_layer(pair: Pair, floats: list[str]) -> Request:
    declared = pair.declared
    assert declared is not None
    params = {name: name for name in pair.built_with if name in declared.shapes}
    call = tuple(n for n in pair.arguments if n in declared.shapes or n in declared.fixed)
    attributes = [n for n in declared.shapes if n not in params and n not in call]
    for name in attributes:
        held = name in pair.attributes or name in pair.reads
        if not held and not any(one.endswith(f"[{name}]") for one in pair.attributes):
            raise _wrong(
                pair, f"{name} is declared, and is neither an argument nor an attribute of it"
            )
    init = {n: v for n, v in declared.fixed.items() if n in pair.built_with}
    fixed = {n: v for n, v in declared.fixed.items() if n not in init}
    kept = [name for name in floats if name not in call]
    grads = dict(declared.grads)
    for name in kept:
        if name not in grads and (place := _place(pair, name)):
            grads[name] = place
    inputs = [name for name in floats if name in call]
    returned = pair.returned if inputs else ()  # there is nothing that it could be a gradient in
    named = [_input_of(name, floats) for name in pair.returned]
    asked = declared.wrt is None or set(declared.wrt) <= set(named)
    if named and all(named) and not set(named) <= set(inputs) and asked:
        # a dictionary, or a tuple, in which gradients of parameters are
        told = tuple(declared.wrt or (name for name in named if name))
        grads = {name: place for name, place in grads.items() if name not in told}
        return Request(
            pair, declared.shapes, fixed, told, params, init, tuple(attributes), call, grads
        )
    if not returned:  # what is not returned is left in the layer
        for name in inputs:
            if name not in grads and (place := _place(pair, name)):
                grads[name] = place
        if call and call[0] in inputs and call[0] not in grads:
            found = next((a for a in OF_THE_INPUT if a in pair.attributes), None)
            if found is not None:
                grads[call[0]] = found
    if declared.wrt is not None:
        wrt = declared.wrt
        lost = [name for name in wrt if name in kept and name not in grads]
        if lost:
            raise _wrong(
                pair,
                f"where the gradient of {_listed(lost)} is left cannot be told; "
                f"`# derive: grad {lost[0]} = attribute` says it",
            )
    else:
        given = len(returned)
        if given not in (0, len(inputs)):
            by_name = [n for n in (_input_of(r, inputs) for r in returned) if n]
            if not by_name and given == 1:
                by_name = predictions(inputs)
            if len(by_name) != given:
                raise _wrong(
                    pair,
                    f"it cannot be told which gradients of {_listed(inputs)} are "
                    "returned; `# derive: wrt …` says it",
                )
            inputs = by_name
        left = [name for name in inputs if name in grads]
        wrt = [*(inputs if given else left), *(name for name in kept if name in grads)]
    if not wrt:
        raise _wrong(pair, "no gradient of a declared input is found")
    return Request(
        pair, declared.shapes, fixed, tuple(wrt), params, init, tuple(attributes), call, grads
    )


def _place(pair: Pair, name: str) -> str | None:
    """The attribute, or the entry of a dictionary, that is called the gradient of an input."""
    for pattern in (*_SPELT, "{0}.grad"):
        if pattern.format(name) in pair.attributes:
            return pattern.format(name)
    for attribute in pair.attributes:
        holder, bracket, key = attribute.partition("[")
        if bracket and gradient_of(holder) == "":
            for pattern in _IN_DICTIONARIES:
                if key == pattern.format(name) + "]":
                    return attribute
    return pair.paired.get(name)
