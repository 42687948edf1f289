"""Arrays arranged anew, by index: einsum, vec, unvec, reshape, permute, pad and skew.

Each is a signature, a shape rule and an index definition, and has no other rule: what is lowered,
differentiated and evaluated is the definition. A value of two axes is a matrix and may stand in
matrix algebra; of no axis, a scalar; of any other number, an array.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import sympy as sp
from sympy.core.symbol import Str

from derive.base.errors import ClaimError, ShapeError, UnsupportedError
from derive.language.checked_arguments import given_array, given_expression
from derive.language.dims import Dims, condition, same_size, shown
from derive.language.operators import ArrayOperator, MatrixOperator, entry, fresh_index
from derive.language.shape_rules import Shaping, shape_rule

Sizes = tuple[Any, ...]


@dataclass(frozen=True)
class Arrangement:
    """How a kind of arrangement is read.

    :param shape: the shape of the value, from the operands and the options.
    :param entry: the entry at some indices, from the operands, the options and the indices.
    :param check: raises :class:`ShapeError` where the operands' shapes do not fit.
    """

    shape: Callable[[Sequence[Any], Sequence[Any]], Sizes]
    entry: Callable[[Sequence[Any], Sequence[Any], Sequence[Any]], Any]
    check: Callable[[Shaping, Any], None]


class _Arranged:
    """What both classes share: ``args`` are the kind, the operands and the options."""

    args: tuple[Any, ...]

    @property
    def kind(self) -> str:
        return self.args[0].name

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[1:-1]

    @property
    def options(self) -> tuple[Any, ...]:
        return tuple(self.args[-1])

    @property
    def shape(self) -> Any:
        return KINDS[self.kind].shape(self.operands, self.options)

    def definition(self, *indices: Any) -> sp.Expr:
        """The entry at these indices."""
        return KINDS[self.kind].entry(self.operands, self.options, indices)

    def _printed(self, printer: Any) -> str:
        if self.kind == "pad":
            return _pad_printed(printer, self.operands, self.options)
        operands = [printer._print(operand) for operand in self.operands]
        options = [_option(printer, option) for option in self.options]
        return ", ".join([*options, *operands] if self.kind == "einsum" else [*operands, *options])

    def _sympystr(self, printer: Any) -> str:
        return f"{self.kind}({self._printed(printer)})"

    def _latex(self, printer: Any) -> str:
        return rf"\operatorname{{{self.kind}}}\left({self._printed(printer)}\right)"


def _option(printer: Any, option: Any) -> str:
    return repr(option.name) if isinstance(option, Str) else printer._print(option)


class ArrangedMatrix(_Arranged, MatrixOperator):
    """An arrangement with two axes."""


class ArrangedArray(_Arranged, ArrayOperator):
    """An arrangement with any other number of axes."""


def _arranged(kind: str, operands: Sequence[Any], options: Sequence[Any]) -> Any:
    first, *others = operands
    given = (given_array(first, kind), *(given_expression(other, kind) for other in others))
    parts = (Str(kind), *given, sp.Tuple(*options))
    rank = len(KINDS[kind].shape(given, options))
    if rank == 0:
        return KINDS[kind].entry(given, options, ())
    return ArrangedMatrix(*parts) if rank == 2 else ArrangedArray(*parts)


@shape_rule(ArrangedMatrix, ArrangedArray)
def _arranged_shape(shapes: Shaping, expr: Any) -> Dims:
    """The shape that its definition gives, where the operands fit."""
    KINDS[expr.kind].check(shapes, expr)
    return tuple(expr.shape)


def _flat(indices: Sequence[Any], sizes: Sequence[Any]) -> Any:
    """The place of an entry where the last index runs fastest."""
    place: Any = sp.S.Zero
    for index, size in zip(indices, sizes, strict=True):
        place = place * size + index
    return sp.expand(place)


def _at_flat(array: Any, place: Any) -> Any:
    """The entry of an array at a flat place: of one axis longer than 1 directly, else as the sum
    over all entries of which only that one counts.
    """
    sizes = tuple(array.shape)
    long = [axis for axis, size in enumerate(sizes) if size != 1]
    if len(long) <= 1:
        indices = [sp.S.Zero] * len(sizes)
        if long:
            indices[long[0]] = place
        return entry(array, *indices)
    over = [fresh_index() for _ in sizes]
    here = sp.KroneckerDelta(_flat(over, sizes), place)
    limits = [(k, 0, size - 1) for k, size in zip(over, sizes, strict=True)]
    return sp.Sum(entry(array, *over) * here, *reversed(limits))


# ---- einsum


def einsum(subscripts: str, *operands: Any) -> Any:
    """einsum("ij,jk->ik", A, B): the product of the operands' entries, summed over every letter
    that the value does not have. Letters as in NumPy; the arrow has to be written.

    :raises ShapeError: where the subscripts do not go with the operands.
    """
    if not isinstance(subscripts, str):
        raise ClaimError(f"einsum takes its subscripts first, as a string, not {subscripts}")
    operands = tuple(given_array(operand, "einsum") for operand in operands)
    text = subscripts.replace(" ", "")
    if "->" not in text or "." in text:
        raise ShapeError(
            f"einsum: {subscripts!r} is to name every axis and, after ->, those of the value"
        )
    inputs, output = text.split("->")
    parts = inputs.split(",")
    if len(parts) != len(operands):
        raise ShapeError(
            f"einsum: {subscripts!r} is for {len(parts)} operands, not {len(operands)}"
        )
    unknown = [letter for letter in output if letter not in inputs]
    if unknown or len(set(output)) != len(output):
        raise ShapeError(f"einsum: {output!r} is to name axes of the operands, each once")
    for part, operand in zip(parts, operands, strict=True):
        rank = len(operand.shape)
        if len(part) != rank:
            raise ShapeError(f"einsum: {part!r} has {len(part)} axes and {operand} has {rank}")
    return _arranged("einsum", operands, (Str(text),))


def _letters(operands: Sequence[Any], options: Sequence[Any]) -> tuple[list[str], str, dict]:
    inputs, output = options[0].name.split("->")
    parts = inputs.split(",")
    sizes: dict[str, Any] = {}
    for part, operand in zip(parts, operands, strict=True):
        for letter, size in zip(part, operand.shape, strict=True):
            sizes.setdefault(letter, size)
    return parts, output, sizes


def _einsum_shape(operands: Sequence[Any], options: Sequence[Any]) -> Sizes:
    _, output, sizes = _letters(operands, options)
    return tuple(sizes[letter] for letter in output)


def _einsum_entry(operands: Sequence[Any], options: Sequence[Any], indices: Sequence[Any]) -> Any:
    parts, output, sizes = _letters(operands, options)
    at = dict(zip(output, indices, strict=True))
    summed = [letter for letter in sizes if letter not in at]
    at.update((letter, fresh_index(letter)) for letter in summed)
    factors = [entry(a, *(at[k] for k in part)) for part, a in zip(parts, operands, strict=True)]
    body = sp.Mul(*factors)
    return sp.Sum(body, *((at[k], 0, sizes[k] - 1) for k in summed)) if summed else body


def _einsum_check(shapes: Shaping, expr: Any) -> None:
    parts, _, _ = _letters(expr.operands, expr.options)
    first: dict[str, tuple[Any, Any]] = {}
    for part, operand in zip(parts, expr.operands, strict=True):
        for letter, size in zip(part, shapes.of(operand), strict=True):
            known, other = first.setdefault(letter, (size, operand))
            if not same_size(known, size):
                hint = condition([(known, size)])
                raise ShapeError(
                    f"in {expr}: the axis {letter} has size {known} in {other} and "
                    f"{size} in {operand}" + (f"; they fit {hint}" if hint else "")
                )


# ---- reshape, vec, unvec, permute


def reshape(array: Any, *sizes: Any) -> Any:
    """The entries of an array in new axes, in the order in which the last index runs fastest (as
    NumPy does): ``reshape(A, n, m)`` or ``reshape(A, (n, m))``. The sizes multiply to as many
    entries as there are.
    """
    return _arranged("reshape", (array,), tuple(map(sp.sympify, _spread(sizes))))


def _spread(arguments: Sequence[Any]) -> tuple[Any, ...]:
    """Sizes or axes that were given one by one, or as one sequence."""
    if len(arguments) == 1 and isinstance(arguments[0], (tuple, list, sp.Tuple)):
        return tuple(arguments[0])
    return tuple(arguments)


def vec(matrix: Any) -> Any:
    """vec(A): the columns of A, of shape (n, m), under one another; shape (n·m, 1)."""
    return _arranged("vec", (matrix,), ())


def stacked(expr: Any) -> Any:
    """The matrix X, or its transpose, of which an expression is vec(X); None where it is none."""
    return expr.operands[0] if isinstance(expr, ArrangedMatrix) and expr.kind == "vec" else None


def unvec(vector: Any, *sizes: Any) -> Any:
    """unvec(x, n, m)[i, j] = x[i + n·j]: the matrix whose columns, under one another, are x; also
    ``unvec(x, (n, m))``.

    :raises ShapeError: where there are not two sizes.
    """
    sizes = _spread(sizes)
    if len(sizes) != 2:
        raise ShapeError(f"unvec: the rows and the columns are meant, not {shown(sizes)}")
    return _arranged("unvec", (vector,), tuple(map(sp.sympify, sizes)))


def permute(array: Any, *axes: Any) -> Any:
    """The axes of an array in another order, as NumPy's ``transpose``: axis k of the value is axis
    ``axes[k]`` of the array; ``permute(A, (1, 0))`` or ``permute(A, 1, 0)``.

    :raises ShapeError: where ``axes`` does not name each axis once.
    """
    axes, array = _spread(axes), given_array(array, "permute")
    if sorted(axes) != list(range(len(array.shape))):
        raise ShapeError(f"permute: {tuple(axes)} is no order of the {len(array.shape)} axes")
    return _arranged("permute", (array,), (sp.Tuple(*axes),))


def _vec_entry(operands: Sequence[Any], options: Sequence[Any], indices: Sequence[Any]) -> Any:
    (matrix,) = operands
    rows, columns = matrix.shape
    if 1 in (rows, columns):
        return entry(matrix, *((sp.S.Zero, indices[0]) if rows == 1 else (indices[0], sp.S.Zero)))
    i, j = fresh_index("i"), fresh_index("j")
    here = sp.KroneckerDelta(i + rows * j, indices[0])
    return sp.Sum(entry(matrix, i, j) * here, (i, 0, rows - 1), (j, 0, columns - 1))


def _permuted(order: Sequence[int], indices: Sequence[Any]) -> list[Any]:
    places: list[Any] = [None] * len(order)
    for axis, index in zip(order, indices, strict=True):
        places[int(axis)] = index
    return places


def _fits_anyhow(shapes: Shaping, expr: Any) -> None:
    for operand in expr.operands:
        shapes.of(operand)


def _as_many(shapes: Shaping, expr: Any) -> None:
    """Insist on as many entries as before."""
    (operand,) = expr.operands
    before, after = shapes.of(operand), tuple(expr.shape)
    if not same_size(prod(before, start=sp.S.One), prod(after, start=sp.S.One)):
        raise ShapeError(
            f"in {expr}: {operand} has shape {shown(before)}, and {shown(after)} has another "
            "number of entries"
        )


def _is_vector(shapes: Shaping, expr: Any) -> None:
    (operand,) = expr.operands
    shape = shapes.of(operand)
    if sum(size != 1 for size in shape) > 1:
        raise ShapeError(f"in {expr}: {operand} has shape {shown(shape)}; a vector is meant")
    _as_many(shapes, expr)


def _is_matrix(shapes: Shaping, expr: Any) -> None:
    (operand,) = expr.operands
    shape = shapes.of(operand)
    if len(shape) != 2:
        raise ShapeError(f"in {expr}: {operand} has shape {shown(shape)}; a matrix is meant")


# ---- pad


SEQUENCES = (tuple, list, sp.Tuple)
MODES = ("constant", "reflect", "circular")


def pad(array: Any, widths: Any, mode: str = "constant", value: Any = 0) -> Any:
    """An array with a border: ``widths`` has (before, after) for each axis, or one for all sides.

    The border is ``value``; or, by ``mode``, the entries mirrored at the first and the last one
    ("reflect", widths less than the size), or those of the other end ("circular", widths at most
    the size).

    :raises ShapeError: where there are not two widths for each axis.
    :raises UnsupportedError: for another mode.
    """
    array = given_array(array, "pad")
    alike = [(widths, widths)] * len(array.shape)
    each = widths if isinstance(widths, SEQUENCES) else alike
    pairs = [tuple(pair) if isinstance(pair, SEQUENCES) else () for pair in each]
    if len(pairs) != len(array.shape) or any(len(pair) != 2 for pair in pairs):
        raise ShapeError(f"pad: {widths} is to have (before, after) for each of the axes")
    if mode not in MODES:
        raise UnsupportedError(f"pad: the mode is {', '.join(MODES)}, not {mode}")
    sizes = (sp.Tuple(*(given_expression(size, "pad") for size in pair)) for pair in pairs)
    options = (Str(mode), *sizes)
    if mode == "constant":
        return _arranged("pad", (array, value), options)
    return _arranged("pad", (array,), options)


def _pad_shape(operands: Sequence[Any], options: Sequence[Any]) -> Sizes:
    sizes = zip(operands[0].shape, options[1:], strict=True)
    return tuple(sp.expand(before + size + after) for size, (before, after) in sizes)


def _pad_entry(operands: Sequence[Any], options: Sequence[Any], indices: Sequence[Any]) -> Any:
    array, mode = operands[0], options[0].name
    cases: list[tuple[list[Any], list[Any]]] = [([], [])]  # places read, and where
    for index, size, (before, after) in zip(indices, array.shape, options[1:], strict=True):
        place, last = index - before, size - 1
        low, high = sp.Lt(place, 0, evaluate=False), sp.Gt(place, last, evaluate=False)
        ways = [(place, [] if before == after == 0 else [sp.Not(low), sp.Not(high)])]
        if mode != "constant":
            left, right = (-place, 2 * last - place) if mode == "reflect" else (
                place + size, place - size
            )  # fmt: skip
            ways += [(left, [low])] if before != 0 else []
            ways += [(right, [high])] if after != 0 else []
        cases = [([*at, p], [*tests, *more]) for at, tests in cases for p, more in ways]
    branches: list[Any] = [
        (entry(array, *at), sp.And(*tests, evaluate=False) if tests else sp.true)
        for at, tests in cases
    ]
    if mode == "constant":
        branches.append((operands[1], sp.true))
    elif len(branches) > 1:
        branches[-1] = (branches[-1][0], sp.true)  # one of the cases always applies
    if branches[0][1] is sp.true:
        return branches[0][0]
    return sp.Piecewise(*branches, evaluate=False)


def _pad_printed(printer: Any, operands: Sequence[Any], options: Sequence[Any]) -> str:
    array, mode = printer._print(operands[0]), options[0].name
    text = f"{array}, [{', '.join(map(printer._print, options[1:]))}]"
    if mode != "constant":
        return f"{text}, mode={mode!r}"
    return text if operands[1] == 0 else f"{text}, value={printer._print(operands[1])}"


# ---- skew


def skew(vector: Any) -> sp.ImmutableDenseMatrix:
    """The matrix of the cross product with a vector of three entries: skew(v)·u = v × u.

    :raises ShapeError: for anything but a row or a column of three.
    """
    shape = tuple(vector.shape)
    if shape not in ((3, 1), (1, 3), (3,)):
        raise ShapeError(f"skew: {vector} has shape {shown(shape)}; three entries are meant")
    places = [(k,) if len(shape) == 1 else (k, 0) if shape[0] == 3 else (0, k) for k in range(3)]
    a, b, c = (entry(vector, *place) for place in places)
    return sp.ImmutableDenseMatrix([[0, -c, b], [c, 0, -a], [-b, a, 0]])


KINDS: Mapping[str, Arrangement] = {
    "einsum": Arrangement(_einsum_shape, _einsum_entry, _einsum_check),
    "reshape": Arrangement(
        lambda operands, sizes: tuple(sizes),
        lambda operands, sizes, at: _at_flat(operands[0], _flat(at, sizes)),
        _as_many,
    ),
    "vec": Arrangement(
        lambda operands, _: (prod(operands[0].shape, start=sp.S.One), sp.S.One),
        _vec_entry,
        _is_matrix,
    ),
    "unvec": Arrangement(
        lambda operands, sizes: tuple(sizes),
        lambda operands, sizes, at: _at_flat(operands[0], sp.expand(at[0] + sizes[0] * at[1])),
        _is_vector,
    ),
    "permute": Arrangement(
        lambda operands, options: tuple(operands[0].shape[int(k)] for k in options[0]),
        lambda operands, options, at: entry(operands[0], *_permuted(options[0], at)),
        _fits_anyhow,
    ),
    "pad": Arrangement(_pad_shape, _pad_entry, _fits_anyhow),
}
