"""Binary cross-entropy of logits that does not overflow.

The mistake: the gradient is that of the loss of probabilities.
"""

# expect: z disagrees
import numpy as np


# derive: z (N), t (N), wrt z
def bce_with_logits_forward(z, t):
    loss = np.maximum(z, 0) - z * t + np.log(1 + np.exp(-np.abs(z)))
    return loss.mean(), (z, t)


def bce_with_logits_backward(dloss, cache):
    z, t = cache
    p = 1 / (1 + np.exp(-z))
    return dloss * (p - t) / (p * (1 - p)) / len(z)
