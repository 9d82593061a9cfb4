"""Faces laid upon a template by five points, as networks that recognise people are trained on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.preprocess.fit import Fit, array_for
from utils.preprocess.image import ImageSource, upright
from utils.preprocess.pytorch.stretch import Stretch
from zoo_core.errors import DataError

SIDE = 112
# Where ArcFace's authors want eye, eye, nose and the corners of the mouth in 112 x 112 pixels
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
_POINTS = "eye, eye, nose, corners of the mouth, those on the picture's left first"


class FacePhoto(NamedTuple):
    """A picture of somebody.

    Attributes:
        picture: path, file content as bytes, or PIL image; turned as its EXIF entry says.
        landmarks: float64 [5, 2], x and y in pixels: eye, eye, nose, corners of the mouth, those on the picture's left
            first. None where the picture is aligned already.
    """

    picture: ImageSource
    landmarks: np.ndarray | None = None

    @property
    def path(self) -> ImageSource:
        """What the picture is read from."""
        return self.picture


def similarity(points: np.ndarray, template: np.ndarray) -> np.ndarray:
    """The turn, scale and shift that brings `points` nearest to `template`: least squares, without mirroring (Umeyama).

    Args:
        points, template: [K, 2], x and y.

    Returns:
        float64 [2, 3]: (x, y, 1) of a point to its place.

    Raises:
        DataError: all points are one, or one is no number.
    """
    points, template = np.asarray(points, np.float64), np.asarray(template, np.float64)
    middle, goal = points.mean(axis=0), template.mean(axis=0)
    apart, wanted = points - middle, template - goal
    spread = float((apart**2).sum())
    if not (np.isfinite(points).all() and spread > 0):
        raise DataError(f"the points {points.tolist()} are no places of a face; expected x and y of {_POINTS}.")
    along = float((apart * wanted).sum()) / spread
    across = float((apart[:, 0] * wanted[:, 1] - apart[:, 1] * wanted[:, 0]).sum()) / spread
    turn = np.array([[along, -across], [across, along]])
    return np.column_stack([turn, goal - turn @ middle])


@dataclass(frozen=True)
class AlignedFace:
    """One face to the array that a network takes: laid upon ArcFace's template, RGB, -1 to 1."""

    def __call__(
        self, data: FacePhoto | ImageSource, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray], None]:
        """Preprocess one face.

        Args:
            data: a `FacePhoto`, or a picture that is aligned already.
            out: where to write: a tuple of one float array [3, 112, 112]. Left out, a float32 array is made.

        Raises:
            DataError: the picture cannot be read; it is neither 112 x 112 pixels nor are its points known; or these are
                no places of a face.
        """
        array = array_for(out, (3, SIDE, SIDE))
        pixels = aligned(data)
        array[...] = (pixels.astype(np.float32) / np.float32(127.5) - np.float32(1)).transpose(2, 0, 1)
        return (array,), None

    def shown(self, photo: FacePhoto) -> np.ndarray:
        """What the network sees, uint8 [112, 112, 3]."""
        return aligned(photo)

    def source_identity(self) -> str:
        """What decodes and cuts out, with versions."""
        import cv2
        import PIL

        return f"Pillow {PIL.__version__}, cut out by OpenCV {cv2.__version__}"


def aligned(data: FacePhoto | ImageSource) -> np.ndarray:
    """The face as uint8 [112, 112, 3], RGB; bilinear, black where there is no picture.

    Raises:
        DataError: as `AlignedFace`.
    """
    photo = data if isinstance(data, FacePhoto) else FacePhoto(data)
    picture = upright(photo.picture)
    if photo.landmarks is None:
        if picture.size != (SIDE, SIDE):
            raise DataError(
                f"a picture of {picture.width} x {picture.height} pixels: an aligned face has {SIDE} x {SIDE}; else "
                f"landmarks.txt beside it has a line with its name and x, y in pixels of {_POINTS}."
            )
        return np.asarray(picture)
    import cv2

    matrix = similarity(photo.landmarks, TEMPLATE)
    return np.asarray(cv2.warpAffine(np.asarray(picture), matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR))


@dataclass(frozen=True)
class CutFace:
    """One face that was cut out of a picture, stretched to the input; its points are not looked at."""

    stretch: Stretch

    def __call__(
        self, data: FacePhoto | ImageSource, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Fit]:
        """Preprocess one face, as `Stretch` does a picture."""
        return self.stretch(data.picture if isinstance(data, FacePhoto) else data, out)

    def shown(self, photo: FacePhoto) -> np.ndarray:
        """What the network sees, uint8 [H, W, 3]."""
        (array,), _ = self(photo)
        values = array.transpose(1, 2, 0) * self.stretch.deviation + self.stretch.mean
        return np.asarray(np.round(values).clip(0, 255), np.uint8)

    def source_identity(self) -> str:
        """What decodes and scales, with versions."""
        return self.stretch.source_identity()
