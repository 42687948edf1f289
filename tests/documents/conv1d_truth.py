import numpy as np

from tests.documents.truths import Table, gradient, jacobian


def check(t: Table) -> None:
    K, N = sorted(t.sizes(2))
    x, w, c = t.normal(N), t.normal(K), t.normal(N - K + 1)
    M = N - K + 1
    windows = np.array([x[i : i + K] for i in range(M)])

    def convolved(w):
        return np.array([np.sum(w * x[i : i + K]) for i in range(M)])

    def of(y):
        return np.sum(c * y + np.sin(y))

    y = convolved(w)
    g = gradient(of, y)
    t.declares(r"x \in", r"w \in", r"y \in")
    t.defines(r"y_i = \sum", r"g = \frac", r"z_i = y_i + b", r"u_i = \tanh")
    slope = gradient(lambda w: of(convolved(w)), w)
    t.true(r"\frac{\partial L}{\partial w_k} = \sum_{i=0}^{N-K} g_i x_{i+k}", slope, g @ windows)
    t.true("N - (N - K + 1) + 1 = K", N - (N - K + 1) + 1, K)
    t.false(
        r"\frac{\partial L}{\partial w_k} = \sum_{i=0}^{N-K} g_{i} x_{i}",
        slope,
        np.full(K, np.sum(g * x[:M])),
    )
    t.true(r"\frac{\partial y_i}{\partial w_k} = x_{i+k}", jacobian(convolved, w), windows)
    t.false(
        r"\frac{\partial y_i}{\partial w_k} = x_{k}", jacobian(convolved, w), np.tile(x[:K], (M, 1))
    )
    t.true(r"\frac{\partial z_i}{\partial b} = 1", jacobian(lambda b: y + b, 0.3), np.ones((M, 1)))
    bent = jacobian(lambda w: np.tanh(convolved(w)), w)
    u = np.tanh(y)[:, None]
    t.true(r"\frac{\partial u_i}{\partial w_k} = (1 - u_i^2)", bent, (1 - u**2) * windows)
    t.false(r"\frac{\partial u_i}{\partial w_k} = (1 - u_i)\,", bent, (1 - u) * windows)
