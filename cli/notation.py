"""Claims and expressions as one line of plain text, in a document's own notation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.mul import _keep_coeff
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.str import StrPrinter

from derive.claims import Claim
from derive.operators import MatrixPartial, Partial

_RELATIONS = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥", "<": "<", ">": ">"}
_LONGEST_RATIONAL = 15
_SIMPLE = re.compile(r"\w+(\[[^\[\]]*\])?")


def _precedence(node: Any) -> int:
    """SymPy's own, which for a matrix product first evaluates every sum inside of it."""
    if not isinstance(node, sp.MatMul):
        return precedence(node)
    first = node.args[0]
    return PRECEDENCE["Add" if first.is_Number and first.is_negative else "Mul"]


class _QuickPrinter(StrPrinter):
    """SymPy's own text, without evaluating what it prints."""

    def parenthesize(self, item: Any, level: int, strict: bool = False) -> str:
        own, text = _precedence(item), self._print(item)
        return f"({text})" if own < level or (own == level and not strict) else text

    def _print_MatMul(self, node: Any) -> str:
        coefficient, product = node.as_coeff_mmul()
        sign = ""
        if coefficient.is_number and coefficient.is_negative:
            node, sign = _keep_coeff(-coefficient, product), "-"
        level = _precedence(node)
        return sign + "*".join(self.parenthesize(factor, level) for factor in node.args)


class _NotationPrinter(_QuickPrinter):
    """SymPy's own text, less the constructors that no document writes."""

    def _print_ElementwiseApplyFunction(self, node: Any) -> str:
        function, operand = node.function, self._print(node.expr)
        if isinstance(function, sp.Lambda):
            name = _function_name(function)
            return f"{name or f'({self._print(function)})'}({operand})"
        return f"{self._print(function)}({operand})"

    def _print_Derivative(self, node: Any) -> str:
        name = _primed(node)
        return (
            f"{name}({self._print(node.expr.args[0])})" if name else super()._print_Derivative(node)
        )

    def _print_Subs(self, node: Any) -> str:
        name = _primed(node.expr) if len(node.point) == 1 else None
        if name and node.expr.expr.args == node.variables:
            return f"{name}({self._print(node.point[0])})"
        return super()._print_Subs(node)

    def _print_Lambda(self, node: Any) -> str:
        variables = ", ".join(self._print(variable) for variable in node.variables)
        if len(node.variables) != 1:
            variables = f"({variables})"
        return f"{variables} ↦ {self._print(node.expr)}"

    def _print_HadamardProduct(self, node: Any) -> str:
        level = PRECEDENCE["Mul"]
        return " ⊙ ".join(self.parenthesize(factor, level) for factor in node.args)

    def _print_Relational(self, node: Any) -> str:
        left, right = self._print(node.lhs), self._print(node.rhs)
        return f"{left} {_RELATIONS[node.rel_op]} {right}"

    def _print_AppliedPredicate(self, node: Any) -> str:
        arguments = ", ".join(self._print(argument) for argument in node.arguments)
        return f"{arguments} is {str(node.function.name).replace('_', ' ')}"

    def _print_FunctionMatrix(self, node: Any) -> str:
        return f"[{self._print(node.lamda)}]"

    def _print(self, expr: Any, **settings: Any) -> str:
        if isinstance(expr, (Partial, MatrixPartial)):  # before their own `_sympystr`
            return f"(∂{_operand(expr.of)}/∂{_operand(expr.wrt)})"
        return super()._print(expr, **settings)

    def _print_MatrixBase(self, node: Any) -> str:  # SymPy takes a line a row
        rows = (", ".join(self._print(item) for item in node.row(i)) for i in range(node.rows))
        return f"[{', '.join(f'[{row}]' for row in rows)}]"

    def _print_Dummy(self, node: Any) -> str:
        return str(node.name)


def _function_name(function: sp.Lambda) -> str | None:
    """The name f of z ↦ f(z), f' of z ↦ f'(z); other functions have none."""
    body = function.expr
    if isinstance(body, sp.Derivative):
        return _primed(body)
    if getattr(body, "args", ()) != function.variables:
        return None
    name = body.func.__name__
    return name if isinstance(body, AppliedUndef) else name.lower()


def _primed(node: Any) -> str | None:
    """``f''`` for the second derivative of f(z) in z, f being any function of one argument."""
    if not isinstance(node, sp.Derivative) or not isinstance(node.expr, AppliedUndef):
        return None
    if len(node.expr.args) != 1 or set(node.variables) != set(node.expr.args):
        return None
    return node.expr.func.__name__ + "'" * len(node.variables)


def text_of(value: Any) -> str:
    """An expression, an assumption or a shape as a person would type it."""
    if isinstance(value, str):
        return value
    if isinstance(value, (tuple, list)):
        return shape_text(value)
    if isinstance(value, sp.Basic):
        return _NotationPrinter().doprint(value)
    return str(value)


def plain_text(value: Any) -> str:
    """``str(value)``, for programs."""
    return _QuickPrinter().doprint(value) if isinstance(value, sp.Basic) else str(value)


def shape_text(shape: Iterable[Any]) -> str:
    """``(n, m)``, ``(n,)`` or ``()``."""
    sizes = [text_of(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def number_text(value: Any) -> str:
    """A number of a witness: a short rational as it is, a long one as a decimal."""
    text = str(value)
    if len(text) <= _LONGEST_RATIONAL:
        return text
    try:
        short = f"{float(Fraction(text)):.6g}"
        return short if Fraction(short) == Fraction(text) else f"{short}…"
    except (ValueError, OverflowError):
        return text


def statement(claim: Claim) -> str:
    """The claim in one line: what it equates, its definitions and its assumptions."""
    text = equation(claim)
    if claim.where:
        text += f", where {', '.join(definitions(claim))}"
    if claim.assumed:
        text += f", given {', '.join(text_of(fact) for fact in claim.assumed)}"
    return text


def equation(claim: Any) -> str:
    """What the claim equates, without its definitions and assumptions."""
    match claim.kind:
        case "identity":
            return f"{text_of(claim.left)} = {text_of(claim.right)}"
        case "inequality":
            return f"{text_of(claim.left)} ≤ {text_of(claim.right)}"
        case "shape":
            return f"shape of {text_of(claim.of)} = {text_of(claim.equals)}"
    answer = text_of(documented(claim))
    of, wrt = _operand(claim.of), _operand(claim.wrt)
    match claim.kind:
        case "hessian":
            return f"∂²{of}/∂{wrt}² = {answer}"
        case "backward":
            return f"Σ {_operand(claim.upstream)} · ∂{of}/∂{wrt} = {answer}"
    return f"∂{of}/∂{wrt} = {answer}"


def _operand(expression: Any) -> str:
    """What stands after ∂: a symbol or an entry as it is, anything else in parentheses."""
    text = text_of(expression)
    stands_alone = isinstance(expression, (Partial, MatrixPartial)) or _SIMPLE.fullmatch(text)
    return text if stands_alone else f"({text})"


def documented(claim: Any) -> Any:
    """The side of the claim that the document states."""
    return claim.right if claim.kind in ("identity", "inequality") else claim.equals


def definitions(claim: Claim) -> list[str]:
    """The claim's definitions, one ``symbol = expression`` each."""
    return [f"{text_of(symbol)} = {text_of(value)}" for symbol, value in claim.where.items()]
