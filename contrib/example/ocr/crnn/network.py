"""CRNN after the paper (table 1), and EasyOCR's, in PyTorch. Imported by `model.build` only, since it needs torch.

The names in the state dict are those of the widespread PyTorch version of the authors' code, and of EasyOCR's file.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

# No grey value is below -1, so that a column below this is no part of a picture.
FILLING_BELOW = -1.5


@dataclass(frozen=True)
class Widths:
    """Channels of the seven convolutions, and units a direction of the two recurrent layers."""

    channels: tuple[int, ...] = (64, 128, 256, 256, 512, 512, 512)
    hidden: int = 256


VARIANTS = {
    "crnn": Widths(),
    "crnn_narrow": Widths((8, 24, 48, 48, 80, 80, 96), 80),
}


class CRNN(nn.Module):
    """Convolutions over the whole picture, two bidirectional LSTMs along its columns, scores for CTC.

    [N, 1, 32, W] float32, -1 … 1, to [N, W // 4 + 1, classes] scores, class 0 is CTC's blank. Rows of different width
    are filled with -2 at their end. What the network says of a row does not depend on the filling: after each layer the
    columns behind the picture are as they would be if the picture were alone, and the LSTM that reads from the end
    begins at the picture's own end.
    """

    def __init__(self, widths: Widths, classes: int) -> None:
        super().__init__()
        self.cnn = _convolutions(widths.channels)
        self.rnn = nn.ModuleList(
            [
                Bidirectional(widths.channels[-1], widths.hidden, widths.hidden),
                Bidirectional(widths.hidden, widths.hidden, classes),
            ]
        )

    def forward(self, pictures: Tensor) -> Tensor:
        own = pictures[:, 0, 0, :] > FILLING_BELOW  # [N, W]: true where the picture is
        x, own = self._columns(_cleared(pictures, own), own)
        x = x.squeeze(2).transpose(1, 2)
        for layer in self.rnn:
            x = layer(x, own)
        return x

    def _columns(self, x: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
        """The convolutions: ([N, C, 1, T], [N, T]). Values are never negative, so that 0 is what a pool passes over."""
        for name, layer in self.cnn.named_children():
            x = layer(x)
            if name in ("pooling0", "pooling1"):
                own = own[:, 1::2]
            elif name in ("pooling2", "pooling3"):
                own = torch.cat([torch.ones_like(own[:, :1]), own], 1)  # reads one column beyond each end
            elif name == "conv6":
                own = own[:, 1:]
            if name.startswith(("relu", "pooling")):
                x = _cleared(x, own)
        return x, own


class Bidirectional(nn.Module):
    """A bidirectional LSTM and a linear layer: [N, T, inputs] to [N, T, outputs]; own: true in a row's own steps.

    Both directions begin where the row does: the way back reads the row reversed within its own steps. name: of the
    linear layer in the state dict.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, name: str = "embedding") -> None:
        super().__init__()
        self.rnn = nn.LSTM(inputs, hidden, bidirectional=True, batch_first=True)
        self.name = name
        self.add_module(name, nn.Linear(2 * hidden, outputs))

    def forward(self, x: Tensor, own: Tensor) -> Tensor:
        counted = own.to(torch.int64).cumsum(1)  # 1, 2, … in a row's own steps
        mirror = (counted[:, -1:] - counted).unsqueeze(2)  # [N, T, 1]
        forth = self._read(x, 0)
        back = _taken(self._read(_taken(x, mirror), 1), mirror)
        return self.get_submodule(self.name)(torch.cat([forth, back], 2))

    def _read(self, x: Tensor, direction: int) -> Tensor:
        """One direction of the LSTM, from the first step to the last: [N, T, hidden]."""
        weights = getattr(self.rnn, "_flat_weights")[4 * direction : 4 * direction + 4]  # noqa: B009
        start = x.new_zeros(1, x.shape[0], self.rnn.hidden_size)
        return torch.lstm(x, (start, start), weights, True, 1, 0.0, False, False, True)[0]


class EasyOcr(nn.Module):
    """EasyOCR's second generation: the mean over the height takes the place of the paper's last pool.

    [N, 1, 64, W] float32, -1 … 1, to [N, W // 4 - 1, classes] scores, class 0 is CTC's blank. Filling as in `CRNN`.
    """

    def __init__(self, classes: int, width: int = 256) -> None:
        super().__init__()
        self.FeatureExtraction = nn.ModuleDict({"ConvNet": _vgg(width)})
        self.SequenceModeling = nn.ModuleList([Bidirectional(width, width, width, "linear") for _ in range(2)])
        self.Prediction = nn.Linear(width, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        own = pictures[:, 0, 0, :] > FILLING_BELOW  # [N, W]: true where the picture is
        x = _cleared(pictures, own)
        for layer in self.FeatureExtraction["ConvNet"].children():
            x = layer(x)
            if isinstance(layer, nn.MaxPool2d) and layer.stride == 2:
                own = own[:, 1::2]
            elif isinstance(layer, nn.Conv2d) and layer.padding == (0, 0):
                own = own[:, 1:]
            if isinstance(layer, nn.ReLU | nn.MaxPool2d):
                x = _cleared(x, own)
        x = x.mean(2).transpose(1, 2)
        for layer in self.SequenceModeling:
            x = layer(x, own)
        return self.Prediction(x)


def build(variant: str, classes: int) -> nn.Module:
    """The network of `variant` with random weights."""
    return CRNN(VARIANTS[variant], classes) if variant in VARIANTS else EasyOcr(classes)


def _convolutions(channels: tuple[int, ...]) -> nn.Sequential:
    """Seven convolutions; the last pools halve the height only, and the last convolution reduces it to 1."""
    layers: dict[str, Any] = {}
    before = 1
    for number, width in enumerate(channels):
        size, edge = (2, 0) if number == 6 else (3, 1)
        layers[f"conv{number}"] = nn.Conv2d(before, width, size, 1, edge)
        if number in (2, 4, 6):
            layers[f"batchnorm{number}"] = nn.BatchNorm2d(width)
        layers[f"relu{number}"] = nn.ReLU()
        if number in (0, 1):
            layers[f"pooling{number}"] = nn.MaxPool2d(2, 2)
        if number in (3, 5):
            layers[f"pooling{number // 2 + 1}"] = nn.MaxPool2d((2, 2), (2, 1), (0, 1))
        before = width
    network = nn.Sequential()
    for name, layer in layers.items():
        network.add_module(name, layer)
    return network


def _vgg(width: int) -> nn.Sequential:
    """Seven convolutions; the last two pools halve the height only."""
    channels = (width // 8, width // 4, width // 2, width // 2, width, width, width)
    layers: list[nn.Module] = []
    before = 1
    for number, wide in enumerate(channels):
        size, edge = (2, 0) if number == 6 else (3, 1)
        normed = number in (4, 5)
        layers.append(nn.Conv2d(before, wide, size, 1, edge, bias=not normed))
        layers += [nn.BatchNorm2d(wide)] if normed else []
        layers.append(nn.ReLU())
        if number in (0, 1):
            layers.append(nn.MaxPool2d(2, 2))
        if number in (3, 5):
            layers.append(nn.MaxPool2d((2, 1), (2, 1)))
        before = wide
    return nn.Sequential(*layers)


def _cleared(x: Tensor, own: Tensor) -> Tensor:
    """x [N, C, H, T] with 0 in the columns that are no part of a row's picture."""
    return x.masked_fill(~own[:, None, None, :], 0.0)


def _taken(x: Tensor, steps: Tensor) -> Tensor:
    """Row by row the steps of x [N, T, C] that steps [N, T, 1] names."""
    return x.gather(1, steps.expand(-1, -1, x.shape[2]))
