"""LSTM sentiment network: two layers that read a text in both directions; what each has read in the end decides."""

from __future__ import annotations

import torch
from torch import nn

from utils.recurrent import both_ways

VECTOR, HIDDEN, LAYERS = 48, 64, 2
DROPOUT = 0.3
PAD = 0


class SentimentLSTM(nn.Module):
    """int64 [N, L] ids, any L from 1 on, to [N, classes] logits. Behind its end a text is filled up with PAD, which
    changes nothing."""

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, VECTOR, padding_idx=PAD)
        widths = [VECTOR] + [2 * HIDDEN] * (LAYERS - 1)
        self.forwards = nn.ModuleList(nn.LSTM(width, HIDDEN, batch_first=True) for width in widths)
        self.backwards = nn.ModuleList(nn.LSTM(width, HIDDEN, batch_first=True) for width in widths)
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Linear(2 * HIDDEN, classes)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        lengths = (ids != PAD).sum(dim=1)
        states = self.embedding(ids)
        for ahead, back in zip(self.forwards, self.backwards, strict=True):
            before, behind = both_ways(ahead, back, self.dropout(states), lengths)
            states = torch.cat([before, behind], dim=2)
        # one direction ends at the last word, the other at the first
        last = (lengths - 1).clamp(min=0)[:, None, None].expand(-1, 1, HIDDEN)
        found = torch.cat([before.gather(1, last)[:, 0], behind[:, 0]], dim=1)
        return self.classifier(self.dropout(found))
