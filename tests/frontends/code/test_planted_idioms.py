"""Wrong rules for views, steps, strides, conditions and loops: the comparison sees each, too."""

from pathlib import Path

import pytest

from derive.code import verify_backward
from derive.frontends.code import (
    arrays,
    axes,
    containers,
    loops,
    matrix_class,
    nested_loops,
    numpy_names,
    operations,
    reshaping,
    runtime,
    windows,
    writing,
)
from derive.frontends.code.arrays import Array, Whole
from derive.frontends.code.indexing import Masked

IDIOMS = Path(__file__).with_name("idioms.py")
POPPED = loops.SymbolicLoop.popped
SIZE_ALONG, AT_LISTED = nested_loops.size_along, writing._at_listed
COMB, COUNTED, STRIDED, RESHAPE, ZIPPED, SPLIT = (
    writing._comb, axes.counted_along, windows.strided, numpy_names.reshape, containers.zipped,
    reshaping.split,
)  # fmt: skip


def part(module, key, value):
    return lambda patch: patch.setattr(module, key, value)


def name(key, value):
    return lambda patch: patch.setitem(numpy_names.NAMES, key, value)


def forgetful(array, plan):
    zeros = Array(array.axes, {key: 0 for key in array.bodies}, array.kind)
    return COMB(zeros, plan)


def turned_counters(position, sizes=None):
    found = COUNTED(position, sizes)
    return None if found is None else found[::-1]


def other_rows(values):
    first, second = values
    return ZIPPED([first, reshaping.flipped(second, 0)])


def unturned(a, v, mode="full"):
    return windows.convolved(a, reshaping.flipped(v), mode)


def from_the_end(self, key):
    return numpy_names.concatenate([self._part(p) for p in key[::-1]])


def at_the_first(array, items, value, add):
    return AT_LISTED(array, [p[:1] if isinstance(p, list) else p for p in items], value, add)


PLANTED = {
    "what is written through a view is lost": (
        part(arrays, "settle_views", lambda array: arrays.unsettled.clear()),
        "rows", {"x": "N D", "w": "D M"}),
    "a second write in steps adds": (part(writing, "_comb", forgetful), "twice", {"x": "N 2*D"}),
    "the order of columns is that of rows": (
        part(numpy_names, "reshape", lambda a, shape=None, order="C": RESHAPE(a, shape)),
        "columns", {"x": "N M"}),
    "strides from the end": (
        part(windows, "strided", lambda x, *rest: STRIDED(reshaping.flipped(x), *rest)),
        "strided", {"x": "T", "w": "K"}),
    "a convolution that is not turned": (
        name("convolve", unturned), "strided", {"x": "T", "w": "K"}),
    "counters in the place of one another": (
        part(axes, "counted_along", turned_counters), "unfolded", {"x": "N N"}),
    "a sum at a condition takes all": (
        part(Masked, "sum", lambda self, axis=None: operations.total(self.array)),
        "active", {"x": "N D"}),
    "np.r_ from the end": (
        part(numpy_names._Joined, "__getitem__", from_the_end), "bordered", {"x": "N"}),
    "the smaller for the larger of a small number": (
        name("maximum", numpy_names.NAMES["minimum"]), "unit", {"x": "N D"}),
    "a norm without its root": (
        name("linalg.norm", lambda x, axis, keepdims: operations.total(x * x, axis, keepdims)),
        "unit", {"x": "N D"}),
    "rows that are zipped with others": (
        part(containers, "zipped", other_rows), "rows", {"x": "N D", "w": "D M"}),
    "a triangle without its diagonal": (
        name("tril", lambda m: operations.triangle(m, -1, lower=True)), "lower", {"x": "N N"}),
    "axes that are not swapped": (name("swapaxes", lambda x, a, b: x), "turned", {"x": "N N"}),
    "parts from the last": (
        part(reshaping, "split", lambda *args: SPLIT(*args)[::-1]), "halves", {"x": "N 2*D"}),
    "positions in the place of one another": (
        part(runtime, "size_along", lambda n, k, *shape: SIZE_ALONG(n, n - 1 - k, *shape)),
        "places", {"x": "N M", "a": "N"}),
    "a view that stays as it was": (
        part(arrays, "_changed", lambda array: 0), "crossed", {"x": "4 D"}),
    "a view that is written into its array twice": (
        part(reshaping, "Whole", lambda view, back: Whole(view, lambda own: 2 * back(own))),
        "flat", {"x": "N D"}),
    "the first of a list of positions": (
        part(writing, "_at_listed", at_the_first), "banned_rows", {"x": "4 D"}),
    "a list from its other end": (
        part(loops.SymbolicLoop, "popped", lambda self, values, place: POPPED(self, values, 0)),
        "popped", {"x": "T D", "w": "D"}),
    "a roll the other way": (
        name("roll", lambda x, by, axis: reshaping.rolled(x, -by, axis)), "around", {"x": "N D"}),
    "a matrix whose product is by entries": (
        part(matrix_class, "_product", lambda a, b: matrix_class.as_matrix(
            matrix_class.plain(a) * matrix_class.plain(b))), "matrix", {"x": "N N", "w": "N N"}),
    "the last choice first": (
        name("select", lambda c, v, other: numpy_names.NAMES["where"](
            c[1], v[1], numpy_names.NAMES["where"](c[0], v[0], other + 1))),
        "by_rows", {"x": "N D", "a": "N D"}),
    "rows that are repeated as a whole": (
        name("repeat", lambda x, times, axis: reshaping.tiled(x, (times, 1))),
        "doubled", {"x": "N D"}),
}  # fmt: skip


@pytest.mark.parametrize("rule", PLANTED)
def test_a_wrong_rule_is_never_a_verdict(rule, monkeypatch):
    plant, idiom, shapes = PLANTED[rule]
    plant(monkeypatch)
    forward, backward = f"{idiom}_forward", f"{idiom}_backward"
    if idiom == "active":
        forward, backward = "active_loss", None
    found = verify_backward(f"{IDIOMS}::{forward}", backward, shapes=shapes, timeout=10)
    assert {v.status for v in found.values()} == {"undecided"}
    assert all("internal error: the trace" in v.reason for v in found.values()), found
