"""Products: factors side by side, functions before their arguments, and the signs ⊙, ∘, *, ⊗, /.

What stands side by side binds tighter than a sign. A letter before brackets is a function where it
is defined or declared as one, or where it is one of the letters that are nothing else and nothing
is known of it; otherwise it is a factor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from derive.engine import shape_of
from derive.frontends.document import derivatives, differentials, functions, tree, values
from derive.frontends.document.knowledge import Definition
from derive.frontends.document.names import Mention, in_parentheses, is_loss, mention, text_of
from derive.frontends.document.reader import (
    RULES,
    SUBSCRIPTED,
    Absurd,
    Reader,
    Undeclared,
    Unread,
    indicator,
    is_one,
    one_power,
    powers,
)
from derive.frontends.document.sums import index_bound
from derive.frontends.document.symbols import (
    annotated,
    body_of,
    defined_at,
    entry_of,
    index_of,
    is_known,
    is_number,
    known_at,
    letters_of,
    pretty,
    symbol,
    value_of,
)
from derive.frontends.document.tree import Node, arguments, brackets
from derive.frontends.document.values import Misfit, Unsure, Value, scalar
from derive.language.activations import relu, sigmoid
from derive.language.images import conv2d
from derive.language.operators import ScalarFunction, entry, max_over

TIGHT = ("", "cdot", "/", "div", "@")
ACTIVATIONS = ("sigma", "phi", "varphi", "psi", "rho", "act")
FUNCTION_LETTERS = ("f", "g", "h", *ACTIVATIONS)
UNREAD = ("arg", "argmax", "argmin", "lim", "sup", "inf", "Pr", "Var", "Cov", "E", "KL")

t = sp.Symbol("t", real=True)


def read_product(reader: Reader, node: tree.Product) -> Value:
    segments, signs = _segments(node)
    weak = [sign for sign in signs if sign in ("odot", "circ")]
    if weak and any(len(segment) > 1 for segment in segments[1:]):
        how = reader.choices.pick("⊙ beside a product", ("the product first", "from left to right"))
        if how == "from left to right":
            return _from_left(reader, node)
    result = _tight(reader, *_unzip(segments[0]))
    for sign, segment in zip(signs, segments[1:], strict=True):
        result = _signed(reader, sign, result, _tight(reader, *_unzip(segment)), segment[0][1])
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
            result = _times(reader, sign, result, value)
        else:
            result = _signed(reader, sign, result, value, node)
    return result


def _signed(reader: Reader, sign: str, left: Value, right: Value, node: Node) -> Value:
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


def _times(reader: Reader, sign: str, left: Value, right: Value) -> Value:
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
        result = _times(reader, sign, result, value)
    return result


def _units(reader: Reader, factors: list[Node], signs: list[str]) -> list[tuple[str, Value]]:
    """The factors as values: functions with their arguments, operators with what they act on,
    derivatives that are a chain together.
    """
    units: list[tuple[str, Value]] = []
    signs = ["", *signs]
    k = 0
    while k < len(factors):
        sign, factor = signs[k], factors[k]
        if differentials.is_d(factor) and k + 1 < len(factors) and signs[k + 1] == "":
            value, used = _differential(reader, factors, k)
            units.append((sign, value))
            k += used
            continue
        if derivatives.is_operator(factor):
            value, used = derivatives.operator(reader, factors[k:], signs[k + 1 :])
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
        if isinstance(factor, tree.Script) and isinstance(factor.base, tree.Empty):
            raise Unread("left-script", "a script on the left is not read", factor)
        units.append((sign, reader.value(factor)))
        k += 1
    return units


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


# ------------------------------------------------------------------------------------- functions


@dataclass(frozen=True)
class Callee:
    """What a letter before brackets is, if it is a function."""

    apply: Callable[[list[Value], tree.Group], Value]


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
            value = _subscripted(reader, value, script.sub, script)
        value = powers(reader, value, script.sup, script)
    return value, 2


def applied(reader: Reader, name: Mention, group: tree.Group, node: Node) -> Value | None:
    """A name before brackets as a function of what is in them; None where it is a factor."""
    key = name.key
    if key in reader.bound:
        return None
    parts = arguments(group)
    definition = defined_at(reader, key)
    known = known_at(reader, key)
    inside = len(parts) == 1 and name.letter in letters_of(group.body) and not name.primes
    factor = inside and not _is_applied_inside(name.letter, group.body)  # σ(1 − σ)
    if definition is not None and definition.arguments:
        return None if factor else _defined_function(reader, name, definition, parts)
    if known is not None and known.kind == "function":
        return _any_function(reader, name, [reader.value(part) for part in parts], node)
    if known is not None and known.kind == "any-scalar":
        given = [
            m.key if (m := mention(part)) is not None and not m.after else "" for part in parts
        ]
        if len(parts) != len(known.sizes) or all(
            name == own or (name and name not in reader.knowledge.known)
            for name, own in zip(given, known.sizes, strict=True)
        ):
            return symbol(reader, key, node)
        label = symbol(reader, key, node).expr.name
        arguments_ = (reader.value(part).expr for part in parts)
        return Value(ScalarFunction(label)(*arguments_))
    if definition is not None or known is not None:
        if all(mention(part) is not None for part in parts) and (len(parts) > 1 or is_loss(name)):
            value = symbol(reader, key, node)
            if value.is_scalar and (len(parts) > 1 or is_loss(name)):
                return value
        return None
    if name.subs and all(mention(part) is not None for part in parts) and not name.primes:
        stem = replace(name, subs=name.subs[:-1], after=())
        if is_known(reader, stem) and (len(parts) > 1 or is_loss(name)):
            return value_of(reader, name)  # l_i(w, b), of losses l_i that are known
    if factor:
        return None
    if name.letter in ACTIVATIONS:
        return _any_function(reader, name, [reader.value(part) for part in parts], node)
    if name.letter in FUNCTION_LETTERS and not name.bold:
        return _any_function(reader, name, [reader.value(part) for part in parts], node)
    if is_loss(name) and all(mention(part) is not None for part in parts):
        return derivatives.loss_of(reader, name, [reader.value(part) for part in parts])
    if len(parts) > 1:
        raise Undeclared(
            f"{pretty(key)} is a function that is not defined", f"{pretty(key)}: function", node
        )
    return None


def _is_applied_inside(letter: str, body: Node) -> bool:
    for part in body.walk():
        if isinstance(part, tree.Product):
            for factor, sign, follower in zip(
                part.factors, part.operators, part.factors[1:], strict=False
            ):
                name = mention(factor)
                called = sign == "" and brackets(follower)[0] is not None
                if called and name is not None and name.letter == letter:
                    return True
    return False


def _defined_function(
    reader: Reader, name: Mention, definition: Definition, parts: list[Node]
) -> Value:
    """f(x) where f(x) = … is defined: itself, or its body at other arguments."""
    parameters = [mention(argument) for argument in definition.arguments]
    if len(parts) != len(parameters) or any(p is None for p in parameters):
        raise Unread("arguments", f"{pretty(name.key)} is defined for {len(parameters)} arguments")
    given = [mention(part) for part in parts]
    same = all(
        g is not None and p is not None and g.key == p.key and not g.after
        for g, p in zip(given, parameters, strict=True)
    )
    for parameter in parameters:
        assert parameter is not None
    arrays = [p is not None and is_array(reader, definition, p) for p in parameters]
    if same and not name.primes and all(arrays):
        return symbol(reader, name.key, name.node)
    inputs = [reader.value(part) for part in parts]
    if len(inputs) == 1 and (not arrays[0] or (name.primes and not inputs[0].shape)):
        return _entrywise_of(reader, name, definition, inputs[0])
    if name.primes:
        raise Unread("prime", "the derivative of a function of several arguments", name.node)
    return _at(reader, definition, inputs)


def is_array(reader: Reader, definition: Definition, parameter: Mention) -> bool:
    """Whether the argument of a definition is an array that is known where it stands."""
    before = reader.section, reader.at
    reader.section, reader.at = definition.section, definition.at
    try:
        return is_known(reader, parameter) and not is_number(reader, parameter)
    finally:
        reader.section, reader.at = before


def _at(reader: Reader, definition: Definition, inputs: list[Value]) -> Value:
    bound, put_in = dict(reader.bound), reader.put_in
    for argument, value in zip(definition.arguments, inputs, strict=True):
        parameter = mention(argument)
        assert parameter is not None
        reader.bound[parameter.key] = value
        reader.put_in |= {parameter.key}
    try:
        reader.note(f"{pretty(definition.name)} is defined in line {definition.line}")
        return body_of(reader, definition)
    finally:
        reader.bound, reader.put_in = bound, put_in


def _entrywise_of(reader: Reader, name: Mention, definition: Definition, value: Value) -> Value:
    """A function of one real variable, of a scalar or of every entry; or its derivative."""
    z = sp.Dummy("z", real=True)
    body = _at(reader, definition, [Value(z)])
    if body.shape:
        if name.primes:
            raise Unread("prime", "the derivative of a function whose values are arrays")
        return _at(reader, definition, [value])
    expr = body.expr
    for _ in range(name.primes):
        expr = _derived(expr, z)
    return powered(reader, values.apply(lambda x: expr.xreplace({z: x}), value), name)


def _derived(expr: Any, z: Any) -> Any:
    if expr.has(sp.Max, sp.Min, sp.Abs):
        expr = expr.replace(
            lambda e: isinstance(e, sp.Max) and len(e.args) == 2 and e.args[0].is_number,
            lambda e: sp.Piecewise((e.args[1], e.args[1] > e.args[0]), (e.args[0], True)),
        )
    return sp.diff(expr, z)


OF_SIGMA: dict[str, Callable[[Any], Any]] = {
    "the logistic function": sigmoid,
    "tanh": sp.tanh,
    "ReLU": relu,
}


def _any_function(reader: Reader, name: Mention, inputs: list[Value], node: Node) -> Value:
    """A function that nothing defines: any differentiable one; as an activation it may also be
    one of those that are called by this letter.
    """
    label = pretty(name.key)
    known = known_at(reader, name.key)
    declared = known is not None and known.kind == "function"
    extra = [part for part in name.after if isinstance(part, tree.Letter)]
    label += "".join("^" + text_of(part) for part in extra)
    if len(inputs) > 1:
        if all(value.is_scalar for value in inputs) and not name.primes:
            function = sp.Function(label, real=True)
            return Value(function(*map(scalar, inputs)))
        return _whole(reader, name, inputs)
    (value,) = inputs
    how = "any function"
    if not declared:
        if name.letter in ("sigma", "phi", "varphi"):
            # ReLU has σ′(σ(z)) = σ′(z), so that mistakes hold of it: only where it is spoken of.
            named = [each for each in OF_SIGMA if each != "ReLU" or reader.knowledge.speaks_of_relu]
            how = reader.choices.pick(label, ("any function", *named))
        elif name.letter in FUNCTION_LETTERS and name.letter not in ACTIVATIONS and value.shape:
            how = reader.choices.pick(label, ("any function", "a function of the whole"))
        reader.note(f"{label} is {how}, as nothing defines it")
    if how == "a function of the whole":
        return _whole(reader, name, inputs)
    if how == "any function":
        reader.functions_used.add(label)
        body = sp.Function(label, real=True)(t)
    else:
        body = OF_SIGMA[how](t)
    for _ in range(name.primes):
        body = _slope(body)
    result = values.apply(lambda x: _substituted(body, x), value)
    rest = replace(name, after=tuple(p for p in name.after if p not in extra))
    return powered(reader, result, rest)


def _slope(body: Any) -> Any:
    if isinstance(body, relu):
        return sp.Piecewise((1, t > 0), (0, True))
    return body.diff(t)


def _substituted(body: Any, x: Any) -> Any:
    if isinstance(x, sp.Symbol):
        return body.xreplace({t: x})
    return body.subs(t, x)


def powered(reader: Reader, value: Value, name: Mention) -> Value:
    """σ²(x) is σ(x)²; a transpose of a function is one of its value."""
    for part in name.after:
        if text_of(part) == "-1":
            raise Unread("inverse", "the inverse of a function is not read", name.node)
        value = one_power(reader, value, part, name.node)
    return value


def _whole(reader: Reader, name: Mention, inputs: list[Value]) -> Value:
    if name.primes or name.after:
        raise Unread("prime", "the derivative of a function of arrays", name.node)
    label = pretty(name.key)
    return Value(ScalarFunction(label)(*(value.expr for value in inputs)))


# ------------------------------------------------------------------------------------------ words


def read_apply(reader: Reader, node: tree.Apply) -> Value:
    """A word with its argument."""
    head = node.head
    sub: Node | None = None
    sup: Node | None = None
    primes = 0
    if isinstance(head, tree.Script):
        sub, sup, primes, head = head.sub, head.sup, head.primes, head.base
    name = mention(head)
    if name is None or not isinstance(name.letter, str):
        raise Unread("function", "this is no function", head)
    word = name.letter
    if word in ("max", "min") and sub is not None:
        return _extreme_over(reader, word, sub, node)
    if word in UNREAD and not is_known(reader, name):
        raise Unread("function", f"{word} is not read", head)
    if is_known(reader, name):
        whole = mention(node.head)
        group = node.argument
        if whole is not None and isinstance(group, tree.Group):
            value = applied(reader, whole, group, node)
            if value is not None:
                return value
    if not functions.known(word):
        raise Undeclared(f"{word} is a function that is not defined", f"{word}: function", head)
    if sub is not None:
        if word == "log" and text_of(sub) in ("2", "10"):
            value = _argument(reader, node)
            base = int(text_of(sub))
            return values.apply(lambda x: sp.log(x) / sp.log(base), value)
        raise Unread("subscript", f"{word} with a subscript is not read", sub)
    value = _of_argument(reader, node, word, primes)
    if sup is not None:
        if text_of(sup) == "-1":
            raise Unread("inverse", "the inverse of a function is not read", sup)
        value = powers(reader, value, sup, node)
    return value


def _argument(reader: Reader, node: tree.Apply) -> Value:
    return reader.value(node.argument)


def _of_argument(reader: Reader, node: tree.Apply, word: str, primes: int) -> Value:
    argument = node.argument
    if node.bare and isinstance(argument, tree.Product) and len(argument.factors) > 1:
        # How far a bare function reaches: over all that stands side by side, or the first factor.
        first, rest = argument.factors[0], argument.factors[1:]
        how = reader.choices.pick(f"reach of {word}", ("all", "first"))
        if how == "first":
            inner = _applied_word(reader, word, [reader.value(first)], primes)
            others = (
                reader.value(rest[0])
                if len(rest) == 1
                else reader.value(
                    tree.Product(rest[0].start, node.end, rest, argument.operators[1:])
                )
            )
            sign = argument.operators[0]
            if sign in TIGHT:
                return _times(reader, sign, inner, others)
            return _signed(reader, sign, inner, others, node)
    parts = arguments(argument) if isinstance(argument, tree.Group) else [argument]
    if isinstance(argument, tree.Group) and argument.opening not in "([{":
        parts = [argument]
    return _applied_word(reader, word, [reader.value(part) for part in parts], primes)


def _applied_word(reader: Reader, word: str, inputs: list[Value], primes: int) -> Value:
    if not primes:
        return functions.applied(reader.choices, word, inputs)
    function = functions.ENTRYWISE.get(word.lower())
    if function is None or len(inputs) != 1:
        raise Unread("prime", f"the derivative of {word} is not read")
    body = function(t)
    for _ in range(primes):
        body = _slope(body)
    return values.apply(lambda x: _substituted(body, x), inputs[0])


def _extreme_over(reader: Reader, word: str, sub: Node, node: tree.Apply) -> Value:
    """max_i x_i: over all values of the index."""
    if word == "min" or not isinstance(sub, tree.Letter):
        raise Unread("function", f"{word} with this subscript is not read", sub)
    with index_bound(reader, sub.name, 1) as index:
        body = scalar(reader.value(node.argument))
        size = reader.ranges.get(index.symbol)
    if size is None:
        raise Undeclared(f"how far the index {sub.name} counts is not known", "", sub)
    return Value(max_over(body, (index.symbol, 0, size - 1)))


@SUBSCRIPTED.fill
def _subscripted(reader: Reader, value: Value, sub: Node, node: Node) -> Value:
    group = in_parentheses(sub)
    if group is not None:
        return annotated(reader, value, group, Mention("this", node))
    return entry_of(reader, value, sub, node)


RULES[tree.Apply] = read_apply
RULES[tree.Product] = read_product

__all__ = ["applied", "arguments", "brackets", "entry", "index_of", "read_apply", "read_product"]
