"""What reads other notations than claims of SymPy, and makes claims of it."""
