"""The language of ``derive gradient``: formulas as one types them, read into SymPy.

Python's own grammar is parsed by :mod:`ast` and walked node by node: what is not listed here is
refused, and nothing of what was typed is ever evaluated as Python or by ``sympify``.

- Numbers (decimals are exact), names, ``+ - * / **``, parentheses, ``A.T``, ``X[0, 1]``, calls.
- ``*`` and ``@`` are both the product: of numbers, of a number and a matrix, of matrices.
- ``A**2`` is the power of a square matrix. A scalar added to a matrix is added to every entry.
- A name is a matrix if it was given sizes, a size (a positive integer) if it occurs in them, and
  otherwise a real scalar.
- A 1×1 matrix is a scalar wherever a scalar is meant.
- :data:`FUNCTIONS` and, as facts, :data:`FACTS` are all the functions there are.

Shapes are checked here, before SymPy sees anything, so that a misfit is named as it was typed.
"""

from __future__ import annotations

import ast
import keyword
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

import sympy as sp
from sympy.matrices.exceptions import ShapeError as SymPyShapeError

from cli.targets import near
from derive.claims import Gradient
from derive.errors import DeriveError, UnsupportedError
from derive.operators import broadcast, entry, logsumexp, softmax
from derive.pipeline import gradient, shape_of, verify
from derive.shapes import condition, is_unit, product_shape, same_shape, same_size, shown
from derive.worker import run_deep

ID = "gradient"  # of a claim made at the prompt
LONGEST = 4000  # characters of an expression
DEEPEST = 100  # levels of an expression: SymPy and the engine recurse into it
LARGEST_BITS = 4096  # of a number that is worked out
LARGEST_EXPONENT = 1000
MOST_DIGITS = 9  # of a size

Shape = tuple[Any, ...]


class ExpressionError(Exception):
    """What was typed cannot be read; the message is one sentence.

    :param text: the expression, ``""`` where the fault has no place in one.
    :param start: where in it the fault is, counted in characters, up to ``end``.
    """

    def __init__(self, message: str, text: str = "", start: int = 0, end: int = 0) -> None:
        super().__init__(message)
        self.text = text
        self.start = start
        self.end = max(end, start + 1)


class MisfitError(ExpressionError):
    """Parts of an expression whose shapes do not fit together."""


@dataclass(frozen=True)
class Question:
    """What ``derive gradient`` is asked: ∂of/∂wrt, as SymPy.

    :param equals: the gradient that is claimed, None where none is.
    """

    of: Any
    wrt: Any
    equals: Any = None
    given: tuple[Any, ...] = ()

    def claim(self, asked: Asked) -> Gradient:
        """What is claimed, under the name that it has in print."""
        return Gradient(self.of, self.wrt, self.equals, self.given, id=ID, title=asked.title)


@dataclass(frozen=True)
class Asked:
    """What ``derive gradient`` is asked, as it was typed."""

    of: str
    wrt: str
    dims: tuple[str, ...] = ()
    equals: str | None = None
    given: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"∂({self.of.strip()})/∂{self.wrt.strip()}"


def read(asked: Asked) -> Question:
    """The SymPy of what was typed.

    :raises MisfitError: where shapes do not fit.
    :raises ExpressionError: where anything else cannot be read.
    """
    of = _parsed(asked.of)
    equals = None if asked.equals is None else _parsed(asked.equals, "--equals: ")
    given = [_parsed(fact, "--given: ") for fact in asked.given]
    others = [*given] if equals is None else [equals, *given]
    names = _declared(asked.dims, [of, *others])
    wrt = _wrt(asked.wrt, of, names)
    return Question(
        _Reader(of, names).expression(),
        wrt,
        None if equals is None else _Reader(equals, names).expression(),
        tuple(_Reader(fact, names).fact() for fact in given),
    )


def unread_claim(asked: Asked) -> Gradient:
    """The claim in print only, its sides as they were typed: for one without shapes."""
    of, wrt, equals = (sp.Symbol(text or "") for text in (asked.of, asked.wrt, asked.equals))
    given = tuple(map(sp.Symbol, asked.given))
    return Gradient(of, wrt, equals, given, id=ID, title=asked.title)


def derived(question: Question, timeout: float) -> Any:
    """∂of/∂wrt.

    :raises DeriveError: where there is none, or the engine has no rule or no time for it.
    """
    if not question.given:
        return run_deep(lambda: gradient(question.of, question.wrt), timeout)
    # What is assumed may change the gradient (of a symmetric matrix) and simplify it; only a
    # claim takes assumptions, and whatever it claims, its verdict has what was derived.
    shape = shape_of(question.wrt)
    nothing = sp.ZeroMatrix(*shape) if shape else sp.S.Zero
    verdict = verify(Gradient(question.of, question.wrt, nothing, question.given), timeout)
    if verdict.derived is None:
        raise UnsupportedError(verdict.reason)
    return verdict.derived


# ------------------------------------------------------------------------------ text into a tree


@dataclass(frozen=True)
class _Source:
    """A text, its tree, and what its messages start with."""

    text: str
    label: str
    tree: ast.expr

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Where a node stands, in characters; :mod:`ast` counts bytes."""
        data = self.text.encode()
        ends = (node.col_offset, node.end_col_offset or node.col_offset + 1)
        start, end = (len(data[:offset].decode(errors="ignore")) for offset in ends)
        return start, end

    def of(self, node: ast.expr) -> str:
        """A node as it was typed."""
        start, end = self.span(node)
        return self.text[start:end]

    def error(self, message: str, node: ast.expr) -> ExpressionError:
        return ExpressionError(self.label + message, self.text, *self.span(node))

    def misfit(self, message: str, node: ast.expr) -> MisfitError:
        return MisfitError(message, self.text, *self.span(node))


def _parsed(text: str, label: str = "") -> _Source:
    text = "".join(" " if c.isspace() else c for c in text).strip()
    if not text:
        raise ExpressionError(f"{label}the expression is empty")
    if len(text) > LONGEST:
        raise ExpressionError(
            f"{label}the expression has {len(text)} characters, and {LONGEST} are allowed"
        )
    try:
        text.encode()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's remarks on what would run badly
            tree = ast.parse(text, mode="eval").body
    except SyntaxError as problem:
        raise _not_read(problem, text, label) from None
    except (RecursionError, MemoryError):
        raise ExpressionError(f"{label}the expression is nested too deeply") from None
    except ValueError:  # a null byte, half of a surrogate pair
        raise ExpressionError(f"{label}the expression holds characters that are no text") from None
    source = _Source(text, label, tree)
    _refuse_deep(source)
    return source


def _not_read(problem: SyntaxError, text: str, label: str) -> ExpressionError:
    start = min(max((problem.offset or 1) - 1, 0), len(text))
    message = problem.msg.partition(". Perhaps")[0]
    reserved = [word for word in _words(text) if keyword.iskeyword(word)]
    if "nested" in message:
        message = "it is nested too deeply"
    elif reserved:
        start = text.index(reserved[0])
        message = f"{reserved[0]!r} is a reserved word; call it something else"
    elif "'" in text:
        message += "; a transpose is written A.T"
    return ExpressionError(f"{label}the expression cannot be read: {message}", text, start)


def _words(text: str) -> list[str]:
    return "".join(c if c.isidentifier() or c.isdigit() else " " for c in text).split()


def _refuse_deep(source: _Source) -> None:
    level: list[ast.AST] = [source.tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in _operands(node)]
        if not level:
            return
    raise ExpressionError(f"{source.label}the expression is nested deeper than {DEEPEST} levels")


def _operands(node: ast.AST) -> Iterator[ast.AST]:
    return (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


# ------------------------------------------------------------------------------- what names mean


def _declared(dims: Sequence[str], sources: Sequence[_Source]) -> dict[str, Any]:
    """Every name with its symbol: matrices with their sizes, sizes, real scalars.

    Only the first source, the expression itself, may introduce a scalar: elsewhere an unknown
    name is a misspelt one.
    """
    shapes = dict(_dimension(dim) for dim in dims)
    if len(shapes) < len(dims):
        raise ExpressionError("--dim: a name is given sizes twice")
    sizes = {size for shape in shapes.values() for size in shape if not size.isdigit()}
    for source in sources:
        sizes |= _size_names(source)
    for name in sizes & set(shapes):
        raise ExpressionError(f"{name} is the name of a matrix and of a size")
    used = {name for source in sources for name in _names(source)}
    for name in set(shapes) - used:
        undeclared = sorted(used - set(shapes) - sizes)
        raise ExpressionError(f"--dim: {name} does not occur{_meant(name, undeclared)}")
    meaning: dict[str, Any] = {name: sp.Symbol(name, real=True) for name in _names(sources[0])}
    meaning.pop("pi", None)
    meaning |= {name: sp.Symbol(name, integer=True, positive=True) for name in sizes}
    for name, shape in shapes.items():
        rows, cols = (sp.Integer(size) if size.isdigit() else meaning[size] for size in shape)
        meaning[name] = sp.MatrixSymbol(name, rows, cols)
    return {"pi": sp.pi} | meaning


def _dimension(dim: str) -> tuple[str, tuple[str, str]]:
    """``X=n,m``, or ``x=n`` for a column."""
    name, separator, sizes = (part.strip() for part in _normal(dim).partition("="))
    parts = [size.strip() for size in sizes.split(",")]
    if not separator or len(parts) > 2 or not all([name, *parts]):
        raise ExpressionError(f"--dim: {dim!r} is not of the form NAME=rows,columns")
    _refuse_name(name)
    for size in parts:
        if not (size.isascii() and size.isdigit()):
            _refuse_name(size)
        elif len(size) > MOST_DIGITS or int(size) == 0:
            raise ExpressionError(f"--dim: {size} is not a size from 1 to {10**MOST_DIGITS - 1}")
    return name, (parts[0], parts[1] if len(parts) == 2 else "1")


def _refuse_name(name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ExpressionError(f"--dim: {name!r} is not a name")
    if name in FUNCTIONS or name == "pi":
        raise ExpressionError(f"--dim: {name} has a meaning of its own; call it something else")


def _normal(name: str) -> str:
    return unicodedata.normalize("NFKC", name)  # as Python does with names


def _names(source: _Source) -> dict[str, ast.Name]:
    """Every name, the functions that are called excepted, with its first place."""
    called = {id(node.func) for node in ast.walk(source.tree) if isinstance(node, ast.Call)}
    found: dict[str, ast.Name] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and id(node) not in called:
            found.setdefault(node.id, node)
    return found


def _size_names(source: _Source) -> set[str]:
    """The names in the arguments of ``ones``, ``zeros`` and ``eye``."""
    return {
        name.id
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in _OF_SIZES
        for argument in call.args
        for name in ast.walk(argument)
        if isinstance(name, ast.Name)
    }


def _wrt(wrt: str, of: _Source, names: Mapping[str, Any]) -> Any:
    name, known = _normal(wrt.strip()), [key for key in _names(of) if key != "pi"]
    if name not in known:
        there = f"; it has {', '.join(sorted(known))}" if known else ""
        raise ExpressionError(
            f"--wrt: {wrt} does not occur in the expression{_meant(name, known) or there}"
        )
    if getattr(names[name], "is_integer", False):
        raise ExpressionError(f"--wrt: {name} is a size, in which nothing is differentiated")
    return names[name]


def _meant(name: str, known: Sequence[str]) -> str:
    close = near(name, known)
    return f"; did you mean {' or '.join(close)}?" if close else ""


# -------------------------------------------------------------------------------- tree into SymPy

_COMPARISONS: dict[type, Callable[..., Any]] = {
    ast.Lt: sp.Lt,
    ast.LtE: sp.Le,
    ast.Gt: sp.Gt,
    ast.GtE: sp.Ge,
    ast.Eq: partial(sp.Eq, evaluate=False),
    ast.NotEq: partial(sp.Ne, evaluate=False),
}


@dataclass(frozen=True)
class _Reader:
    """Reads one text, every node by the method of its kind."""

    source: _Source
    names: Mapping[str, Any]
    shapes: dict[Any, Shape] = field(default_factory=dict)
    bound: dict[str, Any] = field(default_factory=dict)

    def expression(self) -> Any:
        return self.value(self.source.tree)

    def value(self, node: ast.expr) -> Any:
        """The SymPy of a node, real and defined."""
        rule = _RULES.get(type(node))
        if rule is None:
            raise self.source.error(_refusal(node, self.source.of(node)), node)
        try:
            value = rule(self, node)
            if not value.is_Matrix:
                self._refuse_unreal(node, value)
            self.shape(value)
        except ExpressionError:
            raise
        except DeriveError as problem:
            raise self.source.misfit(str(problem), node) from None
        except (SymPyShapeError, ValueError, TypeError, ArithmeticError) as problem:
            message = f"in {self.source.of(node)}: SymPy refuses it: {problem}"
            raise self.source.error(message, node) from None
        return value

    def _refuse_unreal(self, node: ast.expr, value: Any) -> None:
        if value.has(sp.zoo, sp.nan) or (value.is_number and value.is_real is False):
            raise self.source.error(f"{self.source.of(node)} is not a real number", node)
        if _bits(value.as_coeff_Mul()[0]) > LARGEST_BITS:
            raise self.source.error(f"{self.source.of(node)} is too large a number", node)

    def shape(self, value: Any) -> Shape:
        if value not in self.shapes:
            self.shapes[value] = shape_of(value)
        return self.shapes[value]

    def fresh(self, letter: str, **assumptions: bool) -> Any:
        """A bound symbol: nobody's own name, and nowhere bound already."""
        name, number = letter, 0
        while name in self.names or name in self.bound:
            number += 1
            name = f"{letter}{number}"
        return self.bound.setdefault(name, sp.Symbol(name, **assumptions))

    def indices(self) -> tuple[Any, Any]:
        return self.fresh("i", integer=True), self.fresh("j", integer=True)

    # ---- the nodes

    def number(self, node: ast.Constant) -> Any:
        text = self.source.of(node)
        if type(node.value) is int:
            return sp.Integer(node.value)
        if type(node.value) is not float:
            raise self.source.error(_refusal(node, text), node)
        exponent = text.lower().partition("e")[2].lstrip("+-").replace("_", "") or "0"
        if len(exponent) > 3:
            raise self.source.error(f"{text} is too large or too small a number", node)
        return sp.Rational(text.replace("_", ""))

    def name(self, node: ast.Name) -> Any:
        if node.id in FUNCTIONS:
            raise self.source.error(f"{node.id} is a function: write {node.id}(…)", node)
        if node.id not in self.names:
            known = [name for name in self.names if name != "pi"]
            hint = _meant(node.id, known) or f"; the names are {', '.join(sorted(known))}"
            raise self.source.error(f"there is no {node.id} in the expression{hint}", node)
        return self.names[node.id]

    def signed(self, node: ast.UnaryOp) -> Any:
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            raise self.source.error(_refusal(node, self.source.of(node)), node)
        value = self.value(node.operand)
        return value if isinstance(node.op, ast.UAdd) else _scaled(sp.S.NegativeOne, value)

    def operation(self, node: ast.BinOp) -> Any:
        rule = _OPERATIONS.get(type(node.op))
        if rule is None:
            hint = "; a power is written **" if isinstance(node.op, ast.BitXor) else ""
            message = f"{self.source.of(node)} uses an operator that has no meaning here{hint}"
            raise self.source.error(message, node)
        return rule(self, node, self.value(node.left), self.value(node.right))

    def transposed(self, node: ast.Attribute) -> Any:
        if node.attr != "T":
            hint = f"; write {node.attr}(…)" if node.attr in FUNCTIONS else ""
            message = f".{node.attr} has no meaning here, only .T (the transpose) has{hint}"
            raise self.source.error(message, node)
        return _transpose(self.value(node.value))

    def indexed(self, node: ast.Subscript) -> Any:
        matrix = self.value(node.value)
        shape = self.shape(matrix)
        inner = node.slice
        parts = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
        indices = [self.size(part) for part in parts]
        if len(indices) == 1 and 1 in shape:
            indices.insert(0 if shape[0] == 1 else 1, sp.S.Zero)
        if len(indices) != len(shape) or not shape:
            raise self.source.misfit(
                f"{self.source.of(node)} has {len(parts)} of the indices that a matrix of shape "
                f"{shown(shape)} has"
                if shape
                else f"{self.source.of(node.value)} is a scalar and has no entries",
                node,
            )
        return entry(matrix, *indices)

    def size(self, node: ast.expr) -> Any:
        """An integer, made of numbers and sizes alone."""
        value = self.value(node)
        if not value.is_integer:
            raise self.source.error(
                f"{self.source.of(node)} is not an integer made of numbers and sizes", node
            )
        return sp.expand(value)

    def call(self, node: ast.Call) -> Any:
        name = self._called(node)
        function = FUNCTIONS.get(name)
        if function is None:
            if name in FACTS:
                raise self.source.error(f"{name}(…) is a fact, for --given", node)
            hint = _meant(name, list(FUNCTIONS)) or f"; there are {', '.join(FUNCTIONS)}"
            raise self.source.error(f"there is no function {name}{hint}", node.func)
        self._refuse_count(node, function.least, function.most)
        return function.build(self, node)

    def _called(self, node: ast.Call) -> str:
        if not isinstance(node.func, ast.Name):
            of = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            hint = f"; write {of}(…)" if of in FUNCTIONS else ""
            message = f"{self.source.of(node.func)} cannot be called{hint}"
            raise self.source.error(message, node.func)
        if node.keywords or any(isinstance(part, ast.Starred) for part in node.args):
            message = f"{node.func.id} takes plain arguments only"
            raise self.source.error(message, node)
        return node.func.id

    def _refuse_count(self, node: ast.Call, least: int, most: int) -> None:
        number = len(node.args)
        if least <= number <= most:
            return
        takes = f"{least}" if least == most else f"{least} or more"
        noun = "argument" if takes == "1" else "arguments"
        raise self.source.error(f"{self._called(node)} takes {takes} {noun}, not {number}", node)

    def refuse(self, node: ast.expr) -> NoReturn:
        raise self.source.error("a comparison stands in where(…) or in --given only", node)

    # ---- facts

    def fact(self) -> Any:
        """An assumption: a comparison, or a property of a name or an expression."""
        node = self.source.tree
        if isinstance(node, ast.Compare):
            left, right, relation = self.compared(node)
            matrices = bool(self.shape(left) or self.shape(right))
            if matrices and not isinstance(node.ops[0], ast.Eq):
                raise self.source.error("matrices are compared with == only", node)
            return relation(left, right)
        if not isinstance(node, ast.Call) or self._called(node) not in FACTS:
            hint = ""
            if isinstance(node, ast.Call):
                hint = _meant(self._called(node), list(FACTS))
            raise self.source.error(
                "a fact is a comparison, as in sum(y) == 1, or a property, as in symmetric(A)"
                + hint,
                node,
            )
        self._refuse_count(node, 1, 1)
        return self._property(self._called(node), node.args[0])

    def _property(self, name: str, node: ast.expr) -> Any:
        value = self.value(node)
        predicate, kind = FACTS[name]
        if kind == "square":
            _square(self, node, value)
        elif kind == "matrix" and not self.shape(value):
            raise self.source.misfit(f"{self.source.of(node)} is a scalar, not a matrix", node)
        return predicate(value)

    def compared(self, node: ast.Compare) -> tuple[Any, Any, Callable[..., Any]]:
        """Both sides, of one shape, and the relation between them."""
        relation = _COMPARISONS.get(type(node.ops[0]))
        if relation is None or len(node.ops) != 1:
            message = f"{self.source.of(node)} is not a single comparison such as a < b"
            raise self.source.error(message, node)
        left, right = self.value(node.left), self.value(node.comparators[0])
        a, b = self.shape(left), self.shape(right)
        if is_unit(a) and is_unit(b):
            return _scalar(left), _scalar(right), relation
        if not same_shape(a, b):
            _clash(self, node, [(node.left, a), (node.comparators[0], b)], "compared")
        return left, right, relation


def _refusal(node: ast.expr, text: str) -> str:
    if isinstance(node, (ast.BoolOp, ast.IfExp)):
        return f"{text} is not understood; a case distinction is where(a < b, then, otherwise)"
    if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
        return f"{text} is not understood; matrices are names with --dim NAME=rows,columns"
    return f"{text} has no meaning here"


def _bits(value: Any) -> int:
    return max(int(value.p).bit_length(), int(value.q).bit_length()) if value.is_Rational else 0


# ---------------------------------------------------------------------------------- the algebra


def _scalar(value: Any) -> Any:
    """A 1×1 matrix as the scalar that it is."""
    return entry(value, 0, 0) if value.is_Matrix else value


def _factors(value: Any) -> tuple[Any, list[Any]]:
    """The scalar in front of a matrix product, and its matrices."""
    if not isinstance(value, sp.MatMul):
        return sp.S.One, [value]
    return sp.Mul(*(f for f in value.args if not f.is_Matrix)), [
        f for f in value.args if f.is_Matrix
    ]


def _matrix_product(coefficient: Any, factors: Sequence[Any]) -> Any:
    # Not by `*`, which evaluates everything inside of the factors.
    if coefficient == 1:
        return factors[0] if len(factors) == 1 else sp.MatMul(*factors)
    return sp.MatMul(coefficient, *factors)


def _scaled(coefficient: Any, value: Any) -> Any:
    if not value.is_Matrix:
        return coefficient * value
    inner, factors = _factors(value)
    return _matrix_product(coefficient * inner, factors)


def _transpose(value: Any) -> Any:
    if not value.is_Matrix:
        return value
    return value.arg if isinstance(value, sp.Transpose) else sp.Transpose(value)


def _common(reader: _Reader, node: ast.expr, parts: Sequence[tuple[ast.expr, Shape]]) -> Shape:
    """The shape to which all parts broadcast: axes of equal size, or of size 1."""
    result, widest = parts[0][1] or (sp.S.One,) * 2, parts[0]
    for part in parts[1:]:
        axes = list(zip(result, part[1] or (sp.S.One,) * 2, strict=True))
        if not all(same_size(a, b) or 1 in (a, b) for a, b in axes):
            _clash(reader, node, [widest, part], "combined entry by entry")
        if any(a == 1 != b for a, b in axes):
            widest = part
        result = tuple(b if a == 1 else a for a, b in axes)
    return result


def _clash(
    reader: _Reader, node: ast.expr, parts: Sequence[tuple[ast.expr, Shape]], verb: str
) -> NoReturn:
    (left, a), (right, b) = parts
    text = reader.source.of
    pairs = [(x, y) for x, y in zip(a, b, strict=False) if 1 not in (x, y)]
    hint = condition(pairs)
    raise reader.source.misfit(
        f"in {text(node)}: {text(left)} has shape {shown(a)} and {text(right)} has shape "
        f"{shown(b)}; they cannot be {verb}" + (f" ({hint})" if hint else ""),
        node,
    )


def _fitted(value: Any, shape: Shape, own: Shape) -> Any:
    return value if own and same_shape(own, shape) else broadcast(value, *shape)


def _add(reader: _Reader, node: ast.BinOp, left: Any, right: Any) -> Any:
    a, b = reader.shape(left), reader.shape(right)
    if is_unit(a) and is_unit(b) and not (a and b):
        return _scalar(left) + _scalar(right)
    shape = _common(reader, node, [(node.left, a), (node.right, b)])
    # A scalar has to be broadcast. SymPy takes a row or a column as it is, and so prints it as it
    # was typed, unless the sizes are integers.
    values = [value if own else broadcast(value, *shape) for value, own in ((left, a), (right, b))]
    terms = [
        term
        for value in values
        for term in (value.args if isinstance(value, sp.MatAdd) else (value,))
    ]
    try:
        return sp.MatAdd(*terms)
    except SymPyShapeError:
        return sp.MatAdd(*(_fitted(term, shape, shape_of(term)) for term in terms))


def _subtract(reader: _Reader, node: ast.BinOp, left: Any, right: Any) -> Any:
    return _add(reader, node, left, _scaled(sp.S.NegativeOne, right))


def _multiply(reader: _Reader, node: ast.BinOp, left: Any, right: Any) -> Any:
    a, b = reader.shape(left), reader.shape(right)
    if not a:
        return _scaled(left, right)
    if not b:
        return _scaled(right, left)
    if product_shape(a, b) is None:
        raise reader.source.misfit(_misaligned(reader, node, a, b), node)
    if not same_size(a[1], b[0]):  # one of them is 1×1, which SymPy would not take for a scalar
        return _scaled(_scalar(left), right) if is_unit(a) else _scaled(_scalar(right), left)
    (one, first), (other, second) = _factors(left), _factors(right)
    return _matrix_product(one * other, [*first, *second])


def _misaligned(reader: _Reader, node: ast.BinOp, a: Shape, b: Shape) -> str:
    text = reader.source.of
    remedies = [f"it fits {hint}"] if (hint := condition([(a[1], b[0])])) else []
    if same_size(a[0], b[0]):
        remedies.append("the transpose of the first would fit")
    elif same_size(a[1], b[1]):
        remedies.append("the transpose of the second would fit")
    if same_shape(a, b):
        remedies.append("the product entry by entry is hadamard(A, B)")
    return (
        f"in {text(node)}: {text(node.left)} has shape {shown(a)} and {text(node.right)} has shape "
        f"{shown(b)}; the inner sizes {a[1]} and {b[0]} differ"
        + (f" ({'; '.join(remedies)})" if remedies else "")
    )


def _divide(reader: _Reader, node: ast.BinOp, left: Any, right: Any) -> Any:
    shape = reader.shape(right)
    if not is_unit(shape):
        text = reader.source.of
        message = f"in {text(node)}: {text(node.right)} has shape {shown(shape)}, and only scalars "
        raise reader.source.misfit(message + "divide; the inverse of a matrix is inv(A)", node)
    divisor = _scalar(right)
    if divisor.is_zero:
        raise reader.source.error(f"{reader.source.of(node)} divides by zero", node)
    return left / divisor if not left.is_Matrix else _scaled(1 / divisor, left)


def _power(reader: _Reader, node: ast.BinOp, base: Any, exponent: Any) -> Any:
    text = reader.source.of
    if not is_unit(reader.shape(exponent)):
        shape = shown(reader.shape(exponent))
        message = f"in {text(node)}: the exponent {text(node.right)} has shape {shape}; a scalar"
        raise reader.source.misfit(f"{message} is meant", node)
    exponent = _scalar(exponent)
    if exponent.is_Rational:
        bits = 0 if base.is_Matrix else _bits(base.as_coeff_Mul()[0])
        if abs(exponent) > LARGEST_EXPONENT or bits * abs(exponent) > LARGEST_BITS:
            raise reader.source.error(f"the exponent of {text(node)} is too large", node)
    if is_unit(reader.shape(base)):
        base = _scalar(base)
        if base.is_zero and exponent.is_negative:
            raise reader.source.error(f"{text(node)} divides by zero", node)
        return base**exponent
    size = _square(reader, node.left, base, "; hadamard(A, A) multiplies entry by entry")
    if not exponent.is_Integer:
        message = f"the exponent of the matrix {text(node.left)} is not an integer"
        raise reader.source.error(message, node)
    if exponent == 0:
        return sp.Identity(size)
    if exponent == -1:
        return sp.Inverse(base)
    return base if exponent == 1 else sp.MatPow(base, exponent)


def _square(reader: _Reader, node: ast.expr, value: Any, otherwise: str = "") -> Any:
    """The size of a square matrix."""
    shape = reader.shape(value)
    text = reader.source.of(node)
    if not shape:
        raise reader.source.misfit(f"{text} is a scalar, and a square matrix is meant", node)
    if not same_size(*shape):
        hint = condition([(shape[0], shape[1])])
        raise reader.source.misfit(
            f"{text} has shape {shown(shape)}, which is not square"
            + (f" ({hint})" if hint else "")
            + otherwise,
            node,
        )
    return shape[0]


_OPERATIONS: dict[type, Callable[..., Any]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.MatMult: _multiply,
    ast.Div: _divide,
    ast.Pow: _power,
}
_RULES: dict[type, Callable[..., Any]] = {
    ast.Constant: _Reader.number,
    ast.Name: _Reader.name,
    ast.UnaryOp: _Reader.signed,
    ast.BinOp: _Reader.operation,
    ast.Attribute: _Reader.transposed,
    ast.Subscript: _Reader.indexed,
    ast.Call: _Reader.call,
    ast.Compare: _Reader.refuse,
}


# -------------------------------------------------------------------------------- the functions


@dataclass(frozen=True)
class _Function:
    """How a call is read, and how many arguments it takes."""

    build: Callable[[_Reader, ast.Call], Any]
    least: int = 1
    most: int = 1


def _entrywise(
    reader: _Reader, node: ast.expr, function: Callable[..., Any], nodes: Sequence[ast.expr]
) -> Any:
    """A function of scalars, of the entries of its arguments at the same place."""
    values = [reader.value(part) for part in nodes]
    parts = [(part, reader.shape(value)) for part, value in zip(nodes, values, strict=True)]
    values = [
        _scalar(value) if is_unit(shape) else value
        for value, (_, shape) in zip(values, parts, strict=True)
    ]
    matrices = list(dict.fromkeys(value for value in values if value.is_Matrix))
    if not matrices:
        return function(*values)
    if len(matrices) == 1:
        z = reader.fresh("z", real=True)
        body = function(*(z if value.is_Matrix else value for value in values))
        return matrices[0].applyfunc(sp.Lambda(z, body))
    shape = _common(reader, node, parts)
    i, j = reader.indices()
    entries = [
        entry(_fitted(value, shape, own), i, j) if value.is_Matrix else value
        for value, (_, own) in zip(values, parts, strict=True)
    ]
    return sp.FunctionMatrix(*shape, sp.Lambda((i, j), function(*entries)))


def _applied(function: Callable[..., Any]) -> _Function:
    return _Function(lambda reader, node: _entrywise(reader, node, function, node.args))


def _extreme(function: Callable[..., Any]) -> _Function:
    return _Function(lambda reader, node: _entrywise(reader, node, function, node.args), 2, 99)


def _where(reader: _Reader, node: ast.Call) -> Any:
    test, *branches = node.args
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        message = f"{reader.source.of(test)} is not a single comparison such as a < b"
        raise reader.source.error(message, test)
    relation = _COMPARISONS.get(type(test.ops[0]))
    if relation is None:
        raise reader.source.error(f"{reader.source.of(test)} is not a comparison", test)

    def cases(left: Any, right: Any, then: Any, otherwise: Any) -> Any:
        return sp.Piecewise((then, relation(left, right)), (otherwise, True))

    return _entrywise(reader, node, cases, [test.left, test.comparators[0], *branches])


def _matrix(reader: _Reader, node: ast.expr) -> tuple[Any, Shape]:
    value = reader.value(node)
    shape = reader.shape(value)
    if not shape:
        raise reader.source.misfit(f"{reader.source.of(node)} is a scalar, not a matrix", node)
    return value, shape


def _by_rows(function: Callable[[Any], Any]) -> _Function:
    def build(reader: _Reader, node: ast.Call) -> Any:
        value, (_, cols) = _matrix(reader, node.args[0])
        if cols == 1 and not is_unit(reader.shape(value)):
            text, name = reader.source.of(node.args[0]), reader.source.of(node.func)
            raise reader.source.misfit(
                f"{name} goes along rows, and {text} is a column; write {name}(({text}).T)", node
            )
        return function(value)

    return _Function(build)


def _added_up(
    reader: _Reader, value: Any, shape: Shape, term: Callable[[Any], Any] = lambda x: x
) -> Any:
    """Σ term(entry) over all entries; an axis of size 1 is not summed over."""
    axes = list(zip(reader.indices(), shape, strict=True))
    body = term(entry(value, *(k if size != 1 else sp.S.Zero for k, size in axes)))
    limits = [(k, 0, size - 1) for k, size in axes if size != 1]
    return sp.Sum(body, *limits) if limits else body


def _sum(reader: _Reader, node: ast.Call) -> Any:
    value = reader.value(node.args[0])
    shape = reader.shape(value)
    return _added_up(reader, value, shape) if shape else value


def _mean(reader: _Reader, node: ast.Call) -> Any:
    value = reader.value(node.args[0])
    shape = reader.shape(value)
    return _added_up(reader, value, shape) / sp.Mul(*shape) if shape else value


def _norm(reader: _Reader, node: ast.Call) -> Any:
    value = reader.value(node.args[0])
    shape = reader.shape(value)
    return sp.sqrt(_added_up(reader, value, shape, lambda x: x**2)) if shape else sp.Abs(value)


def _of_square(function: Callable[[Any], Any]) -> _Function:
    def build(reader: _Reader, node: ast.Call) -> Any:
        value = reader.value(node.args[0])
        _square(reader, node.args[0], value)
        return function(value)

    return _Function(build)


def _hadamard(reader: _Reader, node: ast.Call) -> Any:
    values = [_matrix(reader, part) for part in node.args]
    parts = [(part, shape) for part, (_, shape) in zip(node.args, values, strict=True)]
    shape = _common(reader, node, parts)
    return sp.HadamardProduct(*(_fitted(value, shape, own) for value, own in values))


def _diag(reader: _Reader, node: ast.Call) -> Any:
    value, shape = _matrix(reader, node.args[0])
    if 1 in shape:
        return sp.DiagMatrix(value)
    _square(reader, node.args[0], value)
    return sp.DiagonalOf(value)


def _column(reader: _Reader, node: ast.expr) -> Any:
    value, shape = _matrix(reader, node)
    if 1 not in shape:
        message = f"{reader.source.of(node)} has shape {shown(shape)}; a row or a column is meant"
        raise reader.source.misfit(message, node)
    return value if shape[1] == 1 else _transpose(value)


def _outer(reader: _Reader, node: ast.Call) -> Any:
    left, right = (_column(reader, part) for part in node.args)
    return sp.MatMul(left, _transpose(right))


def _dot(reader: _Reader, node: ast.Call) -> Any:
    left, right = (_column(reader, part) for part in node.args)
    a, b = reader.shape(left), reader.shape(right)
    if not same_shape(a, b):
        _clash(reader, node, [(node.args[0], a), (node.args[1], b)], "multiplied")
    return entry(sp.MatMul(_transpose(left), right), 0, 0)


def _filled(function: Callable[..., Any], number: int) -> _Function:
    def build(reader: _Reader, node: ast.Call) -> Any:
        sizes = [reader.size(part) for part in node.args]
        for size, part in zip(sizes, node.args, strict=True):
            if size.is_number and size < 1:
                raise reader.source.error(f"{size} is not a size: sizes are 1 or more", part)
        return function(*sizes)

    return _Function(build, number, number)


_OF_SIZES = {
    "ones": _filled(sp.OneMatrix, 2),
    "zeros": _filled(sp.ZeroMatrix, 2),
    "eye": _filled(sp.Identity, 1),
}

FUNCTIONS: Mapping[str, _Function] = {
    "exp": _applied(sp.exp),
    "log": _applied(sp.log),
    "sqrt": _applied(sp.sqrt),
    "sin": _applied(sp.sin),
    "cos": _applied(sp.cos),
    "tanh": _applied(sp.tanh),
    "erf": _applied(sp.erf),
    "abs": _applied(sp.Abs),
    "sign": _applied(sp.sign),
    "sigmoid": _applied(lambda z: 1 / (1 + sp.exp(-z))),
    "softplus": _applied(lambda z: sp.log(1 + sp.exp(z))),
    "relu": _applied(lambda z: sp.Max(z, 0)),
    "max": _extreme(sp.Max),
    "min": _extreme(sp.Min),
    "where": _Function(_where, 3, 3),
    "softmax": _by_rows(softmax),
    "logsumexp": _by_rows(logsumexp),
    "sum": _Function(_sum),
    "mean": _Function(_mean),
    "norm": _Function(_norm),
    "trace": _of_square(sp.Trace),
    "tr": _of_square(sp.Trace),
    "det": _of_square(sp.Determinant),
    "logdet": _of_square(lambda a: sp.log(sp.Determinant(a))),
    "inv": _of_square(sp.Inverse),
    "hadamard": _Function(_hadamard, 2, 99),
    "diag": _Function(_diag),
    "outer": _Function(_outer, 2, 2),
    "dot": _Function(_dot, 2, 2),
    **_OF_SIZES,
}
"""The functions of the language; a scalar one goes over the entries of a matrix."""

FACTS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "positive": (sp.Q.positive, ""),
    "negative": (sp.Q.negative, ""),
    "nonnegative": (sp.Q.nonnegative, ""),
    "nonpositive": (sp.Q.nonpositive, ""),
    "nonzero": (sp.Q.nonzero, ""),
    "symmetric": (sp.Q.symmetric, "square"),
    "orthogonal": (sp.Q.orthogonal, "square"),
    "invertible": (sp.Q.invertible, "square"),
    "positive_definite": (sp.Q.positive_definite, "square"),
    "diagonal": (sp.Q.diagonal, "matrix"),
    "upper_triangular": (sp.Q.upper_triangular, "matrix"),
    "lower_triangular": (sp.Q.lower_triangular, "matrix"),
    "fullrank": (sp.Q.fullrank, "matrix"),
}
"""The properties that ``--given`` takes, with what they are properties of."""
