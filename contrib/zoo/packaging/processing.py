"""What a program has to do around a network, for people and programs that do not have the zoo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from utils.preprocess.pytorch.classification import ClassificationTransform
from utils.preprocess.pytorch.segmentation import SegmentationTransform, ShorterSide
from zoo.task import Task
from zoo.tasks.classification import ImageClassification
from zoo.tasks.image_to_image import ImageToImage
from zoo.tasks.segmentation import SemanticSegmentation

_MOST_ITEMS = 64  # of a list of numbers; longer ones are the task's own business


def labels_of(task: Task) -> tuple[str, ...]:
    """The names of the classes; none where the task has no such list, or one of them would be more than a line."""
    found = getattr(task, "labels", ())
    whole = isinstance(found, (tuple, list)) and all(isinstance(one, str) for one in found)
    return tuple(found) if whole and not any(set(one) & set("\r\n") for one in found) else ()


def described(task: Task, inside: bool) -> dict[str, Any]:
    """Steps in front of the network and behind it, fit for JSON.

    Args:
        task: whose network it is.
        inside: whether the file holds them.
    """
    steps = _steps(task)
    said: dict[str, Any] = {"inside": inside, "task": type(task).__name__, "takes": task.data_name}
    if inside:
        said["gives"] = _gives(task)
    if steps is not None:
        return said | {"preprocessing": steps[0], "postprocessing": steps[1]}
    note = (
        f"These are the numbers; the steps are those of the class {type(task).__name__} in the zoo, which "
        "`load(MODEL)(sample)` runs as a whole"
    )
    return said | {"settings": _facts(task), "note": note}


def _steps(task: Task) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]] | None:
    """The steps before and behind the network; None where they are not written down here."""
    if isinstance(task, ImageClassification) and isinstance(task.transform, ClassificationTransform):
        return _to_crop(task.transform), _to_ranking(task)
    if isinstance(task, SemanticSegmentation) and isinstance(task.transform, (SegmentationTransform, ShorterSide)):
        return _to_fit(task.transform), [
            {"step": "cut", "to": "the picture's part of the network's input"},
            {"step": "resize", "to": "the size of the picture", "interpolation": "bilinear", "of": "logits"},
            {"step": "argmax", "axis": "classes"},
        ]
    if isinstance(task, ImageToImage) and not task.luma:
        picture = {"step": "decode", "mode": "L" if task.grey else "RGB", "dtype": "uint8"}
        last = {"step": "scale", "by": 255, "clip": [0, 255], "round": "to the nearest, halves to the even one"}
        return [picture, _unit(), _layout()], [last]
    return None


def _to_crop(transform: ClassificationTransform) -> list[dict[str, Any]]:
    if transform.crop_mode == "center":
        resize = {"step": "resize", "shorter_side": transform.resize, "longer_side": "in proportion, rounded down"}
    else:
        name = "both_sides" if transform.crop_mode == "squash" else "longer_side"
        resize = {"step": "resize", name: transform.resize}
    return [
        {"step": "decode", "mode": transform.mode, "dtype": "uint8"},
        resize | {"interpolation": transform.interpolation, "antialias": True, "rounded": "to uint8"},
        {"step": "crop", "at": "center", "height": transform.crop, "width": transform.crop},
        _unit(),
        {"step": "normalise", "mean": list(transform.mean), "std": list(transform.std)},
        _layout(),
    ]


def _to_fit(transform: SegmentationTransform | ShorterSide) -> list[dict[str, Any]]:
    how = {"interpolation": "bilinear", "antialias": True, "rounded": "to uint8"}
    if isinstance(transform, ShorterSide):
        multiple = {"both_sides": f"multiples of {transform.multiple}, rounded down"}
        sized = [{"step": "resize", "shorter_side": transform.shorter} | multiple | how]
    else:
        within = {"height": transform.height, "width": transform.width}
        fit: dict[str, Any] = {"step": "resize", "to_fit_into": within, "proportions": "kept"}
        sized = [fit | how, {"step": "fill", "where": "right and bottom", "with": 0, "to": within}]
    order = {"step": "reverse", "axis": "channels", "to": "BGR"}
    return [
        {"step": "decode", "mode": "RGB", "dtype": "uint8"},
        *sized,
        _unit(),
        {"step": "normalise", "mean": list(transform.mean), "std": list(transform.std)},
        *([order] if getattr(transform, "blue_first", False) else []),
        _layout(),
    ]


def _to_ranking(task: ImageClassification) -> list[dict[str, Any]]:
    top = {"step": "top_k", "k": min(task.keep, len(task.labels)), "equals": "the lower index first"}
    return [top] if task.probabilities else [{"step": "softmax", "axis": "classes"}, top]


def _unit() -> dict[str, Any]:
    return {"step": "divide", "by": 255}


def _layout() -> dict[str, Any]:
    return {"step": "transpose", "to": "batch, channels, height, width", "dtype": "that of the input"}


def _gives(task: Task) -> str:
    if isinstance(task, ImageClassification):
        return "classes: the best ones, best first; scores: their probabilities"
    if isinstance(task, SemanticSegmentation):
        return "mask: the class of each pixel of the picture"
    return "result: the new picture"


def _facts(one: Any) -> Any:
    """What is plain in a task and its transform: numbers, words, short lists of them. Other things by their kind."""
    if one is None or isinstance(one, (bool, int, float, str)):
        return one
    if isinstance(one, (tuple, list)) and len(one) <= _MOST_ITEMS:
        return [_facts(item) for item in one]
    if is_dataclass(one) and not isinstance(one, type):
        said = {field.name: _facts(getattr(one, field.name)) for field in fields(one)}
        return {"kind": type(one).__name__} | said
    length = f" of {len(one)}" if isinstance(one, (tuple, list, dict)) else ""
    return f"{getattr(one, '__name__', type(one).__name__)}{length}"
