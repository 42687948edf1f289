"""The canonical form of each core node, by one rule; its docstring is the law."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from derive.base.tables import Table
from derive.canonical import matrix_laws, structure
from derive.canonical.atoms import (
    BracketAtom,
    ConstAtom,
    DeterminantAtom,
    IntAtom,
    Polynomial,
    RealBracketAtom,
    RefAtom,
    UndefinedValue,
    UnknownAtom,
    WholeAtom,
)
from derive.canonical.determinants import is_small, of_low_rank, united, written_out
from derive.canonical.joined_digits import joined
from derive.canonical.powers import bracket_by_range
from derive.canonical.verbs import Verbs
from derive.core.integers import FRESH, ZERO, Var, as_poly
from derive.core.terms import (
    Add,
    Apply,
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
    Sum,
    Term,
    Unknown,
    Whole,
    add,
    narrowed,
    neg,
    num,
)

# The rule of every core node; its docstring is the law.
NODE_RULES: Table[Callable[[Verbs, Any], Polynomial]] = Table()
rule = NODE_RULES.on


@rule(Num)
def _num(n: Verbs, term: Num) -> Polynomial:
    """a rational

    Always.
    """
    return n.constant(term.data[0])


@rule(Const)
def _const(n: Verbs, term: Const) -> Polynomial:
    """a positive constant

    Always.
    """
    return n.of_atom(n.atom(ConstAtom, term.data[0]))


@rule(Int)
def _int(n: Verbs, term: Int) -> Polynomial:
    """an integer polynomial, variable by variable

    Always.
    """
    return n.of_integer(term.data[0])


@rule(Entry)
def _entry(n: Verbs, term: Entry) -> Polynomial:
    """an entry; the indices in order where the array is symmetric, 0 off a diagonal"""
    return n.entry(*term.data)


@rule(Ref)
def _ref(n: Verbs, term: Ref) -> Polynomial:
    """a shared array's body at the indices, or its name

    Always.
    """
    shared, indices = term.data
    merge = n.merged.get(shared)
    if merge is not None:
        return n.of(merge.at(indices))
    body = n.names.body(shared)
    if body.name is None:
        return n.substitute(body.poly, dict(zip(body.params, indices, strict=True)))
    places = tuple(indices[axis] for axis in body.axes)
    if body.name in n.recursion.heads:
        return n.recursion.entry(body.name, places)
    return n.scale(n.of_atom(n.atom(RefAtom, body.name, places)), body.scale)


@rule(Add)
def _add(n: Verbs, term: Add) -> Polynomial:
    """like terms collected

    For all reals.
    """
    return n.add({}, *(n.of(arg) for arg in term.args))


@rule(Mul)
def _mul(n: Verbs, term: Mul) -> Polynomial:
    """multiplied out; what stands beside a bracket that is 0 need not have a value

    Factors with a bracket [p = 0] come last: x·(1 − [p = 0]) is simpler by p = 0, where x·(1/p),
    of which it is the branch, is not. And where 1/p stands beside 1 − [p = 0] of an integer p,
    that is [p ≥ 1] + [−p ≥ 1].
    """
    if any(isinstance(arg, IndexBracket) and not n.of(arg) for arg in term.args):
        return {}
    try:
        return n.multiply(*sorted((n.of(arg) for arg in term.args), key=_asks_for_zero))
    except UndefinedValue:
        apart = [_unequal(n, arg) for arg in term.args]
        if not any(apart):
            raise
        return n.multiply(*(a or n.of(arg) for a, arg in zip(apart, term.args, strict=True)))


def _asks_for_zero(poly: Polynomial) -> bool:
    """Whether a bracket [p = 0] of real numbers stands in a polynomial."""
    return any(isinstance(a, RealBracketAtom) and a.relation == "=" for m in poly for a, _ in m)


def _unequal(n: Verbs, term: Term) -> Polynomial | None:
    """[p ≥ 1] + [−p ≥ 1] for 1 − [p = 0], and [p ≥ 1] as it is, where else it would be 1 − [p = 0].

    None for another term.
    """
    if isinstance(term, IndexBracket) and term.data[0] == ">=":
        return bracket_by_range(n, ">=", term.data[1])
    if not isinstance(term, Add):
        return None
    brackets = [a for arg in term.args for a in arg.args if isinstance(a, IndexBracket)]
    if len(brackets) != 1 or term is not add(num(1), neg(brackets[0])):
        return None
    relation, p = brackets[0].data
    ends = (p - 1, -p - 1) if relation == "=" else (-p - 1,)
    return n.add({}, *(bracket_by_range(n, ">=", end) for end in ends))


@rule(Pow)
def _pow(n: Verbs, term: Pow) -> Polynomial:
    """b^(c + e) = b^c · exp(e·log b); b > 0 is assumed unless e takes whole values only. It is left
    whole where b is 0 on one side of a bracket: 0^(1 − n) is not 0·0^(−n)

    Where b > 0, or e takes whole values only.
    """
    base, exponent = n.of(term.args[0]), n.of(term.args[1])
    constant = exponent.get((), 0)
    varying = {m: c for m, c in exponent.items() if m}
    if varying and is_integer_valued(varying) and _may_be_zero_by_brackets(base):
        return n.integer_power(base, exponent)
    result = n.power(base, constant)
    if not varying:
        return result
    if n.sign(base) != "+" and is_integer_valued(varying):
        return n.multiply(result, n.integer_power(base, varying))
    if n.sign(base) != "+":
        n.assumed[term.args[0]] = None
    return n.multiply(result, n.exp(n.multiply(varying, n.log(base))))


@rule(Apply)
def _apply(n: Verbs, term: Apply) -> Polynomial:
    """the function's own laws

    Where the function has a value.
    """
    return n.function(term.data[0], [n.of(arg) for arg in term.args])


@rule(Unknown)
def _unknown(n: Verbs, term: Unknown) -> Polynomial:
    """an undefined function of canonical arguments

    Always: of equal arguments the values are equal.
    """
    function, orders = term.data
    return n.of_atom(n.atom(UnknownAtom, function, orders, *(n.key(n.of(a)) for a in term.args)))


@rule(Sum)
def _sum(n: Verbs, term: Sum) -> Polynomial:
    """see derive.canonical.sums; over two digits of one number, over the number; where arrays are
    replaced, by what they are within the range"""
    reference = n.recursion.reference
    if reference is None:
        term = joined(term)
    elif reference.time is None:
        term = narrowed(term)
    return n.sum_over(term.variable, n.of(term.args[0]))


@rule(Product)
def _product(n: Verbs, term: Product) -> Polynomial:
    """Π_k exp a_k = exp Σ_k a_k; Π_k c = c^n; a product of one factor at a time

    Always in the first; where c does not depend on k in the second.
    """
    return n.product_over(term.variable, n.of(term.args[0]))


@rule(Maximum)
def _maximum(n: Verbs, term: Maximum) -> Polynomial:
    """what does not depend on the index outside, and an atom

    Where the range is not empty.
    """
    return n.maximum_over(term.variable, n.of(term.args[0]))


@rule(IndexBracket)
def _index_bracket(n: Verbs, term: IndexBracket) -> Polynomial:
    """decided by the ranges where they decide it"""
    return n.index_bracket(*term.data)


@rule(RealBracket)
def _real_bracket(n: Verbs, term: RealBracket) -> Polynomial:
    """decided by the sign where it is known"""
    return n.real_bracket(term.data[0], n.of(term.args[0]))


@rule(Whole)
def _whole(n: Verbs, term: Whole) -> Polynomial:
    """a function of whole arrays: equal where the arrays are"""
    name, arguments, path = term.data
    names = tuple(n.names.of_array(shared) for shared in arguments)
    n.arguments[names] = arguments
    return n.of_atom(n.atom(WholeAtom, name, names, path))


@rule(InverseEntry)
def _inverse(n: Verbs, term: InverseEntry) -> Polynomial:
    """an entry of an inverse, with its two laws

    Where the matrix is invertible.
    """
    shared, _, i, j = term.data
    return n.inverse_entry(shared, i, j)


@rule(FunctionEntry)
def _function_entry(n: Verbs, term: FunctionEntry) -> Polynomial:
    """an entry of a function of a matrix, with the laws that define it

    Where the function has a value: a root or a Cholesky factor of a positive definite matrix.
    """
    shared, name, size, i, j = term.data
    return matrix_laws.function_entry(n, name, shared, size, i, j)


@rule(FunctionTrace)
def _function_trace(n: Verbs, term: FunctionTrace) -> Polynomial:
    """tr f(A) = Σ_k f(A)[k, k], wherever f(A) has a value"""
    shared, name, size = term.data
    k = Var("k", FRESH, ZERO, size - 1)
    place = as_poly(k)
    return n.sum_over(k, matrix_laws.function_entry(n, name, shared, size, place, place))


@rule(Determinant)
def _determinant(n: Verbs, term: Determinant) -> Polynomial:
    """det A = det Aᵀ, by the matrix; of a triangular one the product of its diagonal;
    det(L Lᵀ) = (det L)²; det(A + u vᵀ) = det A·(1 + vᵀ A⁻¹ u)

    Where A is invertible in the last, which is then assumed; always in the others.
    """
    if n.matrices.factors:
        value = n.matrices.factors.get(n.matrix_name(term.data[0])[0])
        if value is not None:
            return n.power(n.of(Determinant((), (value.whole, term.data[1]))), 2)
    n.matrices.meets_small |= is_small(term.data[0])
    found = structure.determinant(n, term.data[0])
    if found is None and n.matrices.writes_out:
        found = written_out(n, term.data[0])
    if found is None:
        found = of_low_rank(n, *term.data)
    if found is None and n.unites is not None:
        found = united(n, term.data[0], n.unites)
    if found is not None:
        return found
    name, _, _ = n.matrix_name(term.data[0])
    return n.of_atom(n.atom(DeterminantAtom, name))


def _may_be_zero_by_brackets(base: Polynomial) -> bool:
    return not base or any(isinstance(a, BracketAtom) for m in base for a, _ in m)


def is_integer_valued(poly: Polynomial) -> bool:
    """Whether a polynomial is one in integers with whole coefficients."""
    return all(
        Fraction(c).denominator == 1
        and all(isinstance(a, IntAtom) and isinstance(e, int) and e > 0 for a, e in m)
        for m, c in poly.items()
    )
