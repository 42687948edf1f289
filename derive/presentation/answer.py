"""What a verdict shows: the derived side as a person would write it, and the assumptions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.base.budget import share
from derive.base.errors import BudgetExceeded, UnsupportedError
from derive.canonical.forms import Normaliser
from derive.canonical.function_values import Value
from derive.canonical.matrix_laws import SQUARES
from derive.canonical.readback import Reader
from derive.core.graph import in_order, inverted_in
from derive.core.integers import as_poly
from derive.core.terms import Array, Determinant, Int, Shared, Term
from derive.language.conditions import Cases
from derive.language.matrix_functions import is_surely_definite
from derive.language.operators import MatrixOperator, MatrixPartial, Partial
from derive.lowering.problem import Condition, Problem
from derive.lowering.statement import Statement
from derive.presentation.by_value import Values
from derive.presentation.closing import StaysOpen, closed
from derive.presentation.guarded import guarded
from derive.presentation.implied import without_implied
from derive.presentation.writer import NoMatrixForm, Writer
from derive.proof.definedness import denominators, may_vanish
from derive.proof.hypotheses import Hypotheses

WORK = 1e6  # spent on a better-looking answer
PLAIN = 1000  # the weight from which a documented side is not an answer as it stands
MANY = 60  # shared arrays beyond which each is written as it was derived

_WEIGHTS = {
    sp.Sum: 4,
    sp.FunctionMatrix: 8,
    sp.OneMatrix: 3,
    sp.Piecewise: 2,
    Cases: 2,
    sp.KroneckerDelta: 4,
    Partial: 1000,  # a derivative that is still to be taken is no answer
    MatrixPartial: 1000,
}


def weight(expr: Any) -> int:
    """How hard an expression is to read: its nodes, entry-wise notation counting more."""
    result = 0
    stack = [expr]
    while stack:
        node = stack.pop()
        result += 1 + next((w for kind, w in _WEIGHTS.items() if isinstance(node, kind)), 0)
        if not isinstance(node, (sp.MatrixSymbol, sp.Symbol)):
            stack.extend(node.args)
        if result > 100_000:
            break
    return result


class Answer:
    """Writes the derived side of one statement."""

    def __init__(self, problem: Problem, statement: Statement) -> None:
        self.problem = problem
        self.statement = statement
        self._made = {adjoint for _, adjoint in problem.steps}
        self._primals = {adjoint: primal for primal, adjoint in problem.steps}
        self.left = self._closed(statement)
        self.names = problem.names
        self.writer = Writer(taken=self.names)
        self.budget = share(WORK)
        self._readers: dict[bool, Reader] = {}

    def _closed(self, statement: Statement) -> Term:
        """The left side, the arrays in it closed; those that were not stay without a label."""
        indices = [v for index in statement.place for v in index.variables]
        try:
            left, closed_as = closed(statement.left, indices)
        except StaysOpen:
            return statement.left
        self._made |= {closed_as[s] for s in self._made if s in closed_as}
        return left

    def derived(self, documented: Any = None) -> Any:
        """The left side, in the most readable of the forms that were found.

        :param documented: the right side where it is proved equal: then it is one of the forms,
            and one that is as readable as a form gets is not improved on.
        """
        if documented is not None and weight(documented) < PLAIN:
            return documented
        adjoints = self._adjoints()
        long = len(adjoints) > MANY
        if long and documented is not None and not documented.has(Partial, MatrixPartial):
            return documented
        if not long:
            lowering = self.problem.lowering
            arrays = dict.fromkeys((*lowering.named.values(), *lowering.shared))
            self.writer.values = Values(
                (s for s in arrays if s.label is not None and s not in self._made), self.budget
            )
            for shared in adjoints:
                self._label(shared)
        shape, place = self.statement.shape, self.statement.place
        forms = self._forms(self.left, lambda t: self.writer.whole(t, shape, place))
        if documented is not None:
            forms.append(documented)
        return min(forms, key=weight) if forms else None

    def _adjoints(self) -> list[Shared]:
        """The arrays that a derivation has made, each after those that it refers to."""
        return [s for s in in_order([self.left]) if s in self._made]

    def _label(self, shared: Shared) -> None:
        """Write an adjoint as a matrix, so that what refers to it can be written with it."""
        primal = self._primals.get(shared)
        label = None if primal is None else primal.label
        if label is None:
            return
        shape = self.problem.shapes.of(label)
        if sum(size != 1 for size in shape) != len(shared.params) or len(shape) not in (0, 2):
            return
        place = self.problem.lowering.spread(shape, [as_poly(p) for p in shared.params])
        if shape:
            forms = self._forms(shared.body, lambda t: self.writer.matrix(t, *place))
        else:
            forms = self._forms(shared.body, self.writer.scalar)
        if forms:
            shared.label = min(forms, key=weight)

    def _forms(self, term: Term, write: Any) -> list[Any]:
        """The term as it was derived, and simplified with the arrays below opaque or unfolded."""
        forms = []
        candidates: list[Callable[[], Term]] = [lambda: term]
        if not self.budget.over:
            candidates += [
                lambda: self._simplified(term, True),
                lambda: self._simplified(term, False),
            ]
        for candidate in candidates:
            try:
                form = write(guarded(candidate()))
                if not self.writer.unbound(form):
                    forms.append(form)
            except (
                NoMatrixForm,
                UnsupportedError,
                BudgetExceeded,
                LookupError,  # SymPy's own of an entry too, as it renames the index of a sum
                ValueError,
                TypeError,
            ):
                continue
        return forms

    def _keeps(self, shared: Shared) -> bool:
        """Names of the document stay, but for products of factors, which are put back later."""
        operator = isinstance(self.problem.where.get(shared.label), MatrixOperator)
        return shared.named and not operator

    def _simplified(self, term: Term, keep_adjoints: bool) -> Term:
        reader = self._readers.get(keep_adjoints)
        if reader is None:
            reader = self._readers[keep_adjoints] = self._reader(keep_adjoints)
        return reader.term(reader.normaliser.of(term))

    def _reader(self, keep_adjoints: bool) -> Reader:
        def keep(shared: Shared) -> bool:
            return self._keeps(shared) or (
                keep_adjoints and shared in self._made and shared.label is not None
            )

        normaliser = Normaliser(None, False, self.budget, keep)
        Hypotheses.of(self.problem).prepare(normaliser)
        lowering = self.problem.lowering
        operators = (s for s in lowering.shared if isinstance(s.label, MatrixOperator))
        return Reader(normaliser, (*lowering.named.values(), *operators))


def derived(problem: Problem, statement: Statement, documented: Any = None) -> Any:
    """The derived side of a statement as a SymPy expression, None where it cannot be written.

    :param documented: the documented side, where the two are proved equal.
    """
    known = problem.memory.get(documented)
    if known is None:
        known = problem.memory[documented] = Answer(problem, statement).derived(documented)
    return known


def adjoints_in(problem: Problem, expr: Any) -> tuple[str, ...]:
    """What an expression calls by a name that no document gave it: adjoints through time."""
    arrays = expr.atoms(sp.IndexedBase) if isinstance(expr, sp.Basic) else set()
    made = {adjoint.label: primal.label for primal, adjoint in problem.steps if adjoint.named}
    return tuple(
        f"{name} is the derivative in {of}, at each of its positions; it is defined backward"
        for name, of in made.items()
        if name in arrays
    )


def assumptions(
    problem: Problem, statement: Statement, *normalisers: Normaliser
) -> tuple[Any, ...]:
    """What a proof relied on: the given facts it used, then the conditions it found.

    Inverses are looked for in the statement itself if no canonical form has met one, as where both
    sides were seen to be equal as they are written.
    """
    sides = statement.left, statement.right
    divided_by, traits = denominators(*sides)
    conditions = [
        *Hypotheses.of(problem).conditions,
        *(Condition(term, "!=") for term in divided_by),
    ]
    if divided_by or (
        Hypotheses.of(problem).conditions and (problem.signs or problem.trait_labels)
    ):
        normaliser = Normaliser(budget=share(WORK), keep=lambda _: True)
        conditions = _open_conditions(problem, normaliser, conditions)
        normalisers = (*normalisers, normaliser)
        unfolding = Normaliser(budget=share(WORK))
        left = _open_conditions(problem, unfolding, conditions) if conditions else conditions
        if len(left) < len(conditions):
            conditions, normalisers = left, (*normalisers, unfolding)
    bounds = (fact for array in problem.lowering.labels for fact in problem.held[array].facts)
    result: dict[Any, None] = dict.fromkeys((*bounds, *problem.about_integers))
    # That a symbol is declared positive goes without saying where it only stands below a fraction.
    given = (t for t in traits if (t[0], t[1].symbol) in problem.trait_labels)
    used = [label for n in normalisers for label in n.used]
    for label in (*given, *used, *problem.relied_on):
        if isinstance(label, tuple) and isinstance(label[1], Value):
            continue  # a law of a function of a matrix, wherever it has a value
        if isinstance(label, tuple) and isinstance(label[1], Array):
            trait, array = label
            known = problem.trait_labels.get((trait, array.symbol))
            result[known if known is not None else _predicate(trait, array.symbol)] = None
        elif label is not None and not isinstance(label, (tuple, Condition)):
            result[label] = None
    classes = [list(labels) for n in normalisers for labels in n.matrices.inverted.values()]
    if problem.inventory.invertible and not classes:
        classes = [[shared.label] for shared in inverted_in(sides)]
    for matrices in filter(None, classes):
        result[_invertible(min(matrices, key=_transposes))] = None
    roots = (m.label for m, name, _ in problem.lowering.of_matrices if name in SQUARES)
    result |= {sp.Q.positive_definite(a): None for a in roots if not is_surely_definite(a, result)}
    found = conditions
    for n in normalisers:
        found += [Condition(Reader(n).term(dict(key)), "!=") for key in n.divided_by]
        found += [Condition(term, "+") for term in n.assumed]
    for condition in found:
        relation = _condition(condition, problem.names)
        if not (isinstance(condition.term, Int) and _is_of_indices(relation, problem.names)):
            result[relation] = None
    result |= dict.fromkeys(problem.inventory.real_numbers_that_count)
    result.pop(sp.true, None)  # what SymPy sees to hold anyway
    return without_implied(result)


def _is_of_indices(relation: Any, taken: frozenset[str]) -> bool:
    """Whether a relation between integers is one of indices alone that a sum runs over.

    Nothing can be assumed of those: the sum has a value for all of them, or the claim has none.
    """
    return bool(relation.free_symbols) and all(s.name not in taken for s in relation.free_symbols)


def _open_conditions(
    problem: Problem, normaliser: Normaliser, conditions: list[Condition]
) -> list[Condition]:
    """The conditions that do not follow from what is given."""
    try:
        Hypotheses.of(problem).prepare(normaliser, ())
        return [c for c in conditions if c.relation != "!=" or may_vanish(normaliser, c.term)]
    except (BudgetExceeded, UnsupportedError):
        return conditions


def _invertible(matrix: Any) -> Any:
    """That a matrix is invertible: it is where its transpose is."""
    return sp.Q.invertible(matrix.arg if isinstance(matrix, sp.Transpose) else matrix)


def _transposes(matrix: Any) -> int:
    return len(matrix.atoms(sp.Transpose)) if isinstance(matrix, sp.Basic) else 0


def _predicate(trait: str, symbol: Any) -> Any:
    return getattr(sp.Q, trait)(symbol)


def _meeting(value: Any) -> list[tuple[Any, Any]]:
    """The pairs of indices that make a value 0 where they are equal, as k and j do x[k] − x[j]."""
    read = value.atoms(MatrixElement, sp.Indexed)
    indices = {s for entry in read for index in entry.indices for s in index.free_symbols}
    indices = {s for s in indices if s.is_integer}
    return [
        (a, b) for a, b in combinations(sorted(indices, key=str), 2) if value.xreplace({a: b}) == 0
    ]


def _condition(condition: Condition, taken: frozenset[str]) -> Any:
    """A condition as a SymPy relation between entries."""
    if isinstance(condition.term, Determinant) and condition.relation == "!=":
        return _invertible(condition.term.data[0].label)
    value = Writer(taken=taken).scalar(condition.term)
    # SymPy, which would take long to find out, knows nothing of the entries of a matrix.
    known = not value.has(MatrixElement)
    if condition.relation == "!=":
        value = -value if value.could_extract_minus_sign() else value
        relation = sp.Ne(value, 0, evaluate=known)
        apart = [sp.Eq(a, b) for a, b in _meeting(value)]
        return sp.Or(*apart, relation, evaluate=False) if apart else relation
    if condition.relation == "+":
        return sp.Gt(value, 0, evaluate=known)
    return sp.Symbol(f"the maximum {value} is attained once")
