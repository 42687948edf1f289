"""Layer norm and RMS norm, with what they pass back (section 4.4)."""

from sympy import HadamardProduct, MatrixSymbol, OneMatrix, Sum, Symbol, sqrt

from derive import Backward, Formula, Identity, Setting, Shape

d = Symbol("d", integer=True, positive=True)
k = Symbol("k", integer=True)
epsilon = Symbol("epsilon", positive=True)

x = MatrixSymbol("x", 1, d)
gamma = MatrixSymbol("gamma", 1, d)
beta = MatrixSymbol("beta", 1, d)
g = MatrixSymbol("g", 1, d)

mu = Symbol("mu", real=True)
variance = Symbol("variance", real=True)
xhat = MatrixSymbol("xhat", 1, d)


def mean(row):
    """The mean of a row, repeated."""
    return row * OneMatrix(d, d) / d


statistics = {
    mu: Sum(x[0, k], (k, 0, d - 1)) / d,
    variance: Sum((x[0, k] - mu) ** 2, (k, 0, d - 1)) / d,
    xhat: (x - mu * OneMatrix(1, d)) / sqrt(variance + epsilon),
}
layer_norm = HadamardProduct(xhat, gamma) + beta

# What reaches the normalised row is g ⊙ γ.
scaled = HadamardProduct(g, gamma)
grad_x = (scaled - mean(scaled) - HadamardProduct(xhat, mean(HadamardProduct(scaled, xhat)))) / (
    sqrt(variance + epsilon)
)

rms = Symbol("rms", real=True)
_rms = {rms: sqrt(Sum(x[0, k] ** 2, (k, 0, d - 1)) / d + epsilon)}
rms_norm = HadamardProduct(x, gamma) / rms
grad_x_rms = scaled / rms - HadamardProduct(x, mean(HadamardProduct(scaled, x))) / rms**3

_stated_statistics = Setting(where=statistics)
_stated_rms = Setting(where=_rms)

formula = Formula(
    id="layer-norm",
    title="Layer norm and RMS norm",
    section="4.4",
    dimensions={d: "width of a token"},
    symbols={
        x: "one token",
        gamma: "gain",
        beta: "bias",
        mu: "mean of x",
        variance: "variance of x",
        xhat: "x normalised",
        epsilon: "a small positive number",
        g: "gradient of a loss in the output",
        rms: "root of the mean square of x",
    },
    claims=(
        _stated_statistics(
            Shape,
            layer_norm,
            (1, d),
            id="layer-norm.shape",
            title="layer norm keeps the shape of a token",
            source="Ba et al. 2016, section 3",
        ),
        _stated_statistics(
            Identity,
            Sum(xhat[0, k], (k, 0, d - 1)),
            0,
            id="layer-norm.mean",
            title="the normalised token has mean 0",
            source="Ba et al. 2016, section 3",
        ),
        _stated_statistics(
            Identity,
            Sum(xhat[0, k] ** 2, (k, 0, d - 1)) / d,
            variance / (variance + epsilon),
            id="layer-norm.variance",
            title="its variance is σ²/(σ² + ε), a little below 1",
            source="Ba et al. 2016, section 3",
        ),
        _stated_statistics(
            Backward,
            layer_norm,
            x,
            g,
            grad_x,
            id="layer-norm.backward.x",
            title="dx = (s − mean s − x̂ mean(s ⊙ x̂))/√(σ² + ε), s = g ⊙ γ",
            source="Ioffe & Szegedy 2015, section 3, over features",
        ),
        _stated_statistics(
            Backward,
            layer_norm,
            gamma,
            g,
            HadamardProduct(g, xhat),
            id="layer-norm.backward.gamma",
            title="dγ = g ⊙ x̂",
            source="Ioffe & Szegedy 2015, section 3",
        ),
        _stated_statistics(
            Backward,
            layer_norm,
            beta,
            g,
            g,
            id="layer-norm.backward.beta",
            title="dβ = g",
            source="Ioffe & Szegedy 2015, section 3",
        ),
        _stated_rms(
            Backward,
            rms_norm,
            x,
            g,
            grad_x_rms,
            id="layer-norm.rms.backward.x",
            title="RMS norm: dx = s/r − x mean(s ⊙ x)/r³",
            source="Zhang & Sennrich 2019, section 4",
        ),
        _stated_rms(
            Backward,
            rms_norm,
            gamma,
            g,
            HadamardProduct(g, x) / rms,
            id="layer-norm.rms.backward.gamma",
            title="RMS norm: dγ = g ⊙ x/r",
            source="Zhang & Sennrich 2019, section 4",
        ),
    ),
    references=(
        "J. L. Ba, J. R. Kiros, G. E. Hinton, Layer Normalization, arXiv:1607.06450, 2016",
        "S. Ioffe, C. Szegedy, Batch Normalization, ICML 2015, section 3",
        "B. Zhang, R. Sennrich, Root Mean Square Layer Normalization, NeurIPS 2019",
    ),
)
