import numpy as np

from tests.documents.truths import Table, gradient, jacobian


def check(t: Table) -> None:
    (m,) = t.sizes(1)
    x, gamma, beta, eps, k = t.normal(m), t.positive(), t.normal(), t.positive(), t.normal(m)

    def hat(x):
        return (x - np.mean(x)) / np.sqrt(np.var(x) + eps)

    def of(y):
        return np.sum(k * y + np.sin(y))

    h, root, var, mean = hat(x), np.sqrt(np.var(x) + eps), np.var(x), np.mean(x)
    g = gradient(of, gamma * h + beta)
    in_x = gradient(lambda x: of(gamma * hat(x) + beta), x)
    in_gamma = gradient(lambda s: of(s * h + beta), gamma)
    in_beta = gradient(lambda s: of(gamma * h + s), beta)
    t.defines(r"\mu = \frac", r"\sigma^2 = \frac{1}{m}\sum_{i=1}^m (x_i - \mu)^2")
    t.defines(r"\hat{x}_i = ", "y_i = ", "g_i = ")
    part = r"\frac{\partial \ell}{\partial %s} = "
    t.true(part % r"\hat{x}_i", gradient(lambda h: of(gamma * h + beta), h), g * gamma)
    t.true(part % r"\gamma", in_gamma, np.sum(g * h))
    t.true(part % r"\beta", in_beta, np.sum(g))
    t.true(r"\frac{\partial \mu}{\partial x_i} =", gradient(np.mean, x), np.ones(m) / m)
    in_var = gradient(np.var, x)
    t.true(
        r"\frac{\partial \sigma^2}{\partial x_i} = \frac{2(x_i - \mu)}{m}",
        in_var,
        2 * (x - mean) / m,
    )
    t.true(r"\sum_{i=1}^m (x_i - \mu) = 0", np.sum(x - mean), 0)
    t.false(
        r"\frac{\partial \sigma^2}{\partial x_i} = \frac{2(x_i - \mu)}{m-1}",
        in_var,
        2 * (x - mean) / (m - 1),
    )
    t.true(
        r"\frac{\partial \hat{x}_i}{\partial x_j} =",
        jacobian(hat, x),
        (np.eye(m) - 1 / m - np.outer(h, h) / m) / root,
    )
    full = gamma / (m * root) * (m * g - np.sum(g) - h * np.sum(g * h))
    t.true(part % "x_i" + r"\frac{\gamma}{m", in_x, full)
    t.true(
        part % "x_i" + r"\frac{\gamma}{\sqrt{\sigma^2+\epsilon}} \left( \frac",
        in_x,
        gamma / root * (g - in_beta / m - h / m * in_gamma),
    )
    t.false(
        part % "x_i" + r"\frac{\gamma}{\sqrt{\sigma^2+\epsilon}} \left( g_i",
        in_x,
        gamma / root * (g - np.mean(g)),
    )
    t.true(r"\sum_{i=1}^m \frac{\partial \ell}{\partial x_i} = 0", np.sum(in_x), 0)
    t.true(r"\frac{1}{m}\sum_{i=1}^m \hat{x}_i^2 =", np.mean(h**2), var / (var + eps))
    t.true(r"\sum_{i=1}^m x_i^2 - \mu^2", var, np.mean(x**2) - mean**2)
    t.false(r"\sum_{i=1}^m x_i^2 + \mu^2", var, np.mean(x**2) + mean**2)
