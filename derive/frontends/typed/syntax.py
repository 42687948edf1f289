"""What is typed at the prompt, as a tree: Python's own grammar, parsed and never run.

What cannot be parsed, or is too long or too deep to be worked on, is refused here, in one sentence
with its place in the text.
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from derive.base.near_names import near

LONGEST = 4000  # characters of an expression
DEEPEST = 100  # levels of an expression: SymPy and the engine recurse into it
# What documents print and Python has no word for, or takes for a letter; and how it is written.
PRINTED = {
    "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "⊙": "hadamard(A, B)",
    "∘": "hadamard(A, B)", "²": "**2", "³": "**3", "⁻": "**-", "ᵀ": ".T", "⊤": ".T",
    "√": "sqrt(…)", "∑": "sum(…)", "‖": "norm(…)", "≤": "<=", "≥": ">=", "≠": "!=",
}  # fmt: skip


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
class Source:
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


def parsed(text: str, label: str = "") -> Source:
    text = "".join(" " if c.isspace() else c for c in text).strip()
    if not text:
        raise ExpressionError(f"{label}the expression is empty")
    if len(text) > LONGEST:
        raise ExpressionError(
            f"{label}the expression has {len(text)} characters, and {LONGEST} are allowed"
        )
    _refuse_printed(text, label)
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
    source = Source(text, label, tree)
    _refuse_deep(source)
    return source


def _refuse_printed(text: str, label: str) -> None:
    for position, character in enumerate(text):
        if character in PRINTED:
            message = f"{label}{character} is written {PRINTED[character]}"
            raise ExpressionError(message, text, position)


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
    elif equality := re.search("(?<![<>=!])=(?!=)", text):
        start, message = equality.start(), "an equation is written =="
    return ExpressionError(f"{label}the expression cannot be read: {message}", text, start)


def _words(text: str) -> list[str]:
    return "".join(c if c.isidentifier() or c.isdigit() else " " for c in text).split()


def _refuse_deep(source: Source) -> None:
    level: list[ast.AST] = [source.tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in _operands(node)]
        if not level:
            return
    raise ExpressionError(
        f"{source.label}the expression is nested deeper than {DEEPEST} levels; in a long sum or "
        f"product every term is one more"
    )


def _operands(node: ast.AST) -> Iterator[ast.AST]:
    return (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


def names_in(source: Source) -> dict[str, ast.Name]:
    """Every name, the functions that are called excepted, with its first place."""
    called = {id(node.func) for node in ast.walk(source.tree) if isinstance(node, ast.Call)}
    found: dict[str, ast.Name] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and id(node) not in called:
            found.setdefault(node.id, node)
    return found


def refusal(node: ast.expr, text: str) -> str:
    if isinstance(node, (ast.BoolOp, ast.IfExp)):
        return f"{text} is not understood; a case distinction is where(a < b, then, otherwise)"
    if isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict)):
        return f"{text} is not understood; matrices are names with --dim NAME=rows,columns"
    return f"{text} has no meaning here"


def meant(name: str, known: Sequence[str]) -> str:
    close = near(name, known)
    return f"; did you mean {' or '.join(close)}?" if close else ""
