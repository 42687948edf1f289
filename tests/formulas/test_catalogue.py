"""The catalogue: every claim is decided as pinned, and confirmed by what is not the engine."""

from __future__ import annotations

import ast
import dataclasses
import functools
import os
from fractions import Fraction
from pathlib import Path

import autograd
import autograd.numpy as np
import numpy
import oracle
import pytest
import sympy as sp
from expected import CONDITIONAL, DISAGREES, EXPECTED, HOLDS, NEEDS_GIVEN

from derive import (
    Backward,
    Gradient,
    Hessian,
    Identity,
    Inequality,
    Jacobian,
    ScalarFunction,
    Shape,
    elementwise,
    formulas,
    verify,
)
from derive.backends.snippet import replay
from derive.claims.kinds import KINDS
from derive.claims.verdict import Witness
from derive.formulas import batch_norm, dropout, index, linear_regression, mlp, softmax_regression
from derive.language import operators

ROOT = Path(__file__).resolve().parents[2]
NOTES = ROOT.parent / "shared" / "notes" / "claims.tsv"
# All of the claims, and more points of each, take minutes more: with ALL_CLAIMS in the environment.
THOROUGH = bool(os.environ.get("ALL_CLAIMS"))
SEEDS = (1, 2, 3) if THOROUGH else (1,)
ONE_MORE = sp.Symbol("t", real=True)

CATALOGUE = formulas.catalogue()
CLAIMS = {claim.id: claim for formula in CATALOGUE.values() for claim in formula.claims}
FORMULA_OF = {claim.id: formula for formula in CATALOGUE.values() for claim in formula.claims}

every_formula = pytest.mark.parametrize("formula", CATALOGUE.values(), ids=list(CATALOGUE))
every_claim = pytest.mark.parametrize("claim", CLAIMS.values(), ids=list(CLAIMS))


def claims_that(status, *kinds, one_in=1):
    """A parametrization over the claims pinned to a status, of the given kinds or of all.

    :param one_in: of how many of them one is taken, where not all are asked for.
    """
    chosen = [
        claim
        for claim in CLAIMS.values()
        if EXPECTED.get(claim.id) == status and isinstance(claim, kinds or object)
    ][:: 1 if THOROUGH else one_in]
    return pytest.mark.parametrize("claim", chosen, ids=[claim.id for claim in chosen])


@functools.cache
def verdict(claim_id):
    return verify(CLAIMS[claim_id], timeout=60)


def sizes_to_try(claim):
    """Sizes of 1 throughout, then unequal ones in one or three orders; for images small ones."""
    names = oracle.dimensions(claim)
    if oracle.arrays(claim):
        yield from oracle.image_sizes(claim, 3)
        return
    tried = [dict.fromkeys(names, 1)]
    for turn in range(3 if THOROUGH else 1):
        unequal = numpy.roll(range(2, 2 + len(names)), turn)
        tried.append(dict(zip(names, map(int, unequal), strict=True)))
    between_sizes = [fact for fact in claim.assumed if fact.free_symbols <= set(names)]
    for sizes in tried:
        if oracle.satisfies(between_sizes, oracle.Point(sizes)):
            yield sizes


def points(claim):
    """Points at which a claim is compared; one with none would pass unseen, and fails instead."""
    found = False
    for seed in SEEDS:
        rng = numpy.random.default_rng(seed)
        for sizes in sizes_to_try(claim):
            for point in oracle.sample(claim, sizes, rng):
                found = True
                yield f"seed {seed}, sizes {sizes}", point
    assert found, "no point"


def numbers(*shape):
    return numpy.random.default_rng(0).standard_normal(shape)


# What is decided


def test_ids_are_the_pinned_ones():
    assert sorted(CLAIMS) == sorted(EXPECTED)
    assert len(CLAIMS) == sum(len(formula.claims) for formula in CATALOGUE.values())


@pytest.mark.skipif(not NOTES.exists(), reason="the notes are not beside the repository")
def test_ids_are_those_of_the_notes():
    noted = [line.split("\t")[0] for line in NOTES.read_text("utf-8").splitlines()[1:]]
    covered = [claim_id for claim_id in noted if claim_id.split(".")[0] in CATALOGUE]
    assert set(covered) <= set(CLAIMS)
    # A claim that is made of the notes and is not in the list stands beside one that is.
    assert {claim_id.split(".")[0] for claim_id in CLAIMS} >= {c.split(".")[0] for c in covered}


def test_the_index_is_up_to_date():
    assert index.listed() == index.current()  # else: python -m derive.formulas.index


@every_claim
def test_verdict_is_as_pinned(claim):
    found = verdict(claim.id)
    assert found.status == EXPECTED[claim.id], found.reason


@claims_that(HOLDS, one_in=6)
def test_what_holds_has_a_derivation(claim):
    assert verdict(claim.id).steps


@claims_that(HOLDS)
def test_what_holds_names_its_conditions_and_no_others(claim):
    found = verdict(claim.id)
    conditions = [fact for fact in found.assumptions if fact not in claim.assumed]
    assert bool(conditions) == (claim.id in CONDITIONAL), conditions
    if claim.id in NEEDS_GIVEN:
        assert set(claim.assumed) <= set(found.assumptions)


@pytest.mark.parametrize("claim_id", NEEDS_GIVEN)
def test_without_what_is_given_it_disagrees(claim_id):
    bare = dataclasses.replace(CLAIMS[claim_id], given=())
    assert verify(bare, timeout=60).status == DISAGREES


def with_one_added(claim):
    """The claim with 1 added to every entry of its documented side: false."""
    name = "right" if isinstance(claim, Identity) else "equals"
    side = getattr(claim, name)
    if oracle.rank(side):
        return dataclasses.replace(
            claim, **{name: elementwise(sp.Lambda(ONE_MORE, ONE_MORE + 1), side)}
        )
    if isinstance(side, sp.MatrixExpr):
        shape = side.shape if isinstance(claim, Identity) else claim.wrt.shape
        return dataclasses.replace(claim, **{name: sp.MatAdd(side, sp.OneMatrix(*shape))})
    if isinstance(side, operators.Tensor):
        return dataclasses.replace(claim, **{name: operators.tensor(side.body + 1, *side.axes)})
    return dataclasses.replace(claim, **{name: side + 1})


@claims_that(HOLDS, Gradient, Identity, Jacobian, Backward, one_in=15)
def test_a_planted_error_is_found(claim):
    planted = with_one_added(claim)
    found = verify(planted, timeout=60)
    assert found.status == DISAGREES, found.reason
    left, right = oracle.replay(planted, found.witness)
    assert numpy.isclose(right - left, 1)


# What others say of it


@claims_that(HOLDS, Gradient, Identity, Jacobian, Backward)
def test_automatic_differentiation_confirms_what_holds(claim):
    asked = 0
    for at, point in points(claim):
        left, right = oracle.sides(claim, point)
        assert oracle.agree(left, right), f"{at}: {left} is not {right}"
        asked += 1
    assert asked >= len(SEEDS)


@claims_that(HOLDS, Gradient, Identity, Jacobian, Backward, one_in=3)
def test_automatic_differentiation_rejects_a_planted_error(claim):
    planted = with_one_added(claim)
    assert not any(oracle.agree(*oracle.sides(planted, point)) for _, point in points(planted))


@pytest.mark.parametrize("claim_id", NEEDS_GIVEN)
def test_automatic_differentiation_needs_what_is_given(claim_id):
    bare = dataclasses.replace(CLAIMS[claim_id], given=())
    assert not all(oracle.agree(*oracle.sides(bare, point)) for _, point in points(bare))


@claims_that(HOLDS, Shape)
def test_numpy_confirms_a_shape(claim):
    if FORMULA_OF[claim.id].network and len(claim.where) > 12:
        pytest.skip("a forward pass of a deep network takes minutes")
    for at, point in points(claim):
        sizes = [int(oracle.value(size, oracle.Scope(point))) for size in claim.equals]
        assert list(numpy.shape(oracle.value(claim.of, oracle.Scope(point)))) == sizes, at


@claims_that(HOLDS, Inequality)
def test_numpy_confirms_an_inequality(claim):
    for at, point in points(claim):
        left, right = oracle.sides(claim, point)
        assert numpy.all(left <= right + 1e-9 * (abs(left) + abs(right))), at


# Points at which the refuted claims fail, found by hand.

SIGMOID = 1 / (1 + numpy.exp(-1))
COUNTEREXAMPLES = {
    # Two classes and one feature: the entry is sigmoid(X), with X = 1.
    "softmax-regression.affine": Witness(
        sizes={"n": 1, "m": 1, "c": 2, **dict.fromkeys("ijpqrs", 0)},
        values={"X": [[1]], "W": [[1, 0]], "b": [[0, 0]]},
        functions={},
        entry=(),
        left=SIGMOID * (1 - SIGMOID) * (1 - 2 * SIGMOID),
        right=0,
    ),
    # σ(t) = t, h = 1, softmax(o) − y = (−1/2, 1/2): the updated W2 is (1/2, −1/2).
    "mlp.layer-by-layer-update": Witness(
        sizes={"m": 1, "h": 1, "c": 2},
        values={
            "x": [[1]],
            "W1": [[0]],
            "b1": [[1]],
            "W2": [[0, 0]],
            "b2": [[0, 0]],
            "y": [[1, 0]],
            "eta": 1,
        },
        functions={mlp.sigma: sp.Lambda(mlp.t, mlp.t)},
        entry=(0, 0),
        left=0.5,
        right=0,
    ),
    # L(w, b) = w₀ w₁ with w₁ dropped: the loss does not change with w₀, as printed it does.
    "dropout.grad": Witness(
        sizes={"m": 2},
        values={"w": [[1], [1]], "D": [[1], [0]], "b": [[0]]},
        functions={dropout.L: sp.Lambda((dropout.w, dropout.b), dropout.w[0, 0] * dropout.w[1, 0])},
        entry=(0, 0),
        left=0,
        right=1,
    ),
    "dropout.mask": Witness({}, {"p": 0}, {}, (), 0.5, 1),
    # Two channels, one pixel: the first does not see the bias of the second.
    "conv2d.grad-b.tensor": Witness(
        sizes={
            **dict.fromkeys(("p", "q", "w", "h", "ci"), 1),
            "co": 2,
            "o": 0,
            "r": 0,
            "t": 0,
            "k": 1,
        },
        values={"X": [[[[1]]]], "W": [[[[1]]], [[[1]]]], "b": [0, 0]},
        functions={},
        entry=(),
        left=0,
        right=1,
    ),
    # A kernel (1, 2) on one column of two rows: x[0] meets the 1 of the only window.
    "conv2d.backward-x.unflipped": Witness(
        sizes={**dict.fromkeys(("n", "ci", "co", "q", "columns"), 1), "rows": 2, "p": 2, "P": 0},
        values={"x": [[[[1], [1]]]], "W": [[[[1], [2]]]], "G1": [[[[1]]]]},
        functions={},
        entry=(0, 0, 0, 0),
        left=1,
        right=2,
    ),
    # One sample: its normalised activation is 0 whatever it is, with L(y) = y and v + ε = 1.
    "batch-norm.grad-x.constant-statistics": Witness(
        sizes={"m": 1},
        values={"x": [[3]], "gamma": 1, "beta": 0, "epsilon": 1},
        functions={batch_norm.L: sp.Lambda((batch_norm.y,), batch_norm.y[0, 0])},
        entry=(0, 0),
        left=0,
        right=1,
    ),
    # Three columns, windows of two: the middle one is in both.
    "avg-pool.grad.overlapping": Witness(
        sizes={"n": 1, "c": 1, "rows": 1, "columns": 3, "p": 1, "q": 2},
        values={"x": [[[[1, 2, 3]]]]},
        functions={},
        entry=(0, 0, 0, 1),
        left=1,
        right=0.5,
    ),
}


def check_witness(claim, witness):
    assert oracle.satisfies(claim.assumed, oracle.point_of(claim, witness))
    left, right = oracle.replay(claim, witness)
    assert left != pytest.approx(right, rel=1e-6, abs=1e-9)
    assert left == pytest.approx(float(witness.left), rel=1e-9, abs=1e-12)
    assert right == pytest.approx(float(witness.right), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("claim_id", COUNTEREXAMPLES)
def test_a_counterexample_worked_out_by_hand(claim_id):
    check_witness(CLAIMS[claim_id], COUNTEREXAMPLES[claim_id])


@claims_that(DISAGREES)
def test_the_witness_replays(claim):
    check_witness(claim, verdict(claim.id).witness)


@claims_that(DISAGREES)
def test_the_script_of_a_witness_prints_its_numbers(claim):
    found = verdict(claim.id)
    printed: list[str] = []
    exec(replay(found), {"print": lambda *words: printed.append(words[-1])})
    recorded = [float(Fraction(str(side))) for side in (found.witness.left, found.witness.right)]
    # The script takes differences for derivatives: of one that is 0 they leave some 1e-8.
    assert list(map(float, printed[:2])) == pytest.approx(recorded, rel=1e-5, abs=1e-6)


# Forward functions written by hand: they confirm that the catalogue encodes the losses it names.


def squared_loss(v):
    return np.sum((v["x"] @ v["w"] + v["b"] - v["y"]) ** 2) / 2


def cross_entropy(o, y):
    shifted = o - np.max(o)
    return -np.sum(y * (shifted - np.log(np.sum(np.exp(shifted)))))


def softmax_loss(v):
    return cross_entropy(v["x"] @ v["W"] + v["b"], v["y"])


def mlp_loss(v, activation):
    hidden = v["x"] @ v["W1"] + v["b1"]
    return cross_entropy(activation(hidden) @ v["W2"] + v["b2"], v["y"])


def forward(claim, point):
    """The hand-written loss of a claim, as a function of the values by name."""
    if claim.wrt.name == "o":
        return lambda v: cross_entropy(v["o"], v["y"])
    formula = FORMULA_OF[claim.id].id
    if formula == "linear-regression":
        return squared_loss
    if formula == "softmax-regression":
        return softmax_loss
    relu = claim.id.endswith(".relu")
    activation = (lambda t: t * (t > 0)) if relu else point.functions["sigma"]
    return lambda v: mlp_loss(v, activation)


BY_HAND = [
    claim
    for claim in CLAIMS.values()
    if isinstance(claim, Gradient)
    and isinstance(claim.wrt, sp.MatrixSymbol)
    and claim.id.split(".")[0] in ("linear-regression", "softmax-regression", "mlp")
]


@pytest.mark.parametrize("claim", BY_HAND, ids=[claim.id for claim in BY_HAND])
def test_the_gradient_of_a_loss_written_by_hand(claim):
    for at, point in points(claim):
        scope = oracle.Scope(point)
        by_name = {symbol.name: scope.look_up(symbol) for symbol in [*point.values, *claim.where]}
        loss = forward(claim, point)
        name = claim.wrt.name
        gradient = autograd.grad(lambda a: loss({**by_name, name: a}))(by_name[name])  # noqa: B023
        assert oracle.agree(gradient, oracle.value(claim.equals, scope)), at


# The oracle itself


def test_the_oracle_reads_every_node_as_numpy_does():
    A, B = sp.MatrixSymbol("A", 3, 3), sp.MatrixSymbol("B", 3, 3)
    T = sp.IndexedBase("T")
    t, i, j = sp.Symbol("t"), *sp.symbols("i j", integer=True)
    a, b, u = numbers(3, 3), numbers(3, 3)[::-1] + 1, numbers(2, 3, 4)
    at = oracle.Scope(oracle.Point({A: a, B: b, T: u, t: 0.3}))
    f = sp.Function("f")
    cubed = oracle.Scope(oracle.Point({t: 0.3}, functions={"f": lambda s: s**3}))
    for expr, expected in (
        (A * B.T + 2 * A, a @ b.T + 2 * a),
        (sp.HadamardProduct(A, sp.HadamardPower(B, 2)), a * b**2),
        (sp.Trace(A * B) + sp.Determinant(A), numpy.trace(a @ b) + numpy.linalg.det(a)),
        (A.I + A**2 + sp.Identity(3), numpy.linalg.inv(a) + a @ a + numpy.eye(3)),
        (A.applyfunc(sp.tanh) + A.applyfunc(sp.Lambda(t, 2)), numpy.tanh(a) + 2),
        (sp.BlockMatrix([[A, B]]), numpy.hstack([a, b])),
        (operators.logsumexp(A), numpy.log(numpy.exp(a).sum(axis=1, keepdims=True))),
        (operators.broadcast(t, 2, 3), numpy.full((2, 3), 0.3)),
        (operators.max_over(A[0, i], (i, 0, 2)), a[0].max()),
        (operators.tensor(T[1, j, i], (i, 4), (j, 3)), u[1].T),
        (operators.tensor(T[1, j, i], (i, 4), (j, 3))[2, 0], u[1, 0, 2]),
        (sp.Sum(A[i, j], (j, 0, i), (i, 0, 2)), numpy.tril(a).sum()),
        (sp.Product(A[i, i], (i, 0, 2)), numpy.diag(a).prod()),
        (sp.Piecewise((sp.sin(t), t > 1), (sp.cos(t), True)), numpy.cos(0.3)),
        (sp.Min(t, 1) + sp.Max(t, 1) + abs(-t) + sp.sign(t) + sp.pi, 0.3 + 1 + 0.3 + 1 + numpy.pi),
        (sp.KroneckerDelta(i, j).subs({i: sp.Integer(1)}).subs(j, 1), 1),
    ):
        assert oracle.agree(oracle.value(expr, at), expected), expr
    assert oracle.value(f(2 * t).diff(t), cubed) == pytest.approx(24 * 0.3**2)


def test_the_oracle_differentiates_every_kind_of_claim():
    k = sp.Symbol("k", integer=True, positive=True)
    A, B, G = (sp.MatrixSymbol(name, k, k) for name in "ABG")
    x = sp.MatrixSymbol("x", k, 1)
    L = ScalarFunction("L")
    for claim in (
        Jacobian(A * x, x, A),
        Backward(A * B, B, G, A.T * G),
        Backward(A * x, A, x, x * x.T),
        Hessian((x.T * A * x)[0, 0], x, A + A.T),
        Gradient(L(2 * x), x, 2 * L.gradient(0)(2 * x)),
    ):
        for at, point in points(claim):
            assert oracle.agree(*oracle.sides(claim, point)), f"{claim}, {at}"


# What an entry has to have


@every_formula
def test_a_formula_is_complete(formula):
    assert formula.title and formula.section and formula.claims
    assert formula.references and all(formula.references)
    assert all(formula.dimensions.values()) and all(formula.symbols.values())
    names = [str(symbol) for symbol in [*formula.dimensions, *formula.symbols]]
    assert len(set(names)) == len(names), "two symbols of one name"


@every_claim
def test_every_symbol_of_a_claim_is_described(claim):
    formula = FORMULA_OF[claim.id]
    assert set(oracle.dimensions(claim)) <= set(formula.dimensions)
    described = {*formula.dimensions, *formula.symbols, *oracle.free_indices(claim)}
    assert oracle.free_symbols(claim) | set(claim.where) <= described
    elementwise, scalar = oracle.undefined_functions(claim)
    assert elementwise | scalar <= {str(symbol) for symbol in formula.symbols}


@every_formula
def test_every_described_symbol_is_used(formula):
    used = set()
    for claim in formula.claims:
        used |= {str(symbol) for symbol in oracle.free_symbols(claim) | set(claim.where)}
        used = used.union(*oracle.undefined_functions(claim))
    assert {str(symbol) for symbol in [*formula.dimensions, *formula.symbols]} <= used


@every_claim
def test_a_claim_says_what_it_is_and_where_it_stands(claim):
    assert claim.id.startswith(FORMULA_OF[claim.id].id + ".")
    # The notes, or who published it.
    assert claim.source
    assert claim.title and "\n" not in claim.title and len(claim.title) <= 60


# The modules as a user meets them


def test_expressions_of_softmax_regression_are_plain_sympy():
    s = softmax_regression
    o, y = numbers(1, 3), numpy.array([[0.2, 0.5, 0.3]])
    loss = sp.lambdify((s.o, s.y, s.c), s.loss)
    grad_o = sp.lambdify((s.o, s.y), s.grad_o)(o, y)
    probabilities = sp.lambdify((s.o,), s.softmax)(o)
    assert loss(o, y, 3) == pytest.approx(cross_entropy(o, y))
    assert probabilities.sum() == pytest.approx(1)
    assert grad_o == pytest.approx(autograd.grad(lambda a: cross_entropy(a, y))(o))
    at_three = s.loss.subs(s.c, 3).doit()
    o3, y3 = (sp.MatrixSymbol(symbol.name, 1, 3) for symbol in (s.o, s.y))
    derivative = sp.lambdify((o3, y3), at_three.diff(o3[0, 1]))
    assert derivative(o, y) == pytest.approx(grad_o[0, 1])
    for expr in (s.loss, s.softmax, s.grad_o, s.grad_W, s.model):
        assert sp.latex(expr)


def test_expressions_of_linear_regression_are_plain_sympy():
    s = linear_regression
    values = [numbers(1, 4), numbers(4, 1), numbers(1, 1), numbers(1, 1) + 1]
    names = ("x", "w", "b", "y")
    loss = sp.lambdify((s.x, s.w, s.b, s.y, s.m), s.loss)(*values, 4)
    assert loss == pytest.approx(squared_loss(dict(zip(names, values, strict=True))))
    grad_w, grad_b = sp.lambdify((s.x, s.w, s.b, s.y), [s.grad_w, s.grad_b])(*values)
    at_four = s.loss.subs(s.m, 4).doit()
    x4, w4 = sp.MatrixSymbol("x", 1, 4), sp.MatrixSymbol("w", 4, 1)
    derivative = sp.lambdify((x4, w4, s.b, s.y), at_four.diff(w4[2, 0]))
    assert derivative(*values) == pytest.approx(grad_w[2, 0])
    derivative = sp.lambdify((x4, w4, s.b, s.y), at_four.diff(s.b[0, 0]))
    assert derivative(*values) == pytest.approx(grad_b[0, 0])


def test_the_gradient_of_dropout_taken_at_the_masked_weights():
    claim = dataclasses.replace(CLAIMS["dropout.grad"], equals=dropout.grad_w, given=())
    for at, point in points(claim):
        assert oracle.agree(*oracle.sides(claim, point)), at
    assert verify(claim, timeout=60).status == HOLDS


def test_a_definition_is_shared_and_not_copied():
    assert mlp.loss is softmax_regression.loss


@pytest.mark.parametrize("name", formulas.MODULES)
def test_what_claims_share_is_written_once(name):
    """Claims with the same definitions and assumptions are made by one Setting."""
    source = (ROOT / "formulas" / f"{name}.py").read_text("utf-8")
    written = [
        tuple(ast.dump(each.value) for each in call.keywords if each.arg in ("where", "given"))
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"Setting", *(kind.__name__ for kind in KINDS)}
    ]
    shared = [each for each in written if each]
    assert len(shared) == len(set(shared))
