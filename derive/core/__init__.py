"""Index notation: integer polynomials, scalar terms, and their derivatives."""
