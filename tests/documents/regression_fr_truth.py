import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    n, p = t.sizes(2)
    x, beta, y = t.normal(n, p) / 2, t.normal(p) / 2, t.positive(n)
    eta = x @ beta
    rate = np.exp(eta)

    def ell(beta):
        return np.sum(np.exp(x @ beta) - y * (x @ beta))

    slope, bend = gradient(ell, beta), hessian(ell, beta)
    t.defines(
        r"\eta_i = \beta^\top",
        r"\lambda_i = \exp",
        r"\ell(\beta) = \sum_{i=1}^n \left( \exp(\beta^\top x_i) - y_i \beta",
    )
    t.true(r"\nabla \ell(\beta) = \sum_{i=1}^n \left(", slope, x.T @ (np.exp(x @ beta) - y))
    t.true(r"\nabla \ell(\beta) = \sum_{i=1}^n (\lambda_i", slope, x.T @ (rate - y))
    t.false(r"\nabla \ell(\beta) = \sum_{i=1}^n (\eta_i", slope, x.T @ (eta - y))
    t.true(r"\nabla^2 \ell(\beta) = \sum_{i=1}^n \lambda_i\, x_i x", bend, x.T @ np.diag(rate) @ x)
    t.ill(
        r"\nabla^2 \ell(\beta) = \sum_{i=1}^n \lambda_i\, x_i^\top",
        lambda: (bend, sum(rate[i] * x[i] @ x[i] for i in range(n))),
    )
    t.true(r"\frac{\partial \ell}{\partial \beta_k} =", slope, ((rate - y)[:, None] * x).sum(0))
    t.at_most(r"\exp(\eta_i) \geq 1 + \eta_i", 1 + eta, np.exp(eta))
