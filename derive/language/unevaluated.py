"""Relations and branches that travel between processes as they are written.

SymPy builds what is unpickled anew, and R > 0 for an R that is declared positive is True then: a
verdict would lose what it assumes, and a branch its condition.
"""

from __future__ import annotations

import copyreg
from typing import Any

import sympy as sp

RELATIONS = (sp.Gt, sp.Ge, sp.Lt, sp.Le, sp.Eq, sp.Ne)


def _rebuilt(kind: type, arguments: tuple[Any, ...]) -> Any:
    return kind(*arguments, evaluate=False)


def _reduced(node: Any) -> Any:
    return _rebuilt, (type(node), node.args)


def keep_as_written() -> None:
    """Pickle every relation and every Piecewise with the order not to evaluate it again."""
    for kind in (*RELATIONS, sp.Piecewise):
        copyreg.pickle(kind, _reduced)
