"""Networks of several graphs: each is exported, proved and run, and the loop over them stays bounded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.spec import TensorSpec
from utils.datasets.sample import Sample
from utils.metrics.base import MetricInfo
from zoo.accuracy.tune import tune
from zoo.accuracy.valid import validate
from zoo.accuracy.verify import VerifyOptions, verify
from zoo.errors import CheckFailedError, ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.manifest import Exported, read_manifest
from zoo.model import Model, Part, SampleData
from zoo.running.engines import framework_runner, open_runner
from zoo.running.network import Network, recorded, replayed
from zoo.running.setting import Setting
from zoo.task import Run, Task, as_list
from zoo_core.errors import DataError

torch = pytest.importorskip("torch")

WIDTH = 6


class Summer(torch.nn.Module):
    """Encodes a row, and in each step says something of the rows that it has said before."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = torch.nn.Linear(WIDTH, WIDTH)
        self.say = torch.nn.Linear(WIDTH, WIDTH)


class Step(torch.nn.Module):
    def __init__(self, network: Any) -> None:
        super().__init__()
        self.say = network.say

    def forward(self, state: Any, cache: Any) -> Any:
        return torch.tanh(self.say(state + cache.sum(dim=1)))


class Right:
    """How many first numbers are positive where the target says so."""

    infos = (MetricInfo("right", "fraction", 0.0, 1.0, True),)

    def __init__(self) -> None:
        self.counts = {"right": 0, "all": 0}

    def update(self, predictions: Any, targets: Any) -> None:
        self.counts["right"] += sum((one > 0) == target for one, target in zip(predictions, targets, strict=True))
        self.counts["all"] += len(targets)

    def compute(self) -> dict[str, float]:
        if not self.counts["all"]:
            raise DataError("nothing was counted")
        return {"right": self.counts["right"] / self.counts["all"]}

    def state(self) -> dict[str, Any]:
        return {name: int(count) for name, count in self.counts.items()}

    def merge(self, state: dict[str, Any]) -> None:
        for name, count in state.items():
            self.counts[name] += count


class Loop(Task):
    """Seeds of rows; `beside` says how often the step is called."""

    suffixes = (".txt",)
    beside = (TensorSpec("turns", "int64", ("batch", 1)),)

    def __init__(self, turns: int = 11) -> None:
        self.turns = turns

    def preprocess(self, data: Any, out: Any = None) -> tuple[tuple[np.ndarray, ...], Any]:
        seed = int(data.read_text()) if isinstance(data, Path) else int(data)
        row = np.random.RandomState(seed).randn(WIDTH).astype(np.float32)
        return (row, np.array([self.turns], np.int64)), None

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        rows, turns = arrays
        encode, step = parts.values()
        (state,) = as_list(encode([rows]))
        cache = np.empty((len(state), 0, WIDTH), state.dtype)
        for _ in range(int(turns.max())):
            (said,) = as_list(step([state, cache]))
            assert said.dtype == cache.dtype
            cache = np.concatenate([cache, said[:, None]], axis=1)
        return [cache[:, -1] if turns.max() else state]

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[float]:
        return [float(row[0]) for row in outputs[0]]

    def dataset(self, root: Path) -> list[Sample]:
        return [Sample(f"seed {seed}", seed, seed % 2 == 0) for seed in range(30)]

    def metric(self) -> Right:
        return Right()

    def agreement(self, one: float, other: float) -> bool:
        return abs(one - other) < 0.05

    def describe(self, prediction: float, topk: int) -> str:
        return f"{prediction:.3f}"

    def to_json(self, prediction: float) -> dict[str, Any]:
        return {"value": prediction}

    def draw(self, data: Any, prediction: float) -> Any:
        raise DataError("there is no drawing")


def specs(*several: tuple[str, tuple[int | str, ...]]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(name, "float32", shape) for name, shape in several)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("summer")
    (folder / "demos").mkdir()
    for seed in range(40, 46):
        (folder / "demos" / f"{seed}.txt").write_text(str(seed))
    return Model(
        build=Summer,
        parts=(
            Part(
                name="encoder",
                module=lambda network: network.encode,
                inputs=specs(("row", ("batch", WIDTH))),
                outputs=specs(("state", ("batch", WIDTH))),
            ),
            Part(
                name="step",
                module=Step,
                inputs=specs(("state", ("batch", WIDTH)), ("cache", ("batch", "past", WIDTH))),
                outputs=specs(("said", ("batch", WIDTH))),
                size={"past": 3},
                static=False,
            ),
        ),
        task=Loop(),
        sample=SampleData("summer", 1, lambda folder: folder.mkdir()),
        source="here",
        licence="BSD-3-Clause",
        domain="test",
        name="summer",
        variant="summer",
        folder=folder,
    )


@pytest.fixture(scope="module")
def exported(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(model, tmp_path_factory.mktemp("exported"), ExportOptions(weights="random"))


def test_every_part_has_files_of_its_own_and_is_proved(exported: Exported) -> None:
    assert sorted(path.name for path in exported.paths.values()) == [
        "summer_encoder.onnx",
        "summer_encoder_dyn.onnx",
        "summer_encoder_float16_dyn.onnx",
        "summer_step_dyn.onnx",
        "summer_step_float16_dyn.onnx",
    ]
    files = read_manifest(exported.manifest)["files"]
    assert set(files) == {
        "encoder/static",
        "encoder/dynamic",
        "encoder/float16",
        "step/dynamic",
        "step/float16",
    }
    assert all(entry["difference"]["relative"] < 1e-2 for entry in files.values())
    assert files["step/dynamic"]["inputs"][1]["shape"] == ["batch", "past", WIDTH]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_exported_parts_say_what_the_framework_says(model: Model, exported: Exported, dtype: str) -> None:
    setting = Setting(model, ckpt=exported.manifest, dtype=dtype)
    rows = [np.stack(column) for column in zip(*(model.task.preprocess(seed)[0] for seed in range(5)), strict=True)]
    with framework_runner(setting) as reference, open_runner(setting) as runner:
        assert isinstance(runner, Network)
        assert [spec.name for spec in runner.inputs] == ["row", "turns"]
        (wanted,), (found,) = reference(rows), runner(rows)
        calls = [runner.submit(rows) for _ in range(4)]
        assert all(np.array_equal(call.result()[0], found) for call in calls)
        assert calls[0].run_time > 0
        assert runner.run_time > 0
    assert found.dtype == np.dtype(dtype)
    assert np.abs(wanted - found).max() < (1e-5 if dtype == "float32" else 5e-3)


def test_a_network_on_float16_rows_needs_no_more_than_asked(model: Model, exported: Exported) -> None:
    done = validate(Setting(model, ckpt=exported.manifest, dtype="float16", batch_size=7))
    assert done.samples == 30
    assert done.diagnosis is not None
    assert done.inputs[0].startswith("encoder: row")
    assert [Path(path).name for path in done.to_json()["ckpt"].split(", ")] == [
        "summer_encoder_float16_dyn.onnx",
        "summer_step_float16_dyn.onnx",
    ]


def test_verification_compares_part_by_part(model: Model, exported: Exported) -> None:
    done = verify(Setting(model, ckpt=exported.manifest, batch_size=8), VerifyOptions())
    assert done.passed()
    by_dtype = {one.contender.dtype: one for one in done.comparisons}
    assert by_dtype["float32"].judged_by() == ["agreement", "outputs"]
    assert by_dtype["float16"].judged_by() == ["outputs"]
    assert by_dtype["float16"].samples == 30


def test_a_part_that_is_another_networks_fails_verification(model: Model, exported: Exported, tmp_path: Path) -> None:
    import onnx

    for path in exported.files():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    manifest = tmp_path / exported.manifest.name
    graph = onnx.load(tmp_path / "summer_step_dyn.onnx")
    for tensor in graph.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            tensor.CopyFrom(onnx.numpy_helper.from_array(values * np.float32(1.2), tensor.name))
    onnx.save(graph, tmp_path / "summer_step_dyn.onnx")
    with pytest.raises(ZooError, match=r"summer_step_dyn\.onnx has changed"):
        verify(Setting(model, ckpt=manifest))
    from zoo_core.hashing import sha256

    said = json.loads(manifest.read_text())
    said["files"]["step/dynamic"]["sha256"] = sha256(tmp_path / "summer_step_dyn.onnx")
    manifest.write_text(json.dumps(said))
    assert not verify(Setting(model, ckpt=manifest), VerifyOptions(dtypes=["float32"])).passed()


def test_tuning_measures_the_whole_network(model: Model, exported: Exported) -> None:
    done = tune(Setting(model, ckpt=exported.manifest), ["float32"], [4], "sample", 8, 0.01)
    assert done.refused == []
    assert done.best


def test_tuning_compares_levels_of_graph_optimisation(model: Model, exported: Exported) -> None:
    setting = Setting(model, ckpt=exported.manifest)
    done = tune(setting, ["float32"], [4], "sample", 8, 0.01, ["none", "all"])
    assert {point.graph for point in done.points} == {"none", "all"}
    with pytest.raises(ZooError, match="target 'openvino' has no levels of graph optimisation"):
        open_runner(setting.but(target="openvino", graph="none"))


def test_int8_is_made_of_every_part_or_named(model: Model, tmp_path: Path) -> None:
    done = export(model, tmp_path, ExportOptions(weights="random", int8=True))
    keys = {"encoder/int8", "step/int8"}
    assert {key for key in (*done.paths, *done.failed) if key.endswith("int8")} == keys
    for key in keys & set(done.paths):
        assert read_manifest(done.manifest)["files"][key]["calibrated_on"] == "6 demos"


def test_one_file_of_several_is_no_network(model: Model, exported: Exported) -> None:
    with pytest.raises(ZooError, match=r"give their manifest, \*\.export\.json"):
        open_runner(Setting(model, ckpt=exported.paths["step/dynamic"]))


@pytest.mark.parametrize("target", ["cpu"])
def test_a_graph_that_grows_is_not_given_to_a_target_of_one_shape(
    model: Model, exported: Exported, target: str
) -> None:
    pytest.importorskip("tvm")
    with pytest.raises(ZooError, match="grows from call to call"):
        open_runner(Setting(model, ckpt=exported.manifest, target=target))


def test_a_part_that_no_sample_reaches_is_not_proved(model: Model, tmp_path: Path) -> None:
    with pytest.raises(CheckFailedError, match="no sample reaches"):
        export(replace(model, task=Loop(turns=0)), tmp_path, ExportOptions(weights="random"))
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_says_the_same_of_all_samples_is_refused(model: Model, tmp_path: Path) -> None:
    def constant() -> Any:
        network = Summer()
        torch.nn.init.zeros_(network.encode.weight)
        return network

    state = tmp_path / "constant.pt"
    torch.save({**constant().state_dict()}, state)
    with pytest.raises(CheckFailedError, match="same outputs"):
        export(model, tmp_path / "out", ExportOptions(weights=str(state)))


def test_a_record_of_a_long_loop_is_short(model: Model, exported: Exported) -> None:
    task = Loop(turns=100)
    rows = [np.stack(column) for column in zip(*(task.preprocess(seed)[0] for seed in range(3)), strict=True)]
    with open_runner(Setting(replace(model, task=task), ckpt=exported.manifest)) as runner:
        outputs, calls = recorded(task, runner, rows)
        past = [call.inputs[1].shape[1] for call in calls if call.part == "step"]
        assert past == [0, 1, 3, 7, 15, 31, 63, 99]
        assert np.array_equal(calls[-1].outputs[0], outputs[0])
        assert all(
            np.array_equal(found, kept)
            for call in calls
            for found, kept in zip(replayed(runner, call), call.outputs, strict=True)
        )


def test_a_dtype_that_a_part_lacks_is_not_offered(model: Model, exported: Exported, tmp_path: Path) -> None:
    said = json.loads(exported.manifest.read_text())
    del said["files"]["step/float16"]
    manifest = tmp_path / exported.manifest.name
    manifest.write_text(json.dumps(said))
    assert Setting(model, ckpt=exported.manifest).dtypes() == ["float32", "float16"]
    assert Setting(model, ckpt=manifest).dtypes() == ["float32"]


def test_random_frozen_norms_take_the_statistics_of_what_they_see() -> None:
    from torchvision.ops import FrozenBatchNorm2d

    from zoo.frameworks.pytorch import _make_alive

    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), FrozenBatchNorm2d(4, eps=0.0), torch.nn.Conv2d(4, 5, 1))
    network.append(FrozenBatchNorm2d(5, eps=0.0))
    pictures = 100 + 50 * torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    before = network[1].bias.clone()
    with torch.no_grad():
        _make_alive(network, lambda: [network(pictures).numpy()])
        seen = network[:3](pictures)
    assert torch.allclose(network[3].running_mean, seen.mean((0, 2, 3)), rtol=1e-3)
    assert (network[1].bias > before).all()
    assert not network[1]._forward_pre_hooks
    assert network(pictures).abs().max() < 10
