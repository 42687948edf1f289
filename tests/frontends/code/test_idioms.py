"""Views, steps, strides, conditions and unrolled parameters, decided for every size."""

from pathlib import Path

import pytest

from derive.code import labels, verify_backward
from derive.frontends.code.check import decide, pair_of

IDIOMS = Path(__file__).with_name("idioms.py")

CASES = {
    "rows": {"x": "N D", "w": "D M"},
    "comb": {"x": "N 2*D"},
    "columns": {"x": "N M"},
    "strided": {"x": "T", "w": "K"},
    "unfolded": {"x": "N M"},
    "bordered": {"x": "N"},
    "twice": {"x": "N 2*D"},
    "lower": {"x": "N N"},
    "turned": {"x": "N N"},
    "halves": {"x": "N 2*D"},
    "doubled": {"x": "N D"},
    "flat": {"x": "N D"},
    "heads": {"x": "N D", "w": "h D M"},
    "banned": {"s": "N T T"},
    "banned_rows": {"x": "4 D"},
    "places": {"x": "N M", "a": "N"},
    "popped": {"x": "T D", "w": "D"},
    "pairs": {"x": "N", "a": "N"},
    "around": {"x": "N D"},
    "matrix": {"x": "N D", "w": "D M"},
    "by_rows": {"x": "N D", "a": "N D"},
    "stencil": {"x": "H W", "w": "3 3"},
    "beside": {"h": "H", "x": "D", "w": "M H+D"},
}


def statuses(name, backward=None, **options):
    found = verify_backward(f"{IDIOMS}::{name}", backward, timeout=20, **options)
    return {input_: verdict.status for input_, verdict in found.items()}


@pytest.mark.parametrize("name", CASES)
def test_an_idiom_is_read(name):
    shapes = CASES[name]
    found = statuses(f"{name}_forward", f"{name}_backward", shapes=shapes)
    assert found == dict.fromkeys(shapes, "holds")


def test_a_view_has_what_is_written_into_its_array():
    assert statuses("crossed_forward", "crossed_backward", x="4 D") == {"x": "holds"}
    assert statuses("crossed_forward", "crossed_wrong_backward", x="4 D") == {"x": "disagrees"}


@pytest.mark.parametrize("backward", ["stencil_wrong_backward", "stencil_last_backward"])
def test_a_loop_over_numbers_that_cuts_an_array_into_many_parts(backward):
    found = statuses("stencil_forward", backward, shapes=CASES["stencil"], wrt="x")
    assert found == {"x": "disagrees"}


def test_a_sum_of_sizes_may_be_cut_in_another_order():
    shapes = {"h": "H", "x": "D", "w": "M D+H"}
    found = statuses("beside_forward", "beside_backward", shapes=shapes)
    assert found == dict.fromkeys(shapes, "holds")


def test_items_are_taken_from_a_list_in_its_order():
    shapes = {"x": "T D", "w": "D"}
    found = statuses("popped_forward", "emptied_backward", shapes=shapes)
    assert found == dict.fromkeys(shapes, "holds")
    found = statuses("popped_forward", "from_the_front_backward", shapes=shapes)
    assert found == {"x": "holds", "w": "disagrees"}


def test_rows_at_a_condition_are_summed():
    shapes = {"x": "N D", "m": "C D", "y": labels("N", of="C")}
    found = statuses("centres_forward", "centres_backward", shapes=shapes)
    assert found == {"x": "holds", "m": "holds"}


def test_marginals_of_a_chain_are_its_gradients():
    found = statuses("chain_loss", shapes={"e": "T K", "a": "K K"}, wrt="e a")
    assert found == {"e": "holds", "a": "holds"}


def test_an_index_that_a_run_shows_to_leave_its_array_is_ill_shaped():
    (verdict,) = verify_backward(f"{IDIOMS}::swapped_loss", x="N D", a="N D", wrt="x").values()
    assert verdict.status == "ill-shaped"
    assert "is out of bounds for axis" in verdict.reason and "idioms.py:" in verdict.reason


def test_entries_that_nothing_was_written_to_are_in_no_verdict():
    found = statuses("comb_forward", "comb_wrong_backward", x="N 2*D")
    assert found == {"x": "undecided"}


def test_several_values_are_returned_on_either_side_of_a_condition():
    assert statuses("bent_loss", x="N") == {"x": "holds"}


def test_a_sum_at_a_condition_is_read():
    assert statuses("active_loss", x="N D") == {"x": "holds"}


def test_what_is_kept_above_a_small_number_is_said():
    (verdict,) = verify_backward(f"{IDIOMS}::unit_forward", "unit_backward", x="N D").values()
    assert verdict.status == "holds"
    assert any("1/1000000000000" in str(fact) for fact in verdict.assumptions)


def test_a_vector_of_parameters_is_cut_as_its_size_is_written():
    found = statuses(
        "unrolled_forward", "unrolled_backward",
        shapes={"t": "h*(n+1)", "x": "N n"}, fixed={"h": "h", "n": "n"}, wrt="t",
    )  # fmt: skip
    assert found == {"t": "holds"}


def test_states_under_keys_may_need_one_another():
    found = statuses(
        "gated_forward", "gated_backward", shapes={"x": "T D", "f": "D", "c0": "D"}, wrt="f"
    )
    assert found == {"f": "holds"}


def test_a_layer_may_leave_its_output_and_its_gradients():
    pair = pair_of(
        f"{IDIOMS}::Dense", shapes={"inputs": "N D", "weights": "D M"},
        grads={"inputs": "dinputs", "weights": "dweights"},
    )  # fmt: skip
    assert {n: v.status for n, v in decide(pair).items()} == {
        "inputs": "holds",
        "weights": "holds",
    }
