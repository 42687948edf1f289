import numpy as np

from tests.documents.truths import Table, gradient, softmax


def check(t: Table) -> None:
    n, m, d = t.sizes(3)
    e = d + 1
    Q, K, V, C = t.normal(n, d), t.normal(m, d), t.normal(m, e), t.normal(n, e)

    def of_output(O):
        return np.sum(C * O + np.sin(O))

    def of_scores(S):
        return of_output(softmax(S, 1) @ V)

    S = Q @ K.T
    P = softmax(S, 1)
    dO = gradient(of_output, P @ V)
    dV = gradient(lambda V: of_output(P @ V), V)
    dP = gradient(lambda P: of_output(P @ V), P)
    dS = gradient(of_scores, S)
    dK = gradient(lambda K: of_scores(Q @ K.T), K)
    t.declares(r"Q \in", r"K \in", r"V \in")
    t.defines(r"S = Q K^\top", r"P = \operatorname", "O = P V$$")
    t.true(r"dV = P^\top", dV, P.T @ dO)
    t.true(r"dP = dO \, V^\top", dP, dO @ V.T)
    t.true(r"dS_{ij} = P_{ij} \left(", dS, P * (dP - (P * dP).sum(1, keepdims=True)))
    t.true(r"dQ = dS \, K", gradient(lambda Q: of_scores(Q @ K.T), Q), dS @ K)
    t.true(r"dK = dS^\top Q", dK, dS.T @ Q)
    t.ill(r"dV = P \, dO", lambda: (dV, P @ dO))
    t.ill(r"dK = dS \, Q", lambda: (dK, dS @ Q))
    t.false(r"dS_{ij} = P_{ij} (1", dS, P * (1 - P) * dP)
    t.defines(r"T = \frac{1}{\sqrt{d}} Q")
    t.true(r"T \in \mathbb{R}^{n \times m}", np.shape(Q @ K.T), (n, m))
