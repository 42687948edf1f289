"""The names of Python's ``math`` on sizes and traced numbers; plain numbers stay exact."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import sympy as sp

from derive.frontends.code import arithmetic
from derive.frontends.code import arrays as arr
from derive.frontends.code import operations as ops
from derive.frontends.code.arrays import FLOAT, Array
from derive.frontends.code.sizes import Size, expression, plain, quotient
from derive.frontends.code.trace import Refused


def _whole(rounded: Callable[[float], int], up: bool) -> Callable[[Any], Any]:
    def applied(x: Any) -> Any:
        if isinstance(x, (int, float)):
            return rounded(x)
        body = expression(x) if isinstance(x, Size) else arr.as_array(x).scalar()
        top, bottom = sp.fraction(sp.together(body))
        if body.atoms(sp.IndexedBase):
            raise Refused("a number that depends on values is rounded")
        if top.is_polynomial() and bottom.is_polynomial():
            return plain(-quotient(-top, bottom) if up else quotient(top, bottom))
        raise Refused(f"{body} is rounded")

    return applied


NAMES: dict[str, Any] = {
    "pi": Array((), {(): sp.pi}, FLOAT), "e": Array((), {(): sp.E}, FLOAT),
    "inf": float("inf"), "nan": float("nan"),
    "sqrt": ops.sqrt, "exp": ops.exp, "tanh": ops.tanh, "sin": ops.sin, "cos": ops.cos,
    "tan": ops.tan, "sinh": ops.sinh, "cosh": ops.cosh, "atan": ops.arctan, "erf": ops.erf,
    "log": lambda x, base=None: ops.log(x) if base is None else ops.log(x) / ops.log(base),
    "log2": ops.log2, "log10": ops.log10, "log1p": ops.log1p, "expm1": ops.expm1,
    "pow": arithmetic.power, "fabs": arithmetic.absolute,
    "floor": _whole(math.floor, False), "ceil": _whole(math.ceil, True),
    "prod": lambda values: math.prod(values), "isclose": math.isclose, "gcd": math.gcd,
}  # fmt: skip
METHODS: dict[str, Any] = {}
ATTRIBUTES: dict[str, Any] = {}
