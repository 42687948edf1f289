"""Layer normalisation over the last axis: the sums in dx run over the batch."""

# expect: x disagrees, gamma holds, beta holds
import numpy as np


# derive: x (N, D), gamma (D), beta (D), eps = 1e-5
def layernorm_forward(x, gamma, beta, eps=1e-5):
    mu = np.mean(x, axis=1, keepdims=True)
    var = np.var(x, axis=1, keepdims=True)
    inv = 1.0 / np.sqrt(var + eps)
    xhat = (x - mu) * inv
    out = gamma * xhat + beta
    return out, {"xhat": xhat, "inv": inv, "gamma": gamma}


def layernorm_backward(dout, cache):
    xhat, inv, gamma = cache["xhat"], cache["inv"], cache["gamma"]
    D = dout.shape[1]
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxhat = dout * gamma
    total = np.sum(dxhat, axis=0, keepdims=True)
    along = np.sum(dxhat * xhat, axis=0, keepdims=True)
    dx = inv / D * (D * dxhat - total - xhat * along)
    return dx, dgamma, dbeta
