"""Names that nothing declares or defines, read by the way they are written, or refused."""

from __future__ import annotations

import re

import sympy as sp

from derive.frontends.document import tree
from derive.frontends.document.definitions import argument_choice
from derive.frontends.document.families import all_of_several, of_undeclared
from derive.frontends.document.fresh import fresh, fresh_name, labels, open_vector
from derive.frontends.document.indices import (
    annotated_sizes,
    components,
    entry_of,
    index_variable,
    size_of,
)
from derive.frontends.document.lookup import defined_at, known_at
from derive.frontends.document.names import Mention, text_of
from derive.frontends.document.reader import READ_UNKNOWN, Reader, Undeclared, Unread
from derive.frontends.document.spelling import PRETTY, pretty, size_symbol
from derive.frontends.document.steps import symbol
from derive.frontends.document.through_time import STEPS, needs_time
from derive.frontends.document.values import Value, transpose

SCALAR_GREEK = frozenset(
    [
        "alpha",
        "gamma",
        "epsilon",
        "varepsilon",
        "eta",
        "kappa",
        "lambda",
        "nu",
        "rho",
        "tau",
        "omega",
        "zeta",
    ]
)


@READ_UNKNOWN.fill
def unknown(reader: Reader, name: Mention) -> Value:
    """A name that nothing declares or defines, read by the way it is written.

    :raises Undeclared: where that does not tell.
    """
    key = name.key
    if key in reader.symbols:
        return reader.symbols[key]
    if not reader.in_time and needs_time(reader, name):
        raise Unread(STEPS, f"{pretty(key)} is a step of what is defined step by step", name.node)
    if reader.pending and key not in reader.pending:
        # A definition may speak of what is declared only where it is used.
        before = reader.section, reader.at
        reader.section, reader.at = reader.home
        try:
            if known_at(reader, key) is not None:
                return symbol(reader, key, name.node)
        finally:
            reader.section, reader.at = before
    try:
        value = _unknown(reader, name)
    except Undeclared:
        if not reader.drafting or "(" in name.letter or name.letter in ("e", "pi"):
            raise
        value = _guessed(reader, name)
    if (
        not isinstance(value.expr, sp.Identity | sp.NumberSymbol)
        and key not in reader.knowledge.sizes
    ):
        reader.guessed.add(key)
        reader.made_up |= labels(value.expr)
        if name.subs and key not in reader.indexed:
            reader.labelled |= labels(value.expr)
    # Each I has the size that its place asks for, and an e without an exponent is another one.
    several = bool(name.subs) and bool(value.expr.free_symbols & _counted(reader))
    if not isinstance(value.expr, sp.Identity | sp.NumberSymbol) and not several:
        reader.symbols[key] = value
    return value


def _counted(reader: Reader) -> set[sp.Basic]:
    """The index variables here: what stands at one of them is not the same everywhere."""
    return {index.symbol for index in reader.indices.values()}


def _unknown(reader: Reader, name: Mention) -> Value:
    key, letter = name.key, name.letter
    if name.shape is not None and not name.after:
        sizes = annotated_sizes(name.shape)
        reader.note(f"{pretty(key)} has the shape in its subscript")
        return fresh(reader, key, () if len(sizes) == 1 and sizes[0] == 1 else sizes)
    if key in reader.knowledge.sizes:
        may_be_number = letter == "e" and bool(name.after)
        numbers = ("the number e", "a size")
        if may_be_number and reader.choices.pick("e with an exponent", numbers) == numbers[0]:
            return Value(sp.E)
        return Value(size_symbol(key))
    if defined_at(reader, f"{key}^2") is not None:
        raise Undeclared(
            f"{pretty(key)} is known by its square only", f"{pretty(key)} = …", name.node
        )
    if letter == "pi" and not name.subs:
        return Value(sp.pi)
    if letter == "e" and not name.subs and name.after:
        return Value(sp.E)
    if letter in ("infty", "partial", "nabla", "emptyset"):
        raise Unread("symbol", f"{letter} has no meaning here", name.node)
    if letter.startswith(("bla(", "fra(")):
        if letter == "bla(E)":
            raise Unread("expectation", "expectations are not read", name.node)
        if letter == "bla(1)":
            raise Undeclared("an indicator is not read", "", name.node)
        raise Unread("symbol", "a set has no meaning here", name.node)
    bare = letter if letter.isalpha() else re.sub(r"\w+\((\w+)\)", r"\1", letter)
    remedy = f"{pretty(key)}: n×m"
    if bare == "I" and not name.subs:
        size = reader.sizes.new("n_I")
        return Value(sp.Identity(size), (size, size))
    if bare == "I" and name.subs and len(components(name.subs[-1])) == 1:
        size = size_of(name.subs[-1])
        return Value(sp.Identity(size), (size, size))
    argument = reader.choices.made.get(argument_choice(name))
    if argument == "a number":
        return fresh(reader, key, ())  # where L(w) is of a number, it is differentiated in one
    if not name.primes and (array := all_of_several(reader, name)) is not None:
        return array
    vectorlike = name.bold or letter in reader.knowledge.arrays
    vectorlike |= argument == "an array" and letter in reader.knowledge.beside
    if (bare[:1].isupper() and len(bare) == 1) or bare in ("Sigma", "Lambda", "Phi", "Psi"):
        if not vectorlike and letter in reader.knowledge.divisors:
            reader.note(f"{pretty(key)} is a scalar, as something is divided by it")
            return fresh(reader, key, ())
        if not vectorlike:
            raise Undeclared(f"the shape of {pretty(key)} is not declared", remedy, name.node)
        shape = (reader.sizes.new(f"rows_{key}"), reader.sizes.new(f"cols_{key}"))
        reader.note(f"{pretty(key)} is a matrix, its sizes found from use")
        return fresh(reader, key, shape)
    if (unit := _unit_vector(reader, name)) is not None:
        return unit
    if (several := of_undeclared(reader, name)) is not None:
        return several
    if (indexed := _indexed(reader, name)) is not None:
        return indexed
    if name.sups or (name.subs and not _is_labelled(reader, name)):
        two = bool(name.subs) and len(components(name.subs[-1])) > 1
        fitting = f"{pretty(name.whole)}: n×m" if two else f"{pretty(key)}: n"
        raise Undeclared(f"nothing is known of {pretty(key)}", fitting, name.node)
    if len(bare) > 1 and bare not in PRETTY:
        raise Undeclared(f"nothing is known of {pretty(key)}", remedy, name.node)
    if vectorlike:
        return open_vector(reader, key)
    entries = letter in reader.knowledge.with_index | reader.knowledge.beside
    if letter in SCALAR_GREEK and not entries:
        reader.note(f"{pretty(key)} is a scalar, as nothing declares it")
        return fresh(reader, key, ())
    if not reader.knowledge.known and not reader.knowledge.arrays and not entries:
        reader.note(f"{pretty(key)} is a scalar, as the document declares no arrays")
        return fresh(reader, key, ())
    kinds: tuple[str, ...] = ("scalar", "vector")
    if reader.drafting:
        kinds = ("vector", "scalar")
    if reader.in_entries:
        kinds = ("scalar",)
    label = f"each {pretty(letter)}" if name.subs else pretty(key)  # w_1 and w_2 are alike
    how = reader.choices.pick(label, kinds)
    reader.note(f"{pretty(key)} is a {how}, as nothing declares it")
    return fresh(reader, key, ()) if how == "scalar" else open_vector(reader, key)


def _indexed(reader: Reader, name: Mention) -> Value | None:
    """An entry of an array of which nothing else is known: w_j of a vector w that the statement
    speaks of as well, r_{nk} of numbers that are counted by n and by k. What is refuted of these
    may hold by what words say of them.
    """
    if len(name.subs) != 1 or name.sups or name.primes or not name.letter[:1].islower():
        return None
    parts = components(name.subs[0])
    if any(not isinstance(part, tree.Letter) for part in parts):
        return None
    array = reader.symbols.get(name.letter)
    if array is not None and len(parts) == 1 and name.letter in reader.guessed:
        return entry_of(reader, array, name.subs[0], name.node) if array.shape else None
    counting = reader.indices.keys() | reader.knowledge.counting
    taken = name.bold or name.letter in reader.knowledge.arrays or name.letter in reader.bare
    if len(parts) != 2 or taken or any(text_of(part) not in counting for part in parts):
        return None
    key = f"several {name.letter}"
    if reader.choices.pick(f"the {pretty(name.letter)} with two indices", ("any", "?")) == "?":
        return None
    if key not in reader.symbols:
        sizes = reader.sizes.new(f"rows_{name.letter}"), reader.sizes.new(f"cols_{name.letter}")
        reader.note(f"each {pretty(name.key)} is a scalar, as nothing declares it")
        label = fresh_name(reader, pretty(name.letter), key)
        reader.symbols[key] = Value(sp.MatrixSymbol(label, *sizes), sizes)
        reader.symbols[f"number of {name.letter}"] = Value(sizes[0])
    return entry_of(reader, reader.symbols[key], name.subs[0], name.node)


def _is_labelled(reader: Reader, name: Mention) -> bool:
    """Whether λ_1, σ_n, a_0 is a name of its own: its subscript is a number or no index, and there
    is no array, as an a that stands alone, of which it may be an entry.
    """
    if len(name.subs) != 1 or name.letter[:1].isupper() or name.letter in reader.indices:
        return False
    (sub,) = name.subs
    if not isinstance(sub, tree.Number | tree.Letter | tree.Word):
        return False
    if (
        isinstance(sub, tree.Letter)
        and sub.name in reader.knowledge.counting | reader.indices.keys()
    ):
        return False
    if known_at(reader, name.letter) is not None or defined_at(reader, name.letter) is not None:
        return False
    return name.letter in SCALAR_GREEK or name.letter not in reader.knowledge.alone


def _unit_vector(reader: Reader, name: Mention) -> Value | None:
    """e_y, of a y that is declared to be an index: the vector with a 1 there and 0 elsewhere."""
    if name.letter not in ("e", "bol(e)") or len(name.subs) != 1 or name.sups:
        return None
    letter = text_of(name.subs[0])
    known = known_at(reader, letter)
    index = index_variable(reader, letter) if known is not None and known.kind == "index" else None
    if index is None:
        return None
    reader.note(f"{pretty(name.key)} is a unit vector, as {pretty(letter)} is an index")
    size = reader.sizes.new(f"n_{name.key}")
    i, j = sp.Dummy("i", integer=True), sp.Dummy("j", integer=True)
    entries = sp.Lambda((i, j), sp.KroneckerDelta(i, index.symbol))
    column = Value(sp.FunctionMatrix(size, 1, entries), (size, sp.S.One), thin=True)
    if reader.choices.pick("vectors", ("column", "row", "numpy")) == "row":
        return transpose(column)
    return column


def _guessed(reader: Reader, name: Mention) -> Value:
    """What a name may be of which nothing is known: to draft a declaration, never to decide."""
    key = name.key
    kinds = ("matrix", "vector", "scalar") if name.letter[:1].isupper() else ("vector", "scalar")
    kind = reader.choices.pick(pretty(key), kinds)
    if kind == "matrix":
        shape = (reader.sizes.new(f"rows_{key}"), reader.sizes.new(f"cols_{key}"))
        return fresh(reader, key, shape)
    return fresh(reader, key, ()) if kind == "scalar" else open_vector(reader, key)
