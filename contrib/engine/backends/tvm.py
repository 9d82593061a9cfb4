"""Target `cpu`: Apache TVM (Relax), compiled by LLVM for this machine's CPU."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from .. import cache
from ..errors import EngineError, ModelFileError, OptionError
from ..graph import fixed_inputs, input_specs, output_specs, read_onnx
from ..half import computed_in_float32
from ..pass_file import load_pass_file
from ..spec import TensorSpec
from ..unroll import lstms_unrolled
from . import register
from .base import Availability, Backend, Options, Session, package_availability, package_version

_OPTIONS = ("opt_level", "cache")
_LIBRARY, _TENSORS = "model.so", "tensors.json"
_PREPARED = 1  # goes up with each change of what is done to a graph before it is compiled
_lock = threading.Lock()


def import_tvm() -> Any:
    """The tvm module. It imports torch when there is one, only to exchange tensors with it: not worth four seconds."""
    with _lock:
        hidden = "torch" not in sys.modules
        if hidden:
            sys.modules["torch"] = None  # type: ignore[assignment]  # Python's own way to make an import fail
        try:
            import tvm
            import tvm.relax
        finally:
            if hidden:
                del sys.modules["torch"]
    return tvm


class TvmSession(Session):
    """A Relax virtual machine on a compiled library. It is no good for several threads, so that they take turns."""

    def __init__(self, library: Path, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]):
        tvm = import_tvm()
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self._tensor = tvm.runtime.tensor
        self._machine = tvm.relax.VirtualMachine(tvm.runtime.load_module(str(library)), tvm.cpu())
        self._main = self._machine["main"]
        self._turn = threading.Lock()

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        with self._turn:
            result = self._main(*[self._tensor(array) for array in arrays])
            return [tensor.numpy() for tensor in ([result] if hasattr(result, "numpy") else result)]

    def close(self) -> None:
        del self._main, self._machine


class TvmBackend(Backend):
    """Compiles ONNX files for one shape, and opens the libraries (.so) that it has saved."""

    target = "cpu"
    name = "tvm"
    summary = "Apache TVM (Relax), LLVM"
    one_shape = True

    def availability(self) -> Availability:
        spec = importlib.util.find_spec("tvm")
        places = list(spec.submodule_search_locations or []) if spec else []
        if spec and not any(Path(place, "relax").is_dir() for place in places):
            return Availability(False, "the tvm installed here has no Relax; needs apache-tvm in another environment")
        if spec and not any(map(shutil.which, ("g++", "clang++"))):
            return Availability(False, "needs a C++ compiler to link what it compiles: g++ or clang++")
        return package_availability("tvm", "apache-tvm", "pip install apache-tvm")

    def open(self, ckpt: Path, options: Options) -> Session:
        """options: opt_level (0 to 3, default 3), cache (False compiles anew).

        The whole batch is compiled: this target has one compute unit. A file that ends in .so is a library saved by
        `save_engine`; its tensors stand beside it, in <name>.so.json.
        """
        extra = options.checked_extra(self.target, _OPTIONS)
        if ckpt.suffix == ".so":
            return _load(ckpt, ckpt.with_name(f"{ckpt.name}.json"))
        level = extra.get("opt_level", 3)
        if level not in range(4):
            raise OptionError(f"opt_level is 0, 1, 2 or 3, got {level!r}")
        passes = load_pass_file(options.pass_path)
        rows = options.batch_size or (options.input_size[0][0] if options.input_size else 1)
        facts = {
            "target": self.target,
            "runtime": f"tvm {package_version('apache-tvm')}",
            "model": cache.model_digest(ckpt),
            "shapes": [rows, options.input_size],
            "dtype": options.dtype,
            "options": {"opt_level": level, "cpu": _cpu(), "prepared": _PREPARED},
            "pass_file": cache.file_digest(options.pass_path),
        }

        def build(folder: Path) -> None:
            _build(ckpt, folder, rows, options, passes.use_passes, level)

        def load(folder: Path) -> TvmSession:
            if options.save_engine:
                _save(folder, options.save_engine, ckpt)
            return _load(folder / _LIBRARY, folder / _TENSORS)

        return cache.compiled(facts, build, load, keep=extra.get("cache", True))


def _cpu() -> str:
    return import_tvm().target.codegen.llvm_get_system_cpu()


def _build(ckpt: Path, folder: Path, rows: int, options: Options, use_passes: Any, level: int) -> None:
    """Compile `ckpt` into `folder`: the library, and a description of its tensors.

    float16 files are computed in float32: TVM would add up products in float16, which loses more than the format does,
    and would do it in software where the processor has no float16. LSTMs, which TVM does not know, are written out.
    """
    tvm = import_tvm()
    from tvm.relax.frontend.onnx import from_onnx

    model = read_onnx(ckpt)
    inputs = fixed_inputs(input_specs(model), rows, options.input_size)
    shapes = {spec.name: list(spec.shape) for spec in inputs}
    try:
        plain = lstms_unrolled(computed_in_float32(model), shapes)
        module = _bounded(from_onnx(plain, shape_dict=shapes, keep_params_in_input=False))
        module = use_passes(module)
        with tvm.transform.PassContext(opt_level=level):
            built = tvm.compile(module, target=tvm.target.Target({"kind": "llvm", "mcpu": _cpu()}))
        built.export_library(str(folder / _LIBRARY))
    except EngineError:
        raise
    except Exception as error:
        # TVM has no common base for "this operator is not supported" and its relatives
        raise ModelFileError(f"TVM cannot compile {ckpt}: {_last_line(error)}") from error
    outputs = _output_types(module, [spec.name for spec in output_specs(model)])
    said = {"inputs": [asdict(spec) for spec in inputs], "outputs": [asdict(spec) for spec in outputs]}
    (folder / _TENSORS).write_text(json.dumps(said), encoding="utf-8")


def _bounded(module: Any) -> Any:
    """`module` with lookups that stay within their table: TVM's own read beside it, which can end the process.

    An index that is not in the table is an error with ONNX Runtime, and none here: from a table of floats Gather takes
    NaN, from one of integers the nearest row, and GatherElements and GatherND take the nearest element.
    """
    from tvm import relax
    from tvm.relax.expr_functor import PyExprMutator, mutator

    @mutator
    class Bounded(PyExprMutator):
        def visit_call_(self, call: Any) -> Any:
            call = super().visit_call_(call)
            kind = getattr(call.op, "name", "")
            if kind not in ("relax.take", "relax.gather_elements", "relax.gather_nd"):
                return call
            table, places = call.args
            if kind == "relax.gather_elements":
                axis = int(call.attrs.axis)
                return relax.op.gather_elements(table, _clipped(self.builder_, table, places, [axis]), axis)
            if kind == "relax.gather_nd":
                first = int(call.attrs.batch_dims)
                axes = [first + number for number in range(int(places.ty.shape[-1]))]
                return relax.op.gather_nd(table, _clipped(self.builder_, table, places, axes), first)
            mode = "nan" if "float" in str(table.ty.dtype) else "clip"
            return relax.op.take(table, places, call.attrs.axis, mode if call.attrs.mode == "fast" else call.attrs.mode)

    bounded = Bounded(module)
    for name, function in module.functions.items():
        if isinstance(function, relax.Function):
            bounded.builder_.update_func(name, bounded.visit_expr(function))
    return bounded.builder_.get()


def _clipped(builder: Any, table: Any, places: Any, axes: list[int]) -> Any:
    """`places` from 0 to the last one of each of `axes` of the table."""
    from tvm import relax

    dtype = str(places.ty.dtype).removeprefix("T.")
    last = np.array([int(table.ty.shape[axis]) - 1 for axis in axes])
    not_before = builder.normalize(relax.op.maximum(places, relax.const(np.zeros_like(last), dtype)))
    return builder.normalize(relax.op.minimum(not_before, relax.const(last, dtype)))


def _output_types(module: Any, names: Sequence[str]) -> list[TensorSpec]:
    result = module["main"].ret_ty
    types = list(result.fields) if hasattr(result, "fields") else [result]
    return [
        TensorSpec(name, str(one.dtype).removeprefix("T."), tuple(int(size) for size in one.shape))
        for name, one in zip(names, types, strict=True)
    ]


def _load(library: Path, tensors: Path) -> TvmSession:
    try:
        said = json.loads(tensors.read_text(encoding="utf-8"))
        specs = [
            [TensorSpec(one["name"], one["dtype"], tuple(one["shape"])) for one in said[kind]]
            for kind in ("inputs", "outputs")
        ]
        return TvmSession(library, *specs)
    except Exception as error:
        # the loader, json and the file system all have words for a library that is not whole
        raise ModelFileError(f"{library} is not a library that target 'cpu' has saved: {_last_line(error)}") from error


def _save(folder: Path, where: str | Path | bool, ckpt: Path) -> None:
    """Copy what was compiled to `where` (True: beside the model), for opening it later as a ckpt."""
    path = ckpt.with_suffix(".so") if where is True else Path(str(where))
    if path.suffix != ".so":
        raise OptionError(f"save_engine of target 'cpu' is True or a file that ends in .so, got {where}")
    cache.copy_whole(folder / _TENSORS, path.with_name(f"{path.name}.json"))
    cache.copy_whole(folder / _LIBRARY, path)


def _last_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


register(TvmBackend())
