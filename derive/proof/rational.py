"""Equal quotients of polynomials in several unknowns, by cross-multiplication.

The law is that of fractions: a/b + c/d = (a·d + c·b)/(b·d) and 1/(a/b) = b/a, where no
denominator is 0: so it is wherever both sides have a value. What is no sum, product or whole
power counts as an unknown; a bracket does not, for what stands beside one that is 0 need not have
a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any

import sympy as sp
from sympy.polys.rings import ring

from derive.base.budget import Budget, spend
from derive.base.errors import BudgetExceeded
from derive.canonical.atoms import BaseAtom, Polynomial
from derive.canonical.forms import Normaliser
from derive.core.terms import Add, Entry, IndexBracket, Mul, Num, Pow, RealBracket, Ref, Term

FEWEST, MOST = 5, 16  # unknowns; with fewer, canonical forms are as fast and say more
PRIME = 2**61 - 1
MOST_TERMS = 20_000_000  # of a product, before like ones are collected

Quotient = tuple[Any, dict[Any, int]]  # a numerator, and denominators with their powers


def equal_quotients(n: Normaliser, left: Term, right: Term) -> Polynomial | None:
    """One form of two terms that are equal as rational functions of their unknowns; None if they
    are not, or have too few or too many unknowns.

    :raises BudgetExceeded: when the normaliser has no work left to do.
    """
    unknowns = _unknowns(left, right)
    if unknowns is None or not FEWEST <= len(unknowns) <= MOST:
        return None
    if not _agree_modulo(left, right, unknowns):
        return None
    _, *generators = ring([f"u{k}" for k in range(len(unknowns))], sp.QQ)
    fractions = _Fractions(dict(zip(unknowns, generators, strict=True)), n.budget)
    try:
        whole = fractions.of(left)
        difference, _ = fractions.added([whole, fractions.scaled(fractions.of(right), -1)])
    except ZeroDivisionError:
        return None
    return None if difference else _as_form(n, whole, unknowns)


def are_unlike(n: Normaliser, left: Term, right: Term) -> bool:
    """Whether two terms are seen to be different rational functions of scalars between which no
    equation is given: then there is no proof that they are equal.
    """
    unknowns = _unknowns(left, right)
    if unknowns is None or not FEWEST <= len(unknowns) <= MOST:
        return False
    free = all(isinstance(u, Entry) and not u.data[1] for u in unknowns)
    if not free or n.given.contractions or n.given.replacements:
        return False
    return not _agree_modulo(left, right, unknowns)


def _unknowns(*terms: Term) -> list[Term] | None:
    """What is neither a number nor a sum, a product or a whole power; None with a bracket."""
    found: dict[Term, None] = {}
    seen: set[Term] = set()
    stack = list(terms)
    while stack:
        term = stack.pop()
        if term in seen:
            continue
        seen.add(term)
        if isinstance(term, (IndexBracket, RealBracket)):
            return None
        inner = _inner(term)
        if inner is None:
            found[term] = None
        else:
            stack.extend(inner)
    return list(found)


def _inner(term: Term) -> tuple[Term, ...] | None:
    """What a term is made of by arithmetic; None for an unknown."""
    if isinstance(term, Num):
        return ()
    if isinstance(term, (Add, Mul)):
        return term.args
    if isinstance(term, Pow) and _whole_power(term) is not None:
        return term.args[:1]
    if isinstance(term, Ref) and not term.data[1] and not term.data[0].unfoldings:
        return (term.data[0].body,)
    return None


def _whole_power(term: Pow) -> int | None:
    exponent = term.args[1]
    value = exponent.data[0] if isinstance(exponent, Num) else None
    return int(value) if value is not None and value == int(value) and value else None


def _in_order(term: Term) -> Iterator[Term]:
    """Every part of a term by arithmetic, after what it is made of."""
    done: set[Term] = set()
    stack = [(term, False)]
    while stack:
        node, ready = stack.pop()
        if node in done:
            continue
        if ready:
            done.add(node)
            yield node
        else:
            stack.append((node, True))
            stack.extend((part, False) for part in _inner(node) or ())


def _agree_modulo(left: Term, right: Term, unknowns: list[Term]) -> bool:
    """Whether two terms agree at a point modulo a prime: what costs little and says no early."""
    random = Random(len(unknowns))
    point = {u: random.randrange(1, PRIME) for u in unknowns}
    try:
        return _modulo(left, point) == _modulo(right, point)
    except ValueError:  # what is divided by is 0
        return False


def _modulo(term: Term, point: dict[Term, int]) -> int:
    values = dict(point)
    for node in _in_order(term):
        if node in values:
            continue
        parts = [values[part] for part in _inner(node) or ()]
        if isinstance(node, Num):
            value = Fraction(node.data[0])
            values[node] = value.numerator * pow(value.denominator, -1, PRIME) % PRIME
        elif isinstance(node, Add):
            values[node] = sum(parts) % PRIME
        elif isinstance(node, Pow):
            values[node] = pow(parts[0], _whole_power(node) or 0, PRIME)
        else:
            result = 1
            for part in parts:
                result = result * part % PRIME
            values[node] = result
    return values[term]


class _Fractions:
    """Terms as quotients of polynomials in generators of a ring, over factored denominators."""

    def __init__(self, generators: dict[Term, Any], budget: Budget) -> None:
        self.generators = generators
        self.budget = budget
        self.one = next(iter(generators.values())).ring.one

    def of(self, term: Term) -> Quotient:
        found: dict[Term, Quotient] = {t: (g, {}) for t, g in self.generators.items()}
        for node in _in_order(term):
            if node in found:
                continue
            parts = [found[part] for part in _inner(node) or ()]
            if isinstance(node, Num):
                value = Fraction(node.data[0])
                found[node] = self.one * sp.QQ(value.numerator, value.denominator), {}
            elif isinstance(node, Add):
                found[node] = self.added(parts)
            elif isinstance(node, Pow):
                found[node] = self.power(parts[0], _whole_power(node) or 0)
            else:
                found[node] = self.multiplied(parts)
        return found[term]

    def scaled(self, value: Quotient, factor: int) -> Quotient:
        return value[0] * factor, value[1]

    def added(self, parts: list[Quotient]) -> Quotient:
        below: dict[Any, int] = {}
        for _, own in parts:
            for factor, power in own.items():
                below[factor] = max(power, below.get(factor, 0))
        total = self.one * 0
        for above, own in parts:
            for factor, power in below.items():
                for _ in range(power - own.get(factor, 0)):
                    above = self.times(above, factor)
            total = total + above
        return self.reduced(total, below)

    def multiplied(self, parts: list[Quotient]) -> Quotient:
        above = self.one
        below: dict[Any, int] = {}
        for own, factors in parts:
            above = self.times(above, own)
            for factor, power in factors.items():
                below[factor] = below.get(factor, 0) + power
        return self.reduced(above, below)

    def power(self, value: Quotient, exponent: int) -> Quotient:
        above, below = value
        if exponent < 0:
            upper = self.one
            for factor, power in below.items():
                for _ in range(power):
                    upper = self.times(upper, factor)
            if not above:
                raise ZeroDivisionError
            below = {above.monic(): 1}
            above = upper * (sp.QQ(1) / above.LC)
            value = above, {f: p for f, p in below.items() if not f.is_ground}
        return self.multiplied([value] * abs(exponent))

    def reduced(self, above: Any, below: dict[Any, int]) -> Quotient:
        """A quotient without the denominators that divide its numerator."""
        left: dict[Any, int] = {}
        for factor, power in below.items() if above else ():
            while power:
                self.check(len(above), len(factor))
                quotient, rest = divmod(above, factor)
                if rest:
                    break
                above, power = quotient, power - 1
            if power:
                left[factor] = power
        return above, left

    def times(self, a: Any, b: Any) -> Any:
        self.check(len(a), len(b))
        return a * b

    def check(self, terms: int, others: int) -> None:
        if terms * others > MOST_TERMS:
            raise BudgetExceeded("a quotient of too many terms")
        spend(terms * others)
        self.budget.check()


def _as_form(n: Normaliser, value: Quotient, unknowns: list[Term]) -> Polynomial:
    """A quotient as a polynomial over atoms, its denominators as they are."""
    atoms = [n.of(term) for term in unknowns]

    def of(poly: Any) -> Polynomial:
        parts = []
        for exponents, coefficient in poly.terms():
            powers = (n.power(a, e) for a, e in zip(atoms, exponents, strict=True) if e)
            number = Fraction(int(coefficient.numerator), int(coefficient.denominator))
            parts.append(n.scale(n.multiply(*powers), number))
        return n.add({}, *parts)

    above, below = value
    form = of(above)
    for factor, power in below.items():
        divisor = of(factor)
        if len(divisor) == 1:
            form = n.multiply(form, n.power(divisor, -power))
            continue
        base = n.atom(BaseAtom, n.key(divisor))
        form = {n.monomial({**dict(m), base: -power}): c for m, c in form.items()}
    return form
