"""Which two methods of a class are its forward and its backward, by what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

FORWARDS = (
    "forward", "__call__", "forward_pass", "forward_prop", "forward_propagation",
    "forward_propagate", "forw_prop", "feed_forward", "feedforward", "propagate", "fprop", "fwd",
    "call",
)  # fmt: skip
BACKWARDS = (
    "backward", "backward_pass", "backward_prop", "backward_propagation", "backward_propagate",
    "backpropagation", "backpropagate", "back_propagate", "back_propagation", "back_prop",
    "backprop", "bprop", "bwd", "back",
)  # fmt: skip
# What a class of losses, or of functions of numbers, calls its value and its derivative.
VALUES = (
    "loss", "compute_loss", "calculate_loss", "cost", "objective", "calculate", "calc", "compute",
    "value", "direct", "activate", "activation", "function", "func", "fn", "f", "apply", "evaluate",
)  # fmt: skip
GRADIENTS = (
    "grad", "gradient", "gradients", "compute_gradient", "calculate_gradient", "get_gradient",
    "loss_gradient", "loss_grad", "delta",
)  # fmt: skip
DERIVATIVES = (
    "derivative", "derivate", "deriv", "prime", "d", "df", "dfn", "f_prime", "fn_prime",
    "derivative_fn", "differentiate", "loss_derivative", "loss_prime", "activation_derivative",
    "activation_prime", "calculate_derivative",
)  # fmt: skip


def methods_of(found: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """The names of the forward and of the backward; None where there are none.

    :param found: the parameters of each method, without ``self``.

    >>> methods_of({"__call__": ["x"], "forward_pass": ["x"], "backward_pass": ["d"]})
    ('forward_pass', 'backward_pass')
    >>> methods_of({"predict": ["x"], "forward": ["x"], "loss": ["x", "y"], "grad": ["x", "y"]})
    ('loss', 'grad')
    """
    for backward in BACKWARDS:
        if backward in found:
            forward = _forward_of(backward, found)
            if forward is not None:
                return forward, backward
    for backward in (*GRADIENTS, *DERIVATIVES):
        if backward in found:
            values = [name for name in (*VALUES, *FORWARDS) if name in found]
            same = [name for name in values if list(found[name]) == list(found[backward])]
            if same or values:
                return (same or values)[0], backward
    return None


def _forward_of(backward: str, found: Mapping[str, Sequence[str]]) -> str | None:
    swapped = backward.replace("backward", "forward").replace("bprop", "fprop")
    swapped = swapped.replace("bwd", "fwd")
    for name in (swapped, *FORWARDS):
        if name in found and name != backward:
            return name
    values = [name for name in VALUES if name in found]
    same = [name for name in values if list(found[name]) == list(found[backward])]
    return next(iter(same or values), None)


def takes_no_upstream(method: str) -> bool:
    """Whether a method is called as a derivative is, and not as a backward."""
    return method in GRADIENTS or method in DERIVATIVES
