"""What the jobs need of a training framework; `of(model)` gives the module for a model, or for one of its parts.

Each module has: `load(model, weights, batch)` → the network in eval mode; `export(model, part, network, path, opset,
shapes, dynamic)` → a note, or ""; `engine(part, network)` → that part of the network itself behind the engine's
interface; `versions()`. Where the framework has formats of its own, `write(network, path)` writes them.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from zoo.model import Model
from zoo.part import Part

TARGETS = {
    "pytorch": "torch",
    "paddle": "paddle",
    "onnx": "source",
    "mindspore": "mindspore_cell",
    "mixed": "frameworks",
}
ONNX = "onnx"
_OWN_FORMATS = {"mindspore": ("mindir", "ckpt")}


def of(model: Model, part: Part | None = None) -> ModuleType:
    """The module for the framework of `model`; imports the framework only when one of its functions is called.

    Args:
        part: of a model that is put together of others, the part whose own framework is meant.
    """
    own = part.framework if part is not None else ""
    return importlib.import_module(f"{__name__}.{own or model.framework}")


def versions(model: Model) -> dict[str, str]:
    """What the manifest says of the frameworks that the parts of `model` come from."""
    return {name: said for part in model.parts for name, said in of(model, part).versions().items()}


def target(model: Model) -> str:
    """The engine's target that stands for the framework itself."""
    return TARGETS[model.framework]


def formats(framework: str) -> tuple[str, ...]:
    """What a network of this framework is exported to."""
    return (ONNX, *_OWN_FORMATS.get(framework, ()))
