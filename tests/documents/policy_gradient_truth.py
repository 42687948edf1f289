import numpy as np

from tests.documents.truths import Table, gradient, jacobian, softmax


def check(t: Table) -> None:
    (n,) = t.sizes(1)
    theta, Q = t.normal(n), t.normal(n)
    policy = softmax(theta)
    J = policy @ Q

    def entropy(theta):
        p = softmax(theta)
        return -np.sum(p * np.log(p))

    value = gradient(lambda theta: softmax(theta) @ Q, theta)
    slope, H = gradient(entropy, theta), entropy(theta)
    log_slopes = jacobian(lambda theta: np.log(softmax(theta)), theta)
    I = np.eye(n)
    t.defines(r"\pi_a = \frac", r"J = \sum_{a=1}^n \pi_a Q_a", r"H = -\sum_{a=1}^n")
    t.true(
        r"\frac{\partial \pi_a}{\partial \theta_b}",
        jacobian(softmax, theta),
        policy[:, None] * (I - policy[None, :]),
    )
    log = r"\frac{\partial \log \pi_a}{\partial \theta_b} = \delta_{ab} - "
    t.true(log + r"\pi_b", log_slopes, I - policy[None, :])
    t.false(log + r"\pi_a", log_slopes, I - policy[:, None])
    t.true(r"\pi_a (Q_a - J)", value, policy * (Q - J))
    t.false(r"\pi_a (J - Q_a)", value, policy * (J - Q))
    t.true(r"\sum_{a=1}^n \frac{\partial J}{\partial \theta_a} = 0", value.sum(), 0.0)
    t.true(r"\nabla_\theta J =", value, policy * (Q - J * np.ones(n)))
    t.true(r"-\pi_a (\log \pi_a + H)", slope, -policy * (np.log(policy) + H))
    t.false(r"-\pi_a (\log \pi_a - H)", slope, -policy * (np.log(policy) - H))
