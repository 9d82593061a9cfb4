"""ResNet on ImageNet, from torchvision."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.photos import write_photos
from utils.postprocess.labels import imagenet, imagenet_wnids
from utils.preprocess.pytorch.classification import IMAGENET
from zoo.family import Family
from zoo.frameworks.pytorch import torchvision_pretrained
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.classification import ImageClassification

TORCHVISION = "torchvision, IMAGENET1K_V1, ImageNet val"


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, normalised RGB, to [N, 1000] logits."""
    import torchvision

    return getattr(torchvision.models, variant)(weights=None)


PUBLISHED = {
    "resnet18": Published("top1", 0.69758, TORCHVISION),
    "resnet34": Published("top1", 0.73314, TORCHVISION),
    "resnet50": Published("top1", 0.7613, TORCHVISION),
    "resnet101": Published("top1", 0.77374, TORCHVISION),
    "resnet152": Published("top1", 0.78312, TORCHVISION),
}


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
        source="torchvision.models",
        licence="BSD-3-Clause (torchvision)",
        paper="He et al., Deep Residual Learning for Image Recognition, 2015",
        pretrained=partial(torchvision_pretrained, variant),
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="classification",
    name="resnet",
    title="ResNet",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    default="resnet50",
    make=model,
)
