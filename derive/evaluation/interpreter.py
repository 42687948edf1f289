"""The walk over an expression at one point: what a value depends on, and what is kept of it.

What each kind of SymPy node means is in :mod:`derive.evaluation.nodes`, one function for each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.logic.boolalg import BooleanFalse, BooleanTrue
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.base.budget import spend
from derive.base.errors import ShapeError, UnsupportedError
from derive.base.tables import Table
from derive.evaluation.decisions import noted
from derive.evaluation.extents import refuse_huge, refuse_long
from derive.evaluation.fields import Field, NotDifferentiable, OutOfRange, Undefined
from derive.evaluation.given_values import given
from derive.evaluation.jets import Jet, Jets
from derive.evaluation.mentioned import bindable, is_whole, mentions, whole_terms
from derive.evaluation.point import LazyArray, Point
from derive.evaluation.through_time import position_of, unrolled
from derive.language.operators import ScalarApplication
from derive.language.sequences import At, systems

Environment = dict[Any, Any]  # bound index -> int, variable of a Lambda -> Jet
Handler = Callable[["Interpreter", Any, Environment], Jet]
HANDLERS: Table[Handler] = Table()
handles = HANDLERS.on


@lru_cache(maxsize=4096)
def _handler_of(kind: Any) -> Handler:
    found = HANDLERS.find(kind)
    if found is None:
        raise UnsupportedError(f"{kind.__name__} has no meaning to the evaluator")
    return found


def _meaning(expr: Any) -> Handler:
    kind: Any = type(expr)
    return _handler_of(kind)


VALUE = 40  # units of work for the value of a node


class NeedsScalars(Exception):
    """A decision is due on a whole array of values: they have to be taken one by one."""


_ARRAYS = (sp.MatrixSymbol, sp.IndexedBase, ArraySymbol, ScalarApplication)
_TARGETS = (sp.Symbol, MatrixElement, sp.Indexed, ArrayElement)


class Seed(NamedTuple):
    """An independent variable: a symbol, or one of its entries, with its number of directions.

    A ``symmetric`` one moves within the symmetric matrices: in the direction (D + Dᵀ)/2 for D.
    """

    symbol: Any
    position: tuple[int, ...] | None
    width: int
    symmetric: bool = False


@lru_cache(maxsize=256)
def _differentiated(
    function: sp.Lambda, orders: tuple[tuple[tuple[int, ...], int], ...]
) -> tuple[tuple[Any, ...], Any]:
    """A Lambda's body, differentiated so often in the sum of some of its slots, and its slots.

    Kept, because a search evaluates the same derivative at every point.
    """
    slots = tuple(sp.Dummy(f"a{k}") for k in range(len(function.variables)))
    body = function(*slots)
    for own, times in orders:
        for _ in range(times):
            body = sp.Add(*(sp.diff(body, slots[k]) for k in own))
    return slots, body


class Interpreter:
    """One walk over expressions at one point, with every subexpression evaluated once.

    :param seeds: what is differentiated in; the directions of all jets are theirs, in order.
    """

    def __init__(
        self,
        point: Point,
        where: Mapping[Any, Any],
        jets: Jets,
        seeds: tuple[Seed, ...] = (),
    ) -> None:
        self.point = point
        self.jets = jets
        self.field = jets.field
        self.seeds = seeds
        self._seeded = {seed.symbol for seed in seeds}
        self.flat = False
        self.one_by_one: set[Any] = set()
        self.made: dict[Any, Any] = {}
        self._shortens = type(self.field).shortened is not Field.shortened
        self._where = where
        self._systems = systems(where)
        self._to_come = {symbol for system in self._systems for symbol in system.symbols}
        self.unfinished: dict[Any, dict[int, Jet]] = {}
        self._stored: dict[Any, Any] = {}
        self._memo: dict[Any, Jet] = {}
        self._inner: dict[Any, Interpreter] = {}

    def redefined(self, changed: Mapping[Any, Any]) -> Interpreter:
        """One in which some definitions are others; what rests on none of them is kept."""
        other = Interpreter(self.point, {**self._where, **changed}, self.jets, self.seeds)
        touched = set(changed)
        for system in other._systems:
            rests_on = system.symbols if system.recursive else system.symbols[:1]
            if any(not mentions(other._where[s]).isdisjoint(touched) for s in rests_on):
                touched.update(system.symbols)
        other._stored = {s: value for s, value in self._stored.items() if s not in touched}
        other._to_come -= other._stored.keys()
        return other

    # -- walking -------------------------------------------------------------------------------

    def define(self, *expressions: Any) -> None:
        """Evaluate, in order, the definitions that these expressions rest on."""
        needed: set[Any] = set()
        for expr in expressions:
            needed |= mentions(expr)
        if needed.isdisjoint(self._to_come):
            return  # what a definition that is stored rests on is stored as well
        for system in reversed(self._systems):
            if not needed.isdisjoint(system.symbols):
                needed = needed.union(*(mentions(self._where[s]) for s in system.symbols))
        for system in self._systems:
            symbol = system.symbols[0]
            if needed.isdisjoint(system.symbols) or symbol in self._stored:
                continue
            value = self._where[symbol]
            if system.recursive:
                self._stored.update(unrolled(self, system.symbols, self._where))
            elif isinstance(value, sp.Lambda):
                self._stored[symbol] = value
            else:
                self._stored[symbol] = self._seed(symbol, self._fitted(symbol, value))
            self._to_come.difference_update(system.symbols)

    def _fitted(self, symbol: Any, value: Any) -> Jet:
        """The value of a definition, in the shape that its symbol declares."""
        jet = self.value(value, {})
        if isinstance(symbol, (sp.MatrixSymbol, ArraySymbol)) or (
            isinstance(symbol, sp.IndexedBase) and symbol.shape is not None
        ):
            shape = tuple(self.integer(size, {}) for size in symbol.shape)
            if jet.shape == shape:
                return jet
            if jet.shape == () and set(shape) == {1}:
                return self.jets.as_matrix(jet, len(shape))
            if isinstance(symbol, sp.MatrixSymbol) or math.prod(jet.shape) != math.prod(shape):
                raise ShapeError(f"{symbol} of shape {shape} is defined with shape {jet.shape}")
            return self.jets.linear(
                lambda x: x.reshape(x.shape[: x.ndim - len(jet.shape)] + shape), jet
            )
        return jet

    def value(self, expr: Any, env: Environment) -> Jet:
        """The value of any expression: of rank 0, or an array."""
        if not expr.args and not isinstance(expr, sp.Symbol):
            return _meaning(expr)(self, expr, env)
        key = expr
        if env:
            bound = tuple(map(env.get, bindable(expr)))
            for one in bound:
                if one is not None:
                    key = (expr, bound)
                    break
        known = self._memo.get(key)
        if known is None:
            spend(VALUE)
            known = _meaning(expr)(self, expr, env)
            if self._shortens:
                known = self.jets.linear(self.field.shortened, known)
            self._memo[key] = known
        return known

    def scalar(self, expr: Any, env: Environment) -> Jet:
        """The value of an expression that has to be a scalar, or a 1×1 matrix in its place."""
        jet = self.value(expr, env)
        shape = jet.shape
        if shape == () or (self.flat and len(shape) == 1):
            return jet
        if math.prod(shape) == 1:
            return self.jets.squeezed(jet)
        raise ShapeError(f"{expr} has shape {shape} where a scalar is expected")

    def matrix(self, expr: Any, env: Environment) -> Jet:
        """The value of an expression that has to be a matrix, or a scalar for a 1×1 one."""
        jet = self.jets.as_matrix(self.value(expr, env))
        if len(jet.shape) != 2:
            raise ShapeError(f"{expr} has shape {jet.shape} where a matrix is expected")
        return jet

    def number(self, value: Any) -> Jet:
        return Jet(self.field.number(value))

    def integer(self, expr: Any, env: Environment) -> int:
        """The value of an index, a size or an end of a range."""
        counted = self._counted(expr, env)
        if counted is not None:
            return counted
        if not isinstance(expr, sp.Symbol) and is_whole(expr):
            parts = (self.integer(arg, env) for arg in expr.args)
            return sum(parts) if isinstance(expr, sp.Add) else math.prod(parts)
        number = self.scalar(expr, env).v
        if isinstance(number, np.ndarray):
            raise NeedsScalars
        whole = self.field.floor(number)
        if self.field.sign(number - whole) != 0:
            raise Undefined(f"{expr} is not an integer")
        return whole

    def _counted(self, expr: Any, env: Environment) -> int | None:
        """The value of a sum or product of integers, sizes and bound indices; else None."""
        terms = whole_terms(expr)
        if terms is None:
            return None
        sizes = self.point.sizes
        total = 0
        for product_of, symbols in terms:
            for symbol in symbols:
                known = env.get(symbol)
                if known is None:
                    known = sizes.get(symbol)
                if not isinstance(known, int):
                    return None
                product_of *= known
            total += product_of
        return total

    def truth(self, condition: Any, env: Environment) -> bool:
        """Whether a condition holds. Raises :class:`NotDifferentiable` where it is about to turn.

        An equation between arrays holds where all entries are equal.
        """
        if isinstance(condition, (BooleanTrue, BooleanFalse, bool)):
            return bool(condition)
        if isinstance(condition, sp.And):
            return all(self.truth(arg, env) for arg in condition.args)
        if isinstance(condition, sp.Or):
            return any(self.truth(arg, env) for arg in condition.args)
        if isinstance(condition, sp.Not):
            return not self.truth(condition.args[0], env)
        if not isinstance(condition, sp.core.relational.Relational):
            raise UnsupportedError(f"{condition} is a condition the evaluator cannot decide")
        equation = isinstance(condition, (sp.Eq, sp.Ne))
        sides = self._counted(condition.lhs, env), self._counted(condition.rhs, env)
        if sides[0] is not None and sides[1] is not None:
            sign = (sides[0] > sides[1]) - (sides[0] < sides[1])
        elif equation and not self.flat:
            left, right = self.value(condition.lhs, env), self.value(condition.rhs, env)
            sign = 0 if self._equal(left, right) else 1
        else:
            left, right = self.scalar(condition.lhs, env), self.scalar(condition.rhs, env)
            sign = self.sign(self.difference(left, right))
        if equation:
            noted(condition, sign == 0)
            return (sign == 0) == isinstance(condition, sp.Eq)
        noted(condition, sign)
        if isinstance(condition, sp.Gt):
            return sign > 0
        if isinstance(condition, sp.Ge):
            return sign >= 0
        return sign < 0 if isinstance(condition, sp.Lt) else sign <= 0

    def difference(self, a: Jet, b: Jet) -> Jet:
        return self.jets.add(a, self.jets.negative(b))

    def _equal(self, a: Jet, b: Jet) -> bool:
        if a.shape != b.shape:
            if math.prod(a.shape) != 1 or math.prod(b.shape) != 1:
                raise ShapeError(f"an equation between the shapes {a.shape} and {b.shape}")
            a = a if a.shape == () else self.jets.squeezed(a)
            b = b if b.shape == () else self.jets.squeezed(b)
        difference = self.difference(a, b)
        if difference.shape == ():
            return self.sign(difference) == 0
        return all(
            self.sign(self.jets.entry(difference, position)) == 0
            for position in np.ndindex(difference.shape)
        )

    def sign(self, a: Jet) -> int:
        """The sign of a scalar; a zero that depends on the variable is a kink."""
        if a.shape != ():
            raise NeedsScalars
        sign = self.field.sign(a.v)
        if sign == 0 and a.g is not None:
            raise NotDifferentiable("a change of sign, exactly at this point")
        return sign

    # -- symbols -------------------------------------------------------------------------------

    def fetch(self, symbol: Any) -> Any:
        """The value of a symbol that is not bound: a Jet, a LazyArray or a Lambda."""
        stored = self._stored.get(symbol)
        if stored is not None:
            return stored
        raw = self.point.values.get(symbol)
        if raw is not None:
            if isinstance(raw, LazyArray):
                self._stored[symbol] = raw
                return raw
            jet = given(self.point, self.jets, symbol, lambda x: self.scalar(x, {}).v)
        elif symbol in self.point.sizes:
            jet = self.number(self.point.sizes[symbol])
        else:
            raise UnsupportedError(f"{symbol} has no value at this point")
        jet = self._stored[symbol] = self._seed(symbol, jet)
        return jet

    def _seed(self, symbol: Any, jet: Jet) -> Jet:
        """The jet of a symbol, varied in its own directions where it is seeded."""
        if symbol not in self._seeded:
            return jet
        shape = jet.shape
        width = sum(seed.width for seed in self.seeds)
        refuse_huge(width, *shape)
        directions = np.zeros((width, *shape), dtype=int)
        start = 0
        for seed in self.seeds:
            if seed.symbol == symbol:
                own = directions[start : start + seed.width]
                if seed.position is None:
                    own += np.eye(seed.width, dtype=int).reshape(own.shape)
                else:
                    self.check_range(symbol, seed.position, shape)
                    own[(0, *seed.position)] += 1
            start += seed.width
        varied = self.field.array(directions)
        if any(seed.symbol == symbol and seed.symmetric for seed in self.seeds):
            varied = (varied + np.swapaxes(varied, -1, -2)) * self.field.number(Fraction(1, 2))
        # A defined symbol moves with the other seeds besides.
        return Jet(jet.v, varied if jet.g is None else jet.g + varied, jet.h)

    def seed_position(self, symbol: Any, t: int, shape: tuple[int, ...], jet: Jet) -> Jet:
        """Position t of a sequence of some shape, varied where the sequence is: what follows from
        it in time moves with it.
        """
        if symbol not in self._seeded:
            return jet
        whole = self._seed(symbol, Jet(self.field.array(np.zeros(shape, dtype=int)))).g
        own = whole[:, t]
        if not own.shape[1:]:
            own = own.reshape(-1)
        return Jet(jet.v, own if jet.g is None else jet.g + own, jet.h)

    @staticmethod
    def check_range(array: Any, position: tuple[int, ...], shape: tuple[int, ...]) -> None:
        if len(position) != len(shape):
            raise ShapeError(f"{array} of rank {len(shape)} has {len(position)} indices")
        if any(not 0 <= i < size for i, size in zip(position, shape, strict=True)):
            raise OutOfRange(f"{array} of shape {shape} has no entry {position}")

    def read(self, array: Any, indices: Any, env: Environment) -> Jet:
        """An entry of an array symbol or of any other array."""
        position = tuple(self.integer(index, env) for index in indices)
        if array in self.unfinished:
            time, *rest = position
            row = self.step(array, time)
            if row.shape:  # a row of one number stands for the number, too
                self.check_range(array, tuple(rest), row.shape)
            return self.jets.entry(row, tuple(rest))
        if isinstance(array, sp.IndexedBase):
            whole = self.fetch(array)
            if isinstance(whole, LazyArray):
                return self._read_lazily(array, whole, position)
            if isinstance(whole, sp.Lambda):
                return self.apply(whole, [self.number(i) for i in position], position)
        else:
            whole = self.value(array, env)
        if whole.shape == () and all(i == 0 for i in position):
            return whole
        self.check_range(array, position, whole.shape)
        return self.jets.entry(whole, position)

    def step(self, array: Any, time: int) -> Jet:
        """Position ``time`` of a sequence that is being worked out."""
        found = self.unfinished[array].get(time)
        if found is None:
            raise OutOfRange(f"{array} has no position {time} yet")
        return found

    def _read_lazily(self, array: Any, values: LazyArray, position: tuple[int, ...]) -> Jet:
        if any(i < 0 for i in position):
            raise OutOfRange(f"{array} has no entry {position}")
        number = self.field.number(values[position])
        moves = [seed[:2] == (array, position) for seed in self.seeds]
        return Jet(number, self.field.array(np.array(moves, dtype=int)) if any(moves) else None)

    # -- functions -----------------------------------------------------------------------------

    def apply(self, function: sp.Lambda, arguments: list[Jet], indices: Any = None) -> Jet:
        """A Lambda of arguments; with ``indices`` they are integers and stand as such."""
        variables = function.variables
        if len(variables) != len(arguments):
            raise ShapeError(f"{function} is called with {len(arguments)} arguments")
        return self.value(function.expr, dict(zip(variables, indices or arguments, strict=True)))

    def lambda_of(self, function: Any) -> sp.Lambda:
        for table in (self._stored, self._where, self.point.functions):
            found = table.get(function)
            if isinstance(found, sp.Lambda):
                return found
        raise UnsupportedError(f"the function {function} has no meaning at this point")

    def flows(self, expr: sp.Derivative) -> bool:
        """Whether something that SymPy takes for a constant may move with the variables: an entry
        of an array, or what is defined.
        """
        inner, variables = expr.expr, [v for v, _ in expr.variable_count]
        if not all(isinstance(v, _TARGETS) for v in variables):
            return False  # SymPy's own notation, an undefined function in its argument
        undefined = isinstance(inner, AppliedUndef) and inner.func not in self._where
        if undefined and all(inner.args == (v,) for v in variables):
            return False
        return inner.has(*_ARRAYS) or not mentions(inner).isdisjoint(self._where)

    def derived(self, expr: sp.Derivative) -> Any:
        """An expression equal to a derivative in scalar symbols, its functions written out."""
        if expr not in self.made:
            self.made[expr] = self._derive(expr)
        return self.made[expr]

    def _derive(self, expr: sp.Derivative) -> Any:
        inner = expr.expr
        if isinstance(inner, sp.Derivative):
            inner = self.derived(inner)
        if isinstance(inner, AppliedUndef) and all(
            any(arg == v for arg in inner.args) for v, _ in expr.variable_count
        ):
            return self._derive_call(inner, expr)
        undefined = {call: self._written_out(call) for call in inner.atoms(AppliedUndef)}
        body = inner.xreplace(undefined)
        if body.has(*_ARRAYS) or not all(isinstance(v, sp.Symbol) for v, _ in expr.variable_count):
            raise UnsupportedError(f"{expr} is a Derivative the evaluator cannot take")
        return sp.diff(body, *expr.variable_count)

    def _written_out(self, call: AppliedUndef) -> Any:
        if any(arg.has(AppliedUndef) for arg in call.args):
            raise UnsupportedError(f"{call} is nested inside a Derivative")
        return self.lambda_of(call.func)(*call.args)

    def _derive_call(self, call: AppliedUndef, expr: sp.Derivative) -> Any:
        """∂f(a, b)/∂a where the variables are themselves arguments of the function."""
        orders = []
        for variable, times in expr.variable_count:
            if any(arg != variable and arg.has(variable) for arg in call.args):
                raise UnsupportedError(f"{expr} is a Derivative the evaluator cannot take")
            own = tuple(k for k, arg in enumerate(call.args) if arg == variable)
            orders.append((own, int(times)))
        slots, body = _differentiated(self.lambda_of(call.func), tuple(orders))
        return body.xreplace(dict(zip(slots, call.args, strict=True)))

    def gradient_of(self, expr: Any, env: Environment) -> Jet:
        """∂L/∂(argument) at the arguments, with how it moves with them."""
        arguments = [self.value(arg, env) for arg in expr.arguments]
        moving = any(arg.g is not None for arg in arguments)
        if moving and self.jets.order > 1:
            raise UnsupportedError("the second derivative of the gradient of a scalar function")
        inner = Jets(self.field, 2 if moving else 1)
        counts = [math.prod(arg.shape) for arg in arguments]
        total = sum(counts)
        seeds, start = [], 0
        for arg, count in zip(arguments, counts, strict=True):
            directions = np.zeros((total, count), dtype=int)
            directions[start : start + count] = np.eye(count, dtype=int)
            seeds.append(Jet(arg.v, self.field.array(directions.reshape((total, *arg.shape)))))
            start += count
        walk = Interpreter(self.point, {}, inner)
        result = walk.apply(self.lambda_of(expr.function), seeds)
        if result.shape != ():
            result = inner.squeezed(result)
        first = sum(counts[: expr.position])
        own = slice(first, first + counts[expr.position])
        shape = arguments[expr.position].shape
        zero = self.field.array(np.zeros((total, total), dtype=int))
        slope = zero[0] if result.g is None else result.g
        value = slope[own].reshape(shape) if shape else slope[first]
        if not moving:
            return Jet(value)
        bend = zero if result.h is None else result.h
        width = next(arg.g.shape[0] for arg in arguments if arg.g is not None)
        motion = np.concatenate(
            [
                self.field.array(np.zeros((width, count), dtype=int))
                if arg.g is None
                else arg.g.reshape((width, count))
                for arg, count in zip(arguments, counts, strict=True)
            ],
            axis=1,
        )
        return Jet(value, (motion @ bend[:, own]).reshape((width, *shape)))

    def partial(self, of: Any, wrt: Any, env: Environment) -> Jet:
        """∂of/∂wrt of a scalar in a symbol or an entry, with how it moves with the seeds.

        The inner walk varies ``wrt`` and all that is varied here, to one order more.
        """
        if isinstance(wrt, At):
            whole = self.partial(of, wrt.array, env)
            return position_of(self, wrt, whole, env)
        symbol, position = variable(wrt, self, env)
        if any(isinstance(env.get(s), Jet) for s in bindable(of)):
            raise UnsupportedError(f"the derivative of {of} inside a function")
        self.define(symbol)
        whole = self.fetch(symbol)
        lazy = isinstance(whole, LazyArray)
        shape: tuple[int, ...] = () if lazy else whole.shape
        seed = Seed(symbol, position if lazy else None, math.prod(shape))
        walk = self._inner.get(seed)
        if walk is None:
            if self.jets.order >= 2:
                raise UnsupportedError("a derivative of the third order")
            jets = Jets(self.field, self.jets.order + 1)
            walk = Interpreter(self.point, self._where, jets, (seed, *self.seeds))
            self._inner[seed] = walk
        walk.define(of)
        result = walk.scalar(of, env)
        moving = sum(other.width for other in self.seeds)
        first, second = result.g, result.h
        if first is None:
            first = self.field.array(np.zeros(seed.width + moving, dtype=int))
        value = first[: seed.width].reshape(shape)
        found = Jet(value if shape else value.item())
        if second is not None and moving:
            found.g = second[: seed.width, seed.width :].T.reshape((moving, *shape))
        if position is None or lazy:
            return found
        self.check_range(symbol, position, shape)
        return self.jets.entry(found, position) if shape else found

    # -- ranges --------------------------------------------------------------------------------

    def ranges(self, limits: Any, env: Environment) -> Iterator[Environment]:
        """Every assignment to the bound indices of a sum; the last limit is the outermost."""
        if not limits:
            yield env
            return
        *inner, outer = limits
        if len(outer) != 3:
            raise UnsupportedError(f"a range without both its ends: {outer}")
        index, low, high = outer
        values = range(self.integer(low, env), self.integer(high, env) + 1)
        refuse_long(values.stop - values.start)
        for k in values:
            yield from self.ranges(inner, {**env, index: k})

    def table(self, indices: list[Any], shape: tuple[int, ...], body: Any, env: Environment) -> Jet:
        """The array with entry ``body`` at each value of the indices."""
        entries = [
            self.scalar(body, {**env, **dict(zip(indices, position, strict=True))})
            for position in product(*map(range, shape))
        ]
        return self.jets.stack(entries, shape)


def variable(wrt: Any, walk: Interpreter, env: Environment) -> tuple[Any, Any]:
    """The symbol to differentiate in, and the position of its entry or None for all of it."""
    if isinstance(wrt, (sp.Symbol, sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)):
        return wrt, None
    if isinstance(wrt, (MatrixElement, sp.Indexed, ArrayElement)):
        array = {MatrixElement: "parent", ArrayElement: "name"}.get(type(wrt), "base")
        symbol = getattr(wrt, array)
        if isinstance(symbol, (sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)):
            return symbol, tuple(walk.integer(index, env) for index in wrt.indices)
    raise UnsupportedError(f"a derivative is taken in a symbol or an entry of one, not in {wrt}")
