"""f and f′: a derivative that takes no upstream, ``sigmoid_prime(x)`` or ``sigmoid_prime(a)``.

Whether it takes the input of f or its output, or is a backward that takes the upstream alone, its
text does not always tell. Nor does that of a loss of each sample, whether its backward takes an
upstream or the predictions again. It holds if it does in one of these readings; it is wrong if it
is in each of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from derive.base.errors import ClaimError
from derive.claims.kinds import Backward
from derive.claims.verdict import HOLDS, UNDECIDED, Verdict
from derive.frontends.code import native
from derive.frontends.code.building import with_sizes
from derive.frontends.code.calling import AT_OUTPUT, MEAN, OF_LOSSES, NoLoss
from derive.frontends.code.method_names import DERIVATIVES, GRADIENTS
from derive.frontends.code.pairs import Pair, Traced, trace_pair

_OF_NUMBERS = re.compile(r"_(prime|derivative|deriv)$|^(d|deriv)_", re.IGNORECASE)
_OF_EITHER = re.compile(r"_(grad|gradient)$|^(grad|gradient)_", re.IGNORECASE)
# The same of methods: f.derivative(x), f.grad(x).
_METHODS = {**dict.fromkeys(DERIVATIVES, "f_prime"), **dict.fromkeys(GRADIENTS, "f_grad")}
OF_OUTPUT = "the derivative is one in terms of the output"

Verdicts = dict[str, Verdict]


def decided(pair: Pair, decide: Callable[[Pair], Verdicts]) -> Verdicts:
    """The verdicts on a pair in the reading in which it holds, or in the likeliest one.

    :raises ClaimError: where the pair is not understood in any.
    """
    name = _name(pair)
    readings: dict[str, Verdicts] = {}
    try:
        readings[""] = found = decide(pair)
        if pair.methods is not None and not _hold(found):
            found = _of_losses(pair, found, decide) or found
        if not (_OF_NUMBERS.search(name) or _OF_EITHER.search(name)) or _hold(found):
            return found
        if not any(isinstance(v.claim, Backward) for v in found.values()):
            return found  # of a loss, and it takes what that takes
    except NoLoss:
        again = _of_losses(pair, {}, decide) if pair.methods is not None else None
        if again:
            return again
    for reading in ("input", "output"):
        try:
            readings[reading] = again = decide(replace(pair, reading=reading))
        except ClaimError:
            if not readings:
                raise
            continue
        if _hold(again):
            return again if reading == "input" else _noted(again)
    likeliest = "input" if _OF_NUMBERS.search(name) else ""
    found = readings.get(likeliest) or next(iter(readings.values()))
    open_ = {n for own in readings.values() for n, v in own.items() if v.status == UNDECIDED}
    open_ &= {n for n, v in found.items() if v.status != UNDECIDED}
    reason = "it is not decided whether it is one in terms of the input, the output or the upstream"
    return {
        n: replace(v, status=UNDECIDED, witness=None, reason=reason) if n in open_ else v
        for n, v in found.items()
    }


def _of_losses(pair: Pair, found: Verdicts, decide: Callable[[Pair], Verdicts]) -> Verdicts | None:
    """The verdicts on a class, or those on the loss that it is if its backward takes predictions:
    where it holds so, and where it is wrong every way. None where it takes none.

    :param found: the verdicts if it takes an upstream; none where it takes none.
    """
    readings: dict[str, Verdicts] = {}
    for reading in OF_LOSSES:
        try:
            readings[reading] = again = decide(replace(pair, reading=reading))
        except ClaimError:
            continue
        if _hold(again):
            words = reading.removeprefix(AT_OUTPUT)
            note = f"its backward takes the predictions, and is of the {words} of the losses"
            return {n: replace(v, notes=(*v.notes, note)) for n, v in again.items()}
    if not readings:
        return None
    if found and _open(found) and all(map(_open, readings.values())):
        return found  # it says why
    if _open(found) and native.fails(pair):
        found = {}  # it cannot be called with an upstream
    likeliest = readings.get(AT_OUTPUT + MEAN) or next(iter(readings.values()))
    every = [*readings.values(), *([found] if found else [])]
    reason = "it is not decided whether its backward takes the predictions or an upstream"
    return {
        n: found[n] if n in found and found[n].status == UNDECIDED  # it says why
        else replace(v, status=UNDECIDED, witness=None, reason=reason)
        if any(own[n].status == UNDECIDED for own in every if n in own)
        else v
        for n, v in likeliest.items()
    }  # fmt: skip


def likeliest(pair: Pair) -> Traced:
    """A pair, traced in its likeliest reading.

    :raises Failed: where a line is refused, or does not fit.
    :raises ClaimError: where the pair itself is not understood.
    """
    pair = with_sizes(pair)
    as_input = replace(pair, reading="input")
    try:
        return trace_pair(as_input if _OF_NUMBERS.search(_name(pair)) else pair)
    except NoLoss:
        return trace_pair(as_input)
    except ClaimError:
        return trace_pair(pair)


def _name(pair: Pair) -> str:
    if pair.flag:
        return "f_prime"
    if pair.methods is not None:
        return _METHODS.get(pair.methods[1], pair.methods[1])
    own = pair.backward if isinstance(pair.backward, str) else ""
    return own or getattr(pair.backward, "__name__", "")


def _hold(found: Verdicts) -> bool:
    return all(verdict.status == HOLDS for verdict in found.values())


def _open(found: Verdicts) -> bool:
    return all(verdict.status == UNDECIDED for verdict in found.values())


def _noted(found: Verdicts) -> Verdicts:
    return {n: replace(v, notes=(*v.notes, OF_OUTPUT)) for n, v in found.items()}
