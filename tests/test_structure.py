"""How the packages may lean on each other, and what a file may be called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Each package with those of ours that it may import; the engine knows nothing of what uses it.
MAY_IMPORT = {
    "derive": {"derive"},
    "formulas": {"formulas", "derive"},
    "cli": {"cli", "formulas", "derive"},
}
FILES = [path for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]
NO_NAMES = {"utils", "util", "common", "helpers", "helper", "misc"}


def _imported(tree: ast.AST) -> Iterator[str]:
    """The top-level package of every import, wherever in the file it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test can read them"
            yield (node.module or "").partition(".")[0]


def test_every_package_is_looked_at():
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    package = path.relative_to(ROOT).parts[0]
    ours = set(_imported(ast.parse(path.read_text(encoding="utf-8")))) & {
        *MAY_IMPORT,
        "benchmarks",
        "tests",
    }
    assert ours <= MAY_IMPORT[package]


def test_a_file_is_named_after_what_lives_in_it():
    named = {path.stem for folder in (*MAY_IMPORT, "tests") for path in (ROOT / folder).rglob("*")}
    assert not named & NO_NAMES
