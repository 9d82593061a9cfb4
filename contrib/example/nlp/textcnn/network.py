"""TextCNN: convolutions over word vectors, each followed by its maximum over the text."""

from __future__ import annotations

import torch
from torch import nn

# The paper's CNN-rand: vectors of 300 numbers that are learnt with the rest, 100 maps each of widths 3, 4 and 5.
VECTOR, MAPS, WIDTHS = 300, 100, (3, 4, 5)
DROPOUT = 0.5
PAD = 0


class TextCNN(nn.Module):
    """int64 [N, L] ids, any L from 1 on, to [N, classes] logits. Behind its end a text is filled up with PAD.

    What a text gives does not depend on how much it is filled up: the vectors of padding are zeros, as are those that
    the convolutions see before and behind the text, and windows that hold padding only never are the maximum.
    """

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, VECTOR, padding_idx=PAD)
        self.convolutions = nn.ModuleList(nn.Conv1d(VECTOR, MAPS, width, padding=width - 1) for width in WIDTHS)
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Linear(MAPS * len(WIDTHS), classes)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        vectors = self.embedding(ids)
        # not a cast, which the conversion to float16 would leave at float32
        real = torch.where(ids != PAD, 1.0, 0.0).unsqueeze(1)
        vectors = vectors.transpose(1, 2) * real
        maps = [torch.relu(convolution(vectors)) for convolution in self.convolutions]
        features = [_largest(found, real, width) for found, width in zip(maps, WIDTHS, strict=True)]
        return self.classifier(self.dropout(torch.cat(features, dim=1)))


def _largest(maps: torch.Tensor, real: torch.Tensor, width: int) -> torch.Tensor:
    """The largest value of each map, [N, MAPS]. A window counts where its first word is a real one, or lies before the
    text: then it holds at least one."""
    counts = nn.functional.pad(real, (width - 1, 0), value=1.0)
    # after ReLU nothing is below 0, so that a 0 never is the maximum in place of another value
    return (maps * counts).amax(dim=2)
