"""Group normalisation of images."""

import numpy as np


# derive: x (N, G*K, H, W), gamma (1, G*K, 1, 1), beta (1, G*K, 1, 1), G = G, eps = 1e-5
def groupnorm_forward(x, gamma, beta, G, eps):
    N, C, H, W = x.shape
    xg = x.reshape(N, G, C // G, H, W)
    mean = xg.mean(axis=(2, 3, 4), keepdims=True)
    var = xg.var(axis=(2, 3, 4), keepdims=True)
    std = np.sqrt(var + eps)
    xn = ((xg - mean) / std).reshape(N, C, H, W)
    out = xn * gamma + beta
    return out, (G, xn, std, gamma)


def groupnorm_backward(dout, cache):
    G, xn, std, gamma = cache
    N, C, H, W = dout.shape
    dgamma = np.sum(dout * xn, axis=(0, 2, 3), keepdims=True)
    dbeta = np.sum(dout, axis=(0, 2, 3), keepdims=True)
    dxn = (dout * gamma).reshape(N, G, C // G, H, W)
    xg = xn.reshape(N, G, C // G, H, W)
    m = C // G * H * W
    s1 = dxn.sum(axis=(2, 3, 4), keepdims=True)
    s2 = (dxn * xg).sum(axis=(2, 3, 4), keepdims=True)
    dx = (dxn - s1 / m - xg * s2 / m) / std
    return dx.reshape(N, C, H, W), dgamma, dbeta
