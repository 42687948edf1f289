"""The mistakes in the left side of an identity: Σ_j p_j = 1 is wrong by what is summed, and not by
the number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy as sp

from derive.base.budget import Budget
from derive.claims.verdict import Witness
from derive.diagnosis.claimed import Documented
from derive.diagnosis.definitions import places
from derive.diagnosis.repaired import repaired
from derive.diagnosis.trial import Trial
from derive.language.operators import MatrixPartial, Partial

WORK = 0.06e6  # less than for the right side, which is more often wrong


def mistake_on_the_left(trial: Trial, witness: Witness, budget: Budget) -> str:
    """The mistake in the left side of an identity without which it is the right one, in words; ''
    where none is found, where the claim states one side only, and where the left one is a
    derivative: that is what is asked.

    :param trial: of the right side.
    """
    claim: Any = trial.claim
    if not claim.states_both or isinstance(claim.left, (Partial, MatrixPartial)):
        return ""
    turned = replace(claim, left=claim.right, right=claim.left)
    seen = replace(witness, left=witness.right, right=witness.left)
    documented = Documented(turned, turned.right, trial.problem.shapes)
    own = list(places(documented))[:1]  # definitions were looked at from the other side
    soon = trial.turned(turned, budget.share(WORK), seen)
    words, _, _ = repaired(soon, documented, own, _says_something(claim))
    return f"in the left side: {words}" if words else ""


def _says_something(claim: Any) -> Callable[[Any], bool]:
    """Whether a side still says what it said, without an inverse that nobody wrote, and is not the
    right one as it stands. Beside a number something may be too much.
    """
    inverses, length = claim.left.atoms(sp.Inverse), _length(claim.left)

    def suits(side: Any) -> bool:
        if claim.right.is_number:
            whole = any(not symbol.is_integer for symbol in side.free_symbols)
        else:
            whole = _length(side) >= length
        zero = isinstance(side, (sp.Mul, sp.MatMul)) and 0 in side.args  # nobody wrote that
        whole = whole and not zero
        return whole and side.atoms(sp.Inverse) <= inverses and _done(side) != claim.right

    return suits


def _done(side: Any) -> Any:
    """A product or a sum of matrices made; any other side, and where SymPy chokes, as it is."""
    try:  # SymPy would work out a sum over a range
        return side.doit(deep=False) if isinstance(side, (sp.MatAdd, sp.MatMul)) else side
    except Exception:  # of a determinant, among others, a RuntimeError
        return side


def _length(side: Any) -> int:
    return sum(1 for _ in sp.preorder_traversal(side))
