"""Each law of the engine where one of its conditions fails: there it does not apply.

A claim of the table is false exactly where a condition of its law is violated, and would be true if
the law were applied all the same. It is not proved even where no number is looked at, and is not
said to hold. Laws that have no condition say why; such as ask for something that the reader is told
have a claim that holds, and the assumption that is listed.
"""

from __future__ import annotations

import importlib
import inspect
import re
from dataclasses import dataclass
from typing import Any

import pytest
import sympy as sp
from sympy import (
    Abs,
    Eq,
    IndexedBase,
    Inverse,
    KroneckerDelta,
    MatrixSymbol,
    Max,
    Ne,
    Piecewise,
    Product,
    Q,
    Sum,
    Trace,
    cos,
    exp,
    log,
    sin,
    sqrt,
)

from derive import (
    Gradient,
    Identity,
    Inequality,
    cholesky,
    matrix_exp,
    max_over,
    sqrtm,
    tensor,
    verify,
)
from derive.canonical import functions, laws
from derive.canonical import nodes as rules
from derive.core import derivatives
from derive.language.operators import entry

SECONDS = 20


@dataclass(frozen=True)
class Always:
    """A law without a condition, and why it has none."""

    reason: str


@dataclass(frozen=True)
class Listed:
    """A claim that holds under what its law asks for, which the verdict lists."""

    claim: Any
    assumption: Any


n, m = sp.symbols("n m", integer=True, positive=True)
i, j, k, l = sp.symbols("i j k l", integer=True)
x, y, z, a, b, t = sp.symbols("x y z a b t", real=True)
U, V, W = (IndexedBase(name, shape=(n,)) for name in "UVW")
A, B, C, D = (MatrixSymbol(name, n, n) for name in "ABCD")
u, v = MatrixSymbol("u", n, 1), MatrixSymbol("v", n, 1)
det = sp.Determinant


def over(body, *indices, low=0):
    return Sum(body, *((index, low, n - 1) for index in indices or (k,)))


def if_(value, condition, other=0):
    return Piecewise((value, condition), (other, True))


BOTH_DIGITS = (k - l >= 0) & (k - l <= 3) & (k + l - 2 >= 0) & (k + l - 2 <= 3)


def in_branch(f, g):
    """f = g where a > 0; elsewhere |y| and y, which differ at y = −1."""
    return Identity(if_(f, a > 0, Abs(y)), if_(g, a > 0, y))


# Both sides are one at all points but −π/2 + 2kπ, which no search can try.
AT_NO_RATIONAL = Identity(if_(sp.tan(x) * cos(x), Ne(cos(x), 0), 1), sin(x))

LAWS: dict[str, Any] = {
    # 0⁰ = 1: an exponent that may be 0
    "power of a bracket": [Identity(if_(1, x > 0) ** (n - 1), if_(1, x > 0))],
    "power of a prime": Always("a prime is positive"),
    # an exponent that is no whole one ≥ 1
    "power of a sum": [
        Identity(sqrt(x + y), sqrt(x) + sqrt(y)),
        Identity(1 / (x + y), 1 / x + 1 / y),
    ],
    # an odd power
    "power of a cosine": [Identity(cos(x), sqrt(1 - sin(x) ** 2))],
    # x = 0 and n = 1
    "product": [Identity(if_(1, x ** (n - 1) > 0), if_(1, x ** (n + 1) > 0))],
    # c < 0; e and p that are not ordered
    "stronger bracket": [
        Identity(over(if_(U[k] * V[l], (k >= l) & (k >= l + 1)), k, l),
                 over(if_(U[k] * V[l], k >= l), k, l)),
        Identity(over(if_(U[k] * V[l], (k >= l) & Eq(k, 2 * l - 3)), k, l),
                 over(if_(U[k] * V[l], Eq(k, 2 * l - 3)), k, l)),
    ],
    # k − l and k + l − 2 from 0 to 3 differ by a multiple of 2, and not of 4
    "same digit": [
        Identity(over(if_(U[k] * V[l], BOTH_DIGITS), k, l),
                 over(if_(U[k] * V[l], BOTH_DIGITS & Eq(l, 1)), k, l)),
    ],
    # half-integers: k ≥ l − 1/2 and k ≤ l − 1/2
    "opposite brackets": [
        Identity(over(if_(U[k] * V[l], (k >= l) & (k <= l + 1)), k, l),
                 over(if_(U[k] * V[l], Eq(k, l)), k, l)),
    ],
    # a factor of the leading term
    "zero bracket": [Identity(if_(x, Eq(x * y, 0)), 0)],
    # 2k = l says nothing of the odd l
    "delta": [Identity(over(if_(U[l], Eq(2 * k, l)), k, l), over(U[l], l))],
    # x + y = 0: both quotients stand in a branch
    "reduced fraction": [
        Identity(if_(x / (x + y), Ne(x + y, 0)) + if_(y / (x + y), Ne(x + y, 0)), 1),
    ],
    # the same for a product that is not positive
    "partial fractions": [
        Identity(if_(1 / (exp(x) - 1) - exp(-x), Ne(x, 0), 1),
                 if_(1 / (exp(x) * (exp(x) - 1)), Ne(x, 0))),
    ],
    # a root of what may be negative; x = 0, y = −1
    "power": [
        Identity(sqrt(V[0] ** 2), V[0]),
        Identity(sqrt(x**2 - 2 * x * y + y**2), x - y),
        Identity(sqrt(x**2 - 2 * x * y + 2 * y**2), Abs(x - y)),
        Inequality(0, sqrt(x**2 * y + x**2 * z) + (y + z) * exp(t)),
        Inequality(0, sqrt(x * y) + y * exp(t), given=(x >= 0,)),
    ],
    "power of a rational": [Identity(sqrt(4 * V[0] ** 2), -2 * V[0])],
    # a sign that is not known
    "absolute value": [
        Identity(Abs(x), x),
        Identity(Abs(x), -x),
        Identity(Abs(x), x, given=(x >= -1,)),
        Identity(Abs(x**3), x**3),
    ],
    # u < 0 in the other branch
    "exponential": [in_branch(exp(log(y)), y), in_branch(exp(2 * log(y)), y**2)],
    "logarithm": [
        in_branch(log(x**2 * y), 2 * log(Abs(x)) + log(y)),
        Identity(log(x**2 - 2 * x * y + 2 * y**2), 2 * log(Abs(x - y))),
        Identity(log(V[0] ** 2), 2 * log(-V[0]) + 2 * log(-V[0])),
    ],
    "function": Always("it only names the law of the function"),
    # an exponent n/2 that is no whole number
    "integer power": [Identity((V[0] ** 2) ** (n / 2), V[0] ** n)],
    # a value that one side alone has
    "either side of a bracket": [
        Identity(sqrt(if_(y, a > 0, y**2)), if_(sqrt(y), a > 0, y)),
    ],
    # p = −2, and p = 1
    "integer bracket": [
        Identity(over(if_(V[k], k >= 2)), over(if_(V[k], Ne(k, 1)))),
        Identity(over(if_(V[k], k >= n - 2)), over(if_(V[k], Eq(k, n - 2)))),
    ],
    # c of any sign; p = 0
    "bracket": [
        Identity(if_(1, a * x > 0), if_(1, x > 0)),
        Identity(if_(1, -x > 0), 1 - if_(1, x > 0)),
        Identity(if_(1, x > 0), 1, given=(x >= 0,)),
    ],
    # the second way, and a factor that is 0
    "bracket of a product": [
        Identity(if_(1, x * y > 0), if_(1, (x > 0) & (y > 0))),
        Identity(if_(1, Eq(x * y, 0)), if_(1, Eq(x, 0) & Eq(y, 0))),
    ],
    "sum": Always("it only sets terms apart"),
    # a sum from 1
    "sum of a product": [Identity(over(V[k], low=1), over(V[k]))],
    # the bracket left out
    "fixed range": [
        Identity(Sum(U[k] * V[l], (l, 0, k), (k, 0, n - 1)), over(U[k] * V[l], k, l)),
    ],
    # e = n is out of range
    "sum over a delta": [
        Identity(over(KroneckerDelta(k, l + 1) * U[l], k, l), over(U[l], l)),
    ],
    # b = n + 1, and b = −1; no term where the factor beside has no value
    "sum of a bracket": [
        Identity(Sum(U[l] / l, (l, k + 1, n - 1), (k, 0, n)), over(U[l], l)),
        Identity(over(if_(U[l], k >= l + 2), k, l), over((n - l - 2) * U[l], l)),
        Identity(over(if_(U[l], k >= l - 1), k, l), over((n - l + 1) * U[l], l)),
    ],
    # an end below the start, and one above the range
    "tightened range": [
        Identity(over(if_(U[l] * k, k <= l - 3), k, l),
                 over(U[l] * (l - 3) * (l - 2) / 2, l)),
        Identity(over(if_(U[l] * k, k <= l + 1), k, l),
                 over(U[l] * (l + 1) * (l + 2) / 2, l)),
    ],
    # factors that share the index; an empty range, and one that brackets cut to nothing, beside
    # what has no value there
    "independent factors": [
        Identity(over(U[k] * V[k]), over(U[k]) * over(V[k])),
        Identity(Sum(U[l] / l, (k, 0, l - 1), (l, 0, n - 1)), over(U[l], l)),
        Identity(Sum(U[l] / (n - 1 - l), (k, l + 1, n - 1), (l, 0, n - 1)), over(U[l], l)),
        Identity(Sum(2 * k * U[l] / (l * (l - 1)), (k, 0, l - 1), (l, 0, n - 1)), over(U[l], l)),
        Identity(Sum(V[k] * U[l] / Sum(V[j], (j, 0, l - 1)), (k, 0, l - 1), (l, 0, n - 1)),
                 over(U[l], l)),
        Identity(Sum(x / (n - 1), (k, 0, n - 2)), x),
    ],
    # a single value that a bracket rules out, beside what has no value there
    "pole beside brackets": [
        Identity(over(if_(x / (n - 1), Ne(k, 0))), x),
        Identity(over(if_(x / (n - 1) ** 2, Ne(k, n - 1))) * (n - 1), x),
        Identity(over(if_(x / (n * (n - 1)), Ne(k, l)), k, l), x),
        Identity(over(if_(x / (n**2 - 1), Ne(k, 0))), x / (n + 1)),
        Identity(Sum(if_(x / j, Ne(k, 0)), (k, 0, j), (j, 0, n - 1)), n * x),
    ],
    # an index that does not run along the whole axis
    "index along an axis": [
        Identity(Sum(V[k + 1], (k, 0, n - 2)), over(V[k])),
        Identity(Sum(V[n - 1 - k] * U[k], (k, 0, n - 1)), over(V[k] * U[k])),
    ],
    # b < a − 1; an end outside of the range; no term where the factor beside has no value
    "sum between two brackets": [
        Identity(over(if_(U[l], (k >= l) & (k <= l - 2)), k, l), -over(U[l], l)),
        Identity(over(if_(U[l], (k >= l - 2) & (k <= l)), k, l), 3 * over(U[l], l)),
        Identity(Sum(U[l] * W[j] / (j - l + 1), (k, l, j), (j, l - 1, n - 1), (l, 1, n - 1)),
                 Sum(U[l] * W[j], (j, l - 1, n - 1), (l, 1, n - 1))),
    ],
    # half-integers; c = −1
    "few values": [
        Identity(over(if_(U[k] * V[l], (2 * k >= l) & (2 * k <= l + 1)), k, l),
                 over(if_(U[k] * V[l], Eq(2 * k, l)), k, l)),
        Identity(over(if_(U[k] * V[l], (k >= l + 1) & (k <= l)), k, l),
                 over(if_(U[k] * V[l], Eq(k, l)), k, l)),
    ],
    # n/2 is half of an odd number
    "cut range": [
        Identity(over(if_(V[k], k >= n / 2)), over(V[k]) - over(if_(V[k], k <= n / 2 - 1))),
    ],
    # no symmetry
    "half of a square": [
        Identity(over(if_(U[k] * V[l], k >= l), k, l),
                 (over(U[k] * V[l], k, l) + over(U[k] * V[k])) / 2),
    ],
    # c = −1
    "offset of a bracket": [
        Identity(over(if_(U[k] * V[l], k >= l - 1), k, l),
                 over(if_(U[k] * V[l], k >= l), k, l)),
    ],
    # a step that is no digit, and a number with one more digit
    "one digit": [
        Identity(Sum(if_(1, (k - 2 * l >= 0) & (k - 2 * l < 3)), (l, 0, n - 1), (k, 0, 2 * n - 1)),
                 2 * n),
        Identity(Sum(if_(1, (k - 2 * l >= 0) & (k - 2 * l < 2)), (l, 0, n - 1), (k, 0, 2 * n)),
                 2 * n + 1),
    ],
    # n = 1: the range is empty
    "sum of ones": [Identity(Sum(1, (k, 1, n - 2)), n - 2)],
    "sum of powers": [Identity(Sum(k, (k, 0, n - 3)), (n - 3) * (n - 2) / 2)],
    # a value out of range
    "chosen entries": [
        Identity(over(if_(U[l], Eq(k, l + 1) | Eq(k, l)), k, l), 2 * over(U[l], l)),
    ],
    # A that is not skew
    "names of indices": [
        Identity(over(A[k, l] * U[k] * U[l], k, l), 0),
        Identity(over(A[k, l] * U[k] * V[l], k, l), over(A[k, l] * U[l] * V[k], k, l)),
    ],
    # what else depends on the index
    "renamed sum": [Identity(over(U[l] * A[l, k], k, l), over(U[l] * A[k, l], k, l))],
    # a part of the range of the equation
    "given equation": [Identity(over(V[k], low=1), 1, given=(Eq(over(V[k]), 1),))],
    # z is no 1
    "given relations": [Identity(x * y, 1, given=(Eq(x * y * z, 1),))],
    "product over a range": Always("it only sets factors apart"),
    # another range
    "range of a binder": [
        Identity(Product(V[k], (k, 0, n - 1)), Product(V[k], (k, 0, n - 2))),
        Identity(max_over(V[k], (k, 0, n - 1)), max_over(V[k], (k, 0, n - 2)), given=(n >= 2,)),
    ],
    # a negative factor
    "maximum": [
        Identity(max_over(x * V[k], (k, 0, n - 1)), x * max_over(V[k], (k, 0, n - 1))),
    ],
    # n = 1: the range is empty, and has no −1 factors; a factor with the index in it
    "repeated factor": [
        Identity(Product(x, (k, 1, n - 2)), x ** (n - 2)),
        Identity(Product(V[k], (k, 0, n - 1)), V[0] ** n),
    ],
    # e is out of range; a factor that is 0
    "one factor replaced": [
        Identity(Product(if_(x, Eq(k, l), V[k]), (k, 0, n - 1)),
                 x * Product(V[k], (k, 0, l - 1)) * Product(V[k], (k, l + 1, n - 1)),
                 given=(l >= 0, l <= n)),
        Identity(Product(if_(x, Eq(k, l), V[k]), (k, 0, n - 1)),
                 if_(x * Product(V[k], (k, 0, n - 1)) / V[l], Ne(V[l], 0)),
                 given=(l >= 0, l < n)),
    ],
    # part of the axis; an index that stands in something else; two matrices
    "joined powers of a matrix": [
        Identity(over(entry(A**m, i, k) * entry(A**m, k, j), k, low=1), entry(A ** (2 * m), i, j)),
        Identity(over(entry(A**m, i, k) * entry(A**m, k, j) * U[k]), entry(A ** (2 * m), i, j)),
        Identity(A**m * B**m, A ** (2 * m)),
    ],
    # part of the axis; an index that stands in something else; another matrix, its transpose
    "matrix joined to its power": [
        Identity(over(A[i, k] * entry(A**m, k, j), k, low=1), entry(A ** (m + 1), i, j)),
        Identity(over(A[i, k] * entry(A**m, k, j) * U[k]), entry(A ** (m + 1), i, j)),
        Identity(over(A[k, k] * entry(A**m, k, j)), entry(A ** (m + 1), j, j)),
        Identity(B * A**m, A ** (m + 1)),
        Identity(A.T * A**m, A ** (m + 1)),
    ],
    # another vector, and the other side
    "power of an eigenvalue": [
        Identity(A**m * u, x**m * u, given=(Eq(A * v, x * v),)),
        Identity(v.T * A**m, x**m * v.T, given=(Eq(A * v, x * v),)),
    ],
    # P = 0 in the other branch
    "quotient of exponentials": [
        Identity(if_((exp(x) - exp(y)) / (exp(x) - exp(y)), Ne(x, y)), 1),
        Identity(if_(exp(x) / (exp(x) - exp(y)), Ne(x, y))
                 - if_(exp(y) / (exp(x) - exp(y)), Ne(x, y)), 1),
    ],
    # nothing is assumed of A
    "entry": [
        Identity(over(A[k, l] * U[k] * V[l], k, l), over(A[l, k] * U[k] * V[l], k, l)),
        Identity(over(A[k, l], k, l), Trace(A)),
    ],
    "entry of an inverse": [
        Identity(A.I, A.I.T),
        Identity(A.I * A.T, sp.Identity(n)),
    ],
    "atom with other indices": Always("it only replaces names"),
    "name of a sum": Always("it only gives a name"),
}  # fmt: skip

NODES: dict[str, Any] = {
    "Num": Always("a number is itself"),
    # π is positive, and not every power of it
    "Const": [Identity(sqrt(sp.pi**2 - 8 * sp.pi + 16), sp.pi - 4)],
    "Int": Always("an index polynomial is itself"),
    "Entry": [Identity(A, A.T)],
    "Ref": Always("a definition is put in"),
    "Add": Always("addition commutes"),
    # the bracket is not 0
    "Mul": [in_branch(sqrt(y) * log(y), 0)],
    # an exponent that is no whole number, of what may be negative
    "Pow": [Identity(Abs(V[0]) ** (n / 2 + 1), V[0] * Abs(V[0]) ** (n / 2))],
    "Apply": Always("it only calls the law of the function"),
    # another argument
    "Unknown": [Identity(sp.Function("f")(x), sp.Function("f")(Abs(x)))],
    "Sum": Always("it only calls the laws of sums"),
    # factors that are no exponentials of one another
    "Product": [
        Identity(Product(exp(V[k]) + 1, (k, 0, n - 1)), exp(over(V[k])) + 1),
    ],
    # what depends on the index
    "Maximum": [
        Identity(max_over(U[k] + V[k], (k, 0, n - 1)),
                 max_over(U[k], (k, 0, n - 1)) + max_over(V[k], (k, 0, n - 1))),
    ],
    # a range that does not decide it
    "IndexBracket": [Identity(over(if_(V[k], k >= 1)), over(V[k]))],
    "RealBracket": [Identity(if_(1, x >= 0), 1), Identity(if_(1, x**2 > 0), 1)],
    # other arrays
    "Whole": [Identity(sp.Function("L")(A, B), sp.Function("L")(B, A))],
    # a product that is turned round
    "InverseEntry": [Identity(A * B * A.I, B), Identity((A * B).I, A.I * B.I)],
    # matrices that do not commute; what is under the root is no square of it
    "FunctionEntry": [
        Identity(matrix_exp(A + B), matrix_exp(A) * matrix_exp(B)),
        # neither is a multiple of the other
        Identity(matrix_exp(A) * matrix_exp(A.T), matrix_exp(A + A.T)),
        Identity(matrix_exp(A) * matrix_exp(A * B), matrix_exp(A + A * B)),
        Identity(matrix_exp(A) * matrix_exp(A), matrix_exp(3 * A)),
        Identity(sqrtm(A * A.T), A),
        Identity(cholesky(A), cholesky(A).T),
    ],
    "FunctionTrace": [Identity(Trace(matrix_exp(A)), exp(Trace(A)))],
    "Determinant": [Identity(det(A + B), det(A) + det(B)), Identity(det(A), det(-A))],
}  # fmt: skip

ODD = Always("f(−x) = −f(x) wherever one of them has a value")

FUNCTIONS: dict[str, Any] = {
    "exp": [in_branch(exp(log(y)), y)],
    "log": [in_branch(log(exp(x) * y), x + log(y))],
    # a logarithm of the size, in a branch in which it has no value
    "log size": [in_branch(log(x * y), log(Abs(x)) + log(y)),
                 Identity(log(x * y), log(Abs(x + y)))],
    # two terms, and no more
    "sin": [Identity(sin(x + y), sin(x) + sin(y)), Identity(sin(Abs(x)), sin(x))],
    "cos": [Identity(cos(x + y), cos(x) * cos(y)), Identity(cos(x / 2) ** 2, cos(x))],
    # cos x = 0 in the other branch
    "tan": [AT_NO_RATIONAL],
    "asin": ODD,
    "acos": Always("acos and asin have one domain"),
    # x < 0
    "atan": [Identity(sp.atan(1 / x), sp.pi / 2 - sp.atan(x))],
    "sinh": Always("sinh is made of exponentials, for all reals"),
    "cosh": Always("cosh is made of exponentials, for all reals"),
    "tanh": Always("e^x + e^−x is positive for all reals"),
    "asinh": Always("x + √(x² + 1) is positive for all reals"),
    # y < 1, y ≥ 1 in one branch only
    "acosh": [in_branch(sp.acosh(y), log(y + sqrt(y**2 - 1)))],
    "atanh": [
        in_branch(sp.atanh(y - 2), log((y - 1) / (3 - y)) / 2),
    ],
    "erf": ODD,
    "erfc": Always("erfc x = 1 − erf x for all reals"),
    "erfinv": ODD,
    # x = 1
    "gamma": [
        Identity(if_((x - 1) * sp.gamma(x - 1), Ne(x, 1)), sp.gamma(x)),
        in_branch(sp.gamma(y), exp(sp.loggamma(y))),
    ],
    "lgamma": [
        Identity(if_(sp.loggamma(x - 1) + log(x - 1), x > 1), sp.loggamma(x)),
        in_branch(sp.loggamma(y), log(sp.gamma(y))),
    ],
    "polygamma": [
        Identity(if_(sp.digamma(x - 1) + 1 / (x - 1), Ne(x, 1)), sp.digamma(x)),
        Identity(sp.polygamma(1, x + 1), sp.polygamma(1, x) + 1 / x**2),
    ],
    # x < 0
    "atan2": [Identity(sp.atan2(y, x), sp.atan(y / x))],
    # what is added is no whole number, nor what a remainder is multiplied with; by another b
    "Mod": [
        Identity(sp.Mod(x, 1), x),
        Identity(sp.Mod(x, y), x),
        Identity(sp.Mod(x + y, 1), sp.Mod(x, 1)),
        Identity(sp.Mod(x + n / 2, 1), sp.Mod(x, 1)),
        Identity(sp.Mod(sp.Mod(x, 1) / 2, 1), sp.Mod(x / 2, 1)),
        Identity(sp.Mod(y * sp.Mod(x, 1), 1), sp.Mod(y * x, 1)),
        Identity(sp.Mod(x + 1, y), sp.Mod(x, y)),
        Identity(sp.floor(n * x), n * sp.floor(x)),
    ],
    "Abs": [Identity(Abs(x + y), Abs(x) + Abs(y))],
    # x = 0
    "sign": [Identity(sp.sign(x), 2 * if_(1, x > 0) - 1)],
    "Max": [Identity(Max(x, y), x), Identity(Max(x, y), if_(x, x > 0, y))],
}  # fmt: skip

nonzero = Ne(x, 0)
invertible = Q.invertible(A)

DERIVATIVES: dict[str, Any] = {
    "Num": Always("a constant"),
    "Const": Always("a constant"),
    "Int": Always("a constant"),
    "IndexBracket": Always("no real number stands in it"),
    "Add": Always("linear"),
    "Mul": Always("where each factor has a derivative"),
    # n = 1: the exponent is 0, and x⁰ = 1
    "Pow": [Gradient(x ** (n - 1), x, if_((n - 1) * x ** (n - 2), Ne(x, 0), 1))],
    "Apply": [Listed(Gradient(Abs(x), x, sp.sign(x)), nonzero)],
    "Unknown": Always("an undefined function has all derivatives"),
    "Sum": Always("linear"),
    "Product": Always("a product of finitely many"),
    "Maximum": [
        # in a plain maximum the one that is attained counts, and no part of the others
        Gradient(max_over(V[k], (k, 0, n - 1)), V[j], sp.Rational(1, 2)),
    ],
    "RealBracket": [Listed(Gradient(if_(1, x > 0), x, 0), nonzero)],
    # the trait of the array
    "Entry": [Gradient(Trace(A * B), A, (B + B.T) / 2)],
    "Ref": Always("the adjoint of an array, taken over all of its places"),
    "Whole": Always("the chain rule"),
    "InverseEntry": [Listed(Gradient(Trace(A.I), A, -(A.I * A.I).T), invertible)],
    # a dA that does not commute with A
    "FunctionEntry": [
        Gradient(Trace(matrix_exp(A) * B), A, (matrix_exp(A) * B).T),
        Gradient(Trace(cholesky(A)), A, Inverse(cholesky(A)).T / 2),
    ],
    "FunctionTrace": [
        Gradient(Trace(matrix_exp(A)), A, matrix_exp(A)),
        Gradient(Trace(sqrtm(A)), A, Inverse(A) / 2),
    ],
    "Determinant": [Listed(Gradient(log(det(A)), A, A.I.T), invertible)],
}  # fmt: skip

ODD_DOMAIN = Always("the derivative has a value inside the domain of the function")

SCALARS: dict[str, Any] = {
    "exp": Always("differentiable for all reals"),
    "log": [Gradient(log(Abs(x)), x, 1 / Abs(x))],
    "sin": Always("differentiable for all reals"),
    "cos": Always("differentiable for all reals"),
    "tan": Always("where tan x has a value cos x is not 0"),
    "asin": ODD_DOMAIN,
    "acos": ODD_DOMAIN,
    "atan": Always("differentiable for all reals"),
    "sinh": Always("differentiable for all reals"),
    "cosh": Always("differentiable for all reals"),
    "tanh": Always("differentiable for all reals"),
    "asinh": Always("differentiable for all reals"),
    "acosh": ODD_DOMAIN,
    "atanh": ODD_DOMAIN,
    "erf": Always("differentiable for all reals"),
    "erfc": Always("differentiable for all reals"),
    "erfinv": Always("differentiable wherever it has a value"),
    "gamma": Always("differentiable wherever it has a value"),
    "lgamma": Always("differentiable where the argument is positive"),
    "polygamma": Always("differentiable wherever it has a value; the order is a number"),
    "atan2": [Listed(Gradient(sp.atan2(y, x), x, -y / (x**2 + y**2)), Ne(Max(x, Abs(y)), 0))],
    "Mod": [Listed(Gradient(sp.Mod(x, y), x, 1), Ne(sp.Mod(x, y), 0))],
    "Abs": [Listed(Gradient(Abs(x), x, sp.sign(x)), nonzero), Gradient(Abs(x), x, 1)],
    "sign": [Listed(Gradient(sp.sign(x), x, 0), nonzero)],
    "Max": [
        Listed(Gradient(Max(x, y), x, if_(1, x > y)), Ne(x - y, 0)),
        Gradient(Max(x, y), x, if_(1, x > 0)),
    ],
}  # fmt: skip

w = IndexedBase("w", shape=(n,), integer=True)
R = MatrixSymbol("R", n, m)

ELSEWHERE: dict[str, Any] = {
    # not the matrix that the vectors are added to; no invertible one
    "determinants.of_low_rank": [
        Identity(det(A + u * v.T), det(A) * (1 + (v.T * B.I * u)[0, 0])),
        Identity(det(x * sp.Identity(n) + u * v.T), x**n * (1 + (v.T * u)[0, 0])),
        Identity(det(A + u * u.T + v * v.T),
                 det(A) * (1 + (u.T * A.I * u)[0, 0]) * (1 + (v.T * A.I * v)[0, 0])),
    ],
    # no cyclic order
    "determinants.united": [
        Identity(det(sp.Identity(n) + A * B * C), det(sp.Identity(n) + B * A * C)),
        Identity(det(x * A), x * det(A)),
        Identity(det(x * sp.Identity(n) + R * R.T), det(x * sp.Identity(m) + R.T * R)),
    ],
    "determinants.leibniz": [
        Identity(det(sp.Matrix([[x, y], [z, t]])), x * t + y * z),
    ],
    "determinants.written_out": [Identity(det(A), A[0, 0] * A[1, 1] - A[0, 1] * A[1, 0],
                                          given=(n >= 2,))],
    "determinants.inverse_written_out": [
        Identity(entry(MatrixSymbol("M", 2, 2).I, 0, 0), 1 / MatrixSymbol("M", 2, 2)[0, 0]),
    ],
    # two products, a product the other way round, and a matrix that is no product of vectors
    "determinants.inverse_of_rank_one": [
        Identity((sp.Identity(n) + u * v.T + v * u.T).I,
                 sp.Identity(n) - (u * v.T + v * u.T) / (1 + 2 * Trace(u.T * v))),
        Identity((sp.Identity(n) + u * v.T).I, sp.Identity(n) - v * u.T / (1 + Trace(u.T * v))),
        Identity((sp.Identity(n) + A).I, sp.Identity(n) - A / (1 + Trace(A))),
    ],
    # the other side of the diagonal; a diagonal that is not given
    "structure.known_entry": [
        Identity(entry(A, i, j), 0, given=(Q.lower_triangular(A), i > j)),
        Identity(entry(A, i, i), 1, given=(Q.lower_triangular(A),)),
    ],
    "structure.known_inverse_entry": [
        Identity(entry(A.I, i, i), 1 / A[i, i]),
        Identity(entry(A.I, i, j), 0, given=(Q.lower_triangular(A), i > j)),
    ],
    "structure.masked": [
        Identity(over(A[k, l] * U[l], k, l), over(if_(A[k, l] * U[l], k >= l), k, l)),
        Identity(entry(A * B, i, j), 0,
                 given=(Q.lower_triangular(A), Q.upper_triangular(B), i < j)),
    ],
    "structure.absorbed": [
        Identity(over(if_(A[k, l] * U[l], k > l), k, l), over(A[k, l] * U[l], k, l),
                 given=(Q.lower_triangular(A),)),
        Identity(over(if_(A[k, l] * U[l], k <= l), k, l), over(A[k, k] * U[k])),
    ],
    "structure.determinant": [
        Identity(det(A), Product(A[k, k], (k, 0, n - 1))),
        Identity(det(A * B), Product(A[k, k] * B[k, k], (k, 0, n - 1)),
                 given=(Q.lower_triangular(A),)),
        Identity(det(A + B), Product(A[k, k] + B[k, k], (k, 0, n - 1)),
                 given=(Q.lower_triangular(A), Q.upper_triangular(B))),
        Identity(det(A), 1, given=(Q.lower_triangular(A),)),
    ],
    "structure.is_symmetric": [
        Identity(tensor(if_(U[i] * V[j], i >= j), (i, n), (j, n)),
                 tensor(if_(U[j] * V[i], j >= i), (i, n), (j, n))),
    ],
    # what is outside has no inverse, and may be 0
    "flanks.vanishes_between": [
        Identity(R.T * A.I * R, R.T * B.I * R),
        Identity(A * C.I * B, B * C.I * A),
    ],
    # parts that overlap, or leave some out
    "factors.taken_apart": [
        Identity(Product(V[k], (k, 0, m)) * Product(V[k], (k, m, n - 1)),
                 Product(V[k], (k, 0, n - 1)), given=(m < n,)),
    ],
    # D times x − 1 is 0 at x = 1 whatever D is
    "differences.telescoped": [
        Identity(if_((1 - x**n) / (1 - x), Ne(x, 1)), over(x ** (k + 1)) / x),
    ],
    # a sum is no product
    "log_parts.log_size": [Identity(log(x + y) - log(x - y), log(Abs(x)) - log(Abs(y)))],
    # a sum over other values
    "one_sum.over_each": [
        Identity(over(log(1 + exp(V[k]))), over(log(1 + exp(-V[k]))) + over(V[k], low=1)),
    ],
    # factors of both signs in another branch; a sum is no product
    "log_parts.in_parts": [
        in_branch(log(x * y), log(Abs(x)) + log(Abs(y))),
        Identity(log(x + y), log(x) + log(y)),
    ],
    # 0 below the line in another branch
    "rational.equal_quotients": [
        Identity(if_(x / y + z / t, Ne(y, 0) & Ne(t, 0)),
                 if_((x * t + z * y) / (y * t), Ne(y, 0) & Ne(t, 0), 1)),
        Identity(x / y + z / t + a / b, (x + z + a) / (y + t + b)),
    ],
    "one_sum.as_one_sum": [Identity(over(U[k] * V[l], k, l), n * over(U[k] * V[k]))],
    # no bound, and one bound alone: 0 ≤ w is all that is given
    "labels.held": [
        Identity(over(if_(1, Eq(w[i], j)), i, j), n, given=(w[i] >= 0,)),
        Identity(over(if_(1, Eq(w[i], j)), i, j), n),
    ],
    # k − 1 may be −1, and is then 1
    "bent_indices.in_cases": [
        Identity(Sum(V[Abs(k - 1)], (k, 0, n)), over(V[k]), given=(n >= 2,)),
        Identity(Sum(V[sp.Min(k, n - 1)], (k, 0, n)), over(V[k])),
    ],
    # neither block is invertible, nor do the blocks commute
    "blocks.eliminated": [
        Identity(det(sp.BlockMatrix([[A, B], [C, D]])), det(A * D - B * C)),
        Identity(det(sp.BlockMatrix([[A, B], [C, D]])), det(A) * det(D)),
    ],
    "equal_sizes.same": [
        Identity(Sum(1, (k, 1, sp.floor(n / 2))) * 2, n),
    ],
    # a product of two, and a square with something taken off
    "squares.is_sum_of_squares": [
        Inequality(0, x**2 + x * y * 3 + y**2),
        Inequality(0, x**2 - 2 * x + sp.Rational(1, 2)),
        Inequality(0, x * y + x**2),
    ],
    # a term whose sign is not known, or is the other one, and one that is more than twice as large
    "squares.is_above_squares": [
        Inequality(0, x**2 + y**2 - 2 * x * y - x * z + z**2 / 8),
        Inequality(-x * y, x**2 / 8 + y**2 / 8, given=(x <= 0, y >= 0)),
        Inequality(x * y, x**2 / 2 + y**2 / 3, given=(x >= 0, y >= 0)),
    ],
}  # fmt: skip

LAW_MODULES = (
    "canonical.determinants", "canonical.structure", "proof.flanks", "proof.factors",
    "canonical.log_parts", "proof.induction.differences",
    "proof.rational", "proof.one_sum", "lowering.labels",
    "lowering.bent_indices", "lowering.blocks", "language.equal_sizes",
    "proof.inequality.squares",
)  # fmt: skip

TABLES = {
    "law": (LAWS, laws.LAWS),
    "rule of a node": (NODES, {node.__name__: f for node, f in rules.NODE_RULES.items()}),
    "function": (FUNCTIONS, functions.function_laws()),
    "derivative of a node": (
        DERIVATIVES, {node.__name__: f for node, f in derivatives.DERIVATIVES.items()}
    ),
    "derivative of a function": (SCALARS, derivatives.SCALAR_DERIVATIVES),
}  # fmt: skip


def _elsewhere() -> dict[str, Any]:
    """The functions of the modules of laws that give a form of something, by their names."""
    found = {}
    for name in LAW_MODULES:
        module = importlib.import_module(f"derive.{name}")
        for function in vars(module).values():
            if getattr(function, "__module__", None) != module.__name__:
                continue
            found[f"{name.rpartition('.')[2]}.{function.__name__}"] = function
    return found


def _has_form(function: Any) -> bool:
    """Whether a function gives a canonical form, which it does by a law."""
    if not inspect.isfunction(function) or function.__name__.startswith("_"):
        return False
    return (
        re.search(r"^(Iterator\[)?Polynomial", str(function.__annotations__["return"])) is not None
    )


CLAIMS = [
    pytest.param(claim, id=f"{table}: {name} {number}")
    for table, (entries, _) in (*TABLES.items(), ("elsewhere", (ELSEWHERE, None)))
    for name, found in entries.items()
    if not isinstance(found, Always)
    for number, claim in enumerate(found, 1)
]
FALSE = [param for param in CLAIMS if not isinstance(param.values[0], Listed)]
LISTED = [param for param in CLAIMS if isinstance(param.values[0], Listed)]


@pytest.mark.parametrize("table", TABLES)
def test_every_law_has_an_entry_and_every_entry_a_law(table):
    entries, registered = TABLES[table]
    missing, gone = registered.keys() - entries.keys(), entries.keys() - registered.keys()
    assert not missing, (
        f"{table}: {sorted(missing)} without an entry in {__name__}. For each condition of the law"
        " write a claim that is false where the condition fails, and that the law would prove if it"
        " were applied there; or Always(the reason) where it has no condition."
    )
    assert not gone, f"{table}: there is no law {sorted(gone)}"


def test_every_form_that_a_module_of_laws_gives_has_an_entry():
    functions_there = _elsewhere()
    missing = {name for name, f in functions_there.items() if _has_form(f)} - ELSEWHERE.keys()
    assert not missing, f"{sorted(missing)}: write claims that are false without them"
    assert functions_there.keys() >= ELSEWHERE.keys()


@pytest.mark.parametrize("claim", FALSE)
def test_a_law_does_not_apply_where_its_condition_fails(claim, alone):
    assert verify(claim, timeout=SECONDS).status == "undecided"


@pytest.mark.parametrize("claim", FALSE)
def test_the_claim_is_false(claim):
    status = verify(claim, timeout=SECONDS).status
    assert status == ("undecided" if claim is AT_NO_RATIONAL else "disagrees")


@pytest.mark.parametrize("case", LISTED)
def test_what_a_law_asks_for_is_listed(case):
    verdict = verify(case.claim, timeout=SECONDS)
    assert verdict.status == "holds", verdict.reason
    assert case.assumption in verdict.assumptions


# A law says where it holds, unless it holds wherever what is written has a value.
CONDITION = re.compile(r"\b(where|wherever|for all reals|always|whatever)\b", re.IGNORECASE)


@pytest.mark.parametrize("table", ["law", "rule of a node", "function", "derivative of a node"])
def test_every_law_states_where_it_holds(table):
    _, registered = TABLES[table]
    silent = [name for name, law in registered.items() if not CONDITION.search(_statement(law))]
    assert not silent, f"{table}: {silent} must say where they hold, or that they always do"


def _statement(law: Any) -> str:
    if isinstance(law, laws.Law):
        law = law.apply
    return inspect.getdoc(law) or ""
