"""Export: a network with its weights becomes ONNX files that are proved equal to it."""

from __future__ import annotations

import datetime
import json
import logging
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.base import Engine
from engine.tecoinfer_pytorch import TecoInferEngine
from utils.datasets.folder import files_in
from utils.files import sha256

from . import frameworks
from .errors import CheckFailedError, ZooError
from .model import Model, file_name
from .padding import stacked
from .parity import TOLERANCE, Difference, as_list, outputs_difference, require_alive
from .weights import Weights, resolve

OPSETS = range(12, 21)
DEFAULT_OPSET = 17
_MAX_PARITY_SAMPLES = 8
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exported:
    """The files of one export. `manifest` is written last: where it exists, all of them are complete."""

    static: Path
    dynamic: Path
    float16: Path
    manifest: Path

    def files(self) -> list[Path]:
        return [self.static, self.dynamic, self.float16, self.manifest]

    @staticmethod
    def of(variant: str, folder: Path) -> Exported:
        return Exported(
            folder / file_name(variant, dynamic=False),
            folder / file_name(variant),
            folder / file_name(variant, "float16"),
            folder / f"{variant}.export.json",
        )


def export(
    model: Model,
    output: Path,
    *,
    variant: str | None = None,
    weights: str | None = None,
    opset: int = DEFAULT_OPSET,
    batch_size: int = 1,
    input_size: int | None = None,
    samples: Path | None = None,
) -> Exported:
    """Write <variant>.onnx (static), <variant>_dyn.onnx, <variant>_float16_dyn.onnx and <variant>.export.json.

    Each file is checked (onnx.checker), simplified (onnxsim) and compared with the framework on real,
    preprocessed samples before any of them appears under its name. samples: a folder of files, by default the
    model's demos. Raises ZooError, ExportError, CheckFailedError when an output is too far from the framework's.
    """
    if opset not in OPSETS:
        raise ZooError(f"--opset is {OPSETS[0]} to {OPSETS[-1]}, got {opset}")
    if batch_size < 1:
        raise ZooError(f"--batch_size is at least 1, got {batch_size}")
    variant = model.variant(variant)
    model = model.as_variant(variant)
    shapes = model.shapes(batch_size, sizes(model, input_size))
    chosen = resolve(model, variant, weights)
    framework = frameworks.of(model)
    batch = parity_batch(model, samples or model.demos(), input_size)
    with step(f"build {variant} ({chosen.kind} weights)"):
        network = build(model, variant, chosen, input_size)
        reference = framework.engine(model, network)
        require_alive(as_list(reference(parity_batch(model, model.demos(), input_size))))
    final = Exported.of(variant, output)
    with _workspace(output) as folder:
        made = Exported.of(variant, folder)
        note = _write(model, network, made.static, opset, shapes, dynamic=False)
        _write(model, network, made.dynamic, opset, shapes, dynamic=True)
        _write_float16(made.dynamic, made.float16)
        with step("compare with the framework"):
            differences = {
                "static": _compare(
                    reference, made.static, parity_batch(model, samples or model.demos(), input_size, shapes), "float32"
                ),
                "dynamic": _worst_over_sizes(
                    model, reference, made.dynamic, batch, samples or model.demos(), input_size
                ),
                "float16": _compare(reference, made.float16, batch, "float16"),
            }
        manifest = _manifest(model, variant, chosen, input_size, made, note, differences, len(batch[0]))
        made.manifest.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        for temporary, path in zip(made.files(), final.files(), strict=True):
            os.replace(temporary, path)
    return final


def build(model: Model, variant: str, weights: Weights, input_size: int | None) -> Any:
    """The framework's network, in eval mode. Random weights depend on the demos at `input_size` (see frameworks)."""
    return frameworks.of(model).load(model, variant, weights, parity_batch(model, model.demos(), input_size))


def parity_batch(
    model: Model, folder: Path, input_size: int | None = None, shapes: list[list[int]] | None = None
) -> list[np.ndarray]:
    """The first samples in the files of `folder`, preprocessed and stacked: one array an input.

    shapes: those of the static file's inputs, to which padded inputs are filled up.
    """
    task = model.task.adapted(input_size, topk=1)
    files = files_in(folder, task.suffixes)[:_MAX_PARITY_SAMPLES]
    found = [sample for file in files for sample in task.samples_in(file)][:_MAX_PARITY_SAMPLES]
    rows = [task.preprocess(sample.data)[0] for sample in found]
    if task.padding is not None:
        return stacked(rows, task.padding, [shape[1:] for shape in shapes or []])
    return [np.stack(column) for column in zip(*rows, strict=True)]


def sizes(model: Model, input_size: int | None) -> Mapping[str, int]:
    """The sizes of dynamic dimensions under --input_size. Raises ZooError if the network has a fixed size."""
    if input_size is None:
        return {}
    if not model.size:
        raise ZooError(f"{model.id} takes inputs of one size only ({model.inputs[0]}); leave --input_size out")
    return dict.fromkeys(model.size, input_size)


def _write(model: Model, network: Any, path: Path, opset: int, shapes: list[list[int]], *, dynamic: bool) -> str:
    with step(f"export {path.name}"):
        note = frameworks.of(model).export(model, network, path, opset, shapes, dynamic)
    with step(f"check and simplify {path.name}"):
        _finish(model, path, dynamic)
    return note


def _finish(model: Model, path: Path, dynamic: bool) -> None:
    """Names from the model's description, custom operators, onnxsim and the checker, in place."""
    import onnx
    import onnxsim

    graph = onnx.load(path)
    _rename(graph, [*model.inputs, *model.outputs])
    if model.custom_ops and model.custom_ops.functions:
        functions = model.custom_ops.functions()
        for function in functions:
            if onnx.defs.has(function.name):  # ONNX Runtime takes the one for the other, and crashes
                raise ZooError(
                    f"custom operator '{function.domain}::{function.name}' has the name of a standard one; "
                    "call it something else"
                )
        graph.functions.extend(functions)
    onnx.checker.check_model(graph)
    simplified, same = onnxsim.simplify(graph)
    if not same:
        raise CheckFailedError(f"onnxsim changed what {path.name} computes; the network cannot be exported with it")
    onnx.checker.check_model(simplified, full_check=True)
    if dynamic:
        _require_dynamic(simplified, [*model.inputs, *model.outputs], path.name)
    onnx.save(simplified, path)


def _require_dynamic(graph: Any, specs: list[Any], name: str) -> None:
    """Raise CheckFailedError if a dimension that the model calls dynamic has become a number on the way."""
    for value, spec in zip([*graph.graph.input, *graph.graph.output], specs, strict=True):
        for axis, (dim, size) in enumerate(zip(value.type.tensor_type.shape.dim, spec.shape, strict=True)):
            if isinstance(size, str) and dim.HasField("dim_value"):
                raise CheckFailedError(
                    f"{name}: dimension {axis} of '{spec}' was exported as {dim.dim_value}. Does the network's forward "
                    "turn a size into a Python number (int(x.shape[0]), len(x))?"
                )


def _rename(graph: Any, specs: list[Any]) -> None:
    """Give inputs, outputs and dynamic dimensions the names of the model's specs, whatever the exporter called them."""
    values = [*graph.graph.input, *graph.graph.output]
    if len(values) != len(specs):
        raise CheckFailedError(
            f"the exported graph has {len(values)} inputs and outputs, the model describes {len(specs)}"
        )
    names = {value.name: spec.name for value, spec in zip(values, specs, strict=True)}
    for node in graph.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value, spec in zip(values, specs, strict=True):
        value.name = spec.name
        for dim, size in zip(value.type.tensor_type.shape.dim, spec.shape, strict=True):
            if isinstance(size, str) and dim.dim_param:
                dim.dim_param = size


def _write_float16(source: Path, path: Path) -> None:
    import onnx
    from onnxconverter_common import float16

    with step(f"convert {path.name}"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one line for each weight below float16's smallest number
        graph = onnx.load(source)
        for tensor in graph.graph.initializer:
            if tensor.float_data:  # the converter takes a Python loop over these, but not over raw bytes
                tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor), tensor.name))
        onnx.save(float16.convert_float_to_float16(graph), path)


def _compare(reference: Engine, path: Path, batch: list[np.ndarray], dtype: str) -> Difference:
    with TecoInferEngine(path, target="onnx", dtype=dtype) as engine:
        apart = outputs_difference(as_list(reference(batch)), as_list(engine(batch)))
    if apart.relative > TOLERANCE[dtype]:
        raise CheckFailedError(
            f"{path.name} differs from the framework by {apart.relative:.2e} of the largest output "
            f"(allowed for {dtype}: {TOLERANCE[dtype]:.0e}); nothing was written"
        )
    return apart


def _worst_over_sizes(
    model: Model,
    reference: Engine,
    path: Path,
    batch: list[np.ndarray],
    samples: Path,
    input_size: int | None,
) -> Difference:
    """The dynamic file is compared at a second input size too, where the network takes one."""
    apart = [_compare(reference, path, batch, "float32")]
    if model.size:
        second = (input_size or max(model.size.values())) + 32
        apart.append(_compare(reference, path, parity_batch(model, samples, second), "float32"))
    return Difference.worst(apart)


def _manifest(
    model: Model,
    variant: str,
    weights: Weights,
    input_size: int | None,
    made: Exported,
    note: str,
    differences: dict[str, Difference],
    samples: int,
) -> dict[str, Any]:
    import importlib.metadata

    files = {"static": made.static, "dynamic": made.dynamic, "float16": made.float16}
    return {
        "model": model.id,
        "variant": variant,
        "weights": weights.to_json(),
        "input_size": input_size,
        "files": {
            kind: {
                "name": path.name,
                "sha256": sha256(path),
                "bytes": path.stat().st_size,
                "difference": differences[kind].to_json(),
                **_graph_facts(path),
            }
            for kind, path in files.items()
        },
        "compared_on": f"{samples} preprocessed samples",
        "note": note,
        "versions": frameworks.of(model).versions()
        | {
            name: importlib.metadata.version(name)
            for name in ("onnx", "onnxsim", "onnxruntime", "onnxconverter-common", "numpy")
        },
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def _graph_facts(path: Path) -> dict[str, Any]:
    """Opset, inputs and outputs as they stand in the file."""
    import onnx

    graph = onnx.load(path)
    with TecoInferEngine(path) as engine:
        return {
            "opset": next(entry.version for entry in graph.opset_import if entry.domain in ("", "ai.onnx")),
            "inputs": [{"name": spec.name, "dtype": spec.dtype, "shape": list(spec.shape)} for spec in engine.inputs],
            "outputs": [{"name": spec.name, "dtype": spec.dtype, "shape": list(spec.shape)} for spec in engine.outputs],
        }


def read_manifest(ckpt: Path) -> dict[str, Any]:
    """The manifest that describes the exported file `ckpt`.

    Raises ZooError if there is none, or the file has changed since.
    """
    for path in sorted(ckpt.parent.glob("*.export.json")):
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            entry = next((entry for entry in manifest["files"].values() if entry["name"] == ckpt.name), None)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ZooError(f"{path} is not a manifest of an export ({error}); export again") from error
        if entry is None:
            continue
        if entry["sha256"] != sha256(ckpt):
            raise ZooError(f"{ckpt} has changed since it was exported ({path.name} has another sha256); export again")
        return manifest
    raise ZooError(
        f"there is no manifest (*.export.json) for {ckpt.name} in {ckpt.parent}, so what it was exported from is "
        "not known; export it with export_onnx.py"
    )


@contextmanager
def _workspace(output: Path) -> Iterator[Path]:
    """A temporary folder inside `output`, so that renaming out of it is atomic. Leftovers of killed exports go."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        for stale in output.glob(".export-*"):
            if not _alive(stale.name.split("-")[1]):
                shutil.rmtree(stale, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f".export-{os.getpid()}-", dir=output))
    except OSError as error:
        raise ZooError(f"cannot write to {output}: {error.strerror}; choose another folder with --output") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        return True
    return True


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    start = time.perf_counter()
    yield
    _log.info("%-48s %5.1f s", name, time.perf_counter() - start)


def main(model: Model, argv: list[str] | None = None) -> int:
    """export_onnx.py."""
    import argparse

    from . import cli, console

    parser = argparse.ArgumentParser(description=f"Export {model.title} to ONNX and prove that its outputs survive.")
    cli.add_shared_flags(parser, batch_size=1)
    parser.add_argument("--weights", help=f"pretrained, sample, random, or a file (default: {model.default_weights})")
    parser.add_argument(
        "--opset",
        type=int,
        default=DEFAULT_OPSET,
        help=f"{OPSETS[0]} to {OPSETS[-1]} (default {DEFAULT_OPSET})",
    )
    parser.add_argument(
        "--output", type=Path, default=model.folder, help="where the files go (default: the model's folder)"
    )

    def job(args: argparse.Namespace) -> int:
        done = export(
            model,
            args.output,
            variant=args.variant,
            weights=args.weights,
            opset=args.opset,
            batch_size=args.batch_size,
            input_size=args.input_size,
            samples=model.data(args.data_path) if args.data_path else None,
        )
        for path in done.files():
            print(path)
        return console.OK

    return console.run(job, parser.parse_args(argv))
