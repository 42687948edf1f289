"""What is assumed for the proof of a claim: its hypotheses, given to canonical forms.

A claim is laid out by :class:`~derive.lowering.problem.Problem`: what it says, and what it is
given. Here the given facts become signs, equations and definitions of a normaliser, and of the
conditions that its derivatives came across those are kept that are needed.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from derive.base.budget import share
from derive.base.errors import BudgetExceeded, UnsupportedError
from derive.canonical.atoms import Polynomial
from derive.canonical.forms import Normaliser
from derive.canonical.readback import Reader
from derive.core.attained import times_attained
from derive.core.graph import in_order
from derive.core.integers import FREE, SIZE, ZERO, Var
from derive.core.terms import FunctionEntry, Shared, Term, add
from derive.core.whole import cleared
from derive.lowering.problem import Condition, Problem
from derive.proof import decide, kinks
from derive.proof.definedness import PlainSigns

WORK_FOR_KINKS = 0.5e6

# The signs that say at least as much as a sign.
IMPLYING = {"+": ("+",), "-": ("-",), "0+": ("+", "0+"), "0-": ("-", "0-")}


class Hypotheses:
    """What is given in a claim and what its derivatives need, for the normalisers of its proof."""

    def __init__(self, problem: Problem) -> None:
        self.problem: Problem = weakref.proxy(problem)  # which keeps this: no cycle
        self._conditions: tuple[int, dict[Condition, None]] = 0, {}

    @classmethod
    def of(cls, problem: Problem) -> Hypotheses:
        """The hypotheses of a claim, the same ones each time."""
        found: Hypotheses | None = problem.memory.get(cls)
        if found is None:
            found = problem.memory[cls] = cls(problem)
        return found

    def prepare(
        self, normaliser: Normaliser, conditions: Iterable[Condition] | None = None
    ) -> None:
        """Give a normaliser what the claim gives: signs, equations, and the conditions found, all
        of them or some.
        """
        normaliser.recursion.expected = any(system.recursive for system in self.problem.systems)
        equations = []
        for equation, label in self.problem.equations:
            self.problem.shapes.of(equation)
            shape = max(
                self.problem.shapes.of(equation.lhs), self.problem.shapes.of(equation.rhs), key=len
            )
            place = self.problem.place(shape)
            left, right = (
                self.problem.lowering.element(side, place, {})
                for side in (equation.lhs, equation.rhs)
            )
            fixed = self._fixed(label) | self._hidden(left, right)
            free = (v for v in left.free | right.free if v.kind == FREE)
            open_ = frozenset(v for v in free if v.symbol not in fixed)
            if not (
                normaliser.define(left, right, open_, label)
                or normaliser.define(right, left, open_, label)
            ):
                equations.append((left, right, label))
        self._give_signs(normaliser)
        for symbol, label in self.problem.regular:
            normaliser.given.regular[self.problem.lowering.array(symbol)] = label
        for expr, label in self.problem.apart:
            gap = cleared(self.problem.lowering.polynomial(expr, {}))
            normaliser.given.apart |= {gap: label, -gap: label}
        for condition in self.conditions if conditions is None else conditions:
            if condition.relation == "unique":
                self._give_unique(normaliser, condition)
                continue
            poly = normaliser.of(condition.term)
            open_ = frozenset(v for m in poly for a, _ in m for v in a.free)
            if condition.relation != "!=" or not kinks.vanishes_somewhere(normaliser, poly, open_):
                normaliser.assume(poly, condition.relation, open_, condition)
        for left, right, label in equations:
            difference = normaliser.subtract(normaliser.of(left), normaliser.of(right))
            open_ = self._open(difference, label, self._hidden(left, right))
            if not normaliser.add_equation(difference, open_, label):
                normaliser.given.unsolved.append((difference, open_, label))
                self.problem.ignored.append(label)
        normaliser.forget()
        for function in self.problem.lowering.of_matrices:  # their laws, before they are needed
            normaliser.of(FunctionEntry((), (*function, ZERO, ZERO)))

    def _is_declaration(self, fact: Any) -> bool:
        """Whether a fact is the sign with which a defined symbol is declared."""
        return (
            isinstance(fact, Relational)
            and fact.lhs in self.problem.where
            and fact.doit() is sp.true
        )

    def _follows(self, symbol: Any, sign: str) -> bool:
        """Whether a defined scalar has a sign by how it is defined, whatever is assumed."""
        signs = PlainSigns()
        found = signs.of(self.problem.lowering.element(self.problem.where[symbol], (), {}))
        return found in IMPLYING[sign] and not signs.used

    def _give_signs(self, normaliser: Normaliser) -> None:
        for expr, sign, label in self.problem.signs:
            if self.problem.concerns_indices(expr):
                continue
            shape = self.problem.shapes.of(expr)
            term = self.problem.lowering.element(expr, self.problem.place(shape), {})
            poly = normaliser.of(term)
            if self._is_declaration(label) and not (
                normaliser.sign(poly) in IMPLYING[sign] or self._follows(expr, sign)
            ):
                normaliser.used[label] = None  # by SymPy, before all else
            # An inequality between entries at an index of the claim is about that index.
            normaliser.assume(poly, sign, self._open(poly, label, self._hidden(term)), label)
        normaliser.forget()

    @staticmethod
    def _give_unique(normaliser: Normaliser, condition: Condition) -> None:
        """A maximum that is attained once: Σ_k [a_k = max_k a_k] = 1, over all its indices."""
        attained = normaliser.of(times_attained(condition.term))
        open_ = frozenset(v for m in attained for a, _ in m for v in a.free)
        normaliser.add_equation(normaliser.subtract(attained, {(): 1}), open_, condition)

    def _open(self, poly: Polynomial, fact: Any, hidden: set[Any]) -> frozenset[Var]:
        """The free indices of a given fact for all of whose values it holds: none that the claim
        narrows down, in an equation or an inequality none that the claim itself speaks of, and
        none that is hidden.
        """
        fixed = self._fixed(fact) | hidden
        free = frozenset(v for m in poly for a, _ in m for v in a.free)
        return frozenset(v for v in free if v.symbol not in fixed)

    def _fixed(self, fact: Any) -> set[Any]:
        """The indices of a fact that stand for one value, the claim's own."""
        return self.problem.narrowed | (
            self.problem.spoken if isinstance(fact, Relational) else set()
        )

    def _hidden(self, *terms: Term) -> set[Any]:
        """The indices inside of what has a name in some terms, as a determinant or ⌊i/2⌋ has: to
        put another value in for them would not reach it.
        """
        found = {v for term in terms for v in term.free if v.kind == SIZE}
        for shared in in_order(terms):
            found |= shared.body.free.difference(shared.params)
        whole = {v for v in found if v.kind == FREE}
        for variable in found - whole:
            if not isinstance(variable.symbol, sp.Symbol):
                inside: set[Any] = getattr(variable.symbol, "free_symbols", set())
                whole |= {v for s, v in self.problem.lowering.indices.items() if s in inside}
        return {v.symbol for v in whole if v.symbol is not None}

    @property
    def conditions(self) -> dict[Condition, None]:
        """The conditions of the derivatives taken so far, of those met the ones that are needed.

        What is given rules out some of them: it is noted as relied on.
        """
        number, found = self._conditions
        if number != len(self.problem.met):
            found = self._needed()
            self._conditions = len(self.problem.met), found
        return found

    def _needed(self) -> dict[Condition, None]:
        """Of the conditions met, those that :mod:`derive.proof.kinks` leaves."""
        bent: dict[Shared, bool] = {}
        result: dict[Condition, None] = {}
        normaliser, relied = None, False
        for condition in self.problem.met:
            plain = Condition(condition.term, condition.relation)
            matters = self.problem.signs or condition.branch or kinks.is_bent(condition.term, bent)
            if condition.relation == "unique":
                if condition.branch is not None or self._counts(condition.term):
                    result[plain] = None
                continue
            if condition.relation != "!=" or not matters:
                result[plain] = None
                continue
            if normaliser is None:
                normaliser = Normaliser(budget=share(WORK_FOR_KINKS))
                self._give_signs(normaliser)
            try:
                left = kinks.not_zero(normaliser, condition.term, condition.branch)
            except (BudgetExceeded, UnsupportedError):
                left = None
            relied = relied or left is not None
            terms = [plain.term] if left is None else list(map(Reader(normaliser).term, left))
            result |= dict.fromkeys(Condition(term, "!=") for term in terms)
        if normaliser is not None and relied:
            self.problem.relied_on |= normaliser.used
        return result

    def _counts(self, maximum: Term) -> bool:
        """Whether a maximum counts for a derivative: not where all its occurrences together have
        the weight 0 in each, as of one that is subtracted and added again.
        """
        normaliser = Normaliser(budget=share(WORK_FOR_KINKS))
        try:
            form = normaliser.of(maximum)
            for run in self.problem.weighed:
                weights = [w for m in run if normaliser.of(m) == form for w in run[m]]
                if not decide.vanishes(normaliser, normaliser.of(add(*weights))):
                    return True
        except (BudgetExceeded, UnsupportedError):
            return True
        return False
