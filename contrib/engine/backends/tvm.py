"""Target `cpu`: Apache TVM (Relax), compiled by LLVM for this machine's CPU."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo_core.machine import cores

from ..errors import EngineError, ModelFileError, OptionError
from ..spec import TensorSpec
from . import register
from .base import Availability, Session, package_availability, package_version
from .compiling.base import TENSORS, CompilingBackend, Job, Tensors, last_line
from .compiling.graph import input_specs, output_specs
from .compiling.half import computed_in_float32
from .compiling.known import require_supported
from .compiling.loops import pipeline
from .compiling.older import understood
from .compiling.onnx_file import read_onnx
from .compiling.pass_file import load_pass_file
from .compiling.scales import require_whole_sizes
from .compiling.unroll import lstms_unrolled

_PREPARED = 6  # goes up with each change of what is done to a graph, and of what is refused, before it is compiled
_SURE = 13  # the first opset of which TVM knows most operators
_LOOSE = "NonMaxSuppression"  # TVM says that it keeps as many boxes as it can, and gives as many as there are
_lock = threading.Lock()


def import_tvm() -> Any:
    """The tvm module. It imports torch when there is one, only to exchange tensors with it: not worth four seconds."""
    with _lock:
        hidden = "torch" not in sys.modules
        if hidden:
            sys.modules["torch"] = None  # type: ignore[assignment]  # Python's own way to make an import fail
        try:
            # TVM looks there when its threads begin; it would take the machine's cores for its own, and stay on each
            os.environ.setdefault("TVM_NUM_THREADS", str(cores()))
            os.environ.setdefault("TVM_BIND_THREADS", "0")
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


class TvmBackend(CompilingBackend):
    """Compiles ONNX files for one shape, and opens the libraries (.so) that it has saved.

    Options: opt_level (0 to 3, default 3; 0 leaves TVM's loops as they are written). The whole batch is compiled: this
    target has one compute unit.
    """

    target = "cpu"
    name = "tvm"
    summary = "Apache TVM (Relax), LLVM"
    one_shape = True
    result = "model.so"
    saved_as = (".so",)
    own_options = ("opt_level",)

    def availability(self) -> Availability:
        spec = importlib.util.find_spec("tvm")
        places = list(spec.submodule_search_locations or []) if spec else []
        if spec and not any(Path(place, "relax").is_dir() for place in places):
            return Availability(False, "the tvm installed here has no Relax; needs apache-tvm in another environment")
        if spec and not any(map(shutil.which, ("g++", "clang++"))):
            return Availability(False, "needs a C++ compiler to link what it compiles: g++ or clang++")
        return package_availability("tvm", "apache-tvm", "pip install apache-tvm")

    def identity(self, job: Job) -> dict[str, Any]:
        load_pass_file(job.options.pass_path)  # a pass file that is none is said before anything is compiled
        return {
            "runtime": f"tvm {package_version('apache-tvm')}",
            "options": {"opt_level": _level(job), "cpu": _cpu(), "prepared": _PREPARED},
        }

    def build(self, job: Job, folder: Path) -> None:
        """The library, and a description of its tensors."""
        model = read_onnx(job.ckpt)
        require_supported(job.ckpt, model, self.target)
        described, results = input_specs(model), output_specs(model)
        inputs = job.fixed(described)
        require_whole_sizes(job.ckpt, model, {spec.name: list(spec.shape) for spec in inputs}, self.target)
        try:
            module = _imported(model, inputs)
            module = load_pass_file(job.options.pass_path).use_passes(module)
            loose = any(node.op_type == _LOOSE for node in model.graph.node)
            outputs = results if loose else _output_types(module, results)
            _compile(module, _level(job), folder / self.result)
        except EngineError:
            raise
        except Exception as error:
            # TVM has no common base for "this operator is not supported" and its relatives
            raise ModelFileError(f"TVM cannot compile {job.ckpt}: {last_line(error)}; {_way_on(model)}") from error
        Tensors(inputs, outputs, job.takes_rows(described)).write(folder / TENSORS)

    def load(self, job: Job, compiled: Path, tensors: Path) -> Session:
        said = Tensors.read(tensors)
        session = TvmSession(compiled, said.inputs, said.outputs)
        session.takes_rows = said.takes_rows
        return session


def _way_on(model: Any) -> str:
    """What to do with a graph that TVM does not compile."""
    opset = max((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), default=_SURE)
    again = f", or export it in opset {_SURE} or later (it is in {opset})" if opset < _SURE else ""
    return f"run it on target onnx{again}"


def _level(job: Job) -> int:
    level = job.extra.get("opt_level", 3)
    if level not in range(4):
        raise OptionError(f"opt_level is 0, 1, 2 or 3, got {level!r}")
    return level


def _cpu() -> str:
    return import_tvm().target.codegen.llvm_get_system_cpu()


def _imported(model: Any, inputs: Sequence[TensorSpec]) -> Any:
    """The graph in TVM's own form.

    float16 files are computed in float32: TVM would add up products in float16, which loses more than the format does,
    and would do it in software where the processor has no float16. LSTMs, which TVM does not know, are written out.
    """
    import_tvm()
    from tvm.relax.frontend.onnx import from_onnx

    shapes = {spec.name: list(spec.shape) for spec in inputs}
    plain = lstms_unrolled(computed_in_float32(understood(model)), shapes)
    return _bounded(from_onnx(plain, shape_dict=shapes, keep_params_in_input=False))


def _compile(module: Any, level: int, path: Path) -> None:
    """Compile for this machine's processor; with level 0, TVM's loops stay as they are written."""
    tvm = import_tvm()
    target = tvm.target.Target({"kind": "llvm", "mcpu": _cpu()})
    with tvm.transform.PassContext(opt_level=level):
        built = tvm.compile(module, target=target, relax_pipeline=pipeline(target) if level else "default")
    built.export_library(str(path))


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


def _output_types(module: Any, declared: Sequence[TensorSpec]) -> tuple[TensorSpec, ...]:
    """Of what comes out. Raises ModelFileError where it is not what the file declares, or depends on values."""
    result = module["main"].ret_ty
    types = list(result.fields) if hasattr(result, "fields") else [result]
    if len(types) != len(declared):
        raise ModelFileError(f"TVM gives {len(types)} outputs where the file has {len(declared)}; use target onnx")
    return tuple(_output_type(one, spec) for one, spec in zip(types, declared, strict=True))


def _output_type(found: Any, declared: TensorSpec) -> TensorSpec:
    try:
        shape = tuple(int(size) for size in found.shape)
    except (TypeError, AttributeError) as error:
        raise ModelFileError(
            f"the size of output '{declared.name}' depends on the values of the inputs, and target 'cpu' compiles for "
            "fixed sizes; run it on target onnx or openvino"
        ) from error
    spec = TensorSpec(declared.name, str(found.dtype).removeprefix("T."), shape)
    if spec.dtype != declared.dtype or not declared.admits(shape):
        raise ModelFileError(
            f"the file declares output '{declared}', and TVM makes '{spec}' of it; run it on target onnx, or export it "
            "again if the file is wrong"
        )
    return spec


register(TvmBackend())
