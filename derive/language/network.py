"""A network as a formula: its layers by name, each with its operator, its shape and its weights.

From one description come the definitions that a claim takes as ``where``, the table of layers,
the number of parameters, and the multiply–accumulates. A layer that does not fit what it is given
is refused by its name, and nothing after it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from math import prod
from typing import Any

import sympy as sp

from derive.base.errors import ShapeError
from derive.base.tables import Table
from derive.language.dims import shown
from derive.language.images import (
    Conv2d,
    Pair,
    avg_pool2d,
    batch_norm2d,
    concatenate,
    conv2d,
    elementwise,
    flatten,
    global_avg_pool2d,
    max_pool2d,
)
from derive.language.operators import broadcast
from derive.language.shapes import Shapes

_t, _u = sp.symbols("t u", real=True)
RELU = sp.Lambda(_t, sp.Max(0, _t))
SIGMOID = sp.Lambda(_t, 1 / (1 + sp.exp(-_t)))
PLUS = sp.Lambda((_t, _u), _t + _u)


@dataclass(frozen=True)
class Layer:
    """One line of a network.

    :param name: its place, such as ``conv1``; what stands before the first dot is its stage.
    :param kind: what it does, in words.
    :param output: the symbol of what it computes, which has its shape.
    :param value: what that is, in the symbols of the layers before and of its weights.
    :param weights: its trainable arrays.
    """

    name: str
    kind: str
    output: Any
    value: Any
    weights: tuple[Any, ...] = ()

    @property
    def shape(self) -> tuple[Any, ...]:
        return tuple(self.output.shape)

    @property
    def stage(self) -> str:
        return self.name.partition(".")[0]

    @property
    def parameters(self) -> Any:
        """How many numbers are trained."""
        return sum((prod(weight.shape) for weight in self.weights), sp.S.Zero)

    @property
    def macs(self) -> Any:
        """How many products of two numbers are added up, for the whole batch."""
        return multiply_accumulates(self.value)


MULTIPLIED: Table[Callable[[Any], Any]] = Table()


def multiply_accumulates(value: Any) -> Any:
    """The products of a weight and an input that a layer adds up: a convolution's, a matrix
    product's, and none of anything else.

    A product with the zeros of a padding counts; a bias, an activation, a normalisation and a
    pooling do not. One multiply–accumulate is often given as two operations.
    """
    count = MULTIPLIED.find(type(value))
    return sp.S.Zero if count is None else count(value)


@MULTIPLIED.on(Conv2d)
def _of_convolution(value: Conv2d) -> Any:
    """One for each output entry and each weight of its channel."""
    return prod(value.shape) * prod(value.kernel.shape[1:])


@MULTIPLIED.on(sp.MatMul)
def _of_product(value: sp.MatMul) -> Any:
    """One for each output entry and each term of its sum."""
    return prod(value.shape) * value.args[0].shape[1]


@MULTIPLIED.on(sp.MatAdd)
def _of_sum(value: sp.MatAdd) -> Any:
    return sum(map(multiply_accumulates, value.args), sp.S.Zero)


class Network:
    """The layers of a network, in order. Each method adds one and returns the symbol of its value.

    :param image: the symbol of the input, a batch (n, c, h, w).

    Channels and features that a layer takes are given with it, as a paper or a reference
    implementation gives them, and checked against what comes in.

    :raises ShapeError: naming the layer that does not fit, what it takes and what it is given.
    """

    def __init__(self, image: Any) -> None:
        self.image = image
        self.layers: list[Layer] = []
        self.symbols: dict[Any, str] = {image: "a batch of images"}
        self._shapes = Shapes()

    # ---- what is made of the layers

    @property
    def where(self) -> dict[Any, Any]:
        """The definitions of all layers, for a claim."""
        return {layer.output: layer.value for layer in self.layers}

    @property
    def output(self) -> Any:
        """The symbol of what the last layer computes."""
        return self.layers[-1].output

    def __getitem__(self, name: str) -> Any:
        """The symbol of what the layer of that name computes."""
        return next(layer.output for layer in self.layers if layer.name == name)

    @property
    def parameters(self) -> sp.Expr:
        """The number of parameters as a sum over the stages, not added up."""
        stages = groupby(self.layers, key=lambda layer: layer.stage)
        counts = (sum((layer.parameters for layer in stage), sp.S.Zero) for _, stage in stages)
        return sp.Add(*(count for count in counts if count != 0), evaluate=False)

    @property
    def macs(self) -> sp.Expr:
        """The multiply–accumulates of one sample."""
        total = sum((layer.macs for layer in self.layers), sp.S.Zero)
        return sp.cancel(total / self.image.shape[0])

    # ---- layers

    def add_layer(
        self, name: str, kind: str, value: Callable[[], Any], weights: tuple[Any, ...] = ()
    ) -> Any:
        """A layer of any kind: what it computes, and the arrays that are trained in it."""
        try:
            computed = value()
            shape = self._shapes.of(computed)
        except ShapeError as mismatch:
            raise ShapeError(f"layer {name} ({kind}): {mismatch}") from None
        matrix = len(shape) == 2
        output = sp.MatrixSymbol(name, *shape) if matrix else sp.IndexedBase(name, shape=shape)
        self.layers.append(Layer(name, kind, output, computed, weights))
        self.symbols[output] = f"output of {name}: {kind}"
        return output

    def weight(self, layer: str, name: str, meaning: str, *shape: Any) -> Any:
        """A trainable array of a layer."""
        symbol = sp.IndexedBase(f"{name}_{layer}", shape=shape)
        self.symbols[symbol] = f"{meaning} of {layer}"
        return symbol

    def conv(
        self,
        name: str,
        x: Any,
        inputs: int,
        outputs: int,
        window: int,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        bias: bool = True,
    ) -> Any:
        """A convolution from so many channels to so many, with a square kernel."""
        kernel = self.weight(name, "W", "kernel", outputs, inputs // groups, window, window)
        weights = (kernel, self.weight(name, "b", "bias", outputs)) if bias else (kernel,)
        options = [
            f"{word} {number}"
            for word, number, default in (
                ("stride", stride, 1),
                ("padding", padding, 0),
                ("groups", groups, 1),
            )
            if number != default
        ]
        kind = ", ".join([f"conv {window}×{window}, {inputs} → {outputs}", *options])
        convolved = lambda: conv2d(x, *weights, stride=stride, padding=padding, groups=groups)  # noqa: E731
        return self.add_layer(name, kind, convolved, weights)

    def linear(self, name: str, x: Any, inputs: int, outputs: int) -> Any:
        """x Wᵀ + b: a matrix product from so many features to so many, with a bias."""
        weight = sp.MatrixSymbol(f"W_{name}", outputs, inputs)
        bias = sp.MatrixSymbol(f"b_{name}", 1, outputs)
        self.symbols |= {weight: f"weights of {name}", bias: f"bias of {name}"}

        def product() -> Any:
            if len(x.shape) != 2 or x.shape[1] != inputs:
                raise ShapeError(
                    f"{x} has shape {shown(tuple(x.shape))} where (n, {inputs}) is taken"
                )
            return sp.MatAdd(sp.MatMul(x, weight.T), broadcast(bias, x.shape[0], outputs))

        return self.add_layer(name, f"linear, {inputs} → {outputs}", product, (weight, bias))

    def batch_norm(self, name: str, x: Any, channels: int) -> Any:
        """Batch normalisation of so many channels, with a scale and a shift for each."""
        scale = self.weight(name, "gamma", "scale", channels)
        shift = self.weight(name, "beta", "shift", channels)
        epsilon = sp.Symbol("epsilon", positive=True)
        self.symbols[epsilon] = "what keeps a deviation from being 0"
        normalised = lambda: batch_norm2d(x, scale, shift, epsilon)  # noqa: E731
        return self.add_layer(name, f"batch norm, {channels}", normalised, (scale, shift))

    def activation(self, name: str, x: Any, function: sp.Lambda = RELU) -> Any:
        """A function of every entry, the ReLU by default."""
        kind = {RELU: "ReLU", SIGMOID: "sigmoid"}.get(function, "entry by entry")
        if len(x.shape) == 2:
            return self.add_layer(name, kind, lambda: x.applyfunc(function))
        return self.add_layer(name, kind, lambda: elementwise(function, x))

    def max_pool(
        self, name: str, x: Any, window: int, stride: int, padding: int = 0, up: bool = False
    ) -> Any:
        """The maximum over windows; ``up`` rounds their number up."""
        kind = f"max pool {window}×{window}, stride {stride}"
        kind += (f", padding {padding}" if padding else "") + (", rounded up" if up else "")
        options: dict[str, Any] = {"stride": stride, "padding": padding, "ceil_mode": up}
        return self.add_layer(name, kind, lambda: max_pool2d(x, window, **options))

    def avg_pool(self, name: str, x: Any, window: Pair, stride: int) -> Any:
        """The mean over windows."""
        kind = f"average pool {window}×{window}, stride {stride}"
        return self.add_layer(name, kind, lambda: avg_pool2d(x, window, stride=stride))

    def global_avg_pool(self, name: str, x: Any) -> Any:
        """The mean over whole images."""
        return self.add_layer(name, "global average pool", lambda: global_avg_pool2d(x))

    def add(self, name: str, x: Any, y: Any) -> Any:
        """The sum of two arrays of one shape."""
        return self.add_layer(name, f"{x} + {y}", lambda: elementwise(PLUS, x, y))

    def concatenate(self, name: str, *parts: Any) -> Any:
        """Arrays one behind the other along their channels."""
        return self.add_layer(name, f"concatenate {len(parts)}", lambda: concatenate(*parts))

    def flatten(self, name: str, x: Any) -> Any:
        """Each image as a row."""
        return self.add_layer(name, "flatten", lambda: flatten(x))
