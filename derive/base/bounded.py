"""Powers of numbers that stay small enough to be written down.

One call of Python's own integer arithmetic cannot be interrupted, however long it takes. So the
length of a result is looked at before it is computed.
"""

from __future__ import annotations

from fractions import Fraction

from derive.base.errors import BudgetExceeded

MOST_BITS = 1 << 20  # of a numerator or denominator


def power(base: Fraction | int, exponent: int) -> Fraction:
    """``base ** exponent``.

    :raises BudgetExceeded: where the result would be longer than :data:`MOST_BITS`.
    """
    base = Fraction(base)
    # 0, 1 and -1 stay what they are, however often they are multiplied.
    length = max(abs(base.numerator), base.denominator).bit_length() - 1
    if length * abs(exponent) > MOST_BITS:
        raise BudgetExceeded("a power of a number is too long to be written down")
    if length == 0 and base:
        return base if exponent % 2 else Fraction(1)
    return base**exponent
