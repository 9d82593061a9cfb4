"""Pictures with the distance of every pixel, as NYU Depth V2 and KITTI are handed around: two folders, equal names.

image/NAME.jpg     or .png
depth/NAME.png     16 bits a pixel: distance times `units`; 0 where it was not measured
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.paired import paired
from utils.datasets.sample import Listed, Sample
from utils.preprocess.image import explained
from zoo_core.errors import DataError

PICTURES, DEPTHS = "image", "depth"
MILLIMETRES = 1000.0  # of NYU Depth V2's files; KITTI's have 256


@dataclass(frozen=True)
class DepthMap:
    """The truth of one picture, read when it is asked for.

    Attributes:
        path: the PNG.
        units: what a metre counts in it.
    """

    path: Path
    units: float

    def array(self) -> np.ndarray:
        """float32 [H, W], metres; 0 where there is none.

        Raises:
            DataError: the file cannot be read, or does not have 16 bits a pixel.
        """
        with explained(self.path), Image.open(self.path) as image:
            if not image.mode.startswith("I"):
                raise DataError(
                    f"{self.path}: this map has Pillow's mode {image.mode}; a grey PNG of 16 bits a pixel is expected."
                )
            return np.asarray(image, np.float32) / np.float32(self.units)


class DepthPictures(Listed):
    """The pictures below `root`, sorted by name; a sample's data is the picture's Path, its truth a `DepthMap`.

    Args:
        root: the folder with image and depth.
        units: what a metre counts in the files.

    Raises:
        DataError: a folder is missing or empty, a picture has no depth, or one of another size; the message says which.
    """

    def __init__(self, root: str | Path, units: float = MILLIMETRES) -> None:
        base = Path(root) / PICTURES
        self._samples = [
            Sample(picture.relative_to(base).as_posix(), picture, DepthMap(depth, units))
            for picture, depth in paired(Path(root), PICTURES, DEPTHS)
        ]
