"""What networks that make digits are trained on."""

from __future__ import annotations

from typing import Any

from utils.datasets.samples.digits import load_split


def training_pixels() -> Any:
    """The training part of the digits: a float32 tensor [1437 or so, 64], 0 to 1."""
    import torch

    images = load_split()[0].images
    return torch.from_numpy(images.reshape(len(images), -1).astype("float32") / 255)
