"""Postprocessing of networks that come from PaddlePaddle."""
