"""The reason of a refutation, in one sentence."""
