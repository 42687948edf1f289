import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    p, q, r = t.sizes(3)
    A, B, C, M = t.normal(p, q), t.normal(q, r), t.normal(p, r), t.normal(p, q)
    tr = np.trace
    t.declares(r"A \in", r"B \in", r"C \in", r"M \in")
    t.defines(r"\phi = \tr", r"\psi = \frac")
    in_A = gradient(lambda A: tr(C.T @ A @ B), A)
    t.true(r"\frac{\partial \phi}{\partial A} &=", in_A, C @ B.T)
    t.true(r"\frac{\partial \phi}{\partial B} &=", gradient(lambda B: tr(C.T @ A @ B), B), A.T @ C)
    t.true(r"\frac{\partial \phi}{\partial C} &=", gradient(lambda C: tr(C.T @ A @ B), C), A @ B)

    def psi(A=A, B=B, C=C):
        return np.sum((A @ B - C) ** 2) / 2

    E = A @ B - C
    slope = gradient(lambda A: psi(A=A), A)
    t.true(r"\frac{\partial \psi}{\partial A} &=", slope, E @ B.T)
    t.true(r"&= A B B^{\mathsf{T}} - C", slope, A @ B @ B.T - C @ B.T)
    in_C = gradient(lambda C: psi(C=C), C)
    t.true(r"\frac{\partial \psi}{\partial C} &=", in_C, C - A @ B)
    t.ill(r"\frac{\partial \phi}{\partial A} = B", lambda: (in_A, B.T @ C))
    t.false(r"\frac{\partial \psi}{\partial C} = A B - C", in_C, A @ B - C)
    in_B = gradient(lambda B: psi(B=B), B)
    t.false(r"\frac{\partial \psi}{\partial B} = 2", in_B, 2 * A.T @ E)
    t.true(r"\frac{\partial \psi}{\partial B} = A", in_B, A.T @ E)
    inner = tr(A.T @ M)
    head = r"\tr(A^{\mathsf{T}} M) = "
    t.true(head + r"\sum", inner, np.sum(A * M), tr(M @ A.T))
    t.true(head + r"\tr", inner, tr(M.T @ A))
    t.false(head + r"-\tr", inner, -tr(M.T @ A))
