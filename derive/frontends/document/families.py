"""x_i: one of several arrays that are declared by one of them, or a row of the array X."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import sympy as sp

from derive.frontends.document import tree, values
from derive.frontends.document.fresh import fresh_name
from derive.frontends.document.indices import as_vector, entry_of, index_of
from derive.frontends.document.knowledge import Known
from derive.frontends.document.lookup import declared_sizes, declared_under, defined_at, known_at
from derive.frontends.document.names import (
    Mention,
    of_capital,
    of_small,
    text_of,
    with_scripts,
)
from derive.frontends.document.reader import READ_UNKNOWN, Absurd, Reader, Unread
from derive.frontends.document.spelling import pretty
from derive.frontends.document.stacked import APART, COLUMN, ROW, picked, rows_beside
from derive.frontends.document.steps import symbol
from derive.frontends.document.through_time import STEPS
from derive.frontends.document.tree import Node
from derive.frontends.document.values import Value
from derive.language.operators import entry
from derive.language.sequences import at


def one_of_several(reader: Reader, name: Mention, base: str, parts: list[Node]) -> Value | None:
    """x_n where both a vector x and vectors x_1, …, x_N are declared, or an array X of such: one of
    these, or an entry of x in another reading.
    """
    known = known_at(reader, base)
    if base in reader.bound or known is None or len(parts) > 2:
        return None
    family = _family(reader, name)
    if family is None and _has_rows_of(reader, name, known):
        if len(parts) == 2:
            return member(reader, name, parts)
        row = f"a row of {pretty(of_capital(name.letter))}"
        how = reader.choices.pick(f"{pretty(name.letter)} with an index", ("entry", row))
        return member(reader, name, parts) if how == row else None
    if family is None and len(parts) == 1 and _is_an_example(reader, name, known):
        several = ("one of several", "entry")
        if reader.choices.pick(f"{pretty(name.letter)} with an index", several) == "entry":
            return None
        return _numbered(reader, name, declared_sizes(reader, known), parts[0])
    if family is None or family.kind != "shape" or not isinstance(parts[0], tree.Letter):
        return None
    how = reader.choices.pick(f"{pretty(name.letter)} with an index", ("one of several", "entry"))
    return member(reader, name, parts) if how == "one of several" else None


def _has_rows_of(reader: Reader, name: Mention, known: Known) -> bool:
    """Whether a declared vector x is of the size of the rows of a declared X."""
    capital = of_capital(name.letter)
    array = known_at(reader, capital) if capital and len(name.subs) == 1 else None
    if array is None or array.kind != "shape" or known.kind != "shape":
        return False
    long = [size for size in known.sizes if size != "1"]
    return len(array.sizes) == 2 and len(long) == 1 and long[0] == array.sizes[1]


def _is_an_example(reader: Reader, name: Mention, known: Known) -> bool:
    """Whether sums over the i of x_i go up to another number than a declared vector x has entries:
    then x is what each of n examples is.
    """
    long = [size for size in known.sizes if size != "1"]
    ends = reader.knowledge.summed_to.get(name.letter, set())
    return (
        known.kind == "shape"
        and len(name.subs) == 1
        and len(long) == 1
        and bool(ends)
        and long[0] not in ends
    )


def member(reader: Reader, name: Mention, parts: list[Node]) -> Value | None:
    """x_i: the i-th of a family that is declared by one of them, or a row of the array X."""
    if len(parts) == 2 and (family := _family(reader, name)) is not None:
        vector = _of_family(reader, name, family, parts[0])
        return entry_of(reader, vector, parts[1], name.node) if vector.shape else None
    if len(parts) == 2:
        rows = _by_rows(reader, name)
        if rows is None:
            return None
        capital = pretty(of_capital(name.letter))
        reader.note(f"{pretty(name.letter)}_{text_of(name.subs[-1])} is an entry of {capital}")
        places = (index_of(reader, k, n) for k, n in zip(parts, rows.shape, strict=True))
        return Value(entry(rows.expr, *places))
    numbered = isinstance(parts[0], tree.Number) and name.letter in reader.knowledge.summed_to
    if len(parts) != 1 or not (numbered or isinstance(parts[0], tree.Letter)):
        return None
    family = _family(reader, name)
    if family is not None:
        reader.several |= {name.letter} if isinstance(parts[0], tree.Letter) else set()
        return _of_family(reader, name, family, parts[0])
    rows = _by_rows(reader, name)
    if rows is None:
        return None
    index = index_of(reader, parts[0], rows.shape[0])
    return as_vector(reader, at(rows.expr, index), rows.shape[1])


def _by_rows(reader: Reader, name: Mention) -> Value | None:
    """The declared array X, of which x_i is a row, or in another reading its transpose."""
    capital = of_capital(name.letter)
    upper = with_scripts(capital, name.subs[:-1], name.sups)
    if not capital or known_at(reader, upper) is None:
        return None
    array = symbol(reader, upper, name.node)
    if len(array.shape) != 2 or 1 in array.shape:
        return None
    how = reader.choices.pick(f"{pretty(name.letter)}_i of {pretty(upper)}", ("row", "column"))
    if len(name.subs) == 1 and isinstance(name.subs[0], tree.Letter):
        label = f"{pretty(name.letter)}_{text_of(name.subs[0])}"
        reader.note(f"{label} is a {how} of {pretty(upper)}")
    return array if how == "row" else values.transpose(array)


def _family(reader: Reader, name: Mention) -> Known | None:
    """What declares a member of the family under another index."""
    return None if name.sups else declared_under(reader, name.letter)


def _of_family(reader: Reader, name: Mention, family: Known, part: Node) -> Value:
    if defined_at(reader, family.name) is not None:
        raise Unread(
            STEPS, f"all steps of {pretty(family.name)}, which is defined step by step", name.node
        )
    rows = rows_beside(reader, name, family)
    if rows is not None:
        return as_vector(
            reader, at(rows.expr, index_of(reader, part, rows.shape[0])), rows.shape[1]
        )
    return _numbered(reader, name, declared_sizes(reader, family), part)


def all_of_several(reader: Reader, name: Mention) -> Value | None:
    """An X or y that nothing declares, beside x_i or y_i that something does: the array of them."""
    small = of_small(name.letter)
    vectors = small != ""
    small = small or name.letter
    if name.subs or name.sups or not any(one.startswith(f"{small}_") for one in reader.about):
        return None
    family = declared_under(reader, small)
    if family is None or (len(family.sizes) if family.kind == "shape" else 0) != int(vectors):
        return None
    how = picked(reader, small, name.letter, [ROW, COLUMN] if vectors else [ROW])
    if how == APART:
        return None
    array, thin = _several(reader, small, declared_sizes(reader, family)), not vectors
    rows = Value(array, array.shape, thin)
    by_rows = not thin or reader.choices.pick("vectors", ("column", "row", "numpy")) != "row"
    return rows if how == ROW and by_rows else replace(values.transpose(rows), thin=thin)


def of_undeclared(reader: Reader, name: Mention) -> Value | None:
    """x_i, with an index that counts somewhere, where nothing is known of any x: one of several
    numbers, or of several vectors.
    """
    if len(name.subs) != 1 or name.sups or not name.letter[:1].islower() or name.primes:
        return None
    (part,) = name.subs
    counts = isinstance(part, tree.Letter) and (
        part.name in reader.indices or part.name in reader.knowledge.counting
    )
    if not counts:
        return None
    if name.letter in reader.bound:  # g(x) = Σ (x − x_i)²: x is a number, and the x_i are others
        own = name.letter in reader.knowledge.with_index and not reader.bound[name.letter].shape
        return _numbered(reader, name, (), part) if own else None
    if known_at(reader, name.letter) is not None or defined_at(reader, name.letter) is not None:
        return None
    if name.letter in reader.bare or _is_guessed_vector(reader, name.letter):
        beside = ("an entry", "one of several")
        if reader.choices.pick(f"{pretty(name.letter)} with an index", beside) == "an entry":
            return _entry_of_bare(reader, name)
    kinds = ("vector",) if name.bold else ("scalar", "vector")
    how = reader.choices.pick(f"each {pretty(name.letter)}", kinds)
    reader.note(f"each {pretty(name.key)} is a {how}, as nothing declares it")
    if how == "scalar":
        if name.letter in reader.bare and READ_UNKNOWN(reader, _bare(name)).shape:
            raise Absurd(f"{pretty(name.letter)} is an array, and each {pretty(name.key)} a number")
        return _numbered(reader, name, (), part)
    size = reader.symbols.get(f"size of each {name.letter}")
    if size is None:
        size = Value(reader.sizes.new(f"n_{name.letter}"))
        reader.symbols[f"size of each {name.letter}"] = size
    return _numbered(reader, name, (size.expr,), part)


def _is_guessed_vector(reader: Reader, letter: str) -> bool:
    """Whether a name that nothing declares is read as a vector already, as the w of f(w)."""
    found = reader.symbols.get(letter)
    return found is not None and letter in reader.guessed and bool(found.shape)


def _entry_of_bare(reader: Reader, name: Mention) -> Value:
    """x_i beside an x, of which nothing is known either: an entry of it."""
    array = READ_UNKNOWN(reader, _bare(name))
    if not array.shape or array.is_scalar:
        raise Absurd(f"{pretty(name.letter)} is a number and has entries")
    return entry_of(reader, array, name.subs[-1], name.node)


def _bare(name: Mention) -> Mention:
    return replace(name, subs=(), after=(), shape=None)


def any_of(reader: Reader, key: str) -> Value | None:
    """Any one of the arrays that are declared by one of them, as y_i, where the formula speaks of
    them: what is assumed of that one is so of each.
    """
    match = re.fullmatch(r"(.+)_([^\W\d_])", key)
    if match is None or f"number of {match[1]}" not in reader.symbols:
        return None
    family = known_at(reader, key)
    if family is None or family.kind not in ("shape", "scalar"):
        return None
    index = sp.Symbol("row", integer=True)
    return _at_number(reader, match[1], declared_sizes(reader, family), index)


def _numbered(reader: Reader, name: Mention, sizes: tuple[Any, ...], part: Node) -> Value:
    """One of several arrays of a shape, as a position of an array with one axis more."""
    number = _number(reader, name.letter)
    if len(sizes) > 2:
        raise Unread("family", f"a family of arrays with {len(sizes)} axes", name.node)
    return _at_number(reader, name.letter, sizes, index_of(reader, part, number))


def _at_number(reader: Reader, letter: str, sizes: tuple[Any, ...], index: Any) -> Value:
    array = _several(reader, letter, sizes)
    if not sizes:
        return Value(entry(array, index, 0))
    if len(sizes) == 1:
        return as_vector(reader, at(array, index), sizes[0])
    return Value(at(array, index), sizes)


def _several(reader: Reader, letter: str, sizes: tuple[Any, ...]) -> Any:
    """The array with one axis more whose positions the x_i are."""
    number = _number(reader, letter)
    label = fresh_name(reader, pretty(letter), f"several {letter}")
    if len(sizes) < 2:
        return sp.MatrixSymbol(label, number, *(sizes or (1,)))
    return sp.IndexedBase(label, shape=(number, *sizes))


def _number(reader: Reader, letter: str) -> Any:
    key = f"number of {letter}"
    if key not in reader.symbols:
        reader.symbols[key] = Value(reader.sizes.new(f"N_{letter}"))
    return reader.symbols[key].expr
