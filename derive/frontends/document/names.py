"""Names in formulas: a letter with its marks, and what of its scripts belongs to the name.

Bold, roman and italic letters are one name, as documents write x and **x** for one thing; hats and
calligraphic letters make names of their own. A subscript may be a part of the name (W_{hh}), an
index (x_i) or, in parentheses, a shape; which of them is decided where the name is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from derive.frontends.document import tree
from derive.frontends.document.tree import Node

PLAIN_STYLES = ("bold", "roman", "italic", "sans", "typewriter")
TRANSPOSES = ("T", "top", "intercal", "mathsf T")

LAYER = re.compile(r"\w+(?:[+-]\d)?")
"""What stands in parentheses above a name and counts layers or examples: l, i, l-1."""

IDENTITY = "the identity"

LOSSES = ("L", "J", "ell", "cal(L)", "E", "C", "l", "cal(J)", "loss", "Loss", "cal(E)", "cal(C)")
"""Letters that a loss has where nothing else is said of them."""


@dataclass(frozen=True)
class Mention:
    """A letter as it is written somewhere.

    :param letter: the letter or word, with its accents and its style where that tells it apart.
    :param subs: its subscripts, the inner ones first.
    :param sups: its superscripts, but for transposes, powers and primes.
    :param after: what is applied to it: transposes and powers, as nodes, in order.
    :param primes: how many.
    :param bold: whether it is written bold.
    :param shape: the subscript in parentheses that is read as a shape, and where that stands:
        what it is about is the value with ``after`` applied.
    """

    letter: str
    node: Node
    subs: tuple[Node, ...] = ()
    sups: tuple[Node, ...] = ()
    after: tuple[Node, ...] = ()
    primes: int = 0
    bold: bool = False
    shape: tree.Group | None = None

    @cached_property
    def key(self) -> str:
        """The whole name, all scripts in it."""
        return with_scripts(self.letter, self.subs, self.sups)

    @property
    def whole(self) -> str:
        """The name without its last subscript, which may be an index."""
        return with_scripts(self.letter, self.subs[:-1], self.sups)


def is_loss(name: Mention) -> bool:
    return name.letter in LOSSES


def of_capital(letter: str) -> str:
    """X of x, Φ of φ: the array of which x_i may be a row; "" of what is no such letter."""
    plain = letter.removeprefix("var")
    if plain.islower() and (len(plain) == 1 or plain in ("phi", "psi")):
        return plain.capitalize()
    return ""


def of_small(letter: str) -> str:
    """x of X, φ of Φ: what the rows of an array are called; "" of what is no capital."""
    return (
        letter.lower()
        if (len(letter) == 1 and letter.isupper()) or letter in ("Phi", "Psi")
        else ""
    )


def with_scripts(letter: str, subs: tuple[Node, ...], sups: tuple[Node, ...]) -> str:
    key = letter
    if subs:
        key += "_" + ",".join(text_of(sub) for sub in subs)
    if sups:
        key += "^" + ",".join(text_of(sup) for sup in sups)
    return key


def text_of(node: Node | None) -> str:
    """A small formula as text, the same for all ways to write it."""
    match node:
        case None | tree.Empty():
            return ""
        case tree.Letter(name=name) | tree.Word(name=name) | tree.Mark(name=name):
            return name
        case tree.Run(text=text) | tree.Number(text=text) | tree.Text(text=text):
            return text.strip()
        case tree.Styled(style=style, body=body):
            return text_of(body) if style in PLAIN_STYLES else f"{style[:3]}({text_of(body)})"
        case tree.Accent(accent=accent, body=body):
            return f"{accent}({text_of(body)})"
        case tree.Group(opening=opening, body=body, closing=closing):
            return f"{opening}{text_of(body)}{closing}"
        case tree.Listing(items=items):
            return ",".join(map(text_of, items))
        case tree.Product(factors=factors, operators=operators):
            text = text_of(factors[0])
            for operator, factor in zip(operators, factors[1:], strict=True):
                text += operator + text_of(factor)
            return text
        case tree.Sum(signs=signs, terms=terms):
            return "".join(s + text_of(t) for s, t in zip(signs, terms, strict=True))
        case tree.Script(base=base, sub=sub, sup=sup, primes=primes):
            text = text_of(base) + (f"_{text_of(sub)}" if sub else "")
            return text + (f"^{text_of(sup)}" if sup else "") + "'" * primes
        case tree.Dots():
            return "…"
    return f"<{type(node).__name__} {node.start}>"


def a_constant(node: Node) -> str:
    """Which constant a node is, in words: a number or the identity; "" for anything else."""
    if isinstance(node, tree.Number) or text_of(node) in ("0", "bol(0)", "00"):
        return "a number"
    if isinstance(node, tree.Script) and node.sup is None:
        node = node.base
    return IDENTITY if text_of(node) in ("I", "bol(I)") else ""


def standing_alone(root: Node, subscripts: bool = True) -> Iterator[str]:
    """The letters that stand in a formula without a subscript.

    :param subscripts: those in subscripts, too.
    """
    below = {
        part.start
        for node in root.walk()
        if isinstance(node, tree.Script) and node.sub is not None and mention(node.base)
        for part in (*node.base.walk(), *(() if subscripts else node.sub.walk()))
    }
    return (
        node.name
        for node in root.walk()
        if isinstance(node, tree.Letter) and node.start not in below
    )


def divisors(node: Node) -> set[str]:
    """The letters that this node alone divides something by: z/T, \\frac{z}{2T}."""
    below: list[Node] = []
    match node:
        case tree.Fraction(denominator=tree.Product(factors=factors)):
            below = list(factors)
        case tree.Fraction(denominator=denominator):
            below = [denominator]
        case tree.Product(factors=factors, operators=operators):
            below = [f for f, before in zip(factors[1:], operators, strict=True) if before == "/"]
    names = [mention(part) for part in below]
    if any(name is not None and name.letter in ("partial", "d", "rom(d)") for name in names):
        return set()  # a derivative in them
    return {name.letter for name in names if name is not None and not (name.after or name.subs)}


def beside_transposes(node: Node) -> set[str]:
    """The letters that this node alone writes as arrays are written beside others, the β of x⊤β and
    of ∇_β: they may be arrays.
    """
    found: list[Node] = []
    if isinstance(node, tree.Script) and text_of(node.base) == "nabla" and node.sub is not None:
        found = [node.sub]
    elif isinstance(node, tree.Product):
        pairs = zip(node.factors, node.operators, node.factors[1:], strict=False)
        for before, sign, after in pairs:
            name = mention(before)
            if sign == "" and name is not None and "top" in map(text_of, name.after):
                found.append(after)
    names = map(mention, found)
    return {name.letter for name in names if name is not None and not (name.after or name.subs)}


def used_as_arrays(node: Node) -> set[str]:
    """The letters that this node alone multiplies entry by entry, the γ of γ ⊙ x, or takes the
    norm of, the x and y of ‖x − y‖.
    """
    parts: list[Node] = []
    if isinstance(node, tree.Product):
        beside = {
            k + side for k, sign in enumerate(node.operators) if sign == "odot" for side in (0, 1)
        }
        parts = [node.factors[k] for k in sorted(beside)]
    elif isinstance(node, tree.Norm) and node.bars == 2:
        parts = list(node.body.terms) if isinstance(node.body, tree.Sum) else [node.body]
    found = {
        name.letter for part in parts if (name := mention(part)) and not (name.after or name.subs)
    }
    return found if isinstance(node, tree.Product) else {name for name in found if name.islower()}


def is_transpose(node: Node) -> bool:
    return text_of(node) in TRANSPOSES


@tree.remembered
def mention(node: Node) -> Mention | None:
    """The name that a node is, None for anything else."""
    match node:
        case tree.Letter(name=name):
            return Mention(name, node)
        case tree.Run(text=text):
            return Mention(text, node)
        case tree.Word(name=name):
            return Mention(name, node)
        case tree.Styled(style=style, body=body):
            inner = mention(body)
            if inner is None:
                return None
            if style in PLAIN_STYLES:
                return replace(inner, node=node, bold=inner.bold or style == "bold")
            return replace(inner, letter=f"{style[:3]}({inner.letter})", node=node)
        case tree.Accent(accent=accent, body=body):
            inner = mention(body)
            if inner is None:
                return None
            if accent in ("vec", "underline"):
                return replace(inner, node=node, bold=True)
            return replace(inner, letter=f"{accent}({inner.letter})", node=node)
        case tree.Group(opening="{", body=body, closing="}"):
            inner = mention(body)
            return None if inner is None else replace(inner, node=node)
        case tree.Script(base=base, sub=sub, sup=sup, primes=primes):
            inner = mention(base)
            if inner is None or (
                isinstance(base, tree.Run)
                and len(base.letters) > 1
                and (base.text[0] != "d" and not base.text.isupper())
            ):
                return None
            return _with_scripts(replace(inner, node=node), sub, sup, primes)
    return None


def _with_scripts(name: Mention, sub: Node | None, sup: Node | None, primes: int) -> Mention:
    shape = name.shape
    if sub is not None:
        group = in_parentheses(sub)
        if group is not None and _is_step(group.body):
            name = replace(name, subs=(*name.subs, group.body))
        elif group is not None:
            shape = group
        else:
            name = replace(name, subs=(*name.subs, sub))
    exponential = name.letter == "e" and not name.subs
    whole = (sup,) if sup is not None and exponential and _is_exponent(sup) else None
    for part in whole or side_by_side(sup):
        if _is_layer(part) and not (exponential and _is_exponent(part)):
            name = replace(name, sups=(*name.sups, part))
        else:
            name = replace(name, after=(*name.after, part))
    return replace(name, shape=shape, primes=name.primes + primes)


def _is_exponent(sup: Node) -> bool:
    """Whether what stands above an e is an exponent: rT, a(b + c), (a + b)."""
    match sup:
        case tree.Run():
            return True
        case tree.Product(factors=factors):
            return not (_is_group(factors[0]) and is_transpose(factors[-1]))
        case tree.Group():
            return LAYER.fullmatch(text_of(sup.body)) is None
    return False


def _is_step(node: Node) -> bool:
    """Whether parentheses in a subscript hold a time, h_{(t-1)}, and no sizes."""
    if isinstance(node, tree.Sum):
        return any(isinstance(term, tree.Letter) and term.name == "t" for term in node.terms)
    return isinstance(node, tree.Letter) and node.name == "t"


def in_parentheses(sub: Node) -> tree.Group | None:
    if isinstance(sub, tree.Styled):
        sub = sub.body
    if isinstance(sub, tree.Group) and sub.opening == "(" and sub.closing == ")":
        return sub
    return None


def side_by_side(sup: Node | None) -> tuple[Node, ...]:
    """The superscripts that stand side by side, as the layer and ⊤ in W^{(2)⊤}."""
    match sup:
        case None | tree.Empty():
            return ()
        case tree.Product(factors=factors, operators=operators) if not any(operators):
            if any(is_transpose(f) for f in factors) or _are_layers(factors):
                return factors
        case tree.Listing(items=items):
            return items
        case tree.Run(text=text, letters=letters) if text.endswith("T"):
            return tuple(letters)
    return (sup,)


def _are_layers(factors: tuple[Node, ...]) -> bool:
    """Whether a product above a name is none: [l](i), and (i)2 as a square; but a(b + c) is one."""
    groups = factors[:-1] if text_of(factors[-1]) in ("2", "-1") else factors
    return all(_is_group(f) and LAYER.fullmatch(text_of(f)[1:-1]) for f in groups)


def _is_group(node: Node) -> bool:
    return isinstance(node, tree.Group) and node.opening in "(["


def _is_layer(node: Node) -> bool:
    """Whether a superscript is a part of the name: (l), [l], *, a word."""
    if _is_group(node):
        return True
    if isinstance(node, tree.Mark):
        return node.name in ("*", "ast", "star", "+", "-")
    return isinstance(node, tree.Word | tree.Text) and not is_transpose(node)


def called_at_names(node: Node) -> Mention | None:
    """The u of u(x, y): what is said to be a number is so at some x and y."""
    if not isinstance(node, tree.Product) or node.operators != ("",):
        return None
    head, behind = node.factors
    group, script = tree.brackets(behind)
    name = mention(head)
    if group is None or script is not None or name is None or name.after:
        return None
    return name if all(mention(part) is not None for part in tree.arguments(group)) else None
