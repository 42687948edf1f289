import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    (n,) = t.sizes(1)
    A, B = t.normal(n, n), t.normal(n, n)
    x, y, c = t.normal(n, 1), t.normal(n, 1), t.normal(n, 1)

    def form(x, y, A=A):
        return np.sum(y.T @ A @ x)

    t.declares(r"A \in", r"B \in", r"x, y, c \in")
    t.true(
        r"\frac{\partial (y^\top A x)}{\partial x} =", gradient(lambda x: form(x, y), x), A.T @ y
    )
    t.true(r"\frac{\partial (y^\top A x)}{\partial y} =", gradient(lambda y: form(x, y), y), A @ x)
    in_A = gradient(lambda A: form(x, y, A), A)
    t.true(r"\frac{\partial (y^\top A x)}{\partial A} = y", in_A, y @ x.T)
    t.false(r"\frac{\partial (y^\top A x)}{\partial A} = x", in_A, x @ y.T)
    slope = gradient(lambda x: form(x, x), x)
    t.true(r"\frac{\partial (x^\top A x)}{\partial x} &=", slope, (A + A.T) @ x)
    t.true(
        r"\frac{\partial^2 (x^\top A x)}{\partial x \partial x^\top} &=",
        hessian(lambda x: form(x, x), x),
        A + A.T,
    )
    t.false(r"\frac{\partial (x^\top A x)}{\partial x} = 2 A x", slope, 2 * A @ x)
    t.false(r"x^\top A B x = ", x.T @ A @ B @ x, x.T @ B @ A @ x)
    t.true(r"x^\top A x = x^\top A^\top x", x.T @ A @ x, x.T @ A.T @ x)
    t.true(r"\|x - c\|^2 =", np.sum((x - c) ** 2), x.T @ x - 2 * c.T @ x + c.T @ c)
    product = (x + y).T @ A @ (x - y)
    short = x.T @ A @ x - y.T @ A @ y
    t.false(r"(x + y)^\top A (x - y) = x^\top A x - y", product, short)
    t.true(
        r"(x + y)^\top A (x - y) = x^\top A x - x",
        product,
        short - x.T @ A @ y + y.T @ A @ x,
    )
