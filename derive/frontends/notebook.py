"""``%load_ext derive`` and ``%%verify``: a cell states claims, and shows each with its verdict.

The cell is Python like any other and runs in the notebook's own names. Claims are what it assigns
at top level, by itself or in lists and dictionaries, and what it merely writes down.
"""

from __future__ import annotations

import argparse
import ast
import linecache
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import count
from typing import Any, NoReturn

from derive.backends.marks import MARKS
from derive.backends.places import verb
from derive.backends.telling import deeply_told
from derive.backends.witness_values import value_latex
from derive.base.errors import ClaimError
from derive.claims.entry import Entry
from derive.claims.formula import Formula
from derive.claims.kinds import KINDS, Claim
from derive.claims.markdown import for_markdown
from derive.claims.typesetting import latex_of_witness
from derive.claims.verdict import Verdict
from derive.claims.wording import function_name
from derive.engine import verify
from derive.report import Finding, count_statuses

_WRITTEN = "__derive_written__"
_numbers = count(1)


@dataclass(frozen=True)
class Verdicts:
    """What a cell states, decided: a sequence of verdicts that a notebook shows as Markdown."""

    verdicts: tuple[Verdict, ...] = ()

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.verdicts)

    def __len__(self) -> int:
        return len(self.verdicts)

    def __getitem__(self, position: int) -> Verdict:
        return self.verdicts[position]

    @cached_property
    def _findings(self) -> list[Finding]:
        return [deeply_told(Entry(verdict.claim), verdict) for verdict in self.verdicts]

    def __repr__(self) -> str:
        lines = []
        for finding in self._findings:
            lines.append(f"{MARKS[finding.status]} {finding.status}  {_name(finding)}")
            lines += [
                f"    {said}" for said in (finding.record["reason"], _witness(finding)) if said
            ]
        return "\n".join([*lines, self._counts()])

    def _repr_markdown_(self) -> str:
        parts = []
        for verdict, finding in zip(self.verdicts, self._findings, strict=True):
            name = f"`{_name(finding)}`" if _name(finding) else ""
            head = f"{MARKS[finding.status]} **{finding.status}** {name}".rstrip()
            if finding.title:
                head += f" {for_markdown(finding.title)}"
            parts.append(head)
            parts += [for_markdown(finding.record["reason"])] if finding.record["reason"] else []
            parts.append(f"$$\n{verdict._latex(None)}\n$$")
            if finding.comparison:
                parts.append(_set_witness(verdict, finding))
        return "\n\n".join([*parts, self._counts()]) + "\n"

    def _counts(self) -> str:
        total = len(self.verdicts)
        if not total:
            return "the cell states no claim"
        counts = count_statuses(self.verdicts).items()
        told = ", ".join(f"{number} {verb(status, number)}" for status, number in counts if number)
        return f"{total} claim{'s' if total > 1 else ''}: {told}"


def load(shell: Any) -> None:
    """Give an IPython shell the cell magic ``%%verify``."""
    shell.register_magic_function(partial(_magic, shell), "cell", "verify")


def _magic(shell: Any, line: str, cell: str) -> Verdicts:
    options = _options(line)
    claims = stated(shell.transform_cell(cell), shell.user_ns)
    decide = partial(verify, timeout=options.timeout, effort=options.effort)
    return Verdicts(tuple(decide(claim) for claim in claims))


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ClaimError(f"%%verify: {message}")


def _options(line: str) -> argparse.Namespace:
    parser = _Options(prog="%%verify", add_help=False)
    parser.add_argument("--timeout", type=_positive, default=60.0)
    parser.add_argument("--effort", type=_positive, default=1.0)
    return parser.parse_args(shlex.split(line))


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


def stated(source: str, names: dict[str, Any]) -> list[Claim]:
    """Run Python and collect the claims that it states, in the order in which they stand there.

    A claim without an id gets the expression that reaches it: ``loss``, ``claims[0]``.

    :param names: what the source reads and assigns.
    :raises ClaimError: for what stands in a claim's place and is none.
    :raises Exception: whatever the source raises.
    """
    written: list[Any] = []
    tree = ast.parse(source)
    tree.body = [_kept(statement) for statement in tree.body]
    file = f"<verify {next(_numbers)}>"
    code = compile(ast.fix_missing_locations(tree), file, "exec")
    # As IPython does for its own cells: a traceback shows the line.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    before = dict(names)
    names[_WRITTEN] = lambda value, line: written.append((value, line))
    try:
        exec(code, names)
    finally:
        del names[_WRITTEN]
    lines = _assigned(tree)
    found = [
        (lines.get(name, len(source)), name, value)
        for name, value in names.items()
        if name not in before or before[name] is not value
    ]
    found += [(line, "", value) for value, line in written]
    found.sort(key=lambda item: item[0])
    claims: dict[int, Claim] = {}
    for _, name, value in found:
        for label, claim in _claims_in(name, value):
            if id(claim) not in claims or not claims[id(claim)].id:
                claims[id(claim)] = claim if claim.id or not label else replace(claim, id=label)
    return list(claims.values())


def _kept(statement: ast.stmt) -> ast.stmt:
    """An expression that stands by itself hands its value over."""
    if not isinstance(statement, ast.Expr):
        return statement
    line = ast.Constant(statement.lineno)
    call = ast.Call(ast.Name(_WRITTEN, ast.Load()), [statement.value, line], [])
    return ast.copy_location(ast.Expr(ast.copy_location(call, statement)), statement)


def _assigned(tree: ast.Module) -> dict[str, int]:
    """The last line at which each name is assigned."""
    return {
        node.id: node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _claims_in(name: str, value: Any, around: tuple[Any, ...] = ()) -> Iterator[tuple[str, Claim]]:
    """The claims that a value holds, each with the expression that reaches it."""
    if isinstance(value, Claim):
        if not isinstance(value, KINDS):
            raise ClaimError(f"{type(value).__name__} is no kind of claim")
        yield name, value
    elif isinstance(value, Formula):
        for claim in value.claims:
            yield from _claims_in("", claim)
    elif isinstance(value, (list, tuple, dict)) and not any(value is outer for outer in around):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            yield from _claims_in(f"{name}[{key}]" if name else "", item, (*around, value))


def _name(finding: Finding) -> str:
    return finding.id or finding.title


def _set_witness(verdict: Verdict, finding: Finding) -> str:
    """The witness with its values as matrices, in Markdown; as text where one of them is large."""
    witness = finding.record["witness"]
    values = {name: value_latex(value) for name, value in witness["values"].items()}
    if None in values.values():
        return for_markdown(_witness(finding))
    set_in = latex_of_witness(verdict.witness, function_name)
    parts = [f"{name} = {size}" for name, size in witness["sizes"].items()]
    parts += [f"{set_in['names'][name]} = {value}" for name, value in values.items()]
    parts += [f"{set_in['names'][name]} = {value}" for name, value in set_in["functions"].items()]
    at = f" at entry {finding.entry}" if finding.entry else ""
    beside = r",\quad ".join(parts)
    point = f"${beside}$" if parts else "everywhere"
    return f"witness: {point}; {for_markdown(finding.comparison + at)}"


def _witness(finding: Finding) -> str:
    if not finding.comparison:
        return ""
    said = ", ".join(finding.point) or "everywhere"
    at = f" at entry {finding.entry}" if finding.entry else ""
    return f"witness: {said}; {finding.comparison}{at}"
