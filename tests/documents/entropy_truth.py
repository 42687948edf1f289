import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    (n,) = t.sizes(1)
    p, q, c = t.simplex(n), t.simplex(n), t.normal()

    def H(p):
        return -np.sum(p * np.log(p))

    def cross(q):
        return -np.sum(p * np.log(q))

    D = np.sum(p * np.log(p / q))
    t.declares(r"p \in", r"q \in")
    t.defines(r"H(p) = -\sum", r"C = -\sum", r"D = \sum")
    t.true("C = H(p) + D", cross(q), H(p) + D)
    t.false("C = H(p) - D", cross(q), H(p) - D)
    slope = gradient(cross, q)
    t.true(r"\frac{\partial C}{\partial q_i} = -\frac", slope, -p / q)
    t.false(r"\frac{\partial C}{\partial q_i} = -p_i", slope, -p * np.log(q))
    slope = gradient(H, p)
    t.true(r"\frac{\partial H}{\partial p_i} = -\log p_i - 1", slope, -np.log(p) - 1)
    t.false(r"\frac{\partial H}{\partial p_i} = -\log p_i$$", slope, -np.log(p))
    bent = np.diag(hessian(lambda q: np.sum(p * np.log(p / q)), q))
    t.true(r"\frac{\partial^2 D}{\partial q_i^2} =", bent, p / q**2)
    t.true(r"\sum_{i=1}^n p_i (\log p_i - \log q_i + c) =", np.sum(p * (np.log(p / q) + c)), D + c)
