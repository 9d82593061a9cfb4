"""Drawn figures with the points of a body, before a cluttered background: what pose networks are tried on.

A figure faces the viewer, so that its left is on the right of the picture. `write_keypoints` writes held-out pictures
in the format of COCO.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from utils.datasets.samples.once import written_once
from utils.datasets.samples.scene_surfaces import background, new_colour, photographed
from utils.datasets.samples.scenes import save_jpeg
from utils.keypoints import coco_points
from zoo_core.files import write_text

# Training takes the seeds from 0 on; held-out pictures begin here, and demos further on.
HELD_OUT_SEED, DEMO_SEED = 1_000_000, 2_000_000
HELD_OUT = 80
_FINE = 3  # drawn so much larger, and scaled down
_SIDES = (190, 260)
_BODY = {  # of a figure of height 1 with its feet at 1, x from the middle
    "nose": (0.0, 0.1), "left_eye": (0.03, 0.075), "right_eye": (-0.03, 0.075),
    "left_ear": (0.068, 0.085), "right_ear": (-0.068, 0.085),
    "left_shoulder": (0.12, 0.21), "right_shoulder": (-0.12, 0.21),
    "left_hip": (0.075, 0.52), "right_hip": (-0.075, 0.52),
}  # fmt: skip
_LIMBS = (("shoulder", "elbow", 0.15, 2.6), ("elbow", "wrist", 0.14, 1.2), ("hip", "knee", 0.23, 0.5),
          ("knee", "ankle", 0.23, 0.4))  # fmt: skip


class Figure(NamedTuple):
    """One figure.

    Attributes:
        points: float64 [17, 3], x and y in pixels, and 1 (covered by another figure) or 2 (seen).
        box: (left, top, width, height) of its visible pixels.
        area: how many those are.
    """

    points: np.ndarray
    box: tuple[int, int, int, int]
    area: int


def draw_figures(seed: int) -> tuple[np.ndarray, list[Figure]]:
    """uint8 [H, W, 3], RGB, and one to three figures in it, from the back to the front."""
    random = np.random.RandomState(seed)
    height, width = (int(side) for side in random.randint(_SIDES[0], _SIDES[1] + 1, 2))
    colours: list[np.ndarray] = []
    canvas = background(random, height, width, colours)
    count = int(random.randint(1, 4))
    owner = np.zeros((height, width), np.int64)
    bodies = []
    for number in range(1, count + 1):
        body = _placed(random, height, width, (number - 0.5) / count)
        picture = Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))
        covered, canvas = _drawn(random, picture, body, [new_colour(random, colours) for _ in range(4)])
        owner[covered] = number
        bodies.append(body)
    figures = [_figure(owner, number, body) for number, body in enumerate(bodies, 1)]
    return photographed(random, canvas), [one for one in figures if one is not None]


def _placed(random: np.random.RandomState, height: int, width: int, share: float) -> dict[str, np.ndarray]:
    """The points of a body in pixels, all of them in the picture."""
    while True:
        body = {name: np.array(place) for name, place in _BODY.items()}
        for begin, end, length, freedom in _LIMBS:
            for side, outwards in (("left", 1), ("right", -1)):
                angle = (
                    outwards * abs(random.uniform(-0.15, freedom))
                    if begin in ("shoulder", "hip")
                    else (random.uniform(-freedom, freedom))
                )
                way = np.array([np.sin(angle), np.cos(angle)])
                body[f"{side}_{end}"] = body[f"{side}_{begin}"] + length * way
        turn = random.uniform(-0.35, 0.35)
        spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        tall = random.uniform(0.5, 0.9) * height
        middle = np.array([share * width + random.uniform(-0.1, 0.1) * width, random.uniform(0.4, 0.6) * height])
        placed = {name: spin @ (place - (0, 0.5)) * tall + middle for name, place in body.items()}
        every = np.array(list(placed.values()))
        margin = 0.09 * tall
        if (every > margin).all() and (every < np.array([width, height]) - margin).all():
            return placed


def _drawn(
    random: np.random.RandomState, picture: Image.Image, body: dict[str, np.ndarray], colours: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """bool [H, W]: what the figure covers; float64 [H, W, 3]: the picture with it."""
    size = (picture.width * _FINE, picture.height * _FINE)
    large, mask = picture.resize(size, Image.Resampling.BILINEAR), Image.new("L", size)
    skin, shirt, sleeves, trousers = (tuple(int(value) for value in colour) for colour in colours)
    at = {name: tuple((place * _FINE).tolist()) for name, place in body.items()}
    unit = _FINE * float(np.linalg.norm(body["left_shoulder"] - body["right_shoulder"])) / 0.24
    thick = unit * random.uniform(0.045, 0.06)
    for draw, fill in ((ImageDraw.Draw(large), None), (ImageDraw.Draw(mask), 255)):
        trunk = [at[name] for name in ("left_shoulder", "right_shoulder", "right_hip", "left_hip")]
        for side in ("left", "right"):
            for begin, end, *_ in _LIMBS:
                own = sleeves if begin in ("shoulder", "elbow") else trousers
                _bone(draw, at[f"{side}_{begin}"], at[f"{side}_{end}"], thick, fill or own)
        draw.polygon(trunk, fill=fill or shirt)
        for one, other in zip(trunk, trunk[1:] + trunk[:1], strict=True):
            _bone(draw, one, other, thick, fill or shirt)
        neck = tuple(np.mean([at["left_shoulder"], at["right_shoulder"]], axis=0).tolist())
        _bone(draw, neck, at["nose"], thick, fill or skin)
        _dot(draw, at["nose"], 0.085 * unit, fill or skin)
        for name, radius, own in (("eye", 0.016, (15, 15, 15)), ("ear", 0.024, skin)):
            for side in ("left", "right"):
                _dot(draw, at[f"{side}_{name}"], radius * unit, fill or own)
        _dot(draw, at["nose"], 0.014 * unit, fill or (150, 30, 30))
    shape = (picture.width, picture.height)
    covered = np.asarray(mask.resize(shape, Image.Resampling.BOX)) > 127
    return covered, np.asarray(large.resize(shape, Image.Resampling.BOX)).astype(np.float64)


def _bone(draw: ImageDraw.ImageDraw, one: Any, other: Any, thick: float, fill: Any) -> None:
    draw.line([one, other], fill=fill, width=round(thick))
    for end in (one, other):
        _dot(draw, end, thick / 2, fill)


def _dot(draw: ImageDraw.ImageDraw, place: Any, radius: float, fill: Any) -> None:
    x, y = place
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _figure(owner: np.ndarray, number: int, body: dict[str, np.ndarray]) -> Figure | None:
    """None where others cover nearly all of it."""
    pixels = owner == number
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    if pixels.sum() < 200:
        return None
    points = []
    for name in coco_points():
        x, y = body[name]
        points.append((x, y, 2 if owner[int(y), int(x)] <= number else 1))
    box = (int(columns[0]), int(rows[0]), int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1)
    return Figure(np.array(points), box, int(pixels.sum()))


def boxes_text(figures: Sequence[Figure]) -> str:
    """Left, top, width and height a line, as people give boxes beside a picture."""
    return "".join(f"{' '.join(map(str, figure.box))}\n" for figure in figures)


@written_once
def write_keypoints(folder: Path, names: Sequence[str] = coco_points(), count: int = HELD_OUT) -> None:
    """Write held-out pictures in COCO's layout: annotations/person_keypoints_val.json and val/<id>.jpg.

    The folder appears as a whole. One that already has content is left as it is.

    Args:
        folder: where to.
        names: what the points are called, one for each of COCO's, or for the first ones of them.
        count: only so many of the pictures.

    Raises:
        DataError: the folder cannot be written.
    """
    (folder / "val").mkdir()
    (folder / "annotations").mkdir()
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        picture, figures = draw_figures(HELD_OUT_SEED + number)
        name = f"{number:06}.jpg"
        save_jpeg(picture, folder / "val" / name)
        write_text(folder / "val" / f"{name}.boxes.txt", boxes_text(figures))
        images.append({"id": number, "file_name": name, "height": picture.shape[0], "width": picture.shape[1]})
        for figure in figures:
            points = figure.points[: len(names)].round(2)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "bbox": list(figure.box),
                    "area": figure.area,
                    "iscrowd": 0,
                    "num_keypoints": len(names),
                    "keypoints": [value if place % 3 < 2 else int(value) for place, value in enumerate(points.ravel())],
                }
            )
    content = {
        "info": {"description": "drawn figures", "version": "1"},
        "categories": [{"id": 1, "name": "person", "keypoints": list(names)}],
        "images": images,
        "annotations": annotations,
    }
    (folder / "annotations" / "person_keypoints_val.json").write_text(json.dumps(content) + "\n", encoding="utf-8")
