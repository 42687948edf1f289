"""Planted errors: every rule of the engine is falsified in turn, and some claim has to notice.

A rule that may be falsified without any claim being decided otherwise is a rule that nothing
tests. :func:`every_rule` lists them; whoever has more rules appends them there, each a name and
a context manager inside which it is false.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any
from unittest.mock import patch

import sympy as sp
from breaking import FUNCTIONS as FUNCTION_LAWS
from breaking import NODES, breaking, rule_names
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix
from sympy.tensor.array.expressions import ArrayElement

from derive import verify
from derive.claims.kinds import Claim
from derive.claims.verdict import UNDECIDED, Verdict
from derive.core import differentiate as passes
from derive.core import terms as core
from derive.core.functions import BY_SYMBOL, FUNCTIONS
from derive.core.terms import Term, add, mul, neg, num
from derive.language import operators as ops
from derive.language.matrix_functions import MatrixFunction
from derive.lowering import conditions as lower_conditions
from derive.lowering import lower

from .material import SECONDS
from .probes import PROBES, READ_OUTSIDE


@dataclass(frozen=True)
class Rule:
    """A rule of the engine.

    :param name: what it is, and how it is falsified.
    :param falsified: gives a context manager inside which the rule is false.
    :param about: SymPy nodes that it has to do with, so that likely claims are asked first.
    """

    name: str
    falsified: Callable[[], AbstractContextManager[Any]]
    about: tuple[type, ...] = ()


# ---- how a term is falsified


def _doubled(term: Term) -> Term:
    return mul(num(2), term)


def _one_more(term: Term) -> Term:
    return add(term, num(1))


WAYS: dict[str, Callable[[Term], Term]] = {
    "doubled": _doubled,
    "with the wrong sign": neg,
    "with 1 added": _one_more,
}


# ---- derivatives


def derivatives() -> Iterator[Rule]:
    """Every entry of the table of scalar derivatives."""
    for name, slopes in passes.SCALAR_DERIVATIVES.items():
        for position, slope in enumerate(slopes):
            for way, change in WAYS.items():
                if name == "sign" and change(num(0)) is num(0):
                    continue  # 0 doubled is 0
                broken = (*slopes[:position], _after(slope, change), *slopes[position + 1 :])
                yield Rule(
                    f"the derivative of {name} in argument {position + 1} {way}",
                    functools.partial(patch.dict, passes.SCALAR_DERIVATIVES, {name: broken}),
                    (sp.Max, sp.Min) if name == "Max" else (FUNCTIONS[name].symbol,),
                )


def _after(rule: Callable[..., Term], change: Callable[[Term], Term]) -> Callable[..., Term]:
    return lambda *arguments: change(rule(*arguments))


def kinks() -> Iterator[Rule]:
    """The conditions under which a function with a kink is differentiable."""
    for name in passes.KINKS:
        others = {other: kink for other, kink in passes.KINKS.items() if other != name}
        yield Rule(
            f"the kink of {name} forgotten",
            functools.partial(patch.object, passes, "KINKS", others),
            (getattr(sp, name),),
        )


class _Changed:
    """A reverse accumulation whose steps are changed on the way; the rest is its own."""

    def __init__(self, run: Any, **methods: Any) -> None:
        self._run = run
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)


# What the rule of a node in the core has to do with in SymPy.
ABOUT: dict[type, tuple[type, ...]] = {
    core.Add: (sp.Add,),
    core.Mul: (sp.Mul,),
    core.Pow: (sp.Pow,),
    core.Sum: (sp.Sum,),
    core.Product: (sp.Product,),
    core.Maximum: (ops.MaxOver,),
    core.Unknown: (AppliedUndef,),
    core.Whole: (ops.ScalarApplication,),
    core.InverseEntry: (sp.Inverse,),
    core.Determinant: (sp.Determinant,),
    core.FunctionEntry: (MatrixFunction,),
    core.FunctionTrace: (MatrixFunction,),
    core.RealBracket: (sp.Piecewise, sp.Max),
}
WITHOUT_DERIVATIVE = (core.Num, core.Const, core.Int, core.IndexBracket)  # never asked


def local_rules() -> Iterator[Rule]:
    """The derivative rule of every node: what it hands on is changed, lost or misplaced."""
    for node, rule in passes.DERIVATIVES.items():
        if node in WITHOUT_DERIVATIVE:
            continue
        broken = {"gives no condition": _unconditional(rule)}
        if node is core.RealBracket:
            broken["hands on the cotangent"] = _handing_on
        else:
            broken["doubled"] = _with_cotangent(rule, _doubled)
            broken["with the wrong sign"] = _with_cotangent(rule, neg)
            broken["forgotten"] = lambda *_arguments: None
        if node in (core.Add, core.Mul, core.Pow, core.Apply, core.Unknown):
            broken["without the last operand"] = _without_last(rule)
        if node in (core.Entry, core.Ref, core.InverseEntry, core.Determinant, core.Whole):
            broken["at swapped indices"] = _misplaced(rule)
        if node not in (core.RealBracket, core.Apply, core.Maximum):
            del broken["gives no condition"]
        for how, changed in broken.items():
            yield Rule(
                f"the derivative rule of {node.__name__} {how}",
                functools.partial(patch.dict, passes.DERIVATIVES, {node: changed}),
                ABOUT.get(node, ()),
            )


def _with_cotangent(rule: Any, change: Callable[[Term], Term]) -> Any:
    return lambda run, term, cotangent, binders: rule(run, term, change(cotangent), binders)


def _without_last(rule: Any) -> Any:
    def broken(run: Any, term: Any, cotangent: Term, binders: Any) -> None:
        def pull(operand: Term, *rest: Any) -> None:
            if operand is not term.args[-1]:
                run.pull(operand, *rest)

        rule(_Changed(run, pull=pull), term, cotangent, binders)

    return broken


def _misplaced(rule: Any) -> Any:
    def broken(run: Any, term: Any, cotangent: Term, binders: Any) -> None:
        def emit(target: Any, place: Any, *rest: Any) -> None:
            run.emit(target, place[::-1], *rest)

        rule(_Changed(run, emit=emit), term, cotangent, binders)

    return broken


def _unconditional(rule: Any) -> Any:
    return lambda run, *arguments: rule(_Changed(run, conditions={}), *arguments)


def _handing_on(run: Any, term: Any, cotangent: Term, binders: Any) -> None:
    run.pull(term.args[0], cotangent, binders)


def adjoints() -> Iterator[Rule]:
    """What turns contributions into an adjoint."""

    def unswapped(body: Term, _params: Any) -> Term:
        return body

    def opposite(equation: Any, binders: Any) -> Any:
        found = SOLVE(equation, binders)
        return None if found is None else (found[0], -found[1])

    for name, attribute, broken in (
        ("a gradient among symmetric matrices as it is", "_symmetrised", unswapped),
        ("a solved index with the wrong sign", "_solve", opposite),
        ("no bracket for the range of a solved index", "is_nonnegative", lambda *_: True),
    ):
        yield Rule(name, functools.partial(patch.object, passes, attribute, broken))


SOLVE = passes._solve


# ---- lowering


# Falsified so, these are what they were: symmetric matrices, and nothing.
UNCHANGED = {
    "transposed": (sp.Identity, sp.ZeroMatrix, sp.OneMatrix, DiagMatrix, DiagonalMatrix),
    "doubled": (sp.ZeroMatrix,),
}
# Of these nothing is known but their derivative, or their name: with 1 added to each of them
# throughout, what holds still holds. With an argument added it does not.
OPAQUE = (*BY_SYMBOL, AppliedUndef)
NAMES = (ArrayElement, sp.Indexed, ops.ScalarApplication)


def lowerings() -> Iterator[Rule]:
    """Every entry of the tables that say how a SymPy node is lowered."""
    for table in (lower.THROUGH, lower.BODIES):
        for node, rule in table.items():
            for how, broken in (
                ("doubled", _after(rule, _doubled)),
                ("with 1 added", _after(rule, _one_more)),
                ("transposed", _transposed(rule)),
            ):
                if node not in UNCHANGED.get(how, ()):
                    yield _lowering(table, node, how, broken)
    for node, rule in lower.SCALARS.items():
        yield _lowering(lower.SCALARS, node, "doubled", _after(rule, _doubled))
        if node in OPAQUE:
            broken = _with_argument_added(rule)
            yield _lowering(lower.SCALARS, node, "with its argument added", broken)
        elif node not in NAMES:
            yield _lowering(lower.SCALARS, node, "with 1 added", _after(rule, _one_more))


def _lowering(table: Any, node: type, how: str, broken: Any) -> Rule:
    return Rule(
        f"the lowering of {node.__name__} {how}",
        functools.partial(patch.dict, table, {node: broken}),
        (node,),
    )


def _with_argument_added(rule: Any) -> Any:
    return lambda low, expr, scope: add(rule(low, expr, scope), low.scalar(expr.args[0], scope))


def _transposed(rule: Any) -> Any:
    return lambda low, expr, indices, scope: rule(low, expr, indices[::-1], scope)


def conditions() -> Iterator[Rule]:
    """How conditions are lowered, and what is read outside of an array."""
    for name, attribute, broken in (
        ("a condition between numbers the wrong way", "_real_relation", _the_wrong_way),
        ("a condition between integers met one later", "_integer_relation", _one_later),
    ):
        yield Rule(
            name,
            functools.partial(patch.object, lower_conditions, attribute, broken),
            (sp.Piecewise,),
        )
    yield Rule(
        "a read outside of an array unnoticed",
        functools.partial(patch.object, lower.Lowering, "check_read", lambda *_: None),
    )


REAL_RELATION, INTEGER_RELATION = (
    lower_conditions._real_relation,
    lower_conditions._integer_relation,
)


def _the_wrong_way(test: Any, difference: Term, opposite: Term) -> Term:
    return REAL_RELATION(test, opposite, difference)


def _one_later(low: Any, test: Any, scope: Any) -> Term:
    return INTEGER_RELATION(low, test.func(test.lhs - 1, test.rhs), scope)


# ---- whether it is noticed


# Doubled throughout, what these give is only called otherwise: nothing is known of it but its name.
RENAMED = {
    "integer power",
    "names of indices",
    "name of a sum",
    "entry of an inverse",
    "range of a binder",
    "rule of Whole",
    "rule of Unknown",
    "rule of Determinant",
    "rule of Const",
}


def rewrites() -> Iterator[Rule]:
    """Every rewrite rule of the canonical forms: what it gives is doubled."""
    for name in rule_names():
        if name in RENAMED:
            continue
        about = ABOUT.get(NODES.get(name, object), ())
        if (
            FUNCTION_LAWS.get(name) in FUNCTIONS
        ):  # others are the engine's own, as the log of a size
            about = (FUNCTIONS[FUNCTION_LAWS[name]].symbol,)
        yield Rule(f"the rewrite rule {name!r} doubled", functools.partial(breaking, name), about)


def every_rule() -> list[Rule]:
    """Every rule of the engine, each falsified in every way that changes it."""
    kinds = (derivatives, kinks, local_rules, adjoints, lowerings, conditions, rewrites)
    return [rule for rules in kinds for rule in rules()]


Outcome = tuple[str, int]


def outcome(verdict: Verdict) -> Outcome:
    """What is decided, and under how many assumptions."""
    return (verdict.status, len(verdict.assumptions))


@functools.cache
def healthy(probe: Claim) -> tuple[Outcome, float]:
    """What a probe is decided to be while no rule is false, and after how many seconds."""
    verdict = verify(probe, SECONDS)
    return outcome(verdict), verdict.seconds


@dataclass(frozen=True)
class Catch:
    """A rule that was falsified, and the claim that noticed; None where no claim did."""

    rule: str
    caught_by: str | None


def caught(rule: Rule, probes: Sequence[Claim] = PROBES) -> Catch:
    """Falsify a rule and ask the probes, likely ones first, until one is decided otherwise."""
    for probe in sorted(probes, key=lambda probe: not _speaks_of(probe, rule.about)):
        expected, seconds = healthy(probe)
        if expected[0] == UNDECIDED and probe.id not in READ_OUTSIDE:
            continue
        with rule.falsified():
            found = verify(probe, 1 + 10 * seconds)
        if outcome(found) != expected:
            return Catch(rule.name, probe.id)
    return Catch(rule.name, None)


def _speaks_of(claim: Claim, nodes: tuple[type, ...]) -> bool:
    fields = [getattr(claim, name) for name in claim.expression_fields]
    return bool(nodes) and any(expr.has(*nodes) for expr in (*fields, *claim.where.values()))


_rules: list[Rule] = []  # as the workers inherit them


def catches(rules: Iterable[Rule], jobs: int = 1) -> Iterator[Catch]:
    """Every rule falsified in turn, with the claim that noticed."""
    _rules[:] = rules
    if jobs <= 1:
        yield from map(caught, _rules)
        return
    for probe in PROBES:
        healthy(probe)
    with ProcessPoolExecutor(jobs, get_context("fork")) as pool:
        yield from pool.map(_caught, range(len(_rules)))


def _caught(position: int) -> Catch:
    return caught(_rules[position])
