"""What a verdict says depends on the claim alone: not on hash seeds, not on what went before."""

from __future__ import annotations

from same_verdicts import compared

# Of each kind of decision one: a proof, an induction, a witness with the mistake, a misfit, a vain
# search; what they take is little.
SAMPLE = (
    *("trace.swapped-not-cyclic", "det.similar.both", "huber.unit", "linear-map.transposed"),
    *("apart.bracket.other", "names.shadowed-sum", "delta.contract.square", "sequence.variance"),
    *("scalar.gram.symmetric", "calculus.logarithm-below", "hard-swish.once", "momentum.dropped"),
)


def test_two_processes_say_the_same():
    assert list(compared(1, ids=SAMPLE)) == []
