"""Proofs for all times."""
