"""Code for other libraries runs natively on their own arrays, in 64 bits."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from derive.frontends.code.library_arrays import in_double, library_of, of_library, plain


class Tensor:
    def __init__(self, value):
        self.value = value

    def detach(self):
        return self

    cpu = double = detach

    def numpy(self):
        return self.value


@pytest.fixture
def torch(monkeypatch):
    module = ModuleType("torch")
    module.float64, module.kind = "float64", "float32"
    module.tensor = Tensor
    module.get_default_dtype = lambda: module.kind
    module.set_default_dtype = lambda kind: setattr(module, "kind", kind)
    monkeypatch.setitem(sys.modules, "torch", module)
    return module


def test_torch_gets_tensors_and_gives_arrays(torch):
    numbers = np.array([1.0, 2.0])
    tensor = of_library("torch", numbers)
    assert isinstance(tensor, Tensor) and plain(tensor).tolist() == [1.0, 2.0]
    with pytest.raises(ZeroDivisionError), in_double("torch"):
        assert torch.kind == "float64"
        raise ZeroDivisionError
    assert torch.kind == "float32"


def test_jax_is_wide_for_a_while(monkeypatch):
    config = SimpleNamespace(jax_enable_x64=False)
    config.update = lambda name, value: setattr(config, name, value)
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace(config=config, numpy=np))
    with in_double("jax"):
        assert config.jax_enable_x64
    assert not config.jax_enable_x64
    assert of_library("jax", np.ones(2)).tolist() == [1.0, 1.0]


def test_numpy_gets_copies_and_numbers():
    numbers = np.ones(2)
    assert of_library("numpy", numbers) is not numbers
    number = of_library("numpy", np.array(2.0))
    assert isinstance(number, float) and number.dtype == float
    assert type(of_library("numpy", np.array(2))) is int


def test_the_library_is_what_a_module_has_imported(torch):
    module = ModuleType("layer")
    module.np = np
    assert library_of(module) == library_of(None) == "numpy"
    module.torch = torch
    assert library_of(module) == "torch"
