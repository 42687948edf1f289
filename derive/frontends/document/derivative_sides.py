"""Sides of a chain that are a derivative and nothing else."""

from __future__ import annotations

from dataclasses import replace

from derive.frontends.document import derivatives, tree
from derive.frontends.document.derivatives import Taken
from derive.frontends.document.names import mention, text_of
from derive.frontends.document.tree import Node, brackets


def derivative_of(head: Node, side: Node) -> bool:
    return derivative_alone(head) is not None


def derivative_alone(side: Node) -> Taken | None:
    """The derivative that a side is, if it is nothing else."""
    if isinstance(side, tree.Derivative):
        if side.of is None:
            return None
        return Taken(side.of, derivatives.variables(side), side)
    if isinstance(side, tree.Evaluated):
        return derivative_alone(side.body)
    if isinstance(side, tree.Group) and side.opening == "{":
        return derivative_alone(side.body)
    if isinstance(side, tree.Product) and derivatives.is_operator(side.factors[0]):
        if any(sign not in ("", "cdot") for sign in side.operators):
            return None
        head = side.factors[0]
        if isinstance(head, tree.Script) and head.sub is None and head.sup is not None:
            if text_of(head.sup) != "2":
                return None
            rest = tree.Product(
                side.start, side.end, (head.base, *side.factors[1:]), side.operators
            )
            taken, used = derivatives.operated(list(rest.factors), list(rest.operators))
            return replace(taken, node=head) if used == len(side.factors) else None
        taken, used = derivatives.operated(list(side.factors), list(side.operators))
        transposed = taken.of is not None and derivatives.untransposed(taken.of) is not None
        if used == len(side.factors) and not (taken.nabla and transposed):
            return taken
    if isinstance(side, tree.Product) and _primed_call(side):
        function, argument = side.factors
        assert isinstance(function, tree.Script)
        inner = argument.body if isinstance(argument, tree.Group) else argument
        if mention(inner) is not None and function.primes == 1 and function.sup is None:
            plain = replace(function, primes=0) if function.sub is not None else function.base
            of = tree.Product(side.start, side.end, (plain, argument), side.operators)
            return Taken(of, (inner,), side)
    return None


def primed(taken: Taken) -> bool:
    return isinstance(taken.node, tree.Product) and _primed_call(taken.node)


def _primed_call(side: tree.Product) -> bool:
    return (
        len(side.factors) == 2
        and side.operators == ("",)
        and isinstance(side.factors[0], tree.Script)
        and side.factors[0].primes == 1
        and brackets(side.factors[1])[0] is not None
    )
