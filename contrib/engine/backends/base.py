"""What a runtime must offer: a `Backend` that opens a `Session`."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from zoo_core.machine import cores

from ..errors import OptionError
from ..spec import TensorSpec


class Availability:
    """Whether a target can be used here. `detail` is its version, or why not and what to install.

    detail may be a function: then it is looked up when somebody reads it. The version of a package takes longer to
    find than a small network takes to open.
    """

    def __init__(self, usable: bool, detail: str | Callable[[], str]):
        self.usable = usable
        self._detail = detail

    @property
    def detail(self) -> str:
        return self._detail() if callable(self._detail) else self._detail


@dataclass(frozen=True)
class Options:
    """What the caller asked for. A backend reads what concerns it; compiling ones need most of it.

    `device` is what stood behind the colon of the target ("openvino:GPU" → "GPU"). `input_size` is the shape of
    one compute unit, one an input. `batch_first` says whether dimension 0 is the batch; None: the file's names do.
    `replicas` sessions will share this machine's cores. `streams` calls are to be under
    way at once, where the runtime can. `extra` holds the runtime's own options; unknown ones are an error.
    """

    device: str = ""
    dtype: str | None = None
    batch_size: int | None = None
    batch_first: bool | None = None
    input_size: Sequence[Sequence[int]] | None = None
    pass_path: Path | None = None
    save_engine: str | Path | bool | None = None
    rank: int = 0
    replicas: int = 1
    streams: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)

    def checked_extra(self, target: str, allowed: Sequence[str]) -> dict[str, Any]:
        """`extra` as a dict. Raises OptionError if it holds a name that is not in `allowed`."""
        unknown = sorted(set(self.extra) - set(allowed))
        if unknown:
            raise OptionError(f"target '{target}' has no option {', '.join(unknown)}; it has: {', '.join(allowed)}")
        return dict(self.extra)

    def threads(self) -> int:
        """Threads for a session on this machine's CPU: the cores, shared among the replicas.

        A runtime that runs several streams divides them further; one that takes a call at a time uses them all for it.
        """
        return max(cores() // self.replicas, 1)


@dataclass(frozen=True)
class Timings:
    """Seconds that the parts of a call took; None where the runtime does not tell them apart."""

    host_to_device: float | None = None
    compute: float | None = None
    device_to_host: float | None = None

    @classmethod
    def total(cls, parts: Sequence[Timings]) -> Timings:
        """Of several calls together; what one of them does not tell is not told."""
        columns = zip(*((one.host_to_device, one.compute, one.device_to_host) for one in parts), strict=True)
        return cls(*(None if None in column else sum(filter(None, column)) for column in columns))


UNTOLD = Timings()


class Session(ABC):
    """A network, loaded. The engine has checked names, ranks, sizes, dtypes and contiguity before `run`."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    parallel: int = 1  # how many submitted calls are worth having under way at once
    on_cores: bool = False  # whether each of these computes on the thread that calls, so on one of this machine's cores
    fewer_rows: bool = False  # whether a call may have fewer rows than the fixed batch of `inputs`
    takes_rows: tuple[bool, ...] | None = None  # of each input, whether dimension 0 is the batch; None: not known
    reference: bool = False  # whether its answer stands where the shape that a file declares is another
    native: Any = None  # the runtime's own object, for scripts that look at it

    @abstractmethod
    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        """Outputs in the order of `outputs` for inputs in the order of `inputs`. May raise anything.

        Several threads may call it at once. The outputs belong to the caller: a later run does not change them.
        """

    def run_timed(self, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], Timings]:
        """As `run`, and what the runtime tells of the time. A session whose runtime does tell overrides this."""
        return self.run(arrays), UNTOLD

    def init_module(self, card_id: int) -> None:
        """Put a loaded compiled engine on card `card_id`. Most runtimes have nothing to do."""
        return None

    def close(self) -> None:
        """Give back what the session holds. Called once."""
        return None


class Backend(Protocol):
    """One runtime. `target` is what people write in --target, `name` what scripts see as `engine.backend`.

    `dtypes` is what it can compute in. `device_kind` says what may stand behind the colon and in `devices`
    ("card number"), and is empty where there is nothing to choose. `suffix` is that of the files that it opens, and
    `unproved` tells where it has not run yet. `one_shape` says that a file is compiled for one shape of its inputs, so
    that none of their sizes is left dynamic.
    `graph_levels`: what its option graph_optimization takes, the least first.
    `reads_only`: whether `open` only reads the file into memory: it runs no code of it, compiles and writes nothing.
    `takes_threads`: whether it computes on this machine's cores, and its option threads says on how many for a call.
    """

    target: str
    name: str
    summary: str
    dtypes: tuple[str, ...] = ("float32", "float16")
    device_kind: str = ""
    suffix: str = ".onnx"
    unproved: str = ""
    one_shape: bool = False
    reads_only: bool = False
    takes_threads: bool = False
    graph_levels: tuple[str, ...] = ()

    def availability(self) -> Availability:
        """Whether the runtime can be used here; cheap, imports nothing heavy."""

    def prepare(self) -> None:
        """Import the runtime before something else begins that would take turns with the import; may do nothing."""
        return None

    def open(self, ckpt: Path, options: Options) -> Session:
        """Load the file `ckpt`. Raises ModelFileError, OptionError."""


def package_availability(module: str, package: str, install: str) -> Availability:
    """Availability of a runtime that is a Python package: looked up, not imported."""
    if importlib.util.find_spec(module) is None:
        return Availability(False, f"needs {package}: {install}")
    return Availability(True, lambda: f"{package} {package_version(package)}")


def package_version(package: str) -> str:
    """The version of an installed package, or "of unknown version"."""
    import importlib.metadata

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"
