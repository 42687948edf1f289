"""What a name stands for: declared, defined, an entry, a member of a family, or not known.

In this order: what is bound (an argument, an index); the name with all its scripts, declared or
defined; the same name one layer or one step on, W^{(l+1)} where W^{(l)} is known; an array with
its subscripts as indices; a row of an array, x_i of X. What is left is read as a scalar or as an
array of open sizes only where the way it is written says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy as sp

from derive.base.slot import Slot
from derive.frontends.document import tree, values
from derive.frontends.document.families import member, of_undeclared, one_of_several
from derive.frontends.document.indices import (
    annotated,
    components,
    entry_of,
    first,
    has_bound_index,
    index_variable,
    letters_of,
)
from derive.frontends.document.lookup import declared_under, defined_at, is_known, known_at
from derive.frontends.document.names import (
    Mention,
    is_transpose,
    mention,
    standing_alone,
    text_of,
    with_scripts,
)
from derive.frontends.document.reader import (
    READ_NAME,
    Absurd,
    Reader,
    Undeclared,
    Unread,
    one_power,
    turned,
)
from derive.frontends.document.spelling import pretty, size_symbol
from derive.frontends.document.steps import by_key, shifted, shifted_key, symbol
from derive.frontends.document.through_time import STEPS, at_step, needs_time
from derive.frontends.document.tree import Node
from derive.frontends.document.undeclared import unknown
from derive.frontends.document.values import Value

LOSS_IN = Slot("derive.frontends.document.derivatives")


@READ_NAME.fill
def read_name(reader: Reader, node: Node) -> Value:
    """The value of a name with everything that is written at it."""
    name = mention(node)
    if isinstance(node, tree.Run | tree.Script) and (name is None or not is_known(reader, name)):
        gradient = None if reader.in_entries else LOSS_IN(reader, node)
        if gradient is not None:
            return gradient
    if name is None:
        if isinstance(node, tree.Run):
            return reader.value(tree.split(node))
        if isinstance(node, tree.Script):
            return reader.value(tree.split(node))
        raise Unread("name", "this is no name", node)
    if isinstance(node, tree.Run) and not is_known(reader, name):
        return reader.value(tree.split(node))
    scripted = isinstance(node, tree.Script) and isinstance(node.base, tree.Run)
    if scripted and not is_known(reader, name):
        return reader.value(tree.split(node))
    return value_of(reader, name)


def value_of(reader: Reader, name: Mention) -> Value:
    value, name = looked_up(reader, name)
    for _ in range(name.primes):
        how = reader.choices.pick("prime", ("transpose", "name"))
        if how == "name":
            raise Undeclared(
                f"whether ′ makes another name of {pretty(name.key)} or its transpose is open",
                "prime = transpose",
                name.node,
            )
        value = turned(reader, value)
    for part in name.after:
        value = one_power(reader, value, part, name.node)
    if name.shape is not None:
        value = annotated(reader, value, name.shape, name)
    return value


def looked_up(reader: Reader, name: Mention) -> tuple[Value, Mention]:
    """The array or scalar that a name stands for, before what is written at it; and the name
    without what was taken for a part of it.
    """
    key = name.key
    if name.primes and is_known(reader, replace(name, letter=name.letter + "'" * name.primes)):
        name = replace(name, letter=name.letter + "'" * name.primes, primes=0)
        key = name.key
    if reader.shift and (moved := shifted_key(reader, key)) != key:
        shift, letter = reader.shift, reader.shift_letter
        reader.shift, reader.shift_letter = 0, ""
        try:
            return by_key(reader, moved, name.node), name
        finally:
            reader.shift, reader.shift_letter = shift, letter
    if reader.in_time and key not in reader.bound:
        at_that_step = at_step(reader, name)
        if at_that_step is not None:
            return at_that_step, name
    bound_index = has_bound_index(reader, name)
    for part in name.sups:
        if any(letter in reader.indices for letter in letters_of(part)):
            message = f"an index above a name, in {pretty(key)}, is not read"
            code = STEPS if needs_time(reader, name) else "index"
            raise Unread(code, message, name.node)
    if key in reader.bound:
        return reader.bound[key], name
    if not name.subs and not name.sups and name.letter in reader.indices:
        index = reader.indices[name.letter]
        return Value(index.symbol + index.base), name
    if _is_constant(reader, name):
        return Value(sp.pi if name.letter == "pi" else sp.E), name
    if _is_size_beside(reader, name):
        return Value(size_symbol(key)), name
    if (square := _square(reader, name)) is not None:
        return square
    if name.after and not bound_index:
        layered = replace(name, sups=(*name.sups, name.after[0]), after=name.after[1:])
        if text_of(name.after[0]) not in ("T", "top", "-1") and is_known(reader, layered):
            return symbol(reader, layered.key, name.node), layered
    if not bound_index and (_is_member(reader, name) or _is_first(reader, name)):
        found = member(reader, name, components(name.subs[-1]))
        if found is not None:
            return found, name
    if not bound_index and is_known(reader, name):
        if len(name.subs) == 1 and isinstance(name.subs[0], tree.Number):
            reader.apart.add(name.letter)
        return symbol(reader, key, name.node), name
    if (found := shifted(reader, name)) is not None:
        return found, name
    if name.subs and (found := _entry(reader, name)) is not None:
        return found, name
    return unknown(reader, name), name


def _is_member(reader: Reader, name: Mention) -> bool:
    """Whether a declared u_k is one of those that are counted by k elsewhere, and no name of its
    own: then what is said of it is said for every k.
    """
    if len(name.subs) != 1 or name.sups or name.key not in reader.knowledge.members:
        return False
    known = known_at(reader, name.key)
    if known is None or known.kind not in ("shape", "scalar"):
        return False
    if defined_at(reader, name.key) is not None:
        return False
    if known_at(reader, name.letter) is not None or defined_at(reader, name.letter) is not None:
        return False
    return index_variable(reader, text_of(name.subs[-1])) is not None


def _is_first(reader: Reader, name: Mention) -> bool:
    """Whether k_1 is the first of the k_i that a sum goes over, declared by it: "k_1, …, k_N ∈ ℝ^d"
    declares no k_1 apart from these.
    """
    if len(name.subs) != 1 or name.sups or not isinstance(name.subs[0], tree.Number):
        return False
    if name.letter not in reader.knowledge.summed_to or defined_at(reader, name.key) is not None:
        return False
    if known_at(reader, name.letter) is not None or defined_at(reader, name.letter) is not None:
        return False
    if name.subs[0].text != str(first(reader)):
        return False  # there may be no second one
    family = declared_under(reader, name.letter)
    known = known_at(reader, name.key)
    return family is not None and (known is None or known.sizes == family.sizes)


def _is_constant(reader: Reader, name: Mention) -> bool:
    """Whether π, or an e with an exponent, is the number here, in a document that has something
    else by that name, as a policy π or a residual e.
    """
    if name.subs or name.sups or name.primes or not is_known(reader, name):
        return False
    if name.letter == "pi" and not name.after:
        return reader.choices.pick("π", ("as defined", "the number")) == "the number"
    if name.letter != "e" or len(name.after) != 1:
        return False
    (above,) = name.after
    if is_transpose(above) or isinstance(above, tree.Number) or text_of(above) == "-1":
        return False
    options = ("the number e", "as defined")
    return reader.choices.pick("e with an exponent", options) == "the number e"


def _is_size_beside(reader: Reader, name: Mention) -> bool:
    """Whether an N that sums go up to stands here, beside N_k that are defined: not all of them."""
    if name.subs or name.sups or name.key not in reader.knowledge.sizes:
        return False
    made = defined_at(reader, name.key)
    return made is not None and bool(made.indices) and known_at(reader, name.key) is None


def _square(reader: Reader, name: Mention) -> tuple[Value, Mention] | None:
    """σ² where that is defined and σ is not, and σ itself, which is then its root."""
    if is_known(reader, name):
        return None
    one = tree.Number(name.node.start, name.node.end, "1")
    if is_known(reader, replace(name, sups=(*name.sups, one), after=name.after[1:])):
        return None  # the 2 counts layers
    is_square = bool(name.after) and text_of(name.after[0]) == "2"
    two = name.after[0] if is_square else tree.Number(name.node.start, name.node.end, "2")
    made = replace(name, sups=(*name.sups, two), after=name.after[1:] if is_square else name.after)
    base = with_scripts(made.letter, made.subs[:-1], made.sups)
    if defined_at(reader, made.key) is None and (not made.subs or defined_at(reader, base) is None):
        return None
    value, rest = looked_up(reader, made)
    if is_square:
        return value, rest
    reader.note(f"{pretty(name.key)} is the root of {pretty(made.key)}")
    return values.apply(sp.sqrt, value), rest


def _entry(reader: Reader, name: Mention) -> Value | None:
    """The name as an array with its last subscripts as indices; None where there is no such."""
    base = with_scripts(name.letter, name.subs[:-1], name.sups)
    parts = components(name.subs[-1])
    if (one := one_of_several(reader, name, base, parts)) is not None:
        return one
    if base in reader.bound and not reader.bound[base].shape and len(parts) == 1:
        others = of_undeclared(reader, name) if _is_alone(reader, base) else None
        if others is None:
            raise Absurd(f"{pretty(base)} is a number and has entries")
        return others
    if base in reader.bound and reader.bound[base].shape:
        return entry_of(reader, reader.bound[base], name.subs[-1], name.node)
    reader.indexed.add(base)
    if base in reader.pending and not reader.in_time:
        message = f"{pretty(base)} is defined by what {pretty(name.key)} is at all steps"
        raise Unread(STEPS, message, name.node)  # L = Σ_t L_t
    if known_at(reader, base) is not None or defined_at(reader, base) is not None:
        array = symbol(reader, base, name.node)
        if not array.shape:
            return None
        return entry_of(reader, array, name.subs[-1], name.node)
    if (split := _numbered(reader, name, parts)) is not None:
        return split
    two = name.letter == "delta" and len(parts) == 2
    if two and (places := _two_places(reader, parts)) is not None:
        reader.note("δ with two indices is the Kronecker delta")
        return Value(sp.KroneckerDelta(*places))
    return member(reader, name, parts)


def _is_alone(reader: Reader, base: str) -> bool:
    """Whether the definition that is read speaks of an argument without an index as well."""
    made = [defined_at(reader, key) for key in reader.running[-1:]]
    return any(one is not None and base in standing_alone(one.body) for one in made)


def _two_places(reader: Reader, parts: list[Node]) -> list[Any] | None:
    """Two indices, or an index and a number as in δ_{i1}, counted alike; None for others."""
    indices = [index_variable(reader, text_of(part)) for part in parts]
    bases = [index.base for index in indices if index is not None]
    if not bases:
        return None
    places: list[Any] = []
    for part, index in zip(parts, indices, strict=True):
        if index is not None:
            places.append(index.symbol)
        elif isinstance(part, tree.Number) and part.text.isdigit():
            places.append(sp.Integer(part.text) - bases[0])
        else:
            return None
    return places


def _numbered(reader: Reader, name: Mention, parts: list[Node]) -> Value | None:
    """Z_{2,nc}: the entry at n, c of Z_2, where that is known."""
    first, rest = parts[0], parts[1:]
    if not isinstance(first, tree.Number | tree.Word) or not rest:
        return None
    key = with_scripts(name.letter, (*name.subs[:-1], first), name.sups)
    if known_at(reader, key) is None and defined_at(reader, key) is None:
        return None
    array = symbol(reader, key, name.node)
    if len(array.shape) != len(rest) and not (len(rest) == 1 and values.is_vector(array)):
        return None
    indices = tree.Listing(rest[0].start, rest[-1].end, tuple(rest), (",",) * (len(rest) - 1))
    return entry_of(reader, array, indices, name.node)
