"""Commands and measurements on a cluster: what comes back is what one machine has, and what fails is said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from zoo.__main__ import main as zoo
from zoo.accuracy.reproduce import REPRODUCED, read_reproduction
from zoo.accuracy.valid import identity_of
from zoo.catalogue import described
from zoo.commands import reproduce
from zoo.contributing.sweep import far
from zoo.contributing.sweep.alone import Limits
from zoo.contributing.sweep.run import Sweep
from zoo.contributing.sweep.table import Row, Table
from zoo.distributed import tune
from zoo.distributed.brief import Brief, require_same
from zoo.distributed.cluster import Cluster, Place
from zoo.distributed.commands import FOLDER, Command, Ran, run_each
from zoo.errors import ZooError
from zoo.family import Family
from zoo.manifest import Exported
from zoo.model import Model
from zoo.running.setting import Setting
from zoo.tasks.classification import ImageClassification

pytestmark = pytest.mark.xdist_group("ray")
HERE = Place("", "10.0.0.3", 0, 2)


def test_what_a_command_wrote_comes_back(cluster: Cluster) -> None:
    commands = [
        Command("the version", ["--version"], [".log"]),
        Command("nothing", ["no-such-command"], ["*"]),
    ]
    found = {command.name: ran for command, ran, _ in run_each(cluster, commands)}
    assert {name: ran.code for name, ran in found.items()} == {"the version": 0, "nothing": 2}
    assert found["nothing"].last_line().startswith("error: zoo has no command")
    assert found["the version"].files[".log"].startswith(b"zoo ")


def test_points_are_those_of_the_settings(cluster: Cluster, lenet: Model, lenet_export: Exported) -> None:
    setting = Setting(lenet, ckpt=lenet_export.dynamic)
    tried = [("float32", 4, None), ("float32", 1, "basic")]
    found = tune.measure(cluster, setting, "sample", 0.02, tried)
    assert [{(point.dtype, point.batch_size, point.graph) for point in points} for points in found] == [
        {one} for one in tried
    ]
    assert all(point.throughput > 0 for points in found for point in points)


def test_a_task_that_cannot_be_sent_is_not_exchanged_for_the_models_own(
    lenet: Model, lenet_export: Exported, tmp_path: Path
) -> None:
    """A worker would count with the model's own class names, and nobody would see it in the figure."""

    @dataclass(frozen=True)
    class Local(ImageClassification):
        """Of a class that is no module's, so that pickle refuses it."""

    task = Local(lenet.task.transform, tuple("abcdefghij"), lenet.task.folders)
    setting = Setting(replace(lenet, task=task), ckpt=lenet_export.dynamic)
    there = Brief.of(setting).setting(HERE)
    facts = [identity_of(one, tmp_path, one.task(), []) | {"versions": {}} for one in (setting, there)]
    with pytest.raises(ZooError, match="the model's own class names, not those that were asked for"):
        require_same(*facts, HERE)


def test_nodes_of_two_kinds_are_not_compared(lenet: Model, lenet_export: Exported) -> None:
    setting = Setting(lenet, ckpt=lenet_export.dynamic)
    accept = tune._accepts(setting)
    facts = tune.facts_of(lenet)
    accept(HERE, facts)
    accept(HERE, facts)
    with pytest.raises(ZooError, match=r"10\.0\.0\.3 has 2 cores of .*10\.0\.0\.4 has 2 cores of another.*one kind"):
        accept(Place("", "10.0.0.4", 0, 2), facts | {"processor": "another"})


class Came:
    """Stands for `run_each`: what came back of each command."""

    def __init__(self, **ran: Ran):
        self.ran, self.words = ran, dict[str, Sequence[str]]()

    def __call__(self, cluster: Cluster, commands: Sequence[Command]) -> Iterator[tuple[Command, Ran, Place]]:
        for command in commands[::-1]:  # in another order than they were asked for
            self.words[command.name] = command.words
            yield command, self.ran[command.name.rpartition("/")[2]], HERE


@pytest.fixture
def measurable() -> list[Model]:
    return [model for model in described() if model.measurable][:2]


def record_of(model: Model, word: str = REPRODUCED) -> dict[str, Any]:
    assert model.published is not None
    figures = {"torch": model.published.value, "onnx": model.published.value}
    return {"figures": figures, "verdict": word, "tolerance": None, "because": "as it is", "samples": 3}


def test_published_figures_come_from_nodes(
    measurable: list[Model],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second = measurable
    file = f"{first.place}/reproduce.json"
    came = Came(
        **{
            first.variant: Ran(0, "", {file: json.dumps(record_of(first)).encode()}),
            second.variant: Ran(2, "…\nerror: the weights cannot be had\n"),
        }
    )
    monkeypatch.setattr(reproduce, "run_each", came)
    monkeypatch.setattr("zoo.distributed.cluster.connected", lambda *_: nullcontext())
    monkeypatch.setattr(reproduce, "_all", lambda: iter(measurable))
    assert zoo(["reproduce", "--all", "--runs", str(tmp_path), "--ray"]) == 1
    out, err = capsys.readouterr()
    assert (tmp_path / file).is_file()
    assert "REPRODUCED" in out
    assert "the weights cannot be had" in err
    assert came.words[f"{first.id}/{first.variant}"] == ["reproduce", f"{first.id}/{first.variant}", "--runs", FOLDER]
    assert zoo(["reproduce", f"{second.id}/{second.variant}", "--runs", str(tmp_path), "--ray"]) == 2
    assert "(on node 10.0.0.3): the weights cannot be had" in capsys.readouterr().err


def test_a_record_that_is_none(measurable: list[Model]) -> None:
    model = measurable[0]
    assert read_reproduction(model, record_of(model)).passed()
    for wrong in (
        {},
        {"figures": 3},
        record_of(model) | {"samples": "many"},
        record_of(model) | {"figures": {"a": "x"}},
    ):
        with pytest.raises(ZooError, match="is no record of"):
            read_reproduction(model, wrong)


def test_rows_of_a_sweep_come_from_nodes(lenet_family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = lenet_family.variants[0]
    table = Table(lenet_family.id, 1, {name: Row(name, "abc", equal=["float32"])}, {"abc": {"cpu": "another"}})
    table.write(tmp_path / "table.json")
    content = (tmp_path / "table.json").read_bytes()
    sweep = Sweep(lenet_family, [name], ["onnx"], Limits(60, 500))
    found = Table(lenet_family.id, 1)
    came = Came(**{name: Ran(1, "", {f"{lenet_family.name}.json": content})})
    monkeypatch.setattr(far, "run_each", came)
    assert list(far.on_cluster(Cluster(None), sweep, found, [name])) == [table.rows[name]]
    assert (found.rows, found.made_with) == (table.rows, table.made_with)
    assert "--limit-mib 500" in " ".join(came.words[name])
    monkeypatch.setattr(far, "run_each", Came(**{name: Ran(2, "error: there is no memory\n")}))
    with pytest.raises(ZooError, match=r"\(on node 10\.0\.0\.3\): there is no memory"):
        list(far.on_cluster(Cluster(None), sweep, found, [name]))
