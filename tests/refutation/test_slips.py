"""Slips that people make in the derivations of attention and its kin: every one is refuted.

Each is a claim of the catalogue with another documented side.
"""

from __future__ import annotations

import dataclasses

import oracle
import pytest
from sympy import HadamardProduct, Symbol, cos, sin, sqrt

from derive import at, formulas, verify
from derive.formulas import (
    attention,
    bahdanau,
    causal_attention,
    deep_transformer,
    feed_forward,
    layer_norm,
    online_softmax,
    self_attention,
    token_embedding,
)
from derive.formulas.layer_norm import mean
from derive.language import operators

CLAIMS = {claim.id: claim for f in formulas.catalogue().values() for claim in f.claims}

_a, _l, _s, _w = attention, layer_norm, self_attention, feed_forward
_root = sqrt(_l.variance + _l.epsilon)

SLIPS = {
    ("attention.backward.S", "no row sums"): HadamardProduct(_a.P, _a.dP),
    ("attention.backward.S", "the diagonal of the Jacobian only"): HadamardProduct(
        _a.dP, _a.P - HadamardProduct(_a.P, _a.P)
    ),
    ("attention.backward.Q", "no 1/√d"): _a.dS * _a.K,
    ("attention.backward.Q", "1/d"): _a.dS * _a.K / _a.d,
    ("attention.backward.K", "no 1/√d"): _a.dS.T * _a.Q,
    ("attention.backward.V", "dP in the place of dO"): _a.dP.T * _a.O,
    ("attention.mask.backward.V", "the mask in the place of the weights"): _a.B.T * _a.dO,
    ("causal-attention.backward.V", "scores in the place of weights"): (
        causal_attention.S.T * causal_attention.dO
    ),
    ("online-softmax.sum", "the sums simply added"): online_softmax.l1 + online_softmax.l2,
    ("online-softmax.blocks.output", "exp(x − M) taken for exp(x) in the sum"): online_softmax.O[
        online_softmax.N, online_softmax.j
    ],
    ("bahdanau.backward.H", "as values only"): bahdanau.alpha.T * bahdanau.dc,
    ("bahdanau.backward.H", "as keys only"): bahdanau.dZ * bahdanau.W2.T,
    ("self-attention.backward.X", "through the values only"): _s.dV * _s.Wv.T,
    ("feed-forward.silu", "s(t) alone"): _w.logistic,
    ("feed-forward.gelu", "Φ(t) alone"): _w.Phi,
    ("layer-norm.backward.x", "no statistics"): _l.scaled / _root,
    ("layer-norm.backward.x", "the mean only"): (_l.scaled - mean(_l.scaled)) / _root,
    ("layer-norm.backward.x", "no γ"): (
        _l.g - mean(_l.g) - HadamardProduct(_l.xhat, mean(HadamardProduct(_l.g, _l.xhat)))
    )
    / _root,
    ("layer-norm.variance", "exactly 1"): 1,
    ("layer-norm.rms.backward.x", "no second term"): _l.scaled / _l.rms,
    ("token-embedding.tied", "as the output only"): token_embedding.dZ.T * token_embedding.H,
    ("token-embedding.positions.cos", "a plus"): (
        cos(token_embedding.omega * token_embedding.shift)
        * cos(token_embedding.omega * token_embedding.pos)
        + sin(token_embedding.omega * token_embedding.shift)
        * sin(token_embedding.omega * token_embedding.pos)
    ),
    ("token-embedding.smoothing.gradient", "the label as it was"): (
        operators.softmax(token_embedding.z) - token_embedding.y
    ),
    ("deep-transformer.residual-stream", "X forgotten"): (
        CLAIMS["deep-transformer.residual-stream"].right
        - deep_transformer.X[deep_transformer.i, deep_transformer.p]
    ),
    ("deep-transformer.feed-forward.backward.W1", "the layer's own output"): (
        at(deep_transformer.H, deep_transformer.l).T * at(deep_transformer.dZ, deep_transformer.l)
    ),
    ("transformer.size", "norms forgotten"): CLAIMS["transformer.size"].right
    - 12 * Symbol("N", integer=True, positive=True) * Symbol("d", integer=True, positive=True),
}


def _slipped(claim_id, what):
    claim = CLAIMS[claim_id]
    name = "right" if hasattr(claim, "right") else "equals"
    return dataclasses.replace(claim, **{name: SLIPS[claim_id, what]})


@pytest.mark.parametrize(("claim_id", "what"), SLIPS, ids=[": ".join(key) for key in SLIPS])
def test_a_slip_is_refuted(claim_id, what):
    slipped = _slipped(claim_id, what)
    found = verify(slipped)
    assert found.status == "disagrees", found.reason
    left, right = oracle.replay(slipped, found.witness)
    assert left != pytest.approx(right, rel=1e-6, abs=1e-9)
