"""When two readings make the same claim: what they say is the same, but for the identity of bound
indices.

Printing would tell as well; SymPy asks for signs and simplifies products while it prints, which
takes far longer than to read a formula.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import fields
from typing import Any

import sympy as sp

from derive.claims.kinds import Claim


def key(claim: Claim) -> Hashable:
    """Equal for claims that say the same."""
    said = (_spelt(getattr(claim, field.name)) for field in fields(claim))
    return (type(claim).__name__, *said)


def _spelt(value: Any) -> Hashable:
    match value:
        case sp.Symbol():
            return (value.name, value.is_integer, value.is_positive)
        case sp.Basic() if value.args:
            return (_name(value), *map(_spelt, value.args))
        case sp.Basic():
            return (_name(value), str(value))
        case Mapping():
            return tuple((_spelt(name), _spelt(body)) for name, body in value.items())
        case tuple() | list():
            return tuple(map(_spelt, value))
    return repr(value)


def _name(value: sp.Basic) -> str:
    return str(getattr(value.func, "__name__", value.func))


__all__ = ["key"]
