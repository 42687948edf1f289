"""What a verdict lists as assumed: all that was used, in words that survive a process, and nothing
that is always so.
"""

from __future__ import annotations

import dataclasses
import pickle

import pytest
import sympy as sp
from corpus import TRUE
from sympy import KroneckerDelta, MatrixSymbol, Q, Sum, Trace, exp, log

from derive import Gradient, Identity, max_over, verify

n = sp.symbols("n", integer=True, positive=True)
i, j, k, m = sp.symbols("i j k m", integer=True)
a = sp.symbols("a", real=True)
R = sp.Symbol("R", positive=True)
M = sp.Symbol("M", real=True)
x = MatrixSymbol("x", n, 1)
A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
largest = max_over(x[k, 0], (k, 0, n - 1))


def over(body, index=k):
    return Sum(body, (index, 0, n - 1))


def share(place):
    return exp(x[place, 0]) / over(exp(x[m, 0]), m)


GIVEN = [claim for claim in TRUE if getattr(claim, "given", ())][::8]  # a sample


@pytest.mark.parametrize("claim", GIVEN, ids=[claim.id for claim in GIVEN])
def test_what_is_not_listed_was_not_used(claim):
    """A claim that holds does so without the facts that its verdict does not list."""
    verdict = verify(claim, timeout=60)
    if verdict.status != "holds":
        pytest.skip("not decided")
    listed = set(verdict.assumptions)
    given = claim.given if isinstance(claim.given, tuple) else (claim.given,)
    kept = tuple(fact for fact in given if fact in listed or _part_listed(fact, listed))
    again = verify(dataclasses.replace(claim, given=kept), timeout=60)
    assert again.status == "holds", (again.reason, [f for f in given if f not in kept])


def _part_listed(fact, listed):
    """Whether a fact is listed in part, or as that what is inverted is invertible."""
    if isinstance(fact, sp.And):
        return any(part in listed for part in fact.args)
    return getattr(fact, "function", None) in (Q.invertible, Q.fullrank)


ALWAYS = {
    "exponential": Gradient(1 / exp(a), a, -exp(-a)),
    "one and a square": Gradient(1 / (a**2 + 1), a, -2 * a / (a**2 + 1) ** 2),
    "one and an exponential": Gradient(log(1 + exp(a)), a, exp(a) / (1 + exp(a))),
    "sum of exponentials": Gradient(
        1 / over(exp(x[k, 0])), x[j, 0], -exp(x[j, 0]) / over(exp(x[k, 0])) ** 2
    ),
    "size": Gradient(over(x[k, 0]) / n, x[j, 0], 1 / n),
    "definition": Gradient(R, a, R, where={R: exp(a)}),
    "definition with a sum": Gradient(log(R), a, exp(a) / R, where={R: 1 + exp(a)}),
    "subtracted maximum": Gradient(largest + log(over(exp(x[k, 0] - largest))), x[j, 0], share(j)),
    "subtracted by name": Gradient(
        M + log(over(exp(x[k, 0] - M))), x[j, 0], share(j), where={M: largest}
    ),
    "softmax": Gradient(
        exp(x[i, 0] - largest) / over(exp(x[m, 0] - largest), m), x[j, 0],
        share(i) * (KroneckerDelta(i, j) - share(j)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ALWAYS)
def test_what_is_always_so_is_not_listed(name):
    verdict = verify(ALWAYS[name])
    assert (verdict.status, verdict.assumptions) == ("holds", ()), verdict.reason


@pytest.mark.parametrize(
    ("below", "vanishes"),
    [
        (a**2 + a + 1, False),
        (a * M - 1 - a**2 - M**2, False),
        (1 + abs(a) ** 3, False),
        (a**2 + 2 * a + 1, True),  # at −1
        (a**2 + 3 * a + 1, True),
        (1 - a**2, True),
        (1 + a**3, True),
    ],
)
def test_a_denominator_is_listed_where_it_may_be_zero(below, vanishes):
    verdict = verify(Identity((a + M) / below, a / below + M / below))
    assert verdict.status == "holds"
    assert bool(verdict.assumptions) == vanishes


def test_a_symmetry_by_which_a_power_is_read_is_listed():
    power = sp.Symbol("p", integer=True, positive=True)
    claim = Identity(sp.MatPow(A.T, power), sp.MatPow(A, power), given=(Q.symmetric(A),))
    verdict = verify(claim)
    assert (verdict.status, verdict.assumptions) == ("holds", (Q.symmetric(A),))
    assert verify(dataclasses.replace(claim, given=())).status == "disagrees"


def test_a_maximum_that_counts_is_listed():
    at_it = sp.Piecewise((1, sp.Eq(x[j, 0], largest)), (0, True))
    verdict = verify(Gradient(largest**3, x[j, 0], 3 * largest**2 * at_it))
    assert verdict.status == "holds"
    assert "attained once" in str(verdict.assumptions)


def test_the_symmetry_by_which_a_gradient_is_projected_is_listed():
    claim = Gradient(Trace(A * B), A, (B + B.T) / 2, given=Q.symmetric(A))
    verdict = verify(claim)
    assert (verdict.status, verdict.assumptions) == ("holds", (Q.symmetric(A),))
    assert verify(dataclasses.replace(claim, given=())).status == "disagrees"


@pytest.mark.parametrize("definition", [sp.sqrt(over(x[k, 0] ** 2)), sp.sqrt(sp.Determinant(A))])
def test_a_relation_is_the_same_in_another_process(definition):
    wrt, answer = (x, x / R) if not definition.has(A) else (A, R * A.I.T / 2)
    verdict = verify(Gradient(R, wrt, answer, where={R: definition}))
    assert verdict.status == "holds"
    assert sp.Gt(R, 0, evaluate=False) in verdict.assumptions
    assert pickle.loads(pickle.dumps(verdict)).assumptions == verdict.assumptions


def test_a_relation_inside_of_others_is_the_same_in_another_process():
    known = sp.Gt(R, 0, evaluate=False)
    for expr in (
        sp.And(known, a > 0), sp.Or(known, a > 0),
        sp.Piecewise((a, known), (1, True), evaluate=False),
    ):  # fmt: skip
        assert pickle.loads(pickle.dumps(expr)) == expr
        assert pickle.loads(pickle.dumps(expr)).has(sp.Gt)


@pytest.mark.parametrize(
    ("claim", "matrices"),
    [
        (Gradient(log(sp.Determinant(A * B * A.T)), B, sp.Inverse(B).T), {A, B}),
        (
            Identity(
                sp.Inverse(sp.KroneckerProduct(A, B)),
                sp.KroneckerProduct(sp.Inverse(A), sp.Inverse(B)),
            ),
            {A, B},
        ),
        (Gradient(Trace(sp.Inverse(A.T * A)), A, -2 * A * sp.Inverse(A.T * A) ** 2), {A}),
    ],
    ids=["determinants", "Kronecker", "product"],
)
def test_of_invertible_matrices_their_products_are_not_listed(claim, matrices):
    verdict = verify(claim)
    assert verdict.status == "holds"
    assert set(verdict.assumptions) == {Q.invertible(matrix) for matrix in matrices}
