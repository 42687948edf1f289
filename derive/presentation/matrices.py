"""From the core back to SymPy, for people: matrices where there is a matrix form, else entries.

Nothing is decided here. A term with two free indices is read as a matrix over them: factors that
share both are multiplied entry by entry, a sum over an index that two factors share is a product.
What fits no such pattern is written entry by entry, which always works.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix
from sympy.matrices.expressions.matexpr import MatrixExpr

from derive.core.functions import FUNCTIONS
from derive.core.integers import ZERO, Poly, as_poly
from derive.core.terms import (
    Add,
    Apply,
    Entry,
    FunctionEntry,
    IndexBracket,
    Int,
    InverseEntry,
    Mul,
    Num,
    Pow,
    Product,
    RealBracket,
    Ref,
    Sum,
    Term,
    Unknown,
    Whole,
    bounds,
    mul,
    narrowed,
    substitute,
)
from derive.language.matrix_functions import NAMED
from derive.language.operators import (
    MatrixGradient,
    MatrixPartial,
    Partial,
)
from derive.lowering.lower import WRITTEN
from derive.presentation.by_value import leaf_of
from derive.presentation.writer import (
    MATRICES,
    SCALARS,
    NoMatrixForm,
    Writer,
    added,
    derived_function,
    factors_of,
    label_of,
    multiplied,
    number_and_rest,
    power_of,
    raised,
    scaled,
    squared,
)

# ---- scalars, node by node


@SCALARS.on(Sum, Product)
def _bound(w: Writer, term: Any) -> Any:
    if isinstance(term, Product):
        low, high = bounds(term.variable)
        body = term.args[0]
        if isinstance(body, Int) and body.data[0] - as_poly(term.variable) + low == as_poly(1):
            return sp.factorial(w.integer(high - low + 1))
        return sp.Product(w.scalar(term.args[0]), w.limits(term.variable))
    traced = _traced(w, term) if w._contracting else None
    if traced is not None:
        return traced
    narrow = narrowed(term)
    limits = sp.Tuple(*w.limits(narrow.variable))
    # Not by Sum's own constructor: it folds a Piecewise of an inner sum out of that sum.
    result = sp.Expr.__new__(sp.Sum, w.scalar(narrow.args[0]), limits)
    result.is_commutative = True
    return result


def _traced(w: Writer, term: Sum) -> Any:
    """A sum as the trace of a product: Σ_k a[k]·b[k] = tr(aᵀ b), Σ A[i, j]·B[i, j] = tr(Aᵀ B)."""
    try:
        written = MATRICES[Sum](w, term, ZERO, ZERO)
    except NoMatrixForm:
        written = _of_entries(w, term)
    if written is None:
        return None
    number, product = number_and_rest(written)
    if not isinstance(product, MatrixExpr) or product.has(sp.MatrixBase, sp.Sum):
        return None
    return number * sp.Trace(product)


def _of_entries(w: Writer, term: Sum) -> Any:
    inner = term.args[0]
    if not isinstance(inner, Sum):
        return None
    row, col = as_poly(term.variable), as_poly(inner.variable)
    body = inner.args[0]
    factors = [f for factor in factors_of(body) for f in squared(factor)]
    if len(factors) < 2 or any(not {*row.variables, *col.variables} <= f.free for f in factors):
        return None
    try:
        first, rest = w.matrix(factors[0], row, col), _hadamard(w, factors[1:], row, col)
    except NoMatrixForm:
        return None
    return multiplied(_transposed(first), rest)


# ---- matrices, node by node


def _oriented(w: Writer, matrix: Any, indices: tuple[Poly, ...], row: Poly, col: Poly) -> Any:
    """A matrix (or vector) at two (or one) indices, turned so that ``row`` is its first axis."""
    sizes = [size for size in matrix.shape if size != 1]
    if len(sizes) != len(indices) or any(
        w._length(index) != size for index, size in zip(indices, sizes, strict=True)
    ):
        raise NoMatrixForm  # an index that runs along a part of its axis, or not along one
    if len(indices) == 2:
        if indices == (row, col):
            return matrix
        if indices == (col, row):
            return _transposed(matrix)
        if indices[0] == indices[1] and row == col:
            return matrix
        raise NoMatrixForm
    if not indices and matrix.shape == (1, 1):
        if row.variables or col.variables:
            return scaled(matrix[0, 0], sp.OneMatrix(w._length(row), w._length(col)))
        return matrix
    if len(indices) != 1:
        raise NoMatrixForm
    column = matrix if matrix.shape[1] == 1 else _transposed(matrix)
    if indices[0] == row:
        if col.variables:  # the same in every column
            return multiplied(column, sp.OneMatrix(1, w._length(col)))
        return column
    if indices[0] == col:
        if row.variables:
            return multiplied(sp.OneMatrix(w._length(row), 1), _transposed(column))
        return _transposed(column)
    raise NoMatrixForm


def _transposed(matrix: Any) -> Any:
    if isinstance(matrix, sp.Transpose):
        return matrix.arg
    if isinstance(matrix, (sp.Identity,)) or matrix.shape == (1, 1):
        return matrix
    if isinstance(matrix, DiagMatrix):
        return matrix
    return sp.Transpose(matrix)


@MATRICES.on(Entry)
def _matrix_entry(w: Writer, term: Entry, row: Poly, col: Poly) -> Any:
    symbol = term.data[0].symbol
    if not isinstance(symbol, MatrixExpr):
        raise NoMatrixForm
    return _oriented(w, symbol, term.data[1], row, col)


@MATRICES.on(Ref)
def _matrix_ref(w: Writer, term: Ref, row: Poly, col: Poly) -> Any:
    shared, indices = term.data
    found = power_of(w, shared, indices)
    if found is not None:
        return _oriented(w, found, indices[-2:], row, col)
    label = w.label(shared)
    if isinstance(label, MatrixExpr) and not label.has(Partial, MatrixPartial):
        axes = sum(size != 1 for size in label.shape)
        if axes == len(shared.params):
            return _oriented(w, label, indices, row, col)
    if shared.named:
        raise NoMatrixForm
    return w.matrix(shared.at(indices), row, col)


@MATRICES.on(InverseEntry)
def _matrix_inverse(w: Writer, term: InverseEntry, row: Poly, col: Poly) -> Any:
    shared, _, i, j = term.data
    return _oriented(w, sp.Inverse(label_of(w, shared)), (i, j), row, col)


@MATRICES.on(FunctionEntry)
def _function_of_matrix(w: Writer, term: FunctionEntry, row: Poly, col: Poly) -> Any:
    shared, name, _, i, j = term.data
    return _oriented(w, NAMED[name](label_of(w, shared)), (i, j), row, col)


@MATRICES.on(Whole)
def _matrix_whole(w: Writer, term: Whole, row: Poly, col: Poly) -> Any:
    name, arguments, path = term.data
    if len(path) != 1:
        raise NoMatrixForm
    ((position, indices),) = path
    labels = [a.label for a in arguments]
    if not isinstance(labels[position], MatrixExpr):
        raise NoMatrixForm
    return _oriented(
        w, MatrixGradient(sp.Symbol(name), sp.Integer(position), *labels), indices, row, col
    )


def _on_diagonal(poly: Poly, row: Poly, col: Poly) -> bool:
    """Whether [poly = 0] is [row = col] between two axes, and not [row = 0] along one."""
    both = row.constant is None and col.constant is None
    return both and poly in (row - col, col - row)


@MATRICES.on(IndexBracket)
def _matrix_delta(w: Writer, term: IndexBracket, row: Poly, col: Poly) -> Any:
    relation, poly = term.data
    if relation == "=" and _on_diagonal(poly, row, col):
        return sp.Identity(w._length(row))
    raise NoMatrixForm


@MATRICES.on(Add)
def _matrix_add(w: Writer, term: Add, row: Poly, col: Poly) -> Any:
    elementwise = _elementwise(w, term, row, col)
    if elementwise is not None:
        return elementwise
    return added(*(w.matrix(a, row, col) for a in term.args))


@MATRICES.on(Pow, Apply, Unknown, RealBracket)
def _matrix_function(w: Writer, term: Term, row: Poly, col: Poly) -> Any:
    if _by_value(w, [term], row, col)[1]:
        return _hadamard(w, [term], row, col)
    elementwise = _elementwise(w, term, row, col)
    if elementwise is None:
        raise NoMatrixForm
    return elementwise


def _elementwise(w: Writer, term: Term, row: Poly, col: Poly) -> Any:
    """f(A[i, j]) as A.applyfunc(f), where one entry is all that depends on the indices."""
    both = {*row.variables, *col.variables}
    leaves: dict[Term, None] = {}

    def visit(node: Term) -> bool:
        if node.free.isdisjoint(both):
            return True
        if isinstance(node, (Entry, Ref, InverseEntry, FunctionEntry, Whole)):
            leaves[node] = None
            return True
        if isinstance(node, (Add, Mul, Pow, Apply, Unknown, RealBracket)):
            return all(visit(arg) for arg in node.args)
        return False

    if not visit(term) or len(leaves) != 1:
        return None
    (leaf,) = leaves
    if leaf is term or {v for v in leaf.free if v in both} != both:
        return None
    matrix = w.matrix(leaf, row, col)
    t = sp.Symbol("t")
    body = _with_leaf(w, term, leaf, t)
    return matrix.applyfunc(sp.Lambda(t, body))


def _with_leaf(w: Writer, term: Term, leaf: Term, symbol: Any) -> Any:
    if term is leaf:
        return symbol
    parts = [_with_leaf(w, a, leaf, symbol) for a in term.args]
    if isinstance(term, Add):
        return sp.Add(*parts)
    if isinstance(term, Mul):
        return sp.Mul(*parts)
    if isinstance(term, Pow):
        return raised(parts[0], parts[1])
    if isinstance(term, Apply):
        return FUNCTIONS[term.data[0]].symbol(*parts)
    if isinstance(term, Unknown):
        return derived_function(term.data[0], term.data[1], parts)
    if isinstance(term, RealBracket):
        test = sp.Gt(parts[0], 0) if term.data[0] == ">" else sp.Eq(parts[0], 0)
        return sp.Piecewise((1, test), (0, True))
    return w.scalar(term)


@MATRICES.on(Mul)
def _matrix_mul(w: Writer, term: Mul, row: Poly, col: Poly) -> Any:
    """Scalars in front; factors of both indices entry by entry; of one index, on its side."""
    return _product(w, list(term.args), row, col)


def _product(w: Writer, factors: list[Term], row: Poly, col: Poly) -> Any:
    rows, cols = set(row.variables), set(col.variables)
    scalars, left, right, both, diagonal = [], [], [], [], False
    for factor in factors:
        on_row, on_col = bool(factor.free & rows), bool(factor.free & cols)
        if isinstance(factor, IndexBracket) and on_row and on_col:
            relation, poly = factor.data
            if relation == "=" and _on_diagonal(poly, row, col):
                diagonal = True
                continue
        if on_row and on_col:
            both.append(factor)
        elif on_row:
            left.append(factor)
        elif on_col:
            right.append(factor)
        else:
            scalars.append(factor)
    if not (rows or cols):
        vectors = [s for s in scalars if isinstance(s, Sum)]
        if len(vectors) == 1:  # one product of vectors, the rest in front of it
            scalars = [s for s in scalars if s is not vectors[0]]
            return scaled(sp.Mul(*(w.scalar(s) for s in scalars)), w.matrix(vectors[0], row, col))
        raise NoMatrixForm
    scale = w.multiple(*scalars)
    if diagonal:
        renamed = [substitute(f, {v: row for v in cols}) for f in (*both, *left, *right)]
        if not renamed:
            return scaled(scale, sp.Identity(w._length(row)))
        return scaled(scale, DiagMatrix(_hadamard(w, renamed, row, ZERO)))
    if not both:
        column = _hadamard(w, left, row, ZERO) if left else None
        line = _hadamard(w, right, ZERO, col) if right else None
        if column is not None and line is not None:
            return scaled(scale, multiplied(column, line))
        if column is not None:
            ones = [sp.OneMatrix(1, w._length(col))] if cols else []
            return scaled(scale, multiplied(column, *ones))
        ones = [sp.OneMatrix(w._length(row), 1)] if rows else []
        return scaled(scale, multiplied(*ones, line))
    result = _hadamard(w, both, row, col)
    if left:
        result = multiplied(DiagMatrix(_hadamard(w, left, row, ZERO)), result)
    if right:
        result = multiplied(result, DiagMatrix(_hadamard(w, right, col, ZERO)))
    return scaled(scale, result)


def _hadamard(w: Writer, factors: list[Term], row: Poly, col: Poly) -> Any:
    """The entrywise product of factors that all depend on the same indices."""
    factors, known = _by_value(w, factors, row, col)
    if len(factors) > 1:
        whole = _elementwise(w, Mul(tuple(factors)), row, col)
        if whole is not None:
            factors, known = [], [whole, *known]
    matrices: list[Any] = []
    powers: dict[Any, int] = dict.fromkeys(known, 1)
    for factor in factors:
        matrix = w.matrix(factor, row, col)
        powers[matrix] = powers.get(matrix, 0) + 1
    for matrix, times in powers.items():
        matrices.append(matrix if times == 1 else sp.HadamardPower(matrix, times))
    return matrices[0] if len(matrices) == 1 else sp.HadamardProduct(*matrices)


def _by_value(w: Writer, factors: list[Term], row: Poly, col: Poly) -> tuple[list[Term], list[Any]]:
    """The factors, and in place of those that are functions of one entry, matrices: polynomials of
    the value of another function of it.
    """
    if w.values is None:
        return factors, []
    indices = {*row.variables, *col.variables}
    groups: dict[Any, list[Term]] = {}
    for factor in factors:
        leaf = leaf_of(factor, indices)
        groups.setdefault(factor if leaf is None else leaf, []).append(factor)
    rest: list[Term] = []
    known: list[Any] = []
    for group in groups.values():
        whole = mul(*group)
        # A value without a name is written out, and then is a function of that entry itself.
        found = None if whole in w.by_value else w.values.factors(whole, indices)
        if found is None:
            rest.extend(group)
            continue
        w.by_value.add(whole)
        try:
            known.extend(_polynomial(w, one, row, col) for one in found)
        finally:
            w.by_value.discard(whole)
    return rest, known


def _polynomial(w: Writer, term: Term, row: Poly, col: Poly) -> Any:
    """A polynomial of one entry as a sum of entrywise powers of its matrix."""
    if isinstance(term, Add):
        return added(*(_polynomial(w, a, row, col) for a in term.args))
    if isinstance(term, Mul) and isinstance(term.args[0], Num):
        rest = mul(*term.args[1:])
        return scaled(w.scalar(term.args[0]), _polynomial(w, rest, row, col))
    if isinstance(term, Pow):
        return sp.HadamardPower(w.matrix(term.args[0], row, col), w.scalar(term.args[1]))
    return w.matrix(term, row, col)


@MATRICES.on(Sum)
def _matrix_sum(w: Writer, term: Sum, row: Poly, col: Poly) -> Any:
    """Σ_k A[i, k]·B[k, j] = (A B)[i, j]; what does not mention k stays outside."""
    variable, body = term.variable, term.args[0]
    if isinstance(body, Add):
        parts = [Sum((a,), (variable,)) for a in body.args]
        return added(*(w.matrix(p, row, col) for p in parts))
    k = as_poly(variable)
    factors = factors_of(body)
    rows, cols = set(row.variables), set(col.variables)
    if not (rows or cols) and len(factors) == 1:
        factors = squared(body)
    outside = [f for f in factors if variable not in f.free]
    inside = [f for f in factors if variable in f.free]
    if not inside:
        low, high = bounds(variable)
        return scaled(w.integer(high - low + 1), _product(w, outside, row, col))
    if outside:
        inner = Sum((Mul(tuple(inside)) if len(inside) > 1 else inside[0],), (variable,))
        return _product(w, [*outside, inner], row, col)
    left = [f for f in inside if f.free & rows and not f.free & cols]
    right = [f for f in inside if f.free & cols and not f.free & rows]
    middle = [f for f in inside if not f.free & (rows | cols)]
    if len(left) + len(right) + len(middle) != len(inside) or (rows == cols and rows):
        raise NoMatrixForm
    # A factor of k alone joins a side that is a vector, else it stands between as a diagonal.
    if len(middle) > 1 and not (rows or cols or left or right):
        left, right, middle = middle[:1], middle[1:], []
    elif middle and not rows:
        left, middle = [*left, *middle], []
    elif middle and not cols:
        right, middle = [*right, *middle], []
    parts = []
    if left:
        parts.append(_hadamard(w, left, row, k))
    elif not rows:
        parts.append(sp.OneMatrix(1, w._length(k)))
    else:
        raise NoMatrixForm
    if middle:
        parts.append(DiagMatrix(_hadamard(w, middle, k, ZERO)))
    if right:
        parts.append(_hadamard(w, right, k, col))
    elif not cols:
        parts.append(sp.OneMatrix(w._length(k), 1))
    else:
        raise NoMatrixForm
    return multiplied(*parts)


@WRITTEN.fill
def written(term: Term) -> sp.Expr:
    """A scalar term as an expression."""
    found: sp.Expr = Writer().scalar(term)
    return found
