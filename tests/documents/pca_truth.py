import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    k, d, n = sorted(t.sizes(3))
    X, v = t.normal(n, d), t.normal(d, 1)
    U = np.linalg.qr(t.normal(d, k))[0]
    S, P, I = X.T @ X, U @ U.T, np.eye(d)
    tr = np.trace
    E = np.sum((X - X @ U @ U.T) ** 2)
    rest = X - X @ U @ U.T
    norms = np.sum(X**2), np.sum((X @ U) ** 2)
    t.declares(r"X \in", r"U \in", r"v \in", r"U^\top U = I_k .")
    t.defines(r"S = X^\top X", r"E = \|X - X U", r"P = U U^\top", r"\rho(v) = \frac{v^\top S v}")
    t.true(r"S^\top = S", S.T, S)
    t.true(r"E &=", E, tr(rest.T @ rest))
    t.true(r"&= \operatorname{tr}(X^\top X) -", E, tr(X.T @ X) - tr(U.T @ X.T @ X @ U))
    t.true(r"&= \|X\|_F^2 -", E, norms[0] - norms[1])
    t.false(r"E = \|X\|_F^2 +", E, norms[0] + norms[1])
    t.true("P^2 = P", P @ P, P)
    t.true(r"P^\top = P", P.T, P)
    t.true("P U = U", P @ U, U)
    t.true(r"\operatorname{tr}(P) = k", tr(P), k)
    t.false(r"\operatorname{tr}(P) = d", tr(P), d)
    t.true("(I_d - P) P = 0", (I - P) @ P, np.zeros((d, d)))
    t.true("(I_d - P)^2 =", (I - P) @ (I - P), I - P)
    t.false(r"U U^\top = I_d", P, I)

    def rho(v):
        return np.sum(v.T @ S @ v) / np.sum(v * v)

    slope, length = gradient(rho, v), np.sum(v * v)
    t.true(r"\nabla \rho(v) = \frac{2}{v^\top v} \left(", slope, 2 / length * (S @ v - rho(v) * v))
    t.false(r"\nabla \rho(v) = \frac{2}{v^\top v} S v", slope, 2 / length * S @ v)
