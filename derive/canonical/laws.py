"""The rewrite rules of canonical forms, by name: what each says, and the term that it rewrites.

A rule is a method of the normaliser, and its law is the method's docstring. This table names the
rules, so that a proof can be written down rewrite by rewrite (:class:`Journal`), and so that the
tests can break each rule in turn and see that it is noticed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from derive.canonical.atoms import Exponent, Polynomial
from derive.canonical.forms import Normaliser
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


@dataclass(frozen=True)
class Law:
    """A rewrite rule.

    :param name: what it is called.
    :param method: the method of the normaliser that applies it.
    :param before: the term that it rewrites, from a reader and the method's arguments; None for
        a rule that is not written down by itself, being bookkeeping or part of another.
    """

    name: str
    method: str
    before: Before | None = None

    @property
    def statement(self) -> str:
        """The law in words: the first paragraph of the method's docstring."""
        text = inspect.getdoc(getattr(Normaliser, self.method)) or self.name
        return " ".join(text.split("\n\n")[0].split()).rstrip(".")


# ---- the terms that rules rewrite


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


def _bound(reader: Reader, kind: str, variable: Var, body: Polynomial) -> Term:
    node = Product if kind == "prod" else Maximum
    return node((reader.term(body),), (variable,))


LAWS: Mapping[str, Law] = {
    law.name: law
    for law in (
        # powers of special atoms: written down with the product that they stand in
        Law("power of a bracket", "_bracket_power"),
        Law("power of a prime", "_prime_power"),
        Law("power of a sum", "_sum_power"),
        Law("power of a cosine", "_cosine_power"),
        # products
        Law("product", "settled", _product),
        Law("stronger bracket", "_stronger", lambda r, atom, exponents: _product(r, exponents)),
        Law("opposite brackets", "_opposite", lambda r, atom, exponents: _product(r, exponents)),
        Law("zero bracket", "_on_zero", lambda r, atom, exponents: _product(r, exponents)),
        Law("delta", "_eliminate", lambda r, atom, exponents: _product(r, exponents)),
        Law("reduced fraction", "_reduced", _product),
        Law(
            "partial fractions",
            "_split_exponential",
            lambda r, exponents, base, terms, c: _product(r, exponents, c),
        ),
        # powers and functions
        Law("power", "_base_power", lambda r, p, e, signed: power(r.term(p), e)),
        Law("power of a rational", "rational_power", lambda r, value, e: power(num(value), e)),
        Law("absolute value", "absolute", lambda r, p: apply("Abs", r.term(p))),
        Law("exponential", "_exp", lambda r, p: apply("exp", r.term(p))),
        Law("logarithm", "_log", lambda r, p: apply("log", r.term(p))),
        Law(
            "function",
            "function",
            lambda r, name, args: Apply(tuple(r.term(a) for a in args), (name,)),
        ),
        Law("integer power", "integer_power", lambda r, b, e: Pow((r.term(b), r.term(e)))),
        Law("either side of a bracket", "split"),
        # brackets
        Law("integer bracket", "index_bracket", lambda r, op, p: IndexBracket((), (op, p))),
        Law("bracket", "real_bracket", lambda r, op, p: RealBracket((r.term(p),), (op,))),
        Law(
            "bracket of a product",
            "_bracket_of_product",
            lambda r, op, p: RealBracket((r.term(p),), (op,)),
        ),
        # sums
        Law("sum", "sum_over", lambda r, variable, p: total(variable, r.term(p))),
        Law("sum of a product", "_sum_monomial"),
        Law("fixed range", "_boxed", _sum),
        Law("sum over a delta", "_solved", _picked),
        Law("sum of a bracket", "_count", _cut_short),
        Law("tightened range", "_tightened", _cut_short),
        Law("independent factors", "_factored", _sum),
        Law("index along an axis", "_on_axes", _sum),
        Law("cut range", "_cut", _sum),
        Law(
            "half of a square",
            "_triangle",
            lambda r, variables, p, rest: _summed(
                r, variables, mul(IndexBracket((), (">=", p)), r.monomial(rest, 1))
            ),
        ),
        Law(
            "offset of a bracket",
            "_without_offset",
            lambda r, variables, p, rest: _summed(
                r, variables, mul(IndexBracket((), (">=", p)), r.monomial(rest, 1))
            ),
        ),
        Law("one digit", "_one_digit", _digit),
        Law(
            "sum of ones",
            "_counted",
            lambda r, length: total(Var("k", FRESH, ZERO, length - ONE), num(1)),
        ),
        Law("sum of powers", "_power_sum", lambda r, exponent, high: _powers(exponent, high)),
        Law("chosen entries", "at_values"),
        Law("names of indices", "_canonical"),
        Law("renamed sum", "_renamed_sum"),
        Law("given equation", "contracted", lambda r, rule, variables, m: _sum(r, variables, m)),
        Law("given relations", "related", lambda r, p: r.term(p)),
        # products and maxima over a range, entries of given arrays
        Law("product over a range", "product_over", lambda r, v, p: _bound(r, "prod", v, p)),
        Law("range of a binder", "bind", _bound),
        Law("maximum", "maximum_over", lambda r, v, p: _bound(r, "max", v, p)),
        Law("repeated factor", "_repeated", lambda r, v, p: _bound(r, "prod", v, p)),
        Law("entry", "entry", lambda r, array, indices: entry(array, *indices)),
        Law("entry of an inverse", "class_inverse"),
        Law("atom with other indices", "rebuilt"),
        Law("name of a sum", "named_sum", lambda r, atom: r.monomial(((atom, 1),), 1)),
    )
}


class Journal(Normaliser):
    """A normaliser that writes its rewrites down: ``notes`` are (law, before, after), each once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notes: dict[tuple[Law, Term, Term], None] = {}
        self._reader = Reader(self)
        self._quiet = False

    def note(self, law: Law, arguments: tuple[Any, ...], result: Any) -> None:
        """Write a rewrite down, unless it changes nothing."""
        if result is None or self._quiet or law.before is None or len(self.notes) >= MAX_NOTES:
            return
        self._quiet = True  # what reading a form does to it is no part of the proof
        try:
            before, after = law.before(self._reader, *arguments), self._reader.term(result)
        finally:
            self._quiet = False
        if before is not after and _is_closed(before):
            self.notes[law, before, after] = None


def _is_closed(term: Term) -> bool:
    """Whether the range of each free index is known, so that the rewrite can be read by itself."""
    return all(v.high is not None or v.symbol is not None for v in term.free)


def _noted(law: Law) -> Callable[..., Any]:
    def method(self: Journal, *arguments: Any) -> Any:
        result = getattr(super(Journal, self), law.method)(*arguments)
        self.note(law, arguments, result)
        return result

    return method


for _law in LAWS.values():
    if _law.before is not None:
        setattr(Journal, _law.method, _noted(_law))
