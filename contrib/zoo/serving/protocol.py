"""The open inference protocol, version 2 (KServe): tensors as JSON, or as bytes behind it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.spec import TensorSpec
from zoo_core.files import json_line
from zoo_core.numbers import is_whole

from .limits import RefusedError

HEADER_LENGTH = "Inference-Header-Content-Length"
DATATYPES = {
    "bool": "BOOL", "uint8": "UINT8", "uint16": "UINT16", "uint32": "UINT32", "uint64": "UINT64", "int8": "INT8",
    "int16": "INT16", "int32": "INT32", "int64": "INT64", "float16": "FP16", "float32": "FP32", "float64": "FP64",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request for inference.

    Args:
        id: which the answer repeats; None where there is none.
        arrays: in the order of the graph's inputs.
        outputs: the names of those that are wanted, in order, and whether each comes as bytes.
    """

    id: str | None
    arrays: list[np.ndarray]
    outputs: list[tuple[str, bool]]


def described(specs: Sequence[TensorSpec]) -> list[dict[str, Any]]:
    """Tensors as the protocol describes them; -1 stands for a size that may vary."""
    return [
        {
            "name": spec.name,
            "datatype": DATATYPES.get(spec.dtype, spec.dtype),
            "shape": [size if isinstance(size, int) else -1 for size in spec.shape],
        }
        for spec in specs
    ]


def asked(body: bytes, header_length: str | None, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> Asked:
    """What a request asks for, checked against what the network takes.

    Args:
        body: JSON, and behind it the bytes of tensors.
        header_length: how long the JSON is, as the header says; None: it is all there is.
        inputs, outputs: of the network.

    Raises:
        RefusedError: with what is wrong, where, and what was expected.
    """
    said, binary = _parted(body, header_length)
    _only(said, {"id", "inputs", "outputs", "parameters"}, "the request")
    identity = said.get("id")
    if identity is not None and not isinstance(identity, str):
        raise _wrong(f"id is a string, got {identity!r:.40}")
    parameters = _parameters(said, {"binary_data_output"}, "the request")
    as_bytes = _flag(parameters, "binary_data_output", "the request")
    arrays = _arrays(said.get("inputs"), memoryview(binary), {spec.name: spec for spec in inputs})
    return Asked(identity, arrays, _wanted(said.get("outputs"), [spec.name for spec in outputs], as_bytes))


def answered(model: str, request: Asked, outputs: Sequence[tuple[str, np.ndarray]]) -> tuple[bytes, dict[str, str]]:
    """The body of an answer, and its headers.

    Args:
        model: what the protocol calls it.
        request: which is answered.
        outputs: name and array of every output of the network.
    """
    known, described, behind = dict(outputs), [], []
    for name, as_bytes in request.outputs:
        array = np.ascontiguousarray(known[name])
        one: dict[str, Any] = {"name": name, "datatype": _datatype(array), "shape": list(array.shape)}
        if as_bytes:
            behind.append(array.tobytes())
            one["parameters"] = {"binary_data_size": array.nbytes}
        else:
            one["data"] = array.ravel().tolist()
        described.append(one)
    said = ({"id": request.id} if request.id is not None else {}) | {
        "model_name": model,
        "model_version": "1",
        "outputs": described,
    }
    head = json_line(said).encode()
    if not behind:
        return head, {"Content-Type": "application/json"}
    return b"".join([head, *behind]), {"Content-Type": "application/octet-stream", HEADER_LENGTH: str(len(head))}


def _datatype(array: np.ndarray) -> str:
    if array.dtype.name not in DATATYPES:
        raise RefusedError(500, f"the protocol has no datatype for an output of {array.dtype.name}")
    return DATATYPES[array.dtype.name]


def parsed(body: bytes) -> Any:
    """A JSON document. Raises RefusedError."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise _wrong(f"the JSON is not UTF-8 (byte 0x{body[error.start]:02x} at {error.start})") from error
    except RecursionError as error:
        raise _wrong("the JSON is nested too deeply") from error
    except ValueError as error:
        raise _wrong(f"this is no JSON: {error}") from error


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON; send such values as bytes")


def _parted(body: bytes, header_length: str | None) -> tuple[dict[str, Any], bytes]:
    """The JSON object, and the bytes behind it."""
    length = len(body)
    if header_length is not None:
        if not (is_whole(header_length) and int(header_length) <= len(body)):
            raise _wrong(
                f"{HEADER_LENGTH} is a number up to the {len(body)} bytes of the body, got {header_length!r:.40}"
            )
        length = int(header_length)
    said = parsed(body[:length])
    if not isinstance(said, dict):
        raise _wrong(f"the request is a JSON object with inputs, got {type(said).__name__}")
    return said, body[length:]


def _arrays(given: Any, binary: memoryview, specs: Mapping[str, TensorSpec]) -> list[np.ndarray]:
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise _wrong(f"inputs is a list of tensors ({', '.join(specs)}), got {given!r:.60}")
    found: dict[str, np.ndarray] = {}
    for one in given:
        name = one.get("name")
        if not isinstance(name, str) or name not in specs or name in found:
            raise _wrong(f"the inputs are {', '.join(specs)}, each once; got {name!r:.60}")
        found[name], binary = _array(one, binary, specs[name])
    if missing := [name for name in specs if name not in found]:
        raise _wrong(f"the inputs are {', '.join(specs)}; missing: {', '.join(missing)}")
    if binary.nbytes:
        raise _wrong(f"{binary.nbytes} bytes behind the JSON belong to no input; binary_data_size says which do")
    return [found[name] for name in specs]


def _array(one: dict[str, Any], binary: memoryview, spec: TensorSpec) -> tuple[np.ndarray, memoryview]:
    """A tensor, and the bytes that are left for others."""
    where = f"input '{spec.name}'"
    _only(one, {"name", "datatype", "shape", "data", "parameters"}, where)
    datatype = DATATYPES.get(spec.dtype)
    if one.get("datatype") != datatype:
        raise _wrong(f"{where}: its datatype is {datatype or spec.dtype}, got {one.get('datatype')!r:.40}")
    shape = _shape(one.get("shape"), spec, where)
    size = _parameters(one, {"binary_data_size"}, where).get("binary_data_size")
    if (size is None) == ("data" not in one):
        raise _wrong(f"{where} has either data, or the parameter binary_data_size")
    if size is None:
        return _from_list(one["data"], shape, spec, where), binary
    wanted = math.prod(shape) * np.dtype(spec.dtype).itemsize
    if type(size) is not int or size != wanted or size > binary.nbytes:
        raise _wrong(
            f"{where}: {spec.dtype}{shape} has {wanted} bytes; binary_data_size is {size!r:.40}, and {binary.nbytes} "
            "bytes are left behind the JSON"
        )
    if spec.dtype == "bool" and size and max(binary[:size]) > 1:
        raise _wrong(f"{where}: a BOOL is a byte of 0 or 1, got {max(binary[:size])}")
    return np.frombuffer(binary[:size], spec.dtype).reshape(shape), binary[size:]


def _shape(given: Any, spec: TensorSpec, where: str) -> list[int]:
    sound = isinstance(given, list) and all(type(size) is int and 1 <= size < 1 << 31 for size in given)
    if not sound or not spec.admits(given):
        wanted = ", ".join(map(str, spec.shape))
        raise _wrong(f"{where}: its shape is [{wanted}], with whole numbers of at least 1; got {given!r:.60}")
    return list(given)


def _from_list(data: Any, shape: list[int], spec: TensorSpec, where: str) -> np.ndarray:
    """Numbers in a list, flat or nested as the shape says."""
    kinds = {"b": (bool,), "f": (int, float), "i": (int,), "u": (int,)}[np.dtype(spec.dtype).kind]
    flat = _flat(data, [math.prod(shape)], where) if _is_flat(data) else _flat(data, shape, where)
    for value in flat:
        if type(value) not in kinds:
            raise _wrong(f"{where}: data holds values of {DATATYPES[spec.dtype]}, got {value!r:.40}")
    if kinds != (bool,):
        bounds: Any = np.finfo(spec.dtype) if float in kinds else np.iinfo(spec.dtype)
        number = float if float in kinds else int  # numpy's own would round what it is compared with
        for value in (min(flat), max(flat)):
            if not number(bounds.min) <= value <= number(bounds.max):
                raise _wrong(f"{where}: {str(value)[:40]} is beyond {DATATYPES[spec.dtype]}")
    return np.array(flat, spec.dtype).reshape(shape)


def _is_flat(data: Any) -> bool:
    return isinstance(data, list) and not any(isinstance(one, list) for one in data)


def _flat(data: Any, shape: Sequence[int], where: str) -> list[Any]:
    """The values of nested lists, whose lengths are those of `shape`."""
    if not isinstance(data, list) or len(data) != shape[0]:
        got = f"a list of {len(data)}" if isinstance(data, list) else f"{data!r:.40}"
        raise _wrong(f"{where}: data is a list of {shape[0]} here, as its shape says; got {got}")
    if len(shape) == 1:
        return data
    return [value for one in data for value in _flat(one, shape[1:], where)]


def _wanted(given: Any, names: Sequence[str], as_bytes: bool) -> list[tuple[str, bool]]:
    if given is None or given == []:
        return [(name, as_bytes) for name in names]
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise _wrong(f"outputs is a list of names ({', '.join(names)}), got {given!r:.60}")
    found: dict[str, bool] = {}
    for one in given:
        name = one.get("name")
        if not isinstance(name, str) or name not in names or name in found:
            raise _wrong(f"the outputs are {', '.join(names)}, each once; got {name!r:.60}")
        _only(one, {"name", "parameters"}, f"output '{name}'")
        parameters = _parameters(one, {"binary_data"}, f"output '{name}'")
        found[name] = _flag(parameters, "binary_data", f"output '{name}'", as_bytes)
    return list(found.items())


def _only(given: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(given.keys() - known):
        raise _wrong(f"{where} has no {', '.join(unknown)!r:.80}; it has {', '.join(sorted(known))}")


def _parameters(given: Mapping[str, Any], known: set[str], where: str) -> dict[str, Any]:
    """Those of a request, an input or an output. What is not known is refused, since it may change what is meant."""
    found = given.get("parameters") or {}
    if not isinstance(found, dict):
        raise _wrong(f"{where}: parameters is an object, got {found!r:.40}")
    if unknown := sorted(found.keys() - known):
        raise _wrong(f"{where}: the parameter {', '.join(unknown)!r:.80} is not supported; {', '.join(known)} is")
    return found


def _flag(parameters: Mapping[str, Any], name: str, where: str, default: bool = False) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise _wrong(f"{where}: {name} is true or false, got {value!r:.40}")
    return value


def _wrong(said: str) -> RefusedError:
    return RefusedError(400, said)
