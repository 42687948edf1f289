"""The verdicts on what is asked of a pair that was found in a file."""

from __future__ import annotations

from typing import Any

from derive.base.budget import EFFORT
from derive.claims.verdict import Verdict
from derive.frontends.code.check import decide, pair_of
from derive.frontends.code.declared import Labels
from derive.frontends.code.finding import LAYER
from derive.frontends.code.pairs import Pair
from derive.frontends.code.request import Request
from derive.frontends.code.shapes import Labels as Given


def answers(request: Request, timeout: float = 60.0, effort: float = EFFORT) -> dict[str, Verdict]:
    """A verdict for each input in whose gradient the request is interested.

    :raises ClaimError: where the pair is not understood.
    """
    return decide(asked_pair(request), timeout, effort)


def asked_pair(request: Request) -> Pair:
    """The pair of a request, as it is traced."""
    pair = request.pair
    options: dict[str, Any] = {}
    if pair.kind == LAYER:
        options = {"params": request.params, "init": request.init, "call": request.call}
        options["grads"] = request.grads
    return pair_of(
        f"{pair.path}::{pair.forward}",
        f"{pair.path}::{pair.backward}" if pair.backward else None,
        shapes=declared_shapes(request),
        fixed=request.fixed,
        wrt=request.wrt,
        packed=request.packed,
        **options,
    )


def declared_shapes(request: Request) -> dict[str, Any]:
    """The shapes of the inputs, as :func:`pair_of` takes them."""
    return {
        name: Given(shape.sizes, shape.of, shape.one_hot, shape.binary)
        if isinstance(shape, Labels)
        else shape
        for name, shape in request.shapes.items()
    }
