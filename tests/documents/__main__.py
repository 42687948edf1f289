"""`python -m tests.documents [NAME …] [--rewritten] [--all]`: the whole corpus, and its rewritings.

Prints how often each truth met each outcome, and every verdict that is wrong or missing; with
`--rewritten` also each formula whose outcome is another one where the same is said in other
words. The exit code is 1 where a verdict is wrong or changed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.documents.outcomes import Judged, Outcome, count, judged, outcomes, share_open
from tests.documents.rewritings import REWRITINGS
from tests.documents.truths import documents


def rewritten(document: Path, name: str, folder: Path) -> Path | None:
    """The document in other words, with its sidecar; None where nothing is to be rewritten."""
    text = REWRITINGS[name](document.read_text(encoding="utf-8"))
    if text is None or document.suffix == ".ipynb":
        return None
    copy = folder / document.name
    copy.write_bytes(text.encode())
    sidecar = document.with_suffix(".derive.toml")
    if sidecar.exists():
        shutil.copy(sidecar, folder / sidecar.name)
    return copy


def changes(before: list[Outcome], after: list[Outcome]) -> list[str]:
    """What is said otherwise of the same formulas."""
    if len(before) != len(after):
        return [f"{len(before)} formulas became {len(after)}"]
    return [
        f"{old.outcome} became {new}   {new.message}"
        for old, new in zip(before, after, strict=True)
        if old.outcome != new.outcome
    ]


def _print(judgements: list[Judged], everything: bool) -> None:
    for each in judgements:
        truth = each.row.truth if each.row else "other"
        if each.wrong:
            print(f"  WRONG ({truth}) {each.outcome}   {each.outcome.message}")
        elif each.open or each.off:
            print(f"  {truth}: {each.outcome}   {each.outcome.message}")
        elif everything:
            print(f"  ({truth}) {each.outcome}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.documents")
    parser.add_argument("names", nargs="*", help="documents, by their stems")
    parser.add_argument("--rewritten", action="store_true")
    parser.add_argument("--all", action="store_true", help="print every formula")
    options = parser.parse_args()
    chosen = [path for path in documents() if not options.names or path.stem in options.names]
    counts: Counter[tuple[str, str]] = Counter()
    wrong = changed = 0
    every: list[Judged] = []
    for document in chosen:
        start = time.process_time()
        found = outcomes(document)
        judgements = judged(document, found)
        every += judgements
        counts += count(judgements)
        wrong += sum(each.wrong for each in judgements)
        print(f"{document.name}: {len(found)} formulas, {time.process_time() - start:.1f} s")
        _print(judgements, options.all)
        for name in REWRITINGS if options.rewritten else ():
            with tempfile.TemporaryDirectory() as folder:
                copy = rewritten(document, name, Path(folder))
                differences = changes(found, outcomes(copy)) if copy else []
            changed += len(differences)
            for difference in differences:
                print(f"  CHANGED by {name}: {difference}")
    for (truth, outcome), number in sorted(counts.items()):
        print(f"{number:5}  {truth}: {outcome}")
    print(f"{wrong} wrong, {changed} changed, {share_open(every):.1%} without a verdict")
    return 1 if wrong or changed else 0


if __name__ == "__main__":
    sys.exit(main())
