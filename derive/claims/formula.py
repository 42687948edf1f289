"""A catalogue entry: a formula with its dimensions, its symbols and the claims made about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from derive.claims.kinds import Claim
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
