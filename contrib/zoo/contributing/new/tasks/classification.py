"""Image classifiers: a picture in, scores of classes out."""

from __future__ import annotations

import numpy as np

from engine.spec import TensorSpec
from utils.postprocess import labels
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.classes import assumed, classes_of
from zoo.contributing.new.code import call, comment, quoted
from zoo.contributing.new.description import Description
from zoo.contributing.new.picture import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    USUAL_RESIZE,
    USUAL_SIDE,
    Picture,
    settled,
    taken_for_granted,
)
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.trial import Trial, noise
from zoo.errors import ZooError

HINT = "name a function as MODULE:FUNCTION, and give --size and --channels"
_LEAST_SIDE = 64  # smaller networks, as those of digits, are made for one size
_FURTHER = 64  # pixels by which another size is tried

_SAMPLE = '''

def write_sample(folder: Path) -> None:
    """Two photographs that stand for the first two classes: good for trying the scripts, not for a figure."""
    write_photos(folder, {"china": LABELS[0], "flower": LABELS[1]})
'''
_SQUASHED = (
    "Pictures are scaled to {picture.height} x {picture.width} pixels (height x width), whatever their proportions: "
    "compare that with the source's own preprocessing."
)
_PLACES = (
    "A labelled data set has one folder a class: `DATA/<class>/<image>`. `--data_path sample` is made on first use: "
)


def described(source: Source, asked: Asked) -> Description:
    """Try `source` on noise. Raises ZooError if it is no image classifier."""
    asked.require_only("labels", "size", "channels", "mean", "std")
    picture = settled(source, asked)
    trial = Trial(source)
    outputs = trial.require([noise(*picture.shape)], HINT)
    shapes = [one.shape for one in outputs]
    if len(shapes) != 1 or len(shapes[0]) != 2 or shapes[0][0] != 2 or shapes[0][1] < 2:
        raise ZooError(
            f"{source.variant} gives {shapes}; zoo new knows image classifiers, with one output [N, classes] (other "
            f"tasks by --task). {BY_HAND}"
        )
    trial.require_no_sigmoid(picture.shape)
    classes = shapes[0][1]
    flexible = picture.height >= _LEAST_SIDE and not source.said.fixed
    larger = noise(2, picture.channels, picture.height + _FURTHER, picture.width + _FURTHER)
    flexible = flexible and trial.gives([larger], *shapes)
    return _description(trial, asked, picture, classes, flexible, _are_probabilities(outputs[0]))


def _are_probabilities(scores: np.ndarray) -> bool:
    """Whether rows lie between 0 and 1 and come to 1, as no logits do by chance."""
    return bool((scores >= 0).all() and np.allclose(scores.sum(axis=1), 1, atol=1e-3))


def _description(
    trial: Trial, asked: Asked, picture: Picture, classes: int, flexible: bool, probabilities: bool
) -> Description:
    source = trial.source
    named = classes_of(source, asked, classes, folders=True)
    imagenet = named.names == labels.imagenet() or (not named.files and classes == len(labels.imagenet()))
    transform, constants = _transform(source, picture)
    if not imagenet:
        constants += ("\n" if constants else "") + named.constants + _SAMPLE
    sides: tuple[int | str, ...] = ("height", "width") if flexible else (picture.height, picture.width)
    words = [
        f"transform={transform}",
        f"labels={'imagenet()' if imagenet else 'LABELS'}",
        f"folders={'imagenet_wnids()' if imagenet else 'LABELS'}",
        *(["probabilities=True"] if probabilities else []),
    ]
    module = f"utils.preprocess.{'paddle' if source.framework == 'paddle' else 'pytorch'}.classification"
    place = "utils.postprocess.labels"
    return Description(
        source=source,
        inputs=(TensorSpec("input", "float32", ("batch", picture.channels, *sides)),),
        outputs=(TensorSpec("output", "float32", ("batch", classes)),),
        size={"height": picture.height, "width": picture.width} if flexible else {},
        gives="probabilities" if probabilities else "logits",
        task=call("ImageClassification", words, "task="),
        sample='SampleData("photos", 1, write_photos)'
        if imagenet
        else 'SampleData("photos", 1, write_sample, made_of=LABELS)',
        imports=(
            (module, "IMAGENET" if transform == "IMAGENET" else "ClassificationTransform"),
            ("utils.datasets.samples.photos", "write_photos"),
            ("zoo.tasks.classification", "ImageClassification"),
            *([(place, "imagenet"), (place, "imagenet_wnids")] if imagenet else named.imports),
        ),
        constants=constants,
        built=trial.is_built(),
        note=source.said.note or ("" if picture.is_square else _SQUASHED.format(picture=picture)),
        overview=f"scores of {classes} classes",
        data=_PLACES + "it shows that the scripts work, and is no measure of accuracy.",
        files={} if imagenet else named.files,
        left=(
            *(assumed(source, asked, classes, "ImageNet") if imagenet else named.left),
            *taken_for_granted(source, asked, picture),
        ),
    )


def _transform(source: Source, picture: Picture) -> tuple[str, str]:
    """(the expression, the lines that define it)."""
    usual = Picture(USUAL_SIDE, USUAL_SIDE, USUAL_RESIZE, 3, IMAGENET_MEAN, IMAGENET_STD)
    if picture == usual and source.said.interpolation == "bilinear" and not source.said.note:
        return "IMAGENET", ""
    words = [str(picture.resize), str(picture.height), f"mean={picture.mean}", f"std={picture.std}"]
    words += [f"interpolation={quoted(source.said.interpolation)}"] if source.said.interpolation != "bilinear" else []
    words += ['mode="L"'] if picture.channels == 1 else []
    words += [] if picture.is_square else ['crop_mode="squash"', f"width={picture.width}"]
    made = "ClassificationTransform(\n" + "".join(f"    {word},\n" for word in words) + ")"
    return "TRANSFORM", f"{comment(source.said.note)}TRANSFORM = {made}\n"
