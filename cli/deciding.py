"""How claims are decided for a command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derive.claims.kinds import Claim
    from derive.claims.verdict import Verdict
    from derive.cli.cache import Cache


def decider(timeout: float, effort: float) -> Callable[[Claim], Verdict]:
    """What decides a claim; the engine is imported where the first one is decided."""

    def decide(claim: Claim) -> Verdict:
        from derive import engine

        return engine.verify(claim, timeout=timeout, effort=effort)

    return decide


def one_by_one(timeout: float, effort: float, steps: int = 0) -> Callable[[Any], Verdict]:
    """Decides one claim after the other, each in a process that is ended where it takes too long;
    never raises.
    """
    from derive.cli.claim_runner import verdicts

    decide = decider(timeout, effort)
    return lambda claim: next(verdicts([claim], decide, 1, timeout, steps))


def kept_findings(directory: str | None, timeout: float, effort: float) -> Cache | None:
    from derive.cli.cache import Cache, default_directory, is_off

    if directory is None and is_off():
        return None
    return Cache(Path(directory) if directory else default_directory(), timeout, effort)
