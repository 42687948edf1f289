"""Blocks along an axis: sums over two digits of one number, entries at ⌊a/s⌋ and a mod s."""

import pytest
from sympy import (
    Eq,
    IndexedBase,
    KroneckerDelta,
    MatrixSymbol,
    Max,
    Mod,
    Ne,
    Piecewise,
    Sum,
    Trace,
    exp,
    floor,
    log,
    symbols,
)  # fmt: skip

from derive import Backward, Gradient, Identity, tensor, verify
from derive.language.arrays import reshape, unvec, vec

n, m, k, p, q = symbols("n m k p q", integer=True, positive=True)
i, j, l, a, b, c, d = symbols("i j l a b c d", integer=True)
flat, image = IndexedBase("x", shape=(p * n,)), IndexedBase("x", shape=(p * n, q * m))
deep, cube = IndexedBase("x", shape=(p * n, q * m, k)), IndexedBase("x", shape=(n * m * p,))
g, g3 = IndexedBase("g", shape=(n, p)), IndexedBase("g", shape=(n, m, p))
G, z = IndexedBase("g", shape=(n, m, p, q)), IndexedBase("z", shape=(n,))
pairs, halves = IndexedBase("y", shape=(2 * n,)), IndexedBase("h", shape=(n, 2))
A, v = MatrixSymbol("A", n, m), MatrixSymbol("v", n * m, 1)


def over(body, *ranges):
    return Sum(body, *[(index, 0, size - 1) for index, size in ranges])


IMAGE = (i, p * n), (j, q * m)
BLOCKS = (i, n), (j, m), (a, p), (b, q)
in_blocks, of_blocks = image[p * i + a, q * j + b], (floor(i / p), floor(j / q))
within = (Mod(i, p), Mod(j, q))
to_depth = tensor(in_blocks, *BLOCKS)
to_space = tensor(G[(*of_blocks, *within)], *IMAGE)
pooled = over(over(in_blocks, (a, p), (b, q)) ** 2 / 2, (i, n), (j, m))
parts = tensor(cube[(i * m + j) * p + a], (i, n), (j, m), (a, p))

SUMS = {
    "one axis": (over(flat[i], (i, p * n)), over(flat[p * i + a], (a, p), (i, n))),
    "two axes": (
        over(image[i, j], (j, q * m), (i, p * n)),
        over(in_blocks, (b, q), (a, p), (j, m), (i, n)),
    ),
    "two axes, rows first": (over(image[i, j], *IMAGE), over(in_blocks, *BLOCKS)),
    "squares": (
        over(image[i, j] ** 2, *IMAGE),
        over(in_blocks**2, (b, q), (a, p), (j, m), (i, n)),
    ),
    "channels": (
        over(deep[i, j, l], (l, k), *IMAGE),
        over(deep[p * i + a, q * j + b, l], (b, q), (l, k), (a, p), (j, m), (i, n)),
    ),
    "log-sum-exp": (
        log(over(exp(image[i, j]), *IMAGE)),
        log(over(exp(in_blocks), (b, q), (a, p), (j, m), (i, n))),
    ),
    "kinks": (over(Max(flat[i], 0), (i, p * n)), over(Max(flat[p * i + a], 0), (a, p), (i, n))),
    "a block": (
        over(KroneckerDelta(floor(i / p), j) * flat[i], (i, n * p)),
        over(flat[p * j + a], (a, p)),
    ),
    "every p-th": (
        over(KroneckerDelta(Mod(i, p), 0) * flat[i], (i, n * p)),
        over(flat[p * j], (j, n)),
    ),
    "every p-th, by a condition": (
        over(Piecewise((flat[i], Eq(Mod(i, p), 0)), (0, True)), (i, n * p)),
        over(flat[p * j], (j, n)),
    ),
    "all but every p-th": (
        over(Piecewise((flat[i], Ne(Mod(i, p), 0)), (0, True)), (i, n * p)),
        over(flat[i], (i, n * p)) - over(flat[p * j], (j, n)),
    ),
    "a block, by a condition": (
        over(Piecewise((flat[i], Eq(floor(i / p), j)), (0, True)), (i, n * p)),
        over(flat[p * j + a], (a, p)),
    ),
}

WRONG_SUMS = {
    "all but every p-th, not": (
        over(Piecewise((flat[i], Ne(Mod(i, p), 0)), (0, True)), (i, n * p)),
        over(flat[p * j], (j, n)),
    ),
    "not all of a block": (
        over(image[i, j], *IMAGE),
        over(image[p * i + a, q * j], (a, p), (j, m), (i, n)),
    ),
    "a digit that occurs alone": (
        over(i * flat[i], (i, p * n)),
        over(i * flat[p * i + a], (a, p), (i, n)),
    ),
    "a digit that starts at 1": (
        over(flat[i], (i, p * n)),
        Sum(flat[p * i + a], (a, 1, p - 1), (i, 0, n - 1)),
    ),
    "a digit that ends with another": (
        over(flat[i], (i, p * n)),
        Sum(flat[p * i + a], (i, 0, a), (a, 0, Max(p, 1) - 1)),
    ),
    "another row": (
        over(KroneckerDelta(Mod(i, p), 1) * flat[i], (i, n * p)),
        over(flat[p * j], (j, n)),
    ),
}


@pytest.mark.parametrize("name", SUMS)
def test_sums_over_blocks(name):
    given = (j >= 0, j <= n - 1) if name.startswith("a block") else ()
    assert verify(Identity(*SUMS[name], given=given)).status == "holds"


@pytest.mark.parametrize("name", WRONG_SUMS)
def test_what_is_no_sum_over_all_blocks(name):
    assert verify(Identity(*WRONG_SUMS[name])).status in ("disagrees", "ill-shaped")


READS = {
    "space to depth": Backward(to_depth, image, G, to_space),
    "depth to space": Backward(to_space, G, image, to_depth),
    "its square": Backward(
        tensor(in_blocks**2, *BLOCKS),
        image,
        G,
        tensor(2 * image[i, j] * G[(*of_blocks, *within)], *IMAGE),
    ),
    "an entry": Gradient(
        over(G[i, j, a, b] * in_blocks, *BLOCKS),
        image[p * c + l, d],
        G[c, floor(d / q), l, Mod(d, q)],
        given=(c >= 0, c <= n - 1, l >= 0, l <= p - 1),
    ),
    "there and back": Identity(
        tensor(
            G[
                floor((p * i + a) / p),
                floor((q * j + b) / q),
                Mod(p * i + a, p),
                Mod(q * j + b, q),
            ],
            *BLOCKS,
        ),
        G,
    ),
    "pooling": Gradient(
        pooled,
        image,
        tensor(over(image[p * of_blocks[0] + a, q * of_blocks[1] + b], (a, p), (b, q)), *IMAGE),
    ),
    "three digits": Backward(
        parts,
        cube,
        g3,
        tensor(g3[floor(i / (m * p)), Mod(floor(i / p), m), Mod(i, p)], (i, n * m * p)),
    ),
    "three digits, otherwise": Backward(
        parts,
        cube,
        g3,
        tensor(g3[floor(i / (m * p)), floor(Mod(i, m * p) / p), Mod(i, p)], (i, n * m * p)),
    ),
    "vec": Identity(vec(A), tensor(A[Mod(i, n), floor(i / n)], (i, n * m), (j, 1))),
    "flattened": Identity(reshape(A, n * m), tensor(A[floor(i / m), Mod(i, m)], (i, n * m))),
    "the gradient of vec": Gradient(Trace(v.T * vec(A)), A, unvec(v, n, m)),
    "by a number": Backward(
        tensor(halves[floor(i / 2), Mod(i, 2)], (i, 2 * n)),
        halves,
        pairs,
        tensor(pairs[2 * i + a], (i, n), (a, 2)),
    ),
    "repeated": Backward(
        tensor(z[floor(i / p)], (i, n * p)), z, flat, tensor(over(flat[p * i + a], (a, p)), (i, n))
    ),
    "tiled": Backward(
        tensor(z[Mod(i, n)], (i, n * p)), z, flat, tensor(over(flat[n * a + i], (a, p)), (i, n))
    ),
}

WRONG_READS = {
    "rows for blocks": Backward(
        tensor(flat[p * i + a], (i, n), (a, p)),
        flat,
        g,
        tensor(g[Mod(i, n), floor(i / n)], (i, p * n)),
    ),
    "strides for blocks": Backward(
        to_space, G, image, tensor(image[i + n * a, q * j + b], *BLOCKS)
    ),
    "the other remainder": Backward(
        tensor(in_blocks**2, *BLOCKS),
        image,
        G,
        tensor(2 * image[i, j] * G[(*of_blocks, Mod(j, p), Mod(i, q))], *IMAGE),
    ),
    "another divisor": Backward(
        parts,
        cube,
        g3,
        tensor(g3[floor(i / (m * p)), Mod(floor(i / m), m), Mod(i, p)], (i, n * m * p)),
    ),
    "vec by rows": Identity(vec(A), tensor(A[floor(i / m), Mod(i, m)], (i, n * m), (j, 1))),
    "repeated for tiled": Backward(
        tensor(z[Mod(i, n)], (i, n * p)), z, flat, tensor(over(flat[p * i + a], (a, p)), (i, n))
    ),
    "half of the pooling": Gradient(
        pooled, image, tensor(over(image[p * of_blocks[0] + a, j], (a, p)), *IMAGE)
    ),
}


@pytest.mark.parametrize("name", READS)
def test_reads_by_blocks(name):
    assert verify(READS[name]).status == "holds"


@pytest.mark.parametrize("name", WRONG_READS)
def test_reads_by_other_blocks(name):
    assert verify(WRONG_READS[name]).status == "disagrees"


def test_a_range_that_is_not_seen_to_be_whole_blocks_is_left_alone():
    read = tensor(flat[Mod(i, p)], (i, m))
    verdict = verify(Identity(read, tensor(flat[Mod(i, p)] + 0 * flat[i], (i, m))))
    assert verdict.status == "undecided"
    assert "blocks of length p" in verdict.reason
