"""``[tool.derive]`` in pyproject.toml, the schema of the report, and the shell's completion."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from click.testing import CliRunner

from derive.cli.main import main
from derive.cli.outputs import rendered
from derive.cli.settings import Settings, SettingsError, project_settings

ROOT = Path(__file__).resolve().parents[2]
CLAIMS = """
from sympy import MatrixSymbol, symbols
from derive import Gradient
n = symbols("n", integer=True, positive=True)
x = MatrixSymbol("x", n, 1)
right = Gradient((x.T*x)[0, 0], x, 2*x)
wrong = Gradient((x.T*x)[0, 0], x, x)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose claims are its target; it is given the lines of its settings."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "claims.py").write_text(CLAIMS, encoding="utf-8")

    def write(*lines, inside=False):
        text = "\n".join(["[tool.derive]", 'targets = ["claims.py"]', *lines])
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        monkeypatch.chdir(tmp_path / "inside" if inside else tmp_path)

    return write


def verify(*arguments):
    return CliRunner().invoke(main, ["verify", "--jobs", "1", "--no-cache", *arguments])


def test_a_project_names_its_targets_and_what_fails_of_them(project):
    project('expect = {"claims.wrong" = "disagrees"}', inside=True)
    result = verify("--format", "json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert [claim.get("expected") for claim in report["claims"]] == [None, "disagrees"]
    assert "1 fails as ../pyproject.toml expects: claims.wrong" in verify().stdout
    github = verify("--format", "github").stdout
    assert "::error" not in github


@pytest.mark.parametrize(
    ("expect", "code", "said"),
    [
        ('["claims.wrong"]', 0, ""),
        ("[]", 1, ""),
        ('["claims.right", "claims.wrong"]', 1, "claims.right is said in pyproject.toml to fail"),
        ('{"claims.wrong" = "undecided"}', 1, "to be undecided, and it disagrees"),
        ('["claims.wrung", "claims.wrong"]', 2, "did you mean claims.wrong?"),
    ],
)
def test_what_is_expected_has_to_be_so(project, expect, code, said):
    project(f"expect = {expect}")
    result = verify()
    assert result.exit_code == code
    assert said in result.stderr


def test_what_is_typed_is_stronger(project):
    project("timeout = 5", "effort = 2.5", "jobs = 3", 'expect = ["gone"]')
    result = verify("claims.py::right", "--effort", "1")
    assert (result.exit_code, result.stderr) == (0, "")
    settings = project_settings()
    assert (settings.timeout, settings.effort, settings.jobs) == (5.0, 2.5, 3)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("efort = 1", "no setting 'efort' (did you mean effort?)"),
        ("effort = -1", "effort in [tool.derive] is a positive number"),
        ("effort = true", "effort in [tool.derive] is a positive number"),
        ("timeout = inf", "timeout in [tool.derive] is a positive number of seconds"),
        ("jobs = 1.5", "jobs in [tool.derive] is a whole number of at least 1"),
        ('expect = {"a.b" = "holds"}', "a.b is 'holds'"),
        ('expect.a.b = "fails"', 'an id with a dot stands in quotes, as "a.b"'),
        ("expect = 3", "expect in [tool.derive] is a list of ids"),
        ("effort = ", "is not TOML"),
    ],
)
def test_a_wrong_setting_is_one_sentence(project, line, said):
    project(line)
    with pytest.raises(SettingsError) as problem:
        project_settings()
    assert said in str(problem.value)
    result = verify()
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_a_project_without_targets_is_not_taken_for_the_catalogue(tmp_path, monkeypatch):
    """A hook in a project that names none would decide the catalogue, and fail by its mistakes."""
    monkeypatch.chdir(tmp_path)
    for there in ("", "[tool.derive]\njobs = 1\n"):
        (tmp_path / "pyproject.toml").write_text(there, encoding="utf-8")
        result = verify("--project")
        assert result.exit_code == 2 and "no targets in [tool.derive]" in result.stderr
    assert "two ways" in verify("--project", "claims.py").stderr


def test_documents_and_claims_stand_in_one_report(project, tmp_path):
    project()
    (tmp_path / "notes.md").write_text("We have $(a+b)^2 = a^2+b^2$, $a-b=b-a$.", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.derive]\ntargets = ["claims.py", "notes.md"]\n', encoding="utf-8"
    )
    result = verify("--project", "--format", "junit", "-o", "github=marks.txt", "-o", "json=r.json")
    assert result.exit_code == 1
    suites = {suite.get("name"): suite for suite in Xml.fromstring(result.stdout.encode())}
    failed = {name: suite.get("failures") for name, suite in suites.items()}
    assert failed == {"claims.py": "1", "notes.md": "2"}  # both of one line
    marks = (tmp_path / "marks.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in marks[:-1]] == [
        "::error file=claims.py", "::error file=notes.md", "::error file=notes.md",
    ]  # fmt: skip
    assert marks[-1] == "derive: 1 holds, 3 disagree"
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert len(report["claims"]) == 4 and len(report["formulas"]) == 2


def test_other_projects_say_nothing(tmp_path):
    assert project_settings(tmp_path) == Settings()
    (tmp_path / "pyproject.toml").write_text("[tool]\nruff = 1\n", encoding="utf-8")
    assert project_settings(tmp_path) == Settings(file="pyproject.toml")


# ------------------------------------------------------------------------------------- the schema


def _report(project, tmp_path):
    project('expect = ["claims.wrong"]')
    (tmp_path / "notes.md").write_text(
        "Let $x$ be a real number.\n\n$$\\frac{\\partial x^2}{\\partial x} = x$$\n\n$$\\frac{a}$$\n"
    )
    of_claims = json.loads(verify("--format", "json").stdout)
    of_document = json.loads(verify("notes.md", "--format", "json").stdout)
    return of_claims, of_document


def test_json_has_no_pictures_whatever_other_outputs_show():
    report = {"claims": [{"id": "a", "drawing": "<svg/>"}], "problems": []}
    assert json.loads(rendered("json", report)) == {"claims": [{"id": "a"}], "problems": []}


def test_a_report_is_as_its_schema_says(project, tmp_path):
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    reports = _report(project, tmp_path)
    for report in reports:  # without the library, too: no key that the schema does not have
        assert set(report) <= set(schema["properties"])
        for name, part in (("claim", "claims"), ("formula", "formulas")):
            own = schema["$defs"][name]
            for record in report.get(part, ()):
                assert set(own["required"]) <= set(record) <= set(own["properties"])
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for report in reports:
        validator.validate(report)
    broken = {**reports[0], "summary": {"holds": 1}}
    assert not validator.is_valid(broken)


# ------------------------------------------------------------------------------ around the command


def test_the_shell_completes_names_of_the_catalogue():
    asked = {
        "_DERIVE_COMPLETE": "bash_complete",
        "COMP_WORDS": "derive show mlp.grad-W",
        "COMP_CWORD": "2",
    }
    completed = CliRunner().invoke(main, prog_name="derive", env=asked)
    assert "plain,mlp.grad-W1" in completed.output.splitlines()
    asked |= {"COMP_WORDS": "derive verify ./cl"}
    assert "file,./cl" in CliRunner().invoke(main, prog_name="derive", env=asked).output


def test_the_hook_and_the_action_run_what_there_is():
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"entry: derive (.*)", hooks)
    assert entries == ["verify --project", "verify"] and hooks.count("- id:") == 2
    action = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert 'derive" verify --format github' in action
    # Inputs are others' text, which no shell may read as its own.
    given = [line.strip() for line in action.splitlines() if "${{ inputs." in line]
    assert given
    assert all(line.startswith(("DERIVE_", "python-version:")) for line in given)
    assert CliRunner().invoke(main, ["verify", "--help"]).exit_code == 0
