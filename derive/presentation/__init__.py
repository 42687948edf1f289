"""The answer in matrix notation, and the proof in steps."""
