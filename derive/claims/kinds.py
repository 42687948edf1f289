"""The statements a document makes, as frozen records of SymPy expressions.

Every record takes the keywords of :class:`Claim` besides its own fields. ``where`` gives the
document's definitions in order (``{h: x*W1 + b1, o: h.applyfunc(s)*W2 + b2}``); each may use the
ones before it, and every other field may use all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import sympy as sp
from sympy.core.function import UndefinedFunction
from sympy.tensor.array.expressions import ArraySymbol

from derive.base.errors import ClaimError
from derive.claims.typesetting import latex_equation
from derive.language import conditions, matrix_functions, whole_arrays

DEFINED = (sp.Symbol, sp.MatrixSymbol, sp.IndexedBase, ArraySymbol, UndefinedFunction)

# A sign that implies another stands before it.
DECLARED_SIGNS = (
    ("is_positive", sp.Gt),
    ("is_negative", sp.Lt),
    ("is_nonnegative", sp.Ge),
    ("is_nonpositive", sp.Le),
)


def _expression(value: Any, name: str) -> sp.Basic:
    if isinstance(value, str):
        raise ClaimError(f"{name} is the string {value!r}; a SymPy expression is expected")
    try:
        result = sp.sympify(value)
    except (sp.SympifyError, TypeError, ValueError, AttributeError) as problem:
        raise ClaimError(f"{name} is not a SymPy expression: {value!r}") from problem
    if not isinstance(result, (sp.Basic, sp.MatrixBase)):
        raise ClaimError(f"{name} is not a SymPy expression: {value!r}")
    if isinstance(result, sp.MatrixBase):  # a mutable matrix cannot be hashed
        return sp.ImmutableMatrix(result)
    return result


def _parts(fact: Any) -> Iterator[Any]:
    """The facts that an assumption joins by &, each for itself."""
    if isinstance(fact, sp.And):
        for part in fact.args:
            yield from _parts(part)
    else:
        yield fact


def _declared_sign(symbol: sp.Symbol) -> list[Any]:
    """The relation to 0 with which a symbol is declared, if it is with one."""
    return [relation for name, relation in DECLARED_SIGNS if getattr(symbol, name)][:1]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What every claim carries.

    :param id: the claim's permanent name, ``formula.statement`` in a catalogue.
    :param title: the statement in one line, for people.
    :param source: where the document states it.
    :param note: how it is to be read, where the document leaves room.
    :param where: definitions in order, symbol to expression.
    """

    kind: ClassVar[str] = ""
    expression_fields: ClassVar[tuple[str, ...]] = ()
    # What kinds differ in, and everybody asks of them:
    derivatives: ClassVar[int] = 0  # how often the left side is differentiated
    has_sides: ClassVar[bool] = True  # and no shape only
    states_both: ClassVar[bool] = False  # the document writes the left side, too
    at_most: ClassVar[bool] = False  # left ≤ right, and not left = right
    axes: ClassVar[tuple[str, ...]] = ()  # the fields whose axes the derivative has, in order

    id: str = ""
    title: str = ""
    source: str = ""
    note: str = ""
    where: Mapping[Any, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for name in ("id", "title", "source", "note"):
            text = getattr(self, name)
            if not isinstance(text, str):
                raise ClaimError(f"`{name}` is {text!r}; a string is expected")
        if len(self.id.splitlines()) > 1:
            raise ClaimError(f"`id` has more than one line: {self.id!r}")
        for name in self.expression_fields:
            object.__setattr__(self, name, _expression(getattr(self, name), f"`{name}`"))
        try:
            definitions = dict(self.where)
        except (TypeError, ValueError) as problem:
            raise ClaimError(f"`where` is {self.where!r}; a dictionary is expected") from problem
        for symbol, value in definitions.items():
            if not isinstance(symbol, DEFINED):
                raise ClaimError(f"`where` defines {symbol!r}, which is no symbol and no function")
            definitions[symbol] = _expression(value, f"the definition of {symbol}")
        object.__setattr__(self, "where", definitions)
        if any(f.name == "given" for f in fields(self)):
            given: Any = getattr(self, "given", ())
            if not isinstance(given, (tuple, list, set, frozenset)):
                given = (given,)
            facts = (_expression(fact, "an assumption in `given`") for fact in given)
            object.__setattr__(self, "given", tuple(p for fact in facts for p in _parts(fact)))
        self._put_back()
        implied = matrix_functions.implied(self.said, self.where, getattr(self, "given", ()))
        object.__setattr__(self, "_implied", implied)

    def _latex(self, printer: Any) -> str:
        return latex_equation(self)

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {latex_equation(self)}$"

    def _put_back(self) -> None:
        """Undo what SymPy does to conditions in sums inside of sums, and read undefined
        functions of arrays as scalars.
        """
        for read in (lambda said: whole_arrays.read_whole(said, self.where), conditions.put_back):
            put = read(self.said)
            if put is None:
                continue
            for name in self.expression_fields:
                object.__setattr__(self, name, put.pop(0))
            object.__setattr__(self, "where", dict(zip(self.where, put, strict=False)))
            del put[: len(self.where)]
            if put and hasattr(self, "given"):
                object.__setattr__(self, "given", tuple(put[: len(self.given)]))

    @property
    def documented(self) -> Any:
        """The side that the document states."""
        return getattr(self, "right" if self.states_both else "equals")

    @property
    def sides(self) -> tuple[str, str]:
        """What its two sides are called."""
        return ("left", "right") if self.states_both else ("derived", "documented")

    @property
    def weights(self) -> Any:
        """What the entries of ``of`` are multiplied by before their sum is differentiated; None
        where nothing is summed.
        """
        return None

    @property
    def is_equation(self) -> bool:
        """Whether it says that two sides are equal."""
        return self.has_sides and not self.at_most

    def is_false_by(self, sign: int) -> bool:
        """Whether it is false where left − right has this sign at some entry."""
        return sign > 0 if self.at_most else sign != 0

    @property
    def said(self) -> tuple[sp.Basic, ...]:
        """Every expression of the claim: its fields, its definitions, what it assumes."""
        own = (getattr(self, name) for name in self.expression_fields)
        return (*own, *self.where.values(), *self.assumed)

    @property
    def assumed(self) -> tuple[sp.Basic, ...]:
        """The ``given`` of the claim; what has to hold of matrices that functions of them have a
        value; and the signs with which symbols are declared that it defines: SymPy has simplified
        by them.
        """
        given: tuple[sp.Basic, ...] = getattr(self, "given", ())
        implied: tuple[sp.Basic, ...] = getattr(self, "_implied", ())
        return (
            given
            + implied
            + tuple(
                relation(symbol, 0, evaluate=False)
                for symbol in self.where
                if isinstance(symbol, sp.Symbol) and not symbol.is_integer
                for relation in _declared_sign(symbol)
            )
        )


@dataclass(frozen=True)
class Gradient(Claim):
    """∂of/∂wrt = equals, for a scalar ``of``; the answer has the shape of ``wrt``."""

    kind: ClassVar[str] = "gradient"
    expression_fields: ClassVar[tuple[str, ...]] = ("of", "wrt", "equals")
    derivatives: ClassVar[int] = 1
    axes: ClassVar[tuple[str, ...]] = ("wrt",)

    of: Any
    wrt: Any
    equals: Any
    given: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Jacobian(Claim):
    """∂of/∂wrt = equals for a tensor ``of``: the axes of ``of``, then the axes of ``wrt``.

    Between two vectors (a row or a column each) it is the matrix J[i, j] = ∂of_i/∂wrt_j.
    """

    kind: ClassVar[str] = "jacobian"
    expression_fields: ClassVar[tuple[str, ...]] = ("of", "wrt", "equals")
    derivatives: ClassVar[int] = 1
    axes: ClassVar[tuple[str, ...]] = ("of", "wrt")

    of: Any
    wrt: Any
    equals: Any
    given: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Backward(Claim):
    """Σ upstream · ∂of/∂wrt = equals, summed over all axes of ``of``.

    ``upstream`` has the shape of ``of``, the answer the shape of ``wrt``.
    """

    kind: ClassVar[str] = "backward"
    expression_fields: ClassVar[tuple[str, ...]] = ("of", "wrt", "upstream", "equals")
    derivatives: ClassVar[int] = 1
    axes: ClassVar[tuple[str, ...]] = ("wrt",)

    of: Any
    wrt: Any
    upstream: Any
    equals: Any
    given: tuple[Any, ...] = ()

    @property
    def weights(self) -> Any:
        """The upstream gradient."""
        return self.upstream


@dataclass(frozen=True)
class Hessian(Claim):
    """∂²of/∂wrt_i ∂wrt_j = equals[i, j], for a scalar ``of`` and a vector ``wrt``."""

    kind: ClassVar[str] = "hessian"
    expression_fields: ClassVar[tuple[str, ...]] = ("of", "wrt", "equals")
    derivatives: ClassVar[int] = 2
    axes: ClassVar[tuple[str, ...]] = ("wrt", "wrt")

    of: Any
    wrt: Any
    equals: Any
    given: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Identity(Claim):
    """left = right, entry by entry."""

    kind: ClassVar[str] = "identity"
    expression_fields: ClassVar[tuple[str, ...]] = ("left", "right")
    states_both: ClassVar[bool] = True

    left: Any
    right: Any
    given: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Inequality(Claim):
    """left ≤ right, entry by entry."""

    kind: ClassVar[str] = "inequality"
    expression_fields: ClassVar[tuple[str, ...]] = ("left", "right")
    states_both: ClassVar[bool] = True
    at_most: ClassVar[bool] = True

    left: Any
    right: Any
    given: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Shape(Claim):
    """``of`` is well-shaped, and ``equals`` (a tuple of sizes) is its shape."""

    kind: ClassVar[str] = "shape"
    expression_fields: ClassVar[tuple[str, ...]] = ("of",)
    has_sides: ClassVar[bool] = False

    of: Any
    equals: tuple[Any, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        equals = self.equals
        if not isinstance(equals, (tuple, list, sp.Tuple)):
            raise ClaimError(f"`equals` of a Shape is a tuple of sizes, not {equals!r}")
        sizes = tuple(_expression(size, "a size in `equals`") for size in equals)
        for size in sizes:
            if not isinstance(size, sp.Expr) or size.is_Matrix or size.is_integer is False:
                raise ClaimError(f"`equals` of a Shape is a tuple of sizes; {size} is none")
        object.__setattr__(self, "equals", sizes)


KINDS: tuple[type[Claim], ...] = (
    Gradient, Jacobian, Backward, Hessian, Identity, Inequality, Shape
)  # fmt: skip
