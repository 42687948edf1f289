"""What is installed: one import name, beside which a project may have any packages of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

PROJECT = {
    "cli/__init__.py": "MINE = True\n",
    "formulas/__init__.py": "MINE = True\n",
    "tests/test_mine.py": """
import sys

import cli
import formulas
from derive import formulas as catalogue
from derive.formulas import softmax_regression


def test_mine():
    assert cli.MINE and formulas.MINE


def test_theirs():
    assert "mlp" in catalogue.catalogue()
    assert softmax_regression.loss is not None
    assert sys.modules["derive"].__file__.startswith(sys.prefix)
""",
    "claims.py": """
import sympy as sp
from derive import Gradient

x = sp.Symbol("x", real=True)
square = Gradient(x**2, x, 2*x)
""",
}


def _run(*command: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "WT")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it; what it depends on is that of this one."""
    built = tmp_path_factory.mktemp("wheel")
    source = built / "source"
    source.mkdir()
    for name in ("derive", "formulas", "cli", "pyproject.toml", "README.md", "LICENSE"):
        _run("cp", "-r", ROOT / name, source / name, cwd=built)
    pip = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")
    _run(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", built, source, cwd=built)
    (wheel,) = built.glob("*.whl")
    fresh = built / "environment"
    venv.create(fresh, with_pip=False)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(fresh)}))
    # Paths in a .pth file are searched for packages, and no .pth file of theirs is read: an
    # editable installation of this project stays outside.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    _run(*pip, "install", "--no-deps", "--target", packages, wheel, cwd=built)
    return fresh / "bin" / "python"


def test_a_project_with_packages_of_these_names_runs_its_tests(python, tmp_path):
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    out = _run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=tmp_path)
    assert "2 passed" in out
    verified = _run(python, "-m", "derive.cli.main", "verify", "claims.py", cwd=tmp_path)
    assert "holds" in verified


def test_every_package_is_installed():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = {path.parent.relative_to(ROOT) for path in (ROOT / "derive").rglob("__init__.py")}
    expected = {".".join(path.parts) for path in packages} | {"derive.cli", "derive.formulas"}
    assert set(listed["tool"]["setuptools"]["packages"]) == expected


def test_the_catalogue_is_importable_at_the_root():
    out = _run(sys.executable, "-c", "import formulas; print(len(formulas.catalogue()))", cwd=ROOT)
    assert int(out) > 30
