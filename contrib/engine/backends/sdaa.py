"""Target `sdaa`: Tecorigin's T1 card through TecoInferenceEngine, a TVM fork with Relay that imports as `tvm`.

Written against the vendor's documented interface. Where that is silent, TVM's own habits are followed: card 1 is the
device "sdaa:1".
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.errors import SettingError
from zoo_core.machine import compute_units

from ..errors import EngineError, ModelFileError, OptionError, TargetUnavailableError
from ..spec import TensorSpec
from . import register
from .base import Availability, Options, Session
from .compiling.base import TENSORS, CompilingBackend, Job, Tensors, device_number
from .compiling.graph import input_specs, output_specs, unit_batch
from .compiling.onnx_file import read_onnx
from .compiling.pass_file import PassFile, load_pass_file

_TARGET = "sdaa --libs=tecodnn,tecoblas"


def _vendor() -> Any:
    """The vendor's tvm. Its submodules are imported by name, as Apache's TVM no longer has Relay."""
    tvm = importlib.import_module("tvm")
    try:
        importlib.import_module("tvm.relay.frontend")
    except ImportError as error:
        raise TargetUnavailableError(
            "the tvm installed here is not the vendor's (it has no Relay); install TecoInferenceEngine in an "
            "environment of its own"
        ) from error
    return tvm


class SdaaSession(Session):
    """A compiled engine on one card. Its context splits the rows of a call over the compute units itself."""

    parallel = 2  # one call on the card, one waiting for it

    def __init__(self, engine_file: Path, card: int, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]):
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self._tvm = _vendor()
        self._path = engine_file
        self._turn = threading.Lock()
        self._create(card)

    def _create(self, card: int) -> None:
        device = f"sdaa:{card}" if card else "sdaa"
        self._engine = self._tvm.runtime.create_engine(str(self._path), device)
        self._context = self._engine.create_context()

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        with self._turn:
            pending = self._context.run_async([self._tvm.runtime.from_numpy(array) for array in arrays])
        return [output.numpy() for output in pending.get()]

    def init_module(self, card_id: int) -> None:
        if not self._path.is_file():
            raise OptionError("the compiled engine's file is gone, so that it cannot be put on another card")
        self.close()
        self._create(card_id)

    def close(self) -> None:
        self._context.release()
        self._engine.release()


class SdaaBackend(CompilingBackend):
    """Compiles ONNX files, and opens compiled engines (.tecoengine, .engine).

    The shape that is compiled is `input_size`, that of one compute unit. A call takes as many of them as
    `batch_size` has room for, at most MAX_ENGINE_NUMS.
    """

    target = "sdaa"
    name = "tvm"
    summary = "TecoInferenceEngine, T1 card"
    device_kind = "card numbers"
    unproved = "a T1 card"
    one_shape = True
    result = "model.tecoengine"
    saved_as = (".tecoengine", ".engine")

    def availability(self) -> Availability:
        spec = importlib.util.find_spec("tvm")
        places = list(spec.submodule_search_locations or []) if spec else []
        if not any(Path(place, "relay").is_dir() for place in places):
            found = "; the tvm installed here is not the vendor's" if spec else ""
            return Availability(False, f"needs TecoInferenceEngine, which comes with the card's software{found}")
        return Availability(True, "TecoInferenceEngine")

    def identity(self, job: Job) -> dict[str, Any]:
        load_pass_file(job.options.pass_path)  # a pass file that is none is said before anything is compiled
        return {"runtime": getattr(_vendor(), "__version__", "unknown")}

    def build(self, job: Job, folder: Path) -> None:
        """Compile for one compute unit, and describe its tensors."""
        model, options = read_onnx(job.ckpt), job.options
        described = input_specs(model)
        inputs = job.fixed(described, unit_batch(options.batch_size, options.input_size))
        passes = load_pass_file(options.pass_path)
        floats = any(spec.dtype == "float32" for spec in inputs)
        convert = options.dtype == "float16" and passes.need_convert and floats
        try:
            _compile(model, inputs, passes, convert, folder / self.result)
        except EngineError:
            raise
        except Exception as error:
            # the vendor's compiler has exceptions of its own
            raise ModelFileError(f"TecoInferenceEngine cannot compile {job.ckpt}: {str(error).strip()}") from error
        outputs = output_specs(model)
        if convert:
            kept = passes.convert.get("skip_input_name") or ()
            inputs = tuple(spec if spec.name in kept else _half(spec) for spec in inputs)
            outputs = tuple(_half(spec) for spec in outputs)
        Tensors(inputs, outputs, job.takes_rows(described)).write(folder / TENSORS)

    def load(self, job: Job, compiled: Path, tensors: Path) -> Session:
        """`tensors` describes it for one compute unit; for a file without it, input_size does.

        Such a file's first dimension is the batch: the card splits it over its compute units.
        """
        unit = Tensors.read(tensors) if tensors.is_file() else _described(compiled, job.options)
        card = device_number(self.target, job.options, "a card")
        outputs = [replace(spec, shape=("batch", *spec.shape[1:])) if spec.shape else spec for spec in unit.outputs]
        session = SdaaSession(compiled, card, _on_card(unit.inputs, job.options.batch_size), outputs)
        session.takes_rows = unit.takes_rows
        return session


def _units() -> int:
    try:
        return compute_units()
    except SettingError as error:
        raise OptionError(str(error)) from error


def _compile(model: Any, inputs: Sequence[TensorSpec], passes: PassFile, convert: bool, path: Path) -> None:
    tvm = _vendor()
    relay = tvm.relay
    dtypes = {"specified_op_dtype": passes.op_dtypes} if passes.op_dtypes else {}
    shapes = {spec.name: list(spec.shape) for spec in inputs}
    module, params = relay.frontend.from_onnx(model, shapes, **dtypes)
    if convert:
        module = relay.frontend.convert_float_to_float16(module, **passes.convert)
    module = passes.use_passes(module)
    with tvm.transform.PassContext(opt_level=0, disabled_pass=["SimplifyInference"]):
        library = relay.build(module, target=tvm.target.Target(_TARGET, host="llvm"), params=params)
    tvm.runtime.save_engine(library, str(path))


def _half(spec: TensorSpec) -> TensorSpec:
    return replace(spec, dtype="float16") if spec.dtype == "float32" else spec


def _described(engine_file: Path, options: Options) -> Tensors:
    if not options.input_size:
        raise OptionError(
            f"nothing beside {engine_file} describes its inputs; give input_size=[[…], …], the shapes of one compute "
            "unit, and dtype"
        )
    dtype = options.dtype or "float16"
    specs = [TensorSpec(f"input{index}", dtype, tuple(shape)) for index, shape in enumerate(options.input_size)]
    return Tensors(tuple(specs), (), (True,) * len(specs))


def _on_card(unit: Sequence[TensorSpec], batch_size: int | None) -> list[TensorSpec]:
    """The inputs of a whole call: as many units as the batch fills, at least one, at most all."""
    rows = unit[0].shape[0] if unit and unit[0].shape else 1
    units = _units() if batch_size is None else min(max(batch_size // int(rows), 1), _units())
    return [replace(spec, shape=(int(spec.shape[0]) * units, *spec.shape[1:])) if spec.shape else spec for spec in unit]


register(SdaaBackend())
