"""Sizes that a document defines, such as u = d/h, or gives to be equal, such as n = m, put in
wherever they stand: in ranges, in the shapes of arrays, in other definitions. What is defined and
stands at the end of a range, in a shape or as an index is one of them, however it is declared.

What is given is put in where it names a size as a sum of products of others, with positive whole
coefficients: then it is a size whatever those are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

import sympy as sp

from derive.base.errors import ClaimError
from derive.claims.indices import as_symbols
from derive.claims.kinds import Claim
from derive.claims.label_ranges import within_their_axes
from derive.language.structure import in_ranges

Stated = TypeVar("Stated", bound=Claim)


def put_in(claim: Stated) -> Stated:
    """The claim in the sizes that are left, its indices as symbols; itself where it neither defines
    nor equates any size, has no ``Idx`` and reads no array at labels without a range.

    :raises ClaimError: where an array would have a size that it cannot have.
    """
    try:
        return _made_equal(_put_in(within_their_axes(as_symbols(claim))))
    except ValueError as problem:  # SymPy's, of a negative size
        raise ClaimError(f"a defined size cannot be one: {problem}") from None


def _put_in(claim: Stated) -> Stated:
    sizes: dict[Any, Any] = {}
    where: dict[Any, Any] = {}
    counting = _counting(claim)
    for symbol, value in claim.where.items():
        value = value.xreplace(sizes)
        if symbol in counting:
            sizes[symbol] = value
        else:
            where[symbol] = value
    if not sizes:
        return claim
    changed: dict[str, Any] = {name: _in(getattr(claim, name), sizes) for name in _spoken(claim)}
    where = {_in(symbol, sizes): value for symbol, value in where.items()}
    return replace(claim, where=where, **changed)


def _counting(claim: Claim) -> set[Any]:
    """The symbols that are defined, and count something or are part of what does."""
    scalars = {s for s in claim.where if isinstance(s, sp.Symbol)}
    counting = {s for s in scalars if s.is_integer}
    if scalars != counting:
        counting |= scalars & in_ranges(claim.said)
    for symbol, value in reversed(list(claim.where.items())):
        if symbol in counting:
            counting |= scalars & value.free_symbols
    return counting


def _made_equal(claim: Stated) -> Stated:
    for fact in getattr(claim, "given", ()):
        named = _named(fact)
        if named is not None:
            size = {named[0]: named[1]}
            changed: dict[str, Any] = {
                name: _in(getattr(claim, name), size) for name in _spoken(claim)
            }
            left = tuple(f for f in changed["given"] if f is not sp.true)
            where = {_in(symbol, size): _in(value, size) for symbol, value in claim.where.items()}
            return _made_equal(replace(claim, **{**changed, "given": left, "where": where}))
    return claim


def equated(claim: Claim) -> tuple[Any, ...]:
    """The equations that are given between sizes and have been put in."""
    return tuple(f for f in getattr(claim, "given", ()) if _named(f) is not None)


def completed(claim: Claim, found: Mapping[str, int]) -> dict[str, int]:
    """The values of sizes, with those that follow from what is given to be equal."""
    result = dict(found)
    equations = equated(claim)
    for _ in equations:
        for size, value in filter(None, map(_named, equations)):
            values = {s: result[str(s)] for s in value.free_symbols if str(s) in result}
            if str(size) not in result and len(values) == len(value.free_symbols):
                result[str(size)] = int(
                    value.xreplace({s: sp.Integer(v) for s, v in values.items()})
                )
    return result


def _named(fact: Any) -> tuple[Any, Any] | None:
    """The size that an equation names, and as what; None where it is no such equation."""
    if not isinstance(fact, sp.Eq):
        return None
    for size, value in (fact.args, fact.args[::-1]):
        if _is_size(size) and not value.has(size):
            terms = sp.expand(value).as_coefficients_dict()
            if all(
                c.is_Integer and c > 0 and all(map(_is_size, _symbols_of(part)))
                for part, c in terms.items()
            ):
                return size, value
    return None


def _symbols_of(part: Any) -> list[Any]:
    """The factors of a product, of a power its base."""
    factors = [f.base if f.is_Pow and f.exp.is_Integer and f.exp > 0 else f
               for f in sp.Mul.make_args(part)]  # fmt: skip
    return [f for f in factors if f != 1]


def _is_size(expr: Any) -> bool:
    return isinstance(expr, sp.Symbol) and bool(expr.is_integer and expr.is_positive)


def _spoken(claim: Claim) -> list[str]:
    """The fields of a claim that say something, its definitions apart."""
    said = (*claim.expression_fields, "given", "equals")
    return [field.name for field in fields(claim) if field.name in said]


def _in(value: Any, sizes: dict[Any, Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(_in(part, sizes) for part in value)
    return value.xreplace(sizes) if isinstance(value, sp.Basic) else value
