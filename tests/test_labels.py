"""Labels: whole numbers that an array holds, as indices."""

import pytest
from sympy import (
    IndexedBase,
    KroneckerDelta,
    MatrixSymbol,
    Sum,
    exp,
    log,
    symbols,
)

from derive import Backward, Gradient, Identity, Shape, softmax, tensor, verify
from derive.labels import labels_of

n, m, c = symbols("n m c", integer=True, positive=True)
i, j, l, q = symbols("i j l q", integer=True)
Z, E = IndexedBase("Z", shape=(n, c)), IndexedBase("E", shape=(c, m))
G, w = IndexedBase("G", shape=(n, m)), IndexedBase("w", shape=(c,))
t, real = IndexedBase("t", shape=(n,), integer=True), IndexedBase("r", shape=(n,))
logits = MatrixSymbol("O", n, c)
within = (t[i] >= 0, t[i] <= c - 1)


def p(row, column):
    return exp(Z[row, column]) / Sum(exp(Z[row, q]), (q, 0, c - 1))


def mean(body):
    return Sum(body, (i, 0, n - 1)) / n


def each(body):
    return tensor(body, (i, n), (j, c))


hit = KroneckerDelta(t[i], j)
loss = -mean(log(p(i, t[i])))
CLAIMS = [
    (Gradient(loss, Z, each((p(i, j) - hit) / n), given=within), "holds"),
    (Gradient(loss, Z, each((p(i, j) - hit) / n), given=(t[i] > -1, t[i] < c)), "holds"),
    (Gradient(loss, Z, each((p(i, j) + hit) / n), given=within), "disagrees"),
    (Gradient(loss, Z, each(p(i, j) - hit), given=within), "disagrees"),
    (Gradient(-mean(log(softmax(logits)[i, t[i]])), logits,
              each((softmax(logits)[i, j] - hit) / n), given=within), "holds"),
    (Gradient(-mean(w[t[i]] * log(p(i, t[i]))), Z, each(w[t[i]] * (p(i, j) - hit) / n),
              given=within), "holds"),
    (Gradient(-mean(w[t[i]] * log(p(i, t[i]))), Z, each(w[j] * (p(i, j) - hit) / n),
              given=within), "disagrees"),
    (Backward(tensor(E[t[i], j], (i, n), (j, m)), E, G,
              tensor(Sum(KroneckerDelta(t[i], l) * G[i, j], (i, 0, n - 1)), (l, c), (j, m)),
              given=within), "holds"),
    (Backward(tensor(E[t[i], j], (i, n), (j, m)), E, G,
              tensor(Sum(G[i, j], (i, 0, n - 1)), (l, c), (j, m)), given=within), "disagrees"),
    (Identity(Sum(hit, (i, 0, n - 1), (j, 0, c - 1)), n, given=within), "holds"),
    (Identity(Sum(hit, (i, 0, n - 1), (j, 0, c - 2)), n, given=within), "disagrees"),
    (Identity(mean(Z[i, t[i]]), mean(Z[i, 0]), given=within), "disagrees"),
    (Shape(tensor(E[t[i], j], (i, n), (j, m)), (n, m)), "holds"),
]  # fmt: skip

# What the law asks for is not there: labels that are not seen to be labels of the axis.
REFUSED = [
    Gradient(loss, Z, each((p(i, j) - hit) / n)),
    Gradient(loss, Z, each((p(i, j) - hit) / n), given=(t[i] >= 0,)),
    Gradient(loss, Z, each((p(i, j) - hit) / n), given=(t[i] >= -1, t[i] <= c - 1)),
    Gradient(loss, Z, each((p(i, j) - hit) / n), given=(t[i] >= 0, t[i] <= c)),
    Gradient(loss, Z, each((p(i, j) - hit) / n), given=(t[0] >= 0, t[0] <= c - 1)),
    Gradient(-mean(Z[i, real[i]]), Z, each(-KroneckerDelta(real[i], j) / n),
             given=(real[i] >= 0, real[i] <= c - 1)),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "status"), CLAIMS)
def test_claims(claim, status):
    found = verify(claim)
    assert found.status == status, found.reason
    if status == "disagrees":
        assert found.replay()
    if status == "holds" and not isinstance(claim, Shape):
        assert set(claim.given) <= set(found.assumptions)


@pytest.mark.parametrize("claim", REFUSED)
def test_what_is_not_given_of_labels_is_not_made_up(claim):
    assert verify(claim).status not in ("holds", "disagrees")


def test_labels_are_no_variables_to_differentiate_in():
    claim = Gradient(Sum(Z[i, t[i]], (i, 0, n - 1)), t, tensor(0 * i, (i, n)), given=within)
    assert labels_of(claim) == []
    assert verify(claim).status != "holds"


def test_what_is_derived_speaks_of_the_labels():
    found = verify(Gradient(loss, Z, each((p(i, j) + hit) / n), given=within))
    assert found.derived.has(KroneckerDelta) and "onehot" not in str(found.derived)
    assert all(0 <= label < found.witness.sizes["c"] for label in found.witness.values["t"])
