"""Index notation as array code, in NumPy, torch or JAX: sums of products become einsums.

Each part of an entry's formula becomes an array over the indices that it reads, in one order that
all parts share, so that they broadcast; a sum or a maximum over an index is a reduction of its
axis.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from string import ascii_letters
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.printing.str import StrPrinter
from sympy.tensor.array.expressions.array_expressions import ArrayElement

from derive.base.errors import UnsupportedError
from derive.base.tables import Table
from derive.language.conditions import Cases
from derive.language.operators import MaxOver, Tensor, TensorElement

MODULES = {"numpy": "np", "torch": "torch", "jax": "jnp"}

_FUNCTIONS = {
    sp.exp: "exp",
    sp.log: "log",
    sp.sin: "sin",
    sp.cos: "cos",
    sp.tan: "tan",
    sp.sinh: "sinh",
    sp.cosh: "cosh",
    sp.tanh: "tanh",
    sp.Abs: "abs",
    sp.sign: "sign",
    sp.asin: "arcsin",
    sp.acos: "arccos",
    sp.atan: "arctan",
}
# NumPy has none of its own: Python's, entry by entry.
_ERF = {
    "numpy": "np.vectorize(math.erf, otypes=[float])",
    "torch": "torch.erf",
    "jax": "jax.lax.erf",
}
_RELATIONS = {
    sp.Gt: ">",
    sp.Ge: ">=",
    sp.Lt: "<",
    sp.Le: "<=",
    sp.Eq: "==",
    sp.Ne: "!=",
}
_SAID = {
    "Recurrence": "a recurrence",
    "Sequence": "a sequence",
    "Partial": "a derivative inside of a formula",
    "MatrixPartial": "a derivative inside of a formula",
    "ScalarApplication": "any function of whole arrays",
}
SUM, PRODUCT, POWER, LEAF = range(4)  # how tightly a text holds together


@dataclass(frozen=True)
class Text:
    """An array as text.

    :param axes: the indices that its axes run over, in the shared order.
    :param level: how tightly it holds together, one of the constants above.
    """

    text: str
    axes: tuple[sp.Symbol, ...] = ()
    level: int = LEAF

    def at(self, level: int) -> str:
        """The text as a part of another."""
        return self.text if self.level >= level else f"({self.text})"


ARRAYS: Table[Callable[[Any, Any], Text]] = Table()  # the code of each node, entry by entry


def kind_of(node: Any) -> str:
    """What a node is called where it has no code."""
    name = type(node).__name__
    return _SAID.get(name, name)


class _Sizes(StrPrinter):
    """Sizes as Python: whole numbers, divided without a rest."""

    def _print_floor(self, node: Any) -> str:
        above, below = sp.fraction(sp.together(node.args[0]))
        return f"(({self._print(above)}) // ({self._print(below)}))"

    def _print_ceiling(self, node: Any) -> str:
        return f"(-{self._print_floor(sp.floor(-node.args[0], evaluate=False))})"


def size_text(size: Any) -> str:
    """A size as Python."""
    return str(_Sizes().doprint(size))


class ArrayCode:
    """Writes formulas of entries as array code.

    :param library: ``"numpy"``, ``"torch"`` or ``"jax"``.
    :param names: the name in the code of each array and scalar, by the symbol.
    :param size: the text of a size.
    """

    rules = ARRAYS

    def __init__(
        self, library: str, names: MutableMapping[Any, str], size: Callable[[Any], str]
    ) -> None:
        self.library = library
        self.np = MODULES[library]
        self.names = names
        self.size = size
        self.order: list[sp.Symbol] = []
        self.extent: dict[sp.Symbol, Any] = {}
        self.guarded = 0  # conditions under which what is written is taken

    def array(self, body: Any, axes: Sequence[tuple[Any, Any]]) -> str:
        """The array whose entry at the indices of ``axes`` is ``body``.

        :raises UnsupportedError: where the body has a node that has no array code here.
        """
        indices = [index for index, _ in axes]
        with_own = [sp.Dummy(str(index), integer=True) for index in indices]
        body = body.xreplace(dict(zip(indices, with_own, strict=True)))
        self.order = list(with_own)
        self.extent = dict(zip(with_own, (size for _, size in axes), strict=True))
        found = self.write(body)
        if found.axes == tuple(with_own):
            return found.text
        wide = self._aligned(found, tuple(with_own)).at(LEAF)
        shape = ", ".join(self.size(size) for _, size in axes)
        comma = "," if len(axes) == 1 else ""
        return f"{self.np}.broadcast_to({self._as_array(found, wide)}, ({shape}{comma}))"

    def _as_array(self, found: Text, wide: str) -> str:
        if found.axes or self.library != "torch":
            return wide
        return f"torch.as_tensor({wide})"

    # ---- nodes

    def write(self, node: Any) -> Text:
        """A node as an array over the indices that it reads.

        :raises UnsupportedError: naming a node that has no array code here.
        """
        rule = self.rules.find(type(node))
        if rule is None:
            raise UnsupportedError(f"{kind_of(node)} cannot be written as array code")
        return rule(self, node)

    @ARRAYS.on(sp.Symbol, sp.Dummy)
    def _symbol(self, node: Any) -> Text:
        if node in self.extent:
            return self._counter(node)
        if node in self.names:
            return Text(self.names[node])
        return Text(self.size(node))

    def _counter(self, index: Any) -> Text:
        size = self.size(self.extent[index])
        return Text(f"{self.np}.arange({size})", (index,))

    @ARRAYS.on(sp.Integer)
    def _integer(self, node: Any) -> Text:
        return Text(str(node), level=LEAF if node >= 0 else PRODUCT)

    @ARRAYS.on(sp.Rational)
    def _rational(self, node: Any) -> Text:
        if sp.factorint(node.q).keys() <= {2, 5}:
            text = repr(float(node))
            if sp.Rational(text) == node:
                return Text(text, level=LEAF if node >= 0 else PRODUCT)
        return Text(f"{node.p} / {node.q}", level=PRODUCT)

    @ARRAYS.on(sp.Float)
    def _float(self, node: Any) -> Text:
        return Text(repr(float(node)))

    @ARRAYS.on(sp.NumberSymbol)
    def _number_symbol(self, node: Any) -> Text:
        if node in (sp.pi, sp.E):
            return Text(f"math.{'pi' if node is sp.pi else 'e'}")
        return Text(repr(float(node)))

    def _entry(self, array: Any, indices: Sequence[Any]) -> Text:
        if array not in self.names:
            raise UnsupportedError(f"{array} is not known where the code is")
        name = self.names[array]
        shape = getattr(array, "shape", None) or (None,) * len(indices)
        plain = [i for i, size in zip(indices, shape, strict=True) if self._runs_over(i, size)]
        if len(plain) < len(indices):
            return self._section(name, indices, shape) or self._gathered(name, indices, plain)
        if len(set(plain)) < len(plain):
            return self._gathered(name, indices, plain)
        return self._in_order(name, plain)

    def _in_order(self, name: str, indices: Sequence[Any]) -> Text:
        """An array whose axes run over some indices, with its axes in the shared order."""
        axes = tuple(sorted(indices, key=self.order.index))
        if axes == tuple(indices):
            return Text(name, axes)
        if len(axes) == 2:
            return Text(f"{name}.T", axes)
        order = ", ".join(str(indices.index(index)) for index in axes)
        verb = "permute" if self.library == "torch" else "transpose"
        return Text(f"{name}.{verb}({order})", axes)

    def _runs_over(self, index: Any, size: Any) -> bool:
        """Whether an index takes every place of an axis, and no other."""
        if index not in self.extent:
            return False
        return size is None or sp.expand(self.extent[index] - size) == 0

    def _section(self, name: str, indices: Sequence[Any], shape: Sequence[Any]) -> Text | None:
        """``x[:, 0, 1:n]``, where the indices are numbers or run over a part of an axis."""
        items, along = [], []
        for index, size in zip(indices, shape, strict=True):
            if self._runs_over(index, size):
                item, own = ":", index
            elif index.is_Integer and index >= 0:
                item, own = str(index), None
            else:
                item, own = self._part(index, size)
                if own is None:
                    return None
            items.append(item)
            along += [] if own is None else [own]
        if len(set(along)) < len(along):
            return None
        return self._in_order(f"{name}[{', '.join(items)}]", along)

    def _part(self, index: Any, size: Any) -> tuple[str, Any]:
        """The slice of an axis that an index runs over, and what runs; None where it is none, or is
        not seen to lie within the axis.
        """
        own = [s for s in index.free_symbols if s in self.extent]
        if len(own) != 1 or size is None:
            return "", None
        start = sp.expand(index - own[0])
        stop = sp.expand(start + self.extent[own[0]])
        within = start.is_nonnegative and sp.expand(size - stop).is_nonnegative
        if not within or own[0] in start.free_symbols:
            return "", None
        first = "" if start == 0 else self.size(start)
        return f"{first}:{'' if sp.expand(size - stop) == 0 else self.size(stop)}", own[0]

    def _gathered(self, name: str, indices: Sequence[Any], plain: Sequence[Any]) -> Text:
        """Entries at labels, or at sums of indices; both sides of ``where`` are worked out, so that
        what is read in one of them has to be read within the array.
        """
        parts = [
            Text(f"{text.at(POWER)} % {name}.shape[{k}]", text.axes, PRODUCT)
            if self.guarded and not indices[k].is_Integer and indices[k] not in plain
            else text
            for k, text in enumerate(map(self.write, indices))
        ]
        axes = self._union(parts)
        inside = ", ".join(self._aligned(part, axes).text for part in parts)
        return Text(f"{name}[{inside}]", axes)

    @ARRAYS.on(sp.Indexed)
    def _indexed(self, node: Any) -> Text:
        return self._entry(node.base, node.indices)

    @ARRAYS.on(MatrixElement)
    def _matrix_element(self, node: MatrixElement) -> Text:
        return self._entry(node.args[0], node.args[1:])

    @ARRAYS.on(ArrayElement)
    def _array_element(self, node: ArrayElement) -> Text:
        return self._entry(node.args[0], node.args[1])

    @ARRAYS.on(TensorElement)
    def _tensor_element(self, node: TensorElement) -> Text:
        array = node.array
        if isinstance(array, Tensor):
            return self.write(array.definition(*node.indices))
        return self._entry(array, node.indices)

    # ---- arithmetic

    @ARRAYS.on(sp.Add)
    def _add(self, node: Any) -> Text:
        terms = list(node.args)
        terms.sort(key=lambda term: (_negative(term), -len(term.free_symbols)))
        parts = [self.write(-term if _negative(term) else term) for term in terms]
        axes = self._union(parts)
        text = ""
        for term, part in zip(terms, parts, strict=True):
            shown = self._aligned(part, axes)
            if not text:
                text = f"-{shown.at(PRODUCT)}" if _negative(term) else shown.at(SUM)
            else:
                sign = "-" if _negative(term) else "+"
                text += f" {sign} {shown.at(PRODUCT)}"
        return Text(text, axes, SUM)

    @ARRAYS.on(sp.Mul)
    def _mul(self, node: Any) -> Text:
        if node.args[0] == -1:
            inner = self.write(sp.Mul(*node.args[1:], evaluate=len(node.args) == 2))
            return Text(f"-{inner.at(PRODUCT)}", inner.axes, PRODUCT)
        above = [part for part in node.args if not _divides(part)]
        below = [1 / part for part in node.args if _divides(part)]
        parts = [self.write(part) for part in above]
        under = [self.write(part) for part in below]
        axes = self._union([*parts, *under])
        text = " * ".join(
            self._aligned(part, axes).at(PRODUCT if k == 0 else POWER)
            for k, part in enumerate(parts)
        )
        for part in under:
            text = f"{text or '1'} / {self._aligned(part, axes).at(POWER)}"
        return Text(text, axes, PRODUCT)

    @ARRAYS.on(sp.Pow)
    def _pow(self, node: Any) -> Text:
        base, power = node.args
        if base is sp.E:
            return self._function("exp", [power])
        if power.is_number and power.could_extract_minus_sign():
            inner = self.write(base**-power)
            return Text(f"1 / {inner.at(POWER)}", inner.axes, PRODUCT)
        if power == sp.Rational(1, 2):
            inner = self.write(base)
            if inner.axes:
                return Text(f"{self.np}.sqrt({inner.text})", inner.axes)
            return Text(f"{inner.at(LEAF)} ** 0.5", (), POWER)
        parts = [self.write(base), self.write(power)]
        axes = self._union(parts)
        left, right = (self._aligned(part, axes) for part in parts)
        return Text(f"{left.at(LEAF)} ** {right.at(LEAF)}", axes, POWER)

    @ARRAYS.on(sp.Function)
    def _known_function(self, node: Any) -> Text:
        name = _FUNCTIONS.get(type(node))
        if name is None:
            raise UnsupportedError(f"{kind_of(node)} cannot be written as array code")
        return self._function(name, node.args)

    @ARRAYS.on(sp.exp)
    def _exp(self, node: Any) -> Text:
        return self._function("exp", node.args)

    @ARRAYS.on(sp.erf)
    def _erf(self, node: Any) -> Text:
        inner = self.write(node.args[0])
        name = _ERF[self.library]
        return Text(f"{name}({inner.text})", inner.axes)

    def _function(self, name: str, arguments: Sequence[Any]) -> Text:
        (inner,) = (self.write(argument) for argument in arguments)
        if not inner.axes and not arguments[0].free_symbols:
            return Text(repr(float(getattr(sp, name)(arguments[0]))))
        return Text(f"{self.np}.{name}({inner.text})", inner.axes)

    # ---- cases

    @ARRAYS.on(sp.Piecewise, Cases)
    def _piecewise(self, node: Any) -> Text:
        return self._cases(list(node.args))

    def _cases(self, branches: list[Any]) -> Text:
        value, condition = branches[0].args
        if condition == True or len(branches) == 1:  # noqa: E712
            return self.write(value)
        first = self.write(condition)
        self.guarded += 1
        parts = [first, self.write(value), self._cases(branches[1:])]
        self.guarded -= 1
        axes = self._union(parts)
        inside = ", ".join(self._aligned(part, axes).text for part in parts)
        return Text(f"{self.np}.where({inside})", axes)

    @ARRAYS.on(Relational)
    def _relational(self, node: Any) -> Text:
        mark = _RELATIONS[type(node)]
        parts = [self.write(node.lhs), self.write(node.rhs)]
        axes = self._union(parts)
        left, right = (self._aligned(part, axes).at(SUM) for part in parts)
        return Text(f"{left} {mark} {right}", axes, -1)

    @ARRAYS.on(sp.And)
    def _and(self, node: Any) -> Text:
        return self._joined(" & ", node.args)

    @ARRAYS.on(sp.Or)
    def _or(self, node: Any) -> Text:
        return self._joined(" | ", node.args)

    def _joined(self, mark: str, arguments: Sequence[Any]) -> Text:
        parts = [self.write(argument) for argument in arguments]
        axes = self._union(parts)
        return Text(mark.join(self._aligned(p, axes).at(LEAF) for p in parts), axes, -1)

    @ARRAYS.on(sp.Not)
    def _not(self, node: Any) -> Text:
        inner = self.write(node.args[0])
        return Text(f"~{inner.at(LEAF)}", inner.axes, POWER)

    @ARRAYS.on(sp.KroneckerDelta)
    def _kronecker_delta(self, node: Any) -> Text:
        one = sp.Eq(*node.args[:2], evaluate=False)
        return self._cases([sp.Tuple(sp.Integer(1), one), sp.Tuple(sp.Integer(0), sp.true)])

    @ARRAYS.on(sp.Max)
    def _max(self, node: Any) -> Text:
        return self._largest(list(node.args), sp.Ge)

    @ARRAYS.on(sp.Min)
    def _min(self, node: Any) -> Text:
        return self._largest(list(node.args), sp.Le)

    def _largest(self, values: list[Any], relation: Any) -> Text:
        first, *others = values
        for other in others:
            first = Cases(
                sp.Tuple(first, relation(first, other, evaluate=False)),
                sp.Tuple(other, sp.true),
            )
        return self.write(first)

    # ---- reductions

    @ARRAYS.on(sp.Sum)
    def _sum(self, node: Any) -> Text:
        body = node.function
        limits = []
        for index, low, high in node.limits:
            ends = [sp.Ge(index, low)] if low.free_symbols & set(self.order) else []
            ends += [sp.Le(index, high)] if high.free_symbols & set(self.order) else []
            if ends:
                inside = sp.And(*ends)
                body = Cases(sp.Tuple(body, inside), sp.Tuple(sp.S.Zero, sp.true))
                low, high = self._least(low), -self._least(-high)
            own = sp.Dummy(str(index), integer=True)
            body = body.xreplace({index: own + low})
            limits.append((own, sp.expand(high - low + 1)))
        return self._over(sp.expand_mul(body) if body.is_Add else body, limits)

    def _least(self, end: Any) -> Any:
        """The least value of an end of a range over the indices that it reads.

        :raises UnsupportedError: where it is not linear in them.
        """
        for index in end.free_symbols & set(self.order):
            slope = sp.expand(end).coeff(index)
            if slope not in (1, -1) or index in sp.expand(end - slope * index).free_symbols:
                raise UnsupportedError("a sum whose range depends on an index")
            end = end.xreplace({index: sp.S.Zero if slope == 1 else self.extent[index] - 1})
        return end

    def _over(self, body: Any, limits: list[tuple[Any, Any]]) -> Text:
        for own, size in limits:
            if size.free_symbols & set(self.order):
                raise UnsupportedError("a sum whose range depends on an index")
            self.order.append(own)
            self.extent[own] = size
        gone = {own for own, _ in limits}
        try:
            factors = list(sp.Mul.make_args(body))
            outside = [f for f in factors if not f.free_symbols & gone]
            inside = [f for f in factors if f.free_symbols & gone]
            missing = gone - set().union(*(f.free_symbols for f in inside))
            for own in missing:
                outside.append(self.extent[own])
            found = self._contracted(inside, gone - missing) if gone - missing else Text("1")
        finally:
            for own in gone:
                self.order.remove(own)
        parts = [self.write(f) for f in outside if f != 1]
        if not parts:
            return found
        axes = self._union([*parts, found])
        shown = [self._aligned(part, axes) for part in (*parts, found)]
        text = " * ".join(p.at(PRODUCT if k == 0 else POWER) for k, p in enumerate(shown))
        return Text(text, axes, PRODUCT)

    def _contracted(self, factors: list[Any], gone: set[Any]) -> Text:
        parts = [self._as_it_is(factor) for factor in factors]
        left = tuple(index for index in self._union(parts) if index not in gone)
        # torch contracts arrays of one type only, and multiplies those of several.
        typed = self.library != "torch" or all(map(_has_type, factors))
        if len(parts) > 1 and all(part.axes for part in parts) and typed:
            parts.sort(key=lambda part: min(map(self.order.index, part.axes)))
            if product := self._matrices(parts, left, gone):
                return product
            letters = dict(zip(self._union(parts), ascii_letters, strict=False))
            inputs = ",".join("".join(letters[i] for i in part.axes) for part in parts)
            output = "".join(letters[i] for i in left)
            operands = ", ".join(part.text for part in parts)
            return Text(f'{self.np}.einsum("{inputs}->{output}", {operands})', left)
        return self._reduced("sum", factors, [self.write(factor) for factor in factors], gone)

    def _as_it_is(self, factor: Any) -> Text:
        """An array with its axes in its own order, where it is read at indices alone."""
        if isinstance(factor, sp.Indexed) and factor.base in self.names:
            indices = factor.indices
            shape = getattr(factor.base, "shape", None) or (None,) * len(indices)
            whole = all(map(self._runs_over, indices, shape))
            if len(set(indices)) == len(indices) and whole:
                return Text(self.names[factor.base], tuple(indices))
        return self.write(factor)

    def _matrices(
        self, parts: list[Text], left: tuple[sp.Symbol, ...], gone: set[Any]
    ) -> Text | None:
        """The sum as a product of two matrices, None where it is none."""
        if len(parts) != 2 or len(gone) != 1 or any(len(part.axes) != 2 for part in parts):
            return None
        (k,) = gone
        first, second = parts
        if k not in first.axes or k not in second.axes or len(left) != 2:
            return None
        one = first.at(LEAF) if first.axes[1] == k else _turned(first.at(LEAF))
        other = second.at(LEAF) if second.axes[0] == k else _turned(second.at(LEAF))
        return Text(f"{one} @ {other}", left, PRODUCT)

    def _reduced(self, verb: str, factors: list[Any], parts: list[Text], gone: set[Any]) -> Text:
        whole = parts[0] if len(parts) == 1 else self.write(sp.Mul(*factors, evaluate=False))
        places = [k for k, index in enumerate(whole.axes) if index in gone]
        left = tuple(index for index in whole.axes if index not in gone)
        if len(places) == len(whole.axes) and verb == "sum":
            return Text(f"{whole.at(LEAF)}.sum()", left)
        which = str(places[0]) if len(places) == 1 else f"({', '.join(map(str, places))})"
        word = "dim" if self.library == "torch" else "axis"
        return Text(f"{self.np}.{verb}({whole.text}, {word}={which})", left)

    @ARRAYS.on(MaxOver)
    def _max_over(self, node: MaxOver) -> Text:
        index, low, high = node.limits
        own = sp.Dummy(str(index), integer=True)
        body = node.body.xreplace({index: own + low})
        self.order.append(own)
        self.extent[own] = sp.expand(high - low + 1)
        found = self.write(body)
        self.order.remove(own)
        if own not in found.axes:
            return found
        return self._reduced("amax", [body], [found], {own})

    # ---- axes

    def _union(self, parts: Sequence[Text]) -> tuple[sp.Symbol, ...]:
        every = {index for part in parts for index in part.axes}
        return tuple(sorted(every, key=self.order.index))

    def _aligned(self, part: Text, axes: tuple[sp.Symbol, ...]) -> Text:
        """The array with an axis of size 1 for each index that it lacks, but leading ones."""
        if not part.axes or part.axes == axes[len(axes) - len(part.axes) :]:
            return part
        first = axes.index(part.axes[0])
        items = [":" if index in part.axes else "None" for index in axes[first:]]
        return Text(f"{part.at(LEAF)}[{', '.join(items)}]", part.axes)


def _has_type(factor: Any) -> bool:
    """Whether an array has the type of floats that it reads: a choice between numbers has not."""
    if isinstance(factor, (sp.Piecewise, Cases)):
        return any(_has_type(branch.args[0]) for branch in factor.args)
    if isinstance(factor, (Relational, sp.KroneckerDelta)):
        return False
    if isinstance(factor, (sp.Indexed, MatrixElement, ArrayElement, TensorElement)):
        return not factor.is_integer
    return any(map(_has_type, factor.args))


def _turned(matrix: str) -> str:
    return matrix.removesuffix(".T") if matrix.endswith(".T") else f"{matrix}.T"


def _negative(term: Any) -> bool:
    return bool(term.could_extract_minus_sign()) and not term.is_Add


def _divides(part: Any) -> bool:
    return part.is_Pow and part.exp.is_number and part.exp.could_extract_minus_sign()
