"""The answer in matrix notation, and the proof in steps."""

from derive.presentation import matrices, scalars  # noqa: F401  (they fill the writer's tables)
