"""What the documents show: their Python runs, and their commands print what is shown."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from expected import EXPECTED

from derive import formulas
from derive.cli.main import main

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
by_name = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def _blocks(document: Path, language: str) -> list[str]:
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@by_name
def test_the_python_of_a_document_runs(document):
    names: dict[str, object] = {}
    for block in _blocks(document, "python"):
        exec(compile(block, document.name, "exec"), names)


@by_name
def test_a_command_prints_what_a_document_shows(document, tmp_path, monkeypatch):
    """What is shown is all that is printed; a line of … stands for lines that are not shown."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for block in _blocks(document, "python"):
        first = block.partition("\n")[0]
        if first.startswith("# ") and first.endswith(".py"):
            (tmp_path / first[2:]).write_text(block, encoding="utf-8")
    for block in _blocks(document, "console"):
        command, *shown = block.splitlines()
        assert command.startswith("$ derive ")
        printed = CliRunner().invoke(main, shlex.split(command)[2:]).output.splitlines()
        assert _covers(_comparable(shown), _comparable(printed)), (command, printed)


def test_the_documents_show_what_is_tested():
    shown = [len(_blocks(ROOT / "README.md", language)) for language in ("python", "console")]
    assert shown[0] >= 3 and shown[1] >= 7


def _covers(shown: list[str], printed: list[str]) -> bool:
    pattern = "".join(
        "(.*\n)*" if line.strip() == "…" else re.escape(line) + "\n" for line in shown
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def _comparable(lines: list[str]) -> list[str]:
    return [_without_time(line) for line in lines if line.strip()]


def _without_time(line: str) -> str:
    return re.sub(r"\d+\.\d+ s$", "… s", line)


def test_the_table_of_the_readme_counts_the_catalogue():
    verdicts: dict[str, list[str]] = {}
    for formula in formulas.catalogue().values():
        pinned = (EXPECTED[claim.id] for claim in formula.claims)
        verdicts.setdefault(formula.section, []).extend(pinned)
    counted = {
        section: (len(found), *map(found.count, ("holds", "disagrees", "ill-shaped")))
        for section, found in verdicts.items()
    }
    rows = re.findall(r"^\| (\d+\.\d+) \| [^|]+ \| (.*) \|$", DOCUMENTS[0].read_text("utf-8"), re.M)
    shown = {section: tuple(map(int, numbers.split(" | "))) for section, numbers in rows}
    assert shown == counted


def test_the_architecture_names_every_module():
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    modules = [
        path.stem for package in ("derive", "cli") for path in (ROOT / package).rglob("*.py")
    ]
    missing = [name for name in sorted(modules) if name != "__init__" and f"`{name}`" not in text]
    assert not missing
