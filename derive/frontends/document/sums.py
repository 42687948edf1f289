"""Σ and Π, with the ranges of their indices, written or found from the arrays in the body."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import sympy as sp

from derive.frontends.document import tree, values
from derive.frontends.document.indices import components
from derive.frontends.document.names import mention, text_of
from derive.frontends.document.reader import RULES, Index, Reader, Undeclared, Unread, relation
from derive.frontends.document.size_text import SizeError
from derive.frontends.document.size_text import size as read_size
from derive.frontends.document.spelling import pretty, size_symbol
from derive.frontends.document.tree import Node
from derive.frontends.document.values import Value, scalar
from derive.language.sequences import sum_over


@contextmanager
def index_bound(reader: Reader, letter: str, base: int) -> Iterator[Index]:
    """An index of its own while the body of a sum is read."""
    before = reader.indices.get(letter)
    hidden = reader.bound.pop(letter, None)
    index = Index(sp.Dummy(pretty(letter), integer=True), base)
    reader.indices[letter] = index
    try:
        yield index
    finally:
        del reader.indices[letter]
        if before is not None:
            reader.indices[letter] = before
        if hidden is not None:
            reader.bound[letter] = hidden


@RULES.on(tree.Big)
def read_big(reader: Reader, node: tree.Big) -> Value:
    if node.operator not in ("sum", "prod"):
        raise Unread("operator", f"{node.operator} is not read", node)
    letters, low, condition = _bounds(node)
    if not letters:
        raise Unread("sum", "a sum without an index", node)
    with ExitStack() as stack:
        base = 1
        if low is not None and isinstance(low, tree.Number) and low.text == "0":
            base = 0
        indices = [stack.enter_context(index_bound(reader, name, base)) for name in letters]
        limits: list[Any] = []
        if low is not None and node.sup is not None:
            (index,) = indices
            first = reader.size(reader.value(low), low)
            last = _upper(reader, node.sup)
            limits = [(index.symbol, sp.expand(first - base), sp.expand(last - base))]
            reader.ranges[index.symbol] = sp.expand(last - base + 1)
            reader.limits_of.add(index.symbol)
        elif node.sup is not None and len(indices) == 1:
            (index,) = indices
            last = _upper(reader, node.sup)
            limits = [(index.symbol, 0, sp.expand(last - 1))]
            reader.ranges[index.symbol] = last
            reader.limits_of.add(index.symbol)
        elif low is not None:
            raise Unread("sum", "a sum with a lower end alone", node)
        body = reader.value(node.body)
        if not limits:
            for name, index in zip(letters, indices, strict=True):
                size = reader.ranges.get(index.symbol)
                if size is None:
                    raise Undeclared(
                        f"how far the index {name} of the sum counts is not known",
                        "",
                        node.sub,
                    )
                limits.append((index.symbol, 0, size - 1))
        if condition is not None:
            where = relation(reader, condition)
            if body.shape and not body.is_scalar:
                raise Unread("sum", "a sum of arrays under a condition", node)
            body = Value(sp.Piecewise((scalar(body), where), (0, True)))
        named = _named(reader, indices, letters)
        limits = [tuple(sp.sympify(part).xreplace(named) for part in limit) for limit in limits]
        return _made(node, Value(body.expr.xreplace(named), body.shape, body.thin), limits)


def _named(reader: Reader, indices: list[Index], letters: list[str]) -> dict[Any, Any]:
    """Bound indices under the names that the document gives them, where nothing else has them."""
    free = {index.symbol.name for index in reader.indices.values() if index not in indices}
    return {
        index.symbol: sp.Symbol(pretty(name), integer=True)
        for index, name in zip(indices, letters, strict=True)
        if pretty(name) not in free
        and pretty(name) not in reader.knowledge.sizes
        and letters.count(name) == 1
    }


def _made(node: tree.Big, body: Value, limits: list[Any]) -> Value:
    if node.operator == "prod":
        if body.shape and not body.is_scalar:
            raise Unread("product", "a product of matrices over an index is not read", node)
        expr = scalar(body)
        for limit in limits:
            expr = sp.Product(expr, limit)
        return Value(expr)
    if not body.shape or body.is_scalar:
        return Value(sp.Sum(scalar(body), *limits))
    if not body.is_matrix:
        raise Unread("sum", "a sum of arrays with more than two axes", node)
    expr = body.expr
    for limit in limits:
        expr = sum_over(expr, limit)
    return Value(expr, body.shape, body.thin)


def _bounds(node: tree.Big) -> tuple[list[str], Node | None, Node | None]:
    """The letters of the indices, the lower end and a condition, of what stands under a sum."""
    sub = node.sub
    if isinstance(sub, tree.Matrix) and sub.kind == "substack":
        raise Unread("sum", "several lines under a sum", sub)
    if sub is None:
        raise Unread("sum", "a sum without an index", node)
    if isinstance(sub, tree.Chain):
        if sub.relations == ("=",):
            letters = _letters(sub.sides[0])
            if letters and len(letters) == 1:
                return letters, sub.sides[1], None
        if sub.relations == ("!=",):
            letters = _letters(sub.sides[0])
            if letters and len(letters) == 1:
                return letters, None, sub
        raise Unread("sum", "the range under the sum is not read", sub)
    letters = _letters(sub)
    if letters is None:
        raise Unread("sum", "the range under the sum is not read", sub)
    return letters, None, None


def _letters(node: Node) -> list[str] | None:
    letters = []
    for part in components(node):
        if isinstance(part, tree.Script) and isinstance(part.base, tree.Letter):
            letters.append(text_of(part))
            continue
        if not isinstance(part, tree.Letter):
            return None
        letters.append(part.name)
    return letters


def _upper(reader: Reader, node: Node) -> Any:
    """The upper end of a sum: an integer; a name that is declared as nothing else is a size."""
    try:
        return read_size(text_of(node), size_symbol)
    except SizeError:
        pass
    name = mention(node)
    if name is not None and name.key == "infty":
        raise Unread("series", "an infinite sum is not read", node)
    return reader.size(reader.value(node), node)


__all__ = ["index_bound", "read_big", "values"]
