"""Names that are defined step by step as positions of one sequence, whatever the number of steps.

A statement is first read at one step, at which h_t and h_{t-1} are two arrays. Where that does not
do, as for a sum over all o_t, it is read once more with every h_t as a position of a sequence,
whose definition is a recurrence: forward from h_0, or backward from δ_T. What stands outside of a
sequence has no meaning and is not read; a step t that the statement leaves open is one at which all
that it speaks of stands in its sequence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp

from derive.frontends.document import tree
from derive.frontends.document.counters import Family, Member, member_of, of_nothing, stepped
from derive.frontends.document.definitions import as_declared, body_of
from derive.frontends.document.fresh import fresh_name
from derive.frontends.document.indices import entry_of, letters_of
from derive.frontends.document.knowledge import Definition
from derive.frontends.document.lookup import (
    declared_sizes,
    declared_under,
    defined_at,
    is_known,
    known_at,
)
from derive.frontends.document.names import Mention, mention, text_of
from derive.frontends.document.reader import Index, Reader, Undeclared, Unread
from derive.frontends.document.size_text import SizeError
from derive.frontends.document.size_text import size as read_size
from derive.frontends.document.spelling import pretty, size_symbol
from derive.frontends.document.tree import Node
from derive.frontends.document.values import Unsure, Value, alike, scalar
from derive.language.operators import entry
from derive.language.sequences import at, recurrence, sequence

STEPS = "steps"


@dataclass(frozen=True)
class Sequence:
    """A name at all steps: the array, what it is at each of them, and how they are counted.

    :param low: the first step that its letter counts, ``high`` the last one.
    :param shift: step s of the document stands at position s + shift.
    :param begin: the first step that there is, ``end`` the last one; None of what nothing defines.
    :param key: how a step of it is spelt, h_t.
    """

    array: Any
    shape: tuple[Any, ...]
    thin: bool
    low: Any
    high: Any
    shift: Any
    begin: Any = None
    end: Any = None
    key: str = ""


def family(reader: Reader, name: Mention) -> Member | None:
    return member_of(reader.knowledge, name, reader.section, reader.home[1])


def open_steps(reader: Reader, node: Node, bound: frozenset[str] = frozenset()) -> None:
    """Let the t of a statement about h_t count steps, wherever in the statement it stands."""
    if isinstance(node, tree.Big) and node.sub is not None:
        bound |= letters_of(node.sub)
    name = mention(node)
    found = None if name is None else family(reader, name)
    step = None if found is None else stepped(found.step)
    if step is not None and step[0] not in bound:
        _open(reader, step[0])
    for child in node.children():
        open_steps(reader, child, bound)


def _open(reader: Reader, letter: str) -> None:
    if letter not in reader.indices:
        reader.indices[letter] = Index(sp.Symbol(pretty(letter), integer=True), 0)


def needs_time(reader: Reader, name: Mention) -> bool:
    """Whether a name that is not known by itself is a step of what is defined step by step."""
    found = family(reader, name)
    if found is None or found.family.definition is None:
        return False
    return not _is_given(found.family.definition, name)


def _is_given(made: Definition, name: Mention) -> bool:
    """Whether x_0 is what x_t = a_t x_0 + b_t is computed from, and none of these."""
    return any(
        (other := mention(node)) is not None and other.key == name.key for node in made.body.walk()
    )


def at_step(reader: Reader, name: Mention) -> Value | None:
    """A name at a step as a position of its sequence; None where it belongs to none."""
    found = family(reader, name)
    if found is None:
        found = of_nothing(reader.knowledge, name, reader.section, reader.home[1])
    if found is None:
        return None
    made = found.family.definition
    derived = made is not None and _is_derivative(made.body)
    apart = False
    if made is not None and stepped(found.step) is None:
        apart = is_known(reader, name) or _is_given(made, name)
    if apart and not derived and _direction(reader, found.family) == 0:
        return None  # x_0, of which x_t is computed
    if derived or _is_put_in(reader, name, found):
        value = _put_in(reader, found)
    else:
        value = _position(reader, _sequence(reader, found.family), found)
    if found.entry:
        first, last = found.entry[0], found.entry[-1]
        marks = (",",) * (len(found.entry) - 1)
        return entry_of(
            reader, value, tree.Listing(first.start, last.end, found.entry, marks), first
        )
    return value


def _is_put_in(reader: Reader, name: Mention, found: Member) -> bool:
    """Whether p_t = softmax(z_t) may stand for its right side: no step of it is computed from
    another one, and no derivative is taken in it.
    """
    made = found.family.definition
    if made is None or stepped(found.step) is None or name.letter in reader.knowledge.taken_in:
        return False
    return _direction(reader, found.family) == 0


def any_step(reader: Reader, key: str) -> Value | None:
    """Any step of what is spelt y_t, where the formula speaks of its steps: what is assumed of one
    is so of each.
    """
    for one in reader.sequences.values():
        if one.key == key:
            return _at_place(one, sp.Symbol("row", integer=True))
    return None


def whole(reader: Reader, key: str) -> Value | None:
    """All steps of a name that is spelt h_t or h_{t+1}, as one array: what a loss that nothing
    defines sees.
    """
    plain = re.sub(r"[+-]\d+(?=[)\]]?$)", "", key)
    for made in reader.knowledge.definitions.get(plain, []):
        found = family(reader, made.written)
        if found is not None and found.family.key == plain and not _is_derivative(made.body):
            one = _sequence(reader, found.family)
            if one.end is not None and one.end != one.high:
                raise Unread(STEPS, "a loss that nothing defines, of steps after the last one")
            return Value(one.array, one.array.shape)
    return None


def _is_derivative(body: Node) -> bool:
    return isinstance(body, tree.Derivative)


# ------------------------------------------------------------------------------------- positions


def _step(reader: Reader, node: Node) -> Any:
    """A step as the document counts it."""
    found = stepped(node)
    if found is not None:
        _open(reader, found[0])
    return reader.size(reader.value(node), node)


def _position(reader: Reader, one: Sequence, found: Member) -> Value:
    step = _step(reader, found.step)
    if isinstance(found.step, tree.Letter) and found.step.name in reader.indices:
        index = reader.indices[found.step.name]
        plain = isinstance(index.symbol, sp.Dummy) and index.symbol not in reader.ranges
        if plain and index.base == one.low:
            reader.ranges[index.symbol] = one.high - one.low + 1
    if one.begin is not None:
        _inside(reader, one, step, found.step)
    elif not reader.assuming:
        _within_span(reader, one, step)
    return _at_place(one, sp.expand(step + one.shift))


def _at_place(one: Sequence, place: Any) -> Value:
    if not one.shape:
        return Value(entry(one.array, place, 0))
    row = at(one.array, place)
    made = sp.Transpose(row) if _is_column(one.shape) else row
    return Value(made, one.shape, one.thin)


def _inside(reader: Reader, one: Sequence, step: Any, node: Node) -> None:
    """See that a step stands in its sequence, or assume it of one that the statement leaves open.

    :raises Unsure: where neither can be.
    """
    for difference in (step - one.begin, one.end - step):
        least = sp.expand(difference)
        while counted := sorted(least.free_symbols & reader.ranges.keys(), key=str):
            symbol = counted[0]
            low, high = reader.lowest.get(symbol, 0), reader.ranges[symbol] - 1
            least = sp.expand(least.subs(symbol, low if least.coeff(symbol) > 0 else high))
        if any(not symbol.is_positive for symbol in least.free_symbols):
            reader.steps.setdefault(sp.Ge(least, 0))
        elif not _is_counted(least):
            raise Unsure(f"whether step {text_of(node)} is there is not seen")


def _within_span(reader: Reader, one: Sequence, step: Any) -> None:
    """Assume of a step that a statement leaves open that what is given at each step, as the targets
    y_t for t = 1, …, T, is given there.
    """
    for difference in (step - one.low, one.high - step):
        least = sp.expand(difference)
        left_open = {symbol for symbol in least.free_symbols if not symbol.is_positive}
        if left_open and not left_open & reader.ranges.keys():
            reader.steps.setdefault(sp.Ge(least, 0))


def _is_counted(number: Any) -> bool:
    """Whether an integer made of sizes is at least 0 where they are at least 1."""
    number = sp.expand(number)
    sizes = number.free_symbols
    return (
        all(number.coeff(size) >= 0 for size in sizes) and number.subs(dict.fromkeys(sizes, 1)) >= 0
    )


def _put_in(reader: Reader, found: Member) -> Value:
    """δ_t = ∂L/∂z_t at a step: the derivative itself."""
    own = found.family
    assert own.definition is not None
    step = _step(reader, found.step)
    for first in _counted_from(own.definition.body, own.letter):
        least = sp.expand(step - own.offset - first + 1)  # the sum is of nothing before
        if any(not symbol.is_positive for symbol in least.free_symbols):
            reader.steps.setdefault(sp.Ge(least, 0))
    before = dict(reader.indices)
    low = int(_span(reader, own)[0])
    reader.indices[own.letter] = Index(sp.expand(step - own.offset - low), low)
    try:
        return body_of(reader, own.definition)
    finally:
        reader.indices = before


def _counted_from(body: Node, letter: str) -> Iterator[int]:
    """Where the sums begin that go up to the step at which they stand: 1 of Σ_{s=1}^{t}."""
    for node in body.walk():
        if not isinstance(node, tree.Big) or text_of(node.sup) != letter:
            continue
        sub = node.sub
        first = sub.sides[-1] if isinstance(sub, tree.Chain) else None
        if isinstance(first, tree.Number) and first.text.isdigit():
            yield int(first.text)


# ------------------------------------------------------------------------------------- sequences


def _span(reader: Reader, own: Family) -> tuple[Any, Any]:
    """The first and the last step that a letter counts."""
    spans = reader.knowledge.spans
    ends = [*spans.get(own.letter, ()), *(spans.get("t", ()) if own.letter != "t" else ())]
    said = [
        (one.first, one.last)
        for one in reader.knowledge.ranges
        if one.letter == own.letter and one.section in reader.knowledge.around(reader.section)
    ]
    for low, high in (*said, *ends):
        found = text_of(low) if low is not None else "1"
        try:
            last = read_size(text_of(high), size_symbol)
        except SizeError:
            continue
        name = text_of(high)
        fixed = name[:1].isupper() or name in ("n", "m", "tau")
        if found in ("0", "1") and fixed and name != own.letter:
            return sp.Integer(int(found)), last
    return sp.S.One, size_symbol("T" if own.letter in ("t", "tau", "s", "k") else "N")


def _sequence(reader: Reader, own: Family) -> Sequence:
    """The sequence that a family is, its definition in ``where``."""
    stem = f"all {own.stem} {own.letter}"
    if stem in reader.sequences:
        return reader.sequences[stem]
    low, high = _span(reader, own)
    made = own.definition
    shift = 1 - low  # the step before the first one stands at position 0
    direction = _direction(reader, own)
    shape, thin = _shape(reader, own, direction)
    label = fresh_name(reader, pretty(own.stem), stem)
    array = _array(label, high + shift + 2, shape)
    one = Sequence(array, shape, thin, low, high, shift, key=own.key)
    if made is None:
        reader.sequences[stem] = one
        return one
    begin, end, start, last = low, high + max(_beyond(reader, high), own.offset), None, None
    if direction > 0:
        first = _first(reader, own, low)
        begin, start = first - 1, _at_end(reader, own, str(first - 1), shape, thin)
    elif direction < 0:
        end, last = _last(reader, own, high, shape)
    array = _array(label, sp.expand(end + shift + 1), shape)
    one = Sequence(array, shape, thin, low, high, shift, begin, end, own.key)
    reader.sequences[stem] = one
    index = sp.Dummy(own.letter, integer=True)
    before_ = dict(reader.indices)
    reader.indices[own.letter] = Index(sp.expand(index - shift - own.offset - low), int(low))
    reader.limits_of.add(index)
    steps = (
        (begin + 1 if start is not None else begin),
        (end - 1 if last is not None else end),
    )
    reader.lowest[index], reader.ranges[index] = steps[0] + shift, steps[1] + shift + 1
    try:
        value = body_of(reader, made)
    finally:
        reader.indices = before_
    value = _fitted(reader, own, value, shape, thin)
    named = sp.Symbol(pretty(own.letter), integer=True)
    body = _whole(value, shape).xreplace({index: named})
    limits = (named, sp.expand(steps[0] + shift), sp.expand(steps[1] + shift))
    if start is not None:
        reader.where[array] = recurrence(body, limits, start=_whole(start, shape))
    elif last is not None:
        reader.where[array] = recurrence(body, limits, end=_whole(last, shape))
    else:
        reader.where[array] = sequence(body, limits)
    reader.made_in_time[array] = own
    reader.sources.add(made.section)
    reader.note(f"{pretty(own.key)} is defined step by step in line {made.line}")
    return one


def in_order(reader: Reader) -> dict[Any, Any]:
    """The definitions in an order in which each uses those before it: c_t, which is computed from
    f_t, comes after f, though f_t is computed from c_{t-1}.
    """
    where = reader.where
    stems = {own.stem: array for array, own in reader.made_in_time.items()}
    placed: dict[Any, Any] = {}

    def uses(name: Any) -> Iterator[Any]:
        own = reader.made_in_time.get(name)
        for other, by, _ in () if own is None else _used(reader, own):
            if by == 0 and other.stem in stems:
                yield stems[other.stem]
        for part in sp.preorder_traversal(where[name]):
            if part in where and (own is None or part not in reader.made_in_time):
                yield part

    def place(name: Any, above: tuple[Any, ...] = ()) -> None:
        if name not in placed and name not in above:
            for other in uses(name):
                place(other, (*above, name))
            placed[name] = where[name]

    for name in where:
        place(name)
    return placed


def _beyond(reader: Reader, high: Any) -> int:
    """How many steps follow after the last one: one where something is said to be 0 there, as
    δ_{T+1} is, for what that is multiplied with.
    """
    after = str(high + 1).replace(" ", "")
    return int(
        any(
            re.search(rf"[_^]\W*{re.escape(after)}\W*$", key)
            for key in reader.knowledge.zeros
            if reader.knowledge.is_zero(key, reader.section)
        )
    )


def _array(label: str, length: Any, shape: tuple[Any, ...]) -> Any:
    """The array whose positions have a shape: a vector is a row of it, however it is written."""
    if not shape or sp.S.One in shape:
        return sp.MatrixSymbol(label, length, _length(shape))
    return sp.IndexedBase(label, shape=(length, *shape))


def _length(shape: tuple[Any, ...]) -> Any:
    return next((size for size in shape if size != 1), sp.S.One)


def _whole(value: Value, shape: tuple[Any, ...]) -> Any:
    """A step as a position of its sequence."""
    if not shape:
        return sp.ImmutableDenseMatrix([[scalar(value)]])
    return sp.Transpose(value.expr).doit(deep=False) if _is_column(shape) else value.expr


def _is_column(shape: tuple[Any, ...]) -> bool:
    return shape[1] == 1 and shape[0] != 1


def _direction(reader: Reader, own: Family) -> int:
    """1 where a step is computed from the one before, −1 where from the one after, 0 if neither:
    by itself, or by what it is computed from.
    """
    uses: dict[str, list[tuple[str, int, Node]]] = {}
    pending = [own]
    while pending:
        one = pending.pop()
        if one.stem not in uses:
            found = list(_used(reader, one))
            uses[one.stem] = [(other.stem, by, node) for other, by, node in found]
            pending.extend(other for other, _, _ in found)
    circle = {stem for stem in uses if _reaches(uses, stem, own.stem)}
    for stem in sorted(circle):
        for other, by, node in uses[stem]:
            if other == own.stem and by:
                if abs(by) > 1:
                    raise Unread(STEPS, f"{pretty(own.key)} is defined by steps far apart", node)
                return -by
    return 0


def _used(reader: Reader, own: Family) -> Iterator[tuple[Family, int, Node]]:
    """What a step of a family is computed from, and how many steps on that stands."""
    if own.definition is None or _is_derivative(own.definition.body):
        return
    for node in own.definition.body.walk():
        name = mention(node)
        found = None if name is None else family(reader, name)
        step = None if found is None else stepped(found.step)
        if found is not None and step is not None and step[0] == own.letter:
            yield found.family, step[1] - own.offset, node


def _reaches(uses: dict[str, list[tuple[str, int, Node]]], start: str, end: str) -> bool:
    seen: set[str] = set()
    pending = [start]
    while pending:
        stem = pending.pop()
        for other, _, _ in uses.get(stem, ()):
            if other == end:
                return True
            if other not in seen:
                seen.add(other)
                pending.append(other)
    return False


def _first(reader: Reader, own: Family, low: Any) -> Any:
    """The first step that a recurrence defines: the one after h_0, but where h_0 is not spoken of
    and h_1 is, or where h_{t+1} is defined, the one after h_1.
    """
    knowledge = reader.knowledge

    def is_said(step: Any) -> bool:
        key = own.written(str(step))
        spoken = key in knowledge.definitions or key in knowledge.known
        return spoken or knowledge.is_zero(key, reader.section)

    if is_said(low - 1):
        return low
    return low + 1 if is_said(low) else low + max(own.offset, 0)


def _last(reader: Reader, own: Family, high: Any, shape: tuple[Any, ...]) -> tuple[Any, Value]:
    """The step from which a recurrence goes backward, δ_T or δ_{T+1}, and what it is there."""
    knowledge = reader.knowledge
    before, after = own.written("\0").split("\0")
    pattern = re.compile(re.escape(before) + r"([A-Z]([+-]\d+)?|tau)" + re.escape(after))
    for key in (*knowledge.definitions, *knowledge.zeros):
        match = pattern.fullmatch(key)
        found = None if match is None else _said(reader, own, match[1], shape)
        if match is not None and found is not None:
            return read_size(match[1], size_symbol), found
    there = own.written(str(high).replace(" ", ""))
    raise Undeclared(f"what {pretty(there)} is is not said", f"{pretty(there)} = …")


def _said(reader: Reader, own: Family, step: str, shape: tuple[Any, ...]) -> Value | None:
    """What the document says that a family is at one step of its own."""
    key = own.written(step)
    if reader.knowledge.is_zero(key, reader.section):
        return _zero(shape)
    made = defined_at(reader, key)
    return None if made is None else body_of(reader, made)


def _zero(shape: tuple[Any, ...]) -> Value:
    return Value(sp.ZeroMatrix(*shape), shape) if shape else Value(sp.S.Zero)


def _at_end(reader: Reader, own: Family, step: str, shape: tuple[Any, ...], thin: bool) -> Value:
    """Where a recurrence begins: as it is defined, 0 where that is said, or anything."""
    key = own.written(step)
    found = _said(reader, own, step, shape)
    if found is not None:
        return _fitted(reader, own, found, shape, thin)
    options = ("anything", "0")
    if known_at(reader, key) is None and reader.choices.pick(pretty(key), options) == "0":
        reader.supposed.setdefault(f"{pretty(key)} = 0")
        return _zero(shape)
    label = fresh_name(reader, pretty(key), key)
    if not shape:
        return Value(sp.Symbol(label, real=True))
    return Value(sp.MatrixSymbol(label, *shape), shape)


def _shape(reader: Reader, own: Family, direction: int) -> tuple[tuple[Any, ...], bool]:
    """The shape of each step: as declared, or as it is found where it is defined."""
    known = known_at(reader, own.key)
    if known is None and own.definition is None:
        known = declared_under(reader, own.stem)
    if known is not None and known.kind in ("shape", "scalar"):
        sizes = declared_sizes(reader, known) if known.kind == "shape" else ()
        if any(own.letter in _letters(size) for size in sizes):
            raise Unread("steps", f"the sizes of {pretty(own.key)} change from step to step")
        if len(sizes) > 2:
            raise Unread("steps", f"steps with {len(sizes)} axes")
        if len(sizes) == 1:
            sizes = _vector(reader, sizes[0])
            return sizes, True
        return sizes, False
    if own.definition is not None and direction == 0:
        if own.stem in reader.shaping:
            raise Unread("circular", f"{pretty(own.key)} is defined by itself")
        reader.shaping.add(own.stem)
        before = dict(reader.indices)
        reader.indices[own.letter] = Index(sp.Dummy(own.letter, integer=True), 0)
        kept = dict(reader.steps)
        try:
            value = body_of(reader, own.definition)
        finally:
            reader.indices = before
            reader.steps = kept
            reader.shaping.discard(own.stem)
        if value.is_scalar:
            return (), False
        if len(value.shape) != 2:
            raise Unread("steps", f"steps with {len(value.shape)} axes")
        return value.shape, value.thin
    how = reader.choices.pick(f"each {pretty(own.stem)}", ("vector", "scalar"))
    if how == "scalar":
        return (), False
    reader.note(f"{pretty(own.key)} is a vector, its size found from use")
    return _vector(reader, reader.sizes.new(f"n_{own.stem}")), True


def _letters(size: Any) -> set[str]:
    return {part for s in sp.sympify(size).free_symbols for part in s.name.split("_")[1:]}


def _vector(reader: Reader, size: Any) -> tuple[Any, ...]:
    how = reader.choices.pick("vectors", ("column", "row", "numpy"))
    return (sp.S.One, size) if how == "row" else (size, sp.S.One)


def _fitted(reader: Reader, own: Family, value: Value, shape: tuple[Any, ...], thin: bool) -> Value:
    if not value.shape and value.expr == 0:
        return _zero(shape)
    known = known_at(reader, own.key)
    made = own.definition
    if known is not None and known.kind in ("shape", "scalar") and made is not None:
        value = as_declared(reader, value, known, made)
    if not shape:
        return Value(scalar(value))
    if not alike(value.shape, shape):
        raise Unsure(f"the steps of {pretty(own.key)} have different shapes")
    return value
