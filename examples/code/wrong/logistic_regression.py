"""Logistic regression, the loss and both gradients in a dictionary.

The mistake: the difference is turned round.
"""

# expect: w disagrees, b disagrees
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# derive: w (D, 1), b (), X (D, m), Y (1, m)
def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dw = 1 / m * np.dot(X, (Y - A).T)
    db = 1 / m * np.sum(Y - A)
    grads = {"dw": dw, "db": db}
    return cost, grads
