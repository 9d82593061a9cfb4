"""g2pM: a character of a sentence, seen from both sides by an LSTM, and two layers that say how it is read."""

from __future__ import annotations

import torch
from torch import nn

CHARACTERS, VECTOR, STATE = 5398, 64, 32
POINTS = 0x30000  # code points that have a row of their own: all planes that have Chinese characters in common use
UNKNOWN = 1  # the row of every character that has no other
PAD = 0


class Polyphones(nn.Module):
    """Code points, int64 [N, L], with PAD behind a sentence's end, and a place in it, int64 [N, 1], to [N, readings].

    What is said of a sentence does not depend on how much it is filled up: the second LSTM reads from the sentence's
    own end backwards.
    """

    def __init__(self, readings: int) -> None:
        super().__init__()
        self.rows: torch.Tensor  # of the embedding, by code point
        self.register_buffer("rows", torch.arange(POINTS, dtype=torch.int32) % CHARACTERS)
        self.embedding = nn.Embedding(CHARACTERS, VECTOR)
        self.forwards = nn.LSTM(VECTOR, STATE, batch_first=True)
        self.backwards = nn.LSTM(VECTOR, STATE, batch_first=True)
        self.hidden = nn.Linear(2 * STATE, STATE)
        self.output = nn.Linear(STATE, readings)

    def forward(self, characters: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        last = (characters != PAD).sum(1, keepdim=True) - 1
        steps = torch.arange(characters.shape[1], device=characters.device)
        turned = characters.gather(1, (last - steps).clamp(min=0))
        before = self._state(self.forwards, characters, place)
        behind = self._state(self.backwards, turned, (last - place).clamp(min=0))
        return self.output(torch.relu(self.hidden(torch.cat([before, behind], 1))))

    def _state(self, lstm: nn.LSTM, characters: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """[N, STATE]: what an LSTM knows when it has read as far as a place."""
        rows = self.rows[characters.clamp(max=POINTS - 1)]
        states = lstm(self.embedding(rows))[0]
        return states.gather(1, place.unsqueeze(2).expand(-1, -1, STATE)).squeeze(1)
