"""Prints the tables that its arguments name; without any, all but the last three.

python -m benchmarks cold        the cold start, against importing SymPy
python -m benchmarks depth       how deep derivations grow
python -m benchmarks blocks      Transformers of up to 48 blocks
python -m benchmarks time        networks through time
python -m benchmarks shapes      the shapes of deep networks
python -m benchmarks catalogue   the whole catalogue from the command line
python -m benchmarks stages      where the time of the whole catalogue goes
python -m benchmarks peers       other programs beside this one: `pip install .[peers]`
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from rich.console import Console
from rich.table import Table

from benchmarks import (
    blocks,
    cold_start,
    deep_shapes,
    peers,
    recurrences,
    scaling,
    stages,
    whole_catalogue,
)
from benchmarks.convolutions import stack
from benchmarks.networks import network
from derive import Gradient


def main() -> int:
    """0 where every network's gradient holds, else 1; how long it took changes nothing."""
    named = sys.argv[1:] or ["cold", "depth", "blocks", "time", "shapes"]
    unknown = sorted(set(named) - set(TABLES))
    if unknown:
        print(f"there is no table {', '.join(unknown)}; there are {', '.join(TABLES)}")
        return 2
    console = Console()
    return 0 if all([TABLES[name](console) for name in named]) else 1


def _cold(console: Console) -> bool:
    console.print(_cold_start())
    return True


def _depth(console: Console) -> bool:
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
    return held


def _blocks(console: Console) -> bool:
    held = True
    table = Table(title="Transformers, the norms first: the gradient in X, and in Wq of block 1")
    for heading in ("blocks", "in", "verdict"):
        table.add_column(heading)
    for heading in ("build s", "verify s", "s/block", "arrays"):
        table.add_column(heading, justify="right")
    for found in blocks.measure():
        held &= found.status == "holds"
        table.add_row(
            str(found.depth),
            found.symbol,
            found.status,
            f"{found.build:.3f}",
            f"{found.verify:.2f}",
            f"{found.verify / found.depth:.2f}",
            str(found.arrays),
        )
    console.print(table)
    return held


def _shapes(console: Console) -> bool:
    held = True
    table = _shapes_table()
    for measured in deep_shapes.measure():
        held &= measured.status == "holds"
        table.add_row(*_shapes_row(measured))
    console.print(table)
    return held


def _time(console: Console) -> bool:
    held = True
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
    return held


def _catalogue(console: Console) -> bool:
    table = Table(title=f"Whole processes, the fastest of {whole_catalogue.RUNS}")
    for heading in ("command", "seconds", "peak MB"):
        table.add_column(heading, justify="left" if heading == "command" else "right")
    for arguments in whole_catalogue.COMMANDS:
        seconds, megabytes = whole_catalogue.measure(arguments)
        table.add_row("derive " + " ".join(arguments), f"{seconds:.2f}", f"{megabytes:.0f}")
    console.print(table)
    return True


def _stages(console: Console) -> bool:
    claims, seconds, found = stages.measure()
    table = Table(title=f"{claims} claims one after the other: {seconds:.1f} s")
    table.add_column("stage")
    for heading in ("times", "CPU seconds", "%"):
        table.add_column(heading, justify="right")
    found["all else"] = stages.Stage(claims, seconds - sum(s.seconds for s in found.values()))
    for name, stage in sorted(found.items(), key=lambda item: -item[1].seconds):
        share = 100 * stage.seconds / seconds
        table.add_row(name, str(stage.calls), f"{stage.seconds:.2f}", f"{share:.0f}")
    console.print(table)
    return True


def _peers(console: Console) -> bool:
    held = True
    table = Table(title="Seconds without imports · peak MB of the process")
    table.add_column("network")
    table.add_column("depth", justify="right")
    for who in peers.WHO:
        table.add_column(who, justify="right")
    for kind, depth, row in peers.table():
        held &= not row["derive"].problem if "derive" in row else False
        table.add_row(kind, str(depth), *(_taken(row.get(who)) for who in peers.WHO))
    console.print(table)
    return held


def _taken(taken: peers.Taken | None) -> str:
    if taken is None:
        return ""
    return taken.problem or f"{taken.seconds:.3f} · {taken.megabytes:.0f}"


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


TABLES: dict[str, Callable[[Console], bool]] = {
    "cold": _cold,
    "depth": _depth,
    "blocks": _blocks,
    "time": _time,
    "shapes": _shapes,
    "catalogue": _catalogue,
    "stages": _stages,
    "peers": _peers,
}


if __name__ == "__main__":
    sys.exit(main())
