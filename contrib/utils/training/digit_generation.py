"""What the scripts share that train networks to make digits: the pixels, and what is said and written at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from utils.datasets.samples.digits import load_split
from zoo_core.files import atomic_write


def training_pixels() -> Any:
    """The training part of the digits: a float32 tensor [1437 or so, 64], 0 to 1."""
    import torch

    images = load_split()[0].images
    return torch.from_numpy(images.reshape(len(images), -1).astype("float32") / 255)


def finish(network: Any, figures: Callable[[Any], dict[str, float]], weights: Path) -> None:
    """Print the figures on the held-out digits, and write the weights.

    Args:
        network: the torch module that makes digits.
        figures: measures it.
        weights: the safetensors file.
    """
    from safetensors.torch import save_file

    print(figures(network.eval()))
    with atomic_write(weights) as temporary:
        save_file(network.state_dict(), str(temporary))
