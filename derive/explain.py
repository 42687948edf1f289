"""Why a claim is wrong, in one sentence: where it fails, and what common mistake explains it."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import sympy as sp

from derive.atoms import Polynomial
from derive.claims import Claim, Identity, Inequality
from derive.decide import vanishes
from derive.errors import DeriveError
from derive.index import substitute
from derive.integers import as_poly
from derive.normalise import Normaliser
from derive.operators import Tensor
from derive.problem import Problem
from derive.show import NoMatrixForm, Writer
from derive.simplify import Reader
from derive.statement import Statement
from derive.verdict import Witness

SECONDS = 1.0
MOST_OF_AN_ENTRY = 120  # characters
PLAIN = ("int", "prime", "const")  # kinds of factors that a person forgets


def disagreement(
    problem: Problem, claim: Claim, statement: Statement, witness: Witness, deadline: float
) -> str:
    """One sentence for a claim that a witness refutes."""
    where = difference(claim, witness)
    if isinstance(claim, Inequality):
        return where
    hint = _hint(problem, statement, min(deadline, time.monotonic() + SECONDS))
    return f"{hint}; {where}" if hint else where


def difference(claim: Claim, witness: Witness) -> str:
    """What the two sides are at a witness."""
    sizes = ", ".join(f"{name} = {value}" for name, value in witness.sizes.items())
    entry = f" at entry {witness.entry}" if witness.entry else ""
    at = f" for {sizes}" if sizes else ""
    if isinstance(claim, Inequality):
        return f"{witness.left} ≤ {witness.right} is false{entry}{at}"
    sides = ("left", "right") if isinstance(claim, Identity) else ("derived", "documented")
    return f"{witness.left} {sides[0]} against {witness.right} {sides[1]}{entry}{at}"


def _hint(problem: Problem, statement: Statement, deadline: float) -> str:
    """The mistake that explains the difference, or the assumption under which there is none."""
    try:
        normaliser = Normaliser(None, False, deadline)
        problem.prepare(normaliser)
        left, right = normaliser.of(statement.left), normaliser.of(statement.right)
        for attempt in (_transposed, _factor, _assumption):
            hint = attempt(problem, statement, normaliser, left, right)
            if hint:
                return hint
    except (DeriveError, NoMatrixForm, RecursionError, ArithmeticError):
        return ""
    return ""


def _transposed(
    problem: Problem, statement: Statement, n: Normaliser, left: Polynomial, right: Polynomial
) -> str:
    """The documented side is the transpose of what is derived."""
    if len(statement.place) != 2 or not all(p.variables for p in statement.place):
        return ""
    i, j = (next(iter(p.variables)) for p in statement.place)
    if i.high != j.high:
        return ""
    turned = substitute(statement.right, {i: as_poly(j), j: as_poly(i)})
    if vanishes(n, n.subtract(left, n.of(turned))):
        return "the documented side is the transpose of what is derived"
    return ""


def _factor(
    problem: Problem, statement: Statement, n: Normaliser, left: Polynomial, right: Polynomial
) -> str:
    """derived = r · documented, r free of the entry's indices."""
    if not left or not right:
        return ""
    for monomial, coefficient in right.items():
        lead = next(iter(left.items()))
        exponents = dict(lead[0])
        for atom, e in monomial:
            exponents[atom] = exponents.get(atom, 0) - e
        exponents = {a: e for a, e in exponents.items() if e}
        if any(a.kind not in PLAIN for a in exponents) or len(exponents) > 2:
            continue
        ratio: Polynomial = {n.monomial(exponents): Fraction(lead[1]) / Fraction(coefficient)}
        if vanishes(n, n.subtract(left, n.multiply(ratio, right))):
            written = Writer(taken=problem.names).scalar(Reader(n).term(ratio))
            if written == -1:
                return "the sign is wrong: it holds with a factor -1"
            return f"it holds with a factor {written}"
    return ""


def _assumption(
    problem: Problem, statement: Statement, n: Normaliser, left: Polynomial, right: Polynomial
) -> str:
    """The sides differ by a factor that a simple assumption makes vanish."""
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
    if e not in (1, -1) or atom.kind in ("index", "base", "real"):
        return ""
    value = -Fraction(c2) / Fraction(c1)
    value = value if e == 1 else 1 / value
    written = Writer(taken=problem.names).scalar(Reader(n).term({((atom, 1),): 1}))
    return f"it would hold if {written} = {_rational(value)}"


def _rational(value: Fraction) -> Any:
    return sp.Rational(value.numerator, value.denominator)


def entry_by_entry(derived: Any) -> str:
    """What an array of more axes than a matrix is at its indices, where that is short."""
    if not isinstance(derived, Tensor) or len(derived.axes) < 3:
        return ""
    indices = ", ".join("0" if size == 1 else str(index) for index, size in derived.axes)
    body = str(derived.body)
    return f"; its entry ({indices}) is {body}" if len(body) <= MOST_OF_AN_ENTRY else ""
