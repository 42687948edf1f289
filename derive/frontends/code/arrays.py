"""The traced array: axes, and for each choice of their segments a body over their indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, product
from typing import Any
from weakref import ref

import sympy as sp

from derive.base.slot import Slot
from derive.frontends.code import axes as ax
from derive.frontends.code import sizes
from derive.frontends.code.axes import UNIT, Axis
from derive.frontends.code.sizes import Size, expanded, expression, plain, same
from derive.frontends.code.trace import COUNTED, Misfit, Refused, current, tracing
from derive.language.conditions import Cases
from derive.language.operators import MaxOver

STABILISER = 1e-5  # numbers up to it are there to keep a quotient or a logarithm finite
FLOAT, INT, BOOL = "float", "int", "bool"
READ, WRITE = Slot("derive.frontends.code.indexing"), Slot("derive.frontends.code.indexing")
WITHOUT_PLACES = Slot("derive.frontends.code.extremes")  # of a comparison with an argmax
MASKED_MAXIMUM = Slot("derive.frontends.code.masked")  # of entries of which some are −∞
METHOD = Slot("derive.frontends.code.libraries")
Key = tuple[int, ...]


_serials = count(1)
creations: list[list[Any]] = []  # for each open loop the arrays that are made in it


def next_serial() -> int:
    """A number for what is made now, larger than all before."""
    return next(_serials)


# What stands in an array that nothing was written to; no claim may speak of it.
UNWRITTEN = sp.Symbol("entries of np.empty are read that nothing was written to", real=True)


@dataclass(frozen=True)
class Comb:
    """That an array held one number, and ``[k::step]`` of an axis was written for some ``k``."""

    place: int
    step: int
    starts: frozenset[int]


class Array:
    """An array of any rank.

    :param axes: its axes, see :mod:`derive.frontends.code.axes`.
    :param bodies: an expression for each choice of a segment of every axis.
    :param kind: ``"float"``, ``"int"`` or ``"bool"``; a body of the last is a condition.
    :param base: the array that this is a view of.
    """

    __array_priority__ = 1000.0
    __array_ufunc__ = None

    def __init__(
        self,
        axes: Sequence[Axis],
        bodies: dict[Key, Any],
        kind: str = FLOAT,
        base: Array | None = None,
    ) -> None:
        self._axes = tuple(axes)
        self._bodies = bodies
        self.kind = kind
        self.base = base
        self.seat: tuple[Array, Any] | None = None  # the array, and the key that it was read at
        self.comb: Comb | None = None  # how it was written, where that was in steps
        self.stale = ""
        self.label = ""
        self.serial = next_serial()
        if creations:
            creations[-1].append(ref(self))

    @property
    def axes(self) -> tuple[Axis, ...]:
        if unsettled:
            settle_views(self)
        return self._axes

    @property
    def bodies(self) -> dict[Key, Any]:
        if unsettled:
            settle_views(self)
        if self.stale:
            raise Refused(self.stale)
        return self._bodies

    def become(self, other: Array) -> None:
        """Take the value of another array, in place."""
        self._axes, self._bodies, self.kind = other._axes, other.bodies, other.kind
        self.comb = other.comb

    def copy(self) -> Array:
        return Array(self.axes, dict(self.bodies), self.kind)

    # ---- what NumPy calls its attributes

    @property
    def shape(self) -> tuple[Any, ...]:
        return tuple(plain(ax.size_of(axis)) for axis in self.axes)

    @property
    def ndim(self) -> int:
        return len(self.axes)

    def __len__(self) -> Any:  # `len` goes through the tracer; this is for what does not
        if not self.axes:
            raise TypeError("len() of an array without axes")
        size = self.shape[0]
        if isinstance(size, Size):
            raise Refused(f"a length of {size} is asked for as a number")
        return size

    def __iter__(self) -> Iterator[Any]:
        if not self.axes:
            raise TypeError("iteration over an array without axes")
        size = self.shape[0]
        if isinstance(size, Size):
            raise Refused(f"an iteration over {size} rows outside of a for loop")
        return (self[k] for k in range(size))

    def __bool__(self) -> bool:
        (body,) = self.bodies.values() if len(self.bodies) == 1 else (None,)
        if body in (sp.true, sp.false):
            return bool(body)
        if body is not None and not self.axes and body.is_number:
            return bool(body != 0)
        raise Refused("a decision on the values of an array")

    def __repr__(self) -> str:
        return f"<array of shape {ax.shown(self.axes)}>"

    __hash__ = object.__hash__

    def as_size(self) -> Any:
        """Its value as an index or a size, of one without axes."""
        if self.axes or self.kind == BOOL or (self.kind == FLOAT and not self.is_whole()):
            raise Refused("a number that depends on values is taken for a size or an index")
        return self.scalar()

    def is_whole(self) -> bool:
        return not self.axes and self.scalar().is_Integer

    def scalar(self) -> Any:
        """The body of an array without axes, or of one entry."""
        if len(self.bodies) != 1 or not all(ax.is_unit(axis) for axis in self.axes):
            raise Misfit(f"one number is meant, and the array has shape {ax.shown(self.axes)}")
        return next(iter(self.bodies.values()))

    # ---- arithmetic

    def __add__(self, other: Any) -> Array:
        return elementwise(lambda a, b: a + b, self, other)

    def __radd__(self, other: Any) -> Array:
        return elementwise(lambda a, b: a + b, other, self)

    def __sub__(self, other: Any) -> Array:
        return elementwise(lambda a, b: a - b, self, other)

    def __rsub__(self, other: Any) -> Array:
        return elementwise(lambda a, b: a - b, other, self)

    def __mul__(self, other: Any) -> Array:
        return multiply(self, other)

    def __rmul__(self, other: Any) -> Array:
        return multiply(other, self)

    def __truediv__(self, other: Any) -> Array:
        return divide(self, other)

    def __rtruediv__(self, other: Any) -> Array:
        return divide(other, self)

    def __pow__(self, other: Any) -> Array:
        return power(self, other)

    def __rpow__(self, other: Any) -> Array:
        return power(other, self)

    def __mod__(self, other: Any) -> Array:
        return elementwise(sp.Mod, self, other)

    def __floordiv__(self, other: Any) -> Array:
        return elementwise(lambda a, b: sp.floor(a / b), self, other)

    def __neg__(self) -> Array:
        return elementwise(lambda a: -a, self)

    def __pos__(self) -> Array:
        return self.copy()

    def __abs__(self) -> Array:
        return absolute(self)

    def __invert__(self) -> Array:
        if self.kind != BOOL:
            raise Refused("~ of what is no condition")
        return conditions(lambda a: sp.Not(a), self)

    def __and__(self, other: Any) -> Array:
        return conditions(lambda a, b: sp.And(a, b), self, other)

    __rand__ = __and__

    def __or__(self, other: Any) -> Array:
        return conditions(lambda a, b: sp.Or(a, b), self, other)

    __ror__ = __or__

    def __xor__(self, other: Any) -> Array:
        return conditions(lambda a, b: sp.Xor(a, b), self, other)

    def __eq__(self, other: Any) -> Any:
        return compare(sp.Eq, self, other)

    def __ne__(self, other: Any) -> Any:
        return compare(sp.Ne, self, other)

    def __lt__(self, other: Any) -> Any:
        return compare(sp.Lt, self, other)

    def __le__(self, other: Any) -> Any:
        return compare(sp.Le, self, other)

    def __gt__(self, other: Any) -> Any:
        return compare(sp.Gt, self, other)

    def __ge__(self, other: Any) -> Any:
        return compare(sp.Ge, self, other)

    def __matmul__(self, other: Any) -> Array:
        return matmul(self, other)

    def __rmatmul__(self, other: Any) -> Array:
        return matmul(other, self)

    def __getitem__(self, key: Any) -> Any:
        return READ(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        WRITE(self, key, value)

    # In place: `x += v` goes through the tracer, which calls this.
    def changed(self, other: Array) -> Array:
        """This array with another value of the same shape, as `+=` leaves it.

        :raises Misfit: where the shape would change.
        """
        if len(self.axes) != len(other.axes) or any(
            not same(ax.size_of(a), ax.size_of(b))
            for a, b in zip(self.axes, other.axes, strict=True)
        ):
            raise Misfit(
                f"an array of shape {ax.shown(self.axes)} takes a value of shape "
                f"{ax.shown(other.axes)} in place"
            )
        if self.kind == INT and other.kind == FLOAT:
            raise Refused("an array of integers takes a float in place")
        about_to_change(self)
        self.become(other)
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return METHOD(self, name)


watchers: list[Any] = []  # the loops and branches that are open, which keep what is changed


unsettled: list[Array] = []  # views that were written, whose arrays do not have it yet


def settle_views(array: Array) -> None:
    """Put into an array what was written through views of it.

    :raises Refused: where an open loop writes through a view that is older than the loop: what the
        array holds in a round is known only when the loop is over.
    """
    for view in [v for v in unsettled if v.seat is not None and v.seat[0] is array]:
        if _is_open(view):
            raise Refused(_read_after_write())
        unsettled[:] = [v for v in unsettled if v is not view]
        assert view.seat is not None
        WRITE(array, view.seat[1], view)


def settle_since(serial: int) -> None:
    """The same for all views that were made since a number was drawn, as far as it is known."""
    for view in list(unsettled):
        waits = any(v is view for v in unsettled) and view.serial > serial and not _is_open(view)
        if waits and view.seat is not None:
            settle_views(view.seat[0])


def _is_open(view: Array) -> bool:
    """Whether a loop that has not ended yet may write through a view."""
    return any(getattr(w, "carries", False) and view.serial < w.serial for w in watchers)


def _read_after_write() -> str:
    line = current().line()
    at = f" (line {line[1]})" if line else ""
    return f"an array is read after a write through a view of it{at}"


def about_to_change(array: Array) -> None:
    """Insist that an array may be changed in place, and tell who keeps changes."""
    if array.seat is not None:
        if not any(view is array for view in unsettled):
            unsettled.append(array)
    elif array.base is not None:
        array.base.stale = _read_after_write()
        array.base = None
    for watcher in watchers:
        watcher.saw(array)


# ---- making arrays


def number(value: Any) -> Any:
    """A Python or NumPy number, a size, a Fraction as an exact SymPy number.

    :raises Refused: for what is none, nan and infinities.
    """
    if isinstance(value, Size):
        return value.expr
    if isinstance(value, Array):
        return as_real(value.scalar())
    if isinstance(value, bool):
        return sp.true if value else sp.false
    if isinstance(value, int):
        return sp.Integer(value)
    if isinstance(value, Fraction):
        return sp.Rational(value.numerator, value.denominator)
    if isinstance(value, sp.Basic):
        return value
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return number(value.item())
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return sp.nan if value != value else sp.oo * (1 if value > 0 else -1)
        exact = sp.Rational(repr(value))
        if 0 < value <= STABILISER and tracing():
            current().stabilised[exact] = None
            return sp.Integer(0) if current().exact else exact
        return exact
    raise Refused(f"{type(value).__name__} is no number and no array")


def scalar(value: Any) -> Array:
    """A number as an array without axes."""
    found = number(value)
    kind = FLOAT
    if isinstance(value, bool):
        kind = BOOL
    elif isinstance(value, (int, Size)):
        kind = INT
    return Array((), {(): found}, kind)


@COUNTED.fill
def condition_of(relation: Any) -> Array:
    """A relation about counters of loops as an array without axes."""
    return Array((), {(): relation}, BOOL)


def as_array(value: Any) -> Array:
    """An array of an array, a number, or nested lists of them.

    :raises Refused: for anything else.
    """
    if isinstance(value, Array):
        return value
    if hasattr(type(value), "as_array"):
        return value.as_array()
    if isinstance(value, (list, tuple)):
        return stacked([as_array(part) for part in value], 0)
    if hasattr(value, "tolist") and getattr(value, "shape", ()) != ():
        return as_array(value.tolist())
    return scalar(value)


def filled(shape: Sequence[Any], value: Any, kind: str = FLOAT) -> Array:
    """An array of one number."""
    axes = [ax.of_size(expression(size)) for size in shape]
    return Array(axes, {(0,) * len(axes): number(value)}, kind)


def keys(axes: Sequence[Axis]) -> Iterator[Key]:
    return product(*(range(len(axis)) for axis in axes))


def as_real(body: Any) -> Any:
    """A condition as 1 or 0; anything else as it is."""
    is_condition = isinstance(body, sp.logic.boolalg.Boolean) and not isinstance(body, sp.Symbol)
    return choice(body, sp.Integer(1), sp.Integer(0)) if is_condition else body


def choice(condition: Any, value: Any, other: Any) -> Any:
    """``value`` where a condition holds, else ``other``."""
    if condition in (True, sp.true):
        return value
    if condition in (False, sp.false):
        return other
    if value == other:
        return value
    if value == 0 and _is_or_zero(other):  # one case, so that what is 0 elsewhere is seen
        return choice(
            sp.And(sp.Not(condition), other.args[0][1]), other.args[0][0], other.args[1][0]
        )
    if other == 0 and _is_or_zero(value):
        return choice(sp.And(condition, value.args[0][1]), value.args[0][0], other)
    return Cases(*sp.Piecewise((value, condition), (other, True), evaluate=False).args)


def _is_or_zero(body: Any) -> bool:
    return isinstance(body, Cases) and len(body.args) == 2 and body.args[1][0] == 0


def equal(a: Any, b: Any) -> Any:
    """Whether two indices are equal, as a condition."""
    difference = expanded(a - b)
    if difference.is_Integer:
        return sp.true if difference == 0 else sp.false
    return sp.Eq(a, b, evaluate=False)


# ---- bringing axes together


def rearranged(array: Array, target: Sequence[Axis]) -> dict[Key, Any]:
    """The bodies of an array over the axes of ``target``, of the same sizes; an axis of size 1
    is repeated.
    """
    found = {}
    per_axis: list[list[tuple[int, dict[Any, Any]]]] = []
    for position, (own, wanted) in enumerate(zip(array.axes, target, strict=True)):
        if ax.is_unit(own):
            per_axis.append([(0, {})] * len(wanted))
            continue
        where = ax.places(own, wanted)
        if where is None:
            whole = merged(array, position)
            return rearranged(whole, target)
        per_axis.append(where)
    for key in keys(target):
        source: list[int] = []
        inside: dict[Any, Any] = {}
        for segment, options in zip(key, per_axis, strict=True):
            k, indices = options[segment]
            source.append(k)
            inside.update(indices)
        found[key] = array.bodies[tuple(source)].xreplace(inside)
    return found


def merged(array: Array, position: int) -> Array:
    """An axis of several segments as one of a single factor, by cases."""
    axis = array.axes[position]
    whole = ax.of_size(ax.size_of(axis))
    ((index, _),) = whole[0] or ((sp.Integer(0), sp.Integer(1)),)
    starts = ax.offsets(axis)
    axes = (*array.axes[:position], whole, *array.axes[position + 1 :])
    bodies = {}
    for key in keys(axes):
        found: Any = None
        for k in reversed(range(len(axis))):
            own = (*key[:position], k, *key[position + 1 :])
            inside = ax.digits(expanded(index - starts[k]), axis[k]) if axis[k] else {}
            body = array.bodies[own].xreplace(inside)
            end = starts[k] + ax.segment_size(axis[k])
            found = (
                body if found is None else choice(sp.Lt(index, end, evaluate=False), body, found)
            )
        bodies[key] = found
    return Array(axes, bodies, array.kind)


def broadcast_axes(arrays: Sequence[Array]) -> list[Axis]:
    """The axes of what arrays broadcast to, with indices of their own.

    :raises Misfit: where they do not.
    """
    rank = max((a.ndim for a in arrays), default=0)
    found: list[Axis] = []
    for place in range(-rank, 0):
        axis: Axis = UNIT
        for array in arrays:
            if array.ndim < -place:
                continue
            own = array.axes[place]
            if ax.is_unit(own):
                continue
            try:
                axis = own if ax.is_unit(axis) else ax.common(axis, own)
            except Misfit:
                shapes = " and ".join(ax.shown(a.axes) for a in arrays if a.ndim)
                raise Misfit(f"the shapes {shapes} do not fit together") from None
        found.append(ax.fresh(axis))
    return found


def aligned(arrays: Sequence[Array]) -> tuple[list[Axis], list[dict[Key, Any]]]:
    """The axes that arrays broadcast to, and the bodies of each over these."""
    axes = broadcast_axes(arrays)
    rank = len(axes)
    bodies = []
    for array in arrays:
        padded = Array(
            (UNIT,) * (rank - array.ndim) + array.axes,
            {(0,) * (rank - array.ndim) + key: body for key, body in array.bodies.items()},
            array.kind,
        )
        bodies.append(rearranged(padded, axes))
    return axes, bodies


@sizes.ELEMENTWISE.fill
def elementwise(function: Callable[..., Any], *operands: Any, kind: str | None = None) -> Array:
    """A function of entries; conditions count as 1 and 0."""
    arrays = [as_array(operand) for operand in operands]
    axes, bodies = aligned(arrays)
    if kind is None:
        kind = INT if all(a.kind in (INT, BOOL) for a in arrays) else FLOAT
    return Array(
        axes,
        {key: function(*(as_real(body[key]) for body in bodies)) for key in keys(axes)},
        kind,
    )


def conditions(function: Callable[..., Any], *operands: Any) -> Array:
    """A function of conditions."""
    arrays = [as_array(operand) for operand in operands]
    for array in arrays:
        if array.kind != BOOL:
            raise Refused("& and | of what is no condition")
    axes, bodies = aligned(arrays)
    return Array(axes, {key: function(*(body[key] for body in bodies)) for key in keys(axes)}, BOOL)


def is_simple(body: Any) -> bool:
    """Whether a body is one entry, a number or an index: nothing that wants a name."""
    return (
        not body.args or isinstance(body, sp.Indexed) or not body.atoms(sp.IndexedBase, sp.Symbol)
    )


def is_small(body: Any) -> bool:
    """Whether a body is an entry, up to a factor or a term without arrays."""
    if is_simple(body):
        return True
    if isinstance(body, (sp.Add, sp.Mul)):
        reads = [a for a in body.args if not is_constant(a)]
        return len(reads) <= 1 and all(is_small(a) for a in reads)
    return False


def is_constant(body: Any) -> bool:
    """Whether a body reads no array and no scalar that is no size."""
    return not body.atoms(sp.IndexedBase) and all(
        s.is_integer for s in body.free_symbols if isinstance(s, sp.Symbol)
    )


def named(array: Array, wanted: str, always: bool = False) -> Array:
    """The array under a name of its own, a definition for each body that is not simple."""
    if array.kind == BOOL:
        return array
    several = len(array.bodies) > 1
    bodies: dict[Key, Any] = {}
    for number_, (key, body) in enumerate(array.bodies.items()):
        if is_simple(body) or is_constant(body) or body.has(sp.oo, -sp.oo):
            bodies[key] = body  # an infinity is no value of an array; exp(−∞) is one
            continue
        axes = [f for axis, k in zip(array.axes, key, strict=True) for f in axis[k]]
        name = f"{wanted}_{number_ + 1}" if several else wanted
        bodies[key] = current().define(name, body, axes)
    return Array(array.axes, bodies, array.kind)


# ---- operations that the others are made of


def multiply(a: Any, b: Any) -> Array:
    a, b = as_array(a), as_array(b)
    for one, other in ((a, b), (b, a)):
        if one.kind == BOOL and other.kind != BOOL:
            return where(one, other, 0)
    if a.kind == b.kind == BOOL:
        return conditions(lambda p, q: sp.And(p, q), a, b)
    return elementwise(lambda p, q: p * q, a, b)


@sizes.DIVIDE.fill
def divide(a: Any, b: Any) -> Array:
    return elementwise(lambda p, q: p / q, a, b, kind=FLOAT)


@sizes.POWER.fill
def power(a: Any, b: Any) -> Array:
    return elementwise(lambda p, q: p**q, a, b)


def where(condition: Any, value: Any, other: Any) -> Array:
    """``value`` where a condition holds, else ``other``."""
    condition, value, other = as_array(condition), as_array(value), as_array(other)
    if condition.kind != BOOL:
        condition = compare(sp.Ne, condition, 0)
    axes, (c, v, o) = aligned([condition, value, other])
    kind = value.kind if value.kind == other.kind else FLOAT
    if kind == BOOL:
        bodies = {k: sp.Or(sp.And(c[k], v[k]), sp.And(sp.Not(c[k]), o[k])) for k in keys(axes)}
        return Array(axes, bodies, BOOL)
    return Array(axes, {k: choice(c[k], as_real(v[k]), as_real(o[k])) for k in keys(axes)}, kind)


def compare(relation: Any, a: Any, b: Any) -> Array:
    """A relation, entry by entry."""
    a, b = as_array(a), as_array(b)
    if a.kind == FLOAT:
        a = named(a, "u")
    if b.kind == FLOAT:
        b = named(b, "u")
    axes, (left, right) = aligned([a, b])
    whole = a.kind != FLOAT and b.kind != FLOAT

    def related(p: Any, q: Any) -> Any:
        p, q = as_real(p), as_real(q)
        if whole and relation in (sp.Eq, sp.Ne):
            found = equal(p, q)
            return found if relation is sp.Eq else sp.Not(found)
        if p.is_number and q.is_number:
            return relation(p, q)
        return relation(p, q, evaluate=False)

    found = Array(axes, {key: related(left[key], right[key]) for key in keys(axes)}, BOOL)
    return WITHOUT_PLACES(found) if whole and tracing() else found


def absolute(a: Any) -> Array:
    return elementwise(sp.Abs, named(as_array(a), "u"))


def maximum(a: Any, b: Any) -> Array:
    a, b = named(as_array(a), "u"), named(as_array(b), "u")
    return elementwise(lambda p, q: sp.Max(p, q), a, b)


def minimum(a: Any, b: Any) -> Array:
    a, b = named(as_array(a), "u"), named(as_array(b), "u")
    return elementwise(lambda p, q: sp.Min(p, q), a, b)


def positions(array: Array, axis: Any) -> tuple[int, ...]:
    """The axes that NumPy means by None, a number or a tuple of numbers.

    :raises Misfit: for an axis that the array does not have.
    """
    if axis is None:
        return tuple(range(array.ndim))
    found = []
    for one in axis if isinstance(axis, (tuple, list)) else (axis,):
        place = int(expression(one))
        if not -array.ndim <= place < array.ndim:
            raise Misfit(f"axis {place} of an array of shape {ax.shown(array.axes)}")
        found.append(place % array.ndim)
    return tuple(found)


def summed(body: Any, segment: ax.Segment) -> Any:
    """Σ over the indices of a segment."""
    inside: dict[Any, Any] = {}
    limits = []
    factor: Any = sp.Integer(1)
    free = body.free_symbols
    for index, size in segment:
        if index in free:
            own = current().index("k")
            inside[index] = own
            limits.append((own, 0, size - 1))
        else:
            factor = factor * size
    if limits:
        body = sum_of(body.xreplace(inside), *limits)
    return factor * body


def sum_of(body: Any, *limits: Any) -> Any:
    """Σ over ranges; conditions and deltas that are not about their indices stand outside."""
    bound = {index for index, _, _ in limits}
    outside: list[Any] = []
    inner: list[Any] = []
    conditions: list[Any] = []
    for factor in sp.Mul.make_args(body):
        if isinstance(factor, sp.KroneckerDelta) and not factor.free_symbols & bound:
            outside.append(factor)
        elif isinstance(factor, Cases) and len(factor.args) == 2 and factor.args[1][0] == 0:
            value, condition = factor.args[0]
            parts = sp.And.make_args(condition)
            conditions += [p for p in parts if not p.free_symbols & bound]
            rest = sp.And(*(p for p in parts if p.free_symbols & bound))
            inner.append(choice(rest, value, sp.Integer(0)))
        else:
            inner.append(factor)
    whole = sp.Sum(sp.Mul(*inner), *limits)
    return sp.Mul(*outside, choice(sp.And(*conditions), whole, sp.Integer(0)))


def reduced(
    array: Array,
    axis: Any,
    keepdims: bool,
    over: Callable[[Any, ax.Segment], Any],
    join: Callable[[list[Any]], Any],
) -> Array:
    """A reduction: ``over`` for the indices of a segment, ``join`` for segments."""
    gone = positions(array, axis)
    bodies: dict[Key, Any] = {}
    rest = [k for k in range(array.ndim) if k not in gone]
    for key in keys([array.axes[k] for k in rest]):
        parts = []
        for inner in keys([array.axes[k] for k in gone]):
            own = [0] * array.ndim
            for k, segment in (*zip(rest, key, strict=True), *zip(gone, inner, strict=True)):
                own[k] = segment
            body = as_real(array.bodies[tuple(own)])
            indices = tuple(f for k, s in zip(gone, inner, strict=True) for f in array.axes[k][s])
            parts.append(over(body, indices))
        whole = parts[0] if len(parts) == 1 else join(parts)
        if keepdims:
            full = [0] * array.ndim
            for k, segment in zip(rest, key, strict=True):
                full[k] = segment
            bodies[tuple(full)] = whole
        else:
            bodies[key] = whole
    if keepdims:
        axes = [UNIT if k in gone else array.axes[k] for k in range(array.ndim)]
    else:
        axes = [array.axes[k] for k in rest]
    return Array(axes, bodies, INT if array.kind == BOOL else array.kind)


def sum_over(array: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return reduced(array, axis, keepdims, summed, lambda parts: sp.Add(*parts))


def _largest(body: Any, segment: ax.Segment) -> Any:
    if body.has(sp.oo, -sp.oo):
        return MASKED_MAXIMUM(body, lambda finite: _largest(finite, segment))
    for index, size in segment:
        if index in body.free_symbols:
            own = current().index("k")
            body = MaxOver(body.xreplace({index: own}), (own, 0, size - 1))
    return body


def max_over(array: Array, axis: Any = None, keepdims: bool = False) -> Array:
    nested = all(isinstance(body, MaxOver) for body in array.bodies.values())
    array = array if nested else named(array, "u")  # a maximum of maxima is one over both axes
    return reduced(array, axis, keepdims, _largest, lambda parts: sp.Max(*parts))


def count_over(array: Array, axis: Any) -> Any:
    """How many entries a reduction over axes takes, as an expression."""
    return expanded(sp.Mul(*(ax.size_of(array.axes[k]) for k in positions(array, axis))))


def product_over(array: Array, axis: Any = None, keepdims: bool = False) -> Array:
    def over(body: Any, segment: ax.Segment) -> Any:
        for index, size in segment:
            own = current().index("k")
            body = sp.Product(body.xreplace({index: own}), (own, 0, size - 1))
        return body

    return reduced(array, axis, keepdims, over, lambda parts: sp.Mul(*parts))


def root(array: Array) -> Array:
    """What an array is a view of: itself, where it is of none."""
    return array if array.base is None else array.base


def transposed(array: Array, order: Sequence[int]) -> Array:
    if sorted(order) != list(range(array.ndim)):
        raise Misfit(f"axes {tuple(order)} of an array of shape {ax.shown(array.axes)}")
    bodies = {tuple(key[k] for k in order): body for key, body in array.bodies.items()}
    return Array([array.axes[k] for k in order], bodies, array.kind, root(array))


def contracted(a: Array, b: Array, left: Sequence[int], right: Sequence[int]) -> Array:
    """Σ over pairs of axes; the other axes of ``a``, then those of ``b``.

    :raises Misfit: where two of the axes differ in size.
    """
    rest_a = [k for k in range(a.ndim) if k not in left]
    rest_b = [k for k in range(b.ndim) if k not in right]
    shared = [ax.common(a.axes[p], b.axes[q]) for p, q in zip(left, right, strict=True)]
    shared = [ax.fresh(axis) for axis in shared]
    own = [ax.fresh(a.axes[k]) for k in rest_a] + [ax.fresh(b.axes[k]) for k in rest_b]
    target_a: list[Any] = [None] * a.ndim
    target_b: list[Any] = [None] * b.ndim
    for axis, k in zip(own, rest_a, strict=False):
        target_a[k] = axis
    for axis, k in zip(own[len(rest_a) :], rest_b, strict=True):
        target_b[k] = axis
    for axis, p, q in zip(shared, left, right, strict=True):
        target_a[p] = target_b[q] = axis
    bodies_a, bodies_b = rearranged(a, target_a), rearranged(b, target_b)
    found: dict[Key, Any] = {}
    for key in keys(own):
        total = []
        for inner in keys(shared):
            key_a, key_b = [0] * a.ndim, [0] * b.ndim
            for k, s in zip(rest_a, key, strict=False):
                key_a[k] = s
            for k, s in zip(rest_b, key[len(rest_a) :], strict=True):
                key_b[k] = s
            for p, q, s in zip(left, right, inner, strict=True):
                key_a[p] = key_b[q] = s
            body = as_real(bodies_a[tuple(key_a)]) * as_real(bodies_b[tuple(key_b)])
            indices = tuple(f for axis, s in zip(shared, inner, strict=True) for f in axis[s])
            total.append(summed(body, indices))
        found[key] = sp.Add(*total)
    kind = INT if a.kind in (INT, BOOL) and b.kind in (INT, BOOL) else FLOAT
    return Array(own, found, kind)


def matmul(a: Any, b: Any) -> Array:
    """A matrix product, with leading axes that broadcast."""
    a, b = as_array(a), as_array(b)
    if not a.ndim or not b.ndim:
        raise Misfit("matmul of a number")
    inner = 0 if b.ndim == 1 else b.ndim - 2
    if not same(ax.size_of(a.axes[-1]), ax.size_of(b.axes[inner])):
        raise Misfit(f"matmul: the inner sizes of {ax.shown(a.axes)} and {ax.shown(b.axes)} differ")
    if a.ndim <= 2 and b.ndim <= 2:
        return contracted(a, b, [a.ndim - 1], [inner])
    if b.ndim <= 2:
        return contracted(a, b, [a.ndim - 1], [inner])
    # (…, n, 1, k) times (…, 1, m, k), summed over k
    turned = transposed(b, [*range(b.ndim - 2), b.ndim - 1, b.ndim - 2])
    left = a if a.ndim == 1 else inserted(a, a.ndim - 1)
    right = inserted(turned, turned.ndim - 2) if a.ndim > 1 else turned
    return sum_over(multiply(left, right), -1)


def inserted(array: Array, place: int) -> Array:
    """The array with an axis of size 1 before axis ``place``."""
    axes = (*array.axes[:place], UNIT, *array.axes[place:])
    bodies = {(*key[:place], 0, *key[place:]): body for key, body in array.bodies.items()}
    return Array(axes, bodies, array.kind, root(array))


def without(array: Array, place: int) -> Array:
    """The array without an axis of size 1."""
    axes = (*array.axes[:place], *array.axes[place + 1 :])
    bodies = {(*key[:place], *key[place + 1 :]): body for key, body in array.bodies.items()}
    return Array(axes, bodies, array.kind, root(array))


def joined(arrays: Sequence[Array], axis: int) -> Array:
    """Arrays one after the other along an axis: its segments are those of all of them.

    :raises Misfit: where the other axes differ.
    """
    if not arrays:
        raise Refused("nothing is joined")
    rank = arrays[0].ndim
    if any(a.ndim != rank for a in arrays) or not -rank <= axis < rank:
        shapes = " and ".join(ax.shown(a.axes) for a in arrays)
        raise Misfit(f"the shapes {shapes} cannot be joined along axis {axis}")
    axis %= rank
    own: list[Axis] = [ax.fresh(a.axes[axis]) for a in arrays]
    others: list[Axis] = []
    for k in range(rank):
        if k == axis:
            others.append(())
            continue
        shared = arrays[0].axes[k]
        for array in arrays[1:]:
            try:
                shared = ax.common(shared, array.axes[k])
            except Misfit:
                shapes = " and ".join(ax.shown(a.axes) for a in arrays)
                raise Misfit(f"the shapes {shapes} cannot be joined along axis {axis}") from None
        others.append(ax.fresh(shared))
    bodies: dict[Key, Any] = {}
    before = 0
    for array, middle in zip(arrays, own, strict=True):
        target = [*others[:axis], middle, *others[axis + 1 :]]
        for key, body in rearranged(array, target).items():
            bodies[(*key[:axis], key[axis] + before, *key[axis + 1 :])] = body
        before += len(middle)
    whole = tuple(segment for middle in own for segment in middle)
    kinds = {a.kind for a in arrays}
    axes = [*others[:axis], whole, *others[axis + 1 :]]
    if len(kinds) > 1:
        bodies = {key: as_real(body) for key, body in bodies.items()}
    kind = kinds.pop() if len(kinds) == 1 else FLOAT
    return Array(axes, bodies, kind)


def stacked(arrays: Sequence[Array], axis: int) -> Array:
    if not arrays:
        raise Refused("an array of nothing")
    rank = arrays[0].ndim + 1
    return joined([inserted(a, axis % rank) for a in arrays], axis % rank)
