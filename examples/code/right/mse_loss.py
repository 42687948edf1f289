"""Mean squared error and its gradient, two functions."""

import numpy as np


# derive: pred (N, D), target (N, D), wrt pred
def mse_loss(pred, target):
    return np.mean((pred - target) ** 2)


def mse_loss_grad(pred, target):
    return 2 * (pred - target) / pred.size
