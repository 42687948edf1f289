"""How far ∇ reaches: over the next factor with its argument, or over all that stands after it."""

from __future__ import annotations

from derive.frontends.document import tree
from derive.frontends.document.assumptions import PROBLEMS
from derive.frontends.document.derivatives import Taken, is_operator, operated
from derive.frontends.document.lookup import defined_at
from derive.frontends.document.names import mention, text_of
from derive.frontends.document.reader import Reader
from derive.frontends.document.tree import Node
from derive.frontends.document.values import Value

BESIDE = ("", "cdot")

NEXT, ALL = "the next factor", "all that follows"


def over_all(reader: Reader, side: Node) -> Taken | None:
    """``∇_x xᵀ A x`` as the derivative of all that follows; None where it is none."""
    if not isinstance(side, tree.Product) or not is_operator(side.factors[0]):
        return None
    factors, signs = list(side.factors), list(side.operators)
    return _widened(factors, signs) if reaches_all(reader, factors, signs) else None


def _widened(factors: list[Node], signs: list[str]) -> Taken | None:
    if any(sign not in BESIDE for sign in signs):
        return None
    taken, used = operated(factors, signs)
    if not taken.nabla or used == len(factors) or any(map(is_operator, factors[used:])):
        return None
    return operated(factors, signs, everything=True)[0]


def reaches_all(reader: Reader, factors: list[Node], signs: list[str]) -> bool:
    """Whether ∇ before these factors acts on all of them.

    (∇_x xᵀ) A x would be the derivative of a vector in front of another: what has a gradient is
    the number xᵀ A x. Of two numbers in a row the first may be what is meant alone, as in
    ∇ log π(a) R, where it is no constant.
    """
    wide = _widened(factors, signs)
    if wide is None:
        return False
    narrow, _ = operated(factors, signs)
    assert narrow.of is not None and wide.of is not None
    if _constant(reader, narrow):
        return True
    first = _value(reader, narrow.of)
    if first is None or not first.is_scalar:
        return reader.value(wide.of).is_scalar
    whole = _value(reader, wide.of)
    if whole is None or not whole.is_scalar:
        return False
    return reader.choices.pick("reach of ∇", (NEXT, ALL)) == ALL


def _value(reader: Reader, node: Node) -> Value | None:
    try:
        return reader.value(node)
    except PROBLEMS:
        return None


def _constant(reader: Reader, taken: Taken) -> bool:
    """Whether a name that nothing defines stands after ∇, and is not what it is taken in."""
    assert taken.of is not None
    name = mention(taken.of)
    if name is None or name.after or defined_at(reader, name.key) is not None:
        return False
    return bool(taken.by) and all(text_of(by) != text_of(taken.of) for by in taken.by)
