"""Scalars of the core in SymPy, node by node."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr

from derive.core.functions import FUNCTIONS
from derive.core.integers import Poly, is_nonnegative
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
    RealBracket,
    Ref,
    Unknown,
    Whole,
)
from derive.language.matrix_functions import NAMED
from derive.language.operators import (
    MatrixGradient,
    MaxOver,
    ScalarApplication,
    ScalarGradient,
    entry,
)
from derive.presentation.writer import (
    SCALARS,
    NoMatrixForm,
    Writer,
    as_rational,
    derived_function,
    entry_of,
    label_of,
    power_of,
    raised,
)


@SCALARS.on(Num)
def _num(w: Writer, term: Num) -> Any:
    return as_rational(term.data[0])


@SCALARS.on(Const)
def _const(w: Writer, term: Const) -> Any:
    return term.data[0]


@SCALARS.on(Int)
def _int(w: Writer, term: Int) -> Any:
    return w.integer(term.data[0])


@SCALARS.on(Entry)
def _entry(w: Writer, term: Entry) -> Any:
    return entry_of(w, term.data[0].symbol, term.data[1])


@SCALARS.on(Ref)
def _ref(w: Writer, term: Ref) -> Any:
    shared, indices = term.data
    found = power_of(w, shared, indices)
    if found is not None:
        return entry(found, *map(w.integer, indices[-2:]))
    if shared.named or shared in w._named:
        return entry_of(w, w.label(shared), indices)
    return w.scalar(shared.at(indices))


@SCALARS.on(Add)
def _add(w: Writer, term: Add) -> Any:
    return sp.Add(*(w.scalar(a) for a in term.args))


@SCALARS.on(Mul)
def _mul(w: Writer, term: Mul) -> Any:
    """A product; what stands beside brackets of indices is read only where these are 1."""
    tests = [a for a in term.args if isinstance(a, IndexBracket) and a.data[0] == ">="]
    rest = [a for a in term.args if a not in tests]
    if not tests or not any(isinstance(a, (Entry, Ref)) for a in rest):
        return sp.Mul(*(w.scalar(a) for a in term.args))
    conditions = [w.scalar(test) for test in tests]
    true = [c.args[0].cond for c in conditions if isinstance(c, sp.Piecewise)]
    value = sp.Mul(*(w.scalar(a) for a in rest))
    return sp.Piecewise((value, sp.And(*true)), (0, True)) if true else value


@SCALARS.on(Pow)
def _pow(w: Writer, term: Pow) -> Any:
    return raised(w.scalar(term.args[0]), w.scalar(term.args[1]))


@SCALARS.on(Apply)
def _apply(w: Writer, term: Apply) -> Any:
    args = [w.scalar(a) for a in term.args]
    if w.unevaluated:
        # SymPy takes long to see that it cannot simplify a function of a long argument.
        return FUNCTIONS[term.data[0]].symbol(*args, evaluate=False)
    if term.data[0] == "exp":
        return _exponential(*args)
    return FUNCTIONS[term.data[0]].symbol(*args)


def _exponential(exponent: Any) -> Any:
    """exp(exponent), which is 2ⁿ for n·log 2, Γ(x) for log Γ(x), and eˣ/s for x - log s."""
    if isinstance(exponent, sp.loggamma):
        return sp.gamma(*exponent.args)
    factors: list[Any] = []
    rest: list[Any] = []
    for term in sp.Add.make_args(exponent):
        power = _power_of_logarithm(term)
        if power is None:
            rest.append(term)
        else:
            factors.append(power)
    if len(rest) == 1 and rest[0].is_Number:
        return sp.Mul(sp.exp(rest[0]), *factors)
    if rest:
        # Nothing is left to simplify, which SymPy would take long to see.
        factors.append(sp.exp(sp.Add(*rest), evaluate=False))
    return sp.Mul(*factors)


_NO_NUMBERS = (sp.Sum, sp.Symbol, sp.Indexed, MatrixElement)  # of a sum SymPy takes long to see it


def _power_of_logarithm(term: Any) -> Any:
    """sᵏ for k·log s with a number k, and 2ⁿ for n·log 2; None for anything else."""
    factors = sp.Mul.make_args(term)
    logarithms = [f for f in factors if isinstance(f, sp.log)]
    if len(logarithms) != 1:
        return None
    (of,) = logarithms[0].args
    others = [f for f in factors if f is not logarithms[0]]
    if of.is_Integer or all(not isinstance(f, _NO_NUMBERS) and f.is_number for f in others):
        return raised(of, sp.Mul(*others))
    return None


@SCALARS.on(Unknown)
def _unknown(w: Writer, term: Unknown) -> Any:
    function, orders = term.data
    return derived_function(function, orders, [w.scalar(a) for a in term.args])


@SCALARS.on(Maximum)
def _maximum(w: Writer, term: Maximum) -> Any:
    return MaxOver(w.scalar(term.args[0]), w.limits(term.variable))


@SCALARS.on(IndexBracket)
def _index_bracket(w: Writer, term: IndexBracket) -> Any:
    relation, poly = term.data
    if relation == ">=" and is_nonnegative(poly):
        return sp.S.One
    positive = Poly({m: c for m, c in poly.terms.items() if c > 0})
    left, right = w.integer(positive), w.integer(positive - poly)
    if relation == "=":
        return sp.KroneckerDelta(left, right)
    return sp.Piecewise((1, left >= right), (0, True))


@SCALARS.on(RealBracket)
def _real_bracket(w: Writer, term: RealBracket) -> Any:
    value = w.scalar(term.args[0])
    test = sp.Gt(value, 0) if term.data[0] == ">" else sp.Eq(value, 0)
    return sp.Piecewise((1, test), (0, True))


@SCALARS.on(Whole)
def _whole(w: Writer, term: Whole) -> Any:
    name, arguments, path = term.data
    labels = [a.label for a in arguments]
    if not path:
        return ScalarApplication(sp.Symbol(name), *labels)
    if len(path) > 1:
        raise NoMatrixForm
    ((position, indices),) = path
    if isinstance(labels[position], MatrixExpr):
        return entry_of(w, MatrixGradient(sp.Symbol(name), sp.Integer(position), *labels), indices)
    return ScalarGradient(sp.Symbol(name), sp.Integer(position), *labels)


@SCALARS.on(InverseEntry)
def _inverse(w: Writer, term: InverseEntry) -> Any:
    shared, _, i, j = term.data
    return entry(sp.Inverse(label_of(w, shared)), w.integer(i), w.integer(j))


@SCALARS.on(Determinant)
def _determinant(w: Writer, term: Determinant) -> Any:
    return sp.Determinant(label_of(w, term.data[0]))


@SCALARS.on(FunctionEntry)
def _function_entry(w: Writer, term: FunctionEntry) -> Any:
    shared, name, _, i, j = term.data
    return entry(NAMED[name](label_of(w, shared)), w.integer(i), w.integer(j))


@SCALARS.on(FunctionTrace)
def _function_trace(w: Writer, term: FunctionTrace) -> Any:
    shared, name, _ = term.data
    return sp.Trace(NAMED[name](label_of(w, shared)))
