"""Drawn faces with points in the layout of 300-W: pictures, and a .pts file beside each."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from utils.datasets.samples.face_portraits import Pictured, portraits_of
from utils.datasets.samples.once import written_once

FIRST_PERSON, PEOPLE, PICTURES = 1_100_000, 60, 2


def points_of(made: Pictured, count: int) -> np.ndarray:
    """float64 [count, 2]: the five points of a picture, or all 68."""
    return made.landmarks if count == len(made.landmarks) else made.points


@written_once
def write_face_points(folder: Path, count: int = 68) -> None:
    """Write 120 pictures of 60 people, two each, as <folder>/face_000.jpg, with face_000.pts beside it.

    Pixels are counted from 1, as 300-W does. Training never sees these people. The folder appears as a whole; one that
    already has content is left as it is.

    Args:
        folder: where to.
        count: 68 points, or the five of eyes, nose and mouth.

    Raises:
        DataError: the folder cannot be written.
    """
    for number in range(PEOPLE):
        for place, made in enumerate(portraits_of(FIRST_PERSON + number, PICTURES)[1]):
            path = folder / f"face_{number * PICTURES + place:03d}.jpg"
            made.picture.save(path, quality=92)
            points = [f"{x + 1:.3f} {y + 1:.3f}" for x, y in points_of(made, count).tolist()]
            lines = ["version: 1", f"n_points: {count}", "{", *points, "}"]
            path.with_suffix(".pts").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
