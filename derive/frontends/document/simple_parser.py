"""A small parser for the mathematics of documents: tokens to the tree, notation only.

It reads what derivations mostly use; everything else is not understood, with its place.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.frontends.document import tree
from derive.frontends.document import vocabulary as known
from derive.frontends.document.macros import Macros
from derive.frontends.document.scanner import NotUnderstood, Token, scan
from derive.frontends.document.tree import Node

CLOSERS = frozenset(
    [")", "]", "\\}", "}", "&", "\\\\", "\\right", "\\end", "\\rangle", "W", "T", ",", ";", "."]
    + ["\\rfloor", "\\rceil", "\\mid", ""]
)
MAX_DEPTH = 60


class Parser:
    """Reads formulas with the macros of one document."""

    def __init__(self, macros: Macros | None = None) -> None:
        self.macros = macros

    def __call__(self, text: str) -> tree.Parsed:
        """The tree of a formula; what is not understood is a failure in it, never an exception."""
        try:
            tokens = scan(text)
            if self.macros is not None:
                tokens = self.macros.expand(tokens)
        except NotUnderstood as problem:
            failed = _failure(problem)
            row = tree.Row(0, len(text), (), ((0, len(text)),), "", "", failed)
            return tree.Parsed(0, len(text), (row,), (failed,))
        rows = [self._row(part, text) for part in _rows(tokens) if part]
        failures = tuple(row.failure for row in rows if row.failure is not None)
        return tree.Parsed(0, len(text), tuple(rows), failures)

    def _row(self, tokens: list[Token], text: str) -> tree.Row:
        start, end = tokens[0][2], tokens[-1][3]
        failed: tree.Failure | None = None
        items: list[Node] = []
        try:
            items = _Row(list(tokens), len(text)).items()
        except NotUnderstood as problem:
            failed, items = _failure(problem), []
        except RecursionError:
            failed = tree.Failure(start, end, "nesting", "It is nested too deeply.")
            items = []
        return tree.Row(start, end, tuple(items), ((start, end),), "", "", failed)


def _failure(problem: NotUnderstood) -> tree.Failure:
    return tree.Failure(problem.start, problem.end, problem.code, problem.message)


def _rows(tokens: Sequence[Token]) -> list[list[Token]]:
    """The rows of a formula, without the environment around them; a row that goes on with a sign
    or an operator belongs to the one before.
    """
    rows: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        key = token[0]
        if key in ("\\begin", "\\end") and token[1] in known.ALIGNED:
            continue
        if key in ("\\tag", "\\label"):
            continue
        depth += key in ("\\begin", "{", "\\left", "(", "[")
        depth -= key in ("\\end", "}", "\\right", ")", "]")
        if key == "\\\\" and depth <= 0:
            rows.append([])
            depth = 0
        elif key == "&" and depth <= 0:
            continue
        elif key == "\\\\" and depth > 0 and not _inside(rows[-1]):
            continue  # a bracket is still open: the row goes on
        else:
            if not rows[-1] and len(rows) > 1 and rows[-2] and key in known.SIGNS:
                rows.pop()
            rows[-1].append(token)
    return rows


def _inside(tokens: list[Token]) -> bool:
    """Whether the last environment that began in these tokens is open."""
    return sum((t[0] == "\\begin") - (t[0] == "\\end") for t in tokens) > 0


class _Row:
    def __init__(self, tokens: list[Token], length: int) -> None:
        self.tokens, self.length = tokens, length
        self.at = 0
        self.bar = ""
        self.depth = 0

    # ---- tokens

    def key(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def start(self) -> int:
        return self.tokens[self.at][2] if self.at < len(self.tokens) else self.length

    def end(self) -> int:
        return self.tokens[self.at - 1][3] if self.at else 0

    def fail(self, code: str, message: str) -> NotUnderstood:
        start = self.start() if self.at < len(self.tokens) else max(self.end() - 1, 0)
        return NotUnderstood(code, message, start, start + 1)

    # ---- from the outside in

    def items(self) -> list[Node]:
        items: list[Node] = []
        while self.at < len(self.tokens):
            key = self.key()
            if key in ("W", ",", ";", "."):
                self.at += 1
            elif key in ("T", "P"):
                _, text, start, end, _ = self.tokens[self.at]
                self.at += 1
                if key == "T" and self.key() in ("(", "\\left", "_", "^"):
                    self.at -= 1
                    items.append(self.statement())
                else:
                    items.append(tree.Text(start, end, text))
            elif key in known.CONNECTIVES:
                start = self.start()
                self.at += 1
                items.append(tree.Connective(start, self.end(), known.CONNECTIVES[key]))
            else:
                items.append(self.statement())
        return items

    def statement(self) -> tree.Statement:
        start = self.start()
        body = self.chain()
        key = self.key()
        if self.at < len(self.tokens) and key not in (
            "W", ",", ";", ".", "T", "P", *known.CONNECTIVES
        ):  # fmt: skip
            raise self.fail("unexpected", f"{self.tokens[self.at][1]} does not belong here.")
        continues = isinstance(body, tree.Chain) and isinstance(body.sides[0], tree.Empty)
        return tree.Statement(start, self.end(), body, "", continues)

    def chain(self) -> Node:
        start = self.start()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail("nesting", "It is nested too deeply.")
        sides: list[Node] = [
            tree.Empty(start, start) if self.key() in known.RELATIONS else self.listing()
        ]
        relations = []
        while self.key() in known.RELATIONS:
            relations.append(known.RELATIONS[self.key()])
            self.at += 1
            if self.key() in known.RELATIONS and self.key() != ":":
                relations[-1] = {":": ":="}.get(relations[-1], relations[-1])
                self.at += 1
            sides.append(self.listing())
        self.depth -= 1
        if not relations:
            return sides[0]
        return tree.Chain(start, self.end(), tuple(sides), tuple(relations))

    def listing(self) -> Node:
        start = self.start()
        items = [self.sum()]
        while self.key() in (",", ";"):
            self.at += 1
            if self.key() in CLOSERS or self.key() in known.RELATIONS:
                break
            items.append(self.sum())
        if len(items) == 1:
            return items[0]
        return tree.Listing(start, self.end(), tuple(items), (",",) * (len(items) - 1))

    def sum(self) -> Node:
        start = self.start()
        signs = [""]
        if self.key() in known.SIGNS:
            signs = [known.SIGNS[self.key()]]
            self.at += 1
        terms = [self.product()]
        while self.key() in known.SIGNS:
            signs.append(known.SIGNS[self.key()])
            self.at += 1
            terms.append(self.product())
        if signs == [""]:
            return terms[0]
        return tree.Sum(start, self.end(), tuple(signs), tuple(terms))

    def product(self) -> Node:
        start = self.start()
        factors, operators = [self.factor()], []
        while True:
            key = self.key()
            if key in known.OPERATORS:
                operators.append(known.OPERATORS[key])
                self.at += 1
            elif self.ends(key):
                break
            else:
                operators.append("")
            factors.append(self.factor())
        if len(factors) == 1:
            return factors[0]
        return tree.Product(start, self.end(), tuple(factors), tuple(operators))

    def ends(self, key: str) -> bool:
        """Whether a term ends before a token."""
        if key in CLOSERS or key in known.RELATIONS or key in known.SIGNS:
            return True
        return key in known.CONNECTIVES or (bool(self.bar) and key == self.bar) or key == "P"

    def factor(self) -> Node:
        return self.scripted(self.atom())

    def scripted(self, base: Node) -> Node:
        while self.key() in ("_", "^", "'", "''"):
            sub = sup = None
            primes = 0
            while self.key() in ("_", "^", "'", "''"):
                key = self.key()
                if key.startswith("'"):
                    primes += len(key)
                    self.at += 1
                    continue
                if (key == "_" and sub is not None) or (key == "^" and sup is not None):
                    break
                self.at += 1
                script = self.argument()
                if key == "_":
                    sub = script
                elif isinstance(script, tree.Mark) and script.name == "prime":
                    primes += 1
                else:
                    sup = script
            scripted = tree.Script(base.start, self.end(), base, sub, sup, primes)
            if isinstance(base, tree.Word) and self.is_applied(base):
                return self.applied(scripted)
            base = scripted
        if isinstance(base, tree.Word) and self.is_applied(base):
            return self.applied(base)
        return base

    def is_applied(self, word: tree.Word) -> bool:
        return word.how == "command" or word.name in known.BARE or self.opens()

    def opens(self) -> bool:
        if self.key() == "\\left":
            return self.tokens[self.at][1] in ("(", "[")
        return self.key() in ("(", "[")

    def applied(self, head: Node) -> Node:
        if self.opens():
            argument = self.atom()
            made = tree.Apply(head.start, self.end(), head, argument, False)
            return self.scripted(made) if self.key() in ("_", "^") else made
        if self.ends(self.key()) or self.key() in known.OPERATORS:
            return head
        start = self.start()
        factors = []
        while not self.ends(self.key()) and self.key() not in known.OPERATORS:
            factors.append(self.factor())
        argument = (
            factors[0]
            if len(factors) == 1
            else tree.Product(start, self.end(), tuple(factors), ("",) * (len(factors) - 1))
        )
        return tree.Apply(head.start, self.end(), head, argument, True)

    def argument(self) -> Node:
        """A group in braces, or one token."""
        if self.at >= len(self.tokens):
            raise self.fail("missing", "Something is missing here.")
        key, text, start, end, _ = self.tokens[self.at]
        if key == "{":
            self.at += 1
            if self.key() == "}":
                self.at += 1
                return tree.Empty(start, self.end())
            bar, self.bar = self.bar, ""
            body = self.chain()
            self.bar = bar
            if self.key() != "}":
                raise self.fail("unbalanced", "A brace is not closed.")
            self.at += 1
            return body
        if key in ("N", "L"):
            self.at += 1
            if len(text) > 1:  # a script takes one character
                self.tokens.insert(self.at, (key, text[1:], start + 1, end, False))
            first = text[0]
            return (
                tree.Number(start, start + 1, first)
                if key == "N"
                else tree.Letter(start, start + 1, first)
            )
        if key in known.OPERATORS or key in ("+", "-"):
            self.at += 1
            return tree.Mark(start, end, known.OPERATORS.get(key, key))
        return self.atom()

    # ---- atoms

    def atom(self) -> Node:
        if self.at >= len(self.tokens):
            raise self.fail("missing", "Something is missing here.")
        key, text, start, end, _ = self.tokens[self.at]
        if key == "{":
            return self.argument()
        self.at += 1
        if key == "L":
            return self.letters(text, start, end)
        if key == "N":
            return tree.Number(start, end, text)
        for table, node in ((known.LETTERS, tree.Letter), (known.MARKS, tree.Mark),
                            (known.DOTS, tree.Dots)):  # fmt: skip
            if key in table:
                return node(start, end, table[key])
        if key in known.BLACKBOARD:
            letter = tree.Letter(start, end, known.BLACKBOARD[key])
            return tree.Styled(start, end, "blackboard", letter)
        if key in known.FUNCTIONS:
            return tree.Word(start, end, known.FUNCTIONS[key], "command")
        if key == "\\operatorname":
            return tree.Word(start, end, text, "operatorname")
        if key == "T":
            return tree.Word(start, end, text.strip(), "text")
        if key == ":":
            return tree.Mark(start, end, ":")
        if key in known.STYLES:
            return self.styled(known.STYLES[key], start)
        if key in known.ACCENTS:
            return tree.Accent(start, self.end(), known.ACCENTS[key], self.argument())
        if key in known.PLAIN:
            return self.argument()
        if key in ("\\frac", "\\dfrac", "\\tfrac", "\\cfrac"):
            above, below = self.argument(), self.argument()
            return quotient(tree.Fraction(start, self.end(), above, below))
        if key == "\\sqrt":
            return tree.Root(start, self.end(), self.argument(), None)
        if key in ("\\underbrace", "\\overbrace"):
            body = self.argument()
            note = None
            if self.key() in ("_", "^"):
                self.at += 1
                note = self.argument()
            return tree.Annotated(start, self.end(), key[1:], body, note)
        if key in known.BIG:
            return self.big(known.BIG[key], start)
        if key in known.OPENING or (key == "\\left" and text in known.OPENING):
            return self.group(text if key == "\\left" else key, start)
        if key in ("|", "\\|") or (key == "\\left" and text in ("|", "\\|", "\\Vert", "\\vert")):
            return self.norm(key, text, start)
        if key == "\\begin" and (text in known.CASES or text in known.MATRICES):
            return self.table(text, start)
        self.at -= 1
        raise NotUnderstood("unknown-command", f"{text} is not understood.", start, end)

    def letters(self, text: str, start: int, end: int) -> Node:
        if text in known.NAMES and self.opens():
            return tree.Word(start, end, text, "run")
        if len(text) == 1:
            return tree.Letter(start, end, text)
        if text in known.FORGOTTEN:
            self.at -= 1
            raise NotUnderstood("forgotten-backslash", f"{text} has no backslash.", start, end)
        letters = tuple(tree.Letter(start + k, start + k + 1, c) for k, c in enumerate(text))
        return tree.Run(start, end, text, letters)

    def styled(self, style: str, start: int) -> Node:
        body = self.argument()
        if style == "roman" and isinstance(body, tree.Run):
            return tree.Word(start, self.end(), body.text, "roman")
        return tree.Styled(start, self.end(), style, body)

    def big(self, name: str, start: int) -> Node:
        sub = sup = None
        while self.key() in ("_", "^"):
            key = self.key()
            self.at += 1
            if key == "_":
                sub = self.argument()
            else:
                sup = self.argument()
        return tree.Big(start, self.end(), name, sub, sup, self.product())

    def group(self, opening: str, start: int) -> Node:
        bar, self.bar = self.bar, ""
        body = self.chain()
        self.bar = bar
        key = self.key()
        closing = self.tokens[self.at][1] if key == "\\right" else key
        if closing not in known.CLOSING:
            raise self.fail("unbalanced", f"The bracket {opening} is not closed.")
        self.at += 1
        return tree.Group(start, self.end(), known.OPENING[opening], body, known.CLOSING[closing])

    def norm(self, key: str, text: str, start: int) -> Node:
        closing = "\\right" if key == "\\left" else key
        bars = 2 if text in ("\\|", "\\Vert") or key == "\\|" else 1
        bar, self.bar = self.bar, closing
        body = self.sum()
        self.bar = bar
        if self.key() != closing:
            raise self.fail("unbalanced", "A bar is not closed.")
        self.at += 1
        return tree.Norm(start, self.end(), body, bars)

    def table(self, name: str, start: int) -> Node:
        if name in known.WITH_ARGUMENT:
            self.argument()
        rows: list[tuple[Node, ...]] = []
        row: list[Node] = []
        while True:
            row.append(self.cell())
            if self.key() == "&":
                self.at += 1
                continue
            rows.append(tuple(row))
            row = []
            if self.key() == "\\\\":
                self.at += 1
                if self.key() != "\\end":
                    continue
            break
        if self.key() != "\\end":
            raise self.fail("unbalanced", f"The environment {name} is not closed.")
        self.at += 1
        if name in known.CASES:
            branches = tuple(tree.Branch(r[0].start, r[-1].end, r[0], tuple(r[1:])) for r in rows)
            return tree.Cases(start, self.end(), branches)
        return tree.Matrix(start, self.end(), name.rstrip("*"), tuple(rows))

    def cell(self) -> Node:
        key = self.key()
        if key in ("&", "\\\\", "\\end"):
            return tree.Empty(self.start(), self.start())
        if key in ("T", "P"):
            _, text, start, end, _ = self.tokens[self.at]
            self.at += 1
            if self.key() in ("&", "\\\\", "\\end"):
                return tree.Text(start, end, text)
        body = self.chain()
        if self.key() in (",", ".", ";"):
            self.at += 1
        return body


# --------------------------------------------------------------------------------- derivatives


def quotient(fraction: tree.Fraction) -> Node:
    """A fraction, or the derivative that it is."""
    above, below = _differential(fraction.numerator), _differential(fraction.denominator)
    if above is None or below is None or above[0] != below[0] or not below[2]:
        return fraction
    symbol, order, of = above
    groups: list[list[Node]] = [[]]
    for factor in below[2]:
        if isinstance(factor, tree.Letter) and factor.name == symbol and symbol == "partial":
            groups.append([])
        else:
            groups[-1].append(factor)
    by = []
    for group in groups:
        if not group:
            return fraction
        variable, power = _one(group), None
        if order is not None and isinstance(variable, tree.Script):
            if isinstance(variable.sup, tree.Number):
                power = variable.sup
                variable = (
                    variable.base
                    if variable.sub is None
                    else tree.Script(
                        variable.start, variable.end, variable.base, variable.sub, None, 0
                    )
                )
        by.append(tree.Wrt(variable.start, variable.end, variable, power))
    return tree.Derivative(
        fraction.start,
        fraction.end,
        symbol,
        order,
        _one(of) if of else None,
        tuple(by),
        fraction,
        "fraction",
    )


def _one(factors: list[Node]) -> Node:
    if len(factors) == 1:
        return factors[0]
    return tree.Product(
        factors[0].start, factors[-1].end, tuple(factors), ("",) * (len(factors) - 1)
    )


def _differential(node: Node) -> tuple[str, Node | None, list[Node]] | None:
    """∂ or d with its order and what stands after it."""
    if isinstance(node, tree.Product):
        if any(node.operators):
            return None
        factors = list(node.factors)
    else:
        factors = [node]
    head, rest = factors[0], factors[1:]
    if isinstance(head, tree.Styled) and head.style == "roman":
        head = head.body
    if isinstance(head, tree.Run) and head.text[0] == "d":
        letters = head.letters[1:]
        first: Node = (
            letters[0]
            if len(letters) == 1
            else tree.Run(letters[0].start, head.end, head.text[1:], letters)
        )
        return "d", None, [first, *rest]
    if isinstance(head, tree.Script):
        base = head.base
        if isinstance(base, tree.Run) and base.text[0] == "d" and len(base.text) == 2:
            inner = tree.Script(
                base.start + 1, head.end, base.letters[1], head.sub, head.sup, head.primes
            )
            return "d", None, [inner, *rest]
        if not isinstance(base, tree.Letter) or base.name not in ("partial", "d"):
            return None
        if head.sub is not None:
            subscripted = base.name == "partial" and head.sup is None and not rest
            return ("partial", None, [head.sub]) if subscripted else None
        return base.name, head.sup, rest
    if isinstance(head, tree.Letter) and head.name in ("partial", "d"):
        return head.name, None, rest
    return None
