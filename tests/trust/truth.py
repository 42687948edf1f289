"""Is a claim true? By floats at random points, and by nothing of the engine's.

The tests' own interpreter (:mod:`oracle`) reads both sides: it knows what NumPy and automatic
differentiation make of them and shares nothing with the engine.
"""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Iterator
from typing import Any

import numpy
import oracle
import sympy as sp
from oracle import Point, Scope

from derive.claims.kinds import Claim, Inequality, Shape

from .points import NO_VALUE, index_values, points
from .trees import is_index, symbols

EQUAL = "equal"
DIFFERENT = "different"
UNCLEAR = "unclear"  # a difference about as large as rounding errors
NO_POINT = "no point"  # nowhere do both sides have a value

KAPPA = sp.Symbol("kappa", positive=True)  # what a variant may speak of besides


class Truth:
    """A claim's points, at which it and variants of it are looked at.

    :raises NotImplementedError: naming a node or an assumption that is not read.
    """

    def __init__(self, claim: Claim, seed: int) -> None:
        self.where = claim.where
        self._asked: dict[Any, Any] = {}
        rng = numpy.random.default_rng(seed)
        with quiet():
            found = points(claim, rng, lambda point: self._at(claim, None, point) != NO_POINT)
        self.points = [
            dataclasses.replace(point, values={KAPPA: 1.37, **point.values}) for point in found
        ]

    def of(self, claim: Claim) -> str:
        """Whether the claim, in the variables of this one and new indices, is true there."""
        found = set()
        with quiet():
            for number in range(len(self.points)):
                for key, point in self._points(claim, number):
                    found.add(self._at(claim, key, point))
                    if DIFFERENT in found:
                        return DIFFERENT
        return next((status for status in (UNCLEAR, EQUAL) if status in found), NO_POINT)

    def _points(self, claim: Claim, number: int) -> Iterator[tuple[Any, Point]]:
        """A point of this claim, with the other's definitions and every value of new indices."""
        point = self.points[number]
        new = [s for s in symbols(*_fields(claim)) if is_index(s) and s not in point.values]
        if claim.where == self.where and not new:
            yield number, point  # with all that is known there already
        else:
            defined = Point(point.values, claim.where, point.functions)
            for at in index_values(claim, new, point):
                yield None, defined.at(at)

    def _at(self, claim: Claim, key: Any, point: Point) -> str:
        try:
            if isinstance(claim, Shape):
                return _compared_shapes(claim, point)
            left = self._left(claim, key, point)
            right = oracle.documented(claim, Scope(point))
        except NO_VALUE:
            return NO_POINT
        except (ValueError, IndexError):  # sizes that do not fit together
            return DIFFERENT
        return _compared(left, right, isinstance(claim, Inequality))

    def _left(self, claim: Claim, key: Any, point: Point) -> Any:
        """What is asked for; it is kept, since most variants differ in the answer."""
        if key is None:
            return oracle.asked(claim, Scope(point))
        key = (key, claim.kind, *_fields(claim)[:-1])  # the answer is the last field
        if key not in self._asked:
            self._asked[key] = oracle.asked(claim, Scope(point))
        return self._asked[key]


def _fields(claim: Claim) -> list[Any]:
    return [getattr(claim, name) for name in claim.expression_fields]


def _compared(left: Any, right: Any, at_most: bool) -> str:
    if numpy.shape(left) != numpy.shape(right) and not numpy.size(left) == numpy.size(right) == 1:
        return DIFFERENT
    left, right = numpy.ravel(left), numpy.ravel(right)
    if numpy.iscomplexobj(left) or numpy.iscomplexobj(right):
        return NO_POINT
    if not (numpy.all(numpy.isfinite(left)) and numpy.all(numpy.isfinite(right))):
        return NO_POINT
    gaps = left - right if at_most else numpy.abs(left - right)
    scales = numpy.maximum(numpy.abs(left), numpy.abs(right))
    largest = numpy.max(scales, initial=0.0)
    if numpy.any(gaps > 1e-5 * scales + 1e-9 * largest + 1e-7):
        return DIFFERENT
    return EQUAL if numpy.all(gaps <= 1e-8 * largest + 1e-9) else UNCLEAR


def _compared_shapes(claim: Shape, point: Point) -> str:
    scope = Scope(point)
    sizes = tuple(int(oracle.value(size, scope)) for size in claim.equals)
    found = numpy.shape(oracle.value(claim.of, scope))
    return EQUAL if found == sizes or {*found, *sizes} <= {1} else DIFFERENT


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """What has no value at a point says so by not being finite; NumPy need not warn of it."""
    with numpy.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
