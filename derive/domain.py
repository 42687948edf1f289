"""Where both sides of a claim are defined: what that says about the signs in them.

A claim is made for the real values at which both sides are defined. Where log u stands in one of
them, u is positive there; where a square root of u does, u is not negative.
"""

from __future__ import annotations

from derive.index import (
    Add,
    Apply,
    Entry,
    IndexBracket,
    Mul,
    Num,
    Pow,
    RealBracket,
    Ref,
    Term,
    Unknown,
)
from derive.normalise import Normaliser

FEW = 3  # terms of an argument of which something is taken
PLAIN = frozenset({"entry", "int"})


def assume_defined(normaliser: Normaliser, *sides: Term) -> None:
    """Let a normaliser assume the signs without which the sides have no value.

    Nothing is taken from a factor of a bracket, which may be zero where the factor has no
    value, nor from under a sum, whose index is not fixed.
    """
    seen: set[Term] = set()
    stack = list(sides)
    facts: list[tuple[Term, str]] = []
    while stack:
        term = stack.pop()
        if term in seen:
            continue
        seen.add(term)
        if isinstance(term, Mul) and any(_is_bracket(a) for a in term.args):
            continue
        if isinstance(term, Apply) and term.data[0] == "log":
            facts.append((term.args[0], "+"))
        elif isinstance(term, Pow) and isinstance(term.args[1], Num):
            exponent = term.args[1].data[0]
            if exponent != int(exponent):
                facts.append((term.args[0], "+" if exponent < 0 else "0+"))
            elif exponent < 0:
                base = term.args[0]
                if isinstance(base, Apply) and base.data[0] == "Abs":
                    base = base.args[0]
                if isinstance(base, Entry):
                    facts.append((base, "!="))
        if isinstance(term, Ref):
            if not term.data[1]:
                stack.append(term.data[0].body)
        elif isinstance(term, (Add, Mul, Pow, Apply, Unknown)):
            stack.extend(term.args)
    for term, sign in facts:
        poly = normaliser.of(term)
        kinds = {a.kind for m in poly for a, _ in m}
        if (len(poly) == 1 and "base" not in kinds) or (len(poly) <= FEW and kinds <= PLAIN):
            normaliser.assume(poly, sign, frozenset(), None)
    if facts:
        normaliser.forget()


def _is_bracket(term: Term) -> bool:
    """Whether a term is a bracket, or 1 less one."""
    if isinstance(term, Add):
        return any(_is_bracket(a) for a in term.args)
    if isinstance(term, Mul):
        return any(_is_bracket(a) for a in term.args)
    return isinstance(term, (IndexBracket, RealBracket))
