import numpy as np

from tests.documents.truths import Table, diag, gradient, hessian, jacobian, logsumexp, softmax


def check(t: Table) -> None:
    (K,) = t.sizes(1)
    z, v, c = t.normal(K, 1), t.normal(K, 1), t.normal()
    p, J = softmax(z), jacobian(softmax, z)
    ones, I = np.ones((K, 1)), np.eye(K)
    bent = diag(p) - p @ p.T
    t.declares(r"z \in", r"\mathbf{1} \in", r"v \in")
    t.defines(r"p = \mathrm", r"\ell = \log p", r"F(z) = \log")
    t.true(r"p_i = \frac", p, np.exp(z) / np.exp(z).sum())
    t.true(r"\frac{\partial p_i}{\partial z_j} =", J, p * (I - p.T))
    t.true(r"\frac{\partial p}{\partial z} = \mathrm{diag}(p) - p p", J, bent)
    t.true(r"(\mathrm{diag}(p) - p p^\top) \mathbf{1} =", bent @ ones, 0 * ones)
    t.false(r"\frac{\partial p}{\partial z} = \mathrm{diag}(p) - p^\top p", J, diag(p) - p.T @ p)
    s = np.sum(p * v)
    t.true(
        r"(\mathrm{diag}(p) - p p^\top) v = p \odot v - p (",
        bent @ v,
        p * v - p * s,
        p * (v - ones * s),
    )
    t.false(r"(\mathrm{diag}(p) - p p^\top) v = p \odot v - (p", bent @ v, p * v - s * v)
    t.true(
        r"\frac{\partial \ell_i}{\partial z_j} =",
        jacobian(lambda z: np.log(softmax(z)), z),
        I - ones @ p.T,
    )
    t.true(r"\nabla F(z) = p", gradient(logsumexp, z), p)
    second = hessian(logsumexp, z)
    t.true(r"\nabla^2 F(z) = \mathrm{diag}(p) - p", second, bent)
    t.false(r"\nabla^2 F(z) = \mathrm{diag}(p)$", second, diag(p))
    t.true(r"F(z + c \mathbf{1}) =", logsumexp(z + c), logsumexp(z) + c)
