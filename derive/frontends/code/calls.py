"""How a pair is called: functions, a loss with its gradients, a layer, an autograd Function, a
function with ``defvjp``. The same calls make the trace and the native run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from derive.base.errors import ClaimError
from derive.frontends.code import layers
from derive.frontends.code.calling import (
    OF_UPSTREAM,
    Asked,
    Performed,
    listed,
    parameters_of,
    spelt,
)
from derive.frontends.code.signatures import predictions
from derive.frontends.code.torch_autograd import Context


def perform(
    asked: Asked,
    forward: Any,
    backward: Any,
    values: Mapping[str, Any],
    fixed: Mapping[str, Any],
    init: Mapping[str, Any],
) -> Performed:
    """Call a forward.

    :raises ClaimError: where the pair is not understood.
    """
    values = _packed(values, asked.packed)
    if asked.flag:
        return _flagged(asked, forward, values, fixed)
    if backward is not None:
        if asked.reading:
            return _entry_by_entry(asked, forward, backward, values, fixed)
        return _functions(asked, forward, backward, values, fixed)
    if getattr(forward, "fwd", None) is not None and getattr(forward, "bwd", None) is not None:
        return _vjp(asked, forward, values, fixed)
    if isinstance(forward, type):
        if asked.methods is None and _is_autograd(forward):
            return _autograd(asked, forward, values, fixed)
        return layers.performed(asked, forward, values, fixed, init)
    args, options = arguments(forward, values, fixed, asked.name)
    result = forward(*args, **options)
    if not isinstance(result, (tuple, list)) or len(result) < 2:
        raise ClaimError(f"{asked.name} has no backward and does not return (loss, gradients)")
    loss, *parts = result
    if len(parts) == 1 and isinstance(loss, Mapping) and not isinstance(parts[0], Mapping):
        loss, parts = parts[0], [loss]  # return grads, cost
    rest = parts[0] if len(parts) == 1 else tuple(parts)
    return Performed([loss], [], lambda _: matched(rest, asked.expected, asked.name))


def _packed(values: Mapping[str, Any], packed: Mapping[str, str]) -> Mapping[str, Any]:
    """Inputs as they are passed, some of them in dictionaries."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in packed:
            found.setdefault(packed[name], {})[name] = value
        else:
            found[name] = value
    return found


def _functions(
    asked: Asked, forward: Any, backward: Any, values: Mapping[str, Any], fixed: Mapping[str, Any]
) -> Performed:
    args, options = arguments(forward, values, fixed, asked.name)
    result = forward(*args, **options)
    known = {**values, **fixed}
    parameters = parameters_of(backward)
    free = [p.name for p in parameters if p.name not in known and p.default is p.empty]
    if not free:
        free = [p.name for p in parameters if p.name not in known][:1]
    if _is_kept(result, free):
        outputs, cache, names = [result[0]], [result[1]], []
    else:
        outputs, cache = _split(result, free, asked.name)
        names = free[: len(outputs)]

    def call(upstreams: list[Any]) -> dict[str, Any]:
        at = dict(zip(free, [*upstreams, *cache], strict=True))
        positional, keyword = [], {}
        for p in parameters:
            if p.name in at:
                value = at[p.name]
            elif p.name in known:
                value = known[p.name]
            else:
                continue
            if p.kind is p.KEYWORD_ONLY or (p.default is not p.empty and p.name not in at):
                keyword[p.name] = value
            else:
                positional.append(value)
        return matched(backward(*positional, **keyword), asked.expected, asked.name)

    return Performed(outputs, names, call)


def _is_kept(result: Any, free: Sequence[str]) -> bool:
    """Whether a forward returns a loss and what it keeps, and its backward takes that alone."""
    if not isinstance(result, (tuple, list)) or len(result) != 2 or len(free) != 1:
        return False
    is_number = [isinstance(one, (int, float)) or getattr(one, "ndim", 1) == 0 for one in result]
    return is_number == [True, False] and not OF_UPSTREAM.fullmatch(free[0])


def _entry_by_entry(
    asked: Asked, forward: Any, backward: Any, values: Mapping[str, Any], fixed: Mapping[str, Any]
) -> Performed:
    """f and f′ of numbers, applied to arrays: the gradient is the upstream times f′(x), where f′
    may also be written in terms of f(x).
    """
    args, options = arguments(forward, values, fixed, asked.name)
    output = forward(*args, **options)
    known = {**values, **fixed}
    parameters = parameters_of(backward)
    free = [p.name for p in parameters if p.name not in known and p.default is p.empty]
    if isinstance(output, (tuple, list)) or len(free) > 1 or not args:
        raise ClaimError(f"{asked.name} and its derivative take and return more than an array each")
    own = output if asked.reading == "output" else args[0]
    if any(map(OF_UPSTREAM.fullmatch, free)):
        raise ClaimError(f"{free[0]} is called as an upstream is")
    if asked.reading == "output" and not free:
        free = [parameters[0].name]
    at = {**known, **dict.fromkeys(free, own)}

    def call(upstreams: list[Any]) -> dict[str, Any]:
        keyword = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
        positional = [at[p.name] for p in parameters if p.name in at and p.name not in keyword]
        returned = backward(*positional, **{name: at[name] for name in keyword if name in at})
        slopes = matched(returned, asked.expected, asked.name)
        return {name: upstreams[0] * slope for name, slope in slopes.items()}

    return Performed([output], ["upstream"], call)


def _flagged(
    asked: Asked, function: Any, values: Mapping[str, Any], fixed: Mapping[str, Any]
) -> Performed:
    """A function that returns its derivative where one of its arguments is true."""
    args, options = arguments(function, values, fixed, asked.name)
    output = function(*args, **options)
    told = {**options, asked.flag: True}
    if not asked.reading:
        return Performed(
            [output], [], lambda _: matched(function(*args, **told), asked.expected, asked.name)
        )
    if len(args) != 1:
        raise ClaimError(f"{asked.name} and its derivative take more than an array")
    at = output if asked.reading == "output" else args[0]

    def call(upstreams: list[Any]) -> dict[str, Any]:
        slopes = matched(function(at, **told), asked.expected, asked.name)
        return {name: upstreams[0] * slope for name, slope in slopes.items()}

    return Performed([output], ["upstream"], call)


def _split(result: Any, free: Sequence[str], name: str) -> tuple[list[Any], list[Any]]:
    """What a forward returns as its outputs and its cache, by what its backward takes."""
    several = isinstance(result, (tuple, list))
    parts = list(result) if several else [result]
    if several and len(free) == len(parts) > 1:
        return parts[:-1], parts[-1:]
    if several and len(free) == 2 and len(parts) > 2:
        return parts[:1], [tuple(parts[1:])]
    if len(free) <= 1:
        return parts[:1], []
    if several and len(free) - 1 == len(parts) - 1:
        return parts[:-1], parts[-1:]
    returned = f"{len(parts)} values" if several else "one value"
    raise ClaimError(f"{name} returns {returned} and its backward takes {listed(free)}")


def _vjp(
    asked: Asked, function: Any, values: Mapping[str, Any], fixed: Mapping[str, Any]
) -> Performed:
    inner = getattr(function, "fun", function)
    args, options = arguments(inner, values, fixed, asked.name)
    names = [p.name for p in parameters_of(inner)]
    whole = [*args, *(options[n] for n in names[len(args) :] if n in options)]
    held = tuple(getattr(function, "nondiff_argnums", ()) or ())
    output, residuals = function.fwd(*whole)
    outputs = list(output) if isinstance(output, (tuple, list)) else [output]
    grouped = isinstance(output, (tuple, list))

    def call(upstreams: list[Any]) -> dict[str, Any]:
        upstream = tuple(upstreams) if grouped else upstreams[0]
        returned = function.bwd(*(whole[k] for k in held), residuals, upstream)
        moving = [n for k, n in enumerate(names[: len(whole)]) if k not in held]
        return _by_position(returned, moving, asked)

    return Performed(outputs, _upstreams(outputs, "g"), call)


def _is_autograd(kind: Any) -> bool:
    if "setup_context" in kind.__dict__:
        return True
    forward = kind.__dict__.get("forward")
    return isinstance(forward, staticmethod) and isinstance(
        kind.__dict__.get("backward"), staticmethod
    )


def _autograd(
    asked: Asked, kind: Any, values: Mapping[str, Any], fixed: Mapping[str, Any]
) -> Performed:
    separate = "setup_context" in kind.__dict__
    parameters = parameters_of(kind.forward)[0 if separate else 1 :]
    args = []
    names = []
    for p in parameters:
        if p.name in values or p.name in fixed:
            args.append(values[p.name] if p.name in values else fixed[p.name])
            names.append(p.name)
        elif p.default is not p.empty:
            args.append(p.default)
            names.append(p.name)
        else:
            raise ClaimError(f"the shape of {asked.name}'s argument {p.name} is not given")
    context = _own_context(kind) or Context(len(args))
    if separate:
        output = kind.forward(*args)
        kind.setup_context(context, tuple(args), output)
    else:
        output = kind.forward(context, *args)
    outputs = list(output) if isinstance(output, (tuple, list)) else [output]

    def call(upstreams: list[Any]) -> dict[str, Any]:
        return _by_position(kind.backward(context, *upstreams), names, asked)

    own = [p.name for p in parameters_of(kind.backward)[1:] if p.kind is not p.VAR_POSITIONAL]
    return Performed(
        outputs, own if len(own) == len(outputs) else _upstreams(outputs, "grad_output"), call
    )


def _own_context(kind: Any) -> Any:
    """What Functions of a file's own keep arrays in, which their ``apply`` makes; None where there
    is no such class, or it takes something.
    """
    apply = getattr(getattr(kind, "apply", None), "__func__", None)
    code, space = getattr(apply, "__code__", None), getattr(apply, "__globals__", {})
    named = [space.get(name) for name in getattr(code, "co_names", ())]
    made = [c for c in named if isinstance(c, type) and hasattr(c, "save_for_backward")]
    if len(made) != 1 or made[0] is Context:
        return None
    try:
        return made[0]()
    except TypeError:
        return None


def _by_position(returned: Any, names: Sequence[str], asked: Asked) -> dict[str, Any]:
    """What is returned for each argument, in the order of the arguments."""
    parts = list(returned) if isinstance(returned, (tuple, list)) else [returned]
    if len(parts) != len(names):
        floats = [n for n in names if n in asked.floats]
        if len(parts) != len(floats):
            raise ClaimError(
                f"the backward of {asked.name} returns {len(parts)} values for its arguments "
                f"{listed(names)}"
            )
        names = floats
    found = dict(zip(names, parts, strict=True))
    lost = [n for n in asked.wrt or () if found.get(n) is None]
    if lost:
        raise ClaimError(f"the backward of {asked.name} returns nothing for {listed(lost)}")
    return {n: found[n] for n in asked.expected if found.get(n) is not None}


def _upstreams(outputs: Sequence[Any], name: str) -> list[str]:
    return [name] if len(outputs) == 1 else [f"{name}_{k + 1}" for k in range(len(outputs))]


def ordered(names: Iterable[str], forward: Any) -> tuple[str, ...]:
    """Names in the order in which a forward takes them, a layer's before those of its constructor;
    others after them as they stand.
    """
    functions = [getattr(forward, "fun", forward)]
    if isinstance(forward, type):
        functions = [
            getattr(forward, n) for n in ("forward", "__call__", "__init__") if hasattr(forward, n)
        ]
    taken: list[str] = []
    for function in functions:
        with suppress(ClaimError):
            taken += [p.name for p in parameters_of(function)]
    given = list(names)
    return (*(n for n in dict.fromkeys(taken) if n in given), *(n for n in given if n not in taken))


def text_arguments(forward: Any) -> set[str]:
    """The arguments of a forward or a constructor that are text by default."""
    functions = [getattr(forward, "fun", forward)]
    if isinstance(forward, type):
        functions = [getattr(forward, n) for n in ("forward", "__init__") if hasattr(forward, n)]
    found: set[str] = set()
    for function in functions:
        with suppress(ClaimError):
            found |= {p.name for p in parameters_of(function) if isinstance(p.default, str)}
    return found


def arguments(
    function: Any, values: Mapping[str, Any], fixed: Mapping[str, Any], name: str
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a forward: inputs and fixed ones by their names.

    :raises ClaimError: where an argument without a default is neither.
    """
    known = {**values, **fixed}
    args: list[Any] = []
    options: dict[str, Any] = {}
    used = set()
    for parameter in parameters_of(function):
        if parameter.kind is parameter.VAR_KEYWORD:
            options.update({n: v for n, v in known.items() if n not in used})
            used |= set(known)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif parameter.name in known:
            used.add(parameter.name)
            if parameter.kind is parameter.KEYWORD_ONLY or parameter.default is not parameter.empty:
                options[parameter.name] = known[parameter.name]
            else:
                args.append(known[parameter.name])
        elif parameter.default is parameter.empty:
            raise ClaimError(f"the shape of {name}'s argument {parameter.name} is not given")
    unused = [n for n in known if n not in used]
    if unused:
        raise ClaimError(f"{name} has no argument {listed(unused)}")
    return args, options


def matched(returned: Any, wrt: Sequence[str], name: str) -> dict[str, Any]:
    """What is returned for each input, in order or by names.

    :raises ClaimError: where the numbers differ.
    """
    if isinstance(returned, Mapping):
        found = {one: returned[k] for one in wrt for k in reversed(spelt(one)) if k in returned}
        if not found:
            raise ClaimError(f"{name} returns gradients of {listed(map(str, returned))}")
        return found
    parts = list(returned) if isinstance(returned, (tuple, list)) else [returned]
    named = [part for part in parts if isinstance(part, Mapping)]
    if len(named) == 1:  # dx, grads
        inside = {o: named[0][k] for o in wrt for k in reversed(spelt(o)) if k in named[0]}
        rest = [one for one in wrt if one not in inside]
        others = [part for part in parts if not isinstance(part, Mapping)]
        return {**matched(others, rest, name), **inside} if rest else inside
    if len(parts) == 1 and len(wrt) > 1 and isinstance(parts[0], (tuple, list)):
        parts = list(parts[0])
    if len(parts) == 1:
        wrt = predictions(wrt) or wrt
    if len(parts) != len(wrt):
        many = f"{len(parts)} gradients" if len(parts) > 1 else "one gradient"
        raise ClaimError(
            f"{name} returns {many} for the inputs {listed(wrt)}; "
            "name those that they belong to with wrt"
        )
    return {n: v for n, v in zip(wrt, parts, strict=True) if v is not None}
