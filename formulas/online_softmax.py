"""The softmax block by block: a running maximum, a running sum, a running output (section 4.1)."""

from sympy import BlockMatrix, MatrixSymbol, Max, Sum, Symbol, exp, log

from derive import Formula, Identity, operators
from derive.operators import entry, max_over

p = Symbol("p", integer=True, positive=True)
q = Symbol("q", integer=True, positive=True)
v = Symbol("v", integer=True, positive=True)
k = Symbol("k", integer=True)

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

formula = Formula(
    id="online-softmax",
    title="Online softmax",
    section="4.1",
    dimensions={p: "scores in the first block", q: "scores in the second", v: "width of a value"},
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
    },
    claims=(
        Identity(
            l,
            Sum(exp(x1[0, k] - m), (k, 0, p - 1)) + Sum(exp(x2[0, k] - m), (k, 0, q - 1)),
            where=_sums,
            id="online-softmax.sum",
            title="l = e^(m1 − m) l1 + e^(m2 − m) l2, of both blocks",
            source="Milakov & Gimelshein 2018, section 3.1",
        ),
        Identity(
            m + log(l),
            entry(operators.logsumexp(scores), 0, 0),
            where=_sums,
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
    ),
    references=(
        "M. Milakov, N. Gimelshein, Online normalizer calculation for softmax, "
        "arXiv:1805.02867, 2018",
        "T. Dao et al., FlashAttention, NeurIPS 2022, section 3.1",
        "T. Dao, FlashAttention-2, arXiv:2307.08691, 2023, section 3.1",
    ),
)
