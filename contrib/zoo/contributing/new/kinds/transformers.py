"""transformers' image classifiers by the name of their class, with its default configuration."""

from __future__ import annotations

import importlib
from typing import Any

from utils.postprocess.labels import imagenet
from zoo.contributing.new.kinds import processors
from zoo.contributing.new.kinds.names import one_of
from zoo.contributing.new.source import Source, need

_CLASSES = 1000


def classifier(name: str) -> Source:
    """A class with the default configuration. Weights, and other configurations, belong to checkpoints."""
    package = need("transformers", "transformers")
    auto = importlib.import_module("transformers.models.auto.modeling_auto")
    known: list[str] = []
    for names in auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES.values():
        known += [names] if isinstance(names, str) else names
    network = getattr(package, one_of(name, known, "transformers", "image classifier"))

    def build() -> Any:
        return network(network.config_class(num_labels=_CLASSES))

    return Source(
        text=f"transformers.{name}",
        variant=name,
        framework="pytorch",
        code=(
            "import transformers",
            "",
            "family = getattr(transformers, variant)",
            f"family(family.config_class(num_labels={_CLASSES}))",
        ),
        network=build,
        origin="transformers",
        licence="Apache-2.0 (transformers); look up the licence of the weights that you use",
        packages=("torch", "transformers"),
        said=processors.said_by(name, processors.usual_processor(name, network.config_class)),
        labels=imagenet(),
        taken=".logits",
    )
