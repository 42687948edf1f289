"""Derivatives inside of formulas: ∂L/∂W, ∇_W L, chains of them, and losses that nothing defines.

The derivative of a scalar in an array has the array's shape, or in the numerator layout that of
its transpose; between two vectors it is the Jacobian J[i, j] = ∂y_i/∂x_j, or in the denominator
layout its transpose. Neighbours that cancel, ∂L/∂y ∂y/∂x, are contracted over the entries of y,
whatever the layout.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from sympy.tensor.array.expressions import ArraySymbol

from derive.base.slot import Slot
from derive.frontends.document import tree, values
from derive.frontends.document.by_squares import root_of
from derive.frontends.document.counters import member_of
from derive.frontends.document.knowledge import Definition
from derive.frontends.document.lookup import arrays_in, defined_at, is_known, known_at, may_be_any
from derive.frontends.document.names import (
    LOSSES,
    Mention,
    is_loss,
    is_transpose,
    mention,
    text_of,
    with_scripts,
)
from derive.frontends.document.reader import RULES, Absurd, Reader, Undeclared, Unread
from derive.frontends.document.spelling import pretty
from derive.frontends.document.steps import by_key, symbol
from derive.frontends.document.symbols import LOSS_IN
from derive.frontends.document.tree import Node, arguments, brackets
from derive.frontends.document.values import Misfit, Unsure, Value, scalar, transpose
from derive.language.operators import ScalarFunction, entry, fresh_index, partial, tensor
from derive.language.sequences import At

DIFFERENTIAL_OF = Slot("derive.frontends.document.differentials")

SYMBOLS = (sp.Symbol, sp.MatrixSymbol, sp.IndexedBase, ArraySymbol)


@dataclass(frozen=True)
class Taken:
    """A derivative as it is written: what is differentiated, and in what.

    :param of: None where that is all that follows.
    """

    of: Node | None
    by: tuple[Node, ...]
    node: Node
    nabla: bool = False


def is_operator(node: Node) -> bool:
    """Whether a node is ∇, ∂_x or d/dx before what it acts on."""
    if isinstance(node, tree.Derivative):
        return node.of is None
    base = node.base if isinstance(node, tree.Script) else node
    return isinstance(base, tree.Letter) and base.name in ("nabla", "partial")


def differential(node: Node) -> Node | None:
    """The X of ``dX``, ``dX_{ij}`` or ``d X``, as a name; None for anything else."""
    if isinstance(node, tree.Run) and len(node.text) == 2 and node.text[0] == "d":
        return node.letters[1]
    if isinstance(node, tree.Script):
        inner = differential(node.base)
        if inner is None or node.primes:
            return None
        return tree.Script(inner.start, node.end, inner, node.sub, node.sup, 0)
    if isinstance(node, tree.Product) and len(node.factors) == 2 and node.operators == ("",):
        head, rest = node.factors
        if isinstance(head, tree.Styled) and head.style == "roman":
            head = head.body
        if isinstance(head, tree.Letter) and head.name == "d" and mention(rest) is not None:
            return rest
    return None


def the_loss(reader: Reader, node: Node) -> Node:
    """What dX is the derivative of: the loss that is declared or defined around here, or any."""
    for name in (*LOSSES, *(k for k in reader.knowledge.known)):
        known = known_at(reader, name)
        if known is not None and known.kind == "any-scalar":
            return tree.Word(node.start, node.end, name, "text")
    for name in LOSSES:
        if defined_at(reader, name) is not None:
            return tree.Word(node.start, node.end, name, "text")
    return tree.Letter(node.start, node.end, "L")


def as_gradient(reader: Reader, node: Node) -> Taken | None:
    """``dX`` read as ∂L/∂X, where X is known; None for anything else."""
    inner = differential(node)
    name = mention(inner) if inner is not None else None
    if inner is None or name is None:
        return None
    told = any(known_at(reader, key) or defined_at(reader, key) for key in (name.key, name.letter))
    if not told and member_of(reader.knowledge, name, reader.section, reader.home[1]) is None:
        return None
    reader.note("d before a name is the derivative of the loss in it")
    return Taken(the_loss(reader, node), (inner,), node, nabla=True)


@LOSS_IN.fill
def loss_in(reader: Reader, node: Node) -> Value | None:
    """The value of ``dX`` as ∂L/∂X, where X is known; None for anything else."""
    if reader.varied:
        inner = differential(node)
        return None if inner is None else DIFFERENTIAL_OF(reader, inner)
    taken = as_gradient(reader, node)
    return None if taken is None else derivative(reader, taken)


def operator(
    reader: Reader, factors: list[Node], signs: list[str], everything: bool = False
) -> tuple[Value, int]:
    """An operator with what it acts on: its value, and how many factors it takes."""
    taken, used = operated(factors, signs, everything)
    if taken.nabla and taken.of is not None and (bare := untransposed(taken.of)) is not None:
        # ∇f(x)⊤ is the transpose of the gradient.
        return transpose(derivative(reader, replace(taken, of=bare))), used
    return derivative(reader, taken), used


def untransposed(of: Node) -> Node | None:
    """f(x) where f(x)⊤ is written, or f where f⊤ is; None for anything else."""
    last = of.factors[-1] if isinstance(of, tree.Product) else of
    if not isinstance(last, tree.Script) or last.sup is None or last.primes:
        return None
    if not is_transpose(last.sup):
        return None
    if isinstance(of, tree.Product):
        if last.sub is not None or brackets(last.base)[0] is None:
            return None
        return replace(of, factors=(*of.factors[:-1], last.base), end=last.base.end)
    return replace(last, sup=None) if last.sub is not None else last.base


def operated(factors: list[Node], signs: list[str], everything: bool = False) -> tuple[Taken, int]:
    """An operator with what it acts on, and how many factors that takes.

    :param everything: it acts on all that follows.
    """
    head = factors[0]
    used = 1
    if (twice := _nabla_twice(factors, signs)) is not None:
        taken, used = operated([twice.base, *factors[2:]], signs[1:], everything)
        return Taken(taken.of, taken.by * 2, twice, nabla=True), used + 1
    if isinstance(head, tree.Derivative):
        by = variables(head)
    else:
        sub = head.sub if isinstance(head, tree.Script) else None
        sup = head.sup if isinstance(head, tree.Script) else None
        by = () if sub is None else (sub,)
        if sup is not None:
            if text_of(sup) != "2":
                raise Unread("nabla", "∇ with this superscript is not read", sup)
            by = by * 2  # where there is none, it is the argument of what follows
    if used == len(factors):
        raise Unread("operator", "an operator that acts on nothing", head)
    nabla = not isinstance(head, tree.Derivative)
    if nabla:
        # ∇ acts on the next factor and its arguments.
        end = 2
        called = len(factors) > 2 and signs[1] == "" and brackets(factors[2])[0] is not None
        if called and mention(factors[1]) is not None:
            end = 3
        if everything or isinstance(factors[1], tree.Number | tree.Fraction):
            end = len(factors)  # ∇ λ/2 ‖w‖²
    else:
        end = len(factors)
    rest, between = factors[1:end], signs[1 : end - 1]
    of = (
        rest[0]
        if len(rest) == 1
        else tree.Product(rest[0].start, rest[-1].end, tuple(rest), tuple(between))
    )
    return Taken(of, tuple(by), head, nabla), end


def _nabla_twice(factors: list[Node], signs: list[str]) -> tree.Script | None:
    """∇∇ before what it acts on, as ∇²; None for anything else."""
    if len(factors) < 3 or signs[0] != "":
        return None
    first, second = factors[:2]
    heads = [part.base if isinstance(part, tree.Script) else part for part in (first, second)]
    if not all(isinstance(part, tree.Letter) and part.name == "nabla" for part in heads):
        return None
    subs = [part.sub if isinstance(part, tree.Script) else None for part in (first, second)]
    sups = [part.sup if isinstance(part, tree.Script) else None for part in (first, second)]
    if sups[0] is not None or (sups[1] is not None and not is_transpose(sups[1])):
        return None
    if isinstance(second, tree.Script):
        second = second.base if second.sub is None else replace(second, sup=None)
    if subs[0] is not None and text_of(subs[0]) != text_of(subs[1]):
        raise Unread("nabla", "a second derivative in two arrays is not read", first)
    two = tree.Number(second.start, second.end, "2")
    return tree.Script(first.start, second.end, second, None, two, 0)


def variables(node: tree.Derivative) -> tuple[Node, ...]:
    """What a derivative is taken in, each as often as its order says."""
    found: list[Node] = []
    for by in node.by:
        order = 1
        if by.order is not None:
            text = text_of(by.order)
            if not text.isdigit() or not 0 < int(text) < 4:
                raise Unread("order", "a derivative of this order is not read", by.order)
            order = int(text)
        found.extend([by.variable] * order)
    if node.order is not None and text_of(node.order) != str(len(found)):
        raise Unread("order", "the orders above and below are not the same", node)
    return tuple(found)


@RULES.on(tree.Derivative)
def read_derivative(reader: Reader, node: tree.Derivative) -> Value:
    if node.of is None:
        raise Unread("operator", "an operator that acts on nothing", node)
    adjoint = node.form == "adjoint"  # of the shape of its variable, in any layout
    return derivative(reader, Taken(node.of, variables(node), node, nabla=adjoint))


def derivative(reader: Reader, taken: Taken) -> Value:
    """The value of one derivative."""
    by = taken.by
    assert taken.of is not None
    if not by:
        by = (argument_of(reader, taken.of),)
    if len(by) == 1 and is_twice(taken):
        by = by * 2
    of = numerator(reader, taken.of, by[0])
    if len(by) == 1 and (root := root_of(reader, by[0])) is not None:
        return values.scale(1 / (2 * scalar(root)), oriented(reader, of, root))
    if len(by) == 1:
        return oriented(reader, of, wrt(reader, by[0]), taken.nabla)
    if len(by) == 2:
        inner, outer = wrt(reader, by[0]), wrt(reader, by[1])
        if of.is_scalar and inner.is_scalar and outer.is_scalar:
            reach(reader, of, inner)
            reach(reader, of, outer)
            first = partial(scalar(of), scalar(inner))
            return Value(partial(first, scalar(outer)))
        if of.is_scalar and values.is_vector(inner) and inner.expr == outer.expr:
            return _hessian(reader, of, inner)
    raise Unread("order", "a derivative of this order is not read inside of a formula", taken.node)


def _hessian(reader: Reader, of: Value, by: Value) -> Value:
    """The matrix of the second derivatives of a scalar in a vector."""
    reach(reader, of, by)
    rows, cols = axes_of(by), axes_of(by)
    (i, size), (j, _) = _long(rows), _long(cols)
    first, second = (
        at_entry(by, tuple(0 if k is None else k for k, _ in axes)) for axes in (rows, cols)
    )
    body = partial(partial(scalar(of), first), second)
    return Value(sp.FunctionMatrix(size, size, sp.Lambda((i, j), body)), (size, size))


def is_twice(taken: Taken) -> bool:
    """Whether a derivative is written ∇² or ∇∇."""
    node = taken.node
    return isinstance(node, tree.Script) and node.sup is not None and is_operator(node)


def argument_of(reader: Reader, of: Node) -> Node:
    """What ∇f is taken in, where nothing says so: the argument of f."""
    if isinstance(of, tree.Product) and len(of.factors) == 2:
        group, _ = brackets(of.factors[1])
        if group is not None and len(arguments(group)) == 1:
            return arguments(group)[0]
    name = mention(of)
    if name is not None:
        definition = defined_at(reader, name.key)
        if definition is not None and len(definition.arguments) == 1:
            return definition.arguments[0]
        known = known_at(reader, name.key)
        if known is not None and known.kind == "any-scalar" and len(known.sizes) == 1:
            return tree.Word(of.start, of.end, known.sizes[0], "text")
    arrays = arrays_in(reader, of)
    if name is None and len(arrays) == 1:
        return arrays[0]
    raise Undeclared("in what the gradient is taken is not said", "", of)


def numerator(reader: Reader, node: Node, by: Node) -> Value:
    """What is differentiated; a loss that nothing defines is any scalar of what comes last."""
    name = mention(node)
    if name is None and isinstance(node, tree.Product) and len(node.factors) == 2:
        head = mention(node.factors[0])
        if (
            head is not None
            and is_loss(head)
            and brackets(node.factors[1])[0] is not None
            and may_be_any(reader, head)
        ):
            name = head
    if name is not None and _has_entries(reader, name):
        return reader.value(node)  # ℓ_i of an array ℓ
    if name is not None and name.key not in reader.bound and may_be_any(reader, name):
        if is_loss(name):
            return loss(reader, name)
        if name.shape is not None and is_loss(Mention(name.letter, node)):
            return loss(reader, name)
    if name is not None and name.shape is not None and _plain_scalar(reader, name):
        reader.note(f"the subscript of {pretty(name.key)} says nothing of a scalar")
        return symbol(reader, name.key, node)
    return reader.value(node)


def _has_entries(reader: Reader, name: Mention) -> bool:
    """Whether a name with a subscript is an entry of an array that is known without it."""
    if not name.subs or is_known(reader, name):
        return False
    stem = with_scripts(name.letter, name.subs[:-1], name.sups)
    if known_at(reader, stem) is None and defined_at(reader, stem) is None:
        return False
    return not symbol(reader, stem, name.node).is_scalar


def _plain_scalar(reader: Reader, name: Mention) -> bool:
    return is_known(reader, name) and not name.after and symbol(reader, name.key).is_scalar


def wrt(reader: Reader, node: Node) -> Value:
    """What a derivative is taken in: a symbol, its transpose, or an entry.

    :raises Unread: for anything else.
    """
    if isinstance(node, tree.Group) and node.opening == "(":
        node = node.body
    value = reader.value(node)
    expr = value.expr
    if isinstance(expr, sp.Transpose):
        expr = expr.arg
    if isinstance(expr, (*SYMBOLS, At)) or _is_entry(expr):
        return value
    raise Unread("wrt", "a derivative is taken in a name or an entry", node)


def _is_entry(expr: Any) -> bool:
    return isinstance(expr, sp.Indexed) or type(expr).__name__ == "MatrixElement"


# ---------------------------------------------------------------------------------------- values


def at_entry(value: Value, indices: tuple[Any, ...]) -> Any:
    """The SymPy entry of a value, down to one of a symbol."""
    expr = value.expr
    if not value.shape:
        return expr
    if isinstance(expr, sp.Transpose) and len(indices) == 2:
        return at_entry(Value(expr.arg, value.shape[::-1]), indices[::-1])
    if isinstance(expr, At):
        return expr.definition(*indices)
    return entry(expr, *indices)


def axes_of(value: Value) -> list[tuple[Any, Any]]:
    """An index for each axis of size other than 1, None for the others, with the size."""
    return [(None if size == 1 else fresh_index("i"), size) for size in value.shape]


def reach(reader: Reader, of: Value, by: Value, node: Node | None = None) -> None:
    """Insist that something is known of how the one depends on the other.

    :raises Undeclared: where its definitions never speak of it: they stand in prose then.
    """
    wanted = _names(by.expr)
    if not by.is_scalar or len(wanted) > 1:
        wanted = {name for name in wanted if not getattr(name, "is_integer", False)} or wanted
    pending, seen = [of.expr], set()
    while pending:
        for name in _names(pending.pop()):
            if name in wanted:
                return
            if name not in seen:
                seen.add(name)
                if name in reader.where:
                    pending.append(reader.where[name])
    if "a point" in reader.choices.made.values():
        raise Absurd("a point, where it is differentiated in what one is made of")
    raise Undeclared(
        f"nothing says how {sp.sstr(of.expr)[:60]} depends on {sp.sstr(by.expr)[:40]}",
        "its definition",
        node,
    )


def _names(expr: Any) -> set[Any]:
    return {part for part in sp.preorder_traversal(expr) if isinstance(part, SYMBOLS)}


def oriented(reader: Reader, of: Value, by: Value, nabla: bool = False) -> Value:
    """∂of/∂by as an array, in the layout of this reading."""
    of = values.as_matrix(of)
    reach(reader, of, by)
    if of.is_scalar:
        return _gradient(reader, [of], by, nabla)
    return contracted(reader, [of], by, nabla)


def _gradient(reader: Reader, path: list[Value], by: Value, nabla: bool) -> Value:
    whole = scalar(path[0])
    if by.is_scalar:
        return Value(partial(whole, scalar(by)))
    whole_array = isinstance(by.expr, sp.MatrixSymbol | sp.Transpose)
    if len(path) == 1 and (whole_array or (reader.in_time and isinstance(by.expr, At))):
        made = Value(partial(whole, by.expr), by.shape, by.thin)
        return _laid_out(reader, made, by, nabla)
    return contracted(reader, path, by, nabla)


def _laid_out(reader: Reader, made: Value, by: Value, nabla: bool) -> Value:
    """A gradient, of the shape of what it is taken in, as the layout has it."""
    if not nabla and gradient_layout(reader, by) == "numerator":
        return transpose(made)
    return made


def gradient_layout(reader: Reader, by: Value) -> str:
    if by.is_scalar:
        return "denominator"
    return reader.choices.pick("layout of gradients", ("denominator", "numerator"))


def jacobian_layout(reader: Reader) -> str:
    return reader.choices.pick("layout of Jacobians", ("numerator", "denominator"))


def contracted(reader: Reader, path: list[Value], by: Value, nabla: bool = False) -> Value:
    """∂path[0]/∂path[1] ⋯ ∂path[-1]/∂by, summed over all entries of what stands between."""
    first = path[0]
    outer = axes_of(first) if not first.is_scalar else []
    inner = axes_of(by) if not by.is_scalar else []
    if first.is_scalar:
        here = scalar(first)
    else:
        here = at_entry(first, tuple(0 if k is None else k for k, _ in outer))
    expr: Any = sp.S.One
    limits: list[Any] = []
    for step in path[1:]:
        middle = axes_of(step) if not step.is_scalar else []
        there = (
            at_entry(step, tuple(0 if k is None else k for k, _ in middle))
            if middle
            else scalar(step)
        )
        expr = expr * partial(here, there)
        limits.extend((k, 0, size - 1) for k, size in middle if k is not None)
        here = there
    last = at_entry(by, tuple(0 if k is None else k for k, _ in inner)) if inner else scalar(by)
    expr = expr * partial(here, last)
    if limits:
        expr = sp.Sum(expr, *limits)
    if not outer and not inner:
        return Value(expr)
    if not outer:
        made = Value(_array(expr, inner), by.shape, by.thin)
        return _laid_out(reader, made, by, nabla)
    if not inner:
        return Value(_array(expr, outer), first.shape, first.thin)
    if values.is_vector(first) and values.is_vector(by):
        (i, rows), (j, cols) = _long(outer), _long(inner)
        jacobian = Value(sp.FunctionMatrix(rows, cols, sp.Lambda((i, j), expr)), (rows, cols))
        if jacobian_layout(reader) == "numerator":
            return jacobian
        return transpose(jacobian)
    axes = [(k or fresh_index("i"), size) for k, size in (*outer, *inner)]
    return Value(tensor(expr, *axes), (*first.shape, *by.shape))


def _long(axes: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    for index, size in axes:
        if index is not None:
            return index, size
    raise Misfit("a vector of one entry")


def _array(expr: Any, axes: list[tuple[Any, Any]]) -> Any:
    named = [(index or fresh_index("i"), size) for index, size in axes]
    if len(named) == 2:
        (i, rows), (j, cols) = named
        return sp.FunctionMatrix(rows, cols, sp.Lambda((i, j), expr))
    return tensor(expr, *named)


def chains(reader: Reader, run: list[tree.Derivative]) -> list[Value]:
    """Derivatives that stand side by side: those that cancel are one, contracted."""
    groups: list[list[tree.Derivative]] = []
    for node in run:
        if groups and _cancels(groups[-1], node):
            groups[-1].append(node)
        else:
            groups.append([node])
    return [_chain_value(reader, group) for group in groups]


def _single(node: tree.Derivative) -> bool:
    return node.order is None and len(node.by) == 1 and node.by[0].order is None


def _spelt(node: Node | None) -> str:
    if node is None:
        return ""
    name = mention(node)
    return name.key if name is not None and not name.after else text_of(node)


def _cancels(group: list[tree.Derivative], node: tree.Derivative) -> bool:
    """Whether a derivative goes on with a chain, from the left or from the right."""
    if not (_single(node) and all(map(_single, group))):
        return False
    onward = _spelt(group[-1].by[0].variable) == _spelt(node.of)
    backward = _spelt(group[-1].of) == _spelt(node.by[0].variable)
    if len(group) == 1:
        return onward or backward
    was_onward = _spelt(group[0].by[0].variable) == _spelt(group[1].of)
    return onward if was_onward else backward


def _chain_value(reader: Reader, group: list[tree.Derivative]) -> Value:
    if len(group) == 1:
        return read_derivative(reader, group[0])
    if _spelt(group[0].by[0].variable) != _spelt(group[1].of):
        group = group[::-1]
    by = wrt(reader, group[-1].by[0].variable)
    assert group[0].of is not None
    path = [values.as_matrix(numerator(reader, group[0].of, group[0].by[0].variable))]
    path += [wrt(reader, node.by[0].variable) for node in group[:-1]]
    for one, other in zip(path, [*path[1:], by], strict=True):
        reach(reader, one, other, group[0])
    return contracted(reader, path, by)


# ---------------------------------------------------------------------------------------- losses


def loss(reader: Reader, name: Mention) -> Value:
    """A scalar that nothing defines: any function of what is computed last.

    :raises Undeclared: where nothing is computed from what it is differentiated in.
    """
    key = name.key
    if key in reader.symbols:
        return reader.symbols[key]
    sees = reader.sees(key) if reader.sees is not None else ()
    if not sees:
        raise Undeclared(
            f"what {pretty(key)} depends on is not said",
            f"{pretty(key)} = any scalar of …",
            name.node,
        )
    arguments = [by_key(reader, seen, name.node) for seen in sees]
    reader.note(
        f"{pretty(key)} is any scalar function of {', '.join(pretty(seen) for seen in sees)}"
    )
    label = pretty(key)
    made = sp.Symbol(label, real=True)
    reader.used[label] = key
    reader.where[made] = ScalarFunction(label)(*(argument.expr for argument in arguments))
    reader.symbols[key] = Value(made)
    return reader.symbols[key]


__all__ = [
    "Definition",
    "Taken",
    "Unsure",
    "argument_of",
    "chains",
    "contracted",
    "derivative",
    "gradient_layout",
    "is_operator",
    "is_transpose",
    "jacobian_layout",
    "loss",
    "numerator",
    "operated",
    "operator",
    "oriented",
    "re",
    "wrt",
]
