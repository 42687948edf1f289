"""The claims that are put to the test: those of the catalogue, and the corpus's true ones."""

from __future__ import annotations

import functools

import corpus

from derive import formulas
from derive.claims.kinds import Claim
from derive.claims.sizes import put_in

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
    # The sizes that a claim defines are put in before anything is read.
    plain = [claim for claim in corpus.TRUE if put_in(claim) is claim]
    return {"catalogue": catalogue, "corpus": plain}
