"""The symbols that stand for names in a claim, each of them under a name of its own, and the sizes
that nothing declares.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.frontends.document.reader import Reader, Unread
from derive.frontends.document.spelling import pretty
from derive.frontends.document.values import Value


class Degenerate(Unread):
    """A statement that fits only where an array has a single row, column or entry: a reading for
    want of another, which says nothing.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__("degenerate", message)
        self.remedy = remedy


def fresh_name(reader: Reader, label: str, key: str) -> str:
    """A name that nothing else in the claim has; a size may have it already."""
    if any(size == label for size in reader.knowledge.sizes):
        label += "_"
    owner = f"{key} {len(reader.memo)}" if key in reader.symbols else key
    while label in reader.used and reader.used[label] != owner:
        label += "'"
    reader.used[label] = owner
    return label


def fresh(reader: Reader, key: str, shape: tuple[Any, ...], thin: bool = False) -> Value:
    label = fresh_name(reader, pretty(key), key)
    if not shape:
        return Value(sp.Symbol(label, real=True))
    if len(shape) == 2:
        return Value(sp.MatrixSymbol(label, *shape), shape, thin)
    return Value(sp.IndexedBase(label, shape=shape), shape, thin)


def open_vector(reader: Reader, key: str) -> Value:
    size = reader.sizes.new(f"n_{key}")
    reader.note(f"{pretty(key)} is a vector, its size found from use")
    if reader.choices.pick("vectors", ("column", "row", "numpy")) == "row":
        return fresh(reader, key, (sp.S.One, size), thin=True)
    return fresh(reader, key, (size, sp.S.One), thin=True)


def refuse_single_entries(reader: Reader) -> None:
    """Insist that no array is taken for a single row or a number because a statement would not fit
    otherwise: (Ax)ᵀ = Aᵀxᵀ fits only so, and is true there.
    """
    sizes = reader.sizes
    for key, value in reader.symbols.items():
        if any(sizes.resolved(size) == 1 for size in value.shape if size in sizes.found):
            name, shape = pretty(key), "n" if value.thin else "n×m"
            message = f"it fits only where {name} has a single row, column or entry"
            raise Degenerate(message, f"{name}: {shape}")


def free_sizes(reader: Reader) -> dict[Any, Any]:
    """A name for each size that nothing settles."""
    named = {}
    sizes = reader.sizes
    for size in sorted(sizes.open - set(sizes.found), key=lambda s: s.name):
        label = size.name.replace("rows_", "n_").replace("cols_", "m_")
        while label in reader.knowledge.sizes or label in reader.used:
            label += "'"
        if label == "n_I":
            continue
        named[size] = sp.Symbol(label, integer=True, positive=True)
    return named


def labels(expr: Any) -> set[str]:
    """The names of the symbols that stand for something in an expression, indices left out."""
    return {
        label_of(part)
        for part in sp.preorder_traversal(expr)
        if isinstance(part, sp.MatrixSymbol | sp.IndexedBase)
        or (isinstance(part, sp.Symbol) and not part.is_integer)
    }


def label_of(symbol: Any) -> str:
    return str(getattr(symbol, "name", getattr(symbol, "label", "")))
