"""Scalar functions that keep their name: σ, softplus, ReLU, GELU and SiLU.

A named function is a SymPy function with a ``formula``. That is all the meaning it has: the engine
lowers the formula and the evaluator evaluates it, so that no named function has a derivative rule
of its own. In print the name stays. Of a matrix or an array it is taken entry by entry.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from derive.language.images import elementwise
from derive.language.operators import ArrayOperator, Tensor

ARRAYS = (sp.IndexedBase, Tensor, ArrayOperator)


class NamedFunction(sp.Function):
    """Base of the named functions: a subclass gives ``formula``."""

    nargs = 1
    is_real = True
    of_one: sp.Symbol = sp.Symbol("t", real=True)

    def __new__(cls, argument: Any, **options: Any) -> Any:
        if isinstance(argument, MatrixExpr):
            if argument.shape == (1, 1):  # SymPy asks for its one entry, and would without end
                return cls(argument[0, 0])
            return argument.applyfunc(sp.Lambda(cls.of_one, cls(cls.of_one)))
        if isinstance(argument, ARRAYS):
            return elementwise(sp.Lambda(cls.of_one, cls(cls.of_one)), argument)
        return super().__new__(cls, argument, **options)

    def formula(self) -> sp.Expr:
        """What the function is at its argument."""
        raise NotImplementedError

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """The derivative of the formula, for SymPy's own ``diff``."""
        inner = type(self)(self.of_one).formula().diff(self.of_one)
        return inner.xreplace({self.of_one: self.args[0]})

    def doit(self, **hints: Any) -> sp.Expr:
        """The formula: what SymPy is to simplify, it has to see."""
        return self.formula().doit(**hints)

    def _eval_evalf(self, prec: int) -> sp.Expr:
        return self.formula()._eval_evalf(prec)

    def _numpycode(self, printer: Any) -> str:
        return f"({printer._print(self.formula())})"

    _pythoncode = _numpycode


class sigmoid(NamedFunction):
    """sigmoid(x) = 1/(1 + exp(−x)), the logistic function σ."""

    def formula(self) -> sp.Expr:
        return 1 / (1 + sp.exp(-self.args[0]))

    def _latex(self, printer: Any, exp: Any = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\sigma{power}\left({printer._print(self.args[0])}\right)"


class softplus(NamedFunction):
    """softplus(x) = log(1 + exp(x))."""

    def formula(self) -> sp.Expr:
        return sp.log(1 + sp.exp(self.args[0]))


class relu(NamedFunction):
    """relu(x) = max(x, 0)."""

    def formula(self) -> sp.Expr:
        return sp.Max(self.args[0], 0)


class gelu(NamedFunction):
    """gelu(x) = x·(1 + erf(x/√2))/2, the exact form of Hendrycks and Gimpel, arXiv:1606.08415."""

    def formula(self) -> sp.Expr:
        (x,) = self.args
        return x * (1 + sp.erf(x / sp.sqrt(2))) / 2


class silu(NamedFunction):
    """silu(x) = x/(1 + exp(−x)), also called swish; Elfwing et al., arXiv:1702.03118."""

    def formula(self) -> sp.Expr:
        return self.args[0] / (1 + sp.exp(-self.args[0]))
