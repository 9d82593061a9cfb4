"""YOLOv4: boxes relative to anchors on maps of three sizes, led from the coarsest to the finest and back."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.darknet_file import state_from_darknet
from utils.postprocess.pytorch.darknet_maps import YOLOV4_ANCHORS, DarknetDecoder
from utils.postprocess.pytorch.decoded_rows import RowsDecoder
from utils.preprocess.pytorch.stretch import Stretch
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.yolo import SCENE_ANCHORS, SCENE_SIDE, labels_of, yolo
from zoo.model import Model, Pretrained, Published

SAMPLE, DARKNET = "yolov4_sample", "yolov4_cspdarknet53"
SIDES = {DARKNET: 608, SAMPLE: SCENE_SIDE}


def build(variant: str) -> Any:
    """float32 [N, 3, H, W], RGB 0 to 1, to three maps; see network.py."""
    network = beside(__file__, "network")
    backbone = network.Backbone(4, (1, 1, 1, 1, 1)) if variant == SAMPLE else network.Backbone()
    return network.YOLOv4(backbone, len(labels_of(variant == SAMPLE)))


def convert(variant: str, path: Path) -> dict[str, Any]:
    """The tensors of darknet's file, in the names of the network."""
    return state_from_darknet(path, build(variant))


# The authors state no digest: it is the one that those who pin the file record.
PRETRAINED = {
    DARKNET: Pretrained(
        "https://github.com/AlexeyAB/darknet/releases/download/darknet_yolo_v3_optimal/yolov4.weights",
        257.7,
        "e8a4f6c62188738d86dc6898d82724ec0964d0eb9d2ae0f0a9d53d65d108d562",
        size=257_717_640,
        convert=partial(convert, DARKNET),
    ),
}
PUBLISHED = {DARKNET: Published("map", 0.435, "https://github.com/AlexeyAB/darknet, COCO test-dev, 608 x 608")}


def model(variant: str) -> Model:
    """What is known of a variant."""
    side, drawn = SIDES[variant], variant == SAMPLE
    # 0.005 and 0.45 are darknet's, where it is evaluated; it stretches pictures there
    # The narrow one has random weights, whose scores crowd up to 0.48: at a threshold there, rounding would decide
    rows = RowsDecoder(len(labels_of(drawn)), objectness=True, score=0.5 if drawn else 0.005, nms_iou=0.45)
    return yolo(
        Stretch(side, side),
        side,
        DarknetDecoder(rows, SCENE_ANCHORS if drawn else YOLOV4_ANCHORS, reach=(1.05, 1.1, 1.2)),
        drawn,
        build=partial(build, variant),
        source="written for this repository after the paper; the order of layers is that of the authors' cfg file",
        licence="BSD-3-Clause; the authors' weights: public domain, as they say",
        paper="Bochkovskiy et al., YOLOv4: Optimal Speed and Accuracy of Object Detection, 2020",
        pretrained=PRETRAINED.get(variant),
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="detection",
    name="yolov4",
    title="YOLOv4",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=(DARKNET, SAMPLE),
    default=SAMPLE,
    make=model,
)
