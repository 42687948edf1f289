"""Linear recurrences: state space models, moving averages, momentum (beside section 3.1)."""

from sympy import IndexedBase, Matrix, MatrixSymbol, Sum, Symbol, ZeroMatrix

from derive import Formula, Gradient, Identity, Jacobian, Setting, at, recurrence, sum_over

T, n, d = (Symbol(name, integer=True, positive=True) for name in "Tnd")
t, s, i, k = (Symbol(name, integer=True) for name in "tsik")

A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, d)
X = IndexedBase("X", shape=(T, d, 1))
H = IndexedBase("H", shape=(T + 1, n, 1))
h0 = MatrixSymbol("h_0", n, 1)
state_space = {H: recurrence(A * at(H, t - 1) + B * at(X, t - 1), (t, 1, T), start=h0)}
convolution = A**t * h0 + sum_over(A ** (t - i) * B * at(X, i - 1), (i, 1, t))

r, beta, mu, w, g0 = (Symbol(name, real=True) for name in ("r", "beta", "mu", "w", "g_0"))
M, V, S = (MatrixSymbol(name, T + 1, 1) for name in "MVS")
g, s0 = MatrixSymbol("g", T, 1), MatrixSymbol("s_0", 1, 1)
average = {
    M: recurrence(
        beta * at(M, t - 1) + (1 - beta) * at(g, t - 1), (t, 1, T), start=ZeroMatrix(1, 1)
    )
}
constant_average = {
    M: recurrence(
        beta * at(M, t - 1) + (1 - beta) * Matrix([[g0]]), (t, 1, T), start=ZeroMatrix(1, 1)
    )
}
momentum = {V: recurrence(mu * at(V, t - 1) + at(g, t - 1), (t, 1, T), start=ZeroMatrix(1, 1))}
scalar = {S: recurrence(w * at(S, t - 1) + at(g, t - 1), (t, 1, T), start=s0)}

GU = "A. Gu, K. Goel, C. Ré, ICLR 2022, equation (5)"
KINGMA = "D. P. Kingma, J. Ba, ICLR 2015, section 3"
POLYAK = "B. T. Polyak, USSR Computational Mathematics and Mathematical Physics 4 (5), 1964"
PASCANU = "R. Pascanu, T. Mikolov, Y. Bengio, ICML 2013, section 2.1"

_stated_state_space = Setting(where=state_space)
_stated_constant_average = Setting(where=constant_average)

formula = Formula(
    id="sequences",
    title="Linear recurrences",
    section="3.1",
    dimensions={T: "steps", n: "units of the state", d: "features of an input"},
    symbols={
        A: "transition of the state",
        B: "weights of the input",
        X: "inputs, x_t at position t − 1",
        H: "states",
        h0: "the state before the first step",
        r: "ratio of a geometric series",
        beta: "decay of an average",
        mu: "momentum",
        w: "weight of a scalar state",
        g: "gradients, g_t in row t − 1",
        g0: "a gradient that does not change",
        s0: "a scalar state before the first step",
        M: "moving averages",
        V: "velocities",
        S: "scalar states",
    },
    claims=(
        _stated_state_space(
            Identity,
            at(H, t),
            convolution,
            id="sequences.state-space",
            title="h_t = Aᵗ h_0 + Σᵢ Aᵗ⁻ⁱ B x_i",
            source=GU,
        ),
        _stated_state_space(
            Identity,
            at(H, t),
            A**t * h0 + sum_over(A ** (t - i + 1) * B * at(X, i - 1), (i, 1, t)),
            id="sequences.state-space.off-by-one",
            title="h_t = Aᵗ h_0 + Σᵢ Aᵗ⁻ⁱ⁺¹ B x_i",
            source=GU,
            note="the last input has not been multiplied by A",
        ),
        Jacobian(
            at(H, t),
            at(H, s),
            A ** (t - s),
            where=state_space,
            given=(s <= t,),
            id="sequences.state-space.jacobian",
            title="∂h_t/∂h_s = Aᵗ⁻ˢ",
            source=GU,
        ),
        Gradient(
            S[t, 0],
            S[s, 0],
            w ** (t - s),
            where=scalar,
            given=(s <= t,),
            id="sequences.scalar.jacobian",
            title="∂s_t/∂s_s = wᵗ⁻ˢ: it vanishes or explodes with w",
            source=PASCANU,
        ),
        Identity(
            Sum(r**k, (k, 0, n - 1)),
            (1 - r**n) / (1 - r),
            id="sequences.geometric",
            title="Σₖ rᵏ = (1 − rⁿ)/(1 − r), k < n",
            source=KINGMA,
        ),
        Identity(
            M[t, 0],
            (1 - beta) * Sum(beta ** (t - i) * g[i - 1, 0], (i, 1, t)),
            where=average,
            id="sequences.average",
            title="m_t = (1 − β) Σᵢ βᵗ⁻ⁱ g_i",
            source=KINGMA,
        ),
        _stated_constant_average(
            Identity,
            M[t, 0],
            (1 - beta**t) * g0,
            id="sequences.bias",
            title="a constant gradient is averaged to (1 − βᵗ) g",
            source=KINGMA,
            note="why Adam divides by 1 − βᵗ",
        ),
        _stated_constant_average(
            Identity,
            M[t, 0],
            g0,
            id="sequences.bias.forgotten",
            title="a constant gradient is averaged to g",
            source=KINGMA,
        ),
        Identity(
            V[t, 0],
            Sum(mu ** (t - i) * g[i - 1, 0], (i, 1, t)),
            where=momentum,
            id="sequences.momentum",
            title="v_t = Σᵢ μᵗ⁻ⁱ g_i",
            source=POLYAK,
        ),
    ),
    references=(
        "A. Gu, K. Goel, C. Ré, Efficiently modeling long sequences with structured state spaces, "
        "ICLR 2022",
        "D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015",
        "B. T. Polyak, Some methods of speeding up the convergence of iteration methods, "
        "USSR Computational Mathematics and Mathematical Physics 4 (5), 1964, 1–17",
        "R. Pascanu, T. Mikolov, Y. Bengio, On the difficulty of training recurrent neural "
        "networks, ICML 2013",
    ),
)
