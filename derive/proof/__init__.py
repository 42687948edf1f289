"""Why a difference vanishes, or is never negative."""
