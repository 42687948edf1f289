"""Why one thing is at most another, beyond the signs of terms: bounds of single terms, functions
that grow, and the index at which a maximum is attained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import reduce
from itertools import chain, combinations
from math import gcd
from typing import Any

from derive.canonical.atoms import (
    Atom,
    CosAtom,
    EntryAtom,
    ExpAtom,
    Exponent,
    FunctionAtom,
    MaximumAtom,
    Monomial,
    Number,
    Polynomial,
    SumAtom,
)
from derive.canonical.forms import Normaliser
from derive.canonical.powers import GROWING
from derive.canonical.state import Contraction
from derive.core.functions import FUNCTIONS
from derive.core.integers import FREE, ZERO, Poly, Var, as_poly, is_nonnegative

BETWEEN_ONES = frozenset(name for name, f in FUNCTIONS.items() if f.between_ones)
FEW = 4  # terms of which a square is taken
MAX_TUPLE = 4  # indices over which a sum is taken at once

Test = Callable[[Polynomial], bool]


def lower_bounds(
    n: Normaliser, poly: Polynomial, test: Test, wide: bool = True
) -> Iterator[Polynomial]:
    """Bounds from below: |sin x| ≤ 1 and its like; 0 ≤ Mod(x, b) ≤ b; by convexity, exp x ≥ 1 + x
    and −log p ≥ 1 − p; a logarithm against x is its argument against exp x; a maximum is at least
    each entry; a sum of what is nonnegative is at least any of its terms.

    :param wide: whether the rest of a sum is taken under it in more than one way.
    """
    yield from _by_logarithms(n, poly)
    yield from _below_sums(n, poly, test, wide)
    yield from _entries_of_maximum(n, poly, test)
    for monomial, coefficient in poly.items():
        rest = {m: c for m, c in poly.items() if m != monomial}
        if all(n.lasts(poly, a) for a, _ in monomial):
            yield from _by_exponential(n, monomial, coefficient, rest)
        diagonal = _on_diagonals(n, monomial, coefficient)
        if diagonal is not None:
            yield n.add(rest, diagonal)
        yield from _by_remainder(n, monomial, coefficient, rest)
        if len(monomial) != 1:
            continue
        ((atom, exponent),) = monomial
        bounded = isinstance(atom, CosAtom) or (
            isinstance(atom, FunctionAtom) and atom.name in BETWEEN_ONES
        )
        if bounded and exponent == 1:
            yield n.subtract(rest, n.constant(abs(Fraction(coefficient))))
        elif isinstance(atom, ExpAtom) and coefficient > 0:
            line = n.add({(): 1}, {atom.argument: exponent})
            yield n.add(rest, n.scale(line, coefficient))
    for monomial, coefficient in poly.items():
        rest = {m: c for m, c in poly.items() if m != monomial}
        if len(rest) <= FEW:
            yield from _by_squares(n, monomial, coefficient, rest, test)


def _by_remainder(
    n: Normaliser, monomial: Monomial, coefficient: Number, rest: Polynomial
) -> Iterator[Polynomial]:
    """s·Mod(x, b) ≥ 0 and −s·Mod(x, b) ≥ −s·b, for s ≥ 0 and b > 0."""
    found = [a for a, e in monomial if isinstance(a, FunctionAtom) and a.name == "Mod" and e == 1]
    outside = n.monomial({a: e for a, e in monomial if a not in found})
    if len(found) != 1 or n.monomial_sign(outside) not in ("+", "0+"):
        return
    by = dict(found[0].args[1])
    if n.sign(by) == "+":
        most = n.multiply({outside: coefficient}, by)
        yield rest if coefficient > 0 else n.add(rest, most)


def _by_exponential(
    n: Normaliser, monomial: Monomial, coefficient: Number, rest: Polynomial
) -> Iterator[Polynomial]:
    """r ≥ s·log p where exp(r/s) ≥ p, and s·log p ≥ −r where p·exp(r/s) ≥ 1, for s > 0."""
    logs = [a for a, e in monomial if isinstance(a, FunctionAtom) and a.name == "log" and e == 1]
    outside = n.monomial({a: e for a, e in monomial if a not in logs})
    if len(logs) != 1 or n.monomial_sign(outside) != "+":
        return
    scale = n.power({outside: abs(Fraction(coefficient))}, -1)
    power = n.exp(n.multiply(rest, scale))
    inside = dict(logs[0].args[0])
    if coefficient < 0:
        yield n.subtract(power, inside)
    else:
        yield n.subtract(n.multiply(inside, power), {(): 1})


def _by_squares(
    n: Normaliser, root: Monomial, coefficient: Number, rest: Polynomial, test: Test
) -> Iterator[Polynomial]:
    """c·√p ≥ −x where c²·p ≥ x², for c ≥ 0; x ≥ c·√p where x ≥ 0 and x² ≥ c²·p."""
    if all(isinstance(e, int) for _, e in root) or n.monomial_sign(root) not in ("+", "0+"):
        return
    squared = n.settled({a: 2 * e for a, e in root}, coefficient * coefficient)
    gap = n.subtract(squared, n.multiply(rest, rest))
    if coefficient > 0:
        yield gap
    elif test(rest):
        yield n.scale(gap, -1)


def _by_logarithms(n: Normaliser, poly: Polynomial, k: Var | None = None) -> Iterator[Polynomial]:
    """s·(c·log p + d·log q + …) ≥ s·m·(1 − p^(−c/m)·q^(−d/m)·…) for s ≥ 0 and a common factor
    m ≥ 1, as x ≥ m − m·exp(−x/m); and for an s that depends on the index k, if there is one, of all
    that it is multiplied by.
    """
    groups: dict[Monomial, Polynomial] = {}
    for monomial, coefficient in poly.items():
        logs = [
            a for a, e in monomial if isinstance(a, FunctionAtom) and a.name == "log" and e == 1
        ]
        if len(logs) == 1:
            outside = n.monomial({a: e for a, e in monomial if a is not logs[0]})
            groups.setdefault(outside, {})[((logs[0], 1),)] = coefficient
    for outside, logs_of_it in groups.items():
        if n.monomial_sign(outside) in ("+", "0+"):
            taken = n.multiply({outside: 1}, logs_of_it)
            line = _below_a_logarithm(n, logs_of_it)
            yield n.add(n.subtract(poly, taken), n.multiply({outside: 1}, line))
            weighs = k is not None and any(k in a.free for a, _ in outside)
            multiplied = _multiplied_by(n, poly, outside) if weighs else {}
            if multiplied != logs_of_it and multiplied:
                line = _below_a_logarithm(n, multiplied)
                taken = n.multiply({outside: 1}, multiplied)
                yield n.add(n.subtract(poly, taken), n.multiply({outside: 1}, line))


def _below_a_logarithm(n: Normaliser, logs: Polynomial) -> Polynomial:
    """m·(1 − exp(−x/m)), which is at most x, for a common factor m ≥ 1 of the terms of x: the
    larger m is, the closer.
    """
    most = max(abs(Fraction(n.primitive(logs)[1])), Fraction(1))
    return n.scale(n.subtract({(): 1}, n.exp(n.scale(logs, -1 / most))), most)


def _multiplied_by(n: Normaliser, poly: Polynomial, factor: Monomial) -> Polynomial:
    """The sum of what a product stands beside in the terms of a polynomial."""
    found: Polynomial = {}
    for monomial, coefficient in poly.items():
        rest = without_factors(dict(monomial), factor)
        if rest:
            found = n.add(found, n.settled(rest, coefficient))
    return found


def gathered(n: Normaliser, poly: Polynomial) -> tuple[Var, Polynomial, Polynomial] | None:
    """An index k, g and r with Σ_k g(k) + r = the polynomial: its sums of one range under one
    sign, a multiple of the number of values among them. None where there is no such sum.
    """
    highs = {a.highs[0] for m in poly for a, _ in m if isinstance(a, SumAtom) and len(a.highs) == 1}
    if len(highs) != 1:
        return None
    (high,) = highs
    if not is_nonnegative(high + 1):
        return None
    k = Var("k", FREE, ZERO, high)
    count = count_of(n, high)
    body: Polynomial = {}
    rest: Polynomial = {}
    for monomial, coefficient in poly.items():
        taken = next(
            (a for a, e in monomial if isinstance(a, SumAtom) and e == 1 and a.highs == (high,)),
            None,
        )
        if taken is not None:
            outside = n.settled({a: e for a, e in monomial if a is not taken}, coefficient)
        elif count is not None and (left := without_factors(dict(monomial), count[0])) is not None:
            outside = n.settled(left, Fraction(coefficient) / count[1])
        else:
            rest[monomial] = coefficient
            continue
        inside = summand_at(n, taken, k)
        body = n.add(body, n.multiply(outside, inside))
    return k, body, rest


def count_of(n: Normaliser, high: Poly) -> tuple[Monomial, Number] | None:
    """The number of values from 0 to an end as sizes and a coefficient, such as 2n or n·m; None
    where it is a number or a sum.
    """
    terms = n.of_integer(high + 1)
    if len(terms) != 1 or () in terms:
        return None
    return next(iter(terms.items()))


def without_factors(
    exponents: dict[Atom, Exponent], factors: Monomial
) -> dict[Atom, Exponent] | None:
    """A product without some of its factors, None where it does not have them."""
    if any(exponents.get(a, 0) < e for a, e in factors):
        return None
    taken = dict(factors)
    return {a: e - taken.get(a, 0) for a, e in exponents.items() if e != taken.get(a, 0)}


def _below_sums(n: Normaliser, poly: Polynomial, test: Test, wide: bool) -> Iterator[Polynomial]:
    """Σ_k g(k) + r is at least r, and at least g(e) + r for an index e in range, for g ≥ 0; it is
    at least Σ_k h(k) + r for a lower bound h of g.
    """
    found = gathered(n, poly)
    for k, body, rest in (*(() if found is None else (found,)), *_with_rests(n, poly, found, wide)):
        assert k.high is not None
        if (rest or (k, body, rest) != found) and test(body):
            yield rest
            for place in dict.fromkeys(i for m in rest for a, _ in m for i in indices(a)):
                if is_nonnegative(place) and is_nonnegative(k.high - place):
                    yield n.add(rest, n.substitute(body, {k: place}))
        bounds = _by_logarithms(n, body, k), _by_tangents(n, body, rest, k), _by_bounds(n, body, k)
        for bound in chain(*bounds):
            yield n.add(rest, n.sum_over(k, bound))


def _with_rests(
    n: Normaliser,
    poly: Polynomial,
    found: tuple[Var, Polynomial, Polynomial] | None,
    wide: bool,
) -> Iterator[tuple[Var, Polynomial, Polynomial]]:
    """k, g and r with Σ_k g(k) + r = the polynomial, where r, or the number in it, has been taken
    under the sum: for 1 = Σ_k w(k) by an equation that is given, or for w = 1/n.
    """
    for k, units in _units(n, poly, found, wide):
        _, body, rest = found if found is not None else (k, {}, poly)
        number = {m: c for m, c in rest.items() if not m}
        for moved in (rest, number) if number and number != rest else (rest,):
            left = n.subtract(rest, moved)
            for unit in units if moved else ():
                yield k, n.add(body, n.multiply(moved, unit)), left


def _weights(n: Normaliser, rule: Contraction, poly: Polynomial, k: Var) -> Iterator[Polynomial]:
    """What is under the sum of a given equation, at k: for each row of which a polynomial
    speaks, where the equation is given for every row.
    """
    body = n.substitute({rule.factors: 1}, {rule.bound[0]: as_poly(k)})
    if not rule.open:
        yield body
    elif len(rule.open) == 1 and len(rule.factors) == 1:
        (row,) = rule.open
        entry = rule.factors[0][0]
        if isinstance(entry, EntryAtom) and as_poly(row) in entry.indices:
            axis = entry.indices.index(as_poly(row))
            entries = (a for m in poly for b, _ in m for a in _entries(b))
            rows = dict.fromkeys(a.indices[axis] for a in entries if a.array is entry.array)
            yield from (n.substitute(body, {row: place}) for place in rows if place != as_poly(k))


def _entries(atom: Atom) -> Iterator[EntryAtom]:
    """The entries in an atom."""
    stack: list[Any] = [atom]
    while stack:
        part = stack.pop()
        if isinstance(part, Atom):
            if isinstance(part, EntryAtom):
                yield part
            stack.extend(part.data)
        elif isinstance(part, tuple):
            stack.extend(part)


def _units(
    n: Normaliser,
    poly: Polynomial,
    found: tuple[Var, Polynomial, Polynomial] | None,
    wide: bool,
) -> Iterator[tuple[Var, list[Polynomial]]]:
    """Ranges with what has the sum 1 over them: given weights, combinations of two of them, and
    one over the number of values.
    """
    weights: dict[Var, list[Polynomial]] = {}
    for rule in n.given.contractions:
        if len(rule.bound) == 1 and set(rule.value) == {()}:
            k = Var("k", FREE, ZERO, rule.highs[0]) if found is None else found[0]
            if k.high != rule.highs[0]:
                continue
            for weight in _weights(n, rule, poly, k):
                n.used[rule.label] = None
                weights.setdefault(k, []).append(n.scale(weight, 1 / Fraction(rule.value[()])))
    for k, given in weights.items():
        combined = []
        for p, q in combinations(given, 2) if wide else ():
            combined += [n.scale(n.add(p, q), Fraction(1, 2))]
            combined += [n.subtract(n.scale(a, 2), b) for a, b in ((p, q), (q, p))]
        yield k, given + combined
    if wide and found is not None and found[0].high is not None:
        yield found[0], [n.power(n.of_integer(found[0].high + 1), -1)]


def _by_tangents(n: Normaliser, body: Polynomial, rest: Polynomial, k: Var) -> Iterator[Polynomial]:
    """s·exp a ≥ s·exp b·(1 + a − b) for s ≥ 0: by convexity, with b = 0 or the exponent of an
    exponential that does not depend on the index.
    """
    points = [_exponent(n, m) for m in (*rest, *body)]
    fixed = [p for p in points if p and all(k not in a.free for m in p for a, _ in m)]
    for point in [{}, *fixed]:
        result: Polynomial = {}
        for monomial, coefficient in body.items():
            exponent = _exponent(n, monomial)
            outside = n.monomial({a: e for a, e in monomial if not isinstance(a, ExpAtom)})
            convex = any(k in a.free for m in exponent for a, _ in m) and coefficient > 0
            if convex and n.monomial_sign(outside) in ("+", "0+"):
                line = n.add({(): 1}, n.subtract(exponent, point))
                result = n.add(result, n.multiply({outside: coefficient}, n.exp(point), line))
            else:
                result = n.add(result, {monomial: coefficient})
        if result != body:
            yield result


def _by_bounds(n: Normaliser, body: Polynomial, k: Var) -> Iterator[Polynomial]:
    """Less a multiple of (x_k − a)·(b − x_k) ≥ 0 for entries that are given to be between two
    bounds, so that a term cancels.
    """
    bounds = []
    for fact in n.signs.facts:
        if len(fact.open) == 1 and fact.sign != "!=":
            at_k = n.substitute(dict(fact.key), {next(iter(fact.open)): as_poly(k)})
            bounds.append((n.scale(at_k, 1 if "+" in fact.sign else -1), fact.label))
    for (p, label), (q, other) in combinations(bounds, 2) if len(bounds) <= FEW else ():
        product = n.multiply(p, q)
        for monomial, coefficient in body.items():
            for part, c in product.items():
                times = n.divided({monomial: coefficient}, c, dict(part))
                ((outside, ratio),) = times.items()
                fixed = all(k not in a.free for a, _ in outside)
                if ratio > 0 and fixed and n.monomial_sign(outside) in ("+", "0+"):
                    n.used |= {label: None, other: None}
                    yield n.subtract(body, n.multiply(times, product))


def _exponent(n: Normaliser, monomial: Monomial) -> Polynomial:
    """The exponent of the exponentials in a product, taken together."""
    return n.add({}, *({a.argument: e} for a, e in monomial if isinstance(a, ExpAtom)))


def _entries_of_maximum(n: Normaliser, poly: Polynomial, test: Test) -> Iterator[Polynomial]:
    """s·max_k f(k) ≥ s·f(e) for s ≥ 0 and each index e in range that the rest mentions; the same
    of a power, for f(e) ≥ 0.
    """
    maxima = ((a, e) for m in poly for a, e in m if isinstance(a, MaximumAtom) and e > 0)
    for atom, exponent in dict.fromkeys(maxima):
        times: Polynomial = {}
        rest: Polynomial = {}
        for monomial, coefficient in poly.items():
            others = {a: e for a, e in monomial if a is not atom}
            if dict(monomial).get(atom) == exponent:
                times[n.monomial(others)] = coefficient
            else:
                rest[monomial] = coefficient
        if any(_mentions(a, atom) for m in times for a, _ in m) or not test(times):
            continue
        high, key = atom.high, atom.body
        for place in dict.fromkeys(i for m in rest for a, _ in m for i in indices(a)):
            if is_nonnegative(place) and is_nonnegative(high - place):
                value = n.substitute(dict(key), {n.bound(atom.height - 1): place})
                if exponent == 1 or test(value):
                    power = n.power(value, exponent)
                    yield n.add(rest, n.multiply(times, power))


def attained(n: Normaliser, poly: Polynomial) -> Polynomial | None:
    """The polynomial with max_k f(k) replaced by f(k) at some k: nobody says at which. First one
    that is subtracted, where there is one.

    What is true whatever k is, is true of the maximum, which is one of the f(k).
    """
    signs: dict[MaximumAtom, bool] = {}
    for monomial, coefficient in poly.items():
        for atom, _ in monomial:
            if isinstance(atom, MaximumAtom):
                signs[atom] = signs.get(atom, False) or coefficient > 0
    for atom in sorted(signs, key=signs.__getitem__):
        high, key = atom.high, atom.body
        if any(a is not atom and _mentions(a, atom) for m in poly for a, _ in m):
            continue
        if not is_nonnegative(high):
            continue  # over an empty range there is no maximum
        k = Var("k", FREE, ZERO, high)
        value = n.substitute(dict(key), {n.bound(atom.height - 1): as_poly(k)})
        result: Polynomial = {}
        for monomial, coefficient in poly.items():
            exponents = dict(monomial)
            power = exponents.pop(atom, 0)
            part = n.settled(exponents, coefficient)
            result = n.add(result, n.multiply(part, n.power(value, power)))
        return result
    return None


def grows(n: Normaliser, poly: Polynomial, is_nonnegative_here: Test) -> bool:
    """f(p) ≥ f(q) for p ≥ q and a function f that grows: one of the known ones, a power of what
    is nonnegative, and the exponential, by comparing logarithms.
    """
    if len(poly) != 2 or (min(poly.values()) < 0) == (max(poly.values()) < 0):
        return False
    (more, c), (less, d) = sorted(poly.items(), key=lambda item: -item[1])
    if c == -d and len(more) == len(less) == 1:
        (a, e), (b, f) = more[0], less[0]
        if (
            e == f == 1
            and isinstance(a, FunctionAtom)
            and isinstance(b, FunctionAtom)
            and a.name == b.name in GROWING
        ):
            return is_nonnegative_here(n.subtract(dict(a.args[0]), dict(b.args[0])))
    if c == -d and _roots_in_order(n, more, less, is_nonnegative_here):
        return True
    if any(isinstance(a, ExpAtom) for a, _ in (*more, *less)) and (
        n.monomial_sign(more) == n.monomial_sign(less) == "+"
    ):
        return is_nonnegative_here(n.subtract(n.log({more: c}), n.log({less: -d})))
    return False


def _roots_in_order(
    n: Normaliser, more: Monomial, less: Monomial, is_nonnegative_here: Test
) -> bool:
    """pᵉ ≥ qᵉ for p ≥ q ≥ 0 and e > 0."""
    exponents = [Fraction(e) for _, e in (*more, *less)]
    if not exponents or min(exponents) <= 0:
        return False
    denominator = reduce(lambda x, y: x * y // gcd(x, y), (e.denominator for e in exponents))
    common = Fraction(reduce(gcd, (int(e * denominator) for e in exponents)), denominator)
    if common == 1:
        return False
    p, q = (n.settled({a: Fraction(e) / common for a, e in m}, 1) for m in (more, less))
    return is_nonnegative_here(q) and is_nonnegative_here(n.subtract(p, q))


def _on_diagonals(n: Normaliser, monomial: Monomial, coefficient: Number) -> Polynomial | None:
    """A lower bound: Σ_i Σ_j f(i, j) ≥ Σ_i f(i, i) for f ≥ 0 and indices of one range."""
    for atom, exponent in monomial:
        if not isinstance(atom, SumAtom) or exponent != 1 or coefficient <= 0:
            continue
        (i, *others), inside = n.opened(atom)
        outside = {a: e for a, e in monomial if a is not atom}
        if len(others) != 1 or others[0].high != i.high:
            continue
        if all(n.monomial_sign(m) in ("+", "0+") for m in (n.monomial(outside), *inside)):
            diagonal = n.sum_over(i, n.substitute(inside, {others[0]: as_poly(i)}))
            return n.multiply(n.settled(outside, coefficient), diagonal)
    return None


def summand_at(n: Normaliser, atom: SumAtom | None, index: Var) -> Polynomial:
    """What stands under a sum, at an index."""
    if atom is None:
        return {(): 1}
    (opened,), inside = n.opened(atom)
    return n.substitute(inside, {opened: as_poly(index)})


def _mentions(atom: Atom, other: Atom) -> bool:
    stack: list[Any] = [atom.data]
    while stack:
        part = stack.pop()
        if part is other:
            return True
        if isinstance(part, Atom):
            stack.extend(part.data)
        elif isinstance(part, tuple):
            stack.extend(part)
    return False


def indices(atom: Atom) -> Iterator[Poly]:
    """The index expressions in an atom, those of bound variables among them."""
    stack: list[Any] = [atom]
    while stack:
        part = stack.pop()
        if isinstance(part, Atom):
            stack.extend(part.data)
        elif isinstance(part, Poly):
            yield part
        elif isinstance(part, tuple):
            stack.extend(part)
