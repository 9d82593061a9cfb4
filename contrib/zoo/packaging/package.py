"""`package`: an exported network as a server, or a program without the zoo, takes it. Written whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.base import Engine
from utils.datasets.folder import files_in
from utils.datasets.sample import Sample
from zoo.errors import ZooError
from zoo.manifest import RUNS, manifest_path, named_file
from zoo.model import Part
from zoo.running.engines import manifest_of, open_runner
from zoo.running.network import PartCall, recorded
from zoo.running.pipeline import batches
from zoo.running.setting import Setting
from zoo.task import as_list
from zoo.weights import in_short
from zoo_core.files import atomic_folder, has_content, write_json, write_text
from zoo_core.hashing import sha256

from . import servers
from .inside import PICTURE, require_expressed, with_processing
from .processing import described, labels_of
from .proof import prove

TRITON, OVMS, PLAIN = "triton", "ovms", "onnxruntime"
SERVERS = (TRITON, OVMS, PLAIN)
_FILE = "model.onnx"


@dataclass(frozen=True)
class PackageOptions:
    """What is made.

    Args:
        server: "triton", "ovms" or "onnxruntime": who takes it.
        inside: whether the file holds pre- and postprocessing.
        output: the new folder; below runs/package by default.
        batch: rows that a server may put together in one call.
        delay: microseconds that a request may wait for others.
        root: where a server that is told paths finds the folder.
        notice: what must be known of the weights.
    """

    server: str
    inside: bool = False
    output: Path | None = None
    batch: int = 16
    delay: int = 500
    root: str = "/models"
    notice: str = ""


@dataclass(frozen=True)
class Graph:
    """One graph of the package.

    Attributes:
        name: of it and of its folder.
        file: where its content comes from.
        given: what it is tried with, by input; {} where the sample does not come to it.
        batched: whether dimension 0 of everything is the batch.
    """

    name: str
    file: Path
    given: Mapping[str, np.ndarray]
    batched: bool


@dataclass(frozen=True)
class Packaged:
    """What was made.

    Attributes:
        folder: of the package.
        graphs: their names.
        proved: how near the file with everything inside is to the zoo; "" where there is none.
        untried: graphs that no sample came to, so that they have none.
    """

    folder: Path
    graphs: list[str]
    proved: str = ""
    untried: list[str] = field(default_factory=list)


def package(setting: Setting, options: PackageOptions) -> Packaged:
    """Make a folder of an export whose manifest says that its files are equal to the framework.

    Args:
        setting: the model, where its export is, and in which dtype.
        options: for whom.

    Raises:
        ZooError: there is no such export, it has changed, the folder is there already, or the processing cannot be
            written in ONNX operators.
        CheckFailedError: the file with everything inside says something else than the zoo.
    """
    model = setting.model
    said = manifest_of(setting)
    if options.inside:
        require_expressed(model)
    folder = options.output or Path(RUNS) / "package" / model.place / options.server
    if folder.exists() and (not folder.is_dir() or has_content(folder)):
        raise ZooError(f"{folder} is there already; remove it, or name another folder with --out")
    proved = ""
    with atomic_folder(folder) as made:
        graphs = _graphs(setting, made, options)
        if options.inside:
            proved = prove(setting, graphs[0].file)
        for graph in graphs:
            _write(setting, made, graph, options, said)
        if options.server == OVMS:
            write_json(made / "config.json", servers.served([one.name for one in graphs], options.root))
    return Packaged(folder, [one.name for one in graphs], proved, [one.name for one in graphs if not one.given])


def _graphs(setting: Setting, made: Path, options: PackageOptions) -> list[Graph]:
    """Every graph with its file in its place below `made`."""
    calls = {call.part: call for call in reversed(_calls(setting))}
    return [_graph(setting, part, calls.get(part.name), made, options) for part in setting.model.parts]


def _graph(setting: Setting, part: Part, call: PartCall | None, made: Path, options: PackageOptions) -> Graph:
    model = setting.model
    source = named_file(model, part, _manifest(setting), setting.dtype, ".onnx")
    name = part.stem(model.variant)
    version = made / name if options.server == PLAIN else made / name / "1"
    version.mkdir(parents=True)
    file = version / _FILE
    if options.inside:
        import onnx

        about = f"{model.id} {model.variant}: pre- and postprocessing inside"
        onnx.save(with_processing(source, setting.task(), about), file)
        return Graph(name, file, {PICTURE: _picture(setting)}, batched=False)
    shutil.copyfile(source, file)
    with Engine(file) as engine:
        batched = all(spec.shape[:1] == ("batch",) for spec in (*engine.inputs, *engine.outputs))
        given: dict[str, np.ndarray] = {}
        if call is not None:
            for spec, array in zip(engine.inputs, call.inputs, strict=True):
                given[spec.name] = np.ascontiguousarray(array[:1] if batched else array, spec.dtype)
    return Graph(name, file, given, batched)


def _write(setting: Setting, made: Path, graph: Graph, options: PackageOptions, said: Mapping[str, Any]) -> None:
    """Everything beside the file itself; the sample is run from the file as it lies there."""
    place, task = made / graph.name, setting.task()
    labels = labels_of(task)
    with Engine(graph.file) as engine:
        inputs, outputs = engine.inputs, engine.outputs
        if graph.given:
            found = as_list(engine(list(graph.given.values())))
            names = [spec.name for spec in outputs]
            arrays: dict[str, Any] = {**graph.given, **dict(zip(names, found, strict=True))}
            np.savez(place / "sample.npz", **arrays)
    if labels:
        write_text(place / "labels.txt", "".join(f"{label}\n" for label in labels))
    about = _about(setting, said, graph.file, options.notice)
    tensors = {
        "inputs": [{"name": one.name, "dtype": one.dtype, "shape": list(one.shape)} for one in inputs],
        "outputs": [{"name": one.name, "dtype": one.dtype, "shape": list(one.shape)} for one in outputs],
    }
    write_json(place / "processing.json", about | tensors | described(task, options.inside))
    if options.server == TRITON:
        batch = options.batch if graph.batched else 0
        text = servers.config(graph.name, inputs, outputs, batch, options.delay, graph.given, len(labels))
        write_text(place / "config.pbtxt", text)
        for number, array in enumerate(graph.given.values()):
            (place / "warmup").mkdir(exist_ok=True)
            (place / "warmup" / servers.warm_up_file(number)).write_bytes(array.tobytes())


def _about(setting: Setting, said: Mapping[str, Any], file: Path, notice: str) -> dict[str, Any]:
    model = setting.model
    return {
        "model": model.id,
        "variant": model.variant,
        "title": model.title,
        "source": model.source,
        "licence": model.licence,
        "weights": in_short(said["weights"]),
        "notice": notice,
        "exported": said.get("date", ""),
        "dtype": setting.dtype,
        "sha256": sha256(file),
    }


def _manifest(setting: Setting) -> Path:
    return setting.ckpt or manifest_path(setting.home, setting.model.variant)


def _calls(setting: Setting) -> list[PartCall]:
    """What each part is given for the first of the model's demos."""
    task = setting.task()
    first = files_in(setting.model.demo_folder(), task.suffixes)[0]
    sample = task.samples_in(first)[0]
    batch = next(iter(batches(task, [Sample(sample.id, sample.data)], 1, 1)))
    with open_runner(setting.but(target="onnx", batch_size=1, ckpt=_manifest(setting))) as runner:
        return recorded(task, runner, batch.arrays)[1]


def _picture(setting: Setting) -> np.ndarray:
    from utils.preprocess.image import load_rgb

    task = setting.model.task
    return np.array(load_rgb(files_in(setting.model.demo_folder(), task.suffixes)[0]))
