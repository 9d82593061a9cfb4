"""Export: a network with its weights becomes ONNX files that are proved equal to it."""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.base import Engine
from engine.tecoinfer_pytorch import TecoInferEngine
from utils.datasets.folder import files_in

from . import frameworks
from .errors import CheckFailedError, ZooError
from .manifest import KINDS, ONNX, Exported, earlier, kept, manifest_of, stale
from .model import Model
from .onnx_file import finish, write_float16
from .padding import stacked
from .parity import TOLERANCE, Difference, as_list, outputs_difference, require_alive
from .weights import Weights, resolve

OPSETS = range(12, 21)
DEFAULT_OPSET = 17
_MAX_PARITY_SAMPLES = 8
_LARGER = 32  # by which the second size of a comparison exceeds the first; networks halve sizes up to five times
_log = logging.getLogger(__name__)


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
    formats: Sequence[str] = (ONNX,),
    int8: bool = False,
) -> Exported:
    """Write <variant>.onnx (static), <variant>_dyn.onnx, <variant>_float16_dyn.onnx and <variant>.export.json.

    Each file is checked (onnx.checker), simplified (onnxsim) and compared with the framework on real,
    preprocessed samples before any of them appears under its name. samples: a folder of files, by default the
    model's demos. formats: what is written, "onnx" alone by default; "mindir" and "ckpt" are MindSpore's own. int8:
    write <variant>_int8_dyn.onnx too (`write_int8`). Raises ZooError, ExportError, CheckFailedError when an output
    is too far from the framework's.
    """
    if opset not in OPSETS:
        raise ZooError(f"--opset is {OPSETS[0]} to {OPSETS[-1]}, got {opset}")
    if batch_size < 1:
        raise ZooError(f"--batch_size is at least 1, got {batch_size}")
    formats = list(dict.fromkeys(formats))
    kinds = _kinds(model, formats, int8)
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
    final = Exported.of(variant, output, kinds)
    with _workspace(output) as folder:
        made = Exported.of(variant, folder, kinds)
        note = _write_onnx(model, network, made, opset, shapes) if ONNX in formats else ""
        calibrated = _write_int8(model, made, input_size) if int8 else ""
        for path in (made.paths[kind] for kind in formats if kind != ONNX):
            with step(f"export {path.name}"):
                framework.write(network, path)
        with step("compare with the framework"):
            compared = _Compared(model, variant, reference, samples or model.demos(), batch, input_size, shapes)
            differences = {kind: compared.difference(kind, path) for kind, path in made.paths.items()}
        manifest = manifest_of(model, variant, chosen, input_size, made, note, differences, len(batch[0]))
        if int8:
            manifest["files"]["int8"]["calibrated_on"] = calibrated
        before = earlier(final.manifest)
        manifest["files"] |= kept(before, manifest, output)
        made.manifest.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        for temporary, path in zip(made.files(), final.files(), strict=True):
            os.replace(temporary, path)
    for path in stale(before, manifest, output):
        _log.info("removed %s, of an earlier export", path.name)
        path.unlink()
    return final


def _kinds(model: Model, formats: Sequence[str], int8: bool) -> list[str]:
    """The kinds of files to write. Raises ZooError for a format that the model's framework does not have."""
    possible = frameworks.formats(model)
    for one in formats:
        if one not in possible:
            raise ZooError(
                f"--format {one} is not possible: {model.id} comes from {model.framework}, which is exported to "
                f"{', '.join(possible)}" + ("; mindir and ckpt are for networks of MindSpore" if one in KINDS else "")
            )
    if int8 and ONNX not in formats:
        raise ZooError(f"int8 is made of the ONNX file; add --format {ONNX}")
    return [kind for one in formats for kind in KINDS[one]] + ["int8"] * int8


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


def first_rows(model: Model, batch: list[np.ndarray], rows: int) -> list[np.ndarray]:
    """At most so many rows of each input that has the batch as its first dimension, and the others whole."""
    return [
        array[:rows] if spec.shape[:1] == ("batch",) else array for spec, array in zip(model.inputs, batch, strict=True)
    ]


def sizes(model: Model, input_size: int | None) -> Mapping[str, int]:
    """The sizes of dynamic dimensions under --input_size. Raises ZooError if the network has a fixed size."""
    if input_size is None:
        return {}
    if not model.size:
        raise ZooError(f"{model.id} takes inputs of one size only ({model.inputs[0]}); leave --input_size out")
    return dict.fromkeys(model.size, input_size)


def _write_onnx(model: Model, network: Any, made: Exported, opset: int, shapes: list[list[int]]) -> str:
    note = _write(model, network, made.static, opset, shapes, dynamic=False)
    _write(model, network, made.dynamic, opset, shapes, dynamic=True)
    with step(f"convert {made.float16.name}"):
        write_float16(made.dynamic, made.float16)
    return note


def _write_int8(model: Model, made: Exported, input_size: int | None) -> str:
    from .quantise import write_int8

    with step(f"quantise {made.paths['int8'].name}"):
        return write_int8(model, made.dynamic, made.paths["int8"], input_size)


def _write(model: Model, network: Any, path: Path, opset: int, shapes: list[list[int]], *, dynamic: bool) -> str:
    with step(f"export {path.name}"):
        note = frameworks.of(model).export(model, network, path, opset, shapes, dynamic)
    with step(f"check and simplify {path.name}"):
        finish(model, path, dynamic)
    return note


@dataclass(frozen=True)
class _Compared:
    """The comparison of exported files with the framework's network, `reference`, on the samples in a folder."""

    model: Model
    variant: str
    reference: Engine
    samples: Path
    batch: list[np.ndarray]
    input_size: int | None
    shapes: list[list[int]]

    def difference(self, kind: str, path: Path) -> Difference:
        """Raises CheckFailedError where it is more than the tolerance of what the file computes in."""
        if kind == "static":
            batches = [parity_batch(self.model, self.samples, self.input_size, self.shapes)]
        else:
            batches = [self.batch]
        if kind in ("dynamic", "mindir"):
            # batches of other rows too, and a second size where the network takes one
            batches += [first_rows(self.model, self.batch, rows) for rows in (1, 3)]
            if self.model.size:
                batches.append(self._second_size())
        dtype = kind if kind in TOLERANCE else "float32"
        with self._opened(kind, path, dtype) as engine:
            found = [outputs_difference(as_list(self.reference(one)), as_list(engine(one))) for one in batches]
        apart = Difference.worst(found)
        if apart.relative > TOLERANCE[dtype]:
            raise CheckFailedError(
                f"{path.name} differs from the framework by {apart.relative:.2e} of the largest output "
                f"(allowed for {dtype}: {TOLERANCE[dtype]:.0e}); nothing was written"
            )
        return apart

    def _second_size(self) -> list[np.ndarray]:
        """The samples at a larger size: preprocessed for it, or filled up to it where the task pads."""
        if self.model.task.padding is None:
            return parity_batch(self.model, self.samples, (self.input_size or max(self.model.size.values())) + _LARGER)
        shapes = [
            [size + _LARGER if isinstance(axis, str) and axis != "batch" else size for axis, size in pairs]
            for pairs in (
                zip(spec.shape, array.shape, strict=True)
                for spec, array in zip(self.model.inputs, self.batch, strict=True)
            )
        ]
        return parity_batch(self.model, self.samples, self.input_size, shapes)

    def _opened(self, kind: str, path: Path, dtype: str) -> Engine:
        if kind != "ckpt":
            target = "mindspore" if kind == "mindir" else "onnx"
            return TecoInferEngine(path, target=target, dtype=dtype, batch_first=True)
        network = build(self.model, self.variant, Weights("file", path), self.input_size)
        return frameworks.of(self.model).engine(self.model, network)


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
    dtype = "int8: write VARIANT_int8_dyn.onnx too (float32 and float16 always are)"
    cli.add_shared_flags(parser, batch_size=1, dtype=dtype)
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
    parser.add_argument(
        "--format",
        action="append",
        help=f"{', '.join(frameworks.formats(model))}; several with commas between (default {ONNX})",
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
            formats=[name.strip() for name in ",".join(args.format or [ONNX]).split(",")],
            int8=args.dtype == "int8",
        )
        for path in done.files():
            print(path)
        return console.OK

    return console.run(job, parser.parse_args(argv))
