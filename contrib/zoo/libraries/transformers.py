"""transformers' networks: of a class, or in a folder that `save_pretrained` wrote, by transformers' own key mapping.

Its names are classes, which are architectures: sizes, labels and preprocessing belong to a folder or a configuration.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo_core.errors import first_line

LIBRARY = "transformers"
FRAMEWORK = "pytorch"
_CONFIG = "config.json"


def image_classifiers() -> list[str]:
    """The classes that classify pictures."""
    auto = importlib.import_module("transformers.models.auto.modeling_auto")
    found: set[str] = set()
    for entry in auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES.values():
        found |= {entry} if isinstance(entry, str) else set(entry)
    return sorted(found)


def network(name: str, state: dict[str, Any] | None = None, **config: Any) -> Any:
    """A network of the class `name` with its default configuration, with `state` loaded, else with random values.

    Args:
        state: names and tensors of a file, in the names of any version of transformers.
        config: what differs from the default configuration, such as num_labels.

    Raises:
        ZooError: `state` does not fit.
    """
    transformers = importlib.import_module("transformers")
    kind = getattr(transformers, name)
    settings = kind.config_class(**config)
    return kind(settings) if state is None else loaded(kind, name, config=settings, state_dict=state)


def network_of_folder(folder: Path) -> Any:
    """The network in a folder that `save_pretrained` wrote, of the class that its configuration names.

    Raises:
        ZooError: it is no such folder, or its weights do not fit the class.
    """
    transformers = importlib.import_module("transformers")
    try:
        said = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
        (name,) = said["architectures"]
        kind = getattr(transformers, name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ZooError(
            f"{folder} is not a folder that save_pretrained of transformers wrote: {_CONFIG} names no class that "
            f"transformers has ({first_line(error)})"
        ) from error
    return loaded(kind, str(folder), source=folder)


def loaded(kind: Any, what: str, source: Path | None = None, **options: Any) -> Any:
    """What `from_pretrained` makes of local weights; nothing is fetched, and no missing name is made up."""
    try:
        made, report = kind.from_pretrained(
            source, local_files_only=True, use_safetensors=source is not None, output_loading_info=True, **options
        )
    except Exception as error:
        # files, names and shapes are told by a class of error each
        raise ZooError(f"transformers cannot load {what}: {first_line(error)}") from error
    wrong = {kind: sorted(map(str, report[kind])) for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")}
    if any(wrong.values()):
        said = "; ".join(f"{kind.replace('_', ' ')}: {', '.join(names[:5])}" for kind, names in wrong.items() if names)
        raise ZooError(f"the weights of {what} do not fit {kind.__name__}: {said}")
    return made.eval()


def lively(network: Any) -> Any:
    """The same network, with matrices, kernels and norms that keep what passes through them at its size.

    transformers draws those of random networks so small that they say nearly the same of everything. Whoever loads
    weights replaces them.
    """
    torch = importlib.import_module("torch")
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.Embedding):
                module.weight.normal_()
            elif isinstance(module, (torch.nn.Linear, torch.nn.modules.conv._ConvNd)):
                module.weight.normal_(std=module.weight[0].numel() ** -0.5)
            elif isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and module.affine:
                module.weight.fill_(1.0)  # which some of its networks draw around zero
    return network
