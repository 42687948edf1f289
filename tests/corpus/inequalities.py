"""Inequalities and identities of scalar functions, and what is assumed."""

from __future__ import annotations

import sympy as sp
from sympy import (
    Eq,
    Piecewise,
    Product,
    Q,
    Rational,
    Sum,
    Symbol,
    Trace,
    exp,
    log,
    sqrt,
    symbols,
    tanh,
)

from corpus.textbook import (
    FALSE,
    TRUE,
    M,
    at_most,
    average,
    averaged,
    c,
    cos,
    eps,
    h,
    i,
    ip,
    ix,
    j,
    l,
    m,
    misfit,
    n,
    same,
    sin,
    t,
    u,
    v,
)

alpha, beta = symbols("alpha beta", real=True)
iq, ic = sp.IndexedBase("q", shape=(n,)), sp.IndexedBase("z", shape=(c,))
F1, F2, F3 = M("F1", n, m), M("F2", m, h), M("F3", n, n)
within = (alpha >= 0, alpha <= 1)
both = (
    Q.positive(ip[i]),
    Q.positive(iq[i]),
    Eq(Sum(ip[i], (i, 0, n - 1)), 1),
    Eq(Sum(iq[i], (i, 0, n - 1)), 1),
)
average_of = Sum(ix[i], (i, 0, n - 1)) / n
other_average = Sum(iq[i], (i, 0, n - 1)) / n


def spread(left, right):
    return Sum((ix[i] - left) * (iq[i] - right), (i, 0, n - 1))


scatter = Sum((ix[i] - average_of) ** 2, (i, 0, n - 1))
other_scatter = Sum((iq[i] - other_average) ** 2, (i, 0, n - 1))

lam = Symbol("lam", real=True)
shrunk = sp.sign(u) * sp.Max(sp.Abs(u) - lam, 0)
envelope = (shrunk - u) ** 2 / 2 + lam * sp.Abs(shrunk)
huber = Piecewise((u**2 / 2, sp.Abs(u) <= lam), (lam * sp.Abs(u) - lam**2 / 2, True))


def mixed(first, second):
    return alpha * first + (1 - alpha) * second


def logistic(value):
    return 1 / (1 + exp(-value))


def frobenius(matrix):
    return Trace(matrix.T * matrix)


scale = Symbol("sigma", positive=True)
TRUE += [
    at_most("calculus.logarithm-below", u / (1 + u), log(1 + u), u > -1),
    at_most("calculus.root", sqrt(1 + u), 1 + u / 2),
    at_most("calculus.taylor", 1 + u + u**2 / 2, exp(u), u >= 0),
    at_most("calculus.cosine", 1 - u**2 / 2, cos(u)),
    at_most("calculus.tanh", sp.Abs(tanh(u)), sp.Abs(u)),
    at_most("calculus.lipschitz.tanh", sp.Abs(tanh(u) - tanh(v)), sp.Abs(u - v)),
    at_most("calculus.lipschitz.sigmoid", sp.Abs(logistic(u) - logistic(v)), sp.Abs(u - v) / 4),
    at_most("monotone.exp", 0, (exp(u) - exp(v)) * (u - v)),
    at_most("monotone.sum", 0, Sum((tanh(ix[i]) - tanh(ip[i])) * (ix[i] - ip[i]), (i, 0, n - 1))),
    at_most("calculus.chord", exp(u), 1 + 2 * u, u >= 0, u <= 1),
    at_most("calculus.binary-entropy", -u * log(u) - (1 - u) * log(1 - u), log(2), u > 0, u < 1),
    at_most(
        "calculus.pinsker",
        2 * (u - v) ** 2,
        u * log(u / v) + (1 - u) * log((1 - u) / (1 - v)),
        u > 0,
        u < 1,
        v > 0,
        v < 1,
    ),
    at_most("convex.square", mixed(u, v) ** 2, mixed(u**2, v**2), *within),
    at_most("convex.exp", exp(mixed(u, v)), mixed(exp(u), exp(v)), *within),
    at_most("convex.log", mixed(log(u), log(v)), log(mixed(u, v)), *within, u > 0, v > 0),
    at_most(
        "convex.softplus",
        log(1 + exp(-mixed(u, v))),
        mixed(log(1 + exp(-u)), log(1 + exp(-v))),
        *within,
    ),
    at_most("convex.box", u + v - u * v, 1, u >= 0, u <= 1, v >= 0, v <= 1),
    at_most("means.three", u * v * t, (u**3 + v**3 + t**3) / 3, u >= 0, v >= 0, t >= 0),
    at_most("means.young", u * v, u**3 / 3 + 2 * v ** Rational(3, 2) / 3, u >= 0, v >= 0),
    at_most("jensen.exp", exp(average_of), Sum(exp(ix[i]), (i, 0, n - 1)) / n),
    at_most(
        "jensen.weighted", averaged(log(ix[i])), log(averaged(ix[i])), *average, Q.positive(ix[i])
    ),
    at_most(
        "jensen.logsumexp",
        Sum(ic[j], (j, 0, c - 1)) / c + log(c),
        log(Sum(exp(ic[j]), (j, 0, c - 1))),
    ),
    at_most("weights.entropy", -Sum(ip[i] * log(ip[i]), (i, 0, n - 1)), log(n), *both[::2]),
    at_most("weights.one", ip[l], 1, *average),
    at_most("weights.variation", Sum(sp.Abs(ip[i] - iq[i]), (i, 0, n - 1)) / 2, 1, *both),
    at_most("weights.chi-squared", 1, Sum(ip[i] ** 2 / iq[i], (i, 0, n - 1)), *both[1:]),
    at_most(
        "bounded.variance",
        Sum((ix[i] - average_of) ** 2, (i, 0, n - 1)) / n,
        Rational(1, 4),
        ix[i] >= 0,
        ix[i] <= 1,
    ),
    at_most("frobenius.product", frobenius(F1 * F2), frobenius(F1) * frobenius(F2)),
    at_most("correlation", spread(average_of, other_average) ** 2, scatter * other_scatter),
    at_most("scatter.least", scatter, Sum((ix[i] - u) ** 2, (i, 0, n - 1))),
    at_most("frobenius.trace", Trace(F3) ** 2, n * frobenius(F3)),
    at_most(
        "chebyshev",
        Sum(Piecewise((1, sp.Abs(ix[i]) >= eps), (0, True)), (i, 0, n - 1)),
        Sum(ix[i] ** 2, (i, 0, n - 1)) / eps**2,
    ),
    at_most("constant.pi", sqrt(2) + sqrt(3), sp.pi + Rational(1, 100)),
    at_most("size.product", n + m, 2 * n * m),
    at_most("size.floor", sp.floor(n / m) * m, n),
    same("inverse.arctangents", sp.atan(u) + sp.atan(1 / u), sp.pi / 2, u > 0),
    same("inverse.atanh", sp.atanh(u), (log(1 + u) - log(1 - u)) / 2),
    same("angle.margin", cos(sp.acos(u) + v), u * cos(v) - sqrt(1 - u**2) * sin(v)),
    same("angle.arctangents", sin(2 * sp.atan(u)), 2 * u / (1 + u**2)),
    same("angle.turned", sin(t), cos(u + v), where={t: u + v + 5 * sp.pi / 2}),
    same(
        "angle.double",
        sin(2 * (u + v) / (1 + v)),
        2 * sin(t) * cos(t),
        where={t: (u + v) / (1 + v)},
    ),
    same("shrunk.envelope", envelope, huber, lam >= 0),
    same("half-angle", sp.tan(t / 2), sin(t) / (1 + cos(t))),
    same(
        "log-likelihood",
        log(Product(ix[i], (i, 0, n - 1))),
        Sum(log(ix[i]), (i, 0, n - 1)),
        Q.positive(ix[i]),
    ),
    same(
        "declared.scale",
        Sum(((ix[i] - average_of) / sqrt(scale**2)) ** 2, (i, 0, n - 1)),
        n,
        where={scale: sqrt(Sum((ix[i] - average_of) ** 2, (i, 0, n - 1)) / n)},
    ),
]
FALSE += [
    at_most("monotone.square", 0, (u**2 - v**2) * (u - v)),
    at_most("monotone.inverse", 0, (1 / u - 1 / v) * (v - u)),
    at_most("monotone.third-factor", 0, (exp(u) - exp(v)) * (u - v) * t),
    at_most("calculus.logarithm-below.square", u - u**2 / 2, log(1 + u), u > -1),
    at_most("calculus.root.third", sqrt(1 + u), 1 + u / 3),
    at_most("calculus.tanh.signed", tanh(u), u),
    at_most("calculus.lipschitz.eighth", sp.Abs(logistic(u) - logistic(v)), sp.Abs(u - v) / 8),
    at_most("calculus.lipschitz.exp", sp.Abs(exp(u) - exp(v)), sp.Abs(u - v)),
    at_most("convex.square.reversed", mixed(u**2, v**2), mixed(u, v) ** 2, *within),
    at_most("convex.square.beyond", mixed(u, v) ** 2, mixed(u**2, v**2)),
    at_most("means.three.signed", u * v * t, (u**3 + v**3 + t**3) / 3),
    at_most("means.three.quarter", u * v * t, (u**3 + v**3 + t**3) / 4, u >= 0, v >= 0, t >= 0),
    at_most("jensen.exp.reversed", Sum(exp(ix[i]), (i, 0, n - 1)) / n, exp(average_of)),
    at_most("weights.one.signed", ip[l], 1, average[1]),
    at_most("weights.variation.no-half", Sum(sp.Abs(ip[i] - iq[i]), (i, 0, n - 1)), 1, *both),
    at_most(
        "bounded.unbounded",
        Sum((ix[i] - average_of) ** 2, (i, 0, n - 1)) / n,
        Rational(1, 4),
        ix[i] >= 0,
    ),
    at_most("correlation.not-centred", spread(0, 0) ** 2, scatter * other_scatter),
    at_most("frobenius.trace.no-n", Trace(F3) ** 2, frobenius(F3)),
    at_most("constant.pi.less", sp.pi, Rational(22, 7) - Rational(1, 100)),
    at_most("size.product.no-2", n + m, n * m),
    same("inverse.arctangents.signs", sp.atan(u) + sp.atan(1 / u), sp.pi / 2),
    same("angle.margin.sign", cos(sp.acos(u) - v), u * cos(v) - sqrt(1 - u**2) * sin(v)),
    same("angle.inside", sp.asin(sin(u)), u),
    same("angle.turned.half", sin(t), cos(u + v), where={t: u + v + 3 * sp.pi / 2}),
    same("shrunk.envelope.signed", envelope, huber),
    same("half-angle.root", cos(t / 2), sqrt((1 + cos(t)) / 2)),
    same(
        "declared.scale.no-root",
        Sum(((ix[i] - average_of) / scale) ** 2, (i, 0, n - 1)),
        n,
        where={scale: Sum((ix[i] - average_of) ** 2, (i, 0, n - 1)) / n},
    ),
    misfit(same("given.not-square", Trace(F3), Trace(F3.T), Q.symmetric(F1))),
]
