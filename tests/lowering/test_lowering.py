"""What an expression means where it stands: scopes, whole numbers, powers, facts, names.

A false claim here must not be proved even without the evaluation that confirms a proof.
"""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest
import sympy as sp
from sympy import (
    Determinant,
    Eq,
    Function,
    IndexedBase,
    KroneckerDelta,
    Lambda,
    MatrixSymbol,
    Max,
    Min,
    Ne,
    Piecewise,
    Product,
    Q,
    Rational,
    Subs,
    Sum,
    Trace,
    floor,
    log,
    sign,
    sqrt,
    symbols,
)
from sympy import Identity as Eye

from derive import Gradient, Hessian, Identity, ScalarFunction, verify
from derive.backends.snippet import replay
from derive.core.integers import SIZE, Var, as_poly
from derive.core.whole import cleared, is_polynomial, takes_whole_values

n, m = symbols("n m", integer=True, positive=True)
p = sp.Symbol("p", integer=True, nonnegative=True)
even = sp.Symbol("e", integer=True, positive=True, even=True)
i, j, k, l = symbols("i j k l", integer=True)
x, y, z, s, t = symbols("x y z s t", real=True)
A, B, C = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n), MatrixSymbol("C", m, m)
X, v, b = MatrixSymbol("X", n, m), MatrixSymbol("v", n, 1), MatrixSymbol("b", n, 1)
V, U = IndexedBase("V", shape=(n,)), IndexedBase("U", shape=(n,))
H, half = IndexedBase("H", shape=(even,)), IndexedBase("h", shape=(m / 2,))
f, g, L = Function("f"), Function("g"), ScalarFunction("L")
one = Eye(n)
total = Sum(b[i, 0], (i, 0, n - 1))


def over(term, low=0, high=n - 1):
    return Sum(term, (k, low, high))


def where(test, value=y, other=0):
    return Piecewise((value, test), (other, True))


def at(body):
    return {"where": {f: Lambda(t, body)}}


def both(left, right):
    return Identity(over(where(left, V[k])), over(where(right, V[k])))


FALSE = {
    "det under a Lambda": Identity(f(x), f(Max(Min(x, 1), -1)), **at(Determinant(A + t * one))),
    "inverse under a Lambda": Identity(f(x), f(Max(x, -1)), **at(Trace((A + t * one).I))),
    "function of matrices": Identity(f(x), f(y), **at(L(t * A))),
    "its gradient": Identity(f(x), f(y), **at(L.gradient(0)(t * A)[0, 0])),
    "det under a Subs": Identity(
        Subs(Determinant(A + t * one + s * B), (t, s), (x, y)),
        Subs(Determinant(A + t * one + s * B), (t, s), (y, x)),
    ),
    "two functions": Identity(
        f(x),
        g(x),
        where={
            f: Lambda(t, Trace((A + t * one).I)),
            g: Lambda(t, Trace((A + 2 * t * one).I)),
        },
    ),
    "det under a sum": Identity(over(Determinant(A + k * one), 0, 2), 3 * Determinant(A)),
    "power under a sum": Identity(over(Trace((A + k * one) ** n), 0, 2), 3 * Trace(A**n)),
    "determinant of a power": Identity(f(x), f(y), **at(Determinant((A + t * one) ** m))),
    "a size in a scope": Identity(Subs(Trace(Eye(n)), n, m), n),
    "sizes under a sum": Identity(Sum(Trace(Eye(k)), (k, 1, n)), n**2),
    "a name of a function outside of it": Identity(over(f(x)), x * n * (n - 1) / 2, **at(t * k)),
    "an index in a determinant that is given": Identity(
        V[0], V[n - 1], given=Eq(V[j], Determinant(A + j * one))
    ),
    "an index in a floor that is given": Identity(
        V[0], V[n - 1], given=Eq(V[j], floor((j + 1) / 2))
    ),
    "more than half": both(k > n / 2, k >= n / 2 + 1),
    "less than half": both(k < n / 2, k <= n / 2 - 1),
    "two halves": both(k > (n - 1) / 2, k > n / 2),
    "thirds": both(k >= n / 3, k >= (n + 1) / 3),
    "three halves": both(k > Rational(3, 2), k >= Rational(5, 2)),
    "a root": both(k > sqrt(n), k >= sqrt(n) + 1),
    "pi": both(k > sp.pi, k >= sp.pi + 1),
    "a quotient": both(k > m / n, k >= m / n + 1),
    "a negation": Identity(
        over(where(sp.Not(sp.And(k > n / 2, k > 0)), V[k])), over(where(k <= n / 2 - 1, V[k]))
    ),
    "a sum of fractions": Identity(
        where(Sum(1 / k, (k, 1, n)) > 2), where(Sum(1 / k, (k, 1, n)) >= 3)
    ),
    "a reciprocal": Identity(where(1 / n < 1), where(1 / n <= 0)),
    "a logarithm": Identity(where(log(n) > 0), where(log(n) >= 1)),
    "a place at half": Identity(over(where(Eq(k, n / 2), V[k])), V[0]),
    "a delta at half": Identity(over(KroneckerDelta(k, n / 2) * V[k]), V[0]),
    "a sum to half": Identity(Sum(1, (k, 0, n / 2)), n / 2 + 1),
    "an entry at half": Identity(V[n / 2], V[0]),
    "a count of half": Identity(over(where(2 * k >= n, 1)), n / 2),
    "a size at half": Identity(Sum(half[k], (k, 0, m / 2 - 1)), half[0]),
    "given less than half": Identity(where(2 * i <= n - 2, V[i]), V[i], given=i < n / 2),
    "given more than three halves": Identity(where(n >= 4), y, given=n > Rational(5, 2)),
    "given more than a real": Identity(where(i >= 1, V[i]), V[i], given=i >= x),
    "given more than a root": Identity(where(i >= 2, V[i]), V[i], given=i > sqrt(2) / 2),
    "a power of half": Identity(Trace(A ** (m / 2)) ** 2, Trace(A**m)),
    "a root of a matrix": Gradient(Trace(A ** Rational(3, 2)), A, (A ** Rational(1, 2)).T),
    "x**(n - 1) > 0": Identity(where(x ** (n - 1) > 0), where(x ** (n + 1) > 0)),
    "x**(n - 1) = 0": Identity(where(Eq(x ** (n - 1), 0)), where(Eq(x**n, 0))),
    "its sign": Identity(sign(x ** (n - 1)), sign(x ** (n + 1))),
    "x**(n - m) > 0": Identity(where(x ** (n - m) > 0), where(x ** (n + m) > 0), given=m <= n),
    "x**(n - 1)*z > 0": Identity(where(x ** (n - 1) * z > 0), where(x ** (n + 1) * z > 0)),
    "x**(n - 1) > z": Identity(where(x ** (n - 1) > z), where(x ** (n + 1) > x**2 * z)),
    "under a sum": Identity(over(where(x ** (n - 1 - k) > 0)), over(where(x ** (n + 1 - k) > 0))),
    "given x**(n - 1) is not 0": Identity(where(Ne(x, 0)), y, given=Ne(x ** (n - 1), 0)),
    "given x**(2n - 2) > 0": Identity(where(Ne(x, 0)), y, given=x ** (2 * n - 2) > 0),
    "a product over a range": Identity(
        where(Product(x, (k, 1, n - 1)) > 0), where(Product(x, (k, 1, n + 1)) > 0)
    ),
    "0**p": Identity(sp.Pow(0, p) * x, 0),
    "one entry is zero": Gradient(log(total), b[j, 0], 0, given=Eq(b[j, 0], 0)),
    "not the other entries": Identity(V[j] + V[0], 0, given=Eq(V[j], 0)),
    "not the whole matrix": Identity(
        A[i, j] + A[0, n - 1], A[j, i] + A[n - 1, 0], given=Eq(A[i, j], A[j, i])
    ),
    "one is symmetric": Identity(
        A * B, B * A, given=Q.symmetric(A) & Q.symmetric(B) & Q.invertible(A)
    ),
    "either is positive": Identity(sp.Abs(x), x, given=sp.Or(x > 0, y > 0)),
}

TRUE = {
    "det under a Lambda": Identity(f(x), Determinant(A + x * one), **at(Determinant(A + t * one))),
    "inverse under a Subs": Identity(Subs(Trace((A + t * one).I), t, x), Trace((A + x * one).I)),
    "its derivative": Gradient(
        f(x),
        x,
        Determinant(A + x * one) * Trace((A + x * one).I),
        **at(Determinant(A + t * one)),
    ),
    "both halves": Identity(
        over(where(k >= n / 2, V[k])) + over(where(k < n / 2, V[k])), over(V[k])
    ),
    "the integer bound": both(k > n / 2, 2 * k >= n + 1),
    "a delta at half": Identity(where(Eq(2 * i, n), 1), KroneckerDelta(i, n / 2)),
    "given less than half": Identity(where(2 * i <= n - 1, V[i]), V[i], given=i < n / 2),
    "given more than three halves": Identity(where(n >= 3), y, given=n > Rational(5, 2)),
    "a half of an even size": Identity(
        Sum(H[k], (k, 0, even / 2 - 1)) + Sum(H[k], (k, even / 2, even - 1)),
        Sum(H[k], (k, 0, even - 1)),
    ),
    "a size at half": Gradient(Sum(half[k] ** 2, (k, 0, m / 2 - 1)), half[l], 2 * half[l]),
    "a triangular number": Identity(Sum(1, (k, 1, n * (n + 1) / 2)), n * (n + 1) / 2),
    "x**n": Gradient(x**n, x, n * x ** (n - 1)),
    "x*x**(n - 1)": Identity(x * x ** (n - 1), x**n),
    "one entry is zero": Gradient(log(total), b[j, 0], 1 / total, given=Eq(b[j, 0], 0)),
    "its own derivative there": Gradient(
        Sum(b[i, 0] ** 2, (i, 0, n - 1)), b[j, 0], 0, given=Eq(b[j, 0], 0)
    ),
    "every entry, by another letter": Identity(
        over(V[k] ** 2), over(V[k]), given=Eq(V[j] ** 2, V[j])
    ),
    "joined": Hessian(v.T * A * v / 2, v, A, given=Q.symmetric(A) & Q.invertible(A)),
    "joined with a relation": Identity(sp.Abs(x), x, given=Q.positive(y) & (x > 0)),
}


@pytest.mark.parametrize("claim", FALSE.values(), ids=list(FALSE))
def test_no_false_claim_is_proved(claim, alone):
    assert verify(claim, timeout=20).status == "undecided"


@pytest.mark.parametrize("claim", TRUE.values(), ids=list(TRUE))
def test_what_is_true_holds(claim):
    verdict = verify(claim)
    assert verdict.status == "holds", verdict.reason


@pytest.mark.parametrize(
    "claim",
    [
        Gradient(log(total), b[j, 0], 0, given=Eq(b[j, 0], 0)),
        both(k > n / 2, k >= n / 2 + 1),
        Identity(f(x), f(y), **at(Determinant(A + t * one))),
    ],
)
def test_what_is_false_is_refuted(claim):
    assert verify(claim).status == "disagrees"


def test_an_inverse_in_a_scope_is_listed_as_it_is_outside_of_it():
    verdict = verify(Identity(f(x), Trace((A + x * one).I), **at(Trace((A + t * one).I))))
    assert verdict.assumptions == (Q.invertible(A + x * one),)


@pytest.mark.parametrize(
    "fact",
    [
        Q.symmetric(A) | Q.diagonal(A),
        ~Q.symmetric(A),
        sp.Implies(Q.invertible(A), Q.symmetric(A)),
        sp.Or(Q.positive(x), x < 0),
    ],
)
def test_properties_joined_otherwise_are_refused(fact):
    verdict = verify(Identity(A + x * one, A.T + x * one, given=fact))
    assert verdict.status == "undecided"
    assert "is not understood" in verdict.reason


# ---- whole numbers


def test_what_is_a_polynomial_in_whole_numbers():
    counts = {n, m, k}.__contains__
    for expr in (n / 2, n * k - Rational(1, 3), floor(n / 2), Max(n, m), 2**n, sp.Mod(n, m)):
        assert is_polynomial(expr, counts), expr
    for expr in (sqrt(n), sp.pi, m / n, x, n * x, floor(x), log(n), sp.Float(1.5), 2 ** (-n), 2**k):
        assert not is_polynomial(expr, counts), expr


def test_what_takes_whole_values():
    a, b, c = (as_poly(Var(name, SIZE)) for name in "abc")
    half_of_even = as_poly(Var("e", SIZE, symbol=even)) * Fraction(1, 2)
    assert takes_whole_values(a * (a + 1) * Fraction(1, 2) + b)
    assert takes_whole_values(a * (a + 1) * (a + 2) * Fraction(1, 6))
    assert not takes_whole_values(a * Fraction(1, 2))
    assert not takes_whole_values(a * b * Fraction(1, 2))
    assert not takes_whole_values(a * (a + 1) * Fraction(1, 4) + c)
    assert takes_whole_values(half_of_even)
    assert not takes_whole_values(half_of_even * Fraction(1, 2))
    assert cleared(a * Fraction(1, 2) - b * Fraction(1, 3)) == a * 3 - b * 2


# ---- names


w, array, column = symbols("w", real=True), IndexedBase("w", shape=(3,)), MatrixSymbol("w", n, 1)


@pytest.mark.parametrize(
    ("claim", "names"),
    [
        (Identity(w + array[0], 2 * w), {"w", "w_2"}),
        (Identity(w * column, 2 * column), {"w", "w_2"}),
        (Gradient(w * Trace(column.T * column), column, w * column), {"w", "w_2"}),
        (Identity(x + symbols("x", positive=True), 2 * x), {"x", "x_2"}),
        (Identity(array[k] * symbols("k", real=True), w), {"k", "w", "w_2"}),
        (Identity(w + array[0] + symbols("w_2", real=True), w), {"w", "w_2", "w_3"}),
    ],
)
def test_symbols_of_one_name_are_told_apart(claim, names):
    verdict = verify(claim)
    assert verdict.status == "disagrees"
    assert set(verdict.witness.values) == names
    assert verdict.replay().claim
    script = replay(verdict)
    assert "not replayed" not in script
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    (left, right), recorded = _numbers(done.stdout)
    assert (left, right) == pytest.approx(recorded)


def _numbers(text):
    values = [float(sp.Rational(line.split(":")[1].strip())) for line in text.splitlines()]
    return tuple(values[:2]), tuple(values[2:])
