"""Cityscapes: pictures of streets with a class for every pixel, as its archives leftImg8bit and gtFine unpack.

root/leftImg8bit/val/<city>/<name>_leftImg8bit.png
root/gtFine/val/<city>/<name>_gtFine_labelIds.png     the label id of each pixel, as a grey PNG

Of its labels 19 are judged; pixels of the others are void, and count in no metric.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.folder import check_folder, say_alone
from utils.datasets.sample import Listed, Sample
from utils.datasets.voc_segmentation import VOID, IndexMask, unscaled
from utils.preprocess.image import explained
from zoo_core.errors import DataError

# The id that label files have of each judged class, in the order of a network's outputs
IDS = {
    "road": 7,
    "sidewalk": 8,
    "building": 11,
    "wall": 12,
    "fence": 13,
    "pole": 17,
    "traffic light": 19,
    "traffic sign": 20,
    "vegetation": 21,
    "terrain": 22,
    "sky": 23,
    "person": 24,
    "rider": 25,
    "car": 26,
    "truck": 27,
    "bus": 28,
    "train": 31,
    "motorcycle": 32,
    "bicycle": 33,
}
LABELS = tuple(IDS)
_MOST = 33  # the largest id; the number plate's is -1, which is 255 in a file
PICTURES, TRUTHS = "leftImg8bit", "gtFine"
PICTURE, TRUTH = "_leftImg8bit.png", "_gtFine_labelIds.png"


@dataclass(frozen=True)
class CityMask(IndexMask):
    """The truth of one picture: label ids, which become indices of LABELS and void."""

    def array(self) -> np.ndarray:
        """uint8 [H, W], class indices and 255.

        Raises:
            DataError: the file cannot be read, or is no grey PNG of label ids; names id and place.
        """
        with explained(self.path), Image.open(self.path) as image:
            if image.mode != "L":
                raise DataError(
                    f"{self.path}: this mask is of Pillow's mode {image.mode}; expected are label ids, as a grey PNG "
                    "(…_labelIds.png; …_color.png are pictures of them)."
                )
            ids = unscaled(image)
        wrong = (ids > _MOST) & (ids != VOID)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise DataError(
                f"{self.path}: id {ids[row, column]} at column {column}, row {row}; an id of Cityscapes is 0 to "
                f"{_MOST}, or {VOID}."
            )
        return _indices()[ids]


def _indices() -> np.ndarray:
    """uint8 [256]: the class index of each label id; void for those that are not judged."""
    table = np.full(256, VOID, np.uint8)
    table[list(IDS.values())] = np.arange(len(IDS))
    return table


class Cityscapes(Listed):
    """The pictures of one split, sorted by city and name; a sample's truth is a `CityMask`.

    Args:
        root: the folder that holds leftImg8bit and gtFine.
        classes: how many classes the network tells apart: those of LABELS.
        split: "val" or "train"; those of "test" are not published.

    Raises:
        DataError: a folder or a mask is missing, or a mask has another size than its picture; the message says which.
    """

    def __init__(self, root: str | Path, classes: int = len(LABELS), split: str = "val") -> None:
        if classes != len(LABELS):
            raise DataError(f"Cityscapes judges {len(LABELS)} classes, and the network has {classes}.")
        self.root = Path(root)
        check_folder(self.root)
        for name in (PICTURES, TRUTHS):
            if not (self.root / name / split).is_dir():
                raise DataError(
                    f"{self.root}: there is no folder {name}/{split} in it. Give the one into which the archives "
                    f"{PICTURES} and {TRUTHS} of Cityscapes were unpacked."
                )
        found = sorted((self.root / PICTURES / split).glob(f"*/*{PICTURE}"))
        if not found:
            raise DataError(f"{self.root / PICTURES / split}: there is no city with a picture …{PICTURE} in it.")
        self._samples = [self._sample(picture, split) for picture in found]
        masks = {one.truth.path for one in self._samples}
        say_alone(set((self.root / TRUTHS / split).glob(f"*/*{TRUTH}")) - masks, "a mask without a picture")

    def _sample(self, picture: Path, split: str) -> Sample:
        name = picture.name.removesuffix(PICTURE)
        mask = self.root / TRUTHS / split / picture.parent.name / f"{name}{TRUTH}"
        if not mask.is_file():
            raise DataError(f"{picture}: there is no file {mask} with its classes.")
        sizes = [_size(path) for path in (picture, mask)]
        if sizes[0] != sizes[1]:
            (w, h), (u, v) = sizes
            raise DataError(f"{mask}: this mask has {u} x {v} pixels, its picture {w} x {h}. They must be equal.")
        return Sample(name, picture, CityMask(mask, len(LABELS)))


def _size(path: Path) -> tuple[int, int]:
    """Width and height, from the file's head."""
    with explained(path), Image.open(path) as image:
        return image.size
