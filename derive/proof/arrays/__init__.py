"""Which shared arrays are equal."""
