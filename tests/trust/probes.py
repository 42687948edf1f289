"""Claims that notice a broken rule: the corpus, and one for each node that it leaves out."""

from __future__ import annotations

import sympy as sp
from corpus import FALSE, TRUE
from sympy import MatrixSymbol, Trace, symbols
from sympy.matrices.expressions.diagonal import DiagonalMatrix
from sympy.tensor.array import ArrayComprehension

import derive
from derive import Gradient, Identity, cholesky, formulas, matrix_exp, sqrtm, tensor
from derive.language.activations import sigmoid
from derive.language.operators import entry, partial

n, m = symbols("n m", integer=True, positive=True)
i, j, k = symbols("i j k", integer=True)
t, u = symbols("t u", real=True)
A, S, K = MatrixSymbol("A", n, m), MatrixSymbol("S", n, n), MatrixSymbol("K", 2, 2)
x = MatrixSymbol("x", n, 1)
C, T = MatrixSymbol("C", n, m), MatrixSymbol("T", m, m)
w = sp.Idx("w", n)
cube, other = (sp.IndexedBase(name, shape=(n, n, n)) for name in ("cube", "other"))
table = sp.ImmutableMatrix([[t, u], [2, 3]])
y = sp.IndexedBase("y", shape=(n + 2,))
g = sp.Function("g")
ODD = (sp.asin, sp.atan, sp.asinh, sp.atanh, sp.erfinv)
B = sp.IndexedBase("b", shape=(n,))
inside = (t > -1, t < 1)
below = (t > 0, t < 1)
OF_RECIPROCALS = {sp.asec: sp.acos, sp.acsc: sp.asin, sp.acot: sp.atan, sp.acoth: sp.atanh}
BELOW_ONE = {sp.asech: sp.acosh, sp.acsch: sp.asinh}


def _slope(function, *given):
    """The derivative of a function, as SymPy has it."""
    name = f"probe.slope-{function.__name__}"
    return Gradient(function(t), t, sp.diff(function(t), t), given, id=name)


def _same(name, left, right, *given):
    return Identity(left, right, given, id=f"probe.{name}")


def _over(body, condition, *limits):
    return sp.Sum(sp.Piecewise((body, condition), (0, True)), *limits)


OWN = [
    *(_slope(f) for f in (sp.sin, sp.cos, sp.tan, sp.sinh, sp.cosh, sp.tanh, sp.exp)),
    *(_slope(f) for f in (sp.atan, sp.asinh, sp.erf, sp.erfc)),
    *(_slope(f, *inside) for f in (sp.asin, sp.acos, sp.atanh)),
    _slope(sp.erfinv, *inside),
    *(_slope(f, t > 0) for f in (sp.gamma, sp.loggamma)),
    Gradient(sp.polygamma(1, t), t, sp.polygamma(2, t), (t > 0,), id="probe.slope-polygamma"),
    Gradient(sp.atan2(u, t), u, t / (t**2 + u**2), id="probe.slope-atan2-first"),
    Gradient(sp.atan2(u, t), t, -u / (t**2 + u**2), id="probe.slope-atan2-second"),
    Gradient(sp.Mod(t, u), t, 1, id="probe.slope-mod-first"),
    Gradient(sp.Mod(t, u), u, (sp.Mod(t, u) - t) / u, id="probe.slope-mod-second"),
    Gradient(sp.acosh(t), t, 1 / sp.sqrt(t**2 - 1), (t > 1,), id="probe.slope-acosh"),
    _same("acos", sp.acos(t) + sp.asin(t), sp.pi / 2),
    _same("acosh", sp.acosh(t), sp.log(t + sp.sqrt(t**2 - 1)), t > 1),
    _same("sec", sp.sec(t) * sp.cos(t), 1),
    _same("csc", sp.csc(t) * sp.sin(t), 1),
    _same("cot", sp.cot(t) * sp.sin(t), sp.cos(t)),
    _same("sech", sp.sech(t) * sp.cosh(t), 1),
    _same("csch", sp.csch(t) * sp.sinh(t), 1),
    _same("coth", sp.coth(t) * sp.sinh(t), sp.cosh(t)),
    _same("erfc", sp.erfc(t), 1 - sp.erf(t)),
    *(_same(f"{f.__name__}", f(t), other(1 / t), t > 1) for f, other in OF_RECIPROCALS.items()),
    *(_same(f"{f.__name__}", f(t), other(1 / t), *below) for f, other in BELOW_ONE.items()),
    _same("erfcinv", sp.erfcinv(t), sp.erfinv(1 - t), *below),
    _same("frac", sp.frac(t), sp.Mod(t, 1)),
    _same("harmonic", sp.harmonic(n + 1), sp.harmonic(n) + 1 / (n + 1)),
    _same("harmonic-sum", sp.harmonic(n), sp.Sum(1 / k, (k, 1, n))),
    _same("e", sp.E * sp.exp(t), sp.exp(t + 1)),
    _same("float", sp.Float("0.5") * t, t / 2),
    _same("adjoint", sp.Adjoint(A), A.T),
    _same("diagonal-part", DiagonalMatrix(S), sp.HadamardProduct(S, sp.Identity(n))),
    _same("explicit", entry(K * table, 0, 1), K[0, 0] * u + 3 * K[0, 1]),
    _same("comprehension", ArrayComprehension(i * S[i - 1, j], (i, 1, n), (j, 0, n - 1)),
        tensor((i + 1) * S[i, j], (i, n), (j, n))),
    _same("tensor-entry", tensor(A[i, j] + 1, (i, n), (j, m))[0, 0], A[0, 0] + 1),
    _same("functions", sp.FunctionMatrix(n, m, sp.Lambda((i, j), A[i, j] + 1)),
        A + sp.OneMatrix(n, m)),
    _same("index", sp.Sum(w, (w, 0, n - 1)), n * (n - 1) / 2),
    _same("ceiling", sp.ceiling(n / 2), -sp.floor(-n / 2)),
    _same("arrays", cube + 2 * other, tensor(cube[i, j, k] + 2 * other[i, j, k], (i, n), (j, n),
        (k, n))),
    _same("sequence", derive.sequence(2 * derive.at(S, i), (i, 0, n - 1)), 2 * S),
    *(_same(f"odd-{f.__name__}", f(t * (1 - u)) + f(t * u - t), 0) for f in ODD),
    _same("powers", x[0, 0] * sp.Sum(k, (k, 0, n - 1)), x[0, 0] * n * (n - 1) / 2),
    _same("exchanged", sp.Sum(y[i] * g(j), (j, 0, i), (i, 0, n + 1)),
        sp.Sum(y[i] * g(j), (i, j, n + 1), (j, 0, n + 1))),
    _same("vec", derive.vec(C * T), sp.KroneckerProduct(T.T, sp.Identity(n)) * derive.vec(C)),
    _same("two-apart", y[0] + y[1] + sp.Sum(y[k], (k, 2, n + 1)), sp.Sum(y[k], (k, 0, n + 1))),
    Gradient(sp.Sum(sp.log(cholesky(S)[k, k]), (k, 0, n - 1)), S, sp.Inverse(S) / 2,
        (sp.Q.positive_definite(S),), id="probe.cholesky"),
    Gradient(entry(x.T * matrix_exp(t * S) * x, 0, 0), t, entry(x.T * S * matrix_exp(t * S) * x, 0,
        0), id="probe.exponential"),
    _same("cholesky-law", cholesky(S) * cholesky(S).T, S, sp.Q.positive_definite(S)),
    _same("root-law", sqrtm(S) * sqrtm(S), S, sp.Q.positive_definite(S)),
    _same("exponential-law", matrix_exp(S) * matrix_exp(-S), sp.Identity(n)),
    Gradient(Trace(matrix_exp(S)), S, matrix_exp(S).T, id="probe.trace-exponential"),
    Gradient(Trace(sqrtm(S)), S, sp.Inverse(sqrtm(S)) / 2, (sp.Q.positive_definite(S),),
        id="probe.trace-root"),
    _same("beta", sp.beta(t, u), sp.gamma(t) * sp.gamma(u) / sp.gamma(t + u)),
    _same("gamma", sp.gamma(t + 1), t * sp.gamma(t), t > 0),
    _same("log-gamma", sp.loggamma(t + 1), sp.log(t) + sp.loggamma(t), t > 0),
    _same("polygamma", sp.polygamma(0, t + 1), sp.polygamma(0, t) + 1 / t, t > 0),
    _same("sinc", t * sp.sinc(t), sp.sin(t), t > 0),
    _same("named", sigmoid(t), 1 / (1 + sp.exp(-t))),
    _same("binomial", sp.binomial(n + 2, 3, evaluate=False), n * (n + 1) * (n + 2) / 6),
    _same("factorial", sp.factorial(n), sp.gamma(n + 1)),
    _same("partial-fractions", sp.exp(-t) / (u * sp.exp(t) + 1), sp.exp(-t) - u / (u * sp.exp(t)
        + 1), u > 0),
    _same("digits", derive.vec(S * A), sp.KroneckerProduct(sp.Identity(m), S) * derive.vec(A)),
    _same("pole", _over(t / (n - 1), sp.Ne(k, 0), (k, 0, n - 1)),
        sp.Piecewise((t, n >= 2), (0, True))),
    _same("sum-of-powers", S * derive.sum_over(S**k, (k, 1, m)),
        derive.sum_over(S ** (k + 1), (k, 1, m))),
    _same("eigenvalue", S**m * x, t**m * x, sp.Eq(S * x, t * x)),
    _same("trace-of-entries", Trace(matrix_exp(S)), sp.Sum(entry(matrix_exp(S), k, k),
        (k, 0, n - 1))),
    _same("partial", partial(t**2 + u, t), 2 * t),
    _same("partial-in-matrix", partial(Trace(A.T * A), A), 2 * A),
]  # fmt: skip

# What reads outside of an array is undecided, and has to stay so.
READ_OUTSIDE = {claim.id for claim in FALSE if claim.id.startswith("outside.")}

# Of images and of sequences the corpus says nothing.
OF_THE_CATALOGUE = {
    "conv2d.backward-b",
    "conv2d.grouped",
    "max-pool.shape",
    "avg-pool.global",
    "avg-pool.grad.tiled",
    "rnn.bptt.Wx",
    "rnn.jacobian",
    "sequences.state-space",
}
NOTED = [
    claim
    for formula in formulas.catalogue().values()
    for claim in formula.claims
    if claim.id in OF_THE_CATALOGUE
]

# With the law falsified what is false is proved, which the check of a proof contradicts: what is
# true has another proof.
OTHERWISE = [
    _same("doubled-powers", sp.Sum(k, (k, 0, n - 1)), n * (n - 1)),
    _same("doubled-between", _over(B[j], (k >= j) & (k <= j + 2), (k, 0, n + 1), (j, 0, n - 1)),
        6 * sp.Sum(B[j], (j, 0, n - 1))),
    _same("doubled-entries", 2 * y[0] + 2 * y[1] + sp.Sum(y[k], (k, 2, n + 1)),
        sp.Sum(y[k], (k, 0, n + 1))),
    _same("doubled-half", _over(B[k] * B[j], k >= j, (k, 0, n - 1), (j, 0, n - 1)),
        sp.Sum(B[k], (k, 0, n - 1)) ** 2 + sp.Sum(B[k] ** 2, (k, 0, n - 1))),
]  # fmt: skip

PROBES = [*OWN, *OTHERWISE, *TRUE, *NOTED, *(claim for claim in FALSE if claim.id in READ_OUTSIDE)]
