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
_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")  # of Pillow, with 8 bits a channel at most


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
            DataError: the file cannot be read, is in colour or partly transparent, or has not 8 bits a pixel.
        """
        with explained(self.path), Image.open(self.path) as image:
            if image.mode not in _MODES:
                raise DataError(
                    f"{self.path}: this matte has Pillow's mode {image.mode}; a grey picture of 8 bits is expected."
                )
            pixels = np.asarray(image.convert("RGBA"), np.float32)
        if (pixels[..., :3] != pixels[..., :1]).any():
            raise DataError(f"{self.path}: a matte is grey, and this one has colours.")
        if (pixels[..., 3] != 255).any():
            raise DataError(
                f"{self.path}: this matte is transparent in places. Is it in the alpha channel? Save that as a grey "
                "picture of its own."
            )
        return np.ascontiguousarray(pixels[..., 0]) / np.float32(255)


class Mattes(Listed):
    """The pictures below `root`, sorted by name; a sample's data is the picture's Path, its truth a `Matte`.

    Args:
        root: the folder with image and matte.

    Raises:
        DataError: a folder is missing or empty, a picture has no matte, or one of another size; the message says which.
    """

    def __init__(self, root: str | Path) -> None:
        base = Path(root) / PICTURES
        self._samples = [
            Sample(picture.relative_to(base).as_posix(), picture, Matte(matte))
            for picture, matte in paired(Path(root), PICTURES, MATTES, (".png", ".jpg"))
        ]
