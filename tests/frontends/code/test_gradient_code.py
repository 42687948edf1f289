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
