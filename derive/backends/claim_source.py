"""A claim as a Python file of claims: each symbol by its name, a line for each definition.

Expressions are written as SymPy's constructors. What they give is compared with the claim before
anything is shown.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef, UndefinedFunction
from sympy.printing.repr import ReprPrinter
from sympy.tensor.array.expressions import ArraySymbol

from derive.backends.python_names import Names
from derive.base.errors import UnsupportedError

TOLD = ("of", "wrt", "upstream", "equals", "given")


class _Writer(ReprPrinter):
    """Writes expressions as the calls that make them, and declares what they are made of."""

    def __init__(self) -> None:
        super().__init__()
        self.names = Names()
        self.declared: list[str] = []
        self.imports: dict[str, set[str]] = {}
        self._known: dict[Any, str] = {}

    def imported(self, kind: Any) -> str:
        """The name of a class or function, which the file imports.

        :raises UnsupportedError: for one that cannot be imported by its name.
        """
        name, module = kind.__name__, kind.__module__
        for home in ("sympy", "derive", module):
            if getattr(importlib.import_module(home), name, None) is kind:
                self.imports.setdefault(home, set()).add(name)
                return str(name)
        raise UnsupportedError(f"{name} cannot be imported")

    def named(self, node: Any, text: str) -> str:
        """The variable that holds a symbol; it is declared where it is met first."""
        if node not in self._known:
            name = self.names.of(node, str(getattr(node, "name", node)))
            self._known[node] = name
            self.declared.append(f"{name} = {text}")
        return self._known[node]

    def _print_Symbol(self, node: Any) -> str:
        if isinstance(node, sp.Dummy):
            raise UnsupportedError("an index without a name")
        assumed = "".join(
            f", {key}={value}" for key, value in sorted(node._assumptions_orig.items())
        )
        return self.named(node, f"{self.imported(type(node))}({str(node.name)!r}{assumed})")

    _print_Dummy = _print_Symbol

    def _print_MatrixSymbol(self, node: Any) -> str:
        sizes = ", ".join(self._print(size) for size in node.shape)
        return self.named(node, f"{self.imported(type(node))}({str(node.name)!r}, {sizes})")

    def _print_ArraySymbol(self, node: ArraySymbol) -> str:
        sizes = ", ".join(self._print(size) for size in node.shape)
        return self.named(node, f"{self.imported(type(node))}({str(node.name)!r}, ({sizes},))")

    def _print_IndexedBase(self, node: Any) -> str:
        sizes = ", ".join(self._print(size) for size in node.shape or ())
        shape = f", shape=({sizes},)" if sizes else ""
        return self.named(node, f"{self.imported(type(node))}({str(node.label)!r}{shape})")

    def _print_Indexed(self, node: Any) -> str:
        return f"{self._print(node.base)}[{', '.join(map(self._print, node.indices))}]"

    def _print_MatrixElement(self, node: Any) -> str:
        if node.parent[node.i, node.j] == node:
            return f"{self._print(node.parent)}[{self._print(node.i)}, {self._print(node.j)}]"
        # An entry of softmax(z), say, which [i, j] would write out.
        parts = ", ".join(map(self._print, node.args))
        return f"{self.imported(type(node))}({parts})"

    def _print_Integer(self, node: Any) -> str:
        return f"{self.imported(sp.Integer)}({node.p})"

    _print_Zero = _print_One = _print_NegativeOne = _print_Integer

    def _print_Rational(self, node: Any) -> str:
        return f"{self.imported(sp.Rational)}({node.p}, {node.q})"

    _print_Half = _print_Rational

    def _print_Function(self, node: Any) -> str:
        if isinstance(node, AppliedUndef):
            function = self._print(node.func)
            return f"{function}({', '.join(map(self._print, node.args))})"
        return self._called(node)

    def _print_FunctionClass(self, node: Any) -> str:
        if isinstance(node, UndefinedFunction) and type(node) is UndefinedFunction:
            if node._kwargs:
                raise UnsupportedError(f"the function {node} has assumptions")
            return self.named(node, f"{self.imported(sp.Function)}({node.__name__!r})")
        return self.imported(node)

    def _print_Tuple(self, node: Any) -> str:
        return f"{self.imported(sp.Tuple)}({', '.join(map(self._print, node.args))})"

    def _print_Str(self, node: Any) -> str:
        raise UnsupportedError("a name that is part of an expression")

    def _called(self, node: Any) -> str:
        """A node as the call of its class; unevaluated where evaluation would change it."""
        inside = ", ".join(map(self._print, node.args))
        name = self.imported(type(node))
        try:
            same = type(node)(*node.args) == node
        except Exception:  # whatever a constructor stumbles over when it is called again
            same = False
        return f"{name}({inside})" if same else f"{name}({inside}, evaluate=False)"

    def _print_Basic(self, node: Any) -> str:
        return self._called(node)

    _print_Add = _print_Mul = _print_Pow = _print_Basic
    _print_MatAdd = _print_MatMul = _print_MatPow = _print_Basic
    _print_Expr = _print_MatrixExpr = _print_Relational = _print_Sum = _print_Lambda = _print_Basic

    def _print_NumberSymbol(self, node: Any) -> str:
        return self.emptyPrinter(node)

    _print_BooleanTrue = _print_BooleanFalse = _print_Infinity = _print_NumberSymbol
    _print_NaN = _print_NegativeInfinity = _print_ImaginaryUnit = _print_NumberSymbol

    def _print_Piecewise(self, node: Any) -> str:
        return self._called(node)

    def emptyPrinter(self, expr: Any) -> str:
        if isinstance(expr, sp.Basic) and expr.args:
            return self._called(expr)
        for name in ("pi", "E", "oo", "nan", "I", "true", "false", "EulerGamma"):
            if getattr(sp, name) is expr:
                self.imports.setdefault("sympy", set()).add(name)
                return name
        if isinstance(expr, sp.Basic) and type(expr)() is expr:
            return f"{self.imported(type(expr))}()"
        raise UnsupportedError(f"{type(expr).__name__} cannot be written as Python")


def source(claim: Any) -> str:
    """The file; its last line states the claim, and its test decides it.

    :raises UnsupportedError: where the claim cannot be written down so that it comes back.
    """
    claim = _with_plain_indices(claim)
    writer = _Writer()
    definitions = [
        f"    {writer.doprint(symbol)}: {writer.doprint(value)},"
        for symbol, value in claim.where.items()
    ]
    told = []
    for name in (field.name for field in fields(claim) if field.name in TOLD):
        value = getattr(claim, name)
        if name == "given":
            value = tuple(value)
            text = ", ".join(map(writer.doprint, value))
            if value:
                told.append(f"    given=({text},),")
        else:
            told.append(f"    {name}={writer.doprint(value)},")
    kind = writer.imported(type(claim))
    writer.imports.setdefault("derive", set()).add("verify")
    lines = [
        *(f"from {home} import {', '.join(sorted(names))}" for home, names in _sorted(writer)),
        "",
        *writer.declared,
        "",
        "where = {",
        *definitions,
        "}",
        f"claim = {kind}(",
        *told,
        "    where=where,",
        f"    id={claim.id!r},",
        ")",
        "",
        "",
        "def test_claim():",
        '    assert verify(claim).status == "holds"',
    ]
    text = "\n".join(lines) + "\n"
    _compare(text, claim)
    return text


def _with_plain_indices(claim: Any) -> Any:
    """The claim with a named symbol for each index that only SymPy tells from others."""
    values = [getattr(claim, name) for name in TOLD if hasattr(claim, name)]
    values = [v for value in values for v in (value if isinstance(value, tuple) else (value,))]
    values += [part for pair in claim.where.items() for part in pair]
    found = sorted(
        set().union(*(value.atoms(sp.Dummy) for value in values)), key=sp.default_sort_key
    )
    if not found:
        return claim
    taken = {str(s.name) for value in values for s in value.atoms(sp.Symbol)}
    fresh = (f"{letter}{number}" for number in range(1, 100) for letter in "ijkpqrst")
    free = (name for name in fresh if name not in taken)
    new = {
        dummy: sp.Symbol(name, **{k: v for k, v in dummy._assumptions_orig.items()})
        for dummy, name in zip(found, free, strict=False)
    }
    changed = {
        name: tuple(v.xreplace(new) for v in value)
        if isinstance(value, tuple)
        else value.xreplace(new)
        for name in TOLD
        if (value := getattr(claim, name, None)) is not None
    }
    where = {s.xreplace(new): v.xreplace(new) for s, v in claim.where.items()}
    return replace(claim, **changed, where=where)


def with_joined_sums(claim: Any) -> Any:
    """The claim with one sum for a sum of sums on its documented side: SymPy writes none such."""
    equals = claim.equals
    nested = {
        node: sp.Sum(*node.args)
        for node in (equals.atoms(sp.Sum) if isinstance(equals, sp.Basic) else ())
        if isinstance(node.function, sp.Sum)
    }
    return replace(claim, equals=equals.xreplace(nested)) if nested else claim


def _sorted(writer: _Writer) -> Iterable[tuple[str, set[str]]]:
    return sorted(writer.imports.items(), key=lambda pair: (pair[0] != "sympy", pair[0]))


def _compare(text: str, claim: Any) -> None:
    """Insist that the file states the same claim.

    :raises UnsupportedError: where it does not.
    """
    values: dict[str, Any] = {}
    try:
        exec(compile(text, "<export>", "exec"), values)
    except Exception as problem:
        said = " ".join(f"{type(problem).__name__} {problem}".split())
        raise UnsupportedError(f"it cannot be read again ({said})") from None
    found = values["claim"]
    same = dict(found.where) == dict(claim.where) and tuple(found.given) == tuple(claim.given)
    if not same or any(
        getattr(found, name) != getattr(claim, name)
        for name in TOLD
        if hasattr(claim, name) and name != "given"
    ):
        raise UnsupportedError("what is read again is another claim")
