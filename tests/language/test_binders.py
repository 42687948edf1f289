"""What a node binds is said in one place: it agrees with SymPy, and no node is left out."""

from __future__ import annotations

import pytest
import sympy as sp
from sympy.tensor.array import ArrayComprehension

from derive import max_over, ordered_product, recurrence, sum_over, tensor
from derive.language import arrays, images, matrix_functions, network, operators, sequences
from derive.language.structure import SCOPES, bound_within, scope_of

n, m, T = sp.symbols("n m T", integer=True, positive=True)
i, j, k, t = sp.symbols("i j k t", integer=True)
z = sp.Symbol("z", real=True)
A, x = sp.MatrixSymbol("A", n, n), sp.IndexedBase("x", shape=(n, n))
H, g = sp.IndexedBase("H", shape=(T + 1,)), sp.Function("g")

NODES = [
    sp.Sum(x[i, j], (i, 0, j), (j, 0, n - 1)),
    sp.Product(x[i, i], (i, 0, n - 1)),
    ArrayComprehension(x[i, i], (i, 0, n - 1)),
    max_over(x[i, k], (k, 0, n - 1)),
    sum_over(k * A, (k, 0, m - 1)),
    ordered_product(k * A, (k, 0, m - 1)),
    recurrence(H[t - 1] + z, (t, 1, T), start=z),
    tensor(x[i, j] + z, (i, n), (j, n)),
    sp.Lambda(z, z + x[0, 0]),
    sp.Subs(sp.Derivative(g(z), z), z, 2 * x[0, 1]),
    sp.FunctionMatrix(n, m, sp.Lambda((i, j), x[i, j])),
]


@pytest.mark.parametrize("node", NODES, ids=lambda node: type(node).__name__)
def test_what_is_bound_is_what_is_not_free(node):
    scope = scope_of(node)
    assert scope is not None
    parts = [*scope.beside, *(end for b in scope.ranges for end in (b.low, b.high))]
    if scope.is_axes:
        parts += node.shape
    free = set().union(*(part.free_symbols for part in map(sp.sympify, parts)))
    free = (free | scope.body.free_symbols) - scope.symbols
    assert free == node.free_symbols
    assert scope.symbols <= bound_within(sp.Tuple(node, z))
    own = node.args[scope.at]
    assert own == scope.body or own.args[1] == scope.body
    if hasattr(node, "bound_symbols"):
        assert scope.symbols == set(node.bound_symbols)


def test_the_ranges_of_a_sum_come_outermost_first():
    scope = scope_of(NODES[0])
    assert [binder.symbol for binder in scope.outer_first] == [j, i]
    assert [binder.size for binder in scope.binders] == [j + 1, n]


def test_no_node_that_binds_is_left_out():
    modules = (arrays, images, matrix_functions, network, operators, sequences)
    binding = {
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, sp.Basic) and hasattr(kind, "bound_symbols")
    }
    assert binding
    assert not SCOPES.missing(binding)
    assert scope_of(x[i, j]) is None
