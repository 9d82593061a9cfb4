"""Drawn faces with age, gender and mask, in the layout of a list of attributes."""

from __future__ import annotations

from pathlib import Path

from utils.datasets.face_attributes import FILE, Head
from utils.datasets.samples.face_identities import cut_out
from utils.datasets.samples.face_people import Person
from utils.datasets.samples.face_portraits import portraits_of
from utils.datasets.samples.once import written_once

# The classes of MindSpore's FaceAttribute
HEADS = (
    Head("age", ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+")),
    Head("gender", ("male", "female")),
    Head("mask", ("mask", "no mask")),
)
FIRST_PERSON, PEOPLE, PICTURES = 1_200_000, 150, 2
_ENDS = (3, 10, 20, 30, 40, 50, 60, 70)  # years at which a class of ages ends


def classes_of(who: Person, masked: bool) -> tuple[int, int, int]:
    """The class of each of `HEADS`."""
    return sum(who.age >= end for end in _ENDS), int(who.woman), int(not masked)


@written_once
def write_face_attributes(folder: Path) -> None:
    """Write 300 faces of 150 people, cut out, as <folder>/faces/face_000.jpg, and attributes.txt.

    Gender and age are conventions of the drawings: lashes and lips or a beard; size of the eyes, lines and grey hair.
    Training never sees these people. The folder appears as a whole; one that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    (folder / "faces").mkdir()
    lines = []
    for number in range(PEOPLE):
        who, pictures = portraits_of(FIRST_PERSON + number, PICTURES, masks=True)
        for place, made in enumerate(pictures):
            name = f"faces/face_{number * PICTURES + place:03d}.jpg"
            cut_out(made)[0].save(folder / name, quality=92)
            lines.append(" ".join([name, *map(str, classes_of(who, made.masked))]))
    (folder / FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
