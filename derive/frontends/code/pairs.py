"""A forward and its backward, traced, as claims: one for each input."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from derive.base.errors import ClaimError, ShapeError, UnsupportedError
from derive.claims.kinds import Backward, Claim, Gradient
from derive.frontends.code import arrays as arr
from derive.frontends.code import axes as ax
from derive.frontends.code.alignment import rearranged
from derive.frontends.code.arithmetic import multiply
from derive.frontends.code.arrays import FLOAT, UNWRITTEN, Array, as_array, as_real, keys
from derive.frontends.code.calling import Asked, NoLoss
from derive.frontends.code.calls import ordered, perform, text_arguments
from derive.frontends.code.declared import Named, Text
from derive.frontends.code.extremes import atoms_of
from derive.frontends.code.left_out import Place, Unfit
from derive.frontends.code.libraries import Unknown
from derive.frontends.code.loader import Loader
from derive.frontends.code.rounds import UNREAD
from derive.frontends.code.shapes import Input, Labels, make_array, make_input, size_of, sizes_of
from derive.frontends.code.sizes import plain, same
from derive.frontends.code.sums import sum_over
from derive.frontends.code.trace import Crowded, Misfit, Refused, Trace, opened, place
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
    inside: bool = False  # whether what is clipped is taken to lie between the ends
    exact: bool = False  # whether numbers such as 1e-7 are taken for 0
    counted: bool = False  # whether loops over ranges of numbers run once, with a counter
    masked: bool = False  # whether cases such as -1e9 are taken for −∞
    turned: bool = False  # whether products of sizes are taken from the last factor
    swapped: bool = False  # whether sums of sizes are taken from the last term
    real_masks: bool = False  # whether masks of 0 and 1 are taken for any numbers
    left_out: tuple[Place, ...] = ()  # the statements that do not fit
    reading: str = ""  # what a derivative takes that has no upstream, see Asked
    methods: tuple[str, str] | None = None  # of a class, its forward and its backward
    flag: str = ""  # the argument with which the forward returns its derivative
    packed: Mapping[str, str] = field(default_factory=dict)  # the dictionaries that inputs are in
    unbuilt: tuple[str, ...] = ()  # what a constructor takes and nothing is declared of


@dataclass
class Traced:
    """A pair after it was traced."""

    pair: Pair
    trace: Trace
    inputs: dict[str, Input]
    fixed: dict[str, Any]
    init: dict[str, Any]
    asked: Asked
    outputs: list[Array]
    upstreams: list[Array]
    gradients: dict[str, Array]
    unfit: Mapping[str, Place] = field(default_factory=dict)  # inputs whose gradients rest on one
    several: bool = False  # whether the forward alone was traced, and returns several values


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

    A loop over a range of numbers runs round by round. Where that cuts an array into many parts, it
    runs once, with a counter.

    :raises Failed: where a line is refused, or does not fit.
    :raises ClaimError: where the pair itself is not understood.
    """
    if not pair.counted:
        with suppress(Crowded):
            return _traced_once(pair, crowds=False)
        with suppress(Failed):
            return _traced_once(replace(pair, counted=True))
    return _traced_once(pair)


def _traced_once(pair: Pair, crowds: bool = True) -> Traced:
    names = {str(s) for s in symbols_of(pair)}
    arr.unsettled.clear()
    trace = Trace(names | set(pair.shapes))
    trace.inside, trace.exact, trace.masked = pair.inside, pair.exact, pair.masked
    trace.counted, trace.crowds = pair.counted, crowds
    loader = Loader(trace, pair.left_out)
    try:
        return _trace(pair, trace, loader)
    except Failed as problem:
        problem.library = trace.library
        raise


def _trace(pair: Pair, trace: Trace, loader: Loader) -> Traced:
    with opened(trace):
        try:
            return _traced(pair, trace, loader)
        except (Failed, ClaimError, Crowded):
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


def symbols_of(pair: Pair) -> set[Any]:
    """The sizes that the shapes of a pair speak of."""
    return {s for shape in pair.shapes.values() for s in _symbols_of(shape)}


def _symbols_of(shape: Any) -> set[Any]:
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
        if isinstance(found, Unknown):
            found._used()
        return found
    return loader.function(target)


def fixed_values(given: Mapping[str, Any], sizes: set[str], function: Any) -> dict[str, Any]:
    """Fixed arguments: a name is a size, unless the argument's default is text; within a
    dictionary, or in quotes, it is one where shapes speak of it.
    """
    texts = text_arguments(function)

    def inside(value: Any) -> Any:
        if isinstance(value, Named) or (isinstance(value, str) and value in sizes):
            return plain(size_of(value))
        if isinstance(value, dict):
            return {key: inside(one) for key, one in value.items()}
        if isinstance(value, tuple):
            return tuple(map(inside, value))
        return str(value) if isinstance(value, Text) else value

    def is_size(name: str, value: Any) -> bool:
        if not isinstance(value, str) or name in texts or not value.isidentifier():
            return False
        return not isinstance(value, Text) or value in sizes

    return {
        name: plain(size_of(value)) if is_size(name, value) else inside(value)
        for name, value in given.items()
    }


def asked_of(pair: Pair, inputs: Mapping[str, Input], forward: Any) -> Asked:
    """What is asked of a pair; its inputs in the order in which its forward takes them.

    :raises ClaimError: where ``wrt`` names no input.
    """
    for name in pair.wrt or ():
        if name not in inputs:
            raise ClaimError(f"wrt names {name}, which is no input: {', '.join(inputs)}")
    floats = ordered((n for n, i in inputs.items() if i.is_float), forward)
    return Asked(
        pair.name, pair.wrt, floats, pair.params, pair.call, pair.grads, pair.reading,
        pair.methods, pair.flag, pair.packed,
    )  # fmt: skip


def _traced(pair: Pair, trace: Trace, loader: Loader) -> Traced:
    cut = pair.turned, pair.swapped, pair.real_masks
    inputs = {name: make_input(trace, name, shape, *cut) for name, shape in pair.shapes.items()}
    forward = resolve(loader, pair, pair.forward)
    asked = asked_of(pair, inputs, forward)
    sizes = {str(s) for s in symbols_of(pair)}
    fixed = fixed_values(pair.fixed, sizes, forward)
    init = fixed_values(pair.init, sizes, forward)
    backward = None if pair.backward is None else resolve(loader, pair, pair.backward)
    values = {name: given.array for name, given in inputs.items()}
    done = perform(asked, forward, backward, values, copied(fixed), copied(init))
    outputs = [_frozen(output) for output in done.outputs]
    upstreams: list[Array] = []
    for output, name in zip(outputs, done.names, strict=False):
        axes = [ax.fresh(axis) for axis in output.axes]
        array, _ = make_array(trace, trace.name(name), axes)
        upstreams.append(array)
    if not done.names and any(not ax.is_unit(axis) for axis in outputs[0].axes):
        raise NoLoss(f"{pair.name} returns a loss of shape {ax.shown(outputs[0].axes)}")
    gradients: dict[str, Array] = {}
    unfit: dict[str, Place] = {}
    for name, value in done.backward([u.copy() for u in upstreams]).items():
        if isinstance(value, Unfit):
            unfit[name] = pair.left_out[value.place]
        else:
            gradients[name] = _placeless(as_array(value))
    _check_earlier(trace, [*outputs, *gradients.values()])
    return Traced(pair, trace, inputs, fixed, init, asked, outputs, upstreams, gradients, unfit)


def _check_earlier(trace: Trace, arrays: list[Array]) -> None:
    """Insist that nothing rests on a run of a layer that was to make its parameters."""
    if not trace.earlier:
        return
    bodies = [body for array in arrays for body in array.bodies.values()]
    read = [*bodies, *reachable(trace.where, bodies).values()]
    if any(trace.earlier & expr.atoms(sp.IndexedBase, sp.Symbol) for expr in read):
        raise Refused("the layer keeps something of the run in which it made its parameters")


def copied(given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments that the code may change."""
    return {n: copied(v) if isinstance(v, dict) else v for n, v in given.items()}


def _frozen(output: Any) -> Array:
    """An output as it is, whatever is done to its array later."""
    array = as_array(output)
    if array.kind != FLOAT:
        raise Refused("an output that holds no floats")
    return _placeless(array.copy())


def _placeless(array: Array) -> Array:
    if any(atoms_of(body) for body in array.bodies.values()):
        raise Refused("the place of a largest entry is computed with")
    return array


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
            _check_bound(body, factors, trace)
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


def _check_bound(body: Any, factors: list[ax.Factor], trace: Trace) -> None:
    """Insist that a gradient reads no index but its own: any other is an error of the trace."""
    own = {index for index, _ in factors}
    free = [s for s in body.free_symbols if s in trace.ranges and s not in own]
    if free:
        raise Failed("undecided", f"internal error: the trace leaves {free[0]} open", None)


def _check_written(bodies: list[Any]) -> None:
    for symbol in (UNWRITTEN, UNREAD):
        if any(isinstance(b, sp.Basic) and symbol in b.free_symbols for b in bodies):
            raise Failed("undecided", symbol.name, None)


def whole(body: Any, factors: list[ax.Factor]) -> Any:
    """A body over indices as an array of its own, or as the array that it is an entry of."""
    if not factors:
        return body
    if isinstance(body, sp.Indexed) and tuple(body.indices) == tuple(i for i, _ in factors):
        shape = body.base.shape
        if shape is not None and all(
            same(own, size) for own, (_, size) in zip(shape, factors, strict=True)
        ):
            return body.base  # all of it, and not its first entries alone
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
