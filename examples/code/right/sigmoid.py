"""The logistic function, its derivative by its value."""

import numpy as np


# derive: x (N, D)
def sigmoid_forward(x):
    s = 1.0 / (1.0 + np.exp(-x))
    return s, s


def sigmoid_backward(dout, s):
    return dout * s * (1.0 - s)
