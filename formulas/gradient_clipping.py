"""Gradient clipping: by value, by norm, by global norm, and what each guarantees (section 3.2)."""

from sympy import Lambda, MatrixSymbol, Max, Min, Ne, Symbol, Trace, sqrt

from derive import Formula, Identity, Inequality, Setting
from derive.language.operators import entry

n, m = (Symbol(name, integer=True, positive=True) for name in "nm")
i = Symbol("i", integer=True)
u = Symbol("u", real=True)
theta = Symbol("theta", real=True)
g = MatrixSymbol("g", n, 1)
a, b = MatrixSymbol("a", n, 1), MatrixSymbol("b", m, 1)


def squared(v):
    """‖v‖² of a column."""
    return Trace(v.T * v)


norm = sqrt(squared(g))
by_norm = Min(1, theta / norm) * g
by_value = g.applyfunc(Lambda(u, Max(-theta, Min(theta, u))))
# One norm for the gradients of all parameters, here of two.
global_norm = sqrt(squared(a) + squared(b))
scale = Min(1, theta / global_norm)

PASCANU = "R. Pascanu, T. Mikolov, Y. Bengio, ICML 2013, algorithm 1"

_stated = Setting(given=theta > 0)
_stated_where_nonzero = Setting(given=(theta > 0, Ne(norm, 0)))

formula = Formula(
    id="gradient-clipping",
    title="Gradient clipping",
    section="3.2",
    dimensions={n: "entries of a gradient", m: "entries of another"},
    symbols={
        g: "a gradient",
        a: "the gradient of one parameter",
        b: "the gradient of another",
        theta: "threshold",
    },
    claims=(
        Identity(
            sqrt(squared(theta / norm * g)),
            theta,
            given=(theta > 0, norm > theta),
            id="gradient-clipping.norm",
            title="for ‖g‖ > θ > 0: ‖θ g/‖g‖‖ = θ",
            source="notes line 145",
        ),
        _stated_where_nonzero(
            Inequality,
            sqrt(squared(by_norm)),
            theta,
            id="gradient-clipping.bound",
            title="‖min(1, θ/‖g‖) g‖ ≤ θ for g ≠ 0 and θ > 0",
            source="notes line 145",
        ),
        _stated_where_nonzero(
            Inequality,
            sqrt(squared(by_norm)),
            norm,
            id="gradient-clipping.shorter",
            title="‖min(1, θ/‖g‖) g‖ ≤ ‖g‖",
            source=PASCANU,
        ),
        _stated(
            Inequality,
            entry(by_value, i, 0),
            theta,
            id="gradient-clipping.value",
            title="max(−θ, min(θ, g_i)) ≤ θ",
            source="notes line 145",
        ),
        _stated(
            Inequality,
            -theta,
            entry(by_value, i, 0),
            id="gradient-clipping.value.below",
            title="−θ ≤ max(−θ, min(θ, g_i))",
            source="notes line 145",
        ),
        _stated(
            Inequality,
            sqrt(squared(by_value)),
            theta,
            id="gradient-clipping.value.norm",
            title="clipping by value bounds the norm by θ",
            source="notes line 145",
            note="it bounds each entry; the norm may be √n θ",
        ),
        Inequality(
            sqrt(squared(scale * a) + squared(scale * b)),
            theta,
            given=(theta > 0, Ne(global_norm, 0)),
            id="gradient-clipping.global",
            title="√(‖c a‖² + ‖c b‖²) ≤ θ for c = min(1, θ/√(‖a‖² + ‖b‖²))",
            source=PASCANU,
        ),
    ),
    references=(
        "R. Pascanu, T. Mikolov, Y. Bengio, On the difficulty of training recurrent neural "
        "networks, ICML 2013",
        "I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, MIT Press, 2016, section 10.11.1",
    ),
)
