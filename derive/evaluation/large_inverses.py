"""Inverses and determinants at sizes as people have them, of matrices in which few indices differ.

The indices of a matrix fall into groups: those that are told apart, one each, and blocks of indices
that may be permuted without changing an entry. On vectors that are constant on every block such a
matrix acts as a small one, with the sums over a block as its entries; on those that are not zero
within one block alone, and there have the sum 0, as the number A[k, k] − A[k, l] of that block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from derive.evaluation.jets import Jet, Jets

At = Callable[[int, int], Jet]


@dataclass(frozen=True)
class Group:
    """Indices that may be permuted: one of them, how many there are, and another, if there is."""

    index: int
    count: int
    other: int | None = None


@dataclass(frozen=True)
class Reduced:
    """A matrix as it acts on vectors that are constant on each group, and within the groups."""

    jets: Jets
    groups: tuple[Group, ...]
    matrix: Jet
    within: tuple[Jet | None, ...]

    def determinant(self) -> Jet:
        """The product of what both parts have for one."""
        whole = self.jets.determinant(self.matrix)
        for group, number in zip(self.groups, self.within, strict=True):
            if number is not None:
                power = self.jets.integer_power(number, group.count - 1)
                whole = self.jets.multiply(whole, power)
        return whole

    def inverse(self) -> Inverted:
        """Both parts inverted."""
        turned = tuple(n if n is None else self.jets.reciprocal(n) for n in self.within)
        return Inverted(self.jets, self.groups, self.jets.inverse(self.matrix), turned)


@dataclass(frozen=True)
class Inverted:
    """The inverse of a matrix, in the same parts."""

    jets: Jets
    groups: tuple[Group, ...]
    matrix: Jet
    within: tuple[Jet | None, ...]

    def entry(self, row: int, column: int, same: bool) -> Jet:
        """An entry, of two indices by their groups; in one group also by whether they are the
        same.
        """
        jets, count = self.jets, self.groups[column].count
        whole = self._over(count, jets.entry(self.matrix, (row, column)))
        number = self.within[row]
        if row != column or number is None:
            return whole
        whole = jets.add(whole, jets.negative(self._over(count, number)))
        return jets.add(whole, number) if same else whole

    def _over(self, count: int, jet: Jet) -> Jet:
        number = Jet(self.jets.field.number(count))
        return jet if count == 1 else self.jets.multiply(jet, self.jets.reciprocal(number))


def reduced(jets: Jets, groups: tuple[Group, ...], at: At) -> Reduced:
    """A matrix by its entries, in the parts that its groups leave."""
    entries: list[Jet] = []
    within: list[Jet | None] = []
    for group in groups:
        for other in groups:
            entry = at(group.index, other.index)
            if group is other and group.other is not None:
                beside = at(group.index, group.other)
                within.append(jets.add(entry, jets.negative(beside)))
                scaled = jets.scaled(jets.field.number(group.count - 1), beside)
                entry = jets.add(entry, scaled)
            elif group is other:
                within.append(None)
            elif other.count > 1:
                entry = jets.scaled(jets.field.number(other.count), entry)
            entries.append(entry)
    matrix = jets.stack(entries, (len(groups), len(groups)))
    return Reduced(jets, groups, matrix, tuple(within))
