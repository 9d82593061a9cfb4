"""`zoo sweep` over a made-up library: what crashes, hangs or differs costs one name, and has its reason."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

MADE_UP = Path(__file__).with_name("made_up.py")
CONTRIB = MADE_UP.parents[3] / "contrib"
ENDING = ("good", "crashes", "differs", "raises")


def _start(folder: Path, *flags: str) -> subprocess.Popen:
    """A sweep in `folder`, in a process of its own: children are forked, and pytest's own process has threads."""
    return subprocess.Popen(
        [sys.executable, str(folder / "library" / MADE_UP.name), "--output", "out", *flags],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CONTRIB), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _sweep(folder: Path, *flags: str) -> tuple[int, str]:
    with _start(folder, *flags) as process:
        try:
            said, _ = process.communicate()
        finally:
            process.kill()  # where pytest has lost patience
    return process.returncode, said


def _folder(folder: Path) -> Path:
    (folder / "library").mkdir(parents=True)
    shutil.copy(MADE_UP, folder / "library")
    return folder


def _rows(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads((folder / "out/made_up.json").read_text())["rows"]}


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """Everything but what hangs. Read it, do not change it."""
    folder = _folder(tmp_path_factory.mktemp("sweep"))
    names = [word for name in ENDING for word in ("--names", name)]
    return (folder, *_sweep(folder, *names, "--limit-seconds", "600"))


def test_every_name_has_its_figures_or_its_reason(swept: tuple[Path, int, str]) -> None:
    folder, code, said = swept
    rows = _rows(folder)
    assert code == 1
    assert "failed: 3 names are not equal in all dtypes: crashes, differs, raises" in said
    assert [f"[{number}/4] {name}: " in said for number, name in enumerate(ENDING, start=1)] == [True] * 4
    good = rows["good"]
    assert (good["reason"], good["equal"], good["input"]) == ("", ["float32", "float16"], [3, 64, 64])
    assert (good["parameters"], good["opset"], good["dynamic_batch"], good["any_size"]) == (9608, 17, True, True)
    assert 0 < good["differences"]["float32"] < good["differences"]["float16"] < 2e-2
    assert set(good["targets"]) == {"onnx float32", "onnx float16"}
    assert rows["crashes"]["reason"] == "ended by signal 6 (SIGABRT) while building the network"
    assert rows["raises"]["reason"] == "cannot be built: RuntimeError: no such luck"
    assert "differs from the framework by" in rows["differs"]["reason"]
    assert rows["differs"]["equal"] == []
    assert rows["differs"]["notes"][0].startswith("at 64 × 64: ")


def test_the_page_has_the_counts_and_every_miss(swept: tuple[Path, int, str]) -> None:
    folder, _, _ = swept
    text = (folder / "out/made_up.md").read_text()
    assert "- Exported and equal in float32: 1 of 4 (25.0%)." in text
    assert "- Of the family's 5 names, 1 have not been tried yet." in text
    misses = text.partition("## Misses")[2].partition("## All names")[0]
    assert [name in misses for name in ("crashes", "differs", "raises", "good")] == [True, True, True, False]
    assert str(folder) not in text


def test_nothing_is_left_but_table_and_page(swept: tuple[Path, int, str]) -> None:
    folder, _, _ = swept
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["made_up.json", "made_up.md"]
    assert sorted(path.name for path in folder.iterdir()) == ["library", "out"]


def test_resuming_measures_only_what_would_be_another_row(swept: tuple[Path, int, str], tmp_path: Path) -> None:
    shutil.copytree(swept[0], tmp_path, dirs_exist_ok=True)
    before = _rows(tmp_path)
    code, said = _sweep(tmp_path, "--resume", "--names", "good", "--names", "crashes", "--names", "raises")
    assert code == 1
    assert "0 names to try" in said
    assert _rows(tmp_path) == before
    # another library, in which it raises something else: by content, not by name or time
    library = tmp_path / "library" / MADE_UP.name
    library.write_text(library.read_text().replace("no such luck", "out of luck"))
    code, said = _sweep(tmp_path, "--resume", "--names", "raises")
    assert (code, "1 names to try" in said) == (1, True)
    rows = _rows(tmp_path)
    assert "out of luck" in rows["raises"]["reason"]
    assert rows["good"] == before["good"]
    assert len(json.loads((tmp_path / "out/made_up.json").read_text())["made_with"]) == 2


def test_a_name_that_hangs_is_ended_and_tried_again_with_other_limits(tmp_path: Path) -> None:
    _folder(tmp_path)
    code, _ = _sweep(tmp_path, "--names", "hangs", "--limit-seconds", "1")
    assert code == 1
    assert _rows(tmp_path)["hangs"]["reason"].startswith("took more than 1 s while ")
    assert "of which 1 were ended at a limit" in (tmp_path / "out/made_up.md").read_text()
    assert "0 names to try" in _sweep(tmp_path, "--names", "hangs", "--limit-seconds", "1", "--resume")[1]
    code, said = _sweep(tmp_path, "--names", "hangs", "--limit-seconds", "2", "--resume")
    assert "1 names to try" in said
    assert _rows(tmp_path)["hangs"]["reason"].startswith("took more than 2 s")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_what_is_done_and_no_process(tmp_path: Path, number: int) -> None:
    _folder(tmp_path)
    pid = tmp_path / "hangs.pid"
    with _start(tmp_path, "--names", "raises", "--names", "hangs") as process:
        try:
            while not pid.is_file() or not pid.read_text():
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(number)
            said, _ = process.communicate()
        finally:
            process.kill()
    assert process.returncode == 130
    assert "stopped: by the user" in said
    assert list(_rows(tmp_path)) == ["raises"]
    assert not psutil.pid_exists(int(pid.read_text()))
