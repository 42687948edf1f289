"""What a verdict says depends on the claim alone: not on hash seeds, not on what went before."""

from __future__ import annotations

from same_verdicts import compared, named

from derive import Identity

# Of each kind of decision some: a proof, an induction, an inequality, a witness with the mistake, a
# misfit. They take little, and so does the import of their modules.
SAMPLE = (
    *("linear-regression.minibatch-w", "softmax-regression.affine", "gradient-clipping.norm"),
    *("softmax-regression.loss-annotation", "mlp.layer-by-layer-update", "dropout.grad"),
    *("gradient-clipping.shorter", "gradient-clipping.value.norm", "online-softmax.step"),
    *("sequences.state-space", "sequences.bias.forgotten", "online-softmax.blocks.maximum"),
)


def test_two_processes_say_the_same(tmp_path):
    assert list(compared(1, tmp_path, ids=SAMPLE)) == []
    assert [len(file.read_text("utf-8").splitlines()) for file in tmp_path.iterdir()] == [12, 12]


def test_claims_of_one_name_are_told_apart():
    first, second, third = (Identity(k, k, id="same") for k in range(3))
    assert list(named([first, second, third]).values()) == [first, second, third]
