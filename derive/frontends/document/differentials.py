"""Differentials: dL = tr(Eᵀ X dW), d(X⁻¹) = −X⁻¹ dX X⁻¹.

The differential of a name that is varied is an array of its own, of the same shape. That of a
formula is Σ ∂formula/∂X_{kl} dX_{kl}, over all entries of all names that are varied: those under
a d in the equation of which no other one under a d is computed. All else is constant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp

from derive.frontends.document import tree
from derive.frontends.document.dependence import leaves, mentioned
from derive.frontends.document.derivatives import (
    DIFFERENTIAL_OF,
    at_entry,
    axes_of,
    differential,
    reach,
    wrt,
)
from derive.frontends.document.fresh import fresh
from derive.frontends.document.knowledge import Definition, Knowledge
from derive.frontends.document.names import LOSSES, Mention, is_transpose, mention
from derive.frontends.document.reader import Reader, Undeclared, Unread, turned
from derive.frontends.document.spelling import pretty
from derive.frontends.document.tree import Node
from derive.frontends.document.values import Value, as_matrix, scalar
from derive.language.operators import partial


def is_d(node: Node) -> bool:
    """Whether a node is an upright d."""
    return isinstance(node, tree.Styled) and node.style == "roman" and is_letter_d(node.body)


def is_letter_d(node: Node) -> bool:
    return isinstance(node, tree.Letter) and node.name == "d"


def operands(node: Node) -> Iterator[tuple[Node, bool]]:
    """What stands under a d in a formula, and whether nothing but a differential is meant by it:
    that d is upright, or stands before a formula, as in d(Y Z) and d tr(Y).
    """
    for part in node.walk():
        if isinstance(part, tree.Product):
            for head, after in zip(part.factors, part.factors[1:], strict=False):
                if is_d(head) or (is_letter_d(head) and _is_formula(after)):
                    yield after, True
        elif isinstance(part, tree.Run) and len(part.text) == 2 and part.text[0] == "d":
            yield part.letters[1], False


def is_equation(sides: list[Node], knowledge: Knowledge, section: int, at: int) -> bool:
    """Whether an equation is one between differentials: it has that of a formula, of a loss, or
    of a number that is defined.

    What else is written dX is a gradient, as in code.
    """
    under_d = [pair for side in sides for pair in operands(side)]
    names = {name.key for under, _ in under_d if (name := mention(under)) is not None}
    if not all(upright for _, upright in under_d) or len(under_d) > 1:
        if not _is_number(knowledge, section, at) and any(
            _is_formula(under) for under, _ in under_d
        ):
            return True
        inner = differential(sides[0])
        name = None if inner is None else mention(inner)
        made = None if name is None else knowledge.defined(name.key, section, at)
        if made is not None and names & _computed_from(knowledge, made):
            return True  # df = 2 xᵀ dx of an f that is computed from x
    for side in sides:
        for under, upright in operands(side):
            name = mention(under)
            if name is None:
                if is_letter_d_before(side, under):
                    continue
                return upright
            if name.letter in LOSSES and (upright or knowledge.defined(name.key, section, at)):
                return True
            made = knowledge.defined(name.key, section, at)
            if upright and made is not None and made.arguments:
                return True
    return False


def _is_formula(node: Node) -> bool:
    """Whether a node is a formula in brackets or a word with its argument."""
    if isinstance(node, tree.Apply):
        return True
    return (
        isinstance(node, tree.Group)
        and node.opening in ("(", "[")
        and not isinstance(node.body, tree.Listing | tree.Chain)
    )


def is_letter_d_before(side: Node, under: Node) -> bool:
    """Whether it is an italic d, which may be a number, that stands before a node."""
    return any(
        is_letter_d(head) and after is under
        for part in side.walk()
        if isinstance(part, tree.Product)
        for head, after in zip(part.factors, part.factors[1:], strict=False)
    )


def _is_number(knowledge: Knowledge, section: int, at: int) -> bool:
    """Whether d is declared or defined as something."""
    return (
        knowledge.declared("d", section, at) is not None
        or knowledge.defined("d", section, at) is not None
    )


def _computed_from(knowledge: Knowledge, made: Definition) -> set[str]:
    """The names that a definition speaks of, and those behind them."""
    found = set(leaves(knowledge, made.body, made.section, made.at))
    return found | {part for pair in mentioned(made.body) for part in pair}


def varied(sides: list[Node], knowledge: Knowledge, section: int, at: int) -> list[Mention]:
    """The names under a d of which no other such name is computed."""
    names: dict[str, Mention] = {}
    for side in sides:
        for under, _ in operands(side):
            name = mention(under)
            if name is not None and name.after and isinstance(under, tree.Script):
                name = mention(under.base)  # the X of dXᵀ
            if name is not None and not name.after:
                names.setdefault(name.key, name)
    found = []
    for key, name in names.items():
        made = knowledge.defined(key, section, at)
        below: set[str] = set()
        if made is not None:
            below |= _computed_from(knowledge, made)
        if not below & (set(names) - {key}):
            found.append(name)
    if all(knowledge.defined(name.key, section, at) is not None for name in found):
        # df = 2 (Xx − b)ᵀ d(Xx): what stands in the formulas under a d.
        inside = _inside(sides, knowledge, section, at)
        return inside or found
    return found


def _inside(sides: list[Node], knowledge: Knowledge, section: int, at: int) -> list[Mention]:
    """The declared names in the formulas under a d."""
    found: dict[str, Mention] = {}
    for side in sides:
        for under, _ in operands(side):
            for node in under.walk() if _is_formula(under) else ():
                parts = node.letters if isinstance(node, tree.Run) else (node,)
                for name in map(mention, parts):
                    if name is None or name.after or name.primes:
                        continue
                    if knowledge.declared(name.key, section, at) is not None:
                        found.setdefault(name.key, name)
    return list(found.values())


@DIFFERENTIAL_OF.fill
def differential_of(reader: Reader, node: Node) -> Value:
    """d of a name or a formula, where the reader knows what is varied."""
    name = mention(node)
    if name is not None and name.after:
        rest = mention(node.base) if isinstance(node, tree.Script) else None
        if not isinstance(node, tree.Script) or rest is None or rest.after:
            raise Unread("differential", "this differential is not read", node)
        inner = differential_of(reader, node.base)
        if all(map(is_transpose, name.after)):
            return turned(reader, inner)  # dXᵀ is the transpose of dX
    if name is not None and any(name.key == each.key for each in reader.varied):
        return _varied(reader, name)
    of = as_matrix(reader.value(node))
    outer = axes_of(of) if not of.is_scalar else []
    here = at_entry(of, tuple(0 if k is None else k for k, _ in outer)) if outer else scalar(of)
    total: Any = sp.S.Zero
    for each in reader.varied:
        by, change = wrt(reader, each.node), _varied(reader, each)
        try:
            reach(reader, of, by)
        except Undeclared:
            if name is not None:
                raise
            continue
        inner_axes = axes_of(by) if not by.is_scalar else []
        at = tuple(0 if k is None else k for k, _ in inner_axes)
        there = at_entry(by, at) if inner_axes else scalar(by)
        step = at_entry(change, at) if inner_axes else scalar(change)
        limits = [(k, 0, size - 1) for k, size in inner_axes if k is not None]
        term = partial(here, there) * step
        total += sp.Sum(term, *limits) if limits else term
    if total == 0:
        raise Undeclared("nothing that is varied is in it", "", node)
    if not outer:
        return Value(total)
    if len(outer) != 2:
        raise Unread("differential", "the differential of such an array is not read", node)
    (i, rows), (j, cols) = outer
    bound = (i or sp.Dummy("i", integer=True), j or sp.Dummy("j", integer=True))
    made = sp.FunctionMatrix(rows, cols, sp.Lambda(bound, total))
    return Value(made, of.shape, of.thin)


def _varied(reader: Reader, name: Mention) -> Value:
    key = f"d {name.key}"
    if key not in reader.symbols:
        value = wrt(reader, name.node)
        reader.symbols[key] = fresh(reader, f"d{pretty(name.key)}", value.shape, value.thin)
        reader.note(f"d{pretty(name.key)} is any change of {pretty(name.key)}")
    return reader.symbols[key]


__all__ = ["differential_of", "is_d", "is_equation", "operands", "varied"]
