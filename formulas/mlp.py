"""A multilayer perceptron: one hidden layer, the cross-entropy loss, one sample (section 1.3)."""

from sympy import (
    Function,
    FunctionMatrix,
    HadamardProduct,
    Lambda,
    MatrixSymbol,
    Max,
    Piecewise,
    Sum,
    Symbol,
)

from derive import Formula, Gradient, Identity, Setting, Shape
from derive.language.operators import partial

from .softmax_regression import c, eta, grad_o, l, labels_sum_to_one, loss, m, o, softmax, x
from .softmax_regression import y as labels

h = Symbol("h", integer=True, positive=True)
k, p, q, r = (Symbol(name, integer=True) for name in "kpqr")

y = labels
W1 = MatrixSymbol("W1", m, h)
b1 = MatrixSymbol("b1", 1, h)
W2 = MatrixSymbol("W2", h, c)
b2 = MatrixSymbol("b2", 1, c)
# The notes write h for the hidden layer as well as for its size; two symbols of one name would
# be one variable in generated code.
hidden = MatrixSymbol("hidden", 1, h)

t = Symbol("t", real=True)
sigma = Function("sigma")
activation = Lambda(t, sigma(t))
activation_derivative = Lambda(t, sigma(t).diff(t))
relu = Lambda(t, Max(0, t))
relu_derivative = Lambda(t, Piecewise((1, t > 0), (0, True)))

hidden_layer = x * W1 + b1
output_layer = hidden.applyfunc(activation) * W2 + b2

grad_b2 = grad_o
grad_W2 = hidden.T.applyfunc(activation) * grad_o
grad_b1 = HadamardProduct(grad_o * W2.T, hidden.applyfunc(activation_derivative))
grad_W1 = x.T * grad_b1
grad_W1_relu = x.T * HadamardProduct(grad_o * W2.T, hidden.applyfunc(relu_derivative))

_definitions = {hidden: hidden_layer, o: output_layer, l: loss}
_relu_definitions = {
    hidden: hidden_layer,
    o: hidden.applyfunc(relu) * W2 + b2,
    l: loss,
}


def _by_chain(parameter):
    """(∂l/∂o)(∂o/∂h)(∂h/∂parameter), contracted over the indices of o and of h."""
    factors = (
        partial(l, o[0, k])
        * partial(o[0, k], hidden[0, r])
        * partial(hidden[0, r], parameter[p, q])
    )
    contracted = Sum(factors, (k, 0, c - 1), (r, 0, h - 1))
    return FunctionMatrix(*parameter.shape, Lambda((p, q), contracted))


_updated_W2 = W2 - eta * partial(l, W2)
_step_with_updated_W2 = W1 - eta * x.T * HadamardProduct(
    (softmax - y) * _updated_W2.T, hidden.applyfunc(activation_derivative)
)

_stated = Setting(where=_definitions, given=(labels_sum_to_one,))
_stated_for_any_y = Setting(where=_definitions)

formula = Formula(
    id="mlp",
    title="Multilayer perceptron",
    section="1.3",
    dimensions={m: "features of a sample", h: "units of the hidden layer", c: "classes"},
    symbols={
        x: "features of one sample",
        W1: "weights of the hidden layer",
        b1: "bias of the hidden layer",
        W2: "weights of the output layer",
        b2: "bias of the output layer",
        hidden: "hidden layer before the activation; the notes call it h",
        o: "logits",
        y: "labels: the probability of each class",
        l: "cross-entropy loss of one sample",
        sigma: "activation, any differentiable function, applied elementwise",
        t: "a real number, the argument of an activation",
        eta: "learning rate",
    },
    claims=(
        Shape(
            hidden_layer,
            (1, h),
            id="mlp.hidden",
            title="x W1 + b1 is a row of h hidden units",
            source="notes 1.3-1",
        ),
        Shape(
            output_layer,
            (1, c),
            where={hidden: hidden_layer},
            id="mlp.output",
            title="σ(h) W2 + b2 is a row of c logits",
            source="notes 1.3-1",
        ),
        Gradient(
            relu(t),
            t,
            relu_derivative(t),
            id="mlp.relu-derivative",
            title="the derivative of max(0, t) is 1 for t > 0, else 0",
            source="notes 1.3-2",
            note="the notes call the argument x",
        ),
        _stated(
            Gradient,
            l,
            o,
            grad_o,
            id="mlp.grad-o",
            title="∂l/∂o = softmax(o) − y",
            source="notes 1.3-3",
        ),
        _stated(
            Gradient,
            l,
            b2,
            grad_b2,
            id="mlp.grad-b2",
            title="∂l/∂b2 = softmax(o) − y",
            source="notes 1.3-4",
        ),
        _stated(
            Gradient,
            l,
            W2,
            grad_W2,
            id="mlp.grad-W2",
            title="∂l/∂W2 = σ(hᵀ) (softmax(o) − y)",
            source="notes 1.3-5",
        ),
        _stated(
            Gradient,
            l,
            b1,
            grad_b1,
            id="mlp.grad-b1",
            title="∂l/∂b1 = (softmax(o) − y) W2ᵀ ⊙ σ′(h)",
            source="notes 1.3-6",
        ),
        _stated_for_any_y(
            Gradient,
            l,
            b1,
            _by_chain(b1),
            id="mlp.grad-b1.chain",
            title="∂l/∂b1 = (∂l/∂o)(∂o/∂h)(∂h/∂b1)",
            source="notes 1.3-6",
            note="contracted over the indices of o and of h",
        ),
        _stated(
            Gradient,
            l,
            W1,
            grad_W1,
            id="mlp.grad-W1",
            title="∂l/∂W1 = xᵀ [(softmax(o) − y) W2ᵀ ⊙ σ′(h)]",
            source="notes 1.3-7",
        ),
        _stated_for_any_y(
            Gradient,
            l,
            W1,
            _by_chain(W1),
            id="mlp.grad-W1.chain",
            title="∂l/∂W1 = (∂l/∂o)(∂o/∂h)(∂h/∂W1)",
            source="notes 1.3-7",
            note="contracted over the indices of o and of h",
        ),
        Gradient(
            l,
            W1,
            grad_W1_relu,
            where=_relu_definitions,
            given=(labels_sum_to_one,),
            id="mlp.grad-W1.relu",
            title="∂l/∂W1 with σ = ReLU",
            source="notes 1.3-7",
            note="σ′ as in 1.3-2",
        ),
        _stated(
            Identity,
            _step_with_updated_W2,
            W1 - eta * partial(l, W1),
            id="mlp.layer-by-layer-update",
            title="the step for W1 may use the already updated W2",
            source="notes line 77",
            note="as W2, the step for W1 takes W2 − η ∂l/∂W2",
        ),
    ),
    references=(
        "D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning representations by "
        "back-propagating errors, Nature 323, 1986, 533–536",
        "C. M. Bishop, Pattern Recognition and Machine Learning, Springer, 2006, section 5.3",
        "I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, MIT Press, 2016, section 6.5",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 5.3",
    ),
)
