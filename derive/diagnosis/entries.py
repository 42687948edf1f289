"""Mistakes in formulas that are written entry by entry, as array code is read: an entry is left out
of a product or taken for another, or a term is left out of a sum.

In the form of :mod:`derive.diagnosis.mistakes`; nothing here decides whether a repair is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, islice, product
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.diagnosis.claimed import Documented, Repair
from derive.diagnosis.exchanges import diagonal_words
from derive.diagnosis.mistakes import ENTRIES, SUMS, Mistake, Scaling, wrong_index
from derive.diagnosis.normalised import quotients
from derive.diagnosis.places import Site, with_limits
from derive.diagnosis.quoting import quoted
from derive.evaluation.mentioned import mentions
from derive.language.operators import Tensor, entry
from derive.language.sequences import Recurrence

MOST_ENTRIES = 20  # that are in scope in one place
MOST_TERMS = 500  # that may be missing in one place


def another_entry(d: Documented) -> Iterator[Repair]:
    """An entry of another array is meant, at the same indices."""
    for site in _by_entries(d):
        node = site.node
        if isinstance(node, ENTRIES):
            for other in _entries(d, site):
                alike = isinstance(other, ENTRIES) and other.args[1:] == node.args[1:]
                if alike and other.args[0] != node.args[0]:
                    yield d.put(
                        site, other, partial(quoted, "it holds with {} for {}", other, node)
                    )


def wrong_time(d: Documented) -> Iterator[Repair]:
    """A sum over time reads an array at each step where the step before or after is meant, of which
    there is none at one end.
    """
    for site in _by_entries(d):
        node = site.node
        if not isinstance(node, sp.Sum):
            continue
        for place, (k, low, high) in enumerate(node.limits):
            at = [e for e in node.function.atoms(*ENTRIES) if k in e.args[1:]]
            for e, (step, ends) in product(
                sorted(at, key=str), ((-1, (low + 1, high)), (1, (low, high - 1)))
            ):
                moved = e.func(e.args[0], *(i + step if i == k else i for i in e.args[1:]))
                body = node.function.xreplace({e: moved})
                limits = [*node.limits[:place], sp.Tuple(k, *ends), *node.limits[place + 1 :]]
                words = partial(quoted, "it holds with {} for {}", moved, e)
                yield d.put(site, with_limits(node, limits, body), words)


def ungated(d: Documented) -> Iterator[Repair]:
    """What is carried through time lacks an entry as a whole: a gate."""
    if isinstance(d.side, Recurrence) and d.side.initial is not None:
        yield from _lacking(d, (_itself,), Tensor)


def lacking_entry(d: Documented) -> Iterator[Repair]:
    """A product lacks an entry."""
    yield from _lacking(d, (_itself,))


def missing_entry(d: Documented) -> Iterator[Repair]:
    """A product lacks an entry, its inverse, or a derivative made of one: v·(1 − v), 1 − v²."""
    every = (_itself, _inverse, _complement, _slope_of_tanh, _slope_of_sigmoid, _mask)
    yield from _lacking(d, every)


def _lacking(
    d: Documented, multiples: Sequence[Callable[[Any], Any]], within: type = object
) -> Iterator[Repair]:
    spots = [s for s in _by_entries(d) if _is_whole_product(s) and isinstance(s.parent, within)]
    for multiple in multiples:
        for site in spots:
            for e in _entries(d, site):
                factor = multiple(e)
                part = e * site.node if factor == e else sp.Mul(factor, site.node, evaluate=False)
                yield d.put(site, part, partial(_missing_words, d, site, factor))


def missing_total(d: Documented) -> Iterator[Repair]:
    """A term lacks a sum along an axis: Σ p·g in p·(g − Σ p·g)."""
    for site in _by_entries(d):
        if not isinstance(site.parent, SUMS) or site.node.is_number:
            continue
        for pair in _pairs(_entries(d, site)):
            for total in _totals(d, site, pair):
                part = sp.Mul(total, site.node, evaluate=False)
                yield d.put(site, part, partial(_missing_words, d, site, total))


def _pairs(entries: list[Any]) -> Iterator[Any]:
    """Products of two entries that have the same indices."""
    for e, f in combinations(entries, 2):
        if _indices(e) == _indices(f):
            yield e * f


def _indices(e: Any) -> set[Any]:
    return {s for s in e.free_symbols if s.is_Symbol and s.is_integer and not s.is_positive}


def missing_entry_term(d: Documented) -> Iterator[Scaling]:
    """A sum lacks a term: an entry, a product of two, a sum or a mean along an axis. Of a 0 there
    is nothing that a term could be missing from: the answer itself says what is meant.
    """
    for site in _by_entries(d):
        if site.node.is_zero:
            continue
        outermost = site.parent is None or isinstance(site.parent, Tensor)
        whole = outermost and not isinstance(site.node, SUMS)
        if isinstance(site.node, sp.Add) or whole:
            for term in islice(_terms(d, site), MOST_TERMS):
                put = partial(_with_term, d, site, term)
                yield Scaling(site.put(sp.Add(site.node, term, evaluate=False)), put, added=True)


def only_the_diagonal_entry(d: Documented) -> Iterator[Repair]:
    """p·(1 − p)·g, as if of a function entry by entry, for p·(g − Σ p·g) along an axis of p."""
    for site in _by_entries(d):
        if not isinstance(site.node, sp.Mul):
            continue
        for p in (*(f for f in site.node.args if isinstance(f, ENTRIES)), *_quotients(d, site)):
            factors = [f for f in site.node.args if f != 1 - p]
            rest = sp.Mul(*factors) / p
            if len(factors) == len(site.node.args) or (rest.has(p) and isinstance(p, ENTRIES)):
                continue
            for total in _totals(d, site, p * rest):
                part = p * sp.Add(rest, -total, evaluate=False)
                yield d.put(site, part, partial(diagonal_words, part, site.node))


def missing_projection_entry(d: Documented) -> Iterator[Repair]:
    """p·g for p·(g − Σ p·g) along an axis, whatever p is."""
    for site in _by_entries(d):
        whole = site.parent is None or isinstance(site.parent, (Tensor, *SUMS))
        if not isinstance(site.node, sp.Mul) or not whole:
            continue
        for p in site.node.args:
            rest = sp.Mul(*(f for f in site.node.args if f is not p))
            if p.is_number or not rest.free_symbols & p.free_symbols:
                continue
            for total in _totals(d, site, p * rest):
                part = p * sp.Add(rest, -total, evaluate=False)
                yield d.put(site, part, partial(_projection_words, part, site.node))


def _projection_words(part: Any, node: Any) -> str:
    words = quoted("it holds with {} for {}", part, node)
    return words or "a sum is missing: p*(g - sum(p*g)) is meant where p*g stands"


def another_axis(d: Documented) -> Iterator[Repair]:
    """A sum along another axis of all that is in it."""
    for site in _by_entries(d):
        if not isinstance(site.node, sp.Sum) or len(site.node.limits) != 1:
            continue
        body, (k, low, _) = site.node.function, site.node.limits[0]
        scope = d.scope(site)
        for (j, size), (i, _) in product(scope, scope):
            if low == 0 and j in body.free_symbols and i not in body.free_symbols - {j}:
                turned = body.xreplace({k: i, j: k})
                part = with_limits(site.node, [sp.Tuple(k, 0, size - 1)], turned)
                yield d.put(site, part, partial(quoted, "it holds with {} for {}", part, site.node))
                yield from _mean_along(d, site, part, size)


def _mean_along(d: Documented, site: Site, total: Any, size: Any) -> Iterator[Repair]:
    """The mean along another axis, that divides by its size, for the mean that stands there."""
    mean, below = site.parent, 1 / sp.expand(site.node.limits[0][2] + 1)
    if isinstance(mean, sp.Mul) and below in mean.args and 1 / size != below:
        new = {site.node: total, below: 1 / size}
        part = sp.Mul(*(new.get(factor, factor) for factor in mean.args), evaluate=False)
        words = "the mean runs along another axis: it holds with {} for {}"
        yield d.put(site.outer, part, partial(quoted, words, part, mean))


def _with_term(d: Documented, site: Site, term: Any, factor: Any) -> Repair | None:
    if factor == 0:
        return None
    missing = factor * term
    part = sp.Add(site.node, missing, evaluate=False)
    return d.put(site, part, partial(_lacks, "term", missing))


def _lacks(kind: str, missing: Any) -> str:
    """What is said of a term or a factor that is missing, which is quoted unless it is long."""
    return quoted(f"the {kind} {{}} is missing", missing) or f"a {kind} is missing"


def _missing_words(d: Documented, site: Site, factor: Any) -> str:
    words = _lacks("factor", factor)
    if site.parent is None or isinstance(site.parent, Tensor):
        return words
    told = quoted("in the term {}", site.node) if isinstance(site.parent, sp.Add) else ""
    return f"{words} {told}" if words and told else words


# ---- factors that a person forgets


def _itself(e: Any) -> Any:
    return e


def _inverse(e: Any) -> Any:
    return 1 / e


def _complement(e: Any) -> Any:
    return 1 - e


def _slope_of_tanh(e: Any) -> Any:
    return 1 - e**2


def _slope_of_sigmoid(e: Any) -> Any:
    return sp.Mul(e, 1 - e, evaluate=False)


def _mask(e: Any) -> Any:
    return sp.Piecewise((1, e > 0), (0, True))


# ---- what is in scope


def _by_entries(d: Documented) -> list[Site]:
    """The places of a formula for an entry; none in formulas of whole matrices."""
    return [site for site in d.sites if d.scope(site) and d.shape(site.node) == ()]


def _is_whole_product(site: Site) -> bool:
    """Whether a factor that is missing here is missing of no larger product."""
    whole = site.parent is None or isinstance(site.parent, (Tensor, sp.Sum, *SUMS))
    return whole and not site.node.is_number


def _quotients(d: Documented, site: Site) -> list[Any]:
    return quotients(d, d.scope(site))


def _array(e: Any) -> Any:
    """The array of an entry; None for a quotient."""
    return e.args[0] if isinstance(e, ENTRIES) else None


def _entries(d: Documented, site: Site) -> list[Any]:
    """The entries of the claim's arrays at the indices that are bound in a place, those of the
    formula's own arrays first.
    """
    scope = d.scope(site)
    bound = {index for index, _ in scope}
    own = (part.node for part in d.sites if isinstance(part.node, ENTRIES))
    found = [e for e in own if set().union(*(i.free_symbols for i in e.args[1:])) <= bound | d.free]
    found += _quotients(d, site)
    for symbol in sorted(d.symbols, key=lambda s: not d.side.has(s)):
        shape = d.shape(symbol)
        if not shape or isinstance(symbol, sp.Symbol):
            continue
        axes = [[0] if size == 1 else _along(d, symbol, size, scope) for size in shape]
        found += [entry(symbol, *at) for at in product(*axes) if len({*at}) == len(at) or 0 in at]
    return list(dict.fromkeys(found))[:MOST_ENTRIES]


def _along(d: Documented, symbol: Any, size: Any, scope: Sequence[tuple[Any, Any]]) -> list[Any]:
    """The indices that may stand at an axis of an array: those that run over it; where the array
    runs through time and has an entry before its first step, those of the steps and of what is
    before them.
    """
    found = [index for index, other in scope if other == size]
    defined = d.claim.where.get(symbol)
    if not isinstance(defined, Recurrence):
        return found
    steps = [index for index, other in scope if sp.expand(size - other) == 1]
    before = steps if defined.initial is not None else []
    return [*found, *(index + 1 for index in steps), *before]


def _terms(d: Documented, site: Site) -> Iterator[Any]:
    """What may be missing in a sum, the simpler first."""
    entries = _entries(d, site)
    carrying = _carrying(d)
    first = [e for e in entries if _array(e) in carrying] if carrying else entries
    others = [e for e in entries if _array(e) not in carrying]
    yield from first
    if not carrying:
        yield from _one_hots(d, site)
    pairs = list(dict.fromkeys(e * f for e, f in product(first, others)))
    yield from pairs
    for e in first:
        yield from _totals(d, site, e)
    for e, f in product(first, others):
        if e != f:
            yield e * (1 - f)
    totals = [total for pair in pairs for total in _totals(d, site, pair)]
    yield from totals
    for total, g in product(totals, others):
        yield g * total


def _one_hots(d: Documented, site: Site) -> Iterator[Any]:
    """[j = y[i]] of the labels that index something in the claim: what p is to lack, as p − y."""
    sizes = dict(d.scope(site))
    scope = list(sizes)
    labels: dict[Any, None] = {}
    for expr in (*d.claim.where.values(), d.side):
        for node in sorted(expr.atoms(sp.Indexed, sp.KroneckerDelta), key=str):
            first = 1 if isinstance(node, sp.Indexed) else 0
            found = (a for a in node.args[first:] if isinstance(a, sp.Indexed))
            labels.update(dict.fromkeys(label.base for label in found))
    for label in labels:
        axes = d.shape(label) or ()
        for i, j in product(product(scope, repeat=len(axes)), scope):
            if j not in i and all(
                dict(d.scope(site))[k] == n for k, n in zip(i, axes, strict=True)
            ):
                yield sp.KroneckerDelta(j, label[i])


def _carrying(d: Documented) -> set[Any]:
    """The arrays that carry what comes from above: a term of a backward pass has one of them."""
    upstream = getattr(d.claim, "upstream", None)
    if not isinstance(upstream, (sp.IndexedBase, sp.MatrixSymbol)):
        return set()
    found = {upstream}
    for name, value in d.claim.where.items():
        if not found.isdisjoint(mentions(value)):
            found.add(name)
    return found


def _totals(d: Documented, site: Site, term: Any) -> Iterator[Any]:
    """Sums of a term along each axis that it has."""
    for index, size in d.scope(site):
        if index in term.free_symbols:
            k = sp.Symbol(f"{index}'", integer=True)
            total = sp.Sum(sp.S.One, (k, 0, size - 1))
            yield with_limits(total, total.limits, _renamed(term, index, k))


def _renamed(term: Any, index: Any, other: Any) -> Any:
    """A term with an index under another name."""
    names = {index: other}
    # Each entry by itself: that its indices are in range is not asked again.
    moved = {
        e: entry(e.parent.xreplace(names), *(i.xreplace(names) for i in e.indices))
        for e in term.atoms(MatrixElement)
    }
    return term.xreplace({**moved, **names})


def _of_free_indices(mistake: Mistake) -> Mistake:
    """The same of a formula for one entry, at free indices of the claim."""

    def repairs(d: Documented) -> Iterator[Repair | Scaling]:
        if d.free_axes and d.shape(d.side) == ():
            yield from mistake(replace(d, at_entries=True))

    return repairs


BY_ENTRIES: tuple[Mistake, ...] = (
    only_the_diagonal_entry,
    another_axis,
    missing_entry,
    missing_total,
    another_entry,
    missing_entry_term,
    missing_projection_entry,
)
"""The likelier ones first."""

CARRIED: tuple[Mistake, ...] = (ungated,)
THROUGH_TIME: tuple[Mistake, ...] = (wrong_index, wrong_time, lacking_entry)
"""What people get wrong of sequences, before all else: another step, a gate that is left out."""

AT_FREE_INDICES = tuple(_of_free_indices(mistake) for mistake in BY_ENTRIES)
