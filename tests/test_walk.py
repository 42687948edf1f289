"""A claim walks through eight packages, in the order that docs/architecture.md tells."""

import sys
import threading
from pathlib import Path

import derive
from derive import formulas, verify

# What holds the order, what everything stands on, and what is said of a verdict afterwards.
NO_ROOMS = {"engine", "base", "presentation", "diagnosis"}


def rooms(claim):
    """The packages that the deciding of a claim enters, in the order in which it first does."""
    root = str(Path(derive.__file__).parent) + "/"
    found = {}

    def entered(frame, event, _):
        file = frame.f_code.co_filename
        emptied = frame.f_code.co_name.startswith("forget")  # what the claim before it has left
        if event == "call" and file.startswith(root) and not emptied:
            found.setdefault(file.removeprefix(root).partition("/")[0].removesuffix(".py"))

    before = sys.getprofile()
    threading.setprofile(entered)
    sys.setprofile(entered)
    try:
        verdict = verify(claim)
    finally:
        threading.setprofile(None)
        sys.setprofile(before)
    assert verdict.status == "holds"
    return [room for room in found if room not in NO_ROOMS]


def test_the_gradient_of_softmax_cross_entropy_walks_through_eight_rooms():
    (formula,) = formulas.catalogue(["softmax_regression"]).values()
    (claim,) = (claim for claim in formula.claims if claim.id == "softmax-regression.grad-o")
    walked = rooms(claim)
    text = (Path(__file__).parents[1] / "docs" / "architecture.md").read_text("utf-8")
    told = text.partition("## The walk of a claim")[2].partition("## ")[0]
    assert len(walked) <= 8
    assert sorted(walked, key=lambda room: told.index(f". `{room}`:")) == walked
