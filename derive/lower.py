"""From SymPy to the core: one function per SymPy node, each with its index definition.

Every matrix that is computed becomes a :class:`~derive.index.Shared` array, made once however
often it occurs, so that what is shared in the document stays shared. Whatever has a shape rule
and no function here is refused by name, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.logic.boolalg import BooleanFalse, BooleanTrue
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.tensor.array import ArrayComprehension
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.errors import ClaimError, UnsupportedError
from derive.index import (
    Array,
    Const,
    Determinant,
    IndexBracket,
    Int,
    InverseEntry,
    Maximum,
    Mul,
    Pow,
    Product,
    RealBracket,
    Shared,
    Sum,
    Term,
    Unknown,
    Whole,
    add,
    apply,
    at_least,
    axis_variable,
    delta,
    entry,
    fresh,
    mul,
    neg,
    num,
    power,
    ref,
    total,
)
from derive.integers import FREE, ONE, SIZE, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.operators import (
    MatrixGradient,
    MatrixOperator,
    MatrixPartial,
    MaxOver,
    Partial,
    ScalarApplication,
    ScalarGradient,
    Tensor,
    TensorElement,
)
from derive.shapes import Shapes, is_unit, same_size

# What a symbol stands for inside a binder or a Lambda: an index, or a term.
Scope = Mapping[Any, Poly | Term]
Indices = tuple[Poly, ...]
Differentiate = Callable[[Term, Any, Indices], Term]

KNOWN_FUNCTIONS = {
    sp.exp: "exp", sp.log: "log", sp.sin: "sin", sp.cos: "cos", sp.tan: "tan",
    sp.asin: "asin", sp.acos: "acos", sp.atan: "atan", sp.sinh: "sinh", sp.cosh: "cosh",
    sp.tanh: "tanh", sp.asinh: "asinh", sp.acosh: "acosh", sp.atanh: "atanh",
    sp.erf: "erf", sp.erfc: "erfc", sp.Abs: "Abs", sp.sign: "sign",
}  # fmt: skip


class Lowering:
    """Lowers the expressions of one claim; equal subexpressions are lowered once.

    :param shapes: the shapes of everything, already checked.
    :param ranges: the free indices, each with its range.
    :param traits: what is assumed of a symbol, by symbol.
    :param differentiate: how a derivative node of a documented side is worked out.
    """

    def __init__(
        self,
        shapes: Shapes,
        ranges: Mapping[Any, tuple[Any, Any]],
        traits: Mapping[Any, frozenset[str]],
        integers: Iterable[Any],
        differentiate: Differentiate,
    ) -> None:
        self.shapes = shapes
        self.differentiate = differentiate
        self.traits = traits
        self.integer_symbols = set(integers)
        self.named: dict[Any, Shared] = {}
        self.functions: dict[Any, sp.Lambda] = {}
        self.guards: list[Poly] = []
        self.unsafe_reads: dict[str, None] = {}
        self._integers: dict[Any, Var] = {}
        self._arrays: dict[Any, Array] = {}
        self._shared: dict[Any, Shared] = {}
        for symbol, (low, high) in ranges.items():
            first, last = (None if e is None else self.integer(e, {}) for e in (low, high))
            self._integers[symbol] = Var(str(symbol), FREE, first, last, symbol=symbol)

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
        """A size as an integer polynomial."""
        return self.integer(expr, {})

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
            found = self._integers[symbol] = Var(str(symbol), SIZE, symbol=symbol)
        return found

    def integer(self, expr: Any, scope: Scope) -> Poly:
        """A size or an index as an integer polynomial.

        :raises UnsupportedError: for what is no polynomial in integer symbols.
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
        if isinstance(expr, (sp.Symbol, sp.Idx)):
            return as_poly(self.variable(expr))
        if expr.is_Add:
            return sum((self.integer(a, scope) for a in expr.args), ZERO)
        if expr.is_Mul or (expr.is_Pow and expr.exp.is_Integer and expr.exp > 0):
            factors = expr.args if expr.is_Mul else [expr.base] * int(expr.exp)
            result = ONE
            for factor in factors:
                result = result * self.integer(factor, scope)
            return result
        if expr.free_symbols.isdisjoint(scope):
            return as_poly(self.variable(expr))
        raise UnsupportedError(f"the index {expr} is no polynomial in integer symbols")

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

    # ---- matrices and arrays, entry by entry

    def element(self, expr: Any, indices: Indices, scope: Scope) -> Term:
        """The entry of an array-valued expression; for a scalar, ``indices`` is ignored."""
        shape = self.shapes.of(expr)
        if not shape:
            return self.scalar(expr, scope)
        if isinstance(expr, (sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)):
            return self.named_entry(expr, self.kept(shape, indices))
        through = _THROUGH.get(type(expr))
        if through is not None:
            return through(self, expr, indices, scope)
        if (
            isinstance(expr, sp.MatMul)
            and sum(not is_unit(self.shapes.of(f)) for f in expr.args) < 2
        ):
            return _matmul(self, expr, indices, scope)
        shared, arguments = self.share(expr, scope)
        return ref(shared, *arguments, *self.kept(shape, indices))

    def named_entry(self, symbol: Any, indices: Indices) -> Term:
        """An entry of a symbol: of its definition where it has one."""
        shared = self.named.get(symbol)
        return entry(self.array(symbol), *indices) if shared is None else ref(shared, *indices)

    def share(self, expr: Any, scope: Scope) -> tuple[Shared, Indices]:
        """The shared array of a computed matrix, and the indices in scope that it depends on."""
        needed = [s for s in scope if s in expr.free_symbols] if scope else []
        shape = self.shapes.of(expr)
        simple = all(_is_variable(scope[s]) for s in needed)
        if simple:
            outer = [next(iter(scope[s].variables)) for s in needed]  # type: ignore[union-attr]
            key = (expr, tuple((s, v.low, v.high) for s, v in zip(needed, outer, strict=True)))
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
        params = tuple(axis_variable(self.size(s)) for s in shape)
        body = self.element(expr, tuple(as_poly(p) for p in params), scope)
        if not body.free <= set(params) | {v for v in body.free if v.kind in (SIZE, FREE)}:
            raise UnsupportedError(f"{expr} under a sum, inside an inverse or a determinant")
        return Shared(params, body, expr)

    def check_read(self, expr: Any, indices: Indices, shape: Iterable[Any]) -> None:
        """Note an entry whose index is not seen to lie within its axis.

        What is read outside an array has no value, so a claim about it cannot be proved.
        """
        for axis, (index, size) in enumerate(zip(indices, shape, strict=True)):
            over = self.size(size) - 1 - index
            if not all(is_nonnegative(gap, self.guards) for gap in (index, over)):
                self.unsafe_reads[
                    f"{expr} is not seen to stay within its array (axis {axis}, of size {size})"
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
        for base in type(expr).__mro__:
            rule = _SCALARS.get(base)
            if rule is not None:
                return rule(self, expr, scope)
        raise UnsupportedError(f"{type(expr).__name__} is not supported (in {expr})")

    def is_integer(self, expr: Any, scope: Scope) -> bool:
        """Whether an expression is made of integers, sizes and indices alone."""
        return all(
            isinstance(scope.get(s), Poly) or (s not in scope and s in self.integer_symbols)
            for s in expr.free_symbols
        ) and not expr.atoms(sp.Float, MatrixElement, sp.Indexed, sp.Function)

    def bind(self, limit: Any, scope: Scope) -> tuple[Var, dict[Any, Poly | Term]]:
        """A fresh bound variable for a limit ``(k, low, high)``, and the scope with it."""
        symbol, low, high = limit
        variable = fresh(str(symbol), self.integer(low, scope), self.integer(high, scope))
        return variable, {**scope, symbol: as_poly(variable)}


def _is_variable(value: Poly | Term) -> bool:
    return isinstance(value, Poly) and len(value.terms) == 1 and (
        next(iter(value.terms.items())) == ((next(iter(value.variables), None),), 1)
    )  # fmt: skip


# ---- arrays that only rearrange: entries pass through, nothing is shared

Element = Callable[[Lowering, Any, Indices, Scope], Term]
_THROUGH: dict[type, Element] = {}
_BODIES: dict[type, Element] = {}
_SCALARS: dict[type, Callable[[Lowering, Any, Scope], Term]] = {}


def _register(table: dict[type, Any], *nodes: type) -> Callable[[Any], Any]:
    def register(rule: Any) -> Any:
        table.update(dict.fromkeys(nodes, rule))
        return rule

    return register


def _body(expr: Any) -> Element:
    for base in type(expr).__mro__:
        if base in _BODIES:
            return _BODIES[base]
    raise UnsupportedError(f"{type(expr).__name__} is not supported (in {expr})")


def lowered_nodes() -> Mapping[type, Callable[..., Term]]:
    """Every SymPy node that lowers, with the function whose docstring says to what."""
    return {**_SCALARS, **_BODIES, **_THROUGH}


@_register(_THROUGH, sp.Transpose, sp.Adjoint)
def _transpose(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """Aᵀ[i, j] = A[j, i]"""
    return low.element(expr.arg, tuple(reversed(indices)), scope)


@_register(_THROUGH, sp.Identity)
def _identity(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """I[i, j] = [i = j]"""
    return delta(*indices)


@_register(_THROUGH, sp.ZeroMatrix)
def _zero(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """0[i, j] = 0"""
    return num(0)


@_register(_THROUGH, sp.OneMatrix)
def _ones(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """1[i, j] = 1"""
    return num(1)


@_register(_THROUGH, DiagMatrix)
def _diag_matrix(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """diag(v)[i, j] = v[i]·[i = j]"""
    vector = expr.args[0]
    row = low.shapes.of(vector)[0] == 1
    place = (ZERO, indices[0]) if row else (indices[0], ZERO)
    return mul(low.element(vector, place, scope), delta(*indices))


@_register(_THROUGH, DiagonalMatrix)
def _diagonal_matrix(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """D[i, j] = A[i, j]·[i = j]"""
    return mul(low.element(expr.arg, indices, scope), delta(*indices))


@_register(_THROUGH, DiagonalOf)
def _diagonal_of(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """d[i, 0] = A[i, i]"""
    return low.element(expr.arg, (indices[0], indices[0]), scope)


@_register(_THROUGH, MatrixSlice)
def _slice(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """A[a:b, c:d][i, j] = A[a + i, c + j]"""
    starts = [low.integer(part[0], scope) for part in (expr.rowslice, expr.colslice)]
    place = tuple(i + start for i, start in zip(indices, starts, strict=True))
    return low.element(expr.parent, place, scope)


@_register(_THROUGH, sp.Inverse)
def _inverse(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """A⁻¹[i, j]; what is known of it is Σ_k A[i, k] A⁻¹[k, j] = [i = j]"""
    if is_unit(low.shapes.of(expr.arg)):
        return power(low.scalar(expr.arg, scope), -1)
    key = (sp.Inverse, expr.arg)
    shared = low._shared.get(key)
    if shared is None:
        shared = low._shared[key] = low.matrix(expr.arg, scope)
    return InverseEntry((), (shared, low.size(low.shapes.of(expr.arg)[0]), *indices))


# ---- arrays that are computed: their entries are shared


@_register(_BODIES, sp.MatAdd)
def _matadd(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """(A + B)[i, j] = A[i, j] + B[i, j], an axis of size 1 repeated"""
    return add(*(_aligned(low, part, indices, scope) for part in expr.args))


@_register(_BODIES, sp.HadamardProduct)
def _hadamard(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """(A ⊙ B)[i, j] = A[i, j]·B[i, j], an axis of size 1 repeated"""
    return mul(*(_aligned(low, part, indices, scope) for part in expr.args))


def _aligned(low: Lowering, part: Any, indices: Indices, scope: Scope) -> Term:
    """An entry of an operand that NumPy's broadcasting has repeated."""
    shape = low.shapes.of(part)
    own = indices[len(indices) - len(shape) :]
    place = tuple(ZERO if size == 1 else i for size, i in zip(shape, own, strict=True))
    return low.element(part, place, scope)


@_register(_BODIES, sp.HadamardPower)
def _hadamard_power(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """(A^∘p)[i, j] = A[i, j]^p"""
    base, exponent = expr.args
    return _power_of(_aligned(low, base, indices, scope), _aligned(low, exponent, indices, scope))


@_register(_BODIES, sp.MatMul)
def _matmul(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """(A B)[i, j] = Σ_k A[i, k]·B[k, j]; a scalar or a 1×1 factor multiplies every entry"""
    scalars: list[Term] = []
    chain: list[Any] = []
    shape: Any = ()
    for factor in expr.args:
        right = low.shapes.of(factor)
        if right == ():
            scalars.append(low.scalar(factor, scope))
        elif not chain:
            chain, shape = [factor], right
        elif same_size(shape[1], right[0]):
            chain, shape = [*chain, factor], (shape[0], right[1])
        elif is_unit(right):
            scalars.append(low.scalar(factor, scope))
        else:
            # What stands to the left is 1×1: it is a scalar here.
            scalars.append(_chain(low, chain, (ZERO, ZERO), scope))
            chain, shape = [factor], right
    return mul(*scalars, _chain(low, chain, indices, scope))


def _chain(low: Lowering, factors: list[Any], indices: Indices, scope: Scope) -> Term:
    binders: list[Var] = []
    terms: list[Term] = []
    left = indices[0]
    for position, factor in enumerate(factors):
        last = position == len(factors) - 1
        if last:
            right = indices[1]
        elif low.shapes.of(factor)[1] == 1:
            right = ZERO
        else:
            variable = axis_variable(low.size(low.shapes.of(factor)[1]))
            binders.append(variable)
            right = as_poly(variable)
        terms.append(low.element(factor, (left, right), scope))
        left = right
    body = mul(*terms)
    for variable in reversed(binders):
        body = total(variable, body)
    return body


@_register(_BODIES, sp.MatPow)
def _matpow(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """Aᵖ = A A … A, A⁰ = I, A⁻ᵖ = A⁻¹ … A⁻¹ for an integer p"""
    base, exponent = expr.args
    if is_unit(low.shapes.of(base)):
        return _power_of(low.scalar(base, scope), low.scalar(exponent, scope))
    if not exponent.is_Integer:
        raise UnsupportedError(f"{expr}: a matrix power needs an integer exponent")
    if exponent == 0:
        return delta(*indices)
    factor = base if exponent > 0 else sp.Inverse(base)
    return _chain(low, [factor] * abs(int(exponent)), indices, scope)


@_register(_BODIES, ElementwiseApplyFunction)
def _applied(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """f(A)[i, j] = f(A[i, j])"""
    return _called(low, expr.function, [low.element(expr.expr, indices, scope)], scope)


def _called(low: Lowering, function: Any, arguments: list[Term], scope: Scope) -> Term:
    """A Lambda (or a function class) at lowered arguments."""
    if not isinstance(function, sp.Lambda):
        symbols = [sp.Dummy() for _ in arguments]
        function = sp.Lambda(tuple(symbols), function(*symbols))
    inner = {**scope, **dict(zip(function.variables, arguments, strict=True))}
    return low.scalar(function.expr, inner)


@_register(_BODIES, sp.KroneckerProduct)
def _kronecker(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """(A ⊗ B)[i, j] = Σ A[a, b]·B[c, d]·[i = a·r + c]·[j = b·s + d], B of shape (r, s)"""
    first, rest = expr.args[0], expr.args[1:]
    second = rest[0] if len(rest) == 1 else sp.KroneckerProduct(*rest)
    outer, inner = low.shapes.of(first), low.shapes.of(second)
    a, b = (axis_variable(low.size(s)) for s in outer)
    c, d = (axis_variable(low.size(s)) for s in inner)
    row = as_poly(a) * low.size(inner[0]) + as_poly(c)
    col = as_poly(b) * low.size(inner[1]) + as_poly(d)
    body = mul(
        delta(indices[0], row),
        delta(indices[1], col),
        low.element(first, (as_poly(a), as_poly(b)), scope),
        low.element(second, (as_poly(c), as_poly(d)), scope),
    )
    for variable in (d, c, b, a):
        body = total(variable, body)
    return body


@_register(_BODIES, sp.BlockMatrix)
def _blocks(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """Block (p, q) at its offset: Σ_pq [within]·A_pq[i − rows above, j − columns before]"""
    blocks = expr.blocks
    terms = []
    top = ZERO
    for p in range(blocks.shape[0]):
        height = low.size(low.shapes.of(blocks[p, 0])[0])
        left = ZERO
        for q in range(blocks.shape[1]):
            width = low.size(low.shapes.of(blocks[0, q])[1])
            inside = [
                *_within(indices[0], top, height, blocks.shape[0] > 1),
                *_within(indices[1], left, width, blocks.shape[1] > 1),
            ]
            place = (
                ZERO if height == ONE else indices[0] - top,
                ZERO if width == ONE else indices[1] - left,
            )
            terms.append(mul(*inside, low.element(blocks[p, q], place, scope)))
            left = left + width
        top = top + height
    return add(*terms)


def _within(index: Poly, start: Poly, length: Poly, needed: bool) -> list[Term]:
    if not needed:
        return []
    if length == ONE:
        return [delta(index, start)]
    return [at_least(index, start), at_least(start + length - 1, index)]


@_register(_BODIES, sp.FunctionMatrix)
def _function_matrix(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """F[i, j] = f(i, j)"""
    row, col = expr.lamda.variables
    return low.scalar(expr.lamda.expr, {**scope, row: indices[0], col: indices[1]})


@_register(_BODIES, MatrixOperator)
def _operator(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """the operator's own definition"""
    symbols = [sp.Dummy(name, integer=True) for name in "ij"]
    at = dict(zip(symbols, indices, strict=True))
    # An axis of size 1 has the index 0 in a definition too.
    places = [sp.S.Zero if at[s] == ZERO else s for s in symbols]
    return low.scalar(expr.definition(*places), {**scope, **at})


@_register(_BODIES, sp.MatrixBase)
def _explicit(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """Σ_ab value(a, b)·[i = a]·[j = b]"""
    constants = [i.constant for i in indices]
    if None not in constants:
        return low.scalar(expr[tuple(map(int, constants))], scope)  # type: ignore[arg-type]
    return add(
        *(
            mul(
                low.scalar(expr[a, b], scope),
                delta(indices[0], as_poly(a)),
                delta(indices[1], as_poly(b)),
            )
            for a in range(expr.shape[0])
            for b in range(expr.shape[1])
        )
    )


@_register(_BODIES, Tensor)
def _tensor(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """T[i, j, …] = the body at i, j, …"""
    return low.scalar(expr.body, {**scope, **dict(zip(expr.bound_symbols, indices, strict=True))})


@_register(_BODIES, ArrayComprehension)
def _comprehension(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """T[i, …] = the body at low + i, …"""
    inner = dict(scope)
    for index, (symbol, start, _) in zip(indices, expr.limits, strict=True):
        inner[symbol] = index + low.integer(start, scope)
    return low.scalar(expr.function, inner)


@_register(_BODIES, MatrixGradient)
def _matrix_gradient(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """∂L/∂(argument)[i, j] at the arguments"""
    shape = low.shapes.of(expr.arguments[expr.position])
    return _whole_term(low, expr, ((expr.position, low.kept(shape, indices)),), scope)


@_register(_BODIES, MatrixPartial)
def _matrix_partial(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """∂f/∂A[i, j]"""
    target = low.named.get(expr.wrt) or low.array(expr.wrt)
    kept = low.kept(low.shapes.of(expr.wrt), indices)
    return low.differentiate(low.scalar(expr.of, scope), target, kept)


# ---- scalars


@_register(_SCALARS, sp.Rational, sp.Float)
def _number(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an exact rational; a float is taken as the decimal it is written as"""
    if expr.is_Integer:
        return num(int(expr))
    if isinstance(expr, sp.Float):
        return num(Fraction(str(expr)))
    return num(Fraction(int(expr.p), int(expr.q)))


@_register(_SCALARS, sp.NumberSymbol)
def _constant(low: Lowering, expr: Any, scope: Scope) -> Term:
    """π as itself, e as exp(1)"""
    if expr is sp.E:
        return apply("exp", num(1))
    return Const((), (expr,))


@_register(_SCALARS, sp.Symbol, sp.Idx)
def _symbol(low: Lowering, expr: Any, scope: Scope) -> Term:
    """its definition, a size or an index as a number, or a real parameter"""
    if expr in low.named:
        return low.named_entry(expr, ())
    if expr in low.integer_symbols:
        return Int((), (low.integer(expr, scope),))
    return entry(low.array(expr))


@_register(_SCALARS, sp.Add)
def _add(low: Lowering, expr: Any, scope: Scope) -> Term:
    """a + b"""
    return add(*(low.scalar(a, scope) for a in expr.args))


@_register(_SCALARS, sp.Mul)
def _mul(low: Lowering, expr: Any, scope: Scope) -> Term:
    """a·b"""
    return mul(*(low.scalar(a, scope) for a in expr.args))


@_register(_SCALARS, sp.Pow)
def _pow(low: Lowering, expr: Any, scope: Scope) -> Term:
    """a^b"""
    return _power_of(low.scalar(expr.base, scope), low.scalar(expr.exp, scope))


def _power_of(base: Term, exponent: Term) -> Term:
    return Pow((base, exponent))


@_register(_SCALARS, *KNOWN_FUNCTIONS)
def _known(low: Lowering, expr: Any, scope: Scope) -> Term:
    """the function itself, whose derivative stands in one table"""
    if isinstance(expr, sp.log) and len(expr.args) == 2:
        value, base = (apply("log", low.scalar(a, scope)) for a in expr.args)
        return mul(value, power(base, -1))
    return apply(KNOWN_FUNCTIONS[expr.func], low.scalar(expr.args[0], scope))


@_register(_SCALARS, sp.Max)
def _max(low: Lowering, expr: Any, scope: Scope) -> Term:
    """max(a, b), of more than two from left to right"""
    first, *rest = (low.scalar(a, scope) for a in expr.args)
    for other in rest:
        first = apply("Max", first, other)
    return first


@_register(_SCALARS, sp.Min)
def _min(low: Lowering, expr: Any, scope: Scope) -> Term:
    """min(a, b) = −max(−a, −b)"""
    first, *rest = (low.scalar(a, scope) for a in expr.args)
    for other in rest:
        first = neg(apply("Max", neg(first), neg(other)))
    return first


@_register(_SCALARS, sp.Heaviside)
def _heaviside(low: Lowering, expr: Any, scope: Scope) -> Term:
    """[x > 0] + h·[x = 0], h its value at 0"""
    argument = low.scalar(expr.args[0], scope)
    at_zero = low.scalar(expr.args[1], scope)
    return add(RealBracket((argument,), (">",)), mul(at_zero, RealBracket((argument,), ("=",))))


@_register(_SCALARS, sp.sec, sp.csc, sp.cot, sp.coth, sp.sech, sp.csch)
def _reciprocal(low: Lowering, expr: Any, scope: Scope) -> Term:
    """quotients of sine and cosine"""
    argument = low.scalar(expr.args[0], scope)
    hyperbolic = isinstance(expr, (sp.coth, sp.sech, sp.csch))
    sine, cosine = (
        (apply("sinh", argument), apply("cosh", argument))
        if hyperbolic
        else (apply("sin", argument), apply("cos", argument))
    )
    if isinstance(expr, (sp.cot, sp.coth)):
        return mul(cosine, power(sine, -1))
    return power(cosine if isinstance(expr, (sp.sec, sp.sech)) else sine, -1)


@_register(_SCALARS, AppliedUndef)
def _undefined(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an undefined function at its arguments, or its definition where there is one"""
    arguments = [low.scalar(a, scope) for a in expr.args]
    if expr.func in low.functions:
        return _called(low, low.functions[expr.func], arguments, scope)
    return Unknown(tuple(arguments), (expr.func, (0,) * len(arguments)))


@_register(_SCALARS, sp.Derivative)
def _derivative(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an undefined function differentiated in its own arguments; anything else is worked out"""
    function = expr.expr
    if isinstance(function, AppliedUndef) and function.func in low.functions:
        replaced = low.functions[function.func](*function.args)
        return low.scalar(replaced.diff(*expr.variable_count), scope)
    if isinstance(function, AppliedUndef):
        orders = [0] * len(function.args)
        for symbol, times in expr.variable_count:
            places = [k for k, a in enumerate(function.args) if a == symbol]
            others = [a for a in function.args if a != symbol and symbol in a.free_symbols]
            if len(places) != 1 or others:
                break
            orders[places[0]] += int(times)
        else:
            arguments = tuple(low.scalar(a, scope) for a in function.args)
            return Unknown(arguments, (function.func, tuple(orders)))
    worked_out = expr.doit()
    if isinstance(worked_out, sp.Derivative):
        raise UnsupportedError(f"{expr} is a derivative that cannot be worked out")
    return low.scalar(worked_out, scope)


@_register(_SCALARS, sp.Subs)
def _subs(low: Lowering, expr: Any, scope: Scope) -> Term:
    """the expression with its variables at the given point"""
    point = {
        variable: low.scalar(value, scope)
        for variable, value in zip(expr.variables, expr.point, strict=True)
    }
    return low.scalar(expr.expr, {**scope, **point})


@_register(_SCALARS, sp.Sum)
def _sum(low: Lowering, expr: Any, scope: Scope) -> Term:
    """Σ over the range, both ends included; 0 where it is empty"""
    return _bound(low, expr.function, list(expr.limits), scope, Sum)


@_register(_SCALARS, sp.Product)
def _product(low: Lowering, expr: Any, scope: Scope) -> Term:
    """Π over the range, both ends included; 1 where it is empty"""
    return _bound(low, expr.function, list(expr.limits), scope, Product)


@_register(_SCALARS, MaxOver)
def _max_over(low: Lowering, expr: Any, scope: Scope) -> Term:
    """the maximum over the range"""
    return _bound(low, expr.body, [expr.limits], scope, Maximum)


def _bound(low: Lowering, body: Any, limits: list[Any], scope: Scope, node: Any) -> Term:
    # SymPy writes the innermost range first.
    variables = []
    for limit in reversed(limits):
        variable, scope = low.bind(limit, scope)
        variables.append(variable)
    term = low.scalar(body, scope)
    for variable in reversed(variables):
        term = node((term,), (variable,))
    return term


@_register(_SCALARS, sp.Trace)
def _trace(low: Lowering, expr: Any, scope: Scope) -> Term:
    """Σ_k A[k, k]"""
    size = low.shapes.of(expr.arg)[0]
    if size == 1:
        return low.scalar(expr.arg, scope)
    k = axis_variable(low.size(size))
    return total(k, low.element(expr.arg, (as_poly(k), as_poly(k)), scope))


@_register(_SCALARS, sp.Determinant)
def _determinant(low: Lowering, expr: Any, scope: Scope) -> Term:
    """det A; what is known of it is ∂det A/∂A = det A · A⁻ᵀ"""
    if is_unit(low.shapes.of(expr.arg)):
        return low.scalar(expr.arg, scope)
    if isinstance(expr.arg, (sp.MatMul, sp.MatPow)):
        parts = [expr.arg] if isinstance(expr.arg, sp.MatPow) else list(expr.arg.args)
        shapes = [low.shapes.of(part) for part in parts]
        squares = all(len(s) == 0 or same_size(*s) for s in shapes)
        if len(parts) > 1 and squares and all(not s or not is_unit(s) for s in shapes):
            return mul(*(_factor_of_determinant(low, p, expr, scope) for p in parts))
    key = (sp.Inverse, expr.arg)
    shared = low._shared.get(key)
    if shared is None:
        shared = low._shared[key] = low.matrix(expr.arg, scope)
    return Determinant((), (shared, low.size(low.shapes.of(expr.arg)[0])))


def _factor_of_determinant(low: Lowering, part: Any, expr: Any, scope: Scope) -> Term:
    """det(c A B) = cⁿ · det A · det B for square A and B."""
    if low.shapes.of(part):
        return low.scalar(sp.Determinant(part), scope)
    size = low.size(low.shapes.of(expr.arg)[0])
    return Pow((low.scalar(part, scope), Int((), (size,))))


@_register(_SCALARS, MatrixElement)
def _matrix_element(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an entry of a matrix"""
    places = _places(low, expr, low.shapes.of(expr.parent), scope)
    return low.element(expr.parent, places, scope)


@_register(_SCALARS, TensorElement)
def _tensor_element(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an entry of a tensor"""
    return low.element(expr.array, _places(low, expr, low.shapes.of(expr.array), scope), scope)


@_register(_SCALARS, sp.Indexed, ArrayElement)
def _indexed(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an entry of an array"""
    base = expr.base if isinstance(expr, sp.Indexed) else expr.name
    if getattr(base, "shape", None) is not None:
        return low.element(base, _places(low, expr, base.shape, scope), scope)
    return low.named_entry(base, tuple(low.integer(i, scope) for i in expr.indices))


def _places(low: Lowering, expr: Any, shape: Iterable[Any], scope: Scope) -> Indices:
    """The indices of an entry, seen to lie within its array or noted."""
    places = tuple(low.integer(i, scope) for i in expr.indices)
    low.check_read(expr, places, shape)
    return places


@_register(_SCALARS, sp.KroneckerDelta)
def _kronecker_delta(low: Lowering, expr: Any, scope: Scope) -> Term:
    """[i = j]"""
    left, right = (low.integer(a, scope) for a in expr.args[:2])
    return delta(left, right)


@_register(_SCALARS, sp.Piecewise)
def _piecewise(low: Lowering, expr: Any, scope: Scope) -> Term:
    """Σ of each value times its condition and the failure of those before it"""
    terms: list[Term] = []
    before: list[Term] = []
    for value, test in expr.args:
        bracket = condition_term(low, test, scope)
        known = len(low.guards)
        low.guards.extend(_guards(bracket))
        terms.append(mul(*before, bracket, low.scalar(value, scope)))
        del low.guards[known:]
        before.append(_not(bracket))
    return add(*terms)


def _guards(bracket: Term) -> Iterable[Poly]:
    """The integer inequalities that hold where a condition does."""
    for factor in bracket.args if isinstance(bracket, Mul) else (bracket,):
        if isinstance(factor, IndexBracket):
            relation, poly = factor.data
            yield poly
            if relation == "=":
                yield -poly


def _not(bracket: Term) -> Term:
    return add(num(1), neg(bracket))


def condition_term(low: Lowering, test: Any, scope: Scope) -> Term:
    """A condition as a term that is 1 where it is true and 0 where it is not."""
    if isinstance(test, BooleanTrue):
        return num(1)
    if isinstance(test, BooleanFalse):
        return num(0)
    if isinstance(test, sp.And):
        return mul(*(condition_term(low, a, scope) for a in test.args))
    if isinstance(test, sp.Or):
        return _not(mul(*(_not(condition_term(low, a, scope)) for a in test.args)))
    if isinstance(test, sp.Not):
        return _not(condition_term(low, test.args[0], scope))
    if not isinstance(test, sp.core.relational.Relational):
        raise UnsupportedError(f"{type(test).__name__} is no supported condition (in {test})")
    if low.is_integer(test.lhs, scope) and low.is_integer(test.rhs, scope):
        return _integer_relation(low, test, scope)
    left, right = low.scalar(test.lhs, scope), low.scalar(test.rhs, scope)
    return _real_relation(test, add(left, neg(right)), add(right, neg(left)))


def _integer_relation(low: Lowering, test: Any, scope: Scope) -> Term:
    left, right = low.integer(test.lhs, scope), low.integer(test.rhs, scope)
    if isinstance(test, sp.Eq):
        return delta(left, right)
    if isinstance(test, sp.Ne):
        return _not(delta(left, right))
    if isinstance(test, (sp.Lt, sp.Le)):
        left, right = right, left
    strict = isinstance(test, (sp.Lt, sp.Gt))
    return IndexBracket((), (">=", left - right - 1 if strict else left - right))


def _real_relation(test: Any, difference: Term, opposite: Term) -> Term:
    if isinstance(test, sp.Gt):
        return RealBracket((difference,), (">",))
    if isinstance(test, sp.Lt):
        return RealBracket((opposite,), (">",))
    if isinstance(test, sp.Ge):
        return _not(RealBracket((opposite,), (">",)))
    if isinstance(test, sp.Le):
        return _not(RealBracket((difference,), (">",)))
    if isinstance(test, sp.Eq):
        return RealBracket((difference,), ("=",))
    return _not(RealBracket((difference,), ("=",)))


@_register(_SCALARS, ScalarApplication)
def _whole(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an arbitrary scalar function of whole arrays"""
    return _whole_term(low, expr, (), scope)


@_register(_SCALARS, ScalarGradient)
def _whole_gradient(low: Lowering, expr: Any, scope: Scope) -> Term:
    """∂L/∂(a scalar argument) at the arguments"""
    return _whole_term(low, expr, ((expr.position, ()),), scope)


def _whole_term(low: Lowering, expr: Any, path: Any, scope: Scope) -> Term:
    arguments = []
    for argument in expr.arguments:
        shape = low.shapes.of(argument)
        params = low.axes(shape)
        place = low.spread(shape, [as_poly(p) for p in params])
        body = low.element(argument, place, scope)
        loose = [v for v in body.free - set(params) if v.kind not in (SIZE, FREE)]
        if loose:
            raise UnsupportedError(f"{expr} under a sum over an index of its argument {argument}")
        key = (ScalarApplication, argument)
        if key not in low._shared:
            low._shared[key] = Shared(params, body, argument)
        arguments.append(low._shared[key])
    return Whole((), (expr.args[0].name, tuple(arguments), path))


@_register(_SCALARS, Partial)
def _partial(low: Lowering, expr: Any, scope: Scope) -> Term:
    """∂f/∂x, worked out"""
    target, place = target_of(low, expr.wrt, scope)
    return low.differentiate(low.scalar(expr.of, scope), target, place)


def target_of(low: Lowering, wrt: Any, scope: Scope) -> tuple[Any, Indices]:
    """The array that ``wrt`` is, or is an entry of, and the entry's indices (none for a whole).

    :raises ClaimError: if it is neither a symbol nor an entry of one.
    """
    indices: Indices = ()
    symbol = wrt
    if isinstance(wrt, (MatrixElement, sp.Indexed, ArrayElement)):
        if isinstance(wrt, MatrixElement):
            symbol = wrt.parent
        else:
            symbol = wrt.base if isinstance(wrt, sp.Indexed) else wrt.name
        places = tuple(low.integer(i, scope) for i in wrt.indices)
        shape = getattr(symbol, "shape", None)
        indices = places if shape is None else low.kept(shape, places)
    if not isinstance(symbol, (sp.Symbol, sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)):
        raise ClaimError(f"cannot differentiate in {wrt}: a symbol or an entry of one is meant")
    shared = low.named.get(symbol)
    return (shared if shared is not None else low.array(symbol)), indices
