"""Object detection in the format of COCO: one JSON file with images, categories and annotations, beside the images."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.sample import Listed, Sample
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

    A sample's id is its file name, its data the picture's Path, its target a GroundTruth.

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
        self.folder = _pictures_of(self.file)
        content = _read(self.file)
        classes = _classes(self.file, content["categories"], labels)
        annotations = _by_image(self.file, content, classes)
        self._samples = []
        for image in content["images"]:
            path = self.folder / image["file_name"]
            if not path.is_file():
                raise DataError(
                    f"{self.file}: image {image['id']}: there is no picture {image['file_name']} in {self.folder}. "
                    "Put it there, or take the image out of the file."
                )
            self._samples.append(Sample(image["file_name"], path, _truth(image["id"], annotations[image["id"]])))


def instances_file(root: Path) -> Path:
    """The instances file of a data set's folder, or the file itself."""
    if root.is_file():
        return root
    if not root.is_dir():
        raise DataError(f"{root}: there is no such folder.")
    found = sorted(root.glob("annotations/instances_*.json"))
    chosen = [path for path in found if "val" in path.name] if len(found) > 1 else found
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(path.name for path in found) or "nothing"
    raise DataError(
        f"{root}: one file annotations/instances_<part>.json is expected, found {names}. Give the file itself."
    )


def _pictures_of(file: Path) -> Path:
    """The folder named after the file's part, beside annotations/ or beside the file; else the folder of the file."""
    part = file.stem.removeprefix("instances_")
    for folder in (file.parent.parent / part, file.parent / part):
        if folder.is_dir():
            return folder
    return file.parent


def _read(file: Path) -> dict[str, Any]:
    """The file's content; lists are there, hold objects, and ids are unique."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: this is not a text file ({error.reason}).") from error
    except json.JSONDecodeError as error:
        raise DataError(f"{file}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}.") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; lists nested too deep
        raise DataError(f"{file}: this JSON cannot be read: {error}.") from error
    if not isinstance(content, dict):
        raise DataError(f"{file}: an object with images, annotations and categories is expected.")
    for name, kind in (("images", "image"), ("annotations", "annotation"), ("categories", "category")):
        entries = content.get(name)
        if not isinstance(entries, list):
            raise DataError(f"{file}: the field '{name}' is {'missing' if entries is None else 'not a list'}.")
        _check_ids(file, kind, entries)
    for image in content["images"]:
        if not isinstance(image.get("file_name"), str) or not image["file_name"]:
            raise _wrong(file, "image", image, "file_name", "the name of the picture's file")
    if not content["images"]:
        raise DataError(f"{file}: there are no images in it.")
    return content


def _check_ids(file: Path, kind: str, entries: list[Any]) -> None:
    seen = set()
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise DataError(f"{file}: {kind} number {number} is {_short(entry)}, an object is expected.")
        name = entry.get("id")
        if type(name) not in (int, str):
            raise DataError(f"{file}: {kind} number {number}: field 'id' is {_short(name)}, a number is expected.")
        if name in seen:
            raise DataError(f"{file}: {kind} {name} stands there twice: ids must be unique.")
        seen.add(name)


def _classes(file: Path, categories: list[dict[str, Any]], labels: Sequence[str]) -> dict[Any, int]:
    """Category id to class index."""
    known = {label: index for index, label in enumerate(labels)}
    for category in categories:
        name = category.get("name")
        if not isinstance(name, str):
            raise _wrong(file, "category", category, "name", "the class's name")
        if name not in known:
            some = ", ".join(labels[:8]) + (", …" if len(labels) > 8 else "")
            raise DataError(
                f"{file}: category {category['id']} is '{name}', which is none of the {len(labels)} classes of this "
                f"model ({some})."
            )
    return {category["id"]: known[category["name"]] for category in categories}


def _by_image(file: Path, content: dict[str, Any], classes: dict[Any, int]) -> dict[Any, list[tuple[Any, ...]]]:
    """Image id to its objects: (left, top, right, bottom, class, crowd, area)."""
    found: dict[Any, list[tuple[Any, ...]]] = {image["id"]: [] for image in content["images"]}
    for entry in content["annotations"]:
        box = entry.get("bbox")
        if not isinstance(box, list) or len(box) != 4 or not all(_is_number(value) for value in box):
            raise _wrong(file, "annotation", entry, "bbox", "four numbers [left, top, width, height]")
        left, top, width, height = box
        if width < 0 or height < 0:
            raise _wrong(file, "annotation", entry, "bbox", "a width and a height of 0 or more")
        if not all(_is_number(value) for value in (left + width, top + height, width * height)):
            raise _wrong(file, "annotation", entry, "bbox", "a box of finite size")
        if _unhashable(entry.get("image_id")) or entry.get("image_id") not in found:
            raise _wrong(file, "annotation", entry, "image_id", "the id of one of the images")
        if _unhashable(entry.get("category_id")) or entry.get("category_id") not in classes:
            ids = ", ".join(str(one) for one in list(classes)[:8]) + (", …" if len(classes) > 8 else "")
            raise _wrong(file, "annotation", entry, "category_id", f"the id of a category ({ids})")
        crowd, size = entry.get("iscrowd", 0), entry.get("area", width * height)
        if crowd not in (0, 1):
            raise _wrong(file, "annotation", entry, "iscrowd", "0 or 1")
        if not _is_number(size) or size < 0:
            raise _wrong(file, "annotation", entry, "area", "a number of 0 or more")
        row = (left, top, left + width, top + height, classes[entry["category_id"]], bool(crowd), size)
        found[entry["image_id"]].append(row)
    return found


def _truth(image: int | str, rows: list[tuple[Any, ...]]) -> GroundTruth:
    table = np.array(rows, np.float64).reshape(-1, 7)
    return GroundTruth(image, table[:, :4], table[:, 4].astype(np.int64), table[:, 5] > 0, table[:, 6])


def _is_number(value: Any) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:  # a whole number beyond what a float holds
        return False


def _unhashable(value: Any) -> bool:
    return isinstance(value, (list, dict))


def _short(value: Any) -> str:
    return "missing" if value is None else f"{json.dumps(value):.60}"


def _wrong(file: Path, kind: str, entry: dict[str, Any], field: str, expected: str) -> DataError:
    return DataError(
        f"{file}: {kind} {entry['id']}: field '{field}' is {_short(entry.get(field))}; expected {expected}."
    )
