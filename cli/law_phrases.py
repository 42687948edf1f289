"""What a proof rests on, in words: the laws that rewrote its sides, and its induction."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp

from derive.canonical.laws import LAWS

MOST_PHRASES = 4
ARITHMETIC = "by arithmetic"
OF_INVERSES = "A A⁻¹ = I"
ALGEBRA = "multiplied out and collected, both sides are the same"
SAME_FORM = "both sides have the same canonical form"

# Laws that people name; what only brings terms into an order is not said.
PHRASES = {
    "independent factors": "what does not depend on the index of a sum comes out of it",
    "sum of ones": "a sum of ones is its length",
    "sum of powers": "the sum of powers in closed form",
    "sum over a delta": "a delta uses up its sum",
    "sum of a bracket": "a sum over a part of its range",
    "logarithm": "log(ab) = log a + log b",
    "exponential": "exp(a + b) = exp(a) exp(b)",
    "power of a cosine": "cos² + sin² = 1",
    "absolute value": "|u| is u or −u, by its sign",
    "partial fractions": "partial fractions",
    "repeated factor": "a product of equal factors is a power",
    "joined powers of a matrix": "powers of one matrix add up their exponents",
    "matrix joined to its power": "powers of one matrix add up their exponents",
    "power of an eigenvalue": "the power of a matrix at its eigenvector is that of the eigenvalue",
    "entry of an inverse": "what is known of the inverse",
    "half of a square": "a sum over pairs is half of the one over all, and the diagonal",
}
# Of which nothing is said where they are all: they multiply out and collect.
PLAIN = frozenset({
    "product", "power", "power of a sum", "integer power", "sum", "sum of a product",
    "name of a sum", "names of indices", "renamed sum",
})  # fmt: skip
_BASE = re.compile(r"induction, base t = (.*)")
_STEP = re.compile(r"induction, step from (.*) to t")


def phrases(verdict: Any) -> tuple[str, ...]:
    """What the proof of a verdict used, the induction first; plain algebra where nothing else."""
    sides = verdict.claim.said
    if not any(side.free_symbols for side in sides):
        return (ARITHMETIC,)
    spoken = {law.statement: PHRASES[name] for name, law in LAWS.items() if name in PHRASES}
    rules = dict.fromkeys(str(step.rule) for step in verdict.steps)
    found: dict[str, None] = {}
    bases = [match[1] for rule in rules if (match := _BASE.fullmatch(rule))]
    steps = [match[1] for rule in rules if (match := _STEP.fullmatch(rule))]
    if bases and steps:
        base = "at its start" if re.search(r"\bt\b", bases[0]) else f"at t = {bases[0]}"
        found[f"by induction over t: it holds {base}, and at t where it does at {steps[0]}"] = None
    if any(isinstance(side, sp.Basic) and side.has(sp.Inverse) for side in sides):
        # Sums over the entries of products, and a delta where one of them is I.
        taken_up = {LAWS[name].statement for name in ("independent factors", "sum over a delta")}
        if taken_up.intersection(rules):
            found[OF_INVERSES] = None
        spoken = {rule: said for rule, said in spoken.items() if rule not in taken_up}
    for step in verdict.steps:
        if phrase := spoken.get(str(step.rule)) or _of_squares(step):
            found[phrase] = None
    plain = {law.statement for name, law in LAWS.items() if name in PLAIN}
    laws = {law.statement for law in LAWS.values()}
    rest = ALGEBRA if plain.issuperset(laws.intersection(rules)) else SAME_FORM
    return tuple(found)[:MOST_PHRASES] or (rest,)


def _of_squares(step: Any) -> str | None:
    """cos² is used up where a product is multiplied out, and not as a step of its own."""
    before, after = step.before, step.after
    if not isinstance(before, sp.Expr) or not isinstance(after, sp.Expr):
        return None
    turned = before.has(sp.cos) and not after.has(sp.cos) and after.has(sp.sin)
    return PHRASES["power of a cosine"] if turned else None
