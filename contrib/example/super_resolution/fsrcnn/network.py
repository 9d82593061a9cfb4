"""FSRCNN after the paper, in PyTorch: features are shrunk, mapped and expanded at the size of the small picture, and a
transposed convolution draws the large one."""

from __future__ import annotations

from torch import Tensor, nn


def _convolved(inputs: int, outputs: int, kernel: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), nn.PReLU(outputs)]


class Fsrcnn(nn.Module):
    """Luma [N, 1, H, W], 0 to 1, to [N, 1, scale * H, scale * W].

    Args:
        scale: how much larger.
        features, shrunk, mappings: the paper's d, s and m.
    """

    def __init__(self, scale: int, features: int = 56, shrunk: int = 12, mappings: int = 4) -> None:
        super().__init__()
        layers = _convolved(1, features, 5) + _convolved(features, shrunk, 1)
        for _ in range(mappings):
            layers += _convolved(shrunk, shrunk, 3)
        self.layers = nn.Sequential(*layers, *_convolved(shrunk, features, 1))
        self.enlarge = nn.ConvTranspose2d(features, 1, 9, stride=scale, padding=4, output_padding=scale - 1)

    def forward(self, luma: Tensor) -> Tensor:
        enlarged: Tensor = self.enlarge(self.layers(luma))
        return enlarged
