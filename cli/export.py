"""``derive export``: a formula and its proved gradient as code with its test, or as LaTeX.

Of the code in NumPy the test is run before anything is shown; torch and JAX get the same text under
their own names, and a test against their own differentiation.
"""

from __future__ import annotations

import contextlib
import random
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr
from sympy.tensor.array.expressions import ArraySymbol

from derive.base.errors import DeriveError, UnsupportedError
from derive.claims import sizes
from derive.claims.kinds import Backward, Claim, Gradient
from derive.claims.typesetting import latex_of_derivative
from derive.claims.verdict import HOLDS, Verdict
from derive.cli.notation import plain_text
from derive.cli.numpy_text import Names
from derive.cli.targets import Entry
from derive.frontends.code.array_code import _LEAF, _POWER, _PRODUCT, _SUM, MODULES, ArrayCode, Text
from derive.language.operators import (
    ArrayOperator,
    Broadcast,
    LogSumExp,
    MatrixOperator,
    Softmax,
    Tensor,
)
from derive.language.typesetting import latex_of
from derive.refutation.points import PointMaker
from derive.refutation.search import ordinary_point

TARGETS = ("numpy", "torch", "jax", "latex")
_ARRAYS = (sp.MatrixSymbol, sp.IndexedBase, ArraySymbol)
_OWN_LINE = (MatrixOperator, ArrayOperator, sp.MatPow, sp.Determinant)
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


_NAMED: dict[Any, str] = {
    Softmax: "softmax",
    LogSumExp: "log_sum",
    Broadcast: "broadcast",
    sp.Inverse: "inverse",
    sp.MatPow: "power",
    sp.Determinant: "determinant",
}


class _ByEntries(Exception):
    """A matrix that has no matrix notation here; caught in this module."""


class ExportError(Exception):
    """What cannot be written as code; the message is one sentence."""


def export(entry: Entry, decide: Callable[[Claim], Verdict], target: str) -> str:
    """The formula of a claim and its gradient.

    :param decide: what a gradient is proved by.
    :param target: one of :data:`TARGETS`.
    :raises ExportError: where it is no gradient, or not proved, or has no such code.
    """
    claim = entry.claim
    if not isinstance(claim, (Gradient, Backward)):
        raise ExportError(
            f"{entry.id} states no gradient; gradients and backward passes are exported"
        )
    claim, verdict = _proved(claim, decide)
    if target == "latex":
        return _latex(claim, verdict)
    try:
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


class _Formulas(ArrayCode):
    """Array code of matrices and operators: these get a line each, before what uses them."""

    lines: list[str]
    fresh: Callable[[Any], str]
    slopes: dict[Any, str]  # the name of the derivative of each function that is a parameter

    def write(self, node: Any) -> Text:
        # By its kind: a function of the user's may have the name of a node.
        if isinstance(node, AppliedUndef):
            inner = self.write(node.args[0])
            return Text(f"{self.names[node.func]}({inner.text})", inner.axes)
        return super().write(node)

    def _Derivative(self, node: Any) -> Text:
        return self._slope(node, node.variables[0])

    def _Subs(self, node: Any) -> Text:
        if len(node.variables) != 1 or not isinstance(node.expr, sp.Derivative):
            raise UnsupportedError("a substitution cannot be written as array code")
        return self._slope(node.expr, node.point[0])

    def _slope(self, node: Any, point: Any) -> Text:
        applied = node.expr
        if not isinstance(applied, AppliedUndef) or node.variables != applied.args:
            raise UnsupportedError("a derivative cannot be written as array code")
        inner = self.write(point)
        name = self.slopes.setdefault(applied.func, f"{self.names[applied.func]}_prime")
        return Text(f"{name}({inner.text})", inner.axes)

    def _entry(self, array: Any, indices: Any) -> Text:
        if array in self.names or not isinstance(array, MatrixExpr):
            return super()._entry(array, indices)
        body = array[tuple(indices)]
        if isinstance(body, MatrixElement) and body.args[0] == array:
            raise UnsupportedError(f"{type(array).__name__} cannot be written as array code")
        return self.write(body)

    def _Trace(self, node: Any) -> Text:
        k = sp.Dummy("k", integer=True)
        return self.write(sp.Sum(node.arg[k, k], (k, 0, node.arg.rows - 1)))

    def _NamedFunction(self, node: Any) -> Text:
        return self.write(node.formula())

    def _TensorElement(self, node: Any) -> Text:
        array = node.array
        if isinstance(array, ArrayOperator) and array not in self.names:
            return self.write(array.definition(*node.indices))
        return super()._TensorElement(node)

    def value(self, value: Any) -> str:
        """The text of a whole value, after the lines that it needs before."""
        if isinstance(value, sp.MatrixBase):
            raise UnsupportedError("a matrix that is written out has no array code here")
        value = self._named(value)
        if value in self.names:
            return self.names[value]
        if isinstance(value, Tensor):
            return self.array(value.body, [tuple(axis) for axis in value.axes])
        if isinstance(value, MatrixExpr):
            with contextlib.suppress(_ByEntries):
                return self._whole(value).text
        shape = tuple(getattr(value, "shape", ()) or ())
        axes = [sp.Dummy(letter, integer=True) for letter in "ijkpqr"[: len(shape)]]
        return self.array(self._at(value, axes), list(zip(axes, shape, strict=True)))

    def _whole(self, node: Any) -> Text:
        """A matrix in matrix notation.

        :raises _ByEntries: where it has to be written entry by entry.
        """
        if node in self.names:
            return Text(self.names[node])
        match node:
            case sp.Transpose():
                return Text(f"{self._whole(node.arg).at(_LEAF)}.T")
            case sp.MatAdd():
                return self._matrix_sum(node.args)
            case sp.MatMul():
                return self._matrix_product(node)
            case sp.HadamardProduct():
                parts = [self._whole(part).at(_POWER) for part in node.args]
                return Text(" * ".join(parts), (), _PRODUCT)
            case sp.MatPow() if node.exp.is_Integer:
                base = self._whole(node.base).text
                return Text(f"{self.np}.linalg.matrix_power({base}, {node.exp})")
            case ElementwiseApplyFunction():
                return self._applied(node)
        raise _ByEntries

    def _matrix_sum(self, terms: Any) -> Text:
        text = ""
        signs = [(term.as_coeff_mmul()[0].could_extract_minus_sign(), term) for term in terms]
        for minus, term in sorted(signs, key=lambda pair: pair[0]):
            part = self._whole(-term if minus else term).at(_PRODUCT)
            text += f" - {part}" if text and minus else f" + {part}" if text else part
            if minus and text == part:
                text = f"-{part}"
        return Text(text, (), _SUM)

    def _matrix_product(self, node: Any) -> Text:
        scalars = [part for part in node.args if not isinstance(part, MatrixExpr)]
        matrices = [part for part in node.args if isinstance(part, MatrixExpr)]
        parts = [self._whole(part).at(_POWER) for part in matrices]
        text = " @ ".join(parts)
        factor = sp.Mul(*scalars)
        if factor == -1:
            return Text(f"-{text}" if len(parts) == 1 else f"-({text})", (), _PRODUCT)
        if factor == 1:
            return Text(text, (), _PRODUCT)
        if len(parts) > 1:
            text = f"({text})"
        return Text(f"{self.write(factor).at(_POWER)} * {text}", (), _PRODUCT)

    def _applied(self, node: Any) -> Text:
        """A function of numbers, which libraries take entry by entry."""
        function = node.function
        (variable,) = function.variables
        if variable not in function.expr.free_symbols:
            raise _ByEntries
        own = sp.Dummy(str(variable), real=True)
        argument = self._whole(node.expr)
        if argument.level < _LEAF:
            name = self.fresh(node)
            self.lines.append(f"{name} = {argument.text}")
            argument = Text(name)
        self.names[own] = argument.text
        return self.write(function.expr.xreplace({variable: own}))

    def _at(self, value: Any, indices: list[Any]) -> Any:
        if not indices:
            return value
        if isinstance(value, (MatrixOperator, ArrayOperator)):
            return value.definition(*indices)
        return value[tuple(indices)]

    def _named(self, value: Any) -> Any:
        """The value with names for the operators in it, inner ones first."""
        bound = {
            s for node in sp.preorder_traversal(value) for s in getattr(node, "bound_symbols", ())
        }
        found = [node for node in sp.postorder_traversal(value) if isinstance(node, _OWN_LINE)]
        for node in dict.fromkeys(found):
            if node.free_symbols & bound or node == value or node in self.names:
                continue
            self.names[node] = self._line(node)
        return self._special(value) if isinstance(value, (sp.Inverse, sp.Determinant)) else value

    def _line(self, node: Any) -> str:
        name = self.fresh(node)
        text = self.value(self._special(node))
        self.lines.append(f"{name} = {text}")
        return name

    def _special(self, node: Any) -> Any:
        """What array libraries have a function for: a name of its own, given to its argument."""
        if isinstance(node, MatrixOperator):
            return node.func(*map(self._symbol_for, node.args))
        if not isinstance(node, (sp.Inverse, sp.Determinant)):
            return node
        inner = self.value(node.arg)
        verb = "inv" if isinstance(node, sp.Inverse) else "det"
        known: Any = sp.MatrixSymbol(f"{verb}", *node.shape) if verb == "inv" else sp.Dummy(verb)
        self.names[known] = f"{self.np}.linalg.{verb}({inner})"
        return known

    def _symbol_for(self, part: Any) -> Any:
        """A matrix that an operator reads, with a line of its own where it is an expression."""
        if not isinstance(part, MatrixExpr) or part in self.names:
            return part
        known = sp.MatrixSymbol(sp.Dummy("operand").name + str(len(self.lines)), *part.shape)
        text = self.value(part)
        name = self.fresh(known)
        self.lines.append(f"{name} = {text}")
        self.names[known] = name
        return known

    def _Determinant(self, node: Any) -> Text:
        return Text(self.names[node] if node in self.names else self.value(self._special(node)))


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
        self.upstream = getattr(self.claim, "upstream", None)
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
            note += f" Assuming {', '.join(map(plain_text, self.verdict.assumptions))}."
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
        bound = {
            s
            for part in inside
            for node in sp.preorder_traversal(part)
            for s in getattr(node, "bound_symbols", ())
        }
        for part in inside:
            for node in sp.preorder_traversal(part):
                if isinstance(node, AppliedUndef):
                    found[node.func] = None
                    if len(node.args) != 1:
                        raise UnsupportedError(f"{node.func} is any function of several numbers")
                if isinstance(node, _ARRAYS) and node not in needed:
                    found[node] = None
        labels = {array.label for array in found if isinstance(array, sp.IndexedBase)}
        names = {str(array.name) for array in found if isinstance(array, _ARRAYS)}
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

        def size_text(size: Any) -> str:
            size = sp.sympify(size)
            for symbol in sorted(size.free_symbols - {*sizes_, *known}, key=str):
                if not symbol.is_integer or symbol in bound:
                    raise UnsupportedError(f"{symbol} is not known where the code is")
                given.append(_Given(symbol, self.names.of(symbol, str(symbol)), True))
                known[symbol] = given[-1].name
            used.update(size.free_symbols & set(sizes_))
            return str(
                size.xreplace({s: sp.Symbol(self.names.of(s, str(s))) for s in size.free_symbols})
            )

        writer = _Formulas(self.library, known, size_text)
        writer.lines = []
        writer.slopes = slopes
        writer.fresh = lambda node: self.names.of(
            ("part", name, node), _NAMED.get(type(node), "part")
        )
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
        lines.append(_BY_ITSELF[self.library].format(wrt=wrt).rstrip())
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
