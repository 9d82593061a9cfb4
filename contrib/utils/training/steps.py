"""The steps of training that all scripts share, and weights as the files hold them. torch is needed to call it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from zoo_core.files import atomic_write

SETTLED = 0.8  # of the steps, after which the norms keep their statistics, so that what is trained is what will run


class OneCycle:
    """AdamW, whose learning rate rises once and falls once over all steps.

    Args:
        parameters: what is trained: tensors of torch.
        rate: the highest learning rate.
        steps: how many there will be; one more is an error of torch's.
        decay: of the weights.
        rise: the share of the steps in which the rate rises.
        longest: gradients are shortened to this norm; None leaves them.
    """

    def __init__(
        self,
        parameters: Iterable[Any],
        rate: float,
        steps: int,
        *,
        decay: float,
        rise: float = 0.3,
        longest: float | None = None,
    ) -> None:
        import torch

        self.parameters, self.longest = list(parameters), longest
        self.optimiser = torch.optim.AdamW(self.parameters, lr=rate, weight_decay=decay)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, max_lr=rate, total_steps=steps, pct_start=rise
        )

    def step(self, loss: Any) -> None:
        """Go one step down the slope of `loss`, a tensor of one number."""
        import torch

        self.optimiser.zero_grad()
        loss.backward()
        if self.longest is not None:
            torch.nn.utils.clip_grad_norm_(self.parameters, self.longest)
        self.optimiser.step()
        self.schedule.step()


def begin_with_waves(table: Any, size: float = 0.3) -> None:
    """Give embeddings of positions, a parameter [positions, width], in place the sines and cosines that the
    Transformer's paper has, times `size`: near positions are alike. A small network that begins with chance may need
    most of its training to learn what "the word before" is.
    """
    import torch

    count, width = table.shape
    angles = torch.arange(count)[:, None] / 10000 ** (torch.arange(0, width, 2) / width)
    table.data.copy_(torch.cat([angles.sin(), angles.cos()], dim=1) * size)


def begin_with_likeness(query: Any, key: Any, value: Any, output: Any, size: float = 0.15) -> None:
    """Give the linear layers of an attention, in place, weights with which each token looks for tokens that are like
    it, and takes over what they are (after Trockman and Kolter, Mimetic Initialization of Self-Attention Layers, 2023).

    Args:
        query, key, value, output: torch.nn.Linear of [width, width] each.
        size: deviation of the weights of query and key.
    """
    import torch

    width = query.weight.shape[0]
    alike = torch.randn(width, width) * size
    turned = torch.linalg.qr(torch.randn(width, width))[0]
    for layer, weight in ((query, alike), (key, alike), (value, turned), (output, turned.T)):
        layer.weight.data.copy_(weight)


def round_weights(network: Any) -> None:
    """Give the network, in place, the weights that a float16 file of them will hold, so that what is measured is what
    is written."""
    network.load_state_dict({name: _half(one) for name, one in network.state_dict().items()})


def save_weights(network: Any, weights: Path, half: bool = True) -> None:
    """Write the weights of a network; a tensor that has several names is written once, under the last of them.

    Args:
        weights: the safetensors file.
        half: whether numbers are written as float16; else as they are.
    """
    from safetensors.torch import save_file

    state = network.state_dict().items()
    single = {(one.data_ptr(), one.shape, one.stride()): (name, one) for name, one in state}
    with atomic_write(weights) as temporary:
        save_file({name: (_half(one) if half else one).contiguous() for name, one in single.values()}, str(temporary))


def _half(tensor: Any) -> Any:
    return tensor.half() if tensor.is_floating_point() else tensor
