"""Preprocessing of networks that cut out what somebody points at: the picture, and points and boxes on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from utils.preprocess.fit import too_narrow
from utils.preprocess.image import ImageSource, upright
from utils.preprocess.pytorch.scaled import Scaled, normal
from zoo_core.errors import DataError

# What a point is, as SAM numbers it
NOTHING, OUTSIDE, INSIDE, TOP_LEFT, BOTTOM_RIGHT = -1, 0, 1, 2, 3


class Prompted(NamedTuple):
    """A picture and what somebody points at.

    Attributes:
        picture: path, file content as bytes, or PIL image; turned as its EXIF entry says.
        points: (x, y) in pixels of the picture, and whether the point belongs to the object.
        box: (left, top, width, height) in pixels around the object; None where none is given.
    """

    picture: ImageSource
    points: tuple[tuple[float, float, bool], ...] = ()
    box: tuple[float, float, float, float] | None = None

    @property
    def path(self) -> ImageSource:
        """What the picture is read from."""
        return self.picture


@dataclass(frozen=True)
class PromptTransform:
    """A picture to a square, its proportions kept, in the top left corner, zeros beyond; RGB, normalised as ImageNet.

    Attributes:
        side: of the square in pixels.
    """

    side: int

    def __call__(
        self, data: Prompted | Any, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Scaled]:
        """Preprocess one picture and its prompt.

        Args:
            data: a `Prompted`, or a picture whose middle is meant.
            out: not written to, because each prompt has a length of its own.

        Returns:
            ((float32 [3, side, side], float32 [P, 2], x and y in pixels of the input, int64 [P], what each point is),
            where the picture lies in the input).

        Raises:
            DataError: the picture cannot be read, or the prompt is empty or lies outside of it.
        """
        asked = data if isinstance(data, Prompted) else Prompted(data)
        picture = upright(asked.picture)
        scale = self.side / max(picture.size)
        width, height = (int(side * scale + 0.5) for side in picture.size)
        if not width or not height:
            raise too_narrow(picture.size, f"with its longer side at {self.side}, the other one has no pixel left")
        scaled = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
        values = (scaled * np.float64(1 / 255)).astype(np.float32)
        array = np.zeros((3, self.side, self.side), np.float32)
        array[:, :height, :width] = normal(values).transpose(2, 0, 1)
        points, kinds = _prompt(asked, picture.size)
        points = points * (np.array([width, height]) / np.array(picture.size))
        return (array, points.astype(np.float32), kinds), Scaled(picture.size, (height, width))

    def resized(self, size: int) -> PromptTransform:
        """The same for its own size; DataError for any other."""
        if size != self.side:
            raise DataError(f"input size {size}: this network takes {self.side} x {self.side}.")
        return self

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import PIL

        return f"Pillow {PIL.__version__}, scaled to fit {self.side} pixels"


def _prompt(asked: Prompted, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """float64 [P, 2] in pixels of the picture, int64 [P]. Without a box, a point that is nothing ends the points."""
    rows = [(x, y, INSIDE if inside else OUTSIDE) for x, y, inside in asked.points]
    if not rows and asked.box is None:
        rows = [(size[0] / 2, size[1] / 2, INSIDE)]
    if asked.box is None:
        rows.append((0.0, 0.0, NOTHING))
    else:
        left, top, width, height = asked.box
        if not (width > 0 and height > 0):
            raise DataError(f"the box [{left}, {top}, {width}, {height}] is empty; expected left, top, width, height.")
        rows += [(left, top, TOP_LEFT), (left + width, top + height, BOTTOM_RIGHT)]
    table = np.array(rows, np.float64)
    outside = (table[:, :2] < -1).any() or (table[:, :2] > np.array(size) + 1).any()
    if outside or not np.isfinite(table).all():
        raise DataError(f"the prompt {[row[:2] for row in rows]} lies outside of the picture of {size[0]} x {size[1]}.")
    return table[:, :2], table[:, 2].astype(np.int64)
