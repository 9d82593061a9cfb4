"""A repository of its own for zoo new, with a module of somebody's in the current folder."""

from __future__ import annotations

import hashlib
import json
import os
import runpy
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from tests.scripts.choice import ALL, commit
from zoo import catalogue
from zoo.commands import export
from zoo.contributing import readme
from zoo.contributing.check import command as check
from zoo.contributing.check import process
from zoo.contributing.new import command
from zoo.contributing.sync import command as sync

ROOT = Path(__file__).resolve().parents[3]

SCRIPTS = ("export_onnx", "example_single_batch", "example_multi_batch", "example_valid")

NETWORK = '''"""A network of somebody's own."""


def tiny():
    """[N, 1, 32, 32] to [N, 7]."""
    from torch import nn

    return nn.Sequential(nn.Conv2d(1, 4, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 15 * 15, 7))


def trained():
    """As `tiny`, with weights of its own, as a function that reads them from a file has."""
    import torch

    network = tiny()
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for value in network.parameters():
            value.copy_(torch.randn(value.shape, generator=generator) / 4)
    return network


def tiny_probabilities():
    """[N, 1, 32, 32] to the probabilities of 7 classes."""
    from torch import nn

    return nn.Sequential(tiny(), nn.Softmax(dim=1))


def independent():
    """Seven scores of their own."""
    from torch import nn

    return nn.Sequential(tiny(), nn.Sigmoid(), nn.Flatten())


def independent_in_place():
    """The same of a network that changes what it is given."""
    from torch import nn

    class Centred(nn.Sequential):
        def forward(self, x):
            x -= 0.5
            return super().forward(x)

    return Centred(tiny(), nn.Sigmoid())


def in_a_dict():
    """One output, in a dict."""
    from torch import nn

    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = tiny()

        def forward(self, x):
            return {"scores": self.body(x)}

    return Named()


def in_a_dataclass():
    """One output, in an object of a class of somebody's own."""
    from dataclasses import dataclass

    from torch import nn

    @dataclass
    class Answer:
        scores: object

    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = tiny()

        def forward(self, x):
            return Answer(self.body(x))

    return Named()


def as_an_array():
    """Scores that are no tensor."""
    from torch import nn

    class Array(nn.Sequential):
        def forward(self, x):
            return super().forward(x).numpy()

    return Array(tiny())


def parallel():
    """A network within another."""
    from torch import nn

    return nn.DataParallel(tiny())


def detector():
    """Two outputs."""
    from torch import nn

    class Two(nn.Module):
        def forward(self, x):
            return x, x

    return Two()


def segmenter(classes=3, stride=4):
    """[N, 3, H, W] to a dict with [N, 3, H, W], whose sides are multiples of 4."""
    from torch import nn
    from torch.nn import functional

    class Segmenter(nn.Module):
        def __init__(self):
            super().__init__()
            self.down = nn.Conv2d(3, 8, stride, stride)
            self.up = nn.ConvTranspose2d(8, classes, stride, stride)

        def forward(self, x):
            out = self.up(functional.relu(self.down(x)))
            return {"out": out + x.mean(1, keepdim=True), "aux": out}

    return Segmenter()


def coarse():
    """Scores of a quarter of the picture's size."""
    return segmenter().down


def single():
    """One class."""
    return segmenter(1)


def number():
    """No network at all."""
    return 3


def in_need(classes):
    """Of an argument."""
    return tiny()


def __getattr__(name):
    """NET: a network that the module has made already."""
    from torch import nn

    if name == "NET":
        return nn.Linear(2, 2)
    raise AttributeError(name)


class Fails:
    """What looks for a file that is not there."""

    def __init__(self):
        raise RuntimeError("no weights")
'''


@pytest.fixture
def root(tmp_path: Path, monkeypatch: Any) -> Path:
    """A repository without models, whose shared code is ours, and a module `mine_for_test` in the current folder."""
    made = tmp_path / "repository"
    (made / "contrib").mkdir(parents=True)
    (made / "model_config").mkdir()
    for room in ("zoo_core", "engine", "utils", "zoo"):
        (made / "contrib" / room).symlink_to(ROOT / "contrib" / room)
    (made / "requirements.txt").write_text((ROOT / "requirements.txt").read_text())
    shutil.copytree(ROOT / "requirements", made / "requirements")
    (tmp_path / "mine_for_test.py").write_text(NETWORK)
    (tmp_path / "mine_for_test.onnx").write_text(NETWORK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "mine_for_test", raising=False)
    return made


def in_this_process(
    words: list[str], folder: Path, log: Path, timeout: float, environ: Any, token: str, stop: Any, errors: Path
) -> process.Outcome:
    """As `process.run` does a command of a README, without the seconds that a process takes to import everything."""
    interpreter, script, *arguments = words
    assert interpreter == sys.executable
    before, code = [*sys.path], 0
    sys.modules.pop("model", None)
    with (
        pytest.MonkeyPatch.context() as patch,
        log.open("w") as sink,
        errors.open("w") as second,
        redirect_stdout(sink),
        redirect_stderr(second),
    ):
        patch.chdir(folder)
        patch.setattr(sys, "argv", [script, *arguments])
        patch.syspath_prepend(str(folder))
        try:
            runpy.run_path(str(folder / script), run_name="__main__")
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            sys.path[:] = before
            sys.modules.pop("model", None)
    return process.Outcome(code, 0.0)


class Made:
    """What `zoo new` does in a repository of its own."""

    def __init__(self, root: Path, capfd: Any) -> None:
        self.root = root
        self._capfd = capfd

    def new(self, model: str, source: str, *words: str) -> int:
        """The exit code of `zoo new`."""
        return command.main([model, "--from", source, "--root", str(self.root), *words])

    def refused(self, source: str, *words: str) -> str:
        """What is said of a source that is wrong; nothing is written then."""
        assert self.new("anything/refused", source, *words) == 2
        assert not (self.root / "contrib/example").exists()
        said = self._capfd.readouterr().err
        assert "Traceback" not in said
        return str(said)

    def folder(self, model: str) -> Path:
        return self.root / "contrib/example" / model

    def model(self, model: str) -> Any:
        """Its default variant."""
        return catalogue.load_file(self.folder(model) / "model.py").variant()

    def assert_in_style(self, model: str) -> None:
        """What is written passes the repository's own linter, formatter, and the comparison with what models say."""
        config = str(ROOT / "pyproject.toml")
        for words in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
            ruff = [sys.executable, "-m", "ruff", *words, "--config", config, str(self.folder(model))]
            done = subprocess.run(ruff, cwd=self.root, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        assert sync.main(["--check", "--root", str(self.root)]) == 0, self._capfd.readouterr().out
        assert len((self.folder(model) / "README.md").read_text().splitlines()) <= 60

    def assert_green(self, model: str) -> None:
        """It is in style, and passes `zoo readme --test` at once, and `zoo check` where the commit draws the test."""
        self.assert_in_style(model)
        if drawn():
            assert check.main(["--model", model, "--root", str(self.root)]) == 0, self._capfd.readouterr().out
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("zoo.contributing.check.process.run", in_this_process)
            assert readme.main(["--test", model, "--root", str(self.root)]) == 0, self._capfd.readouterr().out
        steps = json.loads((self.root / "runs/readme" / model / "result.json").read_text())["steps"]
        done = [one["what"].split()[1] for one in steps if one["state"] == "passed" and "python" in one["what"]]
        assert done == [f"{name}.py" for name in SCRIPTS]

    def exported(self, model: str, output: Path, *words: str) -> Path:
        """The dynamic file of an export."""
        family = catalogue.load_file(self.folder(model) / "model.py")
        assert export.main(family, ["--output", str(output), *words]) == 0, self._capfd.readouterr().err
        return output / f"{family.default_variant}_dyn.onnx"


def drawn() -> bool:
    """Whether the test that runs is among the third whose folder is checked at this commit; TEST_MODELS=all checks all.

    A check starts a process for each script, and another one for each target.
    """
    if os.environ.get("TEST_MODELS") == ALL:
        return True
    drawing = f"{commit()} {os.environ['PYTEST_CURRENT_TEST'].split()[0]}"
    return hashlib.sha256(drawing.encode()).digest()[0] % 3 == 0


@pytest.fixture
def made(root: Path, capfd: Any) -> Made:
    return Made(root, capfd)
