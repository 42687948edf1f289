"""Expressions as one line of plain text, in a document's own notation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import MAX_EMAX, MIN_EMIN, ROUND_DOWN, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.mul import _keep_coeff
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.str import StrPrinter

from derive.language.operators import Broadcast, MatrixPartial, Partial

_RELATIONS = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥", "<": "<", ">": ">"}
_LONGEST_NUMBER = 15
_LONGEST_TWICE = 30  # a square is written as a product where its base is not longer
_FARTHEST = 300  # the largest exponent of ten that a number is looked at with
_SIX_DIGITS = Context(prec=6, rounding=ROUND_DOWN, Emax=MAX_EMAX, Emin=MIN_EMIN)
_SIMPLE = re.compile(r"\w+(\[[^\[\]]*\])?")


class Placed(sp.Dummy):
    """A number that is printed as the array whose entries it stands for."""

    typed: str
    precedence: int

    def __new__(cls, name: str, typed: str, precedence: int) -> Placed:
        symbol: Placed = sp.Dummy.__new__(cls, name, real=True)
        symbol.typed, symbol.precedence = typed, precedence
        return symbol


def _precedence(node: Any) -> int:
    """SymPy's own, which for a matrix product first evaluates every sum inside of it."""
    if _written_out(node):
        return precedence(_body(node))
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

    def _printed_terms(self, node: Any) -> list[tuple[Any, str]]:
        return [(term, self._print(term)) for term in self._as_ordered_terms(node)]

    def _print_MatAdd(self, node: Any) -> str:
        level, result = PRECEDENCE["Add"], ""
        for term, text in self._printed_terms(node):
            minus = text.startswith("-") and not isinstance(term, sp.MatAdd)
            text = text[1:] if minus else text
            if _precedence(term) < level or isinstance(term, sp.MatAdd):
                text = f"({text})"
            result += (" - " if minus else " + ") + text
        return result[3:] if result.startswith(" + ") else "-" + result[3:]


def added_first(terms: list[Any]) -> list[Any]:
    """The terms of a sum, what is subtracted from before what is subtracted."""
    if not terms[0].could_extract_minus_sign():
        return terms
    place = next((k for k, t in enumerate(terms) if not t.could_extract_minus_sign()), 0)
    return [terms[place], *terms[:place], *terms[place + 1 :]]


class _NotationPrinter(_QuickPrinter):
    """SymPy's own text, less the constructors that no document writes."""

    def parenthesize(self, item: Any, level: int, strict: bool = False) -> str:
        if isinstance(item, sp.MatMul) and isinstance(item.args[0], sp.MatrixExpr):
            summed = self._summed(item.args)
            if summed:
                return summed
        return super().parenthesize(item, level, strict)

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        """A sum of numbers starts with what is subtracted from: x - mu, not -mu + x."""
        terms = list(super()._as_ordered_terms(expr, order))
        # Of matrices, terms with a minus come last anyway.
        numbers = isinstance(expr, sp.Add) and not isinstance(expr, sp.MatrixExpr)
        return added_first(terms) if numbers else terms

    def _printed_terms(self, node: Any) -> list[tuple[Any, str]]:
        """Terms with a minus come last, so that a sum starts with what is subtracted from."""
        terms = [(one, self._print(one)) for one in _beside(self._as_ordered_terms(node))]
        return sorted(terms, key=lambda term: term[1].startswith("-"))

    def _summed(self, factors: Any) -> str:
        """``rowsum(X)`` for X·1, ``colsum(X)`` for 1·X, ``sum(X)`` for the sum of all entries; ''
        for another product.

        A matrix of ones next to an axis of size 1 sums nothing, it repeats; and where it does not
        fit, what is wrong should be seen.
        """
        factors = list(factors)
        over: list[str] = []
        if len(factors) > 1 and _adds_up(factors[-1], factors[-2].shape[1], 0):
            factors.pop()
            over.append("row")
        if len(factors) > 1 and _adds_up(factors[0], factors[1].shape[0], 1):
            factors.pop(0)
            over.append("col")
        if not over or any(isinstance(f, sp.OneMatrix) for f in factors):
            return ""
        rows, columns = factors[0].shape[0], factors[-1].shape[1]
        # Of a vector, the sum over its only axis is the sum of all entries.
        every = len(over) == 2 or (rows if over == ["row"] else columns) == 1
        inner = factors[0] if len(factors) == 1 else sp.MatMul(*factors, evaluate=False)
        return f"{'' if every else over[0]}sum({self._print(inner)})"

    def _print_Trace(self, node: Any) -> str:
        factors = node.arg.args if isinstance(node.arg, sp.MatMul) else ()
        if factors and isinstance(factors[0], sp.MatrixExpr) and node.arg.shape == (1, 1):
            summed = self._summed(factors)
            if summed:
                return summed
        return f"Trace({self._print(node.arg)})"

    def _print_HadamardPower(self, node: Any) -> str:
        if node.exp == 2:
            base = self.parenthesize(node.base, PRECEDENCE["Mul"])
            return f"{base} ⊙ {base}"
        return str(super()._print_HadamardPower(node))

    def _print_MatMul(self, node: Any) -> str:
        numbers = [f for f in node.args if not isinstance(f, sp.MatrixExpr)]
        number, sign = sp.Mul(*numbers), ""
        if number.could_extract_minus_sign():
            number, sign = -number, "-"
        level = PRECEDENCE["Mul"]
        matrices = [f for f in node.args if f not in numbers]
        summed = self._summed(matrices) if matrices else ""
        factors = [summed] if summed else [self.parenthesize(f, level) for f in matrices]
        if number != 1:  # in front it needs no parentheses: a*b*C is (a*b)*C
            factors.insert(0, self.parenthesize(number, level, strict=True))
        return sign + "*".join(factors)

    def _print_ElementwiseApplyFunction(self, node: Any) -> str:
        function, operand = node.function, self._print(node.expr)
        if isinstance(function, sp.Lambda):
            name = function_name(function)
            if _written_out(node):
                return self._entry_by_entry(node)
            return f"{name or f'({self._print(function)})'}({operand})"
        return f"{self._print(function)}({operand})"

    def _entry_by_entry(self, node: Any) -> str:
        """The body of a function, with the array that it acts on in place of its entries."""
        placed = Placed(
            node.function.variables[0].name, self._print(node.expr), _precedence(node.expr)
        )
        return str(self._print(node.function.expr.xreplace({node.function.variables[0]: placed})))

    def _print_Placed(self, node: Any) -> str:
        return str(node.typed)

    def _print_Mul(self, node: Any) -> str:
        """Of entries of an array: ⊙ between factors, since * would be the product of matrices."""
        if not node.has(Placed):
            return str(super()._print_Mul(node))
        number, factors = node.as_independent(Placed, as_Add=False)
        above, below = [], []
        for factor in sp.Mul.make_args(factors):
            base, exponent = factor.as_base_exp()
            if exponent.is_number and exponent.is_negative:
                below.append(base**-exponent)
            else:
                above.append(factor)
        sign = "-" if number.could_extract_minus_sign() else ""
        over, under = (-number if sign else number).as_numer_denom()
        level = PRECEDENCE["Mul"]
        alone = len(above) == 1
        text = " ⊙ ".join(self.parenthesize(f, level, strict=alone) for f in above)
        if over != 1 or not above:
            front = self.parenthesize(over, level, strict=True)
            text = f"{front}*{text}" if text else front
        down = ([] if under == 1 else [self.parenthesize(under, level)]) + [
            self.parenthesize(f, level) for f in below
        ]
        if len(down) == 1:
            text = f"{text}/{down[0]}"
        elif down:
            number_first = "*" if under != 1 else " ⊙ "
            text = f"{text}/({number_first.join((down[0], ' ⊙ '.join(down[1:])))})"
        return sign + text

    def _print_Pow(self, node: Any, rational: bool = False) -> str:
        base, exponent = node.as_base_exp()
        if not base.has(Placed) or exponent == sp.Rational(1, 2):
            return str(super()._print_Pow(node, rational))
        if exponent.is_number and exponent.is_negative:
            return f"1/{self.parenthesize(base**-exponent, PRECEDENCE['Mul'])}"
        inner = self.parenthesize(base, PRECEDENCE["Pow"])
        if exponent == 2 and len(inner) < _LONGEST_TWICE:
            return f"{inner} ⊙ {inner}"
        return f"{inner}.**{self.parenthesize(exponent, PRECEDENCE['Pow'])}"

    def _print_Piecewise(self, node: Any) -> str:
        """[X > 0] for what is 1 where an entry is positive, and else 0."""
        (value, condition), *others = node.args
        if node.has(Placed) and value == 1 and others == [(0, sp.true)]:
            return f"[{self._print(condition)}]"
        return str(self._print_Function(node))

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
        return " ⊙ ".join(self.parenthesize(factor, level) for factor in _beside(node.args))

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
            return f"(∂{operand(expr.of)}/∂{operand(expr.wrt)})"
        if type(expr).__name__ == "Elementwise" and not has_slopes(expr.function):
            return self._elementwise(expr)
        return super()._print(expr, **settings)

    def _elementwise(self, node: Any) -> str:
        """A function of the entries of arrays, as a formula of these arrays."""
        function, operands = node.function, node.operands
        if name := function_name(function):
            return f"{name}({', '.join(map(self._print, operands))})"
        placed = {
            variable: Placed(variable.name, self._print(array), _precedence(array))
            for variable, array in zip(function.variables, operands, strict=True)
        }
        text = self._print(function.expr.xreplace(placed))
        return text if precedence(function.expr) >= PRECEDENCE["Func"] else f"({text})"

    def _print_MatrixBase(self, node: Any) -> str:  # SymPy takes a line a row
        rows = (", ".join(self._print(item) for item in node.row(i)) for i in range(node.rows))
        return f"[{', '.join(f'[{row}]' for row in rows)}]"

    def _print_Dummy(self, node: Any) -> str:
        return str(node.name)


def _beside(parts: Iterable[Any]) -> list[Any]:
    """What is added, or multiplied entry by entry: a number that is repeated is written as one
    where something else tells how often, 1 − A.
    """
    parts = list(parts)
    numbers = [_repeated(part) for part in parts]
    if all(number is not None for number in numbers):
        return parts
    return [part if n is None else n for part, n in zip(parts, numbers, strict=True)]


def _repeated(node: Any) -> Any:
    """The number that an array repeats, or a multiple of one; None for any other array."""
    if isinstance(node, sp.MatMul):
        matrices = [f for f in node.args if isinstance(f, sp.MatrixExpr)]
        inner = _repeated(matrices[0]) if len(matrices) == 1 else None
        numbers = (f for f in node.args if f not in matrices)
        return None if inner is None else sp.Mul(*numbers, inner)
    if isinstance(node, Broadcast) and not isinstance(node.operand, sp.MatrixExpr):
        return node.operand
    return None


def _adds_up(factor: Any, size: Any, axis: int) -> bool:
    """Whether a factor is a matrix of ones that sums over an axis of this size."""
    return isinstance(factor, sp.OneMatrix) and factor.shape[axis] == size != 1


def function_name(function: sp.Lambda) -> str | None:
    """The name f of z ↦ f(z), f' of z ↦ f'(z); other functions have none."""
    body = function.expr
    if len(function.variables) == 1 and body == 1 / (1 + sp.exp(-function.variables[0])):
        return "sigmoid"
    if isinstance(body, sp.Derivative):
        return _primed(body) if body.expr.args == function.variables else None
    if getattr(body, "args", ()) != function.variables:
        return None
    name = body.func.__name__
    return name if isinstance(body, AppliedUndef) else name.lower()


def _written_out(node: Any) -> bool:
    """Whether a function of the entries is printed by its body, since it has no name."""
    return (
        isinstance(node, ElementwiseApplyFunction)
        and isinstance(node.function, sp.Lambda)
        and len(node.function.variables) == 1
        and node.function.expr.has(node.function.variables[0])
        and not node.function.expr.has(sp.Derivative, sp.Subs, ElementwiseApplyFunction)
        and function_name(node.function) is None
    )


def has_slopes(function: sp.Lambda) -> bool:
    """Whether a function takes derivatives, in which nothing stands for its variables."""
    return bool(function.expr.has(sp.Derivative, sp.Subs))


def _body(node: Any) -> Any:
    return node.function.expr


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
        return _text(value)
    return str(value)


@lru_cache(maxsize=2048)
def _text(value: sp.Basic) -> str:
    """Kept, since the claims of a formula have their definitions in common."""
    return _NotationPrinter().doprint(value)


def plain_text(value: Any) -> str:
    """``str(value)``, for programs."""
    return _plain(value) if isinstance(value, sp.Basic) else str(value)


@lru_cache(maxsize=512)
def _plain(value: sp.Basic) -> str:
    """Kept, since what is derived is, where a claim holds, what is documented."""
    return _QuickPrinter().doprint(value)


def shape_text(shape: Iterable[Any]) -> str:
    """``(n, m)``, ``(n,)`` or ``()``."""
    sizes = [text_of(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def operand(expression: Any) -> str:
    """What stands after ∂: a symbol or an entry as it is, anything else in parentheses."""
    text = text_of(expression)
    stands_alone = isinstance(expression, (Partial, MatrixPartial)) or _SIMPLE.fullmatch(text)
    return text if stands_alone else f"({text})"


def number_text(value: Any, longest: int = _LONGEST_NUMBER) -> str:
    """A number of a witness: a short one as it is, of a long one the first digits."""
    text = str(value)
    if len(text) <= longest:
        return text
    try:
        if "e" in text and abs((far := Decimal(text)).adjusted()) > _FARTHEST:
            # It has no room among fractions and floats.
            return f"{_SIX_DIGITS.plus(far):e}…" if len(far.as_tuple().digits) > 6 else text
        value = Fraction(text)
        short = f"{float(_SIX_DIGITS.divide(Decimal(value.numerator), value.denominator)):.6g}"
        return short if Fraction(short) == value else f"{short}…"
    except (ValueError, ArithmeticError):
        return text


def numbers_apart(left: Any, right: Any, longest: int = _LONGEST_NUMBER) -> tuple[str, str]:
    """Two numbers that differ, shortened where they can still be told apart."""
    short = number_text(left, longest), number_text(right, longest)
    return short if short[0] != short[1] else (str(left), str(right))
