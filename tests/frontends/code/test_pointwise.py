"""f and f′: what a derivative without an upstream takes is read so that it holds, if it does."""

import numpy as np
import pytest

from derive.code import verify_backward


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def of_input_prime(x):
    return sigmoid(x) * (1 - sigmoid(x))


def of_another_name_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def of_output_prime(a):
    return a * (1 - a)


def of_output_as_input_prime(x):
    return x * (1 - x)


def wrong_prime(a):
    return a * (1 + a)


def wrong_of_input_prime(x):
    return sigmoid(x) * (1 + sigmoid(x))


def negated(x):
    return -x


def negated_grad(g):
    return -g


def square(x):
    return x**2


def square_grad(dout):  # of the upstream alone: x is forgotten
    return 2 * dout


def square_prime(grad_output):
    return 2 * grad_output


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_prime(x):
    s = softmax(x)
    return s * (1 - s)


@pytest.mark.parametrize(
    ("forward", "derivative", "status"),
    [
        (sigmoid, of_input_prime, "holds"),
        (sigmoid, of_another_name_prime, "holds"),
        (sigmoid, of_output_prime, "holds"),
        (sigmoid, of_output_as_input_prime, "holds"),
        (sigmoid, wrong_prime, "disagrees"),
        (sigmoid, wrong_of_input_prime, "disagrees"),
        (negated, negated_grad, "holds"),
        (square, square_grad, "disagrees"),
        (square, square_prime, "disagrees"),
    ],
)
def test_a_derivative_holds_in_one_reading_or_is_wrong_in_all(forward, derivative, status):
    (verdict,) = verify_backward(forward, derivative, x="N").values()
    assert verdict.status == status


def test_what_is_no_function_of_numbers_has_more_than_a_diagonal():
    (verdict,) = verify_backward(softmax, softmax_prime, x="N D").values()
    assert verdict.status == "disagrees"
    assert verdict.reason.startswith("only the diagonal of the Jacobian is used")
