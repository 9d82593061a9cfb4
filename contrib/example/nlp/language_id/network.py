"""lid.176 of fastText: the mean of the vectors of words and subwords, and a tree of yes-or-no questions over labels."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from utils.fasttext_file import tree_of

ROWS, SIZE, LABELS = 50_000, 16, 176
# the table in which numbers are looked up: a number is in the line that it is a multiple of LINES above, if anywhere
LINES, PLACES = 1 << 14, 16
LEAST = 1e-5  # what fastText adds to a probability before it takes the logarithm


def placed(keys: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """(int64, int32) [LINES, PLACES]: the numbers in their lines, -1 where there is none, and the row of each, from 1.

    Raises:
        ValueError: a line is too short.
    """
    table, rows = np.full((LINES, PLACES), -1, np.int64), np.zeros((LINES, PLACES), np.int32)
    taken = np.zeros(LINES, np.int64)
    for row, key in enumerate(keys, start=1):
        line = key % LINES
        if taken[line] == PLACES:
            raise ValueError(f"more than {PLACES} words and subwords belong into a line")
        table[line, taken[line]], rows[line, taken[line]] = key, row
        taken[line] += 1
    return table, rows


class LanguageId(nn.Module):
    """Numbers of words and subwords, int64 [N, L], 0 behind a text's end, to the logarithms of probabilities, [N, 176].

    Numbers that the table does not have count as little as those that fill up.
    """

    def __init__(self) -> None:
        super().__init__()
        table, rows = placed(list(range(1, ROWS + 1)))
        right, left = tree_of(tuple(range(LABELS, 0, -1)))
        self.table: torch.Tensor
        self.rows: torch.Tensor
        self.right: torch.Tensor
        self.left: torch.Tensor
        self.register_buffer("table", torch.from_numpy(table))
        self.register_buffer("rows", torch.from_numpy(rows))
        self.register_buffer("right", torch.from_numpy(right).float())
        self.register_buffer("left", torch.from_numpy(left).float())
        self.vectors = nn.Embedding(ROWS + 1, SIZE, padding_idx=0)
        self.nodes = nn.Linear(SIZE, LABELS - 1, bias=False)

    def forward(self, keys: torch.Tensor) -> torch.Tensor:
        line = keys % LINES
        same = self.table[line] == keys.unsqueeze(2)
        rows = torch.where(same, self.rows[line], 0).sum(2)
        # not a cast, which the conversion to float16 would leave at float32
        known = torch.where(rows > 0, 1.0, 0.0)
        count = known.sum(1, keepdim=True).clamp(min=1.0)
        # divided before it is added up: sums of a long text are too large for float16
        mean = (self.vectors(rows) * (known / count).unsqueeze(2)).sum(1)
        to_the_right = torch.sigmoid(self.nodes(mean))
        right, left = torch.log(to_the_right + LEAST), torch.log(1.0 - to_the_right + LEAST)
        return right @ self.right + left @ self.left
