"""CenterNet: an object is the point in its middle; there are no anchors, and nothing is suppressed."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.scenes import CLASSES, STAND_INS, write_coco
from utils.postprocess.labels import coco
from utils.postprocess.pytorch.center_points import CenterNetDecoder
from utils.preprocess.pytorch.centred_letterbox import CentredLetterbox
from utils.preprocess.pytorch.scaled import MEAN, STD
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Pretrained, Published, SampleData
from zoo.tasks.detection import COCO_MINI, SCENES, ObjectDetection

SAMPLE, RESNET18 = "centernet_sample", "centernet_resnet18"
# channels and blocks of the backbone, and channels of the steps back up
SHAPES = {
    RESNET18: ((64, 64, 128, 256, 512), (2, 2, 2, 2), (256, 128, 64)),
    SAMPLE: ((16, 16, 24, 40, 64), (1, 1, 1, 1), (40, 32, 32)),
}
# At 640 most pictures of COCO keep their own size, as in the evaluation that the figure is of.
SIDES = {RESNET18: 640, SAMPLE: 160}
MMDETECTION = "https://download.openmmlab.com/mmdetection/v2.0/centernet/centernet_resnet18_140e_coco"


def labels_of(variant: str) -> tuple[str, ...]:
    """The classes of a variant, in index order."""
    return CLASSES if variant == SAMPLE else coco()


def build(variant: str) -> Any:
    """float32 [N, 3, H, W], RGB, normalised, to heatmap, sizes and offsets; see network.py."""
    return beside(__file__, "network").CenterNet(len(labels_of(variant)), *SHAPES[variant])


# The file's name has the first eight digits of the digest; the whole is recorded by those who pin the file.
PRETRAINED = {
    RESNET18: Pretrained(
        f"{MMDETECTION}/centernet_resnet18_140e_coco_20210705_093630-bb5b3bf7.pth",
        57.0,
        "bb5b3bf7802b8b6e1777f925c2fd0948ba0328be87e30fd996ef1e06c86e6958",
        size=56_960_639,
    ),
}
PUBLISHED = {
    RESNET18: Published(
        "map", 0.259, "https://github.com/open-mmlab/mmdetection/tree/master/configs/centernet, COCO val2017"
    ),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    labels, side, drawn = labels_of(variant), SIDES[variant], variant == SAMPLE
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("images", "float32", ("batch", 3, "height", "width")),),
                outputs=(
                    TensorSpec("heatmap", "float32", ("batch", len(labels), "rows", "columns")),
                    TensorSpec("sizes", "float32", ("batch", 2, "rows", "columns")),
                    TensorSpec("offsets", "float32", ("batch", 2, "rows", "columns")),
                ),
                size={"height": side, "width": side},
            ),
        ),
        task=ObjectDetection(
            CentredLetterbox(side, grey=0, mean=MEAN, deviation=STD), CenterNetDecoder(len(labels)), labels
        ),
        sample=SampleData("scenes_coco", 1, write_coco, "drawn scenes")
        if drawn
        else SampleData("scenes_coco_stand_ins", 1, partial(write_coco, names=STAND_INS)),
        source="written for this repository after the paper, with torchvision's blocks; parameter names of MMDetection",
        licence="BSD-3-Clause; MMDetection's weights: Apache-2.0",
        paper="Zhou et al., Objects as Points, 2019",
        pretrained=PRETRAINED.get(variant),
        published=PUBLISHED.get(variant),
        reference=None if drawn else COCO_MINI,
        demos=SCENES,
    )


MODEL = Family(
    domain="detection",
    name="centernet",
    title="CenterNet",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=(RESNET18, SAMPLE),
    default=SAMPLE,
    make=model,
)
