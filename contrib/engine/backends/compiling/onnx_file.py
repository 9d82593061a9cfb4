"""What lies in an ONNX file: the other files that it takes weights from, and its graph, checked before anyone opens it.

The walk over the file's bytes needs no package and skips all weights, so that it costs a second start next to nothing.
"""

from __future__ import annotations

import mmap
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from zoo_core.contents import content_of
from zoo_core.errors import first_line

from ...errors import ModelFileError, TargetUnavailableError
from .lengths import require_lengths
from .mended import mended

T = TypeVar("T")
# Protobuf holds a graph in memory as one message, which may have 2 GB
LARGEST = (1 << 31) - (1 << 20)

# Fields of ONNX's messages below which a tensor may lie: message → {field number: message that it holds}
_WITHIN = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
_KEYS = ("location", "offset", "length", "checksum", "basepath")


def files_of(ckpt: Path) -> list[Path]:
    """The model's own file first, then those in its folder that it takes weights from, sorted.

    Raises:
        ModelFileError: weights are to be taken from outside the model's folder, through a link, or from no file.
    """
    if ckpt.suffix == ".xml":
        weights = ckpt.with_suffix(".bin")
        return [ckpt, weights] if weights.is_file() else [ckpt]
    if ckpt.suffix != ".onnx":
        return [ckpt]
    return _files(ckpt, _found(ckpt, "entry")["entry"])


def files_and_operators_of(ckpt: Path) -> tuple[list[Path], frozenset[str]]:
    """`files_of` and `operators_of` an ONNX file, by one walk. Raises ModelFileError as `files_of` does."""
    found = _found(ckpt, "entry", "node")
    return _files(ckpt, found["entry"]), _operators(found["node"])


def _files(ckpt: Path, entries: list[dict[int, bytes]]) -> list[Path]:
    """What `files_of` gives, from what the file says of weights that lie elsewhere."""
    names = set()
    for entry in entries:
        try:
            said = {number: value.decode() for number, value in entry.items()}
        except UnicodeDecodeError as error:
            raise ModelFileError(f"{ckpt}: external weights are described by bytes that are no text") from error
        if said.get(1) not in _KEYS:
            raise ModelFileError(f"{ckpt}: external weights are described by an unknown key '{said.get(1)}'")
        if said[1] == "location":
            names.add(said.get(2, ""))
    return [ckpt, *(_confined(ckpt, name) for name in sorted(names))]


def operators_of(ckpt: Path) -> frozenset[str]:
    """The types of all nodes in an ONNX file, of inner graphs and functions too; none where it is no ONNX file."""
    return _operators(_found(ckpt, "node")["node"])


def _operators(nodes: list[dict[int, bytes]]) -> frozenset[str]:
    return frozenset(node[4].decode("utf-8", "replace") for node in nodes if 4 in node)


def attributes_of(ckpt: Path, operator: str) -> frozenset[str]:
    """The names of all attributes that nodes of a type have in an ONNX file; a look that needs no onnx package."""

    def names(whole: memoryview) -> list[str]:
        kept = []
        for _, message in _messages("model", whole, ("node",)):
            fields = [(number, bytes(value)) for number, value in _fields(message) if isinstance(value, memoryview)]
            if (4, operator.encode()) in fields:
                attributes = (dict(_fields(memoryview(value))) for number, value in fields if number == 5)
                kept += [bytes(one.get(1, b"")).decode("utf-8", "replace") for one in attributes]
        return kept

    return frozenset(_read(ckpt, names))


def input_names_of(ckpt: Path) -> list[str]:
    """The names of the inputs that a caller of an ONNX file gives, in its order; none where it is no ONNX file."""

    def names(whole: memoryview) -> list[str]:
        kinds: dict[int, list[str]] = {11: [], 5: []}  # inputs, and weights, which older files list among these
        for number, value in _fields(next(_messages("model", whole, ("graph",)), ("", whole[:0]))[1]):
            if number in kinds and isinstance(value, memoryview):
                fields = (one for field, one in _fields(value) if field == (1 if number == 11 else 8))
                kinds[number] += [
                    bytes(name).decode("utf-8", "replace") for name in fields if not isinstance(name, int)
                ]
        return [name for name in kinds[11] if name not in kinds[5]]

    return _read(ckpt, names)


def tensors_of(ckpt: Path, look: Callable[[list[tuple[int, memoryview | int]]], T]) -> list[T]:
    """What `look` says of the fields of every tensor in an ONNX file, wherever in it; needs no onnx package."""
    return _read(ckpt, lambda whole: [look([*_fields(one)]) for _, one in _messages("model", whole, ("tensor",))])


def _found(ckpt: Path, *kinds: str) -> dict[str, list[dict[int, bytes]]]:
    """Of each kind of message, the texts of all that are in an ONNX file, by field number; none where it is no
    protobuf message."""
    found: dict[str, list[dict[int, bytes]]] = {kind: [] for kind in kinds}
    for kind, texts in _read(ckpt, lambda whole: _texts(kinds, whole)):
        found[kind].append(texts)
    return found


def _read(ckpt: Path, look: Callable[[memoryview], list[Any]]) -> list[Any]:
    """What `look` finds in the bytes of a file; nothing where it is no protobuf message."""
    try:
        with ckpt.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            with content, memoryview(content) as whole:
                try:
                    return look(whole)
                except (ValueError, IndexError, RecursionError):
                    pass  # no ONNX file: whoever opens it says so; caught here, where its views of the file end too
    except ValueError:
        pass  # an empty file, which cannot be mapped
    except OSError as error:
        raise ModelFileError(f"{ckpt} cannot be read: {error.strerror}") from error
    return []


def _texts(kinds: tuple[str, ...], whole: memoryview) -> list[tuple[str, dict[int, bytes]]]:
    return [
        (kind, {number: bytes(value) for number, value in _fields(message) if isinstance(value, memoryview)})
        for kind, message in _messages("model", whole, kinds)
    ]


def _messages(holder: str, message: memoryview, kinds: tuple[str, ...]) -> Iterator[tuple[str, memoryview]]:
    """Every message of these kinds below `message`, with its kind."""
    within = _WITHIN.get(holder, {})
    for number, value in _fields(message):
        if number in within and isinstance(value, memoryview):
            if within[number] in kinds:
                yield within[number], value
            yield from _messages(within[number], value, kinds)


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """(number, content) of each field of a protobuf message. Raises ValueError, IndexError where it is none."""
    place = 0
    while place < len(message):
        tag, place = varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = varint(message, place)
            yield tag >> 3, value
            continue
        size, place = varint(message, place) if kind == 2 else ({1: 8, 5: 4}.get(kind, -1), place)
        if size < 0 or place + size > len(message):
            raise ValueError("no protobuf message")
        if kind == 2:
            yield tag >> 3, message[place : place + size]
        place += size


def varint(message: memoryview, place: int) -> tuple[int, int]:
    """A whole number of a protobuf message, and the place behind it. Raises ValueError, IndexError where it is none."""
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError("no protobuf number")


def _confined(ckpt: Path, name: str) -> Path:
    """The file `name` in the model's folder; links are not followed, on no part of the way."""
    path = Path(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise ModelFileError(f"{ckpt} takes weights from '{name}', which is not within its folder; it is not opened")
    place = ckpt.parent
    for part in path.parts:
        place /= part
        try:
            mode = place.lstat().st_mode
        except OSError as error:
            raise ModelFileError(f"{ckpt} takes weights from {place}, which is not there; copy it beside it") from error
        if stat.S_ISLNK(mode):
            raise ModelFileError(f"{ckpt} takes weights from {place}, which is a link; put the file itself there")
    if not stat.S_ISREG(mode):
        raise ModelFileError(f"{ckpt} takes weights from {place}, which is no plain file")
    return place


def read_onnx(ckpt: Path, weights: bool = True) -> Any:
    """The checked model proto in `ckpt`.

    Args:
        ckpt: the file.
        weights: whether those that lie in other files are read too.

    Raises:
        ModelFileError: it is no usable model, contradicts itself, or is too large to be held as one graph.
        TargetUnavailableError: the onnx package is missing.
    """
    try:
        import onnx
    except ImportError as error:
        raise TargetUnavailableError("compiling an ONNX file needs the package onnx: pip install onnx") from error
    files = files_of(ckpt)
    size = sum(file.stat().st_size for file in files)
    if size > LARGEST and (weights or ckpt.stat().st_size > LARGEST):
        raise ModelFileError(
            f"{ckpt} has {size / 1e9:.1f} GB of weights, which is too large for a target that holds graph and weights "
            "as one message of at most 2.1 GB; run it on target onnx, or on openvino, which takes most of such files"
        )
    try:
        model = onnx.load(str(ckpt), load_external_data=False)
        _require_known_opsets(ckpt, model, onnx.defs.onnx_opset_version())
        try:
            onnx.checker.check_model(str(ckpt))
        except onnx.checker.ValidationError:
            if len(files) > 1 or not mended(model):
                raise
            onnx.checker.check_model(model)
        if weights and len(files) > 1:
            require_lengths(ckpt, model)
            onnx.external_data_helper.load_external_data_for_model(model, str(ckpt.parent))
    except ModelFileError:
        raise
    except Exception as error:
        # the checker's errors, protobuf's and those of weights in other files have no common base
        require_no_other_file(ckpt)
        broken = isinstance(error, onnx.checker.ValidationError)
        why = (
            "breaks ONNX's rules, export it again, or try target onnx"
            if broken
            else "may be truncated, export it again"
        )
        raise ModelFileError(
            f"{ckpt} ({ckpt.stat().st_size} bytes) is not a usable ONNX model; it {why}. onnx says: {first_line(error)}"
        ) from error
    return model


def require_no_other_file(ckpt: Path) -> None:
    """Say of what is no ONNX model what it is, where its first bytes tell.

    Raises:
        ModelFileError: it is a Git-LFS pointer, a page, an archive, a checkpoint, or empty.
    """
    what = content_of(ckpt)
    with ckpt.open("rb") as file:
        start = file.read(2)
    what = what or ("a zip archive, as torch.save writes checkpoints" if start == b"PK" else "")
    what = what or ("a pickle, as Paddle and older torch write checkpoints" if start[:1] == b"\x80" else "")
    if what:
        raise ModelFileError(f"{ckpt} is no ONNX model: it is {what}")


def _require_known_opsets(ckpt: Path, model: Any, newest: int) -> None:
    for one in (*model.opset_import, *(two for function in model.functions for two in function.opset_import)):
        if one.domain in ("", "ai.onnx") and not 1 <= one.version <= newest:
            raise ModelFileError(
                f"{ckpt} is written in opset {one.version}, and 1 to {newest} are known here; export it with another"
            )
