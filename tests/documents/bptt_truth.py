import numpy as np

from tests.documents.truths import Table, gradient, sigmoid


def check(t: Table) -> None:
    scalar(t)
    vectors(t)


def scalar(t: Table) -> None:
    T = 4
    x, y = t.normal(T), t.normal(T)
    w, u = t.normal(), t.normal()

    def run(w=w, u=u, changed=-1, change=0.0):
        state, states = 0.0, []
        for time in range(T):
            state = sigmoid(w * state + u * x[time])
            if time == changed:
                state = state + change
            states.append(state)
        return sum((h - target) ** 2 for h, target in zip(states, y, strict=True)), states

    def slope(name):
        return float(
            gradient(lambda v: run(**{name: float(v)})[0], np.array({"w": w, "u": u}[name]))
        )

    h = np.array(run()[1])
    before = np.array([0.0, *h[:-1]])
    delta = np.zeros(T + 1)
    for time in reversed(range(T)):
        later = h[time + 1] * (1 - h[time + 1]) * delta[time + 1] if time + 1 < T else 0.0
        delta[time] = 2 * (h[time] - y[time]) + w * later
    delta = delta[:T]
    t.defines(r"h_t = \sigma(w h_{t-1} + u x_t)", r"\sigma(z) =", r"L = \sum", r"\delta_t &= 2(h_t")
    t.true(
        r"\frac{\partial L}{\partial h_t} &= \delta_t",
        float(gradient(lambda c: run(changed=1, change=float(c))[0], np.array(0.0))),
        delta[1],
    )
    t.true(
        r"&= \sum_{t=1}^T \delta_t h_t (1-h_t) h_{t-1}", slope("w"), delta @ (h * (1 - h) * before)
    )
    t.true(r"&= \sum_{t=1}^T \delta_t h_t (1-h_t) x_t", slope("u"), delta @ (h * (1 - h) * x))
    t.false(r"&= \sum_{t=1}^T \delta_t x_t", slope("u"), delta @ x)
    t.false(r"&= \sum_{t=1}^T \delta_t h_t (1-h_t) h_{t}", slope("w"), delta @ (h * (1 - h) * h))


def vectors(t: Table) -> None:
    m, d = t.sizes(2)
    T = 3
    W, U, start = t.normal(m, m), t.normal(m, d), t.normal(m)
    v, weights = t.normal(T, d), t.normal(T, m)

    def run(W=W, U=U, changed=-1, change=0.0):
        state, states = start, []
        for time in range(T):
            state = np.tanh(W @ state + U @ v[time])
            if time == changed:
                state = state + change
            states.append(state)
        return sum(np.sum(np.sin(c * s)) for c, s in zip(weights, states, strict=True)), states

    s = run()[1]
    inner = [
        gradient(lambda c, time=time: run(changed=time, change=c)[0], np.zeros(m))
        for time in range(T)
    ]
    through = [g * (1 - state * state) for g, state in zip(inner, s, strict=True)]
    before = [start, *s[:-1]]
    in_U = gradient(lambda U: run(U=U)[0], U)
    t.defines(r"s_t = \tanh(W s_{t-1} + U v_t)")
    t.true(
        r"\frac{\partial J}{\partial U} &= \sum_{t=1}^T \left(",
        in_U,
        sum(np.outer(g, x) for g, x in zip(through, v, strict=True)),
    )
    t.false(
        r"\frac{\partial J}{\partial U} &= \sum_{t=1}^T \frac",
        in_U,
        sum(np.outer(g, x) for g, x in zip(inner, v, strict=True)),
    )
    t.true(
        r"\frac{\partial J}{\partial W} &=",
        gradient(lambda W: run(W=W)[0], W),
        sum(np.outer(g, x) for g, x in zip(through, before, strict=True)),
    )
