"""What torch.autograd and torch.nn lend to classes."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any


class Context:
    """What an autograd Function keeps for its backward."""

    def __init__(self, inputs: int) -> None:
        self.saved_tensors: tuple[Any, ...] = ()
        self.needs_input_grad = (True,) * inputs

    def save_for_backward(self, *tensors: Any) -> None:
        self.saved_tensors = tensors

    saved_variables = property(lambda self: self.saved_tensors)

    def mark_non_differentiable(self, *outputs: Any) -> None:
        """Nothing: gradients of such outputs are not asked for."""

    def mark_dirty(self, *inputs: Any) -> None:
        """Nothing: a write in place is seen where it is made."""

    def set_materialize_grads(self, value: bool) -> None:
        """Nothing: every upstream gradient is an array."""


class Function:
    """The base of autograd Functions: ``apply`` runs the forward."""

    @classmethod
    def apply(cls, *args: Any) -> Any:
        forward: Any = cls.forward  # type: ignore[attr-defined]
        return forward(Context(len(args)), *args)


class Module:
    """The base of modules, which are called as their ``forward`` is."""

    training = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()

    def __call__(self, *args: Any, **options: Any) -> Any:
        forward: Any = self.forward  # type: ignore[attr-defined]
        return forward(*args, **options)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        setattr(self, name, tensor)


def decorator(*args: Any, **options: Any) -> Any:
    """A decorator that changes nothing, with arguments of its own or none."""
    if len(args) == 1 and callable(args[0]) and not options:
        return args[0]
    return lambda function: function


class Quiet(nullcontext):
    """``torch.no_grad``: a context, and a decorator."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()

    def __call__(self, function: Any) -> Any:
        return function
