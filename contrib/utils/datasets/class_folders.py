"""Which class a folder named after one belongs to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from utils.notices import notice
from zoo_core.errors import DataError

# "7", "007", "class_7", "class 07": a number behind a beginning that all folders share
_NUMBERED = re.compile(r"(?P<beginning>\D*[^\W\d]\D*)?(?P<number>[0-9]+)")
# "7.cat", "007_cat": a number before the class's name, as CUB-200 has it
_NUMBER_FIRST = re.compile(r"(?P<beginning>)(?P<number>[0-9]+)[ ._-]+(?P<name>[^\W\d].*)")

_PARTS = ("train", "training", "val", "valid", "validation", "test", "testing")  # of a data set, each with all classes


def class_indices(root: Path, folders: Sequence[str], classes: Sequence[str] | None) -> list[int]:
    """The class index of each folder.

    In this order: names that the classes have (written alike or nearly: Traffic_Light or 7.traffic_light for traffic
    light); numbers, which are class indices; exactly as many other names as there are classes, in sorted order, which a
    notice says.

    Args:
        root: the folder that they lie in, for messages.
        folders: their names, sorted.
        classes: the names of the classes in index order. Without them, sorted order is the order of the classes.

    Raises:
        DataError: names that fit no class, two folders of one class, numbers beyond the classes, or folders that are
            parts of a data set.
    """
    numbers = _numbers(folders)
    if classes is None:
        if len(folders) > 1:
            _require_one_part(root, folders)
        _say_sorted_as_text(root, folders, numbers)
        return list(range(len(folders)))
    named = _named(root, folders, classes)
    if named is None:  # by what stands behind a number, which may count otherwise than the classes
        named = _named(root, [_NUMBER_FIRST.sub(r"\g<name>", name) for name in folders], classes)
    if named is not None:
        _require_different(root, folders, named, classes)
        return named
    _require_one_part(root, folders)
    if numbers is not None:
        return _numbered(root, folders, numbers, classes)
    if len(folders) == len(classes) and not set(folders) & set(classes):
        notice(
            "other class names",
            str(root),
            f"the folders are not named after this model's classes ({classes[0]}, …): their sorted order is taken as "
            f"the order of the classes, so that {folders[0]} is {classes[0]} and {folders[-1]} is {classes[-1]}.",
        )
        return list(range(len(folders)))
    known = {folded(one) for one in classes}
    stranger = next(name for name in folders if folded(name) not in known)
    raise DataError(
        f"{root}: the folder {stranger} names no class of this model. Expected folder names such as {classes[0]} (all "
        f"{len(classes)} classes or some of them), class indices (0 to {len(classes) - 1}), or exactly {len(classes)} "
        f"folders, whose sorted order is then taken as the order of the classes (got {len(folders)} folders)."
    )


def _require_one_part(root: Path, folders: Sequence[str]) -> None:
    """Raise DataError where a whole data set was given: "train" and "val" would be its two classes."""
    if all(name.lower() in _PARTS for name in folders):
        raise DataError(
            f"{root}: its folders are parts of a data set, no classes ({', '.join(folders)}). Give the one that is "
            f"meant: {root / folders[-1]}."
        )


def _named(root: Path, folders: Sequence[str], classes: Sequence[str]) -> list[int] | None:
    """By the classes' own names; None where a folder has none of them."""
    exact = {name: index for index, name in enumerate(classes)}
    if all(name in exact for name in folders):
        return [exact[name] for name in folders]
    alike: dict[str, list[int]] = {}
    for index, name in enumerate(classes):
        alike.setdefault(folded(name), []).append(index)
    places = [alike.get(folded(name), []) for name in folders]
    if not all(places):
        return None
    for name, found in zip(folders, places, strict=True):
        if len(found) > 1:
            raise DataError(f"{root}: the folder {name} may be {' or '.join(classes[index] for index in found)}.")
    return [found[0] for found in places]


def folded(name: str) -> str:
    """A name by which those that differ in case, in blanks, _ and -, or in how accents are coded, are one.

    -1 stays another name than 1: what is in it, mostly without a label, is not of class 1.
    """
    return re.sub(r"(?!^-[0-9])[\s_-]+", " ", unicodedata.normalize("NFC", name).casefold()).strip()


def _numbers(folders: Sequence[str]) -> list[int] | None:
    """The numbers in the folders' names; None where they are not numbered."""
    for form in (_NUMBERED, _NUMBER_FIRST):
        matches = [form.fullmatch(name) for name in folders]
        found = [match for match in matches if match is not None and len(match["number"]) < 10]
        if len(found) == len(folders) and len({match["beginning"] for match in found}) == 1:
            return [int(match["number"]) for match in found]
    return None


def _numbered(root: Path, folders: Sequence[str], numbers: list[int], classes: Sequence[str]) -> list[int]:
    """By number: class indices, or 1 to the number of classes where exactly these are there."""
    count = len(classes)
    by_value = {int(name): index for index, name in enumerate(classes) if name.isascii() and name.isdecimal()}
    if len(by_value) == count:  # the classes are numbers themselves: 7 is "7", also as 07
        strangers = [name for name, number in zip(folders, numbers, strict=True) if number not in by_value]
        if strangers:
            raise DataError(f"{root}: the folder {strangers[0]} names no class of this model ({', '.join(classes)}).")
        indices = [by_value[number] for number in numbers]
    else:
        first = 1 if set(numbers) == set(range(1, count + 1)) else 0
        indices = [number - first for number in numbers]
        if max(indices) >= count:
            raise DataError(
                f"{root}: the folder {folders[indices.index(max(indices))]} is no class: this model has {count} "
                f"classes, so that a number is from 0 to {count - 1} (or all are there, from 1 to {count})."
            )
        start = "0" if first == 0 else f"1 ({folders[numbers.index(1)]} first)"
        what = f"the folders are numbered, and are taken as class indices that count from {start}."
        notice("numbered folders", str(root), what)
    _require_different(root, folders, indices, classes)
    return indices


def _require_different(root: Path, folders: Sequence[str], indices: list[int], classes: Sequence[str]) -> None:
    owners: dict[int, str] = {}
    for name, index in zip(folders, indices, strict=True):
        if index in owners:
            raise DataError(
                f"{root}: both folders {owners[index]} and {name} are the class {classes[index]}. Join them."
            )
        owners[index] = name


def _say_sorted_as_text(root: Path, folders: Sequence[str], numbers: list[int] | None) -> None:
    """Text sorts 10 before 2, which torchvision does too."""
    if numbers is not None and numbers != sorted(numbers):
        first = next(place for place in range(len(numbers) - 1) if numbers[place] > numbers[place + 1])
        notice(
            "numbered folders",
            str(root),
            "the folders are numbered, and their names are sorted as text, as torchvision does: "
            f"{folders[first]} comes before {folders[first + 1]}. Fill the numbers up with zeros if they are classes.",
        )
    elif numbers is not None and numbers != list(range(len(numbers))):
        notice(
            "numbered folders",
            str(root),
            f"the folders are numbered with gaps, and are counted in sorted order: {folders[-1]} is class "
            f"{len(folders) - 1}, as torchvision has it.",
        )
