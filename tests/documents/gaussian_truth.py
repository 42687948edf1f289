import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    (d,) = t.sizes(1)
    x, mu, Sigma = t.normal(d, 1), t.normal(d, 1), t.definite(d)
    precision = np.linalg.inv(Sigma)
    det = np.linalg.det

    def ell(x=x, mu=mu):
        return np.log(det(Sigma)) / 2 + np.sum((x - mu).T @ precision @ (x - mu)) / 2

    in_mu = gradient(lambda mu: ell(mu=mu), mu)
    in_x = gradient(lambda x: ell(x=x), x)
    t.declares(r"x \in", r"\mu \in", r"\Sigma \in")
    t.defines(r"\ell = \frac", r"\Lambda = \Sigma^{-1}$")
    t.true(r"\frac{\partial \ell}{\partial \mu} &=", in_mu, -precision @ (x - mu))
    t.true(r"\frac{\partial^2 \ell}", hessian(lambda mu: ell(mu=mu), mu), precision)
    t.true(r"\frac{\partial \ell}{\partial x} = \Sigma^{-1}", in_x, precision @ (x - mu))
    t.false(r"\frac{\partial \ell}{\partial \mu} = \Sigma^{-1}", in_mu, precision @ (x - mu))
    t.false(r"\frac{\partial \ell}{\partial x} = \Sigma (x", in_x, Sigma @ (x - mu))
    t.true(
        r"\ell = -\frac",
        ell(),
        -np.log(det(precision)) / 2 + (x - mu).T @ precision @ (x - mu) / 2,
    )
    t.true(
        r"(x - \mu)^\top \Sigma^{-1} (x - \mu) = \operatorname",
        (x - mu).T @ precision @ (x - mu),
        np.trace(precision @ (x - mu) @ (x - mu).T),
    )
    log_det = np.log(det(2 * Sigma))
    t.true(r"\log \det (2 \Sigma) = d", log_det, d * np.log(2) + np.log(det(Sigma)))
    t.false(r"\log \det (2 \Sigma) = 2", log_det, 2 * np.log(det(Sigma)))
    t.false(r"\det(2\Sigma) =", det(2 * Sigma), 2 * det(Sigma))
