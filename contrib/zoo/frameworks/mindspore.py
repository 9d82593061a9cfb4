"""Networks that come from MindSpore: weights, export, reference. They live in the engine's worker process.

MindSpore and PaddlePaddle cannot be loaded into one process, so that this module never imports MindSpore itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine import backends, worker
from engine.backends.base import Session
from engine.backends.mindspore import python
from engine.base import Engine
from zoo.errors import ZooError
from zoo.frameworks import onnx as graphs
from zoo.frameworks.checkpoints import misfits, unwrapped, way_on, with_names_of
from zoo.frameworks.weight_files import is_safetensors, require_checkpoint, safetensors_arrays
from zoo.model import Model
from zoo.part import Part
from zoo.weights import Weights, require_match
from zoo_core.errors import first_line

_CELL = f"{__package__}.mindspore_cell"
_COUNTER = ".num_batches_tracked"
# Single numbers that MindSpore writes beside a network's own: its callbacks, optimisers and loss scales
_OF_TRAINING = frozenset(
    {
        *("epoch_num", "step_num", "batch_num", "cur_rank", "global_step", "learning_rate", "momentum", "loss_scale"),
        *("scale_sense", "current_iterator_step", "last_overflow_iterator_step", "accumulation_step", "beta1_power"),
        *("beta2_power", "afactor_step", "cov_step", "fake_param", "fake_lr", "graceful_exit", "graceful_init"),
        *("state_step", "step_t"),
    }
)


def load(model: Model, weights: Weights, batch: list[np.ndarray]) -> worker.WorkerSession:
    """The network of `model` with `weights`, in eval mode, in the worker process.

    `batch`: real, preprocessed samples, one array an input. Weights are a .safetensors or a .ckpt file.
    """
    backends.find("mindspore")
    network = worker.WorkerSession(python(), _CELL, "open_cell", str(model.folder), model.variant)
    if weights.kind == "random":
        network.ask("make_alive", batch)
    elif weights.path is not None:
        _load_state(network, weights.path, weights.key)
    return network


def _load_state(network: worker.WorkerSession, path: Path, key: str = "") -> None:
    own = network.ask("kinds")
    content = unwrapped(_read_state(path), path, key, lambda value: isinstance(value, np.ndarray), lambda value: "none")
    state = _without_training(with_names_of(_without_training(content, own), own), own)
    require_match(
        str(path),
        missing=[name for name in own if name not in state],
        unexpected=[name for name in state if name not in own],
        mismatched=misfits(state, own),
        way_on=way_on(state, own),
    )
    network.ask("set_state", state)


def _without_training(state: dict[str, np.ndarray], own: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """`state` without what MindSpore's callbacks write beside the network: the optimiser's moments, which are called
    after the parameter ("moments.conv1.weight"), and the single numbers of training, such as the step."""
    left = {
        name
        for name, value in state.items()
        if name not in own
        and (name.partition(".")[2] in {*own} & {*state} or (value.size == 1 and _is_of_training(name)))
    }
    return {name: value for name, value in state.items() if name not in left}


def _is_of_training(name: str) -> bool:
    return name in _OF_TRAINING or name.startswith("learning_rate_group_")  # one for each group of parameters


def _read_state(path: Path) -> dict[str, np.ndarray]:
    require_checkpoint(path)
    if is_safetensors(path):
        found = safetensors_arrays(path)
        # PyTorch counts the batches that a norm was trained on; MindSpore does not, and no result depends on it
        return {name: array for name, array in found.items() if not name.endswith(_COUNTER)}
    try:
        return worker.call(python(), _CELL, "read_ckpt", str(path.absolute()))
    except Exception as error:
        # whatever MindSpore says of a file that is not a checkpoint
        raise ZooError(f"{path} is not a checkpoint of tensors: {first_line(error)}") from error


def export(
    model: Model,
    part: Part,
    network: worker.WorkerSession,
    path: Path,
    opset: int,
    shapes: list[list[int]],
    dynamic: bool,
) -> str:
    """Write `network` to `path`; returns a note where the opset of MindSpore's exporter, 11, was kept."""
    import onnx

    from engine.frontends.mindspore_onnx import free_dimensions

    graph = _exported(network, path, shapes)
    if dynamic:
        free_dimensions(graph, _exported(network, path, _larger(part, shapes)), part.inputs, part.outputs)
    graph, note = graphs.converted(graph, opset)
    onnx.save(graph, path)
    return note


def _exported(network: worker.WorkerSession, path: Path, shapes: list[list[int]]) -> Any:
    """The graph for inputs of these shapes; `path` is where it is written meanwhile."""
    import onnx

    network.ask("write_onnx", str(path.absolute()), shapes)
    return onnx.load(path)


def _larger(part: Part, shapes: list[list[int]]) -> list[list[int]]:
    """`shapes` with every dynamic dimension larger, those of pictures by a multiple of the usual strides."""
    more = {name: 1 if name == "batch" else 32 for spec in part.inputs for name in spec.shape}
    return [
        [size + more[name] if isinstance(name, str) else size for name, size in zip(spec.shape, shape, strict=True)]
        for spec, shape in zip(part.inputs, shapes, strict=True)
    ]


def write(network: worker.WorkerSession, path: Path) -> None:
    """Write `network` in the format of MindSpore's own that the suffix of `path` names: .mindir or .ckpt."""
    network.ask(f"write_{path.suffix[1:]}", str(path.absolute()))


class _Lent(Session):
    """A network behind an engine. Closing the engine leaves the network open: an export goes on with it."""

    def __init__(self, network: worker.WorkerSession):
        self.inputs, self.outputs = network.inputs, network.outputs
        self._network = network

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        return self._network.run(arrays)


def engine(part: Part, network: worker.WorkerSession) -> Engine:
    """The network itself behind the engine's interface, with the model's own input and output names."""
    return Engine.from_session(_Lent(network), "mindspore_cell", "mindspore_cell", dtype="float32")


def versions() -> dict[str, str]:
    """What the manifest says of the framework."""
    return {"mindspore": worker.call(python(), _CELL, "version")}
