"""Claims as one line of plain text, in a document's own notation."""

from __future__ import annotations

from typing import Any

from derive.claims.kinds import Claim
from derive.language.printing import operand, text_of


def statement(claim: Claim) -> str:
    """The claim in one line: what it equates, its definitions and its assumptions."""
    text = equation(claim)
    if claim.where:
        text += f", where {', '.join(definitions(claim))}"
    if claim.assumed:
        text += f", given {', '.join(text_of(fact) for fact in claim.assumed)}"
    return text


def equation(claim: Any) -> str:
    """What the claim equates, without its definitions and assumptions."""
    return f"{left(claim)} {'≤' if claim.at_most else '='} {text_of(claim.documented)}"


def left(claim: Any) -> str:
    """The left side of a claim."""
    if claim.states_both:
        return text_of(claim.left)
    return derivative(claim) if claim.has_sides else f"shape of {text_of(claim.of)}"


def derivative(claim: Any) -> str:
    """The derivative that a claim is about."""
    of, wrt = operand(claim.of), operand(claim.wrt)
    text = f"∂²{of}/∂{wrt}²" if claim.derivatives == 2 else f"∂{of}/∂{wrt}"
    return text if claim.weights is None else f"Σ {operand(claim.weights)} · {text}"


def definitions(claim: Claim) -> list[str]:
    """The claim's definitions, one ``symbol = expression`` each."""
    return [f"{text_of(symbol)} = {text_of(value)}" for symbol, value in claim.where.items()]


def function_name(function: Any) -> str:
    """The name of an undefined function, a ``ScalarFunction`` or a bare name."""
    return str(getattr(function, "name", None) or getattr(function, "__name__", None) or function)
