"""Pictures with a class for every pixel, in the layout of PASCAL VOC.

root/JPEGImages/<name>.jpg               or .png, where there is no .jpg
root/SegmentationClass/<name>.png        the class index of each pixel, as palette or grey PNG; 255 is void
root/ImageSets/Segmentation/<split>.txt  a name a line

Void pixels (edges, and what the annotators left open) count in no metric.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.folder import check_folder, within
from utils.datasets.sample import Listed, Sample
from utils.preprocess.image import explained
from utils.text_file import read_lines
from zoo_core.errors import DataError

VOID = 255
LABELS = (
    "background",
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)


@dataclass(frozen=True)
class IndexMask:
    """The truth of one picture, read when it is asked for: a data set's masks together may be large.

    Attributes:
        path: the PNG.
        classes: how many classes there are; an index is below that, or 255.
    """

    path: Path
    classes: int

    def array(self) -> np.ndarray:
        """uint8 [H, W], class indices and 255.

        Raises:
            DataError: the file cannot be read, is no index mask, or has another index; names index and place.
        """
        with explained(self.path), Image.open(self.path) as image:
            _require_indices(self.path, image)
            mask = unscaled(image)
        wrong = (mask >= self.classes) & (mask != VOID)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise DataError(
                f"{self.path}: index {mask[row, column]} at column {column}, row {row}; there are {self.classes} "
                f"classes, so that an index is 0 to {self.classes - 1}, or {VOID} for void."
            )
        return mask


class VocSegmentation(Listed):
    """The pictures of one split, in the order of its list; a sample's truth is an `IndexMask`.

    A sample's id is its name in the list, its data the picture's Path.

    Args:
        root: the folder that holds JPEGImages (…/VOCdevkit/VOC2012).
        classes: how many classes there are, background included; 21 in PASCAL VOC.
        split: "val", "train" or "trainval".

    Raises:
        DataError: a folder, list, picture or mask is missing, a mask has another size than its picture, or is no index
            mask; the message says which.
    """

    def __init__(self, root: str | Path, classes: int = len(LABELS), split: str = "val") -> None:
        self.root = Path(root)
        check_folder(self.root)
        for name in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
            if not (self.root / name).is_dir():
                raise DataError(
                    f"{self.root}: there is no folder {name} in it. Give the one that holds JPEGImages, "
                    "SegmentationClass and ImageSets (VOCdevkit/VOC2012)."
                )
        path = self.root / "ImageSets" / "Segmentation" / f"{split}.txt"
        self._samples = [self._sample(path, line, name, classes) for line, name in _names(path)]
        if not self._samples:
            raise DataError(f"{path}: this list is empty.")

    def _sample(self, path: Path, line: int, name: str, classes: int) -> Sample:
        within(self.root, name, f"{path}, line {line}")
        jpeg, png = (self.root / "JPEGImages" / f"{name}{suffix}" for suffix in (".jpg", ".png"))
        if os.path.isfile(png) and os.path.isfile(jpeg):
            raise DataError(
                f"{path}, line {line}: {name!r:.80} is listed, and there are {jpeg} and {png.name}. Remove one of them."
            )
        picture = png if os.path.isfile(png) else jpeg
        mask = self.root / "SegmentationClass" / f"{name}.png"
        for file in (picture, mask):
            if not os.path.isfile(file):
                raise DataError(f"{path}, line {line}: {name!r:.80} is listed, but there is no file {file!s:.200}.")
        sizes = [_size(picture), _size(mask, indices=True)]
        if sizes[0] != sizes[1]:
            (w, h), (u, v) = sizes
            raise DataError(f"{mask}: this mask has {u} x {v} pixels, its picture {w} x {h}. They must be equal.")
        return Sample(name, picture, IndexMask(mask, classes))


def palette() -> list[int]:
    """The colours that PASCAL VOC's masks have: red, green and blue of each index, 768 values.

    Bit k of red, green and blue, from the highest down, is bit 3k, 3k + 1 and 3k + 2 of the index.
    """
    indices = np.arange(256)[:, None]
    colours = np.zeros((256, 3), int)
    for place in range(8):
        colours |= ((indices >> (3 * place + np.arange(3))) & 1) << (7 - place)
    return [int(value) for value in colours.ravel()]


def save_mask(mask: np.ndarray, path: str | Path) -> None:
    """Write uint8 [H, W] as an index PNG in the colours of PASCAL VOC."""
    image = Image.fromarray(mask)
    image.putpalette(palette())
    image.save(path)


def _names(path: Path) -> list[tuple[int, str]]:
    """(number, name) of each line."""
    names = [(number, line.strip()) for number, line in enumerate(read_lines(path), 1) if line.strip()]
    seen: dict[str, int] = {}
    for number, name in names:
        if name in seen:
            raise DataError(f"{path}, line {number}: {name!r:.80} stands in line {seen[name]} already.")
        seen[name] = number
    return names


def _size(path: Path, indices: bool = False) -> tuple[int, int]:
    """Width and height, from the file's head."""
    with explained(path), Image.open(path) as image:
        if indices:
            _require_indices(path, image)
        return image.size


def unscaled(image: Image.Image) -> np.ndarray:
    """uint8 [H, W]: the values of a palette or grey PNG that is not decoded yet, as they stand in the file.

    Pillow multiplies those of a grey one, so that the largest of its 1, 2 or 4 bits becomes 255.
    """
    tiles = getattr(image, "tile", None)
    rawmode = tiles[0][3] if tiles else ""
    scale = {"L;2": 85, "L;4": 17}.get(str(rawmode), 1)
    return np.asarray(np.array(image, np.uint8) // scale, np.uint8)


def _require_indices(path: Path, image: Image.Image) -> None:
    if image.mode not in ("P", "L"):
        raise DataError(
            f"{path}: this mask is of Pillow's mode {image.mode}; expected are class indices, as a palette or grey PNG "
            "with 8 bits. Colours have to be turned into indices first."
        )
