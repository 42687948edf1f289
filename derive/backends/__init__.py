"""What claims and derived sides are written in besides print: programs."""
