"""Claims and verdicts in LaTeX, for documents and notebooks: ``sympy.latex`` of either."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import sympy as sp

from derive.language.differing import differing
from derive.language.typesetting import latex_of, latex_of_operand, latex_of_shape


def latex_equation(claim: Any) -> str:
    """What a claim equates, without its definitions and assumptions."""
    shown = latex_of if claim.has_sides else latex_of_shape
    return f"{latex_left(claim)} {relation(claim)} {shown(claim.documented)}"


def relation(claim: Any) -> str:
    """What stands between the sides of a claim."""
    return r"\leq" if claim.at_most else "="


def latex_of_derivative(claim: Any) -> str:
    """The derivative that a claim is about, as ∂of/∂wrt."""
    of, wrt = latex_of_operand(claim.of), latex_of_operand(claim.wrt)
    text = rf"\frac{{\partial {of}}}{{\partial {wrt}}}"
    if claim.derivatives == 2:
        text = rf"\frac{{\partial^{{2}} {of}}}{{\partial {wrt}^{{2}}}}"
    if claim.weights is None:
        return text
    return rf"\sum {latex_of_operand(claim.weights)} \cdot {text}"


def latex_left(claim: Any) -> str:
    """The left side of a claim."""
    if claim.states_both:
        return latex_of(claim.left)
    if not claim.has_sides:
        return rf"\operatorname{{shape}}\left({latex_of(claim.of)}\right)"
    return latex_of_derivative(claim)


def latex_of_verdict(verdict: Any) -> str:
    """An ``aligned`` of the claim, its definitions, the verdict and what was derived."""
    claim = verdict.claim
    rows = [rf"&{latex_equation(claim)} && \text{{{verdict.status}}}"]
    rows += [
        rf"&\quad {latex_of(symbol)} = {latex_of(value)}" for symbol, value in claim.where.items()
    ]
    if verdict.derived is not None and verdict.status != "holds" and not _is_stated(verdict):
        rows.append(rf"&\text{{derived: }} {latex_left(claim)} = {latex_of(verdict.derived)}")
    if verdict.assumptions:
        facts = r",\; ".join(latex_of(fact) for fact in verdict.assumptions)
        rows.append(rf"&\text{{where }} {facts}")
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _is_stated(verdict: Any) -> bool:
    """Whether what is derived is the left side as the claim states it."""
    return verdict.claim.states_both and bool(verdict.derived == verdict.claim.left)


MOST_STEPS = 60  # of a proof that a report shows


def typeset(claim: Any, verdict: Any) -> dict[str, Any]:
    """What a report shows of a claim and its verdict, in LaTeX, as plain data.

    Where the derived side is not the documented one, what differs stands in ``\\class{differs}``.
    """
    documented = claim.documented
    definitions = claim.where.items()
    derived = verdict.derived
    marks: tuple[set[Any], set[Any]] = set(), set()
    differs = derived is not None and verdict.status == "disagrees"
    if differs and isinstance(documented, sp.Basic) and isinstance(derived, sp.Basic):
        marks = differing(documented, derived)
        if marks == ({documented}, {derived}):
            marks = set(), set()  # a mark on all of both sides shows nothing
    shown = list(islice(verdict.steps, MOST_STEPS))
    return {
        "left": latex_left(claim),
        "documented": latex_of(documented, marks[0]),
        "derived": (
            None if derived is None or _is_stated(verdict) else latex_of(derived, marks[1])
        ),
        "relation": relation(claim),
        "where": [f"{latex_of(symbol)} = {latex_of(value)}" for symbol, value in definitions],
        "given": [latex_of(fact) for fact in getattr(claim, "given", ())],
        "assumptions": [latex_of(fact) for fact in verdict.assumptions],
        "steps": [
            {"rule": str(step.rule), "before": latex_of(step.before), "after": latex_of(step.after)}
            for step in shown
        ],
        "more_steps": max(len(verdict.steps) - len(shown), 0),
    }


def latex_of_witness(witness: Any, name_of: Callable[[Any], str]) -> dict[str, Any]:
    """The names of a witness, and what is put in for its functions, each by its name as text."""
    functions = {name_of(key): value for key, value in witness.functions.items()}
    return {
        "names": {name: latex_of(sp.Symbol(name)) for name in (*witness.values, *functions)},
        "functions": {name: _mapping(value) for name, value in functions.items()},
    }


def _mapping(function: sp.Lambda) -> str:
    """``Lambda(t, t**2)`` as t ↦ t²."""
    variables = ", ".join(latex_of(variable) for variable in function.variables)
    bound = variables if len(function.variables) == 1 else rf"\left({variables}\right)"
    return rf"{bound} \mapsto {latex_of(function.expr)}"
