"""zoo valid --ray: the figure of one machine, whatever becomes of workers and nodes; and nothing is left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from zoo.__main__ import main as zoo
from zoo.distributed import valid as distributed
from zoo.distributed.cluster import LOCAL, Cluster, connected
from zoo.distributed.pool import Pool
from zoo.distributed.shards import Shard, ShardFile, cut, per_shard
from zoo.errors import CheckFailedError, ZooError
from zoo.manifest import Exported
from zoo.model import Model
from zoo.running.setting import Setting

pytestmark = pytest.mark.xdist_group("ray")


@pytest.fixture
def setting(lenet: Model, lenet_export: Exported) -> Setting:
    return Setting(lenet, ckpt=lenet_export.dynamic, batch_size=4)


@pytest.fixture
def alone(lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """What one machine says."""

    def run(*words: object) -> dict[str, Any]:
        place = tmp_path / "alone.json"
        given = ["--ckpt", lenet_export.dynamic, "--batch_size", 4, "--json", place, *words]
        assert zoo(["valid", "lenet", *map(str, given)]) == 0
        capsys.readouterr()
        said: dict[str, Any] = json.loads(place.read_text())
        return said

    return run


def own_data(lenet: Model, folder: Path) -> Path:
    shutil.copytree(lenet.data("sample"), folder)
    return folder


def test_the_figure_is_that_of_one_machine(
    nodes: Any,
    cluster: Cluster,
    alone: Callable[..., dict[str, Any]],
    lenet: Model,
    lenet_export: Exported,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    together: None,
) -> None:
    data = own_data(lenet, tmp_path / "data")
    deep = next(data.rglob("*.png"))
    Image.open(deep).convert("I").point(lambda value: value * 257).convert("I;16").save(deep)
    one = alone("--topk", 2, "--data_path", data)
    assert any(str(deep) in record.getMessage() for record in caplog.records)
    caplog.clear()
    from utils import notices

    notices.forget()
    place = tmp_path / "ray.json"
    given = ["--ckpt", lenet_export.dynamic, "--data_path", data, "--topk", 2, "--batch_size", 4, "--json", place]
    assert zoo(["valid", "lenet", *map(str, given), "--ray", nodes.address, "--ray_shard", "2"]) == 0
    out, _ = capsys.readouterr()
    said = json.loads(place.read_text())
    assert (said["metrics"], said["counts"]) == (one["metrics"], one["counts"])
    assert said["stages"]["samples"] == one["stages"]["samples"] == said["counts"]["samples"]
    assert out.count("127.0.0.1 (") == 2  # both nodes counted
    # what is said of a file on one machine is said here, too
    assert sum(str(deep) in record.getMessage() for record in caplog.records) == 1


def test_an_address_of_fsspec(
    cluster: Cluster, setting: Setting, lenet: Model, alone: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    pytest.importorskip("fsspec")
    data = own_data(lenet, tmp_path / "far")
    done = distributed.validate(cluster, setting, f"file://{data}")
    assert done.metric.state() == alone("--data_path", data)["counts"]


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker counts before all have begun, so that each of them counts something."""
    take = Pool._take

    def taken(self: Pool, hand: Any) -> Iterator[Any]:
        beginning = [one.reply for one in self._hands if not one.begun]
        if not hand.begun:
            self.cluster.ray.wait(beginning, num_returns=len(beginning))
        yield from take(self, hand)

    monkeypatch.setattr(Pool, "_take", taken)


def losing(monkeypatch: pytest.MonkeyPatch, after: int, lose: Callable[[], None]) -> list[int]:
    """Calls `lose` when so many shards were counted; the numbers of all that are."""
    numbers: list[int] = []
    add = ShardFile.add

    def counted(self: ShardFile, number: int, *of: Any) -> None:
        add(self, number, *of)
        numbers.append(number)
        if len(numbers) == after:
            lose()

    monkeypatch.setattr(ShardFile, "add", counted)
    return numbers


def test_a_worker_is_killed(
    nodes: Any,
    cluster: Cluster,
    setting: Setting,
    alone: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    together: None,
) -> None:
    def lose() -> None:
        for worker in nodes.workers():
            worker.kill()

    numbers = losing(monkeypatch, 3, lose)
    done = distributed.validate(cluster, setting, per=1)
    assert done.metric.state() == alone()["counts"]
    assert sorted(numbers) == list(range(len(numbers)))
    assert len(numbers) == -(-done.samples // 4)
    assert any("ended while it" in note for note in done.notes)


def test_a_node_is_lost_and_comes_back(
    nodes: Any,
    cluster: Cluster,
    setting: Setting,
    alone: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    together: None,
) -> None:
    numbers = losing(monkeypatch, 3, nodes.lose)
    try:
        done = distributed.validate(cluster, setting, per=1)
    finally:
        nodes.replace()
    assert done.metric.state() == alone()["counts"]
    assert sorted(numbers) == list(range(-(-done.samples // 4)))
    assert any("ended while it" in note for note in done.notes)
    for _ in range(120):  # Ray counts a node that is gone among the living for some seconds
        if len(cluster.places()) == 2:
            break
        time.sleep(0.5)
    assert len(cluster.places()) == 2


def test_an_interrupted_run_goes_on(
    cluster: Cluster,
    setting: Setting,
    alone: Callable[..., dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = tmp_path / "state"

    def stop() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        before = losing(once, 3, stop)
        with pytest.raises(KeyboardInterrupt):
            distributed.validate(cluster, setting, resume=state, per=1)
    with state.open("a") as file:
        file.write('{"shard": 5, "counted": {"sam')  # what a killed process was writing
    after = losing(monkeypatch, -1, stop)
    done = distributed.validate(cluster, setting, resume=state, per=7)
    assert not state.exists()
    assert not set(before) & set(after)
    assert sorted(before + after) == list(range(-(-done.samples // 4)))
    assert done.metric.state() == alone()["counts"]
    assert any("12 of" in note for note in done.notes)


def test_a_sample_that_is_bad_is_said_as_on_one_machine(
    nodes: Any,
    cluster: Cluster,
    lenet: Model,
    lenet_export: Exported,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = own_data(lenet, tmp_path / "data")
    for broken in sorted(data.rglob("*.png"))[9::12]:
        broken.write_bytes(broken.read_bytes()[:50])
    words = ["valid", "lenet", "--ckpt", str(lenet_export.dynamic), "--data_path", str(data), "--batch_size", "4"]
    assert zoo(words) == 2
    one = capsys.readouterr().err.strip()
    assert zoo([*words, "--ray", nodes.address, "--ray_shard", "1"]) == 2
    several = capsys.readouterr().err.strip()
    assert several.startswith(f"{one} (on node 127.0.0.1")


def test_a_node_with_something_else(
    cluster: Cluster, setting: Setting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = distributed.facts_of
    for other, words in (
        ({"zoo": "0"}, "another version of the zoo's code"),
        ({"model": "0"}, "another version of the model's folder"),
        ({"versions": {"numpy": "0"}}, "instead of 0"),
    ):
        with monkeypatch.context() as once:
            once.setattr(distributed, "facts_of", lambda model, other=other: real(model) | other)
            with pytest.raises(ZooError, match=r"^node 127\.0\.0\.1.*" + words):
                distributed.validate(cluster, setting)
    with monkeypatch.context() as once:
        real_counting = distributed.Counting
        once.setattr(distributed, "Counting", lambda brief, data: real_counting(brief, str(tmp_path / "only here")))
        with pytest.raises(ZooError, match=r"only here is not there.*every node needs it.*\(on node 127"):
            distributed.validate(cluster, setting)


def test_a_job_that_ends_its_workers(cluster: Cluster) -> None:
    @contextmanager
    def opening(argument: object, place: object) -> Iterator[Any]:
        def job(item: int) -> int:
            if item == 1:
                os._exit(7)
            return item

        yield None, job

    pool = Pool(cluster, opening, None, named=lambda number: f"item {number}")
    with pytest.raises(CheckFailedError, match=r"^item 1 ended its worker 3 times, the last time on 127"):
        list(pool.each([0, 1]))
    assert len(pool.ended) == 3


def test_a_fault_of_the_code_is_no_sentence(cluster: Cluster) -> None:
    @contextmanager
    def opening(argument: object, place: object) -> Iterator[Any]:
        yield None, lambda item: 1 / item

    with pytest.raises(ZeroDivisionError):
        list(Pool(cluster, opening, None).each([0]))


def test_workers_that_cannot_be(nodes: Any, lenet: Model) -> None:
    with connected(nodes.address, card="sdaa") as cluster, pytest.raises(ZooError, match="has the resource sdaa"):
        cluster.require_places()
    with connected(nodes.address, workers=4) as cluster:
        assert [place.cores for place in cluster.require_places()] == [1, 1]


# -- without a cluster -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ray", "classification/lenet"], "an address is HOST:PORT"),
        (["--ray", "127.0.0.1:70000"], "an address is HOST:PORT"),
        (["--ray", "127.0.0.1:1"], "nothing answers there"),
        (["--ray", "--processes", "True"], "--ray_workers"),
        (["--ray", "--resume", "state", "--skip_postprocess", "True"], "--resume keeps the counts"),
    ],
)
def test_wrong_use(
    words: list[str], said: str, lenet_export: Exported, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    @contextmanager
    def no_cluster(*_: object) -> Iterator[Cluster]:
        yield Cluster(None)

    if words[1].startswith("--"):  # what is wrong beside the address is said before anything is started
        monkeypatch.setattr("zoo.distributed.cluster.connected", no_cluster)
    assert zoo(["valid", "lenet", "--ckpt", str(lenet_export.dynamic), *words]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_ray_is_not_installed(
    lenet_export: Exported, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert zoo(["valid", "lenet", "--ckpt", str(lenet_export.dynamic), "--ray"]) == 2
    assert 'pip install "teco-modelzoo[ray]"' in capsys.readouterr().err


def test_a_rank_of_mpirun_does_not_share_again(
    lenet_export: Exported, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "0")
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "2")
    assert zoo(["valid", "lenet", "--ckpt", str(lenet_export.dynamic), "--ray"]) == 2
    assert "without mpirun" in capsys.readouterr().err


def test_shards_are_whole_batches() -> None:
    batches = [range(3), range(3, 4), range(4, 9)]
    assert cut(batches, 2) == [Shard(0, 4), Shard(4, 9)]
    assert [per_shard(*case) for case in ((1, 64), (160, 2), (1 << 20, 2))] == [1, 10, 64]


def test_a_state_file_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with pytest.raises(KeyError), ShardFile(path, {"model": "a"}, 2) as made:
        made.add(1, {"samples": 3})
        made.add(1, {"samples": 4})  # counted already
        made.add(0, {"samples": 5})
        raise KeyError
    text = path.read_text()
    again = ShardFile(path, {"model": "a"}, 9)
    assert (again.per, again.counted) == (2, {1: {"samples": 3}, 0: {"samples": 5}})
    for wrong, said in (
        ("", "is not the state"),
        ("[]\n", "is not the state"),
        ('{"identity": {}}\n', "is not the state"),
        ("\0\xff" * 99, "is not the state"),
        (text.replace('"samples": 3', '"samples": 4'), "line 2: damaged or edited"),
        (text.replace('"model": "a"', '"model": "b"'), "is not the state"),
    ):
        path.write_text(wrong, encoding="latin-1")
        with pytest.raises(ZooError, match=said):
            ShardFile(path, {"model": "a"}, 2)
    path.write_text(text)
    with pytest.raises(ZooError, match="its model is a, this run's is b"):
        ShardFile(path, {"model": "b"}, 2)


def test_ctrl_c_leaves_nothing_behind(lenet: Model, lenet_export: Exported, tmp_path: Path) -> None:
    """Of a Ray that was started for the run: no process, no folder, and nothing but loopback while it ran."""
    state, data = tmp_path / "state", own_data(lenet, tmp_path / "data")
    for picture in list(data.rglob("*.png")):
        for number in range(16):  # work for some time
            os.link(picture, picture.with_name(f"{number}_{picture.name}"))
    words = ["valid", "lenet", "--ckpt", lenet_export.dynamic, "--batch_size", "1", "--resume", state, "--ray"]
    words += [LOCAL, "--data_path", data]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    short = Path("/tmp") / f"zr{os.getpid()}"
    short.mkdir()
    run = subprocess.Popen(
        [sys.executable, "-m", "zoo", *map(str, words), "--ray_shard", "1"],
        env=environ | {"TMPDIR": str(short)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while run.poll() is None and not (state.exists() and state.read_text().count("\n") > 1):
            time.sleep(0.05)
        process = psutil.Process(run.pid)
        started = process.children(recursive=True)
        listening: set[str] = set()
        for child in [process, *started]:
            with suppress(psutil.NoSuchProcess):  # Ray ends processes that it has too many of
                every = child.net_connections("inet")
                listening |= {one.laddr.ip for one in every if one.status == psutil.CONN_LISTEN}
        assert len(list(short.glob("zoo-ray-*"))) == 1
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
        assert (run.returncode, "stopped: by the user" in err, "Traceback" in err) == (130, True, False), err
    finally:
        run.kill()
    assert started
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    _, left = psutil.wait_procs(started, timeout=10)
    assert [one for one in left if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
    assert list(short.glob("zoo-ray-*")) == []
    shutil.rmtree(short)
    assert state.read_text().count("\n") > 1  # what was counted is kept
