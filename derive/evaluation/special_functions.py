"""Functions that have a value here and nothing else: no derivative, no law.

A claim in which one of them stands is proved only where it holds of every function in its place,
and refuted by its values: python-flint's balls, which enclose the value where it is a real number
and are no number where it is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

BALLS: dict[type, Callable[..., Any]] = {
    sp.Ei: lambda x: x.ei(),
    sp.li: lambda x: x.li(),
    sp.Si: lambda x: x.si(),
    sp.Ci: lambda x: x.ci(),
    sp.Shi: lambda x: x.shi(),
    sp.Chi: lambda x: x.chi(),
    sp.LambertW: lambda x: x.lambertw(),
    sp.erfi: lambda x: x.erfi(),
    sp.fresnels: lambda x: x.fresnel_s(),
    sp.fresnelc: lambda x: x.fresnel_c(),
    sp.airyai: lambda x: x.airy_ai(),
    sp.airybi: lambda x: x.airy_bi(),
    sp.zeta: lambda s, *a: s.zeta(*a),
    sp.besselj: lambda order, x: x.bessel_j(order),
    sp.bessely: lambda order, x: x.bessel_y(order),
    sp.besseli: lambda order, x: x.bessel_i(order),
    sp.besselk: lambda order, x: x.bessel_k(order),
    sp.uppergamma: lambda s, x: x.gamma_upper(s),
    sp.lowergamma: lambda s, x: x.gamma_lower(s),
    sp.expint: lambda order, x: x.expint(order),
    sp.polylog: lambda order, x: x.polylog(order),
}
