"""Fractions that are derivatives: ∂L/∂W, d²y/dx², and what is above and below in them."""

from __future__ import annotations

from dataclasses import replace

from derive.frontends.document.tree import (
    Derivative,
    Fraction,
    Letter,
    Node,
    Number,
    Product,
    Run,
    Script,
    Styled,
    Wrt,
)

_Above = tuple[str, Node | None, tuple[Node, ...]]


def as_derivative(fraction: Fraction) -> Node:
    """The derivative that a fraction is written as; the fraction itself where it is none."""
    subscripts = _by_subscripts(fraction)
    if subscripts is not None:
        return subscripts
    above = _above(fraction.numerator)
    below = _below(fraction.denominator, above) if above else ()
    if above is None or not below:
        return fraction
    symbol, order, of = above
    return Derivative(
        fraction.start, fraction.end, symbol, order, _product(of), below, fraction, "fraction"
    )


def with_slash(product: Product) -> Node:
    """A product with a quotient such as ∂L/∂W in it, which is one derivative."""
    factors, operators = list(product.factors), list(product.operators)
    at = 0
    while at < len(operators):
        if operators[at] == "/":
            found = _around_slash(factors, operators, at)
            if found is not None:
                first, last, derivative = found
                factors[first : last + 1] = [derivative]
                del operators[first:last]
                at = first
                continue
        at += 1
    if len(factors) == 1:
        return factors[0]
    return replace(product, factors=tuple(factors), operators=tuple(operators))


def _around_slash(
    factors: list[Node], operators: list[str], slash: int
) -> tuple[int, int, Node] | None:
    """The first and last factor of a derivative around a slash, and the derivative."""
    first = slash
    while first > 0 and operators[first - 1] == "" and _head(factors[first]) is None:
        first -= 1
    above = _above(_join(factors[first : slash + 1]))
    if above is None:
        return None
    last = slash + 1
    symbol = above[0]
    head = _head(factors[last])
    if head is None or head[0] != symbol:
        return None
    if head[2] is None:
        if last + 1 >= len(factors) or operators[last] != "":
            return None
        last += 1
    below = _below(_join(factors[slash + 1 : last + 1]), above)
    if not below:
        return None
    whole = Product(
        factors[first].start,
        factors[last].end,
        tuple(factors[first : last + 1]),
        tuple(operators[first:last]),
    )
    of = _product(above[2])
    derivative = Derivative(whole.start, whole.end, symbol, above[1], of, below, whole, "slash")
    return first, last, derivative


def _join(factors: list[Node]) -> Node:
    found = _product(tuple(factors))
    assert found is not None
    return found


def _product(factors: tuple[Node, ...]) -> Node | None:
    if not factors:
        return None
    if len(factors) == 1:
        return factors[0]
    return Product(factors[0].start, factors[-1].end, factors, ("",) * (len(factors) - 1))


def _factors(node: Node) -> tuple[Node, ...] | None:
    if not isinstance(node, Product):
        return (node,)
    return node.factors if not any(node.operators) else None


def _symbol(node: Node) -> str:
    if isinstance(node, Styled) and node.style == "roman":
        node = node.body
    if isinstance(node, Letter) and node.name in ("partial", "d", "D"):
        return node.name
    return ""


def _head(node: Node) -> tuple[str, Node | None, Node | None] | None:
    """The ∂ or d that a factor begins with, its order, and what is left of the factor."""
    if symbol := _symbol(node):
        return symbol, None, None
    if isinstance(node, Script) and node.sub is None and not node.primes and _symbol(node.base):
        return _symbol(node.base), node.sup, None
    if isinstance(node, Run) and node.text[0] == "d":
        letters = node.letters[1:]
        rest: Node = (
            letters[0]
            if len(letters) == 1
            else Run(letters[0].start, letters[-1].end, node.text[1:], letters)
        )
        return "d", None, rest
    if isinstance(node, Script) and isinstance(node.base, Run) and node.base.text[0] == "d":
        head = _head(node.base)
        assert head is not None and head[2] is not None
        inner = Script(head[2].start, node.end, head[2], node.sub, node.sup, node.primes)
        return "d", None, inner
    return None


def _above(node: Node) -> _Above | None:
    """∂ or d, its order, and the factors that it stands before."""
    factors = _factors(node)
    if factors is None:
        return None
    head = _head(factors[0])
    if head is None:
        return None
    symbol, order, rest = head
    if rest is not None and isinstance(rest, Run) and len(factors) == 1 and len(rest.text) > 1:
        return None  # a word that begins with d
    return symbol, order, (*(() if rest is None else (rest,)), *factors[1:])


def _below(node: Node, above: _Above) -> tuple[Wrt, ...]:
    """What a derivative is taken by: each ∂ or d below, with what follows it."""
    factors, (symbol, order, _) = _factors(node), above
    if factors is None:
        return ()
    groups: list[list[Node]] = []
    for factor in factors:
        head = _head(factor)
        if head is not None and head[0] == symbol and (head[2] is not None or head[1] is None):
            groups.append([] if head[2] is None else [head[2]])
        elif not groups:
            return ()
        else:
            groups[-1].append(factor)
    found: list[Wrt] = []
    for group in groups:
        variable = _product(tuple(group))
        if variable is None:
            return ()
        found.append(_wrt(variable, order is not None))
    return tuple(found)


def _wrt(variable: Node, ordered: bool) -> Wrt:
    """A variable and its order: the number that stands over it, where one stands above, too."""
    if ordered and isinstance(variable, Script) and isinstance(variable.sup, Number):
        bare: Node = variable.base
        if variable.sub is not None:
            bare = Script(variable.start, variable.end, variable.base, variable.sub, None, 0)
        return Wrt(variable.start, variable.end, bare, variable.sup)
    return Wrt(variable.start, variable.end, variable, None)


def _by_subscripts(fraction: Fraction) -> Derivative | None:
    """``\\frac{\\partial_{l}}{\\partial_{w}}``"""
    above, below = fraction.numerator, fraction.denominator
    if not (isinstance(above, Script) and isinstance(below, Script)):
        return None
    if not (_symbol(above.base) == _symbol(below.base) == "partial"):
        return None
    if above.sub is None or below.sub is None:
        return None
    by = (Wrt(below.sub.start, below.sub.end, below.sub, None),)
    return Derivative(
        fraction.start, fraction.end, "partial", above.sup, above.sub, by, fraction, "subscripts"
    )
