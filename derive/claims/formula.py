"""A catalogue entry: a formula with its dimensions, its symbols and the claims made about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sympy as sp

from derive.claims.kinds import Claim
from derive.claims.markdown import for_markdown
from derive.claims.typesetting import latex_equation
from derive.language.typesetting import latex_of

if TYPE_CHECKING:
    from derive.language.network import Network


@dataclass(frozen=True)
class Formula:
    """One formula of a document.

    :param id: permanent, lower case with dashes; the first part of its claims' ids.
    :param title: for people.
    :param section: the section of the document, such as ``"1.3"``.
    :param dimensions: each size symbol and what it counts.
    :param symbols: each symbol and its meaning; its shape is the symbol's own.
    :param claims: what the document states.
    :param references: where the formula is published.
    :param network: the layers, where the formula is a network.
    """

    id: str
    title: str
    section: str
    dimensions: Mapping[sp.Symbol, str]
    symbols: Mapping[sp.Basic, str]
    claims: tuple[Claim, ...]
    references: tuple[str, ...] = ()
    network: Network | None = None

    def _repr_markdown_(self) -> str:
        """How a notebook shows it: what its symbols mean, and what is claimed."""
        section = f" ({self.section})" if self.section else ""
        meanings = {**self.dimensions, **self.symbols}
        lines = [
            f"- ${_with_shape(symbol)}$: {for_markdown(said)}" for symbol, said in meanings.items()
        ]
        claims = [f"`{claim.id}`\n\n$$\n{latex_equation(claim)}\n$$" for claim in self.claims]
        return "\n\n".join([f"**{self.title}**{section}", "\n".join(lines), *claims]) + "\n"


def _with_shape(symbol: sp.Basic) -> str:
    """A symbol in LaTeX, and of an array the sizes that it has."""
    shape = getattr(symbol, "shape", None)
    if not shape:
        return latex_of(symbol)
    sizes = r" \times ".join(
        f"({latex_of(size)})" if isinstance(size, sp.Add) else latex_of(size) for size in shape
    )
    return rf"{latex_of(symbol)} \in \mathbb{{R}}^{{{sizes}}}"
