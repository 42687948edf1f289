"""What each kind of SymPy node is worth: one function for each, and none for any other."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.complexes import adjoint, conjugate, re, transpose
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.base.errors import ShapeError, UnsupportedError
from derive.evaluation.decisions import noted
from derive.evaluation.extents import refuse_long
from derive.evaluation.fields import NotDifferentiable, Undefined
from derive.evaluation.functions import BY_SYMBOL, POLYGAMMA
from derive.evaluation.interpreter import Environment, Interpreter, NeedsScalars, handles
from derive.evaluation.jets import Jet
from derive.evaluation.matrix_nodes import broadcast
from derive.evaluation.special_functions import BALLS
from derive.language.activations import NamedFunction
from derive.language.conditions import Cases
from derive.language.operators import (
    MatrixGradient,
    MatrixPartial,
    MaxOver,
    Partial,
    ScalarApplication,
    ScalarGradient,
)

# -- numbers and symbols ---------------------------------------------------------------------


@handles(sp.Rational, sp.Float)
def _rational(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.number(expr)


_CONSTANTS = {sp.pi: "pi", sp.E: "e"}
_NAMED = (sp.GoldenRatio, sp.TribonacciConstant, sp.EulerGamma, sp.Catalan)


@handles(*(type(constant) for constant in (*_CONSTANTS, *_NAMED)))
def _constant(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return Jet(walk.field.constant(_CONSTANTS.get(expr) or str(expr)))


@handles(type(sp.oo), type(sp.S.NegativeInfinity), type(sp.nan), type(sp.zoo))
def _no_number(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    raise Undefined(f"{expr} is not a real number")


@handles(sp.Symbol, sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)
def _symbol(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    bound = env.get(expr)
    if bound is not None:
        return bound if isinstance(bound, Jet) else walk.number(bound)
    found = walk.fetch(expr)
    if not isinstance(found, Jet):
        raise UnsupportedError(f"{expr} has no shape, and stands for a whole array")
    return found


@handles(MatrixElement)
def _matrix_element(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.read(expr.parent, expr.indices, env)


@handles(sp.Indexed)
def _indexed(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.read(expr.base, expr.indices, env)


@handles(ArrayElement)
def _array_element(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.read(expr.name, expr.indices, env)


# -- scalar arithmetic -----------------------------------------------------------------------


def _scalar_parts(walk: Interpreter, expr: Any, env: Environment) -> list[Jet]:
    """The operands of a sum or product of scalars; whole tensors pass as they are."""
    parts = [walk.value(arg, env) for arg in expr.args]
    return [
        walk.jets.squeezed(part) if part.shape and math.prod(part.shape) == 1
        and not (walk.flat and len(part.shape) == 1) else part
        for part in parts
    ]  # fmt: skip


@handles(sp.Add)
def _add(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return broadcast(expr, _scalar_parts(walk, expr, env), walk.jets.add)


@handles(sp.Mul)
def _multiply(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    parts = _scalar_parts(walk, expr, env)
    if not walk.flat and sum(bool(part.shape) for part in parts) > 1:
        raise UnsupportedError(f"{expr} is a product of arrays, and not one of matrices")
    total = parts[0]
    for part in parts[1:]:
        total = walk.jets.multiply(total, part)
    return total


@handles(sp.Pow)
def _power(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    base, exponent = expr.args
    if base is sp.E:
        return walk.jets.apply("exp", walk.scalar(exponent, env))
    x = walk.scalar(base, env)
    if isinstance(exponent, sp.Integer):
        return walk.jets.integer_power(x, int(exponent))
    if isinstance(exponent, sp.Rational):
        return walk.jets.rational_power(x, Fraction(int(exponent.p), int(exponent.q)))
    power = walk.scalar(exponent, env)
    if x.shape == power.shape == ():  # in doubt 0 in both: this decides nothing
        noted(expr, tuple(int(part.v > 0) - int(part.v < 0) for part in (x, power)))
    return walk.jets.power(x, power)


_RECIPROCALS = {sp.sec: "cos", sp.csc: "sin", sp.sech: "cosh", sp.csch: "sinh", sp.cot: "tan",
                sp.coth: "tanh"}  # fmt: skip


@handles(*BY_SYMBOL)
def _unary(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.jets.apply(BY_SYMBOL[expr.func], walk.scalar(expr.args[0], env))


@handles(*_RECIPROCALS)
def _reciprocal(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    inner = walk.jets.apply(_RECIPROCALS[expr.func], walk.scalar(expr.args[0], env))
    return walk.jets.reciprocal(inner)


# Inverses of the reciprocal functions, as a function of 1/x.
_OF_RECIPROCALS = {sp.asec: "acos", sp.acsc: "asin", sp.acot: "atan", sp.asech: "acosh",
                   sp.acsch: "asinh", sp.acoth: "atanh"}  # fmt: skip


@handles(*_OF_RECIPROCALS)
def _of_reciprocal(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    inner = walk.jets.reciprocal(walk.scalar(expr.args[0], env))
    return walk.jets.apply(_OF_RECIPROCALS[expr.func], inner)


@handles(sp.erfcinv)
def _quantile(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    rest = walk.difference(walk.number(1), walk.scalar(expr.args[0], env))
    return walk.jets.apply("erfinv", rest)


@handles(sp.frac)
def _fractional_part(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    x = walk.scalar(expr.args[0], env)
    if x.shape:
        raise UnsupportedError(f"{expr} of many numbers at once")
    whole = walk.number(walk.field.floor(x.v))
    part = walk.difference(x, whole)
    if x.g is not None and walk.sign(part) == 0:
        raise NotDifferentiable("the fractional part at a whole number, where it jumps")
    return part


@handles(sp.harmonic)
def _harmonic(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    """Σ_{k=1}^n 1/k^m; ψ(x + 1) + γ of a number that is not whole."""
    argument, *order = expr.args
    x = walk.scalar(argument, env)
    exponent = walk.integer(order[0], env) if order else 1
    count = walk.field.floor(x.v) if x.shape == () and x.g is None else -1
    if count >= 0 and walk.sign(walk.difference(x, walk.number(count))) == 0:
        refuse_long(count)
        terms = (Fraction(1, k**exponent) for k in range(1, count + 1))
        return walk.number(sum(terms, Fraction(0)))
    if exponent != 1:
        raise UnsupportedError(f"{expr} of a number that is not whole")
    above = walk.jets.add(x, walk.number(1))
    return walk.jets.add(walk.jets.apply(f"{POLYGAMMA}0", above), walk.scalar(sp.EulerGamma, env))


@handles(*BALLS)
def _special(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    parts = [walk.scalar(arg, env) for arg in expr.args]
    if any(part.g is not None for part in parts):
        raise UnsupportedError(f"no derivative of {type(expr).__name__} is known to the evaluator")
    return Jet(walk.field.enclosed(BALLS[expr.func], [part.v for part in parts]))


@handles(sp.polygamma)
def _polygamma(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    order = expr.args[0]
    if not order.is_Integer or order < 0:
        raise UnsupportedError(f"{expr}: the order of a polygamma function is to be a number")
    return walk.jets.apply(f"{POLYGAMMA}{int(order)}", walk.scalar(expr.args[1], env))


@handles(sp.beta)
def _beta(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    a, b = (walk.scalar(arg, env) for arg in expr.args[:2])
    above = walk.jets.multiply(walk.jets.apply("gamma", a), walk.jets.apply("gamma", b))
    below = walk.jets.apply("gamma", walk.jets.add(a, b))
    return walk.jets.multiply(above, walk.jets.reciprocal(below))


@handles(sp.sinc)
def _sinc(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    x = walk.scalar(expr.args[0], env)
    if walk.sign(x) != 0:
        return walk.jets.multiply(walk.jets.apply("sin", x), walk.jets.reciprocal(x))
    if x.g is not None:
        raise NotDifferentiable("sinc at 0, where its formula changes")
    return walk.number(1)


@handles(sp.atan2)
def _atan2(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    """The angle of (x, y): by atan(y/x) right of the axis, by atan(x/y) above and below it."""
    jets = walk.jets
    y, x = (walk.scalar(arg, env) for arg in expr.args)
    if walk.sign(x) > 0:
        return jets.apply("atan", jets.multiply(y, jets.reciprocal(x)))
    pi = walk.scalar(sp.pi, env)
    side = walk.sign(y)
    if side == 0:
        if walk.sign(x) == 0:
            raise Undefined("the angle of the origin")
        if x.g is not None or y.g is not None:
            raise NotDifferentiable("atan2 where the angle jumps")
        return pi
    quarter = jets.multiply(pi, walk.number(Fraction(side, 2)))
    return walk.difference(quarter, jets.apply("atan", jets.multiply(x, jets.reciprocal(y))))


@handles(NamedFunction)
def _named(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.scalar(expr.formula(), env)


@handles(sp.log)
def _log(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    logs = [walk.jets.apply("log", walk.scalar(arg, env)) for arg in expr.args]
    if len(logs) == 1:
        return logs[0]
    return walk.jets.multiply(logs[0], walk.jets.reciprocal(logs[1]))


@handles(re, conjugate, transpose, adjoint)
def _itself(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.scalar(expr.args[0], env)


# -- what is decided on values ---------------------------------------------------------------


@handles(sp.Piecewise, Cases)
def _piecewise(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    for branch, condition in expr.args:
        if walk.truth(condition, env):
            return walk.value(branch, env)
    raise Undefined("no case of a Piecewise applies")


def _largest(walk: Interpreter, expr: Any, candidates: Any, sign: int, once: bool = False) -> Jet:
    """The largest (sign 1) or smallest (−1). A tie is a kink, but where the candidates move alike:
    either may be taken then, unless it is to be attained ``once``.
    """
    best: Jet | None = None
    ties: list[Jet] = []
    first = 0
    for place, candidate in enumerate(candidates):
        if best is None:
            best = candidate
            continue
        difference = walk.difference(candidate, best)
        if difference.shape != ():
            raise NeedsScalars
        order = sign * walk.field.sign(difference.v)
        if order > 0:
            best, ties, first = candidate, [], place
        elif order == 0:
            ties.append(candidate)
    if best is None:
        raise Undefined("the maximum of nothing")
    noted(expr, "tie" if ties else min(first, 1 if isinstance(expr, MaxOver) else first))
    moves = any(one.g is not None for one in (best, *ties))
    if ties and moves and (once or not all(walk.jets.move_alike(best, one) for one in ties)):
        raise NotDifferentiable("two candidates for a maximum are equal")
    return best


@handles(sp.Max, sp.Min)
def _max(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    candidates = (walk.scalar(arg, env) for arg in expr.args)
    return _largest(walk, expr, candidates, 1 if isinstance(expr, sp.Max) else -1)


@handles(MaxOver)
def _max_over(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    candidates = (walk.scalar(expr.body, e) for e in walk.ranges([expr.limits], env))
    once = expr.limits[0] in expr.body.free_symbols  # of equal numbers any is the largest
    return _largest(walk, expr, candidates, 1, once)


@handles(sp.Abs)
def _abs(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    inner = walk.scalar(expr.args[0], env)
    # |u| is as flat as u at a zero of u that has no slope, as |x[k] - x[j]| has none for k = j.
    flat = inner.shape == () and walk.jets.move_alike(inner, walk.number(0))
    sign = walk.field.sign(inner.v) if flat else walk.sign(inner)
    noted(expr, sign)
    return walk.jets.negative(inner) if sign < 0 else inner


@handles(sp.sign)
def _sign(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    sign = walk.sign(walk.scalar(expr.args[0], env))
    noted(expr, sign)
    return walk.number(sign)


@handles(sp.Heaviside)
def _heaviside(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    sign = walk.sign(walk.scalar(expr.args[0], env))
    noted(expr, sign)
    return walk.scalar(expr.args[1], env) if sign == 0 else walk.number(int(sign > 0))


def _floor_of(walk: Interpreter, a: Jet) -> Jet:
    if a.shape != ():
        raise NeedsScalars
    whole = walk.field.floor(a.v)
    if a.g is not None and walk.field.sign(a.v - whole) == 0:
        raise NotDifferentiable("a step, exactly at this point")
    return walk.number(whole)


@handles(sp.floor)
def _floor(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return _floor_of(walk, walk.scalar(expr.args[0], env))


@handles(sp.ceiling)
def _ceiling(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    negative = walk.jets.negative(walk.scalar(expr.args[0], env))
    return walk.jets.negative(_floor_of(walk, negative))


@handles(sp.Mod)
def _mod(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    a, b = (walk.scalar(arg, env) for arg in expr.args)
    whole = _floor_of(walk, walk.jets.multiply(a, walk.jets.reciprocal(b)))
    return walk.difference(a, walk.jets.multiply(b, whole))


@handles(sp.factorial)
def _factorial(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    n = walk.integer(expr.args[0], env)
    if n < 0:
        raise Undefined("the factorial of a negative number")
    return Jet(walk.field.factorial(n))


@handles(sp.binomial)
def _binomial(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    n, k = (walk.integer(arg, env) for arg in expr.args)
    if n < 0:
        raise UnsupportedError("a binomial coefficient of a negative number")
    return Jet(walk.field.binomial(n, k))


@handles(sp.KroneckerDelta)
def _delta(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.number(int(walk.integer(expr.args[0], env) == walk.integer(expr.args[1], env)))


# -- sums, products and functions ------------------------------------------------------------


@handles(sp.Sum)
def _sum(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    total: Jet | None = None
    for inner in walk.ranges(expr.limits, env):
        term = walk.value(expr.function, inner)
        if total is not None and total.shape and term.shape and total.shape != term.shape:
            raise ShapeError(f"the terms of {expr} differ in shape")
        total = term if total is None else walk.jets.add(total, term)
    return walk.number(0) if total is None else total


@handles(sp.Product)
def _product(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    total = walk.number(1)
    for inner in walk.ranges(expr.limits, env):
        total = walk.jets.multiply(total, walk.scalar(expr.function, inner))
    return total


@handles(AppliedUndef)
def _call(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    function = walk.lambda_of(expr.func)
    arguments = [walk.scalar(arg, env) for arg in expr.args]
    if all(part.is_integer for part in (*function.variables, *expr.args)):  # they may be indices
        indices = [walk.integer(arg, env) for arg in expr.args]
        return walk.apply(function, arguments, indices)
    return walk.apply(function, arguments)


@handles(sp.Derivative)
def _derivative(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    """By jets where something defined or an array moves with the variable, which SymPy takes for
    constants; by SymPy's rules elsewhere, and in a variable that is bound here.
    """
    variables = [v for v, times in expr.variable_count for _ in range(int(times))]
    bound = [v in env for v in variables]
    if all(bound) or not walk.flows(expr):
        return walk.scalar(walk.derived(expr), env)
    if any(bound):
        raise UnsupportedError(f"{expr} is taken in a bound name and in another one")
    inner = expr.expr
    for variable in variables:
        inner = Partial(inner, variable)
    return walk.scalar(inner, env)


@handles(sp.Subs)
def _subs(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    points = [walk.scalar(point, env) for point in expr.point]
    return walk.scalar(expr.expr, {**env, **dict(zip(expr.variables, points, strict=True))})


@handles(ScalarApplication)
def _application(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    function = walk.lambda_of(expr.function)
    result = walk.apply(function, [walk.value(arg, env) for arg in expr.arguments])
    return result if result.shape == () else walk.jets.squeezed(result)


@handles(ScalarGradient, MatrixGradient)
def _gradient(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.gradient_of(expr, env)


@handles(Partial, MatrixPartial)
def _partial(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.partial(expr.of, expr.wrt, env)


@handles(ElementwiseApplyFunction)
def _elementwise(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    operand = walk.value(expr.expr, env)
    function = expr.function
    if not isinstance(function, sp.Lambda):
        raise UnsupportedError(f"{function} is not a function to apply entry by entry")
    (variable,) = function.variables
    jets, body = walk.jets, function.expr
    if operand.shape == ():
        return walk.scalar(body, {**env, variable: operand})
    shape = operand.shape
    if body not in walk.one_by_one:
        rank = len(shape)
        flat = jets.linear(lambda x: x.reshape((*x.shape[: x.ndim - rank], -1)), operand)
        outer, walk.flat = walk.flat, True
        try:
            result = walk.scalar(body, {**env, variable: flat})
            if result.shape == ():  # the function is constant
                result = jets.add(Jet(flat.v * 0), result)
            return jets.linear(lambda x: x.reshape(x.shape[:-1] + shape), result)
        except NeedsScalars:
            walk.one_by_one.add(body)
        finally:
            walk.flat = outer
    outer, walk.flat = walk.flat, False
    try:
        return jets.each(lambda one: walk.scalar(body, {**env, variable: one}), operand)
    finally:
        walk.flat = outer


# -- matrices --------------------------------------------------------------------------------
