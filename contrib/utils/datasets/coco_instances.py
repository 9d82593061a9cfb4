"""Instance segmentation in the format of COCO: the objects of an instances file with their masks.

A mask is a list of polygons, run lengths, or compressed run lengths (a text); each becomes compressed run lengths.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from utils.datasets.coco import CocoDetection, GroundTruth
from utils.datasets.coco_file import wrong_field
from zoo_core.numbers import is_finite

LEAST_POINTS = 3
_LARGEST_SIDE = 65_535  # of a picture, in pixels


@dataclass(frozen=True)
class InstanceTruth(GroundTruth):
    """The objects of one picture.

    Attributes:
        size: (width, height) of the picture in pixels.
        masks: of each object, COCO's compressed run lengths.
    """

    size: tuple[int, int]
    masks: tuple[str, ...]

    def boxed(self) -> GroundTruth:
        """The same without the masks."""
        return GroundTruth(*(getattr(self, field.name) for field in fields(GroundTruth)))


class CocoInstances(CocoDetection):
    """The pictures of a COCO instances file with the masks of their objects; truths are of InstanceTruth.

    Raises:
        DataError: as CocoDetection; and an image without a size, or a mask that is none.
    """

    def _truths(self, content: dict[str, Any], rows: dict[Any, list[tuple[Any, ...]]]) -> dict[Any, GroundTruth]:
        plain = super()._truths(content, rows)
        sizes = {image["id"]: _size(self.file, image) for image in content["images"]}
        masks: dict[Any, list[str]] = {image: [] for image in plain}
        for entry in content["annotations"]:
            image = entry["image_id"]
            masks[image].append(_mask(self.file, entry, sizes[image]))
        return {
            image: InstanceTruth(**vars(truth), size=sizes[image], masks=tuple(masks[image]))
            for image, truth in plain.items()
        }


def _size(file: Path, image: dict[str, Any]) -> tuple[int, int]:
    for field in ("width", "height"):
        value = image.get(field)
        if type(value) is not int or not 0 < value <= _LARGEST_SIDE:
            raise wrong_field(file, "image", image, field, f"the picture's {field} in pixels, a whole number")
    return image["width"], image["height"]


def _mask(file: Path, entry: dict[str, Any], size: tuple[int, int]) -> str:
    """The compressed run lengths of an annotation."""
    from pycocotools.mask import frPyObjects, merge

    width, height = size
    said = entry.get("segmentation")
    if isinstance(said, list) and said:
        for polygon in said:
            _require_polygon(file, entry, polygon, size)
        made = merge(frPyObjects(said, height, width))
    elif isinstance(said, dict) and said.get("size") == [height, width]:
        counts = said.get("counts")
        lengths = _lengths(counts) if isinstance(counts, str) else counts
        if not _are_lengths(lengths, width * height):
            expected = f"run lengths of 0 or more that sum up to {width * height}, or their compressed text"
            raise wrong_field(file, "annotation", entry, "segmentation", expected)
        made = frPyObjects({"size": [height, width], "counts": lengths}, height, width)
    else:
        expected = f"polygons, or run lengths with the size [{height}, {width}] of its picture"
        raise wrong_field(file, "annotation", entry, "segmentation", expected)
    return str(made["counts"], "ascii")


def _require_polygon(file: Path, entry: dict[str, Any], polygon: Any, size: tuple[int, int]) -> None:
    """Points that are far outside would take memory for the lines to them."""
    whole = isinstance(polygon, list) and len(polygon) % 2 == 0 and len(polygon) >= 2 * LEAST_POINTS
    if not whole or not all(is_finite(value) for value in polygon):
        expected = f"polygons [x, y, x, y, …] of {LEAST_POINTS} points or more"
        raise wrong_field(file, "annotation", entry, "segmentation", expected)
    for axis, side in enumerate(size):
        if not all(-side <= value <= 2 * side for value in polygon[axis::2]):
            expected = f"points in or near its picture of {size[0]} x {size[1]} pixels"
            raise wrong_field(file, "annotation", entry, "segmentation", expected)


def _are_lengths(lengths: Any, pixels: int) -> bool:
    return (
        isinstance(lengths, list)
        and all(type(length) is int and 0 <= length <= pixels for length in lengths)
        and sum(lengths) == pixels
    )


def _lengths(text: str) -> list[int] | None:
    """Run lengths out of COCO's compressed text; None where it is none.

    Six bits a letter, from "0" on: five of a number, lowest first, and whether more follow; the last one's highest
    bit is the sign. From the third number on, each is the difference from the one before the last.
    """
    lengths: list[int] = []
    value = bits = 0
    for letter in text:
        six = ord(letter) - 48
        if not 0 <= six < 64 or bits > 60:
            return None
        value |= (six & 0x1F) << bits
        bits += 5
        if six & 0x20:
            continue
        if six & 0x10:
            value -= 1 << bits
        lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
        value = bits = 0
    return None if bits else lengths
