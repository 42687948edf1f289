"""An identity as a person shows it: one side, with definitions put in, becomes the other.

Each line is proved as an identity of its own. Definitions that the other side speaks of, too, are
left as they are; the last line says which of them it needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sympy as sp

from derive.claims.verdict import HOLDS, Verdict
from derive.cli.derivation import LONGEST, Decide, Line, listed, proved
from derive.cli.law_phrases import ALGEBRA, SAME_FORM, phrases
from derive.language.images import AvgPool2d, Conv2d
from derive.language.operators import LogSumExp, Softmax
from derive.language.printing import text_of
from derive.language.sequences import Recurrence

MOST_UNFOLDINGS = 4
OF_PRODUCTS: tuple[tuple[type, str], ...] = (
    (sp.Trace, "tr(AB) = tr(BA)"),
    (sp.Determinant, "det(AB) = det(A) det(B)"),
)
OF_ANGLES = "sin and cos of a sum of angles"
# What is written out where the other side does not speak of it.
OPERATORS: tuple[tuple[type, str], ...] = (
    (Softmax, "softmax is exp over the sum of exp"),
    (LogSumExp, "logsumexp is the logarithm of the sum of exp"),
    (Conv2d, "the convolution written out"),
    (AvgPool2d, "the mean of each window written out"),
    (sp.Trace, "a trace is the sum of the diagonal"),
)
MOST_LEFT_OUT = 8  # definitions of which it is asked whether the last line needs them


def identity_lines(verdict: Verdict, decide: Decide) -> tuple[Line, ...]:
    """The lines of an identity that holds; none where they would be too long to be read."""
    claim: Any = verdict.claim
    form, lines = claim.left, list[Line]()
    for form, line in _unfolded(claim, decide):
        if line is None or len(text_of(form)) > LONGEST:
            return ()
        lines.append(line)
    proof, needed = _last(claim, form, verdict, decide)
    reasons = [*([_definitions(needed)] if needed else ()), *_written_out(form, claim.right)]
    facts = tuple(fact for fact in proof.assumptions if fact in claim.given)
    laws = phrases(proof)
    if laws not in ((ALGEBRA,), (SAME_FORM,)) or not (reasons or facts):
        reasons += laws
    if lines and reasons == [ALGEBRA] and not facts:  # the definitions alone make it so
        return (*lines[:-1], replace(lines[-1], claim=claim))
    last = Line(claim, None, tuple(reasons), facts, goes_on=bool(lines))
    return (*lines, last)


def _written_out(one: Any, other: Any) -> list[str]:
    """What only one of two sides speaks of, and the other in other words."""
    said = [text for kind, text in OPERATORS if bool(one.has(kind)) != bool(other.has(kind))]
    turned = [{f for f in side.atoms(sp.sin, sp.cos) if f.args[0].is_Add} for side in (one, other)]
    said += [OF_ANGLES] if turned[0] != turned[1] else []
    for kind, of_products in OF_PRODUCTS:
        inside = [{node.arg for node in side.atoms(kind)} for side in (one, other)]
        if all(inside) and inside[0] != inside[1]:
            said.append(of_products)
    return said


def _unfolded(claim: Any, decide: Decide) -> Iterator[tuple[Any, Line | None]]:
    """The left side with definitions put in that the right side does not speak of, until the rest
    is seen without them; None for a line that is not proved.
    """
    form = claim.left
    for number in range(MOST_UNFOLDINGS):
        names = [s for s in _put_in(claim.where) if form.has(s) and not claim.right.has(s)]
        if not names:
            return
        without = {s: v for s, v in claim.where.items() if s not in names}
        if proved(replace(claim, left=form, where=without), decide) is not None:
            return
        new = form.xreplace({name: claim.where[name] for name in names})
        own = replace(claim, right=new)
        if new == form or proved(own, decide) is None:
            yield form, None
            return
        form = new
        yield form, Line(own, None, (_definitions(names),), goes_on=number > 0)


def _put_in(where: Any) -> list[Any]:
    """The symbols that may be replaced by what they are defined as."""
    return [
        s for s, v in where.items()
        if isinstance(s, (sp.Symbol, sp.MatrixSymbol)) and not isinstance(v, Recurrence)
    ]  # fmt: skip


def _last(claim: Any, form: Any, whole: Verdict, decide: Decide) -> tuple[Verdict, list[Any]]:
    """The proof that a form is the right side, and the definitions that it needs."""
    needed = dict(claim.where)
    proof = whole if form == claim.left else decide(replace(claim, left=form))
    if proof.status != HOLDS:
        return whole, []
    if len(needed) > MOST_LEFT_OUT:
        return proof, []
    for symbol in reversed(list(claim.where)):
        where = {s: v for s, v in needed.items() if s != symbol}
        without = proved(replace(claim, left=form, where=where), decide)
        if without is not None:
            proof, needed = without, where
    return proof, [symbol for symbol in needed if form.has(symbol) or claim.right.has(symbol)]


def _definitions(names: list[Any]) -> str:
    noun = "definition" if len(names) == 1 else "definitions"
    return f"the {noun} of {listed(map(text_of, names))}"
