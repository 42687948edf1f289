"""Whether a documented side lacks a term, or two: numbers choose among those that may be missing,
and a proof decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import sympy as sp

from derive.diagnosis import missing
from derive.diagnosis.claimed import Documented, times
from derive.diagnosis.places import Site
from derive.diagnosis.quoting import quoted, text_in
from derive.diagnosis.trial import Trial

SHORT = 90  # characters of a term that is said to be missing
MOST_INSIDE = 3  # places inside of products in which a term may be missing
MOST_THERE = 120  # terms that are tried in one of them


def lacking(trial: Trial, documented: Documented, of_others: bool = False) -> tuple[str, Any]:
    """A term, or two, with which the claim is proved; and the side with it.

    :param of_others: only one of something that the documented side does not mention.
    """
    side, numbers = documented.side, missing.scalars(documented)
    groups = ((term,) for term in missing.terms(documented))
    for group in chain(groups, missing.pairs(documented)):
        if trial.late:
            return "", None
        if of_others and all(term.free_symbols <= side.free_symbols for term in group):
            continue
        for multiples in trial.multiples(group, numbers):
            term = multiples[0][1]
            written = missing.written(multiples)
            if documented.has_more_of_the_other(written):
                continue
            words, whole = missing_words(written), plus(side, written)
            if not words and not documented.claim.states_both:  # too long: what is derived shows it
                what = (
                    quoted("a multiple of {} is", term) if len(multiples) == 1 else "two terms are"
                )
                words = f"{what or 'a term is'} missing"
            if words and trial.holds(whole):
                return words, whole
    return "", None


def lacking_inside(trial: Trial, documented: Documented) -> tuple[str, Any]:
    """A term that a factor of a product lacks, as Σ P∘G in P∘(G − Σ P∘G); and the side with it."""
    side = documented.side
    for site in islice(_inside(documented), MOST_INSIDE):
        inner = Documented(documented.claim, site.node, documented.shapes)
        numbers = missing.scalars(documented)
        alone = ((term,) for term in missing.terms(inner))
        for group in chain(islice(alone, MOST_THERE), islice(missing.pairs(inner), MOST_THERE)):
            if trial.late:
                return "", None
            changes = [_change(side, site, term) for term in group]
            for multiples in trial.multiples(changes, numbers):
                factors = [factor for factor, _ in multiples]
                written = missing.written([*zip(factors, group, strict=True)])
                many = "two terms are" if group[1:] else "a term is"
                words = missing_words(written) or f"{many} missing"
                whole = site.put(plus(site.node, written))
                if trial.holds(whole):
                    place = text_in(site.node)
                    told = f" in {place}" if len(place) <= SHORT else " inside of a product"
                    return words + told, whole
    return "", None


def _change(side: Any, site: Site, term: Any) -> Any:
    """What a term that is added in a place adds to a side."""
    return sp.MatAdd(site.put(plus(site.node, term)), times(-1, side), evaluate=False)


def _inside(documented: Documented) -> Iterator[Site]:
    """Matrices that are factors of a product: sums, and what a product entry by entry is of."""
    for site in documented.sites:
        if not site.affine or not documented.is_matrix(site.node):
            continue
        node, parent = site.node, site.parent
        product = isinstance(parent, (sp.MatMul, sp.HadamardProduct))
        entrywise = isinstance(parent, sp.HadamardProduct) and isinstance(node, sp.MatMul)
        if entrywise or (product and isinstance(node, sp.MatAdd)):
            yield site


def plus(side: Any, term: Any) -> Any:
    return (sp.MatAdd if isinstance(term, sp.MatrixExpr) else sp.Add)(side, term, evaluate=False)


def missing_words(term: Any) -> str:
    words = text_in(term)
    if len(words) > SHORT:
        return ""
    many = isinstance(term, (sp.Add, sp.MatAdd))
    return f"the terms {words} are missing" if many else f"the term {words} is missing"
