"""Drawn scenes as detectors are trained on them. torch is needed to call it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from utils.datasets.samples.scenes import OBJECTS, Scene

MOST = OBJECTS[1]  # objects a scene


def prepared(preprocess: Callable[[Any], tuple[Sequence[np.ndarray], Any]], scenes: Sequence[Scene]) -> tuple[Any, Any]:
    """Scenes as the network takes them.

    Args:
        preprocess: of the model's task, whose note of a picture says how it lies in the input (`to_original`).
        scenes: of `sized_scene`.

    Returns:
        float16 tensor [N, 3, S, S], and float32 [N, objects, 5]: class (-1 where there is none), centre x, y, width,
        height in pixels of the input.
    """
    import torch

    images, targets = [], torch.zeros(len(scenes), MOST, 5)
    targets[..., 0] = -1
    for number, scene in enumerate(scenes):
        (array,), placed = preprocess(Image.fromarray(scene.image))
        images.append(array.astype(np.float16))
        corner, pixel = placed.to_original(np.array([[0, 0], [1, 1]], np.float32))
        for place, thing in enumerate(scene.objects):
            low, high = (np.reshape(thing.box, (2, 2)) - corner) / (pixel - corner)
            targets[number, place] = torch.tensor((thing.label, *((low + high) / 2), *(high - low)))
    return torch.from_numpy(np.stack(images)), targets
