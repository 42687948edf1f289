"""The functions of a typed formula, and the facts that may be given of its names."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from derive.frontends.typed.operations import (
    COMPARISONS,
    Reading,
    Shape,
    clash,
    common_shape,
    fitted,
    scalar,
    square,
    transpose,
)
from derive.language.activations import NamedFunction, gelu, relu, sigmoid, silu, softplus
from derive.language.dims import is_unit, same_shape, shown
from derive.language.matrix_functions import cholesky, matrix_exp, sqrtm
from derive.language.operators import entry, logsumexp, softmax


@dataclass(frozen=True)
class Function:
    """How a call is read, and how many arguments it takes."""

    build: Callable[[Reading, ast.Call], Any]
    least: int = 1
    most: int = 1


def _entrywise(
    reader: Reading, node: ast.expr, function: Callable[..., Any], nodes: Sequence[ast.expr]
) -> Any:
    """A function of scalars, of the entries of its arguments at the same place."""
    values = [reader.value(part) for part in nodes]
    parts = [(part, reader.shape(value)) for part, value in zip(nodes, values, strict=True)]
    values = [
        scalar(value) if is_unit(shape) else value
        for value, (_, shape) in zip(values, parts, strict=True)
    ]
    matrices = list(dict.fromkeys(value for value in values if value.is_Matrix))
    if not matrices:
        return function(*values)
    if len(matrices) == 1:
        z = reader.fresh("z", real=True)
        body = function(*(z if value.is_Matrix else value for value in values))
        return matrices[0].applyfunc(sp.Lambda(z, body))
    shape = common_shape(reader, node, parts)
    i, j = reader.indices()
    entries = [
        entry(fitted(value, shape, own), i, j) if value.is_Matrix else value
        for value, (_, own) in zip(values, parts, strict=True)
    ]
    return sp.FunctionMatrix(*shape, sp.Lambda((i, j), function(*entries)))


def _applied(function: Callable[..., Any]) -> Function:
    return Function(lambda reader, node: _entrywise(reader, node, function, node.args))


def _extreme(function: Callable[..., Any]) -> Function:
    return Function(lambda reader, node: _entrywise(reader, node, function, node.args), 2, 99)


def _where(reader: Reading, node: ast.Call) -> Any:
    test, *branches = node.args
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        message = f"{reader.source.of(test)} is not a single comparison such as a < b"
        raise reader.source.error(message, test)
    relation = COMPARISONS.get(type(test.ops[0]))
    if relation is None:
        raise reader.source.error(f"{reader.source.of(test)} is not a comparison", test)

    def cases(left: Any, right: Any, then: Any, otherwise: Any) -> Any:
        return sp.Piecewise((then, relation(left, right)), (otherwise, True))

    return _entrywise(reader, node, cases, [test.left, test.comparators[0], *branches])


def _matrix(reader: Reading, node: ast.expr) -> tuple[Any, Shape]:
    value = reader.value(node)
    shape = reader.shape(value)
    if not shape:
        raise reader.source.misfit(f"{reader.source.of(node)} is a scalar, not a matrix", node)
    return value, shape


def _by_rows(function: Callable[[Any], Any]) -> Function:
    def build(reader: Reading, node: ast.Call) -> Any:
        value, (_, cols) = _matrix(reader, node.args[0])
        if cols == 1 and not is_unit(reader.shape(value)):
            text, name = reader.source.of(node.args[0]), reader.source.of(node.func)
            raise reader.source.misfit(
                f"{name} goes along rows, and {text} is a column; write {name}(({text}).T)", node
            )
        return function(value)

    return Function(build)


def _added_up(
    reader: Reading, value: Any, shape: Shape, term: Callable[[Any], Any] = lambda x: x
) -> Any:
    """Σ term(entry) over all entries; an axis of size 1 is not summed over."""
    axes = list(zip(reader.indices(), shape, strict=True))
    body = term(entry(value, *(k if size != 1 else sp.S.Zero for k, size in axes)))
    limits = [(k, 0, size - 1) for k, size in axes if size != 1]
    return sp.Sum(body, *limits) if limits else body


def _sum(reader: Reading, node: ast.Call) -> Any:
    value = reader.value(node.args[0])
    shape = reader.shape(value)
    return _added_up(reader, value, shape) if shape else value


def _mean(reader: Reading, node: ast.Call) -> Any:
    value = reader.value(node.args[0])
    shape = reader.shape(value)
    return _added_up(reader, value, shape) / sp.Mul(*shape) if shape else value


def _norm(reader: Reading, node: ast.Call) -> Any:
    value = reader.value(node.args[0])
    shape = reader.shape(value)
    return sp.sqrt(_added_up(reader, value, shape, lambda x: x**2)) if shape else sp.Abs(value)


def _of_square(function: Callable[[Any], Any]) -> Function:
    def build(reader: Reading, node: ast.Call) -> Any:
        value = reader.value(node.args[0])
        square(reader, node.args[0], value)
        return function(value)

    return Function(build)


def _hadamard(reader: Reading, node: ast.Call) -> Any:
    values = [_matrix(reader, part) for part in node.args]
    parts = [(part, shape) for part, (_, shape) in zip(node.args, values, strict=True)]
    shape = common_shape(reader, node, parts)
    return sp.HadamardProduct(*(fitted(value, shape, own) for value, own in values))


def _diag(reader: Reading, node: ast.Call) -> Any:
    value, shape = _matrix(reader, node.args[0])
    if 1 in shape:
        return sp.DiagMatrix(value)
    square(reader, node.args[0], value)
    return sp.DiagonalOf(value)


def _column(reader: Reading, node: ast.expr) -> Any:
    value, shape = _matrix(reader, node)
    if 1 not in shape:
        message = f"{reader.source.of(node)} has shape {shown(shape)}; a row or a column is meant"
        raise reader.source.misfit(message, node)
    return value if shape[1] == 1 else transpose(value)


def _outer(reader: Reading, node: ast.Call) -> Any:
    left, right = (_column(reader, part) for part in node.args)
    return sp.MatMul(left, transpose(right))


def _dot(reader: Reading, node: ast.Call) -> Any:
    left, right = (_column(reader, part) for part in node.args)
    a, b = reader.shape(left), reader.shape(right)
    if not same_shape(a, b):
        clash(reader, node, [(node.args[0], a), (node.args[1], b)], "multiplied")
    return entry(sp.MatMul(transpose(left), right), 0, 0)


def _filled(function: Callable[..., Any], number: int) -> Function:
    def build(reader: Reading, node: ast.Call) -> Any:
        sizes = [reader.size(part) for part in node.args]
        for size, part in zip(sizes, node.args, strict=True):
            if size.is_number and size < 1:
                raise reader.source.error(f"{size} is not a size: sizes are 1 or more", part)
        return function(*sizes)

    return Function(build, number, number)


def _formula(named: type[NamedFunction]) -> Callable[[Any], Any]:
    return lambda z: named(z).formula()


OF_SIZES = {
    "ones": _filled(sp.OneMatrix, 2),
    "zeros": _filled(sp.ZeroMatrix, 2),
    "eye": _filled(sp.Identity, 1),
}

FUNCTIONS: Mapping[str, Function] = {
    "exp": _applied(sp.exp),
    "log": _applied(sp.log),
    "sqrt": _applied(sp.sqrt),
    "sin": _applied(sp.sin),
    "cos": _applied(sp.cos),
    "tan": _applied(sp.tan),
    "atan": _applied(sp.atan),
    "sinh": _applied(sp.sinh),
    "cosh": _applied(sp.cosh),
    "tanh": _applied(sp.tanh),
    "erf": _applied(sp.erf),
    "abs": _applied(sp.Abs),
    "sign": _applied(sp.sign),
    "erfc": _applied(sp.erfc),
    "erfinv": _applied(sp.erfinv),
    "gamma": _applied(sp.gamma),
    "loggamma": _applied(sp.loggamma),
    "digamma": _applied(sp.digamma),
    # Their formulas, not their names: what is derived is shown in the same terms.
    **{f.__name__: _applied(_formula(f)) for f in (sigmoid, softplus, relu, gelu, silu)},
    "max": _extreme(sp.Max),
    "min": _extreme(sp.Min),
    "where": Function(_where, 3, 3),
    "softmax": _by_rows(softmax),
    "logsumexp": _by_rows(logsumexp),
    "sum": Function(_sum),
    "mean": Function(_mean),
    "norm": Function(_norm),
    "trace": _of_square(sp.Trace),
    "tr": _of_square(sp.Trace),
    "det": _of_square(sp.Determinant),
    "logdet": _of_square(lambda a: sp.log(sp.Determinant(a))),
    "inv": _of_square(sp.Inverse),
    "cholesky": _of_square(cholesky),
    "sqrtm": _of_square(sqrtm),
    "expm": _of_square(matrix_exp),
    "hadamard": Function(_hadamard, 2, 99),
    "diag": Function(_diag),
    "outer": Function(_outer, 2, 2),
    "dot": Function(_dot, 2, 2),
    **OF_SIZES,
}
"""The functions of the language; a scalar one goes over the entries of a matrix."""

FACTS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "positive": (sp.Q.positive, ""),
    "negative": (sp.Q.negative, ""),
    "nonnegative": (sp.Q.nonnegative, ""),
    "nonpositive": (sp.Q.nonpositive, ""),
    "nonzero": (sp.Q.nonzero, ""),
    "symmetric": (sp.Q.symmetric, "square"),
    "orthogonal": (sp.Q.orthogonal, "square"),
    "invertible": (sp.Q.invertible, "square"),
    "positive_definite": (sp.Q.positive_definite, "square"),
    "diagonal": (sp.Q.diagonal, "matrix"),
    "upper_triangular": (sp.Q.upper_triangular, "matrix"),
    "lower_triangular": (sp.Q.lower_triangular, "matrix"),
    "fullrank": (sp.Q.fullrank, "matrix"),
}
"""The properties that ``--given`` takes, with what they are properties of."""
