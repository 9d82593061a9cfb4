"""The next choice: what a person chose so far and some things in, the things in the order of how likely they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.histories import Histories, History, read_history
from utils.datasets.sample import Sample
from zoo.tasks.recommendation import Ranking, Recommendation
from zoo_core.errors import DataError


@dataclass(frozen=True)
class NextChoice(Recommendation):
    """The inputs are the last choices, int64 [history], the newest last and zeros before them, and things, int64 [n];
    the output is a logit for each of the things.

    history: how many choices the network sees.
    """

    users: int = 0
    items: int = 0
    history: int = 20

    @property
    def source_identity(self) -> str:
        return f"{self.items} items, the last {self.history} choices"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """Checks `data` (a History, or the Path of a JSON file); the meta is the things."""
        asked = self._asked(data)
        if self.most is not None and len(asked.items) > self.most:
            raise DataError(f"{len(asked.items)} items, and --input_size allows {self.most}.")
        chosen = np.zeros(self.history, np.int64)
        last = asked.chosen[-self.history :]
        chosen[len(chosen) - len(last) :] = last
        return (chosen, asked.items), asked.items

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Ranking]:
        return [
            Ranking(one.items, 1 / (1 + np.exp(-np.clip(one.scores, -80, None))), one.scores)
            for one in super().postprocess(outputs, metas)
        ]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return Histories(root, self.items)

    def length(self, data: Any) -> int:
        return len(self._asked(data).items)

    def draw(self, data: Any, prediction: Ranking) -> Any:
        from utils.draw.recommendation import draw_items

        order = prediction.order()
        chosen = ", ".join(map(str, self._asked(data).chosen[-5:].tolist()))
        return draw_items(f"after {chosen}", prediction.items[order], prediction.scores[order])

    def _asked(self, data: Any) -> History:
        return data if isinstance(data, History) else read_history(data, self.items)
