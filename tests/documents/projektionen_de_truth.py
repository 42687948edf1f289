import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    n, p = t.sizes(2)
    X, y, lam, w, u = t.normal(n, p), t.normal(n), t.positive(), t.normal(p), t.normal(p)
    u = u / np.linalg.norm(u)

    def E(w):
        return np.sum((X @ w - y) ** 2) + lam * np.sum(w**2)

    inner = np.linalg.inv(X.T @ X + lam * np.eye(p))
    best, slope = inner @ X.T @ y, 2 * X.T @ (X @ w - y) + 2 * lam * w
    t.declares(r"X \in \mathbb", r"y \in", r"\lambda > 0", "w \\in", "u \\in")
    t.defines(r"E(w) = \Vert", r"\hat w :=", "P = u u")
    t.true(r"\nabla E(w) = 2 X^{\mathrm T}", gradient(E, w), slope)
    t.true(r"\nabla^2 E(w)", hessian(E, w), 2 * (X.T @ X + lam * np.eye(p)))
    t.true(r"E(w) &=", E(w), (X @ w - y) @ (X @ w - y) + lam * w @ w)
    expanded = w @ X.T @ X @ w - 2 * y @ X @ w + y @ y + lam * w @ w
    t.true(r"&= w^{\mathrm T} X^{\mathrm T} X w", E(w), expanded)
    t.ill(r"\nabla E(w) = 2 X (X", lambda: (w, 2 * X @ (X @ w - y) + 2 * lam * w))
    t.false(r"\nabla E(w) = X^{\mathrm T}", gradient(E, w), slope / 2)
    t.true(r"\nabla E(\hat w) = 0", gradient(E, best), np.zeros(p))
    dual = X @ X.T
    t.true(r"X X^{\mathrm T} + \lambda I_n", best, X.T @ np.linalg.inv(dual + lam * np.eye(n)) @ y)
    t.false(r"X X^{\mathrm T} - \lambda I_n", best, X.T @ np.linalg.inv(dual - lam * np.eye(n)) @ y)
    P, x = np.outer(u, u), t.normal(p)
    t.true("P^2 = P", P @ P, P)
    t.true(r"P^{\mathrm T} = P", P.T, P)
    t.true(r"\operatorname{Sp}(P)", np.trace(P), 1)
    rest = np.sum((x - P @ x) ** 2)
    t.true(r"- (u^{\mathrm T} x)^2", rest, x @ x - (u @ x) ** 2)
    t.false(r"\Vert^2 - u^{\mathrm T} x", rest, x @ x - u @ x)
    t.defines(r"v(u) = \frac{1}{n} u")
    v = np.sum((X @ u) ** 2) / n
    t.true(r"\frac{1}{n} \Vert X u", u @ X.T @ X @ u / n, v)
    in_u = gradient(lambda u: u @ X.T @ X @ u / n, u)
    t.true(r"\frac{\partial v}{\partial u}", in_u, 2 / n * X.T @ X @ u)
    a, b = t.normal(p), t.normal(p)
    t.true(r"\langle a, b \rangle = a^", a @ b, a @ b)
    t.true(r"\langle X^{\mathrm T} y, a", (X.T @ y) @ a, y @ (X @ a))
    t.true(r"\Vert a + b", np.sum((a + b) ** 2), a @ a + 2 * a @ b + b @ b)
    t.at_most(r"|\langle a, b", abs(a @ b), np.linalg.norm(a) * np.linalg.norm(b))
