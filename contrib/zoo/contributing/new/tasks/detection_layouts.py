"""What detectors give that `zoo new` knows, told apart by shapes and by where the boxes lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from utils.postprocess.pytorch.detection import grid

KNOWN = (
    "zoo new knows detectors of one output, for pictures whose sides are multiples of 32, with cells of 8, 16 "
    "and 32 pixels. YOLOX: [N, cells, 5 + classes], box, probability of an object, and of each class; blue, green, red "
    "from 0 to 255, the picture in the upper left corner. YOLOv5: the same with three boxes a cell; YOLOv8: [N, 4 + "
    "classes, cells], box and probability of each class; for both red, green, blue from 0 to 1, the picture in the "
    "middle. Boxes are centre, width and height in pixels; those of YOLOX may be raw."
)
_BOXES_A_CELL = 3  # of YOLOv5
_FOLLOW = 0.9  # correlation of the boxes' places with those of their cells, which raw boxes have nothing to do with
_UNIT = (0.5, 2.0)  # how far boxes spread, of what their cells do


Sides = tuple[int, int]  # height and width of a picture in pixels
_TOP_LEFT = ("utils.preprocess.pytorch.detection", "Letterbox")
_CENTRED = ("utils.preprocess.pytorch.centred_letterbox", "CentredLetterbox")


@dataclass(frozen=True)
class Layout:
    """One form of output, and what goes before and after the network.

    Attributes:
        name: of the network that is known for it.
        boxes_a_cell: how many a cell has.
        numbers: of a box, before those of the classes.
        columns: whether boxes are the last dimension.
        letterbox, decoder: class and arguments.
        module: where the decoder is.
        gives: what the output holds, in words.
    """

    name: str
    boxes_a_cell: int
    numbers: int
    columns: bool
    letterbox: tuple[str, str]
    decoder: tuple[str, str]
    module: str
    gives: str

    @property
    def most(self) -> float:
        """The largest value of a pixel."""
        return 1.0 if self.letterbox is _CENTRED else 255.0

    def shape(self, sides: Sides, classes: int) -> tuple[int, int, int]:
        """Of the output for two pictures."""
        boxes, numbers = self.boxes(sides), self.numbers + classes
        return (2, numbers, boxes) if self.columns else (2, boxes, numbers)

    def boxes(self, sides: Sides) -> int:
        """How many the network gives for a picture."""
        return self.boxes_a_cell * len(grid(*sides)[0])

    def classes(self, shape: tuple[int, ...], sides: Sides) -> int:
        """How many an output of `shape` tells apart; 0 where it is none of this layout."""
        if len(shape) != 3:
            return 0
        found = max(shape[1 if self.columns else 2] - self.numbers, 0)
        return found if shape == self.shape(sides, found) else 0


_YOLOX, _ROWS = "utils.postprocess.pytorch.detection", "utils.postprocess.pytorch.decoded_rows"
_DECODED = "boxes in pixels and probabilities"
RAW_YOLOX = Layout("YOLOX", 1, 5, False, _TOP_LEFT, ("YoloxDecoder", ""), _YOLOX, "raw boxes and probabilities")
YOLOX = Layout("YOLOX", 1, 5, False, _TOP_LEFT, ("YoloxDecoder", ", decoded=True"), _YOLOX, _DECODED)
YOLOV5 = Layout("YOLOv5", _BOXES_A_CELL, 5, False, _CENTRED, ("RowsDecoder", ", objectness=True"), _ROWS, _DECODED)
YOLOV8 = Layout("YOLOv8", 1, 4, True, _CENTRED, ("RowsDecoder", ", columns=True"), _ROWS, _DECODED)


def told(shape: tuple[int, ...], sides: Sides) -> Layout | None:
    """The layout of an output for two pictures, YOLOX's boxes as raw ones; None for another."""
    return next((one for one in (RAW_YOLOX, YOLOV5, YOLOV8) if one.classes(shape, sides)), None)


def rows_of(output: np.ndarray, layout: Layout) -> np.ndarray:
    """The first picture's boxes, [boxes, numbers + classes]."""
    return output[0].T if layout.columns else output[0]


def lie_in_pixels(rows: np.ndarray, layout: Layout, sides: Sides) -> bool:
    """Whether boxes lie about their cells, in pixels of the picture."""
    ratios = [_along(rows[:, axis], _places(layout, sides)[:, axis]) for axis in (0, 1)]
    return all(_UNIT[0] < one < _UNIT[1] for one in ratios)


def has_corners(rows: np.ndarray, layout: Layout, sides: Sides) -> bool:
    """Whether what should be width and height lies about the cells too, as the other corner does."""
    return all(_along(rows[:, 2 + axis], _places(layout, sides)[:, axis]) > 0 for axis in (0, 1))


def _along(values: np.ndarray, places: np.ndarray) -> float:
    """How far the values spread, of what the places do; 0 where they do not follow them."""
    spread = float(values.std())
    if not np.isfinite(spread) or spread == 0 or np.corrcoef(values, places)[0, 1] < _FOLLOW:
        return 0.0
    return spread / float(places.std())


def _places(layout: Layout, sides: Sides) -> np.ndarray:
    """The middle of each box's cell, [boxes, 2]; of several boxes a cell, one map of them follows the other."""
    maps = []
    corners, strides = grid(*sides)
    for stride in np.unique(strides):
        own = (strides == stride).ravel()
        maps += [(corners[own] + 0.5) * stride] * layout.boxes_a_cell
    return np.concatenate(maps)
