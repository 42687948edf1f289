"""Batch normalisation, its backward in one line: gamma is left out of dx."""

# expect: x disagrees, gamma holds, beta holds
import numpy as np


# derive: x (N, D), gamma (D), beta (D), eps = 1e-5
def batchnorm_forward(x, gamma, beta, eps):
    mean = x.mean(axis=0)
    var = x.var(axis=0)
    std = np.sqrt(var + eps)
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, gamma, std)


def batchnorm_backward(dout, cache):
    x_hat, gamma, std = cache
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx = 1.0 / (N * std) * (N * dout - dbeta - x_hat * dgamma)
    return dx, dgamma, dbeta
