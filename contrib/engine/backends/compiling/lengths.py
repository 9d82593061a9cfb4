"""Weights that lie beside an ONNX file: as long as their shapes say."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ...errors import ModelFileError

# How many bits a number of a type of less than a byte takes, by ONNX's numbers of types: they lie side by side
_BITS = {21: 4, 22: 4, 23: 4, 25: 2, 26: 2, 27: 6, 28: 6}


def require_lengths(ckpt: Path, model: Any) -> None:
    """Raise ModelFileError where a weight in another file has not the length of its shape; fill in what is not said."""
    import onnx

    for tensor in model.graph.initializer:
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        bits = _BITS.get(tensor.data_type) or 8 * onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        whole = (math.prod(tensor.dims) * bits + 7) // 8
        said = {entry.key: entry.value for entry in tensor.external_data}
        length = said.get("length")
        if length is None:
            tensor.external_data.add(key="length", value=str(whole))
        elif length != str(whole):
            raise ModelFileError(
                f"{ckpt}: weight '{tensor.name}' {[*tensor.dims]} takes {whole} bytes, and the file names {length} of "
                f"{said.get('location')}; export it again"
            )
