"""The pytest plugin, in a pytest of its own: which claims become tests, and what a failure says."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import derive

ROOT = Path(derive.__file__).resolve().parent.parent
IS_INSTALLED = any(
    point.value == "derive.cli.pytest_plugin" for point in entry_points(group="pytest11")
)

CLAIMS = """
from sympy import MatrixSymbol, Symbol, Trace, symbols
from derive import Gradient, Identity, Shape

n, m = symbols("n m", integer=True, positive=True)
X, w, t = MatrixSymbol("X", n, m), MatrixSymbol("w", m, 1), Symbol("t", real=True)
right = Gradient(Trace(w.T * w), w, 2 * w)
wrong = Gradient(Trace(w.T * w), w, w, id="a.wrong", title="a factor 2 is missing")
misfit = Shape(X * w, (m, 1))
"""


@pytest.fixture
def check(pytester, monkeypatch):
    """Run pytest with the plugin, as an installation would load it.

    In this process, where SymPy is imported already; ``apart`` is for what depends on that.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)
    plugin = () if IS_INSTALLED else ("-p", "derive.cli.pytest_plugin")

    def run(*arguments, apart=False):
        start = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        return start(*plugin, "-p", "no:cacheprovider", *arguments)

    return run


def test_every_claim_of_a_named_file_is_a_test(pytester, check):
    pytester.makepyfile(my_claims=CLAIMS, test_other="def test_that(): pass")
    result = check("-v", "--derive", "my_claims.py")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "my_claims.py::my_claims.right PASSED*",
            "my_claims.py::a.wrong FAILED*",
            "my_claims.py::my_claims.misfit FAILED*",
            "test_other.py::test_that PASSED*",
        ]
    )
    result.stdout.fnmatch_lines(
        [
            "*_ claim a.wrong _*",
            "  ✗ disagrees   a.wrong  a factor 2 is missing",
            "      documented  w",
            "      derived     2*w",
            "      witness     *",
            "*_ claim my_claims.misfit _*",
            "  ⊘ ill-shaped  my_claims.misfit",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_single_claim_of_a_file(pytester, check):
    tests = pytester.makepyfile(my_claims=CLAIMS, test_other="def test_that(): pass")
    result = check("--derive", "my_claims.py::a.wrong", tests.parent / "test_other.py")
    result.assert_outcomes(passed=1, failed=1)


def test_a_single_claim_besides_all_tests(pytester, check):
    pytester.makepyfile(my_claims=CLAIMS, test_other="def test_that(): pass")
    check("--derive", "my_claims.py::a.wrong").assert_outcomes(passed=1, failed=1)
    both = ("--derive", "my_claims.py::a.wrong", "--derive", "my_claims.py::my_claims.right")
    check(*both).assert_outcomes(passed=2, failed=1)
    result = check("--derive", "my_claims.py::wrong")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*my_claims.py has no claim with the id 'wrong'; it has*a.wrong*"])


def test_what_is_undecided_fails(pytester, check):
    pytester.makepyfile(my_claims=CLAIMS + "right = Identity(t**2 - 1, (t - 1)*(t + 1))\n")
    result = check("--derive", "my_claims.py", "--derive-effort", "0.000001", "-k", "right")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(["*? undecided*my_claims.right"])


def test_files_by_a_pattern_of_the_settings(pytester, check):
    pytester.makepyfile(
        claims_one=CLAIMS, claims_none="x = 1", other=CLAIMS, test_other="def test_that(): pass"
    )
    pytester.makeini("[pytest]\nderive_files = claims_*.py")
    check().assert_outcomes(passed=2, failed=2)
    check("claims_one.py").assert_outcomes(passed=1, failed=2)


def test_a_file_of_both_claims_and_tests(pytester, check):
    pytester.makepyfile(test_both=CLAIMS + "def test_that(): pass\n")
    pytester.makeini("[pytest]\nderive_files = test_*.py")
    check().assert_outcomes(passed=2, failed=2)
    check("--derive", "test_both.py", "test_both.py").assert_outcomes(passed=2, failed=2)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import derive\nfoo", "*broken.py, line 2: NameError: name 'foo' is not defined"),
        ("1 +", "*broken.py, line 1: SyntaxError: invalid syntax"),
        ("x = 1", "*broken.py has no claims at module level"),
    ],
)
def test_a_broken_file_is_an_error_of_collection(source, expected, pytester, check):
    pytester.makepyfile(broken=source)
    result = check("--derive", "broken.py")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ERROR collecting broken.py*", expected])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--derive", "missing.py"], "ERROR: --derive: missing.py is not a file"),
        (["--derive-timeout", "-1"], "*-1 is not a positive number of seconds"),
        (["--derive-timeout", "soon"], "*soon is not a positive number of seconds"),
    ],
)
def test_misuse_is_a_usage_error(arguments, expected, check):
    result = check(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([expected])


def test_a_suite_without_claims_does_not_import_sympy(pytester, check):
    pytester.makepyfile(
        """
        import sys

        def test_that():
            assert "derive.cli.pytest_plugin" in sys.modules
            assert not {"sympy", "rich", "derive.engine"} & set(sys.modules)
        """
    )
    check("-p", "no:hypothesispytest", apart=True).assert_outcomes(passed=1)


def test_the_plugin_itself_imports_next_to_nothing():
    script = (
        "import derive.cli.pytest_plugin, sys; print({'sympy', 'numpy', 'rich'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")


CODE = """\
# derive: x (N, D), w (D, M)
def {0}_forward(x, w):
    return x @ w, (x, w)
def {0}_backward(g, cache):
    x, w = cache
    return g @ w.T, {1}
"""


def test_every_pair_of_a_file_of_code_is_a_test(pytester, check):
    code = CODE.format("right", "x.T @ g") + CODE.format("wrong", "x.T @ g / 2")
    pytester.makepyfile(layers=code + CODE.format("unread", "x.T @ g").replace("w (D, M)", ""))
    result = check("--derive", "layers.py")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*disagrees*layers.wrong_forward.w*",
            "*factor 2*",
            "*line 14: of unread_forward, the shape of w is not declared*",
        ]
    )
