"""Preprocessing of detectors of the YOLOv5 and YOLOv8 kind: a letterbox with the picture in its middle."""

from dataclasses import dataclass

import numpy as np

from utils.preprocess.fit import array_for, too_narrow
from utils.preprocess.image import ImageSource, upright
from utils.preprocess.pytorch.detection import PAD, Letterbox, Placed


@dataclass(frozen=True)
class CentredLetterbox(Letterbox):
    """One picture to the square, or the rectangle, that a detector takes.

    The picture is scaled to fit, bilinear, its proportions kept and its sides rounded to whole pixels, and lies in the
    middle; the rest is grey (114). Channels are red, green, blue; values are 0 to 1, and then normalised.

    Attributes:
        grey: what the rest is instead, 0 to 255.
        mean, deviation: by channel, in units of 0 to 1.
    """

    grey: int = PAD
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __call__(
        self, source: ImageSource, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Placed]:
        """Preprocess one picture; arguments, result and errors are those of `Letterbox`, but for the values."""
        import cv2

        array = array_for(out, self.shape)
        picture = upright(source)
        _, height, width = self.shape
        scale = min(height / picture.height, width / picture.width)
        columns, rows = round(picture.width * scale), round(picture.height * scale)
        if not rows or not columns:
            raise too_narrow(picture.size, f"scaled to fit {width} x {height}, one side has no pixel left")
        pixels = np.asarray(picture)
        if (columns, rows) != picture.size:
            pixels = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_LINEAR)
        # half a pixel goes to the right and below
        left, top = (width - columns) // 2, (height - rows) // 2
        array[...] = self.grey
        array[:, top : top + rows, left : left + columns] = pixels.transpose(2, 0, 1)
        array /= 255
        array -= np.array(self.mean, array.dtype)[:, None, None]
        array /= np.array(self.deviation, array.dtype)[:, None, None]
        return (array,), Placed(scale, picture.size, (height, width), (left, top))
