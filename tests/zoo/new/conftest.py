"""A repository of its own for zoo new, with a module of somebody's in the current folder."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]

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


def detector():
    """Two outputs."""
    from torch import nn

    class Two(nn.Module):
        def forward(self, x):
            return x, x

    return Two()


def number():
    """No network at all."""
    return 3
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
