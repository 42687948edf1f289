"""Sequences and index notation: recurrences over scalars, re-indexed sums, conditions in sums."""

from __future__ import annotations

import sympy as sp
from sympy import Eq, Lambda, Max, Piecewise, Product, Sum, Symbol, exp, log, symbols, tanh

from corpus.textbook import (
    FALSE,
    TRUE,
    M,
    each,
    eps,
    grad,
    i,
    ia,
    ig,
    ip,
    ix,
    j,
    k,
    l,
    last,
    m,
    n,
    odot,
    one,
    q,
    r,
    same,
    sigma,
    t,
)
from derive import at, recurrence, sum_over

steps = Symbol("T", integer=True, positive=True)
time, s = symbols("t s", integer=True)
pad, block = symbols("pad block", integer=True, positive=True)
gamma, beta, start, slope = symbols("gamma beta h_0 w", real=True)


def sized(name, *shape):
    return sp.IndexedBase(name, shape=shape)


states, returns, inputs, gains = (
    sized("h", steps + 1),
    sized("G", steps + 1),
    sized("x", steps),
    sized("g", steps),
)
factors, deltas = sized("a", steps + 1), sized("delta", steps + 1)
forward, backward = (time, 1, steps), (time, 0, steps - 1)
discounted = {returns: recurrence(inputs[time] + gamma * returns[time + 1], backward, end=0)}
averaged_ = {
    states: recurrence(
        beta * states[time - 1] + (1 - beta) * inputs[time - 1], forward, start=start
    )
}
powers_ = {states: recurrence(slope * states[time - 1], forward, start=start)}
horner = {states: recurrence(slope * states[time - 1] + factors[time], forward, start=factors[0])}
selective = {
    states: recurrence(factors[time] * states[time - 1] + inputs[time - 1], forward, start=start)
}
tanh_rnn = {
    states: recurrence(tanh(slope * states[time - 1] + inputs[time - 1]), forward, start=start)
}
prefix = {states: recurrence(states[time - 1] + inputs[time - 1], forward, start=0)}
running = {
    states: recurrence(
        states[time - 1] + (inputs[time - 1] - states[time - 1]) / time, forward, start=0
    )
}
softened = {
    states: recurrence(log(exp(states[time - 1]) + exp(inputs[time - 1])), forward, start=start)
}
residual_ = {
    states: recurrence(
        states[time - 1] + gains[time - 1] * sigma(states[time - 1]), forward, start=start
    )
}
variance_ = {states: recurrence(slope**2 * states[time - 1] + eps, forward, start=start)}
within = (s >= 0, s <= steps)


def decayed(first):
    return Sum(gamma ** (k - s) * inputs[k], (k, first, steps - 1))


def jacobians(first):
    return Product(slope * (1 - states[k] ** 2), (k, first, steps))


A, B, C = M("A", n, n), M("B", n, m), M("C", n, 1)
lines, rows = M("H", steps + 1, n), M("X", steps, m)
linear = {
    lines: recurrence(
        at(lines, time - 1) * A + at(rows, time - 1) * B.T, forward, start=M("h0", 1, n)
    )
}
output = (at(lines, steps) * C)[0, 0]
alpha, emitted = M("alpha", steps + 1, n), M("E", steps, n)
later = M("beta", steps + 1, n)
hidden_markov = {
    alpha: recurrence(
        odot(at(alpha, time - 1) * A, at(emitted, time - 1)), forward, start=M("pi", 1, n)
    ),
    later: recurrence(odot(at(later, time + 1), at(emitted, time)) * A.T, backward, end=one(1, n)),
}
likelihood = (at(alpha, steps) * one(n, 1))[0, 0]
causal = Sum(ig[i] * Sum(ip[k] * ix[i - k], (k, 0, i)), (i, 0, last))
odd = sized("k", 2 * pad + 1)


def reaches(index):
    return (index >= 0) & (index <= last)


same_size = Sum(
    Piecewise((ix[i + k - pad] * odd[k], reaches(i + k - pad)), (0, True)), (k, 0, 2 * pad)
)
W, w, a, x = M("W", n, m), M("w", m, 1), M("a", n, 1), M("x", n, 1)
step_ = Piecewise((1, t > 0), (0, True))
rectified = each(W * w, Piecewise((t, t > 0), (0, True)))
lower_ones = sp.FunctionMatrix(n, n, Lambda((i, j), Piecewise((1, j <= i), (0, True))))
pairs = sized("x2", 2 * n)
blocks_ = sized("xb", n * block)
graph = Sum(ia[i, j] * (ix[i] - ix[j]) ** 2, (i, 0, last), (j, 0, last)) / 4
rolled = Piecewise((ix[i - 1], i >= 1), (ix[last], True))
opacity = ip[i] * Product(1 - ip[k], (k, 0, i - 1))
growing = Sum(ig[i] * Product(ix[k], (k, 0, i)), (i, 0, last))
hinges = Sum(Max(0, 1 - ix[i] + ix[j]), (i, 0, last), (j, 0, last))
TRUE += [
    same("sequence.returns", returns[s], decayed(s), *within, where=discounted),
    same(
        "sequence.returns.first",
        returns[0],
        Sum(gamma**k * inputs[k], (k, 0, steps - 1)),
        where=discounted,
    ),
    grad(
        "sequence.returns.masked",
        returns[s],
        inputs[l],
        Piecewise((gamma ** (l - s), l >= s), (0, True)),
        *within,
        where=discounted,
    ),
    grad(
        "sequence.average",
        states[steps],
        inputs[l],
        (1 - beta) * beta ** (steps - 1 - l),
        where=averaged_,
    ),
    grad(
        "sequence.power", states[steps], slope, steps * slope ** (steps - 1) * start, where=powers_
    ),
    grad(
        "sequence.horner",
        states[steps],
        slope,
        Sum((steps - k) * factors[k] * slope ** (steps - k - 1), (k, 0, steps - 1)),
        where=horner,
    ),
    grad(
        "sequence.horner.coefficient", states[steps], factors[l], slope ** (steps - l), where=horner
    ),
    grad(
        "sequence.selective",
        states[steps],
        factors[s],
        Product(factors[k], (k, s + 1, steps)) * states[s - 1],
        s >= 1,
        s <= steps,
        where=selective,
    ),
    grad(
        "sequence.rnn",
        states[steps],
        slope,
        Sum(jacobians(s + 1) * (1 - states[s] ** 2) * states[s - 1], (s, 1, steps)),
        where=tanh_rnn,
    ),
    grad(
        "sequence.rnn.position",
        states[s],
        slope,
        Sum(
            Product(slope * (1 - states[j] ** 2), (j, k + 1, s))
            * (1 - states[k] ** 2)
            * states[k - 1],
            (k, 1, s),
        ),
        s >= 1,
        s <= steps,
        where=tanh_rnn,
    ),
    grad(
        "sequence.rnn.jacobian", states[steps], states[s], jacobians(s + 1), *within, where=tanh_rnn
    ),
    same(
        "sequence.prefix",
        states[r] - states[s],
        Sum(inputs[k], (k, s, r - 1)),
        s >= 0,
        s <= r,
        r <= steps,
        where=prefix,
    ),
    grad(
        "sequence.prefix.loss",
        Sum(gains[time] * states[time + 1], backward),
        inputs[l],
        Sum(gains[time], (time, l, steps - 1)),
        where=prefix,
    ),
    same("sequence.mean", states[steps], Sum(inputs[k], (k, 0, steps - 1)) / steps, where=running),
    grad(
        "sequence.logsumexp",
        states[steps],
        inputs[l],
        exp(inputs[l] - states[steps]),
        where=softened,
    ),
    same(
        "sequence.residual",
        states[steps],
        start + Sum(gains[k] * sigma(states[k]), (k, 0, steps - 1)),
        where=residual_,
    ),
    same(
        "sequence.variance",
        (1 - slope**2) * states[steps],
        (1 - slope**2) * slope ** (2 * steps) * start + eps * (1 - slope ** (2 * steps)),
        where=variance_,
    ),
    grad(
        "sequence.linear.input",
        output,
        rows[l, q],
        (C.T * A.T ** (steps - 1 - l) * B)[0, q],
        where=linear,
    ),
    grad(
        "sequence.linear.weights",
        output,
        B,
        sum_over(A ** (steps - time) * C * at(rows, time - 1), forward),
        where=linear,
    ),
    same(
        "sequence.markov",
        (at(alpha, s) * at(later, s).T)[0, 0],
        likelihood,
        *within,
        where=hidden_markov,
    ),
    grad(
        "sequence.markov.transitions",
        likelihood,
        A,
        sum_over(at(alpha, time - 1).T * odot(at(emitted, time - 1), at(later, time)), forward),
        where=hidden_markov,
    ),
    grad("folded.causal", causal, ix[l], Sum(ig[i] * ip[i - l], (i, l, last))),
    grad(
        "folded.same-size",
        Sum(ig[i] * same_size, (i, 0, last)),
        ix[l],
        Sum(
            Piecewise((ig[l - k + pad] * odd[k], reaches(l - k + pad)), (0, True)), (k, 0, 2 * pad)
        ),
    ),
    grad(
        "folded.same-size.square",
        Sum((same_size - ig[i]) ** 2, (i, 0, last)) / 2,
        odd[l],
        Sum(
            (same_size - ig[i]) * Piecewise((ix[i + l - pad], reaches(i + l - pad)), (0, True)),
            (i, 0, last),
        ),
    ),
    grad(
        "folded.relu",
        Sum((rectified[i, 0] - a[i, 0]) ** 2, (i, 0, last)) / 2,
        w,
        W.T * odot(rectified - a, each(W * w, step_)),
    ),
    grad("folded.cumulative-matrix", Sum((lower_ones * x)[i, 0], (i, 0, last)), x[l, 0], n - l),
    grad(
        "strided.odd",
        Sum(ig[i] * (pairs[2 * i] + pairs[2 * i + 1]) / 2, (i, 0, last)),
        pairs[2 * q + 1],
        ig[q] / 2,
        q >= 0,
        q <= last,
    ),
    same(
        "strided.residues",
        Sum(pairs[i], (i, 0, 2 * n - 1)),
        Sum(pairs[2 * i], (i, 0, last)) + Sum(pairs[2 * i + 1], (i, 0, last)),
    ),
    same(
        "strided.blocks",
        Sum(blocks_[i], (i, 0, n * block - 1)),
        Sum(blocks_[block * i + k], (i, 0, last), (k, 0, block - 1)),
    ),
    grad(
        "strided.upsampled",
        Sum(blocks_[j] * ix[sp.floor(j / block)], (j, 0, n * block - 1)),
        ix[l],
        Sum(blocks_[block * l + k], (k, 0, block - 1)),
    ),
    grad(
        "strided.average",
        Sum(ig[i] * Sum(blocks_[block * i + k], (k, 0, block - 1)) / block, (i, 0, last)),
        blocks_[l],
        ig[sp.floor(l / block)] / block,
    ),
    same(
        "strided.repeated",
        Sum(ix[sp.floor(j / block)], (j, 0, n * block - 1)),
        block * Sum(ix[i], (i, 0, last)),
    ),
    grad(
        "exchangeable.graph",
        graph,
        ix[l],
        Sum(ia[l, j] * (ix[l] - ix[j]), (j, 0, last)),
        Eq(ia[i, j], ia[j, i]),
    ),
    same("rolled.sum", Sum(rolled**2, (i, 0, last)), Sum(ix[i] ** 2, (i, 0, last))),
    same("telescoped.opacity", Sum(opacity, (i, 0, last)), 1 - Product(1 - ip[k], (k, 0, last))),
    grad(
        "product.growing",
        growing,
        ix[l],
        Sum(ig[i] * Product(ix[k], (k, 0, i)), (i, l, last)) / ix[l],
        sp.Ne(ix[l], 0),
    ),
    grad(
        "brackets.pairwise-hinge",
        hinges,
        ix[l],
        Sum(
            Piecewise((1, 1 - ix[i] + ix[l] > 0), (0, True))
            - Piecewise((1, 1 - ix[l] + ix[i] > 0), (0, True)),
            (i, 0, last),
        ),
    ),
]
FALSE += [
    same("sequence.returns.shifted", returns[s], gamma * decayed(s), *within, where=discounted),
    grad("sequence.returns.unmasked", returns[s], inputs[l], gamma**l, *within, where=discounted),
    grad(
        "sequence.average.shifted",
        states[steps],
        inputs[l],
        (1 - beta) * beta ** (steps - l),
        where=averaged_,
    ),
    grad("sequence.power.last", states[steps], slope, slope ** (steps - 1) * start, where=powers_),
    same(
        "sequence.horner.reversed",
        states[steps],
        Sum(factors[k] * slope**k, (k, 0, steps)),
        where=horner,
    ),
    grad(
        "sequence.selective.next",
        states[steps],
        factors[s],
        Product(factors[k], (k, s + 1, steps)) * states[s],
        s >= 1,
        s <= steps,
        where=selective,
    ),
    grad(
        "sequence.rnn.range",
        states[steps],
        states[s],
        jacobians(s),
        s >= 1,
        s <= steps,
        where=tanh_rnn,
    ),
    grad(
        "sequence.rnn.truncated",
        states[steps],
        slope,
        (1 - states[steps] ** 2) * states[steps - 1],
        where=tanh_rnn,
    ),
    grad(
        "sequence.prefix.loss.late",
        Sum(gains[time] * states[time + 1], backward),
        inputs[l],
        Sum(gains[time], (time, l + 1, steps - 1)),
        where=prefix,
    ),
    grad(
        "sequence.logsumexp.own",
        states[steps],
        inputs[l],
        exp(inputs[l] - states[l]),
        where=softened,
    ),
    grad(
        "sequence.linear.weights.power",
        output,
        B,
        sum_over(A ** (steps - time + 1) * C * at(rows, time - 1), forward),
        where=linear,
    ),
    grad(
        "sequence.markov.transitions.bare",
        likelihood,
        A,
        sum_over(at(alpha, time - 1).T * at(later, time), forward),
        where=hidden_markov,
    ),
    grad("folded.causal.turned", causal, ix[l], Sum(ig[i] * ip[l - i], (i, 0, l))),
    grad(
        "folded.same-size.not-flipped",
        Sum(ig[i] * same_size, (i, 0, last)),
        ix[l],
        Sum(
            Piecewise((ig[l + k - pad] * odd[k], reaches(l + k - pad)), (0, True)), (k, 0, 2 * pad)
        ),
    ),
    grad(
        "folded.relu.bare",
        Sum((rectified[i, 0] - a[i, 0]) ** 2, (i, 0, last)) / 2,
        w,
        W.T * (rectified - a),
    ),
    grad(
        "strided.odd.whole",
        Sum(ig[i] * (pairs[2 * i] + pairs[2 * i + 1]) / 2, (i, 0, last)),
        pairs[2 * q + 1],
        ig[q],
        q >= 0,
        q <= last,
    ),
    same(
        "strided.residues.fewer",
        Sum(pairs[i], (i, 0, 2 * n - 1)),
        Sum(pairs[2 * i], (i, 0, last)) + Sum(pairs[2 * i + 1], (i, 0, n - 2)),
    ),
    grad(
        "strided.upsampled.one",
        Sum(blocks_[j] * ix[sp.floor(j / block)], (j, 0, n * block - 1)),
        ix[l],
        blocks_[block * l],
    ),
    grad(
        "exchangeable.graph.directed", graph, ix[l], Sum(ia[l, j] * (ix[l] - ix[j]), (j, 0, last))
    ),
    same("telescoped.opacity.one", Sum(opacity, (i, 0, last)), 1),
    grad("product.growing.all", growing, ix[l], growing / ix[l], sp.Ne(ix[l], 0)),
]
