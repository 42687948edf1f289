"""Expressions by recursive descent: statements, chains, listings, sums, products, factors, scripts.

What begins with a sign or a command of its own is read by the functions in :data:`ATOMS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from derive.frontends.document import vocabulary as known
from derive.frontends.document.derivative_notation import with_slash
from derive.frontends.document.rows import ROW_END, opens
from derive.frontends.document.scanner import NotUnderstood, Token
from derive.frontends.document.tree import (
    Accent,
    Annotated,
    Apply,
    Chain,
    Connective,
    Dots,
    Empty,
    Evaluated,
    Letter,
    Listing,
    Mark,
    Node,
    Number,
    Postfix,
    Product,
    Run,
    Script,
    Statement,
    Styled,
    Sum,
    Text,
    Word,
    apart_from_primes,
    join_number,
)

MAX_DEPTH = 40

_END: Token = ("", "", 0, 0, False)
BARS = {"|": 1, "\\vert": 1, "\\|": 2, "\\Vert": 2}
MIDDLES = {"\\mid": 1, "\\Mid": 2, "\\middle": 1}
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
    | frozenset(MIDDLES)
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

ATOMS: dict[str, Callable[[Parser], Node]] = {}
"""What an atom is that begins with a key of the scanner: each module of notations adds its own."""


def atom(*keys: str) -> Callable[[Callable[[Parser], Node]], Callable[[Parser], Node]]:
    """Decorates what reads the atoms that begin with one of these keys."""

    def register(read: Callable[[Parser], Node]) -> Callable[[Parser], Node]:
        ATOMS.update(dict.fromkeys(keys, read))
        return read

    return register


class Parser:
    """Recursive descent over the tokens of a row."""

    def __init__(self, tokens: list[Token], length: int) -> None:
        self.tokens = tokens
        self.at = 0
        self.length = length
        self.depth = self.scripted = 0  # how deep, and in how many scripts
        self.bars: tuple[str, ...] = ()  # the bars that close a norm around this place
        self.inside = 0  # brackets around this place

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

    def over(self, tokens: list[Token]) -> Parser:
        """A parser of other tokens of the same formula."""
        return Parser(list(tokens), self.length)

    def failure(self, code: str, message: str, token: Token | None = None) -> NotUnderstood:
        token = token or (self.token if self.at < len(self.tokens) else None)
        if token is None:
            return NotUnderstood(code, message, self.end, min(self.end + 1, self.length))
        return NotUnderstood(code, message, token[2], max(token[3], token[2] + 1))

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
            elif self.is_prose():
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
        elif not (key in ("", "W") or key in known.CONNECTIVES or self.is_prose()):
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
            if self.key == "W" and self.ahead(1) in known.RELATIONS:
                self.at += 1
            if self.key not in known.RELATIONS and self.key != "?=":
                break
            relation, token = known.RELATIONS.get(self.key, self.key), self.token
            self.at += 1
            if relation == "to" and token[0] == "\\xrightarrow":
                if self.key == "[":
                    self.skip_to("]")
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

    def ahead(self, ahead: int) -> str:
        at = self.at + ahead
        return self.tokens[at][0] if at < len(self.tokens) else ""

    def skip_to(self, mark: str) -> None:
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
        following = self.ahead(1)
        if not following or following in ("}", "&", "\\\\", "\\end"):
            return False
        if not top:
            return following not in known.CLOSING and following != "\\right"
        if self.key == ";" or following in known.CONNECTIVES:
            return False
        if following == "W":
            return self.ahead(2) in known.DOTS
        if self.is_prose(1):
            return False
        relation = self._relation_follows(self.at + 1)
        return relation if is_first else not relation

    def _relation_follows(self, at: int) -> bool:
        """Whether a relation stands before the next wide space or ``;``, outside of brackets."""
        depth = 0
        for token in self.tokens[at:]:
            depth += opens(token)
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
            if self.key == "W" and self.ahead(1) in known.SIGNS:
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
                    factors.append(self.signed())
                    continue
                factors.append(self.factor())
                continue
            if self.is_bar() and not self._opens_a_norm():
                if key in self.bars:
                    break
                if self.ahead(1) in ("_", "^") or key == "\\right":
                    body = self._product(start, factors, operators)
                    factors, operators = [self.evaluated(start, body)], []
                    continue
                if self.inside:
                    break
                raise self.failure("unbalanced-bar", "This bar has no partner.")
            if self.stops(key):
                break
            operators.append("")
            factors.append(self.factor())
            if not self.scripted:
                join_number(factors, operators)
        return self._product(start, factors, operators)

    def _product(self, start: int, factors: list[Node], operators: list[str]) -> Node:
        for k in reversed(range(len(factors))):  # \mathop{} is written for its space
            sign = max(k - 1, 0)
            if len(factors) > 1 and isinstance(factors[k], Empty) and operators[sign] == "":
                del factors[k], operators[sign]
        if len(factors) == 1:
            return factors[0]
        return with_slash(Product(start, self.end, tuple(factors), tuple(operators)))

    def signed(self) -> Node:
        start, sign = self.start, known.SIGNS[self.key]
        self.at += 1
        return Sum(start, self.end, (sign,), (self.factor(),))

    def stops(self, key: str) -> bool:
        return (
            not key
            or key in _STOPS
            or key in known.RELATIONS
            or key in known.SIGNS
            or key in known.CONNECTIVES
            or key == "?="
            or self.is_prose()
        )

    def evaluated(self, start: int, body: Node) -> Node:
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

    def is_bar(self) -> bool:
        return self.key in BARS

    def _opens_a_norm(self) -> bool:
        """Whether a bar that stands after a factor opens a norm: it has a partner on its level."""
        key = self.key
        if key in self.bars:
            return False
        if self.ahead(1) == "_" and key in ("|", "\\vert"):
            return False
        count = depth = 0
        for token in self.tokens[self.at :]:
            depth += opens(token)
            if depth < 0 or (depth == 0 and token[0] in (*ROW_END, "&")):
                break
            if depth == 0 and token[0] == "W":
                break
            count += depth == 0 and token[0] == key
        return count % 2 == 0

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
            self.scripted += 1
            value = self.argument()
            self.scripted -= 1
            if mark == "_":
                sub = value
            else:
                sup, count = apart_from_primes(value)
                primes += count
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
        if self.stops(key) or key in known.OPERATORS:
            return False
        return not (self.is_bar() and not self._opens_a_norm())

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
        while not self.stops(self.key) and self.key not in known.OPERATORS:
            if self.is_bar() and not self._opens_a_norm():
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

    def argument(self) -> Node:
        """What a command or a script takes: a braced expression, or one sign."""
        key, text, start, end, spaced = self.token
        if key == "{":
            return ATOMS["{"](self)
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
        mark = self.mark()
        return mark if mark is not None else self.atom()

    def mark(self) -> Mark | None:
        """An operator where an expression is expected: it stands for itself."""
        key, _, start, end, _ = self.token
        if key not in known.SCRIPT_MARKS:
            return None
        self.at += 1
        return Mark(start, end, known.SCRIPT_MARKS[key])

    def atom(self) -> Node:
        key, text, start, end, _ = self.token
        if self.at >= len(self.tokens) or key in ("}", "&", "\\\\", "\\end"):
            raise self.failure("missing-operand", "Something is missing here.")
        if key == "L":
            return self.letters()
        if key in ATOMS:
            return ATOMS[key](self)
        if key in known.SWITCHES:
            self.at += 1
            word, is_roman = self.token, known.SWITCHES[key] == "roman"
            if is_roman and word[0] == "L" and len(word[1]) > 1 and self.ahead(1) == "}":
                self.at += 1
                return Word(start, self.end, word[1], "roman")
            return Styled(start, self.end, known.SWITCHES[key], self.chain())
        if key in known.ACCENTS:
            self.at += 1
            body = self.argument()
            return Accent(start, self.end, known.ACCENTS[key], body)
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
            return Mark(start, end, known.MARKS.get(key, known.SCRIPT_MARKS.get(key, key)))
        self.at -= 1
        if key in known.OPERATORS or key in known.SIGNS:
            if self.stops(self.ahead(1)) and (mark := self.mark()) is not None and self.inside:
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

    def letters(self) -> Node:
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

    def is_prose(self, ahead: int = 0) -> bool:
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
