"""How the packages may lean on each other, and what a file may be called."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Each package with those that it may import, besides itself.
MAY_IMPORT: dict[str, set[str]] = {"base": set()}
MAY_IMPORT["language"] = {"base"}
MAY_IMPORT["claims"] = {"base", "language"}
MAY_IMPORT["core"] = {"base"}
MAY_IMPORT["lowering"] = {"base", "language", "claims", "core"}
MAY_IMPORT["canonical"] = {"base", "core"}
MAY_IMPORT["proof"] = {"base", "core", "claims", "language", "lowering", "canonical"}
MAY_IMPORT["evaluation"] = {"base", "language", "claims"}
MAY_IMPORT["refutation"] = {"base", "language", "claims", "evaluation"}
MAY_IMPORT["presentation"] = MAY_IMPORT["proof"] | {"proof"}
MAY_IMPORT["diagnosis"] = MAY_IMPORT["presentation"] | {"presentation", "evaluation", "refutation"}
MAY_IMPORT["engine"] = MAY_IMPORT["diagnosis"] | {"diagnosis"}
# What the back ends write, and what documents and code are reported as.
MAY_IMPORT["report"] = {"claims"}
# The script that replays a witness names what the witness names; exported code is run at a point.
MAY_IMPORT["backends"] = {"base", "claims", "language", "evaluation", "refutation", "report"}
# Code that is derived of code is written by a back end and then read again, to be proved.
MAY_IMPORT["frontends"] = {"base", "claims", "language", "engine", "formulas", "evaluation"}
MAY_IMPORT["frontends"] |= {"backends", "report"}
MAY_IMPORT["formulas"] = {"base", "language", "claims", "derive"}
MAY_IMPORT["cli"] = {*MAY_IMPORT["engine"], "engine", "frontends", "backends", "report"}
MAY_IMPORT["cli"] |= {"formulas", "derive"}
# The doors: modules beside the packages, which look names up for people.
DOORS = {"derive", "code", "operators"}

FOLDERS = {"derive": ROOT / "derive", "formulas": ROOT / "formulas", "cli": ROOT / "cli"}
FILES = [path for folder in FOLDERS.values() for path in sorted(folder.rglob("*.py"))]
NO_NAMES = {"utils", "util", "common", "helpers", "helper", "misc"}


def _package(path: Path) -> str:
    """The package that a file belongs to: the first name below ``derive``."""
    top, *rest = path.relative_to(ROOT).with_suffix("").parts
    if top != "derive":
        return top
    return "derive" if rest == ["__init__"] else rest[0]


def _module(path: Path) -> str:
    """The name by which a file is imported."""
    top, *rest = path.relative_to(ROOT).with_suffix("").parts
    names = ["derive", *rest] if top == "derive" else ["derive", top, *rest]
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


MODULES = {_module(path): path for path in FILES}


@functools.cache
def _imported(path: Path, for_types: bool = False) -> frozenset[str]:
    """The modules that a file imports, wherever in it that stands; for types only if asked."""
    return frozenset(_modules(path, ast.parse(path.read_text(encoding="utf-8")), for_types))


def _modules(path: Path, node: ast.AST, for_types: bool) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:  # as the catalogue does, which is imported by two names
            parent = _module(path).split(".")
            kept = len(parent) - node.level + (path.name == "__init__.py")
            base = ".".join([*parent[:kept], *([base] if base else [])])
        for alias in node.names:
            inner = f"{base}.{alias.name}"
            yield inner if inner in MODULES else base
    elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not for_types:
        return
    else:
        for inside in ast.iter_child_nodes(node):
            if isinstance(inside, (ast.stmt, ast.ExceptHandler, ast.match_case)):
                yield from _modules(path, inside, for_types)


def _ours(path: Path, for_types: bool = False) -> set[str]:
    return {name for name in _imported(path, for_types) if name.partition(".")[0] == "derive"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    own = _package(path)
    if own in DOORS:
        return
    used = {name.split(".")[1] if "." in name else "derive" for name in _ours(path, True)} - {own}
    assert used <= MAY_IMPORT[own]
    outside = {name.partition(".")[0] for name in _imported(path)}
    assert not outside & {"formulas", "cli", "tests", "benchmarks"}


def test_no_files_import_each_other_in_a_circle():
    """Not for types either, but for the doors, which type checkers are told all names of."""
    left = {
        _module(path): _ours(path, for_types=_package(path) not in DOORS) - {_module(path)}
        for path in FILES
    }
    left = {name: {used for used in found if used in left} for name, found in left.items()}
    while True:
        free = {name for name, used in left.items() if not used}
        if not free:
            break
        left = {name: used - free for name, used in left.items() if name not in free}
    assert not left


def test_the_modules_that_a_docstring_names_are_there():
    named = {
        (path.stem, name)
        for path in FILES
        for name in re.findall(r":mod:`~?(derive[\w.]+)`", path.read_text("utf-8"))
    }
    assert named
    assert {(stem, name) for stem, name in named if name not in MODULES} == set()


def test_laws_ask_for_verbs_and_not_for_the_normaliser():
    """No file of laws leans on the facade that puts them together, not for a type either."""
    users = {"forms", "journal", "readback"}
    laws = [p for p in FILES if _package(p) == "canonical" and p.stem not in users]
    leaning = [p.stem for p in laws if "canonical.forms import" in p.read_text("utf-8")]
    assert laws and not leaning


def test_every_package_is_looked_at():
    assert {_package(path) for path in FILES} - DOORS <= set(MAY_IMPORT)


def test_a_file_is_named_after_what_lives_in_it():
    named = {path.stem for folder in (*FOLDERS, "tests") for path in (ROOT / folder).rglob("*")}
    assert not named & NO_NAMES


def test_the_folders_of_the_tests_mirror_the_tree():
    """A module's tests lie where the module lies; what concerns all packages lies at the top."""
    beside = {"corpus", "documents", "trust"}  # what tests are about, and not tests of a package
    tests = ROOT / "tests"
    folders = {path.parent.relative_to(tests) for path in tests.rglob("test_*.py")}
    places = {folder.as_posix() for folder in folders} - {".", *beside}
    packages = {path.parent for path in FILES}
    there = {path.relative_to(ROOT).as_posix().removeprefix("derive/") for path in packages}
    assert places <= there


# Tests of something else that a module elsewhere is called, too.
NAMESAKES = {"structure", "recurrences", "assumptions"}


def test_a_test_that_is_named_after_a_module_lies_beside_it():
    homes: dict[str, set[str]] = {}
    for path in FILES:
        home = path.parent.relative_to(ROOT).as_posix().removeprefix("derive/")
        homes.setdefault(path.stem, set()).add(home)
    misplaced = [
        path.relative_to(ROOT / "tests").as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in [path.stem.removeprefix("test_")]
        if name not in NAMESAKES
        and path.parent.relative_to(ROOT / "tests").as_posix() not in homes.get(name, ())
        and name in homes
    ]
    assert misplaced == []
