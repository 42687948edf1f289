import numpy as np

from tests.documents.truths import Table, gradient

inv, det = np.linalg.inv, np.linalg.det


def check(t: Table) -> None:
    n, k = t.sizes(2)
    A, B = t.normal(n, n) + 3 * np.eye(n), t.normal(n, n) + 3 * np.eye(n)
    U, V, a, b = t.normal(n, k), t.normal(k, n), t.normal(n, 1), t.normal(n, 1)
    P, Q = inv(A), inv(B)
    t.declares(r"A \in \Rn", r"B \in \Rn", r"U \in \Rn", r"V \in \Rn", r"a \in \Rn", r"b \in \Rn")
    t.true("(A B)^{-1} = B", inv(A @ B), Q @ P)
    t.false("(A B)^{-1} = A", inv(A @ B), P @ Q)
    t.true(r"(A^\top)^{-1} =", inv(A.T), P.T)
    t.true(r"\det(A B) =", det(A @ B), det(A) * det(B))
    t.false(r"\det(A + B) =", det(A + B), det(A) + det(B))
    t.true(r"\frac{\partial}{\partial A} \det(A)", gradient(det, A), det(A) * P.T)
    t.true(
        r"\frac{\partial}{\partial A} \log",
        gradient(lambda A: np.log(det(A.T @ A)), A),
        2 * P.T,
    )
    slope = gradient(lambda A: np.sum(a.T @ inv(A) @ b), A)
    t.true(
        r"\frac{\partial (a^\top A^{-1} b)}{\partial A} = -A^{-\top} a",
        slope,
        -P.T @ a @ b.T @ P.T,
    )
    t.false(
        r"\frac{\partial (a^\top A^{-1} b)}{\partial A} = -A^{-\top} b",
        slope,
        -P.T @ b @ a.T @ P.T,
    )
    t.true(
        r"\frac{\partial (a^\top A^{-1} b)}{\partial b} =",
        gradient(lambda b: a.T @ P @ b, b),
        P.T @ a,
    )
    t.true("A^{-1} - B^{-1} =", P - Q, P @ (B - A) @ Q)
    t.true("A^{-1} + B^{-1} = A", P + Q, P @ (A + B) @ Q)
    t.false("A^{-1} + B^{-1} = (", P + Q, inv(A + B))
    t.true(r"\det(I_n + U V) =", det(np.eye(n) + U @ V), det(np.eye(k) + V @ U))
    t.true("U (I_k + V U) =", U @ (np.eye(k) + V @ U), (np.eye(n) + U @ V) @ U)
