"""Why a claim is wrong, in one sentence: where it fails, and what common mistake explains it.

A mistake is named only where the claim without it is proved, by the means by which claims are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.base.budget import Budget
from derive.base.errors import DeriveError
from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    ConstAtom,
    IndexBracketAtom,
    IntAtom,
    Polynomial,
    PrimeAtom,
    RealBracketAtom,
    SumAtom,
)
from derive.canonical.forms import Normaliser
from derive.canonical.readback import Reader
from derive.claims.kinds import Claim
from derive.claims.rounding import put_in_for
from derive.claims.verdict import Witness
from derive.core.terms import Shared
from derive.diagnosis import stabilisers
from derive.diagnosis.claimed import Documented
from derive.diagnosis.definitions import places
from derive.diagnosis.lacking import lacking, lacking_inside, missing_words, plus
from derive.diagnosis.left_side import mistake_on_the_left
from derive.diagnosis.misfits import fitting
from derive.diagnosis.mistakes import factor_words
from derive.diagnosis.quoting import plainly_indexed, quoted
from derive.diagnosis.repaired import repaired
from derive.diagnosis.together import two_mistakes
from derive.diagnosis.trial import Trial, agrees, holds_if_symmetric
from derive.diagnosis.unstated import in_an_inequality, unstated
from derive.language.operators import MatrixOperator, Tensor
from derive.language.printing import numbers_apart, text_of
from derive.lowering.problem import Problem
from derive.lowering.statement import Statement, state
from derive.presentation import answer
from derive.presentation.writer import NoMatrixForm, Writer
from derive.proof.decide import vanishes
from derive.proof.hypotheses import Hypotheses

WORK = 0.8e6  # for undoing mistakes
DEFINITION = 0.3e6  # besides, for each definition in which they may stand
MOST_DEFINITIONS = 5  # for which there is more work
MORE_WORK = 0.3e6  # for what the canonical forms of both sides tell
MOST_OF_AN_ENTRY = 120  # characters
PLAIN = (IntAtom, PrimeAtom, ConstAtom)  # kinds of factors that a person forgets
LONGEST_NUMBER = 24  # characters: 15 digits, with a sign and an exponent


class Explained(NamedTuple):
    """Why a claim is wrong, in words, and what its documented side is meant to be; None where no
    other side was found, or where a definition that it rests on is wrong.
    """

    words: str
    meant: Any = None


def disagreement(
    problem: Problem, claim: Claim, statement: Statement, witness: Witness, budget: Budget
) -> Explained:
    """One sentence for a claim that a witness refutes."""
    where = difference(claim, witness)
    try:
        if claim.at_most:
            found = Explained(in_an_inequality(claim, witness, budget))
        else:
            found = mistake_in(problem, claim, statement, witness, budget)
    except Exception:  # SymPy may choke on a side that nobody wrote; that costs no verdict
        return Explained(where)
    hint = plainly_indexed(found.words)
    return found._replace(words=f"{hint}; {where}" if hint else where)


def misfit(claim: Claim, reason: str, budget: Budget) -> str:
    """One sentence for a claim that does not fit together: the reason, and what would fit."""
    try:
        remedy = remedy_for(claim, budget)
    except Exception:  # as above
        remedy = None
    words, holds = remedy or ("", False)
    if not words:
        return reason
    if holds:
        return f"{reason}; {words} would fit, and holds"
    return reason if "would fit" in reason else f"{reason}; {words} would fit"


def difference(claim: Claim, witness: Witness) -> str:
    """What the two sides are at a witness."""
    sizes = ", ".join(f"{name} = {value}" for name, value in witness.sizes.items())
    entry = f" at entry {witness.entry}" if witness.entry else ""
    at = f" for {sizes}" if sizes else ""
    left, right = numbers_apart(witness.left, witness.right, LONGEST_NUMBER)
    if claim.at_most:
        return f"{left} ≤ {right} is false{entry}{at}"
    return f"{left} {claim.sides[0]} against {right} {claim.sides[1]}{entry}{at}"


def mistake_in(
    problem: Problem, claim: Claim, statement: Statement, witness: Witness, budget: Budget
) -> Explained:
    """The mistake that explains a disagreement; no words where none was found."""
    side = getattr(claim, claim.expression_fields[-1])
    documented = Documented(claim, side, problem.shapes)
    where = list(places(documented))
    more = min(len(where) - 1, MOST_DEFINITIONS)
    soon = budget.share(WORK + DEFINITION * more)
    trial = Trial(problem, claim, statement, soon, witness, budget)
    words = (
        _stabilised(trial, claim)
        or _wrong_entries(trial, documented)
        or _other_variable(trial, claim, sp.Symbol)
    )
    trivial, meant = "", None
    if not words:
        words, trivial, meant = repaired(trial, documented, where)
    is_less = meant is not None and _length(meant) < _length(documented.side)
    if words and claim.states_both and is_less:
        # That less is meant is no explanation where a term of something else is missing.
        words = lacking(trial, documented, of_others=True)[0] or words
    if words:
        return Explained(words, None if claim.states_both else meant)
    words = mistake_on_the_left(trial, witness, budget)
    if words:
        return Explained(words)
    later = budget.share(MORE_WORK)
    trial.renew(later)
    words, meant = lacking(trial, documented)
    if not words:
        words, meant = lacking_inside(trial, documented)
    if words:
        return Explained(words, None if claim.states_both else meant)
    return Explained(
        holds_if_symmetric(problem, claim, statement, later)
        or trivial
        or _compared(problem, statement, trial, documented, budget.share(MORE_WORK))
        or _other_variable(trial, claim, sp.MatrixSymbol)
        or _left_out(trial, documented)
        or _missing_of(answer.derived(problem, statement), trial, documented)
        or ("" if claim.states_both else two_mistakes(trial, documented, where))
        or unstated(claim, witness, trial.proves, budget)
    )


def _length(expr: Any) -> int:
    return sum(1 for _ in sp.preorder_traversal(expr))


def _other_variable(trial: Trial, claim: Claim, kind: type) -> str:
    """Whether the documented side is the derivative in another variable of the same shape."""
    wrt = getattr(claim, "wrt", None)
    if not isinstance(wrt, kind):
        return ""
    for other in trial.alike(wrt):
        if other == getattr(claim, "of", None):
            continue
        asked = replace(claim, wrt=other)  # type: ignore[call-arg]
        if _another_holds(trial, asked):
            return f"the documented side is the derivative in {other}"
    return ""


def _stabilised(trial: Trial, claim: Claim) -> str:
    """Whether the documented side ignores a clip or a small number that is added."""
    for words, asked in stabilisers.without(claim):
        if _another_holds(trial, asked):
            return words
    return ""


def _another_holds(trial: Trial, asked: Claim) -> bool:
    """Whether another claim than the one that is tried agrees in numbers, and is proved."""
    if trial.late or not agrees(asked):
        return False
    fields = tuple(getattr(asked, name) for name in asked.expression_fields)
    problem = Problem(fields, asked.where, asked.assumed)
    statement = state(problem, asked)
    return statement is not None and trial.proves(problem, statement)


def _wrong_entries(trial: Trial, documented: Documented) -> str:
    """Which entries of a matrix written out are wrong; and that it is their sign, where it is."""
    side = documented.side
    if not isinstance(side, sp.MatrixBase):
        return ""
    wrong = trial.wrong_entries(side.shape)
    if not wrong or len(wrong) == side.rows * side.cols:
        return ""
    turned = side.as_mutable()
    for place in wrong:
        turned[place] = -turned[place]
    listed = ", ".join(map(str, wrong[:-1])) + f" and {wrong[-1]}" if wrong[1:] else str(wrong[0])
    if trial.holds(turned.as_immutable()):
        many = bool(wrong[1:])
        return (
            f"the signs of the entries {listed} are wrong"
            if many
            else (f"the sign of entry {listed} is wrong")
        )
    return f"the entries {listed} are wrong" if wrong[1:] else ""


def _left_out(trial: Trial, documented: Documented) -> str:
    """A positive number, such as ε in a root, that the documented side takes for 0."""
    for symbol in documented.symbols:
        if isinstance(symbol, sp.Symbol) and symbol.is_positive and not documented.side.has(symbol):
            asked = put_in_for(documented.claim, {symbol: sp.S.Zero})
            if _another_holds(trial, asked):
                return f"{symbol} is left out: it holds with {symbol} = 0 only"
    return ""


# ---- what a side that does not fit may be meant to be


def remedy_for(claim: Claim, budget: Budget) -> tuple[str, bool] | None:
    """What would fit in the place of a side that does not, and whether the claim then holds."""
    if not claim.is_equation:
        return None
    field = claim.expression_fields[-1]
    budget = budget.share(WORK)
    for stated in _stated(claim):
        fields = tuple(getattr(stated, name) for name in claim.expression_fields)
        try:
            problem = Problem(fields, claim.where, claim.assumed)
            statement = state(problem, stated, derive_only=True)
        except DeriveError:
            continue
        assert statement is not None
        side = getattr(stated, field)
        found = list(fitting(Documented(stated, side, problem.shapes), statement.shape))
        if not found:
            continue
        first = replace(stated, **{field: found[0].side})
        trial = Trial(problem, first, statement, budget)
        for repair in found:
            if not trial.late and trial.holds(repair.side):
                return repair.words(), True
        return found[0].words(), False
    return None


def _stated(claim: Any) -> Iterator[Claim]:
    """A claim with its documented side last; either side of an identity may be that."""
    yield claim
    if claim.states_both:
        yield replace(claim, left=claim.right, right=claim.left)


# ---- what the canonical forms of both sides have in common

Forms = tuple[Normaliser, Reader, Polynomial, Polynomial]


def _compared(
    problem: Problem, statement: Statement, trial: Trial, documented: Documented, budget: Budget
) -> str:
    """A missing factor or term, or the assumption under which there is no difference."""
    show = _Shown(problem, statement, documented.claim.states_both)
    for named in (True, False) if problem.where else (False,):
        try:
            forms = _forms(problem, statement, budget, named)
            # What an identity lacks is more often an assumption than a factor.
            kinds = () if documented.claim.states_both else (SumAtom,)
            found = (
                _plain_factor(show, forms, documented)
                or _assumption(show, forms, kinds)
                or _missing_term(show, forms, trial, documented)
                or _factor(show, forms, documented)
                or _assumption(show, forms)
            )
        except (DeriveError, NoMatrixForm, RecursionError, ArithmeticError):
            continue
        if found:
            return found
    return ""


def _forms(problem: Problem, statement: Statement, budget: Budget, named: bool) -> Forms:
    """The canonical forms of both sides; with the arrays that the document names as names."""

    def keep(shared: Shared) -> bool:
        return named and shared.named

    n = Normaliser(None, False, budget, keep)
    Hypotheses.of(problem).prepare(n)
    lowering = problem.lowering
    operators = (s for s in lowering.shared if isinstance(s.label, MatrixOperator))
    reader = Reader(n, (*lowering.named.values(), *operators))
    return n, reader, n.of(statement.left), n.of(statement.right)


class _Shown:
    """Canonical forms in print."""

    def __init__(self, problem: Problem, statement: Statement, states_both: bool) -> None:
        self.problem = problem
        self.statement = statement
        self.states_both = states_both

    def scalar(self, reader: Reader, poly: Polynomial) -> Any:
        return Writer(taken=self.problem.names).scalar(reader.term(poly))

    def whole(self, reader: Reader, poly: Polynomial) -> Any:
        writer = Writer(taken=self.problem.names)
        return writer.whole(reader.term(poly), self.statement.shape, self.statement.place)

    def is_entrywise(self, poly: Polynomial) -> bool:
        """Whether a polynomial depends on the entry at which the sides are compared."""
        place = {v for index in self.statement.place for v in index.variables}
        return any(not place.isdisjoint(atom.free) for monomial in poly for atom, _ in monomial)


def _ratio(forms: Forms, suits: Callable[[Polynomial], bool]) -> Polynomial:
    """A monomial r with derived = r · documented, which suits; {} without one."""
    n, _, left, right = forms
    if not left or not right:
        return {}
    lead, number = next(iter(left.items()))
    for monomial, coefficient in right.items():
        exponents = dict(lead)
        for atom, e in monomial:
            exponents[atom] = exponents.get(atom, 0) - e
        exponents = {a: e for a, e in exponents.items() if e}
        ratio: Polynomial = {n.monomial(exponents): Fraction(number) / Fraction(coefficient)}
        if suits(ratio) and vanishes(n, n.subtract(left, n.multiply(ratio, right))):
            return ratio
    return {}


def _plain_factor(show: _Shown, forms: Forms, documented: Documented) -> str:
    """derived = r · documented, r a number that may depend on sizes."""

    def suits(ratio: Polynomial) -> bool:
        (monomial,) = ratio
        return len(monomial) <= 2 and all(isinstance(atom, PLAIN) for atom, _ in monomial)

    ratio = _ratio(forms, suits)
    if not ratio:
        return ""
    written = show.scalar(forms[1], ratio)
    return factor_words(documented, written)


def _factor(show: _Shown, forms: Forms, documented: Documented) -> str:
    """derived = r · documented, r a product of at most two factors, or 1 over one."""
    n, reader, _, _ = forms

    def suits(ratio: Polynomial) -> bool:
        ((monomial, coefficient),) = ratio.items()
        signs = {e > 0 for _, e in monomial}
        return len(monomial) in (1, 2) and len(signs) == 1 and (coefficient == 1 or True in signs)

    ratio = _ratio(forms, suits)
    if not ratio:
        return ""
    ((monomial, coefficient),) = ratio.items()
    words = "the factor {} is missing"
    entrywise = show.is_entrywise(ratio) and show.statement.shape
    write = show.whole if entrywise else show.scalar
    written = write(reader, ratio)
    if any(e < 0 for _, e in monomial):
        inverse = {n.monomial({a: -e for a, e in monomial}): coefficient}
        below = write(reader, inverse)
        # What the documented side does not have cannot be superfluous there.
        there = documented.side.has(below)
        words = "the factor {} is superfluous" if there else "it holds with the factor {}"
        written = below if there else written
    return "" if isinstance(written, sp.FunctionMatrix) else quoted(words, written)


def _missing_term(show: _Shown, forms: Forms, trial: Trial, documented: Documented) -> str:
    """derived = documented + what can be quoted."""
    n, reader, left, right = forms
    rest = n.subtract(left, right)
    if not right or len(rest) >= len(left):
        return ""
    written = show.whole(reader, rest)
    if written.has(sp.FunctionMatrix) or isinstance(written, sp.MatrixBase):
        return ""
    if documented.has_more_of_the_other(written):
        return ""
    words = missing_words(written)
    return words if words and trial.holds(plus(documented.side, written)) else ""


def _missing_of(derived: Any, trial: Trial, documented: Documented) -> str:
    """A term of the derived side without which the documented one was written."""
    if isinstance(derived, (sp.Add, sp.MatAdd)):
        for term in derived.args:
            words = missing_words(term)
            if words and trial.holds(plus(documented.side, term)):
                return words
    return ""


def _assumption(show: _Shown, forms: Forms, kinds: tuple[type[Atom], ...] = ()) -> str:
    """The sides differ by a factor that a simple assumption makes vanish: that something, of one
    of these kinds where any are named, is a number.
    """
    n, reader, left, right = forms
    difference = n.subtract(left, right)
    if len(difference) != 2:
        return ""
    (m1, c1), (m2, c2) = difference.items()
    exponents = dict(m1)
    for atom, e in m2:
        exponents[atom] = exponents.get(atom, 0) - e
    exponents = {a: e for a, e in exponents.items() if e}
    if len(exponents) != 1:
        return ""
    ((atom, e),) = exponents.items()
    if () in difference and {((atom, e),)} == set(difference) - {()} and show.states_both:
        return ""  # that the one side were what the other is says nothing
    if e not in (1, -1) or isinstance(
        atom, (IndexBracketAtom, BaseAtom, RealBracketAtom, ConstAtom, PrimeAtom)
    ):
        return ""
    if kinds and not isinstance(atom, kinds):
        return ""
    value = -Fraction(c2) / Fraction(c1)
    value = value if e == 1 else 1 / value
    if value == 1 and show.statement.shape and show.is_entrywise({((atom, 1),): 1}):
        with_it, without = (m1, m2) if e == 1 else (m2, m1)
        return _in_one_term(show.whole(reader, {((atom, 1),): 1}), with_it, without, left, right)
    written = show.scalar(reader, {((atom, 1),): 1})
    if written.is_number or (kinds and not _is_total(written)):  # a constant is no unknown
        return ""
    return f"it would hold if {text_of(written)} = {_rational(value)}"


def _is_total(written: Any) -> bool:
    """Whether it is the sum of an array's own entries, as of labels that sum to 1."""
    return isinstance(written, sp.Sum) and isinstance(written.function, (MatrixElement, sp.Indexed))


def _in_one_term(
    written: Any, with_it: Any, without: Any, derived: Polynomial, claimed: Polynomial
) -> str:
    """A factor that one term of the claimed side lacks, or has too many."""
    if isinstance(written, sp.FunctionMatrix):
        return ""
    if isinstance(written, sp.MatMul):  # repeated along an axis that it does not have
        written = sp.MatMul(*(f for f in written.args if not isinstance(f, sp.OneMatrix)))
    if with_it in derived and without in claimed:
        return quoted("the factor {} is missing in one of the terms", written)
    if with_it in claimed and without in derived:
        return quoted("the factor {} is superfluous in one of the terms", written)
    return ""


def _rational(value: Fraction) -> Any:
    return sp.Rational(value.numerator, value.denominator)


def entry_by_entry(derived: Any) -> str:
    """What an array of more axes than a matrix is at its indices, where that is short."""
    if not isinstance(derived, Tensor) or len(derived.axes) < 3:
        return ""
    if any(str(array).startswith("d_") for array in derived.atoms(sp.IndexedBase)):
        return ""  # by an adjoint through time, which says nothing by itself
    indices = ", ".join("0" if size == 1 else str(index) for index, size in derived.axes)
    body = str(derived.body)
    return f"; its entry ({indices}) is {body}" if len(body) <= MOST_OF_AN_ENTRY else ""
