"""``python -m tests.same_verdicts``: does a verdict depend on the machine or on what went before?

The claims of the catalogue and of the corpus are decided twice, in processes of their own: with
other hash seeds, in the opposite order and, with ``--load``, while other processes keep the
machine busy. What the verdicts say is to be the same, word by word, and so is the work.

All of it (``--every 1``) takes a quarter of an hour of a processor. ``--slice 2/6`` takes the
second of six parts, and with ``--keep`` a run that was stopped goes on where it was.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from derive import Claim, verify

HERE = Path(__file__).resolve().parent
BUSY = 4  # processes that do nothing but keep a processor busy
TIMEOUT = 3600.0  # seconds: no verdict is to depend on it
SAID = 25  # claims, after which a process says how far it is
RECORDED = (
    *("status", "reason", "derived", "assumptions", "witness", "notes"),
    *("stopped", "steps", "work"),
)


def _catalogue(modules: set[str] | None = None) -> list[list[Claim]]:
    """The claims of each formula, or of those of some modules alone."""
    from derive import formulas

    chosen = formulas.MODULES if modules is None else sorted(modules)
    return [list(formula.claims) for formula in formulas.catalogue(chosen).values()]


def _corpus() -> list[Claim]:
    if str(HERE) not in sys.path:
        sys.path.append(str(HERE))
    import corpus

    return [*corpus.TRUE, *corpus.FALSE]


def chosen(every: int, ids: tuple[str, ...] = ()) -> list[Claim]:
    """One claim of each formula and every so many of the corpus, or all with those ids."""
    if ids:
        from derive.formulas import index

        modules = {listed.id: listed.module for listed in index.listed() if listed.id in ids}
        claims = [claim for some in _catalogue(set(modules.values())) for claim in some]
        if modules.keys() != set(ids):  # the corpus takes long to import
            claims += _corpus()
        return [claim for claim in claims if claim.id in ids]
    if every == 1:
        return [claim for claims in (*_catalogue(), _corpus()) for claim in claims]
    # Not the first of each: those of a module tend to be alike.
    of_each = [claims[every % len(claims)] for claims in _catalogue() if claims]
    return [*of_each, *_corpus()[every // 2 :: every]]


def named(claims: list[Claim]) -> dict[str, Claim]:
    """Claims by name: the catalogue and the corpus may have several of one id, of one kind too."""
    found: dict[str, Claim] = {}
    for claim in claims:
        name = f"{claim.id} ({claim.kind})"
        found[name + "′" * sum(other.rstrip("′") == name for other in found)] = claim
    return found


def record(claim: Claim) -> dict[str, Any]:
    """What is said of a claim, in words."""
    verdict = verify(claim, timeout=TIMEOUT)
    said: dict[str, Any] = {name: str(getattr(verdict, name, None)) for name in RECORDED}
    said["steps"] = [str(step) for step in verdict.steps]
    return {**said, "seconds": verdict.seconds}


class Part(click.ParamType):
    """``k/n``: the k-th of n parts, counted from 1."""

    name = "K/N"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        """As two numbers; an error of usage where they are none, or k is not among the n."""
        if isinstance(value, tuple):
            return value
        first, _, last = value.partition("/")
        if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last)):
            self.fail(f"{value!r} is no part such as 2/6", param, ctx)
        return int(first), int(last)


@click.command()
@click.option(
    "--every",
    type=click.IntRange(min=1),
    default=15,
    show_default=True,
    help="One claim of each formula, and every so many of the corpus; 1: all of both.",
)
@click.option("--load", is_flag=True, help=f"Keep {BUSY} processes busy beside the second run.")
@click.option("--slice", "part", type=Part(), default=(1, 1), help="One of several parts alone.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for what was decided: a run that was stopped goes on from there. "
    "Of one state of the code only.",
)
@click.option("--record", "turned", type=click.Choice(["forward", "backward"]), hidden=True)
@click.argument("ids", nargs=-1)
def main(
    every: int,
    load: bool,
    part: tuple[int, int],
    keep: Path | None,
    turned: str | None,
    ids: tuple[str, ...],
) -> None:
    """Exit code 1 where something differs."""
    if turned is not None:
        assert keep is not None
        claims = list(named(chosen(every, ids)).items())
        _decide(claims[part[0] - 1 :: part[1]], turned, keep)
        return
    with contextlib.ExitStack() as stack:
        if keep is None:
            keep = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        keep.mkdir(parents=True, exist_ok=True)
        differences = list(compared(every, keep, load, part, ids))
    for said in differences:
        print(said)
    print(f"{len(differences)} differences")
    raise SystemExit(1 if differences else 0)


def _decide(claims: list[tuple[str, Claim]], turned: str, file: Path) -> None:
    """Record what is not in the file yet, and say now and then how far it is."""
    done = _records(file)
    if turned == "backward":
        claims = claims[::-1]
    with file.open("a", encoding="utf-8") as out:
        for count, (name, claim) in enumerate(claims, start=1):
            if name not in done:
                print(json.dumps({"id": name, **record(claim)}), file=out, flush=True)
            if count % SAID == 0 or count == len(claims):
                print(f"{turned}: {count} of {len(claims)}", file=sys.stderr, flush=True)


def _records(file: Path) -> dict[str, dict[str, Any]]:
    """What a file tells, by the ids of the claims; a line that was not finished is dropped."""
    if not file.exists():
        return {}
    text = file.read_text("utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, "utf-8")
    records = map(json.loads, whole.splitlines())
    return {record["id"]: record for record in records}


def compared(
    every: int,
    keep: Path,
    load: bool = False,
    part: tuple[int, int] = (1, 1),
    ids: tuple[str, ...] = (),
) -> Iterator[str]:
    """What differs between two runs, a line each; both leave their records in a folder."""
    first = _run(every, keep, part, ids, "forward", 1)
    with _load() if load else contextlib.nullcontext():
        second = _run(every, keep, part, ids, "backward", 2)
    if first.keys() != second.keys():
        yield f"decided in one run only: {', '.join(sorted(first.keys() ^ second.keys()))}"
    for claim_id in sorted(first.keys() & second.keys()):
        for name in RECORDED:
            one, other = first[claim_id][name], second[claim_id][name]
            if one != other:
                yield f"{claim_id}: {name}\n    {_difference(one, other)}"


def _difference(one: Any, other: Any) -> str:
    """Where two lists or two texts differ first."""
    if isinstance(one, list):
        both = next(((a, b) for a, b in zip(one, other, strict=False) if a != b), None)
        one, other = both or (f"{len(one)} of them", f"{len(other)} of them")
    return f"{one}\n    {other}"


def _run(
    every: int, keep: Path, part: tuple[int, int], ids: tuple[str, ...], turned: str, seed: int
) -> dict[str, dict[str, Any]]:
    """The records of a process with a hash seed, by the ids of the claims."""
    file = keep / f"{turned}-{every}-{part[0]}-of-{part[1]}.jsonl"
    command = [sys.executable, "-m", "tests.same_verdicts", "--record", turned, "--keep", str(file)]
    subprocess.run(
        [*command, "--every", str(every), "--slice", f"{part[0]}/{part[1]}", *ids],
        cwd=HERE.parent,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        check=True,
    )
    return _records(file)


@contextlib.contextmanager
def _load() -> Iterator[None]:
    command = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(command) for _ in range(BUSY)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
