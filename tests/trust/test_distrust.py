"""Planted errors: with a rule broken, what it would prove wrongly must not come out as proved."""

import pytest
import sympy as sp
from sympy import MatrixSymbol, Sum, Symbol, Trace, symbols

import derive
from derive import Gradient, verify
from derive.canonical.forms import Normaliser
from derive.canonical.laws import LAWS
from derive.core import derivatives
from derive.core.functions import FUNCTIONS as KNOWN
from derive.core.integers import Poly
from derive.core.terms import Add, Mul, Pow, mul, num

n, m = symbols("n m", integer=True, positive=True)
i = Symbol("i", integer=True)
t = Symbol("t", real=True)
x = MatrixSymbol("x", n, 1)
A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)

# Which argument of a function of several is varied, and what the others are.
SEVERAL = {
    "atan2": (0, lambda u: sp.atan2(u, 2)),
    "Mod": (0, lambda u: sp.Mod(u, 2)),
    "polygamma": (1, lambda u: sp.polygamma(1, u)),
}
# The points at which a proof is checked hardly ever lie in the domain of acosh.
FUNCTIONS = {
    name: SEVERAL.get(name, (0, KNOWN[name].symbol))
    for name in derivatives.SCALAR_DERIVATIVES
    if name not in ("Max", "sign", "acosh")
}


def is_contradicted(claim):
    """Whether the broken rule was at work, and its proof was caught."""
    verdict = verify(claim)
    return verdict.status == "undecided" and "contradicted by an evaluation" in verdict.reason


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_doubled_derivative_of_a_function_is_caught(name, monkeypatch):
    """With f′ doubled in the table, the claim that doubles it must not hold."""
    position, function = FUNCTIONS[name]
    slopes = list(derivatives.SCALAR_DERIVATIVES[name])
    right = slopes[position]
    slopes[position] = lambda *args: mul(num(2), right(*args))
    monkeypatch.setitem(derivatives.SCALAR_DERIVATIVES, name, tuple(slopes))
    slope = {"Abs": sp.sign(t), "Mod": sp.Integer(1)}.get(name)
    slope = sp.diff(function(t), t) if slope is None else slope
    claim = Gradient(Sum(function(x[i, 0]), (i, 0, n - 1)), x, x.applyfunc(sp.Lambda(t, 2 * slope)))
    assert is_contradicted(claim)


def _without_last(rule):
    """A rule that forgets the last operand."""

    def broken(run, term, cotangent, binders):
        class Run:
            def __getattr__(self, name):
                return getattr(run, name)

            def pull(self, arg, *rest):
                if arg is not term.args[-1]:
                    run.pull(arg, *rest)

        rule(Run(), term, cotangent, binders)

    return broken


@pytest.mark.parametrize("node", [Add, Mul], ids=lambda node: node.__name__)
def test_a_forgotten_operand_is_caught(node, monkeypatch):
    """With the last operand of a sum or product forgotten, half a gradient must not hold."""
    rules = derivatives.DERIVATIVES
    monkeypatch.setitem(rules, node, _without_last(rules[node]))
    if node is Add:
        claim = Gradient(t**2 + sp.sin(t), t, 2 * t)
        other = Gradient(t**2 + sp.sin(t), t, sp.cos(t))
    else:
        claim = Gradient(sp.exp(t) * sp.sin(t), t, sp.exp(t) * sp.sin(t))
        other = Gradient(sp.exp(t) * sp.sin(t), t, sp.exp(t) * sp.cos(t))
    assert {verify(claim).status, verify(other).status} == {"disagrees", "undecided"}
    assert is_contradicted(claim) or is_contradicted(other)


def test_a_power_rule_without_its_factor_is_caught(monkeypatch):
    def broken(run, term, cotangent, binders):
        base, exponent = term.args
        run.pull(base, mul(cotangent, Pow((base, num(exponent.data[0] - 1)))), binders)

    monkeypatch.setitem(derivatives.DERIVATIVES, Pow, broken)
    assert is_contradicted(Gradient(t**3, t, t**2))


def test_an_entry_with_its_indices_in_any_order_is_caught(monkeypatch):
    """With B[i, j] taken for B[j, i], the gradient of a trace may lose its transpose."""
    right = Normaliser.entry

    def broken(self, array, indices):
        order = sorted(indices, key=Poly.sort_key) if array.symbol == B else indices
        return right(self, array, tuple(order))

    monkeypatch.setattr(Normaliser, "entry", broken)
    assert is_contradicted(Gradient(Trace(A * B), A, B))
    # A mistake on both sides alike proves nothing wrong: this one is true.
    assert verify(Gradient(Trace(A * B), A, B.T)).status == "holds"


def test_a_wrong_sum_of_ones_is_caught(monkeypatch):
    """With Σ 1 one too many, a mean comes out wrong."""
    law = LAWS["sum of ones"]
    wrong = law._replace(apply=lambda n, length: law.apply(n, length + 1))
    monkeypatch.setitem(LAWS, law.name, wrong)
    claim = derive.Identity(Sum(1, (i, 0, n - 1)), n + 1)
    assert is_contradicted(claim)


def test_a_wrong_exponential_is_caught(monkeypatch):
    """With exp(a + b) taken for exp(a) + exp(b), nothing false holds."""
    law = LAWS["exponential"]

    def broken(n, poly):
        if len(poly) < 2:
            return law.apply(n, poly)
        return n.add(*(law.apply(n, {term: factor}) for term, factor in poly.items()))

    monkeypatch.setitem(LAWS, law.name, law._replace(apply=broken))
    u = Symbol("u", real=True)
    claim = derive.Identity(sp.exp(t + u), sp.exp(t) + sp.exp(u))
    assert is_contradicted(claim)


def test_the_rules_are_whole_again():
    assert verify(Gradient(t**3, t, 3 * t**2)).status == "holds"
