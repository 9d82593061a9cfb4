"""Pictures of people with how much of every pixel is theirs, as PPM-100 is handed around: two folders, equal names.

image/NAME.jpg     or .png
matte/NAME.jpg     or .png: grey, 0 (background) to 255 (the person)
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

PICTURES, MATTES = "image", "matte"


@dataclass(frozen=True)
class Matte:
    """The truth of one picture, read when it is asked for.

    Attributes:
        path: the grey picture.
    """

    path: Path

    def array(self) -> np.ndarray:
        """float32 [H, W], 0 to 1.

        Raises:
            DataError: the file cannot be read, or is in colour.
        """
        with explained(self.path), Image.open(self.path) as image:
            pixels = np.asarray(image.convert("RGB") if image.mode != "L" else image, np.float32)
        if pixels.ndim == 3:
            if (pixels != pixels[..., :1]).any():
                raise DataError(f"{self.path}: a matte is grey, and this one has colours.")
            pixels = pixels[..., 0]
        return pixels / np.float32(255)


class Mattes(Listed):
    """The pictures below `root`, sorted by name; a sample's data is the picture's Path, its truth a `Matte`.

    Args:
        root: the folder with image and matte.

    Raises:
        DataError: a folder is missing or empty, a picture has no matte, or one of another size; the message says which.
    """

    def __init__(self, root: str | Path) -> None:
        pairs = paired(Path(root), PICTURES, MATTES, (".png", ".jpg"))
        self._samples = [Sample(picture.name, picture, Matte(matte)) for picture, matte in pairs]
