"""The documented side of a claim: its places, and what may have been meant in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import islice
from typing import Any, NamedTuple

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr

from derive.base.errors import DeriveError
from derive.claims.kinds import Claim
from derive.diagnosis.places import Site, parts, sites, with_part
from derive.diagnosis.quoting import quoted
from derive.language.dims import Dims, is_unit, same_shape
from derive.language.free_names import free_names
from derive.language.operators import (
    LogSumExp,
    MatrixGradient,
    ScalarApplication,
    ScalarGradient,
    Softmax,
    Tensor,
    entry,
)
from derive.language.printing import function_name, text_of
from derive.language.shape_rules import product_shape
from derive.language.shapes import Shapes
from derive.refutation.symbols import fields_of

POOL = 16  # expressions of a claim that are tried in one place
SIMPLE = (sp.MatrixSymbol, sp.Inverse, DiagMatrix)

Words = Callable[[], str]


class Repair(NamedTuple):
    """A side that may be meant, and what is then wrong with the documented one; no words where
    they would be too long. They are called for rarely: printing takes long.
    """

    side: Any
    words: Words


@dataclass(frozen=True)
class Application:
    """A function at an argument; ``at`` is the function at another one."""

    expr: Any
    argument: Any
    at: Callable[[Any], Any]
    name: str = ""

    @cached_property
    def slope(self) -> Any:
        """f′ at the argument, entry by entry; None for what is no function of a number."""
        return self.slope_at(self.argument)

    def slope_at(self, argument: Any) -> Any:
        """f′ at an argument."""
        if isinstance(self.expr, ElementwiseApplyFunction):
            function = self.expr.function
            (t,) = function.variables
            real = sp.Dummy(str(t), real=True)  # of |t| SymPy knows the derivative for real t only
            slope = function.expr.xreplace({t: real}).diff(real).xreplace({real: t})
            return ElementwiseApplyFunction(sp.Lambda(t, slope), argument)
        if isinstance(self.expr, sp.Function):
            t = sp.Symbol("t", real=True)
            return self.expr.func(t).diff(t).subs(t, argument)
        return None

    def slope_text(self, argument: Any) -> str:
        """``tanh'(z)``; for a function without a name, what it is at z."""
        slope = self.slope_at(argument)
        if isinstance(self.expr, sp.Abs) or self.name == "abs":  # sign says more than abs'
            return text_of(slope)
        if self.name and slope != self.at(argument):
            return f"{self.name}'({text_of(argument)})"
        if self.name or not isinstance(slope, ElementwiseApplyFunction):
            return text_of(slope)
        (t,), body = slope.function.variables, slope.function.expr
        plain = text_of(argument)
        plain = plain if plain.isidentifier() else f"({plain})"
        text = text_of(body.xreplace({t: sp.Symbol(plain)}))
        return text.replace(f"({plain})", plain) if plain.startswith("(") else text


def applications(node: Any) -> Iterator[Application]:
    """A node as a function of each of its arguments."""
    if isinstance(node, ElementwiseApplyFunction):
        if isinstance(node.function, sp.Lambda) and len(node.function.variables) == 1:
            at = partial(ElementwiseApplyFunction, node.function)
            yield Application(node, node.expr, at, function_name(node.function) or "")
    elif isinstance(node, (Softmax, LogSumExp)):
        yield Application(node, node.operand, type(node), type(node).__name__.lower())
    elif isinstance(node, (ScalarApplication, ScalarGradient, MatrixGradient)):
        first = len(node.args) - len(node.arguments)
        for position in range(first, len(node.args)):
            at = partial(with_part, node, position)
            name = node.function.name
            if not isinstance(node, ScalarApplication):
                name += f".gradient({node.position})" if len(node.arguments) > 1 else "'"
            yield Application(node, node.args[position], at, name)
    elif isinstance(node, sp.Function) and len(node.args) == 1:
        name = node.func.__name__
        name = name if isinstance(node, AppliedUndef) else name.lower()
        yield Application(node, node.args[0], node.func, name)


@dataclass
class Documented:
    """The documented side of a claim, its places, and what else the claim speaks of.

    :param at_entries: whether the free indices of the claim count as bound, where their ranges are
        those of axes: then what is written for one entry is a formula for all of them.
    """

    claim: Claim
    side: Any
    shapes: Shapes
    at_entries: bool = False
    _shape: dict[Any, Dims | None] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether it is the side of the claim, and not a definition on the way to it."""
        whole: Any = getattr(self.claim, self.claim.expression_fields[-1])
        return whole is self.side or whole == self.side

    @cached_property
    def sites(self) -> list[Site]:
        return sites(self.side)

    @cached_property
    def _counts(self) -> Counter[Any]:
        return Counter(site.node for site in self.sites)

    @cached_property
    def all_parts(self) -> list[Any]:
        """Every part of the claim, each once."""
        found: dict[Any, None] = {}
        for expr in (self.side, *fields_of(self.claim)):
            found.update(dict.fromkeys(parts(expr)))
        return list(found)

    @cached_property
    def free(self) -> set[Any]:
        """The symbols of the claim that are bound nowhere."""
        return set(self.claim.where).union(*map(free_names, fields_of(self.claim)))

    @cached_property
    def applications(self) -> list[Application]:
        """The functions at arguments in the claim, where these mean the same everywhere."""
        return [a for a in self.all_applications if a.argument.free_symbols <= self.free]

    @cached_property
    def all_applications(self) -> list[Application]:
        """The functions at arguments in the claim, those of what a sum binds among them."""
        return [a for node in self.all_parts for a in applications(node)]

    def means_something(self, expr: Any, site: Site) -> bool:
        """Whether a part of the claim means something in a place: what it has of bound indices is
        bound there, too.
        """
        bound = {index for index, size in site.bound if size is not None}
        return bool(expr.free_symbols <= self.free | bound)

    @cached_property
    def functions(self) -> list[Application]:
        """The functions of numbers in the claim, each at one of its arguments."""
        found: dict[Any, Application] = {}
        for application in (a for node in self.all_parts for a in applications(node)):
            expr = application.expr
            if isinstance(expr, ElementwiseApplyFunction):
                found.setdefault(expr.function, application)
            elif isinstance(expr, sp.Function):
                found.setdefault(expr.func, application)
        return list(islice(found.values(), POOL))

    @cached_property
    def repeated(self) -> list[Any]:
        """Rows and columns of the claim that are repeated along an axis of ones."""
        found = (p for p in self.all_parts if isinstance(p, sp.MatMul) and len(p.args) == 2)
        ones = sp.OneMatrix
        return [
            p
            for p in found
            if (isinstance(p.args[0], ones) and p.args[0].shape[1] == 1)
            or (isinstance(p.args[1], ones) and p.args[1].shape[0] == 1)
        ][:POOL]

    @cached_property
    def symbols(self) -> list[Any]:
        """The arrays and the real numbers of the claim, those it defines first."""
        found = dict.fromkeys(self.claim.where)
        for part in self.all_parts:
            if isinstance(part, (sp.MatrixSymbol, sp.Symbol)):
                found[part] = None
            elif isinstance(part, sp.Indexed):
                found[part.base] = None
        numbers = (s for s in found if isinstance(s, sp.Symbol) and s in self.free)
        arrays = (s for s in found if isinstance(s, (sp.MatrixSymbol, sp.IndexedBase)))
        return [*arrays, *(s for s in numbers if not s.is_integer)]

    def indices_at(self, site: Site) -> list[Any]:
        """The indices that mean something in a place: those bound there, and the free ones."""
        bound = [index for index, size in site.bound if size is not None]
        free = (s for s in self.free if s.is_Symbol and s.is_integer and not s.is_positive)
        return list(dict.fromkeys((*bound, *sorted(free, key=str))))

    @cached_property
    def free_axes(self) -> tuple[tuple[Any, Any], ...]:
        """The free indices of the claim, each with the size of an axis along which it reads."""
        found: dict[Any, Any] = {}
        fields = fields_of(self.claim)
        reads = (e for f in fields for e in f.atoms(sp.Indexed, MatrixElement))
        for read in sorted(reads, key=str):
            for index, size in zip(read.args[1:], self.shape(read.args[0]) or (), strict=False):
                if index in self.free and index.is_Symbol and index not in found:
                    found[index] = size
        return tuple(sorted(found.items(), key=str))

    def scope(self, site: Site) -> tuple[tuple[Any, Any], ...]:
        """The indices that are bound in a place, each with the number of its values."""
        bound = tuple((index, size) for index, size in site.bound if size is not None)
        return (*self.free_axes, *bound) if self.at_entries else bound

    @cached_property
    def squares(self) -> list[Any]:
        """The square matrices of the claim and their transposes."""
        found: dict[Any, None] = {}
        for part in self.all_parts:
            shape = self.shape(part) if isinstance(part, MatrixExpr) else None
            if shape is not None and shape[0] == shape[1] != 1 and isinstance(part, SIMPLE):
                found[part] = found[transposed(part)] = None
        return list(islice(found, POOL))

    @cached_property
    def pool(self) -> list[Any]:
        """What may have been meant in the place of something else."""
        arguments = [a.argument for a in self.applications]
        arguments += [p.parent for p in self.all_parts if isinstance(p, MatrixElement)]
        symbols = (s for s in self.symbols if not isinstance(s, sp.IndexedBase))
        return list(dict.fromkeys((*arguments, *symbols)))

    def shape(self, expr: Any) -> Dims | None:
        """The shape of an expression, None where it has none."""
        if expr not in self._shape:
            try:
                self._shape[expr] = self.shapes.of(expr)
            except DeriveError:
                self._shape[expr] = None
        return self._shape[expr]

    def alike(self, a: Any, b: Any) -> bool:
        """Whether two expressions have one shape."""
        first, second = self.shape(a), self.shape(b)
        return first is not None and second is not None and same_shape(first, second)

    def product_shape(self, factors: Iterable[Any]) -> Dims | None:
        """The shape of a matrix product, None where its factors do not fit."""
        shape: Dims | None = ()
        for factor in factors:
            own = self.shape(factor)
            shape = None if shape is None or own is None else product_shape(shape, own)
        return shape

    def fits(self, factors: Iterable[Any], product: Any) -> bool:
        """Whether other factors make a product of the same shape."""
        shape, own = self.product_shape(factors), self.shape(product)
        return shape is not None and own is not None and same_shape(shape, own)

    def is_matrix(self, expr: Any) -> bool:
        return isinstance(expr, MatrixExpr) and not is_unit(self.shape(expr) or ())

    def others(self, expr: Any) -> list[Any]:
        """What may be meant in the place of an expression: of its shape."""
        pool = self.pool
        if isinstance(expr, (sp.Symbol, sp.MatrixSymbol)):  # most likely another symbol
            pool = sorted(pool, key=lambda other: not isinstance(other, type(expr)))
        found = (other for other in pool if other != expr and self.alike(other, expr))
        if not isinstance(expr, MatrixExpr):  # the number that a 1×1 matrix is
            found = (entry(o, 0, 0) if isinstance(o, MatrixExpr) else o for o in found)
        else:
            found = (other for other in found if isinstance(other, MatrixExpr))
        return list(islice(found, POOL))

    def has_more_of_the_other(self, side: Any) -> bool:
        """Whether a side is the symbol that the left one is, or has that in it where the documented
        one has not: that says nothing.
        """
        left = getattr(self.claim, "left", None)
        if left is None or side == left:
            return left is not None and bool(left.is_Symbol)
        return not (left.is_number or self.side.has(left)) and bool(side.has(left))

    def instead(self, site: Site, part: Any) -> str:
        """``it holds with B for A``, where A is a part that occurs once."""
        while site.around and self._counts[site.node] > 1:
            site, part = site.outer, with_part(site.parent, site.path[-1], part)
        if not site.around:
            return quoted("it holds as {}", part)
        return quoted("it holds with {} for {}", part, site.node)

    def put(self, site: Site, part: Any, words: Words | None = None) -> Repair:
        """The repair that puts another part in a place."""
        return Repair(site.put(part), words or partial(self.instead, site, part))


def transposed(matrix: Any) -> Any:
    """The transpose, taken inside where that leaves fewer of them."""
    if isinstance(matrix, sp.Transpose):
        return matrix.arg
    if isinstance(matrix, sp.Identity):
        return matrix
    whole = sp.Transpose(matrix)
    if isinstance(matrix, sp.MatAdd):
        inside = sp.MatAdd(*map(transposed, matrix.args), evaluate=False)
    elif isinstance(matrix, sp.MatMul):
        numbers = [f for f in matrix.args if not isinstance(f, MatrixExpr)]
        factors = [transposed(f) for f in matrix.args if isinstance(f, MatrixExpr)]
        inside = sp.MatMul(*numbers, *reversed(factors), evaluate=False)
    else:
        return whole
    return inside if _transposes(inside) < _transposes(whole) else whole


def _transposes(matrix: Any) -> int:
    return sum(isinstance(node, sp.Transpose) for node in sp.preorder_traversal(matrix))


def times(factor: Any, expr: Any) -> Any:
    """A multiple of an expression; None for an array that has no products."""
    if isinstance(expr, Tensor):
        return Tensor(factor * expr.body, *expr.axes)
    if not isinstance(expr, MatrixExpr):
        return factor * expr if isinstance(expr, sp.Expr) else None
    numbers: list[Any] = [factor]
    rest: list[Any] = []
    for part in expr.args if isinstance(expr, sp.MatMul) else (expr,):
        (rest if isinstance(part, MatrixExpr) else numbers).append(part)
    number = sp.Mul(*numbers)
    if number == 1 and len(rest) == 1:
        return rest[0]
    return sp.MatMul(*([] if number == 1 else [number]), *rest, evaluate=False)
