"""derive: tells whether a documented derivation is right.

State a claim as a frozen record of SymPy expressions, and :func:`verify` decides it::

    from sympy import MatrixSymbol, symbols
    from derive import Gradient, verify

    n, m = symbols("n m", integer=True, positive=True)
    X, w, y = MatrixSymbol("X", n, m), MatrixSymbol("w", m, 1), MatrixSymbol("y", n, 1)
    r = X*w - y
    verify(Gradient((r.T*r)[0, 0]/2, w, X.T*r)).status  # 'holds'
"""

from derive.activations import gelu, relu, sigmoid, silu, softplus
from derive.arrays import einsum, pad, permute, reshape, skew, unvec, vec
from derive.claims import (
    Backward,
    Claim,
    Gradient,
    Hessian,
    Identity,
    Inequality,
    Jacobian,
    Shape,
)
from derive.convolution import (
    avg_pool2d,
    batch_norm2d,
    concatenate,
    conv2d,
    conv_transpose2d,
    elementwise,
    flatten,
    global_avg_pool2d,
    max_pool2d,
)
from derive.errors import ClaimError, DeriveError, ShapeError, UnsupportedError
from derive.formula import Formula
from derive.labels import within
from derive.matrix_functions import cholesky, matrix_exp, sqrtm
from derive.network import Layer, Network
from derive.operators import (
    ScalarFunction,
    broadcast,
    logsumexp,
    max_over,
    softmax,
    tensor,
)
from derive.pipeline import backward, gradient, hessian, jacobian, shape_of, verify
from derive.recurrences import at, ordered_product, recurrence, sequence, sum_over
from derive.verdict import Step, Verdict, Witness

__all__ = [
    "Backward",
    "Claim",
    "ClaimError",
    "DeriveError",
    "Formula",
    "Gradient",
    "Hessian",
    "Identity",
    "Inequality",
    "Jacobian",
    "Layer",
    "Network",
    "ScalarFunction",
    "Shape",
    "ShapeError",
    "Step",
    "UnsupportedError",
    "Verdict",
    "Witness",
    "at",
    "avg_pool2d",
    "backward",
    "batch_norm2d",
    "broadcast",
    "cholesky",
    "concatenate",
    "conv2d",
    "conv_transpose2d",
    "einsum",
    "elementwise",
    "flatten",
    "gelu",
    "global_avg_pool2d",
    "gradient",
    "hessian",
    "jacobian",
    "logsumexp",
    "matrix_exp",
    "max_over",
    "max_pool2d",
    "ordered_product",
    "pad",
    "permute",
    "recurrence",
    "relu",
    "reshape",
    "sequence",
    "shape_of",
    "sigmoid",
    "silu",
    "skew",
    "softmax",
    "softplus",
    "sqrtm",
    "sum_over",
    "tensor",
    "unvec",
    "vec",
    "verify",
    "within",
]
