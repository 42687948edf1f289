import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    eta = t.normal()

    def log_partition(eta):
        return np.log(1 + np.exp(eta))

    mean = 1 / (1 + np.exp(-eta))
    variance = float(hessian(log_partition, np.array(eta))[0, 0])
    t.defines(r"A(\eta) = \log(1 + e^\eta)")
    t.true(r"A'(\eta) =", float(gradient(log_partition, np.array(eta))), mean)
    t.true(r"A''(\eta) = A'(\eta)(1 - A'(\eta))", variance, mean * (1 - mean))
    t.false(r"A''(\eta) = A'(\eta)(1 + A'(\eta))", variance, mean * (1 + mean))

    n, d = t.sizes(2)
    X, w, y = t.normal(n, d), t.normal(d), t.normal(n)

    def likelihood(w):
        return y @ X @ w - np.sum(np.exp(X @ w))

    rate = np.exp(X @ w)
    first, second = gradient(likelihood, w), hessian(likelihood, w)
    weighted = X.T @ np.diag(rate) @ X
    t.defines(r"\lambda = \exp(Xw)", r"\ell(w) = y^\top X w")
    t.true(r"X^\top (y - \lambda)", first, X.T @ (y - rate))
    t.false(r"X^\top (\lambda - y)", first, X.T @ (rate - y))
    t.true(r"\nabla^2 \ell(w) = -X^\top", second, -weighted)
    t.false(r"\nabla^2 \ell(w) = X^\top", second, weighted)

    D = t.normal(n, n)
    residual = y - X @ w
    slope = gradient(lambda w: (y - X @ w) @ D @ (y - X @ w), w)
    t.defines(r"Q(w) = (y - Xw)^\top D")
    t.true(r"-X^\top (D + D^\top)(y - Xw)", slope, -X.T @ (D + D.T) @ residual)
    t.false(r"-2 X^\top D (y - Xw)", slope, -2 * X.T @ D @ residual)
