import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    m, n = t.sizes(2)
    w, b, a, k = t.normal(m, n), t.normal(m), t.normal(n), t.normal(m)

    def cost(a):
        return np.sum(k * a + np.sin(a))

    def of(z):
        return cost(np.arctan(z))

    z = w @ a + b
    delta, slope = gradient(of, z), 1 / (1 + z**2)
    after = gradient(cost, np.arctan(z))
    in_a = gradient(lambda a: of(w @ a + b), a)
    in_w = gradient(lambda w: of(w @ a + b), w)
    t.defines(r"z^l_j = ", r"$$ a^l_j", r"\delta^l_j \equiv")
    t.true("z^l = w^l", z, w @ a + b)
    t.true(r"\delta^l_j = \frac", delta, after * slope)
    t.true(r"\delta^l = \nabla", delta, after * slope)
    t.true(
        r"\frac{\partial C}{\partial b^l_j} = \delta^l_j \tag",
        gradient(lambda b: of(w @ a + b), b),
        delta,
    )
    t.true(r"\frac{\partial C}{\partial w^l_{jk}} = a^{l-1}_k", in_w, np.outer(delta, a))
    t.true(r"\frac{\partial C}{\partial a^{l-1}_k} =", in_a, w.T @ delta)
    t.true(r"\frac{\partial C}{\partial a^{l-1}} = (w^l)^T", in_a, w.T @ delta)
    t.true(r"\frac{\partial C}{\partial w^l} =", in_w, np.outer(delta, a))
    t.ill(r"\frac{\partial C}{\partial a^{l-1}} = w^l", lambda: (in_a, w @ delta))
    t.ill(r"\frac{\partial C}{\partial w^l_{jk}} = a^{l-1}_j", lambda: (in_w, np.outer(a, delta)))
    t.false(r"\frac{\partial C}{\partial b^l_j} = \delta^l_j \sigma'", delta, delta * slope)
    y, v = t.normal(m), t.normal(m)
    t.declared = False  # whether a_j = tanh(v_j) defines the declared a is open
    out = np.tanh(v)
    in_v = gradient(lambda v: np.sum((y - np.tanh(v)) ** 2) / 2, v)
    t.true(
        r"\frac{\partial Q}{\partial a_j} =",
        gradient(lambda a: np.sum((y - a) ** 2) / 2, out),
        out - y,
    )
    t.true(r"\frac{\partial Q}{\partial v_j} = (a_j - y_j)(1", in_v, (out - y) * (1 - out**2))
    t.false(r"\frac{\partial Q}{\partial v_j} = (a_j - y_j) a_j", in_v, (out - y) * out * (1 - out))
