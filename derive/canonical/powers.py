"""Powers, exponentials, logarithms and brackets of polynomials over atoms, by their laws."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from derive.base import bounded
from derive.base.errors import BudgetExceeded
from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    BracketAtom,
    ExpAtom,
    Exponent,
    FunctionAtom,
    IndexBracketAtom,
    Polynomial,
    PrimeAtom,
    RealBracketAtom,
    UndefinedValue,
    exact,
    is_turned,
    monomial_order,
)
from derive.canonical.digits import digits, upper_digit
from derive.canonical.laws import law
from derive.canonical.perfect_squares import root_of_square
from derive.canonical.ring import MAX_EXPANDED_POWER
from derive.canonical.signs import ODD_AND_GROWING, Signs
from derive.core.functions import FUNCTIONS
from derive.core.integers import Number, Poly, is_nonnegative

GROWING = frozenset(name for name, f in FUNCTIONS.items() if f.growing)

# Functions that grow wherever they are defined; the odd ones are zero at zero.


class Algebra(Signs):
    """Adds scalar functions and brackets to the ring.

    ``apart`` are integers that are assumed not to be zero, and by what.
    """

    def __init__(self, exponentials: bool = False) -> None:
        super().__init__(exponentials)
        self.apart: dict[Poly, Any] = {}

    def power(self, poly: Polynomial, exponent: Exponent) -> Polynomial:
        """A polynomial to a rational power.

        :raises UndefinedValue: for zero to a negative power.
        """
        exponent = exact(exponent)
        if exponent == 0:
            return {(): 1}
        if exponent == 1:
            return poly
        if not poly:
            if exponent < 0:
                raise UndefinedValue("a division by zero")
            return {}
        if isinstance(exponent, int) and exponent > 0 and len(poly) > 1:
            if exponent <= MAX_EXPANDED_POWER:
                return self._whole_power(poly, exponent)
            raise BudgetExceeded(f"a sum to the power {exponent}")
        return self.split(poly, lambda part: self._power(part, exponent))

    def _power(self, poly: Polynomial, exponent: Exponent) -> Polynomial:
        if not poly:
            if exponent < 0:
                raise UndefinedValue("a division by zero")
            return {}
        if isinstance(exponent, int) and len(poly) == 1:
            ((monomial, coefficient),) = poly.items()
            return self.settled(
                {a: e * exponent for a, e in monomial}, exact(bounded.power(coefficient, exponent))
            )
        return self._base_power(poly, exponent, isinstance(exponent, int))

    @law("power")
    def _base_power(self, poly: Polynomial, exponent: Exponent, signed: bool) -> Polynomial:
        """(c·a·b)^e = c^e·a^e·b^e, of the rational content and of the factors that may leave.

        A whole power lets every common factor and the sign out. A fractional one is real where
        its argument is nonnegative; there a positive factor leaves, and a square leaves as an
        absolute value, one of a sum as well. A factor that may be 0 leaves a root only if what it
        leaves behind is known not to be negative: √(x²·y) has a value at x = 0 whatever y is.
        """
        poly, below = self.cleared(poly, signed)
        if below:
            result = self.power(poly, exponent)
            for atom, e in below.items():
                result = self.multiply(result, self.of_atom(atom, -e * exponent))
            return result
        factor, common = self.content(poly)
        result = self.rational_power(factor, exponent)
        if not signed and exponent > 0:
            common = self._leaving_a_root(poly, factor, common)
        leaving: dict[Atom, Exponent] = {}
        for atom, e in common.items():
            if signed or self.atom_sign(atom) in ("+", "0+"):
                leaving[atom] = e
                result = self.multiply(result, self.of_atom(atom, e * exponent))
            else:
                square = 2 * math.floor(e / 2)
                if square:
                    leaving[atom] = square
                    size = self.absolute(self.of_atom(atom))
                    result = self.multiply(result, self.power(size, square * exponent))
        rest = self.divided(poly, factor, leaving)
        if len(rest) == 1 and () in rest:
            sign = rest[()]
            if sign == 1:
                return result
            if signed:
                return self.scale(result, -1 if exponent % 2 else 1)
            raise UndefinedValue("a fractional power of a negative number")
        if signed:
            lead = max(rest, key=monomial_order)
            if rest[lead] < 0:
                rest = self.scale(rest, -1)
                result = self.scale(result, -1 if exponent % 2 else 1)
        elif len(rest) == 1:
            ((monomial, coefficient),) = rest.items()
            if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1:
                return self.multiply(result, self.of_atom(monomial[0][0], exponent))
        else:
            root = root_of_square(self, rest)
            if root is not None:
                return self.multiply(result, self.power(self.absolute(root), 2 * exponent))
        base = self.atom(BaseAtom, self.key(rest))
        return self.multiply(result, self.of_atom(base, exponent))

    def _leaving_a_root(
        self, poly: Polynomial, factor: Number, common: dict[Atom, Exponent]
    ) -> dict[Atom, Exponent]:
        """Of the common factors of a polynomial those that may leave a root of it: all of them if
        what they leave behind is not negative, else those that are not 0.
        """
        squares = {
            a: e if self.atom_sign(a) in ("+", "0+") else 2 * math.floor(e / 2)
            for a, e in common.items()
        }
        rest = self.divided(poly, factor, squares)
        if self.sign(rest) in ("+", "0+"):
            return common
        return {
            a: e
            for a, e in common.items()
            if e < 0
            or self.atom_sign(a) in ("+", "-")
            or self.known(self.key({((a, 1),): 1}), "!=")
        }

    @law("power of a rational")
    def rational_power(self, value: Number, exponent: Exponent) -> Polynomial:
        """A rational to a rational power: (pʷ·q)^e = p^(w·e)·q^e, prime by prime.

        Where the rational is positive, or the power a whole one.
        """
        if isinstance(exponent, int):
            return {(): exact(bounded.power(value, exponent))}
        result: Polynomial = {(): 1}
        for prime, times in _factorised(Fraction(value)).items():
            result = self.multiply(
                result, self.of_atom(self.atom(PrimeAtom, prime), times * exponent)
            )
        return result

    @law("absolute value")
    def absolute(self, poly: Polynomial) -> Polynomial:
        """|p| = p·(2[p > 0] − 1), or ±p where the sign is known."""
        sign = self.sign(poly)
        if sign is not None:
            return poly if "+" in sign else self.scale(poly, -1)
        poly, above = self.above_zero(poly)
        return self.multiply(poly, self.subtract(self.scale(above, 2), {(): 1}))

    def above_zero(self, poly: Polynomial) -> tuple[Polynomial, Polynomial]:
        """p and [p > 0], or −p and [−p > 0]: of the two that with the shorter bracket."""
        above = self.real_bracket(">", poly)
        if len(above) > 1:
            opposite = self.scale(poly, -1)
            other = self.real_bracket(">", opposite)
            if len(other) == 1:
                return opposite, other
        return poly, above

    @law("either side of a bracket")
    def split(self, poly: Polynomial, function: Callable[[Polynomial], Polynomial]) -> Polynomial:
        """f(p) where a bracket B occurs in p: B·f(p with B = 1) + (1 − B)·f(p with B = 0).

        Where f has a value on the side that is taken; what it has on the other does not count.
        """
        atom = next((a for m in poly for a, _ in m if isinstance(a, BracketAtom)), None)
        if atom is None:
            return function(poly)
        on: Polynomial = {((atom, 1),): 1}
        with_it, without = self.sides_of(poly, atom)
        inside = self.multiply(on, self.split(with_it, function))
        outside = self.multiply(self.subtract({(): 1}, on), self.split(without, function))
        return self.add(inside, outside)

    def exp(self, poly: Polynomial) -> Polynomial:
        """exp(a + b) = exp a · exp b; exp(c·x) = exp(x)^c; exp(c·log u) = u^c."""
        return self.split(poly, self._exp)

    @law("exponential")
    def _exp(self, poly: Polynomial) -> Polynomial:
        """exp(a + b) = exp a · exp b; exp(c·x) = exp(x)^c; exp(c·log u) = u^c

        Where u is positive, as it is wherever its logarithm has a value.
        """
        result: Polynomial = {(): 1}
        for monomial, coefficient in poly.items():
            inner = monomial[0][0] if len(monomial) == 1 and monomial[0][1] == 1 else None
            if inner is not None and isinstance(inner, FunctionAtom) and inner.name == "log":
                factor = self.power(dict(inner.args[0]), coefficient)
            else:
                factor = self.of_atom(self.atom(ExpAtom, monomial), coefficient)
            result = self.multiply(result, factor)
        return result

    def log(self, poly: Polynomial) -> Polynomial:
        """log of products and powers as sums; real where the argument is positive.

        :raises UndefinedValue: for the logarithm of a number that is not positive.
        """
        return self.split(poly, self._log)

    @law("logarithm")
    def _log(self, poly: Polynomial) -> Polynomial:
        """log(a·bᵉ) = log a + e·log b, of the factors that are positive or an even power

        Where the product is positive; the logarithm of an even power is that of |b|.
        """
        if not poly:
            raise UndefinedValue("the logarithm of zero")
        poly, below = self.cleared(poly, False)
        if below:
            logs = (self.scale(self._log_of_positive(a), -e) for a, e in below.items())
            return self.add(self.log(poly), *logs)
        negative = next(
            (
                a
                for m in poly
                for a, e in m
                if isinstance(a, BaseAtom) and e < 0 and self.atom_sign(a) in ("-", "0-")
            ),
            None,
        )
        if negative is not None:  # log(p/q) = log(−p) − log(−q)
            opposite = self.scale(self.of_atom(negative), -1)
            product = self.multiply(poly, opposite)
            return self.subtract(self.log(product), self.log(opposite))
        factor, common = self.content(poly)
        parts: list[Polynomial] = [
            self.scale(self._log_atom({(): prime}), times)
            for prime, times in _factorised(Fraction(factor)).items()
        ]
        leaving: dict[Atom, Exponent] = {}
        for atom, e in common.items():
            if self.atom_sign(atom) == "+":
                leaving[atom] = e
                parts.append(self.scale(self._log_of_positive(atom), e))
            elif e % 2 == 0:
                leaving[atom] = e
                parts.append(self.scale(self.log(self.absolute(self.of_atom(atom))), e))
        rest = self.divided(poly, factor, leaving)
        if len(rest) == 1:
            ((monomial, coefficient),) = rest.items()
            if not monomial:
                if coefficient != 1:
                    raise UndefinedValue("the logarithm of a negative number")
                return self.add(*parts) if parts else {}
            if coefficient == 1 and len(monomial) == 1:
                # log(xᵉ) for an odd e is real only where x > 0
                atom, e = monomial[0]
                parts.append(self.scale(self._log_of_positive(atom), e))
                return self.add(*parts)
        root = root_of_square(self, rest)
        if root is not None:
            parts.append(self.scale(self.log(self.absolute(root)), 2))
        else:
            parts.append(self._log_atom(rest))
        return self.add(*parts)

    def _log_of_positive(self, atom: Atom) -> Polynomial:
        if isinstance(atom, ExpAtom):
            return {atom.argument: 1}
        if isinstance(atom, BaseAtom):
            return self._log_atom(dict(atom.key))
        return self._log_atom(self.of_atom(atom))

    def _log_atom(self, poly: Polynomial) -> Polynomial:
        return self.of_atom(self.atom(FunctionAtom, "log", self.key(poly)))

    # ---- brackets

    def index_bracket(self, relation: str, poly: Poly) -> Polynomial:
        """[p ≥ 0] and [p = 0] of an integer p, decided by the ranges where they decide it."""
        if relation == "=":
            if poly.constant is not None:
                return {} if poly.constant else {(): 1}
            lead = max(poly.key, key=lambda term: [v.key for v in reversed(term[0])])
            if lead[1] < 0:
                poly = -poly
            if is_nonnegative(poly - 1) or is_nonnegative(-poly - 1):
                return {}
            if poly in self.apart:
                self.used[self.apart[poly]] = None
                return {}
            split = digits(poly)
            if split is not None:
                return self.multiply(*(self.index_bracket("=", digit) for digit in split))
        elif is_nonnegative(poly):
            return {(): 1}
        elif is_nonnegative(-poly - 1):
            return {}
        else:
            upper = upper_digit(poly)
            if upper is not None:
                return self.index_bracket(">=", upper)
        return self.of_atom(self.atom(IndexBracketAtom, relation, poly))

    @law("bracket")
    def real_bracket(self, relation: str, poly: Polynomial) -> Polynomial:
        """[c·p > 0] = [p > 0] for c > 0; [−p > 0] = 1 − [p > 0] − [p = 0]; known signs decide.

        For all reals; a sign is known where it follows from what is assumed.
        """
        if any(isinstance(a, BracketAtom) for m in poly for a, _ in m):
            key, factor = self.primitive(poly)
            if self.known(key, "!="):  # [−p > 0] = 1 − [p > 0]
                if relation == "=":
                    return {}
                if factor < 0:
                    above = self.real_bracket(">", self.scale(poly, -1))
                    return self.subtract({(): 1}, above)
            return self.split(poly, lambda part: self.real_bracket(relation, part))
        sign = self.sign(poly)
        if not poly or sign is not None:
            true = {">": sign == "+", "=": not poly}[relation]
            false = {">": not poly or sign in ("-", "0-"), "=": sign in ("+", "-")}[relation]
            if true:
                return {(): 1}
            if false:
                return {}
        reduced = self.without_positive(poly)
        if reduced != poly:
            return self.real_bracket(relation, reduced)
        compared = self._compared_arguments(poly)
        if compared is not None:
            return self.real_bracket(relation, compared)
        factored = self._bracket_of_product(relation, poly)
        if factored is not None:
            return factored
        flipped = is_turned(poly)
        key = self.key(self.scale(poly, -1 if flipped else 1))
        if self.known(key, "!=") or self.known(key, "+") or self.known(key, "-"):
            zero: Polynomial = {}
        else:
            zero = self.of_atom(self.atom(RealBracketAtom, "=", key))
        if relation == "=":
            return zero
        above = self.of_atom(self.atom(RealBracketAtom, ">", key))
        if not flipped:
            return above
        return self.subtract(
            self.subtract({(): 1}, above), zero
        )  # [−p > 0] = 1 − [p > 0] − [p = 0]

    def _compared_arguments(self, poly: Polynomial) -> Polynomial | None:
        """A polynomial of the same sign as f(a) − f(b) or f(a), for an f that grows: a − b, or a
        less where f is zero.
        """
        if len(poly) > 2:
            return None
        if len(poly) == 2 and all(isinstance(a, (ExpAtom, PrimeAtom)) for m in poly for a, _ in m):
            # c·exp a > d·exp b where a + log c > b + log d
            parts = [(c, self.log({m: abs(Fraction(c))})) for m, c in poly.items()]
            above = [part for c, part in parts if c > 0]
            below = [part for c, part in parts if c < 0]
            return self.subtract(*above, *below) if len(above) == len(below) else None
        if len(poly) == 2 and sum(poly.values()) != 0:
            return None
        arguments = []
        for monomial, coefficient in poly.items():
            if len(monomial) != 1:
                return None
            ((atom, exponent),) = monomial
            arguments.append((_growing(atom, exponent), atom, exponent, coefficient))
        (name, first, exponent, coefficient), *others = arguments
        if name is None or any(other != name for other, *_ in others):
            return None
        compared = self._argument(first)
        if others:
            compared = self.subtract(compared, self._argument(others[0][1]))
        elif name == "log":
            compared = self.subtract(compared, {(): 1})
        elif name not in ODD_AND_GROWING:
            return None
        return self.scale(compared, coefficient)

    def _argument(self, atom: Atom) -> Polynomial:
        """What a function is taken of, or a power."""
        if isinstance(atom, FunctionAtom):
            return dict(atom.args[0])
        return dict(atom.key) if isinstance(atom, BaseAtom) else self.of_atom(atom)

    @law("bracket of a product")
    def _bracket_of_product(self, relation: str, poly: Polynomial) -> Polynomial | None:
        """[a·b > 0] = [a > 0]·[b > 0] + [−a > 0]·[−b > 0]; [a·b = 0] = 1 − [a ≠ 0]·[b ≠ 0].

        For all reals a and b.
        """
        if self.hides_a_power(poly):
            return None
        factor, common = self.content(poly)
        if not common or any(not isinstance(e, int) for e in common.values()):
            return None
        if len(poly) == 1 and len(common) == 1:
            ((monomial, coefficient),) = poly.items()
            atom, exponent = monomial[0]
            if exponent == 1:
                return None
            base = self.of_atom(atom)
            zero = self.real_bracket("=", base) if exponent > 0 else {}
            if relation == "=":
                return zero
            if exponent % 2:
                return self.real_bracket(">", self.scale(base, coefficient))
            return self.subtract({(): 1}, zero) if coefficient > 0 else {}
        leaving = dict(list(common.items())[:1]) if len(poly) == 1 else common
        first: Polynomial = {self.monomial(leaving): 1}
        rest = self.divided(poly, factor, leaving)
        if relation == "=":
            nonzero = (self.subtract({(): 1}, self.real_bracket("=", p)) for p in (first, rest))
            return self.subtract({(): 1}, self.multiply(*nonzero))
        both = self.multiply(self.real_bracket(">", first), self.real_bracket(">", rest))
        neither = self.multiply(
            self.real_bracket(">", self.scale(first, -1)),
            self.real_bracket(">", self.scale(rest, -1)),
        )
        return self.add(both, neither)


def _growing(atom: Atom, exponent: Exponent) -> Any:
    """What a factor is of its argument, if it is a function that grows where it is defined: a
    name, or the exponent of an odd or a fractional power; None if not.
    """
    if isinstance(atom, FunctionAtom):
        return atom.name if exponent == 1 and atom.name in GROWING else None
    if isinstance(atom, PrimeAtom) or exponent < 0 or exponent == 1:
        return None
    return None if exponent % 2 == 0 else exponent


def _factorised(value: Fraction) -> dict[int, int]:
    """The prime factors of a positive rational, with their exponents."""
    result: dict[int, int] = {}
    for number, direction in ((value.numerator, 1), (value.denominator, -1)):
        divisor = 2
        while number > 1:
            if divisor * divisor > number:
                divisor = number
            while number % divisor == 0:
                result[divisor] = result.get(divisor, 0) + direction
                number //= divisor
            divisor += 1
    return result
