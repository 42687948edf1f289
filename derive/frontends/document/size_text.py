"""Sizes as documents write them: ``n×d``, ``\\mathbb{R}^{(n-K+1)\\times d}``, ``h*w``, ``2n``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sympy as sp


class SizeError(Exception):
    """Text that is no list of sizes; one sentence."""


_SPACES = re.compile(r"\\[,;:! ]|\\quad|\\qquad|~|\\left|\\right|\\big[lr]?|\\Big[lr]?")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+)|(?P<name>(?:\\[A-Za-z]+|[^\W\d_]+'*)(?:_(?:\{[^{}]*\}|\w))?)"
    r"|(?P<op>\\lfloor|\\rfloor|⌊|⌋|//|[-+*/()]))"
)
_SEPARATORS = re.compile(
    r"\s*(?:×|\\times(?![A-Za-z])|,|;|\bby\b|(?<=[\w)}])\s+x\s+(?=[\w(\\])|⨯)\s*"
)
_PRODUCTS = {"·": "*", "⋅": "*", r"\cdot": "*", "−": "-", "–": "-"}
_GREEK = re.compile(
    r"\\(?:mathrm|text|mathit|operatorname|mathsf|mathbf|boldsymbol)\s*\{([^{}]*)\}"
)


def clean(text: str) -> str:
    """LaTeX of sizes, without what is there for the eye."""
    text = _GREEK.sub(r"\1", _SPACES.sub(" ", text))
    for spelt, meant in _PRODUCTS.items():
        text = text.replace(spelt, meant)
    return text.strip()


def split(text: str) -> list[str]:
    """The sizes of a shape, each as text: at ×, ``\\times``, a comma, an x between spaces."""
    text = clean(text)
    while _wrapped(text):
        text = text[1:-1].strip()
    compact = re.fullmatch(r"(\d+|[^\W\d_])x(\d+|[^\W\d_])(?:x(\d+|[^\W\d_]))?", text)
    if compact:
        return [part for part in compact.groups() if part]
    parts, depth, begin = [], 0, 0
    position = 0
    while position < len(text):
        if text[position] in "({⌊":
            depth += 1
        elif text[position] in ")}⌋":
            depth -= 1
        separator = _SEPARATORS.match(text, position) if depth == 0 else None
        if separator and separator.end() > position and position > begin:
            parts.append(text[begin:position])
            begin = position = separator.end()
            continue
        position += 1
    parts.append(text[begin:])
    return [part.strip() for part in parts if part.strip()]


def _wrapped(text: str) -> bool:
    """Whether one pair of brackets encloses all of the text."""
    if len(text) < 2 or text[0] + text[-1] not in ("()", "{}", "[]"):
        return False
    depth = 0
    for position, letter in enumerate(text):
        depth += letter in "({["
        depth -= letter in ")}]"
        if depth == 0 and position < len(text) - 1:
            return False
    return True


def size(text: str, symbol: Callable[[str], Any]) -> Any:
    """One size: an integer made of numbers and names.

    :param symbol: the SymPy symbol of a name.
    :raises SizeError: for anything else.
    """
    return _Sizes(clean(text), symbol).read()


class _Sizes:
    def __init__(self, text: str, symbol: Callable[[str], Any]) -> None:
        self.text, self.symbol = text, symbol
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text):
            if not text[position:].strip():
                break
            token = _TOKEN.match(text, position)
            if token is None:
                raise SizeError(f"{text!r} is no size")
            kind = token.lastgroup or ""
            self.tokens.append((kind, token.group(kind)))
            position = token.end()
        self.at = 0

    def read(self) -> Any:
        if not self.tokens:
            raise SizeError("a size is missing")
        value = self.sum()
        if self.at != len(self.tokens):
            raise SizeError(f"{self.text!r} is no size")
        value = sp.expand(value)
        if value.is_number and not (value.is_integer and value > 0):
            raise SizeError(f"{self.text!r} is no size: sizes are whole numbers from 1 up")
        return value

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "")

    def take(self, *operators: str) -> str:
        kind, text = self.peek()
        if kind == "op" and text in operators:
            self.at += 1
            return text
        return ""

    def sum(self) -> Any:
        value = -self.product() if self.take("-") else self.product()
        while operator := self.take("+", "-"):
            term = self.product()
            value = value + term if operator == "+" else value - term
        return value

    def product(self) -> Any:
        value = self.factor()
        while True:
            operator = self.take("*", "/", "//")
            if not operator and (self.peek()[0] in ("number", "name") or self.peek()[1] == "("):
                operator = "*"
            if not operator:
                return value
            factor = self.factor()
            if operator == "*":
                value = value * factor
            else:
                value = sp.floor(value / factor) if operator == "//" else value / factor

    def factor(self) -> Any:
        kind, text = self.peek()
        self.at += 1
        if kind == "number":
            if len(text) > 9:
                raise SizeError(f"{text} is too large a size")
            return sp.Integer(text)
        if kind == "name":
            return self.symbol(text)
        if text == "(":
            value = self.sum()
            if self.take(")"):
                return value
        if text in ("⌊", r"\lfloor"):
            value = self.sum()
            if self.take("⌋", r"\rfloor"):
                return sp.floor(value)
        raise SizeError(f"{self.text!r} is no size")
