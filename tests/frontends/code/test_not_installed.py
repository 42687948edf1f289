"""Files that import what is not installed, and whose functions do without it."""

import sys
from pathlib import Path

import pytest

from derive.code import verify_backward
from derive.frontends.code.not_installed import StandIns

SOURCE = """
import numpy as np
import no_such_plots.pyplot as plt
from no_such_bar import bar
from no_such_layers import Layer
try:
    import no_such_arrays as xp
except ImportError:
    xp = np
plt.style.use("ggplot")
plt.rcParams["figure.figsize"] = (10, 8)

class Mine(Layer):
    pass

def square_forward(x):
    return xp.square(x), x

def square_backward(g, x):
    return 2 * g * x

def wrong_backward(g, x):
    return g * x

def shown_backward(g, x):
    bar(g, 1)
    return 2 * g * x

for one in {loop}:
    pass
"""


def verdict(tmp_path, backward, loop="()"):
    path = tmp_path / "plotted.py"
    path.write_text(SOURCE.format(loop=loop))
    return verify_backward(f"{path}::square_forward", backward, x="N D")["x"]


def test_a_file_that_draws_plots_is_run_without_them(tmp_path):
    found = verdict(tmp_path, "square_backward")
    assert (found.status, found.notes) == ("holds", ())
    assert verdict(tmp_path, "wrong_backward").status == "disagrees"
    assert not [name for name in sys.modules if name.startswith("no_such")]
    assert not any(isinstance(finder, StandIns) for finder in sys.meta_path)


def test_a_function_that_calls_what_is_not_there_is_not_decided(tmp_path):
    assert verdict(tmp_path, "shown_backward").status == "undecided"


def test_what_is_not_there_has_no_items(tmp_path):
    assert verdict(tmp_path, "square_backward", loop="plt.axes()").status == "undecided"


WHAT_IS_ASKED = """import numpy as np
import somelib

FLAG = somelib.FLAG


# derive: x (N)
def square(x):
    if {asked}:
        return x**2, x
    return x**3, x


def square_backward(dz, x):
    return 2 * x * dz
"""


ASKED = [
    "FLAG", "somelib.backend == 'np'", "somelib.VERSION > (1, 0)", "somelib.FLAG is not None",
    "hasattr(somelib, 'v2')", "getattr(somelib, 'v2', None)", "isinstance(somelib.MODE, str)",
    "type(somelib.MODE) == str", "callable(somelib.op)", "str(somelib.MODE) == 'fast'",
    "{1: True}.get(somelib.MODE)",
]  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_not_there_decides_no_branch(tmp_path: Path, asked: str) -> None:
    path = tmp_path / "branch.py"
    path.write_text(WHAT_IS_ASKED.format(asked=asked))
    (verdict,) = verify_backward(f"{path}::square", shapes={"x": "N"}).values()
    assert verdict.status == "undecided"
    assert "somelib" in verdict.reason


HANDLED = """import numpy as np
import somelib

wave = somelib.traced(np.sin)


# derive: x (N)
def square(x):
    try:
        return somelib.square(x), x
    except Exception:
        return x**2, x


def square_backward(dz, x):
    return 2 * x * dz


# derive: x (N)
def waves(x):
    return wave(x), x


def waves_backward(dz, x):
    return np.cos(x) * dz


# derive: x (N)
@somelib.traced
def traced(x):
    return np.sin(x), x


def traced_backward(dz, x):
    return np.cos(x) * dz


# derive: x (N)
class Layer(somelib.Layer):
    def forward(self, x):
        return 2 * x

    def backward(self, dz):
        return 2 * dz
"""

REASONS = {
    "square": "HANDLED:10: somelib.square is not read",
    "waves": "HANDLED:21: wave (line 4) is not read: somelib.traced is not read",
    "traced": "traced (line 29) is not read: somelib.traced is not read",
    "Layer": "Layer (line 39) is not read: somelib.Layer is not read",
}


@pytest.mark.parametrize("name", REASONS)
def test_what_rests_on_what_is_not_there_is_told_in_a_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "handled.py"
    path.write_text(HANDLED)
    (verdict,) = verify_backward(f"{path}::{name}", shapes={"x": "N"}).values()
    assert verdict.status == "undecided"
    assert verdict.reason == REASONS[name].replace("HANDLED", str(path))
