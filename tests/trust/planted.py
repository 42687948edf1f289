"""Planted errors: every rule of the engine, and each way in which it is falsified.

:func:`every_rule` lists them; whoever has more rules appends them there, each with the place that
it stands at and what is false there instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import sympy as sp
from breaking import BY_A_DIFFERENCE, NODES, broken, rule_names
from breaking import FUNCTIONS as FUNCTION_LAWS
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix
from sympy.tensor.array.expressions import ArrayElement

from derive.core import derivatives as of_nodes
from derive.core import differentiate as passes
from derive.core import terms as core
from derive.core.functions import BY_SYMBOL, FUNCTIONS, WITHOUT_LAWS
from derive.core.terms import Term, add, mul, neg, num
from derive.language import operators as ops
from derive.language.matrix_functions import MatrixFunction, SquareRoot
from derive.lowering import conditions as lower_conditions
from derive.lowering import lower, matrices, scalars, sequences  # noqa: F401  (they fill the tables)


@dataclass(frozen=True)
class Rule:
    """A rule of the engine.

    :param place: what it is.
    :param how: how it is falsified.
    :param holder: the table, or the module or class, that it stands in.
    :param key: its key there, or its attribute.
    :param false: what stands there instead; None where nothing does.
    :param part: which of several functions that stand there together it is.
    :param about: SymPy nodes that it has to do with, so that likely claims are asked first.
    """

    place: str
    how: str
    holder: Any
    key: Any
    false: Any
    part: int | None = None
    about: tuple[type, ...] = ()

    @property
    def name(self) -> str:
        """What it is, and how it is falsified."""
        return f"{self.place} {self.how}"

    @property
    def right(self) -> Any:
        """What stands at its place."""
        return (
            self.holder[self.key]
            if isinstance(self.holder, dict)
            else getattr(self.holder, self.key)
        )

    @contextmanager
    def replaced(self, instead: Any) -> Iterator[None]:
        """While it lasts, something else stands at its place; nothing where that is None."""
        if not isinstance(self.holder, dict):
            with patch.object(self.holder, self.key, instead):
                yield
            return
        with patch.dict(self.holder):
            if instead is None:
                del self.holder[self.key]
            else:
                self.holder[self.key] = instead
            yield

    @contextmanager
    def falsified(self) -> Iterator[None]:
        """While it lasts, the rule is false."""
        with self.replaced(self.false):
            yield


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
    for name, slopes in of_nodes.SCALAR_DERIVATIVES.items():
        for position, slope in enumerate(slopes):
            for way, change in WAYS.items():
                if name == "sign" and change(num(0)) is num(0):
                    continue  # 0 doubled is 0
                if (name, position) == ("polygamma", 0):
                    continue  # in the order nothing is differentiated
                yield Rule(
                    f"the derivative of {name} in argument {position + 1}",
                    way,
                    of_nodes.SCALAR_DERIVATIVES,
                    name,
                    (*slopes[:position], _after(slope, change), *slopes[position + 1 :]),
                    position,
                    (sp.Max, sp.Min) if name == "Max" else (FUNCTIONS[name].symbol,),
                )


def _after(rule: Callable[..., Term], change: Callable[[Term], Term]) -> Callable[..., Term]:
    return lambda *arguments: change(rule(*arguments))


def kinks() -> Iterator[Rule]:
    """The conditions under which a function with a kink is differentiable."""
    for name in of_nodes.KINKS:
        about = (getattr(sp, name),)
        yield Rule(f"the kink of {name}", "forgotten", of_nodes.KINKS, name, None, about=about)


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
    for node, rule in of_nodes.DERIVATIVES.items():
        if node in WITHOUT_DERIVATIVE:
            continue
        wrong: dict[str, Any] = {"gives no condition": _unconditional(rule)}
        if node is core.RealBracket:
            wrong["hands on the cotangent"] = _handing_on
        else:
            wrong["doubled"] = _with_cotangent(rule, _doubled)
            wrong["with the wrong sign"] = _with_cotangent(rule, neg)
            wrong["forgotten"] = _forgetting
        if node in (core.Add, core.Mul, core.Pow, core.Apply, core.Unknown):
            wrong["without the last operand"] = _without_last(rule)
        if node in (core.Entry, core.Ref, core.InverseEntry, core.Determinant, core.Whole):
            wrong["at swapped indices"] = _misplaced(rule)
        if node not in (core.RealBracket, core.Apply, core.Maximum):
            del wrong["gives no condition"]
        place, about = f"the derivative rule of {node.__name__}", ABOUT.get(node, ())
        for how, changed in wrong.items():
            yield Rule(place, how, of_nodes.DERIVATIVES, node, changed, about=about)


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
    return lambda run, *arguments: rule(_Changed(run, conditions={}, weights={}), *arguments)


def _forgetting(*_arguments: Any) -> None:
    return None


def _handing_on(run: Any, term: Any, cotangent: Term, binders: Any) -> None:
    run.pull(term.args[0], cotangent, binders)


def adjoints() -> Iterator[Rule]:
    """What turns contributions into an adjoint."""

    def unswapped(body: Term, _params: Any) -> Term:
        return body

    def opposite(equation: Any, binders: Any) -> Any:
        found = SOLVE(equation, binders)
        return None if found is None else (found[0], -found[1])

    for place, how, attribute, false in (
        ("a gradient among symmetric matrices", "as it is", "_symmetrised", unswapped),
        ("a solved index", "with the wrong sign", "_solve", opposite),
        ("the bracket for the range of a solved index", "left out", "is_nonnegative",
            lambda *_: True),
    ):  # fmt: skip
        yield Rule(place, how, passes, attribute, false)


SOLVE = passes._solve


# ---- lowering


# Falsified so, these are what they were: symmetric matrices, and nothing.
UNCHANGED = {
    "transposed": (
        *(sp.Identity, sp.ZeroMatrix, sp.OneMatrix, DiagMatrix, DiagonalMatrix, SquareRoot),
    ),
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
            for how, false in (
                ("doubled", _after(rule, _doubled)),
                ("with 1 added", _after(rule, _one_more)),
                ("transposed", _transposed(rule)),
            ):
                if node not in UNCHANGED.get(how, ()):
                    yield _lowering(table, node, how, false)
    for node, rule in lower.SCALARS.items():
        if node is sp.Idx:
            continue  # it is read as a symbol, but in claims about shapes, which compare no terms
        if node in WITHOUT_LAWS:
            continue  # what is proved is true of any function in their place: no falsehood follows
        yield _lowering(lower.SCALARS, node, "doubled", _after(rule, _doubled))
        if node in OPAQUE:
            false = _with_argument_added(rule)
            yield _lowering(lower.SCALARS, node, "with its argument added", false)
        elif node not in NAMES:
            yield _lowering(lower.SCALARS, node, "with 1 added", _after(rule, _one_more))


def _lowering(table: Any, node: type, how: str, false: Any) -> Rule:
    what = "a scalar" if table is lower.SCALARS else "an array"
    return Rule(
        f"the lowering of {node.__name__} as {what}", how, table, node, false, about=(node,)
    )


def _with_argument_added(rule: Any) -> Any:
    return lambda low, expr, scope: add(rule(low, expr, scope), low.scalar(expr.args[0], scope))


def _transposed(rule: Any) -> Any:
    return lambda low, expr, indices, scope: rule(low, expr, indices[::-1], scope)


def conditions() -> Iterator[Rule]:
    """How conditions are lowered, and what is read outside of an array."""
    for place, how, attribute, false in (
        ("a condition between numbers", "the wrong way", "_real_relation", _the_wrong_way),
        ("a condition between integers", "met one later", "_integer_relation", _one_later),
    ):
        yield Rule(place, how, lower_conditions, attribute, false, about=(sp.Piecewise,))
    place = "a read outside of an array"
    yield Rule(place, "unnoticed", lower.Lowering, "check_read", lambda *_: None)


REAL_RELATION, INTEGER_RELATION = (
    lower_conditions._real_relation,
    lower_conditions._integer_relation,
)


def _the_wrong_way(test: Any, difference: Term, opposite: Term) -> Term:
    return REAL_RELATION(test, opposite, difference)


def _one_later(low: Any, test: Any, scope: Any) -> Term:
    return INTEGER_RELATION(low, test.func(test.lhs - 1, test.rhs), scope)


# ---- canonical forms

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
        function = FUNCTIONS.get(FUNCTION_LAWS.get(name, ""))
        if function is not None:  # others are the engine's own, as the log of a size
            about = (function.symbol,)
        table, key, false = broken(name)
        one_more = name in FUNCTION_LAWS and FUNCTION_LAWS[name] not in BY_A_DIFFERENCE
        how = "with 1 added" if one_more else "doubled"
        yield Rule(f"the rewrite rule {name!r}", how, table, key, false, about=about)


def every_rule() -> list[Rule]:
    """Every rule of the engine, each falsified in every way that changes it."""
    kinds = (derivatives, kinks, local_rules, adjoints, lowerings, conditions, rewrites)
    return [rule for rules in kinds for rule in rules()]
