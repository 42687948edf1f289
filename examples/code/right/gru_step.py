"""One step of a GRU."""

import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


# derive: x (N, D), h (N, H), Wz (D, H), Uz (H, H), Wr (D, H), Ur (H, H), Wn (D, H), Un (H, H)
def gru_forward(x, h, Wz, Uz, Wr, Ur, Wn, Un):
    z = sigmoid(x @ Wz + h @ Uz)
    r = sigmoid(x @ Wr + h @ Ur)
    n = np.tanh(x @ Wn + (r * h) @ Un)
    out = (1 - z) * n + z * h
    return out, (x, h, Wz, Uz, Wr, Ur, Wn, Un, z, r, n)


def gru_backward(dout, cache):
    x, h, Wz, Uz, Wr, Ur, Wn, Un, z, r, n = cache
    dn = dout * (1 - z) * (1 - n**2)
    dz = dout * (h - n) * z * (1 - z)
    drh = dn @ Un.T
    dr = drh * h * r * (1 - r)
    dx = dn @ Wn.T + dz @ Wz.T + dr @ Wr.T
    dh = dout * z + drh * r + dz @ Uz.T + dr @ Ur.T
    return dx, dh, x.T @ dz, h.T @ dz, x.T @ dr, h.T @ dr, x.T @ dn, (r * h).T @ dn
