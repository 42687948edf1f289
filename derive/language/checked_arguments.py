"""What constructors are given, checked: a wrong call is one sentence, and no error of SymPy's."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.base.errors import ClaimError

INDICES = (sp.Symbol, sp.Idx)


def given_expression(value: Any, of: str) -> Any:
    """A SymPy expression.

    :param of: the constructor, for the error.
    :raises ClaimError: for anything that is none; a string is not parsed.
    """
    found = None
    if not isinstance(value, str):
        try:
            found = sp.sympify(value)
        except (sp.SympifyError, TypeError, ValueError, AttributeError):
            found = None
    if not isinstance(found, (sp.Basic, sp.MatrixBase)):
        raise ClaimError(f"{of} takes SymPy expressions, not {value!r}")
    return found


def given_array(value: Any, of: str) -> Any:
    """An array or a matrix: what has a shape."""
    found = given_expression(value, of)
    if not isinstance(getattr(found, "shape", None), (tuple, sp.Tuple)):
        raise ClaimError(f"{of} takes an array with a shape, not {value}")
    return found


def given_limits(value: Any, of: str) -> sp.Tuple:
    """(k, low, high), k a symbol."""
    found = _parts(value)
    if len(found) != 3 or not isinstance(found[0], INDICES):
        raise ClaimError(f"{of} goes over (k, low, high), k a symbol, not over {value}")
    return sp.Tuple(*(given_expression(part, of) for part in found))


def given_axis(value: Any, of: str) -> sp.Tuple:
    """(index, size), the index a symbol."""
    found = _parts(value)
    if len(found) != 2 or not isinstance(found[0], INDICES):
        raise ClaimError(f"an axis of {of} is (index, size), the index a symbol, not {value}")
    return sp.Tuple(*(given_expression(part, of) for part in found))


def _parts(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list, sp.Tuple)) else ()
