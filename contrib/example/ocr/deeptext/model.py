"""DeepText: Faster R-CNN that finds level text, in two graphs."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.postprocess.pytorch.two_stage import Proposer, RegionDecoder
from utils.preprocess.pytorch.rcnn import RcnnTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries import rcnn
from zoo.libraries.rcnn import Shape
from zoo.libraries.text_detector import on_scenes
from zoo.model import Model, Published
from zoo.tasks.text_detection import Reader
from zoo.tasks.two_stage_detection import TwoStageDetection
from zoo.tasks.two_stage_text import TwoStageText

# the paper's prior boxes: in pixels, and height over width
SIZES, RATIOS = ((32, 48, 64, 80),), (0.2, 0.5, 0.8, 1.0, 1.2, 1.5)
SHAPES = {
    "deeptext_narrow": Shape(224, 320, Proposer(SIZES, RATIOS, before=200, after=100), 1, channels=48),
    "deeptext_vgg16": Shape(600, 1000, Proposer(SIZES, RATIOS, before=1000, after=300), 1, channels=512),
}
DECODER = RegionDecoder((-1, 0), score=0.5, nms_iou=0.3)  # the background, and text
PUBLISHED = {
    "deeptext_vgg16": Published("precision", 0.8801, "MindSpore's model zoo, official/cv/deeptext, ICDAR 2013 test"),
}


def build(variant: str) -> Any:
    """A list of float32 [3, H, W], RGB 0 to 1, to a dictionary of boxes, labels and scores each; see network.py."""
    return beside(__file__, "network").build(variant, SHAPES[variant], DECODER)


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape = SHAPES[variant]
    finding = TwoStageDetection(
        transform=RcnnTransform(shape.shorter, shape.longer),
        decoder=DECODER,
        proposer=shape.proposer,
        labels=("text",),
    )
    return on_scenes(
        level=True,
        build=partial(build, variant),
        parts=rcnn.parts(shape, len(DECODER.classes)),
        task=TwoStageText(finding, Reader("ocr/crnn")),
        source="put together from torchvision's modules, with the paper's Inception-RPN written for this repository",
        paper="Zhong et al., DeepText: A Unified Framework for Text Proposal Generation and Text Detection in Natural "
        "Images, 2016",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="ocr",
    name="deeptext",
    title="DeepText",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("deeptext_narrow", "deeptext_vgg16"),
    make=model,
)
