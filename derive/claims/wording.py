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
    match claim.kind:
        case "identity":
            return f"{text_of(claim.left)} = {text_of(claim.right)}"
        case "inequality":
            return f"{text_of(claim.left)} ≤ {text_of(claim.right)}"
        case "shape":
            return f"shape of {text_of(claim.of)} = {text_of(claim.equals)}"
    answer = text_of(claim.documented)
    of, wrt = operand(claim.of), operand(claim.wrt)
    match claim.kind:
        case "hessian":
            return f"∂²{of}/∂{wrt}² = {answer}"
        case "backward":
            return f"Σ {operand(claim.upstream)} · ∂{of}/∂{wrt} = {answer}"
    return f"∂{of}/∂{wrt} = {answer}"


def definitions(claim: Claim) -> list[str]:
    """The claim's definitions, one ``symbol = expression`` each."""
    return [f"{text_of(symbol)} = {text_of(value)}" for symbol, value in claim.where.items()]


def function_name(function: Any) -> str:
    """The name of an undefined function, a ``ScalarFunction`` or a bare name."""
    return str(getattr(function, "name", None) or getattr(function, "__name__", None) or function)
