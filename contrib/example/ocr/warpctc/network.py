"""Two LSTMs along the columns of a picture, and a layer that scores the classes for CTC. Imported by `model.build`
only, since it needs torch."""

from torch import Tensor, nn


class StackedLstm(nn.Module):
    """[N, 3, height, W] float32 to [N, W, classes] scores, the last class CTC's blank.

    A step of the sequence is a column of pixels from top to bottom, red, green and blue of each. Both layers read from
    left to right.
    """

    def __init__(self, height: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3 * height, hidden, num_layers=2, batch_first=True)
        self.fc = nn.Linear(hidden, classes)
        for name, bias in self.lstm.named_parameters():
            if name.startswith("bias_ih"):  # a layer begins by keeping what it has read, a digit is many columns wide
                nn.init.constant_(bias[hidden : 2 * hidden], 1.0)

    def forward(self, pictures: Tensor) -> Tensor:
        columns = pictures.permute(0, 3, 2, 1).flatten(2)
        return self.fc(self.lstm(columns)[0])
