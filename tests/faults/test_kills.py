"""Kills before every change of the disk, and changes that fail: nothing half is left, and the next start goes on."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.faults.disk import changes, full, killed, refused
from zoo_core.errors import ZooCoreError
from zoo_core.files import atomic_folder, atomic_write, read_json, write_json


@dataclass(frozen=True)
class Case:
    """Something that is written.

    Args:
        job: writes it into a folder in which the state before is.
        before: makes that state.
        whole: raises an AssertionError where the folder holds neither what was before nor what the job writes.
    """

    job: Callable[[Path], object]
    before: Callable[[Path], object]
    whole: Callable[[Path], object]


def _write_file(folder: Path) -> None:
    with atomic_write(folder / "a.bin") as temporary:
        temporary.write_bytes(b"new" * 1000)


def _write_folder(folder: Path) -> None:
    with atomic_folder(folder / "data") as temporary:
        for name in ("a", "b"):
            (temporary / name).write_bytes(b"new" * 1000)
        (temporary / "below").mkdir()


def _whole_folder(folder: Path) -> None:
    assert not (folder / "data").exists() or sorted(path.name for path in (folder / "data").iterdir()) == [
        "a",
        "b",
        "below",
    ]


def _compile(folder: Path) -> None:
    from engine.backends.compiling import cache

    def build(place: Path) -> None:
        (place / "model.blob").write_bytes(b"blob" * 1000)

    def load(place: Path) -> None:
        assert (place / "model.blob").read_bytes() == b"blob" * 1000

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TECO_ZOO_HOME", str(folder))
        cache.compiled({"target": "t"}, build, load)


def _whole_cache(folder: Path) -> None:
    """Every entry that appears is complete; one that was being removed is made anew (`_require_whole` sees it)."""
    for entry in (folder / "engines").glob("[!.]*"):
        assert {path.name for path in entry.iterdir()} <= {"model.blob", "entry.json"}


def _damage_entry(folder: Path) -> None:
    """So that the job removes an entry, too."""
    _compile(folder)
    next((folder / "engines").glob("t-*/model.blob")).write_bytes(b"damaged")


def _fetch(folder: Path) -> None:
    from zoo.fetching.cache import fetch
    from zoo.fetching.remote import Remote
    from zoo_core.hashing import sha256

    source = folder / "mirror/example.org/weights.bin"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TECO_ZOO_HOME", str(folder))
        patch.setenv("TECO_ZOO_MIRROR", str(folder / "mirror"))
        path = fetch(Remote("https://example.org/weights.bin", sha256=sha256(source)))
    assert path.read_bytes() == source.read_bytes()


def _mirror(folder: Path) -> None:
    (folder / "mirror/example.org").mkdir(parents=True)
    (folder / "mirror/example.org/weights.bin").write_bytes(b"numbers" * 1000)


def _whole_download(folder: Path) -> None:
    for path in folder.glob("downloads/*/weights.bin"):
        assert path.read_bytes() == b"numbers" * 1000


def _state(folder: Path) -> None:
    write_json(folder / "state.json", {"new": list(range(500))})


def _whole_state(folder: Path) -> None:
    assert read_json(folder / "state.json") in ({"old": 1}, {"new": list(range(500))})


def _check_state(folder: Path) -> None:
    from zoo.contributing.check.runner import CaseResult, StepResult, write_result

    write_result(CaseResult("case", "a/b", "print", "now", steps=[StepResult("export", "passed")]), folder)


def _whole_check_state(folder: Path) -> None:
    from zoo.contributing.check.runner import STATE, read_result

    assert read_result(folder) is not None or not (folder / STATE).exists()


CASES = {
    "a file": Case(
        _write_file,
        lambda folder: (folder / "a.bin").write_bytes(b"old"),
        lambda folder: (
            (_ for _ in ()).throw(AssertionError)
            if (folder / "a.bin").read_bytes() not in (b"old", b"new" * 1000)
            else None
        ),
    ),
    "a folder": Case(_write_folder, lambda _: None, _whole_folder),
    "a compiled engine": Case(_compile, lambda _: None, _whole_cache),
    "a damaged compiled engine": Case(_compile, _damage_entry, _whole_cache),
    "a download": Case(_fetch, _mirror, _whole_download),
    "a state": Case(_state, lambda folder: write_json(folder / "state.json", {"old": 1}), _whole_state),
    "the state of a check": Case(_check_state, lambda _: None, _whole_check_state),
}


def _left(folder: Path) -> list[str]:
    """What is there for the time of writing only."""
    return [str(path) for path in folder.rglob("*") if path.name.startswith((".tmp-", ".export-"))]


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each job begins as a process does that has written nowhere yet."""
    from zoo_core import files

    class Never(set[Path]):
        def add(self, _: Path) -> None:
            pass

    monkeypatch.setattr(files, "_cleared", Never())


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("name", CASES)
def test_killed_anywhere(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    (tmp_path / "0").mkdir()
    case.before(tmp_path / "0")
    case.job(tmp_path / "0")  # everything is imported
    number = 0
    came = True
    while came:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        case.before(folder)
        came = killed(partial(case.job, folder), number)
        case.whole(folder)
        case.job(folder)
        case.whole(folder)
        assert _left(folder) == []
        assert number < 100
    assert number > 3, "hardly anything was killed"


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("name", CASES)
def test_refused_anywhere(name: str, code: int, tmp_path: Path) -> None:
    """A sentence, or no harm; and once there is room again, everything is as if nothing had been."""
    case = CASES[name]
    (tmp_path / "0").mkdir()
    case.before(tmp_path / "0")
    for number in range(1, changes(lambda: case.job(tmp_path / "0")) + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        case.before(folder)
        raised = refused(partial(case.job, folder), number, code)
        assert raised is None or isinstance(raised, (ZooCoreError, OSError)), repr(raised)
        case.whole(folder)
        case.job(folder)
        case.whole(folder)
        assert _left(folder) == []


@pytest.mark.parametrize("size", [0, 1, 100, 1000, 2999])
@pytest.mark.parametrize("name", CASES)
def test_a_full_disk(name: str, size: int, tmp_path: Path) -> None:
    case = CASES[name]
    case.before(tmp_path)
    full(lambda: case.job(tmp_path), size)
    case.whole(tmp_path)
    case.job(tmp_path)
    case.whole(tmp_path)
    assert _left(tmp_path) == []


def test_the_harness_notices_what_is_half(tmp_path: Path) -> None:
    """A writer that writes in place, and one that renames before it has written, are both found."""

    def careless(folder: Path) -> None:
        # not by Path's methods: Python 3.10's keep functions of their own, which cannot be watched
        os.unlink(folder / "state.json")
        os.mkdir(folder / "below")
        (folder / "state.json").write_text(json.dumps({"new": list(range(500))}))

    (tmp_path / "state.json").write_text('{"old": 1}')
    assert killed(lambda: careless(tmp_path), 2)
    with pytest.raises(AssertionError):
        _whole_state(tmp_path)
    assert not killed(lambda: shutil.rmtree(tmp_path / "below", ignore_errors=True), 50)
    assert full(lambda: (tmp_path / "large").write_bytes(bytes(2000)), 1000) == 3


def test_what_a_live_process_is_writing_stays(tmp_path: Path) -> None:
    """Also where it cannot be seen by its number, as in another container: its lock says that it is there."""
    import signal

    from zoo_core.temporary import clear_leftovers, held_folder

    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with held_folder(tmp_path, ".export-") as folder:
                (folder / "half").write_bytes(b"x")
                os.write(told, b"x")
                time.sleep(60)
        finally:
            os._exit(1)
    os.read(ready, 1)
    os.close(ready)
    os.close(told)
    (folder,) = tmp_path.glob(".export-*")
    folder = folder.rename(tmp_path / ".export-999999999-other")  # as if of a process that this system does not know
    clear_leftovers(tmp_path, ".export-")
    assert (folder / "half").read_bytes() == b"x"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    clear_leftovers(tmp_path, ".export-")
    assert list(tmp_path.iterdir()) == []
    assert changes(lambda: clear_leftovers(tmp_path)) == 0


def test_what_has_no_lock_goes_when_it_is_old(tmp_path: Path) -> None:

    from zoo_core.temporary import clear_leftovers

    for name in (".tmp-old-a.json", ".tmp-new-a.json"):
        (tmp_path / name).write_text("{")
    for name in (".tmp-old", ".tmp-new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_text("{")
    (tmp_path / ".tmp-link").symlink_to(tmp_path / ".tmp-new")
    for path in tmp_path.glob(".tmp-old*"):
        os.utime(path, (1, 1))
    clear_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".tmp-link", ".tmp-new", ".tmp-new-a.json"]
