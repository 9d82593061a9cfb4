"""The acceptance standard: verify, choice of target, tuning within it, resumed validation."""
