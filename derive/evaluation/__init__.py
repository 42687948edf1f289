"""What an expression is worth at a point; independent of the engine."""
