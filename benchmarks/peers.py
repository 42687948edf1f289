"""Deep networks side by side: this package, tensorgrad, JAX and SymPy.

What each is asked for is not the same. ``derive`` derives a gradient and proves that the documented
one is equal to it, for every size. tensorgrad derives and simplifies in symbols, in its two modes:
the preset that its compiler uses (one reverse sweep, then ``simplify`` with ``normalize_args``)
and ``full_simplify``. JAX traces ``grad`` at concrete sizes: the floor for merely deriving. SymPy
differentiates the nested matrix expression.

Each measurement is a process of its own: ``python -m benchmarks.peers WHO KIND DEPTH`` prints one.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.networks import KINDS

ROOT = Path(__file__).resolve().parent.parent
DEPTHS = (2, 4, 8, 16, 32, 128, 1024)
SECONDS = 60.0
STACK = 10**6


@dataclass(frozen=True)
class Taken:
    """One measurement: seconds without imports, the process's peak memory, or why there is none."""

    seconds: float = 0.0
    megabytes: float = 0.0
    problem: str = ""


def _derive(kind: str, depth: int) -> Callable[[], None]:
    from benchmarks.networks import claim
    from derive import verify

    def work() -> None:
        verdict = verify(claim(kind, depth), timeout=600)
        if verdict.status != "holds":
            raise RuntimeError(verdict.reason)

    return work


def _tensorgrad(kind: str, depth: int) -> tuple[Any, Any]:
    """The loss and the weights, in the tensors of tensorgrad."""
    import sympy
    import tensorgrad as tg
    from tensorgrad import functions as F

    size = sympy.symbols("n")
    last = 0 if kind in ("residual", "recurrent") else depth
    widths = [sympy.symbols(f"w{layer}") for layer in range(last + 1)]

    def weight(layer: int) -> Any:
        sizes = {
            f"e{layer - 1}": widths[min(layer - 1, last)],
            f"e{layer}": widths[min(layer, last)],
        }
        return tg.Variable(f"W{layer}", **sizes)

    activation = F.relu if kind == "relu" else F.tanh
    h = tg.Variable("x", n=size, e0=widths[0])
    if kind == "recurrent":
        inner, outer = widths[0], sympy.symbols("e")
        first = W = tg.Variable("W", i=inner, o=inner)
        U = tg.Variable("U", e=outer, o=inner)
        b = tg.Variable("b", o=inner)
        h = tg.Variable("h0", n=size, o=inner)
        for layer in range(1, depth + 1):
            x = tg.Variable(f"x{layer}", n=size, e=outer)
            h = activation(x @ U + h.rename(o="i") @ W + b)
        y = tg.Variable("y", n=size, o=inner)
    else:
        first = weight(1)
        for layer in range(1, depth + 1):
            W = first if layer == 1 else weight(layer)
            b = tg.Variable(f"b{layer}", **{f"e{layer}": widths[min(layer, last)]})
            a = activation(h @ W + b)
            h = h.rename(**{f"e{layer - 1}": f"e{layer}"}) + a if kind == "residual" else a
        y = tg.Variable("y", **{"n": size, f"e{depth}": widths[min(depth, last)]})
    return F.frobenius2(h - y) / 2, first


def _tensorgrad_preset(kind: str, depth: int) -> Callable[[], None]:
    from tensorgrad.compiler.reverse import resolve_shared_gradients
    from tensorgrad.compiler.runtime import normalize_args

    def work() -> None:
        loss, W = _tensorgrad(kind, depth)
        (gradient,) = resolve_shared_gradients((loss.grad(W),))
        gradient.simplify(normalize_args())

    return work


def _tensorgrad_full(kind: str, depth: int) -> Callable[[], None]:
    import tensorgrad  # noqa: F401

    def work() -> None:
        loss, W = _tensorgrad(kind, depth)
        loss.grad(W).full_simplify()

    return work


def _jax(kind: str, depth: int) -> Callable[[], None]:
    import jax
    import jax.numpy as jnp

    activation = jax.nn.relu if kind == "relu" else jnp.tanh
    x, y = jnp.ones((5, 4)), jnp.ones((5, 4))
    others = [jnp.ones((4, 4))] * depth

    def loss(W: Any) -> Any:
        h = x
        for layer in range(depth):
            if kind == "recurrent":
                h = activation(x @ others[layer] + h @ W + x[0])
            else:
                a = activation(h @ (others[layer] if layer else W) + x[0])
                h = h + a if kind == "residual" else a
        return jnp.sum((h - y) ** 2) / 2

    return lambda: jax.make_jaxpr(jax.grad(loss))(others[0]) and None


def _sympy(kind: str, depth: int) -> Callable[[], None]:
    import sympy as sp

    n, w, t = sp.Symbol("n"), sp.Symbol("w"), sp.Symbol("t")
    activation = sp.Lambda(t, sp.Max(0, t)) if kind == "relu" else sp.tanh

    def work() -> None:
        # Without biases, which SymPy does not broadcast.
        first = W = sp.MatrixSymbol("W1", w, w)
        x, y = sp.MatrixSymbol("x", n, w), sp.MatrixSymbol("y", n, w)
        h = x
        for layer in range(1, depth + 1):
            if kind != "recurrent":
                W = first if layer == 1 else sp.MatrixSymbol(f"W{layer}", w, w)
                a = (h * W).applyfunc(activation)
            else:
                a = (x * sp.MatrixSymbol("U", w, w) + h * W).applyfunc(activation)
            h = h + a if kind == "residual" else a
        (sp.Trace((h - y).T * (h - y)) / 2).diff(first)

    return work


WHO: dict[str, Callable[[str, int], Callable[[], None]]] = {
    "derive": _derive,
    "tensorgrad": _tensorgrad_preset,
    "tensorgrad full": _tensorgrad_full,
    "jax": _jax,
    "sympy": _sympy,
}


def measured(who: str, kind: str, depth: int, runs: int = 3) -> Taken:
    """The fastest of several processes, each with its own time limit."""
    best: Taken | None = None
    for _ in range(runs):
        taken = _process(who, kind, depth)
        if taken.problem:
            return taken
        if best is None or taken.seconds < best.seconds:
            best = taken
        if taken.seconds > 5:
            break
    assert best is not None
    return best


def _process(who: str, kind: str, depth: int) -> Taken:
    command = [sys.executable, "-m", "benchmarks.peers", who, kind, str(depth)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Taken(problem=f"> {SECONDS:g} s")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return Taken(problem=lines[-1].partition(":")[0].rpartition(".")[2])
    return Taken(**json.loads(done.stdout.splitlines()[-1]))


def _one(who: str, kind: str, depth: int) -> Taken:
    """In this process, in a thread with a deep stack, as some of the peers recurse."""
    import threading

    sys.setrecursionlimit(STACK)
    threading.stack_size(512 * 2**20)
    work = WHO[who](kind, depth)
    outcome: list[float | BaseException] = []

    def run() -> None:
        start = time.perf_counter()
        try:
            work()
            outcome.append(time.perf_counter() - start)
        except BaseException as problem:
            outcome.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Taken(outcome[0], peak)


def table(depths: tuple[int, ...] = DEPTHS) -> Iterator[tuple[str, int, dict[str, Taken]]]:
    """Every kind of network at every depth, by whoever has not failed at a smaller one."""
    for kind in KINDS:
        left = list(WHO)
        for depth in depths:
            row = {who: measured(who, kind, depth) for who in left}
            yield kind, depth, row
            left = [who for who in left if not row[who].problem]


if __name__ == "__main__":
    taken = _one(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    print(json.dumps({"seconds": taken.seconds, "megabytes": taken.megabytes}))
