import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    d, h, q = t.sizes(3)
    T = 3
    x, h0 = t.normal(T, d), t.normal(h)
    Wx, Wh, Wq = t.normal(h, d), t.normal(h, h), t.normal(q, h)

    def run(change=None, Wq=Wq):
        """(loss, outputs, states), with a change added to one state or output."""
        state, states, outputs = h0, [], []
        for time in range(T):
            state = np.tanh(Wx @ x[time] + Wh @ state)
            if change and change[:2] == ("h", time):
                state = state + change[2]
            states.append(state)
            output = Wq @ state
            if change and change[:2] == ("o", time):
                output = output + change[2]
            outputs.append(output)
        return sum(np.sum(o**2) / 2 for o in outputs) / T, outputs, states

    def in_output(time):
        return gradient(lambda c: run(("o", time, c))[0], np.zeros(q))

    def in_state(time):
        return gradient(lambda c: run(("h", time, c))[0], np.zeros(h))

    _, o, s = run()
    t.defines(r"h_t = \tanh", "o_t = W_{qh} h_t .", r"L = \frac{1}{T}")
    t.true(r"\frac{\partial L}{\partial o_t} = \frac{1}{T} o_t,", in_output(1), o[1] / T)
    t.false(r"\frac{\partial L}{\partial o_t} = o_t .", in_output(1), o[1])
    t.true(
        r"\frac{\partial L}{\partial W_{qh}} =",
        gradient(lambda Wq: run(Wq=Wq)[0], Wq),
        sum(np.outer(in_output(time), s[time]) for time in range(T)),
    )
    t.true(r"\frac{\partial L}{\partial h_T} =", in_state(T - 1), Wq.T @ in_output(T - 1))
    later = in_state(1) * (1 - s[1] * s[1])
    here = Wq.T @ in_output(0)
    t.true(
        r"\frac{\partial L}{\partial h_t} = W_{hh}^\top \left(", in_state(0), Wh.T @ later + here
    )
    t.false(
        r"\frac{\partial L}{\partial h_t} = W_{hh}^\top \frac",
        in_state(0),
        Wh.T @ in_state(1) + here,
    )
