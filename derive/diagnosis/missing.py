"""Terms that a documented side may lack: products of what the claim speaks of.

The second term of a normalisation (softmax, layer norm, x/‖x‖), the noise term of a filter, one of
the paths of a product rule: each is a product of two or three arrays of the claim, with a sum over
an axis inside, times a number. Numbers choose among all of these; nothing here decides whether the
claim then holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, combinations_with_replacement, islice, pairwise, product
from typing import Any

import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix
from sympy.matrices.expressions.matexpr import MatrixExpr

from derive.diagnosis.claimed import Documented, times, transposed
from derive.language.dims import is_unit, same_shape

MOST_ARRAYS = 9  # of which terms are made
MOST_TERMS = 400
MOST_ALONG = 4  # arrays along the axis of an entry
MOST_PAIRS = 300  # of terms that may be missing together


def terms(d: Documented) -> Iterator[Any]:
    """Terms of the shape of the documented side, the simpler ones first."""
    yield from islice(_terms(d), MOST_TERMS)


def pairs(d: Documented) -> Iterator[tuple[Any, Any]]:
    """Two terms that may be missing together: means and projections, as of a layer norm."""
    if len(d.shape(d.side) or ()) != 2:
        return
    yield from islice(product(_means(d), _projections(d)), MOST_PAIRS)


def _terms(d: Documented) -> Iterator[Any]:
    shape = d.shape(d.side)
    if shape == () and len(d.free_axes) == 1:
        yield from _at_an_entry(d)
    if shape is None or len(shape) != 2 or is_unit(shape):
        return
    seen: set[Any] = set()
    for term in _in_turn(_alone(d), _chains(d), _statistics(d)):
        if term not in seen and d.alike(term, d.side) and _is_linear(d, term):
            seen.add(term)
            yield term


def _at_an_entry(d: Documented) -> Iterator[Any]:
    """Sums of products of entries along the axis of a free index, those first that stand beside the
    entry in which it is differentiated, as in x·Σ g·x, and then those without it, as Σ g.
    """
    ((index, size),) = d.free_axes
    own: Any = getattr(getattr(d.claim, "wrt", None), "base", None)
    along = [s for s in d.symbols if d.shape(s) == (size,)][:MOST_ALONG]
    k = sp.Symbol(f"{index}'", integer=True)
    sets = [c for count in range(1, len(along) + 1) for c in combinations(along, count)]
    totals = {c: sp.Sum(sp.Mul(*(s[k] for s in c)), (k, 0, size - 1)) for c in sets}
    with_it, without = ([c for c in sets if (own in c) is there] for there in (True, False))
    if own in along:
        yield from (own[index] * totals[c] for c in with_it)
    yield from (totals[c] for c in without)
    yield from (sp.Mul(*(s[index] for s in c)) for c in sets)
    yield from (totals[c] for c in with_it)
    if own in along:
        yield from (own[index] * totals[c] for c in without)


def _arrays(d: Documented) -> list[Any]:
    """The matrices that a term may be made of, and their products entry by entry in the documented
    side: those of that side first.
    """
    # g ∘ γ, behind a normalisation with a scale, is one as well
    products = (site.node for site in d.sites if isinstance(site.node, sp.HadamardProduct))
    found = [p for p in products if p != d.side and all(map(_is_an_array, p.args))]
    found += [s for s in d.symbols if isinstance(s, sp.MatrixSymbol)]
    found += [a.expr for a in d.applications if isinstance(a.expr, MatrixExpr)]
    found = [x for x in dict.fromkeys(found) if not is_unit(d.shape(x) or ())]
    return sorted(found, key=lambda x: not d.side.has(x))[:MOST_ARRAYS]


def _is_an_array(factor: Any) -> bool:
    return isinstance(factor, sp.MatrixSymbol)


def _of_shape(d: Documented) -> list[Any]:
    """The arrays of the shape of the documented side, perhaps transposed."""
    return [x for x in _arrays(d) if d.alike(x, d.side)] + [
        transposed(x)
        for x in _arrays(d)
        if not d.alike(x, d.side) and d.alike(transposed(x), d.side)
    ]


def _alone(d: Documented) -> Iterator[Any]:
    """One array, two of them entry by entry, a diagonal, the identity, an outer product."""
    own = _of_shape(d)
    yield from own
    for a, b in combinations_with_replacement(own, 2):
        yield sp.HadamardProduct(a, b, evaluate=False)
    rows, columns = d.shape(d.side) or (0, 0)
    if not same_shape((rows,), (columns,)):
        return
    yield sp.Identity(rows)
    for x in own:
        yield sp.HadamardProduct(x, sp.Identity(rows), evaluate=False)
    columns_of = [_column(d, x) for x in _arrays(d)]
    vectors = [x for x in columns_of if x is not None and same_shape(d.shape(x)[:1], (rows,))]  # type: ignore[index]
    for a in vectors:
        yield DiagMatrix(a)
    for a, b in product(vectors, repeat=2):
        yield _product(a, transposed(b))


def _column(d: Documented, x: Any) -> Any:
    shape = d.shape(x) or ()
    if len(shape) != 2 or 1 not in shape:
        return None
    return x if shape[1] == 1 else transposed(x)


def _in_turn(*kinds: Iterator[Any]) -> Iterator[Any]:
    """The terms of several kinds, one of each at a time."""
    waiting = list(kinds)
    while waiting:
        for kind in tuple(waiting):
            term = next(kind, None)
            if term is None:
                waiting.remove(kind)
            else:
                yield term


def _is_linear(d: Documented, term: Any) -> bool:
    """Whether a term may be one of a backward pass: each is linear in what comes from above."""
    upstream = getattr(d.claim, "upstream", None)
    if not isinstance(upstream, sp.MatrixSymbol):
        return True
    return sum(node == upstream for node in sp.preorder_traversal(term)) == 1


def _statistics(d: Documented) -> Iterator[Any]:
    """Sums over an axis of products of two arrays, in every place, and times a third."""
    yield from _in_turn(_means(d), _projections(d))


def _parts(d: Documented) -> list[Any]:
    """The arrays that a sum over an axis may be of, and their products entry by entry."""
    own = _of_shape(d)
    both = combinations_with_replacement(own, 2)
    return [*own, *(sp.HadamardProduct(a, b, evaluate=False) for a, b in both)]


def _totals(d: Documented, part: Any) -> Iterator[Any]:
    """The sums over each axis, in every place."""
    rows, columns = d.shape(d.side) or (1, 1)
    if columns != 1:
        yield _product(part, sp.OneMatrix(columns, columns))
    if rows != 1:
        yield _product(sp.OneMatrix(rows, rows), part)


def _means(d: Documented) -> Iterator[Any]:
    for part in _parts(d):
        if _is_linear(d, part):
            yield from _totals(d, part)


def _projections(d: Documented) -> Iterator[Any]:
    """a·(bᵀc), and a∘(Σ b∘c) for matrices."""
    own = _of_shape(d)
    rows, columns = d.shape(d.side) or (1, 1)
    for first in own:
        if columns == 1:
            terms = (
                _product(first, transposed(a), b) for a, b in combinations_with_replacement(own, 2)
            )
        elif rows == 1:
            terms = (
                _product(a, transposed(b), first) for a, b in combinations_with_replacement(own, 2)
            )
        else:
            terms = (
                sp.HadamardProduct(first, total, evaluate=False)
                for part in _parts(d)
                for total in _totals(d, part)
            )
        yield from (term for term in terms if _is_linear(d, term))


def _chains(d: Documented) -> Iterator[Any]:
    """Matrix products of two or three arrays, perhaps transposed."""
    arrays = _arrays(d)
    factors = [*arrays, *map(transposed, arrays)]
    factors += [x for x in d.squares if isinstance(x, sp.Inverse)]
    sizes: list[Any] = []  # each once: two of them are compared a single time

    def numbered(shape: Any) -> tuple[int, ...]:
        return tuple(_place(sizes, size) for size in shape)

    shapes = [numbered(d.shape(factor)) for factor in factors]
    rows, columns = numbered(d.shape(d.side))
    for count in (2, 3):
        for parts in product(range(len(factors)), repeat=count):
            inner = [shapes[a][1] == shapes[b][0] for a, b in pairwise(parts)]
            if all(inner) and shapes[parts[0]][0] == rows and shapes[parts[-1]][1] == columns:
                yield _product(*(factors[part] for part in parts))


def _place(sizes: list[Any], size: Any) -> int:
    """Where a size stands in a list of different ones, to which it is added if need be."""
    for place, other in enumerate(sizes):
        if other == size or same_shape((other,), (size,)):
            return place
    sizes.append(size)
    return len(sizes) - 1


def _product(*parts: Any) -> Any:
    return sp.MatMul(*parts, evaluate=False)


def scalars(d: Documented) -> list[Any]:
    """The numbers that a term may be multiplied by or divided by: what the claim divides by, and
    those that it names.
    """
    named = [s for s in d.symbols if isinstance(s, sp.Symbol)]
    below = [
        p.base
        for expr in (d.side, *d.claim.where.values())
        if isinstance(expr, sp.Basic)
        for p in sorted(expr.atoms(sp.Pow), key=str)
        if p.exp.could_extract_minus_sign() and not (p.base.is_number or p.base.is_Symbol)
    ]
    found = (s for s in (*below, *named) if is_unit(d.shape(s) or ()) or d.shape(s) == ())
    return list(dict.fromkeys(found))[:4]


def written(multiples: Sequence[tuple[Any, Any]]) -> Any:
    """c·T, or the sum of several of these."""
    parts = [times(c, t) for c, t in multiples]
    return parts[0] if len(parts) == 1 else sp.MatAdd(*parts, evaluate=False)
