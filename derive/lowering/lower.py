"""From SymPy to the core: what lowers an expression, and the tables that say how each node does.

The functions stand in :mod:`derive.lowering.matrices` and :mod:`derive.lowering.scalars`, one per
SymPy node, each with its index definition.

Every matrix that is computed becomes a :class:`~derive.core.terms.Shared` array, made once however
often it occurs, so that what is shared in the document stays shared. Whatever has a shape rule
and no function here is refused by name, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.base.budget import spend
from derive.base.errors import ClaimError, UnsupportedError
from derive.base.slot import Slot
from derive.base.tables import Table
from derive.core.integers import FREE, ONE, SIZE, ZERO, Label, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import (
    Array,
    Int,
    Shared,
    Term,
    axis_variable,
    entry,
    fresh,
    ref,
)
from derive.core.whole import is_polynomial, is_whole, takes_whole_values
from derive.language.dims import is_unit, same_size
from derive.language.index_ranges import Ranges
from derive.language.printing import text_of
from derive.language.sequences import At
from derive.language.shapes import Shapes
from derive.lowering.blocks import Eliminated, eliminated
from derive.lowering.labels import Held

# What a symbol stands for inside a binder or a Lambda: an index, or a term.
Scope = Mapping[Any, Poly | Term]
Indices = tuple[Poly, ...]
NOTHING_HELD: Mapping[Any, Held] = MappingProxyType({})
Differentiate = Callable[[Term, Any, Indices], Term]

ELEMENT = 25  # units of work for an entry of an array

# A term as an expression that a document would have.
WRITTEN = Slot("derive.engine")


class Lowering:
    """Lowers the expressions of one claim; equal subexpressions are lowered once.

    :param shapes: the shapes of everything, already checked.
    :param ranges: the free indices, each with its range, and what is given between sizes.
    :param traits: what is assumed of a symbol, by symbol.
    :param integers: the symbols that stand for integers.
    :param minima: the smallest value of a size, where it is more than 1.
    :param differentiate: how a derivative node of a documented side is worked out.
    :param invertible: the matrices that the claim inverts, or takes to be invertible.
    :param whole: sizes of the claim's arrays such as d/2, which are whole because they are sizes.
    :param held: the arrays that hold whole numbers, with their ranges.
    """

    def __init__(
        self,
        shapes: Shapes,
        ranges: Ranges,
        traits: Mapping[Any, frozenset[str]],
        integers: Iterable[Any],
        minima: Mapping[Any, int],
        differentiate: Differentiate,
        invertible: Iterable[Any] = (),
        whole: Iterable[Any] = (),
        held: Mapping[Any, Held] = NOTHING_HELD,
    ) -> None:
        self.shapes = shapes
        self.differentiate = differentiate
        self.traits = traits
        self.integer_symbols = set(integers)
        self.minima = minima
        self.invertible = frozenset(invertible)
        self.held = held
        self.labels: dict[Any, tuple[Poly | None, Poly | None]] = {}  # the ranges of those met
        self.named: dict[Any, Shared] = {}
        self.functions: dict[Any, sp.Lambda] = {}
        self.guards: list[Poly] = []
        self.unsafe_reads: dict[str, None] = {}
        self.of_matrices: dict[tuple[Shared, str, Poly], None] = {}  # the functions of matrices
        self._integers: dict[Any, Var] = {}
        self._arrays: dict[Any, Array] = {}
        self._shared: dict[Any, Shared] = {}
        for poly in ranges.sizes:
            fact = self.polynomial(poly, {})
            for size in fact.variables:
                size.bounded_by(facts=[fact])
        for symbol in sorted(ranges.lows, key=str):
            lows = _strongest([self.polynomial(e, {}) for e in ranges.lows[symbol]], 1)
            highs = _strongest([self.polynomial(e, {}) for e in ranges.highs[symbol]], -1)
            first, last = (ends[0] if ends else None for ends in (lows, highs))
            variable = Var(str(symbol), FREE, first, last, symbol=symbol)
            variable.bounded_by(lows=lows[1:], highs=highs[1:])
            self._integers[symbol] = variable
        self.whole = [self.polynomial(size, {}) for size in whole]

    # ---- definitions, symbols, integers

    def define(self, symbol: Any, expr: Any) -> None:
        """Give ``symbol`` the value ``expr`` in all that is lowered from here on."""
        if isinstance(expr, sp.Lambda):
            self.functions[symbol] = expr
            return
        shape = self.shapes.of(symbol) if not isinstance(symbol, sp.IndexedBase) else None
        if shape is None or is_unit(shape) != is_unit(self.shapes.of(expr)):
            shape = self.shapes.of(expr)
        params = self.axes(shape)
        indices = self.spread(shape, [as_poly(p) for p in params])
        body = self.element(expr, indices, {})
        self.named[symbol] = Shared(params, body, symbol, named=True)

    def size(self, expr: Any) -> Poly:
        """A size as an integer polynomial; it is whole because it is a size."""
        return self.polynomial(expr, {})

    def axes(self, shape: Iterable[Any]) -> tuple[Var, ...]:
        """A fresh index for each axis whose size is not 1."""
        return tuple(axis_variable(self.size(s), "ij"[k] if k < 2 else "k")
                     for k, s in enumerate(shape) if s != 1)  # fmt: skip

    @staticmethod
    def spread(shape: Iterable[Any], indices: Iterable[Poly]) -> Indices:
        """One index for each axis, from those of the axes whose size is not 1."""
        supply = iter(indices)
        return tuple(ZERO if size == 1 else next(supply) for size in shape)

    @staticmethod
    def kept(shape: Iterable[Any], indices: Iterable[Poly]) -> Indices:
        """The indices of the axes whose size is not 1."""
        return tuple(i for size, i in zip(shape, indices, strict=True) if size != 1)

    def variable(self, symbol: Any) -> Var:
        """The integer variable of a size symbol or a free index."""
        found = self._integers.get(symbol)
        if found is None:
            least = as_poly(self.minima[symbol]) if symbol in self.minima else None
            if least is None and _may_be_zero(symbol):
                least = ZERO
            whole = symbol.is_integer and symbol.is_positive
            unbounded = not isinstance(symbol, sp.Symbol) and not whole
            found = Var(
                str(symbol), SIZE, least, symbol=symbol, unbounded=unbounded and least is None
            )
            self._integers[symbol] = found
        return found

    @property
    def indices(self) -> dict[Any, Var]:
        """The free index that each integer symbol of the claim stands for."""
        return {s: v for s, v in self._integers.items() if v.kind == FREE}

    def rounded(self, expr: Any) -> Poly:
        """⌊a/b⌋ or ⌈a/b⌉ of a polynomial a and a size b: a size of its own, and what it obeys.

        With q = ⌊a/b⌋: b·q ≤ a ≤ b·q + b − 1. ⌈a/b⌉ = ⌊(a + b − 1)/b⌋, and ⌊−a/b⌋ = −⌈a/b⌉.
        """
        expr = expr.func(sp.expand(expr.args[0]))  # one form, however it was written
        if not isinstance(expr, (sp.floor, sp.ceiling)):
            return self.integer(expr, {})
        above, below = sp.fraction(sp.together(expr.args[0]))
        if all(term.could_extract_minus_sign() for term in sp.Add.make_args(above)):
            other = sp.ceiling if isinstance(expr, sp.floor) else sp.floor
            return -self.rounded(other(-above / below, evaluate=False))
        down = expr
        if isinstance(expr, sp.ceiling):
            down = sp.floor(sp.expand((above + below - 1) / below))
            if not isinstance(down, sp.floor):
                return self.integer(down, {})
        found = self._integers.get(down)
        return as_poly(self._round(down, expr) if found is None else found)

    def _round(self, down: Any, symbol: Any) -> Var:
        """The size ⌊a/b⌋, which people know as the symbol."""
        parts = sp.fraction(sp.together(down.args[0]))
        above, below = (self.polynomial(part, {}) for part in parts)
        if not is_nonnegative(below - 1):
            raise UnsupportedError(f"{down}: {below} is not seen to be positive")
        low = next((as_poly(k) for k in (1, 0) if is_nonnegative(above - k * below)), None)
        found = Var(str(symbol), SIZE, low, symbol=symbol, unbounded=low is None)
        self._integers[down] = found
        gap = above - as_poly(found) * below
        found.bounded_by(facts=(gap, below - 1 - gap))
        return found

    def integer(self, expr: Any, scope: Scope) -> Poly:
        """An index, an end of a range or an exponent as a polynomial that takes whole values.

        :raises UnsupportedError: for what is no polynomial in integers, or not seen to be whole.
        """
        poly = self.polynomial(expr, scope)
        if not takes_whole_values(poly) and not any(
            takes_whole_values(poly - size) for size in self.whole
        ):
            raise UnsupportedError(f"{expr} is not seen to be a whole number")
        return poly

    def polynomial(self, expr: Any, scope: Scope) -> Poly:
        """A polynomial with rational coefficients in integers.

        :raises UnsupportedError: for what is none.
        """
        if isinstance(expr, int):
            return as_poly(expr)
        if expr.is_Rational:
            return as_poly(int(expr) if expr.is_Integer else Fraction(int(expr.p), int(expr.q)))
        if expr in scope:
            value = scope[expr]
            if isinstance(value, Poly):
                return value
            raise UnsupportedError(f"{expr} is a real number where an index is meant")
        if isinstance(expr, sp.Symbol):
            return as_poly(self.variable(expr))
        if isinstance(expr, sp.Indexed) and expr.base in self.held:
            places = tuple(self.integer(index, scope) for index in expr.indices)
            self.check_read(expr, places, expr.base.shape)
            return self.held_at(expr.base, self.kept(expr.base.shape, places))
        if expr.is_Add:
            return sum((self.polynomial(a, scope) for a in expr.args), ZERO)
        if expr.is_Mul or (expr.is_Pow and expr.exp.is_Integer and expr.exp > 0):
            factors = expr.args if expr.is_Mul else [expr.base] * int(expr.exp)
            result = ONE
            for factor in factors:
                result = result * self.polynomial(factor, scope)
            return result
        if is_whole(expr, self.integer_symbols.__contains__) and expr.free_symbols.isdisjoint(
            scope
        ):
            if isinstance(expr, (sp.floor, sp.ceiling)):
                return self.rounded(expr)
            return as_poly(self.variable(expr))
        raise UnsupportedError(f"the index {expr} is no polynomial in integer symbols")

    def held_at(self, array: Any, places: Indices) -> Poly:
        """The whole number that an array holds at some places, those of axes of size 1 left out."""
        if array not in self.labels:
            held = self.held[array]
            self.labels[array] = (
                None if held.low is None else self.polynomial(held.low, {}),
                None if held.high is None else self.polynomial(held.high, {}),
            )
        return as_poly(Label(self.array(array), places, *self.labels[array]))

    def is_opaque(self, expr: Any, scope: Scope) -> bool:
        """Whether an integer is made of sizes alone: a size of its own, whatever it says."""
        return expr.free_symbols.isdisjoint(scope) and not any(
            s in self._integers and self._integers[s].kind == FREE for s in expr.free_symbols
        )

    def array(self, symbol: Any) -> Array:
        """The given array that a symbol names."""
        found = self._arrays.get(symbol)
        if found is None:
            shape = () if isinstance(symbol, sp.Symbol) else getattr(symbol, "shape", None)
            axes = tuple(self.size(s) for s in shape if s != 1) if shape is not None else ()
            found = Array(symbol, axes, self.traits.get(symbol, frozenset()))
            self._arrays[symbol] = found
        return found

    @property
    def shared(self) -> Iterable[Shared]:
        """Every computed array that was lowered."""
        return self._shared.values()

    @property
    def arrays(self) -> Iterable[Array]:
        """Every given array that was lowered."""
        return self._arrays.values()

    # ---- matrices and arrays, entry by entry

    def element(self, expr: Any, indices: Indices, scope: Scope) -> Term:
        """The entry of an array-valued expression; for a scalar, ``indices`` is ignored."""
        spend(ELEMENT)
        shape = self.shapes.of(expr)
        if not shape:
            return self.scalar(expr, scope)
        self.check_scope(expr, scope)
        if isinstance(expr, (sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)):
            return self.named_entry(expr, self.kept(shape, indices))
        through = THROUGH.get(type(expr))
        if through is not None:
            return through(self, expr, indices, scope)
        if (
            isinstance(expr, sp.MatMul)
            and sum(not is_unit(self.shapes.of(f)) for f in expr.args) < 2
        ):
            return BODIES[sp.MatMul](self, expr, indices, scope)
        shared, arguments = self.share(expr, scope)
        return ref(shared, *arguments, *self.kept(shape, indices))

    def check_scope(self, expr: Any, scope: Scope) -> None:
        """Refuse an array whose size changes with an index or an argument around it."""
        if not scope:
            return
        if expr in scope and not isinstance(expr, sp.Symbol):
            raise UnsupportedError(f"the array {expr} is replaced by something else")
        for size in self.shapes.of(expr):
            if not sp.sympify(size).free_symbols.isdisjoint(scope):
                raise UnsupportedError(f"{expr}, whose size {size} is not the same everywhere")

    def scoped(self, kind: Any, expr: Any, scope: Scope) -> tuple[Any, ...]:
        """What a computed thing is kept by: the expression, what its symbols stand for where it
        is, and what is known of the integers there.
        """
        symbols = expr.free_symbols
        meaning = tuple((s, value) for s, value in scope.items() if s in symbols)
        return (kind, expr, meaning, tuple(self.guards))

    def named_entry(self, symbol: Any, indices: Indices) -> Term:
        """An entry of a symbol: of its definition where it has one."""
        if symbol in self.held:
            return Int((), (self.held_at(symbol, indices),))
        shared = self.named.get(symbol)
        return entry(self.array(symbol), *indices) if shared is None else ref(shared, *indices)

    def share(self, expr: Any, scope: Scope) -> tuple[Shared, Indices]:
        """The shared array of a computed matrix, and the indices in scope that it depends on."""
        needed = [s for s in scope if s in expr.free_symbols] if scope else []
        shape = self.shapes.of(expr)
        simple = all(_is_variable(scope[s]) for s in needed)
        if simple:
            outer = [next(iter(scope[s].variables)) for s in needed]  # type: ignore[union-attr]
            ranges = tuple((s, v.low, v.high) for s, v in zip(needed, outer, strict=True))
            key = (expr, ranges, tuple(self.guards))
            found = self._shared.get(key)
            if found is not None:
                return found, tuple(as_poly(v) for v in outer)
            mapping = {v: Var(v.name, v.kind, v.low, v.high) for v in outer}
            # A range may mention an earlier index in scope.
            for new in mapping.values():
                renaming = {v: as_poly(n) for v, n in mapping.items()}
                new.low = None if new.low is None else new.low.substitute(renaming)
                new.high = None if new.high is None else new.high.substitute(renaming)
            inner: dict[Any, Poly | Term] = dict(scope)
            for s, v in zip(needed, outer, strict=True):
                inner[s] = as_poly(mapping[v])
            arguments = tuple(as_poly(v) for v in outer)
            leading = tuple(mapping[v] for v in outer)
        else:
            # A scalar of an enclosing Lambda occurs in it: used in this place only.
            key, inner, arguments, leading = None, dict(scope), (), ()
        params = self.axes(shape)
        indices = self.spread(shape, [as_poly(p) for p in params])
        body = _body(expr)(self, expr, indices, inner)
        if key is None:
            outside = sorted(body.free - set(params), key=lambda v: v.key)
            loose = [v for v in outside if v.kind not in (SIZE, FREE)]
            shared = Shared((*loose, *params), body, expr)
            return shared, tuple(as_poly(v) for v in loose)
        shared = Shared((*leading, *params), body, expr)
        self._shared[key] = shared
        return shared, arguments

    def matrix(self, expr: Any, scope: Scope) -> Shared:
        """A whole matrix as a shared array of rank 2, axes of size 1 included."""
        shape = self.shapes.of(expr)
        self.check_scope(expr, scope)
        params = tuple(axis_variable(self.size(s)) for s in shape)
        body = self.element(expr, tuple(as_poly(p) for p in params), scope)
        if not body.free <= set(params) | {v for v in body.free if v.kind in (SIZE, FREE)}:
            raise UnsupportedError(f"{expr} under a sum, inside an inverse or a determinant")
        return Shared(params, body, self._label(expr, scope))

    @staticmethod
    def _label(expr: Any, scope: Scope) -> Any:
        """An expression as it is known outside of its scope."""
        values = {}
        for symbol in expr.free_symbols.intersection(scope):
            value = scope[symbol]
            values[symbol] = WRITTEN(Int((), (value,)) if isinstance(value, Poly) else value)
        return expr.xreplace(values) if values else expr

    def function_of(self, expr: Any, scope: Scope) -> tuple[Shared, str, Poly]:
        """A function of a matrix: the matrix as it is inverted too, the function, and the size."""
        key = self.scoped(sp.Inverse, expr.operand, scope)
        shared = self._shared.get(key)
        if shared is None:
            shared = self._shared[key] = self.matrix(expr.operand, scope)
        found = shared, expr.function, self.size(self.shapes.of(expr)[0])
        self.of_matrices[found] = None
        return found

    def eliminated(self, expr: Any) -> Eliminated | None:
        """A matrix of two by two blocks with a diagonal block eliminated, where that may be."""
        return eliminated(
            expr,
            lambda block: same_size(*self.shapes.of(block)),
            lambda block: block in self.invertible,
        )

    def check_read(self, expr: Any, indices: Indices, shape: Iterable[Any]) -> None:
        """Note an entry whose index is not seen to lie within its axis.

        What is read outside an array has no value, so a claim about it cannot be proved.
        """
        for axis, (index, size) in enumerate(zip(indices, shape, strict=True)):
            over = self.size(size) - 1 - index
            if not all(is_nonnegative(gap, self.guards) for gap in (index, over)):
                self.unsafe_reads[
                    f"{text_of(expr)} is not seen to stay within its array (axis {axis}, of size "
                    f"{size})"
                ] = None

    # ---- scalars

    def scalar(self, expr: Any, scope: Scope) -> Term:
        """A scalar, or a 1×1 matrix where a scalar is meant."""
        if expr in scope:
            value = scope[expr]
            return Int((), (value,)) if isinstance(value, Poly) else value
        shape = self.shapes.of(expr)
        if shape:
            return self.element(expr, (ZERO,) * len(shape), scope)
        rule = SCALARS.find(type(expr))
        if rule is None:
            raise UnsupportedError(f"{type(expr).__name__} is not supported (in {expr})")
        return rule(self, expr, scope)

    def is_integer(self, expr: Any, scope: Scope) -> bool:
        """Whether an expression is a polynomial in integers, sizes and indices; its coefficients
        may be fractions.
        """
        return is_polynomial(
            expr,
            lambda s: (
                isinstance(scope.get(s), Poly)
                or (s not in scope and s in self.integer_symbols)
                or (isinstance(s, sp.Indexed) and s.base in self.held)
            ),
        )

    def bind(self, limit: Any, scope: Scope) -> tuple[Var, dict[Any, Poly | Term]]:
        """A fresh bound variable for a limit ``(k, low, high)``, and the scope with it."""
        symbol, low, high = limit
        variable = fresh(str(symbol), self.integer(low, scope), self.integer(high, scope))
        return variable, {**scope, symbol: as_poly(variable)}


def _strongest(ends: list[Poly], direction: int) -> list[Poly]:
    """The ends of a range of which none is seen to follow from another, the first of them first:
    the largest for ``direction`` 1, the smallest for −1.
    """
    kept: list[Poly] = []
    for end in ends:
        if not any(is_nonnegative((other - end) * direction) for other in kept):
            weaker = [k for k in kept if is_nonnegative((end - k) * direction)]
            kept = [k for k in kept if k not in weaker] + [end]
    return kept


def _may_be_zero(symbol: Any) -> bool:
    """Whether a size such as a padding is declared nonnegative, and not positive."""
    return bool(symbol.is_nonnegative) and not symbol.is_positive


def _is_variable(value: Poly | Term) -> bool:
    return isinstance(value, Poly) and len(value.terms) == 1 and (
        next(iter(value.terms.items())) == ((next(iter(value.variables), None),), 1)
    )  # fmt: skip


# ---- one function per SymPy node, in three tables

Element = Callable[[Lowering, Any, Indices, Scope], Term]
THROUGH: Table[Element] = Table()
BODIES: Table[Element] = Table()
SCALARS: Table[Callable[[Lowering, Any, Scope], Term]] = Table()


def _body(expr: Any) -> Element:
    found = BODIES.find(type(expr))
    if found is None:
        raise UnsupportedError(f"{type(expr).__name__} is not supported (in {expr})")
    return found


def lowered_nodes() -> Mapping[type, Callable[..., Term]]:
    """Every SymPy node that lowers, with the function whose docstring says to what."""
    return {**SCALARS, **BODIES, **THROUGH}


def called(
    low: Lowering, function: Any, arguments: Sequence[Term | Poly], scope: Scope
) -> Term:
    """A Lambda (or a function class) at lowered arguments."""
    if not isinstance(function, sp.Lambda):
        symbols = [sp.Dummy() for _ in arguments]
        function = sp.Lambda(tuple(symbols), function(*symbols))
    inner = {**scope, **dict(zip(function.variables, arguments, strict=True))}
    return low.scalar(function.expr, inner)


def target_of(low: Lowering, wrt: Any, scope: Scope) -> tuple[Any, Indices]:
    """The array that ``wrt`` is, or is a part of, and the indices that say which part: all of an
    entry's, the first of a position's, none for a whole.

    :raises ClaimError: if it is neither a symbol nor an entry of one.
    """
    indices: Indices = ()
    symbol = wrt
    if isinstance(wrt, At):
        symbol, indices = wrt.array, (low.integer(wrt.index, scope),)
    elif isinstance(wrt, (MatrixElement, sp.Indexed, ArrayElement)):
        if isinstance(wrt, MatrixElement):
            symbol = wrt.parent
        else:
            symbol = wrt.base if isinstance(wrt, sp.Indexed) else wrt.name
        places = tuple(low.integer(i, scope) for i in wrt.indices)
        shape = getattr(symbol, "shape", None)
        indices = places if shape is None else low.kept(shape, places)
    if not isinstance(symbol, (sp.Symbol, sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)):
        raise ClaimError(f"cannot differentiate in {wrt}: a symbol or an entry of one is meant")
    if symbol in low.held:
        raise ClaimError(f"cannot differentiate in {wrt}, which holds whole numbers")
    if symbol in low.integer_symbols:
        raise ClaimError(f"cannot differentiate in {wrt}, which counts something")
    shared = low.named.get(symbol)
    return (shared if shared is not None else low.array(symbol)), indices
