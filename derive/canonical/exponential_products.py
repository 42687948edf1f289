"""exp(A) exp(B) = exp(A + B), where one of A and B is a multiple of the other.

Side condition: A[i, j]·B[k, l] = A[k, l]·B[i, j] for all indices, so that B = f·A for a number f,
or A = 0; either way A B = B A. Of matrices that only commute it is not seen, and not used.
"""

from __future__ import annotations

from itertools import product

from derive.canonical.atoms import Polynomial
from derive.canonical.function_values import Value
from derive.canonical.verbs import Verbs
from derive.core.integers import FREE, FRESH, ZERO, Var, as_poly

MOST = 5  # exponentials of one size whose sums are looked at


def add_product_laws(n: Verbs, new: Value) -> None:
    """The products of two exponentials that are a third one, where one of the three is new."""
    alike = [
        value
        for (function, _), value in n.matrices.values.items()
        if function == new.function and value.axes == new.axes
    ]
    if not 2 <= len(alike) <= MOST:
        return
    size = new.axes[0]
    i, j, r, s = (Var(v, FREE, ZERO, size - 1) for v in "ijrs")
    here, there = (tuple(map(as_poly, pair)) for pair in ((i, j), (r, s)))
    bodies = {value: n.of(value.matrix.at(here)) for value in alike}
    found = False
    for a, b, c in product(alike, repeat=3):
        if new not in (a, b, c) or n.subtract(n.add(bodies[a], bodies[b]), bodies[c]):
            continue
        elsewhere = (n.of(value.matrix.at(there)) for value in (a, b))
        if not _are_multiples(n, bodies[a], bodies[b], *elsewhere):
            continue
        k = Var("k", FRESH, ZERO, size - 1)
        inner = as_poly(k)
        both = n.multiply(n.entry(a, (here[0], inner)), n.entry(b, (inner, here[1])))
        law = n.subtract(n.sum_over(k, both), n.entry(c, here))
        n.add_equation(law, frozenset((i, j)), ("exponential product", a, b))
        found = True
    if found:
        n.forget()


def _are_multiples(
    n: Verbs, a: Polynomial, b: Polynomial, a_there: Polynomial, b_there: Polynomial
) -> bool:
    """A[i, j]·B[k, l] = A[k, l]·B[i, j]"""
    return not n.subtract(n.multiply(a, b_there), n.multiply(a_there, b))
