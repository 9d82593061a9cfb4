"""FaceDetection: YOLOv3 with one class, faces."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.postprocess.pytorch.darknet_maps import EACH, YOLOV3_ANCHORS, Anchors, DarknetDecoder
from utils.postprocess.pytorch.decoded_rows import RowsDecoder
from utils.postprocess.pytorch.face_objects import ObjectsAsFaces
from utils.preprocess.pytorch.centred_letterbox import CentredLetterbox
from zoo.family import Family
from zoo.libraries.face_detector import face_detector
from zoo.libraries.yolo import NUMBERS
from zoo.libraries.yolov3 import WIDTHS, darknet, yolov3
from zoo.model import Model, Published
from zoo.tasks.face import FaceDetection

# Usual boxes of drawn heads, in pixels of the narrow network's input
FACES: Anchors = ((10, 12), (14, 18), (19, 25), (26, 34), (36, 46), (50, 64), (68, 88), (94, 120), (130, 166))


class Shape(NamedTuple):
    """Height and width of the input, channels and residual units of the backbone, usual boxes."""

    height: int
    width: int
    widths: tuple[int, ...]
    units: tuple[int, ...]
    anchors: Anchors


SHAPES = {
    "face_detection_narrow": Shape(224, 224, (8, 16, 24, 40, 56, 64), (1, 1, 1, 1, 1), FACES),
    "face_detection": Shape(448, 768, WIDTHS, (1, 1, 2, 2, 2), YOLOV3_ANCHORS),
}
PUBLISHED = {
    "face_detection": Published(
        "ap50",
        0.76,
        "MindSpore's FaceDetection, https://gitee.com/mindspore/models: 3,000 pictures of its own, without small faces",
        decimals=2,
    )
}


def build(variant: str) -> Any:
    """float32 [N, 3, H, W], RGB 0 to 1, to three maps [N, 18, h, w], the coarsest first."""
    shape = SHAPES[variant]
    return yolov3(darknet(shape.widths, shape.units), classes=1)


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape = SHAPES[variant]
    # 0.005 and 0.45 are darknet's, where it is evaluated
    decoder = DarknetDecoder(RowsDecoder(1, objectness=True, score=0.005, nms_iou=0.45), shape.anchors)
    maps = tuple(
        TensorSpec(f"maps_{stride}", "float32", ("batch", EACH * (NUMBERS + 1), f"rows_{stride}", f"columns_{stride}"))
        for stride in decoder.strides
    )
    return face_detector(
        (shape.height, shape.width),
        maps,
        FaceDetection(CentredLetterbox(shape.height, shape.width), ObjectsAsFaces(decoder), shown=0.3),
        build=partial(build, variant),
        source="written for this repository after the paper and MindSpore's description",
        licence="BSD-3-Clause; the sample is drawn by this repository",
        paper="Redmon and Farhadi, YOLOv3: An Incremental Improvement, 2018",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="face",
    name="face_detection",
    title="FaceDetection",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    make=model,
)
