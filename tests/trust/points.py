"""Points at which a claim is made: sizes, indices and numbers that meet what it assumes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import autograd.numpy as np
import numpy
import oracle
import sympy as sp
from oracle import Point, Scope
from sympy.assumptions import AppliedPredicate
from sympy.core.function import UndefinedFunction
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArrayElement

from derive.claims.kinds import Claim, Identity, Inequality
from derive.language import operators as ops
from derive.language import sequences as rec

from .trees import is_index, is_size, symbols

ATTEMPTS = 40  # random draws for one choice of sizes
USUAL = ("any", "any", "positive", "fraction")  # the numbers that are drawn, in turn
CORNERS = ("integers",)
SOLVED = 4  # and where equations are to be solved, which takes long if they have no solution
FEW = 3  # points, if windows have to fit into images
INDICES = 6  # values of the free indices that are kept of one draw

# What an evaluation raises where there is no value: outside of an array, at a singular matrix,
# where SymPy recurses without end.
NO_VALUE = (AssertionError, ArithmeticError, RecursionError, numpy.linalg.LinAlgError)


def points(
    claim: Claim, rng: numpy.random.Generator, has_value: Callable[[Point], bool]
) -> list[Point]:
    """Points of several sizes at which the claim ``has_value``.

    There are few, or none, where what is assumed is hard to meet.

    :raises NotImplementedError: naming an assumption that there is no sampler for.
    """
    variables = Variables(claim)
    found: list[Point] = []
    for sizes in variables.sizes(rng):
        for kinds in (USUAL, CORNERS) if _has_corners(claim) else (USUAL,):
            found += _made(variables, sizes, kinds, rng, has_value)
    return found


def _has_corners(claim: Claim) -> bool:
    """Whether small integers, at which functions have corners, are to be tried too.

    No derivative is asked for there.
    """
    smooth = (ops.Partial, ops.MatrixPartial, sp.Derivative)
    return isinstance(claim, (Identity, Inequality)) and not any(
        expr.has(*smooth) for expr in oracle.expressions(claim)
    )


class Variables:
    """What a claim speaks of, in alphabetical order: its sizes, its indices, its numbers."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        fields = [getattr(claim, name) for name in claim.expression_fields]
        self.statement = symbols(*fields, *claim.where.values()) - set(claim.where)
        everything = sorted(symbols(*oracle.expressions(claim)) - set(claim.where), key=str)
        self.dimensions = [s for s in everything if is_size(s)]
        self.indices = [s for s in everything if is_index(s) and s in self.statement]
        self.numbers = [s for s in everything if not is_size(s) and not is_index(s)]

    def sizes(self, rng: numpy.random.Generator) -> Iterator[dict[Any, int]]:
        """Unequal sizes, equal ones, ones, and any: each may tell something that others do not.

        Images have at most some of them, since a window has to fit; then there are others.
        """
        shapes = [node.shape for node in oracle.arrays(self.claim)]
        whole = [sizes for sizes in self._usual(rng) if _none_empty(shapes, sizes)]
        yield from whole
        if len(whole) < FEW:
            yield from oracle.image_sizes(self.claim, FEW)

    def _usual(self, rng: numpy.random.Generator) -> Iterator[dict[Any, int]]:
        names = self.dimensions
        count = len(names)
        many = count > 4  # of many sizes large ones would take long
        for _ in range(2):
            unequal = rng.permutation(range(2, 4 + count))[:count]
            some = rng.integers(1, 4, count) if many else unequal
            yield dict(zip(names, map(int, some), strict=True))
        yield {name: int(rng.integers(1, 4)) for name in names}
        yield dict.fromkeys(names, 2 if many else 4 if count == 1 else 3)
        yield dict.fromkeys(names, 1)


def _none_empty(shapes: Iterable[Any], sizes: Mapping[Any, int]) -> bool:
    scope = Scope(Point(sizes))
    return all(
        int(oracle.value(sp.sympify(size), scope)) >= 1 for shape in shapes for size in shape or ()
    )


def index_values(claim: Claim, indices: list[Any], point: Point) -> Iterator[dict[Any, int]]:
    """Every value of some indices: within the axes that they run along, or else near the sizes."""
    axes = _axes(claim)
    largest = max((at for at in point.values.values() if isinstance(at, int)), default=1)
    ranges = []
    for index in indices:
        lengths = [int(oracle.value(size, Scope(point))) for size in axes.get(index, ())]
        ranges.append(range(min(lengths)) if lengths else range(-1, largest + 2))
    for at in product(*ranges):
        yield dict(zip(indices, at, strict=True))


def _axes(claim: Claim) -> dict[Any, list[Any]]:
    """The sizes of the axes that each integer symbol is an index of."""
    found: dict[Any, list[Any]] = {}
    for expr in oracle.expressions(claim):
        for element in expr.atoms(MatrixElement, sp.Indexed, ArrayElement, ops.TensorElement):
            array = element.name if isinstance(element, ArrayElement) else element.args[0]
            for index, size in zip(element.indices, array.shape or (), strict=False):
                if isinstance(index, sp.Symbol):
                    found.setdefault(index, []).append(sp.sympify(size))
        for position in expr.atoms(rec.At):
            if isinstance(position.index, sp.Symbol):
                found.setdefault(position.index, []).append(position.array.shape[0])
    return found


# ---- random numbers that meet the assumptions


def _made(
    variables: Variables,
    sizes: Mapping[Any, int],
    kinds: tuple[str, ...],
    rng: numpy.random.Generator,
    has_value: Callable[[Point], bool],
) -> list[Point]:
    equations = any(isinstance(fact, sp.Eq) for fact in variables.claim.assumed)
    for attempt in range(SOLVED if equations else ATTEMPTS):
        found: list[Point] = []
        try:
            base = _drawn(variables, sizes, kinds[attempt % len(kinds)], rng)
            places = list(index_values(variables.claim, variables.indices, base))
            rng.shuffle(places)
            for at in places:
                point = _meeting(variables, base.at(at))
                if point is not None and has_value(point):
                    found.append(point)
                if len(found) == INDICES:
                    break
        except NO_VALUE:
            continue
        if found:
            return found
    return []


def _drawn(
    variables: Variables, sizes: Mapping[Any, int], kind: str, rng: numpy.random.Generator
) -> Point:
    """Random numbers, in matrices of the structure that is assumed of them."""
    values: dict[Any, Any] = dict(sizes)
    for symbol in variables.numbers:
        shape = getattr(symbol, "shape", None) or ()
        lengths = tuple(int(oracle.value(sp.sympify(s), Scope(Point(sizes)))) for s in shape)
        positive = getattr(symbol, "is_positive", False)
        values[symbol] = _numbers("positive" if positive else kind, lengths, rng)
    structure = [fact for fact in variables.claim.assumed if isinstance(fact, AppliedPredicate)]
    # Symmetric comes last: what is assumed besides is kept by it.
    for fact in sorted(structure, key=lambda fact: fact.function == sp.Q.symmetric):
        given = values.get(fact.arg)
        if fact.function in STRUCTURED and numpy.ndim(given):
            values[fact.arg] = STRUCTURED[fact.function](given)
    return Point(values, variables.claim.where, _functions(variables.claim))


def _numbers(kind: str, shape: tuple[int, ...], rng: numpy.random.Generator) -> Any:
    if kind == "integers":
        return 1.0 * rng.integers(-2, 3, shape)
    if kind == "positive":
        return rng.uniform(0.2, 1.8, shape)
    if kind == "fraction":
        return rng.uniform(0.1, 0.9, shape)
    return rng.standard_normal(shape)


def _definite(matrix: Any) -> Any:
    """xᵀ M x > 0 with M = A Aᵀ + I/3 + (A − Aᵀ)/2, which is not symmetric."""
    return matrix @ matrix.T + np.eye(len(matrix)) / 3 + (matrix - matrix.T) / 2


STRUCTURED: Mapping[Any, Callable[[Any], Any]] = {
    sp.Q.symmetric: lambda matrix: (matrix + matrix.T) / 2,
    sp.Q.positive_definite: _definite,
    sp.Q.orthogonal: lambda matrix: np.linalg.qr(matrix)[0],
    sp.Q.diagonal: lambda matrix: matrix * np.eye(len(matrix)),
}


def _functions(claim: Claim) -> dict[str, Any]:
    """A function for every name, each another one, and those that the claim defines."""
    elementwise, scalar = oracle.undefined_functions(claim)
    found = {name: _elementwise(number) for number, name in enumerate(sorted(elementwise))}
    found.update({name: _scalar(number) for number, name in enumerate(sorted(scalar))})
    for symbol, definition in claim.where.items():
        if isinstance(symbol, UndefinedFunction):
            found[symbol.__name__] = oracle.python_function(definition)
    return found


def _elementwise(number: int) -> Callable[..., Any]:
    def function(*arguments: Any) -> Any:
        total = sum((1 + 0.4 * k) * argument for k, argument in enumerate(arguments))
        return np.sin((2 - 0.3 * number) * total) + total**2 / (3 + number) + 0.7

    return function


def _scalar(number: int) -> Callable[..., Any]:
    """Smooth, and with no two entries independent of each other."""

    def function(*arguments: Any) -> Any:
        entries = np.concatenate([np.ravel(argument) for argument in arguments])
        weights = 1 + 0.4 * np.arange(len(entries)) + 0.3 * number
        total = np.sum(weights * entries)
        return np.sum(weights * np.sin(entries + 0.3)) + total**3 / 20 + total**2 / 7 + 1.2

    return function


def _meeting(variables: Variables, point: Point) -> Point | None:
    """The point, moved to where the equations hold; None where something is not met there."""
    facts = []
    for fact in variables.claim.assumed:
        # An index that a fact alone speaks of stands for every value.
        own = [s for s in symbols(fact) - variables.statement if is_index(s)]
        facts += [(fact, at) for at in index_values(variables.claim, own, point)]
    equations = [(fact, at) for fact, at in facts if isinstance(fact, sp.Eq)]
    if equations:
        point = oracle.solved(equations, point)
    with numpy.errstate(all="ignore"):
        met = all(_is_met(fact, Scope(point.at(at))) for fact, at in facts)
    return point if met else None


def _is_met(fact: Any, scope: Scope) -> bool:
    if isinstance(fact, AppliedPredicate):
        test = PREDICATES.get(fact.function)
        if test is None:
            raise NotImplementedError(f"there is no sampler for {fact}")
        return bool(test(oracle.value(fact.arg, scope)))
    if isinstance(fact, sp.Eq):
        return oracle.agree(oracle.value(fact.lhs, scope), oracle.value(fact.rhs, scope))
    return bool(numpy.all(oracle.value(fact, scope)))


PREDICATES: Mapping[Any, Callable[[Any], Any]] = {
    sp.Q.positive: lambda x: x > 1e-3,
    sp.Q.nonnegative: lambda x: x >= 0,
    sp.Q.negative: lambda x: x < -1e-3,
    sp.Q.nonpositive: lambda x: x <= 0,
    sp.Q.nonzero: lambda x: abs(x) > 1e-3,
    sp.Q.symmetric: lambda a: np.allclose(a, a.T),
    sp.Q.diagonal: lambda a: np.allclose(a, a * np.eye(len(a))),
    sp.Q.orthogonal: lambda a: np.allclose(a.T @ a, np.eye(len(a))),
    sp.Q.positive_definite: lambda a: np.all(np.linalg.eigvalsh(a + a.T) > 1e-3),
    sp.Q.invertible: lambda a: np.linalg.cond(a) < 1e3,
}
