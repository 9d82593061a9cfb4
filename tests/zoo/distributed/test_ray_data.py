"""zoo valid --ray: a node is asked for the same data as here, file by file, and for no more than its shards need."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from utils.datasets.sample import Sample
from zoo.accuracy.content import data_digest
from zoo.accuracy.valid import validate
from zoo.distributed import valid as distributed
from zoo.distributed.carried import Carried, Unpacking, packed
from zoo.distributed.cluster import Cluster
from zoo.distributed.pool import Pool
from zoo.distributed.shards import Shard, ShardFile
from zoo.distributed.source import Carrying, Shards, can_carry
from zoo.errors import CheckFailedError, ZooError
from zoo.manifest import Exported
from zoo.model import Model
from zoo.running.padding import Arranged
from zoo.running.setting import Setting

pytestmark = pytest.mark.xdist_group("ray")


@pytest.fixture
def setting(lenet: Model, lenet_export: Exported) -> Setting:
    return Setting(lenet, ckpt=lenet_export.dynamic, batch_size=4)


@pytest.fixture
def here(lenet: Model, tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    shutil.copytree(lenet.data("sample"), folder)
    (folder / ".notes").write_text("beside the samples")
    return folder


@pytest.fixture
def there(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the nodes have instead of `here`: a copy, until a test changes it."""
    folder = tmp_path / "there"
    shutil.copytree(here, folder)
    real = distributed.Counting
    monkeypatch.setattr(distributed, "Counting", lambda brief, data: real(brief, str(folder)))
    return folder


def other_byte(path: Path) -> None:
    """Change one byte; size and time stay."""
    seen, content = path.stat(), bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (seen.st_size, seen.st_mtime_ns)


def test_a_copy_at_another_path_counts_the_same(cluster: Cluster, setting: Setting, here: Path, there: Path) -> None:
    done, alone = distributed.validate(cluster, setting, here), validate(setting, here)
    assert done.metric.state() == alone.metric.state()
    assert done.identity["data"] == data_digest(here)


@pytest.mark.parametrize(
    ("change", "which", "said"),
    [
        (other_byte, "picture", "has another content of"),
        (Path.unlink, "picture", "has no"),
        (other_byte, ".notes", "has another content of"),  # no sample names it, but who knows what reads it
    ],
)
def test_a_node_with_another_file(
    cluster: Cluster,
    setting: Setting,
    here: Path,
    there: Path,
    change: Callable[[Path], None],
    which: str,
    said: str,
) -> None:
    file = sorted(there.rglob("*.png"))[-1] if which == "picture" else there / which
    change(file)
    with pytest.raises(ZooError, match=rf"^node 127\.0\.0\.1.* {said} {file}.*begin again$"):
        distributed.validate(cluster, setting, here, per=1)


def test_a_node_is_not_asked_for_what_it_does_not_count(
    cluster: Cluster, setting: Setting, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TECO_INFER_PIPELINES_MAX_STEPS", "2")
    for picture in sorted(there.rglob("*.png"))[8:]:
        other_byte(picture)
    done = distributed.validate(cluster, setting, here, per=1)
    assert (done.samples, done.identity["data"]) == (8, data_digest(here))


def test_samples_that_do_not_travel(
    cluster: Cluster, setting: Setting, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of tables, say: each node reads them itself, and has to find the same."""
    monkeypatch.setattr(distributed, "can_carry", lambda place, samples: False)
    done = distributed.validate(cluster, setting.but(decoder="fast"), here)
    assert done.metric.state() == validate(setting, here).metric.state()
    assert any("predictions agree" in note for note in done.notes)
    assert done.identity["data"] == data_digest(here)
    other_byte(next(there.rglob("*.png")))
    with pytest.raises(ZooError, match=r"^node 127\.0\.0\.1.* has another data set \(its content\) at .*there"):
        distributed.validate(cluster, setting, here)


def test_a_run_goes_on_with_the_data_that_were_counted_only(
    cluster: Cluster, setting: Setting, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, counted = tmp_path / "state", list[int]()
    add = ShardFile.add

    def stopping(self: ShardFile, number: int, *of: Any) -> None:
        add(self, number, *of)
        counted[:] = self.counted
        if len(counted) >= 3 and 0 in counted:  # which worker is done first, nobody knows
            raise KeyboardInterrupt

    with monkeypatch.context() as once, pytest.raises(KeyboardInterrupt):
        once.setattr(ShardFile, "add", stopping)
        distributed.validate(cluster, setting, here, resume=state, per=1)
    first, last = sorted(here.rglob("*.png"))[:: len(list(here.rglob("*.png"))) - 1]
    kept = first.read_bytes()
    other_byte(first)
    with pytest.raises(ZooError, match=r"belongs to another run: the data of its shard 0 are"):
        distributed.validate(cluster, setting, here, resume=state)
    first.write_bytes(kept)
    shutil.copy(first, last)  # of no shard that was counted
    done = distributed.validate(cluster, setting, here, resume=state)
    assert done.metric.state() == validate(setting, here).metric.state()
    assert any(f"{4 * len(counted)} of" in note for note in done.notes)


@pytest.mark.parametrize("late", [0, 20])
def test_nothing_counts_before_its_worker_was_compared(cluster: Cluster, tmp_path: Path, late: int) -> None:
    """What a worker did is done again where it ends before that, even where there is nothing to compare for a while."""
    mark, asked = str(tmp_path / "mark"), list[int]()

    @contextmanager
    def opening(argument: object, place: object) -> Iterator[Any]:
        def job(item: Any) -> Any:
            if item == "compare" and not os.path.exists(mark):
                open(mark, "w").close()
                os._exit(7)
            return item

        yield None, job

    def proof() -> str | None:
        asked.append(1)
        return "compare" if len(asked) > late else None

    pool = Pool(cluster, opening, None, proof=proof)
    assert sorted(done.value for done in pool.each(range(6))) == list(range(6))
    assert any("ended while it was compared" in line for line in pool.ended)


def test_nothing_of_a_worker_counts_that_is_refused(cluster: Cluster) -> None:
    @contextmanager
    def opening(argument: object, place: object) -> Iterator[Any]:
        def job(item: Any) -> Any:
            if item == "compare":
                raise ZooError("other data")
            return item

        yield None, job

    found = []
    with pytest.raises(ZooError, match="other data"):
        for done in Pool(cluster, opening, None, proof=lambda: "compare").each(range(9)):
            found.append(done)
    assert found == []


# -- without a cluster -----------------------------------------------------------------------------


def carrying(folder: Path, samples: Sequence[Sample]) -> Carrying:
    shards = [Shard(number, number + 1) for number in range(len(samples))]
    return Carrying(folder, samples, Shards(samples, shards, 1), lambda one: one, None)


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Two samples: one is a file, the other a folder of frames."""
    folder = tmp_path / "clips"
    (folder / "b").mkdir(parents=True)
    for name in ("a.png", "b/1.png", "b/2.png", "labels.txt"):
        (folder / name).write_text(name)
    return folder


def samples_of(folder: Path) -> list[Sample]:
    return [Sample("a", folder / "a.png", ("x", 0)), Sample("b", {"frames": str(folder / "b")}, None)]


def test_what_a_shard_takes_along(clips: Path, tmp_path: Path) -> None:
    source = carrying(clips, samples_of(clips))
    with source.reading():
        jobs = list(source.jobs())
        source.whole()
        beside = source.proof()
    assert [sorted(job.files) for job in jobs] == [["a.png"], ["b", "b/1.png", "b/2.png"]]
    assert list(beside.files) == ["labels.txt"]
    other = tmp_path / "other"
    shutil.copytree(clips, other)
    here = Unpacking(other, "10.0.0.3")
    here.compare(beside)
    for job, sample in zip(jobs, samples_of(other), strict=True):
        with here.samples(job) as found:
            assert found == [sample]
    (other / "b" / "3.png").write_text("one frame more")
    with pytest.raises(ZooError, match=rf"^node 10\.0\.0\.3 has another content of {other}/b "), here.samples(jobs[1]):
        pass


def test_lengths_travel_with_the_samples(clips: Path) -> None:
    """A worker would tell them once more, and read every recording for that."""
    source = carrying(clips, Arranged(samples_of(clips), [1, 0], [20, 10]))
    with source.reading(), Unpacking(clips, "10.0.0.3").samples(source.jobs()[0]) as found:
        assert isinstance(found, Arranged)
        assert (list(found), list(found.lengths)) == ([samples_of(clips)[1]], [20])


def test_a_data_set_that_changes_meanwhile(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = carrying(clips, samples_of(clips))
    read = source._read

    def late(names: Iterable[str]) -> Any:
        (clips / "a.png").write_text("A.png")
        return read(names)

    monkeypatch.setattr(source, "_read", late)
    with source.reading(), pytest.raises(CheckFailedError, match=r"changed while it was read.*a\.png"):
        source.jobs()[0]
    source = carrying(clips, samples_of(clips))
    with pytest.raises(CheckFailedError, match=r"changed while it was read.*labels\.txt"), source.reading():
        source.whole()
        (clips / "labels.txt").write_text("others")
    (clips / "labels.txt").write_text("labels.txt")
    source = carrying(clips, samples_of(clips))
    here = Unpacking(clips, "10.0.0.3")
    with source.reading():
        job: Carried = source.jobs()[1]
    with pytest.raises(CheckFailedError, match=r"changed while it was read.*2\.png"), here.samples(job):
        (clips / "b" / "2.png").unlink()


def test_what_can_travel(clips: Path) -> None:
    assert can_carry(clips, samples_of(clips))
    for sample in (
        Sample("a line of a table", "some text", 1),
        Sample("large", clips / "a.png", b"0" * (1 << 20)),
        Sample("a function", clips / "a.png", lambda: None),
    ):
        assert not can_carry(clips, [samples_of(clips)[0], sample])
    assert not can_carry(clips / "labels.txt", samples_of(clips))
    assert packed([Sample("beyond", clips.parent / "clips2" / "a.png")], str(clips))[1] == []
