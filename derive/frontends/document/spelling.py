"""How names are printed, and the symbols of sizes."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp

PRETTY = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "varphi": "φ",
    "chi": "χ", "psi": "ψ", "omega": "ω", "Delta": "Δ", "Sigma": "Σ", "Lambda": "Λ", "ell": "ℓ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "Theta": "Θ", "Gamma": "Γ",
}  # fmt: skip


def pretty(key: str) -> str:
    """A name as SymPy and people print it: ``yhat``, ``W_hh``, ``W^(1)``, ``λ``."""
    key = re.sub(r"(hat|bar|tilde|dot|check)\((\w+)\)", lambda m: _greek(m[2]) + m[1], key)
    key = re.sub(r"example\((.*?)\)(?=_|\^|$)", r"\1", key)
    key = re.sub(r"cal\((\w+)\)", lambda m: {"L": "ℒ"}.get(m[1], m[1] + "cal"), key)
    return re.sub(r"[A-Za-z]{2,}", lambda m: _greek(m[0]), key)


def _greek(word: str) -> str:
    return PRETTY.get(word, word)


def size_symbol(name: str) -> Any:
    """The symbol of a size, by its name as written."""
    plain = re.sub(r"[\\{}\s]", "", name)
    plain = re.sub(r"[A-Za-z]{2,}", lambda m: _greek(m[0]), plain)
    return sp.Symbol(plain, integer=True, positive=True)
