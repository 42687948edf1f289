"""What a scalar function of SymPy is called in NumPy, or in mpmath where NumPy lacks it."""

from __future__ import annotations

FUNCTIONS = {
    **{
        name: f"np.{name}"
        for name in ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sign", "floor")
    },
    **{f"a{name}": f"np.arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "ceiling": "np.ceil",
    "Abs": "np.abs",
    "Max": "max",
    "Min": "min",
    "erf": "np.vectorize(math.erf, otypes=[float])",
    "erfc": "np.vectorize(math.erfc, otypes=[float])",
    "erfinv": "np.vectorize(mpmath.erfinv, otypes=[float])",
    "gamma": "np.vectorize(math.gamma, otypes=[float])",
    "loggamma": "np.vectorize(math.lgamma, otypes=[float])",
    "polygamma": "np.vectorize(mpmath.psi, otypes=[float])",
    "beta": "np.vectorize(mpmath.beta, otypes=[float])",
    "binomial": "np.vectorize(mpmath.binomial, otypes=[float])",
    "factorial": "np.vectorize(math.factorial, otypes=[float])",
    "atan2": "np.arctan2",
    "Mod": "np.mod",
    "frac": "(lambda x: x - np.floor(x))",
    "erfcinv": "np.vectorize(lambda x: mpmath.erfinv(1 - x), otypes=[float])",
    "lowergamma": "np.vectorize(lambda s, x: mpmath.gammainc(s, 0, x), otypes=[float])",
    "uppergamma": "np.vectorize(mpmath.gammainc, otypes=[float])",
    **{
        name: f"np.vectorize(mpmath.{name.lower()}, otypes=[float])"
        for name in (
            "Ei", "li", "Si", "Ci", "Shi", "Chi", "LambertW", "erfi", "fresnels", "fresnelc",
            "airyai", "airybi", "zeta", "besselj", "bessely", "besseli", "besselk", "expint",
            "polylog", "harmonic",
        )
    },
    **{
        f"a{name}": f"(lambda x: np.arc{inverse}(1/x))"
        for name, inverse in {
            "sec": "cos", "csc": "sin", "cot": "tan", "sech": "cosh", "csch": "sinh",
            "coth": "tanh",
        }.items()
    },
}  # fmt: skip

# Functions that NumPy lacks, as 1/f.
RECIPROCALS = {
    "sec": "np.cos", "csc": "np.sin", "cot": "np.tan",
    "sech": "np.cosh", "csch": "np.sinh", "coth": "np.tanh",
}  # fmt: skip
