"""Can a verdict be believed? Wrong claims must not hold, rewritten ones must, broken rules show.

``python -m tests.trust`` runs everything; ``tests/trust/test_trust.py`` a sample of it.
"""

import sys
from pathlib import Path

# The modules beside this package are imported by their own names, as pytest has them too.
_BESIDE = str(Path(__file__).resolve().parent.parent)
if _BESIDE not in sys.path:
    sys.path.append(_BESIDE)
