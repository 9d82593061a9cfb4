"""Drawn scenes: shapes with textures that overlap each other, on a background with clutter and noise.

A scene gives a picture, the class of each of its pixels, and the box of each object, so that one generator serves
detection and segmentation. `write_coco` writes held-out scenes in the format of COCO.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from utils.datasets.samples.drawn import Drawn
from utils.datasets.samples.once import written_once
from utils.datasets.samples.scene_surfaces import TRIES, background, blend, new_colour, photographed, texture

CLASSES = ("disc", "triangle", "square", "cross")
# What the shapes are called where a network knows COCO's classes only: something of that outline. It serves to
# compare runtimes, and is no measure of a network.
STAND_INS = ("frisbee", "kite", "book", "airplane")
# Training takes the seeds from 0 on; held-out scenes begin here, and demos further on.
HELD_OUT_SEED, DEMO_SEED = 1_000_000, 2_000_000
HELD_OUT = 160
TRAINING = 1200

SIDES = (176, 272)  # pixels, the range of a picture's width and of its height
RADII = (0.07, 0.27)  # of the shorter side
OBJECTS = (2, 7)
VISIBLE = 0.6  # of an object's pixels, at least, after all others have been drawn


class SceneObject(NamedTuple):
    """One object.

    Attributes:
        box: (left, top, right, bottom) of its visible pixels; right and bottom are the first ones outside.
        label: the index of its class in CLASSES.
        area: how many of its pixels are visible.
    """

    box: tuple[int, int, int, int]
    label: int
    area: int


class Scene(NamedTuple):
    """A picture and its truth.

    Attributes:
        image: uint8 [H, W, 3], RGB, 0 to 255.
        mask: uint8 [H, W], 0 for the background, 1 + the index of the class for the pixels of an object.
        objects: what is to be seen, from the back to the front.
        owner: uint8 [H, W], 0 for the background, 1 + the place in `objects` of what a pixel belongs to.
    """

    image: np.ndarray
    mask: np.ndarray
    objects: list[SceneObject]
    owner: np.ndarray


def draw_scene(random: np.random.RandomState, size: int | tuple[int, int]) -> Scene:
    """Draw one scene.

    Args:
        random: numpy's RandomState, whose numbers never change between versions.
        size: (height, width) in pixels, or the side of a square; 64 or more is sensible.
    """
    height, width = (size, size) if isinstance(size, int) else size
    colours: list[np.ndarray] = []
    canvas = background(random, height, width, colours)
    owner = np.zeros((height, width), np.int64)  # 0, or 1 + the object's place in the list
    labels: list[int] = []
    drawn: list[int] = []  # the pixels of each object before anything covered it
    for _ in range(random.randint(OBJECTS[0], OBJECTS[1] + 1)):
        label = int(random.randint(len(CLASSES)))
        distance = _placed(random, label, owner, drawn)
        if distance is None:
            continue
        colour = new_colour(random, colours)
        window = _window(distance < 0.5)
        fill = texture(random, height, width, colour, window)
        blend(canvas[window], fill, 0.5 - distance[window])  # the edge is blended over one pixel
        labels.append(label)
        drawn.append(int((distance < 0).sum()))
        owner[distance < 0] = len(labels)
    mask = np.array([0, *(label + 1 for label in labels)], np.uint8)[owner]
    objects = [_seen(owner == number, label) for number, label in enumerate(labels, 1)]
    return Scene(photographed(random, canvas), mask, objects, owner.astype(np.uint8))


def held_out(count: int = HELD_OUT, seed: int = HELD_OUT_SEED) -> list[Scene]:
    """Scenes of varied sizes that training never sees."""
    return [sized_scene(seed + number) for number in range(count)]


def training_pictures() -> Drawn[Any]:
    """Pictures (PIL, RGB) of scenes that are not among the held-out ones, to calibrate on or to train on."""
    from PIL import Image

    return Drawn(lambda seed: Image.fromarray(sized_scene(seed).image), range(TRAINING))


def sized_scene(seed: int) -> Scene:
    """The scene of a seed; its height and width are drawn too."""
    random = np.random.RandomState(seed)
    height, width = random.randint(SIDES[0], SIDES[1] + 1, 2)
    return draw_scene(random, (int(height), int(width)))


@written_once
def write_coco(folder: Path, names: Sequence[str] = CLASSES, count: int = HELD_OUT) -> None:
    """Write the held-out scenes in COCO's layout: <folder>/annotations/instances_val.json and <folder>/val/<id>.jpg.

    The folder appears as a whole. One that already has content is left as it is.

    Args:
        folder: where to.
        names: what the categories are called, one for each of CLASSES.
        count: only so many of the scenes.

    Raises:
        DataError: the folder cannot be written.
    """
    (folder / "annotations").mkdir()
    scenes = held_out(count)
    write_pictures(folder / "val", scenes)
    text = json.dumps(coco_json(scenes, names))
    (folder / "annotations" / "instances_val.json").write_text(text + "\n", encoding="utf-8")


def write_pictures(folder: Path, scenes: Sequence[Scene]) -> None:
    """Write the pictures of scenes into a new folder."""
    folder.mkdir()
    for number, scene in enumerate(scenes, 1):
        save_jpeg(scene.image, folder / _file_name(number))


def save_jpeg(image: np.ndarray, path: Path) -> None:
    """Write a uint8 RGB array as JPEG."""
    from PIL import Image

    Image.fromarray(image).save(path, quality=90)


def coco_json(scenes: Sequence[Scene], names: Sequence[str] = CLASSES) -> dict[str, Any]:
    """What COCO's instances file says of `scenes`. Category ids are 1 + the index in CLASSES."""
    return {
        "info": {"description": "drawn scenes", "version": "1"},
        "categories": [{"id": index, "name": name} for index, name in enumerate(names, 1)],
        "images": [
            {
                "id": number,
                "file_name": _file_name(number),
                "height": scene.image.shape[0],
                "width": scene.image.shape[1],
            }
            for number, scene in enumerate(scenes, 1)
        ],
        "annotations": [
            {
                "id": number,
                "image_id": image_id,
                "category_id": thing.label + 1,
                "bbox": [
                    thing.box[0],
                    thing.box[1],
                    thing.box[2] - thing.box[0],
                    thing.box[3] - thing.box[1],
                ],
                "area": thing.area,
                "iscrowd": 0,
            }
            for number, (image_id, thing) in enumerate(
                ((image_id, thing) for image_id, scene in enumerate(scenes, 1) for thing in scene.objects), 1
            )
        ],
    }


def _file_name(number: int) -> str:
    return f"{number:06}.jpg"


def _placed(random: np.random.RandomState, label: int, owner: np.ndarray, drawn: Sequence[int]) -> np.ndarray | None:
    """Signed distances to the edge of a shape, [H, W] in pixels, negative inside; None if no place was found.

    A place is good when the shape lies in the picture and leaves enough of everything that it covers.
    """
    height, width = owner.shape
    side = min(height, width)
    for _ in range(TRIES):
        radius = side * float(np.exp(random.uniform(*np.log(RADII))))
        x, y = random.uniform(radius, width - radius), random.uniform(radius, height - radius)
        distance = _distance(label, height, width, x, y, radius, random.uniform(0, 2 * np.pi))
        left = np.bincount(owner[distance >= 0], minlength=len(drawn) + 1)[1:]
        if all(seen >= VISIBLE * whole for seen, whole in zip(left, drawn, strict=True)):
            return distance
    return None


def _distance(label: int, height: int, width: int, x: float, y: float, radius: float, angle: float) -> np.ndarray:
    """The distance of each pixel's centre to the edge of a shape within the circle of `radius` around (x, y)."""
    right, down = np.arange(width) + 0.5 - x, (np.arange(height) + 0.5 - y)[:, None]
    a, b = right * np.cos(angle) + down * np.sin(angle), down * np.cos(angle) - right * np.sin(angle)
    name = CLASSES[label]
    if name == "disc":
        return np.hypot(a, b) - radius
    if name == "triangle":
        return np.maximum(b, np.sqrt(0.75) * abs(a) - b / 2) - radius / 2
    if name == "square":
        return np.maximum(abs(a), abs(b)) - radius * np.sqrt(0.5)
    arm, half = radius * 0.94, radius * 0.33
    return np.minimum(np.maximum(abs(a) - arm, abs(b) - half), np.maximum(abs(a) - half, abs(b) - arm))


def _seen(pixels: np.ndarray, label: int) -> SceneObject:
    rows, columns = _window(pixels)
    return SceneObject((columns.start, rows.start, columns.stop, rows.stop), label, int(pixels.sum()))


def _window(pixels: np.ndarray) -> tuple[slice, slice]:
    """The rows and the columns in which `pixels`, bool [H, W], has any."""
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
