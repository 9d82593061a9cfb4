"""The wheel: one package, which works outside of the clone, beside a program's own modules, and as the page says."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from zoo.catalogue import load
from zoo.exporting.export import export

ROOT = Path(__file__).resolve().parents[2]
DEMOS = ROOT / "contrib" / "example" / "classification" / "lenet" / "demos"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what git lists, as from a fresh clone."""
    pytest.importorskip("setuptools", reason="the wheel is built without a network, by the environment's setuptools")
    clone, out = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("wheel")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["cp", "--parents", "-t", clone, "--", *filter(None, names.split(b"\0"))], cwd=ROOT, check=True)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(out),
        str(clone),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(site: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=280, check=False)


def test_it_holds_one_package_with_every_model_and_nothing_that_was_made(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry,) = [name for name in names if name.endswith("entry_points.txt")]
        assert "zoo = teco_modelzoo.__main__:main" in archive.read(entry).decode()
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"teco_modelzoo"}
    listed = subprocess.run(["git", "ls-files", "contrib"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {f"teco_modelzoo/{name}" for name in listed.split()} <= set(names)
    assert not [name for name in names if name.endswith((".onnx", ".pyc", ".export.json"))]


def needed(name: str) -> set[str]:
    """The packages that one needs, without extras, and those that these need."""
    found: set[str] = set()
    wanted = [name]
    while wanted:
        asked = Requirement(wanted.pop())
        if asked.name in found or (asked.marker and not asked.marker.evaluate({"extra": ""})):
            continue
        found.add(asked.name)
        wanted += importlib.metadata.requires(asked.name) or []
    return found


@pytest.fixture(scope="module")
def light(wheel: Path, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and what it asks for without extras, and nothing else."""
    folder = tmp_path_factory.mktemp("light")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (info,) = site.glob("*.dist-info")
    asked = importlib.metadata.PathDistribution(info).requires or []
    plain = [one for one in asked if Requirement(one).marker is None]
    assert len(plain) >= 6
    for name in set().union(*(needed(one) for one in plain)):
        distribution = importlib.metadata.distribution(name)
        for top in {path.parts[0] for path in distribution.files or [] if path.parts[0] not in ("..", "__pycache__")}:
            if not (packages / top).exists():
                (packages / top).symlink_to(str(distribution.locate_file(top)))
    for path in site.iterdir():
        (packages / path.name).symlink_to(path)
    return folder / "bin" / "python"


def test_the_light_core_is_enough_to_run_and_to_package_an_export(light: Path, tmp_path: Path) -> None:
    ckpt = export(load("classification/lenet").variant(), tmp_path / "lenet").dynamic

    def zoo(*words: object) -> subprocess.CompletedProcess[str]:
        command = [str(word) for word in (light, "-I", "-m", "teco_modelzoo", *words)]
        # a home of its own: samples that others have made need no library any more
        environ = os.environ | {"TECO_ZOO_HOME": str(tmp_path / "home")}
        return subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=280, check=False
        )

    assert subprocess.run([light, "-I", "-c", "import torch"], capture_output=True, check=False).returncode == 1
    done = zoo("single", "lenet", "--ckpt", ckpt, "--data_path", DEMOS / "digit_3.png")
    assert (done.returncode, done.stdout.split(": ")[1][:1]) == (0, "3"), done.stderr
    done = zoo("multi", "lenet", "--ckpt", ckpt, "--data_path", DEMOS, "--save_dir", "drawn")
    assert (done.returncode, len(list((tmp_path / "drawn").iterdir()))) == (0, 10), done.stderr
    done = zoo("package", "lenet", "--folder", tmp_path / "lenet", "--for", "triton", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "lenet" / "config.pbtxt").is_file()
    for words in (["valid", "lenet", "--ckpt", ckpt, "--data_path", "sample"], ["export", "lenet"]):
        done = zoo(*words)
        assert (done.returncode, 'pip install "teco-modelzoo[all]"' in done.stderr) == (2, True), done.stderr


def test_zoo_works_outside_of_the_clone(site: Path, tmp_path: Path) -> None:
    listed = run(site, tmp_path, "-m", "teco_modelzoo", "list")
    assert listed.returncode == 0, listed.stderr
    assert "classification/lenet" in listed.stdout
    assert "classification/lenet" in run(site, tmp_path, "-m", "teco_modelzoo", "info", "lenet").stdout


def test_a_program_with_a_module_of_that_name_is_told(site: Path, tmp_path: Path) -> None:
    (tmp_path / "utils.py").write_text("WHOSE = 'mine'\n")
    program = "import utils; assert utils.WHOSE == 'mine'\nimport teco_modelzoo\n"
    done = run(site, tmp_path, "-c", program)
    assert done.returncode == 1
    assert "this program has a module 'utils' of its own" in done.stderr


@pytest.mark.parametrize("page", ["API.md", "API_zh.md"])
def test_the_programs_of_the_page_run(site: Path, tmp_path: Path, page: str) -> None:
    (tmp_path / "demos").symlink_to(DEMOS)
    text = (ROOT / "doc" / page).read_text(encoding="utf-8")
    programs = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(programs) == 2
    for program in programs:
        done = run(site, tmp_path, "-c", program)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "digit_3_seen.png").is_file()
    assert "10 files," in done.stdout
