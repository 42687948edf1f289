"""The parser of formulas: from tokens to the syntax tree, by recursive descent.

It records what is written and decides no reading (see :mod:`.tree`). What it does not know it
refuses: each failure has a stable code, one sentence and a place, and nothing is skipped silently.

From the outside to the inside: a formula is rows, a row statements, a statement a chain of sides
with relations between them, a side a listing, a sum, a product, a factor with its scripts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from derive.frontends.document import vocabulary as known
from derive.frontends.document.contents import Contents
from derive.frontends.document.derivative_notation import as_derivative, with_slash
from derive.frontends.document.macros import Macros, from_script
from derive.frontends.document.scanner import NotUnderstood, Token, scan
from derive.frontends.document.tree import (
    Accent,
    Annotated,
    Apply,
    Big,
    Binomial,
    Branch,
    Cases,
    Chain,
    Conditional,
    Connective,
    Dots,
    Empty,
    Evaluated,
    Failure,
    Fraction,
    Group,
    Letter,
    Listing,
    Mark,
    Matrix,
    Node,
    Norm,
    Number,
    Parsed,
    Postfix,
    Product,
    Root,
    Row,
    Run,
    Script,
    Statement,
    Styled,
    Sum,
    Text,
    Word,
)

MAX_DEPTH = 40

_END: Token = ("", "", 0, 0, False)
_FRACTIONS = frozenset(["\\frac", "\\dfrac", "\\tfrac", "\\cfrac", "\\sfrac", "\\nicefrac"])
_OVER = frozenset(["\\overset", "\\stackrel", "\\underset"])
_BRACES = {"\\underbrace": "underbrace", "\\overbrace": "overbrace"}
_BARS = {"|": 1, "\\vert": 1, "\\|": 2, "\\Vert": 2}
_LEFT_BARS = {"\\lvert": ("\\rvert", 1), "\\lVert": ("\\rVert", 2)}
_MIDDLES = {"\\mid": 1, "\\Mid": 2, "\\middle": 1}
_STOPS = (
    frozenset(
        [
            ")",
            "]",
            "}",
            "&",
            "\\\\",
            "\\right",
            "\\end",
            "\\rvert",
            "\\rVert",
            ",",
            ";",
            ".",
            "W",
            "\\over",
            "\\choose",
            "\\cr",
            "\\tag",
            "\\label",
        ]
    )
    | frozenset(known.CLOSING)
    | frozenset(_MIDDLES)
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

Parse = Callable[[str], Parsed]


def parser(contents: Contents) -> Parse:
    """What parses the formulas of a document, with the macros that it defines outside of them."""
    macros = Macros()
    for source in contents.macros:
        macros.read(source)
        for macro in from_script(source):
            macros.add(macro)
    return lambda text: parse(text, macros)


def parse(text: str, macros: Macros | None = None) -> Parsed:
    """The tree of a formula. Never raises: what is not understood is in ``failures``.

    :param macros: those in force; definitions in the formula are added to them.
    """
    macros = Macros() if macros is None else macros
    try:
        tokens = _tidied(macros.expand(scan(macros.read(text))))
        rows = [_row(part, text) for part in _joined(_split(tokens))]
    except NotUnderstood as problem:
        rows = [_failed(problem, 0, len(text))]
    failures = tuple(row.failure for row in rows if row.failure is not None)
    return Parsed(0, len(text), tuple(rows), failures)


def _failed(problem: NotUnderstood, start: int, end: int) -> Row:
    failure = Failure(problem.start, problem.end, problem.code, problem.message)
    return Row(start, end, (), ((start, end),), "", "", failure)


# Rows -----------------------------------------------------------------------------------------


def _tidied(tokens: list[Token]) -> list[Token]:
    """Tokens without what is only for the eye: relations with something set over them become
    the relation, ``\\left.`` of a bracket that goes on in the next row goes away.
    """
    result: list[Token] = []
    at = 0
    while at < len(tokens):
        key, _, start, _, spaced = tokens[at]
        if key in _OVER:
            note, after = _braced_tokens(tokens, at + 1)
            body, stop = _braced_tokens(tokens, after)
            if len(body) == 1 and body[0][0] in known.RELATIONS:
                said = "".join(token[1] for token in note)
                relation = body[0][0]
                if relation == "=" and ("def" in said.lower() or "triangle" in said):
                    relation = ":="
                elif relation == "=" and said in ("?", "!"):
                    relation = "?="
                result.append((relation, relation, start, tokens[stop - 1][3], spaced))
                at = stop
                continue
        if key in known.FRAMED:
            _, at = _braced_tokens(tokens, at + 1)
            continue
        result.append(tokens[at])
        at += 1
    return _across_rows(result)


def _braced_tokens(tokens: list[Token], at: int) -> tuple[list[Token], int]:
    """The tokens of an argument without its braces, and where it ends."""
    if at >= len(tokens):
        return [], at
    if tokens[at][0] != "{":
        return [tokens[at]], at + 1
    depth = 0
    for stop in range(at, len(tokens)):
        depth += (tokens[stop][0] == "{") - (tokens[stop][0] == "}")
        if depth == 0:
            return tokens[at + 1 : stop], stop + 1
    return tokens[at + 1 :], len(tokens)


def _across_rows(tokens: list[Token]) -> list[Token]:
    """A bracket that is closed by ``\\right.`` in one row and reopened by ``\\left.`` in another is
    one bracket.
    """
    opened: list[Token] = []
    dropped: set[int] = set()
    waiting = 0
    for at, token in enumerate(tokens):
        if token[0] == "\\left":
            if token[1] == "." and waiting:
                waiting -= 1
                dropped.add(at)
                continue
            opened.append(token)
        elif token[0] == "\\right" and opened:
            left = opened[-1]
            later = any(t[0] == "\\left" and t[1] == "." for t in tokens[at + 1 :])
            if token[1] == "." and left[1] in "([\\{" and later:
                waiting += 1
                dropped.add(at)
                continue
            opened.pop()
    return [token for at, token in enumerate(tokens) if at not in dropped]


_ROW_END = frozenset(("\\\\", "\\cr", "\\newline"))


def _split(tokens: list[Token]) -> Iterator[list[Token]]:
    """The rows of a formula: the environments around them taken away, ``&`` for alignment too."""
    row: list[Token] = []
    depth = columns = 0
    at = 0
    while at < len(tokens):
        token = tokens[at]
        key, name = token[0], token[1]
        at += 1
        if key in ("\\begin", "\\end") and name in known.ALIGNED and depth == 0:
            if key == "\\begin" and name in known.WITH_ARGUMENT:
                _, at = _braced_tokens(tokens, at)
            elif key == "\\begin" and at < len(tokens) and tokens[at][0] == "[":
                close = next((k for k in range(at, len(tokens)) if tokens[k][0] == "]"), None)
                at = at if close is None or close - at > 2 else close + 1
            if key == "\\begin" and row:
                row.append(("W", "", token[2], token[2], True))
            columns = 0
            continue
        depth += (key in ("{", "\\begin")) - (key in ("}", "\\end"))
        if depth == 0 and key in _ROW_END:
            yield row
            row, columns = [], 0
            continue
        if depth == 0 and key == "&":
            columns += 1
            if not row:
                row.append(("W", "&", token[2], token[3], True))  # an empty first cell
                continue
            before = row[-1][0] if row else ""
            after = tokens[at][0] if at < len(tokens) else ""
            if columns % 2 == 0 and not {before, after} & known.RELATIONS.keys():
                row.append(("W", "&", token[2], token[3], True))
            continue
        row.append(token)
    yield row


def _joined(rows: Iterable[list[Token]]) -> Iterator[list[list[Token]]]:
    """Rows that are one statement.

    A row goes on where a bracket is still open, and where the next has an empty first cell and no
    relation that it begins with. Without a cell to tell, a row that begins with a sign goes on
    unless it is an equation of its own, and one that says nothing by itself may be the rest of the
    row before.

    :raises NotUnderstood: where it cannot be told.
    """
    parts: list[list[Token]] = []
    open_ = 0
    for row in rows:
        cell = bool(row) and row[0][0] == "W" and row[0][1] == "&"
        row = row[1:] if cell else row
        if not row:
            continue
        if parts and not (open_ > 0 or _goes_on(parts, row, cell)):
            yield parts
            parts, open_ = [], 0
        while parts and row and row[0][0] == "W":
            row = row[1:]  # an indentation
        parts.append(row)
        open_ += sum(_opens(token) for token in row)
    if parts:
        yield parts


def _goes_on(parts: list[list[Token]], row: list[Token], cell: bool) -> bool:
    """Whether a row is the rest of those before it, none of whose brackets is open."""
    first = next((token for token in row if token[0] != "W"), None)
    if first is None or first[0] in known.RELATIONS or first[0] in known.CONNECTIVES:
        return False
    relations = _relations(row)
    joined = first[0] in known.SIGNS or first[0] in known.OPERATORS
    if any(token[0] == "T" for token in row) and not joined:
        return False
    before = any(_relations(part) for part in parts)
    if cell:
        return not relations or joined
    if joined and not relations:
        return True
    if joined or (before and not relations):
        raise NotUnderstood(
            "ambiguous-continuation",
            "It cannot be told whether this row goes on with the one before.",
            first[2],
            max(first[3], first[2] + 1),
        )
    return False


def _relations(row: list[Token]) -> int:
    """How many relations a row has outside of brackets."""
    depth = count = 0
    for token in row:
        depth += _opens(token)
        count += depth == 0 and token[0] in known.RELATIONS and token[0] != ":"
    return count


def _opens(token: Token) -> int:
    if token[0] in ("(", "[", "\\{", "\\left", "{"):
        return 1
    return -1 if token[0] in (")", "]", "\\}", "\\right", "}") else 0


def _row(parts: list[list[Token]], text: str) -> Row:
    """One row, or several source rows that are one statement."""
    tag = label = ""
    tokens: list[Token] = []
    for part in parts:
        for token in part:
            if token[0] == "\\tag":
                tag = token[1]
            elif token[0] == "\\label":
                label = token[1]
            else:
                tokens.append(token)
    ranges = tuple((part[0][2], part[-1][3]) for part in parts)
    start, end = ranges[0][0], ranges[-1][1]
    try:
        items = _Parser(tokens, len(text)).items()
    except NotUnderstood as problem:
        row = _failed(problem, start, end)
        return Row(start, end, (), ranges, tag, label, row.failure)
    return Row(start, end, tuple(items), ranges, tag, label, None)


# Expressions ----------------------------------------------------------------------------------


class _Parser:
    """Recursive descent over the tokens of a row."""

    def __init__(self, tokens: list[Token], length: int) -> None:
        self.tokens = tokens
        self.at = 0
        self.length = length
        self.depth = 0
        self.bars: tuple[str, ...] = ()  # the bars that close a norm around this place
        self.inside = 0  # brackets around this place

    # -- tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    @property
    def key(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    @property
    def start(self) -> int:
        return self.tokens[self.at][2] if self.at < len(self.tokens) else self.end

    @property
    def end(self) -> int:
        """Where the last token that was read ends."""
        return self.tokens[self.at - 1][3] if self.at else 0

    def failure(self, code: str, message: str, token: Token | None = None) -> NotUnderstood:
        token = token or (self.token if self.at < len(self.tokens) else None)
        if token is None:
            return NotUnderstood(code, message, self.end, min(self.end + 1, self.length))
        return NotUnderstood(code, message, token[2], max(token[3], token[2] + 1))

    # -- statements

    def items(self) -> list[Node]:
        """Statements, prose and connectives, in their order."""
        found: list[Node] = []
        while self.at < len(self.tokens):
            key, text, start, end, _ = self.token
            if key in ("W", ",", ";", "."):
                self.at += 1
            elif key in known.CONNECTIVES:
                self.at += 1
                found.append(Connective(start, end, known.CONNECTIVES[key]))
            elif self._is_prose():
                self.at += 1
                if text.strip():
                    found.append(Text(start, end, text))
            else:
                found.append(self.statement())
        return found

    def statement(self) -> Statement:
        start = self.start
        body = self.chain(top=True)
        if isinstance(body, Annotated) and isinstance(body.body, Chain):
            body = body.body  # a whole statement over a brace
        continues = isinstance(body, Chain) and isinstance(body.sides[0], Empty)
        key, text, _, _, _ = self.token
        end, punctuation = self.end, ""
        if key in (",", ";", "."):
            self._refuse_inside_of_a_name()
            punctuation = key
            self.at += 1
        elif key == "}":
            raise self.failure("unbalanced-brace", "This } closes nothing.")
        elif key in known.CLOSING or key in ("\\right", "\\rvert", "\\rVert"):
            raise self.failure("unbalanced-bracket", f"This {text} closes nothing.")
        elif not (key in ("", "W") or key in known.CONNECTIVES or self._is_prose()):
            raise self.failure("unexpected", f"{text} is not expected here.")
        return Statement(start, end, body, punctuation, continues)

    def _refuse_inside_of_a_name(self) -> None:
        """``a.b`` and ``1,000`` are one thing, whatever it is, and not two statements."""
        before = self.tokens[self.at - 1] if self.at else _END
        after = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else _END
        near = before[3] == self.start and not after[4] and after[0] in ("L", "N")
        if near and self.key == ".":
            raise self.failure("dot-inside", "This dot stands inside of a name.")
        if near and self.key == "," and before[0] == after[0] == "N" and len(after[1]) == 3:
            raise self.failure("comma-inside", "This comma stands inside of a number.")

    def chain(self, top: bool = False) -> Node:
        """Sides joined by relations; a single side without one."""
        start = self.start
        sides: list[Node] = []
        relations: list[str] = []
        if self.key in known.RELATIONS or self.key == "?=":
            sides.append(Empty(start, start))
        else:
            sides.append(self.listing(top, is_first=True))
        while True:
            if self.key == "W" and self._at(1) in known.RELATIONS:
                self.at += 1
            if self.key not in known.RELATIONS and self.key != "?=":
                break
            relation, token = known.RELATIONS.get(self.key, self.key), self.token
            self.at += 1
            if relation == "to" and token[0] == "\\xrightarrow":
                if self.key == "[":
                    self._skip_to("]")
                self.argument()
            if self.key in known.RELATIONS:
                raise self.failure("two-relations", "Two relations stand side by side.")
            if self._ends_a_side():
                raise self.failure("missing-operand", f"Nothing follows {token[1]}.", token)
            relations.append(relation)
            sides.append(self.listing(top, is_first=False))
        if not relations:
            return sides[0]
        return Chain(start, self.end, tuple(sides), tuple(relations))

    def _at(self, ahead: int) -> str:
        at = self.at + ahead
        return self.tokens[at][0] if at < len(self.tokens) else ""

    def _skip_to(self, mark: str) -> None:
        while self.at < len(self.tokens) and self.key != mark:
            self.at += 1
        self.at += 1

    def _ends_a_side(self) -> bool:
        return self.at >= len(self.tokens) or self.key in ("}", "&", "\\\\", "\\end", ",", ";")

    def listing(self, top: bool, is_first: bool) -> Node:
        """``a, b, c``: at the top only where what follows the comma is no statement of its own."""
        start = self.start
        items = [self.sum()]
        separators: list[str] = []
        while self.key in (",", ";") and self._goes_on(top, is_first):
            self._refuse_inside_of_a_name()
            separators.append(self.key)
            self.at += 1
            if self.key == "W":
                self.at += 1
            items.append(self.sum())
        if len(items) == 1:
            return items[0]
        return Listing(start, self.end, tuple(items), tuple(separators))

    def _goes_on(self, top: bool, is_first: bool) -> bool:
        """Whether a comma stands in a list, and not between statements or at the end."""
        following = self._at(1)
        if not following or following in ("}", "&", "\\\\", "\\end"):
            return False
        if not top:
            return following not in known.CLOSING and following != "\\right"
        if self.key == ";" or following in known.CONNECTIVES:
            return False
        if following == "W":
            return self._at(2) in known.DOTS
        if self._is_prose(1):
            return False
        relation = self._relation_follows(self.at + 1)
        return relation if is_first else not relation

    def _relation_follows(self, at: int) -> bool:
        """Whether a relation stands before the next wide space or ``;``, outside of brackets."""
        depth = 0
        for token in self.tokens[at:]:
            depth += _opens(token)
            if depth < 0:
                return False
            if depth == 0 and token[0] in ("W", ";"):
                return False
            if depth == 0 and token[0] in known.RELATIONS and token[0] != ":":
                return True
        return False

    def sum(self) -> Node:
        start = self.start
        signs: list[str] = []
        terms: list[Node] = []
        if self.key in known.SIGNS:
            signs.append(known.SIGNS[self.key])
            self.at += 1
        else:
            signs.append("")
        terms.append(self.product())
        while True:
            if self.key == "W" and self._at(1) in known.SIGNS:
                self.at += 1
            if self.key not in known.SIGNS:
                break
            signs.append(known.SIGNS[self.key])
            self.at += 1
            terms.append(self.product())
        if signs == [""]:
            return terms[0]
        return Sum(start, self.end, tuple(signs), tuple(terms))

    def product(self) -> Node:
        """Factors side by side or with operators between them, all on one level."""
        start = self.start
        factors: list[Node] = [self.factor()]
        operators: list[str] = []
        while True:
            key = self.key
            if key in known.OPERATORS:
                self.at += 1
                if key == "/" and self.key == "/":
                    raise self.failure("two-operators", "Two operators stand side by side.")
                operators.append(known.OPERATORS[key])
                if self.key in ("+", "-"):  # x · −1
                    factors.append(self._signed())
                    continue
                factors.append(self.factor())
                continue
            if self._is_bar() and not self._opens_a_norm():
                if key in self.bars:
                    break
                if self._at(1) in ("_", "^") or key == "\\right":
                    body = self._product(start, factors, operators)
                    factors, operators = [self._evaluated(start, body)], []
                    continue
                if self.inside:
                    break
                raise self.failure("unbalanced-bar", "This bar has no partner.")
            if self._stops(key):
                break
            operators.append("")
            factors.append(self.factor())
        return self._product(start, factors, operators)

    def _product(self, start: int, factors: list[Node], operators: list[str]) -> Node:
        for k in reversed(range(len(factors))):  # \mathop{} is written for its space
            sign = max(k - 1, 0)
            if len(factors) > 1 and isinstance(factors[k], Empty) and operators[sign] == "":
                del factors[k], operators[sign]
        if len(factors) == 1:
            return factors[0]
        return with_slash(Product(start, self.end, tuple(factors), tuple(operators)))

    def _signed(self) -> Node:
        start, sign = self.start, known.SIGNS[self.key]
        self.at += 1
        return Sum(start, self.end, (sign,), (self.factor(),))

    def _stops(self, key: str) -> bool:
        return (
            not key
            or key in _STOPS
            or key in known.RELATIONS
            or key in known.SIGNS
            or key in known.CONNECTIVES
            or key == "?="
            or self._is_prose()
        )

    def _evaluated(self, start: int, body: Node) -> Node:
        """``e|_{x = 0}``"""
        self.at += 1
        at = upper = None
        while self.key in ("_", "^"):
            mark = self.key
            self.at += 1
            if mark == "_":
                at = self.argument()
            else:
                upper = self.argument()
        return Evaluated(start, self.end, body, at, upper)

    # -- bars

    def _is_bar(self) -> bool:
        return self.key in _BARS

    def _opens_a_norm(self) -> bool:
        """Whether a bar that stands after a factor opens a norm: it has a partner on its level."""
        key = self.key
        if key in self.bars:
            return False
        if self._at(1) == "_" and key in ("|", "\\vert"):
            return False
        count = depth = 0
        for token in self.tokens[self.at :]:
            depth += _opens(token)
            if depth < 0 or (depth == 0 and token[0] in (*_ROW_END, "&")):
                break
            if depth == 0 and token[0] == "W":
                break
            count += depth == 0 and token[0] == key
        return count % 2 == 0

    def norm(self, closing: str, bars: int) -> Node:
        opening = self.token
        self.at += 1
        before, self.bars = self.bars, (closing,)
        inside, self.inside = self.inside, self.inside + 1
        body = self.chain()
        self.bars, self.inside = before, inside
        if self.key != closing and not (closing == "\\right" and self.key == "\\right"):
            raise self.failure("unbalanced-bar", "This bar has no partner.", opening)
        self.at += 1
        return Norm(opening[2], self.end, body, bars)

    # -- factors

    def factor(self) -> Node:
        """An atom with its scripts, its ! and, for a function, its argument."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.failure("too-deep", f"More than {MAX_DEPTH} levels stand in one another.")
        node = self.scripts(self.atom())
        while self.key == "!":
            self.at += 1
            node = self.scripts(Postfix(node.start, self.end, node, "!"))
        self.depth -= 1
        return node

    def scripts(self, base: Node) -> Node:
        """A base with the scripts after it; a function takes its argument."""
        node = base
        while self.key in ("_", "^", "'"):
            node = self._script(node)
        word = node.base if isinstance(node, Script) else node
        if isinstance(word, Word) and self._takes_an_argument(word):
            return self.applied(node)
        return node

    def _script(self, base: Node) -> Node:
        sub: Node | None = None
        sup: Node | None = None
        primes = 0
        while self.key in ("_", "^", "'"):
            mark, token = self.key, self.token
            if mark == "'":
                self.at += 1
                primes += 1
                continue
            if (mark == "_" and sub is not None) or (mark == "^" and sup is not None):
                if mark == "^" and sub is not None:
                    break
                raise self.failure("double-script", f"A second {mark} follows the first.")
            self.at += 1
            if self._ends_a_side() and self.key != "{":
                raise self.failure("dangling-script", f"Nothing follows {mark}.", token)
            self._refuse_two_readings(mark)
            value = self.argument()
            if mark == "_":
                sub = value
            elif isinstance(value, Mark) and value.name == "prime":
                primes += 1
            elif (count := _primes_only(value)) > 0:
                primes += count
            else:
                sup = value
        return Script(base.start, self.end, base, sub, sup, primes)

    def _refuse_two_readings(self, mark: str) -> None:
        """``a^10`` is set as a¹0, and ``a^-1`` as a⁻1: nobody means it."""
        key, text, _, end, _ = self.token
        follows = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else _END
        several = key == "N" and len(text) > 1
        signed = key in ("+", "-") and follows[0] in ("N", "L") and follows[2] == end
        if several or signed:
            raise self.failure(
                "ambiguous-script",
                f"Only the first sign after {mark} belongs to it; put braces around what is meant.",
            )

    def _takes_an_argument(self, word: Word) -> bool:
        if self._opens_an_argument():
            return True
        if word.name not in known.BARE and word.how != "command":
            return False
        key = self.key
        if self._stops(key) or key in known.OPERATORS:
            return False
        return not (self._is_bar() and not self._opens_a_norm())

    def _opens_an_argument(self) -> bool:
        key, text = self.token[0], self.token[1]
        return key in ("(", "[", "\\{") or (key == "\\left" and text in ("(", "[", "\\{"))

    def applied(self, head: Node) -> Node:
        start = head.start
        if self._opens_an_argument():
            inner = self.atom()
            node = Apply(start, self.end, head, inner, False)
            return self.scripts(node) if self.key in ("_", "^", "'") else node
        first = self.start
        factors: list[Node] = [self.factor()]
        while not self._stops(self.key) and self.key not in known.OPERATORS:
            if self._is_bar() and not self._opens_a_norm():
                break
            if self.key in known.FUNCTIONS or self.key == "\\operatorname":
                break
            factors.append(self.factor())
        argument = (
            factors[0]
            if len(factors) == 1
            else Product(first, self.end, tuple(factors), ("",) * (len(factors) - 1))
        )
        return Apply(start, self.end, head, argument, True)

    # -- arguments

    def argument(self) -> Node:
        """What a command or a script takes: a braced expression, or one sign."""
        key, text, start, end, spaced = self.token
        if key == "{":
            return self.braced()
        if key in ("L", "N"):
            self.at += 1
            if len(text) > 1:
                rest = (key, text[1:], start + 1, end, False)
                self.tokens[self.at - 1 : self.at] = [
                    (key, text[0], start, start + 1, spaced),
                    rest,
                ]
            if key == "N":
                return Number(start, start + 1, text[0])
            return Letter(start, start + 1, text[0])
        if self.at >= len(self.tokens) or key in ("}", "&", "\\\\", "\\end", "^", "_"):
            raise self.failure("missing-argument", "An argument is missing.")
        mark = self._mark()
        return mark if mark is not None else self.atom()

    def braced(self) -> Node:
        opening = self.token
        self.at += 1
        if self.key == "}":
            self.at += 1
            return Empty(opening[2], self.end)
        bars, self.bars = self.bars, ()
        inside, self.inside = self.inside, 0
        node = self._only_marks() or self._angled()
        if node is None:
            node = self.chain()
            if self.key in ("\\over", "\\choose"):
                over = self.key == "\\over"
                self.at += 1
                below = self.chain()
                node = (
                    as_derivative(Fraction(opening[2], self.end, node, below))
                    if over
                    else Binomial(opening[2], self.end, node, below)
                )
            elif self._is_bar() or self.key in _MIDDLES:
                node = self._conditional(node)
        self.bars, self.inside = bars, inside
        if self.key != "}":
            if self.at >= len(self.tokens):
                raise self.failure("unbalanced-brace", "This { is not closed.", opening)
            raise self.failure("unexpected", f"{self.token[1]} is not expected here.")
        self.at += 1
        return node

    def _only_marks(self) -> Node | None:
        """Signs that stand for themselves, to the end of the braces: ``{*}``, ``{+}``, ``{:}``."""
        first, at = self.at, self.at
        while at < len(self.tokens) and self.tokens[at][0] in _SCRIPT_MARKS:
            at += 1
        if at == first or at >= len(self.tokens) or self.tokens[at][0] != "}":
            return None
        if at > first + 1 and self.tokens[first][0] in known.SIGNS:
            return None  # −⊤ is a sum
        marks = [
            Mark(token[2], token[3], _SCRIPT_MARKS[token[0]]) for token in self.tokens[first:at]
        ]
        self.at = at
        if len(marks) == 1:
            return marks[0]
        return Product(marks[0].start, self.end, tuple(marks), ("",) * (len(marks) - 1))

    def _angled(self) -> Node | None:
        """``{<t>}``, a time in angle brackets, as some courses write it."""
        close = next((k for k in range(self.at, len(self.tokens)) if self.tokens[k][0] == "}"), -1)
        if self.key != "<" or close < self.at + 3 or self.tokens[close - 1][0] != ">":
            return None
        start = self.start
        inner = _Parser(self.tokens[self.at + 1 : close - 1], self.length)
        body = inner.sum()
        if inner.at < len(inner.tokens):
            raise inner.failure("unexpected", f"{inner.token[1]} is not expected here.")
        self.at = close
        return Group(start, self.end, "<", body, ">")

    def _mark(self) -> Mark | None:
        """An operator where an expression is expected: it stands for itself."""
        key, _, start, end, _ = self.token
        if key not in _SCRIPT_MARKS:
            return None
        self.at += 1
        return Mark(start, end, _SCRIPT_MARKS[key])

    # -- atoms

    def atom(self) -> Node:
        key, text, start, end, _ = self.token
        if self.at >= len(self.tokens) or key in ("}", "&", "\\\\", "\\end"):
            raise self.failure("missing-operand", "Something is missing here.")
        if key == "L":
            return self._letters()
        if key in _ATOMS:
            return _ATOMS[key](self)
        if key in _LEFT_BARS:
            return self.norm(*_LEFT_BARS[key])
        if key in _BARS:
            return self.norm(key, _BARS[key])
        if key == "\\left" or key in known.OPENING:
            return self.group()
        if key in known.STYLES:
            return self._styled()
        if key in known.SWITCHES:
            self.at += 1
            word, is_roman = self.token, known.SWITCHES[key] == "roman"
            if is_roman and word[0] == "L" and len(word[1]) > 1 and self._at(1) == "}":
                self.at += 1
                return Word(start, self.end, word[1], "roman")
            return Styled(start, self.end, known.SWITCHES[key], self.chain())
        if key in known.ACCENTS:
            self.at += 1
            body = self.argument()
            return Accent(start, self.end, known.ACCENTS[key], body)
        if key in known.BIG:
            return self._big()
        if key in known.PLAIN:
            self.at += 1
            return self.argument()
        self.at += 1
        if key in known.LETTERS:
            return Letter(start, end, known.LETTERS[key])
        if key in known.BLACKBOARD:
            return Styled(start, end, "blackboard", Letter(start, end, known.BLACKBOARD[key]))
        if key == "\\arg" and self.key in ("\\max", "\\min"):
            both = f"arg{known.FUNCTIONS[self.key]}"
            self.at += 1
            return Word(start, self.end, both, "command")
        if key in known.FUNCTIONS:
            return Word(start, end, known.FUNCTIONS[key], "command")
        if key in known.DOTS:
            return Dots(start, end, known.DOTS[key])
        if key in known.MARKS or (self.depth > 1 and key in (":", "\\cdot", "*")):
            return Mark(start, end, known.MARKS.get(key, _SCRIPT_MARKS.get(key, key)))
        self.at -= 1
        if key in known.OPERATORS or key in known.SIGNS:
            if self._stops(self._at(1)) and (mark := self._mark()) is not None and self.inside:
                return mark  # a · in brackets, as in f(·)
            raise self.failure("missing-operand", f"Something is missing before {text}.")
        if key in known.RELATIONS:
            raise self.failure("missing-operand", f"Something is missing before {text}.")
        if key in known.CLOSING or key == "\\right":
            raise self.failure("unbalanced-bracket", f"This {text} closes nothing.")
        if key in ("_", "^", "'"):
            return Empty(start, start)
        if key.startswith("\\"):
            raise self.failure("unknown-command", f"{text} is not known.")
        raise self.failure("unexpected", f"{text} is not expected here.")

    def _letters(self) -> Node:
        key, text, start, end, _ = self.token
        self.at += 1
        if len(text) == 1:
            return Letter(start, end, text)
        if text in known.FORGOTTEN:
            raise self.failure(
                "missing-backslash",
                f"The letters {text} look like the command \\{text} without its backslash.",
                (key, text, start, end, False),
            )
        if text in known.NAMES and self._opens_an_argument():
            return Word(start, end, text, "run")
        letters = tuple(Letter(start + k, start + k + 1, sign) for k, sign in enumerate(text))
        return Run(start, end, text, letters)

    def _number(self) -> Node:
        _, text, start, end, _ = self.token
        self.at += 1
        return Number(start, end, text)

    def _quantity(self) -> Node:
        """A name in ``\\text``."""
        _, text, start, end, _ = self.token
        self.at += 1
        return Word(start, end, " ".join(text.split()), "text")

    def _operator_name(self) -> Node:
        _, text, start, end, _ = self.token
        self.at += 1
        plain = re.sub(r"\\[,;:! ]|\\math(?:rm|bf|sf)|[{}\s~]", "", text)
        return Word(start, end, plain, "operatorname")

    def _styled(self) -> Node:
        command, _, start, _, _ = self.token
        style = known.STYLES[command]
        self.at += 1
        braces = self.key == "{"
        if style == "roman" and braces and self._at(1) == "L" and self._at(2) == "}":
            _, text, first, last, _ = self.tokens[self.at + 1]
            if len(text) > 1:
                self.at += 3
                return Word(start, self.end, text, "roman")
            self.at += 3
            return Styled(start, self.end, style, Letter(first, last, text))
        if braces and self._at(1) == "L" and self._at(2) == "}":
            # Letters in a style are what is written: no command has lost its backslash here.
            _, text, first, last, _ = self.tokens[self.at + 1]
            self.at += 3
            letters = tuple(Letter(first + k, first + k + 1, sign) for k, sign in enumerate(text))
            inner = letters[0] if len(letters) == 1 else Run(first, last, text, letters)
            return Styled(start, self.end, style, inner)
        body = self.argument()
        return Styled(start, self.end, style, body)

    def _big(self) -> Node:
        command, _, start, _, _ = self.token
        self.at += 1
        sub = sup = None
        while self.key in ("_", "^"):
            mark = self.key
            if (mark == "_" and sub is not None) or (mark == "^" and sup is not None):
                raise self.failure("double-script", f"A second {mark} follows the first.")
            self.at += 1
            value = self.argument()
            if mark == "_":
                sub = value
            else:
                sup = value
        while self.key == "W":
            self.at += 1
        if self._stops(self.key) and self.key not in known.SIGNS:
            raise self.failure("missing-operand", f"Nothing follows {command}.")
        body = self._signed() if self.key in known.SIGNS else self.product()
        return Big(start, self.end, known.BIG[command], sub, sup, body)

    def _fraction(self) -> Node:
        start = self.start
        self.at += 1
        digits = self.token
        above = self.argument()
        below = self.argument()
        if digits[0] == "N" and self.key == "N" and self.token[2] == self.end:
            raise self.failure(
                "ambiguous-argument",
                "A fraction takes one digit each; put braces around what is meant.",
                digits,
            )
        return as_derivative(Fraction(start, self.end, above, below))

    def _binomial(self) -> Node:
        start = self.start
        self.at += 1
        top = self.argument()
        return Binomial(start, self.end, top, self.argument())

    def _root(self) -> Node:
        start = self.start
        self.at += 1
        degree = None
        if self.key == "[":
            self.at += 1
            degree = self.sum()
            if self.key != "]":
                raise self.failure("unbalanced-bracket", "The degree of a root is not closed.")
            self.at += 1
        body = self.argument()
        return Root(start, self.end, body, degree)

    def _brace_over(self) -> Node:
        command, _, start, _, _ = self.token
        self.at += 1
        body = self.argument()
        note = None
        if self.key == ("_" if command == "\\underbrace" else "^"):
            self.at += 1
            note = self._note()
        return Annotated(start, self.end, _BRACES[command], body, note)

    def _note(self) -> Node:
        """What is said of something: read where it can be, and text otherwise."""
        start, at = self.start, self.at
        tokens, stop = _braced_tokens(self.tokens, at)
        try:
            found = _Parser(list(tokens), self.length)
            items = found.items()
            node: Node = items[0] if len(items) == 1 else Text(start, start, "")
            if isinstance(node, Statement):
                node = node.body
        except NotUnderstood:
            node = Text(start, start, "")
        self.at = stop
        if isinstance(node, Text) and not node.text:
            said = " ".join(token[1] for token in tokens)
            return Text(start, self.end, said)
        return node

    def _set_over(self) -> Node:
        command, _, start, _, _ = self.token
        self.at += 1
        note = self._note()
        body = self.argument()
        kind = "underset" if command == "\\underset" else "overset"
        if kind == "underset" and isinstance(body, (Word, Apply)):
            return Script(start, self.end, body, note, None, 0)
        return Annotated(start, self.end, kind, body, note)

    # -- brackets

    def group(self) -> Node:
        opening = self.token
        start = opening[2]
        left = opening[0] == "\\left"
        self.at += 1
        shown = opening[1] if left else opening[0]
        if left and (shown in _BARS or shown in ("\\lvert", "\\lVert")):
            self.at -= 1
            return self.norm("\\right", 2 if shown in ("\\|", "\\Vert", "\\lVert") else 1)
        name = "." if left and shown == "." else known.OPENING.get(shown)
        if name is None:
            name = {")": ")", "]": "]"}.get(shown, "")
            if not name:
                raise self.failure("unknown-command", f"{shown} is no bracket.", opening)
        bars, self.bars = self.bars, ()
        inside, self.inside = self.inside, self.inside + 1
        node = self._body_of_group(opening)
        self.bars, self.inside = bars, inside
        closing = self._closed(opening, left)
        if name == "." and closing in _BARS:
            return self._evaluated_at(start, node)
        if isinstance(node, Matrix) and name == "{" and closing == ".":
            return self._cases_of(start, node)
        return Group(start, self.end, name, node, known.CLOSING.get(closing, closing))

    def _body_of_group(self, opening: Token) -> Node:
        if self.key in known.CLOSING or self.key == "\\right":
            return Empty(self.start, self.start)
        node = self._only_marks_in_brackets() or self.chain()
        while self._is_bar() or self.key in _MIDDLES:
            node = self._conditional(node)
        if self.key == "W":
            self.at += 1
        return node

    def _only_marks_in_brackets(self) -> Node | None:
        """``(\\cdot)``, ``[:]``"""
        if self.key in _SCRIPT_MARKS and self._at(1) in known.CLOSING:
            return self._mark()
        return None

    def _conditional(self, left: Node) -> Node:
        bars = _MIDDLES.get(self.key) or _BARS[self.key]
        self.at += 1
        right = self.chain()
        return Conditional(left.start, self.end, left, right, bars)

    def _closed(self, opening: Token, left: bool) -> str:
        """The closing bracket, taken."""
        if left:
            if self.key != "\\right":
                raise self.failure("unbalanced-bracket", "This \\left has no \\right.", opening)
            closing = self.token[1]
        else:
            closing = self.key
            if closing not in known.CLOSING:
                raise self._unclosed(opening)
        self.at += 1
        return closing

    def _unclosed(self, opening: Token) -> NotUnderstood:
        if self.at >= len(self.tokens) or self.key in ("}", "&", "\\end", "\\right", "W"):
            return self.failure("unbalanced-bracket", f"This {opening[1]} is not closed.", opening)
        return self.failure("unexpected", f"{self.token[1]} is not expected here.")

    def _evaluated_at(self, start: int, body: Node) -> Node:
        """``\\left. e \\right|_{x = 0}``"""
        self.at -= 1
        return self._evaluated(start, body)

    # -- environments

    def _environment(self) -> Node:
        _, name, start, _, _ = self.token
        opening = self.token
        self.at += 1
        if name in known.WITH_ARGUMENT and self.key == "{":
            _, self.at = _braced_tokens(self.tokens, self.at)
        elif self.key == "[" and name.endswith("*"):
            self._skip_to("]")
        if name in known.ALIGNED:
            rows = self._cells(opening)
            return Matrix(start, self.end, "array", rows)
        if name in known.CASES:
            return self._cases_of(start, Matrix(start, start, "cases", self._cells(opening)))
        if name in known.MATRICES:
            rows = self._cells(opening)
            kind = name.rstrip("*")
            kind = {"psmallmatrix": "pmatrix", "bsmallmatrix": "bmatrix"}.get(kind, kind)
            return Matrix(start, self.end, "array" if kind == "subarray" else kind, rows)
        raise self.failure("unknown-environment", f"The environment {name} is not known.", opening)

    def _cases_of(self, start: int, matrix: Matrix) -> Cases:
        branches = tuple(
            Branch(row[0].start, row[-1].end, row[0], _conditions(row[1:])) for row in matrix.rows
        )
        return Cases(start, self.end, branches)

    def _cells(self, opening: Token) -> tuple[tuple[Node, ...], ...]:
        """The entries up to the end of the environment, row by row."""
        rows: list[tuple[Node, ...]] = []
        row: list[Node] = []
        bars, self.bars = self.bars, ()
        inside, self.inside = self.inside, 0
        while True:
            row.append(self._cell())
            if self.key == "&":
                self.at += 1
                continue
            rows.append(tuple(row))
            row = []
            if self.key in _ROW_END:
                self.at += 1
                if self.key == "\\end":
                    break
                continue
            break
        if self.key != "\\end":
            if self.at >= len(self.tokens):
                raise self.failure(
                    "unbalanced-environment", f"This \\begin{{{opening[1]}}} has no \\end.", opening
                )
            raise self.failure("unexpected", f"{self.token[1]} is not expected here.")
        if self.token[1] != opening[1]:
            raise self.failure(
                "unbalanced-environment",
                f"\\begin{{{opening[1]}}} is closed by \\end{{{self.token[1]}}}.",
            )
        self.at += 1
        self.bars, self.inside = bars, inside
        return tuple(rows)

    def _cell(self) -> Node:
        start = self.start
        parts: list[Node] = []
        while self.key not in ("&", "\\end", "") and self.key not in _ROW_END:
            key, text, first, end, _ = self.token
            if key in ("W", ",", ".", ";"):
                self.at += 1
            elif key in known.CONNECTIVES:
                self.at += 1
                parts.append(Connective(first, end, known.CONNECTIVES[key]))
            elif self._is_prose() or (key == "T" and self._at(1) in ("&", "\\end", *_ROW_END)):
                self.at += 1
                parts.append(Text(first, end, text))
            else:
                parts.append(self.chain())
                if self.key and self.key in known.CLOSING:
                    raise self.failure(
                        "unbalanced-bracket", f"This {self.token[1]} closes nothing."
                    )
                if self.key in ("}", "\\right", "\\rvert", "\\rVert") or self._is_bar():
                    raise self.failure("unexpected", f"{self.token[1]} is not expected here.")
        if not parts:
            return Empty(start, start)
        if len(parts) == 1:
            return parts[0]
        return Listing(start, self.end, tuple(parts), ("",) * (len(parts) - 1))

    def _substack(self) -> Node:
        opening = self.token
        self.at += 1
        tokens, stop = _braced_tokens(self.tokens, self.at)
        rows: list[tuple[Node, ...]] = []
        for part in _split(list(tokens)):
            if part:
                inner = _Parser(part, self.length)
                rows.append((inner.chain(),))
                if inner.at < len(part):
                    raise inner.failure("unexpected", f"{inner.token[1]} is not expected here.")
        self.at = stop
        return Matrix(opening[2], self.end, "substack", tuple(rows))

    # -- prose

    def _is_prose(self, ahead: int = 0) -> bool:
        """Whether a text is no quantity: letters of no mathematical alphabet, words of prose."""
        at = self.at + ahead
        if at >= len(self.tokens) or self.tokens[at][0] not in ("T", "P"):
            return False
        key, text = self.tokens[at][0], self.tokens[at][1].strip()
        following = self.tokens[at + 1][0] if at + 1 < len(self.tokens) else ""
        if key == "P":
            raise NotUnderstood(
                "bare-letters",
                f"The letters {text} stand in a formula without \\text{{…}} around them.",
                self.tokens[at][2],
                self.tokens[at][3],
            )
        if not text or text.lower().strip(".,:") in known.PROSE:
            return True
        if _WORD.fullmatch(text):
            return False
        return not (following in ("(", "_", "^") and text[0].isalpha() and "$" not in text)


def _conditions(cells: tuple[Node, ...]) -> tuple[Node, ...]:
    """What stands after the ``&`` of a case: its parts in order."""
    found: list[Node] = []
    for cell in cells:
        if isinstance(cell, Empty):
            continue
        if isinstance(cell, Listing) and "" in cell.separators:
            found += cell.items
        else:
            found.append(cell)
    return tuple(found)


def _primes_only(value: Node) -> int:
    """How many primes an exponent is made of; 0 where it is something else."""
    if isinstance(value, Product) and all(
        isinstance(factor, Mark) and factor.name == "prime" for factor in value.factors
    ):
        return len(value.factors)
    return 0


_SCRIPT_MARKS = {
    "*": "*", "+": "+", "-": "-", ":": ":", "\\ast": "*", "\\star": "star", "\\cdot": "cdot",
    "\\bullet": "bullet", "\\circ": "circ", "\\times": "times", "\\pm": "pm", "\\perp": "perp",
    "\\parallel": "parallel", "\\colon": ":", "\\oplus": "oplus", "\\otimes": "otimes",
    "/": "/", "\\odot": "odot", "\\mp": "mp", **known.MARKS,
}  # fmt: skip

_ATOMS: dict[str, Callable[[_Parser], Node]] = {
    "N": _Parser._number,
    "T": _Parser._quantity,
    "{": _Parser.braced,
    "\\operatorname": _Parser._operator_name,
    "\\sqrt": _Parser._root,
    "\\begin": _Parser._environment,
    "\\substack": _Parser._substack,
    "\\binom": _Parser._binomial,
    "\\dbinom": _Parser._binomial,
    "\\tbinom": _Parser._binomial,
    **dict.fromkeys(_FRACTIONS, _Parser._fraction),
    **dict.fromkeys(_BRACES, _Parser._brace_over),
    **dict.fromkeys(_OVER, _Parser._set_over),
}
