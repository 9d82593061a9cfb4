"""torchvision's networks: classifiers, and those of torchvision.models.segmentation."""

from __future__ import annotations

import inspect
from typing import Any

from utils.postprocess.labels import imagenet
from zoo.contributing.new.kinds.names import one_of
from zoo.contributing.new.source import Said, Source, Weights, need

_LICENCE = "BSD-3-Clause (torchvision)"
_PACKAGES = ("torch", "torchvision")
_FETCHED = (("zoo.frameworks.pytorch", "torchvision_pretrained"),)
_FIRST = "IMAGENET1K_V1"
_VOC = "COCO-val2017-VOC-labels"


def classifier(name: str) -> Source:
    """A network of torchvision.models, and what its first ImageNet weights say."""
    models = need("torchvision", "torchvision").models
    one_of(name, models.list_models(models), "torchvision", "image classifier")
    choices = list(models.get_model_weights(name))
    chosen = next((one for one in choices if one.name == _FIRST), choices[0] if choices else None)
    return Source(
        text=f"torchvision.{name}",
        variant=name,
        framework="pytorch",
        code=("import torchvision", "", "getattr(torchvision.models, variant)(weights=None)"),
        network=lambda: getattr(models, name)(weights=None),
        origin="torchvision.models",
        licence=_LICENCE,
        packages=_PACKAGES,
        said=_said(chosen) if chosen else Said(),
        labels=imagenet() if chosen else None,
        weights=_classifier_weights(chosen) if chosen else None,
    )


def _said(weights: Any) -> Said:
    preset = weights.transforms()
    return Said(
        side=preset.crop_size[0],
        resize=preset.resize_size[0],
        channels=3,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        interpolation=preset.interpolation.value,
    )


def _classifier_weights(weights: Any) -> Weights:
    named = "" if weights.name == _FIRST else f', weights="{weights.name}"'
    accuracy = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    return Weights(
        f"partial(torchvision_pretrained, variant{named})",
        _FETCHED,
        "top1",
        round(accuracy / 100, 5),
        f"torchvision, {weights.name}, ImageNet val",
    )


def segmenter(name: str) -> Source:
    """A network of torchvision.models.segmentation. Its output is a dict, of which "out" is meant.

    Published weights hold those of the auxiliary classifier too, which training had: the network is built with it.
    """
    models = need("torchvision", "torchvision").models
    one_of(name, models.list_models(models.segmentation), "torchvision", "segmentation network")
    builder = getattr(models.segmentation, name)
    (weights,) = models.get_model_weights(name)
    auxiliary = ", aux_loss=True" if "aux_loss" in inspect.signature(builder).parameters else ""
    preset = weights.transforms()
    figure = weights.meta["_metrics"][_VOC]["miou"]
    return Source(
        text=f"torchvision.{name}",
        variant=name,
        framework="pytorch",
        code=(
            "import torchvision",
            "",
            "builder = getattr(torchvision.models.segmentation, variant)",
            f"builder(weights=None, weights_backbone=None{auxiliary})",
        ),
        network=lambda: builder(weights=None, weights_backbone=None, **({"aux_loss": True} if auxiliary else {})),
        origin="torchvision.models.segmentation",
        licence=_LICENCE,
        packages=_PACKAGES,
        # 520 is what the shorter side is scaled to for the published figure; the network takes any side
        said=Said(resize=preset.resize_size[0], channels=3, mean=tuple(preset.mean), std=tuple(preset.std)),
        labels=tuple(weights.meta["categories"]),
        taken='["out"]',
        weights=Weights(
            f'partial(torchvision_pretrained, variant, weights="{weights.name}")',
            _FETCHED,
            "miou",
            round(figure / 100, 5),
            f"torchvision, {weights.name}, {_VOC}, shorter side {preset.resize_size[0]}",
        ),
    )
