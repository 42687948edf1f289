"""Claims that are to be decided: those of the catalogue by their names in the index, so that one
that was decided before is never built.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from derive.report import Finding

if TYPE_CHECKING:
    from derive.claims.entry import Entry
    from derive.cli.cache import Cache
    from derive.formulas.index import Listed


class Task(NamedTuple):
    """A claim that is to be decided.

    :param id: its id.
    :param heading_key: the file and the section that it stands under.
    :param module: the module of the catalogue that states it, ``""`` for none.
    :param entry: the claim itself, where it was built already.
    """

    id: str
    heading_key: tuple[str, str]
    module: str = ""
    entry: Entry | None = None

    def built(self) -> Entry:
        """The claim itself.

        :raises LookupError: where the catalogue's index names a claim that the catalogue has not.
        """
        if self.entry is not None:
            return self.entry
        from derive import formulas
        from derive.claims.entry import Entry

        for formula in formulas.catalogue([self.module]).values():
            for claim in formula.claims:
                if claim.id == self.id:
                    return Entry(claim, formula)
        raise LookupError(f"the catalogue's index names {self.id}, and {self.module} has none")

    def kept(self, cache: Cache) -> Finding | None:
        """What was found of it before; None where nothing is known without building it."""
        return cache.get(self.entry) if self.entry is not None else cache.of_catalogue(self.id)


def of_entries(entries: Iterable[Entry]) -> list[Task]:
    """Claims that are built."""
    return [Task(entry.id, (entry.path, entry.section), entry=entry) for entry in entries]


def of_catalogue(targets: Sequence[str], listed: Sequence[Listed]) -> list[Task] | None:
    """The claims of the catalogue that the targets name, all for none; None where a target names
    something else.
    """
    found: dict[str, Listed] = {}
    for target in targets:
        named = _named(target, listed)
        if not named:
            return None
        found |= {claim.id: claim for claim in named}
    chosen = found.values() if targets else listed
    return [Task(claim.id, ("", claim.section), claim.module) for claim in chosen]


def _named(target: str, listed: Sequence[Listed]) -> list[Listed]:
    """A claim, all of a formula or all of a section, whichever has that name first."""
    for matches in (
        [claim for claim in listed if claim.id == target],
        [claim for claim in listed if claim.formula == target],
        [claim for claim in listed if (claim.section + ".").startswith(target + ".")],
    ):
        if matches:
            return matches
    return []
