"""The functions that documents write by name, each with what it makes of the values it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from derive.frontends.document import values
from derive.frontends.document.choices import Choices
from derive.frontends.document.values import Misfit, Unsure, Value, is_vector, scalar, transpose
from derive.language.activations import gelu, relu, sigmoid, silu, softplus
from derive.language.arrays import vec
from derive.language.dims import shown
from derive.language.operators import entry, fresh_index, logsumexp, max_over, softmax

Builder = Callable[[Choices, "list[Value]"], Value]


def _named(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda z: function(z)


ENTRYWISE: Mapping[str, Callable[[Any], Any]] = {
    "exp": sp.exp,
    "log": sp.log,
    "ln": sp.log,
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "arctan": sp.atan,
    "atan": sp.atan,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "tanh": sp.tanh,
    "erf": sp.erf,
    "sqrt": sp.sqrt,
    "sgn": sp.sign,
    "sign": sp.sign,
    "abs": sp.Abs,
    "sigmoid": sigmoid,
    "logistic": sigmoid,
    "sigm": sigmoid,
    "softplus": softplus,
    "relu": relu,
    "gelu": gelu,
    "silu": silu,
    "swish": silu,
}
"""Functions of a real number, taken entry by entry. Names are compared in lower case."""


def along(choices: Choices, value: Value, of_rows: Callable[[Any], Any], keeps: bool) -> Value:
    """A function of each row of a matrix, or of each column; of a vector, of all of it.

    :param keeps: whether the result has the operand's shape; a number for each row otherwise.
    """
    if value.is_scalar or not value.is_matrix:
        raise Misfit(f"softmax of shape {shown(value.shape)}")
    rows, cols = value.shape
    if cols == 1 or (rows != 1 and choices.pick("softmax", ("rows", "columns")) == "columns"):
        turned = of_rows(transpose(value).expr)
        if keeps:
            return Value(sp.Transpose(turned), value.shape, value.thin)
        return Value(entry(turned, 0, 0)) if cols == 1 else Value(sp.Transpose(turned), (1, cols))
    made = of_rows(value.expr)
    if keeps:
        return Value(made, value.shape, value.thin)
    return Value(entry(made, 0, 0)) if rows == 1 else Value(made, (rows, 1))


def _softmax(choices: Choices, parts: list[Value]) -> Value:
    return along(choices, _one(parts), softmax, keeps=True)


def _logsumexp(choices: Choices, parts: list[Value]) -> Value:
    return along(choices, _one(parts), logsumexp, keeps=False)


def _log_softmax(choices: Choices, parts: list[Value]) -> Value:
    return values.apply(sp.log, _softmax(choices, parts))


def _one(parts: list[Value]) -> Value:
    if len(parts) != 1:
        raise Unsure(f"a function of one argument is given {len(parts)}")
    return parts[0]


def _square(value: Value, name: str) -> Value:
    if not value.shape:
        return value
    if not value.is_matrix or not values.same(*value.shape):
        raise Misfit(f"{name} of shape {shown(value.shape)}, which is not square")
    return value


def trace(choices: Choices, parts: list[Value]) -> Value:
    value = _square(_one(parts), "the trace")
    return Value(sp.Trace(value.expr)) if value.shape else value


def determinant(choices: Choices, parts: list[Value]) -> Value:
    value = _square(_one(parts), "the determinant")
    return Value(sp.Determinant(value.expr)) if value.shape else value


def _log_determinant(choices: Choices, parts: list[Value]) -> Value:
    return Value(sp.log(determinant(choices, parts).expr))


def diagonal(choices: Choices, parts: list[Value]) -> Value:
    """The diagonal matrix of a vector, or the diagonal of a matrix, a column."""
    value = _one(parts)
    if is_vector(value) and not value.is_scalar:
        made = values.column(value)
        return Value(sp.DiagMatrix(made.expr), (made.shape[0], made.shape[0]))
    made = _square(value, "the diagonal")
    if not made.shape:
        return made
    return Value(sp.DiagonalOf(made.expr), (made.shape[0], sp.S.One), thin=True)


def _sum(choices: Choices, parts: list[Value]) -> Value:
    return values.total(_one(parts))


def _rowsum(choices: Choices, parts: list[Value]) -> Value:
    value = _one(parts)
    if not value.is_matrix:
        raise Misfit(f"the sums of the rows of shape {shown(value.shape)}")
    ones = Value(sp.OneMatrix(value.shape[1], 1), (value.shape[1], sp.S.One))
    return replace(values.multiply(value, ones), thin=True)


def _mean(choices: Choices, parts: list[Value]) -> Value:
    value = _one(parts)
    return Value(values.total(value).expr / sp.Mul(*value.shape)) if value.shape else value


def _extreme(function: Any) -> Builder:
    def build(choices: Choices, parts: list[Value]) -> Value:
        if len(parts) == 1 and is_vector(parts[0]):
            vector = values.column(parts[0])
            if function is sp.Min:
                raise Unsure("the least entry of a vector")
            k = fresh_index()
            return Value(max_over(entry(vector.expr, k, 0), (k, 0, vector.shape[0] - 1)))
        if len(parts) < 2:
            raise Unsure("a maximum of one number")
        return values.combine(function, parts)

    return build


def _vec(choices: Choices, parts: list[Value]) -> Value:
    value = _one(parts)
    if not value.is_matrix:
        raise Misfit(f"vec of shape {shown(value.shape)}")
    rows, cols = value.shape
    return Value(vec(value.expr), (rows * cols, sp.S.One))


def norm(choices: Choices, value: Value, kind: str) -> Value:
    """‖value‖: of a vector by ``kind``, of a matrix the Frobenius norm.

    :raises Unsure: for a norm that is none of those.
    """
    if not value.shape:
        return Value(sp.Abs(value.expr))
    if is_vector(value):
        if kind in ("", "2", "F"):
            return Value(sp.sqrt(values.squares(value)))
        if kind == "1":
            return values.total(values.apply(sp.Abs, value))
        if kind in ("infty", "max"):
            return _extreme(sp.Max)(choices, [values.apply(sp.Abs, value)])
        raise Unsure(f"the norm of kind {kind}")
    if kind in ("F",) or (kind == "" and _frobenius(choices)):
        return Value(sp.sqrt(values.squares(value)))
    raise Unsure("a norm of a matrix other than the Frobenius norm")


def _frobenius(choices: Choices) -> bool:
    return choices.pick("matrix norm", ("Frobenius", "spectral")) == "Frobenius"


def _transposed(choices: Choices, parts: list[Value]) -> Value:
    return transpose(_one(parts))


BY_NAME: Mapping[str, Builder] = {
    "softmax": _softmax,
    "logsoftmax": _log_softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "lse": _logsumexp,
    "tr": trace,
    "trace": trace,
    "sp": trace,  # in German
    "spur": trace,
    "det": determinant,
    "logdet": _log_determinant,
    "diag": diagonal,
    "sum": _sum,
    "mean": _mean,
    "rowsum": _rowsum,
    "max": _extreme(sp.Max),
    "min": _extreme(sp.Min),
    "vec": _vec,
}


def known(name: str) -> bool:
    return name.lower() in ENTRYWISE or name.lower() in BY_NAME


def applied(choices: Choices, name: str, parts: list[Value]) -> Value:
    """A function of this name at these arguments.

    :raises Misfit: where its argument has another shape.
    :raises Unsure: for an argument that it has no value for here.
    """
    function = ENTRYWISE.get(name.lower())
    if function is not None:
        return values.apply(function, _one(parts))
    return BY_NAME[name.lower()](choices, parts)


__all__ = [
    "BY_NAME",
    "ENTRYWISE",
    "along",
    "applied",
    "determinant",
    "diagonal",
    "known",
    "norm",
    "scalar",
    "trace",
]
