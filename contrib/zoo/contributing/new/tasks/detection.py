"""Detectors whose outputs a decoder of the zoo takes: those of YOLOX."""

from __future__ import annotations

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.samples.scenes import CLASSES
from utils.postprocess.labels import coco
from utils.postprocess.pytorch.detection import grid
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.classes import classes_of
from zoo.contributing.new.code import call
from zoo.contributing.new.description import Description
from zoo.contributing.new.picture import settled
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.trial import Trial
from zoo.errors import ZooError

LAYOUT = (
    "zoo new knows the layout of YOLOX: one output [N, cells, 5 + classes] for a square picture, blue, green, red from "
    "0 to 255, with a row for each cell of the strides 8, 16 and 32: raw box, probability of an object, and of each "
    f"class. Other layouts have a decoder of their own (contrib/zoo/tasks/detection.py). {BY_HAND}"
)
_STRIDE, _USUAL = 32, 416
_BOX = 5  # numbers of a row before those of the classes
_DECODED = 0.9  # correlation of the boxes' places with those of the cells, which raw boxes have nothing to do with

_SAMPLE = '''

def write_sample(folder: Path) -> None:
    """Drawn shapes that stand for the first classes: good for trying the scripts, not for a figure."""
    write_coco(folder, LABELS[:4], count=40)
'''


def described(source: Source, asked: Asked) -> Description:
    """Try `source` on noise. Raises ZooError if it is no detector of that layout."""
    asked.require_only("labels", "size", "channels")
    picture = settled(source, asked, _USUAL)
    if picture.channels != 3 or picture.side % _STRIDE:
        raise ZooError(
            f"--from {source.text} takes {picture.channels} channels of {picture.side} pixels a side; 3 channels and "
            f"a multiple of {_STRIDE} are expected. {LAYOUT}"
        )
    trial = Trial(source)
    outputs = trial.require([_pixels(picture.side)], f"give --size. {LAYOUT}")
    shapes = [one.shape for one in outputs]
    cells = len(grid(picture.side, picture.side)[0])
    if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][:2] != (2, cells) or shapes[0][2] <= _BOX:
        raise ZooError(f"{source.variant} gives {shapes} for pictures of {picture.side} pixels a side. {LAYOUT}")
    _require_raw(source, outputs[0], picture.side)
    classes = shapes[0][2] - _BOX
    larger = picture.side + _STRIDE
    grown = (2, len(grid(larger, larger)[0]), _BOX + classes)
    flexible = not source.said.fixed and trial.gives([_pixels(larger)], grown)
    return _description(trial, asked, picture.side, cells, classes, flexible)


def _pixels(side: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 3, side, side)).astype(np.float32)


def _require_raw(source: Source, rows: np.ndarray, side: int) -> None:
    """Raise ZooError where boxes are decoded already, or what should be probabilities are none."""
    corners, strides = grid(side, side)
    places = (corners + 0.5) * strides.reshape(-1, 1)
    with np.errstate(invalid="ignore"):  # of a network that gives the same for each cell
        alike = [np.corrcoef(rows[0, :, axis], places[:, axis])[0, 1] for axis in (0, 1)]
    if np.nan_to_num(alike).min() > _DECODED:
        raise ZooError(
            f"{source.variant} gives boxes in pixels, decoded already, and the decoder takes raw ones: in YOLOX, "
            f"decode_in_inference = False of its head. {LAYOUT}"
        )
    scores = rows[:, :, 4:]
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ZooError(
            f"{source.variant} gives {scores.min():.3g} to {scores.max():.3g} where probabilities are expected: put "
            f"the sigmoid into the network. {LAYOUT}"
        )


def _description(trial: Trial, asked: Asked, side: int, cells: int, classes: int, flexible: bool) -> Description:
    source = trial.source
    if classes < len(CLASSES):
        raise ZooError(f"{source.variant} tells {classes} classes apart; the sample data has {len(CLASSES)}. {BY_HAND}")
    is_coco = classes == len(coco()) and asked.labels is None and source.labels is None
    named = None if is_coco else classes_of(source, asked, classes)
    axes: tuple[int | str, ...] = ("height", "width") if flexible else (side, side)
    constants = named.constants if named else "LABELS = coco()\n"
    return Description(
        source=source,
        inputs=(TensorSpec("input", "float32", ("batch", 3, *axes)),),
        outputs=(TensorSpec("output", "float32", ("batch", "cells" if flexible else cells, _BOX + classes)),),
        size={"height": side, "width": side} if flexible else {},
        gives="raw boxes and probabilities",
        task=call("ObjectDetection", [f"Letterbox({side})", "YoloxDecoder(len(LABELS))", "LABELS"], "task="),
        sample='SampleData("scenes_coco", 1, write_sample, "drawn scenes", made_of=LABELS)',
        imports=(
            ("utils.datasets.samples.scenes", "write_coco"),
            ("utils.postprocess.pytorch.detection", "YoloxDecoder"),
            ("utils.preprocess.pytorch.detection", "Letterbox"),
            ("zoo.tasks.detection", "ObjectDetection"),
            *(named.imports if named else [("utils.postprocess.labels", "coco")]),
        ),
        constants=constants + _SAMPLE,
        built=trial.is_built(),
        overview=f"a box and scores of {classes} classes for each cell",
        data="COCO's layout: `DATA/annotations/instances_val.json` and `DATA/val/<picture>`. `--data_path sample` are "
        "drawn scenes, made on first use, whose shapes stand for the first classes: no measure of accuracy.",
        files=named.files if named else {},
        left=named.left if named else (),
    )
