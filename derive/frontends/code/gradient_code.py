"""The derivative of a function in a file as code in the file's library, proved before it is given.

Of a function in NumPy it is a backward; in torch a ``torch.autograd.Function``, in JAX a function
with ``defvjp``, which call the file's own function and are to be put into the file.
"""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from derive.backends.array_code import ArrayCode
from derive.base.errors import ClaimError, UnsupportedError
from derive.claims.verdict import HOLDS
from derive.frontends.code.answers import declared_shapes
from derive.frontends.code.as_code import array_text
from derive.frontends.code.check import decide, pair_of
from derive.frontends.code.finding import AUTOGRAD
from derive.frontends.code.finding import Pair as Found
from derive.frontends.code.forwards import derived, traced_forward
from derive.frontends.code.pairs import Traced, reachable
from derive.frontends.code.request import Request
from derive.language.conditions import Cases, held

IMPORTS = {
    "numpy": "import math\nimport numpy as np",
    "torch": "import math\nimport torch",
    "jax": "import math\nimport jax\nimport jax.numpy as jnp",
}

_BACKWARD = """\
def {name}_backward_{which}({given}):
{body}
"""

_FUNCTION = """\
class {title}Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx, {inputs}):
        ctx.save_for_backward({inputs})
        return {call}

    @staticmethod
    def backward(ctx, {upstream}):
        {unpacked} = ctx.saved_tensors
{body}
"""

_RULE = """\
@jax.custom_vjp
def {name}_with_rule({inputs}):
    return {call}


def {name}_fwd({inputs}):
    return {name}_with_rule({inputs}), ({unpacked})


def {name}_bwd(saved, {upstream}):
    {unpacked} = saved
{body}


{name}_with_rule.defvjp({name}_fwd, {name}_bwd)
"""


def code(found: Found, wrt: Sequence[str], library: str) -> str:
    """The backward of a function in some inputs, in its library, proved to be right.

    :raises ClaimError: where the file is in another library, or there is no such input.
    :raises DeriveError: where it cannot be derived, written down or proved.
    """
    traced = traced_forward(found)
    if library != traced.trace.library:
        raise ClaimError(
            f"{found.path} is in {traced.trace.library}: code in {library} could not be checked "
            "against it"
        )
    text, target, backward = _Writing(found, traced, tuple(wrt), library).text()
    _prove(found, tuple(wrt), text, library, target, backward)
    return _missing_imports(text, found.path.read_text(encoding="utf-8"), library) + text


def _missing_imports(text: str, source: str, library: str) -> str:
    """The imports that a text needs and the file into which it is put does not have."""
    nodes = list(ast.walk(ast.parse(source)))
    aliases = [a for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names]
    known = {a.asname or a.name.partition(".")[0] for a in aliases}
    used = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
    lines = [
        line for line in IMPORTS[library].splitlines() if line.split()[-1] in used - known
    ]  # fmt: skip
    return "".join(f"{line}\n" for line in lines) + ("\n\n" if lines else "")


class _Writing:
    def __init__(self, found: Found, traced: Traced, wrt: tuple[str, ...], library: str) -> None:
        self.found, self.traced, self.wrt, self.library = found, traced, wrt, library
        self.inputs = [name for name in found.arguments if name in traced.inputs]
        self.name = found.name.removesuffix("_forward")
        self.names = {s: str(s) for i in traced.inputs.values() for s in i.symbols.values()}
        self.upstream = ""
        for u in traced.upstreams:
            for body in u.bodies.values():
                (base,) = body.atoms(sp.IndexedBase)
                self.upstream = self.names[base] = str(base)
        self.sizes: dict[str, str] = {}
        for name, given in traced.inputs.items():
            for k, size in enumerate(given.sizes):
                if size.is_Symbol:
                    self.sizes.setdefault(str(size), f"{name}.shape[{k}]")
        self.used: set[str] = set()

    def text(self) -> tuple[str, str, str | None]:
        """The code, the name of what it defines, and that of the backward where it is apart."""
        answers = {name: self._within(derived(self.traced, name)) for name in self.wrt}
        writer = ArrayCode(self.library, self.names, self._size)
        lines = []
        for symbol, value in reachable(self.traced.trace.where, list(answers.values())).items():
            self.names[symbol] = str(symbol)
            lines.append(f"{symbol} = {array_text(writer, value)}")
        scalar = not self.upstream
        if scalar and self.library != "numpy":
            self.upstream = self.traced.trace.name("upstream")
        results = {name: array_text(writer, answer) for name, answer in answers.items()}
        if scalar and self.library != "numpy":
            results = {name: f"{self.upstream} * ({text})" for name, text in results.items()}
        if self.library == "numpy" and len(results) == 1:
            lines += [f"return {text}" for text in results.values()]
        else:
            named = {name: self.traced.trace.name(f"grad_{name}") for name in results}
            lines += [f"{named[name]} = {text}" for name, text in results.items()]
            given = self.wrt if self.library == "numpy" else self.inputs
            parts = [named.get(name, "None") for name in given]
            ends = f"({parts[0]},)" if len(parts) == 1 else ", ".join(parts)
            lines.append(f"return {ends}")
        lines[:0] = [f"{name} = {self.sizes[name]}" for name in self.sizes if name in self.used]
        return self._whole(lines)

    def _within(self, answer: Any) -> Any:
        """What was derived, without conditions that labels are in their range."""
        ranges = {
            base: given.of
            for given in self.traced.inputs.values() if given.is_labels
            for base in given.symbols.values()
        }  # fmt: skip
        answer = held(answer)
        true = {
            fact: sp.true
            for fact in answer.atoms(sp.Ge)
            for entry in fact.atoms(sp.Indexed) if entry.base in ranges
            if sp.expand(fact.lhs - fact.rhs) in (entry, ranges[entry.base] - 1 - entry)
        }  # fmt: skip
        answer = answer.xreplace(true)
        always = {c: c.args[0][0] for c in answer.atoms(Cases) if c.args[0][1] == sp.true}
        return answer.xreplace(always)

    def _whole(self, lines: list[str]) -> tuple[str, str, str | None]:
        indent = " " * (8 if self.library == "torch" else 4)
        body = "\n".join(f"{indent}{line}" for line in lines)
        inputs = ", ".join(self.inputs)
        unpacked = f"{inputs}," if len(self.inputs) == 1 else inputs
        if self.library == "numpy":
            which = "_".join(self.wrt)
            given = ", ".join([*([self.upstream] if self.upstream else []), *self.inputs])
            text = _BACKWARD.format(name=self.name, which=which, given=given, body=body)
            return text, self.found.forward, f"{self.name}_backward_{which}"
        parts = {
            "name": self.name, "inputs": inputs, "unpacked": unpacked, "call": self._call(),
            "upstream": self.upstream, "body": body,
        }  # fmt: skip
        if self.library == "torch":
            title = "".join(word[:1].upper() + word[1:] for word in self.name.split("_"))
            return _FUNCTION.format(title=title, **parts), f"{title}Function", None
        return _RULE.format(**parts), f"{self.name}_with_rule", None

    def _call(self) -> str:
        """The file's own function at its inputs: of several results the first."""
        assert self.found.declared is not None
        fixed = self.found.declared.fixed
        arguments = []
        for name in self.found.arguments:
            text = name if name in self.traced.inputs else None
            if name in fixed:
                text = self._literal(fixed[name])
            if text is not None:
                keyword = name in self.found.defaults and self.found.kind != AUTOGRAD
                arguments.append(f"{name}={text}" if keyword else text)
        own = f"{self.found.forward}{'.apply' if self.found.kind == AUTOGRAD else ''}"
        return f"{own}({', '.join(arguments)}){'[0]' if self.traced.several else ''}"

    def _literal(self, value: Any) -> str:
        if isinstance(value, str) and str(value) in self.sizes:
            return self.sizes[value]
        if isinstance(value, Mapping) and any(str(v) in self.sizes for v in value.values()):
            parts = (f"{key!r}: {self._literal(v)}" for key, v in value.items())
            return f"{{{', '.join(parts)}}}"
        return repr(str(value) if isinstance(value, str) else value)

    def _size(self, size: Any) -> str:
        size = sp.sympify(size)
        if size.atoms(sp.Function) or any(str(s) not in self.sizes for s in size.free_symbols):
            raise UnsupportedError(f"the size {size} is not known where the code is")
        self.used.update(str(s) for s in size.free_symbols)
        return str(size)


def _prove(
    found: Found, wrt: tuple[str, ...], text: str, library: str, target: str, backward: str | None
) -> None:
    """Decide what was written as any other, in a copy of the user's file beside it.

    :raises UnsupportedError: where it does not hold, or is not seen to.
    """
    assert found.declared is not None
    source = found.path.read_text(encoding="utf-8")
    fixed = found.declared.fixed
    if backward is not None and found.kind == AUTOGRAD:
        raise UnsupportedError("a class of torch's is written in torch")
    asked = Request(found, found.declared.shapes, fixed, wrt)
    handle, path = tempfile.mkstemp(
        ".py", f"derive_{found.path.stem}_", os.path.dirname(found.path) or "."
    )
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{source}\n\n{IMPORTS[library]}\n\n{text}")
        pair = pair_of(
            f"{path}::{target}", backward, shapes=declared_shapes(asked),
            fixed=fixed if backward is not None else {}, wrt=wrt,
        )  # fmt: skip
        verdicts = decide(pair)
    finally:
        os.unlink(path)
    for name in wrt:
        if name not in verdicts or verdicts[name].status != HOLDS:
            reason = verdicts[name].reason if name in verdicts else f"{name} is not in it"
            message = f"the code that was written is not proved to be right ({reason})"
            raise UnsupportedError(message)
