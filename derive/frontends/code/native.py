"""The user's own functions run natively: what was traced has to be what they compute."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import math
import os
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from itertools import islice
from traceback import extract_tb
from typing import Any

import numpy as np
import sympy as sp

from derive.base.errors import ClaimError, DeriveError
from derive.evaluation.evaluate import EvaluationError, Point, Values
from derive.frontends.code import axes as ax
from derive.frontends.code.arrays import Array, keys
from derive.frontends.code.calling import Performed
from derive.frontends.code.calls import perform
from derive.frontends.code.left_out import Unfit, running_without
from derive.frontends.code.libraries import TABLES
from derive.frontends.code.library_arrays import in_double, library_of, of_library, plain
from derive.frontends.code.not_installed import NotInstalled, NotRun, standing_in
from derive.frontends.code.pairs import Pair, Traced, asked_of, fixed_values
from derive.frontends.code.shapes import Input, make_input
from derive.frontends.code.sizes import Size
from derive.frontends.code.trace import Trace, opened
from derive.language.operators import Tensor

POINTS = 3  # at which a trace is compared
TRIES = 400
CANDIDATES = 60  # sizes of which those are chosen
AFFORDABLE = 300  # as a product of all sizes
MISFITS = 60  # at which a misfit has to show
TOLERANCE = 1e-6
SINGLE = 1e-4  # what code that casts to 32 bits may differ by
STEP = 3e-5  # of finite differences


# Numbers that are drawn, in eighths: of both signs, positive, between 0 and 1.
MIXED, POSITIVE, UNIT = range(-8, 9), range(1, 13), range(1, 8)
WIDE = range(-4001, 4001, 7)  # so many that none are equal in an array that is not large


class Differs(Exception):
    """What was traced is not what the user's function computes."""


def native_function(pair: Pair, target: Any) -> Any:
    """The user's own function.

    :raises NotRun: where its file does not import.
    """
    if not isinstance(target, str):
        return target
    assert pair.path is not None
    found: Any = native_module(pair.path)
    for part in target.split("."):
        found = getattr(found, part)
    return found


_modules: dict[tuple[str, float], Any] = {}


def native_module(path: str) -> Any:
    """A file, imported as Python does.

    :raises NotRun: where that fails.
    """
    path = os.path.abspath(path)
    key = (path, os.stat(path).st_mtime)
    if key in _modules:
        return _modules[key]
    top, name = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0]
    while os.path.exists(os.path.join(top, "__init__.py")):
        name = f"{os.path.basename(top)}.{name}"
        top = os.path.dirname(top)
    before = list(sys.path)
    sys.path.insert(0, top)
    known = name if "." in name else f"derive_native_{name}"
    # Bytecode is told from its source by the second: a file that is saved twice in one would run as
    # it was.
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with standing_in(), generating():
            if "." in name:
                module = importlib.import_module(name)
            else:
                spec = importlib.util.spec_from_file_location(known, path)
                assert spec is not None and spec.loader is not None
                module = importlib.util.module_from_spec(spec)
                sys.modules[known] = module
                spec.loader.exec_module(module)
    except Exception as problem:
        sys.modules.pop(known, None)
        if isinstance(problem, ModuleNotFoundError) and _root(problem.name) in TABLES:
            raise NotInstalled(f"{_root(problem.name)} is not installed") from problem
        lines = [f.lineno for f in extract_tb(problem.__traceback__) if f.filename == path]
        at = f" (line {lines[-1]})" if lines else ""
        raise NotRun(f"{type(problem).__name__}: {problem}{at}") from problem
    finally:
        sys.dont_write_bytecode = written
        sys.path[:] = before
    _modules[key] = module
    return module


def _root(module: str | None) -> str:
    return (module or "").partition(".")[0]


# ---- points


def size_symbols(traced: Traced) -> list[Any]:
    found: set[Any] = set()
    for one in traced.inputs.values():
        for size in one.sizes:
            found |= size.free_symbols
        if one.of is not None:
            found |= one.of.free_symbols
    for value in (*traced.fixed.values(), *traced.init.values()):
        found |= _sizes_in(value)
    return sorted(found, key=str)


def _sizes_in(value: Any) -> set[Any]:
    if isinstance(value, Size):
        return value.expr.free_symbols
    if isinstance(value, (Mapping, tuple)):
        parts = value if isinstance(value, tuple) else value.values()
        return set().union(*map(_sizes_in, parts))
    return set()


def assignments(
    traced: Traced, rng: random.Random, distinct: bool = False
) -> Iterator[dict[Any, int]]:
    """Small sizes at which all that is assumed of sizes holds; ``distinct`` ones, above 1."""
    symbols = size_symbols(traced)
    facts = [f for f in traced.trace.assumed if f.free_symbols <= set(symbols)]
    sizes = [s for one in traced.inputs.values() for s in one.sizes]
    defined = {
        s for symbol in traced.trace.where for s in getattr(symbol, "shape", None) or ()
        if not s.is_Symbol
    }  # fmt: skip
    seen: set[tuple[int, ...]] = set()
    first = [tuple(2 + k % 3 for k in range(len(symbols)))]
    for attempt in range(TRIES):
        most = 4 if attempt < 40 else 7
        numbers = first.pop() if first else tuple(rng.randint(1, most) for _ in symbols)
        if distinct:
            numbers = tuple(rng.sample(range(2, 4 + 2 * len(symbols)), len(symbols)))
        if numbers in seen:
            continue
        seen.add(numbers)
        at = dict(zip(symbols, map(sp.Integer, numbers), strict=True))
        if any(
            fact.xreplace(at) not in (True, sp.true) and not fact.xreplace(at).doit()
            for fact in facts
        ):
            continue
        shapes = [size.xreplace(at) for size in sizes]
        if any(not s.is_Integer or s < 1 for s in shapes):
            continue
        if not all(_is_size(s, at) for s in defined):
            continue
        yield at


def chosen(traced: Traced, rng: random.Random) -> list[dict[Any, int]]:
    """Sizes at which a trace is compared: small ones, of which each is larger than 1 at some."""
    found = list(islice(assignments(traced, rng), CANDIDATES))
    cost = {id(at): math.prod(map(int, at.values())) for at in found}
    open_ = set(size_symbols(traced))
    ordered: list[dict[Any, int]] = []
    while found:
        small = [at for at in found if cost[id(at)] <= AFFORDABLE] or [
            min(found, key=lambda at: cost[id(at)])
        ]
        best = max(small, key=lambda at: (sum(bool(at[s] > 1) for s in open_), cost[id(at)]))
        ordered.append(best)
        found = [at for at in found if at is not best]
        open_ = {s for s in open_ if best[s] <= 1} or set(size_symbols(traced))
    return ordered


def _is_size(size: Any, at: Mapping[Any, int]) -> bool:
    value = sp.sympify(size).xreplace(dict(at))
    return bool(value.is_Integer and value >= 1)


def drawn(given: Input, at: Mapping[Any, int], rng: random.Random, choices: range) -> np.ndarray:
    """Numbers for an input, few of them, so that some are equal; labels in their range."""
    shape = tuple(int(size.xreplace(dict(at))) for size in given.sizes)
    if given.of is not None:
        shape = shape[: len(given.symbol_axes)]
        count = int(given.of.xreplace(dict(at)))
        flat = [rng.randrange(count) for _ in range(int(np.prod(shape, dtype=int)))]
        return given.labelled(np.array(flat, dtype=int).reshape(shape), count)
    many = int(np.prod(shape, dtype=int))
    distinct = choices is WIDE and many <= len(choices)
    values = rng.sample(choices, many) if distinct else [rng.choice(choices) for _ in range(many)]
    return np.array(values, dtype=float).reshape(shape) / 8


def values_of(given: Input, numbers: np.ndarray, at: Mapping[Any, int]) -> dict[Any, Any]:
    """The values of the symbols of an input, which may be several, one for each segment."""
    numbers = numbers.argmax(-1) if given.one_hot else numbers
    numbers = numbers.astype(int) if given.binary and given.is_labels else numbers
    return pieces(given.symbol_axes, given.symbols, numbers, at)


def pieces(
    axes: Any, symbols: Mapping[Any, Any], numbers: np.ndarray, at: Mapping[Any, int]
) -> dict[Any, Any]:
    found = {}
    for key in keys(axes):
        cut = []
        shape: list[int] = []
        for axis, k in zip(axes, key, strict=True):
            start = int(sp.sympify(ax.offsets(axis)[k]).xreplace(dict(at)))
            length = int(ax.segment_size(axis[k]).xreplace(dict(at)))
            cut.append(slice(start, start + length))
            shape += [int(sp.sympify(size).xreplace(dict(at))) for _, size in axis[k]]
        part = numbers[tuple(cut)].reshape(tuple(shape))
        exact = np.empty(part.shape, dtype=object)
        for position in np.ndindex(part.shape):
            exact[position] = Fraction(part[position].item())
        found[symbols[key]] = exact if shape else exact.item()
    return found


def traced_value(values: Values, array: Array, at: Mapping[Any, int]) -> np.ndarray:
    """What a traced array is worth at a point."""
    at = dict(at)
    shape = tuple(int(sp.sympify(ax.size_of(axis)).xreplace(at)) for axis in array.axes)
    found = np.empty(shape)
    for key in keys(array.axes):
        factors = [f for axis, k in zip(array.axes, key, strict=True) for f in axis[k]]
        cut, wide = [], []
        for axis, k in zip(array.axes, key, strict=True):
            start = int(sp.sympify(ax.offsets(axis)[k]).xreplace(at))
            length = int(ax.segment_size(axis[k]).xreplace(at))
            cut.append(slice(start, start + length))
            wide.append(length)
        body = array.bodies[key]
        expr = Tensor(body, *factors) if factors else body
        found[tuple(cut)] = np.asarray(values.of(expr), dtype=float).reshape(wide)
    return found


def concrete(value: Any, at: Mapping[Any, int]) -> Any:
    """A fixed argument at sizes."""
    if isinstance(value, Size):
        return int(value.expr.xreplace(dict(at)))
    if isinstance(value, Mapping):
        return {key: concrete(one, at) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(concrete(one, at) for one in value)
    return value


class _Generator:
    """A generator of NumPy's that draws as ``np.random`` does, whose draws are known."""

    def __init__(self, own: Any) -> None:
        self._own = own

    def __getattr__(self, name: str) -> Any:
        return getattr(np.random, name) if hasattr(np.random, name) else getattr(self._own, name)


@contextmanager
def generating() -> Iterator[None]:
    """The block in which the generators that code makes draw as ``np.random`` does."""
    own = np.random.default_rng
    made: Any = lambda *args, **options: _Generator(own(*args, **options))  # noqa: E731
    np.random.default_rng = made
    try:
        yield
    finally:
        np.random.default_rng = own


@contextmanager
def drawing(drawn: list[tuple[str, np.ndarray]]) -> Iterator[None]:
    """NumPy draws the given numbers, in order.

    :raises NotRun: where the code draws others.
    """
    if not drawn:
        yield
        return
    left = list(drawn)
    before = {name: getattr(np.random, name) for name, _ in drawn}

    def replacement(name: str) -> Any:
        def draw(*args: Any, **options: Any) -> Any:
            if not left or left[0][0] != name:
                raise NotRun("other random numbers are drawn than were traced")
            _, numbers = left.pop(0)
            if name == "normal":
                loc, scale = _first(args, options, "loc", 0.0), _second(args, options, "scale", 1.0)
                return loc + scale * numbers
            if name == "uniform":
                low, high = _first(args, options, "low", 0.0), _second(args, options, "high", 1.0)
                return low + (high - low) * numbers
            return numbers.copy() if numbers.ndim else numbers.item()

        return draw

    for name in before:
        setattr(np.random, name, replacement(name))
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(np.random, name, function)


def _first(args: Any, options: Any, name: str, default: float) -> Any:
    return args[0] if args else options.get(name, default)


def _second(args: Any, options: Any, name: str, default: float) -> Any:
    return args[1] if len(args) > 1 else options.get(name, default)


class Run:
    """The user's own functions, which run at points."""

    def __init__(self, traced: Traced) -> None:
        pair = traced.pair
        self.traced = traced
        self.drawn: list[tuple[str, np.ndarray]] = []
        self.forward = native_function(pair, pair.forward)
        self.backward = None if pair.backward is None else native_function(pair, pair.backward)
        self.module = (
            native_module(pair.path)
            if isinstance(pair.forward, str) and pair.path is not None
            else inspect.getmodule(pair.forward)
        )
        self.library = library_of(self.module)

    @contextmanager
    def _fitting(self) -> Iterator[None]:
        """The block in which the code runs, without statements that do not fit."""
        left_out = self.traced.pair.left_out
        fitting = running_without(self.module, left_out) if left_out else nullcontext()
        with fitting, in_double(self.library):
            yield

    def _performed(self, numbers: Mapping[str, np.ndarray], at: Mapping[Any, int]) -> Performed:
        traced = self.traced
        values = {name: of_library(self.library, value) for name, value in numbers.items()}
        fixed = {name: concrete(value, at) for name, value in traced.fixed.items()}
        init = {name: concrete(value, at) for name, value in traced.init.items()}
        with np.errstate(all="ignore"), generating(), drawing(self.drawn):
            return perform(traced.asked, self.forward, self.backward, values, fixed, init)

    def outputs(self, numbers: Mapping[str, np.ndarray], at: Mapping[Any, int]) -> list[np.ndarray]:
        """The outputs alone."""
        with self._fitting():
            return [plain(o) for o in self._performed(numbers, at).outputs]

    def upstreams(
        self, numbers: Mapping[str, np.ndarray], at: Mapping[Any, int], rng: random.Random
    ) -> list[np.ndarray]:
        """Numbers between −1 and 1 for each output that has an upstream."""
        with self._fitting():
            done = self._performed(numbers, at)
            shapes = [np.shape(output) for output, _ in zip(done.outputs, done.names, strict=False)]
        draw = [[rng.uniform(-1, 1) for _ in range(math.prod(shape))] for shape in shapes]
        return [np.array(d, dtype=float).reshape(s) for d, s in zip(draw, shapes, strict=True)]

    def both(
        self, numbers: Mapping[str, np.ndarray], upstreams: list[np.ndarray], at: Mapping[Any, int]
    ) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
        """The outputs, and the gradients that are returned or left."""
        with self._fitting():
            done = self._performed(numbers, at)
            outputs = [plain(o) for o in done.outputs]
            with np.errstate(all="ignore"):
                found = done.backward([of_library(self.library, u) for u in upstreams])
            fit = {n: v for n, v in found.items() if not isinstance(v, Unfit)}
            return outputs, {n: plain(v) for n, v in fit.items()}


def compare(traced: Traced) -> int:
    """Compare a trace with native runs; the number of points at which they were compared.

    :raises Differs: where they differ.
    :raises NotRun: where the user's functions do not run.
    """
    rng = random.Random(20)
    run = Run(traced)
    done = 0
    tries = 0
    problem: Exception | None = None
    for at in chosen(traced, rng) * POINTS:  # the same sizes again, where there are few
        for numbers in (MIXED, POSITIVE, UNIT):
            tries += 1
            try:
                _compare_at(traced, run, at, rng, numbers)
            except (Differs, NotInstalled):
                raise
            except (EvaluationError, FloatingPointError) as found:
                problem = found
                continue
            except (DeriveError, NotRun) as found:
                problem = found
                continue
            done += 1
            break
        if done == POINTS or tries > 12 * POINTS:
            break
    if not done:
        detail = "" if problem is None else f": {problem}"
        raise NotRun(f"no point was found at which the trace could be compared{detail}")
    return done


def _compare_at(
    traced: Traced, run: Run, at: Mapping[Any, int], rng: random.Random, choices: range
) -> None:
    if traced.trace.extremes and choices is MIXED:
        choices = WIDE  # the largest entries are to be taken once
    numbers = {n: drawn(i, at, rng, choices) for n, i in traced.inputs.items()}
    upstreams = []
    values: dict[Any, Any] = {}
    for name, one in traced.inputs.items():
        values.update(values_of(one, numbers[name], at))
    for array in traced.upstreams:
        shape = tuple(int(sp.sympify(ax.size_of(axis)).xreplace(dict(at))) for axis in array.axes)
        up = np.array(
            [rng.randrange(-8, 9) / 8 for _ in range(int(np.prod(shape, dtype=int)))], dtype=float
        ).reshape(shape)
        upstreams.append(up)
        values.update(pieces(array.axes, symbols_in(array), up, at))
    run.drawn = []
    for name, array in traced.trace.drawn:
        numbers_ = drawn_array(array, at, rng)
        run.drawn.append((name, numbers_))
        values.update(pieces(array.axes, symbols_in(array), numbers_, at))
    point = Point(sizes={s: int(n) for s, n in at.items()}, values=values)
    evaluated = Values(point, traced.trace.where)
    for fact in traced.trace.between:
        if not _holds(fact, evaluated):
            raise FloatingPointError("a number that is cut")
    try:
        outputs, gradients = run.both(numbers, upstreams, at)
    except (ClaimError, NotInstalled):
        raise
    except Exception as problem:
        raise NotRun(f"{type(problem).__name__}: {problem}") from problem
    pairs = [(f"output {k + 1}", array, outputs[k]) for k, array in enumerate(traced.outputs)] + [
        (f"the gradient of {n}", g, gradients[n]) for n, g in traced.gradients.items()
    ]
    if not all(np.isfinite(native).all() for _, _, native in pairs):
        raise FloatingPointError("an entry that is no number")
    for what, array, native in pairs:
        ours = traced_value(evaluated, array, at)
        if ours.shape != native.shape and ours.size == native.size == 1:
            ours = ours.reshape(native.shape)
        scale = 1 + float(np.max(np.abs(native), initial=0.0))
        fits = ours.shape == native.shape
        apart = float(np.max(np.abs(ours - native), initial=0.0)) / scale if fits else math.inf
        if TOLERANCE < apart < SINGLE and run.library != "numpy":
            raise FloatingPointError("a difference as small as that of single precision")
        if apart > TOLERANCE:
            sizes = ", ".join(f"{s} = {n}" for s, n in at.items())
            raise Differs(
                f"{what} is {native.tolist()} for {sizes}, and was traced as {ours.tolist()}"
            )


def _holds(fact: Any, evaluated: Values) -> bool:
    """Whether what is given of the entries of an array is so."""
    entry, end = fact.args
    base = entry.base if isinstance(entry, sp.Indexed) else entry
    found = np.asarray(evaluated.of(base), dtype=float)
    return bool(np.all(found > float(end) if isinstance(fact, sp.Gt) else found < float(end)))


def can_run(traced: Traced) -> bool:
    """Whether the user's functions are to run here: of NumPy alone, or with what is installed."""
    if traced.trace.library != "numpy":
        return False
    try:
        Run(traced)
    except NotInstalled:
        return False
    except NotRun:
        return True
    return True


# ---- misfits


def fails(pair: Pair, everywhere: bool = True) -> bool | None:
    """Whether the user's functions fail at sizes that differ, as a misfit says; None where they
    cannot be run.

    :param everywhere: whether at all of them, and not at some, as where a read leaves its array.
    """
    try:
        traced = untraced(pair)
        run = Run(traced)
    except NotRun:
        return None
    rng = random.Random(7)
    failed = passed = 0
    for number, at in enumerate(assignments(traced, rng, distinct=True)):
        numbers = {n: drawn(i, at, rng, POSITIVE) for n, i in traced.inputs.items()}
        try:
            outputs = run.outputs(numbers, at)
            run.both(numbers, [np.ones(o.shape) for o in outputs], at)
        except AssertionError:
            continue  # no sizes that the code is about
        except Exception:
            failed += 1
        else:
            passed += 1
        if (passed if everywhere else failed) or number > MISFITS:
            break
    if everywhere and passed:
        return False
    return bool(failed) if failed or passed else None


def untraced(pair: Pair) -> Traced:
    """A pair as it runs natively, of which nothing is traced.

    :raises NotRun: where its file does not import.
    """
    trace = Trace(set())
    with opened(trace):
        inputs = {
            name: make_input(trace, name, shape, real=pair.real_masks)
            for name, shape in pair.shapes.items()
        }
    forward = native_function(pair, pair.forward)
    asked = asked_of(pair, inputs, forward)
    names = {str(s) for one in inputs.values() for size in one.sizes for s in size.free_symbols}
    fixed = fixed_values(pair.fixed, names, forward)
    init = fixed_values(pair.init, names, forward)
    return Traced(pair, trace, inputs, fixed, init, asked, [], [], {})


def floats(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [floats(v) for v in value]
    return float(value)


def drawn_array(array: Array, at: Mapping[Any, int], rng: random.Random) -> np.ndarray:
    """Numbers between 0 and 1 for an array of which nothing is known."""
    shape = tuple(int(sp.sympify(ax.size_of(axis)).xreplace(dict(at))) for axis in array.axes)
    flat = [rng.randrange(1, 16) / 16 for _ in range(int(np.prod(shape, dtype=int)))]
    return np.array(flat, dtype=float).reshape(shape)


def symbols_in(array: Array) -> dict[Any, Any]:
    """The symbols of an array of which nothing is known."""
    return {
        key: body.base if isinstance(body, sp.Indexed) else body
        for key, body in array.bodies.items()
    }
