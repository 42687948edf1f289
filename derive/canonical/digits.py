"""Numbers in mixed radix: s·u + v with 0 ≤ v < s, as Kronecker products and flat indices have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from derive.core.integers import SIZE, Number, Poly, as_poly, is_nonnegative


def upper_digit(poly: Poly) -> Poly | None:
    """s·u + v ≥ 0 with 0 ≤ v < s means u ≥ 0."""
    for step, u, v in _radix_splits(poly):
        for carry in (0, 1, -1):
            digit = v + step * carry
            if is_nonnegative(digit) and is_nonnegative(step - 1 - digit):
                return u - carry
    return None


def digits(poly: Poly) -> tuple[Poly, Poly] | None:
    """s·u + v = 0 with |v| < s means u = 0 and v = 0: the digits of a mixed-radix number."""
    for step, u, v in _radix_splits(poly):
        if is_nonnegative(step - 1 - v) and is_nonnegative(step - 1 + v):
            return u, v
    return None


def quotient(poly: Poly, step: Poly) -> Poly | None:
    """poly/step with whole coefficients, for a step of one term; None where there is no such."""
    if len(step.terms) != 1:
        return None
    ((sizes, number),) = step.terms.items()
    found: dict[Any, Number] = {}
    for monomial, coefficient in poly.terms.items():
        rest = list(monomial)
        for size in sizes:
            if size not in rest:
                return None
            rest.remove(size)
        if coefficient % number:
            return None
        found[tuple(rest)] = coefficient // number
    return Poly(found)


def _radix_splits(poly: Poly) -> Iterator[tuple[Poly, Poly, Poly]]:
    """The ways to write an integer polynomial as s·u + v, for s a product of sizes or a number."""
    for monomial in poly.terms:
        sizes = tuple(v for v in monomial if v.kind == SIZE)
        if not sizes or len(sizes) == len(monomial):
            continue
        upper: dict[Any, Number] = {}
        lower: dict[Any, Number] = {}
        for m, c in poly.terms.items():
            rest = list(m)
            try:
                for v in sizes:
                    rest.remove(v)
            except ValueError:
                lower[m] = c
            else:
                upper[tuple(rest)] = c
        if all(c == int(c) for c in upper.values()):
            yield Poly({sizes: 1}), Poly(upper), Poly(lower)
    if all(c == int(c) for c in poly.terms.values()):
        for number in sorted({abs(int(c)) for m, c in poly.terms.items() if m} - {1}):
            high = {m: int(c) // number for m, c in poly.terms.items() if m and c % number == 0}
            low = {m: c for m, c in poly.terms.items() if m and m not in high}
            whole, part = divmod(int(poly.terms.get((), 0)), number)
            for carry in (0, 1) if part else (0,):
                yield (
                    as_poly(number),
                    Poly({**high, (): whole + carry}),
                    Poly({**low, (): part - carry * number}),
                )
