"""Drawn scenes: shapes with textures that overlap each other, on a background with clutter and noise.

A scene gives a picture, the class of each of its pixels, and the box of each object, so that one generator serves
detection and segmentation. `write_coco` writes held-out scenes in the format of COCO.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from zoo_core.files import atomic_folder, has_content

CLASSES = ("disc", "triangle", "square", "cross")
# Training takes the seeds from 0 on; held-out scenes begin here, and demos further on.
HELD_OUT_SEED, DEMO_SEED = 1_000_000, 2_000_000
HELD_OUT = 160

SIDES = (176, 272)  # pixels, the range of a picture's width and of its height
RADII = (0.07, 0.27)  # of the shorter side
OBJECTS = (2, 7)
VISIBLE = 0.6  # of an object's pixels, at least, after all others have been drawn
APART = 80.0  # between the colours of a scene, in RGB
TRIES = 30


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
    """

    image: np.ndarray
    mask: np.ndarray
    objects: list[SceneObject]


def draw_scene(random: np.random.RandomState, size: int | tuple[int, int]) -> Scene:
    """Draw one scene.

    Args:
        random: numpy's RandomState, whose numbers never change between versions.
        size: (height, width) in pixels, or the side of a square; 64 or more is sensible.
    """
    height, width = (size, size) if isinstance(size, int) else size
    colours: list[np.ndarray] = []
    canvas = _background(random, height, width, colours)
    owner = np.zeros((height, width), np.int64)  # 0, or 1 + the object's place in the list
    labels: list[int] = []
    drawn: list[int] = []  # the pixels of each object before anything covered it
    for _ in range(random.randint(OBJECTS[0], OBJECTS[1] + 1)):
        label = int(random.randint(len(CLASSES)))
        distance = _placed(random, label, owner, drawn)
        if distance is None:
            continue
        colour = _colour(random, colours)
        window = _window(distance < 0.5)
        fill = _texture(random, height, width, colour, window)
        _blend(canvas[window], fill, 0.5 - distance[window])  # the edge is blended over one pixel
        labels.append(label)
        drawn.append(int((distance < 0).sum()))
        owner[distance < 0] = len(labels)
    mask = np.array([0, *(label + 1 for label in labels)], np.uint8)[owner]
    objects = [_seen(owner == number, label) for number, label in enumerate(labels, 1)]
    return Scene(_photographed(random, canvas), mask, objects)


def held_out(count: int = HELD_OUT, seed: int = HELD_OUT_SEED) -> list[Scene]:
    """Scenes of varied sizes that training never sees."""
    return [sized_scene(seed + number) for number in range(count)]


def sized_scene(seed: int) -> Scene:
    """The scene of a seed; its height and width are drawn too."""
    random = np.random.RandomState(seed)
    height, width = random.randint(SIDES[0], SIDES[1] + 1, 2)
    return draw_scene(random, (int(height), int(width)))


def write_coco(folder: str | Path, names: Sequence[str] = CLASSES, count: int = HELD_OUT) -> None:
    """Write the held-out scenes in COCO's layout: <folder>/annotations/instances_val.json and <folder>/val/<id>.jpg.

    names: what the categories are called, one for each of CLASSES. count: only so many of the scenes.

    The folder appears as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    folder = Path(folder)
    if has_content(folder):
        return
    with atomic_folder(folder) as temporary:
        (temporary / "val").mkdir()
        (temporary / "annotations").mkdir()
        scenes = held_out(count)
        for number, scene in enumerate(scenes, 1):
            save_jpeg(scene.image, temporary / "val" / _file_name(number))
        text = json.dumps(coco_json(scenes, names))
        (temporary / "annotations" / "instances_val.json").write_text(text + "\n", encoding="utf-8")


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


def _background(random: np.random.RandomState, height: int, width: int, colours: list[np.ndarray]) -> np.ndarray:
    """Clouds of two near colours with a weak pattern, and strokes across it; float64 [H, W, 3]."""
    base = _colour(random, colours)
    canvas = _texture(random, height, width, base, strength=25)
    canvas += 50 * (_clouds(random, height, width, 3) - 0.5)[..., None]
    rows, columns = np.arange(height)[:, None], np.arange(width)
    for _ in range(random.randint(3, 9)):
        angle, offset = random.uniform(0, np.pi), random.uniform(0, 1)
        across = columns * np.cos(angle) + rows * np.sin(angle)
        away = abs(across - across.min() - offset * (across.max() - across.min())) - random.uniform(0.5, 1.5)
        strength = random.uniform(0.3, 0.8)
        _blend(canvas, random.uniform(0, 255, 3), 0.5 - away, strength)
    return canvas


def _blend(canvas: np.ndarray, fill: np.ndarray, cover: np.ndarray, strength: float = 1) -> None:
    """Paint `fill`, a colour or a picture, onto `canvas` where `cover`, [H, W], is above 0; all of it from 1 on."""
    touched = cover > 0
    share = np.minimum(cover[touched], 1)[:, None] * strength
    canvas[touched] = canvas[touched] * (1 - share) + (fill[touched] if fill.ndim == 3 else fill) * share


def _texture(
    random: np.random.RandomState,
    height: int,
    width: int,
    colour: np.ndarray,
    window: tuple[slice, slice] = (slice(None), slice(None)),
    strength: float = 45,
) -> np.ndarray:
    """`colour` with nothing, stripes, checks or blotches on it, lighter and darker by up to `strength`.

    Only the window's part of a picture of height x width is computed, and returned.
    """
    kind = random.randint(4)
    angle, period = random.uniform(0, np.pi), random.uniform(5, 14)
    rows, columns = (
        np.arange(size)[part] * 2 * np.pi / period for size, part in zip((height, width), window, strict=True)
    )
    rows = rows[:, None]
    if kind == 0:
        pattern = np.zeros((len(rows), len(columns)))
    elif kind == 1:
        pattern = np.tanh(3 * np.sin(columns * np.cos(angle) + rows * np.sin(angle)))
    elif kind == 2:
        along = np.sin(columns * np.cos(angle) + rows * np.sin(angle))
        pattern = np.tanh(5 * along * np.sin(rows * np.cos(angle) - columns * np.sin(angle)))
    else:
        pattern = 3 * (_clouds(random, height, width, 24)[window] - 0.5)
    return colour + random.uniform(0.4, 1) * strength * pattern[..., None]


def _clouds(random: np.random.RandomState, height: int, width: int, cells: int) -> np.ndarray:
    """Smooth noise from 0 to 1: random values at the corners of cells x cells, linear between them."""
    corners = random.uniform(0, 1, (cells + 1, cells + 1))
    return _between(height, cells) @ corners @ _between(width, cells).T


def _between(length: int, cells: int) -> np.ndarray:
    """The weight of each of the cells' corners for each of `length` pixels."""
    places = np.linspace(0, cells, length)
    return np.clip(1 - abs(places[:, None] - np.arange(cells + 1)), 0, None)


def _colour(random: np.random.RandomState, taken: list[np.ndarray]) -> np.ndarray:
    """A colour that is away from all `taken` ones, to which it is added; the furthest of several where none is."""
    found = random.uniform(20, 235, (TRIES, 3))
    if taken:
        nearest = np.linalg.norm(found[:, None] - np.array(taken), axis=2).min(axis=1)
        good = np.flatnonzero(nearest >= APART)
        colour = found[good[0] if len(good) else int(nearest.argmax())]
    else:
        colour = found[0]
    taken.append(colour)
    return colour


def _photographed(random: np.random.RandomState, canvas: np.ndarray) -> np.ndarray:
    """Uneven light, sometimes a slight blur, and the noise of a sensor; uint8."""
    height, width = canvas.shape[:2]
    light = 1 + 0.5 * (_clouds(random, height, width, 2) - 0.5)
    image = canvas * light[..., None]
    if random.randint(2):
        image = _blurred(_blurred(image, 0), 1)
    image += random.normal(0, random.uniform(2, 10), image.shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _blurred(image: np.ndarray, axis: int) -> np.ndarray:
    """Each value averaged with its neighbours along `axis`, weighted 1, 2, 1."""
    padding = [(1, 1) if number == axis else (0, 0) for number in range(3)]
    padded = np.moveaxis(np.pad(image, padding, mode="edge"), axis, 0)
    return np.moveaxis((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, 0, axis)
