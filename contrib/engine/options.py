"""What an engine is opened with: one object, checked before anything is opened."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from .backends.base import Backend, Options
from .errors import ModelFileError, OptionError, ShapeError, UnknownTargetError

DTYPES = ("float16", "float32", "bfloat16", "int8")


@dataclass(frozen=True)
class EngineOptions:
    """How a network is opened. `Engine(ckpt, target="cpu", batch_size=8)` makes one of its keywords.

    Args:
        target: "onnx", … (`engine.backends.targets()`), a device after a colon.
        input_name: checked against the graph when given (str, or a list in input order).
        batch_size: rows a call, for targets that compile.
        input_size: a list of shapes, one an input, of one compute unit.
        batch_first: whether dimension 0 of the inputs is the batch, so that any number of rows may be cut, padded and
            shared among devices. None: the names of the file's dimensions say it ("batch"); where they do not, nothing
            is cut or padded.
        dtype: "float16", "float32", "bfloat16" or "int8", what compiling targets compute in (others: as the file
            does); allows rounding float inputs to it (float32 for bfloat16, and for int8, whose files round by
            themselves).
        pass_path: pass file of compiling targets.
        save_engine: where compiling targets put what they compiled (True: beside the model).
        rank: the card, where the target names none.
        check_finite: refuse NaN and infinity in inputs.
        streams: how many submitted calls will be under way at once; a runtime on the CPU shares its cores among them,
            one that takes a single call at a time runs them one after the other.
        options: the runtime's own options.
        devices: share every batch among these devices.
        replicas: share every batch among so many copies.
    """

    target: str = "onnx"
    input_name: str | Sequence[str] | None = None
    batch_size: int | None = None
    input_size: Sequence[Sequence[int]] | None = None
    batch_first: bool | None = None
    dtype: str | None = None
    pass_path: str | Path | None = None
    save_engine: str | Path | bool | None = None
    rank: int = 0
    check_finite: bool = False
    streams: int = 1
    options: Mapping[str, Any] | None = field(default_factory=dict)
    devices: Sequence[int | str] | None = None
    replicas: int | None = None

    def changed(self, values: Mapping[str, Any]) -> EngineOptions:
        """These options with other `values`, by name.

        Raises:
            OptionError: there is no option of such a name.
        """
        unknown = sorted(set(values) - set(NAMES))
        if unknown:
            raise OptionError(f"an engine has no option {', '.join(unknown)}; it has: {', '.join(NAMES)}")
        return replace(self, **values)

    def checked(self) -> EngineOptions:
        """These options with values of the right kinds.

        Raises:
            OptionError, ShapeError, UnknownTargetError: a value makes no sense; the message names it.
        """
        if not isinstance(self.target, str):
            raise UnknownTargetError(f"target is a name such as 'onnx', got {self.target!r}")
        for name, low in (("batch_size", 1), ("streams", 1), ("rank", 0)):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < low):
                raise OptionError(f"{name} is a whole number of at least {low}, got {value!r}")
        if self.batch_first not in (None, True, False):
            raise OptionError(f"batch_first is True, False or None, got {self.batch_first!r}")
        if not isinstance(self.options or {}, Mapping):
            raise OptionError(f"options is a mapping such as {{'threads': 2}}, got {self.options!r}")
        for name in ("pass_path", "save_engine"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, (str, os.PathLike, bool)):
                raise OptionError(f"{name} is a path, got {value!r}")
        require_dtype(self.dtype, DTYPES, "dtype")
        return replace(self, input_size=_sizes(self.input_size), options=dict(self.options or {}))

    def for_backend(self, runtime: Backend) -> Options:
        """What concerns the runtime. Raises OptionError where it does not compute in the dtype."""
        require_dtype(self.dtype, runtime.dtypes, f"with target '{self.target}', dtype")
        return Options(
            device=self.target.partition(":")[2],
            dtype=self.dtype,
            batch_size=self.batch_size,
            batch_first=self.batch_first,
            input_size=self.input_size,
            pass_path=Path(self.pass_path) if self.pass_path else None,
            save_engine=self.save_engine,
            rank=self.rank or 0,
            streams=self.streams,
            extra=self.options or {},
        )


NAMES = tuple(one.name for one in fields(EngineOptions))


def model_file(ckpt: str | Path) -> Path:
    """The model's file. Raises ModelFileError where there is none that can be read."""
    if not isinstance(ckpt, (str, os.PathLike)):
        raise ModelFileError(f"ckpt is the path of a model file, got {ckpt!r}")
    path = Path(ckpt)
    if path.is_dir():
        raise ModelFileError(f"{path} is a folder; give the model file in it")
    if not path.is_file():
        raise ModelFileError(f"no model file {path}; export it first (python export_onnx.py), or give another --ckpt")
    if not os.access(path, os.R_OK):
        raise ModelFileError(f"model file {path} may not be read by this user")
    return path


def require_dtype(dtype: str | None, known: Sequence[str], what: str) -> None:
    """Raise OptionError for a dtype that is not `known`."""
    if dtype is not None and dtype not in known:
        raise OptionError(f"{what} is one of {', '.join(known)}, got {dtype!r}")


def _sizes(input_size: Any) -> list[list[int]] | None:
    """`input_size` as a list of shapes. Raises ShapeError when it is anything else."""
    if input_size is None:
        return None
    try:
        return [[operator.index(size) for size in shape] for shape in input_size]
    except TypeError as error:
        raise ShapeError(
            f"input_size is a list of shapes, one an input, such as [[1, 3, 224, 224]]; got {input_size!r}"
        ) from error
