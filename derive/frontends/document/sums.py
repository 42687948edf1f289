"""Σ and Π, with the ranges of their indices, written or found from the arrays in the body."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import sympy as sp

from derive.frontends.document import tree, values
from derive.frontends.document.indices import index_variable, letters_of
from derive.frontends.document.lookup import defined_at, known_at
from derive.frontends.document.names import mention, text_of
from derive.frontends.document.reader import (
    RULES,
    Absurd,
    Index,
    Reader,
    Undeclared,
    Unread,
    relation,
)
from derive.frontends.document.size_text import SizeError
from derive.frontends.document.size_text import size as read_size
from derive.frontends.document.spelling import pretty, size_symbol
from derive.frontends.document.summed import Summed, summed
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
    declared = {key for key in reader.knowledge.known if known_at(reader, key) is not None}
    found = summed(node, reader.indices.keys() | declared, reader.choices.pick)
    letters = found.letters
    with ExitStack() as stack:
        indices = {}
        for letter in letters:
            low = found.low.get(letter)
            base = 0 if isinstance(low, tree.Number) and low.text == "0" else 1
            indices[letter] = stack.enter_context(index_bound(reader, letter, base))
        limits: list[Any] = []
        for letter, index in indices.items():
            limit = _limit(reader, node, found, letter, index)
            if limit is not None:
                limits.append(limit)
                reader.ranges[index.symbol] = sp.expand(limit[2] + 1)
                reader.lowest[index.symbol] = limit[1]
                reader.limits_of.add(index.symbol)
        body = reader.value(node.body)
        _indices_in(reader, found.conditions)
        where = [relation(reader, condition) for condition in found.conditions]
        made = {limit[0] for limit in limits}
        for letter, index in indices.items():
            if index.symbol in made:
                continue
            size = reader.ranges.get(index.symbol)
            if size is None:
                raise Undeclared(
                    f"how far the index {letter} of the sum counts is not known", "", node.sub
                )
            limits.append((index.symbol, 0, size - 1))
        if where:
            counted = sp.Piecewise((1, sp.And(*where)), (0, True))
            if body.shape and not body.is_scalar:
                body = values.scale(counted, body)
            else:
                body = Value(sp.Piecewise((scalar(body), sp.And(*where)), (0, True)))
        named = _named(reader, list(indices.values()), letters)
        limits = [tuple(sp.sympify(part).xreplace(named) for part in limit) for limit in limits]
        return _made(node, Value(body.expr.xreplace(named), body.shape, body.thin), limits)


def _indices_in(reader: Reader, conditions: list[tree.Chain]) -> None:
    """The i of ``j ≠ i`` under a sum over j is an index, where nothing else is known of it."""
    for condition in conditions:
        for side in condition.sides if condition.relations == ("!=",) else ():
            if isinstance(side, tree.Letter) and defined_at(reader, side.name) is None:
                index_variable(reader, side.name)


def _named(reader: Reader, indices: list[Index], letters: list[str]) -> dict[Any, Any]:
    """Bound indices under the names that the document gives them, where nothing else has them."""
    free = {
        symbol.name
        for index in reader.indices.values()
        if index not in indices
        for symbol in index.symbol.free_symbols  # of t − 1, the step before, that of t
    }
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
            if not values.same(*body.shape[:2]):
                raise Absurd("a product of vectors over an index")
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


def _limit(
    reader: Reader, node: tree.Big, found: Summed, letter: str, index: Index
) -> tuple[Any, Any, Any] | None:
    """The ends between which an index counts, from 0; None where they follow from the arrays.

    :raises Unread: for a lower end alone.
    """
    low, high = found.low.get(letter), found.high.get(letter, node.sup)
    if high is None:
        if low is not None:
            raise Unread("sum", "a sum with a lower end alone", node)
        return None
    last = sp.expand(_upper(reader, high) - index.base)
    if low is None:
        return index.symbol, sp.S.Zero, last
    return index.symbol, sp.expand(reader.size(reader.value(low), low) - index.base), last


def _upper(reader: Reader, node: Node) -> Any:
    """The upper end of a sum: an integer, also one that an index around it gives; a name that is
    declared as nothing else is a size.
    """
    name = mention(node)
    if name is not None and name.key == "infty":
        raise Unread("series", "an infinite sum is not read", node)
    rounded = any(
        isinstance(part, tree.Group) and part.opening in ("floor", "ceil") for part in node.walk()
    )
    if not rounded and letters_of(node).isdisjoint(reader.indices):
        try:
            return read_size(text_of(node), size_symbol)
        except SizeError:
            pass
    return reader.size(reader.value(node), node)


__all__ = ["index_bound", "read_big", "values"]
