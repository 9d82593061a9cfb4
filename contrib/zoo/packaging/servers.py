"""What Triton and OpenVINO's model server want to be told of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.spec import TensorSpec
from zoo.errors import ZooError

# numpy's dtypes, and what Triton calls them
TYPES = {
    "bool": "TYPE_BOOL",
    **{f"{kind}int{bits}": f"TYPE_{kind.upper()}INT{bits}" for kind in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"TYPE_FP{bits}" for bits in (16, 32, 64)},
    "bfloat16": "TYPE_BF16",
}
_INSTEAD_OF_SCALAR = "[ 1 ]\n  reshape: { shape: [ ] }"


def config(
    name: str,
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    batch: int,
    delay: int,
    warm_up: Mapping[str, np.ndarray],
    labels: int = 0,
) -> str:
    """config.pbtxt, in protobuf's text format.

    Args:
        name: of the model, which is that of its folder.
        inputs, outputs: of the graph, as they stand in the file.
        batch: rows that one call may have; 0 where dimension 0 is not the batch everywhere.
        delay: microseconds that a request may wait for others.
        warm_up: what the first call is made with, by input, as in the files of `warm_up_file`; {} for none.
        labels: how many lines labels.txt has, which name the classes of an output of as many; 0: there is none.

    Raises:
        ZooError: Triton has no such dtype.
    """
    lines = [f"name: {_text(name)}", 'backend: "onnxruntime"', 'default_model_filename: "model.onnx"']
    lines.append(f"max_batch_size: {batch}")
    lines += [_tensor("input", spec, batch) for spec in inputs]
    lines += [_tensor("output", spec, batch, labels) for spec in outputs]
    if batch:
        lines.append(f"dynamic_batching {{ max_queue_delay_microseconds: {delay} }}")
    if warm_up:
        lines.append(_warm_up(warm_up, batch))
    return "\n".join(lines) + "\n"


def warm_up_file(number: int) -> str:
    """Below the folder "warmup", the file with what an input is given; its name may be none for a file.

    Args:
        number: of the input, from 0.
    """
    return f"input_{number}.bin"


def _tensor(kind: str, spec: TensorSpec, batch: int, labels: int = 0) -> str:
    shape = spec.shape[1:] if batch else spec.shape
    lines = [f"{kind} {{", f"  name: {_text(spec.name)}", f"  data_type: {_type(spec)}"]
    lines.append(f"  dims: {_dims(shape) if shape else _INSTEAD_OF_SCALAR}")
    if labels and kind == "output" and shape == (labels,):
        lines.append('  label_filename: "labels.txt"')
    return "\n".join([*lines, "}"])


def _warm_up(arrays: Mapping[str, np.ndarray], batch: int) -> str:
    entries = []
    for number, (name, array) in enumerate(arrays.items()):
        shape = array.shape[1:] if batch else array.shape
        file = _text(warm_up_file(number))
        value = f"data_type: {TYPES[array.dtype.name]} dims: {_dims(shape or (1,))} input_data_file: {file}"
        entries.append(f"  inputs {{ key: {_text(name)} value {{ {value} }} }}")
    return "\n".join(['model_warmup {\n  name: "sample"\n  batch_size: 1', *entries, "}"])


def _dims(shape: Sequence[int | str]) -> str:
    return f"[ {', '.join(str(size) if isinstance(size, int) else '-1' for size in shape)} ]"


def _type(spec: TensorSpec) -> str:
    if spec.dtype not in TYPES:
        raise ZooError(f"'{spec}' holds {spec.dtype}, which Triton has no type for")
    return TYPES[spec.dtype]


def _text(value: str) -> str:
    """A string as protobuf's text format writes it: what is not plain ASCII as the bytes of UTF-8, in octal."""
    plain = (chr(one) if 32 <= one < 127 and one not in b'"\\' else f"\\{one:03o}" for one in value.encode())
    return f'"{"".join(plain)}"'


def served(names: Sequence[str], root: str) -> dict[str, Any]:
    """config.json of OpenVINO's model server: each graph by its name, and where it lies.

    Args:
        names: of the graphs, which are those of their folders.
        root: the folder of the repository, as the server sees it.
    """
    return {"model_config_list": [{"config": {"name": name, "base_path": f"{root}/{name}"}} for name in names]}
