"""Loops that carry a state, in the ways in which people keep it."""

import numpy as np


def listed_forward(y0, a, n):
    ys = [y0]
    for _ in range(n):
        ys.append(a * ys[-1] + ys[-1] ** 2)
    return ys[-1], (ys, a, n)


def listed_backward(dy, cache):
    ys, a, n = cache
    da = np.zeros_like(a)
    for k in range(n - 1, -1, -1):
        da += dy * ys[k]
        dy = dy * (a + 2 * ys[k])
    return dy, da


def listed_backward_wrong(dy, cache):
    ys, a, n = cache
    da = np.zeros_like(a)
    for k in range(n - 1, -1, -1):
        da += dy * ys[k + 1]
        dy = dy * (a + 2 * ys[k])
    return dy, da


def keyed_forward(x, h0, w):
    h = {-1: h0}
    T = len(x)
    for t in range(T):
        h[t] = np.tanh(x[t] + w * h[t - 1])
    return np.array([h[t] for t in range(T)]), (x, h, w)


def keyed_backward(dh, cache):
    x, h, w = cache
    T = len(x)
    delta = {T: np.zeros(w.shape)}
    for t in range(T - 1, -1, -1):
        delta[t] = (dh[t] + delta[t + 1] * w) * (1 - h[t] ** 2)
    dw = np.zeros(w.shape)
    for t in range(T):
        dw += h[t - 1] * delta[t]
    return np.array([delta[t] for t in range(T)]), delta[0] * w, dw


def keyed_backward_wrong(dh, cache):
    dx, dh0, dw = keyed_backward(dh, cache)
    return dx, dh0 / cache[2], dw


def remembered_forward(x, w):
    h = np.zeros_like(w)
    hs = {0: h}
    for t, row in enumerate(x):
        h = row + w * h
        hs[t + 1] = h
    return h, (x, w, hs)


def remembered_backward(dh, cache):
    x, w, hs = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in reversed(range(len(x))):
        dx[t] = dh
        dw += hs[t] * dh
        dh = w * dh
    return dx, dw


def remembered_backward_wrong(dh, cache):
    x, w, hs = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in reversed(range(len(x))):
        dx[t] = dh
        dw += hs[t + 1] * dh
        dh = w * dh
    return dx, dw


class Average:
    def __init__(self, a):
        self.a = a

    def forward(self, x):
        self.x, self.m = x, np.zeros_like(x[0])
        self.before = []
        out = np.empty_like(x)
        for t in range(len(x)):
            self.before.append(self.m)
            self.m = self.a * self.m + x[t]
            out[t] = self.m
        return out

    def backward(self, dout):
        dx = np.empty_like(dout)
        self.da, g = np.zeros_like(self.a), 0
        for t in reversed(range(len(dout))):
            g = g + dout[t]
            dx[t] = g
            self.da += g * self.before[t]
            g = self.a * g
        return dx


class WrongAverage(Average):
    def backward(self, dout):
        dx = super().backward(dout)
        self.da = self.da * self.a
        return dx


def wrapped_forward(x, w):
    """The row before the first is the last, which is 0 in the loop's own array."""
    s = np.zeros((len(x) + 1, *w.shape))
    for t in np.arange(len(x)):
        s[t] = np.tanh(x[t] + w * s[t - 1])
    return s[len(x) - 1], (x, w, s)


def wrapped_backward(ds, cache):
    x, w, s = cache
    dw = np.zeros_like(w)
    for t in np.arange(len(x))[::-1]:
        delta = ds * (1 - s[t] ** 2)
        dw += s[t - 1] * delta
        ds = w * delta
    return dw


def wrapped_backward_wrong(ds, cache):
    return wrapped_backward(ds, cache) + cache[2][0] * ds


def chosen_forward(a, b):
    h = np.zeros_like(b)
    for t in range(len(b)):
        h[t] = (a[t] * h[t - 1] if t > 0 else 0) + b[t]
    return h, (a, h)


def chosen_backward(dh, cache):
    a, h = cache
    da, g = np.zeros_like(a), np.zeros_like(a[0])
    for t in range(len(a) - 1, -1, -1):
        g = g + dh[t]
        da[t] = g * (h[t - 1] if t > 0 else 0)
        g = g * a[t]
    return da


def chosen_backward_wrong(dh, cache):
    return chosen_backward(dh, (cache[0], cache[1] + cache[0]))


def decayed_forward(x, a):
    hs = [np.zeros_like(a)]
    for row in x:
        hs.append(a * hs[-1] + row)
    return np.stack(hs[1:]), (x, a, hs)


def decayed_backward(dhs, cache):
    x, a, hs = cache
    dx, da, dh = np.zeros_like(x), np.zeros_like(a), np.zeros_like(a)
    for t in reversed(range(len(x))):
        dh += dhs[t]  # into the array of zeros, the first time
        dx[t] = dh
        da += dh * hs[t]
        dh = dh * a
    return dx, da


def decayed_backward_wrong(dhs, cache):
    dx, da = decayed_backward(dhs, cache)
    return dx, da * cache[1]


def entered_forward(x, w):
    kept, sums = [], {"h": 0}
    for row in x:
        sums["h"] = w * sums["h"] + row
        kept.append(sums["h"])
    return np.stack(kept), (w, kept)


def entered_backward(g, cache):
    w, kept = cache
    dx, grads, carried = np.zeros_like(g), [0, 1.0], np.zeros_like(w)
    for t in range(len(g) - 1, -1, -1):
        dh = g[t] + carried
        dx[t] = dh
        if t > 0:
            grads[0] += dh * kept[t - 1]
        carried = dh * w
    return dx, grads[0]


def entered_backward_wrong(g, cache):
    w, kept = cache
    dx, grads, carried = np.zeros_like(g), [0, 1.0], np.zeros_like(w)
    for t in range(len(g) - 1, -1, -1):
        dh = g[t] + carried
        dx[t] = dh
        grads[0] += dh * kept[t]
        carried = dh * w
    return dx, grads[0]


def unseen_forward(x):
    sums = [0, 0]
    for row in x:
        for k in range(2):
            sums[k] = sums[k] + row
    return sums[0] + sums[1], len(x)


def unseen_backward(g, steps):
    return np.ones((steps, 1)) * g
