"""DBNet finds text at any angle."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.text_scenes import write_scenes
from utils.postprocess.polygons import PolygonDecoder
from utils.preprocess.pytorch.text_detection import SceneTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Pretrained, Published, SampleData
from zoo.tasks.text_detection import Reader, TextDetection

SIDE = 320
# MMOCR 1.x, Apache-2.0; the name ends with the beginning of the file's SHA-256
PRETRAINED = {
    "dbnet_resnet18": Pretrained(
        "https://download.openmmlab.com/mmocr/textdet/dbnet/dbnet_resnet18_fpnc_1200e_icdar2015/"
        "dbnet_resnet18_fpnc_1200e_icdar2015_20220825_221614-7c0e94f2.pth",
        59.1,
        "7c0e94f2",
    )
}
LEAST_SCORE = 0.4  # chosen on scenes of the training kind; thin regions lower the mean of their rectangle


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, normalised RGB, to the probability of text [N, 1, H, W]; see network.py."""
    return beside(__file__, "network").build(variant)


PUBLISHED = {
    "dbnet_resnet18": Published("hmean", 0.8169, "MMOCR's model zoo, ICDAR 2015 test, at 736 pixels"),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", 1, "height", "width")),),
                size={"height": SIDE, "width": SIDE},
            ),
        ),
        task=TextDetection(SceneTransform(SIDE, SIDE), PolygonDecoder(box_threshold=LEAST_SCORE), Reader("ocr/crnn")),
        sample=SampleData("text_scenes", 1, write_scenes, "rendered scenes of text"),
        source="written for this repository after the paper; names in the state dict as in MMOCR",
        licence="BSD-3-Clause; sample lettered in Aileron (CC0) and Caladea (Apache-2.0)",
        paper="Liao et al., Real-time Scene Text Detection with Differentiable Binarization, 2020",
        pretrained=PRETRAINED.get(variant),
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="ocr",
    name="dbnet",
    title="DBNet",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("dbnet_resnet18_narrow", "dbnet_resnet18"),
    make=model,
)
