"""Dropout as the notes describe it: a random mask of zeros and ones on the weights (1.4)."""

from sympy import Eq, HadamardProduct, MatrixSymbol, Rational, Symbol

from derive import Formula, Gradient, Identity, ScalarFunction

m = Symbol("m", integer=True, positive=True)

w = MatrixSymbol("w", m, 1)
b = MatrixSymbol("b", 1, 1)
D = MatrixSymbol("D", m, 1)
p = Symbol("p", real=True)
L = ScalarFunction("L")
L_D = Symbol("L_D", real=True)

masked = HadamardProduct(w, D)
loss = L(masked, b)
printed_grad_w = HadamardProduct(L.gradient(0)(w, b), D)
grad_w = HadamardProduct(L.gradient(0)(masked, b), D)
zeros_and_ones = Eq(HadamardProduct(D, D), D)
mask_mean = Rational(1, 2)
keep_probability = 1 - p

formula = Formula(
    id="dropout",
    title="Dropout",
    section="1.4",
    dimensions={m: "weights"},
    symbols={
        w: "weights",
        b: "bias, a scalar written as a 1×1 matrix",
        D: "mask: 1 keeps a weight, 0 drops it",
        p: "probability with which a weight is dropped",
        Symbol(L.name): "the loss without dropout, any differentiable scalar function",
        L_D: "the loss with dropout",
    },
    claims=(
        Gradient(
            L_D,
            w,
            printed_grad_w,
            where={L_D: loss},
            given=(zeros_and_ones,),
            id="dropout.grad",
            title="∂L_D/∂w = ∂L/∂w ⊙ D, with ∂L/∂w taken at w",
            source="notes 1.4-3",
            note="L_D(w, b) = L(w ⊙ D, b), for any scalar function L and a mask of zeros and ones",
        ),
        Identity(
            mask_mean,
            keep_probability,
            given=(p >= 0, p <= 1),
            id="dropout.mask",
            title="a uniform mask keeps a weight with probability 1 − p",
            source="notes line 98",
            note="the mean of an entry that is uniform on {0, 1} is 1/2; the claim is for every p",
        ),
    ),
    references=(
        "N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, Dropout: a "
        "simple way to prevent neural networks from overfitting, Journal of Machine Learning "
        "Research 15, 2014, 1929–1958",
        "I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, MIT Press, 2016, section 7.12",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 5.6",
    ),
)
