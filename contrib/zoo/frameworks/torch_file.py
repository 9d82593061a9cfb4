"""The tensors in files that torch.save or safetensors wrote: nothing in them is run, and they take no more memory than
what they hold."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.frameworks.checkpoints import unwrapped
from zoo.frameworks.weight_files import (
    damage,
    is_safetensors,
    require_checkpoint,
    require_no_network,
    require_torch,
    unpacked_bytes,
)
from zoo.shards import merged
from zoo_core.machine import memory_bounded

# Beside the tensors: what torch loads of itself, and what training scripts keep
_ROOM = 512 << 20


def read_state(path: Path, key: str = "", network_bytes: int | None = None) -> dict[str, Any]:
    """The tensors of a .safetensors file, or of a checkpoint (loaded without running any code in it), or those of all
    files that an index names.

    What training scripts put around them is taken off (`checkpoints.unwrapped`); what lies beside them is passed over.

    Args:
        key: where in the file they are; "" to find them.
        network_bytes: what the network's own tensors take; an archive that unpacks to far more is refused.

    Raises:
        ZooError: the file is no checkpoint; the message says what it is.
    """
    import torch

    content = merged(path, lambda one: _content(one, network_bytes))
    return unwrapped(content, path, key, lambda value: isinstance(value, torch.Tensor), _kind)


def _content(path: Path, network_bytes: int | None) -> Any:
    """What a file holds. Raises ZooError where it is no checkpoint."""
    require_checkpoint(path, network_bytes)
    require_no_network(path)
    require_torch(path)
    try:
        if is_safetensors(path):
            from safetensors.torch import load_file

            return load_file(str(path))
        with memory_bounded(2 * unpacked_bytes(path) + _ROOM):
            return _load_checkpoint(path)
    except MemoryError as error:
        raise ZooError(f"{path} asks for far more memory than its tensors take: this is no checkpoint") from error
    except Exception as error:
        # zip, pickle, json and safetensors errors alike mean that the file is not a checkpoint
        raise damage(path, error) from error


def _load_checkpoint(path: Path) -> Any:
    import torch

    from zoo.frameworks import tensors_only

    # an open file, because torch takes a path's suffix for what is in it
    with path.open("rb") as file:
        try:
            return torch.load(file, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError:
            # damaged, or with objects that torch does not know
            file.seek(0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", torch.serialization.SourceChangeWarning)  # of classes nobody imports
                return torch.load(file, map_location="cpu", pickle_module=tensors_only, weights_only=False)


def _kind(value: Any) -> str:
    from zoo.frameworks.tensors_only import Other

    if value is Other:
        return "an object whose code is not run, such as a whole network or a numpy array"
    return f"of type {type(value).__name__}"
