"""Compile once, keep, load: what all runtimes do alike that compile a network before they run it."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zoo_core.files import read_json
from zoo_core.numbers import is_whole

from ...errors import EngineError, ModelFileError, OptionError
from ...spec import TensorSpec, takes_rows
from ..base import Backend, Options, Session
from . import cache
from .graph import fixed_inputs
from .not_a_number import say_unsound, unsound_weights

TENSORS = "tensors.json"
_UNSOUND = "unsound.json"  # the names of weights that hold NaN, where there are such
_ENTRY_VERSION = 2  # goes up with each change of what is kept beside what was compiled


@dataclass(frozen=True)
class Tensors:
    """What a compiled network says of its own: inputs, outputs, and of each input whether dimension 0 is the batch."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    takes_rows: tuple[bool, ...] | None = None

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @staticmethod
    def read(path: Path) -> Tensors:
        """Raises ModelFileError where the file is not what `write` has written."""
        said = read_json(path)
        try:
            inputs, outputs = (
                tuple(TensorSpec(one["name"], one["dtype"], tuple(one["shape"])) for one in said[kind])
                for kind in ("inputs", "outputs")
            )
            rows = said.get("takes_rows")
            return Tensors(inputs, outputs, None if rows is None else tuple(map(bool, rows)))
        except (TypeError, KeyError, AttributeError) as error:
            raise ModelFileError(f"{path} does not describe a compiled network; compile it again") from error


@dataclass(frozen=True)
class Job:
    """One file to be opened, and what for. `extra` holds the runtime's own options, checked for their names."""

    ckpt: Path
    options: Options
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Of one call: batch_size, else the first dimension of input_size, else 1."""
        size = self.options.input_size
        return self.options.batch_size or (int(size[0][0]) if size and size[0] else 1)

    def fixed(self, inputs: Sequence[TensorSpec], rows: int | None = None) -> tuple[TensorSpec, ...]:
        """The inputs as they are compiled: as `fixed_inputs` has it."""
        return fixed_inputs(inputs, self.rows if rows is None else rows, self.options.input_size)

    def takes_rows(self, inputs: Sequence[TensorSpec]) -> tuple[bool, ...]:
        """As `spec.takes_rows` has it, of the inputs as the file describes them."""
        return takes_rows(inputs, self.options.batch_first, self.options.batch_size is not None)


class CompilingBackend(Backend):
    """A runtime that compiles a network into files, which are kept for the next start.

    A subclass says what the result depends on (`identity`), makes it (`build`) and opens it (`load`). `result` is the
    file that `build` writes; TENSORS, where it writes that too, stands beside it. `saved_as`: endings of such files
    when a user keeps them (save_engine), which are opened as they are; none where nothing is saved.
    """

    result: str
    saved_as: tuple[str, ...] = ()
    own_options: tuple[str, ...] = ()

    @abstractmethod
    def identity(self, job: Job) -> dict[str, Any]:
        """What the result depends on beside model, shapes, dtype and pass file: "runtime", its version, at least."""

    @abstractmethod
    def build(self, job: Job, folder: Path) -> None:
        """Compile into `folder`. Raises ModelFileError, OptionError."""

    @abstractmethod
    def load(self, job: Job, compiled: Path, tensors: Path) -> Session:
        """A session on the file that `build` has written. `tensors` describes it, where it exists."""

    def open(self, ckpt: Path, options: Options) -> Session:
        """Compile the file for the target, or take the result of an earlier time out of the cache.

        Args:
            ckpt: the file.
            options: cache (False compiles anew), and the runtime's own.
        """
        job = Job(ckpt, options, options.checked_extra(self.target, (*self.own_options, "cache")))
        if ckpt.suffix in self.saved_as:
            return self._opened(job, ckpt, ckpt.with_name(f"{ckpt.name}.json"))
        identity = self.identity(job)
        facts = {
            "target": self.target,
            "model": cache.model_digest(ckpt),
            "shapes": [options.batch_size, options.input_size, options.batch_first],
            "dtype": options.dtype,
            "pass_file": cache.digest_if_given(options.pass_path),
            "entry": _ENTRY_VERSION,
            **identity,
        }

        def build(folder: Path) -> None:
            self.build(job, folder)
            names = unsound_weights(ckpt)
            if names:
                (folder / _UNSOUND).write_text(json.dumps(names), encoding="utf-8")

        def load(folder: Path) -> Session:
            if (folder / _UNSOUND).is_file():
                say_unsound(ckpt, self.target, read_json(folder / _UNSOUND))
            if options.save_engine:
                self._save(job, folder)
            return self._opened(job, folder / self.result, folder / TENSORS)

        return cache.compiled(facts, build, load, keep=bool(job.extra.get("cache", True)))

    def _opened(self, job: Job, compiled: Path, tensors: Path) -> Session:
        try:
            return self.load(job, compiled, tensors)
        except EngineError as error:
            if isinstance(error, (ModelFileError, OptionError)):
                raise
            raise ModelFileError(f"{compiled} cannot be loaded: {error}") from error
        except Exception as error:
            # each loader has exceptions of its own for a file that is not whole
            raise ModelFileError(
                f"{compiled} is not a network that target '{self.target}' has compiled: {last_line(error)}"
            ) from error

    def _save(self, job: Job, folder: Path) -> None:
        """Copy what was compiled to save_engine (True: beside the model), for opening it later as a ckpt."""
        if not self.saved_as:
            raise OptionError(f"target '{self.target}' saves no engines; leave save_engine out, its cache keeps them")
        where = job.options.save_engine
        path = job.ckpt.with_suffix(self.saved_as[0]) if where is True else Path(str(where))
        if path.suffix not in self.saved_as:
            raise OptionError(
                f"save_engine of target '{self.target}' is True or a file that ends in {self.saved_as[0]}, got {where}"
            )
        if (folder / TENSORS).is_file():
            cache.copy_whole(folder / TENSORS, path.with_name(f"{path.name}.json"))
        cache.copy_whole(folder / self.result, path)


def last_line(error: BaseException) -> str:
    """What an error of a compiler comes to: such words end with the reason. Its class where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


def device_number(target: str, options: Options, kind: str) -> int:
    """The number behind the colon of the target, else the rank. `kind`: of the device, for the error."""
    if options.device and not is_whole(options.device):
        raise OptionError(f"target '{target}' takes the number of {kind}, such as {target}:0, got '{options.device}'")
    return int(options.device or options.rank)
