"""Forms in which arrays go by what is in them: equal where a law says so, and never else."""

from __future__ import annotations

from fractions import Fraction
from unittest import mock

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from derive.core.graph import in_order
from derive.core.integers import FREE, ONE, SIZE, ZERO, Var, as_poly
from derive.core.terms import (
    Add,
    Array,
    Const,
    Determinant,
    FunctionEntry,
    FunctionTrace,
    Int,
    InverseEntry,
    Maximum,
    Pow,
    Product,
    RealBracket,
    Shared,
    Unknown,
    Whole,
    add,
    apply,
    at_least,
    axis_variable,
    delta,
    entry,
    mul,
    neg,
    num,
    power,
    ref,
    substitute,
    total,
)
from derive.proof.arrays import congruence
from derive.proof.arrays.congruence import INLINE, MOST, Congruence, NoForm

n, m = (as_poly(Var(name, SIZE)) for name in "nm")
I, J = (Var(name, FREE, ZERO, n - ONE) for name in "ij")
K = Var("k", FREE, ZERO, m - ONE)
i, j, k = map(as_poly, (I, J, K))
A, B = (Array(name, (n, m)) for name in "AB")
S, T = (Array(name, (n, n)) for name in "ST")
x, y = (Array(name, (n,)) for name in "xy")
c = Array("c", ())


def over(size, body):
    """Σ over an axis of a body of its index."""
    variable = axis_variable(size)
    return total(variable, body(as_poly(variable)))


def binding(kind, body):
    """A product or a maximum over an axis of a body of its index."""
    variable = axis_variable(n)
    return kind((body(as_poly(variable)),), (variable,))


def shared(sizes, body):
    """An array over axes, by its body at their indices."""
    params = tuple(axis_variable(size) for size in sizes)
    return Shared(params, body(*map(as_poly, params)))


def max0(term):
    return apply("Max", num(0), term)


def positive(term):
    return RealBracket((term,), (">",))


def product(left, right):
    """A matrix product as an array."""
    return shared(
        (n, n), lambda p, q: over(n, lambda r: mul(entry(left, p, r), entry(right, r, q)))
    )


def squares(*sizes):
    return shared(sizes, lambda *at: power(entry(A if len(sizes) == 2 else x, *at), 2))


def same(left, right):
    """Whether two terms have one form, each array merged with one before it."""
    merged = {}
    forms = Congruence(merged)
    for array in in_order([left, right]):
        merge = forms.merge(array)
        if merge is not None:
            merged[array] = merge
    return forms.of(left) == forms.of(right)


X, Y = entry(x, i), entry(y, i)
ST, ALSO_ST, TS = product(S, T), product(S, T), product(T, S)
TWICE = shared((n,), lambda p: mul(num(2), entry(x, p)))
LONG = [
    shared((n,), lambda p, z=z: add(entry(x, p), entry(y, p), power(entry(z, p), 2), num(1)))
    for z in (x, x, y)
]
F = "f"

EQUAL = {
    "numbers": (add(num(Fraction(1, 3)), num(Fraction(2, 3))), num(1)),
    "constants": (mul(Const((), ("pi",)), X), mul(X, Const((), ("pi",)))),
    "sizes": (mul(Int((), (n,)), Int((), (n + ONE,))), add(Int((), (n * n,)), Int((), (n,)))),
    "entries": (add(X, Y), add(Y, X)),
    "like terms": (add(X, Y, neg(X)), Y),
    "products": (mul(X, add(X, Y)), add(power(X, 2), mul(X, Y))),
    "squares of sums": (power(add(X, Y), 2), add(power(X, 2), mul(num(2), X, Y), power(Y, 2))),
    "reciprocals": (
        power(mul(num(2), X, Y), -1),
        mul(num(Fraction(1, 2)), power(Y, -1), power(X, -1)),
    ),
    "reciprocals of sums": (
        power(add(mul(num(2), X), mul(num(2), Y)), -2),
        mul(num(Fraction(1, 4)), power(add(Y, X), -2)),
    ),
    "roots": (power(add(X, Y), Fraction(1, 2)), power(add(Y, X), Fraction(1, 2))),
    "functions": (apply("tanh", add(X, Y)), apply("tanh", add(Y, X))),
    "undefined functions": (Unknown((add(X, Y),), (F, (1,))), Unknown((add(Y, X),), (F, (1,)))),
    "bound indices": (over(n, lambda p: entry(S, i, p)), over(n, lambda q: entry(S, i, q))),
    "factors of sums": (
        over(n, lambda p: mul(X, entry(S, i, p))),
        mul(X, over(n, lambda p: entry(S, i, p))),
    ),
    "sums of sums": (
        over(n, lambda p: add(entry(x, p), entry(y, p))),
        add(over(n, lambda p: entry(y, p)), over(n, lambda p: entry(x, p))),
    ),
    "deltas in sums": (over(n, lambda p: mul(delta(p, i), entry(S, p, j))), entry(S, i, j)),
    "deltas in range": (over(n + ONE, lambda p: mul(delta(p, i), entry(S, i, j))), entry(S, i, j)),
    "counts": (over(m, lambda p: X), mul(Int((), (m,)), X)),
    "products over a range": (
        binding(Product, lambda p: add(X, entry(y, p))),
        binding(Product, lambda q: add(entry(y, q), X)),
    ),
    "maxima over a range": (
        binding(Maximum, lambda p: add(X, entry(y, p))),
        binding(Maximum, lambda q: add(entry(y, q), X)),
    ),
    "deltas": (mul(delta(i, j), delta(j, i)), delta(i, j)),
    "deltas of one index": (substitute(delta(i, j), {I: j}), num(1)),
    "brackets of numbers": (substitute(at_least(i, ONE), {I: ZERO}), num(0)),
    "brackets": (power(at_least(i, ONE), 2), at_least(i, ONE)),
    "real brackets": (mul(positive(X), positive(X)), positive(X)),
    "real brackets of multiples": (positive(mul(num(3), X)), positive(X)),
    "real brackets of numbers": (positive(num(-1)), num(0)),
    "rectifiers": (positive(mul(num(2), max0(add(X, Y)))), positive(add(X, Y))),
    "rectifiers, turned": (apply("Max", X, num(0)), max0(X)),
    "rectifiers in arrays": (
        positive(ref(shared((n,), lambda p: max0(entry(x, p))), j)),
        positive(entry(x, j)),
    ),
    "short arrays": (ref(TWICE, i), mul(num(2), X)),
    "long arrays": (ref(LONG[0], i), ref(LONG[1], i)),
    "functions of arrays": (
        apply("exp", ref(ST, i, j)),
        apply("exp", over(n, lambda p: mul(entry(T, p, j), entry(S, i, p)))),
    ),
    "inverses": (InverseEntry((), (ST, n, i, j)), InverseEntry((), (ALSO_ST, n, i, j))),
    "determinants": (Determinant((), (ST, n)), Determinant((), (ALSO_ST, n))),
    "functions of matrices": (
        FunctionEntry((), (ST, "cholesky", n, i, j)),
        FunctionEntry((), (ALSO_ST, "cholesky", n, i, j)),
    ),
    "traces of functions": (
        FunctionTrace((), (ST, "sqrtm", n)),
        FunctionTrace((), (ALSO_ST, "sqrtm", n)),
    ),
    "functions of whole arrays": (
        Whole((), (F, (ST,), ((0, (i, j)),))),
        Whole((), (F, (ALSO_ST,), ((0, (i, j)),))),
    ),
}

DIFFERENT = {
    "numbers": (num(1), num(2)),
    "constants": (Const((), ("pi",)), Const((), ("e",))),
    "sizes": (Int((), (n,)), Int((), (m,))),
    "entries": (entry(S, i, j), entry(S, j, i)),
    "given arrays": (X, Y),
    "indices": (entry(x, i), entry(x, j)),
    "nothing is cancelled": (mul(X, power(X, -1)), num(1)),
    "powers": (power(X, 2), power(X, 3)),
    "powers of sums": (power(add(X, Y), 2), add(power(X, 2), power(Y, 2))),
    "reciprocals of sums": (power(add(X, Y), -1), add(power(X, -1), power(Y, -1))),
    "roots": (power(power(X, 2), Fraction(1, 2)), X),
    "functions": (apply("tanh", X), apply("sinh", X)),
    "functions of sums": (apply("tanh", add(X, Y)), add(apply("tanh", X), apply("tanh", Y))),
    "orders of differentiation": (Unknown((X,), (F, (1,))), Unknown((X,), (F, (2,)))),
    "transposes in sums": (over(n, lambda p: entry(S, i, p)), over(n, lambda p: entry(S, p, i))),
    "ranges": (
        over(n, lambda p: power(entry(x, p), 2)),
        over(n - ONE, lambda p: power(entry(x, p), 2)),
    ),
    "ranges that depend on an index": (
        over(i + ONE, lambda p: entry(x, p)),
        over(j + ONE, lambda p: entry(x, p)),
    ),
    "products of sums": (
        over(n, lambda p: mul(entry(x, p), entry(y, p))),
        mul(over(n, lambda p: entry(x, p)), over(n, lambda p: entry(y, p))),
    ),
    "deltas out of range": (over(n, lambda p: mul(delta(p, k), entry(x, p))), entry(x, k)),
    "deltas between two": (over(n, lambda p: mul(delta(i, j), entry(x, p))), entry(x, i)),
    "counts that may be negative": (
        total(Var("p", FREE, ONE, n - m), X),
        mul(Int((), (n - m,)), X),
    ),
    "products and sums over a range": (Product((entry(y, j),), (J,)), total(J, entry(y, j))),
    "maxima and sums over a range": (Maximum((entry(y, j),), (J,)), total(J, entry(y, j))),
    "products of a sum": (
        Product((add(entry(x, j), entry(y, j)),), (J,)),
        add(Product((entry(x, j),), (J,)), Product((entry(y, j),), (J,))),
    ),
    "deltas": (delta(i, j), num(1)),
    "shifted deltas": (delta(i + ONE, j), delta(i, j)),
    "sums of two indices": (delta(i + j, ZERO), delta(i, j)),
    "brackets": (at_least(i, j), at_least(j, i)),
    "squares of entries": (power(X, 2), X),
    "real brackets": (positive(X), RealBracket((X,), ("=",))),
    "real brackets, turned": (positive(neg(X)), positive(X)),
    "rectifiers, turned": (positive(neg(max0(X))), positive(X)),
    "rectifiers of the opposite": (max0(neg(X)), max0(X)),
    "rectifiers where they are zero": (
        RealBracket((max0(X),), ("=",)),
        RealBracket((X,), ("=",)),
    ),
    "rectifiers times a factor": (positive(mul(max0(X), Y)), positive(X)),
    "rectifiers and another term": (positive(add(max0(X), Y)), positive(add(X, Y))),
    "rectifiers from another floor": (positive(apply("Max", num(-1), X)), positive(X)),
    "factors of arrays": (ref(TWICE, i), X),
    "long arrays": (ref(LONG[0], i), ref(LONG[2], i)),
    "long arrays at other indices": (ref(LONG[0], i), ref(LONG[1], j)),
    "orders of matrices": (ref(ST, i, j), ref(TS, i, j)),
    "inverses": (InverseEntry((), (ST, n, i, j)), InverseEntry((), (TS, n, i, j))),
    "functions of matrices": (
        FunctionEntry((), (ST, "cholesky", n, i, j)),
        FunctionEntry((), (TS, "cholesky", n, i, j)),
    ),
    "two functions of a matrix": (
        FunctionEntry((), (ST, "cholesky", n, i, j)),
        FunctionEntry((), (ST, "sqrtm", n, i, j)),
    ),
    "entries of functions": (
        FunctionEntry((), (ST, "cholesky", n, i, j)),
        FunctionEntry((), (ST, "cholesky", n, j, i)),
    ),
    "traces of functions": (
        FunctionTrace((), (ST, "sqrtm", n)),
        FunctionTrace((), (ST, "matrix_exp", n)),
    ),
    "entries of inverses": (InverseEntry((), (ST, n, i, j)), InverseEntry((), (ST, n, j, i))),
    "determinants": (Determinant((), (ST, n)), Determinant((), (TS, n))),
    "functions of whole arrays": (
        Whole((), (F, (ST,), ((0, (i, j)),))),
        Whole((), (F, (TS,), ((0, (i, j)),))),
    ),
    "derivatives of functions of whole arrays": (
        Whole((), (F, (ST,), ((0, (i, j)),))),
        Whole((), (F, (ST,), ((0, (j, i)),))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EQUAL)
def test_what_a_law_makes_one(name):
    assert same(*EQUAL[name])


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_is_not_one(name):
    assert not same(*DIFFERENT[name])


def _falsified(right):
    """A rule that gives one more than it should."""

    def wrong(forms, term):
        return forms.add(right(forms, term), {(): 1})

    return wrong


# Of these an equation with itself is all that is known, which a term that is added does not hurt.
ONLY_THEMSELVES = {
    *("Const", "Entry", "Unknown", "Whole", "InverseEntry", "Determinant", "Product", "Maximum"),
    *("FunctionEntry", "FunctionTrace"),
}


@pytest.mark.parametrize("node", congruence.FORMS, ids=lambda node: node.__name__)
def test_a_broken_rule_is_noticed(node):
    """One pair above, at least, tells a rule from one that gives one more."""
    assert congruence.FORMS[node].__doc__
    broken = _falsified(congruence.FORMS[node])
    with mock.patch.dict(congruence.FORMS, {node: broken}):
        wrong = [name for name, pair in EQUAL.items() if not same(*pair)]
        wrong += [name for name, pair in DIFFERENT.items() if same(*pair)]
    assert wrong or node.__name__ in ONLY_THEMSELVES


def test_merges_name_axes_and_factor():
    first = shared((n, m), lambda p, q: add(entry(A, p, q), power(entry(B, p, q), 2)))
    turned = shared((m, n), lambda q, p: neg(add(power(entry(B, p, q), 2), entry(A, p, q))))
    forms = Congruence({})
    assert forms.merge(first) is None
    merge = forms.merge(turned)
    assert merge is not None
    assert (merge.other, merge.axes, merge.scale) == (first, (1, 0), -1)


def test_arrays_of_other_sizes_are_not_merged():
    forms = Congruence({})
    assert forms.merge(shared((n,), lambda p: power(entry(x, p), 2))) is None
    assert forms.merge(shared((m,), lambda p: power(entry(x, p), 2))) is None


def test_an_array_that_depends_on_an_index_of_the_claim_is_not_merged():
    forms = Congruence({})
    for index in (i, j):
        assert forms.merge(shared((n,), lambda p, q=index: mul(entry(x, p), entry(y, q)))) is None


def test_long_products_have_no_form():
    terms = [add(*(apply("exp", mul(num(k), X)) for k in range(1, MOST))) for _ in range(2)]
    with pytest.raises(NoForm):
        Congruence({}).of(mul(*terms))


# ---- random terms: a form is the same whatever the order and the names, and tells values apart


def _terms(at):
    leaves = st.sampled_from([entry(x, at), entry(y, at), entry(S, at, i), num(2), num(-1)])

    def larger(inner):
        return st.one_of(
            st.tuples(inner, inner).map(lambda p: add(*p)),
            st.tuples(inner, inner).map(lambda p: mul(*p)),
            inner.map(lambda t: apply("tanh", t)),
            inner.map(max0),
            inner.map(positive),
        )

    return st.recursive(leaves, larger, max_leaves=8)


def _mirrored(term):
    """The same term with its sums and products the other way round."""
    args = tuple(_mirrored(a) for a in term.args)
    if isinstance(term, Add) or type(term).__name__ == "Mul":
        args = args[::-1]
    return type(term)(args, term.data) if args else term


def _value(term, values):
    """The value of a term of :func:`_terms` in numbers."""
    args = [_value(a, values) for a in term.args]
    match type(term).__name__:
        case "Num":
            return Fraction(term.data[0])
        case "Entry":
            return values[term.data[0]]
        case "Add":
            return sum(args)
        case "Mul":
            result = Fraction(1)
            for a in args:
                result *= a
            return result
        case "RealBracket":
            return Fraction(args[0] > 0)
        case _:
            # Any function does, of one argument or of 0 and another.
            return max(args) if term.data[0] == "Max" else args[0] / (1 + abs(args[0]))


@given(_terms(j))
def test_the_order_does_not_matter(term):
    assert same(term, _mirrored(term))


@given(
    _terms(j), _terms(j), st.lists(st.fractions(-3, 3, max_denominator=4), min_size=3, max_size=3)
)
def test_what_has_one_form_has_one_value(left, right, numbers):
    values = dict(zip((x, y, S), numbers, strict=True))
    if same(left, right):
        assert _value(left, values) == _value(right, values)


@given(_terms(j))
def test_indices_are_put_in_after_or_before(term):
    assume(len(Congruence({}).of(term)) <= INLINE)  # a longer array goes by a name
    array = Shared((J,), term)
    assert same(ref(array, k), substitute(term, {J: k}))


def test_powers_with_exponents_that_are_no_numbers():
    assert same(Pow((X, Y)), Pow((X, Y)))
    assert not same(Pow((X, Y)), Pow((Y, X)))
