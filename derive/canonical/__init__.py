"""Canonical forms: polynomials over atoms, and the laws that bring terms there."""
