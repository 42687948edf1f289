"""Weight decay: a squared-norm penalty added to any loss (section 1.4)."""

from sympy import MatrixSymbol, Sum, Symbol

from derive import Formula, Gradient, ScalarFunction, Shape

m = Symbol("m", integer=True, positive=True)
k = Symbol("k", integer=True)

w = MatrixSymbol("w", m, 1)
b = MatrixSymbol("b", 1, 1)
decay = Symbol("lambda", real=True)
L = ScalarFunction("L")
L_D = Symbol("L_D", real=True)

squared_norm = Sum(w[k, 0] ** 2, (k, 0, m - 1))
loss = L(w, b) + decay / 2 * squared_norm
grad_w = L.gradient(0)(w, b) + decay * w

formula = Formula(
    id="weight-decay",
    title="Weight decay",
    section="1.4",
    dimensions={m: "weights"},
    symbols={
        w: "weights",
        b: "bias, a scalar written as a 1×1 matrix",
        decay: "strength of the decay",
        Symbol(L.name): "the loss without decay, any differentiable scalar function",
        L_D: "the loss with decay",
    },
    claims=(
        Shape(
            loss,
            (),
            id="weight-decay.loss",
            title="L(w, b) + (λ/2) ‖w‖² is a scalar",
            source="notes 1.4-1",
        ),
        Gradient(
            L_D,
            w,
            grad_w,
            where={L_D: loss},
            id="weight-decay.grad",
            title="∂L_D/∂w = ∂L/∂w + λ w",
            source="notes 1.4-2",
            note="for any scalar function L",
        ),
    ),
    references=(
        "A. Krogh, J. A. Hertz, A simple weight decay can improve generalization, "
        "Advances in Neural Information Processing Systems 4, 1991",
        "I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, MIT Press, 2016, section 7.1.1",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 3.7",
    ),
)
