"""Sums by parts: Σ u_t·p_t = Σ A_t·b_t for what runs forward, p_t = c_t·p_{t−1} + b_t, and what
runs back, A_t = u_t + c_{t+1}·A_{t+1}.

So the derivative that is carried forward along with the states gives the same gradient as what is
sent back. With P(t) = u_t·p_t and Q(t) = A_t·b_t, A_t·p_t − P(t) is A_{t+1}·p_{t+1} − Q(t + 1). So
Σ P − Q telescopes: it is A·p − Q at the first time less A·p − P at the last one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from derive.canonical.atoms import Polynomial, RefAtom, SumAtom, atoms_in
from derive.canonical.forms import Normaliser
from derive.canonical.readback import Reader
from derive.core.integers import FREE, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import Shared, Term, add, axis_variable, mul, neg, ref, substitute, total
from derive.proof.one_sum import over_each


class Parts(NamedTuple):
    """A difference of sums by parts, at an index k from 0 to ``high``.

    :param forward: A·p − P, which is at each index what ``back`` is at the next one.
    :param back: A·p − Q.
    :param ahead: how far behind an index the time is at which these are read.
    :param left: what the difference has beside Σ P − Q, or beside its opposite, from which that is
        taken then.
    """

    k: Var
    high: Poly
    forward: Term
    back: Term
    ahead: Poly
    left: Term

    def at(self, term: Term, place: Poly) -> Term:
        return substitute(term, {self.k: place})

    @property
    def between(self) -> Term:
        """The difference, by what stands at both ends."""
        return add(self.left, self.at(self.back, ZERO), neg(self.at(self.forward, self.high)))


def in_parts(n: Normaliser, poly: Polynomial, forth: Shared, back: Shared) -> Iterator[Parts]:
    """The ways to take a difference apart by an array that runs forward and one that runs back."""
    axis = forth.unfoldings[0].axis
    if back.unfoldings[0].axis != axis or len(forth.params) != len(back.params):
        return
    others = [(p, q) for k, (p, q) in enumerate(zip(forth.params, back.params, strict=True))
              if k != axis]  # fmt: skip
    if any(p.high != q.high for p, q in others):
        return
    known = _free(poly)
    names = n.recursion.name(forth), n.recursion.name(back)
    highs = {h: None for m in poly for a, _ in m if isinstance(a, SumAtom) for h in a.highs}
    if not any(a.name == names[1] for m in poly for a in _reads(m)):
        return
    # Of a range that may be empty what stands at its ends says nothing.
    for high in sorted(filter(is_nonnegative, highs), key=lambda h: h.sort_key()):
        sums = {m: c for m, c in poly.items()
                if any(isinstance(a, SumAtom) and high in a.highs for a, _ in m)}  # fmt: skip
        for body in over_each(n, sums):
            index = next((v for v in _free(body) - known if v.high == high), None)
            if index is None:
                continue
            sent = {m: c for m, c in body.items() if any(a.name == names[1] for a in _reads(m))}
            carried = n.subtract(body, sent)
            times = [a.indices[axis] for part, name in ((carried, names[0]), (sent, names[1]))
                     for m in part for a in _reads(m) if a.name == name]  # fmt: skip
            ahead = times[0] - as_poly(index) if times else None
            if ahead is None or ahead.constant is None:
                continue
            reader = Reader(n)
            product = _product(forth, back, axis, as_poly(index) + ahead)
            p, q = reader.term(carried), reader.term(sent)
            left = reader.term(n.subtract(poly, sums))
            plain = add(product, neg(p)), add(product, q)
            opposite = add(product, p), add(product, neg(q))
            yield Parts(index, high, *plain, ahead, left)
            yield Parts(index, high, *opposite, ahead, neg(left))


def _product(forth: Shared, back: Shared, axis: int, time: Poly) -> Term:
    """A·p at a time, summed over the other axes."""
    variables = [axis_variable(p.high + 1) if k != axis and p.high is not None else None
                 for k, p in enumerate(forth.params)]  # fmt: skip
    places = tuple(time if v is None else as_poly(v) for v in variables)
    result = mul(ref(back, *places), ref(forth, *places))
    for variable in variables:
        if variable is not None:
            result = total(variable, result)
    return result


def _reads(monomial: tuple[tuple[object, object], ...]) -> Iterator[RefAtom]:
    """The entries of arrays in a product, and under its sums."""
    for atom, _ in monomial:
        yield from (a for a in atoms_in(atom) if isinstance(a, RefAtom))  # type: ignore[arg-type]


def _free(poly: Polynomial) -> set[Var]:
    return {v for m in poly for a, _ in m for v in a.free if v.kind == FREE}
