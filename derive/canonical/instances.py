"""Whether a form is a pattern with some of its indices replaced, in whatever order its terms and
factors stand: which order they have depends on the names of indices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from derive.base.budget import spend
from derive.canonical.atoms import Atom, Key
from derive.core.integers import Label, Poly, Var, as_poly

COMPARED = 2  # units of work for two parts that are looked at


def is_instance(pattern: Key, key: Key, open_: frozenset[Var]) -> bool:
    """Whether a key is a pattern with its open indices replaced."""
    if pattern == key:
        return True
    if not open_:
        return False
    # An index that a sum in the key binds is no value: Σ_k A[k, k] is no Σ_k A[k, i].
    free = {v for m, _ in key for a, _ in m for v in a.free}
    return any(
        free.issuperset(index for value in found.values() for index in value.indices)
        for found in instances(pattern, key, open_, {})
    )


def instances(
    pattern: Any, value: Any, open_: frozenset[Var], bindings: Mapping[Var, Poly]
) -> Iterator[Mapping[Var, Poly]]:
    """The values of open indices by which a pattern becomes a form: keys, atoms, index polynomials
    and tuples of them. Which indices may be values the caller has to see to.
    """
    spend(COMPARED)
    if isinstance(pattern, Poly):
        if isinstance(value, Poly):
            yield from _places(pattern, value, open_, bindings)
    elif isinstance(pattern, Atom):
        if pattern is value and pattern.free.isdisjoint(open_):
            yield bindings
        elif isinstance(value, Atom) and type(pattern) is type(value):
            yield from instances(pattern.data, value.data, open_, bindings)
    elif isinstance(pattern, tuple):
        if isinstance(value, tuple) and len(pattern) == len(value):
            match = _in_any_order if _commutes(pattern) and _commutes(value) else _in_order
            yield from match(pattern, value, open_, bindings)
    elif pattern == value:
        yield bindings


def _places(
    pattern: Poly, value: Poly, open_: frozenset[Var], bindings: Mapping[Var, Poly]
) -> Iterator[Mapping[Var, Poly]]:
    if all(v in bindings for v in pattern.variables & open_):
        if pattern.substitute(dict(bindings)) == value:
            yield bindings
        return
    letter, other = _only_letter(pattern), _only_letter(value)
    if isinstance(letter, Label):
        if isinstance(other, Label) and letter.array is other.array:
            yield from _in_order(letter.places, other.places, open_, bindings)
    elif letter is not None:
        yield {**bindings, letter: value}


def _only_letter(poly: Poly) -> Var | None:
    """The variable or the label that a polynomial is."""
    letter = next(iter(poly.letters), None)
    return letter if letter is not None and poly == as_poly(letter) else None


def _commutes(parts: tuple[Any, ...]) -> bool:
    """Whether parts are the factors of a product with their powers, or the terms of a sum with
    their coefficients.
    """
    return all(
        isinstance(part, tuple)
        and len(part) == 2
        and isinstance(part[0], (Atom, tuple))
        and isinstance(part[1], (int, Fraction))
        for part in parts
    )


def _in_order(
    parts: tuple[Any, ...], values: tuple[Any, ...], open_: frozenset[Var],
    bindings: Mapping[Var, Poly],
) -> Iterator[Mapping[Var, Poly]]:  # fmt: skip
    if not parts:
        yield bindings
        return
    for found in instances(parts[0], values[0], open_, bindings):
        yield from _in_order(parts[1:], values[1:], open_, found)


def _in_any_order(
    parts: tuple[Any, ...], values: tuple[Any, ...], open_: frozenset[Var],
    bindings: Mapping[Var, Poly],
) -> Iterator[Mapping[Var, Poly]]:  # fmt: skip
    if not parts:
        yield bindings
        return
    (first, number), *rest = parts
    for place, (value, other) in enumerate(values):
        if number != other:
            continue
        left = (*values[:place], *values[place + 1 :])
        for found in instances(first, value, open_, bindings):
            yield from _in_any_order(tuple(rest), left, open_, found)
