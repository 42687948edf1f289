"""One reading of one statement: its syntax trees as values, with the definitions that they use.

Every kind of node has a function of its own in :data:`RULES`, to which the modules that lean on
this one add theirs; a node without one is not understood. A name is looked up in what the document
declares and defines at that place (:mod:`derive.frontends.document.symbols`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from derive.base.slot import Slot
from derive.base.tables import Table
from derive.frontends.document import functions, tree, values
from derive.frontends.document.choices import Choices
from derive.frontends.document.knowledge import Knowledge
from derive.frontends.document.names import (
    in_parentheses,
    is_transpose,
    mention,
    side_by_side,
    text_of,
)
from derive.frontends.document.tree import Node
from derive.frontends.document.values import Misfit, Sizes, Unsure, Value, scalar
from derive.language.matrix_functions import matrix_exp

MAX_DEPTH = 60

READ_NAME = Slot("derive.frontends.document.symbols")
READ_UNKNOWN = Slot("derive.frontends.document.undeclared")
SIZE_OF = Slot("derive.frontends.document.indices")
ZEROS = Slot("derive.frontends.document.indices")
WITHOUT_DOTS = Slot("derive.frontends.document.ellipses")
INDEX_VARIABLE = Slot("derive.frontends.document.indices")
ANNOTATED_SIZES = Slot("derive.frontends.document.symbols")
SUBSCRIPTED = Slot("derive.frontends.document.products")
REACHING = Slot("derive.frontends.document.words")


class Unread(Exception):
    """Something that has no meaning here, or is not understood; with its code and its node."""

    def __init__(self, code: str, message: str, node: Node | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.node = code, message, node


class Undeclared(Unread):
    """Something that a declaration would settle."""

    def __init__(self, message: str, remedy: str, node: Node | None = None) -> None:
        super().__init__("undeclared", message, node)
        self.remedy = remedy


class Absurd(Exception):
    """A choice that makes no sense for this notation: no reading."""


@dataclass(frozen=True)
class Index:
    """An index variable: ``symbol`` counts from 0, the document from ``base``."""

    symbol: Any
    base: int


RULES: Table[Callable[[Reader, Any], Value]] = Table()
"""What each kind of node stands for; the modules that lean on this one add theirs."""


@dataclass
class Reader:
    """Reads the nodes of one statement.

    :param section: the section that the statement stands in.
    :param at: the number of its formula.
    """

    knowledge: Knowledge
    section: int
    at: int
    choices: Choices
    sizes: Sizes = field(default_factory=Sizes)
    where: dict[Any, Any] = field(default_factory=dict)
    symbols: dict[str, Value] = field(default_factory=dict)
    shapes: dict[Any, Value] = field(default_factory=dict)
    bound: dict[str, Any] = field(default_factory=dict)
    put_in: frozenset[str] = frozenset()  # arguments of functions that have other values here
    indices: dict[str, Index] = field(default_factory=dict)
    ranges: dict[Any, Any] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    inferred: dict[str, None] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)  # SymPy name by key
    shift: int = 0
    shift_letter: str = ""
    blame: Node | None = None
    carried: set[str] = field(default_factory=set)  # names that may mean something else here
    sources: set[int] = field(default_factory=set)  # the sections that the names come from
    memo: dict[tuple[str, Any], Value] = field(default_factory=dict)
    running: list[str] = field(default_factory=list)  # the definitions that are being read
    depth: int = 0
    home: tuple[int, int] = (0, 0)  # the section and the number of the statement
    limits_of: set[Any] = field(default_factory=set)  # indices with limits of their own
    sees: Callable[[str], tuple[str, ...]] | None = None  # what a loss that nothing defines sees
    varied: list[Any] = field(default_factory=list)  # names under a d, in an equation of those
    counting: frozenset[str] = frozenset()  # letters that stand alone in a subscript
    bare: frozenset[str] = frozenset()  # names that stand without one
    about: frozenset[str] = frozenset()  # what the statement is about in the end, by names
    in_entries: bool = False  # whether the entries of a matrix written out are read
    drafting: bool = False  # whether names that nothing declares are guessed at
    guessed: set[str] = field(default_factory=set)
    opaque: set[str] = field(default_factory=set)
    layered: bool = False  # whether what comes before the layers that are spoken of is any array
    assuming: bool = False  # whether what is read is assumed of every step
    in_time: bool = False  # whether h_t is a position of a sequence
    sequences: dict[str, Any] = field(default_factory=dict)
    made_in_time: dict[Any, Any] = field(default_factory=dict)  # sequences, with what they are of
    shaping: set[str] = field(default_factory=set)  # those whose shapes are being found
    supposed: dict[str, None] = field(default_factory=dict)  # what the document does not say
    steps: dict[Any, None] = field(default_factory=dict)  # what is assumed of steps left open
    lowest: dict[Any, Any] = field(default_factory=dict)  # lower ends of indices that have one
    indexed: set[str] = field(default_factory=set)  # names that stand with an index somewhere
    functions_used: set[str] = field(default_factory=set)
    several: set[str] = field(default_factory=set)  # the x of x_i, one of several
    apart: set[str] = field(default_factory=set)  # the x of an x_2 that is read by itself
    made_up: set[str] = field(default_factory=set)  # symbols of what nothing declares or defines
    labelled: set[str] = field(default_factory=set)  # those of them that have a subscript

    def __post_init__(self) -> None:
        self.home = self.section, self.at

    def note(self, sentence: str) -> None:
        self.inferred.setdefault(sentence)

    def value(self, node: Node) -> Value:
        """What a node stands for.

        :raises Misfit: where shapes do not fit; ``blame`` is then the innermost node.
        :raises Unread: where it is not understood.
        """
        rule = RULES.find(type(node))
        if rule is None:
            raise Unread("notation", f"{_words(node)} is not understood here", node)
        self.depth += 1
        try:
            if self.depth > MAX_DEPTH:
                raise Unread("nesting", "it is nested too deeply", node)
            return rule(self, node)
        except (Misfit, Unsure):
            if self.blame is None:
                self.blame = node
            raise
        except Unread as problem:
            if problem.node is None:
                problem.node = node
            raise
        finally:
            self.depth -= 1

    @property
    def loose(self) -> bool:
        """Whether thin vectors are rows and columns alike, as NumPy has them."""
        return self.choices.pick("vectors", ("column", "row", "numpy")) == "numpy"

    def is_loose(self, *parts: Value) -> bool:
        return any(part.thin for part in parts) and self.loose

    def size(self, value: Value, node: Node) -> Any:
        """An integer, made of numbers, sizes and indices."""
        result = scalar(value)
        if not result.is_integer:
            raise Unread("not-an-index", f"{result} is no index and no size", node)
        return sp.expand(result)


def _words(node: Node) -> str:
    return {
        "Dots": "an ellipsis",
        "Text": "prose",
        "Conditional": "a conditional probability",
        "Listing": "a list",
        "Evaluated": "a value at a point",
        "Binomial": "a binomial coefficient",
        "Unread": "this part",
        "Mark": "this sign",
    }.get(type(node).__name__, f"this notation ({type(node).__name__.lower()})")


# ---------------------------------------------------------------------------------- plain nodes


@RULES.on(tree.Number)
def _number(reader: Reader, node: tree.Number) -> Value:
    text = node.text.replace(",", "")
    if len(text) > 40:
        raise Unread("number", "the number is too long", node)
    try:
        return values.number(sp.Rational(text))
    except (TypeError, ValueError):
        raise Unread("number", f"{node.text} is no number", node) from None


@RULES.on(tree.Letter, tree.Run, tree.Word, tree.Accent)
def _name(reader: Reader, node: Node) -> Value:
    result: Value = READ_NAME(reader, node)
    return result


@RULES.on(tree.Group)
def _group(reader: Reader, node: tree.Group) -> Value:
    brackets = node.opening + node.closing
    if brackets == "[]" and isinstance(node.body, tree.Chain):
        return indicator(reader, node.body)  # Iverson's: [x > 0]
    if brackets == "()" and tree.is_pair(node.body):
        how = reader.choices.pick("two numbers above each other", ("a vector", "a binomial"))
        if how == "a binomial":
            raise Unread("binomial", "two numbers in parentheses may be a binomial", node)
    if brackets in ("()", "[]", "{}"):
        return reader.value(node.body)
    if brackets == "<>":
        body = node.body
        if isinstance(body, tree.Listing) and len(body.items) == 2:
            left, right = map(reader.value, body.items)
            return values.dot(left, right)
        raise Unread("brackets", "angle brackets around something else than two vectors", node)
    if node.opening == "floor":
        return Value(sp.floor(scalar(reader.value(node.body))))
    if node.opening == "ceil":
        return Value(sp.ceiling(scalar(reader.value(node.body))))
    raise Unread("brackets", f"the brackets {node.opening} {node.closing}", node)


@RULES.on(tree.Sum)
def _sum(reader: Reader, node: tree.Sum) -> Value:
    if any(isinstance(term, tree.Dots) for term in node.terms):
        made: Value = reader.value(WITHOUT_DOTS(reader, node))
        return made
    terms = []
    for sign, term in zip(node.signs, node.terms, strict=True):
        if sign not in ("", "+", "-"):
            raise Unread("sign", f"the sign {sign} has two meanings at once", term)
        value = reader.value(term)
        terms.append(values.negate(value) if sign == "-" else value)
    terms = _identities(reader, node, terms)
    result = terms[0]
    for value in terms[1:]:
        result = values.add(result, value, reader.is_loose(result, value))
    return result


def _identities(reader: Reader, node: tree.Sum, terms: list[Value]) -> list[Value]:
    """The terms of a sum: a 1 beside a square matrix, as in 1 − ηA, is the identity matrix in
    another reading.
    """
    ones = [
        isinstance(each, tree.Number) and each.text == "1" and not value.shape
        for each, value in zip(node.terms, terms, strict=True)
    ]
    sizes = [value.shape[0] for value in terms if any(ones) and _is_square(reader, value)]
    if not sizes:
        return terms
    how = reader.choices.pick("1 beside a square matrix", ("each entry", "the identity"))
    if how == "each entry":
        return terms
    return [
        values.scale(value.expr, Value(sp.Identity(sizes[0]), (sizes[0], sizes[0])))
        if is_one
        else value
        for is_one, value in zip(ones, terms, strict=True)
    ]


def _is_square(reader: Reader, value: Value) -> bool:
    """Whether a value is a matrix of as many rows as columns, and more than one."""
    if len(value.shape) != 2 or value.thin:
        return False
    rows, cols = map(reader.sizes.resolved, value.shape)
    return bool(rows == cols != 1)


@RULES.on(tree.Fraction)
def _fraction(reader: Reader, node: tree.Fraction) -> Value:
    above, below = reader.value(node.numerator), reader.value(node.denominator)
    return values.divide(above, below, reader.is_loose(above, below))


@RULES.on(tree.Binomial)
def _binomial(reader: Reader, node: tree.Binomial) -> Value:
    """n over a number k, written out: n(n − 1)/2."""
    if not isinstance(node.bottom, tree.Number) or not node.bottom.text.isdigit():
        raise Unread("notation", "a binomial coefficient is read over a number only", node)
    k = int(node.bottom.text)
    if k > 20:
        raise Unread("number", "the number is too large", node.bottom)
    top = scalar(reader.value(node.top))
    return Value(sp.Mul(*(top - i for i in range(k))) / sp.factorial(k))


@RULES.on(tree.Root)
def _root(reader: Reader, node: tree.Root) -> Value:
    value = reader.value(node.body)
    if node.degree is None:
        return values.apply(sp.sqrt, value)
    degree = scalar(reader.value(node.degree))
    return values.apply(lambda x: x ** (1 / degree), value)


def is_ones(node: Node) -> bool:
    """Whether a node is **1**, a vector of ones."""
    return (
        isinstance(node, tree.Styled)
        and node.style == "bold"
        and isinstance(node.body, tree.Number)
        and node.body.text == "1"
    )


def is_one(node: Node) -> bool:
    """Whether a node is a 1 (or an I) that may stand before a condition: an indicator."""
    if isinstance(node, tree.Number | tree.Letter):
        return text_of(node) in ("1", "I")
    if not isinstance(node, tree.Styled) or node.style not in ("bold", "blackboard"):
        return False
    return text_of(node.body) in ("1", "I") if node.style == "blackboard" else is_ones(node)


def indicator(reader: Reader, condition: tree.Chain) -> Value:
    """1 where a condition is true and 0 elsewhere; entry by entry where an array is compared."""
    letters = [side.name for side in condition.sides if isinstance(side, tree.Letter)]
    if any(letter in reader.indices or letter in reader.counting for letter in letters):
        for letter in letters:
            INDEX_VARIABLE(reader, letter)  # what is compared with an index is one
    if condition.relations == ("=",):
        sides = [reader.value(side) for side in condition.sides]
        if all(not side.shape and side.expr.is_integer for side in sides):
            return Value(sp.KroneckerDelta(sides[0].expr, sides[1].expr))
    if len(condition.sides) == 2 and condition.relations[0] in RELATIONS:
        left, right = (values.as_matrix(reader.value(side)) for side in condition.sides)
        compare = RELATIONS[condition.relations[0]]
        if left.shape and not left.is_scalar and right.is_scalar:
            bound = scalar(right)
            return values.apply(lambda x: sp.Piecewise((1, compare(x, bound)), (0, True)), left)
    return Value(sp.Piecewise((1, relation(reader, condition)), (0, True)))


def _ones(reader: Reader, sub: Node | None = None) -> Value:
    """A vector of ones: of the size in its subscript, or of the one that its place asks for."""
    size = reader.sizes.new("n_1") if sub is None else SIZE_OF(sub)
    if reader.choices.pick("vectors", ("column", "row", "numpy")) == "row":
        return Value(sp.OneMatrix(1, size), (sp.S.One, size), thin=True)
    return Value(sp.OneMatrix(size, 1), (size, sp.S.One), thin=True)


def _scripted_ones(reader: Reader, node: tree.Script) -> Value:
    group = None if node.sub is None else in_parentheses(node.sub)
    if group is None:
        return powers(reader, _ones(reader, node.sub), node.sup, node)
    sizes = ANNOTATED_SIZES(group)
    if len(sizes) != 2:
        return powers(reader, _ones(reader, group.body), node.sup, node)
    # The subscript is about what stands there, transposed as it is.
    return Value(sp.OneMatrix(*sizes), sizes)


@RULES.on(tree.Styled)
def _styled(reader: Reader, node: tree.Styled) -> Value:
    if is_ones(node):
        return _ones(reader)
    name = mention(node)
    if name is None:
        if node.style in ("bold", "roman", "italic"):
            return reader.value(node.body)
        raise Unread("style", f"{node.style} letters around a formula", node)
    return _name(reader, node)


@RULES.on(tree.Norm)
def _norm(reader: Reader, node: tree.Norm) -> Value:
    return _norm_of(reader, node)


def _norm_of(reader: Reader, node: tree.Norm, kind: str = "") -> Value:
    value = reader.value(node.body)
    if node.bars == 2:
        return functions.norm(reader.choices, value, kind)
    if not value.shape:
        return Value(sp.Abs(value.expr))
    if value.is_scalar:
        return Value(sp.Abs(scalar(value)))
    if values.is_vector(value):
        if reader.choices.pick("bars", ("norm", "entrywise")) == "norm":
            return functions.norm(reader.choices, value, kind or "2")
        return values.apply(sp.Abs, value)
    if values.same(*value.shape[:2]):
        return functions.determinant(reader.choices, [value])
    raise Unread("bars", "bars around a matrix that is not square", node)


@RULES.on(tree.Annotated)
def _annotated(reader: Reader, node: tree.Annotated) -> Value:
    return reader.value(node.body)


@RULES.on(tree.Matrix)
def _matrix(reader: Reader, node: tree.Matrix) -> Value:
    if node.kind not in ("pmatrix", "bmatrix", "matrix", "vmatrix", "array", "smallmatrix"):
        raise Unread("matrix", f"a {node.kind} has no meaning here", node)
    if len({len(row) for row in node.rows}) != 1:
        raise Unread("matrix", "the rows of the matrix have different lengths", node)
    before, reader.in_entries = reader.in_entries, True
    try:
        rows = [[_matrix_entry(reader, item) for item in row] for row in node.rows]
    finally:
        reader.in_entries = before
    matrix = sp.ImmutableDenseMatrix(rows)
    value = values.written_out(matrix)
    if node.kind == "vmatrix":
        return functions.determinant(reader.choices, [value])
    return value


def _matrix_entry(reader: Reader, item: Node) -> Any:
    if isinstance(item, tree.Dots):
        raise Unread("dots", "a matrix with dots is not read", item)
    value = reader.value(item)
    if not value.is_scalar:
        if reader.put_in:
            raise Absurd("a function of a number, of an array")
        raise Unread("blocks", "a matrix of blocks is not read", item)
    return scalar(value)


@RULES.on(tree.Cases)
def _cases(reader: Reader, node: tree.Cases) -> Value:
    branches: list[tuple[Any, Any]] = []
    for branch in node.branches:
        value = reader.value(branch.value)
        if not value.is_scalar and not reader.guessed:
            raise Unsure("cases of arrays are not read")
        branches.append((scalar(value), _condition(reader, branch)))
    return Value(sp.Piecewise(*branches))  # where no condition holds there is no value


OTHERWISE = ("otherwise", "else", "sonst", "sinon", "其他", "否则", "andernfalls", "autrement")


def _condition(reader: Reader, branch: tree.Branch) -> Any:
    condition: Any = None
    for part in branch.condition:
        if isinstance(part, tree.Text):
            text = part.text.strip(" ,.;:").lower()
            if any(word in text for word in OTHERWISE):
                return sp.true
            if text in ("if", "for", "when", "falls", "wenn", "si", "für", "pour", "若", "当", ""):
                continue
            raise Unread("condition", f"the condition “{part.text.strip()}” is prose", part)
        if isinstance(part, tree.Word) and part.name.lower() in ("if", "for", "otherwise", "else"):
            if part.name.lower() in OTHERWISE:
                return sp.true
            continue
        found = relation(reader, part)
        condition = found if condition is None else sp.And(condition, found)
    return sp.true if condition is None else condition


RELATIONS: dict[str, Callable[..., Any]] = {
    "<": sp.Lt,
    ">": sp.Gt,
    "<=": sp.Le,
    ">=": sp.Ge,
    "=": sp.Eq,
    "!=": sp.Ne,
}


def relation(reader: Reader, node: Node) -> Any:
    """A comparison of scalars."""
    if isinstance(node, tree.Statement):
        node = node.body
    if not isinstance(node, tree.Chain) or any(r not in RELATIONS for r in node.relations):
        raise Unread("condition", "the condition is no comparison", node)
    sides = [scalar(reader.value(side)) for side in node.sides]
    found = [RELATIONS[r](a, b) for a, r, b in zip(sides, node.relations, sides[1:], strict=False)]
    return found[0] if len(found) == 1 else sp.And(*found)


@RULES.on(tree.Script)
def _script(reader: Reader, node: tree.Script) -> Value:
    name = mention(node)
    if name is not None:
        return _name(reader, node)
    base = node.base
    if is_one(base) and node.sup is None and node.sub is not None:
        body = node.sub.body if isinstance(node.sub, tree.Group) else node.sub
        if isinstance(body, tree.Chain):
            return indicator(reader, body)
    if is_ones(base):
        return _scripted_ones(reader, node)
    if text_of(base) in ("0", "bol(0)") and node.sup is None and node.sub is not None:
        zeros: Value = ZEROS(node.sub)
        return zeros
    if is_one(base) and isinstance(base, tree.Number) and node.sub is not None:
        raise Unread("ones", "a 1 with a subscript has several meanings", node)
    reaching = tree.split(node) if isinstance(base, tree.Run) else REACHING(reader, node)
    if reaching is not node:
        return reader.value(reaching)
    if isinstance(base, tree.Norm):
        return _norm_script(reader, node, base)
    if isinstance(base, tree.Styled | tree.Annotated) and node.sub is None:
        return powers(reader, reader.value(base.body), node.sup, node)
    value = reader.value(base)
    if node.primes:
        value = primed(reader, value, node.primes)
    value = powers(reader, value, node.sup, node) if node.sub is None else value
    if node.sub is not None:
        value = SUBSCRIPTED(reader, value, node.sub, node)
        value = powers(reader, value, node.sup, node)
    return value


def _norm_script(reader: Reader, node: tree.Script, base: tree.Norm) -> Value:
    kind = text_of(node.sub)
    if base.bars == 2 and text_of(node.sup) == "2" and kind in ("", "2", "F"):
        value = reader.value(base.body)
        matrix = bool(value.shape) and not values.is_vector(value)
        frobenius = not matrix or kind == "F"
        if not frobenius and kind == "":
            norm = reader.choices.pick("matrix norm", ("Frobenius", "spectral"))
            frobenius = norm == "Frobenius"
        if frobenius:
            return Value(values.squares(value))
        raise Unsure("the spectral norm of a matrix is not read")
    return powers(reader, _norm_of(reader, base, kind), node.sup, node)


def primed(reader: Reader, value: Value, primes: int) -> Value:
    """A prime on a formula: a transpose, where it is no derivative."""
    for _ in range(primes):
        value = values.transpose(value)
    return value


def powers(reader: Reader, value: Value, sup: Node | None, node: Node) -> Value:
    """A value with one superscript: a transpose, an inverse or a power."""
    for part in side_by_side(sup):
        value = one_power(reader, value, part, node)
    return value


def turned(reader: Reader, value: Value) -> Value:
    """A transpose; where vectors are as NumPy has them, a vector has none."""
    if value.thin and reader.loose and values.is_vector(value):
        raise Absurd("a transpose of a vector that is neither row nor column")
    return values.transpose(value)


def one_power(reader: Reader, value: Value, part: Node, node: Node) -> Value:
    text = text_of(part)
    if is_transpose(part):
        known = reader.knowledge
        number = "T" in known.sizes or known.declared("T", reader.section, reader.at) is not None
        may_be_power = text == "T" and not value.shape and number
        meanings = ("power", "transpose")
        if may_be_power and reader.choices.pick("T above a number", meanings) == "power":
            return values.power(value, reader.value(part))
        return turned(reader, value)
    if text in ("-T", "-top", "-intercal"):
        return values.transpose(values.power(value, values.number(-1)))
    if text == "-1" and value.shape and not value.is_scalar:
        return values.power(value, values.number(-1))
    if text in ("dagger", "+", "dag"):
        raise Unread("pseudo-inverse", "the pseudo-inverse is not read", part)
    if text in ("odot2", "circ2", "odot 2"):
        return values.power(value, values.number(2), entrywise=True)
    if isinstance(part, tree.Mark):
        raise Unread("superscript", f"the superscript {text} has no meaning here", part)
    exponent = reader.value(part)
    if value.expr == sp.E and exponent.is_matrix and _is_square(reader, exponent):
        if reader.choices.pick("e with a matrix above", ("matrix", "entrywise")) == "matrix":
            return Value(matrix_exp(exponent.expr), exponent.shape)
        return values.apply(sp.exp, exponent)
    if value.is_scalar or not exponent.is_scalar:
        return values.power(value, exponent)
    if values.is_vector(value):
        square = scalar(exponent) == 2
        how = reader.choices.pick(
            "power of a vector", ("entrywise", "square") if square else ("entrywise",)
        )
        if how == "square":
            return Value(values.squares(value))
        return values.power(value, exponent, entrywise=True)
    options = ("matrix", "entrywise") if values.same(*value.shape[:2]) else ("entrywise",)
    how = reader.choices.pick("power", options)
    return values.power(value, exponent, entrywise=how == "entrywise")
