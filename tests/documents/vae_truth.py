import numpy as np

from tests.documents.truths import Table, gradient, hessian


def check(t: Table) -> None:
    (k,) = t.sizes(1)
    mu, rho, eps, c = t.normal(k), t.normal(k), t.normal(k), t.normal(k)

    def of(z):
        return np.sum(c * z + np.sin(z))

    def sample(mu, rho):
        return mu + np.exp(rho / 2) * eps

    g = gradient(of, sample(mu, rho))
    in_rho = gradient(lambda rho: of(sample(mu, rho)), rho)
    t.declares(r"\boldsymbol\mu \in", r"\boldsymbol\rho \in", r"\boldsymbol\epsilon \in")
    t.defines(r"\boldsymbol{z} = ", r"\mathcal{K} = \frac12")
    t.true(
        r"\frac{\partial L}{\partial \boldsymbol\mu} =",
        gradient(lambda mu: of(sample(mu, rho)), mu),
        g,
    )
    head = r"\frac{\partial L}{\partial \boldsymbol\rho} = \frac"
    t.true(head + "12", in_rho, g * np.exp(rho / 2) * eps / 2)
    t.false(head + r"{\partial L}", in_rho, g * np.exp(rho / 2) * eps)

    def K(mu, rho):
        return np.sum(np.exp(rho) + mu**2 - 1 - rho) / 2

    in_mu, in_rho = gradient(lambda m: K(m, rho), mu), gradient(lambda r: K(mu, r), rho)
    t.true(r"\frac{\partial \mathcal{K}}{\partial \mu_i} =", in_mu, mu)
    t.true(r"\frac{\partial \mathcal{K}}{\partial \rho_i} =", in_rho, (np.exp(rho) - 1) / 2)
    t.at_most(r"\mathcal{K} \geq 0", 0, K(mu, rho))
    t.true(r"\nabla_{\boldsymbol\mu} \mathcal{K} =", in_mu, mu)
    bent = np.diag(hessian(lambda r: K(mu, r), rho))
    head = r"\frac{\partial^2 \mathcal{K}}{\partial \rho_i^2} = \frac12 "
    t.true(head + r"e", bent, np.exp(rho) / 2)
    t.false(head + r"\left", bent, (np.exp(rho) - 1) / 2)
