import numpy as np

from tests.documents.truths import Table, gradient


def sigma(z):
    return np.sin(z) + z**2


def slope(z):
    return np.cos(z) + 2 * z


def check(t: Table) -> None:
    d, h, k = t.sizes(3)
    x, target = t.normal(d, 1), t.normal(k, 1)
    W1, b1, W2, b2 = t.normal(h, d), t.normal(h, 1), t.normal(k, h), t.normal(k, 1)

    def C(x=x, W1=W1, b1=b1, W2=W2, b2=b2):
        return np.sum((W2 @ sigma(W1 @ x + b1) + b2 - target) ** 2) / 2

    z1 = W1 @ x + b1
    a1 = sigma(z1)
    z2 = W2 @ a1 + b2
    d2 = gradient(lambda z: np.sum((z - target) ** 2) / 2, z2)
    d1 = gradient(lambda z: np.sum((W2 @ sigma(z) + b2 - target) ** 2) / 2, z1)
    t.declares(r"x \in \mathbb{R}^{d}", r"W^{(1)} \in", r"b^{(1)} \in", r"W^{(2)} \in")
    t.declares(r"b^{(2)} \in", r"t \in \mathbb{R}^{k}")
    t.defines(r"z^{(1)} = W", r"a^{(1)} = \sigma", r"z^{(2)} = W", r"C = \frac{1}{2}")
    t.defines(r"\delta^{(2)} = \frac")
    t.true(r"\delta^{(2)} = z^{(2)} - t", d2, z2 - target)
    t.true(r"\delta^{(1)} = (W^{(2)})^\top \delta^{(2)} \odot \sigma'", d1, W2.T @ d2 * slope(z1))
    in_W2 = gradient(lambda W2: C(W2=W2), W2)
    t.true(r"\frac{\partial C}{\partial W^{(2)}} = \delta", in_W2, d2 @ a1.T)
    t.true(r"\frac{\partial C}{\partial b^{(2)}} =", gradient(lambda b2: C(b2=b2), b2), d2)
    t.true(r"\frac{\partial C}{\partial W^{(1)}} =", gradient(lambda W1: C(W1=W1), W1), d1 @ x.T)
    t.true(r"\frac{\partial C}{\partial b^{(1)}} =", gradient(lambda b1: C(b1=b1), b1), d1)
    t.true(r"\frac{\partial C}{\partial x} =", gradient(lambda x: C(x=x), x), W1.T @ d1)
    t.ill(r"\delta^{(1)} = W^{(2)} \delta", lambda: (d1, W2 @ d2 * slope(z1)))
    t.false(r"\delta^{(1)} = (W^{(2)})^\top \delta^{(2)} \odot \sigma(", d1, W2.T @ d2 * sigma(z1))
    t.ill(r"\frac{\partial C}{\partial W^{(2)}} = a", lambda: (in_W2, a1 @ d2.T))
