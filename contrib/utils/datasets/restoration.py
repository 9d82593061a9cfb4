"""Pictures with the ones that they should become: two folders with the same names, as Set5 and its like are used.

    HR/baby.png        the picture as it should be
    LR/baby.png        the smaller, or damaged, one that the network sees

Where there is no LR folder, a recipe makes the input: noise of a given strength, from a seed of its own a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.folder import by_name, check_folder
from utils.datasets.sample import Lazy, Sample
from zoo_core.errors import DataError

TRUE, SEEN = "HR", "LR"


@dataclass(frozen=True)
class Noisy:
    """A picture to which white noise is added before the network sees it.

    Attributes:
        path: the clean picture.
        sigma: the noise's standard deviation, of pixels from 0 to 255.
        seed: of numpy's generator.
    """

    path: Path
    sigma: float
    seed: int = 0


class RestorationPairs(Lazy):
    """The pairs below `root`, sorted by name: data is what the network sees, the truth the Path of the true picture.

    Args:
        root: the folder with HR, and LR where the pictures are not made noisy.
        sigma: noise that is added where there is no LR folder; None where there has to be one.

    Raises:
        DataError: a folder is missing or empty, or a picture has no counterpart, which is named.
    """

    def __init__(self, root: str | Path, sigma: float | None = None) -> None:
        self.root = Path(root)
        check_folder(self.root)
        if not (self.root / TRUE).is_dir():
            raise DataError(f"{self.root}: there is no folder {TRUE} with the pictures as they should be.")
        self._true = by_name(self.root / TRUE)
        self._sigma = sigma
        self._places = sorted(self._true)
        if sigma is None:
            self._seen = self._counterparts()

    def _counterparts(self) -> dict[str, Path]:
        folder = self.root / SEEN
        if not folder.is_dir():
            raise DataError(f"{self.root}: there is no folder {SEEN} with what the network is to see.")
        seen = by_name(folder)
        alone = sorted(self._true.keys() ^ seen.keys())
        if alone:
            raise DataError(f"{self.root}: {alone[0]} is in one of the folders {TRUE} and {SEEN} only.")
        return seen

    def _read(self, place: str) -> Sample:
        true = self._true[place]
        name = true.relative_to(self.root / TRUE).as_posix()
        if self._sigma is None:
            return Sample(name, self._seen[place], true)
        return Sample(name, Noisy(true, self._sigma), true)


def noisy(pixels: np.ndarray, sigma: float, seed: int) -> np.ndarray:
    """float32 pixels with white noise of a standard deviation, from numpy's generator with `seed`; nothing is clipped.

    Args:
        pixels: 0 to 255, of any shape.
        sigma: of the noise, in the same unit.
    """
    noise = np.random.default_rng(seed).normal(0.0, sigma, pixels.shape)
    return (pixels.astype(np.float64) + noise).astype(np.float32)
