"""Root mean square normalisation, and a gated unit."""

import math


class RMSNorm:
    r"""Divide a vector by the root of its mean square.

    .. derive: x: n; \gamma: n; \epsilon>0; g: n

    With :math:`r = \sqrt{\frac{1}{n} \sum_{i=1}^n x_i^2 + \epsilon}` the output is

    .. math:: y_i = \frac{\gamma_i x_i}{r}

    The derivative of the root is

    .. math:: \frac{\partial r}{\partial x_j} = \frac{x_j}{n r}

    and that of the output

    .. math::

        \frac{\partial y_i}{\partial x_j} = \frac{\gamma_i}{r} \delta_{ij}
            - \frac{\gamma_i x_i x_j}{n r^3}

    For a loss :math:`\ell = \sum_{i=1}^n g_i y_i` this gives

    .. math::

        \frac{\partial \ell}{\partial x_j} = \frac{g_j \gamma_j}{r}
            - \frac{x_j}{n r^3} \sum_{i=1}^n g_i \gamma_i x_i

        \frac{\partial \ell}{\partial \gamma_j} = \frac{g_j x_j}{r}

    Note:
        In an earlier release the power was wrong,

        .. math::

            \frac{\partial \ell}{\partial x_j} = \frac{g_j \gamma_j}{r}
                - \frac{x_j}{n r^2} \sum_{i=1}^n g_i \gamma_i x_i
    """

    def __call__(self, x):
        return x / math.sqrt(sum(v * v for v in x) / len(x))


def gated(a, b):
    r"""A gated linear unit.

    Args:
        a: a vector, :math:`a \in \mathbb{R}^m`.
        b: the gate, :math:`b \in \mathbb{R}^m`.

    Returns :math:`u = a \odot \sigma(b)`, where :math:`\sigma(t) = \frac{1}{1 + \exp(-t)}`.

    .. derive: L = any scalar of u

    .. math::

        \frac{\partial L}{\partial a} &= \frac{\partial L}{\partial u} \odot \sigma(b) \\
        \frac{\partial L}{\partial b} &=
            \frac{\partial L}{\partial u} \odot a \odot \sigma(b) \odot (1 - \sigma(b))

    and not :math:`\frac{\partial L}{\partial b} = \frac{\partial L}{\partial u} \odot a`.
    """
    return a, b
