"""GTCRN: a grouped temporal convolutional recurrent network, after the paper; names as in the authors' checkpoint.

Tensors are [N, channels, frames, bins]. A frame is computed from itself and those before it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

LOW, HIGH, BANDS = 65, 192, 64  # bins that stay as they are, those above, and the bands that these become
CHANNELS, WIDTH = 16, 33  # behind the encoder
DILATIONS = (1, 2, 5)  # of the encoder's temporal convolutions, in frames


class Erb(nn.Module):
    """The upper bins as bands of equal rectangular bandwidth, and back."""

    def __init__(self) -> None:
        super().__init__()
        self.erb_fc = nn.Linear(HIGH, BANDS, bias=False)
        self.ierb_fc = nn.Linear(BANDS, HIGH, bias=False)

    def narrow(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x[..., :LOW], self.erb_fc(x[..., LOW:])], dim=-1)

    def widen(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x[..., :LOW], self.ierb_fc(x[..., LOW:])], dim=-1)


def with_neighbours(x: torch.Tensor) -> torch.Tensor:
    """Each channel three times: as the bin below, the bin itself, the bin above have it."""
    wide = functional.pad(x, [1, 1])
    bins = x.shape[3]
    return torch.stack([wide[..., place : place + bins] for place in range(3)], dim=2).flatten(1, 2)


class ConvBlock(nn.Module):
    """A convolution over five bins that halves their number, or doubles it; the last one says the mask, -1 to 1."""

    def __init__(self, given: int, out: int, groups: int = 1, back: bool = False, last: bool = False) -> None:
        super().__init__()
        kind = nn.ConvTranspose2d if back else nn.Conv2d
        self.conv = kind(given, out, (1, 5), (1, 2), (0, 2), groups=groups)
        self.bn = nn.BatchNorm2d(out)
        self.act = nn.Tanh() if last else nn.PReLU()

    def forward(self, x: torch.Tensor) -> Any:
        return self.act(self.bn(self.conv(x)))


class TemporalAttention(nn.Module):
    """A weight for each channel and frame, from the energy of the frames so far."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.att_gru = nn.GRU(channels, 2 * channels, batch_first=True)
        self.att_fc = nn.Linear(2 * channels, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        energy = (x * x).mean(dim=3)
        states, _ = self.att_gru(energy.transpose(1, 2))
        return x * torch.sigmoid(self.att_fc(states)).transpose(1, 2).unsqueeze(3)


class TemporalBlock(nn.Module):
    """Half of the channels go through a depthwise convolution over three frames and bins, and attention; then both
    halves are shuffled."""

    def __init__(self, dilation: int, back: bool = False) -> None:
        super().__init__()
        half = CHANNELS // 2
        kind = nn.ConvTranspose2d if back else nn.Conv2d
        self.past = 2 * dilation
        self.point_conv1 = kind(3 * half, CHANNELS, 1)
        self.point_bn1 = nn.BatchNorm2d(CHANNELS)
        self.point_act = nn.PReLU()
        # transposed, a convolution adds at its end what is cut off here
        cut = (2 * dilation if back else 0, 1)
        self.depth_conv = kind(CHANNELS, CHANNELS, 3, padding=cut, dilation=(dilation, 1), groups=CHANNELS)
        self.depth_bn = nn.BatchNorm2d(CHANNELS)
        self.depth_act = nn.PReLU()
        self.point_conv2 = kind(CHANNELS, half, 1)
        self.point_bn2 = nn.BatchNorm2d(half)
        self.tra = TemporalAttention(half)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, second = x.chunk(2, dim=1)
        h = self.point_act(self.point_bn1(self.point_conv1(with_neighbours(first))))
        h = self.depth_act(self.depth_bn(self.depth_conv(functional.pad(h, [0, 0, self.past, 0]))))
        h = self.tra(self.point_bn2(self.point_conv2(h)))
        return torch.stack([h, second], dim=2).flatten(1, 2)


class GroupedGru(nn.Module):
    """Two GRUs, each on half of the features."""

    def __init__(self, size: int, hidden: int, both: bool) -> None:
        super().__init__()
        self.rnn1, self.rnn2 = (nn.GRU(size // 2, hidden // 2, batch_first=True, bidirectional=both) for _ in range(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, second = x.chunk(2, dim=-1)
        return torch.cat([self.rnn1(first)[0], self.rnn2(second)[0]], dim=-1)


class DualPath(nn.Module):
    """A GRU over the bins of each frame, both ways, and one over the frames of each bin."""

    def __init__(self) -> None:
        super().__init__()
        self.intra_rnn = GroupedGru(CHANNELS, CHANNELS // 2, both=True)
        self.intra_fc = nn.Linear(CHANNELS, CHANNELS)
        self.intra_ln = nn.LayerNorm((WIDTH, CHANNELS), eps=1e-8)
        self.inter_rnn = GroupedGru(CHANNELS, CHANNELS, both=False)
        self.inter_fc = nn.Linear(CHANNELS, CHANNELS)
        self.inter_ln = nn.LayerNorm((WIDTH, CHANNELS), eps=1e-8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.permute(0, 2, 3, 1)  # [N, frames, bins, channels]
        rows, frames = x.shape[0], x.shape[1]
        within = self.intra_fc(self.intra_rnn(x.flatten(0, 1))).reshape(rows, frames, WIDTH, CHANNELS)
        x = x + self.intra_ln(within)
        over = self.inter_fc(self.inter_rnn(x.transpose(1, 2).flatten(0, 1)))
        x = x + self.inter_ln(over.reshape(rows, WIDTH, frames, CHANNELS).transpose(1, 2))
        return x.permute(0, 3, 1, 2)


class Encoder(nn.Module):
    """Two convolutions that halve the bins, three temporal blocks; gives what each of them gave."""

    def __init__(self) -> None:
        super().__init__()
        blocks = [ConvBlock(9, CHANNELS), ConvBlock(CHANNELS, CHANNELS, groups=2), *map(TemporalBlock, DILATIONS)]
        self.en_convs = nn.ModuleList(blocks)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        found = []
        for block in self.en_convs:
            x = block(x)
            found.append(x)
        return found


class Decoder(nn.Module):
    """The encoder's way back; each block sees what the encoder's gave, too."""

    def __init__(self) -> None:
        super().__init__()
        temporal = [TemporalBlock(dilation, back=True) for dilation in reversed(DILATIONS)]
        last = ConvBlock(CHANNELS, 2, back=True, last=True)
        self.de_convs = nn.ModuleList([*temporal, ConvBlock(CHANNELS, CHANNELS, groups=2, back=True), last])

    def forward(self, x: torch.Tensor, seen: list[torch.Tensor]) -> torch.Tensor:
        for block, beside in zip(self.de_convs, reversed(seen), strict=True):
            x = block(x + beside)
        return x


class Gtcrn(nn.Module):
    """A spectrum, float [N, 3, frames, 257] (magnitude, real and imaginary part), to the clean one, [N, 2, frames,
    257]: a mask of complex numbers, by which each of its numbers is multiplied."""

    def __init__(self) -> None:
        super().__init__()
        self.erb = Erb()
        self.encoder = Encoder()
        self.dpgrnn1, self.dpgrnn2 = DualPath(), DualPath()
        self.decoder = Decoder()

    def forward(self, spectrum: torch.Tensor) -> torch.Tensor:
        seen = self.encoder(with_neighbours(self.erb.narrow(spectrum)))
        mask = self.erb.widen(self.decoder(self.dpgrnn2(self.dpgrnn1(seen[-1])), seen))
        real, imaginary = spectrum[:, 1], spectrum[:, 2]
        by, turned = mask[:, 0], mask[:, 1]
        return torch.stack([real * by - imaginary * turned, imaginary * by + real * turned], dim=1)
