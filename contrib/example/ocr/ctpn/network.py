"""CTPN after the paper (Tian et al., 2016, section 3), in PyTorch.

Imported by `model.build` only, since it needs torch.
"""

from dataclasses import dataclass

from torch import Tensor, nn

from utils.postprocess.text_columns import HEIGHTS
from zoo.libraries import vgg


@dataclass(frozen=True)
class Form:
    """Channels of the backbone's five stages and of the layers behind them, units a direction of the LSTM, and whether
    the backbone has norms."""

    stages: tuple[int, ...] = vgg.WIDTHS
    width: int = 512
    hidden: int = 128
    norm: bool = False


VARIANTS = {
    "ctpn_vgg16": Form(),
    "ctpn_narrow": Form((8, 16, 32, 48, 56), 56, 32, True),
}


class CTPN(nn.Module):
    """[N, 3, H, W], normalised RGB, to three maps of the cells of 16 x 16 pixels, of ten anchors of different heights.

    scores [N, 10, H/16, W/16], 0 … 1: whether an anchor is text. heights [N, 20, H/16, W/16]: how far its middle has to
    move, and behind those of all anchors, the logarithms of the ratios of heights. sides [N, 10, H/16, W/16]: how far
    the nearest end of the text is, in columns. An LSTM reads each row of cells from both ends.
    """

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.backbone = vgg.stages(form.stages, form.norm, last_pool=False)
        self.window = nn.Sequential(nn.Conv2d(form.stages[4], form.width, 3, 1, 1), nn.ReLU())
        self.rnn = nn.LSTM(form.width, form.hidden, bidirectional=True, batch_first=True)
        self.full = nn.Sequential(nn.Conv2d(2 * form.hidden, form.width, 1), nn.ReLU())
        self.scores = nn.Conv2d(form.width, len(HEIGHTS), 1)
        self.heights = nn.Conv2d(form.width, 2 * len(HEIGHTS), 1)
        self.sides = nn.Conv2d(form.width, len(HEIGHTS), 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        scores, heights, sides = self.maps(pictures)
        return scores.sigmoid(), heights, sides

    def maps(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the loss takes: as the outputs are, but for the scores, which are logits."""
        x = self.full(self._along_rows(self.window(self.backbone(pictures))))
        return self.scores(x), self.heights(x), self.sides(x)

    def _along_rows(self, x: Tensor) -> Tensor:
        """[N, C, h, w] to [N, 2 * hidden, h, w]."""
        count, channels, rows, columns = x.shape
        lines = x.permute(0, 2, 3, 1).reshape(count * rows, columns, channels)
        start = lines.new_zeros(2, lines.shape[0], self.rnn.hidden_size)
        read = self.rnn(lines, (start, start))[0]
        return read.reshape(count, rows, columns, 2 * self.rnn.hidden_size).permute(0, 3, 1, 2)


def build(variant: str) -> nn.Module:
    """The network of `variant` with random weights."""
    return CTPN(VARIANTS[variant])
