"""The layers of a network as a table, and as records: shapes, parameters, multiply–accumulates."""

from __future__ import annotations

from typing import Any

import sympy as sp
from rich.cells import cell_len
from rich.text import Text

from derive.backends.layout import one_line, wrap_prose
from derive.language.network import Network
from derive.language.printing import shape_text

HEAD = ("layer", "what it does", "shape", "parameters", "MACs")
KIND_WIDTH = 44
CONVENTION = (
    "MACs: multiply–accumulates of one sample, a product and its addition together; those of "
    "convolutions and matrix products, the zeros of a padding included"
)


def layer_lines(network: Network, width: int) -> list[Text]:
    """A line for each layer, with numbers where there are any, and the totals."""
    samples = network.image.shape[0]
    rows = [("image", "", shape_text(tuple(network.image.shape)), "", "")]
    for layer in network.layers:
        macs = sp.cancel(layer.macs / samples)
        numbers = (_number(layer.parameters), _number(macs))
        rows.append(
            (layer.name, one_line(layer.kind, KIND_WIDTH), shape_text(layer.shape), *numbers)
        )
    parameters = sp.Add(*network.parameters.args) if network.layers else sp.S.Zero
    total = (
        "total",
        f"{len(network.layers)} layers",
        "",
        _number(parameters),
        _number(network.macs),
    )
    widths = [max(cell_len(row[k]) for row in (HEAD, *rows, total)) for k in range(len(HEAD))]
    lines = [_line(HEAD, widths, "dim"), *(_line(row, widths) for row in rows)]
    lines.append(_line(total, widths, "bold"))
    return [*lines, *(Text(f"  {part}", "dim") for part in wrap_prose(CONVENTION, width - 2))]


def _line(cells: tuple[str, ...], widths: list[int], style: str = "") -> Text:
    padded = [
        " " * (width - cell_len(cell)) + cell if k > 2 else cell + " " * (width - cell_len(cell))
        for k, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return Text("  " + "  ".join(padded).rstrip(), style)


def _number(value: Any) -> str:
    """A count with its digits in threes; nothing for none."""
    if value == 0:
        return ""
    return f"{int(value):,}" if value.is_Integer else str(value)


def layer_records(formula: str, network: Network) -> list[dict[str, Any]]:
    """Every layer of a network, its counts as numbers; one with sizes in it as text."""
    samples = network.image.shape[0]
    return [
        {
            "claim": formula,
            "field": f"layer[{layer.name}]",
            "expression": layer.kind,
            "shape": [str(size) for size in layer.shape],
            "error": None,
            "parameters": _count(layer.parameters),
            "macs": _count(sp.cancel(layer.macs / samples)),
        }
        for layer in network.layers
    ]


def _count(value: Any) -> int | str:
    return int(value) if value.is_Integer else str(value)
