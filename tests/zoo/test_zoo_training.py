"""What the scripts that train sample weights share."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from utils.datasets.sample import Sample
from zoo.catalogue import load
from zoo.training import finish, held_out_figures

torch = pytest.importorskip("torch")


def test_the_shipped_weights_have_the_figure_that_the_readme_tells() -> None:
    from safetensors.torch import load_file

    model = load("classification/lenet").variant()
    network = model.build()
    network.load_state_dict({key: value.float() for key, value in load_file(str(model.sample_weights)).items()})
    assert held_out_figures(model, network.eval())["top1"] == pytest.approx(0.9944, abs=1e-4)


class Sums:
    """A task of two inputs and two outputs, and its metric: the pairs that it was given."""

    def __init__(self) -> None:
        self.counted: list[Any] = []

    def dataset(self, root: Any) -> list[Sample]:
        return [Sample(str(number), number, number + 1) for number in range(3)]

    def preprocess(self, data: int) -> tuple[tuple[np.ndarray, ...], str]:
        return (np.full(2, data, np.float32), np.full(1, 10 * data, np.int64)), f"meta {data}"

    def run(self, parts: dict[str, Any], arrays: list[np.ndarray]) -> list[np.ndarray]:
        return list(parts[""](arrays))

    def postprocess(self, outputs: list[np.ndarray], metas: list[str]) -> list[Any]:
        return [(outputs[0][0].tolist(), outputs[1][0].tolist(), *metas)]

    def metric(self) -> "Sums":
        return self

    def update(self, predictions: list[Any], targets: list[int]) -> None:
        self.counted += zip(predictions, targets, strict=True)

    def compute(self) -> dict[str, Any]:
        return {"counted": self.counted}


def test_several_inputs_and_outputs() -> None:
    model: Any = SimpleNamespace(task=Sums(), data=lambda name: name)
    figures = held_out_figures(model, lambda one, two: (one + 1, two * 2))
    assert figures["counted"] == [
        (([1.0, 1.0], [0], "meta 0"), 1),
        (([2.0, 2.0], [20], "meta 1"), 2),
        (([3.0, 3.0], [40], "meta 2"), 3),
    ]


@pytest.mark.parametrize("half", [True, False])
def test_what_is_measured_is_what_is_written(half: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import torch
    from safetensors.torch import load_file

    class Scaled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = torch.nn.Parameter(torch.tensor([1 / 3]))

        def forward(self, one: Any, two: Any) -> Any:
            return one * self.factor, two

    class Means(Sums):
        def compute(self) -> dict[str, Any]:
            return {"mean": sum(pair[0][0][0] for pair in self.counted)}

    file = tmp_path / "sample.safetensors"
    model: Any = SimpleNamespace(task=Means(), data=lambda name: name, sample_weights=file)
    network = Scaled()
    finish(model, network, "numbers", 0.0, half)
    assert not network.training
    held = load_file(file)["factor"]
    assert held.dtype == (torch.float16 if half else torch.float32)
    assert held.float() == network.factor
    assert f"held-out numbers: mean {3 * held.float().item():.4f} (" in capsys.readouterr().out
