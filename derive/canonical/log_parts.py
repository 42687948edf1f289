"""Logarithms of products and quotients whose factors have no known sign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TypeGuard

from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    ExpAtom,
    FunctionAtom,
    Monomial,
    Polynomial,
    PrimeAtom,
    ProductAtom,
    SumAtom,
    UndefinedValue,
)
from derive.canonical.verbs import Verbs
from derive.core.integers import FRESH, ZERO, Var, as_poly


def is_parted(n: Verbs, atom: Atom) -> bool:
    """Whether an atom is the logarithm of something that has more than one factor, or of a product
    over a range.
    """
    if not isinstance(atom, FunctionAtom) or atom.name != "log":
        return False
    argument, below = n.cleared(dict(atom.args[0]), True)
    _, common = n.content(argument)
    if any(isinstance(factor, ProductAtom) for factor in common):
        return True
    return bool(below) or len(common) + (len(argument) > 1) > 1


def in_parts(n: Verbs, poly: Polynomial) -> Polynomial:
    """The polynomial with each log u in it as a sum of log|a|, over the factors a of u:

        log(a·b^e) = log|a| + e·log|b|   where a·b^e > 0.

    The logarithm on the left has a value only there; then neither a nor b is 0, and log u is
    log|u|, whatever signs they have; of a product over a range it is the sum of those of its
    factors, and so are the logarithms in a sum over a range. The result is for a proof that it
    vanishes, and for nothing else: its log|a| says nothing of the sign of a. It is the polynomial
    itself where no logarithm in it has more than one factor.
    """
    logs = dict.fromkeys(a for m in poly for a, _ in m if _is_log(a))
    return _parted(n, poly) if any(is_parted(n, a) for a in logs) else poly


def _parted(n: Verbs, poly: Polynomial) -> Polynomial:
    values: dict[Atom, Polynomial] = {}
    for atom in dict.fromkeys(a for m in poly for a, _ in m):
        if _is_log(atom):
            values[atom] = log_size(n, dict(atom.args[0]))
        elif isinstance(atom, SumAtom) and any(map(_is_log, _within(atom.body))):
            opened, inside = n.opened(atom)
            values[atom] = _summed(n, opened, _parted(n, inside))
    result: Polynomial = {}
    for monomial, coefficient in poly.items():
        rest = n.settled({a: e for a, e in monomial if a not in values}, coefficient)
        powers = (n.power(values[a], e) for a, e in monomial if a in values)
        result = n.add(result, n.multiply(rest, *powers))
    return result


def _within(body: Monomial) -> Iterator[Atom]:
    """The factors of what is summed, and of what is summed in it."""
    for atom, _ in body:
        yield from _within(atom.body) if isinstance(atom, SumAtom) else (atom,)


def _summed(n: Verbs, over: Iterable[Var], body: Polynomial) -> Polynomial:
    for variable in over:
        body = n.sum_over(variable, body)
    return body


def _is_log(atom: Atom) -> TypeGuard[FunctionAtom]:
    return isinstance(atom, FunctionAtom) and atom.name == "log"


def log_size(n: Verbs, poly: Polynomial) -> Polynomial:
    """log|p|, factor by factor, where p is not 0."""
    if not poly:
        raise UndefinedValue("the logarithm of zero")
    poly, below = n.cleared(poly, True)
    factor, common = n.content(poly)
    rest = n.divided(poly, factor, common)
    result = n.log(n.constant(factor))
    for atom, exponent in (*common.items(), *((a, -e) for a, e in below.items())):
        result = n.add(result, n.scale(_log_atom(n, atom), exponent))
    if len(rest) == 1:  # 1 or −1
        return result
    key, scale = n.primitive(rest)
    size = n.of_atom(n.atom(FunctionAtom, "log size", key))
    return n.add(result, size, n.log(n.constant(abs(Fraction(scale)))))


def _log_atom(n: Verbs, atom: Atom) -> Polynomial:
    """log|a|"""
    if isinstance(atom, ExpAtom):
        return {atom.argument: 1}
    if isinstance(atom, PrimeAtom):
        return n.log(n.constant(atom.number))
    if isinstance(atom, BaseAtom):
        return log_size(n, dict(atom.key))
    if isinstance(atom, ProductAtom):
        k = Var("k", FRESH, ZERO, atom.high)
        body = n.substitute(dict(atom.body), {n.bound(atom.height - 1): as_poly(k)})
        return n.sum_over(k, log_size(n, body))
    return n.of_atom(n.atom(FunctionAtom, "log size", n.key({((atom, 1),): 1})))
