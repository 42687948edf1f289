import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    (h,) = t.sizes(1)
    i, f, o, g, before, k = (t.normal(h) for _ in range(6))

    def of(s):
        return np.sum(k * s + np.sin(s))

    def of_cell(c, o=o):
        return of(o * np.tanh(c))

    c = f * before + i * g
    in_s, in_c = gradient(of, o * np.tanh(c)), gradient(of_cell, c)
    t.declares(r"i \in", r"f \in", r"o \in", r"g \in", r"c' \in", r"z \in", r"p \in", r"n \in")
    t.defines(r"c &= f", r"s &= o", "q = (1 - z)")
    t.true(
        r"\frac{\partial L}{\partial o} &=",
        gradient(lambda o: of_cell(c, o), o),
        in_s * np.tanh(c),
    )
    t.true(r"\frac{\partial L}{\partial c} &=", in_c, in_s * o * (1 - np.tanh(c) ** 2))
    in_f = gradient(lambda f: of_cell(f * before + i * g), f)
    t.true(r"\frac{\partial L}{\partial f} &=", in_f, in_c * before)
    t.true(
        r"\frac{\partial L}{\partial i} &=",
        gradient(lambda i: of_cell(f * before + i * g), i),
        in_c * g,
    )
    t.true(
        r"\frac{\partial L}{\partial g} &=",
        gradient(lambda g: of_cell(f * before + i * g), g),
        in_c * i,
    )
    t.false(r"\frac{\partial L}{\partial f} = ", in_f, in_c * i)
    t.false(r"\frac{\partial L}{\partial c} = ", in_c, in_s * (1 - np.tanh(c) ** 2))
    z, p, n = t.uniform(h), t.normal(h), t.normal(h)

    def mixed(z=z, p=p, n=n):
        return of((1 - z) * n + z * p)

    in_q = gradient(of, (1 - z) * n + z * p)
    t.true(r"\frac{\partial L}{\partial z} &=", gradient(lambda z: mixed(z=z), z), in_q * (p - n))
    t.true(r"\frac{\partial L}{\partial n} &=", gradient(lambda n: mixed(n=n), n), in_q * (1 - z))
    t.false(r"\frac{\partial L}{\partial p} &=", gradient(lambda p: mixed(p=p), p), in_q * (1 - z))
