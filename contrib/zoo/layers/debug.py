"""`zoo debug`: every tensor of an exported network on a target, against the framework, ONNX Runtime or another file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo import frameworks
from zoo.accuracy.verify import spread
from zoo.errors import ZooError
from zoo.model import Part
from zoo.running.engines import exported_weights, manifest_of, open_runner
from zoo.running.network import PartCall, recorded
from zoo.running.pipeline import batches
from zoo.running.reference import build
from zoo.running.setting import Setting, dataset_of

from .compare import Compared, compare
from .hooks import FRAMEWORKS, Hooked
from .modules import ModuleSource
from .rounded import file_of, plain
from .sources import FileSource, Source, counterparts
from .taps import Graph

FRAMEWORK, ONNX = "framework", "onnx"


@dataclass(frozen=True)
class DebugOptions:
    """What is compared with what.

    Args:
        against: "framework", "onnx" (the float32 file on ONNX Runtime), or another ONNX file of the only part.
        data: a labelled data set; "sample" is the model's own.
        samples: so many of it.
    """

    against: str = ONNX
    data: str | Path = "sample"
    samples: int = 2


def debug(setting: Setting, options: DebugOptions) -> Iterator[tuple[Compared, PartCall]]:
    """Compare the tensors of each part, given what it is given in a run of the float32 file on ONNX Runtime.

    Args:
        setting: target and dtype of the contender.

    Raises:
        ZooError: a file is missing, or both are the same.
    """
    same = options.against == ONNX and (setting.target, setting.dtype) == (ONNX, "float32")
    if same and setting.ckpt is None:
        raise ZooError(
            "target onnx in float32 is what others are compared with: give --target, --dtype or --against framework"
        )
    given = {call.part: call for call in reversed(calls(setting, options))}
    if options.against not in (ONNX, FRAMEWORK) and len(setting.model.parts) > 1:
        raise ZooError(f"{setting.model.id} consists of several graphs, and --against {options.against} is one file")
    with tempfile.TemporaryDirectory(prefix="zoo-debug-") as folder:
        for part in setting.model.parts:
            call = given[part.name]
            path = file_of(setting, part, Path(folder))
            if same and path.samefile(plain(setting).file(part)):
                raise ZooError(
                    f"{path} is the float32 file of its own folder, and would be compared with itself: name the export "
                    "that it is compared with by --folder, or the file by --against"
                )
            graph = Graph(path, [array.shape for array in call.inputs])
            contender = FileSource(setting, graph, call.inputs)
            reference = _reference(setting, part, options.against, call.inputs, graph)
            yield compare(part.name, reference, contender, graph, setting.dtype), call


def calls(setting: Setting, options: DebugOptions, repeat: bool = False) -> list[PartCall]:
    """What each part is given for the samples, in a run of the float32 file on ONNX Runtime.

    Args:
        repeat: whether samples come again where there are fewer than are asked for.
    """
    task = setting.task()
    samples = spread(dataset_of(setting, options.data), options.samples)
    if repeat:
        samples = [samples[number % len(samples)] for number in range(options.samples)]
    batch = next(iter(batches(task, samples, len(samples), setting.workers, timeout=setting.timeout)))
    with open_runner(plain(setting)) as runner:
        return recorded(task, runner, batch.arrays)[1]


def _reference(setting: Setting, part: Part, against: str, arrays: Sequence[np.ndarray], graph: Graph) -> Source:
    if against == FRAMEWORK:
        model = setting.model
        framework = part.framework or model.framework
        if framework not in FRAMEWORKS:
            raise ZooError(
                f"{model.id} comes from {framework}, whose exporter does not name nodes after layers; compare "
                f"with --against {ONNX}, and the outputs by zoo verify {model.id}"
            )
        manifest = manifest_of(plain(setting))
        network = build(model, exported_weights(model, manifest), manifest["input_size"], setting.timeout)
        own_module = part.of(network)
        own_module.eval()
        return ModuleSource(Hooked(framework, own_module, arrays), graph)
    own = plain(setting)
    path = own.file(part) if against == ONNX else Path(against)
    if not path.is_file():
        raise ZooError(f"--against {against}: there is no such file; it is {FRAMEWORK}, {ONNX} or an ONNX file")
    other = Graph(path, [array.shape for array in arrays])
    return FileSource(own, other, arrays, counterparts(graph, other))


def reference_name(setting: Setting, against: str) -> str:
    """What stands for `against` in a table."""
    return frameworks.target(setting.model) if against == FRAMEWORK else f"{against} float32"
