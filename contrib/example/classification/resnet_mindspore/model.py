"""ResNet on ImageNet, defined in MindSpore."""

from functools import partial
from pathlib import Path
from typing import Any

from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.classifier import classifier
from zoo.libraries.names import Facts
from zoo.model import Model, Published

WHERE = "torchvision, IMAGENET1K_V1, ImageNet val, https://pytorch.org/vision/stable/models.html; not these weights"
PUBLISHED = {"resnet18": Published("top1", 0.69758, WHERE), "resnet34": Published("top1", 0.73314, WHERE)}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, normalised RGB, to [N, 1000] logits."""
    return beside(__file__, "network").ResNet(variant)


def model(variant: str) -> Model:
    """What is known of a variant."""
    return classifier(
        Facts(size=224, resize=256, interpolation="bilinear", mean=MEAN, std=STD, licence="", any_size=True),
        build=partial(build, variant),
        source="written for this repository after the paper; names and preprocessing are torchvision's",
        licence="BSD-3-Clause",
        paper="He et al., Deep Residual Learning for Image Recognition, 2015",
        published=PUBLISHED[variant],
        demos=None,
    )


MODEL = Family(
    domain="classification",
    name="resnet_mindspore",
    title="ResNet (MindSpore)",
    framework="mindspore",
    folder=Path(__file__).resolve().parent,
    names=tuple(PUBLISHED),
    make=model,
)
