"""Layer by layer: where two runs of a network begin to differ, and what takes the time."""
