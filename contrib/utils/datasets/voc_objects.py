"""Pictures with a mask of each object, in the layout of PASCAL VOC: a sample an object, which its box points at.

root/JPEGImages/<name>.jpg                the pictures
root/SegmentationObject/<name>.png        the number of the object at each pixel, 0 for none; 255 is void
root/ImageSets/Segmentation/<split>.txt   a name a line
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.folder import within
from utils.datasets.sample import Listed, Sample
from utils.datasets.voc_segmentation import VOID, IndexMask
from utils.preprocess.image import load_size
from utils.preprocess.pytorch.prompted import Prompted
from utils.text_file import read_lines
from zoo_core.errors import DataError


@dataclass(frozen=True)
class ObjectMask:
    """The truth of one object, read when it is asked for.

    Attributes:
        path: the PNG of its picture.
        number: the object's in it.
    """

    path: Path
    number: int

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """bool [H, W]: the object; bool [H, W]: the pixels that count. Raises DataError."""
        mask = IndexMask(self.path, VOID).array()
        return mask == self.number, mask != VOID


class VocObjects(Listed):
    """The objects of one split, picture after picture.

    A sample's id is "<name>:<number>", its data a `Prompted` with the box around the object, its truth an `ObjectMask`.

    Args:
        root: the folder that holds JPEGImages. The list is val.txt, or the only one.

    Raises:
        DataError: a folder, a list, a picture or a mask is missing or cannot be read, or there is no object.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._samples = []
        for name in self._names():
            picture, mask = self._file("JPEGImages", f"{name}.jpg"), self._file("SegmentationObject", f"{name}.png")
            numbers = IndexMask(mask, VOID).array()
            (high, wide), (width, height) = numbers.shape, load_size(picture, turn=True)
            if (wide, high) != (width, height):
                raise DataError(f"{mask}: {wide} x {high} pixels, its picture {width} x {height}. They must be equal.")
            for number in np.unique(numbers[(numbers > 0) & (numbers != VOID)]).tolist():
                box = _box(numbers == number)
                self._samples.append(
                    Sample(f"{name}:{number}", Prompted(picture, box=box), ObjectMask(mask, int(number)))
                )
        if not self._samples:
            raise DataError(f"{self.root}: there is no object in any of the pictures.")

    def _names(self) -> list[str]:
        folder = self.root / "ImageSets" / "Segmentation"
        lists = sorted(folder.glob("*.txt"))
        chosen = [one for one in lists if one.stem == "val"] or lists
        if len(chosen) != 1:
            raise DataError(f"{folder}: val.txt is expected, or one other list; found {len(lists)} lists.")
        names = [line.strip() for line in read_lines(chosen[0]) if line.strip()]
        if len(set(names)) != len(names):
            raise DataError(f"{chosen[0]}: a name stands in it twice.")
        return names

    def _file(self, folder: str, name: str) -> Path:
        path = within(self.root / folder, name, str(self.root / "ImageSets"))
        if not os.path.isfile(path):
            raise DataError(f"{path!s:.200}: there is no such file, and the list names it.")
        return path


def _box(mask: np.ndarray) -> tuple[float, float, float, float]:
    """(left, top, width, height)."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return float(columns[0]), float(rows[0]), float(columns[-1] - columns[0] + 1), float(rows[-1] - rows[0] + 1)
