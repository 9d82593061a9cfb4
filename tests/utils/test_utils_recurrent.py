"""Two layers that read a text from both ends say what torch's own bidirectional layer says of a packed one."""

from __future__ import annotations

from typing import Any

import pytest

from utils.recurrent import backwards, both_ways

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_both_ways_is_a_packed_bidirectional_layer(kind: str) -> None:
    torch.manual_seed(0)
    own: Any = getattr(torch.nn, kind)(4, 3, batch_first=True, bidirectional=True)
    ahead, back = (getattr(torch.nn, kind)(4, 3, batch_first=True) for _ in range(2))
    state = own.state_dict()
    ahead.load_state_dict({name: value for name, value in state.items() if not name.endswith("_reverse")})
    back.load_state_dict(
        {name[: -len("_reverse")]: value for name, value in state.items() if name.endswith("_reverse")}
    )
    lengths = torch.tensor([5, 1, 3])
    vectors = torch.randn(3, 7, 4)
    packed = torch.nn.utils.rnn.pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
    expected = torch.nn.utils.rnn.pad_packed_sequence(own(packed)[0], batch_first=True)[0]
    found = torch.cat(both_ways(ahead, back, vectors, lengths), dim=2)
    for row, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(found[row, :length], expected[row, :length])


def test_places_from_the_last_word_to_the_first() -> None:
    order = backwards(torch.tensor([3, 1, 0]), 4)
    assert order.tolist() == [[2, 1, 0, 3], [0, 1, 2, 3], [0, 1, 2, 3]]
    assert order.gather(1, order).tolist() == [[0, 1, 2, 3]] * 3
