"""From a canonical form back to a term that a person can read: factored, names put back.

The opposite of :mod:`derive.canonical.forms`, for showing only: common factors go outside, sums
over one range are taken together, and what a document has a name for (softmax(o), ŷ) is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    ConstAtom,
    CosAtom,
    DeterminantAtom,
    EntryAtom,
    ExpAtom,
    Exponent,
    FunctionAtom,
    IndexBracketAtom,
    IntAtom,
    InverseAtom,
    Monomial,
    OneRangeAtom,
    Polynomial,
    PrimeAtom,
    ProductAtom,
    RealBracketAtom,
    RefAtom,
    SumAtom,
    UnknownAtom,
    WholeAtom,
    WholePowerAtom,
)
from derive.canonical.equations import match
from derive.canonical.forms import Normaliser
from derive.canonical.function_values import Value
from derive.canonical.matrix_laws import AS_TERM
from derive.canonical.state import Contraction
from derive.core.integers import FRESH, ZERO, Poly, Var, as_poly
from derive.core.terms import (
    Apply,
    Array,
    Const,
    Determinant,
    IndexBracket,
    Int,
    InverseEntry,
    Maximum,
    Mul,
    Pow,
    Product,
    RealBracket,
    Shared,
    Term,
    Unknown,
    Whole,
    add,
    apply,
    entry,
    mul,
    num,
    power,
    ref,
    total,
)


@dataclass
class Reader:
    """Reads canonical forms of one normaliser; ``named`` are the arrays to put names back for."""

    normaliser: Normaliser
    named: Iterable[Shared] = ()

    def __post_init__(self) -> None:
        self._terms: dict[Atom, Term] = {}
        self._patterns = [p for p in map(self._pattern, self.named) if p is not None]

    def _pattern(self, shared: Shared) -> tuple[Shared, Contraction, tuple[Var, ...]] | None:
        """What a named array looks like where it is one product of several factors."""
        n = self.normaliser
        if n.keep(shared):
            return None
        poly = n.of(shared.body)
        if len(poly) != 1:
            return None
        ((monomial, coefficient),) = poly.items()
        if len(monomial) < 2 or coefficient != 1:
            return None
        pattern = Contraction((), (), monomial, frozenset(shared.params), {})
        return shared, pattern, shared.params

    # ---- polynomials

    def term(self, poly: Polynomial) -> Term:
        """A polynomial as a term, common factors outside."""
        if not poly:
            return num(0)
        if len(poly) == 1:
            ((monomial, coefficient),) = poly.items()
            return self.monomial(monomial, coefficient)
        factor, common = self._content(poly)
        if factor != 1 or common:
            rest = self.normaliser.divided(poly, factor, common)
            outside = self.monomial(self.normaliser.monomial(common), factor)
            return mul(outside, self.term(rest))
        return add(*(self._grouped(poly)))

    def _content(self, poly: Polynomial) -> tuple[Any, dict[Atom, Exponent]]:
        """The rational and the factors that every term has; exponentials stay where they are."""
        factor, common = self.normaliser.content(poly)
        if all(c < 0 for c in poly.values()):
            factor = -factor
        everywhere = set.intersection(*({a for a, _ in m} for m in poly))
        return factor, {
            a: e for a, e in common.items() if a in everywhere and not isinstance(a, ExpAtom)
        }

    def _grouped(self, poly: Polynomial) -> list[Term]:
        """Sums of one range with a factor in common, under one sign."""
        n = self.normaliser
        groups: dict[Any, list[tuple[Monomial, Any, SumAtom]]] = {}
        singles: list[Term] = []
        for monomial, coefficient in poly.items():
            sums = [
                a for a, e in monomial if isinstance(a, SumAtom) and e == 1 and len(a.highs) == 1
            ]
            if len(sums) == 1:
                groups.setdefault(sums[0].highs, []).append((monomial, coefficient, sums[0]))
            else:
                singles.append(self.monomial(monomial, coefficient))
        for (high,), members in groups.items():
            shares = _shared_factor(members)
            if len(members) == 1 or not shares:
                singles.extend(self.monomial(m, c) for m, c, _ in members)
                continue
            variable = Var("k", FRESH, ZERO, high)
            body: Polynomial = {}
            for monomial, coefficient, atom in members:
                (opened,), inside = n.opened(atom)
                named = n.substitute(inside, {opened: as_poly(variable)})
                outside = {n.monomial({a: e for a, e in monomial if a is not atom}): coefficient}
                body = n.add(body, n.multiply(outside, named))
            singles.append(total(variable, self.term(body)))
        return singles

    def monomial(self, monomial: Monomial, coefficient: Any) -> Term:
        """A product of powers of atoms as a term."""
        factors: dict[Atom, Exponent] = dict(monomial)
        terms: list[Term] = [] if coefficient == 1 else [num(coefficient)]
        for shared, pattern, params in self._patterns:
            while True:
                found = match(self.normaliser, pattern, list(pattern.factors), factors, [], {})
                if found is None or not all(p in found[0] for p in params):
                    break
                bindings, factors = found
                terms.append(ref(shared, *(bindings[p] for p in params)))
        exponent = self._exponent(factors)
        if exponent is not None:
            terms.append(apply("exp", exponent))
        terms.extend(
            self._power(atom, e)
            for atom, e in factors.items()
            if not isinstance(atom, ExpAtom) and e
        )
        return mul(*terms)

    def _exponent(self, factors: dict[Atom, Exponent]) -> Term | None:
        inside = {a.argument: e for a, e in factors.items() if isinstance(a, ExpAtom) and e}
        return self.term(inside) if inside else None

    # ---- atoms

    def _power(self, atom: Atom, exponent: Exponent) -> Term:
        if isinstance(atom, BaseAtom):
            return power(self.term(dict(atom.key)), exponent)
        return power(self._atom(atom), exponent)

    def _atom(self, atom: Atom) -> Term:
        """An atom as a term, the same wherever it occurs."""
        found = self._terms.get(atom)
        if found is None:
            found = self._terms[atom] = self._made(atom)
        return found

    def _made(self, atom: Atom) -> Term:
        n = self.normaliser
        if isinstance(atom, EntryAtom):
            if isinstance(atom.array, Value):
                return atom.array.at(*atom.indices)
            return entry(atom.array, *atom.indices)
        if isinstance(atom, RefAtom):
            if atom.name in n.names.kept:
                return ref(n.names.kept[atom.name], *atom.indices)
            # A name that the canonical form made: it is shown as one.
            shown = f"s{atom.name}"
            symbol = sp.IndexedBase(shown) if atom.indices else sp.Symbol(shown)
            return entry(Array(symbol, ()), *atom.indices)
        if isinstance(atom, IntAtom):
            return Int((), (atom.poly,))
        if isinstance(atom, WholePowerAtom):
            return Pow((self.term(dict(atom.base)), self.term({atom.exponent: 1})))
        if isinstance(atom, ConstAtom):
            return Const((), (atom.value,))
        if isinstance(atom, PrimeAtom):
            return num(atom.number)
        if isinstance(atom, SumAtom):
            variables, inside = n.opened(atom)
            return _nested(variables, self.term(inside))
        if isinstance(atom, OneRangeAtom):
            variable = Var("k", FRESH, ZERO, atom.high)
            bound = n.bound(atom.height - 1)
            body = self.term(n.substitute(dict(atom.body), {bound: as_poly(variable)}))
            return (Product if isinstance(atom, ProductAtom) else Maximum)((body,), (variable,))
        if isinstance(atom, IndexBracketAtom):
            return IndexBracket((), (atom.relation, atom.poly))
        if isinstance(atom, RealBracketAtom):
            return RealBracket((self.term(dict(atom.key)),), (atom.relation,))
        if isinstance(atom, CosAtom):
            return apply("cos", self.term(dict(atom.argument)))
        if isinstance(atom, FunctionAtom):
            return Apply(tuple(self.term(dict(k)) for k in atom.args), (atom.name,))
        if isinstance(atom, UnknownAtom):
            args = tuple(self.term(dict(k)) for k in atom.args)
            return Unknown(args, (atom.function, atom.orders))
        if isinstance(atom, WholeAtom):
            return Whole((), (atom.function, n.arguments[atom.names], atom.path))
        if isinstance(atom, InverseAtom):
            return self._inverse(atom.name, atom.row, atom.column)
        assert isinstance(atom, DeterminantAtom)
        shared, _ = n.matrices.met[atom.name]
        high = shared.params[0].high
        assert high is not None
        return Determinant((), (shared, high + 1))

    def _inverse(self, name: int, i: Poly, j: Poly) -> Term:
        shared, transposed = self.normaliser.matrices.met[name]
        assert shared.params[0].high is not None
        place = (j, i) if transposed else (i, j)
        return InverseEntry((), (shared, shared.params[0].high + 1, *place))


def _nested(variables: list[Var], body: Term) -> Term:
    """Σ over several indices, each drawn over the factors that mention it, as A (B v) is."""
    factors = list(body.args) if isinstance(body, Mul) else [body]
    left = list(variables)

    def touched(variable: Var) -> int:
        return len({v for f in factors if variable in f.free for v in f.free})

    while left:
        variable = min(left, key=touched)
        left.remove(variable)
        inside = [f for f in factors if variable in f.free]
        factors = [f for f in factors if variable not in f.free]
        factors.append(total(variable, mul(*inside)))
    return mul(*factors)


def _shared_factor(members: list[tuple[Monomial, Any, SumAtom]]) -> bool:
    """Whether all sums of a group have a factor in common."""
    common: set[Atom] | None = None
    for _, _, atom in members:
        factors = {a for a, _ in atom.body}
        common = factors if common is None else common & factors
    return bool(common)


@AS_TERM.fill
def as_term(normaliser: Normaliser, poly: Polynomial) -> Term:
    """A polynomial over atoms as a term that a person can read."""
    return Reader(normaliser).term(poly)
