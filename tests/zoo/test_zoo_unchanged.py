"""A data set is looked at before and after it is read, without objects for each of its files."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from utils.datasets.image_classification_dataset import ImageFolder
from utils.datasets.sample import Sample
from zoo.accuracy import unchanged as module
from zoo.accuracy.unchanged import Watched, look_at, unchanged, watched
from zoo.errors import CheckFailedError


def pictures(root: Path, count: int = 6) -> list[Path]:
    paths = [root / f"class{number % 2}" / f"{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"." * (number + 1))
    return paths


def test_a_file_of_each_sample_is_looked_at_when_the_sample_is_asked_for(tmp_path: Path) -> None:
    paths = pictures(tmp_path)
    with watched(ImageFolder(tmp_path), tmp_path) as samples:
        first = samples[0]
        assert first.data == paths[0]
        paths[1].write_bytes(b"new")  # nothing of it has been read yet
        assert [sample.id for sample in samples] == [sample.id for sample in ImageFolder(tmp_path)]
    with pytest.raises(CheckFailedError, match=rf"changed while it was read.*{paths[2].name}"):  # noqa: SIM117
        with watched(ImageFolder(tmp_path)[1:3], tmp_path) as samples:
            assert [one.id for one in samples[:2]] == ["class0/2.png", "class0/4.png"]
            paths[2].write_bytes(b"longer than before")


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.write_bytes(b"other")])
def test_what_is_gone_or_another_is_named_whatever_the_data_set(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    paths = pictures(tmp_path)
    listed = list(ImageFolder(tmp_path))  # which does not say that its samples are files of their own
    with pytest.raises(CheckFailedError, match=str(paths[5])), watched(listed, tmp_path, tmp_path / "own") as samples:
        (tmp_path / "new.txt").write_text("read by nobody")
        assert samples is listed
        change(paths[5])


def test_a_file_that_the_run_writes_may_change(tmp_path: Path) -> None:
    paths = pictures(tmp_path)
    with unchanged(tmp_path, own=paths[3]):
        paths[3].write_bytes(b"state")


def test_a_sample_whose_file_is_not_there_is_left_to_who_reads_it(tmp_path: Path) -> None:
    seen = Watched([Sample("gone", tmp_path / "gone.png")])
    assert seen[0].id == "gone"
    assert not list(seen.changed())


def test_inodes_and_times_of_any_size_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pictures(tmp_path)[0]
    looks = [(1, 1 << 66, (1 << 64) - 1), (1, -5, 1 << 63)]
    monkeypatch.setattr(module, "look_at", lambda _: looks[0])
    seen = Watched([Sample("one", path)])
    assert seen[0].data == path
    assert not list(seen.changed())
    monkeypatch.setattr(module, "look_at", lambda _: looks[1])
    assert list(seen.changed()) == [str(path)]


def test_a_folder_or_a_pipe_has_no_look(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert look_at(tmp_path) is None
    assert look_at(tmp_path / "pipe") is None


def test_ten_thousand_files_are_remembered_in_their_names_and_a_few_numbers(tmp_path: Path) -> None:
    count, name, numbers = 10_000, len(f"{tmp_path}/00000.png"), 4 * 8
    for number in range(count):
        (tmp_path / f"{number:05d}.png").touch()
    tracemalloc.start()
    try:
        with unchanged(tmp_path):
            kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1.3 * (name + numbers) * count  # memory that grows has room to spare
