"""Writes terms of the core in SymPy: each as a scalar, or as a matrix over two of its indices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import count
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from derive.base.bounded import MOST_BITS
from derive.base.budget import spend
from derive.base.errors import UnsupportedError
from derive.base.tables import Table
from derive.core.integers import ZERO, Label, Poly, Var, as_poly
from derive.core.terms import (
    Add,
    Entry,
    Mul,
    Num,
    Pow,
    Ref,
    Shared,
    Sum,
    Term,
    bounds,
    substitute,
)
from derive.language.operators import (
    ScalarFunction,
    Tensor,
    entry,
)
from derive.presentation.by_value import Values

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
            return entry_of(self, variable.array.symbol, variable.places)
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
            sp.Mul(as_rational(c), *(self.symbol(v) for v in monomial))
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
        return scaled(value, sp.OneMatrix(*shape))

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


def as_rational(value: Any) -> Any:
    return sp.Rational(value.numerator, value.denominator)


def multiplied(*factors: Any) -> Any:
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


def added(*terms: Any) -> Any:
    """A matrix sum, flat, without zeros, equal terms collected."""
    counts: dict[Any, Any] = {}
    for term in terms:
        for part in term.args if isinstance(term, sp.MatAdd) else (term,):
            scalar, matrix = number_and_rest(part)
            if not isinstance(matrix, sp.ZeroMatrix):
                counts[matrix] = counts.get(matrix, 0) + scalar
    kept = [multiplied(scalar, matrix) for matrix, scalar in counts.items() if scalar != 0]
    if len(kept) < 2:
        return kept[0] if kept else sp.ZeroMatrix(*terms[0].shape)
    return sp.MatAdd(*sorted(kept, key=_sign, reverse=True), evaluate=False)


def number_and_rest(matrix: Any) -> tuple[Any, Any]:
    """The scalar in front of a matrix, and the matrix."""
    if not isinstance(matrix, sp.MatMul):
        return sp.S.One, matrix
    scalars = [a for a in matrix.args if not (isinstance(a, MatrixExpr) or a.is_Matrix)]
    return sp.Mul(*scalars), multiplied(*(a for a in matrix.args if a not in scalars))


def _sign(matrix: Any) -> int:
    first = matrix.args[0] if isinstance(matrix, sp.MatMul) else sp.S.One
    return -1 if getattr(first, "could_extract_minus_sign", lambda: False)() else 1


def scaled(value: Any, matrix: Any) -> Any:
    return matrix if value == 1 else multiplied(value, matrix)


SCALARS: Table[Callable[[Writer, Any], Any]] = Table()


MATRICES: Table[Callable[[Writer, Any, Poly, Poly], Any]] = Table()


def entry_of(w: Writer, symbol: Any, indices: tuple[Poly, ...]) -> Any:
    """An entry of an array, the axes of size 1 put back."""
    shape = () if isinstance(symbol, sp.Symbol) else getattr(symbol, "shape", None)
    if shape is None:
        return symbol[tuple(w.integer(i) for i in indices)]
    if not shape:
        return symbol
    supply = iter(indices)
    place = [sp.S.Zero if size == 1 else w.integer(next(supply)) for size in shape]
    return entry(symbol, *place)


def raised(base: Any, exponent: Any) -> Any:
    """A power.

    :raises UnsupportedError: for one of numbers with too many digits, which SymPy would work out.
    """
    if base.is_Rational and exponent.is_Integer:
        length = max(abs(base.p), base.q).bit_length() - 1
        if length * abs(int(exponent)) > MOST_BITS:
            raise UnsupportedError("a power of a number is too long to be written down")
    if isinstance(base, sp.Sum) and exponent.is_Rational and exponent not in (0, 1):
        return sp.Pow(base, exponent, evaluate=False)  # SymPy would take long to see that it stays
    return base**exponent


def derived_function(function: Any, orders: tuple[int, ...], args: list[Any]) -> Any:
    """An undefined function, differentiated in its arguments and taken at a point."""
    if not any(orders):
        return function(*args)
    if isinstance(function, ScalarFunction):
        if sum(orders) > 1:
            raise NoMatrixForm
        return function.gradient(orders.index(1))(*args)
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


def factors_of(term: Term) -> list[Term]:
    return list(term.args) if isinstance(term, Mul) else [term]


def squared(term: Term) -> list[Term]:
    """A square as two factors."""
    square = isinstance(term, Pow) and isinstance(term.args[1], Num) and term.args[1].data[0] == 2
    return [term.args[0]] * 2 if square else [term]


def power_of(w: Writer, shared: Shared, indices: tuple[Poly, ...]) -> Any:
    """The power of a matrix that an entry of its powers is one of; None for another array."""
    if shared.factors is None or shared.factors.matrix is None or len(indices) != 4:
        return None
    low, high, _, _ = indices
    return sp.MatPow(shared.factors.matrix, w.integer(high - low + 1))


def label_of(w: Writer, shared: Shared) -> Any:
    """What a whole matrix stands for; one that a rewriting has made is written out."""
    if shared.label is not None:
        return shared.label
    row, column = map(as_poly, shared.params)
    return w.matrix(shared.body, row, column)
