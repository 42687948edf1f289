"""Which equations define a name, and what ℝ^{n×d} says of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from derive.frontends.document import functions, size_text, tree
from derive.frontends.document.contents import Formula
from derive.frontends.document.dependence import mentioned
from derive.frontends.document.derivatives import differential
from derive.frontends.document.indices import components, letters_of
from derive.frontends.document.knowledge import Definition
from derive.frontends.document.names import Mention, mention, standing_alone, text_of
from derive.frontends.document.spelling import size_symbol
from derive.frontends.document.tree import Node, arguments, brackets
from derive.frontends.document.units import Unit


def keys(names: Iterable[Node]) -> list[str]:
    return [name.key for each in names if (name := mention(each)) is not None]


def squared(name: Mention, right: Node) -> Mention:
    """σ² on the left of an equation, as a name of its own: it is what the equation defines."""
    if len(name.after) != 1 or name.primes or text_of(name.after[0]) != "2":
        return name
    if any(other.letter == name.letter for node in right.walk() if (other := mention(node))):
        return name
    return replace(name, sups=(*name.sups, name.after[0]), after=())


def is_product(left: Node, taken: Callable[[str], bool]) -> bool:
    """Whether letters without a space have a meaning each, and none together: AB = BA."""
    return (
        isinstance(left, tree.Run)
        and not taken(left.text)
        and all(taken(letter.name) for letter in left.letters)
    )


def are_products(left: Node, right: Node) -> bool:
    """Whether both sides are of the same letters, in another order: AB = BA."""
    return (
        isinstance(left, tree.Run)
        and isinstance(right, tree.Run)
        and left.text != right.text
        and sorted(left.text) == sorted(right.text)
    )


def checked(name: str):  # type: ignore[no-untyped-def]
    return size_symbol(name)


def size_names(end: Node) -> set[str]:
    """The letters of the end up to which a sum goes: n and m of 2n + m − 1."""
    if isinstance(end, tree.Letter):
        return {end.name}
    try:
        found = size_text.size(text_of(end), size_symbol)
    except size_text.SizeError:
        return set()
    return {symbol.name for symbol in found.free_symbols if len(symbol.name) == 1}


def set_to_zero(chain: tree.Chain) -> list[str]:
    """``∂L/∂w = 0``: what solves it is a point from here on, and no definition."""
    if text_of(chain.sides[-1]) not in ("0", "bol(0)"):
        return []
    by: list[Node] = []
    for node in chain.walk():
        if isinstance(node, tree.Derivative):
            by.extend(each.variable for each in node.by)
        elif isinstance(node, tree.Script) and text_of(node.base) == "nabla" and node.sub:
            by.append(node.sub)
    return keys(by)


SPACES = ("bla(R)", "R", "bol(R)", "{0,1}", "{-1,1}", "{-1,+1}", "[0,1]", "(0,1)")


def real_space(node: Node, source: str) -> tuple[str, ...] | None:
    """The sizes in ℝ^{n×d}; () for ℝ itself; None for anything else."""
    if text_of(node) in ("bla(R)", "R", "bla(R)_+", "bla(R)_{+}"):
        return ()
    if isinstance(node, tree.Group) and _is_of_numbers(node):
        return ()
    if isinstance(node, tree.Script) and text_of(node.base) in SPACES:
        if node.sup is None:
            return ()
        text = source[node.sup.start : node.sup.end]
        try:
            sizes = tuple(size_text.split(text))
            for size in sizes:
                size_text.size(size, checked)
        except size_text.SizeError:
            return None
        return sizes or None
    return None


STEPS = {"t", "l"}
"""Letters that are part of a name where its definition speaks of them, too: h_t, not P_{ij}."""


def _is_of_numbers(node: tree.Group) -> bool:
    """Whether a group is an interval, (0, 1), or a set of numbers, {-1, 1}."""
    if not isinstance(node.body, tree.Listing):
        return False
    texts = [text_of(item).lstrip("+-") for item in node.body.items]
    if node.opening == "{":
        return all(text.isdigit() for text in texts)
    ends = [text.replace(".", "").isdigit() or text == "infty" for text in texts]
    return node.opening in "([" and node.closing in ")]" and len(ends) == 2 and all(ends)


def _of_entries(right: Node) -> tuple[Node, tuple[Node, ...]] | None:
    """``(e_{ij})``, ``[e_{ij}]_{ij}``: the entry and its indices, of the array that has them."""
    below: Node | None = None
    if isinstance(right, tree.Script) and right.sup is None:
        below, right = right.sub, right.base
    if not isinstance(right, tree.Group) or right.opening not in "([":
        return None
    entry = mention(right.body)
    if entry is None or not entry.subs or entry.after or entry.primes:
        return None
    parts = tuple(components(entry.subs[-1]))
    letters = [part.name for part in parts if isinstance(part, tree.Letter)]
    if len(letters) != len(parts) or not all(name.islower() for name in letters):
        return None
    if below is not None and [text_of(part) for part in components(below)] != letters:
        return None
    return right.body, parts


def _are_indices(given: tuple[Node, ...], right: Node) -> bool:
    """Whether what a name is said of, the a of π(a) = …, stands below others only: θ_a."""
    letters = {part.name for part in given if isinstance(part, tree.Letter)}
    below = {
        letter
        for node in right.walk()
        if isinstance(node, tree.Script) and node.sub is not None and mention(node) is not None
        for part in components(node.sub)
        for letter in letters_of(part)
    }
    apart = set(standing_alone(right, subscripts=False))
    return len(letters) == len(given) and letters <= below and not letters & apart


def definition(
    left: Node,
    right: Node,
    section: int,
    at: int,
    line: int,
    formula: Formula | None,
    text: str = "",
) -> Definition | None:
    """``x = e``, ``f(x) = e``, ``P_{ij} = e``; None where the left side is no such name."""
    name = mention(left)
    given: tuple[Node, ...] = ()
    if name is None and isinstance(left, tree.Product) and left.operators == ("",):
        group, script = brackets(left.factors[1])
        head = mention(left.factors[0])
        if group is None or head is None or script is not None:
            return None
        given = tuple(arguments(group))
        if any(mention(part) is None for part in given):
            return None
        name = head
    if name is None and isinstance(left, tree.Apply) and isinstance(left.argument, tree.Group):
        name = mention(left.head)
        given = tuple(arguments(left.argument))
        if any(mention(part) is None for part in given):
            return None
    if name is not None and not given:
        name = squared(name, right)
    if name is None or name.primes or name.after or differential(left) is not None:
        return None
    if given and (
        functions.known(name.letter)
        or any(isinstance(part, tree.Run) and len(part.letters) > 1 for part in given)
    ):
        return None  # tr(AB) = tr(BA) claims something of what has a meaning already
    distance = name.letter == "d" and (len(given) > 1 or (bool(given) and bool(name.subs)))
    if name.letter in ("partial", "nabla", "d") and not distance:
        return None
    if not given and (of := _of_entries(right)) is not None:
        entry, parts = of
        if not set(name.subs) & set(parts):
            return Definition(name.key, name, entry, section, at, line, (), parts, text)
    indices: tuple[Node, ...] = ()
    key = name.key
    if given and _are_indices(given, right):
        return Definition(key, name, right, section, at, line, (), given, text)
    if name.subs and not given:
        parts = tuple(components(name.subs[-1]))
        if all(isinstance(part, tree.Letter) for part in parts):
            used = {
                letter
                for node in right.walk()
                if isinstance(node, tree.Script) and node.sub is not None
                for letter in letters_of(node.sub)
            }
            names = [part.name for part in parts if isinstance(part, tree.Letter)]
            ends = any(name.isupper() for name in names)  # δ_T, at the last step
            if all(letter in used for letter in names) and not ends and not set(names) <= STEPS:
                indices = parts
                key = Mention(name.letter, left, name.subs[:-1], name.sups).key
    return Definition(key, name, right, section, at, line, given, indices, text)


def is_defining(made: Definition, unit: Unit) -> bool:
    """Whether an equation with a name on its left defines it: it is no condition such as x = 0,
    no range such as i = 1, …, n, and the name is not on both sides.
    """
    body = made.body
    if isinstance(body, tree.Listing | tree.Number):
        return False
    if not any(isinstance(node, tree.Letter | tree.Run | tree.Word) for node in body.walk()):
        return False
    of_entries = bool(made.indices) and not made.written.subs  # E = (e_{ij})
    if not unit.formula.display and not made.arguments and not of_entries:
        other = mention(body)
        letters = body.base if isinstance(body, tree.Script) else body  # of XW_1
        product = isinstance(letters, tree.Run) and 1 < len(letters.letters) < 4
        plain = other is not None and not other.after and not product
        if plain and not _are_of_one_layer(made.written, other):
            return False
    own = made.written.key
    return all(key != own for key, _ in mentioned(body))


def _are_of_one_layer(one: Mention, other: Mention | None) -> bool:
    """Whether two names belong to one layer: a^{(L)} = z^{(L)} defines the output."""
    if other is None or not one.sups or len(one.sups) != len(other.sups) or one.subs or other.subs:
        return False
    written = [tuple(map(text_of, name.sups)) for name in (one, other)]
    return written[0] == written[1] and written[0][0][:1] in ("(", "[")
