"""Training on the click log: it learns, the same each time, and writes what it has scored."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from utils.datasets.samples.clicks import HELD_OUT_ROWS, HELD_OUT_SEED, draw
from utils.preprocess.pytorch.click_prediction import ClickFeatures
from utils.training.click_prediction import train


def build() -> Any:
    """A logistic regression on the 13 numbers and the 26 categories."""
    import torch

    class Linear(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.numbers = torch.nn.Linear(13, 1)
            torch.nn.init.zeros_(self.numbers.weight)
            self.categories = torch.nn.Embedding.from_pretrained(torch.zeros(26 * 1000, 1), freeze=False)
            self.register_buffer("first", torch.arange(26) * 1000)

        def forward(self, dense: Any, sparse: Any) -> Any:
            return self.numbers(dense) + self.categories(sparse + self.first).sum(dim=1)

    return Linear()


@pytest.fixture(scope="module")
def features() -> ClickFeatures:
    return ClickFeatures(1000)


def test_the_weights_are_those_that_were_scored(
    features: ClickFeatures, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch
    from safetensors.torch import load_file
    from sklearn.metrics import roc_auc_score

    train(build, features, tmp_path / "one.safetensors", rows=20_000)
    said = capsys.readouterr().out
    found = re.search(rf"AUC on {HELD_OUT_ROWS} held-out rows: ([\d.]+), best possible ([\d.]+)", said)
    assert found is not None
    state = load_file(tmp_path / "one.safetensors")
    assert state["numbers.weight"].dtype == torch.float16
    network = build()
    network.load_state_dict(state)
    held_out = draw(HELD_OUT_ROWS, HELD_OUT_SEED)
    arrays = [torch.from_numpy(array) for array in features.many(held_out.rows)]
    with torch.inference_mode():
        auc = roc_auc_score(held_out.labels, network(*arrays).numpy()[:, 0])
    assert f"{auc:.4f}" == found[1]
    assert 0.55 < auc < float(found[2])


def test_the_same_seed_gives_the_same_file(features: ClickFeatures, tmp_path: Path) -> None:
    import torch

    for seed, name in enumerate(("one", "two")):
        torch.manual_seed(seed)  # what was drawn before does not matter
        train(build, features, tmp_path / name, rows=500)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
