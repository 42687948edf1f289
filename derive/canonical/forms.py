"""The canonical form of a term: one rule per core node, shared arrays kept or looked into.

A shared array whose canonical body has few terms is looked into wherever it is referred to; a
larger one stays a name. Names go by content: arrays with the same body (up to the order of
their axes and a rational factor) are one. That is what makes a deep derivation cheap: the
adjoint of a layer and the δ that a document defines for it turn out to be one name, layer by
layer, and nothing is ever multiplied out through all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import permutations
from math import lcm
from types import MappingProxyType
from typing import Any, TypeGuard

from derive.base.budget import Budget
from derive.base.errors import UnsupportedError
from derive.canonical import matrix_laws, structure
from derive.canonical.atoms import (
    Atom,
    DeterminantAtom,
    EntryAtom,
    ExpAtom,
    IndexBracketAtom,
    InverseAtom,
    Key,
    Monomial,
    Polynomial,
    ProductAtom,
    RefAtom,
    SumAtom,
    WholePowerAtom,
)
from derive.canonical.determinants import inverse_written_out, is_small
from derive.canonical.functions import MAX_ANGLES, function_laws
from derive.canonical.laws import law
from derive.canonical.matrix_laws import Value
from derive.canonical.nodes import rules
from derive.canonical.ranges import UNROLLED
from derive.canonical.recursion import Recursion
from derive.canonical.signs import MAX_SPLITS, Fact
from derive.canonical.sums import Summation
from derive.core.integers import FREE, FRESH, PARAM, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import (
    Entry,
    Factors,
    FunctionEntry,
    Shared,
    Term,
    arrays_in,
    mul,
    num,
    ref,
    substitute,
)

# So many suppositions, of nothing, that no further bracket is looked at from both sides.
NOTHING_MORE = [Fact((), "", frozenset(), None)] * MAX_SPLITS

COMPARED = 3  # values, up to which a maximum over a range is one of a few
MAX_SIZE = 80  # atoms in a shared array that is looked into
NO_MERGES: Mapping[Shared, Merge] = MappingProxyType({})


@dataclass(frozen=True)
class Body:
    """The canonical body of a shared array: ``poly`` in its parameters.

    ``name`` is the number of its class where the array stays a name: then the array is
    ``scale`` times that class at the indices in the order ``axes``.
    """

    params: tuple[Var, ...]
    poly: Polynomial
    name: int | None = None
    axes: tuple[int, ...] = ()
    scale: Fraction | int = 1


@dataclass(frozen=True)
class Merge:
    """``array`` is ``scale`` times the array ``other`` at the indices in the order ``axes``, by a
    proof or, where it is ``plain``, by its definition.
    """

    array: Shared
    other: Shared
    axes: tuple[int, ...]
    scale: Fraction | int = 1
    plain: bool = False

    def at(self, indices: tuple[Poly, ...]) -> Term:
        """What the array is at some indices."""
        return mul(num(self.scale), ref(self.other, *(indices[axis] for axis in self.axes)))

    @property
    def inverse(self) -> tuple[int, ...]:
        """The axis of ``other`` that each axis of ``array`` is."""
        return tuple(self.axes.index(k) for k in range(len(self.axes)))

    def sides(self) -> tuple[Term, Term]:
        """Both sides of the equation, at the parameters of the array."""
        return self.array.body, self.at(tuple(as_poly(p) for p in self.array.params))


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
        self.kept: dict[int, Shared] = {}
        self.arguments: dict[tuple[int, ...], tuple[Shared, ...]] = {}
        self.matrices: dict[int, tuple[Shared, bool]] = {}
        self.inline = inline
        self.budget = Budget() if budget is None else budget
        self.assumed: dict[Term, None] = {}
        self.inverted: dict[int, dict[Any, None]] = {}  # what is inverted, by its class
        self.divided_by: dict[Key, None] = {}
        self._memo: dict[Term, Polynomial] = {}
        self._bodies: dict[Shared, Body] = {}
        self._names: dict[Any, int] = {}
        # What a name stands for, and its parameters with the ends of their ranges.
        self.contents: dict[int, Polynomial] = {}
        self.extents: dict[int, tuple[tuple[Var, Poly | None], ...]] = {}
        self._name_signs: dict[int, str | None] = {}
        self._naming = False
        self._params: dict[Any, Var] = {}
        self._matrices: dict[Shared, tuple[int, bool, bool]] = {}
        self._symmetric: set[int] = set()
        self.meets_small_matrices = False
        self.writes_out = False
        self._sides: dict[int, structure.Sides] = {}
        # The functions of matrices by function and class, and what A⁻¹ is made of, by class.
        self.values: dict[tuple[str, int], Value] = {}
        self.factors: dict[int, Value] = {}
        self._definitions: dict[Any, tuple[Shared, Any]] = {}
        # What reads a polynomial as a term, where determinants of turned products are made one.
        self.unites: Callable[[Polynomial], Term] | None = None
        self._mirrors: dict[Any, tuple[int, Any]] = {}
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
        self._bodies.clear()
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
            rule = rules().get(type(term))
            if rule is None:
                raise UnsupportedError(f"{type(term).__name__} has no canonical form")
            found = self._memo[term] = rule(self, term)
        return found

    # ---- shared arrays

    def param(self, position: int, low: Poly | None, high: Poly | None) -> Var:
        """The canonical parameter with that place and range."""
        key = (position, low, high)
        found = self._params.get(key)
        if found is None:
            number = len(self._params)
            found = self._params[key] = Var(f"p{position}", PARAM, low, high, number=number)
        return found

    def parameters(self, shared: Shared, order: tuple[int, ...]) -> dict[Var, Var]:
        """Canonical parameters for those of an array, taken in the given order."""
        result: dict[Var, Var] = {}
        for position, place in enumerate(order):
            own = shared.params[place]
            ends = [
                None if e is None else e.substitute({v: as_poly(p) for v, p in result.items()})
                for e in (own.low, own.high)
            ]
            result[own] = self.param(position, *ends)
        return result

    def body(self, shared: Shared) -> Body:
        """The canonical body of a shared array."""
        found = self._bodies.get(shared)
        if found is None:
            self.check()
            found = self._bodies[shared] = self._body(shared)
        return found

    def _body(self, shared: Shared) -> Body:
        plain = tuple(range(len(shared.params)))
        if shared.unfoldings:
            name = self.recursion.name(shared)
            return Body((), {}, name, plain)
        if self.keep(shared):
            name = self._names.setdefault(("kept", shared), len(self._names))
            self.kept[name] = shared
            return Body((), {}, name, plain)
        own = self.of(shared.body)
        if self._is_small(own) or any(v.kind == FREE for m in own for a, _ in m for v in a.free):
            return Body(shared.params, own)
        best: tuple[Any, ...] | None = None
        for order in self._axis_orders(shared):
            renaming = self.parameters(shared, order)
            named = self.substitute(own, {v: as_poly(p) for v, p in renaming.items()})
            key, scale = self.primitive(named)
            rank = _rank(key, tuple(renaming.values()))
            if best is None or rank < best[0]:
                best = (rank, key, scale, order, tuple(renaming.values()))
        assert best is not None
        _, key, scale, order, axes = best
        name = self._names.setdefault((axes, key), len(self._names))
        self.contents[name] = dict(key)
        self.extents[name] = tuple((axis, axis.high) for axis in axes)
        return Body(shared.params, own, name, order, scale)

    def looked_into(self, poly: Polynomial) -> Polynomial:
        """A polynomial with the names that are terms of their own replaced by their contents.

        Two sides may add up the same terms under different names: A + B as one array, and A and
        B apart.
        """
        result: Polynomial = {}
        for monomial, coefficient in poly.items():
            ((atom, exponent), *others) = monomial or ((None, 0),)
            if atom is None or others or exponent != 1 or not isinstance(atom, RefAtom):
                part: Polynomial = {monomial: coefficient}
            elif atom.name not in self.contents:
                part = {monomial: coefficient}
            else:
                name, indices = atom.name, atom.indices
                places = (place for place, _ in self.extents[name])
                values = dict(zip(places, indices, strict=True))
                part = self.scale(self.substitute(self.contents[name], values), coefficient)
            result = self.add(result, part)
        return result

    def _is_small(self, poly: Polynomial) -> bool:
        """Whether a body is looked into: few terms, and not much inside them."""
        if self.inline is None:
            return True
        return len(poly) <= self.inline and sum(a.size for m in poly for a, _ in m) <= MAX_SIZE

    @law("name of a sum")
    def named_sum(self, atom: SumAtom) -> Polynomial:
        """A sum over what a function has made of other sums: it starts a new layer of a network
        and becomes a name, the same wherever and however it was written.
        """
        if self.inline is None or self._naming or not _is_second_layer(atom):
            return self.of_atom(atom)
        self._naming = True  # what is looked at on the way to a name is not named itself
        try:
            name, order = self._name_of(atom)
        finally:
            self._naming = False
        return self.of_atom(self.atom(RefAtom, name, tuple(as_poly(v) for v in order)))

    def _name_of(self, atom: Atom) -> tuple[int, tuple[Var, ...]]:
        """The name of a sum, and its free indices in the order of the name's."""
        best: tuple[Any, ...] | None = None
        free = sorted(atom.free, key=lambda v: v.key)
        for order in permutations(free) if len(free) <= 3 else (tuple(free),):
            values = {v: as_poly(self.param(k, None, None)) for k, v in enumerate(order)}
            key = self.key(self.substituted_atom(atom, values))
            rank = _rank(key, ())
            if best is None or rank < best[0]:
                best = (rank, key, order)
        assert best is not None
        _, key, order = best
        name = self._names.setdefault(("sum", key), len(self._names))
        self.contents[name] = dict(key)
        ranges = ((self.param(k, None, None), v.high) for k, v in enumerate(order))
        self.extents.setdefault(name, tuple(ranges))
        return name, order

    def _axis_orders(self, shared: Shared) -> list[tuple[int, ...]]:
        plain = tuple(range(len(shared.params)))
        independent = not any(
            set(e.variables) & set(shared.params)
            for p in shared.params
            for e in (p.low, p.high)
            if e is not None
        )
        return list(permutations(plain)) if independent and len(plain) <= 3 else [plain]

    def array_name(self, shared: Shared) -> int:
        """A number for a whole array: one for all that have the same entries."""
        renaming = self.parameters(shared, tuple(range(len(shared.params))))
        named = self.substitute(self.of(shared.body), {v: as_poly(p) for v, p in renaming.items()})
        content = (tuple(renaming.values()), self.key(named))
        return self._names.setdefault(content, len(self._names))

    def matrix_name(self, shared: Shared) -> tuple[int, bool, bool]:
        """The class of a whole square matrix, whether transposed, and whether symmetric."""
        found = self._matrices.get(shared)
        if found is not None:
            return found
        own = self.of(shared.body)
        keys = []
        for order in ((0, 1), (1, 0)):
            renaming = self.parameters(shared, order)
            named = self.substitute(own, {v: as_poly(p) for v, p in renaming.items()})
            keys.append((tuple(renaming.values()), self.key(named)))
        symmetric = keys[0] == keys[1] or structure.is_symmetric(self, own, shared.params)
        transposed = _rank(keys[1][1], keys[1][0]) < _rank(keys[0][1], keys[0][0])
        name = self._names.setdefault(("matrix", keys[transposed]), len(self._names))
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
        definition = self._definitions.get(array)
        if definition is not None:
            value, label = definition
            self.used[label] = None
            return self.of(value.at(indices))
        if array in self._mirrors:
            return self._mirrored(array, indices)
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
        if any(_is_outside(index, size) for index, size in zip(indices, array.axes, strict=False)):
            return {}  # what is read there counts for nothing: it is read under a condition
        return self.of_atom(self.atom(EntryAtom, array, indices))

    def _mirrored(self, array: Any, indices: tuple[Poly, ...]) -> Polynomial:
        """A[i, j] = ±A[j, i]; on the diagonal of a skew matrix, 0."""
        sign, label = self._mirrors[array]
        self.used[label] = None
        if sign < 0 and indices[0] == indices[1]:
            return {}
        ordered = tuple(sorted(indices, key=lambda p: p.sort_key()))
        found = self.of_atom(self.atom(EntryAtom, array, ordered))
        return found if ordered == indices else self.scale(found, sign)

    def define(self, left: Term, right: Term, open_: frozenset[Var], label: Any) -> bool:
        """Take A[i, j] = e, given for all i and j, as what A is, unless e mentions A; whether
        that is possible. It is not for an A of which more is assumed, which would be lost.
        """
        if not isinstance(left, Entry) or not left.data[1]:
            return False
        array, indices = left.data
        params = _whole_axes(array, indices, open_)
        free = {v for v in right.free if v.kind == FREE}
        if params is None or not free <= set(params):
            return False
        if array.traits or array in self._definitions or array in self._arrays_behind(right):
            return False
        self._definitions[array] = Shared(params, right), label
        self.forget()
        return True

    def replace(self, array: Any, value: Shared, label: Any) -> bool:
        """Take a given array to be what is known to be equal to it, all at once; whether it is not
        known to be something else.
        """
        if array in self._definitions or array in self._mirrors:
            return False
        self._definitions[array] = value, label
        self._matrices.clear()
        self.forget()
        return True

    def _arrays_behind(self, term: Term) -> set[Any]:
        """The given arrays in a term, and in what those of them are that are defined."""
        found: set[Any] = set()
        left = arrays_in(term)
        while left:
            array = left.pop()
            found.add(array)
            if array in self._definitions:
                left |= arrays_in(self._definitions[array][0].body) - found
        return found

    def add_equation(self, poly: Polynomial, open_: frozenset[Var], label: Any) -> bool:
        """Use ``poly = 0``: A[i, j] = ±A[j, i] as a property of A, all else as a rewriting."""
        atoms = [m[0][0] for m in poly if len(m) == 1 and m[0][1] == 1]
        entries = [a for a in atoms if isinstance(a, EntryAtom)]
        if len(poly) == len(entries) == 2:
            (array, place), (other, turned) = ((a.array, a.indices) for a in entries)
            one, two = poly.values()
            mirrored = array is other and len(place) == 2 and place == turned[::-1]
            if mirrored and abs(one) == abs(two) and _whole_axes(array, place, open_):
                self._mirrors[array] = (-1 if one == two else 1, label)
                self._substituted.clear()
                return True
        return super().add_equation(poly, open_, label)

    def readings(self, atom: Atom) -> tuple[tuple[Any, ...], ...]:
        """The data of an atom; of a symmetric matrix or its inverse, S[i, j] = S[j, i]."""
        if isinstance(atom, EntryAtom):
            array, indices = atom.array, atom.indices
            symmetric = "symmetric" in array.traits or self._mirrors.get(array, (0,))[0] == 1
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
        if isinstance(atom, RefAtom) and atom.name in self.contents:
            return self._name_sign(atom.name)
        places = self.definite_places(atom)
        if places is not None and places[0] == places[1]:
            self.definite_used(atom)
            return "+"
        if self.values and matrix_laws.is_positive(self, atom):
            return "+"
        found = super()._find_sign(atom)
        if found is None and isinstance(atom, SumAtom) and self._find_square(atom):
            return "0+"
        return found

    def _find_square(self, atom: SumAtom) -> bool:
        """Σ_k Σ_a Σ_b f(k, a) f(k, b) = Σ_k (Σ_a f(k, a))²: a sum that its own mirror image is.

        And so is Σ_k Σ_a Σ_b f(k, a) S[a, b] f(k, b) ≥ 0 for a positive definite S.
        """
        opened, inside = self.opened(atom)
        if len(inside) != 1:
            return False
        ((monomial, coefficient),) = inside.items()
        if coefficient < 0 or any(e != 1 for _, e in monomial) or not 2 <= len(opened) <= 4:
            return False
        if self._is_square(opened, monomial):
            return True
        for position, (form, _) in enumerate(monomial):
            places = self.definite_places(form)
            rest = monomial[:position] + monomial[position + 1 :]
            if places is not None and self._is_square(opened, rest, places):
                self.definite_used(form)
                return True
        return False

    def definite_places(self, atom: Atom) -> tuple[Poly, Poly] | None:
        """The row and the column of an entry of a positive definite matrix or of its inverse."""
        if isinstance(atom, EntryAtom) and "positive_definite" in atom.array.traits:
            if len(atom.indices) != 2:
                return ZERO, ZERO  # a 1×1 matrix
            row, column = atom.indices
            return row, column
        if isinstance(atom, InverseAtom):
            body = self.matrices[atom.name][0].body
            if isinstance(body, Entry) and "positive_definite" in body.data[0].traits:
                return atom.row, atom.column
        return None

    def definite_used(self, atom: Atom) -> None:
        """Note that the positive definiteness of an entry's matrix was relied on."""
        if isinstance(atom, EntryAtom):
            self.used["positive_definite", atom.array] = None
        elif isinstance(atom, InverseAtom):
            self.used["positive_definite", self.matrices[atom.name][0].body.data[0]] = None

    def _is_square(
        self,
        opened: list[Var],
        monomial: Monomial,
        between: tuple[Poly, Poly] | None = None,
    ) -> bool:
        """Whether a product falls into two factors that are one another's mirror image.

        :param between: indices that must be one another's mirror image too.
        """
        for pairs in _pairings(opened):
            first, second = {p[0] for p in pairs}, {p[1] for p in pairs}
            left = tuple(p for p in monomial if not p[0].free.isdisjoint(first))
            right = tuple(p for p in monomial if not p[0].free.isdisjoint(second))
            if len(left) + len(right) != len(monomial) or set(left) & set(right):
                continue
            if any(a.high != b.high for a, b in pairs):
                continue
            mirror = {a: as_poly(b) for a, b in pairs}
            mirror.update({b: as_poly(a) for a, b in pairs})
            if between is not None:
                row, column = between
                apart = any(
                    row.variables.isdisjoint(a) and column.variables.isdisjoint(b)
                    for a, b in ((first, second), (second, first))
                )
                if not apart or row.substitute(mirror) != column:
                    continue
            if self.substitute({left: 1}, mirror) == {right: 1}:
                return True
        return False

    def _name_sign(self, name: int) -> str | None:
        """The sign of what a name stands for: found once, so nothing supposed may enter it."""
        if name not in self._name_signs:
            self._name_signs[name] = None
            saved = self._signs, self._supposed
            self._signs, self._supposed = {}, NOTHING_MORE
            try:
                self._name_signs[name] = self.sign(self.contents[name])
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
            for law in (self._joined_powers, self._power_of_eigenvalue):
                joined = law(variables, monomial)
                if joined is not None:
                    return joined
        return super()._sum_monomial(variables, monomial)

    def _joined_powers(self, variables: list[Var], monomial: Monomial) -> Polynomial | None:
        """Σ_k Aᵖ[i, k]·A^q[k, j] = A^(p + q)[i, j] for p, q ≥ 0; None where none is summed so."""
        powers = [a for a, e in monomial if e == 1 and self._is_power(a)]
        for first, second in permutations(powers, 2):
            name, (*own, low, high, i, k) = first.name, first.indices
            other, (*same, start, end, l, j) = second.name, second.indices
            index = next((v for v in variables if as_poly(v) == k), None)
            if index is None or name != other or own != same or low != start or k != l:
                continue
            alone = not any(index in p.variables for p in (*own, low, high, end, i, j))
            rest = {a: e for a, e in monomial if a not in (first, second)}
            if not alone or any(index in a.free for a in rest):
                continue
            size = self.recursion.heads[name].params[-1].high
            counted = all(is_nonnegative(e - low + 1) for e in (high, end))
            if not counted or index.high != size:
                continue
            whole = self.recursion.entry(name, (*own, low, high + end - low + 1, i, j))
            product = self.multiply(whole, self.settled(rest, 1))
            others = [v for v in variables if v is not index]
            return self.sum_all(others, product) if others else product
        return None

    def _power_of_eigenvalue(self, variables: list[Var], monomial: Monomial) -> Polynomial | None:
        """Σ_k Aⁿ[i, k]·x[k] = λⁿ·x[i] for n ≥ 1, where Σ_k A[i, k]·x[k] = λ·x[i] for all i by
        what is given; and Σ_k x[k]·Aⁿ[k, i] in the same way. None where none is summed so.
        """
        for power, exponent in monomial if self.contractions else ():
            if exponent != 1 or not self._is_power(power):
                continue
            name, (*own, low, high, row, column) = power.name, power.indices
            factors = self.recursion.heads[name].factors
            count = high - low + 1
            if own or factors is None or not is_nonnegative(count - 1):
                continue
            for met, other, left in ((column, row, False), (row, column, True)):
                index = next((v for v in variables if as_poly(v) == met), None)
                beside = [(a, e) for a, e in monomial if index in a.free and a is not power]
                if index is None or index in other.variables or len(beside) != 1:
                    continue
                vector: Polynomial = {tuple(beside): 1}
                size = self.recursion.heads[name].params[-1].high
                found = self._eigenvalue(factors, index, vector, left)
                if found is None or index.high != size:
                    continue
                rest = {p: e for p, e in monomial if p is not power and p is not beside[0][0]}
                whole = self.integer_power(found, self.of_integer(count)) if found else found
                product = self.multiply(
                    whole, self.substitute(vector, {index: other}), self.settled(rest, 1)
                )
                others = [v for v in variables if v is not index]
                return self.sum_all(others, product) if others else product
        return None

    def _eigenvalue(
        self, factors: Factors, index: Var, vector: Polynomial, left: bool
    ) -> Polynomial | None:
        """The λ with Σ_k A[i, k]·x[k] = λ·x[i], the same for all i; None where there is none."""
        i = Var("i", FREE, index.low, index.high)
        at = (as_poly(index), as_poly(i)) if left else (as_poly(i), as_poly(index))
        entry = self.of(
            substitute(factors.body, dict(zip((factors.row, factors.column), at, strict=True)))
        )
        image = self.sum_over(index, self.multiply(entry, vector))
        ((here, _),) = self.substitute(vector, {index: as_poly(i)}).items()
        result: Polynomial = {}
        for monomial, coefficient in image.items():
            exponents = dict(monomial)
            for atom, exponent in here:
                exponents[atom] = exponents.get(atom, 0) - exponent
            quotient = self.monomial(exponents)
            if any(e < 0 for _, e in quotient) or any(i in a.free for a, _ in quotient):
                return None
            result[quotient] = coefficient
        return result

    def _is_power(self, atom: Atom) -> TypeGuard[RefAtom]:
        """Whether an atom is an entry of a power of a matrix of more than one row."""
        head = self.recursion.heads.get(atom.name) if isinstance(atom, RefAtom) else None
        if head is None or head.factors is None or head.factors.place is not None:
            return False
        return len(head.params) == head.unfoldings[0].axis + 3

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
        replaced = _one_factor_replaced(self, variable, body)
        if replaced is not None:
            return replaced
        if len(body) != 1:
            return self.bind(ProductAtom, variable, body)
        ((monomial, coefficient),) = body.items()
        result = self._repeated(variable, self.constant(coefficient))
        for atom, exponent in monomial:
            if variable not in atom.free:
                factor = self._repeated(variable, self.of_atom(atom, exponent))
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
        return self.split(base, lambda part: self._whole_power_of(part, exponent))

    def _whole_power_of(self, base: Polynomial, exponent: Polynomial) -> Polynomial:
        """(a·b)^e = a^e·b^e, whatever the signs."""
        if not base:
            if self.sign(exponent) == "+":
                return {}
            raise UnsupportedError("zero to a power that is not seen to be positive")
        result: Polynomial = {(): 1}
        if len(base) == 1:
            ((monomial, coefficient),) = base.items()
            parts: list[tuple[Polynomial, int]] = [
                ({((a, 1),): 1}, e) for a, e in monomial if isinstance(e, int)
            ]
            if len(parts) == len(monomial):
                if coefficient < 0:
                    parts.append(({(): -1}, 1))
                size = self.constant(abs(Fraction(coefficient)))
                result = self.exp(self.multiply(exponent, self.log(size)))
                for part, e in parts:
                    powered = self._integer_power(part, self.scale(exponent, e))
                    result = self.multiply(result, powered)
                return result
        return self._integer_power(base, exponent)

    def _integer_power(self, base: Polynomial, exponent: Polynomial) -> Polynomial:
        result: Polynomial = {(): 1}
        if self.sign(base) == "+":
            return self.exp(self.multiply(exponent, self.log(base)))
        for monomial, coefficient in exponent.items():
            if not monomial:
                result = self.multiply(result, self.power(base, coefficient))
            elif base == {(): -1} and coefficient % 2 == 0:
                continue
            else:
                atom = self.atom(WholePowerAtom, self.key(base), monomial)
                result = self.multiply(result, self.of_atom(atom, coefficient))
        return result

    @law("repeated factor")
    def _repeated(self, variable: Var, factor: Polynomial) -> Polynomial:
        """Π_k c = c^n where c does not depend on k."""
        assert variable.low is not None and variable.high is not None
        length = variable.high - variable.low + 1
        if factor == {(): 1}:
            return factor
        if length.constant is not None or not is_nonnegative(length):
            return self.bind(ProductAtom, variable, factor)
        if self.sign(factor) != "+":
            return self.integer_power(factor, self.of_integer(length))
        return self.exp(self.multiply(self.of_integer(length), self.log(factor)))

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


def _one_factor_replaced(n: Normaliser, variable: Var, body: Polynomial) -> Polynomial | None:
    """Π_k (a_k, but b_e at k = e) = Π_k a_k · b_e/a_e for an e in range, where a_e is known not to
    be zero, and else Π_{k<e} a_k · b_e · Π_{k>e} a_k.
    """
    for atom in dict.fromkeys(a for m in body for a, _ in m):
        if not isinstance(atom, IndexBracketAtom) or atom.relation != "=":
            continue
        slope = atom.poly.coefficient(variable)
        if slope is None or slope.constant not in (1, -1):
            continue
        place = (as_poly(variable) * slope - atom.poly) * slope
        assert variable.low is not None and variable.high is not None
        inside = n.multiply(
            n.index_bracket(">=", place - variable.low),
            n.index_bracket(">=", variable.high - place),
        )
        new, old = n.sides_of(body, atom)
        if not inside:
            return n.product_over(variable, old)
        here = {variable: place}
        removed = n.substitute(old, here)
        if n.sign(removed) not in ("+", "-"):
            before = Var(variable.name, FRESH, variable.low, place - 1)
            after = Var(variable.name, FRESH, place + 1, variable.high)
            rest = (n.product_over(v, n.substitute(old, {variable: as_poly(v)}))
                    for v in (before, after))  # fmt: skip
            replaced = n.multiply(inside, n.substitute(new, here), *rest)
            if inside == {(): 1}:
                return replaced
            outside = n.subtract({(): 1}, inside)
            return n.add(replaced, n.multiply(outside, n.product_over(variable, old)))
        n.divided_by[n.key(removed)] = None
        ratio = n.multiply(n.substitute(new, here), n.power(removed, -1))
        replaced = n.add({(): 1}, n.multiply(inside, n.subtract(ratio, {(): 1})))
        return n.multiply(replaced, n.product_over(variable, old))
    return None


def _is_outside(index: Poly, size: Poly) -> bool:
    """Whether an index that no other index stands in is seen to be outside of its axis."""
    if index.indices:
        return False
    place = index.constant
    if place is not None:
        return place < 0
    return is_nonnegative(index - size) or is_nonnegative(-index - 1)


def _whole_axes(
    array: Any, indices: tuple[Poly, ...], open_: frozenset[Var]
) -> tuple[Var, ...] | None:
    """The different open indices that run along the axes of an array; None where others do."""
    along = {as_poly(v): v for v in open_}
    params = tuple(along[index] for index in indices if index in along)
    if len(set(params)) < len(array.axes) or len(params) != len(indices):
        return None
    whole = all((v.low, v.high) == (ZERO, a - 1) for v, a in zip(params, array.axes, strict=True))
    return params if whole else None


def _pairings(variables: list[Var]) -> Iterator[list[tuple[Var, Var]]]:
    """The ways to pair off some of the variables, at least two of them."""
    if len(variables) < 2:
        return
    head, *rest = variables
    yield from _pairings(rest)
    for other in rest:
        left = [v for v in rest if v is not other]
        yield [(head, other)]
        for more in _pairings(left):
            yield [(head, other), *more]


def _is_second_layer(atom: Atom) -> bool:
    """Whether an atom applies a function to a sum, directly or under a sum of its own."""
    if isinstance(atom, SumAtom):
        return any(_is_second_layer(a) for a, _ in atom.body)
    return atom.has_sum


def _rank(key: Key, params: tuple[Var, ...]) -> Any:
    """An order of canonical bodies that depends on them alone."""
    return (
        tuple((tuple((a.id, e) for a, e in m), c) for m, c in key),
        tuple(p.key for p in params),
    )
