"""g2p_en: a GRU reads the letters of a word, and another one says its phonemes, one after the other."""

from __future__ import annotations

import torch
from torch import nn

SIZE = 256  # of vectors and states
PAD = 0


class G2p(nn.Module):
    """Both halves; `Encoder` and `Step` are the graphs."""

    def __init__(self, letters: int, phonemes: int) -> None:
        super().__init__()
        self.letters = nn.Embedding(letters, SIZE)
        self.encoder = nn.GRU(SIZE, SIZE, batch_first=True)
        self.phonemes = nn.Embedding(phonemes, SIZE)
        self.decoder = nn.GRUCell(SIZE, SIZE)
        self.output = nn.Linear(SIZE, phonemes)


class Encoder(nn.Module):
    """Letters, int64 [N, L], with PAD behind a word's end, to what the GRU knows at that end, [N, SIZE]."""

    def __init__(self, network: G2p) -> None:
        super().__init__()
        self.network = network

    def forward(self, letters: torch.Tensor) -> torch.Tensor:
        states = self.network.encoder(self.network.letters(letters))[0]
        last = ((letters != PAD).sum(1) - 1).clamp(min=0)
        return states.gather(1, last[:, None, None].expand(-1, 1, SIZE)).squeeze(1)


class Step(nn.Module):
    """A phoneme of each word, int64 [N], and states, [N, SIZE], to logits [N, phonemes] and the next states."""

    def __init__(self, network: G2p) -> None:
        super().__init__()
        self.network = network

    def forward(self, phoneme: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        following = self.network.decoder(self.network.phonemes(phoneme), state)
        return self.network.output(following), following
