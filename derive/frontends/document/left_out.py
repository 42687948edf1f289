"""What no claim is made of: expectations, distributions, conditional probabilities; each refused
by a code of its own before anything is read.
"""

from __future__ import annotations

from collections.abc import Callable

from derive.frontends.document import tree
from derive.frontends.document.names import Mention, mention, text_of
from derive.frontends.document.tree import Failure, Node

MOMENTS = ("bla(E)", "Var", "var", "Cov", "cov", "bla(V)")
DISTRIBUTIONS = ("cal(N)", "Bernoulli", "Bern", "Categorical", "Uniform", "Poisson")
PROBABILITIES = ("Pr", "bla(P)")


def left_out(statement: Node, is_known: Callable[[Mention], bool]) -> Failure | None:
    """Why a statement is left out as a whole; None where it is not.

    :param is_known: whether a name is declared or defined: then it is what that says.
    """
    for node in statement.walk():
        if isinstance(node, tree.Conditional):
            return Failure(
                node.start, node.end, "probability", "conditional probabilities are not read"
            )
        if isinstance(node, tree.Product):
            for head, after in zip(node.factors, node.factors[1:], strict=False):
                found = _applied(head, after, is_known)
                if found is not None:
                    return found
        elif isinstance(node, tree.Apply):
            found = _applied(node.head, node.argument, is_known)
            if found is not None:
                return found
    return None


def _applied(head: Node, after: Node, is_known: Callable[[Mention], bool]) -> Failure | None:
    name = mention(head)
    if name is None or is_known(name):
        return None
    brackets = after.base if isinstance(after, tree.Script) else after
    square = isinstance(brackets, tree.Group) and brackets.opening == "["
    if name.letter in MOMENTS or (name.letter == "E" and square):
        return Failure(head.start, head.end, "expectation", "expectations are not read")
    if not isinstance(brackets, tree.Group):
        return None
    if name.letter in DISTRIBUTIONS:
        message = f"distributions are not read: {text_of(head)}"
        return Failure(head.start, head.end, "distribution", message)
    if name.letter in PROBABILITIES:
        return Failure(head.start, head.end, "probability", "probabilities are not read")
    return None


__all__ = ["left_out"]
