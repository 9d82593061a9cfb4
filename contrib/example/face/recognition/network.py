"""ArcFace's backbones in PyTorch: IResNet and MobileFaceNet; and SphereNet for faces that are tracked.

After Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, 2019; Chen et al., MobileFaceNets,
2018; Liu et al., SphereFace, 2017. Names are those of the published weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.functional import normalize

WIDTHS = (64, 128, 256, 512)
_CELLS = 7 * 7  # what four halvings leave of 112 x 112


class ResidualUnit(nn.Module):
    """Norm, convolution, norm, PReLU, convolution (which has the stride), norm; added to what came in."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.prelu = nn.PReLU(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        given = x if self.downsample is None else self.downsample(x)
        return given + self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))


class IResNet(nn.Module):
    """[N, 3, 112, 112] RGB, -1 to 1, to embeddings [N, features], whose length says nothing.

    Args:
        units: how many of each of the four stages.
        features: numbers of an embedding.
    """

    def __init__(self, units: Sequence[int], features: int = 512) -> None:
        super().__init__()
        first = WIDTHS[0]
        self.conv1 = nn.Conv2d(3, first, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        self.prelu = nn.PReLU(first)
        for number, (count, (inputs, outputs)) in enumerate(zip(units, pairwise((first, *WIDTHS)), strict=True), 1):
            stage = [ResidualUnit(inputs, outputs, 2), *(ResidualUnit(outputs, outputs, 1) for _ in range(count - 1))]
            self.add_module(f"layer{number}", nn.Sequential(*stage))
        self.bn2 = nn.BatchNorm2d(WIDTHS[-1])
        self.fc = nn.Linear(WIDTHS[-1] * _CELLS, features)
        self.features = nn.BatchNorm1d(features)

    def forward(self, x: Tensor) -> Tensor:
        x = self.prelu(self.bn1(self.conv1(x)))
        for number in range(1, len(WIDTHS) + 1):
            x = self.get_submodule(f"layer{number}")(x)
        return self.features(self.fc(self.bn2(x).flatten(1)))


class Shape(NamedTuple):
    """The channels of a MobileFaceNet.

    Attributes:
        early, late: of the maps before and behind the second halving.
        groups: of the first separate convolution.
        inner: within the six units or rows of units.
        last: of the last map.
        units: in the four rows.
        features: numbers of an embedding.
    """

    early: int = 128
    late: int = 256
    groups: int = 64
    inner: tuple[int, int, int, int, int, int] = (128, 128, 256, 256, 512, 256)
    last: int = 512
    units: tuple[int, int, int, int] = (1, 4, 6, 2)
    features: int = 512


AUTHORS = Shape()


class MobileFaceNet(nn.Module):
    """[N, 3, 112, 112] RGB, -1 to 1, to embeddings [N, features], whose length says nothing."""

    def __init__(self, shape: Shape = AUTHORS) -> None:
        super().__init__()
        early, late, inner, units = shape.early, shape.late, shape.inner, shape.units
        self.layers = nn.ModuleList(
            [
                Convolution(3, early, 3, 2),
                Convolution(early, early, 3, 1, groups=shape.groups),
                Separable(early, early, inner[0], 2),
                Row(early, inner[1], units[1]),
                Separable(early, late, inner[2], 2),
                Row(late, inner[3], units[2]),
                Separable(late, late, inner[4], 2),
                Row(late, inner[5], units[3]),
            ]
        )
        self.conv_sep = Convolution(late, shape.last, 1, 1)
        self.features = Embedding(shape.last, shape.features)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.features(self.conv_sep(x))


class Layered(nn.Module):
    """Layers one behind the other, by the name that the published weights have."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Linear(Layered):
    """Convolution and norm."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1, padding: int = 0) -> None:
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(outputs))


class Convolution(Layered):
    """Convolution, norm and PReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1) -> None:
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(outputs), nn.PReLU(outputs))


class Separable(Layered):
    """To `inner` channels, a convolution of each alone, and to `outputs`; added to what came in where `added`."""

    def __init__(self, inputs: int, outputs: int, inner: int, stride: int, added: bool = False) -> None:
        super().__init__(
            Convolution(inputs, inner, 1, 1),
            Convolution(inner, inner, 3, stride, groups=inner),
            Linear(inner, outputs, 1, 1),
        )
        self.added = added

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.added else self.layers(x)


class Row(Layered):
    """Several units that keep the size."""

    def __init__(self, channels: int, inner: int, count: int) -> None:
        super().__init__(*(Separable(channels, channels, inner, 1, added=True) for _ in range(count)))


class Embedding(Layered):
    """Each channel's map weighed to one number; then a linear layer and a norm."""

    def __init__(self, channels: int, features: int) -> None:
        super().__init__(
            Linear(channels, channels, 7, 1, groups=channels),
            nn.Flatten(),
            nn.Linear(channels, features, bias=False),
            nn.BatchNorm1d(features),
        )


class SphereNet(nn.Module):
    """[N, 3, 96, 64] RGB, -1 to 1, to embeddings [N, features] of length 1: twelve layers.

    Args:
        widths: channels of the four stages, each half as large as the one before.
        features: numbers of an embedding.
    """

    def __init__(self, widths: Sequence[int] = (16, 32, 64, 128), features: int = 128) -> None:
        super().__init__()
        self.stages = nn.Sequential(*(self._stage(inputs, outputs) for inputs, outputs in pairwise((3, *widths))))
        self.fc = nn.Linear(widths[-1] * 6 * 4, features)
        self.last_bn = nn.BatchNorm1d(features)

    @staticmethod
    def _stage(inputs: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, 2, 1), nn.BatchNorm2d(outputs), nn.ReLU(), SphereUnit(outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        return normalize(self.last_bn(self.fc(self.stages(x).flatten(1))))


class SphereUnit(nn.Module):
    """Two convolutions with norm and ReLU, added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(2):
            layers += [nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)
