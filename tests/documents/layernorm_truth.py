import numpy as np

from tests.documents.truths import Table, gradient, jacobian


def check(t: Table) -> None:
    (D,) = t.sizes(1)
    x, g, eps = t.normal(D), t.normal(D), t.positive()

    def var(x):
        return np.mean((x - np.mean(x)) ** 2)

    def hat(x):
        return (x - np.mean(x)) / np.sqrt(var(x) + eps)

    mu, v = np.mean(x), var(x)
    s, h = np.sqrt(v + eps), hat(x)
    t.declares(r"x \in \mathbb{R}^D", r"g \in \mathbb{R}^D", r"\epsilon > 0")
    t.defines(
        r"\mu = \frac", r"v = \frac{1}{D} \sum_{i=1}^D (x_i", r"s = \sqrt", r"\hat{x}_i = \frac"
    )
    t.true(r"\sum_{i=1}^D (x_i - \mu) = 0", np.sum(x - mu), 0)
    t.true(r"v = \frac{1}{D} \sum_{i=1}^D x_i^2", v, np.mean(x**2) - mu**2)
    t.true(r"\frac{\partial \mu}{\partial x_j} =", gradient(np.mean, x), np.ones(D) / D)
    t.true(r"\frac{\partial v}{\partial x_j} =", gradient(var, x), 2 / D * (x - mu))
    slope = gradient(lambda x: np.sqrt(var(x) + eps), x)
    t.true(r"\frac{\partial s}{\partial x_j} =", slope, (x - mu) / (D * s))
    J, I = jacobian(hat, x), np.eye(D)
    t.true(
        r"\frac{\partial \hat{x}_i}{\partial x_j} = \frac{1}{s} \left( \delta_{ij} - \frac{1}{D}",
        J,
        (I - 1 / D - np.outer(h, h) / D) / s,
    )
    t.false(
        r"\frac{\partial \hat{x}_i}{\partial x_j} = \frac{1}{s} \left( \delta_{ij} - \frac{\hat",
        J,
        (I - np.outer(h, h) / D) / s,
    )
    t.defines(r"\ell = \sum")
    head = r"\frac{\partial \ell}{\partial x_j} = \frac{1}{s} \left( "
    head += r"g_j - \frac{1}{D} \sum_{i=1}^D g_i - "
    back = gradient(lambda x: np.sum(g * hat(x)), x)
    t.true(
        head + r"\hat{x}_j \frac",
        back,
        (g - np.mean(g) - h * np.mean(g * h)) / s,
    )
    t.false(
        head + r"\hat{x}_j \sum",
        back,
        (g - np.mean(g) - h * np.sum(g * h)) / s,
    )
