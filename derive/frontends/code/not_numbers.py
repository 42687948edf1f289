"""What looks for values that are no numbers: entries are real numbers here, so there are none."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.frontends.code import operations as ops
from derive.frontends.code.arithmetic import where
from derive.frontends.code.arrays import BOOL, Array, as_array
from derive.frontends.code.trace import Refused


def _nowhere(x: Any) -> Array:
    if any(body.has(sp.oo, -sp.oo, sp.nan) for body in as_array(x).bodies.values()):
        raise Refused("entries that are masked by −∞ are looked for")
    return ops.like(x, False, BOOL)


def _everywhere(x: Any) -> Array:
    return ops.logical_not(_nowhere(x))


def _known(x: Any, what: str) -> Array:
    """Conditions of which each is known to hold or not to.

    :raises Refused: for any other.
    """
    conditions = ops.as_condition(x)
    if not all(body in (sp.true, sp.false) for body in conditions.bodies.values()):
        raise Refused(f"{what} of conditions on values")
    return conditions


def some(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """``np.any``, of what is known."""
    return any(body == sp.true for body in _known(x, "any").bodies.values())


def every(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """``np.all``, of what is known."""
    return all(body == sp.true for body in _known(x, "all").bodies.values())


def _total(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    return ops.total(x, axis, keepdims)


def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    return ops.mean(x, axis, keepdims)


def _largest(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    return ops.largest(x, axis, keepdims)


def _numbers(x: Any, copy: bool = True, nan: Any = 0, **ends: Any) -> Array:
    return as_array(x).copy()


def counted(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """How many entries are not 0."""
    return ops.total(where(ops.as_condition(x), 1.0, 0.0), axis, keepdims)


NOT_NUMBERS: dict[str, Any] = {
    "isnan": _nowhere, "isinf": _nowhere, "isfinite": _everywhere, "nan_to_num": _numbers,
    "nansum": _total, "nanmean": _mean, "nanmax": _largest, "any": some, "all": every,
    "count_nonzero": counted,
}  # fmt: skip
