"""What the copy of a user's source calls: assignments, changes in place, built-in functions."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from typing import Any

import sympy as sp

from derive.frontends.code import arrays as arr
from derive.frontends.code import axes as ax
from derive.frontends.code import branches, containers, loops, math_names
from derive.frontends.code import operations as ops
from derive.frontends.code.arithmetic import named, power, where
from derive.frontends.code.arrays import BOOL, FLOAT, INT, Array, as_array
from derive.frontends.code.indexing import Masked, Places
from derive.frontends.code.libraries import Broken, Library, Unknown
from derive.frontends.code.loops import Unbound
from derive.frontends.code.nested_loops import size_along as size_along
from derive.frontends.code.sizes import Size, expression, plain
from derive.frontends.code.trace import Refused, current, place, tracing
from derive.frontends.code.writing import write

loop, branch, listed = loops.loop, branches.branch, loops.listed

_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": lambda a, b: divided(a, b),
    "**": lambda a, b: powered(a, b), "@": operator.matmul, "//": operator.floordiv,
    "%": operator.mod, "&": operator.and_, "|": operator.or_, "^": operator.xor,
    "<<": operator.lshift, ">>": operator.rshift,
}  # fmt: skip


def divided(a: Any, b: Any) -> Any:
    """a / b; of whole numbers exactly."""
    if type(a) is int and type(b) is int and b and a % b:
        return Array((), {(): sp.Rational(a, b)}, FLOAT)
    return a / b


def powered(a: Any, b: Any) -> Any:
    """a ** b; roots of numbers exactly."""
    if type(a) in (int, float) and type(b) in (int, float) and not float(b).is_integer() and a > 0:
        return power(a, b)
    return a**b


def assign(name: str, value: Any) -> Any:
    """A value that a name is given: an array gets a definition under that name."""
    if isinstance(value, Array) and tracing():
        if name.startswith("_"):
            name = name.strip("_") or "v"
        current().assign(name, tuple(ax.size_of(axis) for axis in value.axes))
        defined = named(value, name)
        value._bodies = defined._bodies
        value.label = value.label or name
    return value


def changed(name: str, target: Any, sign: str, value: Any) -> Any:
    """``target += value``."""
    result = _OPERATIONS[sign](target, value)
    if isinstance(target, Array) and isinstance(result, Array):
        if target.ndim:
            result = target.changed(result)
        # What a loop or a branch adds up is seen by its form, which a name would hide.
        return result if arr.watchers else assign(name, result)
    return result


def changed_item(container: Any, key: Any, sign: str, value: Any) -> None:
    """``container[key] += value``."""
    if isinstance(container, Array):
        if sign in "+-" and not isinstance(value, Masked) and not _is_mask(key):
            write(container, key, value if sign == "+" else -as_array(value), add=True)
            return
        container[key] = _OPERATIONS[sign](container[key], value)
        return
    name = key if isinstance(key, str) and key.isidentifier() else "value"
    container[key] = changed(name, container[key], sign, value)


def _is_mask(key: Any) -> bool:
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(p, Places) or (isinstance(p, Array) and p.kind == BOOL) for p in parts)


def _deepest(container: Any, keys: tuple[Any, ...]) -> tuple[Any, Any]:
    """What ``container[i][j]`` is an entry of, and its key: of an array the places in one."""
    for number, key in enumerate(keys[:-1]):
        last = keys[-1] if isinstance(keys[-1], tuple) else (keys[-1],)
        if isinstance(container, Array) and all(map(_is_place, keys[number:-1])):
            return container, (*keys[number:-1], *last)
        container = container[key]
    return container, keys[-1]


def _is_place(key: Any) -> bool:
    """Whether an index takes one place of an axis."""
    if isinstance(key, Array):
        return key.kind == INT and not key.ndim
    return isinstance(key, (int, Size)) and not isinstance(key, bool)


def stored_deep(container: Any, keys: tuple[Any, ...], value: Any) -> None:
    """``container[i][j] = value``."""
    holder, key = _deepest(container, keys)
    holder[key] = value


def changed_deep(container: Any, keys: tuple[Any, ...], sign: str, value: Any) -> None:
    """``container[i][j] += value``."""
    holder, key = _deepest(container, keys)
    changed_item(holder, key, sign, value)


def both(*values: Callable[[], Any]) -> Any:
    """``a and b``."""
    found: Any = True
    for value in values:
        here = value()
        if isinstance(here, Array) and here.kind == BOOL and not here.ndim:
            found = here if found is True or not isinstance(found, Array) else found & here
            continue
        if isinstance(found, Array):
            if not here:
                return here
            continue
        found = here
        if not found:
            return found
    return found


def either(*values: Callable[[], Any]) -> Any:
    """``a or b``."""
    found: Any = False
    for value in values:
        here = value()
        if isinstance(here, Array) and here.kind == BOOL and not here.ndim:
            found = found | here if isinstance(found, Array) else here
            continue
        if isinstance(found, Array):
            if here:
                return here
            continue
        found = here
        if found:
            return found
    return found


def negated(value: Any) -> Any:
    if isinstance(value, Array) and value.kind == BOOL and not value.ndim:
        return ~value
    return not value


def chosen(test: Any, value: Callable[[], Any], other: Callable[[], Any]) -> Any:
    """``value if test else other``."""
    if isinstance(test, Array) and not test.ndim and not _is_known(test):
        condition = test.scalar()
        with current().inside_of(condition):
            first = value()
        with current().inside_of(sp.Not(condition)):
            second = other()
        return _one_of(test, first, second)
    return value() if test else other()


def _one_of(test: Array, first: Any, second: Any) -> Any:
    """One of two values, or of tuples part by part."""
    if type(first) is tuple and type(second) is tuple and len(first) == len(second):
        return tuple(_one_of(test, a, b) for a, b in zip(first, second, strict=True))
    return where(test, first, second)


def _is_known(test: Array) -> bool:
    body = test.scalar()
    return body in (sp.true, sp.false) or body.is_number


def asserted(test: Callable[[], Any]) -> None:
    """An assertion on sizes is assumed; one on values is ignored, and noted."""
    trace = current()
    before, trace.asserting = trace.asserting, True
    try:
        truth = test()
        if isinstance(truth, Array):
            trace.note("an assertion on values is not looked at")
            return
    finally:
        trace.asserting = before
    if not truth:
        raise Refused("an assertion of the code does not hold")


def while_(test: Any) -> Any:
    if isinstance(test, Array) and not _is_known(test):
        raise Refused("a while loop on values")
    return test


def leaving(what: str) -> None:
    """Insist that nothing is left from inside of a symbolic loop or branch."""
    if loops.symbolic_open():
        raise Refused(f"{what} inside of a loop over a symbolic range, or of a branch on values")


def returned(value: Any) -> Any:
    if loops.symbolic_open(since_call=True):
        raise Refused("return inside of a loop over a symbolic range, or of a branch on values")
    return value


def entry(holder: Any, key: Any) -> Any:
    """An entry of a list or a dictionary, as a state of a loop.

    :raises NameError: where there is none.
    """
    run = containers.innermost()
    if run is not None:
        run.entries.add((id(holder), key))
    if isinstance(holder, dict) and key in holder:
        return dict.__getitem__(holder, key)
    if isinstance(holder, list) and isinstance(key, int) and -len(holder) <= key < len(holder):
        return list.__getitem__(holder, key)
    raise NameError(f"no entry {key}")


def put_entry(holder: Any, key: Any, value: Any) -> None:
    """Put a state back where its entry is."""
    if isinstance(value, Unbound):
        return
    if isinstance(holder, dict):
        dict.__setitem__(holder, key, value)
    else:
        list.__setitem__(holder, key, value)


# ---- built-in functions


def builtin(name: str, function: Any) -> Any:
    """A built-in function that knows sizes and arrays; what a user calls so stays as it is."""
    if function is not getattr(builtins, name):
        return function
    return _BUILTINS.get(name, function)


def _range(*ends: Any) -> Any:
    ends = tuple(e if isinstance(e, (int, Size)) else _whole(e) for e in ends)
    if all(isinstance(e, int) for e in ends):
        return range(*ends)
    return containers.symbolic_range(*ends)


def _whole(value: Any) -> Any:
    return plain(expression(value))


def _len(value: Any) -> Any:
    if isinstance(value, Array):
        if not value.ndim:
            raise TypeError("len() of an array without axes")
        return value.shape[0]
    if hasattr(value, "length"):
        return value.length()
    return len(value)


def _int(value: Any = 0, *base: Any) -> Any:
    if isinstance(value, (Size, bool)):
        return value
    if isinstance(value, Array):
        if value.kind != FLOAT:
            return value
        return math_names.NAMES["floor"](value)
    return int(value, *base)


def _float(value: Any = 0.0) -> Any:
    if isinstance(value, Array):
        return Array((), {(): arr.as_real(value.scalar())}, FLOAT)
    if isinstance(value, Size):
        return Array((), {(): value.expr}, FLOAT)
    return float(value)


def _bool(value: Any = False) -> Any:
    return ops.as_condition(value) if isinstance(value, Array) else bool(value)


def _sum(values: Any, start: Any = 0) -> Any:
    if isinstance(values, Array):
        return ops.total(values, 0) + start
    items = containers.items_of(values)
    if items is not None:
        return ops.total(items.as_array(), 0) + start
    for value in values:
        start = start + value
    return start


def _extreme(name: str) -> Callable[..., Any]:
    own = getattr(builtins, name)
    largest = name == "max"

    def applied(*values: Any, **options: Any) -> Any:
        parts = list(values[0]) if len(values) == 1 and not isinstance(values[0], Array) else values
        if len(values) == 1 and isinstance(values[0], Array):
            return (ops.largest if largest else ops.smallest)(values[0], 0)
        if options or not any(isinstance(p, Array) for p in parts):
            return own(parts, **options)
        found = parts[0]
        for part in parts[1:]:
            found = (ops.maximum if largest else ops.minimum)(found, part)
        return found

    return applied


def _isinstance(value: Any, kinds: Any) -> bool:
    _known(value)
    options = kinds if isinstance(kinds, tuple) else (kinds,)
    options = tuple(k for k in options if isinstance(k, type))
    if isinstance(value, Size) and int in options:
        return True
    if isinstance(value, Array) and not value.ndim and float in options:
        return True
    return isinstance(value, options)


def _known(value: Any) -> Any:
    """A value that a branch may rest on.

    :raises Refused: for what stands in for something that is not there: it may be anything.
    """
    return value._used() if isinstance(value, Unknown) else value


def _type(value: Any, *parts: Any, **options: Any) -> Any:
    return type(_known(value), *parts, **options)


def _callable(value: Any) -> bool:
    return callable(_known(value))


def _hasattr(value: Any, name: str) -> bool:
    if not hasattr(_known(value), name):
        return False
    if isinstance(value, Library):
        _known(getattr(value, name))
    return True


def _getattr(value: Any, name: str, *default: Any) -> Any:
    return getattr(_known(value) if default else value, name, *default)


def _str(*values: Any, **options: Any) -> str:
    return str(*map(_known, values), **options)


def is_same(a: Any, b: Any) -> bool:
    """``a is b``."""
    return _known(a) is _known(b)


def _issubclass(kind: Any, kinds: Any) -> bool:
    if isinstance(kind, type):
        return issubclass(kind, kinds)
    options = kinds if isinstance(kinds, tuple) else (kinds,)
    return any(kind == option for option in options)  # types of entries


def _enumerate(values: Any, start: int = 0) -> Any:
    return containers.enumerated(values, start)


def _map(function: Any, *values: Any) -> Any:
    if len(values) == 1 and containers.items_of(values[0]) is not None:
        return listed(function, values[0])
    return map(function, *values)


def _zip(*values: Any, **options: Any) -> Any:
    return containers.zipped(values)


def _reversed(values: Any) -> Any:
    return containers.turned(values)


def _print(*values: Any, **options: Any) -> None:
    return None


def _round(value: Any, *digits: Any) -> Any:
    if isinstance(value, Array):
        raise Refused("numbers are rounded")
    return round(value, *digits)


def _list(values: Any = ()) -> Any:
    if isinstance(values, containers.SymbolicList):
        return values.as_list()
    own = containers.items_of(values)
    if own is not None:
        found = containers.SymbolicList()
        found.rounds = own
        return found
    return containers.SymbolicList(values)


_BUILTINS: dict[str, Any] = {
    "range": _range, "len": _len, "int": _int, "float": _float, "bool": _bool, "sum": _sum,
    "max": _extreme("max"), "min": _extreme("min"), "isinstance": _isinstance,
    "issubclass": _issubclass, "type": _type, "callable": _callable, "hasattr": _hasattr,
    "getattr": _getattr, "str": _str,
    "enumerate": _enumerate, "zip": _zip, "reversed": _reversed, "print": _print,
    "round": _round, "list": _list, "map": _map,
}  # fmt: skip


def new_list(values: list[Any]) -> Any:
    """A list of the user's."""
    return containers.SymbolicList(values)


def new_dict(values: dict[Any, Any]) -> Any:
    """A dictionary of the user's."""
    return containers.SymbolicDict(values)


def stored(name: str, container: Any, value: Any) -> Any:
    """A value that is put under a key: in a list or a dictionary it gets the container's name."""
    if isinstance(container, (containers.SymbolicDict, containers.SymbolicList)):
        return assign(name, value)
    return value


def emptied(values: Any) -> None:
    """What a list is when a while loop has taken all of its items."""
    if isinstance(values, containers.SymbolicList):
        values.rounds = values.previous = None
    values.clear()


def on_list(values: Any, name: str) -> Any:
    """A method that changes a list."""
    return containers.list_method(values, name)


def failed(name: str, problem: BaseException) -> Any:
    """What a name stands for whose statement failed when the file was loaded."""
    at = place(problem, current().files) if tracing() else None
    return Broken(name, problem, at[1] if at is not None else None)
