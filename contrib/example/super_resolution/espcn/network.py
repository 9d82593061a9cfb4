"""ESPCN after the paper, in PyTorch: features are found at the size of the small picture, and the last convolution
gives all pixels of the large one, which are then only put in their places."""

from __future__ import annotations

from torch import Tensor, nn


class Espcn(nn.Module):
    """Luma [N, 1, H, W], 0 to 1, to [N, 1, scale * H, scale * W].

    Args:
        scale: how much larger.
        features: channels of the first and the second convolution, 64 and 32 in the paper.
    """

    def __init__(self, scale: int, features: tuple[int, int] = (64, 32)) -> None:
        super().__init__()
        first, second = features
        self.layers = nn.Sequential(
            nn.Conv2d(1, first, 5, padding=2),
            nn.Tanh(),
            nn.Conv2d(first, second, 3, padding=1),
            nn.Tanh(),
            nn.Conv2d(second, scale**2, 3, padding=1),
        )
        self.place = nn.PixelShuffle(scale)

    def forward(self, luma: Tensor) -> Tensor:
        enlarged: Tensor = self.place(self.layers(luma))
        return enlarged
