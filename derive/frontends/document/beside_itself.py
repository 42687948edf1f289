"""f(1 − f) of a vector f: products entry by entry that are written as products.

A vector beside brackets in which it stands itself, of one shape with it, can be no product of
matrices: σ(z)(1 − σ(z)), h(1 − h). Nothing else that does not fit is read in this way.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.frontends.document import tree, values
from derive.frontends.document.names import text_of
from derive.frontends.document.reader import Reader
from derive.frontends.document.tree import Node
from derive.frontends.document.values import Unsure, Value


def beside_itself(reader: Reader, before: Sequence[Node], left: Value, node: Node) -> Value | None:
    """The product of what stands before brackets with what is in them; None where it is another.

    :param before: the nodes of the left factor.
    """
    if not isinstance(node, tree.Group) or node.opening != "(" or not values.is_vector(left):
        return None
    own = "".join(map(text_of, before))
    if left.is_scalar or all(text_of(part) != own for part in node.body.walk()):
        return None
    right = reader.value(node)
    try:
        if not values.alike(left.shape, right.shape):
            return None
    except Unsure:
        return None
    reader.note("a vector beside brackets in which it stands is multiplied entry by entry")
    return values.hadamard(left, right)
