"""``while stack: item = stack.pop()``, a loop over the items of a list from its last."""

from __future__ import annotations

import ast
from collections.abc import Callable


def while_taking(node: ast.While, fresh: Callable[[], str]) -> tuple[ast.For, ast.stmt] | None:
    """The for loop that such a while loop stands for, and what empties the list after it.

    None where the list is read otherwise, or rounds may take several items or none.
    """
    values = _list_of(node.test)
    if values is None or node.orelse:
        return None
    text = ast.unparse(values)
    calls = [
        call for statement in node.body for call in _outside_of_branches(statement)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        and call.func.attr == "pop" and ast.unparse(call.func.value) == text
    ]  # fmt: skip
    inside = [inner for statement in node.body for inner in ast.walk(statement)]
    mentioned = [n for n in inside if isinstance(n, type(values)) and ast.unparse(n) == text]
    leaves = any(isinstance(n, (ast.Break, ast.Continue, ast.Return)) for n in inside)
    if len(calls) != 1 or len(mentioned) != 1 or leaves:
        return None
    place = [ast.unparse(argument) for argument in calls[0].args]
    if place not in ([], ["-1"], ["0"]) or calls[0].keywords:
        return None
    item = fresh()
    turned = ast.Call(ast.Name("reversed", ast.Load()), [values], [])
    body = [_Replaced(calls[0], item).visit(statement) for statement in node.body]
    loop = ast.For(
        target=ast.Name(item, ast.Store()), iter=values if place == ["0"] else turned, body=body,
        orelse=[], type_comment=None,
    )  # fmt: skip
    runtime = ast.Attribute(ast.Name("__derive__", ast.Load()), "emptied", ast.Load())
    emptied = ast.Expr(ast.Call(runtime, [values], []))
    return ast.fix_missing_locations(ast.copy_location(loop, node)), emptied


def _list_of(test: ast.expr) -> ast.Name | ast.Attribute | None:
    """The list that a condition asks to have items."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        is_zero = ast.unparse(test.comparators[0]) == "0"
        if not isinstance(test.ops[0], (ast.Gt, ast.NotEq)) or not is_zero:
            return None
        test = test.left
        if not isinstance(test, ast.Call):
            return None
    if isinstance(test, ast.Call):
        if ast.unparse(test.func) != "len" or len(test.args) != 1:
            return None
        test = test.args[0]
    return test if isinstance(test, (ast.Name, ast.Attribute)) else None


def _outside_of_branches(statement: ast.stmt) -> list[ast.AST]:
    """What is executed once whenever a statement is."""
    if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)):
        return []
    hidden = (ast.IfExp, ast.BoolOp, ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.DictComp)
    if any(isinstance(n, hidden) for n in ast.walk(statement)):
        return []
    return list(ast.walk(statement))


class _Replaced(ast.NodeTransformer):
    def __init__(self, call: ast.Call, name: str) -> None:
        self._call, self._name = call, name

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if node is self._call:
            return ast.copy_location(ast.Name(self._name, ast.Load()), node)
        return self.generic_visit(node)
