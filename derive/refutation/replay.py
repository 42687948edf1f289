"""The check of a verdict by somebody who has not seen how it was found.

Every step of a proof says that two expressions are equal. Here each is evaluated on its own, at
random points that satisfy the assumptions and with unequal sizes, by the evaluator, which shares
nothing with lowering, differentiation and canonical forms. A step that is false is false almost
everywhere, so that a broken rule is found and named. What a replay does not do is prove: that is
what the steps are for. A witness is confirmed once more in rationals or in balls.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from sympy.tensor.array.expressions import ArraySymbol

from derive.base.errors import DeriveError
from derive.base.worker import run_deep
from derive.claims import sizes
from derive.claims.kinds import Identity, Inequality
from derive.claims.rounding import read_as
from derive.claims.verdict import (
    DISAGREES,
    HOLDS,
    REPLAY,
    Checked,
    Replay,
    SparseArray,
    Step,
    Verdict,
)
from derive.evaluation.closed_values import is_closed
from derive.evaluation.evaluate import Point, mentions
from derive.refutation.search import agrees_numerically, confirm
from derive.refutation.symbols import dimension_symbols, free_indices, inventory, witness_names

DEFINING = ("definition", "reverse accumulation", "name of a sum")
SEED = 1  # not the points at which the verdict itself was checked


@REPLAY.fill
def replay(verdict: Verdict) -> Replay:
    """Check a verdict that holds or disagrees once more, step by step or at its witness.

    :raises DeriveError: for a verdict with nothing to replay, being ill-shaped or undecided.
    """
    if verdict.status == DISAGREES:
        return Replay((), run_deep(lambda: _witness_stands(verdict)))
    if verdict.status != HOLDS:
        raise DeriveError(f"a verdict that is {verdict.status} has nothing to replay")
    return run_deep(lambda: _proof(verdict))


def _proof(verdict: Verdict) -> Replay:
    claim = read_as(sizes.put_in(verdict.claim), verdict.assumptions)
    where: dict[Any, Any] = {}
    given = set(inventory(claim).arrays)
    checked = []
    for step in verdict.steps:
        if step.rule in DEFINING:
            where[step.before] = step.after
        elif step.rule != "shape":
            named = _arrays(step.before) | _arrays(step.after)
            # An adjoint through time has a name, and its definition is no expression.
            agrees = (
                _agrees(step, where, (*claim.assumed, *step.ranges))
                if named <= given | set(where)
                else None
            )
            checked.append(Checked(step, agrees))
    sides_agree = not claim.has_sides or agrees_numerically(claim, SEED)
    return Replay(tuple(checked), sides_agree)


def _arrays(expr: Any) -> set[Any]:
    return expr.atoms(sp.MatrixSymbol, sp.IndexedBase, ArraySymbol)


def _agrees(step: Step, where: Mapping[Any, Any], given: tuple[Any, ...]) -> bool | None:
    claim: Identity | Inequality
    where = _needed(where, (step.before, step.after, *given))
    if step.rule == "nonnegative difference":
        claim = Inequality(0, step.before, given=given, where=where)
    else:
        claim = Identity(step.before, step.after, given=given, where=where)
    try:
        return agrees_numerically(claim, SEED)
    except (DeriveError, ArithmeticError):  # adjoints through time that refer to one another
        return None


def _needed(where: Mapping[Any, Any], expressions: tuple[Any, ...]) -> dict[Any, Any]:
    """The definitions that some expressions rest on, directly or through others."""
    needed: set[Any] = set()
    waiting = list(expressions)
    while waiting:
        found = mentions(sp.sympify(waiting.pop())) - needed
        needed |= found
        waiting.extend(where[symbol] for symbol in found if symbol in where)
    return {symbol: value for symbol, value in where.items() if symbol in needed}


# ---- witnesses


def _witness_stands(verdict: Verdict) -> bool:
    """Whether both sides, evaluated once more at the witness, provably differ there."""
    claim, witness = sizes.put_in(verdict.claim), verdict.witness
    assert witness is not None
    found = inventory(claim)
    integers = {*dimension_symbols(claim), *free_indices(claim)}
    names = witness_names(claim)
    lengths = {s: witness.sizes[names[s]] for s in integers if names.get(s) in witness.sizes}
    symbols = [*found.arrays, *found.scalars]
    known = [s for s in symbols if names.get(s) in witness.values]
    values = {s: _value(witness.values[names[s]]) for s in known}
    return confirm(claim, Point(lengths, values, dict(witness.functions))) is not None


def _value(plain: Any) -> Any:
    """Nested lists of rationals as an array of fractions."""
    if isinstance(plain, SparseArray):
        return plain
    if isinstance(plain, list):
        return np.vectorize(_fraction, otypes=[object])(np.array(plain, dtype=object))
    return _fraction(plain)


def _fraction(number: Any) -> Any:
    if is_closed(number):
        return number
    return Fraction(str(sp.Rational(number))) if not isinstance(number, Fraction) else number
