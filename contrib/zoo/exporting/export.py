"""Export: a network with its weights becomes ONNX files that are proved equal to it."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.errors import ModelFileError, RunError
from zoo import frameworks
from zoo.difference import Difference, require_alive
from zoo.errors import CheckFailedError, ZooError
from zoo.manifest import KINDS, ONNX, Exported
from zoo.model import Model, Part
from zoo.running.network import Runner, recorded
from zoo.running.reference import build, demo_batch, reference_runner, sizes
from zoo.weights import Weights, find_weights
from zoo_core.files import flush

from .compared import Compared, require_near
from .earlier import earlier, kept, stale
from .graph import finish, write_float16
from .record import record_of
from .workspace import step, workspace

OPSETS = range(12, 21)
DEFAULT_OPSET = 17
# Kinds that round on purpose: where one of them is too far from the framework, the others are written all the same
_ROUNDING = ("float16", "int8")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExportOptions:
    """What is exported, and how.

    Args:
        weights: "pretrained", "sample", "random" or a file; None stands for the model's default.
        weights_key: where in the file the weights are; "" to find them.
        trust: fetch published weights too whose source states no digest.
        opset: of ONNX.
        batch_size: rows of the static file.
        input_size: of the static file, and of the samples of the comparison; None stands for the model's own.
        samples: a folder of files that are compared on; None stands for the model's demos.
        formats: "onnx"; "mindir" and "ckpt" are MindSpore's own.
        int8: quantise too.
        timeout: seconds for the preprocessing of a sample; None: any number.
    """

    weights: str | None = None
    weights_key: str = ""
    trust: bool = False
    opset: int = DEFAULT_OPSET
    batch_size: int = 1
    input_size: int | None = None
    samples: Path | None = None
    formats: Sequence[str] = (ONNX,)
    int8: bool = False
    timeout: float | None = None
    kinds: Sequence[str] = field(default=(), init=False)

    def checked(self, model: Model) -> ExportOptions:
        """The same with the kinds of files to write. Raises ZooError for what cannot be."""
        if self.opset not in OPSETS:
            raise ZooError(f"--opset is {OPSETS[0]} to {OPSETS[-1]}, got {self.opset}")
        if self.batch_size < 1:
            raise ZooError(f"--batch_size is at least 1, got {self.batch_size}")
        sizes(model, self.input_size)
        formats = list(dict.fromkeys(self.formats))
        possible = frameworks.formats(model.framework)
        for one in formats:
            if one not in possible:
                raise ZooError(
                    f"--format {one} is not possible: {model.id} comes from {model.origin}, which is exported to "
                    f"{', '.join(possible)}"
                    + ("; mindir and ckpt are for networks of MindSpore" if one in KINDS else "")
                )
        if self.int8 and ONNX not in formats:
            raise ZooError(f"int8 is made of the ONNX file; add --format {ONNX}")
        checked = replace(self, formats=formats)
        object.__setattr__(checked, "kinds", [kind for one in formats for kind in KINDS[one]] + ["int8"] * self.int8)
        return checked


def export(model: Model, output: Path, options: ExportOptions | None = None) -> Exported:
    """Write the files of each part, and <variant>.export.json, to the folder `output`.

    Each file is checked (onnx.checker), simplified (onnxsim) and compared with the framework on real, preprocessed
    samples before any of them appears under its name. A float16 or int8 file that is too far from the framework is not
    written, and named in the manifest and in `Exported.failed`.

    Raises:
        ZooError, ExportError: the network cannot be exported so.
        CheckFailedError: an output in float32 is too far from the framework's, or the same for all samples.
    """
    options = (options or ExportOptions()).checked(model)
    chosen = find_weights(model, options.weights, options.weights_key, options.trust)
    with step(f"build {model.variant} ({chosen.kind} weights)"):
        network = build(model, chosen, options.input_size, options.timeout)
        _require_alive(model, reference_runner(model, network), options)
    return write_network(model, network, chosen, output, options)


def write_network(
    model: Model,
    network: Any,
    chosen: Weights,
    output: Path,
    options: ExportOptions,
    judge: Callable[[Path], Mapping[str, Any]] | None = None,
) -> Exported:
    """Write the files of `network`, which has the inputs and outputs of `model`, as `export` does.

    Args:
        chosen: the weights that it was made with.
        options: `checked`.
        judge: sees the folder with the complete export before anything of it appears in `output`, and gives what the
            manifest says besides; what it raises is the end.
    """
    reference = reference_runner(model, network)
    samples = options.samples or model.demo_folder()
    with workspace(output) as folder:
        made = Exported.of(model, folder, options.kinds)
        notes, calibrated = _write_all(model, network, made, options)
        with step("compare with the framework"):
            compared = Compared(model, reference, samples, options.input_size, options.batch_size, options.timeout)
            made, differences = _compare_all(model, compared, made)
        record = record_of(model, chosen, options.input_size, made, "; ".join(notes), differences, compared.count)
        for key, facts in calibrated.items():
            if key in record["files"]:
                record["files"][key] |= facts
        if judge is not None:
            made.manifest.write_text(json.dumps(record), encoding="utf-8")
            record |= judge(folder)
        return _publish(model, made, record, output)


def _require_alive(model: Model, reference: Runner, options: ExportOptions) -> None:
    """Raise CheckFailedError where a part gives the same for all samples: then comparing it would prove nothing."""
    task = model.task.adapted(options.input_size, topk=1)
    batch = demo_batch(model, model.demo_folder(), options.input_size, timeout=options.timeout)
    for call in recorded(task, reference, batch)[1]:
        require_alive(call.outputs)


def _write_all(
    model: Model, network: Any, made: Exported, options: ExportOptions
) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Write every file; returns the exporter's notes, and what is to be said of int8 files."""
    notes: list[str] = []
    calibrated: dict[str, dict[str, str]] = {}
    for part in model.parts:
        paths = {kind: made.paths[part.key(kind)] for kind in options.kinds if part.key(kind) in made.paths}
        if ONNX in options.formats:
            notes += _write_onnx(model, part, network, paths, options)
        if options.int8:
            calibrated[part.key("int8")] = _write_int8(model, part, network, paths, options)
        for kind in options.formats:
            if kind != ONNX:
                with step(f"export {paths[kind].name}"):
                    frameworks.of(model).write(network, paths[kind])
    return list(dict.fromkeys(filter(None, notes))), calibrated


def _write_onnx(model: Model, part: Part, network: Any, paths: dict[str, Path], options: ExportOptions) -> list[str]:
    shapes = part.shapes(options.batch_size, sizes(model, options.input_size) if part is model.entry else None)
    notes = []
    for kind in ("static", "dynamic"):
        if kind not in paths:
            continue
        path, dynamic = paths[kind], kind == "dynamic"
        with step(f"export {path.name}"):
            notes.append(frameworks.of(model, part).export(model, part, network, path, options.opset, shapes, dynamic))
        with step(f"check and simplify {path.name}"):
            finish(part, model.custom_ops, path, dynamic)
    with step(f"convert {paths['float16'].name}"):
        write_float16(paths["dynamic"], paths["float16"])
    return notes


def _write_int8(
    model: Model, part: Part, network: Any, paths: dict[str, Path], options: ExportOptions
) -> dict[str, str]:
    from .int8 import Calibration, quantiser

    with step(f"quantise {paths['int8'].name}"):
        reference = reference_runner(model, network)
        calibration = Calibration(timeout=options.timeout)
        made = quantiser(model, part, reference, paths["dynamic"], options.input_size, calibration)
        made.write(paths["int8"])
        if not made.nodes() and len(model.parts) == 1:
            raise ZooError(f"{model.id} has nothing that int8 makes smaller or faster; leave --dtype int8 out")
        return made.facts()


def _compare_all(model: Model, compared: Compared, made: Exported) -> tuple[Exported, dict[str, Difference]]:
    """The files that hold, with their differences; what fails in a rounding dtype, or is not opened, is taken out and
    named."""
    differences: dict[str, Difference] = {}
    failed: dict[str, str] = {}
    for part in model.parts:
        for kind in ("static", "dynamic", "float16", "int8", "mindir", "ckpt"):
            key = part.key(kind)
            if key not in made.paths:
                continue
            path = made.paths[key]
            try:
                differences[key] = compared.difference(part, kind, path)
                require_near(path, kind, differences[key])
            except CheckFailedError as error:
                if kind not in _ROUNDING:
                    raise CheckFailedError(f"{error}; nothing was written") from error
                failed[key] = str(error)
            except (ModelFileError, RunError) as error:
                # older versions of ONNX Runtime do not open each float16 file that newer ones do
                if kind not in _ROUNDING:
                    raise
                said = str(error).replace(str(path), path.name)
                failed[key] = said if path.name in said else f"{path.name}: {said}"
    paths = {key: path for key, path in made.paths.items() if key not in failed}
    return Exported(paths, made.manifest, failed), differences


def _publish(model: Model, made: Exported, record: dict[str, Any], output: Path) -> Exported:
    """Rename the files into place, the manifest last. While files are exchanged there is no manifest, so that a killed
    export leaves none that vouches for a mixture."""
    final = Exported(
        {key: output / path.name for key, path in made.paths.items()}, output / made.manifest.name, made.failed
    )
    before = earlier(final.manifest)
    record["files"] |= kept(before, record, output)
    made.manifest.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    for path in made.files():
        flush(path)
    final.manifest.unlink(missing_ok=True)
    for temporary, path in zip(made.files(), final.files(), strict=True):
        os.replace(temporary, path)
    for path in stale(before, record, output):
        _log.info("removed %s, of an earlier export", path.name)
        path.unlink()
    return final
