"""What everything stands on: errors, the worker, limits."""
