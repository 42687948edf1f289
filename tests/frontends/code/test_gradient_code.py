"""What is written as code brings the imports that the file does not have."""

import subprocess
import sys

from derive.frontends.code.finding import find
from derive.frontends.code.gradient_code import code

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
    assert text.startswith("import math\n\n\ndef ") and "import numpy" not in text
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
