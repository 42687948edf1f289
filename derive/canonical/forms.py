"""The canonical form of a term: one rule per core node, shared arrays opaque or unfolded.

A shared array whose canonical body has few terms is unfolded wherever it is referred to; a larger
one stays opaque, under a name. Names go by content: arrays with the same body (up to the order of
their axes and a rational factor) have one name. That is what makes a deep derivation cheap: the
adjoint of a layer and the δ that a document defines for it get the same name, layer by layer, and
nothing is ever multiplied out through all of them.

A :class:`Normaliser` is the one facade: its verbs are functions of it, each defined beside its
laws and listed here by what it is about; what they read and write is in a few records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import lcm
from typing import Any

from derive.base.budget import Budget
from derive.base.errors import UnsupportedError
from derive.canonical import (
    atom_signs,
    equations,
    given_arrays,
    matrix_classes,
    maxima,
    polynomials,
    powers,
    products,
    rebuilding,
    ring,
    signs,
    sums,
)
from derive.canonical.atoms import Atom, DeterminantAtom, Key, Monomial, Polynomial, SumAtom
from derive.canonical.functions import MAX_ANGLES, function_laws
from derive.canonical.laws import Listener, law
from derive.canonical.names import Names
from derive.canonical.nodes import NODE_RULES
from derive.canonical.recursion import Recursion
from derive.canonical.state import NO_MERGES, AtomTable, Given, Matrices, Merge, Signs
from derive.core.terms import Shared, Term


class Normaliser:
    """Canonical forms for one decision.

    :param inline: the largest number of terms of an array that is unfolded.
    :param exponentials: whether hyperbolic functions are written in exponentials.
    :param budget: how much work may be done, any amount where nothing is said.
    :param keep: the shared arrays that stay opaque, each by itself, whatever their body is.
    :param merged: the arrays that are others, up to the order of axes and a rational factor.

    ``used`` collects the labels of the assumptions relied on, ``divided_by`` what was divided by.
    """

    def __init__(
        self,
        inline: int | None = 3,
        exponentials: bool = False,
        budget: Budget | None = None,
        keep: Callable[[Shared], bool] = lambda _: False,
        merged: Mapping[Shared, Merge] = NO_MERGES,
    ) -> None:
        self.inline = inline
        self.exponentials = exponentials
        self.budget = Budget() if budget is None else budget
        self.keep = keep
        self.merged = merged
        self.listener: Listener | None = None  # told of each law that is used
        self.used: dict[Any, None] = {}
        self.assumed: dict[Term, None] = {}
        self.divided_by: dict[Key, None] = {}
        self.table = AtomTable()
        self.signs = Signs()
        self.given = Given()
        self.matrices = Matrices()
        self.recursion = Recursion(self)
        self.names = Names(self)
        self.arguments: dict[tuple[int, ...], tuple[Shared, ...]] = {}
        self.following: dict[tuple[Atom, Atom], bool] = {}  # whether the first bracket does
        # What numerators are reduced by, of each denominator: see derive.canonical.quotients.
        self.denominators: dict[Atom, tuple[Polynomial, Any, Monomial | None]] = {}
        self.substituted: dict[Any, Polynomial] = {}
        # Brackets lose their offsets only where that is needed: it makes more terms.
        self.clears_offsets = False
        self.offsets_seen = False
        # What reads a polynomial as a term, where determinants of turned products are made one.
        self.unites: Callable[[Polynomial], Term] | None = None
        self._memo: dict[Term, Polynomial] = {}
        self._angles: dict[Monomial, int] = {}
        self.angles_refined = False

    # ---- polynomials as plain data

    add = staticmethod(polynomials.add)
    scale = staticmethod(polynomials.scale)
    subtract = staticmethod(polynomials.subtract)
    constant = staticmethod(polynomials.constant)
    monomial = staticmethod(polynomials.monomial)
    key = staticmethod(polynomials.key)
    as_product = staticmethod(polynomials.as_product)
    content = staticmethod(polynomials.content)
    divided = staticmethod(polynomials.divided)
    primitive = staticmethod(polynomials.primitive)
    sides_of = staticmethod(polynomials.sides_of)

    # ---- atoms, products, substitution

    atom = ring.atom
    bound = ring.bound
    of_atom = ring.of_atom
    of_integer = ring.of_integer
    multiply = ring.multiply
    settled = ring.settled
    cleared = ring.cleared
    substitute = ring.substitute
    substituted_atom = ring.substituted_atom
    rebuilt = rebuilding.rebuilt

    # ---- signs

    sign = signs.sign
    monomial_sign = signs.monomial_sign
    atom_sign = signs.atom_sign
    find_sign = atom_signs.find_sign
    known = signs.known
    known_facts = signs.known_facts
    assume = signs.assume
    supposing = signs.supposing
    given_only = signs.given_only
    hides_a_power = signs.hides_a_power
    without_positive = signs.without_positive
    lasts = signs.lasts
    is_total = signs.is_total
    has_value = signs.has_value

    # ---- powers, exponentials, logarithms, brackets

    power = powers.power
    rational_power = powers.rational_power
    integer_power = products.integer_power
    absolute = powers.absolute
    above_zero = powers.above_zero
    split = powers.split
    exp = powers.exp
    log = powers.log
    index_bracket = powers.index_bracket
    real_bracket = powers.real_bracket

    # ---- ranges

    sum_over = sums.sum_over
    sum_all = sums.sum_all
    opened = sums.opened
    at_values = sums.at_values
    product_over = products.product_over
    maximum_over = maxima.maximum_over
    bind = products.bind

    # ---- what is given, and matrices

    entry = given_arrays.entry
    define = given_arrays.define
    replace = given_arrays.replace
    add_equation = equations.add_equation
    contracted = equations.contracted
    fixed_indices = equations.fixed_indices
    related = equations.related
    matrix_name = matrix_classes.matrix_name
    inverse_entry = matrix_classes.inverse_entry
    class_inverse = matrix_classes.class_inverse
    sides_of_class = matrix_classes.sides_of_class

    # ---- terms

    def of(self, term: Term) -> Polynomial:
        """The canonical form of a term.

        :raises UnsupportedError: naming a node without a rule.
        :raises BudgetExceeded: when there is no work left to do, or when too many terms arise.
        """
        found = self._memo.get(term)
        if found is None:
            rule = NODE_RULES.find(type(term))
            if rule is None:
                raise UnsupportedError(f"{type(term).__name__} has no canonical form")
            found = self._memo[term] = rule(self, term)
        return found

    @law("function")
    def function(self, name: str, args: list[Polynomial]) -> Polynomial:
        """A known scalar function of polynomials, by its laws.

        Where the function has a value.
        """
        law = function_laws().get(name)
        if law is None:
            raise UnsupportedError(f"the function {name} has no canonical form")
        return law(self, *args)

    @law("name of a sum")
    def named_sum(self, atom: SumAtom) -> Polynomial:
        """A sum over what a function has made of other sums: it starts a new layer of a network
        and becomes a name, the same wherever and however it was written.
        """
        return self.names.of_sum(atom)

    def angle_unit(self, monomial: Monomial, coefficient: Fraction) -> int:
        """Into how many parts an angle is taken, that all of which sin and cos are taken may be
        multiples of one; a finer part than before is noted.
        """
        known = self._angles.get(monomial, 1)
        finer = lcm(known, coefficient.denominator)
        if finer != known and finer <= MAX_ANGLES:
            self._angles[monomial] = finer
            self.angles_refined = True
        return known

    # ---- how far it goes

    def check(self) -> None:
        """Called at the start of every expensive step.

        :raises Spent: when there is no work left to do.
        """
        self.budget.check()

    def forget(self) -> None:
        """Drop what was worked out before an equation or a sign was added."""
        self.signs.of_names.clear()
        self._memo.clear()
        self.names.forget()
        self.substituted.clear()

    def did_not_use(self, before: dict[Any, None]) -> None:
        """Take back what was relied on in vain since then, and what was worked out from it: when
        that is asked for again, it is noted again.
        """
        self.used.clear()
        self.used |= before
        self.signs.found.clear()
        self.signs.of_names.clear()
        self.substituted.clear()

    def clear_offsets(self, work: float) -> None:
        """From here on brackets have no offset, for so much work."""
        self.clears_offsets = True
        self.forget()
        self.budget = self.budget.share(work)

    def write_out(self) -> None:
        """From here on determinants and inverses of matrices of few rows are written out."""
        self.matrices.writes_out = True
        self.forget()

    @property
    def meets_determinants(self) -> bool:
        """Whether a determinant has come up."""
        return DeterminantAtom in self.table.kinds

    def unite_determinants(self, read: Callable[[Polynomial], Term]) -> None:
        """From here on det(I + A B) = det(I + B A); ``read`` turns a form into a term."""
        self.unites = read
        self.forget()
