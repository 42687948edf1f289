"""A NumPy script that replays a witness: the point, the two sides there, and what they print.

Nothing here uses the engine. The left side of a derivative is taken by central differences, so
that the script is a check by other means, not the same answer printed twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr
from sympy.tensor.array.expressions.array_expressions import ArrayElement, ArraySymbol

from derive.backends.numpy_text import NumpyPrinter, Unprintable
from derive.backends.python_names import Names
from derive.claims import sizes
from derive.claims.verdict import SparseArray, Verdict, Witness
from derive.claims.wording import equation
from derive.language.arrays import stacked
from derive.language.sequences import Recurrence
from derive.language.spelling import encodable
from derive.refutation.symbols import witness_names

_SYMBOLS = (sp.Symbol, sp.MatrixSymbol, sp.IndexedBase, ArraySymbol)
_ENTRIES = (MatrixElement, ArrayElement, sp.Indexed)

_AT = '''
def at(value, entry):
    """One entry; an axis of size 1 stands for any."""
    value = np.asarray(value, dtype=float)
    if value.size == 1:
        return value.item()
    entry = entry[len(entry) - value.ndim :]
    return value[tuple(k if n > 1 else 0 for k, n in zip(entry, value.shape))]
'''

_JACOBIAN = '''
def jacobian(f, x, step=1e-4):
    """Central differences: the axes of f(x), then the axes of x."""
    x = np.asarray(x, dtype=float)
    columns = []
    for k in np.ndindex(x.shape):
        d = np.zeros(x.shape)
        d[k] = step
        columns.append((np.asarray(f(x + d)) - np.asarray(f(x - d))) / (2 * step))
    return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)
'''

_SLOPE = '''
def slope(f, x, entry, step=1e-4):
    """The central difference in one entry of x."""
    d = np.zeros(np.shape(x))
    d[entry] = step
    return (np.asarray(f(x + d)) - np.asarray(f(x - d))) / (2 * step)
'''

_SYMMETRIC = '''
def symmetric_part(g):
    """The derivative within the symmetric matrices."""
    return (g + g.swapaxes(-1, -2)) / 2
'''


_STEPS = '''
class Steps:
    """A sequence by its steps: each position is worked out when it is first read."""

    def __init__(self, shape, step):
        self.shape, self.step, self.known = shape, step, {}

    def __getitem__(self, indices):
        t, *others = indices
        if t not in self.known:
            value = self.step(t)
            zeros = np.zeros(self.shape[1:])
            self.known[t] = zeros if value is None else np.reshape(value, self.shape[1:])
        return self.known[t][tuple(others)]

    def __array__(self, dtype=None, copy=None):
        return np.array([self[(t,)] for t in range(self.shape[0])], dtype=float)
'''


_HELPERS = (
    ("jacobian(", _JACOBIAN),
    ("slope(", _SLOPE),
    ("symmetric_part(", _SYMMETRIC),
    ("Steps(", _STEPS),
)


def replay(verdict: Verdict) -> str:
    """The script, or one that says why there is none and prints what was recorded."""
    witness = verdict.witness
    assert witness is not None  # the caller asks only for what has one
    try:
        body = _Script(verdict, witness).lines()
    except Unprintable as problem:
        body = [encodable(f"# not replayed: {problem}", "ascii")]
    except Exception as problem:  # a missing script must not cost the explanation around it
        body = [f"# not replayed: {type(problem).__name__}"]
    # a comment must survive any encoding
    head = [encodable(f"# {verdict.claim.id}: {equation(verdict.claim)}", "ascii")]
    recorded = [
        f'print("recorded left: ", {str(witness.left)!r})',
        f'print("recorded right:", {str(witness.right)!r})',
    ]
    return "\n".join([*head, *body, *recorded]) + "\n"


@dataclass
class _Scope:
    """Functions defined side by side; one inside another sees that one's variables instead."""

    lines: list[str] = field(default_factory=list)
    functions: dict[Any, str] = field(default_factory=dict)


class _Script:
    """The lines of one replay: the point, the definitions there, the functions, the two sides."""

    def __init__(self, verdict: Verdict, witness: Witness) -> None:
        self.claim: Any = sizes.put_in(verdict.claim)
        self.witness = witness
        self.names = Names()
        defined = {
            f: value for f, value in self.claim.where.items() if isinstance(value, sp.Lambda)
        }
        self.where = {s: value for s, value in self.claim.where.items() if s not in defined}
        functions = {**witness.functions, **defined}
        keys = witness_names(self.claim)
        self.printer = NumpyPrinter(self.names, witness.sizes, functions, keys)
        self.printer.derivative = self._partial
        self.scopes = [_Scope()]  # of the script, then of the functions around a node

    def lines(self) -> list[str]:
        point = [*self._sizes(), *self._values(), *self._undefined_functions()]
        for symbol in self.where:
            self._know(self.printer.key(symbol))
        left, right = self._sides()
        body = [*point, *self._definitions_at_the_point()]
        if self.scopes[0].lines:
            body += ["", "", *self.scopes[0].lines, ""]
        body += ["", f"left = {left}", f"right = {right}"]
        body += [self._show("left"), self._show("right")]
        text = "\n".join(body)
        helpers = [_AT.strip()]
        for name, helper in _HELPERS:
            helpers += [helper.strip()] if name in text else []
        imports = ["import math", ""] if re.search(r"\bmath\.", text) else []
        imports += ["import mpmath"] if "mpmath." in text else []
        imports += ["import numpy as np"]
        return ["", *imports, "", "", "\n\n\n".join(helpers), "", "", text]

    # -- the point

    def _sizes(self) -> list[str]:
        return [
            f"{self.names.of(('size', name), name)} = {int(size)}"
            for name, size in self.witness.sizes.items()
        ]

    def _values(self) -> list[str]:
        lines = []
        # Arrays of labels, which index others.
        whole = {
            name
            for symbol, name in witness_names(self.claim).items()
            if isinstance(symbol, sp.IndexedBase) and symbol.label.is_integer
        }
        for name, value in self.witness.values.items():
            known = self._know(name)
            lines.append(f"{known} = {self._value(value, 'int' if name in whole else 'float')}")
            if isinstance(value, SparseArray):
                if value.diagonal is not None:
                    lines.append(f"np.fill_diagonal({known}, {self._nested(value.diagonal)})")
                lines += [
                    f"{known}[{', '.join(map(str, position))}] = {self._nested(number)}"
                    for position, number in value.entries.items()
                    if number != value.elsewhere or value.diagonal is not None
                ]
        return lines

    def _know(self, name: str) -> str:
        self.printer.known[name] = self.names.of(("symbol", name), name)
        return self.printer.known[name]

    def _value(self, value: Any, kind: str) -> str:
        if isinstance(value, (list, tuple)):
            return f"np.array({self._nested(value)}, dtype={kind})"
        if isinstance(value, SparseArray):
            if value.elsewhere == 0:
                return f"np.zeros({value.shape}, dtype={kind})"
            return f"np.full({value.shape}, {kind}({self._nested(value.elsewhere)}))"
        return self._nested(value)

    def _nested(self, value: Any) -> str:
        if isinstance(value, (list, tuple)):
            return f"[{', '.join(map(self._nested, value))}]"
        text = str(value)
        if text.lstrip("-").replace("/", "", 1).isdigit():
            return text
        return self.printer.print(sp.sympify(value))

    def _undefined_functions(self) -> list[str]:
        return [
            f"{self.names.of(('function', name), name)} = {self.printer.print(meaning)}"
            for name, meaning in self.printer.functions.items()
        ]

    # -- the definitions

    def _needed(self, expressions: Iterable[Any], cut: Any = None) -> list[Any]:
        """The defined symbols that the expressions rest on, in the order of their definition."""
        where = self.where
        needed: set[Any] = set()
        waiting = list(expressions)
        while waiting:
            for symbol in waiting.pop().atoms(*_SYMBOLS):
                if symbol in where and symbol not in needed and symbol != cut:
                    needed.add(symbol)
                    waiting.append(where[symbol])
        return [symbol for symbol in where if symbol in needed]

    def _definitions_at_the_point(self) -> list[str]:
        """A defined symbol that the witness gives a value has had its definition cut."""
        fields = [getattr(self.claim, name) for name in self.claim.expression_fields]
        given = self.witness.values
        needed = [s for s in self._needed(fields) if self.printer.key(s) not in given]
        return [self._definition(symbol) for symbol in needed]

    def _definition(self, symbol: Any) -> str:
        value, name = self.where[symbol], self.printer.known[self.printer.key(symbol)]
        if isinstance(value, Recurrence):
            shape, step = self.printer.sizes_of(symbol), self.printer.steps(value)
            return f"{name} = Steps({shape}, {step})"
        text = self.printer.print(value)
        is_matrix = isinstance(value, (MatrixExpr, sp.MatrixBase))
        if isinstance(symbol, MatrixExpr) and not is_matrix and value.is_commutative:
            text = f"np.full({self.printer.shape(symbol)}, {text})"
        elif isinstance(symbol, sp.Symbol) and is_matrix:  # a 1×1 matrix where a scalar is meant
            text = f"({text}).item()"
        return f"{name} = {text}"

    # -- the two sides

    def _sides(self) -> tuple[str, str]:
        if not self.claim.derivatives:
            return self.printer.print(self.claim.left), self.printer.print(self.claim.right)
        return self._derivative(), self.printer.print(self.claim.equals)

    def _show(self, side: str) -> str:
        label = side
        if self.claim.derivatives:
            label = "by differences" if side == "left" else "documented"
        return f'print("{label}:", at({side}, {tuple(map(int, self.witness.entry))}))'

    def _derivative(self) -> str:
        wrt = self.claim.wrt
        matrix = stacked(wrt)
        wrt = wrt if matrix is None else matrix
        transposed = isinstance(wrt, sp.Transpose)
        base, indices = _base_and_indices(wrt.arg if transposed else wrt)
        function, point = self._function(self.claim.of, base, []), self.printer.print(base)
        if isinstance(self.witness.values.get(str(base.name)), SparseArray):
            return self._slope(function, point, indices)
        jacobian = f"jacobian({function}, {point})"
        facts = [part for fact in self.claim.assumed for part in sp.And.make_args(fact)]
        if isinstance(base, sp.MatrixSymbol) and sp.Q.symmetric(base) in facts:
            jacobian = f"symmetric_part({jacobian})"
        if matrix is not None:
            return self._in_columns(function, point, jacobian, transposed)
        match self.claim.kind:
            case "gradient":
                text = f"{jacobian}.reshape(np.shape({point}))"
            case "backward":
                upstream = self.printer.print(self.claim.upstream)
                text = f"np.tensordot({upstream}, {jacobian}, axes=np.ndim({upstream}))"
            case "hessian":
                inner = f"jacobian({function}, x).reshape(np.shape(x))"
                size = f"(np.size({point}), np.size({point}))"
                text = f"jacobian(lambda x: {inner}, {point}).reshape{size}"
            case _:
                text = jacobian
                if indices is None and len(self.witness.entry) == 2:  # between two vectors
                    text += f".reshape(-1, np.size({point}))"
                    transposed = False
        if transposed and self.claim.kind != "hessian":
            text = f"np.swapaxes({text}, -1, -2)"
        return text + self._subscript(indices)

    def _in_columns(self, function: str, point: str, jacobian: str, transposed: bool) -> str:
        """The derivative in vec(X), or in vec(Xᵀ), from the one in X: its columns, or its rows,
        one after the other.
        """
        size = f"np.size({point})"
        turned = jacobian if transposed else f"np.swapaxes({jacobian}, -1, -2)"
        match self.claim.kind:
            case "gradient":
                return f"{turned}.reshape({size}, 1)"
            case "backward":
                upstream = self.printer.print(self.claim.upstream)
                return f"(np.ravel({upstream}) @ {turned}.reshape(-1, {size})).reshape({size}, 1)"
            case "hessian":
                slope = f"jacobian({function}, x).reshape(np.shape(x))"
                if transposed:
                    return f"jacobian(lambda x: {slope}, {point}).reshape({size}, {size})"
                second = f"jacobian(lambda x: {slope}.T, {point})"
                return f"np.swapaxes({second}, -1, -2).reshape({size}, {size})"
        if len(self.witness.entry) == 2:  # between two vectors
            return f"{turned}.reshape(-1, {size})"
        raise Unprintable("a derivative of a matrix in a stacked one")

    def _slope(self, function: str, point: str, indices: tuple[Any, ...] | None) -> str:
        """The derivative in the witness's entry of an array that is too large to vary all of."""
        if indices is None:
            entry = str(tuple(map(int, self.witness.entry)))
        else:
            entry = f"({', '.join(map(self.printer.print, indices))},)"
        slope = f"slope({function}, {point}, {entry})"
        match self.claim.kind:
            case "gradient":
                return slope
            case "backward":
                return f"np.sum({self.printer.print(self.claim.upstream)} * {slope})"
        raise Unprintable("the arrays are too large for differences in every entry")

    def _subscript(self, indices: tuple[Any, ...] | None) -> str:
        if indices is None:
            return ""
        return f"[{', '.join(['...', *map(self.printer.print, indices)])}]"

    def _partial(self, node: Any) -> str:
        """∂of/∂wrt as a factor: ``of`` is a scalar, and may depend on the indices of a sum."""
        base, indices = _base_and_indices(node.wrt)
        extra = [symbol for symbol in self.printer.bound if node.of.has(symbol)]
        function, point = self._function(node.of, base, extra), self.printer.print(base)
        if extra:
            given = ", ".join(self.printer.bound[symbol] for symbol in extra)
            moved = self.names.of("the argument that moves", "v")
            function = f"lambda {moved}: {function}({moved}, {given})"
        gradient = f"jacobian({function}, {point}).reshape(np.shape({point}))"
        return gradient + self._subscript(indices)

    def _function(self, of: Any, base: Any, extra: list[Any]) -> str:
        """The name of ``of`` as a Python function of ``base``, whose own definition is cut."""
        variable = self.printer.known.get(self.printer.key(base))
        if variable is None:
            raise Unprintable(f"the witness gives no value to {base}")
        scope = self.scopes[-1]
        if (of, base) not in scope.functions:
            name = self.names.of((of, base, len(self.scopes)), f"{_short(of)}_of_{base.name}")
            parameters = ", ".join([variable, *(self.printer.bound[s] for s in extra)])
            body = self._body(of, base)
            scope.lines += [""] if scope.lines else []
            scope.lines += [f"def {name}({parameters}):", *_indented(body)]
            scope.functions[of, base] = name
        return scope.functions[of, base]

    def _body(self, of: Any, base: Any) -> list[str]:
        self.scopes.append(_Scope())
        lines = [self._definition(symbol) for symbol in self._needed([of], cut=base)]
        returned = f"return {self.printer.print(of)}"
        return [*lines, *self.scopes.pop().lines, returned]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


def _short(of: Any) -> str:
    """A name for a function: the symbol it computes, if it is one."""
    array = of.args[0] if isinstance(of, _ENTRIES) else of
    return str(array.name) if isinstance(array, _SYMBOLS) else "of"


def _base_and_indices(wrt: Any) -> tuple[Any, tuple[Any, ...] | None]:
    """``W[o, c]`` is W at (o, c); a whole array or a scalar has no indices."""
    if isinstance(wrt, (MatrixElement, ArrayElement)):
        base = wrt.args[0]
        indices = wrt.args[1] if isinstance(wrt, ArrayElement) else wrt.args[1:]
    elif isinstance(wrt, sp.Indexed):
        base, indices = wrt.base, wrt.indices
    else:
        base, indices = wrt, None
    if not isinstance(base, _SYMBOLS):
        raise Unprintable(f"the derivative in {wrt} is not replayed here")
    return base, None if indices is None else tuple(indices)
