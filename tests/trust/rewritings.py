"""Claims that say the same as a claim: what holds still has to."""

from __future__ import annotations

import random

from derive.claims.kinds import Claim

from . import same_functions, same_matrices, same_sums  # noqa: F401  (they fill the registry)
from .same import LAWS
from .same_claims import RESTATEMENTS
from .variants import Variant, variants


def rewritings(claim: Claim, count: int, rng: random.Random) -> list[Variant]:
    """At most ``count`` claims that say the same, no two alike: single changes, then pairs."""
    return variants(claim, LAWS.values(), RESTATEMENTS, count, rng)
