import numpy as np

from tests.documents.truths import Table, gradient


def R(a):
    return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])


def check(t: Table) -> None:
    a, b, q, k = t.normal(), t.normal(), t.normal(2, 1), t.normal(2, 1)
    sin, cos = np.sin, np.cos
    t.defines(r"R(\theta) = \begin")
    t.true(r"R(\theta)^\top R(\theta) = I", R(a).T @ R(a), np.eye(2))
    t.true(r"\det R(\theta) = 1", np.linalg.det(R(a)), 1)
    t.true(r"R(\theta) R(\phi) =", R(a) @ R(b), R(a + b))
    t.true(r"R(\theta)^\top R(\phi) = R(\phi", R(a).T @ R(b), R(b - a))
    t.false(r"R(\theta)^\top R(\phi) = R(\theta", R(a).T @ R(b), R(a - b))
    t.true(r"\cos(\theta - \phi) =", cos(a - b), cos(a) * cos(b) + sin(a) * sin(b))
    t.true(r"\sin(2\theta) = 2", sin(2 * a), 2 * sin(a) * cos(a))
    t.true(r"\cos(2\theta) = 1 - 2", cos(2 * a), 1 - 2 * sin(a) ** 2)
    t.false(r"\cos(2\theta) = 1 - \sin", cos(2 * a), 1 - sin(a) ** 2)
    t.true(r"\frac{d}{d\theta} \sin^2", gradient(lambda a: sin(a) ** 2, a), sin(2 * a))
    t.false(r"\frac{d}{d\theta} \cos", gradient(lambda a: cos(3 * a), a), -sin(3 * a))
    t.declares(r"q \in", r"k \in")
    t.true(r"(R(\theta) q)^\top", (R(a) @ q).T @ (R(b) @ k), q.T @ R(b - a) @ k)
