"""Values that satisfy equations in exponentials and roots: closed numbers such as log(1/3).

An equation is written out at a point's sizes. All but the last of what occurs in it get simple
numbers, where it stands under an exponential their logarithms, and the equation is inverted from
outside for the last. The law f(x) = c ⟹ x = f⁻¹(c) is used to propose only: that an equation holds
at such numbers is what :func:`holds_exactly` says, by SymPy's exact arithmetic of both sides.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

_MOST = 40  # entries of an equation
_SHARES = ("1/2", "1/3", "1/4", "2/3", "1/5")


def is_closed(value: Any) -> bool:
    """Whether a value is a SymPy number that is not rational."""
    return isinstance(value, sp.Expr) and not isinstance(value, (sp.Rational, sp.Float))


def has_closed(values: Mapping[Any, Any]) -> bool:
    """Whether a value is a closed number, or has one among its entries."""
    return any(
        any(map(is_closed, value.flat)) if isinstance(value, np.ndarray) else is_closed(value)
        for value in values.values()
    )


def _number(value: Any) -> Any:
    return sp.Rational(str(value)) if isinstance(value, Fraction) else sp.sympify(value)


def _written_out(equation: Any, sizes: Mapping[Any, int]) -> Any:
    """left − right of a scalar equation with its sums in full; None where that is not possible."""
    if not all(isinstance(side, sp.Expr) for side in equation.args):
        return None
    if any(isinstance(side, sp.MatrixExpr) for side in equation.args):
        return None
    known = {symbol: sp.Integer(size) for symbol, size in sizes.items()}
    expr = (equation.lhs - equation.rhs).subs(known).doit()
    return None if expr.atoms(sp.Sum, sp.Product, sp.MatrixSymbol) else expr


def _places(expr: Any, values: Mapping[Any, Any]) -> dict[Any, tuple[Any, Any]] | None:
    """What is unknown in an expression: each symbol or entry, with where its value stands."""
    found: dict[Any, tuple[Any, Any]] = {}
    entries = sorted(expr.atoms(sp.Indexed), key=sp.default_sort_key)
    # With numbers for sizes, the shape of a base is another, and its label is the same.
    bases = {s.label: s for s in values if isinstance(s, sp.IndexedBase)}
    for entry in entries:
        base = bases.get(entry.base.label)
        array: Any = None if base is None else values[base]
        inside = isinstance(array, np.ndarray) and array.ndim == len(entry.indices)
        if not inside or not all(
            i.is_Integer and 0 <= i < size
            for i, size in zip(entry.indices, array.shape, strict=True)
        ):
            return None
        found[entry] = (base, tuple(map(int, entry.indices)))
    rest = expr.xreplace({entry: sp.S.Zero for entry in entries})
    for symbol in sorted(rest.free_symbols, key=str):
        if symbol not in values or isinstance(values[symbol], np.ndarray):
            return None
        found[symbol] = (symbol, None)
    return found


def _value(values: Mapping[Any, Any], place: tuple[Any, Any]) -> Any:
    symbol, position = place
    return _number(values[symbol] if position is None else values[symbol][position])


def holds_exactly(equation: Any, sizes: Mapping[Any, int], values: Mapping[Any, Any]) -> bool:
    """Whether both sides of an equation are the same number by SymPy's exact arithmetic."""
    if not isinstance(equation, sp.Eq):
        return False
    expr = _written_out(equation, sizes)
    places = None if expr is None else _places(expr, values)
    if places is None:
        return False
    there = expr.xreplace({unknown: _value(values, place) for unknown, place in places.items()})
    return bool(sp.expand(there.doit()) == 0)


def _inverted(expr: Any, unknown: Any, target: Any) -> Any:
    """A value at which an expression in which an unknown stands once is the target, or None."""
    while expr != unknown:
        inner = [arg for arg in expr.args if arg.has(unknown)]
        if len(inner) != 1:
            return None
        others = [arg for arg in expr.args if not arg.has(unknown)]
        if isinstance(expr, sp.Add):
            target -= sp.Add(*others)
        elif isinstance(expr, sp.Mul):
            target /= sp.Mul(*others)
        elif isinstance(expr, sp.exp):
            if not target.is_positive:
                return None
            target = sp.log(target)
        elif isinstance(expr, sp.log):
            target = sp.exp(target)
        elif isinstance(expr, sp.Pow) and expr.exp.is_Rational and target.is_positive:
            target = target ** (1 / expr.exp)
        else:
            return None
        expr = inner[0]
    return target if target.is_number and target.is_real and target.is_finite else None


def closed_solution(
    equations: Sequence[tuple[Any, Mapping[Any, int]]], values: Mapping[Any, Any], turn: int
) -> dict[Any, Any] | None:
    """The values, some of them changed so that each of the equations holds, or None.

    :param equations: each with the sizes and indices at which it is to hold.
    """
    rng = random.Random(turn)
    found = {s: v.copy() if isinstance(v, np.ndarray) else v for s, v in values.items()}
    settled: set[Any] = set()

    def put(place: tuple[Any, Any], value: Any) -> None:
        symbol, position = place
        if isinstance(value, sp.Rational):
            value = Fraction(int(value.p), int(value.q))
        if position is None:
            found[symbol] = value
        else:
            found[symbol][position] = value
        settled.add(place)

    for equation, sizes in equations:
        expr = _written_out(equation, sizes)
        places = None if expr is None else _places(expr, found)
        if not places or len(places) > _MOST:
            return None
        free = [unknown for unknown, place in places.items() if place not in settled]
        if not free:
            return None
        powers = set().union(*(e.exp.free_symbols | e.exp.atoms(sp.Indexed)
                               for e in expr.atoms(sp.exp)))  # fmt: skip
        for unknown in free[:-1]:
            if unknown in powers:
                share = sp.Rational(rng.choice(_SHARES)) / max(len(free) - 2, 1)
                put(places[unknown], sp.log(share))
        known = {u: _value(found, place) for u, place in places.items() if u != free[-1]}
        value = _inverted(expr.xreplace(known), free[-1], sp.S.Zero)
        if value is None:
            return None
        put(places[free[-1]], value)
    return found


def may_be_closed(equation: Any) -> bool:
    """Whether an equation has an exponential, a logarithm or a power of what is unknown."""
    return any(node.free_symbols for node in equation.atoms(sp.exp, sp.log, sp.Pow))
