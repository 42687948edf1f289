import numpy as np

from tests.documents.truths import Table, jacobian


def check(t: Table) -> None:
    time, beta, gamma, T = 4, t.uniform(), t.uniform(), 6
    g, m = t.normal(time), 0.0
    for k in range(time):
        m = beta * m + (1 - beta) * g[k]
    steps = np.arange(1, time + 1)
    t.defines(r"m_t = \beta m_{t-1}")
    t.true(r"\beta^{t-k} g_k", m, (1 - beta) * np.sum(beta ** (time - steps) * g))
    t.false(r"\beta^{k} g_k", m, (1 - beta) * np.sum(beta**steps * g))

    n, p = t.sizes(2)
    A, B, start, u = t.normal(n, n), t.normal(n, p), t.normal(n), t.normal(time, p)
    s = start
    for k in range(time):
        s = A @ s + B @ u[k]

    def power(exponent):
        return np.linalg.matrix_power(A, exponent)

    t.defines(r"s_t = A s_{t-1} + B u_t")
    t.true(
        r"A^{t-k} B u_k",
        s,
        power(time) @ start + sum(power(time - k) @ B @ u[k - 1] for k in steps),
    )
    t.false(
        r"A^{t-k+1} B u_k",
        s,
        power(time) @ start + sum(power(time - k + 1) @ B @ u[k - 1] for k in steps),
    )
    t.true(
        r"\frac{\partial s_t}{\partial s_{t-1}} = A", jacobian(lambda s: A @ s + B @ u[0], start), A
    )

    r, returns = t.normal(T + 1), np.zeros(T + 1)
    for k in reversed(range(T)):
        returns[k] = r[k + 1] + gamma * returns[k + 1]
    here = 2
    later = np.arange(here + 1, T + 1)
    t.defines(r"G_t = r_{t+1}")
    t.true(r"\gamma^{k-t-1} r_k", returns[here], np.sum(gamma ** (later - here - 1) * r[later]))
    t.false(r"\gamma^{k-t} r_k", returns[here], np.sum(gamma ** (later - here) * r[later]))
