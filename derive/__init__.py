"""derive: tells whether a documented derivation is right.

State a claim as a frozen record of SymPy expressions, and :func:`verify` decides it::

    from sympy import MatrixSymbol, symbols
    from derive import Gradient, verify

    n, m = symbols("n m", integer=True, positive=True)
    X, w, y = MatrixSymbol("X", n, m), MatrixSymbol("w", m, 1), MatrixSymbol("y", n, 1)
    r = X*w - y
    verify(Gradient((r.T*r)[0, 0]/2, w, X.T*r)).status  # 'holds'
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# What is installed has `cli` and `formulas` inside of this package; in a checkout that is on the
# path they stand beside it.
_BESIDE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if not os.path.isdir(os.path.join(_BESIDE, "derive", "cli")):
    __path__.append(_BESIDE)

if TYPE_CHECKING:
    from derive.base.errors import ClaimError, DeriveError, ShapeError, UnsupportedError
    from derive.claims.formula import Formula
    from derive.claims.kinds import (
        Backward,
        Claim,
        Gradient,
        Hessian,
        Identity,
        Inequality,
        Jacobian,
        Shape,
    )
    from derive.claims.setting import Setting
    from derive.claims.verdict import Step, Verdict, Witness
    from derive.engine import backward, gradient, hessian, jacobian, shape_of, verify
    from derive.language.activations import gelu, relu, sigmoid, silu, softplus
    from derive.language.arrays import einsum, pad, permute, reshape, skew, unvec, vec
    from derive.language.images import (
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
    from derive.language.index_ranges import within
    from derive.language.matrix_functions import cholesky, matrix_exp, sqrtm
    from derive.language.network import Layer, Network
    from derive.language.operators import (
        ScalarFunction,
        broadcast,
        entry,
        logsumexp,
        max_over,
        partial,
        softmax,
        tensor,
    )
    from derive.language.sequences import at, ordered_product, recurrence, sequence, sum_over

# Imported when they are first asked for: the command's ``--help`` must not wait for SymPy.
_HOME = {
    "base.errors": "ClaimError DeriveError ShapeError UnsupportedError",
    "claims.formula": "Formula",
    "claims.kinds": "Backward Claim Gradient Hessian Identity Inequality Jacobian Shape",
    "claims.setting": "Setting",
    "claims.verdict": "Step Verdict Witness",
    "engine": "backward gradient hessian jacobian shape_of verify",
    "language.activations": "gelu relu sigmoid silu softplus",
    "language.arrays": "einsum pad permute reshape skew unvec vec",
    "language.images": (
        "avg_pool2d batch_norm2d concatenate conv2d conv_transpose2d elementwise flatten "
        "global_avg_pool2d max_pool2d"
    ),
    "language.index_ranges": "within",
    "language.matrix_functions": "cholesky matrix_exp sqrtm",
    "language.network": "Layer Network",
    "language.operators": (
        "ScalarFunction broadcast entry logsumexp max_over partial softmax tensor"
    ),
    "language.sequences": "at ordered_product recurrence sequence sum_over",
}
_MODULE = {name: module for module, names in _HOME.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in _MODULE:
        value = getattr(import_module(f"derive.{_MODULE[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'derive' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE})


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext derive``: the cell magic ``%%verify``."""
    import_module("derive.frontends.notebook").load(shell)


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
    "Setting",
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
    "entry",
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
    "partial",
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
