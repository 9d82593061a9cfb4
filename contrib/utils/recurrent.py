"""Recurrent layers over texts that are filled up behind their end, in operators that every runtime has."""

from __future__ import annotations

from typing import Any


def backwards(lengths: Any, longest: int | Any) -> Any:
    """For each text, the places of its words from the last to the first, and behind them those of the filling.

    Taken twice, they are the words' own order again.

    Args:
        lengths: int64 [N].
        longest: places of a row.

    Returns:
        int64 [N, longest].
    """
    import torch

    places = torch.arange(longest)[None, :]
    turned = lengths[:, None] - 1 - places
    return torch.where(turned >= 0, turned, places)


def both_ways(forward: Any, backward: Any, vectors: Any, lengths: Any) -> tuple[Any, Any]:
    """What two recurrent layers say at each word: one reads from the first word on, the other from the last.

    What stands behind a text's end is read after the text by both, so that it changes nothing.

    Args:
        forward, backward: such as nn.LSTM with batch_first, one direction each.
        vectors: float [N, L, width].
        lengths: int64 [N].

    Returns:
        float [N, L, hidden] each, both in the order of the words.
    """
    order = backwards(lengths, vectors.shape[1])[:, :, None]
    ahead = forward(vectors)[0]
    back = backward(vectors.gather(1, order.expand(-1, -1, vectors.shape[2])))[0]
    return ahead, back.gather(1, order.expand(-1, -1, back.shape[2]))
