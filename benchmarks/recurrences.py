"""Backpropagation through time: written step by step, and by a recurrence of any length.

A tanh network h_t = tanh(x_t Wx + h_{t−1} Wh + b) with the loss ½ ‖h_T − y‖², and the gradient in
Wh as books write it:

    δ_T = h_T − y
    δ_{t-1} = (δ_t ⊙ (1 − h_t²)) Whᵀ
    ∂loss/∂Wh = Σ_t h_{t−1}ᵀ (δ_t ⊙ (1 − h_t²))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sympy import HadamardProduct, Lambda, MatAdd, MatrixSymbol, Symbol, Trace, tanh

from derive import Gradient, at, recurrence, sum_over, verify

d, h = (Symbol(name, integer=True, positive=True) for name in "dh")
t = Symbol("t", integer=True)
u = Symbol("u", real=True)
SLOPE = Lambda(u, 1 - u**2)  # of tanh, in terms of its value
Wx, Wh, b = MatrixSymbol("Wx", d, h), MatrixSymbol("Wh", h, h), MatrixSymbol("b", 1, h)
start, y = MatrixSymbol("h_0", 1, h), MatrixSymbol("y", 1, h)

STEPS = (4, 8, 16, 32, 64, 128, 256)
LENGTHS = (Symbol("T", integer=True, positive=True), 10, 100, 1000)


@dataclass(frozen=True)
class Measurement:
    """Seconds to decide the gradient of a network of so many steps, the better of two times."""

    steps: Any
    verify: float
    status: str


def unrolled(steps: int) -> Gradient:
    """The network written step by step, each step a definition."""
    where: dict[Any, Any] = {}
    states = [start, *(MatrixSymbol(f"h_{k}", 1, h) for k in range(1, steps + 1))]
    deltas = [None, *(MatrixSymbol(f"delta_{k}", 1, h) for k in range(1, steps + 1))]
    for k in range(1, steps + 1):
        x = MatrixSymbol(f"x_{k}", 1, d)
        where[states[k]] = (x * Wx + states[k - 1] * Wh + b).applyfunc(tanh)

    def through(k: int) -> Any:
        return HadamardProduct(deltas[k], states[k].applyfunc(SLOPE))

    where[deltas[steps]] = states[steps] - y
    for k in range(steps, 1, -1):
        where[deltas[k - 1]] = through(k) * Wh.T
    loss = Trace((states[steps] - y) * (states[steps] - y).T) / 2
    documented = MatAdd(*(states[k - 1].T * through(k) for k in range(1, steps + 1)))
    return Gradient(loss, Wh, documented, where=where)


def through_time(length: Any) -> Gradient:
    """The network as a recurrence over a number of steps, or over a symbol for it."""
    X = MatrixSymbol("X", length, d)
    states = MatrixSymbol("H", length + 1, h)
    delta = MatrixSymbol("delta", length + 1, h)

    def through(time: Any) -> Any:
        return HadamardProduct(at(delta, time), at(states, time).applyfunc(SLOPE))

    step = (at(X, t - 1) * Wx + at(states, t - 1) * Wh + b).applyfunc(tanh)
    last = at(states, length) - y
    where = {
        states: recurrence(step, (t, 1, length), start=start),
        delta: recurrence(through(t + 1) * Wh.T, (t, 1, length - 1), end=last),
    }
    documented = sum_over(at(states, t - 1).T * through(t), (t, 1, length))
    return Gradient(Trace(last * last.T) / 2, Wh, documented, where=where)


def measure(kind: Any, sizes: Iterable[Any]) -> Iterator[Measurement]:
    """Each number of steps, with the better of two decisions."""
    for steps in sizes:
        claim = kind(steps)
        verdicts = [verify(claim, timeout=300) for _ in range(2)]
        yield Measurement(steps, min(v.seconds for v in verdicts), verdicts[0].status)
