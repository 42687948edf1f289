"""What a document assumes, as hypotheses of a claim."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.frontends.document import tree, values
from derive.frontends.document.families import any_of
from derive.frontends.document.indices import first, letters_of
from derive.frontends.document.knowledge import Fact
from derive.frontends.document.lookup import known_at
from derive.frontends.document.names import mention
from derive.frontends.document.reader import Absurd, Index, Reader, Unread
from derive.frontends.document.spelling import pretty
from derive.frontends.document.through_time import any_step
from derive.frontends.document.tree import Node
from derive.frontends.document.units import EQUALS
from derive.frontends.document.values import Misfit, Unsure, Value, scalar
from derive.language.operators import entry, fresh_index

PROBLEMS = (Misfit, Unread, Absurd, Unsure)


REFUSED = (TypeError, ValueError, AttributeError, ArithmeticError, NotImplementedError, KeyError,
           IndexError)  # fmt: skip


PREDICATES = {
    "symmetric": sp.Q.symmetric,
    "invertible": sp.Q.invertible,
    "orthogonal": sp.Q.orthogonal,
    "diagonal": sp.Q.diagonal,
    "positive_definite": sp.Q.positive_definite,
    "upper_triangular": sp.Q.upper_triangular,
    "lower_triangular": sp.Q.lower_triangular,
    "fullrank": sp.Q.fullrank,
    "positive": sp.Q.positive,
    "negative": sp.Q.negative,
    "nonnegative": sp.Q.nonnegative,
    "nonzero": sp.Q.nonzero,
}


BELOW = {"below_one": sp.Lt, "at_most_one": sp.Le}


def assumed(reader: Reader, fact: Fact) -> list[Any]:
    """A declared assumption in SymPy, if the statement speaks of its names."""
    if fact.body is not None:
        return _formula_assumed(reader, fact.body)
    found: list[Any] = []
    for name in fact.names:
        value = reader.symbols.get(name) or any_of(reader, name) or any_step(reader, name)
        if value is None:
            continue
        found.extend(_property(value, fact.word))
        reader.note(f"{pretty(name)} is {fact.word.replace('_', ' ')} by line {fact.line}")
    return found


def _property(value: Value, word: str) -> list[Any]:
    expr = value.expr
    if word == "positive_definite":
        return [sp.Q.positive_definite(expr), sp.Q.symmetric(expr)]
    if word == "positive_semidefinite":
        return [sp.Q.symmetric(expr)]  # for a proof; what refutes it has to be definite
    if word in ("bit", "sign"):
        one = expr
        if value.shape:
            free = (sp.Symbol("row", integer=True), sp.Symbol("col", integer=True))
            places = zip(free, value.shape, strict=True)
            one = entry(expr, *(0 if size == 1 else k for k, size in places))
        return [sp.Eq(one**2, one if word == "bit" else 1, evaluate=False)]
    if word in BELOW:
        return [] if value.shape else [BELOW[word](expr, 1)]
    if word in PREDICATES:
        if value.shape and word in ("positive", "negative", "nonnegative", "nonzero"):
            i, j = fresh_index("i"), fresh_index("j")
            at_ = tuple(0 if size == 1 else k for k, size in zip((i, j), value.shape, strict=True))
            return [PREDICATES[word](entry(expr, *at_))]
        return [PREDICATES[word](expr)]
    if word in ("sums_to_one", "one_hot", "rows_sum_to_one", "columns_sum_to_one", "unit"):
        if value.is_matrix and values.is_vector(value):
            if word == "unit":
                return [sp.Eq(values.squares(value), 1, evaluate=False)]
            total = values.total(value).expr
            return [sp.Eq(total, 1, evaluate=False)]
        if value.is_matrix:
            i, j = sp.Symbol("row", integer=True), sp.Symbol("col", integer=True)
            rows, cols = value.shape
            if word == "columns_sum_to_one":
                total = sp.Sum(entry(expr, i, j), (i, 0, rows - 1))
            else:
                total = sp.Sum(entry(expr, i, j), (j, 0, cols - 1))
            return [sp.Eq(total, 1, evaluate=False)]
    return []


def _formula_assumed(reader: Reader, body: Node) -> list[Any]:
    spoken = {
        name.key for node in body.walk() if (name := mention(node)) is not None and not name.subs
    } | {name.letter for node in body.walk() if (name := mention(node)) is not None}
    bound = {
        letter
        for node in body.walk()
        if isinstance(node, tree.Big) and node.sub is not None
        for letter in letters_of(node.sub)
    }
    several = {key.removeprefix("number of ") for key in reader.symbols}
    several |= {one.key.partition("_")[0] for one in reader.sequences.values()}
    _counting(reader, spoken - bound)
    free = (spoken - bound) & (several | reader.symbols.keys() | reader.indices.keys())
    if not free or not isinstance(body, tree.Chain):
        return []
    before = set(reader.symbols)
    try:
        reader.assuming = True
        sides = [values.as_matrix(reader.value(side)) for side in body.sides]
    except (*PROBLEMS, *REFUSED):
        return []
    finally:
        reader.assuming = False
    if set(reader.symbols) - before:
        return []  # it speaks of something that the claim does not
    found = []
    for left, relation, right in zip(sides, body.relations, sides[1:], strict=False):
        if relation in EQUALS:
            if left.is_scalar and right.is_scalar:
                found.append(sp.Eq(scalar(left), scalar(right), evaluate=False))
            elif _is_fitting(left, right):
                found.append(sp.Eq(left.expr, right.expr, evaluate=False))
                found.extend(_orthogonal(left, right))
        elif relation in COMPARED and left.is_scalar and right.is_scalar:
            found.append(COMPARED[relation](scalar(left), scalar(right)))
    return found


def _counting(reader: Reader, letters: set[str]) -> None:
    """Letters that are indices in the definitions of a claim are so in what is said of them: the
    o of J = −log y_o in "for w ≠ o".
    """
    for letter in letters - reader.indices.keys() - reader.symbols.keys() - reader.bound.keys():
        symbol = sp.Symbol(pretty(letter), integer=True)
        if symbol in reader.ranges and known_at(reader, letter) is None:
            reader.indices[letter] = Index(symbol, first(reader))


def _is_fitting(left: Value, right: Value) -> bool:
    """Whether the sides of an equation have one shape; I has the size that it needs."""
    if not left.shape or not right.shape:
        return True
    try:
        return values.alike(left.shape, right.shape)
    except Unsure:
        return False


def _orthogonal(left: Value, right: Value) -> list[Any]:
    """That U is orthogonal, for U⊤U = I of a square U."""
    if not isinstance(right.expr, sp.Identity) or not isinstance(left.expr, sp.MatMul):
        return []
    if len(left.expr.args) != 2:
        return []
    one, other = left.expr.args
    base = one.arg if isinstance(one, sp.Transpose) else one
    if not isinstance(base, sp.MatrixSymbol) or sp.Transpose(base) not in (one, other):
        return []
    if base not in (one, other) or not values.same(*base.shape):
        return []
    return [sp.Q.orthogonal(base)]


COMPARED = {"<": sp.Lt, ">": sp.Gt, "<=": sp.Le, ">=": sp.Ge, "!=": sp.Ne}
