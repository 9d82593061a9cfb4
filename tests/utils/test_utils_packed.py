"""Long lists of files: packed names, and the order that paths have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from utils.datasets.folder import in_order, names_below
from utils.datasets.image_classification_dataset import ImageFolder
from utils.datasets.packed import Packed


def test_names_come_back_as_they_were() -> None:
    names = ["a/b.jpg", "", "ü/漢.png", os.fsdecode(b"caf\xe9.jpg"), "line\nbreak.jpg"]
    packed = Packed(names[:2])
    packed.extend(names[2:])
    assert len(packed) == 5
    assert [packed[place] for place in range(5)] == names
    for place in (5, -1):
        with pytest.raises(IndexError, match=f"none at {place}"):
            packed[place]


def test_names_are_sorted_as_paths_are() -> None:
    names = ["a/b/c", "a-b", "a", "a/b", "B/a", "a.jpg", "a/b.jpg", "10", "2"]
    assert in_order(names) == [path.as_posix() for path in sorted(map(Path, names))]


def test_folders_links_and_what_is_none_of_it(tmp_path: Path) -> None:
    for name in ("one/a.jpg", "one/deep/b.PNG", "one/.hidden/c.jpg", "one/__MACOSX/d.jpg", "one/text.txt", "two/e.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "one/again").symlink_to(tmp_path / "two")
    (tmp_path / "one/up").symlink_to(tmp_path)
    (tmp_path / "one/link.jpg").symlink_to(tmp_path / "two/e.jpg")
    os.mkfifo(tmp_path / "one/pipe.jpg")
    found = in_order(names_below(tmp_path / "one", (".jpg", ".png")))
    assert found == ["a.jpg", "again/e.jpg", "deep/b.PNG", "link.jpg"]


def test_a_slice_of_a_folder_of_classes_is_the_same_samples(tmp_path: Path) -> None:
    for name in ("cat/1.jpg", "cat/2.jpg", "dog/1.jpg", "dog/more/3.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    samples = ImageFolder(tmp_path)
    assert [(one.id, one.truth) for one in samples] == [
        ("cat/1.jpg", 0),
        ("cat/2.jpg", 0),
        ("dog/1.jpg", 1),
        ("dog/more/3.jpg", 1),
    ]
    assert [one.id for one in samples[1::2]] == ["cat/2.jpg", "dog/more/3.jpg"]
    assert samples[-1].data == tmp_path / "dog/more/3.jpg"
    with pytest.raises(IndexError):
        samples[4]
