"""Expressions in LaTeX, as a document would set them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.tensor.array.expressions import ArraySymbol

from derive.language.printing import added_first, function_name, has_slopes, text_of

_NAMED = {
    "sigmoid": r"\sigma", "exp": r"\exp", "log": r"\log", "sin": r"\sin", "cos": r"\cos",
    "tan": r"\tan", "sinh": r"\sinh", "cosh": r"\cosh", "tanh": r"\tanh",
    "abs": r"\operatorname{abs}",
}  # fmt: skip


# Names of more than one letter: W_{hi} for Whi, one word in italics for others.
_WEIGHT = re.compile(r"([A-Z])([a-z]{1,3})")
_WORD = re.compile(r"[A-Za-z]{2,}")
_NUMBERED = re.compile(r"([A-Za-z]{2,})_?(\d+)")
_DOTTED = re.compile(r"[A-Za-z]\w*(\.\w+)+")


# What Python has instead of λ, where ``lambda`` is a word of its own.
_LAMBDA = frozenset({"lam", "lamb", "lambd", "lmbda", "lambda_"})

# What is written after ∂ without parentheses.
_SIMPLE = (sp.Symbol, sp.MatrixSymbol, ArraySymbol, sp.Indexed, sp.IndexedBase)
_ENTRIES = ("MatrixElement", "At", "ArrayElement", "TensorElement")


class _Typesetter(LatexPrinter):
    """SymPy's own LaTeX, less the constructors that no document writes.

    :param marked: subexpressions that are put into ``\\class{differs}{…}``.
    """

    def __init__(self, marked: Collection[Any] = ()) -> None:
        super().__init__()
        self._marked = frozenset(marked)
        self._beside: frozenset[Any] = frozenset()

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        name = str(expr.name)
        if name in _LAMBDA:
            return r"\lambda"
        if weight := _WEIGHT.fullmatch(name):
            return rf"{weight[1]}_{{{weight[2]}}}"
        if _WORD.fullmatch(name) and not hasattr(sp.Symbol, name):
            plain = str(super()._print_Symbol(expr))
            return rf"\mathit{{{name}}}" if plain == name else plain
        if numbered := _NUMBERED.fullmatch(name):
            return f"{self._print_Symbol(sp.Symbol(numbered[1]))}_{{{numbered[2]}}}"
        if _DOTTED.fullmatch(name):
            escaped = name.replace("_", r"\_")
            return rf"\mathit{{{escaped}}}"
        return str(super()._print_Symbol(expr))

    _print_MatrixSymbol = _print_Symbol

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        """As in text: x - mu, not -mu + x; of matrices all terms with a minus come last."""
        terms = list(super()._as_ordered_terms(expr, order))
        if isinstance(expr, sp.MatrixExpr):
            return sorted(terms, key=lambda term: bool(term.could_extract_minus_sign()))
        return added_first(terms)

    def _print_Transpose(self, node: Any) -> str:
        return rf"{self.parenthesize(node.arg, PRECEDENCE['Pow'], True)}^{{\top}}"

    def _print_Inverse(self, node: Any) -> str:
        if isinstance(node.arg, sp.Transpose):
            inner = self.parenthesize(node.arg.arg, PRECEDENCE["Pow"], True)
            return rf"{inner}^{{-\top}}"
        return rf"{self.parenthesize(node.arg, PRECEDENCE['Pow'], True)}^{{-1}}"

    def _print_HadamardProduct(self, node: Any) -> str:
        level = PRECEDENCE["Mul"]
        return r" \odot ".join(self.parenthesize(factor, level, True) for factor in node.args)

    def _print_MatMul(self, node: Any) -> str:
        """As SymPy does, but for a fraction in front, which needs no parentheses."""
        first, *rest = node.args
        if not isinstance(first, sp.Rational) or first.is_Integer or not rest:
            return str(super()._print_MatMul(node))
        if len(rest) == 1:
            text = self.parenthesize(rest[0], PRECEDENCE["Mul"])
        else:
            text = super()._print_MatMul(_unchecked(sp.MatMul, *rest))
        return f"{self._print(first)} {text}"

    def _print_MatAdd(self, node: Any) -> str:
        terms = [self._signed(term) for term in node.args]
        inner = [term.args[-1] if term.is_MatMul else term for term in terms]
        repeated = frozenset(term for term in inner if type(term).__name__ == "Broadcast")
        outer = self._beside
        self._beside = repeated if len(repeated) < len(terms) else frozenset()
        try:
            return str(super()._print_Add(_unchecked(sp.MatAdd, *terms)))
        finally:
            self._beside = outer

    def _signed(self, term: Any) -> Any:
        """A term with the sign of its first factor in front, as of (−A) ⊙ B."""
        first = term.args[0] if isinstance(term, sp.HadamardProduct) else None
        if not isinstance(first, sp.MatMul) or first.args[0] != -1:
            return term
        rest = first.args[1:]
        unsigned = rest[0] if len(rest) == 1 else _unchecked(sp.MatMul, *rest)
        positive = _unchecked(sp.HadamardProduct, unsigned, *term.args[1:])
        signed = _unchecked(sp.MatMul, sp.S.NegativeOne, positive)
        if term in self._marked:
            self._marked |= {-signed, positive}  # SymPy prints what it makes of −signed
        return signed

    def _beside_others(self, node: Any) -> str:
        """What is repeated to the size of what it is added to: no document says so."""
        operand = node.operand
        return (
            rf"\left({self._print(operand)}\right)"
            if isinstance(operand, (sp.Add, sp.MatAdd))
            else str(self.parenthesize(operand, PRECEDENCE["Add"]))
        )

    def _print_FunctionMatrix(self, node: Any) -> str:
        bound = zip(node.lamda.variables, node.shape, strict=True)
        indices = ", ".join(f"{self._print(index)}<{self._print(size)}" for index, size in bound)
        return rf"\left[{self._print(node.lamda.expr)}\right]_{{{indices}}}"

    def _print_HadamardPower(self, node: Any) -> str:
        base = self.parenthesize(node.base, PRECEDENCE["Pow"], True)
        return rf"{base}^{{\odot {self._print(node.exp)}}}"

    def _print_OneMatrix(self, node: Any) -> str:
        rows, columns = map(self._print, node.shape)
        return rf"\mathbf{{1}}_{{{rows} \times {columns}}}"

    def _print_ZeroMatrix(self, node: Any) -> str:
        return r"\mathbf{0}"

    def _print_Identity(self, node: Any) -> str:
        return rf"\mathbf{{I}}_{{{self._print(node.shape[0])}}}"

    def _print_ElementwiseApplyFunction(self, node: Any) -> str:
        inner = self._print(node.expr)
        function = node.function
        if not isinstance(function, sp.Lambda):
            return rf"{self._print(function)}\left({inner}\right)"
        name = function_name(function)
        if name is not None:
            primes = len(name) - len(name.rstrip("'"))
            bare = name.rstrip("'")
            typed = _NAMED.get(bare) or self._print(sp.Symbol(bare))
            return typed + "'" * primes + rf"\left({inner}\right)"
        variable = function.variables[0]
        whole = (
            isinstance(node.expr, (sp.MatrixSymbol, sp.Symbol)) or type(node.expr).__name__ == "At"
        )
        entry = _Placeholder(variable.name, inner if whole else rf"\left({inner}\right)")
        body = function.expr.xreplace({variable: entry})
        if isinstance(body, sp.Mul):  # of entries: the product of arrays is another one
            numbers, factors = body.as_coeff_mul()
            level = PRECEDENCE["Mul"]
            parts = [self.parenthesize(f, level, True) for f in factors]
            front = "" if numbers == 1 else "- " if numbers == -1 else self._print(numbers) + " "
            return front + r" \odot ".join(parts)
        text = self._print(body)
        return rf"\left({text}\right)" if isinstance(body, sp.Add) else text

    def _print_Recurrence(self, node: Any) -> str:
        bounds = (
            f"_{{{self._print(node.index)}={self._print(node.low)}}}^{{{self._print(node.high)}}}"
        )
        text = rf"\left[{self._print(node.step)}\right]{bounds}"
        if node.initial is None:
            return text
        return rf"{text}\ \text{{from }} {self._print(node.initial)}"

    def _elementwise(self, node: Any) -> str:
        """A function of the entries of arrays, as a formula of these arrays."""
        function, operands = node.function, node.operands
        inner = [self._print(operand) for operand in operands]
        if name := function_name(function):
            typed = _NAMED.get(name) or self._print(sp.Symbol(name))
            return rf"{typed}\left({', '.join(inner)}\right)"
        placed = {
            variable: _Placeholder(
                variable.name, text if _stands_alone(array) else rf"\left({text}\right)"
            )
            for variable, array, text in zip(function.variables, operands, inner, strict=True)
        }
        text = self._print(function.expr.xreplace(placed))
        return text if precedence(function.expr) >= PRECEDENCE["Func"] else rf"\left({text}\right)"

    def _print__Placeholder(self, node: Any) -> str:
        return str(node.typed)

    def _print_DiagMatrix(self, node: Any) -> str:
        return rf"\operatorname{{diag}}\left({self._print(node.args[0])}\right)"

    _print_DiagonalMatrix = _print_DiagonalOf = _print_DiagMatrix

    def _print_Trace(self, node: Any) -> str:
        return rf"\operatorname{{tr}}\left({self._print(node.arg)}\right)"

    def _print_KroneckerDelta(self, node: Any, exp: Any = None) -> str:
        left, right = map(self._print, node.args)
        power = "" if exp is None else rf"^{{{exp}}}"
        return rf"\mathbf{{1}}[{left} = {right}]{power}"

    def _print_Piecewise(self, node: Any) -> str:
        """Of 1 where something holds, and 0 where not, its bracket alone."""
        if (condition := _bracketed(node)) is None:
            return str(super()._print_Piecewise(node))
        return rf"\mathbf{{1}}[{self._print(condition)}]"

    def _needs_mul_brackets(self, expr: Any, first: bool = False, last: bool = False) -> bool:
        return _bracketed(expr) is None and bool(super()._needs_mul_brackets(expr, first, last))

    def _print_At(self, node: Any) -> str:
        return rf"{{{self._print(node.array)}}}_{{{self._print(node.index)}}}"

    def _print_AppliedPredicate(self, node: Any) -> str:
        arguments = ", ".join(self._print(argument) for argument in node.arguments)
        said = str(node.function.name).replace("_", " ")
        return rf"{arguments}\ \text{{is {said}}}"

    def _print_Subs(self, node: Any) -> str:
        derivative = node.expr
        if (
            len(node.point) == 1
            and isinstance(derivative, sp.Derivative)
            and isinstance(derivative.expr, AppliedUndef)
            and derivative.expr.args == node.variables
        ):
            primes = "'" * len(derivative.variables)
            name = self._print(sp.Symbol(derivative.expr.func.__name__))
            return rf"{name}{primes}\left({self._print(node.point[0])}\right)"
        return str(super()._print_Subs(node))

    def _print(self, expr: Any, **settings: Any) -> str:
        kind = type(expr).__name__
        marked = self._marked
        if differs := expr in marked:
            self._marked = frozenset()  # what stands inside of a mark needs none
        if kind == "At":  # before its own `_latex`, whose subscripts would be doubled
            text = self._print_At(expr)
        elif kind == "Elementwise" and not has_slopes(expr.function):
            text = self._elementwise(expr)
        elif kind == "Broadcast" and expr in self._beside:
            text = self._beside_others(expr)
        else:
            text = str(super()._print(expr, **settings))
        self._marked = marked
        return rf"\class{{differs}}{{{text}}}" if differs else text


def _bracketed(node: Any) -> Any:
    """The condition of what is 1 where it holds and 0 elsewhere; None of anything else."""
    if not isinstance(node, sp.Piecewise) or len(node.args) != 2:
        return None
    (one, condition), (zero, otherwise) = node.args
    return condition if one == 1 and zero == 0 and otherwise == True else None  # noqa: E712


def _unchecked(kind: Any, *args: Any) -> Any:
    """A node to be printed: what does not fit together is printed, too."""
    return sp.Basic.__new__(kind, *args)


class _Placeholder(sp.Symbol):
    """A scalar that is printed as an array is, inside of a function of its entries."""

    def __new__(cls, name: str, typed: str) -> _Placeholder:
        symbol = sp.Symbol.__new__(cls, name, real=True)
        symbol.typed = typed
        return symbol


def latex_of(value: Any, marked: Collection[Any] = ()) -> str:
    """An expression, an assumption or a shape in LaTeX, without the dollars around it.

    :param marked: subexpressions that are put into ``\\class{differs}{…}``.
    """
    if isinstance(value, str):
        return rf"\text{{{value}}}"
    if isinstance(value, (tuple, list)):
        return latex_of_shape(value)
    if isinstance(value, sp.Basic):
        return single_subscripts(_Typesetter(marked).doprint(value))
    return rf"\text{{{text_of(value)}}}"


def latex_of_shape(shape: Iterable[Any]) -> str:
    """``(n, m)``, ``(n,)`` or ``()``."""
    sizes = [latex_of(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


_DOUBLED = re.compile(r"(\\?[A-Za-z]+_\{[^{}]*\})_")


def single_subscripts(text: str) -> str:
    """LaTeX with braces around what has a subscript already and gets another."""
    while (again := _DOUBLED.sub(r"{\1}_", text)) != text:
        text = again
    return text


def latex_of_operand(expression: Any) -> str:
    """What stands after ∂: a symbol or an entry as it is, anything else in parentheses."""
    text = latex_of(expression)
    return text if _stands_alone(expression) else rf"\left({text}\right)"


def _stands_alone(expression: Any) -> bool:
    """Whether something needs no parentheses, whatever stands beside it."""
    return isinstance(expression, _SIMPLE) or type(expression).__name__ in _ENTRIES
