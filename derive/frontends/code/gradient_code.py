"""The derivative of a function in a file as code, proved before it is given.

In NumPy it is a backward; in torch a ``torch.autograd.Function``, in JAX a function with
``defvjp``. In the library of the file these call the file's own function, and are to be put into
the file. In another one the function is written anew as well, and stands by itself.
"""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sympy as sp

from derive.backends.array_code import ArrayCode
from derive.base.errors import UnsupportedError
from derive.claims.verdict import HOLDS
from derive.frontends.code.answers import declared_shapes
from derive.frontends.code.as_code import array_text
from derive.frontends.code.check import decide, pair_of
from derive.frontends.code.finding import AUTOGRAD
from derive.frontends.code.finding import Pair as Found
from derive.frontends.code.forward_runs import same_function
from derive.frontends.code.forwards import derived, traced_forward
from derive.frontends.code.pairs import Traced, objective, reachable
from derive.frontends.code.request import Request
from derive.frontends.code.trace import opened
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

_FORWARD = """\
def {name}_forward({inputs}):
{forward}


"""

_FUNCTION = """\
class {title}Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx, {inputs}):
        ctx.save_for_backward({inputs})
{forward}

    @staticmethod
    def backward(ctx, {upstream}):
        {unpacked} = ctx.saved_tensors
{body}
"""

_RULE = """\
@jax.custom_vjp
def {name}_with_rule({inputs}):
{forward}


def {name}_fwd({inputs}):
    return {name}_with_rule({inputs}), ({unpacked})


def {name}_bwd(saved, {upstream}):
    {unpacked} = saved
{body}


{name}_with_rule.defvjp({name}_fwd, {name}_bwd)
"""


def code(found: Found, wrt: Sequence[str], library: str) -> str:
    """The backward of a function in some inputs, proved to be right.

    :param library: that of the code; where it is not the file's, the function is written too, and
        proved to be the file's.
    :raises ClaimError: where there is no such input.
    :raises DeriveError: where it cannot be derived, written down or proved.
    """
    traced = traced_forward(found)
    apart = library != traced.trace.library
    writing = _Writing(found, traced, tuple(wrt), library, apart)
    text, target, backward = writing.text()
    source = "" if apart else found.path.read_text(encoding="utf-8")
    with _beside(found, f"{source}\n\n{IMPORTS[library]}\n\n{text}") as path:
        missing = _prove(found, tuple(wrt), path, target, backward, apart)
        if apart:
            missing = same_function(traced, path, target, library) or missing
    if apart:
        told = (
            f"# Proved for every size to be {found.name} of {found.path.name}, and its gradient.\n"
        )
        told += f"# It was not run: {missing}.\n" if missing else "# It was run beside it.\n"
    else:
        told = f"# It was proved as it is read, and not run: {missing}.\n" if missing else ""
    return _missing_imports(text, source, library) + told + text


@contextmanager
def _beside(found: Found, text: str) -> Iterator[str]:
    """A file beside the user's, for a while."""
    handle, path = tempfile.mkstemp(
        ".py", f"derive_{found.path.stem}_", os.path.dirname(found.path) or "."
    )
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        yield path
    finally:
        os.unlink(path)


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
    def __init__(
        self, found: Found, traced: Traced, wrt: tuple[str, ...], library: str, apart: bool
    ) -> None:
        self.found, self.traced, self.wrt, self.library = found, traced, wrt, library
        self.apart = apart
        self.inputs = [name for name in found.arguments if name in traced.inputs]
        self.name = found.name.removesuffix("_forward")
        self.names = {
            s: i.in_code if i.one_hot else str(s)
            for i in traced.inputs.values()
            for s in i.symbols.values()
        }
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
        forward = self._sized([f"return {self._call()}"])
        if self.apart:
            forward = self._sized(self._function(writer))
        lines = self._definitions(writer, list(answers.values()))
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
        return self._whole(forward, self._sized(lines))

    def _function(self, writer: ArrayCode) -> list[str]:
        """The lines of the function itself."""
        (output,) = self.traced.outputs
        if len(output.bodies) != 1:
            raise UnsupportedError("what the function returns is put together of several arrays")
        with opened(self.traced.trace):
            of, _ = objective(self.traced, dict(self.traced.trace.where))
        of = self._within(of)
        return [*self._definitions(writer, [of]), f"return {array_text(writer, of)}"]

    def _definitions(self, writer: ArrayCode, read: list[Any]) -> list[str]:
        """The lines of the definitions that expressions rest on."""
        lines = []
        for symbol, value in reachable(self.traced.trace.where, read).items():
            self.names[symbol] = str(symbol)
            lines.append(f"{symbol} = {array_text(writer, value)}")
        return lines

    def _sized(self, lines: list[str]) -> list[str]:
        """Lines after those of the sizes that were written in them."""
        sizes = [f"{name} = {self.sizes[name]}" for name in self.sizes if name in self.used]
        self.used.clear()
        return [*sizes, *lines]

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

    def _whole(self, forward: list[str], lines: list[str]) -> tuple[str, str, str | None]:
        indent = " " * (8 if self.library == "torch" else 4)
        inputs = ", ".join(self.inputs)
        parts = {
            "name": self.name, "inputs": inputs, "upstream": self.upstream,
            "unpacked": f"{inputs}," if len(self.inputs) == 1 else inputs,
            "forward": "\n".join(f"{indent}{line}" for line in forward),
            "body": "\n".join(f"{indent}{line}" for line in lines),
        }  # fmt: skip
        if self.library == "numpy":
            which = "_".join(self.wrt)
            given = ", ".join([*([self.upstream] if self.upstream else []), *self.inputs])
            text = _BACKWARD.format(which=which, given=given, **parts)
            own, backward = self.found.forward, f"{self.name}_backward_{which}"
            if self.apart:
                return _FORWARD.format(**parts) + text, f"{self.name}_forward", backward
            return text, own, backward
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
    found: Found, wrt: tuple[str, ...], path: str, target: str, backward: str | None, apart: bool
) -> str:
    """Decide what was written as any other; why it was not run besides, ``""`` where it was.

    :raises UnsupportedError: where it does not hold, or is not seen to.
    """
    assert found.declared is not None
    fixed = {} if apart or backward is None else found.declared.fixed
    if backward is not None and found.kind == AUTOGRAD and not apart:
        raise UnsupportedError("a class of torch's is written in torch")
    asked = Request(found, found.declared.shapes, fixed, wrt)
    pair = pair_of(
        f"{path}::{target}", backward, shapes=declared_shapes(asked), fixed=fixed, wrt=wrt
    )
    verdicts = decide(pair)
    for name in wrt:
        if name not in verdicts or verdicts[name].status != HOLDS:
            reason = verdicts[name].reason if name in verdicts else f"{name} is not in it"
            message = f"the code that was written is not proved to be right ({reason})"
            raise UnsupportedError(message)
    why = "".join({why for v in verdicts.values() for why in map(_not_run, v.notes) if why})
    if why and not why.endswith("is not installed"):
        raise UnsupportedError(f"the code that was written does not run ({why})")
    return why


def _not_run(note: str) -> str:
    """What a note says of why a library was not run to compare."""
    _, mark, why = note.partition(" was not run to compare (")
    return why.removesuffix(")") if mark else ""
