"""What the jobs need of a training framework; `of(model)` gives the module for a model.

Each module has: `load(model, weights, batch)` → the network in eval mode; `export(model, part, network, path, opset,
shapes, dynamic)` → a note, or ""; `engine(part, network)` → that part of the network itself behind the engine's
interface; `versions()`. Where the framework has formats of its own, `write(network, path)` writes them.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from zoo.model import Model

TARGETS = {"pytorch": "torch", "paddle": "paddle", "onnx": "source", "mindspore": "mindspore_cell"}
ONNX = "onnx"
_OWN_FORMATS = {"mindspore": ("mindir", "ckpt")}


def of(model: Model) -> ModuleType:
    """The module for the framework of `model`; imports the framework only when one of its functions is called."""
    return importlib.import_module(f"{__name__}.{model.framework}")


def target(model: Model) -> str:
    """The engine's target that stands for the framework itself."""
    return TARGETS[model.framework]


def formats(framework: str) -> tuple[str, ...]:
    """What a network of this framework is exported to."""
    return (ONNX, *_OWN_FORMATS.get(framework, ()))
