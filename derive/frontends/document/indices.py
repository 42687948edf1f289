"""Subscripts that are indices: letters, ranges, the entries that they name."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.frontends.document import tree, values
from derive.frontends.document.lookup import fit, known_at
from derive.frontends.document.names import Mention, in_parentheses, text_of
from derive.frontends.document.reader import (
    ANNOTATED_SIZES,
    INDEX_VARIABLE,
    SIZE_OF,
    ZEROS,
    Index,
    Reader,
    Undeclared,
    Unread,
)
from derive.frontends.document.size_text import SizeError
from derive.frontends.document.size_text import size as read_size
from derive.frontends.document.spelling import pretty, size_symbol
from derive.frontends.document.tree import Node
from derive.frontends.document.values import Misfit, Value
from derive.language.operators import entry
from derive.language.sequences import at


def components(sub: Node) -> list[Node]:
    """The indices that a subscript lists: ``ij``, ``i,j``, ``i+1, j``."""
    match sub:
        case tree.Listing(items=items):
            return [part for item in items for part in components(item)]
        case tree.Run(letters=letters):
            return list(letters)
        case tree.Product(factors=factors, operators=operators) if not any(operators):
            if all(isinstance(f, tree.Letter | tree.Number) for f in factors):
                return list(factors)
        case tree.Number(text=text) if text.isdigit() and len(text) == 2:
            return [
                tree.Number(sub.start + k, sub.start + k + 1, digit) for k, digit in enumerate(text)
            ]
        case tree.Group(body=body):
            return components(body)
        case tree.Styled(body=body):
            return components(body)
    return [sub]


def letters_of(node: Node) -> set[str]:
    return {part.name for part in node.walk() if isinstance(part, tree.Letter)} | {
        letter.name for part in node.walk() if isinstance(part, tree.Run) for letter in part.letters
    }


def has_bound_index(reader: Reader, name: Mention) -> bool:
    return any(letter in reader.indices for sub in name.subs for letter in letters_of(sub))


def index_of(reader: Reader, node: Node, size: Any) -> Any:
    """An index into an axis, counted from 0; a plain letter ranges over the axis."""
    if isinstance(node, tree.Letter):
        index = index_variable(reader, node.name)
        if index is not None:
            known = reader.ranges.get(index.symbol)
            if known is None:
                reader.ranges[index.symbol] = size
            elif index.symbol in reader.limits_of:
                # Whether it reads outside of the array is for the engine to see.
                if reader.sizes.resolved(size) in reader.sizes.open:
                    values.same(size, known)
            elif isinstance(index.symbol, sp.Dummy) and not values.same(known, size):
                raise Misfit(f"the index {node.name} counts up to {known} and up to {size}")
            return index.symbol
    value = reader.value(node)
    bases = [
        index.base
        for letter, index in reader.indices.items()
        if index.symbol in value.expr.free_symbols and letter in letters_of(node)
    ]
    base = max(bases) if bases else first(reader)
    return sp.expand(reader.size(value, node) - base)


@INDEX_VARIABLE.fill
def index_variable(reader: Reader, letter: str) -> Index | None:
    """The index that a letter is; a new free one where nothing else is known of it."""
    if letter in reader.indices:
        return reader.indices[letter]
    if letter in reader.bound or reader.knowledge.is_size(letter, reader.section):
        return None
    if letter.isdigit():
        return None
    known = known_at(reader, letter)
    if known is not None and known.kind != "index":
        return None
    if len(letter) > 1 and letter not in ("ell",):
        return None
    label = pretty(letter) + ("'" if letter in reader.knowledge.sizes else "")
    made = Index(sp.Symbol(label, integer=True), first(reader))
    reader.indices[letter] = made
    return made


def first(reader: Reader) -> int:
    option = reader.knowledge.option("index", reader.section)
    return int(option[0]) if option else 1


def as_vector(reader: Reader, row: Any, size: Any) -> Value:
    """A row as the vector that it is, by the convention for vectors."""
    how = reader.choices.pick("vectors", ("column", "row", "numpy"))
    if how == "row":
        return Value(row, (sp.S.One, size))
    return Value(sp.Transpose(row), (size, sp.S.One), thin=True)


def entry_of(reader: Reader, array: Value, sub: Node, node: Node) -> Value:
    """An entry of an array, or a row or a column of a matrix."""
    parts = components(sub)
    shape = array.shape
    if not shape:
        raise Unread("subscript", "it is a number and has no entries", node)
    if len(parts) == 1 and len(shape) == 2 and 1 in shape:
        if shape[0] == 1:
            return Value(entry(array.expr, 0, index_of(reader, parts[0], shape[1])))
        return Value(entry(array.expr, index_of(reader, parts[0], shape[0]), 0))
    marks = [text_of(part) in (":", "cdot", "*", "bullet", "ast") for part in parts]
    if len(shape) == 2 and len(parts) == 2 and any(marks) and not all(marks):
        if marks[1]:
            row = at(array.expr, index_of(reader, parts[0], shape[0]))
            return Value(row, (sp.S.One, shape[1]))
        turned = values.transpose(array)
        column = at(turned.expr, index_of(reader, parts[1], shape[1]))
        return Value(sp.Transpose(column), (shape[0], sp.S.One), thin=True)
    if len(parts) == 1 and len(shape) == 2:
        how = reader.choices.pick("one index of a matrix", ("row", "column"))
        turned = array if how == "row" else values.transpose(array)
        line = at(turned.expr, index_of(reader, parts[0], turned.shape[0]))
        return as_vector(reader, line, turned.shape[1])
    if len(parts) != len(shape):
        # It is another name, and nothing is known of that.
        raise Undeclared(
            f"{len(parts)} indices of an array with {len(shape)} axes: {text_of(node)} is not "
            "declared",
            f"{text_of(node)}: …",
            node,
        )
    at_ = [index_of(reader, part, size) for part, size in zip(parts, shape, strict=True)]
    return Value(entry(array.expr, *at_))


def annotated(reader: Reader, value: Value, group: tree.Group, name: Mention) -> Value:
    """A value with its shape in the subscript, x_{(n,m)}: checked; or its entries, x_{(1,j)}."""
    parts = components(group.body)
    if not value.shape and len(parts) == 1:
        return value
    indices = [isinstance(part, tree.Letter) and part.name in reader.indices for part in parts]
    if len(parts) == len(value.shape) and any(indices):
        if all(is_index or text_of(p) == "1" for is_index, p in zip(indices, parts, strict=True)):
            at_ = [
                index_of(reader, p, size) if is_index else 0
                for p, is_index, size in zip(parts, indices, value.shape, strict=True)
            ]
            return Value(entry(value.expr, *at_))
        if indices[0] and len(parts) == 2:
            row = at(value.expr, index_of(reader, parts[0], value.shape[0]))
            return Value(row, (sp.S.One, value.shape[1]))
        if len(parts) == 2:
            turned = values.transpose(value)
            row = at(turned.expr, index_of(reader, parts[1], value.shape[1]))
            return Value(sp.Transpose(row), (value.shape[0], sp.S.One))
    sizes = annotated_sizes(group)
    if fit(value, sizes, thin=False) is None:
        raise Undeclared(
            f"{pretty(name.key)} has shape ({', '.join(map(str, value.shape))}), and its "
            f"subscript says ({', '.join(map(str, sizes))})",
            f"{pretty(name.key)}: {'×'.join(map(str, sizes))}",
            name.node,
        )
    return value


@ANNOTATED_SIZES.fill
def annotated_sizes(group: tree.Group) -> tuple[Any, ...]:
    """The sizes that a subscript in parentheses lists."""
    found = []
    for part in components(group.body):
        try:
            found.append(read_size(text_of(part), size_symbol))
        except SizeError as problem:
            raise Unread("size", str(problem), part) from None
    return tuple(found)


@ZEROS.fill
def zeros(sub: Node) -> Value:
    """0_n, 0_{n×m}: a column or a matrix of zeros."""
    group = in_parentheses(sub)
    body = sub if group is None else group.body
    if isinstance(body, tree.Product) and set(body.operators) == {"times"}:
        sizes = tuple(map(size_of, body.factors))
    else:
        sizes = tuple(map(size_of, components(body)))
    if len(sizes) > 2:
        raise Unread("subscript", "zeros with more than two axes", sub)
    rows, cols = (*sizes, sp.S.One)[:2]
    return Value(sp.ZeroMatrix(rows, cols), (rows, cols), thin=len(sizes) == 1)


@SIZE_OF.fill
def size_of(node: Node) -> Any:
    try:
        return read_size(text_of(node), size_symbol)
    except SizeError as problem:
        raise Unread("size", str(problem), node) from None
