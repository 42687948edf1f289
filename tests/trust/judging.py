"""A verdict judged: what holds must hold at every edge point, a witness must be one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import sympy as sp
from flint import fmpq

from derive.claims.kinds import (
    Backward,
    Claim,
    Gradient,
    Hessian,
    Identity,
    Inequality,
    Jacobian,
    Shape,
)
from derive.claims.verdict import DISAGREES, HOLDS, ILL_SHAPED, UNDECIDED, Verdict

from .edges import points
from .judge import Misfit, OutsideArray, Place, filled, integer, meets, real, scalar, value
from .numbers import ZERO, NoValue, Real, Uncertain, compared, precise
from .trees import ARRAYS, is_entry, symbols

RIGHT, WRONG, SUSPECT, NOT_READ, NOWHERE = "right", "wrong", "suspect", "not read", "nowhere"
POINTS = 14
ENOUGH = 4  # points at which sizes fit that differ from each other
INDICES = range(6)  # which an index that an assumption alone speaks of is tried at


def judged(claim: Claim, verdict: Verdict, rng: random.Random) -> tuple[str, str]:
    """Whether the verdict may stand, and what speaks against it."""
    try:
        with precise():
            if verdict.status == HOLDS:
                return _held(claim, verdict, rng)
            if verdict.status == DISAGREES:
                return _refuted(claim, verdict.witness)
            if verdict.status == ILL_SHAPED:
                return _misfit(claim, rng)
    except NotImplementedError as problem:
        return NOT_READ, str(problem)
    return RIGHT, UNDECIDED


def _fields(claim: Claim) -> list[Any]:
    own = [getattr(claim, name) for name in claim.expression_fields]
    return [*own, *claim.equals] if isinstance(claim, Shape) else own


def _held(claim: Claim, verdict: Verdict, rng: random.Random) -> tuple[str, str]:
    seen = 0
    for place in points(_fields(claim), rng, POINTS, claim.assumed, claim.where):
        try:
            if not all(_assumed(fact, place) for fact in verdict.assumptions):
                continue
            pairs = list(_pairs(claim, place))
        except NoValue:
            continue
        except Misfit as problem:
            return WRONG, f"held, and does not fit ({problem}) at {shown(place)}"
        seen += 1
        for left, right in pairs:
            order = compared(left.v, right.v)
            if order == 1 or (order == -1 and not isinstance(claim, Inequality)):
                return WRONG, f"held, and {left} against {right} at {shown(place)}"
    return (RIGHT if seen else NOWHERE), ""


def _assumed(fact: Any, place: Place) -> bool:
    """Whether an assumption of the verdict is met, for every value of an index of its own."""
    own = sorted((s for s in symbols(fact) if s not in place.values
                  and s not in place.definitions), key=str)  # fmt: skip
    if not all(isinstance(s, sp.Symbol) and s.is_integer for s in own):
        raise NotImplementedError(f"the assumption {fact}")
    if len(own) > 3:
        raise NotImplementedError(f"the assumption {fact}")
    for at in np.ndindex(*(len(INDICES) for _ in own)):
        try:
            if not meets(fact, place, dict(zip(own, map(real, at), strict=True))):
                return False
        except NoValue:
            if not own:
                raise
    return True


def _refuted(claim: Claim, witness: Any) -> tuple[str, str]:
    found = {**witness.sizes, **witness.values}
    names = symbols(*_fields(claim), *claim.assumed, *claim.where.values(), *claim.where)
    values = {}
    for symbol in names - set(claim.where):
        if str(symbol) not in found:
            return NOT_READ, f"the witness has no {symbol}"
        values[symbol] = _nested(found[str(symbol)], symbol)
    functions = {getattr(name, "func", name): body for name, body in witness.functions.items()}
    place = Place(values, claim.where, functions)
    try:
        if not all([meets(fact, place, {}) for fact in claim.assumed]):
            return WRONG, f"the witness does not satisfy what is given: {shown(place)}"
        pairs = list(_pairs(claim, place))
    except Uncertain as problem:
        return NOT_READ, str(problem)
    except (NoValue, Misfit) as problem:
        return SUSPECT, f"the witness has no value ({problem}): {shown(place)}"
    order = [compared(left.v, right.v) for left, right in pairs]
    wanted = (1,) if isinstance(claim, Inequality) else (1, -1)
    if any(one in wanted for one in order):
        return RIGHT, ""
    if None in order:
        return NOT_READ, "too close to tell"
    return WRONG, f"the witness shows no difference: {pairs[:4]} at {shown(place)}"


def _nested(given: Any, symbol: Any) -> Any:
    if isinstance(given, (list, tuple)):
        array = np.array([[*row] if isinstance(row, tuple) else row for row in given], object)
        return filled(array.shape, lambda *at: real(sp.Rational(array[at])))
    return real(sp.Rational(given))


def _misfit(claim: Claim, rng: random.Random) -> tuple[str, str]:
    """What is ill-shaped must not fit at all sizes."""
    fitted = 0
    sizes = [s for s in symbols(*_fields(claim)) if _is_size(s)]
    for place in points(_fields(claim), rng, 3 * POINTS, (), claim.where):
        try:
            list(_pairs(claim, place))
        except (Misfit, OutsideArray):
            return RIGHT, ""
        except NoValue:
            continue
        there = {int(place.values[size].v) for size in sizes}
        fitted += len(there) == len(sizes) and not there & {0, 1}  # no size is another's by chance
    if fitted >= ENOUGH:
        return WRONG, f"called ill-shaped, and fits at {fitted} points"
    return NOWHERE, ""


def _is_size(symbol: Any) -> bool:
    return isinstance(symbol, sp.Symbol) and bool(symbol.is_integer and symbol.is_nonnegative)


# The two sides, entry by entry


def _pairs(claim: Claim, place: Place) -> Iterator[tuple[Real, Real]]:
    if isinstance(claim, Shape):
        found = value(claim.of, place, {})
        shape = found.shape if isinstance(found, np.ndarray) else ()
        if len(shape) != len(claim.equals):
            raise Misfit(f"{shape}, documented {claim.equals}")
        for size, documented in zip(shape, claim.equals, strict=True):
            if integer(documented, place, {}) != size:
                raise Misfit(f"{shape}, documented {claim.equals}")
        return
    left = _asked(claim, place)
    told = claim.right if isinstance(claim, (Identity, Inequality)) else claim.equals
    right = value(told, place, {})
    if isinstance(claim, Hessian) or (isinstance(claim, Jacobian) and _are_vectors(left)):
        right = right if isinstance(right, np.ndarray) else filled((1, 1), lambda *_: right)
        left = left.reshape(right.shape) if left.size == right.size else left
    left, right = (
        one if isinstance(one, np.ndarray) else np.array(one, object) for one in (left, right)
    )
    if left.shape != right.shape and not left.size == right.size == 1:
        raise Misfit(f"{left.shape} against {right.shape}")
    yield from zip(left.reshape(-1), right.reshape(-1), strict=True)


def _are_vectors(array: Any) -> bool:
    return isinstance(array, np.ndarray) and sum(size != 1 for size in array.shape) <= 2


def _asked(claim: Claim, place: Place) -> Any:
    if isinstance(claim, (Identity, Inequality)):
        return value(claim.left, place, {})
    if isinstance(claim, Gradient):
        found = _derivative(lambda at: scalar(claim.of, at, {}), claim.wrt, place)
    elif isinstance(claim, Backward):
        upstream = value(claim.upstream, place, {})

        def paired(at: Place) -> Real:
            product = value(claim.of, at, {}) * upstream
            return sum(np.ravel(np.array(product, object)), start=ZERO)

        found = _derivative(paired, claim.wrt, place)
    elif isinstance(claim, Hessian):
        return _second(claim, place)
    elif isinstance(claim, Jacobian):
        return _jacobian(claim, place)
    else:
        raise NotImplementedError(type(claim).__name__)
    if sp.Q.symmetric(claim.wrt) in claim.assumed:
        found = filled(found.shape, lambda i, j: (found[i, j] + found[j, i]) / 2)
    return found


def _held_at(wrt: Any, place: Place) -> tuple[Any, Any, list[tuple[int, ...]]]:
    """The symbol that is moved, its value, and the entries that are."""
    if isinstance(wrt, (sp.Symbol, *ARRAYS)):
        here = value(wrt, place, {})
        return wrt, here, list(np.ndindex(*np.shape(here)))
    if is_entry(wrt):
        array = wrt.parent if hasattr(wrt, "parent") else wrt.args[0]
        at = tuple(integer(index, place, {}) for index in wrt.indices)
        here = value(array, place, {})
        if not all(0 <= one < size for one, size in zip(at, here.shape, strict=True)):
            raise NoValue("an entry outside of its array")
        return array, here, [at]
    raise NotImplementedError(f"a derivative in {wrt}")


def _moved(here: Any, first: tuple[int, ...], second: tuple[int, ...] | None = None) -> Any:
    def one(*at: int) -> Real:
        known = here[at] if isinstance(here, np.ndarray) else here
        return Real(known.v, fmpq(int(at == first)), fmpq(int(at == second)) if second is not None
                    else None)  # fmt: skip

    return filled(here.shape, one) if isinstance(here, np.ndarray) else one()


def _part(found: Real, name: str) -> Real:
    part = getattr(found, name)
    return ZERO if part is None else Real(part)


def _derivative(of: Any, wrt: Any, place: Place) -> Any:
    symbol, here, entries = _held_at(wrt, place)
    values = [_part(of(place.moved({symbol: _moved(here, at)})), "a") for at in entries]
    if isinstance(wrt, (sp.Symbol, *ARRAYS)) and isinstance(here, np.ndarray):
        return filled(here.shape, lambda *at: values[entries.index(at)])
    return values[0]


def _second(claim: Hessian, place: Place) -> Any:
    symbol, here, entries = _held_at(claim.wrt, place)
    return filled(
        (len(entries), len(entries)),
        lambda i, j: _part(
            scalar(claim.of, place.moved({symbol: _moved(here, entries[i], entries[j])}), {}), "ab"
        ),
    )


def _jacobian(claim: Jacobian, place: Place) -> Any:
    symbol, here, entries = _held_at(claim.wrt, place)
    columns = []
    for at in entries:
        found = np.array(value(claim.of, place.moved({symbol: _moved(here, at)}), {}), object)
        columns.append(found)
    shape = (*columns[0].shape, *np.shape(here)) if len(entries) > 1 else columns[0].shape
    whole = [
        _part(column.reshape(-1)[k], "a") for k in range(columns[0].size) for column in columns
    ]
    result = np.empty(len(whole), object)
    result[:] = whole
    return result.reshape(shape if len(entries) > 1 else (*columns[0].shape, *np.shape(here)))


def shown(place: Place) -> str:
    return ", ".join(
        f"{s} = {a.tolist() if isinstance(a, np.ndarray) else a}" for s, a in place.values.items()
    )
