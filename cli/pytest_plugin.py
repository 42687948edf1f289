"""Claims as tests: ``pytest --derive my_claims.py``, or ``derive_files = claims_*.py`` for good.

Every claim of such a file is a test, called by its id. It passes if the claim holds; otherwise the
verdict's report is the failure. A file that cannot be run is an error of collection. In a file of
code every forward with a backward is a test, where the shapes of its inputs are declared; it passes
if every gradient is right.

Nothing is imported before a file of claims is met: a suite without any pays nothing for this.
"""

from __future__ import annotations

import argparse
import contextlib
import math
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from derive.claims.entry import Entry
    from derive.claims.verdict import Verdict
    from derive.cli.sources import Targets
    from derive.frontends.code.request import Request
    from derive.frontends.document.check import Checked
    from derive.frontends.document.decided import Outcome

WIDTH = 80
DOCUMENTS = (".md", ".markdown", ".tex", ".ipynb", ".rst")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--derive``, its limits and the setting ``derive_files``."""
    group = parser.getgroup("derive", "documented derivations")
    group.addoption(
        "--derive",
        action="append",
        default=[],
        dest="derive_paths",
        metavar="PATH",
        help="decide the claims of this Python file, besides the tests; repeatable",
    )
    group.addoption(
        "--derive-timeout",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="how long to try each claim before it is called undecided (default: 60)",
    )
    group.addoption(
        "--derive-effort",
        type=_positive,
        default=1.0,
        metavar="FACTOR",
        help="how much work to do for each claim, as a multiple of the usual (default: 1)",
    )
    parser.addini("derive_files", "patterns of files of claims to collect", type="args", default=[])


def _seconds(text: str) -> float:
    return _number(text, "a positive number of seconds")


def _positive(text: str) -> float:
    return _number(text, "a positive number")


def _number(text: str, wanted: str) -> float:
    with contextlib.suppress(ValueError):
        value = float(text)
        if value > 0 and math.isfinite(value):
            return value
    raise argparse.ArgumentTypeError(f"{text} is not {wanted}")


def pytest_configure(config: pytest.Config) -> None:
    """Collect what ``--derive`` names as if it had been named by itself."""
    for path in config.getoption("derive_paths"):
        file = path.partition("::")[0]
        if not (config.invocation_params.dir / file).is_file():
            raise pytest.UsageError(f"--derive: {file} is not a file")
        if path not in config.args:
            config.args.append(path)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The claims of a file that an option or the setting names."""
    patterns = parent.config.getini("derive_files")
    if _is_named(file_path, parent.config) or _matches(file_path, patterns):
        if file_path.suffix.lower() in DOCUMENTS:
            return DocumentFile.from_parent(parent, path=file_path)
        return ClaimFile.from_parent(parent, path=file_path)
    return None


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Keep a file that is named for its claims alone from being imported for tests as well."""
    tests = parent.config.getini("python_files")
    if _is_named(module_path, parent.config) and not _matches(module_path, tests):
        return _NoTests.from_parent(parent, path=module_path)
    return None


def _is_named(path: Path, config: pytest.Config) -> bool:
    here = config.invocation_params.dir
    named = (here / given.partition("::")[0] for given in config.getoption("derive_paths"))
    return any(path == file or path == file.resolve() for file in named)


def _chosen(path: Path, config: pytest.Config) -> set[str]:
    """The ids that ``--derive`` picks out of a file; none where all of it is asked for.

    pytest picks by itself only as long as nothing else that is collected holds the file.
    """
    options = config.getoption("derive_paths")
    others = [given for given in map(str, config.args) if given not in options]
    here = config.invocation_params.dir
    named: set[str] = set()
    for given in (*options, *others):
        file, _, name = given.partition("::")
        if (here / file).resolve() == path.resolve():
            if not name:
                return set()
            named.add(name)
    return set() if _matches(path, config.getini("derive_files")) else named


def _matches(path: Path, patterns: list[str]) -> bool:
    return any(fnmatch(path.name, p) or fnmatch(str(path), f"*/{p}") for p in patterns)


class _NoTests(pytest.File):
    def collect(self) -> Iterator[Any]:
        return iter(())


class ClaimFile(pytest.File):
    """A Python file of claims."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its claims, in order of definition; it is run for that."""
        from derive.cli.sources import split
        from derive.frontends.files import TargetError, load_file

        try:
            code = split([str(self.path)])
            entries = load_file(self.path) if code.claims else code.entries
        except TargetError as problem:
            raise self.CollectError(str(problem)) from None
        if code.requests or code.problems:
            yield from self._passes(code, {entry.id for entry in entries})
        elif not entries and _is_named(self.path, self.config):
            raise self.CollectError(f"{self.path} has no claims at module level")
        chosen = _chosen(self.path, self.config) if entries else set()
        ids = [entry.id for entry in entries]
        for name in sorted(chosen - set(ids)):
            there = ", ".join(ids)
            raise self.CollectError(
                f"{self.path} has no claim with the id {name!r}; it has {there}"
            )
        for entry in entries:
            if chosen and entry.id not in chosen:
                continue
            yield ClaimItem.from_parent(self, name=entry.id, entry=entry)

    def _passes(self, code: Targets, others: set[str]) -> Iterator[pytest.Item]:
        """The pairs of a file of code, and what cannot be read of it."""
        chosen = _chosen(self.path, self.config) - others
        for request in code.requests:
            name = f"{self.path.stem}.{request.pair.name}"
            if not chosen or name in chosen:
                yield CodeItem.from_parent(self, name=name, request=request)
        for number, problem in enumerate(code.problems):
            if not chosen:
                name = f"{self.path.stem}.unread-{number + 1}"
                yield UnreadItem.from_parent(self, name=name, problem=problem)


class CodeItem(pytest.Item):
    """A forward and its backward, which pass if every gradient holds."""

    def __init__(self, *, request: Request, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.request = request

    def runtest(self) -> None:
        """Decide every gradient.

        :raises SomeDoNotHold: with the verdicts, where one of them is something else than *holds*.
        """
        from derive.cli.code_runner import results
        from derive.frontends.code.answers import answers

        timeout = self.config.getoption("derive_timeout")
        effort = self.config.getoption("derive_effort")
        answer = partial(answers, timeout=timeout, effort=effort)
        ((*found,),) = results([self.request], answer, 1, timeout)
        if any(verdict.status != "holds" for _, verdict in found):
            raise SomeDoNotHold(found)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report of those that do not hold, as ``derive verify`` prints it."""
        if isinstance(excinfo.value, SomeDoNotHold):
            shown = [(e, v) for e, v in excinfo.value.results if v.status != "holds"]
            return "\n".join(_report(entry, verdict) for entry, verdict in shown)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the forward is, and its heading in the report."""
        return self.path, self.request.pair.line - 1, f"backward of {self.name}"


class UnreadItem(pytest.Item):
    """A pair that cannot be read: it fails with the sentence that says why."""

    def __init__(self, *, problem: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.problem = problem

    def runtest(self) -> None:
        """Fail."""
        pytest.fail(self.problem, pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it comes from, and its heading in the report."""
        return self.path, None, self.name


class SomeDoNotHold(Exception):
    """A pair of which a gradient disagrees, is ill-shaped or is undecided."""

    def __init__(self, results: list[tuple[Entry, Verdict]]) -> None:
        super().__init__(", ".join(f"{entry.id} {verdict.status}" for entry, verdict in results))
        self.results = results


class ClaimItem(pytest.Item):
    """A claim, which passes if it holds."""

    def __init__(self, *, entry: Entry, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.entry = entry

    def runtest(self) -> None:
        """Decide the claim.

        :raises DoesNotHold: with the verdict, whatever else it is than *holds*.
        """
        from derive import engine
        from derive.cli.claim_runner import verdicts

        timeout = self.config.getoption("derive_timeout")
        effort = self.config.getoption("derive_effort")
        decide = partial(engine.verify, timeout=timeout, effort=effort)
        (verdict,) = verdicts([self.entry.claim], decide, limit=timeout)
        if verdict.status != "holds":
            raise DoesNotHold(verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The verdict's report, as ``derive verify`` prints it."""
        if isinstance(excinfo.value, DoesNotHold):
            return _report(self.entry, excinfo.value.verdict)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it comes from, and its heading in the report."""
        return self.path, None, f"claim {self.name}"  # the bare id, pytest would break at its dots


class DocumentFile(pytest.File):
    """A document: each formula that is decided is a test, called by its line."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its formulas with a verdict, in order; they are decided for that."""
        from derive import engine
        from derive.base.errors import DeriveError
        from derive.cli.claim_runner import decide_safely
        from derive.frontends.document.check import check
        from derive.frontends.document.report import DECIDED

        timeout = self.config.getoption("derive_timeout")
        decide = partial(engine.verify, timeout=timeout)
        try:
            checked = check(self.path, lambda claim: decide_safely(claim, decide))
        except DeriveError as problem:
            raise self.CollectError(str(problem)) from None
        for one in checked.outcomes:
            if one.outcome in DECIDED or one.expected:
                name = f"{one.place.line}:{one.place.column}"
                yield FormulaItem.from_parent(self, name=name, checked=checked, outcome=one)


class FormulaItem(pytest.Item):
    """A formula of a document, which passes unless it is wrong or not as a directive expects."""

    def __init__(self, *, checked: Checked, outcome: Outcome, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.checked = checked
        self.outcome = outcome

    def runtest(self) -> None:
        """Look at the outcome.

        :raises Wrong: where it disagrees or is ill-shaped, or is not what is expected.
        """
        from derive.frontends.document.report import is_wrong

        if is_wrong(self.outcome):
            raise Wrong(self.outcome.outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report on the formula, as ``derive verify`` prints it."""
        if isinstance(excinfo.value, Wrong):
            from derive.backends.document_text import formula_lines
            from derive.frontends.document.report import told_formula
            from derive.report import Document

            found = told_formula(self.checked.path, self.outcome)
            document = Document(self.checked.path, (found,), source=self.checked.source)
            lines = formula_lines(document, found, WIDTH)
            return "\n".join(line.plain.rstrip() for line in lines)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands, and its heading in the report."""
        return self.path, self.outcome.place.line - 1, f"formula {self.name}"


class Wrong(Exception):
    """A formula that disagrees, is ill-shaped, or is not as expected."""


class DoesNotHold(Exception):
    """A claim that disagrees, is ill-shaped or is undecided."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.status)
        self.verdict = verdict


def _report(entry: Entry, verdict: Verdict) -> str:
    from derive.backends.text import verdict_lines
    from derive.base.worker import run_deep

    lines = run_deep(partial(verdict_lines, entry, verdict, WIDTH))
    return "\n".join(line.plain.rstrip() for line in lines)
