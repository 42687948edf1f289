"""Rewrites written down: which law made what of which term.

The table says of each law what term it rewrites, from a reader and the law's arguments. A law that
is not in it is not written down by itself, being bookkeeping or part of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from derive.canonical.atoms import Exponent, MaximumAtom, OneRangeAtom, Polynomial, ProductAtom
from derive.canonical.forms import Normaliser
from derive.canonical.laws import LAWS, Law
from derive.canonical.readback import Reader
from derive.core.integers import FRESH, ONE, ZERO, Poly, Var, as_poly
from derive.core.terms import (
    Apply,
    IndexBracket,
    Int,
    Maximum,
    Pow,
    Product,
    RealBracket,
    Term,
    apply,
    entry,
    mul,
    num,
    power,
    total,
)

MAX_NOTES = 400  # rewrites that are written down of one proof

Before = Callable[..., Term]


def _product(reader: Reader, exponents: Mapping[Any, Exponent], coefficient: Any = 1) -> Term:
    return reader.monomial(reader.normaliser.monomial(exponents), coefficient)


def _summed(reader: Reader, variables: list[Var], body: Term) -> Term:
    """Σ over all the variables; one whose range mentions another stands inside it."""
    left = list(variables)
    while left:
        inner = next(v for v in left if not any(v in (u.high or ZERO).variables for u in left))
        left.remove(inner)
        body = total(inner, body)
    return body


def _sum(reader: Reader, variables: list[Var], factors: Any, *_: Any) -> Term:
    return _summed(reader, variables, _product(reader, dict(factors)))


def _cut_short(
    reader: Reader, variables: list[Var], variable: Var, bound: Poly, slope: Poly, rest: Polynomial
) -> Term:
    inside = IndexBracket((), (">=", (as_poly(variable) - bound) * slope))
    return _summed(reader, variables, mul(inside, reader.term(rest)))


def _picked(
    reader: Reader, variables: list[Var], variable: Var, value: Poly, rest: Polynomial
) -> Term:
    inside = IndexBracket((), ("=", as_poly(variable) - value))
    return _summed(reader, variables, mul(inside, reader.term(rest)))


def _digit(reader: Reader, variable: Var, first: Poly, second: Poly) -> Term:
    return total(variable, mul(*(IndexBracket((), (">=", p)) for p in (first, second))))


def _powers(exponent: int, high: Poly) -> Term:
    k = Var("k", FRESH, ZERO, high)
    return total(k, power(Int((), (as_poly(k),)), exponent))


def _bound(reader: Reader, kind: type[OneRangeAtom], variable: Var, body: Polynomial) -> Term:
    node = Product if kind is ProductAtom else Maximum
    return node((reader.term(body),), (variable,))


REWRITTEN: Mapping[str, Before] = {
    "product": _product,
    "same digit": lambda r, atom, exponents: _product(r, exponents),
    "stronger bracket": lambda r, atom, exponents: _product(r, exponents),
    "opposite brackets": lambda r, atom, exponents: _product(r, exponents),
    "zero bracket": lambda r, atom, exponents: _product(r, exponents),
    "delta": lambda r, atom, exponents: _product(r, exponents),
    "reduced fraction": _product,
    "partial fractions": lambda r, exponents, base, terms, c: _product(r, exponents, c),
    "power": lambda r, p, e, signed: power(r.term(p), e),
    "power of a rational": lambda r, value, e: power(num(value), e),
    "absolute value": lambda r, p: apply("Abs", r.term(p)),
    "exponential": lambda r, p: apply("exp", r.term(p)),
    "logarithm": lambda r, p: apply("log", r.term(p)),
    "function": lambda r, name, args: Apply(tuple(r.term(a) for a in args), (name,)),
    "integer power": lambda r, b, e: Pow((r.term(b), r.term(e))),
    "integer bracket": lambda r, op, p: IndexBracket((), (op, p)),
    "bracket": lambda r, op, p: RealBracket((r.term(p),), (op,)),
    "bracket of a product": lambda r, op, p: RealBracket((r.term(p),), (op,)),
    "sum": lambda r, variable, p: total(variable, r.term(p)),
    "pole beside brackets": lambda r, variables, p, *_: _summed(r, variables, r.term(p)),
    "fixed range": _sum,
    "sum over a delta": _picked,
    "sum of a bracket": _cut_short,
    "tightened range": _cut_short,
    "independent factors": _sum,
    "index along an axis": _sum,
    "cut range": _sum,
    "half of a square": lambda r, variables, p, rest: _summed(
        r, variables, mul(IndexBracket((), (">=", p)), r.monomial(rest, 1))
    ),
    "offset of a bracket": lambda r, variables, p, rest: _summed(
        r, variables, mul(IndexBracket((), (">=", p)), r.monomial(rest, 1))
    ),
    "one digit": _digit,
    "sum of ones": lambda r, length: total(Var("k", FRESH, ZERO, length - ONE), num(1)),
    "sum of powers": lambda r, exponent, high: _powers(exponent, high),
    "given equation": lambda r, rule, variables, m: _sum(r, variables, m),
    "given relations": lambda r, p: r.term(p),
    "product over a range": lambda r, v, p: _bound(r, ProductAtom, v, p),
    "range of a binder": _bound,
    "maximum": lambda r, v, p: _bound(r, MaximumAtom, v, p),
    "repeated factor": lambda r, v, p: _bound(r, ProductAtom, v, p),
    "entry": lambda r, array, indices: entry(array, *indices),
    "name of a sum": lambda r, atom: r.monomial(((atom, 1),), 1),
}


class Journal:
    """What a normaliser rewrote: ``notes`` are (law, before, after), each once."""

    def __init__(self, normaliser: Normaliser) -> None:
        self.notes: dict[tuple[Law, Term, Term], None] = {}
        self._reader = Reader(normaliser)
        self._quiet = False
        normaliser.listener = self.note

    def note(self, name: str, arguments: tuple[Any, ...], result: Any) -> None:
        """Write a rewrite down, unless it changes nothing."""
        rewritten = REWRITTEN.get(name)
        if result is None or self._quiet or rewritten is None or len(self.notes) >= MAX_NOTES:
            return
        self._quiet = True  # what reading a form does to it is no part of the proof
        try:
            before, after = rewritten(self._reader, *arguments), self._reader.term(result)
        finally:
            self._quiet = False
        if before is not after and _is_closed(before):
            self.notes[LAWS[name], before, after] = None


def _is_closed(term: Term) -> bool:
    """Whether the range of each free index is known, so that the rewrite can be read by itself."""
    return all(v.high is not None or v.symbol is not None for v in term.free)
