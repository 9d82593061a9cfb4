"""ESPNet on the streets of CamVid."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS, camvid
from utils.datasets.samples.scenes_voc import write_voc
from utils.preprocess.pytorch.segmentation import SegmentationTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.segmentation import SemanticSegmentation

HEIGHT, WIDTH, STRIDE = 360, 480, 8
BLOCKS = (2, 8)  # the authors' p and q
# Of the training pictures, in the order red, green, blue, for values from 0 to 1. The authors divide values from 0 to
# 255 by the deviation, and by 255 after that: for values from 0 to 1 it is as large as it stands there.
MEAN = (105.033 / 255, 108.409 / 255, 110.331 / 255)
STD = (69.904, 72.691, 72.126)
REPOSITORY = "sacmehta/ESPNet/afe71c38edaee3514ca44e0adcafdf36109bf437"


def build(variant: str) -> Any:
    """[N, 3, H, W], blue first, to logits [N, 12, H, W]; see network.py."""
    return beside(__file__, "network").EspNet(len(camvid.LABELS), BLOCKS)


def model(variant: str) -> Model:
    """What is known of the only variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", len(camvid.LABELS), "height", "width")),),
                size={"height": HEIGHT, "width": WIDTH},
            ),
        ),
        task=SemanticSegmentation(
            SegmentationTransform(HEIGHT, WIDTH, STRIDE, MEAN, STD, blue_first=True),
            camvid.LABELS,
            averaged=len(camvid.LABELS) - 1,
        ),
        sample=SampleData("scenes_voc", 1, write_voc, "drawn scenes"),
        source="written for this repository after the paper; parameter names of the authors' weights",
        licence="BSD-3-Clause; the authors' weights: MIT; the sample is drawn by this repository",
        paper="Mehta et al., ESPNet: Efficient Spatial Pyramid of Dilated Convolutions for Semantic Segmentation, 2018",
        pretrained=Pretrained(
            f"https://raw.githubusercontent.com/{REPOSITORY}/pretrained/decoder/espnet_p_2_q_8_camvid.pth",
            1.5,
            "7d354a257170322086dcd4c1e89a482454cf2c9d30b085e70883878dd59301af",
        ),
        published=Published("miou", 0.5564, "the authors' readme, CamVid, 233 test pictures", decimals=4),
        reference=ReferenceData(
            "camvid_test",
            "CamVid, test",
            LISTINGS / "camvid_test.tsv",
            camvid.arrange,
            "CC BY-NC 4.0 (the repository); CamVid: none stated",
            59,
            terms="CamVid (University of Cambridge) is for research; the copy is not for commercial use",
            rule="every fourth of 233 pictures",
        ),
    )


MODEL = Family(
    domain="segmentation",
    name="espnet",
    title="ESPNet",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("espnet",),
    make=model,
)
