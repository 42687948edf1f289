"""What statements bind: names, attributes, entries of lists and dictionaries."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def bound_names(body: list[ast.stmt]) -> set[str]:
    """The names that statements bind, those of functions and classes inside apart."""
    found: set[str] = set()
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            found.add(node.name)
            continue
        if isinstance(
            node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
        ):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(a.asname or a.name.partition(".")[0]) for a in node.names}
        stack.extend(ast.iter_child_nodes(node))
    return found - {"__problem__"}


def bound_attributes(body: list[ast.stmt], bound: set[str]) -> list[tuple[str, str]]:
    """The attributes that statements bind, of names that they do not bind."""
    found: set[tuple[str, str]] = set()
    for node in _own_nodes(body):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            holder = node.value
            if isinstance(holder, ast.Name) and holder.id not in bound:
                found.add((holder.id, node.attr))
    return sorted(found)


def bound_entries(body: list[ast.stmt], bound: set[str]) -> list[tuple[str, int | str]]:
    """The entries at constant keys that statements bind, ``self.grads["W"]`` and ``sums[0]``, in
    what they do not bind.
    """
    found: dict[tuple[str, int | str], None] = {}
    for node in _own_nodes(body):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            holder = node.value
            root = holder.value if isinstance(holder, ast.Attribute) else holder
            key = node.slice.value if isinstance(node.slice, ast.Constant) else None
            free = isinstance(root, ast.Name) and root.id not in bound
            if free and isinstance(key, (int, str)) and not isinstance(key, bool):
                found[ast.unparse(holder), key] = None
    return sorted(found, key=str)


def _own_nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of statements, those of functions and classes inside apart."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            yield node
            stack.extend(ast.iter_child_nodes(node))
