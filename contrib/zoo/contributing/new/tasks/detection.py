"""Detectors whose outputs a decoder of the zoo takes."""

from __future__ import annotations

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.samples.scenes import CLASSES
from utils.postprocess.labels import coco
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.classes import assumed, classes_of
from zoo.contributing.new.code import call
from zoo.contributing.new.description import Description
from zoo.contributing.new.picture import settled
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.tasks.detection_layouts import (
    KNOWN,
    RAW_YOLOX,
    YOLOX,
    Layout,
    Sides,
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
    sides = (picture.height, picture.width)
    if picture.channels != 3 or any(side % _STRIDE for side in sides):
        raise ZooError(
            f"--from {source.text} takes {picture.channels} channels of {picture.sides}; 3 channels and a multiple of "
            f"{_STRIDE} are expected. {LAYOUT}"
        )
    trial = Trial(source)
    outputs = trial.require([_pixels(sides)], f"give --size. {LAYOUT}")
    shapes = [one.shape for one in outputs]
    layout = told(shapes[0], sides) if len(shapes) == 1 else None
    if layout is None:
        raise ZooError(f"{source.variant} gives {shapes} for pictures of {picture.sides}. {LAYOUT}")
    (output,) = trial.require([_pixels(sides) * np.float32(layout.most / 255)], LAYOUT)
    layout = _proved(source, output, layout, sides)
    classes = layout.classes(shapes[0], sides)
    larger = (picture.height + _STRIDE, picture.width + _STRIDE)
    flexible = not source.said.fixed and trial.gives([_pixels(larger)], layout.shape(larger, classes))
    return _description(trial, asked, sides, layout, classes, flexible)


def _pixels(sides: Sides) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 3, *sides)).astype(np.float32)


def _proved(source: Source, output: np.ndarray, layout: Layout, sides: Sides) -> Layout:
    """The layout, with decoded boxes where they are. Raises ZooError where the numbers are not what it says."""
    rows = rows_of(output, layout)
    in_pixels = lie_in_pixels(rows, layout, sides)
    if in_pixels and has_corners(rows, layout, sides):
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


def _description(trial: Trial, asked: Asked, sides: Sides, layout: Layout, classes: int, flexible: bool) -> Description:
    source = trial.source
    if classes < len(CLASSES):
        raise ZooError(f"{source.variant} tells {classes} classes apart; the sample data has {len(CLASSES)}. {BY_HAND}")
    is_coco = classes == len(coco()) and asked.labels is None and source.labels is None
    named = None if is_coco else classes_of(source, asked, classes)
    axes: tuple[int | str, ...] = ("height", "width") if flexible else sides
    constants = named.constants if named else "LABELS = coco()\n"
    boxes: int | str = "boxes" if flexible else layout.boxes(sides)
    behind = (layout.numbers + classes, boxes) if layout.columns else (boxes, layout.numbers + classes)
    size = f"{sides[0]}" if sides[0] == sides[1] else f"{sides[0]}, {sides[1]}"
    (place, letterbox), (decoder, words) = layout.letterbox, layout.decoder
    return Description(
        source=source,
        inputs=(TensorSpec("input", "float32", ("batch", 3, *axes)),),
        outputs=(TensorSpec("output", "float32", ("batch", *behind)),),
        size={"height": sides[0], "width": sides[1]} if flexible else {},
        gives=layout.gives,
        task=call("ObjectDetection", [f"{letterbox}({size})", f"{decoder}(len(LABELS){words})", "LABELS"], "task="),
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
        left=named.left if named else assumed(source, asked, classes, "COCO"),
    )
