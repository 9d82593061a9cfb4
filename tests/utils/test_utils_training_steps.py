"""What all training scripts share: a step, and weights as the files hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from utils.training.steps import OneCycle, begin_with_waves, round_weights, save_weights

torch = pytest.importorskip("torch")


def line() -> Any:
    """y = w x + b, with a buffer that counts."""
    network = torch.nn.Linear(1, 1)
    network.register_buffer("count", torch.tensor(3))
    return network


def test_steps_go_down_the_slope_with_a_rate_that_rises_and_falls() -> None:
    torch.manual_seed(0)
    network, losses, rates = line(), [], []
    x = torch.linspace(-1, 1, 32)[:, None]
    cycle = OneCycle(network.parameters(), 0.3, 60, decay=0.0, rise=0.2)
    for _ in range(60):
        loss = ((network(x) - (2 * x + 1)) ** 2).mean()
        rates.append(cycle.optimiser.param_groups[0]["lr"])
        cycle.step(loss)
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 100
    assert max(rates) == pytest.approx(0.3)
    assert rates.index(max(rates)) == pytest.approx(0.2 * 60, abs=1)
    assert rates[-1] < 0.01


def test_long_gradients_are_shortened() -> None:
    network = line()
    cycle = OneCycle(network.parameters(), 0.1, 3, decay=0.0, longest=1.0)
    cycle.step(1000 * network(torch.ones(1, 1)).sum())
    norm = sum(one.grad.square().sum() for one in network.parameters()).sqrt()
    assert norm == pytest.approx(1.0, abs=1e-4)


def test_rounded_weights_are_what_the_file_holds(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    network = line()
    round_weights(network)
    save_weights(network, tmp_path / "half")
    held = load_file(tmp_path / "half")
    assert held["weight"].dtype == torch.float16
    assert held["count"].dtype == torch.int64
    assert all(torch.equal(one.to(held[name]), held[name]) for name, one in network.state_dict().items())
    assert all(torch.equal(one, held[name].to(one)) for name, one in network.state_dict().items())


def test_weights_as_they_are(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    network = torch.nn.Conv2d(4, 4, 3).to(memory_format=torch.channels_last)
    save_weights(network, tmp_path / "whole", half=False)
    held = load_file(tmp_path / "whole")
    assert all(torch.equal(one, held[name]) for name, one in network.state_dict().items())


def test_a_tensor_with_two_names_is_written_once(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    network = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 4))
    network[1].weight = network[0].weight
    for half in (True, False):
        save_weights(network, tmp_path / "tied", half)
        assert sorted(load_file(tmp_path / "tied")) == ["0.bias", "1.bias", "1.weight"]


def test_positions_that_begin_with_waves_are_like_their_neighbours() -> None:
    table = torch.nn.Embedding(40, 16).weight
    begin_with_waves(table, 0.5)
    alike = torch.nn.functional.cosine_similarity(table[:1], table[1:20], dim=1)
    assert alike[0] > 0.9
    assert alike[0] > alike[3] > alike[8]
    assert torch.allclose(table[:, 0], torch.arange(40.0).sin() * 0.5, atol=1e-6)
