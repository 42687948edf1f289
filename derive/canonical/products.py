"""Products over ranges, and powers with whole exponents."""

from __future__ import annotations

from fractions import Fraction

from derive.base.errors import UnsupportedError
from derive.canonical.atoms import (
    ExpAtom,
    IndexBracketAtom,
    MaximumAtom,
    OneRangeAtom,
    Polynomial,
    ProductAtom,
    WholePowerAtom,
)
from derive.canonical.laws import law
from derive.canonical.ranges import UNROLLED
from derive.canonical.verbs import Verbs
from derive.core.integers import FRESH, ZERO, Var, as_poly, is_nonnegative


def whole_power_of(n: Verbs, base: Polynomial, exponent: Polynomial) -> Polynomial:
    """(a·b)^e = a^e·b^e, whatever the signs."""
    if not base:
        if n.sign(exponent) == "+":
            return {}
        raise UnsupportedError("zero to a power that is not seen to be positive")
    result: Polynomial = {(): 1}
    if len(base) == 1:
        ((monomial, coefficient),) = base.items()
        parts: list[tuple[Polynomial, int]] = [
            ({((a, 1),): 1}, e) for a, e in monomial if isinstance(e, int)
        ]
        if len(parts) == len(monomial):
            if coefficient < 0:
                parts.append(({(): -1}, 1))
            size = n.constant(abs(Fraction(coefficient)))
            result = n.exp(n.multiply(exponent, n.log(size)))
            for part, e in parts:
                powered = _integer_power(n, part, n.scale(exponent, e))
                result = n.multiply(result, powered)
            return result
    return _integer_power(n, base, exponent)


def _integer_power(n: Verbs, base: Polynomial, exponent: Polynomial) -> Polynomial:
    result: Polynomial = {(): 1}
    if n.sign(base) == "+":
        return n.exp(n.multiply(exponent, n.log(base)))
    for monomial, coefficient in exponent.items():
        if not monomial:
            result = n.multiply(result, n.power(base, coefficient))
        elif base == {(): -1} and coefficient % 2 == 0:
            continue
        else:
            atom = n.atom(WholePowerAtom, n.key(base), monomial)
            result = n.multiply(result, n.of_atom(atom, coefficient))
    return result


@law("integer power")
def integer_power(n: Verbs, base: Polynomial, exponent: Polynomial) -> Polynomial:
    """b^e for an e that takes whole values only, on every side of the brackets in b: 0^e = 0
    where e > 0.

    :raises UnsupportedError: for 0^e where e may be 0, since 0^0 = 1, or negative.
    """
    return n.split(base, lambda part: whole_power_of(n, part, exponent))


@law("product over a range")
def product_over(n: Verbs, variable: Var, body: Polynomial) -> Polynomial:
    """Π over the range of a variable, its factors apart that an induction is about.

    Always: the factors of a finite product may be taken in any order.
    """
    low, high = variable.low, variable.high
    assert low is not None and high is not None
    length = (high - low).constant
    if length is not None and length < UNROLLED:
        values = (low + k for k in range(int(length) + 1))
        return n.multiply(*(n.substitute(body, {variable: v}) for v in values))
    parted = n.recursion.parted(variable, body.keys(), n.recursion.factors_past)
    if parted is not None:
        shorter, places = parted
        rest = n.product_over(shorter, n.substitute(body, {variable: as_poly(shorter)}))
        apart = (n.substitute(body, {variable: place}) for place in places)
        return n.multiply(rest, *apart)
    replaced = one_factor_replaced(n, variable, body)
    if replaced is not None:
        return replaced
    if len(body) != 1:
        return n.bind(ProductAtom, variable, body)
    ((monomial, coefficient),) = body.items()
    result = repeated(n, variable, n.constant(coefficient))
    for atom, exponent in monomial:
        if variable not in atom.free:
            factor = repeated(n, variable, n.of_atom(atom, exponent))
        elif isinstance(atom, ExpAtom):
            factor = n.exp(n.sum_over(variable, {atom.argument: exponent}))
        else:
            factor = n.power(n.bind(ProductAtom, variable, n.of_atom(atom)), exponent)
        result = n.multiply(result, factor)
    return result


@law("repeated factor")
def repeated(n: Verbs, variable: Var, factor: Polynomial) -> Polynomial:
    """Π_k c = c^n where c does not depend on k."""
    assert variable.low is not None and variable.high is not None
    length = variable.high - variable.low + 1
    if factor == {(): 1}:
        return factor
    if length.constant is not None or not is_nonnegative(length):
        return n.bind(ProductAtom, variable, factor)
    if n.sign(factor) != "+":
        return n.integer_power(factor, n.of_integer(length))
    return n.exp(n.multiply(n.of_integer(length), n.log(factor)))


@law("one factor replaced")
def one_factor_replaced(n: Verbs, variable: Var, body: Polynomial) -> Polynomial | None:
    """Π_k (a_k, but b_e at k = e) = Π_k a_k · b_e/a_e for an e in range, and
    Π_{k<e} a_k · b_e · Π_{k>e} a_k.

    Where a_e is known not to be zero in the first, and always in the second.
    """
    for atom in dict.fromkeys(a for m in body for a, _ in m):
        if not isinstance(atom, IndexBracketAtom) or atom.relation != "=":
            continue
        slope = atom.poly.coefficient(variable)
        if slope is None or slope.constant not in (1, -1):
            continue
        place = (as_poly(variable) * slope - atom.poly) * slope
        assert variable.low is not None and variable.high is not None
        inside = n.multiply(
            n.index_bracket(">=", place - variable.low),
            n.index_bracket(">=", variable.high - place),
        )
        new, old = n.sides_of(body, atom)
        if not inside:
            return n.product_over(variable, old)
        here = {variable: place}
        removed = n.substitute(old, here)
        if n.sign(removed) not in ("+", "-") and not n.known(n.primitive(removed)[0], "!="):
            before = Var(variable.name, FRESH, variable.low, place - 1)
            after = Var(variable.name, FRESH, place + 1, variable.high)
            rest = (n.product_over(v, n.substitute(old, {variable: as_poly(v)}))
                    for v in (before, after))  # fmt: skip
            replaced = n.multiply(inside, n.substitute(new, here), *rest)
            if inside == {(): 1}:
                return replaced
            outside = n.subtract({(): 1}, inside)
            return n.add(replaced, n.multiply(outside, n.product_over(variable, old)))
        n.divided_by[n.key(removed)] = None
        ratio = n.multiply(n.substitute(new, here), n.power(removed, -1))
        replaced = n.add({(): 1}, n.multiply(inside, n.subtract(ratio, {(): 1})))
        return n.multiply(replaced, n.product_over(variable, old))
    return None


@law("range of a binder")
def bind(n: Verbs, kind: type[OneRangeAtom], variable: Var, body: Polynomial) -> Polynomial:
    """A product or a maximum over a range, as an atom with a canonical index.

    Always: an index has no meaning outside of its range.
    """
    low, high = variable.low, variable.high
    assert low is not None and high is not None
    if low != ZERO:
        shifted = Var(variable.name, FRESH, ZERO, high - low)
        body = n.substitute(body, {variable: as_poly(shifted) + low})
        variable, high = shifted, high - low
    if not any(variable in a.free for m in body for a, _ in m):
        if kind is MaximumAtom or body == {(): 1}:
            return body
        length = (high + 1).constant
        if length is not None:
            return n.power(body, max(int(length), 0))
        if n.sign(body) == "+" and is_nonnegative(high + 1):
            return n.exp(n.multiply(n.of_integer(high + 1), n.log(body)))
    height = max((a.height for m in body for a, _ in m), default=0)
    named = n.substitute(body, {variable: as_poly(n.bound(height))})
    return n.of_atom(n.atom(kind, (high,), n.key(named)))
