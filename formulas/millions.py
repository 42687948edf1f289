"""Large counts as papers round them."""

from sympy import Integer


def millions(count):
    """A number to the nearest million."""
    return Integer((int(count) + 500_000) // 1_000_000)
