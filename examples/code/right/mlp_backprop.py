"""Backpropagation through a list of weights in a Python loop."""

import numpy as np


# derive: x (N, D), t (N, K), W1 (D, H), W2 (H, L), W3 (L, K), wrt W1 W2 W3
def mlp_loss(W1, W2, W3, x, t):
    weights = [W1, W2, W3]
    activations = [x]
    for W in weights:
        activations.append(np.tanh(activations[-1] @ W))
    error = activations[-1] - t
    loss = 0.5 * np.sum(error**2) / len(x)

    delta = error / len(x) * (1 - activations[-1] ** 2)
    grads = []
    for k in range(len(weights) - 1, -1, -1):
        grads.append(activations[k].T @ delta)
        if k > 0:
            delta = (delta @ weights[k].T) * (1 - activations[k] ** 2)
    return loss, grads[::-1]
