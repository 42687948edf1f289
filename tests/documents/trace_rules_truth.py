import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    m, n, p = t.sizes(3)
    A, B, X, S = t.normal(m, n), t.normal(n, m), t.normal(n, p), t.normal(n, n)
    M = t.normal(n, n) + 4 * np.eye(n)
    inverse = np.linalg.inv(M)
    tr = np.trace
    t.declares(r"A \in \R", r"B \in \R", r"X \in \R", r"S \in \R", r"M \in \R")
    t.true(r"\tr(AB) = \tr(BA)", tr(A @ B), tr(B @ A))
    in_A = gradient(lambda A: tr(A @ B), A)
    t.true(r"\pd{\tr(AB)}{A} &= B\T", in_A, B.T)
    t.true(r"\pd{\tr(AB)}{B} &= A\T", gradient(lambda B: tr(A @ B), B), A.T)
    in_X = gradient(lambda X: tr(X.T @ S @ X), X)
    t.true(r"\pd{\tr(X\T S X)}{X} &=", in_X, (S + S.T) @ X)
    t.true(r"\pd{\tr(X\T X)}{X} &=", gradient(lambda X: tr(X.T @ X), X), 2 * X)
    t.false(r"\pd{\tr(X\T S X)}{X} = 2 S X", in_X, 2 * S @ X)
    in_M = gradient(lambda M: tr(np.linalg.inv(M) @ S), M)
    product = (inverse @ S @ inverse).T
    t.true(r"\pd{\tr(M\inv S)}{M} &=", in_M, -product)
    t.true(
        r"\pd{\tr(M\inv S)}{S} &=",
        gradient(lambda S: tr(np.linalg.inv(M) @ S), S),
        inverse.T,
    )
    t.false(r"\pd{\tr(M\inv S)}{M} = (", in_M, product)
    t.ill(r"\pd{\tr(AB)}{A} = B .", lambda: (in_A, B))
    norm = np.sum(A**2)
    t.true(r"\|A\|_F^2 &= \tr(A\T A)", norm, tr(A.T @ A))
    t.true(r"&= \sum_{i=1}^m \sum_{j=1}^n", norm, np.sum(A * A))
    t.true(r"&= \tr(A A\T)", norm, tr(A @ A.T))
    t.true(r"\pd{\|A\|_F^2}{A} = 2A", gradient(lambda A: np.sum(A**2), A), 2 * A)
    t.true(
        r"\pd{\|AX\|_F^2}{X} = 2 A\T A X",
        gradient(lambda X: np.sum((A @ X) ** 2), X),
        2 * A.T @ A @ X,
    )
    t.ill(
        r"\pd{\|AX\|_F^2}{A} = 2 A X\T X",
        lambda: (gradient(lambda A: np.sum((A @ X) ** 2), A), 2 * A @ X.T @ X),
    )
