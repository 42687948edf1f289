"""Small stand-ins for torch and jax on NumPy: just enough to run the gallery's files natively."""

from __future__ import annotations

import contextlib
import sys
from collections import namedtuple
from collections.abc import Iterator
from math import erf
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

_Extreme = namedtuple("_Extreme", "values indices")


class Tensor(np.ndarray):
    """An array with torch's names for its methods."""

    def mm(self, other: Any) -> Any:
        return self @ other

    def t(self) -> Any:
        return self.T

    def size(self, axis: int) -> int:  # type: ignore[override]
        return self.shape[axis]

    def unsqueeze(self, axis: int) -> Any:
        return np.expand_dims(self, axis)

    def expand(self, *sizes: int) -> Any:
        full = [have if size == -1 else size for have, size in zip(self.shape, sizes, strict=True)]
        return np.broadcast_to(self, full)

    def sum(self, dim: Any = None, keepdim: bool = False) -> Any:  # type: ignore[override]
        return _tensor(np.asarray(self).sum(axis=dim, keepdims=keepdim))

    def mean(self, dim: Any = None, keepdim: bool = False) -> Any:  # type: ignore[override]
        return _tensor(np.asarray(self).mean(axis=dim, keepdims=keepdim))

    def var(  # type: ignore[override]
        self, dim: Any = None, unbiased: bool = True, keepdim: bool = False
    ) -> Any:
        return _tensor(np.asarray(self).var(axis=dim, ddof=int(unbiased), keepdims=keepdim))

    def max(self, dim: Any = None, keepdim: bool = False) -> Any:  # type: ignore[override]
        values = np.asarray(self)
        found = _tensor(values.max(axis=dim, keepdims=keepdim))
        return found if dim is None else _Extreme(found, values.argmax(axis=dim))

    def pow(self, exponent: float) -> Any:
        return self**exponent

    def exp(self) -> Any:
        return np.exp(self)

    def gather(self, dim: int, index: Any) -> Any:
        return np.take_along_axis(self, np.asarray(index), dim)

    def chunk(self, number: int, dim: int = 0) -> Any:
        return np.split(self, number, axis=dim)


def _tensor(value: Any) -> Tensor:
    return np.asarray(value).view(Tensor)


class Context:
    """What an autograd Function keeps between its two passes."""

    def __init__(self, needs: int) -> None:
        self.needs_input_grad = (True,) * needs

    def save_for_backward(self, *tensors: Any) -> None:
        self.saved_tensors = tensors


def _log_softmax(x: Any, dim: int) -> Any:
    shifted = np.asarray(x - x.max(dim=dim, keepdim=True).values)
    return _tensor(shifted - np.log(np.exp(shifted).sum(axis=dim, keepdims=True)))


def _torch() -> dict[str, ModuleType]:
    torch = ModuleType("torch")
    for name in ("exp", "tanh", "sqrt", "log"):
        setattr(torch, name, getattr(np, name))
    torch.rsqrt = lambda x: 1 / np.sqrt(x)
    torch.erf = lambda x: _tensor(np.vectorize(erf)(np.asarray(x)))
    torch.sigmoid = lambda x: 1 / (1 + np.exp(-x))
    torch.sum = lambda x, dim=None, keepdim=False: x.sum(dim=dim, keepdim=keepdim)
    torch.cat = lambda parts, dim=0: np.concatenate(parts, axis=dim)
    autograd = ModuleType("torch.autograd")
    autograd.Function = torch.Function = type("Function", (), {})
    functional = ModuleType("torch.nn.functional")
    functional.log_softmax = _log_softmax
    functional.one_hot = lambda labels, number: _tensor(np.eye(number)[np.asarray(labels)])
    nn = ModuleType("torch.nn")
    torch.autograd, torch.nn, nn.functional = autograd, nn, functional
    return {
        "torch": torch,
        "torch.autograd": autograd,
        "torch.nn": nn,
        "torch.nn.functional": functional,
    }


class _At:
    def __init__(self, array: Any) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> Any:
        def add(values: Any) -> Any:
            result = self.array.copy()
            np.add.at(result, index, values)
            return result

        def put(values: Any) -> Any:
            result = self.array.copy()
            result[index] = values
            return result

        return SimpleNamespace(add=add, set=put)


class JaxArray(np.ndarray):
    """An array with jax's way of writing into it."""

    @property
    def at(self) -> Any:
        return _At(self)


class _WithRule:
    """A function with ``defvjp``."""

    def __init__(self, function: Any, nondiff_argnums: tuple[int, ...] = ()) -> None:
        self.function = function
        self.apart = nondiff_argnums

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)

    def defvjp(self, forward: Any, backward: Any) -> None:
        self.forward, self.backward = forward, backward


def _scan(step: Any, state: Any, rows: Any, reverse: bool = False) -> Any:
    numbers = range(len(rows[0]))
    outputs: list[Any] = [None] * len(rows[0])
    for number in reversed(numbers) if reverse else numbers:
        state, outputs[number] = step(state, tuple(row[number] for row in rows))
    return state, np.stack(outputs)


def _softmax(x: Any, axis: int = -1) -> Any:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _jax() -> dict[str, ModuleType]:
    jax = ModuleType("jax")
    numpy = ModuleType("jax.numpy")
    for name in dir(np):
        if not name.startswith("__"):
            setattr(numpy, name, getattr(np, name))
    numpy.zeros = lambda shape: np.zeros(shape).view(JaxArray)
    lax = ModuleType("jax.lax")
    lax.scan, lax.rsqrt = _scan, lambda x: 1 / np.sqrt(x)
    nn = ModuleType("jax.nn")
    nn.softmax = _softmax
    jax.numpy, jax.lax, jax.nn, jax.custom_vjp = numpy, lax, nn, _WithRule
    return {"jax": jax, "jax.numpy": numpy, "jax.lax": lax, "jax.nn": nn}


class _Annotation:
    def __class_getitem__(cls, _: Any) -> Any:
        return cls


def _jaxtyping() -> dict[str, ModuleType]:
    module = ModuleType("jaxtyping")
    module.Float = module.Int = _Annotation
    return {"jaxtyping": module}


@contextlib.contextmanager
def standins() -> Iterator[None]:
    """Stand-ins in the place of torch, jax and jaxtyping, for as long as a file is loaded."""
    modules = {**_torch(), **_jax(), **_jaxtyping()}
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def array(values: Any, library: str) -> Any:
    """Numbers as an array of a library."""
    kind = {"torch": Tensor, "jax": JaxArray}.get(library)
    return values if kind is None else np.asarray(values).view(kind)
