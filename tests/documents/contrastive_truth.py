import numpy as np

from tests.documents.truths import Table, gradient, logsumexp, softmax


def check(t: Table) -> None:
    d, m = t.sizes(2)
    a, p, n, margin = t.normal(d, 1), t.normal(d, 1), t.normal(d, 1), t.normal()

    def T(a=a, p=p, n=n):
        return np.sum((a - p) ** 2) - np.sum((a - n) ** 2) + margin

    in_a, in_p = gradient(lambda a: T(a=a), a), gradient(lambda p: T(p=p), p)
    t.declares(r"a \in", r"p \in", r"n \in", r"\tau > 0", r"K \in", r"y \in")
    t.defines(
        r"D^+ =", r"D^- =", "T = D^+", r"s = \frac", r"P = \operatorname", r"c = \frac{a^\top p}"
    )
    t.true(r"\nabla_a T = 2 (n - p)", in_a, 2 * (n - p))
    t.true(r"\nabla_p T = 2 (p - a)", in_p, 2 * (p - a))
    t.true(r"\nabla_n T = 2 (a - n)", gradient(lambda n: T(n=n), n), 2 * (a - n))
    t.false(r"\nabla_a T = 2 (p - n)", in_a, 2 * (p - n))
    t.false(r"\nabla_p T = p - a", in_p, p - a)
    tau, K, y = t.positive(), t.normal(m, d), t.simplex(m, 1)

    def ell(s):
        return -np.sum(y * np.log(softmax(s)))

    s = K @ a / tau
    P = softmax(s)
    t.true(r"\ell = -y^\top", ell(s), logsumexp(s) - np.sum(y * s))
    t.true(r"\nabla_s \ell =", gradient(ell, s), P - y)
    in_a = gradient(lambda a: ell(K @ a / tau), a)
    in_K = gradient(lambda K: ell(K @ a / tau), K)
    t.true(r"\nabla_a \ell = \frac", in_a, K.T @ (P - y) / tau)
    t.true(r"\nabla_K \ell = \frac{1}{\tau} (P", in_K, (P - y) @ a.T / tau)
    t.false(r"\nabla_a \ell = \tau", in_a, tau * K.T @ (P - y))
    t.ill(r"\nabla_K \ell = \frac{1}{\tau} a", lambda: (in_K, a @ (P - y).T / tau))
    norm = np.linalg.norm

    def cosine(a):
        return np.sum(a * p) / (norm(a) * norm(p))

    c, slope = cosine(a), gradient(cosine, a)
    t.true(r"\nabla_a c = \frac", slope, p / (norm(a) * norm(p)) - c * a / norm(a) ** 2)
    t.true(r"a^\top \nabla_a c = 0", a.T @ slope, 0)
