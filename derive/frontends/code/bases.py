"""The methods of a class in a source, with those that it has from its bases in the user's files."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

DEEP = 6  # classes above one another


def lineage(path: Path, tree: ast.Module, node: ast.ClassDef) -> list[ast.ClassDef]:
    """A class and its bases, as far as they stand in this file or in another one of the user's."""
    return list(_above(path, tree, node, DEEP))


def _above(path: Path, tree: ast.Module, node: ast.ClassDef, deep: int) -> Iterator[ast.ClassDef]:
    yield node
    for base in node.bases if deep else ():
        if not isinstance(base, ast.Name):
            continue
        found = _class_called(path, tree, base.id, deep)
        if found is not None and found[2] is not node:
            yield from _above(*found, deep - 1)


def _class_called(
    path: Path, tree: ast.Module, name: str, deep: int
) -> tuple[Path, ast.Module, ast.ClassDef] | None:
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef) and statement.name == name:
            return path, tree, statement
        if not isinstance(statement, ast.ImportFrom) or not deep:
            continue
        for alias in statement.names:
            if name != (alias.asname or alias.name):
                continue
            file = find_module(statement.module or "", str(path), statement.level)
            if file is None:
                return None
            try:
                other = ast.parse(Path(file).read_text(encoding="utf-8"))
            except (OSError, ValueError, SyntaxError):
                return None
            return _class_called(Path(file), other, alias.name, deep - 1)
    return None


def methods(classes: list[ast.ClassDef]) -> dict[str, ast.FunctionDef]:
    """The methods of a class, its own before those of its bases; none that only are to be."""
    found: dict[str, ast.FunctionDef] = {}
    for number, node in enumerate(classes):
        for item in node.body:
            if isinstance(item, ast.FunctionDef) and not (number and _is_to_be(item)):
                found.setdefault(item.name, item)
    return found


def _is_to_be(method: ast.FunctionDef) -> bool:
    """Whether a method is there for others to write: it passes, or raises."""
    if method.name == "__init__":
        return False
    for statement in method.body:
        if isinstance(statement, (ast.Pass, ast.Raise)):
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        value = statement.value if isinstance(statement, ast.Return) else None
        if isinstance(value, ast.Name) and value.id == "NotImplementedError":
            continue
        return False
    return True


# ---- files


def is_foreign(path: str) -> bool:
    """Whether a file belongs to Python or to what is installed."""
    return "site-packages" in path or path.startswith(os.path.dirname(os.__file__))


def find_module(name: str, file: str, level: int) -> str | None:
    """The user's own file that an import means: beside the file, or from the top of its package."""
    start = os.path.dirname(os.path.abspath(file))
    starts = []
    if level:
        for _ in range(level - 1):
            start = os.path.dirname(start)
        starts = [start]
    else:
        starts = [start]
        while os.path.exists(os.path.join(start, "__init__.py")):
            start = os.path.dirname(start)
            starts.append(start)
        starts += [p for p in sys.path if p and not is_foreign(p + "/")]
    parts = name.split(".") if name else []
    for directory in starts:
        base = os.path.join(directory, *parts)
        for path in (f"{base}.py", os.path.join(base, "__init__.py")):
            if os.path.isfile(path) and not is_foreign(path):
                return path
    return None
