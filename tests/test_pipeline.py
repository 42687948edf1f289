"""What is unsupported, too slow or broken inside is undecided, and says why."""

import pytest
from sympy import (
    Abs,
    Determinant,
    Eq,
    Gt,
    I,
    IndexedBase,
    Integral,
    MatrixSymbol,
    Ne,
    Piecewise,
    Q,
    Rational,
    Sum,
    Symbol,
    Trace,
    cos,
    elliptic_k,
    exp,
    log,
    oo,
    sin,
    sqrt,
    symbols,
    tanh,
)

import derive
from derive import (
    ClaimError,
    Gradient,
    Identity,
    Inequality,
    UnsupportedError,
    engine,
    gradient,
    verify,
)

n, m = symbols("n m", integer=True, positive=True)
i, l = symbols("i l", integer=True)
t = Symbol("t", real=True)
x = IndexedBase("x", shape=(n,))


def test_an_unsupported_node_is_named():
    verdict = verify(Gradient(elliptic_k(t), t, t))
    assert verdict.status == "undecided"
    assert "elliptic_k" in verdict.reason
    with pytest.raises(UnsupportedError, match="elliptic_k"):
        gradient(elliptic_k(t), t)
    assert verify(Gradient(Integral(t, (l, 0, 1)), t, 1)).status == "undecided"


def test_a_passed_limit_is_undecided():
    verdict = verify(Gradient(t**2, t, 2 * t), timeout=0)
    assert verdict.status == "undecided"
    assert "time limit" in verdict.reason


@pytest.mark.parametrize("timeout", [1e18, float("inf")])
def test_a_limit_may_be_as_far_away_as_one_likes(timeout):
    assert verify(Gradient(t**2, t, 2 * t), timeout=timeout).status == "holds"


@pytest.mark.parametrize("stage", ["state", "prove_equal", "search", "agrees_throughout"])
def test_a_broken_stage_is_undecided(stage, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("planted")

    monkeypatch.setattr(engine, stage, broken)
    documented = {
        "search": 3 * t,  # the one stage that only a false claim comes to
        "prove_equal": t * (sin(t) ** 2 + cos(t) ** 2),  # and one for which a law is needed
    }
    verdict = verify(Gradient(t**2 / 2, t, documented.get(stage, t)))
    assert verdict.status == "undecided"
    assert "internal error" in verdict.reason and "planted" in verdict.reason


def test_a_read_outside_an_array_is_not_proved():
    verdict = verify(Identity(Sum(x[i], (i, 0, n)), Sum(x[i], (i, 0, n))))
    assert verdict.status == "ill-shaped"
    assert "leaves its array" in verdict.reason


def test_given_facts_have_shapes_and_are_facts():
    A, v = MatrixSymbol("A", n, m), MatrixSymbol("v", n, 1)
    claim = Gradient(t**2, t, 2 * t, given=Eq(A, v, evaluate=False))
    assert verify(claim).status == "ill-shaped"
    verdict = verify(Gradient(t**2, t, 2 * t, given=A))
    assert verdict.status == "undecided" and "no assumption" in verdict.reason


def test_a_range_that_was_used_is_listed():
    parts = Sum(x[i], (i, 0, l)) + Sum(x[i], (i, l + 1, n - 1))
    claim = Identity(parts, Sum(x[i], (i, 0, n - 1)), given=(l >= 0, l <= n - 1))
    verdict = verify(claim)
    assert verdict.status == "holds"
    assert set(verdict.assumptions) == {l >= 0, l <= n - 1}


def test_an_assumption_that_is_not_understood_never_helps():
    verdict = verify(Identity(t, Rational(1, 2), given=Q.prime(t)))
    assert verdict.status in ("undecided", "disagrees")


def test_definitions_come_in_order():
    a, b = symbols("a b", real=True)
    verdict = verify(Gradient(a, t, 1, where={a: b + t, b: tanh(t)}))
    assert verdict.status == "undecided" and "before it is defined" in verdict.reason


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (Identity(t, t, given=False), "never holds"),
        (Identity(t, t, given=(t > 0, t < 0)), "contradicts itself"),
        (Identity(t, t + 1, given=(t > 2, t < 1)), "contradicts itself"),
        (Identity(Symbol("z", complex=True), 1), "not to be real"),
        (Identity(I * t, t), "no real number"),
        (Inequality(t, oo), "no real number"),
    ],
)
def test_what_says_nothing_of_real_numbers_is_undecided(claim, said):
    verdict = verify(claim)
    assert verdict.status == "undecided" and said in verdict.reason


def test_a_declared_sign_of_what_is_defined_is_listed_unless_it_is_seen():
    scale = Symbol("sigma", positive=True)
    assert sqrt(scale**2) == scale  # SymPy has used the sign
    verdict = verify(Identity(sqrt(scale**2), t, where={scale: t}))
    assert verdict.status == "holds" and verdict.assumptions == (Gt(scale, 0, evaluate=False),)
    verdict = verify(Identity(sqrt(scale**2), exp(t), where={scale: exp(t)}))
    assert verdict.status == "holds" and not verdict.assumptions


def test_an_array_may_be_declared_with_a_sign():
    weights = IndexedBase("w", shape=(n,), positive=True)
    assert verify(Inequality(0, Sum(weights[i], (i, 0, n - 1)))).status == "holds"
    assert verify(Inequality(1, weights[l])).status == "disagrees"


def test_only_claims_are_verified():
    with pytest.raises(ClaimError, match="a dictionary is expected"):
        Identity(t, t, where=None)
    with pytest.raises(ClaimError):
        verify("t")
    assert derive.shape_of(t) == ()


A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
v = MatrixSymbol("v", n, 1)
s = Symbol("s", real=True)
p = Symbol("p", positive=True)
squared = Trace(v.T * v)


@pytest.mark.parametrize(
    ("claim", "assumed"),
    [
        (Identity((s**2 - t**2) / (s - t), s + t), [Ne(s - t, 0)]),
        (Identity((s**2 - t**2) / (s - t), s + t, given=s > t), [s > t]),
        (Gradient(1 / t, t, -1 / t**2), [Ne(t, 0)]),
        (Gradient(1 / t, t, -1 / t**2, given=Q.positive(t)), [Q.positive(t)]),
        (Gradient(1 / t, t, -1 / t**2, given=t < 0), [t < 0]),
        (Gradient(sqrt(squared), v, v / sqrt(squared)), ["Ne(Sum(v[i, 0]**2, (i, 0, n - 1)), 0)"]),
        # What is positive as it is written or declared, or is a size, goes without saying.
        (Gradient(t / (p + s**2), t, 1 / (p + s**2)), []),
        (Gradient(log(1 + exp(t)), t, 1 / (1 + exp(-t))), []),
        (Gradient(t / (n * (1 + s**2)), t, 1 / (n * (1 + s**2))), []),
        (Identity(Sum(exp(v[i, 0]) / Sum(exp(v[l, 0]), (l, 0, n - 1)), (i, 0, n - 1)), 1), []),
        # A kink that is known to be elsewhere, and a case that keeps a zero away.
        (Gradient(Abs(t), t, 1, given=t > 0), [t > 0]),
        (Identity(Piecewise((t / t**2, Ne(t, 0)), (0, True)) * t**2, t), []),
        # A matrix is invertible where its transpose is, and where its determinant is not 0.
        (Gradient(log(Determinant(A)), A, A.T.inverse()), [Q.invertible(A)]),
        (Identity(Trace(A * B) / Determinant(A), Trace(B * A) / Determinant(A)), [Q.invertible(A)]),
    ],
    ids=str,
)
def test_what_is_divided_by_is_not_zero(claim, assumed):
    verdict = verify(claim)
    assert verdict.status == "holds", verdict.reason
    assert list(map(str, verdict.assumptions)) == list(map(str, assumed))
