"""The claims that are put to the test: those of the catalogue, and the corpus's true ones."""

from __future__ import annotations

import functools

import corpus

import formulas
from derive.claims import Claim

LAYERS = 12  # of a network whose numbers are asked for: those of a whole CNN take minutes
SECONDS = 30.0  # for one verdict; nearly all take a hundredth of that


@functools.cache
def claims() -> dict[str, list[Claim]]:
    """Where they come from, and the claims. What the engine does not prove is left out later."""
    catalogue = [
        claim
        for formula in formulas.catalogue().values()
        for claim in formula.claims
        if not (formula.network and len(claim.where) > LAYERS)
    ]
    return {"catalogue": catalogue, "corpus": corpus.TRUE}
