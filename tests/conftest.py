"""Hypothesis profiles: the same examples on every run in CI, new ones on a desk."""

import os

from hypothesis import settings

pytest_plugins = ["pytester"]

# Deciding a claim takes as long as it takes: a deadline per example would make tests depend on
# the machine's load.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
