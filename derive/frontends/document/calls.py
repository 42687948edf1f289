"""Functions before their arguments in brackets: defined, declared, or named by their letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy as sp

from derive.frontends.document import derivatives, tree, values
from derive.frontends.document.definitions import argument_choice, body_of, is_number
from derive.frontends.document.dependence import leaves, mentioned
from derive.frontends.document.indices import annotated, entry_of, letters_of
from derive.frontends.document.knowledge import Definition
from derive.frontends.document.lookup import defined_at, is_known, known_at
from derive.frontends.document.names import Mention, in_parentheses, is_loss, mention, text_of
from derive.frontends.document.reader import (
    SUBSCRIPTED,
    Absurd,
    Reader,
    Undeclared,
    Unread,
    one_power,
)
from derive.frontends.document.spelling import pretty
from derive.frontends.document.steps import symbol
from derive.frontends.document.symbols import value_of
from derive.frontends.document.tree import Node, arguments, brackets
from derive.frontends.document.values import Value, scalar
from derive.language.activations import relu, sigmoid
from derive.language.operators import ScalarFunction

ACTIVATIONS = ("sigma", "phi", "varphi", "psi", "rho", "act")


FUNCTION_LETTERS = ("f", "g", "h", *ACTIVATIONS)


t = sp.Symbol("t", real=True)


def applied(reader: Reader, name: Mention, group: tree.Group, node: Node) -> Value | None:
    """A name before brackets as a function of what is in them; None where it is a factor."""
    key = name.key
    if key in reader.bound:
        return None
    parts = arguments(group)
    definition = defined_at(reader, key)
    known = known_at(reader, key)
    inverted = known is None and any(text_of(part) == "-1" for part in name.after)
    if inverted and (definition is None or definition.arguments):
        how = reader.choices.pick(f"{pretty(key)} with a −1 above", ("a matrix", "a function"))
        if how == "a function":
            raise Unread("inverse", "the inverse of a function is not read", name.node)
    inside = len(parts) == 1 and name.letter in letters_of(group.body) and not name.primes
    factor = inside and not _is_applied_inside(name.letter, group.body)  # σ(1 − σ)
    plain = not name.primes and all(isinstance(p, tree.Letter | tree.Number) for p in parts)
    if definition is not None and plain and 0 < len(definition.indices) == len(parts):
        return _at_indices(reader, name, parts, node)
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
            return _of_loss(reader, name, symbol(reader, key, node), parts)
        function = ScalarFunction(symbol(reader, key, node).expr.name)
        return _any_loss(reader, name, function, [reader.value(part) for part in parts])
    if definition is not None and not name.primes and _depends_on(reader, definition, parts):
        value = symbol(reader, key, node)  # f(x), where f = xᵀx; but δ (a)ᵀ may be a product
        label, options = f"{pretty(key)} before brackets", ("applied", "a factor")
        if not value.is_scalar and reader.choices.pick(label, options) == "a factor":
            return None
        return _of_loss(reader, name, value, parts)
    free = name.letter in (*FUNCTION_LETTERS, "Gamma") and definition is None and known is None
    if parts and all(map(_is_number, parts)) and not free:  # x(0) is no product
        raise Unread("call", f"{pretty(key)} at a number is not read", node)
    if definition is not None or known is not None:
        if all(mention(part) is not None for part in parts) and (len(parts) > 1 or is_loss(name)):
            value = symbol(reader, key, node)
            if value.is_scalar and (len(parts) > 1 or is_loss(name)):
                return _of_loss(reader, name, value, parts)
        unknown = len(parts) == 1 and _is_unknown_letter(reader, parts[0])
        if unknown and not (factor or name.primes):
            label = f"{pretty(key)} before ({text_of(parts[0])})"
            if reader.choices.pick(label, ("a factor", "applied")) == "applied":
                raise Unread("call", f"{pretty(key)} is declared, and no function", node)
        return None
    if name.subs and all(mention(part) is not None for part in parts) and not name.primes:
        stem = replace(name, subs=name.subs[:-1], after=())
        if is_known(reader, stem) and (len(parts) > 1 or is_loss(name)):
            return value_of(reader, name)  # l_i(w, b), of losses l_i that are known
    if factor:
        return None
    if name.letter == "Gamma" and len(parts) == 1 and not name.subs and not name.sups:
        return _gamma(reader, name, reader.value(parts[0]))
    if name.letter in ACTIVATIONS:
        return _any_function(reader, name, [reader.value(part) for part in parts], node)
    if name.letter in FUNCTION_LETTERS and not name.bold:
        return _any_function(reader, name, [reader.value(part) for part in parts], node)
    of_names = all(mention(part) is not None for part in parts)
    if is_loss(name) and (of_names or name.letter == "ell" or name.primes):
        label = pretty(key)
        reader.note(f"{label} is any scalar function of its arguments, as nothing defines it")
        inputs = [reader.value(part) for part in parts]
        return _any_loss(reader, name, ScalarFunction(label), inputs)
    if len(parts) > 1:
        raise Undeclared(
            f"{pretty(key)} is a function that is not defined", f"{pretty(key)}: function", node
        )
    return None


def _at_indices(reader: Reader, name: Mention, parts: list[Node], node: Node) -> Value:
    """π(a) of a π that is defined by what it is at an index: the entry there."""
    first, last = parts[0], parts[-1]
    below = tree.Listing(first.start, last.end, tuple(parts), (",",) * (len(parts) - 1))
    array = symbol(reader, name.key, node)
    return powered(reader, entry_of(reader, array, first if len(parts) == 1 else below, node), name)


def _is_unknown_letter(reader: Reader, node: Node) -> bool:
    """Whether a letter is no array or number that is known: the t of x(t) may be a time."""
    if not isinstance(node, tree.Letter) or node.name in reader.bound:
        return False
    taken = node.name in reader.knowledge.sizes or node.name in reader.indices
    return not taken and known_at(reader, node.name) is None and not defined_at(reader, node.name)


def _is_number(node: Node) -> bool:
    """Whether a node is a number with its sign."""
    if isinstance(node, tree.Sum) and len(node.terms) == 1:
        (node,) = node.terms
    return isinstance(node, tree.Number)


def _gamma(reader: Reader, name: Mention, value: Value) -> Value:
    """Γ(x) where nothing else is called Γ, and its derivatives."""
    body: Any = sp.gamma(t)
    for _ in range(name.primes):
        body = body.diff(t)
    reader.note("Γ is the gamma function, as nothing defines it")
    return powered(reader, values.apply(lambda x: substituted(body, x), value), name)


def _depends_on(reader: Reader, definition: Definition, parts: list[Node]) -> bool:
    """Whether what is in the brackets are names that a definition is made of."""
    found = leaves(reader.knowledge, definition.body, definition.section, definition.at)
    found |= {key for key, _ in mentioned(definition.body)}
    names = [mention(part) for part in parts]
    return all(name is not None and not name.after and name.key in found for name in names)


def _any_loss(
    reader: Reader, name: Mention, function: ScalarFunction, inputs: list[Value]
) -> Value:
    """L(w, b) of any scalar function L; ℓ′(z) is its slope at a number z, and at an array its
    slope at every entry, or its gradient.
    """
    given = [scalar(value) if value.is_scalar else value.expr for value in inputs]
    if not name.primes:
        return powered(reader, Value(function(*given)), name)
    if name.primes > 1 or len(inputs) > 1:
        raise Unread("prime", "the derivative of a function of arrays", name.node)
    (value,) = inputs
    slope = function.gradient(0)
    if not value.is_scalar:
        label = f"{function.name}′ of an array"
        how = reader.choices.pick(label, ("entry by entry", "its gradient"))
        if how == "its gradient":
            return powered(reader, replace(value, expr=slope(value.expr)), name)
    return powered(reader, values.apply(slope, value), name)


def _of_loss(reader: Reader, name: Mention, value: Value, parts: list[Node]) -> Value:
    """A loss that is known, written with what it depends on; L′(z) is its slope in a number z."""
    if name.primes:
        by = derivatives.wrt(reader, parts[0])
        if name.primes > 1 or len(parts) > 1 or not by.is_scalar:
            raise Unread("prime", "the derivative of a function of arrays", name.node)
        value = derivatives.oriented(reader, value, by)
    return powered(reader, value, name)


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
        message = "the derivative of a function of several arguments"
        (parameter, *others) = parameters
        assert parameter is not None
        if not others and argument_choice(parameter) in reader.choices.made:
            raise Absurd(message)  # f′ is of a number: in another reading its argument is one
        raise Unread("prime", message, name.node)
    return _at(reader, definition, inputs)


def is_array(reader: Reader, definition: Definition, parameter: Mention) -> bool:
    """Whether the argument of a definition is an array where it stands."""
    before = reader.section, reader.at
    reader.section, reader.at = definition.section, definition.at
    try:
        return not is_number(reader, definition, parameter)
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
            message = "the derivative of a function whose values are arrays"
            # Where they are so only as nothing declares them, they are numbers in another reading.
            raise Absurd(message) if reader.guessed else Unread("prime", message)
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


OF_PSI: dict[str, Callable[[Any], Any]] = {"the digamma function": sp.digamma}


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
            reader.made_up |= set() if declared else {label}
            return Value(function(*map(scalar, inputs)))
        return _whole(reader, name, inputs)
    (value,) = inputs
    how = "any function"
    if not declared:
        if name.letter in ("sigma", "phi", "varphi"):
            # ReLU has σ′(σ(z)) = σ′(z), so that mistakes hold of it: only where it is spoken of.
            named = [each for each in OF_SIGMA if each != "ReLU" or reader.knowledge.speaks_of_relu]
            how = reader.choices.pick(label, ("any function", *named))
        elif name.letter == "psi":
            how = reader.choices.pick(label, ("any function", *OF_PSI))
        elif (
            name.letter in FUNCTION_LETTERS
            and name.letter not in ACTIVATIONS
            and value.shape
            and not (
                reader.layered and name.sups
            )  # a layer's own function, g^{[l]}: no layer is 1×1
        ):
            how = reader.choices.pick(label, ("any function", "a function of the whole"))
        reader.note(f"{label} is {how}, as nothing defines it")
        reader.made_up.add(label)
    if how == "a function of the whole":
        return _whole(reader, name, inputs)
    if how == "any function":
        reader.functions_used.add(label)
        body = sp.Function(label, real=True)(t)
    else:
        body = (OF_SIGMA | OF_PSI)[how](t)
    for _ in range(name.primes):
        body = slope(body)
    result = values.apply(lambda x: substituted(body, x), value)
    rest = replace(name, after=tuple(p for p in name.after if p not in extra))
    return powered(reader, result, rest)


def slope(body: Any) -> Any:
    if isinstance(body, relu):
        return sp.Piecewise((1, t > 0), (0, True))
    return body.diff(t)


def substituted(body: Any, x: Any) -> Any:
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


@SUBSCRIPTED.fill
def subscripted(reader: Reader, value: Value, sub: Node, node: Node) -> Value:
    group = in_parentheses(sub)
    if group is not None:
        return annotated(reader, value, group, Mention("this", node))
    return entry_of(reader, value, sub, node)
