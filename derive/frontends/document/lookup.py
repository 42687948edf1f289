"""What a document says of a name at the place of a reader: declared, defined, or neither."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from derive.frontends.document import tree, values
from derive.frontends.document.knowledge import Definition, Known
from derive.frontends.document.names import Mention, is_loss, mention
from derive.frontends.document.reader import Reader, Unread
from derive.frontends.document.size_text import SizeError
from derive.frontends.document.size_text import size as read_size
from derive.frontends.document.spelling import size_symbol
from derive.frontends.document.tree import Node
from derive.frontends.document.values import Value, scalar


class Rests(Unread):
    """A statement that rests on a definition which is ill-shaped."""


def is_known(reader: Reader, name: Mention) -> bool:
    key = name.key
    return (
        key in reader.bound
        or known_at(reader, key) is not None
        or defined_at(reader, key) is not None
    )


def is_told(reader: Reader, node: Node) -> bool:
    """Whether a formula speaks of anything that is declared or defined."""
    names = (name for part in node.walk() if (name := mention(part)) is not None)
    return any(
        known_at(reader, key) is not None or defined_at(reader, key) is not None
        for name in names
        for key in (name.key, name.whole)
    )


def may_be_any(reader: Reader, name: Mention) -> bool:
    """Whether nothing says what a name is, or nothing but that a loss is a scalar."""
    if not is_known(reader, name):
        return True
    known = known_at(reader, name.key)
    if known is None or not is_loss(name) or defined_at(reader, name.key) is not None:
        return False
    return known.kind == "scalar" or (known.kind == "shape" and not known.sizes)


def known_at(reader: Reader, key: str) -> Known | None:
    return reader.knowledge.declared(key, reader.section, reader.at)


def declared_under(reader: Reader, letter: str) -> Known | None:
    """What declares a letter with some index, as x_1 in "x_1, …, x_m ∈ ℝ"."""
    for key, known in reader.knowledge.known.items():
        match = re.fullmatch(re.escape(letter) + r"_(\w)", key)
        if match and known:
            found = known_at(reader, key)
            if found is not None and found.kind in ("shape", "scalar"):
                return found
    return None


def defined_at(reader: Reader, key: str) -> Definition | None:
    found = reader.knowledge.defined(key, reader.section, reader.at, reader.home[1])
    later = found is not None and bool(found.indices) and found.at > reader.at
    if later and key not in reader.indexed:
        return None  # z, before the z_i are defined, is another thing
    if found is None:
        found = _point(reader, key)
    return None if found is not None and key in reader.opaque else found


def _point(reader: Reader, key: str) -> Definition | None:
    """x = e of a declared x, in the reading in which that defines it."""
    point = reader.knowledge.point(key, *reader.home)
    if point is None or key in reader.pending:
        return None
    how = reader.choices.pick(f"line {point.line}", ("a point", "a definition"))
    return point if how == "a definition" else None


def declared_sizes(reader: Reader, known: Known) -> tuple[Any, ...]:
    try:
        return tuple(read_size(text, size_symbol) for text in known.sizes)
    except SizeError as problem:
        raise Unread("size", str(problem)) from None


def arrays_in(reader: Reader, of: Node) -> list[Node]:
    """The declared arrays that a formula speaks of, each by a node that is its name."""
    found: dict[str, Node] = {}
    for node in of.walk():
        name = mention(node)
        for key in () if name is None else (name.key, name.whole):
            known = known_at(reader, key)
            if known is not None and known.kind == "shape" and not defined_at(reader, key):
                found.setdefault(key, tree.Word(of.start, of.end, key, "text"))
    return list(found.values())


def declared_with(reader: Reader, key: str, definition: Definition) -> Known | None:
    """What declares a defined name where it is defined; a section before does not."""
    known = reader.knowledge.declared(key, definition.section, definition.at)
    if known is None or known.section not in reader.knowledge.around(definition.section):
        return None
    if known.how == "subscript":
        return None  # where it is written it is checked
    return known


def fit(value: Value, sizes: tuple[Any, ...], thin: bool) -> Value | None:
    """A value as one of the shape declared, None where it has another."""
    if not sizes or sizes == (1,):
        return Value(scalar(value)) if value.is_scalar else None
    if len(sizes) == 1:
        if values.is_vector(value) and any(values.same(size, sizes[0]) for size in value.shape):
            return replace(value, thin=thin)
        return None
    if values.alike(value.shape, sizes):
        return value
    if value.is_scalar and all(size == 1 for size in sizes):
        return value
    return None
