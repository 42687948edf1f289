import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    (n,) = t.sizes(1)
    x, mu, sigma = t.normal(n), t.normal(), float(t.positive())

    def likelihood(at):
        mu, sigma = at
        constant = n * np.log(sigma) + n / 2 * np.log(2 * np.pi)
        return -constant - np.sum((x - mu) ** 2) / (2 * sigma**2)

    at = np.array([mu, sigma])
    in_mu, in_sigma = gradient(likelihood, at)
    second = hessian(likelihood, at)
    mean = x.mean()
    S = np.sum((x - mean) ** 2)
    sum_of_squares = np.sum((x - mu) ** 2)
    t.defines(
        r"\ell(\mu, \sigma) =", r"\bar{x} = \frac{1}{n}", r"S = \sum_{i=1}^n (x_i - \bar{x})^2"
    )
    first, twice = r"\frac{\partial \ell}{\partial ", r"\frac{\partial^2 \ell}{\partial \mu"
    t.true(first + r"\mu} = \frac{1}{\sigma^2} \sum", in_mu, np.sum(x - mu) / sigma**2)
    t.true(first + r"\mu} = \frac{n}{\sigma^2}(", in_mu, n / sigma**2 * (mean - mu))
    t.true(r"\frac{1}{\sigma^3} \sum", in_sigma, -n / sigma + sum_of_squares / sigma**3)
    t.false(
        r"-\frac{n}{\sigma} + \frac{1}{\sigma^2} \sum",
        in_sigma,
        -n / sigma + sum_of_squares / sigma**2,
    )
    t.true(twice + r"^2} = -\frac{n}{\sigma^2}", second[0, 0], -n / sigma**2)
    t.false(twice + r"^2} = -\frac{1}{\sigma^2}", second[0, 0], -1 / sigma**2)
    t.true(twice + r" \partial \sigma}", second[0, 1], -2 / sigma**3 * np.sum(x - mu))
    t.true(r"(x_i - \mu)^2 = S + n(", sum_of_squares, S + n * (mean - mu) ** 2)
    t.false(r"(x_i - \mu)^2 = S + (", sum_of_squares, S + (mean - mu) ** 2)
    t.true(r"\sum_{i=1}^n (x_i - \bar{x}) = 0", np.sum(x - mean), 0.0)
    t.true(r"S = \sum_{i=1}^n x_i^2", S, np.sum(x**2) - n * mean**2)
