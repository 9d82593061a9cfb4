"""timm's image classifiers: names, preprocessing, licences, and the networks with their published weights.

Names are timm's own: an architecture (its default weights), or one with a tag (convnext_tiny.fb_in1k). Names of
networks that end in features or in an embedding, and tell no classes apart, are left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

from zoo.model import Model, Pretrained, Published

from .classifier import CLASSES, classifier
from .names import Facts, facts, path_of

LIBRARY = "timm"
FRAMEWORK = "pytorch"
_LICENCE = "Apache-2.0"
_SOURCE = "timm's own table, ImageNet val{}, https://github.com/huggingface/pytorch-image-models"
_HUB = "https://huggingface.co/{}/resolve/main/{}"
# The end of a file's name by which torch.hub checks its SHA-256; a date is none
_DIGEST = re.compile(r"-(?!\d+\.)([0-9a-f]{8,64})\.\w+$")


def entries() -> Iterator[tuple[str, Facts]]:
    """Every name with its facts, from the installed library; `any_size` is not among them."""
    import timm

    for name in sorted({*timm.list_models(), *timm.list_pretrained()}):
        config = _config(name)
        if config.num_classes in CLASSES:
            yield name, _facts(config)


def _config(name: str) -> Any:
    from timm.models import get_pretrained_cfg

    return get_pretrained_cfg(name)


def _facts(config: Any) -> Facts:
    from timm.data import resolve_data_config

    data = resolve_data_config(pretrained_cfg=config.to_dict())
    side = data["input_size"][-1]
    return Facts(
        size=side,
        resize=math.floor(side / data["crop_pct"]),
        crop=data["crop_mode"],
        interpolation=data["interpolation"],
        mean=tuple(data["mean"]),
        std=tuple(data["std"]),
        classes=config.num_classes,
        licence=config.license or "",
    )


def pretrained(variant: str) -> Pretrained | None:
    """The published weights, from timm's own table: the file whose name has a digest, else that of the hub, which timm
    states no digest for."""
    config = _config(variant)
    found = _DIGEST.search(config.url or "")
    if found and not config.custom_load:
        return Pretrained(config.url, sha256=found[1], licence=config.license or "")
    if config.hf_hub_id:
        file = config.hf_hub_filename or "model.safetensors"
        return Pretrained(_HUB.format(config.hf_hub_id, file), licence=config.license or "")
    if config.url and not config.custom_load:
        return Pretrained(config.url, licence=config.license or "")
    return None


def network(variant: str, state: dict[str, Any] | None = None) -> Any:
    """The network of a variant with `state` loaded as timm itself loads published files, else with random values.

    Raises:
        RuntimeError: names or shapes do not fit, as timm raises it.
    """
    import timm

    if state is None:
        return timm.create_model(variant, pretrained=False)
    return timm.create_model(variant, pretrained=True, pretrained_cfg_overlay={"state_dict": dict(state)})


@lru_cache(maxsize=1)
def _top1() -> dict[str, tuple[float, int]]:
    """(timm's figure, the side of the pictures that it was measured at) of some names."""
    lines = path_of("timm_top1").read_text(encoding="utf-8").splitlines()
    rows = (line.split(" ") for line in lines if not line.startswith("#"))
    return {name: (float(figure), int(side)) for name, figure, side in rows}


def published(variant: str, size: int) -> Published | None:
    """timm's figure of a name, which it measures some at a larger side than it states for use. None: not known here.

    Args:
        size: the side at which the network is run here.
    """
    if variant not in _top1():
        return None
    figure, side = _top1()[variant]
    return Published("top1", figure, _SOURCE.format("" if side == size else f" at {side} pixels"))


def model(variant: str, **changes: Any) -> Model:
    """The description of a variant; `changes` replace fields of it, such as the paper."""
    said = facts(LIBRARY, variant)
    described: dict[str, Any] = {
        "build": partial(network, variant),
        "restore": partial(network, variant),
        "source": "timm",
        "licence": f"{_LICENCE} (timm); weights: {said.licence or 'timm does not say'}",
        "pretrained": partial(pretrained, variant),
        "published": published(variant, said.size),
    }
    return classifier(said, **(described | changes))
