"""What a function takes and returns, and what a class writes into itself, by their text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

_LOSSES = {"loss", "losses", "cost", "nll", "objective", "criterion"}
NOTHING = "None"  # is returned where there is no gradient

# What a target is called: y, y_true, labels, …
OF_TARGETS = re.compile(
    r"y|t|(y_?)?(true|train|real|hot)|targets?|labels?|truth|ground_?truth|gt|expected|actual|"
    r"desired|\w*one_?hot\w*|\w+_(targets?|labels?|true)|yt|y_?(batch|hat_true)|correct",
    re.IGNORECASE,
)

# What a mask of 0 and 1 is called, and the matrix R of what is rated.
OF_MASKS = re.compile(
    r"\w*masks?|mask_\w+|m|r|observed|is_observed|valid|present|rated", re.IGNORECASE
)


def predictions(names: Sequence[str]) -> list[str]:
    """The one of several inputs that is called as no target and no mask is, in which a loss has its
    gradient; none where there are more.

    >>> predictions(["y_pred", "y_true", "mask"]), predictions(["x", "w", "y"])
    (['y_pred'], [])
    """
    others = [name for name in names if not OF_TARGETS.fullmatch(name)]
    found = [name for name in others if not OF_MASKS.fullmatch(name)]
    return found if len(found) == 1 else []


def of_backward(forward: ast.FunctionDef, backward: ast.FunctionDef | None) -> tuple[str, ...]:
    """The names of the gradients that a class returns."""
    if backward is None:
        return ()
    if backward is forward:
        return gradients_of_loss(forward)
    returns = _own_returns(backward)
    value = returns[-1].value if returns else None
    if isinstance(value, ast.Dict):
        return tuple(_texts(key for key in value.keys if key))
    if isinstance(value, ast.Name) and (keys := _keys(backward, value.id)):
        return keys
    return returned(backward)


def arguments_of(node: ast.FunctionDef) -> tuple[tuple[str, ...], frozenset[str]]:
    """The names of the arguments, and which have defaults."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    first = len(positional) - len(arguments.defaults)
    optional = {argument.arg for argument in positional[first:]}
    optional |= {
        argument.arg
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is not None
    }
    names = tuple(argument.arg for argument in (*positional, *arguments.kwonlyargs))
    return names, frozenset(optional)


def _keys(node: ast.FunctionDef, name: str) -> tuple[str, ...]:
    """The keys of the dictionary of gradients that a function fills, none where it is none."""
    found: dict[str, None] = {}
    for item in ast.walk(node):
        if not isinstance(item, ast.Assign):
            continue
        for target in item.targets:
            if isinstance(target, ast.Name) and target.id == name:
                if isinstance(item.value, ast.Dict):
                    found.update(dict.fromkeys(_texts(key for key in item.value.keys if key)))
                elif isinstance(item.value, ast.Call) and dotted(item.value.func) == "dict":
                    found.update(dict.fromkeys(k.arg for k in item.value.keywords if k.arg))
            elif isinstance(target, ast.Subscript) and dotted(target.value) == name:
                found.update(dict.fromkeys(_texts([target.slice])))
    return tuple(found)


def _texts(nodes: Iterable[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def written(node: ast.ClassDef) -> Iterator[str]:
    """``W`` for what a class assigns to ``self.W``, ``grads[W]`` for ``self.grads["W"]``."""
    for item in ast.walk(node):
        targets: list[ast.expr] = []
        if isinstance(item, ast.Assign):
            targets = list(item.targets)
        elif isinstance(item, (ast.AugAssign, ast.AnnAssign)):
            targets = [item.target]
        while targets:
            target = targets.pop()
            if isinstance(target, (ast.Tuple, ast.List)):
                targets.extend(target.elts)
            elif isinstance(target, ast.Attribute) and dotted(target.value) == "self":
                yield target.attr
                given = getattr(item, "value", None)
                if isinstance(given, ast.Dict):
                    keys = _texts(key for key in given.keys if key)
                    yield from (f"{target.attr}[{key}]" for key in keys)
            elif isinstance(target, ast.Attribute) and dotted(target.value).startswith("self."):
                yield f"{dotted(target.value).removeprefix('self.')}.{target.attr}"
            elif isinstance(target, ast.Subscript):
                owner, _, attribute = dotted(target.value).partition(".")
                if owner == "self" and attribute:
                    yield from (f"{attribute}[{key}]" for key in _texts([target.slice]))


_PARAMETERS = ("params", "parameters")


def paired(node: ast.ClassDef) -> dict[str, str]:
    """``grads[0]`` for the W of ``self.params = [W, b]`` beside a list ``self.grads`` as long: the
    entries of the one are the gradients in those of the other.
    """
    names: list[str] = []
    holder, length = "", None
    for item in ast.walk(node):
        for target, value in _single(item) if isinstance(item, ast.Assign) else ():
            if not isinstance(target, ast.Attribute) or dotted(target.value) != "self":
                continue
            if target.attr in _PARAMETERS and isinstance(value, ast.List) and not names:
                names = [dotted(one).removeprefix("self.") for one in value.elts]
            elif gradient_of(target.attr) == "" and isinstance(value, (ast.List, ast.ListComp)):
                holder = holder or target.attr
                length = len(value.elts) if isinstance(value, ast.List) else None
    if not holder or length not in (None, len(names)):
        return {}
    return {name: f"{holder}[{place}]" for place, name in enumerate(names) if name}


def _single(item: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The targets of an assignment, each with its own value."""
    for target in item.targets:
        parts = (target, item.value)
        if all(isinstance(one, (ast.Tuple, ast.List)) for one in parts):
            ours, given = target.elts, item.value.elts  # type: ignore[attr-defined]
            if len(ours) == len(given):
                yield from zip(ours, given, strict=True)
                continue
        yield parts


def read(node: ast.ClassDef) -> set[str]:
    """``W`` for what a class reads as ``self.W``."""
    return {
        item.attr
        for item in ast.walk(node)
        if isinstance(item, ast.Attribute) and dotted(item.value) == "self"
    }


def _own_returns(node: ast.FunctionDef) -> list[ast.Return]:
    """The returns of a function as they stand, not those of functions inside of it."""
    found: list[ast.Return] = []
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, ast.Return):
            found.append(item)
        if not isinstance(item, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(item))
    return sorted(found, key=lambda node: node.lineno)


def returned(node: ast.FunctionDef | None) -> tuple[str, ...]:
    """The names in the last return, ``""`` for what is no name."""
    returns = [] if node is None else _own_returns(node)
    if not returns or returns[-1].value is None:
        return ()
    value = returns[-1].value
    parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
    return tuple(_shown(part) for part in parts)


def _shown(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and node.value is None:
        return NOTHING
    return node.id if isinstance(node, ast.Name) else ""


def gradients_of_loss(node: ast.FunctionDef) -> tuple[str, ...]:
    """The names of what is returned after a loss: one by one, in a tuple, or in a dictionary."""
    parts = _values(node)[1:]
    if len(parts) == 1:
        (only,) = parts
        if isinstance(only, ast.Dict):
            return tuple(_texts(key for key in only.keys if key))
        if isinstance(only, (ast.Tuple, ast.List)):
            parts = only.elts
        elif isinstance(only, ast.Name) and (keys := _keys(node, only.id)):
            return keys
    return tuple(_scaled(part) for part in parts)


def _values(node: ast.FunctionDef) -> list[ast.expr]:
    """What a function returns, a loss before the dictionary of its gradients."""
    returns = _own_returns(node)
    value = returns[-1].value if returns else None
    if not isinstance(value, (ast.Tuple, ast.List)):
        return [] if value is None else [value]
    if len(value.elts) == 2 and _is_dictionary(node, value.elts[0]):
        return value.elts[::-1]
    return value.elts


def _is_dictionary(node: ast.FunctionDef, value: ast.expr) -> bool:
    return isinstance(value, ast.Dict) or (
        isinstance(value, ast.Name) and _keys(node, value.id) != ()
    )


def _scaled(node: ast.expr) -> str:
    """The name in ``dx``, ``-dx``, ``dx / n``; ``""`` for any other expression."""
    if isinstance(node, ast.UnaryOp):
        return _scaled(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _scaled(node.left)
    return _shown(node)


def gives_gradients(node: ast.FunctionDef, asked: bool, declared: Iterable[str] = ()) -> bool:
    """Whether a function returns a value and then what is called a gradient of an argument.

    :param asked: whether it is declared in which inputs gradients are.
    :param declared: other inputs than its arguments.
    """
    values = _values(node)
    if len(values) < 2:
        return False
    arguments = (*arguments_of(node)[0], *declared)
    found = gradients_of_loss(node)
    if isinstance(values[-1], ast.Dict) and found:
        return asked or all(n in arguments or gradient_of(n) in arguments for n in found)
    if _is_loss(node) and all(name in ("", "g") for name in found):
        return True
    named = {"", *arguments}
    return asked or any(gradient_of(n) in named for n in (*map(_shown, values[1:]), *found))


def _is_loss(node: ast.FunctionDef) -> bool:
    """Whether a function, or the first value that it returns, is called a loss."""
    first = _shown(_values(node)[0])
    words = re.findall(r"[a-z]+", f"{node.name} {first}".lower())
    return any(word in _LOSSES for word in words)


def gradient_of(name: str) -> str | None:
    """The input whose gradient a name says to be, ``""`` for gradients of several; None for no
    gradient's name.

    >>> gradient_of("dW"), gradient_of("grad_x"), gradient_of("grads"), gradient_of("out")
    ('W', 'x', '', None)
    """
    if name.lower() in ("grad", "grads", "gradient", "gradients"):
        return ""
    for start in ("grad_", "gradient_", "d_", "grads_"):
        if name.startswith(start) and len(name) > len(start):
            return name[len(start) :]
    for end in ("_grad", "_gradient", "_grads"):
        if name.endswith(end) and len(name) > len(end):
            return name[: -len(end)]
    if len(name) > 1 and name[0] == "d":
        return name[1:]
    return None


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
