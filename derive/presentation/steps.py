"""The derivation as steps: definitions, adjoints, every rewrite, and the forms of both sides.

A proof is found without writing anything down. When its steps are asked for, the same forms are
worked out once more, and a :class:`~derive.canonical.journal.Journal` notes each rewrite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from operator import methodcaller
from typing import Any

import sympy as sp

from derive.base.budget import Budget
from derive.base.errors import BudgetExceeded, UnsupportedError
from derive.base.worker import run_deep
from derive.canonical.forms import Normaliser
from derive.canonical.journal import Journal
from derive.canonical.readback import Reader
from derive.claims.verdict import Step
from derive.core.integers import Var, as_poly
from derive.core.terms import Ref, Shared, Term, ref
from derive.language.operators import tensor
from derive.lowering.problem import Problem
from derive.lowering.statement import Statement
from derive.presentation.writer import NoMatrixForm, Writer
from derive.proof.decide import Proof, vanishes_multiplied
from derive.proof.definedness import assume_defined
from derive.proof.hypotheses import Hypotheses
from derive.proof.nonnegative import has_sign

WORK = 20e6  # for working a proof out once more


class Steps(Sequence[Step]):
    """The derivation, written when it is first read: most verdicts are never explained."""

    def __init__(self, write: Callable[[], tuple[Step, ...]]) -> None:
        self._write = write
        self._steps: tuple[Step, ...] | None = None

    def _all(self) -> tuple[Step, ...]:
        if self._steps is None:
            self._steps = run_deep(self._write)
        return self._steps

    def __getitem__(self, index: Any) -> Any:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> Any:
        return tuple, (self._all(),)


def _names_in(expr: Any) -> set[Any]:
    """The symbols of an expression; quicker than asking which of them are free."""
    return expr.atoms(sp.Symbol, sp.IndexedBase)


def _by_key(variable: Var) -> Any:
    return variable.key


def steps(
    problem: Problem, statement: Statement, proof: Proof, at_most: bool, effort: float
) -> Steps:
    """The derivation of a proof that both sides are equal, or the left ``at_most`` the right."""
    return Steps(lambda: tuple(_Author(problem, statement, at_most, effort).steps(proof)))


def after(first: Step, others: Sequence[Step]) -> Steps:
    """A derivation after one more step."""
    return Steps(lambda: (first, *others))


class _Author:
    """Writes the steps of one proof; the indices of its entry have one name in all of them."""

    def __init__(
        self, problem: Problem, statement: Statement, at_most: bool, effort: float
    ) -> None:
        self.problem = problem
        self.effort = effort
        self.statement = statement
        self.at_most = at_most
        self.names = _adjoint_names(problem)
        place = [v for p in statement.place for v in p.variables]
        first = Writer(taken=problem.names)
        self.symbols = {v: first.symbol(v) for v in place}
        self._indices = problem.lowering.indices

    def steps(self, proof: Proof) -> Iterator[Step]:
        for symbol, expr in self.problem.where.items():
            yield Step("definition", symbol, expr)
        for primal, adjoint in self.problem.steps:
            if _handed_on(adjoint) is None and adjoint in self.names:
                value = _best(self._writer(), self.problem, primal, adjoint)
                if value is not None:
                    yield Step("reverse accumulation", self.names[adjoint], value)
        proved = proof.normaliser
        budget = Budget(WORK * self.effort)
        again = Normaliser(proved.inline, proved.exponentials, budget, proved.keep, proved.merged)
        again.clears_offsets = proved.clears_offsets
        journal = Journal(again)
        yield from self._lemmas(proof)
        yield from self._merged(proof)
        forms = None
        if not proof.lemmas:
            # A proof by induction is shown by its lemmas, a slow one without its rewrites.
            with suppress(BudgetExceeded, UnsupportedError):
                forms = self._worked_out(again, journal, proved.unites is not None)
        rewrites = self._rewrites(journal)
        proof.normaliser.budget = Budget()  # the claim's is not that of reading its proof
        normaliser = proof.normaliser if forms is None else again
        normaliser.budget = Budget()
        left, right = (proof.left, proof.right) if forms is None else forms
        reader = Reader(normaliser)
        sides = [
            self._step(f"canonical form of the {side} side", term, reader.term(poly), True)
            for side, term, poly in (
                ("left", self.statement.left, left),
                ("right", self.statement.right, right),
            )
        ]
        gap = reader.term(normaliser.subtract(right, left))
        outcome = "nonnegative difference" if self.at_most else "equal forms"
        last = self._step(outcome, gap, None if self.at_most else gap)
        written = [s for s in (*rewrites, *sides, last) if s is not None]
        yield from self._names_of_sums(normaliser, written)
        yield from written

    def _lemmas(self, proof: Proof) -> Iterator[Step]:
        """What an induction proves: each lemma at its base, and at the step from time to time."""
        equal: dict[tuple[Any, Any], Step] = {}
        for lemma in proof.lemmas:
            if not lemma.array.unfoldings:
                left, right = lemma.at(as_poly(lemma.time))
                step = self._step("equal arrays", left, right)
                if step is not None:
                    equal.setdefault((step.before, step.after), step)
                continue
            earlier = "t - 1" if lemma.direction > 0 else "t + 1"
            base = self._writer().integer(lemma.base)
            for rule, moment in (
                (f"induction, base t = {base}", lemma.base),
                (f"induction, step from {earlier} to t", as_poly(lemma.time)),
            ):
                left, right = lemma.at(moment)
                step = self._step(rule, left, right, True)
                if step is not None:
                    yield step
        yield from equal.values()

    def _merged(self, proof: Proof) -> Iterator[Step]:
        """The arrays that were proved to be equal, each by those before it."""
        for merge in proof.merged:
            indices = tuple(as_poly(p) for p in merge.array.params)
            step = self._step("equal arrays", ref(merge.array, *indices), merge.at(indices))
            if step is not None:
                yield step

    def _worked_out(self, n: Normaliser, journal: Journal, united: bool) -> tuple[Any, Any]:
        """The forms of both sides, and the reason why they make the claim true."""
        left, right = self.statement.left, self.statement.right
        Hypotheses.of(self.problem).prepare(n)
        journal.notes.clear()  # what is given is prepared, not proved
        assume_defined(n, left, right)
        forms = n.of(left), n.of(right)
        if united:
            n.unite_determinants(Reader(n).term)
            forms = n.of(left), n.of(right)
        if self.at_most:
            has_sign(n, left, right)
        else:
            vanishes_multiplied(n, n.subtract(*forms), self.statement.place)
        return forms

    def _writer(self, symbols: Mapping[Var, Any] | None = None) -> Writer:
        symbols = self.symbols if symbols is None else symbols
        taken = {*self.problem.names, *map(str, symbols.values())}
        return Writer(symbols, self.names, taken, unevaluated=True)

    def _step(
        self, rule: str, before: Term, after: Term | None, always: bool = False
    ) -> Step | None:
        """A step between two terms, with the ranges of its free indices.

        None where one of them cannot be written or, unless it is shown ``always``, where only the
        names of bound indices differ.
        """
        free = before.free if after is None else before.free | after.free
        naming = self._writer()
        symbols = {**self.symbols, **{v: naming.symbol(v) for v in sorted(free, key=_by_key)}}
        sides = [
            sp.S.Zero if t is None else _or_none(methodcaller("scalar", t), self._writer(symbols))
            for t in (before, after)
        ]
        if None in sides or (sides[0] == sides[1] and not always):
            return None
        # The indices of the claim may also stand inside a shared array.
        written = sides[0].atoms(sp.Symbol) | sides[1].atoms(sp.Symbol)
        ranged = {*free, *(v for s, v in self._indices.items() if s in written)}
        ranges = [
            relation
            for v in sorted(ranged, key=_by_key)
            if v.low is not None and v.high is not None
            for relation in (
                sp.Ge(naming.symbol(v), naming.integer(v.low)),
                sp.Le(naming.symbol(v), naming.integer(v.high)),
            )
        ]
        return Step(rule, sides[0], sides[1], tuple(ranges))

    def _rewrites(self, journal: Journal) -> list[Step]:
        """The noted rewrites, each once and by the innermost rule that made it."""
        found: dict[tuple[Any, Any], Step] = {}
        for law, before, after in journal.notes:
            step = self._step(law.statement, before, after)
            if step is not None:
                found.setdefault((step.before, step.after), step)
        return list(found.values())

    def _names_of_sums(self, normaliser: Any, written: list[Step]) -> Iterator[Step]:
        """What the names s0, s1, … of canonical forms stand for, each before its use."""
        wanted = {str(s) for step in written for side in step[1:] for s in _names_in(side)}
        found: dict[int, Step] = {}
        for number in sorted(normaliser.names.contents, reverse=True):
            symbol = sp.IndexedBase(f"s{number}")
            if str(symbol) in wanted:
                step = self._name(normaliser, number)
                if step is not None:
                    found[number] = step
                    wanted |= {str(s) for s in _names_in(step.after)}
        for number in sorted(found):
            yield found[number]

    def _name(self, normaliser: Any, number: int) -> Step | None:
        writer = self._writer()
        extents = normaliser.names.extents[number]
        content = Reader(normaliser).term(normaliser.names.contents[number])
        value = _or_none(methodcaller("scalar", content), writer)
        if value is None or any(high is None for _, high in extents):
            return None
        if not extents:
            return Step("name of a sum", sp.Symbol(f"s{number}"), value)
        axes = [(writer.symbol(v), writer.integer(high + 1)) for v, high in extents]
        return Step("name of a sum", sp.IndexedBase(f"s{number}"), tensor(value, *axes))


def _adjoint_names(problem: Problem) -> dict[Shared, Any]:
    """A symbol for each adjoint: the loss's derivative in what it is the adjoint of."""
    names: dict[Shared, Any] = {}
    taken = set(problem.names)
    for number, (primal, adjoint) in enumerate(problem.steps, 1):
        handed_on = _handed_on(adjoint)
        if handed_on is not None and handed_on in names:
            names[adjoint] = names[handed_on]
            continue
        label = primal.label
        shape = problem.shapes.of(label) if label is not None else ()
        name = f"d_{label}" if primal.named else f"d_{number}"
        if name in taken:  # derivatives of several things in the same one
            name = f"{name}_{number}"
        if label is None or sum(s != 1 for s in shape) != len(adjoint.params):
            continue
        taken.add(name)
        if len(shape) == 2:
            names[adjoint] = sp.MatrixSymbol(name, *shape)
        elif not shape:
            names[adjoint] = sp.Symbol(name)
    return names


def _handed_on(adjoint: Shared) -> Shared | None:
    """The adjoint that this one is, where nothing is done to it on the way."""
    body = adjoint.body
    if isinstance(body, Ref) and body.data[1] == tuple(as_poly(p) for p in adjoint.params):
        return body.data[0]
    return None


def _best(writer: Writer, problem: Problem, primal: Shared, adjoint: Shared) -> Any:
    """An adjoint's body as a matrix where there is a matrix form, else entry by entry."""
    shape = problem.shapes.of(primal.label) if primal.label is not None else ()
    params = [as_poly(p) for p in adjoint.params]
    if len(shape) != 2 or sum(s != 1 for s in shape) != len(params):
        return _or_none(methodcaller("scalar", adjoint.body), writer)
    place = problem.lowering.spread(shape, params)
    matrix = _or_none(lambda w: w.matrix(adjoint.body, *place), writer)
    if matrix is not None:
        return matrix
    value = _or_none(methodcaller("scalar", adjoint.body), writer)
    if value is None:
        return None
    axes = [writer.symbol(v) for p in place for v in p.variables]
    indices = [axes.pop(0) if p.variables else sp.Dummy("j", integer=True) for p in place]
    return sp.FunctionMatrix(*shape, sp.Lambda(tuple(indices), value))


def _or_none(write: Callable[[Writer], Any], writer: Writer) -> Any:
    try:
        return write(writer)
    except (NoMatrixForm, KeyError, AttributeError, TypeError):
        return None
