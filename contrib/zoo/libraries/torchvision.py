"""torchvision's image classifiers: names, preprocessing, published weights, and the networks that these need.

A name is torchvision's own, and stands for its first weights (IMAGENET1K_V1 mostly). Others of its weights stand behind
a dot, in small letters: resnet50.imagenet1k_v2.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from zoo.model import Model, Pretrained, Published

from .classifier import classifier
from .names import Facts, facts

LIBRARY = "torchvision"
FRAMEWORK = "pytorch"
_SOURCE = "torchvision, {}, ImageNet val, https://pytorch.org/vision/stable/models.html"
_LICENCE = "BSD-3-Clause"
# What torchvision says of some weights with an address in place of a name
_LICENCES = {"https://github.com/facebookresearch/SWAG/blob/main/LICENSE": "CC-BY-NC-4.0"}
# What the first weights of a name are called in its table, by their licence
_FIRST = {_LICENCE: "IMAGENET1K_V1", "CC-BY-NC-4.0": "IMAGENET1K_SWAG_E2E_V1"}


def entries() -> Iterator[tuple[str, Facts]]:
    """Every name with its facts, from the installed library; `any_size` is not among them."""
    from torchvision import models

    for name in models.list_models(models):
        for number, weights in enumerate(_usable(name)):
            preset = weights.transforms()
            yield (
                name if number == 0 else f"{name}.{weights.name.lower()}",
                Facts(
                    size=preset.crop_size[0],
                    resize=preset.resize_size[0],
                    interpolation=preset.interpolation.value,
                    mean=tuple(preset.mean),
                    std=tuple(preset.std),
                    licence=_LICENCES.get(weights.meta.get("license", ""), _LICENCE),
                    published=round(weights.meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100, 5),
                ),
            )


def _usable(name: str) -> list[Any]:
    """The weights of a name that classify: VGG-16 has some for features only."""
    from torchvision import models

    return [one for one in models.get_model_weights(name) if one.meta.get("categories")]


def weights_of(variant: str) -> Any:
    """torchvision's own entry for the weights that a variant stands for."""
    name, _, tag = variant.partition(".")
    usable = _usable(name)
    return next(one for one in usable if one.name.lower() == tag) if tag else usable[0]


def pretrained(variant: str) -> Pretrained:
    """Address, size and digest (the part of the file's name behind the dash) of a variant's weights."""
    return published_file(weights_of(variant))


def published_file(weights: Any) -> Pretrained:
    """Address, size and digest of an entry of any of torchvision's tables, detectors' and others' too."""
    licence = _LICENCES.get(weights.meta.get("license", ""), _LICENCE)
    digest = weights.url.rpartition("-")[2].partition(".")[0]
    return Pretrained(weights.url, megabytes=weights.meta.get("_file_size"), sha256=digest, licence=licence)


def network(variant: str, state: dict[str, Any] | None = None) -> Any:
    """The network that the published weights of a variant need, with `state` loaded, else with random values."""
    return network_of(variant.partition(".")[0], weights_of(variant), state)


def network_of(name: str, weights: Any, state: dict[str, Any] | None = None, **options: Any) -> Any:
    """The network that torchvision's own builder makes for published weights.

    The builder does more than load them: it transforms the input (GoogLeNet, Inception), drops heads that only training
    needs, renames parameters (DenseNet), and sets the constants of frozen norms (R-CNN). So it is called as it stands,
    and only its loading of the file is replaced.

    Args:
        name: any of torchvision's names, detectors' and segmentation networks' too.
        weights: the entry of its table.
        state: names and tensors of the published file; None: everything but the values, which stay random.
        options: further arguments of the builder.

    Raises:
        RuntimeError: names or shapes do not fit, as torchvision raises it.
    """
    from torchvision import models

    with _handed(state):
        return models.get_model(name, weights=weights, **options)


def published_network(name: str, weights: str, state: dict[str, Any] | None = None) -> Any:
    """As `network_of`, of weights by their name.

    Args:
        name: any of torchvision's names.
        weights: how torchvision calls them, such as COCO_V1.
        state: names and tensors of the published file; None: everything but the values, which stay random.
    """
    from torchvision import models

    return network_of(name, models.get_model_weights(name)[weights], state)


@contextmanager
def _handed(state: dict[str, Any] | None) -> Iterator[None]:
    """Within, torchvision gets `state` in place of a file from its address, or loads nothing where it is None."""
    from torch import nn
    from torchvision.models import WeightsEnum

    entries: Any = WeightsEnum
    modules: Any = nn.Module
    get, load = entries.get_state_dict, modules.load_state_dict
    entries.get_state_dict = lambda self, *_, **__: dict(state or {})
    if state is None:
        modules.load_state_dict = lambda self, *_, **__: None
    try:
        yield
    finally:
        entries.get_state_dict, modules.load_state_dict = get, load


def model(variant: str, **changes: Any) -> Model:
    """The description of a variant; `changes` replace fields of it, such as the paper."""
    said = facts(LIBRARY, variant)
    tag = variant.partition(".")[2].upper() or _FIRST[said.licence]
    figure = Published("top1", said.published, _SOURCE.format(tag)) if said.published else None
    described: dict[str, Any] = {
        "build": partial(network, variant),
        "restore": partial(network, variant),
        "source": "torchvision.models",
        "licence": f"{_LICENCE} (torchvision); weights: {said.licence}",
        "pretrained": partial(pretrained, variant),
        "published": figure,
    }
    return classifier(said, **(described | changes))
