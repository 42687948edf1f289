"""Mistakes in sums over steps: a row of a sequence, or the slope of a function there, is left out,
or what carries over a step, or what comes in at an end; a power counts from the other end; a range
runs to its end where it is to run to an index.

In the form of :mod:`derive.diagnosis.mistakes`; nothing here decides whether a repair is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import sympy as sp

from derive.diagnosis.claimed import Documented, Repair, applications, times
from derive.diagnosis.lacking import plus
from derive.diagnosis.mistakes import Scaling, axes_along
from derive.diagnosis.places import Site, with_limits
from derive.diagnosis.quoting import quoted
from derive.diagnosis.spans import fitted, spans
from derive.language.printing import text_of
from derive.language.sequences import At, MatrixSum, Recurrence, at

STEPS = (0, 1, -1)  # the row at a step, at the next one and at the one before
MOST = 24  # factors of one product
MOST_NUMBERS = 4  # that a term may be multiplied by
SUMS = (sp.Sum, MatrixSum)
POWERS = (sp.Pow, sp.MatPow)


def missing_at_a_step(d: Documented) -> Iterator[Repair]:
    """A product under a sum over steps, or in a recurrence, lacks the slope of a function at a row
    of a sequence, or such a row.
    """
    for span in spans(d):
        site = span.site
        steps = [
            node.limits[0] if isinstance(node, MatrixSum) else node.index
            for node in site.around
            if isinstance(node, (MatrixSum, Recurrence))
        ]
        for factor, text, what in _at_steps(d, steps):
            shape = d.shape(factor)
            multiple = None if shape is None else fitted(factor, shape, span.shape)
            part = None if multiple is None else span.times(multiple)
            if part is not None:
                yield d.put(site, part, partial(quoted, f"the {what} {{}} is missing", text))


def _at_steps(d: Documented, steps: list[Any]) -> Iterator[tuple[Any, str, str]]:
    """What may be a factor at a step, what it is called, and which kind of factor it is."""
    found = 0
    for step in steps:
        for application in _of_rows(d, step):
            slope = application.slope
            if slope is not None and not slope.is_number and found < MOST:
                found += 1
                yield slope, application.slope_text(application.argument), "derivative"
        for sequence in d.symbols:
            if not isinstance(sequence, sp.Symbol) and len(d.shape(sequence) or ()) == 2:
                for k in STEPS:
                    if found < MOST:
                        found += 1
                        row = at(sequence, step + k)
                        yield row, text_of(row), "factor"


def _of_rows(d: Documented, step: Any) -> Iterator[Any]:
    """The functions that the claim applies to rows of sequences, at rows near a step."""
    seen: set[Any] = set()
    for node in d.all_parts:
        for application in applications(node):
            row = application.argument
            if not isinstance(row, At) or (application.name, row.array) in seen:
                continue
            seen.add((application.name, row.array))
            for k in STEPS:
                yield from applications(application.at(at(row.array, step + k)))


def counted_from_the_other_end(d: Documented) -> Iterator[Repair]:
    """A power β^s in a sum over s that is to be β^(T − s), or the other way round."""
    for site in d.sites:
        node = site.node
        if not isinstance(node, POWERS):
            continue
        for k, low, high in _ranges_around(site):
            slope = sp.expand(node.exp).coeff(k) if node.exp.has(k) else 0
            if slope not in (1, -1):
                continue
            turned = low + high - k
            for shift in STEPS:
                exponent = sp.expand(node.exp.subs(k, turned) + shift)
                yield d.put(site, type(node)(node.base, exponent))


def _ranges_around(site: Site) -> Iterator[Any]:
    for node in site.around:
        if isinstance(node, MatrixSum):
            yield node.limits
        elif isinstance(node, sp.Sum):
            yield from node.limits


def runs_to_an_index(d: Documented) -> Iterator[Repair]:
    """A range that is to begin or to end at an index of the claim, or to run along another axis."""
    for site in d.sites:
        node = site.node
        if not isinstance(node, SUMS):
            continue
        limits = [node.limits] if isinstance(node, MatrixSum) else list(node.limits)
        for position, (k, low, high) in enumerate(limits):
            others = [(low, size - 1) for size in axes_along(d, node, k)]
            for index in d.indices_at(site):
                if index not in (k, low, high):
                    others += [(low, index + shift) for shift in STEPS]
                    others += [(index + shift, high) for shift in STEPS]
            for ends in others:
                changed = [*limits[:position], sp.Tuple(k, *ends), *limits[position + 1 :]]
                words = partial(quoted, "it holds with the range {} = {} … {}", k, *ends)
                if ends != (low, high):
                    yield d.put(site, with_limits(node, changed), words)


def missing_at_an_end(d: Documented) -> Iterator[Scaling]:
    """What stands at one end of a sequence is left out: the value of the last state, discounted."""
    if d.shape(d.side) != () or not d.is_whole:
        return
    whole = d.sites[0]
    bases = [s.node.base for s in d.sites if isinstance(s.node, sp.Pow) and s.node.exp.free_symbols]
    for sequence in d.symbols:
        axes = d.shape(sequence) or ()
        if not isinstance(sequence, sp.IndexedBase) or len(axes) != 1:
            continue
        for place in (axes[0] - 1, sp.S.Zero):
            term = sequence[place]
            powers = [base ** (axes[0] - 1) * term for base in dict.fromkeys(bases)]
            for added in dict.fromkeys((term, *powers)):
                yield _added(whole, added)


def missing_in_a_step(d: Documented) -> Iterator[Repair]:
    """A recurrence of rows lacks a term: what is carried over unchanged, or comes in."""
    if not isinstance(d.side, Recurrence) or d.side.initial is None:
        return
    step = next(site for site in d.sites if site.parent is d.side)
    numbers = [s for s in d.symbols if isinstance(s, sp.Symbol)][:MOST_NUMBERS]
    multiples = [sp.S.One, *(f for s in numbers for f in (s, 1 - s, 1 + s)), sp.S.NegativeOne]
    for sequence in d.symbols:
        if not isinstance(sequence, sp.Symbol) and len(d.shape(sequence) or ()) == 2:
            for k, factor in product(STEPS, multiples):
                row = at(sequence, d.side.index + k)
                if d.alike(row, step.node):
                    missing = times(factor, row)
                    words = partial(quoted, "the term {} is missing", missing)
                    yield Repair(step.put(plus(step.node, missing)), words)


def _added(site: Site, term: Any) -> Scaling:
    """A term added in a place, with the factor that it is to have."""

    def put(factor: Any) -> Repair | None:
        if factor == 0:
            return None
        missing = times(factor, term)
        words = partial(quoted, "the term {} is missing", missing)
        return Repair(site.put(plus(site.node, missing)), words)

    return Scaling(site.put(plus(site.node, term)), put, added=True)


STEPWISE = (
    missing_at_a_step, missing_in_a_step, runs_to_an_index, counted_from_the_other_end,
    missing_at_an_end,
)  # fmt: skip
