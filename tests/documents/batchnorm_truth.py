import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    (N,) = t.sizes(1)
    x, gamma, beta, eps, c = t.normal(N), t.positive(), t.normal(), t.positive(), t.normal(N)
    var = np.var(x)
    h = (x - np.mean(x)) / np.sqrt(var + eps)

    def of(y):
        return np.sum(c * y + np.sin(y))

    g = gradient(of, gamma * h + beta)
    t.declares(r"x \in", r"\epsilon > 0")
    t.defines(r"\mu = \frac", r"\sigma^2 = \frac", r"\hat{x}_i = \frac", r"y_i = \gamma")
    t.true(
        r"\frac{\partial L}{\partial \gamma} =",
        gradient(lambda gamma: of(gamma * h + beta), gamma),
        np.sum(g * h),
    )
    in_beta = gradient(lambda beta: of(gamma * h + beta), beta)
    t.true(r"\frac{\partial L}{\partial \beta} = \sum", in_beta, np.sum(g))
    in_h = gradient(lambda h: of(gamma * h + beta), h)
    t.true(r"\frac{\partial L}{\partial \hat{x}_i} = \gamma", in_h, gamma * g)
    t.false(r"\frac{\partial L}{\partial \beta} = \frac", in_beta, np.mean(g))
    t.false(r"\frac{\partial L}{\partial \hat{x}_i} = \frac", in_h, g / gamma)
    t.true(r"\frac{\partial \mu}{\partial x_i} =", gradient(np.mean, x), np.ones(N) / N)
    t.true(r"\sum_{i=1}^N \hat{x}_i = 0", np.sum(h), 0)
    t.true(r"\sum_{i=1}^N \hat{x}_i^2 = N \frac", np.sum(h**2), N * var / (var + eps))
    t.false(r"\sum_{i=1}^N \hat{x}_i^2 = N$", np.sum(h**2), N)
