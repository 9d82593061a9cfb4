"""A translator of gated recurrent units: an encoder that reads in both directions, and a decoder with attention."""

from __future__ import annotations

import torch
from torch import nn

from utils.recurrent import both_ways

WORDS, VECTOR, HIDDEN = 400, 64, 128
DROPOUT = 0.1
HIDDEN_SCORE = -1e4  # of places that are not looked at; float16 has it too


class Seq2Seq(nn.Module):
    """Luong's global attention: the decoder's state is compared with the encoder's at each word of the source.

    Args:
        filling: the id behind a text's end, with which every translation begins.
    """

    def __init__(self, filling: int) -> None:
        super().__init__()
        self.filling = filling
        self.embedding = nn.Embedding(WORDS, VECTOR)
        self.ahead = nn.GRU(VECTOR, HIDDEN // 2, batch_first=True)
        self.back = nn.GRU(VECTOR, HIDDEN // 2, batch_first=True)
        self.first = nn.Linear(HIDDEN // 2, HIDDEN)
        self.decoder = nn.GRU(VECTOR, HIDDEN, batch_first=True)
        self.compare = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.attended = nn.Linear(2 * HIDDEN, VECTOR)
        self.dropout = nn.Dropout(DROPOUT)

    def read(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What the encoder says of ids and mask, int64 [N, source]: float [N, source, HIDDEN]."""
        vectors = self.dropout(self.embedding(ids))
        return torch.cat(both_ways(self.ahead, self.back, vectors, mask.sum(dim=1)), dim=2)

    def begin(self, states: torch.Tensor) -> torch.Tensor:
        """The decoder's first state, [N, 1, HIDDEN]: of what was read back to the first word."""
        return torch.tanh(self.first(states[:, :1, HIDDEN // 2 :]))

    def look(self, said: torch.Tensor, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits [N, length, WORDS] of the decoder's states [N, length, HIDDEN] over the encoder's."""
        scores = self.compare(said) @ states.transpose(1, 2)
        weights = torch.where(mask[:, None, :] > 0, scores, HIDDEN_SCORE).softmax(dim=2)
        found = torch.tanh(self.attended(torch.cat([weights @ states, said], dim=2)))
        return self.dropout(found) @ self.embedding.weight.T

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, given: torch.Tensor) -> torch.Tensor:
        """Logits behind each token of a translation, `given`, int64 [N, length]."""
        states = self.read(ids, mask)
        first = self.begin(states).transpose(0, 1).contiguous()
        said = self.decoder(self.dropout(self.embedding(given)), first)[0]
        return self.look(said, states, mask)


class Encoder(nn.Module):
    """Ids and mask, int64 [N, source], to the encoder's states, [N, 1, 1, source, HIDDEN]."""

    def __init__(self, network: Seq2Seq) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.network.read(ids, mask)[:, None, None]


class Step(nn.Module):
    """One token of each text, the mask, the encoder's states, and the decoder's own before, [N, 1, 1, past, HIDDEN],
    of which the last one counts; to logits and the new state."""

    def __init__(self, network: Seq2Seq) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, token: torch.Tensor, mask: torch.Tensor, memory: torch.Tensor, cache: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        states = memory[:, 0, 0]
        before = torch.cat([self.network.begin(states), cache[:, 0, 0]], dim=1)[:, -1:]
        vectors = self.network.embedding(token[:, None])
        said = self.network.decoder(vectors, before.transpose(0, 1).contiguous())[0]
        return self.network.look(said, states, mask)[:, 0], said[:, None, None]
