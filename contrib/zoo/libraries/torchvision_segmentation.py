"""torchvision's networks of semantic segmentation, with the 20 classes of PASCAL VOC and the background.

A name is torchvision's own. SMALL is none of them: it is put together from torchvision's modules, to be tried quickly.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.samples.scenes_voc import write_voc
from utils.datasets.voc_segmentation import LABELS
from utils.preprocess.pytorch.segmentation import ShorterSide
from zoo.data import SampleData
from zoo.model import Model, Pretrained, Published
from zoo.part import Part
from zoo.tasks.segmentation import SemanticSegmentation

from .classifier import DEMOS
from .names import IMAGENET_MEAN, IMAGENET_STD
from .torchvision import published_file, published_network

FRAMEWORK = "pytorch"
SMALL = "fcn_mobilenet_v3_small"
THINGS = DEMOS.parent / "things"
_WEIGHTS = "COCO_WITH_VOC_LABELS_V1"
_WHERE = "torchvision, COCO-val2017-VOC-labels, https://pytorch.org/vision/stable/models.html"
_LICENCE = "BSD-3-Clause; torchvision publishes its weights under the same, they are trained on COCO"


class Facts(NamedTuple):
    """What torchvision says of a network.

    Attributes:
        shorter: to which a picture's shorter side is scaled, in pixels.
        published: mean intersection over union of its weights; None where there are none.
    """

    shorter: int
    published: float | None = None


FACTS = {
    "fcn_resnet50": Facts(520, 0.605),
    "fcn_resnet101": Facts(520, 0.637),
    "deeplabv3_resnet50": Facts(520, 0.664),
    "deeplabv3_resnet101": Facts(520, 0.674),
    "deeplabv3_mobilenet_v3_large": Facts(520, 0.603),
    "lraspp_mobilenet_v3_large": Facts(520, 0.579),
    SMALL: Facts(128),
}


def network(variant: str, state: dict[str, Any] | None = None) -> Any:
    """[N, 3, H, W] to a dictionary, in which "out" are the logits [N, 21, H, W].

    Published weights have the auxiliary head that trained them: torchvision's own builder makes it.

    Args:
        variant: a name of FACTS.
        state: names and tensors of the published file; None for random values.
    """
    return _small() if variant == SMALL else published_network(variant, _WEIGHTS, state)


def _small() -> Any:
    from torchvision.models import mobilenet_v3_small
    from torchvision.models._utils import IntermediateLayerGetter
    from torchvision.models.segmentation.fcn import FCN, FCNHead

    features: Any = mobilenet_v3_small(weights=None, dilated=True).features
    backbone = IntermediateLayerGetter(features, {str(len(features) - 1): "out"})
    return FCN(backbone, FCNHead(features[-1].out_channels, len(LABELS)))


def logits(network: Any) -> Any:
    """What the exported graph computes: the answer of the network, without that of its auxiliary head."""
    from torch import nn

    class Logits(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixels: Any) -> Any:
            return self.network(pixels)["out"]

    return Logits()


def pretrained(variant: str) -> Pretrained:
    """Address, size and digest of a variant's weights."""
    from torchvision import models

    return published_file(models.get_model_weights(variant)[_WEIGHTS])


def model(variant: str, **changes: Any) -> Model:
    """The description of a variant; `changes` replace fields of it, such as the paper."""
    said = FACTS[variant]
    published: dict[str, Any] = {
        "pretrained": partial(pretrained, variant),
        "restore": partial(network, variant),
        "published": Published("miou", said.published or 0.0, _WHERE),
    }
    described: dict[str, Any] = {
        "build": partial(network, variant),
        "parts": (
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", len(LABELS), "height", "width")),),
                size={"height": said.shorter, "width": said.shorter},
                module=logits,
            ),
        ),
        "task": SemanticSegmentation(ShorterSide(said.shorter, IMAGENET_MEAN, IMAGENET_STD), LABELS, one_by_one=True),
        "sample": SampleData("scenes_voc", 1, write_voc, "drawn scenes"),
        "demos": THINGS,
        "source": "torchvision" if said.published else "put together from torchvision's modules",
        "licence": _LICENCE,
    }
    return Model(**(described | (published if said.published else {}) | changes))
