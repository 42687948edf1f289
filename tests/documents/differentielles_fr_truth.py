import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    n, m, N = t.sizes(3)
    A, X, M = t.normal(n, n), t.normal(n, m), t.normal(n, n) + 3 * np.eye(n)
    dX, dM = t.normal(n, m), t.normal(n, n)
    step = 1e-6

    def along(of, at, change):
        return (of(at + step * change) - of(at - step * change)) / (2 * step)

    t.declares(r"A \in", r"X \in", r"M \in", r"$a \in", r"x \in", r"Z \in", r"t \in", r"\beta \in")
    change = along(lambda X: np.trace(X.T @ A @ X), X, dX)
    t.true(r"\tr\left( \trans{X} (A", change, np.trace(X.T @ (A + A.T) @ dX))
    t.false(r"2 \tr\left( \trans{X} A", change, 2 * np.trace(X.T @ A @ dX))
    inverse = np.linalg.inv(M)
    change = along(np.linalg.inv, M, dM)
    t.true(r"- M^{-1} (\dd M)", change, -inverse @ dM @ inverse)
    t.false("- M^{-2}", change, -inverse @ inverse @ dM)
    det = np.linalg.det(M)
    t.true(r"\det(M) \tr", along(np.linalg.det, M, dM), det * np.trace(inverse @ dM))
    log = along(lambda M: np.log(abs(np.linalg.det(M))), M, dM)
    t.true(r"\dd \ln \det M", log, np.trace(inverse @ dM))

    def f(x):
        return x * np.exp(-(x**2) / 2)

    def g(x):
        return np.log(1 + np.exp(x))

    x = t.normal()
    e = np.exp(-(x**2) / 2)
    t.defines("f(x) = x", r"g(x) = \ln")
    t.true("f'(x) &= (1 - x^2)", gradient(f, x), (1 - x**2) * e)
    t.true("f''(x)", hessian(f, x)[0, 0], (x**3 - 3 * x) * e)
    t.false("f'(x) &= (1 - 2x^2)", gradient(f, x), (1 - 2 * x**2) * e)
    t.true("g'(x)", gradient(g, x), 1 / (1 + np.exp(-x)))
    t.true(r"\frac{\dd g}{\dd x}\Big|", gradient(g, 0.0), 0.5)
    t.true(r"\left.\frac{\dd^2 g}", hessian(g, 0.0)[0, 0], 0.25)
    Z, target, beta = t.normal(N, m), t.normal(N), t.normal(m)

    def E(beta):
        return np.sum((Z @ beta - target) ** 2) / (2 * N)

    slope = gradient(E, beta)
    t.defines(r"\mathcal{E}(\beta) = \tfrac")
    t.true(r"\frac1N \trans{Z} (Z\beta - t)", slope, Z.T @ (Z @ beta - target) / N)
    t.false(r"\frac1N \trans{Z} (Z\beta + t)", slope, Z.T @ (Z @ beta + target) / N)
    t.true(r"\frac1N \trans{Z} Z", hessian(E, beta), Z.T @ Z / N)
