"""Scaled dot-product attention: the softmax is derived entry by entry, without its off-diagonal."""

# expect: Q disagrees, K disagrees, V holds
import numpy as np


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# derive: Q (B, T, d), K (B, S, d), V (B, S, m)
def attention_forward(Q, K, V):
    d = Q.shape[-1]
    scores = np.einsum("btd,bsd->bts", Q, K) / np.sqrt(d)
    A = softmax(scores)
    return A @ V, (Q, K, V, A)


def attention_backward(dout, cache):
    Q, K, V, A = cache
    d = Q.shape[-1]
    dV = A.transpose(0, 2, 1) @ dout
    dA = dout @ V.transpose(0, 2, 1)
    dscores = A * (1 - A) * dA
    dscores = dscores / np.sqrt(d)
    dQ = dscores @ K
    dK = np.swapaxes(dscores, 1, 2) @ Q
    return dQ, dK, dV
