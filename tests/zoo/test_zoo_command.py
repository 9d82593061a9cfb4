"""What `zoo` says of itself: its list, its help, its version, and what a shell completes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zoo import catalogue
from zoo.__main__ import jobs
from zoo.__main__ import main as zoo
from zoo.commands import console
from zoo.commands.completion import words

CONTRIB = catalogue.EXAMPLES.parent
FRAMEWORKS = ("torch", "paddle", "onnx", "onnxruntime", "rich")


def listed(capsys: pytest.CaptureFixture[str], *flags: str) -> list[dict[str, object]]:
    assert zoo(["list", *flags, "--json"]) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_the_list_can_be_narrowed(capsys: pytest.CaptureFixture[str]) -> None:
    every = listed(capsys)
    assert [one["id"] for one in every] == catalogue.ids()
    detectors = listed(capsys, "detection")
    assert [one["id"] for one in detectors] == [one for one in catalogue.ids() if one.startswith("detection/")]
    real = listed(capsys, "--real")
    assert 0 < len(real) < len(every)
    for one in real:  # what the source publishes, or what was trained here on public data
        model = catalogue.load(str(one["id"])).variant()
        assert model.trained_here or (one["default_weights"], model.pretrained is not None) == ("pretrained", True)
    lenet = next(one for one in every if one["id"] == "classification/lenet")
    assert lenet["variants"] == ["lenet", "lenet_mnist", "lenet_binary"]
    assert listed(capsys, "detection", "--real") == [one for one in detectors if one["real"]]


def test_a_domain_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert zoo(["list", "detections"]) == 2
    assert "there is no domain 'detections'; there are " in capsys.readouterr().err


@pytest.mark.parametrize("command", [["list"], ["info", "classification/resnet"], ["info", "ocr/ppocr"], ["--help"]])
def test_tables_fit_80_columns_and_names_are_whole(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert zoo(command) == 0
    said = capsys.readouterr().out.splitlines()
    lines = said[: said.index("commands:")] if command[0] == "info" else said  # those are to be copied
    assert max(map(len, lines)) <= (80 if command != ["--help"] else 100)
    if command == ["list"]:
        names = [line.split()[0] for line in lines[2:-1]]
        assert set(catalogue.ids()) <= set(names)


def test_on_a_narrow_terminal_nothing_is_cut_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    console.table("models", ("model", "what it is"), [("classification/efficientnet_lite", "a network")], plain=True)
    said = capsys.readouterr().out
    assert "classification/efficientnet_lite\n  what it is: a network" in said


def test_info_says_to_programs_what_it_says_to_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert zoo(["info", "resnet101", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["model"], said["variant"]) == ("classification/resnet", "resnet101")
    assert said["parts"][0]["inputs"] == ["input: float32[batch, 3, height, width]"]
    assert said["commands"][0].startswith("zoo run classification/resnet --variant resnet101")
    assert zoo(["info", "resnet", "--variants", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == said["variants"]


def test_the_version_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    assert zoo(["--version"]) == 0
    version = capsys.readouterr().out.removeprefix("zoo ").strip()
    assert f'version = "{version}"' in (CONTRIB.parent / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [name for name, takes_model in jobs().items() if takes_model])
def test_help_names_its_command_and_lists_no_models(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert zoo([command, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: zoo {command} MODEL")
    assert len(said) < 500
    with pytest.raises(SystemExit) as ended:
        zoo([command, "lenet", "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: zoo {command} classification/lenet ")


def test_a_command_that_is_nearly_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert zoo(["verfy"]) == 2
    assert "did you mean verify" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "some", "none"),
    [
        ("", {"single", "completion", "--version"}, set()),
        ("si", {"single"}, {"valid"}),
        ("single classification/le", {"classification/lenet"}, {"classification/resnet"}),
        ("single lene", {"lenet"}, {"classification/lenet"}),
        ("info classification/resnet/resnet1", {"classification/resnet/resnet101"}, {"classification/resnet/resnet50"}),
        ("single lenet --ta", {"--target"}, {"--topk"}),
        ("single lenet --target op", {"openvino"}, {"onnx"}),
        ("verify lenet --dtype f", {"float32", "float16"}, {"int8"}),
        ("single resnet --variant resnet5", {"resnet50"}, {"resnet18"}),
        ("single lenet --divide ", {"True", "False"}, set()),
        ("data ", {"list", "fetch", "where", "--accept-terms"}, {"NAME"}),
        ("demo classification/le", {"classification/lenet"}, {"--output"}),
        ("single lenet --data_path ", set(), {"--target"}),
        ("single nothing_like_it --", set(), {"--target"}),
        ("fly ", set(), {"single"}),
    ],
)
def test_what_is_completed(line: str, some: set[str], none: set[str]) -> None:
    found = words(line.split(" "))
    assert some <= set(found)
    assert not none & set(found)
    if not some:
        assert found == []


def test_completing_imports_no_framework() -> None:
    code = (
        "import sys; from zoo.commands.completion import words; words(['single', 'lenet', '--']); "
        f"print(*[name for name in {FRAMEWORKS!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(CONTRIB)}, capture_output=True, text=True
    )
    assert (done.stdout.split(), done.stderr) == ([], "")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_real_shell_completes(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    assert zoo(["completion", shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    (tmp_path / "zoo").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m zoo "$@"\n')
    (tmp_path / "zoo").chmod(0o755)
    asked = {
        "bash": 'COMP_WORDS=(zoo single classification/lene); COMP_CWORD=2; _zoo; printf "%s\\n" "${COMPREPLY[@]}"; '
        'COMP_WORDS=(zoo single lenet --ski); COMP_CWORD=3; _zoo; printf "%s\\n" "${COMPREPLY[@]}"; complete -p zoo',
        "zsh": "compadd() { shift; print -l -- $@ }; words=(zoo single classification/lene); CURRENT=3; _zoo; "
        "words=(zoo single lenet --ski); CURRENT=4; _zoo; print $_comps[zoo]",
    }[shell]
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [shell, "-c", f"source {script}; {asked}"],
        env={**os.environ, "PATH": path, "PYTHONPATH": str(CONTRIB)},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    *found, said = done.stdout.splitlines()
    assert found == ["classification/lenet", "classification/lenet_mindspore", "--skip_postprocess"]
    assert "_zoo" in said


@pytest.mark.parametrize(
    "command", ["single", "multi", "valid", "verify", "run", "tune", "debug", "profile", "compress", "compare"]
)
def test_an_empty_path_is_not_the_folder_that_we_are_in(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As a variable of the shell gives it that is not set."""
    models = ["lenet", "lenet"] if command == "compare" else ["lenet"]
    with pytest.raises(SystemExit) as ended:
        zoo([command, *models, "--data_path", ""])
    assert ended.value.code == 2
    assert "argument --data_path: it is empty; give a path" in capsys.readouterr().err
