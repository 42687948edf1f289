import numpy as np

from tests.documents.truths import Table, gradient, hessian

inv = np.linalg.inv


def check(t: Table) -> None:
    (n,) = t.sizes(1)
    K, y, alpha, lam, mu = t.definite(n), t.normal(n, 1), t.normal(n, 1), t.positive(), t.positive()
    I = np.eye(n)

    def J(a):
        return np.sum((K @ a - y) ** 2) / 2 + lam / 2 * np.sum(a.T @ K @ a)

    t.declares(r"K \in", r"y \in", r"\alpha \in")
    t.defines(r"J(\alpha) = \frac", r"\hat\alpha = (K")
    t.true(
        r"\nabla J(\alpha) = ",
        gradient(J, alpha),
        K @ (K @ alpha - y) + lam * K @ alpha,
        K @ ((K + lam * I) @ alpha - y),
    )
    R, S = inv(K + lam * I), inv(K + mu * I)
    best = R @ y
    t.true(r"y - K \hat\alpha = ", y - K @ best, lam * best)
    t.false(r"K \hat\alpha - y = ", K @ best - y, lam * best)
    t.true(r"(K + \lambda I)^{-1} K = I", R @ K, I - lam * R)
    t.true(r"(K + \lambda I)^{-1} K = K", R @ K, K @ R)
    t.true(r"(K + \lambda I)^{-1} - (K + \mu I)^{-1} =", R - S, (mu - lam) * R @ S)
    t.false(r"(K + \lambda I)^{-1} = K^{-1}", R, inv(K) + I / lam)
    t.true(r"\nabla^2 J(\alpha) = K^2 + \lambda K", hessian(J, alpha), K @ K + lam * K)
    t.false(r"\nabla^2 J(\alpha) = K^2 + \lambda I", hessian(J, alpha), K @ K + lam * I)
