"""No call outlives its limit, whatever it is in: what is computed in one call stays small."""

import time
from fractions import Fraction

import pytest
import sympy as sp
from flint import arb, fmpq

from derive import Gradient, Identity, verify
from derive.base.bounded import MOST_BITS, power
from derive.base.errors import BudgetExceeded, Stopped
from derive.base.worker import run_deep
from derive.evaluation.fields import BALL, EXACT, FLOATING, NotExact
from derive.language.printing import number_text

n = sp.Symbol("n", integer=True, positive=True)
x, y = sp.symbols("x y", real=True)
rate = sp.Symbol("rate", positive=True)
HUGE = 10**9


# ------------------------------------------------------------------------------- interruption


def test_a_thread_that_swallows_an_interruption_gets_another():
    heard = []

    def stubborn():
        while len(heard) < 3:
            try:
                while True:
                    time.sleep(0.001)
            except BaseException as interruption:
                heard.append(interruption)

    with pytest.raises(Stopped, match="the time limit has passed"):
        run_deep(stubborn, 0.05)
    assert len(heard) == 3


def test_no_handler_of_the_engine_takes_an_interruption_for_its_own():
    reached = []

    def handled():
        try:
            while True:
                time.sleep(0.001)
        except Exception:
            reached.append("handled")

    with pytest.raises(Stopped):
        run_deep(handled, 0.05)
    assert reached == []


# ------------------------------------------------------------------------------ large numbers


def test_a_power_too_long_is_refused_before_it_is_computed():
    with pytest.raises(BudgetExceeded):
        power(2, MOST_BITS + 1)
    with pytest.raises(BudgetExceeded):
        power(Fraction(1, 3), -(10**30))
    assert power(2, 100) == 2**100
    assert power(Fraction(-2, 3), -3) == Fraction(-27, 8)
    assert [power(b, 10**30 + 1) for b in (-1, 0, 1)] == [-1, 0, 1]
    assert power(-1, 10**30) == 1


def test_the_evaluator_encloses_what_it_cannot_write_down():
    with pytest.raises(NotExact):
        EXACT.integer_power(fmpq(3, 2), HUGE)
    enclosed = BALL.integer_power(fmpq(3, 2), HUGE)
    assert isinstance(enclosed, arb) and enclosed > 10**100
    assert EXACT.integer_power(fmpq(-1), HUGE + 1) == -1
    assert EXACT.integer_power(fmpq(3, 2), 5) == fmpq(243, 32)


@pytest.mark.parametrize("field", [EXACT, BALL, FLOATING])
def test_factorials_and_binomials(field):
    assert field.factorial(5) == 120
    assert field.factorial(0) == 1
    assert field.binomial(5, 2) == 10
    assert field.binomial(5, 6) == field.binomial(5, -1) == 0
    assert field.binomial(10**6, 2) == 10**6 * (10**6 - 1) // 2


def test_large_factorials_are_balls():
    exact, ball = BALL.factorial(4096), BALL.quotient_of_factorials(4096, 0, 0)
    assert ball.contains(exact)
    chosen = BALL.quotient_of_factorials(30, 12, 18)
    assert chosen.contains(BALL.binomial(30, 12))
    with pytest.raises(NotExact):
        EXACT.factorial(10**6)


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        (Gradient(x**HUGE, x, HUGE * x ** (HUGE - 1)), "holds"),
        (Gradient(x**HUGE, x, HUGE * x ** (HUGE - 2)), "disagrees"),
        (Identity((x + 1) ** HUGE, (x + 1) ** HUGE + 1), "disagrees"),
        (Identity(sp.Pow(10, sp.Pow(10, 10, evaluate=False), evaluate=False) * x, x), "disagrees"),
        (Identity(sp.Sum(sp.sin(n * x), (n, 1, HUGE)), x), "undecided"),
        (Identity(sp.factorial(n**n), sp.factorial(n**n) + 1), "disagrees"),
    ],
    ids=str,
)
def test_numbers_of_any_size_are_answered(claim, status):
    assert verify(claim, timeout=3).status == status


def test_a_number_out_of_every_range_is_printed():
    assert number_text("1.23456789012e+10000000000") == "1.23456e+10000000000…"
    assert number_text("-1.2345678901234e-99999999") == "-1.23456e-99999999…"


# -------------------------------------------------------------------------------- factorials


@pytest.mark.parametrize(
    "claim",
    [
        Identity(sp.factorial(n), n * sp.factorial(n - 1)),
        Identity(sp.factorial(n + 2), (n + 1) * (n + 2) * sp.factorial(n)),
        Identity(sp.factorial(n), sp.factorial(n)),
        Gradient(n * sp.log(rate) - rate - sp.log(sp.factorial(n)), rate, n / rate - 1),
    ],
    ids=str,
)
def test_factorials_of_sizes_hold(claim):
    assert verify(claim, timeout=20).status == "holds"


@pytest.mark.parametrize(
    "claim",
    [
        Identity(sp.factorial(n), (n - 1) * sp.factorial(n - 1)),
        Identity(sp.factorial(n + 1), n * sp.factorial(n)),
        Identity(sp.factorial(2 * n), 2 * sp.factorial(n)),
        Gradient(n * sp.log(rate) - rate - sp.log(sp.factorial(n)), rate, n / rate),
    ],
    ids=str,
)
def test_false_claims_about_factorials_disagree(claim):
    assert verify(claim, timeout=20).status == "disagrees"


@pytest.mark.parametrize("argument", [x, n / 2, n - 5])
def test_a_factorial_has_a_law_only_where_its_argument_is_seen_to_be_an_integer_from_0(argument):
    claim = Identity(sp.factorial(argument), argument * sp.factorial(argument - 1))
    assert verify(claim, timeout=5).status != "holds"
