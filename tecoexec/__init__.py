"""Limit performance: what a runtime does with a network when input is always ready. Imports engine only."""
