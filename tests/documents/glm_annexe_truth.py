import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    n, p = t.sizes(2)
    X, y, beta, Omega = t.normal(n, p), t.normal(n, 1), t.normal(p, 1), t.symmetric(n)

    def Q(beta):
        return np.sum((y - X @ beta).T @ Omega @ (y - X @ beta))

    slope, r = gradient(Q, beta), y - X @ beta
    t.declares(r"X \in", r"y \in", r"\beta \in", r"\Omega \in")
    t.defines(r"Q(\beta) = (y")
    t.true(
        r"Q(\beta) &=",
        Q(beta),
        y.T @ Omega @ y - 2 * beta.T @ X.T @ Omega @ y + beta.T @ X.T @ Omega @ X @ beta,
    )
    t.true(
        r"\frac{\partial Q(\beta)}{\partial \beta} &=",
        slope,
        -2 * X.T @ Omega @ y + 2 * X.T @ Omega @ X @ beta,
    )
    t.true(r"&= -2 X' \Omega (y", slope, -2 * X.T @ Omega @ r)
    t.true(r"\frac{\partial^2 Q(\beta)}", hessian(Q, beta), 2 * X.T @ Omega @ X)
    t.false(r"\frac{\partial Q(\beta)}{\partial \beta} = - X'", slope, -X.T @ Omega @ r)
    t.false(r"\frac{\partial Q(\beta)}{\partial \beta} = 2 X'", slope, 2 * X.T @ Omega @ r)
    t.true(
        r"\norme{X \beta - y}^2 =",
        np.sum(r**2),
        beta.T @ X.T @ X @ beta - 2 * y.T @ X @ beta + y.T @ y,
    )
