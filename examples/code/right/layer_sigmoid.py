"""A sigmoid as a layer."""

import numpy as np


class Sigmoid:
    # derive: x (N, D)
    def __init__(self):
        self.out = None

    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * (1.0 - self.out) * self.out
