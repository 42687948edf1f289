"""A sigmoid as a layer: the derivative is taken at x."""

# expect: x disagrees
import numpy as np


class Sigmoid:
    # derive: x (N, D)
    def __init__(self):
        self.out = None

    def forward(self, x):
        self.x, self.out = x, 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * (1.0 - self.x) * self.x
