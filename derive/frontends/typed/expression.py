"""The language of ``derive gradient``: formulas as one types them, read into SymPy.

Python's own grammar is parsed by :mod:`ast` and walked node by node: what is not listed here is
refused, and nothing of what was typed is ever evaluated as Python or by ``sympify``.

- Numbers (decimals are exact), names, ``+ - * / **``, parentheses, ``A.T``, ``X[0, 1]``, calls.
- ``*`` and ``@`` are both the product: of numbers, of a number and a matrix, of matrices.
- ``A**2`` is the power of a square matrix. A scalar added to a matrix is added to every entry.
- A name is a matrix if it was given sizes, a size (a positive integer) if it occurs in them, and
  otherwise a real scalar.
- A 1×1 matrix is a scalar wherever a scalar is meant.
- :data:`FUNCTIONS` and, as facts, :data:`FACTS` are all the functions there are.

The tree comes from :mod:`~derive.frontends.typed.syntax`, the symbols of its names from
:mod:`~derive.frontends.typed.names`; what its operators and functions make of them stands in
:mod:`~derive.frontends.typed.operations` and :mod:`~derive.frontends.typed.functions`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

import sympy as sp
from sympy.matrices.exceptions import ShapeError as SymPyShapeError

from derive.base.budget import EFFORT, for_claim
from derive.base.errors import DeriveError, UnsupportedError
from derive.base.tables import Table
from derive.base.worker import run_deep
from derive.claims.kinds import Gradient
from derive.engine import gradient, shape_of, verify
from derive.frontends.typed.functions import FACTS, FUNCTIONS
from derive.frontends.typed.names import declared, differentiated
from derive.frontends.typed.operations import (
    COMPARISONS,
    LARGEST_BITS,
    OPERATIONS,
    Shape,
    bits_of,
    clash,
    scalar,
    scaled,
    square,
    transpose,
)
from derive.frontends.typed.syntax import (
    ExpressionError,
    MisfitError,
    Source,
    meant,
    parsed,
    refusal,
)
from derive.language.dims import is_unit, same_shape, shown
from derive.language.operators import entry

__all__ = [
    "FACTS",
    "FUNCTIONS",
    "Asked",
    "ExpressionError",
    "MisfitError",
    "Question",
    "Reader",
    "derived",
    "read",
    "unread_claim",
]

ID = "gradient"  # of a claim made at the prompt


@dataclass(frozen=True)
class Question:
    """What ``derive gradient`` is asked: ∂of/∂wrt, as SymPy.

    :param equals: the gradient that is claimed, None where none is.
    """

    of: Any
    wrt: Any
    equals: Any = None
    given: tuple[Any, ...] = ()

    def claim(self, asked: Asked) -> Gradient:
        """What is claimed, under the name that it has in print."""
        return Gradient(self.of, self.wrt, self.equals, self.given, id=ID, title=asked.title)


@dataclass(frozen=True)
class Asked:
    """What ``derive gradient`` is asked, as it was typed."""

    of: str
    wrt: str
    dims: tuple[str, ...] = ()
    equals: str | None = None
    given: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"∂({self.of.strip()})/∂{self.wrt.strip()}"


def read(asked: Asked) -> Question:
    """The SymPy of what was typed.

    :raises MisfitError: where shapes do not fit.
    :raises ExpressionError: where anything else cannot be read.
    """
    of = parsed(asked.of)
    equals = None if asked.equals is None else parsed(asked.equals, "--equals: ")
    given = [parsed(fact, "--given: ") for fact in asked.given]
    others = [*given] if equals is None else [equals, *given]
    names = declared(asked.dims, [of, *others])
    wrt = differentiated(asked.wrt, of, names)
    return Question(
        Reader(of, names).expression(),
        wrt,
        None if equals is None else Reader(equals, names).expression(),
        tuple(Reader(fact, names).fact() for fact in given),
    )


def unread_claim(asked: Asked) -> Gradient:
    """The claim in print only, its sides as they were typed: for one without shapes."""
    of, wrt, equals = (sp.Symbol(text or "") for text in (asked.of, asked.wrt, asked.equals))
    given = tuple(map(sp.Symbol, asked.given))
    return Gradient(of, wrt, equals, given, id=ID, title=asked.title)


def derived(question: Question, timeout: float, effort: float = EFFORT) -> Any:
    """∂of/∂wrt.

    :raises DeriveError: where there is none, or the engine has no rule or no time for it.
    """
    if not question.given:
        return run_deep(partial(_gradient, question, effort), timeout)
    # What is assumed may change the gradient (of a symmetric matrix) and simplify it; only a
    # claim takes assumptions, and whatever it claims, its verdict has what was derived.
    shape = shape_of(question.wrt)
    nothing = sp.ZeroMatrix(*shape) if shape else sp.S.Zero
    verdict = verify(Gradient(question.of, question.wrt, nothing, question.given), timeout, effort)
    if verdict.derived is None:
        raise UnsupportedError(verdict.reason)
    return verdict.derived


def _gradient(question: Question, effort: float) -> Any:
    with for_claim(effort):
        return gradient(question.of, question.wrt)


# -------------------------------------------------------------------------------- tree into SymPy


@dataclass(frozen=True)
class Reader:
    """Reads one text, every node by the method of its kind."""

    source: Source
    names: Mapping[str, Any]
    shapes: dict[Any, Shape] = field(default_factory=dict)
    bound: dict[str, Any] = field(default_factory=dict)

    def expression(self) -> Any:
        return self.value(self.source.tree)

    def value(self, node: ast.expr) -> Any:
        """The SymPy of a node, real and defined."""
        rule = _RULES.find(type(node))
        if rule is None:
            raise self.source.error(refusal(node, self.source.of(node)), node)
        try:
            value = rule(self, node)
            if not value.is_Matrix:
                self._refuse_unreal(node, value)
            self.shape(value)
        except ExpressionError:
            raise
        except DeriveError as problem:
            raise self.source.misfit(str(problem), node) from None
        except (SymPyShapeError, ValueError, TypeError, ArithmeticError) as problem:
            message = f"in {self.source.of(node)}: SymPy refuses it: {problem}"
            raise self.source.error(message, node) from None
        return value

    def _refuse_unreal(self, node: ast.expr, value: Any) -> None:
        if value.has(sp.zoo, sp.nan) or (value.is_number and value.is_real is False):
            raise self.source.error(f"{self.source.of(node)} is not a real number", node)
        if bits_of(value.as_coeff_Mul()[0]) > LARGEST_BITS:
            raise self.source.error(f"{self.source.of(node)} is too large a number", node)

    def shape(self, value: Any) -> Shape:
        if value not in self.shapes:
            self.shapes[value] = shape_of(value)
        return self.shapes[value]

    def fresh(self, letter: str, **assumptions: bool) -> Any:
        """A bound symbol: nobody's own name, and nowhere bound already."""
        name, number = letter, 0
        while name in self.names or name in self.bound:
            number += 1
            name = f"{letter}{number}"
        return self.bound.setdefault(name, sp.Symbol(name, **assumptions))

    def indices(self) -> tuple[Any, Any]:
        return self.fresh("i", integer=True), self.fresh("j", integer=True)

    # ---- the nodes

    def number(self, node: ast.Constant) -> Any:
        text = self.source.of(node)
        if type(node.value) is int:
            return sp.Integer(node.value)
        if type(node.value) is not float:
            raise self.source.error(refusal(node, text), node)
        exponent = text.lower().partition("e")[2].lstrip("+-").replace("_", "") or "0"
        if len(exponent) > 3:
            raise self.source.error(f"{text} is too large or too small a number", node)
        return sp.Rational(text.replace("_", ""))

    def name(self, node: ast.Name) -> Any:
        if node.id in FUNCTIONS:
            raise self.source.error(f"{node.id} is a function: write {node.id}(…)", node)
        if node.id not in self.names:
            known = [name for name in self.names if name != "pi"]
            hint = meant(node.id, known) or f"; the names are {', '.join(sorted(known))}"
            raise self.source.error(f"there is no {node.id} in the expression{hint}", node)
        return self.names[node.id]

    def signed(self, node: ast.UnaryOp) -> Any:
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            raise self.source.error(refusal(node, self.source.of(node)), node)
        value = self.value(node.operand)
        return value if isinstance(node.op, ast.UAdd) else scaled(sp.S.NegativeOne, value)

    def operation(self, node: ast.BinOp) -> Any:
        rule = OPERATIONS.get(type(node.op))
        if rule is None:
            hint = "; a power is written **" if isinstance(node.op, ast.BitXor) else ""
            message = f"{self.source.of(node)} uses an operator that has no meaning here{hint}"
            raise self.source.error(message, node)
        return rule(self, node, self.value(node.left), self.value(node.right))

    def transposed(self, node: ast.Attribute) -> Any:
        if node.attr != "T":
            hint = f"; write {node.attr}(…)" if node.attr in FUNCTIONS else ""
            message = f".{node.attr} has no meaning here, only .T (the transpose) has{hint}"
            raise self.source.error(message, node)
        return transpose(self.value(node.value))

    def indexed(self, node: ast.Subscript) -> Any:
        matrix = self.value(node.value)
        shape = self.shape(matrix)
        inner = node.slice
        parts = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
        indices = [self.size(part) for part in parts]
        if len(indices) == 1 and 1 in shape:
            indices.insert(0 if shape[0] == 1 else 1, sp.S.Zero)
        if len(indices) != len(shape) or not shape:
            given = "1 index" if len(parts) == 1 else f"{len(parts)} indices"
            raise self.source.misfit(
                f"{self.source.of(node)} has {given}, and a matrix of shape {shown(shape)} takes 2"
                if shape
                else f"{self.source.of(node.value)} is a scalar and has no entries",
                node,
            )
        return entry(matrix, *indices)

    def size(self, node: ast.expr) -> Any:
        """An integer, made of numbers and sizes alone."""
        value = self.value(node)
        if not value.is_integer:
            raise self.source.error(
                f"{self.source.of(node)} is not an integer made of numbers and sizes", node
            )
        return sp.expand(value)

    def call(self, node: ast.Call) -> Any:
        name = self._called(node)
        function = FUNCTIONS.get(name)
        if function is None:
            if name in FACTS:
                raise self.source.error(f"{name}(…) is a fact, for --given", node)
            hint = meant(name, list(FUNCTIONS)) or f"; there are {', '.join(FUNCTIONS)}"
            raise self.source.error(f"there is no function {name}{hint}", node.func)
        self._refuse_count(node, function.least, function.most)
        return function.build(self, node)

    def _called(self, node: ast.Call) -> str:
        if not isinstance(node.func, ast.Name):
            of = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            hint = f"; write {of}(…)" if of in FUNCTIONS else ""
            message = f"{self.source.of(node.func)} cannot be called{hint}"
            raise self.source.error(message, node.func)
        if node.keywords or any(isinstance(part, ast.Starred) for part in node.args):
            message = f"{node.func.id} takes plain arguments only"
            raise self.source.error(message, node)
        return node.func.id

    def _refuse_count(self, node: ast.Call, least: int, most: int) -> None:
        number = len(node.args)
        if least <= number <= most:
            return
        takes = f"{least}" if least == most else f"{least} or more"
        noun = "argument" if takes == "1" else "arguments"
        raise self.source.error(f"{self._called(node)} takes {takes} {noun}, not {number}", node)

    def refuse(self, node: ast.expr) -> NoReturn:
        raise self.source.error("a comparison stands in where(…) or in --given only", node)

    # ---- facts

    def fact(self) -> Any:
        """An assumption: a comparison, or a property of a name or an expression."""
        node = self.source.tree
        if isinstance(node, ast.Compare):
            left, right, relation = self.compared(node)
            matrices = bool(self.shape(left) or self.shape(right))
            if matrices and not isinstance(node.ops[0], ast.Eq):
                raise self.source.error("matrices are compared with == only", node)
            return relation(left, right)
        if not isinstance(node, ast.Call) or self._called(node) not in FACTS:
            hint = ""
            if isinstance(node, ast.Call):
                hint = meant(self._called(node), list(FACTS))
            elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
                hint = "; each fact has a --given of its own"
            raise self.source.error(
                "a fact is a comparison, as in sum(y) == 1, or a property, as in symmetric(A)"
                + hint,
                node,
            )
        self._refuse_count(node, 1, 1)
        return self._property(self._called(node), node.args[0])

    def _property(self, name: str, node: ast.expr) -> Any:
        value = self.value(node)
        predicate, kind = FACTS[name]
        if kind == "square":
            square(self, node, value)
        elif kind == "matrix" and not self.shape(value):
            raise self.source.misfit(f"{self.source.of(node)} is a scalar, not a matrix", node)
        return predicate(value)

    def compared(self, node: ast.Compare) -> tuple[Any, Any, Callable[..., Any]]:
        """Both sides, of one shape, and the relation between them."""
        relation = COMPARISONS.get(type(node.ops[0]))
        if relation is None or len(node.ops) != 1:
            message = f"{self.source.of(node)} is not a single comparison such as a < b"
            raise self.source.error(message, node)
        left, right = self.value(node.left), self.value(node.comparators[0])
        a, b = self.shape(left), self.shape(right)
        if is_unit(a) and is_unit(b):
            return scalar(left), scalar(right), relation
        if not same_shape(a, b):
            clash(self, node, [(node.left, a), (node.comparators[0], b)], "compared")
        return left, right, relation


_RULES: Table[Callable[..., Any]] = Table(
    {
        ast.Constant: Reader.number,
        ast.Name: Reader.name,
        ast.UnaryOp: Reader.signed,
        ast.BinOp: Reader.operation,
        ast.Attribute: Reader.transposed,
        ast.Subscript: Reader.indexed,
        ast.Call: Reader.call,
        ast.Compare: Reader.refuse,
    }
)
