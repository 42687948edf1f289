import numpy as np

from tests.documents.truths import Table, gradient, jacobian, sigmoid


def check(t: Table) -> None:
    (n,) = t.sizes(1)
    x, gamma, eps, g = t.normal(n), t.normal(n), t.positive(), t.normal(n)

    def root(x):
        return np.sqrt(np.mean(x**2) + eps)

    def out(x, gamma=gamma):
        return gamma * x / root(x)

    r = root(x)
    t.defines(r"r = \sqrt", r"y_i = \frac", r"\ell = \sum")
    t.true(r"\frac{\partial r}{\partial x_j} =", gradient(root, x), x / (n * r))
    t.true(
        r"\frac{\partial y_i}{\partial x_j} =",
        jacobian(out, x),
        np.diag(gamma) / r - np.outer(gamma * x, x) / (n * r**3),
    )
    slope = gradient(lambda x: np.sum(g * out(x)), x)
    head = "\\frac{\\partial \\ell}{\\partial x_j} = \\frac{g_j \\gamma_j}{r}\n"
    total = np.sum(g * gamma * x)
    t.true(head + r"            - \frac{x_j}{n r^3}", slope, g * gamma / r - x / (n * r**3) * total)
    t.false(
        head + r"                - \frac{x_j}{n r^2}",
        slope,
        g * gamma / r - x / (n * r**2) * total,
    )
    t.true(
        r"\frac{\partial \ell}{\partial \gamma_j} =",
        gradient(lambda gamma: np.sum(g * out(x, gamma)), gamma),
        g * x / r,
    )
    m = n + 1
    a, b, c = t.normal(m), t.normal(m), t.normal(m)

    def of(u):
        return np.sum(c * u + np.sin(u))

    s = sigmoid(b)
    h = gradient(of, a * s)
    in_b = gradient(lambda b: of(a * sigmoid(b)), b)
    t.declares(r"a \in", r"b \in")
    t.defines(r"u = a \odot", r"\sigma(t) = \frac")
    t.true(r"\frac{\partial L}{\partial a} &=", gradient(lambda a: of(a * s), a), h * s)
    t.true(r"\frac{\partial L}{\partial b} &=", in_b, h * a * s * (1 - s))
    t.false(r"\frac{\partial L}{\partial b} = ", in_b, h * a)
