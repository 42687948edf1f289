"""Arrays that are equal as they are written: found from the inputs up, in one pass.

In most layers of a deep claim the derived and the documented side differ by no more than the
names of indices, the order of factors, a factor taken into a sum, a Σ_k [k = j] or a definition
that only gives a name. That needs no canonical form with all its laws. Each array's body is
brought to a sum of products of *atoms*, and an atom is the number of a class with the indices at
which it is taken: what has the same class is the same function of its indices. Nothing is looked
into twice, and to put other indices in is to rename them.

Such a form is not canonical: two that differ may be equal. Two that are the same are a proof, for
each law here is true for all sizes and all values: nothing is cancelled that might be zero, and
nothing that is given is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from derive.base.tables import Table
from derive.canonical.state import Merge
from derive.core.integers import SIZE, Label, Number, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import (
    Add,
    Apply,
    Binder,
    Const,
    Determinant,
    Entry,
    FunctionEntry,
    FunctionTrace,
    IndexBracket,
    Int,
    InverseEntry,
    Maximum,
    Mul,
    Num,
    Pow,
    Product,
    RealBracket,
    Ref,
    Shared,
    Sum,
    Term,
    Unknown,
    Whole,
    bounds,
)

# The number of a class, and those of the indices at which it is taken.
Atom = tuple[int, tuple[int, ...]]
Factors = tuple[tuple[Atom, int], ...]
Form = dict[Factors, Number]

_ONE: Form = {(): 1}

INLINE = 3  # terms, up to which an array is written out where it is referred to
MOST = 24  # terms of a product
POWER = 3  # up to which a sum is multiplied out


class NoForm(Exception):
    """A term of which nothing is gained by a form."""


class Congruence:
    """Forms of terms, in which arrays go by what is in them.

    :param merged: the arrays that are known to be others; the owner adds those that are found.
    """

    def __init__(self, merged: Mapping[Shared, Merge]) -> None:
        self._merged = merged
        self._memo: dict[Term, Form] = {}
        self._bodies: dict[Shared, Form] = {}
        self._referred: dict[Shared, Form] = {}
        self._classes: dict[Any, int] = {}
        self._numbers: dict[Poly, int] = {}
        self._indices: list[Poly] = []
        self._first: dict[Any, tuple[Shared, list[int], Number]] = {}
        self._positive_parts: dict[int, tuple[tuple[int, ...], Form]] = {}
        self._brackets: set[int] = set()
        self.equal, self.zero, self.at_least = (self.bracket(r) for r in ("==", "=", ">="))

    def of(self, term: Term) -> Form:
        """The form of a term.

        :raises NoForm: where it would be too long.
        """
        found = self._memo.get(term)
        if found is None:
            found = self._memo[term] = FORMS[type(term)](self, term)
        return found

    # ---- classes and indices

    def number(self, index: Poly) -> int:
        """The number of an index."""
        found = self._numbers.get(index)
        if found is None:
            found = self._numbers[index] = len(self._indices)
            self._indices.append(index)
        return found

    def kind(self, *key: Any) -> int:
        """The number of a class, by what makes it up."""
        return self._classes.setdefault(key, len(self._classes))

    def bracket(self, *key: Any) -> int:
        """The number of a class whose values are 0 and 1."""
        found = self.kind("bracket", *key)
        self._brackets.add(found)
        return found

    def entry(self, kind: int, indices: Iterable[Poly]) -> Form:
        """A class at some indices."""
        return {(((kind, tuple(map(self.number, indices))), 1),): 1}

    def pattern(
        self, forms: Iterable[Form], variables: tuple[Var, ...] = ()
    ) -> tuple[Any, tuple[int, ...]]:
        """What forms are but for the indices in them, and these, in the order in which they occur.

        :param variables: those that are bound in the forms, which are no indices of the whole.
        """
        slots: dict[int, int] = {}
        marks = {self.number(as_poly(v)): -1 - k for k, v in enumerate(variables)}

        def place(number: int) -> Any:
            mark = marks.get(number)
            if mark is not None:
                return mark
            index = self._indices[number]
            if variables and not index.variables.isdisjoint(variables):
                return tuple((c, *(of_variable(v) for v in m)) for m, c in index.key)
            return slots.setdefault(number, len(slots))

        def of_variable(variable: Var) -> Any:
            if isinstance(variable, Label) and not variable.variables.isdisjoint(variables):
                return (variable.array, *(place(self.number(p)) for p in variable.places))
            return place(self.number(as_poly(variable)))

        ranges = [
            end if not end.indices else place(self.number(end))
            for v in variables
            for end in bounds(v)
        ]
        content = tuple(
            tuple(
                (form[factors], tuple((k, e, tuple(map(place, at))) for (k, at), e in factors))
                for factors in _ordered(form)
            )
            for form in forms
        )
        return (*ranges, content), tuple(slots)

    # ---- sums and products

    def add(self, *forms: Form) -> Form:
        """Like terms collected."""
        result: Form = {}
        for form in forms:
            for factors, coefficient in form.items():
                value = result.get(factors, 0) + coefficient
                if value:
                    result[factors] = value
                else:
                    del result[factors]
        return result

    def times(self, left: Form, right: Form) -> Form:
        """Multiplied out."""
        if left == _ONE:
            return right
        if len(left) > 1 and len(right) > 1 and len(left) * len(right) > MOST:
            raise NoForm
        products = [{self.product(a, b): c * d} for a, c in left.items() for b, d in right.items()]
        return self.add(*products)

    def product(self, left: Factors, right: Factors) -> Factors:
        """x·x = x², but a bracket times itself is the bracket."""
        if not left or not right:
            return left or right
        exponents = dict(left)
        for atom, exponent in right:
            if atom not in exponents:
                exponents[atom] = exponent
            elif atom[0] not in self._brackets:
                exponents[atom] += exponent
        return tuple(sorted(exponents.items()))

    def scaled(self, form: Form, factor: Number) -> Form:
        return {factors: c * factor for factors, c in form.items()} if factor != 1 else form

    def primitive(self, form: Form) -> tuple[Form, Number]:
        """A form as a multiple of one whose first coefficient is 1."""
        first = form[_ordered(form)[0]]
        return self.scaled(form, 1 if first == 1 else Fraction(1) / first), first

    def at(self, form: Form, values: Mapping[Var, Poly]) -> Form:
        """A form with other indices."""
        moved: dict[int, int] = {}
        result: list[Form] = []
        for factors, coefficient in form.items():
            new: Factors = ()
            for (kind, numbers), exponent in factors:
                for number in numbers:
                    if number not in moved:
                        moved[number] = self.number(self._indices[number].substitute(values))
                place = tuple([moved[number] for number in numbers])
                settled = self.settled(kind, place) if kind in self._brackets else None
                if settled is None:
                    new = self.product(new, (((kind, place), exponent),))
                elif not settled:
                    break
            else:
                result.append({new: coefficient})
        return self.add(*result)

    def settled(self, kind: int, place: tuple[int, ...]) -> bool | None:
        """Whether an integer relation holds, where its indices tell."""
        indices = [self._indices[number] for number in place]
        if kind == self.equal:
            difference = (indices[0] - indices[1]).constant
            return None if difference is None else difference == 0
        if kind in (self.zero, self.at_least):
            value = indices[0].constant
            return None if value is None else value == 0 or (kind == self.at_least and value > 0)
        return None

    # ---- arrays

    def body(self, shared: Shared) -> Form | None:
        """The form of an array's body; None where there is none."""
        if shared.recursive:
            return None
        found = self._bodies.get(shared)
        if found is None:
            try:
                found = self._bodies[shared] = self.of(shared.body)
            except NoForm:
                return None
        return found

    def reference(self, shared: Shared) -> Form:
        """An array at its own parameters: a few terms, or a name by what is in it."""
        found = self._referred.get(shared)
        if found is None:
            body = self.body(shared)
            if body is None:
                indices = (*shared.params, *_outside(shared))
                found = self.entry(self.kind("shared", shared), map(as_poly, indices))
            elif len(body) <= INLINE:
                found = body
            else:
                form, scale = self.primitive(body)
                pattern, place = self.pattern([form])
                found = {(((self.kind("array", pattern), place), 1),): scale}
            self._referred[shared] = found
        return found

    def merge(self, shared: Shared) -> Merge | None:
        """An earlier array that an array is equal to; None where there is none."""
        body = self.body(shared)
        if not body:
            return None
        form, scale = self.primitive(body)
        pattern, place = self.pattern([form])
        own = [self.number(as_poly(p)) for p in shared.params]
        if sorted(place) != sorted(own):
            return None
        order = [own.index(number) for number in place]
        ranges = tuple((shared.params[k].low, shared.params[k].high) for k in order)
        first, its_order, its_scale = self._first.setdefault(
            (pattern, ranges), (shared, order, scale)
        )
        if first is shared:
            return None
        axes = tuple(order[its_order.index(axis)] for axis in range(len(order)))
        return Merge(shared, first, axes, quotient(scale, its_scale))

    def same(self, shared: Shared) -> Shared:
        """The first array that an array is known to be, entry by entry.

        :raises NoForm: where it depends on more than its own parameters.
        """
        if _outside(shared):
            raise NoForm
        merge = self._merged.get(shared)
        while merge is not None and merge.scale == 1 and merge.axes == tuple(sorted(merge.axes)):
            shared = merge.other
            merge = self._merged.get(shared)
        return shared

    # ---- laws that look at what is in a form

    def over(self, variable: Var, form: Form) -> Form:
        """Σ_k a·f(k) = a·Σ_k f(k), Σ_k [k = j]·f(k) = f(j), and Σ_k 1 = n."""
        return self.add(*(self._over(variable, f, c) for f, c in form.items()))

    def _over(self, variable: Var, factors: Factors, coefficient: Number) -> Form:
        inside, outside = [], []
        for factor in factors:
            (kind, place), _ = factor
            indices = [self._indices[number] for number in place]
            if not any(variable in index.variables for index in indices):
                outside.append(factor)
                continue
            inside.append(factor)
            index = self._met(variable, indices) if kind == self.equal else None
            if index is not None:
                rest = tuple(f for f in factors if f is not factor)
                return self.at({rest: coefficient}, {variable: index})
        low, high = bounds(variable)
        if not inside and is_nonnegative(high - low + 1):
            return self.times({tuple(outside): coefficient}, self.integer(high - low + 1))
        pattern, place = self.pattern([{tuple(inside): 1}], (variable,))
        total = (self.kind("sum", pattern), place), 1
        return {self.product(tuple(outside), (total,)): coefficient}

    def _met(self, variable: Var, indices: list[Poly]) -> Poly | None:
        """The index, in range, that a variable is equal to by an equation of two indices."""
        own = as_poly(variable)
        if own not in indices:
            return None
        other = indices[1 - indices.index(own)]
        low, high = bounds(variable)
        if variable in other.variables:
            return None
        known = next(iter(other.variables)) if len(other.variables) == 1 else None
        if known is not None and other == as_poly(known) and (known.low, known.high) == (low, high):
            return other
        inside = is_nonnegative(other - low) and is_nonnegative(high - other)
        return other if inside else None

    def integer(self, value: Poly) -> Form:
        """An integer polynomial as a number."""
        kind = self.kind("integer")
        return self.add(
            *(
                self.scaled(
                    self.many([self.entry(kind, (as_poly(variable),)) for variable in monomial]), c
                )
                for monomial, c in value.terms.items()
            )
        )

    def many(self, forms: Iterable[Form]) -> Form:
        """The product of forms."""
        result = _ONE
        for form in forms:
            result = self.times(result, form)
        return result

    def reciprocal(self, form: Form, exponent: int) -> Form:
        """(c·a·b)^−e = c^−e·a^−e·b^−e; nothing is cancelled."""
        if not form:
            return self.opaque("reciprocal", exponent, forms=[form])
        if len(form) > 1:
            form, scale = self.primitive(form)
            (factors,) = self.opaque("reciprocal", 1, forms=[form])
            ((atom, _),) = factors
            return {((atom, exponent),): quotient(1, scale**exponent)}
        ((factors, coefficient),) = form.items()
        parts = []
        for (kind, place), times in factors:
            (below,) = self.opaque("reciprocal", 1, forms=[{(((kind, place), 1),): 1}])
            ((atom, _),) = below
            parts.append((atom, times * exponent))
        return {tuple(sorted(parts)): quotient(1, coefficient**exponent)}

    def opaque(self, *key: Any, forms: Iterable[Form], variables: tuple[Var, ...] = ()) -> Form:
        """A function of forms of which nothing is known."""
        pattern, place = self.pattern(forms, variables)
        return {(((self.kind(*key, pattern), place), 1),): 1}

    def positive_part(self, form: Form) -> Form:
        """max(0, z)"""
        result = self.opaque("apply", "Max", forms=[{}, form])
        ((((kind, place), _),),) = result
        self._positive_parts.setdefault(kind, (place, form))
        return result

    def sign(self, relation: str, form: Form) -> Form:
        """[c·z > 0] = [z > 0] where c > 0, and [max(0, z) > 0] = [z > 0]"""
        if not any(form):  # a number
            value = form.get((), 0)
            return _ONE if (value > 0 if relation == ">" else value == 0) else {}
        primitive, scale = self.primitive(form)
        form = primitive if scale > 0 or relation == "=" else self.scaled(primitive, -1)
        if relation == ">" and len(form) == 1:
            ((factors, coefficient),) = form.items()
            ((kind, place), _), *others = factors
            if kind in self._positive_parts and not others and coefficient > 0:
                before, inside = self._positive_parts[kind]
                names = {
                    variable: self._indices[to]
                    for number, to in zip(before, place, strict=True)
                    if (variable := self._plain(number)) is not None
                }
                if len(names) == len(before):
                    return self.sign(relation, self.at(inside, names))
        pattern, place = self.pattern([form])
        return {(((self.bracket(relation, pattern), place), 1),): 1}

    def _plain(self, number: int) -> Var | None:
        """The variable that an index is; None where it is more than that."""
        index = self._indices[number]
        variable = next(iter(index.variables), None)
        if variable is None or variable.kind == SIZE or as_poly(variable) != index:
            return None
        return variable


def _outside(shared: Shared) -> list[Var]:
    """The indices that an array's body depends on beside its parameters."""
    free = shared.body.free.difference(shared.params)
    return sorted((v for v in free if v.kind != SIZE), key=lambda v: v.key)


def _ordered(form: Form) -> list[Factors]:
    """The terms of a form in an order in which the names of indices come last."""
    if len(form) == 1:
        return list(form)
    return sorted(form, key=lambda factors: ([(kind, e) for (kind, _), e in factors], factors))


def quotient(a: Number, b: Number) -> Number:
    """A quotient, an integer where it is one."""
    value = Fraction(a) / Fraction(b)
    return int(value) if value.denominator == 1 else value


# ---- the nodes

# The docstring of each is the law.
FORMS: Table[Callable[[Congruence, Any], Form]] = Table()
rule = FORMS.on


@rule(Num)
def _num(c: Congruence, term: Num) -> Form:
    """a rational"""
    return {(): term.data[0]} if term.data[0] else {}


@rule(Const)
def _const(c: Congruence, term: Const) -> Form:
    """a constant"""
    return c.entry(c.kind("constant", term.data[0]), ())


@rule(Int)
def _int(c: Congruence, term: Int) -> Form:
    """an integer polynomial, variable by variable"""
    return c.integer(term.data[0])


@rule(Entry)
def _entry(c: Congruence, term: Entry) -> Form:
    """an entry of a given array"""
    return c.entry(c.kind("given", term.data[0]), term.data[1])


@rule(Ref)
def _ref(c: Congruence, term: Ref) -> Form:
    """a shared array at the indices: by its terms or by a name"""
    shared, indices = term.data
    return c.at(c.reference(shared), dict(zip(shared.params, indices, strict=True)))


@rule(Add)
def _add(c: Congruence, term: Add) -> Form:
    """like terms collected"""
    return c.add(*map(c.of, term.args))


@rule(Mul)
def _mul(c: Congruence, term: Mul) -> Form:
    """multiplied out"""
    return c.many(map(c.of, term.args))


@rule(Pow)
def _pow(c: Congruence, term: Pow) -> Form:
    """b^e for a number e, a product where it is whole"""
    base, exponent = c.of(term.args[0]), term.args[1]
    if isinstance(exponent, Num) and exponent.data[0] == int(exponent.data[0]):
        e = int(exponent.data[0])
        if 0 < e <= POWER:
            return c.many([base] * e)
        if e < 0:
            return c.reciprocal(base, -e)
    return c.opaque("power", forms=[base, c.of(exponent)])


@rule(Apply)
def _apply(c: Congruence, term: Apply) -> Form:
    """a known function of forms"""
    forms = [c.of(arg) for arg in term.args]
    if term.data[0] == "Max" and {} in forms:
        return c.positive_part(forms[1 - forms.index({})])
    return c.opaque("apply", term.data[0], forms=forms)


@rule(Unknown)
def _unknown(c: Congruence, term: Unknown) -> Form:
    """an undefined function of forms"""
    return c.opaque("unknown", *term.data, forms=[c.of(arg) for arg in term.args])


@rule(Sum)
def _sum(c: Congruence, term: Sum) -> Form:
    """term by term"""
    return c.over(term.variable, c.of(term.args[0]))


@rule(Product, Maximum)
def _binder(c: Congruence, term: Binder) -> Form:
    """over a range, of a form"""
    name = type(term).__name__
    return c.opaque(name, forms=[c.of(term.args[0])], variables=(term.variable,))


@rule(IndexBracket)
def _index_bracket(c: Congruence, term: IndexBracket) -> Form:
    """[i = j] of two indices, [p = 0] or [p ≥ 0]"""
    relation, poly = term.data
    ends = [m[0] for m in poly.terms if len(m) == 1]
    if relation == "=" and len(ends) == len(poly.terms) == 2 and not sum(poly.terms.values()):
        kind, indices = c.equal, [as_poly(v) for v in ends]
    else:
        kind, indices = (c.zero if relation == "=" else c.at_least), [poly]
    found = c.entry(kind, indices)
    ((((_, place), _),),) = found
    settled = c.settled(kind, place)
    if settled is None:
        return found
    return _ONE if settled else {}


@rule(RealBracket)
def _real_bracket(c: Congruence, term: RealBracket) -> Form:
    """by the form of what it compares with 0"""
    return c.sign(term.data[0], c.of(term.args[0]))


@rule(Whole)
def _whole(c: Congruence, term: Whole) -> Form:
    """a function of whole arrays: equal where the arrays are"""
    name, arguments, path = term.data
    kind = c.kind("whole", name, tuple(map(c.same, arguments)), tuple((k, len(i)) for k, i in path))
    return c.entry(kind, [index for _, indices in path for index in indices])


@rule(InverseEntry)
def _inverse(c: Congruence, term: InverseEntry) -> Form:
    """an entry of an inverse, by the matrix"""
    shared, size, row, column = term.data
    return c.entry(c.kind("inverse", c.same(shared), size), (row, column))


@rule(Determinant)
def _determinant(c: Congruence, term: Determinant) -> Form:
    """a determinant, by the matrix"""
    shared, size = term.data
    return c.entry(c.kind("determinant", c.same(shared), size), ())


@rule(FunctionEntry)
def _function_entry(c: Congruence, term: FunctionEntry) -> Form:
    """an entry of a function of a matrix, by the matrix"""
    shared, name, size, row, column = term.data
    return c.entry(c.kind("function", name, c.same(shared), size), (row, column))


@rule(FunctionTrace)
def _function_trace(c: Congruence, term: FunctionTrace) -> Form:
    """the trace of a function of a matrix, by the matrix"""
    shared, name, size = term.data
    return c.entry(c.kind("function trace", name, c.same(shared), size), ())
