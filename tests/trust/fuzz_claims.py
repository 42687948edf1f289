"""Random claims of every kind, true and false, and the same in other words: no verdict is wrong."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

import derive
from derive import at, verify
from derive.claims.kinds import (
    Backward,
    Claim,
    Gradient,
    Hessian,
    Identity,
    Inequality,
    Jacobian,
    Shape,
)
from derive.claims.verdict import DISAGREES, HOLDS, ILL_SHAPED
from derive.language import operators as ops

from .changing import changed
from .judging import WRONG, judged
from .making import (
    HALF,
    A,
    B,
    Maker,
    U,
    V,
    X,
    f,
    i,
    j,
    k,
    l,
    m,
    n,
    p,
    r,
    t,
    v,
    w,
    x,
    y,
    z,
)

SECONDS = 1.5
LARGEST = 70  # operations of a claim


@dataclass(frozen=True)
class Case:
    """A claim, how it came about, and its verdict judged."""

    seed: str
    kind: str
    claim: Claim
    status: str
    outcome: str
    detail: str
    seconds: float
    twin: Claim | None = None


# Other ways to write a number down


def same(expr: Any, rng: random.Random) -> Any:
    """The expression with one part written in another way, of the same value where it has one."""
    sites = [
        node
        for node in sp.preorder_traversal(expr)
        if isinstance(node, sp.Expr)
        and not getattr(node, "is_Matrix", False)
        and not isinstance(node, (sp.IndexedBase, sp.Symbol, sp.Number, sp.KroneckerDelta))
    ]
    rng.shuffle(sites)
    for node in sites[:5]:
        new = _rewritten(node, rng)
        if new is not None and new != node:
            found = expr.xreplace({node: new})
            if found != expr:
                return found
    return sp.Add(expr, x, -y, evaluate=False) + y - x


def _rewritten(node: Any, rng: random.Random) -> Any:
    if isinstance(node, sp.Abs):
        (a,) = node.args
        return rng.choice([sp.Max(a, -a), sp.Piecewise((a, a > 0), (-a, True)), a * sp.sign(a)])
    if isinstance(node, (sp.Max, sp.Min)) and len(node.args) == 2:
        a, b = node.args
        up = isinstance(node, sp.Max)
        return rng.choice([
            sp.Piecewise((a, a >= b if up else a <= b), (b, True)),
            (a + b + (1 if up else -1) * sp.Abs(a - b)) / 2,
        ])  # fmt: skip
    if isinstance(node, sp.Sum) and len(node.limits) == 1:
        index, low, high = node.limits[0]
        body = node.function
        first = body.xreplace({index: low})
        choices = [
            sp.Sum(body.xreplace({index: high + low - index}), (index, low, high)),
            sp.Sum(body.xreplace({index: index - 1}), (index, low + 1, high + 1)),
            first + sp.Sum(body, (index, low + 1, high)),
            sp.Sum(body, (index, low, high - 1)) + body.xreplace({index: high}),
        ]
        return rng.choice(choices[:2] if rng.random() < 0.5 else choices)
    if isinstance(node, sp.Piecewise) and len(node.args) == 2:
        (a, test), (b, _) = node.args
        choices = [sp.Piecewise((b, sp.Not(test)), (a, True))]
        if isinstance(test, sp.Gt):
            choices.append(sp.Piecewise((a, sp.And(test, sp.Ne(test.lhs, test.rhs))), (b, True)))
        if isinstance(test, (sp.Gt, sp.Ge)) and test.lhs.is_integer:
            other = sp.floor(test.rhs) + 1 if isinstance(test, sp.Gt) else sp.ceiling(test.rhs)
            choices += [sp.Piecewise((a, test.lhs >= other), (b, True))] * 2
        return rng.choice(choices)
    if isinstance(node, sp.Pow):
        if node.exp == HALF:
            return node.base / sp.Pow(node.base, HALF, evaluate=False) if rng.random() < 0 else None
        return node.base * node.base ** (node.exp - 1) if rng.random() < 0.5 else sp.expand(node)
    if isinstance(node, sp.Mul):
        return sp.expand_mul(node)
    if isinstance(node, sp.tanh):
        return 1 - 2 / (sp.exp(2 * node.args[0]) + 1)
    if isinstance(node, sp.sign):
        (a,) = node.args
        return sp.Piecewise((1, a > 0), (-1, a < 0), (0, True))
    return None


# Claims, one function for each kind. Each gives a claim that may be true or false.


def _small(maker: Maker, depth: int = 3) -> Any:
    return maker.scalar(maker.rng.choice((1, 2, 2, depth)))


def _or_changed(expr: Any, rng: random.Random, share: float = 0.5) -> Any:
    found = changed(expr, rng) if rng.random() < share else None
    return expr if found is None else found


def identity(maker: Maker) -> Claim:
    left = _small(maker)
    return Identity(left, _or_changed(same(left, maker.rng), maker.rng))


def of_two(maker: Maker) -> Claim:
    left = _small(maker)
    return Identity(left, _or_changed(left, maker.rng, 1.0))


def through_function(maker: Maker) -> Claim:
    """A definition under which one argument is another at some points only."""
    rng = maker.rng
    body = rng.choice([maker.of_matrix(1, ()), _small(maker)]).xreplace({x: t})
    if not body.has(t):
        body = rng.choice([
            sp.Determinant(A + t * sp.Identity(n)), sp.Trace((A + t * B).I), t * body,
            sp.Trace(A.applyfunc(sp.Lambda(z, z * t))),
        ])  # fmt: skip
    one = rng.choice([x, y, x + 1, sp.S.One, x * y])
    other = rng.choice([one, sp.Max(one, -1), sp.Abs(one), y, sp.Max(sp.Min(one, 1), -1), -one])
    if rng.random() < 0.5:
        return Identity(f(one), f(other), where={f: sp.Lambda(t, body)})
    return Identity(sp.Subs(body, t, one), sp.Subs(body, t, other))


def gradient(maker: Maker) -> Claim:
    rng = maker.rng
    of = _small(maker)
    if rng.random() < 0.4:
        of = sp.Sum(maker.scalar(2, ((k, n - 1),)), (k, 0, n - 1))
    free = [s for s in (x, V, A, v, p, U) if of.has(s)]
    if not free:
        of, free = of * x, [x]
    wrt = rng.choice(free)
    if wrt is V and rng.random() < 0.3:
        wrt = V[rng.choice([0, n - 1, j])]
    given = (sp.Q.symmetric(A),) if wrt is A and rng.random() < 0.2 else ()
    if isinstance(wrt, sp.Symbol) and rng.random() < 0.3:
        found = sp.diff(of, wrt)
        if found.has(sp.Derivative, sp.DiracDelta, sp.Subs):
            found = derive.gradient(of, wrt)
    else:
        found = derive.gradient(of, wrt)
    return Gradient(of, wrt, _or_changed(found, rng), given)


def hessian(maker: Maker) -> Claim:
    rng = maker.rng
    of = rng.choice([
        sp.Sum(maker.scalar(1, ((k, n - 1),)) * V[k], (k, 0, n - 1)), maker.scalar(2) * V[0],
        ops.entry(v.T * A * v, 0, 0) * maker.scalar(0),
    ])  # fmt: skip
    wrt = v if of.has(v) else V
    return Hessian(of, wrt, _or_changed(derive.hessian(of, wrt), rng))


def jacobian(maker: Maker) -> Claim:
    rng = maker.rng
    body = sp.Lambda(t, maker.scalar(2).xreplace({x: t}) + rng.choice([0, t]))
    of = rng.choice([
        (A * v).applyfunc(body), v.applyfunc(body), sp.HadamardProduct(v, w),
        ops.Softmax(v.T) if rng.random() < 0.5 else A * v,
    ])  # fmt: skip
    wrt = v
    return Jacobian(of, wrt, _or_changed(derive.jacobian(of, wrt), rng))


def backward(maker: Maker) -> Claim:
    rng = maker.rng
    body = sp.Lambda(t, rng.choice([sp.Max(t, 0), sp.tanh(t), t**2, sp.Abs(t), sp.sqrt(t),
                                    maker.scalar(1).xreplace({x: t})]))  # fmt: skip
    of = rng.choice([(A * v).applyfunc(body), A.T * v, sp.HadamardProduct(A * v, w),
                     v.applyfunc(body)])  # fmt: skip
    wrt = rng.choice([s for s in (A, v) if of.has(s)])
    upstream = sp.MatrixSymbol("g", n, 1)
    found = derive.backward(of, wrt, upstream)
    return Backward(of, wrt, upstream, _or_changed(found, rng))


def inequality(maker: Maker) -> Claim:
    rng = maker.rng
    a, b = maker.scalar(rng.choice((0, 1, 2))), maker.scalar(rng.choice((0, 0, 1)))
    pairs: list[Callable[[], tuple[Any, Any]]] = [
        lambda: (0, a**2),
        lambda: (a, sp.Abs(a)),
        lambda: (a, sp.Max(a, b)),
        lambda: (sp.Min(a, b), b),
        lambda: (a * b, (a**2 + b**2) / 2),
        lambda: (1 + a, sp.exp(a)),
        lambda: (sp.Abs(a + b), sp.Abs(a) + sp.Abs(b)),
        lambda: (sp.Max(a, 0), sp.Abs(a)),
        lambda: (a, b),
        lambda: (sp.tanh(a), 1),
        lambda: (sp.log(1 + a**2), a**2),
        lambda: (-1, sp.sign(a)),
        lambda: (sp.Max(a - 1, 0), 0),
        lambda: (0, sp.Piecewise((a, a > 0), (b**2, True))),
        lambda: (V[0] ** 2, sp.Sum(V[k] ** 2, (k, 0, n - 1))),
        lambda: (sp.Sum(V[k], (k, 0, n - 1)) ** 2, n * sp.Sum(V[k] ** 2, (k, 0, n - 1))),
    ]
    left, right = map(sp.sympify, rng.choice(pairs)())
    factor = rng.choice([1, 1, sp.Abs(b), 1 / sp.sqrt(sp.Abs(y)), sp.exp(b), b, b**2, sp.sqrt(y),
                         sp.Abs(x) ** sp.Rational(2, 3), sp.sqrt(2), n - 1,
                         y ** (n - 1)])  # fmt: skip
    left, right = left * factor, right * factor
    if rng.random() < 0.25 and left.has(V):
        left, right = (sp.Sum(one.xreplace({V[0]: V[k]}), (k, 0, n - 1)) for one in (left, right))
    if rng.random() < 0.3:
        left, right = (
            (left, _or_changed(right, rng)) if right.args else (_or_changed(left, rng), right)
        )
    if rng.random() < 0.1:
        left, right = right, left
    given = (
        (rng.choice([x > 0, y > 0, x >= y, sp.Q.nonnegative(x)]),) if rng.random() < 0.25 else ()
    )
    return Inequality(left, right, given)


def shape(maker: Maker) -> Claim:
    rng = maker.rng
    if rng.random() < 0.6:
        operator, _ = maker.image()
        sizes = list(operator.shape)
        sizes[2] = _size_again(sizes[2], rng)
        return Shape(operator, tuple(sizes))
    rows = rng.choice([sp.floor(n / 2) + sp.ceiling(n / 2), n, sp.floor((n + 1) / 2),
                       sp.ceiling(n / 2), n + m, 2 * n, sp.floor(n / 3)])  # fmt: skip
    other = rng.choice([_size_again(rows, rng), n, m])
    first, second = sp.MatrixSymbol("P", rows, m), sp.MatrixSymbol("R", other, m)
    of = rng.choice([lambda: first.T,
                     lambda: first * second.T, lambda: first.T * X,
                     lambda: sp.KroneckerProduct(first, second)])()  # fmt: skip
    sizes = derive.shape_of(of)
    return Shape(of, tuple(_size_again(size, rng) for size in sizes))


def _size_again(size: Any, rng: random.Random) -> Any:
    """A size, written in another way or another one."""
    found = sp.sympify(size)
    pick = rng.random()
    if pick < 0.25:
        return found
    rounded = list(found.atoms(sp.floor, sp.ceiling))
    if rounded and pick < 0.8:
        one = rng.choice(rounded)
        (inner,) = one.args
        above, below = sp.fraction(sp.together(inner))
        if isinstance(one, sp.floor):
            new = rng.choice([sp.ceiling((above - below + 1) / below), sp.floor(inner + 1) - 1,
                              sp.ceiling(inner), sp.ceiling(inner) - 1, sp.floor(inner + HALF),
                              sp.ceiling((above + 1) / below) - 1])  # fmt: skip
        else:
            new = rng.choice([sp.floor((above + below - 1) / below), sp.floor(inner) + 1,
                              sp.floor(inner), sp.floor((above + 1) / below)])  # fmt: skip
        return sp.expand(found.xreplace({one: new}))
    return rng.choice([found + 1, found - 1, sp.floor(found / 2) + sp.ceiling(found / 2), found,
                       2 * found, sp.floor((2 * found + 1) / 2), found])  # fmt: skip


FACTS = [
    lambda: x > 0, lambda: x >= 0, lambda: x < y, lambda: x <= 1, lambda: sp.Eq(x, y + 1),
    lambda: sp.Eq(sp.Sum(V[k], (k, 0, n - 1)), 1), lambda: sp.Q.symmetric(A),
    lambda: sp.Q.positive(y), lambda: sp.Ge(n, 2), lambda: i < n / 2, lambda: i <= n - 2,
    lambda: sp.Ge(i, 1), lambda: sp.Q.nonnegative(x) & sp.Q.positive(y), lambda: sp.Ne(x, 0),
    lambda: sp.Eq(n, m), lambda: sp.Eq(x**2, 1), lambda: sp.Gt(y, x), lambda: i <= j,
    lambda: sp.Q.orthogonal(A), lambda: sp.Q.diagonal(A), lambda: sp.Eq(x * y, 1),
    lambda: (x > 0) & (y > 0), lambda: sp.Q.invertible(A), lambda: x < -1, lambda: i > sp.sqrt(n),
]  # fmt: skip
# Sides that are one under some of the facts
UNDER_FACTS: list[tuple[Any, Any]] = [
    (sp.Piecewise((V[i], i < n / 2), (0, True)), V[i]),
    (sp.Piecewise((V[i], 2 * i <= n - 2), (0, True)), V[i]),
    (sp.Abs(x), x), (sp.Abs(x - y), y - x), (sp.Max(x, y), y), (sp.sqrt(x**2), x),
    (sp.sign(x), 1), (x**2 * y, x), (x * y, sp.Abs(x * y)),
    (sp.sqrt(x) * sp.sqrt(y), sp.sqrt(x * y)),
    (sp.log(x * y), sp.log(x) + sp.log(y)), (sp.log(x**2), 2 * sp.log(x)),
    (A.T, A), (sp.Trace(A * B), sp.Trace(A.T * B)), (sp.Trace(A.T * A), sp.S(n)),
    (sp.Determinant(A) ** 2, 1), (ops.entry(A, i, 0), ops.entry(A, 0, i)),
    (sp.Sum(V[k] * x, (k, 0, n - 1)), x), (sp.KroneckerDelta(i, 0) * x, 0),
    (sp.Sum(U[k], (k, 0, i)), sp.Sum(U[k], (k, 0, j))),
    (sp.Sum(sp.Piecewise((V[k], k <= i), (0, True)), (k, 0, j)), sp.Sum(V[k], (k, 0, i))),
]  # fmt: skip
_WEAKER = {sp.Gt: sp.Ge, sp.Lt: sp.Le}


def with_given(maker: Maker) -> Claim:
    rng = maker.rng
    facts = [rng.choice(FACTS)() for _ in range(rng.choice((1, 1, 2, 3)))]
    given: list[Any] = []
    for fact in facts:
        given.append(fact)
        if rng.random() < 0.4 and isinstance(fact, Relational):  # what follows from it
            weaker = [
                _WEAKER.get(fact.func, fact.func)(fact.lhs, fact.rhs),
                *([fact.func(fact.lhs - 1, fact.rhs)] if isinstance(fact, (sp.Lt, sp.Le)) else []),
                *([fact.func(fact.lhs + 1, fact.rhs)] if isinstance(fact, (sp.Gt, sp.Ge)) else []),
            ]
            given.append(rng.choice(weaker))
    rng.shuffle(given)
    given = [fact for fact in given if fact not in (sp.true, sp.false)]
    maker_ = Maker(rng)
    test = maker_.condition(1, ())
    a, b = maker.scalar(1), maker.scalar(rng.choice((0, 1)))
    of_these = [
        lambda: (sp.Piecewise((a, test), (b, True)), rng.choice([a, b])),
        lambda: (a.subs(x, y + 1), a),
        lambda: (sp.Piecewise((a, n >= 2), (b, True)), a),
    ]
    pairs = rng.choice(of_these)() if rng.random() < 0.3 else rng.choice(UNDER_FACTS)
    left, right = pairs
    if rng.random() < 0.3 and not getattr(left, "is_Matrix", False):
        right = _or_changed(sp.sympify(right), rng)
    return Identity(left, right, tuple(given))


def recurrent(maker: Maker) -> Claim:
    rng = maker.rng
    h, steps = maker.sequence()
    where = {h: steps}
    pick = rng.randrange(5)
    last = at(h, n)
    closed = rng.choice([
        sp.Sum(V[k], (k, 0, n - 1)), n, y + n, x**n, x**n * y, sp.Sum(x**k * y, (k, 0, n - 1)),
        sp.Sum(x ** (n - 1 - k) * V[k], (k, 0, n - 1)), n * (n + 1) / 2,
        sp.Product(V[k], (k, 0, n - 1)),
        y * 2**n, (-1) ** n, y + sp.Sum(V[k], (k, 0, n - 1)), at(h, 0) + n, sp.S.Zero,
        sp.Sum(sp.Product(V[r], (r, k + 1, n - 1)), (k, 0, n - 1)),
    ])  # fmt: skip
    if pick == 0:
        return Identity(last, closed, where=where)
    if pick == 1:
        found = _or_changed(steps.step.xreplace({l: n}), rng)
        return Identity(last, found, where=where)
    if pick == 2:
        return Identity(at(h, 1), _or_changed(steps.step.xreplace({l: sp.S.One}), rng), where=where)
    wrt = rng.choice([s for s in (x, y, V) if steps.has(s)] or [x])
    if pick == 3:
        return Gradient(last, wrt, _or_changed(derive.gradient(last, wrt, where), rng), where=where)
    told = sp.diff(closed, wrt) if wrt is not V else derive.gradient(closed, wrt)
    return Gradient(last, wrt, told, where=where)


def picture(maker: Maker) -> Claim:
    rng = maker.rng
    operator, image = maker.image()
    row, column = rng.choice([sp.S.Zero, operator.shape[2] - 1, j]), rng.choice([0, 1])
    left = operator[0, 0, row, column]
    right = operator.definition(sp.S.Zero, sp.S.Zero, row, sp.sympify(column))
    if rng.random() < 0.35:
        kernel = [o for o in operator.operands if o is not image]
        wrt = rng.choice([image, *kernel])
        of = sp.Sum(operator[0, 0, k, 0] * rng.choice([1, k, operator[0, 0, k, 0]]),
                    (k, 0, operator.shape[2] - 1))  # fmt: skip
        return Gradient(of, wrt, _or_changed(derive.gradient(of, wrt), rng))
    return Identity(left, _or_changed(right, rng, 0.7))


KINDS: dict[str, tuple[Callable[[Maker], Claim], int]] = {
    "identity": (identity, 6),
    "two terms": (of_two, 4),
    "function": (through_function, 2),
    "gradient": (gradient, 4),
    "hessian": (hessian, 1),
    "jacobian": (jacobian, 1),
    "backward": (backward, 1),
    "inequality": (inequality, 6),
    "shape": (shape, 2),
    "given": (with_given, 5),
    "recurrence": (recurrent, 2),
    "image": (picture, 1),
}


def made(seed: str) -> tuple[str, Claim] | None:
    """A claim for a seed; None where SymPy or the derivation of its answer refuses."""
    rng = random.Random(seed)
    kind = rng.choices(list(KINDS), [share for _, share in KINDS.values()])[0]
    try:
        claim = KINDS[kind][0](Maker(rng))
        # an index of its own, that SymPy has renamed, is no claim
        if any(isinstance(s, sp.Dummy) for e in claim.said for s in getattr(e, "free_symbols", ())):
            return None
    except Exception:  # what cannot be written down is no claim
        return None
    said = [one for one in claim.said if isinstance(one, sp.Expr)]
    bad = any(one.has(sp.nan, sp.zoo, sp.oo, sp.I) for one in said)
    return None if bad or sum(sp.count_ops(one) for one in said) > LARGEST else (kind, claim)


def twin(claim: Claim, rng: random.Random) -> Claim | None:
    """The same claim in other words: other names, what is given in another order, the sides
    exchanged.
    """
    pick = rng.randrange(3)
    try:
        if pick == 0 and len(getattr(claim, "given", ())) > 1:
            given = list(claim.given)
            rng.shuffle(given)
            return dataclasses.replace(claim, given=(*given, given[0]))
        if pick == 1 and isinstance(claim, Identity):
            return dataclasses.replace(claim, left=claim.right, right=claim.left)
        names = {x: sp.Symbol("a", real=True), y: sp.Symbol("q", real=True),
                 n: sp.Symbol("T", integer=True, positive=True)}  # fmt: skip
        chosen = {s: names[s] for s in rng.sample(list(names), 2)}
        arrays = {a: type(a)(a.name if not isinstance(a, sp.IndexedBase) else str(a.label), *(
            s.xreplace(chosen) for s in a.shape)) for a in (A, B, X, v, w)}  # fmt: skip
        if claim.where or any(one.has(sp.IndexedBase) for one in claim.said):
            chosen.pop(n, None)
            arrays = {}
        fields = {
            name: getattr(claim, name).xreplace({**chosen, **arrays})
            for name in claim.expression_fields
        }
        if hasattr(claim, "given"):
            fields["given"] = tuple(one.xreplace({**chosen, **arrays}) for one in claim.given)
        if isinstance(claim, Shape):
            fields["equals"] = tuple(one.xreplace(chosen) for one in claim.equals)
        where = {s: e.xreplace(chosen) for s, e in claim.where.items()}
        return dataclasses.replace(claim, **fields, where=where)
    except Exception:
        return None


OPPOSED = {(HOLDS, DISAGREES), (HOLDS, ILL_SHAPED), (DISAGREES, HOLDS), (ILL_SHAPED, HOLDS)}


def one(seed: str) -> list[Case]:
    """The claim of a seed decided and judged, and now and then a twin of it."""
    found = made(seed)
    if found is None:
        return []
    kind, claim = found
    verdict = verify(claim, SECONDS)
    rng = random.Random(f"{seed} points")
    outcome, detail = judged(claim, verdict, rng)
    if verdict.reason.startswith("internal error"):
        detail = verdict.reason
    cases = [Case(seed, kind, claim, verdict.status, outcome, detail, verdict.seconds)]
    other = twin(claim, rng) if rng.random() < 0.25 else None
    if other is not None:
        second = verify(other, SECONDS)
        outcome, detail = judged(other, second, rng)
        if (verdict.status, second.status) in OPPOSED:
            outcome, detail = WRONG, f"{verdict.status}, and {second.status} in other words"
        cases.append(Case(seed, f"{kind}, twin", other, second.status, outcome, detail,
                          second.seconds, claim))  # fmt: skip
    return cases
