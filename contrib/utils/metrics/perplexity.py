"""The metric of language models: perplexity of texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_count
from utils.metrics.exact import ExactSum
from zoo_core.errors import DataError

COUNTS = ("nats", "tokens", "bytes")


class Predicted(Protocol):
    """How likely a text was found: minus the sum of the logarithms of its tokens' probabilities; and how many."""

    @property
    def nats(self) -> float: ...
    @property
    def counted(self) -> int: ...


class Perplexity:
    """e to the mean of minus the logarithm of the probability of each token (primary); and bits for each byte of the
    text (UTF-8), which networks with different tokenizers can be compared by."""

    infos = (
        MetricInfo("perplexity", "choices a token", 1.0, float("inf"), False),
        MetricInfo("bits_per_byte", "bits", 0.0, float("inf"), False),
    )

    def __init__(self) -> None:
        self._nats, self._tokens, self._bytes = ExactSum(), 0, 0

    def update(self, predictions: Sequence[Predicted], truths: Sequence[int]) -> None:
        """Count one batch of texts, and how many bytes each has.

        Raises:
            DataError: different lengths, a truth that is no number of bytes, or a logarithm that is not finite.
                Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        for truth in truths:
            if type(truth) is not int or truth < 0:
                raise DataError(f"truth {truth!r:.80}: the number of the text's bytes is expected.")
        if not all(math.isfinite(one.nats) for one in predictions):
            raise DataError("a text has no finite probability: the network gave NaN or infinity.")
        self._nats.add(one.nats for one in predictions)
        self._tokens += sum(one.counted for one in predictions)
        self._bytes += sum(truths)

    def compute(self) -> dict[str, float]:
        """{"perplexity": …, "bits_per_byte": …}; DataError when nothing was counted."""
        if not self._tokens or not self._bytes:
            raise DataError("no token was counted, so there is no perplexity. Is the data set empty?")
        nats = self._nats.value
        mean = nats / self._tokens
        if mean > math.log(1e300):
            raise DataError(f"{mean:.0f} nats a token: e to that power is no number. Are the weights right?")
        return {"perplexity": math.exp(mean), "bits_per_byte": nats / math.log(2) / self._bytes}

    def state(self) -> dict[str, Any]:
        """{"nats": sum, "tokens": n, "bytes": n}."""
        return {"nats": self._nats.state(), "tokens": self._tokens, "bytes": self._bytes}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, COUNTS, "a perplexity")
        if not is_count(fields["tokens"]) or not is_count(fields["bytes"]):
            raise foreign("a perplexity", state)
        nats = ExactSum.of(fields["nats"], fields["tokens"], 0, math.inf)
        self._nats.add(nats.state())
        self._tokens += fields["tokens"]
        self._bytes += fields["bytes"]
