"""Prints tables: the cold start, how deep derivations grow, those through time, deep shapes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from rich.console import Console
from rich.table import Table

from benchmarks import cold_start, deep_shapes, recurrences, scaling
from benchmarks.convolutions import stack
from benchmarks.networks import network
from derive import Gradient


def main() -> int:
    """0 where every network's gradient holds, else 1; how long it took changes nothing."""
    console = Console()
    console.print(_cold_start())
    held = True
    tables: list[tuple[str, Callable[[int], Gradient], Iterable[int]]] = [
        ("of a plain tanh network, symbolic widths", network, scaling.DEPTHS),
        ("of a residual tanh network, symbolic widths", residual, scaling.DEPTHS),
        ("of a stack of 3×3 convolutions", stack, scaling.STACK_DEPTHS),
    ]
    for title, made, depths in tables:
        table = _network_table(title)
        before: scaling.Measurement | None = None
        for now in scaling.measure(made, depths):
            held &= now.status == "holds"
            table.add_row(*_network_row(now, before))
            before = now
        console.print(table)
    table = _shapes_table()
    for measured in deep_shapes.measure():
        held &= measured.status == "holds"
        table.add_row(*_shapes_row(measured))
    console.print(table)
    table = Table(title="∂loss/∂Wh of a recurrent tanh network, by backpropagation through time")
    for heading in ("written", "steps", "verdict"):
        table.add_column(heading)
    table.add_column("verify s", justify="right")
    for name, kind, sizes in (
        ("as a recurrence", recurrences.through_time, recurrences.LENGTHS),
        ("step by step", recurrences.unrolled, recurrences.STEPS),
    ):
        for found in recurrences.measure(kind, sizes):
            held &= found.status == "holds"
            table.add_row(name, str(found.steps), found.status, f"{found.verify:.3f}")
        table.add_section()
    console.print(table)
    return 0 if held else 1


def residual(depth: int) -> Gradient:
    return network(depth, residual=True)


def _cold_start() -> Table:
    measured = cold_start.measure()
    table = Table(title="Cold start, whole processes, median of 5 taken in turn")
    table.add_column("command")
    table.add_column("seconds", justify="right")
    table.add_row("python -c 'import sympy'", f"{measured.sympy:.2f}")
    table.add_row("derive verify 1", f"{measured.verify:.2f}")
    table.add_section()
    table.add_row(f"ratio (to be at most {cold_start.TARGET_RATIO:g})", f"{measured.ratio:.1f}")
    return table


def _shapes_table() -> Table:
    table = Table(title=f"Shapes of ResNets (to be at most {deep_shapes.TARGET_SECONDS:g} s)")
    table.add_column("network")
    for heading in ("layers", "build s", "verify s", "parameters", "MACs"):
        table.add_column(heading, justify="right")
    return table


def _shapes_row(measured: deep_shapes.DeepShapes) -> list[str]:
    return [
        measured.name,
        str(measured.layers),
        f"{measured.build:.3f}",
        f"{measured.verify:.3f}",
        f"{measured.parameters:,}",
        f"{measured.macs:,}",
    ]


def _network_table(title: str) -> Table:
    table = Table(title=f"∂loss/∂W1 {title}, by its recursion")
    table.add_column("depth", justify="right")
    table.add_column("verdict")
    for heading in ("build s", "verify s", "×", "arrays", "×", "nodes", "×"):
        table.add_column(heading, justify="right")
    return table


def _network_row(now: scaling.Measurement, before: scaling.Measurement | None) -> list[str]:
    def growth(name: str) -> str:
        return f"{getattr(now, name) / getattr(before, name):.1f}" if before else ""

    return [
        str(now.depth),
        now.status,
        f"{now.build:.3f}",
        f"{now.verify:.3f}",
        growth("verify"),
        str(now.arrays),
        growth("arrays"),
        str(now.nodes),
        growth("nodes"),
    ]


if __name__ == "__main__":
    sys.exit(main())
