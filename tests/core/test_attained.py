"""Where a maximum is attained, under a derivative."""

import pytest
from sympy import Eq, KroneckerDelta, MatrixSymbol, Piecewise, symbols

from derive import Hessian, hessian, max_over, tensor, verify

n, m = symbols("n m", integer=True, positive=True)
i, j, k = symbols("i j k", integer=True)
V, W, x = MatrixSymbol("V", n, 1), MatrixSymbol("W", n, m), MatrixSymbol("x", m, 1)
LARGEST = max_over(V[k, 0], (k, 0, n - 1))
ATTAINED = [Piecewise((1, Eq(V[place, 0], LARGEST)), (0, True)) for place in (i, j)]


@pytest.mark.parametrize(
    ("of", "second"),
    [
        (LARGEST, 0),
        (LARGEST**2, 2 * ATTAINED[0] * ATTAINED[1]),
        (
            V[0, 0] * LARGEST,
            KroneckerDelta(i, 0) * ATTAINED[1] + KroneckerDelta(j, 0) * ATTAINED[0],
        ),
    ],
)
def test_a_maximum_is_differentiated_twice(of, second):
    """Where it is attained does not change near a point at which it is unique: not because no
    entry were the largest, which would prove anything.
    """
    right = verify(Hessian(of, V, tensor(second, (i, n), (j, n))))
    assert right.status == "holds", right.reason
    assert "attained once" in str(right.assumptions[0])
    wrong = verify(Hessian(of, V, tensor(second + ATTAINED[0] * ATTAINED[1], (i, n), (j, n))))
    assert wrong.status == "disagrees"


def test_the_second_derivative_of_a_squared_maximum_is_none_of_zero():
    of_products = max_over((W * x)[k, 0], (k, 0, n - 1))
    assert hessian(LARGEST**2, V) != 0
    assert hessian(of_products**2, x) != 0
