"""Random terms against their canonical forms, at points where one can go wrong.

The canonical form is read back as a term and worked out by the judge: it must have the value that
the expression has, wherever that has one. And where the engine sees no difference between a term
and one that is changed a little, there must be none.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import sympy as sp

from derive.base.budget import Budget
from derive.base.errors import BudgetExceeded, ClaimError, ShapeError, UnsupportedError
from derive.canonical.forms import Normaliser
from derive.canonical.readback import Reader
from derive.core.terms import forget_terms
from derive.lowering.problem import Problem
from derive.proof.decide import vanishes
from derive.proof.definedness import assume_defined
from derive.proof.hypotheses import Hypotheses

from .changing import changed
from .core_values import worth
from .edges import points
from .judge import Misfit, Place, scalar
from .making import Maker
from .numbers import NoValue, compared, precise

WORK = 0.5e6  # for the canonical form of a term
POINTS = 8
RIGHT, WRONG, NOT_READ, TOO_SLOW, NOWHERE = "right", "wrong", "not read", "too slow", "nowhere"
UNREAD = (BudgetExceeded, ClaimError, ShapeError, UnsupportedError)


@dataclass(frozen=True)
class Result:
    """What one term showed.

    :param outcome: one of the five above.
    :param places: at how many points the values were compared.
    :param lost: at how many the form had no value although the term has one.
    """

    outcome: str
    places: int = 0
    lost: int = 0
    form: str = ""
    expr: Any = None
    other: Any = None
    detail: str = ""


def form_of(expr: Any, exponentials: bool = False, other: Any = None) -> Any:
    """The canonical form as a term again, what was assumed for it, and whether it is the other's.

    :raises DeriveError: where there is none.
    """
    both = (expr,) if other is None else (expr, other)
    try:
        for one in both:
            one.free_symbols  # noqa: B018
    except ValueError as problem:  # SymPy has freed the variable of a Subs
        raise UnsupportedError(str(problem)) from problem
    problem = Problem(both)
    for one in both:
        problem.shapes.of(one)
    sides = [problem.lowering.scalar(one, {}) for one in both]
    if problem.lowering.unsafe_reads:
        raise UnsupportedError("reads outside of an array")
    normaliser = Normaliser(None, exponentials, Budget(WORK))
    Hypotheses.of(problem).prepare(normaliser)
    assume_defined(normaliser, *sides)
    forms = [normaliser.of(side) for side in sides]
    same = other is not None and vanishes(normaliser, normaliser.subtract(*forms))
    return Reader(normaliser).term(forms[0]), list(normaliser.assumed), same


def examine(expr: Any, exponentials: bool, rng: random.Random) -> Result:
    """A term against its canonical form."""
    try:
        form, assumed, _ = form_of(expr, exponentials)
    except (BudgetExceeded, RecursionError):
        return Result(TOO_SLOW)
    except UNREAD as problem:
        return Result(NOT_READ, detail=str(problem))
    compared_at = lost = 0
    with precise():
        for place in points([expr], rng, POINTS):
            try:
                expected = scalar(expr, place, {})
            except (NoValue, Misfit):
                continue
            except NotImplementedError as problem:  # SymPy has freed the variable of a Subs
                return Result(NOT_READ, detail=str(problem))
            try:
                if not all(worth(term, place, {}).v > 0 for term in assumed):
                    continue
                found = worth(form, place, {})
            except NoValue:
                lost += 1
                continue
            except NotImplementedError as problem:
                return Result(NOT_READ, detail=str(problem))
            compared_at += 1
            if compared(expected.v, found.v) not in (0, None):
                detail = f"{expected} by itself, {found} by its form {form}, at {shown(place)}"
                return Result(WRONG, compared_at, lost, "form", expr, None, detail)
    return Result(RIGHT if compared_at else NOWHERE, compared_at, lost)


def examine_pair(expr: Any, other: Any, exponentials: bool, rng: random.Random) -> Result:
    """Two terms: where the engine sees no difference there must be none."""
    try:
        _, assumed, same = form_of(expr, exponentials, other)
    except (BudgetExceeded, RecursionError):
        return Result(TOO_SLOW)
    except UNREAD as problem:
        return Result(NOT_READ, detail=str(problem))
    if not same:
        return Result(RIGHT, form="pair")
    compared_at = 0
    with precise():
        for place in points([expr, other], rng, 3 * POINTS):
            try:
                values = [scalar(one, place, {}) for one in (expr, other)]
                if not all(worth(term, place, {}).v > 0 for term in assumed):
                    continue
            except (NoValue, Misfit):
                continue
            except NotImplementedError as problem:
                return Result(NOT_READ, detail=str(problem))
            compared_at += 1
            if compared(values[0].v, values[1].v) not in (0, None):
                detail = f"{values[0]} and {values[1]} seen as one, at {shown(place)}"
                return Result(WRONG, compared_at, 0, "pair", expr, other, detail)
    return Result(RIGHT if compared_at else NOWHERE, compared_at, form="pair")


def shown(place: Place) -> str:
    return ", ".join(
        f"{s} = {getattr(a, 'tolist', lambda a=a: a)()}" for s, a in place.values.items()
    )


def one(seed: str) -> list[Result]:
    """A random term by itself, and against one that is changed a little."""
    rng = random.Random(seed)
    maker = Maker(rng)
    try:
        expr = sp.sympify(maker.scalar(rng.choice((2, 3, 3, 4))))
    except Exception as problem:  # SymPy's own
        return [Result(NOT_READ, detail=f"{type(problem).__name__} from SymPy")]
    if expr.has(sp.nan, sp.zoo, sp.oo, sp.I) or sp.count_ops(expr) > 60:
        return [Result(NOT_READ, detail="no number, or too large")]
    exponentials = rng.random() < 0.3
    results = [examine(expr, exponentials, rng)]
    if results[0].outcome in (RIGHT, NOWHERE) and rng.random() < 0.5:
        other = changed(expr, rng)
        if other is not None:
            results.append(examine_pair(expr, other, exponentials, rng))
    forget_terms()
    return results
