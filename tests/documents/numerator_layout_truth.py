import numpy as np

from tests.documents.truths import Table, diag, jacobian


def check(t: Table) -> None:
    m, n = t.sizes(2)
    A, x, y, b = t.normal(m, n), t.normal(n, 1), t.normal(n, 1), t.normal(m, 1)
    linear = jacobian(lambda x: A @ x, x)
    t.true(r"\frac{\partial (A x)}{\partial x} = A$$", linear, A)
    t.true(r"\frac{\partial (A x + b)}{\partial x} =", jacobian(lambda x: A @ x + b, x), A)
    t.ill(r"\frac{\partial (A x)}{\partial x} = A^\top", lambda: (linear, A.T))
    t.true(r"\frac{\partial (y^\top x)}{\partial x} =", jacobian(lambda x: y.T @ x, x), y.T)
    t.true(r"\frac{\partial (x^\top x)}{\partial x} =", jacobian(lambda x: x.T @ x, x), 2 * x.T)
    t.true(
        r"\frac{\partial \|A x - b\|^2}{\partial x} =",
        jacobian(lambda x: np.sum((A @ x - b) ** 2), x),
        2 * (A @ x - b).T @ A,
    )
    t.true(r"\frac{\partial \exp(x)}{\partial x} =", jacobian(np.exp, x), diag(np.exp(x)))
    product = jacobian(lambda x: x * y, x)
    t.true(r"\frac{\partial (x \odot y)}{\partial x} = \operatorname{diag}(y)", product, diag(y))
    t.false(r"\frac{\partial (x \odot y)}{\partial x} = \operatorname{diag}(x)", product, diag(x))
    u = A @ x
    t.defines(r"u = A x$", r"s = u^\top u")
    chained = jacobian(lambda u: u.T @ u, u) @ jacobian(lambda x: A @ x, x)
    whole = jacobian(lambda x: np.sum((A @ x) ** 2), x)
    t.true(r"\frac{\partial s}{\partial x} = \frac", whole, chained)
    t.true(r"\frac{\partial s}{\partial x} = 2", whole, 2 * u.T @ A)
