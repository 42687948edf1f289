"""Prints tables: the cold start, how deep derivations grow, and those through time."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from benchmarks import cold_start, recurrences, scaling


def main() -> int:
    """0 where every network's gradient holds, else 1; how long it took changes nothing."""
    console = Console()
    console.print(_cold_start())
    held = True
    for residual in (False, True):
        table = _network_table(residual)
        before: scaling.Measurement | None = None
        for now in scaling.measure(residual):
            held &= now.status == "holds"
            table.add_row(*_network_row(now, before))
            before = now
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


def _network_table(residual: bool) -> Table:
    kind = "residual" if residual else "plain"
    table = Table(title=f"∂loss/∂W1 of a {kind} tanh network, symbolic widths, by its recursion")
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
