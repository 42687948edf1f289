"""What the calls of pairs have in common: what is asked, and what came of a forward."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from derive.base.errors import ClaimError


@dataclass
class Performed:
    """A forward that was called.

    :param outputs: what it gives.
    :param names: the name of the upstream of each output; none where it is a loss itself.
    :param backward: the gradients by their inputs, from the upstreams.
    """

    outputs: list[Any]
    names: list[str]
    backward: Callable[[list[Any]], dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """What is asked of a pair.

    :param name: for messages.
    :param wrt: the inputs whose gradients are returned, in order; None for all floats.
    :param floats: the inputs that are no labels.
    :param params: arguments of a constructor, each with its input.
    :param call: the inputs with which a layer is called; None for all that its forward takes.
    :param grads: where a layer leaves the gradients of inputs.
    :param methods: of a class, the names of its forward and of its backward; none for ``forward``
        and ``backward``.
    :param flag: the argument with which the forward returns its derivative.
    :param packed: the argument that is a dictionary with an input in it, by the input.
    :param reading: what a derivative without an upstream takes, ``"input"`` or ``"output"``; what
        the backward of a loss of each sample is of, ``"mean"`` or ``"sum"``, where it takes the
        predictions, its input or its output, again; ``""`` for a backward that takes an upstream.
    """

    name: str
    wrt: tuple[str, ...] | None
    floats: tuple[str, ...]
    params: Mapping[str, str]
    call: tuple[str, ...] | None
    grads: Mapping[str, str]
    reading: str = ""
    methods: tuple[str, str] | None = None
    flag: str = ""
    packed: Mapping[str, str] = field(default_factory=dict)

    @property
    def expected(self) -> tuple[str, ...]:
        return self.floats if self.wrt is None else self.wrt


MEAN, SUM = "mean", "sum"
AT_OUTPUT = "at the output, "  # what a loss is called with is what its layer calls its output
OF_LOSSES = (MEAN, SUM, AT_OUTPUT + MEAN, AT_OUTPUT + SUM)


class NoLoss(ClaimError):
    """What is taken for a loss has several entries."""


# What a parameter is called that takes an upstream, and no number at which f′ is: dout, grad_y, g.
OF_UPSTREAM = re.compile(
    r"d|d[a-z]|dl\w*|d_\w+|d(out|output|outputs|loss|up|next|post)\w*|delta\w*|\w*grad(s|_\w+)?|"
    r"gradient\w*|\w*upstream\w*|\w*cotangent\w*|g|g[a-z]|g_?out\w*|ct|err|error|\w+_bar",
    re.IGNORECASE,
)


def spelt(name: str) -> tuple[str, ...]:
    """What the gradient of an input is called, where gradients are named."""
    return (name, f"d{name}", f"d_{name}", f"grad_{name}", f"{name}_grad", f"D{name}", f"g{name}")


def parameters_of(function: Any) -> list[inspect.Parameter]:
    """The parameters of a function.

    :raises ClaimError: where it is none.
    """
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise ClaimError(f"{function!r} is no function") from None


def listed(names: Any) -> str:
    """Names in a sentence."""
    return ", ".join(names)
