import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    z, n, d = t.normal(40), *t.sizes(2)
    z = 2 * z

    def entrywise(f, z):
        return np.array([gradient(f, each) for each in z])

    def hinge(z):
        return np.maximum(0, 1 - z)

    t.defines(r"h(z) = \max", r"q(z) = \frac")
    t.true(r"h'(z) =", entrywise(hinge, z), np.where(z < 1, -1, 0))
    slope = entrywise(lambda z: hinge(z) ** 2 / 2, z)
    t.true(r"q'(z) = -\max", slope, -hinge(z))
    t.false(r"q'(z) = \max", slope, hinge(z))
    t.true(r"\max(0, 1 - z) = \frac", hinge(z), (1 - z + np.abs(1 - z)) / 2)
    t.at_most(r"h(z) \ge 1 - z", 1 - z, hinge(z))
    t.not_at_most(r"h(z) \ge 1$", np.ones(40), hinge(z))
    x, y, w, lam = t.normal(n, d), t.labels(n), t.normal(d), t.positive()

    def J(w):
        return lam / 2 * np.sum(w**2) + np.sum(hinge(y * (x @ w)) ** 2) / (2 * n)

    in_w = gradient(J, w)
    loss = hinge(y * (x @ w))
    t.defines(r"J(w) = \frac{\lambda}{2}")
    t.true(
        r"\nabla J(w) = \lambda w - \frac{1}{n} \sum_{i=1}^n \max(0, 1 - y_i w^\top x_i)\, y_i",
        in_w,
        lam * w - (loss * y) @ x / n,
    )
    t.false(
        r"\nabla J(w) = \lambda w - \frac{1}{n} \sum_{i=1}^n \max(0, 1 - y_i w^\top x_i)\, x_i",
        in_w,
        lam * w - loss @ x / n,
    )
    delta = t.positive()

    def rho(u):
        return np.where(np.abs(u) <= delta, u**2 / 2, delta * np.abs(u) - delta**2 / 2)

    t.declares(r"\delta > 0")
    t.defines(r"\rho(u) =")
    t.true(
        r"\rho'(u) =",
        entrywise(rho, z),
        np.where(np.abs(z) < delta, z, delta * np.sign(z)),
    )
