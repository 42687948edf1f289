import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    m, n = t.sizes(2)
    A, b, x, v = t.normal(m, n), t.normal(m, 1), t.normal(n, 1), t.normal(n, 1)
    u, alpha = t.normal(n, 1), t.positive()
    norm = np.linalg.norm

    def f(x):
        return norm(A @ x - b) ** 2 / 2

    slope, bend = gradient(f, x), hessian(f, x)
    direct = A.T @ (A @ x - b)
    t.declares(r"A \in", r"b \in", r"\alpha > 0", r"x \in \mathbb", r"v \in", r"u \in")
    t.defines(r"f(x) = \frac{1}{2}")
    t.true(r"\nabla f(x) = A^{\mathsf{T}} (", slope, direct)
    t.true(r"\nabla^2 f(x) = A^{\mathsf{T}} A", bend, A.T @ A)
    t.ill(r"\nabla^2 f(x) = A A", lambda: (bend, A @ A.T))
    t.ill(r"\nabla f(x) = A^{\mathsf{T}} Ax - b .", lambda: (slope, A.T @ A @ x - b))
    t.true(r"x \leftarrow", x - alpha * slope, x - alpha * direct)
    linear = f(x) + v.T @ direct
    t.true(
        r"f(x + v) = f(x) + v^{\mathsf{T}} A^{\mathsf{T}} (Ax - b) + \frac",
        f(x + v),
        linear + norm(A @ v) ** 2 / 2,
    )
    t.false(
        r"f(x + v) = f(x) + v^{\mathsf{T}} A^{\mathsf{T}} (Ax - b) + \lVert",
        f(x + v),
        linear + norm(A @ v) ** 2,
    )
    t.at_most(r"f(x) \ge 0", 0, f(x))
    t.true(
        r"\lVert x - u \rVert^2 = ",
        norm(x - u) ** 2,
        norm(x) ** 2 - 2 * x.T @ u + norm(u) ** 2,
    )
    t.at_most(r"x^{\mathsf{T}} u \le", x.T @ u, norm(x) * norm(u))
