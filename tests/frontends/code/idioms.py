"""Idioms of NumPy that layers are written in, each with its backward."""

import numpy as np


def rows_forward(x, w):
    out = np.zeros((x.shape[0], w.shape[1]))
    for row, xi in zip(out, x, strict=True):
        row += xi @ w
    return out, (x, w)


def rows_backward(g, cache):
    x, w = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i in range(len(x)):
        r = dx[i]
        r[:] = w @ g[i]
        dw += np.outer(x[i], g[i])
    return dx, dw


def comb_forward(x):
    y = np.empty_like(x)
    y[:, ::2] = x[:, 1::2]
    y[:, 1::2] = x[:, ::2] ** 2
    return y, x


def comb_backward(g, x):
    dx = np.empty_like(x)
    dx[:, 1::2] = g[:, ::2]
    dx[:, ::2] = 2 * g[:, 1::2] * x[:, ::2]
    return dx


def comb_wrong_backward(g, x):
    dx = np.empty_like(x)
    dx[:, 1::2] = g[:, ::2]
    return dx


def columns_forward(x):
    return x.flatten(order="F") ** 2, x


def columns_backward(g, x):
    return 2 * x * g.reshape(x.shape, order="F")


def strided_forward(x, w):
    k = len(w)
    at = np.lib.stride_tricks.as_strided(x, (len(x) - k + 1, k), (x.strides[0], x.strides[0]))
    return at @ w, (x, w)


def strided_backward(g, cache):
    x, w = cache
    return np.convolve(g, w), np.convolve(x, g[::-1], mode="valid")


def unfolded_forward(x):
    n, m = x.shape
    out = np.zeros(n * m)
    for i in range(n):
        for j in range(m):
            out[i * m + j] = x[i, j] ** 2
    return out, x


def unfolded_backward(g, x):
    n, m = x.shape
    dx = np.zeros_like(x)
    for i in range(n):
        for j in range(m):
            dx[i, j] = 2 * x[i, j] * g[i * m + j]
    return dx


def active_loss(x):
    active = x > 0
    return np.sum(x[active] ** 2) / len(x), 2 * active * x / len(x)


def bordered_forward(x):
    return np.r_[[0.0], x, x[:1]] ** 2, x


def bordered_backward(g, x):
    dx = 2 * g[1:-1] * x
    dx[0] += 2 * g[-1] * x[0]
    return dx


def unit_forward(x):
    n = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.maximum(n, 1e-12), (x, n)


def unit_backward(g, cache):
    x, n = cache
    n = np.maximum(n, 1e-12)
    y = x / n
    return (g - y * (g * y).sum(-1, keepdims=True)) / n


def unrolled_forward(t, x, h, n):
    w = np.reshape(t, (h, n + 1))
    return x @ w[:, 1:].T + w[:, 0], (x, w)


def unrolled_backward(g, cache):
    x, w = cache
    dw = np.zeros_like(w)
    dw[:, 1:] = g.T @ x
    dw[:, 0] = g.sum(0)
    return dw.ravel()


def gated_forward(x, f, c0):
    hs, cs = {}, {}
    hs[-1], cs[-1] = c0, c0
    for t in range(len(x)):
        cs[t] = f * cs[t - 1] + x[t] * hs[t - 1]
        hs[t] = np.tanh(cs[t])
    return hs[len(x) - 1], (hs, cs, x, f)


def gated_backward(dh, cache):
    hs, cs, x, f = cache
    df, dc = np.zeros_like(f), np.zeros_like(f)
    for t in reversed(range(len(x))):
        dc = dc + dh * (1 - hs[t] ** 2)
        df += dc * cs[t - 1]
        dh = dc * x[t]
        dc = dc * f
    return df


class Dense:
    def __init__(self, weights):
        self.weights = weights

    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights

    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dinputs = dvalues @ self.weights.T


def twice_forward(x):
    y = np.zeros_like(x)
    y[:, ::2] = x[:, ::2]
    y[:, ::2] = x[:, 1::2] ** 2
    return y, x


def twice_backward(g, x):
    dx = np.zeros_like(x)
    dx[:, 1::2] = 2 * g[:, ::2] * x[:, 1::2]
    return dx


def lower_forward(x):
    return np.tril(x) ** 2, x


def lower_backward(g, x):
    return 2 * np.tril(x) * g


def turned_forward(x):
    return np.swapaxes(x, 0, 1) ** 2, x


def turned_backward(g, x):
    return 2 * x * np.swapaxes(g, 0, 1)


def halves_forward(x):
    a, b = np.split(x, 2, axis=1)
    return a * b**2, (a, b)


def halves_backward(g, cache):
    a, b = cache
    return np.concatenate([g * b**2, 2 * g * a * b], axis=1)


def doubled_forward(x):
    return np.repeat(x, 2, axis=0) ** 2, x


def doubled_backward(g, x):
    return 2 * x * (g[::2] + g[1::2])


def flat_forward(x):
    y = x.copy()
    flat = y.ravel()
    flat[flat < 0] = 0
    return y, x


def flat_backward(dy, x):
    dx = dy.copy()
    dx.T[x.T < 0] = 0
    return dx


def crossed_forward(x):
    y = x.copy()
    kept = y[0]  # a view, and not the row that it was
    y[0] = y[-1]
    y[-1] = kept
    return y, x


def crossed_backward(dy, x):
    dx = dy.copy()
    dx[-1] += dx[0]
    dx[0] = 0
    return dx


def crossed_wrong_backward(dy, x):
    dx = dy.copy()
    dx[[0, -1]] = dx[[-1, 0]]
    return dx


def heads_forward(x, w):
    return np.concatenate([x @ w[k] for k in range(len(w))], axis=1), (x, w)


def heads_backward(dy, cache):
    x, w = cache
    n = w.shape[2]
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for k in range(len(w)):
        own = dy[:, k * n : (k + 1) * n]
        dx += own @ w[k].T
        dw[k] = x.T @ own
    return dx, dw


def banned_forward(s):
    p = s.copy()
    p[:, np.tri(s.shape[1], k=-1, dtype=bool)] = 0.0
    return p, s.shape


def banned_backward(dp, shape):
    ds = dp.copy()
    ds[:, np.tri(shape[1], k=-1, dtype=bool)] = 0.0
    return ds


def beside_forward(h, x, w):
    z = np.concatenate([h, x])
    return w @ z, (z, w, len(h))


def beside_backward(dy, cache):
    z, w, n = cache
    dz = w.T @ dy
    return dz[:n], dz[n:], np.outer(dy, z)


def places_forward(x, a):
    y = np.zeros_like(x)
    for i, j in np.ndindex(*x.shape):
        y[i, j] = a[i] * x[i, j] ** 2
    return y, (x, a)


def places_backward(dy, cache):
    x, a = cache
    dx, da = np.zeros_like(x), np.zeros_like(a)
    for i, j in np.ndindex(*x.shape):
        dx[i, j] = 2 * a[i] * x[i, j] * dy[i, j]
        da[i] += x[i, j] ** 2 * dy[i, j]
    return dx, da


def banned_rows_forward(x):
    y = x.copy()
    y[[0, -1]] = 0.0
    return y, x.shape


def banned_rows_backward(dy, shape):
    dx = dy.copy()
    dx[[0, -1]] = 0.0
    return dx


def popped_forward(x, w):
    h, caches = np.zeros(x.shape[1]), []
    for row in x:
        caches.append((row, h))
        h = w * h + row
    return h, (w, caches)


def emptied_backward(dh, cache):
    w, caches = cache
    dx, dw = [], np.zeros_like(w)
    while caches:
        _, before = caches.pop()
        dx.insert(0, dh)
        dw += dh * before
        dh = dh * w
    return np.array(dx), dw


def popped_backward(dh, cache):
    w, caches = cache
    dx, dw = np.zeros((len(caches), len(w))), np.zeros_like(w)
    for t in reversed(range(len(caches))):
        _, before = caches.pop()
        dx[t] = dh
        dw += dh * before
        dh = dh * w
    return dx, dw


def from_the_front_backward(dh, cache):
    w, caches = cache
    dx, dw = np.zeros((len(caches), len(w))), np.zeros_like(w)
    for t in reversed(range(len(caches))):
        _, before = caches.pop(0)
        dx[t] = dh
        dw += dh * before
        dh = dh * w
    return dx, dw


def pairs_forward(x, a):
    n = len(x)
    near = sum(x[i] * x[j] * a[j] for i in range(n) for j in range(n) if i != j)
    return near + sum(p * q for p, q in zip(x, a, strict=True)), (x, a)


def pairs_backward(g, cache):
    x, a = cache
    s, t = x.sum(), x @ a
    return g * (t + a * s - 2 * a * x + a), g * (x * s - x**2 + x)


def around_forward(x):
    return x - np.roll(x, 1, axis=0), x.shape


def around_backward(dy, shape):
    return dy - np.roll(dy, -1, axis=0)


def matrix_forward(x, w):
    x, w = np.asmatrix(x), np.asmatrix(w)
    y = x * w
    return np.multiply(y, y) - y.mean(axis=0), (x, w, y)


def matrix_backward(dy, cache):
    x, w, y = cache
    dy = np.multiply(2 * y, dy) - np.asmatrix(dy).mean(axis=0)
    return dy * w.T, x.T * dy


def centres_forward(x, m, y):
    d = m[y] - x
    return 0.5 * (d**2).sum(), (d, y, len(m))


def centres_backward(g, cache):
    d, y, count = cache
    dm = np.zeros((count, d.shape[1]))
    for c in range(count):
        dm[c] = g * d[y == c].sum(axis=0)
    return -g * d, dm


def by_rows_forward(x, a):
    p = np.apply_along_axis(lambda z: np.exp(z) / np.exp(z).sum(), 1, x)
    slope = np.vectorize(lambda v: v if v > 0 else 0.1 * v)
    return p + slope(np.select([a > 1, a < -1], [a, 2 * a], 3 * a)), (p, a)


def by_rows_backward(dy, cache):
    p, a = cache
    da = np.select([a > 1, a < -1], [dy, 2 * dy], 3 * dy)
    return p * (dy - (dy * p).sum(1, keepdims=True)), np.where(a > 0, da, 0.1 * da)


def swapped_loss(x, a):
    loss, dx = 0.0, np.zeros_like(x)
    for i in range(x.shape[0] // 2):
        for j in range(x.shape[1] // 2):
            pair = x[i, 2 * j : 2 * j + 2]
            loss += np.max(pair) * a[i, j]
            dx[i, 2 * j : 2 * j + 2] += (pair == np.max(pair)) * a[j, i]
    return loss, dx


def chain_loss(e, a):
    alpha, beta = np.zeros_like(e), np.zeros_like(e)
    alpha[0] = e[0]
    for t in range(1, len(e)):
        alpha[t] = e[t] + np.log(np.exp(alpha[t - 1][:, None] + a).sum(axis=0))
    for t in range(len(e) - 2, -1, -1):
        beta[t] = np.log(np.exp(a + e[t + 1] + beta[t + 1]).sum(axis=1))
    total = np.log(np.exp(alpha[-1]).sum())
    da = np.zeros_like(a)
    for t in range(1, len(e)):
        da += np.exp(alpha[t - 1][:, None] + a + e[t] + beta[t] - total)
    return total, np.exp(alpha + beta - total), da


def stepped_loss(x, f):
    hs = {-1: np.zeros(x.shape[1])}
    for t in range(len(x)):
        hs[t] = np.tanh(f * hs[t - 1] + x[t])
    dh, df = np.ones_like(f), np.zeros_like(f)
    for t in reversed(range(len(x))):
        dz = dh * (1 - hs[t] ** 2)
        df += dz * hs[t]
        dh = dz * f
    return hs[len(x) - 1].sum(), df


def bent_loss(x):
    if x.sum() > 1:
        return x.sum(), np.ones_like(x)
    return 0.5 * (x**2).sum(), x


def stencil_forward(x, w):
    H, W = x.shape
    padded = np.pad(x, 1)
    out = np.zeros_like(x)
    for i in range(3):
        for j in range(3):
            out += padded[i : i + H, j : j + W] * w[i, j]
    return out, (padded, w)


def stencil_backward(g, cache):
    padded, w = cache
    H, W = g.shape
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(3):
        for j in range(3):
            dw[i, j] = (padded[i : i + H, j : j + W] * g).sum()
            dpadded[i : i + H, j : j + W] += g * w[i, j]
    return dpadded[1:-1, 1:-1], dw


def stencil_wrong_backward(g, cache):
    _, w = cache
    H, W = g.shape
    dpadded = np.zeros((H + 2, W + 2))
    for i in range(3):
        for j in range(3):
            dpadded[i : i + H, j : j + W] += g * w[j, i]
    return dpadded[1:-1, 1:-1]


def stencil_last_backward(g, cache):
    _, w = cache
    H, W = g.shape
    dpadded = np.zeros((H + 2, W + 2))
    for i in range(3):
        for j in range(3):
            dpadded[i : i + H, j : j + W] = g * w[i, j]
    return dpadded[1:-1, 1:-1]
