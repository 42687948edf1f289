"""What a misfit leaves alone: the statement that does not fit is left out, and what rests on it.

A shape misfit ends a run of the code. The gradients that do not rest on the misfitting value are
decided all the same: in the copy that is traced, and in the user's own functions when they are run
to compare, the statement assigns a value that nothing can be computed from.
"""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType, TracebackType
from typing import Any

from derive.frontends.code.trace import Misfit

UNFIT = "__derive_unfit__"  # what a copy calls in place of the value of a statement
MOST = 24  # statements of one pair


class Rests(Misfit):
    """A value is used that rests on a misfit.

    :param place: the number of that misfit.
    """

    def __init__(self, place: int) -> None:
        super().__init__("a value is used that rests on a misfit")
        self.place = place


class Unfit:
    """A value that does not fit: every use of it raises :class:`Rests`."""

    __array_ufunc__ = None

    def __init__(self, place: int) -> None:
        self.place = place

    def as_array(self) -> Any:
        raise Rests(self.place)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Rests(self.place)

    def _used(self, *args: Any) -> Any:
        raise Rests(self.place)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __matmul__ = __rmatmul__ = _used
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __neg__ = __pos__ = __abs__ = _used
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __invert__ = __and__ = __or__ = _used
    __lt__ = __le__ = __gt__ = __ge__ = __getitem__ = __setitem__ = __len__ = __iter__ = _used
    __bool__ = __float__ = __int__ = __index__ = __call__ = _used


@dataclass(frozen=True)
class Place:
    """A statement that is left out.

    :param function: the qualified name of the function around it.
    :param line: the statement's first line.
    :param part: which part of what it returns; None for all that it assigns.
    :param cause: the number of the misfit that it rests on: its own, or an earlier one.
    :param reason: what does not fit, with file and line.
    """

    path: str
    function: str
    line: int
    part: int | None
    cause: int
    reason: str


def own_file(pair: Any) -> str:
    """The file of a pair's own functions, ``""`` where none is found."""
    if pair.path is not None:
        return os.path.abspath(pair.path)
    try:
        return inspect.getsourcefile(inspect.unwrap(pair.forward)) or ""
    except TypeError:
        return ""


def place_of(error: BaseException, file: str, number: int, reason: str) -> Place | None:
    """The statement of the pair's own function at which a trace failed; None where that cannot be
    left out alone: in a loop, or where it assigns nothing.

    What the function calls may be called elsewhere too, and is not left out.

    :param file: the file of the pair's own functions.
    """
    found = _outermost(error.__traceback__, file)
    if found is None:
        return None
    path, start, end = found
    try:
        with open(path, encoding="utf-8") as source:
            tree = ast.parse(source.read(), path)
    except (OSError, SyntaxError):
        return None
    for names, statement in _statements(tree.body, ()):
        if statement.lineno <= start[0] <= (statement.end_lineno or statement.lineno):
            part = None
            if isinstance(statement, ast.Return):
                part = _part(statement, start, end)
                if part is None:
                    return None
            elif not _roots(statement):
                return None
            cause = error.place if isinstance(error, Rests) else number
            return Place(path, ".".join(names), statement.lineno, part, cause, reason)
    return None


Position = tuple[int, int]


def _outermost(trail: TracebackType | None, file: str) -> tuple[str, Position, Position] | None:
    while trail is not None:
        code = trail.tb_frame.f_code
        if code.co_filename == file and "<" not in code.co_qualname:
            positions = list(code.co_positions())[trail.tb_lasti // 2]
            line, end_line, column, end_column = (p or 0 for p in positions)
            return code.co_filename, (line, column), (end_line, end_column)
        trail = trail.tb_next
    return None


def _statements(
    body: Sequence[ast.stmt], names: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], ast.stmt]]:
    """The statements of functions that run once in a call, each with the function's name."""
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            within = not names or names[-1:] != ("<locals>",)
            inner = (*names, statement.name)
            if within and isinstance(statement, ast.ClassDef):
                yield from _statements(statement.body, inner)
            elif within:
                yield from ((inner, s) for s in _run_once(statement.body))


def _run_once(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, (ast.If, ast.With)):
            yield from _run_once(statement.body)
            yield from _run_once(getattr(statement, "orelse", []))
        else:
            yield statement


def _returned(statement: ast.Return) -> list[ast.expr]:
    value = statement.value
    if isinstance(value, (ast.Tuple, ast.List)):
        return value.elts
    if isinstance(value, ast.Dict):
        return value.values
    return [] if value is None else [value]


def _part(statement: ast.Return, start: Position, end: Position) -> int | None:
    """Which part of a return a position in the text is in."""
    for number, part in enumerate(_returned(statement)):
        first = part.lineno, part.col_offset
        last = part.end_lineno or part.lineno, part.end_col_offset or 0
        if first <= start and end <= last:
            return number
    return None


def _roots(statement: ast.stmt) -> list[ast.expr]:
    """What holds what a statement assigns: names, attributes, entries of dictionaries; of a write
    into an array the array. Nothing where one is none of these.
    """
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        targets = [statement.target]
    else:
        return []
    found: list[ast.expr] = []
    waiting = list(targets)
    while waiting:
        target = waiting.pop(0)
        if isinstance(target, (ast.Tuple, ast.List)):
            waiting.extend(target.elts)
            continue
        while isinstance(target, ast.Subscript) and not _is_key(target.slice):
            target = target.value
        if not isinstance(target, (ast.Name, ast.Attribute, ast.Subscript)):
            return []
        found.append(target)
    return found


def _is_key(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _unfit(number: int, at: ast.AST) -> ast.expr:
    call = ast.Call(ast.Name(UNFIT, ast.Load()), [ast.Constant(number)], [])
    return ast.copy_location(call, at)


class _LeavingOut(ast.NodeTransformer):
    def __init__(self, places: Sequence[Place]) -> None:
        self.places = places
        self.names: list[str] = []

    def _inside(self, node: Any) -> Any:
        self.names.append(node.name)
        self.generic_visit(node)
        self.names.pop()
        return node

    visit_FunctionDef = visit_ClassDef = _inside

    def _left(self, node: Any) -> Any:
        for place in self.places:
            if (place.function, place.line) == (".".join(self.names), node.lineno):
                self._replaced(node, place)
                if not isinstance(node, ast.Return):
                    return [
                        ast.copy_location(
                            ast.Assign([_stored(root)], _unfit(place.cause, node)), node
                        )
                        for root in _roots(node)
                    ]
        return node

    visit_Assign = visit_AugAssign = visit_AnnAssign = visit_Return = _left

    def _replaced(self, node: Any, place: Place) -> None:
        if not isinstance(node, ast.Return) or place.part is None:
            return
        parts = _returned(node)
        if isinstance(node.value, (ast.Tuple, ast.List, ast.Dict)):
            parts[place.part] = _unfit(place.cause, node)
        else:
            node.value = _unfit(place.cause, node)


def _stored(node: ast.expr) -> ast.expr:
    node.ctx = ast.Store()  # type: ignore[attr-defined]
    return node


def without(tree: ast.Module, path: str, places: Sequence[Place]) -> ast.Module:
    """The tree of a file without the statements that are left out."""
    own = [place for place in places if place.path == path]
    if not own:
        return tree
    found: ast.Module = ast.fix_missing_locations(_LeavingOut(own).visit(tree))
    return found


# ---- the user's own functions


@contextmanager
def running_without(module: Any, places: Sequence[Place]) -> Iterator[None]:
    """The functions of a module run without the statements that are left out.

    :raises LookupError: where one of them is not found in it.
    """
    before: list[tuple[FunctionType, CodeType]] = []
    try:
        for path, name in dict.fromkeys((p.path, p.function) for p in places):
            function = _function(module, name)
            with open(path, encoding="utf-8") as file:
                tree = without(ast.parse(file.read(), path), path, places)
            before.append((function, function.__code__))
            function.__globals__[UNFIT] = Unfit
            function.__code__ = _code(compile(tree, path, "exec"), name)
        yield
    finally:
        for function, code in reversed(before):
            function.__code__ = code


def _function(module: Any, name: str) -> FunctionType:
    found: Any = module
    for part in name.split("."):
        held = found.__dict__.get(part)
        found = held.__func__ if isinstance(held, (staticmethod, classmethod)) else held
        if found is None:
            raise LookupError(name)
    found = inspect.unwrap(found)
    if not isinstance(found, FunctionType):
        raise LookupError(name)
    return found


def _code(code: CodeType, name: str) -> CodeType:
    waiting = [code]
    while waiting:
        for constant in waiting.pop().co_consts:
            if isinstance(constant, CodeType):
                if constant.co_qualname == name:
                    return constant
                waiting.append(constant)
    raise LookupError(name)
