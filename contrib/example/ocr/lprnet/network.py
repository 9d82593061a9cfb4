"""LPRNet after the paper, in PyTorch. Imported by `model.build` only, since it needs torch.

The places of the layers are those in the state dict of the authors of LPRNet_Pytorch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

# Behind which layer a feature map joins the global context, and how it is brought to 4 x 18
JOINED = {2: ((5, 5), (5, 5)), 6: ((5, 5), (5, 5)), 13: ((4, 10), (4, 2)), 22: None}


class LPRNet(nn.Module):
    """[N, 3, 24, 94] float32, blue first, -1 … 1, to [N, 18, classes] scores; the last class is CTC's blank.

    Each map of the global context is divided by the mean of its squares. In the authors' code that is the mean over the
    whole batch, so that a plate's result depends on its neighbours; here each plate has its own, which is equal to
    theirs for a batch of one.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            *_normed(nn.Conv2d(3, 64, 3), 64),
            Pool(1, 1),
            *_normed(Block(64, 128), 128),
            Pool(2, 2),
            *_normed(Block(64, 256), 256),
            *_normed(Block(256, 256), 256),
            Pool(4, 2),
            nn.Dropout(0.5),
            *_normed(nn.Conv2d(64, 256, (1, 4)), 256),
            nn.Dropout(0.5),
            *_normed(nn.Conv2d(256, classes, (13, 1)), classes),
        )
        self.container = nn.Sequential(nn.Conv2d(64 + 128 + 256 + classes, classes, 1))

    def forward(self, x: Tensor) -> Tensor:
        context = []
        for place, layer in enumerate(self.backbone):
            x = layer(x)
            if place in JOINED:
                window = JOINED[place]
                found = functional.avg_pool2d(x, *window) if window else x
                context.append(found / found.square().mean((1, 2, 3), keepdim=True))
        scores = self.container(torch.cat(context, 1))
        return scores.mean(2).transpose(1, 2)


class Block(nn.Module):
    """The paper's small basic block: a convolution of 3 x 3 in two of 3 x 1 and 1 x 3, between two of 1 x 1."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        inner = after // 4
        self.block = nn.Sequential(
            nn.Conv2d(before, inner, 1),
            nn.ReLU(),
            nn.Conv2d(inner, inner, (3, 1), padding=(1, 0)),
            nn.ReLU(),
            nn.Conv2d(inner, inner, (1, 3), padding=(0, 1)),
            nn.ReLU(),
            nn.Conv2d(inner, after, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x)


class Pool(nn.Module):
    """The largest of 3 x 3 pixels, of every so many-th channel, and every so many-th column."""

    def __init__(self, channels: int, columns: int) -> None:
        super().__init__()
        self.channels, self.columns = channels, columns

    def forward(self, x: Tensor) -> Tensor:
        return functional.max_pool2d(x[:, :: self.channels], 3, (1, self.columns))


def build(classes: int) -> nn.Module:
    """The network with random weights."""
    return LPRNet(classes)


def _normed(layer: nn.Module, channels: int) -> tuple[nn.Module, ...]:
    return layer, nn.BatchNorm2d(channels), nn.ReLU()
