"""Matrices and operators as array code: a line each, before what uses them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr

from derive.backends.array_code import ARRAYS, LEAF, POWER, PRODUCT, SUM, ArrayCode, Text, kind_of
from derive.base.errors import UnsupportedError
from derive.base.tables import Table
from derive.language.activations import NamedFunction
from derive.language.operators import (
    ArrayOperator,
    Broadcast,
    LogSumExp,
    MatrixOperator,
    Softmax,
    Tensor,
    TensorElement,
)
from derive.language.structure import bound_within

_OWN_LINE = (MatrixOperator, ArrayOperator, sp.MatPow, sp.Determinant)
_NAMED: dict[Any, str] = {
    Softmax: "softmax",
    LogSumExp: "log_sum",
    Broadcast: "broadcast",
    sp.Inverse: "inverse",
    sp.MatPow: "power",
    sp.Determinant: "determinant",
}


def word_for(node: Any) -> str:
    """The word that the line of a part is named by."""
    return _NAMED.get(type(node), "part")


class _ByEntries(Exception):
    """A matrix that has no matrix notation here; caught in this module."""


# The code of each node where matrices and operators have lines of their own.
MATRICES: Table[Callable[[Any, Any], Text]] = Table(ARRAYS)


class MatrixCode(ArrayCode):
    """Array code of matrices and operators: these get a line each, before what uses them."""

    rules = MATRICES

    lines: list[str]
    fresh: Callable[[Any], str]
    slopes: dict[Any, str]  # the name of the derivative of each function that is a parameter

    @MATRICES.on(AppliedUndef)
    def _parameter(self, node: Any) -> Text:
        """A function that is a parameter of the code."""
        inner = self.write(node.args[0])
        return Text(f"{self.names[node.func]}({inner.text})", inner.axes)

    @MATRICES.on(sp.Derivative)
    def _derivative(self, node: Any) -> Text:
        return self._slope(node, node.variables[0])

    @MATRICES.on(sp.Subs)
    def _subs(self, node: Any) -> Text:
        if len(node.variables) != 1 or not isinstance(node.expr, sp.Derivative):
            raise UnsupportedError("a substitution cannot be written as array code")
        return self._slope(node.expr, node.point[0])

    def _slope(self, node: Any, point: Any) -> Text:
        applied = node.expr
        if not isinstance(applied, AppliedUndef) or node.variables != applied.args:
            raise UnsupportedError("a derivative cannot be written as array code")
        inner = self.write(point)
        name = self.slopes.setdefault(applied.func, f"{self.names[applied.func]}_prime")
        return Text(f"{name}({inner.text})", inner.axes)

    def _entry(self, array: Any, indices: Any) -> Text:
        if array in self.names or not isinstance(array, MatrixExpr):
            return super()._entry(array, indices)
        body = array[tuple(indices)]
        if isinstance(body, MatrixElement) and body.args[0] == array:
            raise UnsupportedError(f"{kind_of(array)} cannot be written as array code")
        return self.write(body)

    @MATRICES.on(sp.Trace)
    def _trace(self, node: Any) -> Text:
        k = sp.Dummy("k", integer=True)
        return self.write(sp.Sum(node.arg[k, k], (k, 0, node.arg.rows - 1)))

    @MATRICES.on(NamedFunction)
    def _named_function(self, node: Any) -> Text:
        return self.write(node.formula())

    @MATRICES.on(TensorElement)
    def _tensor_element(self, node: Any) -> Text:
        array = node.array
        if isinstance(array, ArrayOperator) and array not in self.names:
            return self.write(array.definition(*node.indices))
        return super()._tensor_element(node)

    def value(self, value: Any) -> str:
        """The text of a whole value, after the lines that it needs before."""
        if isinstance(value, sp.MatrixBase):
            raise UnsupportedError("a matrix that is written out has no array code here")
        value = self._named(value)
        if value in self.names:
            return self.names[value]
        if isinstance(value, Tensor):
            return self.array(value.body, [tuple(axis) for axis in value.axes])
        if isinstance(value, MatrixExpr):
            with contextlib.suppress(_ByEntries):
                return self._whole(value).text
        shape = tuple(getattr(value, "shape", ()) or ())
        axes = [sp.Dummy(letter, integer=True) for letter in "ijkpqr"[: len(shape)]]
        return self.array(self._at(value, axes), list(zip(axes, shape, strict=True)))

    def _whole(self, node: Any) -> Text:
        """A matrix in matrix notation.

        :raises _ByEntries: where it has to be written entry by entry.
        """
        if node in self.names:
            return Text(self.names[node])
        match node:
            case sp.Transpose():
                return Text(f"{self._whole(node.arg).at(LEAF)}.T")
            case sp.MatAdd():
                return self._matrix_sum(node.args)
            case sp.MatMul():
                return self._matrix_product(node)
            case sp.HadamardProduct():
                parts = [self._whole(part).at(POWER) for part in node.args]
                return Text(" * ".join(parts), (), PRODUCT)
            case sp.MatPow() if node.exp.is_Integer:
                base = self._whole(node.base).text
                return Text(f"{self.np}.linalg.matrix_power({base}, {node.exp})")
            case ElementwiseApplyFunction():
                return self._applied(node)
        raise _ByEntries

    def _matrix_sum(self, terms: Any) -> Text:
        text = ""
        signs = [(term.as_coeff_mmul()[0].could_extract_minus_sign(), term) for term in terms]
        for minus, term in sorted(signs, key=lambda pair: pair[0]):
            part = self._whole(-term if minus else term).at(PRODUCT)
            text += f" - {part}" if text and minus else f" + {part}" if text else part
            if minus and text == part:
                text = f"-{part}"
        return Text(text, (), SUM)

    def _matrix_product(self, node: Any) -> Text:
        scalars = [part for part in node.args if not isinstance(part, MatrixExpr)]
        matrices = [part for part in node.args if isinstance(part, MatrixExpr)]
        parts = [self._whole(part).at(POWER) for part in matrices]
        text = " @ ".join(parts)
        factor = sp.Mul(*scalars)
        if factor == -1:
            return Text(f"-{text}" if len(parts) == 1 else f"-({text})", (), PRODUCT)
        if factor == 1:
            return Text(text, (), PRODUCT)
        if len(parts) > 1:
            text = f"({text})"
        return Text(f"{self.write(factor).at(POWER)} * {text}", (), PRODUCT)

    def _applied(self, node: Any) -> Text:
        """A function of numbers, which libraries take entry by entry."""
        function = node.function
        (variable,) = function.variables
        if variable not in function.expr.free_symbols:
            raise _ByEntries
        own = sp.Dummy(str(variable), real=True)
        argument = self._whole(node.expr)
        if argument.level < LEAF:
            name = self.fresh(node)
            self.lines.append(f"{name} = {argument.text}")
            argument = Text(name)
        self.names[own] = argument.text
        return self.write(function.expr.xreplace({variable: own}))

    def _at(self, value: Any, indices: list[Any]) -> Any:
        if not indices:
            return value
        if isinstance(value, (MatrixOperator, ArrayOperator)):
            return value.definition(*indices)
        return value[tuple(indices)]

    def _named(self, value: Any) -> Any:
        """The value with names for the operators in it, inner ones first."""
        bound = bound_within(value)
        found = [node for node in sp.postorder_traversal(value) if isinstance(node, _OWN_LINE)]
        for node in dict.fromkeys(found):
            if node.free_symbols & bound or node == value or node in self.names:
                continue
            self.names[node] = self._line(node)
        return self._special(value) if isinstance(value, (sp.Inverse, sp.Determinant)) else value

    def _line(self, node: Any) -> str:
        name = self.fresh(node)
        text = self.value(self._special(node))
        self.lines.append(f"{name} = {text}")
        return name

    def _special(self, node: Any) -> Any:
        """What array libraries have a function for: a name of its own, given to its argument."""
        if isinstance(node, MatrixOperator):
            return node.func(*map(self._symbol_for, node.args))
        if not isinstance(node, (sp.Inverse, sp.Determinant)):
            return node
        inner = self.value(node.arg)
        verb = "inv" if isinstance(node, sp.Inverse) else "det"
        known: Any = sp.MatrixSymbol(f"{verb}", *node.shape) if verb == "inv" else sp.Dummy(verb)
        self.names[known] = f"{self.np}.linalg.{verb}({inner})"
        return known

    def _symbol_for(self, part: Any) -> Any:
        """A matrix that an operator reads, with a line of its own where it is an expression."""
        if not isinstance(part, MatrixExpr) or part in self.names:
            return part
        known = sp.MatrixSymbol(sp.Dummy("operand").name + str(len(self.lines)), *part.shape)
        text = self.value(part)
        name = self.fresh(known)
        self.lines.append(f"{name} = {text}")
        self.names[known] = name
        return known

    @MATRICES.on(sp.Determinant)
    def _determinant(self, node: Any) -> Text:
        return Text(self.names[node] if node in self.names else self.value(self._special(node)))
