"""Losses, activations, layers and attention, as papers and docstrings state them."""

from __future__ import annotations

import sympy as sp
from sympy import Eq, Max, Min, Piecewise, Sum, Symbol, exp, log, sqrt, symbols

from corpus.textbook import (
    FALSE,
    TRUE,
    I,
    M,
    a,
    b,
    back,
    c,
    d,
    each,
    grad,
    h,
    i,
    ig,
    ix,
    j,
    jac,
    k,
    l,
    lam,
    n,
    odot,
    q,
    r,
    same,
    sq,
    t,
    tau,
    u,
    v,
)
from derive import max_over, softmax

Zb, Yb, Sb = (sp.IndexedBase(name, shape=(n, c)) for name in ("Z", "Y", "S"))
zi, pt_ = sp.IndexedBase("z", shape=(c,)), sp.IndexedBase("p", shape=(c,))
weights = sp.IndexedBase("w", shape=(c,))
ratio, small = symbols("r epsilon", positive=True)
advantage, log_p, log_q = symbols("A log_p log_q", real=True)


def soft(values, a, size=c, scale=1):
    return exp(values[a] / scale) / Sum(exp(values[k] / scale), (k, 0, size - 1))


def clipped(value):
    return Min(value * advantage, Max(1 - small, Min(1 + small, value)) * advantage)


inside = (ratio > 1 - small, ratio < 1 + small)
weighted_loss = (
    -Sum(
        weights[k] * Yb[i, k] * (Zb[i, k] - log(Sum(exp(Zb[i, l]), (l, 0, c - 1)))),
        (k, 0, c - 1),
        (i, 0, n - 1),
    )
    / n
)
distilled = -(tau**2) * Sum(pt_[j] * log(soft(zi, j, scale=tau)), (j, 0, c - 1))
focal_p, focus = 1 / (1 + exp(-t)), Symbol("gamma", positive=True)
smooth_l1 = (
    Sum(
        Piecewise(
            ((ix[i] - ig[i]) ** 2 / (2 * small), sp.Abs(ix[i] - ig[i]) < small),
            (sp.Abs(ix[i] - ig[i]) - small / 2, True),
        ),
        (i, 0, n - 1),
    )
    / n
)
hard_swish = t * Max(0, Min(6, t + 3)) / 6
selu = Piecewise((t, t > 0), (tau * (exp(t) - 1), True))
celu = Max(0, t) + Min(0, lam * (exp(t / lam) - 1))
peak = max_over(ix[k], (k, 0, n - 1))
W_, x_ = M("W", d, c), M("x", d, 1)


def margin_of(a):
    return Sum(W_[k, a] * x_[k, 0], (k, 0, d - 1)) - Sum(W_[k, q] * x_[k, 0], (k, 0, d - 1)) + 1


multi_hinge = Sum(Piecewise((Max(0, margin_of(j)), sp.Ne(j, q)), (0, True)), (j, 0, c - 1))
free_energy = tau * log(Sum(exp(zi[k] / tau), (k, 0, c - 1)))
Un, Vn = M("U", n, d), M("V", n, d)
both_ways = softmax(Un * Vn.T / tau) + softmax(Vn * Un.T / tau).T - 2 * I(n)
clip_loss = -Sum(
    log(softmax(Un * Vn.T / tau)[i, i]) + log(softmax(Vn * Un.T / tau)[i, i]), (i, 0, n - 1)
) / (2 * n)
loose, seen = sp.IndexedBase("x"), sp.IndexedBase("y")
beta1 = Symbol("beta_1", positive=True)
Gr = M("G", n, d)
gated = {
    M("s", n, h): Gr * M("W", d, h),
    M("u", n, h): odot(each(M("s", n, h), t / (1 + exp(-t))), Gr * M("V", d, h)),
}
arriving = M("dy", n, d) * M("W_2", h, d).T
slope_of_silu = (1 + t * (1 - 1 / (1 + exp(-t)))) / (1 + exp(-t))
TRUE += [
    grad("ppo.unclipped", clipped(ratio), ratio, advantage, *inside),
    grad("ppo.near-one", clipped(ratio), ratio, advantage, sp.Abs(ratio - 1) < small),
    jac(
        "clipped-by-norm.above",
        Min(1, small / sqrt(sq(x_))) * x_,
        x_,
        small / sqrt(sq(x_)) * (I(d) - x_ * x_.T / sq(x_)),
        sqrt(sq(x_)) > small,
    ),
    jac("clipped-by-norm.below", Min(1, small / sqrt(sq(x_))) * x_, x_, I(d), sqrt(sq(x_)) < small),
    grad("max-of-four", Max(a, b, u, v), a, Piecewise((1, sp.And(a > b, a > u, a > v)), (0, True))),
    grad("ppo.above", clipped(ratio), ratio, 0, ratio > 1 + small, advantage > 0),
    grad("ppo.above.negative", clipped(ratio), ratio, advantage, ratio > 1 + small, advantage < 0),
    grad(
        "ppo.whole",
        clipped(ratio),
        ratio,
        Piecewise(
            (
                0,
                sp.Or(
                    sp.And(advantage > 0, ratio > 1 + small),
                    sp.And(advantage < 0, ratio < 1 - small),
                ),
            ),
            (advantage, True),
        ),
    ),
    grad(
        "ppo.policy",
        clipped(exp(log_p - log_q)),
        log_p,
        exp(log_p - log_q) * advantage,
        exp(log_p - log_q) > 1 - small,
        exp(log_p - log_q) < 1 + small,
    ),
    same(
        "ppo.by-sign",
        clipped(ratio),
        Piecewise(
            (Min(ratio, 1 + small) * advantage, advantage >= 0),
            (Max(ratio, 1 - small) * advantage, True),
        ),
    ),
    grad("kink.one-function", Max(t, sp.Abs(t)), t, Piecewise((1, t > 0), (-1, True))),
    grad("kink.gate-of-relu", t * sp.sign(Max(0, t)), t, Piecewise((1, t > 0), (0, True))),
    grad(
        "leaky-relu.as-max",
        Max(t, lam * t),
        t,
        Piecewise((1, t > 0), (lam, True)),
        lam > 0,
        lam < 1,
    ),
    same("selu.as-sum", selu, Max(0, t) + Min(0, tau * (exp(t) - 1))),
    grad("celu", celu, t, Piecewise((1, t > 0), (exp(t / lam), True)), lam > 0),
    grad("hard-swish", hard_swish, t, Piecewise((0, t < -3), (1, t > 3), ((2 * t + 3) / 6, True))),
    grad("smooth-l1", smooth_l1, ix[l], Max(-1, Min(1, (ix[l] - ig[l]) / small)) / n),
    same("max.of-sigmoids", 1 / (1 + exp(-Max(u, v))), Max(1 / (1 + exp(-u)), 1 / (1 + exp(-v)))),
    same("max.of-odd-powers", Max(u, v) ** 3, Max(u**3, v**3)),
    same("max.of-logs", log(Max(exp(u), exp(v))), Max(u, v)),
    same("max-over.relu", Max(0, peak), max_over(Max(0, ix[k]), (k, 0, n - 1))),
    same("max-over.exp", exp(peak), max_over(exp(ix[k]), (k, 0, n - 1))),
    grad("max-over.of-shifted", max_over(u + ix[k], (k, 0, n - 1)), u, 1),
    grad("max-over.of-one", max_over(u, (k, 0, n - 1)), u, 1),
    grad("max-over.of-scaled", max_over(tau * ix[k], (k, 0, n - 1)), tau, peak),
    grad(
        "stable-logsumexp", peak + log(Sum(exp(ix[k] - peak), (k, 0, n - 1))), ix[j], soft(ix, j, n)
    ),
    grad(
        "cross-entropy.class-weights",
        weighted_loss,
        Zb[r, q],
        (
            exp(Zb[r, q])
            / Sum(exp(Zb[r, k]), (k, 0, c - 1))
            * Sum(weights[k] * Yb[r, k], (k, 0, c - 1))
            - weights[q] * Yb[r, q]
        )
        / n,
    ),
    grad(
        "distillation",
        distilled,
        zi[l],
        tau * (soft(zi, l, scale=tau) - pt_[l]),
        Eq(Sum(pt_[k], (k, 0, c - 1)), 1),
    ),
    grad(
        "focal.gamma",
        -((1 - focal_p) ** focus) * log(focal_p),
        t,
        (1 - focal_p) ** focus * (focus * focal_p * log(focal_p) + focal_p - 1),
    ),
    grad("clip.images", clip_loss, Un, both_ways * Vn / (2 * n * tau)),
    grad(
        "multi-class-hinge",
        multi_hinge,
        W_[r, l],
        Piecewise((x_[r, 0], margin_of(l) > 0), (0, True)),
        sp.Ne(l, q),
    ),
    grad("softmax.off-diagonal", soft(zi, l), zi[q], -soft(zi, l) * soft(zi, q), sp.Ne(l, q)),
    grad(
        "free-energy.temperature",
        free_energy,
        tau,
        -Sum(soft(zi, j, scale=tau) * log(soft(zi, j, scale=tau)), (j, 0, c - 1)),
    ),
    grad(
        "cross-entropy.from-one",
        -Sum(seen[i] * log(exp(loose[i]) / Sum(exp(loose[k]), (k, 1, n))), (i, 1, n)),
        loose[l],
        exp(loose[l]) / Sum(exp(loose[k]), (k, 1, n)) - seen[l],
        Eq(Sum(seen[i], (i, 1, n)), 1),
        l >= 1,
        l <= n,
    ),
    same(
        "adam.bias-correction",
        (1 - beta1) * Sum(beta1 ** (n - i) * u, (i, 1, n)) / (1 - beta1**n),
        u,
    ),
    back(
        "swiglu.gate",
        M("u", n, h) * M("W_2", h, d),
        M("W", d, h),
        M("dy", n, d),
        Gr.T * odot(arriving, Gr * M("V", d, h), each(M("s", n, h), slope_of_silu)),
        where=gated,
    ),
]
FALSE += [
    grad("ppo.unclipped.nothing", clipped(ratio), ratio, 0, *inside),
    grad("ppo.near-one.nothing", clipped(ratio), ratio, 0, sp.Abs(ratio - 1) < small),
    jac(
        "clipped-by-norm.above.scaled",
        Min(1, small / sqrt(sq(x_))) * x_,
        x_,
        small / sqrt(sq(x_)) * I(d),
        sqrt(sq(x_)) > small,
    ),
    grad("ppo.above.moves", clipped(ratio), ratio, advantage, ratio > 1 + small, advantage > 0),
    grad(
        "ppo.whole.both-sides",
        clipped(ratio),
        ratio,
        Piecewise((0, sp.Or(ratio > 1 + small, ratio < 1 - small)), (advantage, True)),
    ),
    grad("kink.one-function.nothing", Max(t, sp.Abs(t)), t, Piecewise((0, t > 0), (-1, True))),
    grad("kink.gate-of-relu.everywhere", t * sp.sign(Max(0, t)), t, 1),
    grad(
        "leaky-relu.as-max.steep", Max(t, lam * t), t, Piecewise((1, t > 0), (lam, True)), lam > 0
    ),
    grad("celu.no-scale", celu, t, Piecewise((1, t > 0), (exp(t), True)), lam > 0),
    grad("hard-swish.once", hard_swish, t, Piecewise((0, t < -3), (1, t > 3), ((t + 3) / 6, True))),
    grad("smooth-l1.not-divided", smooth_l1, ix[l], Max(-small, Min(small, ix[l] - ig[l])) / n),
    same("max.of-even-powers", Max(u, v) ** 2, Max(u**2, v**2)),
    same("max.of-decreasing", 1 / (1 + exp(Max(u, v))), Max(1 / (1 + exp(u)), 1 / (1 + exp(v)))),
    grad("max-over.of-shifted.each", max_over(u + ix[k], (k, 0, n - 1)), u, n),
    grad("max-over.of-one.each", max_over(u, (k, 0, n - 1)), u, n),
    grad(
        "cross-entropy.class-weights.outside",
        weighted_loss,
        Zb[r, q],
        weights[q] * (exp(Zb[r, q]) / Sum(exp(Zb[r, k]), (k, 0, c - 1)) - Yb[r, q]) / n,
        Eq(Sum(Yb[i, k], (k, 0, c - 1)), 1),
    ),
    grad(
        "distillation.no-temperature",
        distilled,
        zi[l],
        soft(zi, l, scale=tau) - pt_[l],
        Eq(Sum(pt_[k], (k, 0, c - 1)), 1),
    ),
    grad("clip.images.one-way", clip_loss, Un, (softmax(Un * Vn.T / tau) - I(n)) * Vn / (n * tau)),
    grad(
        "multi-class-hinge.own-class",
        multi_hinge,
        W_[r, l],
        Piecewise((x_[r, 0], margin_of(l) > 0), (0, True)),
    ),
    grad("softmax.off-diagonal.anywhere", soft(zi, l), zi[q], -soft(zi, l) * soft(zi, q)),
    grad(
        "softmax.off-diagonal.other",
        soft(zi, l),
        zi[q],
        -soft(zi, l) * soft(zi, q),
        sp.Ne(l, q + 1),
    ),
    same(
        "adam.bias-correction.shifted",
        (1 - beta1) * Sum(beta1 ** (n - i) * u, (i, 1, n)) / (1 - beta1 ** (n + 1)),
        u,
    ),
    back(
        "swiglu.gate.no-value",
        M("u", n, h) * M("W_2", h, d),
        M("W", d, h),
        M("dy", n, d),
        Gr.T * odot(arriving, each(M("s", n, h), slope_of_silu)),
        where=gated,
    ),
]
