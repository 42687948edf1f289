"""Rotary position embedding: turned by its position, a query sees distances only (section 4.3)."""

from sympy import FunctionMatrix, HadamardProduct, Lambda, MatrixSymbol, Symbol, cos, sin

from derive import Backward, Formula, Identity

h = Symbol("h", integer=True, positive=True)
i, k = (Symbol(name, integer=True) for name in "ik")
s, t = (Symbol(name, real=True) for name in "st")

# A query of 2 h numbers is h pairs: the first and the second number of each.
q1, q2 = MatrixSymbol("q1", 1, h), MatrixSymbol("q2", 1, h)
k1, k2 = MatrixSymbol("k1", 1, h), MatrixSymbol("k2", 1, h)
theta = MatrixSymbol("theta", 1, h)


def turned(first, second, position):
    """Every pair turned by the angle position · θ_k."""
    c = FunctionMatrix(1, h, Lambda((i, k), cos(position * theta[0, k])))
    s = FunctionMatrix(1, h, Lambda((i, k), sin(position * theta[0, k])))
    return (
        HadamardProduct(first, c) - HadamardProduct(second, s),
        HadamardProduct(first, s) + HadamardProduct(second, c),
    )


def product(first, second):
    """The inner product of two vectors of pairs, a 1×1 matrix."""
    return first[0] * second[0].T + first[1] * second[1].T


query, key = turned(q1, q2, s), turned(k1, k2, t)
r1 = MatrixSymbol("r1", 1, h)
g = MatrixSymbol("g", 1, h)

formula = Formula(
    id="rotary-embedding",
    title="Rotary position embedding",
    section="4.3",
    dimensions={h: "pairs of numbers in a query"},
    symbols={
        q1: "first numbers of the pairs of a query",
        q2: "second numbers of the pairs of a query",
        k1: "first numbers of the pairs of a key",
        k2: "second numbers of the pairs of a key",
        theta: "angle of each pair from one position to the next",
        s: "position of the query",
        t: "position of the key",
        r1: "first numbers of the query's pairs, turned",
        g: "gradient of a loss in r1",
    },
    claims=(
        Identity(
            product(query, key),
            product(turned(q1, q2, s - t), (k1, k2)),
            id="rotary-embedding.relative",
            title="the score of a turned query and key is one of s − t",
            source="Su et al. 2021, section 3.4.2",
        ),
        Identity(
            product(query, query),
            product((q1, q2), (q1, q2)),
            id="rotary-embedding.norm",
            title="turning a query does not change its length",
            source="Su et al. 2021, section 3.2.2",
        ),
        Backward(
            r1,
            q2,
            g,
            -HadamardProduct(g, FunctionMatrix(1, h, Lambda((i, k), sin(s * theta[0, k])))),
            where={r1: query[0]},
            id="rotary-embedding.backward",
            title="backward, a pair is turned back: −sin where it was sin",
            source="Su et al. 2021, section 3.4.2",
        ),
    ),
    references=(
        "J. Su, Y. Lu, S. Pan, A. Murtadha, B. Wen, Y. Liu, RoFormer: Enhanced Transformer with "
        "Rotary Position Embedding, arXiv:2104.09864, 2021, section 3",
    ),
)
