"""The forward and backward passes of a source file: which functions and classes belong together.

A pair is found by what its parts are called or by the library that joins them:

    affine_forward, affine_backward     also conv_forward_naive, fwd/bwd, forward/backward alone
    affine, affine_backward             also affine_grad, grad_affine, affine_prime, …
    class Affine                        with forward (or __call__) and backward
    class Affine(torch.autograd.Function)
    affine.defvjp(affine_fwd, affine_bwd)
    softmax_loss                        returns (loss, gradients)

Only the text is read; nothing of the file is run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from derive.frontends.code.bases import lineage
from derive.frontends.code.bases import methods as methods_within
from derive.frontends.code.declared import (
    Declaration,
    Definition,
    Labels,
    declarations,
    joined_name,
)
from derive.frontends.code.method_names import FORWARDS, methods_of

FUNCTIONS, LOSS, LAYER, AUTOGRAD, VJP, FORWARD = (
    "functions",
    "loss",
    "layer",
    "autograd",
    "vjp",
    "forward",
)

_LOSSES = {"loss", "losses", "cost", "nll", "objective", "criterion"}

NOTHING = "None"  # is returned where there is no gradient

_SWAPS = (("forward", "backward"), ("fwd", "bwd"), ("fprop", "bprop"), ("Forward", "Backward"))
_BACKWARD_ENDS = ("_backward", "_back", "_bwd", "_grad", "_gradient", "_vjp", "_bprop")
_BACKWARD_STARTS = ("backward_", "grad_", "gradient_")
_DERIVATIVE_ENDS = ("_prime", "_derivative", "_deriv")
_DERIVATIVE_STARTS = ("d_", "deriv_")


class SourceError(Exception):
    """A source that cannot be read; the message is one sentence with the file and the line."""


@dataclass(frozen=True)
class Pair:
    """A forward and its backward, or a function of which no backward was found.

    :param name: the function's or class's, in the middle of the ids ``file.name.input``.
    :param kind: how the two belong together.
    :param forward: the function or class that is called.
    :param backward: the backward function; ``""`` where the forward carries it.
    :param arguments: what the forward takes, without self and ctx.
    :param defaults: the arguments that may be left out.
    :param backward_arguments: what the backward function takes.
    :param built_with: what a class's constructor takes.
    :param attributes: what a class writes into itself, ``self.name`` or ``self.grads["name"]``.
    :param declared: the shapes and the rest; None where nothing is declared.
    :param methods: of a class, the names of its forward and of its backward.
    :param flag: the argument with which a function returns its derivative.
    :param returned: the names that the backward (or the loss) returns, ``""`` for an expression,
        ``NOTHING`` for None.
    """

    path: Path
    line: int
    name: str
    kind: str
    forward: str
    backward: str = ""
    arguments: tuple[str, ...] = ()
    defaults: frozenset[str] = frozenset()
    backward_arguments: tuple[str, ...] = ()
    built_with: tuple[str, ...] = ()
    declared: Declaration | None = None
    returned: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    methods: tuple[str, str] | None = None
    flag: str = ""

    @property
    def has_backward(self) -> bool:
        """Whether there is anything to verify."""
        return self.kind != FORWARD


@dataclass
class Source:
    """What a file holds.

    :param declares: whether the shapes of anything are declared.
    :param states_claims: whether it imports what claims are made of.
    :param used: the names that are used in it.
    :param problems: a sentence for each declaration that is not understood.
    """

    path: Path
    pairs: list[Pair] = field(default_factory=list)
    declares: bool = False
    states_claims: bool = False
    used: frozenset[str] = frozenset()
    problems: list[str] = field(default_factory=list)

    def undeclared(self) -> list[Pair]:
        """The pairs without shapes that nothing else in the file uses."""
        return [
            pair
            for pair in self.pairs
            if pair.has_backward and pair.declared is None and pair.name not in self.used
        ]

    def declared(self) -> list[Pair]:
        """The pairs that can be verified: shapes are declared, and there is a backward."""
        return [pair for pair in self.pairs if pair.has_backward and pair.declared is not None]


def find(path: Path, text: str) -> Source:
    """The pairs of a source.

    :raises SourceError: where the text is no Python.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as problem:
        raise SourceError(f"{path}, line {problem.lineno}: SyntaxError: {problem.msg}") from None
    except ValueError as problem:
        raise SourceError(f"{path} is not a Python file: {problem}") from None
    declared, problems = declarations(text, tree)
    return Source(
        path,
        list(_Finder(path, tree, declared).pairs()),
        bool(declared or problems),
        _states_claims(tree),
        frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)),
        [f"{path}, line {problem.line}: {problem}" for problem in problems],
    )


def called(path: Path, name: str) -> Pair | None:
    """The pair of a name in a file, with the function that is called as its backward; None where
    there is none.
    """
    try:
        found = find(path, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SourceError):
        return None  # whoever runs the file says what is wrong with it
    return next((pair for pair in found.pairs if pair.name == name), None)


def _states_claims(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            if any(alias.name == "derive" for alias in node.names):
                return True
        elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            package = node.module.split(".")
            names = {alias.name for alias in node.names}
            if package[0] == "derive" and package[1:2] != ["code"] and names != {"code"}:
                return True
    return False


class _Finder:
    def __init__(self, path: Path, tree: ast.Module, declared: dict[str, Declaration]) -> None:
        self.path = path
        self.declared = declared
        self.tree = tree
        self.functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
        self.classes = {n.name: n for n in tree.body if isinstance(n, ast.ClassDef)}
        self.rules = dict(_derivative_rules(tree))
        self.functions_of_torch = set(_autograd_names(tree))

    def pairs(self) -> Iterator[Pair]:
        backwards = {name: self._backward_of(name) for name in self.functions}
        taken = {name for name in backwards.values() if name}
        taken |= {name for rule in self.rules.values() for name in rule}
        nodes: dict[str, Definition] = {**self.functions, **self.classes}
        for name, node in sorted(nodes.items(), key=lambda item: item[1].lineno):
            if isinstance(node, ast.ClassDef):
                pair = self._of_class(node)
            elif name in taken:
                pair = None
            else:
                pair = self._of_function(node, backwards[name])
            if pair is not None:
                yield pair

    def _backward_of(self, name: str) -> str:
        declared = self.declared.get(name)
        if declared is not None and declared.backward:
            if declared.backward not in self.functions:
                raise SourceError(
                    f"{self.path}, line {declared.line}: the file has no function called "
                    f"{declared.backward!r}"
                )
            return declared.backward
        for forward, backward in _SWAPS:
            if forward in name and name.replace(forward, backward) in self.functions:
                return name.replace(forward, backward)
        stems = [name.removesuffix("_forward"), name.removesuffix("_fwd")]
        candidates = [
            *(stem + end for stem in stems for end in (*_BACKWARD_ENDS, *_DERIVATIVE_ENDS)),
            *(start + stem for stem in stems for start in (*_BACKWARD_STARTS, *_DERIVATIVE_STARTS)),
        ]
        return next((c for c in candidates if c in self.functions and c != name), "")

    def _declared(self, *names: str) -> Declaration | None:
        """What is declared of the first, and of the others where it says nothing."""
        found: Declaration | None = None
        for name in reversed(names):
            declared = self.declared.get(name)
            if declared is not None:
                found = found or Declaration(declared.line)
                found.add(declared)
                found.line = declared.line
        return found

    def _of_function(self, node: ast.FunctionDef, backward: str) -> Pair:
        name = node.name
        rule = self.rules.get(name)
        flag = ""
        names = [name, *(rule or ()), *([backward] if backward else ())]
        declared = self._declared(*names)
        arguments, defaults = _arguments(node)
        if rule is not None:
            kind, last = VJP, self.functions.get(rule[-1])
        elif backward:
            kind, last = FUNCTIONS, self.functions[backward]
        else:
            asked = self._asks(declared)
            kind, last = (LOSS if _gives_gradients(node, asked) else FORWARD), node
            if kind == FORWARD and (flag := _flag(node)):
                kind = LOSS
        returned = _gradients_of_loss(node) if kind == LOSS and not flag else _returned(last)
        return Pair(
            path=self.path,
            line=node.lineno,
            name=name,
            kind=kind,
            forward=name,
            backward=backward if kind == FUNCTIONS else "",
            arguments=arguments,
            defaults=defaults,
            backward_arguments=_arguments(last)[0] if kind == FUNCTIONS and last else (),
            declared=declared,
            returned=("",) if flag else returned,
            flag=flag,
        )

    def _of_class(self, node: ast.ClassDef) -> Pair | None:
        classes = lineage(self.path, self.tree, node)
        methods = methods_within(classes)
        declared = self._declared(node.name)
        torch = any(_dotted(base) in self.functions_of_torch for base in node.bases)
        pair = self._methods(methods, declared)
        forward = methods.get(pair[0]) if pair else None
        if forward is None:
            forward = methods.get("forward") or methods.get("__call__")
        if forward is None:
            return None
        backward = methods[pair[1]] if pair else None
        if backward is None and _gives_gradients(forward, self._asks(declared)):
            pair, backward = (forward.name, ""), forward  # as a function does
        kind = FORWARD if backward is None else AUTOGRAD if torch else LAYER
        if kind == LAYER and backward is not None and _has_context(forward, backward, declared):
            kind = AUTOGRAD  # a Function of one's own
        separate = kind == AUTOGRAD and "setup_context" in methods  # its forward takes no ctx
        arguments, defaults = _arguments(forward)
        built_with: tuple[str, ...] = ()
        if kind != AUTOGRAD and "__init__" in methods:
            built_with, of_constructor = _arguments(methods["__init__"])
            defaults |= of_constructor
        static = kind == LAYER and _is_static(forward)
        return Pair(
            path=self.path,
            line=node.lineno,
            name=node.name,
            kind=kind,
            forward=node.name,
            arguments=arguments[0 if separate or static else 1 :],
            defaults=defaults,
            built_with=_without_switches(built_with[1:], methods.get("__init__"), declared),
            declared=declared,
            returned=_of_backward(forward, backward),
            attributes=tuple(dict.fromkeys(name for c in classes for name in _written(c))),
            methods=pair if kind == LAYER else None,
        )

    def _asks(self, declared: Declaration | None) -> bool:
        return declared is not None and declared.wrt is not None

    def _methods(
        self, methods: dict[str, ast.FunctionDef], declared: Declaration | None
    ) -> tuple[str, str] | None:
        """The forward and the backward of a class, as they are declared or by their names."""
        for name in (declared.forward, declared.backward) if declared is not None else ():
            if name and name not in methods:
                assert declared is not None
                raise SourceError(
                    f"{self.path}, line {declared.line}: the class has no method called {name!r}"
                )
        if declared is not None and declared.backward:
            kept = {n: m for n, m in methods.items() if n == declared.backward}
            return declared.forward or _first(methods, FORWARDS), next(iter(kept))
        found = methods_of(
            {n: _arguments(m)[0][0 if _is_static(m) else 1 :] for n, m in methods.items()}
        )
        if found is not None and declared is not None and declared.forward:
            return declared.forward, found[1]
        return found


def _without_switches(
    names: tuple[str, ...], constructor: ast.FunctionDef | None, declared: Declaration | None
) -> tuple[str, ...]:
    """The arguments of a constructor without those that only say whether there is what is called
    so: of ``bias=True`` the array is an attribute.
    """
    if constructor is None or declared is None:
        return names
    positional = [*constructor.args.posonlyargs, *constructor.args.args]
    given = positional[len(positional) - len(constructor.args.defaults) :]
    switches = {
        argument.arg
        for argument, default in zip(given, constructor.args.defaults, strict=True)
        if isinstance(default, ast.Constant) and isinstance(default.value, bool)
    }
    return tuple(n for n in names if n not in switches or n not in declared.shapes)


def _of_backward(forward: ast.FunctionDef, backward: ast.FunctionDef | None) -> tuple[str, ...]:
    """The names of the gradients that a class returns."""
    if backward is None:
        return ()
    return _gradients_of_loss(forward) if backward is forward else _returned(backward)


def _first(methods: Iterable[str], names: Iterable[str]) -> str:
    return next((name for name in names if name in methods), "forward")


def _has_context(
    forward: ast.FunctionDef, backward: ast.FunctionDef, declared: Declaration | None
) -> bool:
    """Whether two static methods take a context first, as those of torch's Functions do."""
    if not (_is_static(forward) and _is_static(backward)):
        return False
    first = [_arguments(node)[0][:1] for node in (forward, backward)]
    return first[0] == first[1] and (declared is None or first[0][0] not in declared.shapes)


def _is_static(node: ast.FunctionDef) -> bool:
    return any(_dotted(one) == "staticmethod" for one in node.decorator_list)


_FLAGS = re.compile(r"((is|return|compute)_)?(deriv|derivat(iv)?e|derive|prime|grad|gradient)")


def _flag(node: ast.FunctionDef) -> str:
    """The argument with which a function returns its derivative, as ``f(x, derivative=True)``."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    given = positional[len(positional) - len(arguments.defaults) :]
    pairs = [
        *zip(given, arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    for argument, default in pairs:
        no = isinstance(default, ast.Constant) and default.value is False
        if no and _FLAGS.fullmatch(argument.arg):
            return argument.arg
    return ""


def _arguments(node: ast.FunctionDef) -> tuple[tuple[str, ...], frozenset[str]]:
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
                elif isinstance(item.value, ast.Call) and _dotted(item.value.func) == "dict":
                    found.update(dict.fromkeys(k.arg for k in item.value.keywords if k.arg))
            elif isinstance(target, ast.Subscript) and _dotted(target.value) == name:
                found.update(dict.fromkeys(_texts([target.slice])))
    return tuple(found)


def _texts(nodes: Iterable[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _written(node: ast.ClassDef) -> Iterator[str]:
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
            elif isinstance(target, ast.Attribute) and _dotted(target.value) == "self":
                yield target.attr
                given = getattr(item, "value", None)
                if isinstance(given, ast.Dict):
                    keys = _texts(key for key in given.keys if key)
                    yield from (f"{target.attr}[{key}]" for key in keys)
            elif isinstance(target, ast.Attribute) and _dotted(target.value).startswith("self."):
                yield f"{_dotted(target.value).removeprefix('self.')}.{target.attr}"
            elif isinstance(target, ast.Subscript):
                owner, _, attribute = _dotted(target.value).partition(".")
                if owner == "self" and attribute:
                    yield from (f"{attribute}[{key}]" for key in _texts([target.slice]))


def _own_returns(node: ast.FunctionDef) -> list[ast.Return]:
    """The returns of a function, not those of functions inside of it."""
    found: list[ast.Return] = []
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, ast.Return):
            found.append(item)
        if not isinstance(item, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(item))
    return found


def _returned(node: ast.FunctionDef | None) -> tuple[str, ...]:
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


def _gradients_of_loss(node: ast.FunctionDef) -> tuple[str, ...]:
    """The names of what is returned after a loss: one by one, in a tuple, or in a dictionary."""
    returns = _own_returns(node)
    value = returns[-1].value if returns else None
    parts = value.elts[1:] if isinstance(value, (ast.Tuple, ast.List)) else []
    if len(parts) == 1:
        (only,) = parts
        if isinstance(only, ast.Dict):
            return tuple(_texts(key for key in only.keys if key))
        if isinstance(only, (ast.Tuple, ast.List)):
            parts = only.elts
        elif isinstance(only, ast.Name) and (keys := _keys(node, only.id)):
            return keys
    return tuple(_scaled(part) for part in parts)


def _scaled(node: ast.expr) -> str:
    """The name in ``dx``, ``-dx``, ``dx / n``; ``""`` for any other expression."""
    if isinstance(node, ast.UnaryOp):
        return _scaled(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _scaled(node.left)
    return _shown(node)


def _gives_gradients(node: ast.FunctionDef, asked: bool) -> bool:
    """Whether a function returns a value and then what is called a gradient of an argument.

    :param asked: whether it is declared in which inputs gradients are.
    """
    if len(_returned(node)) < 2:
        return False
    arguments, _ = _arguments(node)
    found = _gradients_of_loss(node)
    last = _own_returns(node)[-1].value
    if isinstance(last, ast.Tuple) and isinstance(last.elts[-1], ast.Dict) and found:
        return asked or all(n in arguments or gradient_of(n) in arguments for n in found)
    if _is_loss(node) and all(name in ("", "g") for name in found):
        return True
    named = {"", *arguments}
    return asked or any(gradient_of(n) in named for n in (*_returned(node)[1:], *found))


def _is_loss(node: ast.FunctionDef) -> bool:
    """Whether a function, or the first value that it returns, is called a loss."""
    first = _returned(node)[0]
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


def _derivative_rules(tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """``f.defvjp(fwd, bwd)`` at the module's level."""
    for node in tree.body:
        name = joined_name(node)
        if not name:
            continue
        call = node.value  # type: ignore[attr-defined]
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        names = [value.id for value in values if isinstance(value, ast.Name)]
        if len(names) >= 2:
            yield name, (names[0], names[1])


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _autograd_names(tree: ast.Module) -> Iterator[str]:
    """What ``torch.autograd.Function`` is called in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "torch" or alias.name.startswith("torch."):
                    shown = alias.asname or "torch"
                    inner = alias.name.removeprefix("torch").lstrip(".") if alias.asname else ""
                    missing = [p for p in ("autograd", "Function") if p not in inner.split(".")]
                    yield ".".join([shown, *missing])
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                shown = alias.asname or alias.name
                if node.module == "torch" and alias.name == "autograd":
                    yield f"{shown}.Function"
                elif alias.name == "Function" and (node.module or "").startswith("torch.autograd"):
                    yield shown
                elif node.module == "torch.autograd" and alias.name == "function":
                    yield f"{shown}.Function"
                    yield f"{shown}.InplaceFunction"


__all__ = [
    "AUTOGRAD",
    "FORWARD",
    "FUNCTIONS",
    "LAYER",
    "LOSS",
    "VJP",
    "Labels",
    "Pair",
    "Source",
    "SourceError",
    "find",
    "gradient_of",
]
