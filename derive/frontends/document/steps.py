"""Names as symbols, also those one layer or one step on: W^{(l+1)} where W^{(l)} is known."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import sympy as sp

from derive.frontends.document import tree
from derive.frontends.document.definitions import as_declared, body_of, is_put_in
from derive.frontends.document.fresh import fresh, fresh_name, open_vector
from derive.frontends.document.indices import index_variable, letters_of
from derive.frontends.document.knowledge import Definition, Known
from derive.frontends.document.lookup import (
    Rests,
    declared_sizes,
    declared_with,
    defined_at,
    known_at,
)
from derive.frontends.document.names import Mention, text_of
from derive.frontends.document.reader import Reader, Undeclared, Unread
from derive.frontends.document.spelling import PRETTY, pretty, size_symbol
from derive.frontends.document.through_time import STEPS, at_step, whole
from derive.frontends.document.tree import Node
from derive.frontends.document.values import Misfit, Value, scalar
from derive.language.operators import ScalarFunction

_OFFSET = re.compile(r"^(\w+?)(?:([+-])(\d+))?$")


def shifted(reader: Reader, name: Mention) -> Value | None:
    """W^{(l+1)} where W^{(l)} is known, h_{t-1} where h_t is: with its definition for steps that
    come after, as an array of its own for those before.
    """
    for scripts, put in (
        (name.sups, lambda new: replace(name, sups=new)),
        (name.subs, lambda new: replace(name, subs=new)),
    ):
        if not scripts:
            continue
        last = scripts[-1]
        text = text_of(last)
        bare = text.strip("()[]")
        match = _OFFSET.match(bare)
        if match is None:
            continue
        letter, sign, digits = match.groups()
        if letter.isdigit() or (len(letter) > 1 and letter not in ("ell", "tau")):
            continue
        if letter in reader.indices and sign is None:
            continue
        offset = int(digits or 0) * (-1 if sign == "-" else 1)
        for other in range(offset + 3, offset - 4, -1):
            if other == offset:
                continue
            written = letter + (f"{other:+d}" if other else "")
            opening = text[: len(text) - len(text.lstrip("(["))]
            closing = text[len(text.rstrip(")]")) :]
            stem = _Literal(last.start, last.end, opening + written + closing)
            candidate = put((*scripts[:-1], stem))
            if known_at(reader, candidate.key) or defined_at(reader, candidate.key):
                if letter in reader.indices:
                    return None
                return _step(reader, name.key, candidate.key, letter, offset - other, name.node)
    return None


class _Literal(tree.Word):
    """A script by its text."""

    def __init__(self, start: int, end: int, text: str) -> None:
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "end", end)
        object.__setattr__(self, "name", text)
        object.__setattr__(self, "how", "text")


_STEPPED = re.compile(r"^(.*[_^])([(\[]?)([A-Za-z]|ell|tau)([+-]\d+)?([)\]]?)$")


def by_key(reader: Reader, key: str, node: Node | None = None) -> Value:
    """The value of a name, or of one some steps from a name that is known."""
    if reader.in_time and (found := whole(reader, key)) is not None:
        return found
    if key in reader.symbols:
        return reader.symbols[key]
    if known_at(reader, key) is not None or defined_at(reader, key) is not None:
        return symbol(reader, key, node)
    match = _STEPPED.match(key)
    if match is not None:
        stem, opening, letter, written, closing = match.groups()
        offset = int(written or 0)
        for other in range(offset + 3, offset - 4, -1):
            step = f"{other:+d}" if other else ""
            candidate = stem + opening + letter + step + closing
            if known_at(reader, candidate) or defined_at(reader, candidate):
                return _step(reader, key, candidate, letter, offset - other, node)
    raise Undeclared(f"nothing is known of {pretty(key)}", f"{pretty(key)}: …", node)


def _step(
    reader: Reader, key: str, known: str, letter: str, by: int, node: Node | None = None
) -> Value:
    """A name some steps on from one that is known."""
    if key in reader.symbols:
        return reader.symbols[key]
    definition = defined_at(reader, known)
    declared = known_at(reader, known)
    running = definition is not None and definition.name in reader.running
    if definition is not None and 0 < by <= 2 and not definition.arguments and not running:
        value = _defined(reader, key, definition, (letter, by))
    elif declared is not None:
        sizes = tuple(_moved(text, letter, by) for text in declared.sizes)
        value = _declared(reader, key, replace(declared, sizes=sizes))
    elif definition is not None and by < 0 and reader.layered:
        value = _any_before(reader, key, definition)
    elif definition is not None and not running and _counts_to(definition, letter):
        raise Unread(STEPS, f"{pretty(known)} is a sum up to its step", node)
    elif definition is not None and not running:
        shape = symbol(reader, known, node)
        value = fresh(reader, key, shape.shape, shape.thin)
        if any(shape.shape) and any(_depends(size, letter) for size in shape.shape):
            raise Undeclared(
                f"the shape of {pretty(key)} is not declared", f"{pretty(key)}: …", node
            )
    elif definition is not None:
        raise Unread(STEPS, f"{pretty(known)} is defined by the step before", node)
    else:
        raise Undeclared(f"nothing is known of {pretty(key)}", f"{pretty(key)}: …", node)
    reader.symbols[key] = value
    return value


def _any_before(reader: Reader, key: str, definition: Definition) -> Value:
    """What comes before the first layer that is spoken of: of the shape that is declared for
    A^{[0]}, or else a vector, or a matrix if it is called by a capital.
    """
    match = _STEPPED.match(key)
    if match is not None:
        stem, opening, letter, offset, closing = match.groups()
        for number in ("0", "1"):
            begin = known_at(reader, f"{stem}{opening}{number}{closing}")
            if begin is not None and begin.kind == "shape":
                here = "_{" + letter + (offset or "") + "}"
                sizes = (re.sub(rf"_\{{?{number}\}}?(?!\w)", here, size) for size in begin.sizes)
                return _declared(reader, key, replace(begin, sizes=tuple(sizes)))
    if not definition.written.letter[:1].isupper():
        return open_vector(reader, key)
    shape = (reader.sizes.new(f"rows_{key}"), reader.sizes.new(f"cols_{key}"))
    return fresh(reader, key, shape)


def _counts_to(definition: Definition, letter: str) -> bool:
    """Whether a definition is a sum up to the step at which it stands: that at another step is no
    array of its own.
    """
    return any(
        isinstance(node, tree.Big) and node.sup is not None and letter in letters_of(node.sup)
        for node in definition.body.walk()
    )


def _depends(size: Any, letter: str) -> bool:
    return any(re.search(rf"_\W*{letter}\b", s.name) for s in sp.sympify(size).free_symbols)


def _moved(size: str, letter: str, by: int) -> str:
    """A size one step on: n_l becomes n_{l+1}."""

    def shifted(match: re.Match[str]) -> str:
        offset = int(match[1] or 0) + by
        return "_{" + letter + (f"{offset:+d}" if offset else "") + "}"

    return re.sub(rf"_\{{?{letter}([+-]\d+)?\}}?(?![\w])", shifted, size)


def symbol(reader: Reader, key: str, node: Node | None = None) -> Value:
    """The value of a name that is declared or defined."""
    if reader.in_time and (made := defined_at(reader, key)) is not None:
        found = at_step(reader, made.written)
        if found is not None:
            return found
    key_here = shifted_key(reader, key)
    if key_here != key:
        return _shift_lookup(reader, key, key_here, node)
    definition = defined_at(reader, key)
    known = known_at(reader, key)
    if key in reader.symbols and definition is None and known is None:
        return reader.symbols[key]
    if definition is not None and key not in reader.pending and is_put_in(reader, definition):
        return body_of(reader, definition, key)
    meant: Any = None
    if definition is not None and key not in reader.pending:
        meant = ("defined", definition.section, definition.at, definition.line)
    elif known is not None:
        meant = ("declared", known.kind, known.sizes)
    if (key, meant) in reader.memo:
        return reader.memo[key, meant]
    if definition is not None and key not in reader.pending:
        value = _defined(reader, key, definition)
    elif known is not None:
        value = _declared(reader, key, known)
    elif definition is not None:
        code = STEPS if definition.indices else "circular"
        raise Unread(code, f"{pretty(key)} is defined by itself", node)
    else:
        raise Undeclared(f"nothing is known of {pretty(key)}", f"{pretty(key)}: …", node)
    # One name may stand for two things, of this section and of one before.
    reader.memo[key, meant] = value
    if not reader.pending or key not in reader.symbols:
        reader.symbols[key] = value
    return value


def shifted_key(reader: Reader, key: str) -> str:
    """The name that a name in a definition stands for, where that is read one step on."""
    if not reader.shift:
        return key
    letter = reader.shift_letter

    def moved(match: re.Match[str]) -> str:
        offset = int(match[3] or 0) + reader.shift
        return match[1] + match[2] + letter + (f"{offset:+d}" if offset else "")

    return re.sub(rf"([_^,])([(\[]?){letter}([+-]\d+)?(?=$|[)\],^])", moved, key)


def _shift_lookup(reader: Reader, key: str, there: str, node: Node | None) -> Value:
    if there in reader.symbols:
        return reader.symbols[there]
    shift, letter = reader.shift, reader.shift_letter
    reader.shift, reader.shift_letter = 0, ""
    try:
        if there not in reader.symbols:
            if known_at(reader, there) is None and defined_at(reader, there) is None:
                return _step(reader, there, key, letter, shift, node)
            return symbol(reader, there, node)
        return reader.symbols[there]
    finally:
        reader.shift, reader.shift_letter = shift, letter


def _declared(reader: Reader, key: str, known: Known) -> Value:
    if known.kind in ("shape", "scalar") and known.how != "directive":
        sizes = "×".join(known.sizes) or "()"
        reader.note(f"{pretty(key)} has shape {sizes} by line {known.line}")
    reader.sources.add(known.section)
    if known.section not in reader.knowledge.around(reader.section):
        reader.note(f"{pretty(key)} is still what line {known.line} declares")
        doubtful = reader.knowledge.doubtful(known, reader.section)
        if doubtful:
            reader.carried.add(key)
        if doubtful or reader.knowledge.is_defined_with(key, reader.section, known.section):
            other = _another(reader, key, known)
            if other is not None:
                return other
    if known.kind == "size":
        return Value(size_symbol(key))
    if known.kind == "index":
        index = index_variable(reader, key)
        if index is None:
            raise Unread("index", f"{pretty(key)} is an index of more than one letter")
        return Value(index.symbol + index.base)
    if known.kind == "any-scalar":
        return _any_scalar(reader, key, known.sizes)
    if known.kind == "scalar":
        return fresh(reader, key, ())
    if known.kind == "function":
        raise Unread("function", f"{pretty(key)} is a function and stands without an argument")
    sizes_ = declared_sizes(reader, known)
    if len(sizes_) == 1:
        if sizes_[0] == 1:
            return fresh(reader, key, ())
        if reader.choices.pick("vectors", ("column", "row", "numpy")) == "row":
            return fresh(reader, key, (sp.S.One, sizes_[0]), thin=True)
        return fresh(reader, key, (sizes_[0], sp.S.One), thin=True)
    return fresh(reader, key, sizes_)


def _another(reader: Reader, key: str, known: Known) -> Value | None:
    """A name that only a section before declares may be another one here."""
    if known.kind != "shape" or (len(key) > 1 and key not in PRETTY):
        return None
    matrix = key.isupper()
    option = "another matrix" if matrix else "a number"
    if reader.choices.pick(pretty(key), ("as before", option)) == "as before":
        return None
    if not matrix:
        return fresh(reader, key, ())
    shape = (reader.sizes.new(f"rows_{key}"), reader.sizes.new(f"cols_{key}"))
    return fresh(reader, key, shape)


def _any_scalar(reader: Reader, key: str, names: tuple[str, ...]) -> Value:
    arguments = [by_key(reader, name).expr for name in names]
    label = fresh_name(reader, pretty(key), key)
    made = sp.Symbol(label, real=True)
    reader.where[made] = ScalarFunction(label)(*arguments)
    return Value(made)


def _defined(
    reader: Reader, key: str, definition: Definition, shift: tuple[str, int] = ("", 0)
) -> Value:
    """The symbol of a defined name; its definition goes to ``where``, after those it uses."""
    try:
        value = body_of(reader, definition, key, shift)
    except Misfit as problem:
        stated = reader.knowledge.declared(key, definition.section, definition.at)
        around = reader.knowledge.around(definition.section)
        shaped = stated is not None and stated.kind == "shape" and len(stated.sizes) > 1
        if stated is not None and shaped and stated.section in around:
            reader.note(f"line {definition.line} is ill-shaped: {pretty(key)} is as declared")
            return _declared(reader, key, stated)
        raise Rests(
            "rests-on", f"it rests on line {definition.line}, which is ill-shaped: {problem}"
        ) from None
    declared = declared_with(reader, key, definition)
    if declared is not None and declared.kind in ("shape", "scalar"):
        value = as_declared(reader, value, declared, definition)
    reader.sources.add(definition.section)
    if value.entries is not None:
        reader.note(f"{pretty(key)} is written out in line {definition.line}")
        return value
    made = fresh(reader, key, value.shape, value.thin)
    made = replace(made, path=())
    expr = scalar(value) if not value.shape else value.expr
    reader.where[made.expr] = expr
    reader.note(f"{pretty(key)} is defined in line {definition.line}")
    return made
