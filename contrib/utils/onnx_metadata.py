"""What an ONNX file says of itself beside its graph, read without the onnx package."""

from __future__ import annotations

from pathlib import Path

from utils.protobuf import fields
from zoo_core.errors import DataError

# Field numbers of onnx.ModelProto and onnx.StringStringEntryProto
_METADATA, _KEY, _VALUE = 14, 1, 2


def onnx_metadata(path: Path) -> dict[str, str]:
    """The metadata of an ONNX file, by key.

    Raises:
        DataError: the file cannot be read, or is damaged.
    """
    try:
        entries = [value for field, value in fields(path.read_bytes()) if field == _METADATA]
        pairs = [dict(fields(entry)) for entry in entries if isinstance(entry, bytes)]
        return {bytes(pair[_KEY]).decode(): bytes(pair.get(_VALUE, b"")).decode() for pair in pairs}
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is not a whole ONNX file: {error}.") from error
