"""From SymPy to the core."""
