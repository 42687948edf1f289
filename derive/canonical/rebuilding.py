"""Atoms with the indices in them replaced: each built again by the constructor of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from derive.base.errors import UnsupportedError
from derive.base.tables import Table
from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    BracketAtom,
    ConstAtom,
    CosAtom,
    DeterminantAtom,
    EntryAtom,
    ExpAtom,
    FunctionAtom,
    IndexBracketAtom,
    IntAtom,
    InverseAtom,
    MaximumAtom,
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
from derive.canonical.laws import law
from derive.canonical.powers import bracket_by_range
from derive.canonical.verbs import Verbs
from derive.core.integers import FRESH, ZERO, Poly, Var, as_poly, is_nonnegative

Values = Mapping[Var, Poly]

REBUILT: Table[Callable[[Verbs, Any, Values], Polynomial]] = Table()


@law("atom with other indices")
def rebuilt(n: Verbs, atom: Atom, values: Values) -> Polynomial:
    """An atom with variables replaced in its data, by the constructor of its kind.

    Where the new indices are in the ranges of the old ones.

    :raises UnsupportedError: naming a kind of atom without a rule.
    """
    rule = REBUILT.find(type(atom))
    if rule is None:
        raise UnsupportedError(f"{type(atom).__name__} cannot be read at other indices")
    return rule(n, atom, values)


@REBUILT.on(ConstAtom, PrimeAtom, DeterminantAtom, WholeAtom)
def _plain(n: Verbs, atom: Atom, values: Values) -> Polynomial:
    return n.of_atom(n.atom(type(atom), *(_replaced(part, values) for part in atom.data)))


@REBUILT.on(EntryAtom)
def _entry(n: Verbs, atom: EntryAtom, values: Values) -> Polynomial:
    return n.entry(atom.array, tuple([i.substitute(values) for i in atom.indices]))


@REBUILT.on(RefAtom)
def _reference(n: Verbs, atom: RefAtom, values: Values) -> Polynomial:
    if atom.name not in n.recursion.heads:
        return _plain(n, atom, values)
    return n.recursion.entry(atom.name, tuple([i.substitute(values) for i in atom.indices]))


@REBUILT.on(InverseAtom)
def _inverse(n: Verbs, atom: InverseAtom, values: Values) -> Polynomial:
    return n.class_inverse(atom.name, atom.row.substitute(values), atom.column.substitute(values))


@REBUILT.on(SumAtom)
def _sum(n: Verbs, atom: SumAtom, values: Values) -> Polynomial:
    ends = (high.substitute(values).constant for high in atom.highs)
    if any(end is not None and end < 0 for end in ends):
        return {}  # nothing is summed, and what would be may have no value
    renamed = _renamed_sum(n, atom, values)
    if renamed is not None:
        return renamed
    opened, inside = n.opened(atom)
    ranged = [Var(v.name, FRESH, ZERO, v.high.substitute(values)) for v in opened if v.high]
    renaming = {v: as_poly(new) for v, new in zip(opened, ranged, strict=True)}
    body = n.substitute(inside, {**values, **renaming})
    for variable in ranged:
        body = n.sum_over(variable, body)
    return body


@REBUILT.on(ProductAtom)
def _product(n: Verbs, atom: ProductAtom, values: Values) -> Polynomial:
    return n.product_over(*_over(n, atom, values))


@REBUILT.on(MaximumAtom)
def _maximum(n: Verbs, atom: MaximumAtom, values: Values) -> Polynomial:
    return n.maximum_over(*_over(n, atom, values))


@REBUILT.on(IntAtom)
def _integer(n: Verbs, atom: IntAtom, values: Values) -> Polynomial:
    return n.of_integer(atom.poly.substitute(values))


@REBUILT.on(IndexBracketAtom)
def _index_bracket(n: Verbs, atom: IndexBracketAtom, values: Values) -> Polynomial:
    poly = atom.poly.substitute(values)
    if atom.relation == ">=" and is_nonnegative(atom.poly + 1):
        # It is not 1 − [p = −1]: that is beside what has no value at p = −1.
        return bracket_by_range(n, ">=", poly)
    return n.index_bracket(atom.relation, poly)


@REBUILT.on(RealBracketAtom)
def _real_bracket(n: Verbs, atom: RealBracketAtom, values: Values) -> Polynomial:
    return n.real_bracket(atom.relation, n.substitute(dict(atom.key), values))


@REBUILT.on(ExpAtom)
def _exponential(n: Verbs, atom: ExpAtom, values: Values) -> Polynomial:
    return n.exp(n.substitute({atom.argument: 1}, values))


@REBUILT.on(BaseAtom)
def _base(n: Verbs, atom: BaseAtom, values: Values) -> Polynomial:
    return n.substitute(dict(atom.key), values)


@REBUILT.on(WholePowerAtom)
def _whole_power(n: Verbs, atom: WholePowerAtom, values: Values) -> Polynomial:
    base = n.substitute(dict(atom.base), values)
    return n.integer_power(base, n.substitute({atom.exponent: 1}, values))


@REBUILT.on(CosAtom)
def _cosine(n: Verbs, atom: CosAtom, values: Values) -> Polynomial:
    return n.function("cos", [n.substitute(dict(atom.argument), values)])


@REBUILT.on(FunctionAtom)
def _function(n: Verbs, atom: FunctionAtom, values: Values) -> Polynomial:
    return n.function(atom.name, [n.substitute(dict(key), values) for key in atom.args])


@REBUILT.on(UnknownAtom)
def _unknown(n: Verbs, atom: UnknownAtom, values: Values) -> Polynomial:
    keys = (n.key(n.substitute(dict(key), values)) for key in atom.args)
    return n.of_atom(n.atom(UnknownAtom, atom.function, atom.orders, *keys))


def _over(n: Verbs, atom: ProductAtom | MaximumAtom, values: Values) -> tuple[Var, Polynomial]:
    """The range of a product or a maximum, and what is under it."""
    new = Var("k", FRESH, ZERO, atom.high.substitute(values))
    body = n.substitute(dict(atom.body), {n.bound(atom.height - 1): as_poly(new)})
    return new, n.substitute(body, values)


@law("renamed sum")
def _renamed_sum(n: Verbs, atom: SumAtom, values: Values) -> Polynomial | None:
    """A sum over one index with free indices replaced inside, where nothing else changes."""
    highs, monomial = atom.highs, atom.body
    if len(highs) > 1 or any(isinstance(a, BracketAtom) for a, _ in monomial):
        return None
    if any(rule.at_fixed_indices for rule in n.given.contractions):
        return None  # what has not been this sum before may be it now
    bound = n.bound(atom.height - 1)
    body = n.substitute({monomial: 1}, values)
    if len(body) != 1:
        return None
    ((named, coefficient),) = body.items()
    if coefficient != 1 or len(named) != len(monomial):
        return None
    if any(bound not in a.free or isinstance(a, BracketAtom) for a, _ in named):
        return None
    if max(a.height for a, _ in named) != atom.height - 1:
        return None
    return n.of_atom(n.atom(SumAtom, (highs[0].substitute(values),), named))


def _replaced(data: Any, values: Values) -> Any:
    if isinstance(data, Poly):
        return data.substitute(values)
    if isinstance(data, tuple):
        return tuple(_replaced(part, values) for part in data)
    return data
