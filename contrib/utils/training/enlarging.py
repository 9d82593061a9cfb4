"""Photographs as networks that enlarge the luma of a picture are trained on them. torch is needed to call it.

They are china and flower without the crops that are held out, and three of scikit-image that the demos have.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from utils.datasets.samples.photo_pairs import CORNERS, SIDE
from utils.datasets.samples.photos import originals
from utils.preprocess.luma import to_ycbcr
from utils.training.steps import OneCycle

SEED = 0  # of the patches and of their order
PATCH = 96  # pixels of a large patch; divided by 2, 3 and 4
SHRUNK = (1.0, 0.85, 0.7, 0.55)  # a photograph is seen in several sizes: small ones are sharper
REPORTED = 500  # steps between two lines that say how far it is
_THINGS = Path(__file__).resolve().parents[1] / "demos" / "things"

Window = tuple[float, float, float, float]


def patches(scale: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Patches of photographs, and the same made smaller as the held-out crops were (Pillow, bicubic).

    Args:
        scale: by which the small ones are smaller.
        count: patches.

    Returns:
        (small, large): luma 0 to 1, float32 [count, 1, PATCH / scale, PATCH / scale] and [count, 1, PATCH, PATCH].
    """
    random = np.random.RandomState(SEED)
    photographs = [one for pair in _photographs() for one in _in_sizes(*pair)]
    weights = np.array([picture.width * picture.height for picture, _ in photographs], float)
    small: list[np.ndarray] = []
    large: list[np.ndarray] = []
    while len(large) < count:
        picture, held_out = photographs[random.choice(len(photographs), p=weights / weights.sum())]
        left, top = random.randint(picture.width - PATCH + 1), random.randint(picture.height - PATCH + 1)
        window = (left, top, left + PATCH, top + PATCH)
        if any(_overlap(window, other) for other in held_out):
            continue
        patch = picture.crop(window)
        shrunk = patch.resize((PATCH // scale, PATCH // scale), Image.Resampling.BICUBIC)
        large.append(_luma(patch))
        small.append(_luma(shrunk))
    return np.stack(small), np.stack(large)


def fit(network: Any, scale: int, *, count: int, steps: int, batch: int, rate: float) -> None:
    """Minimise the squared error of the luma with AdamW, one cycle of the learning rate.

    Args:
        network: a torch network from luma [N, 1, H, W] to [N, 1, scale * H, scale * W], trained in place.
        scale: by which it enlarges.
        count: patches to train on, each turned by quarters and mirrored at random.
        steps, batch, rate: of the training: steps, patches a step, the highest learning rate.
    """
    import torch

    random = np.random.RandomState(SEED)
    start = time.perf_counter()
    small, large = patches(scale, count)
    cycle = OneCycle(network.parameters(), rate, steps, decay=0.0, rise=0.1, longest=1.0)
    total = 0.0
    for step in range(steps):
        chosen = random.choice(count, batch, replace=False)
        turns, mirrored = random.randint(4), random.randint(2)
        seen, wanted = (torch.from_numpy(_turned(one[chosen], turns, mirrored)) for one in (small, large))
        loss = torch.nn.functional.mse_loss(network(seen), wanted)
        cycle.step(loss)
        total += loss.item()
        if step % REPORTED == REPORTED - 1:
            mean, total = total / REPORTED, 0.0
            print(f"step {step + 1}: loss {mean:.6f}, {time.perf_counter() - start:.0f} s", flush=True)


def enlarged_by_pillow(
    scale: int, metric: Any, samples: Sequence[Any], load: Callable[[Path], Image.Image]
) -> dict[str, float]:
    """The figures of bicubic enlargement, what a network has to be better than.

    Args:
        scale: by which the small pictures are enlarged.
        metric: a new one of the task.
        samples: of its data set: the Path of the small picture, and of the true one.
        load: reads a picture as RGB.
    """
    for sample in samples:
        small = load(sample.data)
        large = small.resize((small.width * scale, small.height * scale), Image.Resampling.BICUBIC)
        metric.update([np.asarray(large)], [sample.truth])
    figures: dict[str, float] = metric.compute()
    return figures


def _photographs() -> list[tuple[Image.Image, list[Window]]]:
    """RGB pictures, each with the windows that training may not see."""
    crops: list[Window] = [(left, top, left + SIDE, top + SIDE) for left, top in CORNERS]
    things = [Image.open(path).convert("RGB") for path in sorted(_THINGS.glob("*.jpg"))]
    return [(picture, crops) for picture in originals().values()] + [(picture, []) for picture in things]


def _in_sizes(picture: Image.Image, held_out: list[Window]) -> list[tuple[Image.Image, list[Window]]]:
    """The picture in several sizes, and its windows with it."""
    found = []
    for factor in SHRUNK:
        size = (round(picture.width * factor), round(picture.height * factor))
        across, down = size[0] / picture.width, size[1] / picture.height
        windows: list[Window] = [(one[0] * across, one[1] * down, one[2] * across, one[3] * down) for one in held_out]
        found.append((picture.resize(size, Image.Resampling.BICUBIC) if factor < 1 else picture, windows))
    return found


def _overlap(one: Window, other: Window) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _luma(picture: Image.Image) -> np.ndarray:
    """float32 [1, H, W], 0 to 1."""
    return to_ycbcr(np.asarray(picture, np.float32))[:1] / np.float32(255)


def _turned(planes: np.ndarray, turns: int, mirrored: int) -> np.ndarray:
    found = np.rot90(planes, turns, (-2, -1))
    return np.ascontiguousarray(found[..., ::-1] if mirrored else found)
