"""What a name stands for: declared, defined, an entry, a member of a family, or not known.

In this order: what is bound (an argument, an index); the name with all its scripts, declared or
defined; the same name one layer or one step on, W^{(l+1)} where W^{(l)} is known; an array with
its subscripts as indices; a row of an array, x_i of X. What is left is read as a scalar or as an
array of open sizes only where the way it is written says so.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import sympy as sp

from derive.base.slot import Slot
from derive.frontends.document import tree, values
from derive.frontends.document.knowledge import Definition, Known
from derive.frontends.document.names import Mention, mention, text_of, with_scripts
from derive.frontends.document.reader import (
    ANNOTATED_SIZES,
    READ_NAME,
    SIZE_OF,
    Absurd,
    Index,
    Reader,
    Undeclared,
    Unread,
    one_power,
    turned,
)
from derive.frontends.document.size_text import SizeError
from derive.frontends.document.size_text import size as read_size
from derive.frontends.document.tree import Node
from derive.frontends.document.values import Misfit, Value, scalar
from derive.language.operators import ScalarFunction, entry, tensor
from derive.language.sequences import at

INDEX_LETTERS = frozenset("ijklmnpqrstuvabckKN")
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
PRETTY = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "varphi": "φ",
    "chi": "χ", "psi": "ψ", "omega": "ω", "Delta": "Δ", "Sigma": "Σ", "Lambda": "Λ", "ell": "ℓ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "Theta": "Θ", "Gamma": "Γ",
}  # fmt: skip
_OFFSET = re.compile(r"^(\w+?)(?:([+-])(\d+))?$")

LOSS_IN = Slot("derive.frontends.document.derivatives")


def pretty(key: str) -> str:
    """A name as SymPy and people print it: ``yhat``, ``W_hh``, ``W^(1)``, ``λ``."""
    key = re.sub(r"(hat|bar|tilde|dot|check)\((\w+)\)", lambda m: _greek(m[2]) + m[1], key)
    key = re.sub(r"cal\((\w+)\)", lambda m: {"L": "ℒ"}.get(m[1], m[1] + "cal"), key)
    return re.sub(r"[A-Za-z]{2,}", lambda m: _greek(m[0]), key)


def _greek(word: str) -> str:
    return PRETTY.get(word, word)


class Rests(Unread):
    """A statement that rests on a definition which is ill-shaped."""


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


def is_known(reader: Reader, name: Mention) -> bool:
    key = name.key
    return (
        key in reader.bound
        or known_at(reader, key) is not None
        or defined_at(reader, key) is not None
    )


def known_at(reader: Reader, key: str) -> Known | None:
    return reader.knowledge.declared(key, reader.section, reader.at)


def defined_at(reader: Reader, key: str) -> Definition | None:
    found = reader.knowledge.defined(key, reader.section, reader.at, reader.home[1])
    if found is not None and found.indices and found.at > reader.at:
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
    if reader.shift and (moved := _shifted_key(reader, key)) != key:
        shift, letter = reader.shift, reader.shift_letter
        reader.shift, reader.shift_letter = 0, ""
        try:
            return by_key(reader, moved, name.node), name
        finally:
            reader.shift, reader.shift_letter = shift, letter
    bound_index = _has_bound_index(reader, name)
    if key in reader.bound:
        return reader.bound[key], name
    if not name.subs and not name.sups and name.letter in reader.indices:
        index = reader.indices[name.letter]
        return Value(index.symbol + index.base), name
    if (square := _square(reader, name)) is not None:
        return square
    if name.after and not bound_index:
        layered = replace(name, sups=(*name.sups, name.after[0]), after=name.after[1:])
        if text_of(name.after[0]) not in ("T", "top", "-1") and is_known(reader, layered):
            return symbol(reader, layered.key, name.node), layered
    if not bound_index and is_known(reader, name):
        return symbol(reader, key, name.node), name
    if (found := _shifted(reader, name)) is not None:
        return found, name
    if name.subs and (found := _entry(reader, name)) is not None:
        return found, name
    return unknown(reader, name), name


def _square(reader: Reader, name: Mention) -> tuple[Value, Mention] | None:
    """σ² where that is defined and σ is not, and σ itself, which is then its root."""
    if is_known(reader, name):
        return None
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


# -------------------------------------------------------------------------------------- indices


def components(sub: Node) -> list[Node]:
    """The indices that a subscript lists: ``ij``, ``i,j``, ``i+1, j``."""
    match sub:
        case tree.Listing(items=items):
            return [part for item in items for part in components(item)]
        case tree.Run(letters=letters):
            return list(letters)
        case tree.Product(factors=factors, operators=operators) if not any(operators):
            if all(isinstance(f, tree.Letter | tree.Number) for f in factors):
                return list(factors)
        case tree.Number(text=text) if text.isdigit() and len(text) == 2:
            return [
                tree.Number(sub.start + k, sub.start + k + 1, digit) for k, digit in enumerate(text)
            ]
        case tree.Group(body=body):
            return components(body)
        case tree.Styled(body=body):
            return components(body)
    return [sub]


def letters_of(node: Node) -> set[str]:
    return {part.name for part in node.walk() if isinstance(part, tree.Letter)} | {
        letter.name for part in node.walk() if isinstance(part, tree.Run) for letter in part.letters
    }


def _has_bound_index(reader: Reader, name: Mention) -> bool:
    return any(letter in reader.indices for sub in name.subs for letter in letters_of(sub))


def index_of(reader: Reader, node: Node, size: Any) -> Any:
    """An index into an axis, counted from 0; a plain letter ranges over the axis."""
    if isinstance(node, tree.Letter):
        index = index_variable(reader, node.name)
        if index is not None:
            known = reader.ranges.get(index.symbol)
            if known is None:
                reader.ranges[index.symbol] = size
            elif index.symbol in reader.limits_of:
                # Whether it reads outside of the array is for the engine to see.
                if reader.sizes.resolved(size) in reader.sizes.open:
                    values.same(size, known)
            elif isinstance(index.symbol, sp.Dummy) and not values.same(known, size):
                raise Misfit(f"the index {node.name} counts up to {known} and up to {size}")
            return index.symbol
    value = reader.value(node)
    bases = [
        index.base
        for letter, index in reader.indices.items()
        if index.symbol in value.expr.free_symbols and letter in letters_of(node)
    ]
    base = max(bases) if bases else _first(reader)
    return sp.expand(reader.size(value, node) - base)


def index_variable(reader: Reader, letter: str) -> Index | None:
    """The index that a letter is; a new free one where nothing else is known of it."""
    if letter in reader.indices:
        return reader.indices[letter]
    if letter in reader.bound or reader.knowledge.is_size(letter, reader.section):
        return None
    known = known_at(reader, letter)
    if known is not None and known.kind != "index":
        return None
    if len(letter) > 1 and letter not in ("ell",):
        return None
    label = pretty(letter) + ("'" if letter in reader.knowledge.sizes else "")
    made = Index(sp.Symbol(label, integer=True), _first(reader))
    reader.indices[letter] = made
    return made


def _first(reader: Reader) -> int:
    option = reader.knowledge.option("index", reader.section)
    return int(option[0]) if option else 1


def _entry(reader: Reader, name: Mention) -> Value | None:
    """The name as an array with its last subscripts as indices; None where there is no such."""
    base = with_scripts(name.letter, name.subs[:-1], name.sups)
    parts = components(name.subs[-1])
    if (one := _one_of_several(reader, name, base, parts)) is not None:
        return one
    if base in reader.bound and not reader.bound[base].shape and len(parts) == 1:
        raise Absurd(f"{pretty(base)} is a number and has entries")
    if base in reader.bound and reader.bound[base].shape:
        return entry_of(reader, reader.bound[base], name.subs[-1], name.node)
    if known_at(reader, base) is not None or defined_at(reader, base) is not None:
        array = symbol(reader, base, name.node)
        if not array.shape:
            return None
        return entry_of(reader, array, name.subs[-1], name.node)
    if (split := _numbered(reader, name, parts)) is not None:
        return split
    if name.letter == "delta" and len(parts) == 2:
        i, j = (index_variable(reader, text_of(part)) for part in parts)
        if i is not None and j is not None:
            reader.note("δ with two indices is the Kronecker delta")
            return Value(sp.KroneckerDelta(i.symbol, j.symbol))
    return _member(reader, name, parts)


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


def _one_of_several(reader: Reader, name: Mention, base: str, parts: list[Node]) -> Value | None:
    """x_n where both a vector x and vectors x_1, …, x_N are declared: one of these, or an entry
    of x in another reading.
    """
    family = _family(reader, name)
    if family is None or family.kind != "shape" or not isinstance(parts[0], tree.Letter):
        return None
    if base in reader.bound or known_at(reader, base) is None or len(parts) > 2:
        return None
    how = reader.choices.pick(f"{pretty(name.letter)} with an index", ("one of several", "entry"))
    return _member(reader, name, parts) if how == "one of several" else None


def _member(reader: Reader, name: Mention, parts: list[Node]) -> Value | None:
    """x_i: the i-th of a family that is declared by one of them, or a row of the array X."""
    if len(parts) == 2 and (family := _family(reader, name)) is not None:
        vector = _of_family(reader, name, family, parts[0])
        return entry_of(reader, vector, parts[1], name.node) if vector.shape else None
    if len(parts) != 1 or not isinstance(parts[0], tree.Letter):
        return None
    family = _family(reader, name)
    if family is not None:
        return _of_family(reader, name, family, parts[0])
    upper = with_scripts(name.letter.upper(), name.subs[:-1], name.sups)
    if name.letter.islower() and len(name.letter) == 1 and known_at(reader, upper) is not None:
        array = symbol(reader, upper, name.node)
        if len(array.shape) == 2 and 1 not in array.shape:
            how = reader.choices.pick(f"{name.letter}_i of {upper}", ("row", "column"))
            reader.note(f"{name.letter}_{text_of(parts[0])} is a {how} of {upper}")
            turned = array if how == "row" else values.transpose(array)
            index = index_of(reader, parts[0], turned.shape[0])
            row = at(_for_at(turned), index)
            return _as_vector(reader, row, turned.shape[1])
    return None


def _for_at(value: Value) -> Any:
    return value.expr


def _as_vector(reader: Reader, row: Any, size: Any) -> Value:
    """A row as the vector that it is, by the convention for vectors."""
    how = reader.choices.pick("vectors", ("column", "row", "numpy"))
    if how == "row":
        return Value(row, (sp.S.One, size))
    return Value(sp.Transpose(row), (size, sp.S.One), thin=True)


def _family(reader: Reader, name: Mention) -> Known | None:
    """What declares a member of the family under another index."""
    for key, known in reader.knowledge.known.items():
        match = re.fullmatch(re.escape(name.letter) + r"_(\w)", key)
        if match and not name.sups and known:
            found = known_at(reader, key)
            if found is not None and found.kind in ("shape", "scalar"):
                return found
    return None


def _of_family(reader: Reader, name: Mention, family: Known, part: Node) -> Value:
    if defined_at(reader, family.name) is not None:
        raise Unread(
            "steps", f"all steps of {pretty(family.name)}, which is defined step by step", name.node
        )
    number = reader.symbols.get(f"number of {name.letter}")
    if number is None:
        number = Value(reader.sizes.new(f"N_{name.letter}"))
        reader.symbols[f"number of {name.letter}"] = number
    index = index_of(reader, part, number.expr)
    sizes = declared_sizes(reader, family)
    label = _fresh_name(reader, pretty(name.letter), f"several {name.letter}")
    if not sizes:
        return Value(entry(sp.MatrixSymbol(label, number.expr, 1), index, 0))
    if len(sizes) == 1:
        rows = sp.MatrixSymbol(label, number.expr, sizes[0])
        return _as_vector(reader, at(rows, index), sizes[0])
    if len(sizes) == 2:
        array = sp.IndexedBase(label, shape=(number.expr, *sizes))
        return Value(at(array, index), sizes)
    raise Unread("family", f"a family of arrays with {len(sizes)} axes", name.node)


def entry_of(reader: Reader, array: Value, sub: Node, node: Node) -> Value:
    """An entry of an array, or a row or a column of a matrix."""
    parts = components(sub)
    shape = array.shape
    if not shape:
        raise Misfit("it is a scalar and has no entries")
    if len(parts) == 1 and len(shape) == 2 and 1 in shape:
        if shape[0] == 1:
            return Value(entry(array.expr, 0, index_of(reader, parts[0], shape[1])))
        return Value(entry(array.expr, index_of(reader, parts[0], shape[0]), 0))
    marks = [text_of(part) in (":", "cdot", "*", "bullet", "ast") for part in parts]
    if len(shape) == 2 and len(parts) == 2 and any(marks) and not all(marks):
        if marks[1]:
            row = at(array.expr, index_of(reader, parts[0], shape[0]))
            return Value(row, (sp.S.One, shape[1]))
        turned = values.transpose(array)
        column = at(turned.expr, index_of(reader, parts[1], shape[1]))
        return Value(sp.Transpose(column), (shape[0], sp.S.One), thin=True)
    if len(parts) == 1 and len(shape) == 2:
        how = reader.choices.pick("one index of a matrix", ("row", "column"))
        turned = array if how == "row" else values.transpose(array)
        line = at(turned.expr, index_of(reader, parts[0], turned.shape[0]))
        return _as_vector(reader, line, turned.shape[1])
    if len(parts) != len(shape):
        # It is another name, and nothing is known of that.
        raise Undeclared(
            f"{len(parts)} indices of an array with {len(shape)} axes: {text_of(node)} is not "
            "declared",
            f"{text_of(node)}: …",
            node,
        )
    at_ = [index_of(reader, part, size) for part, size in zip(parts, shape, strict=True)]
    return Value(entry(array.expr, *at_))


# ------------------------------------------------------------------------ the same, one step on


def _shifted(reader: Reader, name: Mention) -> Value | None:
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
    elif definition is not None and not running:
        shape = symbol(reader, known, node)
        value = _fresh(reader, key, shape.shape, shape.thin)
        if any(shape.shape) and any(_depends(size, letter) for size in shape.shape):
            raise Undeclared(
                f"the shape of {pretty(key)} is not declared", f"{pretty(key)}: …", node
            )
    else:
        raise Undeclared(f"nothing is known of {pretty(key)}", f"{pretty(key)}: …", node)
    reader.symbols[key] = value
    return value


def _depends(size: Any, letter: str) -> bool:
    return any(re.search(rf"_\W*{letter}\b", s.name) for s in sp.sympify(size).free_symbols)


def _moved(size: str, letter: str, by: int) -> str:
    """A size one step on: n_l becomes n_{l+1}."""

    def shifted(match: re.Match[str]) -> str:
        offset = int(match[1] or 0) + by
        return "_{" + letter + (f"{offset:+d}" if offset else "") + "}"

    return re.sub(rf"_\{{?{letter}([+-]\d+)?\}}?(?![\w])", shifted, size)


# --------------------------------------------------------------------------------------- symbols


def symbol(reader: Reader, key: str, node: Node | None = None) -> Value:
    """The value of a name that is declared or defined."""
    key_here = _shifted_key(reader, key)
    if key_here != key:
        return _shift_lookup(reader, key, key_here, node)
    definition = defined_at(reader, key)
    known = known_at(reader, key)
    if key in reader.symbols and definition is None and known is None:
        return reader.symbols[key]
    if definition is not None and key not in reader.pending and _is_put_in(reader, definition):
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
        raise Unread("circular", f"{pretty(key)} is defined by itself", node)
    else:
        raise Undeclared(f"nothing is known of {pretty(key)}", f"{pretty(key)}: …", node)
    # One name may stand for two things, of this section and of one before.
    reader.memo[key, meant] = value
    if not reader.pending or key not in reader.symbols:
        reader.symbols[key] = value
    return value


def _is_put_in(reader: Reader, definition: Definition) -> bool:
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


def _shifted_key(reader: Reader, key: str) -> str:
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


def declared_sizes(reader: Reader, known: Known) -> tuple[Any, ...]:
    try:
        return tuple(read_size(text, size_symbol) for text in known.sizes)
    except SizeError as problem:
        raise Unread("size", str(problem)) from None


def size_symbol(name: str) -> Any:
    """The symbol of a size, by its name as written."""
    plain = re.sub(r"[\\{}\s]", "", name)
    plain = re.sub(r"[A-Za-z]{2,}", lambda m: _greek(m[0]), plain)
    return sp.Symbol(plain, integer=True, positive=True)


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
        return _fresh(reader, key, ())
    if known.kind == "function":
        raise Unread("function", f"{pretty(key)} is a function and stands without an argument")
    sizes_ = declared_sizes(reader, known)
    if len(sizes_) == 1:
        if sizes_[0] == 1:
            return _fresh(reader, key, ())
        if reader.choices.pick("vectors", ("column", "row", "numpy")) == "row":
            return _fresh(reader, key, (sp.S.One, sizes_[0]), thin=True)
        return _fresh(reader, key, (sizes_[0], sp.S.One), thin=True)
    return _fresh(reader, key, sizes_)


def _another(reader: Reader, key: str, known: Known) -> Value | None:
    """A name that only a section before declares may be another one here."""
    if known.kind != "shape" or (len(key) > 1 and key not in PRETTY):
        return None
    matrix = key.isupper()
    option = "another matrix" if matrix else "a number"
    if reader.choices.pick(pretty(key), ("as before", option)) == "as before":
        return None
    if not matrix:
        return _fresh(reader, key, ())
    shape = (reader.sizes.new(f"rows_{key}"), reader.sizes.new(f"cols_{key}"))
    return _fresh(reader, key, shape)


def _any_scalar(reader: Reader, key: str, names: tuple[str, ...]) -> Value:
    arguments = [by_key(reader, name).expr for name in names]
    label = _fresh_name(reader, pretty(key), key)
    made = sp.Symbol(label, real=True)
    reader.where[made] = ScalarFunction(label)(*arguments)
    return Value(made)


def _fresh_name(reader: Reader, label: str, key: str) -> str:
    """A name that nothing else in the claim has; a size may have it already."""
    if any(size == label for size in reader.knowledge.sizes):
        label += "_"
    owner = f"{key} {len(reader.memo)}" if key in reader.symbols else key
    while label in reader.used and reader.used[label] != owner:
        label += "'"
    reader.used[label] = owner
    return label


def _fresh(reader: Reader, key: str, shape: tuple[Any, ...], thin: bool = False) -> Value:
    label = _fresh_name(reader, pretty(key), key)
    if not shape:
        return Value(sp.Symbol(label, real=True))
    if len(shape) == 2:
        return Value(sp.MatrixSymbol(label, *shape), shape, thin)
    return Value(sp.IndexedBase(label, shape=shape), shape, thin)


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
        value = _as_declared(reader, value, declared, definition)
    reader.sources.add(definition.section)
    if value.entries is not None:
        reader.note(f"{pretty(key)} is written out in line {definition.line}")
        return value
    made = _fresh(reader, key, value.shape, value.thin)
    made = replace(made, path=())
    expr = scalar(value) if not value.shape else value.expr
    reader.where[made.expr] = expr
    reader.note(f"{pretty(key)} is defined in line {definition.line}")
    return made


def declared_with(reader: Reader, key: str, definition: Definition) -> Known | None:
    """What declares a defined name where it is defined; a section before does not."""
    known = reader.knowledge.declared(key, definition.section, definition.at)
    if known is None or known.section not in reader.knowledge.around(definition.section):
        return None
    if known.how == "subscript":
        return None  # where it is written it is checked
    return known


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
            if not is_known(reader, parameter) or is_number(reader, parameter):
                label = _fresh_name(reader, pretty(parameter.key), parameter.key)
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


def is_number(reader: Reader, parameter: Mention) -> bool:
    """Whether the argument of a function is a number, where only a section before says what its
    letter is.
    """
    around = reader.knowledge.around(reader.section)
    known, made = known_at(reader, parameter.key), defined_at(reader, parameter.key)
    if any(one is not None and one.section in around for one in (known, made)):
        return False
    key = f"the argument {pretty(parameter.key)}"
    return reader.choices.pick(key, ("a number", "as before")) == "a number"


def _is_known_before(reader: Reader, parameter: Mention, definition: Definition) -> bool:
    """Whether an argument of a function is a name that has a meaning where that is defined."""
    if known_at(reader, parameter.key) is not None:
        return True
    found = defined_at(reader, parameter.key)
    return found is not None and found.at < definition.at


def _indexed_body(reader: Reader, definition: Definition) -> Value:
    """``P_{ij} = e``: the array whose entry at (i, j) is e."""
    variables = []
    declared = declared_with(reader, definition.name, definition)
    for part in definition.indices:
        if not isinstance(part, tree.Letter):
            raise Unread("index", "an index of a defined array that is no letter", part)
        made = Index(sp.Dummy(part.name, integer=True), _first(reader))
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
        raise Unread("family", f"{pretty(definition.name)} is defined as a family of arrays")
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
        first = reader.size(reader.value(said.first), said.first)
        last = reader.size(reader.value(said.last), said.last)
        if first != _first(reader):
            raise Undeclared(
                f"the index {text_of(part)} counts from {first}", f"index={first}", said.first
            )
        reader.ranges[variable] = sp.expand(last - first + 1)


def _as_declared(reader: Reader, value: Value, known: Known, definition: Definition) -> Value:
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


def annotated(reader: Reader, value: Value, group: tree.Group, name: Mention) -> Value:
    """A value with its shape in the subscript, x_{(n,m)}: checked; or its entries, x_{(1,j)}."""
    parts = components(group.body)
    if not value.shape and len(parts) == 1:
        return value
    indices = [isinstance(part, tree.Letter) and part.name in reader.indices for part in parts]
    if len(parts) == len(value.shape) and any(indices):
        if all(is_index or text_of(p) == "1" for is_index, p in zip(indices, parts, strict=True)):
            at_ = [
                index_of(reader, p, size) if is_index else 0
                for p, is_index, size in zip(parts, indices, value.shape, strict=True)
            ]
            return Value(entry(value.expr, *at_))
        if indices[0] and len(parts) == 2:
            row = at(value.expr, index_of(reader, parts[0], value.shape[0]))
            return Value(row, (sp.S.One, value.shape[1]))
        if len(parts) == 2:
            turned = values.transpose(value)
            row = at(turned.expr, index_of(reader, parts[1], value.shape[1]))
            return Value(sp.Transpose(row), (value.shape[0], sp.S.One))
    sizes = annotated_sizes(group)
    if fit(value, sizes, thin=False) is None:
        raise Undeclared(
            f"{pretty(name.key)} has shape ({', '.join(map(str, value.shape))}), and its "
            f"subscript says ({', '.join(map(str, sizes))})",
            f"{pretty(name.key)}: {'×'.join(map(str, sizes))}",
            name.node,
        )
    return value


@ANNOTATED_SIZES.fill
def annotated_sizes(group: tree.Group) -> tuple[Any, ...]:
    """The sizes that a subscript in parentheses lists."""
    found = []
    for part in components(group.body):
        try:
            found.append(read_size(text_of(part), size_symbol))
        except SizeError as problem:
            raise Unread("size", str(problem), part) from None
    return tuple(found)


# ----------------------------------------------------------------------------- names of nothing


def unknown(reader: Reader, name: Mention) -> Value:
    """A name that nothing declares or defines, read by the way it is written.

    :raises Undeclared: where that does not tell.
    """
    key = name.key
    if key in reader.symbols:
        return reader.symbols[key]
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
    if not isinstance(value.expr, sp.Identity):  # each I has the size that its place asks for
        reader.symbols[key] = value
    return value


def _unknown(reader: Reader, name: Mention) -> Value:
    key, letter = name.key, name.letter
    if name.shape is not None and not name.after:
        sizes = annotated_sizes(name.shape)
        reader.note(f"{pretty(key)} has the shape in its subscript")
        return _fresh(reader, key, () if len(sizes) == 1 and sizes[0] == 1 else sizes)
    if key in reader.knowledge.sizes:
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
    vectorlike = name.bold or letter in reader.knowledge.arrays
    if (bare[:1].isupper() and len(bare) == 1) or bare in ("Sigma", "Lambda", "Phi", "Psi"):
        if not vectorlike:
            raise Undeclared(f"the shape of {pretty(key)} is not declared", remedy, name.node)
        shape = (reader.sizes.new(f"rows_{key}"), reader.sizes.new(f"cols_{key}"))
        reader.note(f"{pretty(key)} is a matrix, its sizes found from use")
        return _fresh(reader, key, shape)
    if name.subs or name.sups:
        raise Undeclared(f"nothing is known of {pretty(key)}", f"{pretty(key)}: n", name.node)
    if len(bare) > 1 and bare not in PRETTY:
        raise Undeclared(f"nothing is known of {pretty(key)}", remedy, name.node)
    if vectorlike:
        return _open_vector(reader, key)
    if letter in SCALAR_GREEK:
        reader.note(f"{pretty(key)} is a scalar, as nothing declares it")
        return _fresh(reader, key, ())
    if not reader.knowledge.known and not reader.knowledge.arrays:
        reader.note(f"{pretty(key)} is a scalar, as the document declares no arrays")
        return _fresh(reader, key, ())
    kinds: tuple[str, ...] = ("scalar", "vector")
    if reader.drafting:
        kinds = ("vector", "scalar")
    if reader.in_entries:
        kinds = ("scalar",)
    how = reader.choices.pick(f"{pretty(key)}", kinds)
    reader.note(f"{pretty(key)} is a {how}, as nothing declares it")
    return _fresh(reader, key, ()) if how == "scalar" else _open_vector(reader, key)


def _guessed(reader: Reader, name: Mention) -> Value:
    """What a name may be of which nothing is known: to draft a declaration, never to decide."""
    key = name.key
    kinds = ("matrix", "vector", "scalar") if name.letter[:1].isupper() else ("vector", "scalar")
    kind = reader.choices.pick(pretty(key), kinds)
    if kind == "matrix":
        shape = (reader.sizes.new(f"rows_{key}"), reader.sizes.new(f"cols_{key}"))
        return _fresh(reader, key, shape)
    return _fresh(reader, key, ()) if kind == "scalar" else _open_vector(reader, key)


def _open_vector(reader: Reader, key: str) -> Value:
    size = reader.sizes.new(f"n_{key}")
    reader.note(f"{pretty(key)} is a vector, its size found from use")
    if reader.choices.pick("vectors", ("column", "row", "numpy")) == "row":
        return _fresh(reader, key, (sp.S.One, size), thin=True)
    return _fresh(reader, key, (size, sp.S.One), thin=True)


@SIZE_OF.fill
def size_of(node: Node) -> Any:
    try:
        return read_size(text_of(node), size_symbol)
    except SizeError as problem:
        raise Unread("size", str(problem), node) from None
