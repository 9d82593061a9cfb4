"""Postprocessing of image classifiers that come from Paddle: logits are ranked as on the PyTorch side."""

from utils.postprocess.pytorch.classification import Ranking, TopK, postprocess

__all__ = ["Ranking", "TopK", "postprocess"]
