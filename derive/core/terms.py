"""The core: scalar terms in index notation, a small closed set, hash-consed.

A term denotes a real number once its free indices have values. Arrays enter as
:class:`Entry` (of a given array) and :class:`Ref` (of a :class:`Shared` array, defined once by a
term and referred to from everywhere). Nothing here simplifies: a constructor only looks up the
node that already stands for the same term.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar

from derive.core.integers import FRESH, ONE, ZERO, Label, Number, Poly, Var, as_poly, is_nonnegative

_serial = count()
_table: dict[tuple[Any, ...], Term] = {}
referred: dict[Term, tuple[Shared, ...]] = {}  # what is known of terms, by `graph.references`


def forget_terms() -> None:
    """Empty the table of terms: what one decision made is of no use to the next."""
    _table.clear()
    referred.clear()
    Poly.forget()
    Label._labels.clear()


class Array:
    """A given array: a symbol with a shape, whose entries are arbitrary real numbers.

    ``axes`` are the sizes of the axes that have an index: an axis of size 1 has none, so that
    a 1×1 matrix, a row and a column are arrays of rank 0 and 1. ``traits`` are the
    properties that are assumed of it, such as ``"positive"`` or ``"symmetric"``.
    """

    def __init__(
        self, symbol: Any, axes: tuple[Poly, ...], traits: frozenset[str] = frozenset()
    ) -> None:
        self.symbol = symbol
        self.axes = axes
        self.traits = traits
        self.serial = next(_serial)

    def __repr__(self) -> str:
        return str(self.symbol)


@dataclass(frozen=True)
class Unfolding:
    """How an array that refers to itself is taken apart at one of its parameters.

    ``body`` is the array in its own parameters, by entries with the parameter ``axis`` nearer to
    ``origin``: one less of it for ``direction`` 1, one more for −1; at the origin, by none.
    ``last`` is the value of the parameter to which this goes on, where there is one.
    """

    axis: int
    direction: int
    origin: Poly
    body: Term
    last: Poly | None = None


@dataclass(frozen=True)
class Factors:
    """What an array of ordered products is made of: ``body`` at a ``place`` of the range, for the
    two indices ``row`` and ``column``; later factors to the left or to the right. Where there is no
    place all factors are one ``matrix``, and the product depends on their number alone.
    """

    body: Term
    place: Var | None
    row: Var
    column: Var
    later_left: bool
    matrix: Any = None


class Shared:
    """An array defined by a term: ``body`` with the indices ``params`` as its axes.

    The range of each parameter is its variable's own; it may depend on the parameters before it.
    ``label`` is the SymPy expression that it stands for, where there is one, and ``named`` tells
    whether a document gave it that name.

    The body of a ``recursive`` array refers, directly or through others, to the array itself, at
    an earlier time. On every such way stands an array that has ``unfoldings``; its body is set
    when all arrays of the system are made. One that is ``derived`` is an adjoint.
    """

    def __init__(
        self, params: tuple[Var, ...], body: Term, label: Any = None, named: bool = False
    ) -> None:
        self.params = params
        self.body = body
        self.label = label
        self.named = named
        self.recursive = False
        self.derived = False
        self.unfoldings: tuple[Unfolding, ...] = ()
        self.factors: Factors | None = None
        self.serial = next(_serial)

    def at(self, indices: Iterable[Poly]) -> Term:
        """The body at the given indices (with bound variables made fresh where needed)."""
        return substitute(self.body, dict(zip(self.params, indices, strict=True)))

    def unfolded(self, unfolding: Unfolding, indices: Iterable[Poly]) -> Term:
        """The body of one of its unfoldings at the given indices."""
        return substitute(unfolding.body, dict(zip(self.params, indices, strict=True)))

    def __repr__(self) -> str:
        return str(self.label) if self.named else f"@{self.serial}"


class Term:
    """A node of the core. ``args`` are its operand terms, ``data`` everything else."""

    __slots__ = ("_free", "args", "data", "serial")
    op: ClassVar[str] = ""

    args: tuple[Term, ...]
    data: tuple[Any, ...]
    serial: int
    _free: frozenset[Var] | None

    def __new__(cls, args: tuple[Term, ...] = (), data: tuple[Any, ...] = ()) -> Any:
        key = (cls, args, data)
        found = _table.get(key)
        if found is None:
            found = object.__new__(cls)
            found.args = args
            found.data = data
            found.serial = next(_serial)
            found._free = None
            _table[key] = found
        return found

    def __hash__(self) -> int:
        return self.serial

    def __eq__(self, other: object) -> bool:
        return self is other

    def __reduce__(self) -> Any:
        raise TypeError("terms belong to one decision and are not pickled")

    @property
    def free(self) -> frozenset[Var]:
        """The integer variables that occur free in the term."""
        if self._free is None:
            free: set[Var] = set()
            for arg in self.args:
                free |= arg.free
            free |= self._own_variables()
            self._free = frozenset(free) - self._bound()
        return self._free

    def _own_variables(self) -> set[Var]:
        return set()

    def _bound(self) -> set[Var]:
        return set()

    def __repr__(self) -> str:
        parts = [repr(p) for p in (*self.data, *self.args)]
        return f"{type(self).__name__}({', '.join(parts)})"


def _variables(polys: Iterable[Poly]) -> set[Var]:
    return {v for poly in polys for v in poly.variables}


class Num(Term):
    """A rational number: ``data = (value,)``."""

    __slots__ = ()


class Const(Term):
    """A named real constant, π: ``data = (name,)``."""

    __slots__ = ()


class Int(Term):
    """An integer polynomial used as a number: a size, an index: ``data = (poly,)``."""

    __slots__ = ()

    def _own_variables(self) -> set[Var]:
        return set(self.data[0].variables)


class Entry(Term):
    """An entry of a given array: ``data = (array, indices)``."""

    __slots__ = ()

    def _own_variables(self) -> set[Var]:
        return _variables(self.data[1])


class Ref(Term):
    """An entry of a shared array: ``data = (shared, indices)``."""

    __slots__ = ()

    def _own_variables(self) -> set[Var]:
        return _variables(self.data[1])


class Add(Term):
    """The sum of ``args``."""

    __slots__ = ()


class Mul(Term):
    """The product of ``args``."""

    __slots__ = ()


class Pow(Term):
    """``args = (base, exponent)``."""

    __slots__ = ()


class Apply(Term):
    """A known scalar function: ``data = (name,)``."""

    __slots__ = ()


class Unknown(Term):
    """An undefined scalar function, differentiated: ``data = (function, orders)``."""

    __slots__ = ()


class Binder(Term):
    """Base of the terms that bind ``data = (variable,)``, whose range is the variable's own."""

    __slots__ = ()

    @property
    def variable(self) -> Var:
        return self.data[0]

    def _own_variables(self) -> set[Var]:
        variable = self.variable
        return _variables(end for end in (variable.low, variable.high) if end is not None)

    def _bound(self) -> set[Var]:
        return {self.variable}


class Sum(Binder):
    """The sum of ``args[0]`` over the range of the bound variable; 0 where it is empty."""

    __slots__ = ()


class Product(Binder):
    """The product of ``args[0]`` over the range of the bound variable; 1 where it is empty."""

    __slots__ = ()


class Maximum(Binder):
    """The largest value of ``args[0]`` over the range of the bound variable."""

    __slots__ = ()


class IndexBracket(Term):
    """1 where an integer relation is true, else 0: ``data = (relation, poly)``.

    The relation is ``">="`` or ``"="``, of the polynomial to 0.
    """

    __slots__ = ()

    def _own_variables(self) -> set[Var]:
        return set(self.data[1].variables)


class RealBracket(Term):
    """1 where ``args[0]`` is in relation ``data = (relation,)`` to 0, else 0: ``">"``, ``"="``."""

    __slots__ = ()


class Whole(Term):
    """A scalar function of whole arrays, differentiated in some of their entries.

    ``data = (name, arguments, path)``: the arguments are :class:`Shared`; the path lists, for
    each differentiation, the argument's position and the entry's indices.
    """

    __slots__ = ()

    def _own_variables(self) -> set[Var]:
        return _variables(index for _, indices in self.data[2] for index in indices)


class InverseEntry(Term):
    """An entry of the inverse of a shared square matrix: ``data = (shared, size, i, j)``."""

    __slots__ = ()

    def _own_variables(self) -> set[Var]:
        return _variables(self.data[2:])


class Determinant(Term):
    """The determinant of a shared square matrix: ``data = (shared, size)``."""

    __slots__ = ()


class FunctionEntry(Term):
    """An entry of a function of a shared square matrix: ``data = (shared, name, size, i, j)``.

    The name is one of :class:`~derive.language.matrix_functions.MatrixFunction`.
    """

    __slots__ = ()

    def _own_variables(self) -> set[Var]:
        return _variables(self.data[3:])


class FunctionTrace(Term):
    """The trace of a function of a shared square matrix: ``data = (shared, name, size)``."""

    __slots__ = ()


# What is said of a whole shared matrix, which stands first in its data.
OF_MATRICES = (InverseEntry, Determinant, FunctionEntry, FunctionTrace)


def num(value: Number) -> Term:
    return Num((), (value,))


def add(*terms: Term) -> Term:
    """The sum of terms, flat; no term is none, one term is itself."""
    flat: list[Term] = []
    for term in terms:
        flat.extend(term.args if isinstance(term, Add) else (term,))
    if not flat:
        return num(0)
    return flat[0] if len(flat) == 1 else Add(tuple(flat))


def mul(*terms: Term) -> Term:
    """The product of terms, flat, without factors 1."""
    flat: list[Term] = []
    for term in terms:
        for factor in term.args if isinstance(term, Mul) else (term,):
            if not (isinstance(factor, Num) and factor.data[0] == 1):
                flat.append(factor)
    if any(isinstance(f, Num) and f.data[0] == 0 for f in flat):
        return num(0)
    if not flat:
        return num(1)
    return flat[0] if len(flat) == 1 else Mul(tuple(flat))


def neg(term: Term) -> Term:
    return mul(num(-1), term)


def power(base: Term, exponent: Number) -> Term:
    return base if exponent == 1 else Pow((base, num(exponent)))


def apply(name: str, *args: Term) -> Term:
    return Apply(args, (name,))


def function_of(shared: Shared, name: str, size: Poly, label: Any = None) -> Shared:
    """A function of a shared square matrix as a shared matrix."""
    i, j = (axis_variable(size, n) for n in "ij")
    return Shared((i, j), FunctionEntry((), (shared, name, size, as_poly(i), as_poly(j))), label)


def entry(array: Array, *indices: Poly) -> Term:
    return Entry((), (array, indices))


def ref(shared: Shared, *indices: Poly) -> Term:
    return Ref((), (shared, indices))


def total(variable: Var, body: Term) -> Term:
    return Sum((body,), (variable,))


def narrowed(term: Sum) -> Sum:
    """Σ_k [k ≤ e]·f is Σ_{k≤e} f: brackets that bound the index of a sum as ends of its range."""
    variable, body = term.variable, term.args[0]
    low, high = bounds(variable)
    rest = []
    for factor in body.args if isinstance(body, Mul) else (body,):
        slope = None
        if isinstance(factor, IndexBracket) and factor.data[0] == ">=":
            slope = factor.data[1].coefficient(variable)
        if slope == ONE:
            end = as_poly(variable) - factor.data[1]
            if is_nonnegative(end - low):
                low = end
                continue
        elif slope == -ONE:
            end = factor.data[1] + as_poly(variable)
            if is_nonnegative(high - end):
                high = end
                continue
        rest.append(factor)
    if (low, high) == bounds(variable):
        return Sum((mul(*rest),), (variable,))
    narrow = Var(variable.name, FRESH, low, high)
    return Sum((substitute(mul(*rest), {variable: as_poly(narrow)}),), (narrow,))


def delta(left: Poly, right: Poly) -> Term:
    """1 where two integers are equal, else 0."""
    return IndexBracket((), ("=", left - right)) if left != right else num(1)


def at_least(left: Poly, right: Poly) -> Term:
    """1 where ``left`` ≥ ``right`` (integers), else 0."""
    return IndexBracket((), (">=", left - right))


def fresh(name: str, low: Poly, high: Poly) -> Var:
    """A bound variable that occurs nowhere else."""
    return Var(name, FRESH, low, high)


def axis_variable(size: Poly, name: str = "k") -> Var:
    """A fresh variable over an axis: 0 … size − 1."""
    return fresh(name, ZERO, size - ONE)


def bounds(variable: Var) -> tuple[Poly, Poly]:
    """Both ends of the range of a bound variable."""
    assert variable.low is not None and variable.high is not None
    return variable.low, variable.high


def renewed(variable: Var, values: Mapping[Var, Poly]) -> Var:
    """A fresh copy of a bound variable, its range after a substitution."""
    low, high = variable.low, variable.high
    return Var(
        variable.name,
        FRESH,
        None if low is None else low.substitute(values),
        None if high is None else high.substitute(values),
    )


def substitute(term: Term, values: Mapping[Var, Poly]) -> Term:
    """The term with integer variables replaced; bound variables are made fresh: no capture."""
    memo: dict[Term, Term] = {}

    def visit(node: Term) -> Term:
        if node.free.isdisjoint(values):
            return node
        done = memo.get(node)
        if done is None:
            done = memo[node] = _substituted(node, values, visit)
        return done

    return visit(term)


def _substituted(node: Term, values: Mapping[Var, Poly], visit: Callable[[Term], Term]) -> Term:
    if isinstance(node, Binder):
        new = renewed(node.variable, values)
        body = substitute(node.args[0], {**values, node.variable: as_poly(new)})
        return type(node)((body,), (new,))
    args = tuple(visit(a) for a in node.args)
    return type(node)(args, _data_substituted(node.data, values))


def _data_substituted(data: Any, values: Mapping[Var, Poly]) -> Any:
    if isinstance(data, Poly):
        return data.substitute(values)
    if isinstance(data, tuple):
        return tuple(_data_substituted(part, values) for part in data)
    return data
