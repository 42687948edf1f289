"""Whole claims stated in other ways: one law each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import sympy as sp

import derive
from derive.claims.kinds import Claim, Gradient, Identity, Inequality, Shape
from derive.language import operators as ops

from .same import fresh
from .trees import PARTIALS, array_of, is_entry, is_index, is_matrix, places, put, symbols
from .variants import variables


def transposed(claim: Claim) -> Iterator[Claim]:
    """A = B if and only if Aᵀ = Bᵀ"""
    if isinstance(claim, Identity) and is_matrix(claim.left) and is_matrix(claim.right):
        sides = sp.Transpose(claim.left), sp.Transpose(claim.right)
        yield dataclasses.replace(claim, left=sides[0], right=sides[1])
    if _is_plain_gradient(claim):
        asked = sp.Transpose(ops.partial(claim.of, claim.wrt))
        yield _identity(claim, asked, sp.Transpose(claim.equals))


def _is_plain_gradient(claim: Claim) -> bool:
    """A gradient in a whole matrix, not within the symmetric ones."""
    return (
        isinstance(claim, Gradient)
        and isinstance(claim.wrt, sp.MatrixSymbol)
        and is_matrix(claim.equals)
        and sp.Q.symmetric(claim.wrt) not in claim.assumed
    )


def _identity(claim: Claim, left: Any, right: Any) -> Identity:
    return Identity(left, right, claim.assumed, id=claim.id, where=claim.where)


def as_an_identity(claim: Claim) -> Iterator[Claim]:
    """a gradient is what ∂f/∂A is equal to"""
    if _is_plain_gradient(claim):
        yield _identity(claim, ops.partial(claim.of, claim.wrt), claim.equals)


def entry_by_entry(claim: Claim) -> Iterator[Claim]:
    """matrices are equal if each entry is"""
    everything = sp.Tuple(*variables(claim), *_fields(claim), *claim.where.values())
    i, j = fresh("row", everything), fresh("col", everything)
    if _is_plain_gradient(claim):
        at = [
            sp.S.Zero if size == 1 else index
            for size, index in zip(claim.wrt.shape, (i, j), strict=True)
        ]
        side = ops.entry(claim.equals, *at)
        yield dataclasses.replace(claim, wrt=ops.entry(claim.wrt, *at), equals=side)


def sides_exchanged(claim: Claim) -> Iterator[Claim]:
    """A = B if and only if B = A"""
    if isinstance(claim, Identity):
        yield dataclasses.replace(claim, left=claim.right, right=claim.left)


def difference(claim: Claim) -> Iterator[Claim]:
    """A = B if and only if A − B = 0"""
    if isinstance(claim, Identity):
        if is_matrix(claim.left) and is_matrix(claim.right):
            zero = sp.ZeroMatrix(*derive.shape_of(claim.left, claim.where))
            left = sp.MatAdd(claim.left, sp.MatMul(-1, claim.right))
            yield dataclasses.replace(claim, left=left, right=zero)
        elif not is_matrix(claim.left) and not is_matrix(claim.right):
            yield dataclasses.replace(claim, left=claim.left - claim.right, right=sp.S.Zero)
    if isinstance(claim, Inequality) and not is_matrix(claim.left):
        yield dataclasses.replace(claim, left=sp.S.Zero, right=claim.right - claim.left)


def named(claim: Claim) -> Iterator[Claim]:
    """a subexpression is given a name"""
    for name in _fields_of_value(claim):
        side = getattr(claim, name)
        for place in places(side):
            node = place.node
            if _may_be_named(node, place.bound):
                symbol = _name(node, claim)
                where = {**claim.where, symbol: node}
                new = put(side, place.path, symbol)
                yield dataclasses.replace(claim, where=where, **{name: new})


def _fields_of_value(claim: Claim) -> tuple[str, ...]:
    if isinstance(claim, (Identity, Inequality)):
        return ("left", "right")
    return ("of",) if isinstance(claim, Shape) else ("of", "equals")


def _may_be_named(node: Any, bound: frozenset[Any]) -> bool:
    others = (sp.Symbol, sp.MatrixSymbol, sp.Lambda, ops.Tensor)
    if not isinstance(node, sp.Expr) or isinstance(node, others):
        return False
    free = symbols(node)
    return free.isdisjoint(bound) and not any(map(is_index, free)) and bool(free)


def _name(node: Any, claim: Claim) -> Any:
    taken = {str(s) for s in variables(claim)}
    name = next(n for n in (f"named{k}" for k in range(100)) if n not in taken)
    if is_matrix(node):
        return sp.MatrixSymbol(name, *derive.shape_of(node, claim.where))
    shape = derive.shape_of(node, claim.where)
    return sp.IndexedBase(name, shape=shape) if shape else sp.Symbol(name, real=True)


def inlined(claim: Claim) -> Iterator[Claim]:
    """a name is replaced by what it stands for"""
    for symbol, definition in claim.where.items():
        rest = {s: e for s, e in claim.where.items() if s != symbol}
        if _is_differentiated_in(claim, symbol) or isinstance(symbol, sp.IndexedBase):
            continue
        changed: dict[str, Any] = {
            name: _inlined(getattr(claim, name), symbol, definition)
            for name in claim.expression_fields
        }
        if claim.assumed:
            changed["given"] = [_inlined(fact, symbol, definition) for fact in claim.assumed]
        where = {s: _inlined(e, symbol, definition) for s, e in rest.items()}
        yield dataclasses.replace(claim, where=where, **changed)


def _is_differentiated_in(claim: Claim, symbol: Any) -> bool:
    """Whether a derivative is taken in a symbol: then it must stay one."""
    expressions = (*_fields(claim), *claim.where.values(), *claim.assumed)
    asked = [getattr(claim, "wrt", sp.S.Zero)]
    asked += [node.wrt for expr in expressions for node in expr.atoms(*PARTIALS)]
    asked += [v for expr in expressions for d in expr.atoms(sp.Derivative) for v in d.variables]
    return any(expr.has(symbol) for expr in asked)


def _fields(claim: Claim) -> list[Any]:
    return [getattr(claim, name) for name in claim.expression_fields]


def _inlined(expr: Any, symbol: Any, definition: Any) -> Any:
    if expr == symbol:
        return definition
    if not expr.args or not expr.has(symbol):
        return expr
    if is_entry(expr) and array_of(expr) == symbol:
        return ops.entry(definition, *expr.indices)
    return expr.func(*(_inlined(arg, symbol, definition) for arg in expr.args))


RESTATEMENTS = {
    restate.__name__.replace("_", "-"): restate
    for restate in (
        transposed,
        as_an_identity,
        entry_by_entry,
        sides_exchanged,
        difference,
        named,
        inlined,
    )
}
