"""Least squares with a penalty; the annotations say the shapes."""

import numpy as np
from jaxtyping import Float


def ridge_loss(
    w: Float[np.ndarray, "D"],
    X: Float[np.ndarray, "N D"],
    t: Float[np.ndarray, "N"],
    lam: Float[np.ndarray, ""],
):
    residual = X @ w - t
    loss = 0.5 * np.dot(residual, residual) / len(t) + 0.5 * lam * np.sum(w**2)
    dw = X.T @ residual / len(t) + lam * w
    return loss, dw
