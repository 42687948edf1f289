"""A layer with attributes, its parameters given to its constructor.

The mistake: the gradient of the bias is summed over its own axis.
"""

# expect: W holds, x holds, b ill-shaped
import numpy as np


class Affine:
    # derive: W (D, M), b (M), x (N, D)
    def __init__(self, W, b):
        self.W = W
        self.b = b
        self.x = None
        self.dW = None
        self.db = None

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout):
        dx = np.dot(dout, self.W.T)
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=1)
        return dx
