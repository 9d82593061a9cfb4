"""Preprocessing of detectors: the letterbox of YOLOX, equal to the one that its authors publish."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from utils.preprocess.fit import array_for, require_multiple, too_narrow
from utils.preprocess.image import ImageSource, upright

PAD = 114
STRIDE = 32


class Placed(NamedTuple):
    """Where a picture lies in the input.

    Attributes:
        scale: pixels of the input for one pixel of the picture.
        size: (width, height) of the picture in pixels.
        input: (height, width) of the input in pixels.
        offset: (x, y) of the picture's upper left corner in the input, in pixels.
    """

    scale: float
    size: tuple[int, int]
    input: tuple[int, int]
    offset: tuple[int, int] = (0, 0)

    @property
    def original(self) -> tuple[int, int]:
        """The picture's size, as `Fit` calls it."""
        return self.size

    def to_original(self, points: np.ndarray) -> np.ndarray:
        """Points float32 [..., 2], x and y in pixels of the input, to pixels of the picture."""
        return (points - np.array(self.offset, np.float32)) / np.float32(self.scale)


@dataclass(frozen=True)
class Letterbox:
    """One picture to the square, or the rectangle, that a detector takes.

    The picture is scaled to fit, bilinear, its proportions kept and its sides cut to whole pixels, and lies in the top
    left corner; the rest is grey (114). Channels are blue, green, red; values stay 0 to 255.

    Attributes:
        size: side of the square in pixels, a multiple of 32; with `width`, the height.
        width: of a rectangle in pixels, a multiple of 32; None: as `size`.
    """

    size: int
    width: int | None = None

    def __call__(
        self, source: ImageSource, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Placed]:
        """Preprocess one picture.

        Args:
            source: path, file content as bytes, or PIL image.
            out: where to write: a tuple of one float array of `shape`. Left out, a float32 array is made.

        Returns:
            ((array [3, height, width],), where the picture lies in it).

        Raises:
            DataError: the picture cannot be read, or is so narrow that nothing of it is left.
            ValueError: `out` does not fit.
        """
        array = array_for(out, self.shape)
        picture = upright(source)
        pixels, scale = letterbox(np.asarray(picture)[:, :, ::-1], *self.shape[1:])
        array[...] = pixels.transpose(2, 0, 1)
        return (array,), Placed(scale, picture.size, self.shape[1:])

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the array that a call gives."""
        return (3, self.size, self.width or self.size)

    def resized(self, size: int) -> "Letterbox":
        """The same for a square of another size; DataError unless it is a multiple of 32."""
        require_multiple(size, STRIDE)
        return replace(self, size=size, width=None)

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import cv2
        import PIL

        return f"Pillow {PIL.__version__}, letterbox by OpenCV {cv2.__version__}"


def letterbox(image: np.ndarray, height: int, width: int) -> tuple[np.ndarray, float]:
    """Scale a picture into the top left corner of `height` x `width` pixels of grey.

    Args:
        image: uint8 [H, W, 3], channels in any order.

    Returns:
        (uint8 [height, width, 3], the scale: pixels of the result for one of `image`).

    Raises:
        DataError: the picture is so narrow that nothing of it is left.
    """
    import cv2

    scale = min(height / image.shape[0], width / image.shape[1])
    rows, columns = int(image.shape[0] * scale), int(image.shape[1] * scale)
    if not rows or not columns:
        raise too_narrow(image.shape[1::-1], f"scaled to fit {width} x {height}, one side has no pixel left")
    result = np.full((height, width, 3), PAD, np.uint8)
    scaled = cv2.resize(np.ascontiguousarray(image), (columns, rows), interpolation=cv2.INTER_LINEAR)
    result[:rows, :columns] = scaled
    return result, scale


def preprocess(images: Any, half: bool = False) -> np.ndarray:
    """Pixels of 0 to 255 to values of 0 to 1, as existing scripts prepare a batch that is letterboxed already.

    Args:
        images: uint8, tensor or array of any shape.
        half: whether the result is float16; computed in float32 either way.
    """
    scaled = np.asarray(images).astype(np.float32) / np.float32(255)
    return scaled.astype(np.float16) if half else scaled
