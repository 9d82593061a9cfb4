"""Files that engines open, and those that we write: how each is made, which are damaged, and how they are read."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.loader import Loader
from tests.fuzz.mutate import BINARY, JSON, TEXT

_MOST_ELEMENTS = 1 << 16  # of an input that a damaged file asks for; a larger one is only opened


def _network(folder: Path, external: bool = False) -> None:
    """A convolution and a matrix, in opset 17."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    value = helper.make_tensor_value_info
    draw = np.random.default_rng(0)
    weights = {"kernel": (4, 3, 3, 3), "bias": (4,), "matrix": (4, 5)}
    nodes = [
        helper.make_node("Conv", ["x", "kernel", "bias"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("GlobalAveragePool", ["b"], ["c"]),
        helper.make_node("Flatten", ["c"], ["d"]),
        helper.make_node("MatMul", ["d", "matrix"], ["e"]),
        helper.make_node("Softmax", ["e"], ["y"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [value("x", TensorProto.FLOAT, ["batch", 3, 8, 8])],
        [value("y", TensorProto.FLOAT, ["batch", 5])],
        [numpy_helper.from_array(draw.normal(size=size).astype(np.float32), name) for name, size in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "a.onnx", save_as_external_data=external, location="a.data", size_threshold=0)


def _opened(target: str, name: str = "a.onnx", **options: Any) -> Callable[[Path], None]:
    def read(folder: Path) -> None:
        from engine.base import Engine

        with Engine(folder / name, target=target, options=options) as engine:
            shapes = [[size if isinstance(size, int) else 2 for size in spec.shape] for spec in engine.inputs]
            if all(math.prod(shape) <= _MOST_ELEMENTS for shape in shapes):
                engine([np.ones(shape, spec.dtype) for shape, spec in zip(shapes, engine.inputs, strict=True)])

    return read


def _program(folder: Path) -> None:
    import torch

    network = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())
    torch.export.save(torch.export.export(network, (torch.ones(2, 4),)), folder / "a.pt2")


def _checkpoint(folder: Path) -> None:
    import torch

    torch.save({"state_dict": {"w": torch.ones(3, 4), "b": torch.zeros(3)}, "epoch": 3}, folder / "a.pth")


def _safetensors(folder: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"w": np.ones((3, 4), np.float32), "b": np.zeros(3, np.float32)}, folder / "a.safetensors")


def _read_checkpoint(name: str) -> Callable[[Path], None]:
    def read(folder: Path) -> None:
        from zoo.frameworks.torch_file import read_state

        for tensor in read_state(folder / name, network_bytes=60).values():
            tensor.double().sum()

    return read


@cache
def _lenet() -> Any:
    from zoo.catalogue import load

    return load("classification/lenet").variant()


def _manifest(folder: Path) -> None:
    from zoo.manifest import Exported
    from zoo.weights import find_weights
    from zoo_core.hashing import sha256

    made = Exported.of(_lenet(), folder)
    for kind, path in made.paths.items():
        path.write_bytes(kind.encode())
    record = {
        "model": _lenet().id,
        "variant": _lenet().variant,
        "weights": find_weights(_lenet(), "sample").to_json(),
        "input_size": None,
        "files": {kind: {"name": path.name, "sha256": sha256(path)} for kind, path in made.paths.items()},
        "failed": {"int8": "it differs"},
        "versions": {"onnx": "1"},
    }
    made.manifest.write_text(json.dumps(record))


def _read_manifest(folder: Path) -> None:
    from zoo import manifest
    from zoo.commands.notice import weights_notice
    from zoo.exporting.earlier import earlier, kept, stale
    from zoo.running.engines import exported_weights, manifest_of
    from zoo.running.setting import Setting

    before = earlier(folder / "lenet.export.json")
    now: dict[str, Any] = {"files": {}, "failed": {}} | {
        name: before.get(name) for name in ("model", "variant", "weights", "input_size", "versions")
    }
    assert all(path.parent == folder for path in stale(before, now, folder))
    kept(before, now, folder)
    setting = Setting(_lenet(), folder=folder)
    weights_notice(setting)
    manifest.exported_dtypes(_lenet(), folder, ".onnx")
    manifest.require_vouched(setting.file(_lenet().part), folder / "lenet.export.json")
    exported_weights(_lenet(), manifest_of(setting))


def _state(folder: Path) -> None:
    from zoo_core.files import write_json
    from zoo_core.hashing import facts_digest

    state = {"identity": {"data": "d"}, "done": 4, "counts": {"samples": 4, "top1": 3, "top5": 4}}
    write_json(folder / "state.json", state | {"digest": facts_digest(state)})


def _read_state(folder: Path) -> None:
    from utils.metrics.classification import TopKAccuracy
    from zoo.accuracy.resume import Progress

    metric = TopKAccuracy(10)
    progress = Progress(folder / "state.json", {"data": "d"}, metric)
    assert (progress.done, metric.compute()["top1"]) == (4, 0.75), "a damaged state was taken"


def _cases(folder: Path) -> None:
    (folder / "config.yaml").write_text(
        "- case_name: a\n  onnx_path: a.onnx\n  onnx_dtype: float32\n  input_shapes: 1*3*8*8\n  batch_size: [1, 4]\n"
        "  iterations: 10\n  warm_up: 0\n  run_sync: true\n  history_throughput: [1.5, 2]\n"
    )


def _read_cases(folder: Path) -> None:
    from tecoexec.cases import Case, read
    from tecoexec.inputs import WrongUseError
    from zoo_core.errors import ZooCoreError

    try:
        for case in read(folder / "config.yaml"):
            if isinstance(case, Case):
                case.shapes()
    except WrongUseError as error:
        raise ZooCoreError(str(error)) from error


def _model_yaml(folder: Path) -> None:
    (folder / "model.yaml").write_text(
        "- case_name: lenet\n  run_dir: contrib/example/classification/lenet\n  timeout: 600\n"
        "  run_example_valid: {params: {batch_size: 4, others: {input_size: 64}}}\n"
    )


def _read_model_yaml(folder: Path) -> None:
    from zoo.contributing.yaml_file import read

    read(folder / "model.yaml")


def _check_state(folder: Path) -> None:
    from zoo.contributing.check.runner import CaseResult, StepResult, write_result

    step = StepResult("valid", "passed", 1.5, "", "python example_valid.py", "valid.log", 0.9)
    write_result(CaseResult("case", "a/b", "print", "now", "asked for", [], [step]), folder)


def _read_check_state(folder: Path) -> None:
    from zoo.contributing.check.runner import STATE, read_result

    result = read_result(folder)
    (folder / STATE).read_bytes()
    if result is not None:
        assert result.passed()
        assert f"{result.steps[0].seconds:.1f} {result.steps[0].metric:g}" == "1.5 0.9"


def _cached(folder: Path) -> None:
    """What a compiling target keeps, without a compiler: the cache is the same for all."""
    from engine.backends.compiling import cache

    def build(place: Path) -> None:
        (place / "model.blob").write_bytes(b"compiled" * 50)

    def load(place: Path) -> None:
        assert (place / "model.blob").read_bytes() == b"compiled" * 50, "a damaged engine was taken"

    before = os.environ.get("TECO_ZOO_HOME")
    os.environ["TECO_ZOO_HOME"] = str(folder / "home")
    try:
        cache.compiled({"target": "t"}, build, load)
        cache.entries()
        entry = next((folder / "home/engines").glob("t-*"))
        for name in ("model.blob", "entry.json"):  # where damage is done, under a name that is known beforehand
            if not (folder / name).is_symlink():
                (folder / name).symlink_to(entry / name)
    finally:
        os.environ.pop("TECO_ZOO_HOME")
        if before is not None:
            os.environ["TECO_ZOO_HOME"] = before


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder / "home", ignore_errors=True)
    _cached(folder)


def _where(package: str, loaders: dict[str, Loader]) -> dict[str, Loader]:
    return loaders if find_spec(package) else {}


ENGINE_FILES: dict[str, Loader] = {
    "onnx": Loader(_network, ("a.onnx",), BINARY, _opened("onnx")),
    "onnx, weights beside it": Loader(
        lambda folder: _network(folder, external=True), ("a.onnx", "a.data"), BINARY, _opened("onnx")
    ),
    **_where("openvino", {"openvino": Loader(_network, ("a.onnx",), BINARY, _opened("openvino", cache=False))}),
    "exported program": Loader(_program, ("a.pt2",), BINARY, _opened("torch", "a.pt2")),
    "checkpoint": Loader(_checkpoint, ("a.pth",), BINARY, _read_checkpoint("a.pth")),
    "safetensors": Loader(_safetensors, ("a.safetensors",), BINARY, _read_checkpoint("a.safetensors")),
    "manifest": Loader(_manifest, ("lenet.export.json",), JSON, _read_manifest),
    "state of a validation": Loader(_state, ("state.json",), JSON, _read_state),
    "state of a check": Loader(_check_state, ("result.json",), JSON, _read_check_state),
    "compiled engine": Loader(_emptied, ("model.blob", "entry.json"), BINARY, _cached),
    "cases of tecoexec": Loader(_cases, ("config.yaml",), TEXT, _read_cases),
    "yaml of zoo check": Loader(_model_yaml, ("model.yaml",), TEXT, _read_model_yaml),
}
