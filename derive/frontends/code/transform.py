"""The copy of a user's source that is executed: the same lines, with what has to be seen going
through the runtime, ``__derive__``.

Assignments name arrays; ``x += v`` changes in place; loops and branches may be symbolic; some
built-in functions know sizes. Names are never rewritten, calls are: ``type(a) is int`` stays.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from derive.frontends.code.bindings import bound_attributes, bound_entries, bound_names
from derive.frontends.code.emptying import while_taking
from derive.frontends.code.left_out import Place, without
from derive.frontends.code.nested_loops import nested

RUNTIME = "__derive__"
BUILTINS = {
    "range", "len", "int", "float", "bool", "sum", "max", "min", "abs", "round", "isinstance",
    "issubclass", "type", "callable", "hasattr", "getattr", "str",
    "enumerate", "zip", "reversed", "print", "list", "tuple", "any", "all", "divmod", "super",
    "map",
}  # fmt: skip
KEPT = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign,
        ast.If, ast.Try)  # fmt: skip


def transformed(source: str, path: str, left_out: Sequence[Place] = ()) -> ast.Module:
    """The tree of a module, ready to be compiled.

    :param left_out: the statements that do not fit.

    :raises SyntaxError: where the source is no Python.
    """
    tree = without(ast.parse(source, path), path, left_out)
    body: list[ast.stmt] = []
    for statement in tree.body:
        if not isinstance(statement, KEPT) and not _is_registration(statement):
            continue  # what a script does when it is run
        body += _guarded(statement)
    found = ast.Module(body=body, type_ignores=[])
    return ast.fix_missing_locations(_Copy().visit(found))


def transformed_function(node: ast.FunctionDef | ast.ClassDef) -> ast.Module:
    """One function alone, without its decorators."""
    node.decorator_list = []
    return ast.fix_missing_locations(_Copy().visit(ast.Module(body=[node], type_ignores=[])))


def _with_one_return(body: list[ast.stmt]) -> list[ast.stmt]:
    """A function's statements with ``if c: return a`` and ``return b`` after it, or in its else, as
    ``return a if c else b``: c may be a condition on values.
    """
    for number, statement in enumerate(body):
        if not isinstance(statement, ast.If):
            continue
        own = _with_one_return(statement.body)
        other = _with_one_return([*statement.orelse, *body[number + 1 :]])
        if own and other and _gives_value(own[0]) and _gives_value(other[0]):
            value = ast.IfExp(statement.test, own[0].value, other[0].value)  # type: ignore[attr-defined]
            found = ast.Return(ast.copy_location(value, statement))
            return [*body[:number], ast.copy_location(found, statement)]
    return body


def _gives_value(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Return) and statement.value is not None


def _catches_imports(handler: ast.ExceptHandler) -> bool:
    """Whether a handler is for an import that fails."""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    caught = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
    return any(isinstance(kind, ast.Name) and kind.id in caught for kind in kinds)


def _is_registration(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Attribute)
        and statement.value.func.attr in ("defvjp", "defjvp", "register_backward")
    )


def _guarded(statement: ast.stmt) -> list[ast.stmt]:
    """A statement of a module: where it fails, its names say so when they are used."""
    if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
        return []
    names = sorted(bound_names([statement]))
    said: list[ast.stmt] = [
        ast.Assign(
            targets=[ast.Name(name, ast.Store())],
            value=_call("failed", ast.Constant(name), ast.Name("__problem__", ast.Load())),
        )
        for name in names
    ]
    handler = ast.ExceptHandler(
        type=ast.Name("Exception", ast.Load()),
        name="__problem__",
        body=said or [ast.Pass()],
    )
    wrapped = ast.Try(body=[statement], handlers=[handler], orelse=[], finalbody=[])
    ast.copy_location(wrapped, statement)
    for node in ast.walk(handler):
        ast.copy_location(node, statement)
    wrapped.generated = True  # type: ignore[attr-defined]
    return [wrapped]


def _attribute(name: str, attribute: str, context: ast.expr_context) -> ast.Attribute:
    return ast.Attribute(ast.Name(name, ast.Load()), attribute, context)


def _entry(entry: tuple[str, int | str]) -> tuple[ast.expr, ast.expr]:
    holder, key = entry
    return ast.parse(holder, mode="eval").body, ast.Constant(key)


def _entry_name(entry: tuple[str, int | str]) -> str:
    """What the state is called that an entry is: ``grads.W``, ``sums.sums0``."""
    holder, key = entry
    own = str(key) if str(key).isidentifier() else f"{holder.rpartition('.')[2]}{key}"
    return f"{holder}.{own}"


def _where_carried(loop: str, body: list[Any]) -> ast.If:
    test = ast.Attribute(ast.Name(loop, ast.Load()), "carries", ast.Load())
    return ast.If(test, body, [])


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(
        func=ast.Attribute(ast.Name(RUNTIME, ast.Load()), name, ast.Load()),
        args=list(args), keywords=[],
    )  # fmt: skip


def _chain(target: ast.Subscript) -> tuple[ast.expr, ast.expr]:
    """What is indexed in ``a[i][j]``, and the indices."""
    keys: list[ast.expr] = []
    base: ast.expr = target
    while isinstance(base, ast.Subscript):
        keys.insert(0, _index(base.slice))
        base = base.value
    return base, ast.Tuple(keys, ast.Load())


def _thunk(value: ast.expr) -> ast.Lambda:
    return _lambda([], value)


def _lambda(names: list[str], value: ast.expr) -> ast.Lambda:
    given = [ast.arg(name) for name in names]
    args = ast.arguments(posonlyargs=[], args=given, kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.Lambda(args=args, body=value)


def _as_nested_sums(node: ast.Call) -> ast.Call:
    """``sum(f for i in a for j in b if c)`` as sums of sums, with 0 where c does not hold."""
    value = node.args[0] if len(node.args) == 1 and not node.keywords else None
    if not isinstance(value, ast.GeneratorExp) or any(g.is_async for g in value.generators):
        return node
    term: ast.expr = value.elt
    for place, generator in reversed(list(enumerate(value.generators))):
        for condition in reversed(generator.ifs):
            term = ast.IfExp(condition, term, ast.Constant(0))
        inner = ast.GeneratorExp(term, [ast.comprehension(generator.target, generator.iter, [], 0)])
        if place == 0:
            return ast.copy_location(ast.Call(node.func, [inner], []), node)
        term = ast.Call(ast.Name("sum", ast.Load()), [inner], [])
    return node


OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.MatMult: "@",
    ast.FloorDiv: "//", ast.Mod: "%", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip


class _Copy(ast.NodeTransformer):
    def __init__(self) -> None:
        self.serial = 0
        self.functions = 0
        self.products: set[str] = set()  # what itertools.product is called

    def fresh(self) -> str:
        self.serial += 1
        return f"__derive_{self.serial}__"

    def _located(self, new: Any, old: ast.AST) -> Any:
        for node in ast.walk(new):
            if not hasattr(node, "lineno"):
                ast.copy_location(node, old)
        return new

    # ---- assignments

    def visit_Assign(self, node: ast.Assign) -> Any:
        self.generic_visit(node)
        if len(node.targets) == 1:
            name = target_name(node.targets[0])
            if name is not None and not isinstance(node.value, ast.Constant):
                node.value = self._located(_call("assign", ast.Constant(name), node.value), node)
                return node
            target = node.targets[0]
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Subscript):
                call = _call("stored_deep", *_chain(target), node.value)
                return self._located(ast.Expr(call), node)
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                own = ast.Name(target.value.id, ast.Load())
                call = _call("stored", ast.Constant(target.value.id), own, node.value)
                node.value = self._located(call, node)
                return node
        names = [n for t in node.targets for n in _names_of(t)]
        found = [self._naming(ast.Name(name, ast.Load()), name, node) for name in names]
        attributes = [a for t in node.targets for a in _attributes_of(t)]
        return [node, *found, *(self._naming(a, a.attr, node) for a in attributes)]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        self.generic_visit(node)
        name = target_name(node.target)
        if node.value is not None and name is not None:
            node.value = self._located(_call("assign", ast.Constant(name), node.value), node)
        return node

    def _naming(self, own: ast.Name | ast.Attribute, name: str, at: ast.AST) -> ast.stmt:
        target, load = deepcopy(own), deepcopy(own)
        target.ctx, load.ctx = ast.Store(), ast.Load()
        found = ast.Assign(targets=[target], value=_call("assign", ast.Constant(name), load))
        return self._located(found, at)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        self.generic_visit(node)
        sign = ast.Constant(OPERATORS[type(node.op)])
        target = node.target
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Subscript):
            deep = _call("changed_deep", *_chain(target), sign, node.value)
            return self._located(ast.Expr(deep), node)
        if isinstance(target, ast.Subscript):
            new: ast.stmt = ast.Expr(
                _call("changed_item", target.value, _index(target.slice), sign, node.value)
            )
            return self._located(new, node)
        name = target_name(target) or "value"
        load: ast.expr
        if isinstance(target, ast.Name):
            load = ast.Name(target.id, ast.Load())
        else:
            assert isinstance(target, ast.Attribute)
            load = ast.Attribute(target.value, target.attr, ast.Load())
        value = _call("changed", ast.Constant(name), load, sign, node.value)
        return self._located(ast.Assign(targets=[target], value=value), node)

    # ---- expressions

    def visit_Call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return node
        if isinstance(node.func, ast.Name) and node.func.id == "sum":
            node = ast.fix_missing_locations(_as_nested_sums(node))
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in BUILTINS:
            node.func = self._located(
                _call("builtin", ast.Constant(node.func.id), node.func), node.func
            )
        elif isinstance(node.func, ast.Attribute) and node.func.attr in ("append", "insert", "pop"):
            attribute = node.func
            node.func = self._located(
                _call("on_list", attribute.value, ast.Constant(attribute.attr)), node.func
            )
        return node

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        self.generic_visit(node)
        if isinstance(node.op, (ast.Div, ast.Pow)):
            name = "divided" if isinstance(node.op, ast.Div) else "powered"
            return self._located(_call(name, node.left, node.right), node)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        self.generic_visit(node)
        name = "both" if isinstance(node.op, ast.And) else "either"
        return self._located(_call(name, *(_thunk(value) for value in node.values)), node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            return self._located(_call("negated", node.operand), node)
        return node

    def visit_Compare(self, node: ast.Compare) -> Any:
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
            same: ast.expr = _call("is_same", node.left, node.comparators[0])
            turned = isinstance(node.ops[0], ast.IsNot)
            return self._located(ast.UnaryOp(ast.Not(), same) if turned else same, node)
        if any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops) or len(node.ops) == 1:
            return node
        parts = [node.left, *node.comparators]
        if not all(isinstance(p, (ast.Name, ast.Constant, ast.Attribute)) for p in parts[1:-1]):
            return node
        pairs = [
            _thunk(ast.Compare(a, [op], [b]))
            for a, op, b in zip(parts, node.ops, parts[1:], strict=False)
        ]
        return self._located(_call("both", *pairs), node)

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        self.generic_visit(node)
        return self._located(
            _call("chosen", node.test, _thunk(node.body), _thunk(node.orelse)), node
        )

    def visit_List(self, node: ast.List) -> Any:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            return self._located(_call("new_list", node), node)
        return node

    def visit_Dict(self, node: ast.Dict) -> Any:
        self.generic_visit(node)
        return self._located(_call("new_dict", node), node)

    def visit_ListComp(self, node: ast.ListComp | ast.GeneratorExp) -> Any:
        self.generic_visit(node)
        if len(node.generators) != 1 or node.generators[0].ifs or node.generators[0].is_async:
            return node
        generator = node.generators[0]
        function = self._function_of(generator.target, node.elt)
        if function is None:
            return node
        return self._located(_call("listed", function, generator.iter), node)

    def _function_of(self, target: ast.expr, value: ast.expr) -> ast.Lambda | None:
        """The function of an item that ``value for target in …`` stands for."""
        if isinstance(target, ast.Name):
            return _lambda([target.id], value)
        if not isinstance(target, ast.Tuple):
            return None
        names = [p.id if isinstance(p, ast.Name) else self.fresh() for p in target.elts]
        for name, part in zip(names, target.elts, strict=True):
            if isinstance(part, ast.Name):
                continue
            inner = self._function_of(part, value)
            if inner is None:
                return None
            value = ast.Call(inner, [ast.Name(name, ast.Load())], [])
        item = self.fresh()
        parts = [ast.Starred(ast.Name(item, ast.Load()), ast.Load())]
        return _lambda([item], ast.Call(_lambda(names, value), parts, []))  # type: ignore[arg-type]

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> Any:
        return self.visit_ListComp(node)

    # ---- imports

    def visit_Try(self, node: ast.Try) -> Any:
        if not getattr(node, "generated", False) and any(map(_catches_imports, node.handlers)):
            for statement in node.body:
                if isinstance(statement, (ast.Import, ast.ImportFrom)):
                    statement.tried = True  # type: ignore[union-attr]
        self.generic_visit(node)
        if not getattr(node, "generated", False) and node.handlers:
            # What is not read may succeed: the user's handlers are not for that.
            refusal = ast.Attribute(ast.Name(RUNTIME, ast.Load()), "Refused", ast.Load())
            handler = ast.ExceptHandler(type=refusal, name=None, body=[ast.Raise()])
            node.handlers.insert(0, self._located(handler, node))
        return node

    def visit_Import(self, node: ast.Import) -> Any:
        new = []
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            whole = ast.Constant(bool(alias.asname))
            value = _call(
                "imported", ast.Constant(alias.name), whole, ast.Name("__file__", ast.Load()),
                ast.Constant(getattr(node, "tried", False)),
            )  # fmt: skip
            new.append(ast.Assign(targets=[ast.Name(bound, ast.Store())], value=value))
        return [self._located(statement, node) for statement in new]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        new: list[ast.stmt] = []
        for alias in node.names:
            value = _call(
                "imported_from", ast.Constant(node.module or ""), ast.Constant(alias.name),
                ast.Constant(node.level), ast.Name("__file__", ast.Load()),
                ast.Constant(getattr(node, "tried", False)),
            )  # fmt: skip
            if alias.name == "*":
                update = ast.Call(
                    func=ast.Attribute(
                        ast.Call(ast.Name("globals", ast.Load()), [], []), "update", ast.Load()
                    ),
                    args=[value], keywords=[],
                )  # fmt: skip
                new.append(ast.Expr(update))
            else:
                bound = alias.asname or alias.name
                if (node.module, alias.name) == ("itertools", "product"):
                    self.products.add(bound)
                new.append(ast.Assign(targets=[ast.Name(bound, ast.Store())], value=value))
        return [self._located(statement, node) for statement in new]

    # ---- control

    def visit_Assert(self, node: ast.Assert) -> Any:
        self.generic_visit(node)
        return self._located(ast.Expr(_call("asserted", _thunk(node.test))), node)

    def visit_While(self, node: ast.While) -> Any:
        taken = while_taking(node, self.fresh)
        if taken is not None:
            return [*self.visit_For(taken[0]), self._located(taken[1], node)]
        self.generic_visit(node)
        node.test = self._located(_call("while_", node.test), node)
        return node

    def visit_For(self, node: ast.For) -> Any:
        node.body = without_continue(node.body)
        node = nested(node, self.products) or node
        read = sorted(bound_names(node.body) - set(_names_of(node.target)))
        attributes = bound_attributes(node.body, {*read, *_names_of(node.target)})
        entries = bound_entries(node.body, {*read, *_names_of(node.target)})
        self.generic_visit(node)
        loop = self.fresh()
        start = ast.Assign(
            targets=[ast.Name(loop, ast.Store())],
            value=_call("loop", node.iter, ast.Constant(node.lineno)),
        )
        node.iter = ast.Name(loop, ast.Load())

        def part(method: str, name: str, value: ast.expr) -> ast.expr:
            function = ast.Attribute(ast.Name(loop, ast.Load()), method, ast.Load())
            return ast.Call(function, [ast.Constant(name), _thunk(value)], [])

        def bind(method: str) -> list[ast.stmt]:
            found: list[ast.stmt] = [
                ast.Assign([ast.Name(n, ast.Store())], part(method, n, ast.Name(n, ast.Load())))
                for n in read
            ]
            if attributes:
                found.append(_where_carried(loop, [
                    ast.Assign([_attribute(*a, ast.Store())],
                               part(method, ".".join(a), _attribute(*a, ast.Load())))
                    for a in attributes
                ]))  # fmt: skip
            if entries:
                found.append(_where_carried(loop, [
                    ast.Expr(_call("put_entry", *_entry(e), part(method, _entry_name(e),
                                                                 _call("entry", *_entry(e)))))
                    for e in entries
                ]))  # fmt: skip
            return found

        closing: list[ast.stmt] = [
            ast.Expr(part("close", n, ast.Name(n, ast.Load()))) for n in read
        ]
        if attributes:
            closing.append(_where_carried(loop, [
                ast.Expr(part("close", ".".join(a), _attribute(*a, ast.Load())))
                for a in attributes
            ]))  # fmt: skip
        if entries:
            closing.append(_where_carried(loop, [
                ast.Expr(part("close", _entry_name(e), _call("entry", *_entry(e))))
                for e in entries
            ]))  # fmt: skip
        node.body = [*bind("open"), *node.body, *closing]
        return [self._located(s, node) for s in (start, node, *bind("after"))]

    def visit_Break(self, node: ast.Break) -> Any:
        return [self._located(ast.Expr(_call("leaving", ast.Constant("break"))), node), node]

    def visit_Return(self, node: ast.Return) -> Any:
        self.generic_visit(node)
        value = node.value or ast.Constant(None)
        node.value = self._located(_call("returned", value), node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.body = _with_one_return(node.body)
        self.generic_visit(node)
        return node

    def visit_If(self, node: ast.If) -> Any:
        """A branch on sizes is taken; one on values is run on both sides, and the names that it
        binds are merged.
        """
        read = sorted(bound_names(node.body) | bound_names(node.orelse))
        self.generic_visit(node)
        branch, side = self.fresh(), self.fresh()
        start = ast.Assign(
            targets=[ast.Name(branch, ast.Store())], value=_call("branch", node.test)
        )

        def part(method: str, name: str) -> ast.expr:
            return ast.Call(
                ast.Attribute(ast.Name(branch, ast.Load()), method, ast.Load()),
                [ast.Constant(name), _thunk(ast.Name(name, ast.Load()))], [],
            )  # fmt: skip

        def bind(method: str) -> list[ast.stmt]:
            return [ast.Assign([ast.Name(n, ast.Store())], part(method, n)) for n in read]

        if _leaves_loop(node.body) or _leaves_loop(node.orelse):
            test = ast.Attribute(ast.Name(branch, ast.Load()), "taken", ast.Load())
            node.test = test
            return [self._located(start, node), self._located(node, node)]
        inner = ast.If(ast.Name(side, ast.Load()), node.body, node.orelse)
        both = ast.For(
            target=ast.Name(side, ast.Store()), iter=ast.Name(branch, ast.Load()),
            body=[*bind("open"), inner, *(ast.Expr(part("close", n)) for n in read)], orelse=[],
        )  # fmt: skip
        return [self._located(s, node) for s in (start, both, *bind("after"))]


def _leaves_loop(body: list[ast.stmt]) -> bool:
    """Whether statements leave a loop that is around them."""
    stack: list[Any] = [(statement, False) for statement in body]
    while stack:
        node, inside = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, (ast.Break, ast.Continue)) and not inside:
            return True
        within = inside or isinstance(node, (ast.For, ast.While))
        stack.extend((child, within) for child in ast.iter_child_nodes(node))
    return False


def without_continue(body: list[ast.stmt]) -> list[ast.stmt]:
    """``if c: …; continue`` before more statements is ``if c: … else: more``."""
    for place, statement in enumerate(body):
        if isinstance(statement, ast.Continue):
            return body[:place] or [ast.copy_location(ast.Pass(), statement)]
        if isinstance(statement, ast.If) and statement.body:
            ends = isinstance(statement.body[-1], ast.Continue)
            if ends and not statement.orelse:
                statement.body = without_continue(statement.body)
                rest = without_continue(body[place + 1 :])
                statement.orelse = rest
                return body[: place + 1]
    return body


def _index(node: ast.expr) -> ast.expr:
    """A subscript as a value."""
    if isinstance(node, ast.Slice):
        parts = [node.lower, node.upper, node.step]
        args = [part or ast.Constant(None) for part in parts]
        return ast.Call(ast.Name("slice", ast.Load()), args, [])
    if isinstance(node, ast.Tuple):
        return ast.Tuple([_index(part) for part in node.elts], ast.Load())
    return node


def target_name(target: ast.expr) -> str | None:
    """The name that an assignment gives."""
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        key = target.slice.value
        return key if isinstance(key, str) and key.isidentifier() else None
    return None


def _attributes_of(target: ast.expr) -> list[ast.Attribute]:
    """The attributes of names in ``self.q, self.k = …``."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return [found for part in target.elts for found in _attributes_of(part)]
    named = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
    return [target] if named else []  # type: ignore[list-item]


def _names_of(target: ast.expr) -> list[str]:
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for part in target.elts for name in _names_of(part)]
    return _names_of(target.value) if isinstance(target, ast.Starred) else []
