"""The sizes with which a layer is built, where only the shapes of its parameters tell them.

``Linear(n_in, n_out)`` makes a ``W`` of shape (n_in, n_out): where W is declared to be (D, M), it
is built with n_in = D and n_out = M. That is read off a layer that is built with symbols for them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import sympy as sp

from derive.base.errors import ClaimError, DeriveError
from derive.frontends.code import axes as ax
from derive.frontends.code.arrays import Array
from derive.frontends.code.calling import listed, parameters_of
from derive.frontends.code.layers import held_at, place_in
from derive.frontends.code.loader import Loader
from derive.frontends.code.pairs import Pair, copied, fixed_values, resolve, symbols_of
from derive.frontends.code.shapes import make_input
from derive.frontends.code.sizes import Size
from derive.frontends.code.trace import Trace, opened


def with_sizes(pair: Pair) -> Pair:
    """A pair with the sizes with which its layer is built, as far as the shapes tell them.

    :raises ClaimError: where an argument of the constructor is left that has no default.
    """
    if not pair.unbuilt:
        return pair
    trace = Trace({str(s) for s in symbols_of(pair)} | set(pair.shapes))
    with opened(trace):
        try:
            kind = resolve(Loader(trace), pair, pair.forward)
            parameters = {p.name: p for p in parameters_of(kind.__init__)[1:]}
        except ClaimError:
            raise
        except Exception:
            return pair  # whoever traces it says what is wrong with it
        asked = {name: p for name, p in parameters.items() if name in pair.unbuilt}
        needed = [name for name, p in asked.items() if p.default is p.empty]
        told: dict[str, Any] = {}
        for names in (list(asked), needed):  # a number that is no size may have to be one
            with suppress(Exception):
                told = _told(pair, trace, kind, {name: asked[name] for name in names})
                break
    lost = [name for name in needed if name not in told]
    if lost:
        raise ClaimError(f"{listed(lost)} of {pair.name} is not declared, and no shape tells it")
    return replace(pair, init={**pair.init, **told}, unbuilt=())


def _told(pair: Pair, trace: Trace, kind: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """The value of each argument that the shapes of what the layer holds tell; none where two of
    them contradict each other.
    """
    symbols = {
        name: sp.Symbol(f"{name} of the layer", integer=True, positive=True)
        for name, p in asked.items()
        if p.default is p.empty or (isinstance(p.default, int) and not isinstance(p.default, bool))
    }
    inputs = {n: make_input(trace, n, s, pair.turned, pair.swapped) for n, s in pair.shapes.items()}
    sizes = {str(s) for s in symbols_of(pair)}
    built: dict[str, Any] = copied(fixed_values(pair.init, sizes, kind))
    built |= {argument: inputs[name].array for argument, name in pair.params.items()}
    layer = kind(**built, **{name: Size(symbol) for name, symbol in symbols.items()})
    equal: dict[Any, Any] = {}
    for name, given in inputs.items():
        if name in pair.params.values() or name in (pair.call or ()):
            continue
        try:
            made = held_at(layer, place_in(kind, layer, name, pair.name))
        except (AttributeError, DeriveError):
            continue
        if not isinstance(made, Array) or made.ndim != given.array.ndim:
            continue
        for own, wanted in zip(made.axes, given.array.axes, strict=True):
            times, symbol = ax.size_of(own).as_coeff_Mul()
            size = sp.expand(ax.size_of(wanted) / times)
            if symbol in symbols.values() and equal.setdefault(symbol, size) != size:
                return {}
    found = {name: equal[symbol] for name, symbol in symbols.items() if symbol in equal}
    return {
        name: int(size) if size.is_Integer else str(size)
        for name, size in found.items()
        if size.is_Integer or size.is_Symbol
    }
