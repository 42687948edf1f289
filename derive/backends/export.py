"""``derive export``: a formula and its proved gradient as code with its test, as LaTeX, or as a
Python file that states it.

Of the code in NumPy the test is run before anything is shown; torch and JAX get the same text under
their own names, and a test against their own differentiation.
"""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.tensor.array.expressions import ArraySymbol

from derive.backends.array_code import MODULES, ArrayCode, size_text
from derive.backends.claim_source import source, with_joined_sums
from derive.backends.matrix_code import MatrixCode, word_for
from derive.backends.python_names import Names
from derive.base.errors import DeriveError, UnsupportedError
from derive.claims import sizes
from derive.claims.entry import Entry
from derive.claims.kinds import Claim
from derive.claims.typesetting import latex_of_derivative
from derive.claims.verdict import HOLDS, Verdict
from derive.language.operators import Tensor
from derive.language.printing import text_of
from derive.language.structure import bound_within
from derive.language.typesetting import latex_of
from derive.refutation.points import PointMaker
from derive.refutation.search import ordinary_point

TARGETS = ("numpy", "torch", "jax", "latex", "python")
_ARRAYS = (sp.MatrixSymbol, sp.IndexedBase, ArraySymbol)
_POINTS = 20

_IMPORTS = {
    "numpy": "import math\n\nimport numpy as np",
    "torch": "import math\n\nimport torch",
    "jax": "import math\n\nimport jax\nimport jax.numpy as jnp\n\n"
    'jax.config.update("jax_enable_x64", True)',
}
_ARRAY = {
    "numpy": "np.array({}, dtype={})",
    "torch": "torch.tensor({}, dtype={})",
    "jax": "jnp.array({}, dtype={})",
}
_KINDS = {
    "numpy": ("float", "int"),
    "torch": ("torch.float64", "torch.int64"),
    "jax": ("float", "int"),
}
_BY_ITSELF = {
    "numpy": """    assert np.shape(found) == np.shape({wrt})
    differences = np.zeros(np.shape({wrt}))
    for position in np.ndindex(differences.shape):
        step = np.zeros(differences.shape)
        step[position] = 1e-5
        above, below = total({wrt} + step), total({wrt} - step)
        differences[position] = (above - below) / 2e-5
    assert np.allclose(found, differences, rtol=1e-5, atol=1e-6)
""",
    "torch": """    {wrt}.requires_grad_()
    (differences,) = torch.autograd.grad(total({wrt}), {wrt})
    assert found.shape == differences.shape
    assert torch.allclose(found, differences)
""",
    "jax": """    differences = jax.grad(total)({wrt})
    assert jnp.shape(found) == jnp.shape(differences)
    assert jnp.allclose(found, differences)
""",
}


class ExportError(Exception):
    """What cannot be written as code; the message is one sentence."""


def export(entry: Entry, decide: Callable[[Claim], Verdict], target: str) -> str:
    """The formula of a claim and its gradient.

    :param decide: what a gradient is proved by.
    :param target: one of :data:`TARGETS`.
    :raises ExportError: where it is no gradient, or not proved, or has no such code.
    """
    claim = entry.claim
    if claim.axes != ("wrt",):
        raise ExportError(
            f"{entry.id} states no gradient; gradients and backward passes are exported"
        )
    claim, verdict = _proved(claim, decide)
    if target == "latex":
        return _latex(claim, verdict)
    try:
        if target == "python":
            joined = with_joined_sums(claim)
            return source(claim if joined is claim else _proved(joined, decide)[0])
        text = _Code(claim, verdict, target).text()
        checked = text if target == "numpy" else _Code(claim, verdict, "numpy").text()
    except (DeriveError, NotImplementedError, TypeError, ValueError, IndexError) as problem:
        said = str(problem) or type(problem).__name__
        raise ExportError(f"{entry.id} has no code in {target}: {said}") from None
    _run(checked, entry.id)
    return text


def _proved(claim: Any, decide: Callable[[Claim], Verdict]) -> tuple[Any, Verdict]:
    """The claim, or where it is wrong the one that its derived side makes; proved either way."""
    verdict = decide(claim)
    if verdict.status != HOLDS and verdict.derived is not None:
        claim = replace(claim, equals=verdict.derived)
        verdict = decide(claim)
    if verdict.status != HOLDS:
        raise ExportError(f"the gradient of {claim.id} is not proved: {verdict.reason}")
    return claim, verdict


def _run(text: str, name: str) -> None:
    """Insist that the code passes its own test.

    :raises ExportError: where it does not.
    """
    names: dict[str, Any] = {}
    try:
        exec(compile(text, "<export>", "exec"), names)
        for key in [key for key in names if key.startswith("test_")]:
            names[key]()
    except Exception as problem:
        said = " ".join(f"{type(problem).__name__} {problem}".split())
        raise ExportError(f"the code of {name} does not pass its own test ({said})") from None


# ------------------------------------------------------------------------------------------ LaTeX


def _latex(claim: Any, verdict: Verdict) -> str:
    """An ``align*`` of the definitions and the gradient, with what it holds under."""
    needed = _needed(claim, [claim.of, claim.equals])
    rows = [f"{latex_of(symbol)} &= {latex_of(claim.where[symbol])}" for symbol in needed]
    if not isinstance(claim.of, (sp.Symbol, *_ARRAYS)):
        rows.append(f"f &= {latex_of(claim.of)}")
    rows.append(f"{latex_of_derivative(claim)} &= {latex_of(claim.equals)}")
    if verdict.assumptions:
        facts = r",\; ".join(latex_of(fact) for fact in verdict.assumptions)
        rows.append(rf"&\text{{where }} {facts}")
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}\n"


# ------------------------------------------------------------------------------------------- code


def _needed(claim: Any, expressions: Iterable[Any]) -> list[Any]:
    """The definitions that expressions rest on, in order; that of ``wrt`` is cut."""
    waiting, needed = list(expressions), set()
    while waiting:
        for symbol in _mentioned(waiting.pop()):
            if symbol in claim.where and symbol != claim.wrt and symbol not in needed:
                needed.add(symbol)
                waiting.append(claim.where[symbol])
    return [symbol for symbol in claim.where if symbol in needed]


def _mentioned(expression: Any) -> set[Any]:
    if isinstance(expression, (sp.Symbol, *_ARRAYS)):
        return {expression}
    return set(expression.atoms(sp.Symbol, *_ARRAYS))


@dataclass
class _Given:
    """A parameter of the functions."""

    symbol: Any
    name: str
    whole: bool  # labels and counts


class _Code:
    """The text of one claim in one library."""

    def __init__(self, claim: Any, verdict: Verdict, library: str) -> None:
        self.claim = sizes.put_in(claim)
        self.verdict = verdict
        self.library = library
        self.np = MODULES[library]
        self.names = Names()
        self.names._taken |= {"jnp", "jax", "torch", "total", "found", "differences", "step"}
        self.names._taken |= {"position", "above", "below"}
        lambdas = {f: v for f, v in self.claim.where.items() if isinstance(v, sp.Lambda)}
        self.where = {
            s: self._applied(v, lambdas) for s, v in self.claim.where.items() if s not in lambdas
        }
        self.of, self.equals = (
            self._applied(v, lambdas) for v in (self.claim.of, self.claim.equals)
        )
        if not isinstance(self.claim.wrt, (sp.Symbol, *_ARRAYS)):
            raise UnsupportedError(f"the gradient in {self.claim.wrt} is that of a part")
        self.upstream = self.claim.weights
        if self.upstream is not None and not isinstance(self.upstream, (sp.Symbol, *_ARRAYS)):
            raise UnsupportedError("the upstream is no symbol")
        symmetric = [f for f in self.claim.assumed if f == sp.Q.symmetric(self.claim.wrt)]
        if symmetric:
            raise UnsupportedError(f"the gradient is taken within the symmetric {self.claim.wrt}")

    def _applied(self, value: Any, functions: dict[Any, Any]) -> Any:
        for function, meaning in functions.items():
            value = value.replace(function, meaning)
        return value

    def text(self) -> str:
        claim = self.claim
        head = self.names.of("forward", _word(claim.of, "forward"))
        own = self.names.of("gradient", f"grad_{_word(claim.wrt, 'x')}")
        forward, inputs = self._function(
            head, self.of, None if self.upstream is not None else (), []
        )
        extra = [] if self.upstream is None else [self.upstream]
        backward, others = self._function(own, self.equals, _shape(claim.wrt), extra)
        note = f"The gradient of {head} in {_word(claim.wrt, 'x')}, proved for every size."
        if self.verdict.assumptions:
            note += f" Assuming {', '.join(map(text_of, self.verdict.assumptions))}."
        backward[1:1] = [f"    # {line}" for line in _wrapped(note)]
        test = self._test(head, own, inputs, others)
        blocks = [_IMPORTS[self.library], "\n".join(forward), "\n".join(backward), test]
        text = "\n\n\n".join(blocks) + "\n"
        return text if "math." in text else text.replace("import math\n\n", "", 1)

    def _function(
        self, name: str, result: Any, wanted: tuple[Any, ...] | None, extra: list[Any]
    ) -> tuple[list[str], list[_Given]]:
        """A function that computes ``result``, line by line, and what it takes."""
        claim = self.claim
        needed = _needed(replace(claim, where=self.where), [result])
        inside = [result, *(self.where[s] for s in needed), *extra]
        found: dict[Any, None] = dict.fromkeys(extra)
        bound = set().union(*map(bound_within, inside))
        for part in inside:
            for node in sp.preorder_traversal(part):
                if isinstance(node, AppliedUndef):
                    found[node.func] = None
                    if len(node.args) != 1:
                        raise UnsupportedError(f"{node.func} is any function of several numbers")
                if isinstance(node, _ARRAYS) and node not in needed:
                    found[node] = None
        known_here = {*found, *needed}
        labels = {array.label for array in known_here if isinstance(array, sp.IndexedBase)}
        names = {str(array.name) for array in known_here if isinstance(array, _ARRAYS)}
        extents = {s for array in found for size in _shape(array) for s in size.free_symbols}
        scalars = sorted(set().union(*(map(_mentioned, inside))), key=str)
        no_input = {*labels, *bound, *needed, *extents}
        for symbol in scalars:
            if (
                isinstance(symbol, sp.Symbol)
                and symbol not in no_input
                and str(symbol) not in names
            ):
                found[symbol] = None
        found = dict.fromkeys([*extra, *sorted(set(found) - set(extra), key=str)])
        given = [
            _Given(s, self.names.of(s, str(getattr(s, "name", s))), _is_whole(s)) for s in found
        ]
        known: dict[Any, str] = {one.symbol: one.name for one in given}
        slopes: dict[Any, str] = {}
        sizes_: dict[Any, str] = {}
        for one in given:
            for k, size in enumerate(_shape(one.symbol)):
                if size.is_Symbol:
                    sizes_.setdefault(size, f"{one.name}.shape[{k}]")
        used: set[Any] = set()

        def size_of(size: Any) -> str:
            size = sp.sympify(size)
            for symbol in sorted(size.free_symbols - {*sizes_, *known}, key=str):
                if not symbol.is_integer or symbol in bound:
                    raise UnsupportedError(f"{symbol} is not known where the code is")
                given.append(_Given(symbol, self.names.of(symbol, str(symbol)), True))
                known[symbol] = given[-1].name
            used.update(size.free_symbols & set(sizes_))
            return size_text(
                size.xreplace({s: sp.Symbol(self.names.of(s, str(s))) for s in size.free_symbols})
            )

        writer = MatrixCode(self.library, known, size_of)
        writer.lines = []
        writer.slopes = slopes
        writer.fresh = lambda node: self.names.of(("part", name, node), word_for(node))
        for symbol in needed:
            text = writer.value(self._fitting(_shape(symbol), self.where[symbol]))
            known[symbol] = self.names.of(symbol, str(symbol.name))
            writer.lines.append(f"{known[symbol]} = {text}")
        returned = writer.value(self._fitting(wanted, result))
        given += [_Given(("slope", f), slope, False) for f, slope in slopes.items()]
        lines = [f"{self.names.of(s, str(s))} = {sizes_[s]}" for s in sizes_ if s in used]
        lines += [*writer.lines, f"return {returned}"]
        head = f"def {name}({', '.join(one.name for one in given)}):"
        return [head, *(f"    {line}" for line in lines)], given

    def _fitting(self, wanted: tuple[Any, ...] | None, value: Any) -> Any:
        """A value of the shape that is meant: a 1×1 matrix is a scalar, a scalar fills an array.

        :param wanted: that shape; None where it is the value's own.
        """
        shape = tuple(getattr(value, "shape", ()) or ())
        if shape == (1, 1) and wanted == ():
            return value[0, 0]
        if not shape and wanted:
            return Tensor(value, *((sp.Dummy("i", integer=True), size) for size in wanted))
        return value

    # ---- the test

    def _test(self, head: str, own: str, inputs: list[_Given], others: list[_Given]) -> str:
        claim = self.claim
        point = self._point()
        every = {one.symbol: one for one in (*inputs, *others)}
        if claim.wrt not in every:
            raise UnsupportedError(f"{claim.of} does not depend on {claim.wrt}")
        lines = []
        functions = self._functions(point)
        for symbol, one in every.items():
            if one.symbol in functions:
                lines.append(f"    {one.name} = {functions[one.symbol]}")
                continue
            if symbol in point.values:
                value = point.values[symbol]
            elif symbol in point.sizes:
                value = point.sizes[symbol]
            else:
                raise UnsupportedError(f"{symbol} has no value at a point")
            kind = _KINDS[self.library][one.whole]
            text = _nested(value, one.whole)
            is_number = one.whole and not _shape(symbol)
            lines.append(
                f"    {one.name} = {text if is_number else _ARRAY[self.library].format(text, kind)}"
            )
        wrt = every[claim.wrt].name
        called = f"{head}({', '.join(one.name for one in inputs)})"
        if self.upstream is not None:
            called = f"({every[self.upstream].name} * {called}).sum()"
        lines += [f"    found = {own}({', '.join(one.name for one in others)})", ""]
        lines += [f"    def total({wrt}):", f"        return {called}", ""]
        compared = _BY_ITSELF[self.library].format(wrt=wrt).rstrip()
        if _is_counted(self.equals) and self.library == "torch":
            compared = compared.replace("allclose(found,", "allclose(found.to(differences),")
        lines.append(compared)
        return "\n".join([f"def test_{own}():", *lines])

    def _functions(self, point: Any) -> dict[Any, str]:
        """What stands for each function and its derivative in the test, as text."""
        found: dict[Any, str] = {}
        for function, meaning in point.functions.items():
            if len(meaning.variables) == 1:
                (variable,) = meaning.variables
                for key, body in (
                    (function, meaning.expr),
                    (("slope", function), meaning.expr.diff(variable)),
                ):
                    writer = ArrayCode(self.library, {variable: "v"}, str)
                    text = writer.write(body).text
                    found[key] = f"lambda v: {text}" if "v" in text else f"lambda v: {text} + 0 * v"
        return found

    def _point(self) -> Any:
        # Where the gradient is taken in what a document defines, that is free.
        where = {s: value for s, value in self.claim.where.items() if s != self.claim.wrt}
        maker, rng = PointMaker(replace(self.claim, where=where)), random.Random(0)
        for _ in range(_POINTS):
            point = ordinary_point(maker, rng)
            if point is not None:
                return point
        raise UnsupportedError("no point was found at which its test could be made")


def _shape(symbol: Any) -> tuple[Any, ...]:
    shape = getattr(symbol, "shape", None)
    return () if shape is None else tuple(map(sp.sympify, shape))


def _is_counted(value: Any) -> bool:
    """Whether it is written as a choice among whole numbers, which has a type of these."""
    return isinstance(value, sp.Piecewise) and all(arm.expr.is_Integer for arm in value.args)


def _is_whole(symbol: Any) -> bool:
    label = symbol.label if isinstance(symbol, sp.IndexedBase) else symbol
    return bool(getattr(label, "is_integer", False))


def _nested(value: Any, whole: bool) -> str:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_nested(one, whole) for one in value)}]"
    return repr(int(value)) if whole else repr(float(value))


def _word(expression: Any, otherwise: str) -> str:
    name = getattr(expression, "name", None)
    return otherwise if name is None else str(name)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), 92)
