import numpy as np

from tests.documents.truths import Table, gradient, sigmoid, softmax


def check(t: Table) -> None:
    d, w = t.sizes(2)
    u, v, n = t.normal(d, 1), t.normal(d, 1), t.normal(d, 1)

    def ell(u=u, v=v, n=n):
        return -np.log(sigmoid(np.sum(u * v))) - np.log(sigmoid(-np.sum(u * n)))

    a, b = sigmoid(np.sum(u * v)), sigmoid(np.sum(u * n))
    in_u = gradient(lambda u: ell(u=u), u)
    in_v = gradient(lambda v: ell(v=v), v)
    in_n = gradient(lambda n: ell(n=n), n)
    t.declares(r"u, v, n \in", r"V \in", r"y \in")
    t.defines(r"\sigma(t) = 1 /", r"\ell = -\log", "s = V u", r"p = \operatorname", r"C = -\sum")
    t.true(r"\nabla_u \ell = -(1", in_u, -(1 - a) * v + (1 - sigmoid(-np.sum(u * n))) * n)
    t.true(r"\nabla_v \ell = -(1 - \sigma(u^\top v)) u", in_v, -(1 - a) * u)
    t.true(r"\nabla_n \ell = \sigma", in_n, b * u)
    t.true(r"1 - \sigma(-t) = \sigma(t)", 1 - sigmoid(-u), sigmoid(u))
    t.true(r"\nabla_u \ell = (\sigma", in_u, (a - 1) * v + b * n)
    t.false(r"\nabla_v \ell = -(1 - \sigma(u^\top v)) v", in_v, -(1 - a) * v)
    t.false(r"\nabla_n \ell = -\sigma", in_n, -b * u)
    t.false(r"\nabla_u \ell = -\sigma", in_u, -a * v + b * n)
    V, y = t.normal(w, d), t.simplex(w, 1)

    def C(s):
        return -np.sum(y * np.log(softmax(s)))

    p = softmax(V @ u)
    in_V = gradient(lambda V: C(V @ u), V)
    t.true(r"\nabla_s C = p - y", gradient(C, V @ u), p - y)
    t.true(r"\nabla_u C = V", gradient(lambda u: C(V @ u), u), V.T @ (p - y))
    t.true(r"\nabla_V C = (p - y) u", in_V, (p - y) @ u.T)
    t.ill(r"\nabla_V C = u (p", lambda: (in_V, u @ (p - y).T))
