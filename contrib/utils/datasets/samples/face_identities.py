"""Drawn people in the layouts of data sets that tell people apart: pairs as LFW has them, and a gallery with queries.

Training draws people from 0 up, demos people from 2,000,000.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.samples.face_portraits import Pictured, portraits_of
from utils.datasets.samples.once import written_once

FIRST_PERSON = 1_000_000
FOLDS, PEOPLE, PICTURES, PAIRS = 10, 6, 5, 25  # folds, people in each, pictures of each, pairs of either kind
_GALLERY_PEOPLE, _HELD, _ASKED = 40, 3, 2  # of the first 30 of them there are queries
_MARGIN = 0.08  # of a box's sides, around a face that was cut out


@written_once
def write_face_pairs(folder: Path) -> None:
    """Write 300 pictures of 60 people as LFW has them: lfw/<person>/<person>_0001.jpg, pairs.txt (10 folds of 25 + 25).

    landmarks.txt holds the five points of each. Nobody is in two folds. The folder appears as a whole; one that already
    has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    points = []
    for number in range(FOLDS * PEOPLE):
        name = _name(number)
        (folder / "lfw" / name).mkdir(parents=True)
        for count, made in enumerate(portraits_of(FIRST_PERSON + number, PICTURES)[1], 1):
            file = f"{name}/{name}_{count:04d}.jpg"
            made.picture.save(folder / "lfw" / file, quality=92)
            points.append(_points(file, made.landmarks))
    random = np.random.RandomState(FIRST_PERSON)
    pairs = [line for fold in range(FOLDS) for line in _fold(random, fold * PEOPLE)]
    _write(folder / "pairs.txt", [f"{FOLDS}\t{PAIRS}", *pairs])
    _write(folder / "landmarks.txt", points)


@written_once
def write_face_gallery(folder: Path) -> None:
    """Write faces that were cut out: gallery/ with 40 people, three pictures each, and query/ with two of 30 of them.

    landmarks.txt holds the five points of each. The folder appears as a whole; one that already has content is left as
    it is.

    Raises:
        DataError: the folder cannot be written.
    """
    points = []
    for number in range(_GALLERY_PEOPLE):
        name = _name(number)
        made = portraits_of(FIRST_PERSON + 1000 + number, _HELD + _ASKED)[1]
        for count, one in enumerate(made[: _HELD + (_ASKED if number < _GALLERY_PEOPLE - 10 else 0)]):
            file = f"{'gallery' if count < _HELD else 'query'}/{name}/{count + 1:04d}.jpg"
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            picture, landmarks = cut_out(one)
            picture.save(folder / file, quality=92)
            points.append(_points(file, landmarks))
    _write(folder / "landmarks.txt", points)


def cut_out(made: Pictured) -> tuple[Image.Image, np.ndarray]:
    """The head with a margin, and the five points in it."""
    left, top, right, bottom = made.box
    across, down = _MARGIN * (right - left), _MARGIN * (bottom - top)
    box = (int(left - across), int(top - down), int(right + across) + 1, int(bottom + down) + 1)
    low = (max(box[0], 0), max(box[1], 0))
    high = (min(box[2], made.picture.width), min(box[3], made.picture.height))
    return made.picture.crop((*low, *high)), made.landmarks - low


def _fold(random: np.random.RandomState, first: int) -> list[str]:
    """The pairs of a fold, drawn without repetition."""
    alike = [
        (person, one, other)
        for person in range(first, first + PEOPLE)
        for one in range(1, PICTURES + 1)
        for other in range(one + 1, PICTURES + 1)
    ]
    chosen = sorted(random.choice(len(alike), PAIRS, replace=False).tolist())
    lines = [f"{_name(alike[place][0])}\t{alike[place][1]}\t{alike[place][2]}" for place in chosen]
    strangers: set[tuple[int, int, int, int]] = set()
    while len(strangers) < PAIRS:
        one, other = sorted((first + random.choice(PEOPLE, 2, replace=False)).tolist())
        strangers.add((one, int(random.randint(1, PICTURES + 1)), other, int(random.randint(1, PICTURES + 1))))
    return lines + [f"{_name(one)}\t{a}\t{_name(other)}\t{b}" for one, a, other, b in sorted(strangers)]


def _name(number: int) -> str:
    return f"Drawn_Person_{number:02d}"


def _points(file: str, landmarks: np.ndarray) -> str:
    return " ".join([file, *(f"{value:.2f}" for value in landmarks.ravel().tolist())])


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
