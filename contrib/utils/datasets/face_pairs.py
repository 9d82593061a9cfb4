"""Pairs of faces in the format of LFW: pairs.txt, and a folder a person."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from utils.datasets.five_points import read_five_points
from utils.datasets.folder import within
from utils.datasets.sample import Listed, Sample
from utils.preprocess.pytorch.face_alignment import FacePhoto
from utils.text_file import read_lines
from zoo_core.errors import DataError
from zoo_core.numbers import is_whole

FILE = "pairs.txt"
_FOLDERS = ("", "lfw", "lfw_funneled", "lfw-funneled", "lfw-deepfunneled", "lfw-align-112")
_SUFFIXES = (".jpg", ".png")
_HEAD = "the number of folds and of pairs of one person in each, '10 300'"


class Place(NamedTuple):
    """A picture's place among the pairs: the pair's number, its fold, and whether it shows one person twice."""

    pair: int
    fold: int
    same: bool


@dataclass(frozen=True)
class PairedFace:
    """A picture of a data set of pairs: its path relative to the folder, and all its places."""

    name: str
    places: tuple[Place, ...]


class FacePairs(Listed):
    """Every picture of the pairs once, in the order of pairs.txt.

    A sample's id is <person>/<person>_0001.jpg, its data a `FacePhoto` (with the points that landmarks.txt beside
    pairs.txt gives), its truth a `PairedFace`.

    Args:
        root: holds pairs.txt as LFW has it: a line with the number of folds and of pairs; then for each fold so many
            lines `person n n` (two pictures of one person) and as many lines `person n person n`. The people's folders
            are in it, or in lfw/, lfw_funneled/ or the like.

    Raises:
        DataError: no such file, a line that is none of these (file and line are named), another number of lines, less
            than two folds, or a picture that is missing.
    """

    def __init__(self, root: str | Path) -> None:
        root = Path(root)
        self.file = root / FILE
        places: dict[str, list[Place]] = {}
        points = read_five_points(root)
        folder: Path | None = None
        for number, (line, place, names) in enumerate(_pairs(self.file)):
            folder = folder or _people(root, names[0], f"{self.file}, line {line}")
            for name in names:
                full = _picture(folder, name, f"{self.file}, line {line}")
                places.setdefault(full, []).append(Place(number, *place))
        self._samples = [
            Sample(name, FacePhoto(Path(folder or root, name), points.get(name)), PairedFace(name, tuple(its)))
            for name, its in places.items()
        ]


def _pairs(file: Path) -> Iterator[tuple[int, tuple[int, bool], tuple[str, str]]]:
    """(line, (fold, same), the two pictures without their ending) of each pair."""
    lines = [
        (number, line.split("\t") if "\t" in line else line.split()) for number, line in enumerate(_lines(file), 1)
    ]
    lines = [(number, [word.strip() for word in words]) for number, words in lines if any(words)]
    head = lines[0][1] if lines else []
    if not (len(head) == 2 and all(map(is_whole, head)) and int(head[1])):
        raise DataError(f"{file}, line 1: {' '.join(head)!r:.80}; expected {_HEAD}.")
    folds, count = int(head[0]), int(head[1])
    if folds < 2:
        raise DataError(f"{file}, line 1: {folds} fold; the threshold of one is chosen on the others: two at least.")
    if len(lines) - 1 != folds * 2 * count:
        raise DataError(f"{file}: {len(lines) - 1} pairs, but line 1 says {folds} folds of {count} + {count}.")
    for place, (number, words) in enumerate(lines[1:]):
        fold, within = divmod(place, 2 * count)
        same = within < count
        yield number, (fold, same), _names(words, same, f"{file}, line {number}")


def _names(words: list[str], same: bool, where: str) -> tuple[str, str]:
    """The two pictures of a pair, without their ending."""
    form, numbers = ("person n n", words[1:]) if same else ("person n person n", words[1::2])
    if len(words) != (3 if same else 4) or not all(map(is_whole, numbers)):
        kind = "of one person" if same else "of two people"
        raise DataError(f"{where}: {' '.join(words)!r:.80}; expected a pair {kind}, '{form}'.")
    people = (words[0], words[0] if same else words[2])
    one, other = (f"{person}/{person}_{int(number):04d}" for person, number in zip(people, numbers, strict=True))
    if one == other:
        raise DataError(f"{where}: {one} twice; a pair is two pictures.")
    return one, other


def _people(root: Path, name: str, where: str) -> Path:
    """The folder that holds the people's folders."""
    for folder in _FOLDERS:
        if os.path.isdir(within(root / folder, name, where).parent):
            return root / folder
    person = name.split("/")[0]
    raise DataError(f"{where}: there is no folder {person:.80} in {root}, nor in {', '.join(_FOLDERS[1:])} below it.")


def _picture(folder: Path, name: str, where: str) -> str:
    for suffix in _SUFFIXES:
        if os.path.isfile(within(folder, f"{name}{suffix}", where)):
            return f"{name}{suffix}"
    raise DataError(f"{where}: {folder / name!s:.200}{_SUFFIXES[0]}: there is no such picture.")


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        raise DataError(f"{file}: there is no such file; a data set of pairs has it, as LFW does.")
    return read_lines(file)
