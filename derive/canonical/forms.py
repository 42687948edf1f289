"""The canonical form of a term: one rule per core node, shared arrays kept or looked into.

A shared array whose canonical body has few terms is looked into wherever it is referred to; a
larger one stays a name. Names go by content: arrays with the same body (up to the order of
their axes and a rational factor) are one. That is what makes a deep derivation cheap: the
adjoint of a layer and the δ that a document defines for it turn out to be one name, layer by
layer, and nothing is ever multiplied out through all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import reduce
from math import lcm
from typing import Any

from derive.base.budget import Budget
from derive.base.errors import UnsupportedError
from derive.canonical import matrix_laws, structure
from derive.canonical.atoms import (
    Atom,
    DeterminantAtom,
    EntryAtom,
    ExpAtom,
    InverseAtom,
    Key,
    Monomial,
    Polynomial,
    ProductAtom,
    RefAtom,
    SumAtom,
    WholePowerAtom,
)
from derive.canonical.definite import definite_places, definite_used, is_sum_of_squares
from derive.canonical.determinants import inverse_written_out, is_small
from derive.canonical.functions import MAX_ANGLES, function_laws
from derive.canonical.given_arrays import arrays_behind, is_outside, mirrored, whole_axes
from derive.canonical.laws import law
from derive.canonical.matrix_laws import Value
from derive.canonical.matrix_powers import joined_powers, power_of_eigenvalue
from derive.canonical.names import NO_MERGES, Merge, Names, rank_of
from derive.canonical.nodes import NODE_RULES
from derive.canonical.products import one_factor_replaced, repeated, whole_power_of
from derive.canonical.ranges import UNROLLED
from derive.canonical.recursion import Recursion
from derive.canonical.signs import MAX_SPLITS, Fact
from derive.canonical.sums import Summation
from derive.core.integers import FREE, FRESH, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import Entry, FunctionEntry, Shared, Term

# So many suppositions, of nothing, that no further bracket is looked at from both sides.
NOTHING_MORE = [Fact((), "", frozenset(), None)] * MAX_SPLITS

COMPARED = 3  # values, up to which a maximum over a range is one of a few


class Normaliser(Summation):
    """Canonical forms for one decision.

    :param inline: the largest number of terms of an array that is looked into.
    :param exponentials: whether hyperbolic functions are written in exponentials.
    :param budget: how much work may be done, any amount where nothing is said.
    :param keep: the shared arrays that stay names, each by itself, whatever their body is.
    :param merged: the arrays that are others, up to the order of axes and a rational factor.
    """

    def __init__(
        self,
        inline: int | None = 3,
        exponentials: bool = False,
        budget: Budget | None = None,
        keep: Callable[[Shared], bool] = lambda _: False,
        merged: Mapping[Shared, Merge] = NO_MERGES,
    ) -> None:
        super().__init__(exponentials)
        self.keep = keep
        self.merged = merged
        self.recursion = Recursion(self)
        self.names = Names(self)
        self.arguments: dict[tuple[int, ...], tuple[Shared, ...]] = {}
        self.matrices: dict[int, tuple[Shared, bool]] = {}
        self.inline = inline
        self.budget = Budget() if budget is None else budget
        self.assumed: dict[Term, None] = {}
        self.inverted: dict[int, dict[Any, None]] = {}  # what is inverted, by its class
        self.divided_by: dict[Key, None] = {}
        self._memo: dict[Term, Polynomial] = {}
        self._name_signs: dict[int, str | None] = {}
        self._matrices: dict[Shared, tuple[int, bool, bool]] = {}
        self._symmetric: set[int] = set()
        self.meets_small_matrices = False
        self.writes_out = False
        self._sides: dict[int, structure.Sides] = {}
        # The functions of matrices by function and class, and what A⁻¹ is made of, by class.
        self.values: dict[tuple[str, int], Value] = {}
        self.factors: dict[int, Value] = {}
        self.definitions: dict[Any, tuple[Shared, Any]] = {}
        # What reads a polynomial as a term, where determinants of turned products are made one.
        self.unites: Callable[[Polynomial], Term] | None = None
        self.mirrors: dict[Any, tuple[int, Any]] = {}
        self._angles: dict[Monomial, int] = {}
        self.angles_refined = False

    def angle_unit(self, monomial: Monomial, coefficient: Fraction) -> int:
        """Into how many parts an angle is taken, that all of which sin and cos are taken may be
        multiples of one; a finer part than before is noted.
        """
        known = self._angles.get(monomial, 1)
        finer = lcm(known, coefficient.denominator)
        if finer != known and finer <= MAX_ANGLES:
            self._angles[monomial] = finer
            self.angles_refined = True
        return known

    def check(self) -> None:
        self.budget.check()

    def forget(self) -> None:
        """Drop what was worked out before an equation or a sign was added."""
        self._name_signs.clear()
        self._memo.clear()
        self.names.forget()
        self._substituted.clear()

    def did_not_use(self, before: dict[Any, None]) -> None:
        """Take back what was relied on in vain since then, and what was worked out from it: when
        that is asked for again, it is noted again.
        """
        self.used.clear()
        self.used |= before
        self._signs.clear()
        self._name_signs.clear()
        self._substituted.clear()

    def clear_offsets(self, work: float) -> None:
        """From here on brackets have no offset, see :meth:`_without_offset`; for so much work."""
        self.clears_offsets = True
        self.forget()
        self.budget = self.budget.share(work)

    @property
    def meets_determinants(self) -> bool:
        """Whether a determinant has come up."""
        return DeterminantAtom in self.kinds

    def unite_determinants(self, read: Callable[[Polynomial], Term]) -> None:
        """From here on det(I + A B) and det(I + B A) are one; ``read`` turns a form into a term."""
        self.unites = read
        self.forget()

    def of(self, term: Term) -> Polynomial:
        """The canonical form of a term.

        :raises UnsupportedError: naming a node without a rule.
        :raises BudgetExceeded: when there is no work left to do, or when too many terms arise.
        """
        found = self._memo.get(term)
        if found is None:
            rule = NODE_RULES.find(type(term))
            if rule is None:
                raise UnsupportedError(f"{type(term).__name__} has no canonical form")
            found = self._memo[term] = rule(self, term)
        return found

    # ---- shared arrays

    @law("name of a sum")
    def named_sum(self, atom: SumAtom) -> Polynomial:
        """A sum over what a function has made of other sums: it starts a new layer of a network
        and becomes a name, the same wherever and however it was written.
        """
        return self.names.of_sum(atom)

    def matrix_name(self, shared: Shared) -> tuple[int, bool, bool]:
        """The class of a whole square matrix, whether transposed, and whether symmetric."""
        found = self._matrices.get(shared)
        if found is not None:
            return found
        own = self.of(shared.body)
        keys = []
        for order in ((0, 1), (1, 0)):
            renaming = self.names.parameters(shared, order)
            named = self.substitute(own, {v: as_poly(p) for v, p in renaming.items()})
            keys.append((tuple(renaming.values()), self.key(named)))
        symmetric = keys[0] == keys[1] or structure.is_symmetric(self, own, shared.params)
        transposed = rank_of(keys[1][1], keys[1][0]) < rank_of(keys[0][1], keys[0][0])
        name = self.names.number(("matrix", keys[transposed]))
        found = self._matrices[shared] = (name, transposed, symmetric)
        self.matrices.setdefault(name, (shared, transposed))
        if symmetric:
            self._symmetric.add(name)
        return found

    def _inverse_laws(self, shared: Shared) -> None:
        """Σ_k A[i, k]·A⁻¹[k, j] = [i = j], and the other way round; not of a matrix for whose sums
        there is no canonical form.
        """
        size = shared.params[0].high
        assert size is not None
        i, j = (Var(n, FREE, ZERO, size) for n in "ij")
        k = Var("k", FRESH, ZERO, size)
        same = self.index_bracket("=", as_poly(i) - as_poly(j))
        name, transposed, _ = self._matrices[shared]
        for flipped in (False, True):
            place = (as_poly(k), as_poly(j)) if flipped else (as_poly(i), as_poly(k))
            other = (as_poly(i), as_poly(k)) if flipped else (as_poly(k), as_poly(j))
            matrix = self.of(shared.at(place))
            inverse = self.class_inverse(name, *(other[::-1] if transposed else other))
            product = self.multiply(matrix, inverse)
            try:
                law = self.subtract(self.sum_over(k, product), same)
            except UnsupportedError:
                continue
            self.add_equation(law, frozenset((i, j)), ("inverse", shared))

    def write_out(self) -> None:
        """From here on determinants and inverses of matrices of few rows are written out."""
        self.writes_out = True
        self.forget()

    def inverse_entry(self, shared: Shared, i: Poly, j: Poly) -> Polynomial:
        """An entry of an inverse, the indices in order where the matrix is symmetric."""
        self.meets_small_matrices |= is_small(shared)
        if self.writes_out:
            found = inverse_written_out(self, shared, i, j)
            if found is not None:
                return found
        name, transposed, _ = self.matrix_name(shared)
        if name in self.factors:
            return matrix_laws.inverse_of_square(self, self.factors[name], i, j)
        if name not in self.inverted:
            self.inverted[name] = {}
            self._inverse_laws(shared)
        if not isinstance(shared.body, FunctionEntry):  # which is invertible
            self.inverted[name][shared.label] = None
        return self.class_inverse(name, *((j, i) if transposed else (i, j)))

    @law("entry of an inverse")
    def class_inverse(self, name: int, i: Poly, j: Poly) -> Polynomial:
        """An entry of the inverse of a class of matrices.

        Where the matrix is invertible.
        """
        shared, transposed = self.matrices[name]
        place = (j, i) if transposed else (i, j)
        known = structure.known_inverse_entry(self, shared, self._sides_of(name), *place)
        if known is not None:
            return known
        if name in self._symmetric and j.sort_key() < i.sort_key():
            i, j = j, i
        return self.of_atom(self.atom(InverseAtom, name, i, j))

    def _sides_of(self, name: int) -> structure.Sides:
        """On which sides of the diagonal the entries of the matrix are zero that a class was met
        as; looked for once.
        """
        found = self._sides.get(name)
        if found is None:
            self._sides[name] = structure.NONE  # while it is looked for
            found = self._sides[name] = structure.sides_of(self, self.matrices[name][0])
        return found

    def sides_of_class(self, name: int) -> structure.Sides:
        """On which sides of the diagonal the inverse of a class has zeros."""
        sides = self._sides_of(name)
        return structure.turned(sides) if self.matrices[name][1] else sides

    @law("entry")
    def entry(self, array: Any, indices: tuple[Poly, ...]) -> Polynomial:
        """An entry of a given array, by what is assumed of the array.

        Where what the law uses of the array is given, and then it is listed.
        """
        definition = self.definitions.get(array)
        if definition is not None:
            value, label = definition
            self.used[label] = None
            return self.of(value.at(indices))
        if array in self.mirrors:
            return mirrored(self, array, indices)
        if len(indices) == 2 and "diagonal" in array.traits:
            self.used[("diagonal", array)] = None
            on = self.index_bracket("=", indices[0] - indices[1])
            if "unit_triangular" in array.traits:
                self.used[("unit_triangular", array)] = None
                return on
            return self.multiply(on, self.of_atom(self.atom(EntryAtom, array, indices)))
        if len(indices) == 2 and array.traits:
            known = structure.known_entry(self, array, indices)
            if known is not None:
                return known
        for trait in ("symmetric", "exchangeable"):
            if len(indices) == 2 and trait in array.traits:
                self.used[(trait, array)] = None
                indices = tuple(sorted(indices, key=lambda p: p.sort_key()))
        if any(is_outside(index, size) for index, size in zip(indices, array.axes, strict=False)):
            return {}  # what is read there counts for nothing: it is read under a condition
        return self.of_atom(self.atom(EntryAtom, array, indices))

    def define(self, left: Term, right: Term, open_: frozenset[Var], label: Any) -> bool:
        """Take A[i, j] = e, given for all i and j, as what A is, unless e mentions A; whether
        that is possible. It is not for an A of which more is assumed, which would be lost.
        """
        if not isinstance(left, Entry) or not left.data[1]:
            return False
        array, indices = left.data
        params = whole_axes(array, indices, open_)
        free = {v for v in right.free if v.kind == FREE}
        if params is None or not free <= set(params):
            return False
        if array.traits or array in self.definitions or array in arrays_behind(self, right):
            return False
        self.definitions[array] = Shared(params, right), label
        self.forget()
        return True

    def replace(self, array: Any, value: Shared, label: Any) -> bool:
        """Take a given array to be what is known to be equal to it, all at once; whether it is not
        known to be something else.
        """
        if array in self.definitions or array in self.mirrors:
            return False
        self.definitions[array] = value, label
        self._matrices.clear()
        self.forget()
        return True

    def add_equation(self, poly: Polynomial, open_: frozenset[Var], label: Any) -> bool:
        """Use ``poly = 0``: A[i, j] = ±A[j, i] as a property of A, all else as a rewriting."""
        atoms = [m[0][0] for m in poly if len(m) == 1 and m[0][1] == 1]
        entries = [a for a in atoms if isinstance(a, EntryAtom)]
        if len(poly) == len(entries) == 2:
            (array, place), (other, turned) = ((a.array, a.indices) for a in entries)
            one, two = poly.values()
            mirrored = array is other and len(place) == 2 and place == turned[::-1]
            if mirrored and abs(one) == abs(two) and whole_axes(array, place, open_):
                self.mirrors[array] = (-1 if one == two else 1, label)
                self._substituted.clear()
                return True
        return super().add_equation(poly, open_, label)

    def readings(self, atom: Atom) -> tuple[tuple[Any, ...], ...]:
        """The data of an atom; of a symmetric matrix or its inverse, S[i, j] = S[j, i]."""
        if isinstance(atom, EntryAtom):
            array, indices = atom.array, atom.indices
            symmetric = "symmetric" in array.traits or self.mirrors.get(array, (0,))[0] == 1
            if symmetric and len(indices) == 2:
                return atom.data, (array, indices[::-1])
        elif isinstance(atom, InverseAtom) and atom.name in self._symmetric:
            name, i, j = atom.name, atom.row, atom.column
            return atom.data, (name, j, i)
        return (atom.data,)

    @law("atom with other indices")
    def rebuilt(self, atom: Atom, values: Mapping[Var, Poly]) -> Polynomial:
        """An atom with variables replaced in its data, by the constructor of its kind.

        Where the new indices are in the ranges of the old ones.
        """
        if isinstance(atom, EntryAtom):
            array, indices = atom.array, atom.indices
            return self.entry(array, tuple(i.substitute(values) for i in indices))
        if isinstance(atom, WholePowerAtom):
            base, exponent = self._keys((atom.base, ((atom.exponent, 1),)), values)
            return self.integer_power(base, exponent)
        if isinstance(atom, RefAtom) and atom.name in self.recursion.heads:
            name, indices = atom.name, atom.indices
            return self.recursion.entry(name, tuple(i.substitute(values) for i in indices))
        if isinstance(atom, InverseAtom):
            name, i, j = atom.name, atom.row, atom.column
            return self.class_inverse(name, i.substitute(values), j.substitute(values))
        return super().rebuilt(atom, values)

    def _find_sign(self, atom: Atom) -> str | None:
        if isinstance(atom, RefAtom) and atom.name in self.names.contents:
            return self._name_sign(atom.name)
        places = definite_places(self, atom)
        if places is not None and places[0] == places[1]:
            definite_used(self, atom)
            return "+"
        if self.values and matrix_laws.is_positive(self, atom):
            return "+"
        found = super()._find_sign(atom)
        if found is None and isinstance(atom, SumAtom) and is_sum_of_squares(self, atom):
            return "0+"
        return found

    def _name_sign(self, name: int) -> str | None:
        """The sign of what a name stands for: found once, so nothing supposed may enter it."""
        if name not in self._name_signs:
            self._name_signs[name] = None
            saved = self._signs, self._supposed
            self._signs, self._supposed = {}, NOTHING_MORE
            try:
                self._name_signs[name] = self.sign(self.names.contents[name])
            finally:
                self._signs, self._supposed = saved
        return self._name_signs[name]

    @law("integer bracket")
    def index_bracket(self, relation: str, poly: Poly) -> Polynomial:
        """[p ≥ 0] or [p = 0], the first relative to the time of an induction; without one, by
        [p ≥ 0] = 1 − [p = −1] where p ≥ −1, and [p ≥ 0] = [p = 0] where p ≤ 0.
        """
        if relation == ">=" and not self.recursion.begun and not is_nonnegative(poly):
            if is_nonnegative(poly + 1):
                return self.subtract({(): 1}, super().index_bracket("=", poly + 1))
            if is_nonnegative(-poly):
                return super().index_bracket("=", poly)
        moving = relation == ">=" and len(poly.indices) > 1 and not self.clears_offsets
        steps = self.recursion.steps_past(poly) if moving else 0
        if not steps:
            return super().index_bracket(relation, poly)
        # [p ≥ 0] = [p − 1 ≥ 0] + [p = 0], and the other way round.
        passed = [poly - k for k in range(steps)] or [poly + k for k in range(1, 1 - steps)]
        equal = self.add({}, *(super(Normaliser, self).index_bracket("=", p) for p in passed))
        sign = 1 if steps > 0 else -1
        return self.add(super().index_bracket(relation, poly - steps), self.scale(equal, sign))

    @law("sum")
    def sum_over(self, variable: Var, poly: Polynomial) -> Polynomial:
        """Σ over the range of a variable, its terms apart that an induction is about.

        Always: the terms of a finite sum may be taken in any order.
        """
        parted = self._parted(variable, poly.keys())
        if parted is None:
            return super().sum_over(variable, poly)
        shorter, places = parted
        if places[0] != variable.low:
            poly = self.upwards(variable, poly)
        rest = self.substitute(poly, {variable: as_poly(shorter)})
        apart = (self.substitute(poly, {variable: place}) for place in places)
        return self.add(super().sum_over(shorter, rest), *apart)

    def _parted(
        self,
        variable: Var,
        monomials: Iterable[Monomial],
        count: Callable[[Poly], int] | None = None,
    ) -> tuple[Var, list[Poly]] | None:
        """A range without the places that an induction is about, and these places: the last ones,
        or the first ones where it runs backward and what stands at each moves with the time.
        """
        low, high = variable.low, variable.high
        assert low is not None and high is not None
        steps = (count or self.recursion.steps_past)(high - low)
        if steps > 0 and is_nonnegative(high - low - steps + 1):
            return Var(variable.name, FRESH, low, high - steps), [high - k for k in range(steps)]
        steps = self.recursion.steps_before(high - low)
        if not steps:
            return None
        reference = self.recursion.reference
        assert reference is not None
        moving = {reference.variable}
        if moving.isdisjoint(low.variables) and all(
            moving.isdisjoint(a.free) for m in monomials for a, _ in m
        ):
            return Var(variable.name, FRESH, low, high - steps), [high - k for k in range(steps)]
        return Var(variable.name, FRESH, low + steps, high), [low + k for k in range(steps)]

    def _log_of_positive(self, atom: Atom) -> Polynomial:
        """log Π_k p_k = Σ_k log p_k where every p_k is positive"""
        if isinstance(atom, ProductAtom) and self.sign(dict(atom.body)) == "+":
            high, key = atom.high, atom.body
            k = Var("k", FRESH, ZERO, high)
            body = self.substitute(dict(key), {self.bound(atom.height - 1): as_poly(k)})
            return self.sum_over(k, self.log(body))
        return super()._log_of_positive(atom)

    @law("sum of a product")
    def _sum_monomial(self, variables: list[Var], monomial: Monomial) -> Polynomial:
        """Σ over some indices, each from 0, of one product; powers of a matrix joined first.

        Where each index starts at 0.
        """
        if self.recursion.heads and self.recursion.reference is None:
            for rewrite in (joined_powers, power_of_eigenvalue):
                joined = rewrite(self, variables, monomial)
                if joined is not None:
                    return joined
        return super()._sum_monomial(variables, monomial)

    @law("product over a range")
    def product_over(self, variable: Var, body: Polynomial) -> Polynomial:
        """Π over the range of a variable, its factors apart that an induction is about.

        Always: the factors of a finite product may be taken in any order.
        """
        low, high = variable.low, variable.high
        assert low is not None and high is not None
        length = (high - low).constant
        if length is not None and length < UNROLLED:
            values = (low + k for k in range(int(length) + 1))
            return self.multiply(*(self.substitute(body, {variable: v}) for v in values))
        parted = self._parted(variable, body.keys(), self.recursion.factors_past)
        if parted is not None:
            shorter, places = parted
            rest = self.product_over(shorter, self.substitute(body, {variable: as_poly(shorter)}))
            apart = (self.substitute(body, {variable: place}) for place in places)
            return self.multiply(rest, *apart)
        replaced = one_factor_replaced(self, variable, body)
        if replaced is not None:
            return replaced
        if len(body) != 1:
            return self.bind(ProductAtom, variable, body)
        ((monomial, coefficient),) = body.items()
        result = repeated(self, variable, self.constant(coefficient))
        for atom, exponent in monomial:
            if variable not in atom.free:
                factor = repeated(self, variable, self.of_atom(atom, exponent))
            elif isinstance(atom, ExpAtom):
                factor = self.exp(self.sum_over(variable, {atom.argument: exponent}))
            else:
                factor = self.power(self.bind(ProductAtom, variable, self.of_atom(atom)), exponent)
            result = self.multiply(result, factor)
        return result

    @law("maximum")
    def maximum_over(self, variable: Var, body: Polynomial) -> Polynomial:
        """max over the range of a variable, its last values apart that an induction is about.

        Where the range is not empty.
        """
        low, high = variable.low, variable.high
        assert low is not None and high is not None
        length = (high - low).constant
        if length is not None and 0 <= length < COMPARED:
            values = (self.substitute(body, {variable: low + k}) for k in range(int(length) + 1))
            return reduce(lambda a, b: self.function("Max", [a, b]), values)
        steps = self.recursion.steps_past(high - low) - 1  # something is left, unlike of a sum
        if steps <= 0 or not is_nonnegative(high - low - steps):
            return super().maximum_over(variable, body)
        shorter = Var(variable.name, FRESH, low, high - steps)
        largest = self.maximum_over(shorter, self.substitute(body, {variable: as_poly(shorter)}))
        for k in reversed(range(steps)):
            largest = self.function("Max", [largest, self.substitute(body, {variable: high - k})])
        return largest

    @law("integer power")
    def integer_power(self, base: Polynomial, exponent: Polynomial) -> Polynomial:
        """b^e for an e that takes whole values only, on every side of the brackets in b: 0^e = 0
        where e > 0.

        :raises UnsupportedError: for 0^e where e may be 0, since 0^0 = 1, or negative.
        """
        return self.split(base, lambda part: whole_power_of(self, part, exponent))

    # ---- scalar functions

    @law("function")
    def function(self, name: str, args: list[Polynomial]) -> Polynomial:
        """A known scalar function of polynomials, by its laws.

        Where the function has a value.
        """
        law = function_laws().get(name)
        if law is None:
            raise UnsupportedError(f"the function {name} has no canonical form")
        return law(self, *args)
