"""ResNet-50 on ImageNet, from paddle.vision."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.photos import write_photos
from utils.postprocess.labels import imagenet, imagenet_wnids
from utils.preprocess.paddle.classification import IMAGENET
from zoo.family import Family
from zoo.frameworks.paddle import vision_pretrained
from zoo.model import Model, Part, SampleData
from zoo.tasks.classification import ImageClassification


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, normalised RGB, to [N, 1000] logits."""
    import paddle

    return getattr(paddle.vision.models, variant)(pretrained=False)


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", 1000)),),
                size={"height": 224, "width": 224},
            ),
        ),
        task=ImageClassification(transform=IMAGENET, labels=imagenet(), folders=imagenet_wnids()),
        sample=SampleData("photos", 1, write_photos),
        source="paddle.vision.models",
        licence="Apache-2.0 (PaddlePaddle)",
        paper="He et al., Deep Residual Learning for Image Recognition, 2015",
        pretrained=partial(vision_pretrained, variant),
    )


MODEL = Family(
    domain="classification",
    name="resnet_paddle",
    title="ResNet-50 (PaddlePaddle)",
    framework="paddle",
    folder=Path(__file__).resolve().parent,
    names=("resnet50",),
    make=model,
)
