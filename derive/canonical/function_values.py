"""The values of functions of matrices, as arrays of their own."""

from __future__ import annotations

from typing import TypeGuard

from derive.canonical.atoms import Atom, EntryAtom
from derive.core.integers import Poly
from derive.core.names import FUNCTION_OF_A_MATRIX
from derive.core.terms import Array, FunctionEntry, Shared, Term, function_of


class Value(Array):
    """The value of a function of a matrix: an array whose entries depend on those of others."""

    def __init__(self, function: str, matrix: Shared, size: Poly, traits: frozenset[str]) -> None:
        super().__init__(f"{function} of {matrix}", (size, size), traits)
        self.function = function
        self.matrix = matrix
        self.whole = function_of(
            matrix, function, size, FUNCTION_OF_A_MATRIX(function, matrix.label)
        )

    def at(self, i: Poly, j: Poly) -> Term:
        """An entry as what it stands for."""
        return FunctionEntry((), (self.matrix, self.function, self.axes[0], i, j))


def is_value(atom: Atom) -> TypeGuard[EntryAtom]:
    """Whether an atom is an entry of a function of a matrix."""
    return isinstance(atom, EntryAtom) and isinstance(atom.array, Value)
