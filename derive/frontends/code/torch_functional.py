"""torch.nn.functional's names and defaults."""

from __future__ import annotations

from typing import Any

from derive.frontends.code import arithmetic, reshaping, sums
from derive.frontends.code import operations as ops
from derive.frontends.code.arrays import FLOAT, Array, as_array
from derive.frontends.code.sizes import expression
from derive.frontends.code.trace import Refused, current


def linear(input: Any, weight: Any, bias: Any = None) -> Array:
    out = sums.matmul(input, reshaping.transpose(weight))
    return out if bias is None else out + as_array(bias)


def leaky_relu(x: Any, negative_slope: Any = 0.01, inplace: bool = False) -> Array:
    return arithmetic.where(as_array(x) > 0, x, arithmetic.multiply(x, negative_slope))


def elu(x: Any, alpha: Any = 1.0, inplace: bool = False) -> Array:
    return arithmetic.where(as_array(x) > 0, x, arithmetic.multiply(ops.expm1(x), alpha))


def gelu(x: Any, approximate: str = "none") -> Array:
    return ops.gelu(x, tanh=approximate == "tanh")


def softplus(x: Any, beta: Any = 1, threshold: Any = 20) -> Array:
    current().note("torch's softplus takes the line above its threshold; the exact one is read")
    return arithmetic.divide(ops.softplus(arithmetic.multiply(x, beta)), beta)


def logsigmoid(x: Any) -> Array:
    return -ops.softplus(-as_array(x))


def layer_norm(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: Any = 1e-5
) -> Array:
    array = as_array(input)
    axes = tuple(range(array.ndim - len(tuple(normalized_shape)), array.ndim))
    centered = array - arithmetic.named(ops.mean(array, axes, True), "mean")
    spread = ops.sqrt(arithmetic.named(ops.variance(array, axes, True), "var") + as_array(eps))
    out = centered / spread
    out = out if weight is None else out * as_array(weight)
    return out if bias is None else out + as_array(bias)


def _reduced(losses: Array, reduction: str) -> Array:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return ops.total(losses)
    if reduction == "mean":
        return ops.mean(losses)
    raise Refused(f"the reduction {reduction!r}")


def nll_loss(input: Any, target: Any, reduction: str = "mean") -> Array:
    picked = ops.gather(input, reshaping.expanded(target, 1), 1)
    return _reduced(-reshaping.squeezed(picked, 1), reduction)


def cross_entropy(input: Any, target: Any, reduction: str = "mean") -> Array:
    logits, labels = as_array(input), as_array(target)
    if labels.kind == FLOAT:  # probabilities of each class
        losses = -ops.total(labels * ops.log_softmax(logits, 1), 1)
        return _reduced(losses, reduction)
    return nll_loss(ops.log_softmax(logits, 1), labels, reduction)


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Array:
    return _reduced((as_array(input) - as_array(target)) ** 2, reduction)


def binary_cross_entropy_with_logits(input: Any, target: Any, reduction: str = "mean") -> Array:
    z, wanted = as_array(input), as_array(target)
    return _reduced(ops.softplus(z) - z * wanted, reduction)


def one_hot(tensor: Any, num_classes: Any = -1) -> Array:
    if expression(num_classes) == -1:
        raise Refused("one_hot without the number of classes: its size depends on values")
    return ops.one_hot(tensor, num_classes)


def embedding(input: Any, weight: Any) -> Array:
    return as_array(weight)[input]


def softmax(x: Any, dim: Any = None, dtype: Any = None) -> Array:
    return ops.softmax(x, _given(dim))


def log_softmax(x: Any, dim: Any = None, dtype: Any = None) -> Array:
    return ops.log_softmax(x, _given(dim))


def _given(dim: Any) -> Any:
    if dim is None:
        raise Refused("a softmax without its dim")
    return dim


def pad(x: Any, pad: Any, mode: str = "constant", value: Any = 0) -> Array:
    """Pairs from the last dimension backwards."""
    if mode != "constant":
        raise Refused(f"a pad in the mode {mode!r}")
    array = as_array(x)
    pairs = [(pad[k], pad[k + 1]) for k in range(0, len(pad), 2)]
    widths = [(0, 0)] * (array.ndim - len(pairs)) + pairs[::-1]
    return reshaping.padded(array, widths, 0 if value is None else value)


FUNCTIONAL: dict[str, Any] = {
    "relu": lambda x, inplace=False: ops.relu(x), "gelu": gelu, "softmax": softmax,
    "silu": lambda x, inplace=False: ops.silu(x), "log_softmax": log_softmax,
    "sigmoid": ops.sigmoid, "tanh": ops.tanh, "softplus": softplus, "logsigmoid": logsigmoid,
    "leaky_relu": leaky_relu, "elu": elu, "linear": linear, "layer_norm": layer_norm,
    "nll_loss": nll_loss, "cross_entropy": cross_entropy, "mse_loss": mse_loss,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits, "one_hot": one_hot,
    "embedding": embedding, "pad": pad,
}  # fmt: skip
