import numpy as np

from tests.documents.truths import Table, gradient, jacobian, softmax


def check(t: Table) -> None:
    (C,) = t.sizes(1)
    z, q, tau = t.normal(C), t.simplex(C), t.positive()

    def H(z):
        return -np.sum(q * np.log(softmax(z / tau)))

    p = softmax(z / tau)
    slope = gradient(H, z)
    t.declares(r"z \in", r"q \in", r"\tau > 0")
    t.defines(r"p_i = \frac", r"H = -\sum", r"G = \tau^2 H")
    t.true(r"\sum_{i=1}^{C} p_i = 1", np.sum(p), 1)
    t.true(r"\frac{\partial H}{\partial z_j} = \frac{1}{\tau} (", slope, (p - q) / tau)
    t.false(r"\frac{\partial H}{\partial z_j} = p_j", slope, p - q)
    t.false(r"\frac{\partial H}{\partial z_j} = \frac{1}{\tau^2}", slope, (p - q) / tau**2)
    t.true(
        r"\frac{\partial p_i}{\partial z_j} =",
        jacobian(lambda z: softmax(z / tau), z),
        p[:, None] * (np.eye(C) - p[None, :]) / tau,
    )
    t.true(r"\nabla_z H =", slope, (p - q) / tau)
    t.true(r"\nabla_z G =", tau**2 * slope, tau * (p - q))
