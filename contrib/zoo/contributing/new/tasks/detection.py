"""Detectors whose outputs a decoder of the zoo takes."""

from __future__ import annotations

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.samples.scenes import CLASSES
from utils.postprocess.labels import coco
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.classes import classes_of
from zoo.contributing.new.code import call
from zoo.contributing.new.description import Description
from zoo.contributing.new.picture import settled
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.tasks.detection_layouts import (
    KNOWN,
    RAW_YOLOX,
    YOLOX,
    Layout,
    has_corners,
    lie_in_pixels,
    rows_of,
    told,
)
from zoo.contributing.new.trial import Trial
from zoo.errors import ZooError

LAYOUT = f"{KNOWN} Other layouts have a decoder of their own (contrib/zoo/tasks/detection.py). {BY_HAND}"
_STRIDE, _USUAL = 32, 416

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
    layout = told(shapes[0], picture.side) if len(shapes) == 1 else None
    if layout is None:
        raise ZooError(f"{source.variant} gives {shapes} for pictures of {picture.side} pixels a side. {LAYOUT}")
    (output,) = trial.require([_pixels(picture.side) * np.float32(layout.most / 255)], LAYOUT)
    layout = _proved(source, output, layout, picture.side)
    classes = layout.classes(shapes[0], picture.side)
    larger = picture.side + _STRIDE
    flexible = not source.said.fixed and trial.gives([_pixels(larger)], layout.shape(larger, classes))
    return _description(trial, asked, picture.side, layout, classes, flexible)


def _pixels(side: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 3, side, side)).astype(np.float32)


def _proved(source: Source, output: np.ndarray, layout: Layout, side: int) -> Layout:
    """The layout, with decoded boxes where they are. Raises ZooError where the numbers are not what it says."""
    rows = rows_of(output, layout)
    in_pixels = lie_in_pixels(rows, layout, side)
    if in_pixels and has_corners(rows, layout, side):
        raise ZooError(f"{source.variant} gives corners of boxes; centre, width and height are expected. {LAYOUT}")
    if not in_pixels and layout is not RAW_YOLOX:
        raise ZooError(
            f"{source.variant} gives an output of {layout.name}'s shape, whose boxes do not lie in their cells, in "
            f"pixels of the picture. {LAYOUT}"
        )
    scores = rows[:, 4:]
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ZooError(
            f"{source.variant} gives {scores.min():.3g} to {scores.max():.3g} where probabilities are expected: put "
            f"the sigmoid into the network. {LAYOUT}"
        )
    return YOLOX if in_pixels and layout is RAW_YOLOX else layout


def _description(trial: Trial, asked: Asked, side: int, layout: Layout, classes: int, flexible: bool) -> Description:
    source = trial.source
    if classes < len(CLASSES):
        raise ZooError(f"{source.variant} tells {classes} classes apart; the sample data has {len(CLASSES)}. {BY_HAND}")
    is_coco = classes == len(coco()) and asked.labels is None and source.labels is None
    named = None if is_coco else classes_of(source, asked, classes)
    axes: tuple[int | str, ...] = ("height", "width") if flexible else (side, side)
    constants = named.constants if named else "LABELS = coco()\n"
    boxes: int | str = "boxes" if flexible else layout.boxes(side)
    behind = (layout.numbers + classes, boxes) if layout.columns else (boxes, layout.numbers + classes)
    (place, letterbox), (decoder, words) = layout.letterbox, layout.decoder
    return Description(
        source=source,
        inputs=(TensorSpec("input", "float32", ("batch", 3, *axes)),),
        outputs=(TensorSpec("output", "float32", ("batch", *behind)),),
        size={"height": side, "width": side} if flexible else {},
        gives=layout.gives,
        task=call("ObjectDetection", [f"{letterbox}({side})", f"{decoder}(len(LABELS){words})", "LABELS"], "task="),
        sample='SampleData("scenes_coco", 1, write_sample, "drawn scenes", made_of=LABELS)',
        imports=(
            ("utils.datasets.samples.scenes", "write_coco"),
            (layout.module, decoder),
            (place, letterbox),
            ("zoo.tasks.detection", "ObjectDetection"),
            *(named.imports if named else [("utils.postprocess.labels", "coco")]),
        ),
        constants=constants + _SAMPLE,
        built=trial.is_built(),
        overview=f"a place and scores of {classes} classes for each of {layout.name}'s boxes",
        data="COCO's layout: `DATA/annotations/instances_val.json` and `DATA/val/<picture>`. `--data_path sample` are "
        "drawn scenes, made on first use, whose shapes stand for the first classes: no measure of accuracy.",
        files=named.files if named else {},
        left=named.left if named else (),
    )
