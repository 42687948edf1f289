"""The one page: from a claim to its verdict, stage by stage.

1. **Shapes** (:mod:`derive.language.shapes`). First, because nothing else means anything for an
   expression whose parts do not fit; it needs no derivative and names the place.
2. **Lowering** (:mod:`derive.lowering.problem`, :mod:`derive.lowering.lower`). Both sides to index
   notation, once: what SymPy's matrix algebra would do afterwards is never asked.
3. **Differentiation** (:mod:`derive.core.differentiate`) in index notation, over the shared graph.
4. **Proof**: arrays that are equal as they are written (:mod:`derive.proof.arrays.congruence`);
   then the canonical form of the difference (:mod:`derive.proof.decide`,
   :mod:`derive.canonical.forms`). At first shared arrays are left opaque: most true claims need no
   more. Of an inequality, whether the difference is never negative
   (:mod:`derive.proof.nonnegative`).
5. **Refutation** (:mod:`derive.refutation.search`): a point at which the sides differ, found by an
   evaluator that shares nothing with stages 2 to 4. Before the costlier canonical forms,
   because a false claim is refuted faster than a proof of it can fail.
6. **The answer** (:mod:`derive.presentation.answer`) back in matrix notation, for people; nothing
   is decided from it.

Of a claim that is not proved, long decimals are read as the constants that they round
(:mod:`derive.diagnosis.rounding`), and it is decided once more.

A proof is checked once more by evaluating both sides at points that take every way through the
claim (:mod:`derive.refutation.net`), with stage 5's evaluator; where they differ there, something
inside is broken and the verdict is undecided. So it is where no point could be evaluated.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from typing import Any

import sympy as sp

from derive.base.budget import EFFORT, MOST, Budget, for_claim, share
from derive.base.errors import (
    BudgetExceeded,
    ClaimError,
    RewrittenError,
    ShapeError,
    Spent,
    Stopped,
    UnsupportedError,
)
from derive.base.worker import run_deep
from derive.canonical.forms import Normaliser
from derive.claims import sizes
from derive.claims.kinds import (
    Backward,
    Claim,
    Gradient,
    Hessian,
    Jacobian,
    Shape,
)
from derive.claims.verdict import DISAGREES, HOLDS, ILL_SHAPED, UNDECIDED, Step, Verdict, Witness
from derive.core.terms import Term, add, forget_terms
from derive.diagnosis import own_names, rounding
from derive.diagnosis import reason as reasons
from derive.evaluation.fields import Undefined
from derive.language import conditions
from derive.language.captured import captured
from derive.language.equal_sizes import given_of_sizes
from derive.language.printing import text_of
from derive.language.shapes import Shapes
from derive.lowering import reads
from derive.lowering.problem import Problem
from derive.lowering.statement import Statement, state
from derive.presentation import answer
from derive.presentation.steps import after, steps
from derive.proof.arrays import merge
from derive.proof.decide import BY_CALCULUS, CHEAP, COSTLY, Proof, prove_equal
from derive.proof.hypotheses import Hypotheses
from derive.proof.induction import induction
from derive.proof.induction.suggested import Numbers
from derive.proof.inequality.cases import contradictory
from derive.proof.inequality.eigenvalues import diagonals
from derive.proof.inequality.steps_up import integers_of, prove_by_steps
from derive.proof.nonnegative import prove_at_most
from derive.refutation import replay  # noqa: F401  (verdicts call it)
from derive.refutation.net import agrees_throughout
from derive.refutation.search import agrees_numerically, agrees_somewhere, search

QUICK_WORK = 1.5e6  # for a witness before the costlier canonical forms
UNCHECKED = "a proof was found, and no point at which both sides could be evaluated to check it"
PATIENT_WORK = 10e6  # for a witness after them
EIGENVALUES_WORK = 3e6  # for a proof with a diagonal matrix

__all__ = ["backward", "gradient", "hessian", "jacobian", "shape_of", "verify"]


def verify(claim: Claim, timeout: float = 60.0, effort: float = EFFORT) -> Verdict:
    """Decide a claim.

    :param timeout: seconds after which the verdict is ``undecided``.
    :param effort: how much work may be done for each part of a decision, 1 being the usual.
    :raises ClaimError: when ``claim`` is no claim, ``effort`` no positive number or ``timeout``
        no number.

    Never raises for what a claim contains: what is unsupported, too slow or broken inside gives
    ``undecided``, with the reason. What is decided depends on the work that may be done, and on the
    machine only where the time limit cut it, which ``stopped`` tells.
    """
    if not isinstance(claim, Claim):
        raise ClaimError(f"verify takes a claim, not {type(claim).__name__}")
    if not (isinstance(effort, Real) and effort > 0 and math.isfinite(effort)):
        raise ClaimError(f"an effort is a positive number, not {effort!r}")
    if not isinstance(timeout, Real) or math.isnan(timeout):
        raise ClaimError(f"a timeout is a number of seconds, not {timeout!r}")
    start = time.monotonic()
    opened: list[Budget] = []

    def decide() -> Verdict:
        with for_claim(effort) as budget:
            opened.append(budget)
            return _decided_alone(claim, budget)

    try:
        verdict = run_deep(decide, timeout)
    except Stopped as problem:
        verdict = Verdict(claim, UNDECIDED, reason=f"{problem} (limit {timeout:g} s)", stopped=True)
    except Spent as problem:
        reason = f"{problem} (limit {MOST * effort:,.0f} units)"
        verdict = Verdict(claim, UNDECIDED, reason=reason)
    except (BudgetExceeded, UnsupportedError, ClaimError) as problem:
        verdict = Verdict(claim, UNDECIDED, reason=str(problem))
    except Exception as problem:  # whatever broke inside is no verdict
        reason = f"internal error: {type(problem).__name__}: {problem}"
        verdict = Verdict(claim, UNDECIDED, reason=reason)
    work = opened[0].spent if opened else 0
    stopped = verdict.stopped or any(budget.stopped for budget in opened)
    seconds = time.monotonic() - start
    return replace(verdict, claim=claim, work=work, stopped=stopped, seconds=seconds)


def gradient(of: Any, wrt: Any, where: Mapping[Any, Any] | None = None) -> sp.Expr:
    """∂of/∂wrt of a scalar, of the shape of ``wrt``.

    :param where: definitions that the expression rests on, in order, symbol to expression.
    :raises ClaimError: where an argument is no SymPy expression, or ``wrt`` nothing to derive in.
    :raises ShapeError: where the expression does not fit together, or is no scalar.
    :raises UnsupportedError: naming a node that the engine gives no meaning to.
    """
    return _derived_only(Gradient(of, wrt, 0, where=where or {}))


def jacobian(of: Any, wrt: Any, where: Mapping[Any, Any] | None = None) -> sp.Expr:
    """∂of/∂wrt: the axes of ``of``, then those of ``wrt``; a matrix between two vectors.

    :param where: definitions that the expression rests on, in order, symbol to expression.
    :raises ClaimError: where an argument is no SymPy expression, or ``wrt`` nothing to derive in.
    :raises ShapeError: where the expression does not fit together.
    :raises UnsupportedError: naming a node that the engine gives no meaning to.
    """
    return _derived_only(Jacobian(of, wrt, 0, where=where or {}))


def backward(of: Any, wrt: Any, upstream: Any, where: Mapping[Any, Any] | None = None) -> sp.Expr:
    """Σ upstream · ∂of/∂wrt over all axes of ``of``, of the shape of ``wrt``; ``upstream`` has the
    shape of ``of``.

    :param where: definitions that the expression rests on, in order, symbol to expression.
    :raises ClaimError: where an argument is no SymPy expression, or ``wrt`` nothing to derive in.
    :raises ShapeError: where the expression does not fit together.
    :raises UnsupportedError: naming a node that the engine gives no meaning to.
    """
    return _derived_only(Backward(of, wrt, upstream, 0, where=where or {}))


def hessian(of: Any, wrt: Any, where: Mapping[Any, Any] | None = None) -> sp.Expr:
    """∂²of/∂wrt_i ∂wrt_j of a scalar in a vector, as a matrix; in a matrix an array of four axes.

    :param where: definitions that the expression rests on, in order, symbol to expression.
    :raises ClaimError: where an argument is no SymPy expression, or ``wrt`` nothing to derive in.
    :raises ShapeError: where the expression does not fit together, or is no scalar.
    :raises UnsupportedError: naming a node that the engine gives no meaning to.
    """
    return _derived_only(Hessian(of, wrt, 0, where=where or {}))


def shape_of(expr: Any, where: Mapping[Any, Any] | None = None) -> tuple[Any, ...]:
    """The shape of an expression: SymPy sizes, () for a scalar.

    :param where: definitions that the expression rests on, in order, symbol to expression.
    :raises ClaimError: where ``expr`` is no SymPy expression.
    :raises ShapeError: naming the subexpression and both shapes.
    :raises UnsupportedError: naming a node that has no shape rule.
    """
    claim = sizes.put_in(Shape(expr, (), where=where or {}))
    return run_deep(lambda: Shapes(claim.where).of(_fields(claim)[0]))


# ---- the stages


def _decided_alone(claim: Claim, budget: Budget) -> Verdict:
    """A decision that leaves no terms behind but those that its steps are written from, and finds
    none: what is made anew is counted as work.
    """
    forget_terms()
    try:
        budget.check()
        sized = sizes.put_in(claim)
        with given_of_sizes(sized.assumed):
            verdict = _up_to_rounding(sized, _decided(sized, budget), budget)
            return _with_equal_sizes(claim, verdict)
    finally:
        forget_terms()


def _up_to_rounding(claim: Claim, verdict: Verdict, budget: Budget) -> Verdict:
    """The verdict where decimals of a claim that is not proved may be rounded constants.

    Where the sides agree once they are read so, a difference of their last digits refutes nothing.
    """
    if verdict.status not in (UNDECIDED, DISAGREES) or not rounding.is_slight(verdict.witness):
        return verdict
    for equations, read in rounding.readings(claim):
        words = rounding.words(equations)
        try:
            found = _decided(read, budget)
        except (UnsupportedError, ClaimError):
            continue
        if found.status == HOLDS:
            assumptions = (*equations, *found.assumptions)
            return replace(found, assumptions=assumptions, notes=(*found.notes, words))
        if verdict.status == DISAGREES and found.status == UNDECIDED:
            reason = f"no proof was found that {words}; {verdict.reason}"
            verdict = Verdict(claim, UNDECIDED, derived=verdict.derived, reason=reason)
    return verdict


def _with_equal_sizes(claim: Claim, verdict: Verdict) -> Verdict:
    """The verdict with the sizes that are given to be equal to others: it was made without."""
    equations = sizes.equated(claim)
    if not equations:
        return verdict
    witness = verdict.witness
    if witness is not None:
        witness = replace(witness, sizes=sizes.completed(claim, witness.sizes))
    if verdict.status == HOLDS:
        verdict = replace(verdict, assumptions=(*equations, *verdict.assumptions))
    return replace(verdict, witness=witness)


def _decided(claim: Claim, budget: Budget) -> Verdict:
    lost = conditions.lost_index(claim.said)
    if lost is not None:
        raise RewrittenError(
            f"SymPy took a condition on {lost} out of the sum over {lost} that it stood in; write "
            "both ranges in one Sum, or define the inner sum in `where` as a tensor"
        )
    bound = captured(claim.said, claim.where) if claim.where else None
    if bound is not None:
        symbol, index = bound
        raise RewrittenError(
            f"{symbol} is defined with {index}, and stands where {index} is bound: it is not said "
            f"whether that is the {index} of the definition; define {symbol} for every {index}, as "
            "a tensor or a Lambda"
        )
    try:
        problem = Problem(_fields(claim), claim.where, claim.assumed)
        statement = state(problem, claim)
        _check_reads(problem, statement)
    except reads.LeavesArray as outside:
        return Verdict(claim, ILL_SHAPED, reason=str(outside))
    except ShapeError as mismatch:
        derived = _derivable(claim)
        reason = reasons.misfit(claim, str(mismatch), budget) + reasons.entry_by_entry(derived)
        return Verdict(claim, ILL_SHAPED, reason=reason, derived=derived)
    except RewrittenError:
        raise
    except UnsupportedError:
        # What cannot be derived may still be refuted: the evaluator knows more nodes.
        witness = search(claim, QUICK_WORK)
        if witness is None:
            raise
        return Verdict(claim, DISAGREES, witness=witness, reason=reasons.difference(claim, witness))
    notes = tuple(problem.shapes.notes)
    if statement is None:
        return Verdict(claim, HOLDS, steps=_shape_steps(problem, claim), notes=notes)
    verdict = _compared(problem, claim, statement, budget)
    proved = verdict.status == HOLDS and not claim.at_most
    documented = _fields(claim)[-1] if proved else None
    assumptions = verdict.assumptions if verdict.status == HOLDS else ()
    verdict = replace(verdict, notes=notes + verdict.notes, assumptions=assumptions)
    try:
        derived = answer.derived(problem, statement, documented)
        if documented is None:
            derived = own_names.readable(
                problem, claim, statement, derived, budget, verdict.derived
            )
        named = answer.adjoints_in(problem, derived)
    except Stopped:  # what is decided is decided
        return verdict
    return replace(verdict, derived=derived, notes=verdict.notes + named)


def _check_reads(problem: Problem, statement: Statement | None) -> None:
    """Insist that what a claim reads lies within its arrays.

    :raises ShapeError: where a read leaves its array.
    :raises UnsupportedError: where a claim about a shape is not seen to stay within.
    """
    if statement is not None:
        if problem.lowering.unsafe_reads:
            reads.check(problem)
        return
    parts = (*problem.expressions, *problem.where.values())
    if not reads.has_reads(parts):
        return
    if reads.at_labels(parts):
        reads.check(problem)
        problem.shapes.notes["labels are taken to lie within the axes that they index"] = None
        return
    try:
        shape = problem.shapes.of(problem.expressions[0])
        problem.lowering.element(problem.expressions[0], problem.place(shape), {})
        unseen = next(iter(problem.lowering.unsafe_reads), None)
        obstacle = None if unseen is None else UnsupportedError(unseen)
    except UnsupportedError as unsupported:
        obstacle = unsupported
    if obstacle is not None:
        reads.check(problem)
        raise obstacle


def _compared(problem: Problem, claim: Claim, statement: Statement, budget: Budget) -> Verdict:
    """Proof, then refutation, then the costlier proofs, then a longer search.

    Of a deep claim the arrays are compared before the whole is, and where numbers speak against it,
    a witness is looked for before any other proof.
    """
    tried = "no canonical form shows it and no witness was found"
    sides = statement.left, statement.right
    prove = prove_at_most if claim.at_most else prove_equal
    arrays = merge.Comparison(*sides, problem, budget, statement.place)
    deep = arrays.deep and not claim.at_most
    proof = None if claim.at_most else arrays.congruent()
    if proof is not None and not problem.lowering.unsafe_reads:
        return _proved(problem, claim, statement, proof, budget)
    stages = [(CHEAP, QUICK_WORK), (COSTLY, PATIENT_WORK)]
    if claim.at_most:
        stages[1] = (BY_CALCULUS + COSTLY, PATIENT_WORK)
    if deep and arrays.agree is False and not problem.given:
        stages = [((), PATIENT_WORK), (CHEAP + COSTLY, 0)]
    if problem.lowering.unsafe_reads:  # nothing would be a proof
        stages = []
    for number, (ladder, patience) in enumerate(stages):
        try:
            proof = arrays.proof() if number == 0 and deep else None
            if number == 1 and _is_due_by_steps(claim, *sides):
                proof = prove_by_steps(*sides, Hypotheses.of(problem).prepare, budget)
            if number == 1 and claim.at_most and proof is None:
                found = _by_eigenvalues(claim, budget)
                if found is not None:
                    return found
            due = number == 0 and induction.is_due(claim, *sides)
            # Of a gradient through time a later rung seldom shows more than the first, and an
            # induction begins with its form.
            first = 1 if due and claim.derivatives else len(ladder)
            for rungs, inductive in ((ladder[:first], due), (ladder[first:], False)):
                if proof is None and rungs:
                    proof = prove(
                        *sides, Hypotheses.of(problem).prepare, budget, rungs, statement.place
                    )
                if proof is None and inductive:
                    proof = _by_induction(problem, claim, statement, budget)
            if proof is None and number == 0 and not (deep or claim.at_most):
                proof = arrays.proof()
        except UnsupportedError as obstacle:  # no proof, and perhaps a witness
            proof, tried = None, str(obstacle)
        # What is given is lowered for the proof, and may read outside its arrays as well.
        if proof is not None and not problem.lowering.unsafe_reads:
            return _proved(problem, claim, statement, proof, budget)
        witness = search(claim, patience)
        if witness is not None:
            return _refuted(problem, claim, statement, witness, budget)
    if problem.lowering.unsafe_reads:
        witness = search(claim, PATIENT_WORK)
        if witness is not None:
            return _refuted(problem, claim, statement, witness, budget)
    if _contradictory(problem):
        tried = "what is given contradicts itself"
    elif problem.lowering.unsafe_reads:
        tried = next(iter(problem.lowering.unsafe_reads))
    if problem.ignored:
        tried += f"; not used: {', '.join(dict.fromkeys(map(str, problem.ignored)))}"
    return Verdict(claim, UNDECIDED, reason=tried)


def _by_eigenvalues(claim: Claim, budget: Budget) -> Verdict | None:
    """The verdict on an inequality that is proved with a symmetric matrix as a diagonal one."""
    for diagonal in diagonals(claim):
        if agrees_numerically(diagonal.claim) is False:
            continue
        problem = Problem(_fields(diagonal.claim), diagonal.claim.where, diagonal.claim.assumed)
        statement = state(problem, diagonal.claim)
        if statement is None or problem.lowering.unsafe_reads:
            continue
        sides = statement.left, statement.right
        prepare, soon = Hypotheses.of(problem).prepare, budget.share(EIGENVALUES_WORK)
        proof = prove_at_most(*sides, prepare, soon, CHEAP, statement.place)
        if proof is None and _is_due_by_steps(diagonal.claim, *sides):
            proof = prove_by_steps(*sides, prepare, soon)
        if proof is None or problem.lowering.unsafe_reads:
            continue
        verdict = _proved(problem, claim, statement, proof, budget)
        assumptions = [diagonal.given_back(fact) for fact in verdict.assumptions]
        if verdict.status != HOLDS or None in assumptions:
            continue
        turned = Step("eigenvectors", diagonal.matrix, sp.DiagMatrix(diagonal.eigenvalues))
        given = tuple(dict.fromkeys((diagonal.symmetric, *assumptions)))
        return replace(verdict, assumptions=given, steps=after(turned, verdict.steps))
    return None


def _refuted(
    problem: Problem, claim: Claim, statement: Statement, witness: Witness, budget: Budget
) -> Verdict:
    found = reasons.disagreement(problem, claim, statement, witness, budget)
    return Verdict(claim, DISAGREES, witness=witness, reason=found.words, derived=found.meant)


def _is_due_by_steps(claim: Claim, left: Term, right: Term) -> bool:
    """Whether an induction over the end of a range or an exponent may prove an inequality."""
    if not claim.at_most or not integers_of(add(left, right)):
        return False
    return agrees_numerically(claim) is not False


def _by_induction(
    problem: Problem, claim: Claim, statement: Statement, budget: Budget
) -> Proof | None:
    """A proof by induction over time of a claim that no number speaks against."""
    left, right = statement.left, statement.right
    # The numbers are drawn without a look at what is given.
    numbers = None if problem.given else Numbers([left, right])
    if not (numbers and numbers.agree(left, right)) and agrees_numerically(claim) is False:
        return None
    prepare = Hypotheses.of(problem).prepare
    return induction.prove(left, right, prepare, budget, numbers, statement.place)


def _contradictory(problem: Problem) -> bool:
    """Whether the signs that are given are seen not to hold together."""
    normaliser = Normaliser(budget=share(QUICK_WORK))
    try:
        Hypotheses.of(problem).prepare(normaliser)
        return contradictory(normaliser)
    except (BudgetExceeded, UnsupportedError):
        return False


def _proved(
    problem: Problem, claim: Claim, statement: Statement, proof: Proof, budget: Budget
) -> Verdict:
    budget.check()
    assumptions = answer.assumptions(problem, statement, proof.normaliser, *proof.others)
    checked = agrees_throughout(claim)
    if checked is None:
        try:
            checked = agrees_somewhere(claim)
        except Undefined as nowhere:
            return Verdict(claim, UNDECIDED, reason=str(nowhere))
    if checked is False:
        return _contradicted(claim, assumptions)
    if checked is None:
        reason = UNCHECKED
        if _contradictory(problem):
            reason = "what is given contradicts itself"
        return Verdict(claim, UNDECIDED, reason=reason)
    return Verdict(
        claim,
        HOLDS,
        assumptions=assumptions,
        steps=steps(problem, statement, proof, claim.at_most, budget.effort),
    )


def _contradicted(claim: Claim, assumptions: tuple[Any, ...]) -> Verdict:
    """The verdict where both sides have values that differ at a point that a proof leaves out, or
    should have spoken of.

    A claim is made wherever both sides have values: y^x has one at y = −1 and x = 1, and a proof by
    its logarithm is about y > 0 alone. Such a point refutes the claim, and the reason says where it
    is proved. Where the point lies within what the proof assumes, the proof is wrong.
    """
    given = getattr(claim, "given", ())
    found = tuple(f for f in assumptions if isinstance(f, sp.core.relational.Relational))
    found = tuple(fact for fact in found if fact not in given)
    if not found or not agrees_throughout(replace(claim, given=(*given, *found))):  # type: ignore[call-arg]
        broken = "internal error: the proof is contradicted by an evaluation of both sides"
        return Verdict(claim, UNDECIDED, reason=broken)
    proved = f"it is proved where {' and '.join(map(text_of, found))}"
    witness = search(claim, PATIENT_WORK)
    if witness is None:
        reason = f"{proved} alone, and both sides differ at a point where that is not so"
        return Verdict(claim, UNDECIDED, reason=reason)
    reason = f"{reasons.difference(claim, witness)}; {proved}"
    return Verdict(claim, DISAGREES, witness=witness, reason=reason)


def _derived_only(claim: Claim) -> sp.Expr:
    def derive() -> sp.Expr:
        with for_claim():
            return _left_side(claim)

    return run_deep(derive)


def _left_side(claim: Claim) -> sp.Expr:
    """What is derived, whatever the document says that it is."""
    claim = sizes.put_in(claim)
    problem = Problem(_fields(claim), claim.where)
    statement = state(problem, claim, derive_only=True)
    assert statement is not None
    found = answer.derived(problem, statement)
    soon = share(own_names.WORK)
    return own_names.readable(problem, claim, statement, found, soon)


def _derivable(claim: Any) -> sp.Expr | None:
    """What is derived where only the documented side does not fit; None where nothing is."""
    if not claim.derivatives:
        return None
    try:
        return _left_side(replace(claim, equals=sp.S.Zero))
    except (ShapeError, UnsupportedError, ClaimError):
        return None


def _fields(claim: Claim) -> tuple[Any, ...]:
    return tuple(getattr(claim, name) for name in claim.expression_fields)


def _shape_steps(problem: Problem, claim: Any) -> tuple[Step, ...]:
    return (Step("shape", claim.of, sp.Tuple(*problem.shapes.of(claim.of))),)
