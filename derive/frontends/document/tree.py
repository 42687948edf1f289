"""The syntax tree of a formula: what is written, not what it means.

The parser records notation and decides no reading. Each node knows where it stands: ``start`` and
``end`` are offsets into the text of the formula, and ``Formula.place(offset)`` in ``contents``
turns an offset into offset, line and column of the document.

From the outside to the inside:

* ``Parsed``: a whole formula; its ``rows`` (one, but for ``align``, ``\\\\`` and the like).
* ``Row``: ``items`` in the order in which they are written: ``Statement``, ``Text`` (prose),
  ``Connective`` (``\\implies``, ``\\iff``, ``\\forall`` …). ``failure`` is set where the row as a
  whole is not understood; ``items`` is then empty. Source rows that are one statement, for a
  bracket is still open or the next begins with ``+``, are one ``Row`` with several ``parts``.
* ``Statement``: one expression, mostly a ``Chain``, with its punctuation. ``continues`` says that
  it begins with a relation: it takes up the last side of the statement before it, and
  ``sides[0]`` of its chain is ``Empty``.
* ``Chain``: ``sides`` joined by ``relations`` (one fewer).
* expressions: all other nodes.

Where only one side of a chain is not understood, that side is ``Unread``; ``Parsed.failures`` lists
all failures. No verdict may rest on a side that is ``Unread``.

An example, ``\\frac{\\partial L}{\\partial W} = X^\\top G``::

    Chain(sides=(Derivative(symbol="partial", order=None, of=Letter("L"),
                            by=(Wrt(Letter("W"), None),), fraction=…, form="fraction"),
                 Product(factors=(Script(Letter("X"), sub=None, sup=Mark("top"), primes=0),
                                  Letter("G")),
                         operators=("",))),
          relations=("=",))

Ambiguous notation, as it comes out:

=====================  =============================================================================
``a(b)``               ``Product((a, Group("(", b, ")")), ("",))``: product or application
``f(x)^2``             ``Product((f, Script(Group("(", x, ")"), sup=2)), ("",))``
``a'``                 ``Script(a, sup=None, primes=1)``; ``a^\\prime`` too
``A^T``, ``A^\\top``     ``Script(A, sup=Letter("T"))``, ``Script(A, sup=Mark("top"))``
``{}^t A``             ``Product((Script(Empty(), sup=t), A), ("",))``
``a \\circ b``, ``a*b``  ``Product((a, b), ("circ",))``, ``("*",)``
``a / b c``            ``Product((a, b, c), ("/", ""))``: flat, from left to right
``x_{ij}``             ``Script(x, sub=Run("ij"))``; ``x_{i,j}``: ``sub=Listing((i, j))``
``\\mathbf X_{(n,m)}``  ``Script(Styled("bold", X), sub=Group("(", Listing((n, m)), ")"))``
``W^{(l)}``            ``Script(W, sup=Group("(", l, ")"))``; ``W^{[l]}``: ``Group("[", l, "]")``
``Wx``, ``dx``         ``Run("Wx")``: letters without a space between them. ``split`` gives the
                       product of its letters, a script goes to the last of them.
``\\log a b``           ``Apply(log, Product((a, b)), bare=True)``: how far it reaches is open
``\\log(x)^2``          ``Script(Apply(log, Group("(", x, ")"), bare=False), sup=2)``
``\\sigma(x)``          as ``a(b)``; only names of several letters are ``Word`` and make ``Apply``
``\\sum_i a_i b + c``   ``Sum((Big("sum", sub=i, sup=None, body=a_i b), c))``
``\\nabla_W L``         ``Product((Script(Letter("nabla"), sub=W), L), ("",))``
``\\partial_x f``       ``Product((Script(Letter("partial"), sub=x), f), ("",))``
``\\partial_{L}``       in a fraction: ``Derivative(…, form="subscripts")``
``p(y|x)``             ``Group("(", Conditional(y, x), ")")``
``i = 1, …, n``        ``Chain((i, Listing((1, Dots, n))), ("=",))``
=====================  =============================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cache, wraps
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a formula: the half-open range ``start``–``end`` of the formula's text.

    Nodes that come out of a macro stand where the macro is called.
    """

    start: int
    end: int

    def children(self) -> Iterator[Node]:
        """The nodes directly below this one, in the order of its fields."""
        kind: Any = type(self)
        for name in _held(kind):
            yield from _nodes(getattr(self, name))

    def walk(self) -> Iterator[Node]:
        """This node and all below it, each before what it contains."""
        return iter(_walked(self))


Found = TypeVar("Found")
MAX_REMEMBERED = 20_000


def remembered(function: Callable[[Node], Found]) -> Callable[[Node], Found]:
    """What a function says of a node, kept for that very node: equal ones at other places differ,
    and to compare nodes costs more than to look once more.
    """
    known: dict[int, tuple[Node, Found]] = {}

    @wraps(function)
    def look_up(node: Node) -> Found:
        found = known.get(id(node))
        if found is None or found[0] is not node:
            if len(known) > MAX_REMEMBERED:
                known.clear()
            found = known[id(node)] = node, function(node)
        return found[1]

    return look_up


@remembered
def _walked(root: Node) -> tuple[Node, ...]:
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        found.append(node)
        stack.extend(reversed(list(node.children())))
    return tuple(found)


@cache
def _held(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of node that may hold nodes: numbers, words and signs do not."""
    plain = ("int", "str", "bool", "tuple[str, ...]")
    return tuple(field.name for field in fields(kind) if field.type not in plain)


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)


@dataclass(frozen=True, slots=True)
class Failure(Node):
    """What is not understood: a stable ``code``, one sentence, and where (``start``)."""

    code: str
    message: str


# Expressions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number(Node):
    """``12``, ``0.5``: ``text`` as it is written, without spaces."""

    text: str


@dataclass(frozen=True, slots=True)
class Letter(Node):
    """One letter. ``name`` is a Latin letter, or the command's name without its backslash.

    α and ``\\alpha`` are both "alpha"; also "partial", "nabla", "ell", "infty", "emptyset".
    """

    name: str


@dataclass(frozen=True, slots=True)
class Run(Node):
    """Two or more Latin letters without a space between them: a word, or a product."""

    text: str
    letters: tuple[Letter, ...]


@dataclass(frozen=True, slots=True)
class Word(Node):
    """A name of several letters: ``\\log`` (how="command"), ``\\operatorname{tr}``
    ("operatorname"), ``\\text{softmax}`` ("text"), ``\\mathrm{MLP}`` ("roman"), or a known
    function's name in plain letters before an argument, ``tanh(x)`` ("run")."""

    name: str
    how: str


@dataclass(frozen=True, slots=True)
class Mark(Node):
    """A sign that stands for itself, mostly in a script: "top", "*", "+", "-", "dagger", "perp",
    ":", "cdot", "circ", "forall" …"""

    name: str


@dataclass(frozen=True, slots=True)
class Dots(Node):
    """``\\ldots``, ``\\cdots``, ``\\vdots``, ``…``: "ldots", "cdots", "vdots", "ddots"."""

    name: str


@dataclass(frozen=True, slots=True)
class Text(Node):
    """Prose: ``\\text{if }``, Chinese characters. Never a part of a product."""

    text: str


@dataclass(frozen=True, slots=True)
class Empty(Node):
    """Nothing: ``{}``, an empty cell, the side before a leading relation."""


@dataclass(frozen=True, slots=True)
class Unread(Node):
    """A side of a chain that is not understood."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Styled(Node):
    """``\\mathbf{x}``: ``style`` is "bold", "roman", "italic", "sans", "typewriter",
    "calligraphic", "blackboard" or "fraktur"."""

    style: str
    body: Node


@dataclass(frozen=True, slots=True)
class Accent(Node):
    """``\\hat{x}``: ``accent`` is "hat", "bar", "tilde", "vec", "dot", "ddot", "check", "breve",
    "underline", "overline" (as "bar") …; wide forms have the same name."""

    accent: str
    body: Node


@dataclass(frozen=True, slots=True)
class Script(Node):
    """A base with scripts; ``primes`` counts ′."""

    base: Node
    sub: Node | None
    sup: Node | None
    primes: int


@dataclass(frozen=True, slots=True)
class Group(Node):
    """Brackets: ``opening`` and ``closing`` are "(", "[", "{", "<" (angle), "floor", "ceil",
    ")", "]", "}", ">" or "." (nothing). ``[0, 1)`` is a group, too."""

    opening: str
    body: Node
    closing: str


@dataclass(frozen=True, slots=True)
class Norm(Node):
    """``|x|`` (bars=1) or ``\\|x\\|`` (bars=2). Its kind, p, is the sub of a ``Script``."""

    body: Node
    bars: int


@dataclass(frozen=True, slots=True)
class Evaluated(Node):
    """``e |_{x = 0}``: ``body`` at ``at`` (and ``upper``, as after an integral)."""

    body: Node
    at: Node | None
    upper: Node | None


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """``a | b``, ``a \\mid b``, ``a \\| b``: in probabilities and sets."""

    left: Node
    right: Node
    bars: int


@dataclass(frozen=True, slots=True)
class Sum(Node):
    """``signs[k]`` stands before ``terms[k]``: "+", "-", "pm", "mp", "oplus", "ominus".

    The first sign is "" where none is written; ``-x`` is ``Sum(("-",), (x,))``.
    """

    signs: tuple[str, ...]
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Product(Node):
    """``operators[k]`` stands between ``factors[k]`` and ``factors[k + 1]``: "" (juxtaposed),
    "*", "ast", "star", "cdot", "times", "odot", "circ", "otimes", "/", "div", "bullet", "bmod",
    "cup", "cap", "setminus", "wedge", "vee", "@" … All of them stand on one level."""

    factors: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fraction(Node):
    """``\\frac{a}{b}``, ``{a \\over b}``. One with / is a ``Product``."""

    numerator: Node
    denominator: Node


@dataclass(frozen=True, slots=True)
class Wrt(Node):
    """What a derivative is taken by, and how often: ``\\partial x^2`` is ``Wrt(x, 2)`` where the
    numerator has an order, too; ``order`` is None where none is written."""

    variable: Node
    order: Node | None


@dataclass(frozen=True, slots=True)
class Derivative(Node):
    """A fraction that begins with ∂ or d above and below.

    ``symbol``: "partial", "d" or "D". ``of`` is None in ``\\frac{\\partial}{\\partial x}``; what it
    acts on follows in the product. ``form``: "fraction", "slash" (∂L/∂W) or "subscripts"
    (``\\frac{\\partial_{l}}{\\partial_{w}}``). ``fraction`` is the same read as a quotient
    (``\\frac{dk}{dn}`` may be one).
    """

    symbol: str
    order: Node | None
    of: Node | None
    by: tuple[Wrt, ...]
    fraction: Node
    form: str


@dataclass(frozen=True, slots=True)
class Apply(Node):
    """A ``Word`` (or a ``Script`` of one) with what follows it.

    ``argument`` is a ``Group`` that follows directly (bare=False), or all that is juxtaposed
    (bare=True). ``\\max_i x_i``, ``\\lim``, ``\\arg\\min_x`` are such, too.
    """

    head: Node
    argument: Node
    bare: bool


@dataclass(frozen=True, slots=True)
class Big(Node):
    """``\\sum``, ``\\prod``, ``\\int``, ``\\bigcup`` …: ``operator`` is the command's name;
    ``body`` is the rest of the term."""

    operator: str
    sub: Node | None
    sup: Node | None
    body: Node


@dataclass(frozen=True, slots=True)
class Root(Node):
    """``\\sqrt[degree]{body}``."""

    body: Node
    degree: Node | None


@dataclass(frozen=True, slots=True)
class Binomial(Node):
    """``\\binom{top}{bottom}``."""

    top: Node
    bottom: Node


@dataclass(frozen=True, slots=True)
class Postfix(Node):
    """``n!``: ``operator`` is "!"."""

    body: Node
    operator: str


@dataclass(frozen=True, slots=True)
class Matrix(Node):
    """``kind`` is "matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix",
    "array" or "substack"; an empty entry is ``Empty``, dots are ``Dots``."""

    kind: str
    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Branch(Node):
    """One line of ``cases``. ``condition`` holds what stands after the ``&``: ``Text``, ``Chain``
    and other expressions in their order; empty where nothing stands there."""

    value: Node
    condition: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Cases(Node):
    """``\\begin{cases}``, ``\\left\\{ \\begin{array}``."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Annotated(Node):
    """``\\underbrace{body}_{note}``, ``\\overset{note}{body}``: the body, and what is said of it.

    ``kind``: "underbrace", "overbrace", "overset", "underset", "overline-arrow".
    """

    kind: str
    body: Node
    note: Node | None


@dataclass(frozen=True, slots=True)
class Listing(Node):
    """``a, b, c``: ``separators`` are "," or ";" (one fewer than the items)."""

    items: tuple[Node, ...]
    separators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """``a = b ≤ c``. Relations: "=", ":=", "=:", "!=", "<", ">", "<=", ">=", "<<", ">>",
    "leftarrow", "to" (→), "mapsto", "in", "ni", "notin", "subset", "subseteq", "supset",
    "supseteq", "approx", "equiv", "sim", "simeq", "cong", "propto", "perp", "parallel", ":",
    "prec", "succ", "preceq", "succeq", "<-" as "leftarrow", "?=" (with a question mark)."""

    sides: tuple[Node, ...]
    relations: tuple[str, ...]


# The whole ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement(Node):
    """One statement of a row: ``body`` is a ``Chain`` or another expression.

    ``punctuation`` is the "," "." ";" or "" after it. ``continues``: it begins with a relation.
    """

    body: Node
    punctuation: str
    continues: bool


@dataclass(frozen=True, slots=True)
class Connective(Node):
    """Between statements: "implies", "iff", "impliedby", "forall", "exists", "and", "or",
    "therefore", "because", "st"."""

    name: str


@dataclass(frozen=True, slots=True)
class Row(Node):
    """A row: ``items`` are ``Statement``, ``Text`` and ``Connective``; ``parts`` are the ranges of
    the source rows in it; ``tag`` and ``label`` as written, or ""."""

    items: tuple[Node, ...]
    parts: tuple[tuple[int, int], ...]
    tag: str
    label: str
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Parsed(Node):
    """A formula: its rows, and everything in it that is not understood, in order."""

    rows: tuple[Row, ...]
    failures: tuple[Failure, ...]


def rewritten(node: Node, change: Callable[[Node], Node]) -> Node:
    """A tree with each of its nodes changed, from the innermost ones outwards."""
    changes = {}
    for field in fields(node):
        old = getattr(node, field.name)
        new = _rewritten(old, change)
        if new is not old:
            changes[field.name] = new
    return change(replace(node, **changes) if changes else node)


def _rewritten(value: Any, change: Callable[[Node], Node]) -> Any:
    if isinstance(value, Node):
        return rewritten(value, change)
    if isinstance(value, tuple):
        made = tuple(_rewritten(item, change) for item in value)
        return made if any(a is not b for a, b in zip(made, value, strict=True)) else value
    return value


def split(node: Node) -> Node:
    """The product of its letters, for a ``Run`` or a ``Script`` of one; any other node as it is.

    A script goes to the last letter, as TeX sets it: ``Wx_i`` is W times ``x_i``.
    """
    if isinstance(node, Run):
        return Product(node.start, node.end, tuple(node.letters), ("",) * (len(node.letters) - 1))
    if isinstance(node, Script) and isinstance(node.base, Run):
        letters = node.base.letters
        last = Script(letters[-1].start, node.end, letters[-1], node.sub, node.sup, node.primes)
        factors = (*letters[:-1], last)
        return Product(node.start, node.end, factors, ("",) * (len(factors) - 1))
    return node


def brackets(node: Node) -> tuple[Group | None, Script | None]:
    """A group in brackets, with the script on it if there is one."""
    if isinstance(node, Group) and node.opening in "([" and node.closing in ")]":
        return node, None
    if isinstance(node, Script) and isinstance(node.base, Group):
        inner, _ = brackets(node.base)
        return inner, node if inner is not None else None
    return None, None


def arguments(group: Group) -> list[Node]:
    """What stands between the commas in brackets."""
    body = group.body
    return list(body.items) if isinstance(body, Listing) else [body]


def is_pair(node: Node) -> bool:
    """Whether a node is an array of one column and two rows, without brackets of its own."""
    if not isinstance(node, Matrix) or node.kind not in ("array", "matrix", "smallmatrix"):
        return False
    return [len(row) for row in node.rows] == [1, 1]


def join_number(factors: list[Node], operators: list[str]) -> None:
    """Make W1, a letter with a number right after it, one name as W_1: no product ends so."""
    letter, number = factors[-2:]
    below = number.base if isinstance(number, Script) and number.sub is None else number
    if not isinstance(below, Number) or not below.text.isdigit() or letter.end != below.start:
        return
    if not isinstance(letter, Letter | Run) or (
        isinstance(letter, Letter) and letter.name in NUMBERS
    ):
        return
    sup, primes = (number.sup, number.primes) if isinstance(number, Script) else (None, 0)
    factors[-2:] = [Script(letter.start, number.end, letter, below, sup, primes)]
    del operators[-1]


NUMBERS = ("e", "pi", "i", "infty")


def apart_from_primes(sup: Node) -> tuple[Node | None, int]:
    """A superscript without the primes in it, and how many these are: [l] and 1 of [l]′."""
    if isinstance(sup, Mark) and sup.name == "prime":
        return None, 1
    if isinstance(sup, Script) and sup.primes and brackets(sup.base)[0] is sup.base:
        return (sup.base, sup.primes) if sup.sub is None and sup.sup is None else (sup, 0)
    if not isinstance(sup, Product) or any(sup.operators):
        return sup, 0
    rest = [part for part in sup.factors if not (isinstance(part, Mark) and part.name == "prime")]
    count = len(sup.factors) - len(rest)
    if len(rest) < 2:
        return (rest[0] if rest else None), count
    return replace(sup, factors=tuple(rest), operators=("",) * (len(rest) - 1)), count
