import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    n, d, r = t.sizes(3)
    k = 6
    X, W, A, B = t.normal(n, d), t.normal(d, k), t.normal(d, r), t.normal(r, k)
    alpha, C = t.normal(), t.normal(n, k)

    def of(H):
        return np.sum(C * H + np.sin(H))

    def L(W=W, A=A, B=B):
        return of(X @ W + alpha * X @ A @ B)

    G = gradient(of, X @ W + alpha * X @ A @ B)
    in_A, in_B = gradient(lambda A: L(A=A), A), gradient(lambda B: L(B=B), B)
    t.defines(r"H = X W + \alpha X A B")
    t.true(r"\frac{\partial L}{\partial A} = \alpha X^\top G B^\top", in_A, alpha * X.T @ G @ B.T)
    t.true(r"\frac{\partial L}{\partial B} = \alpha", in_B, alpha * A.T @ X.T @ G)
    t.true(r"\frac{\partial L}{\partial W} =", gradient(lambda W: L(W=W), W), X.T @ G)
    t.ill(
        r"\frac{\partial L}{\partial A} = \alpha X^\top G B$",
        lambda: (in_A, alpha * X.T @ G @ B),
    )
    t.false(r"\frac{\partial L}{\partial B} = A", in_B, A.T @ X.T @ G)
    t.true(
        r"X W + \alpha X A B = X (",
        X @ W + alpha * X @ A @ B,
        X @ (W + alpha * A @ B),
    )
    t.other(r"X (W + \alpha B A)")
