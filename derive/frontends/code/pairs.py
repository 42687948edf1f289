"""A forward and its backward, traced, as claims: one for each input."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from derive.base.errors import ClaimError, DeriveError, ShapeError, UnsupportedError
from derive.claims.kinds import Backward, Claim, Gradient
from derive.frontends.code import axes as ax
from derive.frontends.code.arrays import (
    FLOAT,
    Array,
    as_array,
    as_real,
    is_simple,
    keys,
    rearranged,
)
from derive.frontends.code.loader import Loader
from derive.frontends.code.operations import UNWRITTEN
from derive.frontends.code.shapes import Input, make_array, make_input, size_of
from derive.frontends.code.sizes import plain, same
from derive.frontends.code.states import UNREAD
from derive.frontends.code.trace import Misfit, Refused, Trace, opened, place
from derive.language.operators import Tensor


@dataclass
class Pair:
    """What a user asks about.

    :param forward: the function, or its name in ``path``.
    :param backward: likewise; None where ``forward`` returns (loss, gradients).
    :param shapes: the declared shape of each input.
    :param fixed: arguments that are numbers or sizes.
    :param wrt: the inputs of which the gradients are returned, in their order.
    """

    name: str
    forward: Any
    backward: Any
    shapes: Mapping[str, Any]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    wrt: tuple[str, ...] | None = None
    path: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    init: Mapping[str, Any] = field(default_factory=dict)
    call: tuple[str, ...] | None = None
    grads: Mapping[str, str] = field(default_factory=dict)
    given: tuple[Any, ...] = ()


@dataclass
class Traced:
    """A pair after it was traced."""

    pair: Pair
    trace: Trace
    inputs: dict[str, Input]
    fixed: dict[str, Any]
    outputs: list[Array]
    upstreams: list[Array]
    upstream_names: list[str]
    gradients: dict[str, Array]
    wrt: tuple[str, ...]
    lines: dict[str, tuple[str, int]]
    all_wrt: tuple[str, ...] = ()


class Failed(Exception):
    """A pair that could not be traced, with the place in the user's file.

    :param status: the verdict that this is, ``"ill-shaped"`` or ``"undecided"``.
    """

    def __init__(self, status: str, reason: str, at: tuple[str, int] | None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.at = at
        self.library = "numpy"

    def __str__(self) -> str:
        if self.at is None:
            return self.reason
        return f"{self.at[0]}:{self.at[1]}: {self.reason}"


def trace_pair(pair: Pair) -> Traced:
    """Trace a forward and its backward.

    :raises Failed: where a line is refused, or does not fit.
    :raises ClaimError: where the pair itself is not understood.
    """
    names = {str(s) for shape in pair.shapes.values() for s in _symbols_of(shape)}
    trace = Trace(names | set(pair.shapes))
    loader = Loader(trace)
    try:
        return _trace(pair, trace, loader)
    except Failed as problem:
        problem.library = trace.library
        raise


def _trace(pair: Pair, trace: Trace, loader: Loader) -> Traced:
    with opened(trace):
        try:
            return _traced(pair, trace, loader)
        except (Failed, ClaimError):
            raise
        except (Misfit, ShapeError) as problem:
            raise Failed("ill-shaped", str(problem), place(problem, trace.files)) from problem
        except (Refused, UnsupportedError) as problem:
            raise Failed("undecided", str(problem), place(problem, trace.files)) from problem
        except RecursionError as problem:
            reason = "the code calls itself too often"
            raise Failed("undecided", reason, place(problem, trace.files)) from problem
        except Exception as problem:
            reason = f"not traced: {type(problem).__name__}: {problem}"
            raise Failed("undecided", reason, place(problem, trace.files)) from problem


def _symbols_of(shape: Any) -> set[Any]:
    from derive.frontends.code.shapes import Labels, sizes_of

    if isinstance(shape, Labels):
        return _symbols_of(shape.shape) | size_of(shape.of).free_symbols
    return {s for size in sizes_of(shape) for s in size.free_symbols}


def resolve(loader: Loader, pair: Pair, target: Any) -> Any:
    """A function of the pair, from its copy."""
    if isinstance(target, str):
        assert pair.path is not None
        found: Any = loader.module(pair.path)
        for part in target.split("."):
            try:
                found = getattr(found, part)
            except AttributeError:
                raise ClaimError(f"{pair.path} has no {target}") from None
        return found
    return loader.function(target)


def fixed_value(value: Any) -> Any:
    """A fixed argument: a size for a name, else as it is."""
    if isinstance(value, str) and value.replace("_", "a").isidentifier():
        return plain(size_of(value))
    if isinstance(value, dict):
        return {key: fixed_value(one) for key, one in value.items()}
    return value


def _traced(pair: Pair, trace: Trace, loader: Loader) -> Traced:
    inputs = {name: make_input(trace, name, shape) for name, shape in pair.shapes.items()}
    fixed = {name: fixed_value(value) for name, value in pair.fixed.items()}
    forward = resolve(loader, pair, pair.forward)
    backward = None if pair.backward is None else resolve(loader, pair, pair.backward)
    wrt = pair.wrt or tuple(n for n, i in inputs.items() if not i.is_labels)
    for name in wrt:
        if name not in inputs:
            raise ClaimError(f"wrt names {name}, which is no input; the inputs are {_listed(inputs)}")
    args, options = arguments(forward, inputs, fixed, pair.name)
    result = forward(*args, **options)
    if backward is None:
        outputs, returned = _loss_and_gradients(result, pair)
        upstreams: list[Array] = []
        names: list[str] = []
    else:
        outputs, call, names = backward_call(backward, result, inputs, fixed, pair.name)
        outputs = [_frozen(trace, output, k, len(outputs)) for k, output in enumerate(outputs)]
        upstreams = []
        for output, name in zip(outputs, names, strict=True):
            axes = [ax.fresh(axis) for axis in output.axes]
            trace.names.discard(name)
            array, _ = make_array(trace, trace.name(name), axes)
            upstreams.append(array)
        returned = call([u.copy() for u in upstreams])
    gradients = matched(returned, wrt, pair.name)
    return Traced(
        pair, trace, inputs, fixed, outputs, upstreams, names, gradients,
        tuple(n for n in wrt if n in gradients), {}, wrt,
    )  # fmt: skip


def _listed(names: Any) -> str:
    return ", ".join(names)


def arguments(
    function: Any, inputs: Mapping[str, Any], fixed: Mapping[str, Any], name: str
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a forward: inputs and fixed ones by their names.

    :raises ClaimError: where an argument without a default is neither.
    """
    values = {**{n: _value(i) for n, i in inputs.items()}, **fixed}
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise ClaimError(f"{name} is no function") from None
    args: list[Any] = []
    options: dict[str, Any] = {}
    used = set()
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            options.update({n: v for n, v in values.items() if n not in used})
            used |= set(values)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif parameter.name in values:
            used.add(parameter.name)
            if parameter.kind is parameter.KEYWORD_ONLY or parameter.default is not parameter.empty:
                options[parameter.name] = values[parameter.name]
            else:
                args.append(values[parameter.name])
        elif parameter.default is parameter.empty:
            raise ClaimError(f"the shape of {name}'s argument {parameter.name} is not given")
    unused = [n for n in values if n not in used]
    if unused:
        raise ClaimError(f"{name} has no argument {_listed(unused)}")
    return args, options


def _value(given: Any) -> Any:
    return given.array if isinstance(given, Input) else given


def backward_call(
    backward: Any, result: Any, inputs: Mapping[str, Any], fixed: Mapping[str, Any], name: str
) -> tuple[list[Any], Any, list[str]]:
    """The outputs of a forward, how its backward is called with their upstreams, and the names of
    these.

    Parameters of the backward that are called as inputs or fixed arguments are these; the last of
    the others is the cache, where the forward returns one.

    :raises ClaimError: where the numbers of results and parameters do not go together.
    """
    values = {**{n: _value(i) for n, i in inputs.items()}, **fixed}
    parameters = [
        p
        for p in inspect.signature(backward).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    free = [p.name for p in parameters if p.name not in values and p.default is p.empty]
    parts = list(result) if isinstance(result, (tuple, list)) else [result]
    if len(free) == len(parts) and len(parts) > 1:
        outputs, cache = parts[:-1], parts[-1:]
    elif not isinstance(result, (tuple, list)) or len(free) == len(parts):
        outputs, cache = parts, []
        if len(free) != len(parts):
            raise ClaimError(
                f"the backward of {name} takes {_listed(free)}, and {name} returns one value"
            )
    elif len(free) == 2 and len(parts) > 2:
        outputs, cache = parts[:1], [tuple(parts[1:])]
    elif len(free) == 1 and len(parts) > 1:
        outputs, cache, free = parts[:1], [], free
    else:
        raise ClaimError(
            f"{name} returns {len(parts)} values and its backward takes {_listed(free)}"
        )
    names = free[: len(outputs)]
    if isinstance(outputs[0], (tuple, list)) and len(outputs) == 1:
        raise ClaimError(f"{name} returns its outputs as a tuple of their own")

    def call(upstreams: list[Any]) -> Any:
        at = dict(zip(free, [*upstreams, *cache], strict=True))
        args, options = [], {}
        for p in parameters:
            if p.name in at:
                value = at[p.name]
            elif p.name in values:
                value = values[p.name]
            else:
                continue
            if p.kind is p.KEYWORD_ONLY or p.default is not p.empty:
                options[p.name] = value
            else:
                args.append(value)
        return backward(*args, **options)

    return outputs, call, names


def _frozen(trace: Trace, output: Any, number: int, count: int) -> Array:
    """An output under a name, whatever is done to its array later."""
    array = as_array(output)
    if array.kind != FLOAT:
        raise Refused("an output that holds no floats")
    return array.copy()


def _loss_and_gradients(result: Any, pair: Pair) -> tuple[list[Array], Any]:
    if not isinstance(result, (tuple, list)) or len(result) < 2:
        raise ClaimError(f"{pair.name} has no backward and does not return (loss, gradients)")
    loss = as_array(result[0])
    if any(not ax.is_unit(axis) for axis in loss.axes):
        raise ClaimError(f"{pair.name} returns a loss of shape {ax.shown(loss.axes)}")
    rest = result[1] if len(result) == 2 else tuple(result[1:])
    return [loss.copy()], rest


def matched(returned: Any, wrt: tuple[str, ...], name: str) -> dict[str, Any]:
    """What is returned for each input.

    :raises ClaimError: where the numbers differ.
    """
    if isinstance(returned, Mapping):
        found = {}
        for one in wrt:
            keys_ = [k for k in (one, f"d{one}", f"grad_{one}", f"d_{one}") if k in returned]
            if keys_:
                found[one] = returned[keys_[0]]
        if not found:
            raise ClaimError(f"{name} returns gradients of {_listed(map(str, returned))}")
        return {n: _gradient(v, n) for n, v in found.items()}
    parts = list(returned) if isinstance(returned, (tuple, list)) else [returned]
    if len(parts) == 1 and len(wrt) > 1 and isinstance(parts[0], (tuple, list)):
        parts = list(parts[0])
    if len(parts) != len(wrt):
        raise ClaimError(
            f"{name} returns {len(parts)} gradients for the inputs {_listed(wrt)}; "
            "name those that they belong to with wrt"
        )
    return {n: _gradient(v, n) for n, v in zip(wrt, parts, strict=True) if v is not None}


def _gradient(value: Any, name: str) -> Any:
    if value is None:
        raise ClaimError(f"the gradient of {name} is None")
    return value


# ---- claims


def claims_of(traced: Traced, name: str) -> list[tuple[tuple[int, ...], Claim]]:
    """The claims about one input: one for each of its segments.

    :raises Failed: where the gradient has another shape than the input.
    """
    trace = traced.trace
    with opened(trace):
        given_input = traced.inputs[name]
        gradient = as_array(traced.gradients[name])
        wanted = given_input.array.axes
        fits = len(gradient.axes) == len(wanted) and all(
            same(ax.size_of(a), ax.size_of(b)) for a, b in zip(gradient.axes, wanted, strict=True)
        )
        if not fits:
            reason = (
                f"the gradient of {name} has shape {ax.shown(gradient.axes)}, "
                f"and {name} has shape {ax.shown(wanted)}"
            )
            raise Failed("ill-shaped", reason, None)
        bodies = rearranged(gradient, wanted)
        where = dict(trace.where)
        of, upstream = objective(traced, where)
        found: list[tuple[tuple[int, ...], Claim]] = []
        for key in keys(wanted):
            symbol = given_input.symbols[key]
            factors = [f for axis, k in zip(wanted, key, strict=True) for f in axis[k]]
            body = as_real(bodies[key])
            equals = whole(body, factors)
            used = reachable(where, [of, upstream, equals])
            _check_written([body, *used.values()])
            given = (*trace.given, *trace.assumed, *traced.pair.given)
            given = tuple(g for g in given if _speaks(g, used, of, upstream, equals, symbol))
            title = f"the gradient of {name}"
            common: dict[str, Any] = {"where": used, "given": given, "title": title}
            if upstream is None:
                found.append((key, Gradient(of, symbol, equals, **common)))
            else:
                found.append((key, Backward(of, symbol, upstream, equals, **common)))
        return found


def _speaks(fact: Any, used: Mapping[Any, Any], *said: Any) -> bool:
    """Whether a fact is about what the claim speaks of."""
    arrays = fact.atoms(sp.IndexedBase)
    if not arrays:
        return True
    every = [*used.values(), *(s for s in said if isinstance(s, sp.Basic))]
    return any(expr.has(a) for a in arrays for expr in every)


def _check_written(bodies: list[Any]) -> None:
    for symbol in (UNWRITTEN, UNREAD):
        if any(isinstance(b, sp.Basic) and symbol in b.free_symbols for b in bodies):
            raise Failed("undecided", symbol.name, None)


def whole(body: Any, factors: list[ax.Factor]) -> Any:
    """A body over indices as an array of its own, or as the array that it is an entry of."""
    if not factors:
        return body
    if isinstance(body, sp.Indexed) and tuple(body.indices) == tuple(i for i, _ in factors):
        return body.base
    return Tensor(body, *factors)


def objective(traced: Traced, where: dict[Any, Any]) -> tuple[Any, Any]:
    """What is differentiated, and the upstream; of several outputs their sum with upstreams."""
    outputs, upstreams = traced.outputs, traced.upstreams
    if not upstreams:
        return outputs[0].scalar(), None
    if len(outputs) == 1 and len(outputs[0].bodies) == 1:
        (key,) = outputs[0].bodies
        factors = [f for axis, k in zip(outputs[0].axes, key, strict=True) for f in axis[k]]
        bodies = rearranged(upstreams[0], outputs[0].axes)
        return whole(outputs[0].bodies[key], factors), whole(bodies[key], factors)
    total: Any = sp.Integer(0)
    from derive.frontends.code.arrays import multiply, sum_over

    for output, upstream in zip(outputs, upstreams, strict=True):
        total = total + sum_over(multiply(output, upstream)).scalar()
    symbol = sp.Symbol(traced.trace.name("objective"), real=True)
    where[symbol] = total
    return symbol, None


def reachable(where: Mapping[Any, Any], said: list[Any]) -> dict[Any, Any]:
    """The definitions that expressions rest on, in order."""
    needed: set[Any] = set()
    stack = [s for s in said if isinstance(s, sp.Basic)]
    seen: set[Any] = set()
    while stack:
        expr = stack.pop()
        for atom in expr.atoms(sp.Symbol, sp.IndexedBase):
            if atom in where and atom not in seen:
                seen.add(atom)
                needed.add(atom)
                stack.append(where[atom])
    return {symbol: value for symbol, value in where.items() if symbol in needed}


_ = (DeriveError, is_simple)
