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
from collections.abc import Iterable, Iterator, Mapping
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
from derive.frontends.code.method_names import FORWARDS, VALUES, methods_of
from derive.frontends.code.signatures import (
    arguments_of,
    dotted,
    gives_gradients,
    gradients_of_loss,
    of_backward,
    paired,
    read,
    returned,
    written,
)

FUNCTIONS, LOSS, LAYER, AUTOGRAD, VJP, FORWARD = (
    "functions",
    "loss",
    "layer",
    "autograd",
    "vjp",
    "forward",
)

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
    :param built_with: what a class's constructor takes.
    :param attributes: what a class writes into itself, ``self.name`` or ``self.grads["name"]``.
    :param paired: the entries of a class's list of gradients, by what its list of parameters has.
    :param reads: what a class reads of itself, and does not call one of its methods.
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
    built_with: tuple[str, ...] = ()
    declared: Declaration | None = None
    returned: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    paired: Mapping[str, str] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
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
        arguments, defaults = arguments_of(node)
        if rule is not None:
            kind, last = VJP, self.functions.get(rule[-1])
        elif backward:
            kind, last = FUNCTIONS, self.functions[backward]
        else:
            asked = self._asks(declared)
            inside = declared.holders if declared is not None else ()
            kind, last = (LOSS if gives_gradients(node, asked, inside) else FORWARD), node
            if kind == FORWARD and (flag := _flag(node)):
                kind = LOSS
        given = gradients_of_loss(node) if kind == LOSS and not flag else returned(last)
        return Pair(
            path=self.path,
            line=node.lineno,
            name=name,
            kind=kind,
            forward=name,
            backward=backward if kind == FUNCTIONS else "",
            arguments=arguments,
            defaults=defaults,
            declared=declared and declared.among(arguments),
            returned=("",) if flag else given,
            flag=flag,
        )

    def _of_class(self, node: ast.ClassDef) -> Pair | None:
        classes = lineage(self.path, self.tree, node)
        methods = methods_within(classes)
        declared = self._declared(node.name)
        torch = any(dotted(base) in self.functions_of_torch for base in node.bases)
        pair = self._methods(methods, declared)
        forward = methods.get(pair[0]) if pair else None
        if forward is None:
            forward = methods.get("forward") or methods.get("__call__")
        backward = methods[pair[1]] if pair else None
        if backward is None:  # a loss may give its gradients itself, as a function does
            asked = self._asks(declared)
            own = [forward] if forward is not None else []
            own += [methods[name] for name in VALUES if name in methods]
            inputs = declared.shapes if declared is not None else ()
            giving = [method for method in own if gives_gradients(method, asked, inputs)]
            if giving:
                forward = backward = giving[0]
                pair = (forward.name, "")
        if forward is None:
            return None
        kind = FORWARD if backward is None else AUTOGRAD if torch else LAYER
        if kind == LAYER and backward is not None and _has_context(forward, backward, declared):
            kind = AUTOGRAD  # a Function of one's own
        separate = kind == AUTOGRAD and "setup_context" in methods  # its forward takes no ctx
        arguments, defaults = arguments_of(forward)
        built_with: tuple[str, ...] = ()
        if kind != AUTOGRAD and "__init__" in methods:
            built_with, of_constructor = arguments_of(methods["__init__"])
            defaults |= of_constructor
        static = kind == LAYER and _is_static(forward)
        attributes = tuple(dict.fromkeys(name for c in classes for name in written(c)))
        return Pair(
            path=self.path,
            line=node.lineno,
            name=node.name,
            kind=kind,
            forward=node.name,
            arguments=arguments[0 if separate or static else 1 :],
            defaults=defaults,
            built_with=_without_switches(built_with[1:], methods.get("__init__"), declared),
            declared=declared and declared.among((*built_with, *arguments, *attributes)),
            returned=of_backward(forward, backward),
            attributes=attributes,
            paired=next((p for p in map(paired, classes) if p), {}),
            reads=frozenset(name for c in classes for name in read(c) if name not in methods),
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
            {n: arguments_of(m)[0][0 if _is_static(m) else 1 :] for n, m in methods.items()}
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


def _first(methods: Iterable[str], names: Iterable[str]) -> str:
    return next((name for name in names if name in methods), "forward")


def _has_context(
    forward: ast.FunctionDef, backward: ast.FunctionDef, declared: Declaration | None
) -> bool:
    """Whether two static methods take a context first, as those of torch's Functions do."""
    if not (_is_static(forward) and _is_static(backward)):
        return False
    first = [arguments_of(node)[0][:1] for node in (forward, backward)]
    return first[0] == first[1] and (declared is None or first[0][0] not in declared.shapes)


def _is_static(node: ast.FunctionDef) -> bool:
    return any(dotted(one) == "staticmethod" for one in node.decorator_list)


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
    "called",
    "find",
]
