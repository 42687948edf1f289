import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    x, y, a, b = t.positive(), t.normal(), t.positive(), t.positive()
    root = np.sqrt(a)
    new = (x + a / x) / 2
    t.defines("f(x) = x^2 - a", r"g(x) = \frac", "R(x, y) =")
    t.true("f'(x) = 2x", gradient(lambda x: x**2 - a, x), 2 * x)
    t.true(r"x - \frac{f(x)}{f'(x)} =", x - (x**2 - a) / (2 * x), new)
    step = r"\frac{1}{2} \left( x + \frac{a}{x} \right) - \sqrt{a} = \frac{(x - \sqrt{a})^2}"
    t.true(step + "{2x}", new - root, (x - root) ** 2 / (2 * x))
    t.false(step + "{x}", new - root, (x - root) ** 2 / x)
    slope = gradient(lambda x: 1 / x - b, x)
    t.true(r"g'(x) = -\frac{1}{x^2}", slope, -1 / x**2)
    t.true(r"x - \frac{g(x)}{g'(x)} =", x + (1 / x - b) * x**2, x * (2 - b * x))
    t.false(r"g'(x) = \frac{1}{x^2}", slope, 1 / x**2)
    t.other(r"b x^2")

    def R(point):
        return (1 - point[0]) ** 2 + 100 * (point[1] - point[0] ** 2) ** 2

    point = np.array([x, y])
    first, second = gradient(R, point), hessian(R, point)
    t.true(r"\frac{\partial R}{\partial x} &=", first[0], -2 * (1 - x) - 400 * x * (y - x**2))
    t.true(r"\frac{\partial R}{\partial y} &=", first[1], 200 * (y - x**2))
    t.true(r"\frac{\partial^2 R}{\partial x^2} &=", second[0, 0], 2 - 400 * y + 1200 * x**2)
    t.true(r"\frac{\partial^2 R}{\partial x \partial y} &=", second[0, 1], -400 * x)
    t.false(r"\frac{\partial R}{\partial x} = -2", first[0], -2 * (1 - x) - 200 * x * (y - x**2))
