"""Inverted dropout; the mask is drawn, and so any mask.

The mistake: the mask is taken as if it did not scale.
"""

# expect: x disagrees
import numpy as np


# derive: x (N, D), p = 0.8
def dropout_forward(x, p):
    mask = (np.random.rand(*x.shape) < p) / p
    out = x * mask
    return out, mask


def dropout_backward(dout, mask):
    dx = dout * (mask > 0)
    return dx
