"""Names that could have been meant by one that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def near(name: str, names: Sequence[str]) -> list[str]:
    """At most three names that could have been meant, whatever their case."""
    spelt = {known.lower(): known for known in names}
    return [spelt[key] for key in difflib.get_close_matches(name.lower(), spelt, n=3, cutoff=0.6)]
