import numpy as np

from tests.documents.truths import Table, gradient, jacobian


def check(t: Table) -> None:
    m, n = t.sizes(2)
    A, x, a, b = t.normal(m, n), t.normal(n, 1) / 2, t.normal(n, 1) / 2, t.normal(m, 1)
    t.true(r"\frac{\partial a^\top x}{\partial x} = a", gradient(lambda x: a.T @ x, x), a)
    t.true(r"\frac{\partial x^\top x}{\partial x} = 2x", gradient(lambda x: x.T @ x, x), 2 * x)
    turned = jacobian(lambda x: A @ x, x).T
    t.true(r"\frac{\partial A x}{\partial x} = A^\top", turned, A.T)
    t.ill(r"\frac{\partial A x}{\partial x} = A$", lambda: (turned, A))
    u = A @ x - b
    t.defines("u = A x - b", r"f = \frac{1}{2} u")
    t.true(
        r"\frac{\partial f}{\partial x} =",
        gradient(lambda x: np.sum((A @ x - b) ** 2) / 2, x),
        turned @ gradient(lambda u: np.sum(u**2) / 2, u),
        A.T @ u,
    )
    s = np.sum(a * x)
    square = gradient(lambda x: np.sum(a * x) ** 2, x)
    t.true(r"(a^\top x)^2 = 2 (a^\top x) a = ", square, 2 * s * a, 2 * a @ a.T @ x)
    t.false(r"(a^\top x)^2 = 2 (a^\top x) x", square, 2 * s * x)
    t.true(
        r"\frac{\partial \log(1 + \exp(a^\top x))}{\partial x} =",
        gradient(lambda x: np.log(1 + np.exp(np.sum(a * x))), x),
        a / (1 + np.exp(-s)),
    )
    slope = gradient(lambda x: np.exp(np.sum(a * x)), x)
    t.true(r"\frac{\partial \exp(a^\top x)}{\partial x} = \exp(a^\top x) a$$", slope, np.exp(s) * a)
    t.ill(
        r"\frac{\partial \exp(a^\top x)}{\partial x} = \exp(a^\top x) a^\top",
        lambda: (slope, np.exp(s) * a.T),
    )
