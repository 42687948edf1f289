"""The determinant of a matrix and a product: the matrix determinant lemma, and det(I + A B); the
inverse of a multiple of the identity and a product.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from itertools import combinations, permutations
from typing import NamedTuple

from derive.canonical.atoms import (
    Atom,
    BracketAtom,
    DeterminantAtom,
    EntryAtom,
    Exponent,
    IndexBracketAtom,
    InverseAtom,
    Monomial,
    Number,
    Polynomial,
    SumAtom,
    monomial_order,
)
from derive.canonical.verbs import Verbs
from derive.core.integers import FRESH, ZERO, Poly, Var, as_poly
from derive.core.terms import Determinant, Shared, Term, entry

MAX_RANK = 3  # products of vectors that are added to a matrix
MAX_WRITTEN_OUT = 3  # rows of a matrix whose determinant and inverse are written out
UNIT: Polynomial = {(): 1}


def of_low_rank(n: Verbs, shared: Shared, size: Poly) -> Polynomial | None:
    """det(B + Σ_a u_a v_aᵀ) for at most :data:`MAX_RANK` products of vectors, by the matrix
    determinant lemma:

    - cⁿ⁻ᵐ·det(c δ_ab + v_aᵀ u_b) of m products and B = c I. This is an equation between polynomials
      in c, true of all c; c has no cases in it.
    - Π_k d_k·det(δ_ab + Σ_k v_a[k] u_b[k]/d_k) for B = diag(d), where no d_k is zero.
    - det A·det(δ_ab + v_aᵀ A⁻¹ u_b) for a given matrix B = A, which is then assumed to be
      invertible.

    None for a matrix of another form.
    """
    i, j = shared.params
    body = n.of(shared.body)
    if i.high is None or i.high != j.high or (i.low, j.low) != (ZERO, ZERO):
        return None
    diagonal, whole, rest = _parts(n, body, i, j)
    if len(whole) + bool(diagonal) != 1 or not rest:
        return None
    vectors = _vectors(n, rest, i, j)
    if vectors is None:
        return None
    k, m = (Var(name, FRESH, ZERO, i.high) for name in "km")
    lefts = [n.substitute(u, {i: as_poly(k)}) for u, _ in vectors]
    rights = [n.substitute(v, {j: as_poly(k)}) for _, v in vectors]
    if whole:
        (matrix,) = whole
        turned = [n.substitute(v, {k: as_poly(m)}) for v in rights]
        inverse = n.inverse_entry(matrix, as_poly(m), as_poly(k))
        inner = [
            [n.sum_over(k, n.sum_over(m, n.multiply(v, inverse, u))) for u in lefts] for v in turned
        ]
        return n.multiply(
            n.of(Determinant((), (matrix, size))), leibniz(n, _shifted(n, inner, UNIT))
        )
    if not any(i in a.free or isinstance(a, BracketAtom) for t in diagonal for a, _ in t):
        inner = [[n.sum_over(k, n.multiply(v, u)) for u in lefts] for v in rights]
        power = n.integer_power(diagonal, n.of_integer(size - len(vectors)))
        return n.multiply(power, leibniz(n, _shifted(n, inner, diagonal)))
    if any(isinstance(a, BracketAtom) for t in diagonal for a, _ in t):
        return None
    here = n.substitute(diagonal, {i: as_poly(k)})
    n.divided_by[n.key(diagonal)] = None
    below = n.power(here, -1)
    inner = [[n.sum_over(k, n.multiply(v, below, u)) for u in lefts] for v in rights]
    return n.multiply(n.product_over(k, here), leibniz(n, _shifted(n, inner, UNIT)))


def inverse_of_rank_one(n: Verbs, shared: Shared, i: Poly, j: Poly) -> Polynomial | None:
    """(c I + u vᵀ)⁻¹[i, j] = ([i = j] − u[i]·v[j]/(c + vᵀu))/c for a c that is seen not to be 0:
    then c + vᵀu is not 0 wherever there is an inverse. None for a matrix of another form.
    """
    k, m = shared.params
    if k.high is None or k.high != m.high or (k.low, m.low) != (ZERO, ZERO):
        return None
    diagonal, whole, rest = _parts(n, n.of(shared.body), k, m)
    scaled = not any(k in a.free or isinstance(a, BracketAtom) for t in diagonal for a, _ in t)
    if whole or not diagonal or not rest or not scaled or n.sign(diagonal) not in ("+", "-"):
        return None
    vectors = _vectors(n, rest, k, m)
    if vectors is None or len(vectors) != 1:
        return None
    ((left, right),) = vectors
    inner = n.sum_over(k, n.multiply(left, n.substitute(right, {m: as_poly(k)})))
    below = n.power(n.multiply(diagonal, n.add(diagonal, inner)), -1)
    product = n.multiply(n.substitute(left, {k: i}), n.substitute(right, {m: j}), below)
    same = n.multiply(n.index_bracket("=", i - j), n.power(diagonal, -1))
    return n.subtract(same, product)


def _parts(
    n: Verbs, body: Polynomial, i: Var, j: Var
) -> tuple[Polynomial, list[Shared], Polynomial]:
    """A matrix as d[i]·[i = j], by d, and given matrices, and all else."""
    diagonal: Polynomial = {}
    whole: list[Shared] = []
    rest: Polynomial = {}
    for monomial, coefficient in body.items():
        identity = next((a for a, _ in monomial if _is_identity(a, i, j)), None)
        matrix = _matrix(monomial[0][0], i, j) if len(monomial) == 1 else None
        if identity is not None:
            factors: dict[Atom, Exponent] = {a: e for a, e in monomial if a is not identity}
            part = n.substitute(n.settled(factors, coefficient), {j: as_poly(i)})
            diagonal = n.add(diagonal, part)
        elif matrix is not None and coefficient == 1 and monomial[0][1] == 1:
            whole.append(matrix)
        else:
            rest[monomial] = coefficient
    return diagonal, whole, rest


def _vectors(
    n: Verbs, products: Polynomial, i: Var, j: Var
) -> list[tuple[Polynomial, Polynomial]] | None:
    """The u_a and v_a where a matrix is Σ_a u_a[i]·v_a[j], of as few products as its terms show."""
    if any({i, j} <= a.free for t in products for a, _ in t):
        return None
    best: list[tuple[Polynomial, Polynomial]] | None = None
    for one, turned in ((j, False), (i, True)):
        groups: dict[Monomial, Polynomial] = {}
        for monomial, coefficient in products.items():
            common = tuple((a, e) for a, e in monomial if one in a.free)
            others = {a: e for a, e in monomial if one not in a.free}
            groups[common] = n.add(groups.get(common, {}), n.settled(others, coefficient))
        found: list[tuple[Polynomial, Polynomial]] = [(p, {m: 1}) for m, p in groups.items()]
        pairs = [(b, a) for a, b in found] if turned else found
        if len(pairs) <= MAX_RANK and (best is None or len(pairs) < len(best)):
            best = pairs
    return best


def _shifted(n: Verbs, entries: list[list[Polynomial]], by: Polynomial) -> list[list[Polynomial]]:
    """A small matrix and a multiple of the identity."""
    return [
        [n.add(entry, by) if a == b else entry for b, entry in enumerate(row)]
        for a, row in enumerate(entries)
    ]


def leibniz(n: Verbs, entries: list[list[Polynomial]]) -> Polynomial:
    """det A = Σ_σ sign σ·Π_k A[k, σ(k)] of a small matrix."""
    result: Polynomial = {}
    for order in permutations(range(len(entries))):
        turns = sum(a > b for a, b in combinations(order, 2))
        product = n.multiply(*(entries[k][place] for k, place in enumerate(order)))
        result = n.add(result, n.scale(product, -1 if turns % 2 else 1))
    return result


def _is_identity(atom: Atom, i: Var, j: Var) -> bool:
    gap = as_poly(i) - as_poly(j)
    return isinstance(atom, IndexBracketAtom) and atom.relation == "=" and atom.poly in (gap, -gap)


def _matrix(atom: Atom, i: Var, j: Var) -> Shared | None:
    """The given matrix of which an atom is the entry [i, j], as an array."""
    if not isinstance(atom, EntryAtom) or atom.indices != (as_poly(i), as_poly(j)):
        return None
    return Shared((i, j), entry(atom.array, as_poly(i), as_poly(j)), atom.array.symbol)


def entries_of(n: Verbs, shared: Shared) -> list[list[Polynomial]] | None:
    """All entries of a matrix of few rows; None of a larger one."""
    high = shared.params[0].high
    rows = None if high is None or high != shared.params[1].high else high.constant
    if rows is None or not 0 <= rows < MAX_WRITTEN_OUT:
        return None
    places = [as_poly(k) for k in range(int(rows) + 1)]
    return [[n.of(shared.at((row, column))) for column in places] for row in places]


def is_small(shared: Shared) -> bool:
    """Whether a matrix has a number of rows for which it is written out."""
    high = shared.params[0].high
    return high is not None and high.constant is not None and high.constant < MAX_WRITTEN_OUT


def written_out(n: Verbs, shared: Shared) -> Polynomial | None:
    """det A by its definition, of a matrix of up to :data:`MAX_WRITTEN_OUT` rows."""
    entries = entries_of(n, shared)
    return None if entries is None else leibniz(n, entries)


def inverse_written_out(n: Verbs, shared: Shared, i: Poly, j: Poly) -> Polynomial | None:
    """A⁻¹[i, j] = (−1)^(i + j)·det(A without row j and column i)/det A of a small matrix, whose
    determinant is not zero where its inverse stands; None where it is zero for all entries.
    """
    entries = entries_of(n, shared)
    whole = None if entries is None else leibniz(n, entries)
    if entries is None or not whole:
        return None
    below = n.power(whole, -1)
    result: Polynomial = {}
    for a, b in itertools.product(range(len(entries)), repeat=2):
        here = n.multiply(
            n.index_bracket("=", i - as_poly(a)), n.index_bracket("=", j - as_poly(b))
        )
        if here:
            kept = [row[:a] + row[a + 1 :] for k, row in enumerate(entries) if k != b]
            minor = n.scale(leibniz(n, kept), -1 if (a + b) % 2 else 1)
            result = n.add(result, n.multiply(here, minor, below))
    return result


class Split(NamedTuple):
    """A matrix as B + c L R, with det(B + c L R) = det B · det(I + c R B⁻¹ L).

    :param determinant: det B.
    :param inverse: the entry of B⁻¹ at two indices.
    :param product: c L R, entry by entry: its factors, the indices summed over, and c.
    """

    determinant: Polynomial
    inverse: Callable[[Poly, Poly], Polynomial]
    factors: Monomial
    bound: tuple[Var, ...]
    scale: Polynomial


def united(n: Verbs, shared: Shared, read: Callable[[Polynomial], Term]) -> Polynomial | None:
    """det(I + A B) = det(I + B A): of all matrices that a cyclic order of factors gives, the one
    that was met first; det(c I + A B) = cⁿ·det(I + A B/c) for a c that is not zero, and
    det(S + A B) = det S·det(I + S⁻¹ A B) for a given matrix S that is inverted elsewhere; and
    det(c A) = cⁿ·det A.
    """
    scaled = _without_factor(n, shared, read)
    if scaled is not None:
        matrix, factor, size = scaled
        return n.multiply(factor, n.of(Determinant((), (matrix, size))))
    split = _split(n, shared)
    if split is None:
        return None
    turned = list(_turned(n, shared, split, read))
    if not turned:
        return None
    if split.determinant == {(): 1}:
        turned.append(shared)
    else:
        again = _split(n, turned[0])
        if again is not None:
            turned += _turned(n, turned[0], again, read)
    name = min(n.matrix_name(matrix)[0] for matrix in turned)
    return n.multiply(split.determinant, n.of_atom(n.atom(DeterminantAtom, name)))


def _without_factor(
    n: Verbs, shared: Shared, read: Callable[[Polynomial], Term]
) -> tuple[Shared, Polynomial, Poly] | None:
    """det(c A) = cⁿ·det A for what all terms of a matrix share that is the same in all entries,
    whatever its sign and if it is 0; None where they share nothing.
    """
    body = n.of(shared.body)
    if not body or shared.params[0].high is None:
        return None
    factor, common = n.content(body)
    common = {
        a: e for a, e in common.items() if isinstance(e, int) and a.free.isdisjoint(shared.params)
    }
    if body[max(body, key=monomial_order)] < 0:
        factor = -factor
    if factor == 1 and not common:
        return None
    rest = n.divided(body, factor, common)
    size = shared.params[0].high + 1
    whole = n.integer_power({n.monomial(common): factor}, n.of_integer(size))
    return Shared(shared.params, read(rest)), whole, size


def _split(n: Verbs, shared: Shared) -> Split | None:
    """A matrix as one that is easily inverted and a product of others; None for another form."""
    i, j = shared.params
    body = n.of(shared.body)
    if len(body) != 2 or i.high is None or i.high != j.high:
        return None
    for base, product in (tuple(body), tuple(body)[::-1]):
        inverted = _inverted(n, base, body[base], i, j)
        sums = [a for a, e in product if isinstance(a, SumAtom) and e == 1 and {i, j} & a.free]
        if inverted is None or len(sums) != 1:
            continue
        outside = [(a, e) for a, e in product if a is not sums[0]]
        along = [(a, e) for a, e in outside if {i, j} & a.free]
        if any({i, j} <= a.free for a, _ in along):
            continue
        bound, inside = n.opened(sums[0])
        ((factors, scale),) = inside.items()
        factors = n.monomial(dict((*factors, *along)))  # L R with a factor of rows or columns
        constant = n.settled(dict(p for p in outside if p not in along), body[product] * scale)
        return Split(*inverted, factors, tuple(bound), constant)
    return None


def _inverted(
    n: Verbs, base: Monomial, coefficient: Number, i: Var, j: Var
) -> tuple[Polynomial, Callable[[Poly, Poly], Polynomial]] | None:
    """The determinant and the inverse of c·I with a c of known sign, of an inverse, or of a given
    matrix that is inverted elsewhere too.
    """
    assert i.high is not None
    size = i.high + 1
    identity = next((a for a, _ in base if _is_identity(a, i, j)), None)
    if identity is not None:
        factor: Monomial = tuple(pair for pair in base if pair[0] is not identity)
        if any({i, j} & a.free for a, _ in factor) or n.monomial_sign(factor) not in ("+", "-"):
            return None
        scale: Polynomial = {factor: coefficient}
        below = n.power(scale, -1)
        whole = n.integer_power(scale, n.of_integer(size))
        return whole, lambda a, b: n.multiply(below, n.index_bracket("=", a - b))
    if len(base) != 1 or base[0][1] != 1 or coefficient != 1:
        return None
    ((atom, _),) = base
    if isinstance(atom, InverseAtom) and (atom.row, atom.column) == (as_poly(i), as_poly(j)):
        original, transposed = n.matrices.met[atom.name]
        below = n.power(n.of_atom(n.atom(DeterminantAtom, atom.name)), -1)
        return below, lambda a, b: n.of(original.at((b, a) if transposed else (a, b)))
    matrix = _matrix(atom, i, j)
    if matrix is None or n.matrix_name(matrix)[0] not in n.matrices.inverted:
        return None
    of_matrix = n.of(Determinant((), (matrix, size)))
    return of_matrix, lambda a, b: n.inverse_entry(matrix, a, b)


def _turned(
    n: Verbs, shared: Shared, split: Split, read: Callable[[Polynomial], Term]
) -> Iterator[Shared]:
    """I + c R B⁻¹ L for every index at which the product falls into a left and a right one."""
    i, j = shared.params
    for cut in split.bound:
        sides = _sides(split.factors, cut, i, j)
        if sides is None or cut.high is None:
            continue
        row, column = (Var(name, FRESH, ZERO, cut.high) for name in "ij")
        first, last = (Var(name, FRESH, ZERO, i.high) for name in "kl")
        left = n.substitute({sides[0]: 1}, {i: as_poly(first), cut: as_poly(column)})
        right = n.substitute({sides[1]: 1}, {j: as_poly(last), cut: as_poly(row)})
        between = split.inverse(as_poly(last), as_poly(first))
        body = n.multiply(split.scale, right, between, left)
        for variable in (first, last, *(v for v in split.bound if v is not cut)):
            body = n.sum_over(variable, body)
        same = n.index_bracket("=", as_poly(row) - as_poly(column))
        yield Shared((row, column), read(n.add(same, body)))


def _sides(factors: Monomial, cut: Var, i: Var, j: Var) -> tuple[Monomial, Monomial] | None:
    """The factors that hang together with the row, and the others, where only the index of the
    cut stands in both; None where the column hangs together with the row.
    """
    reached = {i}
    left: list[tuple[Atom, Exponent]] = []
    grown = True
    while grown:
        met = [p for p in factors if p not in left and reached & p[0].free]
        grown = bool(met)
        left += met
        reached |= {v for atom, _ in met for v in atom.free if v is not cut}
    if j in reached:
        return None
    return tuple(p for p in factors if p in left), tuple(p for p in factors if p not in left)
