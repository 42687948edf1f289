"""Definitions: their right-hand sides, read where they stand."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.frontends.document import tree
from derive.frontends.document.fresh import fresh_name
from derive.frontends.document.indices import first
from derive.frontends.document.knowledge import Definition, Known
from derive.frontends.document.lookup import (
    Rests,
    declared_sizes,
    declared_with,
    defined_at,
    fit,
    is_known,
    known_at,
)
from derive.frontends.document.names import (
    Mention,
    is_transpose,
    mention,
    text_of,
    used_as_arrays,
)
from derive.frontends.document.reader import Index, Reader, Undeclared, Unread
from derive.frontends.document.spelling import pretty
from derive.frontends.document.values import Value, scalar
from derive.language.operators import tensor


def is_put_in(reader: Reader, definition: Definition) -> bool:
    """Whether a definition speaks of an argument that has another value here, as h = W x does in
    f(y) where f(x) = v⊤h: then it is read anew with that.
    """
    seen: set[str] = set()
    pending = [definition] if reader.put_in else []
    while pending:
        made = pending.pop()
        for node in made.body.walk():
            name = mention(node)
            for key in () if name is None else (name.key, name.letter):
                if key in reader.put_in:
                    return True
                if key not in seen:
                    seen.add(key)
                    found = reader.knowledge.defined(key, made.section, made.at)
                    pending.extend([found] if found is not None and found is not made else [])
    return False


def body_of(
    reader: Reader, definition: Definition, key: str = "", shift: tuple[str, int] = ("", 0)
) -> Value:
    """The right-hand side of a definition, read where it stands."""
    key = key or definition.name
    if len(reader.pending) > 40:
        raise Unread("nesting", "definitions that use one another without end")
    before = (reader.section, reader.at, reader.shift, reader.shift_letter)
    bound, indices = dict(reader.bound), dict(reader.indices)
    reader.pending.append(key)
    reader.running.append(definition.name)
    reader.section, reader.at = definition.section, definition.at
    if isinstance(definition.body, tree.Derivative):
        reader.at = max(reader.at, reader.home[1])  # of a loss that may be computed later
    reader.shift_letter, reader.shift = shift
    try:
        for argument in definition.arguments:
            parameter = mention(argument)
            if parameter is None:
                raise Unread("argument", "an argument that is no name", argument)
            if parameter.key in reader.bound:
                continue
            if is_number(reader, definition, parameter):
                label = fresh_name(reader, pretty(parameter.key), parameter.key)
                reader.bound[parameter.key] = Value(sp.Symbol(label, real=True))
        if definition.indices:
            return _indexed_body(reader, definition)
        return reader.value(definition.body)
    finally:
        reader.pending.pop()
        reader.running.pop()
        reader.section, reader.at, reader.shift, reader.shift_letter = before
        reader.bound = bound
        reader.indices = indices


def argument_choice(parameter: Mention) -> str:
    """The choice of what the argument of a function is."""
    return f"the argument {pretty(parameter.key)}"


def is_number(reader: Reader, definition: Definition, parameter: Mention) -> bool:
    """Whether the argument of a function is a number: where nothing says what its letter is, or
    only a section before does, in one of two readings; of a letter that is transposed or has
    entries, too.
    """
    key = argument_choice(parameter)
    knowledge = reader.knowledge
    if not is_known(reader, parameter):
        if is_written_as_array(definition, parameter):
            return False
        if parameter.subs or parameter.letter not in (
            knowledge.arrays | knowledge.with_index | knowledge.beside
        ):
            return True
        return reader.choices.pick(key, ("an array", "a number")) == "a number"
    spoken = map(mention, definition.body.walk())
    if not any(name and parameter.key in (name.key, name.letter) for name in spoken):
        return False  # it is what the definitions that are used speak of
    around = reader.knowledge.around(reader.section)
    known, made = known_at(reader, parameter.key), defined_at(reader, parameter.key)
    if any(one is not None and one.section in around for one in (known, made)):
        return False
    return reader.choices.pick(key, ("a number", "as before")) == "a number"


def is_written_as_array(definition: Definition, parameter: Mention) -> bool:
    """Whether the body of a function writes its argument as no number is written: bold, with a ⊤,
    between the bars of a norm.
    """
    for node in definition.body.walk():
        name = mention(node)
        if name is None:
            if isinstance(node, tree.Norm) and parameter.letter in used_as_arrays(node):
                return True
        elif name.key == parameter.key:
            marks = {text_of(part) for part in name.after}
            if name.bold or (marks != {"T"} and any(map(is_transpose, name.after))):
                return True
    return False


def _indexed_body(reader: Reader, definition: Definition) -> Value:
    """``P_{ij} = e``: the array whose entry at (i, j) is e."""
    variables = []
    declared = declared_with(reader, definition.name, definition)
    for part in definition.indices:
        if not isinstance(part, tree.Letter):
            raise Unread("index", "an index of a defined array that is no letter", part)
        made = Index(sp.Dummy(part.name, integer=True), first(reader))
        reader.indices[part.name] = made
        variables.append(made.symbol)
    sizes = (
        declared_sizes(reader, declared)
        if declared is not None and declared.kind == "shape"
        else ()
    )
    if len(sizes) == 2 and len(variables) == 1 and sp.S.One in sizes:
        sizes = tuple(size for size in sizes if size != 1) or sizes[:1]
    if len(sizes) == len(variables):
        reader.ranges.update(zip(variables, sizes, strict=True))
    else:
        _counted(reader, definition, variables)
    body = reader.value(definition.body)
    if body.shape and not body.is_scalar:
        name = pretty(definition.name)
        raise Unread("steps", f"{name} is defined as a family of arrays, which is not read")
    value = scalar(body)
    ranges = []
    for variable, part in zip(variables, definition.indices, strict=True):
        size = reader.ranges.get(variable)
        if size is None:
            raise Undeclared(
                f"how far the index {text_of(part)} counts is not known",
                f"{pretty(definition.name)}: …",
                part,
            )
        ranges.append(size)
    if len(ranges) == 1:
        i, j = variables[0], sp.Dummy("j", integer=True)
        if reader.choices.pick("vectors", ("column", "row", "numpy")) == "row":
            row = sp.FunctionMatrix(1, ranges[0], sp.Lambda((j, i), value))
            return Value(row, (sp.S.One, ranges[0]), thin=True)
        column = sp.FunctionMatrix(ranges[0], 1, sp.Lambda((i, j), value))
        return Value(column, (ranges[0], sp.S.One), thin=True)
    if len(ranges) == 2:
        matrix = sp.FunctionMatrix(*ranges, sp.Lambda(tuple(variables), value))
        return Value(matrix, tuple(ranges))
    return Value(tensor(value, *zip(variables, ranges, strict=True)), tuple(ranges))


def _counted(reader: Reader, definition: Definition, variables: list[Any]) -> None:
    """How far the indices of a definition count, where "i = 1, …, n" is said beside it."""
    for variable, part in zip(variables, definition.indices, strict=True):
        said = reader.knowledge.range_of(text_of(part), definition)
        if said is None:
            continue
        begin = reader.size(reader.value(said.first), said.first)
        end = reader.size(reader.value(said.last), said.last)
        if begin != first(reader):
            raise Undeclared(
                f"the index {text_of(part)} counts from {begin}", f"index={begin}", said.first
            )
        reader.ranges[variable] = sp.expand(end - begin + 1)


def as_declared(reader: Reader, value: Value, known: Known, definition: Definition) -> Value:
    """A defined value in the shape that is declared for it.

    :raises Rests: where it has another one: that is said of the definition itself.
    """
    sizes = declared_sizes(reader, known) if known.kind == "shape" else ()
    fitted = fit(value, sizes, thin=len(sizes) == 1)
    if fitted is None:
        raise Rests(
            "rests-on",
            f"it rests on {pretty(known.name)} (line {definition.line}), whose shape is not the "
            "one declared",
        )
    return fitted
