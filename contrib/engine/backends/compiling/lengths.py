"""Weights that lie beside an ONNX file: as long as their shapes say."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ...errors import ModelFileError

_PACKED = frozenset({21, 22, 23, 25, 26, 27, 28})  # by ONNX's numbers: types of less than a byte


def require_lengths(ckpt: Path, model: Any) -> None:
    """Raise ModelFileError where a weight in another file has not the length of its shape; fill in what is not said."""
    import numpy as np
    import onnx

    for tensor in model.graph.initializer:
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        width = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)).itemsize
        whole = math.prod(tensor.dims) * width
        said = {entry.key: entry.value for entry in tensor.external_data}
        length = said.get("length")
        if length is None:
            tensor.external_data.add(key="length", value=str(whole))
        elif length != str(whole) and tensor.data_type not in _PACKED:
            raise ModelFileError(
                f"{ckpt}: weight '{tensor.name}' {[*tensor.dims]} takes {whole} bytes, and the file names {length} of "
                f"{said.get('location')}; export it again"
            )
