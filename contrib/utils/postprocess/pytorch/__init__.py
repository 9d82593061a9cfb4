"""Postprocessing of networks that come from PyTorch."""
