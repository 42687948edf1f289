import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    (d,) = t.sizes(1)
    w, A, b, g = t.normal(d, 1), t.symmetric(d), t.normal(d, 1), t.normal(d, 1)
    eta, I = t.positive(), np.eye(d)

    def f(w):
        return np.sum(w.T @ A @ w / 2 - b.T @ w)

    slope = gradient(f, w)
    t.defines(r"f(w) = \frac{1}{2}")
    t.true(r"\nabla f(w) = A w", slope, A @ w - b)
    t.true(r"\nabla^2 f(w) = A", hessian(f, w), A)
    t.true(
        r"w \leftarrow w - \eta \nabla f(w) = (I -", w - eta * slope, (I - eta * A) @ w + eta * b
    )
    t.false(
        r"w \leftarrow w - \eta \nabla f(w) = (I +", w - eta * slope, (I + eta * A) @ w + eta * b
    )
    t.declares(r"g \in \mathbb{R}^d")
    t.true(
        r"f(w - \eta g) = f(w)",
        f(w - eta * g),
        f(w) - eta * g.T @ (A @ w - b) + eta**2 / 2 * g.T @ A @ g,
    )
    along = gradient(lambda eta: f(w - eta * g), eta)
    first = -g.T @ (A @ w - b)
    t.true(
        r"\frac{\partial}{\partial \eta} f(w - \eta g) = -g^\top (A w - b) + \eta",
        along,
        first + eta * g.T @ A @ g,
    )
    t.false(
        r"\frac{\partial}{\partial \eta} f(w - \eta g) = -g^\top (A w - b) + \frac",
        along,
        first + eta / 2 * g.T @ A @ g,
    )
    t.defines(r"v_{t+1} = \beta", r"w_{t+1} = w_t")
