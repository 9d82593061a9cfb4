"""TextRCNN: each word between what a recurrent layer has read before it and another behind it; then the maximum."""

from __future__ import annotations

import torch
from torch import nn

from utils.recurrent import both_ways

# The paper's sizes are 50 and 100; the vocabulary here is small.
VECTOR, CONTEXT, HIDDEN = 50, 50, 100
DROPOUT = 0.5
PAD = 0
_LEAST = -1.0  # of tanh


class TextRCNN(nn.Module):
    """int64 [N, L] ids, any L from 1 on, to [N, classes] logits. Behind its end a text is filled up with PAD, which
    changes nothing."""

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, VECTOR, padding_idx=PAD)
        self.left = nn.RNN(VECTOR, CONTEXT, batch_first=True)
        self.right = nn.RNN(VECTOR, CONTEXT, batch_first=True)
        self.latent = nn.Linear(2 * CONTEXT + VECTOR, HIDDEN)
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Linear(HIDDEN, classes)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        real = ids != PAD
        vectors = self.embedding(ids)
        before, behind = both_ways(self.left, self.right, vectors, real.sum(dim=1))
        # of a word, the context is what was read up to its neighbour
        before = nn.functional.pad(before, (0, 0, 1, 0))[:, :-1]
        behind = nn.functional.pad(behind * torch.where(real, 1.0, 0.0)[:, :, None], (0, 0, 0, 1))[:, 1:]
        latent = torch.tanh(self.latent(torch.cat([before, vectors, behind], dim=2)))
        found = torch.where(real[:, :, None], latent, _LEAST).amax(dim=1)
        return self.classifier(self.dropout(found))
