"""Convolution, pooling and what else is done to images: operators on arrays (n, c, h, w).

A batch of n images has c channels of h rows and w columns. As in the field, convolution is the
cross-correlation, without a flip of the kernel. A position outside an image is worth 0, and in a
maximum it does not take part. Each operator has its signature, its index definition and its
shape rule here, and nothing else: no derivative rule.

References: V. Dumoulin, F. Visin, A guide to convolution arithmetic for deep learning,
arXiv:1603.07285, 2016 (sizes, and the transposed convolution); I. Goodfellow, Y. Bengio,
A. Courville, Deep Learning, MIT Press, 2016, chapter 9; the reference of torch.nn, whose names
and order of axes these are.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.base.errors import ClaimError, ShapeError
from derive.language.checked_arguments import given_expression
from derive.language.dims import Dims, condition, same_shape, same_size, shown
from derive.language.operators import ArrayOperator, MatrixOperator, MaxOver, entry, fresh_index
from derive.language.shape_rules import Shaping, shape_rule

NONE, ONES = sp.Tuple(0, 0), sp.Tuple(1, 1)

Pair = Any  # one value for both axes of an image, or (for rows, for columns)


def pair(value: Pair) -> sp.Tuple:
    """(rows, columns) from one value for both, or from two."""
    both = value if isinstance(value, (tuple, list, sp.Tuple)) else (value, value)
    if len(both) != 2:
        raise ClaimError(f"one value for both axes of an image is meant, or two, not {value}")
    return sp.Tuple(*(given_expression(part, "a layer of images") for part in both))


def window_count(size: Any, window: Any, stride: Any, padding: Any, dilation: Any = 1) -> Any:
    """How many windows there are along an axis: ⌊(h + 2P − d(k − 1) − 1)/s⌋ + 1.

    Relations 6 and 15 of Dumoulin and Visin.
    """
    room = sp.expand(size + 2 * padding - dilation * (window - 1) - 1)
    return sp.floor(room if stride == 1 else sp.expand(room / stride)) + 1


def window_count_rounded_up(size: Any, window: Any, stride: Any, padding: Any) -> Any:
    """The same rounded up, for as long as a window starts inside the image or its left padding."""
    whole = sp.ceiling(sp.expand((size + 2 * padding - window) / stride))
    starting = sp.ceiling(sp.expand((size + padding) / stride)) - 1
    return sp.Min(whole, starting) + 1


def inside(image: Any, indices: tuple[Any, ...], paddings: Any) -> Any:
    """The entry of an image, 0 outside of it; without padding a window never leaves it."""
    value = entry(image, *indices)
    tests: list[Any] = []
    for place, size, padding in zip(indices[2:], image.shape[2:], paddings, strict=True):
        if padding != 0:
            tests += [sp.Ge(place, 0, evaluate=False), sp.Le(place, size - 1, evaluate=False)]
    if not tests:
        return value
    within = sp.And(*tests, evaluate=False)
    return sp.Piecewise((value, within), (sp.S.Zero, sp.true), evaluate=False)


class ImageOperator(ArrayOperator):
    """What is printed of all of them: the operands, then the options that are not the default."""

    name = ""
    defaults: tuple[tuple[str, Any], ...] = ()

    @property
    def image(self) -> Any:
        return self.args[0]

    def _printed(self, printer: Any) -> str:
        options = [
            f"{name}={printer._print(_single(value))}"
            for (name, default), value in zip(self.defaults, self.options, strict=True)
            if value != default
        ]
        return ", ".join([*map(printer._print, self.operands), *options])

    def _sympystr(self, printer: Any) -> str:
        return f"{self.name}({self._printed(printer)})"

    def _latex(self, printer: Any) -> str:
        name = self.name.replace("_", r"\_")
        return rf"\operatorname{{{name}}}\left({self._printed(printer)}\right)"


def _single(value: Any) -> Any:
    """A pair of equal values as one."""
    if isinstance(value, sp.Tuple) and len(value) == 2 and value[0] == value[1]:
        return value[0]
    return value


class Conv2d(ImageOperator):
    """conv2d(X, W, b): W slid over X, a weighted sum at every place, and a bias for each channel.

    Entry (a, o, i, j) is Σ_cpq W[o, c, p, q]·X[a, c, s·i + d·p − P, s·j + d·q − P] + b[o], for
    the stride s, the padding P and the dilation d. With g groups, output channels and input
    channels fall into g blocks in order, and each block of the one sees its own of the other: c
    counts within the block. X (n, ci, h, w), W (co, ci/g, k, l), b (co,) or none; the value has
    shape (n, co, h', w') with h' = ⌊(h + 2P − d(k − 1) − 1)/s⌋ + 1, and w' alike.
    """

    name = "conv2d"
    defaults = (("stride", ONES), ("padding", NONE), ("dilation", ONES), ("groups", sp.S.One))

    @property
    def kernel(self) -> Any:
        return self.args[1]

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        samples, _, *size = self.image.shape
        channels, _, *window = self.kernel.shape
        strides, paddings, dilations, _ = self.options
        counts = map(window_count, size, window, strides, paddings, dilations)
        return (samples, channels, *counts)

    def definition(self, *indices: sp.Expr) -> sp.Expr:
        a, o, i, j = indices
        strides, paddings, dilations, groups = self.options
        outputs, inputs, *window = self.kernel.shape
        c, p, q = (fresh_index(name) for name in "cpq")
        limits = [(c, 0, inputs - 1), (p, 0, window[0] - 1), (q, 0, window[1] - 1)]
        weight, seen = entry(self.kernel, o, c, p, q), c
        if groups != 1 and outputs == groups:
            seen = o * inputs + c
        elif groups != 1:  # output channel o = e·r + m is in block e, of r channels
            e, m = fresh_index("e"), fresh_index("m")
            weight *= sp.KroneckerDelta(o, e * (outputs / groups) + m)
            seen = e * inputs + c
            limits += [(m, 0, outputs / groups - 1), (e, 0, groups - 1)]
        row, column = (
            s * at + d * offset - padding
            for s, at, d, offset, padding in zip(
                strides, (i, j), dilations, (p, q), paddings, strict=True
            )
        )
        total = sp.Sum(weight * inside(self.image, (a, seen, row, column), paddings), *limits)
        return total + entry(self.args[2], o) if len(self.operands) == 3 else total


def conv2d(
    image: Any,
    kernel: Any,
    bias: Any = None,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: Any = 1,
) -> Conv2d:
    """A convolution of (n, ci, h, w) with (co, ci/groups, k, l): see :class:`Conv2d`."""
    options = sp.Tuple(pair(stride), pair(padding), pair(dilation), sp.sympify(groups))
    return Conv2d(*_given(image, kernel, bias), options)


@shape_rule(Conv2d)
def _conv2d_shape(shapes: Shaping, expr: Conv2d) -> Dims:
    """(n, co, h', w') from X (n, ci, h, w) and W (co, ci/groups, k, l), with
    h' = ⌊(h + 2P − d(k − 1) − 1)/s⌋ + 1.
    """
    _, channels, *_ = _of_rank(shapes, expr.image, expr, 4, "(samples, channels, rows, columns)")
    outputs, inputs, *_ = _of_rank(
        shapes, expr.kernel, expr, 4, "(channels out, channels in, rows, columns)"
    )
    groups = expr.options[3]
    if not same_size(channels, inputs * groups):
        hint = condition([(channels, inputs * groups)])
        among = (
            f" in each of {groups} groups, {sp.expand(inputs * groups)} in all"
            if groups != 1
            else ""
        )
        raise ShapeError(
            f"in {expr}: {expr.image} has {channels} channels, and {expr.kernel} of shape "
            f"{shown(shapes.of(expr.kernel))} takes {inputs}{among}"
            + (f" (it fits {hint})" if hint else "")
        )
    if not sp.sympify(outputs / groups).is_integer:
        raise ShapeError(f"in {expr}: {outputs} output channels do not fall into {groups} groups")
    if len(expr.operands) == 3:
        _one_for_each(shapes, expr.args[2], outputs, expr, "output channel")
    return _nowhere_empty(expr)


class ConvTranspose2d(ImageOperator):
    """conv_transpose2d(G, W): what a convolution by W does, read backwards; its gradient in X.

    Entry (a, c, u, v) is the sum of G[a, o, i, j]·W[o, c, p, q] over all o, i, j, p, q with
    u = s·i + d·p − P and v = s·j + d·q − P.
    G (n, co, h', w'), W (co, ci, k, l); the value has shape (n, ci, h, w) with
    h = s(h' − 1) + d(k − 1) + 1 − 2P + r, where r is the output padding.
    """

    name = "conv_transpose2d"
    defaults = (("stride", ONES), ("padding", NONE), ("output_padding", NONE), ("dilation", ONES))

    @property
    def kernel(self) -> Any:
        return self.args[1]

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        samples, _, *size = self.image.shape
        _, channels, *window = self.kernel.shape
        sizes = (
            sp.expand(s * (h - 1) + d * (k - 1) + 1 - 2 * padding + more)
            for h, k, s, padding, more, d in zip(size, window, *self.options, strict=True)
        )
        return (samples, channels, *sizes)

    def definition(self, *indices: sp.Expr) -> sp.Expr:
        a, c, u, v = indices
        strides, paddings, _, dilations = self.options
        outputs, _, *window = self.kernel.shape
        o, i, j, p, q = (fresh_index(name) for name in "oijpq")
        value = entry(self.image, a, o, i, j) * entry(self.kernel, o, c, p, q)
        for at, s, step, d, offset, padding in zip(
            (u, v), strides, (i, j), dilations, (p, q), paddings, strict=True
        ):
            value *= sp.KroneckerDelta(at, s * step + d * offset - padding)
        sizes = (outputs, *self.image.shape[2:], *window)
        return sp.Sum(
            value, *((k, 0, size - 1) for k, size in zip((o, i, j, p, q), sizes, strict=True))
        )


def conv_transpose2d(
    image: Any,
    kernel: Any,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
) -> ConvTranspose2d:
    """A transposed convolution of (n, co, h', w'): see :class:`ConvTranspose2d`."""
    options = sp.Tuple(pair(stride), pair(padding), pair(output_padding), pair(dilation))
    return ConvTranspose2d(*_given(image, kernel), options)


@shape_rule(ConvTranspose2d)
def _conv_transpose2d_shape(shapes: Shaping, expr: ConvTranspose2d) -> Dims:
    """(n, ci, h, w) from G (n, co, h', w') and W (co, ci, k, l), with
    h = s(h' − 1) + d(k − 1) + 1 − 2P + r.
    """
    _, channels, *_ = _of_rank(shapes, expr.image, expr, 4, "(samples, channels, rows, columns)")
    outputs, *_ = _of_rank(
        shapes, expr.kernel, expr, 4, "(channels out, channels in, rows, columns)"
    )
    if not same_size(channels, outputs):
        hint = condition([(channels, outputs)])
        raise ShapeError(
            f"in {expr}: {expr.image} has {channels} channels, and {expr.kernel} takes {outputs}"
            + (f" (it fits {hint})" if hint else "")
        )
    return _nowhere_empty(expr)


class Pool2d(ImageOperator):
    """What the maximum and the mean over windows have in common: (n, c, h, w) to (n, c, h', w')."""

    @property
    def window(self) -> sp.Tuple:
        return self.options[0]

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        samples, channels, *size = self.image.shape
        window, strides, paddings, *rest = self.options
        count = window_count_rounded_up if rest and rest[0] else window_count
        return (samples, channels, *map(count, size, window, strides, paddings))

    def corners(self, i: Any, j: Any) -> list[Any]:
        """Where the window of an output entry begins."""
        _, strides, paddings, *_ = self.options
        return [s * at - padding for s, at, padding in zip(strides, (i, j), paddings, strict=True)]


class MaxPool2d(Pool2d):
    """max_pool2d(X, k): the maximum over each window, max_pq X[a, c, s·i + p − P, s·j + q − P].

    Of a window that leaves the image, what is inside counts. X (n, c, h, w); the value has shape
    (n, c, h', w') with h' = ⌊(h + 2P − k)/s⌋ + 1, rounded up where that is asked for.
    """

    name = "max_pool2d"
    defaults = (("window", None), ("stride", None), ("padding", NONE), ("ceil_mode", sp.false))

    def definition(self, *indices: sp.Expr) -> sp.Expr:
        a, c, i, j = indices
        offsets = [fresh_index(name) for name in "pq"]
        corners = self.corners(i, j)
        places = [corner + offset for corner, offset in zip(corners, offsets, strict=True)]
        value: Any = entry(self.image, a, c, *places)
        clipped = self.options[3] or self.options[2] != NONE
        for offset, corner, window, size in reversed(
            [*zip(offsets, corners, self.window, self.image.shape[2:], strict=True)]
        ):
            limits = (sp.S.Zero, window - 1)
            if clipped:
                limits = (sp.Max(0, -corner), sp.Min(window - 1, size - 1 - corner))
            value = MaxOver(value, (offset, *limits))
        return value


class AvgPool2d(Pool2d):
    """avg_pool2d(X, k): the mean of each window, (1/kl) Σ_pq X[a, c, s·i + p − P, s·j + q − P].

    The padding counts as zeros. X (n, c, h, w); the value has shape (n, c, h', w') with
    h' = ⌊(h + 2P − k)/s⌋ + 1.
    """

    name = "avg_pool2d"
    defaults = (("window", None), ("stride", None), ("padding", NONE))

    def definition(self, *indices: sp.Expr) -> sp.Expr:
        a, c, i, j = indices
        offsets = [fresh_index(name) for name in "pq"]
        places = [corner + p for corner, p in zip(self.corners(i, j), offsets, strict=True)]
        value = inside(self.image, (a, c, *places), self.options[2])
        limits = ((p, 0, window - 1) for p, window in zip(offsets, self.window, strict=True))
        return sp.Sum(value, *limits) / (self.window[0] * self.window[1])


def max_pool2d(
    image: Any, window: Pair, *, stride: Pair = None, padding: Pair = 0, ceil_mode: bool = False
) -> MaxPool2d:
    """The maximum over windows, side by side unless a stride is given: see :class:`MaxPool2d`."""
    sizes = pair(window), pair(window if stride is None else stride), pair(padding)
    return MaxPool2d(*_given(image), sp.Tuple(*sizes, sp.sympify(ceil_mode)))


def avg_pool2d(image: Any, window: Pair, *, stride: Pair = None, padding: Pair = 0) -> AvgPool2d:
    """The mean over windows, side by side unless a stride is given: see :class:`AvgPool2d`."""
    sizes = pair(window), pair(window if stride is None else stride), pair(padding)
    return AvgPool2d(*_given(image), sp.Tuple(*sizes))


def global_avg_pool2d(image: Any) -> AvgPool2d:
    """The mean over whole images, (n, c, h, w) to (n, c, 1, 1): one window as large as they are."""
    rows, columns = _given(image)[0].shape[2:]
    return avg_pool2d(image, (rows, columns))


@shape_rule(Pool2d)
def _pool2d_shape(shapes: Shaping, expr: Pool2d) -> Dims:
    """(n, c, h', w') from X (n, c, h, w); h' = ⌊(h + 2P − k)/s⌋ + 1."""
    _of_rank(shapes, expr.image, expr, 4, "(samples, channels, rows, columns)")
    return _nowhere_empty(expr)


# ---- what is done to arrays besides


class Concatenation(ImageOperator):
    """concatenate(X, Y, …)[a, c, i, j]: the channels of X, then those of Y, and so on.

    X (n, c1, h, w), Y (n, c2, h, w), …; the value has shape (n, c1 + c2 + …, h, w).
    """

    name = "concatenate"

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        samples, _, *size = self.image.shape
        return (samples, sp.Add(*(part.shape[1] for part in self.operands)), *size)

    def definition(self, *indices: sp.Expr) -> sp.Expr:
        a, c, i, j = indices
        first: Any = sp.S.Zero
        cases = []
        for part in self.operands:
            end = first + part.shape[1]
            within = sp.And(
                sp.Ge(c, first, evaluate=False), sp.Le(c, end - 1, evaluate=False), evaluate=False
            )
            cases.append((entry(part, a, c - first, i, j), within))
            first = end
        return sp.Add(*(sp.Piecewise(case, (0, True), evaluate=False) for case in cases))


def concatenate(*images: Any) -> Concatenation:
    """Images one behind the other along their channels: see :class:`Concatenation`."""
    return Concatenation(*_given(*images), sp.Tuple())


@shape_rule(Concatenation)
def _concatenation_shape(shapes: Shaping, expr: Concatenation) -> Dims:
    """(n, c1 + c2 + …, h, w) from (n, c1, h, w), (n, c2, h, w), …"""
    samples, _, *size = _of_rank(shapes, expr.image, expr, 4, "(samples, channels, rows, columns)")
    for part in expr.operands[1:]:
        own = _of_rank(shapes, part, expr, 4, "(samples, channels, rows, columns)")
        if not same_shape((own[0], *own[2:]), (samples, *size)):
            raise ShapeError(
                f"in {expr}: {expr.image} has shape {shown(shapes.of(expr.image))} and {part} has "
                f"shape {shown(own)}; they may differ in their channels only"
            )
    return expr.shape


class Elementwise(ArrayOperator):
    """elementwise(f, X, Y, …)[i, …] = f(X[i, …], Y[i, …], …): arrays of one shape, of any rank."""

    @property
    def operands(self) -> tuple[Any, ...]:
        return self.args[1:-1]

    @property
    def function(self) -> sp.Lambda:
        return self.args[0]

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        return tuple(self.operands[0].shape)

    def definition(self, *indices: sp.Expr) -> sp.Expr:
        return self.function(*(entry(part, *indices) for part in self.operands))

    def _sympystr(self, printer: Any) -> str:
        parts = map(printer._print, self.operands)
        return f"elementwise({printer._print(self.function)}, {', '.join(parts)})"


def elementwise(function: sp.Lambda, *arrays: Any) -> Elementwise:
    """A function of numbers applied entry by entry: see :class:`Elementwise`."""
    return Elementwise(function, *_given(*arrays), sp.Tuple())


@shape_rule(Elementwise)
def _elementwise_shape(shapes: Shaping, expr: Elementwise) -> Dims:
    """The shape of its arrays, which is one and the same."""
    first, *others = expr.operands
    shape = shapes.of(first)
    for other in others:
        own = shapes.of(other)
        if not same_shape(own, shape):
            raise ShapeError(
                f"in {expr}: {first} has shape {shown(shape)} and {other} has shape {shown(own)}"
                + (f"; they fit {hint}" if (hint := _all_equal(shape, own)) else "")
            )
    return shape


class BatchNorm2d(ImageOperator):
    """batch_norm2d(X, γ, β, ε): each channel less its mean, over its deviation, then γ[c] and β[c].

    Entry (a, c, i, j) is γ[c]·(X[a, c, i, j] − μ[c])/√(v[c] + ε) + β[c], with the mean μ[c] and
    the variance v[c] of channel c over all samples and places. X (n, c, h, w), γ and β (c,); the
    value has the shape of X. S. Ioffe, C. Szegedy, arXiv:1502.03167, 2015, algorithm 1.
    """

    name = "batch_norm2d"

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        return tuple(self.image.shape)

    def definition(self, *indices: sp.Expr) -> sp.Expr:
        x, scale, shift, epsilon = self.operands
        _, c, _, _ = indices
        samples, _, rows, columns = x.shape

        def mean(body: Any) -> sp.Expr:
            a, i, j = (fresh_index(name) for name in "aij")
            limits = zip((a, i, j), (samples, rows, columns), strict=True)
            total = sp.Sum(body(a, i, j), *((k, 0, size - 1) for k, size in limits))
            return total / (samples * rows * columns)

        mu = mean(lambda a, i, j: entry(x, a, c, i, j))
        variance = mean(lambda a, i, j: (entry(x, a, c, i, j) - mu) ** 2)
        centred = entry(x, *indices) - mu
        return entry(scale, c) * centred / sp.sqrt(variance + epsilon) + entry(shift, c)


def batch_norm2d(image: Any, scale: Any, shift: Any, epsilon: Any) -> BatchNorm2d:
    """Batch normalisation by the statistics of the batch: see :class:`BatchNorm2d`."""
    return BatchNorm2d(*_given(image, scale, shift, epsilon), sp.Tuple())


@shape_rule(BatchNorm2d)
def _batch_norm2d_shape(shapes: Shaping, expr: BatchNorm2d) -> Dims:
    """The shape of X (n, c, h, w); γ and β have one entry for each channel."""
    x, scale, shift, epsilon = expr.operands
    shape = _of_rank(shapes, x, expr, 4, "(samples, channels, rows, columns)")
    for parameter in (scale, shift):
        _one_for_each(shapes, parameter, shape[1], expr, "channel")
    shapes.scalar(epsilon, expr)
    return shape


class Flatten(MatrixOperator):
    """flatten(X): each image as a row; its entry (a, (c·h + i)·w + j) is X[a, c, i, j].

    X (n, c, h, w); the value has shape (n, c·h·w).
    """

    def __new__(cls, image: Any) -> Flatten:
        return super().__new__(cls, image)

    @property
    def image(self) -> Any:
        return self.args[0]

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        samples, channels, rows, columns = self.image.shape
        return (samples, channels * rows * columns)

    def definition(self, i: sp.Expr, j: sp.Expr) -> sp.Expr:
        _, channels, rows, columns = self.image.shape
        c, p, q = (fresh_index(name) for name in "cpq")
        value = entry(self.image, i, c, p, q) * sp.KroneckerDelta(j, (c * rows + p) * columns + q)
        return sp.Sum(value, (c, 0, channels - 1), (p, 0, rows - 1), (q, 0, columns - 1))

    def _sympystr(self, printer: Any) -> str:
        return f"flatten({printer._print(self.image)})"


def flatten(image: Any) -> Flatten:
    """Each image of (n, c, h, w) as a row: see :class:`Flatten`."""
    return Flatten(*_given(image))


@shape_rule(Flatten)
def _flatten_shape(shapes: Shaping, expr: Flatten) -> Dims:
    """(n, c·h·w) from X (n, c, h, w)."""
    _of_rank(shapes, expr.image, expr, 4, "(samples, channels, rows, columns)")
    return expr.shape


# ---- what the signatures have in common


def _given(*operands: Any) -> tuple[Any, ...]:
    return tuple(
        given_expression(part, "a layer of images") for part in operands if part is not None
    )


def _of_rank(shapes: Shaping, part: Any, where: Any, rank: int, axes: str) -> Dims:
    shape = shapes.of(part)
    if len(shape) != rank:
        raise ShapeError(
            f"in {where}: {part} has shape {shown(shape)} where {rank} axes are meant, {axes}"
        )
    return shape


def _one_for_each(shapes: Shaping, part: Any, size: Any, where: Any, what: str) -> None:
    shape = shapes.of(part)
    if not same_shape(shape, (size,)):
        hint = condition([(shape[0], size)]) if len(shape) == 1 else ""
        raise ShapeError(
            f"in {where}: {part} has shape {shown(shape)} where {shown((size,))} is meant, one for "
            f"each {what}" + (f" (it fits {hint})" if hint else "")
        )


def _all_equal(a: Dims, b: Dims) -> str:
    return condition([*zip(a, b, strict=True)]) if len(a) == len(b) else ""


def _nowhere_empty(expr: ImageOperator) -> Dims:
    """The shape of an operator, once its window is seen to fit into the image."""
    shape = expr.shape
    for size, axis in zip(shape[2:], ("rows", "columns"), strict=True):
        if size.is_number and size < 1:
            raise ShapeError(
                f"in {expr}: the window does not fit; {expr.image} has shape "
                f"{shown(tuple(expr.image.shape))}, which leaves {size} {axis}"
            )
    return shape
