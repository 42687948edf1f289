import numpy as np

from tests.documents.truths import Table, gradient, hessian

inv = np.linalg.inv


def check(t: Table) -> None:
    n, d = t.sizes(2)
    X, y, w, lam = t.normal(n, d), t.normal(n, 1), t.normal(d, 1), t.positive()
    residual = X @ w - y

    def J(w):
        return np.sum((X @ w - y) ** 2) / 2

    def R(w):
        return J(w) + lam / 2 * np.sum(w**2)

    t.declares(r"X \in \mathbb{R}^{n \times d}", r"y \in \mathbb{R}^n", r"w \in \mathbb{R}^d")
    t.declares(r"\lambda > 0")
    t.defines("r = Xw - y", r"J(w) = \frac{1}{2} \|")
    t.true(r"J(w) &= \frac12 (Xw - y)^\top (Xw - y)", J(w), residual.T @ residual / 2)
    t.true(
        r"&= \frac12 w^\top X^\top X w - w",
        J(w),
        w.T @ X.T @ X @ w / 2 - w.T @ X.T @ y + y.T @ y / 2,
    )
    t.true(r"\nabla_w J(w) = X^\top (Xw - y).", gradient(J, w), X.T @ residual)
    t.ill(r"\nabla_w J(w) = X (Xw - y)", lambda: (gradient(J, w), X @ residual))
    t.false(r"\nabla_w J(w) = 2 X^\top (Xw - y)", gradient(J, w), 2 * X.T @ residual)
    t.true(r"\nabla_w^2 J(w) = X^\top X.", hessian(J, w), X.T @ X)
    t.defines(r"R(w) = \frac{1}{2}")
    t.true(r"\nabla_w R(w) =", gradient(R, w), X.T @ X @ w - X.T @ y + lam * w)
    t.true(r"\nabla_w^2 R(w) =", hessian(R, w), X.T @ X + lam * np.eye(d))
    t.true(
        r"(X^\top X + \lambda I)^{-1} X^\top y = ",
        inv(X.T @ X + lam * np.eye(d)) @ X.T @ y,
        X.T @ inv(X @ X.T + lam * np.eye(n)) @ y,
    )
    t.true(
        r"\nabla_w \frac{\lambda}{2} \|w\|_2^2 = \lambda w",
        gradient(lambda w: lam / 2 * np.sum(w**2), w),
        lam * w,
    )
    norm = gradient(np.linalg.norm, w)
    t.true(r"\nabla_w \|w\|_2 = \frac", norm, w / np.linalg.norm(w))
    t.false(r"\nabla_w \|w\|_2 = 2w", norm, 2 * w)
