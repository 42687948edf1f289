"""∂/∂σ²: a derivative in the square of a number, where the number itself is what has a name."""

from __future__ import annotations

from dataclasses import replace

from derive.frontends.document import tree
from derive.frontends.document.lookup import defined_at
from derive.frontends.document.names import mention, text_of
from derive.frontends.document.reader import Absurd, Reader
from derive.frontends.document.tree import Node
from derive.frontends.document.values import Value


def root_of(reader: Reader, by: Node) -> Value | None:
    """σ, where ``by`` is σ² and σ is a number that nothing defines; None for anything else.

    ∂f/∂σ² is then ∂f/∂σ / (2σ).

    :raises Absurd: for an array σ.
    """
    if isinstance(by, tree.Group) and by.opening == "(":
        by = by.body
    name = mention(by)
    if name is None or not isinstance(by, tree.Script) or by.sup is None or by.primes:
        return None
    if [text_of(part) for part in name.after] != ["2"]:
        return None
    if defined_at(reader, name.key) is not None or defined_at(reader, f"{name.key}^2") is not None:
        return None
    root = reader.value(by.base if by.sub is None else replace(by, sup=None))
    if not root.is_scalar:
        raise Absurd("a derivative in the square of an array")
    return root
