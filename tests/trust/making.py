"""Random SymPy expressions, small and of every node, with conditions that are true at an edge."""

from __future__ import annotations

import random
from typing import Any

import sympy as sp

from derive import at, avg_pool2d, conv2d, max_over, max_pool2d, recurrence, softmax, tensor
from derive.language import operators as ops

n, m = sp.symbols("n m", integer=True, positive=True)
i, j = sp.symbols("i j", integer=True)
k, l, r = sp.symbols("k l r", integer=True)  # bound ones
x, y, z = sp.symbols("x y z", real=True)
p = sp.Symbol("p", positive=True)
t = sp.Symbol("t", real=True)
V, U = sp.IndexedBase("V", shape=(n,)), sp.IndexedBase("U", shape=(n,))
A, B = sp.MatrixSymbol("A", n, n), sp.MatrixSymbol("B", n, n)
X, v, w = sp.MatrixSymbol("X", n, m), sp.MatrixSymbol("v", n, 1), sp.MatrixSymbol("w", n, 1)
f = sp.Function("f")

HALF = sp.Rational(1, 2)
NUMBERS = [sp.Integer(1), sp.Integer(-1), sp.Integer(2), HALF, -HALF, sp.Integer(0),
           sp.Rational(3, 2), sp.Integer(3), sp.Integer(-2), sp.Rational(1, 3)]  # fmt: skip
EXPONENTS = [2, 2, 3, -1, -1, -2, HALF, HALF, -HALF, sp.Rational(1, 3), sp.Rational(2, 3),
             sp.Rational(-3, 2), n, n - 1, n + 1, n / 2, 1 - n, -n]  # fmt: skip
SMOOTH = [sp.exp, sp.exp, sp.log, sp.sqrt, sp.sin, sp.cos, sp.tanh, sp.sinh, sp.cosh, sp.atan,
          sp.erf, sp.tan, sp.asin, sp.acos, sp.asinh, sp.acosh, sp.atanh, sp.sech,
          sp.coth]  # fmt: skip
RELATIONS = [sp.Gt, sp.Ge, sp.Lt, sp.Le, sp.Eq, sp.Ne]


class Maker:
    """Makes expressions from a seeded generator. ``bound`` are the indices in scope, each with the
    largest value that it takes (0 is the smallest).
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.binders = 0

    # Numbers

    def scalar(self, depth: int, bound: tuple[Any, ...] = ()) -> Any:
        make = self.rng.choice(_LEAVES if depth <= 0 else _NODES)
        return make(self, depth - 1, bound)

    def number(self, depth: int, bound: tuple[Any, ...]) -> Any:
        return self.rng.choice(NUMBERS)

    def variable(self, depth: int, bound: tuple[Any, ...]) -> Any:
        return self.rng.choice([x, x, y, z, p])

    def entry(self, depth: int, bound: tuple[Any, ...]) -> Any:
        rng = self.rng
        inside = [b for b, high in bound if high == n - 1]
        index = rng.choice([*inside, *inside, i, sp.S.Zero, n - 1])
        if rng.random() < 0.75:
            return rng.choice([V, V, U])[index]
        other = rng.choice([*inside, index, sp.S.Zero, n - 1])
        return ops.entry(rng.choice([A, B]), index, other)

    def size(self, depth: int, bound: tuple[Any, ...]) -> Any:
        own = [b for b, _ in bound]
        return self.rng.choice([n, n - 1, n + 1, m, sp.floor(n / 2), sp.ceiling(n / 2), n / 2,
                                sp.sqrt(n), 1 / n, sp.Mod(n, 2), *own, *own, *own])  # fmt: skip

    def total(self, depth: int, bound: tuple[Any, ...]) -> Any:
        return sp.Add(*(self.scalar(depth, bound) for _ in range(self.rng.choice((2, 2, 3)))))

    def multiple(self, depth: int, bound: tuple[Any, ...]) -> Any:
        return sp.Mul(*(self.scalar(depth, bound) for _ in range(2)))

    def ratio(self, depth: int, bound: tuple[Any, ...]) -> Any:
        below = self.scalar(depth, bound)
        return self.scalar(depth, bound) / (below if below != 0 else p)

    def power(self, depth: int, bound: tuple[Any, ...]) -> Any:
        base, exponent = self.scalar(depth, bound), self.rng.choice(EXPONENTS)
        if bound and self.rng.random() < 0.3:
            exponent = self.rng.choice(bound)[0]
        if base.is_number and not base.is_positive:
            base = x
        return base**exponent

    def smooth(self, depth: int, bound: tuple[Any, ...]) -> Any:
        return self.rng.choice(SMOOTH)(self.scalar(depth, bound))

    def bent(self, depth: int, bound: tuple[Any, ...]) -> Any:
        function = self.rng.choice([sp.Abs, sp.sign, sp.Max, sp.Max, sp.Min, sp.Heaviside])
        first = self.scalar(depth, bound)
        if function in (sp.Max, sp.Min):
            return function(first, self.scalar(depth - 1, bound))
        if function is sp.Heaviside:
            return sp.Heaviside(first, self.rng.choice([0, 1, HALF]))
        return function(first)

    def cases(self, depth: int, bound: tuple[Any, ...]) -> Any:
        parts = [(self.scalar(depth, bound), self.condition(depth, bound))]
        if self.rng.random() < 0.25:
            parts.append((self.scalar(depth - 1, bound), self.condition(depth - 1, bound)))
        parts.append((self.scalar(depth - 1, bound), True))
        return sp.Piecewise(*parts)

    # Conditions

    def condition(self, depth: int, bound: tuple[Any, ...]) -> Any:
        rng = self.rng
        if rng.random() < 0.2:
            parts = [self.relation(depth - 1, bound) for _ in range(2)]
            return rng.choice([sp.And, sp.Or])(*parts)
        found = self.relation(depth, bound)
        return sp.Not(found) if rng.random() < 0.1 else found

    def relation(self, depth: int, bound: tuple[Any, ...]) -> Any:
        rng = self.rng
        relation = rng.choice(RELATIONS)
        integers = [b for b, _ in bound] + [n, i, m]
        if rng.random() < (0.65 if bound else 0.3):
            left = rng.choice(integers[: max(1, len(bound))]) * rng.choice([1, 1, 1, 2, -1])
            right = rng.choice([n / 2, sp.Rational(3, 2), HALF, 1, 2, 0, n - 1, n, n - 2,
                                sp.sqrt(n),
                                sp.floor(n / 2), m, n / m, sp.pi, (n - 1) / 2, sp.sqrt(2), x, n / 3,
                                *integers])  # fmt: skip
            return relation(left, right)
        left = self.scalar(min(depth, 1), bound)
        right = rng.choice([sp.S.Zero, sp.S.Zero, sp.S.One, self.scalar(0, bound)])
        return relation(left, right)

    # Ranges

    def binder(self) -> Any:
        self.binders += 1
        return (k, l, r)[(self.binders - 1) % 3]

    def limits(self, bound: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
        index, rng = self.binder(), self.rng
        bound = tuple(b for b in bound if b[0] != index)
        if rng.random() < 0.6:
            ends = (0, n - 1)
        else:
            own = [b for b, _ in bound]
            ends = rng.choice([(1, n), (1, n - 1), (0, n - 2), (0, m - 1), (2, n), (0, n),
                               (0, sp.floor(n / 2) - 1), (0, 2), (1, m),
                               *((0, b) for b in own), *((b + 1, n - 1) for b in own)])  # fmt: skip
        inside = ends[0] in (0, 1) and ends[1] in (n - 1, n - 2)
        high = n - 1 if inside else None
        if ends[0] != 0 and ends[1] == n - 1:
            high = n - 1
        return index, ends, (*bound, (index, high))

    def summed(self, depth: int, bound: tuple[Any, ...]) -> Any:
        index, ends, inner = self.limits(bound)
        node = sp.Sum if self.rng.random() < 0.8 else sp.Product
        return node(self.scalar(depth, inner), (index, *ends))

    def largest(self, depth: int, bound: tuple[Any, ...]) -> Any:
        index, ends, inner = self.limits(bound)
        return max_over(self.scalar(depth, inner), (index, *ends))

    def delta(self, depth: int, bound: tuple[Any, ...]) -> Any:
        own = [b for b, _ in bound]
        places = [*own, *own, i, 0, n - 1, 1]
        first, second = self.rng.choice(places), self.rng.choice(places)
        return sp.KroneckerDelta(first, second) * self.scalar(depth, bound)

    # Matrices

    def matrix(self, depth: int, bound: tuple[Any, ...] = ()) -> Any:
        """An n × n matrix."""
        rng = self.rng
        if depth <= 0:
            return rng.choice([A, A, B, A.T, sp.Identity(n), sp.DiagMatrix(v)])
        pick = rng.randrange(9)
        if pick == 0:
            return self.matrix(depth - 1, bound) + self.matrix(depth - 1, bound)
        if pick == 1:
            return sp.MatMul(self.matrix(depth - 1, bound), self.matrix(depth - 1, bound))
        if pick == 2:
            return sp.HadamardProduct(self.matrix(depth - 1, bound), self.matrix(depth - 1, bound))
        if pick == 3:
            return self.matrix(depth - 1, bound).T
        if pick == 4:
            body = self.scalar(depth - 1).xreplace({x: t})
            return self.matrix(depth - 1, bound).applyfunc(sp.Lambda(t, body + t))
        if pick == 5:
            factor = self.scalar(0, bound)
            return (factor if factor != 0 else x) * self.matrix(depth - 1, bound)
        if pick == 6:
            return v * w.T
        if pick == 7:
            return self.matrix(depth - 1, bound) + self.variable(0, bound) * sp.Identity(n)
        return softmax(self.matrix(depth - 1, bound))

    def of_matrix(self, depth: int, bound: tuple[Any, ...]) -> Any:
        rng = self.rng
        inner = self.matrix(rng.choice((0, 1, 1)), bound)
        pick = rng.randrange(6)
        if pick == 0:
            return sp.Trace(inner)
        if pick == 1:
            return sp.Determinant(inner)
        if pick == 2:
            return sp.Trace(sp.Inverse(inner)) if not isinstance(inner, sp.Identity) else sp.S(n)
        if pick == 3:
            return ops.entry(v.T * inner * w, 0, 0)
        inside = [b for b, high in bound if high == n - 1]
        index, other = rng.choice([*inside, 0, n - 1]), rng.choice([*inside, 0])
        if pick == 4 and not isinstance(inner, sp.Identity):
            return ops.entry(sp.Inverse(inner), index, other)
        return ops.entry(inner, index, other)

    def of_tensor(self, depth: int, bound: tuple[Any, ...]) -> Any:
        index, inside = self.binder(), [b for b, high in bound if high == n - 1]
        inner = (*(b for b in bound if b[0] != index), (index, n - 1))
        place = self.rng.choice([*inside, 0, n - 1])
        return tensor(self.scalar(depth, inner), (index, n))[place]

    def substituted(self, depth: int, bound: tuple[Any, ...]) -> Any:
        body = self.scalar(depth, bound).xreplace({x: t})
        return sp.Subs(body, t, self.scalar(depth - 1, bound)) if body.has(t) else body

    # Images

    def image(self) -> tuple[Any, Any]:
        """An operator on images, and an image that it reads."""
        rng = self.rng
        rows = rng.choice([n, n, n + 1, 2 * n, sp.Integer(3)])
        image = sp.IndexedBase("image", shape=(1, 1, rows, 2))
        window, stride = rng.choice([1, 2, 2, 3]), rng.choice([1, 1, 2, 3])
        padding = rng.choice([0, 0, 1])
        kind = rng.randrange(3)
        pairs = {"stride": (stride, 1), "padding": (padding, 0)}
        if kind == 0:
            kernel = sp.IndexedBase("kernel", shape=(1, 1, window, 1))
            dilation = (rng.choice([1, 1, 2]), 1)
            return conv2d(image, kernel, dilation=dilation, **pairs), image
        if window < 2 * padding:
            pairs["padding"] = (0, 0)
        return (max_pool2d if kind == 1 else avg_pool2d)(image, (window, 1), **pairs), image

    def pixel(self, depth: int, bound: tuple[Any, ...]) -> Any:
        operator, _ = self.image()
        count = operator.shape[2]
        row = self.rng.choice([sp.S.Zero, count - 1, i])
        return operator[0, 0, row, self.rng.choice([0, 1])]

    # Sequences, defined in `where`

    def sequence(self) -> tuple[Any, Any]:
        """A symbol and its definition step by step: h_τ = a·h_(τ−1) + b."""
        rng = self.rng
        h = sp.IndexedBase("h", shape=(n + 1,))
        last = at(h, l - 1)
        factor = rng.choice([sp.S.One, x, HALF, -1, V[l - 1], 2])
        more = rng.choice([sp.S.One, y, V[l - 1], l, 0, x * l])
        step = factor * last + more
        if rng.random() < 0.2:
            step = rng.choice([sp.Max(last, V[l - 1]), last**2, sp.tanh(last) + more])
        start = rng.choice([sp.S.Zero, sp.S.One, y, V[0]])
        return h, recurrence(step, (l, 1, n), start=start)


_LEAVES = [Maker.variable] * 5 + [Maker.entry] * 5 + [Maker.number] * 3 + [Maker.size] * 2
_NODES = (
    [Maker.total] * 6 + [Maker.multiple] * 5 + [Maker.ratio] * 2 + [Maker.power] * 5
    + [Maker.smooth] * 4 + [Maker.bent] * 5 + [Maker.cases] * 6 + [Maker.summed] * 7
    + [Maker.largest] + [Maker.delta] * 2 + [Maker.of_matrix] * 3 + [Maker.of_tensor]
    + [Maker.substituted] + [Maker.variable, Maker.entry, Maker.pixel]
)  # fmt: skip
