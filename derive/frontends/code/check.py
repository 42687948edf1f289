"""Pairs decided: traced, compared with native runs, proved or refuted."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice, product
from pathlib import Path
from typing import Any

import sympy as sp

from derive import engine
from derive.base.budget import EFFORT
from derive.base.errors import ClaimError
from derive.claims.kinds import Claim, Gradient
from derive.claims.verdict import DISAGREES, HOLDS, ILL_SHAPED, STATUSES, UNDECIDED, Verdict
from derive.frontends.code import native, pointwise, small_sizes, witnessed
from derive.frontends.code.as_code import as_code
from derive.frontends.code.building import with_sizes
from derive.frontends.code.finding import FUNCTIONS, LAYER, called
from derive.frontends.code.left_out import MOST, own_file, place_of
from derive.frontends.code.pairs import Failed, Pair, Traced, claims_of, trace_pair
from derive.frontends.code.shapes import Labels
from derive.frontends.code.targets import without_false_alarms
from derive.frontends.code.wider import narrowed, widened

ATTEMPTS = 3  # small sizes at which a refutation is tried

OF_TARGETS = 0.2  # of the work, for whether it is right of one-hot targets

SEEN = 1e-100  # what is less is nothing that numbers of the code could differ by

UNSEEN = "is not seen to stay within its array"  # of an entry, in a reason

OURS = "internal error: the trace is not what the code computes"


def decide(pair: Pair, timeout: float = 60.0, effort: float = EFFORT) -> dict[str, Verdict]:
    """A verdict for each input of a pair.

    :param effort: how much work may be done for each, 1 being the usual.

    :raises ClaimError: where the pair itself is not understood.
    """
    pair = with_sizes(pair)
    if any(isinstance(shape, Labels) and shape.binary for shape in pair.shapes.values()):
        # what holds for any numbers holds for 0 and 1
        wider = _decided(replace(pair, real_masks=True), timeout, effort)
        if all(verdict.status == HOLDS for verdict in wider.values()):
            return wider
        own = _decided(pair, timeout, effort)
        return own | {n: v for n, v in wider.items() if v.status == HOLDS}
    return _decided(pair, timeout, effort)


def _decided(pair: Pair, timeout: float, effort: float) -> dict[str, Verdict]:
    found = pointwise.decided(pair, partial(_decide_as_read, timeout=timeout, effort=effort))
    less = partial(_decide_as_read, timeout=timeout, effort=effort * OF_TARGETS)
    return without_false_alarms(pair, found, partial(pointwise.decided, decide=less))


def _decide_as_read(pair: Pair, timeout: float, effort: float) -> dict[str, Verdict]:
    traced = _cut(pair, _other_cuts(pair)) or _traced_or_none(pair)
    if traced is None:
        return _decided_as_traced(pair, None, timeout, effort)
    found: dict[str, Verdict] = {}
    if traced.trace.masks:
        # -1e9 in a case is meant for −∞: a softmax of it is right where exp(-1e9) is 0
        masked = _traced_or_none(replace(traced.pair, masked=True))
        if masked is not None:
            found = _decided_as_traced(masked.pair, masked, timeout, effort)
    if not found or any(v.status == UNDECIDED for v in found.values()):
        exact = _decided_as_traced(traced.pair, traced, timeout, effort)
        open_ = {n: v for n, v in found.items() if v.status == UNDECIDED}
        kept = {n: v for n, v in open_.items() if n in exact and _is_masked_out(exact[n])}
        found = exact | kept | {n: v for n, v in found.items() if n not in open_}
    return found


def _is_masked_out(verdict: Verdict) -> bool:
    """Whether the sides of a witness differ by no more than what −1e9 leaves of a softmax."""
    witness = verdict.witness
    if verdict.status != DISAGREES or witness is None:
        return False
    try:
        return abs(float(witness.left - witness.right)) < SEEN
    except (TypeError, ValueError):
        return False


def _decided_as_traced(
    pair: Pair, traced: Traced | None, timeout: float, effort: float
) -> dict[str, Verdict]:
    several = any("*" in str(shape) for shape in pair.shapes.values())
    found = _decide(pair, timeout, effort, traced)
    undecided = [n for n, v in found.items() if v.status == UNDECIDED]
    wrong = [n for n, v in found.items() if v.status == DISAGREES]
    if wrong or undecided:
        found.update(_without_stabilisers(pair, found, [*wrong, *undecided], timeout, effort))
        undecided = [n for n in undecided if found[n].status == UNDECIDED]
    if undecided and several:
        # the code may cut its flat axes the other way round
        again = _decide(replace(pair, turned=not pair.turned), timeout, effort)
        found.update({n: again[n] for n in undecided if again[n].status != UNDECIDED})
        undecided = [n for n in undecided if found[n].status == UNDECIDED]
    if undecided:
        found.update(_of_every_size(pair, undecided, timeout, effort))
        undecided = [n for n in undecided if found[n].status == UNDECIDED]
    if undecided:
        found.update(_wrong_at_small_sizes(pair, found, undecided, timeout, effort))
    unseen = [n for n in undecided if UNSEEN in found[n].reason and found[n].status == UNDECIDED]
    where = small_sizes.leaving(pair) if unseen else None
    if where is not None:
        found.update({n: replace(found[n], status=ILL_SHAPED, reason=where) for n in unseen})
    return found


def _of_every_size(
    pair: Pair, names: list[str], timeout: float, effort: float
) -> dict[str, Verdict]:
    """Proofs for every size in the place of the numbers that are declared."""
    wider = widened(pair)
    if wider is None:
        return {}
    again = _decide(wider[0], timeout, effort)
    told = {name: narrowed(again[name], wider[1]) for name in names if name in again}
    return {name: verdict for name, verdict in told.items() if verdict is not None}


def _wrong_at_small_sizes(
    pair: Pair, found: dict[str, Verdict], names: list[str], timeout: float, effort: float
) -> dict[str, Verdict]:
    """Refutations, at sizes that are numbers, of what is not read or decided for every size."""
    changed: dict[str, Verdict] = {}
    for at in islice(small_sizes.wrong_sizes(pair), ATTEMPTS):
        again = _decide(small_sizes.at_sizes(pair, at), timeout, effort)
        for name in names:
            verdict = again.get(name)
            if verdict is None or verdict.status != DISAGREES or verdict.witness is None:
                continue
            sizes = {**{str(s): int(n) for s, n in at.items()}, **verdict.witness.sizes}
            told = ", ".join(f"{s} = {n}" for s, n in sorted(at.items(), key=str))
            # Which mistake it is that explains one size may not explain another.
            note = f"the code was read at these sizes alone; for every size: {found[name].reason}"
            changed[name] = replace(
                verdict, witness=replace(verdict.witness, sizes=sizes), notes=(note,),
                reason=f"at {told}, {verdict.reason.rpartition('; ')[2]}",
            )  # fmt: skip
        names = [name for name in names if name not in changed]
        if not names:
            break
    return changed


def _other_cuts(pair: Pair) -> list[Pair]:
    """The other orders in which the code may cut the flat axes of its inputs: products of sizes
    from their last factor, sums of them from their last term.
    """
    written = " ".join(str(shape) for shape in pair.shapes.values())
    orders = product(*((False, True) if sign in written else (False,) for sign in "*+"))
    return [replace(pair, turned=turned, swapped=swapped) for turned, swapped in orders][1:]


def _cut(pair: Pair, others: list[Pair]) -> Traced | None:
    """The trace in which the flat axes of inputs are cut as they are written, or in another order
    where fewer positions are then found by division, or in cases. None where there is no choice,
    or no trace.
    """
    best = _traced_or_none(pair) if others else None
    fewest = _crossings(best) if best is not None else 0
    for other in others if fewest else []:
        traced = _traced_or_none(other)
        if traced is not None and _crossings(traced) < fewest:
            best, fewest = traced, _crossings(traced)
    return best


def _traced_or_none(pair: Pair) -> Traced | None:
    try:
        return trace_pair(pair)
    except Failed:
        return None


def _crossings(traced: Traced) -> int:
    """How often a trace finds a position across the factors of an axis."""
    arrays = (*traced.outputs, *traced.gradients.values())
    read = [*traced.trace.where.values(), *(b for a in arrays for b in a.bodies.values())]
    return sum(len(expr.atoms(sp.floor, sp.Mod, sp.Lt, sp.Ge)) for expr in read)


def _without_stabilisers(
    pair: Pair, found: dict[str, Verdict], names: list[str], timeout: float, effort: float
) -> dict[str, Verdict]:
    """Gradients that are right where no clip cuts, or that would be without an ε: of those that
    are wrong, or undecided, as they stand.
    """
    changed: dict[str, Verdict] = {}
    try:
        trace = trace_pair(pair).trace
    except Failed:  # others are decided without what does not fit
        return changed
    if trace.clips:
        again = _decide(replace(pair, inside=True), timeout, effort)
        changed = {n: again[n] for n in names if again[n].status == HOLDS}
    rest = [n for n in names if n not in changed and found[n].status == DISAGREES]
    if rest and trace.stabilised:
        again = _decide(replace(pair, exact=True), timeout, effort)
        small = ", ".join(f"{float(value):g}" for value in trace.stabilised)
        for name in rest:
            if again[name].status == HOLDS:
                words, told = f"it holds with {small} = 0 only", found[name].reason
                if not told.startswith(words):
                    changed[name] = replace(found[name], reason=f"{words}; {told}")
    return changed


def _decide(
    pair: Pair, timeout: float, effort: float, traced: Traced | None = None
) -> dict[str, Verdict]:
    try:
        traced = traced or trace_pair(pair)
    except Failed as problem:
        if problem.status == ILL_SHAPED:
            fails = native.fails(pair)
            if fails is False:
                return _all(pair, UNDECIDED, f"{OURS}: it runs where the trace says: {problem}")
            if fails is None and problem.library == "numpy":
                return _all(pair, UNDECIDED, f"the code was not run to confirm: {problem}")
            fitting = _without_misfits(pair, problem)
            if fitting is not None:
                return _answered(fitting, timeout, effort)
        return _all(pair, problem.status, str(problem))
    return _answered(traced, timeout, effort)


def _without_misfits(pair: Pair, problem: Failed) -> Traced | None:
    """The trace of the gradients that rest on no misfit; None where these cannot be left out, or
    nothing else is left.
    """
    for _ in range(MOST):
        cause = problem.__cause__
        if problem.status != ILL_SHAPED or cause is None or problem.at is None:
            return None
        number = len(pair.left_out)
        place = place_of(cause, own_file(pair), number, str(problem))
        if place is None or place in pair.left_out:
            return None
        pair = replace(pair, left_out=(*pair.left_out, place))
        try:
            traced = trace_pair(pair)
        except Failed as further:
            problem = further
            continue
        except ClaimError:
            return None
        return traced if traced.unfit and traced.gradients else None
    return None


def _answered(traced: Traced, timeout: float, effort: float) -> dict[str, Verdict]:
    pair = traced.pair
    notes = tuple(traced.trace.notes)
    if traced.unfit:
        notes += ("a run of the code ends at the line that does not fit",)
    try:
        native.compare(traced)
    except native.Differs as problem:
        return _all(pair, UNDECIDED, f"{OURS}: {problem}", traced)
    except native.NotRun as problem:
        if not isinstance(problem, native.NotInstalled) and native.can_run(traced):
            reason = f"the code does not run: {problem}"
            return _all(pair, UNDECIDED, reason, traced)
        library = "the code" if traced.trace.library == "numpy" else traced.trace.library
        notes += (f"{library} was not run to compare ({problem})",)
    decided = partial(engine.verify, timeout=timeout, effort=effort)
    found = {n: _no_claim(pair, n, ILL_SHAPED, p.reason) for n, p in traced.unfit.items()}
    found.update({name: _verdict(traced, name, decided, notes) for name in traced.gradients})
    return {name: found[name] for name in traced.asked.expected if name in found}


def _verdict(
    traced: Traced, name: str, decided: Callable[[Claim], Verdict], notes: tuple[str, ...]
) -> Verdict:
    try:
        claims = claims_of(traced, name)
    except Failed as problem:
        return replace(_no_claim(traced.pair, name, problem.status, str(problem)), notes=notes)
    worst: Verdict | None = None
    seconds = 0.0
    for key, claim in claims:
        source = _assigned_at(traced, claim)
        claim = replace(claim, id=f"{traced.pair.name}.{name}", source=source)
        verdict = decided(claim)
        verdict = replace(verdict, reason=_with_line(traced, verdict.reason))
        seconds += verdict.seconds
        if verdict.status == DISAGREES:
            verdict = _run(traced, name, key, verdict)
        elif verdict.status == ILL_SHAPED and native.fails(traced.pair, everywhere=False) is False:
            reason = f"{OURS}: no run of it fails, and {verdict.reason}"
            verdict = replace(verdict, status=UNDECIDED, reason=reason)
        if verdict.status == DISAGREES and (text := as_code(traced, verdict.derived)) is not None:
            told = f"derived, as code: {text}"
            verdict = replace(verdict, notes=(*verdict.notes, told))
        worst = verdict if worst is None else _worse(worst, verdict)
        if worst.status == DISAGREES:
            break
    assert worst is not None
    if worst.status == HOLDS:
        # What the trace rests on is assumed, whatever the proof made use of.
        rests = (*_masks(traced), *traced.trace.assumed, *traced.trace.between, *traced.trace.once)
        assumptions = tuple(dict.fromkeys((*rests, *worst.assumptions)))
        worst = replace(worst, assumptions=assumptions)
    return replace(worst, notes=(*worst.notes, *notes), seconds=seconds)


def _masks(traced: Traced) -> Iterator[Any]:
    """What is taken for −∞, as equations."""
    if traced.pair.masked:
        for mask in traced.trace.masks:
            yield sp.Eq(sp.Symbol(f"{float(mask):g}"), -sp.oo, evaluate=False)


def _assigned_at(traced: Traced, claim: Any) -> str:
    """``file:line`` of the assignment of what is returned as a gradient, ``""`` where it has no
    name of its own.
    """
    said = claim.equals
    names = [said] if said in traced.trace.lines else []
    if not names and isinstance(said, sp.Basic):
        names = [a for a in said.atoms(sp.IndexedBase, sp.Symbol) if a in traced.trace.lines]
    if not names:
        return ""
    path, line = max((traced.trace.lines[name] for name in names), key=lambda place: place[1])
    return f"{path}:{line}"


def _with_line(traced: Traced, reason: str) -> str:
    """A reason that says in which assignment the mistake is, with the line of that."""
    name, mark, rest = reason.removeprefix("in ").partition(": ")
    if not mark or not reason.startswith("in "):
        return reason
    lines = {str(symbol): line for symbol, (_, line) in traced.trace.lines.items()}
    return f"in {name} (line {lines[name]}): {rest}" if name in lines else reason


def _run(traced: Traced, name: str, key: tuple[int, ...], verdict: Verdict) -> Verdict:
    """A refutation that the user's own functions confirm."""
    if verdict.witness is None:
        return verdict
    seen = witnessed.refuted(traced, name, verdict.witness, key)
    if seen:
        return verdict
    if seen is None:
        return replace(
            verdict, notes=(*verdict.notes, "the code was not run at the witness to confirm it")
        ) if not native.can_run(traced) else replace(
            verdict, status=UNDECIDED, witness=None,
            reason=f"a witness was found that a run of the code does not show: {verdict.reason}",
        )  # fmt: skip
    return replace(
        verdict, status=UNDECIDED, witness=None,
        reason="internal error: the code's own run contradicts the witness",
    )  # fmt: skip


_ORDER = (DISAGREES, ILL_SHAPED, UNDECIDED, HOLDS)
assert set(_ORDER) == set(STATUSES)


def _worse(a: Verdict, b: Verdict) -> Verdict:
    first, _ = sorted((a, b), key=lambda v: _ORDER.index(v.status))
    if first.status == HOLDS:
        assumptions = tuple(dict.fromkeys((*a.assumptions, *b.assumptions)))
        return replace(a, assumptions=assumptions)
    return first


def _no_claim(pair: Pair, name: str, status: str, reason: str) -> Verdict:
    symbol = sp.Symbol(name)
    claim = Gradient(sp.Symbol("output"), symbol, sp.Symbol(f"d{name}"), id=f"{pair.name}.{name}")
    return Verdict(claim, status, reason=reason)


def _all(pair: Pair, status: str, reason: str, traced: Traced | None = None) -> dict[str, Verdict]:
    wrt = pair.wrt or tuple(n for n, s in pair.shapes.items() if not isinstance(s, Labels))
    return {name: _no_claim(pair, name, status, reason) for name in wrt}


def pair_of(
    target: Any,
    backward: Any = None,
    *,
    shapes: Mapping[str, Any],
    fixed: Mapping[str, Any] | None = None,
    wrt: Any = None,
    params: Mapping[str, str] | None = None,
    init: Mapping[str, Any] | None = None,
    call: Any = None,
    grads: Mapping[str, str] | None = None,
    packed: Mapping[str, str] | None = None,
) -> Pair:
    """The pair that a target means: functions, or ``path/to/file.py::name``.

    :raises ClaimError: where it means none.
    """
    path, known = None, None
    if isinstance(target, str):
        path, mark, name = target.partition("::")
        if not mark:
            raise ClaimError(f"{target!r} is no target; write path/to/file.py::name")
        if not os.path.exists(path):
            raise ClaimError(f"{path} does not exist")
        target = name
        if isinstance(backward, str) and "::" in backward:
            backward = backward.partition("::")[2]
        known = called(Path(path), name)
        if known is not None and known.kind == FUNCTIONS:
            backward = backward or known.backward
    elif isinstance(target, type):
        try:
            file = inspect.getsourcefile(target)
        except TypeError:  # a class of the interpreter's own
            raise ClaimError(f"the source of {target!r} is not found") from None
        known = called(Path(file), target.__qualname__) if file is not None else None
    own = target if isinstance(target, str) else getattr(target, "__name__", str(target))
    if isinstance(wrt, str):
        wrt = tuple(wrt.replace(",", " ").split())
    if isinstance(call, str):
        call = tuple(call.replace(",", " ").split())
    unbuilt: tuple[str, ...] = ()
    if known is not None and known.kind == LAYER:
        said = {*shapes, *(params or ()), *(init or ()), *(fixed or ())}
        unbuilt = tuple(name for name in known.built_with if name not in said)
    return Pair(
        own, target, backward, dict(shapes), dict(fixed or {}),
        None if wrt is None else tuple(wrt), path, dict(params or {}), dict(init or {}),
        None if call is None else tuple(call), dict(grads or {}),
        methods=known.methods if known is not None else None,
        flag=known.flag if known is not None and backward is None else "", unbuilt=unbuilt,
        packed=dict(packed or {}),
    )  # fmt: skip
