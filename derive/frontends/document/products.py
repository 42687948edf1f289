"""Products: factors side by side, functions before their arguments, and the signs ⊙, ∘, *, ⊗, /.

What stands side by side binds tighter than a sign. A letter before brackets is a function where it
is defined or declared as one, or where it is one of the letters that are nothing else and nothing
is known of it; otherwise it is a factor.
"""

from __future__ import annotations

import sympy as sp

from derive.engine import shape_of
from derive.frontends.document import derivatives, differentials, tree, values
from derive.frontends.document.beside_itself import beside_itself
from derive.frontends.document.calls import applied, subscripted
from derive.frontends.document.lookup import defined_at, is_known
from derive.frontends.document.names import mention
from derive.frontends.document.reach import reaches_all
from derive.frontends.document.reader import (
    REACHING,
    RULES,
    Absurd,
    Reader,
    Unread,
    indicator,
    is_one,
    powers,
)
from derive.frontends.document.tree import Node, brackets
from derive.frontends.document.values import Misfit, Unsure, Value
from derive.language.images import conv2d

TIGHT = ("", "cdot", "/", "div", "@")


@RULES.on(tree.Product)
def read_product(reader: Reader, node: tree.Product) -> Value:
    if (reaching := REACHING(reader, node)) is not node:
        return reader.value(reaching)
    segments, signs = _segments(node)
    weak = [sign for sign in signs if sign in ("odot", "circ")]
    if weak and any(len(segment) > 1 for segment in segments[1:]):
        how = reader.choices.pick("⊙ beside a product", ("the product first", "from left to right"))
        if how == "from left to right":
            return _from_left(reader, node)
    result = _tight(reader, *_unzip(segments[0]))
    for sign, segment in zip(signs, segments[1:], strict=True):
        result = signed(reader, sign, result, _tight(reader, *_unzip(segment)), segment[0][1])
    return result


def _segments(node: tree.Product) -> tuple[list[list[tuple[str, Node]]], list[str]]:
    """The factors between the signs that bind less than standing side by side."""
    segments: list[list[tuple[str, Node]]] = [[("", node.factors[0])]]
    signs = []
    for sign, factor in zip(node.operators, node.factors[1:], strict=True):
        if sign in TIGHT:
            segments[-1].append((sign, factor))
        else:
            signs.append(sign)
            segments.append([("", factor)])
    return segments, signs


def _unzip(segment: list[tuple[str, Node]]) -> tuple[list[Node], list[str]]:
    return [factor for _, factor in segment], [sign for sign, _ in segment[1:]]


def _from_left(reader: Reader, node: tree.Product) -> Value:
    """All signs on one level: a ⊙ b c is (a ⊙ b) c."""
    units = _units(reader, list(node.factors), list(node.operators))
    result = units[0][1]
    for sign, value in units[1:]:
        if sign in TIGHT:
            result = times(reader, sign, result, value)
        else:
            result = signed(reader, sign, result, value, node)
    return result


def signed(reader: Reader, sign: str, left: Value, right: Value, node: Node) -> Value:
    loose = reader.is_loose(left, right)
    if sign == "odot":
        return values.hadamard(left, right, loose)
    if sign == "circ":
        if reader.choices.pick("circ", ("hadamard", "composition")) == "composition":
            raise Absurd("a composition of arrays")
        return values.hadamard(left, right, loose)
    if sign in ("*", "ast", "star", "bullet"):
        if not left.shape or not right.shape or left.is_scalar or right.is_scalar:
            return values.multiply(left, right, loose)
        if len(left.shape) == 4 or len(right.shape) == 4:
            return _convolved(left, right)
        how = reader.choices.pick("star", ("product", "hadamard", "convolution"))
        if how == "convolution":
            raise Unsure("a convolution of matrices is not read")
        if how == "hadamard":
            return values.hadamard(left, right, loose)
        return values.multiply(left, right, loose)
    if sign == "times":
        if left.is_scalar or right.is_scalar:
            return values.multiply(left, right, loose)
        if values.is_vector(left) and values.is_vector(right):
            raise Unread("cross-product", "a cross product is not read", node)
        return values.multiply(left, right, loose)
    if sign == "otimes":
        if values.is_vector(left) and values.is_vector(right):
            how = reader.choices.pick("⊗ of vectors", ("outer", "Kronecker"))
            if how == "outer":
                return values.outer(left, right)
        if left.is_matrix and right.is_matrix:
            shape = tuple(sp.expand(a * b) for a, b in zip(left.shape, right.shape, strict=True))
            return Value(sp.KroneckerProduct(left.expr, right.expr), shape)
        return values.multiply(left, right, loose)
    raise Unread("operator", f"the sign {sign} is not read", node)


def _convolved(weights: Value, image: Value) -> Value:
    if len(weights.shape) != 4 or len(image.shape) != 4:
        raise Misfit("a convolution of arrays that have no four axes")
    made = conv2d(image.expr, weights.expr)
    return Value(made, tuple(sp.expand(size) for size in shape_of(made)))


def times(reader: Reader, sign: str, left: Value, right: Value) -> Value:
    loose = reader.is_loose(left, right)
    if sign in ("/", "div"):
        return values.divide(left, right, loose)
    vectors = values.is_vector(left) and values.is_vector(right)
    scalars = left.is_scalar or right.is_scalar
    if sign == "cdot" and vectors and left.shape and right.shape and not scalars:
        try:
            fits = values.same(left.shape[1], right.shape[0])
        except Unsure:
            fits = False
        if not fits:
            return values.dot(left, right)
    return values.multiply(left, right, loose)


def _tight(reader: Reader, factors: list[Node], signs: list[str]) -> Value:
    units = _units(reader, factors, signs)
    if any(sign in ("/", "div") for sign, _ in units) and len(units) > 2:
        place = next(k for k, (sign, _) in enumerate(units) if sign in ("/", "div"))
        if place < len(units) - 1:
            how = reader.choices.pick("a / b c", ("from left to right", "all after / below"))
            if how == "all after / below":
                above, below = units[:place], [("", units[place][1]), *units[place + 1 :]]
                return values.divide(_chain(reader, above), _chain(reader, below))
    return _chain(reader, units)


def _chain(reader: Reader, units: list[tuple[str, Value]]) -> Value:
    result = units[0][1]
    for sign, value in units[1:]:
        result = times(reader, sign, result, value)
    return result


def _units(reader: Reader, factors: list[Node], signs: list[str]) -> list[tuple[str, Value]]:
    """The factors as values: functions with their arguments, operators with what they act on,
    derivatives that are a chain together.
    """
    units: list[tuple[str, Value]] = []
    signs = ["", *signs]
    k = here = 0
    while k < len(factors):
        before, here = here, k
        sign, factor = signs[k], factors[k]
        is_d = differentials.is_d(factor) or (
            bool(reader.varied) and differentials.is_letter_d(factor)
        )
        if is_d and k + 1 < len(factors) and signs[k + 1] == "":
            value, used = _differential(reader, factors, k)
            units.append((sign, value))
            k += used
            continue
        if derivatives.is_operator(factor):
            after = factors[k:], signs[k + 1 :]
            value, used = derivatives.operator(reader, *after, reaches_all(reader, *after))
            units.append((sign, value))
            k += used
            continue
        if isinstance(factor, tree.Derivative):
            run = [factor]
            while (
                k + len(run) < len(factors)
                and isinstance(follower := factors[k + len(run)], tree.Derivative)
                and follower.of is not None
                and signs[k + len(run)] in ("", "cdot")
            ):
                run.append(follower)
            for value in derivatives.chains(reader, run):
                units.append((sign, value))
                sign = ""
            k += len(run)
            continue
        if is_one(factor) and k + 1 < len(factors) and signs[k + 1] == "":
            group = factors[k + 1]
            if isinstance(group, tree.Group) and isinstance(group.body, tree.Chain):
                units.append((sign, indicator(reader, group.body)))
                k += 2
                continue
        call = _call(reader, factors, signs, k)
        if call is not None:
            value, used = call
            units.append((sign, value))
            k += used
            continue
        if k + 1 < len(factors) and _is_operator(reader, factor, factors[k + 1], signs[k + 1]):
            raise Unread("operator", "Δ before a name is not read", factor)
        if isinstance(factor, tree.Script) and isinstance(factor.base, tree.Empty):
            raise Unread("left-script", "a script on the left is not read", factor)
        k += 1
        if sign == "" and units:
            made = beside_itself(reader, factors[before:here], units[-1][1], factor)
            if made is not None:
                units[-1] = (units[-1][0], made)
                continue
        units.append((sign, reader.value(factor)))
    return units


def _is_operator(reader: Reader, factor: Node, after: Node, sign: str) -> bool:
    """Whether a Δ that nothing declares is a difference, or the sum of the second derivatives."""
    name = mention(factor)
    if sign != "" or name is None or name.key != "Delta" or name.after or is_known(reader, name):
        return False
    return mention(after) is not None


def _differential(reader: Reader, factors: list[Node], k: int) -> tuple[Value, int]:
    """An upright d at factor k with what is under it."""
    if not reader.varied:
        raise Unread("differential", "a differential is not read here", factors[k])
    under = factors[k + 1]
    name = mention(under)
    made = None if name is None else defined_at(reader, name.key)
    called = k + 2 < len(factors) and brackets(factors[k + 2])[0] is not None
    if made is not None and made.arguments and called:
        under = tree.Product(under.start, factors[k + 2].end, tuple(factors[k + 1 : k + 3]), ("",))
        return differentials.differential_of(reader, under), 3
    return differentials.differential_of(reader, under), 2


def _call(
    reader: Reader, factors: list[Node], signs: list[str], k: int
) -> tuple[Value, int] | None:
    """A function at factor k with its argument after it; None where it is a factor."""
    if k + 1 >= len(factors) or signs[k + 1] != "":
        return None
    group, script = brackets(factors[k + 1])
    if group is None:
        return None
    factor = factors[k]
    if isinstance(factor, tree.Run):
        # Of letters without a space only the last can be a function: W x f(x).
        name = mention(factor)
        if name is not None and not is_known(reader, name):
            return None
    name = mention(factor)
    if name is None:
        return None
    value = applied(reader, name, group, factor)
    if value is None:
        return None
    if script is not None:
        if script.primes:
            value = values.transpose(value)
        if script.sub is not None:
            value = subscripted(reader, value, script.sub, script)
        value = powers(reader, value, script.sup, script)
    return value, 2
