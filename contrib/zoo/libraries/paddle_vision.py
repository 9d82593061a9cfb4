"""paddle.vision's ImageNet classifiers: names, preprocessing, and the networks with their published weights."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from utils.preprocess.paddle.classification import ClassificationTransform
from zoo.model import Model, Pretrained

from .classifier import classifier
from .names import Facts, facts

LIBRARY = "paddle_vision"
FRAMEWORK = "paddle"
_LICENCE = "Apache-2.0"
_SIDES = {"inception_v3": 299}
# Networks that give the logits of heads for training too
_HEADS = {"googlenet": ("auxiliary1", "auxiliary2")}


def entries() -> Iterator[tuple[str, Facts]]:
    """Every name with its facts, from the installed library; `any_size` is not among them."""
    models = _models()
    for name in dir(models):
        builder = getattr(models, name)
        if inspect.isfunction(builder) and "pretrained" in inspect.signature(builder).parameters:
            size = _SIDES.get(name, 224)
            yield name, Facts(size=size, resize=round(size * 256 / 224), licence=_LICENCE if pretrained(name) else "")


def _models() -> Any:
    from engine.backends.paddle import import_paddle

    return import_paddle().vision.models


def pretrained(variant: str) -> Pretrained | None:
    """Paddle's own address and digest of its weights; None where it has none."""
    urls = getattr(sys.modules[getattr(_models(), variant).__module__], "model_urls", {})
    keys = {"mobilenet_v1": "mobilenetv1_1.0", "mobilenet_v2": "mobilenetv2_1.0"}
    for key in (keys.get(variant, variant), f"{variant}_x1.0"):
        if key in urls:
            url, md5 = urls[key]
            return Pretrained(url, md5=md5, licence=_LICENCE)
    return None


def network(variant: str) -> Any:
    """The network of a variant with Paddle's random values."""
    return getattr(_models(), variant)(pretrained=False)


def model(variant: str, **changes: Any) -> Model:
    """The description of a variant; `changes` replace fields of it, such as the paper."""
    said = facts(LIBRARY, variant)
    described: dict[str, Any] = {
        "build": partial(network, variant),
        "source": "paddle.vision.models",
        "licence": f"{_LICENCE} (PaddlePaddle, code and weights)",
        "pretrained": partial(pretrained, variant),
    }
    return classifier(said, ClassificationTransform, _HEADS.get(variant, ()), **(described | changes))
