"""`python -m tests.documents [NAME …] [--rewritten] [--all]`: the whole corpus, and its rewritings.

Prints how often each truth met each outcome, and every verdict that is wrong or missing; with
`--rewritten` also each formula whose outcome is another one where the same is said in other
words. The exit code is 1 where a verdict is wrong or changed.
"""

from __future__ import annotations

import argparse
import ast
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from derive.claims.kinds import Claim
from derive.claims.verdict import Verdict
from derive.engine import verify
from derive.frontends.document import sameness
from derive.frontends.document.check import check
from tests.documents.outcomes import Judged, Outcome, count, judged, outcomes, share_open
from tests.documents.rewritings import REWRITINGS
from tests.documents.truths import Place, documents


def rewritten(document: Path, name: str, folder: Path) -> Path | None:
    """The document in other words, with its sidecar; None where nothing is to be rewritten."""
    text = REWRITINGS[name](document.read_text(encoding="utf-8"))
    if text is None or document.suffix == ".ipynb":
        return None
    if document.suffix == ".py" and not _is_python(text):
        return None  # the code has a name that was rewritten in the formulas
    copy = folder / document.name
    copy.write_bytes(text.encode())
    sidecar = document.with_suffix(".derive.toml")
    if sidecar.exists():
        shutil.copy(sidecar, folder / sidecar.name)
    return copy


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


class Decider:
    """Decides each claim once: most rewritings make the same claims, and are only read."""

    def __init__(self) -> None:
        self.verdicts: dict[object, Verdict] = {}

    def __call__(self, claim: Claim) -> Verdict:
        said = sameness.key(claim)
        if said not in self.verdicts:
            self.verdicts[said] = verify(claim)
        return self.verdicts[said]

    def outcomes(self, document: Path) -> list[Outcome]:
        """The formulas of a document in order, each with its outcome."""
        checked = check(document, self, docstrings=document.suffix == ".py")
        found = [
            Outcome(
                Place(one.place.cell or 0, one.place.line, one.place.column),
                one.latex,
                one.outcome,
                one.message,
            )
            for one in checked.outcomes
        ]
        return sorted(found, key=lambda outcome: outcome.place)


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
        decider = Decider()
        found = decider.outcomes(document) if options.rewritten else outcomes(document)
        judgements = judged(document, found)
        every += judgements
        counts += count(judgements)
        wrong += sum(each.wrong for each in judgements)
        print(f"{document.name}: {len(found)} formulas, {time.process_time() - start:.1f} s")
        _print(judgements, options.all)
        for name in REWRITINGS if options.rewritten else ():
            with tempfile.TemporaryDirectory() as folder:
                copy = rewritten(document, name, Path(folder))
                differences = changes(found, decider.outcomes(copy)) if copy else []
            changed += len(differences)
            for difference in differences:
                print(f"  CHANGED by {name}: {difference}")
    for (truth, outcome), number in sorted(counts.items()):
        print(f"{number:5}  {truth}: {outcome}")
    print(f"{wrong} wrong, {changed} changed, {share_open(every):.1%} without a verdict")
    return 1 if wrong or changed else 0


if __name__ == "__main__":
    sys.exit(main())
