"""Drawn faces in clutter, with boxes and five landmarks, written in the layout of WIDER FACE.

A head is an ellipsoid that is turned (yaw, pitch) and rolled; eyes, brows, nose and mouth are patches of its surface,
projected to the picture, so that the landmarks are exact in every pose. Around the faces stand things that look
a little like faces: ovals in the colours of skin, discs with two dots, blobs with stripes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from zoo_core.files import atomic_folder, has_content

PICTURES = 72
WITHOUT_FACES = 8  # the last of them
FIRST_SEED = 500_000  # training draws from 0 up, demos from 900,000
SPLIT = "val"
EVENTS = ("0--Drawn_Faces", "1--Drawn_Clutter")

# Everything is drawn at twice the size and scaled down, which smooths the edges.
_OVER = 2
_AXES = np.array([0.76, 1.0, 0.86])  # half the width, height and depth of a head, in half heights
_SMALLEST, _INVALID_BELOW = 8, 12  # pixels of a box's longer side
_SKINS = ((250, 221, 196), (236, 188, 150), (205, 150, 110), (160, 108, 74), (112, 72, 48), (76, 50, 36))
_HAIRS = ((30, 24, 22), (74, 48, 30), (130, 84, 44), (196, 158, 92), (160, 160, 162), (150, 62, 32))

Colour = tuple[int, ...]
Points = np.ndarray
OnSphere = Callable[[Any, Any], Points]


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
    canvas = Image.new("RGB", (width * _OVER, height * _OVER), _colour(random))
    # which face, counted from 1, owns each pixel; what covers it takes it away again
    owner = Image.new("L", canvas.size, 0)
    _background(random, canvas)
    _clutter(random, canvas, owner, random.randint(6, 18))
    drawn: list[_Head] = []
    for size, place in _places(random, canvas.size, faces, largest):
        head = _Head(random, place, size)
        head.draw(random, canvas, owner, len(drawn) + 1)
        drawn.append(head)
    _clutter(random, canvas, owner, random.randint(0, 4), largest=0.12)
    picture, blur, illumination = _photographed(random, canvas.resize((width, height), Image.Resampling.BOX))
    owners = np.asarray(owner)
    found = (_face(head, number, owners, width, height) for number, head in enumerate(drawn, 1))
    return picture, [replace(face, blur=blur, illumination=illumination) for face in found if face is not None]


def write_faces(folder: str | Path) -> None:
    """Write 72 pictures, 8 of them without faces, as <folder>/WIDER_val/images/<event>/<picture>.jpg.

    wider_face_split/wider_face_val_bbx_gt.txt holds the boxes and attributes as WIDER FACE publishes them;
    val/label.txt the boxes and landmarks as RetinaFace publishes them for the training pictures. The folder appears
    as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    folder = Path(folder)
    if has_content(folder):
        return
    with atomic_folder(folder) as temporary:
        boxes, landmarks = [], []
        for number in range(PICTURES):
            clutter_only = number >= PICTURES - WITHOUT_FACES
            picture, faces = sample_picture(FIRST_SEED + number, faces=0 if clutter_only else None)
            event = EVENTS[clutter_only]
            name = f"{event}/{event.replace('--', '_')}_{number}.jpg"
            target = temporary / f"WIDER_{SPLIT}/images" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            picture.save(target, quality=88)
            boxes += [name, str(len(faces)), *([_wider_line(face) for face in faces] or ["0 " * 10])]
            landmarks += [f"# {name}", *(_label_line(face) for face in faces)]
        _write_lines(temporary / f"wider_face_split/wider_face_{SPLIT}_bbx_gt.txt", boxes)
        _write_lines(temporary / f"{SPLIT}/label.txt", landmarks)


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


class _Head:
    """One face: its pose, its colours, and where its parts fall in the picture (in pixels of the large canvas)."""

    def __init__(self, random: np.random.RandomState, centre: tuple[float, float], size: float) -> None:
        turned = random.rand() < 0.3
        self.yaw = random.uniform(-45, 45) if turned else random.uniform(-18, 18)
        self.pitch = random.uniform(-22, 22) if turned else random.uniform(-10, 10)
        self.roll = random.uniform(-40, 40) if turned else random.uniform(-14, 14)
        self.size = size  # half the height of the head
        self.centre = np.array(centre)
        self.open_mouth = random.rand() < 0.3
        self.turned = max(abs(self.yaw) / 30, abs(self.pitch) / 18, abs(self.roll) / 30) > 1
        self._to_picture = self._matrix()
        sight = np.cross(self._to_picture[1], self._to_picture[0])
        self._sight = sight / np.linalg.norm(sight)  # towards the eye of the beholder, on the unit sphere

    def _matrix(self) -> np.ndarray:
        """[2, 3]: from the unit sphere (x right, y up, z towards us) to the picture (y down)."""
        yaw, pitch, roll = np.radians([self.yaw, self.pitch, self.roll])
        turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        nod = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
        tilt = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
        flat = np.array([[1.0, 0, 0], [0, -1, 0]])
        return self.size * flat @ tilt @ nod @ turn * _AXES

    def at(self, longitude: Any, latitude: Any, lift: float = 1.0) -> Points:
        """Points of the surface, in degrees from the middle of the face: [N, 2] pixels.

        Those on the far side move to the outline. lift: 1 on the surface, more above it.
        """
        lon, lat = np.radians(np.broadcast_arrays(np.atleast_1d(longitude), np.atleast_1d(latitude)))
        on = np.stack([np.cos(lat) * np.sin(lon), np.sin(lat), np.cos(lat) * np.cos(lon)], axis=1)
        behind = np.minimum(on @ self._sight, 0)
        on = on - behind[:, None] * self._sight
        on /= np.linalg.norm(on, axis=1, keepdims=True)
        return self.centre + lift * on @ self._to_picture.T

    def outline(self, grow: float = 1.0) -> Points:
        """The edge of the head, [64, 2]."""
        angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        half = np.linalg.cholesky(self._to_picture @ self._to_picture.T)
        return self.centre + grow * np.stack([np.cos(angle), np.sin(angle)], axis=1) @ half.T

    def landmarks(self) -> Points:
        """[5, 2] pixels of the large canvas."""
        parts = [self.at(-25, 10), self.at(25, 10), self.at(0, -10, 1.16), self.at(-20, -38), self.at(20, -38)]
        return np.concatenate(parts)

    def draw(self, random: np.random.RandomState, canvas: Image.Image, owner: Image.Image, number: int) -> None:
        """Draw the head, and `number` into `owner` where it is."""
        pen = ImageDraw.Draw(canvas)
        skin = _near(random, _SKINS[random.randint(len(_SKINS))], 12)
        hair = _near(random, _HAIRS[random.randint(len(_HAIRS))], 12)
        style = random.randint(4)  # 0 is bald
        if style:
            around = self.outline(1.14) - self.centre
            _polygon(pen, self.centre + around * (1, 1.25 if style == 3 else 1.0), hair)
        for side in (-88, 88):
            _polygon(pen, self._patch(side, 0, 9, 16, lift=1.1), _darker(skin, 0.9))
        _polygon(pen, self.outline(), hair if style else skin)
        line = random.uniform(38, 56)
        longitudes = np.linspace(-80, 80, 17)
        forehead = self.at(longitudes, line - 12 * (longitudes / 80) ** 2)
        chin = self.at(longitudes[::-1], np.full(17, -88.0) + 60 * np.abs(longitudes[::-1] / 80) ** 3)
        _polygon(pen, np.concatenate([forehead, chin]) if style else self.outline(), skin)
        _polygon(ImageDraw.Draw(owner), self.outline(), number)
        if random.rand() < 0.2:
            _polygon(pen, self.at(*_ring(0, -56, 50, 24)), hair)  # a beard
        self._features(random, pen, skin, hair)
        if random.rand() < 0.12:
            self._dark_glasses(pen, ImageDraw.Draw(owner), _near(random, (30, 30, 34), 20))
        if random.rand() < 0.10:
            self._mask(pen, ImageDraw.Draw(owner), _colour(random))

    def _features(self, random: np.random.RandomState, pen: ImageDraw.ImageDraw, skin: Colour, hair: Colour) -> None:
        iris = _near(random, ((60, 40, 26), (52, 84, 120), (60, 92, 62))[random.randint(3)], 15)
        gaze = random.uniform(-3, 3)
        for side in (-1, 1):
            longitude = 25 * side
            _polygon(pen, self._patch(longitude, 10, 11, 6), (244, 243, 238))
            _polygon(pen, self._patch(longitude + gaze, 10, 5.2, 5.4), iris)
            _polygon(pen, self._patch(longitude + gaze, 10, 2.4, 2.8), (14, 12, 12))
            brow = np.linspace(-13, 13, 7)
            upper = self.at(longitude + brow, 23 - 3 * (brow / 13) ** 2)
            lower = self.at(longitude + brow[::-1], 19.5 - 3 * (brow / 13) ** 2)
            _polygon(pen, np.concatenate([upper, lower]), _darker(hair, 0.8))
        nose = np.concatenate([self.at(-3, 6), self.at(0, -10, 1.16), self.at(11, -14), self.at(-11, -14)])
        _polygon(pen, nose[[0, 1, 3]], _darker(skin, 0.86))
        _polygon(pen, nose[[1, 2, 3]], _darker(skin, 0.74))
        across = np.linspace(-20, 20, 11)
        smile = random.uniform(-3, 5)
        gape = random.uniform(6, 11) if self.open_mouth else 2.6
        curve = 1 - (across / 20) ** 2
        upper = self.at(across, -38 - smile * curve + 2.2 * curve)
        lower = self.at(across[::-1], -38 - smile * curve - gape * curve)
        lips = _near(random, (168, 70, 70), 20)
        _polygon(pen, np.concatenate([upper, lower]), (60, 22, 24) if self.open_mouth else lips)
        width = max(round(self.size / 22), 1)
        pen.line([tuple(point) for point in np.concatenate([upper, lower, upper[:1]])], fill=lips, width=width)

    def _dark_glasses(self, pen: ImageDraw.ImageDraw, owner: ImageDraw.ImageDraw, colour: Colour) -> None:
        for one, fill in ((pen, colour), (owner, 0)):
            for side in (-25, 25):
                _polygon(one, self._patch(side, 9, 18, 12, lift=1.04), fill)
            bridge = [tuple(point) for point in self.at((-25, 0, 25), (13, 13, 13), 1.06)]
            one.line(bridge, fill=fill, width=max(round(self.size / 12), 1))

    def _mask(self, pen: ImageDraw.ImageDraw, owner: ImageDraw.ImageDraw, colour: Colour) -> None:
        across = np.linspace(-60, 60, 13)
        edge = np.concatenate([self.at(across, -8 - 10 * (across / 60) ** 2), self.at(across[::-1], np.full(13, -72))])
        _polygon(pen, edge, colour)
        _polygon(owner, edge, 0)

    def _patch(self, longitude: float, latitude: float, wide: float, high: float, lift: float = 1.0) -> Points:
        return self.at(*_ring(longitude, latitude, wide, high), lift)


def _ring(longitude: float, latitude: float, wide: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """An oval on the surface, in degrees."""
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    return longitude + wide * np.cos(angle), latitude + high * np.sin(angle)


def _face(head: _Head, number: int, owners: np.ndarray, width: int, height: int) -> DrawnFace | None:
    """What the annotation says of a head, or None where (nearly) nothing of it is in the picture."""
    edge = head.outline() / _OVER
    low = np.clip(np.floor(edge.min(axis=0)), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(edge.max(axis=0)), 0, (width, height)).astype(int)
    box = (int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
    whole = np.pi * np.sqrt(np.linalg.det(head._to_picture @ head._to_picture.T))
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


def _background(random: np.random.RandomState, canvas: Image.Image) -> None:
    """A slope between two colours, or stripes, or tiles."""
    width, height = canvas.size
    kind = random.randint(3)
    if kind == 0:
        one, other = np.array(_colour(random)), np.array(_colour(random))
        angle = random.uniform(0, 2 * np.pi)
        y, x = np.mgrid[0 : height // 8 + 1, 0 : width // 8 + 1]
        along = x * np.cos(angle) + y * np.sin(angle)
        along = (along - along.min()) / (np.ptp(along) or 1)
        slope = one + along[..., None] * (other - one)
        canvas.paste(Image.fromarray(slope.astype(np.uint8)).resize(canvas.size, Image.Resampling.BILINEAR))
        return
    pen = ImageDraw.Draw(canvas)
    step = random.randint(20, 90)
    colours = [_colour(random), _colour(random)]
    for row, top in enumerate(range(0, height, step)):
        for column, left in enumerate(range(0, width, step)):
            fill = colours[(row + (column if kind == 2 else 0)) % 2]
            pen.rectangle((left, top, left + step, top + step), fill=fill)


def _clutter(
    random: np.random.RandomState, canvas: Image.Image, owner: Image.Image, count: int, largest: float = 0.3
) -> None:
    """Things that are no faces, some of them much like one; what they cover is nobody's any more."""
    pen, taken = ImageDraw.Draw(canvas), ImageDraw.Draw(owner)
    for _ in range(count):
        x, y = (random.uniform(0, side) for side in canvas.size)
        half = float(np.exp(random.uniform(np.log(10), np.log(largest * min(canvas.size)))))
        kind = random.randint(6)
        skin = random.rand() < 0.5
        fill = _near(random, _SKINS[random.randint(len(_SKINS))], 12) if skin else _colour(random)
        edge = _oval(random, x, y, half) if kind < 4 else _shard(random, x, y, half)
        _polygon(pen, edge, fill)
        _polygon(taken, edge, 0)
        if kind == 1:  # a disc with two dots, like a socket or a button
            for side in (-1, 1):
                dot = _oval(random, x + side * 0.3 * half, y - random.uniform(-0.3, 0.3) * half, 0.14 * half)
                _polygon(pen, dot, (20, 18, 18))
        if kind == 2:  # one eye
            _polygon(pen, _oval(random, x, y, 0.4 * half), (240, 240, 236))
            _polygon(pen, _oval(random, x, y, 0.2 * half), (30, 26, 24))
        if kind == 3:  # stripes
            for offset in np.linspace(-0.5, 0.5, 4):
                line = (x - 0.5 * half, y + offset * half, x + 0.5 * half, y + offset * half)
                pen.line(line, fill=_darker(fill, 0.6), width=max(int(half / 10), 1))


def _oval(random: np.random.RandomState, x: float, y: float, half: float) -> Points:
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    turn, flat = random.uniform(0, np.pi), random.uniform(0.55, 1.0)
    along, across = half * np.cos(angle), half * flat * np.sin(angle)
    return np.stack(
        [x + along * np.cos(turn) - across * np.sin(turn), y + along * np.sin(turn) + across * np.cos(turn)], axis=1
    )


def _shard(random: np.random.RandomState, x: float, y: float, half: float) -> Points:
    """A polygon with three to six corners."""
    angle = np.sort(random.uniform(0, 2 * np.pi, random.randint(3, 7)))
    reach = half * random.uniform(0.6, 1.3, len(angle))
    return np.stack([x + reach * np.cos(angle), y + reach * np.sin(angle)], axis=1)


def _photographed(random: np.random.RandomState, picture: Image.Image) -> tuple[Image.Image, int, int]:
    """Light, blur and noise: (picture, blur 0 to 2, illumination 0 or 1)."""
    blur = int(random.choice(3, p=(0.7, 0.2, 0.1)))
    if blur:
        picture = picture.filter(ImageFilter.GaussianBlur(0.8 * blur))
    extreme = random.rand() < 0.12
    light = float(random.choice((0.4, 1.5))) if extreme else float(random.uniform(0.75, 1.15))
    pixels = np.asarray(picture, np.float64) * light
    pixels += random.normal(0, random.uniform(1, 9), pixels.shape)
    return Image.fromarray(np.clip(np.round(pixels), 0, 255).astype(np.uint8)), blur, int(extreme)


def _polygon(pen: ImageDraw.ImageDraw, points: Points, fill: Colour | int) -> None:
    pen.polygon([(float(x), float(y)) for x, y in points], fill=fill)


def _colour(random: np.random.RandomState) -> Colour:
    return tuple(int(value) for value in random.randint(20, 236, 3))


def _near(random: np.random.RandomState, colour: Colour, reach: int) -> Colour:
    shift = random.randint(-reach, reach + 1, 3)
    return tuple(int(np.clip(value + add, 0, 255)) for value, add in zip(colour, shift, strict=True))


def _darker(colour: Colour, factor: float) -> Colour:
    return tuple(int(value * factor) for value in colour)
