"""The corpus: right claims and wrong ones in plain SymPy, and which of these do not even fit.

Each module adds its own to the lists of the first one.
"""

from corpus.once import sums_evaluated_once

with sums_evaluated_once():  # it halves what the import takes
    from corpus import inequalities, learning, matrices, sequences  # noqa: F401  (they fill the lists)
    from corpus.textbook import FALSE, ILL_SHAPED, TRUE

__all__ = ["FALSE", "ILL_SHAPED", "TRUE"]
