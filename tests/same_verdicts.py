"""``python -m tests.same_verdicts``: does a verdict depend on the machine or on what went before?

The claims of the catalogue and of the corpus are decided twice, in processes of their own: with
other hash seeds, in the opposite order and, with ``--load``, while other processes keep the
machine busy. What the verdicts say is to be the same, word by word, and so is the work.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from derive import Claim, verify

HERE = Path(__file__).resolve().parent
BUSY = 4  # processes that do nothing but keep a processor busy
TIMEOUT = 3600.0  # seconds: no verdict is to depend on it
RECORDED = (
    *("status", "reason", "derived", "assumptions", "witness", "notes"),
    *("stopped", "steps", "work"),
)


def chosen(every: int, ids: tuple[str, ...] = ()) -> list[Claim]:
    """One claim of each formula and every so many of the corpus, or all with those ids."""
    if str(HERE) not in sys.path:
        sys.path.append(str(HERE))
    import corpus

    from derive import formulas

    rest = [*corpus.TRUE, *corpus.FALSE]
    if ids and {claim.id for claim in rest}.issuperset(ids):  # the catalogue takes long to import
        return [claim for claim in rest if claim.id in ids]
    catalogue = [list(formula.claims) for formula in formulas.catalogue().values()]
    if ids:
        everything = [claim for claims in (*catalogue, rest) for claim in claims]
        return [claim for claim in everything if claim.id in ids]
    if every == 1:
        return [claim for claims in (*catalogue, rest) for claim in claims]
    # Not the first of each: those of a module tend to be alike.
    of_each = [claims[every % len(claims)] for claims in catalogue if claims]
    return [*of_each, *rest[every // 2 :: every]]


def record(claim: Claim) -> dict[str, Any]:
    """What is said of a claim, in words."""
    verdict = verify(claim, timeout=TIMEOUT)
    said: dict[str, Any] = {name: str(getattr(verdict, name, None)) for name in RECORDED}
    said["steps"] = [str(step) for step in verdict.steps]
    return {"id": claim.id, **said, "seconds": verdict.seconds}


@click.command()
@click.option(
    "--every",
    type=click.IntRange(min=1),
    default=15,
    show_default=True,
    help="One claim of each formula, and every so many of the corpus; 1: all of both.",
)
@click.option("--load", is_flag=True, help=f"Keep {BUSY} processes busy beside the second run.")
@click.option("--record", "turned", type=click.Choice(["forward", "backward"]), hidden=True)
@click.argument("ids", nargs=-1)
def main(every: int, load: bool, turned: str | None, ids: tuple[str, ...]) -> None:
    """Exit code 1 where something differs."""
    if turned is not None:
        claims = chosen(every, ids)
        for claim in claims if turned == "forward" else claims[::-1]:
            print(json.dumps(record(claim)), flush=True)
        return
    differences = list(compared(every, load, ids))
    for said in differences:
        print(said)
    print(f"{len(differences)} differences")
    raise SystemExit(1 if differences else 0)


def compared(every: int, load: bool = False, ids: tuple[str, ...] = ()) -> Iterator[str]:
    """What differs between two runs, a line each."""
    first = _run(every, ids, "forward", 1)
    with _load() if load else contextlib.nullcontext():
        second = _run(every, ids, "backward", 2)
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


def _run(every: int, ids: tuple[str, ...], turned: str, seed: int) -> dict[str, dict[str, Any]]:
    """The records of a process with a hash seed, by the ids of the claims."""
    command = [sys.executable, "-m", "tests.same_verdicts", "--record", turned]
    done = subprocess.run(
        [*command, "--every", str(every), *ids],
        cwd=HERE.parent,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    records = map(json.loads, done.stdout.splitlines())
    return {record["id"]: record for record in records}


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
