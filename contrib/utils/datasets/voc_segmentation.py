"""Pictures with a class for every pixel, in the layout of PASCAL VOC.

root/JPEGImages/<name>.jpg               or .jpeg or .png, where there is no .jpg
root/SegmentationClass/<name>.png        the class index of each pixel, as palette or grey PNG; 255 is void
root/ImageSets/Segmentation/<split>.txt  a name a line

Void pixels (edges, and what the annotators left open) count in no metric.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.folder import check_folder, within
from utils.datasets.sample import Listed, Sample
from utils.notices import notice
from utils.preprocess.image import explained, load_size
from utils.text_file import read_lines
from zoo_core.errors import DataError

VOID = 255
_ANEW = "has a program that reduces colours numbered them anew?"
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
        colours = _Colours(classes)
        self._samples = [self._sample(path, line, name, classes, colours) for line, name in _names(path)]
        if not self._samples:
            raise DataError(f"{path}: this list is empty.")

    def _sample(self, path: Path, line: int, name: str, classes: int, colours: _Colours) -> Sample:
        within(self.root, name, f"{path}, line {line}")
        where = f"{path}, line {line}: {name!r:.80} is listed"
        picture = _found(self.root / "JPEGImages", name, (".jpg", ".png", ".jpeg"), where)
        mask = _found(self.root / "SegmentationClass", name, (".png",), where)
        sizes = [load_size(picture), _mask_size(mask, colours)]
        if sizes[0] != sizes[1]:
            (w, h), (u, v) = sizes
            raise DataError(f"{mask}: this mask has {u} x {v} pixels, its picture {w} x {h}. They must be equal.")
        return Sample(name, picture, IndexMask(mask, classes))


def _found(folder: Path, name: str, suffixes: Sequence[str], where: str) -> Path:
    """The file of this name with one of the suffixes, in small or capital letters."""
    both = [[folder / f"{name}{ending}" for ending in (suffix, suffix.upper())] for suffix in suffixes]
    found = [path for path in (next(filter(os.path.isfile, paths), None) for paths in both) if path]
    if not found:
        raise DataError(f"{where}, but there is no file {both[0][0]!s:.200}.")
    if len(found) > 1:
        raise DataError(f"{where}, and there are {found[0]} and {found[1].name}. Remove one of them.")
    return found[0]


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


def _mask_size(path: Path, colours: _Colours) -> tuple[int, int]:
    """Width and height of a mask, from its head; raises DataError where it holds no indices, or has others' colours."""
    with explained(path), Image.open(path) as image:
        size = image.size
        _require_indices(path, image)
        colours.compare(path, image)
        return size


class _Colours:
    """The colours that the pixels of a data set's masks have, and at which indices.

    A program that reduces or sorts the colours of each picture numbers them anew: what is read are then wrong classes.
    Masks with the palette of the first one are not decoded, nor those whose palette knows no colours.
    """

    def __init__(self, classes: int) -> None:
        self._voc = {
            colour: index for index, colour in enumerate(_colours(palette())) if index in (*range(classes), VOID)
        }
        self._path: Path | None = None  # of the first mask with a palette, or of one that goes on where its ends
        self._raw, self._known = b"", list[tuple[int, ...]]()
        self._used: dict[tuple[int, ...], tuple[int, Path]] = {}  # without void, and what several indices share

    def compare(self, path: Path, image: Image.Image) -> None:
        """Compare those of one more mask, which is not decoded yet; it is only where they differ.

        Raises:
            DataError: pixels of one colour have another index than in an earlier mask.
        """
        if image.mode != "P" or image.palette is None:
            return
        raw = bytes(image.palette.palette)
        if self._raw.startswith(raw) or _is_grey_ramp(raw):
            return
        indices = np.unique(unscaled(image))
        colours = _colours(image.getpalette() or [])
        used = {int(index): colours[index] for index in indices if index < len(colours) and index != VOID}
        once = {colour for colour, count in Counter(colours[:VOID]).items() if count == 1}
        self._say_vocs(path, used)
        for index, colour in used.items():
            if colour in once:
                self._require_same(path, index, colour)
        if raw.startswith(self._raw):
            self._path, self._raw, self._known = path, raw, colours
        self._say_other(path, used, colours, once)

    def _say_vocs(self, path: Path, used: dict[int, tuple[int, ...]]) -> None:
        wrong = [(colour, index) for index, colour in used.items() if self._voc.get(colour) != index]
        if wrong and len(used) > 1 and all(colour in self._voc for colour in used.values()):
            colour, index = wrong[0]
            notice(
                "PASCAL VOC's colours at other indices",
                str(path),
                f"its colours are PASCAL VOC's, and its indices are not: {colour} is {index} here, and "
                f"{self._voc[colour]} there. Indices are taken as they are; {_ANEW}",
            )

    def _require_same(self, path: Path, index: int, colour: tuple[int, ...]) -> None:
        known, where = self._used.setdefault(colour, (index, path))
        if known != index:
            raise DataError(
                f"{path}: the colour {colour} is index {index} here, and {known} in {where}, and pixels of both have "
                f"it: {_ANEW} Write the masks from their source with one palette."
            )

    def _say_other(
        self,
        path: Path,
        used: dict[int, tuple[int, ...]],
        colours: list[tuple[int, ...]],
        once: set[tuple[int, ...]],
    ) -> None:
        """Say where the palettes of this mask and of others differ, at an index that pixels of either have."""
        first = dict(enumerate(self._known))
        other = [(index, colour, self._path) for index, colour in used.items() if first.get(index) != colour]
        for known, (index, where) in self._used.items():
            if index < len(colours) and known != colours[index] and colours[index] in once:
                other.append((index, colours[index], where))
        if other:
            index, colour, elsewhere = other[0]
            notice(
                "other colours for the same index",
                str(path),
                f"the colour of index {index} is {colour} here, and not in {elsewhere}. Indices are taken as they are; "
                f"{_ANEW}",
            )


def _is_grey_ramp(raw: bytes) -> bool:
    """Whether a palette only says each index as grey: it then knows no colours, as a grey PNG does not."""
    return len(raw) > 3 and raw == bytes(place // 3 for place in range(len(raw)))


def _colours(values: list[int]) -> list[tuple[int, ...]]:
    """Red, green and blue of each index, out of a palette."""
    return [tuple(values[place : place + 3]) for place in range(0, len(values), 3)]


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
