"""Labels: whole numbers that an array holds, as indices."""

import pytest
from sympy import (
    Abs,
    Eq,
    IndexedBase,
    KroneckerDelta,
    MatrixSymbol,
    Max,
    Ne,
    Piecewise,
    Sum,
    exp,
    log,
    symbols,
)

from derive import Backward, Gradient, Identity, Shape, softmax, tensor, verify
from derive.lowering.labels import in_indicators, labels_of

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


u = IndexedBase("u", shape=(n,), integer=True)
both = (*within, u[i] >= 0, u[i] <= c - 1)
label, row = KroneckerDelta(t[i], q), (i, n)
at_i, k = (i >= 0, i <= n - 1), symbols("k", integer=True)
everywhere = (t[k] >= 0, t[k] <= c - 1)  # and not at a free i alone


def over(body, *ranges):
    return Sum(body, *[(index, 0, size - 1) for index, size in ranges])


def cases(value, test):
    return Piecewise((value, test), (0, True))


# What has labels in several factors, in a power, a function or a condition, is one function.
JOINT = [
    (Identity(tensor(Z[i, t[i]] ** 2, row), tensor(over(label * Z[i, q] ** 2, (q, c)), row),
              given=within), "holds"),
    (Identity(tensor(Z[i, t[i]] * w[t[i]], row), tensor(over(label * Z[i, q] * w[q], (q, c)), row),
              given=within), "holds"),
    (Identity(tensor(exp(w[t[i]]), row), tensor(over(label * exp(w[q]), (q, c)), row),
              given=within), "holds"),
    (Identity(tensor(Max(w[t[i]], 0), row), tensor(over(label * Max(w[q], 0), (q, c)), row),
              given=within), "holds"),
    (Gradient(over(Z[i, t[i]] ** 2, row), Z[j, l], 2 * Z[j, l] * KroneckerDelta(t[j], l),
              given=within), "holds"),
    (Gradient(over(E[t[i], j] ** 2 / 2, (j, m), row), E[q, j],
              E[q, j] * over(KroneckerDelta(t[i], q), row), given=within), "holds"),
    (Identity(label * KroneckerDelta(t[i], l), KroneckerDelta(q, l) * label,
              given=(*everywhere, *at_i, q >= 0, q <= c - 1, l >= 0, l <= c - 1)), "holds"),
    (Identity(each(cases(1, Eq(t[i], j))), each(hit), given=within), "holds"),
    (Identity(over(cases(Z[i, q], Ne(t[i], q)), (q, c), row),
              over(Z[i, q], row, (q, c)) - over(Z[i, t[i]], row), given=within), "holds"),
    (Identity(tensor(over((label - Z[i, q]) ** 2, (q, c)), row),
              tensor(1 - 2 * Z[i, t[i]] + over(Z[i, q] ** 2, (q, c)), row), given=within), "holds"),
    (Identity(over(w[t[i]] * w[t[j]], row, (j, n)), over(w[t[i]], row) ** 2, given=within),
     "holds"),
    (Identity(tensor(w[t[i]] ** 2, row), tensor(over(label * w[q], (q, c)), row), given=within),
     "disagrees"),
    (Identity(tensor(w[t[i]] * w[u[i]], row), tensor(w[t[i]] ** 2, row), given=both), "disagrees"),
    (Identity(w[t[i]] * w[t[j]], w[t[i]] ** 2, given=(*everywhere, *at_i, j >= 0, j <= n - 1)),
     "disagrees"),
    (Identity(over(w[t[i]], row) ** 2, over(w[t[i]] ** 2, row), given=within), "disagrees"),
    (Identity((w[t[i]] + over(w[t[i]], row)) ** 2, (w[t[i]] + n * w[t[i]]) ** 2,
              given=(*everywhere, *at_i)), "disagrees"),
    (Identity(over(cases(Z[i, q] ** 2, Eq(t[i], q)), (q, c), row), over(Z[i, q] ** 2, row, (q, c)),
              given=within), "disagrees"),
    # Of the others than the label it is not known that they have a logarithm.
    (Identity(log(w[t[i]]) + over(Abs(w[q]), (q, c)), log(w[t[i]]) + over(w[q], (q, c)),
              given=(*everywhere, *at_i)), "disagrees"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "status"), JOINT)
def test_labels_in_one_function(claim, status):
    found = verify(claim)
    assert found.status == status, found.reason


@pytest.mark.parametrize("claim", [JOINT[-1][0]])
def test_what_has_no_value_at_other_labels_is_written_read_by_read(claim):
    written = in_indicators(claim, labels_of(claim))
    (logarithm,) = written.left.atoms(log)
    assert logarithm.has(labels_of(claim)[0].indicator)
