"""Object detection in the format of COCO: one JSON file with images, categories and annotations, beside the images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.class_folders import folded
from utils.datasets.coco_file import (
    box_of,
    crowd_and_area,
    image_of,
    instances_file,
    is_id,
    picture_of,
    pictures_of,
    read_annotations,
    say_odd_boxes,
    short,
    some_ids,
    wrong_field,
)
from utils.datasets.sample import Listed, Sample
from utils.notices import notice
from zoo_core.errors import DataError


@dataclass(frozen=True)
class GroundTruth:
    """The objects of one picture.

    Attributes:
        image: the picture's id, unique in its data set.
        boxes: float64 [N, 4], (left, top, right, bottom) in pixels.
        classes: int64 [N], class indices.
        crowd: bool [N]; the box holds many objects of the class, and is not scored (COCO's iscrowd).
        areas: float64 [N], square pixels of the object itself.
    """

    image: int | str
    boxes: np.ndarray
    classes: np.ndarray
    crowd: np.ndarray
    areas: np.ndarray


class CocoDetection(Listed):
    """The pictures of a COCO instances file, in the order of the file.

    A sample's id is its file name, its data the picture's Path, its truth a GroundTruth.

    Args:
        root: the data set's folder, which holds annotations/instances_<part>.json and the pictures in <part>/ (COCO has
            instances_val2017.json and val2017/); or such a JSON file. Where there are several, the one with "val" in
            its name is taken.
        labels: class names in index order. Categories are found by their name, so that a file may have some of the
            classes, in any order, with any ids.

    Raises:
        DataError: no such folder or file; no JSON, or JSON that is not as COCO has it (the message names the entry's
            id and the field); an unknown category; a picture that is missing.
    """

    def __init__(self, root: str | Path, labels: Sequence[str]) -> None:
        self.file = instances_file(Path(root))
        self.folder = pictures_of(self.file)
        content = read_annotations(self.file)
        classes = _classes(self.file, content, labels)
        truths = self._truths(content, _by_image(self.file, content, classes))
        self._samples = []
        for image in content["images"]:
            path = picture_of(self.file, self.folder, image)
            self._samples.append(Sample(image["file_name"], path, truths[image["id"]]))

    def _truths(self, content: dict[str, Any], rows: dict[Any, list[tuple[Any, ...]]]) -> dict[Any, GroundTruth]:
        """Image id to the truth, from the rows that `_by_image` gives."""
        return {image: _truth(image, own) for image, own in rows.items()}


def _classes(file: Path, content: dict[str, Any], labels: Sequence[str]) -> dict[Any, int]:
    """Category id to class index; categories that no annotation has may have any name, and are left out."""
    known = {label: index for index, label in enumerate(labels)}
    alike = {folded(label): index for index, label in enumerate(labels)}
    used = {entry["category_id"] for entry in content["annotations"] if is_id(entry.get("category_id"))}
    found: dict[Any, int] = {}
    owners: dict[int, Any] = {}
    for category in content["categories"]:
        name = category.get("name")
        if not isinstance(name, str):
            raise wrong_field(file, "category", category, "name", "the class's name")
        index = known.get(name, alike.get(folded(name)) if len(alike) == len(known) else None)
        if index is None:
            _require_unused(file, category, labels, used)
        elif index in owners:
            raise DataError(
                f"{file}: categories {owners[index]} and {short(category['id'])} are both '{labels[index]}'."
            )
        else:
            owners[index] = short(category["id"])
            found[category["id"]] = index
    return found


def _require_unused(file: Path, category: dict[str, Any], labels: Sequence[str], used: set[Any]) -> None:
    """A category that the model has no class for: DataError where there are objects of it, else a notice."""
    what = f"category {short(category['id'])} is '{category['name']}', which is none of the {len(labels)} classes"
    if category["id"] in used:
        some = ", ".join(labels[:8]) + (", …" if len(labels) > 8 else "")
        raise DataError(f"{file}: {what} of this model ({some}).")
    notice("categories without objects", f"{file}: {what}", "no annotation has it, and it is passed over.")


def _by_image(file: Path, content: dict[str, Any], classes: dict[Any, int]) -> dict[Any, list[tuple[Any, ...]]]:
    """Image id to its objects: (left, top, right, bottom, class, crowd, area)."""
    found: dict[Any, list[tuple[Any, ...]]] = {image["id"]: [] for image in content["images"]}
    for entry in content["annotations"]:
        left, top, width, height = box_of(file, entry)
        image, category = image_of(file, entry, found), entry.get("category_id")
        if not is_id(category) or category not in classes:
            raise wrong_field(file, "annotation", entry, "category_id", f"the id of a category ({some_ids(classes)})")
        crowd, size = crowd_and_area(file, entry, width * height)
        found[image].append((left, top, left + width, top + height, classes[category], crowd, size))
    say_odd_boxes(file, content["images"], found)
    return found


def _truth(image: int | str, rows: list[tuple[Any, ...]]) -> GroundTruth:
    table = np.array(rows, np.float64).reshape(-1, 7)
    return GroundTruth(image, table[:, :4], table[:, 4].astype(np.int64), table[:, 5] > 0, table[:, 6])
