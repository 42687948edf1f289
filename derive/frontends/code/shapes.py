"""Shapes as people write them, and the inputs that are made of them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from derive.base.errors import ClaimError
from derive.frontends.code import axes as ax
from derive.frontends.code.arrays import FLOAT, INT, Array, keys
from derive.frontends.code.sizes import expanded, quotient
from derive.frontends.code.trace import Trace


@dataclass(frozen=True)
class Labels:
    """An input of integers 0 … ``of`` − 1; ``one_hot`` where each stands as a row of zeros and a
    1, along the last axis; ``binary`` where they are the 0 and the 1 of a mask, and numbers.
    """

    shape: str
    of: str
    one_hot: bool = False
    binary: bool = False


def labels(shape: str, of: str) -> Labels:
    """An input that holds labels: integers from 0 up to a size, less one.

    :param shape: its sizes, as in ``"N T"``.
    :param of: the size, as in ``"C"``.
    """
    return Labels(shape, str(of))


def one_hot(shape: str) -> Labels:
    """An input whose rows, along the last axis, are zeros and a 1.

    :param shape: its sizes, as in ``"N C"``.
    :raises ClaimError: for none.
    """
    parts = parts_of(shape)
    if not parts:
        raise ClaimError('what is one-hot has an axis of classes: one_hot("N C")')
    return Labels(shape, parts[-1], one_hot=True)


def binary(shape: str) -> Labels:
    """An input whose entries are 0 or 1, as those of a mask are.

    :param shape: its sizes, as in ``"N T"``.
    """
    return Labels(shape, "2", binary=True)


def size_symbol(name: str) -> sp.Symbol:
    return sp.Symbol(name, integer=True, positive=True)


def sizes_of(text: Any) -> tuple[Any, ...]:
    """The sizes in ``"N C*H*W"``: sums, products and quotients of names and numbers.

    :raises ClaimError: for anything else.
    """
    return tuple(size_of(part) for part in parts_of(text))


def parts_of(text: Any) -> list[str]:
    """The text of each size.

    :raises ClaimError: where a bracket is not closed, or it is no text.
    """
    if isinstance(text, (tuple, list)):
        return [str(part) for part in text]
    if not isinstance(text, str):
        raise ClaimError(f"a shape is text such as 'N D', not {text!r}")
    inner = text.strip()
    if inner.startswith("(") and inner.endswith(")") and "," in inner:
        inner = inner[1:-1]
    found, depth, part = [], 0, ""
    for sign in inner.replace(",", " ") + " ":
        depth += (sign == "(") - (sign == ")")
        if sign.isspace() and depth == 0:
            if part:
                found.append(part)
            part = ""
        else:
            part += sign
    if part.strip():
        raise ClaimError(f"the shape {text!r} has a bracket that is not closed")
    return found


def size_of(text: str) -> Any:
    """One size, such as ``4*H``, ``4H``, ``D+H`` or ``(H-K)//s+1``.

    :raises ClaimError: where it is none.
    """
    spelled = re.sub(r"(?<![\w.])(\d+)(?=[A-Za-z_(])", r"\1*", text.strip())
    try:
        tree = ast.parse(spelled, mode="eval").body
    except SyntaxError:
        raise ClaimError(f"{text!r} is no size") from None

    def value(node: ast.AST) -> Any:
        if isinstance(node, ast.Name):
            return size_symbol(node.id)
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return sp.Integer(node.value)
        if isinstance(node, ast.BinOp):
            a, b = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return a + b
            if isinstance(node.op, ast.Sub):
                return a - b
            if isinstance(node.op, ast.Mult):
                return a * b
            if isinstance(node.op, ast.FloorDiv):
                return quotient(a, b)
            if isinstance(node.op, ast.Pow) and b.is_Integer and b >= 0:
                return a**b
        raise ClaimError(f"{text!r} is no size")

    found = expanded(value(tree))
    if found.is_Integer and found < 1:
        raise ClaimError(f"{text!r} is no size: sizes are at least 1")
    return found


def factors_of(text: str) -> list[list[Any]] | None:
    """The factors of each term of a size, as they stand, where one of them is a sum, as in
    ``h*(n+1) + K*(h+1)``: what is unrolled so is cut into matrices. None for any other size.
    """
    terms: list[list[ast.expr]] = []

    def add(node: ast.expr) -> None:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            add(node.left)
            add(node.right)
        else:
            terms.append(multiplied(node))

    def multiplied(node: ast.expr) -> list[ast.expr]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            return [*multiplied(node.left), *multiplied(node.right)]
        return [node]

    try:
        add(ast.parse(text.strip(), mode="eval").body)
    except SyntaxError:
        return None
    sums = [
        isinstance(f, ast.BinOp) and isinstance(f.op, (ast.Add, ast.Sub))
        for term in terms if len(term) > 1 for f in term
    ]  # fmt: skip
    plain_ = all(isinstance(f, (ast.Name, ast.BinOp)) for term in terms for f in term)
    if not any(sums) or not plain_ or "/" in text:
        return None
    return [[size_of(ast.unparse(f)) for f in term] for term in terms]


@dataclass
class Input:
    """An input of a function: what the trace has for it.

    :param array: the traced array.
    :param symbols: the symbol of each choice of segments, with the indices of its entry.
    :param sizes: its shape.
    :param of: for labels, the number of labels.
    :param one_hot: whether the labels stand as rows of zeros and a 1; the symbol is theirs.
    :param binary: whether they are the 0 and the 1 of a mask.
    """

    name: str
    array: Array
    symbols: dict[tuple[int, ...], Any]
    sizes: tuple[Any, ...]
    of: Any = None
    one_hot: bool = False
    binary: bool = False

    @property
    def in_code(self) -> str:
        """The array of its symbol, in code."""
        return f"{self.name}.argmax(-1)" if self.one_hot else self.name

    def labelled(self, labels: np.ndarray, count: int) -> np.ndarray:
        """Labels as a function takes them: as they are, as rows of zeros and a 1, or as numbers."""
        if self.binary:
            return np.asarray(labels, dtype=float)
        return np.eye(count)[labels] if self.one_hot else labels

    @property
    def symbol_axes(self) -> list[ax.Axis]:
        """The axes of its symbols."""
        return list(self.array.axes[:-1] if self.one_hot else self.array.axes)

    @property
    def is_labels(self) -> bool:
        return self.of is not None

    @property
    def is_float(self) -> bool:
        """Whether it may have a gradient."""
        return self.of is None and not self.binary


def make_input(
    trace: Trace,
    name: str,
    declared: Any,
    turned: bool = False,
    swapped: bool = False,
    real: bool = False,
) -> Input:
    """An input by its declared shape; ``turned`` where products are taken from the last factor,
    ``swapped`` where sums are from the last term, ``real`` where a mask may be any numbers.
    """
    of, rows, mask = None, False, False
    if isinstance(declared, Labels):
        rows, mask = declared.one_hot, declared.binary
        of = None if mask and real else size_of(declared.of)
        declared = declared.shape
    sizes = sizes_of(declared)
    axes = []
    for size, text in zip(sizes, parts_of(declared), strict=True):
        written = factors_of(text)
        if written is not None:
            axes.append(ax.of_factors(written))
            continue
        order = re.findall(r"[A-Za-z_]\w*|\d+", text)
        number_last = turned != bool(re.search(r"[A-Za-z_]\w*\s*\*\s*\d", text))
        axes.append(ax.of_declared(size, order, turned, number_last, swapped))
    if of is not None:
        axes = [ax.of_size(size) for size in sizes[: len(sizes) - rows]]
    array, symbols = make_array(
        trace, trace.name(f"{name}_class") if rows else name, axes, of is not None
    )
    if of is not None:
        for symbol in symbols.values():
            at = [sp.Symbol(n, integer=True) for n in ("i", "j", "k", "l")[: len(_shape(symbol))]]
            label = symbol[tuple(at)] if at else symbol
            trace.given[sp.Ge(label, 0, evaluate=False)] = None
            trace.given[sp.Le(label, of - 1, evaluate=False)] = None
    if rows:
        array = one_hot_rows(array, of)
    if mask and of is not None:  # its square is itself, as that of what is 0 or 1
        ones = {key: sp.KroneckerDelta(body, 1) for key, body in array.bodies.items()}
        array = Array(array.axes, ones, FLOAT)
    return Input(name, array, symbols, sizes, of, rows, mask)


def one_hot_rows(array: Array, count: Any) -> Array:
    """An array of labels, each as a row of zeros and a 1."""
    axis = ax.of_size(count)
    j = axis[0][0][0] if axis[0] else sp.Integer(0)
    bodies = {(*key, 0): sp.KroneckerDelta(body, j) for key, body in array.bodies.items()}
    return Array([*array.axes, axis], bodies, FLOAT)


def _shape(symbol: Any) -> tuple[Any, ...]:
    return tuple(getattr(symbol, "shape", ()) or ())


def make_array(
    trace: Trace, name: str, axes: list[ax.Axis], whole: bool = False
) -> tuple[Array, dict[tuple[int, ...], Any]]:
    """An array of which nothing is known but its shape."""
    several = sum(1 for _ in keys(axes)) > 1
    bodies: dict[tuple[int, ...], Any] = {}
    symbols: dict[tuple[int, ...], Any] = {}
    for number, key in enumerate(keys(axes)):
        factors = [f for axis, k in zip(axes, key, strict=True) for f in axis[k]]
        own = trace.name(f"{name}_{number + 1}") if several else name
        trace.names.add(own)
        if factors:
            label = sp.Symbol(own, integer=True) if whole else own
            symbol = sp.IndexedBase(label, shape=tuple(size for _, size in factors))
            bodies[key] = symbol[tuple(index for index, _ in factors)]
        else:
            symbol = sp.Symbol(own, integer=True) if whole else sp.Symbol(own, real=True)
            bodies[key] = symbol
        symbols[key] = symbol
    return Array(axes, bodies, INT if whole else FLOAT), symbols
