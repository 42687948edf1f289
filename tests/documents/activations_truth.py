import numpy as np

from tests.documents.truths import Table, gradient, sigmoid


def check(t: Table) -> None:
    x, a = t.normal(12), t.positive()
    s = sigmoid(x)

    def slope(f, x=x):
        return np.array([gradient(f, each) for each in x])

    def softplus(x):
        return np.log(1 + np.exp(x))

    t.defines(r"\sigma(x) = \frac", r"\zeta(x) = \log", r"s(x) = x \sigma(x)$$")
    t.true(r"\sigma'(x) =", slope(sigmoid), s * (1 - s))
    t.true(
        r"\sigma''(x) =",
        slope(lambda x: sigmoid(x) * (1 - sigmoid(x))),
        s * (1 - s) * (1 - 2 * s),
    )
    t.true(r"\tanh(x) = 2 \sigma(2x) - 1", np.tanh(x), 2 * sigmoid(2 * x) - 1)
    t.true(r"\frac{d}{dx} \tanh(x) =", slope(np.tanh), 1 - np.tanh(x) ** 2)
    t.at_most(r"0 \le \sigma(x) \le 1", np.abs(s - 0.5), 0.5)
    t.false(r"\tanh(x) = 2 \sigma(x) - 1", np.tanh(x), 2 * s - 1)
    t.true(r"\zeta'(x) = \sigma(x)", slope(softplus), s)
    t.true(r"\zeta(x) - \zeta(-x) = x", softplus(x) - softplus(-x), x)
    t.at_most(r"\zeta(x) \ge \max(0, x)", np.maximum(0, x), softplus(x))
    swish = slope(lambda x: x * sigmoid(x))
    t.true(r"s'(x) = \sigma(x)", swish, s + x * s * (1 - s), x * s + s * (1 - x * s))
    t.false(r"s'(x) = s(x) (1", swish, x * s * (1 - x * s))
    t.defines(r"r(x) = \max", r"\ell(x) = \max", r"e(x) = \begin")
    t.true(r"r'(x) =", slope(lambda x: np.maximum(0, x)), np.where(x > 0, 1, 0))
    t.true(
        r"\ell'(x) =",
        slope(lambda x: np.maximum(0, x) + a * np.minimum(0, x)),
        np.where(x > 0, 1, a),
    )
    elu = slope(lambda x: np.where(x > 0, x, a * (np.exp(x) - 1)))
    t.true(r"e'(x) =", elu, np.where(x > 0, 1, a * np.exp(x)))
