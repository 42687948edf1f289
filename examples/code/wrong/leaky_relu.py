"""Leaky ReLU with a slope of its own on the left: on the left the slope is taken times x."""

# expect: x disagrees
import numpy as np


# derive: x (N, D), alpha = 0.01
def leaky_relu_forward(x, alpha):
    out = np.where(x > 0, x, alpha * x)
    return out, (x, alpha)


def leaky_relu_backward(dout, cache):
    x, alpha = cache
    return dout * np.where(x > 0, 1.0, alpha * x)
