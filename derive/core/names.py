"""The names of what the engine makes of named arrays, which are the language's to give."""

from __future__ import annotations

from derive.base.slot import Slot

# The label of a function of a matrix, by the function's name and the matrix's label; None for a
# matrix without one.
FUNCTION_OF_A_MATRIX = Slot("derive.engine")
