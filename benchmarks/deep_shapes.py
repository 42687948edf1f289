"""The shapes of deep residual networks: to build them layer by layer, and to decide one claim."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from sympy import IndexedBase, Symbol

from derive import Shape, verify
from derive.formulas.resnet_18 import resnet

TARGET_SECONDS = 1.0
NETWORKS = (
    ("ResNet-18", (2, 2, 2, 2), False),
    ("ResNet-50", (3, 4, 6, 3), True),
    ("ResNet-152", (3, 8, 36, 3), True),
)


@dataclass(frozen=True)
class DeepShapes:
    """One network: its layers, the seconds, and what is counted in it."""

    name: str
    layers: int
    build: float
    verify: float
    parameters: int
    macs: int
    status: str


def measure() -> Iterator[DeepShapes]:
    """Each network, built from nothing and its output's shape decided."""
    n = Symbol("n", integer=True, positive=True)
    image = IndexedBase("image", shape=(n, 3, 224, 224))
    resnet(image)  # what is made once
    for name, depths, bottleneck in NETWORKS:
        start = time.perf_counter()
        network = resnet(image, depths, bottleneck)
        build = time.perf_counter() - start
        verdict = verify(Shape(network.output, (n, 1000), where=network.where))
        counts = int(sum(network.parameters.args)), int(network.macs)
        layers = len(network.layers)
        yield DeepShapes(name, layers, build, verdict.seconds, *counts, verdict.status)
