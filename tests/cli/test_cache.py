"""What was found before is found again, without SymPy, and not where anything else decides it."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import sympy as sp

from derive import Formula, Identity, Verdict, formulas
from derive.backends.telling import told
from derive.claims.entry import Entry
from derive.cli import cache as caches
from derive.cli.cache import Cache
from derive.report import of_plain

ROOT = Path(__file__).resolve().parents[2]
t = sp.Symbol("t", real=True)
CLAIM = Identity(t, t + 1, id="a.wrong", title="t is more")
ENTRY = Entry(CLAIM, Formula("a", "Title", "1.1", {}, {}, (CLAIM,)))
FOUND = told(ENTRY, Verdict(CLAIM, "disagrees", reason="One is missing.", derived=t))


def kept(directory, timeout=60.0, effort=1.0):
    return Cache(directory, timeout, effort)


def verify(directory, *arguments, before=""):
    """``derive verify`` in a process of its own that keeps what it finds."""
    script = (
        f"import sys; sys.argv[0] = 'derive'\n{before}\nfrom derive.cli.main import main\nmain()"
    )
    paths = os.pathsep.join([*sys.path, str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": paths, "DERIVE_CACHE_DIR": str(directory)}
    environment.pop("DERIVE_NO_CACHE", None)
    command = [sys.executable, "-c", script, "verify", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=directory)
    assert done.stderr == ""
    return done


NO_SYMPY = "sys.modules['sympy'] = sys.modules['numpy'] = None"


def test_a_second_run_builds_nothing_and_says_the_same(tmp_path):
    first = verify(tmp_path, "weight-decay", "linear-regression.grad-b")
    second = verify(tmp_path, "weight-decay", "linear-regression.grad-b", before=NO_SYMPY)
    assert second.returncode == first.returncode
    assert second.stdout.splitlines()[:-1] == first.stdout.splitlines()[:-1]
    once = json.loads(verify(tmp_path, "weight-decay", "--format", "json", "--no-cache").stdout)
    again = json.loads(verify(tmp_path, "weight-decay", "--format", "json", before=NO_SYMPY).stdout)
    assert all(claim.pop("cached") for claim in again["claims"])
    for claim in (*once["claims"], *again["claims"]):
        assert claim.pop("seconds") >= 0
    assert once == again


def test_what_is_kept_is_what_was_found(tmp_path):
    assert kept(tmp_path).get(ENTRY) is None
    kept(tmp_path).put(ENTRY, FOUND)
    for found in (kept(tmp_path).get(ENTRY), kept(tmp_path).of_catalogue("a.wrong")):
        assert found.is_cached
        assert found.sides == FOUND.sides
        assert of_plain(found.plain()) == found
        assert {**found.record, "cached": None} == {**FOUND.record, "cached": None}
    assert kept(tmp_path).of_catalogue("a.other") is None


def test_other_limits_another_claim_or_another_place_are_another_question(tmp_path):
    kept(tmp_path).put(ENTRY, FOUND)
    assert kept(tmp_path, effort=2.0).get(ENTRY) is None
    assert kept(tmp_path, timeout=1.0).of_catalogue("a.wrong") is None
    assert kept(tmp_path).get(Entry(Identity(t, t + 2, id="a.wrong"), ENTRY.formula)) is None
    assert kept(tmp_path).get(Entry(CLAIM, path="claims.py")) is None


def test_indices_that_only_sympy_tells_apart_are_found_again_by_what_they_do(tmp_path):
    A = sp.MatrixSymbol("A", 2, 2)

    def entry(function):
        return Entry(Identity(A.applyfunc(function), A, id="a.file"), path="claims.py")

    def differences(swapped):
        u, v = sp.Dummy("u"), sp.Dummy("u")
        body = (
            sp.Sum(u - 2 * v, (v, 0, 3), (u, 0, 2))
            if swapped
            else sp.Sum(u - 2 * v, (u, 0, 3), (v, 0, 2))
        )
        return Entry(Identity(body, 0, id="a.file"), path="claims.py")

    kept(tmp_path).put(entry(sp.tanh), FOUND)
    assert kept(tmp_path).get(entry(sp.tanh)) is not None
    assert kept(tmp_path).get(entry(sp.sin)) is None
    kept(tmp_path).put(differences(True), FOUND)
    assert kept(tmp_path).get(differences(True)) is not None
    assert kept(tmp_path).get(differences(False)) is None


def test_what_a_page_shows_is_kept_apart_from_what_a_terminal_is_told(tmp_path):
    page = Cache(tmp_path, 60.0, 1.0, steps=60)
    kept(tmp_path).put(ENTRY, FOUND)
    assert page.get(ENTRY) is None and page.of_catalogue("a.wrong") is None
    page.put(ENTRY, told(ENTRY, Verdict(CLAIM, "disagrees", derived=t), typesetting=True))
    assert page.of_catalogue("a.wrong").record["latex"]["documented"] == "t + 1"
    assert "latex" not in kept(tmp_path).of_catalogue("a.wrong").record


@pytest.mark.parametrize("where", ["derive", "derive.cli", "derive.formulas"])
def test_no_finding_outlives_a_change_of_the_source(tmp_path, monkeypatch, where):
    kept(tmp_path).put(ENTRY, FOUND)
    changed = []
    add = caches._add_sources

    def add_changed(digest, root, apart=()):
        add(digest, root, apart)
        names = {"derive": "derive", "cli": "derive.cli", "formulas": "derive.formulas"}
        if names[root.name] == where:
            changed.append(root)
            digest.update(b"one line more")

    monkeypatch.setattr(caches, "_add_sources", add_changed)
    assert kept(tmp_path).of_catalogue("a.wrong") is None
    assert (kept(tmp_path).get(ENTRY) is None) == (where != "derive.formulas")
    assert changed


def test_a_claim_of_a_file_is_not_kept_under_the_catalogues_name(tmp_path):
    kept(tmp_path).put(Entry(CLAIM, ENTRY.formula, path="claims.py"), FOUND)
    assert kept(tmp_path).of_catalogue("a.wrong") is None


@pytest.mark.parametrize("verdict", [
    Verdict(CLAIM, "undecided", reason="internal error: broken"),
    Verdict(CLAIM, "undecided", reason="no proof was found", stopped=True),
])  # fmt: skip
def test_what_the_clock_cut_is_decided_again(tmp_path, verdict):
    kept(tmp_path).put(ENTRY, told(ENTRY, verdict))
    assert kept(tmp_path).get(ENTRY) is None
    assert kept(tmp_path).of_catalogue("a.wrong") is None


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"\xff", b'{"record": {"status": "sure"}}']
)
def test_a_broken_file_is_no_finding(tmp_path, content):
    kept(tmp_path).put(ENTRY, FOUND)
    for file in tmp_path.rglob("*.json"):
        file.write_bytes(content)
    assert kept(tmp_path).get(ENTRY) is None
    assert kept(tmp_path).of_catalogue("a.wrong") is None


def test_every_source_of_the_installation_is_in_the_key():
    """A file that decides and is not in the digest would leave wrong verdicts behind."""
    seen = []

    class Digest:
        def update(self, data):
            seen.append(data)

    root = Path(formulas.__file__).parent
    caches._add_sources(Digest(), root)
    assert {path.read_bytes() for path in root.rglob("*.py")} <= set(seen)


@pytest.mark.parametrize("project", caches.DECIDES)
def test_the_versions_of_what_decides_are_in_the_key(project):
    assert version(project) in caches._version(project)


def test_no_finding_outlives_another_version_of_what_decides(tmp_path, monkeypatch):
    kept(tmp_path).put(ENTRY, FOUND)
    other = tmp_path / "packages"
    (other / "sympy-99.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(other), *sys.path])
    assert caches._version("sympy") == "sympy-99.0.dist-info"
    assert kept(tmp_path).get(ENTRY) is None
    assert kept(tmp_path).of_catalogue("a.wrong") is None


def test_a_project_that_is_not_installed_has_no_version():
    assert caches._version("no-such-project") == ""
