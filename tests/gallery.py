"""The gallery natively: each file's own functions on NumPy, and their gradients by differences."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from derive.frontends.code.finding import Pair, find
from tests.standins import Context, array, standins

GALLERY = Path(__file__).resolve().parent.parent / "examples" / "code"
EXPECT = re.compile(r"^# expect: (.*)$", re.MULTILINE)

SIZES = {"H": 4, "W": 5, "HH": 3, "WW": 2, "s": 2, "p": 1, "h": 2, "w": 3, "A": 2, "B": 2, "G": 2}
OTHERS = (3, 2, 5, 6, 2)
STEP = 1e-5


def files(kind: str) -> list[Path]:
    """The gallery's files that are ``right`` or ``wrong``."""
    return sorted((GALLERY / kind).glob("*.py"))


def the_pair(path: Path) -> Pair:
    """The pair of a file, the only one of which shapes are declared."""
    (pair,) = find(path, path.read_text()).declared()
    return pair


def expected(path: Path) -> dict[str, str]:
    """The status of each gradient that a file says to expect; nothing said is ``holds``."""
    match = EXPECT.search(path.read_text())
    parts = match[1].split(", ") if match else []
    return dict(part.split(" ", 1) for part in parts)  # type: ignore[misc]


def statuses(path: Path) -> dict[str, str]:
    """Of each gradient of a file: ``holds``, ``disagrees`` or ``ill-shaped``, by differences."""
    pair = the_pair(path)
    declared = pair.declared
    assert declared is not None
    text = path.read_text()
    library = "torch" if "import torch" in text else "jax" if "import jax" in text else "numpy"
    namespace: dict[str, Any] = {"__name__": path.stem}
    with standins():
        exec(compile(text, str(path), "exec"), namespace)
    draw = np.random.default_rng(5)
    sizes = _sizes(declared.shapes)
    inputs: dict[str, Any] = {}
    for name, shape in declared.shapes.items():
        if isinstance(shape, str):
            inputs[name] = draw.normal(size=_numbers(shape, sizes))
        else:
            entries = _numbers(shape.sizes, sizes)
            inputs[name] = draw.integers(0, sizes[shape.of], size=entries)
            inputs[name].flat[:2] = 0  # a label that is there twice
    fixed = {n: sizes[v] if isinstance(v, str) else v for n, v in declared.fixed.items()}
    inputs = {name: array(value, library) for name, value in inputs.items()}

    def forward(changed: dict[str, Any]) -> tuple[Any, Callable[[Any], dict[str, Any]]]:
        np.random.seed(7)
        return _run(pair, namespace, {**inputs, **changed}, fixed)

    try:
        outputs, backward = forward({})
        upstream = [array(draw.normal(size=np.shape(o)), library) for o in outputs]
        given = backward(upstream)
    except ValueError as problem:
        return {"error": str(problem)}
    found = {}
    for name, gradient in given.items():
        true = _differences(forward, inputs[name], name, upstream if pair.kind != "loss" else [1.0])
        if np.shape(gradient) != true.shape:
            found[name] = "ill-shaped"
        else:
            close = np.allclose(np.asarray(gradient), true, rtol=1e-4, atol=1e-6)
            found[name] = "holds" if close else "disagrees"
    return found


def _sizes(shapes: dict[str, Any]) -> dict[str, int]:
    text = " ".join(s if isinstance(s, str) else f"{s.sizes} {s.of}" for s in shapes.values())
    names = dict.fromkeys(re.findall(r"[A-Za-z_]\w*", text))
    rest = iter(OTHERS * 3)
    found = {name: SIZES[name] if name in SIZES else next(rest) for name in names}
    return {**SIZES, **found}


def _numbers(shape: str, sizes: dict[str, int]) -> tuple[int, ...]:
    return tuple(int(eval(size, dict(sizes))) for size in shape.split())


def _differences(forward: Any, at: Any, name: str, upstream: list[Any]) -> np.ndarray:
    result = np.zeros(np.shape(at))
    for position in np.ndindex(result.shape):
        values = []
        for sign in (1, -1):
            moved = np.array(at, dtype=float).view(type(at)) if result.shape else at + sign * STEP
            if result.shape:
                moved[position] += sign * STEP
            outputs, _ = forward({name: moved})
            values.append(
                sum(
                    float(np.sum(np.asarray(o) * np.asarray(u)))
                    for o, u in zip(outputs, upstream, strict=True)
                )
            )
        result[position] = (values[0] - values[1]) / (2 * STEP)
    return result


def _run(
    pair: Pair, namespace: dict[str, Any], inputs: dict[str, Any], fixed: dict[str, Any]
) -> tuple[list[Any], Callable[[list[Any]], dict[str, Any]]]:
    """The outputs of a pair, and its backward."""
    declared = pair.declared
    assert declared is not None
    copies = {n: v.copy() if isinstance(v, np.ndarray) else v for n, v in inputs.items()}
    values = {**copies, **fixed}
    floats = [n for n in declared.shapes if isinstance(declared.shapes[n], str)]
    target = namespace[pair.name]
    arguments = [values[name] for name in pair.arguments if name in values]
    if pair.kind == "layer":
        layer = target(*(values[name] for name in pair.built_with))
        held = [n for n in floats if n not in pair.arguments]
        for name in held:
            if name not in pair.built_with:
                setattr(layer, name, values[name])
        call = getattr(layer, "forward", layer)
        output = call(*arguments)

        def of_layer(upstream: list[Any]) -> dict[str, Any]:
            given = _tuple(layer.backward(upstream[0]))
            wrt = declared.wrt or [n for n in pair.arguments if n in floats]
            found = dict(zip(wrt, given, strict=True))
            for name in held:
                spelt = (f"d{name}", f"grad_{name}")
                found[name] = next(getattr(layer, s) for s in spelt if hasattr(layer, s))
            return found

        return [output], of_layer
    if pair.kind == "autograd":
        context = Context(len(pair.arguments))
        output = target.forward(context, *arguments)

        def of_context(upstream: list[Any]) -> dict[str, Any]:
            given = zip(pair.arguments, _tuple(target.backward(context, *upstream)), strict=True)
            return {name: gradient for name, gradient in given if gradient is not None}

        return [output], of_context
    if pair.kind == "vjp":
        output, kept = target.forward(*arguments)
        apart = [arguments[number] for number in target.apart]
        inner = [n for k, n in enumerate(pair.arguments) if k not in target.apart]

        def of_rule(upstream: list[Any]) -> dict[str, Any]:
            given = zip(inner, target.backward(*apart, kept, *upstream), strict=True)
            return {name: gradient for name, gradient in given if gradient is not None}

        return [output], of_rule
    results = _tuple(target(*arguments))
    if pair.kind == "loss":
        last = results[1] if len(results) == 2 else results[1:]
        if isinstance(last, dict):
            pairs = {n: last.get(n, last.get(f"d{n}")) for n in floats}
            return [results[0]], lambda _: {n: g for n, g in pairs.items() if g is not None}
        wrt = declared.wrt or [returned[1:] for returned in pair.returned]
        last = last if isinstance(last, (list, tuple)) else [last]
        return [results[0]], lambda _: dict(zip(wrt, last, strict=True))
    backward = namespace[pair.backward]
    wrt = declared.wrt or floats
    if len(results) == 1:  # no cache: the gradient is worked out from the inputs
        return list(results), lambda upstream: dict(
            zip(wrt, (upstream[0] * g for g in _tuple(backward(*arguments))), strict=True)
        )
    *outputs, cache = results
    return outputs, lambda upstream: dict(zip(wrt, _tuple(backward(*upstream, cache)), strict=True))


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def main() -> int:
    """Decide every file of the gallery, and count what is not as it says."""
    from derive.frontends.code.answers import answers
    from derive.frontends.code.request import request

    unlike = 0
    for kind in ("right", "wrong"):
        for path in files(kind):
            wanted = expected(path)
            found = answers(request(the_pair(path)))
            other = {n: v for n, v in found.items() if v.status != wanted.get(n, "holds")}
            unlike += len(other)
            said = ", ".join(f"{n} {v.status} ({v.reason})" for n, v in other.items())
            print(f"{kind}/{path.stem}: {said or 'as it says'}", flush=True)
    return int(bool(unlike))


if __name__ == "__main__":
    raise SystemExit(main())
