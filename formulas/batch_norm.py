"""Batch normalisation and its backward pass, equation by equation (section 2.3)."""

from sympy import (
    FunctionMatrix,
    IndexedBase,
    Lambda,
    MatrixSymbol,
    Rational,
    Sum,
    Symbol,
    sqrt,
    symbols,
)

from derive import (
    Backward,
    Formula,
    Gradient,
    Identity,
    ScalarFunction,
    Setting,
    batch_norm2d,
    tensor,
)
from derive.language.operators import partial

m, n, c, rows, columns = symbols("m n c rows columns", integer=True, positive=True)
i, j, k, r, s, a, p, q = symbols("i j k r s a p q", integer=True)

# ---- one activation of a mini-batch of m, as published

x = MatrixSymbol("x", m, 1)
xhat = MatrixSymbol("xhat", m, 1)
y = MatrixSymbol("y", m, 1)
mu, variance, gamma, beta, l = symbols("mu v gamma beta l", real=True)
epsilon = Symbol("epsilon", positive=True)
L = ScalarFunction("L")

deviation = sqrt(variance + epsilon)


def column(body):
    """The column with ``body`` in row i."""
    return FunctionMatrix(m, 1, Lambda((i, k), body))


def over_batch(body):
    """The sum of ``body`` over the rows i."""
    return Sum(body, (i, 0, m - 1))


definitions = {
    mu: over_batch(x[i, 0]) / m,
    variance: over_batch((x[i, 0] - mu) ** 2) / m,
    xhat: column((x[i, 0] - mu) / deviation),
    y: column(gamma * xhat[i, 0] + beta),
    l: L(y),
}

grad_xhat = column(partial(l, y[i, 0]) * gamma)
grad_variance = over_batch(
    partial(l, xhat[i, 0])
    * (x[i, 0] - mu)
    * Rational(-1, 2)
    * (variance + epsilon) ** Rational(-3, 2)
)
grad_mu = (
    over_batch(partial(l, xhat[i, 0]) * (-1 / deviation))
    + partial(l, variance) * over_batch(-2 * (x[i, 0] - mu)) / m
)
grad_x = column(
    partial(l, xhat[i, 0]) / deviation
    + partial(l, variance) * 2 * (x[i, 0] - mu) / m
    + partial(l, mu) / m
)
grad_gamma = over_batch(partial(l, y[i, 0]) * xhat[i, 0])
grad_beta = over_batch(partial(l, y[i, 0]))
grad_x_constant = column(partial(l, xhat[i, 0]) / deviation)

# ---- images: a mean and a variance for each channel, the six equations in one

X = IndexedBase("X", shape=(n, c, rows, columns))
G = IndexedBase("G", shape=(n, c, rows, columns))
scale, shift = IndexedBase("scale", shape=(c,)), IndexedBase("shift", shape=(c,))
means, variances = IndexedBase("means", shape=(c,)), IndexedBase("variances", shape=(c,))
normalised = batch_norm2d(X, scale, shift, epsilon)
count = n * rows * columns


def over_channel(body):
    """The sum of ``body`` over all samples and places (r, p, q)."""
    return Sum(body, (r, 0, n - 1), (p, 0, rows - 1), (q, 0, columns - 1))


statistics = {
    means: tensor(over_channel(X[r, k, p, q]) / count, (k, c)),
    variances: tensor(over_channel((X[r, k, p, q] - means[k]) ** 2) / count, (k, c)),
}
spread = sqrt(variances[k] + epsilon)
at_place = (X[a, k, i, j] - means[k]) / spread
in_channel = (X[r, k, p, q] - means[k]) / spread
grad_X = tensor(
    scale[k]
    / spread
    * (
        G[a, k, i, j]
        - over_channel(G[r, k, p, q]) / count
        - at_place * over_channel(G[r, k, p, q] * in_channel) / count
    ),
    (a, n),
    (k, c),
    (i, rows),
    (j, columns),
)

SOURCE = "Ioffe & Szegedy 2015, section 3"

_stated = Setting(where=definitions)

formula = Formula(
    id="batch-norm",
    title="Batch normalisation",
    section="2.3",
    dimensions={
        m: "samples of a mini-batch",
        n: "images of a batch",
        c: "channels",
        rows: "rows of an image",
        columns: "columns of an image",
    },
    symbols={
        x: "one activation of every sample",
        mu: "mean over the mini-batch",
        variance: "variance over the mini-batch, which the paper calls σ²",
        epsilon: "what keeps a deviation from being 0",
        xhat: "normalised activation",
        gamma: "scale, trained",
        beta: "shift, trained",
        y: "scaled and shifted activation",
        l: "loss",
        Symbol(L.name): "the loss, any differentiable function of y",
        X: "a batch of images",
        G: "upstream gradient of the normalised images",
        scale: "scale of each channel",
        shift: "shift of each channel",
        means: "mean of each channel",
        variances: "variance of each channel",
    },
    claims=(
        _stated(
            Gradient,
            l,
            xhat,
            grad_xhat,
            id="batch-norm.grad-xhat",
            title="∂l/∂x̂ᵢ = ∂l/∂yᵢ γ",
            source=f"{SOURCE}, equation 1 of 6",
        ),
        _stated(
            Gradient,
            l,
            variance,
            grad_variance,
            id="batch-norm.grad-variance",
            title="∂l/∂σ² = Σ ∂l/∂x̂ᵢ (xᵢ − μ) (−1/2) (σ² + ε)^(−3/2)",
            source=f"{SOURCE}, equation 2 of 6",
        ),
        _stated(
            Gradient,
            l,
            mu,
            grad_mu,
            id="batch-norm.grad-mean",
            title="∂l/∂μ = Σ ∂l/∂x̂ᵢ (−1/√(σ² + ε)) + ∂l/∂σ² Σ −2(xᵢ − μ)/m",
            source=f"{SOURCE}, equation 3 of 6",
        ),
        _stated(
            Gradient,
            l,
            x,
            grad_x,
            id="batch-norm.grad-x",
            title="∂l/∂xᵢ = ∂l/∂x̂ᵢ/√(σ² + ε) + ∂l/∂σ² 2(xᵢ − μ)/m + ∂l/∂μ/m",
            source=f"{SOURCE}, equation 4 of 6",
        ),
        _stated(
            Gradient,
            l,
            gamma,
            grad_gamma,
            id="batch-norm.grad-gamma",
            title="∂l/∂γ = Σ ∂l/∂yᵢ x̂ᵢ",
            source=f"{SOURCE}, equation 5 of 6",
        ),
        _stated(
            Gradient,
            l,
            beta,
            grad_beta,
            id="batch-norm.grad-beta",
            title="∂l/∂β = Σ ∂l/∂yᵢ",
            source=f"{SOURCE}, equation 6 of 6",
        ),
        _stated(
            Gradient,
            l,
            x,
            grad_x_constant,
            id="batch-norm.grad-x.constant-statistics",
            title="∂l/∂xᵢ = ∂l/∂x̂ᵢ/√(σ² + ε), with μ and σ² held fixed",
            source="a common mistake",
            note="true once the statistics are fixed, as they are after training",
        ),
        _stated(
            Identity,
            over_batch(xhat[i, 0]),
            0,
            id="batch-norm.centred",
            title="the normalised activations sum to 0",
            source=f"{SOURCE}.1",
        ),
        Backward(
            normalised,
            X,
            G,
            grad_X,
            where=statistics,
            id="batch-norm.images.grad-x",
            title="∂l/∂X: γ/√(σ² + ε) (G − mean G − x̂ mean(G x̂)), by channel",
            source=f"{SOURCE}.2",
            note="the six equations in one, for images",
        ),
    ),
    references=(
        "S. Ioffe, C. Szegedy, Batch normalization: accelerating deep network training by "
        "reducing internal covariate shift, ICML 2015, arXiv:1502.03167",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 8.5",
    ),
)
