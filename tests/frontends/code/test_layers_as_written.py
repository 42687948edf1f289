"""Classes as people write them: methods of many names, parameters in dictionaries and in objects,
layers that make their parameters when they are run first, objects in lists.
"""

import pytest

from derive.frontends.code.answers import answers
from derive.frontends.code.finding import find
from derive.frontends.code.request import request

SOURCE = """
import numpy as np


# derive: x (N, D), p = 0.3
class DropRight:
    def __init__(self, p):
        self.p = p
    def forward(self, x):
        self.mask = np.random.binomial(1, 1 - self.p, size=x.shape)
        return x * self.mask / (1 - self.p)
    def backward(self, dout):
        return dout * self.mask ** 2 / (1 - self.p)

# derive: x (N, D), p = 0.3
class DropWrong:
    def __init__(self, p):
        self.p = p
    def forward(self, x):
        self.mask = np.random.binomial(1, 1 - self.p, size=x.shape)
        return x * self.mask / (1 - self.p)
    def backward(self, dout):
        return dout * self.mask

# derive: x (N, D), p = 0.3
class DropWrong2:
    def __init__(self, p):
        self.p = p
    def forward(self, x):
        self.mask = np.random.rand(*x.shape) > self.p
        return x * self.mask / (1 - self.p)
    def backward(self, dout):
        return dout / (1 - self.p)

# derive: x (N, D)
class Lazy:
    # its state is 0 in the first run
    def __init__(self):
        self.w = None
        self.h = 0.0
    def forward(self, x):
        if self.w is None:
            self.w = np.ones(x.shape[1])
        self.x = x
        self.h = self.h + x
        return self.w * self.h
    def backward(self, dout):
        self.dw = (dout * self.h).sum(0)
        return dout * self.w

# derive: x (N, D), w (D)
class LazyState:
    def __init__(self):
        self.w = None
        self.h = 0.0
    def forward(self, x):
        if self.w is None:
            self.init(x)
        self.h = self.h * self.c + x
        return self.w * self.h
    def init(self, x):
        self.w = np.ones(x.shape[1])
        self.c = 0.5
    def backward(self, dout):
        self.dw = (dout * self.h).sum(0)
        return dout * self.w

# derive: x (N, D), w (D)
class LazyRight:
    def __init__(self):
        self.w = None
    def forward(self, x):
        if self.w is None:
            self.init(x)
        self.x = x
        return self.w * x * self.c
    def init(self, x):
        self.w = np.ones(x.shape[1])
        self.c = 0.5
    def backward(self, dout):
        self.dw = (dout * self.x).sum(0) * self.c
        return dout * self.w * self.c

# derive: x (N, D), w (D)
class LazyWrong:
    def __init__(self):
        self.ready = False
    def forward(self, x):
        if not self.ready:
            self.w = np.ones(x.shape[1]); self.ready = True
        self.x = x
        return self.w * x
    def backward(self, dout):
        self.dw = (dout * self.x).sum(0)
        return dout * self.w * self.w

# derive: x (N)
class Cube:
    def __call__(self, x):
        return x ** 3
    def derivative(self, x):
        return 3 * x ** 2

# derive: x (N)
class CubeWrong:
    def __call__(self, x):
        return x ** 3
    def derivative(self, x):
        return 2 * x ** 2

# derive: x (N)
class SquareOfUpstream:
    def forward(self, x):
        return x ** 2
    def backward(self, x):
        return 2 * x

# derive: x (N)
class SquareGrad:
    def forward(self, x):
        return x ** 2
    def grad(self, dout):
        return 2 * dout

# derive: x (N)
def cube(x, derivative=False):
    if derivative:
        return 3 * x ** 2
    return x ** 3

# derive: x (N)
def cube_wrong(x, derivative=False):
    if derivative:
        return 2 * x ** 2
    return x ** 3

# derive: y (N), p (N), wrt p
def mse(y, p, derivative=False):
    if derivative:
        return 2 * (p - y) / y.size
    return np.mean((y - p) ** 2)

# derive: y (N), p (N), wrt p
def mse_wrong(y, p, derivative=False):
    if derivative:
        return 2 * (p - y)
    return np.mean((y - p) ** 2)

# derive: p (N, C), y (N) labels of C
class CE:
    def __call__(self, p, y):
        self.p, self.y = p, y
        return -np.mean(np.log(p[np.arange(len(y)), y]))
    def gradient(self):
        d = np.zeros_like(self.p)
        d[np.arange(len(self.y)), self.y] = -1 / self.p[np.arange(len(self.y)), self.y]
        return d / len(self.y)

# derive: p (N, C), y (N) labels of C
class CEWrong:
    def __call__(self, p, y):
        self.p, self.y = p, y
        return -np.mean(np.log(p[np.arange(len(y)), y]))
    def gradient(self):
        d = np.zeros_like(self.p)
        d[np.arange(len(self.y)), self.y] = -1 / self.p[np.arange(len(self.y)), self.y]
        return d

# derive: X (N, T)
def rows_forward(X):
    return X * 2.0
def rows_backward(dout):
    out = []
    for d in dout:
        row = []
        for e in d:
            row.append(2.0 * e)
        out.append(row)
    return np.array(out)

class Cell:
    def __init__(self, w):
        self.w, self.dw = w, np.zeros_like(w)
    def forward(self, x, h):
        self.kept = x, h, np.tanh(x + h * self.w)
        return self.kept[2]
    def backward(self, dh):
        x, h, out = self.kept
        dz = dh * (1 - out**2)
        self.dw[...] = (dz * h).sum(0)
        return dz, dz * self.w

# derive: xs (T, N, D), w (D)
class Unrolled:
    def __init__(self, w):
        self.w, self.dw = w, np.zeros_like(w)
    def forward(self, xs):
        self.cells = []
        out, h = np.empty(xs.shape), np.zeros(xs.shape[1:])
        for t in range(len(xs)):
            cell = Cell(self.w)
            self.cells.append(cell)
            h = cell.forward(xs[t], h)
            out[t] = h
        return out
    def backward(self, dout):
        dxs, dh = np.empty(dout.shape), 0
        dw = 0
        for t in reversed(range(len(dout))):
            dxs[t], dh = self.cells[t].backward(dout[t] + dh)
            dw += self.cells[t].dw
        self.dw[...] = dw
        return dxs

# derive: xs (T, N, D), w (D)
class UnrolledTwice:
    def __init__(self, w):
        self.w, self.dw = w, np.zeros_like(w)
    def forward(self, xs):
        self.cells = []
        out, h = np.empty(xs.shape), np.zeros(xs.shape[1:])
        for t in range(len(xs)):
            cell = Cell(self.w)
            self.cells.append(cell)
            h = cell.forward(xs[t], h)
            out[t] = h
        return out
    def backward(self, dout):
        dxs, dh = np.empty(dout.shape), 0
        for t in reversed(range(len(dout))):
            dxs[t], dh = self.cells[t].backward(dout[t] + dh)
        dw = 0
        for t in range(len(dout)):
            dw += self.cells[t].dw
        self.dw[...] = dw
        return dxs

# derive: x (N, D), w (D, M), b (M)
class Kept:
    def __init__(self, d=2, m=3, bias=True):
        self.params = {"w": np.zeros((d, m)), "b": np.zeros(m)}
        self.grads = {}
    def forward_pass(self, x):
        self.x = x
        return x @ self.params["w"] + self.params["b"]
    def backward_pass(self, d, rate=0.1):
        self.grads["w"] = self.x.T @ d
        self.grads["b"] = d.sum(0)
        return d @ self.params["w"].T

class Value:
    def __init__(self, data):
        self.data, self.grad = data, None

class Layer:
    def __call__(self, x):
        return self.forward(x)
    def forward(self, x):
        raise NotImplementedError
    def backward(self, d):
        raise NotImplementedError

# derive: x (N, D), w (D)
class Boxed(Layer):
    def __init__(self, d=2):
        self.w = Value(np.zeros(d))
    def forward(self, x):
        self.x = x
        return x * self.w.data
    def backward(self, d):
        self.w.grad = (d * self.x).sum(0)
        return d * self.w.data * 2

# derive: x (N, D), rate = 0.1
class Learning(Layer):
    def __init__(self):
        self.w = 2.0
    def forward(self, x):
        return x * self.w
    def backward(self, d, rate):
        dx = d * self.w
        self.w -= rate * d.sum()
        return dx

# derive: a (N, D), b (N, D)
class Mul:
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b
    @staticmethod
    def backward(ctx, d):
        a, b = ctx.saved_tensors
        return d * b, d * a

# derive: p (N, C), y (N) labels of C
class Picked:
    def __call__(self, p, y):
        e = np.exp(p) / np.exp(p).sum(1, keepdims=True)
        grad = (e - np.eye(p.shape[1])[y]) / len(y)
        return -np.log(e[np.arange(len(y)), y]).mean(), grad

# derive: x (N), forward up, backward down
class Named:
    def up(self, x):
        return np.sin(x)
    def down(self, d):
        return d


# derive: q (N, D), k (N, D)
class Score:
    def forward(self, q, k):
        self.q, self.k = q, k
        return (q * k).sum(1)
    def backward(self, d):
        dq = d[:, None] * self.k
        dk = d[:, None] * self.q
        return dk, dq

# derive: q (N, D), k (N, D)
class ScoreWrong:
    def forward(self, q, k):
        self.q, self.k = q, k
        return (q * k).sum(1)
    def backward(self, d):
        return d[:, None] * self.q, d[:, None] * self.k

# derive: q (N, D), k (N, D), wrt k q
class ScoreTold:
    def forward(self, q, k):
        self.q, self.k = q, k
        return (q * k).sum(1)
    def backward(self, d):
        return d[:, None] * self.q, d[:, None] * self.k

# derive: x (N, 2)
class Largest:
    def forward(self, x):
        self.x = x
        self.out = np.full(len(x), -np.inf)
        for j in range(2):
            self.out = np.maximum(self.out, x[:, j])
        return self.out
    def backward(self, d):
        return (self.x == self.out[:, None]) * d[:, None]

# derive: x (H)
def padded_forward(x):
    xp, out = np.pad(x, 1), np.zeros_like(x)
    for i in range(3):
        out += xp[i : i + len(x)] * 2.0
    return out, xp
def padded_backward(d, xp):
    dxp = np.zeros_like(xp)
    for i in range(3):
        dxp[i : i + len(d)] += d * 2.0
    return dxp[1:-1]

# derive: x (N, D), t (N) labels of K, W (D, K)
class Linear:
    def __init__(self, W):
        self.params = {"W": W}
    def loss(self, x, t):
        z = x @ self.params["W"]
        return np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(t)), t])
    def gradient(self, x, t):
        z = np.exp(x @ self.params["W"])
        p = z / z.sum(1, keepdims=True)
        p[np.arange(len(t)), t] -= 1
        grads = {}
        grads["W"] = x.T @ p / len(t)
        return grads

# derive: x (N, D), w (D)
class LastFirst:
    def __init__(self, w):
        self.w = w
    def forward(self, x):
        self.x = x
        return x * self.w
    def backward(self, d):
        dw, dx = (d * self.x).sum(0), d * self.w
        return dw, dx
"""

EXPECTED = [
    "DropRight: x undecided",
    "DropWrong: x disagrees",
    "DropWrong2: x disagrees",
    "Lazy: x holds",
    "LazyState: x undecided, w undecided",
    "LazyRight: x holds, w holds",
    "LazyWrong: x disagrees, w holds",
    "Cube: x holds",
    "CubeWrong: x disagrees",
    "SquareOfUpstream: x disagrees",
    "SquareGrad: x disagrees",
    "cube: x holds",
    "cube_wrong: x disagrees",
    "mse: p holds",
    "mse_wrong: p disagrees",
    "CE: p holds",
    "CEWrong: p disagrees",
    "rows_forward: X holds",
    "Unrolled: xs holds, w holds",
    "UnrolledTwice: xs undecided, w undecided",
    "Kept: x holds, w holds, b holds",
    "Boxed: x disagrees, w holds",
    "Learning: x holds",
    "Mul: a holds, b holds",
    "Picked: p holds",
    "Named: x disagrees",
    "Score: q disagrees, k disagrees",
    "ScoreWrong: q disagrees, k disagrees",
    "ScoreTold: k holds, q holds",
    "Largest: x holds",
    "LastFirst: w holds, x holds",
    "padded_forward: x holds",
    "Linear: W holds",
]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    path = tmp_path_factory.mktemp("layers") / "layers.py"
    path.write_text(SOURCE)
    return {pair.name: pair for pair in find(path, SOURCE).declared()}


@pytest.mark.parametrize("expected", EXPECTED)
def test_a_class_as_it_is_written(pairs, expected):
    name, _, told = expected.partition(": ")
    found = answers(request(pairs[name]))
    assert ", ".join(f"{n} {v.status}" for n, v in found.items()) == told, found


def test_a_library_that_is_tried_and_not_installed_is_done_without(tmp_path):
    path = tmp_path / "tried.py"
    path.write_text(
        "try:\n    import no_such_library as np\nexcept ImportError:\n    import numpy as np\n"
        "# derive: x (N)\ndef wave(x):\n    return np.sin(x)\n"
        "def wave_backward(d, x):\n    return d * np.cos(x)\n"
    )
    (pair,) = find(path, path.read_text()).declared()
    assert answers(request(pair))["x"].status == "holds"


def test_attributes_that_are_written_together_have_their_names(tmp_path):
    path = tmp_path / "together.py"
    path.write_text(
        "# derive: x (N, D), W (D, M), V (D, M)\nclass Product:\n"
        "    def __init__(self, W, V):\n        self.W, self.V = W, V\n"
        "    def forward(self, x):\n        self.x = x\n"
        "        self.q, self.k = x @ self.W, x @ self.V\n        return self.q * self.k\n"
        "    def backward(self, g):\n        self.dW = self.x.T @ (g * self.k)\n"
        "        return g * self.k @ self.W.T + g * self.q @ self.V.T\n"
    )
    (pair,) = find(path, path.read_text()).declared()
    found = answers(request(pair))
    assert {name: v.status for name, v in found.items()} == {"x": "holds", "W": "holds"}
    assert {"q", "k"} <= {str(name) for name in found["W"].claim.where}


LISTS = """
import numpy as np

# derive: W (D, M), b (M), x (N, D)
class Affine:
    def __init__(self, W, b):
        self.params = [W, b]
        self.grads = {grads}
    def forward(self, x):
        W, b = self.params
        self.x = x
        return x @ W + b
    def backward(self, dout):
        W, b = self.params
        self.grads[{first}][...] = self.x.T @ dout
        self.grads[{second}][...] = {sign}dout.sum(axis=0)
        return dout @ W.T
"""


@pytest.mark.parametrize(
    ("grads", "places", "sign", "told"),
    [
        ("[np.zeros_like(W), np.zeros_like(b)]", "01", "", "holds holds holds"),
        ("[np.zeros_like(p) for p in self.params]", "01", "-", "holds holds disagrees"),
        ("[np.zeros_like(b), np.zeros_like(W)]", "10", "", "holds ill-shaped ill-shaped"),
        ("[np.zeros_like(W), np.zeros_like(b), 0]", "01", "", "holds"),  # of which it is not told
    ],
)
def test_a_list_of_gradients_beside_one_of_parameters(tmp_path, grads, places, sign, told):
    path = tmp_path / "lists.py"
    text = LISTS.format(grads=grads, first=places[0], second=places[1], sign=sign)
    path.write_text(text)
    (pair,) = find(path, text).declared()
    found = answers(request(pair))
    assert " ".join(found[n].status for n in ("x", "W", "b") if n in found) == told


OWN_FUNCTIONS = """
import numpy as np

class Kept:
    def __init__(self):
        self.data = {}
    def save_for_backward(self, **arrays):
        self.data.update(arrays)

class Function:
    @classmethod
    def apply(cls, *args):
        return cls.forward(Kept(), *args)

# derive: x (N), w (N)
class Product(Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x=x, w=w)
        return x * w
    @staticmethod
    def backward(ctx, g):
        return g * ctx.data["w"], {sign}g * ctx.data["x"]
"""


@pytest.mark.parametrize(("sign", "status"), [("", "holds"), ("-", "disagrees")])
def test_functions_of_a_file_keep_arrays_in_their_own_context(tmp_path, sign, status):
    path = tmp_path / "own.py"
    path.write_text(OWN_FUNCTIONS.replace("{sign}", sign))
    (pair,) = find(path, path.read_text()).declared()
    found = answers(request(pair))
    assert {name: v.status for name, v in found.items()} == {"x": "holds", "w": status}


GENERATORS = """
import numpy as np

rng = np.random.default_rng(0)

# derive: x (N, D), wrt x
def drop_forward(x):
    mask = {drawn} < 0.5
    return x * mask / 0.5, mask

def drop_backward(g, mask):
    return {gradient}
"""


@pytest.mark.parametrize(
    "drawn", ["rng.random(x.shape)", "np.random.default_rng().uniform(size=x.shape)"]
)
@pytest.mark.parametrize(
    ("gradient", "status"), [("g * mask / 0.5", "holds"), ("g * mask", "disagrees")]
)
def test_a_generator_draws_as_numpy_does(tmp_path, drawn, gradient, status):
    path = tmp_path / "drop.py"
    path.write_text(GENERATORS.format(drawn=drawn, gradient=gradient))
    (pair,) = find(path, path.read_text()).declared()
    verdict = answers(request(pair))["x"]
    assert verdict.status == status
    assert "random numbers are taken for arbitrary ones" in verdict.notes
