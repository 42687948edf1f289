"""What a document declares in so many words: directives, sidecar files, tables of shapes.

A directive is ``derive:`` and items between semicolons::

    X: n×d; w, v: d; λ > 0; A symmetric; L = any scalar of Y; vectors = column

Here it is taken apart as text; what its names and formulas mean is read with the document's own
formulas (:mod:`derive.frontends.document.knowledge`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from derive.base.errors import DeriveError

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "vectors": ("column", "row", "numpy"),
    "layout": ("denominator", "numerator", "mixed"),
    "prime": ("transpose", "derivative"),
    "circ": ("hadamard", "composition"),
    "star": ("product", "hadamard", "convolution"),
    "softmax": ("rows", "columns"),
    "index": ("0", "1"),
    "power": ("matrix", "entrywise"),
    "juxtaposition": ("product", "application"),
    "d": ("differential", "gradient"),
}
"""Conventions that a directive settles, with what they may be."""

PROPERTIES: Mapping[str, str] = {
    "symmetric": "symmetric",
    "invertible": "invertible",
    "nonsingular": "invertible",
    "orthogonal": "orthogonal",
    "diagonal": "diagonal",
    "positive definite": "positive_definite",
    "positive-definite": "positive_definite",
    "spd": "positive_definite",
    "positive semidefinite": "positive_semidefinite",
    "positive semi-definite": "positive_semidefinite",
    "psd": "positive_semidefinite",
    "upper triangular": "upper_triangular",
    "lower triangular": "lower_triangular",
    "full rank": "fullrank",
    "positive": "positive",
    "negative": "negative",
    "nonnegative": "nonnegative",
    "nonzero": "nonzero",
    "sums to 1": "sums_to_one",
    "sum to 1": "sums_to_one",
    "sums to one": "sums_to_one",
    "sum to one": "sums_to_one",
    "one-hot": "one_hot",
    "rows sum to 1": "rows_sum_to_one",
    "columns sum to 1": "columns_sum_to_one",
    "unit": "unit",
}
"""Words for properties of an array; longer ones are looked for first."""

SIDECAR = ".derive.toml"
"""What the name of a document ends in with its declarations in a file of their own."""

EXPECTED = ("holds", "disagrees", "ill-shaped", "undecided", "ambiguous", "not-understood")


class DeclarationError(DeriveError):
    """A directive that says nothing that is known; one sentence."""


@dataclass(frozen=True)
class Declared:
    """One item of a directive, as text.

    :param kind: ``shape``, ``scalar``, ``size``, ``index``, ``function``, ``any-scalar``,
        ``property``, ``fact``, ``definition``, ``option``, ``skip`` or ``expect``.
    :param names: the names that it is about.
    :param text: the sizes, the property, the formula, the option's value.
    :param line: where it stands.
    :param how: in what: ``directive``, ``sidecar``, ``table``.
    """

    kind: str
    names: tuple[str, ...] = ()
    text: str = ""
    line: int = 0
    how: str = "directive"


_OPTION = re.compile(r"([A-Za-z]+)\s*=\s*([A-Za-z0-9-]+)\s*$")
_ANY_SCALAR = re.compile(
    r"(.+?)\s*(?:=|:|is)\s*any\s+(?:scalar\s+|differentiable\s+)*(?:loss|function|scalar)?\s*"
    r"(?:function\s+)?of\s+(.+)$"
)
_ANY_FUNCTION = re.compile(
    r"(.+?)\s*(?:=|:|is)\s*(?:any\s+|an?\s+)?"
    r"(?:elementwise\s+|differentiable\s+|scalar\s+|activation\s+)*"
    r"(?:function|activation|elementwise)"
    r"(?:\s+(?:applied\s+)?(?:elementwise|entrywise|entry by entry))?\s*$"
)
_SHAPE = re.compile(r"(.+?)\s*(?::|∈|\\in\b)\s*(.+)$", re.S)
_BEGINNING = re.compile(r"[^:∈<>=≤≥≠]*?(?::|∈|\\in\b|<|>|=|≤|≥|≠|\\[lgn]eq?(?![A-Za-z]))")
"""A text in which a shape or an assumption is stated."""

_SEVERAL = re.compile(r"[×^()\[\]]|\\times\b|\w\s+x\s+\w")
"""Sizes that are complete: no comma stands between them."""

_RELATION = re.compile(r"<=|>=|\\(?:leq?|geq?|neq?)(?![A-Za-z])|≤|≥|≠|<|>|=")
_REAL = re.compile(
    r"^\\?(?:mathbb\s*\{\s*R\s*\}|mathbf\s*\{\s*R\s*\}|mathbb\s+R|R|ℝ|real|reals)\s*(?:\^|$)"
)
_SUPERSCRIPT = re.compile(r"^[^^]*\^\s*(?:\{(.*)\}|(\S+))\s*$", re.S)
_NUMBER_SET = ("size", "integer", "int", "natural", r"\mathbb{N}", "ℕ")


def items(
    text: str, line: int = 0, how: str = "directive", problems: list[str] | None = None
) -> list[Declared]:
    """The items of a directive.

    :param problems: what is said of items that say nothing that is known; the others are kept.
    :raises DeclarationError: for such an item where no list of problems is given.
    """
    found: list[Declared] = []
    for part in _split(text, ";\n"):
        first = line + text[: text.find(part)].count("\n")
        try:
            for one in _between_commas(part):
                if one.strip():
                    found.extend(item(one.strip(), first, how))
        except DeclarationError as problem:
            if problems is None:
                raise
            problems.append(str(problem))
    return found


def _between_commas(text: str) -> list[str]:
    """``X: n×d, W: d×k`` as two items. A comma stands inside of one, too: ``w, v: d``,
    ``A: n×n, symmetric``.

    :raises DeclarationError: where it may be either: the m of ``X: n, m, y: n``.
    """
    found = [""]
    waiting: list[str] = []  # names, until it is seen what they belong to
    for piece in _split(text, ","):
        if not found[-1]:
            found[-1] = piece
        elif not _begins(found[-1]):
            found[-1] += "," + piece
        elif _begins(piece):
            if waiting and not _SEVERAL.search(found[-1]):
                raise DeclarationError(
                    f"`{text.strip()}`: whether `{waiting[0].strip()}` is a size or a name is "
                    "open: put semicolons between the declarations"
                )
            found.append(",".join([*waiting, piece]))
            waiting = []
        elif piece.strip().lower() in PROPERTIES and not waiting:
            found[-1] += "," + piece
        else:
            waiting.append(piece)
    return [*found[:-1], ",".join([found[-1], *waiting])]


def _begins(text: str) -> bool:
    """Whether a shape, a property of something or an assumption is stated in a text."""
    text = text.strip()
    if text.lower() in PROPERTIES:
        return False
    return bool(_BEGINNING.match(text)) or _properties(text) is not None


def _split(text: str, separators: str) -> list[str]:
    """At separators outside of brackets."""
    parts, depth, begin = [], 0, 0
    for position, letter in enumerate(text):
        depth += (letter in "({[") - (letter in ")}]")
        if letter in separators and depth <= 0:
            parts.append(text[begin:position])
            begin = position + 1
    return [*parts, text[begin:]]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().strip("$").strip() for name in _split(text, ",") if name.strip())


def item(text: str, line: int, how: str) -> Iterator[Declared]:
    """One item."""
    text = text.strip().strip("$").strip()
    lower = text.lower()
    if lower in ("skip", "ignore"):
        yield Declared("skip", (), "", line, how)
        return
    if lower.startswith("expect"):
        wanted = lower.removeprefix("expect").strip(" :=")
        if wanted not in EXPECTED:
            raise DeclarationError(f"`{text}`: what is expected is one of {', '.join(EXPECTED)}")
        yield Declared("expect", (), wanted, line, how)
        return
    option = _OPTION.match(text)
    if option and option.group(1).lower() in OPTIONS and len(option.group(1)) > 1:
        name, value = option.group(1).lower(), option.group(2).lower().rstrip("s")
        allowed = OPTIONS[name]
        chosen = [known for known in allowed if known.rstrip("s") == value]
        if not chosen:
            raise DeclarationError(f"`{text}`: {name} is one of {', '.join(allowed)}")
        yield Declared("option", (name,), chosen[0], line, how)
        return
    anything = _ANY_SCALAR.match(text)
    if anything:
        yield Declared("any-scalar", _names(anything.group(1)), anything.group(2), line, how)
        return
    function = _ANY_FUNCTION.match(text)
    if function:
        yield Declared("function", _names(function.group(1)), "", line, how)
        return
    named = _properties(text)
    if named and not any(_SHAPE.match(name) for name in named[0]):
        names, words = named
        for word in words:
            yield Declared("property", names, word, line, how)
        return
    shape = _SHAPE.match(text)
    relation = _RELATION.search(text)
    if shape and not (relation and relation.start() < shape.start(2)):
        yield from _of_shape(_names(shape.group(1)), shape.group(2).strip(), line, how)
        return
    if relation:
        left, right = text[: relation.start()].strip(), text[relation.end() :].strip()
        if relation.group() == "=" and not _RELATION.search(_outside(right)) and _is_name(left):
            yield Declared("definition", (left,), right, line, how)
        else:
            yield Declared("fact", (), text, line, how)
        return
    raise DeclarationError(
        f"`{text}` declares nothing: a shape is `X: n×d`, an assumption `λ > 0` or "
        "`A symmetric`, a convention `vectors = column`"
    )


def _outside(text: str) -> str:
    """A formula without what stands in braces, as the ends of its sums do."""
    before = ""
    while text != before:
        before, text = text, re.sub(r"\{[^{}]*\}", "", text)
    return text


def _is_name(text: str) -> bool:
    """Whether text is a name with its marks, also with arguments, and no formula."""
    text = re.sub(r"(?<=[\w}])\([\w\\, {}^]*\)$", "", text)
    bare = re.sub(r"\\[A-Za-z]+|[_^]\s*(?:\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}|\w)|[{}\s']", "", text)
    return len(bare) <= 1 or (bare.isalnum() and len(bare) <= 2)


def _properties(text: str) -> tuple[tuple[str, ...], list[str]] | None:
    """``A symmetric``, ``K is symmetric and positive definite``: the names, and the properties."""
    found: list[str] = []
    while True:
        for words in sorted(PROPERTIES, key=len, reverse=True):
            match = re.match(
                rf"(.+?)\s*(?:\b(?:is|are)\s+|:\s*|,\s*|\s)\s*{re.escape(words)}$", text, re.I
            )
            if match:
                break
        else:
            break
        text = re.sub(r"(?:\s+and|,)$", "", match.group(1))
        found.append("rows_sum_to_one" if text.startswith("rows of ") else PROPERTIES[words])
        text = text.removeprefix("rows of ")
    return (_names(text), found) if found else None


def _of_shape(names: tuple[str, ...], text: str, line: int, how: str) -> Iterator[Declared]:
    """``X: n×d``, with a property before or after the sizes: ``A: symmetric n×n``."""
    for words in sorted(PROPERTIES, key=len, reverse=True):
        pattern = re.compile(rf"(?:^|[\s,]){re.escape(words)}(?=$|[\s,])", re.I)
        if pattern.search(text):
            yield Declared("property", names, PROPERTIES[words], line, how)
            text = pattern.sub(" ", text).strip(" ,")
    text = re.sub(r"^(?:matrix|vector|array|tensor)\s+", "", text.strip())
    if text.lower() in ("scalar", "()", "real", "number") or re.fullmatch(
        r"\\mathbb\s*\{?\s*R\s*\}?|ℝ", text
    ):
        yield Declared("scalar", names, "", line, how)
        return
    if text.lower() in ("index", "label"):
        yield Declared("index", names, "", line, how)
        return
    if text.lower() in _NUMBER_SET:
        yield Declared("size", names, "", line, how)
        return
    if _REAL.match(text):
        exponent = _SUPERSCRIPT.match(text)
        if exponent is None:
            raise DeclarationError(f"`{text}` is no shape")
        text = exponent.group(1) or exponent.group(2)
    if text:
        yield Declared("shape", names, text, line, how)


def sidecar(path: Path) -> list[tuple[str, list[Declared]]]:
    """The declarations of a file beside a document: for each section the items.

    ``declare`` at the top is for the whole document; ``[[section]]`` tables have a ``heading``, or
    ``lines`` such as ``"34-38"``, and ``declare`` of their own.

    :raises DeclarationError: for a file that cannot be read as one.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise DeclarationError(f"{path} cannot be read: {problem}") from None
    found = [("", _listed(data.get("declare", ""), path))]
    sections = data.get("section", [])
    if not isinstance(sections, list):
        raise DeclarationError(f"{path}: `section` is a list of tables: write [[section]]")
    unknown = set(data) - {"declare", "section"}
    if unknown:
        raise DeclarationError(f"{path}: there is no `{min(unknown)}`; known are declare, section")
    for section in sections:
        lines = section.get("lines")
        heading = str(section.get("heading", "")) if lines is None else f"lines {lines}"
        if not heading:
            raise DeclarationError(f"{path}: a section has no heading and no lines")
        found.append((heading, _listed(section.get("declare", ""), path)))
    return found


def _listed(value: Any, path: Path) -> list[Declared]:
    texts = value if isinstance(value, list) else [value]
    found: list[Declared] = []
    for text in texts:
        if not isinstance(text, str):
            raise DeclarationError(f"{path}: `declare` is a text or a list of texts")
        found.extend(items(text, 0, "sidecar"))
    return found
