"""Smaller and faster files of an exported network, which are written only where they pass a gate."""
