"""Words before their arguments: log x, tr(A), max_i x_i."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from derive.frontends.document import functions, tree, values
from derive.frontends.document.calls import applied, slope, substituted, t
from derive.frontends.document.indices import first
from derive.frontends.document.lookup import is_known
from derive.frontends.document.names import mention, text_of
from derive.frontends.document.products import TIGHT, signed, times
from derive.frontends.document.reader import (
    REACHING,
    RULES,
    Reader,
    Undeclared,
    Unread,
    powers,
)
from derive.frontends.document.sums import index_bound
from derive.frontends.document.tree import Node, arguments
from derive.frontends.document.values import Value, scalar
from derive.language.operators import max_over

TRACES = ("tr", "trace", "Tr", "sp", "Sp", "Spur")

UNREAD = ("arg", "argmax", "argmin", "lim", "sup", "inf", "Pr", "Var", "Cov", "E", "KL")


@RULES.on(tree.Apply)
def read_apply(reader: Reader, node: tree.Apply) -> Value:
    """A word with its argument."""
    head = node.head
    sub: Node | None = None
    sup: Node | None = None
    primes = 0
    if isinstance(head, tree.Script):
        sub, sup, primes, head = head.sub, head.sup, head.primes, head.base
    name = mention(head)
    if name is None or not isinstance(name.letter, str):
        raise Unread("function", "this is no function", head)
    word = name.letter
    if word in ("max", "min") and sub is not None:
        return _extreme_over(reader, word, sub, node)
    if word in UNREAD and not is_known(reader, name):
        raise Unread("function", f"{word} is not read", head)
    if is_known(reader, name):
        whole = mention(node.head)
        group = node.argument
        if whole is not None and isinstance(group, tree.Group):
            value = applied(reader, whole, group, node)
            if value is not None:
                return value
    if not functions.known(word):
        raise Undeclared(f"{word} is a function that is not defined", f"{word}: function", head)
    if sub is not None:
        if word == "log" and text_of(sub) in ("2", "10"):
            value = _argument(reader, node)
            base = int(text_of(sub))
            return values.apply(lambda x: sp.log(x) / sp.log(base), value)
        raise Unread("subscript", f"{word} with a subscript is not read", sub)
    if word == "diag" and not primes and (made := _diagonal_over(reader, node)) is not None:
        value = made
    else:
        value = _of_argument(reader, node, word, primes)
    if sup is not None:
        if text_of(sup) == "-1":
            raise Unread("inverse", "the inverse of a function is not read", sup)
        value = powers(reader, value, sup, node)
    return value


@REACHING.fill
def reaching(reader: Reader, node: Node) -> Node:
    """``tr (A B)^{-1} C`` as the trace of all that stands there, where it is no trace of what is in
    the brackets alone. Brackets around a single name are there for the word: tr(A)^2 is a square.
    """
    factors: tuple[Node, ...] = (node,)
    signs: tuple[str, ...] = ()
    if isinstance(node, tree.Product):
        factors, signs = node.factors, node.operators
    for k, factor in enumerate(factors):
        word = _before_brackets(factor)
        head = None if word is None else mention(word.head)
        if word is None or head is None or head.letter not in (*TRACES, "log", "ln"):
            continue
        rest, beside = factors[k + 1 :], signs[k:]
        follows = bool(rest) and head.letter in TRACES
        if not (word is not factor or follows) or any(sign not in ("", "cdot") for sign in beside):
            continue
        label = f"reach of {head.letter} before brackets"
        if reader.choices.pick(label, ("the brackets", "all that follows")) == "the brackets":
            return node
        inner = word.argument
        if isinstance(factor, tree.Script):
            inner = replace(factor, base=inner)
        if rest:
            inner = tree.Product(inner.start, node.end, (inner, *rest), beside)
        group = tree.Group(inner.start, inner.end, "(", inner, ")")
        wide = replace(word, argument=group)
        return tree.Product(node.start, node.end, (*factors[:k], wide), signs[:k]) if k else wide
    return node


def _before_brackets(node: Node) -> tree.Apply | None:
    """The word before brackets that hold more than a name, ``tr (A B)`` and ``tr (A B)^{-1}``."""
    if isinstance(node, tree.Script) and node.sub is None and not node.primes:
        node = node.base
    if not isinstance(node, tree.Apply) or node.bare or not isinstance(node.argument, tree.Group):
        return None
    return node if mention(node.argument.body) is None else None


def _argument(reader: Reader, node: tree.Apply) -> Value:
    return reader.value(node.argument)


def _of_argument(reader: Reader, node: tree.Apply, word: str, primes: int) -> Value:
    argument = node.argument
    if node.bare and isinstance(argument, tree.Product) and len(argument.factors) > 1:
        # How far a bare function reaches: over all that stands side by side, or the first factor.
        first, rest = argument.factors[0], argument.factors[1:]
        how = reader.choices.pick(f"reach of {word}", ("all", "first"))
        if how == "first":
            inner = _applied_word(reader, word, [reader.value(first)], primes)
            others = (
                reader.value(rest[0])
                if len(rest) == 1
                else reader.value(
                    tree.Product(rest[0].start, node.end, rest, argument.operators[1:])
                )
            )
            sign = argument.operators[0]
            if sign in TIGHT:
                return times(reader, sign, inner, others)
            return signed(reader, sign, inner, others, node)
    parts = arguments(argument) if isinstance(argument, tree.Group) else [argument]
    if isinstance(argument, tree.Group) and argument.opening not in "([{":
        parts = [argument]
    return _applied_word(reader, word, [reader.value(part) for part in parts], primes)


def _applied_word(reader: Reader, word: str, inputs: list[Value], primes: int) -> Value:
    if not primes:
        return functions.applied(reader.choices, word, inputs)
    function = functions.ENTRYWISE.get(word.lower())
    if function is None or len(inputs) != 1:
        raise Unread("prime", f"the derivative of {word} is not read")
    body = function(t)
    for _ in range(primes):
        body = slope(body)
    return values.apply(lambda x: substituted(body, x), inputs[0])


def _diagonal_over(reader: Reader, node: tree.Apply) -> Value | None:
    """``diag(p_i (1 − p_i))``: the diagonal matrix of these numbers for all i; None where another
    thing than a number stands there, or its index is that of a sum or of a definition.
    """
    bound = {
        letter
        for letter, index in reader.indices.items()
        if isinstance(index.symbol, sp.Dummy) or not isinstance(index.symbol, sp.Symbol)
    }
    letters = _indexing(node.argument)
    if len(letters) != 1 or letters & bound:
        return None
    (letter,) = letters
    with index_bound(reader, letter, first(reader)) as index:
        value = reader.value(node.argument)
        size = reader.ranges.get(index.symbol)
        if size is None or not value.is_scalar or index.symbol not in scalar(value).free_symbols:
            return None
        j = sp.Dummy("j", integer=True)
        column = sp.FunctionMatrix(size, 1, sp.Lambda((index.symbol, j), scalar(value)))
    return functions.diagonal(reader.choices, [Value(column, (size, sp.S.One), thin=True)])


def _indexing(node: Node) -> set[str]:
    """The letters that stand alone below names, but for those of sums."""
    below = {
        part.sub.name
        for part in node.walk()
        if isinstance(part, tree.Script) and isinstance(part.sub, tree.Letter)
    }
    summed = {
        letter.name
        for part in node.walk()
        if isinstance(part, tree.Big) and part.sub is not None
        for letter in part.sub.walk()
        if isinstance(letter, tree.Letter)
    }
    return below - summed


def _extreme_over(reader: Reader, word: str, sub: Node, node: tree.Apply) -> Value:
    """max_i x_i: over all values of the index."""
    if word == "min" or not isinstance(sub, tree.Letter):
        raise Unread("function", f"{word} with this subscript is not read", sub)
    with index_bound(reader, sub.name, 1) as index:
        body = scalar(reader.value(node.argument))
        size = reader.ranges.get(index.symbol)
    if size is None:
        raise Undeclared(f"how far the index {sub.name} counts is not known", "", sub)
    return Value(max_over(body, (index.symbol, 0, size - 1)))
