"""Segmentation networks: a picture in, scores of classes for each of its pixels out."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.spec import TensorSpec
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.classes import Classes, classes_of
from zoo.contributing.new.code import call
from zoo.contributing.new.description import Description
from zoo.contributing.new.picture import Picture, settled, taken_for_granted
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.trial import Trial, noise
from zoo.errors import ZooError

HINT = "give --size, in pixels: a multiple of what the network halves its input down by"
_STRIDES = (1, 2, 4, 8, 16, 32, 64)
_TRIED = 128  # pixels, a multiple of all of them
_SCENES = 5  # classes of the drawn scenes, the background among them
_MOST = 255  # classes that a mask of bytes can name; 255 is void


def described(source: Source, asked: Asked) -> Description:
    """Try `source` on noise. Raises ZooError if it is no segmentation network."""
    asked.require_only("labels", "size", "channels", "mean", "std")
    picture = settled(source, asked, source.said.resize or 224)
    if picture.channels != 3:
        raise ZooError(f"--task segmentation takes pictures of 3 channels, and --from {source.text} takes 1. {BY_HAND}")
    trial = Trial(source)
    outputs = trial.require([noise(*picture.shape)], HINT)
    shapes = [one.shape for one in outputs]
    wanted = (2, picture.height, picture.width)
    if len(shapes) != 1 or len(shapes[0]) != 4 or (shapes[0][0], *shapes[0][2:]) != wanted:
        raise ZooError(
            f"{source.variant} gives {shapes} for pictures of {picture.height} x {picture.width}; one output "
            "[N, classes, H, W] of the picture's own size is expected: let a function scale it, and give it alone"
        )
    classes = shapes[0][1]
    if not 2 <= classes < _MOST:
        raise ZooError(f"{source.variant} gives {classes} classes; segmentation has 2 to {_MOST - 1}. {BY_HAND}")
    trial.require_no_sigmoid(picture.shape)
    stride = None if source.said.fixed else _stride(trial, classes)
    if stride and (picture.height % stride or picture.width % stride):
        raise ZooError(f"--size {picture.height}x{picture.width}: {source.variant} takes multiples of {stride}")
    made = _description(trial, picture, classes, stride, classes_of(source, asked, classes))
    return replace(made, left=(*made.left, *taken_for_granted(source, asked, picture)))


def _stride(trial: Trial, classes: int) -> int | None:
    """The least number of which every multiple is a side that the network takes; None where it takes one size only."""
    for stride in _STRIDES:
        side = _TRIED + stride
        if trial.gives([noise(2, 3, side, side)], (2, classes, side, side)):
            return stride
    return None


def _description(trial: Trial, picture: Picture, classes: int, stride: int | None, named: Classes) -> Description:
    sides: tuple[int | str, ...] = ("height", "width") if stride else (picture.height, picture.width)
    numbers = [str(picture.height), str(picture.width), str(stride or math.gcd(picture.height, picture.width))]
    transform = f"SegmentationTransform({', '.join(numbers)}, mean={picture.mean}, std={picture.std})"
    sample = 'SampleData("scenes_voc", 1, write_voc, "drawn scenes")'
    if classes < _SCENES:
        few = ['"scenes_voc"', "1", "partial(write_voc, classes=len(LABELS))", '"drawn scenes"', "made_of=LABELS"]
        sample = call("SampleData", few, "sample=")
    return Description(
        source=trial.source,
        inputs=(TensorSpec("input", "float32", ("batch", 3, *sides)),),
        outputs=(TensorSpec("output", "float32", ("batch", classes, *sides)),),
        size={"height": picture.height, "width": picture.width} if stride else {},
        gives="scores",
        task="SemanticSegmentation(TRANSFORM, LABELS)",
        sample=sample,
        imports=(
            ("utils.datasets.samples.scenes_voc", "write_voc"),
            ("utils.preprocess.pytorch.segmentation", "SegmentationTransform"),
            ("zoo.tasks.segmentation", "SemanticSegmentation"),
            *named.imports,
        ),
        constants=f"TRANSFORM = {transform}\n\n{named.constants}",
        built=trial.is_built(),
        note=trial.source.said.note,
        overview=f"scores of {classes} classes for each pixel",
        data="The layout of PASCAL VOC: `DATA/JPEGImages`, `DATA/SegmentationClass` with the classes' indices (255: "
        "void) and `DATA/ImageSets/Segmentation/val.txt`. `--data_path sample` are drawn scenes, made on first use: "
        "they show that the scripts work, and are no measure of accuracy.",
        files=named.files,
        left=named.left,
    )
