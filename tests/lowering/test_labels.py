"""Labels: whole numbers that an array holds, as indices."""

import contextlib
import io

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

from derive import Backward, Gradient, Identity, Shape, softmax, tensor, verify, within
from derive.backends.snippet import replay
from derive.core.integers import FREE, SIZE, Label, Var, as_poly, is_nonnegative
from derive.core.terms import Array

n, m, c = symbols("n m c", integer=True, positive=True)
i, j, l, q = symbols("i j l q", integer=True)
Z, E = IndexedBase("Z", shape=(n, c)), IndexedBase("E", shape=(c, m))
G, w = IndexedBase("G", shape=(n, m)), IndexedBase("w", shape=(c,))
t, real = IndexedBase("t", shape=(n,), integer=True), IndexedBase("r", shape=(n,))
logits = MatrixSymbol("O", n, c)
bounds = (t[i] >= 0, t[i] <= c - 1)


def p(row, column):
    return exp(Z[row, column]) / Sum(exp(Z[row, q]), (q, 0, c - 1))


def mean(body):
    return Sum(body, (i, 0, n - 1)) / n


def each(body):
    return tensor(body, (i, n), (j, c))


hit = KroneckerDelta(t[i], j)
loss = -mean(log(p(i, t[i])))
CLAIMS = [
    (Gradient(loss, Z, each((p(i, j) - hit) / n), given=bounds), "holds"),
    (Gradient(loss, Z, each((p(i, j) - hit) / n), given=(t[i] > -1, t[i] < c)), "holds"),
    (Gradient(loss, Z, each((p(i, j) + hit) / n), given=bounds), "disagrees"),
    (Gradient(loss, Z, each(p(i, j) - hit), given=bounds), "disagrees"),
    (Gradient(-mean(log(softmax(logits)[i, t[i]])), logits,
              each((softmax(logits)[i, j] - hit) / n), given=bounds), "holds"),
    (Gradient(-mean(w[t[i]] * log(p(i, t[i]))), Z, each(w[t[i]] * (p(i, j) - hit) / n),
              given=bounds), "holds"),
    (Gradient(-mean(w[t[i]] * log(p(i, t[i]))), Z, each(w[j] * (p(i, j) - hit) / n),
              given=bounds), "disagrees"),
    (Backward(tensor(E[t[i], j], (i, n), (j, m)), E, G,
              tensor(Sum(KroneckerDelta(t[i], l) * G[i, j], (i, 0, n - 1)), (l, c), (j, m)),
              given=bounds), "holds"),
    (Backward(tensor(E[t[i], j], (i, n), (j, m)), E, G,
              tensor(Sum(G[i, j], (i, 0, n - 1)), (l, c), (j, m)), given=bounds), "disagrees"),
    (Identity(Sum(hit, (i, 0, n - 1), (j, 0, c - 1)), n, given=bounds), "holds"),
    (Identity(Sum(hit, (i, 0, n - 1), (j, 0, c - 2)), n, given=bounds), "disagrees"),
    (Identity(mean(Z[i, t[i]]), mean(Z[i, 0]), given=bounds), "disagrees"),
    (Shape(tensor(E[t[i], j], (i, n), (j, m)), (n, m)), "holds"),
]  # fmt: skip

# What the law asks for is not there: labels that are given to be something else than labels of the
# axis. Where nothing is given, the axis says it (see derive.claims.label_ranges).
REFUSED = [
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
    claim = Gradient(Sum(Z[i, t[i]], (i, 0, n - 1)), t, tensor(0 * i, (i, n)), given=bounds)
    found = verify(claim)
    assert found.status == "undecided" and "holds whole numbers" in found.reason


def test_what_is_derived_speaks_of_the_labels():
    found = verify(Gradient(loss, Z, each((p(i, j) + hit) / n), given=bounds))
    assert found.derived.has(KroneckerDelta) and "onehot" not in str(found.derived)
    assert all(0 <= label < found.witness.sizes["c"] for label in found.witness.values["t"])


u = IndexedBase("u", shape=(n,), integer=True)
both = (*bounds, u[i] >= 0, u[i] <= c - 1)
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
              given=bounds), "holds"),
    (Identity(tensor(Z[i, t[i]] * w[t[i]], row), tensor(over(label * Z[i, q] * w[q], (q, c)), row),
              given=bounds), "holds"),
    (Identity(tensor(exp(w[t[i]]), row), tensor(over(label * exp(w[q]), (q, c)), row),
              given=bounds), "holds"),
    (Identity(tensor(Max(w[t[i]], 0), row), tensor(over(label * Max(w[q], 0), (q, c)), row),
              given=bounds), "holds"),
    (Gradient(over(Z[i, t[i]] ** 2, row), Z[j, l], 2 * Z[j, l] * KroneckerDelta(t[j], l),
              given=bounds), "holds"),
    (Gradient(over(E[t[i], j] ** 2 / 2, (j, m), row), E[q, j],
              E[q, j] * over(KroneckerDelta(t[i], q), row), given=bounds), "holds"),
    (Identity(label * KroneckerDelta(t[i], l), KroneckerDelta(q, l) * label,
              given=(*everywhere, *at_i, q >= 0, q <= c - 1, l >= 0, l <= c - 1)), "holds"),
    (Identity(each(cases(1, Eq(t[i], j))), each(hit), given=bounds), "holds"),
    (Identity(over(cases(Z[i, q], Ne(t[i], q)), (q, c), row),
              over(Z[i, q], row, (q, c)) - over(Z[i, t[i]], row), given=bounds), "holds"),
    (Identity(tensor(over((label - Z[i, q]) ** 2, (q, c)), row),
              tensor(1 - 2 * Z[i, t[i]] + over(Z[i, q] ** 2, (q, c)), row), given=bounds), "holds"),
    (Identity(over(w[t[i]] * w[t[j]], row, (j, n)), over(w[t[i]], row) ** 2, given=bounds),
     "holds"),
    (Identity(tensor(w[t[i]] ** 2, row), tensor(over(label * w[q], (q, c)), row), given=bounds),
     "disagrees"),
    (Identity(tensor(w[t[i]] * w[u[i]], row), tensor(w[t[i]] ** 2, row), given=both), "disagrees"),
    (Identity(w[t[i]] * w[t[j]], w[t[i]] ** 2, given=(*everywhere, *at_i, j >= 0, j <= n - 1)),
     "disagrees"),
    (Identity(over(w[t[i]], row) ** 2, over(w[t[i]] ** 2, row), given=bounds), "disagrees"),
    (Identity((w[t[i]] + over(w[t[i]], row)) ** 2, (w[t[i]] + n * w[t[i]]) ** 2,
              given=(*everywhere, *at_i)), "disagrees"),
    (Identity(over(cases(Z[i, q] ** 2, Eq(t[i], q)), (q, c), row), over(Z[i, q] ** 2, row, (q, c)),
              given=bounds), "disagrees"),
    # Of the others than the label it is not known that they have a logarithm.
    (Identity(log(w[t[i]]) + over(Abs(w[q]), (q, c)), log(w[t[i]]) + over(w[q], (q, c)),
              given=(*everywhere, *at_i)), "disagrees"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "status"), JOINT)
def test_labels_in_one_function(claim, status):
    found = verify(claim)
    assert found.status == status, found.reason


s, probs = IndexedBase("s", shape=(n, c)), IndexedBase("p", shape=(n, c))
margins, ds = IndexedBase("M", shape=(n, c)), IndexedBase("ds", shape=(n, c))
X, W = IndexedBase("X", shape=(n, m)), IndexedBase("W", shape=(m, c))
held = within(t, c)
layer = {s: each(over(X[i, k] * W[k, j], (k, m)))}
softmaxed = {**layer, probs: each(exp(s[i, j]) / over(exp(s[i, q]), (q, c)))}
hinge = Max(0, s[i, j] - s[i, t[i]] + 1)
hinged = {**layer, margins: each((1 - hit) * hinge)}
taken = cases(1, margins[i, j] > 0)
counted = over(cases(1, margins[i, q] > 0), (q, c))


def through(gradient):
    return tensor(over(X[i, k] * gradient, (i, n)), (k, m), (j, c))


# As code has it: by names, each layer a definition.
LAYERS = [
    (Gradient(-mean(log(Z[i, t[i]])), Z, each(-hit / Z[i, j] / n), given=(held,)), "holds"),
    (Gradient(-mean(log(Z[i, t[i]])), Z, each(-1 / Z[i, j] / n), given=(held,)), "disagrees"),
    (Gradient(-mean(log(probs[i, t[i]])), W, through((probs[i, j] - hit) / n),
              where=softmaxed, given=(held,)), "holds"),
    (Gradient(-over(log(probs[i, t[i]]), (i, n)), W, through((probs[i, j] - hit) / n),
              where=softmaxed, given=(held,)), "disagrees"),
    (Gradient(mean(over(margins[i, j], (j, c))), W, through((taken - hit * counted) / n),
              where=hinged, given=(held,)), "holds"),
    (Gradient(mean(over(margins[i, j], (j, c))), W, through((taken - hit) / n),
              where=hinged, given=(held,)), "disagrees"),
    (Gradient(mean(over(cases(hinge, Ne(j, t[i])), (j, c))), s,
              each((cases(cases(1, hinge > 0), Ne(j, t[i])) - hit * over(
                  cases(cases(1, s[i, q] - s[i, t[i]] + 1 > 0), Ne(q, t[i])), (q, c))) / n),
              given=(held,)), "holds"),
    # all pairs of a class; a label of a label
    (Identity(over(KroneckerDelta(t[i], t[j]) * w[t[i]], (i, n), (j, n)),
              over(over(KroneckerDelta(t[i], q), (i, n)) ** 2 * w[q], (q, c)), given=(held,)),
     "holds"),
    (Identity(over(KroneckerDelta(t[i], t[j]) * w[t[i]], (i, n), (j, n)),
              over(w[t[i]], (i, n)), given=(held,)), "disagrees"),
    (Identity(over(t[i], (i, n)), over(q * KroneckerDelta(t[i], q), (q, c), (i, n)),
              given=(held,)), "holds"),
    (Identity(over(t[i], (i, n)), n * (n - 1) / 2, given=(within(t, n),)), "disagrees"),
    (Identity(over(t[i] ** 2, (i, n)), over(t[i], (i, n)) ** 2, given=(held,)), "disagrees"),
    # one past the end of the labels, and a label one past those of its axis
    (Identity(over(w[t[i]] - w[t[i + 1]], (i, n)), w[t[0]] - w[t[n]], given=(held,)), "ill-shaped"),
    (Identity(over(w[t[i] + 1], (i, n)), over(w[t[i]], (i, n)), given=(held,)), "disagrees"),
    (Identity(over(w[t[i] + 1], (i, n)), over(w[t[j] + 1], (j, n)), given=(held,)), "undecided"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "status"), LAYERS)
def test_layers(claim, status):
    found = verify(claim)
    assert found.status == status, found.reason
    if status == "holds":
        assert set(held.args) <= set(found.assumptions)


def test_two_arrays_of_labels_are_two():
    claim = Identity(over(w[t[i]], (i, n)), over(w[u[i]], (i, n)), given=(held, within(u, c)))
    found = verify(claim)
    assert found.status == "disagrees"
    assert found.witness.values["t"] != found.witness.values["u"]


def test_a_label_moves_with_its_index_and_reads_as_an_integer():
    size, low = Var("n", SIZE), as_poly(0)
    one, other = (Var(name, FREE, low, as_poly(size) - 1) for name in "ij")
    array = Array("t", (as_poly(size),))

    def at(index):
        return as_poly(Label(array, (as_poly(index),), low, as_poly(size) - 1))

    assert at(one) is at(one) and at(one) is not at(other)
    assert at(one).substitute({one: as_poly(other)}) is at(other)
    assert at(one).coefficient(one) is None and at(one).variables == {one}
    assert is_nonnegative(as_poly(size) - 1 - at(one)) and not is_nonnegative(at(one) - 1)
    (label,) = at(one).labels
    swapped = (at(one) + as_poly(one)).substitute({label: as_poly(5), one: as_poly(other)})
    assert swapped == as_poly(other) + 5


def test_the_script_of_a_witness_has_integers_for_labels():
    found = verify(LAYERS[1][0])
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(replay(found), {})
    derived, documented = (line.split(": ")[1] for line in printed.getvalue().splitlines()[:2])
    assert float(derived) == pytest.approx(float(found.witness.left), abs=1e-6)
    assert float(documented) == pytest.approx(float(found.witness.right))
