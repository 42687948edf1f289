"""SymPy to NumPy text, for matrices and scalars at a point where every symbol has a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.tensor.array import ArrayComprehension
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.backends.numpy_functions import FUNCTIONS, RECIPROCALS
from derive.backends.python_names import Names
from derive.base.tables import Table
from derive.claims.wording import function_name
from derive.language.activations import NamedFunction
from derive.language.conditions import Cases
from derive.language.matrix_functions import MatrixFunction
from derive.language.matrix_functions import numpy_text as of_matrix
from derive.language.operators import (
    ArrayOperator,
    Broadcast,
    LogSumExp,
    MatrixGradient,
    MatrixOperator,
    MatrixPartial,
    MaxOver,
    Partial,
    ScalarApplication,
    ScalarGradient,
    Softmax,
    Tensor,
    TensorElement,
    defined,
)
from derive.language.sequences import At, OrderedProduct


class Unprintable(Exception):
    """A node that has no NumPy text here; the message says which."""


NUMPY: Table[Callable[[Any, Any], str]] = Table()  # the text of each node


class NumpyPrinter:
    """SymPy to NumPy. Matrices are arrays of two axes, scalars are numbers.

    ``known`` has the Python name of every symbol that has a value, by its name in the witness,
    which ``keys`` has; ``bound`` those of the indices of the sums around the node, ``derivative``
    prints a ``partial`` node.
    """

    def __init__(
        self,
        names: Names,
        sizes: Mapping[str, int],
        functions: Mapping[Any, Any],
        keys: Mapping[Any, str],
    ):
        self.names = names
        self.keys = keys
        self.sizes = sizes
        self.functions = {function_name(key): value for key, value in functions.items()}
        self.known: dict[str, str] = {}
        self.bound: dict[Any, str] = {}
        self.derivative: Callable[[Any], str] | None = None

    def print(self, node: Any) -> str:
        """The text of a node.

        :raises Unprintable: naming a node that has no NumPy text here.
        """
        rule = NUMPY.find(type(node))
        if rule is None:
            raise Unprintable(f"{type(node).__name__} has no NumPy text here")
        return rule(self, node)

    # -- leaves

    @NUMPY.on(sp.Symbol)
    def _symbol(self, node: Any) -> str:
        # a document may give a size and an array one name; a size is an integer
        name = self.key(node)
        is_size = name in self.sizes and (node.is_integer or name not in self.known)
        if is_size and node not in self.bound:
            return self.names.of(("size", name), name)
        return self._named(node)

    @NUMPY.on(sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)
    def _named(self, node: Any) -> str:
        if node in self.bound:
            return self.bound[node]
        if self.key(node) not in self.known:
            raise Unprintable(f"the witness gives no value to {node.name}")
        return self.known[self.key(node)]

    def key(self, symbol: Any) -> str:
        """The name by which the witness has a symbol."""
        return self.keys.get(symbol, str(symbol.name))

    @NUMPY.on(sp.Integer)
    def _integer(self, node: Any) -> str:
        return str(node)

    @NUMPY.on(sp.Rational)
    def _rational(self, node: Any) -> str:
        return f"({node.p}/{node.q})"

    @NUMPY.on(sp.NumberSymbol, sp.Float)
    def _number_symbol(self, node: Any) -> str:
        return repr(float(node))

    # -- arithmetic

    @NUMPY.on(sp.Add, sp.MatAdd)
    def _add(self, node: Any) -> str:
        text = self.print(node.args[0])
        for term in node.args[1:]:
            positive = _without_sign(term)
            if positive is None:
                text += f" + {self.print(term)}"
            else:
                text += f" - {_factor(self.print(positive))}"
        return text

    @NUMPY.on(sp.Mul)
    def _mul(self, node: Any) -> str:
        if node.args[0] == -1:
            return f"-{_factor(self.print(node.func(*node.args[1:])))}"
        text = "*".join(_factor(self.print(part)) for part in node.args if not _divides(part))
        for part in filter(_divides, node.args):
            text = f"{text or 1}/{_atom(self.print(1 / part))}"
        return text

    @NUMPY.on(sp.HadamardProduct)
    def _hadamard_product(self, node: Any) -> str:
        return "*".join(_factor(self.print(part)) for part in node.args)

    @NUMPY.on(sp.Pow, sp.HadamardPower)
    def _pow(self, node: Any) -> str:
        base, power = node.args
        if power == -1:
            return f"1/{_atom(self.print(base))}"
        if power == sp.Rational(1, 2):
            return f"np.sqrt({self.print(base)})"
        return f"{_atom(self.print(base))}**{_atom(self.print(power))}"

    @NUMPY.on(sp.MatMul)
    def _mat_mul(self, node: Any) -> str:
        scalars = [part for part in node.args if not part.is_Matrix]
        text, shape = "", None
        for part in (part for part in node.args if part.is_Matrix):
            text, shape = self._times(text, shape, part)
        if not scalars:
            return text
        coefficient = sp.Mul(*scalars)
        if coefficient == -1:
            return f"-{_factor(text)}"
        return f"{_factor(self.print(coefficient))}*{_factor(text)}"

    def _times(self, text: str, shape: Any, factor: Any) -> tuple[str, tuple[int, int]]:
        """The product so far with one more factor; a 1×1 factor may stand for a scalar."""
        rows, cols = self.shape(factor)
        if shape is None:
            return _atom(self.print(factor)), (rows, cols)
        right = _atom(self.print(factor))
        if shape[1] == rows:
            return f"{text} @ {right}", (shape[0], cols)
        if (1, 1) in (shape, (rows, cols)):
            return f"(({text})*{right})", (rows, cols) if shape == (1, 1) else shape
        raise Unprintable(f"the product {factor} does not fit at these sizes")

    def shape(self, matrix: Any) -> tuple[int, int]:
        rows, cols = self.sizes_of(matrix)
        return rows, cols

    def sizes_of(self, array: Any) -> tuple[int, ...]:
        return tuple(self._size(size) for size in array.shape)

    def _size(self, size: Any) -> int:
        size = sp.sympify(size)
        values = {symbol: self.sizes.get(self.key(symbol), symbol) for symbol in size.free_symbols}
        value = size.subs(values)
        if not value.is_Integer:
            raise Unprintable(f"the witness gives no value to the size {size}")
        return int(value)

    # -- matrices

    @NUMPY.on(sp.Transpose, sp.Adjoint)
    def _transpose(self, node: Any) -> str:
        return f"{_atom(self.print(node.arg))}.T"

    @NUMPY.on(sp.MatPow)
    def _mat_pow(self, node: Any) -> str:
        return f"np.linalg.matrix_power({self.print(node.base)}, {self.print(node.exp)})"

    @NUMPY.on(sp.Inverse)
    def _inverse(self, node: Any) -> str:
        return f"np.linalg.inv({self.print(node.arg)})"

    @NUMPY.on(MatrixFunction)
    def _matrix_function(self, node: Any) -> str:
        return of_matrix(node.function, self.print(node.operand), "np")

    @NUMPY.on(sp.Trace)
    def _trace(self, node: Any) -> str:
        return f"np.trace({self.print(node.arg)})"

    @NUMPY.on(sp.Determinant)
    def _determinant(self, node: Any) -> str:
        return f"np.linalg.det({self.print(node.arg)})"

    @NUMPY.on(sp.Identity)
    def _identity(self, node: Any) -> str:
        return f"np.eye({self._size(node.shape[0])})"

    @NUMPY.on(sp.OneMatrix)
    def _one_matrix(self, node: Any) -> str:
        return f"np.ones({self.shape(node)})"

    @NUMPY.on(sp.ZeroMatrix)
    def _zero_matrix(self, node: Any) -> str:
        return f"np.zeros({self.shape(node)})"

    @NUMPY.on(sp.KroneckerProduct)
    def _kronecker_product(self, node: Any) -> str:
        text = self.print(node.args[0])
        for factor in node.args[1:]:
            text = f"np.kron({text}, {self.print(factor)})"
        return text

    @NUMPY.on(sp.BlockMatrix)
    def _block_matrix(self, node: Any) -> str:
        rows, cols = node.blockshape
        blocks = [[self.print(node.blocks[i, j]) for j in range(cols)] for i in range(rows)]
        rows_text = ", ".join(f"[{', '.join(row)}]" for row in blocks)
        return f"np.block([{rows_text}])"

    @NUMPY.on(sp.DiagMatrix)
    def _diag_matrix(self, node: Any) -> str:
        return f"np.diag(np.ravel({self.print(node.args[0])}))"

    @NUMPY.on(sp.DiagonalMatrix)
    def _diagonal_matrix(self, node: Any) -> str:
        operand = self.print(node.arg)
        return f"np.eye(*np.shape({operand}))*{_factor(operand)}"

    @NUMPY.on(DiagonalOf)
    def _diagonal_of(self, node: Any) -> str:
        return f"np.diag({self.print(node.arg)}).reshape(-1, 1)"

    @NUMPY.on(sp.MatrixBase)
    def _matrix_base(self, node: Any) -> str:
        rows = (", ".join(map(self.print, node.row(i))) for i in range(node.rows))
        return f"np.array([{', '.join(f'[{row}]' for row in rows)}], dtype=float)"

    @NUMPY.on(sp.FunctionMatrix)
    def _function_matrix(self, node: Any) -> str:
        i, j = sp.Dummy("i", integer=True), sp.Dummy("j", integer=True)
        return self._array(node.lamda(i, j), tuple(zip((i, j), node.shape, strict=True)))

    @NUMPY.on(ElementwiseApplyFunction)
    def _elementwise_apply_function(self, node: Any) -> str:
        function = node.function
        if not isinstance(function, sp.Lambda):
            variable = sp.Dummy("z")
            function = sp.Lambda(variable, function(variable))
        operand = self.print(node.expr)
        return f"np.vectorize({self._lambda(function)}, otypes=[float])({operand})"

    @NUMPY.on(sp.Lambda)
    def _lambda(self, node: Any) -> str:
        with self._binding(node.variables) as names:
            return f"lambda {', '.join(names)}: {self.print(node.expr)}"

    @contextmanager
    def _binding(self, variables: Any) -> Iterator[list[str]]:
        """Within, the variables have Python names of their own."""
        before = dict(self.bound)
        for variable in variables:
            self.bound[variable] = self.names.of(variable, str(variable.name))
        yield [self.bound[variable] for variable in variables]
        self.bound = before

    @NUMPY.on(MatrixSlice)
    def _matrix_slice(self, node: Any) -> str:
        chosen = (":".join(map(self.print, part)) for part in (node.rowslice, node.colslice))
        return f"{_atom(self.print(node.parent))}[{', '.join(chosen)}]"

    @NUMPY.on(ArrayComprehension)
    def _array_comprehension(self, node: Any) -> str:
        with self._binding([index for index, _, _ in node.limits]) as names:
            text = self.print(node.function)
            for name, (_, low, high) in reversed(list(zip(names, node.limits, strict=True))):
                text = f"[{text} for {name} in range({self.print(low)}, {self.print(high + 1)})]"
        return f"np.array({text}, dtype=float)"

    # -- entries

    def _entry(self, array: Any, indices: Any) -> str:
        return f"{_atom(self.print(array))}[{', '.join(map(self.print, indices))}]"

    @NUMPY.on(MatrixElement)
    def _matrix_element(self, node: Any) -> str:
        return self._entry(node.args[0], node.args[1:])

    @NUMPY.on(sp.Indexed)
    def _indexed(self, node: Any) -> str:
        return self._entry(node.base, node.indices)

    @NUMPY.on(ArrayElement)
    def _array_element(self, node: Any) -> str:
        return self._entry(node.args[0], node.args[1])

    @NUMPY.on(TensorElement)
    def _tensor_element(self, node: Any) -> str:
        return self._entry(node.array, node.indices)

    # -- sums, and the operators' own definitions

    @NUMPY.on(sp.Sum)
    def _sum(self, node: Any) -> str:
        return self._over("sum", node.function, node.limits)

    @NUMPY.on(sp.Product)
    def _product(self, node: Any) -> str:
        return self._over("math.prod", node.function, node.limits)

    @NUMPY.on(MaxOver)
    def _max_over(self, node: Any) -> str:
        return self._over("max", node.body, [node.limits])

    def _over(self, name: str, body: Any, limits: Any) -> str:
        # the last limit is the outermost loop, and the others may depend on it
        with self._binding([limit[0] for limit in limits]) as names:
            loops = [
                f"for {variable} in range({self.print(low)}, {self.print(high + 1)})"
                for variable, (_, low, high) in zip(names, limits, strict=True)
            ]
            return f"{name}({self.print(body)} {' '.join(reversed(loops))})"

    @NUMPY.on(Tensor)
    def _tensor(self, node: Any) -> str:
        return self._array(node.body, node.axes)

    def _array(self, body: Any, axes: Any) -> str:
        with self._binding([index for index, _ in axes]) as names:
            text = self.print(body)
            for name, (_, size) in reversed(list(zip(names, axes, strict=True))):
                text = f"[{text} for {name} in range({self.print(size)})]"
        return f"np.array({text}, dtype=float)"

    @NUMPY.on(MatrixOperator, ArrayOperator)
    def _matrix_operator(self, node: Any) -> str:
        """Any operator is its index definition."""
        indices, body = defined(node)
        return self._array(body, tuple(zip(indices, node.shape, strict=True)))

    @NUMPY.on(At)
    def _at(self, node: Any) -> str:
        others = ", :" * (len(node.array.shape) - 1)
        text = f"{_atom(self.print(node.array))}[{self.print(node.index)}{others}]"
        return f"{text}.reshape(1, -1)" if len(node.array.shape) == 2 else text

    @NUMPY.on(OrderedProduct)
    def _ordered_product(self, node: Any) -> str:
        variable, low, high = node.limits
        with self._binding([variable]) as (name,):
            factor = self.print(node.body)
        factors = f"[{factor} for {name} in range({self.print(low)}, {self.print(high + 1)})]"
        order = "[::-1]" if node.later_left else ""
        one = self._identity(node)
        return f"np.linalg.multi_dot([{one}, {one}, *{factors}{order}])"

    def steps(self, recurrence: Any) -> str:
        """A function of the position: its value, or None where the recurrence gives none."""
        with self._binding([recurrence.index]) as (t,):
            low, high = self.print(recurrence.low), self.print(recurrence.high)
            text = f"{self.print(recurrence.step)} if {low} <= {t} <= {high} else None"
            if recurrence.initial is not None:
                start, origin = self.print(recurrence.initial), self.print(recurrence.origin)
                text = f"{start} if {t} == {origin} else {text}"
        return f"lambda {t}: {text}"

    @NUMPY.on(sp.floor)
    def _floor(self, node: Any) -> str:
        above, below = sp.fraction(sp.together(node.args[0]))
        return f"({_atom(self.print(above))}//{_atom(self.print(below))})"

    @NUMPY.on(sp.ceiling)
    def _ceiling(self, node: Any) -> str:
        return f"(-{self._floor(sp.floor(-node.args[0], evaluate=False))})"

    @NUMPY.on(Softmax)
    def _softmax(self, node: Any) -> str:
        return f"(lambda e: e/e.sum(axis=1, keepdims=True))(np.exp({self.print(node.operand)}))"

    @NUMPY.on(LogSumExp)
    def _log_sum_exp(self, node: Any) -> str:
        return f"np.log(np.exp({self.print(node.operand)}).sum(axis=1, keepdims=True))"

    @NUMPY.on(Broadcast)
    def _broadcast(self, node: Any) -> str:
        return f"np.broadcast_to({self.print(node.operand)}, {self.shape(node)})"

    # -- functions

    def _call(self, name: str) -> Callable[[Any], str]:
        return lambda node: f"{name}({', '.join(map(self.print, node.args))})"

    @NUMPY.on(sp.Function, sp.Max, sp.Min)
    def _known_function(self, node: Any) -> str:
        kind = type(node).__name__
        if kind in RECIPROCALS:
            return f"(1/{RECIPROCALS[kind]}({self.print(node.args[0])}))"
        name = FUNCTIONS.get(kind)
        if name is None:
            raise Unprintable(f"the function {type(node).__name__} has no NumPy text here")
        return self._call(name)(node)

    @NUMPY.on(NamedFunction)
    def _named_function(self, node: Any) -> str:
        return self.print(node.formula())

    @NUMPY.on(sp.sinc)
    def _sinc(self, node: Any) -> str:
        return f"np.sinc({_atom(self.print(node.args[0]))}/np.pi)"

    @NUMPY.on(sp.Heaviside)
    def _heaviside(self, node: Any) -> str:
        return f"np.heaviside({', '.join(map(self.print, node.args[:2]))})"

    @NUMPY.on(sp.KroneckerDelta)
    def _kronecker_delta(self, node: Any) -> str:
        first, second = map(self.print, node.args[:2])
        return f"float({_atom(first)} == {_atom(second)})"

    @NUMPY.on(sp.Piecewise, Cases)
    def _piecewise(self, node: Any) -> str:
        text = "np.nan"
        for value, condition in reversed(node.args):
            text = f"{_atom(self.print(value))} if {self.print(condition)} else {text}"
        return text

    @NUMPY.on(Relational)
    def _relational(self, node: Any) -> str:
        return f"{_atom(self.print(node.lhs))} {node.rel_op} {_atom(self.print(node.rhs))}"

    @NUMPY.on(sp.And)
    def _and(self, node: Any) -> str:
        return " and ".join(_atom(self.print(part)) for part in node.args)

    @NUMPY.on(sp.Or)
    def _or(self, node: Any) -> str:
        return " or ".join(_atom(self.print(part)) for part in node.args)

    @NUMPY.on(sp.Not)
    def _not(self, node: Any) -> str:
        return f"not {_atom(self.print(node.args[0]))}"

    @NUMPY.on(BooleanAtom)
    def _boolean_atom(self, node: Any) -> str:
        return str(bool(node))

    # -- undefined functions, each a Lambda of the witness

    def _meaning(self, name: str) -> sp.Lambda:
        if name not in self.functions:
            raise Unprintable(f"the witness gives no meaning to the function {name}")
        return self.functions[name]

    def _applied(self, name: str, arguments: Any) -> str:
        self._meaning(name)
        return f"{self.names.of(('function', name), name)}({', '.join(map(self.print, arguments))})"

    @NUMPY.on(AppliedUndef)
    def _applied_undef(self, node: Any) -> str:
        return self._applied(node.func.__name__, node.args)

    @NUMPY.on(ScalarApplication)
    def _scalar_application(self, node: Any) -> str:
        return self._applied(node.function.name, node.arguments)

    @NUMPY.on(sp.Derivative)
    def _derivative(self, node: Any) -> str:
        return self.print(self._without_undefined(node))

    @NUMPY.on(sp.Subs)
    def _subs(self, node: Any) -> str:
        return self.print(self._without_undefined(node))

    def _without_undefined(self, node: Any) -> Any:
        plain = node.replace(
            lambda part: isinstance(part, AppliedUndef),
            lambda part: self._meaning(part.func.__name__)(*part.args),
        ).doit()
        if plain.has(sp.Derivative, sp.Subs):
            raise Unprintable(f"{node} has no value here")
        return plain

    @NUMPY.on(MatrixGradient, ScalarGradient)
    def _applied_gradient(self, node: Any) -> str:
        """The gradient of a scalar function of arrays, by central differences too."""
        arguments = [self.print(argument) for argument in node.arguments]
        variable = self.names.of(("argument", node), "z")
        moved = [variable if k == node.position else text for k, text in enumerate(arguments)]
        name = self.names.of(("function", node.function.name), node.function.name)
        self._meaning(node.function.name)
        point = arguments[node.position]
        return f"jacobian(lambda {variable}: float({name}({', '.join(moved)})), {point})"

    @NUMPY.on(Partial, MatrixPartial)
    def _partial(self, node: Any) -> str:
        if self.derivative is None:
            raise Unprintable(f"{node} stands outside a claim")
        return self.derivative(node)


def _without_sign(term: Any) -> Any:
    """The term less its minus, None if it has none. (SymPy's own ``-A`` evaluates sums in A.)"""
    if not isinstance(term, sp.Mul) or term.args[0].is_Matrix:
        return -term if term.is_Number and term.is_negative else None
    first, *others = term.args
    if not first.could_extract_minus_sign():
        return None
    factors = ([] if first == -1 else [-first]) + others
    return factors[0] if len(factors) == 1 else term.func(*factors, evaluate=False)


def _divides(node: Any) -> bool:
    return isinstance(node, sp.Pow) and node.exp.could_extract_minus_sign()


def _atom(text: str) -> str:
    """The text in parentheses, unless it is a name, a number, a call or an entry."""
    return f"({text})" if set(_outside_brackets(text)) & set(" +-*/@:") else text


def _factor(text: str) -> str:
    """The text in parentheses, unless it can stand in a product as it is."""
    outside = _outside_brackets(text)
    return f"({text})" if " " in outside or outside.startswith("-") else text


def _outside_brackets(text: str) -> str:
    depth, kept = 0, []
    for character in text:
        depth -= character in ")]}"
        if depth == 0:
            kept.append(character)
        depth += character in "([{"
    return "".join(kept)
