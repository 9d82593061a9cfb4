"""relay.frontend: from ONNX, and to float16."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx


def from_onnx(
    model: Any, shape_dict: Mapping[str, Sequence[int]], specified_op_dtype: Any = None
) -> tuple[Any, dict[str, Any]]:
    """The model with the shapes of `shape_dict`, and its params."""
    onnx.checker.check_model(model)  # among other things, that nodes are sorted
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    if specified_op_dtype:
        fixed.metadata_props.add(key="specified_op_dtype", value=repr(sorted(specified_op_dtype)))
    for value in fixed.graph.input:
        for dim, size in zip(value.type.tensor_type.shape.dim, shape_dict[value.name], strict=True):
            if dim.HasField("dim_value") and dim.dim_value != size:
                raise ValueError(f"{value.name}: the graph has {dim.dim_value}, shape_dict {size}")
            dim.dim_value = size
    for value in fixed.graph.output:
        for dim in value.type.tensor_type.shape.dim:
            if not dim.HasField("dim_value"):
                dim.ClearField("dim_param")
    return fixed, {}


def convert_float_to_float16(
    module: Any,
    skip_ops: Sequence[str] | None = None,
    convert_all: bool = True,
    convert_judge: Any = None,
    skip_input_name: Sequence[str] | None = None,
    normalized: bool = False,
) -> Any:
    """The module in float16, inputs and outputs too but for those of `skip_input_name`."""
    from onnxconverter_common import float16

    return float16.convert_float_to_float16(
        module, keep_io_types=list(skip_input_name or []), op_block_list=list(skip_ops or []) or None
    )
