"""Keypoints of people in the format of COCO: person_keypoints_<part>.json beside the pictures, a sample a person or a
picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from utils.datasets import coco_file
from utils.datasets.sample import Listed, Sample
from utils.preprocess.pytorch.pose import Person
from zoo_core.errors import DataError
from zoo_core.numbers import is_finite

Box = tuple[float, float, float, float]


class Uncounted(NamedTuple):
    """A person of a picture without points, or a crowd: what is found there counts neither way.

    Attributes:
        points: float64 [K, 3], as `PersonTruth` has them.
        box: (left, top, right, bottom) in pixels.
        area: square pixels.
        crowd: whether it stands for several.
    """

    points: np.ndarray
    box: Box
    area: float
    crowd: bool


@dataclass(frozen=True)
class PersonTruth:
    """One person.

    Attributes:
        image: the picture's id, unique in its data set.
        number: the annotation's id, unique in its data set.
        points: float64 [K, 3], x and y in pixels, and 0 (not annotated), 1 (covered) or 2 (seen).
        box: (left, top, right, bottom) in pixels.
        area: square pixels of the person.
        uncounted: what else the picture has; said by the first of its people only.
    """

    image: int | str
    number: int | str
    points: np.ndarray
    box: Box
    area: float
    uncounted: tuple[Uncounted, ...] = ()


@dataclass(frozen=True)
class PeopleTruth:
    """Everybody in a picture.

    Attributes:
        image: the picture's id, unique in its data set.
        people: who has a point.
        uncounted: people without points, and crowds: what is found there counts neither way.
    """

    image: int | str
    people: tuple[PersonTruth, ...]
    uncounted: tuple[Uncounted, ...] = ()


class CocoKeypoints(Listed):
    """The people of a COCO file of keypoints who have points, picture after picture.

    A sample's id is "<picture>:<annotation's id>", its data a `Person` (the picture's Path and the true box), its truth
    a `PersonTruth`.

    Args:
        root: the data set's folder, which holds annotations/person_keypoints_<part>.json and the pictures in <part>/;
            or such a JSON file. Where there are several, the one with "val" in its name is taken.
        names: of the points, in the network's order; the file's category has to have the same.

    Raises:
        DataError: no such folder or file, JSON that is not as COCO has it (the message names the entry's id and the
            field), other points, or a picture that is missing.
    """

    def __init__(self, root: str | Path, names: Sequence[str]) -> None:
        self.file, self.folder, content, by_image = _read(Path(root), names)
        self._samples = []
        for image in content["images"]:
            people, others = by_image[image["id"]]
            if not people:
                continue
            path = coco_file.picture_of(self.file, self.folder, image)
            for place, (number, points, box, area) in enumerate(people):
                truth = PersonTruth(image["id"], number, points, box, area, tuple(others) if place == 0 else ())
                left, top, right, bottom = box
                person = Person(path, (left, top, right - left, bottom - top))
                self._samples.append(Sample(f"{image['file_name']}:{number}", person, truth))
        if not self._samples:
            raise DataError(f"{self.file}: nobody in it has a keypoint.")


class CocoPeople(Listed):
    """All pictures of a COCO file of keypoints, for networks that are given no boxes; people or not.

    A sample's id is the picture's file name, its data the Path, its truth a `PeopleTruth`. Arguments and errors are
    those of `CocoKeypoints`.
    """

    def __init__(self, root: str | Path, names: Sequence[str]) -> None:
        self.file, self.folder, content, by_image = _read(Path(root), names)
        self._samples = []
        for image in content["images"]:
            people, others = by_image[image["id"]]
            truths = tuple(PersonTruth(image["id"], *person) for person in people)
            path = coco_file.picture_of(self.file, self.folder, image)
            self._samples.append(Sample(image["file_name"], path, PeopleTruth(image["id"], truths, tuple(others))))
        if not any(sample.truth.people for sample in self._samples):
            raise DataError(f"{self.file}: nobody in it has a keypoint.")


def _read(
    root: Path, names: Sequence[str]
) -> tuple[Path, Path, dict[str, Any], dict[Any, tuple[list[Any], list[Any]]]]:
    """The file, the pictures' folder, what the file holds, and whom each picture's id has in it."""
    file = coco_file.instances_file(root, "person_keypoints")
    content = coco_file.read_annotations(file)
    _require_points(file, content["categories"], names)
    return file, coco_file.pictures_of(file), content, _by_image(file, content, len(names))


def _require_points(file: Path, categories: list[dict[str, Any]], names: Sequence[str]) -> None:
    if len(categories) != 1:
        raise DataError(f"{file}: there are {len(categories)} categories; one is expected, whose keypoints are named.")
    said = categories[0].get("keypoints")
    if said != list(names):
        raise DataError(
            f"{file}: category {categories[0]['id']}: field 'keypoints' is {said!s:.120}; this network finds "
            f"{', '.join(names):.200}."
        )


def _by_image(file: Path, content: dict[str, Any], count: int) -> dict[Any, tuple[list[Any], list[Uncounted]]]:
    """Image id to (number, points, box, area) of each of its people, and what does not count."""
    found: dict[Any, tuple[list[Any], list[Uncounted]]] = {image["id"]: ([], []) for image in content["images"]}
    only = content["categories"][0]["id"]
    for entry in content["annotations"]:
        left, top, width, height = coco_file.box_of(file, entry)
        people, others = found[coco_file.image_of(file, entry, found)]
        if entry.get("category_id") != only:
            raise coco_file.wrong_field(file, "annotation", entry, "category_id", f"{only}, the only category")
        crowd, area = coco_file.crowd_and_area(file, entry, width * height)
        points = _points(file, entry, count)
        box = (left, top, left + width, top + height)
        if crowd or not points[:, 2].any():
            others.append(Uncounted(points, box, float(area), crowd))
        elif min(width, height) <= 0:
            raise coco_file.wrong_field(
                file, "annotation", entry, "bbox", "a width and a height above 0: it is what is cut out"
            )
        else:
            people.append((entry["id"], points, box, float(area)))
    boxes = {image: [person[2] for person in people] for image, (people, _) in found.items()}
    coco_file.say_odd_boxes(file, content["images"], boxes)
    return found


def _points(file: Path, entry: dict[str, Any], count: int) -> np.ndarray:
    """float64 [count, 3]."""
    said = entry.get("keypoints")
    if not isinstance(said, list) or len(said) != 3 * count:
        raise coco_file.wrong_field(
            file, "annotation", entry, "keypoints", f"{3 * count} numbers: x, y and 0, 1 or 2 of each"
        )
    if not all(is_finite(value) for value in said) or any(value not in (0, 1, 2) for value in said[2::3]):
        raise coco_file.wrong_field(file, "annotation", entry, "keypoints", "x, y and 0, 1 or 2 of each point")
    return np.array(said, np.float64).reshape(count, 3)
