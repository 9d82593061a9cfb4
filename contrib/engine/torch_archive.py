"""Exported programs of PyTorch (.pt2), made safe to load.

torch.export.load runs what an archive holds: pickles of sample inputs and constants, expressions that are evaluated,
guards that are compiled, compiled libraries. Here an archive is read first, and written anew from what is plain data:
the graph, with only PyTorch's own operators and plain names, and tensors. Anything else is refused.
"""

from __future__ import annotations

import ast
import io
import json
import math
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from zoo_core.errors import first_line

from .errors import ModelFileError

_LARGEST_TEXT = 1 << 28
_HIGHEST_POWER = 64  # of all powers in an expression together: sympy writes 9 to the power of 9 to the power of 9 out
_MODEL = "models/model.json"
_SAMPLES = "data/sample_inputs/model.pt"
_CONFIGS = ("data/weights/model_weights_config.json", "data/constants/model_constants_config.json")
_TENSOR = re.compile(r"data/(?:weights/weight|constants/tensor)_\d+")
_MARKS = re.compile(
    r"(?:archive_format|archive_version|byteorder|version|\.data/\w+|\.format_version|\.storage_alignment)"
)

# Operators of tensors; those that open files, and write them, are none
_TARGET = re.compile(r"torch\.ops\.(?:aten|prims|torchvision|quantized_decomposed)\.(?!(?:from_file|save)\.)\w+\.\w+")
_PYTHON = re.compile(r"(?:math\.\w+|_operator\.(?:getitem|add|sub|mul|floordiv|truediv|mod|neg|pow|eq|ne|lt|le|gt|ge))")
_NAME = re.compile(r"\w*")
_PLAIN = re.compile(r"[\w.:\-/ ,+]*")
_TREE_TYPES = {"builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict"}

# What expressions of sizes may call
_FUNCTIONS = frozenset(
    (
        *("Symbol", "Integer", "Float", "Add", "Mul", "Pow", "Max", "Min", "Mod", "PythonMod", "FloorDiv", "CeilDiv"),
        *("CleanDiv", "IntTrueDiv", "FloatTrueDiv", "TruncToInt", "RoundToInt", "Where"),
        *("Eq", "Ne", "Ge", "Gt", "Le", "Lt", "And", "Or", "Not"),
    )
)
_NODES = (
    *(
        ast.Expression,
        ast.Call,
        ast.Name,
        ast.Load,
        ast.Constant,
        ast.keyword,
        ast.UnaryOp,
        ast.USub,
        ast.UAdd,
        ast.Not,
    ),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Compare, ast.Eq, ast.NotEq),
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.BoolOp, ast.And, ast.Or),
)


def load_program(ckpt: Path) -> Any:
    """The torch.export.ExportedProgram in `ckpt`; nothing in the file is executed.

    Raises:
        ModelFileError: it is no exported program, or holds what is not plain data.
    """
    import torch

    try:
        clean = _rewritten(ckpt)
        return torch.export.load(clean)
    except ModelFileError:
        raise
    except Exception as error:
        # zip, json and torch's own errors alike mean that the file is not an exported program
        raise ModelFileError(f"{ckpt} is not an exported program: {first_line(error)}") from error


def _rewritten(ckpt: Path) -> io.BytesIO:
    """The archive, of checked members only."""
    made = io.BytesIO()
    with zipfile.ZipFile(ckpt) as archive, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as clean:
        members = _members(ckpt, archive)
        if _MODEL not in members:
            raise ModelFileError(f"{ckpt} is not an exported program of torch.export.save: it has no {_MODEL}")
        for name, member in members.items():
            if not (name in (_MODEL, _SAMPLES, *_CONFIGS) or _TENSOR.fullmatch(name) or _MARKS.fullmatch(name)):
                raise ModelFileError(
                    f"{ckpt} holds '{name}', which is no plain data of an exported program, and is not opened; export "
                    "the network again with torch.export.save, without code or objects of your own"
                )
            content = archive.read(member)
            clean.writestr(f"program/{name}", _checked(ckpt, name, content))
    made.seek(0)
    return made


def _members(ckpt: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """By their names below the archive's own folder."""
    found: dict[str, zipfile.ZipInfo] = {}
    size = ckpt.stat().st_size
    for member in archive.infolist():
        name = str(PurePosixPath(*PurePosixPath(member.filename).parts[1:]))
        if name in found:
            raise ModelFileError(f"{ckpt} holds '{name}' twice")
        if member.compress_type != zipfile.ZIP_STORED or member.file_size > size:
            raise ModelFileError(f"{ckpt}: '{name}' is packed, which torch.export.save does not do")
        found[name] = member
    return found


def _checked(ckpt: Path, name: str, content: bytes) -> bytes:
    """The content of a member, as plain data."""
    if name == _SAMPLES:
        return b""  # a pickle, and of no use here
    if name not in (_MODEL, *_CONFIGS):
        return content
    if len(content) > _LARGEST_TEXT:
        raise ModelFileError(f"{ckpt}: '{name}' has {len(content) >> 20} MB, which no network needs")
    said = json.loads(content)
    if name == _MODEL:
        said["guards_code"] = []
        _plain(ckpt, said, "")
    elif any(entry.get("use_pickle", True) for entry in said["config"].values()):
        raise ModelFileError(f"{ckpt} holds pickled tensors, which are not opened; save it with plain, dense weights")
    elif not all(_TENSOR.fullmatch(f"{name.rpartition('/')[0]}/{one['path_name']}") for one in said["config"].values()):
        raise ModelFileError(f"{ckpt} takes tensors from members that hold none")
    return json.dumps(said).encode()


def _plain(ckpt: Path, said: Any, key: str) -> None:
    """Check everything below `said`, which stands at `key`; metadata, which is only told to people, is dropped."""
    if isinstance(said, dict):
        if "metadata" in said:
            said["metadata"] = {}
        for inner, value in said.items():
            if not _PLAIN.fullmatch(inner):
                raise _no_data(ckpt, inner)
            _plain(ckpt, value, inner)
    elif isinstance(said, list):
        for value in said:
            _plain(ckpt, value, key)
    elif isinstance(said, str) and not _harmless(said, key):
        raise _no_data(ckpt, said)


def _no_data(ckpt: Path, text: str) -> ModelFileError:
    return ModelFileError(
        f"{ckpt} holds {text[:80]!r} in its graph, which is neither an operator of PyTorch nor a plain "
        "name, and is not opened"
    )


def _harmless(text: str, key: str) -> bool:
    if key in ("target", "as_operator"):
        return bool(_TARGET.fullmatch(text) or _PYTHON.fullmatch(text))
    if key == "expr_str":
        return _is_size(text)
    if key in ("in_spec", "out_spec", "treespec"):
        return text == "" or all(kind in _TREE_TYPES or kind is None for kind in _tree_types(json.loads(text)))
    if key in ("name", "as_name"):
        return bool(_NAME.fullmatch(text))
    return len(text) < 4096 and bool(_PLAIN.fullmatch(text))


def _is_size(text: str) -> bool:
    """Whether an expression is arithmetic on symbols: sympy would evaluate any Python."""
    try:
        tree = ast.parse(text, mode="eval") if len(text) < 4096 else None
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    if tree is None or not all(_is_arithmetic(node) for node in ast.walk(tree)):
        return False
    powers = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) == "Pow"]
    return math.prod(_exponent(node) for node in powers) <= _HIGHEST_POWER


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _exponent(power: ast.Call) -> int:
    """Of a power, without its sign; one that is no plain whole number is too high."""
    exponent = power.args[1] if len(power.args) == 2 else None
    if isinstance(exponent, ast.Call) and _called(exponent) == "Integer" and len(exponent.args) == 1:
        exponent = exponent.args[0]
    if isinstance(exponent, ast.UnaryOp):
        exponent = exponent.operand
    value = exponent.value if isinstance(exponent, ast.Constant) else None
    return max(value, 1) if type(value) is int else _HIGHEST_POWER + 1


def _is_arithmetic(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
    if isinstance(node, ast.Name):
        return node.id in _FUNCTIONS or bool(re.fullmatch(r"[suz]\w*\d+", node.id))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return bool(re.fullmatch(r"\w+", node.value))
    return isinstance(node, _NODES)


def _tree_types(said: Any) -> Iterator[str | None]:
    """The types that a description of nested containers names."""
    if isinstance(said, dict):
        for key, value in said.items():
            if key == "type":
                yield value if value is None or isinstance(value, str) else "?"
            elif key == "context":
                yield from () if value is None or isinstance(value, (str, list)) else ("?",)
            else:
                yield from _tree_types(value)
    elif isinstance(said, list):
        for value in said:
            yield from _tree_types(value)
