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
from derive.frontends.code.axes import Axis
from derive.frontends.code.sizes import Size, expanded, expression, plain, same
from derive.frontends.code.trace import COUNTED, Misfit, Refused, current, tracing
from derive.language.conditions import Cases

MASK = -10_000  # what masks an entry before a softmax is no more than that
STABILISER = 1e-5  # numbers up to it are there to keep a quotient or a logarithm finite
FLOAT, INT, BOOL = "float", "int", "bool"
READ, WRITE = Slot("derive.frontends.code.indexing"), Slot("derive.frontends.code.writing")
WITHOUT_PLACES = Slot("derive.frontends.code.extremes")  # of a comparison with an argmax
MASKED_MAXIMUM = Slot("derive.frontends.code.masked")  # of entries of which some are −∞
METHOD = Slot("derive.frontends.code.libraries")
MULTIPLY, COMPARE, ABSOLUTE, CONDITIONS = (
    Slot("derive.frontends.code.arithmetic") for _ in range(4)
)
MATMUL, STACKED = Slot("derive.frontends.code.sums"), Slot("derive.frontends.code.alignment")
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
        self.tick = 0  # when it was changed last, among serials
        self.reread: tuple[int, Array] | None = None  # what a view is after its array was changed
        self.comb: Comb | None = None  # how it was written, where that was in steps
        self.stale = ""
        self.label = ""
        self.serial = next_serial()
        if creations:
            creations[-1].append(ref(self))

    @property
    def axes(self) -> tuple[Axis, ...]:
        return current_of(self)._axes

    @property
    def bodies(self) -> dict[Key, Any]:
        now = current_of(self)
        if now.stale:
            raise Refused(now.stale)
        return now._bodies

    def become(self, other: Array) -> None:
        """Take the value of another array, in place."""
        self._axes, self._bodies, self.kind = other._axes, other.bodies, other.kind
        self.comb = other.comb
        self.tick = next_serial()

    def put(self, axes: Sequence[Axis], bodies: dict[Key, Any], kind: str) -> None:
        """Take what a loop or a branch finds that it is, or was."""
        self._axes, self._bodies, self.kind = tuple(axes), bodies, kind
        self.tick = next_serial()

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
        return sizes.ELEMENTWISE(lambda a, b: a + b, self, other)

    def __radd__(self, other: Any) -> Array:
        return sizes.ELEMENTWISE(lambda a, b: a + b, other, self)

    def __sub__(self, other: Any) -> Array:
        return sizes.ELEMENTWISE(lambda a, b: a - b, self, other)

    def __rsub__(self, other: Any) -> Array:
        return sizes.ELEMENTWISE(lambda a, b: a - b, other, self)

    def __mul__(self, other: Any) -> Array:
        return MULTIPLY(self, other)

    def __rmul__(self, other: Any) -> Array:
        return MULTIPLY(other, self)

    def __truediv__(self, other: Any) -> Array:
        return sizes.DIVIDE(self, other)

    def __rtruediv__(self, other: Any) -> Array:
        return sizes.DIVIDE(other, self)

    def __pow__(self, other: Any) -> Array:
        return sizes.POWER(self, other)

    def __rpow__(self, other: Any) -> Array:
        return sizes.POWER(other, self)

    def __mod__(self, other: Any) -> Array:
        return sizes.ELEMENTWISE(sp.Mod, self, other)

    def __floordiv__(self, other: Any) -> Array:
        return sizes.ELEMENTWISE(lambda a, b: sp.floor(a / b), self, other)

    def __neg__(self) -> Array:
        return sizes.ELEMENTWISE(lambda a: -a, self)

    def __pos__(self) -> Array:
        return self.copy()

    def __abs__(self) -> Array:
        return ABSOLUTE(self)

    def __invert__(self) -> Array:
        if self.kind != BOOL:
            raise Refused("~ of what is no condition")
        return CONDITIONS(lambda a: sp.Not(a), self)

    def __and__(self, other: Any) -> Array:
        return CONDITIONS(lambda a, b: sp.And(a, b), self, other)

    __rand__ = __and__

    def __or__(self, other: Any) -> Array:
        return CONDITIONS(lambda a, b: sp.Or(a, b), self, other)

    __ror__ = __or__

    def __xor__(self, other: Any) -> Array:
        return CONDITIONS(lambda a, b: sp.Xor(a, b), self, other)

    def __eq__(self, other: Any) -> Any:
        return COMPARE(sp.Eq, self, other)

    def __ne__(self, other: Any) -> Any:
        return COMPARE(sp.Ne, self, other)

    def __lt__(self, other: Any) -> Any:
        return COMPARE(sp.Lt, self, other)

    def __le__(self, other: Any) -> Any:
        return COMPARE(sp.Le, self, other)

    def __gt__(self, other: Any) -> Any:
        return COMPARE(sp.Gt, self, other)

    def __ge__(self, other: Any) -> Any:
        return COMPARE(sp.Ge, self, other)

    def __matmul__(self, other: Any) -> Array:
        return MATMUL(self, other)

    def __rmatmul__(self, other: Any) -> Array:
        return MATMUL(other, self)

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


@dataclass(frozen=True)
class Whole:
    """The key of a view with all entries of its array, such as a transpose.

    :param view: what it is of an array.
    :param back: the array that has a view.
    """

    view: Callable[[Array], Array]
    back: Callable[[Array], Array]


def current_of(array: Array) -> Array:
    """An array as it is now: a view is read once more where its array was changed since."""
    if unsettled:
        settle_views(array)
    if array.seat is None or any(view is array for view in unsettled):
        return array
    base, key = array.seat
    if unsettled:
        settle_views(base)
    changed = _changed(base)
    if changed <= max(array.serial, array.tick):
        return array
    if array.reread is None or array.reread[0] != changed:
        array.reread = changed, key.view(base) if isinstance(key, Whole) else READ(base, key)
    return array.reread[1]


def _changed(array: Array) -> int:
    """When an array, or what it is a view of, was changed last."""
    return array.tick if array.seat is None else max(array.tick, _changed(array.seat[0]))


def _rests_on(view: Array, array: Array) -> bool:
    return view.seat is not None and (view.seat[0] is array or _rests_on(view.seat[0], array))


def settle_views(array: Array) -> None:
    """Put into an array what was written through views of it.

    :raises Refused: where an open loop writes through a view that is older than the loop: what the
        array holds in a round is known only when the loop is over.
    """
    while waiting := [v for v in unsettled if _rests_on(v, array)]:
        view = waiting[-1]
        if _is_open(view):
            raise Refused(_read_after_write())
        unsettled[:] = [v for v in unsettled if v is not view]
        assert view.seat is not None
        base, key = view.seat
        value = Array(view._axes, view._bodies, view.kind)
        if isinstance(key, Whole):
            about_to_change(base)
            base.become(key.back(value))
        else:
            WRITE(base, key, value)
        view.tick = next_serial()


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
    for body in array._bodies.values():
        named = body.base if isinstance(body, sp.Indexed) else body
        if isinstance(named, (sp.IndexedBase, sp.Symbol)):
            current().rewritten.add(named)


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
        return STACKED([as_array(part) for part in value], 0)
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
    value, other = _as_mask(value), _as_mask(other)
    if isinstance(other, Cases) and other.has(UNWRITTEN):
        other = _without_rest(other, condition)
    if value == 0 and _is_or_zero(other):  # one case, so that what is 0 elsewhere is seen
        return choice(
            sp.And(sp.Not(condition), other.args[0][1]), other.args[0][0], other.args[1][0]
        )
    if other == 0 and _is_or_zero(value):
        return choice(sp.And(condition, value.args[0][1]), value.args[0][0], other)
    return Cases(*sp.Piecewise((value, condition), (other, True), evaluate=False).args)


def _as_mask(value: Any) -> Any:
    """A case that is a number such as −10⁹: −∞ where such a mask is taken for that."""
    if not (isinstance(value, sp.Rational) and value <= MASK and tracing()):
        return value
    current().masks[value] = None
    return sp.S.NegativeInfinity if current().masked else value


def _without_rest(cases: Any, condition: Any) -> Any:
    """What stands where a condition does not hold, without what nothing was written to, if there is
    none of that: the cases are all that the condition leaves, as ``x < 0`` leaves ``x ≥ 0``.
    """
    taken: list[tuple[Any, Any]] = []
    rest = cases
    while isinstance(rest, Cases) and len(rest.args) == 2 and rest.args[1][1] == sp.true:
        taken.append((rest.args[0][0], rest.args[0][1]))
        rest = rest.args[1][0]
    if rest != UNWRITTEN:
        return cases
    for number, (value, _) in enumerate(taken):
        every = [sp.to_nnf(c, False) for c in (condition, *(at for _, at in taken[: number + 1]))]
        rests = [(one, sp.Or(*(c for c in every if c is not one))) for one in every]
        if any(sp.to_nnf(sp.Not(rest), False) == one for one, rest in rests):
            for own, at in reversed(taken[:number]):
                value = Cases(*sp.Piecewise((own, at), (value, True), evaluate=False).args)
            return value
    return cases


def _is_or_zero(body: Any) -> bool:
    return isinstance(body, Cases) and len(body.args) == 2 and body.args[1][0] == 0


def equal(a: Any, b: Any) -> Any:
    """Whether two indices are equal, as a condition."""
    difference = expanded(a - b)
    if difference.is_Integer:
        return sp.true if difference == 0 else sp.false
    return sp.Eq(a, b, evaluate=False)
