"""``derive explain --format latex``: a gradient by the chain rule, from the result back, as LaTeX.

Each line is the gradient in one definition on the way, derived and proved as any claim is; the last
is the documented one. What is not proved is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy as sp

from derive.backends.graph import graph_of
from derive.base.errors import DeriveError
from derive.claims.kinds import Backward, Claim, Gradient
from derive.claims.typesetting import latex_equation, latex_of_derivative
from derive.claims.verdict import HOLDS
from derive.language.typesetting import latex_of

MOST_LINES = 12  # gradients on the way; a deep network has hundreds


class ChainError(Exception):
    """A claim that has no such lines; the message is one sentence."""


def chain(claim: Any, decide: Callable[[Claim], Any], derived: Callable[[Claim], Any]) -> str:
    """The claim as an ``align*``: its definitions, the gradients on the way, the documented side.

    :param decide: what each line is proved by.
    :param derived: the answer to a claim, as the engine derives it.
    :raises ChainError: where the claim does not hold.
    """
    verdict = decide(claim)
    if verdict.status != HOLDS:
        raise ChainError(f"{claim.id} is {verdict.status}: only a proof is set as LaTeX")
    graph = graph_of(claim)
    names = {node.name for node in graph.nodes}
    where = {s: v for s, v in claim.where.items() if str(getattr(s, "name", s)) in names}
    rows = [
        rf"{latex_of(symbol)} &= {latex_of(value)} && \text{{definition}}"
        for symbol, value in where.items()
    ]
    if isinstance(claim, (Gradient, Backward)):
        carried = {graph.nodes[e.target].name for e in graph.edges if e.carries}
        on_the_way = [s for s in where if s.name in carried and s not in (claim.of, claim.wrt)]
        for symbol in list(reversed(on_the_way))[:MOST_LINES]:
            row = _gradient_in(claim, symbol, decide, derived)
            rows += [row] if row else []
        rows.append(
            rf"{latex_of_derivative(claim)} &= {latex_of(claim.equals)} && \text{{as documented}}"
        )
    else:
        left, relation, right = _split(claim)
        rows.append(rf"{left} &{relation} {right} && \text{{as documented}}")
    if verdict.assumptions:
        facts = r",\; ".join(latex_of(fact) for fact in verdict.assumptions)
        rows.append(rf"&\phantom{{=}} {facts} && \text{{assumed}}")
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}\n"


def _split(claim: Any) -> tuple[str, str, str]:
    if claim.kind in ("identity", "inequality"):
        relation = r"\leq" if claim.kind == "inequality" else "="
        return latex_of(claim.left), relation, latex_of(claim.right)
    left, _, right = latex_equation(claim).partition(" = ")
    return left, "=", right


def _gradient_in(
    claim: Any,
    symbol: Any,
    decide: Callable[[Claim], Any],
    derived: Callable[[Claim], Any],
) -> str:
    """The line of one definition on the way; ``""`` where its gradient is not proved."""
    try:
        own = replace(claim, wrt=symbol, equals=sp.S.Zero)
        own = replace(own, equals=derived(own))
    except DeriveError:
        return ""
    if decide(own).status != HOLDS:
        return ""
    return rf"{latex_of_derivative(own)} &= {latex_of(own.equals)} && \text{{chain rule}}"
