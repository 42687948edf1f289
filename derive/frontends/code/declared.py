"""The shapes that a source file declares: in comments, by a decorator, in jaxtyping annotations.

Everything here is read from the text; nothing of the file is run.

    # derive: x (N, D), w (D, M), y (N) labels of C, stride = s, wrt x w

says the sizes of each input (``()`` for a scalar, products and sums of names are sizes too), what
an argument is fixed to (a number, or the name of a size), and in which inputs the gradients are, in
their order. ``backward NAME`` names the backward function, ``grad w = attribute`` where a layer
leaves a gradient. Such a comment belongs to the function or class around it, or else to the next
one below; several add up.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import tokenize
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

MARK = re.compile(r"#\s*derive:\s*(.*)")
DECORATOR = "shapes"

_NAME = r"[^\W\d]\w*"
_SHAPED = re.compile(
    rf"({_NAME})\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*(?:labels\s+of\s+(.+)|(one-?hot|binary))?"
)
_ENTRY = re.compile(
    rf"({_NAME})\[([\"']?)({_NAME})\2\]\s*(\([^()]*(?:\([^()]*\)[^()]*)*\)\s*(?:binary)?)"
)
_FIXED = re.compile(rf"({_NAME})\s*=\s*(.+)")
_GRAD = re.compile(
    rf"grad\s+({_NAME})\s*=\s*({_NAME}(?:\.{_NAME}|\[(?:[\"']?{_NAME}[\"']?|-?\d+)\])*)"
)
_WRT = re.compile(rf"wrt((?:\s+{_NAME})+)")
_BACKWARD = re.compile(rf"backward\s+({_NAME})")
_FORWARD = re.compile(rf"forward\s+({_NAME})")
_BARE = re.compile(_NAME)
_SIZE = re.compile(rf"(?:{_NAME}|\d+|[-+*/() ])+")

_FLOATS = re.compile(r"(B?Float\d*|Num|Real|Inexact|Shaped)")
_INTEGERS = re.compile(r"(U?Int\d*|Integer)")


class DeclarationError(Exception):
    """A declaration that cannot be read.

    :param line: its line in the file.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Labels:
    """Integers in an array, each from 0 to ``of`` − 1; ``one_hot`` where each stands as a row of
    zeros and a 1, along the last axis, ``binary`` where they are the numbers 0 and 1.
    """

    sizes: str
    of: str
    one_hot: bool = False
    binary: bool = False


class Named(str):
    """The name of a size, where text might be meant."""


class Text(str):
    """What stands in quotes: text, where the name of a size might be meant."""


@dataclass
class Declaration:
    """What is declared of one function or class.

    :param line: the line of its first part.
    :param shapes: the sizes of each input in one string, or its labels.
    :param fixed: the value of each argument that is no array.
    :param wrt: the inputs whose gradients are given, in order; None where it is not said.
    :param grads: the attributes that hold the gradients of inputs.
    :param backward: the name of the backward function, or of the method; ``forward`` likewise.
    :param unsized: integer inputs that are annotated without the number of their labels.
    :param annotated: the inputs of which nothing but an annotation tells the shape.
    :param unread: why the annotation of an argument tells none.
    :param holders: the dictionary of each input that is an entry of one, under its own name.
    """

    line: int
    shapes: dict[str, str | Labels] = field(default_factory=dict)
    fixed: dict[str, Any] = field(default_factory=dict)
    wrt: list[str] | None = None
    grads: dict[str, str] = field(default_factory=dict)
    backward: str | None = None
    forward: str | None = None
    unsized: tuple[str, ...] = ()
    annotated: frozenset[str] = frozenset()
    unread: dict[str, str] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)

    def add(self, other: Declaration) -> None:
        """Take in what another declaration of the same thing says besides.

        :raises DeclarationError: where entries of two dictionaries have one name.
        """
        for name in other.shapes if other.holders or self.holders else ():
            own, there = self.holders.get(name), other.holders.get(name)
            if name in self.shapes and own != there:
                raise DeclarationError(other.line, f"two inputs are called {name}")
        self.shapes.update(other.shapes)
        self.fixed.update(other.fixed)
        self.grads.update(other.grads)
        self.wrt = other.wrt if other.wrt is not None else self.wrt
        self.backward = other.backward or self.backward
        self.forward = other.forward or self.forward
        self.unsized = tuple(n for n in (*self.unsized, *other.unsized) if n not in self.shapes)
        self.annotated = self.annotated - set(other.shapes) | other.annotated
        self.unread.update(other.unread)
        self.holders.update(other.holders)

    def among(self, names: Collection[str]) -> Declaration | None:
        """The same without the annotations of what is none of ``names``, as an upstream's; None
        where nothing else is declared.
        """
        others = {name for name in self.annotated if name not in names}
        shapes = {name: shape for name, shape in self.shapes.items() if name not in others}
        unsized = tuple(name for name in self.unsized if name in names)
        said = shapes or unsized or self.fixed or self.wrt or self.grads
        if not said and not any(name in names for name in self.unread):
            return None
        return replace(self, shapes=shapes, unsized=unsized)


def read_comment(text: str, line: int) -> Declaration:
    """What the text after ``# derive:`` declares.

    :raises DeclarationError: for a part that is not understood.
    """
    found = Declaration(line)
    names: list[str] | None = None  # of a wrt that may go on: `wrt x, w`
    for part in _parts(text):
        if names is not None and _BARE.fullmatch(part):
            names.append(part)
        elif match := _WRT.fullmatch(part):
            names = match[1].split()
            found.wrt = (found.wrt or []) + names
            names = found.wrt
        elif match := _BACKWARD.fullmatch(part):
            found.backward = match[1]
        elif match := _FORWARD.fullmatch(part):
            found.forward = match[1]
        elif match := _GRAD.fullmatch(part):
            found.grads[match[1]] = re.sub("[\"']", "", match[2])
        elif match := _SHAPED.fullmatch(part):
            if match[1] in found.holders:
                raise DeclarationError(line, f"two inputs are called {match[1]}")
            sizes = _sizes(match[2], line)
            found.shapes[match[1]] = _declared(sizes, match[3], match[4], line)
        elif match := _ENTRY.fullmatch(part):
            entry = read_comment(f"{match[3]} {match[4]}", line)
            entry.holders[match[3]] = match[1]
            found.add(entry)
        elif match := _FIXED.fullmatch(part):
            found.fixed[match[1]] = _value(match[2], line)
        else:
            raise DeclarationError(
                line, f"`{part}` declares nothing; `x (N, D)`, `y (N) labels of C`, `eps = 1e-5` do"
            )
    return found


def _declared(sizes: str, of: str | None, word: str | None, line: int) -> str | Labels:
    if word == "binary":
        return Labels(sizes, "2", binary=True)
    if word is not None:
        return Labels(sizes, _last(sizes, line), one_hot=True)
    return sizes if of is None else Labels(sizes, _size(of, line))


def _last(sizes: str, line: int) -> str:
    parts = sizes.split()
    if not parts:
        raise DeclarationError(line, "what is one-hot has an axis of classes: `y (N, C) one-hot`")
    return parts[-1]


def _parts(text: str) -> Iterator[str]:
    """The text cut at commas and semicolons that stand in no brackets."""
    depth, start = 0, 0
    for position, character in enumerate(text + ","):
        depth += (character in "([{") - (character in ")]}")
        if character in ",;" and depth <= 0:
            if part := text[start:position].strip():
                yield part
            start = position + 1
    if depth > 0 and (rest := text[start:].strip()):
        yield rest


def _sizes(text: str, line: int) -> str:
    return " ".join(_size(part, line) for part in _parts(text))


def _size(text: str, line: int) -> str:
    if not _is_size(text):
        raise DeclarationError(line, f"`{text.strip()}` is no size: sizes are names and integers")
    return re.sub(r"\s+", "", text)


def _value(text: str, line: int) -> Any:
    """A number, text, a dictionary of them, or the name of a size (also inside of a dictionary)."""
    try:
        found = ast.literal_eval(text)
        return Text(found) if isinstance(found, str) else found
    except (ValueError, SyntaxError):
        pass
    with contextlib.suppress(SyntaxError):
        node = ast.parse(text, mode="eval").body
        if isinstance(node, ast.Dict):
            return _dictionary(node, line)
        if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) > 0:
            return tuple(_item(part, line) for part in node.elts)
    return _size(text, line)


def _is_size(text: str) -> bool:
    if not _SIZE.fullmatch(text.strip()):
        return False
    try:
        ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        return False
    return True


def _item(node: ast.expr, line: int) -> Any:
    if isinstance(node, (ast.Name, ast.BinOp)):
        return Named(ast.unparse(node))
    return _value(ast.unparse(node), line)


def _dictionary(node: ast.Dict, line: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            raise DeclarationError(line, f"`{ast.unparse(node)}`: the keys are text")
        found[key.value] = _item(value, line)
    return found


def declarations(
    source: str, tree: ast.Module
) -> tuple[dict[str, Declaration], list[DeclarationError]]:
    """What is declared of each function and class at the module's level, by name; and what is not
    understood, or belongs to nothing: then nothing is declared of its function.
    """
    found: dict[str, Declaration] = {}
    problems: list[DeclarationError] = []
    lost: set[str] = set()

    def take(owner: str, read: Callable[[], Declaration | None]) -> None:
        try:
            declared = read()
            if declared is not None:
                found.setdefault(owner, Declaration(declared.line)).add(declared)
        except DeclarationError as problem:
            problems.append(problem)
            lost.add(owner)

    for node in _definitions(tree):
        take(node.name, partial(_annotated, node))
        take(node.name, partial(_decorated, node))
    for line, text in comments(source):
        owner = _owner(tree, line)
        if owner is None:
            words = "no function or class follows this declaration"
            problems.append(DeclarationError(line, words))
            continue
        take(owner, partial(read_comment, text, line))
    return {name: one for name, one in found.items() if name not in lost}, problems


Definition = ast.FunctionDef | ast.ClassDef


def _definitions(tree: ast.Module) -> list[Definition]:
    return [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]


def comments(source: str) -> Iterator[tuple[int, str]]:
    """The declaring comments of a source, each with its line."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and (match := MARK.match(token.string)):
            yield token.start[0], match[1]


def _owner(tree: ast.Module, line: int) -> str | None:
    for node in tree.body:
        if line <= (node.end_lineno or node.lineno):  # around it, or the next below
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                return node.name
            if name := joined_name(node):
                return name
    return None


def joined_name(node: ast.stmt) -> str:
    """The function that ``f.defvjp(fwd, bwd)`` gives its rule, ``""`` for any other statement."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return ""
    owner = call.func.value
    return owner.id if call.func.attr == "defvjp" and isinstance(owner, ast.Name) else ""


def _annotated(node: Definition) -> Declaration | None:
    """The shapes in annotations such as ``Float[Array, "N D"]``."""
    methods = [node] if isinstance(node, ast.FunctionDef) else node.body
    found = Declaration(node.lineno)
    for method in methods:
        if isinstance(method, ast.FunctionDef):
            arguments = method.args
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                _read_annotation(argument, found)
    found.annotated = frozenset(found.shapes)
    return found if found.shapes or found.unsized or found.unread else None


def _read_annotation(argument: ast.arg, found: Declaration) -> None:
    annotation = argument.annotation
    if not isinstance(annotation, ast.Subscript) or not isinstance(annotation.slice, ast.Tuple):
        return
    kind = str(getattr(annotation.value, "id", "") or getattr(annotation.value, "attr", ""))
    sizes = annotation.slice.elts[-1]
    if not isinstance(sizes, ast.Constant) or not isinstance(sizes.value, str):
        return
    name = argument.arg
    if _INTEGERS.fullmatch(kind):
        found.unsized = (*found.unsized, name)
    elif _FLOATS.fullmatch(kind) and name not in found.shapes:
        wrong = [size for size in sizes.value.split() if size == "_" or not _is_size(size)]
        if wrong:
            found.unread[name] = f"`{wrong[0]}` is no size: sizes are names and integers"
        else:
            found.shapes[name] = " ".join(sizes.value.split())


def _decorated(node: Definition) -> Declaration | None:
    """What ``@shapes(x="N D", y=labels("N", of="C"))`` declares."""
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call):
            continue
        name = getattr(decorator.func, "id", None) or getattr(decorator.func, "attr", "")
        if name == DECORATOR:
            return _read_decorator(decorator)
    return None


def _read_decorator(call: ast.Call) -> Declaration:
    found = Declaration(call.lineno)
    for keyword in call.keywords:
        name, value = keyword.arg, keyword.value
        line = value.lineno
        if name is None or call.args:
            raise DeclarationError(line, 'shapes are declared by keywords, x="N D"')
        literal = _literal(value)
        if isinstance(value, ast.Call):
            found.shapes[name] = _labels(value)
        elif name == "wrt" and isinstance(literal, (str, tuple, list)):
            found.wrt = literal.split() if isinstance(literal, str) else list(literal)
        elif name == "fixed" and isinstance(literal, dict):
            found.fixed.update(literal)
        elif name == "grads" and isinstance(literal, dict):
            found.grads.update(literal)
        elif name == "backward" and isinstance(literal, str):
            found.backward = literal
        elif isinstance(literal, str):
            found.shapes[name] = literal
        elif isinstance(literal, (bool, int, float)):
            found.fixed[name] = literal
        else:
            raise DeclarationError(line, f'the shape of {name} is no text such as "N D"')
    return found


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _labels(call: ast.Call) -> Labels:
    word = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
    sizes = _literal(call.args[0]) if call.args else None
    if word == "binary":
        if isinstance(sizes, str):
            return Labels(sizes, "2", binary=True)
        raise DeclarationError(call.lineno, 'a mask of 0 and 1 is declared as binary("N T")')
    if word == "one_hot":
        if isinstance(sizes, str):
            return Labels(sizes, _last(sizes, call.lineno), one_hot=True)
        raise DeclarationError(call.lineno, 'what is one-hot is declared as one_hot("N C")')
    named = {keyword.arg: _literal(keyword.value) for keyword in call.keywords}
    values = [_literal(argument) for argument in call.args] + [named.get("of")]
    if len(values) == 2 and all(isinstance(value, str) for value in values):
        return Labels(*values)
    raise DeclarationError(call.lineno, 'labels are declared as labels("N", of="C")')
