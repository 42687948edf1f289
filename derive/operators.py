"""The constructors of arrays, under the name that claims import them by."""

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

__all__ = [
    "ScalarFunction",
    "broadcast",
    "entry",
    "logsumexp",
    "max_over",
    "partial",
    "softmax",
    "tensor",
]
