import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    u, v, k = t.sizes(3)
    R, P, Q, M = t.normal(u, v), t.normal(u, k), t.normal(v, k), t.bits(u, v)
    lam = t.positive()

    def J(P, Q):
        return np.sum((M * (R - P @ Q.T)) ** 2) / 2 + lam / 2 * np.sum(P**2)

    E = M * (R - P @ Q.T)
    in_P, in_Q = gradient(lambda P: J(P, Q), P), gradient(lambda Q: J(P, Q), Q)
    t.declares(r"R \in \mathbb", r"P \in \mathbb", r"Q \in \mathbb", r"M \in \mathbb")
    t.defines(r"\hat{R}_{ij} = \sum", r"E_{ij} = M_{ij}", r"J = \frac{1}{2}")
    t.true(
        r"\frac{\partial J}{\partial P_{if}} =",
        in_P,
        -np.einsum("ij,jf->if", E, Q) + lam * P,
    )
    t.true(
        r"\frac{\partial J}{\partial Q_{jf}} = -\sum_{i=1}^u",
        in_Q,
        -np.einsum("ij,if->jf", E, P),
    )
    t.ill(
        r"\frac{\partial J}{\partial Q_{jf}} = -\sum_{f=1}^k",
        lambda: (in_Q, -np.einsum("ij,if->ij", E, P)),
    )
    t.true(r"\frac{\partial J}{\partial P} =", in_P, -E @ Q + lam * P)
    t.true(r"\frac{\partial J}{\partial Q} = -E^\top P", in_Q, -E.T @ P)
    t.false(r"\frac{\partial J}{\partial Q} = E^\top P", in_Q, E.T @ P)
    t.ill(r"\frac{\partial J}{\partial Q} = -E P", lambda: (in_Q, -E @ P))
    t.true(r"\hat{R} = P Q^\top", np.einsum("if,jf->ij", P, Q), P @ Q.T)
    t.true(r"\|E\|_F^2 =", np.sum(E**2), np.trace(E.T @ E))
