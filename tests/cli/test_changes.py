"""``--changed-since`` and ``--watch``: which files are verified, and what is said of others."""

from __future__ import annotations

import subprocess

import click
import pytest
from click.testing import CliRunner

from derive.cli.changes import NoHistory, changed_targets
from derive.cli.main import main, verify
from derive.cli.watching import NotWatched, as_typed, watch

CLAIMS = """
import sympy as sp
from derive import Identity
x = sp.Symbol("x", real=True)
right = Identity(x + x, {} * x)
"""


def git(folder, *arguments):
    # No configuration of whoever runs the tests.
    quiet = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *quiet, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    for name in ("same", "changes"):
        (tmp_path / f"{name}.py").write_text(CLAIMS.format(2))
    (tmp_path / "notes.md").write_text("# Nothing\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    (tmp_path / "changes.py").write_text(CLAIMS.format(3))
    (tmp_path / "new.py").write_text(CLAIMS.format(2))
    (tmp_path / "unrelated.py").write_text("print('this file states nothing')\n")
    return tmp_path


def test_what_differs_and_what_is_new(repository):
    assert changed_targets(["."], "HEAD") == ["changes.py", "new.py"]
    assert changed_targets(["same.py", "changes.py::right", "notes.md"], "HEAD") == [
        "changes.py::right"
    ]
    git(repository, "add", ".")
    assert changed_targets(["."], "HEAD") == ["changes.py", "new.py"]
    git(repository, "commit", "-q", "-m", "second")
    assert changed_targets(["."], "HEAD") == []
    assert changed_targets(["."], "HEAD~1") == ["changes.py", "new.py"]


@pytest.mark.parametrize(
    ("targets", "revision", "said"),
    [
        (["mlp"], "HEAD", "mlp is neither"),
        (["."], "no-such-branch", "no-such-branch is no revision"),
        (["."], "--output=hidden", "--output=hidden is no revision"),
    ],
)
def test_what_is_no_file_and_no_revision(repository, targets, revision, said):
    with pytest.raises(NoHistory, match=said):
        changed_targets(targets, revision)
    assert not (repository / "hidden").exists()


def test_outside_of_a_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(NoHistory, match="not a git repository"):
        changed_targets(["."], "HEAD")


def test_the_command_verifies_what_changed(repository):
    result = CliRunner().invoke(main, ["verify", "--changed-since", "HEAD", "--jobs", "1"])
    assert result.exit_code == 1
    assert "changes.py" in result.stdout
    assert "same.py" not in result.stdout
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "second")
    result = CliRunner().invoke(main, ["verify", "--changed-since", "HEAD", "--format", "json"])
    assert result.exit_code == 0
    assert '"claims": []' in result.stdout
    assert "no file among the targets changed since HEAD" in result.stderr


def test_a_saved_file_is_verified_again_and_the_others_are_not(tmp_path):
    for name in ("a.py", "b.md", "c.md"):
        (tmp_path / name).write_text("")
    a, b, c = (str(tmp_path / name) for name in ("a.py", "b.md", "c.md"))
    runs = []

    def changes(*folders):
        assert folders == (str(tmp_path),)
        assert runs == []  # it watches before it runs: what is saved meanwhile is not missed
        yield set()
        yield {(1, b)}
        yield {(1, str(tmp_path / "unrelated.txt"))}
        yield {(1, str(tmp_path / "imported.py"))}
        yield {(1, str(tmp_path / "c.derive.toml")), (1, a)}

    watch([a, b, c], ["--strict"], runs.append, changes)
    assert runs == [["verify", *some, "--strict"] for some in ([a, b, c], [b], [a], [a, c])]


@pytest.mark.parametrize(("targets", "said"), [(["mlp"], "mlp is neither"), ([], "needs a file")])
def test_what_cannot_be_watched(targets, said):
    with pytest.raises(NotWatched, match=said):
        watch(targets, [], print, lambda *_: ())


def test_options_are_passed_on_as_they_were_typed():
    context = verify.make_context(
        "verify", ["a.py", "--watch", "--timeout", "5", "--strict", "-o", "html=a.html"]
    )
    assert isinstance(context, click.Context)
    found = as_typed(context, leave_out=("watched",))
    assert found == ["--output", "html=a.html", "--timeout", "5.0", "--strict"]
