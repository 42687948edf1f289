"""SciPy's names: special functions, densities, convolutions of images, distances."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.frontends.code import arithmetic, reshaping
from derive.frontends.code import operations as ops
from derive.frontends.code.arrays import Array, as_array
from derive.frontends.code.sizes import at_least, expression, plain, quotient
from derive.frontends.code.trace import Misfit, Refused, current
from derive.frontends.code.windows import windows


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Array:
    if b is None:
        return ops.logsumexp(a, axis, keepdims)
    return ops.log(ops.total(ops.exp(a) * as_array(b), axis, keepdims))


def logit(x: Any) -> Array:
    p = as_array(x)
    return ops.log(p / (1 - p))


def xlogy(x: Any, y: Any) -> Array:
    return as_array(x) * ops.log(y)


def _cdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Φ of the standard normal distribution."""
    z = (as_array(x) - as_array(loc)) / as_array(scale)
    return (1 + ops.erf(z / ops.sqrt(2))) / 2


def _logpdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    z = (as_array(x) - as_array(loc)) / as_array(scale)
    return -(z**2) / 2 - ops.log(scale) - ops.log(as_array(sp.pi) * 2) / 2


def _pdf(x: Any, loc: Any = 0, scale: Any = 1) -> Array:
    z = (as_array(x) - as_array(loc)) / as_array(scale)
    return ops.exp(-(z**2) / 2) / (as_array(scale) * ops.sqrt(as_array(sp.pi) * 2))


def convolved(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0,
              flip: bool = True) -> Array:  # fmt: skip
    """out[i] = Σ_k in1[i − k]·in2[k] along every axis; without the flip, of in2 turned round.

    :raises Misfit: where their ranks differ.
    """
    image, kernel = as_array(in1), as_array(in2)
    if image.ndim != kernel.ndim:
        raise Misfit(f"a convolution of arrays of ranks {image.ndim} and {kernel.ndim}")
    if mode not in ("full", "valid", "same") or boundary != "fill":
        raise Refused(f"a convolution in the mode {mode!r} with the boundary {boundary!r}")
    widths = []
    for size, length in zip(image.shape, kernel.shape, strict=True):
        n, k = expression(size), expression(length)
        if mode != "full" and not at_least(n - k, 0):  # the larger array is the image
            current().assume(sp.Ge(n, k, evaluate=False))
        wide = k - 1
        # "same" is the middle of "full"; where there is no middle, what is left over is before
        after = quotient(wide, sp.Integer(2))
        if not flip:
            after = wide - after
        ends = {"full": (wide, wide), "valid": (0, 0), "same": (wide - after, after)}[mode]
        widths.append(tuple(plain(sp.sympify(end)) for end in ends))
    if mode != "valid":
        image = reshaping.padded(image, widths, fillvalue)
    if flip:
        for place in range(kernel.ndim):
            kernel = reshaping.flipped(kernel, place)
    rank = kernel.ndim
    read = windows(image, tuple(kernel.shape))
    return ops.total(read * kernel, tuple(range(rank, 2 * rank)))


def _correlated(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill",
                fillvalue: Any = 0) -> Array:  # fmt: skip
    return convolved(in1, in2, mode, boundary, fillvalue, flip=False)


def _distances(XA: Any, XB: Any, metric: str = "euclidean") -> Array:
    a, b = as_array(XA)[:, None, :], as_array(XB)[None, :, :]
    squares = ops.total((a - b) ** 2, 2)
    if metric == "sqeuclidean":
        return squares
    if metric == "euclidean":
        return ops.sqrt(squares)
    raise Refused(f"the metric {metric!r}")


NAMES: dict[str, Any] = {
    "special.expit": ops.sigmoid, "special.logit": logit,
    "special.log_expit": lambda x: -ops.softplus(-as_array(x)),
    "special.softmax": lambda x, axis=None: ops.softmax(x, axis),
    "special.log_softmax": lambda x, axis=None: ops.log_softmax(x, axis),
    "special.logsumexp": logsumexp, "special.erf": ops.erf, "special.erfc": ops.erfc,
    "special.ndtr": _cdf, "special.log_ndtr": lambda x: ops.log(_cdf(x)),
    "special.xlogy": xlogy, "special.xlog1py": lambda x, y: as_array(x) * ops.log1p(y),
    "special.entr": lambda x: -xlogy(x, x),
    "special.rel_entr": lambda x, y: xlogy(x, arithmetic.divide(x, y)),
    "special.kl_div": lambda x, y: xlogy(x, arithmetic.divide(x, y)) - as_array(x) + as_array(y),
    "special.expm1": ops.expm1, "special.log1p": ops.log1p, "special.exp2": ops.exp2,
    "stats.norm.pdf": _pdf, "stats.norm.logpdf": _logpdf, "stats.norm.cdf": _cdf,
    "signal.convolve2d": convolved, "signal.correlate2d": _correlated,
    "signal.convolve": lambda in1, in2, mode="full": convolved(in1, in2, mode),
    "signal.correlate": lambda in1, in2, mode="full": convolved(in1, in2, mode, flip=False),
    "spatial.distance.cdist": _distances,
    "linalg.inv": ops.inverse, "linalg.det": ops.determinant, "linalg.norm": ops.norm,
    "linalg.solve": ops.solved,
}  # fmt: skip
METHODS: dict[str, Any] = {}
ATTRIBUTES: dict[str, Any] = {}
