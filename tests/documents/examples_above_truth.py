import numpy as np

from tests.documents.truths import Table, gradient, sigmoid


def check(t: Table) -> None:
    m, n = t.sizes(2)
    X, y, theta = t.normal(m, n), t.normal(m), t.normal(n)

    def J(theta):
        return np.sum((X @ theta - y) ** 2) / 2

    def K(a):
        return np.sum(np.log(1 + np.exp(a)))

    a = X @ theta
    slope = gradient(J, theta)
    t.declares(r"x^{(i)} \in", r"y^{(i)} \in", r"\theta \in")
    t.defines(r"J(\theta) = \frac", r"a^{(i)} = \theta", r"K = \sum_{i=1}^m \log")
    t.true(r"\frac{\partial}{\partial \theta_j} J", slope, X.T @ (a - y))
    t.true(r"\nabla_\theta J(\theta) = \sum", slope, X.T @ (a - y))
    t.declared = False  # one example outside of the sum is not read
    t.false(r"m (\theta^T x^{(1)}", slope, m * (a - y)[0] * X[0])
    t.false(r"= m (\theta^T x^{(i)}", slope, m * (a - y)[1] * X[1])
    t.declared = True
    t.true(r"\nabla_\theta K", gradient(lambda v: K(X @ v), theta), X.T @ sigmoid(a))
    t.true(r"a^{(i)}} = \frac{1}{1+e^{-a", gradient(K, a), sigmoid(a))
    t.false(r"a^{(i)}} = \frac{1}{1+e^{a", gradient(K, a), sigmoid(-a))
