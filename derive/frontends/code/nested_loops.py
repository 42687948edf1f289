"""One loop over all positions, as ``np.ndindex`` and ``itertools.product`` run through them, taken
apart into loops inside of one another.
"""

from __future__ import annotations

import ast
from typing import Any

from derive.frontends.code.trace import Refused


def nested(node: ast.For, products: set[str]) -> ast.For | None:
    """The loops that ``for i, j in np.ndindex(n, m)`` stands for; None for any other loop.

    :param products: the names under which a file has ``itertools.product``.
    """
    node = _numbered(node)
    target, call = node.target, node.iter
    if not isinstance(target, ast.Tuple) or not isinstance(call, ast.Call) or call.keywords:
        return None
    if node.orelse or not all(isinstance(part, ast.Name) for part in target.elts):
        return None
    if any(isinstance(inner, ast.Break) for inner in ast.walk(node)):
        return None
    count = len(target.elts)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    owner = call.func.value.id if name and isinstance(call.func.value, ast.Name) else ""  # type: ignore[attr-defined]
    if name == "ndindex":
        runs: list[ast.expr] = [_sizes(call, count, place) for place in range(count)]
    elif (name == "product" and owner == "itertools") or (
        isinstance(call.func, ast.Name) and call.func.id in products
    ):
        if len(call.args) != count or any(isinstance(a, ast.Starred) for a in call.args):
            return None
        runs = list(call.args)
    else:
        return None
    body = node.body
    for part, run in zip(reversed(target.elts), reversed(runs), strict=True):
        loop = ast.For(target=part, iter=run, body=body, orelse=[], type_comment=None)
        body = [ast.copy_location(loop, node)]
    (whole,) = body
    assert isinstance(whole, ast.For)
    return ast.fix_missing_locations(whole)


def _numbered(node: ast.For) -> ast.For:
    """``for (i, j), v in np.ndenumerate(x)`` as a loop over positions, with ``v = x[i, j]``."""
    target, call = node.target, node.iter
    if not isinstance(target, ast.Tuple) or not isinstance(call, ast.Call) or len(call.args) != 1:
        return node
    is_numbered = isinstance(call.func, ast.Attribute) and call.func.attr == "ndenumerate"
    if not is_numbered or len(target.elts) != 2 or not isinstance(call.args[0], ast.Name):
        return node
    place, value = target.elts
    if not isinstance(place, ast.Tuple) or not isinstance(value, ast.Name):
        return node
    array = call.args[0]
    at = ast.Tuple([ast.Name(p.id, ast.Load()) for p in place.elts if isinstance(p, ast.Name)],
                   ast.Load())  # fmt: skip
    read = ast.Assign([value], ast.Subscript(array, at, ast.Load()), type_comment=None)
    shape = ast.Attribute(array, "shape", ast.Load())
    places = ast.Call(ast.Attribute(array, "ndindex", ast.Load()), [shape], [])
    found = ast.For(place, places, [read, *node.body], node.orelse, None)
    return ast.fix_missing_locations(ast.copy_location(found, node))


def _sizes(call: ast.Call, count: int, place: int) -> ast.expr:
    """``range`` over one of the sizes that are passed to ``ndindex``."""
    runtime = ast.Attribute(ast.Name("__derive__", ast.Load()), "size_along", ast.Load())
    size = ast.Call(runtime, [ast.Constant(count), ast.Constant(place), *call.args], [])
    return ast.Call(ast.Name("range", ast.Load()), [size], [])


def size_along(count: int, place: int, *shape: Any) -> Any:
    """One of the sizes of ``ndindex(n, m)`` or ``ndindex((n, m))``.

    :raises Refused: where they are not as many as the names that a loop gives.
    """
    sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    if len(sizes) != count:
        raise Refused(f"positions along {len(sizes)} axes are taken for {count} numbers")
    return sizes[place]
