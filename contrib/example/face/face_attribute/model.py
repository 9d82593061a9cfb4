"""FaceAttribute says of a face how old somebody looks, whether as a man or a woman, and with or without a mask."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.face_attributes import HEADS, write_face_attributes
from utils.preprocess.pytorch.stretch import Stretch
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.narrow_resnet import Shape
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.face_attributes import FaceAttributeTask

SIDE = 112
SHAPES = {
    "face_attribute_narrow": Shape((1, 1, 1, 1), (16, 32, 64, 96), 16),
    "face_attribute_resnet18": Shape(),
}
PUBLISHED = {
    "face_attribute_resnet18": Published(
        "age_accuracy",
        0.457,
        "MindSpore's FaceAttribute, https://gitee.com/mindspore/models: 11,000 faces of FairFace and RWMFD; gender "
        "0.895, mask 0.992",
        decimals=3,
    )
}


def build(variant: str) -> Any:
    """[N, 3, 112, 112] float32 to logits [N, 9], [N, 2] and [N, 2]; see network.py."""
    classes = [len(head.labels) for head in HEADS]
    return beside(__file__, "network").FaceAttribute(SHAPES[variant], classes)


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, SIDE, SIDE)),),
                outputs=tuple(TensorSpec(head.name, "float32", ("batch", len(head.labels))) for head in HEADS),
            ),
        ),
        task=FaceAttributeTask(Stretch(SIDE, SIDE, 127.5, 127.5), HEADS),
        sample=SampleData("face_attributes", 1, write_face_attributes, "drawn faces"),
        source="written for this repository after MindSpore's description, on timm's ResNet",
        licence="BSD-3-Clause; timm: Apache-2.0; the sample is drawn by this repository",
        paper="He et al., Deep Residual Learning for Image Recognition, 2015",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="face",
    name="face_attribute",
    title="FaceAttribute",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    make=model,
)
