"""What SymPy cannot write down: each operator's signature and its index definition together.

An operator is a SymPy node with a ``shape`` and a ``definition(i, j, …)``: its entry at those
indices, as a SymPy expression in entries of its operands. That definition is all the meaning an
operator has. The engine lowers it, differentiates it and evaluates it like any other
expression, so that no operator has a derivative rule of its own.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from copy import copy
from functools import lru_cache
from itertools import count
from types import MethodType
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.pycode import AbstractPythonCodePrinter

from derive.base.errors import ClaimError, ShapeError
from derive.language.checked_arguments import given_axis, given_expression, given_limits

_fresh_names = count()


def fresh_index(name: str = "k") -> sp.Dummy:
    """A new integer symbol that occurs nowhere else: a bound index of a definition."""
    return sp.Dummy(f"{name}{next(_fresh_names)}", integer=True)


def entry(array: Any, *indices: Any) -> sp.Expr:
    """The entry of a matrix or array at ``indices``, left unevaluated."""
    if isinstance(array, MatrixExpr):
        if len(indices) != 2:
            raise ShapeError(
                f"an entry of a matrix has two indices; {array} is given {len(indices)}"
            )
        # Not by MatrixElement's own constructor: it asks SymPy whether the indices are in range,
        # which takes longer than everything else and is decided elsewhere.
        return sp.Expr.__new__(MatrixElement, array, *map(sp.sympify, indices))
    if isinstance(array, (Tensor, ArrayOperator)):
        return TensorElement(array, *map(sp.sympify, indices))
    if not indices:
        return array
    if not hasattr(array, "__getitem__"):
        raise ClaimError(f"entry takes an array, and {array} has no entries")
    return array[tuple(indices)]


def _by_entries(printer: Any, body: Any, axes: Iterable[tuple[Any, Any]]) -> str:
    """An array as ``lambdify`` writes it: each entry on its own.

    A condition on the indices guards what is read, so that a branch is evaluated only where it is
    taken.
    """
    scalars = copy(printer)
    scalars._print_Piecewise = MethodType(AbstractPythonCodePrinter._print_Piecewise, scalars)
    text = scalars._print(body)
    for index, size in reversed(list(axes)):
        text = f"[{text} for {printer._print(index)} in range(int({printer._print(size)}))]"
    return f"numpy.array({text})"


def _listed(printer: Any, indices: Iterable[Any]) -> str:
    return ", ".join(map(printer._print, indices))


class MatrixOperator(MatrixExpr):
    """Base of the operators whose value is a matrix: ``shape`` and ``definition(i, j)``."""

    is_commutative = False

    def definition(self, i: sp.Expr, j: sp.Expr) -> sp.Expr:
        raise NotImplementedError

    def _entry(self, i: Any, j: Any, **_: Any) -> sp.Expr:
        return self.definition(i, j)

    def doit(self, **hints: Any) -> sp.Basic:
        if hints.get("deep", True):
            return self.func(
                *(a.doit(**hints) if isinstance(a, sp.Basic) else a for a in self.args)
            )
        return self

    def _numpycode(self, printer: Any) -> str:
        indices, body = defined(self)
        return _by_entries(printer, body, zip(indices, self.shape, strict=True))


class ArrayOperator(sp.Expr):
    """Base of the operators whose value is an array of any rank.

    ``args`` are the operands, arrays all, and after them one tuple of ``options``: sizes such as
    a stride. A subclass gives ``shape`` and ``definition(*indices)``, and registers a shape rule.
    """

    is_commutative = True

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[:-1]

    @property
    def options(self) -> tuple[Any, ...]:
        return tuple(self.args[-1])

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        raise NotImplementedError

    def definition(self, *indices: sp.Expr) -> sp.Expr:
        raise NotImplementedError

    def __getitem__(self, indices: Any) -> TensorElement:
        return TensorElement(self, *(indices if isinstance(indices, tuple) else (indices,)))

    __iter__ = None  # of as many entries as its sizes say, which are symbols

    def _numpycode(self, printer: Any) -> str:
        indices, body = defined(self)
        return _by_entries(printer, body, zip(indices, self.shape, strict=True))


@lru_cache(maxsize=1024)
def defined(operator: MatrixOperator | ArrayOperator) -> tuple[tuple[sp.Symbol, ...], sp.Expr]:
    """An index for each axis, and an operator's entry at them; worked out once."""
    indices = tuple(fresh_index("ij"[k] if k < 2 else "k") for k in range(len(operator.shape)))
    return indices, operator.definition(*indices)


class Softmax(MatrixOperator):
    """softmax(X)[i, j] = exp(X[i, j]) / Σ_k exp(X[i, k]): each row sums to one. Shape of X."""

    def __new__(cls, operand: MatrixExpr) -> Softmax:
        return super().__new__(cls, operand)

    @property
    def operand(self) -> MatrixExpr:
        return self.args[0]

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return self.operand.shape

    def definition(self, i: sp.Expr, j: sp.Expr) -> sp.Expr:
        k = fresh_index()
        x = self.operand
        total = sp.Sum(sp.exp(entry(x, i, k)), (k, 0, x.shape[1] - 1))
        return sp.exp(entry(x, i, j)) / total

    def _sympystr(self, printer: Any) -> str:
        return f"softmax({printer._print(self.operand)})"

    def _latex(self, printer: Any) -> str:
        return rf"\operatorname{{softmax}}\left({printer._print(self.operand)}\right)"

    def _numpycode(self, printer: Any) -> str:
        x = printer._print(self.operand)
        return f"(lambda e: e/e.sum(axis=-1, keepdims=True))(numpy.exp({x}))"


class LogSumExp(MatrixOperator):
    """logsumexp(X)[i, 0] = log Σ_k exp(X[i, k]). Shape (n, 1) for X of shape (n, c)."""

    def __new__(cls, operand: MatrixExpr) -> LogSumExp:
        return super().__new__(cls, operand)

    @property
    def operand(self) -> MatrixExpr:
        return self.args[0]

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (self.operand.shape[0], sp.S.One)

    def definition(self, i: sp.Expr, j: sp.Expr) -> sp.Expr:
        k = fresh_index()
        x = self.operand
        return sp.log(sp.Sum(sp.exp(entry(x, i, k)), (k, 0, x.shape[1] - 1)))

    def _sympystr(self, printer: Any) -> str:
        return f"logsumexp({printer._print(self.operand)})"

    def _latex(self, printer: Any) -> str:
        return rf"\operatorname{{logsumexp}}\left({printer._print(self.operand)}\right)"


class Broadcast(MatrixOperator):
    """broadcast(x, n, m)[i, j]: a scalar, row, column or 1×1 matrix repeated to (n, m).

    An axis of size 1 in the operand is repeated; any other axis must have the size asked for.
    """

    def __new__(cls, operand: Any, rows: Any, cols: Any) -> Broadcast:
        return super().__new__(cls, sp.sympify(operand), sp.sympify(rows), sp.sympify(cols))

    @property
    def operand(self) -> Any:
        return self.args[0]

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return (self.args[1], self.args[2])

    def definition(self, i: sp.Expr, j: sp.Expr) -> sp.Expr:
        x = self.operand
        if not isinstance(x, MatrixExpr):
            return x
        row = sp.S.Zero if x.shape[0] == 1 else i
        col = sp.S.Zero if x.shape[1] == 1 else j
        return entry(x, row, col)

    def _sympystr(self, printer: Any) -> str:
        return f"broadcast({', '.join(printer._print(a) for a in self.args)})"

    def _latex(self, printer: Any) -> str:
        operand, rows, cols = map(printer._print, self.args)
        return rf"\operatorname{{broadcast}}_{{{rows} \times {cols}}}\left({operand}\right)"


class OverRange:
    """What binds one index: ``args`` begin with a body and the limits (index, low, high)."""

    args: tuple[Any, ...]

    @property
    def body(self) -> Any:
        return self.args[0]

    @property
    def limits(self) -> sp.Tuple:
        return self.args[1]

    @property
    def bound_symbols(self) -> list[sp.Symbol]:
        return [self.limits[0]]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        variable, low, high = self.limits
        return (self.body.free_symbols - {variable}) | low.free_symbols | high.free_symbols


class MaxOver(OverRange, sp.Expr):
    """max_over(body, (k, lo, hi)): the largest value of ``body`` for k = lo … hi. A scalar."""

    def __new__(cls, body: Any, limits: Any) -> MaxOver:
        return super().__new__(cls, sp.sympify(body), sp.Tuple(*limits))

    is_commutative = True
    is_extended_real = True

    def _sympystr(self, printer: Any) -> str:
        return f"max_over({printer._print(self.body)}, {printer._print(self.limits)})"

    def _latex(self, printer: Any) -> str:
        variable, low, high = map(printer._print, self.limits)
        body = printer.parenthesize(self.body, PRECEDENCE["Mul"])
        return rf"\max_{{{low} \leq {variable} \leq {high}}} {body}"

    def _numpycode(self, printer: Any) -> str:
        variable, low, high = map(printer._print, self.limits)
        entries = f"{printer._print(self.body)} for {variable} in range({low}, {high} + 1)"
        return f"(builtins.max({entries}))"


class Tensor(sp.Expr):
    """tensor(body, (i, n), (j, m), …): the array whose entry at (i, j, …) is ``body``.

    Of any rank; each index runs from 0 to its size less one. ``T[a, b, …]`` is an entry.
    """

    def __new__(cls, body: Any, *axes: Any) -> Tensor:
        kind = MatrixTensor if cls is Tensor and len(axes) == 2 else cls
        return sp.Basic.__new__(kind, sp.sympify(body), *(sp.Tuple(*axis) for axis in axes))

    is_commutative = True

    @property
    def body(self) -> sp.Expr:
        return self.args[0]

    @property
    def axes(self) -> tuple[sp.Tuple, ...]:
        return self.args[1:]

    @property
    def bound_symbols(self) -> list[sp.Symbol]:
        return [index for index, _ in self.axes]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        free = self.body.free_symbols - set(self.bound_symbols)
        return free.union(*(size.free_symbols for _, size in self.axes))

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        return tuple(size for _, size in self.axes)

    def definition(self, *indices: sp.Expr) -> sp.Expr:
        return self.body.xreplace(dict(zip(self.bound_symbols, indices, strict=True)))

    def __getitem__(self, indices: Any) -> TensorElement:
        return TensorElement(self, *(indices if isinstance(indices, tuple) else (indices,)))

    __iter__ = None

    def _sympystr(self, printer: Any) -> str:
        axes = ", ".join(printer._print(axis) for axis in self.axes)
        return f"tensor({printer._print(self.body)}, {axes})"

    def _latex(self, printer: Any) -> str:
        axes = (map(printer._print, axis) for axis in self.axes)
        ranges = r",\, ".join(f"{index} < {size}" for index, size in axes)
        return rf"\left[{printer._print(self.body)}\right]_{{{ranges}}}"

    def _pretty(self, printer: Any) -> Any:  # SymPy has another class of this name
        return prettyForm(sp.sstr(self))

    def _numpycode(self, printer: Any) -> str:
        return _by_entries(printer, self.body, self.axes)


class MatrixTensor(Tensor, MatrixExpr):
    """A tensor of two axes: a matrix to SymPy, which keeps the place of none but these in a
    product, and adds none but these to one another.
    """

    is_commutative = False

    def _entry(self, i: Any, j: Any, **_: Any) -> sp.Expr:
        return self.definition(i, j)

    def doit(self, **_: Any) -> sp.Basic:
        """Itself: SymPy asks for this in every product, and would work out the sums in the body."""
        return self


class TensorElement(sp.Expr):
    """One entry of a :class:`Tensor` or of an :class:`ArrayOperator`. A scalar."""

    is_commutative = True

    def __new__(cls, array: Tensor | ArrayOperator, *indices: Any) -> TensorElement:
        rank = len(array.axes if isinstance(array, Tensor) else array.shape)
        if len(indices) != rank:
            raise ShapeError(f"{array} has {rank} axes and is indexed with {len(indices)} indices")
        return super().__new__(cls, array, *map(sp.sympify, indices))

    @property
    def array(self) -> Tensor | ArrayOperator:
        return self.args[0]

    @property
    def indices(self) -> tuple[sp.Expr, ...]:
        return self.args[1:]

    def _sympystr(self, printer: Any) -> str:
        return f"{printer._print(self.array)}[{_listed(printer, self.indices)}]"

    _numpycode = _sympystr

    def _latex(self, printer: Any) -> str:
        return f"{{{printer._print(self.array)}}}_{{{_listed(printer, self.indices)}}}"

    def _pretty(self, printer: Any) -> Any:  # SymPy has another class of this name
        return prettyForm(sp.sstr(self))


class ScalarFunction:
    """ScalarFunction("L"): an arbitrary differentiable scalar function of whole arrays.

    ``L(W, b)`` is a scalar; ``L.gradient(0)(W, b)`` is its gradient in the first argument at that
    point, of that argument's shape.
    """

    def __init__(self, name: str) -> None:
        self.name = str(name)

    def __call__(self, *arguments: Any) -> ScalarApplication:
        return ScalarApplication(sp.Symbol(self.name), *map(sp.sympify, arguments))

    def gradient(self, position: int) -> GradientOf:
        """The gradient in argument ``position`` (counted from 0), a function of all arguments."""
        return GradientOf(self, position)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScalarFunction) and other.name == self.name

    def __hash__(self) -> int:
        return hash((ScalarFunction, self.name))

    def __repr__(self) -> str:
        return f"ScalarFunction({self.name!r})"


class GradientOf:
    """What ``L.gradient(k)`` returns: call it with the arguments of L."""

    def __init__(self, function: ScalarFunction, position: int) -> None:
        position = operator.index(position)
        if position < 0:
            raise IndexError(f"argument {position}: arguments are counted from 0")
        self.function = function
        self.position = position

    def __call__(self, *arguments: Any) -> sp.Expr:
        if self.position >= len(arguments):
            raise IndexError(
                f"{self.function.name} is called with {len(arguments)} arguments; "
                f"there is no argument {self.position}"
            )
        parts = (sp.Symbol(self.function.name), sp.Integer(self.position))
        arguments = tuple(map(sp.sympify, arguments))
        if isinstance(arguments[self.position], MatrixExpr):
            return MatrixGradient(*parts, *arguments)
        return ScalarGradient(*parts, *arguments)


class ScalarApplication(sp.Expr):
    """L(W, b): a scalar. ``args`` are the function's name (a Symbol) and the arguments."""

    is_commutative = True
    is_extended_real = True

    @property
    def function(self) -> ScalarFunction:
        return ScalarFunction(self.args[0].name)

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.args[1:]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        return set().union(*(a.free_symbols for a in self.arguments))

    def _sympystr(self, printer: Any) -> str:
        return f"{self.args[0].name}({', '.join(printer._print(a) for a in self.arguments)})"

    def _latex(self, printer: Any) -> str:
        arguments = _listed(printer, self.arguments)
        return rf"{printer._print(self.args[0])}\left({arguments}\right)"


class _AppliedGradient:
    """What the gradient of a scalar function has in common, of a matrix or of a scalar."""

    args: tuple[Any, ...]

    @property
    def function(self) -> ScalarFunction:
        return ScalarFunction(self.args[0].name)

    @property
    def position(self) -> int:
        return int(self.args[1])

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.args[2:]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        return set().union(*(a.free_symbols for a in self.arguments))

    def _sympystr(self, printer: Any) -> str:
        arguments = ", ".join(printer._print(a) for a in self.arguments)
        return f"{self.args[0].name}.gradient({self.position})({arguments})"

    def _latex(self, printer: Any) -> str:
        name, arguments = printer._print(self.args[0]), _listed(printer, self.arguments)
        return rf"\nabla_{{{self.position + 1}}} {name}\left({arguments}\right)"


class ScalarGradient(_AppliedGradient, sp.Expr):
    """∂L/∂(a scalar argument) at the arguments. A scalar."""

    is_commutative = True
    is_extended_real = True


class MatrixGradient(_AppliedGradient, MatrixExpr):
    """∂L/∂(a matrix argument) at the arguments. The shape of that argument."""

    is_commutative = False

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return self.arguments[self.position].shape

    def _entry(self, i: Any, j: Any, **_: Any) -> sp.Expr:
        return MatrixElement(self, i, j)


def softmax(operand: MatrixExpr) -> Softmax:
    """Row-wise softmax: ``softmax(X)[i, j] = exp(X[i, j]) / Σ_k exp(X[i, k])``."""
    return Softmax(given_expression(operand, "softmax"))


def logsumexp(operand: MatrixExpr) -> LogSumExp:
    """Row-wise log-sum-exp, a column: ``logsumexp(X)[i, 0] = log Σ_k exp(X[i, k])``."""
    return LogSumExp(given_expression(operand, "logsumexp"))


def broadcast(operand: Any, rows: Any, cols: Any) -> Broadcast:
    """A scalar, row, column or 1×1 matrix repeated to (rows, cols)."""
    return Broadcast(*(given_expression(part, "broadcast") for part in (operand, rows, cols)))


def max_over(body: Any, limits: Any) -> MaxOver:
    """The maximum of ``body`` over ``(k, lo, hi)``, both ends included."""
    return MaxOver(given_expression(body, "max_over"), given_limits(limits, "max_over"))


def tensor(body: Any, *axes: Any) -> Tensor:
    """The array with entry ``body`` at its indices; ``axes`` are ``(index, size)`` pairs."""
    over = (given_axis(axis, "tensor") for axis in axes)
    return Tensor(given_expression(body, "tensor"), *over)


class _Partial:
    """What the derivative nodes of a documented formula have in common."""

    args: tuple[Any, ...]

    @property
    def of(self) -> Any:
        return self.args[0]

    @property
    def wrt(self) -> Any:
        return self.args[1]

    def _sympystr(self, printer: Any) -> str:
        return f"partial({printer._print(self.of)}, {printer._print(self.wrt)})"

    def _latex(self, printer: Any) -> str:
        return (
            rf"\frac{{\partial {printer._print(self.of)}}}{{\partial {printer._print(self.wrt)}}}"
        )


class Partial(_Partial, sp.Expr):
    """∂of/∂wrt of a scalar in a scalar: a symbol or an entry. A scalar."""

    is_commutative = True
    is_extended_real = True


class MatrixPartial(_Partial, MatrixExpr):
    """∂of/∂wrt of a scalar in a whole matrix symbol. The shape of ``wrt``."""

    is_commutative = False

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return self.wrt.shape

    def _entry(self, i: Any, j: Any, **_: Any) -> sp.Expr:
        return MatrixElement(self, i, j)


def partial(of: Any, wrt: Any) -> Any:
    """The derivative ∂of/∂wrt as a factor inside a documented formula.

    ``of`` is a scalar (or a 1×1 matrix). For a matrix symbol ``wrt`` the value has the shape of
    ``wrt``; for a scalar symbol or an entry ``W[i, j]`` it is a scalar. Where the claim defines
    ``wrt``, its own definition is cut, as for the ``wrt`` of a claim. In a transpose it is the
    transpose of the derivative.
    """
    of, wrt = given_expression(of, "partial"), given_expression(wrt, "partial")
    if isinstance(wrt, sp.Transpose):
        return sp.Transpose(partial(of, wrt.arg))
    return MatrixPartial(of, wrt) if isinstance(wrt, MatrixExpr) else Partial(of, wrt)
