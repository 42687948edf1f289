"""What each formula of a document is, and how that is known.

Beside a document `NAME.md` (`.tex`, `.rst`, `.ipynb`, `.py`) stands `NAME_truth.py`. Its function
`check(t)` draws numbers and states, for every formula that says something, the two sides worked
out in NumPy, derivatives by differences. A formula is named by a piece of its LaTeX that occurs
once in the document. Nothing here knows the package: not its parser, not its evaluator.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
SUFFIXES = (".md", ".tex", ".rst", ".ipynb", ".py")

TRUE, FALSE, ILL_SHAPED = "true", "false", "ill-shaped"
DEFINITION, DECLARATION, NO_STATEMENT = "definition", "declaration", "not a statement"

SEEDS = range(3)
TOLERANCE = 2e-5


@dataclass
class Row:
    """One formula: where it stands, what it is, and whether the document declares what it needs."""

    latex: str
    truth: str
    declared: bool
    seen_to_differ: bool = False


@dataclass
class Table:
    """The truths of one document at one point, which is drawn as the checks go along."""

    random: np.random.Generator
    rows: dict[str, Row] = field(default_factory=dict)
    declared: bool = True

    # Numbers

    def sizes(self, count: int) -> list[int]:
        """Sizes that differ from one another, so that what does not fit is seen."""
        return [int(size) for size in self.random.permutation([2, 3, 4, 5])[:count]]

    def normal(self, *shape: int) -> Any:
        return self.random.normal(size=shape) if shape else float(self.random.normal())

    def positive(self, *shape: int) -> Any:
        return np.exp(self.normal(*shape) / 2)

    def uniform(self, *shape: int) -> Any:
        return 0.1 + 0.8 * self.random.random(shape or None)

    def labels(self, *shape: int) -> Any:
        return self.random.choice([-1.0, 1.0], size=shape)

    def bits(self, *shape: int) -> Any:
        return self.random.choice([0.0, 1.0], size=shape)

    def simplex(self, *shape: int) -> Any:
        """Numbers that add up to one along the last axis that is longer than one."""
        weights = np.exp(self.normal(*shape))
        axis = max(a for a in range(len(shape)) if shape[a] > 1)
        return weights / weights.sum(axis=axis, keepdims=True)

    def symmetric(self, size: int) -> Any:
        square = self.normal(size, size)
        return square + square.T

    def definite(self, size: int) -> Any:
        square = self.normal(size, size)
        return square @ square.T + np.eye(size)

    # Statements

    def true(self, latex: str, *sides: Any) -> None:
        assert _agree(sides), f"{latex} is called true: {sides}"
        self._row(latex, TRUE)

    def at_most(self, latex: str, left: Any, right: Any) -> None:
        assert np.all(np.asarray(left) <= np.asarray(right) + TOLERANCE), latex
        self._row(latex, TRUE)

    def not_at_most(self, latex: str, left: Any, right: Any) -> None:
        row = self._row(latex, FALSE)
        row.seen_to_differ = bool(np.any(np.asarray(left) > np.asarray(right) + TOLERANCE))

    def false(self, latex: str, *sides: Any) -> None:
        """The sides have one shape and differ."""
        shapes = {np.squeeze(side).shape for side in sides}
        assert len(shapes) == 1, f"{latex} is called false, and its sides have shapes {shapes}"
        row = self._row(latex, FALSE)
        row.seen_to_differ = not _agree(sides)

    def ill(self, latex: str, sides: Callable[[], tuple[Any, ...]]) -> None:
        """The sides cannot be worked out, or have two shapes."""
        try:
            shapes = {np.shape(side) for side in sides()}
        except ValueError:
            shapes = set()
        assert len(shapes) != 1, f"{latex} is called ill-shaped: {shapes}"
        self._row(latex, ILL_SHAPED)

    def defines(self, *latex: str) -> None:
        for each in latex:
            self._row(each, DEFINITION)

    def declares(self, *latex: str) -> None:
        for each in latex:
            self._row(each, DECLARATION)

    def other(self, *latex: str) -> None:
        for each in latex:
            self._row(each, NO_STATEMENT)

    def _row(self, latex: str, truth: str) -> Row:
        assert latex not in self.rows, f"{latex} is stated twice"
        self.rows[latex] = Row(latex, truth, self.declared)
        return self.rows[latex]


def _agree(sides: tuple[Any, ...]) -> bool:
    """Whether all sides are equal, entry by entry; a scalar may be a 1×1 matrix."""
    first, *others = (np.asarray(side, dtype=float) for side in sides)

    def equal(left: Any, right: Any) -> bool:
        if left.size == right.size == 1:
            left, right = left.reshape(()), right.reshape(())
        return left.shape == right.shape and np.allclose(
            left, right, rtol=TOLERANCE, atol=TOLERANCE
        )

    return all(equal(first, other) for other in others)


# Derivatives by differences


def jacobian(function: Callable[[Any], Any], at: Any) -> Any:
    """J[i, j] = ∂function_i/∂at_j, the entries of both counted row by row."""
    at = np.asarray(at, dtype=float)
    step = 1e-5
    columns = []
    for index in np.ndindex(at.shape):
        change = np.zeros_like(at)
        change[index] = step
        difference = np.asarray(function(at + change)) - np.asarray(function(at - change))
        columns.append(difference.ravel() / (2 * step))
    return np.stack(columns, axis=1)


def gradient(function: Callable[[Any], Any], at: Any) -> Any:
    """∂function/∂at for a scalar function: of the shape of `at`."""
    return jacobian(function, at).reshape(np.shape(at))


def hessian(function: Callable[[Any], Any], at: Any) -> Any:
    """The second derivatives, by differences of differences, in the entries of `at`."""
    step, at = 1e-3, np.asarray(at, dtype=float)
    units = [step * unit.reshape(at.shape) for unit in np.eye(at.size)]

    def value(point: Any) -> float:
        return float(np.sum(function(point)))

    def fourth(u: Any, v: Any) -> float:
        ahead = value(at + u + v) - value(at + u - v)
        return (ahead - value(at - u + v) + value(at - u - v)) / 4

    def better(u: Any, v: Any) -> float:
        # Two step widths, so that the error falls with the fourth power of the step.
        return (16 * fourth(u, v) - fourth(2 * u, 2 * v)) / (12 * step**2)

    return np.array([[better(u, v) for v in units] for u in units])


# Functions that many documents use


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any, axis: int | None = None) -> Any:
    """Over all entries, or along an axis."""
    weights = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def logsumexp(z: Any, axis: int | None = None) -> Any:
    return np.log(np.exp(z).sum(axis=axis, keepdims=axis is not None))


def diag(vector: Any) -> Any:
    return np.diag(np.ravel(vector))


# Documents


@cache
def documents() -> tuple[Path, ...]:
    """Every document that has its truth beside it."""
    names = sorted(path.stem.removesuffix("_truth") for path in HERE.glob("*_truth.py"))
    return tuple(_document(name) for name in names)


def _document(name: str) -> Path:
    found = [HERE / f"{name}{suffix}" for suffix in SUFFIXES]
    (path,) = [path for path in found if path.exists()]
    return path


def truths(document: Path) -> dict[str, Row]:
    """What each formula of a document is, once every truth is confirmed by numbers.

    Raises AssertionError where a truth is not confirmed.
    """
    module = importlib.import_module(f"tests.documents.{document.stem}_truth")
    confirmed: dict[str, Row] = {}
    for seed in SEEDS:
        table = Table(np.random.default_rng(seed))
        with np.errstate(all="ignore"):
            module.check(table)
        assert not confirmed or confirmed.keys() == table.rows.keys()
        for latex, row in table.rows.items():
            if latex in confirmed:
                row.seen_to_differ |= confirmed[latex].seen_to_differ
            confirmed[latex] = row
    for row in confirmed.values():
        assert row.truth != FALSE or row.seen_to_differ, f"{row.latex} is called false, and holds"
    return confirmed


@dataclass(frozen=True, order=True)
class Place:
    """A place in a document, as a report names it: counted from 1, within the cell if any."""

    cell: int
    line: int
    column: int


def cells(document: Path) -> list[str]:
    """The text of a document; of a notebook, that of each cell, code cells left empty."""
    text = document.read_text(encoding="utf-8")
    if document.suffix != ".ipynb":
        return [text]
    return [
        "".join(cell["source"]) if cell["cell_type"] == "markdown" else ""
        for cell in json.loads(text)["cells"]
    ]


def places(texts: list[str], latex: str) -> list[Place]:
    """Where a piece of LaTeX occurs."""
    found = []
    for number, text in enumerate(texts):
        start = text.find(latex)
        while start >= 0:
            before = text[:start]
            column = start - (before.rfind("\n") + 1) + 1
            found.append(Place(number, before.count("\n") + 1, column))
            start = text.find(latex, start + 1)
    return found
