"""A network of two layers with a softmax loss and gradients in a dictionary.

The mistake: the ReLU is not gone back through.
"""

# expect: W1 disagrees, b1 disagrees, W2 holds, b2 holds
import numpy as np


# derive: X (N, D), y (N) labels of C, reg ()
# derive: W1 (D, H), b1 (H), W2 (H, C), b2 (C)
def two_layer_net_loss(W1, b1, W2, b2, X, y, reg):
    N = X.shape[0]
    z1 = X @ W1 + b1
    h1 = np.maximum(z1, 0)
    scores = h1 @ W2 + b2

    exp_scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)
    loss = -np.log(probs[range(N), y]).sum() / N
    loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2))

    grads = {}
    dscores = probs
    dscores[range(N), y] -= 1
    dscores /= N
    grads["W2"] = h1.T @ dscores + 2 * reg * W2
    grads["b2"] = dscores.sum(axis=0)
    dh1 = dscores @ W2.T
    grads["W1"] = X.T @ dh1 + 2 * reg * W1
    grads["b1"] = dh1.sum(axis=0)
    return loss, grads
