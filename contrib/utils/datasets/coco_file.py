"""Files of COCO's layout: one JSON file with images, categories and annotations, beside the images."""

import json
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from utils.datasets.folder import IMAGE_SUFFIXES, within
from utils.notices import notice
from utils.preprocess.image import load_size
from utils.text_file import read_json
from zoo_core.errors import DataError
from zoo_core.numbers import is_finite

_FRACTIONS = 2  # pixels; where no box reaches beyond them, the numbers are fractions of the picture


def instances_file(root: Path, kind: str = "instances") -> Path:
    """The file annotations/<kind>_<part>.json of a data set's folder, or the file itself."""
    if root.is_file():
        return root
    if not root.is_dir():
        raise DataError(f"{root}: there is no such folder.")
    found = sorted(root.glob(f"annotations/{kind}_*.json"))
    chosen = [path for path in found if "val" in path.name] if len(found) > 1 else found
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(path.name for path in found) or "nothing"
    raise DataError(
        f"{root}: one file annotations/{kind}_<part>.json is expected, found {names}. Give the file itself."
    )


def pictures_of(file: Path) -> Path:
    """The folder named after the file's part, beside annotations/ or beside the file, or images/ beside annotations/
    that holds no pictures itself; else the folder of the file."""
    part = file.stem.removeprefix("instances_").removeprefix("person_keypoints_")
    folders = [file.parent.parent / part, file.parent / part]
    beside = any(one.suffix.lower() in IMAGE_SUFFIXES for one in file.parent.iterdir())
    if file.parent.name == "annotations" and not beside:
        folders += [file.parent.parent / "images" / part, file.parent.parent / "images"]
    return next((folder for folder in folders if folder.is_dir()), file.parent)


def picture_of(file: Path, folder: Path, image: dict[str, Any]) -> Path:
    """The file of an image in its folder; its name may begin with that of the folder.

    Raises:
        DataError: it is missing, elsewhere, or of another size.
    """
    where, name = f"{file}: image {image['id']}", image["file_name"]
    path = within(folder, name, where)
    if not os.path.isfile(path) and name.startswith(f"{folder.name}/"):
        path = folder.parent / name
    if not os.path.isfile(path):
        alone = folder == file.parent
        raise DataError(
            f"{where}: there is no picture {name:.80} in {folder}"
            f"{', and no folder of pictures that is named after the file' if alone else ''}. "
            f"Put it {'in one' if alone else 'there'}, or take the image out of the file."
        )
    _require_size(where, path, image)
    return path


def _require_size(where: str, path: Path, image: dict[str, Any]) -> None:
    """Boxes are of the picture that the file describes: of one that is scaled or turned, each would be a miss."""
    said: tuple[Any, Any] = image.get("width"), image.get("height")
    if not all(is_finite(side) and side > 0 for side in said):
        return  # nothing is said
    try:
        found, stored = load_size(path, turn=True), load_size(path)
    except DataError:
        return  # that is told when the picture is read
    if found == said:
        return
    if stored == said:
        why = "EXIF turns it: are the boxes of the turned picture? Save the one that they are of, without that entry."
    else:
        why = "Its boxes would be of another scale. Put the picture there that they are of, or correct the file."
    width, height = said
    raise DataError(f"{where}: {width} x {height} pixels are said, and {path.name} has {found[0]} x {found[1]}. {why}")


def read_annotations(file: Path) -> dict[str, Any]:
    """The file's content; lists are there, hold objects, and ids are unique."""
    content = read_json(file, '{"images": […], "annotations": […], "categories": […]}')
    if not isinstance(content, dict):
        is_results = isinstance(content, list) and content and isinstance(content[0], dict) and "score" in content[0]
        raise DataError(
            f"{file}: an object with images, annotations and categories is expected"
            + (", and these are results: give the file of the truth (instances_….json)." if is_results else ".")
        )
    for name, kind in (("images", "image"), ("annotations", "annotation"), ("categories", "category")):
        entries = content.get(name)
        if not isinstance(entries, list):
            raise DataError(f"{file}: the field '{name}' is {'missing' if entries is None else 'not a list'}.")
        _check_ids(file, kind, entries)
    names: dict[str, Any] = {}
    for image in content["images"]:
        name = image.get("file_name")
        if not isinstance(name, str) or not name or "\0" in name:
            raise wrong_field(file, "image", image, "file_name", "the name of the picture's file")
        if name in names:
            raise DataError(f"{file}: images {short(names[name])} and {short(image['id'])} are both the file {name}.")
        names[name] = image["id"]
    if not content["images"]:
        raise DataError(f"{file}: there are no images in it.")
    return content


def _check_ids(file: Path, kind: str, entries: list[Any]) -> None:
    seen = set()
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise DataError(f"{file}: {kind} number {number} is {short(entry)}, an object is expected.")
        name = entry.get("id")
        if not is_id(name):
            raise DataError(
                f"{file}: {kind} number {number}: field 'id' is {_told(entry, 'id')}; expected a whole number or a "
                "text."
            )
        entry["id"] = name = int(name) if isinstance(name, float) else name
        if name in seen:
            raise DataError(f"{file}: {kind} {short(name)} stands there twice: ids must be unique.")
        seen.add(name)


def box_of(file: Path, entry: dict[str, Any]) -> tuple[float, float, float, float]:
    """(left, top, width, height) in pixels."""
    box = entry.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(is_finite(value) for value in box):
        raise wrong_field(file, "annotation", entry, "bbox", "four numbers [left, top, width, height]")
    left, top, width, height = box
    if width < 0 or height < 0:
        raise wrong_field(file, "annotation", entry, "bbox", "a width and a height of 0 or more")
    if not all(is_finite(value) for value in (left + width, top + height, width * height)):
        raise wrong_field(file, "annotation", entry, "bbox", "a box of finite size")
    return left, top, width, height


def image_of(file: Path, entry: dict[str, Any], images: Collection[Any]) -> Any:
    """An annotation's image, one of `images`, which are ids. Raises DataError."""
    image = entry.get("image_id")
    if not is_id(image) or image not in images:
        raise wrong_field(file, "annotation", entry, "image_id", f"the id of one of the images ({some_ids(images)})")
    return image


def crowd_and_area(file: Path, entry: dict[str, Any], area: float) -> tuple[bool, float]:
    """Whether an annotation stands for several objects, and its area: `area` where it says none. Raises DataError."""
    crowd, said = entry.get("iscrowd", 0), entry.get("area", area)
    if not isinstance(crowd, (int, float)) or crowd not in (0, 1):
        raise wrong_field(file, "annotation", entry, "iscrowd", "0 or 1, or no such field")
    if not is_finite(said) or said < 0:
        raise wrong_field(file, "annotation", entry, "area", "a number of 0 or more, or no such field")
    return bool(crowd), said


def say_odd_boxes(file: Path, images: list[dict[str, Any]], found: dict[Any, list[tuple[Any, ...]]]) -> None:
    """Boxes in another form than COCO's parse well: corners, and fractions of the picture."""
    rows = [row for one in found.values() for row in one]
    if rows and max(max(row[2:4]) for row in rows) <= _FRACTIONS:
        notice(
            "boxes in fractions",
            str(file),
            f"no box reaches beyond {_FRACTIONS} pixels. COCO's are in pixels; are these fractions of the picture?",
        )
    outside = 0
    for image in images:
        width, height = image.get("width", 0), image.get("height", 0)
        if is_finite(width) and is_finite(height) and min(width, height) > 0:
            outside += sum(row[2] > width + 1 or row[3] > height + 1 for row in found[image["id"]])
    if outside:
        notice(
            "boxes beyond the picture",
            str(file),
            f"{outside} of {len(rows)} boxes reach beyond their pictures, and are taken as they are. COCO's boxes are "
            "[left, top, width, height]; are these the corners?",
        )


def is_id(value: Any) -> bool:
    """Whether JSON's value can be an id: a text, or a whole number, which some programs write as 1.0."""
    return type(value) in (int, str) or (isinstance(value, float) and value.is_integer())


def some_ids(ids: Iterable[Any]) -> str:
    """The first of some ids, as JSON writes them: 1 is a number, "1" a text."""
    known = list(ids)
    return ", ".join(short(one) for one in known[:8]) + (", …" if len(known) > 8 else "")


def short(value: Any) -> str:
    """A value as JSON writes it."""
    return f"{json.dumps(value):.60}"


def _told(entry: dict[str, Any], field: str) -> str:
    """A field's value for a message; a text is said to be one, since "1" is not 1."""
    if field not in entry:
        return "missing"
    value = entry[field]
    return f"{short(value)} (a text)" if isinstance(value, str) else short(value)


def wrong_field(file: Path, kind: str, entry: dict[str, Any], field: str, expected: str) -> DataError:
    """What to raise where a field of an image, a category or an annotation is not as `expected`."""
    return DataError(
        f"{file}: {kind} {short(entry['id'])}: field '{field}' is {_told(entry, field)}; expected {expected}."
    )
