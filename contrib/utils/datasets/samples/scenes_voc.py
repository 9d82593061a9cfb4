"""The drawn scenes in the layout of PASCAL VOC: pictures, index masks with void edges, and a list."""

from pathlib import Path

import numpy as np

from utils.datasets.samples.once import written_once
from utils.datasets.samples.scenes import CLASSES, held_out, save_jpeg
from utils.datasets.voc_segmentation import VOID, save_mask

LABELS = ("background", *CLASSES)
COUNT = 72


@written_once
def write_voc(folder: Path, classes: int = len(LABELS)) -> None:
    """Write held-out scenes as <folder>/JPEGImages, SegmentationClass and ImageSets/Segmentation/val.txt.

    The folder appears as a whole. One that already has content is left as it is.

    Args:
        folder: where to.
        classes: only so many of LABELS, from the first; pixels of the others are void.

    Raises:
        DataError: the folder cannot be written.
    """
    pictures, masks, lists = (folder / name for name in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"))
    for place in (pictures, masks, lists):
        place.mkdir(parents=True)
    names = [f"scene_{number:04}" for number in range(COUNT)]
    for name, scene in zip(names, held_out(COUNT), strict=True):
        save_jpeg(scene.image, pictures / f"{name}.jpg")
        mask = np.where(scene.mask < classes, scene.mask, VOID).astype(np.uint8)
        save_mask(with_void_edges(mask), masks / f"{name}.png")
    (lists / "val.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def with_void_edges(mask: np.ndarray) -> np.ndarray:
    """`mask`, uint8 [H, W], with 255 on both sides of each edge between classes, as PASCAL VOC marks its edges."""
    result = mask.copy()
    for axis in (0, 1):
        before, after = (np.take(mask, range(start, mask.shape[axis] - 1 + start), axis) for start in (0, 1))
        rows, columns = np.nonzero(before != after)
        result[rows, columns] = VOID
        result[rows + (axis == 0), columns + (axis == 1)] = VOID
    return result
