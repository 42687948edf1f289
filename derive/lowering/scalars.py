"""How each scalar SymPy node lowers."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import factorial, prod
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.diagonal import DiagMatrix
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArrayElement

from derive.base.errors import ClaimError, UnsupportedError
from derive.core.functions import BY_SYMBOL, WITHOUT_LAWS
from derive.core.integers import FREE, ONE, SIZE, ZERO, Poly, as_poly, is_nonnegative
from derive.core.terms import (
    Const,
    Determinant,
    FunctionTrace,
    Int,
    Maximum,
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
    entry,
    mul,
    neg,
    num,
    power,
    total,
)
from derive.language.activations import NamedFunction
from derive.language.dims import is_unit, same_size
from derive.language.matrix_functions import MatrixExp, SquareRoot
from derive.language.operators import (
    MaxOver,
    Partial,
    ScalarApplication,
    ScalarFunction,
    ScalarGradient,
    TensorElement,
)
from derive.lowering import bent_indices, flat_indices
from derive.lowering.lower import (
    SCALARS,
    Indices,
    Lowering,
    Scope,
    called,
    target_of,
)

MOST_CHOSEN = 12  # of a binomial coefficient that is written out


@SCALARS.on(sp.Rational, sp.Float)
def _number(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an exact rational; a float is taken as the decimal it is written as"""
    if expr.is_Integer:
        return num(int(expr))
    if isinstance(expr, sp.Float):
        return num(Fraction(str(expr)))
    return num(Fraction(int(expr.p), int(expr.q)))


@SCALARS.on(sp.NumberSymbol)
def _constant(low: Lowering, expr: Any, scope: Scope) -> Term:
    """π as itself, e as exp(1)"""
    if expr is sp.E:
        return apply("exp", num(1))
    return Const((), (expr,))


@SCALARS.on(sp.Symbol)
def _symbol(low: Lowering, expr: Any, scope: Scope) -> Term:
    """its definition, a size or an index as a number, or a real parameter"""
    if expr in low.named:
        return low.named_entry(expr, ())
    if expr in low.integer_symbols:
        return Int((), (low.integer(expr, scope),))
    return entry(low.array(expr))


@SCALARS.on(sp.Add)
def _add(low: Lowering, expr: Any, scope: Scope) -> Term:
    """a + b"""
    return add(*(low.scalar(a, scope) for a in expr.args))


@SCALARS.on(sp.Mul)
def _mul(low: Lowering, expr: Any, scope: Scope) -> Term:
    """a·b"""
    return mul(*(low.scalar(a, scope) for a in expr.args))


@SCALARS.on(sp.Pow)
def _pow(low: Lowering, expr: Any, scope: Scope) -> Term:
    """a^b"""
    return Pow((low.scalar(expr.base, scope), low.scalar(expr.exp, scope)))


@SCALARS.on(*BY_SYMBOL)
def _known(low: Lowering, expr: Any, scope: Scope) -> Term:
    """the function itself, whose derivative stands in one table"""
    if isinstance(expr, sp.log) and len(expr.args) == 2:
        value, base = (apply("log", low.scalar(a, scope)) for a in expr.args)
        return mul(value, power(base, -1))
    if isinstance(expr, sp.polygamma) and not (expr.args[0].is_Integer and expr.args[0] >= 0):
        raise UnsupportedError(f"{expr}: the order of a polygamma function is to be a number")
    return apply(BY_SYMBOL[expr.func], *(low.scalar(a, scope) for a in expr.args))


@SCALARS.on(sp.beta)
def _beta(low: Lowering, expr: Any, scope: Scope) -> Term:
    """Γ(a)·Γ(b)/Γ(a + b)"""
    a, b = (low.scalar(part, scope) for part in expr.args[:2])
    return mul(apply("gamma", a), apply("gamma", b), power(apply("gamma", add(a, b)), -1))


@SCALARS.on(sp.sinc)
def _sinc(low: Lowering, expr: Any, scope: Scope) -> Term:
    """sin(x)/x, and 1 at 0"""
    x = expr.args[0]
    return low.scalar(sp.Piecewise((sp.sin(x) / x, sp.Ne(x, 0)), (1, True)), scope)


@SCALARS.on(NamedFunction)
def _named(low: Lowering, expr: Any, scope: Scope) -> Term:
    """its formula"""
    return low.scalar(expr.formula(), scope)


@SCALARS.on(sp.Max)
def _max(low: Lowering, expr: Any, scope: Scope) -> Term:
    """max(a, b), of more than two from left to right"""
    first, *rest = (low.scalar(a, scope) for a in expr.args)
    for other in rest:
        first = apply("Max", first, other)
    return first


@SCALARS.on(sp.Min)
def _min(low: Lowering, expr: Any, scope: Scope) -> Term:
    """min(a, b) = −max(−a, −b)"""
    first, *rest = (low.scalar(a, scope) for a in expr.args)
    for other in rest:
        first = neg(apply("Max", neg(first), neg(other)))
    return first


@SCALARS.on(sp.floor, sp.ceiling)
def _rounded(low: Lowering, expr: Any, scope: Scope) -> Term:
    """⌊a/b⌋, ⌈a/b⌉ of sizes: an integer of its own; ⌊x⌋ = x − Mod(x, 1), ⌈x⌉ = x + Mod(−x, 1)"""
    if low.is_integer(expr, scope):
        return Int((), (low.integer(expr, scope),))
    argument = low.scalar(expr.args[0], scope)
    if isinstance(expr, sp.floor):
        return add(argument, neg(apply("Mod", argument, num(1))))
    return add(argument, apply("Mod", neg(argument), num(1)))


# Each is a known function of 1/x. The one other value of acot, π/2 at 0, is where it jumps.
_OF_RECIPROCALS = {
    sp.asec: "acos", sp.acsc: "asin", sp.acot: "atan",
    sp.asech: "acosh", sp.acsch: "asinh", sp.acoth: "atanh",
}  # fmt: skip


@SCALARS.on(*_OF_RECIPROCALS)
def _of_reciprocal(low: Lowering, expr: Any, scope: Scope) -> Term:
    """the inverse of a reciprocal function, of 1/x: asec x = acos(1/x)"""
    argument = low.scalar(expr.args[0], scope)
    return apply(_OF_RECIPROCALS[expr.func], power(argument, -1))


@SCALARS.on(sp.erfcinv)
def _quantile(low: Lowering, expr: Any, scope: Scope) -> Term:
    """erfinv(1 − x)"""
    return apply("erfinv", add(num(1), neg(low.scalar(expr.args[0], scope))))


@SCALARS.on(sp.frac)
def _fractional_part(low: Lowering, expr: Any, scope: Scope) -> Term:
    """x − ⌊x⌋, as the remainder of x by 1"""
    return apply("Mod", low.scalar(expr.args[0], scope), num(1))


@SCALARS.on(sp.harmonic)
def _harmonic(low: Lowering, expr: Any, scope: Scope) -> Term:
    """Σ_{k=1}^n 1/k^m for an integer n that is known not to be negative; ψ(x + 1) + γ for m = 1"""
    argument, *order = expr.args
    exponent = order[0] if order else sp.S.One
    if low.is_integer(argument, scope) and exponent.is_Integer:
        n = low.integer(argument, scope)
        if is_nonnegative(n, low.guards):
            k = axis_variable(n)
            return Sum((power(Int((), (as_poly(k) + 1,)), -int(exponent)),), (k,))
    if exponent != 1:
        raise UnsupportedError(f"{expr}: its argument is not seen to be an integer ≥ 0")
    digamma = apply("polygamma", num(0), add(low.scalar(argument, scope), num(1)))
    return add(digamma, low.scalar(sp.EulerGamma, scope))


@SCALARS.on(sp.binomial)
def _binomial(low: Lowering, expr: Any, scope: Scope) -> Term:
    """a·(a − 1)·…·(a − k + 1)/k! for a number k"""
    above, below = expr.args
    if not below.is_Integer or not 0 <= below <= MOST_CHOSEN:
        raise UnsupportedError(f"{expr} chooses a number that is not known, or a large one")
    factors = [low.scalar(above - k, scope) for k in range(int(below))]
    return mul(num(Fraction(1, factorial(int(below)))), *factors)


@SCALARS.on(sp.factorial)
def _factorial(low: Lowering, expr: Any, scope: Scope) -> Term:
    """Π_{k=1}^n k, for an integer n that is known not to be negative"""
    (argument,) = expr.args
    n = low.integer(argument, scope) if low.is_integer(argument, scope) else None
    if n is None or not is_nonnegative(n, low.guards):
        raise UnsupportedError(f"{expr}: its argument is not seen to be an integer ≥ 0")
    k = axis_variable(n)
    return Product((Int((), (as_poly(k) + 1,)),), (k,))


@SCALARS.on(sp.Heaviside)
def _heaviside(low: Lowering, expr: Any, scope: Scope) -> Term:
    """[x > 0] + h·[x = 0], h its value at 0"""
    argument = low.scalar(expr.args[0], scope)
    at_zero = low.scalar(expr.args[1], scope)
    return add(RealBracket((argument,), (">",)), mul(at_zero, RealBracket((argument,), ("=",))))


@SCALARS.on(sp.sec, sp.csc, sp.cot, sp.coth, sp.sech, sp.csch)
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


@SCALARS.on(*WITHOUT_LAWS)
def _without_laws(low: Lowering, expr: Any, scope: Scope) -> Term:
    """a function of which nothing is known"""
    arguments = tuple(low.scalar(a, scope) for a in expr.args)
    return Unknown(arguments, (expr.func, (0,) * len(arguments)))


@SCALARS.on(AppliedUndef)
def _undefined(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an undefined function at its arguments, or its definition where there is one"""
    definition = low.functions.get(expr.func)
    if definition is not None:
        if len(definition.variables) != len(expr.args):
            raise ClaimError(f"{expr}: {expr.func} is defined with {definition.variables}")
        pairs = zip(definition.variables, expr.args, strict=True)
        return called(low, definition, [_argument(low, v, a, scope) for v, a in pairs], {})
    arguments = tuple(low.scalar(a, scope) for a in expr.args)
    return Unknown(arguments, (expr.func, (0,) * len(arguments)))


def _argument(low: Lowering, variable: Any, value: Any, scope: Scope) -> Term | Poly:
    """What a function is called with: an index where its variable is one."""
    if variable.is_integer and low.is_integer(value, scope):
        index = low.integer(value, scope)
        if all(c == int(c) for c in index.terms.values()):
            return index
    return low.scalar(value, scope)


_TARGETS = (sp.Symbol, MatrixElement, sp.Indexed, ArrayElement)


@SCALARS.on(sp.Derivative)
def _derivative(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an undefined function in its own argument; anything else as a partial derivative, in which
    what is defined moves with what it rests on; in a bound variable, with which no definition
    moves, by SymPy
    """
    function = expr.expr
    variables = [v for v, times in expr.variable_count for _ in range(int(times))]
    here = [v in scope or v in low.integer_symbols for v in variables]
    slots = _slots(expr) if function.func not in low.functions else None
    bound = all(v in scope for v in variables)
    if slots is not None and (len(slots) == 1 or bound or not low.named):
        arguments = tuple(low.scalar(a, scope) for a in function.args)
        return Unknown(arguments, (function.func, slots))
    if not any(here) and all(isinstance(v, _TARGETS) for v in variables):
        term = low.scalar(function, scope)
        for variable in variables:
            term = low.differentiate(term, *target_of(low, variable, scope))
        return term
    if isinstance(function, AppliedUndef) and function.func in low.functions:
        definition = low.functions[function.func]
        if not definition.free_symbols.isdisjoint(scope):
            raise UnsupportedError(f"{expr}: what stands around {function} has one of its names")
        replaced = definition(*function.args)
        return low.scalar(replaced.diff(*expr.variable_count), scope)
    if low.named and not bound:
        raise UnsupportedError(f"{expr} is taken in a bound or an integer name besides others")
    worked_out = expr.doit()
    if isinstance(worked_out, sp.Derivative):
        raise UnsupportedError(f"{expr} is a derivative that cannot be worked out")
    return low.scalar(worked_out, scope)


def _slots(expr: sp.Derivative) -> tuple[int, ...] | None:
    """How often an undefined function is differentiated in each of its arguments; None where the
    variables are not arguments of one, or other arguments move with them.
    """
    function = expr.expr
    if not isinstance(function, AppliedUndef):
        return None
    orders = [0] * len(function.args)
    for variable, times in expr.variable_count:
        places = [k for k, a in enumerate(function.args) if a == variable]
        if len(places) != 1 or any(a.has(variable) for a in function.args if a != variable):
            return None
        orders[places[0]] += int(times)
    return tuple(orders)


@SCALARS.on(sp.Subs)
def _subs(low: Lowering, expr: Any, scope: Scope) -> Term:
    """the expression with its variables at the given point"""
    if not all(isinstance(variable, sp.Symbol) for variable in expr.variables):
        raise UnsupportedError(f"{expr} puts something in place of what is no symbol")
    point = {
        variable: low.scalar(value, scope)
        for variable, value in zip(expr.variables, expr.point, strict=True)
    }
    return low.scalar(expr.expr, {**scope, **point})


@SCALARS.on(sp.Sum)
def _sum(low: Lowering, expr: Any, scope: Scope) -> Term:
    """Σ over the range, both ends included; 0 where it is empty"""
    return _bound(low, expr.function, list(expr.limits), scope, Sum)


@SCALARS.on(sp.Product)
def _product(low: Lowering, expr: Any, scope: Scope) -> Term:
    """Π over the range, both ends included; 1 where it is empty"""
    return _bound(low, expr.function, list(expr.limits), scope, Product)


@SCALARS.on(MaxOver)
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


@SCALARS.on(sp.Trace)
def _trace(low: Lowering, expr: Any, scope: Scope) -> Term:
    """Σ_k A[k, k], a node of its own for exp A and √A, of which the derivative is known"""
    low.check_scope(expr.arg, scope)
    size = low.shapes.of(expr.arg)[0]
    if size == 1:
        return low.scalar(expr.arg, scope)
    if isinstance(expr.arg, (MatrixExp, SquareRoot)):
        return FunctionTrace((), low.function_of(expr.arg, scope))
    k = axis_variable(low.size(size))
    return total(k, low.element(expr.arg, (as_poly(k), as_poly(k)), scope))


@SCALARS.on(sp.Determinant)
def _determinant(low: Lowering, expr: Any, scope: Scope) -> Term:
    """det A; det A⁻¹ = 1/det A, det Aᵀ = det A, det Aᵏ = (det A)ᵏ, det diag(v) = Π v, det(A ⊗ B) by
    (det A)^q·(det B)^p, det exp A = exp tr A, of blocks by a Schur complement, and
    ∂det A/∂A = det A · A⁻ᵀ"""
    arg = expr.arg
    low.check_scope(arg, scope)
    if is_unit(low.shapes.of(arg)):
        return low.scalar(arg, scope)
    if isinstance(arg, sp.Identity):
        return num(1)
    if isinstance(arg, MatrixExp):
        return low.scalar(sp.exp(sp.Trace(arg.operand)), scope)
    if isinstance(arg, sp.Transpose):
        return low.scalar(sp.Determinant(arg.arg), scope)
    if isinstance(arg, DiagMatrix):
        k = axis_variable(low.size(low.shapes.of(arg)[0]))
        return Product((low.element(arg, (as_poly(k), as_poly(k)), scope),), (k,))
    if isinstance(arg, sp.KroneckerProduct) and all(
        same_size(*low.shapes.of(part)) for part in arg.args
    ):
        return _of_kronecker(low, arg, scope)
    blocks = low.eliminated(arg)
    if blocks is not None:
        return low.scalar(blocks.determinant(), scope)
    if isinstance(arg, sp.Inverse):
        return power(low.scalar(sp.Determinant(arg.arg), scope), -1)
    if isinstance(arg, sp.MatPow) and arg.exp.is_Integer:
        return power(low.scalar(sp.Determinant(arg.base), scope), int(arg.exp))
    if isinstance(arg, sp.MatPow) and low.is_integer(arg.exp, scope):
        times = low.integer(arg.exp, scope)
        if is_nonnegative(times, low.guards):
            return Pow((low.scalar(sp.Determinant(arg.base), scope), Int((), (times,))))
    if isinstance(arg, sp.MatMul):
        parts = list(arg.args)
        shapes = [low.shapes.of(part) for part in parts]
        squares = all(len(s) == 0 or same_size(*s) for s in shapes)
        if len(parts) > 1 and squares and all(not s or not is_unit(s) for s in shapes):
            return mul(*(_factor_of_determinant(low, p, expr, scope) for p in parts))
    key = low.scoped(sp.Inverse, expr.arg, scope)
    shared = low._shared.get(key)
    if shared is None:
        shared = low._shared[key] = low.matrix(expr.arg, scope)
    return Determinant((), (shared, low.size(low.shapes.of(expr.arg)[0])))


def _of_kronecker(low: Lowering, arg: Any, scope: Scope) -> Term:
    """det(A ⊗ B) = (det A)^q·(det B)^p for A of size p and B of size q."""
    factors = []
    for place, part in enumerate(arg.args):
        others = (low.size(low.shapes.of(p)[0]) for k, p in enumerate(arg.args) if k != place)
        exponent = prod(others, start=ONE)
        factors.append(Pow((low.scalar(sp.Determinant(part), scope), Int((), (exponent,)))))
    return mul(*factors)


def _factor_of_determinant(low: Lowering, part: Any, expr: Any, scope: Scope) -> Term:
    """det(c A B) = cⁿ · det A · det B for square A and B."""
    if low.shapes.of(part):
        return low.scalar(sp.Determinant(part), scope)
    size = low.size(low.shapes.of(expr.arg)[0])
    return Pow((low.scalar(part, scope), Int((), (size,))))


@SCALARS.on(MatrixElement)
def _matrix_element(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an entry of a matrix"""
    apart = taken_apart(low, expr, scope)
    if apart is not None:
        return apart
    places = _places(low, expr, low.shapes.of(expr.parent), scope)
    return low.element(expr.parent, places, scope)


@SCALARS.on(TensorElement)
def _tensor_element(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an entry of a tensor"""
    apart = taken_apart(low, expr, scope)
    if apart is not None:
        return apart
    return low.element(expr.array, _places(low, expr, low.shapes.of(expr.array), scope), scope)


@SCALARS.on(sp.Indexed, ArrayElement)
def _indexed(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an entry of an array"""
    apart = taken_apart(low, expr, scope)
    if apart is not None:
        return apart
    base = expr.base if isinstance(expr, sp.Indexed) else expr.name
    if getattr(base, "shape", None) is not None:
        for axis, index in enumerate(expr.indices):
            rounded = _rounded_part(low, index, scope)
            if rounded is not None:
                return _at_rounded(low, expr, base, axis, rounded, scope)
        return low.element(base, _places(low, expr, base.shape, scope), scope)
    return low.named_entry(base, tuple(low.integer(i, scope) for i in expr.indices))


def taken_apart(low: Lowering, expr: Any, scope: Scope) -> Term | None:
    """An entry or a delta at bent or flat indices; None where they are neither."""
    cases = bent_indices.in_cases(low, expr, scope)
    return flat_indices.in_digits(low, expr, scope) if cases is None else low.scalar(cases, scope)


def _places(low: Lowering, expr: Any, shape: Iterable[Any], scope: Scope) -> Indices:
    """The indices of an entry, seen to lie within its array or noted."""
    places = tuple(low.integer(i, scope) for i in expr.indices)
    low.check_read(expr, places, shape)
    return places


def _rounded_part(low: Lowering, index: Any, scope: Scope) -> Any:
    """The ⌊a/b⌋ in an index that moves with other indices; None where there is none."""
    found = [
        f
        for f in sorted(index.atoms(sp.floor), key=str)
        if any(s in scope or low.variable(s).kind != SIZE for s in sorted(f.free_symbols, key=str))
    ]
    return found[0] if len(found) == 1 and sp.expand(index).coeff(found[0]) == 1 else None


def _at_rounded(low: Lowering, expr: Any, base: Any, axis: int, rounded: Any, scope: Scope) -> Term:
    """x[⌊a/b⌋ + c] = Σ_q x[q]·[b·(q − c) ≤ a ≤ b·(q − c) + b − 1]"""
    size = low.size(base.shape[axis])
    above, below = (low.integer(p, scope) for p in sp.fraction(sp.together(rounded.args[0])))
    if not is_nonnegative(below - 1):
        raise UnsupportedError(f"{rounded}: {below} is not seen to be positive")
    rest = low.integer(sp.expand(expr.indices[axis] - rounded), scope)
    start = above + below * rest  # of which the index is ⌊start/below⌋
    if not all(is_nonnegative(g, low.guards) for g in (start, below * size - 1 - start)):
        low.unsafe_reads[
            f"{expr} is not seen to stay within its array (axis {axis}, of size {size})"
        ] = None
    place, symbol = axis_variable(size, "q"), sp.Dummy("q", integer=True)
    gap = start - below * as_poly(place)
    inside = (at_least(gap, ZERO), at_least(below - 1 - gap, ZERO))
    indices = [symbol if k == axis else index for k, index in enumerate(expr.indices)]
    value = low.scalar(base[tuple(indices)], {**scope, symbol: as_poly(place)})
    return total(place, mul(*inside, value))


@SCALARS.on(ScalarApplication)
def _whole(low: Lowering, expr: Any, scope: Scope) -> Term:
    """an arbitrary scalar function of whole arrays"""
    return whole_term(low, expr, (), scope)


@SCALARS.on(ScalarGradient)
def _whole_gradient(low: Lowering, expr: Any, scope: Scope) -> Term:
    """∂L/∂(a scalar argument) at the arguments"""
    return whole_term(low, expr, ((expr.position, ()),), scope)


def whole_term(low: Lowering, expr: Any, path: Any, scope: Scope) -> Term:
    if all(low.shapes.of(argument) == () for argument in expr.arguments):
        # Of numbers alone it is a function as any other, also under a sum over an index of theirs.
        orders = tuple(
            sum(position == k for position, _ in path) for k in range(len(expr.arguments))
        )
        numbers = tuple(low.scalar(argument, scope) for argument in expr.arguments)
        return Unknown(numbers, (ScalarFunction(expr.args[0].name), orders))
    arguments = []
    for argument in expr.arguments:
        shape = low.shapes.of(argument)
        low.check_scope(argument, scope)
        params = low.axes(shape)
        place = low.spread(shape, [as_poly(p) for p in params])
        body = low.element(argument, place, scope)
        loose = [v for v in body.free - set(params) if v.kind not in (SIZE, FREE)]
        if loose:
            raise UnsupportedError(f"{expr} under a sum over an index of its argument {argument}")
        key = low.scoped(ScalarApplication, argument, scope)
        if key not in low._shared:
            low._shared[key] = Shared(params, body, argument)
        arguments.append(low._shared[key])
    return Whole((), (expr.args[0].name, tuple(arguments), path))


@SCALARS.on(Partial)
def _partial(low: Lowering, expr: Any, scope: Scope) -> Term:
    """∂f/∂x, worked out"""
    target, place = target_of(low, expr.wrt, scope)
    return low.differentiate(low.scalar(expr.of, scope), target, place)
