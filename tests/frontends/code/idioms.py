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


def gated_loss(x, f):
    hs = {-1: np.zeros(x.shape[1])}
    for t in range(len(x)):
        hs[t] = np.tanh(f * hs[t - 1] + x[t])
    dh, df = np.ones_like(f), np.zeros_like(f)
    for t in reversed(range(len(x))):
        dz = dh * (1 - hs[t] ** 2)
        df += dz * hs[t]
        dh = dz * f
    return hs[len(x) - 1].sum(), df
