"""A layer that draws its own weights: the weights' gradient is averaged over the batch."""

# expect: x holds, W disagrees, b holds
import numpy as np


class Linear:
    # derive: x (N, D), W (D, M), b (M), n_in = D, n_out = M
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * np.sqrt(2.0 / n_in)
        self.b = np.zeros(n_out)

    def __call__(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.grad_W = self.x.T @ grad / len(grad)
        self.grad_b = grad.sum(axis=0)
        return grad @ self.W.T
