"""The networks of paddle.vision.models."""

from __future__ import annotations

import inspect
import sys

from utils.postprocess.labels import imagenet
from zoo.contributing.new.kinds.names import one_of
from zoo.contributing.new.picture import IMAGENET_MEAN, IMAGENET_STD, USUAL_RESIZE, USUAL_SIDE
from zoo.contributing.new.source import Said, Source, Weights, need

_IMAGENET = Said(side=USUAL_SIDE, resize=USUAL_RESIZE, channels=3, mean=IMAGENET_MEAN, std=IMAGENET_STD)
_DIGITS = Said(side=28, resize=28, channels=1, mean=(0.5,), std=(0.5,))


def classifier(name: str) -> Source:
    """A network of paddle.vision: all of ImageNet but LeNet, which is of digits."""
    models = need("paddle", "paddlepaddle").vision.models
    known = [one for one in dir(models) if callable(getattr(models, one)) and not one.startswith("_")]
    builder = getattr(models, one_of(name, known, "paddle.vision", "image classifier"))
    fetched = name in getattr(sys.modules[builder.__module__], "model_urls", {})
    keyword = "pretrained=False" if "pretrained" in inspect.signature(builder).parameters else ""
    imports = (("zoo.frameworks.paddle", "vision_pretrained"),)
    return Source(
        text=f"paddle.vision.{name}",
        variant=name,
        framework="paddle",
        code=("import paddle", "", f"getattr(paddle.vision.models, variant)({keyword})"),
        network=lambda: builder(pretrained=False) if keyword else builder(),
        origin="paddle.vision.models",
        licence="Apache-2.0 (PaddlePaddle)",
        packages=("paddlepaddle",),
        said=_DIGITS if name == "LeNet" else _IMAGENET,
        labels=None if name == "LeNet" else imagenet(),
        weights=Weights("partial(vision_pretrained, variant)", imports) if fetched else None,
    )
