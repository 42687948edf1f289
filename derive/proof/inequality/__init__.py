"""Why one thing is at most another."""
