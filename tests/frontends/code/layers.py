"""Layers as people write them, which the tests of the front end read."""

# ruff: noqa: F841, RUF059, SIM, N

import numpy as np


def affine_forward(x, w, b):
    out = x.dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T)
    dw = x.T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def affine4_forward(x, w, b):
    N = x.shape[0]
    out = x.reshape(N, -1).dot(w) + b
    return out, (x, w, b)


def affine4_backward(dout, cache):
    x, w, b = cache
    N = x.shape[0]
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(N, -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def affine_bad_backward(dout, cache):
    x, w, b = cache
    return dout.dot(w.T), x.T.dot(dout), np.mean(dout, axis=0)


def affine_misfit_backward(dout, cache):
    x, w, b = cache
    return dout.dot(w), x.T.dot(dout), np.mean(dout, axis=0)


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, x):
    dx = dout.copy()
    dx[x <= 0] = 0
    return dx


def relu2_backward(dout, x):
    return dout * (x > 0)


def softmax_loss(x, y):
    shifted = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted), axis=1, keepdims=True)
    log_probs = shifted - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx


def sig(x):
    return 1 / (1 + np.exp(-x))


def loop_affine(x, w, b):
    N, D = x.shape
    M = w.shape[1]
    out = np.zeros((N, M))
    for n in range(N):
        for m in range(M):
            acc = 0.0
            for d in range(D):
                acc += x[n, d] * w[d, m]
            out[n, m] = acc + b[m]
    return out, (x, w, b)


def loop_affine_backward(dout, cache):
    x, w, b = cache
    N, D = x.shape
    M = w.shape[1]
    dx = np.zeros_like(x)
    dw = np.zeros_like(w)
    db = np.zeros_like(b)
    for n in range(N):
        for m in range(M):
            db[m] += dout[n, m]
            for d in range(D):
                dx[n, d] += dout[n, m] * w[d, m]
                dw[d, m] += dout[n, m] * x[n, d]
    return dx, dw, db


def softmax_naive(W, X, y):
    loss = 0.0
    dW = np.zeros_like(W)
    num_train = X.shape[0]
    for i in range(num_train):
        scores = X[i].dot(W)
        scores -= np.max(scores)
        p = np.exp(scores)
        p /= p.sum()
        loss += -np.log(p[y[i]])
        p[y[i]] -= 1
        dW += np.outer(X[i], p)
    loss /= num_train
    dW /= num_train
    return loss, dW


def svm_naive(W, X, y):
    dW = np.zeros(W.shape)
    num_classes = W.shape[1]
    num_train = X.shape[0]
    loss = 0.0
    for i in range(num_train):
        scores = X[i].dot(W)
        correct = scores[y[i]]
        for j in range(num_classes):
            if j == y[i]:
                continue
            margin = scores[j] - correct + 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    loss /= num_train
    dW /= num_train
    return loss, dW


def svm_naive_bad(W, X, y):
    dW = np.zeros(W.shape)
    num_classes = W.shape[1]
    num_train = X.shape[0]
    loss = 0.0
    for i in range(num_train):
        scores = X[i].dot(W)
        correct = scores[y[i]]
        for j in range(num_classes):
            if j == y[i]:
                continue
            margin = scores[j] - correct + 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
    loss /= num_train
    dW /= num_train
    return loss, dW


def conv_naive(x, w, b, stride, pad):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    assert (H + 2 * pad - HH) % stride == 0
    assert (W + 2 * pad - WW) % stride == 0
    Ho = 1 + (H + 2 * pad - HH) // stride
    Wo = 1 + (W + 2 * pad - WW) // stride
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    out = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    win = xp[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    out[n, f, i, j] = np.sum(win * w[f]) + b[f]
    return out, (x, w, b, stride, pad)


def conv_backward(dout, cache):
    x, w, b, stride, pad = cache
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    _, _, Ho, Wo = dout.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    db = np.zeros_like(b)
    for n in range(N):
        for f in range(F):
            db[f] += np.sum(dout[n, f])
            for i in range(Ho):
                for j in range(Wo):
                    dw[f] += (
                        xp[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                        * dout[n, f, i, j]
                    )
                    dxp[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW] += (
                        w[f] * dout[n, f, i, j]
                    )
    dx = dxp[:, :, pad : pad + H, pad : pad + W]
    return dx, dw, db


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h**2)
    return da.dot(Wx.T), da.dot(Wh.T), x.T.dot(da), prev_h.T.dot(da), da.sum(axis=0)


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    H = h0.shape[1]
    h = np.zeros((N, T, H))
    prev = h0
    caches = []
    for t in range(T):
        prev, c = rnn_step_forward(x[:, t, :], prev, Wx, Wh, b)
        h[:, t, :] = prev
        caches.append(c)
    return h, caches


def rnn_backward(dh, caches):
    N, T, H = dh.shape
    D = caches[0][0].shape[1]
    dx = np.zeros((N, T, D))
    dWx = np.zeros((D, H))
    dWh = np.zeros((H, H))
    db = np.zeros(H)
    dprev = np.zeros((N, H))
    for t in reversed(range(T)):
        dx[:, t, :], dprev, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t, :] + dprev, caches[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dprev, dWx, dWh, db


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x.dot(Wx) + prev_h.dot(Wh) + b
    i = sig(a[:, :H])
    f = sig(a[:, H : 2 * H])
    o = sig(a[:, 2 * H : 3 * H])
    g = np.tanh(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    tc = np.tanh(next_c)
    do = dnext_h * tc
    dc = dnext_c + dnext_h * o * (1 - tc**2)
    df = dc * prev_c
    dprev_c = dc * f
    di = dc * g
    dg = dc * i
    da = np.hstack((di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)))
    return da.dot(Wx.T), da.dot(Wh.T), dprev_c, x.T.dot(da), prev_h.T.dot(da), da.sum(axis=0)


def lstm_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    H = h0.shape[1]
    h = np.zeros((N, T, H))
    ph = h0
    pc = np.zeros((N, H))
    cache = []
    for t in range(T):
        ph, pc, c = lstm_step_forward(x[:, t, :], ph, pc, Wx, Wh, b)
        h[:, t, :] = ph
        cache.append(c)
    return h, cache


def lstm_backward(dh, cache):
    N, T, H = dh.shape
    x = cache[0][0]
    D = x.shape[1]
    dx = np.zeros((N, T, D))
    dWx = np.zeros((D, 4 * H))
    dWh = np.zeros((H, 4 * H))
    db = np.zeros(4 * H)
    dph = np.zeros((N, H))
    dpc = np.zeros((N, H))
    for t in reversed(range(T)):
        dxt, dph, dpc, a, bb, cc = lstm_step_backward(dh[:, t, :] + dph, dpc, cache[t])
        dx[:, t, :] = dxt
        dWx += a
        dWh += bb
        db += cc
    return dx, dph, dWx, dWh, db


def batchnorm_forward(x, gamma, beta, eps):
    N, D = x.shape
    mu = 1.0 / N * np.sum(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    var = 1.0 / N * np.sum(sq, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    out = gamma * xhat + beta
    return out, (xhat, gamma, xmu, ivar, sqrtvar, var, eps)


def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / (sqrtvar**2) * divar
    dvar = 0.5 * 1.0 / np.sqrt(var + eps) * dsqrtvar
    dsq = 1.0 / N * np.ones((N, D)) * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1.0 / N * np.ones((N, D)) * dmu
    dx = dx1 + dx2
    return dx, dgamma, dbeta


def bn2_forward(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=0)
    var = x.var(axis=0)
    std = np.sqrt(var + eps)
    xhat = (x - mean) / std
    return gamma * xhat + beta, (xhat, gamma, std)


def bn2_backward(dout, cache):
    xhat, gamma, std = cache
    N = dout.shape[0]
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = dout.sum(axis=0)
    dx = gamma / (N * std) * (N * dout - dbeta - xhat * dgamma)
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, eps=1e-5):
    mu = np.mean(x, axis=1, keepdims=True)
    var = np.var(x, axis=1, keepdims=True)
    xhat = (x - mu) / np.sqrt(var + eps)
    return gamma * xhat + beta, (xhat, gamma, var, eps)


def layernorm_backward(dout, cache):
    xhat, gamma, var, eps = cache
    D = dout.shape[1]
    dxhat = dout * gamma
    dx = (
        dxhat
        - dxhat.mean(axis=1, keepdims=True)
        - xhat * (dxhat * xhat).mean(axis=1, keepdims=True)
    ) / np.sqrt(var + eps)
    return dx, (dout * xhat).sum(0), dout.sum(0)


def maxpool_naive(x, ph, pw, stride):
    N, C, H, W = x.shape
    Ho = 1 + (H - ph) // stride
    Wo = 1 + (W - pw) // stride
    out = np.zeros((N, C, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            out[:, :, i, j] = np.max(
                x[:, :, i * stride : i * stride + ph, j * stride : j * stride + pw], axis=(2, 3)
            )
    return out, (x, ph, pw, stride)


def maxpool_backward(dout, cache):
    x, ph, pw, stride = cache
    N, C, H, W = x.shape
    _, _, Ho, Wo = dout.shape
    dx = np.zeros_like(x)
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    win = x[n, c, i * stride : i * stride + ph, j * stride : j * stride + pw]
                    m = np.max(win)
                    dx[n, c, i * stride : i * stride + ph, j * stride : j * stride + pw] += (
                        win == m
                    ) * dout[n, c, i, j]
    return dx


def svm_loss(x, y):
    N = x.shape[0]
    correct = x[np.arange(N), y]
    margins = np.maximum(0, x - correct[:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N
    num_pos = np.sum(margins > 0, axis=1)
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= num_pos
    dx /= N
    return loss, dx


def emb_forward(x, W):
    return W[x], (x, W)


def emb_backward(dout, cache):
    x, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)
    return dW


def attention(Q, K, V):
    d = Q.shape[-1]
    S = Q @ K.swapaxes(-1, -2) / np.sqrt(d)
    S = S - S.max(axis=-1, keepdims=True)
    A = np.exp(S)
    A /= A.sum(axis=-1, keepdims=True)
    return A @ V, (Q, K, V, A)


def attention_backward(dO, cache):
    Q, K, V, A = cache
    d = Q.shape[-1]
    dV = A.swapaxes(-1, -2) @ dO
    dA = dO @ V.swapaxes(-1, -2)
    dS = A * (dA - (dA * A).sum(-1, keepdims=True))
    dQ = dS @ K / np.sqrt(d)
    dK = dS.swapaxes(-1, -2) @ Q / np.sqrt(d)
    return dQ, dK, dV


def temporal_softmax(x, y, mask):
    N, T, V = x.shape
    xf = x.reshape(N * T, V)
    yf = y.reshape(N * T)
    mf = mask.reshape(N * T)
    probs = np.exp(xf - np.max(xf, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    loss = -np.sum(mf * np.log(probs[np.arange(N * T), yf])) / N
    dxf = probs.copy()
    dxf[np.arange(N * T), yf] -= 1
    dxf /= N
    dxf *= mf[:, None]
    return loss, dxf.reshape(N, T, V)


def im2col(x, k, stride):
    N, C, H, W = x.shape
    Ho = (H - k) // stride + 1
    Wo = (W - k) // stride + 1
    cols = np.zeros((N, C, k, k, Ho, Wo))
    for a in range(k):
        for b in range(k):
            cols[:, :, a, b, :, :] = x[
                :, :, a : a + stride * Ho : stride, b : b + stride * Wo : stride
            ]
    return cols.transpose(0, 4, 5, 1, 2, 3).reshape(N * Ho * Wo, -1), Ho, Wo


def conv_im2col(x, w, b, stride):
    N, C, H, W = x.shape
    F, _, k, _ = w.shape
    cols, Ho, Wo = im2col(x, k, stride)
    out = cols @ w.reshape(F, -1).T + b
    out = out.reshape(N, Ho, Wo, F).transpose(0, 3, 1, 2)
    return out, (x, w, b, cols, stride)


def conv_im2col_backward(dout, cache):
    x, w, b, cols, stride = cache
    F = w.shape[0]
    d = dout.transpose(0, 2, 3, 1).reshape(-1, F)
    db = d.sum(axis=0)
    dw = (d.T @ cols).reshape(w.shape)
    dcols = d @ w.reshape(F, -1)
    N, C, H, W = x.shape
    k = w.shape[2]
    Ho = (H - k) // stride + 1
    Wo = (W - k) // stride + 1
    dc = dcols.reshape(N, Ho, Wo, C, k, k).transpose(0, 3, 4, 5, 1, 2)
    dx = np.zeros_like(x)
    for a in range(k):
        for bb in range(k):
            dx[:, :, a : a + stride * Ho : stride, bb : bb + stride * Wo : stride] += dc[
                :, :, a, bb
            ]
    return dx, dw, db


def gelu_forward(x):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (x + 0.044715 * x**3))
    return 0.5 * x * (1 + t), (x, t)


def gelu_backward(dout, cache):
    x, t = cache
    c = np.sqrt(2 / np.pi)
    return dout * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * c * (1 + 3 * 0.044715 * x**2))


def swish(x):
    s = 1 / (1 + np.exp(-x))
    return x * s, (x, s)


def swish_backward(dy, cache):
    x, s = cache
    return dy * (s + x * s * (1 - s))


def two_layer(X, y, W1, b1, W2, b2, reg):
    N = X.shape[0]
    h = np.maximum(0, X.dot(W1) + b1)
    scores = h.dot(W2) + b2
    e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    loss = -np.log(p[range(N), y]).sum() / N
    loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    grads = {}
    ds = p
    ds[range(N), y] -= 1
    ds /= N
    grads["W2"] = h.T.dot(ds) + 2 * reg * W2
    grads["b2"] = ds.sum(axis=0)
    dh = ds.dot(W2.T)
    dh[h <= 0] = 0
    grads["W1"] = X.T.dot(dh) + 2 * reg * W1
    grads["b1"] = dh.sum(axis=0)
    return loss, grads


def groupnorm(x, gamma, beta, G, eps=1e-5):
    N, C, H, W = x.shape
    xg = x.reshape(N * G, -1)
    mu = xg.mean(axis=1, keepdims=True)
    var = xg.var(axis=1, keepdims=True)
    xh = ((xg - mu) / np.sqrt(var + eps)).reshape(N, C, H, W)
    return gamma * xh + beta, (xh, gamma, var, G, eps)


def groupnorm_backward(dout, cache):
    xh, gamma, var, G, eps = cache
    N, C, H, W = dout.shape
    dgamma = np.sum(dout * xh, axis=(0, 2, 3), keepdims=True)
    dbeta = np.sum(dout, axis=(0, 2, 3), keepdims=True)
    dxh = (dout * gamma).reshape(N * G, -1)
    xg = xh.reshape(N * G, -1)
    M = xg.shape[1]
    dx = (
        1
        / np.sqrt(var + eps)
        * (dxh - dxh.mean(axis=1, keepdims=True) - xg * (dxh * xg).mean(axis=1, keepdims=True))
    )
    return dx.reshape(N, C, H, W), dgamma, dbeta


def dropout_forward(x, mask, p):
    return x * mask / p, (mask, p)


def dropout_backward(dout, cache):
    mask, p = cache
    return dout * mask / p


def cumsum_forward(x):
    return np.cumsum(x, axis=1), None


def cumsum_backward(dy, cache):
    return np.cumsum(dy[:, ::-1], axis=1)[:, ::-1]


def gates_forward(x, h):
    return np.hstack((x, 2 * h)), x.shape[1]


def gates_backward(dout, width):
    return dout[:, :width], 2 * dout[:, width:]


def pad_forward(x):
    return np.pad(x, ((1, 2), (0, 1))), x.shape


def pad_backward(dout, shape):
    return dout[1 : 1 + shape[0], : shape[1]]


def roll_forward(x):
    return np.roll(x, 1, axis=1) * np.arange(x.shape[1]), x.shape[1]


def roll_backward(dout, width):
    return np.roll(dout * np.arange(width), -1, axis=1)


def std_forward(x):
    s = np.std(x, axis=0)
    return s, (x, s)


def std_backward(ds, cache):
    x, s = cache
    return (x - np.mean(x, axis=0)) * ds / (s * x.shape[0])


def largest_forward(x):
    m = np.max(x, axis=1)
    return m, (x, m)


def largest_backward(dm, cache):
    x, m = cache
    return dm[:, None] * (x == m[:, None])


def flat_forward(x, w):
    return x.reshape(x.shape[0], -1) @ w, (x, w)


def flat_backward(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout


def ridge_forward(w):
    return (np.eye(w.shape[0]) @ w) ** 3, w


def ridge_backward(dout, w):
    return 3 * w**2 * dout


def onehot_loss(x, y):
    p = np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)
    t = np.eye(x.shape[1])[y]
    return -np.sum(t * np.log(p)) / x.shape[0], (p - t) / x.shape[0]


class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Stack:
    def __init__(self, W1, b1, W2, b2):
        self.layers = [Affine(W1, b1), Affine(W2, b2)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        self.grads = {}
        for k, layer in enumerate(self.layers):
            self.grads[f"W{k + 1}"], self.grads[f"b{k + 1}"] = layer.dW, layer.db
        return dout


def shrink_forward(x):
    y = np.zeros_like(x)
    for i in range(x.shape[0]):
        if x[i] > 0:
            y[i] = 2 * x[i]
        else:
            y[i] = 3 * x[i]
    return y, x


def shrink_backward(dy, x):
    return np.where(x > 0, 2 * dy, 3 * dy)


def drop_forward(x, p):
    mask = (np.random.rand(*x.shape) < p) / p
    return x * mask, mask


def drop_backward(dout, mask):
    return dout * mask


def while_forward(x):
    while np.sum(x) > 1:
        x = x / 2
    return x, None


def while_backward(dout, cache):
    return dout


def square_forward(x):
    return np.sum(x, axis=0) ** 2, x


def square_backward(dout, x):
    return 2 * np.sum(x, axis=0) * dout * np.ones_like(x)


def bce_clip(p, t):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    loss = -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))
    return loss, (p - t) / (p * (1 - p)) / p.size


def eps_loss(y, t):
    return -np.sum(t * np.log(y + 1e-7)), -t / y


def shifted_forward(x):
    y = np.zeros_like(x)
    for t in range(x.shape[0]):
        if t > 0:
            y[t] = x[t] + 2 * x[t - 1]
        else:
            y[t] = x[t]
    return y, None


def shifted_backward(dy, cache):
    dx = dy.copy()
    dx[:-1] += 2 * dy[1:]
    return dx


def states_forward(x, a):
    h = np.zeros((x.shape[0] + 1, x.shape[1]))
    for t in range(x.shape[0]):
        h[t + 1] = a * h[t] + x[t]
    return h[1:], (x, a, h)


def states_backward(dh, cache):
    x, a, h = cache
    dx = np.zeros_like(x)
    da = np.zeros_like(a)
    g = np.zeros_like(a)
    for t in range(len(x) - 1, -1, -1):
        g = dh[t] + a * g
        dx[t] = g
        da += g * h[t]
    return dx, da


def rows_forward(x, w):
    out = []
    for i in range(x.shape[0]):
        out.append(x[i] @ w)
    return np.array(out), (x, w)


def rows_backward(dout, cache):
    x, w = cache
    dx = np.array([dout[i] @ w.T for i in range(x.shape[0])])
    dw = sum(np.outer(x[i], dout[i]) for i in range(x.shape[0]))
    return dx, dw


def modes_forward(x, options):
    if options["mode"] == "train":
        options["seen"] = x
        return 2 * x, None
    return x, None


def modes_backward(dout, cache):
    return 2 * dout


def sequence_loss(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    for t in range(len(inputs)):
        hs[t] = np.tanh(np.dot(inputs[t], Wxh) + np.dot(hs[t - 1], Whh) + bh)
        ys[t] = np.dot(hs[t], Why) + by
        loss += np.sum((ys[t] - targets[t]) ** 2) / 2
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = ys[t] - targets[t]
        dWhy += np.outer(hs[t], dy)
        dby += dy
        dh = np.dot(Why, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.outer(inputs[t], dhraw)
        dWhh += np.outer(hs[t - 1], dhraw)
        dhnext = np.dot(Whh, dhraw)
    return loss, dWxh, dWhh, dWhy, dbh, dby
