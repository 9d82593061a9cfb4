"""Files and folders appear completely or not at all; hashes; finding files."""

import hashlib
import os

import pytest

from utils.datasets.folder import IMAGE_SUFFIXES, files_in
from zoo_core.errors import DataError
from zoo_core.files import atomic_folder, atomic_write
from zoo_core.hashing import sha256


def test_atomic_write_puts_the_whole_file_in_place(tmp_path):
    path = tmp_path / "new" / "a.onnx"
    with atomic_write(path) as temporary:
        assert temporary.parent.parent == path.parent  # the same disk, so that it can be renamed
        assert temporary.name == path.name
        temporary.write_text("content")
        assert not path.exists()
    assert path.read_text() == "content"
    assert os.listdir(path.parent) == ["a.onnx"]


def test_atomic_write_keeps_the_old_file_and_leaves_nothing_on_failure(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_atomic_write_says_where_it_cannot_write(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(DataError, match=r"a\.txt: cannot be written"),
        atomic_write(tmp_path / "file" / "a.txt"),
    ):
        pass
    (tmp_path / "folder").mkdir()
    with (
        pytest.raises(DataError, match="folder: cannot be written"),
        atomic_write(tmp_path / "folder") as temporary,
    ):
        temporary.write_text("")
    with pytest.raises(DataError, match="No space"), atomic_write(tmp_path / "b.txt"):
        raise OSError(28, "No space left on device")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_atomic_write_gives_ordinary_permissions(tmp_path):
    (tmp_path / "plain").write_text("")
    with atomic_write(tmp_path / "atomic") as temporary:
        temporary.write_text("")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_atomic_folder_appears_as_a_whole(tmp_path):
    path = tmp_path / "new" / "data"
    with atomic_folder(path) as temporary:
        (temporary / "a").write_text("1")
        assert not path.exists()
    assert (path / "a").read_text() == "1"
    assert os.listdir(path.parent) == ["data"]


def test_atomic_folder_takes_the_place_of_an_empty_folder(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    with atomic_folder(path) as temporary:
        (temporary / "a").write_text("1")
    assert (path / "a").read_text() == "1"


def test_atomic_folder_lets_the_first_writer_win(tmp_path):
    path = tmp_path / "data"
    with atomic_folder(path) as ours:
        (ours / "a").write_text("ours")
        with atomic_folder(path) as theirs:
            (theirs / "a").write_text("theirs")
    assert (path / "a").read_text() == "theirs"
    assert os.listdir(tmp_path) == ["data"]


def test_atomic_folder_leaves_nothing_on_failure(tmp_path):
    with pytest.raises(ZeroDivisionError), atomic_folder(tmp_path / "data") as temporary:
        (temporary / "a").write_text("1")
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == []


def test_atomic_folder_does_not_replace_a_file(tmp_path):
    (tmp_path / "data").write_text("mine")
    with pytest.raises(DataError, match="data: cannot be written"), atomic_folder(tmp_path / "data"):
        pass
    assert (tmp_path / "data").read_text() == "mine"


def test_sha256(tmp_path):
    content = os.urandom(3_000_000)
    (tmp_path / "a").write_bytes(content)
    assert sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()
    with pytest.raises(DataError, match="missing"):
        sha256(tmp_path / "missing")


def test_files_in_is_recursive_sorted_and_passes_over_hidden_names(tree):
    root = tree("b.png", "a/z.jpg", "a/y.JPG", "a.png", ".hidden.png", ".cache/c.png", "._d.jpg")
    (root / "notes.txt").write_text("")
    found = [path.relative_to(root).as_posix() for path in files_in(root)]
    assert found == ["a/y.JPG", "a/z.jpg", "a.png", "b.png"]
    assert [path.name for path in files_in(root, [".TXT"])] == ["notes.txt"]


def test_files_in_follows_links_but_not_in_circles(tree, tmp_path):
    root = tree("a/1.png")
    (tmp_path / "elsewhere").mkdir()
    (root / "a" / "1.png").rename(tmp_path / "elsewhere" / "1.png")
    (root / "a" / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "a" / "up").symlink_to(root)
    assert [path.relative_to(root).as_posix() for path in files_in(root)] == ["a/linked/1.png"]


def test_files_in_refuses_what_is_no_folder_of_such_files(tree):
    root = tree("a/1.png")
    with pytest.raises(DataError, match="nowhere: there is no such folder"):
        files_in(root / "nowhere")
    with pytest.raises(DataError, match=r"1\.png: this is a file"):
        files_in(root / "a" / "1.png")
    with pytest.raises(DataError, match=r"no file below this folder ends with \.wav"):
        files_in(root, [".wav"])


def test_image_suffixes_are_torchvisions():
    folder = pytest.importorskip("torchvision.datasets.folder")
    assert set(IMAGE_SUFFIXES) == set(folder.IMG_EXTENSIONS)
