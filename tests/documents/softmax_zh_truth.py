import numpy as np

from tests.documents.truths import Table, gradient, logsumexp, softmax


def check(t: Table) -> None:
    d, q = t.sizes(2)
    x, W, b, y = t.normal(1, d), t.normal(d, q), t.normal(1, q), t.simplex(1, q)

    def loss(o):
        return -np.sum(y * np.log(softmax(o)))

    o = x @ W + b
    s = softmax(o)
    t.declares(r"\mathbf{x} \in", r"\mathbf{W} \in", r"\mathbf{b} \in", r"\mathbf{y} \in")
    t.defines(r"\mathbf{o} = \mathbf{x}", r"\hat{\mathbf{y}} = \operatorname", r"l = -\sum_{j=1}^q")
    t.true(r"\hat{y}_j = \frac", s, np.exp(o) / np.exp(o).sum())
    t.true(r"l &= -\sum", loss(o), -np.sum(y * np.log(np.exp(o) / np.exp(o).sum())))
    t.true(r"&= \sum_{j=1}^q y_j \log", loss(o), np.sum(y) * logsumexp(o) - np.sum(y * o))
    t.true(r"&= \log \sum", loss(o), logsumexp(o) - np.sum(y * o))
    in_o = gradient(loss, o)
    t.true(r"\frac{\partial l}{\partial o_j} =", in_o, np.exp(o) / np.exp(o).sum() - y, s - y)
    t.true(r"\frac{\partial l}{\partial \mathbf{o}} =", in_o, s - y)
    in_W = gradient(lambda W: loss(x @ W + b), W)
    t.true(r"\frac{\partial l}{\partial \mathbf{W}} = \mathbf{x}^\top", in_W, x.T @ (s - y))
    in_b = gradient(lambda b: loss(x @ W + b), b)
    t.true(r"\frac{\partial l}{\partial \mathbf{b}} = \hat", in_b, s - y)
    t.ill(r"\frac{\partial l}{\partial \mathbf{W}} = \mathbf{x} (", lambda: (in_W, x @ (s - y)))
    t.false(r"\frac{\partial l}{\partial \mathbf{b}} = \mathbf{y}", in_b, y - s)
    in_x = gradient(lambda x: loss(x @ W + b), x)
    t.true(r"\frac{\partial l}{\partial \mathbf{x}} =", in_x, (s - y) @ W.T)
