"""Names that one side of a claim alone speaks of, and that nothing declares or defines.

No identity holds of every value of such a name where the other side does not speak of it: a
refutation tells nothing but that the text says elsewhere, or not at all, what it is. A mistake
loses a name on the way, and invents none: what the first side alone speaks of is claimed, unless
the two sides have no name in common, or it is a name with a subscript, as the λ_1 of a matrix.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from derive.claims.kinds import Claim
from derive.frontends.document import tree
from derive.frontends.document.dependence import mentioned
from derive.frontends.document.fresh import label_of
from derive.frontends.document.lookup import defined_at, known_at
from derive.frontends.document.names import mention
from derive.frontends.document.reader import Reader
from derive.frontends.document.tree import Node
from derive.language.operators import ScalarApplication

CONSTANTS = frozenset(["I", "e", "pi"])


def unsaid(
    reader: Reader, claim: Claim | None, sides: tuple[Node, Node], turned: bool = False
) -> tuple[str, ...]:
    """The names for which a refuted equation or inequality may be a condition, or a definition.

    :param sides: as they are written.
    :param turned: whether the right side of the claim is the one that is written first.
    """
    if claim is None:
        return ()
    said: Any = claim
    if claim.derivatives:
        functions = {part.func.__name__ for part in said.equals.atoms(AppliedUndef)}
        own = _names(said.of, claim.where, numbers=False)
        others = _names(said.equals, claim.where, numbers=False) & reader.labelled
        return tuple(sorted(((functions | others) - own) & reader.made_up))  # y′ = f(t, y)
    exprs = (said.right, said.left) if turned else (said.left, said.right)
    numbers = not any(side.has(sp.MatrixSymbol, sp.IndexedBase) for side in exprs)
    first, second = (_names(side, claim.where, numbers) for side in exprs)
    own = reader.made_up | (_whole_numbers(exprs) if numbers else set())
    if not (first and second) and _is_of_defined(reader, sides, exprs, claim.where):
        return ()
    new = (second - first) & (own | _by_case(exprs[1], claim.where))
    new |= (first ^ second) & reader.labelled  # λ_1, which words may say something of
    if not new and not first & second:
        new = first & own
    return tuple(sorted(new))


def _is_of_defined(
    reader: Reader, sides: tuple[Node, Node], exprs: tuple[Any, Any], where: Any
) -> bool:
    """Whether nothing but what is defined is said to be a number; another name for something of
    which nothing is known is not defined.
    """
    runs = {node.text for side in sides for node in side.walk() if isinstance(node, tree.Run)}
    pairs = [pair for side in sides for pair in mentioned(side) if pair[0] not in runs | CONSTANTS]
    found = {key: defined_at(reader, key) for pair in pairs for key in pair}
    given = {
        name.key
        for made in found.values()
        for argument in (() if made is None else made.arguments)
        if (name := mention(argument)) is not None
    }  # the z of h(z)
    known = {key for key, made in found.items() if made or key in given or known_at(reader, key)}
    if not pairs or not all(known & set(pair) for pair in pairs):
        return False
    for expr in exprs:
        while expr in where:
            expr = where[expr]
        if label_of(expr) in reader.made_up:
            return False
    return True


def _by_case(side: Any, where: Any) -> set[str]:
    """What an expression by cases distinguishes them by, and nothing defines."""
    cases = [
        condition
        for part in sp.preorder_traversal(side)
        if isinstance(part, sp.Piecewise)
        for _, condition in part.args
    ]
    return {
        symbol.name
        for condition in cases
        for symbol in condition.free_symbols
        if isinstance(symbol, sp.Symbol) and not symbol.is_integer and symbol not in where
    }


def _whole_numbers(sides: tuple[Any, Any]) -> set[str]:
    """The sizes that a claim without arrays is about: "n ≥ m + 1" is said of some of them."""
    return {symbol.name for side in sides for symbol in side.free_symbols if symbol.is_integer}


def _names(expr: Any, where: Any, numbers: bool) -> set[str]:
    """What an expression speaks of, by itself and by the definitions that it uses.

    :param numbers: sizes, too.
    """
    found: set[str] = set()
    bound: set[str] = set()
    seen: set[Any] = set()
    pending = [expr]
    while pending:
        for part in sp.preorder_traversal(pending.pop()):
            if isinstance(part, sp.Lambda):
                bound |= {variable.name for variable in part.variables}
            if isinstance(part, AppliedUndef):
                found.add(part.func.__name__)
            elif isinstance(part, ScalarApplication):
                found.add(str(part.args[0]))
            elif isinstance(part, sp.Symbol | sp.MatrixSymbol | sp.IndexedBase):
                if part in seen:
                    continue
                seen.add(part)
                if part in where:
                    pending.append(where[part])
                elif numbers or not getattr(part, "is_integer", False):
                    found.add(label_of(part))
    return found - bound
