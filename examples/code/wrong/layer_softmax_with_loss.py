"""Softmax and cross-entropy in one layer, the targets one-hot.

The mistake: targets that do not sum to 1 are not thought of.
"""

# expect: x disagrees
import numpy as np


class SoftmaxWithLoss:
    # derive: x (N, C), t (N, C), wrt x
    def forward(self, x, t):
        self.t = t
        e = np.exp(x - np.max(x, axis=1, keepdims=True))
        self.y = e / np.sum(e, axis=1, keepdims=True)
        return -np.sum(self.t * np.log(self.y)) / x.shape[0]

    def backward(self, dout=1):
        batch_size = self.t.shape[0]
        dx = dout * (self.y - self.t) / batch_size
        return dx
