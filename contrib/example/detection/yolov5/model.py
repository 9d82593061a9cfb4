"""YOLOv5: boxes relative to anchors on maps of three sizes, led from the coarsest to the finest and back."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from utils.postprocess.pytorch.darknet_maps import YOLOV3_ANCHORS, DarknetDecoder
from utils.postprocess.pytorch.decoded_rows import RowsDecoder
from utils.preprocess.pytorch.centred_letterbox import CentredLetterbox
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.yolo import SCENE_ANCHORS, SCENE_SIDE, labels_of, yolo
from zoo.model import Model, Published

SAMPLE = "yolov5_sample"
CHANNELS, DEPTHS = (64, 128, 256, 512, 1024), (3, 6, 9, 3)  # of the large one, of which the others are shares


class Shape(NamedTuple):
    """What a network is.

    Attributes:
        channels: of the maps of strides 2 to 32.
        depths: of the backbone's stages.
        published: COCO's mean average precision.
    """

    channels: tuple[int, ...]
    depths: tuple[int, ...]
    published: float | None = None


def scaled(depth: float, width: float, published: float) -> Shape:
    """A share of the large network: channels are rounded up to multiples of 8."""
    channels = tuple(-(-int(count * width) // 8) * 8 for count in CHANNELS)
    return Shape(channels, tuple(max(round(count * depth), 1) for count in DEPTHS), published)


SHAPES = {
    "yolov5n": scaled(0.33, 0.25, 0.280),
    "yolov5s": scaled(0.33, 0.5, 0.374),
    "yolov5m": scaled(0.67, 0.75, 0.454),
    "yolov5l": scaled(1.0, 1.0, 0.490),
    "yolov5x": scaled(1.33, 1.25, 0.507),
    SAMPLE: Shape((16, 24, 40, 48, 64), (1, 2, 2, 1)),
}
SOURCE = "https://pytorch.org/hub/ultralytics_yolov5/, COCO val2017, 640 x 640"


def build(variant: str) -> Any:
    """float32 [N, 3, H, W], RGB 0 to 1, to three maps; see network.py."""
    shape = SHAPES[variant]
    classes = len(labels_of(variant == SAMPLE))
    return beside(__file__, "network").YOLOv5(classes, shape.channels, shape.depths)


def model(variant: str) -> Model:
    """What is known of a variant."""
    figure, drawn = SHAPES[variant].published, variant == SAMPLE
    side = SCENE_SIDE if drawn else 640
    # with these the figures were published: 0.001, and an IoU of 0.65
    rows = RowsDecoder(len(labels_of(drawn)), objectness=True, score=0.001, nms_iou=0.65)
    decoder = DarknetDecoder(rows, SCENE_ANCHORS if drawn else YOLOV3_ANCHORS, reach=(2.0, 2.0, 2.0), squared=True)
    return yolo(
        CentredLetterbox(side),
        side,
        decoder,
        drawn,
        build=partial(build, variant),
        source="written for this repository after descriptions of the structure, without the authors' code",
        licence="BSD-3-Clause; the authors' weights are AGPL-3.0, and are not taken",
        paper="none; Jocher, YOLOv5, 2020, documentation of version 6",
        published=None if figure is None else Published("map", figure, SOURCE),
    )


MODEL = Family(
    domain="detection",
    name="yolov5",
    title="YOLOv5",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
