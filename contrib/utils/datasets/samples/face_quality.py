"""Drawn faces with angles and five points, in the layout of FaceQualityAssessment's AFLW2000."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.samples.face_identities import cut_out
from utils.datasets.samples.face_portraits import Pictured, portraits_of
from utils.datasets.samples.once import written_once

FIRST_PERSON, PEOPLE, PICTURES = 1_300_000, 80, 2


def judged(made: Pictured) -> tuple[Image.Image, np.ndarray]:
    """A face that was cut out, and its 13 numbers: angles in degrees, then the points; -1 -1 for one outside of it."""
    picture, points = cut_out(made)
    outside = (points < 0).any(axis=1) | (points >= picture.size).any(axis=1)
    points[outside] = -1
    return picture, np.concatenate([made.angles, points.ravel()])


@written_once
def write_face_quality(folder: Path) -> None:
    """Write 160 faces of 80 people, cut out, as <folder>/face_000.jpg, with face_000.txt beside each.

    Yaw turns the nose to the picture's right, pitch down, roll against the clock. Training never sees these people. The
    folder appears as a whole; one that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    for number in range(PEOPLE):
        for place, made in enumerate(portraits_of(FIRST_PERSON + number, PICTURES)[1]):
            path = folder / f"face_{number * PICTURES + place:03d}.jpg"
            picture, numbers = judged(made)
            picture.save(path, quality=92)
            text = " ".join(f"{value:.4f}" for value in numbers.tolist())
            path.with_suffix(".txt").write_text(f"{text}\n", encoding="utf-8")
