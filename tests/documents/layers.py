"""A few layers in NumPy, each with its backward pass.

Shapes are those of a batch: n examples, d inputs, k outputs. The loss is any scalar of the output.
"""

import numpy as np


class Linear:
    r"""An affine map.

    .. derive: X: n×d; W: d×k; b: 1×k; L = any scalar of Y

    Forward, with one row for each example:

    .. math:: Y = X W + \mathbf{1} b

    Backward:

    .. math::

        \frac{\partial L}{\partial X} &= \frac{\partial L}{\partial Y} W^\top \\
        \frac{\partial L}{\partial W} &= X^\top \frac{\partial L}{\partial Y} \\
        \frac{\partial L}{\partial b} &= \mathbf{1}^\top \frac{\partial L}{\partial Y}

    An earlier version of this class had

    .. math:: \frac{\partial L}{\partial W} = \frac{\partial L}{\partial Y} X^\top
    """

    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def backward(self, upstream):
        r"""The cost of $X W$ is not of interest here; see :class:`Linear`."""
        return upstream @ self.weight.T


def mean_squared_error(prediction, target):
    r"""The mean squared error of P against T.

    .. derive: P: n×k; T: n×k

    .. math:: E = \frac{1}{nk} \sum_{i=1}^n \sum_{j=1}^k (P_{ij} - T_{ij})^2

    Its gradient is

    .. math:: \frac{\partial E}{\partial P} = \frac{2}{nk} (P - T)

    With the mean over the examples only, it would be

    .. math:: \frac{\partial E}{\partial P} = \frac{2}{n} (P - T)
    """
    return np.mean((prediction - target) ** 2)


def residual_block(x):
    r"""A residual connection around an elementwise function.

    .. derive: x: d; L = any scalar of y

    :math:`y = x + \tanh(x)`, and so

    .. math:: \frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \odot (2 - \tanh^2(x))

    (without the skip connection it would be
    :math:`\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \odot (1 - \tanh^2(x))`).
    """
    return x + np.tanh(x)


def scale(x, gamma):
    r"""Scale each column of X by an entry of gamma.

    .. derive: X: n×d; \gamma: d; L = any scalar of Y

    .. math::

        Y_{ij} &= \gamma_j X_{ij} \\
        \frac{\partial L}{\partial \gamma_j} &=
            \sum_{i=1}^n \frac{\partial L}{\partial Y_{ij}} X_{ij} \\
        \frac{\partial L}{\partial X_{ij}} &= \gamma_j \frac{\partial L}{\partial Y_{ij}}

    Summing over the wrong axis,

    .. math::

        \frac{\partial L}{\partial \gamma_j} = \sum_{j=1}^d
            \frac{\partial L}{\partial Y_{ij}} X_{ij}

    does not even have the right indices.
    """
    return gamma * x
