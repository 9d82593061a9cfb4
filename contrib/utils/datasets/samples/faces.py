"""Drawn faces in clutter, with boxes and five landmarks, written in the layout of WIDER FACE.

A head is an ellipsoid that is turned (yaw, pitch) and rolled; eyes, brows, nose and mouth are patches of its surface,
projected to the picture, so that the landmarks are exact in every pose. Around the faces stand things that look
a little like faces: ovals in the colours of skin, discs with two dots, blobs with stripes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.samples.face_head import Head
from utils.datasets.samples.face_surroundings import (
    any_colour,
    background,
    clutter,
    photographed,
)
from utils.datasets.samples.once import written_once

PICTURES = 72
WITHOUT_FACES = 8  # the last of them
FIRST_SEED = 500_000  # training draws from 0 up, demos from 900,000
SPLIT = "val"
EVENTS = ("0--Drawn_Faces", "1--Drawn_Clutter")

# Everything is drawn at twice the size and scaled down, which smooths the edges.
_OVER = 2
_SMALLEST, _INVALID_BELOW = 8, 12  # pixels of a box's longer side


@dataclass(frozen=True)
class DrawnFace:
    """A face of a picture, in the terms of WIDER FACE.

    Attributes:
        box: left, top, width, height in whole pixels, cut at the picture's edges.
        landmarks: float64 [5, 2], x and y in pixels: the eye on the picture's left, the one on its right, the nose's
            tip, the mouth's corner on the left, the one on the right.
        hidden: for each landmark whether something covers it, or it lies outside of the picture.
        blur, occlusion: 0 none, 1 some, 2 heavy. expression: 1 for an open mouth. illumination: 1 for very dark or
            very bright. pose: 1 for a head that is turned or tilted far. invalid: 1 for a face that is too small or
            too much covered to be judged.
    """

    box: tuple[int, int, int, int]
    landmarks: np.ndarray
    hidden: tuple[bool, ...]
    blur: int = 0
    expression: int = 0
    illumination: int = 0
    invalid: int = 0
    occlusion: int = 0
    pose: int = 0


def draw_picture(
    seed: int, width: int, height: int, faces: int, largest: float = 0.3
) -> tuple[Image.Image, list[DrawnFace]]:
    """An RGB picture of `width` x `height` pixels with `faces` faces at most: what has no room is left out.

    Half the height of a head is 7 pixels to `largest` of the shorter side. The same on every machine for the same
    arguments and version of Pillow.
    """
    random = np.random.RandomState(seed)
    canvas = Image.new("RGB", (width * _OVER, height * _OVER), any_colour(random))
    # which face, counted from 1, owns each pixel; what covers it takes it away again
    owner = Image.new("L", canvas.size, 0)
    background(random, canvas)
    clutter(random, canvas, owner, random.randint(6, 18))
    drawn: list[Head] = []
    for size, place in _places(random, canvas.size, faces, largest):
        head = Head(random, place, size)
        head.draw(random, canvas, owner, len(drawn) + 1)
        drawn.append(head)
    clutter(random, canvas, owner, random.randint(0, 4), largest=0.12)
    picture, blur, illumination = photographed(random, canvas.resize((width, height), Image.Resampling.BOX))
    owners = np.asarray(owner)
    found = (_face(head, number, owners, width, height) for number, head in enumerate(drawn, 1))
    return picture, [replace(face, blur=blur, illumination=illumination) for face in found if face is not None]


@written_once
def write_faces(folder: Path) -> None:
    """Write 72 pictures, 8 of them without faces, as <folder>/WIDER_val/images/<event>/<picture>.jpg.

    wider_face_split/wider_face_val_bbx_gt.txt holds the boxes and attributes as WIDER FACE publishes them;
    val/label.txt the boxes and landmarks as RetinaFace publishes them for the training pictures. The folder appears
    as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    boxes, landmarks = [], []
    for number in range(PICTURES):
        clutter_only = number >= PICTURES - WITHOUT_FACES
        picture, faces = sample_picture(FIRST_SEED + number, faces=0 if clutter_only else None)
        event = EVENTS[clutter_only]
        name = f"{event}/{event.replace('--', '_')}_{number}.jpg"
        target = folder / f"WIDER_{SPLIT}/images" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.save(target, quality=88)
        boxes += [name, str(len(faces)), *([_wider_line(face) for face in faces] or ["0 " * 10])]
        landmarks += [f"# {name}", *(_label_line(face) for face in faces)]
    _write_lines(folder / f"wider_face_split/wider_face_{SPLIT}_bbx_gt.txt", boxes)
    _write_lines(folder / f"{SPLIT}/label.txt", landmarks)


def sample_picture(seed: int, faces: int | None = None) -> tuple[Image.Image, list[DrawnFace]]:
    """A picture of a size, and with a number of faces, that the seed decides: 200 to 320 pixels, 1 to 7 faces."""
    random = np.random.RandomState(seed)
    width, height = (int(side) for side in random.randint(200, 321, 2))
    wanted = 1 + int(random.rand() ** 1.5 * 7)
    return draw_picture(seed, width, height, wanted if faces is None else faces)


def _write_lines(path: Path, lines: list[str]) -> None:
    path.parent.mkdir()
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _wider_line(face: DrawnFace) -> str:
    values = (face.blur, face.expression, face.illumination, face.invalid, face.occlusion, face.pose)
    return " ".join(map(str, face.box + values)) + " "


def _label_line(face: DrawnFace) -> str:
    """Box, five times x, y and whether it is covered, and a blur; -1 throughout where there are no landmarks."""
    if face.invalid:
        points = ["-1.0"] * 15
    else:
        points = [
            text
            for (x, y), hidden in zip(face.landmarks, face.hidden, strict=True)
            for text in (f"{x:.3f}", f"{y:.3f}", f"{float(hidden)}")
        ]
    return " ".join([*map(str, face.box), *points, f"{1 - face.blur / 2:.2f}"])


def _face(head: Head, number: int, owners: np.ndarray, width: int, height: int) -> DrawnFace | None:
    """What the annotation says of a head, or None where (nearly) nothing of it is in the picture."""
    edge = head.outline() / _OVER
    low = np.clip(np.floor(edge.min(axis=0)), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(edge.max(axis=0)), 0, (width, height)).astype(int)
    box = (int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
    whole = np.pi * np.sqrt(np.linalg.det(head.to_picture @ head.to_picture.T))
    seen = float((owners == number).sum()) / whole
    if seen < 0.05 or max(box[2:]) < _SMALLEST:
        return None
    at = head.landmarks().astype(int)
    rows, columns = owners.shape
    hidden = tuple(not (0 <= x < columns and 0 <= y < rows and owners[y, x] == number) for x, y in at.tolist())
    return DrawnFace(
        box=box,
        landmarks=head.landmarks() / _OVER,
        hidden=hidden,
        expression=int(head.open_mouth),
        invalid=int(seen < 0.35 or max(box[2:]) < _INVALID_BELOW),
        occlusion=0 if seen > 0.93 else 1 if seen > 0.65 else 2,
        pose=int(head.turned),
    )


def _places(
    random: np.random.RandomState, size: tuple[int, int], faces: int, largest: float
) -> list[tuple[float, tuple[float, float]]]:
    """(half height, centre) of each face, small ones first. Faces may overlap a little, and reach over the edge."""
    placed: list[tuple[float, tuple[float, float]]] = []
    for _ in range(faces):
        # as many small faces as large ones: half heights are even in their logarithm
        half = float(np.exp(random.uniform(np.log(7 * _OVER), np.log(largest * min(size)))))
        for _ in range(20):
            x, y = random.uniform(0.3 * half, size[0] - 0.3 * half), random.uniform(0.3 * half, size[1] - 0.3 * half)
            if all(np.hypot(x - u, y - v) > 0.85 * (half + other) for other, (u, v) in placed):
                placed.append((half, (x, y)))
                break
    return sorted(placed)
