"""A forward and its backward, traced and decided."""

from pathlib import Path

import numpy as np
import pytest

from derive.base.errors import ClaimError
from derive.code import check_backward, labels, verify_backward
from derive.frontends.code import witnessed

LAYERS = Path(__file__).with_name("layers.py")
CONV = {"x": "N C H W", "w": "F C K L", "b": "F"}
RNN = {"x": "N T D", "h0": "N H", "Wx": "D H", "Wh": "H H", "b": "H"}
STEP = {"x": "N D", "prev_h": "N H", "prev_c": "N H", "Wx": "D 4H", "Wh": "H 4H", "b": "4H"}
LABELLED = {"x": "N C", "y": labels("N", of="C")}
HINGE = {"W": "D C", "X": "N D", "y": labels("N", of="C")}
NORM = {"x": "N D", "gamma": "D", "beta": "D"}
IMAGES = {"x": "N C H W", "w": "C*H*W M", "b": "M"}
HEADS = {"Q": "B T d", "K": "B S d", "V": "B S e"}
TABLE = {"x": labels("N", of="V"), "W": "V D"}
STACK = {"x": "N D", "W1": "D H", "b1": "H", "W2": "H M", "b2": "M"}


def statuses(forward, backward=None, **options):
    target = f"{LAYERS}::{forward}"
    verdicts = verify_backward(target, backward, timeout=30, **options)
    return {name: v.status for name, v in verdicts.items()}


RIGHT = {
    "affine": ("affine_forward", "affine_backward", {"x": "N D", "w": "D M", "b": "M"}, {}),
    "images": ("affine4_forward", "affine4_backward", IMAGES, {}),
    "a mask that is written": ("relu_forward", "relu_backward", {"x": "N D"}, {}),
    "softmax loss": ("softmax_loss", None, LABELLED, {}),
    "hinge loss": ("svm_loss", None, LABELLED, {}),
    "hinge loss by loops": ("svm_naive", None, HINGE, {"wrt": "W"}),
    "one-hot by rows of eye": ("onehot_loss", None, LABELLED, {}),
    "loops": ("loop_affine", "loop_affine_backward", {"x": "N D", "w": "D M", "b": "M"}, {}),
    "batch norm": ("bn2_forward", "bn2_backward", NORM, {}),
    "layer norm": ("layernorm_forward", "layernorm_backward", NORM, {}),
    "attention": ("attention", "attention_backward", HEADS, {}),
    "rows that are added at": ("emb_forward", "emb_backward", TABLE, {}),
    "a recurrence": ("rnn_forward", "rnn_backward", RNN, {}),
    "blocks": ("lstm_step_forward", "lstm_step_backward", STEP, {}),
    "a layer": ("Affine", None, {"x": "N D", "W": "D M", "b": "M"}, {}),
    "a list of layers": ("Stack", None, STACK, {}),
    "branches on values": ("shrink_forward", "shrink_backward", {"x": "N"}, {}),
    "random masks": ("drop_forward", "drop_backward", {"x": "N D", "p": ""}, {"wrt": "x"}),
    "cumulated": ("cumsum_forward", "cumsum_backward", {"x": "N D"}, {}),
    "a branch on a counter": ("shifted_forward", "shifted_backward", {"x": "T D"}, {}),
    "a recurrence in place": ("states_forward", "states_backward", {"x": "T D", "a": "D"}, {}),
    "lists and generators": ("rows_forward", "rows_backward", {"x": "N D", "w": "D M"}, {}),
    "text in a dictionary": (
        "modes_forward", "modes_backward", {"x": "N D"}, {"fixed": {"options": {"mode": "train"}}}),
    "an inverse": ("inverse_forward", "inverse_backward", {"A": "N N"}, {}),
    "a system of equations": ("solve_forward", "solve_backward", {"A": "N N", "b": "N"}, {}),
    "a determinant": ("logdet_forward", "logdet_backward", {"A": "N N"}, {}),
    "windows": (
        "windows_forward", "windows_backward", {"x": "N H W", "w": "K L"}, {"wrt": "w"}),
    "rolled": ("roll_forward", "roll_backward", {"x": "N 3"}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_right_pairs_hold(name):
    forward, backward, shapes, options = RIGHT[name]
    found = statuses(forward, backward, shapes=shapes, **options)
    assert found and set(found.values()) == {"holds"}, found


def test_a_convolution_by_loops_holds_for_every_stride_and_padding():
    fixed = {"stride": "s", "pad": "p"}
    target = f"{LAYERS}::conv_naive"
    found = verify_backward(target, "conv_backward", shapes=CONV, fixed=fixed)
    assert {v.status for v in found.values()} == {"holds"}
    assumed = {str(fact) for fact in found["b"].assumptions}
    assert "Eq(Mod(H - K + 2*p, s), 0)" in assumed  # the code asserts it


def test_states_in_dictionaries_are_a_recurrence():
    shapes = {"inputs": "T D", "targets": "T O", "hprev": "H", "Wxh": "D H", "Whh": "H H"}
    shapes |= {"Why": "H O", "bh": "H", "by": "O"}
    found = statuses("sequence_loss", shapes=shapes, wrt="Wxh Whh Why bh by")
    assert set(found.values()) == {"holds"}


def test_a_mean_for_a_sum_is_refuted_and_named():
    target = f"{LAYERS}::affine_forward"
    found = verify_backward(target, "affine_bad_backward", x="N D", w="D M", shapes={"b": "M"})
    assert {n: v.status for n, v in found.items()} == {"x": "holds", "w": "holds", "b": "disagrees"}
    assert "a mean over N" in found["b"].reason


def test_a_hinge_loss_without_the_label_s_own_part_is_refuted():
    assert statuses("svm_naive_bad", shapes=HINGE, wrt="W") == {"W": "disagrees"}


def test_an_inverse_without_its_transposes_is_refuted():
    found = statuses("inverse_forward", "inverse_bad_backward", shapes={"A": "N N"})
    assert found == {"A": "disagrees"}
    found = statuses("inverse_forward", "inverse_backward", shapes={"A": "N M"})
    assert found == {"A": "ill-shaped"}


def test_windows_the_other_way_round_are_refuted():
    shapes = {"x": "N H W", "w": "K L"}
    found = statuses("windows_forward", "windows_bad_backward", shapes=shapes, wrt="w")
    assert found == {"w": "disagrees"}


def test_the_entry_at_an_argmax_is_the_largest():
    (found,) = verify_backward(f"{LAYERS}::peak_forward", "peak_backward", x="N").values()
    assert found.status == "disagrees"


def test_a_misfit_is_told_with_its_line_and_both_shapes():
    target = f"{LAYERS}::affine_forward"
    found = verify_backward(target, "affine_misfit_backward", x="N D", w="D M", shapes={"b": "M"})
    assert [v.status for v in found.values()] == ["ill-shaped", "holds", "disagrees"]
    line = (
        LAYERS.read_text()
        .splitlines()
        .index("    return dout.dot(w), x.T.dot(dout), np.mean(dout, axis=0)")
    )
    assert (
        f"layers.py:{line + 1}: dot: the inner sizes of (N, M) and (D, M) differ"
        in found["x"].reason
    )


def test_a_gradient_of_another_shape_is_ill_shaped():
    found = verify_backward(lambda_forward, short_backward, x="N D")
    assert found["x"].status == "ill-shaped" and "(D,)" in found["x"].reason


def lambda_forward(x):
    return 2 * x, None


def short_backward(dout, cache):
    return 2 * dout.sum(axis=0)


def test_a_clip_holds_between_its_ends_and_an_epsilon_is_named():
    found = verify_backward(f"{LAYERS}::bce_clip", p="N M", t="N M", wrt="p")
    assert found["p"].status == "holds"
    assert {"p[i1, i2] > 1/10000000", "p[i1, i2] < 9999999/10000000"} <= set(
        map(str, found["p"].assumptions)
    )
    found = verify_backward(f"{LAYERS}::eps_loss", y="N M", t="N M", wrt="y")
    assert found["y"].status == "disagrees"
    assert found["y"].reason.startswith("it holds with 1e-07 = 0 only")


def test_functions_are_taken_as_they_are():
    def forward(x):
        return x * factor, None

    def backward(dout, cache):
        return dout * factor

    factor = 3.0
    assert verify_backward(forward, backward, x="N")["x"].status == "holds"
    with pytest.raises(AssertionError, match="the gradient of x: disagrees"):
        check_backward(forward, lambda_forward_of_two, x="N")


def lambda_forward_of_two(dout, cache):
    return 2 * dout


def test_a_loop_on_values_is_refused_with_its_line():
    target = f"{LAYERS}::while_forward"
    (found,) = verify_backward(target, "while_backward", x="N").values()
    assert found.status == "undecided"
    assert "layers.py:" in found.reason and "a while loop on values" in found.reason


def test_what_a_pair_lacks_is_said():
    with pytest.raises(ClaimError, match="argument b is not given"):
        statuses("affine_forward", "affine_backward", x="N D", w="D M")
    with pytest.raises(ClaimError, match="has no nothing_there"):
        statuses("nothing_there", None, x="N")
    for without in (int, len, None):
        with pytest.raises(ClaimError, match=r"the source of .* is not found"):
            verify_backward(without, x="N D")
    with pytest.raises(ClaimError, match="returns 3 gradients"):
        statuses(
            "affine_forward",
            "affine_backward",
            shapes={"x": "N D", "w": "D M", "b": "M"},
            wrt="x w",
        )


def test_a_refutation_is_run_before_it_is_said(monkeypatch):
    monkeypatch.setattr(witnessed, "refuted", lambda *_: False)
    target = f"{LAYERS}::affine_forward"
    found = verify_backward(target, "affine_bad_backward", x="N D", w="D M", shapes={"b": "M"})
    assert found["b"].status == "undecided" and "contradicts the witness" in found["b"].reason


def test_a_refutation_stands_by_finite_differences():
    def forward(x):
        return x**3, x

    def backward(dout, x):
        return 2 * x**2 * dout

    assert verify_backward(forward, backward, x="N")["x"].status == "disagrees"


def kept_forward(x, t):
    diff = x - t
    return 0.5 * np.mean(np.sum(diff**2, axis=1)), diff


def kept_backward(diff):
    return diff / len(diff)


def kept_wrong_backward(diff):
    return diff


def scaled_backward(dloss):
    return dloss


def test_a_loss_and_what_it_keeps():
    shapes = {"x": "N D", "t": "N D"}
    check_backward(kept_forward, kept_backward, **shapes, wrt="x")
    found = verify_backward(kept_forward, kept_wrong_backward, **shapes, wrt="x")
    assert found["x"].reason.startswith("a sum where the mean over N is meant")
    found = verify_backward(kept_forward, scaled_backward, **shapes, wrt="x")
    assert found["x"].status == "ill-shaped"  # it takes an upstream
