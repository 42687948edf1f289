"""The softmax block by block: a running maximum, a running sum, a running output (section 4.1)."""

from sympy import BlockMatrix, IndexedBase, MatrixSymbol, Max, Sum, Symbol, exp, log

from derive import Formula, Identity, Setting, recurrence
from derive.language import operators
from derive.language.operators import entry, max_over, tensor

p = Symbol("p", integer=True, positive=True)
q = Symbol("q", integer=True, positive=True)
v = Symbol("v", integer=True, positive=True)
N = Symbol("N", integer=True, positive=True)
b = Symbol("b", integer=True, positive=True)
k, s, t = (Symbol(name, integer=True) for name in "kst")

# One row of scores in two blocks, and the values that belong to them.
x1, x2 = MatrixSymbol("x1", 1, p), MatrixSymbol("x2", 1, q)
V1, V2 = MatrixSymbol("V1", p, v), MatrixSymbol("V2", q, v)
scores = BlockMatrix([[x1, x2]])
values = BlockMatrix([[V1], [V2]])

m1, m2, m = (Symbol(name, real=True) for name in ("m1", "m2", "m"))
l1, l2, l = (Symbol(name, real=True) for name in ("l1", "l2", "l"))
o1, o2 = MatrixSymbol("o1", 1, v), MatrixSymbol("o2", 1, v)


def _of_block(x, m, l):
    last = x.shape[1] - 1
    return {m: max_over(x[0, k], (k, 0, last)), l: Sum(exp(x[0, k] - m), (k, 0, last))}


merged_sum = exp(m1 - m) * l1 + exp(m2 - m) * l2
merged_output = (exp(m1 - m) * l1 * o1 + exp(m2 - m) * l2 * o2) / l
_sums = {**_of_block(x1, m1, l1), **_of_block(x2, m2, l2), m: Max(m1, m2), l: merged_sum}
_outputs = {**_sums, o1: operators.softmax(x1) * V1, o2: operators.softmax(x2) * V2}

# One score more: x holds p of them, and the last has just come.
x = MatrixSymbol("x", 1, p)
sum_before = Sum(exp(x[0, k] - m1), (k, 0, p - 2))
sum_after = Sum(exp(x[0, k] - m), (k, 0, p - 1))

# N + 1 blocks of b scores, one after the other: what is kept of those that have passed.
X = IndexedBase("X", shape=(N + 1, b))
V = IndexedBase("V", shape=(N + 1, b, v))
M = IndexedBase("M", shape=(N + 1,))
L = IndexedBase("L", shape=(N + 1,))
O = IndexedBase("O", shape=(N + 1, v))
j = Symbol("j", integer=True)
_in_block, _steps = (k, 0, b - 1), (t, 1, N)


def _largest(block):
    return max_over(X[block, k], _in_block)


def _weighted(block, top, *factor):
    """Σ exp(x − top), times a factor, over a block."""
    body = exp(X[block, k] - top)
    for one in factor:
        body *= one
    return Sum(body, _in_block)


_kept = exp(M[t - 1] - M[t])
running = {
    M: recurrence(Max(M[t - 1], _largest(t)), _steps, start=_largest(0)),
    L: recurrence(_kept * L[t - 1] + _weighted(t, M[t]), _steps, start=_weighted(0, _largest(0))),
    O: recurrence(
        tensor(_kept * O[t - 1, j] + _weighted(t, M[t], V[t, k, j]), (j, v)),
        _steps,
        start=tensor(_weighted(0, _largest(0), V[0, k, j]), (j, v)),
    ),
}
_all_scores = (k, 0, b - 1), (s, 0, N)
softmax_of_all = Sum(exp(X[s, k]) * V[s, k, j], *_all_scores) / Sum(exp(X[s, k]), *_all_scores)

_stated_running = Setting(where=running)
_stated_sums = Setting(where=_sums)

formula = Formula(
    id="online-softmax",
    title="Online softmax",
    section="4.1",
    dimensions={
        p: "scores in the first block",
        q: "scores in the second",
        v: "width of a value",
        N: "blocks after the first",
        b: "scores in each of them",
    },
    symbols={
        x1: "scores of the first block",
        x2: "scores of the second block",
        V1: "values of the first block",
        V2: "values of the second block",
        m1: "maximum of the first block; before the last score, the maximum so far",
        m2: "maximum of the second block",
        m: "maximum of both",
        l1: "sum of exp(x − m1) over the first block",
        l2: "sum of exp(x − m2) over the second block",
        l: "sum of exp(x − m) over both, as merged",
        o1: "attention over the first block alone",
        o2: "attention over the second block alone",
        x: "scores, the last of which is new",
        X: "scores, block by block",
        V: "values, block by block",
        M: "the running maximum, after each block",
        L: "the running sum of exp(x − M)",
        O: "the running output, before it is divided by the sum",
    },
    claims=(
        _stated_sums(
            Identity,
            l,
            Sum(exp(x1[0, k] - m), (k, 0, p - 1)) + Sum(exp(x2[0, k] - m), (k, 0, q - 1)),
            id="online-softmax.sum",
            title="l = e^(m1 − m) l1 + e^(m2 − m) l2, of both blocks",
            source="Milakov & Gimelshein 2018, section 3.1",
        ),
        _stated_sums(
            Identity,
            m + log(l),
            entry(operators.logsumexp(scores), 0, 0),
            id="online-softmax.logsumexp",
            title="m + log l is the logsumexp of both blocks",
            source="T. Dao 2023, section 3.1",
        ),
        Identity(
            merged_output,
            operators.softmax(scores) * values,
            where=_outputs,
            id="online-softmax.output",
            title="the outputs of two blocks merge into that of both",
            source="Dao et al. 2022, section 3.1",
        ),
        Identity(
            exp(m1 - m) * sum_before + exp(x[0, p - 1] - m),
            sum_after,
            where={m: Max(m1, x[0, p - 1])},
            id="online-softmax.step",
            title="one score more: l ← e^(m1 − m) l + e^(x − m)",
            source="Milakov & Gimelshein 2018, algorithm 3",
            note="for a row of any length, whatever the maximum so far",
        ),
        _stated_running(
            Identity,
            M[N],
            max_over(max_over(X[s, k], _in_block), (s, 0, N)),
            id="online-softmax.blocks.maximum",
            title="the running maximum ends as the maximum of all",
            source="Milakov & Gimelshein 2018, algorithm 3",
            note="by induction over the blocks",
        ),
        _stated_running(
            Identity,
            M[N] + log(L[N]),
            log(Sum(exp(X[s, k]), *_all_scores)),
            id="online-softmax.blocks.logsumexp",
            title="the running maximum and sum end as the logsumexp of all",
            source="Milakov & Gimelshein 2018, theorem 1",
            note="by induction over the blocks",
        ),
        _stated_running(
            Identity,
            O[N, j] / L[N],
            softmax_of_all,
            id="online-softmax.blocks.output",
            title="the running output over the running sum ends as softmax(x) V",
            source="Dao et al. 2022, theorem 1",
            note="by induction over the blocks",
        ),
    ),
    references=(
        "M. Milakov, N. Gimelshein, Online normalizer calculation for softmax, "
        "arXiv:1805.02867, 2018",
        "T. Dao et al., FlashAttention, NeurIPS 2022, section 3.1",
        "T. Dao, FlashAttention-2, arXiv:2307.08691, 2023, section 3.1",
    ),
)
