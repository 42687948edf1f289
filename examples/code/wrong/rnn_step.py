"""One step of a plain recurrent network: dx and dprev_h are swapped."""

# expect: x ill-shaped, prev_h ill-shaped, Wx holds, Wh holds, b holds
import numpy as np


# derive: x (N, D), prev_h (N, H), Wx (D, H), Wh (H, H), b (H)
def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dz = dnext_h * (1 - next_h * next_h)
    dx = dz @ Wx.T
    dprev_h = dz @ Wh.T
    dWx = x.T @ dz
    dWh = prev_h.T @ dz
    db = dz.sum(axis=0)
    return dprev_h, dx, dWx, dWh, db
