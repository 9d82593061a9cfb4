"""Networks that find the points of one person: a cut-out in, a map of each point out."""

from __future__ import annotations

from dataclasses import replace

from engine.spec import TensorSpec
from utils.keypoints import coco_points
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.classes import assumed, classes_of
from zoo.contributing.new.code import call
from zoo.contributing.new.description import Description
from zoo.contributing.new.picture import IMAGENET_MEAN, IMAGENET_STD, settled
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.trial import Trial, noise
from zoo.errors import ZooError

LAYOUT = (
    "zoo new knows top-down networks: one output [N, points, H / s, W / s] of maps for a cut-out of one person, three "
    f"quarters as wide as high, or square; --size is its height in pixels, or height x width. {BY_HAND}"
)
_USUAL = 256
_SHAPE = 4  # dimensions of pictures and of maps

_SAMPLE = '''

def write_sample(folder: Path) -> None:
    """Drawn figures whose first points stand for the network's: good for trying the scripts, not for a figure."""
    write_keypoints(folder, LABELS, count=40)
'''


def described(source: Source, asked: Asked) -> Description:
    """Try `source` on noise. Raises ZooError if it gives no maps of points."""
    asked.require_only("labels", "size")
    own = source.said.width if asked.width is None and asked.size == source.said.side else None
    picture = settled(source, replace(asked, width=asked.width or own), _USUAL)
    if picture.channels != 3 or (picture.mean, picture.std) != (IMAGENET_MEAN, IMAGENET_STD):
        raise ZooError(f"--task keypoints normalises pictures of 3 channels as ImageNet's are. {LAYOUT}")
    trial = Trial(source)
    height = picture.height
    shapes: list[tuple[int, ...]] = []
    for width in _widths(source, asked, height):
        found = trial.run([noise(2, 3, height, width)])
        shapes = [] if isinstance(found, Exception) else [one.shape for one in found]
        if _are_maps(shapes, height, width):
            return _description(trial, asked, (height, width), shapes[0])
    last = trial.require([noise(2, 3, height, width)], LAYOUT)
    raise ZooError(f"{source.variant} gives {[one.shape for one in last]} for {[2, 3, height, width]}. {LAYOUT}")


def _widths(source: Source, asked: Asked, height: int) -> tuple[int, ...]:
    own = source.said.width if source.said.fixed else asked.width
    if source.said.fixed or own:
        return (own or height,)
    return (height * 3 // 4, height) if height % 4 == 0 else (height,)


def _are_maps(shapes: list[tuple[int, ...]], height: int, width: int) -> bool:
    """Whether there is one output, of maps that are all by one factor smaller than the picture."""
    if len(shapes) != 1 or len(shapes[0]) != _SHAPE or shapes[0][0] != 2:
        return False
    rows, columns = shapes[0][2:]
    return 0 < rows <= height and height % rows == 0 and (rows, columns) == (rows, width * rows // height)


def _description(trial: Trial, asked: Asked, size: tuple[int, int], shape: tuple[int, ...]) -> Description:
    source, count = trial.source, shape[1]
    if count > len(coco_points()):
        raise ZooError(
            f"{source.variant} gives {count} maps; the sample data are drawn figures with {len(coco_points())} points. "
            f"{BY_HAND}"
        )
    is_coco = count == len(coco_points()) and asked.labels is None
    named = None if is_coco else classes_of(source, asked, count)
    words = [f"PoseTransform({size[0]}, {size[1]})", "HeatmapDecoder(len(LABELS))", "LABELS", "flip=False"]
    return Description(
        source=source,
        inputs=(TensorSpec("input", "float32", ("batch", 3, *size)),),
        outputs=(TensorSpec("output", "float32", ("batch", *shape[1:])),),
        gives="maps",
        task=call("PoseEstimation", words, "task="),
        sample='SampleData("figures_coco", 1, write_sample, "drawn figures", made_of=LABELS)',
        imports=(
            ("utils.datasets.samples.figures", "write_keypoints"),
            ("utils.postprocess.pytorch.pose", "HeatmapDecoder"),
            ("utils.preprocess.pytorch.pose", "PoseTransform"),
            ("zoo.tasks.pose", "PoseEstimation"),
            *(named.imports if named else [("utils.keypoints", "coco_points")]),
        ),
        constants=(named.constants if named else "LABELS = coco_points()\n") + _SAMPLE,
        built=trial.is_built(),
        overview=f"maps of {count} points of one person, who is cut out by the box that is given",
        data="COCO's keypoints: `DATA/annotations/person_keypoints_val.json` and `DATA/val/<picture>`; the category's "
        "`keypoints` are the network's points. `--data_path sample` are drawn figures, made on first use: no measure "
        "of accuracy. A picture's people are the boxes in `<picture>.boxes.txt` beside it.",
        files=named.files if named else {},
        left=(
            *(named.left if named else assumed(source, asked, count, "COCO's people", "points")),
            "the mirrored input is not looked at: flip=True in model.py does it",
        ),
    )
