"""One part taken for another: a symbol, a number, an index, a condition, a pair of parentheses.

More of the mistakes of :mod:`derive.diagnosis.mistakes`, in the same form: each is a generator of
repairs, and nothing here decides whether one of them is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations, product
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix
from sympy.matrices.expressions.matexpr import MatrixExpr

from derive.diagnosis.claimed import Documented, Repair, times, transposed
from derive.diagnosis.mistakes import (
    ENTRIES,
    PRODUCTS,
    SUMS,
    Mistake,
    entry_like,
)
from derive.diagnosis.places import Site
from derive.diagnosis.quoting import quoted
from derive.diagnosis.spans import Span, fitted, spans
from derive.language.dims import same_shape
from derive.language.operators import Partial, Softmax, Tensor
from derive.language.predicates import is_given
from derive.language.printing import text_of
from derive.refutation.symbols import fields_of

ENTRYWISE = (ElementwiseApplyFunction, sp.Function)
POWERS = (sp.Pow, sp.HadamardPower, sp.MatPow)
CONSTANT = (sp.Identity, sp.OneMatrix)


def another_symbol(d: Documented) -> Iterator[Repair]:
    """In one place, another symbol of the same shape is meant."""
    for site in d.sites:
        node = site.node
        if isinstance(node, (sp.MatrixSymbol, sp.Symbol)) and node in d.symbols:
            for other in d.others(node):
                if isinstance(other, (sp.MatrixSymbol, sp.Symbol)):
                    yield d.put(site, other, partial(_for, d, site, other))
        elif isinstance(node, CONSTANT) and same_shape(node.shape[:1], node.shape[1:]):
            for kind in (sp.Identity, sp.OneMatrix):
                if not isinstance(node, kind):
                    size = node.shape[:1] if kind is sp.Identity else node.shape
                    yield d.put(site, kind(*size), partial(_constant_words, kind, site))
    yield from _whole_products(d)


def _constant_words(kind: Any, site: Site) -> str:
    names = ("the identity", "the matrix of ones")
    right, wrong = names if kind is sp.Identity else names[::-1]
    return quoted(f"{right} is meant, and not {wrong}, in {{}}", site.parent or site.node)


def _whole_products(d: Documented) -> Iterator[Repair]:
    """A symbol is meant in the place of some factors of a product."""
    for span in spans(d):
        if isinstance(span.node, sp.MatMul):
            for other in d.others(span.node):
                if isinstance(other, sp.MatrixSymbol):
                    part = span.instead(other)
                    yield d.put(span.site, part, partial(_for_words, other, span.node))


def _for_words(other: Any, node: Any) -> str:
    return quoted("it holds with {} for {}", other, node)


def _for(d: Documented, site: Site, part: Any) -> str:
    """``it holds with x for h in A*h``, the part around named where there are several."""
    words = quoted("it holds with {} for {}", part, site.node)
    place = site.outer if site.around else site
    while isinstance(place.node, sp.Transpose) and place.around:
        place = place.outer
    several = sum(other.node == site.node for other in d.sites) > 1
    if not several or not place.around:
        return words
    return quoted("it holds with {} for {} in {}", part, site.node, place.node) or words


def another_derivative(d: Documented) -> Iterator[Repair]:
    """A factor of a chain rule is the derivative of something else, or in something else."""
    numbers = [s for s in d.symbols if isinstance(s, sp.Symbol)]
    for site in d.sites:
        node = site.node
        if isinstance(node, Partial):
            for other in numbers:
                if other not in (node.of, node.wrt):
                    yield d.put(site, Partial(other, node.wrt))
                    yield d.put(site, Partial(node.of, other))


def another_everywhere(d: Documented) -> Iterator[Repair]:
    """A symbol stands in every place for its product with another one, or with a row or a column
    that is repeated; or in each of those places that lack it.
    """
    repeated = [product for product in d.repeated if isinstance(product, sp.MatMul)]
    for symbol in d.symbols:
        if not d.is_matrix(symbol) or sum(site.node == symbol for site in d.sites) < 2:
            continue
        symbols = [other for other in d.others(symbol) if isinstance(other, sp.MatrixSymbol)]
        for other in (*symbols, *(r for r in repeated if d.alike(r, symbol))):
            both = sp.HadamardProduct(other, symbol, evaluate=False)
            side = d.side.xreplace({symbol: both})
            yield Repair(side, partial(quoted, "it holds with {} for every {}", both, symbol))
            twice = sp.HadamardProduct(other, both, evaluate=False)
            lacking = _without_repeats(side, {other, both}, both)
            if lacking != side and twice != lacking:
                words = "it holds with {} for {} wherever the factor is missing"
                yield Repair(lacking, partial(quoted, words, both, symbol))


def _without_repeats(node: Any, factors: set[Any], both: Any) -> Any:
    """An expression with a∘b for a∘(a∘b)."""
    if isinstance(node, sp.HadamardProduct) and factors <= {*node.args}:
        rest = [a for a in node.args if a not in factors]
        return sp.HadamardProduct(both, *rest, evaluate=False) if rest else both
    if node == both or not node.args or not isinstance(node, sp.MatrixExpr):
        return node
    args = [_without_repeats(a, factors, both) for a in node.args]
    evaluated = {} if not isinstance(node, PRODUCTS + SUMS) else {"evaluate": False}
    return node if args == [*node.args] else node.func(*args, **evaluated)


def reversed_index(d: Documented) -> Iterator[Repair]:
    """One index or several run the other way: k − 1 − i for i."""
    for site in d.sites:
        node = site.node
        if isinstance(node, ENTRIES):
            bound = [(k, size) for k, size in site.bound if size is not None]
            bound = [(k, size) for k, size in bound if k in node.free_symbols]
            for count in (1, 2):
                for chosen in combinations(bound, count):
                    other_way = {index: size - 1 - index for index, size in chosen}
                    turned = [sp.expand(a.xreplace(other_way)) for a in node.args[1:]]
                    yield d.put(site, entry_like(node, turned))


def another_number(d: Documented) -> Iterator[Repair]:
    """A number is one too large or too small, or stands where there should be none."""
    for site in d.sites:
        node, parent = site.node, site.parent
        if not isinstance(node, sp.Rational) or isinstance(parent, (*POWERS, *PRODUCTS)):
            continue
        if not isinstance(parent, SUMS):
            continue
        for other in (node - 1, node + 1, -node, 2 * node, node / 2):
            if other != node:
                yield d.put(site, other, partial(_number_words, d, site, other))
        yield from _number_of_the_claim(d, site)


def _number_of_the_claim(d: Documented, site: Site) -> Iterator[Repair]:
    """A delta of two indices is meant for 1, or what is differentiated for a constant."""
    if abs(site.node) == 1:
        for i, j in combinations(d.indices_at(site), 2):
            other = site.node * sp.KroneckerDelta(i, j)
            yield d.put(site, other, partial(_number_words, d, site, other))


def what_is_differentiated(d: Documented) -> Iterator[Repair]:
    """A term is to be the value itself, as of p·(g − Σ p·g), or is to be multiplied by it."""
    of = getattr(d.claim, "of", None)
    if not isinstance(of, sp.Expr) or of.is_Symbol or d.shape(of) != ():
        return
    whole = "the factor that is missing is what is differentiated"
    for site in d.sites:
        if isinstance(site.node, MatrixExpr):
            continue
        if isinstance(site.parent, sp.Add):
            for sign, words in ((1, "what"), (-1, "minus what")):
                told = partial(
                    quoted, f"it holds with {words} is differentiated for {{}}", site.node
                )
                yield d.put(site, sign * of, told)
        elif isinstance(site.parent, Tensor) or (site.parent is None and not site.bound):
            part = times(of, site.node)
            if part is not None:
                yield d.put(site, part, lambda: whole)


def missing_number(d: Documented) -> Iterator[Repair]:
    """In a denominator, a root or a logarithm a number is not added: 1 + x, or x + ε."""
    small = [s for s in d.symbols if isinstance(s, sp.Symbol) and s.is_positive]
    for site in d.sites:
        node, parent = site.node, site.parent
        inside = isinstance(parent, (sp.Pow, sp.log)) and site.path[-1] == 0
        if not inside or node.is_number or isinstance(node, MatrixExpr):
            continue
        for number in (sp.S.One, sp.S.NegativeOne, *small):
            if number not in sp.Add.make_args(node):
                part = sp.Add(node, number, evaluate=False)
                words = "the term {} is missing in {}"
                yield d.put(site, part, partial(quoted, words, number, parent))


def _number_words(d: Documented, site: Site, other: Any) -> str:
    return quoted("it holds with {} for {} in {}", other, site.node, site.parent)


def missing_complement(d: Documented) -> Iterator[Repair]:
    """A factor 1 − v or 1 − v² is left out, v a value that the claim has: σ′ = σ·(1 − σ),
    tanh′ = 1 − tanh²; or v itself.
    """
    values = [s for s in d.symbols if s in d.claim.where]
    values += [a.expr for a in d.applications if isinstance(a.expr, ENTRYWISE)]
    if isinstance(d.side, sp.Function):
        values.append(d.side)
    # 1/(1 + exp(-t)) is a value without a name.
    values += [site.node for site in d.sites if _is_logistic(site.node)]
    for value in dict.fromkeys(values):
        shape = d.shape(value)
        for factor in _complements(d, value):
            for span in spans(d):
                fit = fitted(factor, shape or (), span.shape)
                part = None if fit is None else span.times(fit)
                if part is not None:
                    yield d.put(span.site, part, partial(_complement_words, span, factor))


def _is_logistic(node: Any) -> bool:
    """Whether a node is 1/(1 + exp(…))."""
    if not isinstance(node, sp.Pow) or node.exp != -1 or not isinstance(node.base, sp.Add):
        return False
    return len(node.base.args) == 2 and node.base.args[0] == 1 and node.base.args[1].func == sp.exp


def _complements(d: Documented, value: Any) -> Iterator[Any]:
    shape = d.shape(value)
    if shape is None:
        return
    if isinstance(value, MatrixExpr):
        one = sp.OneMatrix(*shape)
        squared = sp.HadamardProduct(value, value, evaluate=False)
        yield sp.MatAdd(one, times(-1, value), evaluate=False)
        yield sp.MatAdd(one, times(-1, squared), evaluate=False)
    elif isinstance(value, sp.Expr) and not shape:
        yield sp.Add(1, sp.Mul(-1, value, evaluate=False), evaluate=False)
        yield sp.Add(1, -(value**2), evaluate=False)
        yield value


def _complement_words(span: Span, factor: Any) -> str:
    missing = quoted("the factor {} is missing", factor)
    whole = span.first is None and not span.site.around
    told = quoted("it holds with {} multiplied by it", span.node)
    return missing if whole or not told else f"{missing}: {told}"


def missing_indicator(d: Documented) -> Iterator[Repair]:
    """A term counts only where one argument of a maximum is the larger one, or a sign is left
    out.
    """
    for bend in _bends(d):
        if isinstance(bend, sp.Abs):
            (inside,) = bend.args
            words = f"the factor sign({text_of(inside)}) is missing in {{}}"
            yield from _times_each(d, sp.sign(inside), words)
            continue
        for above in (bend.args[0] > bend.args[1], bend.args[1] > bend.args[0]):
            if isinstance(above, Relational):
                factor = sp.Piecewise((1, above), (0, True))
                words = f"the term {{}} counts only where {text_of(above)}"
                yield from _times_each(d, factor, words)


def _times_each(d: Documented, factor: Any, words: str) -> Iterator[Repair]:
    """The whole, or one of its terms, with a factor."""
    for site in d.sites:
        if (site.parent is None or isinstance(site.parent, SUMS)) and site.node != 0:
            part = times(factor, site.node)
            if part is not None:
                yield d.put(site, part, partial(quoted, words, site.node))


def _bends(d: Documented) -> list[Any]:
    """The maxima and absolute values in the claim that are of numbers without bound indices."""
    found: dict[Any, None] = {}
    for expr in fields_of(d.claim):
        for node in expr.atoms(sp.Max, sp.Abs) if isinstance(expr, sp.Basic) else ():
            single = isinstance(node, sp.Abs) or len(node.args) == 2
            if single and node.free_symbols <= d.free:
                found[node] = None
    return sorted(found, key=str)


def parentheses(d: Documented) -> Iterator[Repair]:
    """A factor or a denominator belongs to the whole sum, and not to one of its terms."""
    for site in d.sites:
        node = site.node
        if not isinstance(node, sp.Add):
            continue
        for term in node.args:
            for factor in sp.Mul.make_args(term):
                if factor == term or factor == -1 or factor.is_number:
                    continue
                rest = sp.Add(*(a for a in node.args if a != term), term / factor)
                yield d.put(site, sp.Mul(factor, rest, evaluate=False))


def diagonal_words(part: Any, node: Any) -> str:
    told = quoted("it holds with {} for {}", part, node)
    return "only the diagonal of the Jacobian is used" + (f": {told}" if told else "")


def only_the_diagonal(d: Documented) -> Iterator[Repair]:
    """p·(1 − p), as if of a function entry by entry, where each entry depends on its whole row:
    p∘(g − Σ p∘g) for p∘(1 − p)∘g, and diag(p) − p pᵀ for diag(p∘(1 − p)).
    """
    for site in d.sites:
        node = site.node
        if isinstance(node, DiagMatrix):
            for p in _complemented(node.args[0]):
                outer = sp.MatMul(p, transposed(p), evaluate=False)
                part = sp.MatAdd(DiagMatrix(p), times(-1, outer), evaluate=False)
                yield d.put(site, part, partial(diagonal_words, part, node))
        elif isinstance(node, sp.HadamardProduct):
            for p, rest in _factored(list(node.args)):
                yield from _projected(d, site, p, rest)


def missing_projection(d: Documented) -> Iterator[Repair]:
    """p∘g for p∘(g − Σ p∘g), p a softmax: how its row depends on each entry is left out. And
    p∘g − p, where the sum is left out alone.
    """
    for site in d.sites:
        node = site.node
        if isinstance(node, sp.HadamardProduct):
            for position, p in enumerate(node.args):
                rest = [*node.args[:position], *node.args[position + 1 :]]
                # A term of named arrays that the whole lacks is found, and said, as one.
                simple = d.is_whole and all(isinstance(f, sp.MatrixSymbol) for f in rest)
                if _is_softmax(d, p) and (site.around or not simple):
                    yield from _projected(d, site, p, rest, projection_words)
        elif isinstance(node, sp.MatAdd):
            yield from _sum_left_out(d, site)


def _sum_left_out(d: Documented, site: Site) -> Iterator[Repair]:
    for position, term in enumerate(site.node.args):
        p = term.args[-1] if isinstance(term, sp.MatMul) and len(term.args) == 2 else term
        if not _is_softmax(d, p):
            continue
        for weighted in site.node.args:
            if not isinstance(weighted, sp.HadamardProduct) or p not in weighted.args:
                continue
            for total in _over_each_axis(d, weighted):
                factor = times(-1, sp.HadamardProduct(p, total, evaluate=False))
                rest = [*site.node.args[:position], factor, *site.node.args[position + 1 :]]
                words = partial(quoted, "the factor {} is missing in the term {}", total, term)
                yield d.put(site, sp.MatAdd(*rest, evaluate=False), words)


def _is_softmax(d: Documented, node: Any) -> bool:
    node = transposed(node) if isinstance(node, sp.Transpose) else node
    return isinstance(d.claim.where.get(node, node), Softmax)


def projection_words(part: Any, node: Any) -> str:
    p, (_, total) = part.args[0], part.args[1].args
    term = times(-1, sp.HadamardProduct(p, times(-1, total), evaluate=False))
    missing = quoted("the term {} is missing in {}", term, node)
    return missing or "what a softmax subtracts, the sum of its row, is missing"


def _factored(factors: list[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """p and the factors besides p∘(1 − p)."""
    for position, factor in enumerate(factors):
        rest = factors[:position] + factors[position + 1 :]
        for p in _complemented(factor):
            yield p, rest
        for other, p in enumerate(rest):
            if _is_complement(factor, p):
                yield p, rest[:other] + rest[other + 1 :]


def _projected(
    d: Documented,
    site: Site,
    p: Any,
    rest: list[Any],
    words: Callable[[Any, Any], str] = diagonal_words,
) -> Iterator[Repair]:
    """p∘(g − Σ p∘g), the sum over the row or over the column."""
    if not rest:
        return
    g = rest[0] if len(rest) == 1 else sp.HadamardProduct(*rest, evaluate=False)
    weighted = sp.HadamardProduct(p, g, evaluate=False)
    for total in _over_each_axis(d, weighted):
        inner = sp.MatAdd(g, times(-1, total), evaluate=False)
        part = sp.HadamardProduct(p, inner, evaluate=False)
        yield d.put(site, part, partial(words, part, site.node))


def _over_each_axis(d: Documented, matrix: Any) -> Iterator[Any]:
    """The sums of the rows and of the columns, in every place of them."""
    rows, columns = d.shape(matrix) or (1, 1)
    if columns != 1:
        yield sp.MatMul(matrix, sp.OneMatrix(columns, columns), evaluate=False)
    if rows != 1:
        yield sp.MatMul(sp.OneMatrix(rows, rows), matrix, evaluate=False)


def _complemented(node: Any) -> Iterator[Any]:
    """p where a node is p − p∘p or p∘(1 − p)."""
    if isinstance(node, sp.MatAdd) and len(node.args) == 2:
        for p, other in (node.args, node.args[::-1]):
            squares = (sp.HadamardProduct(p, p, evaluate=False), sp.HadamardPower(p, 2))
            if times(-1, other) in squares:
                yield p
    elif isinstance(node, sp.HadamardProduct) and len(node.args) == 2:
        for p, other in (node.args, node.args[::-1]):
            if _is_complement(other, p):
                yield p


def _is_complement(node: Any, p: Any) -> bool:
    """Whether a node is 1 − p."""
    if not isinstance(node, sp.MatAdd) or len(node.args) != 2:
        return False
    return any(isinstance(a, sp.OneMatrix) for a in node.args) and times(-1, p) in node.args


def inverted(d: Documented) -> Iterator[Repair]:
    """An inverse is left out, or is one too many."""
    for site in d.sites:
        node = site.node
        if isinstance(node, sp.Inverse):
            yield d.put(site, node.arg)
        elif (
            isinstance(node, sp.MatrixSymbol)
            and not isinstance(site.parent, sp.Inverse)
            and d.is_matrix(node)
            and same_shape(node.shape[:1], node.shape[1:])
        ):
            yield d.put(site, sp.Inverse(node))


def both_orders(d: Documented) -> Iterator[Repair]:
    """Twice a product for the products in both orders: A·B + B·A for 2·A·B."""
    for site in d.sites:
        node = site.node
        if not isinstance(node, sp.MatMul):
            continue
        numbers = [f for f in node.args if not isinstance(f, MatrixExpr)]
        factors = [f for f in node.args if isinstance(f, MatrixExpr)]
        if len(factors) != 2 or not d.fits(factors[::-1], node):
            continue
        products = [sp.MatMul(*o, evaluate=False) for o in (factors, factors[::-1])]
        part = times(sp.Mul(*numbers) / 2, sp.MatAdd(*products, evaluate=False))
        if part is not None:
            yield d.put(site, part)


def with_its_transpose(d: Documented) -> Iterator[Repair]:
    """Twice a square product for its sum with its transpose: (AᵀB + BᵀA)/2 for AᵀB."""
    for span in spans(d):
        node, shape = span.node, span.shape
        if isinstance(node, sp.MatMul) and len(shape) == 2 and same_shape(shape[:1], shape[1:]):
            turned = transposed(node)
            if turned != node:
                both = sp.MatAdd(node, turned, evaluate=False)
                yield d.put(span.site, times(sp.S.Half, span.instead(both)))


def exchanged_symbols(d: Documented) -> Iterator[Repair]:
    """Two symbols of one shape stand in each other's places."""
    there = [s for s in d.symbols if d.is_matrix(s) and isinstance(s, sp.MatrixSymbol)]
    there = [s for s in there if d.side.has(s)]
    for a, b in combinations(there, 2):
        if d.alike(a, b):
            side = d.side.xreplace({a: b, b: a})
            yield Repair(side, partial(quoted, "it holds with {} and {} exchanged", a, b))


def missing_diagonal(d: Documented) -> Iterator[Repair]:
    """Between two factors diag(v), diag(p∘(1 − p)) or diag(1 − h∘h) is left out."""
    vectors = [s for s in d.symbols if d.is_matrix(s)]
    vectors += [a.expr for a in d.applications if d.is_matrix(a.expr)]
    inner: list[Any] = []
    for vector in dict.fromkeys(vectors):
        shape = d.shape(vector) or ()
        if len(shape) == 2 and shape[1] == 1:
            one = sp.OneMatrix(*shape)
            rest = sp.MatAdd(one, times(-1, vector), evaluate=False)
            squared = sp.HadamardProduct(vector, vector, evaluate=False)
            inner.append(sp.HadamardProduct(vector, rest, evaluate=False))
            inner += [vector, sp.MatAdd(one, times(-1, squared), evaluate=False)]
    inner += [a.slope for a in d.applications if a.slope is not None and d.is_matrix(a.slope)]
    diagonals = [DiagMatrix(v) for v in inner if (d.shape(v) or (1, 2))[1] == 1]
    for site in d.sites:
        if isinstance(site.node, sp.MatMul):
            factors = site.node.args
            for position, diagonal in product(range(1, len(factors)), diagonals):
                new = [*factors[:position], diagonal, *factors[position:]]
                if d.fits(new, site.node):
                    words = partial(quoted, "the factor {} is missing", diagonal)
                    yield d.put(site, sp.MatMul(*new, evaluate=False), words)


def counted_once(d: Documented) -> Iterator[Repair]:
    """The derivative in a symmetric matrix with a pair of equal entries as one variable:
    2G − G∘I for G.
    """
    wrt = getattr(d.claim, "wrt", None)
    given = getattr(d.claim, "given", ())
    if not isinstance(wrt, sp.MatrixSymbol) or not is_given("symmetric", wrt, given):
        return
    diagonal = sp.HadamardProduct(d.side, sp.Identity(wrt.shape[0]), evaluate=False)
    both = sp.MatAdd(d.side, diagonal, evaluate=False)
    words = (
        f"the documented side takes {wrt}[i, j] and {wrt}[j, i] for one variable; here the "
        "gradient in a symmetric matrix is (G + G.T)/2"
    )
    yield Repair(sp.MatMul(sp.S.Half, both, evaluate=False), lambda: words)


def transposed_definition(d: Documented) -> Iterator[Repair]:
    """A definition is the transpose of what is meant, in all its places."""
    if d.is_matrix(d.side) and not d.is_whole:
        yield Repair(transposed(d.side), lambda: "it is the transpose of what is meant")


def upside_down(d: Documented) -> Iterator[Repair]:
    """A quotient stands upside down in a product: (1 − b)/(1 − a) for (1 − a)/(1 − b)."""
    for site in d.sites:
        factors = site.node.args if type(site.node) is sp.Mul else ()
        below = [f for f in factors if isinstance(f, sp.Pow) and f.exp == -1]
        above = [f for f in factors if f not in below and not f.is_number]
        for x, y in product(above, below):
            rest = (f for f in factors if f not in (x, y))
            part = sp.Mul(*rest, y.base, 1 / x, evaluate=False)
            words = "a quotient is upside down: it holds with {} for {}"
            yield d.put(site, part, partial(quoted, words, y.base / x, x * y))


CONVENTIONS: tuple[Mistake, ...] = (counted_once, only_the_diagonal)
"""What is looked for before anything else: a factor that undoes it would hide it."""

EXCHANGES: tuple[Mistake, ...] = (
    missing_projection,
    missing_complement,
    another_symbol,
    another_derivative,
    missing_indicator,
    another_everywhere,
    reversed_index,
    another_number,
    what_is_differentiated,
    missing_number,
    inverted,
    upside_down,
    both_orders,
    with_its_transpose,
    exchanged_symbols,
    missing_diagonal,
    parentheses,
)
"""The likelier ones first."""
