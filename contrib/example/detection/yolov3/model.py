"""YOLOv3: boxes relative to anchors on maps of three sizes, on darknet's backbone or ResNet-18."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from utils.darknet_file import state_from_darknet
from utils.postprocess.pytorch.darknet_maps import YOLOV3_ANCHORS, DarknetDecoder
from utils.postprocess.pytorch.decoded_rows import RowsDecoder
from utils.preprocess.pytorch.centred_letterbox import CentredLetterbox
from zoo.family import Family
from zoo.libraries.yolo import SCENE_ANCHORS, SCENE_SIDE, labels_of, yolo
from zoo.libraries.yolov3 import darknet, resnet18, yolov3
from zoo.model import Model, Pretrained, Published

SAMPLE, DARKNET, RESNET = "yolov3_sample", "yolov3_darknet53", "yolov3_resnet18"
SIDES = {DARKNET: 416, RESNET: 416, SAMPLE: SCENE_SIDE}
NARROW = ((6, 12, 24, 48, 96, 192), (1, 1, 1, 1, 1))
BACKBONES: dict[str, Callable[[], Any]] = {DARKNET: darknet, RESNET: resnet18, SAMPLE: partial(darknet, *NARROW)}


def build(variant: str) -> Any:
    """float32 [N, 3, H, W], RGB 0 to 1, to three maps."""
    return yolov3(BACKBONES[variant](), len(labels_of(variant == SAMPLE)))


def convert(variant: str, path: Path) -> dict[str, Any]:
    """The tensors of darknet's file, in the names of the network."""
    return state_from_darknet(path, build(variant))


# The authors state no digest: it is the one that those who pin the file record.
PRETRAINED = {
    DARKNET: Pretrained(
        "https://pjreddie.com/media/files/yolov3.weights",
        248.0,
        "523e4e69e1d015393a1b0a441cef1d9c7659e3eb2d7e15f793f060a21b32f297",
        size=248_007_048,
        convert=partial(convert, DARKNET),
    ),
}
PUBLISHED = {
    DARKNET: Published("map50", 0.553, "https://github.com/AlexeyAB/darknet, COCO test-dev, 416 x 416"),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    side, drawn = SIDES[variant], variant == SAMPLE
    # 0.005 and 0.45 are darknet's, where it is evaluated
    # The narrow one has random weights, whose scores crowd up to 0.48: at a threshold there, rounding would decide
    rows = RowsDecoder(len(labels_of(drawn)), objectness=True, score=0.5 if drawn else 0.005, nms_iou=0.45)
    return yolo(
        CentredLetterbox(side),
        side,
        DarknetDecoder(rows, SCENE_ANCHORS if drawn else YOLOV3_ANCHORS),
        drawn,
        build=partial(build, variant),
        source="written for this repository after the paper; the order of layers is that of the authors' cfg file",
        licence="BSD-3-Clause; the authors' weights: public domain, as they say",
        paper="Redmon and Farhadi, YOLOv3: An Incremental Improvement, 2018",
        pretrained=PRETRAINED.get(variant),
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="detection",
    name="yolov3",
    title="YOLOv3",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SIDES),
    default=SAMPLE,
    make=model,
)
