"""A claim laid out for the engine: its symbols told apart, its definitions and facts lowered."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import sympy as sp
from sympy.assumptions import AppliedPredicate
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.base.errors import ClaimError, ShapeError
from derive.core.differentiate import Reverse
from derive.core.integers import FREE, ZERO, Poly, Var, as_poly
from derive.core.terms import (
    Shared,
    Term,
    forget_terms,
    ref,
)
from derive.core.whole import is_polynomial
from derive.language.arrays import stacked
from derive.language.dims import same_shape, same_size, shown
from derive.language.free_names import free_names
from derive.language.index_ranges import Ranges, flat, gap, goes_without_saying, ranges
from derive.language.operators import ArrayOperator, Broadcast, Tensor, TensorElement
from derive.language.sequences import At, Recurrence, systems
from derive.language.shapes import Shapes
from derive.language.structure import scope_of
from derive.lowering import conditions as lower_conditions  # noqa: F401  (they fill the tables)
from derive.lowering import matrices as lower_matrices  # noqa: F401
from derive.lowering import scalars as lower_scalars  # noqa: F401
from derive.lowering.labels import held
from derive.lowering.lower import Lowering, target_of
from derive.lowering.sequences import define_system

SIGN_PREDICATES = {
    "positive": "+",
    "nonnegative": "0+",
    "negative": "-",
    "nonpositive": "0-",
    "nonzero": "!=",
}
TRAITS = {
    *SIGN_PREDICATES,
    "symmetric",
    "diagonal",
    "lower_triangular",
    "upper_triangular",
    "unit_triangular",
}
# What holds of a matrix by the kind of the engine's variables, or where its inverse is written.
GRANTED = {
    "real",
    "real_elements",
    "square",
    "invertible",
    "fullrank",
    "nonsingular",
    "commutative",
}

# What only a square matrix can be.
OF_SQUARES = {"symmetric", "orthogonal", "invertible", "positive_definite", "unitary", "normal"}

INVERTIBLE = {"invertible", "orthogonal", "unitary", "positive_definite", "unit_triangular"}

# Nodes that carry a shape of their own.
DECLARED = (
    sp.MatrixSymbol,
    ArraySymbol,
    sp.IndexedBase,
    sp.Identity,
    sp.ZeroMatrix,
    sp.OneMatrix,
    sp.FunctionMatrix,
    Broadcast,
)


@dataclass(frozen=True)
class Condition:
    """What a derivation needs of the point: that a term is not zero, or is positive.

    :param branch: a factor that is zero wherever that does not matter; None where it matters
        everywhere.
    """

    term: Term
    relation: str
    branch: Term | None = None


@dataclass
class Inventory:
    """The integer symbols of some expressions: sizes, and where each index is used."""

    sizes: set[Any] = field(default_factory=set)
    shapes: set[Any] = field(default_factory=set)  # sizes that are more than a symbol
    ends: set[Any] = field(default_factory=set)
    places: dict[Any, list[Any]] = field(default_factory=dict)
    indexed: set[Any] = field(default_factory=set)
    bound: set[Any] = field(default_factory=set)
    compared: set[Any] = field(default_factory=set)
    shifted: dict[Any, tuple[Any, Any]] = field(default_factory=dict)
    determinants: bool = False
    invertible: set[Any] = field(default_factory=set)
    _seen: set[tuple[Any, frozenset[Any]]] = field(default_factory=set)

    def read(self, expr: Any, bound: frozenset[Any] = frozenset()) -> None:
        """Collect from an expression and everything in it, each part once in each scope."""
        if not isinstance(expr, sp.Basic):
            return
        here = bound & free_names(expr) if bound else bound
        if (expr, here) in self._seen:
            return
        self._seen.add((expr, here))
        scope = scope_of(expr)
        inner = here if scope is None else here | scope.symbols
        self.bound |= inner
        self._note(expr, inner)
        for binder in () if scope is None else scope.ranges:
            ends = _outside_entries(binder.low) | _outside_entries(binder.high)
            self.ends |= ends - inner
        parts = tuple(expr) if isinstance(expr, sp.MatrixBase) else expr.args
        for arg in parts[1:] if isinstance(expr, sp.IndexedBase) else parts:
            self.read(arg, inner)

    def _note(self, node: Any, bound: frozenset[Any]) -> None:
        if isinstance(node, sp.Symbol):
            # A symbol that is declared to be an integer is one, whatever it is used for.
            if node.is_integer and node not in bound:
                (self.sizes if node.is_positive else self.indexed).add(node)
        elif isinstance(node, DECLARED):
            for size in map(sp.sympify, node.shape or ()):
                self.sizes |= size.free_symbols - bound
                if not size.is_Atom and size.free_symbols.isdisjoint(bound):
                    self.shapes.add(size)
        elif isinstance(node, Tensor):
            for size in node.shape:
                self.sizes |= size.free_symbols - bound
        elif isinstance(node, ArrayOperator):
            self.sizes |= node.args[-1].free_symbols - bound
        elif isinstance(node, (MatrixElement, sp.Indexed, ArrayElement, TensorElement, At)):
            self._note_indices(node, bound)
        elif isinstance(node, sp.KroneckerDelta):
            for index in node.args[:2]:
                self.indexed |= _outside_entries(index) - bound
        elif isinstance(node, sp.Determinant):
            self.determinants = True
        elif isinstance(node, sp.MatPow) and node.exp.is_negative:  # an Inverse too
            self.invertible.add(node.base)
        elif isinstance(node, AppliedPredicate) and str(node.function.name) in INVERTIBLE:
            self.invertible.add(node.arguments[0])
        elif isinstance(node, MatrixSlice):
            for start, stop, _ in (node.rowslice, node.colslice):
                ends = sp.sympify(start).free_symbols | sp.sympify(stop).free_symbols
                self.ends |= ends - bound

    def _note_indices(self, node: Any, bound: frozenset[Any]) -> None:
        indices = (node.index,) if isinstance(node, At) else node.indices
        if isinstance(node, At):
            shape = node.array.shape
        elif isinstance(node, MatrixElement):
            shape = node.parent.shape
        elif isinstance(node, TensorElement):
            shape = node.array.shape
        else:
            base = node.base if isinstance(node, sp.Indexed) else node.name
            shape = base.shape
        for axis, index in enumerate(indices):
            free = _outside_entries(index) - bound
            self.indexed |= {s for s in free if isinstance(s, sp.Symbol)}
            if shape is None:
                continue
            if index in free:
                self.places.setdefault(index, []).append(shape[axis])
            else:
                for symbol in sorted(free, key=str):
                    self.shifted.setdefault(symbol, (index, shape[axis]))

    @property
    def integers(self) -> set[Any]:
        """All symbols that stand for integers."""
        return self.sizes | self.ends | self.indexed

    @property
    def real_numbers_that_count(self) -> list[Any]:
        """That a symbol is an integer, and a size is positive, of each that is declared to be real,
        which is to say that it need not be one.
        """
        found: list[Any] = []
        for symbol in sorted(self.integers, key=str):
            if symbol.is_real and symbol.is_integer is None:
                found.append(sp.Q.integer(symbol))
                if symbol not in self.free_indices:
                    found.append(symbol >= 1)
        return found

    @property
    def free_indices(self) -> set[Any]:
        """Integer symbols that nothing binds and that are no size: those that index an array, or
        stand at the end of a range and are bounded by an inequality.
        """
        ends = {s for s in self.ends if s in self.compared or s.is_positive is False}
        return (self.indexed | ends) - self.sizes


def _outside_entries(index: Any) -> set[Any]:
    """The symbols in an index that are in no entry of an array in it, such as a label."""
    entries = index.atoms(sp.Indexed)
    found: set[Any] = index.xreplace(dict.fromkeys(entries, sp.S.Zero)).free_symbols
    return found


class Problem:
    """The expressions of one claim, shaped and lowered; the derivatives taken on the way.

    :raises ShapeError: when a definition does not fit.
    :raises ClaimError: when a definition uses a symbol that is defined after it.
    """

    def __init__(
        self,
        expressions: tuple[Any, ...],
        where: Mapping[Any, Any] | None = None,
        given: tuple[Any, ...] = (),
    ) -> None:
        forget_terms()
        self.expressions = expressions
        self.where = dict(where or {})
        self.held = held(expressions, self.where, given)
        of_labels = {fact for one in self.held.values() for fact in one.facts}
        if of_labels:
            given = tuple(fact for fact in flat(given) if fact not in of_labels)
        self.given = given
        self.shapes = Shapes(self.where)
        self.met: dict[Condition, None] = {}
        self.weighed: list[dict[Term, list[Term]]] = []  # by derivative, what maxima count in it
        self.relied_on: dict[Any, None] = {}
        self.steps: list[tuple[Shared, Shared]] = []
        self.memory: dict[Any, Any] = {}  # what later stages know of this claim
        self.inventory = Inventory()
        for expr in (*expressions, *self.where, *self.where.values(), *given):
            self.inventory.read(expr)
        self.spoken: set[Any] = set()
        for expr in (*expressions, *self.where.values()):
            self.spoken |= free_names(expr) if isinstance(expr, sp.Basic) else set()
        for fact in given:
            if isinstance(fact, (sp.Gt, sp.Ge, sp.Lt, sp.Le)):
                self.inventory.compared |= fact.free_symbols
        self.systems = systems(self.where)
        self._check_definitions()
        self._check_given()
        self.trait_labels: dict[tuple[str, Any], Any] = {}
        self.equations: list[tuple[Any, Any]] = []
        self.signs: list[tuple[Any, str, Any]] = []
        self.apart: list[tuple[Any, Any]] = []  # integers that are not zero
        self.regular: list[tuple[Any, Any]] = []  # arrays that are given to be invertible
        self.ignored: list[Any] = []
        self.narrowed: set[Any] = set()
        self.about_integers: list[Any] = []
        found = self._ranges()
        self._about_symbols = found, self._traits(), self._minima(found)

    @cached_property
    def lowering(self) -> Lowering:
        """What lowers the expressions, every definition lowered; a shape alone needs none of it."""
        found, traits, minima = self._about_symbols
        derivative = partial(Problem._derivative, weakref.proxy(self))  # makes no cycle
        lowering = Lowering(
            self.shapes,
            found,
            traits,
            self.inventory.integers,
            minima,
            derivative,
            self.inventory.invertible,
            sorted(self.inventory.shapes, key=str),
            self.held,
        )
        for system in self.systems:
            if system.recursive:
                define_system(lowering, system, self.where)
            else:
                (symbol,) = system.symbols
                lowering.define(symbol, self.where[symbol])
        return lowering

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all symbols of the claim, which no new index may take."""
        return frozenset(map(str, self.mentioned | self.inventory.bound | self.inventory.sizes))

    @cached_property
    def mentioned(self) -> set[Any]:
        """All symbols of the claim, matrices and arrays by their own symbol."""
        return _symbols(*self.expressions, *self.where, *self.where.values(), *self.given)

    # ---- definitions

    def _check_definitions(self) -> None:
        for symbol, expr in self.where.items():
            if isinstance(expr, sp.Lambda):
                continue
            try:
                shape = self.shapes.of(expr)
            except ShapeError as mismatch:
                raise ShapeError(f"in the definition of {symbol}: {mismatch}") from None
            declared = getattr(symbol, "shape", ()) if not isinstance(symbol, sp.Symbol) else ()
            if isinstance(expr, Recurrence) and declared is not None:
                # A sequence of rows or of scalars may be declared with or without axes of size 1.
                shape, declared = (tuple(s for s in d if s != 1) for d in (shape, declared))
            if declared is not None and not same_shape(tuple(declared), shape):
                raise ShapeError(
                    f"{symbol} is declared with shape {shown(tuple(declared))}, and its "
                    f"definition {expr} has shape {shown(shape)}"
                )

    # ---- what is given

    def _check_given(self) -> None:
        """Facts have shapes too: an equation between matrices that do not fit is no assumption."""
        for fact in self.given:
            if fact is sp.false:
                raise ClaimError(
                    "an assumption in `given` is False: SymPy sees that it never holds, "
                    "and nothing is claimed"
                )
            if isinstance(fact, AppliedPredicate):
                for argument in fact.arguments:
                    self._check_square(fact, self.shapes.of(argument))
            elif fact.atoms(AppliedPredicate):
                raise ClaimError(
                    f"{fact} in `given` is not understood: properties can be joined by & alone"
                )
            elif isinstance(fact, Boolean):
                self.shapes.of(fact)
            else:
                raise ClaimError(f"{fact} in `given` is no assumption")

    def _check_square(self, fact: Any, shape: tuple[Any, ...]) -> None:
        """Only a square matrix can be symmetric, invertible, …"""
        if (
            fact.function.name in OF_SQUARES
            and len(shape) == 2
            and not same_shape(shape, shape[::-1])
        ):
            raise ShapeError(
                f"{fact} in `given`: {fact.arguments[0]} has shape {shown(shape)}, which is not "
                f"square; it fits only if {shape[0]} = {shape[1]}"
            )

    def _ranges(self) -> Ranges:
        """The range of each free index, that of its axes and the given inequalities together, and
        what is given between sizes.
        """
        indices = self.inventory.free_indices
        axes: dict[Any, tuple[Any, Any]] = {}
        for symbol in sorted(indices, key=str):
            sizes = self.inventory.places.get(symbol, [])
            low, high = (sp.S.Zero, sizes[0] - 1) if sizes else self._shifted_range(symbol)
            if low is None and symbol.is_nonnegative:
                low = sp.S.Zero
            axes[symbol] = low, high
        gaps = []
        for fact in flat(self.given):
            poly = gap(fact, self.inventory.integers)
            if poly is not None and not goes_without_saying(poly):
                gaps.append(poly)
                self.narrowed |= poly.free_symbols & indices
                self.about_integers.append(fact)
        return ranges(indices, axes, gaps)

    def _minima(self, found: Ranges) -> dict[Any, int]:
        """The smallest value that the given inequalities leave a size, where it is more than 1."""
        result: dict[Any, int] = {}
        for poly in found.sizes:
            if len(poly.free_symbols) == 1 and poly.is_Add:
                (size,) = poly.free_symbols
                slope, rest = poly.coeff(size, 1), poly.coeff(size, 0)
                if slope > 0 and sp.expand(slope * size + rest - poly) == 0:
                    least = int(sp.ceiling(-rest / slope))
                    if least > 1:
                        result[size] = max(least, result.get(size, 1))
        return result

    def _shifted_range(self, symbol: Any) -> tuple[Any, Any]:
        """The range of an index that stands in an entry only as i + a or a − i."""
        index, size = self.inventory.shifted.get(symbol, (None, None))
        if index is None or not isinstance(symbol, sp.Symbol):
            return None, None
        rest, slope = sp.expand(index).coeff(symbol, 0), sp.expand(index).coeff(symbol, 1)
        if not rest.free_symbols <= self.inventory.sizes:
            return None, None  # another index stands beside it
        if slope == 1 and sp.expand(rest + symbol - index) == 0:
            return -rest, size - 1 - rest
        if slope == -1 and sp.expand(rest - symbol - index) == 0:
            return rest - size + 1, rest
        return None, None

    def _traits(self) -> dict[Any, frozenset[str]]:
        traits: dict[Any, set[str]] = {}
        integers = self.inventory.integers
        for symbol in sorted(self.mentioned, key=str):
            if not isinstance(symbol, (sp.Symbol, sp.IndexedBase)):
                continue
            # What was declared and what SymPy concluded from it then: it is not asked to find more.
            known = symbol.assumptions0
            if known.get("real", not known.get("complex")) is False:
                raise ClaimError(f"{symbol} is declared not to be real, and all numbers here are")
            if symbol in integers:
                continue
            for name in ("positive", "nonnegative", "negative", "nonpositive"):
                if known.get(name):
                    traits.setdefault(symbol, set()).add(name)
        for fact in self.given:
            self._take(fact, fact, traits)
        return {symbol: frozenset(names) for symbol, names in traits.items()}

    def _take(self, fact: Any, label: Any, traits: dict[Any, set[str]]) -> None:
        """Sort a given fact: a trait of a symbol, a sign, an equation, or of no use here."""
        if isinstance(fact, AppliedPredicate):
            self._take_predicate(fact, label, traits)
        elif isinstance(fact, sp.Eq):
            own = fact.free_symbols & self.spoken & self.inventory.free_indices
            array = None if own else self._exchanged(fact)
            if array is None or array in self.where:
                self.equations.append((fact, label))
            else:
                self._give(array, "exchangeable", label, traits)
            self.equations += [(turned, label) for turned in self._turned(fact)]
            shapes = [self.shapes.of(side) for side in fact.args]
            if self.inventory.determinants and all(len(s) == 2 and same_size(*s) for s in shapes):
                sides = map(sp.Determinant, fact.args)  # A = B has det A = det B
                self.equations.append((sp.Eq(*sides, evaluate=False), label))
        elif isinstance(fact, sp.Ne) and self.concerns_indices(fact.lhs - fact.rhs):
            self.apart.append((fact.lhs - fact.rhs, label))
        elif isinstance(fact, Relational):
            difference = fact.lhs - fact.rhs
            sign = {sp.Gt: "+", sp.Ge: "0+", sp.Lt: "-", sp.Le: "0-", sp.Ne: "!="}[type(fact)]
            self.signs.append((difference, sign, label))
        elif fact not in (sp.true, True):
            self.ignored.append(label)

    def _turned(self, fact: sp.Eq) -> Iterator[sp.Eq]:
        """B·A = I, of an equation A·B = I between square matrices."""
        for product, one in (fact.args, fact.args[::-1]):
            if isinstance(product, sp.MatMul) and isinstance(one, sp.Identity):
                first, *others = product.args
                shape = self.shapes.of(first)
                if len(shape) == 2 and same_size(*shape):
                    turned = sp.MatMul(*others, first)
                    yield sp.Eq(turned, one, evaluate=False)

    def _take_predicate(self, fact: Any, label: Any, traits: dict[Any, set[str]]) -> None:
        name, argument = str(fact.function.name), fact.arguments[0]
        symbol = self._whole_symbol(argument)
        if name in INVERTIBLE and symbol is not None and symbol not in self.where:
            self.regular.append((symbol, label))
        if name in ("orthogonal", "unitary"):  # for real matrices both say the same
            size = argument.shape[0]
            for product in (argument.T * argument, argument * argument.T):
                self.equations.append((sp.Eq(product, sp.Identity(size), evaluate=False), label))
            self.equations.append((sp.Eq(sp.Determinant(argument) ** 2, 1), label))
        elif name == "positive_definite":
            if symbol is not None:
                self._give(symbol, "symmetric", label, traits)
                self._give(symbol, "positive_definite", label, traits)
            self.signs.append((sp.Determinant(argument), "+", label))
        elif name in TRAITS and symbol is not None and symbol not in self.where:
            self._give(symbol, name, label, traits)
            if name == "nonzero":
                self.signs.append((argument, "!=", label))
        elif name in SIGN_PREDICATES:
            self.signs.append((argument, SIGN_PREDICATES[name], label))
        elif name not in GRANTED:
            self.ignored.append(label)

    def _give(self, symbol: Any, trait: str, label: Any, traits: dict[Any, set[str]]) -> None:
        traits.setdefault(symbol, set()).add(trait)
        self.trait_labels[(trait, symbol)] = label

    def _exchanged(self, fact: sp.Eq) -> Any:
        """The array of which an equation says A[i, j] = A[j, i] for all of its entries."""
        left, right = fact.args
        if isinstance(left, sp.Transpose):
            left, right = right, left
        if isinstance(left, sp.MatrixSymbol):
            return left if right == left.T and len(set(left.shape)) == 1 else None
        array = self._whole_symbol(left)
        if array is None or array is left or self._whole_symbol(right) != array:
            return None
        shape = getattr(array, "shape", None) or ()
        square = len(shape) == 2 and len(set(shape)) == 1 and len(left.indices) == 2
        return array if square and tuple(left.indices) == tuple(right.indices)[::-1] else None

    def _whole_symbol(self, argument: Any) -> Any:
        """The symbol of which a predicate speaks: itself, or any entry of it."""
        if isinstance(argument, (sp.Symbol, sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)):
            return argument
        if isinstance(argument, (MatrixElement, sp.Indexed, ArrayElement)):
            indices = [i for i in argument.indices if i != 0]
            free = self.inventory.free_indices - self.narrowed
            if all(i in free for i in indices) and len(set(indices)) == len(indices):
                base = argument.parent if isinstance(argument, MatrixElement) else argument.args[0]
                shape = getattr(base, "shape", None)
                axes = sum(size != 1 for size in shape) if shape is not None else len(indices)
                if axes == len(indices) and isinstance(
                    base, (sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)
                ):
                    return base
        return None

    def concerns_indices(self, expr: Any) -> bool:
        """Whether an expression is a polynomial in integers."""
        return is_polynomial(expr, self.inventory.integers.__contains__)

    # ---- derivatives

    def _derivative(self, of: Term, target: Any, place: tuple[Poly, ...]) -> Term:
        """∂of/∂target[place] as a term."""
        adjoint, outer = self.adjoint(of, target)
        return ref(adjoint, *outer, *place)

    def adjoint(
        self,
        of: Term,
        target: Any,
        cotangent: Term | None = None,
        binders: tuple[Var, ...] = (),
    ) -> tuple[Shared, tuple[Poly, ...]]:
        """The derivative of a term in every entry of an array, as a shared array."""
        run = Reverse(target)
        result = run.run(of, cotangent, binders)
        self.steps.extend(run.steps)
        self.met |= dict.fromkeys(Condition(*condition) for condition in run.conditions)
        self.met |= dict.fromkeys(Condition(maximum, "unique") for maximum in run.weights)
        self.weighed.append(run.weights)
        self.relied_on |= run.relied_on
        return result

    def place(self, shape: tuple[Any, ...], names: str = "ijklpqrs") -> tuple[Poly, ...]:
        """A free index for each axis of a shape, 0 for an axis of size 1."""
        return tuple(
            ZERO if size == 1 else as_poly(Var(name, FREE, ZERO, self.lowering.size(size) - 1))
            for size, name in zip(shape, names, strict=False)
        )

    def target(self, wrt: Any) -> tuple[Any, tuple[Poly, ...]]:
        wrt = stacked(wrt) or wrt
        return target_of(self.lowering, wrt.arg if isinstance(wrt, sp.Transpose) else wrt, {})

    def kept(self, wrt: Any, place: tuple[Poly, ...]) -> tuple[Poly, ...]:
        """The indices, in the array that ``wrt`` is or is the transpose of, of a place of ``wrt``;
        axes of size 1 have none.
        """
        shape = self.shapes.of(wrt)
        if isinstance(wrt, sp.Transpose):
            shape, place = shape[::-1], place[::-1]
        return self.lowering.kept(shape, place)

    def entry(self, expr: Any, place: tuple[Poly, ...]) -> Term:
        """An entry of an expression of the claim; a scalar stands for a 1×1 matrix."""
        return self.lowering.element(expr, place, {})


def _symbols(*expressions: Any) -> set[Any]:
    """The symbols of some expressions, matrices and arrays by their own symbol."""
    result: set[Any] = set()
    seen: set[Any] = set()
    stack = [*expressions]
    while stack:
        node = stack.pop()
        if node in seen or not isinstance(node, sp.Basic):
            continue
        seen.add(node)
        if isinstance(node, (sp.Symbol, sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)):
            result.add(node)
            if not isinstance(node, sp.Symbol):
                continue
        stack.extend(node.args)
        if isinstance(node, sp.MatrixBase):
            stack.extend(node)
    return result
