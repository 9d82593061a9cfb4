"""One ONNX file with pre- and postprocessing inside: a picture of any size in, what the network says of it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.preprocess.pytorch.classification import ClassificationTransform
from utils.preprocess.pytorch.segmentation import SegmentationTransform, ShorterSide
from zoo.errors import ZooError
from zoo.model import Model
from zoo.task import Task
from zoo.tasks.classification import ImageClassification
from zoo.tasks.image_to_image import ImageToImage
from zoo.tasks.segmentation import SemanticSegmentation

from .nodes import Nodes, Side, double, real, require_opset, scaled_picture, scaled_values, whole, widths

PICTURE = "picture"
# An output: its name, dtype and shape
Told = tuple[str, str, list[int | str]]


@dataclass(frozen=True)
class Seen:
    """What the preprocessing knows, by the names of tensors.

    Attributes:
        height, width: of the picture, int64 scalars.
        rows, columns: of what the network is given, without what is filled up.
    """

    height: str
    width: str
    rows: Any
    columns: Any


@dataclass(frozen=True)
class Expressed:
    """How a task's two ends are written in operators.

    Attributes:
        before: of (nodes, planes float32 [3, H, W] from 0 to 255, height, width): the network's input without the batch
            dimension, and what was seen.
        after: of (nodes, the network's first output without the batch dimension, float32; what was seen): outputs by
            name, with their dtype and shape.
    """

    before: Callable[[Nodes, str, str, str], tuple[str, Seen]]
    after: Callable[[Nodes, str, Seen], list[Told]]


def require_expressed(model: Model) -> None:
    """Raise ZooError where a model's pre- and postprocessing cannot be written in ONNX operators."""
    if len(model.parts) > 1:
        names = ", ".join(part.name for part in model.parts)
        raise ZooError(f"--processing inside is for networks of one graph, and {model.id} has several ({names})")
    if len(model.part.inputs) != 1:
        raise ZooError(f"--processing inside is for networks of one input, and {model.id} takes several")
    expressed(model.task)


def expressed(task: Task) -> Expressed:
    """How a task's ends are written in operators. Raises ZooError where they cannot be."""
    if isinstance(task, ImageClassification) and isinstance(task.transform, ClassificationTransform):
        return _classification(task, task.transform)
    if isinstance(task, SemanticSegmentation) and isinstance(task.transform, SegmentationTransform):
        return _segmentation(task.transform)
    if isinstance(task, SemanticSegmentation) and isinstance(task.transform, ShorterSide):
        return _own_size(task.transform)
    if isinstance(task, ImageToImage):
        return _image_to_image(task)
    raise ZooError(
        f"the pre- and postprocessing of this network ({type(task).__name__}) cannot be written in ONNX operators; "
        "--processing inside is there for image classification, semantic segmentation, and images to images. Leave it "
        "out: processing.json then says what a program has to do around the network"
    )


def preprocessing(task: Task) -> Any:
    """An ONNX model of the preprocessing alone: `picture`, uint8 [height, width, 3] in RGB, to `input`."""
    from onnx import helper

    graph = helper.make_graph([], "preprocessing", [], [])
    nodes = Nodes(graph)
    nodes.name(PICTURE)
    values, _ = _front(nodes, expressed(task))
    made = nodes.op("Identity", values, output="input")
    graph.input.append(_value(PICTURE, "uint8", ["height", "width", 3]))
    graph.output.append(_value(made, "float32", ["batch", "channels", "rows", "columns"]))
    graph.node.extend(nodes.made)
    graph.initializer.extend(nodes.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def with_processing(file: Path, task: Task, about: str) -> Any:
    """The network in `file` with the task's two ends.

    Args:
        file: a network of one input [batch, channels, height, width].
        task: whose network it is.
        about: a line that the file keeps.

    Returns:
        onnx.ModelProto. `picture` is uint8 [height, width, 3], red, green, blue; what it gives depends on the task.

    Raises:
        ZooError: the task, or the network's opset, does not allow it.
    """
    import onnx

    ends = expressed(task)
    model = onnx.load(file)
    require_opset(model)
    graph = model.graph
    nodes = Nodes(graph)
    if nodes.name(PICTURE) != PICTURE:
        raise ZooError(f"{file.name} has a tensor called '{PICTURE}' already; leave --processing out")
    given, told = graph.input[0], graph.output[0]
    values, seen = _front(nodes, ends)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(given.type.tensor_type.elem_type).name
    nodes.cast(values, dtype, output=given.name)
    front = len(nodes.made)
    said = nodes.cast(nodes.op("Squeeze", told.name, whole([0])), "float32")
    outputs = ends.after(nodes, said, seen)
    network = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes.made[:front], *network, *nodes.made[front:]])
    graph.initializer.extend(nodes.constants)
    del graph.input[:], graph.output[:]
    graph.input.append(_value(PICTURE, "uint8", ["height", "width", 3]))
    graph.output.extend(_value(*one) for one in outputs)
    model.doc_string = about
    onnx.checker.check_model(model)
    return model


def _front(nodes: Nodes, ends: Expressed) -> tuple[str, Seen]:
    """From the picture to float32 [1, channels, height, width]."""
    height, width, _ = nodes.ops("Split", 3, nodes.op("Shape", PICTURE), whole([1, 1, 1]), axis=0)
    height, width = (nodes.op("Squeeze", side, whole([0])) for side in (height, width))
    planes = nodes.op("Transpose", nodes.cast(PICTURE, "float32"), perm=[2, 0, 1])
    values, seen = ends.before(nodes, planes, height, width)
    return nodes.op("Unsqueeze", values, whole([0])), seen


def _value(name: str, dtype: str, shape: list[int | str]) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)


def _grey(nodes: Nodes, planes: str) -> str:
    """Luma of RGB, [1, H, W], in the whole numbers that Pillow computes it with."""
    weights = real([19595, 38470, 7471]).reshape(3, 1, 1)  # sums stay below 2^24, so that float32 is exact
    total = nodes.op("ReduceSum", nodes.op("Mul", planes, weights), whole([0]), keepdims=1)
    return nodes.op("Floor", nodes.op("Mul", nodes.op("Add", total, real(1 << 15)), real(1 / (1 << 16))))


def _normalised(nodes: Nodes, planes: str, mean: tuple[float, ...], std: tuple[float, ...]) -> str:
    unit = nodes.op("Div", planes, real(255))
    moved = nodes.op("Sub", unit, real(mean).reshape(-1, 1, 1))
    return nodes.op("Div", moved, real(std).reshape(-1, 1, 1))


def _classification(task: ImageClassification, transform: ClassificationTransform) -> Expressed:
    if transform.crop_mode == "border" or transform.crop > transform.resize:
        raise ZooError(
            "--processing inside cuts the crop out of the scaled picture, and this network's is larger, with a border; "
            "leave --processing out"
        )

    def before(nodes: Nodes, planes: str, height: str, width: str) -> tuple[str, Seen]:
        planes = _grey(nodes, planes) if transform.mode == "L" else planes
        short = nodes.op("Min", height, width)
        sides = []
        for side in (height, width):
            after: Any = whole(transform.resize)
            if transform.crop_mode == "center":
                after = nodes.op("Div", nodes.op("Mul", side, whole(transform.resize)), short)
            half = nodes.op("Mul", nodes.cast(nodes.op("Sub", after, whole(transform.crop)), "float32"), real(0.5))
            first = nodes.cast(nodes.op("Round", half), "int64")
            matrix = widths(nodes, side, after, transform.interpolation, first, whole(transform.crop))
            sides.append(Side(side, after, matrix))
        cut = scaled_picture(nodes, planes, *sides)
        crop = whole(transform.crop)
        return _normalised(nodes, cut, transform.mean, transform.std), Seen(height, width, crop, crop)

    def after(nodes: Nodes, said: str, seen: Seen) -> list[Told]:
        count = min(task.keep, len(task.labels))
        scores = nodes.op("Clip", said, real(0), real(1)) if task.probabilities else nodes.op("Softmax", said, axis=0)
        best, classes = nodes.ops("TopK", 2, scores, whole([count]), axis=0, largest=1, sorted=1)
        return [_told(nodes, classes, "classes", "int64", [count]), _told(nodes, best, "scores", "float32", [count])]

    return Expressed(before, after)


def _told(nodes: Nodes, value: str, name: str, dtype: str, shape: list[int | str]) -> Told:
    """An output of this name, or of a similar one where the network has a tensor of that name already."""
    return nodes.op("Identity", value, output=nodes.name(name)), dtype, shape


def _segmentation(transform: SegmentationTransform) -> Expressed:
    def before(nodes: Nodes, planes: str, height: str, width: str) -> tuple[str, Seen]:
        sides = [nodes.cast(side, "float64") for side in (width, height)]
        limits = (transform.width, transform.height)
        pairs = list(zip(sides, limits, strict=True))
        factor = nodes.op("Min", *(nodes.op("Div", double(most), side) for side, most in pairs))
        fitted = [
            nodes.op("Max", nodes.op("Min", _half_up(nodes, nodes.op("Mul", side, factor)), whole(most)), whole(1))
            for side, most in pairs
        ]
        scales = []
        for side, after, most in ((height, fitted[1], transform.height), (width, fitted[0], transform.width)):
            matrix = widths(nodes, side, after, "bilinear", whole(0), whole(most))
            within = nodes.op("Less", np.arange(most, dtype=np.int64).reshape(-1, 1), after)
            black = nodes.op("Where", within, matrix, double(0))  # what is filled up
            scales.append(Side(side, after, black))
        cut = scaled_picture(nodes, planes, *scales)
        values = _normalised(nodes, cut, transform.mean, transform.std)
        if transform.blue_first:
            values = nodes.op("Gather", values, whole([2, 1, 0]), axis=0)
        return values, Seen(height, width, fitted[1], fitted[0])

    return Expressed(before, _mask)


def _half_up(nodes: Nodes, value: str) -> str:
    return nodes.cast(nodes.op("Floor", nodes.op("Add", value, double(0.5))), "int64")


def _own_size(transform: ShorterSide) -> Expressed:
    def before(nodes: Nodes, planes: str, height: str, width: str) -> tuple[str, Seen]:
        short = nodes.op("Min", height, width)
        sides = []
        for side in (height, width):
            after = nodes.op("Div", nodes.op("Mul", side, whole(transform.shorter)), short)
            multiple = whole(transform.multiple)
            sides.append(nodes.op("Mul", nodes.op("Div", after, multiple), multiple))
        scales = [
            Side(side, after, widths(nodes, side, after, "bilinear", whole(0), after))
            for side, after in zip((height, width), sides, strict=True)
        ]
        cut = scaled_picture(nodes, planes, *scales)
        return _normalised(nodes, cut, transform.mean, transform.std), Seen(height, width, sides[0], sides[1])

    return Expressed(before, _mask)


def _mask(nodes: Nodes, said: str, seen: Seen) -> list[Told]:
    """The picture's part of the logits, scaled to its size; the best class of each pixel."""
    ends = nodes.op("Concat", *(nodes.op("Unsqueeze", one, whole([0])) for one in (seen.rows, seen.columns)), axis=0)
    part = nodes.op("Slice", said, whole([0, 0]), ends, whole([1, 2]))
    down = widths(nodes, seen.rows, seen.height, "bilinear", whole(0), seen.height)
    across = widths(nodes, seen.columns, seen.width, "bilinear", whole(0), seen.width)
    logits = scaled_values(nodes, part, down, across)
    best = nodes.op("ArgMax", logits, axis=0, keepdims=0)
    return [_told(nodes, nodes.cast(best, "uint8"), "mask", "uint8", ["height", "width"])]


def _image_to_image(task: ImageToImage) -> Expressed:
    if task.luma or task.multiple > 1 or task.middle is not None:
        raise ZooError(
            "--processing inside takes whole pictures, in RGB or grey, of any size; this network sees luma only, a "
            "part of the picture, or sides that are multiples of a number. Leave --processing out"
        )

    def before(nodes: Nodes, planes: str, height: str, width: str) -> tuple[str, Seen]:
        planes = _grey(nodes, planes) if task.grey else planes
        return nodes.op("Div", planes, real(255)), Seen(height, width, height, width)

    def after(nodes: Nodes, said: str, seen: Seen) -> list[Told]:
        values = nodes.op("Round", nodes.op("Clip", nodes.op("Mul", said, real(255)), real(0), real(255)))
        pixels = nodes.cast(values, "uint8")
        if task.grey:
            pixels = nodes.op("Squeeze", pixels, whole([0]))
            return [_told(nodes, pixels, "result", "uint8", ["new_height", "new_width"])]
        pixels = nodes.op("Transpose", pixels, perm=[1, 2, 0])
        return [_told(nodes, pixels, "result", "uint8", ["new_height", "new_width", 3])]

    return Expressed(before, after)
