"""The four things that a claim may be decided to be, by name, for whoever prints without SymPy."""

from __future__ import annotations

HOLDS = "holds"
DISAGREES = "disagrees"
ILL_SHAPED = "ill-shaped"
UNDECIDED = "undecided"

STATUSES = (HOLDS, DISAGREES, ILL_SHAPED, UNDECIDED)
