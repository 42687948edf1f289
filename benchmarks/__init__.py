"""How long it takes, measured: ``python -m benchmarks`` from the root of the project."""
