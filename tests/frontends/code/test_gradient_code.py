"""What is written as code brings the imports that the file does not have."""

import subprocess
import sys

import numpy as np
import pytest

from derive.base.errors import UnsupportedError
from derive.frontends.code.finding import find
from derive.frontends.code.forward_runs import same_function
from derive.frontends.code.forwards import derivative, traced_forward
from derive.frontends.code.gradient_code import code
from derive.frontends.code.numpy_names import NAMES

SOURCE = """
import numpy as np
from scipy.stats import norm

# derive: x (N)
def below(x):
    return norm.cdf(x)
"""


def test_an_import_that_is_missing_is_written(tmp_path):
    path = tmp_path / "layer.py"
    path.write_text(SOURCE)
    (pair,) = find(path, SOURCE).pairs
    text = code(pair, ("x",), "numpy")
    assert text.startswith("import math\n\n\n") and "import numpy" not in text
    assert "def below_backward_x(" in text
    subprocess.run([sys.executable, "-c", text], check=True)


STEPS = """
import numpy as np

# derive: x (N)
def variation_loss(x):
    d = x[1:] - x[:-1]
    return np.sum(d**2)
"""


def test_what_is_read_under_a_condition_is_read_within_the_array(tmp_path):
    path = tmp_path / "steps.py"
    path.write_text(STEPS)
    (pair,) = find(path, STEPS).pairs
    text = code(pair, ("x",), "numpy")
    found: dict[str, object] = {}
    exec(f"import numpy as np\nx = np.array([1.0, 3.0, 4.0])\n{text}", found)
    assert found["variation_loss_backward_x"](found["x"]).tolist() == [-4, 2, 2]


SUMS = """
import numpy as np

# derive: s (N, C), y (N) labels of C
def svm_loss(s, y):
    m = np.maximum(0, s - s[np.arange(len(y)), y][:, None] + 1)
    m[np.arange(len(y)), y] = 0
    return m.sum()

# derive: x (N), a (3)
def filtered(x, a):
    out = np.zeros(len(x) - 2)
    for k in range(3):
        out += x[k : k + len(x) - 2] * a[k]
    return out

# derive: x (N)
def bordered(x):
    return np.pad(x, 1) ** 2
"""


def written(tmp_path, name, *wrt):
    path = tmp_path / "sums.py"
    path.write_text(SUMS)
    (pair,) = (pair for pair in find(path, SUMS).pairs if pair.name == name)
    return code(pair, wrt, "numpy")


def test_a_condition_stays_in_the_sum_that_binds_its_index(tmp_path):
    text = written(tmp_path, "svm_loss", "s")
    assert "C >= y" not in text  # labels are in their range
    found: dict[str, object] = {}
    exec(f"import numpy as np\n{text}", found)
    scores, labels = np.array([[1.0, 0.0, 3.0], [5.0, 1.0, 2.0]]), np.array([0, 0])
    gradient = found["svm_loss_backward_s"](scores, labels)
    assert gradient.tolist() == [[-1, 0, 1], [0, 0, 0]]


def test_a_part_of_an_array_is_a_slice(tmp_path):
    text = written(tmp_path, "filtered", "x", "a")
    found: dict[str, object] = {}
    exec(f"import numpy as np\n{text}", found)
    upstream, x, a = np.array([1.0, 2.0]), np.arange(4.0), np.array([1.0, 10.0, 100.0])
    for name, derived in zip("xa", found["filtered_backward_x_a"](upstream, x, a), strict=True):
        assert derived.tolist() == {"x": [1, 12, 120, 200], "a": [2, 5, 8]}[name]
    assert "upstream[1:N + 1]" in written(tmp_path, "bordered", "x")


ELSEWHERE = """
import numpy as np

# derive: x (N, C), y (N) labels of C, scale = 2.0
def picked_loss(x, y, scale=1.0):
    p = np.exp(scale * x)
    p /= p.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(y)), y]).mean()
"""


def elsewhere(tmp_path, library):
    path = tmp_path / "picked.py"
    path.write_text(ELSEWHERE)
    (pair,) = find(path, ELSEWHERE).pairs
    return code(pair, ("x",), library)


def test_in_another_library_the_function_is_written_too(tmp_path):
    text = elsewhere(tmp_path, "torch")
    assert "class PickedLossFunction(torch.autograd.Function):" in text
    assert "p = torch.exp(2 * x)" in text and "picked_loss(" not in text
    assert "proved for every size" in text.lower()
    assert ("It was run beside it" in text) != ("torch is not installed" in text)


SQUARED = """
import torch

class SquaredFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return {}

    @staticmethod
    def backward(ctx, upstream):
        return {}
"""


@pytest.mark.parametrize(("body", "right"), [("x * x", True), ("2 * x**2 - x", False)])
def test_what_is_written_is_proved_to_be_the_function(tmp_path, body, right):
    own, other = tmp_path / "squared.py", tmp_path / "other.py"
    own.write_text("# derive: x (N)\ndef squared(x):\n    return x**2\n")
    other.write_text(SQUARED.format(body, "2 * ctx.saved_tensors[0] * upstream"))
    (pair,) = find(own, own.read_text()).pairs
    asked = traced_forward(pair), str(other), "SquaredFunction", "torch"
    if right:
        assert same_function(*asked) in ("", "torch is not installed")
        return
    with pytest.raises(UnsupportedError, match="is not proved to be the function"):
        same_function(*asked)


def test_a_wrong_trace_has_no_derivative(tmp_path, monkeypatch):
    path = tmp_path / "bent.py"
    path.write_text("import numpy as np\n# derive: x (N)\ndef bent(x):\n    return np.tanh(x)\n")
    (pair,) = find(path, path.read_text()).pairs
    derivative(pair, "x")
    monkeypatch.setitem(NAMES, "tanh", NAMES["sin"])
    with pytest.raises(UnsupportedError, match="internal error"):
        derivative(pair, "x")


def test_a_choice_between_numbers_is_not_contracted_in_torch(tmp_path):
    # torch refuses to contract integers with floats.
    text = elsewhere(tmp_path, "torch")
    assert "p * torch.where(" in text and "p, torch.where(" not in text
