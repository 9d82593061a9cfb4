"""TextCNN in layers of Paddle, with the names of the PyTorch network in ../textcnn."""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

# The paper's CNN-rand: vectors of 300 numbers that are learnt with the rest, 100 maps each of widths 3, 4 and 5.
VECTOR, MAPS, WIDTHS = 300, 100, (3, 4, 5)
DROPOUT = 0.5
PAD = 0


class TextCNN(nn.Layer):
    """int64 [N, L] ids, any L from 1 on, to [N, classes] logits. Behind its end a text is filled up with PAD, and
    windows that begin there never are the maximum."""

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, VECTOR)
        self.convolutions = nn.LayerList([nn.Conv1D(VECTOR, MAPS, width, padding=width - 1) for width in WIDTHS])
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Linear(MAPS * len(WIDTHS), classes)

    def forward(self, input_ids: Tensor) -> Tensor:
        real = (input_ids != PAD).astype("float32").unsqueeze(1)
        vectors = self.embedding(input_ids).transpose([0, 2, 1]) * real
        before = paddle.ones_like(real[:, :, :1])
        found = []
        for place, width in enumerate(WIDTHS):  # not zip(strict=True), which Paddle does not make static
            maps = nn.functional.relu(self.convolutions[place](vectors))
            # windows count from before the text up to its last word; after ReLU nothing is below 0
            counts = paddle.concat([before] * (width - 1) + [real], axis=2)
            found.append((maps * counts).max(axis=2))
        return self.classifier(self.dropout(paddle.concat(found, axis=1)))
