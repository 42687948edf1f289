"""What a claim would hold under and does not state, a sign, a range, an orthogonal matrix; and of
an inequality what else may be meant, the other direction or a factor.

Each is the claim with something changed, tried in numbers first and then proved as any claim is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain, combinations, islice
from typing import Any

import sympy as sp

from derive.base.budget import Budget, spend
from derive.base.errors import DeriveError
from derive.claims.kinds import Claim
from derive.claims.verdict import Witness
from derive.evaluation.point import Point
from derive.language.operators import entry
from derive.language.printing import text_of
from derive.lowering.problem import Problem
from derive.lowering.statement import Statement, state
from derive.proof.decide import BY_CALCULUS, CHEAP, Rung
from derive.proof.hypotheses import Hypotheses
from derive.proof.nonnegative import prove_at_most
from derive.refutation.points import PointMaker
from derive.refutation.properties import fact_of, holds
from derive.refutation.search import agrees_numerically, point_of

POINTS = 6  # at which an inequality has to be true
WORK = 3e6  # for what an inequality may lack
OF_EQUATIONS = 0.012e6  # for points at which an equation may hold
TURNED = 1.5e6  # for a proof that it holds the other way round
PROOF = 1.2e6  # for one of anything else
MOST = 24  # that are tried
CANDIDATE = 500  # units of work to make and evaluate one
FACTORS = (2, 4)
MOST_SQUARES = 3  # of which two may have to commute

Proves = Callable[[Problem, Statement], bool]
Changed = tuple[str, Claim]


def unstated(claim: Claim, witness: Witness, proves: Proves, budget: Budget) -> str:
    """The assumption under which an equation is proved, in words; '' where none was found."""
    return _first(_agreeing(_assuming(claim, witness), 2, budget.share(OF_EQUATIONS)), proves)


def in_an_inequality(claim: Claim, witness: Witness, budget: Budget) -> str:
    """What makes an inequality true, in words; '' where nothing was found."""
    budget = budget.share(WORK)

    def by(ladder: tuple[Rung, ...], work: float) -> Proves:
        def proves(problem: Problem, statement: Statement) -> bool:
            sides, place = (statement.left, statement.right), statement.place
            prepare = Hypotheses.of(problem).prepare
            return prove_at_most(*sides, prepare, budget.share(work), ladder, place) is not None

        return proves

    turned = _agreeing(_turned(claim), POINTS, budget)
    words = _first(turned, by(CHEAP + BY_CALCULUS, TURNED))
    if words:
        return words
    others = list(_agreeing(chain(_assuming(claim, witness), _scaled(claim)), POINTS, budget))
    return _first(others, by(CHEAP, PROOF)) or _first(others, by(BY_CALCULUS, PROOF))


def _agreeing(tried: Iterator[Changed], points: int, budget: Budget) -> Iterator[Changed]:
    """The changes with which a claim is true at some points."""
    for words, asked in islice(tried, MOST):
        if budget.over:
            return
        spend(CANDIDATE)
        if agrees_numerically(asked, tries=points) is True:
            yield words, asked


def _first(changed: Iterable[Changed], proves: Proves) -> str:
    """The words for the first change with which a claim is proved; '' where none is."""
    for words, asked in changed:
        fields = tuple(getattr(asked, name) for name in asked.expression_fields)
        try:
            problem = Problem(fields, asked.where, asked.assumed)
            statement = state(problem, asked)
            if statement is None or problem.lowering.unsafe_reads:
                continue
            if proves(problem, statement) and not problem.lowering.unsafe_reads:
                return words
        except (DeriveError, RecursionError, ArithmeticError):
            continue
    return ""


# ---- assumptions


def _assuming(claim: Any, witness: Witness) -> Iterator[Changed]:
    """What is assumed nowhere, and is not so at the witness: there the claim is false as it is."""
    maker = PointMaker(claim)
    there = point_of(maker, witness)
    for words, facts in _facts(claim):
        if there is None or not all(_is_so(fact, maker, there) for fact in facts):
            yield f"it would hold if {words}", replace(claim, given=(*claim.given, *facts))


def _is_so(fact: Any, maker: PointMaker, there: Point) -> bool:
    try:
        read = fact_of(fact, maker.indices, {*maker.dimensions})
        return holds(read, there, maker.claim.where)
    except DeriveError:
        return False


def _facts(claim: Claim) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """What could be assumed of the symbols of a claim and is not, each in words."""
    maker = PointMaker(claim)
    bare = [s for s in maker.scalars if not maker.kinds.get(s) and not _is_bounded(s, claim)]
    for symbol in bare:
        yield from _of_scalar(symbol)
    if len(bare) == 2:
        signs = tuple(symbol > 0 for symbol in bare)
        yield " and ".join(map(text_of, signs)), signs
    if not claim.at_most:
        for first, second in combinations(islice(_squares(claim, maker.arrays), MOST_SQUARES), 2):
            both = sp.MatMul(first, second), sp.MatMul(second, first)
            if first.shape == second.shape:
                yield f"{first} and {second} commuted", (sp.Eq(*both, evaluate=False),)
    for array in maker.arrays:
        yield from _of_array(array, claim, set(maker.kinds.get(array, ())))
    for size in maker.dimensions:
        yield text_of(size >= 2), (size >= 2,)


def _squares(claim: Any, arrays: Iterable[Any]) -> Iterator[Any]:
    """The square matrices of a claim of which no equation is given."""
    given = [fact for fact in claim.assumed if isinstance(fact, sp.Eq)]
    for array in arrays:
        if not isinstance(array, sp.MatrixSymbol) or any(fact.has(array) for fact in given):
            continue
        if array.shape[0] == array.shape[1] != 1:
            yield array


def _is_bounded(symbol: Any, claim: Any) -> bool:
    """Whether an inequality that is given speaks of a symbol."""
    return any(fact.has(symbol) for fact in claim.given if isinstance(fact, sp.core.relational.Rel))


def _of_scalar(symbol: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for facts in ((symbol >= 0,), (symbol > 0,), (symbol <= 0,), (symbol >= 0, symbol <= 1)):
        if not any(fact in (sp.true, sp.false) for fact in facts):
            words = text_of(facts[0]) if len(facts) == 1 else f"0 <= {symbol} <= 1"
            yield words, facts


def _of_array(array: Any, claim: Claim, kinds: set[str]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    shape = tuple(array.shape or ())
    if not shape or kinds & {"integer", "integer_elements"}:
        return
    names = (sp.Symbol(name, integer=True) for name in _unused(claim))
    indices = tuple(sp.S.Zero if size == 1 else next(names) for size in shape)
    if not kinds & {"positive", "nonnegative", "negative", "positive_definite"}:
        some = array[indices] if isinstance(array, sp.IndexedBase) else entry(array, *indices)
        for kind, sign in (("nonnegative", sp.Q.nonnegative), ("positive", sp.Q.positive)):
            yield f"all entries of {array} were {kind}", (sign(some),)
    long = [(index, size) for index, size in zip(indices, shape, strict=True) if size != 1]
    if len(long) == 1 and kinds & {"positive", "nonnegative"}:
        ((index, size),) = long
        some = array[indices] if isinstance(array, sp.IndexedBase) else entry(array, *indices)
        whole = sp.Sum(some, (index, 0, size - 1))
        yield f"the entries of {array} summed to 1", (sp.Eq(whole, 1),)
    if len(long) != 2 or len(shape) != 2:
        return
    rows, columns = shape
    if isinstance(array, sp.IndexedBase):
        if rows == columns and not claim.at_most:
            fact = sp.Eq(array[indices], array[indices[::-1]], evaluate=False)
            yield f"{array} were symmetric", (fact,)
        return
    if rows == columns:
        if any(fact.has(array) for fact in claim.assumed if isinstance(fact, sp.Eq)):
            return  # it would be one of few matrices
        for kind, fact in (
            ("positive definite", sp.Q.positive_definite),
            ("orthogonal", sp.Q.orthogonal),
            ("diagonal", sp.Q.diagonal),
        ):
            # Of a diagonal matrix too much is true to be meant by a bound.
            if kind.replace(" ", "_") not in kinds and not (claim.at_most and kind == "diagonal"):
                yield f"{array} were {kind}", (fact(array),)
        return
    for gram, size in ((array.T * array, columns), (array * array.T, rows)):
        yield f"{text_of(gram)} = I", (sp.Eq(gram, sp.Identity(size)),)


def _unused(claim: Claim) -> Iterator[str]:
    """Names that no symbol of a claim has."""
    parts = (*claim.said, *claim.assumed)
    taken = {str(symbol) for part in parts for symbol in part.atoms(sp.Symbol)}
    number = 0
    while True:
        number += 1
        if f"k{number}" not in taken:
            yield f"k{number}"


# ---- inequalities


def _turned(claim: Any) -> Iterator[Changed]:
    yield "it holds the other way round", replace(claim, left=claim.right, right=claim.left)


def _scaled(claim: Any) -> Iterator[Changed]:
    """The larger side with a factor, or the root of it, where it is no number."""
    left, right = claim.left, claim.right
    if left.is_number or right.is_number:
        return
    sizes = PointMaker(claim).dimensions
    factors = [
        *FACTORS[:1], *map(sp.sqrt, sizes), *sizes, *FACTORS[1:], *(s**2 for s in sizes)
    ]  # fmt: skip
    for factor in factors:
        words = f"it holds with a factor {text_of(factor)} on the right"
        yield words, replace(claim, right=factor * right)
    if not isinstance(left, sp.MatrixExpr) and not isinstance(right, sp.MatrixExpr):
        yield "it holds with the left side squared", replace(claim, left=left**2)
        yield "it holds with the root of the right side", replace(claim, right=sp.sqrt(right))
