"""The four things that a claim may be decided to be, and what may become of a formula of a document
besides, by name, for whoever prints without SymPy.
"""

from __future__ import annotations

HOLDS = "holds"
DISAGREES = "disagrees"
ILL_SHAPED = "ill-shaped"
UNDECIDED = "undecided"

STATUSES = (HOLDS, DISAGREES, ILL_SHAPED, UNDECIDED)
REFUTED = (DISAGREES, ILL_SHAPED)

AMBIGUOUS, DEFINES, DECLARES = "ambiguous", "defines", "declares"
NO_STATEMENT, NOT_UNDERSTOOD = "no-statement", "not-understood"

OUTCOMES = (*STATUSES, AMBIGUOUS, DEFINES, DECLARES, NO_STATEMENT, NOT_UNDERSTOOD)

INTERRUPTED = "interrupted"  # the code of a formula that Ctrl-C left undecided
