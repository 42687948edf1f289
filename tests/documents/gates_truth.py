import numpy as np

from tests.documents.truths import Table, gradient, sigmoid


def check(t: Table) -> None:
    h, d = t.sizes(2)
    x, before, cell = t.normal(d), t.normal(h), t.normal(h)
    W = {k: t.normal(h, d) for k in "fiog"}
    U = {k: t.normal(h, h) for k in "fiog"}
    b = {k: t.normal(h) for k in "fiog"}
    k = t.normal(h)

    def loss(s):
        return np.sum(k * s + np.sin(s))

    def state(z=None, o=None, c=None, before=before, cell=cell, **gates):
        z = z or {k: W[k] @ x + U[k] @ before + b[k] for k in "fiog"}
        f, i = gates.get("f", sigmoid(z["f"])), gates.get("i", sigmoid(z["i"]))
        g = gates.get("g", np.tanh(z["g"]))
        o = sigmoid(z["o"]) if o is None else o
        c = f * cell + i * g if c is None else c
        return loss(o * np.tanh(c))

    z = {k: W[k] @ x + U[k] @ before + b[k] for k in "fiog"}
    f, i, o, g = sigmoid(z["f"]), sigmoid(z["i"]), sigmoid(z["o"]), np.tanh(z["g"])
    c = f * cell + i * g

    def in_z(name):
        return gradient(lambda v: state(z={**z, name: v}), z[name])

    in_s = gradient(loss, o * np.tanh(c))
    in_c, in_g = gradient(lambda c: state(c=c), c), gradient(lambda g: state(g=g), g)
    in_f = gradient(lambda f: state(f=f), f)
    t.defines(*(f"z_{k} &= W_{k} x_t" for k in "fiog"))
    t.defines("f_t &= ", "i_t = ", "o_t = ", "g_t = ", "c_t &=", "h_t &=")
    at = r"\frac{\partial L}{\partial %s} &= "
    t.true(at % "o_t", gradient(lambda o: state(o=o), o), in_s * np.tanh(c))
    t.true(at % "c_t", in_c, in_s * o * (1 - np.tanh(c) ** 2))
    t.true(at % "f_t", in_f, in_c * cell)
    t.true(at % "i_t", gradient(lambda i: state(i=i), i), in_c * g)
    t.true(at % "g_t" + r"\frac{\partial L}{\partial c_t} \odot i_t", in_g, in_c * i)
    t.false(at % "g_t" + r"\frac{\partial L}{\partial c_t} \odot g_t", in_g, in_c * g)
    t.true(at % "c_{t-1}", gradient(lambda v: state(cell=v), cell), in_c * f)
    t.true(at % "z_f", in_z("f"), in_f * f * (1 - f))
    t.true(
        at % "z_g" + r"\frac{\partial L}{\partial g_t} \odot (1 - g_t^2)",
        in_z("g"),
        in_g * (1 - g**2),
    )
    t.false(
        at % "z_g" + r"\frac{\partial L}{\partial g_t} \odot g_t", in_z("g"), in_g * g * (1 - g)
    )
    z_f = np.outer(in_z("f"), x)
    t.true(at % "W_f" + r"\frac", z_f, z_f)
    t.true(at % "U_f", np.outer(in_z("f"), before), np.outer(in_z("f"), before))
    t.ill(at % "W_f" + "x_t", lambda: (W["f"], np.outer(x, in_z("f"))))
    t.true(at % "b_g", in_z("g"), in_z("g"))
    back = gradient(lambda v: state(before=v), before)
    t.true(r"\frac{\partial L}{\partial h_{t-1}} = ", back, sum(U[k].T @ in_z(k) for k in "fiog"))
