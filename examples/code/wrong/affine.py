"""A fully connected layer, as in a NumPy course: w is not transposed in dx."""

# expect: x ill-shaped
import numpy as np


# derive: x (N, D), w (D, M), b (M)
def affine_forward(x, w, b):
    out = x.dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w)
    dw = x.T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db
