"""The logistic function, its derivative by its value: the factor s is dropped."""

# expect: x disagrees
import numpy as np


# derive: x (N, D)
def sigmoid_forward(x):
    s = 1.0 / (1.0 + np.exp(-x))
    return s, s


def sigmoid_backward(dout, s):
    return dout * (1.0 - s)
