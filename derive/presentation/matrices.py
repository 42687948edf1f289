"""From the core back to SymPy, for people: matrices where there is a matrix form, else entries.

Nothing is decided here. A term with two free indices is read as a matrix over them: factors that
share both are multiplied entry by entry, a sum over an index that two factors share is a product.
What fits no such pattern is written entry by entry, which always works.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import count
from typing import Any

import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix
from sympy.matrices.expressions.matexpr import MatrixExpr

from derive.base.bounded import MOST_BITS
from derive.base.budget import spend
from derive.base.errors import UnsupportedError
from derive.base.tables import Table
from derive.core.functions import FUNCTIONS
from derive.core.integers import ZERO, Label, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import (
    Add,
    Apply,
    Const,
    Determinant,
    Entry,
    FunctionEntry,
    FunctionTrace,
    IndexBracket,
    Int,
    InverseEntry,
    Maximum,
    Mul,
    Num,
    Pow,
    Product,
    RealBracket,
    Ref,
    Shared,
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
    MaxOver,
    Partial,
    ScalarApplication,
    ScalarGradient,
    Tensor,
    entry,
)
from derive.lowering.lower import WRITTEN
from derive.presentation.by_value import Values, leaf_of

MOST_WRITTEN_OUT = 16  # entries of a matrix that is written entry by entry
SCALAR = 175  # units of work for a term that is written


class NoMatrixForm(Exception):
    """A term that is no matrix expression over the two indices; caught here, never outside."""


class Writer:
    """Writes terms of one decision as SymPy expressions; each shared array once.

    :param symbols: SymPy symbols for free indices, by variable.
    :param names: symbols to write for shared arrays, instead of what they are.
    :param taken: names that a new index may not have.
    :param unevaluated: whether SymPy leaves functions as they are, not looking for a simpler form.
    """

    def __init__(
        self,
        symbols: Mapping[Var, Any] | None = None,
        names: Mapping[Shared, Any] | None = None,
        taken: Collection[str] = (),
        unevaluated: bool = False,
    ) -> None:
        self.unevaluated = unevaluated
        self.values: Values | None = None
        self.by_value: set[Term] = set()  # what is being written by the value of a function
        self._symbols: dict[Var, Any] = dict(symbols or {})
        self._named = dict(names or {})
        self._scalars: dict[tuple[Term, bool], Any] = {}
        self._contracting = False
        self._introduced: set[Any] = set()
        used = {*taken, *(str(symbol) for symbol in self._symbols.values())}
        letters = (f"{letter}{tail}" for tail in _tails() for letter in "ijklpqrst")
        self._names = (name for name in letters if name not in used)

    # ---- integers

    def label(self, shared: Shared) -> Any:
        """What a shared array is written as, or None where its body has to be."""
        return self._named.get(shared, shared.label)

    def symbol(self, variable: Var) -> Any:
        """The SymPy symbol of an integer variable: its own, or a new index name."""
        if isinstance(variable, Label):
            return _entry_of(self, variable.array.symbol, variable.places)
        found = self._symbols.get(variable)
        if found is None:
            found = self._index() if variable.symbol is None else variable.symbol
            self._symbols[variable] = found
        return found

    def _index(self) -> Any:
        found = sp.Symbol(next(self._names), integer=True)
        self._introduced.add(found)
        return found

    def unbound(self, expr: Any) -> set[Any]:
        """The indices of this writer's own that nothing in an expression says the range of."""
        memo: dict[Any, set[Any]] = {}

        def free(node: Any) -> set[Any]:
            if node in self._introduced:
                return {node}
            if not isinstance(node, sp.Basic) or not node.args:
                return set()
            if node not in memo:
                ranges = [a for a in node.args if isinstance(a, sp.Tuple) and a.args]
                bound = {
                    symbol
                    for a in ranges
                    for symbol in (a.args if isinstance(node, sp.Lambda) else a.args[:1])
                }
                memo[node] = set().union(*map(free, node.args)) - bound
            return memo[node]

        return free(expr)

    def integer(self, poly: Poly) -> Any:
        """An integer polynomial as a SymPy expression."""
        terms = [
            sp.Mul(_rational(c), *(self.symbol(v) for v in monomial))
            for monomial, c in poly.terms.items()
        ]
        return sp.Add(*terms)

    def limits(self, variable: Var) -> tuple[Any, Any, Any]:
        """A bound index with the ends of its range."""
        low, high = bounds(variable)
        return self.symbol(variable), self.integer(low), self.integer(high)

    # ---- entry by entry

    def scalar(self, term: Term) -> Any:
        """A term as a scalar expression in entries."""
        key = term, self._contracting
        found = self._scalars.get(key)
        if found is None:
            spend(SCALAR)
            found = self._scalars[key] = SCALARS[type(term)](self, term)
        return found

    def multiple(self, *factors: Term) -> Any:
        """What stands in front of a matrix: a scalar, in which sums are products of matrices.

        SymPy works out a sum before it prints the product that it stands in, which can take long.
        """
        outer, self._contracting = self._contracting, True
        try:
            return sp.Mul(*map(self.scalar, factors))
        finally:
            self._contracting = outer

    # ---- matrices

    def matrix(self, term: Term, row: Poly, col: Poly) -> Any:
        """A term as a matrix over the ranges of two indices; an index 0 is an axis of size 1.

        :raises NoMatrixForm: where there is none that this knows.
        """
        if not (row.variables or col.variables):
            return self._unit(term)
        if term.free.isdisjoint({*row.variables, *col.variables}):
            return self._filled(self.multiple(term), row, col)
        rule = MATRICES.get(type(term))
        if rule is None:
            raise NoMatrixForm
        return rule(self, term, row, col)

    def _unit(self, term: Term) -> Any:
        """A 1×1 matrix: sums and products of vectors where it is one, else its entry."""
        if isinstance(term, (Entry, Ref, Add, Mul, Sum, Num)):
            try:
                return MATRICES[type(term)](self, term, ZERO, ZERO)
            except (NoMatrixForm, KeyError):
                pass
        return sp.ImmutableMatrix([[self.scalar(term)]])

    def _length(self, index: Poly) -> Any:
        if not index.variables:
            return sp.S.One
        variable = next(iter(index.variables))
        if index != as_poly(variable) or variable.low != ZERO or variable.high is None:
            raise NoMatrixForm
        return self.integer(variable.high + 1)

    def _filled(self, value: Any, row: Poly, col: Poly) -> Any:
        shape = (self._length(row), self._length(col))
        if value == 0:
            return sp.ZeroMatrix(*shape)
        return _scaled(value, sp.OneMatrix(*shape))

    def whole(self, term: Term, shape: tuple[Any, ...], place: tuple[Poly, ...]) -> Any:
        """A term over free indices as an array of the given shape, in the best form there is."""
        if not shape:
            return self.scalar(term)
        if len(shape) == 2:
            row, col = place
            try:
                return self.matrix(term, row, col)
            except NoMatrixForm:
                if all(size == 1 for size in shape):
                    return sp.ImmutableMatrix([[self.scalar(term)]])
                if all(size.is_Integer for size in shape) and sp.Mul(*shape) <= MOST_WRITTEN_OUT:
                    return self._written_out(term, shape, place)
                indices = tuple(map(self._axis, place))
                return sp.FunctionMatrix(*shape, sp.Lambda(indices, self.scalar(term)))
        axes = list(zip(map(self._axis, place), shape, strict=True))
        return Tensor(self.scalar(term), *axes)

    def _written_out(self, term: Term, shape: tuple[Any, ...], place: tuple[Poly, ...]) -> Any:
        """A matrix of few entries, each on its own."""

        def at(*position: Any) -> Any:
            pairs = zip(place, map(int, position), strict=True)
            values = {v: as_poly(k) for index, k in pairs for v in index.variables}
            return self.scalar(substitute(term, values))

        return sp.ImmutableMatrix(*shape, at)

    def _axis(self, index: Poly) -> Any:
        """The symbol of a free index; a new one on an axis of size 1, where nothing reads it."""
        if index.variables:
            return self.symbol(next(iter(index.variables)))
        return self._index()


def _tails() -> Iterator[str]:
    yield ""
    yield from map(str, count(1))


def _rational(value: Any) -> Any:
    return sp.Rational(value.numerator, value.denominator)


def _times(*factors: Any) -> Any:
    """A matrix product, flat, its scalars in front; SymPy's own ``doit`` is slow and rewrites."""
    scalar, matrices, identity = sp.S.One, [], None
    for factor in factors:
        for part in factor.args if isinstance(factor, sp.MatMul) else (factor,):
            if isinstance(part, sp.Identity):
                identity = part
            elif isinstance(part, MatrixExpr) or part.is_Matrix:
                matrices.append(part)
            else:
                scalar = scalar * part
    if not matrices and identity is None:
        return scalar
    matrices = matrices or [identity]
    scalars = [] if scalar == 1 else [scalar]
    return (
        sp.MatMul(*scalars, *matrices, evaluate=False) if scalars or matrices[1:] else matrices[0]
    )


def _plus(*terms: Any) -> Any:
    """A matrix sum, flat, without zeros, equal terms collected."""
    counts: dict[Any, Any] = {}
    for term in terms:
        for part in term.args if isinstance(term, sp.MatAdd) else (term,):
            scalar, matrix = _parts(part)
            if not isinstance(matrix, sp.ZeroMatrix):
                counts[matrix] = counts.get(matrix, 0) + scalar
    kept = [_times(scalar, matrix) for matrix, scalar in counts.items() if scalar != 0]
    if len(kept) < 2:
        return kept[0] if kept else sp.ZeroMatrix(*terms[0].shape)
    return sp.MatAdd(*sorted(kept, key=_sign, reverse=True), evaluate=False)


def _parts(matrix: Any) -> tuple[Any, Any]:
    """The scalar in front of a matrix, and the matrix."""
    if not isinstance(matrix, sp.MatMul):
        return sp.S.One, matrix
    scalars = [a for a in matrix.args if not (isinstance(a, MatrixExpr) or a.is_Matrix)]
    return sp.Mul(*scalars), _times(*(a for a in matrix.args if a not in scalars))


def _sign(matrix: Any) -> int:
    first = matrix.args[0] if isinstance(matrix, sp.MatMul) else sp.S.One
    return -1 if getattr(first, "could_extract_minus_sign", lambda: False)() else 1


def _scaled(value: Any, matrix: Any) -> Any:
    return matrix if value == 1 else _times(value, matrix)


# ---- scalars, node by node

SCALARS: Table[Callable[[Writer, Any], Any]] = Table()
MATRICES: Table[Callable[[Writer, Any, Poly, Poly], Any]] = Table()


@SCALARS.on(Num)
def _num(w: Writer, term: Num) -> Any:
    return _rational(term.data[0])


@SCALARS.on(Const)
def _const(w: Writer, term: Const) -> Any:
    return term.data[0]


@SCALARS.on(Int)
def _int(w: Writer, term: Int) -> Any:
    return w.integer(term.data[0])


def _entry_of(w: Writer, symbol: Any, indices: tuple[Poly, ...]) -> Any:
    """An entry of an array, the axes of size 1 put back."""
    shape = () if isinstance(symbol, sp.Symbol) else getattr(symbol, "shape", None)
    if shape is None:
        return symbol[tuple(w.integer(i) for i in indices)]
    if not shape:
        return symbol
    supply = iter(indices)
    place = [sp.S.Zero if size == 1 else w.integer(next(supply)) for size in shape]
    return entry(symbol, *place)


@SCALARS.on(Entry)
def _entry(w: Writer, term: Entry) -> Any:
    return _entry_of(w, term.data[0].symbol, term.data[1])


@SCALARS.on(Ref)
def _ref(w: Writer, term: Ref) -> Any:
    shared, indices = term.data
    found = _power(w, shared, indices)
    if found is not None:
        return entry(found, *map(w.integer, indices[-2:]))
    if shared.named or shared in w._named:
        return _entry_of(w, w.label(shared), indices)
    return w.scalar(shared.at(indices))


@SCALARS.on(Add)
def _add(w: Writer, term: Add) -> Any:
    return sp.Add(*(w.scalar(a) for a in term.args))


@SCALARS.on(Mul)
def _mul(w: Writer, term: Mul) -> Any:
    """A product; what stands beside brackets of indices is read only where these are 1."""
    tests = [a for a in term.args if isinstance(a, IndexBracket) and a.data[0] == ">="]
    rest = [a for a in term.args if a not in tests]
    if not tests or not any(isinstance(a, (Entry, Ref)) for a in rest):
        return sp.Mul(*(w.scalar(a) for a in term.args))
    conditions = [w.scalar(test) for test in tests]
    true = [c.args[0].cond for c in conditions if isinstance(c, sp.Piecewise)]
    value = sp.Mul(*(w.scalar(a) for a in rest))
    return sp.Piecewise((value, sp.And(*true)), (0, True)) if true else value


@SCALARS.on(Pow)
def _pow(w: Writer, term: Pow) -> Any:
    return _powered(w.scalar(term.args[0]), w.scalar(term.args[1]))


def _powered(base: Any, exponent: Any) -> Any:
    """A power.

    :raises UnsupportedError: for one of numbers with too many digits, which SymPy would work out.
    """
    if base.is_Rational and exponent.is_Integer:
        length = max(abs(base.p), base.q).bit_length() - 1
        if length * abs(int(exponent)) > MOST_BITS:
            raise UnsupportedError("a power of a number is too long to be written down")
    return base**exponent


@SCALARS.on(Apply)
def _apply(w: Writer, term: Apply) -> Any:
    args = [w.scalar(a) for a in term.args]
    if w.unevaluated:
        # SymPy takes long to see that it cannot simplify a function of a long argument.
        return FUNCTIONS[term.data[0]].symbol(*args, evaluate=False)
    if term.data[0] == "exp":
        return _exponential(*args)
    return FUNCTIONS[term.data[0]].symbol(*args)


def _exponential(exponent: Any) -> Any:
    """exp(exponent), which is 2ⁿ for n·log 2 and Γ(x) for log Γ(x)."""
    if isinstance(exponent, sp.loggamma):
        return sp.gamma(*exponent.args)
    factors = sp.Mul.make_args(exponent)
    logarithms = [f for f in factors if isinstance(f, sp.log) and f.args[0].is_Integer]
    if len(logarithms) != 1:
        return sp.exp(exponent)
    return logarithms[0].args[0] ** sp.Mul(*(f for f in factors if f is not logarithms[0]))


@SCALARS.on(Unknown)
def _unknown(w: Writer, term: Unknown) -> Any:
    function, orders = term.data
    return _derived_function(function, orders, [w.scalar(a) for a in term.args])


def _derived_function(function: Any, orders: tuple[int, ...], args: list[Any]) -> Any:
    """An undefined function, differentiated in its arguments and taken at a point."""
    if not any(orders):
        return function(*args)
    # Only what is differentiated in becomes a variable: SymPy takes two variables of a Subs with
    # one value for one another.
    points = [
        (k, order, arg) for k, (order, arg) in enumerate(zip(orders, args, strict=True)) if order
    ]
    plain = len(set(args)) == len(args) and all(isinstance(a, sp.Symbol) for _, _, a in points)
    symbols = {k: arg if plain else sp.Dummy("x") for k, _, arg in points}
    value = function(*(symbols.get(k, arg) for k, arg in enumerate(args)))
    for k, order, _ in points:
        value = value.diff(symbols[k], order)
    if plain:
        return value
    return sp.Subs(value, tuple(symbols.values()), tuple(arg for _, _, arg in points))


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
    number, product = _parts(written)
    if not isinstance(product, MatrixExpr) or product.has(sp.MatrixBase, sp.Sum):
        return None
    return number * sp.Trace(product)


def _of_entries(w: Writer, term: Sum) -> Any:
    inner = term.args[0]
    if not isinstance(inner, Sum):
        return None
    row, col = as_poly(term.variable), as_poly(inner.variable)
    body = inner.args[0]
    factors = [f for factor in _factors(body) for f in _squared(factor)]
    if len(factors) < 2 or any(not {*row.variables, *col.variables} <= f.free for f in factors):
        return None
    try:
        first, rest = w.matrix(factors[0], row, col), _hadamard(w, factors[1:], row, col)
    except NoMatrixForm:
        return None
    return _times(_transposed(first), rest)


def _factors(term: Term) -> list[Term]:
    return list(term.args) if isinstance(term, Mul) else [term]


def _squared(term: Term) -> list[Term]:
    """A square as two factors."""
    square = isinstance(term, Pow) and isinstance(term.args[1], Num) and term.args[1].data[0] == 2
    return [term.args[0]] * 2 if square else [term]


@SCALARS.on(Maximum)
def _maximum(w: Writer, term: Maximum) -> Any:
    return MaxOver(w.scalar(term.args[0]), w.limits(term.variable))


@SCALARS.on(IndexBracket)
def _index_bracket(w: Writer, term: IndexBracket) -> Any:
    relation, poly = term.data
    if relation == ">=" and is_nonnegative(poly):
        return sp.S.One
    positive = Poly({m: c for m, c in poly.terms.items() if c > 0})
    left, right = w.integer(positive), w.integer(positive - poly)
    if relation == "=":
        return sp.KroneckerDelta(left, right)
    return sp.Piecewise((1, left >= right), (0, True))


@SCALARS.on(RealBracket)
def _real_bracket(w: Writer, term: RealBracket) -> Any:
    value = w.scalar(term.args[0])
    test = sp.Gt(value, 0) if term.data[0] == ">" else sp.Eq(value, 0)
    return sp.Piecewise((1, test), (0, True))


@SCALARS.on(Whole)
def _whole(w: Writer, term: Whole) -> Any:
    name, arguments, path = term.data
    labels = [a.label for a in arguments]
    if not path:
        return ScalarApplication(sp.Symbol(name), *labels)
    if len(path) > 1:
        raise NoMatrixForm
    ((position, indices),) = path
    if isinstance(labels[position], MatrixExpr):
        return _entry_of(w, MatrixGradient(sp.Symbol(name), sp.Integer(position), *labels), indices)
    return ScalarGradient(sp.Symbol(name), sp.Integer(position), *labels)


@SCALARS.on(InverseEntry)
def _inverse(w: Writer, term: InverseEntry) -> Any:
    shared, _, i, j = term.data
    return entry(sp.Inverse(_label(w, shared)), w.integer(i), w.integer(j))


@SCALARS.on(Determinant)
def _determinant(w: Writer, term: Determinant) -> Any:
    return sp.Determinant(_label(w, term.data[0]))


@SCALARS.on(FunctionEntry)
def _function_entry(w: Writer, term: FunctionEntry) -> Any:
    shared, name, _, i, j = term.data
    return entry(NAMED[name](_label(w, shared)), w.integer(i), w.integer(j))


@SCALARS.on(FunctionTrace)
def _function_trace(w: Writer, term: FunctionTrace) -> Any:
    shared, name, _ = term.data
    return sp.Trace(NAMED[name](_label(w, shared)))


def _power(w: Writer, shared: Shared, indices: tuple[Poly, ...]) -> Any:
    """The power of a matrix that an entry of its powers is one of; None for another array."""
    if shared.factors is None or shared.factors.matrix is None or len(indices) != 4:
        return None
    low, high, _, _ = indices
    return sp.MatPow(shared.factors.matrix, w.integer(high - low + 1))


def _label(w: Writer, shared: Shared) -> Any:
    """What a whole matrix stands for; one that a rewriting has made is written out."""
    if shared.label is not None:
        return shared.label
    row, column = map(as_poly, shared.params)
    return w.matrix(shared.body, row, column)


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
            return _scaled(matrix[0, 0], sp.OneMatrix(w._length(row), w._length(col)))
        return matrix
    if len(indices) != 1:
        raise NoMatrixForm
    column = matrix if matrix.shape[1] == 1 else _transposed(matrix)
    if indices[0] == row:
        if col.variables:  # the same in every column
            return _times(column, sp.OneMatrix(1, w._length(col)))
        return column
    if indices[0] == col:
        if row.variables:
            return _times(sp.OneMatrix(w._length(row), 1), _transposed(column))
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
    found = _power(w, shared, indices)
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
    return _oriented(w, sp.Inverse(_label(w, shared)), (i, j), row, col)


@MATRICES.on(FunctionEntry)
def _function_of_matrix(w: Writer, term: FunctionEntry, row: Poly, col: Poly) -> Any:
    shared, name, _, i, j = term.data
    return _oriented(w, NAMED[name](_label(w, shared)), (i, j), row, col)


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
    return _plus(*(w.matrix(a, row, col) for a in term.args))


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
        return _powered(parts[0], parts[1])
    if isinstance(term, Apply):
        return FUNCTIONS[term.data[0]].symbol(*parts)
    if isinstance(term, Unknown):
        return _derived_function(term.data[0], term.data[1], parts)
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
            return _scaled(sp.Mul(*(w.scalar(s) for s in scalars)), w.matrix(vectors[0], row, col))
        raise NoMatrixForm
    scale = w.multiple(*scalars)
    if diagonal:
        renamed = [substitute(f, {v: row for v in cols}) for f in (*both, *left, *right)]
        if not renamed:
            return _scaled(scale, sp.Identity(w._length(row)))
        return _scaled(scale, DiagMatrix(_hadamard(w, renamed, row, ZERO)))
    if not both:
        column = _hadamard(w, left, row, ZERO) if left else None
        line = _hadamard(w, right, ZERO, col) if right else None
        if column is not None and line is not None:
            return _scaled(scale, _times(column, line))
        if column is not None:
            ones = [sp.OneMatrix(1, w._length(col))] if cols else []
            return _scaled(scale, _times(column, *ones))
        ones = [sp.OneMatrix(w._length(row), 1)] if rows else []
        return _scaled(scale, _times(*ones, line))
    result = _hadamard(w, both, row, col)
    if left:
        result = _times(DiagMatrix(_hadamard(w, left, row, ZERO)), result)
    if right:
        result = _times(result, DiagMatrix(_hadamard(w, right, col, ZERO)))
    return _scaled(scale, result)


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
        return _plus(*(_polynomial(w, a, row, col) for a in term.args))
    if isinstance(term, Mul) and isinstance(term.args[0], Num):
        rest = mul(*term.args[1:])
        return _scaled(w.scalar(term.args[0]), _polynomial(w, rest, row, col))
    if isinstance(term, Pow):
        return sp.HadamardPower(w.matrix(term.args[0], row, col), w.scalar(term.args[1]))
    return w.matrix(term, row, col)


@MATRICES.on(Sum)
def _matrix_sum(w: Writer, term: Sum, row: Poly, col: Poly) -> Any:
    """Σ_k A[i, k]·B[k, j] = (A B)[i, j]; what does not mention k stays outside."""
    variable, body = term.variable, term.args[0]
    if isinstance(body, Add):
        parts = [Sum((a,), (variable,)) for a in body.args]
        return _plus(*(w.matrix(p, row, col) for p in parts))
    k = as_poly(variable)
    factors = _factors(body)
    rows, cols = set(row.variables), set(col.variables)
    if not (rows or cols) and len(factors) == 1:
        factors = _squared(body)
    outside = [f for f in factors if variable not in f.free]
    inside = [f for f in factors if variable in f.free]
    if not inside:
        low, high = bounds(variable)
        return _scaled(w.integer(high - low + 1), _product(w, outside, row, col))
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
    return _times(*parts)


@WRITTEN.fill
def written(term: Term) -> sp.Expr:
    """A scalar term as an expression."""
    found: sp.Expr = Writer().scalar(term)
    return found
