"""Runs a network: one `Engine` over many runtimes. Imports nothing else of this repository."""
